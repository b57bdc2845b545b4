//! Brings lines together that tell of the same failure.
//!
//! Some messages of Apache's only count a failure, and another line before them says why: that a TLS handshake failed
//! is one line, that the certificate was not accepted another. So it is with Varnish's about a body that stalled. A
//! line that explains is a state line whose sign bears the status of the failure (of a stalled body: none, it had been
//! sent); as many failed attempts with that status, in the same window, as there are such lines then have its sign.
//!
//! LiteSpeed's line that counts names the virtual host, and a line that explains it the application, of which there may
//! be several for one failure, or none as long as it leaves the application alone: see [`give_to_applications`].

use super::keys::Keys;
use super::score::apportion;
use crate::aggregate::{Cell, Cells, Evidence, PathNames, Source, unite};
use crate::cause::{Cause, Proxy, Sign, Strength};
use std::{cmp::Reverse, collections::BTreeMap};

/// The gateways that write such lines.
const EXPLAIN: [Proxy; 3] = [Proxy::APACHE, Proxy::LITESPEED, Proxy::VARNISH];

/// For how long LiteSpeed leaves an application alone that failed, in seconds, as far as is known: its administrator
/// says.
const LEFT_ALONE: i64 = 60;

/// Gives attempts that an error log tells of the sign of the lines that explain them. `keys` are those of the cells'
/// series, `window` is how long theirs is.
pub(super) fn explain(keys: &Keys, cells: &mut [Cells], names: &PathNames, window: i64) {
    if !keys.sorted().iter().any(|key| EXPLAIN.contains(&key.kind)) {
        return;
    }
    let mut troubled: Vec<(u32, i64, Cell)> = Vec::new();
    for (id, cells) in (0..).zip(cells.iter_mut()).filter(|(id, _)| EXPLAIN.contains(&keys.of(*id).kind)) {
        let taken = cells.extract_if(.., |cell| cell.1.trouble.is_some());
        troubled.extend(taken.map(|(window, cell)| (id, window, cell)));
    }
    explain_each(keys, &mut troubled);
    give_to_left_alone(keys, &mut troubled, LEFT_ALONE.max(window));
    for (id, window, cell) in troubled {
        cells[id as usize].push((window, cell));
    }
    cells.iter_mut().for_each(|cells| unite(cells, names));
}

/// The same for the troubled cells of these gateways, with their series and window.
fn explain_each(keys: &Keys, cells: &mut [(u32, i64, Cell)]) {
    let mut places: BTreeMap<(&str, i64), Places> = BTreeMap::new();
    for (at, (id, window, cell)) in cells.iter().enumerate() {
        let place = (keys.of(*id).proxy.as_str(), *window);
        if evidence(cell).any(|item| item.source == Source::ErrorLog) {
            places.entry(place).or_default().told.push(at);
        }
        if evidence(cell).any(is_reason) {
            places.entry(place).or_default().reasons.push(at);
        }
    }
    for Places { mut told, reasons } in places.into_values() {
        told.sort_by_key(|at| (keys.rank(cells[*at].0), cells[*at].0));
        let mut reasons = take_reasons(keys, cells, &reasons);
        if told.first().is_some_and(|at| keys.of(cells[*at].0).kind == Proxy::LITESPEED) {
            give_to_applications(keys, cells, &told, &mut reasons);
        } else {
            give_at_same_server(keys, cells, &told, &mut reasons);
            give_anywhere(cells, &told, &mut reasons);
        }
        for Reason { from, evidence } in reasons.into_iter().filter(|reason| reason.evidence.lines > 0) {
            cells[from].2.trouble().add_evidence(evidence);
        }
    }
}

/// Cells of one proxy in one window, by their places.
#[derive(Default)]
struct Places {
    /// Those in which an error log tells of attempts.
    told: Vec<usize>,
    /// Those with lines that explain others.
    reasons: Vec<usize>,
}

fn evidence(cell: &Cell) -> impl Iterator<Item = &Evidence> {
    cell.trouble.iter().flat_map(|trouble| &trouble.evidence)
}

/// Whether lines explain failures that others count.
fn is_reason(item: &Evidence) -> bool {
    item.source == Source::State && (item.sign.status != 0 || item.sign.cause == Cause::BodyTimeout)
}

/// Lines that explain others, taken out of their cell to be shared out.
struct Reason {
    /// The place of the cell.
    from: usize,
    evidence: Evidence,
}

/// Takes the reasons out of cells, the strongest first: what one has explained, only a stronger one could explain anew.
fn take_reasons(keys: &Keys, cells: &mut [(u32, i64, Cell)], from: &[usize]) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for &from in from {
        let trouble = cells[from].2.trouble();
        let taken = trouble.evidence.extract_if(.., |item| is_reason(item));
        reasons.extend(taken.map(|evidence| Reason { from, evidence }));
    }
    reasons.sort_by_key(|Reason { from, evidence: Evidence { sign, .. } }| {
        (Reverse(sign.strength), keys.rank(cells[*from].0), cells[*from].0, sign.kind)
    });
    reasons
}

