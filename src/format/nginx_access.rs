//! nginx's access log in text: the predefined `combined` layout, and whatever people write after it.
//!
//! What follows `combined` is read in this order: ingress-nginx's own tail, as a whole; values with a key, whatever
//! their order; values without one, by their shape.

use super::nginx::{self, Var, Vars, bare_list, is_addr_list, is_ip, is_status_list, is_time_list, list};
use super::{About, Escape, Record, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;
use crate::grammar::number::{status, uint};
use crate::grammar::text::{bracketed, next_word, present};
use crate::grammar::time::{Zone, clf};
use crate::grammar::{Parsed, mismatch};
use memchr::memchr;
use memchr::memmem;
use nom::{
    Parser as _,
    branch::alt,
    bytes::complete::tag,
    combinator::{opt, recognize},
    sequence::preceded,
};

pub(super) static ABOUT: About = About {
    name: "nginx-access",
    proxy: Proxy::Nginx,
    title: "nginx access log: combined, main, ingress-nginx, or combined with upstream fields after it",
    layout: "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
             \"$http_user_agent\" …",
    time: "when the request ended",
    source: "nginx, src/http/modules/ngx_http_log_module.c (ngx_http_combined_fmt) and src/http/ngx_http_upstream.c",
    samples: &[],
    signs: &[&nginx::SIGNS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    vars(line)?.skim()
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    vars(line)?.record()
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    nginx::judge(record, statuses)
}

fn vars(line: &[u8]) -> Option<Vars<'_>> {
    let mut vars = Vars::new(Escape::Hex);
    let rest = before_request(line, &mut vars)?;
    let (rest, request) = text(rest).ok()?;
    vars.set(Var::Request, request);
    let (rest, ()) = sizes(rest, &mut vars).ok()?;
    let rest = headers(rest, &mut vars);
    if !matches!(rest.first(), None | Some(b' ' | b'\t' | b',' | b';' | b'|')) || is_foreign(rest) {
        return None;
    }
    if ingress(rest, &mut vars).is_err() {
        tail(rest, &mut vars);
    }
    Some(vars)
}

/// `203.0.113.9 - alice [28/Sep/1970:12:00:00 +0600] `, with or without a virtual host before it. The user's name
/// may hold spaces and brackets, so the bracket that counts is the one with a time in it.
fn before_request<'a>(line: &'a [u8], vars: &mut Vars<'a>) -> Option<&'a [u8]> {
    for bracket in memchr::memchr_iter(b'[', line).take(4) {
        let Ok((rest, when)) = clf(&line[bracket + 1..]) else { continue };
        let (Zone::Offset(_), [b']', b' ', rest @ ..]) = (when.zone, rest) else { return None };
        lead(&line[..bracket], vars)?;
        let stamp = &line[bracket + 1..];
        vars.set(Var::Time, &stamp[..memchr(b']', stamp)?]);
        return Some(rest);
    }
    None
}

/// `203.0.113.9 - alice `, `example.com 203.0.113.9 - - `, or ingress-nginx's `203.0.113.9 - [203.0.113.9] - - `.
fn lead<'a>(i: &'a [u8], vars: &mut Vars<'a>) -> Option<()> {
    let dash = memmem::find(i, b" - ")?;
    let (client, user) = (&i[..dash], i[dash + 3..].strip_suffix(b" ")?);
    let client = match memchr(b' ', client) {
        Some(space) => {
            vars.set(Var::Host, &client[..space]);
            &client[space + 1..]
        }
        None => client,
    };
    if client.is_empty() || client.iter().any(|byte| matches!(byte, b' ' | b'"' | b'[' | b'{')) {
        return None;
    }
    vars.set(Var::RemoteAddr, client);
    let user = match user.first() {
        // Before 0.26, ingress-nginx wrote the client a second time, in brackets.
        Some(b'[') => memmem::find(user, b"] - ").map_or(user, |at| &user[at + 4..]),
        _ => user,
    };
    vars.set(Var::RemoteUser, user);
    Some(())
}

/// `"…"`; a quote after a backslash ends nothing (nginx writes neither raw, but syslog daemons write `\"`).
fn text(i: &[u8]) -> Parsed<'_, &[u8]> {
    let [b'"', inside @ ..] = i else { return mismatch() };
    for quote in memchr::memchr_iter(b'"', inside) {
        let slashes = inside[..quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        if slashes % 2 == 0 {
            return Ok((&inside[quote + 1..], &inside[..quote]));
        }
    }
    mismatch()
}

