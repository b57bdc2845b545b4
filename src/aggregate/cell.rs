//! What is known of one upstream in one window.

use super::{Histogram, PathNames, Paths, Sketch};
use crate::cause::Sign;
use crate::grammar::{number::Micros, time::Stamp};
use std::cmp::Reverse;

/// The columns that statuses are counted in: 502, 503, 504, and Cloudflare's 520 to 530.
pub const STATUS_COLUMNS: usize = 4;

/// The column of a status, if it has one.
#[must_use]
pub const fn status_column(status: u16) -> Option<usize> {
    match status {
        502 => Some(0),
        503 => Some(1),
        504 => Some(2),
        520..=530 => Some(3),
        _ => None,
    }
}

/// Counts for one upstream in one window. A small thing, since there may be as many as lines: what went wrong stands
/// apart.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Requests that ended at this upstream.
    pub requests: u64,
    /// Attempts at it.
    pub attempts: u64,
    /// How long its requests took.
    pub latency: Histogram,
    /// What went wrong, if anything did.
    pub trouble: Option<Box<Trouble>>,
}

/// What went wrong with one upstream in one window.
#[derive(Clone, Debug, Default)]
pub struct Trouble {
    /// Requests that ended in a gateway status, by an access log.
    pub failures: u64,
    /// Of those, how many with a status of each column.
    pub statuses: [u64; STATUS_COLUMNS],
    /// Attempts that failed, by an access log.
    pub failed_attempts: u64,
    /// Failed attempts whose request a retry saved.
    pub masked_failures: u64,
    /// Failures that a search engine's crawler met.
    pub crawler_failures: u64,
    /// Paths of failed requests, by an access log.
    pub paths: Paths,
    /// Paths of failed attempts, by an error log.
    pub told_paths: Paths,
    /// In which 64ths of the window something failed: bit 0 is the first.
    pub slots: u64,
    /// The clients that met failures, by an access log.
    pub clients: Sketch,
    /// The clients of failed attempts, by an error log.
    pub told_clients: Sketch,
    /// The ids of failed requests, where they have any: other tiers may have logged them too.
    pub ids: Sketch,
    /// What speaks for which cause, ordered by kind of line, the strongest signs first: never by what came first.
    pub evidence: Vec<Evidence>,
}

/// Which kind of line evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An access log's line about a request.
    Access,
    /// An error log's line about an attempt.
    ErrorLog,
    /// A line about the health of a server or group.
    State,
    /// A line about a host, its services and processes.
    Host,
}

/// All lines of a cell that show the same sign.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What they show.
    pub sign: &'static Sign,
    /// Which kind of line.
    pub source: Source,
    /// How many lines.
    pub lines: u64,
    /// How many failed requests have this sign as their reason.
    pub failures: u64,
    /// How many failed attempts have it.
    pub attempts: u64,
    /// When the first of them was.
    pub first: Stamp,
    /// When the last of them was.
    pub last: Stamp,
    /// The shortest and longest that these requests or attempts took, where the lines say.
    pub took: Option<(Micros, Micros)>,
    /// How long each of them took.
    pub times: Histogram,
    /// How many lines are about a request that proxies do not send twice, such as a POST.
    pub not_repeatable: u64,
    /// In which 64ths of the window the lines were: bit 0 is the first. Means nothing any more once windows are merged.
    pub slots: u64,
    /// The first of the lines.
    pub sample: Sample,
}

/// A line that proves something, and where it stands. Ordered by place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// The number of the input.
    pub input: usize,
    /// The number of the line in it, from 1.
    pub line: u64,
    /// The line, cut at [`Sample::LONGEST`] bytes.
    pub text: Box<[u8]>,
}

impl Sample {
    /// How much of a line is kept, in bytes.
    pub const LONGEST: usize = 1_024;

    /// Whether the line at `place` comes before this one.
    fn is_after(&self, place: &Place<'_>) -> bool {
        (place.input, place.line) < (self.input, self.line)
    }
}

/// Where a line stands, and how to get a copy of it should it become a [`Sample`].
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The number of the input.
    pub input: usize,
    /// The number of the line in it, from 1.
    pub line: u64,
    /// The line, as it may be shown.
    pub text: &'a dyn Fn() -> Vec<u8>,
}

impl Place<'_> {
    /// A sample of this line.
    #[must_use]
    pub fn sample(&self) -> Sample {
        let mut text = (self.text)();
        text.truncate(Sample::LONGEST);
        Sample { input: self.input, line: self.line, text: text.into() }
    }
}

