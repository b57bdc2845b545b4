//! lz4 frames, one after the other, to the end of the data. The decoder underneath reads one and takes any end of the
//! data for the frame's.

use super::cut_off;
use lz4_flex::frame::FrameDecoder;
use std::io::{self, Cursor, Read};

/// The length of what a frame begins with.
const MAGIC: usize = 4;

/// Reads all frames.
pub(super) struct Frames<R: Read> {
    /// For one frame: the next may have blocks of another size. Gone when all is read.
    decoder: Option<FrameDecoder<Source<R>>>,
}

/// What is left of the data.
struct Source<R> {
    /// Bytes that were looked at already.
    ahead: Cursor<Vec<u8>>,
    raw: R,
    /// Whether somebody has read up to the end.
    ended: bool,
}

impl<R: Read> Frames<R> {
    /// `raw` begins with a frame.
    pub(super) fn new(raw: R) -> Self {
        let source = Source { ahead: Cursor::default(), raw, ended: false };
        Self { decoder: Some(FrameDecoder::new(source)) }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = self.decoder.as_mut().filter(|_| !buffer.is_empty()) {
            let length = decoder.read(buffer)?;
            if length > 0 {
                return Ok(length);
            }
            // A whole frame says where it ends; the decoder meets the data's end in the middle of one alone.
            if decoder.get_ref().ended {
                return Err(cut_off());
            }
            let Some(mut source) = self.decoder.take().map(FrameDecoder::into_inner) else { break };
            if source.has_frame()? {
                self.decoder = Some(FrameDecoder::new(source));
            }
        }
        Ok(0)
    }
}

impl<R: Read> Source<R> {
    /// Looks for the next frame behind the last.
    fn has_frame(&mut self) -> io::Result<bool> {
        loop {
            let mut magic = Vec::with_capacity(MAGIC);
            self.by_ref().take(MAGIC as u64).read_to_end(&mut magic)?;
            match magic.as_slice() {
                [] => return Ok(false),
                [0x04, 0x22, 0x4D, 0x18] => {
                    self.ahead = Cursor::new(magic);
                    return Ok(true);
                }
                [0x50..=0x5F, 0x2A, 0x4D, 0x18] => self.skip()?,
                _ if is_start_of_magic(&magic) => return Err(cut_off()),
                _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "what follows a frame is none")),
            }
        }
    }

    /// Skips the rest of a frame that holds something else than data.
    fn skip(&mut self) -> io::Result<()> {
        let mut length = [0; 4];
        self.read_exact(&mut length)?;
        let length = u64::from(u32::from_le_bytes(length));
        let skipped = io::copy(&mut self.by_ref().take(length), &mut io::sink())?;
        if skipped < length { Err(cut_off()) } else { Ok(()) }
    }
}

fn is_start_of_magic(bytes: &[u8]) -> bool {
    bytes.len() < MAGIC && [0x04, 0x22, 0x4D].starts_with(bytes)
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.ahead.read(buffer)?;
        if length > 0 || buffer.is_empty() {
            return Ok(length);
        }
        let length = self.raw.read(buffer)?;
        self.ended = length == 0;
        Ok(length)
    }
}
