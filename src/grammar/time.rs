//! Time stamps. A rule reads the wall time and, where the stamp carries one, its zone; [`Clock`] makes a [`Stamp`] of
//! it.

use super::{Parsed, mismatch};
use jiff::tz::TimeZone;
use std::ops::{Range, RangeInclusive};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(pub i64);

impl Stamp {
    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// A stamp at whole seconds since the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }
}

impl Stamp {
    /// Whether this was read from a stamp without a year: then it is wall time in [`YEARLESS`].
    #[must_use]
    pub const fn is_yearless(self) -> bool {
        const START: i64 = (YEARLESS - 1970) * 365 * 86_400;
        self.seconds() >= START && self.seconds() < START + 366 * 86_400
    }
}

/// What a stamp says of its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// UTC, wherever the writer lived: `Z`, seconds since the epoch.
    Utc,
    /// Seconds east of UTC, where the writer lived.
    Offset(i32),
    /// Nothing: the time is local to the writer.
    Local,
    /// Nothing, and no year either (RFC 3164): the wall time is in [`YEARLESS`].
    Yearless,
}

/// The year that stamps without one are read in: a leap year so early that no log can mean it.
pub const YEARLESS: i64 = 1972;

/// The years that stamps may be of. A report has a window for all times between the first stamp and the last, so that
/// garbage must not become a stamp.
const YEARS: RangeInclusive<i64> = 1990..=2200;

/// The same in microseconds since the epoch.
const SPAN: Range<i64> = 631_152_000_000_000..7_289_654_400_000_000;

/// A time as written: wall time, and what is known of its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// Microseconds since the epoch, had the wall time been UTC.
    pub wall: i64,
    /// How to get from there to UTC.
    pub zone: Zone,
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, or `None` where there is no such day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = *LENGTHS.get(usize::try_from(month - 1).ok()?)? + i64::from(leap && month == 2);
    if !(1..=length).contains(&day) {
        return None;
    }
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil: years begin in March.
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

fn wall(date: (i64, i64, i64), clock: (i64, i64, i64), micros: i64) -> Option<i64> {
    let (hour, minute, second) = clock;
    // 60 is a leap second: it counts as the next minute's first.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some((days(date.0, date.1, date.2)? * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000_000 + micros)
}

fn two(i: &[u8]) -> Option<i64> {
    match i {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        // RFC 3164 pads the day with a space.
        [b' ', b @ b'0'..=b'9', ..] => Some(i64::from(b - b'0')),
        _ => None,
    }
}

fn four(i: &[u8]) -> Option<i64> {
    Some(two(i)? * 100 + two(i.get(2..)?)?)
}

/// A year that logs are written in.
fn year(i: &[u8]) -> Option<i64> {
    four(i).filter(|year| YEARS.contains(year))
}

fn month(i: &[u8]) -> Option<i64> {
    Some(match i.get(..3)? {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

/// `HH:MM:SS`
fn clock(i: &[u8]) -> Option<(i64, i64, i64)> {
    match i {
        [_, _, b':', _, _, b':', _, _, ..] => Some((two(i)?, two(&i[3..])?, two(&i[6..])?)),
        _ => None,
    }
}

/// `+HH:MM`, `+HHMM`, `+HH` or `Z`, as seconds east of UTC; the rest comes first.
fn offset(i: &[u8]) -> Option<(&[u8], i32)> {
    let (sign, rest) = match i {
        [b'Z' | b'z', rest @ ..] => return Some((rest, 0)),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let hours = two(rest)?;
    let (rest, minutes) = match rest.get(2..)? {
        [b':', rest @ ..] if two(rest).is_some() => (&rest[2..], two(rest)?),
        rest if two(rest).is_some() => (&rest[2..], two(rest)?),
        rest => (rest, 0),
    };
    if hours > 15 || minutes > 59 {
        return None;
    }
    Some((rest, sign * i32::try_from(hours * 3_600 + minutes * 60).ok()?))
}

/// `.` or `,` and decimals, as microseconds; nothing is 0.
fn fraction(i: &[u8]) -> (&[u8], i64) {
    let [b'.' | b',', rest @ ..] = i else { return (i, 0) };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return (i, 0);
    }
    let (mut micros, mut unit) = (0, 100_000);
    for &digit in rest[..digits].iter().take(6) {
        micros += i64::from(digit - b'0') * unit;
        unit /= 10;
    }
    (&rest[digits..], micros)
}

fn parsed<'a>(found: Option<(&'a [u8], When)>) -> Parsed<'a, When> {
    match found {
        Some((rest, when)) => Ok((rest, when)),
        None => mismatch(),
    }
}

