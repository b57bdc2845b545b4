//! How long requests took: counts in buckets that are at most 1/32 wide, so that percentiles are within 3.2 %.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use crate::grammar::number::Micros;

/// Buckets per doubling: values below this many milliseconds are exact.
const STEPS: u64 = 32;

/// How many buckets there are: those of the longest duration, 2^40 ms, are the last.
const BUCKETS: usize = 36 * STEPS as usize + 1;

/// How many durations are kept one by one, at least, before they are counted.
const FEW: usize = 60;

/// How many durations need no memory of their own: as many as a pointer's alignment leaves room for.
const INLINE: usize = 7;

/// Counts of durations in milliseconds. A small thing, since there may be millions that have few durations, and are
/// never asked what these were.
#[derive(Clone, Debug, Default)]
pub struct Histogram(Kept);

#[derive(Clone, Debug)]
enum Kept {
    /// The buckets of so many durations, in no order.
    Inline(u8, [u16; INLINE]),
    /// Those of more.
    Apart(Box<Apart>),
}

#[derive(Clone, Debug, Default)]
struct Apart {
    /// The buckets of durations that `counts` does not have, in no order.
    few: Vec<u16>,
    /// Buckets and counts, in bucket order. What a count cannot hold goes on in another of the same bucket.
    counts: Vec<(u16, u16)>,
}

impl Default for Kept {
    fn default() -> Self {
        Self::Inline(0, [0; INLINE])
    }
}

impl Histogram {
    /// Counts one duration.
    #[inline(always)]
    pub fn add(&mut self, duration: Micros) {
        let bucket = bucket(duration.saturating_add(500) / 1_000);
        match &mut self.0 {
            Kept::Inline(len, few) if usize::from(*len) < INLINE => {
                few[usize::from(*len)] = bucket;
                *len += 1;
            }
            Kept::Apart(apart) if apart.few.len() < apart.few.capacity() => apart.few.push(bucket),
            _ => self.add_apart(bucket),
        }
    }

    /// The same where room has to be made.
    #[cold]
    fn add_apart(&mut self, bucket: u16) {
        let mut apart = std::mem::take(&mut self.0).into_apart();
        apart.make_room();
        apart.few.push(bucket);
        self.0 = Kept::Apart(apart);
    }

