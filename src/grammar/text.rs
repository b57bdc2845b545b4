//! Words, quotes and brackets.

use super::{Parsed, mismatch};
use memchr::{memchr, memchr_iter};
use nom::{
    Parser as _,
    bytes::complete::{tag, take},
    sequence::{delimited, preceded},
};

/// Everything before the first `stop`, which stays. Fails where there is none.
pub fn until(stop: u8) -> impl Fn(&[u8]) -> Parsed<'_, &[u8]> {
    move |i| match memchr(stop, i) {
        Some(at) => take(at).parse(i),
        None => mismatch(),
    }
}

/// A run of bytes other than space, at least one: `10.0.0.1:80`.
pub fn word(i: &[u8]) -> Parsed<'_, &[u8]> {
    match memchr(b' ', i).unwrap_or(i.len()) {
        0 => mismatch(),
        end => Ok((&i[end..], &i[..end])),
    }
}

/// One space, then a [`word`].
pub fn next_word(i: &[u8]) -> Parsed<'_, &[u8]> {
    preceded(tag(" "), word).parse(i)
}

/// Where `part` stands first. For short parts of a line: it costs less to look at each place that begins alike than to
/// prepare a search.
#[must_use]
pub fn place_of(text: &[u8], part: &[u8]) -> Option<usize> {
    let start = *part.first()?;
    memchr_iter(start, text).find(|at| text[*at..].starts_with(part))
}

/// `[…]` without brackets inside; gives what stands between.
pub fn bracketed(i: &[u8]) -> Parsed<'_, &[u8]> {
    delimited(tag("["), until(b']'), tag("]")).parse(i)
}

/// `"…"` where the writer never leaves a raw quote inside (nginx's default escaping, AWS); gives what stands between.
pub fn quoted(i: &[u8]) -> Parsed<'_, &[u8]> {
    delimited(tag("\""), until(b'"'), tag("\"")).parse(i)
}

/// `"…"` that may have been cut off at a length limit: then everything up to the end of the line.
pub fn quoted_or_cut(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, _) = tag("\"").parse(i)?;
    match memchr(b'"', rest) {
        Some(end) => Ok((&rest[end + 1..], &rest[..end])),
        None => Ok((&[], rest)),
    }
}

/// A value that stands for "not there": empty or `-`. Everything else comes back as it is.
#[must_use]
pub fn present(value: &[u8]) -> &[u8] {
    if value == b"-" { b"" } else { value }
}
