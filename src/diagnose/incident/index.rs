//! What building an incident looks up in all rows, made once.

use super::super::keys::Key;
use super::super::reconcile::Row;
use super::super::score::Weighed;
use super::super::{Findings, Upstream};
use super::SHADOW;
use crate::aggregate::Source;
use crate::cause::{Cause, Proxy};
use crate::grammar::time::Stamp;
use std::{cell::OnceCell, collections::BTreeSet, ops::Range, sync::Arc};

/// How many windows before an incident are looked at for what led up to it.
const BEFORE: i64 = 10;

/// A proxy and one of its groups.
type GroupName<'a> = (&'a str, &'a str);

/// What building an incident looks up, made once.
pub(super) struct Index<'a> {
    pub(super) rows: &'a [Row],
    /// The length of a window in seconds.
    window: i64,
    /// By key.
    upstreams: &'a [Upstream],
    /// By name.
    groups: Vec<Group<'a>>,
    /// By name.
    proxies: Vec<Gateway<'a>>,
}

/// What is looked up of a group. What few incidents ask for is made when the first one does.
struct Group<'a> {
    name: GroupName<'a>,
    rows: &'a [Row],
    /// Whether any were counted.
    has_requests: bool,
    /// The length of a window in seconds.
    window: i64,
    /// How many servers were seen.
    servers: usize,
    /// The rows with state lines, by window.
    states: Vec<&'a Row>,
    requests: OnceCell<ByWindow<u64>>,
    /// Attempts at servers: how many, and how many of them failed.
    attempts: OnceCell<ByWindow<(u64, u64)>>,
}

