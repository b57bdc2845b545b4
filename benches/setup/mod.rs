//! What benchmarks measure on: made-up logs in a temporary directory, and how gatewhy reads them.

#![allow(dead_code, reason = "each benchmark that includes this uses a part of it")]

use super::corpus::{Counts, Format};
use gatewhy::aggregate::Tally;
use gatewhy::event::Reader;
use gatewhy::format::Statuses;
use gatewhy::input::{Blocks, Input};
use gatewhy::pipeline::{self, Filters, Options, Outcome};
use jiff::tz::TimeZone;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The size of a block that the program reads with.
pub(crate) const BLOCK: usize = 1 << 19;

/// A made-up log, and what its maker says it holds.
pub(crate) struct Corpus {
    pub(crate) format: Format,
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    pub(crate) counts: Counts,
}

impl Corpus {
    pub(crate) fn name(&self) -> &'static str {
        self.format.name()
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
    }

    /// What the program counts of it.
    pub(crate) fn counted(&self, threads: usize) -> Outcome {
        pipeline::count(blocks(&self.path), &options(self, threads)).unwrap()
    }
}

/// The blocks of the file at `path`.
pub(crate) fn blocks(path: &Path) -> Blocks {
    Blocks::new(vec![Input { path: Some(path.to_owned()), size: None, found_in: None }], BLOCK)
}

/// Logs of `lines` lines, one in each format; they are gone when the directory is dropped.
pub(crate) fn corpora(lines: u64) -> (TempDir, Vec<Corpus>) {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let make = |format: Format| {
        let path = directory.path().join(format!("{}.log", format.name()));
        let counts = format.write(lines, File::create(&path).unwrap()).unwrap();
        Corpus { format, bytes: fs::read(&path).unwrap(), path, counts }
    };
    let corpora = Format::ALL.into_iter().map(make).collect();
    (directory, corpora)
}

/// The length of a window in seconds: as long as it takes for a cell to hold some 30 lines, which is what a minute
/// holds of a million lines a day. With fewer lines in it, making cells would be all that is measured.
pub(crate) fn window(corpus: &Corpus) -> i64 {
    i64::try_from(60 * 1_000_000 / corpus.counts.lines).unwrap()
}

/// Everything as the program has it by default, but for the [`window`].
pub(crate) fn options(corpus: &Corpus, threads: usize) -> Options {
    Options {
        window: window(corpus),
        statuses: Statuses::gateway(),
        zone: TimeZone::UTC,
        readers: Reader::known(),
        filters: Filters::default(),
        threads,
        redactor: None,
    }
}

/// Failures in all cells.
pub(crate) fn failures(tally: Tally) -> u64 {
    let cells = tally.into_counts().cells;
    cells.iter().flatten().filter_map(|(_, cell)| cell.trouble.as_deref()).map(|trouble| trouble.failures).sum()
}
