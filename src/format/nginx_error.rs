//! nginx's error log (`src/core/ngx_log.c`, `ngx_http_log_error_handler` in `src/http/ngx_http_request.c`).
//!
//! One line tells of one failed attempt, of the proxy's own state, or of something that is no gateway failure at all.
//! Its tail quotes what clients sent, raw: a request line may hold quotes and forged fields. So the message ends at the
//! first `, client:`, and the request line at its protocol, before anything else is looked for.

use super::record::{sign, wording};
use super::{About, Attempt, Escape, Record, Skimmed, Statuses, Verdict, What, nginx};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::address::{host, is_placeholder, is_server};
use crate::grammar::number::{uint, whole};
use crate::grammar::text::{bracketed, place_of, present};
use crate::grammar::time::{When, east, nginx_error};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memchr_iter, memmem};
use nom::{Parser as _, bytes::complete::tag, combinator::opt, sequence::terminated};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "nginx-error",
    proxy: Proxy::NGINX,
    title: "nginx error log: one line for each failed attempt at an upstream",
    layout: "YYYY/MM/DD HH:MM:SS [LEVEL] PID#TID: *CONNECTION MESSAGE, client: ADDRESS, server: NAME, request: \"LINE\", \
             upstream: \"URL\", host: \"NAME\", referrer: \"URL\"",
    time: "when the error was met",
    source: "nginx, src/core/ngx_log.c and src/http/ngx_http_request.c (ngx_http_log_error_handler)",
    samples: &[
        r#"2026/11/20 23:50:11 [error] 5187#5187: *41 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.127, server: shop.example.com, request: "GET /checkout/pay/584 HTTP/1.1", upstream: "http://127.0.0.1:9101/checkout/pay/584", host: "shop.example.com""#,
        r#"2026/11/20 23:50:28 [error] 5280#5280: *41 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 203.0.113.127, server: shop.example.com, request: "GET /checkout/pay/584 HTTP/1.1", upstream: "http://127.0.0.1:9101/checkout/pay/584", host: "shop.example.com""#,
        r#"2026/11/21 00:09:47 [error] 2078#2078: *36 no live upstreams while connecting to upstream, client: 203.0.113.105, server: shop.example.com, request: "GET /checkout/pay/6888 HTTP/1.1", upstream: "http://api/checkout/pay/6888", host: "shop.example.com""#,
        r#"2026/11/21 00:09:57 [crit] 2475#2475: *25 connect() to unix:/run/shop/app.sock failed (2: No such file or directory) while connecting to upstream, client: 203.0.113.222, server: shop.example.com, request: "GET /checkout/cart/4956 HTTP/1.1", upstream: "http://unix:/run/shop/app.sock:/checkout/cart/4956", host: "shop.example.com""#,
        r#"2026/11/21 00:10:48 [error] 5350#5350: *26 app.internal could not be resolved (3: Host not found), client: 203.0.113.222, server: shop.example.com, request: "GET /checkout/cart/4956 HTTP/1.1", host: "shop.example.com""#,
        r#"2026/11/21 00:10:37 [error] 4734#4734: *1 upstream SSL certificate verify error: (18:self-signed certificate) while SSL handshaking to upstream, client: 203.0.113.197, server: shop.example.com, request: "GET /checkout/cart/1133 HTTP/1.1", upstream: "https://127.0.0.1:9443/checkout/cart/1133", host: "shop.example.com""#,
    ],
    signs: &[&SIGNS, &SESSIONS, &UNRECOGNISED],
};

