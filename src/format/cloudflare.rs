//! Cloudflare's HTTP request logs as Logpush and Logpull write them: one flat JSON object a line, with the fields that
//! somebody chose.
//!
//! Cloudflare logs more than clients ask for: look-ups in its own caches, and what Workers fetch from origins. Those
//! are no requests of clients. A fetch that failed is evidence all the same: only its line names the origin, the
//! client's has no origin at all.

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, cloud,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{
        json::Value,
        number::Micros,
        time::{When, Zone},
    },
};

pub(super) static ABOUT: About = About {
    name: "cloudflare",
    proxy: Proxy::CLOUDFLARE,
    title: "Cloudflare HTTP requests (Logpush, Logpull), one JSON object a line",
    layout: r#"{"ClientIP":…,"ClientRequestHost":…,"ClientRequestMethod":…,"ClientRequestURI":…,"EdgeEndTimestamp":…,"EdgeResponseBytes":…,"EdgeResponseStatus":…,"EdgeStartTimestamp":…,"OriginIP":…,"OriginResponseStatus":…,"RayID":…,…}"#,
    time: "when the edge received the request, in UTC",
    source: "Cloudflare, \"HTTP requests\" (Logpush datasets)",
    samples: &[
        r#"{"CacheCacheStatus":"dynamic","ClientIP":"203.0.113.9","ClientRequestHost":"shop.example.com","ClientRequestMethod":"GET","ClientRequestPath":"/api/stock","ClientRequestURI":"/api/stock?sku=A-1","ClientRequestUserAgent":"curl/8.5.0","EdgeEndTimestamp":"2026-11-21T10:00:00.120Z","EdgeResponseBytes":981,"EdgeResponseStatus":200,"EdgeServerIP":"198.51.100.7","EdgeStartTimestamp":"2026-11-21T10:00:00.020Z","OriginIP":"192.0.2.80","OriginRequestHeaderSendDurationMs":0,"OriginResponseHeaderReceiveDurationMs":61,"OriginResponseStatus":200,"OriginTCPHandshakeDurationMs":12,"OriginTLSHandshakeDurationMs":14,"RayID":"8e5a2c0f1b2d3e4f","RequestSource":"eyeball","SecurityAction":""}"#,
        r#"{"ClientIP":"203.0.113.9","ClientRequestHost":"shop.example.com","ClientRequestMethod":"POST","ClientRequestURI":"/checkout/pay","ClientRequestUserAgent":"curl/8.5.0","EdgeEndTimestamp":1795255319250000000,"EdgeResponseBytes":7012,"EdgeResponseStatus":522,"EdgeServerIP":"198.51.100.7","EdgeStartTimestamp":1795255300000000000,"OriginIP":"192.0.2.80","OriginResponseStatus":0,"OriginTCPHandshakeDurationMs":0,"RayID":"8e5a2c0f1b2d3e50"}"#,
        r#"{"ClientRequestHost":"shop.example.com","ClientRequestMethod":"GET","ClientRequestURI":"/","EdgeResponseStatus":504,"EdgeStartTimestamp":"2026-11-21T10:02:00Z","OriginResponseStatus":0,"RayID":"8e5a2c0f1b2d3e51","RequestSource":"earlyHintsCache"}"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What the statuses of a failed request are signs of. Source: Cloudflare, "Cloudflare 5xx errors" and "504
    /// responses with origin status 0 in Logpush".
    SIGNS:
    ORIGIN_STATUS = sign("cloudflare-origin-status", Cause::UpstreamError, Strength::Conclusive, 0,
        "the origin itself answered with this status");
    ORIGIN_ERROR = sign("cloudflare-origin-error", Cause::UpstreamError, Strength::Strong, 0,
        "the origin answered with another error");
    UNUSABLE = sign("cloudflare-520", Cause::InvalidResponse, Strength::Strong, 520,
        "the origin's answer was empty or made no sense");
    REFUSED = sign("cloudflare-521", Cause::ConnectionRefused, Strength::Conclusive, 521,
        "the origin refused the connection");
    CONNECT_TIMEOUT = sign("cloudflare-522", Cause::ConnectTimeout, Strength::Conclusive, 522,
        "the origin did not answer to the connection in time");
    UNACKNOWLEDGED = sign("cloudflare-522-connected", Cause::ResponseTimeout, Strength::Strong, 522,
        "the origin took the connection, and did not acknowledge the request in time");
    BEHIND = sign("cloudflare-522-behind", Cause::ConnectTimeout, Strength::Strong, 522,
        "the origin itself answered 522: it is behind Cloudflare too, and its own origin did not take the connection in time");
    UNREACHABLE = sign("cloudflare-523", Cause::HostUnreachable, Strength::Conclusive, 523,
        "the origin could not be reached");
    RESPONSE_TIMEOUT = sign("cloudflare-524", Cause::ResponseTimeout, Strength::Conclusive, 524,
        "the origin took the request and did not answer in time");
    HANDSHAKE = sign("cloudflare-525", Cause::TlsHandshake, Strength::Conclusive, 525,
        "the TLS handshake with the origin failed");
    CERTIFICATE = sign("cloudflare-526", Cause::TlsCertificate, Strength::Conclusive, 526,
        "the origin's certificate is not valid");
    RAILGUN = sign("cloudflare-527", Cause::ConnectionReset, Strength::Weak, 527,
        "the connection between Cloudflare and the origin's Railgun broke");
    NOT_FOUND = sign("cloudflare-530", Cause::DnsFailure, Strength::Strong, 530,
        "the origin's name could not be resolved (or its tunnel is down)");
    BLOCKED = sign("cloudflare-blocked", Cause::Blocked, Strength::Conclusive, 503,
        "a security rule refused the request");
    WORKER_FAILED = sign("cloudflare-worker-failed", Cause::GatewayInternal, Strength::Strong, 503,
        "a Worker failed or met a limit");
    TIMEOUT = sign("cloudflare-504", Cause::ResponseTimeout, Strength::Weak, 504,
        "the origin, or a tunnel to it, gave no answer in time");
    EDGE = sign("cloudflare-edge", Cause::GatewayInternal, Strength::Weak, 502,
        "Cloudflare or a Worker answered so, and the line tells of no answer of the origin");
}

/// Who asked, by the field `RequestSource` (once `ClientRequestSource`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A client, as far as the line says.
    Client,
    /// A Worker that fetches something, mostly on behalf of a client whose request has a line of its own.
    Worker,
    /// Cloudflare itself.
    Internal,
}

