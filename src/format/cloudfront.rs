//! What `CloudFront`'s logs have in common: the names of their fields, what these say of a request, and what they are
//! signs of. Its standard logs are tab-separated columns that a header names, or JSON objects with members of the same
//! names; so are real-time logs, from which it takes a few fields more.
//!
//! A line tells neither the origin's address nor what the origin answered: the result type is all there is. The group
//! is the distribution, as its domain name.

use super::{
    Attempt, Coding, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, cloud,
    record::{sign, table},
    w3c::{Column, Fields, Values},
};
use crate::{
    cause::{Cause, Sign, Strength},
    grammar::{number::Micros, time::When},
};

table! {
    /// What the result types of a failed request are signs of. Source: AWS, "Standard logging reference"
    /// (`x-edge-detailed-result-type`) and "Troubleshooting error responses from your origin".
    SIGNS:
    ORIGIN_STATUS = sign("cloudfront-origin-error", Cause::UpstreamError, Strength::Strong, 0,
        "the origin answered with an error");
    CACHED_ERROR = sign("cloudfront-cached-error", Cause::Unknown, Strength::Echo, 0,
        "an error that had been answered before, by the origin or for it, was sent from the cache");
    DNS = sign("cloudfront-origin-dns", Cause::DnsFailure, Strength::Conclusive, 502,
        "the origin's domain name did not resolve");
    CONNECT_TIMEOUT = sign("cloudfront-connect-timeout", Cause::ConnectTimeout, Strength::Strong, 504,
        "no connection to the origin was made in time");
    CONNECT_FAILED = sign("cloudfront-connect-failed", Cause::ConnectionRefused, Strength::Weak, 502,
        "no connection to the origin could be made: refused, or no agreement on TLS");
    TEN_SECONDS = sign("cloudfront-ten-seconds", Cause::ConnectTimeout, Strength::Weak, 504,
        "the origin did not answer in time, after ten seconds or twenty: as long as connecting may take if nothing else is set");
    ORIGIN_TIMEOUT = sign("cloudfront-origin-timeout", Cause::ResponseTimeout, Strength::Strong, 504,
        "the origin did not answer in time");
    HEADER_TOO_BIG = sign("cloudfront-header-too-big", Cause::HeaderTooBig, Strength::Conclusive, 502,
        "the origin's response header is too big");
    INVALID_RESPONSE = sign("cloudfront-invalid-response", Cause::InvalidResponse, Strength::Conclusive, 502,
        "the origin's answer is invalid");
    READ_TIMEOUT = sign("cloudfront-read-timeout", Cause::ResponseTimeout, Strength::Strong, 504,
        "nothing could be read from the origin, and the answer was 504: a time limit was over");
    READ_FAILED = sign("cloudfront-read-failed", Cause::ClosedEarly, Strength::Strong, 502,
        "the origin's answer broke off before anything was sent on");
    BODY_CUT = sign("cloudfront-body-cut", Cause::TruncatedResponse, Strength::Strong, 0,
        "the origin's answer broke off while it was sent on");
    WRITE_FAILED = sign("cloudfront-write-failed", Cause::ClosedEarly, Strength::Strong, 502,
        "the origin did not take the whole request");
    ABORTED = sign("cloudfront-aborted", Cause::ConnectionReset, Strength::Weak, 502,
        "the connection to the origin was aborted");
    SLOW_VIEWER = sign("cloudfront-slow-viewer", Cause::BodyTimeout, Strength::Weak, 0,
        "the viewer was slow to read, and the origin's answer broke off");
    FUNCTION_FAILED = sign("cloudfront-function-failed", Cause::GatewayInternal, Strength::Strong, 502,
        "a function at the edge failed");
    FUNCTION_LIMITED = sign("cloudfront-function-limited", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "functions at the edge were throttled");
    FUNCTION_ANSWERED = sign("cloudfront-function-answered", Cause::ProxyLocal, Strength::Strong, 0,
        "a function at the edge gave this answer");
    CAPACITY = sign("cloudfront-capacity", Cause::GatewayInternal, Strength::Conclusive, 503,
        "the edge location had no capacity left");
    QUOTA = sign("cloudfront-quota", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "a quota of CloudFront was exceeded");
    REFUSED = sign("cloudfront-refused", Cause::Blocked, Strength::Conclusive, 0,
        "the request was refused by a rule");
}

/// A line that may be a request's, by its columns or members.
pub(super) struct Line<'a, const N: usize = { Column::COUNT }> {
    values: Values<'a, N>,
    when: Option<When>,
    status: Option<u16>,
}

impl<'a, const N: usize> Line<'a, N> {
    pub(super) fn of(values: Values<'a, N>) -> Self {
        // When the response had been sent, in UTC: a date and a time, or one stamp.
        let when = match values.get(Column::Date) {
            b"" => cloud::utc(values.get(Column::Stamp)),
            _ => values.when(Fields::UNKNOWN),
        };
        Self { when, status: cloud::status(values.get(Column::Status)), values }
    }

