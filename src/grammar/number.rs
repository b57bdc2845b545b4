//! Numbers: counts, statuses, times.
#![allow(clippy::inline_always, reason = "short and in every field: measured, see `find`")]

use super::eight::{bytes, first_eight, not_digits};
use super::{Parsed, find, mismatch};
use std::num::NonZeroU32;

/// A duration in microseconds.
pub type Micros = u64;

/// Decimal digits, at least one, that fit into 64 bits: `2750`.
#[inline(always)]
pub fn uint(i: &[u8]) -> Parsed<'_, u64> {
    match Digits::at(i) {
        Some(Digits { count: 0, .. }) => mismatch(),
        Some(digits) => Ok((&i[digits.count..], digits.value())),
        None => long_uint(i),
    }
}

/// What follows the digits that `i` begins with, of which there are one to seven.
#[inline(always)]
#[must_use]
pub fn behind_digits(i: &[u8]) -> Option<&[u8]> {
    let count = not_digits(first_eight(i) ^ bytes(b'0')).trailing_zeros() as usize / 8;
    if matches!(count, 1..8) { Some(&i[count..]) } else { None }
}

/// [`uint`] of eight digits or more: of up to fifteen, such as the seconds since the epoch are, in two looks.
fn long_uint(i: &[u8]) -> Parsed<'_, u64> {
    const TENS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];
    if let Some((first, behind)) = i.split_first_chunk()
        && let Some(digits) = Digits::at(behind)
    {
        let first = eight_digits(u64::from_le_bytes(*first) ^ bytes(b'0'));
        return Ok((&behind[digits.count..], first * TENS[digits.count] + digits.value()));
    }
    longer_uint(i)
}

/// [`uint`] of any length.
fn longer_uint(i: &[u8]) -> Parsed<'_, u64> {
    let digits = i.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return mismatch();
    }
    let mut value = 0_u64;
    for &digit in &i[..digits] {
        match value.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0'))) {
            Some(next) => value = next,
            None => return mismatch(),
        }
    }
    Ok((&i[digits..], value))
}

/// Up to seven digits in the bytes of a number, read at once: no loop, whose end no processor can foresee.
#[derive(Clone, Copy)]
struct Digits {
    /// How many there are, from 0 to 7.
    count: usize,
    /// What each stands for, the first one lowest; what is no digit is 0.
    each: u64,
}

impl Digits {
    /// The digits that `i` begins with; `None` where there are more than seven.
    #[inline(always)]
    fn at(i: &[u8]) -> Option<Self> {
        let each = first_eight(i) ^ bytes(b'0');
        let count = not_digits(each).trailing_zeros() as usize / 8;
        if count == 8 {
            return None;
        }
        Some(Self { count, each: each & ((1 << (8 * count)) - 1) })
    }

    /// As a whole number.
    #[inline(always)]
    const fn value(self) -> u64 {
        // Zeros before it.
        if self.count == 0 { 0 } else { eight_digits(self.each << (64 - 8 * self.count)) }
    }

    /// As the decimals of a number, in millionths; a seventh is dropped.
    #[inline(always)]
    const fn millionths(self) -> u64 {
        eight_digits(self.each) / 100
    }
}

/// The number that eight digits make, the first one, the lowest byte, counting most: pairs, then fours, then all.
#[inline(always)]
const fn eight_digits(each: u64) -> u64 {
    let pairs = each.wrapping_mul(10).wrapping_add(each >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF
}

/// The last of `N` numbers with `separator` between, a space behind it: 67 of `0/0/1/66/67 `. `None` where they are
/// written in any other way, or where they are so long that they must be read one by one.
#[inline(always)]
#[must_use]
pub fn last_of_row<const N: usize>(i: &[u8], separator: u8) -> Option<(&[u8], u64)> {
    match i.first_chunk() {
        Some(whole) => last_in(i, whole, separator, N),
        None => {
            let mut padded = [0; ROW];
            padded[..i.len()].copy_from_slice(i);
            last_in(i, &padded, separator, N)
        }
    }
}

/// How far a row may reach, and seven bytes behind it.
const ROW: usize = 40;

/// [`last_of_row`] in the first bytes of `i`, of `count` numbers.
#[inline(always)]
fn last_in<'a>(i: &'a [u8], window: &[u8; ROW], separator: u8, count: usize) -> Option<(&'a [u8], u64)> {
    let (chunks, _) = window.as_chunks();
    let digits = find::digits(&chunks[0]) | find::digits(&chunks[1]) << 16;
    let marks = find::mask(&chunks[0], separator) | find::mask(&chunks[1], separator) << 16;
    let length = NonZeroU32::new(!(digits | marks))?.trailing_zeros();
    let end = 1 << length;
    let within = marks & (end - 1);
    // As many marks as it takes, a number before each, and one behind the last.
    let last_mark = (2..count).fold(within, |left, _| left & left.wrapping_sub(1));
    let is_row = last_mark.is_power_of_two() && (within | end) & (within << 1 | 1) == 0;
    let start = last_mark.trailing_zeros() + 1;
    // So that no number is of more than 19 digits, which may be one too many, and the last of no more than eight.
    let is_short = length <= 19 + 2 * (count as u32 - 1) && length <= start + 8;
    if !is_row || window[length as usize] != b' ' || !is_short {
        return None;
    }
    let each = u64::from_le_bytes(*window[start as usize..].first_chunk()?) ^ bytes(b'0');
    Some((&i[length as usize..], eight_digits(each << (8 * (8 - (length - start))))))
}