/// The fields of a line that matter here, as they come.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    /// Whether the line is of the dataset of firewall events, which tells of requests that have lines elsewhere.
    event: bool,
    /// Whether a name was seen that nobody else has.
    own: bool,
    start: &'a [u8],
    end: &'a [u8],
    status: &'a [u8],
    origin_status: &'a [u8],
    host: &'a [u8],
    zone: &'a [u8],
    method: &'a [u8],
    uri: &'a [u8],
    path: &'a [u8],
    query: &'a [u8],
    client: &'a [u8],
    user_agent: &'a [u8],
    bytes: &'a [u8],
    origin: &'a [u8],
    names_origin: bool,
    edge_server: &'a [u8],
    id: &'a [u8],
    first_byte: &'a [u8],
    tcp: &'a [u8],
    tls: &'a [u8],
    sent: &'a [u8],
    received: &'a [u8],
    took: &'a [u8],
    took_nanos: &'a [u8],
    cache: &'a [u8],
    action: &'a [u8],
    actions: &'a [u8],
    pathing: &'a [u8],
    source: &'a [u8],
    subrequest: &'a [u8],
    worker: &'a [u8],
}

impl<'a> Fields<'a> {
    fn set(&mut self, name: &[u8], value: Value<'a>) {
        let text = value.text();
        let field = match name {
            b"EdgeStartTimestamp" => self.own(|fields| &mut fields.start),
            b"EdgeEndTimestamp" => self.own(|fields| &mut fields.end),
            b"EdgeResponseStatus" => self.own(|fields| &mut fields.status),
            b"EdgeResponseBytes" => &mut self.bytes,
            b"EdgeServerIP" => &mut self.edge_server,
            b"EdgeTimeToFirstByteMs" => &mut self.first_byte,
            b"EdgePathingOp" => &mut self.pathing,
            b"OriginResponseStatus" => &mut self.origin_status,
            b"OriginIP" => {
                self.names_origin = true;
                &mut self.origin
            }
            b"OriginTCPHandshakeDurationMs" => &mut self.tcp,
            b"OriginTLSHandshakeDurationMs" => &mut self.tls,
            b"OriginRequestHeaderSendDurationMs" => &mut self.sent,
            b"OriginResponseHeaderReceiveDurationMs" => &mut self.received,
            b"OriginResponseDurationMs" => &mut self.took,
            b"OriginResponseTime" => &mut self.took_nanos,
            b"ClientRequestHost" => &mut self.host,
            b"ClientRequestMethod" => &mut self.method,
            b"ClientRequestURI" => &mut self.uri,
            b"ClientRequestPath" => &mut self.path,
            b"ClientRequestQuery" => &mut self.query,
            b"ClientRequestUserAgent" => &mut self.user_agent,
            b"ClientIP" => &mut self.client,
            b"ZoneName" => &mut self.zone,
            b"RayID" => &mut self.id,
            b"CacheCacheStatus" => &mut self.cache,
            b"RequestSource" | b"ClientRequestSource" => &mut self.source,
            b"WorkerSubrequest" => &mut self.subrequest,
            b"WorkerStatus" => &mut self.worker,
            // `Action` is a firewall event's.
            b"SecurityAction" | b"WAFAction" | b"EdgeRateLimitAction" | b"Action" => return self.act(text),
            b"SecurityActions" | b"FirewallMatchesActions" => return self.act_all(value),
            b"Datetime" => {
                self.event = true;
                // Its stamp, where there is no other.
                self.start = cloud::or(self.start, text);
                return;
            }
            _ => return,
        };
        *field = text;
    }