    /// Whether it has what every request has, a status and a time, and a method and a path where there are any.
    pub(super) fn is_request(&self) -> bool {
        let is_method = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_');
        self.values.get(Column::Method).iter().all(is_method)
            && matches!(self.values.get(Column::Stem).first(), None | Some(b'/' | b'*'))
            && self.status.is_some()
            && self.when.is_some()
    }

    /// What counting needs.
    pub(super) fn skim(&self) -> Skimmed<'a> {
        let attempted = self.asked_origin();
        let is_odd = attempted && is_cut(self.values.get(Column::DetailedResultType));
        match (self.when, self.status) {
            (Some(when), Some(status)) if cloud::is_plain(status) && !is_odd => Skimmed::Plain(Skim {
                when: Some(when),
                status,
                group: self.distribution(),
                upstream: b"",
                names_upstream: false,
                attempted,
                duration: self.time(Column::Taken),
            }),
            _ => Skimmed::Full,
        }
    }

    /// Everything that it says.
    pub(super) fn record(&self, escape: Escape) -> Record<'a> {
        let text = |column| self.values.get(column);
        let attempt = Attempt {
            header: self.time(Column::OriginFirstByte),
            response: self.time(Column::OriginLastByte),
            ..Attempt::default()
        };
        Record {
            what: What::Request,
            when: self.when,
            status: self.status,
            group: self.distribution(),
            method: text(Column::Method),
            host: cloud::host(cloud::or(text(Column::ForwardedHost), self.distribution())),
            path: text(Column::Stem),
            query: text(Column::Query),
            bytes: cloud::count(text(Column::Sent)),
            duration: self.time(Column::Taken),
            header: self.time(Column::FirstByte),
            client: text(Column::Client),
            cookie: text(Column::Cookie),
            user_agent: text(Column::UserAgent),
            agent_coding: Coding::Percent,
            trace_id: text(Column::RequestId),
            error_reason: text(Column::DetailedResultType),
            flags: text(Column::ResultType),
            attempts: self.asked_origin().then_some(attempt).into_iter().collect(),
            escape,
            ..Record::default()
        }
    }

    fn time(&self, column: Column) -> Option<Micros> {
        cloud::seconds(self.values.get(column))
    }

    /// The distribution's domain name, which `CloudFront` calls the host.
    fn distribution(&self) -> &'a [u8] {
        self.values.first(&[Column::HostHeader, Column::Host])
    }

    /// Whether the origin was asked.
    fn asked_origin(&self) -> bool {
        names_origin(self.values.first(&[Column::DetailedResultType, Column::ResultType]))
            || self.time(Column::OriginFirstByte).is_some()
    }
}

/// Whether a result type says that the origin was asked.
fn names_origin(result: &[u8]) -> bool {
    matches!(result, b"Miss" | b"RefreshHit" | b"MissGeneratedResponse" | b"AbortedOrigin" | b"SlowReaderOriginError")
        || result.starts_with(b"Origin") && result != b"OriginShieldHit"
}

/// Whether a result type says that an answer broke off, whatever its status.
fn is_cut(detail: &[u8]) -> bool {
    matches!(
        detail,
        b"OriginReadError" | b"OriginCommError" | b"OriginContentRangeLengthError" | b"SlowReaderOriginError"
    )
}

/// What the result type of a failed request is a sign of.
pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let detail = cloud::or(record.error_reason, record.flags);
    // A status of 000: the viewer closed the connection first.
    let client_gave_up =
        matches!(record.status, Some(0 | 499)) || matches!(detail, b"ClientCommError" | b"ClientHungUpRequest");
    let failed = record.status.filter(|status| statuses.contains(*status) && !client_gave_up);
    let request = failed.and_then(|status| failure(detail, status, record.duration));
    let sent = record.status.is_some_and(|status| (200..400).contains(&status));
    let attempt = request.or_else(|| (sent && is_cut(detail)).then_some(cut(detail)));
    let attempts = record.attempts.iter().map(|_| attempt).collect();
    Verdict { request, attempts, client_gave_up }
}

/// What an answer that broke off is a sign of.
fn cut(detail: &[u8]) -> &'static Sign {
    if detail == b"SlowReaderOriginError" { SLOW_VIEWER } else { BODY_CUT }
}

