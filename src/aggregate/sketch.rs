//! How many different things there were, and how many two sets of them share, in little memory.
//!
//! A sketch keeps the smallest hashes that it has seen (a "bottom-k" or KMV sketch: Bar-Yossef et al., "Counting
//! Distinct Elements in a Data Stream", 2002). Two sketches keep the same things where they saw the same things, so
//! their overlap can be measured.

use foldhash::quality::FixedState;
use std::hash::BuildHasher as _;

/// How many hashes are kept: below, counts are exact; from here on they are within about a fifth.
const LIMIT: usize = 33;

/// The smallest hashes of what was seen, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch(Vec<u64>);

impl Sketch {
    /// Adds one thing; nothing where it is empty.
    pub fn add(&mut self, thing: &[u8]) {
        if !thing.is_empty() {
            self.insert(FixedState::with_seed(0).hash_one(thing));
        }
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|&hash| self.insert(hash));
    }

    fn insert(&mut self, hash: u64) {
        // Once it is full, few hashes are small enough.
        if self.0.get(LIMIT - 1).is_some_and(|largest| *largest <= hash) {
            return;
        }
        if let Err(at) = self.0.binary_search(&hash)
            && at < LIMIT
        {
            // First out, then in: so no sketch ever holds memory for more.
            self.0.truncate(LIMIT - 1);
            self.0.insert(at, hash);
        }
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many different things were seen, and whether that is exact.
    #[must_use]
    pub fn count(&self) -> (u64, bool) {
        match self.0.last() {
            // The k-th smallest of n hashes lies at about k/n of the range.
            Some(&last) if self.0.len() == LIMIT => {
                let share = (last as f64 + 1.0) / (u64::MAX as f64 + 1.0);
                // So many there are at least.
                ((((LIMIT - 1) as f64 / share).round() as u64).max(LIMIT as u64), false)
            }
            _ => (self.0.len() as u64, true),
        }
    }

    /// How many of the things that both sketches would have kept `other` has seen too: those, of how many.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> (usize, usize) {
        let bound = if other.0.len() == LIMIT { other.0.last().copied() } else { None };
        let comparable = || self.0.iter().filter(|&&hash| bound.is_none_or(|bound| hash <= bound));
        (comparable().filter(|hash| other.0.binary_search(hash).is_ok()).count(), comparable().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(numbers: std::ops::Range<u32>) -> Sketch {
        let mut sketch = Sketch::default();
        numbers.for_each(|number| sketch.add(number.to_string().as_bytes()));
        sketch
    }

    #[test]
    fn counts_few_exactly_and_many_nearly() {
        let mut few = sketch(0..20);
        few.merge(&sketch(10..30));
        few.add(b"");
        assert_eq!(few.count(), (30, true));
        assert_eq!(sketch(0..32).count(), (32, true));
        let (more, exact) = sketch(0..33).count();
        assert!(!exact && more >= 33, "{more}");
        let (many, exact) = sketch(0..10_000).count();
        assert!(!exact && (6_500..15_000).contains(&many), "{many}");
    }

    #[test]
    fn does_not_depend_on_the_order() {
        let (mut one, mut other) = (sketch(0..500), sketch(400..1_000));
        one.merge(&sketch(500..1_000));
        other.merge(&sketch(0..600));
        assert_eq!(one, other);
        assert_eq!(one, sketch(0..1_000));
    }

    #[test]
    fn measures_what_two_share() {
        assert_eq!(sketch(0..20).shared_with(&sketch(10..25)), (10, 20));
        let (same, of) = sketch(0..1_000).shared_with(&sketch(0..2_000));
        assert!(same == of && of >= 8, "{same} of {of}");
        let (same, of) = sketch(0..1_000).shared_with(&sketch(1_000..2_000));
        assert!(same == 0 && of > 0, "{same} of {of}");
    }
}
