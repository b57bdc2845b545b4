//! What nginx's own log formats share: the variables that a line gives values to, the upstream lists, and the judgement
//! of a failed request by its times.
//!
//! Every access layout (combined and what follows it, JSON, a `log_format` from the command line) collects [`Vars`], and
//! [`Vars::skim`] and [`Vars::record`] make the same thing of them at two depths.

use super::record::sign;
use super::{Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict};
use crate::cause::{Cause, Sign, Strength};
use crate::grammar::address::{host, is_server};
use crate::grammar::number::{Micros, seconds, status, uint, whole};
use crate::grammar::text::present;
use crate::grammar::time::{When, clf, epoch, iso};
use memchr::{memchr, memchr2, memrchr};

/// A variable of nginx, as far as it matters here. Variables that say the same share a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Var {
    /// `$time_local`, `$time_iso8601` or `$msec`: the value tells which.
    Time,
    /// `$status`
    Status,
    /// `$remote_addr`
    RemoteAddr,
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
    /// `response_time`, which some use for the request and some for the upstream.
    EitherTime,
    /// `time`, which may be a stamp or a duration.
    AnyTime,
    /// `ua`, which may be the upstream's address or the user agent.
    AddrOrAgent,
    /// Everything else.
    Ignored,
}

/// How many variables keep a value.
const SLOTS: usize = Var::AnyTime as usize;

impl Var {
    /// The variable that nginx calls `name`; without the dollar.
    pub(super) fn named(name: &[u8]) -> Self {
        match name {
            b"time_local" | b"time_iso8601" | b"msec" => Self::Time,
            b"status" => Self::Status,
            b"remote_addr" | b"realip_remote_addr" => Self::RemoteAddr,
            b"remote_user" => Self::RemoteUser,
            b"request" => Self::Request,
            b"request_method" => Self::Method,
            b"request_uri" => Self::RequestUri,
            b"uri" | b"document_uri" => Self::Uri,
            b"body_bytes_sent" => Self::BodyBytes,
            b"bytes_sent" => Self::Bytes,
            b"request_time" => Self::RequestTime,
            b"upstream_addr" => Self::UpstreamAddr,
            b"upstream_status" => Self::UpstreamStatus,
            b"upstream_connect_time" => Self::ConnectTime,
            b"upstream_header_time" => Self::HeaderTime,
            b"upstream_response_time" => Self::ResponseTime,
            b"host" | b"http_host" => Self::Host,
            b"server_name" => Self::ServerName,
            b"http_user_agent" => Self::UserAgent,
            b"request_id" | b"req_id" | b"http_x_request_id" | b"sent_http_x_request_id" => Self::RequestId,
            b"proxy_host" => Self::ProxyHost,
            b"proxy_upstream_name" => Self::ProxyUpstream,
            b"http_x_forwarded_for" | b"proxy_add_x_forwarded_for" => Self::ForwardedFor,
            _ => Self::Ignored,
        }
    }

