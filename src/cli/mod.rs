//! The command line: arguments in, exit status out.
//!
//! [`args`] holds arguments as typed, [`options`] as meant; [`command`] has one file for each thing that can be done.
//! The one module that writes to standard output and standard error.

pub mod args;
pub mod command;
pub mod condition;
pub mod duration;
pub mod options;
pub mod progress;
pub mod status;
pub mod target;
pub mod time;
pub mod words;

mod configured;
mod notes;
mod page;
mod run;

use args::{Args, Command};
use std::io::{self, Write as _};

/// How a run ended, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All was done.
    Done,
    /// All was done, and a `--fail-on` condition holds.
    ConditionHolds,
    /// Something could not be done.
    Trouble,
}

impl Status {
    /// The exit status of the program.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::ConditionHolds => 1,
            Self::Trouble => 2,
        }
    }
}

/// Does what the arguments say.
///
/// # Errors
/// When it could not be begun or its outcome could not be written. What concerns one input alone has been told by then and is part of
/// the status.
pub fn run(args: Args) -> anyhow::Result<Status> {
    match args.command {
        None => command::report::run(&options::Report::new(args.report)?),
        Some(Command::Parse(args)) => command::parse::run(&options::Parse::new(*args)?),
        Some(Command::Explain(args)) => command::explain::run(&options::Explain::new(args)?),
        Some(Command::Formats(args)) => command::formats::run(&options::Page::new(&args)),
        Some(Command::Schema) => command::schema::run(),
        Some(Command::Completions { shell }) => command::completions::run(shell),
        Some(Command::Man { command }) => command::completions::man(command.as_deref()),
    }
}

/// Whether somebody closed the pipe that was written to, as `head` does when it has enough: nothing is wrong then.
#[must_use]
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(broken))
}

/// Tells people something, in one line on standard error. Nobody can be told that this failed.
pub fn tell(message: &str) {
    let _ = writeln!(io::stderr().lock(), "gatewhy: {message}");
}
