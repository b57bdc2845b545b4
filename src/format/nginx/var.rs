//! nginx's variables, and the names that people give them in their logs.

use super::super::header::{HEADERS, Header};
use crate::grammar::{eight::first_eight, text::same};
use std::sync::LazyLock;

/// A variable of nginx, as far as it matters here. Variables that say the same share a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) enum Var {
    /// `$time_local`, `$time_iso8601` or `$msec`: the value tells which.
    Time,
    /// `$status`
    Status,
    /// `$remote_addr`
    RemoteAddr,
    /// `$realip_remote_addr`, `$proxy_protocol_addr`: who came to nginx, or whom the balancer before it names.
    PeerAddr,
    /// `$remote_user`
    RemoteUser,
    /// `$request`
    Request,
    /// `$request_method`
    Method,
    /// `$request_uri`, with the query.
    RequestUri,
    /// `$uri`, without it.
    Uri,
    /// `$args`
    Args,
    /// `$body_bytes_sent`
    BodyBytes,
    /// `$bytes_sent`
    Bytes,
    /// `$request_time`
    RequestTime,
    /// `$upstream_addr`
    UpstreamAddr,
    /// `$upstream_status`
    UpstreamStatus,
    /// `$upstream_connect_time`
    ConnectTime,
    /// `$upstream_header_time`
    HeaderTime,
    /// `$upstream_response_time`
    ResponseTime,
    /// `$upstream_response_length`
    ResponseLength,
    /// `$host` or `$http_host`
    Host,
    /// `$server_name`
    ServerName,
    /// `$http_user_agent`
    UserAgent,
    /// `$request_id`, ingress-nginx's `$req_id`, or a header that carries an id.
    RequestId,
    /// `$proxy_host`
    ProxyHost,
    /// ingress-nginx's `$proxy_upstream_name`
    ProxyUpstream,
    /// `$http_x_forwarded_for`
    ForwardedFor,
    /// `$pid`
    Pid,
    /// `response_time`, which some use for the request and some for the upstream.
    EitherTime,
    /// `time`, which may be a stamp or a duration.
    AnyTime,
    /// `ua`, which may be the upstream's address or the user agent.
    AddrOrAgent,
    /// `$host$request_uri`: what stands before the first slash is the host, with a port or without.
    Url,
    /// `$uri$is_args$args`, where `-` stands for no arguments.
    UriArgs,
    /// The same with the host before it.
    UrlArgs,
    /// `$server_port`
    Port,
    /// Everything else.
    Ignored,
}

/// What nginx calls them; without the dollar. Those of headers are called as in [`of_header`].
const OWN: &[(Var, &[&[u8]])] = &[
    (Var::Time, &[b"time_local", b"time_iso8601", b"msec"]),
    (Var::Status, &[b"status"]),
    (Var::RemoteAddr, &[b"remote_addr", b"the_real_ip"]),
    (Var::PeerAddr, &[b"realip_remote_addr", b"proxy_protocol_addr"]),
    (Var::RemoteUser, &[b"remote_user"]),
    (Var::Request, &[b"request"]),
    (Var::Method, &[b"request_method"]),
    (Var::RequestUri, &[b"request_uri"]),
    (Var::Uri, &[b"uri", b"document_uri"]),
    (Var::Args, &[b"args", b"query_string"]),
    (Var::BodyBytes, &[b"body_bytes_sent"]),
    (Var::Bytes, &[b"bytes_sent"]),
    (Var::RequestTime, &[b"request_time", b"session_time"]),
    (Var::UpstreamAddr, &[b"upstream_addr"]),
    (Var::UpstreamStatus, &[b"upstream_status"]),
    (Var::ConnectTime, &[b"upstream_connect_time"]),
    (Var::HeaderTime, &[b"upstream_header_time"]),
    (Var::ResponseTime, &[b"upstream_response_time", b"upstream_session_time"]),
    (Var::ResponseLength, &[b"upstream_response_length"]),
    (Var::Host, &[b"host"]),
    (Var::ServerName, &[b"server_name"]),
    (
        Var::RequestId,
        &[b"request_id", b"req_id", b"sent_http_x_request_id", b"otel_trace_id", b"opentelemetry_trace_id"],
    ),
    (Var::ProxyHost, &[b"proxy_host"]),
    (Var::ProxyUpstream, &[b"proxy_upstream_name"]),
    (Var::ForwardedFor, &[b"proxy_add_x_forwarded_for"]),
    (Var::Pid, &[b"pid"]),
    (Var::Port, &[b"server_port"]),
];

