//! Cloud Foundry's gorouter, which stands before the instances of every application: its access log, as the router
//! keeps it and as `cf logs` shows it (`[RTR/0]`).
//!
//! Where the router answers itself, `x_cf_routererror` says why, for a failed instance in the words of Go's standard
//! library; a status without one is the application's own. Lines of before June 2020 have no such field: there the
//! length of the router's own pages tells. It tries another instance after some errors, and logs the last one that it
//! tried.
//!
//! Source: cloudfoundry/gorouter `accesslog/schema/access_log_record.go` (the fields, since December 2016),
//! `handlers/`, `proxy/round_tripper/error_handler.go` and `proxy/fails/basic_classifiers.go` (errors and their
//! statuses).

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, clf,
    nginx::request_line,
    record::{sign, table, wording},
};
use crate::{
    cause::{Cause, Matcher, Proxy, Sign, Strength},
    grammar::{
        Parsed, address, mismatch,
        number::{Micros, seconds, status, uint, whole},
        text::{byte, next_word, one, present, until, word},
        time::{When, east, iso, iso_apart},
    },
};
use nom::{Parser as _, combinator::verify, sequence::preceded};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "gorouter",
    proxy: Proxy::named("gorouter"),
    title: "Cloud Foundry's gorouter, its access log",
    layout: "HOST - [TIME] \"REQUEST\" STATUS BYTES-RECEIVED BYTES-SENT \"REFERER\" \"USER-AGENT\" \"CLIENT\" \"INSTANCE\" \
        x_forwarded_for:… x_forwarded_proto:… vcap_request_id:… response_time:… gorouter_time:… app_id:… app_index:… \
        instance_id:… [failed_attempts:… …] x_cf_routererror:… [HEADER:…]",
    time: "when the request was received",
    source: "Cloud Foundry, gorouter, accesslog/schema/access_log_record.go, proxy/round_tripper/error_handler.go",
    samples: &[
        r#"shop.example.com - [2026-11-27T08:00:00.123456789Z] "GET /cart/0?sku=A-665 HTTP/1.1" 200 0 2814 "-" "curl/8.14.1" "10.0.0.2:51234" "10.0.0.5:61001" x_forwarded_for:"203.0.113.9, 10.0.0.2" x_forwarded_proto:"https" vcap_request_id:"8e3c3a52-6f1d-4a55-9d0f-2c3f6f1c7a10" response_time:0.018210 gorouter_time:0.000104 app_id:"6d6f5a4e-1111-4222-8333-444455556666" app_index:"0" instance_id:"0b1c2d3e-4f50-4a61-8b72-9c8d7e6f5a4b" x_cf_routererror:"-""#,
        r#"shop.example.com - [2026-11-27T08:00:01.123456789Z] "POST /api/orders HTTP/1.1" 502 51 67 "-" "curl/8.14.1" "10.0.0.2:51234" "10.0.0.5:61001" x_forwarded_for:"203.0.113.9, 10.0.0.2" x_forwarded_proto:"https" vcap_request_id:"8e3c3a52-6f1d-4a55-9d0f-2c3f6f1c7a11" response_time:0.004511 gorouter_time:0.000101 app_id:"6d6f5a4e-1111-4222-8333-444455556666" app_index:"0" instance_id:"0b1c2d3e-4f50-4a61-8b72-9c8d7e6f5a4b" x_cf_routererror:"endpoint_failure (dial tcp 10.0.0.5:61001: connect: connection refused)""#,
    ],
    signs: &[&SIGNS, &ERRORS],
};

