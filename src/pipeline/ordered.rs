//! Writes what threads make of blocks in the blocks' order.

use crate::error::Error;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// How many blocks may wait for an earlier one. Who is further ahead waits, so that memory stays bounded.
const AHEAD: u64 = 16;

/// A writer shared by threads.
pub(super) struct Ordered<W> {
    state: Mutex<State<W>>,
    moved: Condvar,
}

struct State<W> {
    out: W,
    next: u64,
    waiting: BTreeMap<u64, Vec<u8>>,
    error: Option<io::Error>,
}

impl<W: Write> Ordered<W> {
    pub(super) fn new(out: W) -> Self {
        let state = State { out, next: 0, waiting: BTreeMap::new(), error: None };
        Self { state: Mutex::new(state), moved: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether writing has failed: then there is no use in reading on.
    pub(super) fn failed(&self) -> bool {
        self.lock().error.is_some()
    }

    /// Writes `bytes` once all blocks before `sequence` are written.
    pub(super) fn write(&self, sequence: u64, bytes: Vec<u8>) {
        let mut state = self.lock();
        while sequence > state.next + AHEAD && state.error.is_none() {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.insert(sequence, bytes);
        state.write_ready();
        drop(state);
        self.moved.notify_all();
    }

    /// The first error, if there was one.
    pub(super) fn finish(self) -> Result<(), Error> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let outcome = state.error.take().map_or_else(|| state.out.flush(), Err);
        outcome.map_err(|source| Error::Write { to: "standard output".to_owned(), source })
    }
}

impl<W: Write> State<W> {
    fn write_ready(&mut self) {
        while let Some(bytes) = self.waiting.remove(&self.next) {
            self.next += 1;
            if self.error.is_none() {
                self.error = self.out.write_all(&bytes).and_then(|()| self.out.flush()).err();
            }
        }
    }
}
