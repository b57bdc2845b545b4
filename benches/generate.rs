//! Writes a made-up access log to standard output, to measure with and to compare counts on:
//!
//! ```text
//! cargo run --release --example generate -- nginx 1000000 > nginx.log
//! ```
//!
//! Formats: `nginx`, `haproxy`, `alb`, `elb`. The same format and number of lines give the same bytes, everywhere. What
//! the lines hold is told on standard error.

#![allow(clippy::print_stderr, clippy::print_stdout, reason = "it is a program")]

mod corpus;

use corpus::Format;
use std::io;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let format = |name: &String| Format::ALL.into_iter().find(|format| format.name() == name);
    let lines = |text: &String| text.replace('_', "").parse().ok();
    let (Some(format), Some(lines)) = (arguments.first().and_then(format), arguments.get(1).and_then(lines)) else {
        println!("usage: cargo run --release --example generate -- nginx|haproxy|alb|elb LINES > FILE");
        return Ok(());
    };
    let counts = format.write(lines, io::stdout().lock())?;
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
    Ok(())
}
