//! Deals blocks out to threads that count them in any order.
//!
//! To decompress is the most of the work, so several inputs are decompressed at once: a thread owns what it has opened,
//! decompresses a block, and counts it while it is in the core's cache. Once there is nothing left to open, threads
//! without an input of their own are handed blocks by those that have one, which then need not stop to count; a single
//! archive is decompressed without a pause. Plain files are read in turns: that is no more than a copy.

use crate::input::{Block, Blocks, Pending, Problem, Stream};
use std::{
    collections::VecDeque,
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// All inputs, shared by the threads.
pub(super) struct Shared {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    blocks: Blocks,
    /// How many threads have an input of their own, or are about to.
    owners: usize,
    /// How many threads have none, and found none left.
    takers: usize,
    /// Blocks for takers, at most one for each.
    handed: VecDeque<Block>,
    /// Memory for blocks.
    spare: Vec<Block>,
}

/// One thread's access to the inputs.
pub(super) struct Worker<'a> {
    shared: &'a Shared,
    role: Role<'a>,
}

enum Role<'a> {
    /// Looks for an input of its own.
    Looking,
    Owner(Owner<'a>, Box<Stream>),
    /// Found nothing left to open.
    Taker,
}

/// What there is to do for a thread without an input of its own.
enum Task<'a> {
    /// To count the block that it was given.
    Count,
    Open(Owner<'a>, Pending),
    /// Nothing any more.
    End,
}

/// Counts a thread among the owners until it is dropped, be it by a panic: takers wait as long as there are owners.
struct Owner<'a>(&'a Shared);

impl Shared {
    pub(super) fn new(blocks: Blocks) -> Self {
        let state = State { blocks, owners: 0, takers: 0, handed: VecDeque::new(), spare: Vec::new() };
        Self { state: Mutex::new(state), moved: Condvar::new() }
    }

    pub(super) const fn worker(&self) -> Worker<'_> {
        Worker { shared: self, role: Role::Looking }
    }

    /// What went wrong, in the order of the inputs.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).blocks.into_problems()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A thread that panicked while it read has left the inputs in a readable state: the others go on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `block` to a taker, for memory to fill next; false if the takers have enough to do.
    fn hand_over(&self, block: &mut Block) -> bool {
        let mut state = self.lock();
        if state.handed.len() >= state.takers {
            return false;
        }
        let spare = state.spare.pop().unwrap_or_default();
        state.handed.push_back(mem::replace(block, spare));
        self.moved.notify_one();
        true
    }
}

impl State {
    /// Puts lines that need no opening into `block`, if there are any.
    fn fill(&mut self, block: &mut Block) -> bool {
        let Some(full) = self.handed.pop_front() else { return self.blocks.next_open(block) };
        self.spare.push(mem::replace(block, full));
        true
    }
}

impl<'a> Worker<'a> {
    /// Puts lines to count into `block`; false when all inputs have been read.
    pub(super) fn next(&mut self, block: &mut Block) -> bool {
        loop {
            if let Role::Owner(_, stream) = &mut self.role {
                if !stream.next(block) {
                    self.close();
                } else if !self.shared.hand_over(block) {
                    return true;
                }
                continue;
            }
            match self.look(block) {
                Task::Count => return true,
                Task::Open(owner, pending) => self.open(owner, pending),
                Task::End => return false,
            }
        }
    }

    /// Finds something to do, or waits for it.
    fn look(&mut self, block: &mut Block) -> Task<'a> {
        let mut state = self.shared.lock();
        loop {
            if state.fill(block) {
                return Task::Count;
            }
            if let Some(pending) = state.blocks.pending() {
                state.owners += 1;
                return Task::Open(Owner(self.shared), pending);
            }
            if matches!(self.role, Role::Looking) {
                self.role = Role::Taker;
                state.takers += 1;
            }
            if state.owners == 0 {
                return Task::End;
            }
            state = self.shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Opens an input, to keep it unless all can take turns at it.
    fn open(&mut self, owner: Owner<'a>, pending: Pending) {
        match pending.open() {
            Ok(stream) if stream.is_plain_file() => self.shared.lock().blocks.share(stream),
            Ok(stream) => self.role = Role::Owner(owner, Box::new(stream)),
            Err(problem) => self.shared.lock().blocks.note(Some(problem)),
        }
    }

    /// Closes the input of its own.
    fn close(&mut self) {
        if let Role::Owner(_owner, stream) = mem::replace(&mut self.role, Role::Looking) {
            self.shared.lock().blocks.note(stream.into_problem());
        }
    }
}

impl Drop for Owner<'_> {
    fn drop(&mut self) {
        self.0.lock().owners -= 1;
        self.0.moved.notify_all();
    }
}
