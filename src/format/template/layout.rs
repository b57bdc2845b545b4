//! A layout as a flat list of values, each with the text that follows it, and how a line is held against it.
//!
//! In the ordinary case a line is passed once: each value ends by its own rule, or where the text behind it is first
//! found. Only where that leads nowhere are other places tried.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::super::nginx::bare_list;
use super::stamp::{self, Stamp};
use crate::grammar::eight::first_eight;
use crate::grammar::find::{digits, find, find_far, find2, mask};
use crate::grammar::number::{behind_digits, last_of_row, status};
use crate::grammar::time::When;

/// What a value looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Three digits, or `-`.
    Status,
    /// A time.
    Stamp(Stamp),
    /// Parts of a time that do not tell when.
    Moment(Box<[stamp::Part]>),
    /// Digits, with a sign or a point, or nothing.
    Number,
    /// One of nginx's upstream lists.
    List,
    /// `host:port`, whose host may hold colons, or `unix:1`.
    Port,
    /// HAProxy's `backend/server`.
    Route,
    /// So many of HAProxy's numbers: `0/0/-1/-1/+3000`.
    Row(usize),
    /// HAProxy's captured headers `{a|b}`, or nothing: then the space behind is not there either.
    Captures,
    /// In quotes, or not.
    Quotable,
    /// Text without a space.
    Word,
    /// `GET /a HTTP/1.1`
    Request,
    /// Anything.
    Text,
}

/// One value of a layout.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece<F> {
    /// What it looks like.
    pub(super) class: Class,
    /// What it means.
    pub(super) field: F,
    /// What stands behind it.
    after: Literal,
    /// How its end is found.
    way: Way,
}

/// How a value's end is found, in the ordinary case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// At the first space, with which the text behind it begins. `must`: a byte that must be in the value, or 0.
    Space { must: u8 },
    /// Where the text behind it first stands.
    Text,
    /// At the byte with which the text behind it begins, no space before that.
    Word,
    /// Where the digits end.
    Digits,
    /// Behind the third digit.
    Status,
    /// Behind the time.
    Stamp,
    /// Behind the fifth number.
    Row,
    /// By what [`Piece::length`] and [`Piece::first_end`] say.
    Any,
}

/// A compiled layout.
#[derive(Clone, Debug)]
pub(super) struct Layout<F> {
    head: Literal,
    pieces: Vec<Piece<F>>,
    rules: Rules,
    /// How many pieces tell all that counting needs.
    needed: usize,
}

/// What differs between those who write lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Whether a backslash takes the next quote with it.
    pub(super) backslashes: bool,
    /// Whether what stands behind the needed values may differ: HAProxy's lines are cut at a length.
    pub(super) open_end: bool,
}

/// Takes the values of a line, in order.
pub(super) trait Sink<'a, F>: Default {
    /// A value.
    fn set(&mut self, field: F, value: &'a [u8]);
    /// A time, as text and read.
    fn time(&mut self, field: F, value: &'a [u8], when: When);
    /// A row of numbers, and the last of them.
    #[inline(always)]
    fn row(&mut self, field: F, value: &'a [u8], _last: u64) {
        self.set(field, value);
    }
}

/// The values of one field, however often the layout has it.
struct Each<'a, F>(Vec<(F, &'a [u8])>);

impl<F> Default for Each<'_, F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, F> Sink<'a, F> for Each<'a, F> {
    fn set(&mut self, field: F, value: &'a [u8]) {
        self.0.push((field, value));
    }

    fn time(&mut self, _: F, _: &'a [u8], _: When) {}
}

/// A part of a layout while it is compiled.
#[derive(Clone, Debug)]
pub(super) enum Part<F> {
    /// Text that stands in each line.
    Text(String),
    /// A value.
    Value(Class, F),
}

