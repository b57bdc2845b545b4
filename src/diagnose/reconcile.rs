//! Brings together what access and error logs say of the same requests, so that no failure counts twice.
//!
//! An access log counts requests; an error log tells of failed attempts, and why they failed. So, for each proxy:
//!
//! 1. Where the access log names the upstream too, its numbers stay, and the error log's signs replace weaker ones as the reasons.
//! 2. Where the access log does not name upstreams (plain `combined`), its failures of a window move to the upstreams that the
//!    error log names for that window, status by status, at most one for each failed attempt that it tells of. What the error log
//!    does not explain stays without an upstream.
//!    Where a proxy's error log mostly names no upstream (Traefik's does where Go's error does not), its lines explain the
//!    failures of the only upstream that has any at the time.
//! 3. Where no access log covers the window, the error log's failed attempts are the failures, and rates are unknown.
//!
//! Before that, error lines that explain others give them their signs ([`companion`]).

use super::keys::Keys;
use super::{Key, companion, score::apportion};
use crate::aggregate::{
    Cell, Cells, Evidence, Histogram, PathNames, Paths, STATUS_COLUMNS, Series, Source, Trouble, status_column,
};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::format::Statuses;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, LazyLock},
};

/// What nearly all rows have.
static NO_TROUBLE: LazyLock<Trouble> = LazyLock::new(Trouble::default);

/// One upstream in one window, final. A small thing, since there may be millions: what went wrong stands apart.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which upstream.
    pub key: Arc<Key>,
    /// The start of the window, in seconds since the epoch.
    pub window: i64,
    /// Whether its failures are those of an error log alone: they are not among any requests that were counted.
    pub uncounted: bool,
    /// Whether an access log has a line here.
    accessed: bool,
    /// Whether that log has no place for the upstream.
    unnamed: bool,
    cell: Cell,
}

impl Row {
    /// A cell of `series`, not reconciled yet.
    fn new(key: Arc<Key>, series: &Series, window: i64, cell: Cell) -> Self {
        let accessed = cell.requests > 0 || cell.attempts > 0;
        let unnamed = accessed && !series.names_upstream;
        Self { key, window, uncounted: false, accessed, unnamed, cell }
    }

    /// Requests; `None` where only an error log tells of this upstream.
    #[must_use]
    pub fn requests(&self) -> Option<u64> {
        self.accessed.then_some(self.cell.requests)
    }

    /// Attempts; `None` where only an error log tells of this upstream, or where the layout does not tell of them.
    #[must_use]
    pub fn attempts(&self) -> Option<u64> {
        (self.accessed && (self.cell.attempts > 0 || !self.unnamed)).then_some(self.cell.attempts)
    }

    /// How long requests took.
    #[must_use]
    pub fn latency(&self) -> &Histogram {
        &self.cell.latency
    }

    /// What went wrong, as both logs tell it together; the failures of all evidence add up to the row's.
    #[must_use]
    pub fn trouble(&self) -> &Trouble {
        self.any_trouble().unwrap_or(&NO_TROUBLE)
    }

    /// The same; `None` where nothing did.
    #[must_use]
    pub fn any_trouble(&self) -> Option<&Trouble> {
        self.cell.trouble.as_deref()
    }

    /// Whether any request or attempt was answered. A log that does not tell of requests does not tell of answers either.
    pub(super) fn answered(&self) -> bool {
        match (self.attempts(), self.requests()) {
            (Some(attempts), _) => attempts > self.trouble().failed_attempts,
            (None, Some(requests)) => requests > self.trouble().failures,
            (None, None) => true,
        }
    }

    /// Whether anything failed.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        self.any_trouble().is_some_and(|trouble| trouble.failures > 0 || trouble.failed_attempts > 0)
    }
}

/// All rows, and how they came about.
#[derive(Default)]
pub(super) struct Reconciled {
    /// By key and window, those of hosts included: they have evidence alone.
    pub(super) rows: Vec<Row>,
    pub(super) error_log_only: Vec<String>,
    pub(super) paired: Vec<String>,
}

/// Which windows the access logs of each proxy cover, by how much they say of upstreams.
#[derive(Default)]
struct Coverage {
    /// The length of a window in seconds.
    window: i64,
    /// Windows with requests in a log that does not name upstreams.
    unnamed: Windows,
    /// Windows with requests in any access log.
    any: Windows,
}

