//! Traefik's access log as text (`accessLog.format: common`): the Common Log Format, a count, the router, the server's
//! URL and the duration.
//!
//! The line names the router, but not the service that it leads to, so the router is the group here, and the service in
//! JSON. Quotes in headers are escaped now and once were not, so a line is read from both ends.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::traefik_shared::{SIGNS, client, judge as judge_shared, server};
use super::{About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What};
use crate::cause::Proxy;
use crate::grammar::find::{find, find_far, rfind};
use crate::grammar::number::{Micros, status, uint, whole};
use crate::grammar::text::{place_of, present};
use crate::grammar::time::{When, clf};

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
        when: Some(front.when),
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

/// ` 262 "checkout@docker" "http://10.0.0.5:8080" 247ms`, and what stands before it. Some versions write a name or a
/// URL that is missing without quotes: ` 262 - - 0ms`, as version 1 did of what it answered itself.
fn split(line: &[u8]) -> Option<(&[u8], Tail<'_>)> {
    let rest = line.strip_suffix(b"ms")?;
    let space = rfind(b' ', rest)?;
    let duration = whole(&rest[space + 1..], uint)?.checked_mul(1_000);
    let names = &rest[..space];
    let (rest, url) = last_name(names)?;
    let (rest, router) = last_name(rest)?;
    let space = rfind(b' ', rest)?;
    let count = &rest[space + 1..];
    let is_number = !count.is_empty() && count.iter().all(u8::is_ascii_digit);
    let is_count = is_number || count == b"-" && !names.ends_with(b" - -");
    is_count.then_some((&rest[..space], Tail { router: present(router), server: server(present(url)), duration }))
}

/// The name, or the dash for none, that a text ends with, and what stands before it and its space.
fn last_name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    text.strip_suffix(b" -").map(|rest| (rest, &b""[..])).or_else(|| last_quoted(text))
}

/// The quoted value that a text ends with, and what stands before it and its space: names have no quotes.
fn last_quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_suffix(b"\"")?;
    let mut quote = rfind(b'"', inside)?;
    // Not that of a name, which has none.
    while !inside[..quote].ends_with(b" ") {
        quote = rfind(b'"', &inside[..quote])?;
    }
    Some((&inside[..quote - 1], &inside[quote + 1..]))
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
        let (client, rest) = client_of(i).filter(|(client, _)| is_client(client))?;
        let (user, when, rest) = time(rest)?;
        let (request, rest) = request_of(rest)?;
        let (code, after) = word(rest)?;
        let (size, headers) = word(after)?;
        let status = if code == b"-" { None } else { Some(whole(code, status)?) };
        let bytes = if size == b"-" { None } else { Some(whole(size, uint)?) };
        Some(Self { client, user, when, request, status, bytes, headers })
    }
}

/// Whether this is an address, or a list of them.
fn is_client(text: &[u8]) -> bool {
    memchr::memchr_iter(b' ', text).all(|space| text[..space].ends_with(b","))
}

/// What stands before the first ` - `, and what follows it.
#[inline(always)]
fn client_of(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut space = find(b' ', i)?;
    loop {
        if let Some(rest) = i[space..].strip_prefix(b" - ") {
            return Some((&i[..space], rest));
        }
        space += 1 + find(b' ', &i[space + 1..])?;
    }
}

/// `alice [21/Nov/2026:02:57:45 +0000] "`: the user, the time, and what follows. Names may hold brackets.
#[inline(always)]
fn time(i: &[u8]) -> Option<(&[u8], When, &[u8])> {
    let mut bracket = find(b'[', i)?;
    for _ in 0..4 {
        if let (Ok((rest, when)), Some(user)) = (clf(&i[bracket + 1..]), i[..bracket].strip_suffix(b" "))
            && let Some(rest) = rest.strip_prefix(b"] \"")
        {
            return Some((user, when, rest));
        }
        bracket += 1 + find(b'[', &i[bracket + 1..])?;
    }
    None
}

