//! What varnishlog and varnishd say: failed fetches, probes, and what became of the child process.
//!
//! varnishlog's records are lines with a tag each, in groups (`-   FetchError     backend api: unhealthy`) or one by
//! one (`-g raw`: `32770 FetchError     b backend api: unhealthy`). Each line is read by itself. `FetchError` is a
//! failed attempt; it bears no stamp, so that it counts where a transport adds one, or where a transaction's
//! `Timestamp` stood before it, which `input/reflow/transactions.rs` puts there. A `Timestamp` line has a time of its
//! own.
//!
//! Source: `include/tbl/vsl_tags.h`,
//! `bin/varnishd/cache/{cache_backend,cache_backend_probe,cache_director,cache_fetch}.c`,
//! `http1/cache_http1_{fetch,vfp}.c` and `mgt/mgt_child.c` of Varnish.

use super::record::{sign, table, wording};
use super::{About, Attempt, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::number::{uint, whole};
use crate::grammar::text::{present, word};
use crate::grammar::time::epoch;
use memchr::memmem;
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "varnish-log",
    proxy: Proxy::VARNISH,
    title: "varnishlog's records (FetchError, Backend_health) and varnishd's own messages",
    layout: "-   TAG            TEXT, or with -g raw: VXID TAG            b|c|- TEXT",
    time: "of the latest Timestamp record before it, or the transport's stamp",
    source: "Varnish, include/tbl/vsl_tags.h and bin/varnishd/cache/cache_backend.c",
    samples: &[
        "-   FetchError     backend api: fail errno 111 (Connection refused)",
        "     32771 FetchError     b backend api: unhealthy",
        "--  FetchError     first byte timeout",
        r#"         0 Backend_health - api1 Went sick -------- 1 2 3 0.000000 0.000000 "Open error 111 (Connection refused)""#,
        "*   << BeReq    >> 32771     ",
        "-   Timestamp      Error: 1795768805.816801 0.000037 0.000000",
        "Error: Child (6371) died signal=6",
    ],
    signs: &[&SIGNS, &STATES],
};

