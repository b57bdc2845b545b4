//! The Common Log Format and `combined`: nginx and Apache write them byte for byte alike, and both append to them.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::nginx::{request_line, target, without_port};
use super::{Escape, Record, Skim, Skimmed};
use crate::grammar::address::{host, split_port};
use crate::grammar::find::{find, find_far, find3};
use crate::grammar::number::{seconds, status, uint, whole};
use crate::grammar::text::{among, byte, place_of, present};
use crate::grammar::time::{When, Zone, clf, iso};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memchr_iter, memmem};
use std::net::IpAddr;

/// The fields of one line, as they stand in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The virtual host that some layouts begin with.
    pub host: Option<&'a [u8]>,
    /// The host that the client asked for, where it stands between the time and the request.
    pub late_host: Option<&'a [u8]>,
    /// The client's address.
    pub client: &'a [u8],
    /// Who the client's own machine says is there (`%l`, RFC 1413); empty where it says nothing.
    pub identity: &'a [u8],
    /// The authenticated user's name; may hold anything but a time in brackets.
    pub user: &'a [u8],
    /// What stands in the brackets.
    pub stamp: &'a [u8],
    /// The same, read.
    pub when: When,
    /// The request line.
    pub request: &'a [u8],
    /// The status, three digits; `-` or `0` where a server that writes so sent none.
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

impl<'a> Line<'a> {
    /// Whether the time has a zone, as all servers write it; whoever lays out Apache's (`%{…}t`) can leave it out.
    #[inline(always)]
    pub(super) const fn has_zone(&self) -> bool {
        matches!(self.when.zone, Zone::Offset(_))
    }

    /// What such a line says, whoever wrote it.
    pub(super) fn record(&self) -> Record<'a> {
        let (method, asked) = request_line(present(self.request));
        let (asked_host, path) = target(asked);
        Record {
            when: Some(self.when),
            status: whole(self.status, status),
            method,
            host: self.host.or(self.late_host).map_or(asked_host, host),
            path,
            bytes: whole(self.bytes, uint),
            client: without_port(present(self.client)),
            identity: self.identity,
            user: if self.user == b"\"\"" { b"" } else { present(self.user) },
            user_agent: present(self.agent.unwrap_or_default()),
            escape: Escape::Hex,
            ..Record::default()
        }
    }

    /// The same, as far as counting needs it.
    pub(super) fn skim(&self) -> Skimmed<'a> {
        // Without a status it has no outcome either.
        let Some(status) = whole(self.status, status) else { return Skimmed::Full };
        let (group, upstream, duration) = (&b""[..], &b""[..], None);
        let when = Some(self.when);
        Skimmed::Plain(Skim { when, status, group, upstream, names_upstream: false, attempted: false, duration })
    }
}

/// `203.0.113.9 - alice [28/Sep/1970:12:00:00 +0600] "GET / HTTP/1.1" 200 12`, with or without a virtual host before
/// it and ` "REFERER" "USER AGENT"` after it; then anything.
#[inline(always)]
pub(super) fn line(line: &[u8]) -> Option<Line<'_>> {
    let (bracket, when, after) = time(line)?;
    let Lead { host, client, identity, user } = lead(&line[..bracket])?;
    let stamp = &line[bracket + 1..line.len() - after.len() - 2];
    let (rest, (late_host, (request, status, bytes))) = match request(after) {
        Ok((rest, answer)) => (rest, (None, answer)),
        Err(_) => late_request(after).ok()?,
    };
    let Headers { between, mut agent, mut tail } = headers(rest);
    if !is_tail(tail) {
        (tail, agent) = raw_agent(line, agent?, tail)?;
    }
    Some(Line { host, late_host, client, identity, user, stamp, when, request, status, bytes, between, agent, tail })
}

/// Whether this may follow a user agent.
#[inline(always)]
fn is_tail(i: &[u8]) -> bool {
    matches!(i.first(), None | Some(b' ' | b'\t' | b',' | b';' | b'|'))
}

