//! LiteSpeed's and OpenLiteSpeed's error log, and the log of what lsphp writes to its standard error (`stderr.log`).
//!
//! The layout is `src/log4cxx/patternlayout.cpp`'s, with the pattern of `src/http/httplog.cpp`; LiteSpeed Enterprise
//! adds the thread. In front of what is said of a request stands its session (`HttpSession::buildLogId`): the client,
//! the protocol, how many requests came before, the client that another proxy named, the virtual host, the handler.
//!
//! | line | what it is |
//! | --- | --- |
//! | `[SESSION] oops!  503 Service Unavailable` | a failed request, once for each: it counts ([`What::Attempt`]) |
//! | `[SESSION] connection to [uds://…] on request #0, …, error: …!` | why a try failed, and three tries make a failure: it explains ([`What::State`], with the status of the failure) |
//! | `[uds://…] Connection refused, restart!` | the same of an application, whoever asked for it |
//! | `[SESSION] Premature end of response header.` | a request that is answered with 500, without an "oops": it counts |
//! | `[UID:…][PID] Reached max children process limit: …` | what happened to processes ([`What::Host`]) |

use super::record::{sign, wording};
use super::{About, Attempt, Escape, Record, Skimmed, Statuses, Verdict, What, nginx};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::address::{is_ip, is_server};
use crate::grammar::number::{uint, whole};
use crate::grammar::text::{Starts, bracketed, place_of};
use crate::grammar::time::iso;
use memchr::{memchr, memrchr, memrchr_iter};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "litespeed-error",
    proxy: Proxy::LITESPEED,
    title: "LiteSpeed's and OpenLiteSpeed's error log, and lsphp's stderr.log: why requests were answered with 503",
    layout: "YYYY-MM-DD HH:MM:SS.UUUUUU [LEVEL] [PID] [THREAD] [CLIENT:PORT:PROTOCOL-N#VHOST:HANDLER] MESSAGE\n\
        YYYY-MM-DD HH:MM:SS.UUUUUU [LEVEL] [PID] [APPLICATION] MESSAGE\n\
        YYYY-MM-DD HH:MM:SS.MMM [STDERR] [UID:UID][PID] MESSAGE",
    time: "when it was written",
    source: "OpenLiteSpeed, src/http/httplog.cpp, src/http/httpsession.cpp and src/extensions; PHP, \
        sapi/litespeed/lsapilib.c",
    samples: &[
        "2026-11-21 02:57:46.158735 [NOTICE] [15370] [T0] [203.0.113.9:45164:HTTP2-41#APVH_shop.example.com:lsapi] oops!  503 Service Unavailable",
        "2026-11-21 02:57:46.158301 [INFO] [15370] [T0] [203.0.113.9:45164:HTTP2-41#APVH_shop.example.com:lsapi] connection to [uds://tmp/lshttpd/lsphp.sock] on request #0, confirmed, 0, associated process: 0, running: 0, error: Connection refused!",
        "2026-11-21 02:57:46.158001 [INFO] [15370] [uds://tmp/lshttpd/lsphp.sock] Connection refused, restart!",
        "2026-11-21 02:58:02.004127 [NOTICE] [15370] [203.0.113.9:45164#shop.example.com:lsapi] No request delivery notification has been received from LSAPI application, possible dead lock.",
        "2026-11-21 02:58:02.104 [STDERR] [UID:1001][21584] Reached max children process limit: 10, extra: 3, current: 13, busy: 13, please increase LSAPI_CHILDREN.",
        "2016-11-21 02:57:46.158\tNOTICE\t[203.0.113.9:45164-1#shop.example.com] oops!  503 Service Unavailable",
    ],
    signs: &[&SIGNS],
};

/// A connection to an application that failed, up to the reason: `connection to [uds://tmp/lshttpd/lsphp.sock] on
/// request #0, confirmed, 1, associated process: 603, running: 0, error: `. OpenLiteSpeed writes it with the level
/// `DEBUG`, without the process.
macro_rules! broke {
    ($state:literal, $error:literal) => {
        concat!(r"^[Cc]onnection to \[.+\] on request #", $state, r".*, error: (?:", $error, ")")
    };
}

