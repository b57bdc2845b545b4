//! Akamai's `DataStream` 2 logs of deliveries, as JSON: one flat object a line, with the data sets that somebody chose.
//!
//! What is absent is left out of the object. No line tells the origin's address; `errorCode` is what tells a failure of
//! the edge's on its way to the origin from an answer of the origin's.

use super::{
    About, Attempt, Coding, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, cloud,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{number::Micros, text::present},
};

pub(super) static ABOUT: About = About {
    name: "akamai",
    proxy: Proxy::named("akamai"),
    title: "Akamai DataStream 2 delivery log, one JSON object a line",
    layout: r#"{"reqId":…,"reqTimeSec":…,"bytes":…,"cliIP":…,"statusCode":…,"reqHost":…,"reqMethod":…,"reqPath":…,"queryStr":…,"UA":…,"turnAroundTimeMSec":…,"transferTimeMSec":…,"cacheStatus":…,"errorCode":…}"#,
    time: "when the edge server accepted the request, in UTC",
    source: "Akamai, \"DataStream 2: data set parameters\"",
    samples: &[
        r#"{"version":1,"streamId":"12345","cp":"123456","reqId":"1239f220","reqTimeSec":"1795255200.125","bytes":"4995","cliIP":"203.0.113.9","statusCode":"200","proto":"HTTPS","reqHost":"shop.example.com","reqMethod":"GET","reqPath":"/api/stock","reqPort":"443","rspContentLen":"5000","rspContentType":"text/html","UA":"Mozilla/5.0%20(X11;%20Linux)","tlsVersion":"TLSv1.3","totalBytes":"5227","queryStr":"sku=A-1","reqEndTimeMSec":"3","turnAroundTimeMSec":"11","transferTimeMSec":"125","edgeIP":"198.51.100.7","cacheStatus":"0"}"#,
        r#"{"reqId":"1239f221","reqTimeSec":"1795255260","bytes":"273","cliIP":"203.0.113.9","statusCode":"504","reqHost":"shop.example.com","reqMethod":"POST","reqPath":"/checkout/pay","turnAroundTimeMSec":"30012","transferTimeMSec":"1","cacheStatus":"0","errorCode":"ERR_FIRST_BYTE_TIMEOUT"}"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What `errorCode` is a sign of. Source: Akamai, "Edge diagnostics: error codes", whose descriptions are not
    /// always what the names say: `ERR_CONNECT_FAIL` "timed out", `ERR_FWD_SSL_HANDSHAKE` is the certificate's.
    SIGNS:
    ORIGIN_STATUS = sign("akamai-origin-status", Cause::UpstreamError, Strength::Strong, 0,
        "the edge met no error: the origin answered with this status");
    CONNECT_FAILED = sign("akamai-connect-failed", Cause::ConnectionRefused, Strength::Strong, 503,
        "no connection to the origin could be made, which took no time");
    CONNECT_GAVE_UP = sign("akamai-connect-gave-up", Cause::ConnectTimeout, Strength::Strong, 503,
        "no connection to the origin was made, and the edge had waited for one");
    CONNECT_TIMEOUT = sign("akamai-connect-timeout", Cause::ConnectTimeout, Strength::Conclusive, 504,
        "no connection to the origin was made in time");
    DNS = sign("akamai-dns", Cause::DnsFailure, Strength::Conclusive, 503, "the origin's name did not resolve");
    NO_ORIGIN = sign("akamai-no-origin", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "the origin was left out because too many requests to it had failed");
    READ_TIMEOUT = sign("akamai-read-timeout", Cause::ResponseTimeout, Strength::Conclusive, 504,
        "the origin did not answer in time");
    READ_FAILED = sign("akamai-read-failed", Cause::ConnectionReset, Strength::Strong, 502,
        "the connection broke while the origin's answer was read");
    WRITE_FAILED = sign("akamai-write-failed", Cause::ClosedEarly, Strength::Strong, 502,
        "the origin did not take the whole request");
    ABORTED = sign("akamai-aborted", Cause::ConnectionReset, Strength::Strong, 502,
        "the connection to the origin was interrupted");
    EMPTY = sign("akamai-empty", Cause::ClosedEarly, Strength::Strong, 502, "the origin closed the connection without an answer");
    HANDSHAKE = sign("akamai-tls", Cause::TlsHandshake, Strength::Strong, 503, "the TLS handshake with the origin failed");
    CERTIFICATE = sign("akamai-certificate", Cause::TlsCertificate, Strength::Strong, 503,
        "the origin's certificate was not accepted in the TLS handshake");
    INVALID_RESPONSE = sign("akamai-invalid-response", Cause::InvalidResponse, Strength::Conclusive, 502,
        "the origin's answer is badly chunked or compressed");
    QUEUED = sign("akamai-queue-timeout", Cause::QueueTimeout, Strength::Conclusive, 503,
        "the request waited too long in the edge's own queue");
    QUEUE_FULL = sign("akamai-queue-full", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "the edge's own queue of requests to the origin was full");
    OTHER_SCHEME = sign("akamai-other-scheme", Cause::ProtocolMismatch, Strength::Strong, 503,
        "the connection to the origin is one of HTTP where HTTPS was wanted, or the other way round");
    SHUTTING_DOWN = sign("akamai-shutting-down", Cause::GatewayInternal, Strength::Strong, 503,
        "the edge server was being shut down");
    DENIED = sign("akamai-denied", Cause::Blocked, Strength::Conclusive, 0, "a rule refused the request");
}

/// The members of a line that matter here, as they come.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    own: bool,
    time: &'a [u8],
    status: &'a [u8],
    bytes: &'a [u8],
    total: &'a [u8],
    client: &'a [u8],
    host: &'a [u8],
    method: &'a [u8],
    path: &'a [u8],
    query: &'a [u8],
    user_agent: &'a [u8],
    id: &'a [u8],
    read: &'a [u8],
    turn_around: &'a [u8],
    transfer: &'a [u8],
    cache: &'a [u8],
    error: &'a [u8],
}

