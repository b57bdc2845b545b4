//! What a line was read as. Everything borrows from the block that the line stands in.

use super::few::Few;
use crate::cause::{Cause, Proxy, Seen, Sign, Strength};
use crate::grammar::escape::{Coding, Escape, decode, unescape};
use crate::grammar::number::Micros;
use crate::grammar::time::When;
use std::borrow::Cow;

/// What kind of thing a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum What {
    /// One client request: a line of an access log.
    #[default]
    Request,
    /// One failed attempt at an upstream: a line of an error log.
    Attempt,
    /// The health of a server or group, as its proxy sees it. Evidence, never a failure.
    State,
    /// What happened to a process or a host: a worker killed, a service stopped. Evidence, never a failure.
    Host,
    /// A line of a known format that says nothing about requests: a notice, a reload.
    Notice,
}

/// What every line must tell to be counted. The rest of a healthy line is never looked at.
#[derive(Clone, Copy, Debug)]
pub struct Skim<'a> {
    /// The line's own main stamp; absent where the line carries none, whose envelope may.
    pub when: Option<When>,
    /// The status that the client got.
    pub status: u16,
    /// What the proxy balances over; empty where the line does not say.
    pub group: &'a [u8],
    /// The server that the request went to; empty where it went to none or the line does not say.
    pub upstream: &'a [u8],
    /// Whether this line's layout has a place for the upstream.
    pub names_upstream: bool,
    /// Whether the request went to a server, named or not.
    pub attempted: bool,
    /// How long the request took.
    pub duration: Option<Micros>,
}

/// What a format makes of a line at first glance.
#[derive(Clone, Copy, Debug)]
pub enum Skimmed<'a> {
    /// An ordinary request: one attempt or none, and nothing in it but its status could make it worth a full read.
    Plain(Skim<'a>),
    /// A line of this format that deserves a full read: retries, an abnormal end, an error message.
    Full,
}

/// One try of a request at one upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempt<'a> {
    /// The server, as logged; empty where the proxy does not say which one it was.
    pub upstream: &'a [u8],
    /// The status of this attempt, as logged.
    pub status: Option<u16>,
    /// Until connected.
    pub connect: Option<Micros>,
    /// Until the response header was complete.
    pub header: Option<Micros>,
    /// Until the attempt ended.
    pub response: Option<Micros>,
    /// Bytes of body that the upstream sent.
    pub length: Option<u64>,
}

/// The attempts of one request, first to last: mostly one or two.
pub type Attempts<'a> = Few<Attempt<'a>, 2>;

/// For each attempt of a request, why it failed; `None` for those that did not.
pub type AttemptSigns = Few<Option<&'static Sign>, 4>;

/// A line, read in full. Text fields are as logged, still escaped; empty where the line does not say.
#[derive(Clone, Debug, Default)]
pub struct Record<'a> {
    /// What kind of thing it tells.
    pub what: What,
    /// The line's own main stamp; absent where the line carries none.
    pub when: Option<When>,
    /// The status that the client got.
    pub status: Option<u16>,
    /// The status that the upstream sent, in the last attempt.
    pub upstream_status: Option<u16>,
    /// What the proxy balances over; in a line about a host, the pool, unit or program that it is about.
    pub group: &'a [u8],
    /// The server of the last attempt; empty where no server was reached.
    pub upstream: &'a [u8],
    /// Whether this line's layout has a place for the upstream.
    pub names_upstream: bool,
    /// The virtual server that a request came to, where [`Record::group`] names something else (nginx's error log).
    pub virtual_server: &'a [u8],
    /// The request's method.
    pub method: &'a [u8],
    /// The host that the client asked for.
    pub host: &'a [u8],
    /// The path, with its query; of a request that is none, all that was sent in its place.
    pub path: &'a [u8],
    /// The query, without its `?`, where the line has it apart from the path.
    pub query: &'a [u8],
    /// Bytes sent to the client, as the log counts them.
    pub bytes: Option<u64>,
    /// How long the request took, as the proxy measured it.
    pub duration: Option<Micros>,
    /// The nanoseconds below a microsecond that `duration` leaves out, where the line has them.
    pub nanos: u16,
    /// Until connected to the upstream, in the last attempt.
    pub connect: Option<Micros>,
    /// Until the upstream's response header, in the last attempt.
    pub header: Option<Micros>,
    /// The client's address, without its port.
    pub client: &'a [u8],
    /// The authenticated user's name. Never reported; known so that `--redact` can take it out of samples.
    pub user: &'a [u8],
    /// Who the client's own machine says is there (RFC 1413). Never reported, as the user is not.
    pub identity: &'a [u8],
    /// The cookies, where they stand in the line without a name. Never reported, as the user is not.
    pub cookie: &'a [u8],
    /// The client's user agent.
    pub user_agent: &'a [u8],
    /// How the user agent is encoded besides, to hold no spaces.
    pub agent_coding: Coding,
    /// An id that other tiers may have logged too.
    pub trace_id: &'a [u8],
    /// An error log's severity.
    pub level: &'a [u8],
    /// The writer's process; in a line about a host, the process that it is about.
    pub pid: Option<u64>,
    /// An error log's message, in the proxy's own words: nothing that a client sent.
    pub message: &'a [u8],
    /// HAProxy's termination state.
    pub termination_state: &'a [u8],
    /// AWS's `error_reason`.
    pub error_reason: &'a [u8],
    /// What else a proxy says of how the request went: AWS's `actions_executed`, response flags.
    pub flags: &'a [u8],
    /// The time between the request's arrival and the line's stamp, where the line has stamps for both (ALB).
    pub elapsed: Option<Micros>,
    /// Whether this line's layout has a place for the time until connected: then an attempt without one never
    /// connected.
    pub names_connect: bool,
    /// Whether this line's layout has a place for the time until the response header: then an attempt without one never
    /// saw a response header.
    pub names_header: bool,
    /// Whether the proxy looked for a server and found none that it could try.
    pub no_server: bool,
    /// The attempts, first to last. Fewer than were made where the proxy logs only their number.
    pub attempts: Attempts<'a>,
    /// How text fields are escaped.
    pub escape: Escape,
}

