//! HAProxy's `listen` sections, which are frontend and backend in one.
//!
//! Where nothing could be tried under a frontend's own name, no rule chose a backend, or the frontend is a section that
//! had no server left. The line does not tell; that the section has servers, other lines do: requests that they
//! answered, or health checks. A frontend and a backend of the same name look alike, though: where servers answered
//! meanwhile, and HAProxy does not say that none was left, no rule chose them.

use super::keys::Keys;
use crate::aggregate::{Cell, Cells, Evidence, Series, Source, Trouble};
use crate::cause::{Cause, Proxy, Sign};
use crate::format::{NO_BACKEND, NO_SERVER};
use crate::grammar::time::Stamp;
use std::collections::{BTreeMap, BTreeSet};

/// A group, with the proxy that it belongs to.
type Group<'a> = (&'a str, &'a str);

/// Gives what was taken for a missing route the sign of a missing server where the group has servers, of which none
/// answered meanwhile. `keys` are those of `series`, `cells` their cells, `window` is a window's length.
pub(super) fn tell_apart(keys: &Keys, series: &[Series], cells: &mut [Cells], window: i64) {
    let without = without_servers(keys, series, cells);
    if without.is_empty() {
        return;
    }
    for (id, cells) in (0..).zip(cells) {
        let group = keys.of(id).group();
        // Servers may have answered before the last of them went down, and after the first was up again.
        let is_without = |at: i64| [at - window, at, at + window].iter().any(|at| without.contains(&(group, *at)));
        let troubled = cells.iter_mut().filter(|(at, cell)| unrouted(cell).is_some() && is_without(*at));
        let troubles = troubled.filter_map(|(_, cell)| cell.trouble.as_deref_mut());
        troubles.for_each(|trouble| resign(trouble, &NO_BACKEND, &NO_SERVER));
    }
}

/// In which windows which groups had no server: nothing was tried there though they have some, and none answered, be it
/// only before or only after all that; or HAProxy says so.
fn without_servers<'a>(keys: &'a Keys, series: &[Series], cells: &[Cells]) -> BTreeSet<(Group<'a>, i64)> {
    let seen = servers_seen(keys, series);
    let all = || {
        let groups = (0..).zip(cells).map(|(id, cells)| (keys.of(id).group(), cells));
        groups.flat_map(|(group, cells)| cells.iter().map(move |(at, cell)| ((group, *at), cell)))
    };
    let lacking: Vec<_> = all().filter_map(|(place, cell)| Some((place, unrouted(cell)?))).collect();
    let lacking: BTreeMap<_, _> = lacking.into_iter().filter(|((group, _), _)| seen.contains_key(group)).collect();
    if lacking.is_empty() {
        return BTreeSet::new();
    }
    let answered = all().filter(|(place, cell)| has_answered(cell) && lacking.contains_key(place));
    let answered: BTreeSet<_> = answered.map(|(place, _)| place).collect();
    let is_apart = |group: &Group<'_>, evidence: &Evidence| {
        seen[group].is_some_and(|(first, last)| evidence.last < first || last < evidence.first)
    };
    let without = lacking.iter().filter(|(place, evidence)| !answered.contains(place) || is_apart(&place.0, evidence));
    let left = all().filter(|(_, cell)| is_left(cell)).map(|(place, _)| place);
    without.map(|(place, _)| *place).chain(left.filter(|(group, _)| seen.contains_key(group))).collect()
}

/// When servers of each group of HAProxy's were first and last seen, if their lines have dates.
fn servers_seen<'a>(keys: &'a Keys, series: &[Series]) -> BTreeMap<Group<'a>, Option<(Stamp, Stamp)>> {
    let mut groups: BTreeMap<Group<'_>, Option<(Stamp, Stamp)>> = BTreeMap::new();
    let keys_seen = keys.sorted().iter().zip(keys.seen(series));
    for (key, seen) in keys_seen.filter(|(key, _)| key.kind == Proxy::HAPROXY && !key.upstream.is_empty()) {
        let of_group = groups.entry(key.group()).or_default();
        let both = of_group.zip(seen).map(|(one, other)| (one.0.min(other.0), one.1.max(other.1)));
        *of_group = both.or(*of_group).or(seen);
    }
    groups
}

/// What there is of requests for which no rule chose a backend, as it seems.
fn unrouted(cell: &Cell) -> Option<&Evidence> {
    cell.trouble.as_ref()?.evidence.iter().find(|item| *item.sign == NO_BACKEND)
}

/// Whether HAProxy says that no server was left.
fn is_left(cell: &Cell) -> bool {
    let mut evidence = cell.trouble.iter().flat_map(|trouble| &trouble.evidence);
    evidence.any(|item| item.source == Source::State && item.sign.cause == Cause::NoLiveUpstream)
}

/// Whether a server answered.
fn has_answered(cell: &Cell) -> bool {
    cell.attempts > cell.trouble.as_ref().map_or(0, |trouble| trouble.failed_attempts)
}

/// Takes what evidence there is of one sign for that of another.
fn resign(trouble: &mut Trouble, from: &Sign, to: &'static Sign) {
    let taken: Vec<_> = trouble.evidence.extract_if(.., |item| item.sign == from).collect();
    for mut item in taken {
        item.sign = to;
        trouble.add_evidence(item);
    }
}
