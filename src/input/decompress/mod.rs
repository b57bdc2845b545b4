//! Compressed or not: told by the first bytes, never by the name.

mod gzip;
mod lz4;
mod xz;

use std::io::{self, BufReader, Cursor, Read};

/// A stream of plain bytes.
pub(super) type Plain = Box<dyn Read + Send>;

/// How much compressed data is read at once, in bytes.
const INPUT: usize = 1 << 17;

/// How many first bytes tell every format.
const MAGIC: usize = 6;

/// `raw` without its compression, and the compression's name, if it wears any. Archives of several members, one after
/// the other, are read to the end.
///
/// # Errors
/// When the first bytes cannot be read, or when they are those of an archive that this program has no decoder for.
pub(super) fn plain(mut raw: impl Read + Send + 'static) -> io::Result<(Plain, Option<&'static str>)> {
    let mut magic = Vec::with_capacity(MAGIC);
    raw.by_ref().take(MAGIC as u64).read_to_end(&mut magic)?;
    let kind = magic.clone();
    let raw = Cursor::new(magic).chain(raw);
    Ok(match kind.as_slice() {
        [0x1F, 0x8B, 8, ..] => (Box::new(gzip::Members::new(buffered(raw))), Some("gzip")),
        // Skippable frames are lz4's as well, but only zstd's tools begin with one (pzstd, seekable archives).
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => {
            (Box::new(zstd::Decoder::with_buffer(buffered(raw))?), Some("zstd"))
        }
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => (Box::new(bzip2::read::MultiBzDecoder::new(raw)), Some("bzip2")),
        [0xFD, b'7', b'z', b'X', b'Z', 0] => (Box::new(xz::Streams::new(raw)), Some("xz")),
        [0x04, 0x22, 0x4D, 0x18, ..] => (Box::new(lz4::Frames::new(raw)), Some("lz4")),
        [0x02, 0x21, 0x4C, 0x18, ..] => return Err(foreign("an lz4 archive in lz4's legacy layout")),
        [0x5D, 0, 0, ..] => return Err(foreign("an .lzma archive")),
        [b'L', b'Z', b'I', b'P', ..] => return Err(foreign("an lzip archive")),
        [b'P', b'K', 3, 4, ..] => return Err(foreign("a zip archive")),
        [0x1F, 0x9D, ..] => return Err(foreign("an archive of compress (.Z)")),
        _ => (Box::new(raw), None),
    })
}

fn buffered<R: Read>(raw: R) -> BufReader<R> {
    BufReader::with_capacity(INPUT, raw)
}

/// What is said of an archive without a decoder.
fn foreign(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("{what}, which is not read; unpack it first (gz, zst, bz2, xz and lz4 are read)"),
    )
}

/// The data ends before the archive does.
fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the data ends in the middle")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use io::Write as _;

    type Pack = fn(&[u8]) -> Vec<u8>;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 0).unwrap()
    }

    fn bzip2(text: &[u8]) -> Vec<u8> {
        let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn xz(text: &[u8]) -> Vec<u8> {
        let mut out = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()).unwrap();
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    fn lz4(text: &[u8]) -> Vec<u8> {
        let mut out = lz4_flex::frame::FrameEncoder::new(Vec::new());
        out.write_all(text).unwrap();
        out.finish().unwrap()
    }

    const KINDS: [(&str, Pack); 5] = [("gzip", gzip), ("zstd", zstd), ("bzip2", bzip2), ("xz", xz), ("lz4", lz4)];

    /// What is read, and how it ends.
    fn unpack(bytes: Vec<u8>) -> (Vec<u8>, Result<Option<&'static str>, io::Error>) {
        let (mut reader, kind) = match plain(Cursor::new(bytes)) {
            Ok(opened) => opened,
            Err(error) => return (Vec::new(), Err(error)),
        };
        let (mut read, mut piece) = (Vec::new(), vec![0; 1 << 20]);
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return (read, Ok(kind)),
                Ok(length) => read.extend_from_slice(&piece[..length]),
                Err(error) => return (read, Err(error)),
            }
        }
    }

    /// Lines that do not repeat, so that archives of them have some length.
    fn text() -> Vec<u8> {
        let line =
            |number: u64| format!("{:016x} {number}\n", number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7));
        (0..40_000).map(line).collect::<String>().into_bytes()
    }

    #[test]
    fn reads_every_member() {
        let text = text();
        for (name, pack) in KINDS {
            let (read, end) = unpack([pack(&text), pack(b""), pack(b"second\n"), pack(b"third\n")].concat());
            assert_eq!(end.unwrap(), Some(name));
            assert!(read == [&text[..], b"second\nthird\n"].concat(), "{name}: {} bytes", read.len());
        }
    }

    #[test]
    fn tells_truncated_from_damaged() {
        let text = text();
        for (name, pack) in KINDS {
            let (first, second) = (pack(&text), pack(b"second\n"));
            for cut in [7, 10, first.len() / 2, first.len() - 5, first.len() - 1, first.len() + 6, first.len() + 15] {
                let whole = [&first[..], &second].concat();
                let (read, end) = unpack(whole[..cut].to_vec());
                let error = end.err().map(|error| error.kind());
                assert_eq!(error, Some(io::ErrorKind::UnexpectedEof), "{name} cut at {cut}");
                let shared = read.len().min(text.len());
                assert!(text[..shared] == read[..shared], "{name} cut at {cut}");
                assert!(cut < first.len() || shared == text.len(), "{name} cut at {cut}: {}", read.len());
            }
            let (read, end) = unpack([&first[..], b"no such thing"].concat());
            let error = end.err().map(|error| error.kind());
            assert!(error.is_some_and(|kind| kind != io::ErrorKind::UnexpectedEof), "{name}: {error:?}");
            assert!(read == text, "{name}");
        }
    }

    #[test]
    fn delivers_what_a_cut_xz_archive_holds() {
        let text: String = (0..5_000).map(|number| format!("203.0.113.{} GET /a/{number}\n", number % 250)).collect();
        let packed = xz(text.as_bytes());
        let (read, end) = unpack(packed[..packed.len() / 2].to_vec());
        assert!(end.is_err() && text.as_bytes().starts_with(&read));
        assert!(read.len() > text.len() / 5, "{} of {}", read.len(), text.len());
    }

    #[test]
    fn knows_archives_that_begin_with_a_skippable_frame() {
        let frame = |magic: u8| [&[magic, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..]].concat();
        let (read, end) = unpack([frame(0x50), zstd(b"one\n"), frame(0x5F), zstd(b"two\n")].concat());
        assert_eq!((read.as_slice(), end.unwrap()), (&b"one\ntwo\n"[..], Some("zstd")));
        let (read, end) = unpack([lz4(b"one\n"), frame(0x5A), lz4(b"two\n")].concat());
        assert_eq!((read.as_slice(), end.unwrap()), (&b"one\ntwo\n"[..], Some("lz4")));
    }

    #[test]
    fn names_archives_that_it_cannot_read() {
        for (magic, name) in [
            (&[0x02, 0x21, 0x4C, 0x18, 1, 0, 0, 0][..], "legacy"),
            (&[0x5D, 0, 0, 0x80, 0, 0xFF, 0xFF], ".lzma"),
            (b"LZIP\x01", "lzip"),
            (b"PK\x03\x04\x14\0", "zip"),
            (&[0x1F, 0x9D, 0x90], "compress"),
        ] {
            let said = unpack(magic.to_vec()).1.unwrap_err().to_string();
            assert!(said.contains(name) && said.contains("not read"), "{said}");
        }
    }
}
