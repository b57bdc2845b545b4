//! Neighbouring rows become incidents.
//!
//! First, for each upstream, rows with the same likely cause that follow each other closely are a [`Span`]. Then spans are joined: those
//! of one group with the same cause, those of other upstreams that began together, and a consequence (`no-live-upstream`) with
//! the root cause that took the group down. Last, incidents of the same kind that are tiny, or that come at regular distances, are told as
//! one.

use super::keys::{Key, Relations};
use super::pattern::{self, BROKEN_OFF, Facts, Pattern};
use super::reconcile::Row;
use super::score::{Likely, Root, Weighed, weigh};
use crate::aggregate::{Evidence, STATUS_COLUMNS, Sketch, Source};
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

/// How many windows before an incident are looked at for what led up to it.
const BEFORE: i64 = 10;

/// How many spans before and after one are its neighbours, at most.
const NEIGHBOURS: usize = 8;

/// An incident is tiny up to this many failures and failed attempts, and this many tiny ones of a kind are one scattered incident.
const TINY: (u64, usize) = (2, 4);

/// A window with this many times the trouble of its span's median, and at least that much, is the core of an outage, and no part of the
/// trickle around it.
const CORE: (u64, u64) = (10, 20);

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

/// Rows of one upstream with one cause, close to each other.
struct Span {
    key: Arc<Key>,
    cause: Cause,
    level: Level,
    rows: Vec<usize>,
    /// The first and last window.
    windows: (i64, i64),
    /// Failures and failed attempts.
    trouble: u64,
}

/// How a span stands out from what was before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// It does not.
    Even,
    /// It is the outage in a trickle of the same trouble.
    Core,
    /// It is the trickle around an outage.
    Trickle,
}

/// The incidents in `rows`, which are ordered by key and window; the gravest first.
#[must_use]
pub(super) fn find(rows: &[Row], relations: &Relations, window: i64) -> Vec<Incident> {
    let gap = (GAP.0 * window).max(GAP.1) + window;
    let mut spans = Vec::new();
    let mut start = 0;
    for run in rows.chunk_by(|a, b| a.key == b.key) {
        let of_upstream = absorb_minor(spans_of(rows, start..start + run.len(), gap), gap);
        spans.extend(of_upstream.into_iter().flat_map(|span| split_core(span, rows, gap)));
        start += run.len();
    }
    spans.sort_by(|a, b| (&a.key.proxy, a.windows, &a.key, a.cause).cmp(&(&b.key.proxy, b.windows, &b.key, b.cause)));
    let groups = join(&spans, relations, gap, window);
    let index = Index::new(rows);
    let told = gather(&spans, rows, groups, window);
    let mut incidents: Vec<Incident> = told
        .into_iter()
        .filter_map(|(members, scattered)| build(&index, &spans, &members, scattered, window))
        .collect();
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

/// What building an incident looks up, made once.
struct Index<'a> {
    rows: &'a [Row],
    /// All servers that were seen of each group.
    servers: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
    /// The rows with state lines of each group, by window.
    states: BTreeMap<(&'a str, &'a str), Vec<&'a Row>>,
    /// Requests of each group by window.
    of_group: BTreeMap<(&'a str, &'a str), BTreeMap<i64, u64>>,
    /// Requests of each proxy by window.
    of_proxy: BTreeMap<&'a str, BTreeMap<i64, u64>>,
}

impl<'a> Index<'a> {
    fn new(rows: &'a [Row]) -> Self {
        let mut index = Self {
            rows,
            servers: BTreeMap::new(),
            states: BTreeMap::new(),
            of_group: BTreeMap::new(),
            of_proxy: BTreeMap::new(),
        };
        for run in rows.chunk_by(|a, b| a.key.group() == b.key.group()) {
            let group = run[0].key.group();
            let servers = run.iter().map(|row| row.key.upstream.as_str()).filter(|server| !server.is_empty());
            index.servers.insert(group, servers.collect());
            let tells = |row: &&Row| row.evidence.iter().any(|item| item.source == Source::State);
            let mut states: Vec<&Row> = run.iter().filter(tells).collect();
            states.sort_by_key(|row| row.window);
            index.states.insert(group, states);
            let (group, proxy) = (index.of_group.entry(group).or_default(), index.of_proxy.entry(group.0).or_default());
            for (row, requests) in run.iter().filter_map(|row| Some((row, row.requests?))) {
                *group.entry(row.window).or_default() += requests;
                *proxy.entry(row.window).or_default() += requests;
            }
        }
        index
    }
}

