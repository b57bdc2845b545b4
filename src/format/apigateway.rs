//! Amazon API Gateway's access logs: one JSON object a line, with the `$context` variables that somebody chose, mostly
//! under the names that AWS proposes; or AWS's proposal in the Common Log Format.
//!
//! A route leads to one integration, whose address no line tells, so the group is the route. A REST API says by the
//! type of its gateway response why it answered in the integration's place; an HTTP API in words alone.

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, cloud,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{
        address::is_ip,
        json::Value,
        number::{Micros, whole},
        text::{place_of, present},
        time::{When, Zone, clf},
    },
};
use memchr::memmem;

pub(super) static ABOUT: About = About {
    name: "apigateway",
    proxy: Proxy::named("apigateway"),
    title: "Amazon API Gateway access log as one JSON object a line, or as AWS proposes it in the Common Log Format",
    layout: r#"{"requestId":…,"ip":…,"requestTime":…,"httpMethod":…,"resourcePath":… or "routeKey":…,"status":…,"protocol":…,"responseLength":…,"domainName":…,"path":…,"responseLatency":…,"integrationLatency":…,"integrationStatus":…,"error.responseType":…,…}"#,
    time: "when the request came",
    source: "AWS, \"Variables for access logging for API Gateway\", \"Gateway response types for API Gateway\"",
    samples: &[
        r#"{"requestId":"48752d0f-c99d-4cfa-a5a7-f3c6834d19e5","ip":"203.0.113.9","caller":"-","user":"-","requestTime":"21/Nov/2026:10:00:14 +0000","httpMethod":"GET","resourcePath":"/stock/{sku}","status":"200","protocol":"HTTP/1.1","responseLength":"184"}"#,
        r#"{"requestId":"IWvN1jOkoAMEVpg=","ip":"203.0.113.9","requestTime":"21/Nov/2026:10:00:15 +0000","httpMethod":"POST","routeKey":"POST /orders","status":"504","protocol":"HTTP/1.1","responseLength":"33","domainName":"api.example.com","path":"/orders","responseLatency":"29012","integrationLatency":"29008","integrationStatus":"-","error.responseType":"INTEGRATION_TIMEOUT"}"#,
        r#"203.0.113.9 - - [21/Nov/2026:10:00:14 +0000]"GET /stock/{sku} HTTP/1.1" 200 184 48752d0f-c99d-4cfa-a5a7-f3c6834d19e5"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What statuses and gateway response types are signs of. Source: AWS, "Gateway response types for API Gateway",
    /// "Amazon API Gateway quotas" (integration timeout) and "Set up Lambda proxy integrations" (502).
    SIGNS:
    INTEGRATION_STATUS = sign("apigateway-integration-status", Cause::UpstreamError, Strength::Conclusive, 0,
        "the integration itself answered with this status");
    TIMED_OUT = sign("apigateway-timed-out", Cause::ResponseTimeout, Strength::Conclusive, 504,
        "the integration did not answer in time");
    WAITED = sign("apigateway-waited", Cause::ResponseTimeout, Strength::Strong, 504,
        "the wait for the integration took as long as API Gateway lets it, 29 s or 30 s, or the line says that it timed out");
    TIMEOUT = sign("apigateway-timeout", Cause::ResponseTimeout, Strength::Weak, 504,
        "the integration gave no answer, or not in time");
    FAILED = sign("apigateway-failed", Cause::ConnectionRefused, Strength::Weak, 504,
        "the integration failed: it could not be reached, or broke off");
    UNUSABLE = sign("apigateway-unusable", Cause::InvalidResponse, Strength::Strong, 502,
        "the integration answered with another status, and its answer could not be passed on");
    MALFORMED = sign("apigateway-malformed", Cause::InvalidResponse, Strength::Weak, 502,
        "the integration's answer could not be used: a Lambda function failed, or gave one of another form");
    MISCONFIGURED = sign("apigateway-misconfigured", Cause::GatewayInternal, Strength::Strong, 500,
        "the API's configuration, or its authorizer, did not work");
    LIMITED = sign("apigateway-limited", Cause::CircuitBreaker, Strength::Conclusive, 429,
        "a limit on requests was reached");
    BLOCKED = sign("apigateway-blocked", Cause::Blocked, Strength::Conclusive, 403, "a rule refused the request");
}

/// A member's name inside an object, and outside of it.
type Names = (&'static [u8], &'static [u8]);

const IDENTITY: [Names; 4] = [
    (b"sourceIp", b"identity.sourceIp"),
    (b"user", b"identity.user"),
    (b"caller", b"identity.caller"),
    (b"userAgent", b"identity.userAgent"),
];

const INTEGRATION: [Names; 4] = [
    (b"status", b"integration.status"),
    (b"latency", b"integration.latency"),
    (b"error", b"integration.error"),
    (b"integrationStatus", b"integrationStatus"),
];

const ERROR: [Names; 4] = [
    (b"responseType", b"error.responseType"),
    (b"errorResponseType", b"error.responseType"),
    (b"message", b"error.message"),
    (b"errorMessage", b"error.message"),
];

/// What stands in a line, as it comes.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    own: bool,
    when: Option<When>,
    time: &'a [u8],
    epoch: &'a [u8],
    status: &'a [u8],
    bytes: &'a [u8],
    client: &'a [u8],
    user: &'a [u8],
    caller: &'a [u8],
    host: &'a [u8],
    method: &'a [u8],
    path: &'a [u8],
    resource: &'a [u8],
    route: &'a [u8],
    user_agent: &'a [u8],
    id: &'a [u8],
    took: &'a [u8],
    integration_took: &'a [u8],
    integration_status: &'a [u8],
    backend_status: &'a [u8],
    error: &'a [u8],
    message: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Takes a member by its name, which is mostly that of a variable without `$context.`; some write what stands
    /// behind the variable's dot as members of an object (`"identity":{"sourceIp":…}`).
    fn set(&mut self, name: &[u8], value: Value<'a>) {
        match name {
            b"identity" => self.set_inside(value, &IDENTITY),
            b"integration" => self.set_inside(value, &INTEGRATION),
            b"error" => self.set_inside(value, &ERROR),
            name => self.set_text(name, present(value.text())),
        }
    }

    /// Takes an object's members by the names that they have outside of it.
    fn set_inside(&mut self, object: Value<'a>, names: &[Names]) {
        cloud::inside(object, |name, value| {
            if let Some((_, outside)) = names.iter().find(|(inside, _)| *inside == name) {
                self.set_text(outside, present(value.text()));
            }
        });
    }

    fn set_text(&mut self, name: &[u8], text: &'a [u8]) {
        self.own |= name.starts_with(b"integration");
        let field = match name {
            b"requestTime" => &mut self.time,
            b"requestTimeEpoch" => &mut self.epoch,
            b"status" | b"httpStatusCode" => &mut self.status,
            b"responseLength" => &mut self.bytes,
            b"ip" | b"sourceIp" | b"identity.sourceIp" => &mut self.client,
            b"user" | b"identity.user" => &mut self.user,
            b"caller" | b"identity.caller" => &mut self.caller,
            b"domainName" => &mut self.host,
            b"httpMethod" => &mut self.method,
            b"path" => &mut self.path,
            b"resourcePath" => {
                self.own = true;
                &mut self.resource
            }
            b"routeKey" => {
                self.own = true;
                &mut self.route
            }
            b"userAgent" | b"identity.userAgent" => &mut self.user_agent,
            b"requestId" => &mut self.id,
            b"responseLatency" => &mut self.took,
            b"integrationLatency" | b"integration.latency" => &mut self.integration_took,
            b"integrationStatus" => &mut self.integration_status,
            b"integration.status" => &mut self.backend_status,
            b"error.responseType" | b"errorResponseType" => &mut self.error,
            b"integrationErrorMessage" | b"integrationError" | b"integration.error" => &mut self.message,
            b"error.message" | b"errorMessage" if self.message.is_empty() => &mut self.message,
            _ => return,
        };
        *field = text;
    }

    /// The finer of the two stamps, which tell the same time.
    fn stamp(&self) -> Option<When> {
        cloud::utc(self.epoch).or_else(|| whole(self.time, clf)).or_else(|| cloud::utc(self.time))
    }

    fn skim(&self) -> Skimmed<'a> {
        cloud::plain(What::Request, self.when, cloud::status(self.status), |when, status| Skim {
            when: Some(when),
            status,
            group: self.group(),
            upstream: b"",
            names_upstream: false,
            attempted: self.was_asked(),
            duration: cloud::millis(self.took),
        })
    }

    fn group(&self) -> &'a [u8] {
        cloud::or(self.route, self.resource)
    }

    /// The status of a Lambda function's answer, before that of Lambda's own.
    fn upstream_status(&self) -> Option<u16> {
        cloud::sent_status(cloud::or(self.backend_status, self.integration_status))
    }

    fn header(&self) -> Option<Micros> {
        cloud::millis(self.integration_took)
    }

    /// Whether the integration was asked.
    fn was_asked(&self) -> bool {
        self.upstream_status().is_some() || self.header().is_some() || self.error.starts_with(b"INTEGRATION_")
    }

    fn record(&self, escape: Escape) -> Record<'a> {
        let (upstream_status, header) = (self.upstream_status(), self.header());
        let duration = cloud::millis(self.took);
        let attempt = Attempt { status: upstream_status, header, response: header, ..Attempt::default() };
        Record {
            what: What::Request,
            when: self.when,
            status: cloud::status(self.status),
            upstream_status,
            group: self.group(),
            method: self.method,
            host: cloud::host(self.host),
            path: cloud::or(self.path, self.resource),
            bytes: cloud::count(self.bytes),
            duration,
            header,
            client: self.client,
            user: self.user,
            // A second name of the same, which must not be shown either.
            cookie: self.caller,
            user_agent: self.user_agent,
            trace_id: self.id,
            message: self.message,
            error_reason: self.error,
            attempts: self.was_asked().then_some(attempt).into_iter().collect(),
            escape,
            ..Record::default()
        }
    }
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"requestTime"]);

