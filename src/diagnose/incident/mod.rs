//! Neighbouring rows become incidents.
//!
//! First, for each upstream, rows with the same likely cause that follow each other closely are a [`Span`]. Then spans
//! are joined: those of one group with the same cause, those of other upstreams that began together, and a consequence
//! (`no-live-upstream`) with the root cause that took the group down. Last, incidents of the same kind that are tiny,
//! or that come at regular distances, are told as one.

mod index;
mod join;
mod root;
mod span;

use super::Findings;
use super::keys::{Key, Relations};
use super::pattern::{self, Facts, Pattern};
use super::reconcile::Row;
use super::score::{Likely, Root, Weighed, weigh};
use crate::aggregate::{Evidence, STATUS_COLUMNS, Sketch, Source, Trouble};
use crate::cause::{Cause, Strength};
use crate::grammar::time::Stamp;
use index::{ByWindow, Index};
use join::Gathered;
use span::Span;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Rows this many windows apart, or this many seconds, still neighbour each other.
const GAP: (i64, i64) = (2, 120);

/// How long a root cause may lie back when its consequence begins, in seconds: nginx's `fail_timeout` and health checks
/// keep a group down for a while after the last failure.
const SHADOW: i64 = 60;

/// Neighbouring windows in which the same upstreams fail for the same reason.
#[derive(Clone, Debug)]
pub struct Incident {
    /// The proxy.
    pub proxy: String,
    /// Its troubled rows, as places in the findings' rows, in order.
    pub rows: Vec<usize>,
    /// Every upstream that failed, servers and groups.
    pub keys: BTreeSet<Arc<Key>>,
    /// How much of the group failed.
    pub scope: Scope,
    /// The first and the last failure.
    pub span: (Stamp, Stamp),
    /// The likely cause.
    pub likely: Likely,
    /// All causes, the likely one first.
    pub causes: Vec<Weighed>,
    /// What speaks for them, state lines included: merged over all rows.
    pub evidence: Vec<Evidence>,
    /// Requests of these upstreams between the first and the last window; of the whole proxy where the log names no
    /// upstreams.
    pub requests: Option<u64>,
    /// Whether `requests` are the whole proxy's.
    pub requests_of_proxy: bool,
    /// Requests that ended in a gateway status.
    pub failures: u64,
    /// By column.
    pub statuses: [u64; STATUS_COLUMNS],
    /// Attempts that failed.
    pub failed_attempts: u64,
    /// Failed attempts whose request a retry saved.
    pub masked_failures: u64,
    /// Failures that a crawler met.
    pub crawler_failures: u64,
    /// The worst window: its start, its failures and its requests.
    pub peak: (i64, u64, Option<u64>),
    /// Whether it is made of single failures, far from each other.
    pub scattered: bool,
    /// What its failures have in common.
    pub patterns: Vec<Pattern>,
    /// The incident at a tier behind whose failures this one passes on, by its place among the incidents.
    pub root: Option<usize>,
    /// What hosts and application servers wrote around that time, by time.
    pub context: Vec<Evidence>,
    /// The clients that met failures.
    pub clients: Sketch,
    /// The ids of failed requests.
    pub ids: Sketch,
}

/// How much of a group failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The group, without any one server to blame.
    Group,
    /// One server; whether the group has others is not known, or it has.
    One,
    /// Several, but not all that were seen.
    Some,
    /// All that were seen, and more than one.
    All,
}

impl Scope {
    /// The word in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::One => "one upstream",
            Self::Some => "some upstreams",
            Self::All => "all upstreams",
        }
    }
}

/// The incidents among the rows of `findings`; the gravest first.
#[must_use]
pub(super) fn find(findings: &Findings, relations: &Relations<'_>) -> Vec<Incident> {
    let Findings { window, ref rows, ref upstreams, .. } = *findings;
    let gap = (GAP.0 * window).max(GAP.1) + window;
    let mut spans = Vec::new();
    for upstream in upstreams {
        let of_upstream = span::absorb_minor(span::spans_of(rows, findings.troubled_in(&upstream.rows), gap), gap);
        spans.extend(of_upstream.into_iter().flat_map(|span| span::split_core(span, rows, gap)));
    }
    spans.sort_by(|a, b| (&a.key.proxy, a.windows, &a.key, a.cause).cmp(&(&b.key.proxy, b.windows, &b.key, b.cause)));
    let groups = join::join(&spans, relations, gap, window);
    let index = Index::new(findings);
    let told = join::gather(&spans, rows, groups);
    let mut incidents: Vec<Incident> =
        told.into_iter().filter_map(|gathered| build(&index, &spans, &gathered, window)).collect();
    incidents.sort_by(|a, b| {
        let gravity = |incident: &Incident| (incident.failures, incident.failed_attempts);
        gravity(b).cmp(&gravity(a)).then_with(|| (a.span, &a.proxy, &a.keys).cmp(&(b.span, &b.proxy, &b.keys)))
    });
    incidents
}

