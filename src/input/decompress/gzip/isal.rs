//! Inflates by Intel's ISA-L, which is linked: faster than zlib-rs, where it has assembly for the machine.
#![allow(unsafe_code, reason = "it is C")]

use super::{corrupt, cut_off, read_exact};
use isal_sys::igzip_lib::{
    ISAL_DECOMP_OK, inflate_state, isal_block_state_ISAL_BLOCK_FINISH, isal_inflate, isal_inflate_init,
    isal_inflate_reset,
};
use std::{
    io::{self, BufRead},
    mem, ptr,
};

/// Inflates one stream of deflated data after the other.
pub(super) struct Inflate {
    state: Box<inflate_state>,
    failed: bool,
}

// SAFETY: it points to memory that is not its own during `Inflate::step` alone.
unsafe impl Send for Inflate {}

impl Inflate {
    pub(super) fn new() -> Self {
        // SAFETY: it is made of numbers and pointers, all of which may be 0.
        let mut state: Box<inflate_state> = Box::new(unsafe { mem::zeroed() });
        // SAFETY: this is the state to prepare.
        unsafe { isal_inflate_init(&raw mut *state) };
        Self { state, failed: false }
    }

    /// Inflates into `buffer`, which has room; 0 at the end of a stream.
    pub(super) fn read(&mut self, raw: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.failed {
            if self.state.block_state == isal_block_state_ISAL_BLOCK_FINISH {
                return Ok(0);
            }
            let input = raw.fill_buf()?;
            let at_end = input.is_empty();
            let (taken, made) = self.step(input, buffer);
            raw.consume(taken);
            if made > 0 {
                return Ok(made);
            }
            if at_end {
                return Err(cut_off());
            }
            // Some damage it does not tell, but goes no further.
            self.failed |= taken == 0;
        }
        Err(corrupt())
    }

    /// Reads the eight bytes behind a stream, and is ready for another.
    pub(super) fn finish(&mut self, raw: &mut impl BufRead) -> io::Result<[u8; 8]> {
        // Whole bytes that it took from the input and did not need; behind the bits of the last that it did.
        let ahead = usize::try_from(self.state.read_in_length / 8).unwrap_or(0).min(8);
        let mut trailer = (self.state.read_in >> (self.state.read_in_length % 8)).to_le_bytes();
        // SAFETY: `Inflate::new` prepared the state.
        unsafe { isal_inflate_reset(&raw mut *self.state) };
        read_exact(raw, &mut trailer[ahead..])?;
        Ok(trailer)
    }

    /// Goes on: how many bytes it took from `input`, and how many it put into `buffer`.
    fn step(&mut self, input: &[u8], buffer: &mut [u8]) -> (usize, usize) {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let (available, room) = (length(input), length(buffer));
        let state = &mut *self.state;
        (state.next_in, state.avail_in) = (input.as_ptr().cast_mut(), available);
        (state.next_out, state.avail_out) = (buffer.as_mut_ptr(), room);
        // SAFETY: `Inflate::new` prepared the state. It reads `avail_in` bytes at `next_in` and writes to `avail_out`
        // bytes at `next_out`: both lie in slices that are borrowed here.
        let code = unsafe { isal_inflate(&raw mut *state) };
        (state.next_in, state.next_out) = (ptr::null_mut(), ptr::null_mut());
        self.failed = u32::try_from(code) != Ok(ISAL_DECOMP_OK);
        ((available - state.avail_in) as usize, (room - state.avail_out) as usize)
    }
}
