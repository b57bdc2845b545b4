//! What building an incident looks up in all rows, made once.

use super::super::keys::{Key, Seen};
use super::super::reconcile::Row;
use super::super::score::Weighed;
use super::SHADOW;
use crate::aggregate::Source;
use crate::cause::{Cause, Proxy};
use crate::grammar::time::Stamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How many windows before an incident are looked at for what led up to it.
const BEFORE: i64 = 10;

/// A proxy and one of its groups.
type Group<'a> = (&'a str, &'a str);

/// What building an incident looks up, made once.
pub(super) struct Index<'a> {
    pub(super) rows: &'a [Row],
    /// All servers that were seen of each group.
    pub(super) servers: BTreeMap<Group<'a>, BTreeSet<&'a str>>,
    /// The rows with state lines of each group, by window.
    pub(super) states: BTreeMap<Group<'a>, Vec<&'a Row>>,
    /// The rows with lines about a proxy's own limits, by window.
    of_process: BTreeMap<&'a str, Vec<&'a Row>>,
    /// Requests of each group by window.
    pub(super) of_group: BTreeMap<Group<'a>, BTreeMap<i64, u64>>,
    /// Requests of each proxy by window.
    pub(super) of_proxy: BTreeMap<&'a str, BTreeMap<i64, u64>>,
    /// How many groups with requests each proxy names.
    named: BTreeMap<&'a str, usize>,
    /// When each proxy was first and last seen.
    spans: BTreeMap<&'a str, (Stamp, Stamp)>,
    /// Attempts at servers of each group by window: how many, and how many of them failed.
    attempts: BTreeMap<Group<'a>, BTreeMap<i64, (u64, u64)>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(rows: &'a [Row], seen: &'a Seen) -> Self {
        let mut index = Self {
            rows,
            servers: BTreeMap::new(),
            states: BTreeMap::new(),
            of_process: BTreeMap::new(),
            of_group: BTreeMap::new(),
            of_proxy: BTreeMap::new(),
            attempts: BTreeMap::new(),
            named: BTreeMap::new(),
            spans: BTreeMap::new(),
        };
        for (key, &(first, last)) in seen {
            let span = index.spans.entry(key.proxy.as_str()).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
        for run in rows.chunk_by(|a, b| a.key.group() == b.key.group()) {
            let group = run[0].key.group();
            let servers = run.iter().map(|row| row.key.upstream.as_str()).filter(|server| !server.is_empty());
            index.servers.insert(group, servers.collect());
            let tells = |row: &&Row| row.evidence.iter().any(|item| item.source == Source::State);
            let mut states: Vec<&Row> = run.iter().filter(tells).collect();
            states.sort_by_key(|row| row.window);
            let of_process = states.iter().filter(|row| tells_of_proxy(row));
            index.of_process.entry(group.0).or_default().extend(of_process);
            index.states.insert(group, states);
            let is_named = !group.1.is_empty() && run.iter().any(|row| row.requests.is_some());
            *index.named.entry(group.0).or_default() += usize::from(is_named);
            let attempts = index.attempts.entry(group).or_default();
            for row in run.iter().filter(|row| !row.key.upstream.is_empty()) {
                let counts = attempts.entry(row.window).or_default();
                counts.0 += row.attempts.unwrap_or(0);
                counts.1 += row.failed_attempts;
            }
            let (group, proxy) = (index.of_group.entry(group).or_default(), index.of_proxy.entry(group.0).or_default());
            for (row, requests) in run.iter().filter_map(|row| Some((row, row.requests?))) {
                *group.entry(row.window).or_default() += requests;
                *proxy.entry(row.window).or_default() += requests;
            }
        }
        index.of_process.values_mut().for_each(|rows| rows.sort_by_key(|row| row.window));
        index
    }

    /// The rows of these upstreams, or of their whole group where it failed as a whole, in the windows just before one.
    pub(super) fn before(&self, keys: &BTreeSet<Arc<Key>>, start: i64, window: i64) -> Vec<&'a Row> {
        let first = start - BEFORE * window;
        let of = |key: &Arc<Key>| {
            let at = self.rows.partition_point(|row| (&*row.key, row.window) < (&**key, first));
            let key = Arc::clone(key);
            self.rows[at..].iter().take_while(move |row| row.key == key && row.window < start)
        };
        keys.iter().flat_map(of).collect()
    }

    /// Whether any of these servers answered a request at any time, as far as is known. A log that does not tell of
    /// requests does not tell of answers either.
    pub(super) fn answered(&self, keys: &BTreeSet<Arc<Key>>) -> bool {
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

    /// Whether the servers of a group that had none left answered other requests in each of these windows, and none of
    /// them had failed shortly before. Where lines do not tell which group a server is of, it is of the only one there
    /// is.
    fn answered_meanwhile(&self, group: (&str, &str), windows: &BTreeSet<i64>) -> bool {
        let only = self.named.get(group.0).is_none_or(|groups| *groups <= 1);
        let own = self.attempts.get(&group).filter(|counts| !counts.is_empty());
        let Some(counts) = own.or_else(|| self.attempts.get(&(group.0, "")).filter(|_| only)) else { return false };
        let Some((first, last)) = windows.first().zip(windows.last()) else { return false };
        let well = counts.range(first - SHADOW..=*last).all(|(_, (_, failed))| *failed == 0);
        well && windows.iter().all(|window| counts.get(window).is_some_and(|(attempts, _)| *attempts > 0))
    }

    /// Whether a group of nginx's had no server left though its servers were well: all had as many requests as they may
    /// have (`max_conns`). That comes and goes with the load; servers that are marked `down` are so from the log's
    /// first line to its last.
    pub(super) fn is_limited(
        &self,
        keys: &BTreeSet<Arc<Key>>,
        rows: &[&Row],
        causes: &[Weighed],
        (start, end): (Stamp, Stamp),
    ) -> bool {
        let none_left = causes.first().is_some_and(|first| first.cause == Cause::NoLiveUpstream);
        let windows: BTreeSet<i64> = rows.iter().map(|row| row.window).collect();
        let well = |key: &Arc<Key>| {
            key.kind == Proxy::Nginx && key.upstream.is_empty() && self.answered_meanwhile(key.group(), &windows)
        };
        let passed = keys.first().and_then(|key| self.spans.get(key.proxy.as_str())).is_some_and(|(first, last)| {
            let quiet = ((last.0 - first.0) / 10).max(1_000_000);
            start.0 - first.0 > quiet || last.0 - end.0 > quiet
        });
        none_left && passed && keys.iter().all(well)
    }

    /// The rows of these groups around that time that hold state lines, and those of the whole proxy that tell of the
    /// proxy itself.
    pub(super) fn states(&self, keys: &BTreeSet<Arc<Key>>, windows: (i64, i64), window: i64) -> Vec<&'a Row> {
        let groups: BTreeSet<(&str, &str)> = keys.iter().map(|key| key.group()).collect();
        let proxies: BTreeSet<&str> = groups.iter().map(|group| group.0).collect();
        let of_process = proxies.iter().filter_map(|proxy| self.of_process.get(proxy));
        let lists = groups.iter().filter_map(|group| self.states.get(group)).chain(of_process);
        let near = |list: &'_ Vec<&'a Row>| {
            let start = list.partition_point(|row| row.window + SHADOW + window < windows.0);
            let rest = &list[start..];
            rest[..rest.partition_point(|row| row.window <= windows.1)].to_vec()
        };
        let mut rows: Vec<&'a Row> = lists.flat_map(near).collect();
        rows.sort_by_key(|row| (&row.key, row.window));
        rows.dedup_by_key(|row| (&row.key, row.window));
        rows
    }

    /// Requests by window at these upstreams, healthy windows between included: at their whole group where it failed as
    /// a whole, and at the whole proxy (then the flag is set) where requests of an upstream are not known but counted
    /// somewhere.
    pub(super) fn requests(
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

/// Whether a state line speaks of the proxy's own limits rather than of a group.
fn tells_of_proxy(row: &Row) -> bool {
    let own = [Cause::ProxyExhausted, Cause::GatewayInternal];
    row.evidence.iter().any(|item| item.source == Source::State && own.contains(&item.sign.cause))
}
