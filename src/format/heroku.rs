//! Heroku's router, which stands before the dynos of every application: logfmt, in the application's own log stream.
//!
//! The payload has no time of its own: that of the envelope counts, which `heroku logs` and log drains put around it.
//! Where the router answers itself, it says why by a code; a status without one is the application's own.

#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::{
    About, Attempt, Record, Skim, Skimmed, Statuses, Verdict,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{
        address,
        find::{find, find_far, rfind},
        number::{Micros, status, uint, whole},
        text::{Starts, present},
    },
};
use memchr::{memchr_iter, memmem};

pub(super) static ABOUT: About = About {
    name: "heroku",
    proxy: Proxy::named("heroku"),
    title: "Heroku's router, as `heroku logs` shows it and log drains send it",
    layout: "[sock=…] at=… [code=… desc=\"…\"] method=… path=\"…\" host=… request_id=… fwd=\"…\" dyno=… connect=…ms service=…ms \
        status=… bytes=… protocol=… [tls=… tls_version=…]",
    time: "that of the envelope: when the router logged the request",
    source: "Heroku Dev Center, \"HTTP Routing\" (Heroku router log format), \"Heroku Error Codes\"",
    samples: &[
        r#"at=info method=GET path="/cart/0?sku=A-665" host=shop.example.com request_id=8e3c3a52-6f1d-4a55-9d0f-2c3f6f1c7a10 fwd="203.0.113.9" dyno=web.1 connect=1ms service=18ms status=200 bytes=2814 protocol=https"#,
        r#"at=error code=H12 desc="Request timeout" method=POST path="/api/orders" host=shop.example.com request_id=5b1f6a3e-0c77-4f0b-8c55-97a4e1a2b311 fwd="203.0.113.9" dyno=web.2 connect=1ms service=30001ms status=503 bytes=0 protocol=http1.1 tls=true tls_version=tls1.3"#,
        r#"sock=client at=warning code=H27 desc="Client Request Interrupted" method=GET path="/" host=shop.example.com request_id=c2b7d1aa-4f4e-44c2-8d39-6a7b8f2e9c44 fwd="203.0.113.9" dyno=web.1 connect=0ms service=1215ms status=499 bytes= protocol=https"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What the codes say ("Heroku Error Codes").
    SIGNS:
    ANSWERED = sign("heroku-app-answered", Cause::UpstreamError, Strength::Conclusive, 0,
        "the router has no error of its own to tell: the application sent this status");
    CRASHED = sign("heroku-app-crashed", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "the application has crashed, or did not boot in time (H10)");
    BACKLOG = sign("heroku-backlog", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "more requests waited for the application than the router lets wait (H11)");
    TIMEOUT = sign("heroku-request-timeout", Cause::ResponseTimeout, Strength::Conclusive, 503,
        "the dyno did not answer within 30 seconds (H12)");
    CLOSED = sign("heroku-closed", Cause::ClosedEarly, Strength::Strong, 503,
        "the dyno closed the connection without a word (H13)");
    NO_DYNOS = sign("heroku-no-dynos", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "no web dynos run (H14)");
    IDLE = sign("heroku-idle", Cause::BodyTimeout, Strength::Conclusive, 503,
        "the dyno sent nothing for 55 seconds in the middle of its response (H15)");
    MALFORMED = sign("heroku-malformed-response", Cause::InvalidResponse, Strength::Conclusive, 503,
        "the dyno's response is no well-formed HTTP (H17)");
    INTERRUPTED = sign("heroku-interrupted", Cause::TruncatedResponse, Strength::Strong, 503,
        "the dyno's connection ended before the response was complete (H18)");
    CONNECT_TIMEOUT = sign("heroku-connect-timeout", Cause::ConnectTimeout, Strength::Conclusive, 503,
        "no connection to a dyno came about within 5 seconds (H19)");
    BOOT_TIMEOUT = sign("heroku-boot-timeout", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "no dyno was up after the 75 seconds that requests wait for one to boot (H20)");
    REFUSED = sign("heroku-refused", Cause::ConnectionRefused, Strength::Conclusive, 503,
        "the dyno refused the connection (H21)");
    CONNECTIONS = sign("heroku-connections", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "more clients were connected than the router lets one application have (H22)");
    ENDPOINT = sign("heroku-endpoint", Cause::ProxyLocal, Strength::Strong, 503,
        "a WebSocket handshake came by way of a proxy that does not speak it, and the router refused it (H23)");
    FORCED_CLOSE = sign("heroku-forced-close", Cause::GatewayInternal, Strength::Conclusive, 0,
        "the router itself was shut down before the request was complete (H24)");
    OVERSIZED = sign("heroku-oversized", Cause::HeaderTooBig, Strength::Conclusive, 502,
        "a header, a cookie or the status line of the response is longer than the router takes (H25)");
    RESTRICTED = sign("heroku-restricted", Cause::InvalidResponse, Strength::Conclusive, 502,
        "the response breaks a rule that the router holds responses to, such as one content length each (H25)");
    QUARANTINED = sign("heroku-quarantined", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "the router keeps away from every dyno that is up, since connections to them failed (H34)");
    MAINTENANCE = sign("heroku-maintenance", Cause::ProxyLocal, Strength::Conclusive, 503,
        "the application is in maintenance mode (H80)");
    BLANK = sign("heroku-blank", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "the application has no code yet (H81)");
    USED_UP = sign("heroku-hours-used-up", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "the account has used up its dyno hours, and its dynos sleep (H82)");
    DEGRADED = sign("heroku-degradation", Cause::ProxyLocal, Strength::Conclusive, 503,
        "the platform refuses requests by plan (H83)");
    PLATFORM = sign("heroku-platform", Cause::GatewayInternal, Strength::Conclusive, 503,
        "Heroku itself failed (H99)");
}

/// Why the router answered, as `code` and `desc` say. Codes of what clients do (H26 to H28, H31 to H33) explain no
/// failure.
fn reason(code: &[u8], description: &[u8]) -> Option<&'static Sign> {
    Some(match code {
        b"H10" => CRASHED,
        b"H11" => BACKLOG,
        b"H12" => TIMEOUT,
        b"H13" => CLOSED,
        b"H14" => NO_DYNOS,
        b"H15" => IDLE,
        b"H17" => MALFORMED,
        b"H18" => INTERRUPTED,
        b"H19" => CONNECT_TIMEOUT,
        b"H20" => BOOT_TIMEOUT,
        b"H21" => REFUSED,
        b"H22" => CONNECTIONS,
        b"H23" => ENDPOINT,
        b"H24" => FORCED_CLOSE,
        // `HTTP restriction: oversized cookie`
        b"H25" if description.windows(9).any(|part| part == b"oversized") => OVERSIZED,
        b"H25" => RESTRICTED,
        b"H34" => QUARANTINED,
        b"H80" => MAINTENANCE,
        b"H81" => BLANK,
        b"H82" => USED_UP,
        b"H83" => DEGRADED,
        b"H99" => PLATFORM,
        _ => return None,
    })
}

