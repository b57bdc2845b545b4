//! Brings together what access and error logs say of the same requests, so that no failure counts twice.
//!
//! An access log counts requests; an error log tells of failed attempts, and why they failed. So, for each proxy:
//!
//! 1. Where the access log names the upstream too, its numbers stay, and the error log's signs replace weaker ones as the reasons.
//! 2. Where the access log does not name upstreams (plain `combined`), its failures of a window move to the upstreams that the
//!    error log names for that window, status by status, at most one for each failed attempt that it tells of. What the error log
//!    does not explain stays without an upstream.
//! 3. Where no access log covers the window, the error log's failed attempts are the failures, and rates are unknown.

use super::score::apportion;
use crate::aggregate::{
    Cell, Evidence, Histogram, PathNames, Paths, STATUS_COLUMNS, Series, Source, Trouble, status_column,
};
use crate::cause::{Proxy, Strength};
use crate::format::Statuses;
use crate::grammar::time::Stamp;
use crate::show;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What rows are told apart by, besides the window. Orders as reports do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The gateway's kind, with `@host` where an envelope names the host.
    pub proxy: String,
    /// What it balances over.
    pub group: String,
    /// The server; empty where a request went to none, or where the log does not say.
    pub upstream: String,
    /// The gateway's kind.
    pub kind: Proxy,
}

impl Key {
    /// The group, with the proxy that it belongs to.
    pub(super) fn group(&self) -> (&str, &str) {
        (&self.proxy, &self.group)
    }
}

/// One upstream in one window, final.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which upstream.
    pub key: Arc<Key>,
    /// The start of the window, in seconds since the epoch.
    pub window: i64,
    /// Requests; `None` where only an error log tells of this upstream.
    pub requests: Option<u64>,
    /// Requests that ended in a gateway status.
    pub failures: u64,
    /// Of those, how many with a status of each column.
    pub statuses: [u64; STATUS_COLUMNS],
    /// Attempts; `None` where only an error log tells of this upstream.
    pub attempts: Option<u64>,
    /// Attempts that failed.
    pub failed_attempts: u64,
    /// Failed attempts whose request a retry saved.
    pub masked_failures: u64,
    /// Failures that a search engine's crawler met.
    pub crawler_failures: u64,
    /// How long requests took.
    pub latency: Histogram,
    /// Paths of failed requests.
    pub paths: Paths,
    /// What speaks for which cause; the failures of all add up to the row's.
    pub evidence: Vec<Evidence>,
}

impl Row {
    /// Whether anything failed.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        self.failures > 0 || self.failed_attempts > 0
    }
}

/// All rows, and how they came about.
pub(super) struct Reconciled {
    pub(super) rows: Vec<Row>,
    pub(super) error_log_only: Vec<String>,
    pub(super) paired: Vec<String>,
    pub(super) seen: Seen,
}

/// When each upstream was first and last seen.
pub(super) type Seen = BTreeMap<Arc<Key>, (Stamp, Stamp)>;

/// What access logs and error logs say of one upstream in one window, before they are brought together.
#[derive(Default)]
struct Draft {
    /// Whether an access log has a line here.
    accessed: bool,
    /// Whether that log has no place for the upstream.
    unnamed: bool,
    cell: Cell,
}

type Drafts = BTreeMap<(Arc<Key>, i64), Draft>;

/// Which windows the access logs of each proxy cover, by how much they say of upstreams.
#[derive(Default)]
struct Coverage {
    /// Windows with requests in a log that does not name upstreams.
    unnamed: BTreeSet<(String, i64)>,
    /// Windows with requests in any access log.
    any: BTreeSet<(String, i64)>,
}

/// Makes rows of cells.
pub(super) fn reconcile(
    series: Vec<Series>,
    cells: Vec<(u32, i64, Cell)>,
    names: &PathNames,
    window: i64,
    statuses: &Statuses,
) -> Reconciled {
    let keys: Vec<Arc<Key>> = keys(&series, &cells).into_iter().map(Arc::new).collect();
    let seen = seen(&series, &keys);
    let mut drafts = Drafts::new();
    for (id, at, cell) in cells {
        let draft = drafts.entry((keys[id as usize].clone(), at)).or_default();
        draft.add(cell, &series[id as usize], names);
    }
    let coverage = coverage(&drafts, window);
    let (error_log_only, paired) = pairing(&drafts, &coverage);
    let moved = move_to_upstreams(&mut drafts, statuses, window);
    let rows = drafts.into_iter().map(|((key, at), draft)| {
        let moved = moved.get(&(key.clone(), at));
        draft.finish(key, at, moved, &coverage, names, statuses)
    });
    Reconciled { rows: rows.collect(), error_log_only, paired, seen }
}

