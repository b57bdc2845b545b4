//! lighttpd's error log (`log_error` in `src/log.c`), of 1.4: what mod_proxy, mod_fastcgi, mod_scgi and mod_cgi say of
//! failed requests, which all are one gateway (`src/gw_backend.c`) since 1.4.46.
//!
//! No line has a level or a client. Here is what 1.4.69 writes for one failed request, recorded, the line that counts
//! first:
//!
//! | what happens | counts | is left out, or only explains | client gets |
//! | --- | --- | --- | --- |
//! | no connection | `establishing connection failed`: server, errno | `all handlers for … are down`, once until one is back | 503, or another server is tried |
//! | no server left | | nothing: the line above stands for all requests of that time | 503 |
//! | no answer | `response not received, request sent`: server, path | `read() … Connection reset by peer`, `unexpected end-of-file`: why | 500 |
//! | mod_proxy's connection is closed in good order | | nothing | 500 |
//! | not taken | `response not received, request not sent`: server, path | `connection was dropped after accept()`: server | another attempt, then 500 |
//! | no answer in time | `read timeout on socket`: server | | 504 |
//! | bad answer | `invalid HTTP status line`, `response headers too large` | | 502 |
//! | body breaks off | `response already sent out, but backend returned error` | | 200, mostly |
//!
//! An error log alone therefore counts failed attempts, as nginx's does. The path is decoded and goes only as far as
//! the configured prefix or suffix (`/app` of `/app/cart`); a message ends before it.

use super::record::{sign, wording};
use super::{About, Attempt, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::number::uint;
use crate::grammar::text::{after, place_of, until};
use crate::grammar::time::{When, iso};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memmem};
use nom::{
    Parser as _,
    bytes::complete::tag,
    combinator::opt,
    sequence::{delimited, terminated},
};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "lighttpd-error",
    proxy: Proxy::LIGHTTPD,
    title: "lighttpd's error log: what mod_proxy, mod_fastcgi, mod_scgi and mod_cgi say of failed requests",
    layout: "YYYY-MM-DD HH:MM:SS: (FILE.c.LINE) MESSAGE",
    time: "when the error was met",
    source: "lighttpd 1.4, src/log.c (log_error) and src/gw_backend.c",
    samples: &[
        "2026-11-27 18:07:31: (gw_backend.c.274) establishing connection failed: socket: tcp:127.0.0.1:9399: Connection refused",
        "2026-11-27 18:07:31: (gw_backend.c.960) all handlers for /shop?id=7 on /shop are down.",
        "2026-11-27 18:07:33: (gw_backend.c.2389) response not received, request sent: 584 on socket: unix:/run/shop/php.sock-0 for /index.php?id=7, closing connection",
        "2026-11-27 18:08:31: (gw_backend.c.2708) read timeout on socket: tcp:127.0.0.1:9304 (fd: 11)",
        "2026-11-27 18:07:19: (http-header-glue.c.1341) read() 9 11: Connection reset by peer",
        "2026-11-27 18:07:33: (gw_backend.c.369) child signalled: 11",
    ],
    signs: &[&SIGNS, &OTHERS],
};