table! {
    /// What `x_cf_routererror` says of the router itself, and what statuses and lengths say where it is not there.
    SIGNS:
    UNRECOGNISED = sign("gorouter-unrecognised", Cause::Unknown, Strength::Silent, 502,
        "gorouter names an error that is not in the catalogue");
    ANSWERED = sign("gorouter-app-answered", Cause::UpstreamError, Strength::Conclusive, 0,
        "gorouter has no error of its own to tell: the application sent this status");
    BAD_GATEWAY = sign("gorouter-bad-gateway", Cause::ClosedEarly, Strength::Weak, 502,
        "the answer is gorouter's own page for an instance that failed");
    NO_ENDPOINTS = sign("gorouter-no-endpoints", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "the route has no instances (no_endpoints)");
    LIMIT = sign("gorouter-connection-limit", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "every instance had as many connections as gorouter lets one have (Connection Limit Reached)");
    ROUTE_SERVICE = sign("gorouter-route-service", Cause::ProxyLocal, Strength::Strong, 502,
        "the route is bound to a route service, which gorouter does not do for this request (route_service_unsupported)");
    EXPIRED = sign("gorouter-route-service-expired", Cause::ResponseTimeout, Strength::Strong, 504,
        "the route service sent the request back after its time was over (expired_route_service_signature)");
    PANIC = sign("gorouter-panic", Cause::GatewayInternal, Strength::Conclusive, 502,
        "gorouter itself failed (unknown_failure)");
    HANDSHAKE = sign("gorouter-525", Cause::TlsHandshake, Strength::Strong, 525,
        "gorouter answered 525: no TLS handshake with the instance");
    CERTIFICATE = sign("gorouter-526", Cause::TlsCertificate, Strength::Strong, 526,
        "gorouter answered 526: it did not accept the instance's certificate");
}

/// How errors read that no other program words so, or that gorouter answers with a status of its own.
static ERRORS: [Sign; 9] = [
    wording(
        "gorouter-none-left",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        502,
        "the route had no instance left to try",
        r"^No endpoints available",
    ),
    wording(
        "gorouter-too-many-headers",
        Cause::HeaderTooBig,
        Strength::Conclusive,
        502,
        "the response had more headers than gorouter takes",
        r"^Too many response headers|server response headers exceeded \d+ bytes",
    ),
    wording(
        "gorouter-dial-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        502,
        "no connection to the instance came about in time (endpoint_dial_timeout)",
        r"\bdial tcp[46]? \S+: (?:i/o timeout|connect: connection timed out)",
    ),
    wording(
        "gorouter-request-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        502,
        "the instance did not answer in time (request_timeout_in_seconds)",
        r"context deadline exceeded",
    ),
    wording(
        "gorouter-idle-closed",
        Cause::KeepaliveRace,
        Strength::Conclusive,
        502,
        "the instance closed an idle connection as gorouter used it",
        r"http: server closed idle connection",
    ),
    wording(
        "gorouter-not-tls",
        Cause::ProtocolMismatch,
        Strength::Conclusive,
        525,
        "the instance does not speak TLS on this port",
        r"first record does not look like a TLS handshake",
    ),
    wording(
        "gorouter-other-instance",
        Cause::TlsCertificate,
        Strength::Conclusive,
        503,
        "another instance than the one that the route is for has this address by now",
        r"x509: certificate is (?:valid for|not valid for any)",
    ),
    wording(
        "gorouter-certificate",
        Cause::TlsCertificate,
        Strength::Conclusive,
        526,
        "gorouter did not accept the instance's certificate",
        r"x509: certificate (?:signed by|has expired)|failed to verify certificate",
    ),
    wording(
        "gorouter-malformed-response",
        Cause::InvalidResponse,
        Strength::Conclusive,
        502,
        "the instance's answer was malformed",
        r"malformed HTTP (?:response|status|version)|malformed MIME header",
    ),
];

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&ERRORS).ok());

/// What every layout begins with.
struct Head<'a> {
    host: &'a [u8],
    when: When,
    request: &'a [u8],
    /// None where nothing was sent.
    status: Option<u16>,
    bytes: Option<u64>,
    user_agent: &'a [u8],
    /// The client's address, with its port.
    client: &'a [u8],
    /// That of the instance; `None` in old layouts, which have no place for it.
    instance: Option<&'a [u8]>,
}