/// LiteSpeed answers all that it did not get an answer for with 503, timeouts too (`HttpExtConnector::tryRecover`).
static SIGNS: [Sign; 46] = [
    sign("litespeed-503", Cause::Unknown, Strength::Silent, 503, "LiteSpeed answered 503; the line does not say why"),
    // A connection: ExtConn::connError
    wording(
        "litespeed-connect-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        503,
        "the application refused the connection",
        broke!("", "Connection refused"),
    ),
    wording(
        "litespeed-connect-socket-missing",
        Cause::SocketMissing,
        Strength::Conclusive,
        503,
        "the application's unix socket does not exist",
        broke!("", "No such file or directory"),
    ),
    wording(
        "litespeed-connect-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        503,
        "LiteSpeed was not allowed to connect to the application",
        broke!("", "Permission denied|Operation not permitted"),
    ),
    wording(
        "litespeed-connect-backlog",
        Cause::BacklogFull,
        Strength::Conclusive,
        503,
        "the application's queue of waiting connections was full",
        broke!("", "Resource temporarily unavailable"),
    ),
    wording(
        "litespeed-connect-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        503,
        "the application's host or network could not be reached",
        broke!("", "No route to host|Host is (?:unreachable|down)|Network is (?:unreachable|down)"),
    ),
    wording(
        "litespeed-connect-exhausted",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "LiteSpeed had no local port, descriptor or memory left for the connection",
        broke!("", "Cannot assign requested address|Too many open files|Cannot allocate memory|No buffer space"),
    ),
    wording(
        "litespeed-response-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        503,
        "the application had taken the request and did not answer in time",
        broke!(r"\d+, confirmed,? 1\b", "Connection timed out"),
    ),
    wording(
        "litespeed-process-gone",
        Cause::WorkerKilled,
        Strength::Strong,
        503,
        "the connection failed, and the process behind it did not run any more",
        broke!(
            r"(?:0, confirmed,? \d+|\d+, confirmed,? 1), associated process: [1-9]\d*, running: 0\b",
            "Connection reset by peer|Broken pipe|Connection timed out"
        ),
    ),
    wording(
        "litespeed-not-taken",
        Cause::BacklogFull,
        Strength::Strong,
        503,
        "no process of the application took the request in time",
        broke!(r"\d+, confirmed,? 0\b", "Connection timed out"),
    ),
    wording(
        "litespeed-idle-closed",
        Cause::KeepaliveRace,
        Strength::Strong,
        503,
        "a connection that had served requests before was closed as LiteSpeed used it again",
        broke!(r"[1-9]\d*, confirmed,? 0\b", "Connection reset by peer|Broken pipe"),
    ),
    wording(
        "litespeed-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        503,
        "the application reset the connection before it answered",
        broke!(r"(?:0|\d+, confirmed,? 1\b)", "Connection reset by peer"),
    ),
    wording(
        "litespeed-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        503,
        "the application closed the connection before it took the request",
        broke!(r"(?:0|\d+, confirmed,? 1\b)", "Broken pipe"),
    ),
    // An application: ExtWorker::connectionError. The first is written where the socket is missing, too.
    wording(
        "litespeed-app-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        503,
        "the application refused connections, and was restarted if LiteSpeed may do that",
        r"^\[(?:https?://)?[^/\]]+\] Connection refused, restart!",
    ),
    wording(
        "litespeed-app-socket-refused",
        Cause::ConnectionRefused,
        Strength::Strong,
        503,
        "nobody listened on the application's unix socket, and LiteSpeed restarted it",
        r"^\[(?i:uds)://?[^\]]+\] Connection refused, restart!",
    ),
    wording(
        "litespeed-app-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        503,
        "LiteSpeed was not allowed to connect to the application",
        r"^\[[^\]]+\] Connection error: (?:Permission denied|Operation not permitted), adjust ",
    ),
    wording(
        "litespeed-app-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        503,
        "the application's host or network could not be reached",
        r"^\[[^\]]+\] Connection error: (?:No route to host|Host is|Network is).*, adjust ",
    ),
    wording(
        "litespeed-app-exhausted",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "LiteSpeed had no local port, descriptor or memory left for connections to the application",
        r"^\[[^\]]+\] Connection error: (?:Cannot assign requested address|Too many open files|Cannot allocate memory|No buffer space available), adjust ",
    ),
    wording(
        "litespeed-app-error",
        Cause::NoLiveUpstream,
        Strength::Weak,
        503,
        "connections to the application failed, and LiteSpeed opens fewer",
        r"^\[[^\]]+\] Connection error: .*, adjust maximum connections to \d+",
    ),
    wording(
        "litespeed-app-bad",
        Cause::NoLiveUpstream,
        Strength::Strong,
        503,
        "all connections to the application had failed, and it was not asked again until its retry timeout was over",
        r"^\[[^\]]+\] All connections had gone bad, mark it as bad",
    ),
    wording(
        "litespeed-no-processes",
        Cause::ProxyExhausted,
        Strength::Strong,
        503,
        "a limit on processes or memory kept the application from being started",
        concat!(
            r"^\[[^\]]+\]: Failed to start one instance\. pid: -?\d+ Resource limit reached",
            r"|^lscgid: execve\(\):.*: (?:Resource temporarily unavailable|Cannot allocate memory)",
        ),
    ),
    wording(
        "litespeed-app-not-started",
        Cause::NoLiveUpstream,
        Strength::Strong,
        503,
        "LiteSpeed could not start the application",
        concat!(
            r"^\[[^\]]+\] Can not start this external application",
            r"|^\[[^\]]+\]: Failed to (?:start one instance|lock pid file for|listen socket)",
            r"|^Start (?:FCGI )?\[[^\]]+\]: failed to start the |: cgidSuEXEC failed",
        ),
    ),
    wording(
        "litespeed-not-executable",
        Cause::PermissionDenied,
        Strength::Strong,
        503,
        "the application's program may not be run, or does not exist",
        concat!(
            r"^lscgid: execve\(\):.*: (?:Permission denied|No such file or directory|Exec format error)",
            r"|^execve\(\) failed with errno=(?:2|8|13),|suExec access denied",
        ),
    ),
    // Requests: ExtConn::onSecTimer, LsapiConn::onTimer, ProxyConn::onTimer, HttpExtConnector
    wording(
        "litespeed-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        503,
        "the application did not accept the connection within two seconds",
        r"^ExtConn timed out while connecting",
    ),
    wording(
        "litespeed-first-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        503,
        "the application did not answer within its initial request timeout",
        r"^ExtConn timed out while processing",
    ),
    wording(
        "litespeed-dead-lock",
        Cause::BacklogFull,
        Strength::Strong,
        503,
        "no lsphp process took the request in time: all were busy, stuck, or could not be started",
        r"^No request delivery notification has been received",
    ),
    wording(
        "litespeed-invalid-response",
        Cause::InvalidResponse,
        Strength::Conclusive,
        503,
        "the application's answer did not begin as HTTP does",
        r"^Invalid Http response header",
    ),
    wording(
        "litespeed-invalid-packet",
        Cause::ProtocolMismatch,
        Strength::Strong,
        503,
        "the application did not speak LiteSpeed's LSAPI, or broke it off",
        r"^LSAPI Packet header is invalid|^Unknown Packet Type |^Invalid LSAPI |^Invalid AJP response",
    ),
    wording(
        "litespeed-premature-end",
        Cause::ClosedEarly,
        Strength::Strong,
        500,
        "the application ended its answer before its header was complete",
        r"^Premature end of response header",
    ),
    wording(
        "litespeed-header-too-big",
        Cause::HeaderTooBig,
        Strength::Conclusive,
        500,
        "the answer's header was larger than LiteSpeed's limit for dynamic responses",
        r"^The size of dynamic response header",
    ),
    wording(
        "litespeed-body-timeout",
        Cause::BodyTimeout,
        Strength::Conclusive,
        0,
        "the application stalled in the middle of its answer",
        r"^Timeout, partial (?:chunk encoded|response) body received",
    ),
    wording(
        "litespeed-no-application",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        500,
        "no application of the load balancer could be tried",
        r"^External processor is not available!",
    ),
    wording(
        "litespeed-modsecurity",
        Cause::Blocked,
        Strength::Conclusive,
        503,
        "a rule of ModSecurity refused the request",
        r"^\[Module:mod_security\] .* Access denied with code 503 ",
    ),
    // The server itself
    wording(
        "litespeed-no-swap",
        Cause::GatewayInternal,
        Strength::Strong,
        500,
        "LiteSpeed had no room to keep the answer in",
        r"^Ran out of swapping space |^Failed to (?:obtain|initialize) .*VMemBuf",
    ),
    wording(
        "litespeed-no-descriptor",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "LiteSpeed had no file descriptor left to open a file with",
        r"^Failed to open file \[.*\], error: Too many open files",
    ),
    wording(
        "litespeed-accept-no-descriptor",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        0,
        "LiteSpeed had no file descriptor left to accept clients with",
        r"^HttpListener::acceptConnection\(\): Accept failed:Too many open files",
    ),
    wording(
        "litespeed-crashed",
        Cause::GatewayInternal,
        Strength::Strong,
        0,
        "a process of LiteSpeed was killed by a signal",
        r"^\[AutoRestarter\] child process with pid=\d+ received signal=",
    ),
    wording(
        "litespeed-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "LiteSpeed was stopped",
        r"^SIGTERM received, stop server|^(?:\[PID:\d+\] )?Server Stopped!",
    ),
    wording(
        "litespeed-restarting",
        Cause::Draining,
        Strength::Weak,
        0,
        "LiteSpeed was restarted",
        r"^Server Restart Request via Signal|^Server restart request from admin|^SIGHUP received, start count down",
    ),
    // lsphp: lsapi_prefork_server_accept, lsapi_sigchild, lsapi_check_child_status in lsapilib.c
    wording(
        "lsphp-max-children",
        Cause::BacklogFull,
        Strength::Strong,
        0,
        "all lsphp processes were busy, and no more were allowed",
        r"^Reached max children process limit: ",
    ),
    wording(
        "lsphp-crashed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "an lsphp process crashed",
        r"^(?:Cgid: )?Child process with pid: \d+ was killed by signal: (?:4|6|7|8|11)\b",
    ),
    wording(
        "lsphp-killed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "an lsphp process was killed, for lack of memory, for a limit or by hand",
        r"^(?:Cgid: )?Child process with pid: \d+ was killed by signal: 9\b",
    ),
    wording(
        "lsphp-terminated",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "an lsphp process was ended by a signal",
        r"^(?:Cgid: )?Child process with pid: \d+ was killed by signal: ",
    ),
    wording(
        "lsphp-runaway",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "an lsphp process was ended because its request ran longer than LSAPI_MAX_PROCESS_TIME",
        r"^(?:Force killing|Killing) runaway process PID: ",
    ),
    wording(
        "lsphp-fork-failed",
        Cause::ProxyExhausted,
        Strength::Strong,
        0,
        "lsphp could not start another process: a limit on processes or memory was reached",
        r"^fork\(\) failed, please increase process limit",
    ),
    sign(
        "litespeed-unrecognised",
        Cause::Unknown,
        Strength::Silent,
        503,
        "LiteSpeed logged an error about an application that is not in the catalogue",
    ),
];
static UNEXPLAINED: &Sign = &SIGNS[0];
static UNRECOGNISED: &Sign = &SIGNS[SIGNS.len() - 1];

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&SIGNS).ok());

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    prefix(line).map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (mut record, text) = prefix(line)?;
    let text = session(text, &mut record).unwrap_or(text);
    record.message = text.trim_ascii();
    record.what = what(&record);
    match record.what {
        What::Notice => (record.method, record.path) = requested(record.message).unwrap_or_default(),
        What::Host => {
            record.group = if is_of_application(record.message) { b"lsphp" } else { b"litespeed" };
            record.pid = process(record.message).or(record.pid);
        }
        _ => {
            let application = application(record.message);
            match upstream(application) {
                Some(upstream) => record.upstream = upstream,
                // A virtual host comes with a session alone.
                None if record.client.is_empty() => record.upstream = application,
                None => {}
            }
            record.names_upstream = !record.upstream.is_empty();
            record.attempts.push(Attempt { upstream: record.upstream, ..Attempt::default() });
        }
    }
    Some(record)
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    if record.what == What::Notice {
        return Verdict::default();
    }
    let sign = if is_answered(record.message) {
        UNEXPLAINED
    } else {
        MATCHER.as_ref().and_then(|matcher| matcher.best(record.message)).unwrap_or(UNRECOGNISED)
    };
    let request = (record.what != What::State).then_some(sign);
    Verdict { request, attempts: record.attempts.iter().map(|_| Some(sign)).collect(), ..Verdict::default() }
}