impl<'a> Record<'a> {
    /// Notes a path, and the query that the line has apart from it, with its `?` or without. A query without a path
    /// tells nothing.
    pub(super) fn set_path(&mut self, path: &'a [u8], query: &'a [u8]) {
        self.path = path;
        self.query = if path.is_empty() { b"" } else { query.strip_prefix(b"?").unwrap_or(query) };
    }

    /// One of this record's text fields as it was before the proxy escaped it.
    #[inline]
    #[must_use]
    pub fn shown(&self, field: &'a [u8]) -> Cow<'a, [u8]> {
        unescape(field, self.escape)
    }

    /// The path with its query, wherever the line has that.
    #[inline]
    #[must_use]
    pub fn shown_path(&self) -> Cow<'a, [u8]> {
        let path = self.shown(self.path);
        if self.query.is_empty() { path } else { Cow::Owned([&path, &b"?"[..], &self.shown(self.query)].concat()) }
    }

    /// The path, if what was asked for is one, and not all that somebody sent who did not speak HTTP.
    #[inline]
    #[must_use]
    pub fn asked_path(&self) -> &'a [u8] {
        let is_path = matches!(self.path.first(), Some(b'/' | b'*')) || self.path.starts_with(b"http");
        if self.method.is_empty() && !is_path { b"" } else { self.path }
    }

    /// The user agent as the client sent it.
    #[inline]
    #[must_use]
    pub fn shown_agent(&self) -> Cow<'a, [u8]> {
        decode(self.shown(self.user_agent), self.agent_coding)
    }
}

/// Whether proxies do not send a request of this method twice, unless told to (nginx's `proxy_next_upstream
/// non_idempotent`; RFC 9110,
/// 9.2.2).
#[must_use]
pub fn is_unsafe(method: &[u8]) -> bool {
    matches!(method, b"POST" | b"PATCH" | b"LOCK")
}

/// What a format says of a record's failure.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Why the request failed; `None` where the line gives no hint, or where nothing failed.
    pub request: Option<&'static Sign>,
    /// For each of [`Record::attempts`], why it failed. May be shorter.
    pub attempts: AttemptSigns,
    /// Whether the client gave up before the request was done: then the request did not fail, whatever status was
    /// logged for it.
    pub client_gave_up: bool,
}

/// Which statuses count as failures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses([u64; 16]);

impl Statuses {
    /// No status at all.
    #[must_use]
    pub const fn none() -> Self {
        Self([0; 16])
    }

    /// What counts where nobody says otherwise: 502, 503, 504, and Cloudflare's 520 to 527 and 530.
    #[must_use]
    pub const fn gateway() -> Self {
        GATEWAY
    }

    /// These, and those that count where nobody says otherwise.
    #[must_use]
    pub fn or_gateway(&self) -> Self {
        let mut all = self.clone();
        all.0.iter_mut().zip(GATEWAY.0).for_each(|(word, gateway)| *word |= gateway);
        all
    }

