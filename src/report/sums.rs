//! Sums over rows.

use super::Totals;
use crate::aggregate::STATUS_COLUMNS;
use crate::diagnose::{Findings, Row, Upstream, plus};
use crate::show;

/// What some rows add up to. Requests and attempts are `None` where no row knows them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) requests: Option<u64>,
    attempts: Option<u64>,
    pub(super) failures: u64,
    statuses: [u64; STATUS_COLUMNS],
    pub(super) failed_attempts: u64,
    masked_failures: u64,
    crawler_failures: u64,
    /// Whether failures are among them that an error log alone tells of.
    uncounted: bool,
}

impl Sums {
    /// What the rows of an upstream add up to.
    pub(super) fn of(upstream: &Upstream, findings: &Findings) -> Self {
        let mut sums = Self { requests: upstream.requests, attempts: upstream.attempts, ..Self::default() };
        findings.troubled_in(&upstream.rows).iter().for_each(|&at| sums.add_trouble(&findings.rows[at]));
        sums
    }

    fn add_trouble(&mut self, row: &Row) {
        let trouble = row.trouble();
        self.uncounted |= row.uncounted;
        self.failures += trouble.failures;
        self.statuses = both(self.statuses, trouble.statuses);
        self.failed_attempts += trouble.failed_attempts;
        self.masked_failures += trouble.masked_failures;
        self.crawler_failures += trouble.crawler_failures;
    }

    /// What both add up to.
    pub(super) fn with(self, other: &Self) -> Self {
        Self {
            requests: plus(self.requests, other.requests),
            attempts: plus(self.attempts, other.attempts),
            failures: self.failures + other.failures,
            statuses: both(self.statuses, other.statuses),
            failed_attempts: self.failed_attempts + other.failed_attempts,
            masked_failures: self.masked_failures + other.masked_failures,
            crawler_failures: self.crawler_failures + other.crawler_failures,
            uncounted: self.uncounted || other.uncounted,
        }
    }

    /// The same as it will be read.
    pub(super) fn totals(&self) -> Totals {
        let Self { requests, failures, statuses, .. } = *self;
        // Failures of an error log alone are among no requests: then there is no rate.
        let counted = !self.uncounted && requests.is_none_or(|requests| failures <= requests);
        Totals {
            requests,
            failures,
            error_rate: requests.filter(|_| counted).and_then(|requests| show::rate(failures, requests)),
            status_502: statuses[0],
            status_503: statuses[1],
            status_504: statuses[2],
            status_52x: statuses[3],
            attempts: self.attempts,
            failed_attempts: self.failed_attempts,
            masked_failures: self.masked_failures,
            crawler_failures: self.crawler_failures,
        }
    }
}

fn both(one: [u64; STATUS_COLUMNS], other: [u64; STATUS_COLUMNS]) -> [u64; STATUS_COLUMNS] {
    std::array::from_fn(|column| one[column] + other[column])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_rate_where_failures_are_among_no_requests() {
        let counted = Sums { requests: Some(8), failures: 2, ..Sums::default() };
        let told = Sums { failures: 3, uncounted: true, ..Sums::default() };
        assert_eq!(counted.totals().error_rate, Some(0.25));
        assert_eq!(told.totals().error_rate, None);
        let both = counted.with(&told).totals();
        assert_eq!((both.requests, both.failures, both.error_rate), (Some(8), 5, None));
    }
}