/// Gives reasons to attempts at the same server. `told` is ordered by key.
fn give_at_same_server(keys: &Keys, cells: &mut [(u32, i64, Cell)], told: &[usize], reasons: &mut [Reason]) {
    for Reason { from, evidence } in reasons {
        let key = keys.rank(cells[*from].0);
        let start = told.partition_point(|to| keys.rank(cells[*to].0) < key);
        for &to in &told[start..] {
            if keys.rank(cells[to].0) != key {
                break;
            }
            explain_with(&mut cells[to].2, evidence);
        }
    }
}

/// Gives what is left of the reasons to attempts anywhere: a line may also name no server, or by its address where the
/// other has a name.
fn give_anywhere(cells: &mut [(u32, i64, Cell)], told: &[usize], reasons: &mut [Reason]) {
    // By status and strength: how many of the cells have nothing left that such a reason explains.
    let mut done: BTreeMap<(u16, Strength), usize> = BTreeMap::new();
    for Reason { evidence, .. } in reasons {
        let done = done.entry((evidence.sign.status, evidence.sign.strength)).or_default();
        while let (true, Some(&to)) = (evidence.lines > 0, told.get(*done)) {
            explain_with(&mut cells[to].2, evidence);
            *done += usize::from(evidence.lines > 0);
        }
    }
}

/// Gives LiteSpeed's attempts, of which nothing is known but the virtual host, the reasons of that host, then those of
/// applications, and takes them to the application that a reason names. Requests to an application that LiteSpeed leaves
/// alone for a while fail without a reason of their own: they have that of the applications, too, however few lines tell
/// of it.
fn give_to_applications(keys: &Keys, cells: &mut [(u32, i64, Cell)], told: &[usize], reasons: &mut [Reason]) {
    let group = |series: u32| keys.of(series).group.as_str();
    let mut hosts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    told.iter().for_each(|&at| hosts.entry(group(cells[at].0)).or_default().push(at));
    let mut of_applications = Vec::new();
    for reason in reasons {
        match hosts.get(group(cells[reason.from].0)) {
            Some(told) if !group(cells[reason.from].0).is_empty() => {
                let lines = reason.evidence.lines;
                give_in_turn(keys, cells, told, [(reason, lines)]);
            }
            _ => of_applications.push(reason),
        }
    }
    let lines: Vec<u64> = of_applications.iter().map(|reason| reason.evidence.lines).collect();
    give_in_turn(keys, cells, told, of_applications.iter_mut().map(|reason| &mut **reason).zip(lines.clone()));
    let shares = apportion(unexplained(cells, told), &lines);
    give_in_turn(keys, cells, told, of_applications.into_iter().zip(shares));
}

/// Gives LiteSpeed's attempts of which nothing is known the reason of the applications that it had left alone last, if
/// that was no more than `reach` seconds before.
fn give_to_left_alone(keys: &Keys, cells: &mut Vec<(u32, i64, Cell)>, reach: i64) {
    let mut left_alone: BTreeMap<(&str, i64), Vec<(u32, Evidence)>> = BTreeMap::new();
    let mut silent: BTreeMap<(&str, i64), Vec<usize>> = BTreeMap::new();
    for (at, (id, window, cell)) in cells.iter().enumerate() {
        let (key, place) = (keys.of(*id), (keys.of(*id).proxy.as_str(), *window));
        if key.kind != Proxy::LITESPEED {
            continue;
        }
        if evidence(cell).any(is_unexplained) {
            silent.entry(place).or_default().push(at);
        }
        let is_told = |item: &&Evidence| item.sign.cause == Cause::NoLiveUpstream && item.sign.status == 503;
        if let Some(item) = evidence(cell).find(is_told).filter(|_| !key.upstream.is_empty()) {
            left_alone.entry(place).or_default().push((*id, item.clone()));
        }
    }
    for ((proxy, window), told) in silent {
        let Some((_, last)) = left_alone.range((proxy, window - reach)..(proxy, window)).next_back() else { continue };
        let times = told.iter().filter_map(|&at| evidence(&cells[at].2).find(|item| is_unexplained(item)));
        let times: Vec<_> = times.map(|item| (item.first, item.last)).collect();
        let lines: Vec<u64> = last.iter().map(|(_, item)| item.lines).collect();
        let shares = apportion(unexplained(cells, &told), &lines);
        let first = times.iter().map(|time| time.0).min();
        let until = times.iter().map(|time| time.1).max();
        let mut reasons = Vec::new();
        for ((id, item), share) in last.iter().zip(shares).filter(|(_, share)| *share > 0) {
            let (first, last) = (first.unwrap_or(item.first), until.unwrap_or(item.last));
            reasons.push((Reason { from: cells.len(), evidence: Evidence { first, last, ..item.clone() } }, share));
            cells.push((*id, window, Cell::default()));
        }
        give_in_turn(keys, cells, &told, reasons.iter_mut().map(|(reason, share)| (reason, *share)));
    }
}

