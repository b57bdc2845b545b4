//! What one cause, and one sign of a cause, are made of.

use super::Cause;

/// Which gateway, or which other witness, wrote a log line. Names are those of the report's `proxy` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proxy {
    /// nginx, and what is built on it (ingress-nginx).
    Nginx,
    /// Apache httpd as a gateway: mod_proxy and its protocols.
    Apache,
    /// HAProxy.
    Haproxy,
    /// AWS Application Load Balancer.
    Alb,
    /// AWS Classic Load Balancer.
    Elb,
    /// AWS Network Load Balancer with a TLS listener.
    Nlb,
    /// A host, an application server or a supervisor: no gateway, but a witness of why one failed.
    Host,
}

impl Proxy {
    /// The name in the report's `proxy` column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Apache => "apache",
            Self::Haproxy => "haproxy",
            Self::Alb => "alb",
            Self::Elb => "elb",
            Self::Nlb => "nlb",
            Self::Host => "host",
        }
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
            Self::Silent => 0,
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