/// What people call them, in lower case and with letters and digits alone.
const ALIASES: &[(Var, &[&[u8]])] = &[
    (Var::Time, &[b"timelocal", b"timeiso8601", b"msec", b"timestamp", b"ts", b"datetime", b"date"]),
    (Var::AnyTime, &[b"time"]),
    (Var::Status, &[b"status", b"statuscode", b"code", b"httpstatus", b"responsestatus"]),
    (Var::RemoteAddr, &[b"remoteaddr", b"remoteip", b"clientip", b"client", b"clientaddr", b"remotehost"]),
    (Var::RemoteUser, &[b"remoteuser", b"user"]),
    (Var::Request, &[b"request", b"requestline", b"req"]),
    (Var::Method, &[b"requestmethod", b"method", b"verb", b"httpmethod"]),
    (Var::RequestUri, &[b"requesturi", b"requesturl", b"requestpath"]),
    (Var::Uri, &[b"uri", b"url", b"path"]),
    (Var::Args, &[b"args", b"querystring", b"query"]),
    (Var::BodyBytes, &[b"bodybytessent", b"bodybytes"]),
    (Var::Bytes, &[b"bytessent", b"bytes", b"size"]),
    (Var::RequestTime, &[b"rt", b"requesttime", b"reqtime", b"requestduration", b"duration", b"totaltime"]),
    (Var::EitherTime, &[b"responsetime", b"resptime"]),
    (
        Var::UpstreamAddr,
        &[
            b"upstream",
            b"upstreamaddr",
            b"upstreamaddress",
            b"upstreamserver",
            b"upstreamhost",
            b"uaddr",
            b"backend",
            b"backendaddr",
            b"to",
        ],
    ),
    (Var::AddrOrAgent, &[b"ua"]),
    (Var::UpstreamStatus, &[b"us", b"ust", b"upstreamstatus", b"upstreamcode", b"ustatus", b"backendstatus"]),
    (Var::ConnectTime, &[b"uct", b"upstreamconnecttime", b"upstreamconnect", b"connecttime", b"uconnect"]),
    (Var::HeaderTime, &[b"uht", b"upstreamheadertime", b"upstreamheader", b"headertime", b"uheader"]),
    (
        Var::ResponseTime,
        &[
            b"urt",
            b"ut",
            b"upstreamresponsetime",
            b"upstreamtime",
            b"upstreamrt",
            b"uresponse",
            b"upstreamresptime",
            b"backendtime",
        ],
    ),
    (Var::Host, &[b"host", b"httphost", b"requesthost"]),
    (Var::ServerName, &[b"servername", b"sn", b"vhost", b"virtualhost"]),
    (Var::UserAgent, &[b"useragent", b"httpuseragent", b"agent"]),
    (
        Var::RequestId,
        &[
            b"requestid",
            b"rid",
            b"reqid",
            b"xrequestid",
            b"traceid",
            b"httpxrequestid",
            b"correlationid",
            b"kongrequestid",
        ],
    ),
    (Var::ProxyHost, &[b"proxyhost"]),
    (Var::ProxyUpstream, &[b"proxyupstreamname", b"upstreamname"]),
    (Var::ForwardedFor, &[b"xff", b"httpxforwardedfor", b"xforwardedfor", b"forwardedfor"]),
];

impl Var {
    /// The variable that nginx calls `name`; without the dollar.
    pub(in crate::format) fn named(name: &[u8]) -> Self {
        NAMES.find(name).filter(|name| name.is_own).map_or(Self::Ignored, |name| name.var)
    }

    /// The variable that people mean by `key` where they chose the names: `rt`, `upstream-addr`, `requestTime`.
    #[inline]
    pub(in crate::format) fn alias(key: &[u8]) -> Self {
        NAMES.find(key).map_or_else(|| Self::alias_in_disguise(key), |name| name.var)
    }

    /// The same for keys with capitals and punctuation.
    fn alias_in_disguise(key: &[u8]) -> Self {
        let mut buffer = [0; 32];
        let plain = plain_name(key, &mut buffer);
        NAMES.find(plain).filter(|name| name.is_alias && plain != key).map_or(Self::Ignored, |name| name.var)
    }
}

