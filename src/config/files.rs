//! Reading configuration files, with bounds: what they include may be large, many, or themselves.

use super::{Place, glob, lex::wrong_at};
use crate::error::Error;
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// The most that one file may hold, in bytes.
const FILE: u64 = 16 << 20;

/// The most that all may hold, in bytes.
const ALL: u64 = 64 << 20;

/// The most files that are read: a host may serve thousands of sites.
const COUNT: usize = 20_000;

/// How deep files may include each other.
const DEPTH: usize = 20;

/// The files that have been read, and those that are being read.
#[derive(Debug, Default)]
pub(super) struct Files {
    bytes: u64,
    count: usize,
    /// Each includes the next.
    open: Vec<PathBuf>,
}

impl Files {
    /// What a file holds. Bytes that are no UTF-8 are replaced.
    pub(super) fn text(&mut self, path: &Path) -> io::Result<String> {
        self.count += 1;
        if self.count > COUNT {
            return Err(io::Error::other(format!("more than {COUNT} files are included")));
        }
        let most = FILE.min(ALL.saturating_sub(self.bytes));
        let mut bytes = Vec::new();
        File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
        let length = bytes.len() as u64;
        if length > most {
            return Err(io::Error::other("too large for a configuration"));
        }
        self.bytes += length;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// Begins with a file that is not included by another.
    pub(super) fn begin(&mut self, path: &Path) {
        self.open = vec![identity(path)];
    }

    /// Has `read` read an included file, unless it cannot be opened: then says why.
    ///
    /// # Errors
    /// See [`descend`](Self::descend).
    pub(super) fn include(
        &mut self,
        path: &Path,
        place: &Place,
        read: impl FnOnce(&mut Self, &str) -> Result<(), Error>,
    ) -> Result<Result<(), String>, Error> {
        let regular = fs::metadata(path).and_then(|metadata| match metadata.is_file() {
            true => Ok(()),
            false => Err(io::Error::other("not a file")),
        });
        let text = match regular.and_then(|()| self.text(path)) {
            Ok(text) => text,
            Err(source) => return Ok(Err(Error::Read { path: path.to_owned(), source }.reason())),
        };
        self.descend(path, place, |files| read(files, &text)).map(Ok)
    }

    /// Does something one level deeper.
    ///
    /// # Errors
    /// When `path` is being read already, when that is too deep, and whatever `go` says.
    pub(super) fn descend(
        &mut self,
        path: &Path,
        place: &Place,
        go: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let own = identity(path);
        if self.open.contains(&own) {
            return Err(wrong_at(place, format!("{} includes itself", path.display())));
        }
        if self.open.len() > DEPTH {
            return Err(wrong_at(place, format!("files include each other more than {DEPTH} deep")));
        }
        self.open.push(own);
        let outcome = go(self);
        self.open.pop();
        outcome
    }
}

/// The files that an `include` names: those that a pattern fits, or the one without a pattern, be it there or not.
pub(super) fn included(base: &Path, pattern: &str) -> Vec<PathBuf> {
    if glob::is_pattern(pattern) { glob::expand(base, pattern, COUNT) } else { vec![base.join(pattern)] }
}

fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}
