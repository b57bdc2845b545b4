//! Words, quotes and brackets.
#![allow(clippy::inline_always, reason = "short and in every field: measured, see `find`")]

use super::eight::first_eight;
use super::find::{find, mask64};
use super::{Parsed, mismatch};
use memchr::memchr_iter;
use std::num::NonZeroU64;

/// One byte, and nothing said of it: nom's `tag` compares texts in a loop, which costs more than this.
#[inline(always)]
pub fn byte(wanted: u8) -> impl Fn(&[u8]) -> Parsed<'_, ()> {
    move |i| one(wanted, i)
}

/// [`byte`] where even the call of a closure would cost too much.
#[inline(always)]
pub fn one(wanted: u8, i: &[u8]) -> Parsed<'_, ()> {
    match i.split_first() {
        Some((first, rest)) if *first == wanted => Ok((rest, ())),
        _ => mismatch(),
    }
}

/// Everything before the first `stop`, which stays. Fails where there is none.
#[inline(always)]
pub fn until(stop: u8) -> impl Fn(&[u8]) -> Parsed<'_, &[u8]> {
    move |i| match find(stop, i) {
        Some(at) => Ok((&i[at..], &i[..at])),
        None => mismatch(),
    }
}

/// A run of bytes other than space, at least one: `10.0.0.1:80`.
#[inline(always)]
pub fn word(i: &[u8]) -> Parsed<'_, &[u8]> {
    match find(b' ', i).unwrap_or(i.len()) {
        0 => mismatch(),
        end => Ok((&i[end..], &i[..end])),
    }
}

/// One space, then a [`word`].
#[inline(always)]
pub fn next_word(i: &[u8]) -> Parsed<'_, &[u8]> {
    word(one(b' ', i)?.0)
}

/// Several [`word`]s, told apart all at once.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a, const N: usize> {
    /// From the first word to the end of the line.
    line: &'a [u8],
    /// Where each ends.
    ends: [usize; N],
}

/// `N` words with exactly one space between: `http-in web/web-2 0/0/0/10/10`. A space follows the last. Fails where
/// there are other spaces, and where the words reach over 64 bytes: then [`word`] must find them one by one.
#[inline(always)]
pub fn words<const N: usize>(i: &[u8]) -> Parsed<'_, Words<'_, N>> {
    let spaces = mask64(i, b' ');
    let (mut left, mut ends, mut last) = (spaces, [0; N], 0);
    for end in &mut ends {
        let Some(next) = NonZeroU64::new(left) else { return mismatch() };
        *end = next.trailing_zeros() as usize;
        last = next.get() ^ (left & (left - 1));
        left &= left - 1;
    }
    // No word is empty: neither the first, nor one between two spaces.
    if spaces & (spaces << 1 | 1) & (last | (last - 1)) != 0 {
        return mismatch();
    }
    Ok((&i[ends[N - 1]..], Words { line: i, ends }))
}

impl<'a, const N: usize> Words<'a, N> {
    #[inline(always)]
    fn start(&self, at: usize) -> usize {
        if at == 0 { 0 } else { self.ends[at - 1] + 1 }
    }

    /// The word at `at`.
    #[inline(always)]
    #[must_use]
    pub fn text(&self, at: usize) -> &'a [u8] {
        &self.line[self.start(at)..self.ends[at]]
    }

    /// The line from the word at `at` on, for a rule to read: numbers are read faster with something behind them.
    #[inline(always)]
    #[must_use]
    pub fn from(&self, at: usize) -> &'a [u8] {
        &self.line[self.start(at)..]
    }

    /// What a rule read [`from`](Self::from) the word at `at`, if it read to the word's end and no further.
    #[inline(always)]
    #[must_use]
    pub fn whole<T>(&self, at: usize, read: Parsed<'a, T>) -> Option<T> {
        match read {
            Ok((rest, value)) if rest.len() == self.line.len() - self.ends[at] => Some(value),
            _ => None,
        }
    }
}

/// What stands between separators, in a line of many: 64 bytes are searched at once.
#[derive(Clone, Debug)]
pub struct Split<'a> {
    line: &'a [u8],
    separator: u8,
    /// Where the next part begins; behind the end once there is none.
    start: usize,
    /// Where the bytes begin that `found` stands for.
    base: usize,
    /// Separators that have not been passed yet.
    found: u64,
}

impl<'a> Split<'a> {
    /// The parts of `line`: one at least, and one more than there are separators.
    #[inline(always)]
    #[must_use]
    pub fn new(line: &'a [u8], separator: u8) -> Self {
        Self { line, separator, start: 0, base: 0, found: mask64(line, separator) }
    }

