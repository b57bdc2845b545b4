//! Rule 2: failures of requests for which the access log names no upstream move to the upstreams that the error log
//! names.

use super::super::{Key, score::apportion};
use super::{
    Row,
    coverage::reach,
    reasons::{BUCKETS, bucket},
};
use crate::aggregate::{PathNames, Paths, Source, Trouble};
use crate::format::Statuses;
use std::{collections::BTreeMap, sync::Arc};

/// Failures that moved to an upstream from requests of which the access log names none.
#[derive(Default)]
pub(super) struct Moved {
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

/// Rule 2: moves failures of requests without an upstream to where the error log says they happened. Gives what moved
/// by the place of the row that it is to move to.
pub(super) fn move_to_upstreams(
    rows: &mut [Row],
    names: &PathNames,
    statuses: &Statuses,
    window: i64,
) -> BTreeMap<usize, Moved> {
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
    // First within the window, then over its edges, then where the error line comes earlier or later still, the nearest
    // first.
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
        let (middle, (before, after)) = (giver.window, reach(giver.key.kind, window));
        let mut far: Vec<_> = takers.range_mut((middle - before, 0)..=(middle + after, BUCKETS)).collect();
        far.sort_by_key(|((at, _), _)| (at - middle).abs());
        far.into_iter().for_each(|((_, column), takers)| giver.give(*column, takers, &mut moving));
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
    pub(super) fn failures_in(&self, column: usize) -> u64 {
        let others = self.failures - self.statuses.iter().sum::<u64>();
        self.statuses.get(column).copied().unwrap_or(others)
    }

    /// Takes up to `most` failures of a column from what the access log does not explain; gives how many there were.
    fn give_failures(&mut self, column: usize, most: u64) -> u64 {
        let given = self.give_up(&[(column, most)], |item| &mut item.failures)[0];
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

    /// Rule 2, at the upstream: takes in the failures that moved here.
    pub(super) fn take_in(&mut self, moved: Option<Moved>, names: &PathNames) {
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
}
