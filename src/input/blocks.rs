//! Blocks of whole lines. One rolling buffer; the tail of a block is carried over to the next.

use super::{Input, Problem, decompress};
use crate::error::Error;
use memchr::{memchr, memchr_iter, memrchr};
use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The longest line that is read, in bytes. Of a longer one its beginning is kept and the rest skipped.
pub const LINE_LIMIT: usize = 1 << 20;

/// How much of a line over [`LINE_LIMIT`] is kept: still too long to be taken for a line of any format.
const KEPT: usize = LINE_LIMIT + 1;

/// What a pipe holds at most, and so the most that one read of it gives (pipe(7)).
const PIPE: usize = 1 << 16;

/// Some whole lines of one input.
#[derive(Debug, Default)]
pub struct Block {
    /// The place of this block among all blocks of the run, from 0.
    pub sequence: u64,
    /// The number of the input that it comes from.
    pub input: usize,
    /// The number of its first line, from 1.
    pub first_line: u64,
    /// The lines. The last of an input may lack its line feed.
    pub bytes: Vec<u8>,
}

impl Block {
    /// The lines with their numbers, without their line ends.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut start = 0;
        let ends = memchr_iter(b'\n', &self.bytes).chain((!self.bytes.ends_with(b"\n")).then_some(self.bytes.len()));
        let lines = ends.map(move |end| {
            let line = &self.bytes[start..end];
            start = end + 1;
            line.strip_suffix(b"\r").unwrap_or(line)
        });
        (self.first_line..).zip(lines)
    }
}

/// Reads inputs one after the other, in blocks.
pub struct Blocks {
    inputs: std::vec::IntoIter<(usize, Input)>,
    block_size: usize,
    sequence: u64,
    current: Option<Stream>,
    problems: Vec<Problem>,
    read: Arc<AtomicU64>,
}

/// The input that is being read.
struct Stream {
    input: usize,
    path: PathBuf,
    reader: decompress::Plain,
    compression: Option<&'static str>,
    /// Whether bytes come as somebody writes them: then a block is handed out as soon as it holds a line.
    live: bool,
    next_line: u64,
    carry: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// Inside a line over the limit, whose beginning has been handed out.
    Skipping,
    Ended,
}

impl Blocks {
    /// Reads `inputs` in blocks of about `block_size` bytes; a block grows up to [`LINE_LIMIT`] to hold a whole line.
    #[must_use]
    pub fn new(inputs: Vec<Input>, block_size: usize) -> Self {
        let inputs: Vec<_> = inputs.into_iter().enumerate().collect();
        Self {
            inputs: inputs.into_iter(),
            block_size: block_size.max(1),
            sequence: 0,
            current: None,
            problems: Vec::new(),
            read: Arc::default(),
        }
    }

    /// How many bytes have been read so far, before decompression.
    #[must_use]
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// What went wrong so far.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Fills `block` with the next lines, reusing its memory; false when all inputs have been read.
    pub fn next(&mut self, block: &mut Block) -> bool {
        loop {
            let Some(stream) = &mut self.current else {
                if !self.open_next() {
                    return false;
                }
                continue;
            };
            match stream.fill(&mut block.bytes, self.block_size) {
                Ok(()) => {}
                Err(source) => {
                    let lines = stream.next_line - 1 + memchr_iter(b'\n', &block.bytes).count() as u64;
                    let error = Error::Read { path: stream.path.clone(), source: stream.explain(source, lines) };
                    self.problems.push(Problem { input: Some(stream.input), error });
                    stream.state = State::Ended;
                }
            }
            if block.bytes.is_empty() {
                self.current = None;
                continue;
            }
            block.input = stream.input;
            block.first_line = stream.next_line;
            block.sequence = self.sequence;
            stream.next_line += memchr_iter(b'\n', &block.bytes).count() as u64;
            self.sequence += 1;
            return true;
        }
    }

    /// Opens inputs until one can be read; false when none is left.
    fn open_next(&mut self) -> bool {
        for (number, input) in self.inputs.by_ref() {
            let path = input.path.clone().unwrap_or_else(|| PathBuf::from("standard input"));
            match open(&input, Arc::clone(&self.read)) {
                Ok((reader, compression)) => {
                    self.current = Some(Stream {
                        input: number,
                        path,
                        reader,
                        compression,
                        live: input.path.is_none(),
                        next_line: 1,
                        carry: Vec::new(),
                        state: State::Reading,
                    });
                    return true;
                }
                Err(source) => {
                    self.problems.push(Problem { input: Some(number), error: Error::Read { path, source } });
                }
            }
        }
        false
    }
}

impl Stream {
    /// Puts whole lines into `block`; leaves it empty at the end. On an error it still holds what came before.
    fn fill(&mut self, block: &mut Vec<u8>, block_size: usize) -> io::Result<()> {
        block.clear();
        if self.state == State::Skipping {
            self.skip_line()?;
        }
        block.append(&mut self.carry);
        while self.state == State::Reading {
            let have = block.len();
            if have >= block_size || self.live && have > 0 {
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
            block.resize(have + self.room(have, block_size), 0);
            let outcome = read(&mut self.reader, &mut block[have..]);
            block.truncate(have + outcome.as_ref().copied().unwrap_or(0));
            match outcome {
                Ok(0) => self.state = State::Ended,
                Ok(_) => {}
                Err(error) => {
                    // The line that the error broke off is not whole: it may be any line's beginning.
                    let whole = memrchr(b'\n', block).map_or(0, |end| end + 1);
                    block.truncate(whole);
                    self.state = State::Ended;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// How many bytes to read at once behind the `have` that are there.
    fn room(&self, have: usize, block_size: usize) -> usize {
        let room = if have < block_size { block_size - have } else { have };
        if self.live { room.min(PIPE) } else { room }
    }

    /// Hands out the beginning of a line over the limit, and leaves the rest of it to [`Stream::skip_line`].
    fn cut(&mut self, block: &mut Vec<u8>) {
        block.truncate(KEPT);
        block.push(b'\n');
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

/// Reads once, past interruptions.
fn read(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

fn open(input: &Input, read: Arc<AtomicU64>) -> io::Result<(decompress::Plain, Option<&'static str>)> {
    let file = match &input.path {
        Some(path) => File::open(path)?,
        None => stdin()?,
    };
    decompress::plain(Counted { file, read })
}

/// Standard input without the standard library's buffer.
#[cfg(unix)]
fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Standard input without the standard library's buffer.
#[cfg(windows)]
fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}

/// A file that counts the bytes read from it.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// Only lines that were handed out count, and all of them.
    #[test]
    fn says_after_which_line_the_data_ends() {
        let line = |number: u64| format!("{:016x}\n", number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7));
        let text: String = (0..40_000).map(line).collect();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(text.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cut.gz");
        std::fs::write(&path, &packed[..packed.len() / 2]).unwrap();
        for block_size in [1 << 10, 1 << 16, 1 << 20] {
            let input = Input { path: Some(path.clone()), size: None, found_in: None };
            let (mut blocks, mut block, mut lines) = (Blocks::new(vec![input], block_size), Block::default(), 0);
            while blocks.next(&mut block) {
                lines += block.lines().count();
            }
            let problems = blocks.into_problems();
            let said = problems[0].error.to_string();
            let expected = format!("truncated gzip data after line {lines};");
            assert!(lines > 10_000 && problems.len() == 1 && said.contains(&expected), "{lines}: {said}");
        }
    }
}
