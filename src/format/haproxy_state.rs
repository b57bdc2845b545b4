//! What HAProxy logs beside requests: the health of servers and backends, its own limits, its process.
//!
//! These lines bear no stamp of their own. Source: `src/server.c`, `src/check.c`, `src/backend.c`, `src/sock.c`,
//! `src/proto_tcp.c`, `src/mworker.c`, `src/proxy.c` and `src/frontend.c` of HAProxy.

use super::record::sign;
use super::{About, Attempt, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::address::host;
use crate::grammar::number::uint;
use crate::grammar::text::{Starts, bracketed, place_of, word};
use crate::grammar::{Parsed, mismatch};
use memchr::memchr;
use nom::{
    Parser as _,
    branch::alt,
    bytes::complete::{tag, take_until, take_while},
    combinator::{opt, verify},
    sequence::{delimited, preceded, terminated},
};

pub(super) static ABOUT: About = About {
    name: "haproxy-state",
    proxy: Proxy::HAPROXY,
    title: "HAProxy's messages: health of servers, limits, reloads",
    layout: "[Backup ]Server BACKEND/SERVER is DOWN|UP|…, reason: REASON[, code: N][, info: \"TEXT\"], check duration: Nms. …",
    time: "none: the transport's stamp tells when it was written",
    source: "HAProxy source, src/server.c, src/check.c and src/backend.c",
    samples: &[
        r#"Server gone2/ref is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue."#,
        r#"Health check for server health/s503 failed, reason: Layer7 wrong status, code: 503, info: "Service Unavailable", check duration: 0ms, status: 0/2 DOWN."#,
        "backend gone2 has no server available!",
        "Server ok/s1 is going DOWN for maintenance. 0 active and 0 backup servers left. 0 sessions active, 0 requeued, 0 remaining in queue.",
        "[WARNING]  (10139) : Former worker (10142) exited with code 0 (Exit)",
    ],
    signs: &[SIGNS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    message(line).ok().map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (message, (prefix, Subject { what, group, upstream, client })) = message(line).ok()?;
    let (level, pid) = prefix.unzip();
    let names_upstream = what == What::State;
    let mut record = Record {
        what,
        group,
        upstream,
        names_upstream,
        client,
        level: level.unwrap_or_default(),
        pid,
        message,
        ..Record::default()
    };
    if what == What::State && sign_of(message).is_some() {
        record.attempts.push(Attempt { upstream, ..Attempt::default() });
    }
    Some(record)
}

/// Nothing failed here, but the one attempt of the record, the check, shows why something may.
pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    let request = (record.what == What::Host).then_some(&WORKER_DIED);
    let attempts = record.attempts.iter().map(|_| sign_of(record.message)).collect();
    Verdict { request, attempts, ..Verdict::default() }
}

/// Level and process, where they stand before a message.
type Prefix<'a> = Option<(&'a [u8], u64)>;

/// What a message is about.
struct Subject<'a> {
    what: What,
    group: &'a [u8],
    upstream: &'a [u8],
    client: &'a [u8],
}

/// A message, which is left, on standard error behind `[ALERT] 049/041157 (4436) : `.
fn message(i: &[u8]) -> Parsed<'_, (Prefix<'_>, Subject<'_>)> {
    let (i, prefix) = if i.starts_with(b"[") { opt(prefix).parse(i)? } else { (i, None) };
    match (subject(i), &prefix) {
        (Ok((_, subject)), _) => Ok((i, (prefix, subject))),
        // Whatever stands behind HAProxy's own prefix is HAProxy's.
        (Err(_), Some(_)) => Ok((i, (prefix, said(b"")))),
        (Err(error), None) => Err(error),
    }
}

/// `[WARNING]  (8) : `, and `[ALERT] 049/041157 (4436) : ` before 2.4: level, day and time, process (`errors.c`,
/// `print_message`).
fn prefix(i: &[u8]) -> Parsed<'_, (&[u8], u64)> {
    let spaces = || take_while(|byte| byte == b' ');
    let level = verify(bracketed, |level: &[u8]| !level.is_empty() && level.iter().all(u8::is_ascii_uppercase));
    let stamp = terminated((uint, tag("/"), uint), tag(" "));
    let pid = delimited(tag("("), uint, tag(")"));
    let (i, (level, _, _, pid, _, _)) = (level, spaces(), opt(stamp), pid, spaces(), tag(": ")).parse(i)?;
    Ok((i, (level, pid)))
}

