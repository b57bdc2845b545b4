//! JSON, as far as log lines need it: one flat or nested object, read member by member without building a tree.
//!
//! Most of a line is names and texts, which end at quotes: those are searched 64 bytes at a time.
#![allow(clippy::inline_always, reason = "in every member of every line: measured, see `find`")]

use super::{
    Parsed,
    find::{brackets64, either64, mask64},
    mismatch,
};

/// A member's value, as it stands in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A string, still escaped, without its quotes.
    Text(&'a [u8]),
    /// A number, `true`, `false`, `null`, or nothing where a writer left a number out (`"n":,`).
    Bare(&'a [u8]),
    /// An object or an array, whole.
    Nested(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The text of a string or a bare word; `null` and nested values are empty.
    #[inline]
    #[must_use]
    pub fn text(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text,
            Self::Bare(b"null") | Self::Nested(_) => b"",
            Self::Bare(text) => text,
        }
    }
}

/// Calls `member` with each name and value of the object that `i` starts with, in order; gives what follows it.
///
/// Names come still escaped. Lenient where writers are: a missing bare value is empty, as nginx's `escape=json` writes
/// an unset variable that stands without quotes.
#[inline]
pub fn object<'a>(i: &'a [u8], mut member: impl FnMut(&'a [u8], Value<'a>)) -> Parsed<'a, ()> {
    object_while(i, |name, value| {
        member(name, value);
        true
    })
}

/// [`object`], as long as `member` says that it may go on; fails where it says that it may not.
#[inline]
pub fn object_while<'a>(i: &'a [u8], mut member: impl FnMut(&'a [u8], Value<'a>) -> bool) -> Parsed<'a, ()> {
    let mut text = Text::new(i);
    let read = text.list([b'{', b'}'], |text, at| {
        let (name, end) = text.string(at)?;
        let start = text.behind_colon(end)?;
        let (value, end) = text.value(start, Text::bare_end)?;
        member(name, value).then_some(end)
    });
    text.behind(read)
}

/// Calls `element` with each value of the array that `i` starts with, in order; gives what follows it.
pub fn elements<'a>(i: &'a [u8], mut element: impl FnMut(Value<'a>)) -> Parsed<'a, ()> {
    let mut text = Text::new(i);
    let read = text.list([b'[', b']'], |text, at| {
        let (value, end) = text.value(at, Text::bare_end_in_list)?;
        element(value);
        Some(end)
    });
    text.behind(read)
}

/// A text that is read from place to place, and its next quotes and backslashes.
struct Text<'a> {
    bytes: &'a [u8],
    /// Where the 64 bytes begin that `marks` stands for.
    base: usize,
    marks: u64,
}