/// The Common Log Format's time, with milliseconds or a zone or neither:
/// `28/Sep/1970:12:00:00 +0600` (nginx `$time_local`), `06/Feb/2009:12:14:14.655` (HAProxy `%tr`, local to the writer).
pub fn clf(i: &[u8]) -> Parsed<'_, When> {
    parsed((|| {
        let [_, _, b'/', _, _, _, b'/', _, _, _, _, b':', ..] = i else { return None };
        let date = (year(&i[7..])?, month(&i[3..])?, two(i)?);
        let (rest, micros) = fraction(i.get(20..)?);
        let wall = wall(date, clock(&i[12..])?, micros)?;
        match rest {
            [b' ', zone @ ..] if matches!(zone, [b'+' | b'-', ..]) => {
                let (rest, east) = offset(zone)?;
                Some((rest, When { wall, zone: Zone::Offset(east) }))
            }
            rest => Some((rest, When { wall, zone: Zone::Local })),
        }
    })())
}

/// ISO 8601 / RFC 3339, with `T` or a space between date and time; without a zone the time is local to the writer:
/// `2024-06-12T10:09:11.823400+02:00`, `2018-07-02T22:23:00.186641Z`, `2018-12-20T02:59:40`.
pub fn iso(i: &[u8]) -> Parsed<'_, When> {
    parsed((|| {
        let [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't' | b' ', ..] = i else { return None };
        let date = (year(i)?, two(&i[5..])?, two(&i[8..])?);
        let (rest, micros) = fraction(i.get(19..)?);
        let wall = wall(date, clock(&i[11..])?, micros)?;
        match offset(rest) {
            Some((after, _)) if matches!(rest, [b'Z' | b'z', ..]) => Some((after, When { wall, zone: Zone::Utc })),
            Some((rest, east)) => Some((rest, When { wall, zone: Zone::Offset(east) })),
            None => Some((rest, When { wall, zone: Zone::Local })),
        }
    })())
}

/// nginx's error log: `2024/06/12 10:09:11`, local to the server (`ngx_times.c`, `cached_err_log_time`).
pub fn nginx_error(i: &[u8]) -> Parsed<'_, When> {
    parsed((|| {
        let [_, _, _, _, b'/', _, _, b'/', _, _, b' ', ..] = i else { return None };
        let date = (year(i)?, two(&i[5..])?, two(&i[8..])?);
        Some((i.get(19..)?, When { wall: wall(date, clock(&i[11..])?, 0)?, zone: Zone::Local }))
    })())
}

/// C's `asctime`: `Sat Nov 21 02:59:00 2026`, the day padded with a space, local to the writer (`dmesg -T`, uWSGI).
pub fn asctime(i: &[u8]) -> Parsed<'_, When> {
    parsed(asctime_with(i, |rest| (rest, 0)))
}

/// [`asctime`] with decimals behind the seconds, or without: Apache's error log (`log_ctime` in `server/log.c`).
pub fn asctime_micros(i: &[u8]) -> Parsed<'_, When> {
    parsed(asctime_with(i, fraction))
}

/// [`asctime`]; `decimals` reads what may stand between the seconds and the year.
fn asctime_with(i: &[u8], decimals: fn(&[u8]) -> (&[u8], i64)) -> Option<(&[u8], When)> {
    let [_, _, _, b' ', _, _, _, b' ', _, _, b' ', ..] = i else { return None };
    let (month, day, clock) = (month(&i[4..])?, two(&i[8..])?, clock(&i[11..])?);
    let (rest, micros) = decimals(i.get(19..)?);
    let rest = rest.strip_prefix(b" ")?;
    let date = (year(rest)?, month, day);
    Some((rest.get(4..)?, When { wall: wall(date, clock, micros)?, zone: Zone::Local }))
}

