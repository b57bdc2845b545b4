//! nginx's error log (`src/core/ngx_log.c`, `ngx_http_log_error_handler` in `src/http/ngx_http_request.c`).
//!
//! One line tells of one failed attempt, of the proxy's own state, or of something that is no gateway failure at all.
//! Its tail quotes what clients sent, raw: a request line may hold quotes and forged fields. So the message ends at the
//! first `, client:`, and the request line at its protocol, before anything else is looked for.

use super::record::{sign, wording};
use super::{About, Attempt, Escape, Record, Skimmed, Statuses, Verdict, What, nginx};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::address::{host, is_server};
use crate::grammar::number::uint;
use crate::grammar::text::{bracketed, present};
use crate::grammar::time::nginx_error;
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memmem};
use nom::{Parser as _, bytes::complete::tag, combinator::opt, sequence::terminated};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "nginx-error",
    proxy: Proxy::Nginx,
    title: "nginx error log: one line for each failed attempt at an upstream",
    layout: "YYYY/MM/DD HH:MM:SS [LEVEL] PID#TID: *CONNECTION MESSAGE, client: ADDRESS, server: NAME, request: \"LINE\", \
             upstream: \"URL\", host: \"NAME\", referrer: \"URL\"",
    time: "when the error was met",
    source: "nginx, src/core/ngx_log.c and src/http/ngx_http_request.c (ngx_http_log_error_handler)",
    samples: &[],
    signs: &[&SIGNS, &UNRECOGNISED],
};

