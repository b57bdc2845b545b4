//! What can go wrong, and where: the library's one error type.

use std::path::PathBuf;

/// Something that could not be done. The message says what, where and why, in one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or directory could not be opened or read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The report could not be written.
    #[error("cannot write {to}: {source}")]
    Write {
        /// Where to: a path or "standard output".
        to: String,
        /// Why.
        source: std::io::Error,
    },
    /// A proxy's configuration is not as the proxy reads it.
    #[error("{}:{line}: {why}", path.display())]
    Config {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1 on.
        line: usize,
        /// What is wrong there.
        why: String,
    },
    /// Something that a user typed does not mean anything.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// Why, without the name of what could not be read.
    #[must_use]
    pub fn reason(&self) -> String {
        let Self::Read { source, .. } = self else { return self.to_string() };
        let reason = source.to_string();
        // "No such file or directory (os error 2)": the number helps nobody.
        let words = reason.split_once(" (os error ").filter(|_| source.raw_os_error().is_some());
        words.map_or(reason.clone(), |(words, _)| words.to_owned())
    }
}
