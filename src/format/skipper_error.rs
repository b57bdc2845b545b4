//! Skipper's application log: the only place where it says why a request failed.
//!
//! Three layouts: logrus's text behind a prefix (`-application-log-prefix`, `[APP]` unless somebody changes it), its text
//! for terminals behind the same, and its JSON (`-application-log-json-enabled`). Other programs write with logrus, too,
//! so a line without Skipper's own prefix is claimed by what only Skipper says.
//!
//! | since | what a failed request says |
//! | --- | --- |
//! | 2017 | `error while proxying, route ID, status code 502: ERROR` |
//! | 2018 | `…, route ID with backend URL, status code …`; `client canceled…` |
//! | 2020 | `… after 1.2ms, route ID with backend network URL, flow id ID, …, remote host: …, request: "…", user agent: "…"` |
//! | 2022 | `…, request: "…", host: …, user agent: "…"`; what went wrong on the way to the backend is part of the error |
//!
//! Until 2022 the error had a line of its own, too, before that of the request (`Failed to do backend roundtrip to …`).
//! It counts nothing: the request's own line says the same, and where there is none another backend answered.

use super::record::{sign, table, wording};
use super::traefik_shared::{client, server};
use super::{About, Attempt, Escape, Record, Skimmed, Statuses, Verdict, What, cloud, go, nginx};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::address::host;
use crate::grammar::find::find;
use crate::grammar::json::object_while;
use crate::grammar::number::{Micros, status, uint, whole};
use crate::grammar::text::{Starts, after, place_of};
use crate::grammar::time::{When, iso};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "skipper-error",
    proxy: Proxy::SKIPPER,
    title: "Skipper's application log: why requests failed, and which endpoints it holds to be unhealthy",
    layout: "[APP]time=\"…\" level=… msg=\"error while proxying after …, route … with backend …, status code …: …\"\n\
        [APP]LEVEL[SECONDS] MESSAGE\n{\"level\":…,\"msg\":…,\"time\":…}",
    time: "when it was written",
    source: "Skipper, proxy/proxy.go (errorResponse, makeBackendRequest), logging/log.go",
    samples: &[
        r#"[APP]time="2026-11-27T08:00:01Z" level=error msg="error while proxying after 1.204718ms, route kube_shop__cart__shop_example_com____cart_0 with backend lb http://10.0.0.5:8080, flow id 0kR3Wp-aTe5vXq2+, status code 502: dialing failed true: failed to do backend roundtrip to 10.0.0.5:8080: dial tcp 10.0.0.5:8080: connect: connection refused, remote host: 203.0.113.9, request: \"POST /api/orders HTTP/1.1\", host: shop.example.com, user agent: \"curl/8.14.1\"""#,
        r#"[APP]time="2026-11-27T08:01:02Z" level=info msg="Passive health check: marking \"10.0.0.5:8080\" as unhealthy due to failed round trips ratio: 0.75""#,
        r#"[APP]time="2026-11-27T08:00:00Z" level=info msg="route settings applied, id: 1""#,
        r#"{"level":"error","msg":"error while proxying after 60.000912s, route report with backend network http://10.0.0.6:8080, status code 504: dialing failed false: net.Error during backend roundtrip to 10.0.0.6:8080: timeout=true temporary='true': net/http: timeout awaiting response headers, remote host: 203.0.113.9, request: \"GET /report HTTP/1.1\", host: shop.example.com, user agent: \"\"","time":"2026-11-27T08:02:02Z"}"#,
    ],
    signs: &[&SIGNS, &ERRORS],
};

table! {
    /// What Skipper says without an error of Go's, and what status it answers with where nothing is known of the error.
    SIGNS:
    UNRECOGNISED_500 = sign("skipper-unrecognised-500", Cause::Unknown, Strength::Silent, 500,
        "Skipper logged an error that is not in the catalogue");
    UNRECOGNISED_502 = sign("skipper-unrecognised-502", Cause::Unknown, Strength::Silent, 502,
        "Skipper could not connect, for a reason that is not in the catalogue");
    UNRECOGNISED_503 = sign("skipper-unrecognised-503", Cause::Unknown, Strength::Silent, 503,
        "a connection broke, for a reason that is not in the catalogue");
    UNRECOGNISED_504 = sign("skipper-unrecognised-504", Cause::ResponseTimeout, Strength::Weak, 504,
        "a time limit of Skipper's was over");
    UNHEALTHY = sign("skipper-passive-unhealthy", Cause::NoLiveUpstream, Strength::Weak, 0,
        "Skipper sends an endpoint fewer requests, as too many did not get through to it");
    OPENED = sign("skipper-breaker-opened", Cause::CircuitBreaker, Strength::Weak, 0,
        "a circuit breaker opened after failures");
    NO_ENDPOINTS = sign("skipper-no-endpoints", Cause::NoLiveUpstream, Strength::Strong, 0,
        "a route has no endpoints");
}

