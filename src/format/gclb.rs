//! Google Cloud's Application Load Balancers: entries of Cloud Logging, one JSON object a line.
//!
//! `httpRequest` tells of the request, `resource` of the backend service, `jsonPayload` why the load balancer answered
//! as it did: global ones say it in `statusDetails`, those built on Envoy (regional, internal) in `proxyStatus`, whose
//! words are those of RFC 9209.

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, cloud,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{json::Value, number::Micros, text::place_of},
};

pub(super) static ABOUT: About = About {
    name: "gclb",
    proxy: Proxy::GCLB,
    title: "Google Cloud Application Load Balancer, Cloud Logging entries as JSON, one a line",
    layout: r#"{"httpRequest":{"latency":…,"remoteIp":…,"requestMethod":…,"requestUrl":…,"responseSize":…,"serverIp":…,"status":…,"userAgent":…},"jsonPayload":{"statusDetails":…},"resource":{"labels":{"backend_service_name":…},"type":"http_load_balancer"},"timestamp":…,"trace":…}"#,
    time: "when the load balancer received the request, in UTC",
    source: "Google, \"Global external Application Load Balancer logging and monitoring\"",
    samples: &[
        r#"{"httpRequest":{"latency":"0.005192s","remoteIp":"203.0.113.9","requestMethod":"GET","requestSize":"229","requestUrl":"https://shop.example.com/api/stock?sku=A-1","responseSize":"780","serverIp":"10.20.0.4","status":200,"userAgent":"curl/8.7.1"},"insertId":"h91ql8g1lpdqh2","jsonPayload":{"@type":"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry","statusDetails":"response_sent_by_backend"},"logName":"projects/shop-prod/logs/requests","receiveTimestamp":"2026-11-21T10:00:01.360361140Z","resource":{"labels":{"backend_service_name":"shop-backend","forwarding_rule_name":"shop-https","project_id":"shop-prod","target_proxy_name":"shop-proxy","url_map_name":"shop-map","zone":"global"},"type":"http_load_balancer"},"severity":"INFO","spanId":"e9004ce8eccc7c2d","timestamp":"2026-11-21T10:00:00.558637Z","trace":"projects/shop-prod/traces/5334e0e7aee6ec1b1a8c34db601241ab"}"#,
        r#"{"httpRequest":{"latency":"30.001210s","remoteIp":"203.0.113.9","requestMethod":"POST","requestSize":"512","requestUrl":"https://shop.example.com/checkout/pay","responseSize":"488","serverIp":"10.20.0.4","status":502,"userAgent":"curl/8.7.1"},"jsonPayload":{"@type":"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry","statusDetails":"backend_timeout"},"resource":{"labels":{"backend_service_name":"shop-backend","url_map_name":"shop-map","zone":"global"},"type":"http_load_balancer"},"severity":"WARNING","timestamp":"2026-11-21T10:01:00.558637Z"}"#,
        r#"{"httpRequest":{"latency":"0.000310s","protocol":"HTTP/2","remoteIp":"203.0.113.9:60102","requestMethod":"GET","requestUrl":"https://api.example.com/v1/items","responseSize":"91","status":503,"userAgent":"curl/8.7.1"},"jsonPayload":{"@type":"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry","proxyStatus":"error=\"destination_unavailable\"; details=\"failed_to_pick_backend\""},"resource":{"labels":{"backend_target_name":"api-backend","backend_type":"INSTANCE_GROUP","region":"europe-west1","url_map_name":"api-map"},"type":"http_external_regional_lb_rule"},"severity":"WARNING","timestamp":"2026-11-21T10:02:00.230937Z"}"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What `statusDetails` and `proxyStatus` are signs of. Sources: Google, "statusDetails HTTP failure messages"; RFC
    /// 9209, 2.3.
    SIGNS:
    BACKEND_STATUS = sign("gclb-backend-status", Cause::UpstreamError, Strength::Conclusive, 0,
        "the backend itself answered with this status");
    BACKEND_SEEMS = sign("gclb-backend-answered", Cause::UpstreamError, Strength::Strong, 0,
        "a backend was asked, and the load balancer names no error of its own");
    EARLY_ERROR = sign("gclb-early-response", Cause::UpstreamError, Strength::Strong, 0,
        "the backend answered with an error before it had the whole request");
    NO_BACKEND = sign("gclb-no-backend", Cause::NoLiveUpstream, Strength::Conclusive, 502,
        "no healthy backend could be picked");
    CONNECT_FAILED = sign("gclb-connect-failed", Cause::ConnectionRefused, Strength::Strong, 502,
        "no connection to the backend could be made, which took no time");
    CONNECT_REFUSED = sign("gclb-connect-refused", Cause::ConnectionRefused, Strength::Conclusive, 503,
        "the backend refused the connection");
    CONNECT_TIMEOUT = sign("gclb-connect-timeout", Cause::ConnectTimeout, Strength::Strong, 502,
        "no connection to the backend was made in time");
    UNREACHABLE = sign("gclb-unreachable", Cause::HostUnreachable, Strength::Conclusive, 503,
        "there is no way to the backend's address");
    DNS = sign("gclb-dns", Cause::DnsFailure, Strength::Conclusive, 503, "the backend's name did not resolve");
    BACKEND_TIMEOUT = sign("gclb-backend-timeout", Cause::ResponseTimeout, Strength::Conclusive, 502,
        "the backend did not answer before the backend service's timeout");
    CLOSED = sign("gclb-backend-closed", Cause::ClosedEarly, Strength::Strong, 502,
        "the backend closed the connection before it answered");
    CLOSED_AT_ONCE = sign("gclb-backend-closed-at-once", Cause::KeepaliveRace, Strength::Weak, 502,
        "the backend closed the connection as soon as the request came: an idle one that it was giving up, or a crash");
    BODY_CUT = sign("gclb-body-cut", Cause::TruncatedResponse, Strength::Conclusive, 0,
        "the backend closed the connection in the middle of its answer");
    INVALID_RESPONSE = sign("gclb-invalid-response", Cause::InvalidResponse, Strength::Conclusive, 502,
        "the backend's answer is invalid");
    HEADERS_TOO_LONG = sign("gclb-headers-too-long", Cause::HeaderTooBig, Strength::Conclusive, 502,
        "the backend's response headers are too long");
    ALPN = sign("gclb-alpn", Cause::ProtocolMismatch, Strength::Conclusive, 502,
        "the backend does not speak the protocol that was configured");
    HANDSHAKE = sign("gclb-tls", Cause::TlsHandshake, Strength::Conclusive, 503, "the TLS handshake with the backend failed");
    CERTIFICATE = sign("gclb-certificate", Cause::TlsCertificate, Strength::Conclusive, 502,
        "the backend's certificate was not accepted");
    UNCHECKED = sign("gclb-certificate-unchecked", Cause::GatewayInternal, Strength::Strong, 503,
        "the load balancer could not check the backend's certificate");
    LIMIT = sign("gclb-limit", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "the limit of connections to the backend was reached");
    NO_ROUTE = sign("gclb-no-route", Cause::NoRoute, Strength::Strong, 502,
        "the load balancer found no way to a backend in its configuration");
    LOOP = sign("gclb-loop", Cause::NoRoute, Strength::Conclusive, 502, "the request came back to the load balancer");
    INTERNAL = sign("gclb-internal", Cause::GatewayInternal, Strength::Conclusive, 502,
        "the load balancer had an internal error");
    EXTENSION = sign("gclb-extension", Cause::GatewayInternal, Strength::Strong, 502,
        "an extension of the load balancer failed");
    LOCAL = sign("gclb-local", Cause::ProxyLocal, Strength::Conclusive, 0,
        "the load balancer gave this answer by a rule");
    BLOCKED = sign("gclb-blocked", Cause::Blocked, Strength::Conclusive, 0, "a security policy refused the request");
    IDENTITY = sign("gclb-identity", Cause::Blocked, Strength::Strong, 0,
        "Identity-Aware Proxy answered instead of the backend");
}

/// The fields of an entry that matter here, as they come.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    /// Whether the entry is a load balancer's, by its kind of resource or of payload.
    own: bool,
    with_request: bool,
    stamp: &'a [u8],
    severity: &'a [u8],
    trace: &'a [u8],
    method: &'a [u8],
    url: &'a [u8],
    status: &'a [u8],
    bytes: &'a [u8],
    user_agent: &'a [u8],
    client: &'a [u8],
    server: &'a [u8],
    latency: &'a [u8],
    details: &'a [u8],
    proxy_status: &'a [u8],
    backend_service: &'a [u8],
    backend_target: &'a [u8],
}