    /// The place of a field of which nobody else has the name.
    fn own(&mut self, field: fn(&mut Self) -> &mut &'a [u8]) -> &mut &'a [u8] {
        self.own = true;
        field(self)
    }

    /// Several fields tell of the action that ended a request; each is `unknown` or empty where none did.
    fn act(&mut self, action: &'a [u8]) {
        if !matches!(action, b"" | b"unknown") {
            self.action = action;
        }
    }

    /// A list of all actions: the last is the one that counted.
    fn act_all(&mut self, list: Value<'a>) {
        if let Value::Nested(list) = list {
            let last = list.rsplit(|byte| *byte == b'"').nth(1).unwrap_or_default();
            self.actions = if last == b"unknown" { b"" } else { last };
        }
    }

    fn source(&self) -> Source {
        match self.source {
            b"edgeWorkerFetch" | b"5" => Source::Worker,
            b"purge" | b"2" | b"alwaysOnline" | b"3" | b"healthcheck" | b"4" | b"edgeWorkerCacheAPI" | b"6" => {
                Source::Internal
            }
            b"edgeWorkerKV" | b"7" | b"imageResizing" | b"8" | b"sslDetector" | b"10" | b"earlyHintsCache" | b"11" => {
                Source::Internal
            }
            b"" if self.subrequest == b"true" => Source::Worker,
            _ => Source::Client,
        }
    }

    fn what(&self, status: Option<u16>) -> What {
        let failed = status.is_some_and(|status| Statuses::gateway().contains(status));
        match self.source() {
            _ if self.event => What::Notice,
            Source::Client => What::Request,
            Source::Worker if failed => What::State,
            Source::Worker | Source::Internal => What::Notice,
        }
    }

    fn skim(&self) -> Skimmed<'a> {
        let status = cloud::status(self.status);
        let stamps = self.stamps();
        cloud::plain(self.what(status), self.when(stamps), status, |when, status| Skim {
            when: Some(when),
            status,
            group: self.group(),
            upstream: self.origin,
            names_upstream: self.names_origin,
            attempted: self.was_asked(Some(status), cloud::sent_status(self.origin_status)),
            duration: self.duration(stamps),
        })
    }