    /// The variable that people mean by `key` where they chose the names: `rt`, `upstream-addr`, `requestTime`.
    pub(super) fn alias(key: &[u8]) -> Self {
        match Self::named(key) {
            Self::Ignored => {}
            var => return var,
        }
        let mut buffer = [0; 32];
        match plain_name(key, &mut buffer) {
            b"timelocal" | b"timeiso8601" | b"msec" | b"timestamp" | b"ts" | b"datetime" | b"date" => Self::Time,
            b"time" => Self::AnyTime,
            b"status" | b"statuscode" | b"code" | b"httpstatus" | b"responsestatus" => Self::Status,
            b"remoteaddr" | b"remoteip" | b"clientip" | b"client" | b"clientaddr" | b"remotehost" => Self::RemoteAddr,
            b"remoteuser" | b"user" => Self::RemoteUser,
            b"request" | b"requestline" => Self::Request,
            b"requestmethod" | b"method" | b"verb" | b"httpmethod" => Self::Method,
            b"requesturi" | b"requesturl" | b"requestpath" => Self::RequestUri,
            b"uri" | b"url" | b"path" => Self::Uri,
            b"bodybytessent" | b"bodybytes" => Self::BodyBytes,
            b"bytessent" | b"bytes" | b"size" => Self::Bytes,
            b"rt" | b"requesttime" | b"reqtime" | b"requestduration" | b"duration" | b"totaltime" => Self::RequestTime,
            b"responsetime" => Self::EitherTime,
            b"upstream" | b"upstreamaddr" | b"upstreamaddress" | b"upstreamserver" | b"upstreamhost" | b"uaddr"
            | b"backend" | b"backendaddr" | b"to" => Self::UpstreamAddr,
            b"ua" => Self::AddrOrAgent,
            b"us" | b"ust" | b"upstreamstatus" | b"upstreamcode" | b"ustatus" | b"backendstatus" => {
                Self::UpstreamStatus
            }
            b"uct" | b"upstreamconnecttime" | b"upstreamconnect" | b"connecttime" | b"uconnect" => Self::ConnectTime,
            b"uht" | b"upstreamheadertime" | b"upstreamheader" | b"headertime" | b"uheader" => Self::HeaderTime,
            b"urt"
            | b"ut"
            | b"upstreamresponsetime"
            | b"upstreamtime"
            | b"upstreamrt"
            | b"uresponse"
            | b"upstreamresptime"
            | b"backendtime" => Self::ResponseTime,
            b"host" | b"httphost" | b"requesthost" => Self::Host,
            b"servername" | b"sn" | b"vhost" | b"virtualhost" => Self::ServerName,
            b"useragent" | b"httpuseragent" | b"agent" => Self::UserAgent,
            b"requestid" | b"rid" | b"reqid" | b"xrequestid" | b"traceid" | b"httpxrequestid" | b"correlationid"
            | b"kongrequestid" => Self::RequestId,
            b"proxyhost" => Self::ProxyHost,
            b"proxyupstreamname" | b"upstreamname" => Self::ProxyUpstream,
            b"xff" | b"httpxforwardedfor" | b"xforwardedfor" | b"forwardedfor" => Self::ForwardedFor,
            _ => Self::Ignored,
        }
    }
}

/// `key` in lower case with only its letters and digits, in `buffer`; cut where it is too long for any name.
fn plain_name<'b>(key: &[u8], buffer: &'b mut [u8; 32]) -> &'b [u8] {
    let mut length = 0;
    let plain = key.iter().filter(|byte| byte.is_ascii_alphanumeric());
    for (place, byte) in buffer.iter_mut().zip(plain) {
        *place = byte.to_ascii_lowercase();
        length += 1;
    }
    &buffer[..length]
}

/// The values that one line gives to nginx's variables, as they stand in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vars<'a> {
    values: [Option<&'a [u8]>; SLOTS],
    escape: Escape,
}

impl<'a> Vars<'a> {
    pub(super) fn new(escape: Escape) -> Self {
        Self { escape, ..Self::default() }
    }

    /// Notes a value. Where two keys mean the same variable, the first that has a value counts.
    pub(super) fn set(&mut self, var: Var, value: &'a [u8]) {
        let var = match var {
            Var::AnyTime if when(value).is_some() => Var::Time,
            Var::AnyTime => Var::RequestTime,
            Var::AddrOrAgent => self.addr_or_agent(value),
            var => var,
        };
        if let Some(slot) = self.values.get_mut(var as usize) {
            if slot.is_none_or(|old| present(old).is_empty()) {
                *slot = Some(value);
            }
        }
    }

    /// What `ua` means: an address where it looks like one; else the user agent, unless that is known already.
    fn addr_or_agent(&self, value: &[u8]) -> Var {
        let name = memchr2(b' ', b'/', value).is_none();
        if is_addr_list(value) || (self.has(Var::UserAgent) && name) { Var::UpstreamAddr } else { Var::UserAgent }
    }

