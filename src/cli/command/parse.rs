//! `gatewhy parse`: what each line is read as.

use crate::cli::{Status, options, run::Run};
use crate::input::Input;
use crate::output::rows::Parse;

/// Reads the inputs and writes a row for each line.
///
/// # Errors
/// When the rows could not be written.
pub fn run(options: &options::Parse) -> anyhow::Result<Status> {
    let mut run = Run::start(&options.reading)?;
    if run.inputs().is_empty() {
        return Ok(Status::Trouble);
    }
    let target = &options.reading.target;
    let mut sink = target.open()?;
    let names = run.inputs().iter().map(Input::name).collect();
    let row = Parse::new(options.format, names, run.scan(), options.reading.now);
    run.stream(&row.header(), &row, &mut sink)?;
    if !run.read_nothing() {
        sink.commit().map_err(|source| target.error(source))?;
    }
    Ok(run.finish(None))
}