    /// What has not been split yet; `None` where nothing is left.
    #[inline(always)]
    #[must_use]
    pub fn rest(&self) -> Option<&'a [u8]> {
        self.line.get(self.start..)
    }

    /// Passes over the next `length` bytes, whatever they are, and a separator.
    pub fn pass(&mut self, length: usize) {
        self.start += length + 1;
        self.base = self.start.min(self.line.len());
        self.found = mask64(&self.line[self.base..], self.separator);
    }
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest()?;
        while self.found == 0 {
            self.base += 64;
            if self.base >= self.line.len() {
                self.start = self.line.len() + 1;
                return Some(rest);
            }
            self.found = mask64(&self.line[self.base..], self.separator);
        }
        let end = self.base + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        let part = &self.line[self.start..end];
        self.start = end + 1;
        Some(part)
    }
}

/// Where `part` stands first. For short parts of a line: it costs less to look at each place that begins alike than to
/// prepare a search.
#[must_use]
pub fn place_of(text: &[u8], part: &[u8]) -> Option<usize> {
    let start = *part.first()?;
    memchr_iter(start, text).find(|at| behind(part, &text[*at..]).is_some())
}

/// What follows `part`, where that stands first. See [`place_of`].
#[must_use]
pub fn after<'a>(text: &'a [u8], part: &[u8]) -> Option<&'a [u8]> {
    place_of(text, part).map(|at| &text[at + part.len()..])
}

/// Which bytes are among `bytes`: to look one up costs less than to compare it with each.
#[must_use]
pub const fn among(bytes: &[u8]) -> [bool; 256] {
    let (mut table, mut rest) = ([false; 256], bytes);
    while let [byte, after @ ..] = rest {
        table[*byte as usize] = true;
        rest = after;
    }
    table
}

/// What follows `start`, if `text` begins so: as `strip_prefix`, by [`same`].
#[inline]
#[must_use]
pub fn behind<'a>(start: &[u8], text: &'a [u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(start.len())?;
    same(head, start).then_some(rest)
}

/// How texts may begin. Most are told by their first byte, however many beginnings there are, and others by eight
/// bytes.
#[derive(Debug)]
pub struct Starts<const N: usize> {
    starts: &'static [&'static [u8]; N],
    /// Up to eight bytes of each, and which of eight bytes these are.
    heads: [(u64, u64); N],
    firsts: [bool; 256],
}

impl<const N: usize> Starts<N> {
    /// These beginnings, none of which is empty.
    #[must_use]
    pub const fn new(starts: &'static [&'static [u8]; N]) -> Self {
        let (mut heads, mut firsts, mut at) = ([(0, 0); N], [false; 256], 0);
        while at < N {
            heads[at] = head(starts[at]);
            firsts[starts[at][0] as usize] = true;
            at += 1;
        }
        Self { starts, heads, firsts }
    }

    /// What follows the first beginning that `text` has.
    #[inline]
    #[must_use]
    pub fn behind<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        if self.firsts[usize::from(*text.first()?)] { self.compare(text) } else { None }
    }

    fn compare<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let eight = first_eight(text);
        let begins = |(bytes, which): &(u64, u64)| eight & which == *bytes;
        let mut each = self.heads.iter().zip(self.starts).filter(|(head, _)| begins(head));
        each.find_map(|(_, start)| behind(start, text))
    }
}

/// The first eight bytes of a text and which they are, where it may be shorter.
const fn head(text: &[u8]) -> (u64, u64) {
    let (mut bytes, mut which, mut at) = (0, 0, 0);
    while at < text.len() && at < 8 {
        bytes |= (text[at] as u64) << (8 * at);
        which |= 0xFF << (8 * at);
        at += 1;
    }
    (bytes, which)
}

/// `[…]` without brackets inside; gives what stands between.
pub fn bracketed(i: &[u8]) -> Parsed<'_, &[u8]> {
    between(b'[', b']', i)
}

/// `"…"` where the writer never leaves a raw quote inside (nginx's default escaping, AWS); gives what stands between.
pub fn quoted(i: &[u8]) -> Parsed<'_, &[u8]> {
    between(b'"', b'"', i)
}

/// What stands between `open` and the first `close`.
#[inline(always)]
fn between(open: u8, close: u8, i: &[u8]) -> Parsed<'_, &[u8]> {
    let (i, ()) = one(open, i)?;
    match find(close, i) {
        Some(end) => Ok((&i[end + 1..], &i[..end])),
        None => mismatch(),
    }
}

/// `"…"` that may have been cut off at a length limit: then everything up to the end of the line.
pub fn quoted_or_cut(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, ()) = byte(b'"')(i)?;
    match find(b'"', rest) {
        Some(end) => Ok((&rest[end + 1..], &rest[..end])),
        None => Ok((&[], rest)),
    }
}