    fn group(&self) -> &'a [u8] {
        cloud::or(self.host, self.zone)
    }

    fn record(&self) -> Record<'a> {
        let status = cloud::status(self.status);
        let stamps = self.stamps();
        let origin_status = cloud::sent_status(self.origin_status);
        let attempt = self.attempt(status, origin_status);
        Record {
            what: self.what(status),
            when: self.when(stamps),
            status,
            upstream_status: origin_status,
            group: self.group(),
            upstream: self.origin,
            names_upstream: self.names_origin,
            method: self.method,
            host: cloud::host(self.host),
            path: cloud::or(self.uri, self.path),
            query: if self.uri.is_empty() { self.query.strip_prefix(b"?").unwrap_or(self.query) } else { b"" },
            bytes: cloud::count(self.bytes),
            duration: self.duration(stamps),
            connect: attempt.and_then(|attempt| attempt.connect),
            header: cloud::millis(self.received).filter(|_| origin_status.is_some()),
            client: self.client,
            user_agent: self.user_agent,
            trace_id: self.id,
            error_reason: self.reason(),
            flags: self.cache,
            attempts: attempt.into_iter().collect(),
            escape: Escape::Json,
            ..Record::default()
        }
    }

    /// Why the edge answered as it did, if it did: the action of a security rule, or how a Worker failed.
    fn reason(&self) -> &'a [u8] {
        let ban = if self.pathing == b"ban" { self.pathing } else { b"" };
        let worker = if matches!(self.worker, b"ok" | b"unknown") { b"" } else { self.worker };
        cloud::or(cloud::or(self.action, self.actions), cloud::or(ban, worker))
    }

    /// The first stamp and the last.
    fn stamps(&self) -> [Option<When>; 2] {
        [cloud::utc(self.start), cloud::utc(self.end)]
    }

    /// The first stamp, or the last where there is no other.
    fn when(&self, [start, end]: [Option<When>; 2]) -> Option<When> {
        if self.start.is_empty() { end } else { start }
    }

    /// From the first stamp to the last. Where both are whole seconds, the time until the first byte may say more.
    fn duration(&self, [start, end]: [Option<When>; 2]) -> Option<Micros> {
        let at = |when: When| match when.zone {
            Zone::Offset(east) => when.wall.checked_sub(i64::from(east) * 1_000_000),
            _ => Some(when.wall),
        };
        let (start, end) = (at(start?)?, at(end?)?);
        let span = Micros::try_from(end.checked_sub(start)?).ok()?;
        let is_coarse = start % 1_000_000 == 0 && end % 1_000_000 == 0;
        let first_byte = cloud::millis(self.first_byte).filter(|_| is_coarse).unwrap_or(0);
        Some(span.max(first_byte))
    }

    /// Whether the origin was asked. Its address alone says nothing: it is also there where a rule refused the request.
    fn was_asked(&self, status: Option<u16>, origin_status: Option<u16>) -> bool {
        let asked_in_vain = || match status {
            Some(520..=527) => true,
            Some(502 | 504) => !self.edge_server.is_empty() && !is_refusal(self.reason()),
            _ => false,
        };
        origin_status.is_some() || asked_in_vain()
    }

    /// What was tried at the origin; `None` where it was not asked.
    fn attempt(&self, status: Option<u16>, origin_status: Option<u16>) -> Option<Attempt<'a>> {
        if !self.was_asked(status, origin_status) {
            return None;
        }
        let answered = origin_status.is_some();
        let phase = |text| cloud::millis(text);
        // 0 where a connection was used again, and where none was made. An origin that sent a status of Cloudflare's
        // own is told of by another Cloudflare, or by this one; neither says that there was a connection.
        let was_own = origin_status.is_some_and(|status| !(520..=530).contains(&status));
        let connect = phase(self.tcp).map(|tcp| tcp.saturating_add(phase(self.tls).unwrap_or(0)));
        let connect = connect.filter(|connect| was_own || *connect > 0);
        let received = phase(self.received).filter(|_| answered);
        let before = connect.unwrap_or(0).saturating_add(phase(self.sent).unwrap_or(0));
        Some(Attempt {
            upstream: self.origin,
            status: origin_status,
            connect,
            header: received.map(|received| received.saturating_add(before)),
            response: phase(self.took).or_else(|| cloud::count(self.took_nanos).map(|nanos| nanos / 1_000)),
            length: None,
        })
    }
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"Edge"]);

