//! What the tokenizers share: nom rules on text that fail with where and why.

use super::Place;
use crate::error::Error;
use nom::error::{ErrorKind, ParseError};
use std::{path::Path, sync::Arc};

/// What a rule returns: the rest of the text, and what was read.
pub(super) type Lexed<'a, T> = nom::IResult<&'a str, T, Wrong>;

/// Why a rule failed, and how much of the text was left there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    left: usize,
    why: &'static str,
}

impl ParseError<&str> for Wrong {
    fn from_error_kind(i: &str, _: ErrorKind) -> Self {
        Self { left: i.len(), why: "this cannot stand here" }
    }

    fn append(_: &str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Fails for good: no other rule is tried.
pub(super) fn wrong<'a, T>(i: &str, why: &'static str) -> Lexed<'a, T> {
    Err(nom::Err::Failure(Wrong { left: i.len(), why }))
}

/// A text that is read from front to back, and the line that has been reached.
#[derive(Debug)]
pub(super) struct Source<'a> {
    file: Arc<Path>,
    rest: &'a str,
    line: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(path: &Path, text: &'a str) -> Self {
        Self { file: Arc::from(path), rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    /// Where it has been read to.
    pub(super) fn place(&self) -> Place {
        Place { file: Arc::clone(&self.file), line: self.line }
    }

    /// Applies a rule.
    pub(super) fn take<T>(&mut self, rule: impl FnOnce(&'a str) -> Lexed<'a, T>) -> Result<T, Error> {
        match rule(self.rest) {
            Ok((rest, value)) => {
                self.advance(rest.len());
                Ok(value)
            }
            Err(nom::Err::Error(Wrong { left, why }) | nom::Err::Failure(Wrong { left, why })) => {
                self.advance(left);
                Err(wrong_at(&self.place(), why))
            }
            Err(nom::Err::Incomplete(_)) => Err(wrong_at(&self.place(), "the file ends too early")),
        }
    }

    fn advance(&mut self, left: usize) {
        let (read, rest) = self.rest.split_at(self.rest.len().saturating_sub(left));
        self.line += memchr::memchr_iter(b'\n', read.as_bytes()).count();
        self.rest = rest;
    }

    /// Whether all has been read.
    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }
}

/// An error in a configuration.
pub(super) fn wrong_at(place: &Place, why: impl Into<String>) -> Error {
    Error::Config { path: place.file.to_path_buf(), line: place.line, why: why.into() }
}