/// How many attempts of cells there are of which nothing is known.
fn unexplained(cells: &[(u32, i64, Cell)], told: &[usize]) -> u64 {
    let items = told.iter().flat_map(|&at| evidence(&cells[at].2));
    items.filter(|item| is_unexplained(item)).map(|item| item.attempts).sum()
}

/// Gives attempts of which nothing is known reasons, one after the other, each to as many as it says.
fn give_in_turn<'a>(
    keys: &Keys,
    cells: &mut [(u32, i64, Cell)],
    told: &[usize],
    reasons: impl IntoIterator<Item = (&'a mut Reason, u64)>,
) {
    let mut at = 0;
    for (Reason { from, evidence }, mut most) in reasons {
        while let (true, Some(&to)) = (most > 0, told.get(at)) {
            most -= explain_at(keys, cells, (*from, to), evidence, most);
            at += usize::from(most > 0);
        }
    }
}

/// Whether a line that counts shows nothing.
fn is_unexplained(item: &Evidence) -> bool {
    item.source == Source::ErrorLog && item.sign.strength == Strength::Silent
}

/// Gives up to `most` attempts of the cell at `to` of which nothing is known the sign of the reason at `from`, where they
/// then stand if that names an application; gives how many there were.
fn explain_at(
    keys: &Keys,
    cells: &mut [(u32, i64, Cell)],
    (from, to): (usize, usize),
    reason: &mut Evidence,
    most: u64,
) -> u64 {
    let Some(silent) = evidence(&cells[to].2).find(|item| is_unexplained(item)) else { return 0 };
    let (first, last) = (reason.first.min(silent.first), reason.last.max(silent.last));
    let mut there = Cell::default();
    let moved = move_attempts(&mut cells[to].2, &mut there, &Evidence { first, last, ..reason.clone() }, most);
    reason.lines = reason.lines.saturating_sub(moved);
    let at = if keys.of(cells[from].0).upstream.is_empty() { to } else { from };
    if let Some(told) = there.trouble {
        let trouble = cells[at].2.trouble();
        told.evidence.into_iter().for_each(|item| trouble.add_evidence(item));
        trouble.slots |= told.slots;
        trouble.told_clients.merge(&told.told_clients);
    }
    moved
}

/// Moves up to `most` attempts of which nothing is known to another cell, as `told` of there; gives how many there were.
fn move_attempts(from: &mut Cell, to: &mut Cell, told: &Evidence, most: u64) -> u64 {
    let moved = take(from, told.sign, Strength::Weak, most);
    if let Some(left) = from.trouble.as_deref().filter(|_| moved > 0) {
        let trouble = to.trouble();
        trouble.add_evidence(of_attempts(told, moved));
        trouble.slots |= left.slots;
        trouble.told_clients.merge(&left.told_clients);
        if left.evidence.is_empty() && left.failures + left.failed_attempts == 0 {
            from.trouble = None;
        }
    }
    moved
}

/// Gives attempts of a cell the sign of `reason`, at most one for each of its lines, which it then has no more.
fn explain_with(cell: &mut Cell, reason: &mut Evidence) {
    let explained = take(cell, reason.sign, reason.sign.strength, reason.lines);
    if explained > 0 {
        cell.trouble().add_evidence(of_attempts(reason, explained));
        reason.lines -= explained;
    }
}

/// Takes up to `most` attempts out of a cell that have the status of `sign`, and a sign weaker than `than`; gives how
/// many there were.
fn take(cell: &mut Cell, sign: &Sign, than: Strength, most: u64) -> u64 {
    let Some(trouble) = cell.trouble.as_deref_mut() else { return 0 };
    let counts = |item: &&mut Evidence| {
        item.source == Source::ErrorLog && item.sign.status == sign.status && item.sign.strength < than
    };
    let mut items: Vec<&mut Evidence> = trouble.evidence.iter_mut().filter(counts).collect();
    items.sort_by_key(|item| (item.sign.strength, item.sign.kind));
    let mut explained = 0;
    for item in items {
        let taken = item.attempts.min(most - explained);
        item.attempts -= taken;
        item.lines = item.lines.saturating_sub(taken);
        explained += taken;
    }
    if explained > 0 {
        trouble.evidence.retain(|item| item.source != Source::ErrorLog || item.lines > 0);
    }
    explained
}

/// The evidence of a reason as that of so many attempts.
fn of_attempts(reason: &Evidence, attempts: u64) -> Evidence {
    Evidence { source: Source::ErrorLog, lines: attempts, attempts, ..reason.clone() }
}
