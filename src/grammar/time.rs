//! Time stamps. A rule reads the wall time and, where the stamp carries one, its zone; [`Clock`] makes a [`Stamp`] of
//! it.
#![allow(clippy::inline_always, reason = "in every line, some twice: measured, see `find`")]

use super::number::millionths;
use super::{Parsed, mismatch};
use jiff::tz::TimeZone;
use std::{cell::Cell, ops::Range, thread::LocalKey};

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
        const DAY: i64 = 86_400 * 1_000_000;
        const START: i64 = (YEARLESS as i64 - 1970) * 365 * DAY;
        self.0 >= START && self.0 < START + 366 * DAY
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
pub const YEARLESS: u32 = 1972;

/// Whether a stamp may be of that year, where it says so: 1970 is that of clocks that nobody has set. No time zone
/// takes one of the others to [`YEARLESS`].
const fn is_year(year: u32) -> bool {
    matches!(year, 1970 | 1974..=2200)
}

/// What numbers may be stamps, in microseconds since the epoch: from the start of 1990 to the end of 2200. Smaller ones
/// mean something else, mostly durations.
const SPAN: Range<i64> = 631_152_000_000_000..7_289_654_400_000_000;

/// A time as written: wall time, and what is known of its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// Microseconds since the epoch, had the wall time been UTC.
    pub wall: i64,
    /// How to get from there to UTC.
    pub zone: Zone,
}

/// Days of a year before each of its months.
const BEFORE: [u32; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/// Days from 0001-01-01 to 1970-01-01.
const EPOCH: i64 = 719_162;

/// Days from 1970-01-01 to a day of the Gregorian calendar, or `None` where there is no such day.
#[inline(always)]
fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    let at = month.wrapping_sub(1) as usize;
    let (before, after) = (*BEFORE.get(at)?, *BEFORE.get(at + 1)?);
    // Of multiples of 4, those of 25 are multiples of 100, and those of 16 then of 400.
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(25) || year.is_multiple_of(16));
    if day == 0 || day > after - before + u32::from(leap && month == 2) {
        return None;
    }
    let past = year.saturating_sub(1);
    let leap_days = past / 4 - past / 100 + past / 400 + u32::from(leap && month > 2);
    Some(i64::from(past * 365 + leap_days + before + day - 1) - EPOCH)
}

/// Year, month and day.
type Date = (u32, u32, u32);

/// The last date that a rule has read: its text, and its first moment in microseconds since the epoch. Neighbouring
/// lines mostly share it, and telling that two texts are the same is far quicker than to read one.
#[derive(Clone, Copy)]
struct LastDate {
    /// Two parts of the text, which may overlap.
    text: [u64; 2],
    midnight: i64,
}

impl LastDate {
    /// No text that a rule would ask for.
    const NONE: Self = Self { text: [0; 2], midnight: 0 };
}

thread_local! {
    static LAST_CLF: Cell<LastDate> = const { Cell::new(LastDate::NONE) };
    static LAST_ISO: Cell<LastDate> = const { Cell::new(LastDate::NONE) };
    static LAST_SYSLOG: Cell<LastDate> = const { Cell::new(LastDate::NONE) };
    /// The last offset of six bytes, as text and in seconds.
    static LAST_OFFSET: Cell<(u64, i32)> = const { Cell::new((0, 0)) };
}

/// The first moment of the date that `text` is, unless `last` knows it read by `date`.
#[inline(always)]
fn midnight(
    last: &'static LocalKey<Cell<LastDate>>,
    text: [u64; 2],
    date: impl FnOnce() -> Option<Date>,
) -> Option<i64> {
    let known = last.get();
    // Not as arrays: those would be compared in memory, and wait to get there.
    let differs = (known.text[0] ^ text[0]) | (known.text[1] ^ text[1]);
    if differs == 0 { Some(known.midnight) } else { new_midnight(last, text, date()?) }
}

#[cold]
fn new_midnight(last: &'static LocalKey<Cell<LastDate>>, text: [u64; 2], date: Date) -> Option<i64> {
    let midnight = wall(date, 0, 0)?;
    last.set(LastDate { text, midnight });
    Some(midnight)
}

