//! The Common Log Format and `combined`: nginx and Apache write them byte for byte alike, and both append to them.

use crate::grammar::number::{status, uint};
use crate::grammar::time::{When, Zone, clf};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memmem};
use nom::{Parser as _, branch::alt, bytes::complete::tag, combinator::recognize, sequence::preceded};

/// The fields of one line, as they stand in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The virtual host that some layouts begin with.
    pub host: Option<&'a [u8]>,
    /// The client's address.
    pub client: &'a [u8],
    /// The authenticated user's name; may hold anything but a time in brackets.
    pub user: &'a [u8],
    /// What stands in the brackets.
    pub stamp: &'a [u8],
    /// The same, read.
    pub when: When,
    /// The request line.
    pub request: &'a [u8],
    /// The status, three digits.
    pub status: &'a [u8],
    /// A number of bytes, or `-`.
    pub bytes: &'a [u8],
    /// The user agent, where the line has headers.
    pub agent: Option<&'a [u8]>,
    /// All that follows, from the byte behind the last quote on.
    pub tail: &'a [u8],
}

/// `203.0.113.9 - alice [28/Sep/1970:12:00:00 +0600] "GET / HTTP/1.1" 200 12`, with or without a virtual host before
/// it and ` "REFERER" "USER AGENT"` after it; then anything.
pub(super) fn line(line: &[u8]) -> Option<Line<'_>> {
    let (bracket, when, rest) = time(line)?;
    let (host, client, user) = lead(&line[..bracket])?;
    let stamp = &line[bracket + 1..];
    let stamp = &stamp[..memchr(b']', stamp)?];
    let (rest, request) = text(rest).ok()?;
    let (rest, (status, bytes)) = sizes(rest).ok()?;
    let (tail, agent) = headers(rest);
    if !matches!(tail.first(), None | Some(b' ' | b'\t' | b',' | b';' | b'|')) {
        return None;
    }
    Some(Line { host, client, user, stamp, when, request, status, bytes, agent, tail })
}

/// Where the bracket with the time is, the time, and what follows. The user's name may hold spaces and brackets, so the
/// bracket that counts is the one with a time in it.
fn time(line: &[u8]) -> Option<(usize, When, &[u8])> {
    for bracket in memchr::memchr_iter(b'[', line).take(4) {
        let Ok((rest, when)) = clf(&line[bracket + 1..]) else { continue };
        let (Zone::Offset(_), [b']', b' ', rest @ ..]) = (when.zone, rest) else { return None };
        return Some((bracket, when, rest));
    }
    None
}

/// Host, client and user.
type Lead<'a> = (Option<&'a [u8]>, &'a [u8], &'a [u8]);

/// `203.0.113.9 - alice `, `example.com 203.0.113.9 - - `, or ingress-nginx's `203.0.113.9 - [203.0.113.9] - - `.
fn lead(i: &[u8]) -> Option<Lead<'_>> {
    let dash = memmem::find(i, b" - ")?;
    let (client, user) = (&i[..dash], i[dash + 3..].strip_suffix(b" ")?);
    let (host, client) = match memchr(b' ', client) {
        Some(space) => (Some(&client[..space]), &client[space + 1..]),
        None => (None, client),
    };
    if client.is_empty() || client.iter().any(|byte| matches!(byte, b' ' | b'"' | b'[' | b'{')) {
        return None;
    }
    let user = match user.first() {
        // Before 0.26, ingress-nginx wrote the client a second time, in brackets.
        Some(b'[') => memmem::find(user, b"] - ").map_or(user, |at| &user[at + 4..]),
        _ => user,
    };
    Some((host, client, user))
}

/// `"…"`; a quote after a backslash ends nothing: Apache and syslog daemons write `\"`, nginx writes neither raw.
pub(super) fn text(i: &[u8]) -> Parsed<'_, &[u8]> {
    let [b'"', inside @ ..] = i else { return mismatch() };
    for quote in memchr::memchr_iter(b'"', inside) {
        let slashes = inside[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 0 {
            return Ok((&inside[quote + 1..], &inside[..quote]));
        }
    }
    mismatch()
}

/// ` 502 150`: the status and the number of bytes.
fn sizes(i: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    let (rest, status) = preceded(tag(" "), recognize(status)).parse(i)?;
    let (rest, bytes) = preceded(tag(" "), alt((recognize(uint), tag("-")))).parse(rest)?;
    Ok((rest, (status, bytes)))
}

/// ` "REFERER" "USER AGENT"`, where they are there; the last may have been cut off. What follows comes first.
fn headers(i: &[u8]) -> (&[u8], Option<&[u8]>) {
    if cut(i).is_some() {
        return (b"", None);
    }
    let Ok((rest, _referer)) = next_text(i) else { return (i, None) };
    if let Some(agent) = cut(rest) {
        return (b"", Some(agent));
    }
    next_text(rest).map_or((rest, None), |(tail, agent)| (tail, Some(agent)))
}

fn next_text(i: &[u8]) -> Parsed<'_, &[u8]> {
    preceded(tag(" "), text).parse(i)
}

/// A quoted value that the line's end cut off.
fn cut(i: &[u8]) -> Option<&[u8]> {
    match i {
        [b' ', b'"', inside @ ..] if memchr(b'"', inside).is_none() => Some(inside),
        _ => None,
    }
}
