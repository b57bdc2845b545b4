//! The layout of the last line's tail. Neighbouring lines have the same keys in the same places: what stands between
//! their values is compared as a whole, and no key is looked up again.
//!
//! A layout is learned from a line and gives what the grammar in the module above would give, or nothing: a property
//! test holds both to it.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::super::{
    apache_access,
    nginx::{Var, Vars, plain_name},
};
use crate::grammar::{
    eight::first_eight,
    find::{digits, find, mask, mask_of},
};
use std::ops::Range;

/// The most values that a layout may have.
const MOST: usize = 16;

/// A tail in which every value has a key: ` rt=0.001 uct="0.000" us="200"`.
#[derive(Debug)]
pub(super) struct Layout {
    items: Vec<Item>,
    /// Whether it can tell all that [`Layout::skim`] wants.
    is_ordinary: bool,
}

/// What counting takes from the tail of an ordinary request: of one that one server was asked for.
#[derive(Debug, Default)]
pub(super) struct Ordinary<'a> {
    /// The server, or what may be one.
    pub(super) upstream: &'a [u8],
    /// The status that it sent, where the layout has a place for it.
    pub(super) status: Option<&'a [u8]>,
    /// How long the request took, in seconds.
    pub(super) request_time: &'a [u8],
}

/// What a value is to counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Upstream,
    Status,
    RequestTime,
    /// A time that only must not be a list.
    Time,
    /// Names a group, or may mean this or that.
    Special,
    Other,
}

/// A value's place.
#[derive(Debug)]
struct Item {
    before: Literal,
    var: Var,
    role: Role,
    is_quoted: bool,
    /// Whether a worker's URL here would tell that Apache wrote the line.
    may_be_apache: bool,
}

/// What stands before a value: ` uct="`.
#[derive(Debug, PartialEq, Eq)]
struct Literal {
    /// Its bytes by eight, and which of these count.
    parts: Vec<(u64, u64)>,
    length: usize,
}

impl Layout {
    /// That of no tail.
    pub(super) const NONE: Self = Self { items: Vec::new(), is_ordinary: false };

    /// The layout of a tail; `None` where a value has no key, or more than digits and a point outside of quotes.
    /// `meaning` says which variable a key stands for.
    pub(super) fn of(mut tail: &[u8], meaning: fn(&[u8]) -> Var) -> Option<Self> {
        let mut items = Vec::new();
        while !tail.is_empty() {
            let length = 1 + tail.get(1..)?.iter().take_while(|byte| super::IN_KEY[usize::from(**byte)]).count();
            let key = &tail[1..length];
            let is_quoted = tail[length..].starts_with(b"=\"");
            if tail[0] != b' ' || !key.first()?.is_ascii_alphabetic() || tail.get(length) != Some(&b'=') {
                return None;
            }
            let mut buffer = [0; 32];
            let mark = apache_access::Mark::of(plain_name(key, &mut buffer));
            if items.len() == MOST || length > Literal::LONGEST - 2 || mark == apache_access::Mark::Always {
                return None;
            }
            let before = Literal::of(&tail[..length + 1 + usize::from(is_quoted)]);
            let may_be_apache = mark == apache_access::Mark::ByValue;
            let var = meaning(key);
            let item = Item { before, var, role: Role::of(var), is_quoted, may_be_apache };
            tail = item.value(tail)?.0;
            items.push(item);
        }
        let count = |role| items.iter().filter(|item| item.role == role).count();
        let is_ordinary = count(Role::Special) == 0
            && (count(Role::Upstream), count(Role::RequestTime)) == (1, 1)
            && count(Role::Status) <= 1;
        Some(Self { items, is_ordinary })
    }

    /// What counting takes from a tail of this layout; `None` where it has another, or may tell of several attempts.
    #[inline(always)]
    pub(super) fn skim<'a>(&self, tail: &'a [u8]) -> Option<Ordinary<'a>> {
        if !self.is_ordinary {
            return None;
        }
        let (mut window, mut found) = (Window::of(tail)?, Ordinary::default());
        for item in &self.items {
            let Range { start, end } = window.value(item)?;
            match item.role {
                Role::Upstream => found.upstream = tail.get(start..end)?,
                Role::Status => found.status = Some(tail.get(start..end)?),
                Role::RequestTime => found.request_time = tail.get(start..end)?,
                Role::Time if window.has_space(start, end)? => return None,
                _ => {}
            }
        }
        (window.at == tail.len()).then_some(found)
    }

    /// Notes the values of a tail that has this layout; false, and nothing noted, where it has another.
    #[inline]
    pub(super) fn read<'a>(&self, mut tail: &'a [u8], vars: &mut Vars<'a>) -> bool {
        let mut values = [&b""[..]; MOST];
        for (item, place) in self.items.iter().zip(&mut values) {
            let Some((rest, value)) = item.value(tail) else { return false };
            *place = value;
            tail = rest;
        }
        let fits = tail.is_empty() && !self.items.is_empty();
        if fits {
            self.items.iter().zip(values).for_each(|(item, value)| vars.set(item.var, value));
        }
        fits
    }
}

