//! Times in the layouts that people give: those that are known, and `strftime` patterns.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use crate::grammar::number::{millionths, uint};
use crate::grammar::time::{When, YEARLESS, Zone, at_micros, civil, clf, epoch, iso, month, offset};

/// How a time is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// `28/Sep/2026:12:00:00 +0600`, with decimals or without a zone.
    Clf,
    /// `2026-09-28T12:00:00+06:00`
    Iso,
    /// Seconds since the epoch, with decimals or without.
    Epoch,
    /// Seconds since the epoch in hexadecimal digits.
    Hex,
    /// From parts.
    Parts(Box<[Part]>),
}

/// A part of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(Box<[u8]>),
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    Hour,
    HourOfTwelve,
    Half,
    Minute,
    Second,
    /// Decimals of a second.
    Fraction,
    Zone,
    ZoneName,
    /// Nothing: the time is UTC.
    Utc,
    /// The name of a day.
    Name,
    /// A number that tells nothing.
    Number,
    /// Since the epoch, so many to a second.
    Since(u64),
}

use Part::{
    Day, Fraction, Half, Hour, HourOfTwelve, Minute, Month, MonthName, Name, Number, Second, ShortYear, Since, Text,
    Year, ZoneName,
};

impl Stamp {
    /// A stamp of those parts; `None` where they do not tell when.
    pub(super) fn of(parts: Vec<Part>) -> Option<Self> {
        let has = |wanted: &[Part]| parts.iter().any(|part| wanted.contains(part));
        let day = has(&[Day]) && has(&[Month, MonthName]);
        let moment = parts.iter().any(|part| matches!(part, Since(_)));
        if !(moment || day && has(&[Hour, HourOfTwelve])) {
            return None;
        }
        let text = |text: &str| Text(text.as_bytes().into());
        let iso_start = [Year, text("-"), Month, text("-"), Day, text("T"), Hour, text(":"), Minute, text(":"), Second];
        let clf_start =
            [Day, text("/"), MonthName, text("/"), Year, text(":"), Hour, text(":"), Minute, text(":"), Second];
        let is_zone = |rest: &[Part]| rest == [Part::Zone] || rest == [text("Z")];
        if let Some(rest) = parts.strip_prefix(&iso_start[..])
            && (is_zone(rest) || rest.strip_prefix(&[text("."), Fraction][..]).is_some_and(is_zone))
        {
            return Some(Self::Iso);
        }
        if parts.strip_prefix(&clf_start[..]).is_some_and(|rest| rest == [text(" "), Part::Zone]) {
            return Some(Self::Clf);
        }
        Some(if parts == [Since(1)] { Self::Epoch } else { Self::Parts(parts.into()) })
    }

    /// Reads a time; what follows it comes first.
    #[inline(always)]
    pub(super) fn read<'a>(&self, i: &'a [u8]) -> Option<(&'a [u8], When)> {
        match self {
            Self::Clf => clf(i).ok(),
            Self::Iso => iso(i).ok(),
            Self::Epoch => epoch(i).ok(),
            Self::Hex => {
                let digits = i.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                let number = u64::from_str_radix(std::str::from_utf8(&i[..digits]).ok()?, 16).ok()?;
                Some((&i[digits..], at_micros(number.checked_mul(1_000_000)?)?))
            }
            Self::Parts(parts) => read_parts(parts, i),
        }
    }
}

/// How long parts that do not tell when are at the start of `i`; `None` where something else stands there.
pub(super) fn length(parts: &[Part], i: &[u8]) -> Option<usize> {
    let mut civil = Civil::default();
    let rest = parts.iter().try_fold(i, |rest, part| civil.add(part, rest))?;
    Some(i.len() - rest.len())
}

/// What has been read of a time.
#[derive(Default)]
struct Civil {
    year: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: Option<u32>,
    afternoon: Option<bool>,
    minute: Option<u32>,
    second: Option<u32>,
    micros: Option<u64>,
    zone: Option<Zone>,
    since: Option<u64>,
}

fn read_parts<'a>(parts: &[Part], mut i: &'a [u8]) -> Option<(&'a [u8], When)> {
    let mut civil = Civil::default();
    for part in parts {
        i = civil.add(part, i)?;
    }
    Some((i, civil.when()?))
}

