//! Bytes in, blocks of whole lines out, in bounded memory.
//!
//! Paths become [`Input`]s once ([`find`]); [`Blocks`] deals them out, as [`Stream`]s that read and decompress, and
//! hand out [`Block`]s that end at a line's end. Runs once per block; only where a text is in UTF-16 ([`encoding`]), or
//! a record is not a line ([`reflow`]), does it look inside.

mod blocks;
mod buffer;
mod decompress;
mod encoding;
mod find;
mod heading;
mod line_ends;
mod raw;
mod reflow;
mod stream;

pub use blocks::{Block, Blocks};
pub use find::{Found, Input, find};
pub use heading::Heading;
pub use stream::{LINE_LIMIT, Pending, Stream};

use crate::error::Error;

/// Something that went wrong with one input while the others go on.
#[derive(Debug)]
pub struct Problem {
    /// Which input, by its number; `None` where a path gave no input at all.
    pub input: Option<usize>,
    /// What happened, naming the file.
    pub error: Error,
}