/// Windows of each proxy, in order.
type Windows = BTreeMap<String, Vec<i64>>;

/// Makes rows of cells, whose series have `keys`.
pub(super) fn reconcile(
    series: &[Series],
    keys: &Keys,
    mut cells: Vec<Cells>,
    names: &PathNames,
    window: i64,
    statuses: &Statuses,
) -> Reconciled {
    companion::explain(keys, &mut cells, names);
    let mut rows = rows(series, keys, cells, names);
    let troubled: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].any_trouble().is_some()).collect();
    let told = troubled.iter().any(|&at| rows[at].told().next().is_some());
    // Most archives hold no error log: then there is nothing to bring together.
    if !told {
        troubled.iter().for_each(|&at| rows[at].finish(None, &Coverage::default(), names, statuses));
        return Reconciled { rows, ..Reconciled::default() };
    }
    let coverage = Coverage::of(&rows, window);
    let (error_log_only, paired) = pairing(&rows, &coverage);
    join_over_edges(&mut rows, names, statuses, window);
    let mut moved = move_to_upstreams(&mut rows, names, statuses, window);
    for (place, row) in rows.iter_mut().enumerate() {
        row.finish(moved.remove(&place), &coverage, names, statuses);
    }
    Reconciled { rows, error_log_only, paired }
}

/// One row for all cells with the same key and window, by key and window.
fn rows(series: &[Series], keys: &Keys, cells: Vec<Cells>, names: &PathNames) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(cells.iter().map(Vec::len).sum());
    let mut all: Vec<(u32, &Series, Cells)> =
        (0..).zip(series).zip(cells).map(|((id, series), cells)| (keys.rank(id), series, cells)).collect();
    all.sort_by_key(|(rank, ..)| *rank);
    let mut latest = (u32::MAX, 0);
    for (rank, series, cells) in all {
        // Several series may share a key.
        let is_same = rank == latest.0;
        latest = if is_same { latest } else { (rank, rows.len()) };
        let key = &keys.sorted()[rank as usize];
        rows.extend(cells.into_iter().map(|(window, cell)| Row::new(Arc::clone(key), series, window, cell)));
        if is_same {
            unite(&mut rows, latest.1, names);
        }
    }
    rows
}

/// Puts the rows of one key in order, which begin at `start`, and makes one of those of the same window.
fn unite(rows: &mut Vec<Row>, start: usize, names: &PathNames) {
    let mut own = rows.split_off(start);
    own.sort_by_key(|row| row.window);
    own.dedup_by(|more, all| {
        let same = more.window == all.window;
        if same {
            all.absorb(more, names);
        }
        same
    });
    rows.append(&mut own);
}

/// How far apart an error line and the access line of its request may be, in seconds: a timeout, and the retries after
/// it.
const REACH: i64 = 120;

/// Rule 1 over the edges of windows: what an error log tells of an upstream in a window without requests to it goes to
/// the nearest windows with failures that no line has been found for, the later one first, since a request is logged
/// when it ends. What finds none stays; a row of which nothing does is taken out.
fn join_over_edges(rows: &mut Vec<Row>, names: &PathNames, statuses: &Statuses, window: i64) {
    let is_alone = |row: &Row| (!row.accessed || row.is_nameless()) && row.told().next().is_some();
    let (nameless, alone): (Vec<usize>, Vec<usize>) =
        (0..rows.len()).filter(|&at| is_alone(&rows[at])).partition(|&at| rows[at].key.upstream.is_empty());
    let mut spent: BTreeSet<usize> = BTreeSet::new();
    for at in alone {
        let own = run_around(rows, at);
        let (middle, reach) = (rows[at].window, (REACH.max(lag(rows[at].key.kind)) / window).max(1));
        for near in (1..=reach).flat_map(|steps| [middle + steps * window, middle - steps * window]) {
            let Ok(host) = rows[own.clone()].binary_search_by_key(&near, |row| row.window) else { continue };
            if give(rows, at, own.start + host, names, statuses) {
                spent.insert(at);
                break;
            }
        }
    }
    spent.extend(join_nameless(rows, &nameless, names, statuses, window));
    if !spent.is_empty() {
        let mut places = 0..;
        rows.retain(|_| places.next().is_some_and(|place| !spent.contains(&place)));
    }
}

