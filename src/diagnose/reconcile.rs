//! Brings together what access and error logs say of the same requests, so that no failure counts twice.
//!
//! An access log counts requests; an error log tells of failed attempts, and why they failed. So, for each proxy:
//!
//! 1. Where the access log names the upstream too, its numbers stay, and the error log's signs replace weaker ones as the reasons.
//! 2. Where the access log does not name upstreams (plain `combined`), its failures of a window move to the upstreams that the
//!    error log names for that window, status by status, at most one for each failed attempt that it tells of. What the error log
//!    does not explain stays without an upstream.
//! 3. Where no access log covers the window, the error log's failed attempts are the failures, and rates are unknown.
//!
//! Before that, error lines that explain others give them their signs ([`companion`]).

use super::{Key, companion, score::apportion};
use crate::aggregate::{
    Cell, Evidence, Histogram, PathNames, Paths, STATUS_COLUMNS, Series, Sketch, Source, Trouble, status_column,
};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::format::Statuses;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// One upstream in one window, final.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which upstream.
    pub key: Arc<Key>,
    /// The start of the window, in seconds since the epoch.
    pub window: i64,
    /// Requests; `None` where only an error log tells of this upstream.
    pub requests: Option<u64>,
    /// Whether its failures are those of an error log alone: they are not among any requests that were counted.
    pub uncounted: bool,
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
    /// In which 64ths of the window something failed: bit 0 is the first.
    pub slots: u64,
    /// The clients that met failures.
    pub clients: Sketch,
    /// The ids of failed requests.
    pub ids: Sketch,
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
    /// What happened on hosts: evidence alone.
    pub(super) hosts: Vec<Row>,
    pub(super) error_log_only: Vec<String>,
    pub(super) paired: Vec<String>,
}

/// What access logs and error logs say of one upstream in one window, before they are brought together.
#[derive(Default)]
struct Draft {
    /// Whether an access log has a line here.
    accessed: bool,
    /// Whether that log has no place for the upstream.
    unnamed: bool,
    cell: Cell,
}

type Drafts = BTreeMap<Place, Draft>;

/// Which windows the access logs of each proxy cover, by how much they say of upstreams.
#[derive(Default)]
struct Coverage {
    /// The length of a window in seconds.
    window: i64,
    /// Windows with requests in a log that does not name upstreams.
    unnamed: BTreeMap<String, BTreeSet<i64>>,
    /// Windows with requests in any access log.
    any: BTreeMap<String, BTreeSet<i64>>,
}

/// Makes rows of cells, whose series have `keys`.
pub(super) fn reconcile(
    series: &[Series],
    keys: &[Arc<Key>],
    mut cells: Vec<(u32, i64, Cell)>,
    names: &PathNames,
    window: i64,
    statuses: &Statuses,
) -> Reconciled {
    companion::explain(keys, &mut cells);
    let mut drafts = Drafts::new();
    for (id, at, cell) in cells {
        let draft = drafts.entry((Arc::clone(&keys[id as usize]), at)).or_default();
        draft.add(cell, &series[id as usize], names);
    }
    let told = drafts.values().any(|draft| draft.told().next().is_some());
    // Most archives hold no error log: then there is nothing to bring together.
    let coverage = if told { coverage(&drafts, window) } else { Coverage::default() };
    let (error_log_only, paired) = pairing(&drafts, &coverage);
    if told {
        join_over_edges(&mut drafts, names, statuses, window);
    }
    let mut moved = move_to_upstreams(&mut drafts, names, statuses, window);
    let rows = drafts.into_iter().map(|((key, at), draft)| {
        let moved = moved.remove(&(Arc::clone(&key), at));
        draft.finish(key, at, moved, &coverage, names, statuses)
    });
    let (hosts, rows) = rows.partition(|row| row.key.kind == Proxy::Host);
    Reconciled { rows, hosts, error_log_only, paired }
}

/// How far apart an error line and the access line of its request may be, in seconds: a timeout, and the retries after
/// it.
const REACH: i64 = 120;