/// The fields, where the object is one of Cloudflare's.
fn fields(line: &[u8]) -> Option<Fields<'_>> {
    if !MARKS.are_in(line) {
        return None;
    }
    let mut fields = Fields::default();
    cloud::members(line, |name, value| fields.set(name, value))?;
    fields.own.then_some(fields)
}

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    fields(line).map(|fields| fields.skim())
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    fields(line).map(|fields| fields.record())
}

/// Whether an action of a security rule ended a request. Other actions only note it, or let it pass.
fn is_refusal(action: &[u8]) -> bool {
    matches!(
        action,
        b"block"
            | b"ban"
            | b"drop"
            | b"challenge"
            | b"jschallenge"
            | b"managedChallenge"
            | b"connectionClose"
            | b"forceConnectionClose"
    )
}

/// Whether an action is one that lets a request pass; what is left are the words of Workers.
fn is_action(action: &[u8]) -> bool {
    let passes = matches!(action, b"" | b"allow" | b"log" | b"bypass" | b"rewrite" | b"skip" | b"simulate");
    passes || is_refusal(action) || action.ends_with(b"Solved") || action.ends_with(b"Bypassed")
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let client_gave_up = matches!(record.status, Some(0 | 499));
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = match record.what {
        What::Notice => None,
        _ => failed.and_then(|status| failure(record, status)),
    };
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), client_gave_up }
}

/// What a failed request is a sign of. Cloudflare's own statuses say it; some lines have them as the origin's too.
fn failure(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    Some(match (status, record.upstream_status) {
        (520, _) => UNUSABLE,
        (521, _) => REFUSED,
        (522, _) if was_connected(record) => UNACKNOWLEDGED,
        (522, Some(522)) => BEHIND,
        (522, _) => CONNECT_TIMEOUT,
        (523, _) => UNREACHABLE,
        (524, _) => RESPONSE_TIMEOUT,
        (525, _) => HANDSHAKE,
        (526, _) => CERTIFICATE,
        (527, _) => RAILGUN,
        (530, _) => NOT_FOUND,
        (_, Some(origin)) if origin == status => ORIGIN_STATUS,
        (_, Some(500..)) => ORIGIN_ERROR,
        _ if is_refusal(record.error_reason) => BLOCKED,
        _ if !is_action(record.error_reason) => WORKER_FAILED,
        (504, None) => TIMEOUT,
        (502 | 503, None) => EDGE,
        _ => return None,
    })
}

/// The longest that Cloudflare waits for a connection is 19 seconds, for an acknowledgement of the request 90.
const LONGER_THAN_A_CONNECT: Micros = 60_000_000;