    /// Whether the layout has a place for `var`.
    pub(super) fn has(&self, var: Var) -> bool {
        self.values.get(var as usize).is_some_and(Option::is_some)
    }

    /// The value of `var`; empty where it is absent or `-`.
    pub(super) fn get(&self, var: Var) -> &'a [u8] {
        present(self.values.get(var as usize).copied().flatten().unwrap_or_default())
    }

    /// The time of logging, which is the end of the request.
    fn when(&self) -> Option<When> {
        when(self.get(Var::Time))
    }

    fn status(&self) -> Option<u16> {
        whole(self.get(Var::Status), status)
    }

    /// `$upstream_response_time`, also where it is called `response_time` beside a `$request_time` or is a list.
    fn response_times(&self) -> &'a [u8] {
        let either = self.get(Var::EitherTime);
        match self.get(Var::ResponseTime) {
            b"" if self.has(Var::RequestTime) || is_list(either) => either,
            own => own,
        }
    }

    /// `$request_time`, else what the attempts took together.
    fn duration(&self) -> Option<Micros> {
        let request = match self.get(Var::RequestTime) {
            b"" => self.get(Var::EitherTime),
            own => own,
        };
        whole(request, seconds).or_else(|| {
            let times = list(self.response_times()).filter_map(|time| whole(time, seconds));
            times.reduce(Micros::saturating_add)
        })
    }

    fn upstreams(&self) -> Upstreams<'a> {
        Upstreams {
            names: self.has(Var::UpstreamAddr),
            addr: list(self.get(Var::UpstreamAddr)),
            status: list(self.get(Var::UpstreamStatus)),
            connect: list(self.get(Var::ConnectTime)),
            header: list(self.get(Var::HeaderTime)),
            response: list(self.response_times()),
        }
    }

    /// What the proxy balances over; `named` is the group that the upstream list itself names.
    fn group(&self, named: &'a [u8]) -> &'a [u8] {
        let proxy_host = self.get(Var::ProxyHost);
        let proxy_host = if is_server(proxy_host) { b"" } else { proxy_host };
        let groups = [ingress_group(self.get(Var::ProxyUpstream)), named, proxy_host, self.get(Var::ServerName)];
        groups.into_iter().find(|group| !group.is_empty()).unwrap_or_default()
    }

    /// What every line must tell. `None` without a time and a status.
    pub(super) fn skim(&self) -> Option<Skimmed<'a>> {
        let (when, status) = (self.when()?, self.status()?);
        let lists = [self.get(Var::UpstreamAddr), self.get(Var::UpstreamStatus), self.response_times()];
        let own: Option<u16> = whole(lists[1], self::status);
        if lists.into_iter().any(is_list) || own.is_some_and(|own| own != status && own >= 400) {
            return Some(Skimmed::Full);
        }
        let (server, named) = if is_server(lists[0]) { (lists[0], &b""[..]) } else { (&b""[..], lists[0]) };
        Some(Skimmed::Plain(Skim {
            when,
            status,
            group: self.group(named),
            upstream: server,
            names_upstream: self.has(Var::UpstreamAddr),
            duration: self.duration(),
        }))
    }

    /// Everything. `None` without a time and a status.
    pub(super) fn record(&self) -> Option<Record<'a>> {
        let mut record = Record {
            when: Some(self.when()?),
            status: Some(self.status()?),
            names_upstream: self.has(Var::UpstreamAddr),
            names_connect: self.has(Var::ConnectTime),
            names_header: self.has(Var::HeaderTime),
            host: host(self.get(Var::Host)),
            bytes: whole(self.get(Var::BodyBytes), uint).or_else(|| whole(self.get(Var::Bytes), uint)),
            duration: self.duration(),
            client: self.client(),
            user: self.get(Var::RemoteUser),
            user_agent: self.get(Var::UserAgent),
            trace_id: self.get(Var::RequestId),
            escape: self.escape,
            ..Record::default()
        };
        self.request(&mut record);
        let mut named: &[u8] = b"";
        for item in self.upstreams() {
            match item {
                Item::Attempt(attempt) => record.attempts.push(attempt),
                Item::NoServer(group) => (record.no_server, named) = (true, group),
            }
            record.upstream_status = item.status();
        }
        if let Some(last) = record.attempts.last() {
            (record.upstream, record.connect, record.header) = (last.upstream, last.connect, last.header);
        }
        record.group = self.group(named);
        Some(record)
    }

    fn client(&self) -> &'a [u8] {
        match self.get(Var::RemoteAddr) {
            b"" => list(self.get(Var::ForwardedFor)).next().unwrap_or_default(),
            addr => addr,
        }
    }

    fn request(&self, record: &mut Record<'a>) {
        let (method, path) = request_line(self.get(Var::Request));
        let first = |values: [&'a [u8]; 3]| values.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        record.method = first([self.get(Var::Method), method, b""]);
        record.path = first([self.get(Var::RequestUri), path, self.get(Var::Uri)]);
    }
}