/// Eight of a stamp's bytes, from `at` on.
#[inline(always)]
fn eight<const N: usize>(stamp: &[u8; N], at: usize) -> u64 {
    // Known when this is compiled: nothing is left to be looked up.
    stamp[at..].first_chunk().map_or(0, |text| u64::from_le_bytes(*text))
}

/// `seconds` of that day, and `micros` more, in microseconds since the epoch.
fn wall((year, month, day): Date, seconds: u32, micros: i64) -> Option<i64> {
    Some((days(year, month, day)? * 86_400 + i64::from(seconds)) * 1_000_000 + micros)
}

/// The wall time of a date and so many seconds of its day, in microseconds since the epoch, for stamps that are put
/// together from parts; `None` where there is no such day, and in years that no log is of but [`YEARLESS`].
#[must_use]
pub fn civil(date: (u32, u32, u32), seconds: u32, micros: i64) -> Option<i64> {
    let year = date.0;
    wall(date, seconds, micros).filter(|_| is_year(year) || year == YEARLESS)
}

/// The point in time that lies so many microseconds behind the epoch, if logs can be of it.
#[must_use]
pub fn at_micros(micros: u64) -> Option<When> {
    let wall = i64::try_from(micros).ok().filter(|wall| SPAN.contains(wall))?;
    Some(When { wall, zone: Zone::Utc })
}

/// So many seconds and microseconds after `midnight`.
#[inline(always)]
fn after(midnight: i64, seconds: u32, micros: i64) -> i64 {
    midnight + i64::from(seconds) * 1_000_000 + micros
}

#[inline(always)]
fn two(i: &[u8]) -> Option<u32> {
    match i {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        // RFC 3164 pads the day with a space.
        [b' ', b @ b'0'..=b'9', ..] => Some(u32::from(b - b'0')),
        _ => None,
    }
}

/// A year that logs are written in.
#[inline(always)]
fn year(i: &[u8]) -> Option<u32> {
    let year = two(i)? * 100 + two(i.get(2..)?)?;
    is_year(year).then_some(year)
}

/// The number of the month whose English name `i` begins with, by its first three letters, whatever their case: in some
/// locales `strftime` writes small ones.
#[inline(always)]
#[must_use]
pub fn month(i: &[u8]) -> Option<u32> {
    const fn name(text: [u8; 3]) -> u32 {
        u32::from_le_bytes([text[0], text[1], text[2], 0]) | 0x0020_2020
    }
    const NAMES: [u32; 12] = [
        name(*b"Jan"),
        name(*b"Feb"),
        name(*b"Mar"),
        name(*b"Apr"),
        name(*b"May"),
        name(*b"Jun"),
        name(*b"Jul"),
        name(*b"Aug"),
        name(*b"Sep"),
        name(*b"Oct"),
        name(*b"Nov"),
        name(*b"Dec"),
    ];
    let written = name(*i.first_chunk()?);
    (1..).zip(NAMES).find(|month| month.1 == written).map(|month| month.0)
}

/// `HH:MM:SS` as seconds of the day. 60 is a leap second: it counts as the next minute's first.
#[inline(always)]
fn clock(text: u64) -> Option<u32> {
    const ZERO: u64 = u64::from_le_bytes(*b"00:00:00");
    /// What brings a byte over 127 that is too high in its place: over 9 for a digit, over 0 for a colon.
    const ROOM: u64 = u64::from_le_bytes([118, 118, 127, 118, 118, 127, 118, 118]);
    const HIGH: u64 = u64::MAX / 255 * 128;
    let each = text ^ ZERO;
    if (((each & !HIGH) + ROOM) | each) & HIGH != 0 {
        return padded_clock(text.to_le_bytes());
    }
    // Tens and ones, where each pair begins.
    let pairs = each.wrapping_mul(10).wrapping_add(each >> 8);
    let pair = |at: u32| u32::from((pairs >> at) as u8);
    seconds_of_day(pair(0), pair(24), pair(48))
}

/// The [`clock`] that begins at `at`.
fn clock_at(i: &[u8], at: usize) -> Option<u32> {
    i.get(at..)?.first_chunk().and_then(|text| clock(u64::from_le_bytes(*text)))
}

