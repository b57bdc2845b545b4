//! What the report needs to know besides the findings, and how all tables show the same things.

use crate::aggregate::{Evidence, InputTally, PathNames, Paths, Sample, Source};
use crate::cause::Cause;
use crate::show;
use std::collections::BTreeMap;

/// What the report needs to know besides the findings.
#[derive(Debug)]
pub struct Context<'a> {
    /// The names of the inputs, by number.
    pub names: &'a [String],
    /// What was read of each, by number; the list may be shorter.
    pub inputs: &'a [InputTally],
    /// What went wrong with each input, by number.
    pub errors: &'a BTreeMap<usize, String>,
    /// The first lines that no format claims.
    pub unparsed: &'a [Sample],
    /// The zone that was assumed, where stamps carried none.
    pub assumed_zone: Option<String>,
    /// Which tables to make.
    pub tables: Tables,
    /// Whether healthy windows are shown too.
    pub all_windows: bool,
}

/// Which of the tables to make that take long for many upstreams: the others stay empty. All else is always made.
#[derive(Clone, Copy, Debug)]
pub struct Tables {
    /// [`Report::windows`](super::Report::windows)
    pub windows: bool,
    /// [`Report::upstreams`](super::Report::upstreams)
    pub upstreams: bool,
    /// [`Report::causes`](super::Report::causes)
    pub causes: bool,
}

impl Tables {
    /// Every one.
    pub const ALL: Self = Self { windows: true, upstreams: true, causes: true };
}

/// `input:line: text`
pub(super) fn cite(sample: &Sample, context: &Context<'_>) -> String {
    let (name, line, text) = (name(sample.input, context), sample.line.to_string(), show::borrowed(&sample.text));
    [name, ":", &line, ": ", &text].concat()
}

pub(super) fn name<'a>(input: usize, context: &Context<'a>) -> &'a str {
    context.names.get(input).map_or("?", String::as_str)
}

/// The first line that proves a cause; a state line only where no other does.
pub(super) fn first_sample(evidence: &[Evidence], cause: Cause) -> Option<&Sample> {
    let of_cause = evidence.iter().filter(|item| item.sign.cause == cause);
    // An error log's line says more than an access log's.
    let rank = |source: Source| match source {
        Source::ErrorLog => 0,
        Source::Access => 1,
        Source::State => 2,
        Source::Host => 3,
    };
    of_cause.min_by_key(|item| (rank(item.source), &item.sample)).map(|item| &item.sample)
}

pub(super) fn top_path(paths: &Paths, names: &PathNames) -> Option<String> {
    paths.top(names).map(show::text).filter(|path| !path.is_empty())
}

/// Failures by requests; `None` where requests are not known well enough for a rate.
pub(super) fn error_rate(failures: u64, requests: u64) -> Option<f64> {
    show::rate(failures, requests).filter(|_| failures <= requests)
}
