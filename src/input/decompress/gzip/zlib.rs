//! Inflates by zlib-rs, which is part of this program.

use super::{corrupt, cut_off, read_exact};
use flate2::{Decompress, FlushDecompress, Status};
use std::io::{self, BufRead};

/// Inflates one stream of deflated data after the other.
pub(super) struct Inflate(Decompress);

impl Inflate {
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// Inflates into `buffer`, which has room; 0 at the end of a stream.
    pub(super) fn read(&mut self, raw: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let input = raw.fill_buf()?;
            let at_end = input.is_empty();
            let (before_in, before_out) = (self.0.total_in(), self.0.total_out());
            let outcome = self.0.decompress(input, buffer, FlushDecompress::None);
            raw.consume((self.0.total_in() - before_in) as usize);
            match outcome {
                // An error is met again when no more is to be had before it.
                _ if self.0.total_out() > before_out => return Ok((self.0.total_out() - before_out) as usize),
                Ok(Status::StreamEnd) => return Ok(0),
                Ok(_) if at_end => return Err(cut_off()),
                Ok(_) => {}
                Err(_) => return Err(corrupt()),
            }
        }
    }

    /// Reads the eight bytes behind a stream, and is ready for another.
    pub(super) fn finish(&mut self, raw: &mut impl BufRead) -> io::Result<[u8; 8]> {
        self.0.reset(false);
        let mut trailer = [0; 8];
        read_exact(raw, &mut trailer)?;
        Ok(trailer)
    }
}
