//! Azure Front Door, of the tiers Standard and Premium and the classic one: its access log, one JSON object a line.
//!
//! A request that an edge passes on to another of Front Door's own caches (the origin shield) has two lines; the inner
//! one is no request of a client, but it is the one that names the origin. Lines of health probes and of the firewall
//! are known, and tell of no requests.

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What,
    azure::{self, Log},
    cloud,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{json::Value, number::Micros, time::When},
};

pub(super) static ABOUT: About = About {
    name: "frontdoor",
    proxy: Proxy::FRONTDOOR,
    title: "Azure Front Door access log (Standard, Premium, classic), one JSON object a line",
    layout: r#"{"time":…,"resourceId":…,"category":"FrontDoorAccessLog","properties":{"trackingReference":…,"httpMethod":…,"requestUri":…,"responseBytes":…,"userAgent":…,"clientIp":…,"timeToFirstByte":…,"timeTaken":…,"httpStatusCode":…,"cacheStatus":…,"errorInfo":…,"result":…,"endpoint":…,"routingRuleName":…,"hostName":…,"originUrl":…,"originIp":…,"originName":…}}"#,
    time: "when the response had been sent, in UTC",
    source: "Microsoft, \"Monitor Azure Front Door\"",
    samples: &[
        r#"{"time":"2026-11-21T10:00:28.0000000Z","resourceId":"/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.CDN/PROFILES/SHOP","category":"FrontDoorAccessLog","operationName":"Microsoft.Cdn/Profiles/AccessLog/Write","properties":{"trackingReference":"20261121T100028Z-17587c8c466d76czhC1PARprs40000000q8g00000000d67w","httpMethod":"GET","httpVersion":"2.0.0.0","requestUri":"https://shop.example.com:443/api/stock?sku=A-1","sni":"shop.example.com","requestBytes":"60","responseBytes":"1624","userAgent":"curl/8.5.0","clientIp":"2001:db8::9","clientPort":"55262","socketIp":"2001:db8::9","timeToFirstByte":"0.035","timeTaken":"0.036","requestProtocol":"HTTPS","securityProtocol":"TLS 1.3","rulesEngineMatchNames":[],"httpStatusCode":"200","httpStatusDetails":"200","pop":"PAR","cacheStatus":"CONFIG_NOCACHE","errorInfo":"NoError","ErrorInfo":"NoError","result":"N/A","endpoint":"shop-fmagg0.z01.azurefd.net","routingRuleName":"shop-route","hostName":"shop.example.com","originUrl":"https://shop-app.example.net:443/api/stock?sku=A-1","originIp":"192.0.2.80:443","originName":"shop-app.example.net:443"}}"#,
        r#"{"time":"2026-11-21T10:01:11.6479719Z","category":"FrontdoorAccessLog","operationName":"Microsoft.Network/FrontDoor/AccessLog/Write","resourceId":"/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.NETWORK/FRONTDOORS/SHOP","properties":{"ErrorInfo":"OriginConnectionRefused","backendHostname":"shop-app.example.net:443","cacheStatus":"CONFIG_NOCACHE","clientIp":"203.0.113.9","clientPort":"50382","httpMethod":"POST","httpStatusCode":"503","httpStatusDetails":"503","isReceivedFromClient":true,"pop":"SIN","requestUri":"https://shop.example.com:443/checkout/pay","responseBytes":"312","routingRuleName":"shop","timeTaken":"0.084","timeToFirstByte":"0.084","trackingReference":"0k1y5YQAAAAAWd0Uc6UcnR7WN8uo2prYZU0lOMzBFREdFMDIxNwBkYjIx","userAgent":"curl/8.5.0"}}"#,
        r#"{"time":"2026-11-21T10:02:37.3640748Z","category":"FrontDoorHealthProbeLog","operationName":"Microsoft.Cdn/Profiles/FrontDoorHealthProbeLog/Write","properties":{"healthProbeId":"9642AEA07BA64675A0A7AD214ACF746E","POP":"MAA","httpVerb":"HEAD","result":"OriginError","httpStatusCode":"400","probeURL":"http://www.example.com:80/","originName":"www.example.com","originIP":"192.0.2.80:80"}}"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What `errorInfo` is a sign of. Two of its values say more than their descriptions: refused is "wasn't
    /// established", aborted is "disconnected abnormally". Source: Microsoft, "Monitor Azure Front Door" (access log)
    /// and "Troubleshoot Azure Front Door common issues".
    SIGNS:
    ORIGIN_STATUS = sign("frontdoor-origin-status", Cause::UpstreamError, Strength::Strong, 0,
        "Front Door met no error: the origin answered with this status");
    ORIGIN_ERROR = sign("frontdoor-origin-error", Cause::UpstreamError, Strength::Strong, 503,
        "the origin answered with an error");
    CONNECT_REFUSED = sign("frontdoor-connect-refused", Cause::ConnectionRefused, Strength::Strong, 503,
        "the origin refused the connection");
    CONNECT_FAILED = sign("frontdoor-connect-failed", Cause::ConnectionRefused, Strength::Weak, 503,
        "no connection to the origin could be made");
    ABORTED = sign("frontdoor-aborted", Cause::ConnectionReset, Strength::Strong, 503,
        "the origin broke off the connection");
    BODY_CUT = sign("frontdoor-body-cut", Cause::TruncatedResponse, Strength::Strong, 0,
        "the origin broke off the connection in the middle of its answer");
    DNS = sign("frontdoor-dns", Cause::DnsFailure, Strength::Conclusive, 503, "the origin's name did not resolve");
    TIMEOUT = sign("frontdoor-timeout", Cause::ResponseTimeout, Strength::Conclusive, 504,
        "the origin did not answer before the origin response timeout");
    INVALID_RESPONSE = sign("frontdoor-invalid-response", Cause::InvalidResponse, Strength::Strong, 503,
        "the origin's answer is invalid");
    INVALID_LATE = sign("frontdoor-invalid-late", Cause::ResponseTimeout, Strength::Strong, 503,
        "the origin's answer is called invalid after a wait as long as the origin response timeout");
    HEADER_TOO_BIG = sign("frontdoor-header-too-big", Cause::HeaderTooBig, Strength::Conclusive, 503,
        "the origin's response header is too big");
    BAD_REQUEST = sign("frontdoor-invalid-origin-request", Cause::ProtocolMismatch, Strength::Weak, 503,
        "the request that the origin got was invalid");
    HANDSHAKE = sign("frontdoor-tls", Cause::TlsHandshake, Strength::Conclusive, 503,
        "the TLS handshake with the origin failed");
    CERTIFICATE = sign("frontdoor-certificate", Cause::TlsCertificate, Strength::Conclusive, 503,
        "the origin's certificate was not accepted");
    BLOCKED = sign("frontdoor-blocked", Cause::Blocked, Strength::Conclusive, 0, "a rule refused the request");
}

/// The members of a line that matter here, as they come.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    stamp: &'a [u8],
    time: &'a [u8],
    generated: &'a [u8],
    reference: &'a [u8],
    method: &'a [u8],
    url: &'a [u8],
    host: &'a [u8],
    bytes: &'a [u8],
    user_agent: &'a [u8],
    client: &'a [u8],
    taken: &'a [u8],
    probe_taken: &'a [u8],
    probe_connect: &'a [u8],
    first_byte: &'a [u8],
    status: &'a [u8],
    cache: &'a [u8],
    error: &'a [u8],
    result: &'a [u8],
    endpoint: &'a [u8],
    route: &'a [u8],
    origin_address: &'a [u8],
    origin_name: &'a [u8],
    backend: &'a [u8],
    from_client: &'a [u8],
    server_name: &'a [u8],
    action: &'a [u8],
    level: &'a [u8],
}

