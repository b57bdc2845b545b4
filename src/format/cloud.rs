//! What the JSON logs of clouds and CDNs have in common: one object a line, members that may be missing, `null`, or a
//! number in quotes, URLs for hosts and paths, and times in whatever unit somebody chose.

use super::{Skim, Skimmed, What};
pub(super) use crate::grammar::address::bare_host as host;
use crate::grammar::{
    address::without_userinfo,
    json::{Value, object},
    number::{self, Micros, three, whole},
    text::place_of,
    time::{When, Zone, civil, iso, offset, since_epoch},
};
use memchr::memmem::Finder;
use std::sync::OnceLock;

/// Texts of which each object of a format holds one at least: most objects of others are told by that at once.
#[derive(Debug)]
pub(super) struct Marks {
    texts: &'static [&'static [u8]],
    /// A search takes longer to prepare than to run.
    finders: OnceLock<Vec<Finder<'static>>>,
}

impl Marks {
    pub(super) const fn new(texts: &'static [&'static [u8]]) -> Self {
        Self { texts, finders: OnceLock::new() }
    }

    /// Whether `line` is an object in which one of them stands somewhere.
    pub(super) fn are_in(&self, line: &[u8]) -> bool {
        let finders = || self.finders.get_or_init(|| self.texts.iter().map(|text| Finder::new(*text)).collect());
        line.first() == Some(&b'{') && finders().iter().any(|finder| finder.find(line).is_some())
    }
}

/// Calls `member` with each member of the object that the whole line is; `None` where it is none.
pub(super) fn members<'a>(line: &'a [u8], member: impl FnMut(&'a [u8], Value<'a>)) -> Option<()> {
    let (rest, ()) = object(line, member).ok()?;
    rest.trim_ascii().is_empty().then_some(())
}

/// The same of a value that may be an object. One that cannot be read has no members.
pub(super) fn inside<'a>(value: Value<'a>, member: impl FnMut(&'a [u8], Value<'a>)) {
    if let Value::Nested(whole) = value {
        // What a broken object told before it broke stays told: the line's other members are as good as ever.
        let _ = object(whole, member);
    }
}

/// A value that stands for "not there" is empty: `-`, `N/A`, `null` in quotes.
pub(super) fn known(text: &[u8]) -> &[u8] {
    if matches!(text, b"-" | b"N/A" | b"n/a" | b"null") { b"" } else { text }
}

/// The first of two texts that says anything.
pub(super) fn or<'a>(first: &'a [u8], second: &'a [u8]) -> &'a [u8] {
    if first.is_empty() { second } else { first }
}

/// A count, also as `1205.0`.
pub(super) fn count(text: &[u8]) -> Option<u64> {
    let (rest, count) = number::uint(text).ok()?;
    let zeros = rest.strip_prefix(b".").unwrap_or(rest);
    zeros.iter().all(|byte| *byte == b'0').then_some(count)
}

/// A status: up to three digits, since some write `0` for "no answer", also as `502.0`.
pub(super) fn status(text: &[u8]) -> Option<u16> {
    count(text).and_then(|status| u16::try_from(status).ok()).filter(|status| *status < 1_000)
}

/// The status that an upstream sent: 0 stands for none.
pub(super) fn sent_status(text: &[u8]) -> Option<u16> {
    status(text).filter(|status| *status != 0)
}

/// Seconds, with or without their unit: `0.384`, `0.005192s`.
pub(super) fn seconds(text: &[u8]) -> Option<Micros> {
    whole(text.strip_suffix(b"s").unwrap_or(text), number::seconds)
}

/// Milliseconds: `205`, `0.5`.
pub(super) fn millis(text: &[u8]) -> Option<Micros> {
    seconds(text).map(|thousandfold| thousandfold / 1_000)
}

/// A time in UTC: ISO 8601, with or without its zone, or what has passed since the epoch in seconds, milliseconds,
/// microseconds or nanoseconds, which its size tells; or as Azure shows times in American.
pub(super) fn utc(text: &[u8]) -> Option<When> {
    if text.is_empty() {
        return None;
    }
    let text = text.strip_suffix(b" UTC").unwrap_or(text);
    if text.get(4) == Some(&b'-') {
        let when = whole(text, iso)?;
        return Some(if when.zone == Zone::Local { When { zone: Zone::Utc, ..when } } else { when });
    }
    whole(text, since_epoch).or_else(|| american(text))
}

/// `1/9/2007 9:41:00 AM +01:00`, `01/09/2007 21:41:00`: the month first. JSON may have escaped its slashes.
fn american(text: &[u8]) -> Option<When> {
    let mut words = text.split(|byte| *byte == b' ');
    let date = words.next()?.split(|byte| *byte == b'/').map(|part| part.strip_suffix(b"\\").unwrap_or(part));
    let [month, day, year] = three(date)?;
    let [hour, minute, second] = three(words.next()?.split(|byte| *byte == b':'))?;
    let (half, zone) = match words.next().unwrap_or_default() {
        half @ (b"AM" | b"PM") => (half, words.next().unwrap_or_default()),
        zone => (&b""[..], zone),
    };
    let hour = match half {
        b"" => Some(hour).filter(|hour| *hour < 24),
        half => Some(hour % 12 + if half == b"PM" { 12 } else { 0 }).filter(|_| (1..=12).contains(&hour)),
    }?;
    let zone = match zone {
        b"" => Zone::Utc,
        zone => Zone::Offset(offset(zone).filter(|(rest, _)| rest.is_empty())?.1),
    };
    let is_clock = minute < 60 && second < 60 && words.next().is_none();
    let wall = civil((year, month, day), hour * 3_600 + minute * 60 + second, 0).filter(|_| is_clock)?;
    Some(When { wall, zone })
}