/// What the message is about. Decided on its first byte: this runs for every line that no other format claims.
fn subject(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    match i.first() {
        Some(b'S' | b'B') => alt((server, notice, moved)).parse(i),
        Some(b'H' | b'A') => alt((check, notice, moved)).parse(i),
        Some(b'b' | b'p' | b'f') => alt((group_down, notice, moved)).parse(i),
        Some(b'P') => alt((limit, stopped, notice, moved)).parse(i),
        Some(b'C') => alt((connect_failed, connect_from, crash, notice, moved)).parse(i),
        Some(b'F') => alt((crash, notice, moved)).parse(i),
        Some(_) => alt((notice, moved)).parse(i),
        None => mismatch(),
    }
}

/// `static/srv1`
fn place(i: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    let (rest, upstream) = word(i)?;
    match memchr(b'/', upstream) {
        Some(slash) if slash > 0 && slash + 1 < upstream.len() => Ok((rest, (&upstream[..slash], upstream))),
        _ => mismatch(),
    }
}

/// Of a server or a backend.
fn state<'a>(group: &'a [u8], upstream: &'a [u8]) -> Subject<'a> {
    Subject { what: What::State, group, upstream, client: b"" }
}

/// Of none, but perhaps of a client.
fn said(client: &[u8]) -> Subject<'_> {
    Subject { what: What::Notice, group: b"", upstream: b"", client }
}

/// `[Backup ]Server static/srv1 is DOWN`, `… was DOWN and now enters maintenance`, `… ('www') is UP/READY`
fn server(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let hostname = delimited(tag(" ('"), take_until("')"), tag("')"));
    let verb = alt((
        tag(" is "),
        tag(" was "),
        tag(" enters "),
        tag(" remains "),
        tag(" resolves "),
        tag(" administratively "),
    ));
    let (i, (_, _, (group, upstream), _, _)) =
        (opt(tag("Backup ")), tag("Server "), place, opt(hostname), verb).parse(i)?;
    Ok((i, state(group, upstream)))
}

/// `Health check for [backup ]server static/srv1 [conditionally ]succeeded|failed`, `Agent check …` (`option
/// log-health-checks`)
fn check(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let kind = alt((tag("Health"), tag("Agent")));
    let (i, (_, _, _, _, (group, upstream))) =
        (kind, tag(" check for "), opt(tag("backup ")), tag("server "), place).parse(i)?;
    let (i, _) = (tag(" "), opt(tag("conditionally ")), alt((tag("succeeded"), tag("failed")))).parse(i)?;
    Ok((i, state(group, upstream)))
}

/// A proxy's name, in quotes on standard error.
fn name(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, name) = word(i)?;
    let bare = name.strip_prefix(b"'").and_then(|name| name.strip_suffix(b"'"));
    Ok((rest, bare.unwrap_or(name)))
}

/// `backend static has no server available!`; a `listen` section is a `proxy` (`proxy.c`, `proxy_cap_str`)
fn group_down(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let kind = alt((tag("backend "), tag("proxy "), tag("frontend "), tag("peers section ")));
    let (i, group) = delimited(kind, name, tag(" has no server available!")).parse(i)?;
    Ok((i, state(group, b"")))
}

/// `Proxy static reached process FD limit (maxsock=4012). Please check 'ulimit-n' and restart.`
fn limit(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let what = alt((tag("process FD limit"), tag("system FD limit"), tag("system memory limit")));
    let (i, (_, group, _, _)) = (tag("Proxy "), name, tag(" reached "), what).parse(i)?;
    Ok((i, state(group, b"")))
}

/// `Connect() failed for backend static: no free ports.`
fn connect_failed(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let (i, group) = delimited(tag("Connect() failed for backend "), take_until(": "), tag(": ")).parse(i)?;
    Ok((i, state(group, b"")))
}

/// `Connect from 192.0.2.1:37139 to 192.0.2.2:34855 (web/TCP)`: a connection, where no format is configured.
fn connect_from(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let (i, (client, _, _)) = (preceded(tag("Connect from "), word), tag(" to "), word).parse(i)?;
    Ok((i, said(host(client))))
}