/// Rule 1 over the edges of windows: what an error log tells of an upstream in a window without requests to it goes to
/// the nearest windows with failures that no line has been found for, the later one first, since a request is logged
/// when it ends. What finds none stays.
fn join_over_edges(drafts: &mut Drafts, names: &PathNames, statuses: &Statuses, window: i64) {
    let alone = drafts
        .iter()
        .filter(|(place, draft)| !place.0.upstream.is_empty() && !draft.accessed && draft.told().next().is_some());
    let alone: Vec<Place> = alone.map(|(place, _)| place.clone()).collect();
    for (key, at) in alone {
        let reach = (REACH.max(lag(key.kind)) / window).max(1);
        let near = (1..=reach).flat_map(|steps| [at + steps * window, at - steps * window]);
        for near in near.map(|near| (Arc::clone(&key), near)) {
            let room = drafts.get(&near).map_or(0, |host| host.room(statuses));
            if room == 0 {
                continue;
            }
            let Some(mut told) = drafts.remove(&(Arc::clone(&key), at)) else { break };
            let part = told.split_off(room, statuses);
            if let Some(host) = drafts.get_mut(&near) {
                host.cell.absorb(&part, names);
            }
            if told.told().next().is_some() {
                drafts.insert((Arc::clone(&key), at), told);
            }
        }
    }
}

/// How much later than the time of its access line a request's error line may be written, in seconds. Apache logs a
/// request with the time at which it came, and gives up on it after a time limit; Debian's `Timeout` is the longest in
/// common use.
const fn lag(kind: Proxy) -> i64 {
    if matches!(kind, Proxy::Apache) { 300 } else { 0 }
}

fn coverage(drafts: &Drafts, window: i64) -> Coverage {
    let mut coverage = Coverage { window, ..Coverage::default() };
    for ((key, at), draft) in drafts {
        if draft.accessed {
            coverage.any.entry(key.proxy.clone()).or_default().insert(*at);
        }
        if draft.unnamed {
            coverage.unnamed.entry(key.proxy.clone()).or_default().insert(*at);
        }
    }
    coverage
}

impl Coverage {
    /// Whether the request that an error line at `at` tells of may be in one of `windows`.
    fn covers(&self, windows: &BTreeMap<String, BTreeSet<i64>>, key: &Key, at: i64) -> bool {
        // An error line and its access line may fall on two sides of a window's edge.
        let (first, last) = (at - self.window.max(lag(key.kind)), at + self.window);
        windows.get(&key.proxy).is_some_and(|windows| windows.range(first..=last).next().is_some())
    }
}