/// ` 502 150`: `$status $body_bytes_sent`.
fn sizes<'a>(i: &'a [u8], vars: &mut Vars<'a>) -> Parsed<'a, ()> {
    let (rest, code) = preceded(tag(" "), recognize(status)).parse(i)?;
    let (rest, bytes) = preceded(tag(" "), alt((recognize(uint), tag("-")))).parse(rest)?;
    vars.set(Var::Status, code);
    vars.set(Var::BodyBytes, bytes);
    Ok((rest, ()))
}

/// ` "$http_referer" "$http_user_agent"`, where they are there; the last may have been cut off.
fn headers<'a>(i: &'a [u8], vars: &mut Vars<'a>) -> &'a [u8] {
    let cut = |i: &'a [u8]| match i {
        [b' ', b'"', inside @ ..] if memchr(b'"', inside).is_none() => Some(inside),
        _ => None,
    };
    if cut(i).is_some() {
        return b"";
    }
    let Ok((rest, _referer)) = preceded(tag(" "), text).parse(i) else { return i };
    if let Some(agent) = cut(rest) {
        vars.set(Var::UserAgent, agent);
        return b"";
    }
    let Ok((after, agent)) = preceded(tag(" "), text).parse(rest) else { return rest };
    vars.set(Var::UserAgent, agent);
    after
}

/// The tails of others that write `combined` too: HAProxy's `option httplog clf` (` 49408 409 "frontend" "backend" …`)
/// and Traefik (` 1 "router" "http://…" 0ms`).
fn is_foreign(tail: &[u8]) -> bool {
    let haproxy = (tag(" "), uint, tag(" "), uint, tag(" "), text).parse(tail).is_ok();
    let traefik = (tag(" "), uint, tag(" "), text, tag(" "), text, tag(" "), uint, tag("ms")).parse(tail).is_ok();
    haproxy || traefik
}

/// ingress-nginx's default (`internal/ingress/controller/config/config.go`):
/// ` 178 0.001 [default-api-8080] [] 10.0.0.1:80, 10.0.0.2:80 0, 73 0.000, 0.001 502, 200 bd6d5a1f29f9144641d8893d8c5189cd`
///
/// Old releases have one bracket only.
fn ingress<'a>(i: &'a [u8], vars: &mut Vars<'a>) -> Parsed<'a, ()> {
    let (rest, (_, _length, request_time)) = (tag(" "), uint, next_word).parse(i)?;
    let (rest, group) = preceded(tag(" "), bracketed).parse(rest)?;
    let (rest, _alternative) = opt(preceded(tag(" "), bracketed)).parse(rest)?;
    let (rest, addr) = next_list(rest)?;
    let (rest, _lengths) = next_list(rest)?;
    let (rest, times) = next_list(rest)?;
    let (rest, statuses) = next_list(rest)?;
    let fits = |value: &[u8], shape: fn(&[u8]) -> bool| present(value).is_empty() || shape(value);
    let nothing = |value: &[u8]| list(value).all(|item| item == b"-");
    if !is_time_list(request_time)
        || !(fits(times, is_time_list) || nothing(times))
        || !(fits(statuses, is_status_list) || nothing(statuses))
    {
        return mismatch();
    }
    vars.set(Var::RequestTime, request_time);
    vars.set(Var::ProxyUpstream, group);
    vars.set(Var::UpstreamAddr, addr);
    vars.set(Var::ResponseTime, times);
    vars.set(Var::UpstreamStatus, statuses);
    if let Ok((_, id)) = next_word(rest) {
        vars.set(Var::RequestId, id);
    }
    Ok((b"", ()))
}

/// A space, then a list without quotes.
fn next_list(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, _) = tag(" ").parse(i)?;
    match bare_list(rest) {
        (_, b"") => mismatch(),
        (rest, list) => Ok((rest, list)),
    }
}

/// All that follows the user agent in layouts of people's own.
fn tail<'a>(mut rest: &'a [u8], vars: &mut Vars<'a>) {
    let mut shapes = Shapes::default();
    loop {
        while let [b' ' | b'\t' | b',' | b';' | b'|', after @ ..] = rest {
            rest = after;
        }
        if rest.is_empty() {
            break;
        }
        let before = rest.len();
        rest = match keyed(rest) {
            Some((after, var, value)) => {
                vars.set(var, value);
                after
            }
            None => {
                let (after, value) = value(rest);
                // `"rt=0.001"`: the quotes stand around the key too.
                match keyed(value).filter(|_| rest.starts_with(b"\"")) {
                    Some((b"", var, value)) => vars.set(var, value),
                    _ => shapes.add(value, vars),
                }
                after
            }
        };
        if rest.len() == before {
            rest = &rest[1..];
        }
    }
    shapes.finish(vars);
}