impl Incident {
    /// Takes `root` for the cause, of which somebody outside the evidence knows: `told` are the lines that say so.
    pub(super) fn blame(&mut self, root: Root, told: impl IntoIterator<Item = Evidence>) {
        let Some(likely) = Likely::among(&self.causes, Some(root), |_| 0.0) else { return };
        self.likely = likely;
        self.causes.sort_by_key(|item| item.cause != likely.cause);
        self.evidence.extend(told);
    }
}

/// Whether a cause can take a group of servers down.
fn is_root_cause(cause: Cause) -> bool {
    !matches!(cause, Cause::NoLiveUpstream | Cause::Unknown | Cause::ProxyLocal | Cause::Blocked)
}

fn build(index: &Index<'_>, spans: &[Span], gathered: &Gathered, window: i64) -> Option<Incident> {
    let mut places: Vec<usize> = gathered.members.iter().flat_map(|&at| spans[at].rows.iter().copied()).collect();
    places.sort_unstable();
    let own = || places.iter().map(|&at| &index.rows[at]);
    // Places are in the order of keys.
    let runs = places.chunk_by(|&a, &b| index.rows[a].key == index.rows[b].key);
    let keys: BTreeSet<Arc<Key>> = runs.map(|run| Arc::clone(&index.rows[run[0]].key)).collect();
    let proxy = keys.first()?.proxy.clone();
    let windows = (own().map(|row| row.window).min()?, own().map(|row| row.window).max()?);
    let states = index.states(&keys, windows, window);
    let down = servers_down(&keys, &states);
    let states = states.into_iter().flat_map(|row| &row.trouble().evidence);
    let states: Vec<&Evidence> = states.filter(|item| item.source == Source::State).collect();
    let evidence = own().flat_map(|row| &row.trouble().evidence);
    let evidence: Vec<&Evidence> = evidence.filter(|item| item.failures + item.attempts > 0).collect();
    let mut causes = weigh(evidence.iter().copied());
    let (requests, requests_of_proxy) = index.requests(&places, &keys, windows);
    let all_requests = requests.as_ref().map(|requests| requests.values().sum());
    let rows: Vec<&Row> = own().collect();
    let (patterns, behind) = pattern::find(&Facts {
        window,
        rows: &rows,
        evidence: &evidence,
        causes: &causes,
        requests: all_requests,
        before: &index.before(&keys, windows.0, window),
        answered: index.answered(&keys),
        rhythm: gathered.rhythm,
    });
    let span = (evidence.iter().map(|item| item.first).min()?, evidence.iter().map(|item| item.last).max()?);
    let limited = || index.is_limited(&keys, &rows, &causes, span);
    let root = root::find(&causes, &evidence, &states).or(behind).or_else(|| limited().then_some(root::LIMITED));
    let checks = |cause: Cause| states.iter().filter(move |item| item.sign.cause == cause);
    let witness =
        |cause: Cause| checks(cause).map(|item| item.sign.strength.percent()).max().unwrap_or(0) as f64 / 100.0;
    let mut likely = Likely::among(&causes, root, witness)?;
    if patterns.contains(&Pattern::NeverAnswered) && witness(likely.cause) == 0.0 {
        likely.doubt_refusal(&causes);
    }
    causes.sort_by_key(|item| item.cause != likely.cause);
    let sums = Sums::of(&rows);
    Some(Incident {
        scope: scope(&keys, index),
        keys: keys.union(&down).cloned().collect(),
        span,
        likely,
        evidence: merge_evidence(evidence.into_iter().chain(states)),
        causes,
        requests: all_requests,
        requests_of_proxy,
        failures: sums.failures,
        statuses: sums.statuses,
        failed_attempts: sums.failed_attempts,
        masked_failures: sums.masked_failures,
        crawler_failures: sums.crawler_failures,
        peak: peak(index.rows, &places, requests.as_ref())?,
        scattered: gathered.scattered,
        patterns,
        root: None,
        context: Vec::new(),
        clients: sums.clients,
        ids: sums.ids,
        proxy,
        rows: places,
    })
}

