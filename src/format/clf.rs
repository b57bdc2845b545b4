//! The Common Log Format and `combined`: nginx and Apache write them byte for byte alike, and both append to them.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use crate::grammar::address::split_port;
use crate::grammar::find::{find, find_far, find3};
use crate::grammar::number::{status, uint};
use crate::grammar::text::byte;
use crate::grammar::time::{When, Zone, clf};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memmem};
use std::net::IpAddr;

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
    /// The status, three digits; `-` where there is none.
    pub status: &'a [u8],
    /// A number of bytes, or `-`.
    pub bytes: &'a [u8],
    /// What some put between the sizes and the headers: times, the server's address.
    pub between: &'a [u8],
    /// The user agent, where the line has headers.
    pub agent: Option<&'a [u8]>,
    /// All that follows, from the byte behind the last quote on.
    pub tail: &'a [u8],
}

/// `203.0.113.9 - alice [28/Sep/1970:12:00:00 +0600] "GET / HTTP/1.1" 200 12`, with or without a virtual host before
/// it and ` "REFERER" "USER AGENT"` after it; then anything.
#[inline(always)]
pub(super) fn line(line: &[u8]) -> Option<Line<'_>> {
    let (bracket, when, after) = time(line)?;
    let (host, client, user) = lead(&line[..bracket])?;
    let stamp = &line[bracket + 1..line.len() - after.len() - 2];
    let (rest, request) = text(after).ok()?;
    let (rest, (status, bytes)) = sizes(rest).ok()?;
    let Headers { between, agent, tail } = headers(rest);
    if !matches!(tail.first(), None | Some(b' ' | b'\t' | b',' | b';' | b'|')) {
        return None;
    }
    Some(Line { host, client, user, stamp, when, request, status, bytes, between, agent, tail })
}

/// Where the bracket with the time is, the time, and what follows `] `. The user's name may hold spaces and brackets,
/// so the bracket that counts is the one with a time in it.
#[inline(always)]
fn time(line: &[u8]) -> Option<(usize, When, &[u8])> {
    let mut bracket = find(b'[', line)?;
    for _ in 0..4 {
        if let Ok((rest, when)) = clf(&line[bracket + 1..]) {
            let (Zone::Offset(_), [b']', b' ', rest @ ..]) = (when.zone, rest) else { return None };
            return Some((bracket, when, rest));
        }
        bracket += 1 + find(b'[', &line[bracket + 1..])?;
    }
    None
}

/// Host, client and user.
type Lead<'a> = (Option<&'a [u8]>, &'a [u8], &'a [u8]);

/// `203.0.113.9 - alice `, `example.com 203.0.113.9 - - `, or ingress-nginx's `203.0.113.9 - [203.0.113.9] - - `.
#[inline(always)]
fn lead(i: &[u8]) -> Option<Lead<'_>> {
    let (client, rest) = i.split_at(find(b' ', i)?);
    match rest {
        [b' ', b'-', b' ', user @ .., b' '] if user.first() != Some(&b'[') => {
            if is_client(client) {
                Some((None, client, user))
            } else {
                any_lead(i)
            }
        }
        _ => any_lead(i),
    }
}

/// [`lead`] in every layout.
fn any_lead(i: &[u8]) -> Option<Lead<'_>> {
    if let Some(identified) = identified(i) {
        return Some(identified);
    }
    let dash = memmem::find(i, b" - ")?;
    // Some leave the user out.
    let (client, user) = match &i[dash + 3..] {
        b"" => (&i[..dash], &b""[..]),
        user => (&i[..dash], user.strip_suffix(b" ")?),
    };
    let (host, client) = match memchr(b' ', client) {
        _ if memchr(b',', client).is_some() => forwarded(client)?,
        Some(space) if is_client_first(&client[..space], &client[space + 1..]) => {
            (Some(&client[space + 1..]), &client[..space])
        }
        Some(space) => (Some(&client[..space]), &client[space + 1..]),
        None => (None, client),
    };
    let client = without_brackets(client).filter(|client| is_client(client))?;
    let user = match user.first() {
        // Before 0.26, ingress-nginx wrote the client a second time, in brackets.
        Some(b'[') => memmem::find(user, b"] - ").map_or(user, |at| &user[at + 4..]),
        _ => user,
    };
    Some((host, client, user))
}

