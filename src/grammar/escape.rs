//! Undoes a writer's escaping. Only text that is shown or kept comes here, and lines that stand inside of others.

use super::find::find;
use std::borrow::Cow;

/// How the writer escaped bytes in its text fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Escape {
    /// Not at all.
    #[default]
    None,
    /// `\xHH` (nginx, Apache, AWS).
    Hex,
    /// JSON's backslashes.
    Json,
    /// `#HH` (HAProxy).
    Hash,
    /// `#HH`, and some fields in JSON's way instead or besides (HAProxy's JSON objects, its `json` converter, its flag
    /// `E`, which escapes `]` too).
    HashOrJson,
}

/// How a text that may hold no spaces is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Coding {
    /// Not at all.
    #[default]
    None,
    /// `%HH` (CloudFront).
    Percent,
    /// `+` for a space (IIS).
    Plus,
}

/// `text` as it was before the proxy wrote it. Where that was no text, as of a TLS handshake on a port for HTTP, bytes
/// say less than what the proxy wrote for them (`\x16\x03\x01`), which stays.
#[inline]
#[must_use]
pub fn unescape(text: &[u8], escape: Escape) -> Cow<'_, [u8]> {
    match escape {
        Escape::None => Cow::Borrowed(text),
        Escape::Hex => if_text(replace(text, b'\\', hex_escape), text),
        Escape::Json => replace(text, b'\\', json_escape),
        Escape::Hash => if_text(replace(text, b'#', |rest| Some((hex_byte(rest)?.into(), 2))), text),
        Escape::HashOrJson => match unescape(text, Escape::Json) {
            Cow::Borrowed(text) => unescape(text, Escape::Hash),
            Cow::Owned(text) => Cow::Owned(unescape(&text, Escape::Hash).into_owned()),
        },
    }
}

/// What escapes stand for, if that is text without control characters; else what was `written`.
fn if_text<'a>(meant: Cow<'a, [u8]>, written: &'a [u8]) -> Cow<'a, [u8]> {
    let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control));
    match meant {
        Cow::Owned(bytes) if is_text(&bytes) => Cow::Owned(bytes),
        _ => Cow::Borrowed(written),
    }
}

/// Appends a JSON string's text to `out`, as it was before it was escaped.
pub fn unescape_json(text: &[u8], out: &mut Vec<u8>) {
    replace_into(out, text, b'\\', json_escape);
}

/// `text` as it was before it was encoded.
#[must_use]
pub fn decode(text: Cow<'_, [u8]>, coding: Coding) -> Cow<'_, [u8]> {
    match coding {
        Coding::None => text,
        Coding::Percent => percent_decode(text),
        Coding::Plus => replace(&text, b'+', |_| Some((b' '.into(), 0))).into_owned().into(),
    }
}

/// Undoes %-encoding. CloudFront encodes some user agents twice, of which nothing but the lack of spaces tells.
fn percent_decode(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return text;
    }
    let decode = |text: &[u8]| replace(text, b'%', |rest| Some((hex_byte(rest)?.into(), 2))).into_owned();
    let once = decode(&text);
    let is_still_encoded = once.windows(3).any(|part| part == b"%20") && !once.contains(&b' ');
    Cow::Owned(if is_still_encoded { decode(&once) } else { once })
}

/// What an escape stands for, and how many bytes after its mark it took.
type Meaning = Option<(Unescaped, usize)>;

enum Unescaped {
    Byte(u8),
    Char(char),
}

impl From<u8> for Unescaped {
    fn from(byte: u8) -> Self {
        Self::Byte(byte)
    }
}

/// Replaces each escape that starts with `mark`; one that means nothing stays as it is.
#[inline]
fn replace(text: &[u8], mark: u8, meaning: fn(&[u8]) -> Meaning) -> Cow<'_, [u8]> {
    match find(mark, text) {
        Some(first) => {
            let mut out = Vec::with_capacity(text.len());
            out.extend_from_slice(&text[..first]);
            replace_into(&mut out, &text[first..], mark, meaning);
            Cow::Owned(out)
        }
        None => Cow::Borrowed(text),
    }
}