/// The texts of `FetchError`, after which Varnish answers 503. `errno` numbers are those of Linux, BSD and macOS.
pub(super) static SIGNS: [Sign; 27] = [
    fetch(
        "varnish-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        "the backend refused the connection",
        r"fail errno (?:111|61) ",
    ),
    fetch(
        "varnish-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        "the backend did not accept the connection in time",
        r"fail errno (?:110|60|115) ",
    ),
    fetch(
        "varnish-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        "the backend's host or network could not be reached",
        r"fail errno (?:113|101|65|51|112|64) ",
    ),
    fetch(
        "varnish-socket-missing",
        Cause::SocketMissing,
        Strength::Conclusive,
        "the backend's unix socket does not exist",
        r"fail errno 2 ",
    ),
    fetch(
        "varnish-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        "Varnish was not allowed to connect to the backend",
        r"fail errno (?:13|1) ",
    ),
    fetch(
        "varnish-backlog",
        Cause::BacklogFull,
        Strength::Conclusive,
        "the backend's queue of waiting connections was full",
        r"fail errno (?:11|35) ",
    ),
    fetch(
        "varnish-exhausted",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        "Varnish had no local port or descriptor left for the connection",
        r"fail errno (?:99|49|24|23|12|105|55) ",
    ),
    fetch(
        "varnish-connect-reset",
        Cause::ConnectionReset,
        Strength::Conclusive,
        "the connection was reset while it was being made",
        r"fail errno (?:104|54|103|53) ",
    ),
    // After a failure Varnish does not try again for a while (`backend_local_error_holddown`,
    // `backend_remote_error_holddown`), and then has no errno to tell.
    fetch(
        "varnish-held-down",
        Cause::NoLiveUpstream,
        Strength::Strong,
        "the backend was not tried, since connecting to it had just failed",
        r"fail errno 0 ",
    ),
    fetch(
        "varnish-no-backend",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        "no backend of the director was healthy",
        r"^(?:Director \S+ returned no backend|No backend|no backend connection)",
    ),
    fetch(
        "varnish-unhealthy",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        "the backend was sick, as its probe had found",
        r"^[Bb]ackend \S+: unhealthy",
    ),
    fetch(
        "varnish-busy",
        Cause::CircuitBreaker,
        Strength::Conclusive,
        "the backend had as many connections as max_connections allows",
        r"^[Bb]ackend \S+: busy",
    ),
    fetch(
        "varnish-first-byte-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        "the backend did not begin to answer in time",
        r"^first byte timeout|^(?:http )?first read error: -1 11 |^HTC timeout",
    ),
    fetch("varnish-timeout", Cause::ResponseTimeout, Strength::Strong, "the backend took too long", r"^timeout\b"),
    fetch(
        "varnish-write-error",
        Cause::ClosedEarly,
        Strength::Strong,
        "the backend closed the connection while Varnish was still sending the request",
        r"^(?:backend write error:|proxy write errno )",
    ),
    fetch(
        "varnish-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        "the backend reset the connection before it answered",
        r"^(?:http )?first read error: (?:-1 )?(?:104|54|ECONNRESET)",
    ),
    fetch(
        "varnish-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        "the backend closed the connection before it answered",
        r"^(?:http (?:first )?read error: ?(?:EOF|-1 0|0)|HTC (?:eof|junk|status|close|idle)|[Bb]ackend closed)",
    ),
    fetch(
        "varnish-header-overflow",
        Cause::HeaderTooBig,
        Strength::Conclusive,
        "the backend's response header did not fit (http_resp_size, workspace_backend)",
        r"^(?:overflow|HTC overflow|[Ww]orkspace_backend overflow|http (?:header )?too (?:long|many))",
    ),
    fetch(
        "varnish-junk",
        Cause::InvalidResponse,
        Strength::Conclusive,
        "the backend's answer was not HTTP",
        r"^[Rr]eceived junk",
    ),
    fetch(
        "varnish-format-error",
        Cause::InvalidResponse,
        Strength::Strong,
        "the backend's response header breaks the protocol, or one line of it is longer than http_resp_hdr_len",
        r"^http format error",
    ),
    fetch(
        "varnish-no-thread",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        "Varnish had no thread left for the fetch",
        r"[Nn]o thread available",
    ),
    fetch(
        "varnish-no-storage",
        Cause::ProxyExhausted,
        Strength::Strong,
        "Varnish had no room left for the object",
        r"^(?:Could not get storage|Failed to create object|Object allocation failed|Template object failed)",
    ),
    fetch(
        "varnish-no-workspace",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        "Varnish's memory for the fetch was used up (workspace_backend)",
        r"^(?:out of workspace|Workspace overflow)",
    ),
    body(
        "varnish-body-stalled",
        Cause::BodyTimeout,
        Strength::Conclusive,
        "the backend stalled in the middle of its response (between_bytes_timeout)",
        r"^Resource temporarily unavailable|^(?:straight|chunked|eof) .*: (?:-1 )?11 |between bytes timeout",
    ),
    body(
        "varnish-body-cut",
        Cause::TruncatedResponse,
        Strength::Strong,
        "the backend broke off in the middle of its response",
        r"^(?:straight |chunked |eof socket fail|Connection reset by peer|[Bb]ody (?:read|fetch) )",
    ),
    body(
        "varnish-body-gzip",
        Cause::InvalidResponse,
        Strength::Strong,
        "the body that the backend sent is not what its Content-Encoding says",
        r"(?i)^(?:invalid ?|junk after |un|t|test)?g(?:un)?zip",
    ),
    body(
        "varnish-body-chunks",
        Cause::InvalidResponse,
        Strength::Conclusive,
        "the body that the backend sent is not chunked as it should be",
        r"^(?:chunked header |chunked tail |bogusly large chunk size)",
    ),
];

