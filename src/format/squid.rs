//! Squid's native access log, as a reverse proxy writes it; Apache Traffic Server's default has the same columns, and
//! results of its own for what it answers itself (`ERR_CONNECT_FAIL`).

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, clf, cloud,
    record::{sign, table},
};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::{
    address,
    find::find,
    number::{Micros, status, uint, whole},
    text::{Split, among, present},
    time::{When, epoch},
};
use memchr::{memchr, memmem};

pub(super) static ABOUT: About = About {
    name: "squid",
    proxy: Proxy::named("squid"),
    title: "Squid access log in its native layout, as a reverse proxy writes it",
    layout: "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt",
    time: "when the request ended",
    source: "Squid, squid.conf.documented (logformat squid), src/err_type.h",
    samples: &[
        "1795769544.415      1 203.0.113.9 TCP_MISS/200 191 GET http://ok.example.com/checkout/pay/1? - FIRSTUP_PARENT/127.0.0.1 -",
        "1795769548.461   3916 203.0.113.9 TCP_MISS/504 3502 GET http://slow.example.com/checkout/pay/1? - FIRSTUP_PARENT/127.0.0.1 text/html",
        "1795769548.493      7 203.0.113.9 TCP_MISS/502 3449 GET http://refused.example.com/checkout/pay/1? - HIER_NONE/- text/html",
    ],
    signs: &[&SIGNS],
};

table! {
    /// What status, peer and content are signs of. The line does not say whose status it is, but Squid's own pages are
    /// HTML (`src/errorpage.cc`), and it makes one for each error.
    SIGNS:
    ANSWERED = sign("squid-server-answered", Cause::UpstreamError, Strength::Strong, 0,
        "the answer is no page of Squid's: the server sent it");
    NOT_CONNECTED = sign("squid-not-connected", Cause::ConnectionRefused, Strength::Weak, 502,
        "the answer was 502 and no server was reached");
    CLOSED = sign("squid-bad-gateway", Cause::ClosedEarly, Strength::Weak, 502,
        "the answer was 502 though a server was reached");
    UNAVAILABLE = sign("squid-not-forwarded", Cause::ConnectionRefused, Strength::Weak, 503,
        "the answer was 503 and no server was reached: no connection was made, or no TLS handshake");
    DENIED = sign("squid-denied", Cause::Blocked, Strength::Conclusive, 0,
        "an access rule of Squid's refused the request (`TCP_DENIED`), and `deny_info` gave the status");
    CACHED_ERROR = sign("squid-cached-error", Cause::Unknown, Strength::Echo, 0,
        "an error that had been answered before was sent from the cache (`TCP_NEGATIVE_HIT`)");
    CONNECT_FAILED = sign("squid-connect-fail", Cause::ConnectionRefused, Strength::Weak, 502,
        "Traffic Server got no connection, or one that was closed before an answer (`ERR_CONNECT_FAIL`)");
    CONNECT_LATE = sign("squid-connect-fail-late", Cause::ConnectTimeout, Strength::Weak, 502,
        "Traffic Server got no connection within a second or more (`ERR_CONNECT_FAIL`)");
    UNRESOLVED = sign("squid-dns-fail", Cause::DnsFailure, Strength::Conclusive, 500,
        "the server's name did not resolve (`ERR_DNS_FAIL`)");
    BROKE_OFF = sign("squid-read-error", Cause::TruncatedResponse, Strength::Strong, 0,
        "the server broke off in the middle of its response (`ERR_READ_ERROR`)");
    TIMEOUT = sign("squid-timeout", Cause::ResponseTimeout, Strength::Strong, 504,
        "the answer was 504: the server was reached, and did not answer in time");
}

/// The words of a line that counting needs, and what follows them.
struct Line<'a> {
    when: When,
    duration: Micros,
    client: &'a [u8],
    result: &'a [u8],
    status: Option<u16>,
    bytes: &'a [u8],
    method: &'a [u8],
    url: &'a [u8],
    user: &'a [u8],
    /// How the server was chosen, and its address.
    hierarchy: &'a [u8],
    peer: &'a [u8],
    /// What follows the peer.
    tail: &'a [u8],
}