/// How errors read that no other program words so, or that Skipper answers with a status of its own: 502 for all that
/// goes wrong before a connection, 503 and 504 for what Go counts among errors of the network, 500 for all else.
static ERRORS: [Sign; 19] = [
    wording(
        "skipper-breaker-open",
        Cause::CircuitBreaker,
        Strength::Conclusive,
        503,
        "a circuit breaker was open",
        r"^circuit breaker open$",
    ),
    wording(
        "skipper-queue-full",
        Cause::CircuitBreaker,
        Strength::Conclusive,
        503,
        "a queue of Skipper's was full (lifo)",
        r"^(?:Queue|Stack)Full: ",
    ),
    wording(
        "skipper-queue-timeout",
        Cause::QueueTimeout,
        Strength::Conclusive,
        502,
        "the request waited too long in a queue of Skipper's (lifo)",
        r"^Timeout: timeout$",
    ),
    wording(
        "skipper-dial-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        502,
        "no connection to the backend came about in time (-timeout-backend)",
        r"^dial tcp[46]? \S+: (?:i/o timeout|connect: (?:connection|operation) timed out)",
    ),
    wording(
        "skipper-no-descriptors",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        502,
        "Skipper had no file descriptors left",
        r"socket: too many open files",
    ),
    wording(
        "skipper-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        503,
        "the backend reset the connection",
        r"(?:read|write): connection reset by peer",
    ),
    wording(
        "skipper-broken-pipe",
        Cause::ClosedEarly,
        Strength::Strong,
        503,
        "the backend had closed the connection while the request was being sent",
        r"write: broken pipe",
    ),
    wording(
        "skipper-client-certificate",
        Cause::TlsCertificate,
        Strength::Strong,
        503,
        "the backend did not accept Skipper's own certificate",
        concat!(
            r"remote error: tls: (?:bad certificate|certificate required|unknown certificate|expired certificate",
            r"|revoked certificate|unsupported certificate|access denied)",
        ),
    ),
    wording(
        "skipper-tls-alert",
        Cause::TlsHandshake,
        Strength::Strong,
        503,
        "the backend refused the TLS handshake",
        r"remote error: tls: ",
    ),
    wording(
        "skipper-certificate",
        Cause::TlsCertificate,
        Strength::Conclusive,
        500,
        "Skipper did not accept the backend's certificate",
        r"x509: (?:certificate |cannot validate certificate|issuer |a root or intermediate|too many )",
    ),
    wording(
        "skipper-not-tls",
        Cause::ProtocolMismatch,
        Strength::Conclusive,
        500,
        "one side spoke TLS, the other did not",
        concat!(
            r"first record does not look like a TLS handshake|server gave HTTP response to HTTPS client",
            r#"|malformed HTTP response \\*"\\+x(?:15\\+x03|00\\+x00)"#,
        ),
    ),
    wording(
        "skipper-idle-closed",
        Cause::KeepaliveRace,
        Strength::Conclusive,
        500,
        "the backend closed an idle connection as Skipper used it",
        r"http: server closed idle connection",
    ),
    wording(
        "skipper-eof",
        Cause::ClosedEarly,
        Strength::Strong,
        500,
        "the connection ended before the response's header did",
        r"(?:^|: )(?:unexpected )?EOF$",
    ),
    wording(
        "skipper-headers-exceeded",
        Cause::HeaderTooBig,
        Strength::Conclusive,
        500,
        "the response headers were too large",
        r"server response headers exceeded \d+ bytes",
    ),
    wording(
        "skipper-malformed-response",
        Cause::InvalidResponse,
        Strength::Conclusive,
        500,
        "the backend's answer was malformed",
        r#"malformed HTTP response \\*"[^\\"]|malformed HTTP (?:status|version)|malformed MIME header"#,
    ),
    wording(
        "skipper-too-many-loopbacks",
        Cause::NoRoute,
        Strength::Conclusive,
        500,
        "the routes lead back to themselves (<loopback>, -max-loopbacks)",
        r"^max loopbacks reached",
    ),
    wording(
        "skipper-panic",
        Cause::GatewayInternal,
        Strength::Conclusive,
        500,
        "Skipper itself failed, or a filter of it",
        r"^panic caused by: ",
    ),
    wording(
        "skipper-bad-request",
        Cause::NoRoute,
        Strength::Strong,
        500,
        "the route's backend is none that a request can be made for",
        r"^could not map backend request: ",
    ),
    wording(
        "skipper-bad-backend",
        Cause::NoRoute,
        Strength::Strong,
        502,
        "the route's backend is none that Skipper can send a request to",
        r"^failed to get roundtripper: ",
    ),
];

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&ERRORS).ok());

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    entry(line).map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    entry(line).map(|entry| entry.record())
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    let best = |text| MATCHER.as_ref().and_then(|matcher| matcher.best(text));
    let sign = match record.what {
        What::Attempt => best(cause_of(record.error_reason).0).or_else(|| unrecognised(record.status)),
        What::State => state(record.message).map(|state| state.sign),
        _ => None,
    };
    let request = sign.filter(|_| record.what == What::Attempt);
    Verdict { request, attempts: record.attempts.iter().map(|_| sign).collect(), ..Verdict::default() }
}

