//! What the failures of an incident have in common that no single line shows: one duration, an even spread, a rhythm, a
//! rise before.
//!
//! The rules look at counts per cell, at the durations of failures, and at which 64ths of a window had any.

use super::reconcile::Row;
use super::score::{CERTAIN, Root, Weighed};
use crate::aggregate::{Evidence, Histogram};
use crate::cause::{Cause, Sign};
use crate::format::CONNECT_RESET;
use crate::grammar::number::Micros;
use std::collections::BTreeMap;

/// Something that many failures of an incident share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Most took the same time: a limit that somebody configured.
    Plateau {
        /// That time.
        took: Micros,
        /// How many took it.
        part: u64,
        /// Of how many whose time is known.
        of: u64,
    },
    /// They are rare and evenly spread over the time.
    Sporadic,
    /// They come in bursts at a regular distance.
    Periodic {
        /// From the start of one to the start of the next, in seconds.
        every: i64,
        /// How many there were.
        bursts: usize,
    },
    /// These upstreams answered nothing at all in these logs: rather something that never worked than something that
    /// broke.
    NeverAnswered,
    /// Requests had become slower before the first failure.
    Slowing {
        /// The usual 95th percentile, in milliseconds.
        from: u64,
        /// That of the windows just before.
        to: u64,
    },
    /// More requests came than before.
    Surge {
        /// Usual requests in a window.
        from: u64,
        /// Requests in the busiest window of the incident.
        to: u64,
    },
}

/// Causes that show as a connection which ended before the response. Which of them it was is often seen only over many
/// failures.
pub(super) const BROKEN_OFF: [Cause; 4] =
    [Cause::ClosedEarly, Cause::ConnectionReset, Cause::KeepaliveRace, Cause::WorkerKilled];

/// Causes that a load beyond what the upstream can take brings about.
const LOAD: [Cause; 5] =
    [Cause::ResponseTimeout, Cause::ConnectTimeout, Cause::BacklogFull, Cause::QueueTimeout, Cause::CircuitBreaker];

/// What the rules look at.
pub(super) struct Facts<'a> {
    /// The length of a window in seconds.
    pub(super) window: i64,
    /// The incident's rows.
    pub(super) rows: &'a [&'a Row],
    /// Its evidence that explains failures or failed attempts.
    pub(super) evidence: &'a [&'a Evidence],
    /// The same, weighed; the heaviest first.
    pub(super) causes: &'a [Weighed],
    /// Requests between its first and last window.
    pub(super) requests: Option<u64>,
    /// Rows of the same upstreams in the windows before it.
    pub(super) before: &'a [&'a Row],
    /// Whether the same upstreams answered any request at any time.
    pub(super) answered: bool,
    /// Seconds from one of its parts to the next, and how many there are, where they come at regular distances.
    pub(super) rhythm: Option<(i64, usize)>,
}

/// How many failures make a pattern, at least.
const FEW: u64 = 3;

/// What is seen, and the cause that speaks from it where that is not the one which most lines name.
pub(super) fn find(facts: &Facts<'_>) -> (Vec<Pattern>, Option<Root>) {
    let first = facts.causes.first().map(|first| first.cause);
    let is_load = first.is_some_and(|cause| LOAD.contains(&cause));
    let (times, moments) = (facts.times(), facts.moments());
    let found = [
        facts.plateau(&times),
        facts.sporadic(&moments),
        facts.rhythm.map(|(every, bursts)| Pattern::Periodic { every, bursts }).or_else(|| facts.periodic(&moments)),
        (!facts.answered).then_some(Pattern::NeverAnswered),
        facts.slowing().filter(|_| is_load),
        facts.surge().filter(|_| is_load),
    ];
    let patterns: Vec<Pattern> = found.into_iter().flatten().collect();
    let root = facts.who_broke_off(&patterns, &times);
    (patterns, root)
}