/// The wordings of nginx's own messages. Those in the middle of a phase name the phase, since the same errno means
/// another thing in each; errno numbers are those of Linux, BSD and macOS, Windows, and Solaris.
static SIGNS: [Sign; 74] = [
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
        "nginx-placeholder",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        502,
        "Lua code picked no server for the group, and nginx was left with its placeholder",
        r"^connect\(\) to 0\.0\.0\.1:\d+ failed ",
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
    wording(
        "nginx-invalid-response",
        Cause::InvalidResponse,
        Strength::Strong,
        502,
        "the upstream sent something that nginx could not use",
        r"^upstream (?:sent|split|prematurely sent) ",
    ),
    // Kong, OpenResty and Tengine: kong/runloop/balancer, lua-nginx-module's ngx_http_lua_socket_tcp.c,
    // lua-resty-upstream-healthcheck, nginx_upstream_check_module's ngx_http_upstream_check_module.c
    wording(
        "nginx-kong-dns",
        Cause::DnsFailure,
        Strength::Conclusive,
        503,
        "Kong could not resolve the name of the service's host",
        r"^\[(?:lua|kong)\] \S+ .*(?:DNS resolution failed: |dns/balancer resolve.* with: (?:dns |name resolution failed))",
    ),
    wording(
        "nginx-kong-no-peer",
        Cause::NoLiveUpstream,
        Strength::Strong,
        503,
        "Kong's balancer had no healthy target for the request",
        r"^\[(?:lua|kong)\] \S+ .*failed (?:to retry|the initial) (?:the )?dns/balancer resolve",
    ),
    wording(
        "nginx-lua-aborted",
        Cause::GatewayInternal,
        Strength::Strong,
        500,
        "Lua code that runs inside nginx failed",
        r"^(?:lua entry thread aborted|failed to run \w+_by_lua)",
    ),
    wording(
        "nginx-lua-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Weak,
        0,
        "Lua code could not connect to a server in time",
        r"^lua tcp socket connect timed out",
    ),
    wording(
        "nginx-lua-check-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        0,
        "a server refused its health check's connection",
        r"^\[lua\] healthcheck\.lua:.*failed to connect to \S+: connection refused",
    ),
    wording(
        "nginx-lua-check-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        0,
        "a health check could not reach a server",
        r"^\[lua\] healthcheck\.lua:.*failed to connect to \S+: (?:no route to host|(?:host|network) is unreachable)",
    ),
    wording(
        "nginx-lua-check-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        0,
        "a server did not accept its health check's connection in time",
        r"^\[lua\] healthcheck\.lua:.*failed to connect to \S+: timeout",
    ),
    wording(
        "nginx-lua-check-timeout",
        Cause::ResponseTimeout,
        Strength::Strong,
        0,
        "a server did not answer its health check in time",
        r"^\[lua\] healthcheck\.lua:.*failed to receive status line from \S+: timeout",
    ),
    wording(
        "nginx-lua-check-status",
        Cause::UpstreamError,
        Strength::Strong,
        0,
        "a server answered its health check with a status that was not expected",
        r"^\[lua\] healthcheck\.lua:.*bad status code from ",
    ),
    wording(
        "nginx-lua-check-down",
        Cause::NoLiveUpstream,
        Strength::Weak,
        0,
        "health checks hold a server to be down",
        r"^\[lua\] healthcheck\.lua:.*(?: is turned down | unhealthy \w+ increment )",
    ),
    wording(
        "nginx-check-timeout",
        Cause::ResponseTimeout,
        Strength::Weak,
        0,
        "a server did not accept or answer its health check in time",
        r"^check time out with peer",
    ),
    wording(
        "nginx-check-protocol",
        Cause::UpstreamError,
        Strength::Strong,
        0,
        "a server answered its health check in a way that was not expected",
        r"^check protocol \w+ error with peer",
    ),
    wording(
        "nginx-check-disabled",
        Cause::NoLiveUpstream,
        Strength::Weak,
        0,
        "health checks took a server out of use",
        r"^disable check peer",
    ),
    // The proxy itself: ngx_http_limit_req_module.c, Tengine's ngx_http_sysguard_module.c, ngx_process.c
    wording(
        "nginx-limit",
        Cause::Blocked,
        Strength::Conclusive,
        503,
        "a limit on requests or connections turned the client away",
        r"^limiting (?:requests, excess|connections by zone)",
    ),
    wording(
        "nginx-sysguard",
        Cause::CircuitBreaker,
        Strength::Strong,
        503,
        "Tengine's sysguard turned the request away: the host's load, memory or response times were over their limit",
        r"^sysguard \w+ limited, ",
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
    wording(
        "nginx-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "nginx was stopped",
        r"^signal \d+ \(SIG(?:TERM|INT|QUIT)\) received",
    ),
    wording(
        "nginx-reloading",
        Cause::Draining,
        Strength::Weak,
        0,
        "nginx was told to load its configuration again, or to make way for another",
        r"^signal \d+ \(SIG(?:HUP|USR2|WINCH)\) received",
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

/// Signs of the stream module's that HTTP answers with another status.
static SESSIONS: [Sign; 2] = [
    sign(
        "nginx-stream-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        502,
        "the upstream did not accept the connection in time",
    ),
    sign(
        "nginx-stream-unresolved",
        Cause::DnsFailure,
        Strength::Conclusive,
        500,
        "the upstream's name did not resolve",
    ),
];

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
    let sign = if record.bytes.is_some() { of_session(sign) } else { sign };
    let request = (record.what != What::State).then_some(sign);
    Verdict { request, attempts: record.attempts.iter().map(|_| Some(sign)).collect(), ..Verdict::default() }
}

/// The sign of a session: the stream module ends it with 502 where HTTP is answered with 504, and with 500 where a name
/// does not resolve (`ngx_stream_proxy_module.c`).
fn of_session(sign: &'static Sign) -> &'static Sign {
    match (sign.cause, sign.status) {
        (Cause::ConnectTimeout, 504) => &SESSIONS[0],
        (Cause::DnsFailure, 502) => &SESSIONS[1],
        _ => sign,
    }
}

/// `2024/06/12 10:09:11 [error] 31234#31234: *9876 `. The time may be missing, or be `nginx: ` (to the terminal, at the
/// start); then the process must be there.
fn prefix(i: &[u8]) -> Parsed<'_, Record<'_>> {
    let (rest, when) = opt(terminated(stamp, tag(" "))).parse(i)?;
    let (rest, started) = opt(tag("nginx: ")).parse(rest)?;
    let (rest, level) = terminated(bracketed, tag(" ")).parse(rest)?;
    if !is_level(level) {
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

/// `2024/06/12 10:09:11`. nginx writes no zone behind it; some that pass its lines on do.
fn stamp(i: &[u8]) -> Parsed<'_, When> {
    let (rest, when) = nginx_error(i)?;
    match rest {
        [b' ', b'+' | b'-', ..] => {
            let (rest, zone) = east(&rest[1..])?;
            Ok((rest, When { zone, ..when }))
        }
        _ => Ok((rest, when)),
    }
}

fn is_level(word: &[u8]) -> bool {
    matches!(word, b"emerg" | b"alert" | b"crit" | b"error" | b"warn" | b"notice" | b"info" | b"debug")
}

/// Whether a line without any prefix is nginx's all the same: people cut it off, terminals do.
fn is_cut_line(line: &[u8]) -> bool {
    let Some(client) = place_of(line, CLIENT) else { return false };
    let message = &line[..client];
    !is_inside_other(message) && place_of(message, b" while ").is_some() && is_upstream_action(message)
}

/// Whether text that names a client is quoted by something else: in JSON, or whole behind a prefix that is not nginx's.
/// Then its time and level stand somewhere inside, and it is not known where.
fn is_inside_other(text: &[u8]) -> bool {
    let level = |at: usize| {
        text[at..].strip_prefix(b" ").and_then(|rest| bracketed(rest).ok()).is_some_and(|(_, level)| is_level(level))
    };
    text.starts_with(b"{") || text.starts_with(b"[") || memchr_iter(b' ', text).any(level)
}

/// Lines that FastCGI's standard error, or the traceback of Lua code, breaks a record into. They carry nothing of their
/// own.
fn is_continuation(line: &[u8]) -> bool {
    let starts: &[&[u8]] =
        &[b"PHP message: ", b"PHP Fatal error: ", b"PHP Warning: ", b"PHP Notice: ", b"Stack trace:", b"  thrown in "];
    let lua = |line: &[u8]| {
        line.starts_with(b"\t")
            && (place_of(line, b": in function ").is_some() || place_of(line, b": in main chunk").is_some())
            || line.starts_with(b"stack traceback:")
            || line.starts_with(b"coroutine ") && line.ends_with(b":")
    };
    let frame = |rest: &[u8]| matches!(uint(rest), Ok(([b' ', b'/' | b'{' | b'[', ..], _)));
    let last = |line: &[u8]| place_of(line, b"\" while reading response header from upstream, client: ").is_some();
    starts.iter().any(|start| line.starts_with(start))
        || line.strip_prefix(b"#").is_some_and(frame)
        || (last(line) && !is_inside_other(line))
        || lua(line)
}

const CLIENT: &[u8] = b", client:";

/// The message and its tail.
fn body<'a>(text: &'a [u8], record: &mut Record<'a>) {
    let text = match text {
        // A line cut off by hand still has its connection.
        [b'*', rest @ ..] => opt(terminated(uint, tag(" "))).parse(rest).map_or(text, |(rest, _): (&[u8], _)| rest),
        _ => text,
    };
    let end = place_of(text, CLIENT).unwrap_or(text.len());
    record.message = without_context(&text[..end]);
    let mut fields = Fields::default();
    match text.get(end + CLIENT.len()..) {
        Some(rest) => fields.read(rest),
        None => fields.client = connected(record.message),
    }
    fields.fill(record);
    record.what = what(record.level, record.message, &fields);
    match record.what {
        What::Notice => {}
        What::State => {
            (record.upstream, record.group) = (checked(record.message), state_group(record.message));
            record.attempts.push(Attempt::default());
        }
        What::Host => {
            record.group = b"nginx";
            record.pid = worker(record.message).or(record.pid);
        }
        _ => record.attempts.push(Attempt { upstream: record.upstream, ..Attempt::default() }),
    }
}

/// The client of `client 203.0.113.9:51812 connected to 0.0.0.0:25`, with which a stream or a mail session begins.
fn connected(message: &[u8]) -> &[u8] {
    let client = message.strip_prefix(b"udp ").unwrap_or(message).strip_prefix(b"client ").unwrap_or_default();
    match memchr(b' ', client).map(|end| client.split_at(end)) {
        Some((client, after)) if after.starts_with(b" connected to ") => host(client),
        _ => b"",
    }
}

/// A message without what OpenResty adds where no client is at hand: `, context: ngx.timer`.
fn without_context(message: &[u8]) -> &[u8] {
    memmem::rfind(message, b", context: ").map_or(message, |at| &message[..at])
}

/// The server that a health check, or Lua code, speaks of: `check time out with peer: 10.0.0.5:80 `, `failed to connect
/// to 10.0.0.5:80: timeout`, `peer 10.0.0.5:80 is turned down`, `for 'api.internal(10.0.0.5:80)'`.
fn checked(message: &[u8]) -> &[u8] {
    const BEFORE: [&[u8]; 7] =
        [b"with peer: ", b"check peer: ", b"connecting to ", b"failed to connect to ", b" from ", b"peer ", b"for '"];
    let servers = BEFORE.iter().filter_map(|before| {
        let rest = &message[place_of(message, before)? + before.len()..];
        let server = &rest[..rest.iter().position(|byte| matches!(byte, b' ' | b',' | b'\'')).unwrap_or(rest.len())];
        let server = server.strip_suffix(b":").unwrap_or(server);
        let address = memchr(b'(', server).map_or(server, |open| &server[open + 1..]);
        Some(address.strip_suffix(b")").unwrap_or(address)).filter(|address| is_server(address))
    });
    servers.into_iter().next().unwrap_or_default()
}

/// `host not found in upstream "NAME" in /etc/nginx/nginx.conf:41`
fn state_group(message: &[u8]) -> &[u8] {
    let name = message.strip_prefix(b"host not found in upstream \"").unwrap_or_default();
    &name[..memchr(b'"', name).unwrap_or(0)]
}

/// `worker process 10445 exited on signal 9`
fn worker(message: &[u8]) -> Option<u64> {
    uint(message.strip_prefix(b"worker process ")?).ok().map(|(_, pid)| pid)
}

/// The fields after the client, in nginx's order; `request_id` is Kong's.
const FIELDS: [&[u8]; 7] = [b"server", b"request", b"subrequest", b"upstream", b"host", b"referrer", b"request_id"];

/// What follows the message, each as it stands there.
#[derive(Default)]
struct Fields<'a> {
    client: &'a [u8],
    server: &'a [u8],
    request: &'a [u8],
    upstream: &'a [u8],
    host: &'a [u8],
    request_id: &'a [u8],
    /// What a session had sent to its client: only the stream module tells.
    bytes: Option<u64>,
}

impl<'a> Fields<'a> {
    /// ` 203.0.113.9, server: example.com, request: "GET / HTTP/1.1", upstream: "http://10.0.0.5:80/", host: "h"`
    fn read(&mut self, i: &'a [u8]) {
        let (client, mut rest) = bare(i);
        // The mail proxy's.
        self.client = client.strip_suffix(b" using starttls").unwrap_or(client);
        let mut last = 0;
        while let Some((after, name, value)) = field(rest) {
            // What comes out of nginx's order was written by a client, inside a field that seemed to end.
            match FIELDS.iter().position(|field| *field == name) {
                Some(place) if place >= last => last = place + 1,
                None if name == b"bytes from/to client" => {
                    let sent = memchr(b'/', value).map(|slash| &value[slash + 1..]);
                    self.bytes = sent.and_then(|sent| whole(sent, uint));
                    return;
                }
                _ => return,
            }
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
        record.bytes = self.bytes;
        record.names_upstream = !self.upstream.is_empty();
        if is_server(target) {
            record.upstream = target;
        } else if !target.is_empty() && !is_placeholder(target) {
            // A group that had no server to try.
            record.group = target;
            record.virtual_server = self.server;
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
    i.split_at(place_of(i, b", ").unwrap_or(i.len()))
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
    let protocol = |space: usize| {
        let length = version(i[space..].strip_prefix(b" HTTP/")?)?;
        Some(space + b" HTTP/".len() + length)
    };
    let at = memchr_iter(b' ', i).find_map(protocol);
    at.or_else(|| memmem::rfind(i, b"\", upstream: \"")).or_else(|| closing_quote(i))
}

/// The first quote that ends a field.
fn closing_quote(i: &[u8]) -> Option<usize> {
    memchr_iter(b'"', i).find(|quote| ends_field(&i[quote + 1..]))
}

/// Whether a field can end here: with the line, or before the next field.
fn ends_field(rest: &[u8]) -> bool {
    let next =
        |rest: &[u8]| FIELDS.iter().any(|name| rest.strip_prefix(*name).is_some_and(|rest| rest.starts_with(b":")));
    rest.is_empty() || rest.strip_prefix(b", ").is_some_and(|rest| next(rest) || rest.starts_with(b"bytes from"))
}

/// The server in an upstream's URL, as `$upstream_addr` writes it: `http://10.0.0.5:8080/a` is `10.0.0.5:8080`,
/// `http://unix:/run/app.sock:/a` is `unix:/run/app.sock`; `http://backend/a` is the group `backend`.
fn address(url: &[u8]) -> &[u8] {
    let rest = place_of(&url[..url.len().min(16)], b"://").map_or(url, |at| &url[at + 3..]);
    if rest.starts_with(b"unix:") {
        return &rest[..memchr(b':', &rest[5..]).map_or(rest.len(), |at| at + 5)];
    }
    &rest[..rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'"' | b',' | b' ')).unwrap_or(rest.len())]
}

/// Whether the message's action is about an upstream.
fn is_upstream_action(message: &[u8]) -> bool {
    let actions: &[&[u8]] = &[b" to upstream", b" from upstream", b" reading upstream"];
    actions.iter().any(|action| place_of(message, action).is_some())
}

/// What a message tells of, with what follows it.
fn what(level: &[u8], message: &[u8], fields: &Fields<'_>) -> What {
    let starts = |starts: &[&[u8]]| starts.iter().any(|start| message.starts_with(start));
    let holds = |parts: &[&[u8]]| parts.iter().any(|part| place_of(message, part).is_some());
    if starts(&[b"worker process ", b"signal "]) {
        return if holds(PROCESS_EVENTS) { What::Host } else { What::Notice };
    }
    let about_state: &[&[u8]] =
        &[b"host not found in upstream ", b"unexpected response for ", b"accept() failed (2", b"accept4() failed (2"];
    if starts(about_state) || holds(&[b" while resolving"]) || is_check(message) {
        return What::State;
    }
    // A timer's connection is a health check's; one that Lua code makes for a client's request may go anywhere.
    if starts(&[b"lua tcp socket connect timed out"]) {
        return if fields.client.is_empty() { What::State } else { What::Notice };
    }
    // Limits are logged at whatever level the configuration says.
    if starts(&[b"limiting requests, excess", b"limiting connections by zone", b"sysguard "]) {
        return What::Attempt;
    }
    let loud = matches!(level, b"error" | b"crit" | b"alert" | b"emerg" | b"");
    if !loud || starts(NOTICES) || (starts(&[b"open() \""]) && !holds(&[b" while reading upstream"])) {
        return What::Notice;
    }
    let failure =
        !fields.upstream.is_empty() || is_upstream_action(message) || starts(FAILURES) || holds(FAILURE_PARTS);
    if failure { What::Attempt } else { What::Notice }
}

/// Whether a message is about a health check of Tengine's or OpenResty's.
fn is_check(message: &[u8]) -> bool {
    match message.first() {
        Some(b'c') => message.starts_with(b"check time out with peer") || message.starts_with(b"check protocol "),
        Some(b'd') => message.starts_with(b"disable check peer"),
        Some(b'[') => {
            const TOLD: [&[u8]; 5] = [
                b"failed to connect to ",
                b"failed to receive status line",
                b"bad status code from ",
                b" is turned down ",
                b" unhealthy ",
            ];
            message.starts_with(b"[lua] healthcheck.lua:") && TOLD.iter().any(|part| place_of(message, part).is_some())
        }
        _ => false,
    }
}

/// What happens to nginx's processes that matters to requests (`ngx_process.c`, `ngx_process_get_status` and
/// `ngx_signal_handler`).
const PROCESS_EVENTS: &[&[u8]] = &[
    b" exited on signal ",
    b" exited with fatal code ",
    b" (SIGHUP) received",
    b" (SIGINT) received",
    b" (SIGQUIT) received",
    b" (SIGTERM) received",
    b" (SIGUSR2) received",
    b" (SIGWINCH) received",
];

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
    b"lua entry thread aborted",
    b"failed to run ",
];

/// The same, where the sentence starts with something else.
const FAILURE_PARTS: &[&[u8]] = &[
    b" could not be resolved (",
    b"worker_connections are not enough",
    b" DNS resolution failed: ",
    b" dns/balancer resolve",
];

#[cfg(test)]
mod tests {
    use super::super::nginx::tests::told;
    use super::*;
    use crate::grammar::time::Zone;

    /// What a line says, and the sign in it.
    fn said(line: &str) -> String {
        let Some(record) = read(line.as_bytes()) else {
            assert!(skim(line.as_bytes()).is_none(), "{line}");
            return "not claimed".to_owned();
        };
        assert!(matches!(skim(line.as_bytes()), Some(Skimmed::Full)), "{line}");
        let verdict = judge(&record, &Statuses::gateway());
        assert_eq!(verdict.attempts.len(), record.attempts.len(), "{line}");
        let kind = verdict.attempts.first().copied().flatten().map_or("nothing", |sign| sign.kind);
        assert_eq!(verdict.request.is_some(), record.what == What::Attempt, "{line}");
        format!("{kind}: {}", told(Some(record)))
    }

    /// The sign of a message about an upstream, as `cause strength status`.
    fn sign_of(message: &str) -> String {
        let line = format!(
            "2026/11/20 23:50:11 [error] 1#1: *1 {message}, client: 203.0.113.9, server: shop, request: \"GET / HTTP/1.1\", \
             upstream: \"http://10.0.0.5:80/\", host: \"h\""
        );
        let sign = read(line.as_bytes()).and_then(|record| judge(&record, &Statuses::gateway()).request);
        sign.map_or("nothing".to_owned(), |sign| format!("{} {:?} {}", sign.cause.slug(), sign.strength, sign.status))
    }

    #[test]
    fn a_zone_may_stand_behind_the_time() {
        let line = b"2026/11/20 23:50:11 +0200 [error] 7#7: *1 upstream timed out (110: Connection timed out), client: 203.0.113.9";
        let record = read(line).unwrap_or_default();
        // That moment on the server's wall.
        let when = When { wall: 1_795_218_611_000_000, zone: Zone::Offset(7_200) };
        assert_eq!((record.when, record.pid), (Some(when), Some(7)));
        assert!(read(b"2026/11/20 23:50:11 +2 [error] x").is_none());
    }

    #[test]
    fn reads_the_clients_of_sessions() {
        for (text, client) in [
            ("client 203.0.113.9:51812 connected to 0.0.0.0:25", "203.0.113.9"),
            ("udp client [2001:db8::9]:51812 connected to [::]:53", "2001:db8::9"),
            ("client 203.0.113.9 closed keepalive connection", ""),
            (
                "client login failed: \"no\" while in http auth state, client: 203.0.113.9 using starttls, server: 0.0.0.0:587",
                "203.0.113.9",
            ),
        ] {
            let line = format!("2026/11/20 23:50:11 [info] 1#1: *5 {text}");
            let record = read(line.as_bytes()).unwrap_or_default();
            assert_eq!((record.what, record.client), (What::Notice, client.as_bytes()), "{line}");
        }
    }

    #[test]
    fn compiles_its_wordings() {
        assert!(MATCHER.is_some());
    }

    #[test]
    fn reads_lines() {
        let tail = r#"client: 203.0.113.9, server: shop, request: "GET /a?b HTTP/1.1""#;
        let common = "method=GET host=h path=/a?b client=203.0.113.9 level=error pid=7";
        let cases = [
            (
                format!(r#"connect() failed (111: Connection refused) while connecting to upstream, {tail}, upstream: "http://10.0.0.5:8080/a?b", host: "h:81", referrer: "https://r/""#),
                format!("nginx-connect-refused: what=Attempt group=shop upstream=10.0.0.5:8080 {common} message=connect() failed (111: Connection refused) while connecting to upstream names=upstream attempts=[10.0.0.5:8080 - -/-/-]"),
            ),
            (
                format!(r#"no live upstreams while connecting to upstream, {tail}, upstream: "http://backend/a?b", host: "h""#),
                format!("nginx-no-live-upstreams: what=Attempt group=backend {common} message=no live upstreams while connecting to upstream names=upstream no=server attempts=[ - -/-/-]"),
            ),
            (
                format!(r#"app.internal could not be resolved (3: Host not found), {tail}, host: "h""#),
                format!("nginx-unresolved: what=Attempt group=shop {common} message=app.internal could not be resolved (3: Host not found) attempts=[ - -/-/-]"),
            ),
            (
                format!(r#"limiting requests, excess: 20.180 by zone "z", {tail}, host: "h""#),
                format!(r#"nginx-limit: what=Attempt group=shop {common} message=limiting requests, excess: 20.180 by zone "z" attempts=[ - -/-/-]"#),
            ),
            // A subrequest, a socket, and a server without a name.
            (
                r#"upstream timed out (110: Connection timed out) while reading response header from upstream, client: unix:, server: , request: "POST /p HTTP/2.0", subrequest: "/auth", upstream: "fastcgi://unix:/run/php/php-fpm.sock:", host: "h""#.to_owned(),
                "nginx-response-timeout: what=Attempt upstream=unix:/run/php/php-fpm.sock method=POST host=h path=/p client=unix: level=error pid=7 message=upstream timed out (110: Connection timed out) while reading response header from upstream names=upstream attempts=[unix:/run/php/php-fpm.sock - -/-/-]".to_owned(),
            ),
            // What clients wrote into the request, the host and the referrer (recorded from nginx 1.22).
            (
                r#"no live upstreams while connecting to upstream, client: 127.0.0.1, server: shop, request: "GET /dead/x",%20host:"e" HTTP/1.1", upstream: "http://dead/dead/x",%20host:"e"", host: "a",upstream:"x", referrer: "y", upstream: "http://6.6.6.6:1/", host: "evil""#.to_owned(),
                r#"nginx-no-live-upstreams: what=Attempt group=dead method=GET host=a",upstream:"x path=/dead/x",%20host:"e" client=127.0.0.1 level=error pid=7 message=no live upstreams while connecting to upstream names=upstream no=server attempts=[ - -/-/-]"#.to_owned(),
            ),
            (
                r#"connect() failed (111: Connection refused) while connecting to upstream, client: 127.0.0.1, server: shop, request: "GET /", upstream: "http://6.6.6.6:1/", host: "evil HTTP/1.1", upstream: "http://10.0.0.5:80/", host: "h""#.to_owned(),
                r#"nginx-connect-refused: what=Attempt group=shop upstream=10.0.0.5:80 method=GET host=h path=/", upstream: "http://6.6.6.6:1/", host: "evil client=127.0.0.1 level=error pid=7 message=connect() failed (111: Connection refused) while connecting to upstream names=upstream attempts=[10.0.0.5:80 - -/-/-]"#.to_owned(),
            ),
            // The stream module's, with another status.
            (
                r#"upstream timed out (110: Connection timed out) while connecting to upstream, client: 203.0.113.9, server: 0.0.0.0:5432, upstream: "10.0.0.5:5432", bytes from/to client:17/3, bytes from/to upstream:0/17"#.to_owned(),
                "nginx-stream-connect-timeout: what=Attempt group=0.0.0.0:5432 upstream=10.0.0.5:5432 bytes=3 client=203.0.113.9 level=error pid=7 message=upstream timed out (110: Connection timed out) while connecting to upstream names=upstream attempts=[10.0.0.5:5432 - -/-/-]".to_owned(),
            ),
            (
                "pg.internal could not be resolved (3: Host not found), client: 203.0.113.9, server: 0.0.0.0:5432, bytes from/to client:0/0, bytes from/to upstream:0/0".to_owned(),
                "nginx-stream-unresolved: what=Attempt group=0.0.0.0:5432 bytes=0 client=203.0.113.9 level=error pid=7 message=pg.internal could not be resolved (3: Host not found) attempts=[ - -/-/-]".to_owned(),
            ),
            // Cut at 2048 bytes, in the request and in the upstream.
            (
                r#"upstream timed out (110: Connection timed out) while connecting to upstream, client: 127.0.0.1, server: shop, request: "GET /aaaa"#.to_owned(),
                "nginx-connect-timeout: what=Attempt group=shop method=GET path=/aaaa client=127.0.0.1 level=error pid=7 message=upstream timed out (110: Connection timed out) while connecting to upstream attempts=[ - -/-/-]".to_owned(),
            ),
            (
                r#"upstream timed out (110: Connection timed out) while connecting to upstream, client: 127.0.0.1, server: shop, request: "GET /a HTTP/1.1", upstream: "http://10.0.0.5:80/aa"#.to_owned(),
                "nginx-connect-timeout: what=Attempt group=shop upstream=10.0.0.5:80 method=GET path=/a client=127.0.0.1 level=error pid=7 message=upstream timed out (110: Connection timed out) while connecting to upstream names=upstream attempts=[10.0.0.5:80 - -/-/-]".to_owned(),
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(said(&format!("2026/11/20 23:50:11 [error] 7#7: *41 {message}")), expected, "{message}");
        }
    }

    #[test]
    fn tells_attempts_from_states_and_notices() {
        let tail = r#"client: 203.0.113.9, server: shop, request: "GET / HTTP/1.1""#;
        let up = r#"upstream: "http://10.0.0.5:80/", host: "h""#;
        let cases = [
            ("[emerg] 1#1: host not found in upstream \"app:3000\" in /etc/nginx/nginx.conf:41".to_owned(), "State nginx-upstream-name-unknown"),
            ("[alert] 1#1: worker process 10445 exited on signal 9".to_owned(), "Host nginx-worker-crashed"),
            ("[error] 1#1: send() failed (111: Connection refused) while resolving, resolver: 127.0.0.1:53".to_owned(), "State nginx-resolver-failed"),
            ("[crit] 1#1: accept4() failed (24: Too many open files)".to_owned(), "State nginx-accept-no-descriptor"),
            ("[alert] 1#1: *5 1024 worker_connections are not enough while connecting to upstream".to_owned(), "Attempt nginx-worker-connections"),
            (format!("[alert] 1#1: *5 socket() failed (24: Too many open files) while connecting to upstream, {tail}, {up}"), "Attempt nginx-socket-no-descriptor"),
            (format!("[error] 1#1: *5 something new happened while reading response header from upstream, {tail}, {up}"), "Attempt nginx-unrecognised"),
            (format!("[info] 1#1: *5 limiting requests, excess: 1.0 by zone \"z\", {tail}"), "Attempt nginx-limit"),
            ("[notice] 1#1: worker process 10445 exited with code 0".to_owned(), "Notice"),
            ("[alert] 1#1: worker process 10445 exited with fatal code 2 and cannot be respawned".to_owned(), "Host nginx-worker-gave-up"),
            ("[notice] 1#1: signal 1 (SIGHUP) received from 9, reconfiguring".to_owned(), "Host nginx-reloading"),
            ("[notice] 1#1: signal 3 (SIGQUIT) received from 9, shutting down".to_owned(), "Host nginx-stopping"),
            ("[notice] 1#1: signal 17 (SIGCHLD) received from 10445".to_owned(), "Notice"),
            ("[notice] 1#1: signal 10 (SIGUSR1) received from 9, reopening logs".to_owned(), "Notice"),
            ("[warn] 1#1: 1024 worker_connections are not enough, reusing connections".to_owned(), "Notice"),
            (format!("[warn] 1#1: *5 delaying request, excess: 0.5, by zone \"z\", {tail}"), "Notice"),
            (format!("[error] 1#1: *5 limiting requests, dry run, excess: 1.0 by zone \"z\", {tail}"), "Notice"),
            (format!("[warn] 1#1: *5 upstream server temporarily disabled while connecting to upstream, {tail}, {up}"), "Notice"),
            (format!("[warn] 1#1: *5 an upstream response is buffered to a temporary file /t/1 while reading upstream, {tail}, {up}"), "Notice"),
            (format!("[info] 1#1: *5 client prematurely closed connection, so upstream connection is closed too while sending request to upstream, {tail}, {up}"), "Notice"),
            (format!("[error] 1#1: *5 FastCGI sent in stderr: \"Primary script unknown\" while reading response header from upstream, {tail}, {up}"), "Notice"),
            (format!("[error] 1#1: *5 open() \"/srv/50x.html\" failed (2: No such file or directory), {tail}, {up}"), "Notice"),
            (format!("[error] 1#1: *5 access forbidden by rule, {tail}"), "Notice"),
            ("[crit] 1#1: *5 SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40) while SSL handshaking, client: 203.0.113.9, server: 0.0.0.0:443".to_owned(), "Notice"),
        ];
        for (line, expected) in cases {
            for start in ["2026/11/20 23:50:11 ", ""] {
                let line = format!("{start}{line}");
                let record = read(line.as_bytes()).unwrap_or_default();
                let verdict = judge(&record, &Statuses::gateway());
                let sign = verdict.attempts.first().copied().flatten().or(verdict.request);
                let kind = sign.map_or(String::new(), |sign| format!(" {}", sign.kind));
                assert_eq!(format!("{:?}{kind}", record.what), expected, "{line}");
                assert_eq!(record.when.is_some(), !start.is_empty());
            }
        }
        let state = read(b"nginx: [emerg] host not found in upstream \"app:3000\" in /etc/nginx/nginx.conf:41");
        assert_eq!(state.map(|record| record.group), Some(&b"app:3000"[..]));
    }

    /// Laid out as the sources have it: lua-resty-upstream-healthcheck, nginx_upstream_check_module, Kong's balancer.
    #[test]
    fn knows_the_kin() {
        let cases = [
            ("error", "check time out with peer: 10.0.0.5:80 ", "", "State nginx-check-timeout 10.0.0.5:80"),
            (
                "error",
                "check protocol http error with peer: 10.0.0.5:80 ",
                "",
                "State nginx-check-protocol 10.0.0.5:80",
            ),
            ("error", "disable check peer: 10.0.0.5:80 ", "", "State nginx-check-disabled 10.0.0.5:80"),
            ("error", "enable check peer: 10.0.0.5:80 ", "", "Notice  "),
            (
                "error",
                "lua tcp socket connect timed out, when connecting to 10.0.0.5:80",
                TIMER,
                "State nginx-lua-connect-timeout 10.0.0.5:80",
            ),
            ("error", "lua tcp socket read timed out", TAIL, "Notice  "),
            // Lua code's own, to a cache or a database.
            ("error", "lua tcp socket connect timed out, when connecting to 10.0.0.9:6379", TAIL, "Notice  "),
            (
                "crit",
                "connect() to 0.0.0.1:80 failed (22: Invalid argument) while connecting to upstream",
                ", client: 203.0.113.9, server: shop, request: \"GET / HTTP/1.1\", upstream: \"http://0.0.0.1:80/\", host: \"shop\"",
                "Attempt nginx-placeholder ",
            ),
            ("warn", "sysguard load limited, current:8.120 conf:4.000", TAIL, "Attempt nginx-sysguard "),
            (
                "error",
                "[lua] init.lua:1349: balancer(): failed to retry the dns/balancer resolver for api' with: name resolution failed",
                TAIL,
                "Attempt nginx-kong-dns ",
            ),
            (
                "error",
                "[lua] healthcheck.lua:53: errlog(): healthcheck: failed to connect to 10.0.0.5:80: timeout",
                TIMER,
                "State nginx-lua-check-connect-timeout 10.0.0.5:80",
            ),
            (
                "error",
                "[lua] healthcheck.lua:53: errlog(): healthcheck: failed to connect to 10.0.0.5:80: connection refused",
                TIMER,
                "State nginx-lua-check-refused 10.0.0.5:80",
            ),
            (
                "error",
                "[lua] healthcheck.lua:53: errlog(): healthcheck: failed to connect to 10.0.0.5:80: no route to host",
                TIMER,
                "State nginx-lua-check-unreachable 10.0.0.5:80",
            ),
            (
                "error",
                "[lua] healthcheck.lua:53: errlog(): healthcheck: failed to receive status line from 10.0.0.5:80: timeout",
                TIMER,
                "State nginx-lua-check-timeout 10.0.0.5:80",
            ),
            (
                "error",
                "[lua] healthcheck.lua:53: errlog(): healthcheck: bad status code from 10.0.0.5:80: 503",
                TIMER,
                "State nginx-lua-check-status 10.0.0.5:80",
            ),
            (
                "warn",
                "[lua] healthcheck.lua:57: warn(): healthcheck: peer 10.0.0.5:80 is turned down after 3 failure(s)",
                TIMER,
                "State nginx-lua-check-down 10.0.0.5:80",
            ),
            (
                "warn",
                "[lua] healthcheck.lua:1123: log(): [healthcheck] (0d:shop) unhealthy TCP increment (2/2) for 'api.internal(10.0.0.5:80)'",
                TIMER,
                "State nginx-lua-check-down 10.0.0.5:80",
            ),
            (
                "error",
                "[lua] balancer.lua:1021: execute(): DNS resolution failed: dns server error: 3 name error",
                TAIL,
                "Attempt nginx-kong-dns ",
            ),
            (
                "error",
                "[kong] init.lua:1077 failed to retry the dns/balancer resolver for api' with: failure to get a peer",
                TAIL,
                "Attempt nginx-kong-no-peer ",
            ),
            (
                "error",
                "[lua] init.lua:1077: balancer(): failed to retry the dns/balancer resolver for api' with: dns server error: 3",
                TAIL,
                "Attempt nginx-kong-dns ",
            ),
            ("error", "lua entry thread aborted: runtime error: /srv/a.lua:3: x", TAIL, "Attempt nginx-lua-aborted "),
            ("error", "failed to run balancer_by_lua*: /srv/a.lua:3: x", TAIL, "Attempt nginx-lua-aborted "),
        ];
        for (level, message, tail, expected) in cases {
            let line = format!("2026/11/27 08:00:00 [{level}] 7#7: *3348 {message}{tail}");
            let record = read(line.as_bytes()).unwrap_or_default();
            let sign = judge(&record, &Statuses::gateway()).attempts.first().copied().flatten();
            let upstream = String::from_utf8_lossy(record.upstream);
            assert_eq!(
                format!("{:?} {} {upstream}", record.what, sign.map_or("", |sign| sign.kind)),
                expected,
                "{line}"
            );
            assert_eq!(String::from_utf8_lossy(record.message), *message, "{line}");
        }
    }

    const TIMER: &str = ", context: ngx.timer";
    const TAIL: &str =
        ", client: 203.0.113.9, server: kong, request: \"GET / HTTP/1.1\", host: \"shop\", request_id: \"6c9f\"";

    #[test]
    fn claims_broken_lines_by_their_content() {
        let notices = [
            "PHP message: PHP Fatal error:  Uncaught Error: x in /srv/a.php:3",
            "Stack trace:",
            "#0 /srv/a.php(17): f()",
            "#1 {main}",
            "  thrown in /srv/a.php on line 3",
            "stack traceback:",
            "coroutine 0:",
            "\t/usr/local/share/lua/5.1/kong/init.lua: in function 'balancer'",
            r#"  thrown in /srv/a.php on line 3" while reading response header from upstream, client: 203.0.113.9, server: shop, request: "GET / HTTP/1.1""#,
        ];
        for line in notices {
            assert_eq!(said(line), format!("nothing: what=Notice message={line}"));
        }
        let cut =
            "readv() failed (104: Connection reset by peer) while reading upstream, client: 203.0.113.9, server: _";
        assert!(said(cut).starts_with("nginx-body-reset: what=Attempt group=_ client=203.0.113.9 message=readv()"));
        for line in [
            "",
            "2026/11/20 23:50:11 something else",
            "2026/11/20 23:50:11 [loud] 1#1: x",
            "[error] something else",
            "# 1 /srv",
            "#1 x",
            // Behind prefixes that no envelope knows.
            "nginx_1 | 2024/10/17 18:05:50 [error] 29#29: *41 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: _",
            "2024-10-17T18:05:50Z stdout P 2024/10/17 18:05:50 [error] 29#29: *41 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: _",
            "[x/y/nginx] 2024/10/17 18:05:50 [error] 29#29: *41 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: _",
            r#"web: 2024/10/17 18:05:50 [error] 29#29: *41 FastCGI sent in stderr: "x" while reading response header from upstream, client: 203.0.113.9, server: _"#,
            "[Fri Nov 20 23:50:11.000000 2026] [proxy:error] [pid 1] (111)Connection refused: AH00957: HTTP: attempt to connect",
            r#"{"message":"connect() failed while connecting to upstream, client: 1.2.3.4"}"#,
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    #[test]
    fn cuts_the_address_out_of_the_url() {
        let cases = [
            ("http://10.0.0.5:8080/a?b", "10.0.0.5:8080"),
            ("https://[::1]:8443/", "[::1]:8443"),
            ("http://unix:/run/app.sock:/a", "unix:/run/app.sock"),
            ("fastcgi://unix:/run/php/php-fpm.sock:", "unix:/run/php/php-fpm.sock"),
            ("uwsgi://unix:///tmp/x.sock:", "unix:///tmp/x.sock"),
            ("uwsgi://127.0.0.1:8888", "127.0.0.1:8888"),
            ("grpcs://10.0.0.5:443", "10.0.0.5:443"),
            ("10.0.0.5:3306", "10.0.0.5:3306"),
            ("http://backend/a:80", "backend"),
            ("", ""),
        ];
        for (url, expected) in cases {
            assert_eq!(address(url.as_bytes()), expected.as_bytes(), "{url}");
        }
    }

    #[test]
    fn knows_what_each_message_means() {
        let cases = [
            (
                "connect() failed (111: Connection refused) while connecting to upstream",
                "connection-refused Conclusive 502",
            ),
            (
                "connect() failed (10061: No connection could be made because the target machine actively refused it) while connecting to upstream",
                "connection-refused Conclusive 502",
            ),
            (
                "kevent() reported that connect() failed (61: Connection refused) while connecting to upstream",
                "connection-refused Conclusive 502",
            ),
            (
                "connect() to unix:///tmp/a.sock failed (111: Unknown error) while connecting to upstream",
                "connection-refused Conclusive 502",
            ),
            (
                "connect() to unix:/a.sock failed (2: No such file or directory) while connecting to upstream",
                "socket-missing Conclusive 502",
            ),
            (
                "connect() to unix:/a.sock failed (13: Permission denied) while connecting to upstream",
                "permission-denied Conclusive 502",
            ),
            (
                "connect() to [::1]:3000 failed (13: Permission denied) while connecting to upstream",
                "permission-denied Conclusive 502",
            ),
            (
                "connect() to unix:/a.sock failed (11: Resource temporarily unavailable) while connecting to upstream",
                "backlog-full Conclusive 502",
            ),
            (
                "connect() failed (110: Connection timed out) while connecting to upstream",
                "connect-timeout Conclusive 502",
            ),
            (
                "upstream timed out (60: Operation timed out) while connecting to upstream",
                "connect-timeout Conclusive 504",
            ),
            (
                "connect() failed (113: No route to host) while connecting to upstream",
                "host-unreachable Conclusive 502",
            ),
            (
                "connect() to [2001:db8::1]:443 failed (101: Network is unreachable) while connecting to upstream",
                "host-unreachable Conclusive 502",
            ),
            (
                "connect() to 10.0.0.5:80 failed (99: Cannot assign requested address) while connecting to upstream",
                "proxy-exhausted Conclusive 502",
            ),
            (
                "connect() failed (104: Connection reset by peer) while connecting to upstream",
                "connection-reset Conclusive 502",
            ),
            (
                "socket() failed (24: Too many open files) while connecting to upstream",
                "proxy-exhausted Conclusive 500",
            ),
            ("no live upstreams while connecting to upstream", "no-live-upstream Conclusive 502"),
            ("app could not be resolved (2: Server failure)", "dns-failure Conclusive 502"),
            ("no resolver defined to resolve app", "dns-failure Conclusive 502"),
            (
                "SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream",
                "protocol-mismatch Conclusive 502",
            ),
            (
                "SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40) while SSL handshaking to upstream",
                "tls-handshake Conclusive 502",
            ),
            (
                "SSL_do_handshake() failed (SSL: error:0A0000FF:SSL routines::never heard of) while SSL handshaking to upstream",
                "tls-handshake Weak 502",
            ),
            (
                "upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream",
                "tls-certificate Conclusive 502",
            ),
            (
                "upstream SSL certificate does not match \"a\" while SSL handshaking to upstream",
                "tls-certificate Conclusive 502",
            ),
            ("peer closed connection in SSL handshake while SSL handshaking to upstream", "tls-handshake Strong 502"),
            (
                "peer closed connection in SSL handshake (104: Connection reset by peer) while SSL handshaking to upstream",
                "tls-handshake Strong 502",
            ),
            (
                "upstream timed out (110: Connection timed out) while SSL handshaking to upstream",
                "tls-handshake Strong 504",
            ),
            (
                "upstream timed out (110: Connection timed out) while sending request to upstream",
                "response-timeout Strong 504",
            ),
            (
                "upstream timed out (110: Connection timed out) while reading response header from upstream",
                "response-timeout Conclusive 504",
            ),
            ("upstream timed out (110: Connection timed out) while reading upstream", "body-timeout Conclusive 0"),
            (
                "upstream timed out (110: Connection timed out) while proxying upgraded connection",
                "body-timeout Strong 0",
            ),
            (
                "upstream prematurely closed connection while reading response header from upstream",
                "closed-early Strong 502",
            ),
            (
                "upstream prematurely closed FastCGI stdout while reading response header from upstream",
                "closed-early Strong 502",
            ),
            ("upstream prematurely closed connection while reading upstream", "truncated-response Conclusive 0"),
            ("upstream prematurely closed connection while sending to client", "truncated-response Conclusive 0"),
            (
                "recv() failed (104: Connection reset by peer) while reading response header from upstream",
                "connection-reset Strong 502",
            ),
            (
                "recv() failed (104: Unknown error) while reading response header from upstream",
                "connection-reset Strong 502",
            ),
            (
                "readv() failed (104: Connection reset by peer) while reading upstream",
                "truncated-response Conclusive 0",
            ),
            ("writev() failed (32: Broken pipe) while sending request to upstream", "closed-early Strong 502"),
            (
                "sendfile() failed (104: Connection reset by peer) while sending request to upstream",
                "closed-early Strong 502",
            ),
            (
                "upstream sent too big header while reading response header from upstream",
                "header-too-big Conclusive 502",
            ),
            (
                "upstream sent no valid HTTP/1.0 header while reading response header from upstream",
                "protocol-mismatch Strong 0",
            ),
            (
                "upstream sent unsupported FastCGI protocol version: 72 while reading response header from upstream",
                "protocol-mismatch Conclusive 502",
            ),
            (
                "upstream sent too large http2 frame: 4740180 while reading response header from upstream",
                "protocol-mismatch Conclusive 502",
            ),
            (
                r#"upstream sent invalid header: "X\x20..." while reading response header from upstream"#,
                "invalid-response Conclusive 502",
            ),
            (
                r#"upstream sent duplicate header line: "Transfer-Encoding: chunked", previous value: "Transfer-Encoding: chunked" while reading response header from upstream"#,
                "invalid-response Conclusive 502",
            ),
            ("upstream sent invalid chunked response while reading upstream", "invalid-response Conclusive 0"),
            (
                "upstream rejected request with error 11 while reading response header from upstream",
                "blocked Strong 502",
            ),
            ("upstream sent goaway with error 0 while reading response header from upstream", "draining Strong 502"),
            (
                "upstream rejected request with error 2 while reading response header from upstream",
                "connection-reset Strong 502",
            ),
            (
                "FastCGI sent in stderr: \"PHP message: connect() failed (111: Connection refused)\" while reading response header from upstream",
                "nothing",
            ),
            (
                r#"open() "/var/lib/nginx/proxy/1" failed (13: Permission denied) while reading upstream"#,
                "permission-denied Conclusive 0",
            ),
            (
                r#"pwritev() "/var/lib/nginx/proxy/1" failed (28: No space left on device) while reading upstream"#,
                "gateway-internal Conclusive 0",
            ),
        ];
        for (message, expected) in cases {
            assert_eq!(sign_of(message), expected, "{message}");
        }
    }
}