/// `Proxy web stopped (cumulated conns: FE: 2, BE: 0).`, `Proxy web started.`
fn stopped(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let end = alt((tag(" started."), tag(" stopped "), tag(" hard-stopped ")));
    let (i, _) = (tag("Proxy "), name, end).parse(i)?;
    Ok((i, said(b"")))
}

/// `Current worker (10142) exited with code 139 (Segmentation fault)`; not with 0, nor as it was told to: 130 (SIGINT)
/// and 143 (SIGTERM) (`mworker.c`, `mworker_catch_sigchld`).
fn crash(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let worker = delimited(alt((tag("Current worker ("), tag("Former worker ("))), uint, tag(") exited with code "));
    let (i, code) = preceded(worker, uint).parse(i)?;
    if matches!(code, 0 | 130 | 143) {
        return mismatch();
    }
    Ok((i, Subject { what: What::Host, group: b"haproxy", upstream: b"", client: b"" }))
}

/// How the messages begin that are about HAProxy's process, from a reload to its end.
static NOTICES: Starts<21> = Starts::new(&[
    b"All workers exited",
    b"Connect from unknown source to listener ",
    b"Connect to unix:",
    b"Current worker ",
    b"Exiting Master process",
    b"Failed to load worker ",
    b"Former worker ",
    b"Initializing new worker ",
    b"Loading success.",
    b"New worker ",
    b"Paused frontend ",
    b"Paused proxy ",
    b"Reloading HAProxy",
    b"Resumed frontend ",
    b"Resumed proxy ",
    b"SIGHUP: ",
    b"SIGHUP received, dumping servers states",
    b"Stopping backend ",
    b"Stopping frontend ",
    b"Stopping proxy ",
    b"soft-stop running for too long",
]);

/// `static/srv1 changed its IP from (none) to 192.0.2.9 by dns/ns1.`, `… changed its FQDN from …` (`server.c`)
fn moved(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    let (i, _) = (place, tag(" changed its "), alt((tag("IP from "), tag("FQDN from ")))).parse(i)?;
    Ok((i, said(b"")))
}

fn notice(i: &[u8]) -> Parsed<'_, Subject<'_>> {
    if NOTICES.behind(i).is_some() { Ok((b"", said(b""))) } else { mismatch() }
}

/// What a message shows, if it is bad news. A server that is down only because the one it tracks is down, or for a
/// reason that the line does not tell, shows nothing.
fn sign_of(message: &[u8]) -> Option<&'static Sign> {
    // What follows `info:` is the server's own text.
    let ours = &message[..place_of(message, b", info: ").unwrap_or(message.len())];
    let has = |text: &str| place_of(ours, text.as_bytes()).is_some();
    if has(" has no server available!") {
        return Some(&NO_SERVER_LEFT);
    }
    if message.starts_with(b"Proxy ") && has(" limit ") {
        return Some(&LIMIT);
    }
    if message.starts_with(b"Connect() failed") {
        return Some(if has("check backlog size") { &BACKLOG } else { &NO_PORTS });
    }
    if has(" maintenance") && (has(" is going DOWN") || has(" was DOWN and now")) {
        return Some(if has("(DNS ") || has("DNS error)") || has("(No IP") || has("SRV record)") {
            &UNRESOLVED
        } else {
            &MAINTENANCE
        });
    }
    if has(" enters drain state") || has(" is stopping") {
        return Some(&DRAIN);
    }
    if has(" is DOWN, changed from ") {
        return Some(&MAINTENANCE);
    }
    if has(" is DOWN") || has(" failed, ") {
        return reason(message).and_then(|(reason, rest)| check_failed(reason, rest));
    }
    None
}

/// `, reason: Layer7 wrong status, code: 503, info: "…"`: the reason, and what is added to it.
fn reason(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = place_of(message, b"reason: ")? + b"reason: ".len();
    let rest = &message[at..];
    let end = memchr(b',', rest).or_else(|| memchr(b'.', rest)).unwrap_or(rest.len());
    Some(rest.split_at(end))
}