impl<'a> Fields<'a> {
    fn set(&mut self, name: &[u8], value: Value<'a>) {
        match name {
            b"httpRequest" => {
                self.with_request = matches!(value, Value::Nested(_));
                cloud::inside(value, |name, value| self.set_request(name, value.text()));
            }
            b"jsonPayload" | b"jsonpayload_type_loadbalancerlogentry" => {
                cloud::inside(value, |name, value| self.set_payload(name, value.text()));
            }
            b"resource" => cloud::inside(value, |name, value| self.set_resource(name, value)),
            b"timestamp" => self.stamp = value.text(),
            b"severity" => self.severity = value.text(),
            b"trace" => self.trace = value.text(),
            _ => {}
        }
    }

    fn set_request(&mut self, name: &[u8], value: &'a [u8]) {
        let field = match name {
            b"requestMethod" => &mut self.method,
            b"requestUrl" => &mut self.url,
            b"status" => &mut self.status,
            b"responseSize" => &mut self.bytes,
            b"userAgent" => &mut self.user_agent,
            b"remoteIp" => &mut self.client,
            b"serverIp" => &mut self.server,
            b"latency" => &mut self.latency,
            _ => return,
        };
        *field = value;
    }

    /// `BigQuery` has these names in lower case, and the kind of payload without its `@`.
    fn set_payload(&mut self, name: &[u8], value: &'a [u8]) {
        match name {
            b"@type" | b"type" => self.own |= value.ends_with(b".LoadBalancerLogEntry"),
            b"statusDetails" | b"statusdetails" => self.details = value,
            b"proxyStatus" | b"proxystatus" => self.proxy_status = value,
            _ => {}
        }
    }