/// The wordings of nginx's own messages. Those in the middle of a phase name the phase, since the same errno means
/// another thing in each; errno numbers are those of Linux, BSD and macOS, Windows, and Solaris.
static SIGNS: [Sign; 57] = [
    // Connecting: src/event/ngx_event_connect.c, ngx_http_upstream_test_connect
    wording(
        "nginx-connect-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        502,
        "the upstream refused the connection",
        r"connect\(\)[^(]* failed \((?:(?:111|61|10061|146):|\d+: Connection refused)",
    ),
    wording(
        "nginx-connect-socket-missing",
        Cause::SocketMissing,
        Strength::Conclusive,
        502,
        "the unix socket does not exist",
        r"connect\(\) to unix:.* failed \(2:",
    ),
    wording(
        "nginx-connect-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        502,
        "nginx was not allowed to connect to the upstream",
        r"connect\(\)[^(]* failed \((?:13|1|10013):",
    ),
    wording(
        "nginx-connect-backlog",
        Cause::BacklogFull,
        Strength::Conclusive,
        502,
        "the unix socket's queue of waiting connections was full",
        r"connect\(\) to unix:.* failed \((?:11|35):",
    ),
    wording(
        "nginx-connect-gave-up",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        502,
        "the system gave up connecting to the upstream",
        r"connect\(\)[^(]* failed \((?:110|60|10060|145):",
    ),
    wording(
        "nginx-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        504,
        "the upstream did not accept the connection in time",
        r"^upstream timed out .*while connecting to upstream",
    ),
    wording(
        "nginx-connect-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        502,
        "the upstream's host or network could not be reached",
        r"connect\(\)[^(]* failed \((?:(?:113|101|112|65|64|51|10065|10064|10051|148|128):|\d+: (?:No route to host|Host is unreachable|Network is unreachable|Network unreachable|Host is down))",
    ),
    wording(
        "nginx-connect-no-local-port",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        502,
        "nginx had no local port left for the connection",
        r"connect\(\)[^(]* failed \((?:99|49|10049|126|10055):",
    ),
    wording(
        "nginx-connect-reset",
        Cause::ConnectionReset,
        Strength::Conclusive,
        502,
        "the connection was reset while it was being made",
        r"connect\(\)[^(]* failed \((?:104|54|10054|131|103|53|10053|130):",
    ),
    wording(
        "nginx-bind-failed",
        Cause::ProxyExhausted,
        Strength::Strong,
        500,
        "nginx could not bind a local address for the connection",
        r"^bind\(.* failed \(.* while connecting to upstream",
    ),
    wording(
        "nginx-socket-no-descriptor",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        500,
        "nginx had no file descriptor left for the connection",
        r"^socket\(\) failed \((?:24|23|10024):",
    ),
    wording(
        "nginx-socket-no-family",
        Cause::HostUnreachable,
        Strength::Strong,
        500,
        "this host does not speak the upstream's address family",
        r"^socket\(\) failed \((?:97|47|10047):",
    ),
    wording(
        "nginx-accept-no-descriptor",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        0,
        "nginx had no file descriptor left to accept clients with",
        r"^accept4?\(\) failed \((?:24|23|10024):",
    ),
    wording(
        "nginx-worker-connections",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        500,
        "nginx reached its limit of worker_connections",
        r"worker_connections are not enough",
    ),
    wording(
        "nginx-no-memory",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        500,
        "nginx could not get memory",
        r"failed \((?:12: |\d+: Cannot allocate memory)",
    ),
    wording(
        "nginx-disk-full",
        Cause::GatewayInternal,
        Strength::Conclusive,
        0,
        "nginx could not write to its disk, which is full",
        r"failed \((?:28|122): .* while reading (?:upstream|response header)",
    ),
    wording(
        "nginx-temp-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        0,
        "nginx may not write the temporary file that it buffers responses in",
        r#"^(?:open|mkdir|rename)\(\) ".*" failed \(13: .* while reading upstream"#,
    ),
    // No server: ngx_http_upstream_connect, ngx_http_upstream_resolve_handler, src/core/ngx_resolver.c
    wording(
        "nginx-no-live-upstreams",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        502,
        "no server of the group could be tried",
        r"^no live upstreams",
    ),
    wording(
        "nginx-balancer-no-peer",
        Cause::NoLiveUpstream,
        Strength::Strong,
        503,
        "ingress-nginx's balancer had no endpoint to pass the request to",
        r"^\[lua\] balancer\.lua:\d+: .*(?:no (?:upstream|backend|peer|endpoint|host allowed)|could not get next)",
    ),
    wording(
        "nginx-unresolved",
        Cause::DnsFailure,
        Strength::Conclusive,
        502,
        "the upstream's name did not resolve",
        r" could not be resolved \(",
    ),
    wording(
        "nginx-no-resolver",
        Cause::DnsFailure,
        Strength::Conclusive,
        502,
        "no resolver is configured for the upstream's name",
        r"^no resolver defined to resolve ",
    ),
    wording(
        "nginx-resolver-failed",
        Cause::DnsFailure,
        Strength::Strong,
        0,
        "nginx could not talk to its resolver",
        r" while resolving(?:, resolver:|$)",
    ),
    wording(
        "nginx-resolver-odd-answer",
        Cause::DnsFailure,
        Strength::Weak,
        0,
        "the resolver sent an answer that nginx did not expect",
        r"^(?:unexpected|invalid|wrong|short|too small) .*(?:response for |DNS response)|^unexpected response for ",
    ),
    wording(
        "nginx-upstream-name-unknown",
        Cause::DnsFailure,
        Strength::Conclusive,
        0,
        "nginx could not load its configuration: the upstream's name did not resolve",
        r"^host not found in upstream ",
    ),
    wording(
        "nginx-no-port",
        Cause::NoRoute,
        Strength::Conclusive,
        500,
        "the upstream's URL, made at run time, is not one that nginx can use",
        r"^(?:no port in upstream|invalid port in upstream|invalid URL prefix in|no upstream configuration)",
    ),
    // TLS: src/event/ngx_event_openssl.c, ngx_http_upstream_ssl_handshake
    wording(
        "nginx-tls-verify",
        Cause::TlsCertificate,
        Strength::Conclusive,
        502,
        "nginx did not accept the upstream's certificate",
        r"^upstream SSL certificate verify error",
    ),
    wording(
        "nginx-tls-name",
        Cause::TlsCertificate,
        Strength::Conclusive,
        502,
        "the upstream's certificate is for another name",
        r"^upstream SSL certificate does not match",
    ),
    wording(
        "nginx-tls-closed",
        Cause::TlsHandshake,
        Strength::Strong,
        502,
        "the upstream closed the connection during the TLS handshake",
        r"^peer closed connection in SSL handshake .*SSL handshaking to upstream",
    ),
    wording(
        "nginx-tls-timeout",
        Cause::TlsHandshake,
        Strength::Strong,
        504,
        "the upstream did not finish the TLS handshake in time",
        r"^upstream timed out .*while SSL handshaking to upstream",
    ),
    wording(
        "nginx-tls-handshake",
        Cause::TlsHandshake,
        Strength::Weak,
        502,
        "the TLS handshake with the upstream failed",
        r"^SSL_do_handshake\(\) failed .*SSL handshaking to upstream",
    ),
    wording(
        "nginx-tls-eof-header",
        Cause::ClosedEarly,
        Strength::Strong,
        502,
        "the upstream closed the TLS connection before it answered",
        r"^SSL_read\(\) failed .*unexpected eof.* while reading response header from upstream",
    ),
    wording(
        "nginx-tls-eof-body",
        Cause::TruncatedResponse,
        Strength::Conclusive,
        0,
        "the upstream closed the TLS connection in the middle of its response",
        r"^SSL_read\(\) failed .*unexpected eof.* while (?:reading upstream|sending to client)",
    ),
    // Time limits: ngx_http_upstream_rev_handler and its like
    wording(
        "nginx-send-timeout",
        Cause::ResponseTimeout,
        Strength::Strong,
        504,
        "the upstream did not take the request in time",
        r"^upstream timed out .*while sending request to upstream",
    ),
    wording(
        "nginx-response-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        504,
        "the upstream did not answer in time",
        r"^upstream timed out .*while reading response header from upstream",
    ),
    wording(
        "nginx-body-timeout",
        Cause::BodyTimeout,
        Strength::Conclusive,
        0,
        "the upstream stalled in the middle of its response",
        r"^upstream timed out .*while (?:reading upstream|sending to client|sending response to client)",
    ),
    wording(
        "nginx-upgraded-timeout",
        Cause::BodyTimeout,
        Strength::Strong,
        0,
        "an upgraded connection was silent for too long",
        r"^upstream timed out .*while proxying ",
    ),
    wording(
        "nginx-timeout",
        Cause::ResponseTimeout,
        Strength::Weak,
        504,
        "the upstream took too long",
        r"^upstream timed out",
    ),
    // Closed and reset
    wording(
        "nginx-body-closed",
        Cause::TruncatedResponse,
        Strength::Conclusive,
        0,
        "the upstream closed the connection in the middle of its response",
        r"^upstream prematurely closed (?:connection|FastCGI \w+|stream) while (?:reading upstream|sending to client|sending response to client|proxying )",
    ),
    wording(
        "nginx-closed-early",
        Cause::ClosedEarly,
        Strength::Strong,
        502,
        "the upstream closed the connection before it answered",
        r"^upstream prematurely closed ",
    ),
    wording(
        "nginx-body-reset",
        Cause::TruncatedResponse,
        Strength::Conclusive,
        0,
        "the upstream reset the connection in the middle of its response",
        r"^(?:recv|readv)\(\) failed \((?:104|54|10054|131|103|53|10053|110|60|10060):.* while (?:reading upstream|sending to client|sending response to client|proxying )",
    ),
    wording(
        "nginx-header-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        502,
        "the upstream reset the connection before it answered",
        r"^(?:recv|readv)\(\) failed \((?:104|54|10054|131|103|53|10053):.* while reading response header from upstream",
    ),
    wording(
        "nginx-header-lost",
        Cause::HostUnreachable,
        Strength::Strong,
        502,
        "the connection to the upstream broke while nginx waited for the answer",
        r"^(?:recv|readv)\(\) failed \((?:113|65|101|51|110|60|10060|10065|10051):.* while reading response header from upstream",
    ),
    wording(
        "nginx-request-cut",
        Cause::ClosedEarly,
        Strength::Strong,
        502,
        "the upstream closed the connection while nginx was still sending the request",
        r"^(?:recv|send|writev|sendfilev?|SSL_write|WSASend)\(\) failed .* while sending request to upstream",
    ),
    // Answers that nginx could not use: ngx_http_upstream_process_header and the proxy, fastcgi and grpc modules
    wording(
        "nginx-header-too-big",
        Cause::HeaderTooBig,
        Strength::Conclusive,
        502,
        "the upstream's response header did not fit into nginx's buffer",
        r"^upstream sent too big (?:header|early hints)",
    ),
    wording(
        "nginx-not-http",
        Cause::ProtocolMismatch,
        Strength::Strong,
        // nginx takes it for HTTP/0.9 and passes it on, with 009 or 200 in the access log.
        0,
        "the upstream's answer was not HTTP",
        r"^upstream sent no valid HTTP/1\.0 header",
    ),
    wording(
        "nginx-not-fastcgi",
        Cause::ProtocolMismatch,
        Strength::Conclusive,
        502,
        "the upstream's answer was not FastCGI",
        r"^upstream sent unsupported FastCGI protocol version",
    ),
    wording(
        "nginx-not-http2",
        Cause::ProtocolMismatch,
        Strength::Conclusive,
        502,
        "the upstream answered a gRPC request with something other than HTTP/2",
        r"^upstream sent too large http2 frame",
    ),
    wording(
        "nginx-invalid-body",
        Cause::InvalidResponse,
        Strength::Conclusive,
        0,
        "the body that the upstream sent breaks the protocol",
        r"^upstream sent (?:invalid|data after|too big trailers|duplicate|unexpected) ?.* while (?:reading upstream|sending to client)",
    ),
    wording(
        "nginx-invalid-header",
        Cause::InvalidResponse,
        Strength::Conclusive,
        502,
        "the response header that the upstream sent breaks the protocol",
        r#"^upstream sent (?:invalid|duplicate|unknown|"Content-Length" and|unexpected|malformed)"#,
    ),
    wording(
        "nginx-invalid-response",
        Cause::InvalidResponse,
        Strength::Strong,
        502,
        "the upstream sent something that nginx could not use",
        r"^upstream (?:sent|split|prematurely sent) ",
    ),
    wording(
        "nginx-grpc-calm",
        Cause::Blocked,
        Strength::Strong,
        502,
        "the upstream told nginx to slow down",
        r"^upstream (?:rejected request|sent goaway) with error 11\b",
    ),
    wording(
        "nginx-grpc-goaway",
        Cause::Draining,
        Strength::Strong,
        502,
        "the upstream was closing its connections in good order",
        r"^upstream sent goaway with error 0\b",
    ),
    wording(
        "nginx-grpc-refused-stream",
        Cause::CircuitBreaker,
        Strength::Strong,
        502,
        "the upstream refused the stream",
        r"^upstream (?:rejected request|sent goaway) with error 7\b",
    ),
    wording(
        "nginx-grpc-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        502,
        "the upstream broke off the stream",
        r"^upstream (?:rejected request|sent goaway|sent rst stream frame) ",
    ),
    // The proxy itself: ngx_http_limit_req_module.c, ngx_process.c
    wording(
        "nginx-limit",
        Cause::Blocked,
        Strength::Conclusive,
        503,
        "a limit on requests or connections turned the client away",
        r"^limiting (?:requests, excess|connections by zone)",
    ),
    wording(
        "nginx-worker-crashed",
        Cause::GatewayInternal,
        Strength::Strong,
        0,
        "a worker process of nginx was killed",
        r"^worker process \d+ exited on signal ",
    ),
    wording(
        "nginx-worker-gave-up",
        Cause::GatewayInternal,
        Strength::Strong,
        0,
        "a worker process of nginx could not go on",
        r"^worker process \d+ exited with fatal code ",
    ),
];