table! {
    /// Backends' answers, probes, and the processes.
    STATES:
    PROBE_REFUSED = sign("varnish-probe-refused", Cause::ConnectionRefused, Strength::Conclusive, 0,
        "the backend refused the probe's connection");
    PROBE_UNREACHABLE = sign("varnish-probe-unreachable", Cause::HostUnreachable, Strength::Conclusive, 0,
        "the probe could not reach the backend's host");
    PROBE_CONNECT_TIMEOUT = sign("varnish-probe-connect-timeout", Cause::ConnectTimeout, Strength::Conclusive, 0,
        "the backend did not accept the probe's connection in time");
    PROBE_TIMEOUT = sign("varnish-probe-timeout", Cause::ResponseTimeout, Strength::Strong, 0,
        "the backend did not answer the probe in time");
    PROBE_STATUS = sign("varnish-probe-status", Cause::UpstreamError, Strength::Strong, 0,
        "the backend answered the probe with a status that was not expected");
    PROBE_SICK = sign("varnish-probe-sick", Cause::NoLiveUpstream, Strength::Weak, 0,
        "the probe holds the backend to be sick");
    CHILD_DIED = sign("varnish-child-died", Cause::GatewayInternal, Strength::Strong, 0,
        "Varnish's child process died");
    BAD_GATEWAY = sign("varnish-beresp-502", Cause::UpstreamError, Strength::Conclusive, 502,
        "the backend itself answered with 502");
    UNAVAILABLE = sign("varnish-beresp-503", Cause::UpstreamError, Strength::Conclusive, 503,
        "the backend itself answered with 503");
    GATEWAY_TIMEOUT = sign("varnish-beresp-504", Cause::UpstreamError, Strength::Conclusive, 504,
        "the backend itself answered with 504");
    UNRECOGNISED = sign("varnish-unrecognised", Cause::Unknown, Strength::Silent, 503,
        "Varnish logged a failed fetch for a reason that is not in the catalogue");
}

const fn fetch(
    kind: &'static str,
    cause: Cause,
    strength: Strength,
    says: &'static str,
    pattern: &'static str,
) -> Sign {
    wording(kind, cause, strength, 503, says, pattern)
}

/// A sign of a response that broke when its status had been sent.
const fn body(kind: &'static str, cause: Cause, strength: Strength, says: &'static str, pattern: &'static str) -> Sign {
    wording(kind, cause, strength, 0, says, pattern)
}

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&SIGNS).ok());

/// What the text of a `FetchError` is a sign of. Wording that others share is not asked for: they answer with another
/// status.
pub(super) fn fetch_sign(error: &[u8]) -> Option<&'static Sign> {
    let found = MATCHER.as_ref().and_then(|matcher| matcher.best(error));
    found.filter(|sign| SIGNS.iter().any(|own| own == *sign)).or(Some(UNRECOGNISED))
}

/// Whether a text is one of `FetchError`'s that no client can have sent.
pub(super) fn is_fetch_error(text: &[u8]) -> bool {
    let found = MATCHER.as_ref().and_then(|matcher| matcher.best(text));
    is_clients(text) || found.is_some_and(|sign| SIGNS.iter().any(|own| own == sign))
}

/// Whether it was a client that went away, while it sent its request.
pub(super) fn is_clients(error: &[u8]) -> bool {
    error.starts_with(b"req.body read error")
}

/// Whether it is the first of two lines: why no more was read of a body, before the one that says that it broke.
fn is_of_next(error: &[u8]) -> bool {
    error.starts_with(b"Resource temporarily")
}

/// The director and the backend that a `FetchError` names.
pub(super) fn server(error: &[u8]) -> (&[u8], &[u8]) {
    let named = |prefix: &[u8]| Some(word(error.strip_prefix(prefix)?).ok()?.1);
    if let Some(director) = named(b"Director ") {
        return (director, b"");
    }
    let backend = named(b"backend ").or_else(|| named(b"Backend ")).and_then(|name| name.strip_suffix(b":"));
    // `backend write error: …` names none.
    (b"", backend.filter(|name| !name.is_empty() && *name != b"error").unwrap_or_default())
}

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    line_of(line).map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let mut record = Record { what: What::Notice, message: line, ..Record::default() };
    match line_of(line)? {
        Line::Head => {}
        Line::Child => {
            let died = [&b" died"[..], b"not responding", b" Panic "];
            if died.iter().any(|text| memmem::find(line, text).is_some()) {
                (record.what, record.group) = (What::Host, b"varnishd");
            }
        }
        Line::Tagged { tag, text, vxid } => tagged(tag, text, vxid, &mut record),
    }
    Some(record)
}