impl<'a> Fields<'a> {
    fn set(&mut self, name: &[u8], value: Value<'a>) {
        let text = cloud::known(value.text());
        let field = match name {
            b"timestamp" => &mut self.stamp,
            b"time" => &mut self.time,
            b"timegenerated" => &mut self.generated,
            b"trackingreference" => &mut self.reference,
            b"httpmethod" | b"httpverb" => &mut self.method,
            b"requesturi" | b"probeurl" => &mut self.url,
            b"hostname" | b"host" => &mut self.host,
            b"responsebytes" => &mut self.bytes,
            b"useragent" => &mut self.user_agent,
            b"clientip" => &mut self.client,
            b"timetaken" => &mut self.taken,
            b"totallatencymilliseconds" => &mut self.probe_taken,
            b"connectionlatencymilliseconds" => &mut self.probe_connect,
            b"timetofirstbyte" => &mut self.first_byte,
            b"httpstatuscode" => &mut self.status,
            b"cachestatus" => &mut self.cache,
            b"errorinfo" => &mut self.error,
            b"result" => &mut self.result,
            b"endpoint" => &mut self.endpoint,
            b"routingrulename" | b"routename" => &mut self.route,
            b"originip" => &mut self.origin_address,
            b"originname" => &mut self.origin_name,
            b"backendhostname" => &mut self.backend,
            b"isreceivedfromclient" => &mut self.from_client,
            b"sni" => &mut self.server_name,
            b"action" => &mut self.action,
            b"level" => &mut self.level,
            _ => return,
        };
        *field = text;
    }

