//! Records that are not one line each: JSON documents with an array of them, objects over several lines, lines that a
//! container runtime has cut into parts. Each is put on one line; the line feeds that were inside of it stand around
//! it, so that all others keep their number. And lines that others around them complete.
//!
//! What an input is, its first bytes tell. Nearly every input has a record on each line, and passes through untouched.

mod documents;
mod parts;
mod transactions;

use documents::Documents;
use memchr::memchr;
use parts::Parts;
use std::io::{self, Read};
use transactions::Transactions;

/// How many bytes are read at a time of what is to be put in order.
const CHUNK: usize = 1 << 16;

/// As much of a first line as is looked at, in bytes.
const START: usize = 1 << 12;

/// A reader whose records are a line each.
pub(super) struct Reflow<R> {
    inner: R,
    flow: Flow,
    /// What is in order and not handed out yet: from `at` on.
    ready: Vec<u8>,
    at: usize,
}

enum Flow {
    /// Nothing has been read yet.
    Unknown,
    Lines,
    Documents(Documents),
    Parts(Parts),
    Transactions(Transactions),
}

impl<R: Read> Reflow<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self { inner, flow: Flow::Unknown, ready: Vec::new(), at: 0 }
    }

    /// Puts `bytes` in order, the next of the input.
    fn push(&mut self, bytes: &[u8]) {
        match &mut self.flow {
            Flow::Documents(documents) => documents.push(bytes, &mut self.ready),
            Flow::Parts(parts) => parts.push(bytes, &mut self.ready),
            Flow::Transactions(transactions) => transactions.push(bytes, &mut self.ready),
            Flow::Unknown | Flow::Lines => self.ready.extend_from_slice(bytes),
        }
    }

    /// Puts in order what is held back at the end of the input.
    fn end(&mut self) {
        match &mut self.flow {
            Flow::Documents(documents) => documents.end(&mut self.ready),
            Flow::Parts(parts) => parts.end(&mut self.ready),
            Flow::Transactions(transactions) => transactions.end(&mut self.ready),
            Flow::Unknown | Flow::Lines => {}
        }
    }

    /// Hands out what is in order; 0 where nothing is.
    fn hand_out(&mut self, out: &mut [u8]) -> usize {
        let ready = &self.ready[self.at..];
        let length = ready.len().min(out.len());
        out[..length].copy_from_slice(&ready[..length]);
        self.at += length;
        if self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
        }
        length
    }
}

impl<R: Read> Reflow<R> {
    /// Reads as much as tells what the input is.
    fn begin(&mut self) -> io::Result<()> {
        let (mut start, mut chunk) = (Vec::new(), [0; START]);
        while first_line(&start).is_none() {
            match self.inner.read(&mut chunk)? {
                0 => break,
                length => start.extend_from_slice(&chunk[..length]),
            }
        }
        self.flow = flow_of(first_line(&start).unwrap_or(&start));
        self.push(&start);
        Ok(())
    }

    /// Reads until something is in order, or to the end.
    fn fill(&mut self) -> io::Result<()> {
        let mut chunk = vec![0; CHUNK];
        while self.ready.is_empty() {
            match self.inner.read(&mut chunk)? {
                0 => {
                    self.end();
                    break;
                }
                length => self.push(&chunk[..length]),
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for Reflow<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if matches!(self.flow, Flow::Unknown) {
            self.begin()?;
        }
        if self.ready.is_empty() {
            match self.flow {
                Flow::Unknown | Flow::Lines => return self.inner.read(out),
                Flow::Documents(_) | Flow::Parts(_) | Flow::Transactions(_) => self.fill()?,
            }
        }
        Ok(self.hand_out(out))
    }
}

/// The first line that is not blank, with its line feed, or as much of it as is looked at; `None` where it may go on.
fn first_line(start: &[u8]) -> Option<&[u8]> {
    let blank = start.len() - start.trim_ascii_start().len();
    let end = memchr(b'\n', &start[blank..]).map_or(usize::MAX, |at| blank + at + 1);
    start.get(..end.min(START))
}

/// What an input is whose first line is `start`.
fn flow_of(start: &[u8]) -> Flow {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    if Documents::begin(start) {
        Flow::Documents(Documents::default())
    } else if let Some(parts) = Parts::begin(start) {
        Flow::Parts(parts)
    } else if Transactions::begin(start) {
        Flow::Transactions(Transactions::default())
    } else {
        Flow::Lines
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out a few bytes at a time.
    pub(in super::super) struct Slow<'a>(pub &'a [u8], pub usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(out.len());
            out[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    /// [`reflowed`], where `size` bytes arrive at a time.
    pub(in super::super) fn reflowed_by(text: &[u8], size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        Reflow::new(Slow(text, size)).read_to_end(&mut out).unwrap();
        out
    }

    pub(in super::super) fn reflowed(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Reflow::new(text).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn lines_pass_untouched() {
        for text in [
            "",
            "\n",
            "a\nb",
            "{\"status\":502}\n{\"a\":1}\n",
            "[Thu May 12 08:28:57 2011] [error] x\n",
            "[pod/a/b] x\n",
            "{cut",
            "2026-11-27T08:00:00Z stdout\n",
        ] {
            assert_eq!(reflowed(text.as_bytes()), text.as_bytes(), "{text}");
        }
    }

    proptest! {
        /// However the bytes arrive, the same comes out.
        #[test]
        fn any_split_gives_the_same(
            start in prop_oneof![Just("[\n"), Just("{\n"), Just("{\"events\":["), Just("2026-11-27T08:00:00Z stdout P a\n"), Just("{\"log\":\"a\",\"stream\":\"stdout\"}\n"), Just("* << BeReq >> 3\n")],
            rest in prop::collection::vec(prop_oneof![
                Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just("\n"), Just("\""), Just("\\"), Just(":"), Just("\"events\""),
                Just("a"), Just("\\n"), Just("2026-11-27T08:00:00Z stdout F b\n"), Just("2026-11-27T08:00:00Z stderr P c\n"),
                Just("{\"log\":\"b\\n\",\"stream\":\"stdout\"}\n"), Just("{\"log\":\"c\",\"stream\":\"stderr\"}\n"),
                Just("- Timestamp Bereq: 1.000000\n"), Just("- FetchError b\n"), Just("- BerespStatus 503\n"),
            ], 0..40),
            size in 1..9_usize,
        ) {
            let text = [start, &rest.concat()].concat();
            let out = reflowed_by(text.as_bytes(), size);
            let whole = reflowed(text.as_bytes());
            prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&whole));
        }
    }
}
