//! The gatewhy program: arguments in, exit status out.

use clap::Parser as _;
use gatewhy::cli::{self, Status, args::Args};
use std::process::ExitCode;

fn main() -> ExitCode {
    let code = match Args::try_parse() {
        Ok(args) => outcome(cli::run(args)).code(),
        Err(error) => {
            // Help goes to standard output, which may be closed: `gatewhy --help | head -1`.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(Status::Trouble.code())
        }
    };
    ExitCode::from(code)
}

fn outcome(result: anyhow::Result<Status>) -> Status {
    match result {
        Ok(status) => status,
        Err(error) if cli::is_closed_pipe(&error) => Status::Done,
        Err(error) => {
            cli::tell(&error.to_string());
            Status::Trouble
        }
    }
}
