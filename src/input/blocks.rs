//! Blocks of whole lines.

use super::{Heading, Input, Pending, Problem, Stream, buffer::Buffer, line_ends::LineEnds};
use std::sync::{Arc, atomic::AtomicU64};

/// Some whole lines of one input.
#[derive(Debug, Default)]
pub struct Block {
    /// The place of this block among all blocks of the run, from 0, where they are read one after the other.
    pub sequence: u64,
    /// The number of the input that it comes from.
    pub input: usize,
    /// The number of its first line, from 1.
    pub first_line: u64,
    /// Of an input that begins with a comment (`#`), what the lines before this block say of those in it. `None` for
    /// other inputs: there, such a line is one like any other.
    pub heading: Option<Arc<Heading>>,
    /// The lines. The last of an input may lack its line feed.
    pub(super) bytes: Buffer,
    /// Where they end.
    pub(super) ends: LineEnds,
}

impl Block {
    /// The lines with their numbers, without their line ends.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut start = 0;
        let lines = self.ends.all().map(move |end| {
            let line = &self.bytes[start..end];
            start = end + 1;
            line.strip_suffix(b"\r").unwrap_or(line)
        });
        (self.first_line..).zip(lines)
    }
}

/// The inputs of a run, read one after the other by [`Blocks::next`]. Threads that read several at once take them by
/// [`Blocks::pending`], and give back what is better shared.
pub struct Blocks {
    inputs: std::vec::IntoIter<(usize, Input)>,
    block_size: usize,
    sequence: u64,
    open: Vec<Stream>,
    problems: Vec<Problem>,
    read: Arc<AtomicU64>,
}

impl Blocks {
    /// Reads `inputs` in blocks of about `block_size` bytes; a block grows up to [`super::LINE_LIMIT`] to hold a whole
    /// line.
    #[must_use]
    pub fn new(inputs: Vec<Input>, block_size: usize) -> Self {
        let inputs: Vec<_> = inputs.into_iter().enumerate().collect();
        Self {
            inputs: inputs.into_iter(),
            block_size: block_size.max(1),
            sequence: 0,
            open: Vec::new(),
            problems: Vec::new(),
            read: Arc::default(),
        }
    }

    /// How many bytes have been read so far, before decompression.
    #[must_use]
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// What went wrong so far, in the order of the inputs.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems;
        problems.sort_by_key(|problem| problem.input);
        problems
    }

    /// Fills `block` with the next lines, reusing its memory; false when all inputs have been read.
    pub fn next(&mut self, block: &mut Block) -> bool {
        while !self.next_open(block) {
            let Some(pending) = self.pending() else { return false };
            match pending.open() {
                Ok(stream) => self.share(stream),
                Err(problem) => self.note(Some(problem)),
            }
        }
        true
    }

    /// The same of inputs that are open and here; false when these have been read.
    pub fn next_open(&mut self, block: &mut Block) -> bool {
        while let Some(mut stream) = self.open.pop() {
            if stream.next(block) {
                self.open.push(stream);
                block.sequence = self.sequence;
                self.sequence += 1;
                return true;
            }
            self.note(stream.into_problem());
        }
        false
    }

    /// The next input that is not open yet, to be read elsewhere.
    pub fn pending(&mut self) -> Option<Pending> {
        let (number, input) = self.inputs.next()?;
        Some(Pending { number, input, block_size: self.block_size, read: Arc::clone(&self.read) })
    }

    /// Takes an input that was opened elsewhere, to be read here.
    pub fn share(&mut self, stream: Stream) {
        self.open.push(stream);
    }

    /// Takes note of what went wrong with an input elsewhere.
    pub fn note(&mut self, problem: Option<Problem>) {
        self.problems.extend(problem);
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