    fn set_resource(&mut self, name: &[u8], value: Value<'a>) {
        match name {
            b"type" => self.own |= is_balancer(value.text()),
            b"labels" => cloud::inside(value, |name, value| match name {
                b"backend_service_name" => self.backend_service = value.text(),
                b"backend_target_name" => self.backend_target = value.text(),
                _ => {}
            }),
            _ => {}
        }
    }

    fn skim(&self) -> Skimmed<'a> {
        let words = Words::of(self.reason());
        if words.say_cut() {
            return Skimmed::Full;
        }
        cloud::plain(What::Request, cloud::utc(self.stamp), cloud::status(self.status), |when, status| Skim {
            when: Some(when),
            status,
            group: self.group(),
            upstream: self.server,
            names_upstream: true,
            attempted: words.say_asked(self.server),
            duration: cloud::seconds(self.latency),
        })
    }

    fn group(&self) -> &'a [u8] {
        cloud::or(self.backend_service, self.backend_target)
    }

    fn reason(&self) -> &'a [u8] {
        cloud::or(self.details, self.proxy_status)
    }

    fn record(&self) -> Record<'a> {
        let status = cloud::status(self.status);
        let (host, path) = cloud::url(self.url);
        let reason = self.reason();
        let words = Words::of(reason);
        let duration = cloud::seconds(self.latency);
        let sent = status.filter(|status| words.detail == b"response_sent_by_backend" && *status != 0);
        let attempt = Attempt { upstream: self.server, status: sent, response: duration, ..Attempt::default() };
        Record {
            what: What::Request,
            when: cloud::utc(self.stamp),
            status,
            upstream_status: sent,
            group: self.group(),
            upstream: self.server,
            names_upstream: true,
            method: self.method,
            host,
            path,
            bytes: cloud::count(self.bytes),
            duration,
            client: cloud::host(self.client),
            user_agent: self.user_agent,
            // What the backend finds in `X-Cloud-Trace-Context` is the last part of the name.
            trace_id: self.trace.rsplit(|byte| *byte == b'/').next().unwrap_or_default(),
            level: self.severity,
            error_reason: reason,
            no_server: words.say_no_server(),
            attempts: words.say_asked(self.server).then_some(attempt).into_iter().collect(),
            escape: Escape::Json,
            ..Record::default()
        }
    }
}

/// Whether a kind of resource is a load balancer for HTTP: `http_load_balancer`, `internal_http_lb_rule`,
/// `http_external_regional_lb_rule`, and cross-region ones.
fn is_balancer(kind: &[u8]) -> bool {
    kind == b"http_load_balancer" || kind.ends_with(b"_lb_rule") && place_of(kind, b"http").is_some()
}