/// The fields of an object that is one of API Gateway's: it has a word of its own, a status and a time.
fn object(line: &[u8]) -> Option<Fields<'_>> {
    if !MARKS.are_in(line) {
        return None;
    }
    let mut fields = Fields::default();
    cloud::members(line, |name, value| fields.set(name, value))?;
    fields.when = fields.stamp();
    (fields.own && cloud::status(fields.status).is_some() && fields.when.is_some()).then_some(fields)
}

/// AWS's proposals in the Common Log Format. For a REST API, which older pages have without the extended id:
/// `203.0.113.9 caller user [21/Nov/2026:10:00:14 +0000]"GET /stock/{sku} HTTP/1.1" 200 184 ID EXTENDED-ID`. For an
/// HTTP API, which has the route behind the method: `203.0.113.9 - - [21/Nov/2026:10:00:14 +0000] "POST POST /orders
/// HTTP/1.1" 200 184 ID EXTENDED-ID`.
///
/// Nobody else leaves out the space before the request, has a route in it, or ends in an id of API Gateway's own.
fn common(line: &[u8]) -> Option<Fields<'_>> {
    let at = place_of(line, b"]\"").or_else(|| place_of(line, b"] \"")).filter(|_| line.first() != Some(&b'{'))?;
    let (lead, rest) = (&line[..at], &line[at + 1..]);
    let open = place_of(lead, b" [")?;
    let mut lead_words = lead[..open].splitn(3, |byte| *byte == b' ');
    let client = lead_words.next().filter(|client| is_ip(client))?;
    let (caller, user) = (present(lead_words.next()?), present(lead_words.next()?));
    let (is_spaced, rest) = rest.strip_prefix(b" ").map_or((false, rest), |rest| (true, rest));
    let rest = rest.strip_prefix(b"\"")?;
    let close = place_of(rest, b"\" ")?;
    let (method, target) = request(&rest[..close])?;
    let mut words = rest[close + 2..].trim_ascii_end().split(|byte| *byte == b' ').map(present);
    let (status, bytes, id) = (words.next()?, words.next()?, words.next()?);
    let extended = words.next();
    let (route, resource) = if is_route(target) { (target, behind_method(target)) } else { (&b""[..], target) };
    let routes = !id.is_empty() && (route == b"$default" || route.starts_with(b"ANY ") || route.starts_with(method));
    let is_own = !is_spaced || !route.is_empty() && routes || is_extended(extended.unwrap_or(id));
    let fields = Fields {
        time: &lead[open + 2..],
        client,
        caller,
        user,
        method,
        route,
        resource,
        status,
        bytes,
        id: cloud::or(id, extended.unwrap_or_default()),
        ..Fields::default()
    };
    let when = whole(fields.time, clf).filter(|when| matches!(when.zone, Zone::Offset(_)))?;
    let is_whole = words.next().is_none() && extended.is_none_or(is_extended) && cloud::status(status).is_some();
    (is_own && is_whole).then_some(Fields { when: Some(when), ..fields })
}

