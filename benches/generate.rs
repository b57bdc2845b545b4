//! Writes a made-up access log to standard output, to measure with and to compare counts on:
//!
//! ```text
//! cargo run --release --example generate -- nginx 1000000 > nginx.log
//! cargo run --release --example generate -- nginx 1000000 --upstreams 10000 > many-upstreams.log
//! cargo run --release --example generate -- nginx 1000000 --failing > outage.log
//! ```
//!
//! Formats: `nginx`, `haproxy`, `alb`, `elb`. The same arguments give the same bytes, everywhere. What the lines hold
//! is told on standard error.

#![allow(clippy::print_stderr, reason = "it is a program")]

mod corpus;

use corpus::{Day, Format};
use std::io;
use std::process::ExitCode;

fn main() -> io::Result<ExitCode> {
    let Some((format, day)) = asked(std::env::args().skip(1)) else {
        eprintln!(
            "usage: cargo run --release --example generate -- nginx|haproxy|alb|elb LINES \
             [--upstreams N] [--failing] > FILE\n\
             N: {} to 65535",
            Day::FEWEST_UPSTREAMS
        );
        return Ok(ExitCode::from(2));
    };
    let counts = format.write_day(day, io::stdout().lock())?;
    eprintln!(
        "{}: {} lines, {} bytes, {} requests failed (502: {}, 503: {}, 504: {}), {} saved by a retry",
        format.name(),
        counts.lines,
        counts.bytes,
        counts.failures(),
        counts.statuses[0],
        counts.statuses[1],
        counts.statuses[2],
        counts.saved
    );
    Ok(ExitCode::SUCCESS)
}

/// What the arguments ask for; `None` where they make no sense.
fn asked(mut arguments: impl Iterator<Item = String>) -> Option<(Format, Day)> {
    let name = arguments.next()?;
    let format = Format::ALL.into_iter().find(|format| format.name() == name)?;
    let mut day = Day::usual(arguments.next()?.replace('_', "").parse().ok()?);
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--upstreams" => day.upstreams = arguments.next()?.parse().ok()?,
            "--failing" => day.failing = true,
            _ => return None,
        }
    }
    (day.upstreams >= Day::FEWEST_UPSTREAMS).then_some((format, day))
}
