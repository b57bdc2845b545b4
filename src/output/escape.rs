//! Makes text that strangers wrote into a log safe to look at.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether `c` could move a cursor, colour a terminal, or make a line read differently from what it is: control
/// characters, and those of Unicode that are invisible or reorder their neighbours.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether any character of `text` [`is_hidden`].
pub(super) fn hides_any(text: &str) -> bool {
    // Nearly all text is made of visible ASCII, which is seen without a look at each character.
    !is_visible_ascii(text.as_bytes()) && text.contains(is_hidden)
}

/// Looks at many bytes at once: in each part, at all of them.
fn is_visible_ascii(text: &[u8]) -> bool {
    let all = |part: &[u8]| part.iter().fold(true, |all, byte| all & (b' '..=b'~').contains(byte));
    text.chunks(64).all(all)
}

/// `text` with what [`is_hidden`] written out: `\n`, `\x1B`, `\u{202E}`. Backslashes stay as they are, so that
/// commands and samples can be copied; this is for eyes, and cannot be undone.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !hides_any(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            '\n' => shown.write_str("\\n"),
            '\r' => shown.write_str("\\r"),
            '\t' => shown.write_str("\\t"),
            c if !is_hidden(c) => shown.write_char(c),
            c if u32::from(c) < 0x100 => write!(shown, "\\x{:02X}", u32::from(c)),
            c => write!(shown, "\\u{{{:04X}}}", u32::from(c)),
        };
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_hides() {
        for (text, shown) in [
            ("GET /x", "GET /x"),
            ("été 東京 \\d", "été 東京 \\d"),
            ("\u{1b}[2J\u{7f}\u{9b}m", "\\x1B[2J\\x7F\\x9Bm"),
            ("a\r\n\tb\0", "a\\r\\n\\tb\\x00"),
            ("\u{202e}gpj\u{2066}\u{200f}\u{feff}", "\\u{202E}gpj\\u{2066}\\u{200F}\\u{FEFF}"),
            ("\u{E0041}", "\\u{E0041}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
