//! Neighbouring rows become incidents.
//!
//! First, for each upstream, rows with the same likely cause that follow each other closely are a [`Span`]. Then spans are joined: those
//! of one group with the same cause, those of other upstreams that began together, and a consequence (`no-live-upstream`) with
//! the root cause that took the group down. Last, tiny incidents of the same kind that are scattered over time are told as one.

use super::reconcile::{Key, Row};
use super::score::{Likely, Weighed, weigh};
use crate::aggregate::{Evidence, STATUS_COLUMNS, Source};
use crate::cause::{Cause, Strength};
use crate::grammar::time::Stamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

/// Rows this many windows apart, or this many seconds, still neighbour each other.
const GAP: (i64, i64) = (2, 120);

/// How long a root cause may lie back when its consequence begins, in seconds: nginx's `fail_timeout` and health checks
/// keep a group down for a while after the last failure.
const SHADOW: i64 = 60;

/// A span with at most this part of a neighbour's trouble is part of its neighbour's story.
const MINOR: u64 = 10;

/// An incident is tiny up to this much trouble, and this many tiny ones of a kind are one scattered incident.
const TINY: (u64, usize) = (2, 4);

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
    /// Requests of these upstreams between the first and the last window; of the whole proxy where the log names no upstreams.
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

/// Rows of one upstream with one cause, close to each other.
struct Span {
    key: Arc<Key>,
    cause: Cause,
    rows: Vec<usize>,
    /// The first and last window.
    windows: (i64, i64),
    /// Failures and failed attempts.
    trouble: u64,
}

/// The incidents in `rows`, which are ordered by key and window; the gravest first.
#[must_use]
pub fn find(rows: &[Row], window: i64) -> Vec<Incident> {
    let gap = (GAP.0 * window).max(GAP.1) + window;
    let servers = servers(rows);
    let mut spans: Vec<Span> = rows
        .chunk_by(|a, b| a.key == b.key)
        .fold((0, Vec::new()), |(start, mut spans), run| {
            spans.extend(spans_of(rows, start..start + run.len(), gap));
            (start + run.len(), spans)
        })
        .1;
    spans.sort_by(|a, b| (&a.key.proxy, a.windows, &a.key).cmp(&(&b.key.proxy, b.windows, &b.key)));
    let groups = join(&spans, gap, window);
    let scattered = gather_tiny(&spans, groups);
    let proxies = ProxyRequests::new(rows);
    let mut incidents: Vec<Incident> = scattered
        .into_iter()
        .filter_map(|(members, scattered)| build(rows, &spans, &members, scattered, &servers, &proxies, window))
        .collect();
    incidents.sort_by(|a, b| {
        let gravity = |incident: &Incident| (incident.failures, incident.failed_attempts);
        gravity(b).cmp(&gravity(a)).then_with(|| (a.span, &a.proxy, &a.keys).cmp(&(b.span, &b.proxy, &b.keys)))
    });
    incidents
}

/// All servers that were seen of each group.
fn servers(rows: &[Row]) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
    let mut servers: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for key in rows.iter().map(|row| &row.key).filter(|key| !key.upstream.is_empty()) {
        servers.entry(key.group()).or_default().insert(&key.upstream);
    }
    servers
}

/// The spans of one upstream, whose rows are `range`.
fn spans_of(rows: &[Row], range: Range<usize>, gap: i64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for at in range {
        let row = &rows[at];
        if !row.is_troubled() {
            continue;
        }
        let cause = weigh(&row.evidence).first().map_or(Cause::Unknown, |first| first.cause);
        let near = |span: &&mut Span| row.window - span.windows.1 <= gap;
        match spans.iter_mut().rev().filter(near).find(|span| span.cause == cause) {
            Some(span) => {
                span.rows.push(at);
                span.windows.1 = row.window;
                span.trouble += row.failures + row.failed_attempts;
            }
            None => spans.push(Span {
                key: Arc::clone(&row.key),
                cause,
                rows: vec![at],
                windows: (row.window, row.window),
                trouble: row.failures + row.failed_attempts,
            }),
        }
    }
    absorb_minor(spans, gap)
}