/// Why the load balancer answered as it did, in words.
#[derive(Clone, Copy, Debug, Default)]
struct Words<'a> {
    /// One of RFC 9209's types of errors, where the load balancer is one of those that say it.
    error: &'a [u8],
    /// A word of Google's own.
    detail: &'a [u8],
}

impl<'a> Words<'a> {
    /// `backend_timeout`, or `error="connection_terminated"; details="…"` with its quotes still escaped.
    fn of(reason: &'a [u8]) -> Self {
        if place_of(reason, b"error=").is_none() {
            return Self { error: b"", detail: reason };
        }
        Self { error: value(reason, b"error="), detail: value(reason, b"details=") }
    }

    fn say_no_server(&self) -> bool {
        self.detail == b"failed_to_pick_backend" || self.error == b"destination_unavailable"
    }

    /// Whether a backend was asked: some words say so, and where there are none, the server that is named.
    fn say_asked(&self, server: &[u8]) -> bool {
        let told = |word: &[u8]| {
            let parts: [&[u8]; 8] = [
                b"backend_",
                b"failed_to_connect",
                b"failed_to_negotiate",
                b"ssl_certificate_",
                b"server_cert_",
                b"connection_",
                b"tls_",
                b"http_response_",
            ];
            parts.iter().any(|part| word.starts_with(part))
        };
        let own = matches!(
            self.detail,
            b"response_sent_by_backend"
                | b"response_from_cache_validated"
                | b"error_uncompressing_gzipped_body"
                | b"aborted_request_due_to_backend_early_response"
        );
        let silent = self.detail.is_empty() && self.error.is_empty();
        own || told(self.detail)
            || told(self.error)
            || self.error == b"http_protocol_error"
            || silent && !server.is_empty()
    }

    /// Whether the client went away, or never came so far.
    fn say_client_left(&self) -> bool {
        let left = |word: &[u8]| {
            word.starts_with(b"client_")
                || matches!(
                    word,
                    b"byte_range_caching_retrieval_abandoned" | b"cache_lookup_timeout_after_partial_response"
                )
        };
        left(self.detail) || left(self.error)
    }

    /// Whether the answer broke off, whatever its status.
    fn say_cut(&self) -> bool {
        matches!(
            self.detail,
            b"backend_connection_closed_after_partial_response_sent"
                | b"byte_range_caching_aborted"
                | b"byte_range_caching_retrieval_from_backend_failed_after_partial_response"
        ) || self.error == b"http_response_incomplete"
    }
}

/// The value of a parameter: `error=\"dns_error\"`.
fn value<'a>(text: &'a [u8], label: &[u8]) -> &'a [u8] {
    let Some(at) = place_of(text, label) else { return b"" };
    let rest = &text[at + label.len()..];
    let start = rest.iter().position(|byte| !matches!(byte, b'\\' | b'"' | b' ')).unwrap_or(rest.len());
    let rest = &rest[start..];
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').unwrap_or(rest.len());
    &rest[..end]
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"httpRequest\""]);

/// The fields, where the entry is a load balancer's.
fn fields(line: &[u8]) -> Option<Fields<'_>> {
    if !MARKS.are_in(line) {
        return None;
    }
    let mut fields = Fields::default();
    cloud::members(line, |name, value| fields.set(name, value))?;
    (fields.own && fields.with_request).then_some(fields)
}

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    fields(line).map(|fields| fields.skim())
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    fields(line).map(|fields| fields.record())
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let words = Words::of(record.error_reason);
    let client_gave_up = words.say_client_left() || record.status == Some(499);
    let failed = record.status.filter(|status| statuses.contains(*status) && !client_gave_up);
    let request = failed.and_then(|status| failure(&words, record, status));
    // A WebSocket ends as its connection does.
    let cut = words.say_cut() && record.status != Some(101);
    let attempt = request.or(cut.then_some(BODY_CUT));
    Verdict { request, attempts: record.attempts.iter().map(|_| attempt).collect(), client_gave_up }
}