/// An error about an upstream whose wording no row knows.
static UNRECOGNISED: [Sign; 1] = [sign(
    "nginx-unrecognised",
    Cause::Unknown,
    Strength::Silent,
    502,
    "nginx logged an error about the upstream that is not in the catalogue",
)];

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&SIGNS).ok());

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    (prefix(line).is_ok() || is_cut_line(line) || is_continuation(line)).then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if let Ok((text, mut record)) = prefix(line) {
        body(text, &mut record);
        return Some(record);
    }
    let mut record = Record { what: What::Notice, ..Record::default() };
    if is_continuation(line) {
        record.message = line;
        return Some(record);
    }
    is_cut_line(line).then(|| {
        body(line, &mut record);
        record
    })
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    if record.what == What::Notice {
        return Verdict::default();
    }
    let sign = MATCHER.as_ref().and_then(|matcher| matcher.best(record.message)).unwrap_or(&UNRECOGNISED[0]);
    let request = (record.what == What::Attempt).then_some(sign);
    Verdict { request, attempts: vec![Some(sign)] }
}

/// `2024/06/12 10:09:11 [error] 31234#31234: *9876 `. The time may be missing, or be `nginx: ` (to the terminal, at the
/// start); then the process must be there.
fn prefix(i: &[u8]) -> Parsed<'_, Record<'_>> {
    let (rest, when) = opt(terminated(nginx_error, tag(" "))).parse(i)?;
    let (rest, started) = opt(tag("nginx: ")).parse(rest)?;
    let (rest, level) = terminated(bracketed, tag(" ")).parse(rest)?;
    if !matches!(level, b"emerg" | b"alert" | b"crit" | b"error" | b"warn" | b"notice" | b"info" | b"debug") {
        return mismatch();
    }
    let (rest, process) = opt((uint, tag("#"), uint, tag(": "))).parse(rest)?;
    let (rest, _connection) = opt((tag("*"), uint, tag(" "))).parse(rest)?;
    if when.is_none() && process.is_none() && started.is_none() {
        return mismatch();
    }
    let pid = process.map(|(pid, ..)| pid);
    Ok((rest, Record { when, level, pid, escape: Escape::None, ..Record::default() }))
}

