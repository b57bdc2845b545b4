//! The catalogue: what can make a gateway fail, how it shows, and what to check next.
//!
//! One cause is one file and one line in [`causes!`](self) below. The catalogue knows no log format; formats and
//! causes meet in [`Sign`], a row that says "this wording, flag or timer speaks for that cause, this strongly".
//! Wording that many programs share (errno texts, OpenSSL's reasons) stands in the cause's file, what one proxy
//! alone says stands in its format's file.

mod entry;
mod matcher;

pub use entry::{Check, Entry, Family, Proxy, Seen, Sign, Strength};
pub use matcher::Matcher;

/// Declares each cause once: its variant, its module, its place in [`Cause::ALL`].
macro_rules! causes {
    ($($variant:ident => $module:ident,)+) => {
        $(mod $module;)+

        /// A reason why a gateway failed. The order is that of the catalogue, by family.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $(#[doc = concat!("See `src/cause/", stringify!($module), ".rs`.")] $variant,)+
        }

        impl Cause {
            /// Every cause, in catalogue order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// All that the program knows of this cause.
            #[must_use]
            pub fn entry(self) -> &'static Entry {
                match self { $(Self::$variant => &$module::ENTRY),+ }
            }
        }
    };
}

causes! {
    ConnectionRefused => connection_refused,
    NoLiveUpstream => no_live_upstream,
    SocketMissing => socket_missing,
    Draining => draining,
    ConnectTimeout => connect_timeout,
    HostUnreachable => host_unreachable,
    DnsFailure => dns_failure,
    TlsHandshake => tls_handshake,
    TlsCertificate => tls_certificate,
    ProtocolMismatch => protocol_mismatch,
    PermissionDenied => permission_denied,
    HeaderTooBig => header_too_big,
    KeepaliveRace => keepalive_race,
    NoRoute => no_route,
    InvalidResponse => invalid_response,
    ClosedEarly => closed_early,
    ConnectionReset => connection_reset,
    TruncatedResponse => truncated_response,
    UpstreamError => upstream_error,
    WorkerKilled => worker_killed,
    ResponseTimeout => response_timeout,
    BodyTimeout => body_timeout,
    BacklogFull => backlog_full,
    QueueTimeout => queue_timeout,
    CircuitBreaker => circuit_breaker,
    ProxyExhausted => proxy_exhausted,
    GatewayInternal => gateway_internal,
    ProxyLocal => proxy_local,
    Blocked => blocked,
    Unknown => unknown,
}

impl Cause {
    /// The name that reports, columns and `gatewhy explain` use, such as `connection-refused`.
    #[must_use]
    pub fn slug(self) -> &'static str {
        self.entry().slug
    }

    /// The family that the cause belongs to.
    #[must_use]
    pub fn family(self) -> Family {
        self.entry().family
    }

    /// The cause with this slug, if there is one.
    #[must_use]
    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.slug() == slug)
    }
}