/// What is looked up of a proxy.
struct Gateway<'a> {
    name: &'a str,
    rows: &'a [Row],
    /// The length of a window in seconds.
    window: i64,
    /// How many of its groups have a name and requests.
    named: usize,
    /// The rows with lines about its own limits, by window.
    states: Vec<&'a Row>,
    /// When it was first and last seen.
    span: Option<(Stamp, Stamp)>,
    requests: OnceCell<ByWindow<u64>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(findings: &'a Findings) -> Self {
        let Findings { rows, upstreams, .. } = findings;
        let groups = upstreams.chunk_by(|a, b| a.key.group() == b.key.group());
        let groups: Vec<Group<'a>> = groups.map(|upstreams| Group::new(upstreams, findings)).collect();
        let proxies = upstreams.chunk_by(|a, b| a.key.proxy == b.key.proxy);
        let proxies = proxies.map(|upstreams| Gateway::new(upstreams, &groups, findings)).collect();
        Self { rows, window: findings.window, upstreams, groups, proxies }
    }

    fn group(&self, name: GroupName<'_>) -> Option<&Group<'a>> {
        self.groups.binary_search_by(|group| group.name.cmp(&name)).ok().map(|at| &self.groups[at])
    }

    fn proxy(&self, name: &str) -> Option<&Gateway<'a>> {
        self.proxies.binary_search_by(|proxy| proxy.name.cmp(name)).ok().map(|at| &self.proxies[at])
    }

    fn upstream(&self, key: &Key) -> Option<&'a Upstream> {
        self.upstreams.binary_search_by(|upstream| (*upstream.key).cmp(key)).ok().map(|at| &self.upstreams[at])
    }

    /// The rows of an upstream.
    fn rows_of(&self, key: &Key) -> &'a [Row] {
        self.upstream(key).map_or(&[], |upstream| &self.rows[upstream.rows.clone()])
    }

    /// How many servers were seen of a group.
    pub(super) fn servers(&self, group: GroupName<'_>) -> usize {
        self.group(group).map_or(0, |group| group.servers)
    }

    /// The rows of these upstreams, or of their whole group where it failed as a whole, in the windows just before one.
    pub(super) fn before(&self, keys: &BTreeSet<Arc<Key>>, start: i64, window: i64) -> Vec<&'a Row> {
        keys.iter().flat_map(|key| within(self.rows_of(key), start - BEFORE * window, start - 1)).collect()
    }

    /// Whether any of these servers answered a request at any time, as far as is known.
    pub(super) fn answered(&self, keys: &BTreeSet<Arc<Key>>) -> bool {
        let mut servers = keys.iter().filter(|key| !key.upstream.is_empty()).peekable();
        let answered = |key: &Arc<Key>| self.upstream(key).is_some_and(|upstream| upstream.answered);
        servers.peek().is_none() || servers.any(answered)
    }

    /// Whether the servers of a group that had none left answered other requests in each of these windows, and none of
    /// them had failed shortly before. Where lines do not tell which group a server is of, it is of the only one there
    /// is.
    fn answered_meanwhile(&self, group: GroupName<'_>, windows: &BTreeSet<i64>) -> bool {
        let only = self.proxy(group.0).is_none_or(|proxy| proxy.named <= 1);
        let attempts = |name: GroupName<'_>| self.group(name).map(Group::attempts).filter(|counts| !counts.is_empty());
        let Some(counts) = attempts(group).or_else(|| attempts((group.0, "")).filter(|_| only)) else { return false };
        let Some((first, last)) = windows.first().zip(windows.last()) else { return false };
        let well = counts.range(first - SHADOW, *last).iter().all(|(_, (_, failed))| *failed == 0);
        well && windows.iter().all(|window| counts.get(*window).is_some_and(|(attempts, _)| attempts > 0))
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
        // Where somebody tried all the same (the placeholder that Lua code left), no limit was reached.
        let none_tried = rows.iter().all(|row| row.trouble().failed_attempts == 0);
        let none_left = causes.first().is_some_and(|first| first.cause == Cause::NoLiveUpstream);
        let windows: BTreeSet<i64> = rows.iter().map(|row| row.window).collect();
        let well = |key: &Arc<Key>| {
            key.kind == Proxy::NGINX && key.upstream.is_empty() && self.answered_meanwhile(key.group(), &windows)
        };
        let span = keys.first().and_then(|key| self.proxy(&key.proxy)?.span);
        let passed = span.is_some_and(|(first, last)| {
            let quiet = ((last.0 - first.0) / 10).max(1_000_000);
            start.0 - first.0 > quiet || last.0 - end.0 > quiet
        });
        none_left && none_tried && passed && keys.iter().all(well)
    }

    /// The rows of these groups around that time that hold state lines, and those of the whole proxy that tell of the
    /// proxy itself.
    pub(super) fn states(&self, keys: &BTreeSet<Arc<Key>>, windows: (i64, i64), window: i64) -> Vec<&'a Row> {
        let groups: BTreeSet<(&str, &str)> = keys.iter().map(|key| key.group()).collect();
        let proxies: BTreeSet<&str> = groups.iter().map(|group| group.0).collect();
        let of_process = proxies.iter().filter_map(|proxy| Some(&self.proxy(proxy)?.states));
        let lists = groups.iter().filter_map(|group| Some(&self.group(*group)?.states)).chain(of_process);
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
    ) -> (Option<ByWindow<u64>>, bool) {
        let own = || places.iter().map(|&at| &self.rows[at]);
        if own().any(|row| row.uncounted) {
            return (None, false);
        }
        let (first, last) = windows;
        let mut counts: Vec<(i64, u64)> = Vec::new();
        if own().any(|row| row.requests().is_none()) {
            let of_proxy = keys.first().and_then(|key| self.proxy(&key.proxy)).map(Gateway::requests);
            of_proxy.into_iter().for_each(|requests| counts.extend(requests.range(first, last)));
            return (Some(ByWindow(counts)).filter(|counts| !counts.is_empty()), true);
        }
        let whole = keys.iter().filter(|key| key.upstream.is_empty() && !key.group.is_empty());
        let whole: BTreeSet<(&str, &str)> = whole.map(|key| key.group()).collect();
        for group in whole.iter().filter_map(|group| self.group(*group)) {
            counts.extend(group.requests().range(first, last));
        }
        for key in keys.iter().filter(|key| !whole.contains(&key.group())) {
            let rows = within(self.rows_of(key), first, last);
            counts.extend(rows.iter().map(|row| (row.window, row.requests().unwrap_or(0))));
        }
        let counts = ByWindow::sum(counts, self.window, |all, more| *all += more);
        (Some(counts), false)
    }
}