/// Whether of two words before the dash the first is the client: an address and its port, before a name and its port
/// (`%h:%{remote}p %v:%p`). A virtual host's port stands before clients that have none.
fn is_client_first(first: &[u8], second: &[u8]) -> bool {
    let ([(client, from), (name, to)], none) = ([first, second].map(split_port), b"");
    from != none && to != none && address(client).is_some() && address(name).is_none()
}

/// An IPv6 address may stand in brackets.
fn without_brackets(client: &[u8]) -> Option<&[u8]> {
    match client {
        [b'[', inside @ .., b']'] => Some(inside).filter(|inside| memchr(b':', inside).is_some()),
        _ => Some(client),
    }
}

/// `203.0.113.9 bob alice `, with what the client's own machine says of its user (`%l`, RFC 1413) in place of a dash. An
/// address has to come first: a virtual host may, with a client in its second place.
fn identified(i: &[u8]) -> Option<Lead<'_>> {
    let (client, rest) = i.split_at(memchr(b' ', i)?);
    let (identity, user) = rest[1..].split_at(memchr(b' ', &rest[1..])?);
    let told = !matches!(identity, b"" | b"-") && memchr(b',', identity).is_none() && is_client(identity);
    let user = user.strip_prefix(b" ")?.strip_suffix(b" ")?;
    // What stands in the brackets of ingress-nginx's old layouts is no identity; nor is there a user without a name.
    let named = !user.is_empty() && !user.starts_with(b"- ");
    (told && named && address(identity).is_none() && address(client).is_some()).then_some((None, client, user))
}

/// The longest list of addresses that is looked at.
const FORWARDED: usize = 512;

/// Several addresses in place of the client's, as `X-Forwarded-For` has them, after a virtual host or not:
/// `10.0.0.2, 203.0.113.9`, `"10.0.0.2, 203.0.113.9" 10.2.1.185`. The first that is anybody's on the Internet is the
/// client's, or else the first.
fn forwarded(i: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let words = || i.split(|byte| b", \"".contains(byte)).filter(|word| !word.is_empty());
    if i.len() > FORWARDED || !words().all(is_client) {
        return None;
    }
    let first = words().next()?;
    let host = (i.starts_with(first) && i.get(first.len()) == Some(&b' ')).then_some(first);
    let mut clients = words().skip(usize::from(host.is_some()));
    let any = clients.clone().next()?;
    Some((host, clients.find(|word| address(word).is_some_and(is_public)).unwrap_or(any)))
}

fn address(text: &[u8]) -> Option<IpAddr> {
    let zone = memchr(b'%', text).unwrap_or(text.len());
    std::str::from_utf8(&text[..zone]).ok()?.parse().ok()
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !(address.is_private() || address.is_loopback() || address.is_link_local()),
        IpAddr::V6(address) => !(address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local()),
    }
}

#[inline(always)]
fn is_client(text: &[u8]) -> bool {
    !text.is_empty() && find3(b'"', b'[', b'{', text).is_none() && find(b' ', text).is_none()
}

/// `"…"`; a quote after a backslash ends nothing: Apache and syslog daemons write `\"`, nginx writes neither raw.
#[inline(always)]
pub(super) fn text(i: &[u8]) -> Parsed<'_, &[u8]> {
    let [b'"', inside @ ..] = i else { return mismatch() };
    match find_far(b'"', inside) {
        Some(quote) if quote == 0 || inside[quote - 1] != b'\\' => Ok((&inside[quote + 1..], &inside[..quote])),
        Some(_) => escaped_text(inside),
        None => mismatch(),
    }
}

/// [`text`] with quotes inside, from behind its first quote on.
fn escaped_text(inside: &[u8]) -> Parsed<'_, &[u8]> {
    for quote in memchr::memchr_iter(b'"', inside) {
        let slashes = inside[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 0 {
            return Ok((&inside[quote + 1..], &inside[..quote]));
        }
    }
    mismatch()
}

