//! What Traefik's access logs as text and as JSON have in common.
//!
//! When Traefik gets no answer it makes one itself, and logs its status as the origin's: that the two are equal proves
//! nothing. What gives it away is the body, which is the status in words and nothing else: `Bad Gateway` has 11 bytes,
//! `Gateway Timeout` 15. A server's own error page has another length. Why there was no answer stands only in
//! Traefik's own log, at the level `debug` (see `traefik_error.rs`); here the time that it took is all there is.
//!
//! Sources: Traefik v3, `pkg/middlewares/accesslog/{logger,logger_formatters,logdata,field_middleware}.go`,
//! `pkg/proxy/httputil/proxy.go` (`ErrorHandler`, `ComputeStatusCode`),
//! `pkg/server/service/loadbalancer/wrr/wrr.go`, `pkg/middlewares/circuitbreaker/circuit_breaker.go`.

use super::record::{sign, table};
use super::{Record, Statuses, Verdict};
use crate::cause::{Cause, Sign, Strength};
use crate::grammar::address::bare_host;
use crate::grammar::find::find3;
use crate::grammar::number::Micros;
use crate::grammar::text::place_of;

table! {
    /// What the fields of a failed request are signs of.
    SIGNS:
    ANSWERED_503 = sign("traefik-server-unavailable", Cause::UpstreamError, Strength::Conclusive, 503,
        "the server itself answered 503: Traefik does not, once it has chosen a server");
    ANSWERED = sign("traefik-server-answered", Cause::UpstreamError, Strength::Strong, 502,
        "the error page is not the one that Traefik makes: the server sent it");
    AT_ONCE = sign("traefik-502-at-once", Cause::ConnectionRefused, Strength::Weak, 502,
        "Traefik got no answer, within 20 ms: a refused connection, or one that was closed at once");
    AFTER_A_WHILE = sign("traefik-502-later", Cause::ClosedEarly, Strength::Weak, 502,
        "Traefik got no answer, but not at once: a connection that was closed before the answer");
    DIAL_TIMEOUT = sign("traefik-504-after-30-s", Cause::ConnectTimeout, Strength::Strong, 504,
        "Traefik gave up after 30 s, which is how long it tries to connect if nothing else is set");
    TIMEOUT = sign("traefik-504", Cause::ResponseTimeout, Strength::Weak, 504,
        "a time limit of Traefik's was over: for connecting, or for the answer");
    EMPTY_POOL = sign("traefik-empty-pool", Cause::NoLiveUpstream, Strength::Conclusive, 500,
        "the service has no servers");
    NO_SERVER = sign("traefik-no-server", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "no server was available");
    BREAKER = sign("traefik-circuit-breaker", Cause::CircuitBreaker, Strength::Strong, 503,
        "Traefik answered 503 itself, with the words of its circuit breaker");
    NO_SERVER_CHOSEN = sign("traefik-no-server-chosen", Cause::NoLiveUpstream, Strength::Weak, 503,
        "Traefik answered 503 and had chosen no server");
}

/// An answer that takes no longer was no answer.
const AT_ONCE_WITHIN: Micros = 20_000;

/// `dialTimeout`, if nothing else is set; and what a timer and all else may add.
const DIAL: std::ops::RangeInclusive<Micros> = 29_990_000..=30_300_000;

/// How long the body is that Traefik makes for this status when it got no answer: the status in words.
fn own_length(status: u16) -> Option<u64> {
    let words = match status {
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        504 => "Gateway Timeout",
        _ => return None,
    };
    u64::try_from(words.len()).ok()
}

/// `no available server`, with a line's end.
const NO_SERVER_LENGTH: u64 = 20;

/// `no servers in the pool`, until v2, with a line's end.
const EMPTY_POOL_LENGTH: u64 = 23;

/// `Service Unavailable`
const BREAKER_LENGTH: u64 = 19;

/// Whether the server may have sent this status itself, as far as the body's length tells.
pub(super) fn may_be_servers(status: u16, length: Option<u64>) -> bool {
    match (own_length(status), length) {
        (None, _) => true,
        (Some(own), Some(length)) => own != length,
        (Some(_), None) => false,
    }
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = failed.and_then(|status| failure(record, status));
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), ..Verdict::default() }
}

/// What a failed request is a sign of.
fn failure(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    let attempt = record.attempts.last();
    let length = attempt.and_then(|attempt| attempt.length).or(record.bytes);
    let took = attempt.and_then(|attempt| attempt.response).or(record.duration).unwrap_or_default();
    match (status, attempt.is_some()) {
        (503, true) => Some(ANSWERED_503),
        (503, false) if length == Some(NO_SERVER_LENGTH) => Some(NO_SERVER),
        (503, false) if length == Some(BREAKER_LENGTH) => Some(BREAKER),
        (503, false) => Some(NO_SERVER_CHOSEN),
        (500, false) if length == Some(EMPTY_POOL_LENGTH) => Some(EMPTY_POOL),
        (_, false) => None,
        (_, true) if record.upstream_status == Some(status) || length.is_some() && may_be_servers(status, length) => {
            Some(ANSWERED)
        }
        (502, true) => Some(if took <= AT_ONCE_WITHIN { AT_ONCE } else { AFTER_A_WHILE }),
        (504, true) => Some(if DIAL.contains(&took) { DIAL_TIMEOUT } else { TIMEOUT }),
        _ => None,
    }
}

/// The server of a URL, with its port: `10.0.0.5:8080` of `http://10.0.0.5:8080/base`.
pub(super) fn server(url: &[u8]) -> &[u8] {
    // Nearly all begin so, which costs less to see than to look for the end of a scheme.
    let rest = url.strip_prefix(b"http://").unwrap_or_else(|| place_of(url, b"://").map_or(url, |at| &url[at + 3..]));
    &rest[..find3(b'/', b'?', b'#', rest).unwrap_or(rest.len())]
}

/// The client: Traefik logs the whole of `X-Forwarded-For` where there is one, of which the first is the client.
pub(super) fn client(text: &[u8]) -> &[u8] {
    let first = text.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    bare_host(first)
}