    /// Adds all of `other`'s counts.
    pub fn merge(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (Kept::Inline(len, few), Kept::Inline(more, theirs)) if usize::from(*len + *more) <= INLINE => {
                few[usize::from(*len)..][..usize::from(*more)].copy_from_slice(&theirs[..usize::from(*more)]);
                *len += more;
            }
            _ => {
                let mut apart = std::mem::take(&mut self.0).into_apart();
                apart.extend(other.few(), other.counts());
                self.0 = Kept::Apart(apart);
            }
        }
    }

    /// Durations that are kept one by one, by their buckets.
    fn few(&self) -> &[u16] {
        match &self.0 {
            Kept::Inline(len, few) => &few[..usize::from(*len)],
            Kept::Apart(apart) => &apart.few,
        }
    }

    /// Buckets and counts of all others.
    fn counts(&self) -> &[(u16, u16)] {
        match &self.0 {
            Kept::Inline(..) => &[],
            Kept::Apart(apart) => &apart.counts,
        }
    }

    /// The counts of all.
    #[must_use]
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sums = [0_u64; BUCKETS];
        for histogram in all {
            histogram.few().iter().for_each(|&bucket| sums[usize::from(bucket)] += 1);
            histogram.counts().iter().for_each(|&(bucket, count)| sums[usize::from(bucket)] += u64::from(count));
        }
        let counts = (0..).zip(sums).flat_map(|(bucket, count)| parts(count).map(move |part| (bucket, part)));
        Self(Kept::Apart(Box::new(Apart { few: Vec::new(), counts: counts.collect() })))
    }

    /// Buckets and how many durations they hold, in bucket order.
    fn totals(&self) -> Vec<(u16, u64)> {
        let mut settled = self.0.clone().into_apart();
        settled.settle();
        let buckets = settled.counts.chunk_by(|a, b| a.0 == b.0);
        buckets.map(|parts| (parts[0].0, parts.iter().map(|part| u64::from(part.1)).sum())).collect()
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.few().len() as u64 + self.counts().iter().map(|entry| u64::from(entry.1)).sum::<u64>()
    }

    /// The durations, in milliseconds, that these percentages of all durations do not exceed, in ascending order: the
    /// nearest-rank percentiles, each as the middle of its bucket. `None` where nothing was counted.
    #[must_use]
    pub fn percentiles<const N: usize>(&self, percents: [u64; N]) -> [Option<u64>; N] {
        let count = self.count();
        let ranks = percents.map(|percent| (count * percent).div_ceil(100).max(1));
        if self.counts().is_empty() {
            return self.of_few(ranks);
        }
        let totals = self.totals();
        ranks.map(|rank| {
            let mut seen = 0;
            let reached = totals.iter().find(|total| {
                seen += total.1;
                seen >= rank
            });
            reached.map(|total| middle(total.0))
        })
    }

    /// The durations of these ranks, from 1, where all are kept one by one.
    fn of_few<const N: usize>(&self, ranks: [u64; N]) -> [Option<u64>; N] {
        let mut sorted = self.few().to_vec();
        sorted.sort_unstable();
        ranks.map(|rank| sorted.get(usize::try_from(rank - 1).unwrap_or(usize::MAX)).copied().map(middle))
    }

    /// One of the [`percentiles`](Self::percentiles).
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        self.percentiles([percent])[0]
    }

    /// The duration, in milliseconds, that most durations are near to, and how many are: within a bucket of its own,
    /// and its neighbours. `None` where nothing was counted.
    #[must_use]
    pub fn mode(&self) -> Option<(u64, u64)> {
        let totals = self.totals();
        let near = |at: usize| {
            let around = totals[at.saturating_sub(1)..(at + 2).min(totals.len())].iter();
            around.filter(|total| total.0.abs_diff(totals[at].0) <= 1).map(|total| total.1).sum::<u64>()
        };
        let fullest = (0..totals.len()).max_by_key(|&at| (near(at), totals[at].1, std::cmp::Reverse(at)))?;
        Some((middle(totals[fullest].0), near(fullest)))
    }
}

impl Kept {
    /// The same with memory of its own.
    fn into_apart(self) -> Box<Apart> {
        match self {
            Self::Inline(len, few) => Box::new(Apart::of(few[..usize::from(len)].to_vec())),
            Self::Apart(apart) => apart,
        }
    }
}

impl Apart {
    fn of(few: Vec<u16>) -> Self {
        Self { few, counts: Vec::new() }
    }

    fn extend(&mut self, few: &[u16], counts: &[(u16, u16)]) {
        self.few.extend_from_slice(few);
        self.counts.extend_from_slice(counts);
        if !counts.is_empty() || self.few.len() > self.most() {
            self.settle();
        }
    }

    /// How many durations are kept one by one: no more than there are counts, so that counting them anew costs each
    /// little.
    fn most(&self) -> usize {
        self.counts.len().max(FEW)
    }

    /// Makes room for one more duration: as much again, as far as an allocator's blocks go, and in the end by counting.
    fn make_room(&mut self) {
        let (few, most) = (self.few.len(), self.most());
        if few < most {
            self.few.reserve_exact((few + 4).max(12).min(most - few));
        } else {
            self.settle();
        }
    }

    /// Counts what was kept one by one.
    fn settle(&mut self) {
        self.few.sort_unstable();
        let runs = self.few.chunk_by(|a, b| a == b);
        self.counts.extend(runs.flat_map(|run| parts(run.len() as u64).map(|part| (run[0], part))));
        // With its memory: most cells will have few more.
        self.few = Vec::new();
        // Two runs in order, or three.
        self.counts.sort_by_key(|entry| entry.0);
        self.counts.dedup_by(|next, kept| {
            let both = if next.0 == kept.0 { kept.1.checked_add(next.1) } else { None };
            kept.1 = both.unwrap_or(kept.1);
            both.is_some()
        });
        self.counts.shrink_to_fit();
    }
}

