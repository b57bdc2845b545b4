//! What the logs of application servers, supervisors and kernels have in common.
//!
//! Such a format is a prefix and a table of wordings. A line whose message has one of them is evidence of what happened
//! to a process or a host ([`What::Host`]); any other line of the format is a notice. The messages quote what clients
//! sent (a path, a process's arguments), so that wordings hold on to the message's beginning, and to its end where such
//! a quote stands between.

use super::tree::Tree;
use super::{Record, Verdict, What};
use crate::cause::{Seen, Sign};
use crate::grammar::number::{uint, whole};
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// The wordings of one program. Two groups of a wording mean something: `pid`, the process that the message is about,
/// and `name`, the pool, unit or program.
#[derive(Debug)]
pub(super) struct Wordings(Option<Compiled>);

#[derive(Debug)]
struct Compiled {
    /// Tells of every line whether a wording fits, of all that it can hold.
    tree: Tree,
    /// The wordings that it cannot.
    others: RegexSet,
    /// All wordings, to tell which of them fit.
    set: RegexSet,
    rows: Vec<(Regex, &'static Sign)>,
}

/// What a message tells.
#[derive(Debug)]
struct Told<'a> {
    pid: Option<u64>,
    name: &'a [u8],
}

impl Wordings {
    /// Compiles the wordings of `signs`. A test compiles every table: one that does not compile is a mistake in the
    /// source, and then no message tells anything.
    pub(super) fn new(signs: &'static [Sign]) -> Self {
        Self(Compiled::new(signs).ok())
    }

    /// Whether a message is evidence of something.
    pub(super) fn tell(&self, message: &[u8]) -> bool {
        self.0.as_ref().is_some_and(|wordings| wordings.fits(message))
    }

    /// The record of a line whose prefix says `prefix` and whose message is `message`.
    pub(super) fn record<'a>(&self, message: &'a [u8], prefix: Record<'a>) -> Record<'a> {
        match self.0.as_ref().and_then(|wordings| wordings.told(message)) {
            Some(told) => {
                let group = if told.name.is_empty() { prefix.group } else { told.name };
                Record { what: What::Host, message, group, pid: told.pid.or(prefix.pid), ..prefix }
            }
            None => Record { what: What::Notice, message, ..prefix },
        }
    }

    /// What the message of such a record is a sign of. The first row that fits wins.
    pub(super) fn verdict(&self, record: &Record<'_>) -> Verdict {
        let wordings = self.0.as_ref().filter(|_| record.what == What::Host);
        Verdict {
            request: wordings.and_then(|wordings| wordings.row(record.message)).map(|row| row.1),
            ..Verdict::default()
        }
    }
}

impl Compiled {
    fn new(signs: &'static [Sign]) -> Result<Self, regex::Error> {
        let (mut tree, mut others, mut wordings, mut rows) = (Tree::default(), Vec::new(), Vec::new(), Vec::new());
        for sign in signs {
            if let Seen::Wording(wording) = sign.seen {
                if !tree.add(wording) {
                    others.push(wording);
                }
                wordings.push(wording);
                rows.push((RegexBuilder::new(wording).unicode(false).build()?, sign));
            }
        }
        let set = |wordings: &[&str]| RegexSetBuilder::new(wordings).unicode(false).build();
        Ok(Self { tree, others: set(&others)?, set: set(&wordings)?, rows })
    }

    /// Whether a wording fits. An object is no message, but may have one inside.
    fn fits(&self, message: &[u8]) -> bool {
        if message.first() == Some(&b'{') {
            return false;
        }
        let fits = self.tree.fits(message) || !self.others.is_empty() && self.others.is_match(message);
        debug_assert_eq!(fits, self.set.is_match(message), "{}", message.escape_ascii());
        fits
    }

    /// The first wording that fits.
    fn row(&self, message: &[u8]) -> Option<&(Regex, &'static Sign)> {
        let first = if self.fits(message) { self.set.matches(message).into_iter().next() } else { None };
        self.rows.get(first?)
    }

    fn told<'a>(&self, message: &'a [u8]) -> Option<Told<'a>> {
        let found = self.row(message)?.0.captures(message)?;
        let group = |name: &str| found.name(name).map_or(&b""[..], |group| group.as_bytes());
        Some(Told { pid: whole(group("pid"), uint), name: group("name") })
    }
}

/// What the tests of these formats share.
#[cfg(test)]
pub(super) mod testing {
    use crate::format::{Format, Statuses, What};
    use std::collections::BTreeMap;

    /// What a line is read as, by `format` and no other: the kind of its sign, the group and the process that it is
    /// about. A notice has no kind.
    pub(in crate::format) fn told(format: Format, line: &str) -> (Option<&'static str>, String, Option<u64>) {
        let claimed: Vec<Format> =
            Format::ALL.iter().copied().filter(|it| it.skim(line.as_bytes()).is_some()).collect();
        assert_eq!(claimed, [format], "{line}");
        let record = format.read(line.as_bytes()).unwrap_or_default();
        let verdict = format.judge(&record, &Statuses::gateway());
        assert_eq!(record.what == What::Host, verdict.request.is_some(), "{line}");
        assert!(record.attempts.is_empty() && record.upstream.is_empty() && record.status.is_none(), "{line}");
        let group = String::from_utf8_lossy(record.group).into_owned();
        (verdict.request.map(|sign| sign.kind), group, record.pid)
    }

    /// How often each kind of sign stands in a recording.
    pub(in crate::format) fn kinds(format: Format, recording: &str) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for line in recording.lines().filter(|line| !line.is_empty()) {
            if let (Some(kind), ..) = told(format, line) {
                *kinds.entry(kind).or_default() += 1;
            }
        }
        kinds
    }
}