impl Line<'_> {
    /// The status that the server sent itself, where the line gives that away.
    fn answered(&self) -> Option<u16> {
        // Before the content's type may stand the server's port. Some leave the type out.
        let next = Words::of(self.tail).find(|word| !word.iter().all(u8::is_ascii_digit));
        let content = next.filter(|word| is_content(word)).unwrap_or_default();
        let may_be = !self.peer.is_empty() && !self.result.starts_with(b"ERR_");
        self.status.filter(|status| may_be && is_servers(*status, self.hierarchy, content))
    }
}

fn line(i: &[u8]) -> Option<Line<'_>> {
    let mut words = Words::of(i);
    let (when, millis, client) = (whole(words.next()?, epoch)?, whole(words.next()?, uint)?, words.next()?);
    let mut result = words.next()?;
    // The client's port.
    if is_number(result) {
        result = words.next()?;
    }
    let ((result, code), bytes) = (halves(result)?, words.next()?);
    let Request { method, url, user, hierarchy, peer, tail } = native(words.clone()).or_else(|| with_more(words))?;
    let (duration, status) = (millis.saturating_mul(1_000), whole(code, status).filter(|status| *status != 0));
    let line = Line { when, duration, client, result, status, bytes, method, url, user, hierarchy, peer, tail };
    is_shouted(result).then_some(line)
}

/// What follows the size.
struct Request<'a> {
    method: &'a [u8],
    url: &'a [u8],
    user: &'a [u8],
    /// How the server was chosen, and its address.
    hierarchy: &'a [u8],
    peer: &'a [u8],
    tail: &'a [u8],
}

/// `GET http://shop.example.com/ alice HIER_DIRECT/192.0.2.80`
fn native(mut words: Words<'_>) -> Option<Request<'_>> {
    let (method, url, user, last) = (words.next()?, words.next()?, words.next()?, words.next()?);
    peer(last).map(|(hierarchy, peer)| Request { method, url, user, hierarchy, peer, tail: words.rest() })
}

/// The same with sizes before it and the protocol's version inside: `92 394 92 - GET http://shop.example.com/ 1.1 alice
/// HIER_DIRECT/192.0.2.80`.
fn with_more(mut words: Words<'_>) -> Option<Request<'_>> {
    let method = words.by_ref().take(MORE).find(|word| !is_number(word))?;
    let (url, mut user) = (words.next()?, words.next()?);
    for _ in 0..MORE {
        let word = words.next()?;
        if let Some((hierarchy, peer)) = peer(word) {
            return Some(Request { method, url, user, hierarchy, peer, tail: words.rest() });
        }
        user = word;
    }
    None
}

/// How many words people put between those of the native layout.
const MORE: usize = 8;

/// The words of a line: any number of spaces stands between them.
#[derive(Clone)]
struct Words<'a>(Split<'a>);

impl<'a> Words<'a> {
    fn of(line: &'a [u8]) -> Self {
        Self(Split::new(line, b' '))
    }

    /// What follows the last word, without the space behind that.
    fn rest(&self) -> &'a [u8] {
        self.0.rest().unwrap_or_default()
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.0.find(|word| !word.is_empty())
    }
}

/// A size, a time or a port, or none.
fn is_number(word: &[u8]) -> bool {
    word == b"-" || word.iter().all(u8::is_ascii_digit)
}

/// `HIER_DIRECT/192.0.2.80`, taken apart; `None` for the protocol's version and for users, who may be `EXAMPLE/alice`.
fn peer(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let (how, peer) = halves(word)?;
    // Traffic Server names the server that it did not get to.
    let peer = if how == b"NONE" { b"" } else { present(peer) };
    (is_hierarchy(how) && is_shouted(how)).then_some((how, peer))
}