/// Proxies with an error log alone, and proxies whose two logs were read together.
fn pairing(drafts: &Drafts, coverage: &Coverage) -> (Vec<String>, Vec<String>) {
    let told = |draft: &&Draft| draft.told().next().is_some();
    let with_error_log: BTreeSet<&String> =
        drafts.iter().filter(|(_, draft)| told(draft)).map(|((key, _), _)| &key.proxy).collect();
    let accessed: BTreeSet<&String> = coverage.any.keys().collect();
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

    /// How many attempts more than it has an error log may tell of the failures in its access log.
    fn room(&self, statuses: &Statuses) -> u64 {
        let Some(trouble) = self.cell.trouble.as_deref().filter(|_| self.accessed) else { return 0 };
        let told = self.told().filter(|item| statuses.contains(item.sign.status)).map(|item| item.attempts).sum();
        trouble.failures.max(trouble.failed_attempts).saturating_sub(told)
    }

    /// Takes out what the error log tells of up to `most` attempts, and of all for which no status was sent any more.
    fn split_off(&mut self, most: u64, statuses: &Statuses) -> Cell {
        let mut part = Cell::default();
        let Some(trouble) = self.cell.trouble.as_deref_mut() else { return part };
        let mut left = most;
        for item in trouble.evidence.iter_mut().filter(|item| item.source == Source::ErrorLog) {
            let counts = statuses.contains(item.sign.status);
            let taken = if counts { item.attempts.min(left) } else { item.attempts };
            if taken == 0 {
                continue;
            }
            left -= if counts { taken } else { 0 };
            let lines = item.lines.min(taken);
            let not_repeatable = item.not_repeatable.min(lines);
            part.trouble().add_evidence(Evidence { lines, attempts: taken, not_repeatable, ..item.clone() });
            item.attempts -= taken;
            item.lines -= lines;
            item.not_repeatable -= not_repeatable;
        }
        trouble.evidence.retain(|item| item.source != Source::ErrorLog || item.attempts > 0);
        // The last of it takes along when, to whom and on which paths it happened.
        if trouble.evidence.is_empty() {
            trouble.evidence = std::mem::take(&mut part.trouble().evidence);
            return std::mem::take(&mut self.cell);
        }
        part
    }

    /// The row that this makes. `moved` are failures that came here from requests without an upstream.
    fn finish(
        self,
        key: Arc<Key>,
        window: i64,
        moved: Option<Moved>,
        coverage: &Coverage,
        names: &PathNames,
        statuses: &Statuses,
    ) -> Row {
        // An error log's line about an upstream is about a request in the access log, if that names the upstream at
        // this time or never names any; a line about no upstream, if there is an access log at all.
        let anonymous = key.upstream.is_empty() && coverage.covers(&coverage.any, &key, window);
        let covered = self.accessed || coverage.covers(&coverage.unnamed, &key, window) || anonymous;
        let Cell { requests, attempts, latency, trouble } = self.cell;
        let mut trouble = trouble.map(|trouble| *trouble).unwrap_or_default();
        let has_upstream = !key.upstream.is_empty();
        if self.accessed {
            trouble.explain(statuses, has_upstream, has_upstream && self.unnamed);
        } else if covered {
            trouble.count_told_attempts(statuses, has_upstream);
        } else {
            trouble.count_told(statuses, names);
            trouble.count_told_attempts(statuses, has_upstream);
        }
        let is_moved = moved.is_some();
        trouble.take_in(moved, names);
        Row {
            key,
            window,
            uncounted: !self.accessed && !is_moved && trouble.failures > 0,
            requests: self.accessed.then_some(requests),
            failures: trouble.failures,
            statuses: trouble.statuses,
            // A layout without upstreams need not tell of attempts at all.
            attempts: (self.accessed && (attempts > 0 || !self.unnamed)).then_some(attempts),
            failed_attempts: trouble.failed_attempts,
            masked_failures: trouble.masked_failures,
            crawler_failures: trouble.crawler_failures,
            latency,
            paths: trouble.paths,
            evidence: trouble.evidence,
            slots: trouble.slots,
            clients: trouble.clients,
            ids: trouble.ids,
        }
    }
}

/// Whether an error log may know better than an access line with this sign. Which timer ran out is told from the fields
/// that have no value, and a TLS handshake leaves the same ones empty as a connection does.
fn is_open(sign: &Sign) -> bool {
    sign.strength < Strength::Conclusive || [Cause::ConnectTimeout, Cause::ResponseTimeout].contains(&sign.cause)
}

impl Trouble {
    /// Counts the attempts that the error log tells of. A line about no upstream tells of a request that made none: it
    /// is a failure, or, where its status is none, a failed attempt all the same.
    fn count_told_attempts(&mut self, statuses: &Statuses, has_upstream: bool) {
        for item in self.evidence.iter_mut().filter(|item| item.source == Source::ErrorLog) {
            if !has_upstream && statuses.contains(item.sign.status) {
                item.attempts = 0;
            }
            self.failed_attempts += item.attempts;
        }
    }