/// What a failed request is a sign of. Without a word, an answer of a backend that was named is its own.
fn failure(words: &Words<'_>, record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    if record.upstream_status == Some(status) {
        return Some(BACKEND_STATUS);
    }
    if words.detail.is_empty() && words.error.is_empty() {
        return (!record.upstream.is_empty()).then_some(BACKEND_SEEMS);
    }
    detail(words.detail, record.duration).or_else(|| error(words.error, record.duration))
}

/// Google's words. Those that blame the client's request alone come with a 4xx, and are left out.
fn detail(word: &[u8], took: Option<Micros>) -> Option<&'static Sign> {
    Some(match word {
        b"failed_to_pick_backend" => NO_BACKEND,
        b"failed_to_connect_to_backend" if took.is_some_and(|took| took >= A_WHILE) => CONNECT_TIMEOUT,
        b"failed_to_connect_to_backend" => CONNECT_FAILED,
        b"failed_to_negotiate_alpn" => ALPN,
        b"backend_timeout" => BACKEND_TIMEOUT,
        b"backend_connection_closed_before_data_sent_to_client" => closed(took),
        b"backend_connection_closed_after_partial_response_sent" => BODY_CUT,
        b"backend_early_response_with_non_error_status"
        | b"backend_interim_response_not_supported"
        | b"backend_response_corrupted"
        | b"error_uncompressing_gzipped_body" => INVALID_RESPONSE,
        b"backend_response_headers_too_long" => HEADERS_TOO_LONG,
        b"aborted_request_due_to_backend_early_response" => EARLY_ERROR,
        b"byte_range_caching_forwarded_backend_response" => BACKEND_SEEMS,
        b"config_not_found" | b"serverless_neg_routing_failed" | b"invalid_external_origin_endpoint" => NO_ROUTE,
        b"request_loop_detected" => LOOP,
        b"internal_error" | b"retriable_error" => INTERNAL,
        b"service_extension_error" => EXTENSION,
        b"direct_response" | b"fault_filter_abort" => LOCAL,
        b"handled_by_identity_aware_proxy" => IDENTITY,
        word if word.ends_with(b"_by_security_policy") => BLOCKED,
        // Words for a check that did not come about, rather than for what it found.
        b"server_cert_validation_internal_error"
        | b"server_cert_validation_timed_out"
        | b"server_cert_validation_unavailable" => UNCHECKED,
        word if word.starts_with(b"ssl_certificate_") || word.starts_with(b"server_cert_") => CERTIFICATE,
        _ => return None,
    })
}

/// RFC 9209's words.
fn error(word: &[u8], took: Option<Micros>) -> Option<&'static Sign> {
    Some(match word {
        b"dns_timeout" | b"dns_error" => DNS,
        b"destination_not_found" | b"destination_ip_prohibited" | b"proxy_configuration_error" => NO_ROUTE,
        b"destination_unavailable" => NO_BACKEND,
        b"destination_ip_unroutable" => UNREACHABLE,
        b"connection_refused" => CONNECT_REFUSED,
        b"connection_terminated" => closed(took),
        b"connection_timeout" => CONNECT_TIMEOUT,
        b"connection_read_timeout" | b"connection_write_timeout" | b"http_response_timeout" => BACKEND_TIMEOUT,
        b"connection_limit_reached" => LIMIT,
        b"tls_protocol_error" | b"tls_alert_received" => HANDSHAKE,
        b"tls_certificate_error" => CERTIFICATE,
        b"http_request_denied" => BLOCKED,
        b"http_response_incomplete" => BODY_CUT,
        b"http_response_header_section_size" | b"http_response_header_size" => HEADERS_TOO_LONG,
        b"http_protocol_error" | b"http_upgrade_failed" => INVALID_RESPONSE,
        b"proxy_internal_response" => LOCAL,
        b"proxy_internal_error" => INTERNAL,
        b"proxy_loop_detected" => LOOP,
        word if word.starts_with(b"http_response_") => INVALID_RESPONSE,
        _ => return None,
    })
}

/// A connection that fails sooner was refused.
const A_WHILE: Micros = 1_000_000;

/// A backend that closes the connection within this time has not worked on the request.
const AT_ONCE: Micros = 20_000;