/// The values of a line; empty where it has none.
#[derive(Default)]
struct Line<'a> {
    code: &'a [u8],
    description: &'a [u8],
    method: &'a [u8],
    path: &'a [u8],
    host: &'a [u8],
    request_id: &'a [u8],
    /// The clients that `X-Forwarded-For` names.
    forwarded: &'a [u8],
    /// The dyno that the request went to.
    dyno: &'a [u8],
    connect: &'a [u8],
    service: &'a [u8],
    status: &'a [u8],
    bytes: &'a [u8],
    agent: &'a [u8],
}

/// How a line may begin. What `heroku logs` shows of H31 has lost its `at=`.
const STARTS: Starts<3> = Starts::new(&[b"at=", b"sock=", b"error code=H"]);

/// Any line: what it says, and whether the router wrote it. Applications write such pairs too, but none with all of
/// these.
fn line(i: &[u8]) -> Option<Line<'_>> {
    STARTS.behind(i)?;
    let (mut line, mut marks, mut rest) = (Line::default(), 0, i);
    // The clients are a header of the client's own, which may hold whatever else a line does.
    let forwarded_end = memmem::rfind(i, b"\" dyno=");
    while let Some(equals) = find(b'=', rest) {
        let key = &rest[rfind(b' ', &rest[..equals]).map_or(0, |space| space + 1)..equals];
        let behind = &rest[equals + 1..];
        let quote = i.len() - behind.len();
        let (after, text) = match forwarded_end {
            Some(end) if key == b"fwd" && behind.starts_with(b"\"") && quote < end => {
                (&i[end + 2..], &i[quote + 1..end])
            }
            _ => value(behind),
        };
        let place = match key {
            b"code" => &mut line.code,
            b"desc" => &mut line.description,
            b"method" => &mut line.method,
            b"path" => &mut line.path,
            b"host" => &mut line.host,
            b"request_id" => &mut line.request_id,
            b"fwd" => &mut line.forwarded,
            b"dyno" => {
                marks |= 1;
                &mut line.dyno
            }
            b"connect" => &mut line.connect,
            b"service" => {
                marks |= 2;
                &mut line.service
            }
            b"status" => {
                marks |= 4;
                &mut line.status
            }
            b"bytes" => &mut line.bytes,
            b"agent" => &mut line.agent,
            _ => &mut &b""[..],
        };
        if place.is_empty() {
            *place = text;
        }
        rest = after;
    }
    (marks == 7 && !line.method.is_empty()).then_some(line)
}