impl<'a> Fields<'a> {
    fn set(&mut self, name: &[u8], value: &'a [u8]) {
        let field = match name {
            b"reqTimeSec" => {
                self.own = true;
                &mut self.time
            }
            b"statusCode" => &mut self.status,
            b"bytes" => &mut self.bytes,
            b"totalBytes" => &mut self.total,
            b"cliIP" => &mut self.client,
            b"reqHost" => &mut self.host,
            b"reqMethod" => &mut self.method,
            b"reqPath" => &mut self.path,
            b"queryStr" => &mut self.query,
            b"UA" => &mut self.user_agent,
            b"reqId" => &mut self.id,
            b"reqEndTimeMSec" => &mut self.read,
            b"turnAroundTimeMSec" => &mut self.turn_around,
            b"transferTimeMSec" => &mut self.transfer,
            b"cacheStatus" => &mut self.cache,
            b"errorCode" => &mut self.error,
            _ => return,
        };
        *field = present(value);
    }

    fn skim(&self) -> Skimmed<'a> {
        cloud::plain(What::Request, cloud::utc(self.time), cloud::status(self.status), |when, status| Skim {
            when: Some(when),
            status,
            group: self.host,
            upstream: b"",
            names_upstream: false,
            attempted: self.was_asked(),
            duration: self.duration(),
        })
    }

    fn record(&self) -> Record<'a> {
        let header = cloud::millis(self.turn_around);
        let asked = Attempt { header, ..Attempt::default() };
        Record {
            what: What::Request,
            when: cloud::utc(self.time),
            status: cloud::status(self.status),
            group: self.host,
            method: self.method,
            host: cloud::host(self.host),
            path: self.path,
            query: self.query,
            bytes: cloud::count(cloud::or(self.bytes, self.total)),
            duration: self.duration(),
            header,
            client: self.client,
            user_agent: self.user_agent,
            agent_coding: Coding::Percent,
            trace_id: self.id,
            error_reason: self.error,
            flags: self.cache,
            no_server: code(self.error) == b"ERR_NO_GOOD_FWD_IP",
            attempts: self.was_asked().then_some(asked).into_iter().collect(),
            escape: Escape::Json,
            ..Record::default()
        }
    }

    /// Until the request had been read, then until the answer began, then until it had been sent.
    fn duration(&self) -> Option<Micros> {
        let (turn_around, transfer) = (cloud::millis(self.turn_around)?, cloud::millis(self.transfer)?);
        Some(cloud::millis(self.read).unwrap_or(0).saturating_add(turn_around).saturating_add(transfer))
    }

    /// Whether the origin was asked, or was to be: what is not from the cache, unless a rule refused it.
    fn was_asked(&self) -> bool {
        if self.error.is_empty() {
            return self.cache == b"0";
        }
        let sign = sign_of(self.error, None);
        let refused = [DENIED, NO_ORIGIN, QUEUED, QUEUE_FULL, SHUTTING_DOWN].map(Some).contains(&sign);
        !refused && (self.cache == b"0" || sign.is_some())
    }
}

