//! Which files to read: what the user named, with directories walked.

use super::Problem;
use crate::error::Error;
use std::{
    collections::HashSet,
    io,
    path::{Path, PathBuf},
};
use walkdir::WalkDir;

/// One stream of bytes to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it is; `None` for standard input.
    pub path: Option<PathBuf>,
    /// Its size on disk in bytes, where it is known: for progress alone.
    pub size: Option<u64>,
    /// The directory that it was found in, where the user named a directory.
    pub found_in: Option<PathBuf>,
}

impl Input {
    /// Standard input.
    #[must_use]
    pub const fn stdin() -> Self {
        Self { path: None, size: None, found_in: None }
    }

    /// The name that messages and reports use: the path as given, or `-`.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "-".to_owned(), |path| path.display().to_string())
    }
}

/// The inputs behind the paths, and what was wrong with some of them.
#[derive(Debug, Default)]
pub struct Found {
    /// What to read, in this order.
    pub inputs: Vec<Input>,
    /// Paths that do not exist, directories without files.
    pub problems: Vec<Problem>,
}

/// Finds the inputs behind `paths`: files as given, directories walked in name order without hidden entries, `-` for
/// standard input. A file that several paths lead to is read once, or its failures would count twice.
#[must_use]
pub fn find(paths: &[PathBuf]) -> Found {
    let (mut found, mut seen) = (Found::default(), HashSet::new());
    for path in paths {
        if path == Path::new("-") {
            if seen.insert(PathBuf::from("-")) {
                found.inputs.push(Input::stdin());
            }
        } else if path.is_dir() {
            walk(path, &mut found, &mut seen);
        } else {
            match std::fs::metadata(path) {
                Ok(metadata) => add(path.clone(), Some(metadata.len()), None, &mut found, &mut seen),
                Err(source) => problem(&mut found, path.clone(), source),
            }
        }
    }
    found
}

fn walk(directory: &Path, found: &mut Found, seen: &mut HashSet<PathBuf>) {
    let visible =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".");
    let before = found.inputs.len() + found.problems.len();
    let mut any = false;
    for entry in WalkDir::new(directory).follow_links(true).sort_by_file_name().into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                any = true;
                let size = entry.metadata().ok().map(|metadata| metadata.len());
                add(entry.into_path(), size, Some(directory.to_owned()), found, seen);
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(directory).to_owned();
                let source = error.into_io_error().unwrap_or_else(|| io::Error::other("a link that leads to itself"));
                problem(found, path, source);
            }
        }
    }
    if !any && before == found.inputs.len() + found.problems.len() {
        problem(found, directory.to_owned(), io::Error::other("no files in this directory"));
    }
}

fn add(path: PathBuf, size: Option<u64>, found_in: Option<PathBuf>, found: &mut Found, seen: &mut HashSet<PathBuf>) {
    let identity = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    if seen.insert(identity) {
        found.inputs.push(Input { path: Some(path), size, found_in });
    }
}

fn problem(found: &mut Found, path: PathBuf, source: io::Error) {
    found.problems.push(Problem { input: None, error: Error::Read { path, source } });
}