/// ` 9:05:00`: with spaces for zeros.
#[cold]
fn padded_clock(text: [u8; 8]) -> Option<u32> {
    match &text {
        [hour @ .., b':', _, _, b':', _, _] => seconds_of_day(two(hour)?, two(&text[3..])?, two(&text[6..])?),
        _ => None,
    }
}

#[inline(always)]
fn seconds_of_day(hour: u32, minute: u32, second: u32) -> Option<u32> {
    (hour <= 23 && minute <= 59 && second <= 60).then_some(hour * 3_600 + minute * 60 + second)
}

/// `+HH:MM`, `+HHMM`, `+HH` or `Z`, as seconds east of UTC; the rest comes first.
#[inline(always)]
#[must_use]
pub fn offset(i: &[u8]) -> Option<(&[u8], i32)> {
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
#[inline(always)]
fn fraction(i: &[u8]) -> (&[u8], i64) {
    match i {
        [b'.' | b',', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => {
            let (rest, micros) = millionths(rest);
            (rest, micros.cast_signed())
        }
        _ => (i, 0),
    }
}

#[inline(always)]
fn parsed<'a>(found: Option<(&'a [u8], When)>) -> Parsed<'a, When> {
    match found {
        Some((rest, when)) => Ok((rest, when)),
        None => mismatch(),
    }
}

/// The Common Log Format's time, with milliseconds or a zone or neither:
/// `28/Sep/1970:12:00:00 +0600` (nginx `$time_local`), `06/Feb/2009:12:14:14.655` (HAProxy `%tr`, local to the writer).
#[inline(always)]
pub fn clf(i: &[u8]) -> Parsed<'_, When> {
    parsed(read_clf(i))
}

#[inline(always)]
fn read_clf(i: &[u8]) -> Option<(&[u8], When)> {
    let stamp = i.first_chunk::<20>()?;
    let [_, _, b'/', _, _, _, b'/', _, _, _, _, b':', ..] = stamp else { return short_clf(i) };
    let date = || Some((year(&i[7..])?, month(&i[3..])?, two(i)?));
    let midnight = midnight(&LAST_CLF, [eight(stamp, 0), eight(stamp, 3)], date)?;
    clf_after(after(midnight, clock(eight(stamp, 12))?, 0), &i[20..])
}

/// [`read_clf`] where the day has one digit, as no server writes it, but people and their programs do:
/// `1/Apr/2014:00:00:01 -0500`.
#[cold]
fn short_clf(i: &[u8]) -> Option<(&[u8], When)> {
    let [day @ b'1'..=b'9', b'/', _, _, _, b'/', _, _, _, _, b':', ..] = i else { return None };
    let date = (year(&i[6..])?, month(&i[2..])?, u32::from(day - b'0'));
    clf_after(wall(date, clock_at(i, 11)?, 0)?, i.get(19..)?)
}

/// What may follow the seconds, which are `wall`: milliseconds, a zone.
#[inline(always)]
fn clf_after(wall: i64, i: &[u8]) -> Option<(&[u8], When)> {
    let (rest, micros) = fraction(i);
    let wall = wall + micros;
    match rest {
        [b' ', b'+' | b'-', ..] => {
            let (rest, east) = spaced_offset(rest)?;
            Some((rest, When { wall, zone: Zone::Offset(east) }))
        }
        rest => Some((rest, When { wall, zone: Zone::Local })),
    }
}

/// ` +HHMM` and what else [`offset`] reads behind a space, unless it is that of the last line.
#[inline(always)]
fn spaced_offset(i: &[u8]) -> Option<(&[u8], i32)> {
    // Six bytes of the eight.
    let Some(text) = i.first_chunk().map(|text| u64::from_le_bytes(*text) << 16) else { return offset(&i[1..]) };
    let known = LAST_OFFSET.get();
    if known.0 == text { Some((&i[6..], known.1)) } else { new_offset(text, i) }
}

#[cold]
fn new_offset(text: u64, i: &[u8]) -> Option<(&[u8], i32)> {
    let (rest, east) = offset(&i[1..])?;
    if i.len() - rest.len() == 6 {
        LAST_OFFSET.set((text, east));
    }
    Some((rest, east))
}

/// ISO 8601 / RFC 3339, with `T` or a space between date and time; without a zone the time is local to the writer:
/// `2024-06-12T10:09:11.823400+02:00`, `2018-07-02T22:23:00.186641Z`, `2018-12-20T02:59:40`.
#[inline(always)]
pub fn iso(i: &[u8]) -> Parsed<'_, When> {
    parsed(read_iso(i))
}