impl Role {
    fn of(var: Var) -> Self {
        match var {
            Var::UpstreamAddr | Var::AddrOrAgent => Self::Upstream,
            Var::UpstreamStatus => Self::Status,
            Var::RequestTime => Self::RequestTime,
            Var::ConnectTime | Var::HeaderTime | Var::ResponseTime => Self::Time,
            Var::ServerName | Var::ProxyHost | Var::ProxyUpstream | Var::EitherTime | Var::AnyTime => Self::Special,
            _ => Self::Other,
        }
    }
}

impl Item {
    /// The value at the start of a tail; what follows comes first.
    #[inline(always)]
    fn value<'a>(&self, tail: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let inside = self.before.strip(tail)?;
        let end = if self.is_quoted { find(b'"', inside)? } else { bare(inside)? };
        let (value, rest) = inside.split_at(end);
        let is_escaped = self.is_quoted && value.last() == Some(&b'\\');
        if is_escaped || self.may_be_apache && find(b'/', value).is_some() {
            return None;
        }
        Some((&rest[usize::from(self.is_quoted)..], value))
    }
}

/// Where a number, or a dash that stands for one, ends.
#[inline(always)]
fn bare(i: &[u8]) -> Option<usize> {
    let end = find(b' ', i).unwrap_or(i.len());
    let is_number = i[..end].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
    (end > 0 && (is_number || &i[..end] == b"-")).then_some(end)
}

/// The longest tail that is looked at as a whole.
const LONGEST: usize = 128;

/// A tail with zeros behind it, and where its quotes are: looked up at once, since which of many short values ends
/// where is nothing that a processor could foresee.
struct Window {
    bytes: [u8; LONGEST + Literal::LONGEST],
    /// Those that have not been passed, by bits.
    quotes: u128,
    /// What has been passed.
    at: usize,
}

impl Window {
    #[inline(always)]
    fn of(tail: &[u8]) -> Option<Self> {
        let mut bytes = [0; LONGEST + Literal::LONGEST];
        bytes.get_mut(..tail.len()).filter(|_| tail.len() <= LONGEST)?.copy_from_slice(tail);
        let (halves, _) = bytes.as_chunks();
        let quotes = u128::from(mask_of(&halves[0], b'"')) | u128::from(mask_of(&halves[1], b'"')) << 64;
        Some(Self { bytes, quotes, at: 0 })
    }

    /// Sixteen bytes from `at` on.
    #[inline(always)]
    fn chunk(&self, at: usize) -> Option<&[u8; 16]> {
        self.bytes.get(at..)?.first_chunk()
    }

    /// Passes what stands before an item's value, and the value, of which it gives the place.
    #[inline(always)]
    fn value(&mut self, item: &Item) -> Option<Range<usize>> {
        let start = self.at + item.before.length;
        if !item.before.begins(self.bytes.get(self.at..)?) {
            return None;
        }
        let end = if item.is_quoted { self.next_quote()? } else { start + self.bare(start)? };
        let is_escaped = item.is_quoted && self.bytes[end - 1] == b'\\';
        if is_escaped || item.may_be_apache && find(b'/', self.bytes.get(start..end)?).is_some() {
            return None;
        }
        self.at = end + usize::from(item.is_quoted);
        Some(start..end)
    }

    /// The place of the quote that closes a value, whose opening quote has been compared.
    #[inline(always)]
    fn next_quote(&mut self) -> Option<usize> {
        let closing = self.quotes & self.quotes.wrapping_sub(1);
        self.quotes = closing & closing.wrapping_sub(1);
        (closing != 0).then(|| closing.trailing_zeros() as usize)
    }

    /// The length of a number that ends at a space or with the tail, or of a dash that stands for one.
    #[inline(always)]
    fn bare(&self, start: usize) -> Option<usize> {
        let chunk = self.chunk(start)?;
        let number = digits(chunk) | mask(chunk, b'.');
        let length = (!number).trailing_zeros() as usize;
        let length = if length == 0 { usize::from(chunk[0] == b'-') } else { length };
        (length > 0 && matches!(chunk.get(length), Some(b' ' | 0))).then_some(length)
    }

    /// Whether a space stands in a value; `None` where it is too long to be told.
    #[inline(always)]
    fn has_space(&self, start: usize, end: usize) -> Option<bool> {
        let spaces = mask(self.chunk(start)?, b' ');
        (end - start <= 16).then(|| spaces & ((1 << (end - start)) - 1) != 0)
    }
}

impl Literal {
    /// The longest that [`Window`] has room for behind its tail.
    const LONGEST: usize = 32;

    /// Whether `i` begins with this. Behind `i`, zeros stand for what is not there.
    #[inline(always)]
    fn begins(&self, i: &[u8]) -> bool {
        let mut parts = self.parts.iter().zip(i.as_chunks().0);
        parts.all(|((part, counts), text)| (u64::from_le_bytes(*text) ^ part) & counts == 0)
    }

    fn of(text: &[u8]) -> Self {
        let part = |part: &[u8]| (first_eight(part), u64::MAX >> (64 - 8 * part.len()));
        Self { parts: text.chunks(8).map(part).collect(), length: text.len() }
    }

    /// What follows this in `i`, if `i` begins with it.
    #[inline(always)]
    fn strip<'a>(&self, i: &'a [u8]) -> Option<&'a [u8]> {
        let rest = i.get(self.length..)?;
        let mut at = 0;
        for (part, counts) in &self.parts {
            if (first_eight(&i[at..]) ^ part) & counts != 0 {
                return None;
            }
            at += 8;
        }
        Some(rest)
    }
}