/// The sign of a failure of which no row knows the reason.
fn unrecognised(status: Option<u16>) -> Option<&'static Sign> {
    match status? {
        502 => Some(UNRECOGNISED_502),
        503 => Some(UNRECOGNISED_503),
        504 => Some(UNRECOGNISED_504),
        _ => Some(UNRECOGNISED_500),
    }
}

/// One line, in whichever layout. Texts are as logged, with Go's or JSON's backslashes.
#[derive(Clone, Copy, Debug, Default)]
struct Entry<'a> {
    when: Option<When>,
    level: &'a [u8],
    message: &'a [u8],
    trace_id: &'a [u8],
    escape: Escape,
}

/// The line, if it is Skipper's.
fn entry(line: &[u8]) -> Option<Entry<'_>> {
    match line.first()? {
        b'{' => json(line),
        // Nobody else's lines begin so.
        b'[' => {
            let rest = line.strip_prefix(b"[APP]")?;
            return logrus(rest).or_else(|| terminal(rest));
        }
        b't' => logrus(line),
        _ => None,
    }
    .filter(Entry::is_known)
}

impl<'a> Entry<'a> {
    /// Whether the message is one that only Skipper writes.
    fn is_known(&self) -> bool {
        let message = self.message;
        let counts = Failure::of(message).is_some() || queue(message).is_some();
        counts || state(message).is_some() || is_step(message)
    }

    fn record(&self) -> Record<'a> {
        let Self { when, level, message, trace_id, escape } = *self;
        let mut record = Record { what: What::Notice, when, level, message, trace_id, escape, ..Record::default() };
        if let Some(failure) = Failure::of(message) {
            failure.fill(&mut record);
        } else if let Some(error) = message.strip_prefix(b"Error connecting to backend: ") {
            // A request to upgrade the connection, of which the line says no more.
            (record.what, record.status, record.error_reason, record.upstream) =
                (What::Attempt, Some(503), error, go::peer(error));
            tried(&mut record);
        } else if let Some((status, reason, name)) = queue(message) {
            (record.what, record.status, record.error_reason, record.host) =
                (What::Attempt, Some(status), reason, host(name));
        } else if let Some(State { upstream, route, .. }) = state(message) {
            (record.what, record.upstream, record.group) = (What::State, upstream, route);
            tried(&mut record);
        }
        record
    }
}

/// Notes that the record's server was tried.
fn tried(record: &mut Record<'_>) {
    record.names_upstream = !record.upstream.is_empty();
    record.attempts.push(Attempt { upstream: record.upstream, ..Attempt::default() });
}

/// Whether it tells of a step on the way of a request that has a line of its own.
fn is_step(message: &[u8]) -> bool {
    static STARTS: Starts<4> = Starts::new(&[
        b"Failed to do backend roundtrip to ",
        b"net.Error during backend roundtrip to ",
        b"Failed to retry backend request: ",
        b"Unexpected error from Go stdlib net/http package during roundtrip: ",
    ]);
    STARTS.behind(message).is_some()
}