/// The wordings of lighttpd's own messages. An errno is in the C library's words: glibc's, musl's and BSD's.
static SIGNS: [Sign; 32] = [
    // Connecting: gw_proc_connect_error in src/gw_backend.c; until 1.4.45 each module's own
    wording(
        "lighttpd-connect-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        503,
        "the upstream refused the connection",
        r"^(?:establishing connection|connect) failed:.* Connection refused",
    ),
    wording(
        "lighttpd-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        503,
        "the upstream did not accept the connection in time",
        r"^(?:establishing connection|connect) failed:.* (?:Connection|Operation) timed out",
    ),
    wording(
        "lighttpd-connect-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        503,
        "the upstream's host or network could not be reached",
        r"^(?:establishing connection|connect) failed:.* (?:No route to host|Host is (?:unreachable|down)|Network (?:is )?unreachable)",
    ),
    wording(
        "lighttpd-connect-socket-missing",
        Cause::SocketMissing,
        Strength::Conclusive,
        503,
        "the unix socket does not exist",
        r"^(?:establishing connection|connect) failed:.* No such file or directory",
    ),
    wording(
        "lighttpd-connect-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        503,
        "lighttpd was not allowed to connect to the upstream",
        r"^(?:establishing connection|connect) failed:.* (?:Permission denied|Operation not permitted)",
    ),
    wording(
        "lighttpd-connect-reset",
        Cause::ConnectionReset,
        Strength::Conclusive,
        503,
        "the connection was reset while it was being made",
        r"^(?:establishing connection|connect) failed:.* Connection reset by peer",
    ),
    wording(
        "lighttpd-connect-backlog",
        Cause::BacklogFull,
        Strength::Conclusive,
        503,
        "the unix socket's queue of waiting connections was full",
        r"^(?:establishing connection|connect) failed:(?: socket: unix:\S+:)? Resource temporarily unavailable(?:$| (?:socket:|on) unix:)",
    ),
    wording(
        "lighttpd-connect-no-local-port",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "lighttpd had no local port left for the connection",
        r"^(?:establishing connection|connect) failed:.* (?:(?:Cannot|Can't) assign requested address|Address not available)",
    ),
    wording(
        "lighttpd-connect-busy",
        Cause::ProxyExhausted,
        Strength::Strong,
        503,
        "the connection could not be made at once: most likely lighttpd had no local port left for it",
        r"^(?:establishing connection|connect) failed:.* Resource temporarily unavailable",
    ),
    wording(
        "lighttpd-no-descriptor",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "lighttpd had no file descriptor left for the connection",
        r"^socket(?:\(\))? failed.* (?:Too many open files|No file descriptors available)",
    ),
    wording(
        "lighttpd-all-down",
        Cause::NoLiveUpstream,
        // It stands for all requests of that time, among which the application's own 503 may be.
        Strength::Strong,
        0,
        "all servers were out of use after earlier failures",
        r"^(?:all handlers$|no proxy-handler found$)",
    ),
    // The answer: gw_recv_response_error in src/gw_backend.c, http_response_read in src/http-header-glue.c
    wording(
        "lighttpd-not-answered",
        Cause::ClosedEarly,
        Strength::Weak,
        500,
        "the connection failed before the upstream answered",
        r"^response not received, request sent|^closing connection; response not received, but request sent",
    ),
    wording(
        "lighttpd-not-taken",
        Cause::ClosedEarly,
        Strength::Weak,
        500,
        "the connection failed before the request was sent",
        r"^response not received, request not sent|^reconnecting; response not received|^closing connection; response not received, but too many",
    ),
    wording(
        "lighttpd-answer-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        500,
        "the upstream reset the connection",
        r"^(?:read|recv)\(\).* Connection reset by peer",
    ),
    wording(
        "lighttpd-answer-lost",
        Cause::HostUnreachable,
        Strength::Strong,
        500,
        "the upstream's host or the way to it vanished during the request",
        r"^(?:read|recv)\(\).* (?:(?:Connection|Operation) timed out|No route to host|Host is unreachable)",
    ),
    wording(
        "lighttpd-socket-full",
        Cause::BacklogFull,
        Strength::Conclusive,
        500,
        "the connection to the unix socket was never made, since its queue of waiting connections was full",
        // What read() says of a unix socket that is not connected. lighttpd takes EAGAIN for a connection under way.
        r"^(?:read|recv)\(\).* Invalid argument",
    ),
    wording(
        "lighttpd-answer-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        500,
        "the FastCGI application closed the connection before its answer was complete",
        r"^unexpected end-of-file ",
    ),
    wording(
        "lighttpd-dropped-early",
        Cause::ClosedEarly,
        Strength::Strong,
        503,
        "the application closed the connection while lighttpd was still sending the request",
        r"^connection was dropped after accept\(\)(?: \(perhaps the fastcgi|\. reconnect\(\) denied)",
    ),
    wording(
        "lighttpd-dropped",
        Cause::ClosedEarly,
        Strength::Weak,
        0,
        "the upstream closed the connection while lighttpd was still sending the request",
        r"^connection was dropped after accept\(\) \(perhaps the gw",
    ),
    wording(
        "lighttpd-hung-up",
        Cause::ClosedEarly,
        Strength::Strong,
        500,
        "the upstream closed the connection before it answered",
        r"^error: unexpected close of ",
    ),
    wording(
        "lighttpd-connection-error",
        Cause::ConnectionReset,
        Strength::Weak,
        500,
        "the connection to the upstream broke",
        r"^(?:gw|fcgi): got a FDEVENT_ERR|^cgi-FDEVENT_ERR|^proxy-FDEVENT_ERR",
    ),
    wording(
        "lighttpd-body-cut",
        Cause::TruncatedResponse,
        Strength::Conclusive,
        0,
        "the upstream broke off in the middle of its response",
        r"^response already sent out, but backend returned error|^terminating connection; response already sent out",
    ),
    wording(
        "lighttpd-bad-status-line",
        Cause::InvalidResponse,
        Strength::Conclusive,
        502,
        "the upstream's answer does not begin as HTTP does",
        r"^invalid HTTP status",
    ),
    wording(
        "lighttpd-header-too-big",
        Cause::HeaderTooBig,
        Strength::Conclusive,
        502,
        "the upstream's response header was longer than lighttpd allows",
        r"^response headers too large",
    ),
    // Time limits: gw_handle_trigger_hctx_timeout, cgi_trigger_hctx_timeout
    wording(
        "lighttpd-response-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        504,
        "the upstream sent nothing for as long as `read-timeout` allows",
        r"^read timeout on ",
    ),
    wording(
        "lighttpd-send-timeout",
        Cause::ResponseTimeout,
        Strength::Strong,
        504,
        "the upstream did not take the request in time",
        r"^write timeout on ",
    ),
    // Processes: gw_proc_waitpid_log, mod_cgi's cgi_waitpid_cb, src/server.c
    wording(
        "lighttpd-child-killed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "an application that lighttpd runs was killed or crashed",
        r"^child signall?ed: |^terminated by signal: |^CGI pid \d+ died with signal ",
    ),
    wording(
        "lighttpd-child-exited",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "an application that lighttpd runs ended",
        r"^child exited[:, ]|^child died somehow|^CGI pid \d+ ended unexpectedly|^cgi died",
    ),
    wording(
        "lighttpd-not-started",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "lighttpd could not start the application",
        r"^(?:\[?ERROR\]?: )?spawning (?:backend|gw|fcgi) failed|^gw-backend failed to start|^the fastcgi-backend .* failed to start|^respawning failed",
    ),
    wording(
        "lighttpd-limit-reached",
        Cause::ProxyExhausted,
        Strength::Strong,
        0,
        "lighttpd took no more clients: it had as many as it may, or no file descriptors left",
        r"^(?:\[note\] )?sockets disabled, ",
    ),
    wording("lighttpd-stopping", Cause::Draining, Strength::Strong, 0, "lighttpd was stopped", r"^server stopped"),
    wording(
        "lighttpd-restarting",
        Cause::Draining,
        Strength::Weak,
        0,
        "lighttpd was told to stop or to start anew",
        r"^(?:\[note\] )?graceful shutdown started",
    ),
];