impl<F: Copy> Layout<F> {
    /// Makes a layout of its parts. `needs` says whether counting cannot do without a field.
    pub(super) fn new(parts: Vec<Part<F>>, rules: Rules, needs: impl Fn(F) -> bool) -> Self {
        let (mut head, mut pieces) = (String::new(), Vec::<(Class, F, String)>::new());
        for part in parts {
            match (part, pieces.last_mut()) {
                (Part::Text(text), None) => head.push_str(&text),
                (Part::Text(text), Some((_, _, after))) => after.push_str(&text),
                (Part::Value(class, field), _) => pieces.push((class, field, String::new())),
            }
        }
        let needed = pieces.iter().rposition(|piece| needs(piece.1)).map_or(0, |last| last + 1);
        let piece = |(class, field, after): (Class, F, String)| {
            let after = Literal::new(&after);
            let way = Way::of(&class, &after);
            Piece { class, field, after, way }
        };
        Self { head: Literal::new(&head), pieces: pieces.into_iter().map(piece).collect(), rules, needed }
    }

    /// Every field of the layout, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = F> {
        self.pieces.iter().map(|piece| piece.field)
    }

    /// Whether all that counting needs stands in both in the same way.
    pub(super) fn begins_as(&self, other: &Self) -> bool
    where
        F: PartialEq,
    {
        self.head == other.head
            && self.needed == other.needed
            && self.pieces[..self.needed] == other.pieces[..other.needed]
    }

    /// What counting needs of a line; `None` where the line does not fit.
    #[inline]
    pub(super) fn skim<'a, S: Sink<'a, F>>(&self, line: &'a [u8]) -> Option<S> {
        self.fill(line, false)
    }

    /// The values of a line; `None` where it does not fit.
    pub(super) fn read<'a, S: Sink<'a, F>>(&self, line: &'a [u8]) -> Option<S> {
        self.fill(line, true)
    }

    /// Every value of those fields in a line.
    pub(super) fn each<'a>(&self, line: &'a [u8], wanted: &[F]) -> Vec<&'a [u8]>
    where
        F: PartialEq,
    {
        let Each(values) = self.read(line).unwrap_or_default();
        values.into_iter().filter(|(field, _)| wanted.contains(field)).map(|(_, value)| value).collect()
    }

    #[inline(always)]
    fn fill<'a, S: Sink<'a, F>>(&self, line: &'a [u8], whole: bool) -> Option<S> {
        let mut sink = S::default();
        let rest = self.head.strip(line)?;
        match self.pass(0, rest, whole, &mut sink) {
            Passed::Whole => Some(sink),
            passed => self.search(rest, whole, passed),
        }
    }

    /// Passes a line once, from the piece `first` on. `whole`: also what counting does not need.
    #[inline(always)]
    fn pass<'a, S: Sink<'a, F>>(&self, first: usize, mut rest: &'a [u8], whole: bool, sink: &mut S) -> Passed {
        let is_cut = self.rules.open_end && !whole;
        let pieces = if is_cut { &self.pieces[..self.needed] } else { &self.pieces[..] };
        let mut left = pieces[first..].iter();
        while let Some(piece) = left.next() {
            let stepped = piece.step(rest, self.rules, sink);
            let Some(after) = stepped.or_else(|| piece.step_any(rest, self.rules, sink)) else {
                let passed = pieces.len() - left.len() - 1;
                return self.cut(rest, piece, passed >= self.needed, sink);
            };
            rest = after;
        }
        let is_open = self.rules.open_end && self.needed < self.pieces.len();
        if is_open || rest.is_empty() || rest.trim_ascii().is_empty() { Passed::Whole } else { Passed::Not }
    }

    /// What becomes of a line that does not fit from `rest` on, where `piece` should be. `told`: all that counts has
    /// been.
    #[cold]
    fn cut<'a, S: Sink<'a, F>>(&self, rest: &'a [u8], piece: &Piece<F>, told: bool, sink: &mut S) -> Passed {
        let is_quoted = piece.after.text.starts_with(b"\"") && piece.length(rest) == Some(None);
        if !told || !(self.rules.open_end || is_quoted) {
            return Passed::Not;
        }
        piece.note(rest, rest.trim_ascii_end().len(), sink);
        if self.rules.open_end { Passed::Whole } else { Passed::Cut }
    }

    /// Tries all places where values may end.
    #[cold]
    fn search<'a, S: Sink<'a, F>>(&self, rest: &'a [u8], whole: bool, passed: Passed) -> Option<S> {
        let (mut ends, mut tries) = (Vec::with_capacity(self.pieces.len()), TRIES);
        let mut sink = S::default();
        if !self.matches(0, rest, &mut ends, &mut tries) {
            // What was cut off inside its last quotes has told all that counts.
            return match passed {
                Passed::Cut => {
                    self.pass(0, rest, true, &mut sink);
                    Some(sink)
                }
                _ => None,
            };
        }
        let (mut rest, passed) = (rest, ends.len());
        for (piece, end) in self.pieces.iter().zip(ends) {
            piece.note(rest, end, &mut sink);
            rest = rest.get(end..).and_then(|after| piece.behind(after, end))?;
        }
        if whole && self.rules.open_end {
            self.pass(passed, rest, true, &mut sink);
        }
        Some(sink)
    }

    /// Whether `i` is what the pieces from `at` on say; where their values end is left in `ends`.
    fn matches(&self, at: usize, i: &[u8], ends: &mut Vec<usize>, tries: &mut u32) -> bool {
        let Some(piece) = self.pieces.get(at) else { return i.trim_ascii().is_empty() };
        if at >= self.needed && self.rules.open_end {
            return true;
        }
        let mut ends_at = |end: usize| {
            *tries = tries.saturating_sub(1);
            let Some(after) = i.get(end..).and_then(|after| piece.behind(after, end)).filter(|_| *tries > 0) else {
                return false;
            };
            ends.push(end);
            let fits = self.matches(at + 1, after, ends, tries);
            if !fits {
                ends.pop();
            }
            fits
        };
        match piece.length(i) {
            None => false,
            // Or spaces before a number.
            Some(Some(0)) if piece.class == Class::Number && i.first() == Some(&b' ') => {
                ends_at(0) || ends_at(number_length(i))
            }
            Some(Some(end)) => ends_at(end),
            Some(None) if piece.after.text.is_empty() => piece.first_end(i, self.rules).is_some_and(ends_at),
            Some(None) => {
                let is_list = piece.class == Class::List && piece.after.text.starts_with(b":");
                let Some((least, most)) = piece.reach(i) else { return false };
                let from = |place: usize| least + place;
                let found = || memchr::memmem::find_iter(&i[least..], &piece.after.text).map(from);
                let places = || found().take_while(|end| *end <= most);
                // Between the groups of a list stands ` : `, whose colon is not the text's unless nothing else fits.
                let between = |end: &usize| is_list && *end > 0 && i[end - 1] == b' ';
                let fits = |end: &usize| !piece.is_escaped(i, *end, self.rules);
                places().filter(|end| !between(end) && fits(end)).any(&mut ends_at)
                    || is_list && places().filter(between).any(ends_at)
            }
        }
    }
}