/// Gives what the error log tells at one row to another, as far as that has failures without a reason; says whether
/// nothing is left.
fn give(rows: &mut [Row], from: usize, to: usize, names: &PathNames, statuses: &Statuses) -> bool {
    let room = rows[to].room(statuses);
    if room > 0 {
        let part = rows[from].split_off(room, statuses);
        rows[to].cell.absorb(&part, names);
    }
    rows[from].told().next().is_none()
}

/// Places of rows, by window, of each proxy.
type Places = BTreeMap<String, BTreeMap<i64, Vec<usize>>>;

/// Gateways whose error log may name no upstream where the access log does. Their access line has the time at which the
/// request began, which is before the error line's.
const NAMELESS: [Proxy; 1] = [Proxy::TRAEFIK];

/// Rule 1 for lines about no upstream, those at `nameless`: they are about the only row of their proxy that has failures
/// without a reason, in their window or the nearest before it. Where there are several, nobody knows. What made no failure
/// of those that count stays where it is. Gives the rows of which nothing is left.
fn join_nameless(
    rows: &mut [Row],
    nameless: &[usize],
    names: &PathNames,
    statuses: &Statuses,
    window: i64,
) -> Vec<usize> {
    let from: Vec<usize> = nameless.iter().copied().filter(|&at| rows[at].is_nameless()).collect();
    if from.is_empty() {
        return Vec::new();
    }
    let failing = failing(rows, statuses);
    for &at in &from {
        let (key, middle) = (Arc::clone(&rows[at].key), rows[at].window);
        let Some(failing) = failing.get(&key.proxy) else { continue };
        let near = (0..=(REACH / window).max(1)).filter_map(|steps| failing.get(&(middle - steps * window)));
        for hosts in near {
            if !rows[at].tells_of_failures(statuses) {
                break;
            }
            let open: Vec<usize> = hosts.iter().copied().filter(|&host| rows[host].room(statuses) > 0).collect();
            match open[..] {
                [] => {}
                [host] => _ = give(rows, at, host, names, statuses),
                _ => break,
            }
        }
    }
    from.into_iter().filter(|&at| !rows[at].accessed && rows[at].any_trouble().is_none()).collect()
}

/// The rows of gateways such as [`NAMELESS`] that have failures without a reason.
fn failing(rows: &[Row], statuses: &Statuses) -> Places {
    let is_such = |row: &Row| NAMELESS.contains(&row.key.kind) && row.room(statuses) > 0;
    let such: Vec<usize> = (0..rows.len()).filter(|&at| is_such(&rows[at])).collect();
    let mut places = Places::new();
    for of_proxy in such.chunk_by(|&a, &b| rows[a].key.proxy == rows[b].key.proxy) {
        let windows = places.entry(rows[of_proxy[0]].key.proxy.clone()).or_default();
        of_proxy.iter().for_each(|&at| windows.entry(rows[at].window).or_default().push(at));
    }
    places
}

/// The places of all rows with the key of the one at `at`.
fn run_around(rows: &[Row], at: usize) -> Range<usize> {
    let key = &rows[at].key;
    rows[..at].partition_point(|row| row.key < *key)..at + rows[at..].partition_point(|row| row.key == *key)
}

/// How much later than the time of its access line a request's error line may be written, in seconds. Apache and
/// varnishncsa log a request with the time at which it came, and give up on it after a time limit; Debian's `Timeout` is
/// the longest in common use.
fn lag(kind: Proxy) -> i64 {
    if [Proxy::APACHE, Proxy::VARNISH].contains(&kind) { 300 } else { 0 }
}

impl Coverage {
    fn of(rows: &[Row], window: i64) -> Self {
        let mut coverage = Self { window, ..Self::default() };
        for rows in rows.chunk_by(|a, b| a.key.proxy == b.key.proxy).filter(|rows| rows.iter().any(|row| row.accessed))
        {
            let windows = |fits: fn(&Row) -> bool| {
                let mut windows: Vec<i64> = rows.iter().filter(|row| fits(row)).map(|row| row.window).collect();
                windows.sort_unstable();
                windows.dedup();
                windows
            };
            let proxy = &rows[0].key.proxy;
            coverage.any.insert(proxy.clone(), windows(|row| row.accessed));
            coverage.unnamed.insert(proxy.clone(), windows(|row| row.unnamed));
        }
        coverage
    }

