//! The grammar of request lines, and the record that they make.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use crate::format::{Attempt, Attempts, Escape, Record};
use crate::grammar::address::host;
use crate::grammar::find::{find, find2};
use crate::grammar::number::{Micros, last_of_row, status, uint, whole};
use crate::grammar::text::{one, present, word};
use crate::grammar::time::{When, clf};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memrchr};
use nom::{Parser as _, combinator::opt, sequence::preceded};
use std::iter::repeat_n;

/// How many retries are told apart: `%rc` is a number from a line, and every attempt costs memory.
const MOST_RETRIES: u64 = 100;

/// The start of every line: `%ci:%cp [%tr] `.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Head<'a> {
    /// All that stands before the date.
    before: &'a [u8],
    /// What stands where the client should.
    word: &'a [u8],
    /// Whether that would have the client's port.
    has_port: bool,
    pub(in crate::format) when: When,
}

impl<'a> Head<'a> {
    /// That of a line whose client's address is known, without its port.
    pub(in crate::format) fn of(client: &'a [u8], when: When) -> Self {
        Self { before: b"", word: client, has_port: false, when }
    }

    /// The process's number, of a program's name with it that was left of a syslog header: `haproxy[14387]: `.
    pub(in crate::format) fn pid(&self) -> Option<u64> {
        let (_, after) = self.before.split_at_checked(memchr(b'[', self.before)? + 1)?;
        let (rest, pid) = uint(after).ok()?;
        rest.starts_with(b"]: ").then_some(pid)
    }

    /// The client's address.
    pub(in crate::format) fn client(&self) -> &'a [u8] {
        if self.has_port { address(self.word) } else { self.word }
    }
}

/// `%b/%s`: where the request was sent.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::format) struct Route<'a> {
    /// The backend, or the frontend where no backend was chosen.
    pub(in crate::format) group: &'a [u8],
    /// `backend/server`; empty where no server was.
    pub(in crate::format) upstream: &'a [u8],
    /// Whether the layout has a place for the server.
    pub(in crate::format) names_upstream: bool,
    /// HAProxy answered by itself: `<STATS>`, `<CACHE>`, `<lua.NAME>`.
    applet: bool,
    /// The whole, as logged.
    text: &'a [u8],
}

/// `%TR/%Tw/%Tc/%Tr/%Ta` in milliseconds; `None` is `-1`, a phase that never ended.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::format) struct Timers {
    pub(in crate::format) request: Option<u64>,
    pub(in crate::format) queue: Option<u64>,
    pub(in crate::format) connect: Option<u64>,
    pub(in crate::format) response: Option<u64>,
    pub(in crate::format) total: Option<u64>,
}

/// `%rc`: `3`, or `+1` where the last retry went to another server (redispatch).
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::format) struct Retries {
    pub(in crate::format) count: u64,
    pub(in crate::format) elsewhere: bool,
}

/// How a request ended: `%tsc %ac/%fc/%bc/%sc/%rc`.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Ending<'a> {
    pub(in crate::format) state: &'a [u8],
    pub(in crate::format) retries: Retries,
}

/// A request line up to where its layouts part again.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Line<'a> {
    pub(in crate::format) head: Head<'a>,
    pub(in crate::format) frontend: &'a [u8],
    pub(in crate::format) route: Route<'a>,
    /// The host that was asked for, where a custom format has a place for it.
    pub(in crate::format) host: &'a [u8],
    pub(in crate::format) timers: Timers,
    /// `None` for TCP, and for `-1` and `0`: nothing was sent.
    pub(in crate::format) status: Option<u16>,
    pub(in crate::format) bytes: Option<u64>,
    pub(in crate::format) ending: Ending<'a>,
}

/// One space, or the several that hand-made formats have.
#[inline(always)]
pub(in crate::format) fn space(i: &[u8]) -> Parsed<'_, ()> {
    match i {
        [b' ', after @ ..] if after.first() != Some(&b' ') => Ok((after, ())),
        [b' ', after @ ..] => Ok((after.trim_ascii_start(), ())),
        _ => mismatch(),
    }
}

