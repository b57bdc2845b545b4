//! Fastly's logs as the JSON object that its documentation proposes for every endpoint, with what people add to it and
//! with the shorter names that some prefer.
//!
//! Where Fastly answers in an origin's place, the reason behind the status says why (`obj.response`), unless VCL set
//! another. A request that one of Fastly's sites passes on to another (a shield) has a line at each.

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, clf, cloud,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::text::place_of,
};

pub(super) static ABOUT: About = About {
    name: "fastly",
    proxy: Proxy::named("fastly"),
    title: "Fastly log as the proposed JSON object, one a line",
    layout: r#"{"timestamp":…,"client_ip":…,"host":…,"url":…,"request_method":…,"request_user_agent":…,"response_state":…,"response_status":…,"response_reason":…,"response_body_size":…,"fastly_server":…,"fastly_is_edge":…}"#,
    time: "when the request came",
    source: "Fastly, \"Useful log formats\" and \"Fastly-generated 503 errors in VCL\"",
    samples: &[
        r#"{"timestamp":"2026-11-21T10:00:14+0000","client_ip":"203.0.113.9","geo_country":"germany","geo_city":"berlin","host":"shop.example.com","url":"/api/stock?sku=A-1","request_method":"GET","request_protocol":"HTTP/2","request_referer":"","request_user_agent":"curl/8.5.0","response_state":"MISS","response_status":200,"response_reason":"OK","response_body_size":826,"fastly_server":"cache-fra-eddf8230176-FRA","fastly_is_edge":true}"#,
        r#"{"timestamp":"2026-11-21T10:01:14","client_ip":"203.0.113.9","host":"shop.example.com","url":"/checkout/pay","request_method":"POST","request_protocol":"HTTP/2","request_user_agent":"curl/8.5.0","response_state":"ERROR","response_status":503,"response_reason":"first byte timeout","response_body_size":450,"fastly_server":"cache-fra-eddf8230176-FRA","fastly_is_edge":true}"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What the reason behind a 503 is a sign of. Source: Fastly, "Fastly-generated 503 errors in VCL".
    SIGNS:
    ORIGIN_STATUS = sign("fastly-origin-status", Cause::UpstreamError, Strength::Strong, 0,
        "the answer is not one of Fastly's: the origin gave this status");
    CACHED_ERROR = sign("fastly-cached-error", Cause::UpstreamError, Strength::Weak, 0,
        "an error that the origin had answered with before was sent from the cache");
    UNHEALTHY = sign("fastly-unhealthy", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "no backend was healthy");
    LIMIT = sign("fastly-limit", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "the limit of connections or threads was reached");
    REFUSED = sign("fastly-connect-refused", Cause::ConnectionRefused, Strength::Conclusive, 503,
        "the backend refused the connection");
    CONNECT_TIMEOUT = sign("fastly-connect-timeout", Cause::ConnectTimeout, Strength::Conclusive, 503,
        "no connection to the backend was made in time");
    UNREACHABLE = sign("fastly-unreachable", Cause::HostUnreachable, Strength::Conclusive, 503,
        "there is no way to the backend's address");
    RESPONSE_TIMEOUT = sign("fastly-first-byte-timeout", Cause::ResponseTimeout, Strength::Conclusive, 503,
        "the backend did not answer in time");
    BODY_TIMEOUT = sign("fastly-between-bytes-timeout", Cause::BodyTimeout, Strength::Conclusive, 503,
        "the backend stopped in the middle of its answer");
    READ_FAILED = sign("fastly-read-failed", Cause::ClosedEarly, Strength::Strong, 503,
        "the backend's answer could not be read: closed, or too slow");
    WRITE_FAILED = sign("fastly-write-failed", Cause::ClosedEarly, Strength::Strong, 503,
        "the backend did not take the whole request");
    HANDSHAKE = sign("fastly-tls", Cause::TlsHandshake, Strength::Conclusive, 503,
        "the TLS handshake with the backend failed");
    CERTIFICATE = sign("fastly-certificate", Cause::TlsCertificate, Strength::Conclusive, 503,
        "the backend's certificate was not accepted");
    HEADER_TOO_BIG = sign("fastly-header-overflow", Cause::HeaderTooBig, Strength::Conclusive, 503,
        "the backend's response header is too big");
    INVALID_RESPONSE = sign("fastly-invalid-response", Cause::InvalidResponse, Strength::Strong, 503,
        "the backend's answer is invalid");
    LOOP = sign("fastly-loop", Cause::NoRoute, Strength::Conclusive, 503, "the request came back to Fastly");
    LOCAL = sign("fastly-local", Cause::ProxyLocal, Strength::Weak, 0, "VCL gave this answer");
}

/// The members of a line that matter here, as they come.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    own: bool,
    time: &'a [u8],
    status: &'a [u8],
    reason: &'a [u8],
    state: &'a [u8],
    bytes: &'a [u8],
    client: &'a [u8],
    host: &'a [u8],
    method: &'a [u8],
    url: &'a [u8],
    user_agent: &'a [u8],
    elapsed: &'a [u8],
    first_byte: &'a [u8],
    is_edge: &'a [u8],
}