/// Spans that are nothing beside a neighbour become part of it; so do spans of which nothing is known beside one that is.
fn absorb_minor(mut spans: Vec<Span>, gap: i64) -> Vec<Span> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|&at| (spans[at].trouble, at));
    let mut gone = vec![false; spans.len()];
    for at in order {
        let small = &spans[at];
        let is_host = |other: &usize| {
            let other_span = &spans[*other];
            let near = distance(small.windows, other_span.windows) <= gap;
            let minor = small.trouble * MINOR <= other_span.trouble;
            let unexplained = small.cause == Cause::Unknown && small.trouble <= other_span.trouble;
            *other != at && !gone[*other] && near && (minor || unexplained) && other_span.cause != Cause::Unknown
        };
        let Some(host) = (0..spans.len()).filter(is_host).max_by_key(|&other| spans[other].trouble) else { continue };
        gone[at] = true;
        let (rows, windows, trouble) = (std::mem::take(&mut spans[at].rows), spans[at].windows, spans[at].trouble);
        let host = &mut spans[host];
        host.rows.extend(rows);
        host.windows = (host.windows.0.min(windows.0), host.windows.1.max(windows.1));
        host.trouble += trouble;
    }
    spans.into_iter().zip(gone).filter(|(_, gone)| !gone).map(|(span, _)| span).collect()
}

/// How far apart two ranges of windows are, in seconds; 0 where they overlap.
fn distance(a: (i64, i64), b: (i64, i64)) -> i64 {
    (b.0 - a.1).max(a.0 - b.1).max(0)
}