/// The key of each series. Error logs name the group by the virtual server; where an access log names the same upstream, they
/// share one key, and the group is whichever is known.
fn keys(series: &[Series], cells: &[(u32, i64, Cell)]) -> Vec<Key> {
    let mut keys: Vec<Key> = series.iter().map(key).collect();
    let mut accessed = vec![false; series.len()];
    for (id, _, cell) in cells {
        accessed[*id as usize] |= cell.requests + cell.attempts > 0;
    }
    // By proxy and upstream: the groups that error logs and access logs name.
    let mut told: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut named: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (key, accessed) in keys.iter().zip(&accessed).filter(|(key, _)| !key.upstream.is_empty()) {
        let groups = if *accessed { &mut named } else { &mut told };
        groups.entry((&key.proxy, &key.upstream)).or_default().insert(&key.group);
    }
    let only = |groups: &BTreeMap<(&str, &str), BTreeSet<&str>>, key: &Key| {
        let groups = groups.get(&(key.proxy.as_str(), key.upstream.as_str()))?;
        let mut known = groups.iter().filter(|group| !group.is_empty());
        Some((known.next().map(|group| (*group).to_owned()), known.next().is_none()))
    };
    let groups: Vec<Option<String>> = keys
        .iter()
        .map(|key| {
            // The access log's group where it has one; else the error log's, where all its lines agree.
            match (only(&named, key)?, only(&told, key)) {
                ((Some(group), true), _) => Some(group),
                ((None, _), Some((Some(group), true))) => Some(group),
                ((None, _), _) => Some(String::new()),
                ((Some(first), false), _) => (!accessed_group(&named, key)).then_some(first),
            }
        })
        .collect();
    for (key, group) in keys.iter_mut().zip(groups) {
        if let (Some(group), false) = (group, key.upstream.is_empty()) {
            key.group = group;
        }
    }
    keys
}

/// Whether an access log names this key with this very group.
fn accessed_group(named: &BTreeMap<(&str, &str), BTreeSet<&str>>, key: &Key) -> bool {
    named.get(&(key.proxy.as_str(), key.upstream.as_str())).is_some_and(|groups| groups.contains(key.group.as_str()))
}

fn key(series: &Series) -> Key {
    let kind = series.proxy;
    let host = show::text(&series.host);
    // nginx's catch-all server has no name of its own.
    let group = if kind == Proxy::Nginx && &*series.group == b"_" { String::new() } else { show::text(&series.group) };
    Key {
        proxy: if host.is_empty() { kind.name().to_owned() } else { format!("{}@{host}", kind.name()) },
        group,
        upstream: show::upstream_name(kind, &series.group, &series.upstream),
        kind,
    }
}

fn seen(series: &[Series], keys: &[Arc<Key>]) -> Seen {
    let mut seen = Seen::new();
    for (series, key) in
        series.iter().zip(keys).filter(|(series, _)| series.first <= series.last && !series.first.is_yearless())
    {
        let span = seen.entry(Arc::clone(key)).or_insert((series.first, series.last));
        *span = (span.0.min(series.first), span.1.max(series.last));
    }
    seen
}

fn coverage(drafts: &Drafts, window: i64) -> Coverage {
    let mut coverage = Coverage::default();
    for ((key, at), draft) in drafts {
        // An error line and its access line may fall on two sides of a window's edge.
        for near in [at - window, *at, at + window] {
            if draft.accessed {
                coverage.any.insert((key.proxy.clone(), near));
            }
            if draft.unnamed {
                coverage.unnamed.insert((key.proxy.clone(), near));
            }
        }
    }
    coverage
}

/// Proxies with an error log alone, and proxies whose two logs were read together.
fn pairing(drafts: &Drafts, coverage: &Coverage) -> (Vec<String>, Vec<String>) {
    let told = |draft: &&Draft| draft.told().next().is_some();
    let with_error_log: BTreeSet<&String> =
        drafts.iter().filter(|(_, draft)| told(draft)).map(|((key, _), _)| &key.proxy).collect();
    let accessed: BTreeSet<&String> = coverage.any.iter().map(|(proxy, _)| proxy).collect();
    let (paired, alone): (Vec<&String>, Vec<&String>) =
        with_error_log.into_iter().partition(|proxy| accessed.contains(proxy));
    (alone.into_iter().cloned().collect(), paired.into_iter().cloned().collect())
}

impl Draft {
    fn add(&mut self, cell: Cell, series: &Series, names: &PathNames) {
        let accessed = cell.requests + cell.attempts > 0;
        self.accessed |= accessed;
        self.unnamed |= accessed && !series.names_upstream;
        self.cell.absorb(&cell, names);
    }