/// What a queue (the filter `lifo`) answered a request, why, and the host that was asked for: `Failed to get an entry on
/// to the queue to process Timeout: timeout for host shop.example.com`. Since February 2021 at the level debug.
fn queue(message: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (_, rest) = apart(message.strip_prefix(b"Failed to get an entry on to the ")?, b" to process ");
    let (reason, host) = apart(rest, b" for host ");
    let status = match apart(reason, b": ") {
        (b"Timeout", _) => 502,
        (b"QueueFull" | b"StackFull", _) => 503,
        _ => return None,
    };
    Some((status, reason, host))
}

/// What a line says of an endpoint or a route.
struct State<'a> {
    sign: &'static Sign,
    upstream: &'a [u8],
    route: &'a [u8],
}

fn state(message: &[u8]) -> Option<State<'_>> {
    let nothing = &message[..0];
    if let Some(rest) = message.strip_prefix(b"Passive health check: marking ") {
        let upstream = rest.split(|byte| b"\\\"".contains(byte)).find(|part| !part.is_empty())?;
        return Some(State { sign: UNHEALTHY, upstream, route: nothing });
    }
    // It is named after the backend that it is for.
    if let Some(rest) = message.strip_prefix(b"circuit breaker ") {
        let at = place_of(rest, b" went from ").filter(|_| rest.ends_with(b" to open"))?;
        return Some(State { sign: OPENED, upstream: &rest[..at], route: nothing });
    }
    let rest = message.strip_prefix(b"failed to post-process LB route: ")?;
    let route = rest.strip_suffix(b", no endpoints defined")?;
    Some(State { sign: NO_ENDPOINTS, upstream: nothing, route })
}

/// `error while proxying after …, route …, status code …: …, remote host: …, request: "…", user agent: "…"`
#[derive(Clone, Copy, Debug, Default)]
struct Failure<'a> {
    duration: Option<Micros>,
    /// The route's id.
    route: &'a [u8],
    /// The backend's URL.
    backend: &'a [u8],
    flow: &'a [u8],
    status: u16,
    error: &'a [u8],
    /// All of the message that is Skipper's own: what follows is the client's.
    message: &'a [u8],
    client: &'a [u8],
    request: &'a [u8],
    host: &'a [u8],
    user_agent: &'a [u8],
}

impl<'a> Failure<'a> {
    fn of(message: &'a [u8]) -> Option<Self> {
        static STARTS: Starts<2> = Starts::new(&[b"error while proxying", b"client canceled"]);
        let rest = STARTS.behind(message)?;
        let (duration, rest) = match rest.strip_prefix(b" after ") {
            Some(rest) => rest.split_at(find(b',', rest)?),
            None => (&b""[..], rest),
        };
        let rest = rest.strip_prefix(b", route ")?;
        let at = place_of(rest, STATUS)?;
        let (route, code) = (&rest[..at], &rest[at + STATUS.len()..]);
        let (code, error) = code.split_at_checked(3)?;
        let error = error.strip_prefix(b": ")?;
        let end = place_of(error, REMOTE).unwrap_or(error.len());
        let (error, rest) = error.split_at(end);
        let mut failure = Self {
            duration: go::duration(duration).filter(|_| !duration.is_empty()).map(|nanos| nanos / 1_000),
            status: whole(code, status)?,
            error,
            message: &message[..message.len() - rest.len()],
            ..Self::default()
        };
        failure.route(route);
        failure.request(rest);
        Some(failure)
    }

    /// `ID with backend network http://10.0.0.5:8080, flow id 0kR3Wp-aTe5vXq2+`
    fn route(&mut self, text: &'a [u8]) {
        let (text, flow) = apart(text, b", flow id ");
        let (route, backend) = apart(text, b" with backend ");
        // For a week of April 2020 it said so where it had none.
        self.flow = if flow == b"not set" { b"" } else { flow };
        self.route = if route == b"_unknownroute_" { b"" } else { route };
        // Its type stood not before it until 2020.
        self.backend = backend.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    }

    /// `, remote host: 203.0.113.9, request: "GET / HTTP/1.1", host: shop.example.com, user agent: "curl"`: but on
    /// terminals, the quotes have backslashes.
    fn request(&mut self, text: &'a [u8]) {
        let (text, user_agent) = apart(text, b", user agent: ");
        let (text, host) = apart(text, b"\", host: ");
        let (text, request) = apart(text, b", request: ");
        self.client = text.strip_prefix(REMOTE).unwrap_or_default();
        self.request = without_quotes(request);
        self.host = host;
        self.user_agent = without_quotes(user_agent);
    }

