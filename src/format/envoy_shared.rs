//! What Envoy's text and JSON logs have in common: the fields, and what its response flags, response code details and
//! transport failures are signs of.
//!
//! Envoy answers 503 where other gateways answer 502: wherever it got no connection or no answer. 502 is for answers
//! that break the protocol, 504 for timeouts. Which of these it was, the flags say; why, the details.
//!
//! Sources: Envoy's documentation, "Access logging: command operators" and "Response code details";
//! `source/common/stream_info/utility.h`, `envoy/stream_info/stream_info.h`, `source/common/http/utility.cc`
//! (`resetReasonToString`), `source/common/router/router.cc`
//! (`maintenanceMode`), `source/extensions/filters/http/dynamic_forward_proxy/proxy_filter.cc` (`RcDetailsValues`).

use super::record::{sign, table, wording};
use super::{Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Matcher, Sign, Strength};
use crate::grammar::address::{self, bare_host, split_port};
use crate::grammar::number::{Micros, status, uint, whole};
use crate::grammar::text::{place_of, present};
use crate::grammar::time::When;
use memchr::memmem;
use std::sync::LazyLock;

/// What one line says, as it stands in it. What is not there is empty; `-` is not there either.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields<'a> {
    /// `%START_TIME%`
    pub when: Option<When>,
    /// `%REQ(:METHOD)%`
    pub method: &'a [u8],
    /// `%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%`
    pub path: &'a [u8],
    /// `%PROTOCOL%`
    pub protocol: &'a [u8],
    /// `%RESPONSE_CODE%`
    pub code: &'a [u8],
    /// `%RESPONSE_FLAGS%` or `%RESPONSE_FLAGS_LONG%`
    pub flags: &'a [u8],
    /// Whether the layout has a place for them.
    pub names_flags: bool,
    /// `%RESPONSE_CODE_DETAILS%`
    pub details: &'a [u8],
    /// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`
    pub transport: &'a [u8],
    /// `%BYTES_SENT%`
    pub sent: &'a [u8],
    /// `%DURATION%`, in milliseconds
    pub duration: &'a [u8],
    /// `%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%`, in milliseconds
    pub service_time: &'a [u8],
    /// Whether the layout has a place for the service time.
    pub names_service_time: bool,
    /// `%REQ(X-FORWARDED-FOR)%`
    pub forwarded_for: &'a [u8],
    /// `%REQ(USER-AGENT)%`
    pub user_agent: &'a [u8],
    /// `%REQ(X-REQUEST-ID)%`
    pub request_id: &'a [u8],
    /// `%REQ(:AUTHORITY)%`
    pub authority: &'a [u8],
    /// `%UPSTREAM_HOST%`
    pub upstream_host: &'a [u8],
    /// Whether the layout has a place for it.
    pub names_upstream: bool,
    /// `%UPSTREAM_CLUSTER%` or `%UPSTREAM_CLUSTER_RAW%`
    pub cluster: &'a [u8],
    /// `%DOWNSTREAM_REMOTE_ADDRESS%`
    pub downstream: &'a [u8],
}

impl<'a> Fields<'a> {
    /// The status; absent for a TCP connection, which Envoy logs with 0. A request has 0 where its client left before
    /// there was an answer.
    fn status(&self) -> Option<u16> {
        match self.code {
            b"0" if self.method.is_empty() && self.protocol.is_empty() => None,
            b"0" => Some(0),
            code => whole(code, status),
        }
    }

    fn upstream(&self) -> &'a [u8] {
        server(self.upstream_host)
    }

    /// The address that Envoy trusts to be the client's, which it has taken from `X-Forwarded-For` where it was set up
    /// to (`use_remote_address`, `xff_num_trusted_hops`); else the first that the header names.
    fn client(&self) -> &'a [u8] {
        let first = address::forwarded(self.forwarded_for);
        match bare_host(self.downstream) {
            b"" => bare_host(first),
            trusted => trusted,
        }
    }

    /// What the upstream answered, as far as the line tells who made the answer.
    fn upstream_status(&self) -> Option<u16> {
        let answered = match self.details {
            // No flag is set, where one would be; or the upstream's header took its time.
            b"" if !self.upstream_host.is_empty() && self.flags.is_empty() => {
                self.names_flags || !self.service_time.is_empty()
            }
            b"" => false,
            details => details == b"via_upstream",
        };
        self.status().filter(|status| answered && *status != 0)
    }

    /// What counting needs.
    pub(super) fn skim(&self) -> Skimmed<'a> {
        let (Some(when), Some(status @ 100..500)) = (self.when, self.status()) else { return Skimmed::Full };
        if !self.flags.is_empty() {
            return Skimmed::Full;
        }
        let upstream = self.upstream();
        Skimmed::Plain(Skim {
            when: Some(when),
            status,
            group: self.cluster,
            upstream,
            names_upstream: self.names_upstream,
            attempted: !upstream.is_empty(),
            duration: millis(self.duration),
        })
    }

    /// All of it.
    pub(super) fn record(&self, escape: Escape) -> Record<'a> {
        let (upstream, upstream_status) = (self.upstream(), self.upstream_status());
        let (duration, header) = (millis(self.duration), millis(self.service_time));
        let attempt = Attempt { upstream, status: upstream_status, header, response: duration, ..Attempt::default() };
        let mut record = Record {
            what: What::Request,
            when: self.when,
            status: self.status(),
            upstream_status,
            group: self.cluster,
            upstream,
            names_upstream: self.names_upstream,
            method: self.method,
            host: bare_host(self.authority),
            path: self.path,
            bytes: whole(self.sent, uint),
            duration,
            header,
            client: self.client(),
            user_agent: self.user_agent,
            trace_id: self.request_id,
            message: self.transport,
            error_reason: self.details,
            flags: self.flags,
            names_header: self.names_service_time,
            escape,
            ..Record::default()
        };
        record.no_server =
            upstream.is_empty() && Flags(&record).has(b"UH") || record.error_reason == b"no_healthy_upstream";
        if !upstream.is_empty() {
            record.attempts.push(attempt);
        }
        record
    }
}

