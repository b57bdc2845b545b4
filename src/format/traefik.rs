//! Traefik's access log as text (`accessLog.format: common`): the Common Log Format, a count, the router, the server's
//! URL and the duration.
//!
//! The line names the router, but not the service that it leads to, so the router is the group here, and the service in
//! JSON. Quotes in headers are escaped since v3.0 and were not before, so a line is read from both ends.

use super::traefik_shared::{SIGNS, client, judge as judge_shared, server};
use super::{About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What};
use crate::cause::Proxy;
use crate::grammar::find::find;
use crate::grammar::number::{Micros, status, uint, whole};
use crate::grammar::text::{place_of, present};
use crate::grammar::time::{When, clf};
use memchr::{memchr_iter, memmem, memrchr};

pub(super) static ABOUT: About = About {
    name: "traefik",
    proxy: Proxy::TRAEFIK,
    title: "Traefik access log in its common format",
    layout: "ClientHost - ClientUsername [StartUTC] \"RequestMethod RequestPath RequestProtocol\" DownstreamStatus \
        DownstreamContentSize \"request_Referer\" \"request_User-Agent\" RequestCount \"RouterName\" \"ServiceURL\" DURATIONms",
    time: "when the request began",
    source: "Traefik, pkg/middlewares/accesslog/logger_formatters.go",
    samples: &[
        r#"203.0.113.9 - - [21/Nov/2026:02:57:45 +0000] "GET /checkout/pay/584 HTTP/1.1" 200 2814 "https://shop.example.com/cart" "curl/7.88.1" 262 "checkout@docker" "http://10.0.0.5:8080" 247ms"#,
        r#"203.0.113.9 - - [21/Nov/2026:02:57:46 +0000] "GET /checkout/pay/584 HTTP/1.1" 502 11 "-" "curl/7.88.1" 263 "checkout@docker" "http://10.0.0.5:8080" 1ms"#,
        r#"203.0.113.9 - alice [21/Nov/2026:02:57:47 +0000] "GET /cart HTTP/2.0" 503 20 "-" "curl/7.88.1" 264 "cart@docker" "-" 0ms"#,
        r#"203.0.113.9 - - [21/Nov/2026:02:57:48 +0000] "GET /robots.txt HTTP/1.1" - - "-" "-" 265 "-" "-" 0ms"#,
    ],
    signs: &[&SIGNS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let (front, tail) = split(line)?;
    let front = Front::of(front)?;
    let Some(status) = front.status.filter(|status| *status < 500) else { return Some(Skimmed::Full) };
    Some(Skimmed::Plain(Skim {
        when: front.when,
        status,
        group: tail.router,
        upstream: tail.server,
        names_upstream: true,
        attempted: !tail.server.is_empty(),
        duration: tail.duration,
    }))
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (front, tail) = split(line)?;
    let front = Front::of(front)?;
    let attempt = Attempt { upstream: tail.server, response: tail.duration, ..Attempt::default() };
    let (method, path) = request(front.request);
    Some(Record {
        what: What::Request,
        when: Some(front.when),
        status: front.status,
        group: tail.router,
        upstream: tail.server,
        names_upstream: true,
        method,
        path,
        bytes: front.bytes,
        duration: tail.duration,
        client: client(front.client),
        user: present(front.user),
        user_agent: agent(front.headers),
        attempts: (!tail.server.is_empty()).then_some(attempt).into_iter().collect(),
        escape: Escape::Hex,
        ..Record::default()
    })
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    judge_shared(record, statuses)
}

/// Whether a line that begins in the Common Log Format ends as Traefik's do.
pub(super) fn ends_so(line: &[u8]) -> bool {
    split(line).is_some()
}

/// What stands behind the user agent.
#[derive(Clone, Copy, Debug)]
struct Tail<'a> {
    router: &'a [u8],
    server: &'a [u8],
    duration: Option<Micros>,
}

/// ` 262 "checkout@docker" "http://10.0.0.5:8080" 247ms`, and what stands before it.
fn split(line: &[u8]) -> Option<(&[u8], Tail<'_>)> {
    let rest = line.strip_suffix(b"ms")?;
    let space = memrchr(b' ', rest)?;
    let duration = whole(&rest[space + 1..], uint)?.checked_mul(1_000);
    let (rest, url) = last_quoted(&rest[..space])?;
    let (rest, router) = last_quoted(rest)?;
    let space = memrchr(b' ', rest)?;
    let count = &rest[space + 1..];
    let is_count = count == b"-" || !count.is_empty() && count.iter().all(u8::is_ascii_digit);
    is_count.then_some((&rest[..space], Tail { router: present(router), server: server(present(url)), duration }))
}

/// The quoted value that a text ends with, and what stands before it and its space: names have no quotes.
fn last_quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_suffix(b"\"")?;
    let open = memmem::rfind(inside, b" \"")?;
    Some((&inside[..open], &inside[open + 2..]))
}

/// What stands before the count.
#[derive(Clone, Copy, Debug)]
struct Front<'a> {
    client: &'a [u8],
    user: &'a [u8],
    when: When,
    request: &'a [u8],
    status: Option<u16>,
    bytes: Option<u64>,
    /// The referrer and the user agent.
    headers: &'a [u8],
}

impl<'a> Front<'a> {
    /// `203.0.113.9 - alice [21/Nov/2026:02:57:45 +0000] "GET /a HTTP/1.1" 200 2814 "-" "curl/7.88.1"`. The client may
    /// be a list (`X-Forwarded-For`).
    fn of(i: &'a [u8]) -> Option<Self> {
        let dash = memmem::find(i, b" - ")?;
        let (client, rest) = (&i[..dash], &i[dash + 3..]);
        let (user, when, rest) = memchr_iter(b'[', rest).take(4).find_map(|at| {
            let (after, when) = clf(&rest[at + 1..]).ok()?;
            Some((rest[..at].strip_suffix(b" ")?, when, after.strip_prefix(b"] \"")?))
        })?;
        let end = place_of(rest, b"\" ")?;
        let (code, after) = word(&rest[end + 2..])?;
        let (size, headers) = word(after)?;
        let status = if code == b"-" { None } else { Some(whole(code, status)?) };
        let bytes = if size == b"-" { None } else { Some(whole(size, uint)?) };
        Some(Self { client, user, when, request: &rest[..end], status, bytes, headers })
    }
}

/// A word, and what follows its space.
fn word(i: &[u8]) -> Option<(&[u8], &[u8])> {
    find(b' ', i).map(|space| (&i[..space], &i[space + 1..]))
}

/// The method and the path of a request line: `GET /checkout/pay/584 HTTP/1.1`. The path is escaped as URLs are.
fn request(line: &[u8]) -> (&[u8], &[u8]) {
    let Some((method, rest)) = word(line) else { return (present(line), b"") };
    let path = find(b' ', rest).map_or(rest, |end| &rest[..end]);
    (present(method), present(path))
}

/// The user agent of `"https://shop.example.com/cart" "curl/7.88.1"`; the referrer may be a bare `-`.
fn agent(headers: &[u8]) -> &[u8] {
    let end = match headers.strip_prefix(b"\"") {
        Some(inside) => place_of(inside, b"\" \"").or_else(|| place_of(inside, b"\" ")).map(|at| at + 2),
        None => find(b' ', headers),
    };
    let text = end.map_or(&b""[..], |end| &headers[end + 1..]);
    present(text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text))
}