    /// What the error log tells.
    fn told(&self) -> impl Iterator<Item = &Evidence> {
        let trouble = self.cell.trouble.iter();
        trouble.flat_map(|trouble| &trouble.evidence).filter(|item| item.source == Source::ErrorLog)
    }

    /// The row that this makes. `moved` are failures that came here from requests without an upstream.
    fn finish(
        self,
        key: Arc<Key>,
        window: i64,
        moved: Option<&Moved>,
        coverage: &Coverage,
        names: &PathNames,
        statuses: &Statuses,
    ) -> Row {
        let place = (key.proxy.clone(), window);
        // An error log's line about an upstream is about a request in the access log, if that names the upstream at
        // this time or never names any; a line about no upstream, if there is an access log at all.
        let anonymous = key.upstream.is_empty() && coverage.any.contains(&place);
        let covered = self.accessed || coverage.unnamed.contains(&place) || anonymous;
        let Cell { requests, attempts, latency, trouble } = self.cell;
        let mut trouble = trouble.map(|trouble| *trouble).unwrap_or_default();
        let has_upstream = !key.upstream.is_empty();
        if self.accessed {
            trouble.explain(statuses, has_upstream);
        } else if covered {
            trouble.count_told_attempts(statuses, has_upstream);
        } else {
            trouble.count_told(statuses, names);
            trouble.count_told_attempts(statuses, has_upstream);
        }
        trouble.take_in(moved);
        Row {
            key,
            window,
            requests: self.accessed.then_some(requests),
            failures: trouble.failures,
            statuses: trouble.statuses,
            attempts: self.accessed.then_some(attempts),
            failed_attempts: trouble.failed_attempts,
            masked_failures: trouble.masked_failures,
            crawler_failures: trouble.crawler_failures,
            latency,
            paths: trouble.paths,
            evidence: trouble.evidence,
        }
    }
}

impl Trouble {
    /// Counts the attempts that the error log tells of. A line about no upstream tells of a request that made none: it is a failure,
    /// or, where its status is none, a failed attempt all the same.
    fn count_told_attempts(&mut self, statuses: &Statuses, has_upstream: bool) {
        for item in self.evidence.iter_mut().filter(|item| item.source == Source::ErrorLog) {
            if !has_upstream && statuses.contains(item.sign.status) {
                item.attempts = 0;
            }
            self.failed_attempts += item.attempts;
        }
    }

    /// Rule 1: gives the failures and attempts that access lines explain less than conclusively the error log's reasons instead.
    fn explain(&mut self, statuses: &Statuses, has_upstream: bool) {
        let answered = |item: &Evidence| item.source == Source::ErrorLog && statuses.contains(item.sign.status);
        let told: Vec<u64> = self.evidence.iter().map(|item| if answered(item) { item.attempts } else { 0 }).collect();
        let available: u64 = told.iter().sum();
        let failures = apportion(self.give_up(available, |item| &mut item.failures), &told);
        let attempts = apportion(self.give_up(available, |item| &mut item.attempts), &told);
        for (at, item) in self.evidence.iter_mut().enumerate().filter(|(_, item)| item.source == Source::ErrorLog) {
            item.failures += failures[at];
            // A response that broke off in its body was no failed attempt to the access log.
            if told[at] == 0 {
                self.failed_attempts += item.attempts;
            } else {
                item.attempts = if has_upstream { attempts[at] } else { 0 };
            }
        }
        self.evidence.retain(|item| item.failures + item.attempts > 0 || item.source != Source::Access);
    }

    /// Takes up to `wanted` of one count from the access log's evidence, the weakest first; gives how many there were.
    fn give_up(&mut self, wanted: u64, count: fn(&mut Evidence) -> &mut u64) -> u64 {
        let mut weak: Vec<&mut Evidence> = self
            .evidence
            .iter_mut()
            .filter(|item| item.source == Source::Access && item.sign.strength < Strength::Conclusive)
            .collect();
        weak.sort_by_key(|item| (item.sign.strength, item.sign.kind));
        let mut left = wanted;
        for item in weak {
            let count = count(item);
            let taken = left.min(*count);
            *count -= taken;
            left -= taken;
        }
        wanted - left
    }

    /// Rule 2, at the upstream: takes in the failures that moved here.
    fn take_in(&mut self, moved: Option<&Moved>) {
        let Some(moved) = moved else { return };
        for (kind, failures) in &moved.by_kind {
            let told = self.evidence.iter_mut().find(|item| item.source == Source::ErrorLog && item.sign.kind == *kind);
            if let Some(item) = told {
                item.failures += failures;
            }
        }
        self.failures += moved.statuses.iter().sum::<u64>();
        for (mine, theirs) in self.statuses.iter_mut().zip(moved.statuses) {
            *mine += theirs;
        }
        self.crawler_failures += moved.crawler_failures;
        self.paths = self.told_paths.clone();
    }

