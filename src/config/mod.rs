//! What a proxy's own configuration says of its logs: which files they are, and how their lines are laid out.
//!
//! One file for each vendor, each with a tokenizer that splits as the vendor's does; [`files`](Files) bounds what is
//! read. Runs once, before anything else is read. Knows nothing of formats: a [`Layout`] is text, and who makes a
//! reader of it is told whose text it is.

mod apache;
mod files;
mod glob;
mod haproxy;
mod lex;
mod nginx;
mod vendor;

pub use vendor::Vendor;

use crate::error::Error;
use files::Files;
use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// More layouts than this are not tried: each costs time at every line that it does not fit.
const LAYOUTS: usize = 100;

/// More log files than this are not read.
const LOGS: usize = 10_000;

/// What configurations say of logs.
#[derive(Debug, Default)]
pub struct Config {
    /// The layouts of lines, each text once.
    pub layouts: Vec<Layout>,
    /// The files that are written, in the order in which they are named.
    pub logs: Vec<Log>,
    /// What could not be followed or does not say what it should.
    pub notes: Vec<Note>,
    /// Logs that are no files that could be read: what goes to syslog, to a pipe, nowhere.
    pub skipped: Vec<Note>,
}

/// How the lines of a log are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Whose notation it is.
    pub vendor: Vendor,
    /// Of which log.
    pub kind: Kind,
    /// What the configuration calls it; empty where it has no name.
    pub name: String,
    /// The directive, on one line, with what it inherits or refers to filled in: `log_format _ escape=json '…';`,
    /// `LogFormat "…"`, `log-format "…"`, `option httplog`.
    pub text: String,
    /// Whether a log is written so.
    pub used: bool,
    /// Where it stands.
    pub place: Place,
}

/// Which log a layout is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests.
    Access,
    /// Errors.
    Error,
}

/// A log file that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Where it may be: a relative path is relative to something that the configuration need not say.
    pub candidates: Vec<PathBuf>,
    /// Whether nobody names it: it is where the vendor puts it if nothing is said.
    pub implied: bool,
    /// Where it is named.
    pub place: Place,
}

impl Log {
    /// The file, if there is one. What is no regular file (a link to standard output, in a container) is none.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        let regular = |path: &&PathBuf| fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
        self.candidates.iter().find(regular).map(PathBuf::as_path)
    }
}

/// A line of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<Path>,
    /// Its line, from 1 on.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.file.display(), self.line)
    }
}

/// Something to tell, and where it was first met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What.
    pub text: String,
    /// Where first.
    pub place: Place,
    /// How often besides.
    pub more: usize,
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.text)?;
        match self.more {
            0 => Ok(()),
            more => write!(out, " (and {more} more)"),
        }
    }
}

/// Reads configurations, and all that they include. A directory stands for the configuration that lies in it.
///
/// # Errors
/// When one cannot be read, is nobody's that is known, or is not as its vendor reads it.
pub fn read(paths: &[PathBuf]) -> Result<Config, Error> {
    let (mut found, mut files) = (Config::default(), Files::default());
    let mut haproxy = haproxy::Walk::default();
    for path in paths {
        for path in vendor::within(path)? {
            let text = files.text(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
            match vendor::of(&path, &text)? {
                Vendor::Nginx => nginx::read(&path, &text, &mut files, &mut found)?,
                Vendor::Apache => apache::read(&path, &text, &mut files, &mut found)?,
                // Its files are parts of one: a `defaults` section holds for those that follow.
                Vendor::Haproxy => haproxy.file(&path, &text, &mut found)?,
            }
        }
    }
    haproxy.finish(&mut found);
    Ok(found)
}

impl Config {
    /// Adds a layout, unless it is there already.
    fn add_layout(&mut self, layout: Layout) {
        let same =
            |known: &Layout| (known.vendor, known.kind, &known.text) == (layout.vendor, layout.kind, &layout.text);
        match self.layouts.iter().position(same) {
            Some(at) => self.layouts[at].used |= layout.used,
            None if self.layouts.len() < LAYOUTS => self.layouts.push(layout),
            None => note(&mut self.notes, format!("more than {LAYOUTS} layouts: this one is not tried"), layout.place),
        }
    }

    /// Adds a log that `directive` names, at one of `directories`, or notes why it is no file.
    fn add_log(&mut self, directive: &str, path: &str, directories: &[PathBuf], place: Place) {
        let why = match path {
            "" => "names no file",
            _ if path.starts_with('|') || path.starts_with("pipe:") => "writes to a program",
            _ if path.starts_with("syslog") => "writes to syslog",
            "stderr" | "stdout" => "writes to a stream of the process",
            _ if ["/dev/", "/proc/"].iter().any(|start| path.starts_with(start)) => "writes to a device",
            _ if path.contains('$') => "has a variable in its path",
            _ => {
                let at = directories.iter().map(|directory| directory.join(path)).collect();
                return self.add_file(Log { candidates: at, implied: false, place });
            }
        };
        note(&mut self.skipped, format!("{directive} {why}: not read"), place);
    }

    fn add_file(&mut self, log: Log) {
        if self.logs.iter().any(|known| known.candidates == log.candidates) {
            return;
        }
        if self.logs.len() < LOGS {
            self.logs.push(log);
        } else {
            note(&mut self.skipped, format!("more than {LOGS} log files: this one is not read"), log.place);
        }
    }
}

/// Adds a note; what is said already is counted.
fn note(notes: &mut Vec<Note>, text: String, place: Place) {
    match notes.iter_mut().find(|known| known.text == text) {
        Some(known) => known.more += 1,
        None => notes.push(Note { text, place, more: 0 }),
    }
}

/// A text in double quotes, as Apache and `HAProxy` take it: a backslash before quotes and backslashes.
fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The directory that a file lies in.
fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests;