/// `10.0.1.2:33317 [06/Feb/2009:12:14:14.655]`, `2001:db8::1:443 […]`, `unix:1 […]`, and no client in some custom
/// formats.
///
/// What stands before the client is passed over: RFC 5424's structured data, a program's name.
#[inline(always)]
pub(in crate::format) fn head(i: &[u8]) -> Parsed<'_, Head<'_>> {
    // An object has the line inside.
    if i.first() == Some(&b'{') {
        return mismatch();
    }
    let mut from = 0;
    while let Some(at) = find(b'[', &i[from..]).map(|found| from + found) {
        let (before, after) = i.split_at(at);
        if let Ok((rest, when)) = stamp(after) {
            return match client(before) {
                Some((word, has_port)) => Ok((rest, Head { before, word, has_port, when })),
                None => mismatch(),
            };
        }
        from = at + 1;
    }
    mismatch()
}

/// The time of a line that begins with its client; what follows the bracket comes first.
#[inline(always)]
pub(in crate::format) fn time_behind_client(i: &[u8]) -> Option<(&[u8], When)> {
    let (open, end) = (find(b'[', i)?, find(b' ', i)?);
    if end + 1 != open || end == 0 || i[0] == b'{' || i[end - 1].is_ascii_whitespace() {
        return None;
    }
    stamp(&i[open..]).ok()
}

/// `[06/Feb/2009:12:14:14.655]`
#[inline(always)]
fn stamp(i: &[u8]) -> Parsed<'_, When> {
    let (i, ()) = one(b'[', i)?;
    let (i, when) = clf(i)?;
    let (i, ()) = one(b']', i)?;
    Ok((i, when))
}

/// The last word before the date; in a CLF line the one before `- -`, which has no port.
///
/// A quote before it means that somebody else wrote this line and only quotes HAProxy, but for structured data.
#[inline(always)]
fn client(before: &[u8]) -> Option<(&[u8], bool)> {
    match before {
        [word @ .., last, b' '] if !last.is_ascii_whitespace() && find(b' ', word).is_none() => {
            Some((&before[..word.len() + 1], true))
        }
        _ => client_behind(before),
    }
}

/// The same, where more stands before the date.
fn client_behind(before: &[u8]) -> Option<(&[u8], bool)> {
    if !before.is_empty() && !before.ends_with(b" ") {
        return None;
    }
    let before = before.trim_ascii_end();
    let (before, clf) = before.strip_suffix(b" - -").map_or((before, false), |before| (before, true));
    let at = memrchr(b' ', before).map_or(0, |space| space + 1);
    let prefix = &before[..at];
    if memchr(b'"', prefix).is_some_and(|quote| !is_structured_data(prefix, quote)) {
        return None;
    }
    Some((&before[at..], !clf))
}

/// Whether `prefix` ends with RFC 5424's `[id key="value"] `: its first quote stands inside brackets.
fn is_structured_data(prefix: &[u8], quote: usize) -> bool {
    let open = memrchr(b'[', &prefix[..quote]);
    open.is_some_and(|open| memchr(b']', &prefix[open..quote]).is_none()) && prefix.ends_with(b"] ")
}

/// The address in `%ci:%cp`. Not the tag that some daemons leave before it, such as `haproxy` or `haproxy[1]:`.
fn address(word: &[u8]) -> &[u8] {
    let looks_right = find2(b':', b'.', word).is_some() && !word.ends_with(b":");
    if looks_right { present(host(word)) } else { b"" }
}

/// `%ft`: `http-in`, `https-in~`. Names never hold a slash, unlike the error log's `frontend/bind:`.
#[inline(always)]
pub(in crate::format) fn frontend(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (rest, name) = word(i)?;
    if find(b'/', name).is_some() { mismatch() } else { Ok((rest, name)) }
}