/// The method, and what stands between it and the protocol: a resource, or a route with its spaces.
fn request(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let method = line.iter().position(|byte| *byte == b' ')?;
    let protocol = line.iter().rposition(|byte| *byte == b' ')?;
    Some((present(&line[..method]), present(line.get(method + 1..protocol).unwrap_or(&line[method + 1..]))))
}

/// `GET /orders/{id}`, `ANY /orders`, `$default`: the key of an HTTP API's route.
fn is_route(text: &[u8]) -> bool {
    text == b"$default" || behind_method(text).starts_with(b"/")
}

/// What follows a method and a space.
fn behind_method(route: &[u8]) -> &[u8] {
    let method = route.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    route[method..].strip_prefix(b" ").filter(|_| method > 0).unwrap_or_default()
}

/// `x-amz-apigw-id`: 15 digits of base64 and a `=`, also an HTTP API's id.
fn is_extended(id: &[u8]) -> bool {
    let [digits @ .., b'='] = id else { return false };
    digits.len() == 15
        && digits.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_'))
}

/// Whether a line is in one of AWS's proposals, and nobody else's.
pub(super) fn is_common(line: &[u8]) -> bool {
    common(line).is_some()
}

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let fields = if line.first()? == &b'{' { object(line) } else { common(line) };
    fields.map(|fields| fields.skim())
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    match line.first()? {
        b'{' => object(line).map(|fields| fields.record(Escape::Json)),
        _ => common(line).map(|fields| fields.record(Escape::None)),
    }
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = failed.and_then(|status| failure(record, status));
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), ..Verdict::default() }
}

