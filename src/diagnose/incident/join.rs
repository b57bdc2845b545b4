//! Spans that belong together become lists of them, one for each incident.

use super::super::keys::Relations;
use super::super::pattern;
use super::super::reconcile::Row;
use super::span::{Level, Span, distance};
use super::{SHADOW, is_root_cause};
use crate::cause::Cause;
use crate::grammar::number::Micros;
use std::collections::BTreeMap;

/// An incident is tiny up to this many failures and failed attempts, and this many tiny ones of a kind are one
/// scattered incident.
const TINY: (u64, usize) = (2, 4);

/// How long a request may take whose connection had been closed before it came.
const AT_ONCE: Micros = 10_000;

/// Joins spans, which are ordered by proxy and start, to incidents: lists of their places.
pub(super) fn join(spans: &[Span], relations: &Relations<'_>, gap: i64, window: i64) -> Vec<Vec<usize>> {
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

/// Spans that can be the root of what comes after them and that are not over for long.
#[derive(Default)]
struct Roots(Vec<usize>);

impl Roots {
    fn add(&mut self, spans: &[Span], at: usize) {
        if is_root_cause_or_server(&spans[at]) {
            self.0.push(at);
        }
    }

    /// The span that brought about the span at `at`, where that is a consequence or unexplained: the heaviest of those
    /// that began no later and had not been over for long.
    fn of(&mut self, spans: &[Span], relations: &Relations<'_>, at: usize, window: i64) -> Option<usize> {
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

/// What incidents are alike by: proxy, group, upstream or port, cause, and whether they are tiny.
type Kind<'a> = (&'a str, &'a str, &'a [u8], Cause, bool);

/// Spans that make one incident.
pub(super) struct Gathered {
    pub(super) members: Vec<usize>,
    /// Whether they are single failures, far from each other.
    pub(super) scattered: bool,
    /// Seconds from the start of one to that of the next, and how many there are, where they come at regular distances.
    pub(super) rhythm: Option<(i64, usize)>,
}

/// Tells incidents of the same kind as one where they are tiny, or come at regular distances.
pub(super) fn gather(spans: &[Span], rows: &[Row], incidents: Vec<Vec<usize>>) -> Vec<Gathered> {
    let is_tiny = |members: &Vec<usize>| {
        let own = || members.iter().flat_map(|&at| &spans[at].rows).map(|&at| &rows[at]);
        let failures: u64 = own().map(|row| row.trouble().failures).sum();
        failures.max(own().map(|row| row.trouble().failed_attempts).sum()) <= TINY.0
    };
    let mut kinds: BTreeMap<Kind<'_>, Vec<Vec<usize>>> = BTreeMap::new();
    for members in incidents {
        let first = &spans[members[0]];
        let tiny = is_tiny(&members);
        // Where no group is known, only the upstream itself is of the same kind, or a few failures on the same port.
        let name = if tiny { first.key.port() } else { first.key.upstream.as_bytes() };
        let name = if first.key.group.is_empty() { name } else { b"" };
        let kind = (first.key.proxy.as_str(), first.key.group.as_str(), name, first.cause, tiny);
        kinds.entry(kind).or_default().push(members);
    }
    let mut all = Vec::new();
    for ((.., tiny), incidents) in kinds {
        let began = |members: &Vec<usize>| {
            let own = members.iter().flat_map(|&at| &spans[at].rows).flat_map(|&at| &rows[at].trouble().evidence);
            own.map(|item| item.first.seconds()).min().unwrap_or_default()
        };
        let mut starts: Vec<i64> = incidents.iter().map(began).collect();
        starts.sort_unstable();
        let rhythm = pattern::rhythm(&starts, 1).map(|every| (every, starts.len())).filter(|_| !tiny);
        if tiny && incidents.len() >= TINY.1 || rhythm.is_some() {
            all.push(Gathered { members: incidents.into_iter().flatten().collect(), scattered: tiny, rhythm });
        } else {
            let alone = |members| Gathered { members, scattered: false, rhythm: None };
            all.extend(incidents.into_iter().map(alone));
        }
    }
    gather_broken_off(spans, rows, all, is_tiny)
}

/// Tells as one the tiny incidents of a proxy whose connections broke off at once, whatever their group, where no group
/// has enough of its own: what closes idle connections now and then does so at every server alike.
fn gather_broken_off(
    spans: &[Span],
    rows: &[Row],
    incidents: Vec<Gathered>,
    is_tiny: impl Fn(&Vec<usize>) -> bool,
) -> Vec<Gathered> {
    let at_once = |span: &Span| {
        let mut evidence = span.rows.iter().flat_map(|&at| &rows[at].trouble().evidence);
        evidence.all(|item| item.took.is_none_or(|(_, longest)| longest <= AT_ONCE))
    };
    let is_such = |incident: &Gathered| {
        let mut own = incident.members.iter().map(|&at| &spans[at]);
        !incident.scattered
            && own.all(|span| pattern::BROKEN_OFF.contains(&span.cause) && at_once(span))
            && is_tiny(&incident.members)
    };
    let (such, mut all): (Vec<Gathered>, Vec<Gathered>) = incidents.into_iter().partition(is_such);
    let mut by_proxy: BTreeMap<&str, Vec<Gathered>> = BTreeMap::new();
    for incident in such {
        by_proxy.entry(&spans[incident.members[0]].key.proxy).or_default().push(incident);
    }
    for incidents in by_proxy.into_values() {
        if incidents.len() >= TINY.1 {
            let members = incidents.into_iter().flat_map(|incident| incident.members).collect();
            all.push(Gathered { members, scattered: true, rhythm: None });
        } else {
            all.extend(incidents);
        }
    }
    all
}
