//! From inputs to a merged tally: the only module that knows all stages, and the only one with threads.
//!
//! Workers of a rayon pool read the inputs in blocks; each counts lines into a tally of its own, and at the end the
//! tallies are merged. Where the order of lines matters they take turns: whoever has nothing to do takes the lock,
//! reads (and decompresses) one block, lets go, and makes its rows. Where it does not, several inputs are read at once.

mod ordered;
mod scan;
mod shared;
mod zone;

pub use scan::{Filters, Options, Seen, Watch};
pub use zone::zone_of;

use crate::aggregate::Tally;
use crate::diagnose::{self, Settings};
use crate::error::Error;
use crate::grammar::time::Stamp;
use crate::input::{Block, Blocks, Problem};
use crate::report::{Context, Report, Tables, build};
use ordered::Ordered;
use rayon::prelude::*;
use scan::Scanner;
use shared::Shared;
use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Mutex, PoisonError},
};

/// What a run over all inputs gives.
#[derive(Debug)]
pub struct Outcome {
    /// All counts.
    pub tally: Tally,
    /// What went wrong on the way.
    pub problems: Vec<Problem>,
}

/// Counts all lines of `blocks`.
///
/// # Errors
/// When the threads cannot be started.
pub fn count(blocks: Blocks, options: &Options) -> Result<Outcome, Error> {
    let shared = Shared::new(blocks);
    let tally = on_all_threads(options, || {
        let mut scanner = Scanner::new(options);
        let (mut worker, mut block) = (shared.worker(), Block::default());
        while worker.next(&mut block) {
            scanner.scan(&block, &mut scan::Nobody);
        }
        scanner.finish()
    })?;
    Ok(Outcome { tally, problems: shared.into_problems() })
}

/// Counts all lines of `blocks`, and writes what `row` makes of each line to `out`, in the order of the lines.
///
/// # Errors
/// When the threads cannot be started, or when `out` cannot be written to; then reading stops.
pub fn stream<W: Write + Send, Row: Watch + Clone + Sync>(
    blocks: Blocks,
    options: &Options,
    out: W,
    row: &Row,
) -> Result<Outcome, Error> {
    let source = Mutex::new(blocks);
    let ordered = Ordered::new(out);
    let tally = on_all_threads(options, || {
        let mut scanner = Scanner::new(options);
        let mut row = row.clone();
        let mut block = Block::default();
        while !ordered.failed() && next(&source, &mut block) {
            scanner.scan(&block, &mut row);
            ordered.write(block.sequence, row.take());
        }
        scanner.finish()
    })?;
    ordered.finish()?;
    let problems = source.into_inner().unwrap_or_else(PoisonError::into_inner).into_problems();
    Ok(Outcome { tally, problems })
}

/// Takes a turn at the inputs; false when all are read.
fn next(source: &Mutex<Blocks>, block: &mut Block) -> bool {
    // A thread that panicked while it read has left the inputs in a readable state: the others go on.
    source.lock().unwrap_or_else(PoisonError::into_inner).next(block)
}

/// Has as many threads as are asked for count, and merges what each has counted.
fn on_all_threads(options: &Options, count: impl Fn() -> Tally + Sync) -> Result<Tally, Error> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(options.threads);
    let pool =
        builder.build().map_err(|error| Error::Usage(format!("cannot start {} threads: {error}", options.threads)))?;
    let tallies = pool.broadcast(|_| count());
    // Not with an empty tally, which would count all cells anew; nor with threads of which one alone has work: those
    // that have none are not idle, but look for some.
    let merged = match tallies.len() {
        ..=2 => {
            drop(pool);
            tallies.into_iter().reduce(Tally::merge)
        }
        _ => pool.install(|| tallies.into_par_iter().reduce_with(Tally::merge)),
    };
    Ok(merged.unwrap_or_else(|| Tally::new(options.window)))
}

/// What a report needs to know besides what was counted.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The inputs' names, by number.
    pub names: &'a [String],
    /// Which tables the report is to have.
    pub tables: Tables,
    /// Whether healthy windows are shown too.
    pub all_windows: bool,
    /// The present.
    pub now: Stamp,
    /// What the zone of stamps without one is called.
    pub zone_name: &'a str,
}

/// Makes the report of what was counted.
#[must_use]
pub fn report(outcome: Outcome, options: &Options, request: &Request<'_>) -> Report {
    let Outcome { tally, problems } = outcome;
    let mut errors = BTreeMap::new();
    for problem in &problems {
        if let Some(input) = problem.input {
            errors.insert(input, problem.error.reason());
        }
    }
    let (inputs, unparsed) = (tally.inputs.clone(), tally.unparsed.clone());
    let assumed_zone = tally.zone_assumed.then(|| request.zone_name.to_owned());
    let settings = Settings {
        zone: options.zone.clone(),
        now: request.now,
        statuses: options.statuses.clone(),
        since: options.filters.since,
        until: options.filters.until,
        upstream: options.filters.upstream.clone(),
        group: options.filters.group.clone(),
    };
    let findings = diagnose::diagnose(tally, &settings);
    let context = Context {
        names: request.names,
        inputs: &inputs,
        errors: &errors,
        unparsed: &unparsed,
        assumed_zone,
        tables: request.tables,
        all_windows: request.all_windows,
    };
    let report = build(&findings, &context);
    // Millions of small things take longer to free than a report takes to make, and the program ends with it.
    std::mem::forget(findings);
    report
}