/// An upstream's host. In older Envoys it is a URL: `tcp://10.0.2.1:80`.
pub(super) fn server(host: &[u8]) -> &[u8] {
    host.strip_prefix(b"tcp://").unwrap_or(host)
}

fn millis(text: &[u8]) -> Option<Micros> {
    whole(text, uint)?.checked_mul(1_000)
}

/// A value that is not there is `-`, in JSON `null` too, which comes empty.
pub(super) fn known(text: &[u8]) -> &[u8] {
    present(text)
}

/// Whether `text` can stand where the flags stand: `-`, or names with commas between. Extensions may register flags of
/// their own, so any name will do.
pub(super) fn are_flags(text: &[u8]) -> bool {
    let is_name = |name: &[u8]| {
        name.first().is_some_and(u8::is_ascii_uppercase)
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    text == b"-" || text.split(|byte| *byte == b',').all(is_name)
}

table! {
    /// What flags and details are signs of, whatever else the line says.
    SIGNS:
    ANSWERED = sign("envoy-upstream-answered", Cause::UpstreamError, Strength::Conclusive, 503,
        "the upstream itself answered with this status (`via_upstream`)");
    PASSED_ON = sign("envoy-passed-on", Cause::UpstreamError, Strength::Strong, 503,
        "Envoy reached an upstream and set no flag: it passed the upstream's answer on");
    NO_HEALTHY = sign("envoy-no-healthy-upstream", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "the cluster had no healthy host (UH)");
    CONNECT_TIMEOUT = sign("envoy-connect-timeout", Cause::ConnectTimeout, Strength::Strong, 503,
        "no connection came about (UF), without an error from the system and after a second or more");
    CONNECT_SLOW = sign("envoy-connect-slow", Cause::ConnectTimeout, Strength::Weak, 503,
        "no connection came about (UF) for a second or more; the line does not say why");
    CONNECT_FAILED = sign("envoy-connect-failed", Cause::ConnectionRefused, Strength::Weak, 503,
        "no connection came about (UF), within a second; the line does not say why");
    TLS_FAILED = sign("envoy-tls-failed", Cause::TlsHandshake, Strength::Strong, 503,
        "the TLS handshake with the upstream failed (UF, `TLS_error`)");
    OVERFLOW = sign("envoy-overflow", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "the cluster's circuit breaker was open: connections, pending requests or requests were at their limit (UO)");
    TIMEOUT = sign("envoy-response-timeout", Cause::ResponseTimeout, Strength::Conclusive, 504,
        "the upstream did not answer before the route's or the try's timeout (UT)");
    CLOSED = sign("envoy-closed-early", Cause::ClosedEarly, Strength::Strong, 503,
        "the upstream closed the connection before it answered (UC)");
    RESET = sign("envoy-remote-reset", Cause::ConnectionReset, Strength::Strong, 503,
        "the upstream reset the request's stream (UR)");
    LOCAL_RESET = sign("envoy-local-reset", Cause::GatewayInternal, Strength::Weak, 503,
        "Envoy itself reset the request's stream (LR)");
    PROTOCOL = sign("envoy-protocol-error", Cause::InvalidResponse, Strength::Strong, 502,
        "the upstream's answer breaks the protocol (UPE)");
    HEADER = sign("envoy-header-too-big", Cause::HeaderTooBig, Strength::Conclusive, 502,
        "the upstream's response headers were larger or more than Envoy allows");
    TOO_LARGE = sign("envoy-response-too-large", Cause::HeaderTooBig, Strength::Strong, 500,
        "the response was larger than the buffer of a filter that must hold all of it (`response_payload_too_large`)");
    CUT_OFF = sign("envoy-cut-off", Cause::TruncatedResponse, Strength::Conclusive, 0,
        "the connection to the upstream was lost after the response had begun (`upstream_reset_after_response_started`)");
    PROTOCOL_MIDWAY = sign("envoy-protocol-error-midway", Cause::InvalidResponse, Strength::Strong, 0,
        "the response broke the protocol after it had begun (`upstream_reset_after_response_started{protocol_error}`)");
    IDLE = sign("envoy-idle-before-answer", Cause::ResponseTimeout, Strength::Strong, 504,
        "nothing moved for as long as the stream's idle timeout, before the answer had begun (SI)");
    IDLE_MIDWAY = sign("envoy-idle-midway", Cause::BodyTimeout, Strength::Strong, 0,
        "nothing moved for as long as the stream's idle timeout, after the answer had begun (SI)");
    MAX_DURATION = sign("envoy-max-duration", Cause::ResponseTimeout, Strength::Strong, 504,
        "the request took longer than the longest duration that is set (UMSDR, DT)");
    DNS = sign("envoy-dns-failed", Cause::DnsFailure, Strength::Conclusive, 503,
        "the upstream's name did not resolve (DF)");
    NOT_WARM = sign("envoy-cluster-not-warm", Cause::DnsFailure, Strength::Weak, 503,
        "the cluster for the host that was asked for was not ready in time (`sub_cluster_warming_timeout`)");
    NO_CLUSTER = sign("envoy-no-cluster", Cause::NoRoute, Strength::Conclusive, 503,
        "the route names a cluster that does not exist (NC)");
    NO_ROUTE = sign("envoy-no-route", Cause::NoRoute, Strength::Conclusive, 404,
        "no route fits the request (NR)");
    OVERLOADED = sign("envoy-overloaded", Cause::ProxyExhausted, Strength::Conclusive, 503,
        "Envoy's overload manager refused the request (OM)");
    DROPPED = sign("envoy-dropped", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "a share of the cluster's requests is dropped, as its `drop_overloads` says (DO)");
    DROPS_ALL = sign("envoy-drops-all", Cause::ProxyLocal, Strength::Conclusive, 503,
        "all of the cluster's requests are dropped, as its `drop_overloads` says (UDO)");
    OWN_ANSWER = sign("envoy-own-answer", Cause::ProxyLocal, Strength::Conclusive, 503,
        "Envoy answered as it is configured to: a direct response, maintenance, fault injection or its own health check (FI, LH)");
    NO_CONFIG = sign("envoy-no-filter-config", Cause::GatewayInternal, Strength::Strong, 500,
        "a filter's configuration had not arrived (NFCF)");
    LIMITED = sign("envoy-limited", Cause::Blocked, Strength::Conclusive, 429,
        "a rate limit, or the failure of the service that decides on it, stopped the request (RL, RLSE)");
    UNAUTHORIZED = sign("envoy-unauthorized", Cause::Blocked, Strength::Strong, 403,
        "the authorization filter or service refused the request, or could not be asked (UAEX)");
    RETRIES = sign("envoy-retries-used-up", Cause::Unknown, Strength::Silent, 503,
        "the retries were used up (URX), and no more");
    FILTER_ANSWERED = sign("envoy-filter-answered", Cause::ProxyLocal, Strength::Weak, 503,
        "the details name neither the upstream nor the router: one of Envoy's filters made the answer");
}

/// Why no connection came about, in the details (spaces are `_` there) or in the transport's words: the system's errno
/// as a number or in words, or Envoy's own names. Words of OpenSSL and BoringSSL are those that the causes share.
pub(super) static CONNECTS: [Sign; 12] = [
    wording(
        "envoy-connect-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        503,
        "the upstream refused the connection",
        r"connect[_ ]error:[_ ]?(?:(?:111|61|146|10061)\b|[Cc]onnection[_ ]refused)",
    ),
    wording(
        "envoy-connect-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        503,
        "the upstream's host or network could not be reached",
        r"connect[_ ]error:[_ ]?(?:(?:113|101|112|65|51|10065|10051)\b|[Nn]o[_ ]route[_ ]to|[Nn]etwork[_ ]is|[Hh]ost[_ ]is)",
    ),
    wording(
        "envoy-connect-timed-out",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        503,
        "the upstream did not accept the connection in time",
        r"connect[_ ]error:[_ ]?(?:(?:110|60|10060)\b|[Cc]onnection[_ ]timed)|\bconnection[_ ]timeout\b",
    ),
    wording(
        "envoy-connect-reset",
        Cause::ConnectionReset,
        Strength::Conclusive,
        503,
        "the connection was reset while it was being made",
        r"connect[_ ]error:[_ ]?(?:(?:104|54|10054|103|53)\b|[Cc]onnection[_ ]reset)",
    ),
    wording(
        "envoy-connect-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        503,
        "Envoy was not allowed to connect to the upstream",
        r"connect[_ ]error:[_ ]?(?:(?:13|1|10013)\b|[Pp]ermission[_ ]denied|[Oo]peration[_ ]not[_ ]permitted)",
    ),
    wording(
        "envoy-connect-socket-missing",
        Cause::SocketMissing,
        Strength::Conclusive,
        503,
        "the unix socket does not exist",
        r"connect[_ ]error:[_ ]?(?:2\b|[Nn]o[_ ]such[_ ]file)",
    ),
    wording(
        "envoy-connect-backlog",
        Cause::BacklogFull,
        Strength::Conclusive,
        503,
        "the unix socket's queue of waiting connections was full",
        r"connect[_ ]error:[_ ]?(?:11\b|[Rr]esource[_ ]temporarily)",
    ),
    wording(
        "envoy-connect-no-port",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "Envoy had no local port or descriptor left for the connection",
        r"connect[_ ]error:[_ ]?(?:(?:99|49|105|55|24|23|10049|10055)\b|[Cc]annot[_ ]assign|[Tt]oo[_ ]many[_ ]open|[Nn]o[_ ]buffer)",
    ),
    wording(
        "envoy-certificate-refused",
        Cause::TlsCertificate,
        Strength::Conclusive,
        503,
        "Envoy did not accept the upstream's certificate",
        r"CERTIFICATE_VERIFY_FAILED|verify[_ ]cert[_ ]failed|certificate[_ ]has[_ ]expired",
    ),
    wording(
        "envoy-secret-missing",
        Cause::TlsCertificate,
        Strength::Conclusive,
        503,
        "Envoy had not been given its own certificate for the upstream (SDS)",
        r"[Ss]ecret[_ ]is[_ ]not[_ ](?:supplied|ready)",
    ),
    wording(
        "envoy-tls-closed",
        Cause::TlsHandshake,
        Strength::Strong,
        503,
        "the connection was lost in the TLS handshake",
        r"TLS[_ ]error:.*(?:[Cc]onnection[_ ]reset|SYSCALL|UNEXPECTED_EOF)",
    ),
    wording(
        "envoy-local-failure",
        Cause::ProxyExhausted,
        Strength::Weak,
        503,
        "the connection failed on Envoy's own side (`local_connection_failure`)",
        r"\blocal[_ ]connection[_ ]failure\b",
    ),
];

static WORDINGS: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&CONNECTS).ok());