/// PHP's logs: `21-Nov-2026 02:57:15`, with microseconds at the level `debug`, local to the writer (`zlog.c`,
/// `zlog_print_time`).
pub fn php(i: &[u8]) -> Parsed<'_, When> {
    parsed((|| {
        let [_, _, b'-', _, _, _, b'-', _, _, _, _, b' ', ..] = i else { return None };
        let date = (year(&i[7..])?, month(&i[3..])?, two(i)?);
        let clock = clock(&i[12..])?;
        let (rest, micros) = fraction(i.get(20..)?);
        Some((rest, When { wall: wall(date, clock, micros)?, zone: Zone::Local }))
    })())
}

/// [`iso`] with the zone behind a space, as Python and Ruby write it: `2026-11-21 02:56:36 +0000`.
pub fn iso_spaced(i: &[u8]) -> Parsed<'_, When> {
    let (rest, when) = iso(i)?;
    match rest {
        [b' ', zone @ ..] if matches!(zone, [b'+' | b'-', ..]) && when.zone == Zone::Local => match offset(zone) {
            Some((rest, east)) => Ok((rest, When { zone: Zone::Offset(east), ..when })),
            None => mismatch(),
        },
        rest => Ok((rest, when)),
    }
}

/// RFC 3164: `Feb  6 12:14:14`, neither year nor zone; `journalctl -o short-precise` adds microseconds.
pub fn syslog(i: &[u8]) -> Parsed<'_, When> {
    parsed((|| {
        let [_, _, _, b' ', _, _, b' ', ..] = i else { return None };
        let date = (YEARLESS, month(i)?, two(&i[4..])?);
        let (rest, micros) = fraction(i.get(15..)?);
        Some((rest, When { wall: wall(date, clock(&i[7..])?, micros)?, zone: Zone::Yearless }))
    })())
}

/// Seconds since the epoch with decimals, as nginx's `$msec`: `1700000000.123`.
pub fn epoch(i: &[u8]) -> Parsed<'_, When> {
    let (rest, micros) = super::number::seconds(i)?;
    match i64::try_from(micros) {
        Ok(wall) if SPAN.contains(&wall) => Ok((rest, When { wall, zone: Zone::Utc })),
        _ => mismatch(),
    }
}

/// Turns wall times into points in time. Remembers the last offset, since neighbouring lines share it.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: TimeZone,
    /// A quarter of an hour of wall time (no zone changes its offset within one), and its offset in seconds.
    last: (i64, i64),
    assumed: bool,
}