/// `static/srv1`, `http-in/<NOSRV>`, `stats/<STATS>`, `-/-` (HAProxy's own HTTP client), or a backend alone.
#[inline(always)]
pub(in crate::format) fn route(i: &[u8]) -> Parsed<'_, Route<'_>> {
    let (rest, text) = word(i)?;
    // An applet's name may hold a slash, other names may not.
    let named = &text[..find(b'<', text).unwrap_or(text.len())];
    let Some(slash) = named.iter().rposition(|byte| *byte == b'/') else {
        return Ok((rest, Route { group: text, text, ..Route::default() }));
    };
    let (group, server) = (present(&text[..slash]), &text[slash + 1..]);
    Ok((rest, Route { text, ..placed(group, server, text) }))
}

/// A backend and a server that stand apart, as in the CLF variants; `upstream` is what to call the server.
#[inline(always)]
pub(in crate::format) fn placed<'a>(group: &'a [u8], server: &'a [u8], upstream: &'a [u8]) -> Route<'a> {
    let reached = !present(server).is_empty() && find(b'<', server).is_none();
    let applet = server.starts_with(b"<") && server != b"<NOSRV>";
    Route { group, upstream: if reached { upstream } else { b"" }, names_upstream: true, applet, text: server }
}

/// A number that may be missing (`-1`) or unfinished (`+40` under `option logasap`).
#[inline(always)]
pub(in crate::format) fn number(i: &[u8]) -> Parsed<'_, Option<u64>> {
    match i {
        [b'-', after @ ..] => uint(after).map(|(rest, _)| (rest, None)),
        [b'+', after @ ..] => uint(after).map(|(rest, value)| (rest, Some(value))),
        _ => uint(i).map(|(rest, value)| (rest, Some(value))),
    }
}

/// Exactly `N` numbers with `separator` between: `10/0/30/69/109`. Another one may not follow.
#[inline(always)]
pub(in crate::format) fn numbers<const N: usize>(i: &[u8], separator: u8) -> Parsed<'_, [Option<u64>; N]> {
    let (mut rest, mut values) = (i, [None; N]);
    for (at, value) in values.iter_mut().enumerate() {
        if at > 0 {
            (rest, ()) = one(separator, rest)?;
        }
        (rest, *value) = short_number(rest)?;
    }
    match rest.first() {
        None | Some(b' ') => Ok((rest, values)),
        Some(_) => mismatch(),
    }
}

/// A [`number`], the sooner where it is `-1` or has one digit, as where a request failed.
#[inline(always)]
fn short_number(i: &[u8]) -> Parsed<'_, Option<u64>> {
    match i {
        [b'-', b'1', b' ' | b'/', ..] => Ok((&i[2..], None)),
        [digit @ b'0'..=b'9', b' ' | b'/', ..] => Ok((&i[1..], Some(u64::from(digit - b'0')))),
        _ => number(i),
    }
}

/// `200`; `-1` and `0` are no status.
#[inline(always)]
pub(in crate::format) fn answer(i: &[u8]) -> Parsed<'_, Option<u16>> {
    if let Ok((rest @ [b' ', ..], code @ 100..)) = status(i) {
        return Ok((rest, Some(code)));
    }
    let (rest, text) = word(i)?;
    match whole(text, number) {
        Some(_) => Ok((rest, whole(text, status).filter(|status| *status >= 100))),
        None => mismatch(),
    }
}

/// In which places of a termination state a byte may stand: bit 0 is the first.
static PLACES: [u8; 256] = {
    const ALPHABETS: [&[u8]; 4] = [b"-LcCsSPRIDKU", b"-RCHDLQT", b"-NIDVEOU", b"-NPDIRU"];
    let (mut places, mut place) = ([0; 256], 0);
    while place < ALPHABETS.len() {
        let mut at = 0;
        while at < ALPHABETS[place].len() {
            places[ALPHABETS[place][at] as usize] |= 1 << place;
            at += 1;
        }
        place += 1;
    }
    places
};