/// What says nothing about a cause, and is told all the same.
static OTHERS: [Sign; 3] = [
    sign(
        "lighttpd-unrecognised",
        Cause::Unknown,
        Strength::Silent,
        503,
        "lighttpd logged an error about the upstream that is not in the catalogue",
    ),
    sign(
        "lighttpd-taken-out",
        Cause::Unknown,
        Strength::Silent,
        0,
        "lighttpd took the server out of use for a while, or back",
    ),
    sign("lighttpd-started", Cause::Unknown, Strength::Silent, 0, "lighttpd started"),
];
static UNRECOGNISED: &Sign = &OTHERS[0];
static TAKEN_OUT: &Sign = &OTHERS[1];
static STARTED: &Sign = &OTHERS[2];

/// How messages begin that are more than a notice.
const BEGINNINGS: [(&[u8], What); 50] = [
    (b"establishing connection failed: ", What::Attempt),
    (b"connect failed: ", What::Attempt),
    (b"response not received, request ", What::Attempt),
    (b"reconnecting; response not received", What::Attempt),
    (b"closing connection; response not received", What::Attempt),
    (b"response already sent out, but backend returned error", What::Attempt),
    (b"terminating connection; response already sent out", What::Attempt),
    (b"read timeout on ", What::Attempt),
    (b"write timeout on ", What::Attempt),
    (b"invalid HTTP status line: ", What::Attempt),
    (b"response headers too large for ", What::Attempt),
    (b"error: unexpected close of ", What::Attempt),
    (b"gw: got a FDEVENT_ERR", What::Attempt),
    (b"fcgi: got a FDEVENT_ERR", What::Attempt),
    (b"cgi-FDEVENT_ERR", What::Attempt),
    (b"proxy-FDEVENT_ERR", What::Attempt),
    (b"socket() failed (cur_fds:", What::Attempt),
    (b"socket failed: ", What::Attempt),
    // Until 1.4.45 nothing else was said of such a request; 1.4.59 and later read an answer all the same.
    (b"connection was dropped after accept() (perhaps the fastcgi ", What::Attempt),
    (b"connection was dropped after accept(). reconnect() denied", What::Attempt),
    (b"connection was dropped after accept() (perhaps the gw ", What::State),
    (b"read() ", What::State),
    (b"read(): ", What::State),
    (b"recv() ", What::State),
    (b"unexpected end-of-file (perhaps the fastcgi process died)", What::State),
    (b"all handlers for ", What::State),
    (b"no proxy-handler found for: ", What::State),
    (b"backend error; we'll disable for ", What::State),
    (b"backend is overloaded; we'll disable it ", What::State),
    (b"backend died; we'll disable it ", What::State),
    (b"gw-server re-enabled: ", What::State),
    (b"fcgi-server re-enabled: ", What::State),
    (b"sockets disabled, ", What::State),
    (b"[note] sockets disabled, ", What::State),
    (b"server started", What::State),
    (b"server stopped", What::Host),
    (b"graceful shutdown started", What::Host),
    (b"[note] graceful shutdown started", What::Host),
    (b"child exited", What::Host),
    (b"child signalled: ", What::Host),
    (b"child signaled: ", What::Host),
    (b"child died somehow", What::Host),
    (b"terminated by signal: ", What::Host),
    (b"CGI pid ", What::Host),
    (b"cgi died, pid: ", What::Host),
    (b"gw-backend failed to start: ", What::Host),
    (b"the fastcgi-backend ", What::Host),
    (b"respawning failed, ", What::Host),
    (b"ERROR: spawning ", What::Host),
    (b"[ERROR]: spawning ", What::Host),
];