/// Whether a word ends as one of Squid's hierarchy codes does (`src/hier_code.h`). `TIMEOUT_` may stand before each.
fn is_hierarchy(how: &[u8]) -> bool {
    const ENDS: [&[u8]; 11] = [
        b"PARENT",
        b"DIRECT",
        b"NONE",
        b"_HIT",
        b"_MISS",
        b"_FAIL",
        b"_FASTEST",
        b"CARP",
        b"PINNED",
        b"_DST",
        b"_POOL",
    ];
    ENDS.iter().any(|end| how.ends_with(end))
}

/// Whether a word is written as those of Squid's own are: `TCP_MISS`, `FIRSTUP_PARENT`.
fn is_shouted(word: &[u8]) -> bool {
    const SHOUTED: [bool; 256] = among(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    word.iter().all(|byte| SHOUTED[usize::from(*byte)])
}

/// The user agent: what stands in quotes behind the referer, or alone where it is no referer.
fn agent(mut tail: &[u8]) -> &[u8] {
    let mut quoted: [&[u8]; 2] = [b"", b""];
    for place in &mut quoted {
        let Some(text) = memchr(b'"', tail).and_then(|quote| clf::text(&tail[quote..]).ok()) else { break };
        (tail, *place) = text;
    }
    let [first, second] = quoted;
    let is_referer = memmem::find(first, b"://").is_some() && find(b' ', first).is_none();
    present(if second.is_empty() && !is_referer { first } else { second })
}

/// `text/html`, or `-` where the answer had no type; no header that stands in the type's place, as `curl/8.14.1` does.
fn is_content(word: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'-';
    let is_type = |(kind, of): (&[u8], &[u8])| {
        !kind.is_empty() && kind.iter().all(is_name) && of.first().is_some_and(u8::is_ascii_alphabetic)
    };
    word == b"-" || halves(word).is_some_and(is_type)
}

/// Whether a server that was reached sent an error itself. Squid answers 503 where it could not connect, and then names
/// no parent; an origin that it goes to directly it names all the same.
fn is_servers(status: u16, hierarchy: &[u8], content: &[u8]) -> bool {
    let is_page = content.is_empty() || content.starts_with(b"text/html");
    status >= 500 && (!is_page || status == 503 && hierarchy.ends_with(b"PARENT"))
}

/// `TCP_MISS/200`, `FIRSTUP_PARENT/127.0.0.1`
fn halves(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = find(b'/', word)?;
    Some((&word[..slash], &word[slash + 1..]))
}

/// What Traffic Server says of a response that breaks off, beside the status that had been sent.
const READ_ERROR: &[u8] = b"ERR_READ_ERROR";

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    let Line { when, duration, status, result, peer: upstream, .. } = line(i)?;
    // The client gave up: 000.
    let Some(status) = status.filter(|_| result != READ_ERROR) else { return Some(Skimmed::Full) };
    let (duration, attempted) = (Some(duration), !upstream.is_empty());
    Some(Skimmed::Plain(Skim {
        when: Some(when),
        status,
        group: b"",
        upstream,
        names_upstream: true,
        attempted,
        duration,
    }))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    let line = line(i)?;
    let (upstream, status) = (line.peer, line.answered());
    let attempt = Attempt { upstream, status, response: Some(line.duration), ..Attempt::default() };
    let (host, path) = match line.method {
        // `shop.example.com:443`
        b"CONNECT" => (address::host(line.url.strip_suffix(b"/").unwrap_or(line.url)), line.url),
        _ => cloud::url(line.url),
    };
    Some(Record {
        when: Some(line.when),
        status: line.status,
        upstream_status: status,
        upstream: line.peer,
        names_upstream: true,
        method: present(line.method),
        host,
        path: present(path),
        bytes: whole(line.bytes, uint),
        duration: Some(line.duration),
        client: present(line.client),
        user: present(line.user),
        user_agent: agent(line.tail),
        flags: line.result,
        attempts: (!line.peer.is_empty()).then_some(attempt).into_iter().collect(),
        escape: Escape::Hex,
        ..Record::default()
    })
}