/// Why a health check failed (`check.c`, `check_statuses`).
fn check_failed(reason: &[u8], rest: &[u8]) -> Option<&'static Sign> {
    Some(match reason {
        b"Layer4 connection problem" => unconnected(rest).unwrap_or(&CHECK_UNCONNECTED),
        b"Layer4 timeout" => &CHECK_CONNECT_TIMEOUT,
        b"Layer6 timeout" => &CHECK_TLS_TIMEOUT,
        b"Layer6 invalid response" if place_of(rest, b"certificate").is_some() => &CHECK_CERTIFICATE,
        b"Layer6 invalid response" => &CHECK_TLS,
        b"Layer7 timeout" => &CHECK_TIMEOUT,
        b"Layer7 invalid response" => &CHECK_INVALID,
        b"Layer7 wrong status" if code(rest) >= 500 => &CHECK_STATUS,
        b"Layer7 wrong status" => &CHECK_REFUSED,
        b"Health analyze" => &OBSERVED,
        b"Socket error" => unconnected(rest).unwrap_or(&CHECK_SOCKET),
        b"External check timeout" => &CHECK_TIMEOUT,
        b"External check error" => &CHECK_REFUSED,
        _ => return None,
    })
}

/// `, info: "Connection refused"`: what the system said as the check connected.
fn unconnected(rest: &[u8]) -> Option<&'static Sign> {
    let signs: [(&[u8], &'static Sign); 8] = [
        (b"refused", &CHECK_CONNECT_REFUSED),
        (b"reset by peer", &CHECK_RESET),
        (b"No route to host", &CHECK_UNREACHABLE),
        (b"unreachable", &CHECK_UNREACHABLE),
        (b"timed out", &CHECK_CONNECT_TIMEOUT),
        (b"No such file", &CHECK_NO_SOCKET),
        (b"Permission denied", &CHECK_FORBIDDEN),
        (b"SSL", &CHECK_TLS),
    ];
    signs.iter().find(|(text, _)| place_of(rest, text).is_some()).map(|(_, sign)| *sign)
}

/// `, code: 503`
fn code(rest: &[u8]) -> u64 {
    preceded(tag(", code: "), uint).parse(rest).map_or(0, |(_, code)| code)
}

/// What the messages are signs of. No status: a check is no request.
pub(super) static SIGNS: &[Sign] = &[
    NO_SERVER_LEFT,
    LIMIT,
    NO_PORTS,
    BACKLOG,
    UNRESOLVED,
    MAINTENANCE,
    DRAIN,
    CHECK_CONNECT_REFUSED,
    CHECK_RESET,
    CHECK_UNREACHABLE,
    CHECK_CONNECT_TIMEOUT,
    CHECK_NO_SOCKET,
    CHECK_FORBIDDEN,
    CHECK_UNCONNECTED,
    CHECK_TLS_TIMEOUT,
    CHECK_TLS,
    CHECK_CERTIFICATE,
    CHECK_TIMEOUT,
    CHECK_INVALID,
    CHECK_STATUS,
    CHECK_REFUSED,
    CHECK_SOCKET,
    OBSERVED,
    WORKER_DIED,
];

const NO_SERVER_LEFT: Sign = sign(
    "haproxy-state-no-server",
    Cause::NoLiveUpstream,
    Strength::Conclusive,
    0,
    "HAProxy had no server left in the backend",
);
const LIMIT: Sign = sign(
    "haproxy-state-limit",
    Cause::ProxyExhausted,
    Strength::Conclusive,
    0,
    "HAProxy had reached a limit of descriptors or memory",
);
const NO_PORTS: Sign = sign(
    "haproxy-state-no-ports",
    Cause::ProxyExhausted,
    Strength::Conclusive,
    0,
    "HAProxy had no local port left to connect from",
);
const BACKLOG: Sign = sign(
    "haproxy-state-backlog",
    Cause::BacklogFull,
    Strength::Conclusive,
    0,
    "the backlog of the server's socket was full",
);
const UNRESOLVED: Sign = sign(
    "haproxy-state-unresolved",
    Cause::DnsFailure,
    Strength::Conclusive,
    0,
    "the server was taken out because its name did not resolve",
);
const MAINTENANCE: Sign =
    sign("haproxy-state-maintenance", Cause::Draining, Strength::Conclusive, 0, "somebody took the server out");
const DRAIN: Sign =
    sign("haproxy-state-drain", Cause::Draining, Strength::Conclusive, 0, "the server was being drained");
