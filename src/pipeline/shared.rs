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

/// How many more blocks may wait than there are takers. With none, a pipe's writer, its reader and the only taker keep
/// waking each other up: a seventh of the time.
const AHEAD: usize = 3;

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
    /// Blocks for takers: one for each, and [`AHEAD`] more at most.
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
        if state.takers == 0 || state.handed.len() >= state.takers + AHEAD {
            return false;
        }
        let spare = state.spare.pop().unwrap_or_default();
        state.handed.push_back(mem::replace(block, spare));
        drop(state);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::input::Input;
    use std::{fmt::Write as _, io::Write as _, path::Path, sync::mpsc, thread, time::Duration};

    const LINES: u64 = 20_000;

    /// A log in gzip. Each line tells its number.
    fn archive(directory: &Path) -> Input {
        let mut text = String::new();
        for number in 1..=LINES {
            writeln!(text, "{number} {:x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)).unwrap();
        }
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        input(directory, "numbers.gz", &packed.finish().unwrap())
    }

    fn input(directory: &Path, name: &str, bytes: &[u8]) -> Input {
        let path = directory.join(name);
        std::fs::write(&path, bytes).unwrap();
        Input { path: Some(path), size: None, found_in: None }
    }

    /// The numbers of the lines in a block, which must be those that the lines tell.
    fn numbers(block: &Block) -> Vec<u64> {
        let told = |line: &[u8]| -> u64 {
            String::from_utf8_lossy(line).split(' ').next().and_then(|first| first.parse().ok()).unwrap()
        };
        block.lines().inspect(|(number, line)| assert_eq!(told(line), *number)).map(|(number, _)| number).collect()
    }

    /// Waits for a thread that looks for blocks and has none.
    fn wait_for_taker(shared: &Shared) {
        while shared.lock().takers == 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn hands_over_whole_blocks_with_their_line_numbers() {
        let directory = tempfile::tempdir().unwrap();
        let shared = Shared::new(Blocks::new(vec![archive(directory.path())], 1 << 12));
        let (mut worker, mut block) = (shared.worker(), Block::default());
        assert!(worker.next(&mut block));
        let mut own = numbers(&block);
        let taken = thread::scope(|threads| {
            let taker = threads.spawn(|| {
                let (mut worker, mut block, mut taken) = (shared.worker(), Block::default(), Vec::new());
                while worker.next(&mut block) {
                    taken.extend(numbers(&block));
                }
                taken
            });
            wait_for_taker(&shared);
            while worker.next(&mut block) {
                own.extend(numbers(&block));
            }
            taker.join().unwrap()
        });
        assert!(!taken.is_empty());
        own.extend(taken);
        own.sort_unstable();
        assert!(own.into_iter().eq(1..=LINES));
    }

    /// Who decompresses faster than all others count does not fill the memory.
    #[test]
    fn hands_over_few_blocks_more_than_there_are_takers() {
        let shared = Shared::new(Blocks::new(Vec::new(), 1));
        let mut block = Block::default();
        for (takers, most) in [(0, 0), (1, 4), (7, 10)] {
            shared.lock().takers = takers;
            let handed = shared.lock().handed.len();
            for _ in handed..most {
                assert!(shared.hand_over(&mut block));
            }
            assert!(!shared.hand_over(&mut block));
        }
        for place in 0..10 {
            assert!(shared.lock().fill(&mut block), "{place}");
        }
        assert!(!shared.lock().fill(&mut block));
        assert_eq!(shared.lock().spare.len(), 10);
        assert!(shared.hand_over(&mut block));
        assert_eq!(shared.lock().spare.len(), 9, "memory is used again");
    }

    #[test]
    fn a_panic_leaves_nobody_waiting() {
        let directory = tempfile::tempdir().unwrap();
        let inputs = vec![archive(directory.path()), input(directory.path(), "more", b"1\n2\n")];
        let shared = Shared::new(Blocks::new(inputs, 1 << 12));
        let counted = thread::scope(|threads| {
            let mut worker = shared.worker();
            assert!(worker.next(&mut Block::default()));
            let other = threads.spawn(|| {
                let (mut worker, mut block, mut counted) = (shared.worker(), Block::default(), 0);
                while worker.next(&mut block) {
                    counted += numbers(&block).len();
                }
                counted
            });
            wait_for_taker(&shared);
            let failing = threads.spawn(move || {
                let _owner = worker;
                std::panic::resume_unwind(Box::new("on purpose"));
            });
            assert!(failing.join().is_err());
            other.join().unwrap()
        });
        assert_eq!(counted, 2);
    }

    /// A line is counted when it is there, though its writer goes on.
    #[cfg(unix)]
    #[test]
    fn does_not_wait_for_more_than_a_line_of_a_pipe() {
        use std::os::fd::AsRawFd as _;
        let (reader, writer) = std::io::pipe().unwrap();
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let pipe = Input { path: Some(path.into()), size: None, found_in: None };
        let shared = Shared::new(Blocks::new(vec![pipe], 1 << 20));
        let (told, heard) = mpsc::channel();
        thread::scope(|threads| {
            // Dropped when this fails, too, and then the threads end.
            let mut writer = writer;
            for _ in 0..2 {
                let (told, shared) = (told.clone(), &shared);
                threads.spawn(move || {
                    let (mut worker, mut block) = (shared.worker(), Block::default());
                    while worker.next(&mut block) {
                        told.send(numbers(&block)).unwrap();
                    }
                });
            }
            writer.write_all(b"1 li").unwrap();
            for number in 1..=5 {
                writer.write_all(format!("ne\n{} li", number + 1).as_bytes()).unwrap();
                assert_eq!(heard.recv_timeout(Duration::from_secs(20)), Ok(vec![number]));
            }
        });
    }
}
