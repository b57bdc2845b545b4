//! What HAProxy's request lines are signs of.

use crate::cause::{Cause, Sign, Strength};
use crate::format::record::{sign, wording};

/// What the request lines of HAProxy can be signs of, but for what a server's own error says ([`BACKEND_ERRORS`]).
///
/// The status is the one that `http_return_srv_error` (`http_ana.c`) gives; states that begin a body's end have none.
pub(in crate::format) static SIGNS: &[Sign] = &[
    REFUSED,
    UNREACHABLE,
    CONNECT_RESET,
    CONNECT_TIMEOUT,
    NO_SERVER,
    NO_BACKEND,
    PINNED,
    QUEUE_FULL,
    QUEUE_TIMEOUT,
    CLOSED_EARLY,
    CLOSED_ON_THE_MARK,
    RESPONSE_TIMEOUT,
    CLIENT_TIMEOUT,
    INVALID_RESPONSE,
    TRUNCATED,
    BODY_TIMEOUT,
    BROKEN_BODY,
    TUNNEL_CUT,
    UPSTREAM_ERROR,
    MARKED_DOWN,
    KILLED,
    PREEMPTED,
    PROCESS_LIMIT,
    NO_RESOURCES,
    NO_MEMORY,
    INTERNAL,
    LOCAL,
    DENIED,
    TARPIT,
    RETRIED,
    RETRIED_LATE,
];