const CHECK_CONNECT_REFUSED: Sign = sign(
    "haproxy-check-refused",
    Cause::ConnectionRefused,
    Strength::Conclusive,
    0,
    "the server refused the health check's connection",
);
const CHECK_UNREACHABLE: Sign = sign(
    "haproxy-check-unreachable",
    Cause::HostUnreachable,
    Strength::Conclusive,
    0,
    "the health check found no way to the server's host",
);
const CHECK_CONNECT_TIMEOUT: Sign = sign(
    "haproxy-check-connect-timeout",
    Cause::ConnectTimeout,
    Strength::Conclusive,
    0,
    "the health check's connection was not answered in time",
);
const CHECK_NO_SOCKET: Sign = sign(
    "haproxy-check-no-socket",
    Cause::SocketMissing,
    Strength::Conclusive,
    0,
    "the health check did not find the server's socket",
);
const CHECK_FORBIDDEN: Sign = sign(
    "haproxy-check-forbidden",
    Cause::PermissionDenied,
    Strength::Conclusive,
    0,
    "HAProxy may not connect to the server",
);
const CHECK_RESET: Sign = sign(
    "haproxy-check-reset",
    Cause::ConnectionReset,
    Strength::Strong,
    0,
    "the server reset the health check's connection",
);
const CHECK_UNCONNECTED: Sign = sign(
    "haproxy-check-unconnected",
    Cause::ConnectionRefused,
    Strength::Weak,
    0,
    "the health check could not connect",
);
const CHECK_TLS_TIMEOUT: Sign = sign(
    "haproxy-check-tls-timeout",
    Cause::TlsHandshake,
    Strength::Strong,
    0,
    "the health check's TLS handshake was not answered in time",
);
const CHECK_TLS: Sign =
    sign("haproxy-check-tls", Cause::TlsHandshake, Strength::Strong, 0, "the health check's TLS handshake failed");
const CHECK_CERTIFICATE: Sign = sign(
    "haproxy-check-certificate",
    Cause::TlsCertificate,
    Strength::Strong,
    0,
    "the health check did not accept the server's certificate",
);
const CHECK_TIMEOUT: Sign = sign(
    "haproxy-check-timeout",
    Cause::ResponseTimeout,
    Strength::Strong,
    0,
    "the server took the health check's connection but did not answer in time",
);
const CHECK_INVALID: Sign = sign(
    "haproxy-check-invalid",
    Cause::InvalidResponse,
    Strength::Strong,
    0,
    "the health check could not make sense of the server's answer, or got none",
);
const CHECK_STATUS: Sign = sign(
    "haproxy-check-status",
    Cause::UpstreamError,
    Strength::Strong,
    0,
    "the server answered its health check with an error of its own",
);
const CHECK_REFUSED: Sign = sign(
    "haproxy-check-not-accepted",
    Cause::UpstreamError,
    Strength::Weak,
    0,
    "the server answered its health check, but not as the check wants it",
);
const WORKER_DIED: Sign =
    sign("haproxy-worker-died", Cause::GatewayInternal, Strength::Strong, 0, "a worker process of HAProxy died");