/// Sets of spans that grow together.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Joins spans, which are ordered by proxy and start, to incidents: lists of their places.
fn join(spans: &[Span], gap: i64, window: i64) -> Vec<Vec<usize>> {
    let mut sets = Sets((0..spans.len()).collect());
    // The span of each (proxy, group, cause) that ends last so far.
    let mut latest: BTreeMap<(&str, &str, Cause), usize> = BTreeMap::new();
    for (at, span) in spans.iter().enumerate() {
        let kind = (span.key.proxy.as_str(), span.key.group.as_str(), span.cause);
        match latest.get(&kind).copied() {
            Some(before) => {
                let near = distance(spans[before].windows, span.windows) <= gap;
                // Upstreams whose group nobody named belong together only if they began together.
                let together = !span.key.group.is_empty() || span.windows.0 - spans[before].windows.0 <= 2 * window;
                if near && together {
                    sets.join(before, at);
                }
                if span.windows.1 >= spans[before].windows.1 {
                    latest.insert(kind, at);
                }
            }
            None => {
                latest.insert(kind, at);
            }
        }
        if let Some(root) = root_of(spans, at, window) {
            sets.join(root, at);
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..spans.len() {
        members.entry(sets.root(at)).or_default().push(at);
    }
    members.into_values().collect()
}

/// The span that brought about the span at `at`, where that is a consequence or unexplained: the heaviest of those that began no
/// later and had not been over for long.
fn root_of(spans: &[Span], at: usize, window: i64) -> Option<usize> {
    let span = &spans[at];
    let unexplained = span.cause == Cause::Unknown && span.key.upstream.is_empty();
    if span.cause != Cause::NoLiveUpstream && !unexplained {
        return None;
    }
    let is_root = |other: &&Span| {
        let same_group = other.key.group == span.key.group || other.key.group.is_empty() || span.key.group.is_empty();
        // nginx's error log names servers by the virtual server and groups by their own name: they cannot be compared.
        let comparable = other.key.kind != crate::cause::Proxy::Nginx || unexplained;
        let in_time = other.windows.0 <= span.windows.0 + window && span.windows.0 <= other.windows.1 + SHADOW + window;
        let heavy_enough = !unexplained || span.trouble <= other.trouble;
        // Servers that failed nobody knows why took the group down all the same.
        let nameless = other.cause == Cause::Unknown && !other.key.upstream.is_empty() && !unexplained;
        (is_root_cause(other.cause) || nameless) && (same_group || !comparable) && in_time && heavy_enough
    };
    // Spans are ordered by start: all that begin up to a window later are candidates.
    let end = at + spans[at..].iter().take_while(|other| other.windows.0 <= span.windows.0 + window).count();
    let same_proxy = |other: &usize| spans[*other].key.proxy == span.key.proxy;
    let candidates = (0..end).rev().take_while(same_proxy).filter(|other| *other != at && is_root(&&spans[*other]));
    candidates.max_by_key(|&other| (spans[other].trouble, std::cmp::Reverse(other)))
}

/// Whether a cause can take a group of servers down.
fn is_root_cause(cause: Cause) -> bool {
    !matches!(cause, Cause::NoLiveUpstream | Cause::Unknown | Cause::ProxyLocal | Cause::Blocked)
}

/// Tells tiny incidents of the same kind as one; the flag says which are made of such.
fn gather_tiny(spans: &[Span], incidents: Vec<Vec<usize>>) -> Vec<(Vec<usize>, bool)> {
    let trouble = |members: &[usize]| members.iter().map(|&at| spans[at].trouble).sum::<u64>();
    let (tiny, large): (Vec<_>, Vec<_>) = incidents.into_iter().partition(|members| trouble(members) <= TINY.0 * 2);
    let mut kinds: BTreeMap<(&str, &str, Cause), Vec<Vec<usize>>> = BTreeMap::new();
    for members in tiny {
        let first = &spans[members[0]];
        kinds.entry((&first.key.proxy, &first.key.group, first.cause)).or_default().push(members);
    }
    let mut all: Vec<(Vec<usize>, bool)> = large.into_iter().map(|members| (members, false)).collect();
    for incidents in kinds.into_values() {
        if incidents.len() >= TINY.1 {
            all.push((incidents.into_iter().flatten().collect(), true));
        } else {
            all.extend(incidents.into_iter().map(|members| (members, false)));
        }
    }
    all
}

/// Requests of each proxy by window.
struct ProxyRequests(BTreeMap<String, BTreeMap<i64, u64>>);

impl ProxyRequests {
    fn new(rows: &[Row]) -> Self {
        let mut proxies: BTreeMap<String, BTreeMap<i64, u64>> = BTreeMap::new();
        for row in rows {
            if let Some(requests) = row.requests {
                if !proxies.contains_key(&row.key.proxy) {
                    proxies.insert(row.key.proxy.clone(), BTreeMap::new());
                }
                if let Some(windows) = proxies.get_mut(&row.key.proxy) {
                    *windows.entry(row.window).or_default() += requests;
                }
            }
        }
        Self(proxies)
    }

    /// By window; `None` where no access log tells.
    fn within(&self, proxy: &str, windows: (i64, i64)) -> Option<BTreeMap<i64, u64>> {
        let counts: BTreeMap<i64, u64> =
            self.0.get(proxy)?.range(windows.0..=windows.1).map(|(at, count)| (*at, *count)).collect();
        (!counts.is_empty()).then_some(counts)
    }
}

#[allow(clippy::too_many_arguments, reason = "one caller, which has all of them")]
fn build(
    rows: &[Row],
    spans: &[Span],
    members: &[usize],
    scattered: bool,
    servers: &BTreeMap<(&str, &str), BTreeSet<&str>>,
    proxies: &ProxyRequests,
    window: i64,
) -> Option<Incident> {
    let mut places: Vec<usize> = members.iter().flat_map(|&at| spans[at].rows.iter().copied()).collect();
    places.sort_unstable();
    let own = || places.iter().map(|&at| &rows[at]);
    let keys: BTreeSet<Arc<Key>> = own().map(|row| Arc::clone(&row.key)).collect();
    let proxy = keys.first()?.proxy.clone();
    let windows = (own().map(|row| row.window).min()?, own().map(|row| row.window).max()?);
    let states = states(rows, &keys, windows, window);
    let down = servers_down(&keys, &states);
    let states: Vec<Evidence> =
        states.into_iter().flat_map(|row| &row.evidence).filter(|item| item.source == Source::State).cloned().collect();
    let mut evidence: Vec<Evidence> = own().flat_map(|row| &row.evidence).cloned().collect();
    evidence.retain(|item| item.failures + item.attempts > 0);
    let causes = weigh(&evidence);
    let root = root_cause(&causes, &evidence, &states);
    let likely = Likely::among(&causes, root, Cause::NoLiveUpstream)?;
    let failing = || evidence.iter().filter(|item| item.source != Source::State);
    let span = (failing().map(|item| item.first).min()?, failing().map(|item| item.last).max()?);
    let by_window = requests_by_window(rows, &keys, windows);
    let requests_of_proxy = by_window.is_none();
    let by_window = by_window.or_else(|| proxies.within(&proxy, windows));
    let sum = |part: fn(&Row) -> u64| own().map(part).sum::<u64>();
    let mut causes = causes;
    causes.sort_by_key(|item| item.cause != likely.cause);
    Some(Incident {
        scope: scope(&keys, servers),
        keys: keys.union(&down).cloned().collect(),
        span,
        likely,
        evidence: merge_evidence(evidence, states),
        causes,
        requests: by_window.as_ref().map(|windows| windows.values().sum()),
        requests_of_proxy,
        failures: sum(|row| row.failures),
        statuses: std::array::from_fn(|column| own().map(|row| row.statuses[column]).sum()),
        failed_attempts: sum(|row| row.failed_attempts),
        masked_failures: sum(|row| row.masked_failures),
        crawler_failures: sum(|row| row.crawler_failures),
        peak: peak(rows, &places, by_window.as_ref())?,
        scattered,
        proxy,
        rows: places,
    })
}

/// The rows of these groups around that time that hold state lines.
fn states<'a>(rows: &'a [Row], keys: &BTreeSet<Arc<Key>>, windows: (i64, i64), window: i64) -> Vec<&'a Row> {
    let groups: BTreeSet<(&str, &str)> = keys.iter().map(|key| key.group()).collect();
    let mut states = Vec::new();
    for (proxy, group) in groups {
        let start = rows.partition_point(|row| row.key.group() < (proxy, group));
        let same = |row: &&Row| row.key.group() == (proxy, group);
        let near = |row: &&Row| row.window + SHADOW + window >= windows.0 && row.window <= windows.1;
        let tells = |row: &&Row| row.evidence.iter().any(|item| item.source == Source::State);
        states.extend(rows[start..].iter().take_while(same).filter(near).filter(tells));
    }
    states
}