/// What messages end with, behind the request that they are about.
const ENDS: [&[u8]; 3] = [b", closing connection", b", reconnecting", b", terminating connection"];

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&SIGNS).ok());

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    head(line).is_ok().then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (text, when) = head(line).ok()?;
    let text = text.trim_ascii_end();
    let what = what(text);
    let mut record = Record { what, when, message: text, ..Record::default() };
    match what {
        What::Notice => {}
        What::Host => {
            record.group = b"lighttpd";
            record.pid = after(text, b"CGI pid ").or_else(|| after(text, b" pid: ")).and_then(number);
        }
        _ => {
            let request = Request::of(text);
            record.message = request.message;
            (record.host, record.path, record.group) = (request.host, request.path, request.group);
            record.upstream = upstream(request.server);
            record.names_upstream = !record.upstream.is_empty();
            record.no_server = !record.group.is_empty();
            record.attempts.push(Attempt { upstream: record.upstream, ..Attempt::default() });
        }
    }
    Some(record)
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    if record.what == What::Notice {
        return Verdict::default();
    }
    let sign = sign_of(record.message);
    let request = (record.what != What::State).then_some(sign);
    Verdict { request, attempts: record.attempts.iter().map(|_| Some(sign)).collect(), ..Verdict::default() }
}

/// `2026-11-27 18:07:31: (gw_backend.c.274) `, with nanoseconds where a feature is set, and what follows it. To syslog
/// lighttpd writes no time. Some builds put the path of the source file into the parentheses.
fn head(i: &[u8]) -> Parsed<'_, Option<When>> {
    let (rest, when) = opt(terminated(iso, tag(": "))).parse(i)?;
    let (rest, file) = delimited(tag("("), until(b')'), tag(") ")).parse(rest)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-./\\:".contains(byte);
    let (name, number) = match memmem::rfind(file, b".c.") {
        Some(at) => (&file[..at], &file[at + 3..]),
        None => return mismatch(),
    };
    let is_source = !name.is_empty() && name.iter().all(is_name) && (when.is_some() || is_own_source(name));
    if !is_source || number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return mismatch();
    }
    Ok((rest, when))
}

/// Whether a source file is one of lighttpd's that tell of requests, with a path or without: to syslog it writes no time,
/// and other programs name their files too.
fn is_own_source(name: &[u8]) -> bool {
    let file = name.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or(name);
    file.starts_with(b"mod_")
        || [&b"gw_backend"[..], b"http-header-glue", b"response", b"server", b"connections"].contains(&file)
}

/// What kind of thing a message tells. See the [module](self) for which of several counts.
fn what(text: &[u8]) -> What {
    let known = BEGINNINGS.iter().find(|(start, _)| text.starts_with(start));
    match known.map_or(What::Notice, |(_, what)| *what) {
        // mod_cgi's own timeouts, and whatever else fails in reading a file.
        What::State if text.starts_with(b"read()") || text.starts_with(b"recv()") => {
            let reason = MATCHER.as_ref().and_then(|matcher| matcher.best(text));
            if reason.is_some_and(|sign| sign.kind.starts_with("lighttpd-")) { What::State } else { What::Notice }
        }
        what => what,
    }
}

fn sign_of(message: &[u8]) -> &'static Sign {
    // Behind these words a request or an answer is quoted.
    let own = [&b" for "[..], b" for: ", b" line: "].iter().find_map(|mark| place_of(message, mark));
    let starts = |start: &[u8]| message.starts_with(start);
    match () {
        () if starts(b"backend ") || starts(b"gw-server ") || starts(b"fcgi-server ") => TAKEN_OUT,
        () if starts(b"server started") => STARTED,
        () => {
            let own = &message[..own.unwrap_or(message.len())];
            MATCHER.as_ref().and_then(|matcher| matcher.best(own)).unwrap_or(UNRECOGNISED)
        }
    }
}

/// A message without the request that it names.
#[derive(Clone, Copy, Debug, Default)]
struct Request<'a> {
    message: &'a [u8],
    /// What may name the server, and holds nothing that a client sent.
    server: &'a [u8],
    host: &'a [u8],
    path: &'a [u8],
    /// The prefix or suffix that servers are configured for.
    group: &'a [u8],
}