/// How far a line was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passed {
    Whole,
    /// The line ends inside the quotes of a value behind those that count.
    Cut,
    Not,
}

/// How many ends may be tried in one line before it counts as one that does not fit.
const TRIES: u32 = 1_000;

impl Way {
    fn of(class: &Class, after: &Literal) -> Self {
        match class {
            Class::Stamp(_) => Self::Stamp,
            Class::Status => Self::Status,
            Class::Number if !matches!(after.first, b'.' | b'-' | b'+') => Self::Digits,
            Class::Row(5) => Self::Row,
            _ if after.text.is_empty() => Self::Any,
            Class::Text if *after.text == *b" " => Self::Space { must: 0 },
            Class::Word if after.first == b' ' => Self::Space { must: 0 },
            Class::Word => Self::Word,
            Class::Port if after.first == b' ' => Self::Space { must: b':' },
            Class::Route if after.first == b' ' => Self::Space { must: b'/' },
            Class::Text => Self::Text,
            Class::Request if after.first == b'"' => Self::Text,
            Class::List if !matches!(after.first, b' ' | b'|' | b':') => Self::Text,
            _ => Self::Any,
        }
    }
}

impl<F: Copy> Piece<F> {
    /// Passes the value and the text behind it, of which it gives what follows, in the ordinary case.
    #[inline(always)]
    fn step<'a, S: Sink<'a, F>>(&self, i: &'a [u8], rules: Rules, sink: &mut S) -> Option<&'a [u8]> {
        let (end, after) = match self.way {
            Way::Space { must } => {
                let end = find(b' ', i)?;
                if must != 0 && find(must, &i[..end]).is_none() {
                    return None;
                }
                (end, self.after.strip(&i[end..])?)
            }
            Way::Text => {
                let (end, after) = self.after.find(i, 0)?;
                let may_be_escaped = rules.backslashes && self.after.first == b'"';
                if may_be_escaped && i[..end].last() == Some(&b'\\') {
                    return None;
                }
                (end, after)
            }
            Way::Word => {
                let end = find2(self.after.first, b' ', i)?;
                (end, self.after.strip(&i[end..])?)
            }
            Way::Digits => match behind_digits(i).and_then(|behind| Some((behind, self.after.strip(behind)?))) {
                // Where no text follows, decimals may.
                Some((behind, after)) if !self.after.text.is_empty() || behind.is_empty() => {
                    (i.len() - behind.len(), after)
                }
                _ => {
                    let end = digits_length(i).filter(|_| i.first() != Some(&b' '))?;
                    (end, self.after.strip(&i[end..])?)
                }
            },
            Way::Status => {
                let (behind, _) = status(i).ok()?;
                (3, self.after.strip(behind)?)
            }
            Way::Stamp => {
                let Class::Stamp(stamp) = &self.class else { return None };
                let (behind, when) = stamp.read(i)?;
                let after = self.after.strip(behind)?;
                sink.time(self.field, &i[..i.len() - behind.len()], when);
                return Some(after);
            }
            Way::Row => {
                let (behind, last) = last_of_row::<5>(i, b'/')?;
                let after = self.after.strip(behind)?;
                sink.row(self.field, &i[..i.len() - behind.len()], last);
                return Some(after);
            }
            Way::Any => return None,
        };
        sink.set(self.field, &i[..end]);
        Some(after)
    }

    /// [`step`](Self::step) in every case.
    #[inline(never)]
    fn step_any<'a, S: Sink<'a, F>>(&self, i: &'a [u8], rules: Rules, sink: &mut S) -> Option<&'a [u8]> {
        let end = self.length(i)?.or_else(|| self.first_end(i, rules))?;
        let after = self.behind(i.get(end..)?, end)?;
        self.note(i, end, sink);
        Some(after)
    }

    /// How long the value at the start of `i` is; `Some(None)` where the text behind it tells, `None` where what stands
    /// there is no such value.
    #[inline]
    fn length(&self, i: &[u8]) -> Option<Option<usize>> {
        let read = |rest: Option<&[u8]>| rest.map(|rest| Some(i.len() - rest.len()));
        match &self.class {
            Class::Text | Class::Word | Class::Request | Class::Port | Class::Route => Some(None),
            // Nothing, as nginx writes of a port that there is not.
            Class::Number if self.after.first == b' ' && self.after.strip(i).is_some() => Some(Some(0)),
            Class::Number => Some(Some(number_length(i))),
            // Apache writes `-` where there is none.
            Class::Status if i.first() == Some(&b'-') => Some(Some(1)),
            Class::Status => read(status(i).ok().map(|(rest, _)| rest)),
            Class::Moment(parts) => Some(stamp::length(parts, i)),
            Class::Stamp(stamp) => read(stamp.read(i).map(|(rest, _)| rest)),
            Class::Row(count) => Some(Some(row_length(i, *count)?)),
            Class::List if matches!(self.after.text.first(), None | Some(b' ' | b'|')) => {
                Some(Some(bare_list(i).1.len()))
            }
            Class::List => Some(None),
            Class::Captures => match i.first() {
                Some(b'{') => find_far(b'}', i).map(|end| Some(end + 1)),
                _ => Some(Some(0)),
            },
            Class::Quotable => match i {
                [b'"', inside @ ..] => self.end_of_quotes(inside).map(|end| Some(end + 2)),
                _ => Some(None),
            },
        }
    }

    /// Where the quotes end that `inside` begins in: at the first quote that the text behind the value follows, for
    /// HAProxy escapes none in what a sample gives; else at the first.
    fn end_of_quotes(&self, inside: &[u8]) -> Option<usize> {
        let quotes = memchr::memchr_iter(b'"', inside);
        let mut ends = quotes
            .filter(|end| inside[..*end].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0)
            .peekable();
        let first = *ends.peek()?;
        let fits = |end: &usize| {
            let rest = &inside[end + 1..];
            if self.after.text.is_empty() { rest.trim_ascii().is_empty() } else { self.after.strip(rest).is_some() }
        };
        Some(ends.find(fits).unwrap_or(first))
    }

    /// Where the text behind the value first stands.
    #[inline]
    fn first_end(&self, i: &[u8], rules: Rules) -> Option<usize> {
        if self.after.text.is_empty() {
            let end = i.trim_ascii_end().len();
            return (self.class != Class::Word || !i[..end].contains(&b' ')).then_some(end);
        }
        let ((mut from, most), mut between) = (self.reach(i)?, None);
        loop {
            let (end, _) = self.after.find(i, from).filter(|(end, _)| *end <= most)?;
            if !self.is_escaped(i, end, rules) {
                let is_between = self.class == Class::List && i[end] == b':' && end > 0 && i[end - 1] == b' ';
                if !is_between {
                    return Some(end);
                }
                between = between.or(Some(end));
            }
            from = end + 1;
            if between.is_some() && self.after.find(i, from).is_none() {
                return between;
            }
        }
    }

    /// The first and the last place where the value may end, by what must and must not be in it. Found once: a line may
    /// have the text behind the value in as many places as it has bytes.
    #[inline]
    fn reach(&self, i: &[u8]) -> Option<(usize, usize)> {
        let before_space = || find(b' ', i).unwrap_or(i.len());
        let behind = |byte: u8| find(byte, i).map(|at| at + 1);
        match self.class {
            Class::Word => Some((0, before_space())),
            Class::Request if self.after.text.first() != Some(&b'"') => Some((request_length(i), i.len())),
            Class::Port => Some((behind(b':')?, i.len())),
            Class::Route => Some((behind(b'/')?, before_space())),
            _ => Some((0, i.len())),
        }
    }

    /// Whether the quote at `end` is part of the value.
    #[inline]
    fn is_escaped(&self, i: &[u8], end: usize, rules: Rules) -> bool {
        rules.backslashes
            && !matches!(self.class, Class::Word | Class::Port | Class::Route)
            && i[end] == b'"'
            && i[..end].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
    }

    /// What follows the text behind a value of that length.
    #[inline]
    fn behind<'a>(&self, after: &'a [u8], length: usize) -> Option<&'a [u8]> {
        match self.after.strip(after) {
            Some(rest) => Some(rest),
            // HAProxy writes no second space where nothing was captured.
            None if length == 0 && self.class == Class::Captures => {
                after.strip_prefix(self.after.text.strip_prefix(b" ")?)
            }
            None => None,
        }
    }