/// A stamp in one of the three forms that nginx has: `$time_local`, `$time_iso8601`, `$msec`.
fn when(value: &[u8]) -> Option<When> {
    let zoned = whole(value, clf).or_else(|| whole(value, iso));
    // `$msec` has ten digits before its point since 2001; a small number is a duration.
    zoned.or_else(|| {
        whole(value, epoch).filter(|when| memchr(b'.', value).unwrap_or(value.len()) == 10 && when.wall > 0)
    })
}

/// ingress-nginx writes `namespace-service-port`; its manual puts `upstream-` before it, as old releases did.
fn ingress_group(name: &[u8]) -> &[u8] {
    match name.strip_prefix(b"upstream-") {
        Some(b"default-backend") | None => name,
        Some(name) => name,
    }
}

/// `GET /a?b HTTP/1.1` as its method and path. The path may hold spaces, the protocol may be missing (HTTP/0.9), and
/// what a client sends to the wrong port is no request at all: then both are empty.
pub(super) fn request_line(line: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr(b' ', line).unwrap_or(line.len());
    let (method, rest) = (&line[..end], line.get(end + 1..).unwrap_or_default());
    // ngx_http_parse_request_line: a method is made of these.
    if method.is_empty() || !method.iter().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-')) {
        return (b"", b"");
    }
    match memrchr(b' ', rest) {
        Some(at) if rest[at + 1..].starts_with(b"HTTP/") => (method, rest[..at].trim_ascii()),
        _ => (method, rest.trim_ascii()),
    }
}

/// Whether a value holds more than one item: separators are the only spaces in a list.
fn is_list(value: &[u8]) -> bool {
    memchr(b' ', value).is_some()
}

/// The items of an upstream list, in order; none where there is no value.
///
/// `group = item *( ", " item )`, `list = group *( " : " group )`; either end may be empty. A colon alone separates
/// nothing: it stands in `[::1]:80` and `unix:/run/app.sock` (`ngx_http_upstream_addr_variable`).
pub(super) fn list(value: &[u8]) -> Items<'_> {
    Items { rest: Some(value).filter(|value| !value.is_empty()) }
}

/// See [`list`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Items<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        for space in memchr::memchr_iter(b' ', rest) {
            let after = &rest[space + 1..];
            if space > 0 && rest[space - 1] == b',' {
                self.rest = Some(after);
                return Some(&rest[..space - 1]);
            }
            // What took off the line's last space left ` :` alone.
            if after.starts_with(b": ") || after == b":" {
                self.rest = Some(after.get(2..).unwrap_or_default());
                return Some(&rest[..space]);
            }
        }
        Some(rest)
    }
}

/// The upstream lists of one line: the n-th items of each belong together.
struct Upstreams<'a> {
    names: bool,
    addr: Items<'a>,
    status: Items<'a>,
    connect: Items<'a>,
    header: Items<'a>,
    response: Items<'a>,
}