/// An HTTP status as proxies write it: exactly three digits (nginx writes `000` and `009` too).
#[inline(always)]
pub fn status(i: &[u8]) -> Parsed<'_, u16> {
    match i {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..]
            if !rest.first().is_some_and(u8::is_ascii_digit) =>
        {
            Ok((rest, u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')))
        }
        _ => mismatch(),
    }
}

/// Seconds with any number of decimals, as microseconds: `60.003` is 60,003,000. Decimals past the sixth are dropped.
#[inline(always)]
pub fn seconds(i: &[u8]) -> Parsed<'_, Micros> {
    match few_seconds(i) {
        Some(millis) => Ok((&i[5..], millis * 1_000)),
        None => any_seconds(i),
    }
}

/// What nearly all durations are, `0.003`, in milliseconds.
#[inline(always)]
fn few_seconds(i: &[u8]) -> Option<u64> {
    const POINT: u64 = (b'.' ^ b'0') as u64;
    // The highest bits of six bytes, and those of the two among them that are no digits.
    const SIX: u64 = 0x8080_8080_8080;
    const OTHERS: u64 = 0x8000_0000_8000;
    let each = first_eight(i) ^ bytes(b'0');
    if not_digits(each) & SIX != OTHERS || each >> 8 & 0xFF != POINT {
        return None;
    }
    let four = (each & 0xFF) | (each >> 8 & 0xFFFF_FF00);
    let pairs = (four * 10 + (four >> 8)) & 0x00FF_00FF;
    Some((pairs & 0xFF) * 100 + (pairs >> 16))
}

fn any_seconds(i: &[u8]) -> Parsed<'_, Micros> {
    let (rest, whole) = uint(i)?;
    let Some(micros) = whole.checked_mul(1_000_000) else { return mismatch() };
    let [b'.', fraction @ ..] = rest else { return Ok((rest, micros)) };
    let (rest, fraction) = millionths(fraction);
    Ok((rest, micros.saturating_add(fraction)))
}

/// Decimals behind a point, any number of them, in millionths: `25` is 250,000. None are 0.
#[inline(always)]
pub fn millionths(i: &[u8]) -> (&[u8], u64) {
    // Mostly there are three.
    let each = first_eight(i) ^ bytes(b'0');
    if not_digits(each) & 0x8080_8080 == 0x8000_0000 {
        let thousandths = (each & 0xFF) * 100 + (each >> 8 & 0xFF) * 10 + (each >> 16 & 0xFF);
        return (&i[3..], thousandths * 1_000);
    }
    match Digits::at(i) {
        Some(digits) => (&i[digits.count..], digits.millionths()),
        None => long_millionths(i),
    }
}

fn long_millionths(i: &[u8]) -> (&[u8], u64) {
    let digits = i.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (mut micros, mut unit) = (0, 100_000);
    for &digit in i[..digits].iter().take(6) {
        micros += u64::from(digit - b'0') * unit;
        unit /= 10;
    }
    (&i[digits..], micros)
}

/// A whole value that `rule` reads without a rest; `None` otherwise, as for `-`, `-1` and empty text.
#[inline(always)]
pub fn whole<'a, T>(value: &'a [u8], rule: impl Fn(&'a [u8]) -> Parsed<'a, T>) -> Option<T> {
    match rule(value) {
        Ok(([], read)) => Some(read),
        _ => None,
    }
}