impl<'a> Group<'a> {
    /// The group of `upstreams`, which has at least one.
    fn new(upstreams: &'a [Upstream], findings: &'a Findings) -> Self {
        let (places, rows) = (places_of(upstreams), &findings.rows);
        let is_server = |upstream: &&Upstream| !upstream.key.upstream.is_empty() && !upstream.rows.is_empty();
        let troubled = findings.troubled_in(&places).iter().map(|&at| &rows[at]);
        let mut states: Vec<&Row> = troubled.filter(|row| has_state(row, |_| true)).collect();
        states.sort_by_key(|row| row.window);
        Self {
            name: upstreams[0].key.group(),
            rows: &rows[places],
            window: findings.window,
            has_requests: upstreams.iter().any(|upstream| upstream.requests.is_some()),
            servers: upstreams.iter().filter(is_server).count(),
            states,
            requests: OnceCell::new(),
            attempts: OnceCell::new(),
        }
    }

    /// Requests by window.
    fn requests(&self) -> &ByWindow<u64> {
        self.requests.get_or_init(|| requests(self.rows, self.window))
    }

    fn attempts(&self) -> &ByWindow<(u64, u64)> {
        let of_servers = || self.rows.iter().filter(|row| !row.key.upstream.is_empty());
        let counts = |row: &Row| (row.window, (row.attempts().unwrap_or(0), row.trouble().failed_attempts));
        let sum = |all: &mut (u64, u64), more: (u64, u64)| *all = (all.0 + more.0, all.1 + more.1);
        self.attempts.get_or_init(|| ByWindow::sum(of_servers().map(counts).collect(), self.window, sum))
    }
}

impl<'a> Gateway<'a> {
    /// The proxy of `upstreams`, which has at least one.
    fn new(upstreams: &'a [Upstream], groups: &[Group<'a>], findings: &'a Findings) -> Self {
        let name = upstreams[0].key.proxy.as_str();
        let own = &groups[groups.partition_point(|group| group.name.0 < name)..];
        let own = || own.iter().take_while(|group| group.name.0 == name);
        let mut states: Vec<&Row> = own().flat_map(|group| &group.states).copied().filter(tells_of_proxy).collect();
        states.sort_by_key(|row| row.window);
        let spans = upstreams.iter().filter_map(|upstream| upstream.seen);
        Self {
            name,
            rows: &findings.rows[places_of(upstreams)],
            window: findings.window,
            named: own().filter(|group| !group.name.1.is_empty() && group.has_requests).count(),
            states,
            span: spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
            requests: OnceCell::new(),
        }
    }

    /// Requests by window.
    fn requests(&self) -> &ByWindow<u64> {
        self.requests.get_or_init(|| requests(self.rows, self.window))
    }
}

/// The places of the rows of neighbouring upstreams, which are at least one.
fn places_of(upstreams: &[Upstream]) -> Range<usize> {
    upstreams[0].rows.start..upstreams[upstreams.len() - 1].rows.end
}

/// The rows of one upstream from one window to another.
fn within(rows: &[Row], first: i64, last: i64) -> &[Row] {
    let rows = &rows[rows.partition_point(|row| row.window < first)..];
    &rows[..rows.partition_point(|row| row.window <= last)]
}