#[inline(always)]
fn read_iso(i: &[u8]) -> Option<(&[u8], When)> {
    let stamp = i.first_chunk::<19>()?;
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'T' | b't' | b' ', ..] = stamp else { return None };
    let date = || Some((year(i)?, two(&i[5..])?, two(&i[8..])?));
    let midnight = midnight(&LAST_ISO, [eight(stamp, 0), eight(stamp, 2)], date)?;
    let (rest, micros) = fraction(&i[19..]);
    let wall = after(midnight, clock(eight(stamp, 11))?, micros);
    match offset(rest) {
        Some((after, _)) if matches!(rest, [b'Z' | b'z', ..]) => Some((after, When { wall, zone: Zone::Utc })),
        Some((rest, east)) => Some((rest, When { wall, zone: Zone::Offset(east) })),
        None => Some((rest, When { wall, zone: Zone::Local })),
    }
}

/// [`iso`] whose date and time stand apart: `2026-11-27`, `08:00:10` or `08:00:10.128`.
#[inline(always)]
#[must_use]
pub fn iso_apart(date: &[u8], time: &[u8]) -> Option<When> {
    let text = <&[u8; 10]>::try_from(date).ok()?;
    let [_, _, _, _, b'-', _, _, b'-', _, _] = text else { return None };
    let read = || Some((year(date)?, two(&date[5..])?, two(&date[8..])?));
    let midnight = midnight(&LAST_ISO, [eight(text, 0), eight(text, 2)], read)?;
    let seconds = clock(u64::from_le_bytes(*time.first_chunk()?))?;
    let (rest, micros) = fraction(&time[8..]);
    let wall = after(midnight, seconds, micros);
    match offset(rest) {
        None if rest.is_empty() => Some(When { wall, zone: Zone::Local }),
        Some(([], east)) => Some(When { wall, zone: Zone::Offset(east) }),
        _ => None,
    }
}

/// nginx's error log: `2024/06/12 10:09:11`, local to the server (`ngx_times.c`, `cached_err_log_time`).
#[inline(always)]
pub fn nginx_error(i: &[u8]) -> Parsed<'_, When> {
    parsed(read_nginx_error(i))
}

#[inline(always)]
fn read_nginx_error(i: &[u8]) -> Option<(&[u8], When)> {
    let [_, _, _, _, b'/', _, _, b'/', _, _, b' ', ..] = i else { return None };
    let date = (year(i)?, two(&i[5..])?, two(&i[8..])?);
    Some((i.get(19..)?, When { wall: wall(date, clock_at(i, 11)?, 0)?, zone: Zone::Local }))
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
    let (month, day, clock) = (month(&i[4..])?, two(&i[8..])?, clock_at(i, 11)?);
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
        let clock = clock_at(i, 12)?;
        let (rest, micros) = fraction(i.get(20..)?);
        Some((rest, When { wall: wall(date, clock, micros)?, zone: Zone::Local }))
    })())
}

/// A zone on its own: `+0200`, `+02:00`.
pub fn east(i: &[u8]) -> Parsed<'_, Zone> {
    match offset(i) {
        Some((rest, east)) => Ok((rest, Zone::Offset(east))),
        None => mismatch(),
    }
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
#[inline(always)]
pub fn syslog(i: &[u8]) -> Parsed<'_, When> {
    parsed(read_syslog(i))
}

#[inline(always)]
fn read_syslog(i: &[u8]) -> Option<(&[u8], When)> {
    let stamp = i.first_chunk::<15>()?;
    let [_, _, _, b' ', _, _, b' ', ..] = stamp else { return None };
    let date = || Some((YEARLESS, month(i)?, two(&i[4..])?));
    // Seven bytes, and what no other text has behind them.
    let midnight = midnight(&LAST_SYSLOG, [eight(stamp, 0) << 8, 1], date)?;
    let (rest, micros) = fraction(&i[15..]);
    Some((rest, When { wall: after(midnight, clock(eight(stamp, 7))?, micros), zone: Zone::Yearless }))
}