/// Whether a line without any prefix is nginx's all the same: people cut it off, terminals do.
fn is_cut_line(line: &[u8]) -> bool {
    let Some(client) = memmem::find(line, CLIENT) else { return false };
    !line.starts_with(b"{")
        && memmem::find(&line[..client], b" while ").is_some()
        && is_upstream_action(&line[..client])
}

/// Lines that FastCGI's standard error breaks a record into. They carry nothing of their own.
fn is_continuation(line: &[u8]) -> bool {
    let starts: &[&[u8]] =
        &[b"PHP message: ", b"PHP Fatal error: ", b"PHP Warning: ", b"PHP Notice: ", b"Stack trace:", b"  thrown in "];
    let frame = |rest: &[u8]| matches!(uint(rest), Ok(([b' ', b'/' | b'{' | b'[', ..], _)));
    let last = |line: &[u8]| memmem::find(line, b"\" while reading response header from upstream, client: ").is_some();
    starts.iter().any(|start| line.starts_with(start))
        || line.strip_prefix(b"#").is_some_and(frame)
        || (!line.starts_with(b"{") && last(line))
}

const CLIENT: &[u8] = b", client:";

/// The message and its tail.
fn body<'a>(text: &'a [u8], record: &mut Record<'a>) {
    let text = match text {
        // A line cut off by hand still has its connection.
        [b'*', rest @ ..] => opt(terminated(uint, tag(" "))).parse(rest).map_or(text, |(rest, _): (&[u8], _)| rest),
        _ => text,
    };
    let end = memmem::find(text, CLIENT).unwrap_or(text.len());
    record.message = &text[..end];
    let mut fields = Fields::default();
    if let Some(rest) = text.get(end + CLIENT.len()..) {
        fields.read(rest);
    }
    fields.fill(record);
    record.what = what(record.level, record.message, !fields.upstream.is_empty());
    match record.what {
        What::Notice => {}
        What::State => {
            (record.upstream, record.group) = (b"", state_group(record.message));
            record.attempts.push(Attempt::default());
        }
        _ => record.attempts.push(Attempt { upstream: record.upstream, ..Attempt::default() }),
    }
}

