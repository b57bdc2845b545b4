//! Tiers: a gateway that passes on the error of another gateway behind it has that one's cause.
//!
//! The two are brought together by the ids of the failed requests where both logs carry them, and else by time,
//! statuses and numbers.

use super::incident::Incident;
use super::pattern::BROKEN_OFF;
use crate::aggregate::{STATUS_COLUMNS, Sketch};
use crate::cause::Cause;
use crate::grammar::address::{host, is_ip, split_port};
use std::collections::BTreeMap;

/// How far apart the clocks and the log lines of two tiers may be, in seconds.
const APART: i64 = 3;

/// How many tiers a request can pass, at most, for its root cause to be found.
const TIERS: usize = 4;

/// How many incidents that began before the end of an outer one are looked at.
const NEIGHBOURS: usize = 4_096;

/// As many failures, at least, tell by their numbers alone that they are the same.
const FEW: u64 = 5;

/// Gives each incident that only passes on what an inner tier answered the cause of that one, and puts that one before
/// it.
pub(super) fn link(incidents: &mut Vec<Incident>) {
    find_roots(incidents);
    if incidents.iter().any(|incident| incident.root.is_some()) {
        roots_first(incidents);
    }
}

/// Puts each root just before the first incident that passes it on.
fn roots_first(incidents: &mut Vec<Incident>) {
    let mut order: Vec<usize> = Vec::with_capacity(incidents.len());
    let mut placed = vec![false; incidents.len()];
    for at in 0..incidents.len() {
        let chain = std::iter::successors(Some(at), |&outer| incidents[outer].root).take(TIERS);
        let chain: Vec<usize> = chain.collect();
        for &at in chain.iter().rev() {
            if !std::mem::replace(&mut placed[at], true) {
                order.push(at);
            }
        }
    }
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(new, &old)| places[old] = new);
    let mut left: Vec<Option<Incident>> = std::mem::take(incidents).into_iter().map(Some).collect();
    incidents.extend(order.into_iter().filter_map(|old| left[old].take()));
    for incident in incidents {
        incident.root = incident.root.map(|old| places[old]);
    }
}

fn find_roots(incidents: &mut [Incident]) {
    for _ in 1..TIERS {
        let mut by_start: Vec<usize> = (0..incidents.len()).collect();
        by_start.sort_by_key(|&at| incidents[at].span.0);
        let found: Vec<(usize, usize, f64)> =
            (0..incidents.len()).filter_map(|outer| inner_of(incidents, &by_start, outer)).collect();
        if found.is_empty() {
            return;
        }
        for (outer, inner, belief) in found {
            let (cause, score) = (incidents[inner].likely.cause, incidents[inner].likely.score.min(belief));
            let mut told = incidents[inner].evidence.clone();
            told.retain(|item| item.sign.cause == cause);
            let incident = &mut incidents[outer];
            incident.likely.second = None;
            incident.likely.cause = cause;
            incident.likely.score = incident.likely.score.min(score);
            incident.root = Some(inner);
            incident.evidence.extend(told);
        }
    }
}

/// The incident at a tier behind that the one at `outer` passes on, and how sure that is.
fn inner_of(incidents: &[Incident], by_start: &[usize], outer: usize) -> Option<(usize, usize, f64)> {
    let incident = &incidents[outer];
    let passes_on = incident.likely.cause == Cause::UpstreamError || BROKEN_OFF.contains(&incident.likely.cause);
    if incident.root.is_some() || !passes_on {
        return None;
    }
    let end = by_start.partition_point(|&at| incidents[at].span.0.seconds() <= incident.span.1.seconds() + APART);
    let near = by_start[..end].iter().rev().take(NEIGHBOURS).copied();
    // Several upstreams of the inner tier may have failed for the same reason at that time.
    let mut tiers: BTreeMap<(&str, Cause), Behind> = BTreeMap::new();
    for inner in near.filter(|&inner| !leads_to(incidents, inner, outer) && may_be_behind(incident, &incidents[inner]))
    {
        let Incident { proxy, likely, .. } = &incidents[inner];
        tiers.entry((proxy, likely.cause)).or_default().add(inner, &incidents[inner], incident);
    }
    let fits = |behind: &Behind| Some((belief(incident, behind)?, behind.failures, behind.gravest?.1));
    let found = tiers.values().filter_map(fits);
    let best = found.max_by(|a, b| {
        let distance = |failures: u64| failures.abs_diff(incident.failures);
        a.0.total_cmp(&b.0).then(distance(b.1).cmp(&distance(a.1))).then(b.2.cmp(&a.2))
    });
    best.map(|(belief, _, inner)| (outer, inner, belief))
}

/// Whether an incident is another one, or passes that one on.
fn leads_to(incidents: &[Incident], from: usize, to: usize) -> bool {
    std::iter::successors(Some(from), |&at| incidents[at].root).take(TIERS + 1).any(|at| at == to)
}