/// [`replace`], appending to `out`.
fn replace_into(out: &mut Vec<u8>, text: &[u8], mark: u8, meaning: fn(&[u8]) -> Meaning) {
    let mut rest = text;
    while let Some(at) = find(mark, rest) {
        out.extend_from_slice(&rest[..at]);
        let after = &rest[at + 1..];
        rest = match meaning(after) {
            Some((Unescaped::Byte(byte), length)) => {
                out.push(byte);
                &after[length..]
            }
            Some((Unescaped::Char(char), length)) => {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                &after[length..]
            }
            None => {
                out.push(mark);
                after
            }
        };
    }
    out.extend_from_slice(rest);
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    match digits {
        [high, low, ..] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

/// `\xHH`; and `\"`, `\\` and C's short ones, which Apache and some syslog daemons write (`ap_escape_logitem`).
fn hex_escape(rest: &[u8]) -> Meaning {
    match rest {
        [b'x', digits @ ..] => Some((hex_byte(digits)?.into(), 3)),
        [byte @ (b'"' | b'\\'), ..] => Some(((*byte).into(), 1)),
        [short @ (b'b' | b'n' | b'r' | b't' | b'v'), ..] => {
            let byte = match short {
                b'b' => 8,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => 11,
            };
            Some((byte.into(), 1))
        }
        _ => None,
    }
}

fn json_escape(rest: &[u8]) -> Meaning {
    let plain = match rest.first()? {
        // The bracket is not JSON's, but HAProxy's for RFC 5424.
        byte @ (b'"' | b'\\' | b'/' | b']') => *byte,
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'u' => return json_unicode(&rest[1..]).map(|(char, length)| (Unescaped::Char(char), length + 1)),
        _ => return None,
    };
    Some((plain.into(), 1))
}

/// The four digits after `\u`, and those of the second half of a surrogate pair.
fn json_unicode(rest: &[u8]) -> Option<(char, usize)> {
    let unit = |digits: &[u8]| Some(u32::from(hex_byte(digits)?) << 8 | u32::from(hex_byte(digits.get(2..)?)?));
    let high = unit(rest)?;
    if !(0xD800..0xDC00).contains(&high) {
        return Some((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 4));
    }
    let low = match rest.get(4..) {
        Some([b'\\', b'u', digits @ ..]) => unit(digits).filter(|low| (0xDC00..0xE000).contains(low)),
        _ => None,
    };
    Some(match low {
        Some(low) => (char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))?, 10),
        None => (char::REPLACEMENT_CHARACTER, 4),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes_each_escaping() {
        assert_eq!(unescape(br"a\x22b\x5Cx22", Escape::Hex).as_ref(), br#"a"b\x22"#);
        assert_eq!(unescape(br"/caf\xC3\xA9", Escape::Hex).as_ref(), "/café".as_bytes());
        assert_eq!(unescape(b"a#22b#7C#", Escape::Hash).as_ref(), b"a\"b|#");
        assert_eq!(unescape(b"a#22b", Escape::HashOrJson).as_ref(), b"a\"b");
        assert_eq!(unescape(br#"a\"\u0062#7C"#, Escape::HashOrJson).as_ref(), b"a\"b|");
        assert_eq!(unescape(br#"a\\b\"c"#, Escape::Hex).as_ref(), br#"a\b"c"#);
        assert_eq!(unescape(br"\u00e9\ud83d\ude00\n\/", Escape::Json).as_ref(), "é😀\n/".as_bytes());
    }

    /// Latin-1, a TLS handshake, control characters: the log says more than the bytes would.
    #[test]
    fn leaves_what_is_no_text() {
        for text in [r"GET /\xE4", r"\x16\x03\x01\x02", r"a\tb", r"a\x22\x7F"] {
            assert_eq!(unescape(text.as_bytes(), Escape::Hex).as_ref(), text.as_bytes(), "{text}");
        }
        assert_eq!(unescape(b"/#e4#22", Escape::Hash).as_ref(), b"/#e4#22");
    }

    #[test]
    fn decodes_user_agents() {
        let cases = [
            ("curl/8.0", "curl/8.0"),
            ("Mozilla/5.0%20(X11;%20Linux)", "Mozilla/5.0 (X11; Linux)"),
            ("Mozilla/5.0%2520(X11)", "Mozilla/5.0 (X11)"),
            ("50%25%20off%2520", "50% off%20"),
            ("100%", "100%"),
            ("%ZZ%2", "%ZZ%2"),
            ("%E4%22", "\u{E4}\""),
        ];
        for (text, expected) in cases {
            let expected: Vec<u8> = expected.chars().map(|char| u8::try_from(char).unwrap_or_default()).collect();
            assert_eq!(percent_decode(Cow::Borrowed(text.as_bytes())).as_ref(), expected, "{text}");
        }
    }

    #[test]
    fn leaves_what_means_nothing() {
        assert_eq!(unescape(br"\xZZ\", Escape::Hex).as_ref(), br"\xZZ\");
        assert_eq!(unescape(b"#", Escape::Hash).as_ref(), b"#");
        assert_eq!(unescape(br"\ud83d", Escape::Json).as_ref(), "\u{FFFD}".as_bytes());
    }
}