pub(super) const REFUSED: Sign = sign(
    "haproxy-connect-refused",
    Cause::ConnectionRefused,
    Strength::Strong,
    503,
    "the server refused the connection, on every try (termination state SC)",
);
pub(super) const UNREACHABLE: Sign = sign(
    "haproxy-connect-failed-late",
    Cause::HostUnreachable,
    Strength::Weak,
    503,
    "connecting failed (termination state SC), but only after longer than a refusal takes",
);
pub(crate) const CONNECT_RESET: Sign = sign(
    "haproxy-connect-reset",
    Cause::ConnectionReset,
    Strength::Conclusive,
    503,
    "the connection was reset while it was being made (termination state SC)",
);
pub(super) const CONNECT_TIMEOUT: Sign = sign(
    "haproxy-connect-timeout",
    Cause::ConnectTimeout,
    Strength::Conclusive,
    503,
    "`timeout connect` ran out before the server took the connection (termination state sC)",
);
pub(super) const NO_SERVER: Sign = sign(
    "haproxy-no-server",
    Cause::NoLiveUpstream,
    Strength::Conclusive,
    503,
    "the backend had no server to try (<NOSRV>, termination state SC)",
);
pub(super) const NO_BACKEND: Sign = sign(
    "haproxy-no-backend",
    Cause::NoRoute,
    Strength::Strong,
    503,
    "no rule of the frontend chose a backend (<NOSRV> under the frontend's own name, termination state SC)",
);
pub(super) const PINNED: Sign = sign(
    "haproxy-cookie-to-down-server",
    Cause::NoLiveUpstream,
    Strength::Strong,
    503,
    "the client's cookie named a server that was down (termination state SCD)",
);
pub(super) const QUEUE_FULL: Sign = sign(
    "haproxy-queue-full",
    Cause::CircuitBreaker,
    Strength::Strong,
    503,
    "the queue in front of the server was full (termination state SQ)",
);
pub(super) const QUEUE_TIMEOUT: Sign = sign(
    "haproxy-queue-timeout",
    Cause::QueueTimeout,
    Strength::Conclusive,
    503,
    "`timeout queue` ran out before a server had a free slot (termination state sQ)",
);
pub(super) const CLOSED_EARLY: Sign = sign(
    "haproxy-closed-early",
    Cause::ClosedEarly,
    Strength::Strong,
    502,
    "the server closed the connection before it had sent a complete header (termination state SH)",
);
pub(super) const CLOSED_ON_THE_MARK: Sign = sign(
    "haproxy-closed-at-round-time",
    Cause::WorkerKilled,
    Strength::Strong,
    502,
    "the server closed the connection after a round number of seconds, without an answer (termination state SH)",
);
pub(super) const RESPONSE_TIMEOUT: Sign = sign(
    "haproxy-response-timeout",
    Cause::ResponseTimeout,
    Strength::Conclusive,
    504,
    "`timeout server` ran out before the server's header came (termination state sH)",
);
pub(super) const CLIENT_TIMEOUT: Sign = sign(
    "haproxy-client-timeout",
    Cause::ResponseTimeout,
    Strength::Weak,
    504,
    "`timeout client` ran out while the server's header was awaited (termination state cH)",
);
pub(super) const INVALID_RESPONSE: Sign = sign(
    "haproxy-invalid-response",
    Cause::InvalidResponse,
    Strength::Strong,
    502,
    "the response was unparsable, too large for the buffer, or blocked (termination state PH)",
);
pub(super) const TRUNCATED: Sign = sign(
    "haproxy-truncated",
    Cause::TruncatedResponse,
    Strength::Conclusive,
    0,
    "the server closed the connection in the middle of the body (termination state SD)",
);
pub(super) const BODY_TIMEOUT: Sign = sign(
    "haproxy-body-timeout",
    Cause::BodyTimeout,
    Strength::Conclusive,
    0,
    "`timeout server` ran out in the middle of the body (termination state sD)",
);
pub(super) const BROKEN_BODY: Sign = sign(
    "haproxy-broken-body",
    Cause::TruncatedResponse,
    Strength::Conclusive,
    0,
    "the body could not be parsed any further (termination state PD)",
);
pub(super) const TUNNEL_CUT: Sign = sign(
    "haproxy-tcp-cut",
    Cause::TruncatedResponse,
    Strength::Weak,
    0,
    "the server broke off a TCP connection on which data flowed (termination state SD)",
);
pub(super) const UPSTREAM_ERROR: Sign = sign(
    "haproxy-upstream-status",
    Cause::UpstreamError,
    Strength::Conclusive,
    502,
    "the server itself sent the status",
);
pub(super) const MARKED_DOWN: Sign = sign(
    "haproxy-killed-with-server",
    Cause::NoLiveUpstream,
    Strength::Strong,
    503,
    "the request was cut off as its server was marked down (termination state D)",
);
pub(super) const KILLED: Sign = sign(
    "haproxy-killed-by-admin",
    Cause::Draining,
    Strength::Strong,
    503,
    "an administrator ended the session (termination state K)",
);
pub(super) const PREEMPTED: Sign = sign(
    "haproxy-backup-stepped-down",
    Cause::Draining,
    Strength::Strong,
    503,
    "the backup server's sessions were ended as an active server came back (termination state U)",
);
pub(super) const PROCESS_LIMIT: Sign = sign(
    "haproxy-socket-limit",
    Cause::ProxyExhausted,
    Strength::Conclusive,
    503,
    "HAProxy had reached its limit of sockets (termination state PC)",
);
pub(super) const NO_RESOURCES: Sign = sign(
    "haproxy-out-of-resources",
    Cause::ProxyExhausted,
    Strength::Conclusive,
    503,
    "HAProxy had no port, descriptor or memory left for the connection (termination state RC)",
);
pub(super) const NO_MEMORY: Sign = sign(
    "haproxy-out-of-memory",
    Cause::ProxyExhausted,
    Strength::Strong,
    500,
    "HAProxy ran out of a resource (termination state R)",
);
pub(super) const INTERNAL: Sign = sign(
    "haproxy-internal-error",
    Cause::GatewayInternal,
    Strength::Strong,
    500,
    "HAProxy met an error of its own (termination state I)",
);
pub(super) const LOCAL: Sign = sign(
    "haproxy-answered-itself",
    Cause::ProxyLocal,
    Strength::Conclusive,
    503,
    "HAProxy answered by itself, as configured (termination state L)",
);
pub(super) const DENIED: Sign = sign(
    "haproxy-denied",
    Cause::Blocked,
    Strength::Strong,
    503,
    "a rule of HAProxy denied the request (termination state PR)",
);
pub(super) const TARPIT: Sign = sign(
    "haproxy-tarpit",
    Cause::Blocked,
    Strength::Conclusive,
    500,
    "a rule of HAProxy held the request in its tarpit (termination state PT)",
);
pub(super) const RETRIED: Sign = sign(
    "haproxy-retried",
    Cause::ConnectionRefused,
    Strength::Weak,
    503,
    "HAProxy had to try again, as it does when a server cannot be connected",
);
pub(super) const RETRIED_LATE: Sign = sign(
    "haproxy-retried-late",
    Cause::ConnectTimeout,
    Strength::Weak,
    503,
    "HAProxy had to try again, and more than a second and a half went by for each try",
);