impl<'a> Request<'a> {
    fn of(text: &'a [u8]) -> Self {
        let whole = Self { message: text, server: text, ..Self::default() };
        // `all handlers for /cart?id=7 on /shop are down.`: the message is nothing without its end.
        if let Some(rest) = text.strip_prefix(b"all handlers for ") {
            let rest = rest.trim_ascii_start().strip_suffix(b" are down.").unwrap_or_default();
            let at = memmem::rfind(rest, b" on ");
            return at.map_or(whole, |at| Self {
                path: path(&rest[..at]),
                group: &rest[at + 4..],
                server: b"",
                ..whole
            });
        }
        if let Some(asked) = text.strip_prefix(b"no proxy-handler found for: ") {
            return Self { path: path(asked), server: b"", ..whole };
        }
        if text.starts_with(b"error: unexpected close of ") {
            let (asked, server) = (after(text, b" connection for "), memmem::rfind(text, b" (no "));
            let asked = asked.and_then(|asked| asked.get(..server?.checked_sub(text.len() - asked.len())?));
            let server = &text[server.unwrap_or(text.len())..];
            return Self { server, path: path(asked.unwrap_or_default()), ..whole };
        }
        let named = place_of(text, b" for ").filter(|_| {
            text.starts_with(b"response headers too large for ") || place_of(text, b" on socket: ").is_some()
        });
        let Some(at) = named else { return whole };
        let (message, asked) = (&text[..at], &text[at + 5..]);
        let asked = ENDS.iter().find_map(|end| asked.strip_suffix(*end)).unwrap_or(asked);
        // Since 1.4.76 the host stands before the path; it may be empty.
        let (host, asked) = match memchr(b' ', asked).filter(|_| !asked.starts_with(b"/")) {
            Some(space) => (&asked[..space], &asked[space + 1..]),
            None => (&b""[..], asked),
        };
        Self { message, server: message, host, path: path(asked), ..whole }
    }
}

/// A path with its query, which lighttpd writes a `?` before whether there is one or not.
fn path(asked: &[u8]) -> &[u8] {
    asked.strip_suffix(b"?").unwrap_or(asked)
}

/// The server that a message names: `127.0.0.1:9399` of `socket: tcp:127.0.0.1:9399: Connection refused`; a unix socket
/// with its `unix:`.
fn upstream(message: &[u8]) -> &[u8] {
    // `connect failed: Connection refused on unix:/run/shop/php.sock` of 1.4.45.
    let labels: [&[u8]; 2] =
        if message.starts_with(b"connect failed: ") { [b" on ", b"socket: "] } else { [b"socket: ", b"re-enabled: "] };
    let Some(name) = labels.iter().find_map(|label| after(message, label)) else { return b"" };
    let name = &name[..memchr(b' ', name).unwrap_or(name.len())];
    let name = name.strip_suffix(b":").unwrap_or(name);
    name.strip_prefix(b"tcp:").unwrap_or(name)
}