/// Seconds since the epoch with decimals, as nginx's `$msec`: `1700000000.123`.
pub fn epoch(i: &[u8]) -> Parsed<'_, When> {
    let (rest, micros) = super::number::seconds(i)?;
    parsed(at_micros(micros).map(|when| (rest, when)))
}

/// A whole number or decimal of seconds, or a whole number of milliseconds, microseconds or nanoseconds since the
/// epoch: its size tells which, for years that logs are of.
pub fn since_epoch(i: &[u8]) -> Parsed<'_, When> {
    let (rest, count) = super::number::uint(i)?;
    let wall = match i.len() - rest.len() {
        13 => count.checked_mul(1_000),
        16 => Some(count),
        19 => Some(count / 1_000),
        _ => return epoch(i),
    };
    parsed(wall.and_then(at_micros).map(|when| (rest, when)))
}

/// A quarter of an hour in microseconds.
const QUARTER: i64 = 900 * 1_000_000;

/// Turns wall times into points in time. Remembers the last offset, since neighbouring lines share it.
#[derive(Debug, Clone)]
pub struct Clock {
    zone: TimeZone,
    /// The start of a quarter of an hour of wall time (no zone changes its offset within one), and its offset, both in
    /// microseconds.
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
    #[inline(always)]
    pub fn stamp(&mut self, when: When) -> Stamp {
        match when.zone {
            Zone::Utc => Stamp(when.wall),
            Zone::Offset(east) => Stamp(when.wall.saturating_sub(i64::from(east) * 1_000_000)),
            Zone::Local => Stamp(when.wall.saturating_sub(self.offset(when.wall))),
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

    /// In microseconds.
    #[inline(always)]
    fn offset(&mut self, wall: i64) -> i64 {
        self.assumed = true;
        if wall.wrapping_sub(self.last.0).cast_unsigned() >= QUARTER.cast_unsigned() {
            self.last = (wall - wall.rem_euclid(QUARTER), self.look_up(wall) * 1_000_000);
        }
        self.last.1
    }

    #[cold]
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
            ("1969", false),
            ("1970", true),
            ("1971", false),
            ("1972", false),
            ("1973", false),
            ("1974", true),
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
    fn date_and_time_may_stand_apart() {
        for (date, time) in [
            ("2026-11-21", "02:59:07"),
            ("2026-11-21", "02:59:07.25"),
            ("2026-11-21", "02:59:07+02:00"),
            ("2026-11-21", "02:59:07x"),
            ("2026-11-21", "02:59"),
            ("2026-11-21", "24:59:07"),
            ("2026-11-31", "02:59:07"),
            ("2026/11/21", "02:59:07"),
            ("26-11-21", "02:59:07"),
            ("", ""),
        ] {
            let together = format!("{date} {time}");
            let together = super::super::number::whole(together.as_bytes(), iso);
            assert_eq!(iso_apart(date.as_bytes(), time.as_bytes()), together, "{date} {time}");
        }
    }

    #[test]
    fn seconds_since_the_epoch_are_of_the_same_years() {
        let start = |year| days(year, 1, 1).map(|days| days * 86_400_000_000);
        assert_eq!((Some(SPAN.start), Some(SPAN.end)), (start(1990), start(2201)));
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
    fn the_day_of_the_common_log_format_may_have_one_digit() {
        let at = |wall, zone| Some(When { wall, zone });
        // 2026-11-04T02:59:07Z is 1793761147.
        for (text, expected) in [
            ("4/Nov/2026:02:59:07 +0000", at(1_793_761_147_000_000, Zone::Offset(0))),
            ("04/Nov/2026:02:59:07 +0000", at(1_793_761_147_000_000, Zone::Offset(0))),
            ("4/Nov/2026:02:59:07.250 -0500", at(1_793_761_147_250_000, Zone::Offset(-18_000))),
            ("4/Nov/2026:02:59:07 ", None),
            ("4/Nov/2026:02:59:0 +0000", None),
            ("0/Nov/2026:02:59:07 +0000", None),
            ("/Nov/2026:02:59:07 +0000", None),
            ("4/11/2026:02:59:07 +0000", None),
        ] {
            let read = match clf(text.as_bytes()) {
                Ok(([], when)) => Some(when),
                _ => None,
            };
            assert_eq!(read, expected, "{text}");
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