/// The code alone: `ERR_ACCESS_DENIED|fwd_acl`.
fn code(error: &[u8]) -> &[u8] {
    error.split(|byte| *byte == b'|').next().unwrap_or_default()
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"reqTimeSec\""]);

/// The fields, where the object is one of Akamai's: the name of its time is its own.
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

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    // A status of 000: the client left before the end.
    let client_gave_up = matches!(record.status, Some(0 | 499)) || record.error_reason.starts_with(b"ERR_CLIENT_");
    let failed = record.status.is_some_and(|status| statuses.contains(status)) && !client_gave_up;
    let own = || (record.error_reason.is_empty() && !record.attempts.is_empty()).then_some(ORIGIN_STATUS);
    let request = if failed { sign_of(record.error_reason, record.header).or_else(own) } else { None };
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), client_gave_up }
}

/// A connection that fails sooner was refused.
const A_WHILE: Micros = 1_000_000;

/// What a code is a sign of, where the answer began after `took`.
fn sign_of(error: &[u8], took: Option<Micros>) -> Option<&'static Sign> {
    Some(match code(error) {
        b"ERR_CONNECT_FAIL" | b"ERR_HTTP_CONNECT_FAIL" if took.is_some_and(|took| took >= A_WHILE) => CONNECT_GAVE_UP,
        b"ERR_CONNECT_FAIL" | b"ERR_HTTP_CONNECT_FAIL" => CONNECT_FAILED,
        b"ERR_CONNECT_TIMEOUT" => CONNECT_TIMEOUT,
        b"ERR_DNS_FAIL" | b"ERR_DNS_TIMEOUT" | b"ERR_SUREROUTE_DNS_FAIL" | b"ERR_NO_FWD_HOSTS" => DNS,
        b"ERR_NO_GOOD_FWD_IP" => NO_ORIGIN,
        b"ERR_READ_TIMEOUT" | b"ERR_FIRST_BYTE_TIMEOUT" => READ_TIMEOUT,
        b"ERR_READ_ERROR" | b"ERR_WIN32_READ_ERR" => READ_FAILED,
        b"ERR_WRITE_ERROR" | b"ERR_WRITE_TIMEOUT" => WRITE_FAILED,
        b"ERR_FWD_ENTRY_ABORTED" => ABORTED,
        b"ERR_ZERO_SIZE_OBJECT" => EMPTY,
        b"ERR_BAD_CHUNKED_ENC" | b"ERR_GZIP" => INVALID_RESPONSE,
        b"ERR_FWD_RATE_LIMIT_Q_TIMEOUT" => QUEUED,
        b"ERR_FWD_RATE_LIMIT_Q_FULL" | b"ERR_FWD_RATE_LIMIT_Q_FILLED_UP" | b"ERR_FWD_RATE_LIMIT_HOST_HASH_FULL" => {
            QUEUE_FULL
        }
        b"ERR_FWD_PCONN_SEC_UPGRADE" | b"ERR_FWD_PCONN_SEC_DOWNGRADE" => OTHER_SCHEME,
        b"ERR_SHUTTING_DOWN" => SHUTTING_DOWN,
        b"ERR_ACCESS_DENIED" => DENIED,
        b"ERR_FWD_SSL_HANDSHAKE" => CERTIFICATE,
        // "Internal error", says Akamai.
        b"ERR_FWD_SSL_OUT_OF_HANDSHAKES" | b"ERR_FWD_SSL_BAD_CERT" => return None,
        tls if tls.starts_with(b"ERR_SSL_") || tls.starts_with(b"ERR_FWD_SSL_") => HANDSHAKE,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sign of a request, that of its attempt, and whether the client left.
    fn judged(status: &str, rest: &str) -> (&'static str, &'static str, bool) {
        let line =
            format!(r#"{{"reqTimeSec":"1795255200","statusCode":"{status}","reqHost":"shop.example.com"{rest}}}"#);
        let verdict = judge(&read(line.as_bytes()).unwrap_or_default(), &Statuses::gateway());
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        let attempt = verdict.attempts.first().map_or("none", |attempt| kind(*attempt));
        (kind(verdict.request), attempt, verdict.client_gave_up)
    }

    #[test]
    fn names_signs() {
        let cases = [
            ("CONNECT_FAIL", "akamai-connect-failed", true),
            ("CONNECT_TIMEOUT", "akamai-connect-timeout", true),
            ("DNS_FAIL", "akamai-dns", true),
            ("DNS_TIMEOUT", "akamai-dns", true),
            ("NO_GOOD_FWD_IP", "akamai-no-origin", false),
            ("READ_TIMEOUT", "akamai-read-timeout", true),
            ("FIRST_BYTE_TIMEOUT", "akamai-read-timeout", true),
            ("READ_ERROR", "akamai-read-failed", true),
            ("WRITE_ERROR", "akamai-write-failed", true),
            ("FWD_ENTRY_ABORTED", "akamai-aborted", true),
            ("ZERO_SIZE_OBJECT", "akamai-empty", true),
            ("SSL_CONNECT_TIMEOUT", "akamai-tls", true),
            ("FWD_SSL_HANDSHAKE|err_conn_strict_cert", "akamai-certificate", true),
            ("NO_FWD_HOSTS", "akamai-dns", true),
            ("BAD_CHUNKED_ENC", "akamai-invalid-response", true),
            ("FWD_RATE_LIMIT_Q_TIMEOUT", "akamai-queue-timeout", false),
            ("FWD_RATE_LIMIT_Q_FULL", "akamai-queue-full", false),
            ("FWD_RATE_LIMIT_HOST_HASH_FULL", "akamai-queue-full", false),
            ("FWD_PCONN_SEC_UPGRADE", "akamai-other-scheme", true),
            ("FWD_PCONN_SEC_DOWNGRADE", "akamai-other-scheme", true),
            ("SHUTTING_DOWN", "akamai-shutting-down", false),
            ("ACCESS_DENIED|fwd_acl", "akamai-denied", false),
        ];
        for (code, kind, attempted) in cases {
            let rest = format!(r#","cacheStatus":"0","errorCode":"ERR_{code}""#);
            assert_eq!(judged("503", &rest), (kind, if attempted { kind } else { "none" }, false), "{code}");
        }
        let own = judged("503", r#","cacheStatus":0"#);
        assert_eq!(own, ("akamai-origin-status", "akamai-origin-status", false));
        let late = judged("503", r#","cacheStatus":"0","errorCode":"ERR_CONNECT_FAIL","turnAroundTimeMSec":"5012""#);
        assert_eq!(late, ("akamai-connect-gave-up", "akamai-connect-gave-up", false));
        for sign in &SIGNS {
            assert!(
                [own.0, late.0].contains(&sign.kind) || cases.iter().any(|case| case.1 == sign.kind),
                "{}",
                sign.kind
            );
        }
        assert_eq!(judged("503", r#","cacheStatus":"1""#), ("-", "none", false));
        assert_eq!(judged("503", r#","cacheStatus":"0","errorCode":"ERR_ESI_RESP""#), ("-", "-", false));
        let internal = judged("503", r#","cacheStatus":"0","errorCode":"ERR_FWD_SSL_BAD_CERT""#);
        assert_eq!(internal, ("-", "-", false));
        assert_eq!(judged("000", r#","cacheStatus":"0","errorCode":"ERR_CLIENT_ABORT""#), ("-", "-", true));
        assert_eq!(judged("200", r#","cacheStatus":"0""#), ("-", "-", false));
    }

    #[test]
    fn leaves_the_objects_of_others() {
        for line in
            [r#"{"statusCode":"502","reqHost":"x"}"#, r#"{"x":{"reqTimeSec":"1"}}"#, r#"{"reqTimeSec":"1795255200""#]
        {
            assert!(read(line.as_bytes()).is_none() && skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