/// `host not found in upstream "NAME" in /etc/nginx/nginx.conf:41`
fn state_group(message: &[u8]) -> &[u8] {
    let name = message.strip_prefix(b"host not found in upstream \"").unwrap_or_default();
    &name[..memchr(b'"', name).unwrap_or(0)]
}

/// What follows the message, each as it stands there.
#[derive(Default)]
struct Fields<'a> {
    client: &'a [u8],
    server: &'a [u8],
    request: &'a [u8],
    upstream: &'a [u8],
    host: &'a [u8],
    request_id: &'a [u8],
}

impl<'a> Fields<'a> {
    /// ` 203.0.113.9, server: example.com, request: "GET / HTTP/1.1", upstream: "http://10.0.0.5:80/", host: "h"`
    fn read(&mut self, i: &'a [u8]) {
        let (client, mut rest) = bare(i);
        self.client = client;
        while let Some((after, name, value)) = field(rest) {
            rest = after;
            match name {
                b"server" => self.server = value,
                b"request" => self.request = value,
                b"upstream" => self.upstream = value,
                b"host" => self.host = value,
                b"request_id" => self.request_id = value,
                _ => {}
            }
        }
    }

    fn fill(&self, record: &mut Record<'a>) {
        let (method, path) = nginx::request_line(self.request);
        let target = address(self.upstream);
        (record.method, record.path) = (method, path);
        (record.client, record.host) = (self.client, host(self.host));
        (record.group, record.trace_id) = (self.server, present(self.request_id));
        record.names_upstream = !self.upstream.is_empty();
        if is_server(target) {
            record.upstream = target;
        } else if !target.is_empty() {
            // A group that had no server to try.
            record.group = target;
            record.no_server = true;
            if record.host.is_empty() && self.server != b"_" {
                record.host = self.server;
            }
        }
    }
}

