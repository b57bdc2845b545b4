//! How long requests took: counts in buckets that are at most 1/32 wide, so that percentiles are within 3.2 %.

use crate::grammar::number::Micros;

/// Buckets per doubling: values below this many milliseconds are exact.
const STEPS: u64 = 32;

/// Counts of durations in milliseconds, sparse, in bucket order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram(Vec<(u16, u32)>);

impl Histogram {
    /// Counts one duration.
    #[inline]
    pub fn add(&mut self, duration: Micros) {
        self.add_many(bucket(duration.saturating_add(500) / 1_000), 1);
    }

    /// Adds all of `other`'s counts.
    pub fn merge(&mut self, other: &Self) {
        for &(bucket, count) in &other.0 {
            self.add_many(bucket, count);
        }
    }

    #[inline]
    fn add_many(&mut self, bucket: u16, count: u32) {
        match self.0.binary_search_by_key(&bucket, |entry| entry.0) {
            Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(count),
            Err(at) => self.0.insert(at, (bucket, count)),
        }
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().map(|entry| u64::from(entry.1)).sum()
    }

    /// The duration, in milliseconds, that `percent` of all durations do not exceed: the nearest-rank percentile, as
    /// the middle of its bucket. `None` where nothing was counted.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for &(bucket, count) in &self.0 {
            seen += u64::from(count);
            if seen >= rank {
                return Some(middle(bucket));
            }
        }
        None
    }

    /// The duration, in milliseconds, that most durations are near to, and how many are: within a bucket of its own,
    /// and its neighbours. `None` where nothing was counted.
    #[must_use]
    pub fn mode(&self) -> Option<(u64, u64)> {
        let near = |at: usize| {
            let around = self.0[at.saturating_sub(1)..(at + 2).min(self.0.len())].iter();
            around.filter(|entry| entry.0.abs_diff(self.0[at].0) <= 1).map(|entry| u64::from(entry.1)).sum::<u64>()
        };
        let fullest = (0..self.0.len()).max_by_key(|&at| (near(at), self.0[at].1, std::cmp::Reverse(at)))?;
        Some((middle(self.0[fullest].0), near(fullest)))
    }
}

/// The bucket of a number of milliseconds. Values over 2^40 ms share the last.
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