/// The host, without its port, and the path, with its query, of a URL whose slashes JSON may have escaped:
/// `https://shop.example.com:443/a?b`, `https:\/\/shop.example.com\/a`. What is no URL is a path.
pub(super) fn url(text: &[u8]) -> (&[u8], &[u8]) {
    let scheme = text.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let rest = &text[scheme..];
    let Some(rest) = rest.strip_prefix(b"://").or_else(|| rest.strip_prefix(br":\/\/")) else { return (b"", text) };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (host(without_userinfo(authority)), path)
}

/// What follows the last `label` up to the next `end` or the end of the text; nothing where there is no such label.
pub(super) fn behind<'a>(label: &[u8], text: &'a [u8], end: u8) -> &'a [u8] {
    let Some(at) = place_of(text, label) else { return b"" };
    let rest = &text[at + label.len()..];
    &rest[..rest.iter().position(|byte| *byte == end).unwrap_or(rest.len())]
}

/// Whether a status says by itself what became of the request: neither a failure, nor that the client gave up.
pub(super) const fn is_plain(status: u16) -> bool {
    matches!(status, 100..499)
}

/// What counting needs of a line, which `skim` says if it is a request's whose status says all.
#[inline]
pub(super) fn plain<'a>(
    what: What,
    when: Option<When>,
    status: Option<u16>,
    skim: impl FnOnce(When, u16) -> Skim<'a>,
) -> Skimmed<'a> {
    match (what, when, status) {
        (What::Request, Some(when), Some(status)) if is_plain(status) => Skimmed::Plain(skim(when, status)),
        _ => Skimmed::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_and_without_quotes() {
        let cases = [
            ("502", Some(502)),
            ("502.0", Some(502)),
            ("0", Some(0)),
            ("", None),
            ("-", None),
            ("-1", None),
            ("502.5", None),
            ("5020", None),
        ];
        for (text, expected) in cases {
            assert_eq!(status(text.as_bytes()), expected, "{text}");
        }
        assert_eq!((sent_status(b"0"), sent_status(b"504")), (None, Some(504)));
        assert_eq!((count(b"1205"), count(b"x"), count(b"12x")), (Some(1_205), None, None));
        assert_eq!(
            (seconds(b"0.384"), seconds(b"0.005192s"), seconds(b"30")),
            (Some(384_000), Some(5_192), Some(30_000_000))
        );
        assert_eq!((seconds(b"-"), seconds(b"-1"), seconds(b"s")), (None, None, None));
        assert_eq!((millis(b"205"), millis(b"0.5"), millis(b"")), (Some(205_000), Some(500), None));
    }

    #[test]
    fn tells_units_of_time_by_their_size() {
        let wall = 1_653_485_126_000_000;
        let cases = [
            ("2022-05-25T13:25:26Z", wall),
            ("2022-05-25T13:25:26.1494499Z", wall + 149_449),
            ("2022-05-25 13:25:26 UTC", wall),
            ("2022-05-25T13:25:26", wall),
            ("5/25/2022 1:25:26 PM", wall),
            ("05/25/2022 01:25:26 PM", wall),
            (r"5\/25\/2022 13:25:26", wall),
            ("1653485126", wall),
            ("1653485126.123", wall + 123_000),
            ("1653485126123", wall + 123_000),
            ("1653485126123456", wall + 123_456),
            ("1653485126123456789", wall + 123_456),
        ];
        for (text, wall) in cases {
            assert_eq!(utc(text.as_bytes()), Some(When { wall, zone: Zone::Utc }), "{text}");
        }
        let east = utc(b"2022-05-25T15:25:26+02:00");
        assert_eq!(east, Some(When { wall: wall + 7_200_000_000, zone: Zone::Offset(7_200) }));
        let east = utc(b"5/25/2022 3:25:26 PM +02:00");
        assert_eq!(east, Some(When { wall: wall + 7_200_000_000, zone: Zone::Offset(7_200) }));
        let midnight = utc(b"5/25/2022 12:00:00 AM").map(|when| when.wall);
        assert_eq!(midnight, utc(b"2022-05-25T00:00:00Z").map(|when| when.wall));
        for text in [
            "25/5/2022 13:25:26",
            "5/25/2022",
            "5/25/2022 13:25",
            "5/25/2022 13:25:26 PM",
            "5/25/2022 24:00:00",
            "5/25/2022 1:25:26 PM x",
            "5/25/22 1:25:26 PM",
            "5/25/2022/1 1:25:26 PM",
        ] {
            assert_eq!(utc(text.as_bytes()), None, "{text}");
        }
        for text in ["", "-", "0", "5", "99999999999999999999", "18446744073709551615", "2022-13-25T13:25:26Z", "x"] {
            assert_eq!(utc(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn takes_urls_apart() {
        let cases = [
            ("https://shop.example.com:443/a?b=c:d", "shop.example.com", "/a?b=c:d"),
            (r"https:\/\/shop.example.com\/a", "shop.example.com", r"\/a"),
            ("http://[2001:db8::1]:8080/", "2001:db8::1", "/"),
            ("http://192.0.2.1?x", "192.0.2.1", "?x"),
            ("https://al:secret@shop.example.com:443/x@y", "shop.example.com", "/x@y"),
            ("https://shop.example.com", "shop.example.com", ""),
            ("/a?u=http://x/", "", "/a?u=http://x/"),
            ("", "", ""),
        ];
        for (text, host, path) in cases {
            assert_eq!(url(text.as_bytes()), (host.as_bytes(), path.as_bytes()), "{text}");
        }
    }
}