/// `key` in lower case with only its letters and digits, in `buffer`; cut where it is too long for any name.
pub(in crate::format) fn plain_name<'b>(key: &[u8], buffer: &'b mut [u8; 32]) -> &'b [u8] {
    let mut length = 0;
    let plain = key.iter().filter(|byte| byte.is_ascii_alphanumeric());
    for (place, byte) in buffer.iter_mut().zip(plain) {
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    &buffer[..length]
}

/// A name and what it stands for.
struct Name {
    text: Box<[u8]>,
    var: Var,
    /// Whether nginx itself calls it so.
    is_own: bool,
    /// Whether people do.
    is_alias: bool,
}

/// All names, to be found in a few steps: a line has up to a dozen keys.
struct Names {
    names: Vec<Name>,
    /// Places in `names`, from 1, by hash; what was taken already stands behind.
    slots: [u8; SLOTS],
}

const SLOTS: usize = 512;

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names { names: Vec::new(), slots: [0; SLOTS] };
    let all = |table: &'static [(Var, &[&'static [u8]])]| {
        table.iter().flat_map(|(var, texts)| texts.iter().map(move |text| (*var, *text)))
    };
    all(OWN).for_each(|(var, text)| names.add(Name { text: text.into(), var, is_own: true, is_alias: false }));
    for (text, var) in HEADERS.map(of_header) {
        names.add(Name { text: text.into_bytes().into(), var, is_own: true, is_alias: false });
    }
    for (var, text) in all(ALIASES) {
        match names.names.iter_mut().find(|name| *name.text == *text) {
            Some(name) => name.is_alias = true,
            None => names.add(Name { text: text.into(), var, is_own: false, is_alias: true }),
        }
    }
    names
});

/// `http_x_request_id` of `x-request-id`.
fn of_header((name, header): (&str, Header)) -> (String, Var) {
    let var = match header {
        Header::Host => Var::Host,
        Header::UserAgent => Var::UserAgent,
        Header::ForwardedFor => Var::ForwardedFor,
        Header::RequestId => Var::RequestId,
    };
    (format!("http_{}", name.replace('-', "_")), var)
}

impl Names {
    fn add(&mut self, name: Name) {
        let mut slot = hash(&name.text);
        while self.slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        self.names.push(name);
        self.slots[slot] = u8::try_from(self.names.len()).unwrap_or(0);
    }

    #[inline]
    fn find(&self, text: &[u8]) -> Option<&Name> {
        let mut slot = hash(text);
        loop {
            let name = self.names.get(usize::from(self.slots[slot]).checked_sub(1)?)?;
            if same(&name.text, text) {
                return Some(name);
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

/// A slot for a name.
#[inline]
fn hash(text: &[u8]) -> usize {
    let ends = first_eight(text) ^ text.last_chunk().map_or(0, |last| u64::from_le_bytes(*last)).rotate_left(31);
    ((ends ^ text.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SLOTS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_means_one_thing() {
        for (var, texts) in OWN {
            for text in *texts {
                assert!(Var::named(text) == *var && Var::alias(text) == *var, "{}", String::from_utf8_lossy(text));
            }
        }
        for (var, texts) in ALIASES {
            for text in *texts {
                assert_eq!(Var::alias(text), *var, "{}", String::from_utf8_lossy(text));
                assert!(text.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
            }
        }
        assert!(NAMES.names.len() < usize::from(u8::MAX));
    }

    #[test]
    fn finds_names_in_disguise() {
        for (key, var) in [
            ("Upstream-Addr", Var::UpstreamAddr),
            ("requestTime", Var::RequestTime),
            ("upstream_rt", Var::ResponseTime),
            ("Remote_User", Var::RemoteUser),
            ("http_host", Var::Host),
            ("http_x_amzn_trace_id", Var::RequestId),
            ("http_x_real_ip", Var::ForwardedFor),
            // What nginx alone writes with an underscore is a name of its own.
            ("document-uri", Var::Ignored),
            ("foo", Var::Ignored),
            ("", Var::Ignored),
        ] {
            assert_eq!(Var::alias(key.as_bytes()), var, "{key}");
        }
        assert_eq!(Var::named(b"urt"), Var::Ignored);
    }
}