    /// Hands the value at the start of `i` on.
    #[inline]
    fn note<'a, S: Sink<'a, F>>(&self, i: &'a [u8], end: usize, sink: &mut S) {
        let value = i.get(..end).unwrap_or(i);
        match &self.class {
            Class::Stamp(stamp) => {
                if let Some((_, when)) = stamp.read(i) {
                    sink.time(self.field, value, when);
                }
            }
            Class::Quotable => sink.set(self.field, unquoted(value)),
            Class::Number => sink.set(self.field, value.trim_ascii_start()),
            _ => sink.set(self.field, value),
        }
    }
}

/// What stands between quotes, if there are some.
pub(super) fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inside @ .., b'"'] => inside,
        [b'"', inside @ ..] => inside,
        _ => value,
    }
}

/// How long a request is at least: as far as its protocol, if it has one.
fn request_length(i: &[u8]) -> usize {
    const PROTOCOL: &[u8] = b" HTTP/";
    if i.starts_with(b"-") {
        return 0;
    }
    memchr::memmem::find(i, PROTOCOL).map_or(0, |at| at + PROTOCOL.len())
}

/// The length of a number of up to 15 bytes; `None` where it is longer, or the line ends soon.
#[inline(always)]
fn digits_length(i: &[u8]) -> Option<usize> {
    let chunk = i.first_chunk()?;
    let number = digits(chunk) | mask(chunk, b'.') | mask(chunk, b'-') | mask(chunk, b'+');
    let length = (!number).trailing_zeros() as usize;
    (length < 16).then_some(length)
}