fn tagged<'a>(tag: &[u8], text: &'a [u8], vxid: &'a [u8], record: &mut Record<'a>) {
    record.message = text;
    if vxid != b"0" {
        record.trace_id = vxid;
    }
    match tag {
        b"FetchError" => {
            record.error_reason = text;
            (record.group, record.upstream) = server(text);
            if is_of_next(text) {
                record.what = What::State;
                record.attempts.push(Attempt::default());
            } else if !is_clients(text) {
                record.what = What::Attempt;
                record.attempts.push(Attempt { upstream: record.upstream, ..Attempt::default() });
            }
        }
        b"Backend_health" => health(text, record),
        b"BerespStatus" => answer(text, record),
        b"RespStatus" => record.status = status(text),
        b"BereqMethod" | b"ReqMethod" => record.method = text,
        b"BereqURL" | b"ReqURL" => record.path = text,
        b"Timestamp" => {
            let stamp = memmem::find(text, b": ").map(|at| &text[at + 2..]);
            record.when = stamp.and_then(|stamp| whole(word(stamp).ok()?.1, epoch));
        }
        _ => {}
    }
}

fn status(text: &[u8]) -> Option<u16> {
    whole(text, uint).and_then(|status| u16::try_from(status).ok())
}

/// `api1 Went sick 4---X-R- 1 2 3 0.000000 0.000000 "HTTP/1.1 503 Service Unavailable"`; before 6 with the VCL's name,
/// and without quotes.
fn health<'a>(text: &'a [u8], record: &mut Record<'a>) {
    let Ok((rest, name)) = word(text) else { return };
    let name = name.rsplit(|byte| *byte == b'.').next().unwrap_or(name);
    record.upstream = name;
    let sick = [&b" Went sick "[..], b" Still sick ", b" Back sick "].iter().any(|words| rest.starts_with(words));
    if sick {
        record.what = What::State;
        record.names_upstream = true;
        record.attempts.push(Attempt { upstream: name, ..Attempt::default() });
    }
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    let sign = match record.what {
        What::Attempt if record.error_reason.is_empty() => match record.upstream_status {
            Some(502) => Some(BAD_GATEWAY),
            Some(504) => Some(GATEWAY_TIMEOUT),
            _ => Some(UNAVAILABLE),
        },
        What::Attempt => fetch_sign(record.error_reason),
        What::State if record.error_reason.is_empty() => Some(probe_sign(record.message)),
        What::State => fetch_sign(record.error_reason),
        What::Host => Some(CHILD_DIED),
        _ => None,
    };
    let request = sign.filter(|_| record.what != What::State);
    Verdict { request, attempts: record.attempts.iter().map(|_| sign).collect(), ..Verdict::default() }
}

/// `503`, which may be Varnish's own answer to a failed fetch; `503 from api` is the backend's
/// (`input/reflow/transactions.rs`).
fn answer<'a>(text: &'a [u8], record: &mut Record<'a>) {
    let Ok((behind, status)) = uint(text) else { return };
    record.upstream_status = u16::try_from(status).ok();
    if let (502..=504, Some(backend)) = (status, behind.strip_prefix(b" from ")) {
        record.what = What::Attempt;
        record.upstream = present(backend);
        record.attempts.push(Attempt {
            upstream: record.upstream,
            status: record.upstream_status,
            ..Attempt::default()
        });
    }
}

/// Why a probe failed (`cache_backend_probe.c`, `vbp_poke`).
fn probe_sign(text: &[u8]) -> &'static Sign {
    let has = |part: &[u8]| memmem::find(text, part).is_some();
    if has(b"error 111 ") || has(b"error 61 ") {
        PROBE_REFUSED
    } else if has(b"error 113 ") || has(b"error 101 ") {
        PROBE_UNREACHABLE
    } else if has(b"Open timeout") || has(b"error 110 ") {
        PROBE_CONNECT_TIMEOUT
    } else if has(b"timeout") || has(b"error 11 ") {
        PROBE_TIMEOUT
    } else if has(b"HTTP/1.") {
        PROBE_STATUS
    } else {
        PROBE_SICK
    }
}

