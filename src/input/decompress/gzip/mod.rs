//! gzip (RFC 1952): members one after the other, each a header, deflated data, and their checksum and length.
//!
//! What flate2's own reader of members does, but that one spends a tenth of its time on the checksum, and drops what it
//! has inflated before it meets damage; and here the inflating can be left to ISA-L.

#[cfg(feature = "isal")]
mod isal;
#[cfg(not(feature = "isal"))]
mod zlib;

use crc32fast::Hasher;
#[cfg(feature = "isal")]
use isal::Inflate;
use std::io::{self, BufRead, Read};
#[cfg(not(feature = "isal"))]
use zlib::Inflate;

/// The flags of a header: which fields it has, and those that no known field has.
const HEADER_SUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

/// Reads all members.
pub(super) struct Members<R> {
    raw: R,
    inflate: Inflate,
    /// Whether the header of a member has been read, and its end not.
    inside: bool,
    sum: Hasher,
    /// How many bytes of the member have been inflated, modulo 2^32.
    length: u32,
}

impl<R: BufRead> Members<R> {
    /// `raw` holds a member at least.
    pub(super) fn new(raw: R) -> Self {
        Self { raw, inflate: Inflate::new(), inside: false, sum: Hasher::new(), length: 0 }
    }

    /// Checks the end of a member.
    fn finish_member(&mut self) -> io::Result<()> {
        let (sum, length) = (std::mem::take(&mut self.sum).finalize(), std::mem::take(&mut self.length));
        let expected = u64::from(length) << 32 | u64::from(sum);
        self.inside = false;
        if u64::from_le_bytes(self.inflate.finish(&mut self.raw)?) == expected { Ok(()) } else { Err(wrong_sum()) }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() && (self.inside || !self.raw.fill_buf()?.is_empty()) {
            if !self.inside {
                skip_header(&mut self.raw)?;
                self.inside = true;
            }
            let length = self.inflate.read(&mut self.raw, buffer)?;
            if length > 0 {
                self.sum.update(&buffer[..length]);
                self.length = self.length.wrapping_add(length as u32);
                return Ok(length);
            }
            self.finish_member()?;
        }
        Ok(0)
    }
}

/// Reads a header, which holds nothing of use here.
fn skip_header(raw: &mut impl Read) -> io::Result<()> {
    let mut fields = Fields { raw, sum: Hasher::new() };
    let [0x1F, 0x8B, 8, flags, ..] = fields.next::<10>()? else { return Err(bad_header()) };
    if flags & RESERVED != 0 {
        return Err(bad_header());
    }
    if flags & EXTRA != 0 {
        for _ in 0..u16::from_le_bytes(fields.next()?) {
            fields.next::<1>()?;
        }
    }
    for text in [NAME, COMMENT] {
        while flags & text != 0 && fields.next()? != [0] {}
    }
    let sum = fields.sum.clone().finalize() as u16;
    if flags & HEADER_SUM != 0 && fields.next()? != sum.to_le_bytes() {
        return Err(wrong_sum());
    }
    Ok(())
}

/// The fields of a header, and the checksum of those that were read.
struct Fields<'a, R> {
    raw: &'a mut R,
    sum: Hasher,
}

impl<R: Read> Fields<'_, R> {
    fn next<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        read_exact(self.raw, &mut bytes)?;
        self.sum.update(&bytes);
        Ok(bytes)
    }
}

/// Fills `bytes`, or says that the data was cut off.
fn read_exact(raw: &mut impl Read, bytes: &mut [u8]) -> io::Result<()> {
    raw.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => io::ErrorKind::UnexpectedEof.into(),
        _ => error,
    })
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "incomplete deflate stream")
}

fn corrupt() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "corrupt deflate stream")
}

fn bad_header() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "invalid gzip header")
}

fn wrong_sum() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "corrupt gzip stream does not have a matching checksum")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder, read::MultiGzDecoder};
    use std::io::{BufReader, Write as _};

    /// Lines that repeat in part, as those of logs do.
    fn text() -> Vec<u8> {
        let line = |number: u64| format!("GET /{:x} 502 {number}\n", number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40);
        (0..60).map(line).collect::<String>().into_bytes()
    }

    /// One member with every field that a header can have, one with none, and one without data.
    fn archive() -> Vec<u8> {
        let full =
            || GzBuilder::new().extra(&b"BC\x02\0\x01\x02"[..]).filename(&b"a.log"[..]).comment(&b"of nginx"[..]);
        let pack = |builder: GzBuilder, text: &[u8]| {
            let mut out = builder.write(Vec::new(), Compression::default());
            out.write_all(text).unwrap();
            out.finish().unwrap()
        };
        let mut first = pack(full(), &text());
        let header = 10 + 2 + 6 + b"a.log\0of nginx\0".len();
        first[3] |= HEADER_SUM;
        let sum = crc32fast::hash(&first[..header]) as u16;
        first.splice(header..header, sum.to_le_bytes());
        [first, pack(GzBuilder::new(), b"the second\n"), pack(GzBuilder::new(), b"")].concat()
    }

    /// What is read in pieces of `piece` bytes, and the error at the end.
    fn unpack(mut reader: impl Read, piece: usize) -> (Vec<u8>, Option<io::Error>) {
        let (mut read, mut buffer) = (Vec::new(), vec![0; piece]);
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return (read, None),
                Ok(length) => read.extend_from_slice(&buffer[..length]),
                Err(error) => return (read, Some(error)),
            }
        }
    }

    /// It reads what flate2 reads and says what flate2 says, wherever the archive is cut off or damaged, and however
    /// little of it comes at once.
    #[test]
    fn agrees_with_flate2() {
        let whole = archive();
        let cut = (1..=whole.len()).map(|length| whole[..length].to_vec());
        let damaged = (0..whole.len()).map(|at| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            bytes
        });
        let followed = [&b"\0"[..], b"\0\0\0\0\0\0\0\0\0\0", b"no such thing"].map(|more| [&whole, more].concat());
        for bytes in cut.chain(damaged).chain(followed) {
            let (expected, error) = unpack(MultiGzDecoder::new(bytes.as_slice()), 1 << 16);
            let expected_error = error.map(|error| (error.kind(), error.to_string()));
            for (input, piece) in [(1 << 16, 1 << 16), (1, 64), (7, 1)] {
                let (read, error) = unpack(Members::new(BufReader::with_capacity(input, bytes.as_slice())), piece);
                let error = error.map(|error| (error.kind(), error.to_string()));
                assert_eq!(error, expected_error, "{} bytes by {input}", bytes.len());
                // Of what comes before damage, flate2 drops some.
                assert!(read.starts_with(&expected), "{} bytes by {input}", bytes.len());
                assert!(error.is_some() || read == expected, "{} bytes by {input}", bytes.len());
            }
        }
    }
}