/// Incidents of one proxy with one cause.
#[derive(Default)]
struct Behind {
    failures: u64,
    statuses: [u64; STATUS_COLUMNS],
    ids: Sketch,
    /// The first and the last failure, in seconds.
    span: Option<(i64, i64)>,
    /// Whether it is told from the outer one by name: another kind of gateway, or the host that the outer one's
    /// upstream names.
    is_other: bool,
    /// The one with the most failures, and its place.
    gravest: Option<(u64, usize)>,
}

impl Behind {
    fn add(&mut self, place: usize, incident: &Incident, outer: &Incident) {
        let (start, end) = (incident.span.0.seconds(), incident.span.1.seconds());
        self.span = self.span.map_or(Some((start, end)), |span| Some((span.0.min(start), span.1.max(end))));
        self.is_other |= is_other(outer, incident);
        self.failures += incident.failures;
        for (mine, theirs) in self.statuses.iter_mut().zip(incident.statuses) {
            *mine += theirs;
        }
        self.ids.merge(&incident.ids);
        let graver = self.gravest.is_none_or(|(failures, _)| incident.failures > failures);
        if graver {
            self.gravest = Some((incident.failures, place));
        }
    }
}

/// How sure it is that the failures of `outer` are those behind, passed on; `None` where they are not.
fn belief(outer: &Incident, behind: &Behind) -> Option<f64> {
    match outer.ids.shared_with(&behind.ids) {
        (same, of) if of > 0 && same * 2 >= of => return Some(0.98),
        // Both tiers log ids, and these requests are others.
        (_, of) if of >= 3 && !behind.ids.is_empty() => return None,
        _ => {}
    }
    // A connection that broke off says nothing of the tier behind; an answer does: it carries that tier's status.
    let answered = outer.likely.cause == Cause::UpstreamError && outer.failures >= FEW;
    let covered = outer.statuses.iter().zip(behind.statuses).all(|(outer, inner)| *outer <= inner + inner / 10);
    let like = behind.failures <= outer.failures * 2;
    let (start, end) = behind.span?;
    let all_along = start <= outer.span.0.seconds() + APART && end + APART >= outer.span.1.seconds();
    let same = outer.statuses == behind.statuses;
    // Two gateways of one kind may stand side by side: then nothing less than the same numbers will do.
    (answered && covered && like && all_along && (same || behind.is_other)).then_some(if same { 0.9 } else { 0.7 })
}

/// Whether two gateways are told apart by more than their upstreams: they are of different kinds, or the outer one's
/// upstream names the inner one's host.
fn is_other(outer: &Incident, inner: &Incident) -> bool {
    let kind = |incident: &Incident| incident.keys.first().map(|key| key.kind);
    kind(outer) != kind(inner) || names_host_of(outer, inner)
}

/// Whether `inner` may be what `outer` passes on, as far as time, cause and names tell.
fn may_be_behind(outer: &Incident, inner: &Incident) -> bool {
    let overlap = inner.span.1.seconds() + APART >= outer.span.0.seconds();
    let known = ![Cause::UpstreamError, Cause::Unknown].contains(&inner.likely.cause);
    let apart = outer.proxy != inner.proxy || outer.keys.is_disjoint(&inner.keys);
    overlap && known && apart && inner.failures > 0 && may_stand_on(outer, inner)
}

/// Whether nothing speaks against `inner`'s proxy standing on one of `outer`'s upstreams: hosts that are named agree,
/// and two gateways of one kind with hosts of their own are not taken for tiers unless one names the other.
fn may_stand_on(outer: &Incident, inner: &Incident) -> bool {
    let named = outer.keys.iter().any(|key| host_name(&key.upstream).is_some());
    let same_kind = outer.keys.first().map(|key| key.kind) == inner.keys.first().map(|key| key.kind);
    let have_hosts = outer.proxy.contains('@') && inner.proxy.contains('@');
    let by_ids = outer.ids.shared_with(&inner.ids).0 > 0;
    by_ids || names_host_of(outer, inner) || !(named && inner.proxy.contains('@') || same_kind && have_hosts)
}

/// Whether one of `outer`'s upstreams is named like the host of `inner`'s proxy.
fn names_host_of(outer: &Incident, inner: &Incident) -> bool {
    let host = inner.proxy.split_once('@').map(|(_, host)| host.as_bytes());
    host.is_some() && outer.keys.iter().any(|key| host_name(&key.upstream) == host)
}

/// The host of `name:port`; `None` for addresses, sockets, and names that only the proxy knows.
fn host_name(upstream: &str) -> Option<&[u8]> {
    let (_, port) = split_port(upstream.as_bytes());
    let host = host(upstream.as_bytes());
    (!port.is_empty() && !upstream.contains('/') && !is_ip(host)).then_some(host)
}