/// What the troubles of an incident's rows add up to: of many rows each lies far from the next, so all is summed in one
/// go.
#[derive(Default)]
struct Sums {
    failures: u64,
    statuses: [u64; STATUS_COLUMNS],
    failed_attempts: u64,
    masked_failures: u64,
    crawler_failures: u64,
    clients: Sketch,
    ids: Sketch,
}

impl Sums {
    fn of(rows: &[&Row]) -> Self {
        let mut sums = Self::default();
        rows.iter().for_each(|row| sums.add(row.trouble()));
        sums
    }

    fn add(&mut self, trouble: &Trouble) {
        self.failures += trouble.failures;
        self.statuses = std::array::from_fn(|column| self.statuses[column] + trouble.statuses[column]);
        self.failed_attempts += trouble.failed_attempts;
        self.masked_failures += trouble.masked_failures;
        self.crawler_failures += trouble.crawler_failures;
        self.clients.merge(&trouble.clients);
        self.ids.merge(&trouble.ids);
    }
}

/// Servers that health checks found down, of groups that failed without any one server in the requests' own lines.
fn servers_down(keys: &BTreeSet<Arc<Key>>, states: &[&Row]) -> BTreeSet<Arc<Key>> {
    let named: BTreeSet<&str> =
        keys.iter().filter(|key| !key.upstream.is_empty()).map(|key| key.group.as_str()).collect();
    let is_down = |row: &&&Row| {
        row.trouble().evidence.iter().any(|item| item.source == Source::State && is_root_cause(item.sign.cause))
    };
    let servers = states.iter().filter(|row| !row.key.upstream.is_empty() && !named.contains(row.key.group.as_str()));
    servers.filter(is_down).map(|row| Arc::clone(&row.key)).collect()
}

/// Evidence of all rows by sign, in order of what it explains.
fn merge_evidence<'a>(evidence: impl Iterator<Item = &'a Evidence>) -> Vec<Evidence> {
    let mut merged: BTreeMap<(&str, Source), Evidence> = BTreeMap::new();
    for item in evidence {
        match merged.get_mut(&(item.sign.kind, item.source)) {
            Some(mine) => mine.merge(item),
            None => {
                merged.insert((item.sign.kind, item.source), item.clone());
            }
        }
    }
    let mut merged: Vec<Evidence> = merged.into_values().collect();
    let silent = |item: &Evidence| item.sign.strength <= Strength::Silent;
    merged.sort_by_key(|item| {
        (silent(item), std::cmp::Reverse((item.failures, item.attempts, item.lines)), item.sign.kind)
    });
    merged
}

/// The worst window: with the most failures (failed attempts, where the client saw none), then with the highest rate of
/// them, then the first.
fn peak(rows: &[Row], places: &[usize], requests: Option<&ByWindow<u64>>) -> Option<(i64, u64, Option<u64>)> {
    let mut windows: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for &at in places {
        let counts = windows.entry(rows[at].window).or_default();
        counts.0 += rows[at].trouble().failures;
        counts.1 += rows[at].trouble().failed_attempts;
    }
    let of = |at: i64| requests.and_then(|requests| requests.get(at));
    let fewest = |at: i64| std::cmp::Reverse(of(at).unwrap_or(u64::MAX));
    let worst = windows.into_iter().max_by_key(|&(at, counts)| (counts, fewest(at), std::cmp::Reverse(at)));
    worst.map(|(at, (failures, _))| (at, failures, of(at)))
}

fn scope(keys: &BTreeSet<Arc<Key>>, index: &Index<'_>) -> Scope {
    let failing: BTreeSet<(&str, &str, &str)> = keys
        .iter()
        .filter(|key| !key.upstream.is_empty())
        .map(|key| (key.proxy.as_str(), key.group.as_str(), key.upstream.as_str()))
        .collect();
    let groups: BTreeSet<(&str, &str)> = failing.iter().map(|(proxy, group, _)| (*proxy, *group)).collect();
    let known: usize = groups.iter().map(|group| index.servers(*group)).sum();
    let named = groups.iter().all(|(_, group)| !group.is_empty());
    match failing.len() {
        0 => Scope::Group,
        1 => Scope::One,
        count if named && count == known => Scope::All,
        _ => Scope::Some,
    }
}
