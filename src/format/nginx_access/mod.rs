//! nginx's access log in text: the predefined `combined` layout, and whatever people write after it.
//!
//! What follows `combined` is read in this order: ingress-nginx's own tail, as a whole; values with a key, whatever
//! their order; values without one, by their shape.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

mod any_order;
mod layout;
mod ltsv;
mod proxy_manager;

use super::clf::{self, text};
use super::nginx::{self, Var, Vars, bare_list, is_addr_list, is_ip, is_status_list, is_time_list, list};
use super::{
    About, Escape, Record, Skim, Skimmed, Statuses, Verdict, apache_access, apigateway, skipper, traefik, varnish,
};
use crate::cause::Proxy;
use crate::grammar::address::is_server;
use crate::grammar::find::find2;
use crate::grammar::number::{self, seconds, uint, whole};
use crate::grammar::text::{bracketed, byte, next_word, present, same};
use crate::grammar::{Parsed, mismatch, time};
use layout::{Layout, Ordinary};
use memchr::memchr;
use nom::{Parser as _, bytes::complete::tag, combinator::opt, sequence::preceded};
use std::cell::RefCell;

pub(super) static ABOUT: About = About {
    name: "nginx-access",
    proxy: Proxy::NGINX,
    title: "nginx access log: combined, main, ingress-nginx, or combined with upstream fields after it",
    layout: "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \
             \"$http_user_agent\" …",
    time: "when the request ended",
    source: "nginx, src/http/modules/ngx_http_log_module.c (ngx_http_combined_fmt) and src/http/ngx_http_upstream.c",
    samples: &[
        r#"203.0.113.127 - - [20/Nov/2026:23:50:11 +0000] "GET /checkout/pay/584 HTTP/1.1" 502 157 "-" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15""#,
        r#"203.0.113.238 - - [20/Nov/2026:23:50:18 +0000] "GET /checkout/pay/1738 HTTP/1.1" 200 73 "-" "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)" rt=0.001 uct="-, 0.000" uht="-, 0.000" urt="0.000, 0.000" ua="127.0.0.1:9102, 127.0.0.1:9101" us="502, 200""#,
        r#"203.0.113.127 - - [20/Nov/2026:23:50:28 +0000] "GET /checkout/pay/584 HTTP/1.1" 504 167 "-" "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15" rt=1.000 uct="0.000" uht="-" urt="1.000" ua="127.0.0.1:9101" us="504""#,
        r#"203.0.113.105 - - [21/Nov/2026:00:09:47 +0000] "GET /checkout/pay/6888 HTTP/1.1" 502 157 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0" rt=0.000 uct="-" uht="-" urt="0.000" ua="api" us="502""#,
        r#"203.0.113.222 - - [21/Nov/2026:00:10:17 +0000] "GET /checkout/cart/4956 HTTP/1.1" 502 19 "-" "curl/7.88.1" 117 0.005 [default-api-8080] [] 127.0.0.1:9101 : 127.0.0.1:9301 0 : 19 0.000 : 0.004 502 : 200 94cc92cb494a32600edb918c3d586e40"#,
        r#"203.0.113.197 - - [20/Nov/2026:23:50:09 +0000] "GET /checkout/cart/1133 HTTP/1.1" 200 73 "-" "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" 178 0.000 [default-api-8080] [] 127.0.0.1:9101 73 0.001 200 1da2593482260dfbb8cd5a9a340d2b42"#,
    ],
    signs: &[&nginx::SIGNS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    if line.first() == Some(&b'"')
        && let Some(vars) = keyed_behind_time(line)
    {
        return vars.skim();
    }
    if line.first() == Some(&b'[') {
        return proxy_manager::vars(line)?.skim();
    }
    if let Some(line) = ltsv::Line::of(line) {
        return line.skim();
    }
    let line = clf_line(line)?;
    match ordinary(&line) {
        Some(skim) => Some(Skimmed::Plain(skim)),
        None => skim_whole(&line),
    }
}

/// A line that begins as `combined` does, and is not one of API Gateway's, which has no headers.
#[inline(always)]
fn clf_line(text: &[u8]) -> Option<clf::Line<'_>> {
    clf::line(text).filter(|line| line.agent.is_some() || !apigateway::is_common(text))
}

