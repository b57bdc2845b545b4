//! What HAProxy's request lines have in common, and what their termination states are signs of.
//!
//! A line is a [`head`], the way that the request took, timers, and how it ended; only the middle differs between
//! HTTP, TCP and the CLF variants. Source: HAProxy configuration manual, sections 8.2 to 8.5, and `src/log.c`.

mod judge;
mod line;
mod signs;

pub(super) use judge::{judge, judge_session};
pub(super) use line::{
    Clf, Ending, Head, Line, Retries, Route, Timers, answer, backend_errors, clf_line, connections, ending, frontend,
    head, is_success, micros, number, numbers, placed, quote, quoted, route, space, state, time_behind_client,
};
pub(crate) use signs::CONNECT_RESET;
pub(super) use signs::{BACKEND_ERRORS, SIGNS};

/// What the tests of HAProxy's formats share.
#[cfg(test)]
pub(super) mod testing {
    use crate::format::{Format, Record, Skimmed, Statuses};
    use proptest::prelude::*;

    /// What stands in a line, and the kinds of evidence that are to be found: for the request, for each attempt.
    pub(in crate::format) type Case<'a> = (&'a str, Option<&'a str>, &'a [Option<&'a str>]);

    /// The record of a line that `format`, and no other format, claims.
    pub(in crate::format) fn only<'a>(format: Format, line: &'a str) -> Option<Record<'a>> {
        let claimed: Vec<Format> =
            Format::ALL.iter().copied().filter(|it| it.skim(line.as_bytes()).is_some()).collect();
        assert_eq!(claimed, [format], "{line}");
        format.read(line.as_bytes())
    }

    /// The kinds of evidence in a line: for the request, and for each attempt.
    pub(in crate::format) fn kinds(format: Format, line: &str) -> (Option<&'static str>, Vec<Option<&'static str>>) {
        let verdict = only(format, line).map(|record| format.judge(&record, &Statuses::gateway())).unwrap_or_default();
        let kind = |sign: Option<&'static crate::cause::Sign>| sign.map(|sign| sign.kind);
        (kind(verdict.request), verdict.attempts.iter().copied().map(kind).collect())
    }

    /// Arbitrary bytes, and the samples of `format` with a few bytes changed and the end cut off.
    pub(in crate::format) fn lines(format: Format) -> impl Strategy<Value = Vec<u8>> {
        let edit =
            (any::<prop::sample::Index>(), prop_oneof![any::<u8>(), prop::sample::select(b" -+/[]\"{}<>:0S".to_vec())]);
        let edited = (
            prop::sample::select(format.about().samples),
            prop::collection::vec(edit, 0..4),
            any::<prop::sample::Index>(),
        );
        let edited = edited.prop_map(|(sample, edits, cut)| {
            let mut line = sample.as_bytes().to_vec();
            for (at, byte) in edits {
                let at = at.index(line.len());
                line[at] = byte;
            }
            line.truncate(line.len() - cut.index(line.len()) / 2);
            line
        });
        prop_oneof![prop::collection::vec(any::<u8>(), 0..200), edited]
    }

    /// Nothing panics, and what `skim` says, `read` says too.
    pub(in crate::format) fn agrees(format: Format, line: &[u8]) {
        let (skimmed, record) = (format.skim(line), format.read(line));
        assert_eq!(skimmed.is_some(), record.is_some());
        if let Some(record) = &record {
            let verdict = format.judge(record, &Statuses::gateway());
            assert!(verdict.attempts.len() <= record.attempts.len());
        }
        if let (Some(Skimmed::Plain(skim)), Some(record)) = (skimmed, record) {
            assert_eq!(skim.when, record.when);
            assert_eq!(Some(skim.status), record.status);
            assert_eq!((skim.group, skim.upstream), (record.group, record.upstream));
            assert_eq!((skim.names_upstream, skim.duration), (record.names_upstream, record.duration));
            assert!(record.attempts.len() <= 1);
        }
    }
}
