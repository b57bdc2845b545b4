//! The one model that every output writes: sorted, rounded, final.
//!
//! Field names are the report's contract: CSV headers and JSON keys are these, in this order, and new ones are only
//! ever added at the end. A value that is not known is `None`: an empty CSV cell, `null` in JSON, never a dash. Times
//! are RFC 3339 in UTC, rates are fractions from 0 to 1, durations are milliseconds. Text that came from a log is
//! decoded (what is not UTF-8 is replaced) and otherwise as it was: each output makes it safe for its own reader.

mod build;
mod checks;
mod context;
mod end;
mod facts;
mod incident;
mod schema;
mod story;
mod sums;

pub use build::build;
pub use context::{Context, Tables};
pub use schema::schema;

use crate::cause::Strength;
use serde::Serialize;

/// The name of this contract.
pub const SCHEMA: &str = "gatewhy/1";

/// Everything that a run has to say.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// What was read, in the order of reading.
    pub inputs: Vec<InputRow>,
    /// The length of a window.
    pub window_seconds: i64,
    /// Sums over all proxies. Tiers are not told apart here: see `proxies`.
    pub totals: Totals,
    /// The same for each proxy.
    pub proxies: Vec<ProxyRow>,
    /// The incidents, the gravest first.
    pub incidents: Vec<Incident>,
    /// One row for each upstream, by proxy, group and upstream.
    pub upstreams: Vec<UpstreamRow>,
    /// One row for each cause, the most frequent first.
    pub causes: Vec<CauseRow>,
    /// One row for each upstream and window in which something failed (or every window, if asked for), by time.
    pub windows: Vec<WindowRow>,
    /// Lines that no format claims.
    pub unparsed: Unparsed,
    /// What a reader must know to read the numbers right: the zone that was assumed, logs that were paired.
    pub notes: Vec<String>,
}

/// One input.
#[derive(Clone, Debug, Serialize)]
pub struct InputRow {
    /// The path as given or found; `-` for standard input.
    pub input: String,
    /// Lines, empty ones apart.
    pub lines: u64,
    /// Lines that no format claims.
    pub unparsed: u64,
    /// Lines of each format.
    pub formats: Vec<FormatCount>,
    /// What went wrong with it.
    pub error: Option<String>,
}

/// Lines of one format in one input.
#[derive(Clone, Debug, Serialize)]
pub struct FormatCount {
    /// The format's name.
    pub format: &'static str,
    /// How many lines.
    pub lines: u64,
}

/// Sums.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// Requests in access logs; `None` where there are only error logs.
    pub requests: Option<u64>,
    /// Requests that ended in a gateway status.
    pub failures: u64,
    /// Failures by requests.
    pub error_rate: Option<f64>,
    /// Failures with this status.
    pub status_502: u64,
    /// Failures with this status.
    pub status_503: u64,
    /// Failures with this status.
    pub status_504: u64,
    /// Failures with a status from 520 to 530.
    pub status_52x: u64,
    /// Attempts; `None` where no log tells of them.
    pub attempts: Option<u64>,
    /// Attempts that failed.
    pub failed_attempts: u64,
    /// Failed attempts whose request a retry saved.
    pub masked_failures: u64,
    /// Failures that a search engine's crawler met.
    pub crawler_failures: u64,
}

/// Sums of one proxy.
#[derive(Clone, Debug, Serialize)]
pub struct ProxyRow {
    /// Its kind, with `@host` where an envelope names the host.
    pub proxy: String,
    /// Its sums.
    #[serde(flatten)]
    pub totals: Totals,
}

/// One upstream in one window.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the contract's columns; see the README")]
pub struct WindowRow {
    pub window_start: String,
    pub window_end: String,
    pub proxy: String,
    pub group: String,
    pub upstream: String,
    pub requests: Option<u64>,
    pub failures: u64,
    pub error_rate: Option<f64>,
    pub status_502: u64,
    pub status_503: u64,
    pub status_504: u64,
    pub status_52x: u64,
    pub attempts: Option<u64>,
    pub failed_attempts: u64,
    pub masked_failures: u64,
    pub likely_cause: Option<&'static str>,
    pub family: Option<&'static str>,
    pub confidence: Option<&'static str>,
    pub cause_share: Option<f64>,
    pub p50_ms: Option<u64>,
    pub p95_ms: Option<u64>,
    pub p99_ms: Option<u64>,
    pub crawler_failures: u64,
    pub top_path: Option<String>,
    /// `input:line: text` of the first line that proves the likely cause.
    pub sample: Option<String>,
}

/// One upstream over all windows.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the contract's columns; see the README")]
pub struct UpstreamRow {
    pub proxy: String,
    pub group: String,
    pub upstream: String,
    pub first_seen: String,
    pub last_seen: String,
    pub requests: Option<u64>,
    pub failures: u64,
    pub error_rate: Option<f64>,
    pub status_502: u64,
    pub status_503: u64,
    pub status_504: u64,
    pub status_52x: u64,
    pub attempts: Option<u64>,
    pub failed_attempts: u64,
    pub masked_failures: u64,
    pub likely_cause: Option<&'static str>,
    pub family: Option<&'static str>,
    pub confidence: Option<&'static str>,
    pub cause_share: Option<f64>,
    pub p50_ms: Option<u64>,
    pub p95_ms: Option<u64>,
    pub p99_ms: Option<u64>,
    pub crawler_failures: u64,
}