impl<'a> Text<'a> {
    #[inline(always)]
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, base: 0, marks: either64(bytes, b'"', b'\\') }
    }

    /// What follows a list that was read to its end.
    #[inline(always)]
    fn behind(&self, end: Option<usize>) -> Parsed<'a, ()> {
        match end.and_then(|end| self.bytes.get(end..)) {
            Some(rest) => Ok((rest, ())),
            None => mismatch(),
        }
    }

    /// What stands between these brackets with commas between; gives where it ends. `item` reads the item at a place
    /// and gives its end.
    #[inline(always)]
    fn list(
        &mut self,
        [open, close]: [u8; 2],
        mut item: impl FnMut(&mut Self, usize) -> Option<usize>,
    ) -> Option<usize> {
        if !self.is(open, 0) {
            return None;
        }
        let mut at = self.space(1);
        if self.is(close, at) {
            return Some(at + 1);
        }
        loop {
            let end = item(self, at)?;
            let end = self.space(end);
            match self.bytes.get(end) {
                Some(b',') => at = self.space(end + 1),
                Some(byte) if *byte == close => return Some(end + 1),
                _ => return None,
            }
        }
    }

    #[inline(always)]
    fn is(&self, byte: u8, at: usize) -> bool {
        self.bytes.get(at) == Some(&byte)
    }

    /// Where the first byte is from `at` on that is no white space.
    #[inline(always)]
    fn space(&self, mut at: usize) -> usize {
        // Nothing else asked of most bytes than whether they could be one.
        while self.bytes.get(at).is_some_and(|byte| *byte <= b' ' && byte.is_ascii_whitespace()) {
            at += 1;
        }
        at
    }

    /// What follows a colon and white space.
    #[inline(always)]
    fn behind_colon(&self, end: usize) -> Option<usize> {
        let colon = self.space(end);
        self.is(b':', colon).then(|| self.space(colon + 1))
    }

    /// Where the next quote or backslash is, from `at` on. Places are asked for in their order.
    #[inline(always)]
    fn mark(&mut self, at: usize) -> Option<usize> {
        let ahead = at - self.base;
        if ahead < 64 && self.marks >> ahead != 0 {
            return Some(at + (self.marks >> ahead).trailing_zeros() as usize);
        }
        self.far_mark(at)
    }

    /// The same, behind the bytes that have been searched.
    fn far_mark(&mut self, at: usize) -> Option<usize> {
        self.base = at.max(self.base + 64);
        while let Some(rest @ [_, ..]) = self.bytes.get(self.base..) {
            self.marks = either64(rest, b'"', b'\\');
            if self.marks != 0 {
                return Some(self.base + self.marks.trailing_zeros() as usize);
            }
            self.base += 64;
        }
        None
    }

    /// `"…"` with JSON's escapes left in: what stands between the quotes, and the end.
    #[inline(always)]
    fn string(&mut self, at: usize) -> Option<(&'a [u8], usize)> {
        let start = at + 1;
        let mut end = self.mark(start).filter(|_| self.is(b'"', at))?;
        while !self.is(b'"', end) {
            // A backslash takes the next byte with it.
            end = self.mark(end + 2)?;
        }
        Some((&self.bytes[start..end], end + 1))
    }

    /// A value and its end. `bare_end` says where a bare one ends.
    #[inline(always)]
    fn value(&mut self, at: usize, bare_end: fn(&Self, usize) -> usize) -> Option<(Value<'a>, usize)> {
        match self.bytes.get(at) {
            Some(b'"') => self.string(at).map(|(text, end)| (Value::Text(text), end)),
            Some(b'{' | b'[') => {
                let end = at + nested(&self.bytes[at..])?;
                Some((Value::Nested(&self.bytes[at..end]), end))
            }
            _ => {
                let end = bare_end(self, at);
                Some((Value::Bare(self.bytes.get(at..end)?.trim_ascii_end()), end))
            }
        }
    }

    /// Where a bare value of an object ends. A comma that no next name follows is part of it: `"n":0.001, 0.002,"m":1`,
    /// as nginx writes its lists where somebody left out the quotes.
    #[inline(always)]
    fn bare_end(&self, mut at: usize) -> usize {
        loop {
            at = self.bare_end_in_list(at);
            if !self.is(b',', at) || self.is(b'"', self.space(at + 1)) {
                return at;
            }
            at += 1;
        }
    }

    /// Where a bare value of an array ends: there, a comma always ends it.
    #[inline(always)]
    fn bare_end_in_list(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']')).unwrap_or(rest.len())
    }
}

/// The length of the `{…}` or `[…]` that `i` starts with. Strings inside may hold brackets.
fn nested(i: &[u8]) -> Option<usize> {
    let (mut depth, mut within, mut escaped) = (0_usize, 0, false);
    for (number, chunk) in i.chunks(64).enumerate() {
        let quotes = unescaped(mask64(chunk, b'"'), mask64(chunk, b'\\'), &mut escaped);
        let strings = parity(quotes) ^ within;
        within = if strings >> 63 == 1 { u64::MAX } else { 0 };
        let [opening, closing] = brackets64(chunk).map(|brackets| brackets & !strings);
        let mut brackets = opening | closing;
        while brackets != 0 {
            let first = brackets & brackets.wrapping_neg();
            brackets ^= first;
            if first & closing == 0 {
                depth += 1;
            } else if depth <= 1 {
                return Some(number * 64 + first.trailing_zeros() as usize + 1);
            } else {
                depth -= 1;
            }
        }
    }
    None
}

