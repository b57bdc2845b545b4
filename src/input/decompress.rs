//! Compressed or not: told by the first bytes, never by the name.

use std::io::{self, Cursor, Read};

/// A stream of plain bytes.
pub(super) type Plain = Box<dyn Read + Send>;

/// How many first bytes tell every format.
const MAGIC: usize = 6;

/// `raw` without its compression, and the compression's name, if it wears any. Archives of several members, one after
/// the other, are read to the end.
pub(super) fn plain(mut raw: impl Read + Send + 'static) -> io::Result<(Plain, Option<&'static str>)> {
    let mut magic = Vec::with_capacity(MAGIC);
    raw.by_ref().take(MAGIC as u64).read_to_end(&mut magic)?;
    let kind = magic.clone();
    let raw = Cursor::new(magic).chain(raw);
    Ok(match kind.as_slice() {
        [0x1F, 0x8B, 8, ..] => (Box::new(flate2::read::MultiGzDecoder::new(raw)), Some("gzip")),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => (Box::new(zstd::Decoder::new(raw)?), Some("zstd")),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => (Box::new(bzip2::read::MultiBzDecoder::new(raw)), Some("bzip2")),
        [0xFD, b'7', b'z', b'X', b'Z', 0] => (Box::new(lzma_rust2::XzReader::new(raw, true)), Some("xz")),
        [0x04, 0x22, 0x4D, 0x18, ..] => (Box::new(lz4_flex::frame::FrameDecoder::new(raw)), Some("lz4")),
        _ => (Box::new(raw), None),
    })
}