    /// The server that was tried; empty where there was none.
    fn upstream(&self) -> &'a [u8] {
        let named = if place_of(self.backend, b"://").is_some() { server(self.backend) } else { b"" };
        let (error, tried) = cause_of(self.error);
        [named, tried].into_iter().find(|upstream| !upstream.is_empty()).unwrap_or_else(|| go::peer(error))
    }

    fn fill(&self, record: &mut Record<'a>) {
        (record.method, record.path) = nginx::request_line(self.request);
        record.status = Some(self.status);
        record.duration = self.duration;
        record.group = self.route;
        record.error_reason = self.error;
        record.message = self.message;
        record.client = client(self.client);
        record.host = host(self.host);
        record.user_agent = self.user_agent;
        record.upstream = self.upstream();
        if !self.flow.is_empty() {
            record.trace_id = self.flow;
        }
        // 499, and until July 2018 500 or 504: the client left. Below: the client is to blame.
        if self.status >= 500 && !self.error.ends_with(b"context canceled") {
            record.what = What::Attempt;
            if !record.upstream.is_empty() {
                tried(record);
            }
        }
    }
}

const STATUS: &[u8] = b", status code ";
const REMOTE: &[u8] = b", remote host: ";

/// What stands before a label, and what behind; nothing behind where it is not there.
fn apart<'a>(text: &'a [u8], label: &[u8]) -> (&'a [u8], &'a [u8]) {
    place_of(text, label).map_or((text, b""), |at| (&text[..at], &text[at + label.len()..]))
}

/// What stands between quotes, with backslashes or without, of which the last may be cut off.
fn without_quotes(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    let inside = text.strip_prefix(b"\\").unwrap_or(text);
    let inside = inside.strip_prefix(b"\"").unwrap_or(inside);
    let inside = inside.strip_suffix(b"\"").unwrap_or(inside);
    inside.strip_suffix(b"\\").unwrap_or(inside)
}

/// Go's own words for what went wrong, and the server that Skipper says it was about: what stands behind `dialing failed
/// true: failed to do backend roundtrip to 10.0.0.5:8080: `, `dialing failed false: net.Error during backend roundtrip
/// to 10.0.0.5:8080: timeout=true temporary='true': `, or `dialing failed false: unexpected error from Go stdlib net/http
/// package during roundtrip: `. Until July 2018 it was `proxy error with code 504, dialing failed false, unwrap: `.
fn cause_of(error: &[u8]) -> (&[u8], &[u8]) {
    if error.starts_with(b"proxy error with code ") {
        return (after(error, b", unwrap: ").unwrap_or(error), b"");
    }
    let dialing =
        error.strip_prefix(b"dialing failed true: ").or_else(|| error.strip_prefix(b"dialing failed false: "));
    let error = dialing.unwrap_or(error);
    if let Some(rest) = error.strip_prefix(b"failed to do backend roundtrip to ") {
        let (server, error) = apart(rest, b": ");
        return (error, server);
    }
    if let Some(rest) = error.strip_prefix(b"net.Error during backend roundtrip to ") {
        let (server, error) = apart(rest, b": ");
        return (after(error, b"': ").unwrap_or(error), server);
    }
    (error.strip_prefix(b"unexpected error from Go stdlib net/http package during roundtrip: ").unwrap_or(error), b"")
}

static MARKS: cloud::Marks = cloud::Marks::new(&[
    b"\"error while proxying",
    b"\"client canceled",
    b" backend roundtrip to ",
    b"\"Failed to retry backend request: ",
    b"\"Failed to get an entry on to the ",
    b"\"Unexpected error from Go stdlib ",
    b"\"Passive health check: marking ",
    b"\"circuit breaker ",
    b"\"failed to post-process LB route: ",
]);

/// `{"level":"error","msg":"error while proxying …","time":"…"}`
fn json(line: &[u8]) -> Option<Entry<'_>> {
    if !MARKS.are_in(line) {
        return None;
    }
    let mut entry = Entry { escape: Escape::Json, ..Entry::default() };
    let (rest, ()) = object_while(line, |name, value| {
        match name {
            b"level" => entry.level = value.text(),
            b"time" => entry.when = whole(value.text(), iso),
            b"msg" => entry.message = value.text(),
            b"trace_id" => entry.trace_id = value.text(),
            _ => {}
        }
        true
    })
    .ok()?;
    let is_whole = !entry.level.is_empty() && entry.when.is_some() && rest.trim_ascii().is_empty();
    is_whole.then_some(entry)
}