fn closed(took: Option<Micros>) -> &'static Sign {
    if took.is_some_and(|took| took <= AT_ONCE) { CLOSED_AT_ONCE } else { CLOSED }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: u16, latency: &str, payload: &str) -> String {
        format!(
            r#"{{"httpRequest":{{"latency":"{latency}","requestMethod":"GET","requestUrl":"https://shop.example.com/a","serverIp":"10.20.0.4","status":{status}}},"jsonPayload":{{{payload}}},"resource":{{"labels":{{"backend_service_name":"shop"}},"type":"http_load_balancer"}},"timestamp":"2026-11-21T10:00:00Z"}}"#
        )
    }

    /// The sign of a request, that of its attempt, and whether the client left.
    fn judged(line: &str) -> (&'static str, &'static str, bool) {
        let record = read(line.as_bytes()).unwrap_or_default();
        let verdict = judge(&record, &Statuses::gateway());
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        let attempt = verdict.attempts.first().map_or("none", |attempt| kind(*attempt));
        (kind(verdict.request), attempt, verdict.client_gave_up)
    }

    /// Google's list of failure messages, and its success messages.
    #[test]
    fn names_signs_of_details() {
        let both = |kind| (kind, kind, false);
        let lone = |kind| (kind, "none", false);
        let cases = [
            ("response_sent_by_backend", 503, both("gclb-backend-status")),
            ("aborted_request_due_to_backend_early_response", 503, both("gclb-early-response")),
            ("backend_connection_closed_after_partial_response_sent", 502, both("gclb-body-cut")),
            ("backend_connection_closed_after_partial_response_sent", 200, ("-", "gclb-body-cut", false)),
            ("backend_connection_closed_after_partial_response_sent", 101, ("-", "-", false)),
            ("backend_connection_closed_before_data_sent_to_client", 502, both("gclb-backend-closed")),
            ("backend_early_response_with_non_error_status", 502, both("gclb-invalid-response")),
            ("backend_interim_response_not_supported", 502, both("gclb-invalid-response")),
            ("backend_response_corrupted", 502, both("gclb-invalid-response")),
            ("backend_response_headers_too_long", 502, both("gclb-headers-too-long")),
            ("backend_timeout", 502, both("gclb-backend-timeout")),
            ("byte_range_caching_forwarded_backend_response", 503, lone("gclb-backend-answered")),
            ("config_not_found", 502, lone("gclb-no-route")),
            ("direct_response", 503, lone("gclb-local")),
            ("denied_by_security_policy", 502, lone("gclb-blocked")),
            ("throttled_by_security_policy", 503, lone("gclb-blocked")),
            ("banned_by_security_policy", 503, lone("gclb-blocked")),
            ("error_uncompressing_gzipped_body", 502, both("gclb-invalid-response")),
            ("failed_to_connect_to_backend", 503, both("gclb-connect-failed")),
            ("failed_to_pick_backend", 502, lone("gclb-no-backend")),
            ("failed_to_negotiate_alpn", 502, both("gclb-alpn")),
            ("internal_error", 502, lone("gclb-internal")),
            ("invalid_external_origin_endpoint", 502, lone("gclb-no-route")),
            ("request_loop_detected", 502, lone("gclb-loop")),
            ("retriable_error", 503, lone("gclb-internal")),
            ("server_cert_chain_exceeded_limit", 502, both("gclb-certificate")),
            ("server_cert_not_provided", 503, both("gclb-certificate")),
            ("server_cert_validation_internal_error", 503, both("gclb-certificate-unchecked")),
            ("server_cert_validation_timed_out", 503, both("gclb-certificate-unchecked")),
            ("server_cert_validation_unavailable", 503, both("gclb-certificate-unchecked")),
            ("server_cert_validation_not_performed", 503, both("gclb-certificate")),
            ("server_cert_validation_search_limit_exceeded", 503, both("gclb-certificate")),
            ("ssl_certificate_san_verification_failed", 502, both("gclb-certificate")),
            ("ssl_certificate_chain_verification_failed", 503, both("gclb-certificate")),
            ("handled_by_identity_aware_proxy", 502, lone("gclb-identity")),
            ("serverless_neg_routing_failed", 503, lone("gclb-no-route")),
            ("fault_filter_abort", 503, lone("gclb-local")),
            ("service_extension_error", 503, lone("gclb-extension")),
            ("client_disconnected_before_any_response", 0, ("-", "none", true)),
            ("client_disconnected_after_partial_response", 502, ("-", "none", true)),
            ("client_timed_out", 408, ("-", "none", true)),
            // Near misses.
            ("response_sent_by_backend", 200, ("-", "-", false)),
            ("response_from_cache", 200, lone("-")),
            ("websocket_handshake_failed", 502, lone("-")),
            ("headers_too_long", 413, lone("-")),
        ];
        for (detail, status, expected) in cases {
            let line = line(status, "0.100000s", &format!(r#""statusDetails":"{detail}""#));
            assert_eq!(judged(&line), expected, "{detail} {status}");
        }
        let timed = [
            ("failed_to_connect_to_backend", "4.530000s", "gclb-connect-timeout"),
            ("backend_connection_closed_before_data_sent_to_client", "0.001200s", "gclb-backend-closed-at-once"),
        ];
        for (detail, latency, kind) in timed {
            let line = line(502, latency, &format!(r#""statusDetails":"{detail}""#));
            assert_eq!(judged(&line), both(kind), "{detail} {latency}");
        }
        let wordless = line(503, "0.1s", "");
        assert_eq!(judged(&wordless), both("gclb-backend-answered"));
        let errors = names_signs_of_errors();
        let kinds = cases.iter().map(|case| case.2).map(|kinds| kinds.0).chain(timed.map(|case| case.2)).chain(errors);
        let kinds: Vec<&str> = kinds.collect();
        for sign in &SIGNS {
            assert!(kinds.contains(&sign.kind), "{}", sign.kind);
        }
    }

    /// RFC 9209's list of error types.
    fn names_signs_of_errors() -> Vec<&'static str> {
        let cases = [
            ("dns_timeout", "", "gclb-dns"),
            ("dns_error", "NXDOMAIN", "gclb-dns"),
            ("destination_not_found", "", "gclb-no-route"),
            ("destination_unavailable", "failed_to_pick_backend", "gclb-no-backend"),
            ("destination_ip_unroutable", "", "gclb-unreachable"),
            ("connection_refused", "", "gclb-connect-refused"),
            ("connection_terminated", "", "gclb-backend-closed"),
            ("connection_timeout", "", "gclb-connect-timeout"),
            ("connection_read_timeout", "", "gclb-backend-timeout"),
            ("http_response_timeout", "", "gclb-backend-timeout"),
            ("connection_limit_reached", "", "gclb-limit"),
            ("tls_protocol_error", "", "gclb-tls"),
            ("tls_certificate_error", "", "gclb-certificate"),
            ("tls_alert_received", "", "gclb-tls"),
            ("http_request_denied", "", "gclb-blocked"),
            ("http_response_incomplete", "", "gclb-body-cut"),
            ("http_response_header_section_size", "", "gclb-headers-too-long"),
            ("http_response_transfer_coding", "", "gclb-invalid-response"),
            ("http_protocol_error", "", "gclb-invalid-response"),
            ("http_upgrade_failed", "", "gclb-invalid-response"),
            ("proxy_internal_response", "direct_response", "gclb-local"),
            ("proxy_internal_error", "", "gclb-internal"),
            ("proxy_configuration_error", "", "gclb-no-route"),
            ("proxy_loop_detected", "", "gclb-loop"),
            ("http_request_error", "client_disconnected_before_any_response", "-"),
        ];
        for (error, details, kind) in cases {
            let details = if details.is_empty() { String::new() } else { format!(r#"; details=\"{details}\""#) };
            let line = line(503, "0.100000s", &format!(r#""proxyStatus":"error=\"{error}\"{details}""#));
            assert_eq!(judged(&line).0, kind, "{line}");
        }
        cases.iter().map(|case| case.2).collect()
    }

    #[test]
    fn leaves_the_entries_of_others() {
        for line in [
            "{}",
            r#"{"httpRequest":{"status":502},"resource":{"type":"cloud_run_revision"},"timestamp":"2026-11-21T10:00:00Z"}"#,
            r#"{"jsonPayload":{"statusDetails":"backend_timeout"},"resource":{"type":"http_load_balancer"}}"#,
            r#"{"httpRequest":"x","resource":{"type":"http_load_balancer"}}"#,
            r#"{"httpRequest":{"status":502},"resource":{"type":"http_load_balancer"}} more"#,
            r#"{"httpRequest":{"status":502},"resource":{"type":"tcp_lb_rule"}}"#,
            r#"{"httpRequest":{"status":502},"resource":{"type":"http_load"#,
        ] {
            assert!(read(line.as_bytes()).is_none() && skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