/// Of `marks`, those that no backslash takes with it. `escaped` says whether the first byte is taken, and then whether
/// the first one behind these is.
#[inline(always)]
fn unescaped(marks: u64, backslashes: u64, escaped: &mut bool) -> u64 {
    let mut taken = u64::from(*escaped);
    let mut left = backslashes & !taken;
    *escaped = false;
    while left != 0 {
        let first = left & left.wrapping_neg();
        *escaped = first >> 63 == 1;
        taken |= first << 1;
        left &= !(first | first << 1);
    }
    marks & !taken
}

/// For each bit, whether the number of bits up to it is odd: what stands between quotes, if those are the bits.
#[inline(always)]
fn parity(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, shift| bits ^ bits << shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn members(line: &[u8]) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        object(line, |name, value| found.push((text(name), text(value.text())))).ok()?;
        Some(found)
    }

    #[test]
    fn reads_what_nginx_writes() {
        let line = br#"{"status": 502, "time":"x", "urt":,"ua":"a\"b", "n":{"x":"}"},"z":null}"#;
        let expected = [("status", "502"), ("time", "x"), ("urt", ""), ("ua", r#"a\"b"#), ("n", ""), ("z", "")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(members(line), Some(expected.to_vec()));
    }

    #[test]
    fn reads_lists_without_quotes() {
        let line = br#"{"us":502, 502 : ,"urt":-, 0.001 : 0.002, "n":1}"#;
        let expected = [("us", "502, 502 :"), ("urt", "-, 0.001 : 0.002"), ("n", "1")];
        assert_eq!(members(line), Some(expected.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()));
    }

    #[test]
    fn reads_arrays() {
        let read = |text: &'static str| {
            let mut found = Vec::new();
            let (rest, ()) = elements(text.as_bytes(), |value| found.push(value)).ok()?;
            Some((found, rest))
        };
        assert_eq!(read("[] x"), Some((Vec::new(), &b" x"[..])));
        let expected = vec![Value::Bare(b"1"), Value::Text(b"a,]"), Value::Nested(b"[2]"), Value::Bare(b"null")];
        assert_eq!(read(r#"[1 , "a,]",[2],null]"#), Some((expected, &b""[..])));
        for cut in ["[", "[1", "[1,", "{}", r#"["a"#] {
            assert_eq!(read(cut), None, "{cut}");
        }
    }

    /// A member's name and value, as they are written.
    fn written() -> impl Strategy<Value = (String, String)> {
        let text = r#"([a-z{}\[\],: ]|\\["\\/]){0,80}"#;
        let value = prop_oneof![
            text.prop_map(|text| format!("\"{text}\"")),
            "-?[0-9]{1,9}|true|null|",
            (text, text).prop_map(|(name, inside)| format!(r#"{{"{name}":["{inside}",{{}}]}}"#)),
        ];
        (text, value)
    }

    proptest! {
        #[test]
        fn reads_what_was_written(members in vec(written(), 0..8), space in " {0,2}") {
            let items: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\"{space}:{space}{value}")).collect();
            let line = format!("{{{space}{}{space}}} rest", items.join(&format!("{space},{space}")));
            let mut read = Vec::new();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let rest = object(line.as_bytes(), |name, value| {
                let value = match value {
                    Value::Text(inside) => format!("\"{}\"", text(inside)),
                    Value::Bare(whole) | Value::Nested(whole) => text(whole),
                };
                read.push((text(name), value));
            });
            prop_assert_eq!(rest, Ok((&b" rest"[..], ())));
            prop_assert_eq!(read, members);
            for cut in 0..line.len() - 5 {
                let read = object(&line.as_bytes()[..cut], |_, _| {});
                prop_assert!(read.is_err());
            }
        }
    }

    #[test]
    fn stops_where_it_is_told_to() {
        let mut names = Vec::new();
        let read = object_while(br#"{"a":1,"b":2,"c":3}"#, |name, _| {
            names.push(name);
            name != b"b"
        });
        assert_eq!((read.is_err(), names), (true, vec![&b"a"[..], b"b"]));
    }

    #[test]
    fn refuses_what_was_cut() {
        for line in [&b"{"[..], br#"{"a""#, br#"{"a":"b"#, br#"{"a":"b\"#, br#"{"a":{"b":1}"#, b"[]", b""] {
            assert_eq!(members(line), None, "{}", String::from_utf8_lossy(line));
        }
    }
}
