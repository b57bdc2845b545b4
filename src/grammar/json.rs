//! JSON, as far as log lines need it: one flat or nested object, read member by member without building a tree.

use super::{Parsed, mismatch};
use memchr::memchr2;

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
    #[must_use]
    pub fn text(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text,
            Self::Bare(b"null") | Self::Nested(_) => b"",
            Self::Bare(text) => text,
        }
    }
}

fn skip_space(i: &[u8]) -> &[u8] {
    i.trim_ascii_start()
}

/// `"…"` with JSON's escapes left in; gives what stands between the quotes.
fn string(i: &[u8]) -> Parsed<'_, &[u8]> {
    let [b'"', inside @ ..] = i else { return mismatch() };
    let mut at = 0;
    while let Some(found) = memchr2(b'"', b'\\', &inside[at..]) {
        at += found;
        if inside[at] == b'"' {
            return Ok((&inside[at + 1..], &inside[..at]));
        }
        // A backslash takes the next byte with it.
        at += 2;
        if at > inside.len() {
            break;
        }
    }
    mismatch()
}

/// `{…}` or `[…]`, up to its matching end. Strings inside may hold brackets.
fn nested(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (mut depth, mut rest) = (0_usize, i);
    while let Some(&byte) = rest.first() {
        match byte {
            b'"' => {
                rest = string(rest)?.0;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        rest = &rest[1..];
        if depth == 0 {
            return Ok((rest, &i[..i.len() - rest.len()]));
        }
    }
    mismatch()
}

fn value(i: &[u8]) -> Parsed<'_, Value<'_>> {
    match i.first() {
        Some(b'"') => string(i).map(|(rest, text)| (rest, Value::Text(text))),
        Some(b'{' | b'[') => nested(i).map(|(rest, whole)| (rest, Value::Nested(whole))),
        _ => {
            let end = bare_end(i);
            Ok((&i[end..], Value::Bare(i[..end].trim_ascii_end())))
        }
    }
}

/// Where a bare value ends. A comma that no next name follows is part of it: `"n":0.001, 0.002,"m":1`, as nginx writes
/// its lists where somebody left out the quotes.
fn bare_end(i: &[u8]) -> usize {
    let ends = |at: usize| match i[at] {
        b',' => skip_space(&i[at + 1..]).first() == Some(&b'"'),
        byte => matches!(byte, b'}' | b']'),
    };
    (0..i.len()).find(|at| ends(*at)).unwrap_or(i.len())
}

/// Calls `member` with each name and value of the object that `i` starts with, in order; gives what follows it.
///
/// Names come still escaped. Lenient where writers are: a missing bare value is empty, as nginx's `escape=json` writes
/// an unset variable that stands without quotes.
pub fn object<'a>(i: &'a [u8], mut member: impl FnMut(&'a [u8], Value<'a>)) -> Parsed<'a, ()> {
    let [b'{', rest @ ..] = i else { return mismatch() };
    let mut rest = skip_space(rest);
    if let [b'}', after @ ..] = rest {
        return Ok((after, ()));
    }
    loop {
        let (after, name) = string(rest)?;
        let [b':', after @ ..] = skip_space(after) else { return mismatch() };
        let (after, read) = value(skip_space(after))?;
        member(name, read);
        match skip_space(after) {
            [b',', after @ ..] => rest = skip_space(after),
            [b'}', after @ ..] => return Ok((after, ())),
            _ => return mismatch(),
        }
    }
}

/// Calls `element` with each value of the array that `i` starts with, in order; gives what follows it.
pub fn elements<'a>(i: &'a [u8], mut element: impl FnMut(Value<'a>)) -> Parsed<'a, ()> {
    let [b'[', rest @ ..] = i else { return mismatch() };
    let mut rest = skip_space(rest);
    if let [b']', after @ ..] = rest {
        return Ok((after, ()));
    }
    loop {
        let (after, read) = value_in_list(rest)?;
        element(read);
        match skip_space(after) {
            [b',', after @ ..] => rest = skip_space(after),
            [b']', after @ ..] => return Ok((after, ())),
            _ => return mismatch(),
        }
    }
}

/// A value in an array: there, a comma always ends a bare one.
fn value_in_list(i: &[u8]) -> Parsed<'_, Value<'_>> {
    if matches!(i.first(), Some(b'"' | b'{' | b'[')) {
        return value(i);
    }
    let end = i.iter().position(|byte| matches!(byte, b',' | b']')).unwrap_or(i.len());
    Ok((&i[end..], Value::Bare(i[..end].trim_ascii_end())))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn refuses_what_was_cut() {
        for line in [&b"{"[..], br#"{"a""#, br#"{"a":"b"#, br#"{"a":"b\"#, br#"{"a":{"b":1}"#, b"[]", b""] {
            assert_eq!(members(line), None, "{}", String::from_utf8_lossy(line));
        }
    }
}
