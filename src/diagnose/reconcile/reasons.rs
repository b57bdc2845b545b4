//! Rules 1 and 3 within a row: the error log says why the failures happened, or, where there is no access log, that
//! they happened.

use super::super::score::apportion;
use crate::aggregate::{Evidence, PathNames, STATUS_COLUMNS, Source, Trouble, status_column};
use crate::cause::{Cause, Sign, Strength};
use crate::format::Statuses;
use std::cmp::Reverse;

/// The columns of statuses, and one more for those without a column.
pub(super) const BUCKETS: usize = STATUS_COLUMNS + 1;

/// The bucket of a status.
pub(super) fn bucket(status: u16) -> usize {
    status_column(status).unwrap_or(STATUS_COLUMNS)
}

/// Whether an error log may know better than an access line with this sign. Which timer ran out is told from the fields
/// that have no value, and a TLS handshake leaves the same ones empty as a connection does.
pub(super) fn is_open(sign: &Sign) -> bool {
    sign.strength < Strength::Conclusive || [Cause::ConnectTimeout, Cause::ResponseTimeout].contains(&sign.cause)
}

impl Trouble {
    /// Counts the attempts that the error log tells of. A line about no upstream tells of a request that made none: it
    /// is a failure, or, where its status is none, a failed attempt all the same.
    pub(super) fn count_told_attempts(&mut self, statuses: &Statuses, has_upstream: bool) {
        for item in self.evidence.iter_mut().filter(|item| item.source == Source::ErrorLog) {
            if !has_upstream && statuses.contains(item.sign.status) {
                item.attempts = 0;
            }
            self.failed_attempts += item.attempts;
        }
    }

    /// Rule 1: gives the failures and attempts that access lines explain less than conclusively the error log's reasons
    /// instead. `only_last` is set where the access log names the last server that was tried, and no other (Apache's
    /// balancers): then attempts that only the error log tells of count too.
    pub(super) fn explain(&mut self, statuses: &Statuses, has_upstream: bool, only_last: bool) {
        let explains = |item: &Evidence| item.failures + item.attempts > 0 || item.source != Source::Access;
        if self.evidence.iter().all(|item| item.source != Source::ErrorLog) {
            self.evidence.retain(explains);
            return;
        }
        let answered = |item: &Evidence| item.source == Source::ErrorLog && statuses.contains(item.sign.status);
        let wanted = |item: &Evidence| (bucket(item.sign.status), if answered(item) { item.attempts } else { 0 });
        let told: Vec<(usize, u64)> = self.evidence.iter().map(wanted).collect();
        let failures = self.give_up(&told, |item| &mut item.failures);
        let attempts = self.give_up(&told, |item| &mut item.attempts);
        for (at, item) in self.evidence.iter_mut().enumerate().filter(|(_, item)| item.source == Source::ErrorLog) {
            item.failures += failures[at];
            // A response that broke off in its body was no failed attempt to the access log.
            if told[at].1 == 0 {
                self.failed_attempts += item.attempts;
            } else if only_last {
                self.failed_attempts += told[at].1 - attempts[at];
            } else {
                item.attempts = if has_upstream { attempts[at] } else { 0 };
            }
        }
        let spent: Vec<Evidence> = self.evidence.extract_if(.., |item| !explains(item)).collect();
        // Error logs carry no durations: those of the access lines that they explain are theirs, or, of several, the
        // strongest's.
        let told = self.evidence.iter_mut().filter(|item| answered(item));
        if let Some(told) = told.min_by_key(|item| Reverse(item.attempts)) {
            for item in &spent {
                told.take_times(item.took, &item.times);
                // A failure has the time of its access line, whatever explains it.
                (told.first, told.last) = (told.first.min(item.first), told.last.max(item.last));
            }
        }
    }

    /// Takes one count from the access log's evidence, up to so much for each of `wanted`, which has the bucket of a
    /// status; gives how much for each. What has the same status is taken first: a timeout explains no 502 as long as
    /// there are 504.
    pub(super) fn give_up(&mut self, wanted: &[(usize, u64)], count: fn(&mut Evidence) -> &mut u64) -> Vec<u64> {
        let mut given = vec![0; wanted.len()];
        for of in (0..BUCKETS).map(Some).chain([None]) {
            let left = |((bucket, wanted), given): (&(usize, u64), &u64)| {
                if of.is_none_or(|of| of == *bucket) { wanted - given } else { 0 }
            };
            let left: Vec<u64> = wanted.iter().zip(&given).map(left).collect();
            let taken = apportion(self.take(of, left.iter().sum(), count), &left);
            given.iter_mut().zip(taken).for_each(|(given, taken)| *given += taken);
        }
        given
    }

    /// Takes up to `wanted` of one count from the access log's evidence with a status of bucket `of`, or any, the
    /// weakest first; gives how much there was.
    fn take(&mut self, of: Option<usize>, wanted: u64, count: fn(&mut Evidence) -> &mut u64) -> u64 {
        if wanted == 0 {
            return 0;
        }
        let fits = |item: &&mut Evidence| {
            item.source == Source::Access && is_open(item.sign) && of.is_none_or(|of| of == bucket(item.sign.status))
        };
        let mut weak: Vec<&mut Evidence> = self.evidence.iter_mut().filter(fits).collect();
        weak.sort_by_key(|item| (item.sign.strength, item.sign.kind));
        let mut left = wanted;
        for item in weak {
            let count = count(item);
            let taken = left.min(*count);
            *count -= taken;
            left -= taken;
        }
        wanted - left
    }

    /// Rule 3: with no access log, what the error log tells are the failures.
    pub(super) fn count_told(&mut self, statuses: &Statuses, names: &PathNames) {
        for item in self.evidence.iter_mut().filter(|item| item.source == Source::ErrorLog) {
            if statuses.contains(item.sign.status) {
                item.failures = item.attempts;
                self.failures += item.attempts;
                if let Some(column) = status_column(item.sign.status) {
                    self.statuses[column] += item.attempts;
                }
            }
        }
        self.paths.absorb(&self.told_paths, names);
        self.clients.merge(&self.told_clients);
    }
}