    /// Whether an edge asked rather than a client: "If the value is false, then it means the request is responded from
    /// origin shield to edge nodes."
    fn is_inner(&self) -> bool {
        self.from_client.eq_ignore_ascii_case(b"false") || self.server_name.starts_with(b"originshield|")
    }

    fn what(&self, log: Log, status: Option<u16>) -> What {
        let failed = status.is_some_and(|status| Statuses::gateway().contains(status));
        match log {
            Log::DoorAccess if !self.is_inner() => What::Request,
            Log::DoorAccess if failed => What::State,
            _ => What::Notice,
        }
    }

    fn skim(&self, log: Log) -> Skimmed<'a> {
        if self.error == b"OriginConnectionAborted" {
            return Skimmed::Full;
        }
        let status = cloud::status(self.status);
        cloud::plain(self.what(log, status), self.when(), status, |when, status| Skim {
            when: Some(when),
            status,
            group: self.group(),
            upstream: self.upstream(),
            names_upstream: true,
            attempted: self.was_asked(log),
            duration: self.duration(),
        })
    }

    fn when(&self) -> Option<When> {
        cloud::utc(cloud::or(self.stamp, cloud::or(self.time, self.generated)))
    }

    fn group(&self) -> &'a [u8] {
        cloud::or(self.route, self.endpoint)
    }

    fn upstream(&self) -> &'a [u8] {
        cloud::or(self.origin_address, cloud::or(self.origin_name, self.backend))
    }

    fn duration(&self) -> Option<Micros> {
        cloud::seconds(self.taken).or_else(|| cloud::millis(self.probe_taken))
    }

    /// Whether the origin was asked.
    fn was_asked(&self, log: Log) -> bool {
        log == Log::DoorAccess && !is_hit(self.cache) && (!self.upstream().is_empty() || blames_origin(self.error))
    }

    fn record(&self, log: Log) -> Record<'a> {
        let status = cloud::status(self.status);
        let (host, path) = cloud::url(self.url);
        let upstream = self.upstream();
        let header = cloud::seconds(self.first_byte);
        let attempt = Attempt { upstream, ..Attempt::default() };
        Record {
            what: self.what(log, status),
            when: self.when(),
            status,
            group: self.group(),
            upstream,
            names_upstream: true,
            method: self.method,
            host: cloud::host(cloud::or(self.host, host)),
            path,
            bytes: cloud::count(self.bytes),
            duration: self.duration(),
            connect: cloud::millis(self.probe_connect),
            header,
            client: cloud::host(self.client),
            user_agent: self.user_agent,
            trace_id: self.reference,
            level: self.level,
            error_reason: self.error,
            flags: cloud::or(self.cache, cloud::or(self.result, self.action)),
            attempts: self.was_asked(log).then_some(attempt).into_iter().collect(),
            escape: Escape::Json,
            ..Record::default()
        }
    }
}

/// Whether the answer came from a cache.
fn is_hit(cache: &[u8]) -> bool {
    matches!(cache, b"HIT" | b"REMOTE_HIT")
}

/// Whether an error was met on the way to the origin, or at it.
fn blames_origin(error: &[u8]) -> bool {
    let parts: [&[u8]; 4] = [b"Origin", b"DNS", b"Certificate", b"ResponseHeader"];
    let tls = error.starts_with(b"SSL") && error != b"SSLMismatchedSNI";
    tls || parts.iter().any(|part| error.starts_with(part))
}

