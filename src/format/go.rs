//! What programs in Go write alike: the errors of its `net` package, durations, quoted values, and logrus's colours.
//! Caddy, Skipper and Traefik do.

use crate::grammar::find::{find, find2};
use crate::grammar::number::{uint, whole};
use crate::grammar::text::{after, place_of};
use crate::grammar::time::{When, iso};
use memchr::memchr_iter;

/// The other end of the connection that an error of Go's names: `dial tcp 10.0.0.5:8080: …`,
/// `read tcp 10.0.0.2:40122->10.0.0.5:8080: …`.
pub(super) fn peer(error: &[u8]) -> &[u8] {
    // Not that of a resolver: `dial tcp: lookup app on 10.0.0.10:53: read udp …`.
    if place_of(error, b"lookup ").is_some() {
        return b"";
    }
    let Some(rest) = [&b"dial tcp "[..], b"read tcp ", b"write tcp "].iter().find_map(|label| after(error, label))
    else {
        return b"";
    };
    let address = &rest[..place_of(rest, b": ").unwrap_or(rest.len())];
    // JSON of logrus's escapes what HTML would.
    after(address, b"->").or_else(|| after(address, br"-\u003e")).unwrap_or(address)
}

/// `1h2m3.5s`, `1.002555851s`, `12ms`, `753.053µs`, `235ns` (Go, `time.Duration.String`), in nanoseconds.
pub(super) fn duration(mut i: &[u8]) -> Option<u64> {
    let mut nanos: u64 = 0;
    while !i.is_empty() {
        let (rest, number) = billionths(i)?;
        let (rest, unit) = unit(rest)?;
        nanos = nanos.checked_add(u64::try_from(number * u128::from(unit) / 1_000_000_000).ok()?)?;
        i = rest;
    }
    Some(nanos)
}

/// A number with decimals, in billionths.
pub(super) fn billionths(i: &[u8]) -> Option<(&[u8], u128)> {
    let (rest, whole) = uint(i).ok()?;
    let mut number = u128::from(whole) * 1_000_000_000;
    let [b'.', decimals @ ..] = rest else { return Some((rest, number)) };
    let count = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut place = 100_000_000;
    for digit in &decimals[..count.min(9)] {
        number += u128::from(digit - b'0') * place;
        place /= 10;
    }
    Some((&decimals[count..], number))
}

/// A unit of Go's, in nanoseconds.
fn unit(i: &[u8]) -> Option<(&[u8], u64)> {
    const UNITS: [(&str, u64); 8] = [
        ("ns", 1),
        ("µs", 1_000),
        ("μs", 1_000),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    UNITS.iter().find_map(|(name, nanos)| Some((i.strip_prefix(name.as_bytes())?, *nanos)))
}

/// A value as Go writes it, `"…"` with backslashes or a bare word; and what follows it.
pub(super) fn value(i: &[u8]) -> (&[u8], &[u8]) {
    let Some(inside) = i.strip_prefix(b"\"") else {
        return i.split_at(find2(b' ', 0x1B, i).unwrap_or(i.len()));
    };
    let is_escaped = |at: usize| inside[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    match memchr_iter(b'"', inside).find(|at| !is_escaped(*at)) {
        Some(end) => (&inside[..end], &inside[end + 1..]),
        // Cut off.
        None => (inside, b""),
    }
}

/// The fields that a line of logrus's text begins with, as they are written.
pub(super) struct Logrus<'a> {
    pub when: When,
    pub level: &'a [u8],
    pub message: &'a [u8],
    /// The other fields.
    pub rest: &'a [u8],
}

/// `time="2026-11-21T02:57:46Z" level=debug msg="…" routerName=…`
pub(super) fn logrus(line: &[u8]) -> Option<Logrus<'_>> {
    let rest = line.strip_prefix(b"time=\"")?;
    let end = find(b'"', rest)?;
    let when = whole(&rest[..end], iso)?;
    let rest = rest[end + 1..].strip_prefix(b" level=")?;
    let (level, rest) = rest.split_at(find2(b' ', b'"', rest)?);
    let (message, rest) = value(rest.strip_prefix(b" msg=")?);
    Some(Logrus { when, level, message, rest })
}

/// What follows a terminal's colour code, `ESC [ 36 m`, if one is there.
pub(super) fn colourless(i: &[u8]) -> &[u8] {
    let Some(code) = i.strip_prefix(b"\x1B[") else { return i };
    let length = code.iter().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    code[length..].strip_prefix(b"m").unwrap_or(i)
}
