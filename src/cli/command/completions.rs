//! `gatewhy completions` and `gatewhy man`: for packagers.

use crate::cli::{Status, args::Args};
use crate::error::Error;
use clap::CommandFactory as _;
use clap_complete::Shell;

/// Prints the completion script for `shell`.
///
/// # Errors
/// When standard output cannot be written to.
pub fn run(shell: Shell) -> anyhow::Result<Status> {
    // Into memory first: clap_complete panics where it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "gatewhy", &mut script);
    super::print(&script)
}

/// Prints the manual page of the program or of one of its subcommands.
///
/// # Errors
/// When there is no such subcommand, or when standard output cannot be written to.
pub fn man(command: Option<&str>) -> anyhow::Result<Status> {
    let mut program = Args::command();
    program.build();
    let page = match command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            let found =
                found.ok_or_else(|| Error::Usage(format!("there is no subcommand '{name}' (see `gatewhy --help`)")))?;
            found.name(format!("gatewhy-{name}"))
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    super::print(&text)
}