/// A count in parts that 16 bits can hold.
fn parts(count: u64) -> impl Iterator<Item = u16> {
    let mut left = count;
    std::iter::from_fn(move || {
        let part = u16::try_from(left).unwrap_or(u16::MAX);
        left -= u64::from(part);
        (part > 0).then_some(part)
    })
}

/// The bucket of a number of milliseconds. Values over 2^40 ms share the last.
#[inline(always)]
fn bucket(millis: u64) -> u16 {
    let millis = millis.min(1 << 40);
    if millis < 2 * STEPS {
        return u16::try_from(millis).unwrap_or(u16::MAX);
    }
    // The highest bit says the doubling, the five below it the step within.
    let shift = u64::from(63 - millis.leading_zeros() - STEPS.trailing_zeros());
    u16::try_from(shift * STEPS + (millis >> shift)).unwrap_or(u16::MAX)
}

/// The middle of a bucket, in milliseconds.
fn middle(bucket: u16) -> u64 {
    let bucket = u64::from(bucket);
    if bucket < 2 * STEPS {
        return bucket;
    }
    let shift = bucket / STEPS - 1;
    let low = (bucket - shift * STEPS) << shift;
    low + ((1 << shift) - 1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn the_mode_is_where_most_are() {
        let mut times = Histogram::default();
        assert_eq!(times.mode(), None);
        for millis in [5, 40, 2_000, 2_001, 2_003, 2_030, 9_000] {
            times.add(millis * 1_000);
        }
        // From 1,024 to 2,047 ms a bucket is 32 ms wide: 1,984 to 2,015 holds three, the next one more.
        let (millis, count) = times.mode().unwrap_or_default();
        assert!((1_984..2_016).contains(&millis) && count == 4, "{millis} {count}");
    }

    #[test]
    fn is_exact_for_small_values() {
        let mut histogram = Histogram::default();
        for millis in 1..=50 {
            histogram.add(millis * 1_000);
        }
        // Nearest rank: the 25th, 48th and 50th of 1..=50.
        assert_eq!([50, 95, 99].map(|percent| histogram.percentile(percent)), [Some(25), Some(48), Some(50)]);
        assert_eq!(Histogram::default().percentile(50), None);
    }

    /// However durations came together, as many as one count cannot hold among them.
    #[test]
    fn counts_the_same_in_any_order() {
        let durations = (0..200_000_u64).map(|number| if number % 4 == 0 { number % 300 } else { 7 } * 1_000);
        let (mut all, mut halves) = (Histogram::default(), [Histogram::default(), Histogram::default()]);
        for (number, duration) in durations.enumerate() {
            all.add(duration);
            halves[number * 7 % 3 / 2].add(duration);
        }
        let [mut one, other] = halves;
        let sum = Histogram::sum([&other, &one]);
        one.merge(&other);
        // 150,000 of 7 ms; of 0 ms, 4 ms and so on to 296 ms 666 or 667 each.
        for histogram in [&all, &one, &sum] {
            assert_eq!((histogram.count(), histogram.mode().map(|mode| mode.0)), (200_000, Some(7)));
            assert_eq!(histogram.totals(), all.totals());
        }
        assert_eq!(all.totals().iter().find(|total| total.0 == 7), Some(&(7, 150_000)));
        assert_eq!(all.percentiles([0, 1, 75, 76]), [Some(0), Some(7), Some(7), Some(8)]);
    }

    proptest! {
        #[test]
        fn is_close_for_all_values(millis in 0_u64..1 << 40) {
            let shown = middle(bucket(millis));
            prop_assert!(shown.abs_diff(millis) * 32 <= millis, "{millis} shown as {shown}");
        }

        #[test]
        fn buckets_keep_order(a in 0_u64..1 << 40, b in 0_u64..1 << 40) {
            prop_assert!(bucket(a.min(b)) <= bucket(a.max(b)));
        }
    }
}