/// A value that stands for "not there": empty or `-`. Everything else comes back as it is.
#[inline(always)]
#[must_use]
pub fn present(value: &[u8]) -> &[u8] {
    if matches!(value, b"-") { b"" } else { value }
}

/// Whether two texts are the same: short ones have been looked at before one could call `memcmp`.
#[inline(always)]
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.first_chunk::<16>().zip(b.first_chunk()), a.last_chunk::<16>().zip(b.last_chunk())) {
        (Some((a_start, b_start)), Some((a_end, b_end))) => {
            a_start == b_start && a_end == b_end && (a.len() <= 32 || a == b)
        }
        _ => same_short(a, b),
    }
}

/// [`same`] of up to 15 bytes, and of as many.
#[inline(always)]
fn same_short(a: &[u8], b: &[u8]) -> bool {
    let last = |text: &[u8]| text.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
    first_eight(a) == first_eight(b) && last(a) == last(b)
}

#[cfg(test)]
mod tests {
    use super::super::number::uint;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stand_apart_by_one_space() {
        let read = words::<3>(b"a 12 c/d  e");
        let texts = read.map(|(rest, words)| (rest, [0, 1, 2].map(|at| words.text(at))));
        assert_eq!(texts, Ok((&b"  e"[..], [&b"a"[..], b"12", b"c/d"])));
        let numbers =
            words::<3>(b"a 12 c/d  e").map(|(_, words)| [0, 1].map(|at| words.whole(at, uint(words.from(at)))));
        assert_eq!(numbers, Ok([None, Some(12)]));
        for line in [" a b c d", "a  b c d", "a b c", "a b", "", " ", "   "] {
            assert!(words::<3>(line.as_bytes()).is_err(), "{line}");
        }
        let long = |length: usize| [&vec![b'x'; length][..], b" y "].concat();
        assert!(words::<2>(&long(61)).is_ok() && words::<2>(&long(62)).is_err());
    }

    #[test]
    fn begins_as_one_of_several() {
        let starts = Starts::new(&[b"Start ", b"Stop ", b"St"]);
        for (text, behind) in [("Stop a", Some("a")), ("Stage", Some("age")), ("S", None), ("stop a", None), ("", None)]
        {
            assert_eq!(starts.behind(text.as_bytes()), behind.map(str::as_bytes), "{text}");
        }
    }

    proptest! {
        #[test]
        fn splits_as_the_standard_library(line in "[a-c]{0,90}(\t[a-c]{0,5}){0,60}", skipped in 0_usize..200) {
            let line = line.as_bytes();
            let split: Vec<&[u8]> = Split::new(line, b'\t').collect();
            prop_assert_eq!(&split, &line.split(|byte| *byte == b'\t').collect::<Vec<_>>());
            let mut split = Split::new(line, b'\t');
            split.next();
            let rest = split.rest();
            split.pass(skipped);
            let expected = rest.and_then(|rest| rest.get(skipped + 1..));
            prop_assert_eq!(split.rest(), expected);
            let parts = expected.map(|rest| rest.split(|byte| *byte == b'\t').collect::<Vec<_>>());
            prop_assert_eq!(split.collect::<Vec<_>>(), parts.unwrap_or_default());
        }

        #[test]
        fn same_is_equal(a in "[ab]{0,30}", b in "[ab]{0,30}") {
            let twin = a.clone().into_bytes();
            prop_assert!(same(a.as_bytes(), &twin));
            prop_assert_eq!(same(a.as_bytes(), b.as_bytes()), a == b);
            for at in 0..twin.len() {
                let mut other = twin.clone();
                other[at] = b'c';
                prop_assert!(!same(a.as_bytes(), &other));
            }
        }

        #[test]
        fn words_are_those_found_one_by_one(line in "( {0,2}[a-c]{0,30}){0,7} ?[xy]{0,20}") {
            let one_by_one = || {
                let (rest, first) = word(line.as_bytes())?;
                let (rest, second) = next_word(rest)?;
                let (rest, third) = next_word(rest)?;
                Ok::<_, nom::Err<()>>((rest, [first, second, third]))
            };
            if let Ok((rest, words)) = words::<3>(line.as_bytes()) {
                prop_assert_eq!(one_by_one(), Ok((rest, [0, 1, 2].map(|at| words.text(at)))));
            } else if let Ok((rest, found)) = one_by_one() {
                prop_assert!(rest.is_empty() || found.iter().map(|word| word.len() + 1).sum::<usize>() > 64);
            }
        }
    }
}