/// What a failed request is a sign of. `InvalidRequest` and the like blame the viewer; they come with a 4xx.
fn failure(detail: &[u8], status: u16, took: Option<Micros>) -> Option<&'static Sign> {
    Some(match detail {
        b"OriginError" => ORIGIN_STATUS,
        b"OriginDnsError" => DNS,
        b"OriginConnectError" if status == 504 || waited(took) => CONNECT_TIMEOUT,
        b"OriginConnectError" => CONNECT_FAILED,
        // "… timed out while connecting to the origin, or reading data from the origin".
        b"OriginCommError" if took.is_some_and(is_connection_timeout) => TEN_SECONDS,
        b"OriginCommError" => ORIGIN_TIMEOUT,
        b"OriginHeaderTooBigError" => HEADER_TOO_BIG,
        b"OriginInvalidResponseError" | b"OriginContentRangeLengthError" | b"OriginZeroSizeObjectError" => {
            INVALID_RESPONSE
        }
        b"OriginReadError" if status == 504 => READ_TIMEOUT,
        b"OriginReadError" => READ_FAILED,
        b"OriginWriteError" => WRITE_FAILED,
        b"AbortedOrigin" => ABORTED,
        b"SlowReaderOriginError" => SLOW_VIEWER,
        b"CapacityExceeded" => CAPACITY,
        b"LimitExceeded" => QUOTA,
        b"ClientGeoBlocked" | b"InvalidRequestBlocked" => REFUSED,
        b"LambdaLimitExceeded" | b"FunctionThrottledError" => FUNCTION_LIMITED,
        b"FunctionGeneratedResponse" | b"LambdaGeneratedResponse" | b"MissGeneratedResponse" => FUNCTION_ANSWERED,
        function if function.starts_with(b"Lambda") || function.starts_with(b"Function") => FUNCTION_FAILED,
        // "This error type can occur when CloudFront serves an error response from the cache": then it takes no time.
        b"Hit" | b"OriginShieldHit" => CACHED_ERROR,
        b"Error" if took.is_some_and(|took| took < AT_ONCE) => CACHED_ERROR,
        // The origin answered, and nothing was wrong with that.
        b"Miss" | b"RefreshHit" => ORIGIN_STATUS,
        _ => return None,
    })
}

/// What is answered sooner has not been to any origin.
const AT_ONCE: Micros = 5_000;

/// Whether a request took as long as one attempt to connect may take: 10 s by default, and there are up to three.
fn waited(took: Option<Micros>) -> bool {
    took.is_some_and(|took| took >= 9_900_000)
}