    /// Whether the request that an error line at `at` tells of may be in one of `windows`.
    fn covers(&self, windows: &Windows, key: &Key, at: i64) -> bool {
        // An error line and its access line may fall on two sides of a window's edge.
        let (first, last) = (at - self.window.max(lag(key.kind)), at + self.window);
        let next = |windows: &Vec<i64>| windows.get(windows.partition_point(|start| *start < first)).copied();
        windows.get(&key.proxy).and_then(next).is_some_and(|next| next <= last)
    }
}

/// Proxies with an error log alone, and proxies whose two logs were read together.
fn pairing(rows: &[Row], coverage: &Coverage) -> (Vec<String>, Vec<String>) {
    let told = rows.iter().filter(|row| row.told().next().is_some());
    let with_error_log: BTreeSet<&String> = told.map(|row| &row.key.proxy).collect();
    let (paired, alone): (Vec<&String>, Vec<&String>) =
        with_error_log.into_iter().partition(|proxy| coverage.any.contains_key(*proxy));
    (alone.into_iter().cloned().collect(), paired.into_iter().cloned().collect())
}

impl Row {
    /// Adds what another series with this key has in this window, before they are reconciled.
    fn absorb(&mut self, other: &Self, names: &PathNames) {
        self.accessed |= other.accessed;
        self.unnamed |= other.unnamed;
        self.cell.absorb(&other.cell, names);
    }

    /// What the error log tells.
    fn told(&self) -> impl Iterator<Item = &Evidence> {
        let trouble = self.cell.trouble.iter();
        trouble.flat_map(|trouble| &trouble.evidence).filter(|item| item.source == Source::ErrorLog)
    }

    /// Whether its error lines may be about other rows, since their gateway often names no upstream. Requests that reached
    /// none and did not fail, such as those without a route, are no reason why they should not.
    fn is_nameless(&self) -> bool {
        self.key.upstream.is_empty() && NAMELESS.contains(&self.key.kind) && !self.is_troubled()
    }

    /// Whether the error log tells of attempts here that made failures of those that count.
    fn tells_of_failures(&self, statuses: &Statuses) -> bool {
        self.told().any(|item| statuses.contains(item.sign.status))
    }

    /// How many attempts more than it has an error log may tell of the failures in its access log.
    fn room(&self, statuses: &Statuses) -> u64 {
        let Some(trouble) = self.cell.trouble.as_deref().filter(|_| self.accessed) else { return 0 };
        let told = self.told().filter(|item| statuses.contains(item.sign.status)).map(|item| item.attempts).sum();
        trouble.failures.max(trouble.failed_attempts).saturating_sub(told)
    }

    /// Takes out what the error log tells of up to `most` attempts, and, of an upstream that it names, of all that made no
    /// failure of those that count. Requests stay.
    fn split_off(&mut self, most: u64, statuses: &Statuses) -> Cell {
        let mut part = Cell::default();
        let others = if self.key.upstream.is_empty() { 0 } else { u64::MAX };
        let Some(trouble) = self.cell.trouble.as_deref_mut() else { return part };
        let mut left = most;
        for item in trouble.evidence.iter_mut().filter(|item| item.source == Source::ErrorLog) {
            let counts = statuses.contains(item.sign.status);
            let most = if counts { left } else { others };
            let taken = item.attempts.min(most);
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
            part.trouble = self.cell.trouble.take();
        } else if others == 0 {
            // Nothing else happened here: neither requests nor attempts failed.
            let told = trouble.evidence.iter().filter(|item| item.source == Source::ErrorLog);
            trouble.slots = told.fold(0, |all, item| all | item.slots);
        }
        part
    }

    /// Brings both logs together. `moved` are failures that came here from requests without an upstream.
    fn finish(&mut self, moved: Option<Moved>, coverage: &Coverage, names: &PathNames, statuses: &Statuses) {
        if self.cell.trouble.is_none() {
            return;
        }
        let (has_upstream, covered) = (!self.key.upstream.is_empty(), self.is_covered(coverage));
        let trouble = self.cell.trouble();
        if self.accessed {
            trouble.explain(statuses, has_upstream, has_upstream && self.unnamed);
        } else {
            if !covered {
                trouble.count_told(statuses, names);
            }
            trouble.count_told_attempts(statuses, has_upstream);
        }
        let is_moved = moved.is_some();
        trouble.take_in(moved, names);
        self.uncounted = !self.accessed && !is_moved && trouble.failures > 0;
    }