/// `%tsc` or `%ts`: `SC--`, `sHNN`, `--`.
#[inline(always)]
pub(in crate::format) fn state(i: &[u8]) -> Parsed<'_, &[u8]> {
    let fits = |(byte, place): &(&u8, u8)| PLACES[usize::from(**byte)] >> place & 1 == 1;
    let length = i.iter().zip(0..4).take_while(fits).count();
    match i.get(length) {
        None | Some(b' ') if length >= 2 => Ok((&i[length..], &i[..length])),
        _ => mismatch(),
    }
}

/// `%ac/%fc/%bc/%sc/%rc`: `1/1/1/1/0`, `230/165/165/78/+3`. Only the retries matter here.
#[inline(always)]
pub(in crate::format) fn connections(i: &[u8], separator: u8) -> Parsed<'_, Retries> {
    match last_of_row::<5>(i, separator) {
        Some((rest, count)) => Ok((rest, Retries { count, elsewhere: false })),
        None => odd_connections(i, separator),
    }
}

/// [`connections`], whatever they look like.
fn odd_connections(i: &[u8], separator: u8) -> Parsed<'_, Retries> {
    let (rest, [.., retries]) = numbers::<5>(i, separator)?;
    let text = &i[..i.len() - rest.len()];
    let elsewhere = memrchr(separator, text).is_some_and(|at| text[at..].get(1) == Some(&b'+'));
    Ok((rest, Retries { count: retries.unwrap_or(0), elsewhere }))
}

/// `- - ---- 1/1/1/1/0`: captured cookies, which hand-made formats leave out, then the end.
#[inline(always)]
pub(in crate::format) fn ending(i: &[u8]) -> Parsed<'_, Ending<'_>> {
    if let [b'-', b' ', b'-', b' ', rest @ ..] = i
        && let Ok(found) = end(rest)
    {
        return Ok(found);
    }
    let mut from = i;
    for _ in 0..3 {
        if let Ok(found) = end(from) {
            return Ok(found);
        }
        from = space(word(from)?.0)?.0;
    }
    mismatch()
}

/// `---- 1/1/1/1/0`
#[inline(always)]
fn end(i: &[u8]) -> Parsed<'_, Ending<'_>> {
    let (i, state) = state(i)?;
    let (i, retries) = connections(space(i)?.0, b'/')?;
    Ok((i, Ending { state, retries }))
}

/// `"`, or the `\"` that some syslog daemons make of it.
#[inline(always)]
pub(in crate::format) fn quote(i: &[u8]) -> Parsed<'_, &[u8]> {
    match i {
        [b'"', rest @ ..] => Ok((rest, &i[..1])),
        [b'\\', b'"', rest @ ..] => Ok((rest, &i[..2])),
        _ => mismatch(),
    }
}

/// `"GET / HTTP/1.1"`: HAProxy writes a quote inside as `#22`. May have been cut off at the length limit.
#[inline]
pub(in crate::format) fn quoted(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (inside, opening) = quote(i)?;
    let Some(end) = find(b'"', inside) else { return Ok((b"", inside)) };
    let text = &inside[..end];
    let text = if opening.len() == 2 { text.strip_suffix(b"\\").unwrap_or(text) } else { text };
    Ok((&inside[end + 1..], text))
}

/// The start of a CLF line: `%{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s`, every text quoted.
#[derive(Clone, Copy, Debug)]
pub(in crate::format) struct Clf<'a> {
    pub(in crate::format) line: Line<'a>,
    /// `"GET / HTTP/1.1"`, or `"TCP "`.
    pub(in crate::format) request: &'a [u8],
    /// The numbers between the server and the end: `%TR %Tw %Tc %Tr %Ta`, or `%Th %Tw %Tc %Tt %U`.
    pub(in crate::format) numbers: [Option<u64>; 5],
}

