//! Lines that stand for all failures of their time. lighttpd says once that no server is left, and answers with 503
//! without another word until it tries one again; nginx and Apache say so of every request.

use super::{Row, reasons::bucket};
use crate::aggregate::{Evidence, Source, Trouble};
use crate::cause::{Cause, Proxy, Strength};
use std::collections::BTreeMap;

/// What lighttpd answers with where no server is left.
const STATUS: u16 = 503;

/// How long a server stays out of use at most, in microseconds, as people set `disable-time`: no request says anything
/// before.
const OUT_OF_USE: i64 = 60 * 1_000_000;

/// Gives failures that no line explains the sign of the line that stands for them: the last one before them, or one of
/// their own window. Runs when rows are finished, so that what other lines explain is known.
pub(super) fn stand_in(rows: &mut [Row], window: i64) {
    let mut lines: BTreeMap<(String, i64), Evidence> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.key.kind == Proxy::LIGHTTPD) {
        let told = row.trouble().evidence.iter().find(|item| says_none_left(item));
        told.into_iter().for_each(|item| drop(lines.insert((row.key.proxy.clone(), row.window), item.clone())));
    }
    if lines.is_empty() {
        return;
    }
    let before = (OUT_OF_USE / 1_000_000).max(window);
    for row in rows.iter_mut().filter(|row| row.key.kind == Proxy::LIGHTTPD && row.accessed) {
        let near = (row.key.proxy.clone(), row.window - before)..=(row.key.proxy.clone(), row.window);
        if let Some((_, line)) = lines.range(near).next_back() {
            row.cell.trouble.iter_mut().for_each(|trouble| trouble.explain_rest(line));
        }
    }
}

fn says_none_left(item: &Evidence) -> bool {
    item.source == Source::State && item.sign.cause == Cause::NoLiveUpstream
}

impl Trouble {
    /// Gives all failures of [`STATUS`] without a reason the sign of `line`.
    fn explain_rest(&mut self, line: &Evidence) {
        let is_told = |item: &&Evidence| bucket(item.sign.status) == bucket(STATUS) && item.source == Source::ErrorLog;
        let told: u64 = self.evidence.iter().filter(is_told).map(|item| item.failures).sum();
        let mut left = self.failures_in(bucket(STATUS)).saturating_sub(told);
        let mut explained = Vec::new();
        let is_silent = |item: &&mut Evidence| {
            let follows = item.last >= line.first && item.first.0 <= line.last.0.saturating_add(OUT_OF_USE);
            item.source == Source::Access && item.sign.strength <= Strength::Silent && follows
        };
        let mut silent: Vec<&mut Evidence> = self.evidence.iter_mut().filter(is_silent).collect();
        silent.sort_by_key(|item| bucket(item.sign.status) != bucket(STATUS));
        for item in silent {
            let failures = left.min(item.failures);
            left -= failures;
            item.failures -= failures;
            if failures > 0 {
                let (sign, sample, lines) = (line.sign, line.sample.clone(), failures);
                // How long which of them took is not known where some stay.
                let (took, times) =
                    if item.failures == 0 { (item.took, item.times.clone()) } else { Default::default() };
                explained.push(Evidence {
                    sign,
                    sample,
                    lines,
                    failures,
                    attempts: 0,
                    took,
                    times,
                    source: Source::ErrorLog,
                    ..item.clone()
                });
            }
        }
        self.evidence.retain(|item| item.failures + item.attempts > 0 || item.source != Source::Access);
        explained.into_iter().for_each(|item| self.add_evidence(item));
    }
}