/// The three small numbers that these parts are: those of a date or of a time of day.
pub fn three<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Option<[u32; 3]> {
    let mut parts = parts.into_iter();
    let mut next = || {
        let part = parts.next().filter(|part| part.len() <= 4)?;
        whole(part, uint).and_then(|number| u32::try_from(number).ok())
    };
    let numbers = [next()?, next()?, next()?];
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_numbers_wherever_they_end() {
        let cases: [(&str, Option<u64>); 14] = [
            ("0", Some(0)),
            ("7", Some(7)),
            ("0042", Some(42)),
            ("1234567", Some(1_234_567)),
            ("12345678", Some(12_345_678)),
            ("123456789", Some(123_456_789)),
            ("123456789012345", Some(123_456_789_012_345)),
            ("1234567890123456", Some(1_234_567_890_123_456)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("-1", None),
            ("\u{80}1", None),
            ("/1", None),
        ];
        for (text, value) in cases {
            for after in ["", " ", "/", ":::::::::", ".5 and more", "\u{ff}\u{ff}\u{ff}\u{ff}"] {
                let line = format!("{text}{after}");
                let read = uint(line.as_bytes()).ok();
                assert_eq!(read, value.map(|value| (after.as_bytes(), value)), "{line}");
            }
        }
    }

    #[test]
    fn reads_seconds_wherever_they_end() {
        let cases: [(&str, Option<u64>); 13] = [
            ("60.003", Some(60_003_000)),
            ("0.003", Some(3_000)),
            ("9.876", Some(9_876_000)),
            ("1.2345", Some(1_234_500)),
            ("0.000", Some(0)),
            ("5", Some(5_000_000)),
            ("5.", Some(5_000_000)),
            ("0.1234567", Some(123_456)),
            ("0.12345678", Some(123_456)),
            ("0.123456789012", Some(123_456)),
            ("0.9", Some(900_000)),
            (".5", None),
            ("18446744073710.6", None),
        ];
        for (text, value) in cases {
            for after in ["", " ", "\" and more", "s, 0.001"] {
                let line = format!("{text}{after}");
                let read = seconds(line.as_bytes()).ok();
                let expected = value.map(|value| (after.as_bytes(), value));
                // The whole part alone is too large.
                assert!(read == expected || value.is_none() && read.is_none(), "{line}: {read:?}");
            }
        }
    }

    #[test]
    fn three_are_neither_two_nor_four() {
        let of = |text: &str| three(text.as_bytes().split(|byte| *byte == b'/'));
        for (text, expected) in [
            ("11/27/2026", Some([11, 27, 2026])),
            ("0/00/0000", Some([0, 0, 0])),
            ("11/27", None),
            ("11/27/2026/1", None),
            ("11/27/20261", None),
            ("11//2026", None),
            ("11/x/2026", None),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_the_last_of_a_row() {
        let last = |text: &str| last_of_row::<5>(text.as_bytes(), b'/').map(|(rest, value)| (rest.len(), value));
        let rest = " 200 11262 - - ---- 73/73/10/2/0 0/0";
        for (numbers, value) in [
            ("0/0/0/10/10", Some(10)),
            ("0/0/0/10/0", Some(0)),
            ("12345678/0/1/66/12345679", Some(12_345_679)),
            ("1234567890123456789/0/1/6/7", Some(7)),
            ("12345678901234567890/0/1/6/7", None),
            ("0/0/1/66/12345678", Some(12_345_678)),
            ("0/0/1/66/123456789", None),
            ("0/0/-1/-1/3000", None),
            ("0/0/0/10/+10", None),
            ("0/0/0/10", None),
            ("0/0/0/10/10/1", None),
            ("0/0//10/10", None),
            ("/0/0/10/10", None),
            ("0/0/0/10/", None),
            ("1234567/1234567/1234567/1234567/1", None),
            ("", None),
        ] {
            assert_eq!(last(&format!("{numbers}{rest}")), value.map(|value| (rest.len(), value)), "{numbers}");
        }
        assert_eq!(last("0/0/0/10/10x and more than that, much more"), None);
        assert_eq!(last("0/0/0/10/10 "), Some((1, 10)));
        assert_eq!(last("0/0/0/10/10"), None);
    }

    proptest! {
        #[test]
        fn short_and_long_agree(bytes in prop::collection::vec(prop_oneof![b'0'..=b'9', any::<u8>()], 0..24)) {
            prop_assert_eq!(uint(&bytes).ok(), longer_uint(&bytes).ok());
            prop_assert_eq!(millionths(&bytes), long_millionths(&bytes));
        }

        #[test]
        fn long_and_longer_agree(text in "[0-9]{0,24}[ /.]?") {
            prop_assert_eq!(uint(text.as_bytes()).ok(), longer_uint(text.as_bytes()).ok());
        }

        #[test]
        fn digits_end_where_a_number_does(text in "[0-9]{0,10}[ /]?") {
            let behind = uint(text.as_bytes()).ok().map(|(rest, _)| rest);
            let short = behind.filter(|behind| text.len() - behind.len() < 8);
            prop_assert_eq!(behind_digits(text.as_bytes()), short);
        }

        #[test]
        fn few_and_any_seconds_agree(text in "[0-9./]{1,2}[0-9.]{0,6}[ \"]?") {
            prop_assert_eq!(seconds(text.as_bytes()).ok(), any_seconds(text.as_bytes()).ok());
        }
    }
}