/// `HOST - [TIME] "REQUEST" STATUS BYTES BYTES "REFERER" "USER-AGENT" "CLIENT" "INSTANCE"`
fn head(i: &[u8]) -> Parsed<'_, Head<'_>> {
    let (rest, host) = until(b' ')(i)?;
    let Some(rest) = rest.strip_prefix(b" - [") else { return mismatch() };
    let (rest, when) = iso(rest).or_else(|_| early(rest))?;
    let Some(rest) = rest.strip_prefix(b"] ") else { return mismatch() };
    let (rest, request) = clf::text(rest)?;
    let (rest, code) = next_word(rest)?;
    let (rest, _received) = next_word(rest)?;
    let (rest, bytes) = next_word(rest)?;
    let (rest, _referer) = next_text(rest)?;
    let (rest, user_agent) = next_text(rest)?;
    // Without quotes, the client is the last.
    let both = || (next_text, next_text.map(Some)).parse(rest);
    let alone = || verify(next_word, |client: &[u8]| !client.starts_with(b"\"")).parse(rest);
    let (rest, (client, instance)) = both().or_else(|_| alone().map(|(rest, client)| (rest, (client, None))))?;
    let (status, bytes) = (whole(code, status), whole(bytes, uint));
    // `"-"`
    if status.is_none() && !code.ends_with(b"-\"") {
        return mismatch();
    }
    let (client, instance) = (present(client), instance.map(present));
    Ok((rest, Head { host, when, request, status, bytes, user_agent, client, instance }))
}

/// `27/11/2026:08:00:00.123 +0000`, as it was until 2016, with the month as a number.
#[cold]
fn early(i: &[u8]) -> Parsed<'_, When> {
    let [d, e, b'/', m, n, b'/', y, z, a, b, b':', rest @ ..] = i else { return mismatch() };
    let (rest, time) = word(rest)?;
    let (rest, zone) = preceded(byte(b' '), east).parse(rest)?;
    match iso_apart(&[*y, *z, *a, *b, b'-', *m, *n, b'-', *d, *e], time) {
        Some(when) => Ok((rest, When { zone, ..when })),
        None => mismatch(),
    }
}

impl<'a> Head<'a> {
    /// The instance that was asked; empty where there was none, or none is told.
    fn upstream(&self) -> &'a [u8] {
        self.instance.unwrap_or_default()
    }
}

/// A space, then a text in quotes, as Go's `strconv.Quote` writes it.
fn next_text(i: &[u8]) -> Parsed<'_, &[u8]> {
    preceded(byte(b' '), clf::text).parse(i)
}

/// ` response_time:0.018210`, ` app_id:"6d6f5a4e"`: a name, and what stands behind it.
fn pair(i: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    let (rest, name) = verify(until(b':'), |name: &[u8]| !name.starts_with(b"\"")).parse(one(b' ', i)?.0)?;
    let (rest, value) = match &rest[1..] {
        quoted @ [b'"', ..] => clf::text(quoted)?,
        bare => word(bare)?,
    };
    Ok((rest, (name, present(value))))
}

/// What follows up to the application, in every layout.
#[derive(Default)]
struct Middle<'a> {
    forwarded: &'a [u8],
    request_id: &'a [u8],
    duration: Option<Micros>,
    /// The application's GUID: what the router balances over are its instances.
    app: &'a [u8],
}

/// `x_forwarded_for:"…" … response_time:… … app_id:"…"`
fn middle(i: &[u8]) -> Parsed<'_, Middle<'_>> {
    let (mut middle, mut rest, mut timed) = (Middle::default(), i, false);
    loop {
        let (after, (name, value)) = pair(rest)?;
        rest = after;
        match name {
            b"x_forwarded_for" => middle.forwarded = value,
            b"vcap_request_id" => middle.request_id = value,
            b"response_time" => (middle.duration, timed) = (whole(value, seconds), true),
            b"app_id" if timed => return Ok((rest, Middle { app: value, ..middle })),
            _ => {}
        }
    }
}

/// What only some layouts have.
#[derive(Default)]
struct Tail<'a> {
    /// How long the instance took that answered.
    backend: Option<Micros>,
    connect: Option<Micros>,
    /// Why the router answered itself; none in layouts without a place for it.
    error: Option<&'a [u8]>,
}