/// One cause over everything.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the contract's columns; see the README")]
pub struct CauseRow {
    pub cause: &'static str,
    pub family: &'static str,
    pub failures: u64,
    pub share: Option<f64>,
    pub failed_attempts: u64,
    /// How many upstreams it was seen on.
    pub upstreams: u64,
    pub first_seen: String,
    pub last_seen: String,
    pub sample: Option<String>,
}

/// Neighbouring windows in which the same upstreams fail for the same reason, told as one story.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the contract's columns; see the README")]
pub struct Incident {
    /// From 1, the gravest first.
    pub incident: u64,
    /// The first failure.
    pub start: String,
    /// The last failure.
    pub end: String,
    pub duration_s: u64,
    pub proxy: String,
    /// `one upstream`, `some upstreams`, `all upstreams` of the group, or `group` where no server was tried.
    pub scope: &'static str,
    pub groups: Vec<String>,
    pub upstreams: Vec<String>,
    pub requests: Option<u64>,
    pub failures: u64,
    pub error_rate: Option<f64>,
    /// The start of the worst window.
    pub peak_start: String,
    pub peak_error_rate: Option<f64>,
    pub status_502: u64,
    pub status_503: u64,
    pub status_504: u64,
    pub status_52x: u64,
    pub masked_failures: u64,
    pub likely_cause: &'static str,
    pub family: &'static str,
    pub confidence: &'static str,
    /// The share of the incident's failures that the likely cause explains.
    pub cause_share: Option<f64>,
    pub second_cause: Option<&'static str>,
    pub crawler_failures: u64,
    pub top_path: Option<String>,
    /// What happened, in one or two sentences with the numbers in them.
    pub summary: String,
    /// The first of `next_checks`.
    pub next_check: Option<String>,
    /// `input:line: text` of the first line that proves the likely cause.
    pub sample: Option<String>,
    // What only JSON and the text report have room for:
    /// From 0 to 1.
    pub confidence_score: f64,
    pub failed_attempts: u64,
    /// What it was made of, the likely cause first.
    pub causes: Vec<IncidentCause>,
    /// Commands to type and directives to look at, the most decisive first.
    pub next_checks: Vec<NextCheck>,
    /// The busiest failing paths with their failures.
    pub paths: Vec<PathCount>,
    /// What its failures have in common, and what stands behind them: a sentence each, the most telling first.
    pub facts: Vec<String>,
    /// What hosts and application servers wrote around it, by time.
    pub context: Vec<HostLine>,
    /// The incident at a tier behind whose failures this one passes on.
    pub root_incident: Option<u64>,
    /// What speaks against the runner-up.
    pub against: Option<String>,
    /// How many client addresses met failures: see `clients_exact`.
    pub clients: Option<u64>,
    /// Whether `clients` were counted; if not, it is an estimate, within about a fifth.
    pub clients_exact: bool,
    /// Seconds from the last failure to the last line of the proxy.
    pub quiet_s: Option<u64>,
    /// Whether `quiet_s` is too short, next to how long it failed, to say that it is over.
    pub ongoing: bool,
}

/// One cause within an incident.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the contract's names; see the README")]
pub struct IncidentCause {
    pub cause: &'static str,
    pub family: &'static str,
    pub share: Option<f64>,
    pub failures: u64,
    pub confidence: &'static str,
    pub evidence: Vec<Proof>,
    pub failed_attempts: u64,
}

/// Lines that show the same thing.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// The name of the sign.
    pub kind: &'static str,
    /// How many lines show it.
    pub count: u64,
    /// The first of them.
    pub sample: String,
    /// The input that it stands in.
    pub input: String,
    /// Its number there, from 1.
    pub line: u64,
    /// What it says, in words.
    pub says: &'static str,
}

/// A line of a host's or an application server's log.
#[derive(Clone, Debug, Serialize)]
pub struct HostLine {
    /// Seconds from the first failure to the line; negative where it came before.
    pub after_s: i64,
    /// The line.
    #[serde(flatten)]
    pub proof: Proof,
    /// The cause that it speaks for.
    pub cause: &'static str,
    /// How much it says: by this, a report that has no room for all of them chooses.
    #[serde(skip)]
    pub strength: Strength,
}

/// Something to check next.
#[derive(Clone, Debug, Serialize)]
pub struct NextCheck {
    /// The command or directive.
    pub run: String,
    /// What it tells.
    pub why: &'static str,
}

/// A folded path and how often it failed.
#[derive(Clone, Debug, Serialize)]
pub struct PathCount {
    /// The folded path.
    pub path: String,
    /// Its failures.
    pub failures: u64,
}

/// Lines that no format claims.
#[derive(Clone, Debug, Serialize)]
pub struct Unparsed {
    /// How many.
    pub lines: u64,
    /// The first of them.
    pub samples: Vec<UnparsedSample>,
}

/// A line that no format claims.
#[derive(Clone, Debug, Serialize)]
pub struct UnparsedSample {
    /// The input that it stands in.
    pub input: String,
    /// Its number there, from 1.
    pub line: u64,
    /// Its beginning.
    pub text: String,
}
