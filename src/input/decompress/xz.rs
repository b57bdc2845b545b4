//! xz streams, one after the other. The decoder's own reader drops what it has decoded once it meets an error; here all
//! of it is handed out first, so that the beginning of a log that was cut off is read.

use super::cut_off;
use lzma_rust2::{Action, Status, XzStream};
use std::io::{self, Read};

/// How much compressed data is read at once.
const INPUT: usize = 1 << 14;

/// Reads all streams.
pub(super) struct Streams<R> {
    raw: R,
    decoder: XzStream,
    input: Vec<u8>,
    /// The part of `input` that has not been decoded.
    rest: std::ops::Range<usize>,
    action: Action,
    /// An error that was met behind what has been handed out.
    error: Option<io::Error>,
    done: bool,
}

impl<R: Read> Streams<R> {
    pub(super) fn new(raw: R) -> Self {
        let decoder = XzStream::new(true);
        Self { raw, decoder, input: vec![0; INPUT], rest: 0..0, action: Action::Run, error: None, done: false }
    }
}

impl<R: Read> Read for Streams<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        while !self.done && !buffer.is_empty() {
            if self.rest.is_empty() && matches!(self.action, Action::Run) {
                let length = self.raw.read(&mut self.input)?;
                self.rest = 0..length;
                if length == 0 {
                    self.action = Action::Finish;
                }
            }
            let before = self.decoder.total_out();
            let step = match self.decoder.process(&self.input[self.rest.clone()], buffer, self.action) {
                Ok(step) => step,
                Err(error) => {
                    // What is wrong only now that nothing follows was cut off.
                    let error = if matches!(self.action, Action::Finish) { cut_off() } else { error };
                    let produced = usize::try_from(self.decoder.total_out() - before).unwrap_or(0);
                    if produced == 0 {
                        return Err(error);
                    }
                    self.error = Some(error);
                    return Ok(produced.min(buffer.len()));
                }
            };
            self.rest.start += step.bytes_consumed;
            self.done = step.status == Status::StreamEnd;
            if step.bytes_produced > 0 {
                return Ok(step.bytes_produced);
            }
            if !self.done && step.bytes_consumed == 0 && matches!(self.action, Action::Finish) {
                return Err(cut_off());
            }
        }
        Ok(0)
    }
}
