//! What can be done: one file for each.

pub mod completions;
pub mod explain;
pub mod formats;
pub mod parse;
pub mod report;
pub mod schema;

use super::{Status, target::Target};
use std::io::Write as _;

/// Prints `text` on standard output.
fn print(text: &[u8]) -> anyhow::Result<Status> {
    let target = Target::Stdout;
    let mut sink = target.open()?;
    sink.write_all(text).and_then(|()| sink.commit()).map_err(|source| target.error(source))?;
    Ok(Status::Done)
}

/// Prints `value` as JSON on standard output.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<Status> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    print(&text)
}