/// ` 502 150`: the status and the number of bytes. Apache writes `-` where it has no status (`pfmt` in
/// `mod_log_config.c`), Varnish where the client was piped through, Traefik where the field is dropped; nginx always has
/// one.
#[inline(always)]
fn sizes(i: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    let (i, ()) = byte(b' ')(i)?;
    let rest = match i {
        [b'-', rest @ ..] => rest,
        _ => status(i)?.0,
    };
    let (after, ()) = byte(b' ')(rest)?;
    let end = match after {
        [b'-', end @ ..] => end,
        _ => uint(after)?.0,
    };
    Ok((end, (&i[..i.len() - rest.len()], &after[..after.len() - end.len()])))
}

/// What follows the sizes.
#[derive(Clone, Copy, Default)]
struct Headers<'a> {
    between: &'a [u8],
    agent: Option<&'a [u8]>,
    tail: &'a [u8],
}

/// ` "REFERER" "USER AGENT"`, where they are there; the last may have been cut off.
#[inline(always)]
fn headers(i: &[u8]) -> Headers<'_> {
    let Ok((rest, _referer)) = next_text(i) else {
        return headers_behind(i);
    };
    match next_text(rest) {
        Ok((tail, agent)) => Headers { agent: Some(agent), tail, ..Headers::default() },
        Err(_) => match cut(rest) {
            Some(agent) => Headers { agent: Some(agent), ..Headers::default() },
            None => Headers { tail: rest, ..Headers::default() },
        },
    }
}

/// [`headers`] where none stand at once. Some put a number before them (`%D`, `$request_time`, `$request_length`), or a
/// few words, as in the layouts that Tomcat's users write: ` 10.0.0.5 + 12 "-" "curl/8.14.1"`.
fn headers_behind(i: &[u8]) -> Headers<'_> {
    if cut(i).is_some() {
        return Headers::default();
    }
    let none = Headers { tail: i, ..Headers::default() };
    let Some(quote) = memmem::find(i, b" \"") else { return none };
    let (between, quoted) = i.split_at(quote);
    if !is_between(between) {
        return none;
    }
    let Ok((rest, referer)) = next_text(quoted) else { return none };
    let (tail, agent) = match (next_text(rest), cut(rest)) {
        (Ok((tail, agent)), _) => (tail, agent),
        (Err(_), Some(agent)) => (&b""[..], agent),
        (Err(_), None) => return none,
    };
    let is_number = between[1..].iter().all(u8::is_ascii_digit);
    if is_number || is_referer(referer) && is_agent(agent) {
        Headers { between, agent: Some(agent), tail }
    } else {
        none
    }
}

/// Up to four words that stand before the headers: nothing with a key, whose value may be in quotes.
fn is_between(i: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".:/+-".contains(byte);
    let mut words = i.split(|byte| *byte == b' ').skip(1);
    let known = words.by_ref().take(4).all(|word| {
        word.last().is_some_and(u8::is_ascii_alphanumeric) && word.iter().all(plain) || matches!(word, b"-" | b"+")
    });
    i.first() == Some(&b' ') && known && words.next().is_none()
}

/// What a browser sends as the referer, or nothing: no address of an upstream and no time.
fn is_referer(text: &[u8]) -> bool {
    matches!(text, b"" | b"-") || memmem::find(text, b"://").is_some()
}

/// A user agent, or nothing: no number and no address.
fn is_agent(text: &[u8]) -> bool {
    matches!(text, b"" | b"-") || text.iter().any(u8::is_ascii_alphabetic) && address(text).is_none()
}

#[inline(always)]
fn next_text(i: &[u8]) -> Parsed<'_, &[u8]> {
    match i {
        [b' ', quoted @ ..] => text(quoted),
        _ => mismatch(),
    }
}

/// A quoted value that the line's end cut off.
fn cut(i: &[u8]) -> Option<&[u8]> {
    match i {
        [b' ', b'"', inside @ ..] if memchr(b'"', inside).is_none() => Some(inside),
        _ => None,
    }
}