/// What a line is.
enum Line<'a> {
    /// `*   << BeReq    >> 3`
    Head,
    /// A record: its tag, its text, and with `-g raw` the number of its transaction.
    Tagged { tag: &'a [u8], text: &'a [u8], vxid: &'a [u8] },
    /// What the manager says of its child.
    Child,
}

fn line_of(line: &[u8]) -> Option<Line<'_>> {
    match line.first()? {
        b'*' => {
            let rest = line.trim_ascii_start_of(b'*').trim_ascii_start();
            (rest.starts_with(b"<< ") && memmem::find(rest, b" >> ").is_some()).then_some(Line::Head)
        }
        b'-' => {
            let rest = line.trim_ascii_start_of(b'-');
            rest.starts_with(b" ").then(|| record_of(rest.trim_ascii_start(), b"")).flatten()
        }
        b' ' | b'0'..=b'9' => {
            let (rest, vxid) = word(line.trim_ascii_start()).ok()?;
            whole(vxid, uint)?;
            record_of(rest.strip_prefix(b" ")?, vxid)
        }
        b'C' | b'E' | b'I' | b'D' => {
            let prefix = [&b"Error: "[..], b"Info: ", b"Debug: "].iter().find_map(|prefix| line.strip_prefix(*prefix));
            let child = prefix.unwrap_or(line).strip_prefix(b"Child ")?;
            let numbered =
                child.strip_prefix(b"(").is_some_and(|rest| uint(rest).is_ok_and(|(rest, _)| rest.starts_with(b") ")));
            (numbered || child.starts_with(b"cleanup complete")).then_some(Line::Child)
        }
        _ => None,
    }
}

/// `FetchError     b backend api: unhealthy`; the side stands there with `-g raw` alone.
fn record_of<'a>(i: &'a [u8], vxid: &'a [u8]) -> Option<Line<'a>> {
    let end = i.iter().position(|byte| *byte == b' ').unwrap_or(i.len());
    let (tag, rest) = i.split_at(end);
    // A tag takes 14 columns, unless somebody cut the spaces off that nothing follows.
    let column = end + rest.iter().take_while(|byte| **byte == b' ').count();
    if !TAGS.contains(&tag) || column < 14 && tag != b"End" {
        return None;
    }
    let mut text = rest.trim_ascii();
    if !vxid.is_empty() {
        text = match text {
            [b'b' | b'c' | b'-'] => b"",
            [b'b' | b'c' | b'-', b' ', text @ ..] => text,
            _ => return None,
        };
    }
    Some(Line::Tagged { tag, text, vxid })
}

/// The tags of `include/tbl/vsl_tags.h` and `vsl_tags_http.h`.
const TAGS: [&[u8]; 79] = [
    b"Debug",
    b"Error",
    b"CLI",
    b"SessOpen",
    b"SessClose",
    b"BackendOpen",
    b"BackendClose",
    b"HttpGarbage",
    b"Proxy",
    b"ProxyGarbage",
    b"Backend",
    b"Length",
    b"FetchError",
    b"BogoHeader",
    b"LostHeader",
    b"TTL",
    b"Fetch_Body",
    b"VCL_acl",
    b"VCL_call",
    b"VCL_trace",
    b"VCL_return",
    b"ReqStart",
    b"Hit",
    b"HitPass",
    b"HitMiss",
    b"ExpBan",
    b"ExpKill",
    b"WorkThread",
    b"ESI_xmlerror",
    b"Hash",
    b"Backend_health",
    b"VCL_Log",
    b"VCL_Error",
    b"Gzip",
    b"Link",
    b"Begin",
    b"End",
    b"VSL",
    b"Storage",
    b"Timestamp",
    b"ReqAcct",
    b"PipeAcct",
    b"BereqAcct",
    b"VfpAcct",
    b"Witness",
    b"H2RxHdr",
    b"H2RxBody",
    b"H2TxHdr",
    b"H2TxBody",
    b"HitGrace",
    b"VCL_use",
    b"Notice",
    b"VdpAcct",
    b"Filters",
    b"SessError",
    b"ReqMethod",
    b"ReqURL",
    b"ReqProtocol",
    b"ReqStatus",
    b"ReqReason",
    b"ReqHeader",
    b"ReqUnset",
    b"RespMethod",
    b"RespProtocol",
    b"RespStatus",
    b"RespReason",
    b"RespHeader",
    b"RespUnset",
    b"BereqMethod",
    b"BereqURL",
    b"BereqProtocol",
    b"BereqHeader",
    b"BereqUnset",
    b"BerespProtocol",
    b"BerespStatus",
    b"BerespReason",
    b"BerespHeader",
    b"BerespUnset",
    b"ObjHeader",
];