/// A value, in quotes or without, and what follows it and a space. Quotes inside are not escaped: it ends at one before
/// a space.
fn value(i: &[u8]) -> (&[u8], &[u8]) {
    let (end, text) = match i {
        [b'"', inside @ ..] => {
            let is_last = |quote: &usize| matches!(inside.get(*quote + 1), None | Some(b' '));
            let end = memchr_iter(b'"', inside).find(is_last).unwrap_or(inside.len());
            (end + 2, &inside[..end])
        }
        _ => {
            let end = find(b' ', i).unwrap_or(i.len());
            (end, &i[..end])
        }
    };
    (i.get(end + 1..).unwrap_or_default(), text)
}

/// `18ms`; older lines have some without the unit.
fn millis(value: &[u8]) -> Option<Micros> {
    whole(value.strip_suffix(b"ms").unwrap_or(value), uint).map(|millis| millis.saturating_mul(1_000))
}

/// What the router balances over: dynos of other process types get no requests. A line does not name its application,
/// which may have many hosts.
const WEB: &[u8] = b"web";

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    match ordinary(i) {
        Some(skim) => Some(Skimmed::Plain(skim)),
        None => line(i).map(|_| Skimmed::Full),
    }
}

/// Nearly every line, in one pass: of a request that a dyno answered, in the present layout.
fn ordinary(i: &[u8]) -> Option<Skim<'_>> {
    let rest = i.strip_prefix(b"at=info method=")?;
    let (_method, rest) = up_to(find(b' ', rest)?, rest, b" path=\"")?;
    let (_path, rest) = up_to(find_far(b'"', rest)?, rest, b"\" host=")?;
    let (_host, rest) = up_to(find(b' ', rest)?, rest, b" request_id=")?;
    let (_id, rest) = up_to(find_far(b' ', rest)?, rest, b" fwd=\"")?;
    let (_forwarded, rest) = up_to(find(b'"', rest)?, rest, b"\" dyno=")?;
    let (upstream, rest) = up_to(find(b' ', rest)?, rest, b" connect=")?;
    let rest = uint(rest).ok()?.0.strip_prefix(b"ms service=")?;
    let (rest, millis) = uint(rest).ok()?;
    let (rest, status) = status(rest.strip_prefix(b"ms status=")?).ok()?;
    // With quotes in it, what follows may be the clients', too.
    let is_whole = rest.starts_with(b" ") && find_far(b'"', rest).is_none();
    let is_whole = is_whole && !matches!(upstream.first(), None | Some(b'"'));
    let (duration, names_upstream) = (Some(millis.saturating_mul(1_000)), true);
    is_whole.then_some(Skim { when: None, status, group: WEB, upstream, names_upstream, attempted: true, duration })
}

