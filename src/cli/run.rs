//! What a report and `parse` have in common: from paths to an outcome, with all that is to be told about it.

use super::{
    Status,
    notes::{self, Note},
    options::Reading,
    progress::Progress,
    target::Sink,
    tell, words,
};
use crate::error::Error;
use crate::input::{self, Blocks, Input};
use crate::pipeline::{self, Outcome, Watch};
use crate::show;
use crate::show::counted;
use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    time::Instant,
};

/// Bytes of a block: with what is counted of it, it stays in a core's cache.
const BLOCK: usize = 1 << 19;

/// Reading in progress.
#[derive(Debug)]
pub(super) struct Run<'a> {
    reading: &'a Reading,
    inputs: Vec<Input>,
    scan: pipeline::Options,
    notes: Vec<Note>,
    lines: u64,
    unparsed: u64,
    status: Status,
    started: Instant,
}

impl<'a> Run<'a> {
    /// Finds the inputs, and tells at once which paths lead to none.
    ///
    /// # Errors
    /// When the target cannot be written to.
    pub(super) fn start(reading: &'a Reading) -> Result<Self, Error> {
        let started = Instant::now();
        reading.target.check()?;
        let found = input::find(&reading.paths);
        let mut status = Status::Done;
        for note in reading.notes.iter().filter(|_| !reading.quiet) {
            tell(note);
        }
        for problem in &found.problems {
            tell(&notes::trouble(&problem.error));
            status = Status::Trouble;
        }
        let mut inputs = found.inputs;
        inputs.retain(|input| !(input.found_in.is_some() && is_target(input, reading)));
        if let Some(input) = inputs.iter().find(|input| is_target(input, reading)) {
            let name = words::shown(&input.name(), usize::MAX);
            return Err(Error::Usage(format!("{name}: is read; it cannot be written to")));
        }
        let mut scan = reading.scan.clone();
        let named = if reading.zone_given { None } else { pipeline::zone_of(&inputs, &scan) };
        if let Some(zone) = named {
            scan.zone = zone;
        }
        Ok(Self { reading, inputs, scan, notes: Vec::new(), lines: 0, unparsed: 0, status, started })
    }

    /// How it is read.
    pub(super) fn scan(&self) -> &pipeline::Options {
        &self.scan
    }

    /// What is read.
    pub(super) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Counts all lines.
    pub(super) fn count(&mut self) -> Result<Outcome, Error> {
        let (blocks, progress) = self.open(true);
        let outcome = pipeline::count(blocks, &self.scan)?;
        drop(progress);
        self.note(&outcome);
        Ok(outcome)
    }

    /// Counts all lines, and writes `header` and what `row` makes of them.
    pub(super) fn stream(
        &mut self,
        header: &[u8],
        row: &(impl Watch + Clone + Sync),
        sink: &mut Sink,
    ) -> Result<Outcome, Error> {
        let target = &self.reading.target;
        sink.write_all(header).map_err(|source| target.error(source))?;
        // On a terminal, rows and a bar would write over each other.
        let (blocks, progress) = self.open(!io::stdout().is_terminal());
        let outcome = pipeline::stream(blocks, &self.scan, sink, row).map_err(|error| match error {
            Error::Write { source, .. } => target.error(source),
            error => error,
        })?;
        drop(progress);
        self.note(&outcome);
        Ok(outcome)
    }

    fn open(&self, progress: bool) -> (Blocks, Progress) {
        let total = self.inputs.iter().map(|input| input.size).sum::<Option<u64>>().filter(|total| *total > 0);
        let blocks = Blocks::new(self.inputs.clone(), BLOCK);
        let wanted = progress && self.reading.progress && io::stderr().is_terminal();
        let progress = if wanted { Progress::watch(blocks.bytes_read(), total) } else { Progress::none() };
        (blocks, progress)
    }

    fn note(&mut self, outcome: &Outcome) {
        let inputs = &outcome.tally.inputs;
        self.lines = inputs.iter().map(|input| input.lines).sum();
        self.unparsed = inputs.iter().map(|input| input.unparsed).sum();
        self.notes = notes::of(&self.inputs, outcome, self.reading);
    }

    /// Whether no input could be read at all: then there is nothing to report on.
    pub(super) fn read_nothing(&self) -> bool {
        let failed = self.notes.iter().filter(|note| note.is_problem).count();
        self.lines == 0 && failed >= self.inputs.len()
    }

    /// Adds something that is to be told.
    pub(super) fn add(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Makes the status at least as bad as `status`.
    pub(super) fn worsen(&mut self, status: Status) {
        self.status = self.status.max(status);
    }

    /// Tells what was noted, and the account: how much was read, `findings` of it, how long it took.
    pub(super) fn finish(mut self, findings: Option<&str>) -> Status {
        for note in std::mem::take(&mut self.notes) {
            if note.is_grave {
                self.worsen(Status::Trouble);
            }
            if note.is_grave || !self.reading.quiet {
                tell(&note.text);
            }
        }
        if !self.reading.quiet {
            let _ = writeln!(io::stderr().lock(), "{}", self.account(findings));
        }
        self.status
    }

    fn account(&self, findings: Option<&str>) -> String {
        let mut account = counted(self.lines, "line");
        if self.unparsed > 0 {
            account += &format!(" ({} unparsed)", show::number(self.unparsed));
        }
        if let Some(findings) = findings {
            account = account + ", " + findings;
        }
        let seconds = self.started.elapsed().as_secs_f64();
        account + &if seconds < 10.0 { format!(", {seconds:.2} s") } else { format!(", {seconds:.1} s") }
    }
}

/// Whether `input` is the file that is about to be written. A walk through a directory passes it by: the next run there
/// would read this one's report. A file that the user names is refused, or a typo would cost a log.
fn is_target(input: &Input, reading: &Reading) -> bool {
    let (Some(path), super::target::Target::File(target)) = (&input.path, &reading.target) else { return false };
    let regular = fs::metadata(target).is_ok_and(|metadata| metadata.is_file());
    regular && matches!((fs::canonicalize(path), fs::canonicalize(target)), (Ok(path), Ok(target)) if path == target)
}