/// A key and its value: `urt="0.001, 0.002"`, `upstream: 10.0.0.1:80`, `upstream_addr 10.0.0.1:80`.
fn keyed(i: &[u8]) -> Option<(&[u8], Var, &[u8])> {
    let length = i.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.@$".contains(byte)).count();
    let (key, rest) = i.split_at(length);
    let key = key.strip_prefix(b"$").unwrap_or(key);
    if !key.first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let var = || match Var::alias(key) {
        Var::Status | Var::Time => Var::Ignored,
        var => var,
    };
    let (rest, var) = match rest {
        [b'=', rest @ ..] => (rest, var()),
        [b':', b' ', rest @ ..] => (rest, var()),
        [b':', rest @ ..] if rest.first() == Some(&b'"') => (rest, var()),
        // `rt:0.001`, but not `unix:/run/app.sock` or `backend:80`.
        [b':', rest @ ..] => (rest, Some(var()).filter(|var| *var != Var::Ignored)?),
        // Names without punctuation, as in `upstream_addr $upstream_addr`: only nginx's own.
        [b' ', rest @ ..] if memchr(b'_', key).is_some() => {
            (rest, Some(Var::named(key)).filter(|var| *var != Var::Ignored)?)
        }
        _ => return None,
    };
    match rest.first() {
        None | Some(b' ') => Some((rest, var, b"")),
        Some(_) => {
            let (rest, value) = value(rest);
            Some((rest, var, value))
        }
    }
}

/// A value in quotes, in brackets, or bare; what follows it comes first.
fn value(i: &[u8]) -> (&[u8], &[u8]) {
    let close = match i.first() {
        Some(b'"') => return text(i).unwrap_or((b"", i.get(1..).unwrap_or_default())),
        Some(b'\'') => b'\'',
        Some(b'[') if !is_addr_list(bare_list(i).1) => b']',
        Some(b'(') => b')',
        Some(b'<') => b'>',
        _ => 0,
    };
    if let Some(end) = memchr(close, i.get(1..).unwrap_or_default()).filter(|_| close != 0) {
        return (&i[end + 2..], &i[1..=end]);
    }
    let (rest, value) = bare_list(i);
    let end = value.iter().rposition(|byte| !matches!(byte, b',' | b';')).map_or(0, |last| last + 1);
    (rest, &value[..end])
}

/// Values without keys, told by their shape.
#[derive(Default)]
struct Shapes<'a> {
    /// The first two numbers of seconds.
    times: [&'a [u8]; 2],
    /// How many there were.
    count: usize,
    last: Shape<'a>,
}

#[derive(Clone, Copy, Default)]
enum Shape<'a> {
    Addr,
    Status(&'a [u8]),
    #[default]
    Other,
}

impl<'a> Shapes<'a> {
    fn add(&mut self, value: &'a [u8], vars: &mut Vars<'a>) {
        let last = std::mem::take(&mut self.last);
        if is_addr_list(value) {
            vars.set(Var::UpstreamAddr, value);
            if let Shape::Status(statuses) = last {
                vars.set(Var::UpstreamStatus, statuses);
            }
            self.last = Shape::Addr;
        } else if is_time_list(value) {
            if let Some(place) = self.times.get_mut(self.count) {
                *place = value;
            }
            self.count += 1;
        } else if is_status_list(value) {
            if matches!(last, Shape::Addr) {
                vars.set(Var::UpstreamStatus, value);
            }
            self.last = Shape::Status(value);
        } else if !value.is_empty() && list(value).all(is_ip) {
            vars.set(Var::ForwardedFor, value);
        }
    }

    /// `$request_time` comes first, and is never a list; a second of two is `$upstream_response_time`.
    fn finish(self, vars: &mut Vars<'a>) {
        let [first, second] = self.times;
        let is_list = |value: &[u8]| memchr(b' ', value).is_some();
        let (request, response) = match self.count {
            0 => return,
            1 if is_list(first) => (second, first),
            2 if is_list(first) && !is_list(second) => (second, first),
            1 | 2 => (first, second),
            _ => (first, &b""[..]),
        };
        if !request.is_empty() && !is_list(request) {
            vars.set(Var::RequestTime, request);
        }
        if !response.is_empty() {
            vars.set(Var::ResponseTime, response);
        }
    }
}