impl Civil {
    /// Reads one part; a part that was read before stays.
    fn add<'a>(&mut self, part: &Part, i: &'a [u8]) -> Option<&'a [u8]> {
        let set = |place: &mut Option<u32>, found: Option<(&'a [u8], u32)>| {
            let (rest, value) = found?;
            place.get_or_insert(value);
            Some(rest)
        };
        match part {
            Text(text) => {
                if text.as_ref() == b"Z" && self.zone.is_none() {
                    self.zone = Some(Zone::Utc);
                }
                i.strip_prefix(text.as_ref())
            }
            Year => set(&mut self.year, digits(i, 4)),
            ShortYear => set(&mut self.year, digits(i, 2).map(|(rest, year)| (rest, 2000 + year))),
            Month => set(&mut self.month, digits(i, 2)),
            MonthName => {
                let found = month(i)?;
                let letters = i.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                set(&mut self.month, Some((&i[letters.max(3)..], found)))
            }
            Day => set(&mut self.day, digits(i, 2)),
            Hour | HourOfTwelve => set(&mut self.hour, digits(i, 2)),
            Half => {
                self.afternoon.get_or_insert(matches!(i.first()?, b'P' | b'p'));
                i.get(2..)
            }
            Minute => set(&mut self.minute, digits(i, 2)),
            Second => set(&mut self.second, digits(i, 2)),
            Fraction => {
                let (rest, micros) = i.first()?.is_ascii_digit().then(|| millionths(i))?;
                self.micros.get_or_insert(micros);
                Some(rest)
            }
            Part::Zone => {
                let (rest, east) = offset(i)?;
                self.zone = Some(Zone::Offset(east));
                Some(rest)
            }
            ZoneName => {
                let end = i.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                self.zone = self.zone.or_else(|| named_zone(&i[..end]));
                Some(&i[end..])
            }
            Part::Utc => {
                self.zone = Some(Zone::Utc);
                Some(i)
            }
            Name => Some(&i[i.iter().take_while(|byte| byte.is_ascii_alphabetic()).count()..]),
            Number => uint(i).ok().map(|(rest, _)| rest),
            Since(parts) => {
                let (rest, number) = uint(i).ok()?;
                self.since.get_or_insert(number.checked_mul(1_000_000 / parts)?);
                Some(rest)
            }
        }
    }

    fn when(&self) -> Option<When> {
        let micros = self.micros.unwrap_or(0);
        if let Some(since) = self.since {
            // `%{sec}t.%{usec_frac}t`; milliseconds know their decimals already.
            return at_micros(if since.is_multiple_of(1_000_000) { since.checked_add(micros)? } else { since });
        }
        let [hour, minute, second] = [self.hour, self.minute, self.second].map(|part| part.unwrap_or(0));
        let hour = match self.afternoon {
            None => hour,
            Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        };
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let seconds = hour * 3_600 + minute * 60 + second;
        let date = (self.year.unwrap_or(YEARLESS), self.month?, self.day?);
        let wall = civil(date, seconds, i64::try_from(micros).ok()?)?;
        let zone = match self.zone {
            _ if self.year.is_none() => Zone::Yearless,
            Some(zone) => zone,
            None => Zone::Local,
        };
        Some(When { wall, zone })
    }
}

/// The zone that a name stands for, wherever it is written (RFC 5322, 4.3). Other names mean one zone here and another
/// there.
fn named_zone(name: &[u8]) -> Option<Zone> {
    let hours = match name {
        b"UTC" | b"GMT" | b"Z" => return Some(Zone::Utc),
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        _ => return None,
    };
    Some(Zone::Offset(hours * 3_600))
}

/// Up to `most` digits; a space may stand for the first.
fn digits(i: &[u8], most: usize) -> Option<(&[u8], u32)> {
    let text = i.strip_prefix(b" ").unwrap_or(i);
    let length = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let value = text[..length].iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    (length > 0).then_some((&text[length..], value))
}

/// The parts of a `strftime` pattern; an error names the conversion that is not known.
pub(super) fn strftime(pattern: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut chars) = (Vec::new(), pattern.chars());
    while let Some(char) = chars.next() {
        if char != '%' {
            push_text(&mut parts, char.encode_utf8(&mut [0; 4]));
            continue;
        }
        // What GNU puts between: `%-d`, `%_H`, `%Ey`, HAProxy's `%3N`.
        let conversion = chars.find(|char| !matches!(char, '-' | '_' | '0'..='9' | '^' | '#' | 'E' | 'O'));
        match conversion {
            Some('N' | 'f') => parts.push(Fraction),
            Some(conversion) => add(conversion, &mut parts)?,
            None => return Err("a `%` ends the pattern of a time".to_owned()),
        }
    }
    Ok(parts)
}

fn add(conversion: char, parts: &mut Vec<Part>) -> Result<(), String> {
    let expand = |pattern: &str, parts: &mut Vec<Part>| {
        parts.extend(strftime(pattern)?);
        Ok(())
    };
    let part = match conversion {
        '%' => {
            return {
                push_text(parts, "%");
                Ok(())
            };
        }
        'n' => {
            return {
                push_text(parts, "\n");
                Ok(())
            };
        }
        't' => {
            return {
                push_text(parts, "\t");
                Ok(())
            };
        }
        'F' => return expand("%Y-%m-%d", parts),
        'T' | 'X' => return expand("%H:%M:%S", parts),
        'D' | 'x' => return expand("%m/%d/%y", parts),
        'R' => return expand("%H:%M", parts),
        'r' => return expand("%I:%M:%S %p", parts),
        'c' => return expand("%a %b %e %H:%M:%S %Y", parts),
        '+' => return expand("%a %b %e %H:%M:%S %Z %Y", parts),
        'Y' | 'G' => Year,
        'y' | 'g' => ShortYear,
        'm' => Month,
        'b' | 'B' | 'h' => MonthName,
        'd' | 'e' => Day,
        'H' | 'k' => Hour,
        'I' | 'l' => HourOfTwelve,
        'p' | 'P' => Half,
        'M' => Minute,
        'S' => Second,
        'z' => Part::Zone,
        'Z' => ZoneName,
        'a' | 'A' => Name,
        's' => Since(1),
        'C' | 'j' | 'u' | 'w' | 'U' | 'V' | 'W' => Number,
        other => return Err(format!("`%{other}` is nothing that strftime knows")),
    };
    parts.push(part);
    Ok(())
}

/// Appends text.
pub(super) fn push_text(parts: &mut Vec<Part>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Text(last)) = parts.last_mut() {
        *last = [last, text.as_bytes()].concat().into();
        return;
    }
    parts.push(Text(text.as_bytes().into()));
}