/// Words of the error on the server's side, as `%[bc_err_name]`, `%[bc_err_str]` and `%[ssl_bc_err_str]` give them
/// (`connection.c`, `conn_err_code_name` and `conn_err_code_str`), and the numbers of `%[bc_err]` that mean the same in
/// all versions (`CO_ER_…` in `connection-t.h`; those after 43 do not).
pub(in crate::format) static BACKEND_ERRORS: &[Sign] = &[
    wording(
        "haproxy-bc-err-certificate",
        Cause::TlsCertificate,
        Strength::Conclusive,
        503,
        "the server's certificate was not accepted",
        r"certificate verify failed|SSL_MISMATCH|Server presented an SSL certificate different|(\bbc_err=|^)3[23]( |$)",
    ),
    wording(
        "haproxy-bc-err-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        503,
        "the server refused the connection",
        r"(err\w*=.?|^)(EREFUSED|ECONNREFUSED returned by OS)",
    ),
    wording(
        "haproxy-bc-err-reset",
        Cause::ConnectionReset,
        Strength::Conclusive,
        502,
        "the server reset the connection",
        r"(err\w*=.?|^)(ERESET|ECONNRESET returned by OS)",
    ),
    wording(
        "haproxy-bc-err-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        503,
        "the server's network could not be reached",
        r"(err\w*=.?|^)(EUNREACH|ENETUNREACH returned by OS)",
    ),
    wording(
        "haproxy-bc-err-exhausted",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "HAProxy had no socket, port or memory left",
        r"(err\w*=.?|^)(CONF_FDLIM|PROC_FDLIM|SYS_FDLIM|SYS_MEMLIM|PORT_RANGE|FREE_PORTS|ADDR_INUSE|ENOMEM|ENOBUFS|Reached configured maxconn|Too many sockets|Out of system buffers|Source port range exhausted|Out of local source ports|Local source address already in use)|(\bbc_err=|^)([1-47]|9|10|2[78])( |$)",
    ),
    wording(
        "haproxy-bc-err-tls",
        Cause::TlsHandshake,
        Strength::Strong,
        503,
        "the TLS handshake with the server failed",
        r"(err\w*=.?|^)(SSL_(EMPTY|ABORT|TIMEOUT|HANDSHAKE|FATAL)|SSL handshake failure|SSL fatal error|Connection (closed|error) during SSL handshake|Timeout during SSL handshake)|(\bbc_err=|^)(2[4-6]|3[45]|43)( |$)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Matcher;

    #[test]
    fn the_kinds_are_unique() {
        let mut kinds: Vec<&str> = SIGNS.iter().chain(BACKEND_ERRORS).map(|sign| sign.kind).collect();
        let count = kinds.len();
        kinds.sort_unstable();
        kinds.dedup();
        assert_eq!(kinds.len(), count);
        assert!(Matcher::new(BACKEND_ERRORS).is_ok());
    }
}