/// What nearly all lines are: those of a layout that is known, about a request that one server was asked for.
#[inline(always)]
fn ordinary<'a>(line: &clf::Line<'a>) -> Option<Skim<'a>> {
    let (None, Some(_), b"", true) = (line.host, line.agent, line.between, line.has_zone()) else { return None };
    let Ordinary { upstream, status, request_time } = LAST.with_borrow(|layout| layout.skim(line.tail))?;
    // A list, a user agent, a socket, the name of a group: all of these take a longer look.
    let is_server = find2(b' ', b'/', upstream).is_none() && is_server(upstream);
    let has_own_status = status.is_some_and(|status| !same(status, line.status));
    if !is_server || has_own_status {
        return None;
    }
    Some(Skim {
        when: Some(line.when),
        status: whole(line.status, number::status)?,
        group: b"",
        upstream,
        names_upstream: true,
        attempted: true,
        duration: Some(whole(request_time, seconds)?),
    })
}

fn skim_whole<'a>(line: &clf::Line<'a>) -> Option<Skimmed<'a>> {
    let mut vars = Vars::new(Escape::Hex);
    fill_from(line, &mut vars)?;
    vars.skim()
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if line.first() == Some(&b'"')
        && let Some(vars) = keyed_behind_time(line)
    {
        return vars.record();
    }
    if line.first() == Some(&b'[') {
        return proxy_manager::vars(line)?.record();
    }
    if let Some(line) = ltsv::Line::of(line) {
        return line.record();
    }
    let line = clf_line(line)?;
    let mut vars = Vars::new(Escape::Hex);
    fill_from(&line, &mut vars)?;
    Some(Record { identity: line.identity, ..vars.record()? })
}

/// The same of a line in any layout.
pub(super) fn skim_any(line: &[u8]) -> Option<Skimmed<'_>> {
    any_order::vars(line)?.skim()
}

/// See [`skim_any`].
pub(super) fn read_any(line: &[u8]) -> Option<Record<'_>> {
    any_order::vars(line)?.record()
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    nginx::judge(record, statuses)
}

/// Finds the variables of a line.
fn fill_from<'a>(line: &clf::Line<'a>, vars: &mut Vars<'a>) -> Option<()> {
    // nginx always has a status and a zone.
    if line.status == b"-" || !line.has_zone() {
        return None;
    }
    if let Some(host) = line.host.or(line.late_host) {
        vars.set(Var::Host, host);
    }
    vars.set(Var::RemoteAddr, line.client);
    vars.set(Var::RemoteUser, line.user);
    vars.set_time(line.stamp, line.when);
    vars.set(Var::Request, line.request);
    vars.set(Var::Status, line.status);
    vars.set(Var::BodyBytes, line.bytes);
    if let Some(agent) = line.agent {
        vars.set(Var::UserAgent, agent);
    }
    if !line.between.is_empty() {
        tail(line.between, vars, after_combined);
    }
    // A layout that only nginx can write.
    if line.host.is_none() && line.between.is_empty() && LAST.with_borrow(|layout| layout.read(line.tail, vars)) {
        return Some(());
    }
    if is_foreign(line) {
        return None;
    }
    new_tail(line.tail, vars);
    Some(())
}

thread_local! {
    /// The layout of the last tail that had one.
    static LAST: RefCell<Layout> = const { RefCell::new(Layout::NONE) };
}

/// A tail of another layout than the last one.
fn new_tail<'a>(i: &'a [u8], vars: &mut Vars<'a>) {
    if ingress(i, vars).is_err() {
        tail(i, vars, after_combined);
        if let Some(layout) = Layout::of(i, after_combined) {
            LAST.set(layout);
        }
    }
}

/// A layout in which all but the time has a key, as in the `apm` format of nginx's own blog:
/// `"21/Nov/2026:04:25:14 +0000" client=203.0.113.220 method=GET request="GET / HTTP/1.1" status=200 upstream_addr=…`
fn keyed_behind_time(line: &[u8]) -> Option<Vars<'_>> {
    let (rest, stamp) = text(line).ok()?;
    let mut vars = Vars::new(Escape::Hex);
    vars.set_time(stamp, whole(stamp, time::clf)?);
    tail(rest, &mut vars, Var::alias);
    (!vars.get(Var::RemoteAddr).is_empty() && !vars.get(Var::Status).is_empty()).then_some(vars)
}

/// Whether one of the others that write `combined` too wrote a line: HAProxy's `option httplog clf`
/// (` 49408 409 "frontend" "backend" …`), Traefik (` 1 "router" "http://…" 0ms`), Skipper (` 18 host id -`), Apache,
/// Varnish.
fn is_foreign(line: &clf::Line<'_>) -> bool {
    let tail = line.tail;
    if tail.is_empty() && line.host.is_none() && line.between.is_empty() {
        return false;
    }
    let is_number = || matches!(tail, [b' ', b'0'..=b'9', ..]);
    let quoted = || preceded(byte(b' '), text);
    let haproxy = || (tag(" "), uint, tag(" "), uint, quoted(), quoted(), quoted()).parse(tail).is_ok();
    is_number() && haproxy()
        || traefik::ends_so(tail)
        || skipper::is_skipper(line)
        || apache_access::is_apache(line)
        || varnish::is_varnish(line)
}