    /// Rule 3: with no access log, what the error log tells are the failures.
    fn count_told(&mut self, statuses: &Statuses, names: &PathNames) {
        for item in self.evidence.iter_mut().filter(|item| item.source == Source::ErrorLog) {
            if statuses.contains(item.sign.status) {
                item.failures = item.attempts;
                self.failures += item.attempts;
                if let Some(column) = status_column(item.sign.status) {
                    self.statuses[column] += item.attempts;
                }
            }
        }
        self.paths.absorb(&self.told_paths, names);
    }
}

/// Failures that moved to an upstream from requests of which the access log names none.
#[derive(Default)]
struct Moved {
    statuses: [u64; STATUS_COLUMNS],
    crawler_failures: u64,
    /// By the kind of the sign that explains them.
    by_kind: BTreeMap<&'static str, u64>,
}

/// An error log's sign at one upstream, which can explain as many failures as it tells of attempts.
struct Taker {
    place: (Arc<Key>, i64),
    kind: &'static str,
    status: u16,
    room: u64,
}

/// Rule 2: moves failures of requests without an upstream to where the error log says they happened.
fn move_to_upstreams(drafts: &mut Drafts, statuses: &Statuses, window: i64) -> BTreeMap<(Arc<Key>, i64), Moved> {
    let mut takers: BTreeMap<(String, i64), Vec<Taker>> = BTreeMap::new();
    for ((key, at), draft) in drafts.iter().filter(|(_, draft)| !draft.accessed) {
        for item in draft.told().filter(|item| statuses.contains(item.sign.status)) {
            let taker = Taker {
                place: (key.clone(), *at),
                kind: item.sign.kind,
                status: item.sign.status,
                room: item.attempts,
            };
            takers.entry((key.proxy.clone(), *at)).or_default().push(taker);
        }
    }
    let mut moved = BTreeMap::new();
    if takers.is_empty() {
        return moved;
    }
    // First within the window, then over its edges.
    for near in [0, -window, window] {
        for ((key, at), draft) in drafts.iter_mut() {
            let Some(takers) = takers.get_mut(&(key.proxy.clone(), at + near)) else { continue };
            draft.give(key, takers, &mut moved);
        }
    }
    moved
}

impl Draft {
    /// Gives failures to the upstreams that the error log names.
    fn give(&mut self, key: &Key, takers: &mut [Taker], moved: &mut BTreeMap<(Arc<Key>, i64), Moved>) {
        let unnamed = self.unnamed;
        let Some(trouble) = self.cell.trouble.as_deref_mut().filter(|_| key.upstream.is_empty()) else { return };
        for column in 0..STATUS_COLUMNS {
            // A log that names upstreams and names none here is about a request that reached none.
            let fits = |taker: &Taker| {
                status_column(taker.status) == Some(column)
                    && (unnamed || taker.place.0.upstream.is_empty())
                    && *taker.place.0 != *key
            };
            let rooms: Vec<u64> = takers.iter().map(|taker| if fits(taker) { taker.room } else { 0 }).collect();
            let wanted = trouble.statuses[column].min(rooms.iter().sum());
            let given = trouble.give_up(wanted, |item| &mut item.failures);
            let crawlers = trouble.share_of_crawlers(given);
            for ((taker, share), crawlers) in takers
                .iter_mut()
                .zip(apportion(given, &rooms))
                .zip(apportion(crawlers, &rooms))
                .filter(|both| both.0.1 > 0)
            {
                taker.room -= share;
                let moved = moved.entry(taker.place.clone()).or_default();
                moved.statuses[column] += share;
                moved.crawler_failures += crawlers;
                *moved.by_kind.entry(taker.kind).or_default() += share;
            }
            trouble.failures -= given;
            trouble.statuses[column] -= given;
        }
        trouble.evidence.retain(|item| item.failures + item.attempts > 0 || item.source != Source::Access);
        if trouble.failures == 0 {
            trouble.paths = Paths::default();
        }
    }
}

impl Trouble {
    /// Takes the part of the crawlers' failures that goes with `given` of all failures.
    fn share_of_crawlers(&mut self, given: u64) -> u64 {
        let Some(kept) = self.failures.checked_sub(given).filter(|_| self.failures > 0) else { return 0 };
        let share = apportion(self.crawler_failures, &[given, kept])[0];
        self.crawler_failures -= share;
        share
    }
}