/// Whether a message is the one that stands once for each request that is answered with 503
/// (`HttpSession::sendHttpError`).
fn is_answered(message: &[u8]) -> bool {
    message.strip_prefix(b"oops!").is_some_and(|rest| rest.trim_ascii_start().starts_with(b"503 "))
}

/// What stands in front of all lines, and the rest: a stamp with three or six decimals, and what tells whose line it is.
fn prefix(line: &[u8]) -> Option<(Record<'_>, &[u8])> {
    if line.get(10) != Some(&b' ') || line.get(19) != Some(&b'.') {
        return None;
    }
    let (rest, when) = iso(line).ok()?;
    line.len().checked_sub(rest.len() + 20).filter(|decimals| matches!(decimals, 3 | 6))?;
    let record = Record { when: Some(when), escape: Escape::None, ..Record::default() };
    match rest.first()? {
        b'\t' => with_tabs(&rest[1..], record),
        b' ' if rest.starts_with(b" [UID:") => of_lsphp(&rest[1..], record),
        b' ' => {
            let (rest, level) = bracketed(&rest[1..]).ok()?;
            let (rest, record) = (rest.strip_prefix(b" ")?, Record { level, ..record });
            if level == b"STDERR" { of_standard_error(rest, record) } else { of_server(rest, record) }
        }
        _ => None,
    }
}

/// `NOTICE<tab>` before version 1.4.
fn with_tabs<'a>(i: &'a [u8], record: Record<'a>) -> Option<(Record<'a>, &'a [u8])> {
    let (level, rest) = i.split_at(memchr(b'\t', i)?);
    (is_level(level) && is_known(&rest[1..])).then(|| (Record { level, ..record }, &rest[1..]))
}

/// `[UID:1001][21584] `: lsphp's own lines in a file of its own.
fn of_lsphp<'a>(i: &'a [u8], record: Record<'a>) -> Option<(Record<'a>, &'a [u8])> {
    let text = own_words(i)?;
    Some((Record { pid: own_process(i), ..record }, text))
}

/// What follows `[STDERR] `: lsphp's own lines, or any text of an application's.
fn of_standard_error<'a>(i: &'a [u8], record: Record<'a>) -> Option<(Record<'a>, &'a [u8])> {
    Some((Record { pid: own_process(i), ..record }, own_words(i).unwrap_or(i)))
}