fn tail(mut i: &[u8]) -> Tail<'_> {
    let mut tail = Tail::default();
    while let Ok((rest, (name, value))) = pair(i) {
        i = rest;
        match name {
            b"backend_time" => tail.backend = whole(value, seconds),
            b"dial_time" => tail.connect = whole(value, seconds),
            // A remark about the request's query, whatever became of it.
            b"x_cf_routererror" if value == b"deprecated-semicolon-params" => tail.error = Some(b""),
            // Headers that are logged besides come later, and may be called anything.
            b"x_cf_routererror" if tail.error.is_none() => tail.error = Some(value),
            _ => {}
        }
    }
    tail
}

/// Whether an answer is one of the router's own: the length of its pages for instances that failed, and statuses that
/// it alone sends.
fn is_own(status: Option<u16>, bytes: Option<u64>) -> bool {
    // `502 Bad Gateway: Registered endpoint failed to handle the request.`, `503 Service Unavailable`
    matches!((status, bytes), (Some(502), Some(67)) | (Some(503), Some(24)) | (Some(496 | 499 | 525 | 526), _))
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    let (rest, head) = head(i).ok()?;
    let (_, middle) = middle(rest).ok()?;
    let Some(status) = head.status else { return Some(Skimmed::Full) };
    Some(Skimmed::Plain(Skim {
        when: Some(head.when),
        status,
        group: middle.app,
        upstream: head.upstream(),
        names_upstream: head.instance.is_some(),
        attempted: !head.upstream().is_empty(),
        duration: middle.duration,
    }))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    let (rest, head) = head(i).ok()?;
    let (rest, middle) = middle(rest).ok()?;
    let tail = tail(rest);
    let answers = match tail.error {
        Some(error) => error.is_empty(),
        None => !is_own(head.status, head.bytes),
    };
    let status = head.status.filter(|_| answers && !head.upstream().is_empty());
    let attempt = Attempt {
        upstream: head.upstream(),
        status,
        connect: tail.connect,
        response: tail.backend,
        ..Attempt::default()
    };
    let (method, path) = request_line(head.request);
    let peer = address::host(head.client);
    Some(Record {
        when: Some(head.when),
        status: head.status,
        upstream_status: status,
        group: middle.app,
        upstream: head.upstream(),
        names_upstream: head.instance.is_some(),
        method,
        host: address::host(head.host),
        path,
        bytes: head.bytes,
        duration: middle.duration,
        connect: tail.connect,
        client: if peer.is_empty() { address::forwarded(middle.forwarded) } else { peer },
        user_agent: present(head.user_agent),
        trace_id: middle.request_id,
        error_reason: tail.error.unwrap_or_default(),
        attempts: (!head.upstream().is_empty()).then_some(attempt).into_iter().collect(),
        escape: Escape::Hex,
        ..Record::default()
    })
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let cancelled = record.error_reason.starts_with(b"endpoint_failure (context canceled");
    let client_gave_up = record.status == Some(499) || cancelled;
    let failed = record.status.filter(|status| statuses.contains(*status) && !client_gave_up);
    let request = failed.and_then(|status| hint(record, status));
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), client_gave_up }
}

/// Why a request failed.
fn hint(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    if record.upstream_status.is_some() {
        return Some(ANSWERED);
    }
    Some(match record.error_reason {
        b"no_endpoints" => NO_ENDPOINTS,
        b"Connection Limit Reached" => LIMIT,
        b"route_service_unsupported" => ROUTE_SERVICE,
        b"expired_route_service_signature" => EXPIRED,
        b"unknown_failure" => PANIC,
        b"" => return unnamed(record, status),
        reason => {
            let inner = reason.strip_prefix(b"endpoint_failure (").and_then(|inner| inner.strip_suffix(b")"));
            let best = |error| MATCHER.as_ref().and_then(|matcher| matcher.best(error));
            inner.and_then(best).or_else(|| unnamed(record, status)).unwrap_or(UNRECOGNISED)
        }
    })
}

