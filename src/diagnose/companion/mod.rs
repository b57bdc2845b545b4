//! Brings lines together that tell of the same failure.
//!
//! Some messages of Apache's only count a failure, and another line before them says why: that a TLS handshake failed
//! is one line, that the certificate was not accepted another. So it is with Varnish's about a body that stalled, and
//! with lighttpd's about what befell a connection. A line that explains is a state line whose sign bears the status of
//! the failure (of a stalled body: none, it had been sent); as many failed attempts with that status, in the same
//! window, as there are such lines then have its sign.
//!
//! LiteSpeed's line that counts names the virtual host, and a line that explains it the application, of which there may
//! be several for one failure, or none as long as it leaves the application alone: see [`applications`].

mod applications;

use super::keys::Keys;
use crate::aggregate::{Cell, Cells, Evidence, PathNames, Source, unite};
use crate::cause::{Cause, Proxy, Sign, Strength};
use std::{cmp::Reverse, collections::BTreeMap};

/// The gateways that write such lines.
const EXPLAIN: [Proxy; 4] = [Proxy::APACHE, Proxy::LITESPEED, Proxy::VARNISH, Proxy::LIGHTTPD];

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
    applications::give_to_left_alone(keys, &mut troubled, window);
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
            applications::give(keys, cells, &told, &mut reasons);
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
