//! Weighs evidence: which cause is likely, and how sure that is.

use crate::aggregate::{Evidence, Source};
use crate::cause::{Cause, Strength};

/// What a failure that shows nothing weighs, in percent: a few explained failures do not speak for many that are not.
const UNEXPLAINED: u64 = 20;

/// From this belief on a cause is taken for certain: one conclusive line is above it, any number of strong ones is not.
pub(super) const CERTAIN: f64 = 0.9;

/// What is left of the score of a refusal at a server that never answered: of the faults that look so, about half are
/// none.
const NEVER_ANSWERED: f64 = 0.6;

/// A cause with all that speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// The cause.
    pub cause: Cause,
    /// Failed requests that it explains.
    pub failures: u64,
    /// Failed attempts that it explains.
    pub attempts: u64,
    /// The sum of its evidence, each failure and attempt by the strength of its sign.
    pub weight: u64,
    /// The probability that it is the cause of what it explains: the mean over all failures and attempts, each as sure
    /// as its sign.
    pub belief: f64,
}

/// All causes that `evidence` speaks for, the heaviest first. Evidence from state lines carries no weight of its own.
pub fn weigh<'a>(evidence: impl IntoIterator<Item = &'a Evidence>) -> Vec<Weighed> {
    let mut counted: Vec<&Evidence> =
        evidence.into_iter().filter(|item| item.source != Source::State && item.failures + item.attempts > 0).collect();
    counted.sort_by_key(|item| (item.sign.cause, item.sign.kind, item.source));
    let mut found: Vec<Weighed> = counted.chunk_by(|a, b| a.sign.cause == b.sign.cause).map(weigh_one).collect();
    found.sort_by(|a, b| b.weight.cmp(&a.weight).then(a.cause.cmp(&b.cause)));
    found
}

/// Weighs evidence for one cause, ordered by kind.
fn weigh_one(evidence: &[&Evidence]) -> Weighed {
    let cause = evidence[0].sign.cause;
    let sum = |part: fn(&Evidence) -> u64| evidence.iter().map(|item| part(item)).sum::<u64>();
    let percent = |item: &Evidence| match item.sign.strength {
        Strength::Silent | Strength::Echo => UNEXPLAINED,
        strength => strength.percent(),
    };
    let amount = sum(|item| item.failures + item.attempts);
    let certain: u64 = evidence.iter().map(|item| (item.failures + item.attempts) * item.sign.strength.percent()).sum();
    Weighed {
        cause,
        failures: sum(|item| item.failures),
        attempts: sum(|item| item.attempts),
        weight: evidence.iter().map(|item| (item.failures + item.attempts) * percent(item)).sum(),
        belief: certain as f64 / amount.max(1) as f64 / 100.0,
    }
}

/// The likely cause of something, and what else it could be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likely {
    /// The likely cause.
    pub cause: Cause,
    /// How many failures (or, where nothing failed for the client, attempts) it explains, of how many.
    pub share: (u64, u64),
    /// From 0 to 1.
    pub score: f64,
    /// The runner-up, if anything speaks for one.
    pub second: Option<Cause>,
}

/// A cause that stands behind those which lines name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Root {
    /// The cause.
    pub cause: Cause,
    /// How sure that is, from 0 to 1, where no line names it.
    pub belief: f64,
    /// What it brings about, and so explains too.
    pub explains: &'static [Cause],
}

impl Root {
    /// What took a group of servers down, so that requests found no live upstream.
    #[must_use]
    pub fn of_group(cause: Cause) -> Self {
        Self { cause, belief: 0.0, explains: &[Cause::NoLiveUpstream] }
    }
}