/// What the status alone says of an instance that failed.
fn unnamed(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    match status {
        525 => Some(HANDSHAKE),
        526 => Some(CERTIFICATE),
        502 if !record.upstream.is_empty() && record.error_reason.is_empty() => Some(BAD_GATEWAY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;
    use crate::format::nginx::tests::agree;
    use crate::grammar::time::Zone;

    /// A line with this status, length, instance and end.
    fn line(status: &str, bytes: u64, instance: &str, end: &str) -> String {
        format!(
            concat!(
                r#"shop.example.com - [2026-11-27T08:00:00.123456789Z] "GET /a HTTP/1.1" {} 0 {} "-" "-" "#,
                r#""10.0.0.2:51234" "{}" x_forwarded_for:"-" x_forwarded_proto:"-" vcap_request_id:"-" "#,
                r#"response_time:0.5 app_id:"-" app_index:"-"{}"#
            ),
            status, bytes, instance, end
        )
    }

    /// As `access_log_record.go` had it in 2014.
    #[test]
    fn reads_early_lines() {
        let line = r#"shop.example.com - [27/11/2026:10:00:00 +0200] "GET /a?b HTTP/1.1" 502 0 67 "-" "curl/7.38.0" 203.0.113.9:51234 x_forwarded_for:"203.0.113.9" vcap_request_id:8e3c3a52 response_time:0.0045 app_id:6d6f5a4e"#;
        let record = Format::Gorouter.read(line.as_bytes()).unwrap_or_default();
        // Ten o'clock on the router's wall.
        let when = When { wall: 1_795_773_600_000_000, zone: Zone::Offset(7_200) };
        assert_eq!((record.when, record.status, record.bytes), (Some(when), Some(502), Some(67)));
        assert_eq!(
            (record.host, record.path, record.client),
            (&b"shop.example.com"[..], &b"/a?b"[..], &b"203.0.113.9"[..])
        );
        assert_eq!((record.group, record.trace_id), (&b"6d6f5a4e"[..], &b"8e3c3a52"[..]));
        assert_eq!((record.duration, record.names_upstream, record.upstream), (Some(4_500), false, &b""[..]));
        assert_eq!(agree(skim(line.as_bytes()), Some(&record)), Ok(()));
    }

    /// Errors as gorouter's and Go's sources word them.
    #[test]
    fn names_signs() {
        let cases = [
            ("502", 157, r#""-""#, Some("gorouter-app-answered")),
            ("503", 157, r#""deprecated-semicolon-params""#, Some("gorouter-app-answered")),
            ("503", 61, r#""no_endpoints""#, Some("gorouter-no-endpoints")),
            ("503", 61, r#""Connection Limit Reached""#, Some("gorouter-connection-limit")),
            ("502", 61, r#""route_service_unsupported""#, Some("gorouter-route-service")),
            ("504", 61, r#""expired_route_service_signature""#, Some("gorouter-route-service-expired")),
            ("502", 0, r#""unknown_failure""#, Some("gorouter-panic")),
            ("502", 67, r#""endpoint_failure (No endpoints available)""#, Some("gorouter-none-left")),
            ("502", 67, r#""endpoint_failure (Too many response headers)""#, Some("gorouter-too-many-headers")),
            (
                "502",
                67,
                r#""endpoint_failure (net/http: server response headers exceeded 1048576 bytes; aborted)""#,
                Some("gorouter-too-many-headers"),
            ),
            (
                "502",
                67,
                r#""endpoint_failure (dial tcp 10.0.0.5:61001: connect: connection refused)""#,
                Some("text-dial-refused"),
            ),
            ("502", 67, r#""endpoint_failure (dial tcp 10.0.0.5:61001: i/o timeout)""#, Some("gorouter-dial-timeout")),
            (
                "502",
                67,
                r#""endpoint_failure (incomplete request (dial tcp 10.0.0.5:61001: connect: no route to host))""#,
                Some("text-runtime-unreachable"),
            ),
            (
                "502",
                67,
                r#""endpoint_failure (read tcp 10.0.0.2:40122->10.0.0.5:61001: read: connection reset by peer)""#,
                Some("text-connection-reset"),
            ),
            ("502", 67, r#""endpoint_failure (EOF)""#, Some("text-eof")),
            ("502", 67, r#""endpoint_failure (EOF (via idempotent request))""#, Some("text-eof")),
            ("502", 67, r#""endpoint_failure (context deadline exceeded)""#, Some("gorouter-request-timeout")),
            ("502", 67, r#""endpoint_failure (http: server closed idle connection)""#, Some("gorouter-idle-closed")),
            ("502", 67, r#""endpoint_failure (net/http: TLS handshake timeout)""#, Some("text-handshake-timeout")),
            (
                "525",
                26,
                r#""endpoint_failure (tls: first record does not look like a TLS handshake)""#,
                Some("gorouter-not-tls"),
            ),
            ("525", 26, r#""endpoint_failure (remote error: tls: handshake failure)""#, Some("text-runtime-handshake")),
            (
                "503",
                24,
                r#""endpoint_failure (x509: certificate is valid for 0b1c2d3e, not 9f8e7d6c)""#,
                Some("gorouter-other-instance"),
            ),
            (
                "526",
                28,
                r#""endpoint_failure (x509: certificate signed by unknown authority)""#,
                Some("gorouter-certificate"),
            ),
            (
                "526",
                28,
                r#""endpoint_failure (tls: failed to verify certificate: x509: certificate has expired or is not yet valid: x)""#,
                Some("gorouter-certificate"),
            ),
            (
                "502",
                67,
                r#""endpoint_failure (net/http: HTTP/1.x transport connection broken: malformed HTTP response \"SSH-2.0\")""#,
                Some("gorouter-malformed-response"),
            ),
            ("502", 67, r#""endpoint_failure (something new)""#, Some("gorouter-unrecognised")),
            ("526", 28, r#""endpoint_failure (something new)""#, Some("gorouter-526")),
            ("502", 67, r#""endpoint_failure""#, Some("gorouter-unrecognised")),
            ("499", 22, r#""endpoint_failure (context canceled)""#, None),
            ("502", 67, r#""endpoint_failure (context canceled (EOF))""#, None),
            ("404", 61, r#""unknown_route""#, None),
            ("200", 157, r#""-""#, None),
        ];
        for (status, bytes, error, kind) in cases {
            let line = line(status, bytes, "10.0.0.5:61001", &format!(" x_cf_routererror:{error}"));
            let record = read(line.as_bytes()).unwrap_or_default();
            let verdict = judge(&record, &Statuses::gateway());
            assert_eq!(verdict.request.map(|sign| sign.kind), kind, "{line}");
            assert_eq!(verdict.client_gave_up, error.contains("canceled"), "{line}");
        }
        // Of before there was a word for it.
        let old = [
            ("502", 67, "10.0.0.5:61001", Some("gorouter-bad-gateway"), None),
            ("502", 157, "10.0.0.5:61001", Some("gorouter-app-answered"), Some(502)),
            ("503", 24, "10.0.0.5:61001", None, None),
            ("503", 61, "-", None, None),
            ("525", 26, "10.0.0.5:61001", Some("gorouter-525"), None),
            ("200", 26, "10.0.0.5:61001", None, Some(200)),
        ];
        for (status, bytes, instance, kind, answered) in old {
            let line = line(status, bytes, instance, "");
            let record = read(line.as_bytes()).unwrap_or_default();
            let verdict = judge(&record, &Statuses::gateway());
            assert_eq!(verdict.request.map(|sign| sign.kind), kind, "{line}");
            assert_eq!(record.upstream_status, answered, "{line}");
        }
        for sign in SIGNS.iter().chain(&ERRORS) {
            let reached = cases.iter().any(|(.., kind)| *kind == Some(sign.kind));
            assert!(reached || old.iter().any(|(_, _, _, kind, _)| *kind == Some(sign.kind)), "{}", sign.kind);
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        let whole = line("200", 9, "10.0.0.5:61001", "");
        assert!(Format::Gorouter.skim(whole.as_bytes()).is_some());
        for (what, with) in [
            (" - [", " - - ["),
            ("2026-11-27T", "27/Nov/2026:"),
            ("response_time:0.5 ", ""),
            (r#" app_id:"-""#, ""),
            (" 200 0 9", " OK 0 9"),
            (r#""10.0.0.2:51234" "#, "10.0.0.2 "),
        ] {
            assert!(Format::Gorouter.skim(whole.replace(what, with).as_bytes()).is_none(), "{what}");
        }
    }
}