static MARKS: cloud::Marks =
    cloud::Marks::new(&[b"FrontDoor", b"Frontdoor", b"AzureCdnAccessLog", b"WebApplicationFirewallLog"]);

/// The fields, where the line is one of Front Door's.
fn fields(line: &[u8]) -> Option<(Log, Fields<'_>)> {
    if !MARKS.are_in(line) {
        return None;
    }
    let mut fields = Fields::default();
    let log = azure::members(line, |name, value| fields.set(name, value))?;
    matches!(log, Log::DoorAccess | Log::DoorOther).then_some((log, fields))
}

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    fields(line).map(|(log, fields)| fields.skim(log))
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    fields(line).map(|(log, fields)| fields.record(log))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let client_gave_up = record.status == Some(499) || record.error_reason == b"ClientDisconnected";
    let failed = record.status.filter(|status| statuses.contains(*status) && !client_gave_up);
    let request = match record.what {
        What::Notice => None,
        _ => failed.and_then(|_| failure(record)),
    };
    let attempt = request.or_else(|| lost(record));
    Verdict { request, attempts: record.attempts.iter().map(|_| attempt).collect(), client_gave_up }
}

/// Why an attempt failed whose request has no status that says so: "If the request to the origin timed out, the value
/// for the HttpStatusCode field is 0"; and a body may break off behind a good status.
fn lost(record: &Record<'_>) -> Option<&'static Sign> {
    match (record.status?, record.error_reason) {
        (0, error) if blames_origin(error) => failure(record),
        (200..400, b"OriginConnectionAborted") => Some(BODY_CUT),
        _ => None,
    }
}

/// What a failed request is a sign of. `InvalidRequest` and `UnspecifiedClientError` blame the client.
fn failure(record: &Record<'_>) -> Option<&'static Sign> {
    Some(match record.error_reason {
        b"NoError" | b"" if !record.attempts.is_empty() => ORIGIN_STATUS,
        b"OriginError" => ORIGIN_ERROR,
        b"OriginConnectionRefused" => CONNECT_REFUSED,
        b"OriginConnectionError" => CONNECT_FAILED,
        b"OriginConnectionAborted" => ABORTED,
        b"OriginTimeout" => TIMEOUT,
        b"OriginInvalidResponse" if waited(record.duration) => INVALID_LATE,
        b"OriginInvalidResponse" => INVALID_RESPONSE,
        b"OriginInvalidRequest" => BAD_REQUEST,
        b"ResponseHeaderTooBig" => HEADER_TOO_BIG,
        b"DNSFailure" | b"DNSTimeout" | b"DNSNameNotResolved" => DNS,
        b"SSLHandshakeError" | b"SSLInvalidCipher" => HANDSHAKE,
        b"CertificateError" | b"CertificateNameCheckFailed" | b"SSLInvalidRootCA" => CERTIFICATE,
        b"ClientGeoBlocked" | b"RestrictedIP" | b"SSLMismatchedSNI" => BLOCKED,
        _ => return None,
    })
}

/// Whether a request took as long as the shortest origin response timeout that can be set, 16 s.
fn waited(took: Option<Micros>) -> bool {
    took.is_some_and(|took| took >= 15_900_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: &str, error: &str, rest: &str) -> String {
        format!(
            r#"{{"time":"2026-11-21T10:00:28Z","category":"FrontDoorAccessLog","properties":{{"requestUri":"https://shop.example.com:443/a","timeTaken":"0.100","httpStatusCode":"{status}","errorInfo":"{error}","routingRuleName":"shop"{rest}}}}}"#
        )
    }

    /// What a line is, the sign of the request, that of its attempt, and whether the client gave up.
    fn judged(line: &str) -> (What, &'static str, &'static str, bool) {
        let record = read(line.as_bytes()).unwrap_or_default();
        let verdict = judge(&record, &Statuses::gateway());
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        let attempt = verdict.attempts.first().map_or("none", |attempt| kind(*attempt));
        (record.what, kind(verdict.request), attempt, verdict.client_gave_up)
    }

    const ORIGIN: &str = r#","originIp":"192.0.2.80:443","originName":"shop-app.example.net:443""#;

    #[test]
    fn names_signs() {
        let cases = [
            ("NoError", "frontdoor-origin-status"),
            ("OriginError", "frontdoor-origin-error"),
            ("OriginConnectionRefused", "frontdoor-connect-refused"),
            ("OriginConnectionError", "frontdoor-connect-failed"),
            ("OriginConnectionAborted", "frontdoor-aborted"),
            ("OriginTimeout", "frontdoor-timeout"),
            ("OriginInvalidResponse", "frontdoor-invalid-response"),
            ("OriginInvalidRequest", "frontdoor-invalid-origin-request"),
            ("ResponseHeaderTooBig", "frontdoor-header-too-big"),
            ("DNSFailure", "frontdoor-dns"),
            ("DNSTimeout", "frontdoor-dns"),
            ("DNSNameNotResolved", "frontdoor-dns"),
            ("SSLHandshakeError", "frontdoor-tls"),
            ("SSLInvalidCipher", "frontdoor-tls"),
            ("CertificateError", "frontdoor-certificate"),
            ("CertificateNameCheckFailed", "frontdoor-certificate"),
            ("SSLInvalidRootCA", "frontdoor-certificate"),
        ];
        for (error, kind) in cases {
            for status in ["503", "504"] {
                assert_eq!(judged(&line(status, error, ORIGIN)), (What::Request, kind, kind, false), "{error}");
            }
        }
        let more = [
            (line("503", "RestrictedIP", ""), "frontdoor-blocked", "none", false),
            (line("503", "ClientGeoBlocked", ""), "frontdoor-blocked", "none", false),
            (
                line("503", "OriginInvalidResponse", r#","timeTaken":"30.010""#),
                "frontdoor-invalid-late",
                "frontdoor-invalid-late",
                false,
            ),
            // The request has no status that counts, its attempt failed all the same.
            (line("0", "OriginTimeout", ORIGIN), "-", "frontdoor-timeout", false),
            (line("200", "OriginConnectionAborted", ORIGIN), "-", "frontdoor-body-cut", false),
            // Near misses.
            (line("499", "ClientDisconnected", ORIGIN), "-", "-", true),
            (line("503", "UnspecifiedError", ""), "-", "none", false),
            (line("503", "NoError", r#","originName":"N/A","cacheStatus":"HIT""#), "-", "none", false),
            (line("400", "InvalidRequest", ""), "-", "none", false),
            (line("200", "NoError", ORIGIN), "-", "-", false),
            (line("0", "UnspecifiedClientError", ORIGIN), "-", "-", false),
        ];
        for (line, request, attempt, gave_up) in &more {
            assert_eq!(judged(line), (What::Request, *request, *attempt, *gave_up), "{line}");
        }
        let kinds: Vec<&str> = cases.iter().map(|case| case.1).chain(more.iter().map(|case| case.2)).collect();
        for sign in &SIGNS {
            assert!(kinds.contains(&sign.kind) || more.iter().any(|case| case.1 == sign.kind), "{}", sign.kind);
        }
    }

    #[test]
    fn tells_clients_from_edges() {
        for inner in [r#","isReceivedFromClient":false"#, r#","sni":"originshield|parentcache|https|tier2""#] {
            let rest = format!("{ORIGIN}{inner}");
            let failed = judged(&line("503", "OriginConnectionRefused", &rest));
            assert_eq!((failed.0, failed.1), (What::State, "frontdoor-connect-refused"), "{inner}");
            assert_eq!(judged(&line("200", "NoError", &rest)).0, What::Notice, "{inner}");
        }
        assert_eq!(judged(&line("503", "NoError", r#","isReceivedFromClient":true"#)).0, What::Request);
        for sample in ABOUT.samples {
            let what = if sample.contains("HealthProbe") { What::Notice } else { What::Request };
            assert_eq!(judged(sample).0, what, "{sample}");
        }
    }

    #[test]
    fn leaves_other_logs() {
        for line in [
            r#"{"category":"ApplicationGatewayAccessLog","properties":{"x":"FrontDoor"}}"#,
            r#"{"message":"FrontDoorAccessLog"}"#,
            r#"{"category":"FrontDoorAccessLog","properties":{"#,
        ] {
            assert!(read(line.as_bytes()).is_none() && skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