/// [`skim`] where the user says that lines are Squid's: its `common` and `combined`.
pub(super) fn skim_named(i: &[u8]) -> Option<Skimmed<'_>> {
    skim(i).or_else(|| clf::line(i).map(|line| line.skim()))
}

/// The result in what ends Squid's `common` and `combined` (`%Ss:%Sh`), without the hierarchy: ` TCP_DENIED:HIER_NONE`.
fn result(tail: &[u8]) -> Option<&[u8]> {
    let word = tail.strip_prefix(b" ")?;
    let (result, hierarchy) = word.split_at(find(b':', word)?);
    let is_result = result.starts_with(b"TCP_") || result.starts_with(b"UDP_");
    (is_result && is_shouted(result) && is_shouted(&hierarchy[1..]) && is_hierarchy(hierarchy)).then_some(result)
}

/// [`read`] where the user says that lines are Squid's.
pub(super) fn read_named<'a>(i: &'a [u8]) -> Option<Record<'a>> {
    let common = |line: clf::Line<'a>| Record { flags: result(line.tail).unwrap_or_default(), ..line.record() };
    read(i).or_else(|| clf::line(i).map(common))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let client_gave_up = record.flags.ends_with(b"_ABORTED") || record.flags.starts_with(b"ERR_CLIENT_");
    let failed = record.status.filter(|status| statuses.contains(*status) && !client_gave_up);
    let request = match (failed, record.upstream.is_empty()) {
        (Some(_), true) if record.flags.starts_with(b"TCP_DENIED") => Some(DENIED),
        (Some(_), true) if record.flags.starts_with(b"TCP_NEGATIVE_HIT") => Some(CACHED_ERROR),
        // Its other layouts say nothing of servers.
        _ if !record.names_upstream => None,
        (Some(_), _) if record.flags == b"ERR_DNS_FAIL" => Some(UNRESOLVED),
        (Some(_), _) if record.flags == b"ERR_CONNECT_FAIL" => Some(connect_failed(record)),
        (Some(_), false) if record.upstream_status == failed => Some(ANSWERED),
        (Some(503), true) => Some(UNAVAILABLE),
        (Some(502), true) => Some(NOT_CONNECTED),
        (Some(502), false) => Some(CLOSED),
        (Some(504), false) => Some(TIMEOUT),
        _ => None,
    };
    let attempt = request.or((record.flags == READ_ERROR).then_some(BROKE_OFF));
    Verdict { request, attempts: record.attempts.iter().map(|_| attempt).collect(), client_gave_up }
}