/// `GET /a HTTP/1.1" `, and what follows it.
#[inline(always)]
fn request_of(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut quote = find_far(b'"', i)?;
    loop {
        if let Some(rest) = i[quote..].strip_prefix(b"\" ") {
            return Some((&i[..quote], rest));
        }
        quote += 1 + find_far(b'"', &i[quote + 1..])?;
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

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, kinds, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        agrees(Format::Traefik, line.as_bytes());
        told(read(line.as_bytes()))
    }

    fn line(went: &str, server: &str, millis: u32) -> String {
        format!(
            r#"203.0.113.9 - - [21/Nov/2026:02:57:46 +0000] "GET /a HTTP/1.1" {went} "-" "ua" 7 "web@docker" "{server}" {millis}ms"#
        )
    }

    #[test]
    fn reads_what_traefik_writes() {
        let cases = [
            (
                r#"203.0.113.9 - alice [21/Nov/2026:03:57:46 +0100] "GET /a?b=c HTTP/2.0" 200 2814 "https://r/" "say \"hi\" \"you\"" 262 "web@docker" "https://10.0.0.5:8443/base" 247ms"#,
                r#"status=200 group=web@docker upstream=10.0.0.5:8443 method=GET path=/a?b=c bytes=2814 duration=0.247 client=203.0.113.9 user=alice agent=say \"hi\" \"you\" names=upstream attempts=[10.0.0.5:8443 - -/-/0.247]"#,
            ),
            // `X-Forwarded-For` instead of the client's address; IPv6; a server without a port.
            (
                r#"2001:db8::9, 10.0.0.1 - - [21/Nov/2026:02:57:46 +0000] "GET / HTTP/1.1" 200 0 "-" "-" 1 "a" "http://app" 0ms"#,
                "status=200 group=a upstream=app method=GET path=/ bytes=0 duration=0.000 client=2001:db8::9 names=upstream attempts=[app - -/-/0.000]",
            ),
            // Version 1: no quotes around a missing referrer, none escaped in the user agent.
            (
                r#"203.0.113.9 - - [21/Nov/2026:02:57:46 +0000] "GET /en/ HTTP/2.0" 200 2814 - "a "b" c" 13 "Host-shop-0" "http://10.0.0.6:80" 247ms"#,
                r#"status=200 group=Host-shop-0 upstream=10.0.0.6:80 method=GET path=/en/ bytes=2814 duration=0.247 client=203.0.113.9 agent=a "b" c names=upstream attempts=[10.0.0.6:80 - -/-/0.247]"#,
            ),
            (
                r#"::1 - - [21/Nov/2026:02:57:46 +0000] "GET / HTTP/1.1" 404 19 "-" "ua" 10 "backend not found" "/" 0ms"#,
                "status=404 group=backend not found method=GET path=/ bytes=19 duration=0.000 client=::1 agent=ua names=upstream",
            ),
            // Answered by Traefik itself (`ping`), version 1: no quotes around what is missing.
            (
                r#"::1 - - [21/Nov/2026:02:57:46 +0000] "GET /ping HTTP/1.1" 200 2 "-" "ua" 10 - - 0ms"#,
                "status=200 method=GET path=/ping bytes=2 duration=0.000 client=::1 agent=ua names=upstream",
            ),
            // A router without a server.
            (
                r#"::1 - - [21/Nov/2026:02:57:46 +0000] "GET / HTTP/1.1" 200 2 "-" "ua" 10 "my router" - 0ms"#,
                "status=200 group=my router method=GET path=/ bytes=2 duration=0.000 client=::1 agent=ua names=upstream",
            ),
            // Neither a status nor a count.
            (
                r#"::1 - - [21/Nov/2026:02:57:46 +0000] "GET / HTTP/1.1" - - "-" "-" - "-" "-" 0ms"#,
                "method=GET path=/ duration=0.000 client=::1 names=upstream",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
            assert!(only(Format::Traefik, line).is_some());
        }
        // 2026-11-21T03:57:46 is 1795233466, had it been UTC.
        let when = only(Format::Traefik, cases[0].0).and_then(|record| record.when).map(|when| when.wall);
        assert_eq!(when, Some(1_795_233_466_000_000));
    }

    #[test]
    fn names_signs() {
        let server = "http://10.0.0.5:80";
        let cases = [
            ("503 91", server, 7, "traefik-server-unavailable"),
            ("503 20", server, 7, "traefik-server-unavailable"),
            ("502 1234", server, 7, "traefik-server-answered"),
            ("504 0", server, 7, "traefik-server-answered"),
            ("502 11", server, 1, "traefik-502-at-once"),
            ("502 11", server, 21, "traefik-502-later"),
            ("504 15", server, 30_001, "traefik-504-after-30-s"),
            ("504 15", server, 5_000, "traefik-504"),
            ("503 20", "-", 0, "traefik-no-server"),
            ("503 19", "-", 0, "traefik-circuit-breaker"),
            ("503 700", "-", 0, "traefik-no-server-chosen"),
        ];
        for (went, server, millis, kind) in cases {
            let attempts = if server == "-" { vec![] } else { vec![Some(kind)] };
            assert_eq!(kinds(Format::Traefik, &line(went, server, millis)), (Some(kind), attempts), "{went}");
        }
        for (went, server) in [("200 11", server), ("404 19", "-"), ("502 11", "-"), ("499 21", server), ("- -", "-")] {
            let attempts = if server == "-" { vec![] } else { vec![None] };
            assert_eq!(kinds(Format::Traefik, &line(went, server, 7)), (None, attempts), "{went}");
        }
        // Where 500 is a failure, too.
        let mut statuses = Statuses::gateway();
        statuses.insert(500);
        let line = line("500 23", "-", 0);
        let verdict = only(Format::Traefik, &line).map(|record| judge(&record, &statuses)).unwrap_or_default();
        assert_eq!(verdict.request.map(|sign| sign.kind), Some("traefik-empty-pool"));
        for sign in &SIGNS {
            let reached = cases.iter().any(|(.., kind)| *kind == sign.kind) || sign.kind == "traefik-empty-pool";
            assert!(reached, "{}", sign.kind);
        }
    }

    #[test]
    fn leaves_other_lines_alone() {
        let whole = line("502 11", "http://10.0.0.5:80", 7);
        for line in [
            "",
            "ms",
            &whole[..whole.len() - 2],
            &whole.replace(" 7 \"web", " seven \"web"),
            &whole.replace("502 11", "bad 11"),
            &whole.replace("[21/Nov", "[21-Nov"),
            &format!("[web] {whole}"),
            &format!("web1 nginx[12]: {whole}"),
            r#"203.0.113.9 - - [21/Nov/2026:02:57:46 +0000] "GET / HTTP/1.1" 502 11 "-" "ua" 5ms"#,
            // Splunk's own
            r#"203.0.113.9 - admin [21/Nov/2026:02:57:46.875 +0000] "GET / HTTP/1.0" 200 12 - - - 6ms"#,
            r#"1 "web@docker" "http://10.0.0.5:80" 7ms"#,
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Traefik)) {
            agrees(Format::Traefik, &line);
        }
    }
}