const CHECK_SOCKET: Sign = sign(
    "haproxy-check-socket",
    Cause::ProxyExhausted,
    Strength::Weak,
    0,
    "HAProxy could not open a socket for the health check",
);
const OBSERVED: Sign = sign(
    "haproxy-check-observed",
    Cause::UpstreamError,
    Strength::Weak,
    0,
    "too many of the server's answers were errors (`observe`)",
);

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, kinds, lines, only};
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    const LEFT: &str = "0 active and 0 backup servers left. 3 sessions active, 0 requeued, 0 remaining in queue.";

    #[test]
    fn reads_whose_state_it_is() {
        let cases = [
            (format!("Server bck/srv1 is DOWN. {LEFT}"), "bck", "bck/srv1"),
            (format!("Backup Server bck/srv1 is UP, reason: Layer7 check passed, code: 200, check duration: 1ms. {LEFT}"), "bck", "bck/srv1"),
            ("Server bck/srv1 ('www.example.com') is UP/READY (resolves again).".to_owned(), "bck", "bck/srv1"),
            ("Server bck/srv1 administratively READY thanks to valid DNS answer.".to_owned(), "bck", "bck/srv1"),
            ("Health check for backup server bck/srv1 conditionally succeeded, reason: Layer7 check conditionally passed, code: 404, check duration: 2ms, status: 3/3 DRAIN.".to_owned(), "bck", "bck/srv1"),
            ("Agent check for server bck/srv1 failed, reason: Layer4 timeout, check duration: 1ms, status: 2/3 UP.".to_owned(), "bck", "bck/srv1"),
            ("backend bck has no server available!".to_owned(), "bck", ""),
            ("proxy 'bck' has no server available!".to_owned(), "bck", ""),
            ("Proxy bck reached process FD limit (maxsock=4012). Please check 'ulimit-n' and restart.".to_owned(), "bck", ""),
            ("Connect() failed for backend bck: no free ports.".to_owned(), "bck", ""),
        ];
        for (line, group, upstream) in &cases {
            let record = only(Format::HaproxyState, line).unwrap_or_default();
            assert_eq!((record.what, record.when), (What::State, None), "{line}");
            assert_eq!((record.group, record.upstream), (group.as_bytes(), upstream.as_bytes()), "{line}");
            assert_eq!(record.message, line.as_bytes());
        }
    }

    /// As HAProxy writes on standard error, before 2.4 and since.
    #[test]
    fn reads_the_prefix() {
        let cases = [
            ("[WARNING] 049/041157 (4436) : Server b/s is UP.", "WARNING", 4436, What::State, "Server b/s is UP."),
            (
                "[ALERT]    (8) : backend 'b' has no server available!",
                "ALERT",
                8,
                What::State,
                "backend 'b' has no server available!",
            ),
            (
                "[NOTICE]   (7) : path to executable is /usr/sbin/haproxy",
                "NOTICE",
                7,
                What::Notice,
                "path to executable is /usr/sbin/haproxy",
            ),
        ];
        for (line, level, pid, what, message) in cases {
            let record = only(Format::HaproxyState, line).unwrap_or_default();
            assert_eq!((record.level, record.pid, record.what), (level.as_bytes(), Some(pid), what), "{line}");
            assert_eq!(record.message, message.as_bytes());
        }
    }

    #[test]
    fn reasons_are_signs() {
        let down = |reason: &str| format!("Server bck/srv1 is DOWN{reason}, check duration: 0ms. {LEFT}");
        let reasons = [
            (", reason: Layer4 connection problem, info: \"Connection refused\"", "haproxy-check-refused"),
            (
                ", reason: Layer4 connection problem, info: \"General socket error (No route to host)\"",
                "haproxy-check-unreachable",
            ),
            (", reason: Layer4 connection problem, info: \"Network is unreachable\"", "haproxy-check-unreachable"),
            (", reason: Layer4 connection problem, info: \"No such file or directory\"", "haproxy-check-no-socket"),
            (", reason: Layer4 connection problem, info: \"Connection reset by peer\"", "haproxy-check-reset"),
            (", reason: Layer4 connection problem", "haproxy-check-unconnected"),
            (", reason: Layer4 timeout", "haproxy-check-connect-timeout"),
            (", reason: Layer6 timeout", "haproxy-check-tls-timeout"),
            (", reason: Layer6 invalid response, info: \"SSL handshake failure\"", "haproxy-check-tls"),
            (", reason: Layer6 invalid response, info: \"certificate verify failed\"", "haproxy-check-certificate"),
            (", reason: Layer7 timeout", "haproxy-check-timeout"),
            (", reason: Layer7 invalid response, info: \" is stopping\"", "haproxy-check-invalid"),
            (", reason: Layer7 wrong status, code: 503, info: \"Service Unavailable\"", "haproxy-check-status"),
            (", reason: Layer7 wrong status, code: 404, info: \"Not Found\"", "haproxy-check-not-accepted"),
            (", reason: Health analyze, info: \"Detected 10 consecutive errors\"", "haproxy-check-observed"),
            (", changed from CLI", "haproxy-state-maintenance"),
        ];
        for (reason, kind) in reasons {
            assert_eq!(kinds(Format::HaproxyState, &down(reason)), (None, vec![Some(kind)]), "{reason}");
        }
    }

    #[test]
    fn workers_die_or_end() {
        for (line, died) in [
            ("Current worker (10142) exited with code 139 (Segmentation fault)", true),
            ("[ALERT]    (10139) : Former worker (10142) exited with code 134 (Aborted)", true),
            ("Current worker (10142) exited with code 143 (Terminated)", false),
            ("Former worker (10142) exited with code 0 (Exit)", false),
        ] {
            let sign = kinds(Format::HaproxyState, line).0;
            assert_eq!(sign, died.then_some("haproxy-worker-died"), "{line}");
        }
    }

    #[test]
    fn other_messages_are_signs_or_not() {
        let cases = [
            (
                "Server b/s is going DOWN for maintenance. 1 active and 0 backup servers left.",
                Some("haproxy-state-maintenance"),
            ),
            ("Server b/s is going DOWN for maintenance (DNS NX status). 1 active", Some("haproxy-state-unresolved")),
            (
                "Server b/s is going DOWN for maintenance (No IP for server ). 1 active",
                Some("haproxy-state-unresolved"),
            ),
            ("Server b/s was DOWN and now enters maintenance (DNS timeout status).", Some("haproxy-state-unresolved")),
            ("Server b/s enters drain state. 0 active and 0 backup servers online.", Some("haproxy-state-drain")),
            (
                "Server b/s is stopping, changed from CLI. 0 active and 1 backup servers online.",
                Some("haproxy-state-drain"),
            ),
            (
                "Health check for server b/s failed, reason: Layer7 timeout, check duration: 302ms, status: 0/2 DOWN.",
                Some("haproxy-check-timeout"),
            ),
            ("backend b has no server available!", Some("haproxy-state-no-server")),
            (
                "Proxy b reached system memory limit (maxsock=4012). Please check system tunables.",
                Some("haproxy-state-limit"),
            ),
            ("Connect() failed for backend b: no free ports.", Some("haproxy-state-no-ports")),
            (
                "Connect() failed for backend b: can't connect to destination unix socket, check backlog size on the server (Resource temporarily unavailable).",
                Some("haproxy-state-backlog"),
            ),
            // Good news, news of another server, and no reason given.
            (
                "Server b/s is UP, reason: Layer4 check passed, check duration: 0ms. 1 active and 0 backup servers online.",
                None,
            ),
            ("Server b/s is UP/READY (leaving forced maintenance).", None),
            ("Server b/s is UP (leaving forced drain).", None),
            ("Server b/s remains in forced maintenance.", None),
            (
                "Server b/s is DOWN via b/t. 0 active and 1 backup servers left. Running on backup. 0 sessions active.",
                None,
            ),
            ("Server b/s is DOWN. 8 active and 1 backup servers left. 0 sessions active.", None),
            (
                "Health check for server b/s succeeded, reason: Layer7 check passed, code: 200, check duration: 0ms, status: 3/3 UP.",
                None,
            ),
        ];
        for (line, kind) in cases {
            let attempts = kind.map(|kind| vec![Some(kind)]).unwrap_or_default();
            assert_eq!(kinds(Format::HaproxyState, line), (None, attempts), "{line}");
        }
    }

    #[test]
    fn knows_what_is_only_a_notice() {
        let notices = [
            "Connect from 2001:db8::1:37139 to 192.0.2.2:34855 (web/TCP)",
            "Connect from unknown source to listener 3 (web/TCP)",
            "Proxy web stopped (cumulated conns: FE: 2, BE: 0).",
            "Proxy web started.",
            "Paused frontend web.",
            "api/api-1 changed its IP from (none) to 127.0.0.1 by lab/ns1.",
            "Reloading HAProxy",
            "New worker (11944) forked",
            "Former worker (10142) exited with code 0 (Exit)",
            "Loading success.",
            "SIGHUP: Server plain/a is UP. Conn: 0 act, 0 pend, 0 tot.",
        ];
        for line in notices {
            let record = only(Format::HaproxyState, line).unwrap_or_default();
            assert_eq!((record.what, record.message), (What::Notice, line.as_bytes()), "{line}");
            assert!(record.attempts.is_empty(), "{line}");
        }
        assert_eq!(only(Format::HaproxyState, notices[0]).unwrap_or_default().client, b"2001:db8::1");
    }

    #[test]
    fn leaves_other_lines_alone() {
        let others = [
            "",
            "Server is DOWN",
            "Server listening on 0.0.0.0 port 22.",
            "Server a/ is DOWN",
            "backend gone",
            "Proxy web is here",
            "Connect failed",
            "[error] 7#7: *1 connect() failed",
            "[20-Nov-2026 23:50:58] NOTICE: ready to handle connections",
            "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
        ];
        for line in others {
            assert!(skim(line.as_bytes()).is_none(), "{line}");
            assert!(read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::HaproxyState, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::HaproxyState)) {
            agrees(Format::HaproxyState, &line);
        }
    }
}