/// ingress-nginx's default (`internal/ingress/controller/config/config.go`): ` 178 0.001 [default-api-8080] []
/// 10.0.0.1:80, 10.0.0.2:80 0, 73 0.000, 0.001 502, 200 bd6d5a1f29f9144641d8893d8c5189cd`
///
/// Old releases have one bracket only.
fn ingress<'a>(i: &'a [u8], vars: &mut Vars<'a>) -> Parsed<'a, ()> {
    let (rest, (_, _length, request_time)) = (byte(b' '), uint, next_word).parse(i)?;
    let (rest, group) = preceded(tag(" "), bracketed).parse(rest)?;
    let (rest, _alternative) = opt(preceded(tag(" "), bracketed)).parse(rest)?;
    let (rest, addr) = next_list(rest)?;
    let (rest, lengths) = next_list(rest)?;
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
    vars.set(Var::ResponseLength, lengths);
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

/// What a key means after `combined`, which has a status and a time already.
fn after_combined(key: &[u8]) -> Var {
    match Var::alias(key) {
        Var::Status | Var::Time => Var::Ignored,
        var => var,
    }
}

/// All that follows the user agent in layouts of people's own; `meaning` says which variable a key stands for.
fn tail<'a>(mut rest: &'a [u8], vars: &mut Vars<'a>, meaning: fn(&[u8]) -> Var) {
    let mut shapes = Shapes::default();
    loop {
        while let [b' ' | b'\t' | b',' | b';' | b'|', after @ ..] = rest {
            rest = after;
        }
        if rest.is_empty() {
            break;
        }
        let before = rest.len();
        rest = match keyed(rest, meaning) {
            Some((after, var, value)) => {
                vars.set(var, value);
                after
            }
            None => {
                let (after, value) = value(rest);
                // `"rt=0.001"`: the quotes stand around the key too.
                match keyed(value, meaning).filter(|_| rest.starts_with(b"\"")) {
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
#[inline(always)]
fn keyed(i: &[u8], meaning: fn(&[u8]) -> Var) -> Option<(&[u8], Var, &[u8])> {
    let length = i.iter().take_while(|byte| IN_KEY[usize::from(**byte)]).count();
    let (key, rest) = i.split_at(length);
    let key = key.strip_prefix(b"$").unwrap_or(key);
    if !key.first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let var = || meaning(key);
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

/// Which bytes keys are made of.
const IN_KEY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'-' | b'.' | b'@' | b'$');
        byte += 1;
    }
    table
};

/// A value in quotes, in brackets, or bare; what follows it comes first.
#[inline(always)]
fn value(i: &[u8]) -> (&[u8], &[u8]) {
    match i.first() {
        Some(b'"') => text(i).unwrap_or((b"", i.get(1..).unwrap_or_default())),
        Some(b'\'' | b'[' | b'(' | b'<') => bracketed_value(i),
        _ => bare_value(i),
    }
}

/// How far the end of a value in brackets is looked for.
const LONGEST: usize = 2_048;

fn bracketed_value(i: &[u8]) -> (&[u8], &[u8]) {
    let close = match i.first() {
        Some(b'\'') => b'\'',
        Some(b'[') if !is_addr_list(bare_list(i).1) => b']',
        Some(b'(') => b')',
        Some(b'<') => b'>',
        _ => return bare_value(i),
    };
    // No value is longer; a line of brackets that nothing closes is looked at once.
    match memchr(close, i.get(1..i.len().min(LONGEST)).unwrap_or_default()) {
        Some(end) => (&i[end + 2..], &i[1..=end]),
        None => bare_value(i),
    }
}

#[inline]
fn bare_value(i: &[u8]) -> (&[u8], &[u8]) {
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

    /// `$request_time` comes first, and is never a list; a second of two, or what stands behind one that is known, is
    /// `$upstream_response_time`.
    fn finish(self, vars: &mut Vars<'a>) {
        let [first, second] = self.times;
        let is_list = |value: &[u8]| memchr(b' ', value).is_some();
        let (request, response) = match self.count {
            0 => return,
            1 if is_list(first) || vars.has(Var::RequestTime) => (second, first),
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

#[cfg(test)]
mod tests {
    use super::super::nginx::tests::{agree, told};
    use super::*;
    use proptest::prelude::*;

    /// Reads `before "GET /a HTTP/1.1" 502 157 "-" "ua" after`, and checks that the skim agrees.
    fn tail_of(after: &str) -> String {
        let line = format!(r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 502 157 "-" "ua"{after}"#);
        said(&line)
            .replace("status=502 ", "")
            .replace("method=GET path=/a bytes=157 ", "")
            .replace("client=203.0.113.9 agent=ua", "…")
    }

    /// What a line says to who has read others, and to who has not.
    fn both_ways(before: &str, line: &str) -> [Option<String>; 2] {
        [before, ""].map(|before| {
            LAST.set(Layout::NONE);
            skim(before.as_bytes());
            let skimmed = skim(line.as_bytes());
            read(line.as_bytes()).map(|record| format!("{skimmed:?} {record:?}"))
        })
    }

    /// Tails of one layout and of others, some not whole.
    fn tails() -> impl Strategy<Value = String> {
        let value = prop::sample::select(vec![
            "0.001",
            "-",
            "",
            "502",
            "10.0.0.5:80",
            "10.0.0.5:80, 10.0.0.6:80",
            "api",
            "http://10.0.0.5:80",
            "a\\\"b",
            "0.001, 0.002",
            "unix:/run/a",
            "X",
            "balancer://api",
            "a b",
            "x=1",
        ]);
        let key = prop::sample::select(vec![
            "rt",
            "uct",
            "ua",
            "us",
            "upstream",
            "upstream_addr",
            "time",
            "worker",
            "x",
            "request_time",
            "foo",
            "Host",
            "a-b",
        ]);
        let item = (key, value, prop::sample::select(vec!["=\"", "=", ": ", ":"]), prop::bool::weighted(0.9)).prop_map(
            |(key, value, sign, closed)| {
                let close = if sign.ends_with('"') && closed { "\"" } else { "" };
                format!(" {key}{sign}{value}{close}")
            },
        );
        (prop::collection::vec(item, 0..5), prop::sample::select(vec!["", " ", " 0.001", " -", ","]))
            .prop_map(|(items, end)| items.concat() + end)
    }

    proptest! {
        /// A layout that was learned changes nothing but how long it takes.
        #[test]
        fn lines_say_the_same_whatever_came_before(
            one in tails(),
            other in tails(),
            cut in any::<prop::sample::Index>(),
            headers in prop::sample::select(vec![r#" "-" "ua""#, r#" "-""#, ""]),
        ) {
            let line = |tail: &str| {
                format!(r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 502 157{headers}{tail}"#)
            };
            let cut = cut.index(one.len() + 1);
            for (before, after) in [(&one, &other), (&one, &one), (&one, &one[..cut].to_owned())] {
                let [learned, fresh] = both_ways(&line(before), &line(after));
                prop_assert_eq!(learned, fresh, "{} after {}", after, before);
            }
        }
    }

    /// A layout of which a line has the first half only leaves nothing behind.
    #[test]
    fn half_a_layout_is_none() {
        let line =
            |tail: &str| format!(r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 502 157 "-"{tail}"#);
        let [learned, fresh] = both_ways(&line(r#" rt=1.000 ua="api" us="502""#), &line(r#" rt=1.000 ua="api""#));
        assert_eq!(learned, fresh);
        assert!(fresh.is_some());
    }

    fn said(line: &str) -> String {
        let record = read(line.as_bytes());
        assert_eq!(agree(skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        told(record)
    }

    #[test]
    fn reads_combined() {
        let cases = [
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a?b HTTP/1.1" 502 157 "-" "curl/7.88.1""#,
                "status=502 method=GET path=/a?b bytes=157 client=203.0.113.9 agent=curl/7.88.1",
            ),
            // A name that a client made up, recorded from nginx 1.22.
            (
                r#"::1 - al ice [x] [21/Nov/2026:00:24:08 +0000] "GET /b\x22 x, y HTTP/1.1" 400 157 "http://r/" "ua \x22q\x22 \x5Cx""#,
                r"status=400 method=GET path=/b\x22 x, y bytes=157 client=::1 user=al ice [x] agent=ua \x22q\x22 \x5Cx",
            ),
            (
                r#"unix: - - [28/Sep/2026:12:00:00 +0600] "GET /0.9" 009 7 "-" "-""#,
                "status=9 method=GET path=/0.9 bytes=7 client=unix:",
            ),
            (
                r#"fe80::1%eth0 - - [28/Sep/2026:12:00:00 +0600] "\x16\x03\x01" 400 0 "-" "-""#,
                r"status=400 path=\x16\x03\x01 bytes=0 client=fe80::1%eth0",
            ),
            (r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "" 000 0 "" """#, "status=0 bytes=0 client=203.0.113.9"),
            (r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "-" 499 - "-" "-""#, "status=499 client=203.0.113.9"),
            // What `X-Forwarded-For` says in the client's place, in quotes; nothing, before the client.
            (
                r#""203.0.113.9" - al [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 user=al agent=ua",
            ),
            (
                r#""10.0.0.2, 203.0.113.9" - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            (
                r#""-" 203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            (
                r#""-" - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 agent=ua",
            ),
            // `$time_iso8601` in place of `$time_local`.
            (
                r#"203.0.113.9 - al [2026-09-28T12:00:00+06:00] "GET /a HTTP/1.1" 502 157 "-" "ua" rt=0.003"#,
                "status=502 method=GET path=/a bytes=157 duration=0.003 client=203.0.113.9 user=al agent=ua",
            ),
            // NetScaler's `httpaccess.log`.
            (
                r#"203.0.113.9 -> 192.0.2.80 - - [28/Sep/2026:12:00:00 +0600] [4711] "GET /a HTTP/1.1" 200 1 "-" "ua" "Time: 39770 microsecs""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            // The host behind the time, and the address where Apache APISIX has it; a word that is no host.
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] shop.example.com:9080 "GET /a HTTP/1.1" 502 154 0.003 "-" "ua" 10.0.0.5:80, 10.0.0.6:80 502, 502 0.001, 0.002 "http://shop.example.com:9080/a""#,
                "status=502 upstream=10.0.0.6:80 method=GET host=shop.example.com path=/a bytes=154 duration=0.003 client=203.0.113.9 agent=ua names=upstream attempts=[10.0.0.5:80 502 -/-/0.001, 10.0.0.6:80 502 -/-/0.002]",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] shop:443 "GET /a HTTP/1.1" 502 154 0.003 "-" "ua" 10.0.0.5:80 502 0.001"#,
                "status=502 upstream=10.0.0.5:80 method=GET host=shop path=/a bytes=154 duration=0.003 client=203.0.113.9 agent=ua names=upstream attempts=[10.0.0.5:80 502 -/-/0.001]",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] https "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            // lighttpd's default (`%h %V %u`), with a name, an address; `%v %h %l %u`.
            (
                r#"203.0.113.9 shop.example.com al [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET host=shop.example.com path=/a bytes=1 client=203.0.113.9 user=al agent=ua",
            ),
            (
                r#"203.0.113.9 localhost - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET host=localhost path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            (
                r#"203.0.113.9 192.0.2.80 - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET host=192.0.2.80 path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            (
                r#"203.0.113.9 bob al [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1"#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 user=al",
            ),
            (
                r#"shop.example.com 203.0.113.9 bob al [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1"#,
                "status=200 method=GET host=shop.example.com path=/a bytes=1 client=203.0.113.9 user=al",
            ),
            // Names in quotes; what a header says of the client, in parentheses, and in quotes before the request.
            (
                r#"203.0.113.9 "-" "al" [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1"#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 user=al",
            ),
            (
                r#"203.0.113.9 (10.0.0.2, 8.8.8.8) - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1"#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "8.8.8.8" "GET /a HTTP/1.1" 200 1"#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "8.8.8.8, 10.0.0.2" "GET /a HTTP/1.1" 200 1"#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] (0 s) "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            // `HostnameLookups On`; a referrer that is missing, without quotes; a day of one digit.
            (
                r#"host.example.net bob al [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1"#,
                "status=200 method=GET path=/a bytes=1 client=host.example.net user=al",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 - "curl/8.14.1""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=curl/8.14.1",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 - "https://r/""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9",
            ),
            (
                r#"203.0.113.9 - - [8/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            // Headers in quotes before the dash.
            (
                r#"203.0.113.9 "10.0.0.2, 10.0.0.3" "a b" - al [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1"#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 user=al",
            ),
            // Numbers and a quoted value, which are not HAProxy's.
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 302 - "-" "ua" 0 27101 "B11C-m8" "-""#,
                "status=302 method=GET path=/a client=203.0.113.9 agent=ua",
            ),
            // No status was sent.
            (r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "-" 0 0"#, "bytes=0 client=203.0.113.9"),
            // `$request_time` before the headers; more than one space.
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 0.202 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 duration=0.202 client=203.0.113.9 agent=ua",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1  "-"  "ua""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 200 1 354 247 1 "-" "ua""#,
                "status=200 method=GET path=/a bytes=1 client=203.0.113.9 agent=ua",
            ),
            // Quotes that were not escaped.
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a?b="c"&d="e" HTTP/1.1" 404 1 "-" "say "hi" you" "-""#,
                r#"status=404 method=GET path=/a?b="c"&d="e" bytes=1 client=203.0.113.9 agent=say "hi" you"#,
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a" "b?k HTTP/1.1" 502 1"#,
                r#"status=502 method=GET path=/a" "b?k bytes=1 client=203.0.113.9"#,
            ),
            // The client's port; several addresses, of which the first that is public is the client's.
            (
                r#"203.0.113.9:51234 - - [28/Sep/2026:12:00:00 +0600] "-" 400 0 "-" "-""#,
                "status=400 bytes=0 client=203.0.113.9",
            ),
            (
                r#"10.0.0.2, 8.8.4.4, 8.8.8.8 - al [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1 "-" "-""#,
                "status=502 method=GET path=/ bytes=1 client=8.8.4.4 user=al",
            ),
            (
                r#""fd00::1, 10.0.0.3" 10.2.1.185 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1"#,
                "status=502 method=GET path=/ bytes=1 client=fd00::1",
            ),
            (
                r#"example.com fe80::1%eth0, 8.8.8.8 10.2.2.1 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1"#,
                "status=502 method=GET host=example.com path=/ bytes=1 client=8.8.8.8",
            ),
            // Without a place for the user.
            (
                r#"203.0.113.9 - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1 "-" "ua""#,
                "status=502 method=GET path=/ bytes=1 client=203.0.113.9 agent=ua",
            ),
            // What the client's own machine says of its user (RFC 1413).
            (
                r#"203.0.113.9 bob al ice [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1"#,
                "status=502 method=GET path=/ bytes=1 client=203.0.113.9 user=al ice",
            ),
            (
                r#"203.0.113.9 bob - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1 - -"#,
                "status=502 method=GET path=/ bytes=1 client=203.0.113.9",
            ),
            (
                r#"10.0.0.1 203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1"#,
                "status=502 method=GET host=10.0.0.1 path=/ bytes=1 client=203.0.113.9",
            ),
            // A number before the headers; a method that is none.
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "geti / HTTP/1.1" 400 1 3413 "https://r/" "curl/8""#,
                "status=400 method=geti path=/ bytes=1 client=203.0.113.9 agent=curl/8",
            ),
            // Times and addresses there; without headers, what stands there is the upstream's.
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 200 12 0.012 "-" "curl/8""#,
                "status=200 method=GET path=/ bytes=12 duration=0.012 client=203.0.113.9 agent=curl/8",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 200 12 0.012 "-" "curl/8" 0.011 x"#,
                "status=200 method=GET path=/ bytes=12 duration=0.012 client=203.0.113.9 agent=curl/8 attempts=[ - -/-/0.011]",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 200 12 10.0.0.4 40 - "https://r/" "curl"#,
                "status=200 method=GET path=/ bytes=12 client=203.0.113.9 agent=curl",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1 0.012 "10.0.0.5:80" "502""#,
                "status=502 upstream=10.0.0.5:80 method=GET path=/ bytes=1 duration=0.012 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 502 -/-/-]",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1 0.012 "-" "0.011""#,
                "status=502 method=GET path=/ bytes=1 duration=0.012 client=203.0.113.9 attempts=[ - -/-/0.011]",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "- - HTTP/1.0" 400 1 98"#,
                "status=400 bytes=1 client=203.0.113.9",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "hello world" 400 1 "-" "-""#,
                "status=400 path=hello world bytes=1 client=203.0.113.9",
            ),
            // Without the headers, and cut off in the last.
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "PUT / HTTP/2.0" 503 1"#,
                "status=503 method=PUT path=/ bytes=1 client=203.0.113.9",
            ),
            (
                r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "PUT / HTTP/2.0" 503 1 "-" "Mozil"#,
                "status=503 method=PUT path=/ bytes=1 client=203.0.113.9 agent=Mozil",
            ),
            // A virtual host first (nginx-proxy).
            (
                r#"shop.example.com 203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 503 197 "-" "ua" "172.17.0.3:80""#,
                "status=503 upstream=172.17.0.3:80 method=GET host=shop.example.com path=/ bytes=197 client=203.0.113.9 agent=ua names=upstream attempts=[172.17.0.3:80 - -/-/-]",
            ),
            // ingress-nginx before 0.26
            (
                r#"10.1.2.3 - [10.1.2.3] - bob [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 200 1 "-" "ua""#,
                "status=200 method=GET path=/ bytes=1 client=10.1.2.3 user=bob agent=ua",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
        }
    }

    #[test]
    fn reads_tails_with_keys() {
        let one = "upstream=10.0.0.5:80 duration=0.001 … names=upstream attempts=[10.0.0.5:80 502 -/-/0.001]";
        let two = "upstream=unix:/run/app.sock duration=0.002 … names=upstream \
                   attempts=[10.0.0.5:80 502 -/-/0.000, unix:/run/app.sock 502 -/-/0.001]";
        let cases = [
            (r#" rt=0.001 uct="-" uht="-" urt="0.001" ua="10.0.0.5:80" us="502""#, one),
            (r#" rt=0.001 uct=- uht=- urt=0.001 ua=10.0.0.5:80 us=502"#, one),
            (r#" request_time: 0.001, upstream_response_time: 0.001, upstream: 10.0.0.5:80, us: 502"#, one),
            (r#" "rt=0.001" "urt=0.001" "upstream_addr=10.0.0.5:80" "upstream_status=502""#, one),
            (r#" rt:0.001|ut:0.001|to:10.0.0.5:80|us:502"#, one),
            (r#" upstream_addr 10.0.0.5:80 upstream_status 502 request_time 0.001 upstream_response_time 0.001"#, one),
            (r#" rt="0.002" urt="0.000, 0.001" upstream="10.0.0.5:80, unix:/run/app.sock" us="502, 502""#, two),
            (r#" upstream_addr: 10.0.0.5:80, unix:/run/app.sock us: 502, 502 rt=0.002, urt=0.000, 0.001, x=y"#, two),
            // Amplify's main_ext
            (
                r#" "203.0.113.1" "shop.example.com" sn="shop" rt=0.001 ua="10.0.0.5:80" us="502" ut="0.001" ul="0" cs=-"#,
                "group=shop upstream=10.0.0.5:80 duration=0.001 … names=upstream attempts=[10.0.0.5:80 502 -/-/0.001]",
            ),
            (r#" rt=0.000 ua="-" us="-" urt="-""#, "duration=0.000 … names=upstream"),
            (r#" rt=0.000 ua="api" us="502" urt="0.000""#, "group=api duration=0.000 … names=upstream no=server"),
            (r#" kong_request_id: "e2b3""#, "… trace=e2b3"),
            (r#" rt= urt= request_id=abc"#, "… trace=abc"),
        ];
        for (tail, expected) in cases {
            assert_eq!(tail_of(tail), expected, "{tail}");
        }
    }

    #[test]
    fn reads_tails_by_shape() {
        let cases = [
            (r#" "-""#, "…"),
            (r#" "203.0.113.7, 10.0.0.7""#, "…"),
            (" 0.012", "duration=0.012 …"),
            (" 0.012 0.010", "duration=0.012 … attempts=[ - -/-/0.010]"),
            (r#" "0.012" "0.010""#, "duration=0.012 … attempts=[ - -/-/0.010]"),
            (" 0.010, 0.001 0.012", "duration=0.012 … attempts=[ - -/-/0.010,  - -/-/0.001]"),
            (" 0.012 0.001 0.002 0.011", "duration=0.012 …"),
            (
                " 10.0.0.5:80, [::1]:80 502, 502 0.000, 0.001|0.012",
                "upstream=[::1]:80 duration=0.012 … names=upstream attempts=[10.0.0.5:80 502 -/-/0.000, [::1]:80 502 -/-/0.001]",
            ),
            (
                " 0.201 0.000, 0.000 :  10.0.0.5:80, unix:/a :  502, 502 : ",
                "upstream=unix:/a duration=0.201 … names=upstream attempts=[10.0.0.5:80 502 -/-/0.000, unix:/a 502 -/-/0.000]",
            ),
            // A number that stands beside no address is no upstream's status.
            (" 502 17", "…"),
        ];
        for (tail, expected) in cases {
            assert_eq!(tail_of(tail), expected, "{tail}");
        }
    }

    /// Laid out as in "Application Performance Monitoring with NGINX Variables" (nginx's blog), recorded with nginx
    /// 1.22.1.
    #[test]
    fn reads_what_has_a_key_all_through() {
        let line = br#""21/Nov/2026:04:25:14 +0000" client=203.0.113.220 method=GET request="GET /static/app.9f3c.js HTTP/1.1" request_length=208 status=502 bytes_sent=222 body_bytes_sent=73 referer=- user_agent="curl/8 (x y)" upstream_addr=127.0.3.31:9000, 127.0.3.32:9000 upstream_status=504, 502 request_time=2.022 upstream_response_time=2.001, 0.021 upstream_connect_time=0.001, - upstream_header_time=-, -"#;
        let record = read(line).unwrap_or_default();
        assert_eq!(
            (record.status, record.client, record.path),
            (Some(502), &b"203.0.113.220"[..], &b"/static/app.9f3c.js"[..])
        );
        assert_eq!((record.method, record.bytes, record.duration), (&b"GET"[..], Some(73), Some(2_022_000)));
        let attempts: Vec<_> = record.attempts.iter().map(|it| (it.upstream, it.status, it.response)).collect();
        let expected: [(&[u8], _, _); 2] =
            [(b"127.0.3.31:9000", Some(504), Some(2_001_000)), (b"127.0.3.32:9000", Some(502), Some(21_000))];
        assert_eq!(attempts, expected);
        for other in [&b"\"21/Nov/2026:04:25:14 +0000\" hello"[..], b"\"a\" client=203.0.113.2 status=200", b"\""] {
            assert!(skim(other).is_none() && read(other).is_none());
        }
    }

    #[test]
    fn reads_the_tail_of_ingress_nginx() {
        let id = "0fd68a230f26753df5f0a281147a3262";
        let cases = [
            (
                " 178 0.001 [default-api-8080] [] 10.0.0.5:80 73 0.001 200",
                "group=default-api-8080 upstream=10.0.0.5:80 duration=0.001 … trace=ID names=upstream attempts=[10.0.0.5:80 200 -/-/0.001]",
            ),
            (
                " 178 0.002 [upstream-default-api-8080] [] 10.0.0.5:80, 10.0.0.5:80 0, 73 0.000, 0.001 502, 200",
                "group=default-api-8080 upstream=10.0.0.5:80 duration=0.002 … trace=ID names=upstream \
                 attempts=[10.0.0.5:80 502 -/-/0.000, 10.0.0.5:80 200 -/-/0.001]",
            ),
            (
                " 178 0.000 [default-api-8080] [] - - - -",
                "group=default-api-8080 duration=0.000 … trace=ID names=upstream",
            ),
            (" 178 0.000 [] [] - - - -", "duration=0.000 … trace=ID names=upstream"),
            (
                " 178 0.001 [upstream-default-backend] 10.0.0.5:80 73 0.001 404",
                "group=upstream-default-backend upstream=10.0.0.5:80 duration=0.001 … trace=ID names=upstream attempts=[10.0.0.5:80 404 -/-/0.001]",
            ),
            // Recorded: an internal redirect to a name that does not resolve.
            (
                " 181 0.201 [shop] [] 10.0.0.5:80, unix:/a :  0, 0 :  0.000, 0.000 :  502, 502 : ",
                "group=shop upstream=unix:/a duration=0.201 … trace=ID names=upstream attempts=[10.0.0.5:80 502 -/-/0.000, unix:/a 502 -/-/0.000]",
            ),
            (
                " 181 0.201 [shop] [] , 10.0.0.5:80 0, 2 0.000, 0.000 -, 200",
                "group=shop upstream=10.0.0.5:80 duration=0.201 … trace=ID names=upstream attempts=[10.0.0.5:80 200 -/-/0.000]",
            ),
            (
                " 181 0.000 [shop] [] upstream_balancer 0 0.000 502",
                "group=shop duration=0.000 … trace=ID names=upstream no=server",
            ),
        ];
        for (tail, expected) in cases {
            assert_eq!(tail_of(&format!("{tail} {id}")).replace(id, "ID"), expected, "{tail}");
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "",
            " ",
            // HAProxy: httplog, and its `clf`
            r#"10.0.1.2:33317 [06/Feb/2026:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1""#,
            r#"10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] "GET / HTTP/1.1" 503 212 "" "" 49408 409 "bayer" "bayer" "<NOSRV>" 0 -1 -1 -1 0 SC-- 0 0 0 0 3 0 0 "" """#,
            // Traefik's CLF
            r#"10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] "GET / HTTP/1.1" 502 11 "-" "-" 1 "web@docker" "http://172.18.0.2:80" 0ms"#,
            // A load balancer of AWS
            r#"2026-05-13T23:39:43.945958Z my-lb 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://h:80/ HTTP/1.1" "curl/7.38.0" - -"#,
            // Apache's, with a time of one's own.
            r#"10.0.1.2 - - [06/Feb/2026:12:14:14] "GET / HTTP/1.1" 200 1 "-" "-""#,
            r#"10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] "GET / HTTP/1.1" OK 1 "-" "-""#,
            // nginx always has a status.
            r#"10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] "-" - -"#,
            r#"10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] "GET / HTTP/1.1" - 1 "-" "-" 0.012"#,
            // Apache's `%X`, before the headers.
            r#"10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] "GET / HTTP/1.1" 200 1 10.0.0.4 + 40 "-" "-""#,
            // What an envelope left in front is no virtual host.
            r#" 10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] "GET / HTTP/1.1" 200 1"#,
            r#"[error] 10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] "GET / HTTP/1.1" 200 1"#,
            // Cloud Foundry's router.
            r#"shop.example.com - [2026-02-06T12:14:14.499+0000] "GET / HTTP/1.1" 200 0 16409 "-" "ua" "10.0.1.2:63326" "10.0.1.3:61022""#,
            r#"{"a":"10.0.1.2 - - [06/Feb/2026:12:14:14 +0000] \"GET / HTTP/1.1\" 200 1"}"#,
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }
}