/// ` 203.0.113.9`, up to the comma: nothing in it comes from a client.
fn bare(i: &[u8]) -> (&[u8], &[u8]) {
    let i = i.strip_prefix(b" ").unwrap_or(i);
    i.split_at(memmem::find(i, b", ").unwrap_or(i.len()))
}

/// `, name: value` or `, name: "value"`: the rest, the name, the value. What the 2048 bytes cut off is missing.
fn field(i: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let i = i.strip_prefix(b", ")?;
    let colon = memchr(b':', i)?;
    let (name, rest) = (&i[..colon], &i[colon + 1..]);
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let Some(inside) = rest.strip_prefix(b"\"") else {
        let (value, rest) = bare(rest);
        return Some((rest, name, value));
    };
    let end = match name {
        b"request" => request_end(inside),
        _ => closing_quote(inside),
    };
    let end = end.unwrap_or(inside.len());
    Some((inside.get(end + 1..).unwrap_or_default(), name, &inside[..end]))
}

/// Where a request line ends. No request that nginx passes on has ` HTTP/1.1"` before its end, so that decides; what
/// has no protocol ends at the last quote that a field follows.
fn request_end(i: &[u8]) -> Option<usize> {
    let version = |rest: &[u8]| {
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        (rest.get(length) == Some(&b'"') && ends_field(&rest[length + 1..])).then_some(length)
    };
    let mut found = memmem::find_iter(i, b" HTTP/");
    let at = found.find_map(|at| version(&i[at + 6..]).map(|length| at + 6 + length));
    at.or_else(|| memmem::rfind(i, b"\", upstream: \"")).or_else(|| closing_quote(i))
}