impl Clock {
    /// A clock for stamps whose writer lived in `zone`.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        Self { zone, last: (i64::MIN, 0), assumed: false }
    }

    /// The point in time that `when` means. A time that a zone skips or repeats (daylight saving) is resolved as
    /// RFC 5545 does. Stamps without a year stay wall times in [`YEARLESS`], until the year is known.
    pub fn stamp(&mut self, when: When) -> Stamp {
        match when.zone {
            Zone::Utc => Stamp(when.wall),
            Zone::Offset(east) => Stamp(when.wall.saturating_sub(i64::from(east) * 1_000_000)),
            Zone::Local => Stamp(when.wall.saturating_sub(self.offset(when.wall) * 1_000_000)),
            Zone::Yearless => {
                self.assumed = true;
                Stamp(when.wall)
            }
        }
    }

    /// Whether a stamp without a zone has been met: then the report says which zone was assumed.
    #[must_use]
    pub fn assumed(&self) -> bool {
        self.assumed
    }

    fn offset(&mut self, wall: i64) -> i64 {
        self.assumed = true;
        let quarter = wall.div_euclid(900 * 1_000_000);
        if self.last.0 != quarter {
            self.last = (quarter, self.look_up(wall));
        }
        self.last.1
    }

    fn look_up(&self, wall: i64) -> i64 {
        let utc = jiff::Timestamp::from_microsecond(wall).map(|stamp| TimeZone::UTC.to_datetime(stamp));
        let real = utc.and_then(|civil| self.zone.to_ambiguous_timestamp(civil).compatible());
        real.map_or(0, |real| (wall - real.as_microsecond()).div_euclid(1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rule = fn(&[u8]) -> Parsed<'_, When>;

    /// Whether `rule` reads `text` to its end.
    fn reads(rule: Rule, text: &str) -> bool {
        matches!(rule(text.as_bytes()), Ok(([], _)))
    }

    #[test]
    fn years_that_no_log_is_of_are_garbage() {
        let rules: [(Rule, &str); 3] =
            [(clf, "31/Dec/YEAR:23:59:59 +0000"), (iso, "YEAR-12-31T23:59:59Z"), (nginx_error, "YEAR/12/31 23:59:59")];
        for (year, fits) in [
            ("0000", false),
            ("1970", false),
            ("1972", false),
            ("1989", false),
            ("1990", true),
            ("2026", true),
            ("2200", true),
            ("2201", false),
            ("9999", false),
        ] {
            for (rule, text) in rules {
                assert_eq!(reads(rule, &text.replace("YEAR", year)), fits, "{text} of {year}");
            }
        }
        // Without a year it is another rule's.
        assert!(reads(syslog, "Dec 31 23:59:59"));
    }

    #[test]
    fn seconds_since_the_epoch_are_of_the_same_years() {
        let start = |year| days(year, 1, 1).map(|days| days * 86_400_000_000);
        assert_eq!((Some(SPAN.start), Some(SPAN.end)), (start(*YEARS.start()), start(YEARS.end() + 1)));
        for (text, fits) in [
            ("0", false),
            ("60.003", false),
            ("631151999.999", false),
            ("631152000.000", true),
            ("1700000000.123", true),
            ("7289654399.999", true),
            ("7289654400.000", false),
            ("9999999999.000", false),
            ("1700000000123", false),
        ] {
            assert_eq!(reads(epoch, text), fits, "{text}");
        }
    }

    #[test]
    fn reads_what_hosts_write() {
        // 2026-11-21T02:59:07Z is 1795229947.
        let at = |micros: i64, zone| Some(When { wall: 1_795_229_947_000_000 + micros, zone });
        let cases: [(Rule, &str, Option<When>); 18] = [
            (asctime, "Sat Nov 21 02:59:07 2026", at(0, Zone::Local)),
            (asctime, "Wed Nov  4 02:59:07 2026", at(-17 * 86_400_000_000, Zone::Local)),
            (asctime, "Sat Nov 21 02:59:07", None),
            (asctime, "Sat Nov 21 02:59:07 26", None),
            (asctime, "Sat Nov 21 02:59:07.2026", None),
            (asctime, "Sat Nov 21 02:59:07.250000 2026", None),
            (asctime_micros, "Sat Nov 21 02:59:07.250000 2026", at(250_000, Zone::Local)),
            (asctime_micros, "Sat Nov 21 02:59:07 2026", at(0, Zone::Local)),
            (asctime_micros, "Sat Nov 21 02:59:07.2026", None),
            (php, "21-Nov-2026 02:59:07", at(0, Zone::Local)),
            (php, "21-Nov-2026 02:59:07.250000", at(250_000, Zone::Local)),
            (php, "21-11-2026 02:59:07", None),
            (iso_spaced, "2026-11-21 02:59:07 +0530", at(0, Zone::Offset(19_800))),
            (iso_spaced, "2026-11-21 02:59:07 -0800", at(0, Zone::Offset(-28_800))),
            (iso_spaced, "2026-11-21 02:59:07Z", at(0, Zone::Utc)),
            (iso_spaced, "2026-11-21 02:59:07", at(0, Zone::Local)),
            (iso_spaced, "2026-11-21 02:59:07 +xx", None),
            (
                syslog,
                "Nov 21 02:59:07.250000",
                Some(When {
                    wall: days(YEARLESS, 11, 21).map_or(0, |day| (day * 86_400 + 10_747) * 1_000_000 + 250_000),
                    zone: Zone::Yearless,
                }),
            ),
        ];
        for (rule, text, expected) in cases {
            let read = match rule(text.as_bytes()) {
                Ok(([], when)) => Some(when),
                _ => None,
            };
            assert_eq!(read, expected, "{text}");
        }
    }
}