/// A user agent with raw quotes inside, as no server writes it by default, and what follows it: it ends at the first
/// quote before another quoted value or the line's end, or else before anything that may follow.
#[cold]
fn raw_agent<'a>(line: &'a [u8], agent: &[u8], tail: &'a [u8]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let start = line.len().checked_sub(tail.len() + 1 + agent.len())?;
    let quotes = || memchr_iter(b'"', tail);
    let closes = |quote: &usize| matches!(tail[quote + 1..], [] | [b' ', b'"', ..]);
    let end = quotes().find(closes).or_else(|| quotes().find(|quote| is_tail(&tail[quote + 1..])))?;
    Some((&tail[end + 1..], Some(&line[start..line.len() - tail.len() + end])))
}

/// How long a time without a zone is: `28/Sep/1970:12:00:00`.
const WHOLE: usize = 20;

/// Where the bracket with the time is, the time, and what follows `] `. The user's name may hold spaces and brackets,
/// so the bracket that counts is the one with a time in it.
#[inline(always)]
fn time(line: &[u8]) -> Option<(usize, When, &[u8])> {
    let mut bracket = find(b'[', line)?;
    for _ in 0..4 {
        let inside = &line[bracket + 1..];
        if let Ok((after, when)) = clf(inside) {
            let [b']', b' ', rest @ ..] = after else { return None };
            // HAProxy's has no zone, but milliseconds.
            let is_whole = matches!(when.zone, Zone::Offset(_)) || inside.len() - after.len() == WHOLE;
            return is_whole.then_some((bracket, when, rest));
        }
        if let Some((when, rest)) = iso_time(&line[..bracket], inside) {
            return Some((bracket, when, rest));
        }
        bracket += 1 + find(b'[', &line[bracket + 1..])?;
    }
    None
}

/// `1970-09-28T12:00:00+06:00] `, as layouts have it that say `$time_iso8601` in place of `$time_local`. Cloud
/// Foundry's router writes that too, behind a host and a dash, without a user.
#[cold]
fn iso_time<'a>(lead: &[u8], inside: &'a [u8]) -> Option<(When, &'a [u8])> {
    let (after, when) = iso(inside).ok().filter(|(_, when)| matches!(when.zone, Zone::Offset(_)))?;
    let has_user = memchr_iter(b' ', lead).count() > 2;
    Some((when, after.strip_prefix(b"] ").filter(|_| has_user)?))
}

/// The request line, the status, the number of bytes.
type Answer<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// `"GET / HTTP/1.1" 502 150`
#[inline(always)]
fn request(i: &[u8]) -> Parsed<'_, Answer<'_>> {
    let (rest, request) = text(i)?;
    let (rest, (status, bytes)) = sizes(rest)?;
    Ok((rest, (request, status, bytes)))
}

/// [`request`] behind a value of people's own, or with raw quotes inside; the host comes first, if the value is one.
#[cold]
fn late_request(i: &[u8]) -> Parsed<'_, (Option<&[u8]>, Answer<'_>)> {
    let (host, late) = behind_value(i);
    let (rest, answer) = request(late).or_else(|_| raw_request(late))?;
    Ok((rest, (host, answer)))
}

/// Where a request may stand behind a value of people's own, and the host if it is one: the clients that
/// `X-Forwarded-For` names, in quotes; the time taken, in parentheses (`(0 s) "GET / HTTP/1.1" 502 150`); the process,
/// in brackets, as in NetScaler's `httpaccess.log` (`[4711] "GET / HTTP/1.1" 502 150`); the host that was asked for, as
/// Apache APISIX has it (`shop.example.com:9080 "GET / HTTP/1.1" 502 150`).
fn behind_value(i: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let (host, rest) = match i {
        [b'(', inside @ ..] => (None, after(b')', inside)),
        [b'[', inside @ ..] => (None, after(b']', inside)),
        [b'"', ..] => {
            let Ok((rest, clients)) = text(i) else { return (None, i) };
            // A list has its spaces behind commas; a request with a raw quote inside has others.
            let is_list = memchr_iter(b' ', clients).all(|space| clients[..space].ends_with(b","));
            (None, if is_list { rest } else { i })
        }
        _ => {
            let word = &i[..find(b' ', i).unwrap_or(i.len())];
            let host = Some(word).filter(|word| is_host(word) && is_client(word) && whole(word, seconds).is_none());
            (host, if is_client(word) { &i[word.len()..] } else { i })
        }
    };
    (host, rest.strip_prefix(b" ").unwrap_or(i))
}

/// What follows the first `close`; nothing where there is none.
fn after(close: u8, i: &[u8]) -> &[u8] {
    memchr(close, i).map_or(b"", |end| &i[end + 1..])
}

