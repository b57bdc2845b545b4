//! Squid's native access log, as a reverse proxy writes it.

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, cloud,
    record::{sign, table},
};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::{
    number::{Micros, status, uint, whole},
    text::present,
    time::{When, epoch},
};

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
    peer: &'a [u8],
    /// The status that the server sent itself, where the line gives that away.
    answered: Option<u16>,
}

fn line(i: &[u8]) -> Option<Line<'_>> {
    let mut words = i.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mut next = || words.next();
    let (when, millis, client) = (whole(next()?, epoch)?, whole(next()?, uint)?, next()?);
    let (result, code) = halves(next()?)?;
    let (bytes, method, url, user) = (next()?, next()?, next()?, next()?);
    let (hierarchy, peer) = halves(next()?)?;
    let content = next().unwrap_or_default();
    let is_result = result.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let (duration, status) = (millis.saturating_mul(1_000), whole(code, status).filter(|status| *status != 0));
    let peer = present(peer);
    let answered = status.filter(|status| !peer.is_empty() && is_servers(*status, hierarchy, content));
    let line = Line { when, duration, client, result, status, bytes, method, url, user, peer, answered };
    is_result.then_some(line)
}

/// Whether a server that was reached sent an error itself. Squid answers 503 where it could not connect, and then names no
/// parent; an origin that it goes to directly it names all the same.
fn is_servers(status: u16, hierarchy: &[u8], content: &[u8]) -> bool {
    let is_page = content.is_empty() || content.starts_with(b"text/html");
    status >= 500 && (!is_page || status == 503 && hierarchy.ends_with(b"PARENT"))
}

/// `TCP_MISS/200`, `FIRSTUP_PARENT/127.0.0.1`
fn halves(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = word.iter().position(|byte| *byte == b'/')?;
    Some((&word[..slash], &word[slash + 1..]))
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    let Line { when, duration, status, peer: upstream, .. } = line(i)?;
    // The client gave up: 000.
    let Some(status) = status else { return Some(Skimmed::Full) };
    let (duration, attempted) = (Some(duration), !upstream.is_empty());
    Some(Skimmed::Plain(Skim { when, status, group: b"", upstream, names_upstream: true, attempted, duration }))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    let line = line(i)?;
    let (upstream, status) = (line.peer, line.answered);
    let attempt = Attempt { upstream, status, response: Some(line.duration), ..Attempt::default() };
    let (host, path) = cloud::url(line.url);
    Some(Record {
        when: Some(line.when),
        status: line.status,
        upstream_status: line.answered,
        upstream: line.peer,
        names_upstream: true,
        method: present(line.method),
        host,
        path: present(path),
        bytes: whole(line.bytes, uint),
        duration: Some(line.duration),
        client: present(line.client),
        user: present(line.user),
        flags: line.result,
        attempts: (!line.peer.is_empty()).then_some(attempt).into_iter().collect(),
        escape: Escape::None,
        ..Record::default()
    })
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let client_gave_up = record.flags.ends_with(b"_ABORTED");
    let failed = record.status.filter(|status| statuses.contains(*status) && !client_gave_up);
    let request = match (failed, record.upstream.is_empty()) {
        (Some(_), false) if record.upstream_status == failed => Some(ANSWERED),
        (Some(503), true) => Some(UNAVAILABLE),
        (Some(502), true) => Some(NOT_CONNECTED),
        (Some(502), false) => Some(CLOSED),
        (Some(504), false) => Some(TIMEOUT),
        _ => None,
    };
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), client_gave_up }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert!(cases.iter().any(|(.., kind)| *kind == Some(sign.kind)), "{}", sign.kind);
        }
    }
}
