//! nom rules that formats share. All are `complete` parsers on bytes: lines are split before they are parsed.
//!
//! A rule fails with `()`: which rule failed on a line matters to nobody, and building a message for each try of
//! each format would cost more than the parse.

pub mod address;
pub mod eight;
pub mod escape;
pub mod find;
pub mod json;
pub mod number;
pub mod text;
pub mod time;

/// What every rule returns: the rest of the line, and what was read.
pub type Parsed<'a, T> = nom::IResult<&'a [u8], T, ()>;

/// A failed rule.
pub(crate) fn mismatch<'a, T>() -> Parsed<'a, T> {
    Err(nom::Err::Error(()))
}