/// [`request`] with raw quotes inside, as no server writes it by default: it ends where a status follows.
#[cold]
fn raw_request(i: &[u8]) -> Parsed<'_, Answer<'_>> {
    let [b'"', inside @ ..] = i else { return mismatch() };
    for quote in memchr_iter(b'"', inside).take(64) {
        if let Ok((rest, (status, bytes))) = sizes(&inside[quote + 1..]) {
            return Ok((rest, (&inside[..quote], status, bytes)));
        }
    }
    mismatch()
}

/// What stands before the time.
struct Lead<'a> {
    host: Option<&'a [u8]>,
    client: &'a [u8],
    identity: &'a [u8],
    user: &'a [u8],
}

/// `203.0.113.9 - alice `, `example.com 203.0.113.9 - - `, or ingress-nginx's `203.0.113.9 - [203.0.113.9] - - `.
#[inline(always)]
fn lead(i: &[u8]) -> Option<Lead<'_>> {
    let (client, rest) = i.split_at(find(b' ', i)?);
    match rest {
        [b' ', b'-', b' ', user @ .., b' '] if user.first() != Some(&b'[') => {
            if is_client(client) {
                Some(Lead { host: None, client, identity: b"", user })
            } else {
                any_lead(i)
            }
        }
        _ => any_lead(i),
    }
}

/// [`lead`] in every layout.
fn any_lead(i: &[u8]) -> Option<Lead<'_>> {
    // A blank in front is an envelope's.
    if i.first() == Some(&b' ') {
        return None;
    }
    if let Some(identified) = identified(i) {
        return Some(identified);
    }
    // Fastly's manual has quotes around both names: `203.0.113.9 "-" "-" `.
    let dash = |mark: &[u8]| place_of(i, mark).map(|at| (at, at + mark.len()));
    let (end, behind) = dash(b" - ").or_else(|| dash(b" \"-\" "))?;
    // Some leave the user out.
    let (client, user) = match &i[behind..] {
        b"" => (&i[..end], &b""[..]),
        user => (&i[..end], user.strip_suffix(b" ")?),
    };
    let (host, client) = match find(b' ', client) {
        // `203.0.113.9 (10.0.0.2, 10.0.0.3)`: what a header says of the client.
        Some(space) if client[space..].starts_with(b" (") && client.ends_with(b")") => (None, &client[..space]),
        // `203.0.113.9 -> 10.0.0.2`: whom it came to (NetScaler).
        Some(space) if client[space..].starts_with(b" -> ") => (None, &client[..space]),
        // `203.0.113.9 "10.0.0.2" "v1"`: headers.
        Some(space) if are_quoted(&client[space..]) && address(&client[..space]).is_some() => (None, &client[..space]),
        _ if find(b',', client).is_some() || client.starts_with(b"\"") => forwarded(client)?,
        // `https 203.0.113.9`: the scheme.
        Some(space) if matches!(&client[..space], b"http" | b"https") => (None, &client[space + 1..]),
        Some(space) if is_client_first(&client[..space], &client[space + 1..]) => {
            (Some(&client[space + 1..]), &client[..space])
        }
        Some(space) => (Some(without_brackets(&client[..space]).map(|_| &client[..space])?), &client[space + 1..]),
        None => (None, client),
    };
    let client = without_brackets(client).filter(|client| is_client(client))?;
    let user = match user.first() {
        // Before 0.26, ingress-nginx wrote the client a second time, in brackets.
        Some(b'[') => memmem::find(user, b"] - ").map_or(user, |at| &user[at + 4..]),
        Some(b'"') => user.strip_prefix(b"\"").and_then(|user| user.strip_suffix(b"\"")).unwrap_or(user),
        _ => user,
    };
    Some(Lead { host, client, identity: b"", user })
}

/// Whether this is quoted values alone, each behind a space.
fn are_quoted(mut i: &[u8]) -> bool {
    while let Ok((rest, _)) = next_text(i) {
        i = rest;
    }
    i.is_empty()
}

/// Whether of two words before the dash the first is the client: an address and its port, before a name and its port
/// (`%h:%{remote}p %v:%p`). A virtual host's port stands before clients that have none.
fn is_client_first(first: &[u8], second: &[u8]) -> bool {
    let ([(client, from), (name, to)], none) = ([first, second].map(split_port), b"");
    let is_name = name.first() == Some(&b'[') || memchr(b':', name).is_none();
    from != none && to != none && address(client).is_some() && address(name).is_none() && is_name
}

