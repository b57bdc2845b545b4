//! LiteSpeed's lines: one that counts a failure names the virtual host, those that explain it name the application that
//! was asked. While LiteSpeed leaves an application alone that failed, requests to it fail without a word.

use super::{Reason, evidence, of_attempts, take};
use crate::aggregate::{Cell, Evidence, Source};
use crate::cause::{Cause, Proxy, Strength};
use crate::diagnose::{keys::Keys, score::apportion};
use std::collections::{BTreeMap, BTreeSet};

/// For how long LiteSpeed leaves an application alone that failed, in microseconds, as far as is known: its
/// administrator says.
const LEFT_ALONE: i64 = 60 * 1_000_000;

/// Gives attempts, of which nothing is known but the virtual host, the reasons of that host, then those of
/// applications, and takes them to the application that a reason names. Requests to an application that LiteSpeed leaves
/// alone for a while fail without a reason of their own: they have those of the applications that it says this of,
/// however few lines tell of them.
pub(super) fn give(keys: &Keys, cells: &mut [(u32, i64, Cell)], told: &[usize], reasons: &mut [Reason]) {
    let group = |series: u32| keys.of(series).group.as_str();
    let mut hosts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    told.iter().for_each(|&at| hosts.entry(group(cells[at].0)).or_default().push(at));
    let mut of_applications = Vec::new();
    for reason in reasons {
        // What was said of one host's request explains no other's.
        match group(cells[reason.from].0) {
            "" => of_applications.push(reason),
            host => {
                let lines = reason.evidence.lines;
                give_in_turn(keys, cells, hosts.get(host).map_or(&[][..], |told| told), [(reason, lines)]);
            }
        }
    }
    let lines: Vec<u64> = of_applications.iter().map(|reason| reason.evidence.lines).collect();
    let left_alone = of_applications.iter().filter(|reason| is_left_alone(&reason.evidence));
    let left_alone: BTreeSet<u32> = left_alone.map(|reason| cells[reason.from].0).collect();
    let of_silence = |(reason, lines): (&&mut Reason, &u64)| {
        if left_alone.contains(&cells[reason.from].0) { *lines } else { 0 }
    };
    let silent: Vec<u64> = of_applications.iter().zip(&lines).map(of_silence).collect();
    give_in_turn(keys, cells, told, of_applications.iter_mut().map(|reason| &mut **reason).zip(lines));
    let bad = of_applications.iter().zip(&silent).filter(|(_, lines)| **lines > 0);
    let Some(since) = bad.map(|(reason, _)| reason.evidence.first).min() else { return };
    let later = |at: &usize| evidence(&cells[*at].2).any(|item| is_unexplained(item) && item.last >= since);
    let told: Vec<usize> = told.iter().copied().filter(later).collect();
    let shares = apportion(unexplained(cells, &told), &silent);
    give_in_turn(keys, cells, &told, of_applications.into_iter().zip(shares));
}

/// Whether lines say that LiteSpeed leaves an application alone from now on.
fn is_left_alone(item: &Evidence) -> bool {
    item.sign.cause == Cause::NoLiveUpstream && item.sign.status == 503 && item.sign.strength >= Strength::Strong
}

/// Gives attempts of which nothing is known the reason of the applications that LiteSpeed had left alone last, if that
/// was no longer than that before, or in the window before. `window` is how long windows are.
pub(super) fn give_to_left_alone(keys: &Keys, cells: &mut Vec<(u32, i64, Cell)>, window: i64) {
    let reach = (LEFT_ALONE / 1_000_000).max(window);
    let mut left_alone: BTreeMap<(&str, i64), Vec<(u32, Evidence)>> = BTreeMap::new();
    let mut silent: BTreeMap<(&str, i64), Vec<usize>> = BTreeMap::new();
    for (at, (id, start, cell)) in cells.iter().enumerate() {
        let key = keys.of(*id);
        let place = (key.proxy.as_str(), *start);
        if key.kind != Proxy::LITESPEED {
            continue;
        }
        if evidence(cell).any(is_unexplained) {
            silent.entry(place).or_default().push(at);
        }
        if let Some(item) = evidence(cell).find(|item| is_left_alone(item)).filter(|_| !key.upstream.is_empty()) {
            left_alone.entry(place).or_default().push((*id, item.clone()));
        }
    }
    for ((proxy, window), mut told) in silent {
        let Some((_, last)) = left_alone.range((proxy, window - reach)..(proxy, window)).next_back() else { continue };
        let until = last.iter().map(|(_, item)| item.last.0.saturating_add(LEFT_ALONE)).max().unwrap_or(i64::MIN);
        told.retain(|&at| evidence(&cells[at].2).any(|item| is_unexplained(item) && item.first.0 <= until));
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