/// The text before `end`, and what follows `mark`, which stands there.
#[inline(always)]
fn up_to<'a, const N: usize>(end: usize, i: &'a [u8], mark: &[u8; N]) -> Option<(&'a [u8], &'a [u8])> {
    Some((&i[..end], i[end..].strip_prefix(mark)?))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    let line = line(i)?;
    let (status, duration, connect) = (whole(line.status, status), millis(line.service), millis(line.connect));
    // A response that broke off may have begun with a status of its own.
    let is_own = line.code.is_empty() || matches!(line.code, b"H15" | b"H18") && status != Some(503);
    let upstream_status = status.filter(|_| is_own && !line.dyno.is_empty());
    let attempt =
        Attempt { upstream: line.dyno, status: upstream_status, connect, response: duration, ..Attempt::default() };
    let client = address::forwarded(line.forwarded);
    Some(Record {
        status,
        upstream_status,
        group: WEB,
        upstream: line.dyno,
        names_upstream: true,
        method: line.method,
        host: address::host(line.host),
        path: line.path,
        bytes: whole(line.bytes, uint),
        duration,
        connect,
        client: present(client.trim_ascii()),
        user_agent: line.agent,
        trace_id: line.request_id,
        error_reason: line.code,
        message: line.description,
        attempts: (!line.dyno.is_empty()).then_some(attempt).into_iter().collect(),
        ..Record::default()
    })
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let client_gave_up = matches!(record.error_reason, b"H27" | b"H28");
    let failed = record.status.filter(|status| statuses.contains(*status) && !client_gave_up);
    let request = failed.and_then(|_| match record.error_reason {
        b"" => Some(ANSWERED),
        code => reason(code, record.message),
    });
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), client_gave_up }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;

    #[test]
    fn names_signs() {
        let cases = [
            ("", "", "502", Some("heroku-app-answered")),
            ("H10", "App crashed", "503", Some("heroku-app-crashed")),
            ("H11", "Backlog too deep", "503", Some("heroku-backlog")),
            ("H12", "Request timeout", "503", Some("heroku-request-timeout")),
            ("H13", "Connection closed without response", "503", Some("heroku-closed")),
            ("H14", "No web processes running", "503", Some("heroku-no-dynos")),
            ("H15", "Idle connection", "503", Some("heroku-idle")),
            ("H16", "Redirect to herokuapp.com", "301", None),
            ("H17", "Poorly formatted HTTP response", "503", Some("heroku-malformed-response")),
            ("H18", "Server Request Interrupted", "503", Some("heroku-interrupted")),
            ("H19", "Backend connection timeout", "503", Some("heroku-connect-timeout")),
            ("H20", "App boot timeout", "503", Some("heroku-boot-timeout")),
            ("H21", "Backend connection refused", "503", Some("heroku-refused")),
            ("H22", "Connection limit reached", "503", Some("heroku-connections")),
            ("H23", "Endpoint misconfigured", "503", Some("heroku-endpoint")),
            ("H24", "Forced close", "503", Some("heroku-forced-close")),
            ("H24", "Forced close", "", None),
            ("H25", "HTTP restriction: invalid content length", "502", Some("heroku-restricted")),
            ("H25", "HTTP restriction: oversized cookie", "502", Some("heroku-oversized")),
            ("H25", "HTTP restriction: oversized status line", "502", Some("heroku-oversized")),
            ("H26", "Request Error", "400", None),
            ("H31", "Misdirected Request", "421", None),
            ("H34", "All up dynos are quarantined", "503", Some("heroku-quarantined")),
            ("H80", "Maintenance mode", "503", Some("heroku-maintenance")),
            ("H81", "Blank app", "503", Some("heroku-blank")),
            ("H82", "You've used up your dyno hour pool", "503", Some("heroku-hours-used-up")),
            ("H83", "Planned Service Degradation", "503", Some("heroku-degradation")),
            ("H99", "Platform error", "503", Some("heroku-platform")),
            ("H98", "Something new", "503", None),
        ];
        for (code, description, status, kind) in cases {
            let why = if code.is_empty() { String::new() } else { format!("code={code} desc=\"{description}\" ") };
            let line =
                format!("at=error {why}method=GET path=\"/\" dyno=web.1 connect=1ms service=9ms status={status}");
            let record = read(line.as_bytes()).unwrap_or_default();
            let verdict = judge(&record, &Statuses::gateway());
            assert_eq!(verdict.request.map(|sign| sign.kind), kind, "{line}");
            assert_eq!(record.upstream_status.is_some(), code.is_empty(), "{line}");
            assert_eq!((record.error_reason, verdict.client_gave_up), (code.as_bytes(), false), "{line}");
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|(.., kind)| *kind == Some(sign.kind)), "{}", sign.kind);
        }
    }

    /// Whatever status they are logged with.
    #[test]
    fn clients_that_give_up_fail_nothing() {
        for code in ["H27", "H28"] {
            for status in ["499", "503"] {
                let line =
                    format!("sock=client at=warning code={code} method=GET dyno=web.1 service=9ms status={status}");
                let verdict = judge(&read(line.as_bytes()).unwrap_or_default(), &Statuses::gateway());
                assert!(verdict.client_gave_up && verdict.request.is_none(), "{line}");
            }
        }
    }

    #[test]
    fn reads_odd_values() {
        let cases = [
            (r#"path="/a\"b" c" fwd="203.0.113.9,10.0.0.2" dyno=web.1"#, [r#"/a\"b"#, "203.0.113.9", "web.1"]),
            (r#"path=/a?b="c" fwd=2001:db8::9 dyno="#, [r#"/a?b="c""#, "2001:db8::9", ""]),
            (r#"path="" fwd="" dyno=web.12"#, ["", "", "web.12"]),
            ("path= fwd= dyno=-", ["", "", "-"]),
        ];
        for (middle, expected) in cases {
            let line = format!("at=info method=GET {middle} connect= service= status=200 bytes=9");
            let record = read(line.as_bytes()).unwrap_or_default();
            assert_eq!([record.path, record.client, record.upstream], expected.map(str::as_bytes), "{line}");
            assert!(skim(line.as_bytes()).is_some(), "{line}");
        }
    }

    /// The clients are what the client says they are, whatever quotes and fields it says.
    #[test]
    fn clients_forge_no_fields() {
        let fields = |status: u16| format!("dyno=web.{} connect=0ms service=9ms status={status}", status % 10);
        let forged = format!("1\" {} x=", fields(209));
        for fwd in [format!("{forged}\" dyno=\" fwd=\"2"), format!("{forged}a"), forged] {
            let line = format!(
                r#"at=info method=GET path="/" host=h request_id=b fwd="{fwd}" {} bytes=1 protocol=https"#,
                fields(503)
            );
            let record = read(line.as_bytes()).unwrap_or_default();
            assert_eq!((record.status, record.upstream), (Some(503), &b"web.3"[..]), "{line}");
            assert!(matches!(skim(line.as_bytes()), Some(Skimmed::Full)), "{line}");
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "at=info method=GET path=/a status=200 service=8ms",
            "at=info dyno=web.1 service=8ms status=200",
            "method=GET path=/a dyno=web.1 connect=1ms service=8ms status=200",
            "source=web.1 dyno=heroku.1.2 sample#load_avg_1m=0.56 method=GET service=1 status=2",
            "at=",
            "at=\"",
            "",
        ] {
            assert!(Format::Heroku.skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