/// Servers that health checks found down, of groups that failed without any one server in the requests' own lines.
fn servers_down(keys: &BTreeSet<Arc<Key>>, states: &[&Row]) -> BTreeSet<Arc<Key>> {
    let named: BTreeSet<&str> =
        keys.iter().filter(|key| !key.upstream.is_empty()).map(|key| key.group.as_str()).collect();
    let is_down =
        |row: &&&Row| row.evidence.iter().any(|item| item.source == Source::State && is_root_cause(item.sign.cause));
    let servers = states.iter().filter(|row| !row.key.upstream.is_empty() && !named.contains(row.key.group.as_str()));
    servers.filter(is_down).map(|row| Arc::clone(&row.key)).collect()
}

/// Where servers were down, why they were: the heaviest other cause, or else what health checks say. With what is believed of it.
fn root_cause(causes: &[Weighed], evidence: &[Evidence], states: &[Evidence]) -> Option<(Cause, f64)> {
    let first = causes.first().filter(|first| first.cause == Cause::NoLiveUpstream)?;
    let began = |cause: Cause| evidence.iter().filter(|item| item.sign.cause == cause).map(|item| item.first).min();
    let shadow = began(first.cause)?;
    let in_logs = causes.iter().find(|other| {
        is_root_cause(other.cause) && began(other.cause).is_some_and(|start| start.seconds() <= shadow.seconds() + 1)
    });
    let by_checks = || {
        let mut found: Vec<&Evidence> = states.iter().filter(|item| is_root_cause(item.sign.cause)).collect();
        found.sort_by_key(|item| (std::cmp::Reverse(item.sign.strength), item.first, item.sign.kind));
        found.first().map(|item| (item.sign.cause, item.sign.strength.percent() as f64 / 100.0))
    };
    in_logs.map(|root| (root.cause, root.belief)).or_else(by_checks)
}