/// The length of a number, and of spaces before it: Jetty writes one more where the user agent is not known.
#[inline]
fn number_length(i: &[u8]) -> usize {
    let text = i.trim_ascii_start();
    let number = text.iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
    i.len() - text.len() + number.count()
}

/// The length of a row of numbers.
#[inline]
fn row_length(i: &[u8], count: usize) -> Option<usize> {
    if count == 5
        && let Some((rest, _)) = last_of_row::<5>(i, b'/')
    {
        return Some(i.len() - rest.len());
    }
    let (mut at, mut left) = (0, count);
    loop {
        let sign = usize::from(matches!(i.get(at), Some(b'-' | b'+')));
        let digits = i.get(at + sign..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        (at, left) = (at + sign + digits, left - 1);
        if left == 0 {
            return Some(at);
        }
        if i.get(at) != Some(&b'/') {
            return None;
        }
        at += 1;
    }
}

/// Text that stands in each line.
#[derive(Clone, Debug, PartialEq)]
struct Literal {
    text: Box<[u8]>,
    /// The first eight bytes, and which of these count.
    start: (u64, u64),
    /// The first byte, or 0.
    first: u8,
}

impl Literal {
    fn new(text: &str) -> Self {
        let text: Box<[u8]> = text.as_bytes().into();
        let counts = u64::MAX.checked_shr(64 - 8 * u32::try_from(text.len().min(8)).unwrap_or(8)).unwrap_or(0);
        let first = text.first().copied().unwrap_or(0);
        Self { start: (first_eight(&text) & counts, counts), first, text }
    }

    /// What follows this in `i`, if `i` begins with it.
    #[inline(always)]
    fn strip<'a>(&self, i: &'a [u8]) -> Option<&'a [u8]> {
        let rest = i.get(self.text.len()..)?;
        if self.text.len() == 1 {
            return (i[0] == self.first).then_some(rest);
        }
        let same = (first_eight(i) ^ self.start.0) & self.start.1 == 0;
        (same && (self.text.len() <= 8 || i[8..].starts_with(&self.text[8..]))).then_some(rest)
    }

    /// Where this, which is not empty, stands first in `i` from `from` on, and what follows it.
    #[inline(always)]
    fn find<'a>(&self, i: &'a [u8], mut from: usize) -> Option<(usize, &'a [u8])> {
        loop {
            let rest = i.get(from..)?;
            let found = if self.first == b' ' { find(b' ', rest)? } else { find_far(self.first, rest)? };
            from += found;
            if let Some(after) = self.strip(&rest[found..]) {
                return Some((from, after));
            }
            from += 1;
        }
    }
}