/// The spans of one upstream, whose rows are `range`, in order of their start.
fn spans_of(rows: &[Row], range: Range<usize>, gap: i64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut latest: BTreeMap<Cause, usize> = BTreeMap::new();
    for at in range {
        let row = &rows[at];
        if !row.is_troubled() {
            continue;
        }
        let cause = kind_of(weigh(&row.evidence).first().map_or(Cause::Unknown, |first| first.cause));
        match latest.get(&cause).filter(|&&before| row.window - spans[before].windows.1 <= gap) {
            Some(&before) => spans[before].extend([at], rows),
            None => {
                latest.insert(cause, spans.len());
                spans.push(Span::new(cause, Level::Even, [at], rows));
            }
        }
    }
    spans
}

/// The cause that stands for all those which take many failures to be told apart.
fn kind_of(cause: Cause) -> Cause {
    if BROKEN_OFF.contains(&cause) { Cause::ClosedEarly } else { cause }
}

impl Span {
    fn new(cause: Cause, level: Level, places: impl IntoIterator<Item = usize>, rows: &[Row]) -> Self {
        let places: Vec<usize> = places.into_iter().collect();
        let key = Arc::clone(&rows[places[0]].key);
        let mut span = Self { key, cause, level, rows: Vec::new(), windows: (i64::MAX, i64::MIN), trouble: 0 };
        span.extend(places, rows);
        span
    }

    fn extend(&mut self, places: impl IntoIterator<Item = usize>, rows: &[Row]) {
        for at in places {
            let row = &rows[at];
            self.rows.push(at);
            self.windows = (self.windows.0.min(row.window), self.windows.1.max(row.window));
            self.trouble += trouble(row);
        }
    }
}

/// Failures and failed attempts.
fn trouble(row: &Row) -> u64 {
    row.failures + row.failed_attempts
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
        let neighbours = at.saturating_sub(NEIGHBOURS)..(at + NEIGHBOURS + 1).min(spans.len());
        let Some(host) = neighbours.filter(is_host).max_by_key(|&other| spans[other].trouble) else { continue };
        gone[at] = true;
        let (rows, windows, trouble) = (std::mem::take(&mut spans[at].rows), spans[at].windows, spans[at].trouble);
        let host = &mut spans[host];
        host.rows.extend(rows);
        host.windows = (host.windows.0.min(windows.0), host.windows.1.max(windows.1));
        host.trouble += trouble;
    }
    spans.into_iter().zip(gone).filter(|(_, gone)| !gone).map(|(span, _)| span).collect()
}