/// One item of the upstream lists.
#[derive(Clone, Copy)]
enum Item<'a> {
    Attempt(Attempt<'a>),
    /// The group that had no server to try, and the status that nginx noted for that.
    NoServer(&'a [u8]),
}

impl Item<'_> {
    fn status(self) -> Option<u16> {
        match self {
            Self::Attempt(attempt) => attempt.status,
            Self::NoServer(_) => Some(502),
        }
    }
}

impl<'a> Iterator for Upstreams<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            let lists = [&mut self.addr, &mut self.status, &mut self.connect, &mut self.header, &mut self.response];
            let items = lists.map(Iterator::next);
            if items.iter().all(Option::is_none) {
                return None;
            }
            let [addr, status, connect, header, response] = items.map(|item| present(item.unwrap_or_default()));
            // An internal redirect leaves an item without an address: nothing was tried there.
            if self.names && addr.is_empty() {
                continue;
            }
            let attempt = Attempt {
                upstream: addr,
                status: whole(status, self::status),
                connect: whole(connect, seconds),
                header: whole(header, seconds),
                response: whole(response, seconds),
            };
            return Some(no_server(attempt).unwrap_or(Item::Attempt(attempt)));
        }
    }
}

/// Where no server can be picked, nginx writes the group's name for an address, 502, and no time at all
/// (`ngx_http_upstream_connect`, NGX_BUSY). A name that took time or answered is only what somebody logs as an address.
fn no_server(attempt: Attempt<'_>) -> Option<Item<'_>> {
    let nothing = matches!(attempt.status, None | Some(502))
        && attempt.connect.is_none()
        && attempt.header.is_none()
        && attempt.response.is_none_or(|time| time <= 1_000);
    (nothing && !attempt.upstream.is_empty() && !is_server(attempt.upstream))
        .then_some(Item::NoServer(attempt.upstream))
}

/// Whether every item is an address with a port or a unix socket; a list may also name a group.
pub(super) fn is_addr_list(value: &[u8]) -> bool {
    let mut found = false;
    let fits = list(value).all(|item| {
        let server = is_ip_port(item) || item.starts_with(b"unix:");
        found |= server;
        server || item.is_empty() || (is_list(value) && is_name(item))
    });
    fits && found
}

/// `10.0.0.5:8080` or `[::1]:80`.
fn is_ip_port(item: &[u8]) -> bool {
    let host = match memrchr(b':', item) {
        Some(at) if at + 1 < item.len() && item[at + 1..].iter().all(u8::is_ascii_digit) => &item[..at],
        _ => return false,
    };
    match host {
        [b'[', inner @ .., b']'] => {
            inner.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.' | b'%'))
        }
        _ => is_ipv4(host),
    }
}

fn is_ipv4(host: &[u8]) -> bool {
    let mut parts = 0;
    host.split(|byte| *byte == b'.').all(|part| {
        parts += 1;
        (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit)
    }) && parts == 4
}

/// An address without a port, as `X-Forwarded-For` has them.
pub(super) fn is_ip(item: &[u8]) -> bool {
    let v6 = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    is_ipv4(item) || (item.iter().filter(|byte| **byte == b':').count() > 1 && item.iter().all(v6))
}

fn is_name(item: &[u8]) -> bool {
    item.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// Whether a value has the shape of a list of times: seconds with three decimals, or `-`.
pub(super) fn is_time_list(value: &[u8]) -> bool {
    let time = |item: &[u8]| matches!(whole(item, seconds), Some(_) if item.len() > 4 && item[item.len() - 4] == b'.');
    shaped(value, time)
}

/// Whether a value has the shape of a list of statuses: three digits, or `-`.
pub(super) fn is_status_list(value: &[u8]) -> bool {
    shaped(value, |item| whole(item, status).is_some())
}

fn shaped(value: &[u8], shape: impl Fn(&[u8]) -> bool) -> bool {
    let mut found = false;
    let fits = list(value).all(|item| {
        let real = shape(item);
        found |= real;
        real || item == b"-" || item.is_empty()
    });
    fits && found
}

/// A list that stands without quotes, so that its own separators must tell where it ends:
/// `10.0.0.1:80, 10.0.0.2:80 : unix:/tmp/s`. A ` : ` that one more space follows is the list's end.
pub(super) fn bare_list(i: &[u8]) -> (&[u8], &[u8]) {
    let mut end = memchr(b' ', i).unwrap_or(i.len());
    loop {
        let rest = &i[end..];
        let next = match rest {
            [b' ', b':'] => return (b"", i),
            [b' ', b':', b' '] | [b' ', b':', b' ', b' ', ..] => return (&i[end + 3..], &i[..end + 3]),
            [b' ', b':', b' ', ..] => end + 3,
            [b' ', ..] if end > 0 && i[end - 1] == b',' => end + 1,
            _ => break,
        };
        let length = memchr(b' ', &i[next..]).unwrap_or(i.len() - next);
        if !is_item(&i[next..next + length]) {
            break;
        }
        end = next + length;
    }
    (&i[end..], &i[..end])
}

/// Whether a word can be an item of a list, rather than a key or a quoted value.
fn is_item(word: &[u8]) -> bool {
    let item = word.strip_suffix(b",").unwrap_or(word);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".:-_/[]%".contains(byte);
    !item.is_empty() && !item.ends_with(b":") && item.iter().all(plain)
}

/// Declares the signs of a table, each with a name of its own to refer to it by.
macro_rules! table {
    ($(#[$doc:meta])* $table:ident: $($name:ident = $row:expr;)+) => {
        #[allow(clippy::upper_case_acronyms, non_camel_case_types, reason = "places in the table, named as its rows")]
        enum Row { $($name),+ }
        $(#[$doc])*
        pub(super) static $table: [Sign; [$(Row::$name),+].len()] = [$($row),+];
        $(static $name: &Sign = &$table[Row::$name as usize];)+
    };
}

table! {
    /// What the fields of an access line can show.
    SIGNS:
    UPSTREAM_ANSWERED = sign("nginx-upstream-answered", Cause::UpstreamError, Strength::Conclusive, 502,
        "the upstream sent this status itself: nginx had its response header");
    UPSTREAM_503 = sign("nginx-upstream-503", Cause::UpstreamError, Strength::Conclusive, 503,
        "the upstream answered with an error status that nginx never makes up for an attempt");
    NO_LIVE = sign("nginx-group-without-server", Cause::NoLiveUpstream, Strength::Conclusive, 502,
        "nginx wrote the group's name for an address: no server of it could be tried");
    CONNECT_TIMEOUT = sign("nginx-504-not-connected", Cause::ConnectTimeout, Strength::Conclusive, 504,
        "nginx answered 504 before it was connected to the upstream");
    CONNECT_TIMEOUT_SHORT = sign("nginx-504-five-seconds", Cause::ConnectTimeout, Strength::Weak, 504,
        "nginx gave up after 5 seconds, which is the connect timeout of ingress-nginx");
    RESPONSE_TIMEOUT = sign("nginx-504-connected", Cause::ResponseTimeout, Strength::Conclusive, 504,
        "nginx was connected, waited for the response header, and answered 504");
    RESPONSE_TIMEOUT_LIKELY = sign("nginx-504-after-wait", Cause::ResponseTimeout, Strength::Strong, 504,
        "nginx answered 504 after a long wait; the line does not say whether it was connected");
    RESPONSE_TIMEOUT_BLIND = sign("nginx-504", Cause::ResponseTimeout, Strength::Weak, 504,
        "nginx answered 504; the line does not say what it waited for");
    REFUSED = sign("nginx-502-at-once-not-connected", Cause::ConnectionRefused, Strength::Strong, 502,
        "the connection to the upstream failed at once");
    REFUSED_LIKELY = sign("nginx-502-not-connected", Cause::ConnectionRefused, Strength::Weak, 502,
        "the connection to the upstream failed within a second");
    SOCKET = sign("nginx-502-socket-not-connected", Cause::SocketMissing, Strength::Weak, 502,
        "the connection to the unix socket failed at once");
    UNREACHABLE = sign("nginx-502-after-seconds-not-connected", Cause::HostUnreachable, Strength::Strong, 502,
        "the connection failed after one to three seconds, as it does where no host answers to the address");
    CONNECT_GAVE_UP = sign("nginx-502-late-not-connected", Cause::ConnectTimeout, Strength::Weak, 502,
        "the connection failed after a long time");
    KEEPALIVE_RACE = sign("nginx-502-at-once-connected-unsafe", Cause::KeepaliveRace, Strength::Strong, 502,
        "the connection stood already, and the upstream closed it at once on a request that nginx does not repeat");
    KEEPALIVE_RETRIED = sign(
        "nginx-502-at-once-same-again",
        Cause::KeepaliveRace,
        Strength::Strong,
        502,
        "the connection stood already, the upstream closed it at once, and nginx tried the same server again"
    );
    WORKER_KILLED = sign("nginx-502-round-time", Cause::WorkerKilled, Strength::Strong, 502,
        "the upstream closed the connection after a round number of seconds, as a supervisor's time limit does");
    WORKER_KILLED_BLIND = sign("nginx-502-round-time-blind", Cause::WorkerKilled, Strength::Weak, 502,
        "the attempt failed after a round number of seconds, as a supervisor's time limit makes it");
    CLOSED_EARLY = sign("nginx-502-connected", Cause::ClosedEarly, Strength::Weak, 502,
        "nginx was connected and got no response header");
    BLIND = sign(
        "nginx-502",
        Cause::Unknown,
        Strength::Silent,
        502,
        "the attempt ended with 502; the line does not say whether nginx was connected"
    );
    OWN_500 = sign("nginx-500-without-header", Cause::GatewayInternal, Strength::Weak, 500,
        "nginx answered 500 without a response header from the upstream");
    NO_UPSTREAM_502 = sign("nginx-502-no-upstream", Cause::DnsFailure, Strength::Weak, 502,
        "nginx answered 502 without trying any upstream, as it does when the upstream's name does not resolve");
    NO_UPSTREAM_503 = sign("nginx-503-no-upstream", Cause::ProxyLocal, Strength::Weak, 503,
        "nginx answered 503 without trying any upstream: a `return 503`, a request limit, or a service without endpoints");
}

/// Says what the fields of an access line are signs of.
pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let judge = |number| judge_attempt(record, number, statuses);
    let attempts: Vec<_> = (0..record.attempts.len()).map(judge).collect();
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = failed.and_then(|status| blame(record, &attempts).or_else(|| without_attempt(record, status)));
    Verdict { request, attempts }
}

/// The sign of the last failed attempt, unless an earlier one failed otherwise and took most of the time.
fn blame(record: &Record<'_>, signs: &[Option<&'static Sign>]) -> Option<&'static Sign> {
    let last = signs.iter().rev().find_map(|sign| *sign)?;
    let time = |attempt: &Attempt<'_>| attempt.response.unwrap_or(0);
    let total = record.attempts.iter().map(time).fold(0, Micros::saturating_add);
    let longest = record.attempts.iter().zip(signs).filter(|(attempt, _)| time(attempt) > total / 2);
    Some(longest.filter_map(|(_, sign)| *sign).next().unwrap_or(last))
}

/// The sign of a failed request that reached no server.
fn without_attempt(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    match status {
        _ if record.no_server => Some(NO_LIVE),
        502 if record.names_upstream && record.attempts.is_empty() => Some(NO_UPSTREAM_502),
        503 if record.names_upstream && record.attempts.is_empty() => Some(NO_UPSTREAM_503),
        _ => None,
    }
}

/// What one attempt is a sign of; `None` where it did not fail, or shows nothing.
fn judge_attempt(record: &Record<'_>, number: usize, statuses: &Statuses) -> Option<&'static Sign> {
    let attempt = &record.attempts[number];
    // A layout without `$upstream_status` still tells how the only attempt ended: as the request did.
    let only = record.attempts.len() == 1;
    let status = attempt.status.or(record.status.filter(|_| only)).filter(|status| statuses.contains(*status))?;
    let time = attempt.response.or(record.duration.filter(|_| only));
    match status {
        _ if attempt.header.is_some() => Some(UPSTREAM_ANSWERED),
        502 if is_same_again(record, number) => Some(KEEPALIVE_RETRIED),
        502 => Some(bad_gateway(record, attempt, time)),
        504 => Some(timeout(record, attempt, time)),
        500 if record.names_header => Some(OWN_500),
        _ => Some(UPSTREAM_503),
    }
}

/// Whether nginx went to the same server again after a connection that stood already broke at once. To a group of one
/// it does so only where the connection came from its pool (`u->peer.cached` in `ngx_http_upstream_next`).
fn is_same_again(record: &Record<'_>, number: usize) -> bool {
    let (attempt, next) = (&record.attempts[number], record.attempts.get(number + 1));
    next.is_some_and(|next| next.upstream == attempt.upstream)
        && attempt.connect.is_some_and(|connect| connect < MILLISECOND)
        && attempt.response.is_some_and(|time| time <= AT_ONCE)
}

/// 504 without a response header.
fn timeout(record: &Record<'_>, attempt: &Attempt<'_>, time: Option<Micros>) -> &'static Sign {
    let connected = attempt.connect.is_some();
    match time {
        _ if record.names_connect && !connected => CONNECT_TIMEOUT,
        _ if connected && record.names_header => RESPONSE_TIMEOUT,
        _ if connected => RESPONSE_TIMEOUT_LIKELY,
        // Connect timeouts that somebody set are short; the default of both is 60 seconds.
        Some(time) if time >= 10 * SECOND => RESPONSE_TIMEOUT_LIKELY,
        Some(time) if !record.group.is_empty() && is_round(time, 5 * SECOND) => CONNECT_TIMEOUT_SHORT,
        _ => RESPONSE_TIMEOUT_BLIND,
    }
}

/// 502 without a response header, or where the layout does not say whether there was one.
fn bad_gateway(record: &Record<'_>, attempt: &Attempt<'_>, time: Option<Micros>) -> &'static Sign {
    let Some(time) = time else { return BLIND };
    let supervisor = (5 * SECOND..59 * SECOND).contains(&time) && is_round(time, time / (5 * SECOND) * 5 * SECOND);
    match (attempt.connect, time) {
        (Some(connect), 0..=AT_ONCE) if connect < MILLISECOND && is_unsafe(record.method) => KEEPALIVE_RACE,
        (Some(_), _) if supervisor => WORKER_KILLED,
        (Some(_), _) if record.names_header => CLOSED_EARLY,
        (None, _) if record.names_connect => not_connected(attempt, time),
        (None, _) if supervisor => WORKER_KILLED_BLIND,
        _ => BLIND,
    }
}

/// 502 where the connection never stood.
fn not_connected(attempt: &Attempt<'_>, time: Micros) -> &'static Sign {
    match time {
        _ if attempt.upstream.starts_with(b"unix:") => SOCKET,
        0..=AT_ONCE => REFUSED,
        ..SECOND => REFUSED_LIKELY,
        SECOND..=3_200_000 => UNREACHABLE,
        _ => CONNECT_GAVE_UP,
    }
}

/// What an attempt takes that was over before anything had to be waited for.
const AT_ONCE: Micros = 5_000;
const MILLISECOND: Micros = 1_000;
const SECOND: Micros = 1_000_000;

/// Whether `time` is `value` with the little that a timer adds.
fn is_round(time: Micros, value: Micros) -> bool {
    (value..=value + SECOND / 4).contains(&time)
}

/// Methods that nginx does not send twice unless told to (`proxy_next_upstream non_idempotent`).
fn is_unsafe(method: &[u8]) -> bool {
    matches!(method, b"POST" | b"PATCH" | b"LOCK")
}