/// The first quote that ends a field.
fn closing_quote(i: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'"', i).find(|quote| ends_field(&i[quote + 1..]))
}

/// Whether a field can end here: with the line, or before the next field.
fn ends_field(rest: &[u8]) -> bool {
    let known: &[&[u8]] = &[
        b", subrequest:",
        b", upstream:",
        b", host:",
        b", referrer:",
        b", request_id:",
        b", bytes from",
        b", server:",
    ];
    rest.is_empty() || known.iter().any(|name| rest.starts_with(name))
}

/// The server in an upstream's URL, as `$upstream_addr` writes it: `http://10.0.0.5:8080/a` is `10.0.0.5:8080`,
/// `http://unix:/run/app.sock:/a` is `unix:/run/app.sock`; `http://backend/a` is the group `backend`.
fn address(url: &[u8]) -> &[u8] {
    let rest = memmem::find(&url[..url.len().min(16)], b"://").map_or(url, |at| &url[at + 3..]);
    if rest.starts_with(b"unix:") {
        return &rest[..memchr(b':', &rest[5..]).map_or(rest.len(), |at| at + 5)];
    }
    &rest[..rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'"' | b',' | b' ')).unwrap_or(rest.len())]
}

/// Whether the message's action is about an upstream.
fn is_upstream_action(message: &[u8]) -> bool {
    let actions: &[&[u8]] = &[b" to upstream", b" from upstream", b" reading upstream"];
    actions.iter().any(|action| memmem::find(message, action).is_some())
}

/// What a message tells of.
fn what(level: &[u8], message: &[u8], upstream: bool) -> What {
    let starts = |starts: &[&[u8]]| starts.iter().any(|start| message.starts_with(start));
    let holds = |parts: &[&[u8]]| parts.iter().any(|part| memmem::find(message, part).is_some());
    if starts(&[b"host not found in upstream ", b"worker process "]) {
        let state = starts(&[b"host"]) || holds(&[b" exited on signal ", b" exited with fatal code "]);
        return if state { What::State } else { What::Notice };
    }
    if holds(&[b" while resolving"])
        || starts(&[b"unexpected response for ", b"accept() failed (2", b"accept4() failed (2"])
    {
        return What::State;
    }
    // Limits are logged at whatever level the configuration says.
    if starts(&[b"limiting requests, excess", b"limiting connections by zone"]) {
        return What::Attempt;
    }
    let loud = matches!(level, b"error" | b"crit" | b"alert" | b"emerg" | b"");
    if !loud || starts(NOTICES) || (starts(&[b"open() \""]) && !holds(&[b" while reading upstream"])) {
        return What::Notice;
    }
    let failure = upstream || is_upstream_action(message) || starts(FAILURES) || holds(FAILURE_PARTS);
    if failure { What::Attempt } else { What::Notice }
}

/// Errors that may be logged while an upstream is at hand, and are no failure of it.
const NOTICES: &[&[u8]] = &[
    b"FastCGI sent in stderr",
    b"upstream server temporarily disabled",
    b"client ",
    b"access forbidden",
    b"auth request unexpected status",
    b"header already sent",
    b"directory index of ",
    b"rewrite or internal redirection cycle",
    b"open socket #",
    b"\"/",
];

/// Errors that name no upstream, and fail a request all the same.
const FAILURES: &[&[u8]] = &[
    b"no live upstreams",
    b"no resolver defined to resolve ",
    b"no port in upstream ",
    b"invalid port in upstream ",
    b"invalid URL prefix in ",
    b"socket() failed",
    b"upstream ",
];

/// The same, where the sentence starts with something else.
const FAILURE_PARTS: &[&[u8]] = &[b" could not be resolved (", b"worker_connections are not enough"];