trait TrimStart {
    fn trim_ascii_start_of(&self, byte: u8) -> &Self;
}

impl TrimStart for [u8] {
    fn trim_ascii_start_of(&self, byte: u8) -> &Self {
        &self[self.iter().take_while(|found| **found == byte).count()..]
    }
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{lines, only};
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    /// What a line says: its kind, the sign, and whom it names.
    fn said(line: &str) -> String {
        let Some(record) = read(line.as_bytes()) else {
            assert!(skim(line.as_bytes()).is_none(), "{line}");
            return "not claimed".to_owned();
        };
        assert!(matches!(skim(line.as_bytes()), Some(Skimmed::Full)), "{line}");
        let verdict = judge(&record, &Statuses::gateway());
        let sign = verdict.attempts.first().copied().flatten().or(verdict.request);
        let text = |bytes| String::from_utf8_lossy(bytes);
        let (group, upstream) = (text(record.group), text(record.upstream));
        format!("{:?} {} {group}/{upstream}", record.what, sign.map_or("", |sign| sign.kind))
    }

    /// Texts recorded from 7.1; others by the source of 4.1, 6.0 and 7.
    #[test]
    fn knows_what_each_error_means() {
        let cases = [
            ("backend api: fail errno 111 (Connection refused)", "varnish-refused /api"),
            ("backend api: fail errno 110 (Connection timed out)", "varnish-connect-timeout /api"),
            ("backend api: fail errno 113 (No route to host)", "varnish-unreachable /api"),
            ("backend api: fail errno 101 (Network is unreachable)", "varnish-unreachable /api"),
            ("backend api: fail errno 2 (No such file or directory)", "varnish-socket-missing /api"),
            ("backend api: fail errno 13 (Permission denied)", "varnish-denied /api"),
            ("backend api: fail errno 11 (Resource temporarily unavailable)", "varnish-backlog /api"),
            ("backend api: fail errno 99 (Cannot assign requested address)", "varnish-exhausted /api"),
            ("backend api: fail errno 104 (Connection reset by peer)", "varnish-connect-reset /api"),
            ("backend api: fail errno 0 (Success)", "varnish-held-down /api"),
            ("Director api returned no backend", "varnish-no-backend api/"),
            ("No backend", "varnish-no-backend /"),
            ("no backend connection", "varnish-no-backend /"),
            ("backend api: unhealthy", "varnish-unhealthy /api"),
            ("backend api: busy", "varnish-busy /api"),
            ("first byte timeout", "varnish-first-byte-timeout /"),
            ("first byte timeout (reused connection)", "varnish-first-byte-timeout /"),
            ("http first read error: -1 11 (Resource temporarily unavailable)", "varnish-first-byte-timeout /"),
            ("timeout", "varnish-timeout /"),
            ("backend write error: 104 (Connection reset by peer)", "varnish-write-error /"),
            ("http first read error: -1 104 (Connection reset by peer)", "varnish-reset /"),
            ("http first read error: EOF", "varnish-closed /"),
            ("HTC eof (-1)", "varnish-closed /"),
            ("overflow", "varnish-header-overflow /"),
            ("Received junk", "varnish-junk /"),
            ("http format error", "varnish-format-error /"),
            ("No thread available for bgfetch", "varnish-no-thread /"),
            ("Could not get storage", "varnish-no-storage /"),
            ("out of workspace", "varnish-no-workspace /"),
            ("Workspace overflow", "varnish-no-workspace /"),
            ("proxy write errno 32 (Broken pipe)", "varnish-write-error /"),
            ("Junk after gzip data", "varnish-body-gzip /"),
            ("Invalid Gzip data: incorrect header check", "varnish-body-gzip /"),
            ("tGunzip failed", "varnish-body-gzip /"),
            ("chunked header non-hex", "varnish-body-chunks /"),
            ("bogusly large chunk size", "varnish-body-chunks /"),
            ("chunked read err", "varnish-body-cut /"),
            ("straight insufficient bytes", "varnish-body-cut /"),
            ("chunked read_error: 11 (Resource temporarily unavailable)", "varnish-body-stalled /"),
            ("eof socket fail", "varnish-body-cut /"),
            ("Gunzip+Gzip failed", "varnish-body-gzip /"),
            ("never heard of", "varnish-unrecognised /"),
        ];
        for (text, expected) in cases {
            for line in [format!("-   FetchError     {text}"), format!("     32771 FetchError     b {text}")] {
                assert_eq!(said(&line), format!("Attempt {expected}"), "{line}");
            }
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|(_, told)| told.starts_with(&format!("{} ", sign.kind))), "{}", sign.kind);
        }
        assert_eq!(said("-   FetchError     Resource temporarily unavailable"), "State varnish-body-stalled /");
        assert_eq!(said("-   FetchError     req.body read error: 0 (Success)"), "Notice  /");
    }

    #[test]
    fn knows_what_else_is_said() {
        let raw = "         0 Backend_health - ";
        let sick = |text: &str| format!("{raw}api Still sick -------- 0 2 3 0.000000 0.000000 \"{text}\"");
        let cases = [
            (sick("Open error 111 (Connection refused)"), "State varnish-probe-refused /api"),
            (sick("Open error 113 (No route to host)"), "State varnish-probe-unreachable /api"),
            (sick("Open timeout (0.5s) - Select timeout"), "State varnish-probe-connect-timeout /api"),
            (sick("Poll timeout (0.5s)"), "State varnish-probe-timeout /api"),
            (sick("HTTP/1.1 503 Service Unavailable"), "State varnish-probe-status /api"),
            (sick(""), "State varnish-probe-sick /api"),
            (
                format!("{raw}boot.api Went sick 4--X-R- 0 5 8 0.1 0.1 HTTP/1.1 500 x"),
                "State varnish-probe-status /api",
            ),
            (format!("{raw}api Back healthy 4---X-RH 2 2 3 0.1 0.1 \"HTTP/1.1 200 OK\""), "Notice  /api"),
            ("*   << BeReq    >> 32771     ".to_owned(), "Notice  /"),
            ("**  << BeReq    >> 3         ".to_owned(), "Notice  /"),
            ("-   End            ".to_owned(), "Notice  /"),
            ("-   End".to_owned(), "Notice  /"),
            ("--  BerespStatus   503".to_owned(), "Notice  /"),
            ("-   BerespStatus   502 from api".to_owned(), "Attempt varnish-beresp-502 /api"),
            ("-   BerespStatus   503 from -".to_owned(), "Attempt varnish-beresp-503 /"),
            ("--  BerespStatus   504 from api".to_owned(), "Attempt varnish-beresp-504 /api"),
            ("-   BerespStatus   200 from api".to_owned(), "Notice  /"),
            ("Error: Child (6371) died signal=6".to_owned(), "Host varnish-child-died varnishd/"),
            ("Child (6371) Panic at: Fri, 27 Nov 2026 08:40:08 GMT".to_owned(), "Host varnish-child-died varnishd/"),
            ("Info: Child (6371) said Child starts".to_owned(), "Notice  /"),
            ("Debug: Child cleanup complete".to_owned(), "Notice  /"),
        ];
        for (line, expected) in cases {
            assert_eq!(said(&line), expected, "{line}");
        }
        let timed =
            read(b"-   Timestamp      Error: 1795768805.816801 0.000037 0.000000").and_then(|record| record.when);
        assert_eq!(timed.map(|when| when.wall), Some(1_795_768_805_816_801));
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "",
            "-",
            "- item",
            "-   FetchErrors    x",
            "-   Error",
            "- Debug: x",
            "12 Error c x",
            "    12 Backup         b x",
            "* a << b",
            "Child process exited",
            "Error: x",
            "--- a/src/main.rs",
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::VarnishLog, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::VarnishLog)) {
            prop_assert_eq!(skim(&line).is_some(), read(&line).is_some());
        }
    }
}