/// How the rest of a line tells what its reason is a sign of.
type Look = fn(&Record<'_>) -> &'static Sign;

/// What a flag says.
#[derive(Clone, Copy)]
enum Tells {
    /// One thing, whatever else the line says.
    This(&'static Sign),
    /// What the rest of the line shows.
    More(fn(&Record<'_>) -> Option<&'static Sign>),
    /// That the client left or broke the protocol: no failure of the gateway.
    Client,
    /// Nothing about why a request failed.
    Nothing,
}

/// Each flag of the documentation, by its short and its long name (`%RESPONSE_FLAGS_LONG%`), and what it says; the most
/// telling first, because several may stand in one line.
static FLAGS: [(&[u8], &[u8], Tells); 30] = [
    (b"UH", b"NoHealthyUpstream", Tells::This(NO_HEALTHY)),
    (b"DF", b"DnsResolutionFailed", Tells::This(DNS)),
    (b"UF", b"UpstreamConnectionFailure", Tells::More(|record| Some(no_connection(record)))),
    (b"UO", b"UpstreamOverflow", Tells::More(|record| Some(overflow(record)))),
    (b"UT", b"UpstreamRequestTimeout", Tells::This(TIMEOUT)),
    (b"UPE", b"UpstreamProtocolError", Tells::More(|record| Some(bad_answer(record)))),
    (b"UC", b"UpstreamConnectionTermination", Tells::More(|record| Some(closed(record)))),
    (b"UR", b"UpstreamRemoteReset", Tells::This(RESET)),
    (b"UMSDR", b"UpstreamMaxStreamDurationReached", Tells::This(MAX_DURATION)),
    (b"OM", b"OverloadManagerTerminated", Tells::This(OVERLOADED)),
    (b"UDO", b"UnconditionalDropOverload", Tells::This(DROPS_ALL)),
    (b"DO", b"DropOverload", Tells::This(DROPPED)),
    (b"NC", b"NoClusterFound", Tells::This(NO_CLUSTER)),
    (b"NR", b"NoRouteFound", Tells::This(NO_ROUTE)),
    (b"NFCF", b"NoFilterConfigFound", Tells::This(NO_CONFIG)),
    (b"LH", b"FailedLocalHealthCheck", Tells::This(OWN_ANSWER)),
    (b"FI", b"FaultInjected", Tells::This(OWN_ANSWER)),
    (b"RL", b"RateLimited", Tells::This(LIMITED)),
    (b"RLSE", b"RateLimitServiceError", Tells::This(LIMITED)),
    (b"UAEX", b"UnauthorizedExternalService", Tells::This(UNAUTHORIZED)),
    (b"SI", b"StreamIdleTimeout", Tells::More(idle)),
    (b"DT", b"DurationTimeout", Tells::This(MAX_DURATION)),
    (b"DC", b"DownstreamConnectionTermination", Tells::Client),
    (b"DR", b"DownstreamRemoteReset", Tells::Client),
    (b"DPE", b"DownstreamProtocolError", Tells::Client),
    (b"IH", b"InvalidEnvoyRequestHeaders", Tells::Client),
    (b"LR", b"LocalReset", Tells::This(LOCAL_RESET)),
    (b"URX", b"UpstreamRetryLimitExceeded", Tells::Nothing),
    (b"DI", b"DelayInjected", Tells::Nothing),
    (b"RFCF", b"ResponseFromCacheFilter", Tells::Nothing),
];

/// What response code details say where no flag says more: they begin so.
static DETAILS: [(&[u8], Tells); 39] = [
    (b"via_upstream", Tells::This(ANSWERED)),
    (b"upstream_reset_after_response_started", Tells::More(|record| Some(lost_midway(record)))),
    (b"upstream_reset_before_response_started", Tells::More(reset_before_answer)),
    (b"no_healthy_upstream", Tells::This(NO_HEALTHY)),
    (b"cluster_not_found", Tells::This(NO_CLUSTER)),
    (b"route_not_found", Tells::This(NO_ROUTE)),
    (b"route_configuration_not_found", Tells::This(NO_ROUTE)),
    (b"filter_chain_not_found", Tells::This(NO_ROUTE)),
    (b"upstream_response_timeout", Tells::This(TIMEOUT)),
    (b"response_timeout", Tells::This(TIMEOUT)),
    (b"upstream_per_try_timeout", Tells::This(TIMEOUT)),
    (b"upstream_per_try_idle_timeout", Tells::This(TIMEOUT)),
    (b"upstream_max_stream_duration_reached", Tells::This(MAX_DURATION)),
    (b"max_duration_timeout", Tells::This(MAX_DURATION)),
    (b"duration_timeout", Tells::This(MAX_DURATION)),
    (b"stream_idle_timeout", Tells::More(idle)),
    (b"response_payload_too_large", Tells::This(TOO_LARGE)),
    (b"dns_resolution_failure", Tells::This(DNS)),
    (b"dns_cache_overflow", Tells::This(OVERFLOW)),
    (b"dynamic_forward_proxy_pending_request_overflow", Tells::This(OVERFLOW)),
    (b"sub_cluster_overflow", Tells::This(OVERFLOW)),
    (b"sub_cluster_warming_timeout", Tells::This(NOT_WARM)),
    (b"dynamic_forward_proxy_cluster_is_gone", Tells::This(NO_CLUSTER)),
    (b"direct_response", Tells::This(OWN_ANSWER)),
    (b"maintenance_mode", Tells::This(OWN_ANSWER)),
    (b"admin_filter_response", Tells::This(OWN_ANSWER)),
    (b"fault_filter_abort", Tells::This(OWN_ANSWER)),
    (b"health_check_failed", Tells::This(OWN_ANSWER)),
    (b"overload", Tells::This(OVERLOADED)),
    (b"drop_overload", Tells::This(DROPPED)),
    (b"unconditional_drop_overload", Tells::This(DROPS_ALL)),
    (b"request_rate_limited", Tells::This(LIMITED)),
    (b"local_rate_limited", Tells::This(LIMITED)),
    (b"rate_limiter_error", Tells::This(LIMITED)),
    (b"ext_authz_", Tells::This(UNAUTHORIZED)),
    (b"rbac_access_denied", Tells::This(UNAUTHORIZED)),
    (b"websocket_handshake_unsuccessful", Tells::This(PROTOCOL)),
    (b"downstream_remote_disconnect", Tells::Client),
    (b"downstream_local_disconnect", Tells::Client),
];

/// The flags of a record.
struct Flags<'r, 'a>(&'r Record<'a>);

impl Flags<'_, '_> {
    /// Whether the flag with this short name is set.
    fn has(&self, short: &[u8]) -> bool {
        FLAGS.iter().any(|(name, long, _)| *name == short && self.is_set(short, long))
    }

    fn is_set(&self, short: &[u8], long: &[u8]) -> bool {
        self.0.flags.split(|byte| *byte == b',').any(|flag| flag == short || flag == long)
    }

    /// What those that are set say, the most telling first.
    fn tell(&self) -> impl Iterator<Item = Tells> {
        FLAGS.iter().filter(|(short, long, _)| self.is_set(short, long)).map(|(_, _, tells)| *tells)
    }
}

/// What a line shows.
enum Shown {
    /// Why the request failed.
    Sign(&'static Sign),
    /// That the client was at fault, or gone.
    Client,
    /// Nothing.
    Nothing,
}

fn shown(record: &Record<'_>) -> Shown {
    // The response had begun: whatever flag is set, this is how it ended.
    if record.error_reason.starts_with(b"upstream_reset_after_response_started") {
        return Shown::Sign(lost_midway(record));
    }
    let flags = Flags(record);
    let details = DETAILS.iter().filter(|(start, _)| record.error_reason.starts_with(start)).map(|(_, tells)| *tells);
    for tells in flags.tell().chain(details) {
        match tells {
            Tells::This(sign) => return Shown::Sign(sign),
            Tells::More(look) => {
                if let Some(sign) = look(record) {
                    return Shown::Sign(sign);
                }
            }
            Tells::Client => return Shown::Client,
            Tells::Nothing => {}
        }
    }
    match (flags.has(b"URX"), record.upstream_status.is_some(), record.header.is_some()) {
        (true, _, _) => Shown::Sign(RETRIES),
        (false, true, true) => Shown::Sign(ANSWERED),
        (false, true, false) => Shown::Sign(PASSED_ON),
        (false, false, _) if record.flags.is_empty() && !record.error_reason.is_empty() => Shown::Sign(FILTER_ANSWERED),
        (false, false, _) => Shown::Nothing,
    }
}

/// What the fields of a record are signs of. A flag that an upstream failed counts whatever the client got: gRPC
/// clients get 200 for it, and a response that was cut off had its status sent before.
pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.is_none_or(|status| statuses.contains(status));
    let sign = match shown(record) {
        Shown::Client => return Verdict { client_gave_up: true, ..Verdict::default() },
        Shown::Nothing => return Verdict::default(),
        Shown::Sign(sign) => sign,
    };
    let from_upstream = sign.cause == Cause::UpstreamError || sign.cause == Cause::Unknown;
    let of_attempt = (failed || !from_upstream && is_upstreams(sign)).then_some(sign);
    Verdict {
        request: failed.then_some(sign),
        attempts: record.attempts.iter().map(|_| of_attempt).collect(),
        ..Verdict::default()
    }
}

/// Whether a sign tells of an attempt that failed, rather than of an answer that Envoy was told to give.
fn is_upstreams(sign: &Sign) -> bool {
    !matches!(sign.cause, Cause::ProxyLocal | Cause::Blocked | Cause::NoRoute | Cause::GatewayInternal)
}

/// What was at its limit. A cluster in maintenance (`upstream.maintenance_mode.CLUSTER`) sets the flag too, and no
/// limit is reached.
fn overflow(record: &Record<'_>) -> &'static Sign {
    if record.error_reason == b"maintenance_mode" { OWN_ANSWER } else { OVERFLOW }
}

/// What the transport's words, or the details, say of a connection.
fn worded(record: &Record<'_>) -> Option<&'static Sign> {
    let best = |text| WORDINGS.as_ref().and_then(|wordings| wordings.best(text));
    [record.message, record.error_reason].into_iter().filter_map(best).max_by_key(|sign| sign.strength)
}

/// Why a connection ended. In TLS 1.3 an upstream looks at the client's certificate last: where it refuses that, the
/// connection stands already for Envoy.
fn closed(record: &Record<'_>) -> &'static Sign {
    let of_tls = |sign: &&Sign| matches!(sign.cause, Cause::TlsCertificate | Cause::TlsHandshake);
    worded(record).filter(of_tls).unwrap_or(CLOSED)
}

/// Why no connection came about.
fn no_connection(record: &Record<'_>) -> &'static Sign {
    let worded = worded(record);
    if let Some(sign) = worded.filter(|sign| sign.strength > Strength::Weak) {
        return sign;
    }
    let says = |text: &[u8]| place_of(record.message, text).or_else(|| place_of(record.error_reason, text)).is_some();
    let is_slow = record.duration.is_some_and(|duration| duration >= LONG);
    match (says(b"TLS_error") || says(b"TLS error"), is_slow, record.error_reason.is_empty()) {
        (true, _, _) => TLS_FAILED,
        (false, true, false) if worded.is_none() => CONNECT_TIMEOUT,
        (false, true, _) => CONNECT_SLOW,
        (false, false, _) => worded.unwrap_or(CONNECT_FAILED),
    }
}

/// A connection that takes so long to fail was not refused.
const LONG: Micros = 900_000;

/// How an answer broke the protocol.
fn bad_answer(record: &Record<'_>) -> &'static Sign {
    let says = |text: &[u8]| memmem::find(record.error_reason, text).is_some();
    if says(b"headers_too_large") || says(b"too_many_headers") || says(b"headers_count") {
        HEADER
    } else if says(b"premature_upstream_half_close") {
        CLOSED
    } else {
        PROTOCOL
    }
}

/// How a response ended that had begun.
fn lost_midway(record: &Record<'_>) -> &'static Sign {
    let is_protocol = Flags(record).has(b"UPE") || memmem::find(record.error_reason, b"{protocol").is_some();
    if is_protocol { PROTOCOL_MIDWAY } else { CUT_OFF }
}

/// The reason between the braces of `upstream_reset_before_response_started{…}`, where no flag is logged.
fn reset_before_answer(record: &Record<'_>) -> Option<&'static Sign> {
    let (_, reason) = record.error_reason.split_at(record.error_reason.iter().position(|byte| *byte == b'{')?);
    let says = |text: &[u8]| memmem::find(reason, text).is_some();
    let reasons: [(&[u8], Look); 9] = [
        (b"connection_failure", no_connection),
        (b"connection failure", no_connection),
        (b"connection_timeout", no_connection),
        (b"{overflow", |_| OVERFLOW),
        (b"termination", closed),
        (b"remote_re", |_| RESET),
        (b"protocol", bad_answer),
        (b"overload_manager", |_| OVERLOADED),
        (b"local_re", |_| LOCAL_RESET),
    ];
    reasons.iter().find(|(text, _)| says(text)).map(|(_, sign)| sign(record))
}

/// What an idle stream waited for. 408: for the client.
fn idle(record: &Record<'_>) -> Option<&'static Sign> {
    match record.status {
        Some(408) => None,
        Some(500..) => Some(IDLE),
        _ => Some(IDLE_MIDWAY),
    }
}

/// Whether `text` is one end of a connection: `host:port`, or `-` where it is not known.
pub(super) fn is_endpoint(text: &[u8]) -> bool {
    text == b"-" || !split_port(text).1.is_empty()
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Statuses};
    use super::*;
    use crate::format::haproxy::testing::only;

    /// A line in Istio's layout: `CODE FLAGS DETAILS "TRANSPORT"`, the duration in milliseconds, and the host.
    fn line(went: &str, duration: u32, service_time: &str, host: &str) -> String {
        format!(
            r#"[2026-11-21T02:57:46.018Z] "GET /a HTTP/1.1" {} - "{}" 0 91 {duration} {service_time} "-" "curl/7.88.1" "7b6c" "shop.example.com" "{host}" outbound|80||a - 10.0.0.2:80 203.0.113.9:51812 - -"#,
            went.split('"').next().unwrap_or_default().trim_end(),
            went.split('"').nth(1).unwrap_or("-"),
        )
    }

    /// The kinds of the request's and the attempt's sign, and whether the client gave up.
    fn judged(line: &str) -> (Option<&'static str>, Option<&'static str>, bool) {
        let verdict = only(Format::Envoy, line).map(|record| judge(&record, &Statuses::gateway())).unwrap_or_default();
        let attempt = verdict.attempts.first().copied().flatten();
        (verdict.request.map(|sign| sign.kind), attempt.map(|sign| sign.kind), verdict.client_gave_up)
    }

    /// What went wrong, and the one sign of it.
    const CASES: &[(&str, &str)] = &[
        ("503 - via_upstream", "envoy-upstream-answered"),
        ("502 - via_upstream", "envoy-upstream-answered"),
        ("503 URX via_upstream", "envoy-upstream-answered"),
        ("503 - -", "envoy-passed-on"),
        (
            "503 UF upstream_reset_before_response_started{connection_failure,delayed_connect_error:_111}",
            "envoy-connect-refused",
        ),
        (
            "503 URX,UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
            "envoy-connect-refused",
        ),
        (r#"503 UF - "delayed connect error: 111""#, "envoy-connect-refused"),
        (
            "503 UpstreamConnectionFailure - \"immediate_connect_error:_Network_is_unreachable\"",
            "envoy-connect-unreachable",
        ),
        ("503 UF - \"delayed_connect_error:_113\"", "envoy-connect-unreachable"),
        ("503 UF - \"delayed_connect_error:_110\"", "envoy-connect-timed-out"),
        ("503 UF upstream_reset_before_response_started{connection_timeout}", "envoy-connect-timed-out"),
        ("503 UF - \"delayed_connect_error:_104\"", "envoy-connect-reset"),
        ("503 UF - \"immediate_connect_error:_13\"", "envoy-connect-denied"),
        ("503 UF - \"immediate_connect_error:_2\"", "envoy-connect-socket-missing"),
        ("503 UF - \"immediate_connect_error:_11\"", "envoy-connect-backlog"),
        ("503 UF - \"immediate_connect_error:_Cannot_assign_requested_address\"", "envoy-connect-no-port"),
        (
            "503 UF upstream_reset_before_response_started{remote_connection_failure|TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:verify_cert_failed:_SAN_matcher:TLS_error_end}",
            "envoy-certificate-refused",
        ),
        ("503 UF,URX - \"TLS error: Secret is not supplied by SDS\"", "envoy-secret-missing"),
        (
            "503 UF - \"TLS_error:_268436502:SSL_routines:OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_EXPIRED\"",
            "text-client-certificate-refused",
        ),
        (
            "503 UF - \"TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end\"",
            "text-not-tls",
        ),
        (
            "503 UF - \"TLS_error:|33554536:system_library:OPENSSL_internal:Connection_reset_by_peer:TLS_error_end\"",
            "envoy-tls-closed",
        ),
        (
            "503 UF - \"TLS_error:|268435612:SSL_routines:OPENSSL_internal:SOMETHING_NEW:TLS_error_end\"",
            "envoy-tls-failed",
        ),
        ("503 UF upstream_reset_before_response_started{local_connection_failure}", "envoy-local-failure"),
        ("503 UF upstream_reset_before_response_started{connection_failure}", "envoy-connect-failed"),
        (
            "503 UF - \"TLS_error:|268436572:SSL_routines:OPENSSL_internal:TLSV1_CERTIFICATE_REQUIRED:TLS_error_end\"",
            "text-client-certificate-refused",
        ),
        (
            "503 UF - \"TLS_error:|268436568:SSL_routines:OPENSSL_internal:TLSV1_UNRECOGNIZED_NAME:TLS_error_end\"",
            "text-tls-alert",
        ),
        ("503 UO upstream_reset_before_response_started{overflow}", "envoy-overflow"),
        ("504 UT response_timeout", "envoy-response-timeout"),
        ("504 UT upstream_per_try_timeout", "envoy-response-timeout"),
        ("504 - upstream_per_try_idle_timeout", "envoy-response-timeout"),
        ("503 UC upstream_reset_before_response_started{connection_termination}", "envoy-closed-early"),
        ("503 UC -", "envoy-closed-early"),
        (
            "503 UC - \"TLS_error:|268436572:SSL_routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED:TLS_error_end\"",
            "text-client-certificate-refused",
        ),
        (
            "503 - upstream_reset_before_response_started{connection_termination,TLS_error:|268436472:SSL_routines:OPENSSL_internal:SSLV3_ALERT_HANDSHAKE_FAILURE:TLS_error_end}",
            "text-tls-alert",
        ),
        ("503 UR upstream_reset_before_response_started{remote_reset}", "envoy-remote-reset"),
        ("502 UPE upstream_reset_before_response_started{protocol_error}", "envoy-protocol-error"),
        (
            "502 UPE upstream_reset_before_response_started{protocol_error|http1.headers_too_large}",
            "envoy-header-too-big",
        ),
        ("502 UPE upstream_reset_before_response_started{http/1_premature_upstream_half_close}", "envoy-closed-early"),
        ("504 SI stream_idle_timeout", "envoy-idle-before-answer"),
        ("504 UMSDR upstream_max_stream_duration_reached", "envoy-max-duration"),
        ("504 DT duration_timeout", "envoy-max-duration"),
        ("503 OM overload", "envoy-overloaded"),
        ("503 DF dns_resolution_failure", "envoy-dns-failed"),
        ("503 DnsResolutionFailed,URX -", "envoy-dns-failed"),
        ("503 URX -", "envoy-retries-used-up"),
        ("503 DO drop_overload", "envoy-dropped"),
        // Where the flags are not logged.
        (
            "503 - upstream_reset_before_response_started{connection_failure,delayed_connect_error:_111}",
            "envoy-connect-refused",
        ),
        ("503 - upstream_reset_before_response_started{overflow}", "envoy-overflow"),
        ("503 - upstream_reset_before_response_started{connection_termination}", "envoy-closed-early"),
        ("503 - upstream_reset_before_response_started{remote_refused_stream_reset}", "envoy-remote-reset"),
        ("502 - upstream_reset_before_response_started{protocol_error}", "envoy-protocol-error"),
        ("503 - upstream_reset_before_response_started{overload_manager_reset}", "envoy-overloaded"),
        // A flag that an extension brought says nothing, the details do.
        ("503 XYZ via_upstream", "envoy-upstream-answered"),
    ];

    /// What Envoy answers without an upstream.
    const WITHOUT: &[(&str, &str)] = &[
        ("503 UH no_healthy_upstream", "envoy-no-healthy-upstream"),
        ("503 NoHealthyUpstream -", "envoy-no-healthy-upstream"),
        ("503 - no_healthy_upstream", "envoy-no-healthy-upstream"),
        ("503 NC cluster_not_found", "envoy-no-cluster"),
        ("503 NR route_not_found", "envoy-no-route"),
        ("503 NFCF -", "envoy-no-filter-config"),
        ("503 LH health_check_failed", "envoy-own-answer"),
        ("503 FI fault_filter_abort", "envoy-own-answer"),
        ("503 DI,FI fault_filter_abort", "envoy-own-answer"),
        ("503 - direct_response", "envoy-own-answer"),
        ("503 - maintenance_mode", "envoy-own-answer"),
        ("503 UO maintenance_mode", "envoy-own-answer"),
        ("503 UO -", "envoy-overflow"),
        ("503 - dns_cache_overflow", "envoy-overflow"),
        ("503 - dynamic_forward_proxy_pending_request_overflow", "envoy-overflow"),
        ("503 - sub_cluster_overflow", "envoy-overflow"),
        ("503 - sub_cluster_warming_timeout", "envoy-cluster-not-warm"),
        ("503 - dynamic_forward_proxy_cluster_is_gone", "envoy-no-cluster"),
        ("503 UDO unconditional_drop_overload", "envoy-drops-all"),
        ("503 RL request_rate_limited", "envoy-limited"),
        ("503 RLSE rate_limiter_error", "envoy-limited"),
        ("503 UAEX ext_authz_error", "envoy-unauthorized"),
        ("503 LR -", "envoy-local-reset"),
        ("502 - response_payload_too_large", "envoy-response-too-large"),
        ("503 - wasm_fail_stream", "envoy-filter-answered"),
    ];

    #[test]
    fn names_signs() {
        for (went, kind) in CASES {
            assert_eq!(judged(&line(went, 7, "-", "10.0.0.5:80")), (Some(*kind), Some(*kind), false), "{went}");
        }
        for (went, kind) in WITHOUT {
            assert_eq!(judged(&line(went, 7, "-", "-")), (Some(*kind), None, false), "{went}");
        }
    }

    /// How long it took tells connections that nobody answered from refused ones, where nothing else does.
    #[test]
    fn minds_the_time() {
        let bare = "503 UF upstream_reset_before_response_started{connection_failure}";
        for (went, duration, kind) in [
            (bare, 24_255, "envoy-connect-timeout"),
            (bare, 899, "envoy-connect-failed"),
            ("503 UF -", 1_998, "envoy-connect-slow"),
            ("503 UF -", 3, "envoy-connect-failed"),
        ] {
            assert_eq!(judged(&line(went, duration, "-", "10.0.0.5:80")).0, Some(kind), "{went} {duration}");
        }
        assert_eq!(judged(&line("503 - -", 7, "5", "10.0.0.5:80")).0, Some("envoy-upstream-answered"));
    }

    /// The status had been sent, or a gRPC client was told in a trailer.
    #[test]
    fn attempts_fail_whatever_the_status() {
        for (went, kind) in [
            ("200 UC upstream_reset_after_response_started{connection_termination}", "envoy-cut-off"),
            ("200 UPE upstream_reset_after_response_started{protocol_error}", "envoy-protocol-error-midway"),
            ("200 SI stream_idle_timeout", "envoy-idle-midway"),
            ("200 UF - \"delayed_connect_error:_111\"", "envoy-connect-refused"),
        ] {
            assert_eq!(judged(&line(went, 7, "5", "10.0.0.5:80")), (None, Some(kind), false), "{went}");
        }
    }

    #[test]
    fn leaves_the_rest_alone() {
        for went in [
            "200 - via_upstream",
            "500 - via_upstream",
            "404 - via_upstream",
            "408 SI stream_idle_timeout",
            "200 RFCF -",
        ] {
            assert_eq!(judged(&line(went, 7, "5", "10.0.0.5:80")), (None, None, false), "{went}");
        }
        for went in [
            "0 DC downstream_remote_disconnect",
            "503 DC -",
            "400 DPE http1.codec_error",
            "400 IH -",
            "0 DR http2.remote_reset",
        ] {
            assert_eq!(judged(&line(went, 7, "-", "10.0.0.5:80")), (None, None, true), "{went}");
        }
    }

    #[test]
    fn every_sign_is_reached() {
        let others = [
            "envoy-connect-timeout",
            "envoy-connect-slow",
            "envoy-cut-off",
            "envoy-protocol-error-midway",
            "envoy-idle-midway",
        ];
        for sign in SIGNS.iter().chain(&CONNECTS) {
            let reached =
                CASES.iter().chain(WITHOUT).any(|(_, kind)| *kind == sign.kind) || others.contains(&sign.kind);
            assert!(reached, "{}", sign.kind);
        }
    }

    /// Both names of each flag are known, and none stands twice.
    #[test]
    fn flags_are_told_apart() {
        for (at, (short, long, _)) in FLAGS.iter().enumerate() {
            assert!(are_flags(short) && are_flags(long));
            assert!(FLAGS[at + 1..].iter().all(|(other, other_long, _)| other != short && other_long != long));
        }
    }
}