/// As long as an integration of a REST API may take, unless AWS was asked for more: 29 s; of an HTTP API 30 s.
const LIMIT: Micros = 28_900_000;

/// What a failed request is a sign of. The type of the gateway response comes first, after the integration's own
/// status.
fn failure(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    if record.upstream_status == Some(status) {
        return Some(INTEGRATION_STATUS);
    }
    let waited = record.header.or(record.duration).is_some_and(|took| took >= LIMIT) || says_timeout(record.message);
    Some(match (record.error_reason, status) {
        (b"INTEGRATION_TIMEOUT", _) => TIMED_OUT,
        (b"INTEGRATION_FAILURE", _) => FAILED,
        (b"API_CONFIGURATION_ERROR" | b"AUTHORIZER_CONFIGURATION_ERROR" | b"AUTHORIZER_FAILURE", _) => MISCONFIGURED,
        (b"THROTTLED" | b"QUOTA_EXCEEDED", _) => LIMITED,
        (b"WAF_FILTERED" | b"ACCESS_DENIED", _) => BLOCKED,
        // A REST API answers a timeout with 504, an HTTP API with 503.
        (_, 504) if waited => WAITED,
        (_, 503) if waited && record.upstream_status.is_none() => WAITED,
        (_, 504) => TIMEOUT,
        (_, 502) if record.upstream_status.is_some() => UNUSABLE,
        (_, 502) => MALFORMED,
        _ => return None,
    })
}