/// Takes an outage out of the trickle of the same trouble that it stands in, where the two differ much.
fn split_core(mut span: Span, rows: &[Row], gap: i64) -> Vec<Span> {
    span.rows.sort_unstable();
    let mut troubles: Vec<u64> = span.rows.iter().map(|&at| trouble(&rows[at])).collect();
    troubles.sort_unstable();
    let floor = (CORE.0 * troubles[troubles.len() / 2]).max(CORE.1);
    let (core, trickle): (Vec<usize>, Vec<usize>) = span.rows.iter().partition(|&&at| trouble(&rows[at]) >= floor);
    if core.is_empty() {
        return vec![span];
    }
    let near = |a: &usize, b: &usize| rows[*b].window - rows[*a].window <= gap;
    let pieces = |places: Vec<usize>, level: Level| -> Vec<Span> {
        let chunks = places.chunk_by(near);
        chunks.map(|chunk| Span::new(span.cause, level, chunk.iter().copied(), rows)).collect()
    };
    let mut parts = pieces(core, Level::Core);
    parts.extend(pieces(trickle, Level::Trickle));
    parts
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
fn join(spans: &[Span], relations: &Relations, gap: i64, window: i64) -> Vec<Vec<usize>> {
    let mut sets = Sets((0..spans.len()).collect());
    // The span of each kind that ends last so far.
    let mut latest: BTreeMap<(&str, &str, Cause, Level), usize> = BTreeMap::new();
    let mut roots = Roots::default();
    for (at, span) in spans.iter().enumerate() {
        let kind = (span.key.proxy.as_str(), span.key.group.as_str(), span.cause, span.level);
        if let Some(before) = latest.get(&kind).copied() {
            let near = distance(spans[before].windows, span.windows) <= gap;
            // Upstreams whose group nobody named belong together only if they began together, and are alike.
            let together = span.windows.0 - spans[before].windows.0 <= 2 * window;
            let alike = || together && relations.are_alike(&spans[before].key, &span.key);
            if near && (!span.key.group.is_empty() || spans[before].key == span.key || alike()) {
                sets.join(before, at);
            }
        }
        if latest.get(&kind).is_none_or(|&before| span.windows.1 >= spans[before].windows.1) {
            latest.insert(kind, at);
        }
        if let Some(root) = roots.of(spans, relations, at, window) {
            sets.join(root, at);
        }
        roots.add(spans, at);
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..spans.len() {
        members.entry(sets.root(at)).or_default().push(at);
    }
    members.into_values().collect()
}

/// Spans that can be the root of what comes after them and that are not over for long.
#[derive(Default)]
struct Roots(Vec<usize>);

impl Roots {
    fn add(&mut self, spans: &[Span], at: usize) {
        if is_root_cause_or_server(&spans[at]) {
            self.0.push(at);
        }
    }

    /// The span that brought about the span at `at`, where that is a consequence or unexplained: the heaviest of those that began no
    /// later and had not been over for long.
    fn of(&mut self, spans: &[Span], relations: &Relations, at: usize, window: i64) -> Option<usize> {
        let span = &spans[at];
        let unexplained = span.cause == Cause::Unknown && span.key.upstream.is_empty();
        if span.cause != Cause::NoLiveUpstream && !unexplained {
            return None;
        }
        let over = |other: &usize| spans[*other].windows.1 + SHADOW + window < span.windows.0;
        self.0.retain(|other| spans[*other].key.proxy == span.key.proxy && !over(other));
        let is_root = |other: &usize| {
            let other_span = &spans[*other];
            let known = is_root_cause(other_span.cause) || !unexplained;
            let heavy_enough = !unexplained || span.trouble <= other_span.trouble;
            other_span.key.proxy == span.key.proxy
                && known
                && heavy_enough
                && is_root_cause_or_server(other_span)
                && relations.may_serve(&other_span.key, &span.key)
        };
        // Spans are ordered by start: those that begin up to a window later may still be the root.
        let later = (at + 1..spans.len()).take_while(|&other| spans[other].windows.0 <= span.windows.0 + window);
        let candidates = self.0.iter().copied().chain(later).filter(is_root);
        candidates.max_by_key(|&other| (spans[other].trouble, std::cmp::Reverse(other)))
    }
}

/// Whether a span can have taken a group down: its cause can, or it is a server that failed nobody knows why.
fn is_root_cause_or_server(span: &Span) -> bool {
    is_root_cause(span.cause) || span.cause == Cause::Unknown && !span.key.upstream.is_empty()
}

/// Whether a cause can take a group of servers down.
fn is_root_cause(cause: Cause) -> bool {
    !matches!(cause, Cause::NoLiveUpstream | Cause::Unknown | Cause::ProxyLocal | Cause::Blocked)
}

/// Tells incidents of the same kind as one where they are tiny, or come at regular distances; the flag says which are made of tiny ones.
fn gather(spans: &[Span], rows: &[Row], incidents: Vec<Vec<usize>>, window: i64) -> Vec<(Vec<usize>, bool)> {
    let is_tiny = |members: &Vec<usize>| {
        let own = || members.iter().flat_map(|&at| &spans[at].rows).map(|&at| &rows[at]);
        let failures: u64 = own().map(|row| row.failures).sum();
        failures.max(own().map(|row| row.failed_attempts).sum()) <= TINY.0
    };
    let mut kinds: BTreeMap<(&str, &str, &str, Cause, bool), Vec<Vec<usize>>> = BTreeMap::new();
    for members in incidents {
        let first = &spans[members[0]];
        // Where no group is known, only the upstream itself is of the same kind.
        let upstream = if first.key.group.is_empty() { first.key.upstream.as_str() } else { "" };
        let kind = (first.key.proxy.as_str(), first.key.group.as_str(), upstream, first.cause, is_tiny(&members));
        kinds.entry(kind).or_default().push(members);
    }
    let mut all = Vec::new();
    for ((.., tiny), incidents) in kinds {
        let starts: Vec<i64> = incidents.iter().map(|members| spans[members[0]].windows.0).collect();
        if tiny && incidents.len() >= TINY.1 || pattern::rhythm(&starts, window).is_some() {
            all.push((incidents.into_iter().flatten().collect(), tiny));
        } else {
            all.extend(incidents.into_iter().map(|members| (members, false)));
        }
    }
    all
}

fn build(index: &Index<'_>, spans: &[Span], members: &[usize], scattered: bool, window: i64) -> Option<Incident> {
    let mut places: Vec<usize> = members.iter().flat_map(|&at| spans[at].rows.iter().copied()).collect();
    places.sort_unstable();
    let own = || places.iter().map(|&at| &index.rows[at]);
    let keys: BTreeSet<Arc<Key>> = own().map(|row| Arc::clone(&row.key)).collect();
    let proxy = keys.first()?.proxy.clone();
    let windows = (own().map(|row| row.window).min()?, own().map(|row| row.window).max()?);
    let states = index.states(&keys, windows, window);
    let down = servers_down(&keys, &states);
    let states: Vec<Evidence> = states.into_iter().flat_map(|row| &row.evidence).cloned().collect();
    let states: Vec<Evidence> = states.into_iter().filter(|item| item.source == Source::State).collect();
    let mut evidence: Vec<Evidence> = own().flat_map(|row| &row.evidence).cloned().collect();
    evidence.retain(|item| item.failures + item.attempts > 0);
    let mut causes = weigh(&evidence);
    let (requests, requests_of_proxy) = index.requests(&places, &keys, windows);
    let rows: Vec<&Row> = own().collect();
    let (patterns, behind) = pattern::find(&Facts {
        window,
        rows: &rows,
        evidence: &evidence,
        causes: &causes,
        requests: requests.as_ref().map(|windows| windows.values().sum()),
        before: &index.before(&keys, windows.0, window),
        answered: index.answered(&keys),
    });
    let root = root_cause(&causes, &evidence, &states).map(Root::of_group).or(behind);
    let checks = |cause: Cause| states.iter().filter(move |item| item.sign.cause == cause);
    let witness =
        |cause: Cause| checks(cause).map(|item| item.sign.strength.percent()).max().unwrap_or(0) as f64 / 100.0;
    let mut likely = Likely::among(&causes, root, witness)?;
    if patterns.contains(&Pattern::NeverAnswered) && witness(likely.cause) == 0.0 {
        likely.doubt_refusal(&causes);
    }
    causes.sort_by_key(|item| item.cause != likely.cause);
    let span = (evidence.iter().map(|item| item.first).min()?, evidence.iter().map(|item| item.last).max()?);
    let sum = |part: fn(&Row) -> u64| own().map(part).sum::<u64>();
    Some(Incident {
        scope: scope(&keys, &index.servers),
        keys: keys.union(&down).cloned().collect(),
        span,
        likely,
        evidence: merge_evidence(evidence, states),
        causes,
        requests: requests.as_ref().map(|windows| windows.values().sum()),
        requests_of_proxy,
        failures: sum(|row| row.failures),
        statuses: std::array::from_fn(|column| own().map(|row| row.statuses[column]).sum()),
        failed_attempts: sum(|row| row.failed_attempts),
        masked_failures: sum(|row| row.masked_failures),
        crawler_failures: sum(|row| row.crawler_failures),
        peak: peak(index.rows, &places, requests.as_ref())?,
        scattered,
        patterns,
        root: None,
        context: Vec::new(),
        clients: union(&rows, |row| &row.clients),
        ids: union(&rows, |row| &row.ids),
        proxy,
        rows: places,
    })
}

/// All that a sketch of each row has seen.
fn union(rows: &[&Row], sketch: fn(&Row) -> &Sketch) -> Sketch {
    let mut all = Sketch::default();
    rows.iter().for_each(|row| all.merge(sketch(row)));
    all
}

impl<'a> Index<'a> {
    /// The rows of these upstreams, or of their whole group where it failed as a whole, in the windows just before one.
    fn before(&self, keys: &BTreeSet<Arc<Key>>, start: i64, window: i64) -> Vec<&'a Row> {
        let first = start - BEFORE * window;
        let of = |key: &Arc<Key>| {
            let at = self.rows.partition_point(|row| (&*row.key, row.window) < (&**key, first));
            let key = Arc::clone(key);
            self.rows[at..].iter().take_while(move |row| row.key == key && row.window < start)
        };
        keys.iter().flat_map(of).collect()
    }

    /// Whether any of these servers answered a request at any time, as far as is known. A log that does not tell of requests does not tell of
    /// answers either.
    fn answered(&self, keys: &BTreeSet<Arc<Key>>) -> bool {
        let of = |key: &Arc<Key>| {
            let start = self.rows.partition_point(|row| *row.key < **key);
            let key = Arc::clone(key);
            self.rows[start..].iter().take_while(move |row| row.key == key)
        };
        let answered = |row: &Row| match (row.attempts, row.requests) {
            (Some(attempts), _) => attempts > row.failed_attempts,
            (None, Some(requests)) => requests > row.failures,
            (None, None) => true,
        };
        let servers = || keys.iter().filter(|key| !key.upstream.is_empty());
        servers().next().is_none() || servers().flat_map(of).any(answered)
    }

    /// The rows of these groups around that time that hold state lines.
    fn states(&self, keys: &BTreeSet<Arc<Key>>, windows: (i64, i64), window: i64) -> Vec<&'a Row> {
        let groups: BTreeSet<(&str, &str)> = keys.iter().map(|key| key.group()).collect();
        let lists = groups.iter().filter_map(|group| self.states.get(group));
        let near = |list: &'_ Vec<&'a Row>| {
            let start = list.partition_point(|row| row.window + SHADOW + window < windows.0);
            let rest = &list[start..];
            rest[..rest.partition_point(|row| row.window <= windows.1)].to_vec()
        };
        lists.flat_map(near).collect()
    }

    /// Requests by window at these upstreams, healthy windows between included: at their whole group where it failed as a whole, and at the
    /// whole proxy (then the flag is set) where requests of an upstream are not known but counted somewhere.
    fn requests(
        &self,
        places: &[usize],
        keys: &BTreeSet<Arc<Key>>,
        windows: (i64, i64),
    ) -> (Option<BTreeMap<i64, u64>>, bool) {
        let own = || places.iter().map(|&at| &self.rows[at]);
        if own().any(|row| row.uncounted) {
            return (None, false);
        }
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        let within = windows.0..=windows.1;
        if own().any(|row| row.requests.is_none()) {
            let of_proxy = keys.first().and_then(|key| self.of_proxy.get(key.proxy.as_str()));
            counts.extend(of_proxy.into_iter().flat_map(|counts| counts.range(within.clone())));
            return (Some(counts).filter(|counts| !counts.is_empty()), true);
        }
        let whole = keys.iter().filter(|key| key.upstream.is_empty() && !key.group.is_empty());
        let whole: BTreeSet<(&str, &str)> = whole.map(|key| key.group()).collect();
        for group in whole.iter().filter_map(|group| self.of_group.get(group)) {
            group.range(within.clone()).for_each(|(at, requests)| *counts.entry(*at).or_default() += requests);
        }
        for key in keys.iter().filter(|key| !whole.contains(&key.group())) {
            let start = self.rows.partition_point(|row| (&*row.key, row.window) < (&**key, windows.0));
            let rows = self.rows[start..].iter().take_while(|row| row.key == *key && row.window <= windows.1);
            rows.for_each(|row| *counts.entry(row.window).or_default() += row.requests.unwrap_or(0));
        }
        (Some(counts), false)
    }
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

/// Where servers were down, why they were: the heaviest other cause, or else what health checks say.
fn root_cause(causes: &[Weighed], evidence: &[Evidence], states: &[Evidence]) -> Option<Cause> {
    let first = causes.first()?;
    if first.cause != Cause::NoLiveUpstream {
        let took_group_down = causes.iter().any(|other| other.cause == Cause::NoLiveUpstream);
        return (took_group_down && is_root_cause(first.cause)).then_some(first.cause);
    }
    let began = |cause: Cause| evidence.iter().filter(|item| item.sign.cause == cause).map(|item| item.first).min();
    let shadow = began(first.cause)?;
    let in_logs = causes.iter().find(|other| {
        is_root_cause(other.cause) && began(other.cause).is_some_and(|start| start.seconds() <= shadow.seconds() + 1)
    });
    let by_checks = || {
        let mut found: Vec<&Evidence> = states.iter().filter(|item| is_root_cause(item.sign.cause)).collect();
        found.sort_by_key(|item| (std::cmp::Reverse(item.sign.strength), item.first, item.sign.kind));
        found.first().map(|item| item.sign.cause)
    };
    in_logs.map(|root| root.cause).or_else(by_checks)
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

/// The worst window: with the most failures (failed attempts, where the client saw none), then with the highest rate of them, then the
/// first.
fn peak(rows: &[Row], places: &[usize], requests: Option<&BTreeMap<i64, u64>>) -> Option<(i64, u64, Option<u64>)> {
    let mut windows: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for &at in places {
        let counts = windows.entry(rows[at].window).or_default();
        counts.0 += rows[at].failures;
        counts.1 += rows[at].failed_attempts;
    }
    let of = |at: i64| requests.and_then(|requests| requests.get(&at).copied());
    let fewest = |at: i64| std::cmp::Reverse(of(at).unwrap_or(u64::MAX));
    let worst = windows.into_iter().max_by_key(|&(at, counts)| (counts, fewest(at), std::cmp::Reverse(at)));
    worst.map(|(at, (failures, _))| (at, failures, of(at)))
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