/// What follows `[NOTICE] `: the process, which versions before 1.6.13 leave out, and the thread, which Enterprise alone
/// has. Where neither is there, the text must show whose line it is: others write their levels so too.
fn of_server<'a>(i: &'a [u8], record: Record<'a>) -> Option<(Record<'a>, &'a [u8])> {
    let (pid, rest) = numbered(i).map_or((None, i), |(pid, rest)| (Some(pid), rest));
    let text = without_thread(rest);
    let is_own = pid.is_some() || text.len() < rest.len() || is_known(text);
    (is_level(record.level) && is_own).then_some((Record { pid, ..record }, text))
}

/// The levels of `src/log4cxx/level.cpp`.
fn is_level(word: &[u8]) -> bool {
    matches!(word, b"FATAL" | b"ALERT" | b"CRIT" | b"ERROR" | b"WARN" | b"NOTICE" | b"INFO" | b"DEBUG" | b"TRACE")
}

/// `[15370] `, and what follows.
fn numbered(i: &[u8]) -> Option<(u64, &[u8])> {
    let (rest, number) = bracketed(i).ok()?;
    Some((whole(number, uint)?, rest.strip_prefix(b" ")?))
}

/// What follows `[T0] `.
fn without_thread(i: &[u8]) -> &[u8] {
    let after = || {
        let (rest, thread) = bracketed(i).ok()?;
        whole(thread.strip_prefix(b"T")?, uint)?;
        rest.strip_prefix(b" ")
    };
    after().unwrap_or(i)
}

/// Whether nobody else can have written a text: it begins with a session, or as LiteSpeed's messages do.
fn is_known(text: &[u8]) -> bool {
    static STARTS: Starts<6> =
        Starts::new(&[b"[uds:", b"[AutoRestarter] ", b"[PlainConf] ", b"[config:", b"[LocalWorker::", b"[Child: "]);
    STARTS.behind(text).is_some() || session(text, &mut Record::default()).is_some() || told(text).is_some()
}

/// What follows `[UID:1001][21584] ` or `[21584] `, with which lsphp begins its own lines (`LSAPI_Log`). What PHP code
/// writes comes without.
fn own_words(i: &[u8]) -> Option<&[u8]> {
    let (rest, first) = bracketed(i).ok()?;
    let rest = match first.strip_prefix(b"UID:") {
        Some(_) => bracketed(rest).ok()?.0,
        None => rest,
    };
    let is_own = first.strip_prefix(b"UID:").unwrap_or(first).iter().all(u8::is_ascii_digit);
    rest.strip_prefix(b" ").filter(|_| is_own)
}

/// The process in it.
fn own_process(i: &[u8]) -> Option<u64> {
    own_words(i)?;
    let (rest, first) = bracketed(i).ok()?;
    let process = if first.starts_with(b"UID:") { bracketed(rest).ok()?.1 } else { first };
    whole(process, uint)
}

/// How long a session's name can be: two addresses, a virtual host and a handler.
const LONGEST: usize = 512;

/// Takes the session of a request off a text: `[203.0.113.9:45164:HTTP2-41>198.51.100.7#APVH_shop.example.com:lsapi] `.
fn session<'a>(text: &'a [u8], record: &mut Record<'a>) -> Option<&'a [u8]> {
    let inside = text.strip_prefix(b"[")?;
    // An application may have an address and a port, too.
    if of_application(text) {
        return None;
    }
    let end = place_of(inside, b"] ").filter(|end| *end <= LONGEST)?;
    let (id, rest) = (&inside[..end], &inside[end + 2..]);
    let (id, host) = id.split_at(memchr(b'#', id).unwrap_or(id.len()));
    // Behind a proxy that is trusted, the client that it names is the one in the access log, too.
    let (id, named) = id.split_at(memchr(b'>', id).unwrap_or(id.len()));
    let client = peer(id)?;
    let named = named.strip_prefix(b">").unwrap_or_default();
    record.client = if is_ip(named) { named } else { client };
    record.group = virtual_host(host.strip_prefix(b"#").unwrap_or_default());
    record.host = host_of(record.group);
    Some(rest)
}

/// A virtual host's name, without the handler behind it, or the port that is part of the names that Enterprise makes of
/// Apache's virtual hosts: `shop.example.com:lsapi`, `APVH_shop.example.com:443`, `APVH_192.0.2.1:443_al_shop.example.com`.
fn virtual_host(name: &[u8]) -> &[u8] {
    match memrchr(b':', name).map(|colon| name.split_at(colon)) {
        Some((name, suffix)) if !suffix.iter().any(|byte| matches!(byte, b'_' | b'.')) => name,
        _ => name,
    }
}

/// The host in a virtual host's name, if it has one: people give them names as they like, and Enterprise puts addresses
/// and a user in front.
fn host_of(name: &[u8]) -> &[u8] {
    let host = match name.strip_prefix(b"APVH_") {
        Some(parts) => parts.rsplit(|byte| *byte == b'_').next().unwrap_or(parts),
        None => name,
    };
    if memchr(b'.', host).is_some() && !is_ip(host) { host } else { b"" }
}

/// The address of `203.0.113.9:45164`, behind whose port the protocol may stand and the number of requests before: IPv6
/// wears no brackets.
fn peer(id: &[u8]) -> Option<&[u8]> {
    let is_port = |after: &[u8]| {
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits > 0 && matches!(after.get(digits), None | Some(b':' | b'-'))
    };
    let client = memrchr_iter(b':', id).filter(|at| is_port(&id[at + 1..])).map(|at| &id[..at]);
    client.map(without_brackets).find(|client| is_ip(client))
}

fn without_brackets(address: &[u8]) -> &[u8] {
    match address {
        [b'[', inside @ .., b']'] => inside,
        _ => address,
    }
}

/// The application that a message is about: `[uds://tmp/lshttpd/lsphp.sock] …`, `[lsphp]: …`, `Start [lsphp]: …`,
/// `connection to [uds://…] …`, `[LocalWorker::workerExec] Config[lsphp]: …`.
fn application(message: &[u8]) -> &[u8] {
    let behind = [&b"Config["[..], b"onnection to [", b"Start [", b"Start FCGI ["].into_iter().find_map(|label| {
        let at = place_of(message, label)?;
        Some(&message[at + label.len()..])
    });
    let inside = behind.or_else(|| message.strip_prefix(b"[")).unwrap_or_default();
    &inside[..memchr(b']', inside).unwrap_or(0)]
}