fn number(i: &[u8]) -> Option<u64> {
    uint(i).ok().map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn sign(text: &str) -> (What, Option<&'static Sign>, String) {
        let line = format!("2026-11-27 18:07:31: (gw_backend.c.274) {text}");
        assert!(matches!(skim(line.as_bytes()), Some(Skimmed::Full)), "{line}");
        let record = read(line.as_bytes()).unwrap_or_default();
        let verdict = judge(&record, &Statuses::gateway());
        assert_eq!(verdict.attempts.len(), record.attempts.len(), "{line}");
        let sign = verdict.attempts.first().copied().flatten().or(verdict.request);
        (record.what, sign, String::from_utf8_lossy(record.upstream).into_owned())
    }

    /// The kind of line, the sign's cause and the client's status, and the upstream: `Attempt connection-refused 503
    /// 127.0.0.1:80`.
    fn sense(text: &str) -> String {
        let (what, sign, upstream) = sign(text);
        let sign = sign.map_or(String::new(), |sign| format!(" {} {}", sign.cause.slug(), sign.status));
        format!("{what:?}{sign} {upstream}").trim_end().to_owned()
    }

    /// By the source of 1.4.28 to 1.4.85, where nothing else is said of a line.
    const CASES: [(&str, &str); 76] = [
        // The C libraries' words: glibc's, musl's, BSD's.
        (
            "establishing connection failed: socket: tcp:10.0.0.5:80: Connection refused",
            "Attempt connection-refused 503 10.0.0.5:80",
        ),
        (
            "establishing connection failed: socket: tcp:10.0.0.5:80: Operation timed out",
            "Attempt connect-timeout 503 10.0.0.5:80",
        ),
        (
            "establishing connection failed: socket: tcp:10.0.0.5:80: Connection timed out",
            "Attempt connect-timeout 503 10.0.0.5:80",
        ),
        (
            "establishing connection failed: socket: tcp:10.0.0.5:80: No route to host",
            "Attempt host-unreachable 503 10.0.0.5:80",
        ),
        (
            "establishing connection failed: socket: tcp:10.0.0.5:80: Host is unreachable",
            "Attempt host-unreachable 503 10.0.0.5:80",
        ),
        (
            "establishing connection failed: socket: tcp:10.0.0.5:80: Network unreachable",
            "Attempt host-unreachable 503 10.0.0.5:80",
        ),
        (
            "establishing connection failed: socket: unix:/run/a.sock: No such file or directory",
            "Attempt socket-missing 503 unix:/run/a.sock",
        ),
        (
            "establishing connection failed: socket: unix:/run/a.sock: Permission denied",
            "Attempt permission-denied 503 unix:/run/a.sock",
        ),
        (
            "establishing connection failed: socket: tcp:::1:80: Connection reset by peer",
            "Attempt connection-reset 503 ::1:80",
        ),
        (
            "establishing connection failed: socket: unix:/run/a.sock: Resource temporarily unavailable",
            "Attempt backlog-full 503 unix:/run/a.sock",
        ),
        (
            "establishing connection failed: Resource temporarily unavailable socket: unix:/run/a.sock ",
            "Attempt backlog-full 503 unix:/run/a.sock",
        ),
        (
            "connect failed: Resource temporarily unavailable on unix:/run/a.sock ",
            "Attempt backlog-full 503 unix:/run/a.sock",
        ),
        // Over TCP there is no such queue to say so.
        (
            "establishing connection failed: socket: tcp:10.0.0.5:80: Resource temporarily unavailable",
            "Attempt proxy-exhausted 503 10.0.0.5:80",
        ),
        (
            "establishing connection failed: socket: tcp:10.0.0.5:80: Cannot assign requested address",
            "Attempt proxy-exhausted 503 10.0.0.5:80",
        ),
        ("establishing connection failed: socket: tcp:10.0.0.5:80: Bad thing", "Attempt unknown 503 10.0.0.5:80"),
        ("establishing connection failed: Connection refused port: 8080 ", "Attempt connection-refused 503"),
        ("connect failed: Connection refused on tcp:10.0.0.5:80 ", "Attempt connection-refused 503 10.0.0.5:80"),
        ("connect failed: 9 Connection refused 111 ", "Attempt connection-refused 503"),
        ("connect succeeded: 9", "Notice"),
        ("connect delayed; will continue later: tcp:10.0.0.5:80", "Notice"),
        // What a spawned application's socket is tested with before it starts.
        ("connect() /run/a.sock-0: Connection refused", "Notice"),
        ("socket() failed (cur_fds:1020) (max_fds:1024): Too many open files", "Attempt proxy-exhausted 503"),
        ("socket failed: Too many open files 1020 1024 ", "Attempt proxy-exhausted 503"),
        ("all handlers for /a?b on .php are down.", "State no-live-upstream 0"),
        ("all handlers for  /a on .php are down. ", "State no-live-upstream 0"),
        ("no proxy-handler found for: /a ", "State no-live-upstream 0"),
        (
            "response not received, request sent: 912 on socket: tcp:10.0.0.5:80 for /a?, closing connection",
            "Attempt closed-early 500 10.0.0.5:80",
        ),
        (
            "response not received, request not sent on socket: tcp:10.0.0.5:80 for /a?, reconnecting",
            "Attempt closed-early 500 10.0.0.5:80",
        ),
        (
            "closing connection; response not received, but request sent on socket: tcp:10.0.0.5:80 (pid:0) for a /b?",
            "Attempt closed-early 500 10.0.0.5:80",
        ),
        (
            "closing connection; response not received, but too many retries on socket: tcp:10.0.0.5:80 (pid:0) for a /b?",
            "Attempt closed-early 500 10.0.0.5:80",
        ),
        (
            "reconnecting; response not received, request not sent on socket: tcp:10.0.0.5:80 (pid:0) for a /b?",
            "Attempt closed-early 500 10.0.0.5:80",
        ),
        (
            "response already sent out, but backend returned error on socket: tcp:10.0.0.5:80 for /a?, terminating connection",
            "Attempt truncated-response 0 10.0.0.5:80",
        ),
        (
            "terminating connection; response already sent out, but backend returned error on socket: tcp:10.0.0.5:80 (pid:0) for a /b?",
            "Attempt truncated-response 0 10.0.0.5:80",
        ),
        ("read() 9 11: Connection reset by peer", "State connection-reset 500"),
        ("recv() 9 11: Connection reset by peer", "State connection-reset 500"),
        ("read(): Connection reset by peer 9 11 ", "State connection-reset 500"),
        ("read() 9 11: Connection timed out", "State host-unreachable 500"),
        ("read() 9 11: Invalid argument", "State backlog-full 500"),
        ("read() 9 11: Input/output error", "Notice"),
        (
            "unexpected end-of-file (perhaps the fastcgi process died):pid: 7 socket: unix:/run/a.sock-0",
            "State closed-early 500 unix:/run/a.sock-0",
        ),
        (
            "unexpected end-of-file (perhaps the fastcgi process died) on socket: unix:/run/a.sock-0 (pid:7) for a /b?",
            "State closed-early 500 unix:/run/a.sock-0",
        ),
        (
            "connection was dropped after accept() (perhaps the gw process died), write-offset: 0 socket: unix:/run/a.sock",
            "State closed-early 0 unix:/run/a.sock",
        ),
        (
            "connection was dropped after accept() (perhaps the fastcgi process died), write-offset: 0 socket: unix:/run/a.sock ",
            "Attempt closed-early 503 unix:/run/a.sock",
        ),
        (
            "connection was dropped after accept(). reconnect() denied: write-offset: 0 reconnect attempts: 5 ",
            "Attempt closed-early 503",
        ),
        (
            "error: unexpected close of gw connection for /a?b (no gw process on socket: tcp:10.0.0.5:80 ?) 4",
            "Attempt closed-early 500 10.0.0.5:80",
        ),
        (
            "error: unexpected close of fastcgi connection for /a?b (no fastcgi process on socket: tcp:10.0.0.5:80 ?) 4 ",
            "Attempt closed-early 500 10.0.0.5:80",
        ),
        ("gw: got a FDEVENT_ERR. Don't know why.", "Attempt connection-reset 500"),
        ("read timeout on socket: tcp:10.0.0.5:80 (fd: 11)", "Attempt response-timeout 504 10.0.0.5:80"),
        ("write timeout on socket: tcp:10.0.0.5:80 (fd: 11)", "Attempt response-timeout 504 10.0.0.5:80"),
        ("read timeout on CGI: /srv/a.cgi (pid: 7)", "Attempt response-timeout 504"),
        ("invalid HTTP status line: HTTP/1.1 99 Low", "Attempt invalid-response 502"),
        ("response headers too large for /a", "Attempt header-too-big 502"),
        (
            "backend error; we'll disable for 1secs and send the request to another backend instead:load: 5",
            "State unknown 0",
        ),
        (
            "backend is overloaded; we'll disable it for 1 seconds and send the request to another backend instead: reconnects: 0 load: 129 ",
            "State unknown 0",
        ),
        (
            "backend died; we'll disable it for 1 seconds and send the request to another backend instead: reconnects: 0 load: 1 ",
            "State unknown 0",
        ),
        ("gw-server re-enabled: tcp:10.0.0.5:80 10.0.0.5 80 ", "State unknown 0 10.0.0.5:80"),
        ("fcgi-server re-enabled: unix:/run/a.sock ", "State unknown 0 unix:/run/a.sock"),
        ("child signalled: 9", "Host worker-killed 0"),
        ("child signaled: 11 ", "Host worker-killed 0"),
        ("terminated by signal: 11 ", "Host worker-killed 0"),
        ("child exited: 3 unix:/run/a.sock-0", "Host worker-killed 0"),
        ("child exited, pid: 7 status: 255 ", "Host worker-killed 0"),
        ("child died somehow: 4", "Host worker-killed 0"),
        ("CGI pid 7 died with signal 11", "Host worker-killed 0"),
        ("CGI pid 7 ended unexpectedly", "Host worker-killed 0"),
        ("cgi died, pid: 7 ", "Host worker-killed 0"),
        ("gw-backend failed to start: /srv/a.fcgi", "Host worker-killed 0"),
        ("ERROR: spawning gw failed.", "Host worker-killed 0"),
        ("[ERROR]: spawning fcgi failed. ", "Host worker-killed 0"),
        ("respawning failed, will retry later", "Host worker-killed 0"),
        ("[note] sockets disabled, connection limit reached", "State proxy-exhausted 0"),
        ("[note] sockets enabled again", "Notice"),
        ("server started (lighttpd/1.4.85)", "State unknown 0"),
        ("server stopped by UID = 0 PID = 1", "Host draining 0"),
        ("[note] graceful shutdown started", "Host draining 0"),
        ("FastCGI-stderr:PHP message: connect() failed: Connection refused", "Notice"),
    ];

    #[test]
    fn reads_what_each_release_writes() {
        for (text, expected) in CASES {
            assert_eq!(sense(text), expected, "{text}");
        }
    }

    #[test]
    fn every_sign_has_a_case() {
        let reached: BTreeSet<&str> = CASES.iter().filter_map(|(text, _)| sign(text).1).map(|sign| sign.kind).collect();
        let all: BTreeSet<&str> = SIGNS.iter().chain(&OTHERS).map(|sign| sign.kind).collect();
        assert_eq!(reached, all);
    }

    /// What a line was read as, without its time.
    fn said(line: &str) -> String {
        told(only(Format::LighttpdError, line))
    }

    #[test]
    fn reads_layouts() {
        let expected = "what=Attempt upstream=10.0.0.5:80 message=read timeout on socket: tcp:10.0.0.5:80 (fd: 11) names=upstream attempts=[10.0.0.5:80 - -/-/-]";
        for before in [
            "2026-11-27 18:07:31: (gw_backend.c.2708)",
            "2026-11-27 18:07:31.000764140: (gw_backend.c.2708)",
            "2026-11-27 18:07:31: (../src/gw_backend.c.2708)",
            r"2026-11-27 18:07:31: (C:\lighttpd\src\gw_backend.c.2708)",
            "(gw_backend.c.2708)",
        ] {
            let line = format!("{before} read timeout on socket: tcp:10.0.0.5:80 (fd: 11)");
            assert_eq!(said(&line), expected, "{line}");
        }
    }

    #[test]
    fn takes_requests_apart() {
        for (text, host, path, group, message) in [
            (
                "all handlers for /a b?c on /d on .php are down.",
                "",
                "/a b?c on /d",
                ".php",
                "all handlers for /a b?c on /d on .php are down.",
            ),
            ("all handlers for /a? on  are down.", "", "/a", "", "all handlers for /a? on  are down."),
            ("all handlers for /a", "", "", "", "all handlers for /a"),
            ("no proxy-handler found for: /a", "", "/a", "", "no proxy-handler found for: /a"),
            (
                "response not received, request sent: 9 on socket: unix:/a for /b for socket: tcp:1.2.3.4:5?c, closing connection",
                "",
                "/b for socket: tcp:1.2.3.4:5?c",
                "",
                "response not received, request sent: 9 on socket: unix:/a",
            ),
            (
                "reconnecting; response not received, request not sent on socket: unix:/a (pid:0) for shop.example.com:8080 /b c?",
                "shop.example.com:8080",
                "/b c",
                "",
                "reconnecting; response not received, request not sent on socket: unix:/a (pid:0)",
            ),
            (
                "reconnecting; response not received, request not sent on socket: unix:/a (pid:0) for  /b?c",
                "",
                "/b?c",
                "",
                "reconnecting; response not received, request not sent on socket: unix:/a (pid:0)",
            ),
            (
                "error: unexpected close of gw connection for /a (no gw process on socket: tcp:1.2.3.4:5 ?) (no gw process on socket: unix:/b ?) 4",
                "",
                "/a (no gw process on socket: tcp:1.2.3.4:5 ?)",
                "",
                "error: unexpected close of gw connection for /a (no gw process on socket: tcp:1.2.3.4:5 ?) (no gw process on socket: unix:/b ?) 4",
            ),
            ("response headers too large for /a", "", "/a", "", "response headers too large"),
        ] {
            let line = format!("2026-11-27 18:07:31: (a.c.1) {text}");
            let record = read(line.as_bytes()).unwrap_or_default();
            let read = [record.host, record.path, record.group, record.message].map(String::from_utf8_lossy);
            assert_eq!(read, [host, path, group, message], "{text}");
        }
        assert_eq!(
            sense(
                "error: unexpected close of gw connection for /socket: tcp:1.2.3.4:5 (no gw process on socket: unix:/b ?) 4"
            ),
            "Attempt closed-early 500 unix:/b"
        );
    }

    #[test]
    fn what_clients_wrote_says_nothing() {
        for text in [
            "all handlers for /establishing connection failed: Connection refused? on /a are down.",
            "all handlers for /dial tcp 1.2.3.4:5: connect: connection refused? on /a are down.",
        ] {
            assert_eq!(sense(text), "State no-live-upstream 0", "{text}");
        }
        assert_eq!(
            sense("invalid HTTP status line: dial tcp 1.2.3.4:5: connect: connection refused"),
            "Attempt invalid-response 502"
        );
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "2026-11-27 18:07:31: gw_backend.c.274 establishing connection failed",
            "2026-11-27 18:07:31 (gw_backend.c.274) establishing connection failed",
            "2026-11-27 18:07:31: (gw_backend.c) establishing connection failed",
            "2026-11-27 18:07:31: (gw_backend.c.) establishing connection failed",
            "2026-11-27 18:07:31: (app.py.274) establishing connection failed",
            "2026-11-27 18:07:31: (.c.274) establishing connection failed",
            "2026-11-27 18:07:31: (a b.c.274) establishing connection failed",
            "mod_proxy.c(470): establishing connection failed",
            "(",
            "",
        ] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::LighttpdError, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::LighttpdError)) {
            agrees(Format::LighttpdError, &line);
        }
    }
}
