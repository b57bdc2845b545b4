//! UTF-16 becomes UTF-8: what PowerShell's `>` writes, and Windows' editors save as "Unicode". Told by the first bytes: a
//! byte order mark, or ASCII with a zero in every other byte. Everything else passes untouched, whatever it is.

use std::io::{self, Read};

/// How many bytes of UTF-16 are read at a time.
const CHUNK: usize = 1 << 16;

/// How many first bytes tell the encoding.
const START: usize = 4;

/// A reader of UTF-8, or of whatever its input is in if that is not UTF-16.
pub(super) struct Text<R> {
    inner: R,
    encoding: Encoding,
    /// What has been read and does not make whole characters yet.
    open: Vec<u8>,
    /// What is not handed out yet: from `at` on.
    ready: Vec<u8>,
    at: usize,
}

#[derive(Clone, Copy)]
enum Encoding {
    /// Nothing has been read yet.
    Unknown,
    /// Whatever it is, it is left as it is.
    Other,
    Utf16(fn([u8; 2]) -> u16),
}

impl Encoding {
    /// Of a text that begins with `start`, and how long its byte order mark is.
    fn of(start: &[u8]) -> (Self, usize) {
        let (little, big) = (Self::Utf16(u16::from_le_bytes), Self::Utf16(u16::from_be_bytes));
        match start {
            // UTF-32 begins so, too.
            [0xFF, 0xFE, 0, 0] => (Self::Other, 0),
            [0xFF, 0xFE, ..] => (little, 2),
            [0xFE, 0xFF, ..] => (big, 2),
            [1..=0x7F, 0, 1..=0x7F, 0] => (little, 0),
            [0, 1..=0x7F, 0, 1..=0x7F] => (big, 0),
            _ => (Self::Other, 0),
        }
    }
}

impl<R: Read> Text<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self { inner, encoding: Encoding::Unknown, open: Vec::new(), ready: Vec::new(), at: 0 }
    }

    /// Reads as much as tells the encoding.
    fn begin(&mut self) -> io::Result<()> {
        while self.open.len() < START && self.read_more(START - self.open.len())? > 0 {}
        let (encoding, mark) = Encoding::of(&self.open);
        self.encoding = encoding;
        self.open.drain(..mark);
        if matches!(encoding, Encoding::Other) {
            self.ready = std::mem::take(&mut self.open);
        }
        Ok(())
    }

    fn read_more(&mut self, most: usize) -> io::Result<usize> {
        let start = self.open.len();
        self.open.resize(start + most, 0);
        let outcome = self.inner.read(&mut self.open[start..]);
        self.open.truncate(start + *outcome.as_ref().unwrap_or(&0));
        outcome
    }

    /// Reads until some characters are ready, or to the end.
    fn decode_more(&mut self, unit: fn([u8; 2]) -> u16) -> io::Result<()> {
        while self.ready.is_empty() {
            let is_end = self.read_more(CHUNK)? == 0;
            self.decode(unit, is_end);
            if is_end {
                break;
            }
        }
        Ok(())
    }

    /// Decodes what is open; the half of a character waits for the other one, unless nothing more comes.
    fn decode(&mut self, unit: fn([u8; 2]) -> u16, is_end: bool) {
        let (pairs, odd) = self.open.as_chunks();
        let mut units: Vec<u16> = pairs.iter().copied().map(unit).collect();
        let waits = units.pop_if(|unit| !is_end && (0xD800..0xDC00).contains(unit)).is_some();
        let cut = is_end && !odd.is_empty();
        let decoded = char::decode_utf16(units.iter().copied()).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER));
        for char in decoded.chain(cut.then_some(char::REPLACEMENT_CHARACTER)) {
            self.ready.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
        let rest = if is_end { 0 } else { odd.len() + 2 * usize::from(waits) };
        self.open.drain(..self.open.len() - rest);
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if matches!(self.encoding, Encoding::Unknown) {
            self.begin()?;
        }
        if self.ready.is_empty() {
            match self.encoding {
                Encoding::Utf16(unit) => self.decode_more(unit)?,
                Encoding::Unknown | Encoding::Other => return self.inner.read(out),
            }
        }
        let ready = &self.ready[self.at..];
        let length = ready.len().min(out.len());
        out[..length].copy_from_slice(&ready[..length]);
        self.at += length;
        if self.at == self.ready.len() {
            self.ready.clear();
            self.at = 0;
        }
        Ok(length)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out a few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(self.0.len()).min(out.len());
            out[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn read(bytes: &[u8], size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        Text::new(Slow(bytes, size)).read_to_end(&mut out).unwrap();
        out
    }

    fn encoded(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn other_texts_pass_untouched() {
        for bytes in [
            &b""[..],
            b"a",
            b"a\nb\n",
            b"\xFF",
            b"\0\0\0\0a\0b",
            b"a\0\0b",
            b"\xEF\xBB\xBFa\n",
            b"\xFF\xFE\0\0a\0\0\0",
            b"\x80\0\x81\0",
        ] {
            assert_eq!(read(bytes, 3), bytes, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_damaged_is_read_as_far_as_it_goes() {
        let bytes = |units: &[u16], rest: &[u8]| {
            units.iter().flat_map(|unit| unit.to_le_bytes()).chain(rest.iter().copied()).collect::<Vec<u8>>()
        };
        let cases = [
            (bytes(&[0xFEFF, 0x61], b"b"), "a\u{FFFD}"),
            (bytes(&[0xFEFF, 0xD83D], b""), "\u{FFFD}"),
            (bytes(&[0xFEFF, 0xD83D, 0x61], b""), "\u{FFFD}a"),
            (bytes(&[0xFEFF], b""), ""),
        ];
        for (bytes, expected) in cases {
            for size in 1..6 {
                assert_eq!(String::from_utf8(read(&bytes, size)).unwrap(), expected, "{bytes:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn utf_16_is_read_however_it_arrives(text in "[a-z0-9 ]{2}\\PC{0,80}", size in 1..9_usize, mark in any::<bool>()) {
            let marked = if mark { format!("\u{FEFF}{text}") } else { text.clone() };
            for bytes in [encoded(&marked, u16::to_le_bytes), encoded(&marked, u16::to_be_bytes)] {
                prop_assert_eq!(String::from_utf8(read(&bytes, size)).unwrap(), text.clone());
            }
        }
    }
}