    /// Rule 1: gives the failures and attempts that access lines explain less than conclusively the error log's reasons
    /// instead. `only_last` is set where the access log names the last server that was tried, and no other (Apache's
    /// balancers): then attempts that only the error log tells of count too.
    fn explain(&mut self, statuses: &Statuses, has_upstream: bool, only_last: bool) {
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
            } else if only_last {
                self.failed_attempts += told[at] - attempts[at];
            } else {
                item.attempts = if has_upstream { attempts[at] } else { 0 };
            }
        }
        let (kept, spent): (Vec<Evidence>, Vec<Evidence>) = std::mem::take(&mut self.evidence)
            .into_iter()
            .partition(|item| item.failures + item.attempts > 0 || item.source != Source::Access);
        self.evidence = kept;
        // Error logs carry no durations: those of the access lines that they explain are theirs, or, of several, the
        // strongest's.
        let told = self.evidence.iter_mut().filter(|item| answered(item));
        if let Some(told) = told.min_by_key(|item| Reverse(item.attempts)) {
            spent.iter().for_each(|item| told.take_times(item.took, &item.times));
        }
    }

    /// Takes up to `wanted` of one count from the access log's evidence, the weakest first; gives how many there were.
    fn give_up(&mut self, wanted: u64, count: fn(&mut Evidence) -> &mut u64) -> u64 {
        let mut weak: Vec<&mut Evidence> =
            self.evidence.iter_mut().filter(|item| item.source == Source::Access && is_open(item.sign)).collect();
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
    fn take_in(&mut self, moved: Option<Moved>, names: &PathNames) {
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
        self.paths.absorb(&moved.paths, names);
        self.clients.merge(&self.told_clients);
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
        self.clients.merge(&self.told_clients);
    }
}

/// The columns of statuses, and one more for those without a column.
const BUCKETS: usize = STATUS_COLUMNS + 1;

/// The bucket of a status.
fn bucket(status: u16) -> usize {
    status_column(status).unwrap_or(STATUS_COLUMNS)
}

/// Failures that moved to an upstream from requests of which the access log names none.
#[derive(Default)]
struct Moved {
    statuses: [u64; BUCKETS],
    crawler_failures: u64,
    paths: Paths,
    /// By the kind of the sign that explains them.
    by_kind: BTreeMap<&'static str, u64>,
}

type Place = (Arc<Key>, i64);

/// An error log's sign at one upstream, which can explain as many failures as it tells of attempts.
struct Taker {
    place: Place,
    kind: &'static str,
    room: u64,
}

/// What can take failures in, by proxy, window and bucket.
type Takers = BTreeMap<String, BTreeMap<(i64, usize), Vec<Taker>>>;

/// Rule 2: moves failures of requests without an upstream to where the error log says they happened.
fn move_to_upstreams(
    drafts: &mut Drafts,
    names: &PathNames,
    statuses: &Statuses,
    window: i64,
) -> BTreeMap<Place, Moved> {
    let mut takers = Takers::new();
    let mut told_paths: BTreeMap<Place, Paths> = BTreeMap::new();
    for ((key, at), draft) in drafts.iter().filter(|(_, draft)| !draft.accessed) {
        let place = (Arc::clone(key), *at);
        for item in draft.told().filter(|item| statuses.contains(item.sign.status)) {
            let (kind, status, room) = (item.sign.kind, item.sign.status, item.attempts);
            let taker = Taker { place: place.clone(), kind, room };
            let of_proxy = takers.entry(key.proxy.clone()).or_default();
            of_proxy.entry((*at, bucket(status))).or_default().push(taker);
        }
        told_paths.extend(draft.cell.trouble.iter().map(|trouble| (place.clone(), trouble.told_paths.clone())));
    }
    let mut givers: Vec<Giver<'_>> = drafts.iter_mut().filter_map(Giver::new).collect();
    let mut moving = Moving { names, told_paths, moved: BTreeMap::new() };
    // First within the window, then over its edges, then where the error line comes late.
    for near in [0, -window, window] {
        for giver in &mut givers {
            let Some(takers) = takers.get_mut(&giver.key.proxy) else { continue };
            for column in 0..BUCKETS {
                let found = takers.get_mut(&(giver.window + near, column));
                found.into_iter().for_each(|takers| giver.give(column, takers, &mut moving));
            }
        }
    }
    for giver in &mut givers {
        let Some(takers) = takers.get_mut(&giver.key.proxy) else { continue };
        let (first, last) = (giver.window + 2 * window, giver.window + lag(giver.key.kind));
        if first <= last {
            let late = takers.range_mut((first, 0)..=(last, BUCKETS));
            late.for_each(|((_, column), takers)| giver.give(*column, takers, &mut moving));
        }
    }
    moving.moved
}

