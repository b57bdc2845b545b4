//! The gatewhy program: arguments in, exit status out.

use clap::Parser as _;
use gatewhy::cli::{self, Status, args::Args};
use std::process::ExitCode;

/// What is at least this large, in bytes, gets memory of its own, which goes back to the system when it is freed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: libc::c_int = 1 << 17;

fn main() -> ExitCode {
    give_back_what_is_freed();
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

/// Keeps the C library from raising [`LARGE`] to the size of whatever was freed: a decoder's window alone, freed once,
/// would have it keep all tables that are outgrown. That makes peaks of 45 MiB where 31 do.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "no crate offers it")]
fn give_back_what_is_freed() {
    // SAFETY: it sets a number that is read when memory is asked for, and there is one thread yet.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const fn give_back_what_is_freed() {}