/// Evidence of all rows by sign, in order of what it explains.
fn merge_evidence(evidence: Vec<Evidence>, states: Vec<Evidence>) -> Vec<Evidence> {
    let mut merged: BTreeMap<(&str, Source), Evidence> = BTreeMap::new();
    for item in evidence.into_iter().chain(states) {
        match merged.get_mut(&(item.sign.kind, item.source)) {
            Some(mine) => mine.merge(item),
            None => {
                merged.insert((item.sign.kind, item.source), item);
            }
        }
    }
    let mut merged: Vec<Evidence> = merged.into_values().collect();
    let silent = |item: &Evidence| item.sign.strength == Strength::Silent;
    merged.sort_by_key(|item| {
        (silent(item), std::cmp::Reverse((item.failures, item.attempts, item.lines)), item.sign.kind)
    });
    merged
}

/// Requests at these upstreams, healthy windows between included; at their whole group where it failed as a whole. `None` where an
/// upstream's requests are not known.
fn requests_by_window(rows: &[Row], keys: &BTreeSet<Arc<Key>>, windows: (i64, i64)) -> Option<BTreeMap<i64, u64>> {
    let whole: BTreeSet<(&str, &str)> =
        keys.iter().filter(|key| key.upstream.is_empty() && !key.group.is_empty()).map(|key| key.group()).collect();
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    let mut add = |row: &Row, known: bool| {
        let requests = if known { Some(row.requests?) } else { row.requests };
        *counts.entry(row.window).or_default() += requests.unwrap_or(0);
        Some(())
    };
    let within = |row: &&Row| (windows.0..=windows.1).contains(&row.window);
    for group in &whole {
        let start = rows.partition_point(|row| row.key.group() < *group);
        for row in rows[start..].iter().take_while(|row| row.key.group() == *group).filter(within) {
            add(row, row.is_troubled() && keys.contains(&row.key))?;
        }
    }
    for key in keys.iter().filter(|key| !whole.contains(&key.group())) {
        let start = rows.partition_point(|row| (&*row.key, row.window) < (&**key, windows.0));
        let own = rows[start..].iter().take_while(|row| row.key == *key && row.window <= windows.1);
        for row in own.filter(|row| row.is_troubled() || row.requests.is_some()) {
            add(row, true)?;
        }
    }
    Some(counts)
}

/// The window with the highest rate of failures (of failed attempts where the client saw none), the first of equals.
fn peak(rows: &[Row], places: &[usize], requests: Option<&BTreeMap<i64, u64>>) -> Option<(i64, u64, Option<u64>)> {
    let mut windows: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for &at in places {
        let counts = windows.entry(rows[at].window).or_default();
        counts.0 += rows[at].failures;
        counts.1 += rows[at].failed_attempts;
    }
    let of = |at: i64| requests.and_then(|requests| requests.get(&at).copied());
    let rate = |failures: u64, at: i64| {
        of(at).filter(|all| *all > 0).map_or(0, |all| u128::from(failures) * 1_000_000 / u128::from(all))
    };
    windows
        .into_iter()
        .max_by_key(|&(at, (failures, attempts))| (rate(failures, at), failures, attempts, std::cmp::Reverse(at)))
        .map(|(at, (failures, _))| (at, failures, of(at)))
}

fn scope(keys: &BTreeSet<Arc<Key>>, servers: &BTreeMap<(&str, &str), BTreeSet<&str>>) -> Scope {
    let failing: BTreeSet<(&str, &str, &str)> = keys
        .iter()
        .filter(|key| !key.upstream.is_empty())
        .map(|key| (key.proxy.as_str(), key.group.as_str(), key.upstream.as_str()))
        .collect();
    let groups: BTreeSet<(&str, &str)> = failing.iter().map(|(proxy, group, _)| (*proxy, *group)).collect();
    let known: usize = groups.iter().filter_map(|group| servers.get(group)).map(BTreeSet::len).sum();
    let named = groups.iter().all(|(_, group)| !group.is_empty());
    match failing.len() {
        0 => Scope::Group,
        1 => Scope::One,
        count if named && count == known => Scope::All,
        _ => Scope::Some,
    }
}
