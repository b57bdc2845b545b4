//! Bytes in, blocks of whole lines out, in bounded memory.
//!
//! Paths become [`Input`]s once ([`find`]); [`Blocks`] then reads one after the other, decompressing on the way, and
//! hands out [`Block`]s that end at a line's end. Runs once per block; nothing here looks inside a line.

mod blocks;
mod decompress;
mod find;

pub use blocks::{Block, Blocks, LINE_LIMIT};
pub use find::{Found, Input, find};

use crate::error::Error;

/// Something that went wrong with one input while the others go on.
#[derive(Debug)]
pub struct Problem {
    /// Which input, by its number; `None` where a path gave no input at all.
    pub input: Option<usize>,
    /// What happened, naming the file.
    pub error: Error,
}