impl Facts<'_> {
    /// Failures and failed attempts, whichever is more.
    fn failures(&self) -> u64 {
        let sum = |part: fn(&Row) -> u64| self.rows.iter().map(|row| part(row)).sum::<u64>();
        sum(|row| row.trouble().failures).max(sum(|row| row.trouble().failed_attempts))
    }

    /// The share of failures and attempts that `causes` account for.
    fn share_of(&self, causes: &[Cause]) -> f64 {
        let amount = |item: &Weighed| (item.failures + item.attempts) as f64;
        let all: f64 = self.causes.iter().map(amount).sum();
        self.causes.iter().filter(|item| causes.contains(&item.cause)).map(amount).sum::<f64>() / all.max(1.0)
    }

    /// How long the failures took of which that is known.
    fn times(&self) -> Histogram {
        Histogram::sum(self.evidence.iter().map(|item| &item.times))
    }

    fn plateau(&self, times: &Histogram) -> Option<Pattern> {
        let (millis, part) = times.mode()?;
        let of = times.count();
        // Whatever takes no time at all was waiting for nothing.
        if of < FEW || part * 10 < of * 6 || millis < 900 {
            return None;
        }
        // Where all of them lie there, the exact value is known too.
        let ends = self.evidence.iter().filter_map(|item| item.took).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let exact = ends.filter(|(shortest, longest)| longest - shortest <= tolerance(*longest));
        Some(Pattern::Plateau { took: exact.map_or(millis * 1_000, |(shortest, _)| shortest), part, of })
    }

    /// The 64ths of windows, counted from the epoch, in which something failed.
    fn moments(&self) -> Vec<i64> {
        let slots = |row: &&Row| (row.window / self.window * 64, row.trouble().slots);
        let mut windows: Vec<(i64, u64)> = self.rows.iter().map(slots).collect();
        windows.sort_unstable_by_key(|(start, _)| *start);
        windows.dedup_by(|more, all| {
            let same = more.0 == all.0;
            if same {
                all.1 |= more.1;
            }
            same
        });
        windows.into_iter().flat_map(|(start, slots)| bits(slots).map(move |bit| start + i64::from(bit))).collect()
    }

    /// Rare (at most one request in 100), and no two of them much closer than chance has it.
    fn sporadic(&self, moments: &[i64]) -> Option<Pattern> {
        let failures = self.failures();
        self.requests.filter(|requests| failures >= FEW && failures * 100 <= *requests)?;
        let span = moments.last()? - moments.first()? + 1;
        let distinct = u64::try_from(moments.len()).unwrap_or(0);
        // A few fall into the same 64th by chance, the more the fuller the windows are.
        let room = u64::try_from(span).unwrap_or(0) / 4;
        let spread = distinct * 10 >= failures.min(room.max(FEW)) * 6;
        (spread && span >= 8).then_some(Pattern::Sporadic)
    }

    fn periodic(&self, moments: &[i64]) -> Option<Pattern> {
        let gaps: Vec<i64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let quiet = (gaps.iter().max()? / 2).max(2);
        let mut starts = vec![*moments.first()?];
        starts.extend(moments.windows(2).filter(|pair| pair[1] - pair[0] >= quiet).map(|pair| pair[1]));
        let every = rhythm(&starts, 1)?;
        // A burst that lasts as long as the quiet after it is no burst, and single failures have the rhythm of the
        // requests.
        let busy = moments.len() / starts.len();
        let is_burst = i64::try_from(busy).is_ok_and(|busy| busy * 2 <= every);
        let count = u64::try_from(starts.len()).unwrap_or(u64::MAX);
        (is_burst && self.failures() >= FEW * count)
            .then(|| Pattern::Periodic { every: (every * self.window + 32) / 64, bursts: starts.len() })
    }

    fn slowing(&self) -> Option<Pattern> {
        let mut by_window: BTreeMap<i64, Histogram> = BTreeMap::new();
        for row in self.before {
            by_window.entry(row.window).or_default().merge(row.latency());
        }
        let slow: Vec<u64> = by_window.values().filter_map(|latency| latency.percentile(95)).collect();
        let (usual, last) = slow.split_at_checked(slow.len().checked_sub(2)?)?;
        let (from, to) = (median(usual)?, *last.iter().max()?);
        (to >= 2 * from && to >= 200).then_some(Pattern::Slowing { from, to })
    }

    fn surge(&self) -> Option<Pattern> {
        let requests = |rows: &[&Row]| {
            let mut by_window: BTreeMap<i64, u64> = BTreeMap::new();
            rows.iter().for_each(|row| *by_window.entry(row.window).or_default() += row.requests().unwrap_or(0));
            by_window.into_values().collect::<Vec<u64>>()
        };
        let (from, to) = (median(&requests(self.before))?, requests(self.rows).into_iter().max()?);
        (self.before.len() >= 3 && from >= 20 && to >= 2 * from).then_some(Pattern::Surge { from, to })
    }

    /// Why connections broke off before the response, as far as their times and their spread tell.
    fn who_broke_off(&self, patterns: &[Pattern], times: &Histogram) -> Option<Root> {
        if self.share_of(&BROKEN_OFF) < 0.9 {
            return None;
        }
        // No server had anything to answer yet: whatever time went by, HAProxy let go by between its tries.
        let lines = |is_such: fn(&Sign) -> bool| {
            self.evidence.iter().filter(|item| is_such(item.sign)).map(|item| item.lines).sum::<u64>()
        };
        if lines(|sign| *sign == CONNECT_RESET) * 10 >= lines(|_| true).max(1) {
            return None;
        }
        // What is read from many lines stays below what one conclusive line says.
        let root = |cause, belief| Some(Root { cause, belief, explains: &BROKEN_OFF });
        if patterns.iter().any(|pattern| matches!(pattern, Pattern::Plateau { .. })) {
            // The proxy had not given up yet: something behind it did, after a time of its own.
            return root(Cause::WorkerKilled, 0.75);
        }
        let known = times.count() > 0;
        let at_once = times.percentile(90).is_none_or(|millis| millis <= 10);
        if !at_once {
            return None;
        }
        let lines = lines(|_| true);
        let unsafe_only = self.evidence.iter().map(|item| item.not_repeatable).sum::<u64>() == lines;
        // What comes in numbers is no race, unless a proxy was seen to try the same server again.
        let repeated = |item: &&Evidence| item.sign.cause == Cause::KeepaliveRace && item.not_repeatable < item.lines;
        let in_numbers = self.requests.is_some_and(|requests| self.failures() * 50 > requests);
        // A proxy that says itself that the connection was idle knows better.
        let is_told = |item: &Weighed| item.cause == Cause::KeepaliveRace && item.belief < CERTAIN;
        let is_told = self.causes.first().is_some_and(is_told);
        if is_told && in_numbers && !self.evidence.iter().any(repeated) {
            return root(Cause::ClosedEarly, 0.4);
        }
        if patterns.contains(&Pattern::Sporadic) {
            return root(
                Cause::KeepaliveRace,
                match (known, unsafe_only) {
                    (true, true) => 0.84,
                    (true, false) => 0.75,
                    (false, true) => 0.7,
                    (false, false) => 0.6,
                },
            );
        }
        None
    }
}

