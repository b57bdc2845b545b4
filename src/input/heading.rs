//! What lines of an input say of those that follow them, in the W3C extended log format
//! (<https://www.w3.org/TR/WD-logfile>).

use super::LINE_LIMIT;
use memchr::{memchr, memrchr_iter};

/// What editors and PowerShell put in front of a text, and so `cat` between two.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What the last lines of their kinds said; empty where none has said it yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// The names of the columns, behind `#Fields:`.
    pub fields: Box<[u8]>,
    /// The date and the time that the entries begin at, behind `#Date:`: those without a date are of that day.
    pub date: Box<[u8]>,
}

/// What a line says of those that follow it.
enum Directive<'a> {
    Fields(&'a [u8]),
    Date(&'a [u8]),
}

impl Heading {
    /// Whether the first of these lines is a comment, as in the W3C format.
    pub(super) fn begins(bytes: &[u8]) -> bool {
        bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).first() == Some(&b'#')
    }

    /// Takes note of what `line` says; whether it said anything. What a block begins with rests on this too, so it must
    /// not matter what else somebody may take the line for.
    pub fn meet(&mut self, line: &[u8]) -> bool {
        let directive = Directive::of(line);
        match directive {
            Some(Directive::Fields(names)) => self.fields = names.into(),
            Some(Directive::Date(date)) => self.date = date.into(),
            None => {}
        }
        directive.is_some()
    }

    /// What holds behind these lines, where they say anything.
    pub(super) fn behind(&self, lines: &[u8]) -> Option<Self> {
        let (mut fields, mut date) = (None, None);
        for mark in memrchr_iter(b'#', lines) {
            let before = lines[..mark].strip_suffix(BYTE_ORDER_MARK).unwrap_or(&lines[..mark]);
            if !matches!(before.last(), None | Some(b'\n')) {
                continue;
            }
            let line = &lines[mark..];
            match Directive::of(&line[..memchr(b'\n', line).unwrap_or(line.len())]) {
                Some(Directive::Fields(names)) => fields = fields.or(Some(names)),
                Some(Directive::Date(day)) => date = date.or(Some(day)),
                None => {}
            }
            if fields.is_some() && date.is_some() {
                break;
            }
        }
        let either = |new: Option<&[u8]>, old: &[u8]| new.unwrap_or(old).into();
        (fields.is_some() || date.is_some())
            .then(|| Self { fields: either(fields, &self.fields), date: either(date, &self.date) })
    }
}

impl<'a> Directive<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        if line.len() > LINE_LIMIT {
            return None;
        }
        let fields = || line.strip_prefix(b"#Fields:").map(Self::Fields);
        fields().or_else(|| line.strip_prefix(b"#Date:").map(Self::Date))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading(fields: &str, date: &str) -> Heading {
        Heading { fields: fields.as_bytes().into(), date: date.as_bytes().into() }
    }

    #[test]
    fn the_last_of_each_kind_holds() {
        let cases = [
            ("#Date: 1\n#Fields: a\nx\n", Some(heading(" a", " 1"))),
            ("#Fields: a\n#Fields: b\n#Date: 1\n#Date: 2", Some(heading(" b", " 2"))),
            ("#Fields: a\nx #Fields: b #Date: 3\n", Some(heading(" a", " old"))),
            ("x\n\u{FEFF}#Date: 1\n", Some(heading("old", " 1"))),
            ("#Software: x\nx\n", None),
            ("", None),
        ];
        for (lines, expected) in cases {
            assert_eq!(heading("old", " old").behind(lines.as_bytes()), expected, "{lines}");
            let mut one_by_one = heading("old", " old");
            let directives = lines.lines().filter(|line| one_by_one.meet(line.as_bytes())).count();
            assert_eq!((directives > 0).then_some(one_by_one), expected, "{lines}");
        }
    }
}