/// Whether this is the time of one attempt to connect, or of two; three take as long as the origin may take to answer.
fn is_connection_timeout(took: Micros) -> bool {
    [10_000_000, 20_000_000].iter().any(|time| (time - 50_000..time + 500_000).contains(&took))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::time::Zone;

    fn values<'a>(result: &'a str, detail: &'a str, status: &'a str, taken: &'a str) -> Values<'a> {
        let mut values = Values::default();
        for (name, value) in [
            ("date", "2026-11-21"),
            ("time", "10:00:00"),
            ("cs(Host)", "d111111abcdef8.cloudfront.net"),
            ("sc-status", status),
            ("x-edge-result-type", result),
            ("x-edge-detailed-result-type", detail),
            ("time-taken", taken),
            ("x-edge-location", "IAD89-C1"),
        ] {
            values.set(Column::named(name.as_bytes()), value.as_bytes());
        }
        values
    }

    /// The sign of a request, whether it is that of its attempt too, and whether the viewer gave up.
    fn judged(values: Values<'_>) -> (&'static str, &'static str, bool) {
        let verdict = judge(&Line::of(values).record(Escape::None), &Statuses::gateway());
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        let attempt = verdict.attempts.first().map_or("none", |attempt| kind(*attempt));
        (kind(verdict.request), attempt, verdict.client_gave_up)
    }

    #[test]
    fn names_signs() {
        let both = |kind| (kind, kind, false);
        let no_attempt = |kind| (kind, "none", false);
        let cases = [
            (["Error", "OriginError", "503", "0.120"], both("cloudfront-origin-error")),
            (["Error", "OriginDnsError", "502", "0.102"], both("cloudfront-origin-dns")),
            (["Error", "OriginConnectError", "504", "30.021"], both("cloudfront-connect-timeout")),
            (["Error", "OriginConnectError", "502", "10.004"], both("cloudfront-connect-timeout")),
            (["Error", "OriginConnectError", "502", "0.030"], both("cloudfront-connect-failed")),
            (["Error", "OriginCommError", "504", "30.125"], both("cloudfront-origin-timeout")),
            (["Error", "OriginCommError", "504", "10.021"], both("cloudfront-ten-seconds")),
            (["Error", "OriginCommError", "504", "20.031"], both("cloudfront-ten-seconds")),
            (["Error", "OriginCommError", "504", "12.0"], both("cloudfront-origin-timeout")),
            (["Error", "OriginHeaderTooBigError", "502", "0.2"], both("cloudfront-header-too-big")),
            (["Error", "OriginInvalidResponseError", "502", "0.2"], both("cloudfront-invalid-response")),
            (["Error", "OriginZeroSizeObjectError", "502", "0.2"], both("cloudfront-invalid-response")),
            (["Error", "OriginReadError", "502", "0.2"], both("cloudfront-read-failed")),
            (["Error", "OriginReadError", "504", "30.1"], both("cloudfront-read-timeout")),
            (["Error", "OriginWriteError", "502", "0.2"], both("cloudfront-write-failed")),
            (["Error", "AbortedOrigin", "502", "0.2"], both("cloudfront-aborted")),
            (["Error", "SlowReaderOriginError", "502", "0.2"], both("cloudfront-slow-viewer")),
            (["CapacityExceeded", "CapacityExceeded", "503", "0.0"], no_attempt("cloudfront-capacity")),
            (["LimitExceeded", "LimitExceeded", "503", "0.0"], no_attempt("cloudfront-quota")),
            (["Error", "ClientGeoBlocked", "503", "0.0"], no_attempt("cloudfront-refused")),
            (["LambdaExecutionError", "LambdaExecutionError", "502", "0.3"], no_attempt("cloudfront-function-failed")),
            (["FunctionExecutionError", "", "503", "0.003"], no_attempt("cloudfront-function-failed")),
            (["FunctionThrottledError", "", "503", "0.003"], no_attempt("cloudfront-function-limited")),
            (["FunctionGeneratedResponse", "", "503", "0.003"], no_attempt("cloudfront-function-answered")),
            (["Error", "Error", "502", "0.001"], no_attempt("cloudfront-cached-error")),
            (["Hit", "Hit", "503", "0.020"], no_attempt("cloudfront-cached-error")),
            (["Miss", "Miss", "503", "0.120"], both("cloudfront-origin-error")),
            // The body broke off behind a good status: the request was answered, the attempt failed.
            (["Error", "OriginReadError", "200", "4.0"], ("-", "cloudfront-body-cut", false)),
            (["Error", "SlowReaderOriginError", "200", "4.0"], ("-", "cloudfront-slow-viewer", false)),
            // Near misses.
            (["Error", "Error", "502", "0.102"], no_attempt("-")),
            (["Error", "OriginError", "404", "0.102"], ("-", "-", false)),
            (["Error", "InvalidRequest", "400", "0.001"], no_attempt("-")),
            (["Miss", "Miss", "200", "0.120"], ("-", "-", false)),
            (["Hit", "Hit", "200", "0.001"], no_attempt("-")),
            (["Error", "ClientCommError", "504", "3.0"], ("-", "none", true)),
            (["Error", "ClientHungUpRequest", "000", "3.0"], ("-", "none", true)),
            (["Miss", "Miss", "000", "3.0"], ("-", "-", true)),
        ];
        for ([result, detail, status, taken], expected) in cases {
            assert_eq!(judged(values(result, detail, status, taken)), expected, "{result} {detail} {status} {taken}");
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|(_, kinds)| [kinds.0, kinds.1].contains(&sign.kind)), "{}", sign.kind);
        }
    }

    #[test]
    fn reads_the_origins_times() {
        let mut line = values("Miss", "Miss", "200", "0.120");
        line.set(Column::named(b"origin-fbl"), b"0.080");
        line.set(Column::named(b"origin_lbl"), b"0.110");
        line.set(Column::named(b"time-to-first-byte"), b"0.085");
        let record = Line::of(line).record(Escape::None);
        let attempt = record.attempts.first().copied().unwrap_or_default();
        assert_eq!((record.duration, record.header), (Some(120_000), Some(85_000)));
        assert_eq!((attempt.header, attempt.response), (Some(80_000), Some(110_000)));
        // Sent from the cache: the origin's times are `-`.
        let mut line = values("Hit", "Hit", "200", "0.001");
        line.set(Column::named(b"origin-fbl"), b"-");
        assert!(Line::of(line).record(Escape::None).attempts.is_empty());
    }

    #[test]
    fn reads_dates_and_stamps() {
        let wall = |line: &Values<'_>| Line::of(line.clone()).when.map(|when| (when.wall, when.zone));
        let mut line = values("Hit", "Hit", "200", "0.001");
        assert_eq!(wall(&line), Some((1_795_255_200_000_000, Zone::Utc)));
        line.set(Column::named(b"time"), b"10:00");
        assert_eq!(wall(&line), None);
        line.set(Column::named(b"date"), b"-");
        line.set(Column::named(b"timestamp"), b"1795255200.250");
        assert_eq!(wall(&line), Some((1_795_255_200_250_000, Zone::Utc)));
        line.set(Column::named(b"timestamp(ms)"), b"1795255200250");
        assert_eq!(wall(&line), Some((1_795_255_200_250_000, Zone::Utc)));
    }
}
