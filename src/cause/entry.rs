//! What one cause, and one sign of a cause, are made of.

use super::Cause;

/// Which gateway, or which other witness, wrote a log line: its name in the report's `proxy` column.
///
/// Those that the catalogue's checks speak of stand here; a format may bring a gateway of its own by
/// [`Proxy::named`].
#[derive(Clone, Copy, PartialOrd, Ord)]
pub struct Proxy(&'static str);

impl Proxy {
    /// nginx, and what is built on it: ingress-nginx, OpenResty, Tengine, Kong.
    pub const NGINX: Self = Self("nginx");
    /// Apache httpd as a gateway: mod_proxy and its protocols.
    pub const APACHE: Self = Self("apache");
    /// HAProxy.
    pub const HAPROXY: Self = Self("haproxy");
    /// AWS Application Load Balancer.
    pub const ALB: Self = Self("alb");
    /// AWS Classic Load Balancer.
    pub const ELB: Self = Self("elb");
    /// AWS Network Load Balancer with a TLS listener.
    pub const NLB: Self = Self("nlb");
    /// Amazon CloudFront.
    pub const CLOUDFRONT: Self = Self("cloudfront");
    /// Cloudflare.
    pub const CLOUDFLARE: Self = Self("cloudflare");
    /// Envoy, and what is built on it: Istio, Contour, Emissary.
    pub const ENVOY: Self = Self("envoy");
    /// Traefik.
    pub const TRAEFIK: Self = Self("traefik");
    /// Caddy.
    pub const CADDY: Self = Self("caddy");
    /// Skipper.
    pub const SKIPPER: Self = Self("skipper");
    /// LiteSpeed and OpenLiteSpeed.
    pub const LITESPEED: Self = Self("litespeed");
    /// Varnish.
    pub const VARNISH: Self = Self("varnish");
    /// Google Cloud's Application Load Balancers.
    pub const GCLB: Self = Self("gclb");
    /// Azure Application Gateway.
    pub const APPGW: Self = Self("appgw");
    /// Azure Front Door.
    pub const FRONTDOOR: Self = Self("frontdoor");
    /// IIS with Application Request Routing or the ASP.NET Core module.
    pub const IIS: Self = Self("iis");
    /// lighttpd as a gateway: mod_proxy, mod_fastcgi, mod_scgi and mod_cgi.
    pub const LIGHTTPD: Self = Self("lighttpd");
    /// A host, an application server or a supervisor: no gateway, but a witness of why one failed.
    pub const HOST: Self = Self("host");

    /// A gateway by its name in reports: a word in lower case.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// The name in the report's `proxy` column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Mostly the same text in the same place: every line asks.
impl PartialEq for Proxy {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0) || self.0 == other.0
    }
}

impl Eq for Proxy {}

impl std::hash::Hash for Proxy {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// What kind of trouble a cause is: who usually mends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the report's words")]
pub enum Family {
    Downtime,
    Network,
    Dns,
    Tls,
    Misconfiguration,
    Application,
    Timeout,
    Overload,
    Proxy,
    Security,
    Unknown,
}

impl Family {
    /// The name in the report's `family` column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Downtime => "downtime",
            Self::Network => "network",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Misconfiguration => "misconfiguration",
            Self::Application => "application",
            Self::Timeout => "timeout",
            Self::Overload => "overload",
            Self::Proxy => "proxy",
            Self::Security => "security",
            Self::Unknown => "unknown",
        }
    }
}

/// One cause: all that the program knows of it. `gatewhy explain`, the report and the docs print these words.
#[derive(Debug)]
pub struct Entry {
    /// The name in reports, such as `connection-refused`.
    pub slug: &'static str,
    /// Who usually mends it.
    pub family: Family,
    /// The cause in a few words that complete "likely cause: …", in lower case, without a full stop:
    /// "nothing listens on the upstream's port".
    pub title: &'static str,
    /// What completes "UPSTREAM …" in the sentence of an incident, in the past tense: "refused connections". The
    /// sentence goes on with a colon, and one upstream or several may be its subject: so without a colon, and without
    /// "it".
    pub happened: &'static str,
    /// What it means, in a few full sentences for someone with an outage.
    pub meaning: &'static str,
    /// How it shows, as `(where, what)` rows: the proxy or log, and the field, flag or wording.
    pub evidence: &'static [(&'static str, &'static str)],
    /// What it is easily taken for, as `(cause or circumstance, how to tell them apart)` rows.
    pub look_alikes: &'static [(&'static str, &'static str)],
    /// What to check next, the most decisive first.
    pub checks: &'static [Check],
    /// Wording that programs share: matched against error messages of every proxy.
    pub signs: &'static [Sign],
}

/// Something to check next: a command to type or a directive to look at.
///
/// In [`Check::run`] the words `{host}`, `{port}`, `{upstream}`, `{socket}`, `{group}`, `{path}`, `{since}` and
/// `{until}` stand for the incident's own; a check whose words cannot all be filled in is left out of that incident.
#[derive(Debug)]
pub struct Check {
    /// For which proxies it makes sense; empty means every one.
    pub on: &'static [Proxy],
    /// The command or directive, ready to copy: `ss -ltnp 'sport = :{port}'`.
    pub run: &'static str,
    /// What to look for in it, or what it tells, in half a sentence.
    pub why: &'static str,
}

/// How far one sign can be trusted when nothing else is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// Repeats, out of a cache, a failure that another line tells of: what speaks for that one speaks for this one too.
    Echo,
    /// Says nothing about the cause: the line fails, and that is all it shows.
    Silent,
    /// Needs company before it means much.
    Weak,
    /// Right in most cases, but a rival is known.
    Strong,
    /// One such line is enough.
    Conclusive,
}

impl Strength {
    /// The probability that a line with this sign, and no other, has the sign's cause. In percent, so that
    /// sums stay exact.
    #[must_use]
    pub const fn percent(self) -> u64 {
        match self {
            Self::Echo | Self::Silent => 0,
            Self::Weak => 40,
            Self::Strong => 75,
            Self::Conclusive => 95,
        }
    }
}

/// One row of evidence: what is seen, and for which cause it speaks, how strongly.
#[derive(Debug)]
pub struct Sign {
    /// The name of this kind of evidence in reports, unique, such as `nginx-connect-refused`.
    pub kind: &'static str,
    /// The cause that it speaks for.
    pub cause: Cause,
    /// How strongly.
    pub strength: Strength,
    /// What it says, in words that complete "the log says that …": "the upstream refused the connection".
    pub says: &'static str,
    /// How it is recognised.
    pub seen: Seen,
    /// The status that the proxy itself answers with when an attempt ends so, where nothing retries it: `502`, `504`, …
    /// 0 where the status had already been sent (a body cut off midway) or where no attempt failed at all.
    pub status: u16,
}

/// How a sign is recognised.
#[derive(Clone, Copy, Debug)]
pub enum Seen {
    /// By wording in an error message: a regular expression (the `regex` crate's syntax, on bytes), matched against the
    /// proxy's own words and never against what a client sent.
    Wording(&'static str),
    /// By the format's own reading of fields: a termination state, a reason code, timers.
    Field,
}

/// Signs are rows of static tables: two are the same when they are the same row.
impl PartialEq for Sign {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.kind == other.kind
    }
}

impl Eq for Sign {}