/// What an HTTP API says of a timeout, in words that vary.
fn says_timeout(message: &[u8]) -> bool {
    memmem::find(message, b"timed out").is_some() || memmem::find(message, b"timeout").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;

    /// The sign of a request, and that of its attempt.
    fn judged(status: u16, rest: &str) -> (&'static str, &'static str) {
        let line = format!(
            r#"{{"requestId":"a","requestTime":"21/Nov/2026:10:00:14 +0000","routeKey":"GET /a","status":"{status}"{rest}}}"#
        );
        let record = read(line.as_bytes()).unwrap_or_default();
        let mut statuses = Statuses::gateway();
        [403, 429, 500].into_iter().for_each(|status| statuses.insert(status));
        let verdict = judge(&record, &statuses);
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        (kind(verdict.request), verdict.attempts.first().map_or("none", |attempt| kind(*attempt)))
    }

    #[test]
    fn names_signs() {
        let cases = [
            (503, r#","integrationStatus":"503""#, "apigateway-integration-status", true),
            (502, r#","integration":{"status":502,"latency":12}"#, "apigateway-integration-status", true),
            (504, r#","error.responseType":"INTEGRATION_TIMEOUT""#, "apigateway-timed-out", true),
            (504, r#","integrationLatency":"29004","integrationStatus":"-""#, "apigateway-waited", true),
            (504, r#","responseLatency":29010"#, "apigateway-waited", false),
            (503, r#","integrationLatency":"30000","integrationStatus":"-""#, "apigateway-waited", true),
            (
                503,
                r#","integrationErrorMessage":"The integration timed out","integrationLatency":5003"#,
                "apigateway-waited",
                true,
            ),
            (504, r#","responseLatency":"12""#, "apigateway-timeout", false),
            (504, r#","error":{"responseType":"INTEGRATION_FAILURE"}"#, "apigateway-failed", true),
            (502, r#","integrationStatus":"200""#, "apigateway-unusable", true),
            (502, "", "apigateway-malformed", false),
            (500, r#","error.responseType":"API_CONFIGURATION_ERROR""#, "apigateway-misconfigured", false),
            (500, r#","error.responseType":"AUTHORIZER_FAILURE""#, "apigateway-misconfigured", false),
            (429, r#","error.responseType":"THROTTLED""#, "apigateway-limited", false),
            (403, r#","error.responseType":"WAF_FILTERED""#, "apigateway-blocked", false),
        ];
        for (status, rest, kind, attempted) in cases {
            assert_eq!(judged(status, rest), (kind, if attempted { kind } else { "none" }), "{status} {rest}");
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|case| case.2 == sign.kind), "{}", sign.kind);
        }
        // Near misses.
        assert_eq!(judged(503, ""), ("-", "none"));
        assert_eq!(judged(500, r#","error.responseType":"DEFAULT_5XX""#), ("-", "none"));
        assert_eq!(judged(200, r#","integrationStatus":"200""#), ("-", "-"));
        assert_eq!(judged(404, r#","error.responseType":"INTEGRATION_TIMEOUT""#), ("-", "-"));
    }

    #[test]
    fn prefers_what_tells_more() {
        let line = br#"{"requestTime":"21/Nov/2026:10:00:14 +0000","requestTimeEpoch":"1795255214125","status":502,"resourcePath":"/a/{b}","path":"/prod/a/1","integrationStatus":200,"integration.status":"500","user":"alice","caller":"AIDAEXAMPLE","error.message":"Internal server error","integrationErrorMessage":"it failed"}"#;
        let record = read(line).unwrap_or_default();
        assert_eq!(record.when.map(|when| when.wall), Some(1_795_255_214_125_000));
        assert_eq!((record.upstream_status, record.path, record.group), (Some(500), &b"/prod/a/1"[..], &b"/a/{b}"[..]));
        assert_eq!((record.user, record.cookie), (&b"alice"[..], &b"AIDAEXAMPLE"[..]));
        assert_eq!(record.message, b"it failed");
    }

    /// Objects inside, with the names that stand outside elsewhere.
    #[test]
    fn reads_names_that_people_chose() {
        let line = br#"{"requestId":"a","httpStatusCode":"502","httpMethod":"GET","resourcePath":"/a","requestTimeEpoch":"1795255214125","responseLatency":"23","identity":{"sourceIp":"203.0.113.9"},"integration":{"error":"-","integrationStatus":"500","latency":"48"},"error":{"errorMessage":"it failed","errorResponseType":"DEFAULT_5XX"}}"#;
        let record = read(line).unwrap_or_default();
        assert_eq!(record.when.map(|when| when.wall), Some(1_795_255_214_125_000));
        assert_eq!((record.status, record.upstream_status), (Some(502), Some(500)));
        assert_eq!((record.client, record.message), (&b"203.0.113.9"[..], &b"it failed"[..]));
        assert_eq!((record.error_reason, record.header), (&b"DEFAULT_5XX"[..], Some(48_000)));
    }

    #[test]
    fn leaves_the_lines_of_others() {
        let clf = r#"203.0.113.9 - - [21/Nov/2026:10:00:14 +0000]"GET / HTTP/1.1" 200 184 a"#;
        assert!(read(clf.as_bytes()).is_some());
        for line in [
            "{}",
            // Without a word of its own, a status, or a time.
            r#"{"requestId":"a","requestTime":"21/Nov/2026:10:00:14 +0000","status":"502","path":"/"}"#,
            r#"{"requestId":"a","requestTime":"21/Nov/2026:10:00:14 +0000","routeKey":"GET /"}"#,
            r#"{"requestId":"a","requestTime":"now","routeKey":"GET /","status":"502"}"#,
            r#"{"requestTime":"21/Nov/2026:10:00:14 +0000","routeKey":"GET /","status":"502""#,
            &clf.replace(" a", ""),
            &clf.replace(" a", " a b"),
            &clf.replace(" a", " a QzXk7-aVoAMEb0g= c"),
            &clf.replace("203.0.113.9", "shop"),
            &clf.replace("]\"GET /", "] \"GET X /"),
            &clf.replace("]\"GET / HTTP/1.1\" 200 184 a", "] \"GET ANY / HTTP/1.1\" 200 184 -"),
            &clf.replace("200", "ok"),
            &clf.replace(" +0000", ""),
        ] {
            assert!(Format::Apigateway.read(line.as_bytes()).is_none(), "{line}");
            assert!(Format::Apigateway.skim(line.as_bytes()).is_none(), "{line}");
        }
    }

    /// Behind a space stands anybody's request, unless a route or an id tells.
    #[test]
    fn shares_the_common_log_format() {
        for (request, rest, expected) in [
            ("GET / HTTP/1.1", "200 184 QzXk7-aVoAMEb0g=", Format::Apigateway),
            ("GET / HTTP/1.1", "200 184 7c1de0b4-33a8-4a53-9f0e-8f7a4d6f0c55 QzXk7-aVoAMEb0g=", Format::Apigateway),
            ("GET GET /a HTTP/1.1", "200 184 a", Format::Apigateway),
            ("GET / HTTP/1.1", "200 184 7c1de0b4-33a8-4a53-9f0e-8f7a4d6f0c55", Format::NginxAccess),
            ("GET /a b HTTP/1.1", "200 184 a", Format::NginxAccess),
            ("GET / HTTP/1.1", "200 184", Format::NginxAccess),
            ("GET GET /a HTTP/1.1", "200 184", Format::NginxAccess),
            ("GET / HTTP/1.1", "200 184 \"-\" \"curl/8.5.0\" QzXk7-aVoAMEb0g=", Format::NginxAccess),
        ] {
            let line = format!(r#"203.0.113.9 - - [21/Nov/2026:10:00:14 +0000] "{request}" {rest}"#);
            for format in [Format::Apigateway, Format::NginxAccess] {
                assert_eq!(format.read(line.as_bytes()).is_some(), format == expected, "{format:?} {line}");
                assert_eq!(format.skim(line.as_bytes()).is_some(), format == expected, "{format:?} {line}");
            }
        }
    }
}