/// What `ERR_CONNECT_FAIL` most likely means: a refusal comes at once.
fn connect_failed(record: &Record<'_>) -> &'static Sign {
    let is_late = record.duration.is_some_and(|duration| duration >= LATE);
    if is_late { CONNECT_LATE } else { CONNECT_FAILED }
}

/// From when on a connection that is not there has not been refused, in microseconds.
const LATE: Micros = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Which say nothing of servers, but what became of the request.
    #[test]
    fn reads_the_common_layouts_where_they_are_its_own() {
        let line =
            br#"203.0.113.9 - al [28/Sep/2026:12:00:00 +0600] "GET http://shop/a HTTP/1.1" 502 1 TCP_MISS:HIER_DIRECT"#;
        assert!(skim(line).is_none() && read(line).is_none());
        let record = read_named(line).unwrap_or_default();
        assert_eq!((record.status, record.client, record.user), (Some(502), &b"203.0.113.9"[..], &b"al"[..]));
        assert!(matches!(skim_named(line), Some(Skimmed::Plain(skim)) if skim.status == 502));
        let cases = [
            ("502 1 TCP_MISS:HIER_DIRECT", None, false),
            ("503 1 TCP_DENIED:HIER_NONE", Some("squid-denied"), false),
            (r#"503 1 "-" "curl/8" TCP_DENIED:HIER_NONE"#, Some("squid-denied"), false),
            (r#"504 1 "-" "curl/8" TCP_NEGATIVE_HIT:HIER_NONE"#, Some("squid-cached-error"), false),
            (r#"502 1 "-" "curl/8" TCP_MISS_ABORTED:HIER_DIRECT"#, None, true),
            // No result of Squid's.
            (r#"503 1 "-" "curl/8" TCP_DENIED:HIER_NONE x"#, None, false),
            (r#"503 1 "-" "TCP_DENIED:HIER_NONE""#, None, false),
            (r#"503 1 "-" "curl/8" TCP_DENIED"#, None, false),
            (r#"503 1 "-" "curl/8" TCP_DENIED:x"#, None, false),
            (r#"503 1 "-" "curl/8" MISS_ABORTED:HIER_DIRECT"#, None, false),
            (r#"503 1 "-" "curl/8":"#, None, false),
        ];
        for (rest, kind, gave_up) in cases {
            let line = format!(r#"203.0.113.9 - al [28/Sep/2026:12:00:00 +0600] "GET http://shop/a HTTP/1.1" {rest}"#);
            let verdict = judge(&read_named(line.as_bytes()).unwrap_or_default(), &Statuses::gateway());
            assert_eq!((verdict.request.map(|sign| sign.kind), verdict.client_gave_up), (kind, gave_up), "{line}");
        }
    }

    #[test]
    fn names_signs() {
        let cases = [
            ("TCP_MISS/502 3367", "FIRSTUP_PARENT/10.0.0.5 text/html", Some("squid-bad-gateway")),
            ("TCP_MISS/502 197", "FIRSTUP_PARENT/10.0.0.5 -", Some("squid-server-answered")),
            ("TCP_MISS/504 197", "HIER_DIRECT/10.0.0.5 application/json", Some("squid-server-answered")),
            ("TCP_MISS/503 205", "FIRSTUP_PARENT/10.0.0.5 text/html", Some("squid-server-answered")),
            ("TCP_MISS/504 3502", "TIMEOUT_FIRSTUP_PARENT/10.0.0.5 text/html", Some("squid-timeout")),
            ("TCP_MISS/502 3449", "HIER_NONE/- text/html", Some("squid-not-connected")),
            ("TCP_MISS/503 3826", "HIER_NONE/- text/html", Some("squid-not-forwarded")),
            ("TCP_DENIED/503 3826", "HIER_NONE/- text/html", Some("squid-denied")),
            ("TCP_NEGATIVE_HIT/503 3826", "HIER_NONE/- text/html", Some("squid-cached-error")),
            // No content type is told.
            ("TCP_MISS/502 3367", "HIER_DIRECT/10.0.0.5", Some("squid-bad-gateway")),
            ("TCP_MISS/502 3367", "HIER_DIRECT/10.0.0.5 8080", Some("squid-bad-gateway")),
            ("TCP_MISS/502 3367", r#"HIER_DIRECT/10.0.0.5 "-" "curl/8""#, Some("squid-bad-gateway")),
            ("TCP_MISS/504 3502", r#"HIER_DIRECT/10.0.0.5 "http://r/a" "curl/8""#, Some("squid-timeout")),
            ("TCP_MISS/504 3502", "HIER_DIRECT/10.0.0.5 curl/8.14.1", Some("squid-timeout")),
            ("TCP_MISS/504 3502", r"HIER_DIRECT/10.0.0.5 [Host:%20shop.example.com\r\n] []", Some("squid-timeout")),
            ("TCP_MISS/503 205", r#"FIRSTUP_PARENT/10.0.0.5 "curl/8""#, Some("squid-server-answered")),
            // Refused, or the origin's own page.
            ("TCP_MISS/503 3448", "HIER_DIRECT/10.0.0.5 text/html", None),
            ("TCP_MISS_ABORTED/502 0", "FIRSTUP_PARENT/10.0.0.5 text/html", None),
            ("TCP_MISS/200 191", "FIRSTUP_PARENT/10.0.0.5 -", None),
        ];
        for (result, peer, kind) in cases {
            let line = format!("1795769544.415      1 203.0.113.9 {result} GET http://shop.example.com/a - {peer}");
            let record = read(line.as_bytes()).unwrap_or_default();
            let verdict = judge(&record, &Statuses::gateway());
            assert_eq!(verdict.request.map(|sign| sign.kind), kind, "{line}");
            let attempts: Vec<_> = verdict.attempts.iter().map(|sign| sign.map(|sign| sign.kind)).collect();
            assert_eq!(attempts, if record.upstream.is_empty() { vec![] } else { vec![kind] }, "{line}");
            assert_eq!(verdict.client_gave_up, result.contains("ABORTED"), "{line}");
        }
        for sign in &SIGNS {
            let named = |of: &Option<&str>| *of == Some(sign.kind);
            let known =
                cases.iter().any(|(.., kind)| named(kind)) || TRAFFIC_SERVERS.iter().any(|(.., kind)| named(kind));
            assert!(known, "{}", sign.kind);
        }
    }

    /// How long a request of Traffic Server's took, what became of it, where it went, and why its attempt failed.
    const TRAFFIC_SERVERS: [(u32, &str, &str, Option<&str>); 9] = [
        (0, "ERR_CONNECT_FAIL/502", "DIRECT/10.0.0.5 text/html", Some("squid-connect-fail")),
        (999, "ERR_CONNECT_FAIL/502", "DIRECT/10.0.0.5 -", Some("squid-connect-fail")),
        (1000, "ERR_CONNECT_FAIL/502", "TIMEOUT_DIRECT/10.0.0.5 text/html", Some("squid-connect-fail-late")),
        (6696, "ERR_READ_TIMEOUT/504", "TIMEOUT_DIRECT/10.0.0.5 text/html", Some("squid-timeout")),
        (1, "ERR_READ_ERROR/200", "DIRECT/10.0.0.5 -", Some("squid-read-error")),
        (1, "ERR_DNS_FAIL/502", "DIRECT/shop.internal text/html", Some("squid-dns-fail")),
        (1, "ERR_CLIENT_ABORT/502", "DIRECT/10.0.0.5 text/html", None),
        (1, "TCP_MISS/502", "DIRECT/10.0.0.5 -", Some("squid-server-answered")),
        (1, "TCP_MISS/200", "DIRECT/10.0.0.5 -", None),
    ];

    #[test]
    fn reads_results_of_traffic_servers() {
        for (millis, result, peer, kind) in TRAFFIC_SERVERS {
            let line = format!("1795769544.415 {millis} 203.0.113.9 {result} 477 GET http://10.0.0.5:80/a - {peer}");
            let record = read(line.as_bytes()).unwrap_or_default();
            let verdict = judge(&record, &Statuses::gateway());
            let attempts: Vec<_> = verdict.attempts.iter().map(|sign| sign.map(|sign| sign.kind)).collect();
            assert_eq!(attempts, [kind], "{line}");
            let request = kind.filter(|_| !result.ends_with("/200"));
            assert_eq!(verdict.request.map(|sign| sign.kind), request, "{line}");
            assert_eq!(verdict.client_gave_up, result.contains("ABORT"), "{line}");
            // A cut body deserves a full read.
            let is_full = matches!(skim(line.as_bytes()), Some(Skimmed::Full));
            assert_eq!(is_full, result.contains("READ_ERROR"), "{line}");
        }
        // The server's name where it did not get that far.
        let line =
            b"1795804121.088 37 203.0.113.9 ERR_UNKNOWN/500 600 GET http://a.invalid:80/a - NONE/a.invalid text/html";
        assert_eq!(read(line).map(|record| (record.upstream, record.attempts.len())), Some((&b""[..], 0)));
    }

    /// Users' names may look like peers.
    #[test]
    fn tells_peers_from_users() {
        let cases = [
            ("1.1 EXAMPLE/alice HIER_DIRECT/10.0.0.5", "EXAMPLE/alice", "10.0.0.5"),
            ("1.1 /alice TIMEOUT_FIRSTUP_PARENT/10.0.0.5", "/alice", "10.0.0.5"),
            ("TEST/alice CD_SIBLING_HIT/10.0.0.5", "TEST/alice", "10.0.0.5"),
            ("- FIRST_PARENT_MISS/10.0.0.5", "", "10.0.0.5"),
            ("- NO_DIRECT_FAIL/-", "", ""),
            ("- SOURCE_FASTEST/10.0.0.5", "", "10.0.0.5"),
            ("- CARP/10.0.0.5", "", "10.0.0.5"),
            ("- PINNED/10.0.0.5", "", "10.0.0.5"),
            ("- ORIGINAL_DST/10.0.0.5", "", "10.0.0.5"),
            ("- STANDBY_POOL/10.0.0.5", "", "10.0.0.5"),
            ("- NONE/-", "", ""),
        ];
        for (rest, user, upstream) in cases {
            let line =
                format!("1795769544.415 1 203.0.113.9 TCP_MISS/200 92 GET http://shop.example.com/a {rest} text/html");
            let record = read(line.as_bytes()).unwrap_or_default();
            assert_eq!((record.user, record.upstream), (user.as_bytes(), upstream.as_bytes()), "{rest}");
            assert!(record.status.is_some() && skim(line.as_bytes()).is_some(), "{rest}");
        }
        for other in ["EXAMPLE/alice", "/10.0.0.5", "PARENT"] {
            let line = format!(
                "1795769544.415 1 203.0.113.9 TCP_MISS/200 92 GET http://shop.example.com/a - {other} text/html"
            );
            assert!(read(line.as_bytes()).is_none() && skim(line.as_bytes()).is_none(), "{other}");
        }
    }

    /// Tunnels have a host too; the headers that some have written behind the native layout.
    #[test]
    fn reads_tunnels_and_headers() {
        let start = "1795769544.415    400 203.0.113.9";
        let cases = [
            (
                "TCP_TUNNEL/200 15851 CONNECT shop.example.com:443 - HIER_DIRECT/192.0.2.80 -",
                ["shop.example.com", "shop.example.com:443", "192.0.2.80", ""],
            ),
            (
                "TCP_TUNNEL/200 39 CONNECT [2001:db8::1]:443 - HIER_DIRECT/2001:db8::1 -",
                ["2001:db8::1", "[2001:db8::1]:443", "2001:db8::1", ""],
            ),
            (
                r#"TCP_MISS/200 191 GET http://shop.example.com/a?b - HIER_DIRECT/192.0.2.80 text/html "http://r/" "a \"b\"""#,
                ["shop.example.com", "/a?b", "192.0.2.80", r#"a \"b\""#],
            ),
            (
                r#"TCP_MISS/200 191 GET http://shop.example.com/ - HIER_NONE/- - "-" "-""#,
                ["shop.example.com", "/", "", ""],
            ),
            (
                r#"TCP_MISS/200 191 GET http://shop.example.com/ - HIER_NONE/- - "one""#,
                ["shop.example.com", "/", "", "one"],
            ),
            (
                r#"TCP_MISS/200 191 GET http://shop.example.com/ - HIER_NONE/- - "http://r/?k=1""#,
                ["shop.example.com", "/", "", ""],
            ),
            (
                r#"TCP_MISS/200 191 GET http://shop.example.com/ - HIER_NONE/- - "a (+http://bot.example.com/)""#,
                ["shop.example.com", "/", "", "a (+http://bot.example.com/)"],
            ),
        ];
        for (rest, expected) in cases {
            let line = format!("{start} {rest}");
            let record = read(line.as_bytes()).unwrap_or_default();
            let got = [record.host, record.path, record.upstream, record.user_agent];
            assert_eq!(got, expected.map(str::as_bytes), "{rest}");
        }
    }
}