/// What a vendor's layouts have in common while they are compiled.
pub(super) struct Joints<F> {
    /// The field that means nothing.
    pub(super) ignored: F,
    /// Whether a field must stand by itself.
    pub(super) fixed: fn(F) -> bool,
    /// What two fields that touch mean together.
    pub(super) fused: fn(F, F) -> Option<F>,
}

impl<F: Copy + PartialEq> Joints<F> {
    /// Appends a value. Values that touch are one text: the one that has a meaning gives it. `name` is what the layout
    /// calls the value.
    pub(super) fn add(
        &self,
        parts: &mut Vec<Part<F>>,
        value: (Class, F),
        name: &str,
        column: usize,
    ) -> Result<(), String> {
        let (class, field) = value;
        let Some(Part::Value(last_class, last)) = parts.last_mut() else {
            parts.push(Part::Value(class, field));
            return Ok(());
        };
        if (self.fixed)(*last) || (self.fixed)(field) {
            return Err(format!("column {column}: nothing stands between `{name}` and the value before it"));
        }
        *last_class = Class::Text;
        *last = match (self.fused)(*last, field) {
            Some(both) => both,
            None if field == self.ignored => *last,
            None => self.ignored,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The values of a line: each with the number of its piece.
    #[derive(Debug, Default, PartialEq)]
    struct Found(Vec<(usize, Vec<u8>)>);

    impl<'a> Sink<'a, usize> for Found {
        fn set(&mut self, field: usize, value: &'a [u8]) {
            self.0.push((field, value.to_vec()));
        }

        fn time(&mut self, field: usize, value: &'a [u8], _: When) {
            self.0.push((field, value.to_vec()));
        }
    }

    const RULES: Rules = Rules { backslashes: true, open_end: false };

    fn layout(parts: &[(Class, &str)], rules: Rules, needed: usize) -> Layout<usize> {
        let pair = |(number, (class, text)): (usize, &(Class, &str))| {
            [Part::Value(class.clone(), number), Part::Text((*text).to_owned())]
        };
        Layout::new(parts.iter().enumerate().flat_map(pair).collect(), rules, |field| field < needed)
    }

    fn values(parts: &[(Class, &str)], line: &str) -> Option<Vec<String>> {
        let found: Found = layout(parts, RULES, 1).read(line.as_bytes())?;
        Some(found.0.into_iter().map(|(_, value)| String::from_utf8_lossy(&value).into_owned()).collect())
    }

    /// Classes with what stands behind them, a line, and its values.
    type Case<'a> = (&'a [(Class, &'a str)], &'a str, Option<&'a [&'a str]>);

    #[test]
    fn values_end_where_they_must() {
        use Class::{Captures, List, Number, Port, Quotable, Route, Row, Stamp, Status, Text, Word};
        let time = || Stamp(super::Stamp::Clf);
        let cases: [Case<'_>; 29] = [
            (
                &[(Text, " ["), (time(), "]")],
                "al [ice [28/Sep/2026:12:00:00 +0600]",
                Some(&["al [ice", "28/Sep/2026:12:00:00 +0600"]),
            ),
            (&[(Text, "\" "), (Number, "")], r#"a\" 7" 8"#, Some(&[r#"a\" 7"#, "8"])),
            (&[(Text, "\" "), (Number, "")], r#"a\\" 7"#, Some(&[r"a\\", "7"])),
            (&[(Text, "ab"), (Status, "")], "aab502", Some(&["a", "502"])),
            (&[(Status, "")], "5020", None),
            (&[(Number, " "), (Number, "")], "-1 +20.5", Some(&["-1", "+20.5"])),
            (&[(Number, ","), (Text, "")], ",x", Some(&["", "x"])),
            (
                &[(Word, " "), (Number, " "), (Number, " "), (Status, " "), (Text, "")],
                "unix:  78 200 x",
                Some(&["unix:", "", "78", "200", "x"]),
            ),
            (&[(Number, " "), (Status, "")], "  12 502", Some(&["12", "502"])),
            (&[(Number, " \""), (Text, "\"")], r#" "x""#, Some(&["", "x"])),
            (&[(Number, " \""), (Text, "\"")], r#"  12 "x""#, Some(&["12", "x"])),
            (&[(Number, ""), (Text, "")], "12345678901234567890x", Some(&["12345678901234567890", "x"])),
            (&[(List, " "), (Text, "")], "a:1, b:2 : c:3 rest", Some(&["a:1, b:2 : c:3", "rest"])),
            (&[(List, ": "), (Text, "")], "a:1 : b:2: rest", Some(&["a:1 : b:2", "rest"])),
            (&[(Port, " "), (Text, "")], "2001:db8::1:443 x", Some(&["2001:db8::1:443", "x"])),
            (&[(Port, " "), (Text, "")], "a 1:2 x", Some(&["a 1:2", "x"])),
            (&[(Port, " ["), (Text, "]")], "a[9]: 1:2 [x]", Some(&["a[9]: 1:2", "x"])),
            (&[(Port, "")], "a", Some(&["a"])),
            (&[(Route, " ")], "be/srv ", Some(&["be/srv"])),
            (&[(Route, " "), (Text, "")], "be srv/x y", None),
            (&[(Row(5), " "), (Row(3), "")], "0/0/-1/-1/+3 1/2/3", Some(&["0/0/-1/-1/+3", "1/2/3"])),
            (&[(Row(3), "")], "1/2", None),
            (&[(Captures, " "), (Captures, " "), (Text, "")], "{a b} x", Some(&["{a b}", "", "x"])),
            (&[(Captures, "|"), (Text, "")], "|x", Some(&["", "x"])),
            (&[(Quotable, " "), (Quotable, "")], r#""a b" c d"#, Some(&["a b", "c d"])),
            (&[(Quotable, "")], r#""a\"b""#, Some(&[r#"a\"b"#])),
            (&[(Text, " "), (Word, "")], "a b c", Some(&["a b", "c"])),
            (&[(Word, "x"), (Text, "")], "a xb", None),
            (&[(Text, "")], "ends in spaces  ", Some(&["ends in spaces"])),
        ];
        for (parts, line, expected) in cases {
            let expected = expected.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
            assert_eq!(values(parts, line), expected, "{line}");
        }
    }

    fn classes() -> impl Strategy<Value = Class> {
        use Class::{Captures, List, Number, Port, Quotable, Route, Row, Stamp, Status, Text, Word};
        let stamp = Stamp(super::Stamp::Epoch);
        prop::sample::select(vec![
            Captures,
            List,
            Number,
            Port,
            Quotable,
            Route,
            Row(5),
            Row(3),
            Status,
            Text,
            Word,
            stamp,
        ])
    }

    proptest! {
        /// One pass finds what the search finds first, and whatever `skim` takes, `read` takes.
        #[test]
        fn one_pass_is_the_first_find(
            parts in prop::collection::vec((classes(), prop::sample::select(vec!["", " ", "\"", " [", ": ", "|", "\" \"", "a"])), 1..6),
            line in r#"(502|1700000000.5|0/0/-1/1/9|1/2/3|a:1|b/c| : |, | |"|\\|\[|\||a|-){0,16}"#,
            needed in 0_usize..6,
            open_end in any::<bool>(),
        ) {
            let layout = layout(&parts, Rules { open_end, ..RULES }, needed);
            let line = line.as_bytes();
            let (skimmed, read): (Option<Found>, Option<Found>) = (layout.skim(line), layout.read(line));
            prop_assert_eq!(skimmed.is_some(), read.is_some());
            if let (Some(skimmed), Some(read)) = (skimmed, &read) {
                prop_assert!(read.0.starts_with(&skimmed.0) || !open_end);
            }
            let mut passed = Found::default();
            if layout.pass(0, line, true, &mut passed) == Passed::Whole {
                prop_assert_eq!(layout.search(line, true, Passed::Not), Some(passed));
            }
        }
    }
}
