//! Numbers: counts, statuses, times.

use super::{Parsed, mismatch};

/// A duration in microseconds.
pub type Micros = u64;

/// Decimal digits, at least one, that fit into 64 bits: `2750`.
pub fn uint(i: &[u8]) -> Parsed<'_, u64> {
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

/// An HTTP status as proxies write it: exactly three digits (nginx writes `000` and `009` too).
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
pub fn seconds(i: &[u8]) -> Parsed<'_, Micros> {
    let (rest, whole) = uint(i)?;
    let Some(mut micros) = whole.checked_mul(1_000_000) else { return mismatch() };
    let [b'.', fraction @ ..] = rest else { return Ok((rest, micros)) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut unit = 100_000;
    for &digit in fraction[..digits].iter().take(6) {
        micros = micros.saturating_add(u64::from(digit - b'0') * unit);
        unit /= 10;
    }
    Ok((&fraction[digits..], micros))
}

/// A whole value that `rule` reads without a rest; `None` otherwise, as for `-`, `-1` and empty text.
pub fn whole<'a, T>(value: &'a [u8], rule: impl Fn(&'a [u8]) -> Parsed<'a, T>) -> Option<T> {
    match rule(value) {
        Ok(([], read)) => Some(read),
        _ => None,
    }
}
