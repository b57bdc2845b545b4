//! One input that is open, and the lines that are left of it.

use super::{Block, Heading, Input, Problem, buffer::Buffer, decompress, encoding::Text, raw, reflow::Reflow};
use crate::error::Error;
use memchr::{memchr, memrchr};
use std::{
    io::{self, Read},
    path::PathBuf,
    sync::{Arc, atomic::AtomicU64},
};

/// The longest line that is read, in bytes. Of a longer one its beginning is kept and the rest skipped.
pub const LINE_LIMIT: usize = 1 << 20;

/// How much of a line over [`LINE_LIMIT`] is kept: still too long to be taken for a line of any format.
const KEPT: usize = LINE_LIMIT + 1;

/// An input that is not open yet. Opening it may wait for whoever writes it.
pub struct Pending {
    pub(super) number: usize,
    pub(super) input: Input,
    pub(super) block_size: usize,
    pub(super) read: Arc<AtomicU64>,
}

/// An input that is being read.
pub struct Stream {
    input: usize,
    path: PathBuf,
    reader: Reflow<Text<decompress::Plain>>,
    compression: Option<&'static str>,
    /// Whether bytes come as somebody writes them: then a block is handed out as soon as it holds a line and no more is
    /// there to be read.
    live: bool,
    ahead: Option<raw::Ahead>,
    block_size: usize,
    next_line: u64,
    heading: Option<Arc<Heading>>,
    carry: Vec<u8>,
    state: State,
    problem: Option<Problem>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// Inside a line over the limit, whose beginning has been handed out.
    Skipping,
    Ended,
}

impl Pending {
    /// Opens it.
    ///
    /// # Errors
    /// When it cannot be read, or is an archive that this program has no decoder for.
    pub fn open(self) -> Result<Stream, Problem> {
        let path = self.input.path.clone().unwrap_or_else(|| PathBuf::from("standard input"));
        let opened =
            raw::open(&self.input, self.read).and_then(|raw| Ok((raw.is_live(), raw.ahead(), decompress::plain(raw)?)));
        let (live, ahead, (reader, compression)) =
            opened.map_err(|source| problem(self.number, Error::Read { path: path.clone(), source }))?;
        Ok(Stream {
            input: self.number,
            path,
            reader: Reflow::new(Text::new(reader)),
            compression,
            live,
            // Of what a decompressor holds, the pipe knows nothing.
            ahead: ahead.filter(|_| live && compression.is_none()),
            block_size: self.block_size,
            next_line: 1,
            heading: None,
            carry: Vec::new(),
            state: State::Reading,
            problem: None,
        })
    }
}

impl Stream {
    /// Fills `block` with the next lines, reusing its memory; false when all have been read.
    pub fn next(&mut self, block: &mut Block) -> bool {
        let outcome = self.fill(&mut block.bytes);
        block.input = self.input;
        block.first_line = self.next_line;
        block.ends.find(&block.bytes);
        if self.next_line == 1 && Heading::begins(&block.bytes) {
            self.heading = Some(Arc::default());
        }
        block.heading.clone_from(&self.heading);
        if let Some(behind) = self.heading.as_ref().and_then(|heading| heading.behind(&block.bytes)) {
            self.heading = Some(Arc::new(behind));
        }
        self.next_line += block.ends.feeds();
        if let Err(source) = outcome {
            self.state = State::Ended;
            let source = self.explain(source, self.next_line - 1);
            self.problem = Some(problem(self.input, Error::Read { path: self.path.clone(), source }));
        }
        !block.bytes.is_empty()
    }

    /// Whether it is a file without compression: to read it is hardly more than to copy it, and never waits for others.
    #[must_use]
    pub const fn is_plain_file(&self) -> bool {
        self.compression.is_none() && !self.live
    }

    /// What went wrong with it.
    #[must_use]
    pub fn into_problem(self) -> Option<Problem> {
        self.problem
    }

    /// Puts whole lines into `block`; leaves it empty at the end. On an error it still holds what came before.
    fn fill(&mut self, block: &mut Buffer) -> io::Result<()> {
        block.truncate(0);
        if self.state == State::Skipping {
            self.skip_line()?;
        }
        block.append(&self.carry);
        self.carry.clear();
        while self.state == State::Reading {
            let have = block.len();
            if have >= self.block_size || self.live && have > 0 && !self.holds_more() {
                if let Some(end) = memrchr(b'\n', block) {
                    self.carry.extend_from_slice(&block[end + 1..]);
                    block.truncate(end + 1);
                    return Ok(());
                }
                if have >= KEPT {
                    self.cut(block);
                    return Ok(());
                }
            }
            // A line that is longer than a block doubles it.
            let room = if have < self.block_size { self.block_size - have } else { have };
            match read(&mut self.reader, block.room(room)) {
                Ok(0) => self.state = State::Ended,
                Ok(length) => block.grow(length),
                Err(error) => {
                    // The line that the error broke off is not whole: it may be any line's beginning.
                    let whole = memrchr(b'\n', block).map_or(0, |end| end + 1);
                    block.truncate(whole);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether more is there to be read at once, as far as is known.
    fn holds_more(&self) -> bool {
        self.ahead.as_ref().is_some_and(raw::Ahead::holds_more)
    }

    /// Hands out the beginning of a line over the limit, and leaves the rest of it to [`Stream::skip_line`].
    fn cut(&mut self, block: &mut Buffer) {
        block.truncate(KEPT);
        block.append(b"\n");
        self.state = State::Skipping;
    }

    /// Reads to the end of the current line.
    fn skip_line(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let length = read(&mut self.reader, &mut buffer)?;
            if length == 0 {
                self.state = State::Ended;
                return Ok(());
            }
            if let Some(end) = memchr(b'\n', &buffer[..length]) {
                self.carry.extend_from_slice(&buffer[end + 1..length]);
                self.state = State::Reading;
                return Ok(());
            }
        }
    }

    /// A reader's error, met after so many whole lines, in words that a user can act on.
    fn explain(&self, error: io::Error, lines: u64) -> io::Error {
        let Some(compression) = self.compression else { return error };
        let what = if error.kind() == io::ErrorKind::UnexpectedEof { "truncated" } else { "damaged" };
        io::Error::new(
            error.kind(),
            format!("{what} {compression} data after line {lines}; what came before it is in the report ({error})"),
        )
    }
}

const fn problem(input: usize, error: Error) -> Problem {
    Problem { input: Some(input), error }
}

/// Reads once, past interruptions.
fn read(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}