/// Where an application listens, of its address: `uds://tmp/lshttpd/lsphp.sock`, `/tmp/lshttpd/lsphp.sock`,
/// `127.0.0.1:3000`, `http://127.0.0.1:3000`. Others have a name.
fn upstream(application: &[u8]) -> Option<&[u8]> {
    let is_socket = application.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"uds:/"));
    if is_socket || application.first() == Some(&b'/') {
        return Some(application);
    }
    let address = place_of(application, b"://").map_or(application, |at| &application[at + 3..]);
    let address = address.strip_suffix(b"/").unwrap_or(address);
    is_server(address).then_some(address)
}

/// `Content len: 0, request line: 'GET / HTTP/1.1'`, which follows a failure at the level `INFO`. Versions before 1.7
/// wrote the request's line below it.
fn requested(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = message.strip_prefix(b"Content len: ")?;
    let line = &line[place_of(line, b"equest line: '")? + b"equest line: '".len()..];
    Some(nginx::request_line(line.strip_suffix(b"'").unwrap_or(line)))
}

/// `child process with pid=7105 received signal=11`, `Child process with pid: 7105 was killed by signal: 9`, `Killing
/// runaway process PID: 7105 with SIGTERM`
fn process(message: &[u8]) -> Option<u64> {
    let labels: [&[u8]; 3] = [b"process with pid=", b"process with pid: ", b"process PID: "];
    labels.into_iter().find_map(|label| {
        let at = place_of(message, label)?;
        uint(&message[at + label.len()..]).ok().map(|(_, pid)| pid)
    })
}

/// Whether a message about processes is lsphp's own.
fn is_of_application(message: &[u8]) -> bool {
    static STARTS: Starts<6> = Starts::new(&[
        b"Reached max children process limit: ",
        b"Child process with pid: ",
        b"Cgid: Child process with pid: ",
        b"Force killing runaway process ",
        b"Killing runaway process ",
        b"fork() failed, please increase process limit",
    ]);
    STARTS.behind(message).is_some()
}

/// What a line tells of. What an application wrote is nobody's word for anything, unless it is lsphp's own.
fn what(record: &Record<'_>) -> What {
    let said = if record.level == b"STDERR" && record.pid.is_none() && !record.message.starts_with(b"lscgid: ") {
        None
    } else {
        told(record.message)
    };
    // A failure is one of a request's, which has a session.
    said.filter(|what| *what != What::Attempt || !record.client.is_empty()).unwrap_or(What::Notice)
}

/// What a message tells of, by its beginning behind the application.
fn told(message: &[u8]) -> Option<What> {
    let starts = |starts: &[&[u8]]| starts.iter().any(|start| message.starts_with(start));
    let holds = |part: &[u8]| place_of(message, part).is_some();
    if is_of_application(message) {
        return (!starts(&[b"Child ", b"Cgid: "]) || holds(b" was killed by signal: ")).then_some(What::Host);
    }
    if is_answered(message) || starts(&FAILURES) {
        return Some(What::Attempt);
    }
    let is_stopped = message.starts_with(b"[PID:") && message.ends_with(b"] Server Stopped!");
    let is_killed = message.starts_with(b"[AutoRestarter] ") && holds(b" received signal=");
    if is_stopped || is_killed || starts(&PROCESS_EVENTS) {
        return Some(What::Host);
    }
    let is_reason = starts(&REASONS)
        || starts(&[b"connection to [", b"Connection to ["]) && holds(b"] on request #") && holds(b", error: ")
        || starts(&[b"Start [", b"Start FCGI ["]) && holds(b"failed to start the ")
        || starts(&[b"Failed to open file [", b"HttpListener::acceptConnection(): "]) && holds(b"Too many open files")
        || message.first() == Some(&b'[') && of_application(message);
    is_reason.then_some(What::State)
}

/// Whether a message in front of which an application stands says that it failed.
fn of_application(message: &[u8]) -> bool {
    static STARTS: Starts<6> = Starts::new(&[
        b" Connection refused, restart!",
        b" All connections had gone bad",
        b" Can not start this external application",
        b": Failed to start one instance",
        b": Failed to lock pid file for [",
        b": Failed to listen socket [",
    ]);
    let Ok((rest, name)) = bracketed(message) else { return false };
    let failed = |part: &[u8]| place_of(rest, part).is_some();
    match rest {
        [b' ', b'C', b'o', b'n', b'f', ..] => failed(b": cgidSuEXEC failed"),
        [b' ', b'F', ..] => failed(b"suExec access denied"),
        [b' ', b'[', ..] => name == b"Module:mod_security" && failed(b" Access denied with code 503 "),
        [b' ', b'C', b'o', b'n', b'n', ..] if rest.starts_with(b" Connection error: ") => failed(b", adjust "),
        _ => STARTS.behind(rest).is_some(),
    }
}

/// What counts, besides [`is_answered`]: a request that failed with another status than 503, or with none.
const FAILURES: [&[u8]; 8] = [
    b"Premature end of response header",
    b"The size of dynamic response header",
    b"Timeout, partial chunk encoded body received",
    b"Timeout, partial response body received",
    b"External processor is not available!",
    b"Ran out of swapping space ",
    b"Failed to obtain VMemBuf",
    b"Failed to initialize VMemBuf",
];

/// What explains a request that was answered with 503.
const REASONS: [&[u8]; 8] = [
    b"ExtConn timed out while ",
    b"No request delivery notification has been received",
    b"Invalid Http response header",
    b"LSAPI Packet header is invalid",
    b"Unknown Packet Type ",
    b"Invalid LSAPI ",
    b"Invalid AJP response",
    b"lscgid: execve():",
];