/// `time="2026-11-27T08:00:01Z" level=error msg="…" trace_id=…`
fn logrus(line: &[u8]) -> Option<Entry<'_>> {
    let go::Logrus { when, level, message, rest } = go::logrus(line)?;
    let mut entry = Entry { when: Some(when), level, message, escape: Escape::Json, ..Entry::default() };
    if let Some(rest) = after(rest, b" trace_id=") {
        entry.trace_id = go::value(rest).0;
    }
    Some(entry)
}

/// `ERRO[0135] error while proxying …`, with colours or without: seconds since the start, and no time.
fn terminal(line: &[u8]) -> Option<Entry<'_>> {
    let (level, rest) = go::colourless(line).split_at_checked(4)?;
    let known = matches!(level, b"TRAC" | b"DEBU" | b"INFO" | b"WARN" | b"ERRO" | b"FATA" | b"PANI");
    let rest = go::colourless(rest).strip_prefix(b"[")?;
    let (seconds, rest) = rest.split_at(find(b']', rest)?);
    let message = rest.strip_prefix(b"] ")?.trim_ascii_end();
    let (message, trace_id) = apart(message, b" trace_id=");
    (known && whole(seconds, uint).is_some()).then_some(Entry { level, message, trace_id, ..Entry::default() })
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, kinds, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        agrees(Format::SkipperError, line.as_bytes());
        told(read(line.as_bytes()))
    }

    /// A message as logrus has it, in its text or its JSON.
    fn written(message: &str) -> [String; 3] {
        let escaped = message.replace('\\', r"\\").replace('"', r#"\""#);
        [
            format!(r#"[APP]time="2026-11-27T08:00:00Z" level=error msg="{escaped}""#),
            format!(r#"time="2026-11-27T08:00:00Z" level=error msg="{escaped}" trace_id=9f"#),
            format!(
                r#"{{"level":"error","msg":"{}","time":"2026-11-27T08:00:00Z"}}"#,
                escaped.replace("->", r"-\u003e")
            ),
        ]
    }

    #[test]
    fn reads_each_version() {
        let error = "dialing failed true: dial tcp 10.0.0.5:80: connect: connection refused";
        let now = format!("status code 502: {error}");
        let asked = r#"remote host: 203.0.113.9, 10.0.0.2, request: "GET /a HTTP/1.1""#;
        let cases = [
            (
                format!(
                    r#"error while proxying after 1.5ms, route api with backend lb http://10.0.0.5:80, flow id 9f8e, {now}, {asked}, host: h:80, user agent: "ua""#
                ),
                "group=api upstream=10.0.0.5:80 method=GET host=h path=/a duration=0.002 client=203.0.113.9 agent=ua trace=9f8e",
            ),
            (
                format!(
                    r#"error while proxying after 1m1.5s, route api with backend network http://app:80, {now}, {asked}, user agent: """#
                ),
                "group=api upstream=app:80 method=GET path=/a duration=61.500 client=203.0.113.9",
            ),
            (
                format!("error while proxying after 1.5ms, route api with backend dynamic ://, flow id not set, {now}"),
                "group=api upstream=10.0.0.5:80 duration=0.002",
            ),
            (
                format!("error while proxying, route _unknownroute_ with backend <unknown>, {now}"),
                "upstream=10.0.0.5:80",
            ),
            (format!("error while proxying, route api, {now}"), "group=api upstream=10.0.0.5:80"),
        ];
        for (message, expected) in cases {
            let own = message.split(", remote host").next().unwrap_or_default();
            for line in written(&message) {
                let got = said(&line).replace(" trace=9f ", " ").replace("message=", "");
                let (head, tail) = expected.split_once("trace=").unwrap_or((expected, ""));
                assert!(got.starts_with(&format!("what=Attempt status=502 {head}")), "{got}");
                assert!(got.contains(tail) && got.contains(own), "{got}");
                let record = only(Format::SkipperError, &line).unwrap_or_default();
                assert_eq!(record.error_reason, error.as_bytes(), "{line}");
                // 2026-11-27T08:00:00Z is 1795766400.
                assert_eq!(record.when.map(|when| when.wall), Some(1_795_766_400_000_000), "{line}");
                assert_eq!(kinds(Format::SkipperError, &line).0, Some("text-dial-refused"), "{line}");
            }
        }
        // A terminal's has neither a time nor backslashes.
        let end = r#"status code 500: dialing failed false: EOF, remote host: 203.0.113.9, request: "GET /a HTTP/1.1", user agent: "u "a"""#;
        for level in ["ERRO", "\x1B[31mERRO\x1B[0m"] {
            let line =
                format!("[APP]{level}[0135] error while proxying after 1ms, route api with backend lb h, {end} ");
            let record = only(Format::SkipperError, &line).unwrap_or_default();
            assert_eq!((record.status, record.when, record.path), (Some(500), None, &b"/a"[..]), "{line}");
            assert_eq!((record.level, record.user_agent), (&b"ERRO"[..], &br#"u "a""#[..]), "{line}");
        }
        // Cut off.
        let line = r#"[APP]time="2026-11-27T08:00:00Z" level=error msg="error while proxying, route api, status code 502: dialing failed true: x, remote host: 203.0.113.9, request: \"GET /a HT"#;
        let record = only(Format::SkipperError, line).unwrap_or_default();
        assert_eq!((record.client, record.method), (&b"203.0.113.9"[..], &b"GET"[..]));
    }

    /// Errors as Skipper's and Go's sources word them, and the statuses that Skipper answers with.
    #[test]
    fn names_signs() {
        let (to, net) = (
            "failed to do backend roundtrip to 10.0.0.5:80: ",
            "net.Error during backend roundtrip to 10.0.0.5:80: timeout=false temporary='false': ",
        );
        let std = "unexpected error from Go stdlib net/http package during roundtrip: ";
        let cases = [
            (502, to, "dial tcp 10.0.0.5:80: connect: connection refused", "text-dial-refused"),
            (502, to, "dial tcp 10.0.0.5:80: connect: no route to host", "text-runtime-unreachable"),
            (502, to, "dial tcp 10.0.0.5:80: connect: connection reset by peer", "text-connect-reset"),
            (502, to, "dial tcp 10.0.0.5:80: connect: cannot assign requested address", "text-connect-no-ports"),
            (502, to, "dial tcp: lookup app on 10.0.0.10:53: no such host", "text-lookup-failed"),
            (
                502,
                to,
                "dial tcp: lookup app on 10.0.0.10:53: read udp 10.0.0.2:4->10.0.0.10:53: i/o timeout",
                "text-lookup-failed",
            ),
            (502, to, "dial tcp 10.0.0.5:80: i/o timeout", "skipper-dial-timeout"),
            (502, to, "dial tcp 10.0.0.5:80: socket: too many open files", "skipper-no-descriptors"),
            (502, "failed to get roundtripper: ", "unknown scheme", "skipper-bad-backend"),
            (502, "", "something new", "skipper-unrecognised-502"),
            (503, "", "circuit breaker open", "skipper-breaker-open"),
            (503, net, "read tcp 10.0.0.2:4->10.0.0.5:80: read: connection reset by peer", "skipper-reset"),
            (503, net, "write tcp 10.0.0.2:4->10.0.0.5:80: write: broken pipe", "skipper-broken-pipe"),
            (503, net, "remote error: tls: handshake failure", "skipper-tls-alert"),
            (503, net, "remote error: tls: bad certificate", "skipper-client-certificate"),
            (503, net, "something new", "skipper-unrecognised-503"),
            (504, net, "net/http: timeout awaiting response headers", "text-awaiting-headers"),
            (504, net, "net/http: TLS handshake timeout", "text-handshake-timeout"),
            (504, "", "context deadline exceeded", "text-deadline-exceeded"),
            (504, "", "something new", "skipper-unrecognised-504"),
            (500, std, "EOF", "skipper-eof"),
            (500, std, "unexpected EOF", "skipper-eof"),
            (500, std, "http: server closed idle connection", "skipper-idle-closed"),
            (
                500,
                std,
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "skipper-certificate",
            ),
            (500, std, "tls: first record does not look like a TLS handshake", "skipper-not-tls"),
            (
                500,
                std,
                r#"net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00""#,
                "skipper-not-tls",
            ),
            (
                500,
                std,
                r#"net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0""#,
                "skipper-malformed-response",
            ),
            (500, std, "net/http: server response headers exceeded 1048576 bytes; aborted", "skipper-headers-exceeded"),
            (500, "could not map backend request: ", "net/http: invalid method", "skipper-bad-request"),
            (500, "", "max loopbacks reached after route api", "skipper-too-many-loopbacks"),
            (500, "", "panic caused by: runtime error", "skipper-panic"),
            (500, std, "something new", "skipper-unrecognised-500"),
        ];
        for (status, wrapped, error, kind) in cases {
            let message = format!(
                "error while proxying after 1ms, route api with backend lb http://10.0.0.5:80, status code {status}: dialing failed false: {wrapped}{error}"
            );
            for line in written(&message) {
                assert_eq!(kinds(Format::SkipperError, &line), (Some(kind), vec![Some(kind)]), "{line}");
            }
        }
        let others = [
            (
                "Failed to get an entry on to the stack to process StackFull: stack full for host h",
                "skipper-queue-full",
            ),
            (
                "Failed to get an entry on to the queue to process QueueFull: stack full for host h",
                "skipper-queue-full",
            ),
            ("Failed to get an entry on to the queue to process Timeout: timeout for host h", "skipper-queue-timeout"),
        ];
        for (message, kind) in others {
            for line in written(message) {
                assert_eq!(kinds(Format::SkipperError, &line), (Some(kind), vec![]), "{line}");
            }
        }
        let states = [
            (
                r#"Passive health check: marking "10.0.0.5:80" as unhealthy due to failed round trips ratio: 0.75"#,
                "skipper-passive-unhealthy",
                "10.0.0.5:80",
            ),
            ("circuit breaker 10.0.0.5:80 went from half-open to open", "skipper-breaker-opened", "10.0.0.5:80"),
            ("failed to post-process LB route: api, no endpoints defined", "skipper-no-endpoints", ""),
        ];
        for (message, kind, upstream) in states {
            for line in written(message) {
                let record = only(Format::SkipperError, &line).unwrap_or_default();
                assert_eq!((record.what, record.upstream), (What::State, upstream.as_bytes()), "{line}");
                assert_eq!(kinds(Format::SkipperError, &line), (None, vec![Some(kind)]), "{line}");
            }
        }
        let known = |kind: &str| {
            let told = cases.iter().map(|(.., kind)| *kind).chain(others.iter().map(|(_, kind)| *kind));
            told.chain(states.iter().map(|(_, kind, _)| *kind)).any(|told| told == kind)
        };
        for sign in SIGNS.iter().chain(&ERRORS) {
            assert!(known(sign.kind), "{}", sign.kind);
        }
    }

    #[test]
    fn counts_nothing_twice() {
        for (message, status) in [
            (
                "client canceled after 731ms, route api with backend lb http://10.0.0.5:80, status code 499: x",
                Some(499),
            ),
            ("error while proxying, route api, status code 504: dialing failed false: context canceled", Some(504)),
            ("error while proxying, route _unknownroute_, status code 404: route lookup failed", Some(404)),
            ("Failed to do backend roundtrip to http://10.0.0.5:80: dialing failed true: x", None),
            ("net.Error during backend roundtrip to http://10.0.0.5:80: timeout=true temporary=true: x", None),
            ("Failed to retry backend request: dialing failed true: x", None),
        ] {
            for line in written(message) {
                let record = only(Format::SkipperError, &line).unwrap_or_default();
                assert_eq!((record.what, record.status), (What::Notice, status), "{line}");
                assert_eq!(kinds(Format::SkipperError, &line), (None, vec![]), "{line}");
            }
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "",
            "[APP]",
            "[APP]starting",
            "[APP]ERRO[x] error",
            "[APP]NOTE[0001] error",
            r#"[app]time="2026-11-27T08:00:00Z" level=info msg=starting"#,
            r#"time="2026-11-27T08:00:00Z" level=info msg=starting"#,
            r#"time="2026-11-27T08:00:00Z" level=error msg="error while proxying""#,
            r#"time="2026-11-27T08:00:00Z" level=error msg="error while proxying, route api, status code x: y""#,
            r#"time="2026-11-27T08:00:00Z" level=error msg="Error connecting to backend: EOF""#,
            r#"time="2026-11-27T08:00:00Z" level=info msg="circuit breaker a went from open to closed""#,
            r#"{"level":"error","msg":"error while proxying: x","time":"2026-11-27T08:00:00Z"}"#,
            r#"{"level":"error","msg":"error while proxying, route api, status code 502: x"}"#,
            r#"{"level":"info","msg":"starting","time":"2026-11-27T08:00:00Z"}"#,
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::SkipperError)) {
            agrees(Format::SkipperError, &line);
        }
    }
}