impl<'a> Fields<'a> {
    fn set(&mut self, name: &[u8], value: &'a [u8]) {
        let field = match name {
            b"timestamp" | b"time_start" => &mut self.time,
            b"response_status" | b"status" => &mut self.status,
            b"response_reason" | b"reason" => &mut self.reason,
            b"response_state" | b"state" => &mut self.state,
            b"response_body_size" | b"body_size" => &mut self.bytes,
            b"client_ip" | b"remote_addr" => &mut self.client,
            b"host" => &mut self.host,
            b"request_method" | b"method" => &mut self.method,
            b"url" | b"path" => &mut self.url,
            b"request_user_agent" | b"user_agent" => &mut self.user_agent,
            b"request_latency" | b"time_elapsed" => &mut self.elapsed,
            b"ttfb" => &mut self.first_byte,
            b"fastly_is_edge" => {
                self.own = true;
                &mut self.is_edge
            }
            b"fastly_server" => {
                self.own = true;
                return;
            }
            _ => return,
        };
        *field = value;
    }

    fn what(&self, status: Option<u16>) -> What {
        let failed = status.is_some_and(|status| Statuses::gateway().contains(status));
        match (self.is_edge == b"false", failed) {
            (false, _) => What::Request,
            (true, true) => What::State,
            (true, false) => What::Notice,
        }
    }

    fn skim(&self) -> Skimmed<'a> {
        let status = cloud::status(self.status);
        cloud::plain(self.what(status), cloud::utc(self.time), status, |when, status| Skim {
            when: Some(when),
            status,
            group: self.host(),
            upstream: b"",
            names_upstream: false,
            attempted: self.was_asked(),
            duration: cloud::count(self.elapsed),
        })
    }

    fn host(&self) -> &'a [u8] {
        cloud::host(if self.host.is_empty() { cloud::url(self.url).0 } else { self.host })
    }

    fn record(&self) -> Record<'a> {
        let status = cloud::status(self.status);
        let (_, path) = cloud::url(self.url);
        let header = cloud::seconds(self.first_byte);
        let host = self.host();
        let asked = Attempt { header, ..Attempt::default() };
        Record {
            what: self.what(status),
            when: cloud::utc(self.time),
            status,
            group: host,
            method: self.method,
            host,
            path,
            bytes: cloud::count(self.bytes),
            // Microseconds (`time.elapsed.usec`).
            duration: cloud::count(self.elapsed),
            header,
            client: self.client,
            user_agent: self.user_agent,
            error_reason: self.reason,
            flags: self.state,
            no_server: own_reason(self.reason) == Some(UNHEALTHY),
            attempts: self.was_asked().then_some(asked).into_iter().collect(),
            escape: Escape::Json,
            ..Record::default()
        }
    }

    /// Whether a backend was asked: by the state, or by a reason that tells how that went.
    fn was_asked(&self) -> bool {
        let reason = own_reason(self.reason);
        let without = [UNHEALTHY, LIMIT, LOOP].map(Some).contains(&reason);
        let fetched = self.state.starts_with(b"MISS") || self.state.starts_with(b"PASS");
        !without && (fetched || reason.is_some())
    }
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"fastly_"]);