/// The numbers of the bits that are set, in order.
pub(super) fn bits(mut set: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = Some(set.trailing_zeros()).filter(|bit| *bit < u64::BITS);
        set &= set.wrapping_sub(1);
        bit
    })
}

/// How far apart two durations are that a timer measured as the same.
fn tolerance(took: Micros) -> Micros {
    (took / 25).max(100_000)
}

/// The distance from each start to the next, where there are at least four and all are nearly the same; `slack` is what
/// measuring adds.
pub(super) fn rhythm(starts: &[i64], slack: i64) -> Option<i64> {
    let gaps: Vec<i64> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let (shortest, longest) = (*gaps.iter().min()?, *gaps.iter().max()?);
    let mean = gaps.iter().sum::<i64>() / i64::try_from(gaps.len()).ok()?;
    (gaps.len() >= 3 && longest - shortest <= mean / 5 + 2 * slack && mean > 4 * slack).then_some(mean)
}

fn median(numbers: &[u64]) -> Option<u64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rhythm_is_regular() {
        assert_eq!(rhythm(&[0, 60, 121, 180], 1), Some(60));
        assert_eq!(rhythm(&[0, 60, 120], 1), None);
        assert_eq!(rhythm(&[0, 60, 90, 180], 1), None);
        assert_eq!(rhythm(&[0, 1, 2, 3, 4], 1), None);
        assert_eq!(rhythm(&[], 1), None);
    }

    #[test]
    fn bits_are_numbered_from_the_last() {
        assert_eq!([0, 0b1010, 1 << 63].map(|set| bits(set).collect::<Vec<u32>>()), [vec![], vec![1, 3], vec![63]]);
    }

    #[test]
    fn the_middle_of_some_numbers() {
        assert_eq!([median(&[]), median(&[3]), median(&[9, 1, 5])], [None, Some(3), Some(5)]);
    }
}