/// What happens to LiteSpeed's own processes that matters to requests (`src/main/lshttpdmain.cpp`).
const PROCESS_EVENTS: [&[u8]; 5] = [
    b"SIGTERM received, stop server",
    b"SIGHUP received, start count down",
    b"Server Stopped!",
    b"Server Restart Request via Signal",
    b"Server restart request from admin",
];

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, kinds, lines, only};
    use super::super::nginx::tests::told as shown;
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        agrees(Format::LitespeedError, line.as_bytes());
        shown(read(line.as_bytes()))
    }

    /// What a message is a sign of, as `what kind status`.
    fn sign_of(message: &str) -> String {
        let line = format!("2026-11-21 02:57:46.158735 [INFO] [7] {message}");
        let Some(record) = only(Format::LitespeedError, &line) else { return "not claimed".to_owned() };
        let verdict = judge(&record, &Statuses::gateway());
        let sign = verdict.request.or(verdict.attempts.first().copied().flatten());
        sign.map_or(format!("{:?}", record.what), |sign| format!("{:?} {} {}", record.what, sign.kind, sign.status))
    }

    #[test]
    fn reads_each_layout() {
        let failed = |group: &str, pid: &str| {
            format!(
                "what=Attempt group={group} host=shop.example.com client=203.0.113.9 level=NOTICE{pid} \
                 message=oops!  503 Service Unavailable attempts=[ - -/-/-]"
            )
        };
        let cases = [
            (
                "2026-11-21 02:57:46.158735 [NOTICE] [15370] [203.0.113.9:45164#shop.example.com] oops!  503 Service Unavailable",
                failed("shop.example.com", " pid=15370"),
            ),
            (
                "2026-11-21 02:57:46.158735 [NOTICE] [15370] [T0] [203.0.113.9:45164:H2-41#APVH_shop.example.com:443] oops!  503 Service Unavailable",
                failed("APVH_shop.example.com", " pid=15370"),
            ),
            (
                "2026-11-21 02:57:46.158735 [NOTICE] [203.0.113.9:45164-3#shop.example.com:lsapi] oops!  503 Service Unavailable",
                failed("shop.example.com", ""),
            ),
            (
                "2026-11-21 02:57:46.158735 [NOTICE] [T0] [192.0.2.1:45164>203.0.113.9#shop.example.com] oops!  503 Service Unavailable",
                failed("shop.example.com", ""),
            ),
            (
                "2026-11-21 02:57:46.158\tNOTICE\t[203.0.113.9:45164-1#shop.example.com] oops!  503 Service Unavailable",
                failed("shop.example.com", ""),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
            // 2026-11-21T02:57:46Z is 1795229866.
            let wall = read(line.as_bytes()).and_then(|record| record.when).map_or(0, |when| when.wall);
            assert_eq!(wall / 1_000, 1_795_229_866_158, "{line}");
        }
    }

    #[test]
    fn knows_sessions() {
        let cases = [
            ("203.0.113.9:45164", "203.0.113.9||"),
            ("203.0.113.9:45164:HTTP2-41#shop.example.com", "203.0.113.9|shop.example.com|shop.example.com"),
            ("203.0.113.9:45164-Q:4F5A9E1B22C8D07E-12#Example:proxy", "203.0.113.9|Example|"),
            ("2001:db8::9:45164:H2-1-2#shop.example.com", "2001:db8::9|shop.example.com|shop.example.com"),
            ("[2001:db8::9]:45164#shop.example.com", "2001:db8::9|shop.example.com|shop.example.com"),
            ("192.0.2.1:45164-2>2001:db8::9#_AdminVHost", "2001:db8::9|_AdminVHost|"),
            (
                "203.0.113.9:62060-H3:1FDA31C803B1F23A-44#APVH_127.0.0.1:443_192.0.2.1:443_al_shop.example.com",
                "203.0.113.9|APVH_127.0.0.1:443_192.0.2.1:443_al_shop.example.com|shop.example.com",
            ),
            (
                "203.0.113.9:41920-13#APVH_*_shop.example.com:443",
                "203.0.113.9|APVH_*_shop.example.com|shop.example.com",
            ),
            ("203.0.113.9:41920-13#APVH_192.0.2.1:443", "203.0.113.9|APVH_192.0.2.1|"),
            ("192.0.2.1:45164>not an address#shop.example.com", "192.0.2.1|shop.example.com|shop.example.com"),
        ];
        for (id, expected) in cases {
            let (mut record, text) = (Record::default(), format!("[{id}] hello"));
            assert_eq!(session(text.as_bytes(), &mut record), Some(&b"hello"[..]), "{id}");
            let shown = [record.client, record.group, record.host].map(String::from_utf8_lossy).join("|");
            assert_eq!(shown, expected, "{id}");
        }
        for id in
            ["uds://tmp/lshttpd/lsphp.sock", "lsphp", "203.0.113.9", "127.0.0.1:3000x", "10.0.0.5:", "idle", "*:443"]
        {
            assert_eq!(session(format!("[{id}] hello").as_bytes(), &mut Record::default()), None, "{id}");
        }
    }

    #[test]
    fn knows_its_own_words() {
        let socket = "uds://tmp/lshttpd/lsphp.sock";
        let broke = |state: &str, error: &str| {
            format!("[203.0.113.9:1#shop.example.com] connection to [{socket}] on request #{state}, error: {error}!")
        };
        let idle = "0, confirmed, 0, associated process: 0, running: 0";
        let of = |name: &str, words: &str| format!("[{name}] {words}");
        let of_session = |words: &str| of("203.0.113.9:1#shop.example.com", words);
        let cases = [
            (broke(idle, "Connection refused"), "State litespeed-connect-refused 503"),
            (broke("0, confirmed 0", "Connection refused"), "State litespeed-connect-refused 503"),
            (broke(idle, "No such file or directory"), "State litespeed-connect-socket-missing 503"),
            (broke(idle, "Permission denied"), "State litespeed-connect-denied 503"),
            (broke(idle, "Resource temporarily unavailable"), "State litespeed-connect-backlog 503"),
            (broke(idle, "No route to host"), "State litespeed-connect-unreachable 503"),
            (broke(idle, "Too many open files"), "State litespeed-connect-exhausted 503"),
            (broke("0, confirmed, 1, associated process: 603, running: 1", "Connection timed out"), "State litespeed-response-timeout 503"),
            (broke("0, confirmed, 0, associated process: 0, running: 0", "Connection timed out"), "State litespeed-not-taken 503"),
            (broke("4, confirmed, 0, associated process: 603, running: 1", "Connection reset by peer"), "State litespeed-idle-closed 503"),
            (broke("4, confirmed, 0, associated process: 603, running: 0", "Broken pipe"), "State litespeed-idle-closed 503"),
            (broke("4, confirmed, 1, associated process: 603, running: 0", "Connection reset by peer"), "State litespeed-process-gone 503"),
            (broke("0, confirmed, 0, associated process: 603, running: 0", "Broken pipe"), "State litespeed-process-gone 503"),
            (broke("0, confirmed, 1, associated process: 603, running: 1", "Connection reset by peer"), "State litespeed-reset 503"),
            (broke("7, confirmed, 1, associated process: 603, running: 1", "Connection reset by peer"), "State litespeed-reset 503"),
            (broke(idle, "Broken pipe"), "State litespeed-closed 503"),
            (broke(idle, "Something new"), "State litespeed-unrecognised 503"),
            (of("127.0.0.1:3000", "Connection refused, restart!"), "State litespeed-app-refused 503"),
            (of("http://127.0.0.1:3000", "Connection refused, restart!"), "State litespeed-app-refused 503"),
            (of(socket, "Connection refused, restart!"), "State litespeed-app-socket-refused 503"),
            (of("UDS://tmp/lshttpd/lsphp.sock", "Connection refused, restart!"), "State litespeed-app-socket-refused 503"),
            (of(socket, "Connection error: Permission denied, adjust maximum connections to 9!"), "State litespeed-app-denied 503"),
            (of("10.0.0.5:80", "Connection error: No route to host, adjust maximum connections to 9!"), "State litespeed-app-unreachable 503"),
            (of("10.0.0.5:80", "Connection error: Cannot assign requested address, adjust maximum connections to 9!"), "State litespeed-app-exhausted 503"),
            (of(socket, "Connection error: Protocol error, adjust maximum connections to 9!"), "State litespeed-app-error 503"),
            (of(socket, "All connections had gone bad, mark it as bad and retry after a while!!!"), "State litespeed-app-bad 503"),
            (of(socket, "Can not start this external application."), "State litespeed-app-not-started 503"),
            ("[lsphp]: Failed to start one instance. pid: -1 ".to_owned(), "State litespeed-app-not-started 503"),
            ("[lsphp]: Failed to lock pid file for [/tmp/lshttpd/lsphp.sock]: Permission denied".to_owned(), "State litespeed-app-not-started 503"),
            (broke("0, confirmed, 0, associated process: 2856, running: 0", "Connection timed out"), "State litespeed-process-gone 503"),
            (of_session("[Module:mod_security] [id \"7700501\"] [msg \"x\"] Access denied with code 503 (phase 2). "), "State litespeed-modsecurity 503"),
            (of_session("[Module:mod_security] [id \"7700501\"] [msg \"x\"] Access denied with code 403 (phase 2). "), "Notice"),
            ("[lsphp]: Failed to lock pid file [/tmp/x.pid]: Resource temporarily unavailable, locked by PID: 7".to_owned(), "Notice"),
            ("Start [lsphp]: failed to start the # 1 of 1 instances.".to_owned(), "State litespeed-app-not-started 503"),
            ("[LocalWorker::workerExec] Config[lsphp]: cgidSuEXEC failed.".to_owned(), "State litespeed-app-not-started 503"),
            ("[lsphp]: Failed to start one instance. pid: -508 Resource limit reached!".to_owned(), "State litespeed-no-processes 503"),
            ("[VHost:shop] Fast CGI [lsphp]: suExec access denied, UID or GID of VHost document root is smaller than minimum UID, GID configured. ".to_owned(), "State litespeed-not-executable 503"),
            (of_session("ExtConn timed out while connecting."), "State litespeed-connect-timeout 503"),
            (of_session("ExtConn timed out while processing."), "State litespeed-first-timeout 503"),
            (of_session("No request delivery notification has been received from LSAPI application, possible dead lock."), "State litespeed-dead-lock 503"),
            (of_session("Invalid Http response header, retry!"), "State litespeed-invalid-response 503"),
            (of_session("Unknown Packet Type x, LSAPI protocol is broken."), "State litespeed-invalid-packet 503"),
            (of_session("oops!  503 Service Unavailable"), "Attempt litespeed-503 503"),
            (of_session("Premature end of response header."), "Attempt litespeed-premature-end 500"),
            (of_session("The size of dynamic response header: 70000 is over the limit."), "Attempt litespeed-header-too-big 500"),
            (of_session("Timeout, partial response body received, body len: 900, received: 100!"), "Attempt litespeed-body-timeout 0"),
            (of_session("External processor is not available!"), "Attempt litespeed-no-application 500"),
            (of_session("Ran out of swapping space while appending to response buffer!"), "Attempt litespeed-no-swap 500"),
            ("Failed to open file [/srv/shop/a.css], error: Too many open files".to_owned(), "State litespeed-no-descriptor 503"),
            ("[*:443] HttpListener::acceptConnection(): Accept failed:Too many open files!".to_owned(), "Notice"),
            ("HttpListener::acceptConnection(): Accept failed:Too many open files!".to_owned(), "State litespeed-accept-no-descriptor 0"),
            ("[AutoRestarter] child process with pid=7105 received signal=11, a core file is created!".to_owned(), "Host litespeed-crashed 0"),
            ("SIGTERM received, stop server...".to_owned(), "Host litespeed-stopping 0"),
            ("[PID:7104] Server Stopped!".to_owned(), "Host litespeed-stopping 0"),
            ("Server Restart Request via Signal...".to_owned(), "Host litespeed-restarting 0"),
            ("[AutoRestarter] child process with pid=7105 exited with status=0!".to_owned(), "Notice"),
            ("[lsphp] add child process pid: 16777".to_owned(), "Notice"),
            (of_session("[STDERR] PHP Fatal error:  Allowed memory size exhausted"), "Notice"),
            (of_session("[ACL] Access to virtual host [shop] is denied."), "Notice"),
            ("Failed to open file [/srv/shop/a.css], error: Permission denied".to_owned(), "Notice"),
            ("[lsphp] try to fix 503 error by restarting external application".to_owned(), "Notice"),
        ];
        let mut reached: Vec<String> = Vec::new();
        for (message, expected) in cases {
            assert_eq!(sign_of(&message), expected, "{message}");
            reached.extend(expected.split(' ').nth(1).map(str::to_owned));
        }
        let all = SIGNS.iter().map(|sign| sign.kind).filter(|kind| kind.starts_with("litespeed-"));
        let missing: Vec<&str> = all.filter(|kind| !reached.iter().any(|known| known == kind)).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn names_applications() {
        let state = |rest: &str| format!("what=State {rest}");
        let cases = [
            (
                "[INFO] [7] [uds://tmp/lshttpd/lsphp.sock] Connection refused, restart!",
                state("upstream=uds://tmp/lshttpd/lsphp.sock level=INFO pid=7 message=[uds://tmp/lshttpd/lsphp.sock] Connection refused, restart! names=upstream attempts=[uds://tmp/lshttpd/lsphp.sock - -/-/-]"),
            ),
            (
                "[INFO] [7] [http://10.0.0.5:3000/] Connection refused, restart!",
                state("upstream=10.0.0.5:3000 level=INFO pid=7 message=[http://10.0.0.5:3000/] Connection refused, restart! names=upstream attempts=[10.0.0.5:3000 - -/-/-]"),
            ),
            (
                "[INFO] [7] [203.0.113.9:1#Example] connection to [/tmp/lshttpd/a.sock] on request #0, confirmed 0, error: Connection refused!",
                state("group=Example upstream=/tmp/lshttpd/a.sock client=203.0.113.9 level=INFO pid=7 message=connection to [/tmp/lshttpd/a.sock] on request #0, confirmed 0, error: Connection refused! names=upstream attempts=[/tmp/lshttpd/a.sock - -/-/-]"),
            ),
            (
                "[ERROR] [7] [LocalWorker::workerExec] Config[lsphp83]: cgidSuEXEC failed.",
                state("upstream=lsphp83 level=ERROR pid=7 message=[LocalWorker::workerExec] Config[lsphp83]: cgidSuEXEC failed. names=upstream attempts=[lsphp83 - -/-/-]"),
            ),
            (
                "[INFO] [7] [203.0.113.9:1-4#APVH_shop.example.com] connection to [uds://tmp/lshttpd/shop.sock] on request #0, confirmed, 0, associated process: 0, running: 0, error: Connection refused!",
                state("group=APVH_shop.example.com upstream=uds://tmp/lshttpd/shop.sock host=shop.example.com client=203.0.113.9 level=INFO pid=7 message=connection to [uds://tmp/lshttpd/shop.sock] on request #0, confirmed, 0, associated process: 0, running: 0, error: Connection refused! names=upstream attempts=[uds://tmp/lshttpd/shop.sock - -/-/-]"),
            ),
            (
                "[INFO] [7] [203.0.113.9:1#shop.example.com] Content len: 0, request line: 'GET /cart?id=1 HTTP/1.1'",
                "what=Notice group=shop.example.com method=GET host=shop.example.com path=/cart?id=1 client=203.0.113.9 level=INFO pid=7 message=Content len: 0, request line: 'GET /cart?id=1 HTTP/1.1'".to_owned(),
            ),
            (
                "[INFO] [7] [203.0.113.9:1#shop.example.com] Content len: 0, Request line: ",
                "what=Notice group=shop.example.com host=shop.example.com client=203.0.113.9 level=INFO pid=7 message=Content len: 0, Request line:".to_owned(),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(&format!("2026-11-21 02:57:46.158735 {line}")), expected, "{line}");
        }
    }

    #[test]
    fn reads_what_lsphp_writes() {
        let cases = [
            (
                "[STDERR] [UID:1001][21584] Reached max children process limit: 10, extra: 3, current: 13, busy: 13, please increase LSAPI_CHILDREN.",
                "lsphp-max-children",
                21_584,
            ),
            (
                "[STDERR] [89] Reached max children process limit: 10, extra: 0, current: 10, please increase LSAPI_CHILDREN.",
                "lsphp-max-children",
                89,
            ),
            (
                "[UID:1001][21584] Child process with pid: 21590 was killed by signal: 11, core dumped: no",
                "lsphp-crashed",
                21_590,
            ),
            (
                "[UID:1001][21584] Child process with pid: 21590 was killed by signal: 9, core dumped: no",
                "lsphp-killed",
                21_590,
            ),
            (
                "[UID:1001][21584] Child process with pid: 21590 was killed by signal: 15, core dumped: no",
                "lsphp-terminated",
                21_590,
            ),
            ("[UID:1001][21584] Killing runaway process PID: 21590 with SIGTERM", "lsphp-runaway", 21_590),
            (
                "[UID:1001][21584] fork() failed, please increase process limit, errno: 11 (Resource temporarily unavailable)",
                "lsphp-fork-failed",
                21_584,
            ),
        ];
        for (line, kind, pid) in cases {
            let line = format!("2026-11-21 02:58:02.104 {line}");
            let record = only(Format::LitespeedError, &line).unwrap_or_default();
            assert_eq!((record.what, record.group, record.pid), (What::Host, &b"lsphp"[..], Some(pid)), "{line}");
            assert_eq!(kinds(Format::LitespeedError, &line), (Some(kind), vec![]), "{line}");
        }
        // PHP code may write anything.
        for text in [
            "Reached max children process limit: 10",
            "oops! 503",
            "SIGTERM received, stop server...",
            "[shop] Reached max children process limit: 1",
        ] {
            let line = format!("2026-11-21 02:58:02.104 [STDERR] {text}");
            assert_eq!(said(&line), format!("what=Notice level=STDERR message={text}"), "{line}");
        }
        let line = "2026-11-21 02:58:02.104 [STDERR] lscgid: execve():/usr/local/lsws/lsphp83/bin/lsphp: Resource temporarily unavailable";
        assert_eq!(kinds(Format::LitespeedError, line), (None, vec![Some("litespeed-no-processes")]));
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "",
            "2026-11-21 02:57:46.158",
            "2026-11-21 02:57:46.158 [INFO] hello",
            "2026-11-21 02:57:46.158 [info] <0.1.0> hello",
            "2026-11-21 02:57:46,158 [INFO] [7] hello",
            "2026-11-21 02:57:46.158735 [main] INFO hello",
            "2026-11-21T02:57:46.158Z [INFO]",
            "2026-11-21 02:57:46.158 [ERROR] [main] oh no",
            "2026-11-21 02:57:46.1587 [INFO] [7] hello",
            "2026-11-21 02:57:46.158 INFO hello",
            "2026-11-21 02:57:46.158\tmain\thello",
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
        for line in [
            "2026-11-21 02:57:46.158 [INFO] [AutoRestarter] new child process with pid=7105 is forked!",
            "2026-11-21 02:57:46.158 [INFO] [uds://tmp/lshttpd/lsphp.sock] Connection refused, restart!",
            "2026-11-21 02:57:46.158 [NOTICE] SIGTERM received, stop server...",
        ] {
            assert_ne!(said(line), "not claimed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::LitespeedError)) {
            agrees(Format::LitespeedError, &line);
        }
    }
}