/// The fields, where the object is one of Fastly's.
fn fields(line: &[u8]) -> Option<Fields<'_>> {
    if !MARKS.are_in(line) {
        return None;
    }
    let mut fields = Fields::default();
    cloud::members(line, |name, value| fields.set(name, value.text()))?;
    fields.own.then_some(fields)
}

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    fields(line).map(|fields| fields.skim())
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    fields(line).map(|fields| fields.record())
}

/// [`skim`] where the user says that lines are Fastly's: its default, which is the Common Log Format.
pub(super) fn skim_named(i: &[u8]) -> Option<Skimmed<'_>> {
    skim(i).or_else(|| clf::line(i).map(|line| line.skim()))
}

/// [`read`] where the user says that lines are Fastly's.
pub(super) fn read_named(i: &[u8]) -> Option<Record<'_>> {
    read(i).or_else(|| clf::line(i).map(|line| line.record()))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let client_gave_up = matches!(record.status, Some(0 | 499));
    let failed = record.status.is_some_and(|status| statuses.contains(status));
    let request = if failed && record.what != What::Notice { failure(record) } else { None };
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), client_gave_up }
}

/// What a failed request is a sign of. Fastly's own errors are 503s.
fn failure(record: &Record<'_>) -> Option<&'static Sign> {
    let own = own_reason(record.error_reason).filter(|_| record.status == Some(503));
    own.or_else(|| match record.flags {
        state if state.starts_with(b"MISS") || state.starts_with(b"PASS") => Some(ORIGIN_STATUS),
        state if state.starts_with(b"HIT") => Some(CACHED_ERROR),
        state if state.starts_with(b"ERROR") => Some(LOCAL),
        _ => None,
    })
}

/// What a reason of Fastly's is a sign of; their capitals vary.
fn own_reason(reason: &[u8]) -> Option<&'static Sign> {
    let reasons: [(&[u8], &'static Sign); 20] = [
        (b"all backends failed or unhealthy", UNHEALTHY),
        (b"backend is unhealthy", UNHEALTHY),
        (b"no healthy backends", UNHEALTHY),
        (b"quorum weight not reached", UNHEALTHY),
        (b"backend.max_conn reached", LIMIT),
        (b"maximum threads for service reached", LIMIT),
        (b"connection refused", REFUSED),
        (b"connection timed out", CONNECT_TIMEOUT),
        (b"network unreachable", UNREACHABLE),
        (b"first byte timeout", RESPONSE_TIMEOUT),
        (b"between bytes timeout", BODY_TIMEOUT),
        (b"backend read error", READ_FAILED),
        (b"backend write error", WRITE_FAILED),
        (b"broken pipe", WRITE_FAILED),
        (b"ssl handshake error", HANDSHAKE),
        (b"ssl timeout", HANDSHAKE),
        (b"header overflow", HEADER_TOO_BIG),
        (b"illegal vary header from origin", INVALID_RESPONSE),
        (b"no stream error", INVALID_RESPONSE),
        (b"loop detected", LOOP),
    ];
    let start = |known: &[u8]| reason.get(..known.len()).is_some_and(|start| start.eq_ignore_ascii_case(known));
    let named = reasons.iter().find(|(known, _)| start(known)).map(|(_, sign)| *sign);
    named.or_else(|| place_of(reason, b"certificate").map(|_| CERTIFICATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line is, the sign of the request, and that of its attempt.
    fn judged(status: u16, state: &str, reason: &str, rest: &str) -> (What, &'static str, &'static str) {
        let line = format!(
            r#"{{"timestamp":"2026-11-21T10:00:14+0000","host":"shop.example.com","response_state":"{state}","response_status":{status},"response_reason":"{reason}","fastly_server":"cache-fra"{rest}}}"#
        );
        let record = read(line.as_bytes()).unwrap_or_default();
        let verdict = judge(&record, &Statuses::gateway());
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        (record.what, kind(verdict.request), verdict.attempts.first().map_or("none", |attempt| kind(*attempt)))
    }

    #[test]
    fn reads_its_default_where_it_is_its_own() {
        let line = br#"203.0.113.9 "-" "-" [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 503 1"#;
        assert!(skim(line).is_none() && read(line).is_none());
        assert_eq!(read_named(line).unwrap_or_default().status, Some(503));
        assert!(matches!(skim_named(line), Some(Skimmed::Plain(skim)) if skim.status == 503));
    }

    #[test]
    fn names_signs() {
        let cases = [
            ("All backends failed or unhealthy", "fastly-unhealthy", false),
            ("All backends failed or unhealthy (chash)", "fastly-unhealthy", false),
            ("Backend is unhealthy", "fastly-unhealthy", false),
            ("Backend.max_conn reached", "fastly-limit", false),
            ("Maximum threads for service reached", "fastly-limit", false),
            ("Connection refused", "fastly-connect-refused", true),
            ("Connection timed out", "fastly-connect-timeout", true),
            ("Network unreachable", "fastly-unreachable", true),
            ("first byte timeout", "fastly-first-byte-timeout", true),
            ("between bytes timeout", "fastly-between-bytes-timeout", true),
            ("backend read error", "fastly-read-failed", true),
            ("backend write error", "fastly-write-failed", true),
            ("Broken pipe", "fastly-write-failed", true),
            ("SSL handshake error", "fastly-tls", true),
            ("unable to get local issuer certificate", "fastly-certificate", true),
            ("hostname doesn't match against certificate", "fastly-certificate", true),
            ("Header overflow", "fastly-header-overflow", true),
            ("illegal Vary header from origin", "fastly-invalid-response", true),
            ("Loop detected", "fastly-loop", false),
        ];
        for (reason, kind, attempted) in cases {
            let attempt = if attempted { kind } else { "none" };
            assert_eq!(judged(503, "ERROR", reason, ""), (What::Request, kind, attempt), "{reason}");
        }
        let others = [
            (503, "MISS-CLUSTER", "Service Unavailable", "fastly-origin-status", "fastly-origin-status"),
            (502, "PASS", "Bad Gateway", "fastly-origin-status", "fastly-origin-status"),
            (503, "HIT", "Service Unavailable", "fastly-cached-error", "none"),
            (503, "ERROR", "Service Unavailable", "fastly-local", "none"),
            (503, "", "", "-", "none"),
            (200, "MISS", "OK", "-", "-"),
            (404, "ERROR", "backend read error", "-", "-"),
        ];
        for (status, state, reason, kind, attempt) in others {
            assert_eq!(judged(status, state, reason, ""), (What::Request, kind, attempt), "{status} {state}");
        }
        let kinds: Vec<&str> = cases.iter().map(|case| case.1).chain(others.iter().map(|case| case.3)).collect();
        for sign in &SIGNS {
            assert!(kinds.contains(&sign.kind), "{}", sign.kind);
        }
    }

    #[test]
    fn tells_edges_from_shields() {
        let shield = r#","fastly_is_edge":false"#;
        assert_eq!(judged(503, "ERROR", "first byte timeout", shield).0, What::State);
        assert_eq!(judged(200, "MISS", "OK", shield).0, What::Notice);
        assert_eq!(judged(503, "ERROR", "first byte timeout", r#","fastly_is_edge":true"#).0, What::Request);
    }

    #[test]
    fn leaves_the_objects_of_others() {
        for line in [
            r#"{"timestamp":"2026-11-21T10:00:14Z","response_status":503}"#,
            r#"{"x":{"fastly_server":"a"}}"#,
            r#"{"fastly_server":"a","response_status":503"#,
        ] {
            assert!(read(line.as_bytes()).is_none() && skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
