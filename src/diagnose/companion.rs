//! Brings lines together that tell of the same failure.
//!
//! Some messages of Apache's only count a failure, and another line before them says why: that a TLS handshake failed is one line,
//! that the certificate was not accepted another. A line that explains is a state line whose sign bears the status of the failure;
//! as many failed attempts with that status, in the same window, as there are such lines then have its sign.

use super::Key;
use crate::aggregate::{Cell, Evidence, Source};
use crate::cause::Proxy;
use std::{collections::BTreeMap, sync::Arc};

/// Gives attempts that an error log tells of the sign of the lines that explain them. `keys` are those of the cells' series.
pub(super) fn explain(keys: &[Arc<Key>], cells: &mut [(u32, i64, Cell)]) {
    let mut places: BTreeMap<(&str, i64), Cells> = BTreeMap::new();
    let of_apache = |cell: &(usize, &(u32, i64, Cell))| keys[cell.1.0 as usize].kind == Proxy::Apache;
    for (at, (id, window, cell)) in cells.iter().enumerate().filter(of_apache) {
        let place = (keys[*id as usize].proxy.as_str(), *window);
        if evidence(cell).any(|item| item.source == Source::ErrorLog) {
            places.entry(place).or_default().told.push(at);
        }
        if evidence(cell).any(is_reason) {
            places.entry(place).or_default().reasons.push(at);
        }
    }
    for Cells { mut told, mut reasons } in places.into_values() {
        let order = |at: &usize| (&keys[cells[*at].0 as usize], cells[*at].0);
        told.sort_by_key(order);
        reasons.sort_by_key(order);
        // At the same server first: a line may also name none, or by its address where the other has a name.
        for same in [true, false] {
            for (&from, &to) in reasons.iter().flat_map(|from| told.iter().map(move |to| (from, to))) {
                if (keys[cells[from].0 as usize] == keys[cells[to].0 as usize]) == same {
                    give(cells, from, to);
                }
            }
        }
    }
}

/// Cells of one proxy in one window, by their places.
#[derive(Default)]
struct Cells {
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
    item.source == Source::State && item.sign.status != 0
}

/// Gives the attempts told of in cell `to` the reasons in cell `from`.
fn give(cells: &mut [(u32, i64, Cell)], from: usize, to: usize) {
    let mut reasons = take(&mut cells[from].2, is_reason);
    reasons.sort_by_key(|reason| (std::cmp::Reverse(reason.sign.strength), reason.sign.kind));
    for reason in reasons {
        let rest = explain_with(&mut cells[to].2, reason);
        if rest.lines > 0 {
            cells[from].2.trouble().add_evidence(rest);
        }
    }
}

/// Takes the evidence that `wanted` picks out of a cell.
fn take(cell: &mut Cell, wanted: fn(&Evidence) -> bool) -> Vec<Evidence> {
    cell.trouble
        .as_mut()
        .map_or_else(Vec::new, |trouble| trouble.evidence.extract_if(.., |item| wanted(item)).collect())
}

/// Gives attempts of a cell the sign of `reason`, at most one for each of its lines; gives what is left of it.
fn explain_with(cell: &mut Cell, mut reason: Evidence) -> Evidence {
    let trouble = cell.trouble();
    let counts = |item: &&mut Evidence| {
        item.source == Source::ErrorLog
            && item.sign.status == reason.sign.status
            && item.sign.strength < reason.sign.strength
    };
    let mut items: Vec<&mut Evidence> = trouble.evidence.iter_mut().filter(counts).collect();
    items.sort_by_key(|item| (item.sign.strength, item.sign.kind));
    let mut explained = 0;
    for item in items {
        let taken = item.attempts.min(reason.lines - explained);
        item.attempts -= taken;
        item.lines = item.lines.saturating_sub(taken);
        explained += taken;
    }
    trouble.evidence.retain(|item| item.source != Source::ErrorLog || item.lines > 0);
    if explained > 0 {
        let told = Evidence { source: Source::ErrorLog, lines: explained, attempts: explained, ..reason.clone() };
        trouble.add_evidence(told);
    }
    reason.lines -= explained;
    reason
}