/// An IPv6 address may stand in brackets.
fn without_brackets(client: &[u8]) -> Option<&[u8]> {
    match client {
        [b'[', inside @ .., b']'] => Some(inside).filter(|inside| memchr(b':', inside).is_some()),
        _ => Some(client),
    }
}

/// `203.0.113.9 bob alice `, with what the client's own machine says of its user (`%l`, RFC 1413) in place of a dash,
/// or `203.0.113.9 shop.example.com alice ` with the name that the client asked for, as lighttpd's default has it (`%h
/// %V %u`); or, after a virtual host, `shop.example.com:443 203.0.113.9 bob alice `.
fn identified(i: &[u8]) -> Option<Lead<'_>> {
    let (first, rest) = i.split_at(find(b' ', i)?);
    let (second, user) = rest[1..].split_at(find(b' ', &rest[1..])?);
    let told = !matches!(second, b"" | b"-" | b"->") && find(b',', second).is_none() && is_client(second);
    let user = user.strip_prefix(b" ")?.strip_suffix(b" ")?;
    // What stands in the brackets of ingress-nginx's old layouts is no identity; nor is there a user without a name.
    if !told || user.is_empty() || user.starts_with(b"- ") {
        return None;
    }
    let space = find(b' ', user);
    match (address(first), address(second), space) {
        (Some(_), None, _) if is_host(second) => Some(Lead { host: Some(second), client: first, identity: b"", user }),
        (Some(_), None, _) => Some(Lead { host: None, client: first, identity: second, user }),
        (Some(_), Some(_), None) => Some(Lead { host: Some(second), client: first, identity: b"", user }),
        (None, Some(_), Some(space)) => {
            let (identity, user) = (&user[..space], &user[space + 1..]);
            Some(Lead { host: Some(first), client: second, identity, user })
        }
        // `HostnameLookups On`: the client's name.
        (None, None, None) if is_name(first) && !is_host(second) => {
            Some(Lead { host: None, client: first, identity: second, user })
        }
        _ => None,
    }
}

/// Whether a word is a host, rather than the name of somebody.
pub(super) fn is_host(word: &[u8]) -> bool {
    let (name, port) = split_port(word);
    let is_named = !port.is_empty() || memchr(b'.', name).is_some() || name == b"localhost";
    is_named && memchr(b'=', word).is_none()
}

/// Whether a word is the name of a machine, with its domain and without a port.
fn is_name(word: &[u8]) -> bool {
    let domain = memchr::memrchr(b'.', word).map_or(&b""[..], |dot| &word[dot + 1..]);
    domain.first().is_some_and(u8::is_ascii_alphabetic) && memchr(b':', word).is_none()
}

/// The longest list of addresses that is looked at.
const FORWARDED: usize = 512;

/// Addresses in place of the client's, as `X-Forwarded-For` has them, after a virtual host or not:
/// `10.0.0.2, 203.0.113.9`, `"10.0.0.2, 203.0.113.9" 10.2.1.185`, `"203.0.113.9"`. The first that is anybody's on the
/// Internet is the client's, or else the first.
fn forwarded(i: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let words = || i.split(|byte| b", \"".contains(byte)).filter(|word| !present(word).is_empty());
    if i.len() > FORWARDED || !words().all(is_client) {
        return None;
    }
    let Some(first) = words().next() else { return Some((None, b"-")) };
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
    for quote in memchr_iter(b'"', inside) {
        let slashes = inside[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 0 {
            return Ok((&inside[quote + 1..], &inside[..quote]));
        }
    }
    mismatch()
}

/// ` 502 150`: the status and the number of bytes. Apache writes `-` where it has no status (`pfmt` in
/// `mod_log_config.c`), Varnish where the client was piped through, Traefik where the field is dropped, or 0 where
/// nothing was sent; nginx always has one.
#[inline(always)]
fn sizes(i: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    let (i, ()) = byte(b' ')(i)?;
    let (rest, status) = match status(i) {
        Ok((rest, _)) => (rest, &i[..3]),
        Err(_) if matches!(i, [b'-' | b'0', b' ', ..]) => (&i[1..], &i[..1]),
        Err(error) => return Err(error),
    };
    let (after, ()) = byte(b' ')(rest)?;
    let end = match after {
        [b'-', end @ ..] => end,
        _ => uint(after)?.0,
    };
    Ok((end, (status, &after[..after.len() - end.len()])))
}

/// What follows the sizes.
#[derive(Clone, Copy, Default)]
pub(super) struct Headers<'a> {
    pub between: &'a [u8],
    pub agent: Option<&'a [u8]>,
    pub tail: &'a [u8],
}