/// `192.0.2.1 - - [07/Nov/2016:10:29:36 +0000] "GET / HTTP/1.1" 503 212 "" "" 49408 409 "fe" "be" "srv" 2 0 0 5 7 ----
/// 1 1 0 0 0 0 0 …`
///
/// The backend and the server stand apart here, so the upstream is the server's name alone.
pub(in crate::format) fn clf_line(i: &[u8]) -> Parsed<'_, Clf<'_>> {
    let (i, (head, (), request)) = (head, space, quoted).parse(i)?;
    let (i, ((), status, (), bytes)) = (space, answer, space, number).parse(i)?;
    let (i, _) = (space, quoted, space, quoted, space, number, space, number).parse(i)?;
    let (i, ((), frontend, (), group, (), server)) = (space, quoted, space, quoted, space, quoted).parse(i)?;
    let (i, numbers) = numbers::<5>(space(i)?.0, b' ')?;
    let (i, ((), state, ())) = (space, state, space).parse(i)?;
    let (i, retries) = connections(i, b' ')?;
    let (route, ending) = (placed(group, server, server), Ending { state, retries });
    let line = Line { head, frontend, route, host: b"", timers: Timers::default(), status, bytes, ending };
    Ok((i, Clf { line, request, numbers }))
}

/// Milliseconds as the durations of a record.
pub(in crate::format) fn micros(milliseconds: u64) -> Micros {
    milliseconds.saturating_mul(1_000)
}

impl<'a> Line<'a> {
    /// What the line tells without its request.
    #[inline(always)]
    pub(in crate::format) fn record(&self) -> Record<'a> {
        let answered = self.answered().then_some(self.status).flatten();
        Record {
            when: Some(self.head.when),
            status: self.status,
            upstream_status: answered,
            group: self.route.group,
            upstream: self.route.upstream,
            names_upstream: self.route.names_upstream,
            bytes: self.bytes,
            duration: self.timers.total.map(micros),
            connect: self.timers.connect.map(micros),
            header: self.timers.response.map(micros),
            client: self.head.client(),
            pid: self.head.pid(),
            termination_state: self.ending.state,
            flags: if self.no_backend() { self.route.text } else { b"" },
            attempts: self.attempts(answered),
            escape: Escape::Hash,
            ..Record::default()
        }
    }

    /// Whether the server's own header came: then the status is the server's, unless HAProxy put its own in its place.
    fn answered(&self) -> bool {
        let replaced = matches!(self.ending.state, [b'L' | b'P' | b'R' | b'I', b'-' | b'R' | b'H' | b'T', ..]);
        self.timers.response.is_some() && !replaced
    }

    /// The tries that a server was given: those that a retry followed, and the last one, which has the timers.
    fn attempts(&self, answered: Option<u16>) -> Attempts<'a> {
        let upstream = if self.ending.retries.elsewhere { b"" } else { self.route.upstream };
        // A request that never came to the queue was not tried; some versions log the backend's `retries` then.
        let retries = self.timers.queue.map_or(0, |_| self.ending.retries.count.min(MOST_RETRIES));
        let retries = usize::try_from(retries).unwrap_or(0);
        let mut attempts = Attempts::from_iter(repeat_n(Attempt { upstream, ..Attempt::default() }, retries));
        if self.reached() {
            attempts.push(self.last_attempt(answered));
        }
        attempts
    }

    fn last_attempt(&self, answered: Option<u16>) -> Attempt<'a> {
        let Timers { request, queue, connect, response, total } = self.timers;
        let before = request.unwrap_or(0).saturating_add(queue.unwrap_or(0));
        Attempt {
            upstream: self.route.upstream,
            status: answered,
            connect: connect.map(micros),
            header: connect.zip(response).map(|(connect, response)| micros(connect.saturating_add(response))),
            response: total.map(|total| micros(total.saturating_sub(before))),
            length: None,
        }
    }

    /// Whether HAProxy at least tried to connect in the end.
    pub(in crate::format) fn reached(&self) -> bool {
        let (connected, named) = (self.timers.connect.is_some(), !self.route.upstream.is_empty());
        match self.ending.state {
            [_, b'R' | b'Q' | b'T', ..] | [b'P' | b'R' | b'I', b'C', ..] => false,
            [b'S' | b's', ..] => connected || named || (!self.route.names_upstream && self.timers.queue.is_some()),
            [b'L', ..] => connected && named,
            _ => !self.route.applet && (connected || named),
        }
    }

    /// No rule chose a backend: HAProxy then logs the frontend in its place, and a request timer that never began,
    /// since only a backend stops it (`http_process_request` in `http_ana.c`). In a `listen` section the two have one
    /// name too, but there the timer is set, as it is with `option http-buffer-request`; TCP has none.
    fn no_backend(&self) -> bool {
        let frontend = self.frontend.strip_suffix(b"~").unwrap_or(self.frontend);
        let unsent = self.route.upstream.is_empty() && self.timers.request.is_none() && self.status == Some(503);
        unsent && self.ending.state.starts_with(b"SC") && frontend == self.route.group
    }
}

