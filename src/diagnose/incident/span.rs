//! Spans: rows of one upstream with one cause, close to each other.

use super::super::keys::Key;
use super::super::pattern::BROKEN_OFF;
use super::super::reconcile::Row;
use super::super::score::weigh;
use crate::cause::{Cause, Strength};
use std::{collections::BTreeMap, sync::Arc};

/// A span with at most this part of a neighbour's trouble is part of its neighbour's story.
const MINOR: u64 = 10;

/// How many spans before and after one are its neighbours, at most.
const NEIGHBOURS: usize = 8;

/// A window with this many times the trouble of its span's median, and at least that much, is the core of an outage,
/// and no part of the trickle around it.
const CORE: (u64, u64) = (10, 20);

/// Rows of one upstream with one cause, close to each other.
pub(super) struct Span {
    pub(super) key: Arc<Key>,
    pub(super) cause: Cause,
    pub(super) level: Level,
    pub(super) rows: Vec<usize>,
    /// The first and last window.
    pub(super) windows: (i64, i64),
    /// Failures and failed attempts, as [`trouble`] counts them.
    pub(super) trouble: u64,
}

/// How a span stands out from what was before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It does not.
    Even,
    /// It is the outage in a trickle of the same trouble.
    Core,
    /// It is the trickle around an outage.
    Trickle,
}

/// The spans of one upstream, whose rows at `places` may have failed, in order of their start.
pub(super) fn spans_of(rows: &[Row], places: &[usize], gap: i64) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut latest: BTreeMap<Cause, usize> = BTreeMap::new();
    for &at in places {
        let row = &rows[at];
        if !row.is_troubled() {
            continue;
        }
        let cause = kind_of(weigh(&row.trouble().evidence).first().map_or(Cause::Unknown, |first| first.cause));
        match latest.get(&cause).filter(|&&before| row.window - spans[before].windows.1 <= gap) {
            Some(&before) => spans[before].extend([at], rows),
            None => {
                latest.insert(cause, spans.len());
                spans.push(Span::new(cause, Level::Even, [at], rows));
            }
        }
    }
    spans
}

/// The cause that stands for all those which take many failures to be told apart.
fn kind_of(cause: Cause) -> Cause {
    if BROKEN_OFF.contains(&cause) { Cause::ClosedEarly } else { cause }
}

impl Span {
    fn new(cause: Cause, level: Level, places: impl IntoIterator<Item = usize>, rows: &[Row]) -> Self {
        let places: Vec<usize> = places.into_iter().collect();
        let key = Arc::clone(&rows[places[0]].key);
        let mut span = Self { key, cause, level, rows: Vec::new(), windows: (i64::MAX, i64::MIN), trouble: 0 };
        span.extend(places, rows);
        span
    }

    fn extend(&mut self, places: impl IntoIterator<Item = usize>, rows: &[Row]) {
        for at in places {
            let row = &rows[at];
            self.rows.push(at);
            self.windows = (self.windows.0.min(row.window), self.windows.1.max(row.window));
            self.trouble += trouble(row);
        }
    }
}

/// Failures and failed attempts, without those that only repeat others out of a cache.
pub(super) fn trouble(row: &Row) -> u64 {
    let echoes = row.trouble().evidence.iter().filter(|item| item.sign.strength == Strength::Echo);
    let repeated: u64 = echoes.map(|item| item.failures + item.attempts).sum();
    (row.trouble().failures + row.trouble().failed_attempts).saturating_sub(repeated)
}

/// Spans that are nothing beside a neighbour become part of it; so do spans of which nothing is known beside one that
/// is.
pub(super) fn absorb_minor(mut spans: Vec<Span>, gap: i64) -> Vec<Span> {
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by_key(|&at| (spans[at].trouble, at));
    let mut gone = vec![false; spans.len()];
    for at in order {
        let small = &spans[at];
        let is_host = |other: &usize| {
            let other_span = &spans[*other];
            let near = distance(small.windows, other_span.windows) <= gap;
            let minor = small.trouble * MINOR <= other_span.trouble;
            let unexplained = small.cause == Cause::Unknown && small.trouble <= other_span.trouble;
            *other != at && !gone[*other] && near && (minor || unexplained) && other_span.cause != Cause::Unknown
        };
        let neighbours = at.saturating_sub(NEIGHBOURS)..(at + NEIGHBOURS + 1).min(spans.len());
        let Some(host) = neighbours.filter(is_host).max_by_key(|&other| spans[other].trouble) else { continue };
        gone[at] = true;
        let (rows, windows, trouble) = (std::mem::take(&mut spans[at].rows), spans[at].windows, spans[at].trouble);
        let host = &mut spans[host];
        host.rows.extend(rows);
        host.windows = (host.windows.0.min(windows.0), host.windows.1.max(windows.1));
        host.trouble += trouble;
    }
    spans.into_iter().zip(gone).filter(|(_, gone)| !gone).map(|(span, _)| span).collect()
}

/// Takes an outage out of the trickle of the same trouble that it stands in, where the two differ much.
pub(super) fn split_core(mut span: Span, rows: &[Row], gap: i64) -> Vec<Span> {
    span.rows.sort_unstable();
    let mut troubles: Vec<u64> = span.rows.iter().map(|&at| trouble(&rows[at])).collect();
    troubles.sort_unstable();
    let floor = (CORE.0 * troubles[troubles.len() / 2]).max(CORE.1);
    let (core, trickle): (Vec<usize>, Vec<usize>) = span.rows.iter().partition(|&&at| trouble(&rows[at]) >= floor);
    if core.is_empty() {
        return vec![span];
    }
    let near = |a: &usize, b: &usize| rows[*b].window - rows[*a].window <= gap;
    let pieces = |places: Vec<usize>, level: Level| -> Vec<Span> {
        let chunks = places.chunk_by(near);
        chunks.map(|chunk| Span::new(span.cause, level, chunk.iter().copied(), rows)).collect()
    };
    let mut parts = pieces(core, Level::Core);
    parts.extend(pieces(trickle, Level::Trickle));
    parts
}

/// How far apart two ranges of windows are, in seconds; 0 where they overlap.
pub(super) fn distance(a: (i64, i64), b: (i64, i64)) -> i64 {
    (b.0 - a.1).max(a.0 - b.1).max(0)
}
