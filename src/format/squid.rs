//! Squid's native access log, as a reverse proxy writes it.

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, clf, cloud,
    record::{sign, table},
};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::{
    address,
    number::{Micros, status, uint, whole},
    text::present,
    time::{When, epoch},
};
use memchr::memmem;

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
    /// What status and peer are signs of. The line does not say whose status it is.
    SIGNS:
    NOT_CONNECTED = sign("squid-not-connected", Cause::ConnectionRefused, Strength::Weak, 502,
        "the answer was 502 and no server was reached");
    CLOSED = sign("squid-bad-gateway", Cause::ClosedEarly, Strength::Weak, 502,
        "the answer was 502 though a server was reached");
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
}

fn line(i: &[u8]) -> Option<Line<'_>> {
    let mut words = i.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mut next = || words.next();
    let (when, millis, client) = (whole(next()?, epoch)?, whole(next()?, uint)?, next()?);
    let (result, code) = halves(next()?)?;
    let (bytes, method, url, user) = (next()?, next()?, next()?, next()?);
    let (_, peer) = halves(next()?)?;
    let is_result = result.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let (duration, status) = (millis.saturating_mul(1_000), whole(code, status).filter(|status| *status != 0));
    is_result.then_some(Line { when, duration, client, result, status, bytes, method, url, user, peer: present(peer) })
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
    let attempt = Attempt { upstream: line.peer, response: Some(line.duration), ..Attempt::default() };
    let (host, path) = match line.method {
        // `shop.example.com:443`
        b"CONNECT" => (address::host(line.url.strip_suffix(b"/").unwrap_or(line.url)), line.url),
        _ => cloud::url(line.url),
    };
    Some(Record {
        when: Some(line.when),
        status: line.status,
        upstream: line.peer,
        names_upstream: true,
        method: present(line.method),
        host,
        path: present(path),
        bytes: whole(line.bytes, uint),
        duration: Some(line.duration),
        client: present(line.client),
        user: present(line.user),
        user_agent: agent(i),
        flags: line.result,
        attempts: (!line.peer.is_empty()).then_some(attempt).into_iter().collect(),
        escape: Escape::None,
        ..Record::default()
    })
}

/// The user agent, where a layout ends with ` "%{Referer}>h" "%{User-Agent}>h"`.
fn agent(i: &[u8]) -> &[u8] {
    let headers = memmem::find(i, b" \"").map_or(&b""[..], |at| &i[at + 1..]);
    let agent = clf::text(headers).and_then(|(rest, _referer)| clf::text(rest.trim_ascii_start()));
    agent.ok().filter(|(rest, _)| rest.is_empty()).map_or(b"", |(_, agent)| present(agent))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = match (failed, record.upstream.is_empty()) {
        (Some(502), true) => Some(NOT_CONNECTED),
        (Some(502), false) => Some(CLOSED),
        (Some(504), false) => Some(TIMEOUT),
        _ => None,
    };
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), ..Verdict::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                ["shop.example.com", "/", "", ""],
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