impl Cell {
    /// What went wrong, to add to it.
    pub fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_default()
    }

    /// Takes its paths into another tally; `renamed` has their ids there.
    pub(super) fn rename_paths(&mut self, renamed: &[u32]) {
        if let Some(trouble) = &mut self.trouble {
            trouble.paths.rename(renamed);
            trouble.told_paths.rename(renamed);
        }
    }

    /// Adds all counts of a cell of the same tally.
    pub fn absorb(&mut self, other: &Self, names: &PathNames) {
        self.requests += other.requests;
        self.attempts += other.attempts;
        self.latency.merge(&other.latency);
        if let Some(theirs) = &other.trouble {
            self.trouble().absorb(theirs, names);
        }
    }
}

impl Trouble {
    fn absorb(&mut self, other: &Self, names: &PathNames) {
        self.failures += other.failures;
        for (mine, theirs) in self.statuses.iter_mut().zip(other.statuses) {
            *mine += theirs;
        }
        self.failed_attempts += other.failed_attempts;
        self.masked_failures += other.masked_failures;
        self.crawler_failures += other.crawler_failures;
        self.paths.absorb(&other.paths, names);
        self.told_paths.absorb(&other.told_paths, names);
        self.slots |= other.slots;
        self.clients.merge(&other.clients);
        self.told_clients.merge(&other.told_clients);
        self.ids.merge(&other.ids);
        for evidence in &other.evidence {
            self.add_evidence(evidence.clone());
        }
    }

    /// Where the evidence of this sign from this kind of line is, or else where it belongs.
    fn position(&self, sign: &'static Sign, source: Source) -> Result<usize, usize> {
        // It is nearly always there, and few others are: no name has to be compared then.
        let same = |mine: &Evidence| std::ptr::eq(mine.sign, sign) && mine.source == source;
        if let Some(at) = self.evidence.iter().position(same) {
            return Ok(at);
        }
        let rank = |sign: &'static Sign, source: Source| (source, Reverse(sign.strength), sign.kind);
        self.evidence.binary_search_by_key(&rank(sign, source), |mine| rank(mine.sign, mine.source))
    }

    /// The evidence of this sign from this kind of line, to count one more line in that was written at `stamp`.
    pub fn evidence_of(
        &mut self,
        sign: &'static Sign,
        source: Source,
        stamp: Stamp,
        place: &Place<'_>,
    ) -> &mut Evidence {
        let at = self.position(sign, source).unwrap_or_else(|at| {
            let evidence = Evidence {
                sign,
                source,
                lines: 0,
                failures: 0,
                attempts: 0,
                first: stamp,
                last: stamp,
                took: None,
                times: Histogram::default(),
                not_repeatable: 0,
                slots: 0,
                sample: place.sample(),
            };
            self.insert_evidence(at, evidence);
            at
        });
        let evidence = &mut self.evidence[at];
        evidence.first = evidence.first.min(stamp);
        evidence.last = evidence.last.max(stamp);
        if evidence.sample.is_after(place) {
            evidence.sample = place.sample();
        }
        evidence
    }

    /// Adds evidence to what is there of its kind.
    pub fn add_evidence(&mut self, evidence: Evidence) {
        match self.position(evidence.sign, evidence.source) {
            Ok(at) => self.evidence[at].merge(&evidence),
            Err(at) => self.insert_evidence(at, evidence),
        }
    }

    /// Cells have evidence of few kinds, and there are many cells: no memory for more than two that are not there yet.
    fn insert_evidence(&mut self, at: usize, evidence: Evidence) {
        if self.evidence.len() == self.evidence.capacity() {
            self.evidence.reserve_exact(2);
        }
        self.evidence.insert(at, evidence);
    }
}

impl Evidence {
    /// Counts how long one of these requests or attempts took.
    pub fn add_time(&mut self, took: Micros) {
        let (shortest, longest) = self.took.unwrap_or((took, took));
        self.took = Some((shortest.min(took), longest.max(took)));
        self.times.add(took);
    }

    /// Adds how long others took.
    pub fn take_times(&mut self, took: Option<(Micros, Micros)>, times: &Histogram) {
        self.took = match (self.took, took) {
            (Some(mine), Some(theirs)) => Some((mine.0.min(theirs.0), mine.1.max(theirs.1))),
            (mine, theirs) => mine.or(theirs),
        };
        self.times.merge(times);
    }

    /// Adds evidence of the same kind.
    pub fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        self.failures += other.failures;
        self.attempts += other.attempts;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.not_repeatable += other.not_repeatable;
        self.slots |= other.slots;
        self.take_times(other.took, &other.times);
        if other.sample < self.sample {
            self.sample.clone_from(&other.sample);
        }
    }
}