fn requests(rows: &[Row], window: i64) -> ByWindow<u64> {
    let known = rows.iter().filter_map(|row| Some((row.window, row.requests()?)));
    ByWindow::sum(known.collect(), window, |all, more| *all += more)
}

/// Something of each window, in order.
pub(super) struct ByWindow<T>(Vec<(i64, T)>);

impl<T: Copy> ByWindow<T> {
    /// Brings together what windows of so many seconds have several of.
    fn sum(counts: Vec<(i64, T)>, window: i64, add: impl Fn(&mut T, T)) -> Self {
        let (first, last) = counts.iter().fold((i64::MAX, i64::MIN), |(a, b), (at, _)| (a.min(*at), b.max(*at)));
        let number = |at: i64| usize::try_from((at - first) / window).ok();
        // Many servers have the same windows; a few, some that are far apart.
        match counts.first().and_then(|_| number(last)).filter(|last| *last < counts.len()) {
            Some(last) => Self::sum_by_number(&counts, number, last, add),
            None => Self::sum_in_order(counts, add),
        }
    }

    /// The same by a table of all windows up to number `last`.
    fn sum_by_number(
        counts: &[(i64, T)],
        number: impl Fn(i64) -> Option<usize>,
        last: usize,
        add: impl Fn(&mut T, T),
    ) -> Self {
        let mut sums: Vec<Option<(i64, T)>> = vec![None; last + 1];
        for &(window, more) in counts {
            match number(window).and_then(|number| sums.get_mut(number)) {
                Some(Some((_, all))) => add(all, more),
                Some(none) => *none = Some((window, more)),
                None => {}
            }
        }
        Self(sums.into_iter().flatten().collect())
    }

    fn sum_in_order(mut counts: Vec<(i64, T)>, add: impl Fn(&mut T, T)) -> Self {
        counts.sort_by_key(|(window, _)| *window);
        counts.dedup_by(|more, all| {
            let same = more.0 == all.0;
            if same {
                add(&mut all.1, more.1);
            }
            same
        });
        Self(counts)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, window: i64) -> Option<T> {
        self.0.binary_search_by_key(&window, |entry| entry.0).ok().map(|at| self.0[at].1)
    }

    /// What there is of all windows.
    pub(super) fn values(&self) -> impl Iterator<Item = T> {
        self.0.iter().map(|entry| entry.1)
    }

    /// From one window to another.
    fn range(&self, first: i64, last: i64) -> &[(i64, T)] {
        let rest = &self.0[self.0.partition_point(|entry| entry.0 < first)..];
        &rest[..rest.partition_point(|entry| entry.0 <= last)]
    }
}

/// Whether a row has a state line that speaks for such a cause.
fn has_state(row: &Row, fits: impl Fn(Cause) -> bool) -> bool {
    row.trouble().evidence.iter().any(|item| item.source == Source::State && fits(item.sign.cause))
}

/// Whether a state line speaks of the proxy's own limits rather than of a group.
fn tells_of_proxy(row: &&Row) -> bool {
    has_state(row, |cause| [Cause::ProxyExhausted, Cause::GatewayInternal].contains(&cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_summed_and_found() {
        // By a table, and in order, where that would be long.
        let given = [(60, 1), (180, 2), (60, 4), (120, 8)];
        let [counts, same] = [60, 1].map(|window| ByWindow::sum(given.to_vec(), window, |all, more| *all += more));
        assert_eq!(counts.0, [(60, 5), (120, 8), (180, 2)]);
        assert_eq!(counts.0, same.0);
        assert!(ByWindow::sum(Vec::new(), 60, |all: &mut u64, more| *all += more).is_empty());
        assert_eq!([60, 61, 240].map(|window| counts.get(window)), [Some(5), None, None]);
        assert_eq!(counts.range(61, 180), [(120, 8), (180, 2)]);
        assert!(counts.range(181, 500).is_empty() && counts.range(0, 59).is_empty());
    }
}
