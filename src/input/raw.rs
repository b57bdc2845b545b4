//! Bytes as they lie on disk or come through a pipe.

use super::Input;
use std::{
    fs::File,
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// What a pipe is made to hold, in bytes: the most that Linux lets anybody ask for. In one of the usual 64 KiB, writer
/// and reader mostly wait for each other.
#[cfg(target_os = "linux")]
const PIPE: usize = 1 << 20;

/// A file that counts the bytes read from it.
pub(super) struct Raw {
    file: File,
    read: Arc<AtomicU64>,
}

/// Opens `input`; what is read of it is added to `read`.
pub(super) fn open(input: &Input, read: Arc<AtomicU64>) -> io::Result<Raw> {
    let file = match &input.path {
        Some(path) => File::open(path)?,
        None => stdin()?,
    };
    widen(&file);
    Ok(Raw { file, read })
}

impl Raw {
    /// Whether its bytes come as somebody writes them.
    pub(super) fn is_live(&self) -> bool {
        !self.file.metadata().is_ok_and(|metadata| metadata.is_file())
    }
}

/// A look at whether a pipe holds more already.
pub(super) struct Ahead(File);

impl Raw {
    /// To look ahead while this is read elsewhere; `None` where nothing can.
    pub(super) fn ahead(&self) -> Option<Ahead> {
        self.file.try_clone().ok().map(Ahead)
    }
}

impl Ahead {
    /// Whether the next read waits for nobody.
    #[cfg(target_os = "linux")]
    pub(super) fn holds_more(&self) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&AT_ONCE)).is_ok_and(|ready| ready > 0)
    }

    /// Elsewhere nobody knows.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn holds_more(&self) -> bool {
        let Self(_) = self;
        false
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// Lets a pipe hold more.
#[cfg(target_os = "linux")]
fn widen(file: &File) {
    // It is faster, not needed: what is no pipe, or may not grow, is read as it is.
    let _ = rustix::pipe::fcntl_setpipe_size(file, PIPE);
}

#[cfg(not(target_os = "linux"))]
const fn widen(_: &File) {}

/// Standard input without the standard library's buffer.
#[cfg(unix)]
fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// Standard input without the standard library's buffer.
#[cfg(windows)]
fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    io::stdin().as_handle().try_clone_to_owned().map(File::from)
}