    /// Whether an access log counts what an error log tells. An error log's line about an upstream is about a request in
    /// the access log, if that names the upstream at this time or never names any; a line about no upstream, if there is
    /// an access log at all.
    fn is_covered(&self, coverage: &Coverage) -> bool {
        let covers = |windows| coverage.covers(windows, &self.key, self.window);
        self.accessed || covers(&coverage.unnamed) || self.key.upstream.is_empty() && covers(&coverage.any)
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
        let explains = |item: &Evidence| item.failures + item.attempts > 0 || item.source != Source::Access;
        if self.evidence.iter().all(|item| item.source != Source::ErrorLog) {
            self.evidence.retain(explains);
            return;
        }
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
        let spent: Vec<Evidence> = self.evidence.extract_if(.., |item| !explains(item)).collect();
        // Error logs carry no durations: those of the access lines that they explain are theirs, or, of several, the
        // strongest's.
        let told = self.evidence.iter_mut().filter(|item| answered(item));
        if let Some(told) = told.min_by_key(|item| Reverse(item.attempts)) {
            for item in &spent {
                told.take_times(item.took, &item.times);
                // A failure has the time of its access line, whatever explains it.
                (told.first, told.last) = (told.first.min(item.first), told.last.max(item.last));
            }
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

/// An error log's sign at one upstream, which can explain as many failures as it tells of attempts.
struct Taker {
    /// The place of its row.
    place: usize,
    key: Arc<Key>,
    kind: &'static str,
    room: u64,
}

/// What can take failures in, by proxy, window and bucket.
type Takers = BTreeMap<String, BTreeMap<(i64, usize), Vec<Taker>>>;

/// Rule 2: moves failures of requests without an upstream to where the error log says they happened. Gives what moved by
/// the place of the row that it is to move to.
fn move_to_upstreams(rows: &mut [Row], names: &PathNames, statuses: &Statuses, window: i64) -> BTreeMap<usize, Moved> {
    let mut takers = Takers::new();
    let mut told_paths: BTreeMap<usize, Paths> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate().filter(|(_, row)| !row.accessed) {
        for item in row.told().filter(|item| statuses.contains(item.sign.status)) {
            let (kind, status, room) = (item.sign.kind, item.sign.status, item.attempts);
            let taker = Taker { place, key: Arc::clone(&row.key), kind, room };
            let of_proxy = takers.entry(row.key.proxy.clone()).or_default();
            of_proxy.entry((row.window, bucket(status))).or_default().push(taker);
            told_paths.entry(place).or_insert_with(|| row.trouble().told_paths.clone());
        }
    }
    if takers.is_empty() {
        return BTreeMap::new();
    }
    let mut givers: Vec<Giver<'_>> = rows.iter_mut().filter_map(Giver::new).collect();
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
    /// By the place of the row.
    told_paths: BTreeMap<usize, Paths>,
    moved: BTreeMap<usize, Moved>,
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
    fn new(row: &'a mut Row) -> Option<Self> {
        let Row { key, window, unnamed, cell, .. } = row;
        let trouble = cell.trouble.as_deref_mut()?;
        let gives = key.upstream.is_empty() && trouble.failures > 0;
        gives.then_some(Self { key, window: *window, unnamed: *unnamed, trouble })
    }

    /// Gives failures of a column to the upstreams that the error log names.
    fn give(&mut self, column: usize, takers: &mut Vec<Taker>, moving: &mut Moving<'_>) {
        let there = self.trouble.failures_in(column);
        if there == 0 {
            return;
        }
        // A log that names upstreams and names none here is about a request that reached none.
        let fits = |taker: &Taker| (self.unnamed || taker.key.upstream.is_empty()) && *taker.key != *self.key;
        let rooms: Vec<u64> = takers.iter().map(|taker| if fits(taker) { taker.room } else { 0 }).collect();
        let trouble = &mut *self.trouble;
        let given = trouble.give_failures(column, there.min(rooms.iter().sum()));
        let crawlers = trouble.share_of_crawlers(given);
        trouble.failures -= given;
        let shares = apportion(given, &rooms).into_iter().zip(apportion(crawlers, &rooms));
        for (taker, (share, crawlers)) in takers.iter_mut().zip(shares).filter(|(_, shares)| shares.0 > 0) {
            taker.room -= share;
            let moved = moving.moved.entry(taker.place).or_default();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::{Counts, Place, SeriesKey, Tally};
    use crate::cause::Seen;
    use crate::grammar::time::Stamp;

    /// What a thread has counted: requests at upstreams in minutes.
    fn tally(requests: &[(&str, i64)]) -> Tally {
        let mut tally = Tally::new(60);
        for (upstream, minute) in requests {
            let (host, group, upstream) = (&b""[..], &b"shop"[..], upstream.as_bytes());
            let key = SeriesKey { proxy: Proxy::NGINX, host, group, upstream, names_upstream: true };
            let series = tally.series_id(key);
            tally.cell(series, Stamp::from_seconds(minute * 60)).requests += 1;
        }
        tally
    }

    #[test]
    fn rows_are_in_order_whoever_counted() {
        let one = tally(&[("b", 2), ("a", 3), ("b", 1), ("b", 2)]);
        let other = tally(&[("c", 1), ("b", 2), ("a", 1)]);
        let Counts { series, cells, paths, .. } = one.merge(other).into_counts();
        let keys = Keys::new(&series, &cells);
        let rows = rows(&series, &keys, cells, &paths);
        let shown: Vec<_> =
            rows.iter().map(|row| (row.key.upstream.as_str(), row.window / 60, row.requests())).collect();
        assert_eq!(
            shown,
            [("a", 1, Some(1)), ("a", 3, Some(1)), ("b", 1, Some(1)), ("b", 2, Some(3)), ("c", 1, Some(1))]
        );
        assert!(rows.iter().all(|row| row.any_trouble().is_none() && row.trouble().evidence.is_empty()));
    }

    const fn sign(kind: &'static str, status: u16) -> Sign {
        Sign { kind, cause: Cause::Unknown, strength: Strength::Strong, says: "", seen: Seen::Field, status }
    }

    /// A row of Traefik's without an upstream, with three requests, at which its own log tells of one attempt with each of
    /// these signs, at these times.
    fn nameless(told: [(&'static Sign, u64); 2]) -> Row {
        let (proxy, group, upstream) = (Proxy::TRAEFIK.name().to_owned(), String::new(), String::new());
        let key = Arc::new(Key { proxy, group, upstream, kind: Proxy::TRAEFIK });
        let mut cell = Cell { requests: 3, ..Cell::default() };
        for (sign, slots) in told {
            let place = Place { input: 0, line: 1, text: &Vec::new };
            let evidence = cell.trouble().evidence_of(sign, Source::ErrorLog, Stamp::from_seconds(0), &place);
            (evidence.lines, evidence.attempts, evidence.slots) = (1, 1, slots);
            cell.trouble().slots |= slots;
        }
        Row { key, window: 0, uncounted: false, accessed: true, unnamed: false, cell }
    }

    #[test]
    fn what_stays_has_its_own_times() {
        static TIMEOUT: Sign = sign("a-timeout", 504);
        static BROKE_OFF: Sign = sign("broke-off", 500);
        let shown = |cell: &Cell| {
            let trouble = cell.trouble.as_deref().unwrap_or(&NO_TROUBLE);
            (trouble.evidence.iter().map(|item| item.sign.kind).collect::<Vec<_>>(), trouble.slots, cell.requests)
        };
        let mut row = nameless([(&TIMEOUT, 0b011), (&BROKE_OFF, 0b110)]);
        assert_eq!(shown(&row.split_off(9, &Statuses::gateway())).0, ["a-timeout"]);
        assert_eq!(shown(&row.cell), (vec!["broke-off"], 0b110, 3));
        // Where 500 counts, too, all goes, and requests stay.
        let mut statuses = Statuses::gateway();
        statuses.insert(500);
        let mut row = nameless([(&TIMEOUT, 0b011), (&BROKE_OFF, 0b110)]);
        assert_eq!(shown(&row.split_off(9, &statuses)), (vec!["a-timeout", "broke-off"], 0b111, 0));
        assert_eq!(shown(&row.cell), (vec![], 0, 3));
    }

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Row>() < 100, "{}", size_of::<Row>());
    }
}