impl Likely {
    /// The likely cause among `causes`, the heaviest first; `None` where there are none. `root` is preferred where it
    /// is given. `witness` tells how sure somebody who is no part of the evidence (a health check) is of a cause, from
    /// 0 to 1.
    #[must_use]
    pub fn among(causes: &[Weighed], root: Option<Root>, witness: impl Fn(Cause) -> f64) -> Option<Self> {
        let by_failures = causes.iter().any(|item| item.failures > 0);
        let heaviest = causes.first()?;
        // What only hints at why tries failed does not outweigh what is known of the failures.
        let is_hint = by_failures && heaviest.failures == 0 && heaviest.belief < 0.5;
        let known = |item: &&Weighed| is_hint && item.failures > 0 && item.belief >= CERTAIN;
        let instead = causes.iter().find(known);
        let first = instead.unwrap_or(heaviest);
        let cause = root.map_or(first.cause, |root| root.cause);
        let explained =
            |item: &&Weighed| item.cause == cause || root.is_some_and(|root| root.explains.contains(&item.cause));
        // Where it speaks against what most tries hint at, it has to answer for those too.
        let count = |item: &Weighed| if by_failures && instead.is_none() { item.failures } else { item.attempts };
        let share = (causes.iter().filter(explained).map(count).sum(), causes.iter().map(count).sum());
        let own = causes.iter().find(|item| item.cause == cause).map_or(0.0, |item| item.belief);
        let own = own.max(root.map_or(0.0, |root| root.belief));
        // Two that know nothing of each other: both would have to be wrong.
        let belief = (1.0 - (1.0 - own) * (1.0 - witness(cause))).min(0.99);
        let is_other = |other: &Cause| {
            *other != cause && *other != Cause::Unknown && !root.is_some_and(|root| root.explains.contains(other))
        };
        // What a root explains is a rival only as long as the root is not certain.
        let doubted = root.is_some_and(|root| root.belief < CERTAIN);
        let is_shown = |other: &Cause| doubted && *other != cause && *other != Cause::Unknown;
        let others = || causes.iter().map(|item| item.cause);
        let second = others().find(is_other).or_else(|| others().find(is_shown));
        Some(Self { cause, share, score: score(belief, share), second })
    }

    /// Doubts a refusal that is only told from times, at a server that never answered: whatever was never set up right
    /// fails as quickly.
    pub(super) fn doubt_refusal(&mut self, causes: &[Weighed]) {
        let told = |item: &&Weighed| item.cause == Cause::ConnectionRefused && item.belief < CERTAIN;
        if self.cause == Cause::ConnectionRefused && causes.iter().any(|item| told(&item)) {
            self.score = (self.score * NEVER_ANSWERED * 1_000.0).round() / 1_000.0;
        }
    }

    /// `high`, `medium` or `low`.
    #[must_use]
    pub fn confidence(&self) -> &'static str {
        confidence(self.score)
    }
}

/// The belief in a cause, less where it explains only part of what happened.
fn score(belief: f64, (part, whole): (u64, u64)) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let share = part as f64 / whole as f64;
    (belief * (0.3 + 0.7 * share) * 1_000.0).round() / 1_000.0
}

/// A score as a word.
#[must_use]
pub fn confidence(score: f64) -> &'static str {
    match score {
        score if score >= 0.85 => "high",
        score if score >= 0.6 => "medium",
        _ => "low",
    }
}

/// Shares out `total` over `weights` in proportion, in whole numbers that add up to `total` (or to nothing where all
/// weights are 0). What rounding leaves goes to the largest remainders, and among equals to the first.
#[must_use]
pub fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u64| u128::from(total) * u128::from(weight);
    let mut shares: Vec<u64> = weights.iter().map(|weight| u64::try_from(exact(*weight) / sum).unwrap_or(0)).collect();
    let left = total - shares.iter().sum::<u64>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(exact(weights[at]) % sum));
    for &at in order.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        shares[at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_out_whole_numbers() {
        assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(apportion(40, &[80, 20]), [32, 8]);
        assert_eq!(apportion(3, &[0, 0]), [0, 0]);
        assert_eq!(apportion(0, &[5, 7]), [0, 0]);
    }

    proptest! {
        #[test]
        fn shares_add_up(total in 0_u64..1_000_000, weights in prop::collection::vec(0_u64..1_000_000, 1..20)) {
            let shares = apportion(total, &weights);
            let expected = if weights.iter().sum::<u64>() == 0 { 0 } else { total };
            prop_assert_eq!(shares.iter().sum::<u64>(), expected);
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(*weight > 0 || *share == 0);
            }
        }
    }
}