/// ` "REFERER" "USER AGENT"`, where they are there; the last may have been cut off.
#[inline(always)]
pub(super) fn headers(i: &[u8]) -> Headers<'_> {
    let Ok((rest, _referer)) = next_text(i) else {
        return headers_behind(i);
    };
    match next_text(rest) {
        Ok((tail, agent)) => Headers { agent: Some(agent), tail, ..Headers::default() },
        Err(_) => match cut(rest) {
            Some(agent) => Headers { agent: Some(agent), ..Headers::default() },
            None => match headers_behind(i) {
                Headers { agent: None, .. } => Headers { tail: rest, ..Headers::default() },
                behind => behind,
            },
        },
    }
}

/// [`headers`] where none stand at once. Some put a number before them (`%D`, `$request_time`, `$request_length`), or a
/// few words, as in the layouts that Tomcat's users write: ` 10.0.0.5 + 12 "-" "curl/8.14.1"`. More than one space may
/// stand before each.
#[cold]
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
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let rest = &rest[spaces.saturating_sub(1)..];
    let (tail, agent) = match (next_text(rest), cut(rest)) {
        (Ok((tail, agent)), _) => (tail, agent),
        (Err(_), Some(agent)) => (&b""[..], agent),
        // A referrer that is missing, in a layout that has no quotes around it.
        (Err(_), None) if between == b" -" && rest.is_empty() && names_program(referer) => {
            return Headers { agent: Some(referer), tail: rest, ..Headers::default() };
        }
        (Err(_), None) => return none,
    };
    let is_number = between.trim_ascii().iter().all(u8::is_ascii_digit);
    if is_number || is_referer(referer) && is_agent(agent) {
        Headers { between, agent: Some(agent), tail }
    } else {
        none
    }
}

/// Up to four words that stand before the headers: nothing with a key, whose value may be in quotes.
fn is_between(i: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".:/+-".contains(byte);
    let mut words = i.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let known = words.by_ref().take(4).all(|word| {
        word.last().is_some_and(u8::is_ascii_alphanumeric) && word.iter().all(plain) || matches!(word, b"-" | b"+")
    });
    matches!(i.first(), None | Some(b' ')) && known && words.next().is_none()
}

/// What a browser sends as the referer, or nothing: no address of an upstream and no time.
pub(super) fn is_referer(text: &[u8]) -> bool {
    matches!(text, b"" | b"-") || memmem::find(text, b"://").is_some()
}

/// A user agent that says its program's version, and no URL: `curl/8.14.1`.
fn names_program(text: &[u8]) -> bool {
    text.first().is_some_and(u8::is_ascii_alphabetic) && memchr(b'/', text).is_some_and(|at| text[at - 1] != b':')
}

/// A user agent, or nothing: no number and no address.
pub(super) fn is_agent(text: &[u8]) -> bool {
    matches!(text, b"" | b"-") || text.iter().any(u8::is_ascii_alphabetic) && address(text).is_none()
}

#[inline(always)]
fn next_text(i: &[u8]) -> Parsed<'_, &[u8]> {
    match i {
        [b' ', quoted @ ..] => text(quoted),
        _ => mismatch(),
    }
}

/// Whether a byte may stand between the values that follow the headers.
#[inline(always)]
pub(super) fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b';' | b'|')
}

/// Where a value without quotes ends: before a separator or a quote.
#[inline(always)]
pub(super) fn bare_end(i: &[u8]) -> usize {
    const ENDS: [bool; 256] = among(b" \t,;|\"");
    i.iter().position(|byte| ENDS[usize::from(*byte)]).unwrap_or(i.len())
}

/// A quoted value that the line's end cut off.
fn cut(i: &[u8]) -> Option<&[u8]> {
    match i {
        [b' ', b'"', inside @ ..] if memchr(b'"', inside).is_none() => Some(inside),
        _ => None,
    }
}