    /// Adds `status`; values over 1023 are no statuses and are left out.
    pub const fn insert(&mut self, status: u16) {
        let word = (status >> 6) as usize;
        if word < self.0.len() {
            self.0[word] |= 1 << (status & 63);
        }
    }

    /// Whether `status` counts as a failure.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.get(usize::from(status >> 6)).is_some_and(|word| word >> (status & 63) & 1 == 1)
    }
}

/// See [`Statuses::gateway`]. Known before the program runs: every line that is read in full asks for it.
const GATEWAY: Statuses = {
    let mut statuses = Statuses::none();
    let mut status = 502;
    while status <= 530 {
        if matches!(status, 502..=504 | 520..=527 | 530) {
            statuses.insert(status);
        }
        status += 1;
    }
    statuses
};

/// What is known of a format: `gatewhy formats` prints these words.
#[derive(Debug)]
pub struct About {
    /// The name that `-l` takes and that `gatewhy parse` reports.
    pub name: &'static str,
    /// The gateway that writes it.
    pub proxy: Proxy,
    /// What it is, in half a sentence.
    pub title: &'static str,
    /// The layout, in the writer's own notation.
    pub layout: &'static str,
    /// What a request's time stamp means: "when the request ended".
    pub time: &'static str,
    /// Where the layout is defined: the vendor's page or the source file.
    pub source: &'static str,
    /// Sample lines, recorded or laid out as the vendor's documentation says. Detection goes by them: where none is a
    /// JSON object, no object is tried as this format, and where all are, nothing else is.
    pub samples: &'static [&'static str],
    /// The causes that a line of this format can show by itself, through the format's own signs.
    pub signs: &'static [&'static [Sign]],
}

impl About {
    /// Whether lines of this format may be JSON objects, or (`object` is false) may be others.
    #[must_use]
    pub fn may_be(&self, object: bool) -> bool {
        self.samples.iter().any(|sample| sample.starts_with('{') == object)
    }

    /// The causes that a line of this format can show by itself, each once, in catalogue order.
    #[must_use]
    pub fn causes(&self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self.signs.iter().flat_map(|table| table.iter()).map(|sign| sign.cause).collect();
        causes.sort_unstable();
        causes.dedup();
        causes.retain(|cause| *cause != Cause::Unknown);
        causes
    }
}

/// A row for a sign that a format's own reading of fields raises; see [`Sign`] for what the words mean.
pub(crate) const fn sign(
    kind: &'static str,
    cause: Cause,
    strength: Strength,
    status: u16,
    says: &'static str,
) -> Sign {
    Sign { kind, cause, strength, says, seen: Seen::Field, status }
}

/// A row for a sign that wording in a message raises.
pub(crate) const fn wording(
    kind: &'static str,
    cause: Cause,
    strength: Strength,
    status: u16,
    says: &'static str,
    pattern: &'static str,
) -> Sign {
    Sign { kind, cause, strength, says, seen: Seen::Wording(pattern), status }
}

/// Declares the signs of a table, each with a name of its own to refer to it by.
macro_rules! table {
    ($(#[$doc:meta])* $table:ident: $($name:ident = $row:expr;)+) => {
        #[allow(clippy::upper_case_acronyms, non_camel_case_types, reason = "places in the table, named as its rows")]
        enum Row { $($name),+ }
        $(#[$doc])*
        pub(super) static $table: [Sign; [$(Row::$name),+].len()] = [$($row),+];
        $(static $name: &Sign = &$table[Row::$name as usize];)+
    };
}
pub(super) use table;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_a_query_that_stands_apart() {
        let path = |path: &'static str, query: &'static str| {
            let record =
                Record { path: path.as_bytes(), query: query.as_bytes(), escape: Escape::Json, ..Record::default() };
            String::from_utf8_lossy(&record.shown_path()).into_owned()
        };
        assert_eq!(path("/a", "b=1"), "/a?b=1");
        assert_eq!(path(r"\/a", r"b=\u0031"), "/a?b=1");
        assert_eq!(path("/a?b=1", ""), "/a?b=1");
    }

    #[test]
    fn decodes_user_agents_where_they_are_encoded() {
        let agent = |agent_coding| {
            let record = Record { user_agent: br"a%20\/b", agent_coding, escape: Escape::Json, ..Record::default() };
            String::from_utf8_lossy(&record.shown_agent()).into_owned()
        };
        assert_eq!((agent(Coding::Percent), agent(Coding::None)), ("a /b".to_owned(), "a%20/b".to_owned()));
    }
}