/// Fields of a custom format that name the error on the server's side: `bc_err=ERESET`,
/// `bc_err_str="SSL handshake failure" ssl_bc_err_str="error:0A000086:…"`. Gives neighbours in one piece, and nothing
/// where they say that all was well. Other fields, which may hold what a client sent, are passed over.
pub(in crate::format) fn backend_errors(tail: &[u8]) -> &[u8] {
    let (mut rest, mut found) = (tail, None);
    while let Ok((after, (name, value))) = preceded(space, field).parse(rest) {
        let at = tail.len() - rest.len() + 1;
        if !is_error_of_server(name) {
            if found.is_some() {
                break;
            }
        } else if !is_success(value) {
            let start = found.map_or(at, |(start, _)| start);
            found = Some((start, tail.len() - after.len()));
        }
        rest = after;
    }
    found.map_or(b"", |(start, end)| tail[start..end].trim_ascii())
}

/// Whether a field's name says that it holds the error on the server's side: HAProxy's own names for it, or one that
/// people give it.
fn is_error_of_server(name: &[u8]) -> bool {
    name.windows(6).any(|part| part == b"bc_err") || matches!(name, b"err" | b"error" | b"server_err" | b"server_error")
}

/// `name=value`, `name="a value"`, or a bare word, whose value is empty.
fn field(i: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    let end = i.iter().position(|byte| matches!(byte, b'=' | b' ' | b'"')).unwrap_or(i.len());
    let (name, after) = i.split_at(end);
    let (rest, value) = match after {
        [b'=', value @ ..] if quote(value).is_ok() => quoted(value)?,
        [b'=', value @ ..] => opt(word).map(Option::unwrap_or_default).parse(value)?,
        [b'"', ..] => quoted(after)?,
        _ if name.is_empty() => return mismatch(),
        _ => (after, &b""[..]),
    };
    Ok((rest, (name, value)))
}

/// `-`, `0`, `Success`, nothing: no error.
pub(in crate::format) fn is_success(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b'0' | b'-')) || value == b"Success"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_backend_errors_in_the_tail() {
        let cases = [
            ("", ""),
            (" fc_err=- bc_err=ERESET tevts={,,e1,S5s1}", "bc_err=ERESET"),
            (
                " bc_err=34 bc_err_str=\"SSL handshake failure\" sni=bc_err=1",
                "bc_err=34 bc_err_str=\"SSL handshake failure\"",
            ),
            (" a b \"bc_err=1\" bc_err=0 c", ""),
            (" bc_err=", ""),
            (" 0/0000000000000000/0/0/0 localhost/TLSv1.3/TLS_AES_256_GCM_SHA384", ""),
        ];
        for (tail, found) in cases {
            assert_eq!(backend_errors(tail.as_bytes()), found.as_bytes(), "{tail}");
        }
    }
}
