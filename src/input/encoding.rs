//! UTF-16 becomes UTF-8: what PowerShell's `>` writes, and Windows' editors save as "Unicode". Told by the first bytes:
//! a byte order mark, or ASCII with a zero in every other byte. Everything else passes untouched, whatever it is.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use std::io::{self, Chain, Cursor, Read};

/// How many first bytes tell the encoding.
const START: usize = 4;

/// A reader of UTF-8, or of whatever its input is in if that is not UTF-16.
pub(super) struct Text<R> {
    /// The reader before it is known what it gives, and what it gave.
    unknown: Option<R>,
    start: Vec<u8>,
    known: Option<Known<R>>,
}

/// A reader and what had been read of it.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

enum Known<R> {
    Utf16(Box<DecodeReaderBytes<Whole<R>, Vec<u8>>>),
    Other(Whole<R>),
}

/// The encoding of a text that begins so, if it is one of UTF-16's.
fn utf_16(start: &[u8]) -> Option<&'static Encoding> {
    match start {
        // UTF-32 begins so, too.
        [0xFF, 0xFE, 0, 0] => None,
        [0xFF, 0xFE, ..] | [1..=0x7F, 0, 1..=0x7F, 0] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] | [0, 1..=0x7F, 0, 1..=0x7F] => Some(UTF_16BE),
        _ => None,
    }
}

impl<R: Read> Known<R> {
    fn of(start: Vec<u8>, inner: R) -> Self {
        let encoding = utf_16(&start);
        let whole = Cursor::new(start).chain(inner);
        match encoding {
            None => Self::Other(whole),
            encoding => {
                let decoder = DecodeReaderBytesBuilder::new().encoding(encoding).strip_bom(true).build(whole);
                Self::Utf16(Box::new(decoder))
            }
        }
    }
}

impl<R: Read> Text<R> {
    pub(super) const fn new(inner: R) -> Self {
        Self { unknown: Some(inner), start: Vec::new(), known: None }
    }

    /// Reads as much as tells the encoding.
    fn begin(&mut self) -> io::Result<()> {
        if let Some(inner) = &mut self.unknown {
            let missing = START.saturating_sub(self.start.len());
            inner.take(missing as u64).read_to_end(&mut self.start)?;
        }
        if let Some(inner) = self.unknown.take() {
            self.known = Some(Known::of(std::mem::take(&mut self.start), inner));
        }
        Ok(())
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.begin()?;
        match &mut self.known {
            Some(Known::Utf16(decoder)) => decoder.read(out),
            Some(Known::Other(whole)) => whole.read(out),
            None => Ok(0),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::super::reflow::tests::Slow;
    use super::*;
    use proptest::prelude::*;

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