/// What failures need on their way, and where they have gone.
struct Moving<'a> {
    names: &'a PathNames,
    told_paths: BTreeMap<Place, Paths>,
    moved: BTreeMap<Place, Moved>,
}

/// Failures of requests for which an access log names no upstream.
struct Giver<'a> {
    key: &'a Key,
    window: i64,
    /// Whether that log has no place for the upstream.
    unnamed: bool,
    trouble: &'a mut Trouble,
}

impl<'a> Giver<'a> {
    fn new(((key, window), draft): (&'a Place, &'a mut Draft)) -> Option<Self> {
        let trouble = draft.cell.trouble.as_deref_mut()?;
        let gives = key.upstream.is_empty() && trouble.failures > 0;
        gives.then_some(Self { key, window: *window, unnamed: draft.unnamed, trouble })
    }

    /// Gives failures of a column to the upstreams that the error log names.
    fn give(&mut self, column: usize, takers: &mut Vec<Taker>, moving: &mut Moving<'_>) {
        let there = self.trouble.failures_in(column);
        if there == 0 {
            return;
        }
        // A log that names upstreams and names none here is about a request that reached none.
        let fits = |taker: &Taker| (self.unnamed || taker.place.0.upstream.is_empty()) && *taker.place.0 != *self.key;
        let rooms: Vec<u64> = takers.iter().map(|taker| if fits(taker) { taker.room } else { 0 }).collect();
        let trouble = &mut *self.trouble;
        let given = trouble.give_failures(column, there.min(rooms.iter().sum()));
        let crawlers = trouble.share_of_crawlers(given);
        trouble.failures -= given;
        let shares = apportion(given, &rooms).into_iter().zip(apportion(crawlers, &rooms));
        for (taker, (share, crawlers)) in takers.iter_mut().zip(shares).filter(|(_, shares)| shares.0 > 0) {
            taker.room -= share;
            let moved = moving.moved.entry(taker.place.clone()).or_default();
            moved.statuses[column] += share;
            moved.crawler_failures += crawlers;
            if let Some(told) = moving.told_paths.get(&taker.place) {
                moved.paths.absorb(&trouble.paths.take(told, share), moving.names);
            }
            *moved.by_kind.entry(taker.kind).or_default() += share;
        }
        takers.retain(|taker| taker.room > 0);
        trouble.evidence.retain(|item| item.failures + item.attempts > 0 || item.source != Source::Access);
    }
}

impl Trouble {
    /// Failures of a column.
    fn failures_in(&self, column: usize) -> u64 {
        let others = self.failures - self.statuses.iter().sum::<u64>();
        self.statuses.get(column).copied().unwrap_or(others)
    }

    /// Takes up to `most` failures of a column from what the access log does not explain; gives how many there were.
    fn give_failures(&mut self, column: usize, most: u64) -> u64 {
        let given = self.give_up(most, |item| &mut item.failures);
        if let Some(count) = self.statuses.get_mut(column) {
            *count -= given;
        }
        given
    }

    /// Takes the part of the crawlers' failures that goes with `given` of all failures.
    fn share_of_crawlers(&mut self, given: u64) -> u64 {
        let Some(kept) = self.failures.checked_sub(given).filter(|_| self.failures > 0) else { return 0 };
        let share = apportion(self.crawler_failures, &[given, kept])[0];
        self.crawler_failures -= share;
        share
    }
}