/// Whether a connection to the origin was made, which may be one that stood already.
fn was_connected(record: &Record<'_>) -> bool {
    record.connect.is_some() || record.duration.is_some_and(|took| took >= LONGER_THAN_A_CONNECT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: u16, origin: u16, rest: &str) -> String {
        format!(
            r#"{{"ClientRequestHost":"shop.example.com","EdgeResponseStatus":{status},"EdgeStartTimestamp":"2026-11-21T10:00:00Z","EdgeEndTimestamp":"2026-11-21T10:00:19Z","OriginResponseStatus":{origin},"OriginIP":"192.0.2.80"{rest}}}"#
        )
    }

    /// What a line is, the sign of the request, and that of its attempt.
    fn judged(line: &str) -> (What, &'static str, &'static str) {
        let record = read(line.as_bytes()).unwrap_or_default();
        let verdict = judge(&record, &Statuses::gateway());
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        (record.what, kind(verdict.request), verdict.attempts.first().map_or("none", |attempt| kind(*attempt)))
    }

    #[test]
    fn names_signs() {
        let cases = [
            (502, 502, "", "cloudflare-origin-status", true),
            (504, 504, r#","RequestSource":"eyeball""#, "cloudflare-origin-status", true),
            (503, 500, "", "cloudflare-origin-error", true),
            (520, 0, "", "cloudflare-520", true),
            (520, 520, "", "cloudflare-520", true),
            (521, 0, "", "cloudflare-521", true),
            (522, 0, "", "cloudflare-522", true),
            (522, 0, r#","OriginTCPHandshakeDurationMs":12"#, "cloudflare-522-connected", true),
            (522, 0, r#","EdgeEndTimestamp":"2026-11-21T10:01:31Z""#, "cloudflare-522-connected", true),
            (522, 0, r#","OriginTCPHandshakeDurationMs":0"#, "cloudflare-522", true),
            // Cloudflare behind Cloudflare.
            (522, 522, r#","OriginTCPHandshakeDurationMs":0"#, "cloudflare-522-behind", true),
            (523, 0, "", "cloudflare-523", true),
            (524, 0, "", "cloudflare-524", true),
            (525, 0, "", "cloudflare-525", true),
            (526, 0, "", "cloudflare-526", true),
            (527, 0, "", "cloudflare-527", true),
            (530, 0, "", "cloudflare-530", false),
            (503, 0, r#","SecurityAction":"block""#, "cloudflare-blocked", false),
            (503, 0, r#","EdgePathingOp":"ban""#, "cloudflare-blocked", false),
            (503, 0, r#","FirewallMatchesActions":["simulate","jschallenge"]"#, "cloudflare-blocked", false),
            (503, 0, r#","WorkerStatus":"exceededCpu""#, "cloudflare-worker-failed", false),
            (504, 0, "", "cloudflare-504", false),
            (504, 0, r#","EdgeServerIP":"198.51.100.7""#, "cloudflare-504", true),
            (502, 0, r#","SecurityActions":["log"],"WorkerStatus":"ok""#, "cloudflare-edge", false),
            (503, 0, r#","SecurityAction":"unknown","WAFAction":"unknown""#, "cloudflare-edge", false),
        ];
        for (status, origin, rest, kind, attempted) in cases {
            let line = line(status, origin, rest);
            assert_eq!(judged(&line), (What::Request, kind, if attempted { kind } else { "none" }), "{line}");
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|case| case.3 == sign.kind), "{}", sign.kind);
        }
        for (status, origin, rest) in [(200, 200, ""), (403, 0, r#","SecurityAction":"block""#), (499, 0, "")] {
            assert_eq!(judged(&line(status, origin, rest)).1, "-", "{status}");
        }
    }

    /// "Only investigate entries where `RequestSource` is `eyeball` or empty."
    #[test]
    fn tells_clients_from_the_edge_itself() {
        let cases = [
            ("504", "earlyHintsCache", What::Notice, "-"),
            ("504", "edgeWorkerCacheAPI", What::Notice, "-"),
            ("504", "edgeWorkerKV", What::Notice, "-"),
            ("520", "healthcheck", What::Notice, "-"),
            ("200", "edgeWorkerFetch", What::Notice, "-"),
            // What a Worker fetched in vain is no request of a client, and names the origin that failed.
            ("522", "edgeWorkerFetch", What::State, "cloudflare-522"),
            ("522", "orangeToOrange", What::Request, "cloudflare-522"),
            ("522", "eyeball", What::Request, "cloudflare-522"),
            ("522", "", What::Request, "cloudflare-522"),
        ];
        for (status, source, what, kind) in cases {
            for name in ["RequestSource", "ClientRequestSource"] {
                let line = line(status.parse().unwrap_or_default(), 0, &format!(r#","{name}":"{source}""#));
                let (got, sign, _) = judged(&line);
                assert_eq!((got, sign), (what, kind), "{line}");
                let counted = matches!(skim(line.as_bytes()), Some(Skimmed::Plain(_)));
                assert!(!counted || what == What::Request, "{line}");
            }
        }
        let subrequest = line(522, 0, r#","WorkerSubrequest":true"#);
        assert_eq!(judged(&subrequest).0, What::State);
        let event = r#"{"Action":"block","Datetime":"2026-11-21T10:00:00Z","EdgeResponseStatus":503,"RayID":"8e5a","Source":"firewallCustom"}"#;
        assert_eq!(judged(event).0, What::Notice);
    }

    #[test]
    fn leaves_the_objects_of_others() {
        for line in [
            "{}",
            r#"{"EdgeColoCode":"AMS","RayID":"8e5a"}"#,
            r#"{"log":{"EdgeResponseStatus":502}}"#,
            r#"{"EdgeResponseStatus":502"#,
            r#"{"EdgeResponseStatus":502} and more"#,
        ] {
            assert!(read(line.as_bytes()).is_none() && skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
