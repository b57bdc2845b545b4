//! varnishncsa's access log, where a line shows that Varnish wrote it: `combined` with what people append to it.
//!
//! Plain `combined` is nginx's and Apache's byte for byte but for the request, which Varnish makes up as a whole URL
//! (`GET http://shop.example.com/a HTTP/1.1`); clients that look for open proxies send such requests to anybody, so
//! that alone is no proof. With a word of `%{Varnish:handling}x`, a side of `%{Varnish:side}x`, or the text of a failed
//! fetch behind it, nobody else can have written it.
//!
//! Varnish answers 503 where a fetch failed, whatever the reason, and neither 502 nor 504 unless the VCL says so. A
//! line of the backend's side (`-b`) tells of one fetch: where that failed, it is a failed attempt of a request that
//! has a line of its own.
//!
//! Source: `bin/varnishncsa/varnishncsa.c` and `doc/sphinx/reference/varnishncsa.rst` of Varnish.

use super::nginx::{request_line, target};
use super::record::{sign, table};
use super::varnish_log::{self, fetch_sign};
use super::{About, Attempt, Record, Skim, Skimmed, Statuses, Verdict, What, apache_access, clf, traefik};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::address::host;
use crate::grammar::find::find;
use crate::grammar::number::{Micros, seconds, status, uint, whole};
use crate::grammar::text::{present, word};
use memchr::memchr;

pub(super) static ABOUT: About = About {
    name: "varnish",
    proxy: Proxy::VARNISH,
    title: "varnishncsa: combined with %{Varnish:handling}x, %{Varnish:side}x or %{VSL:FetchError}x after it",
    layout: "%h %l %u %t \"%r\" %s %b \"%{Referer}i\" \"%{User-agent}i\" %D %{Varnish:time_firstbyte}x %{Varnish:handling}x …",
    time: "when the request was received",
    source: "Varnish, bin/varnishncsa/varnishncsa.c and doc/sphinx/reference/varnishncsa.rst",
    samples: &[
        r#"203.0.113.9 - - [27/Nov/2026:08:40:08 +0000] "GET http://shop.example.com/checkout/pay/1970 HTTP/1.1" 503 282 "-" "curl/7.88.1" 227 0.000167 miss"#,
        r#"203.0.113.9 - - [27/Nov/2026:08:40:08 +0000] "GET http://shop.example.com/api/stock?sku=A-4924 HTTP/1.1" 200 73 "-" "curl/7.88.1" time=203 firstbyte=0.000164 handling=hit"#,
        r#"203.0.113.9 - - [27/Nov/2026:08:40:08 +0000] "GET http://shop.example.com/api/orders/631 HTTP/1.1" 503 283 "-" "curl/7.88.1" c 1001407 miss "-" "-""#,
        r#"127.0.0.1 - - [27/Nov/2026:08:40:08 +0000] "GET http://shop.example.com/api/orders/631 HTTP/1.1" 503 0 "-" "curl/7.88.1" b 0 - "first byte timeout" "32 api 127.0.0.1 9101 127.0.0.1 39212 connect""#,
    ],
    signs: &[&SIGNS, &varnish_log::SIGNS],
};

table! {
    /// What the fields of an access line can show.
    SIGNS:
    SYNTH = sign("varnish-synth", Cause::ProxyLocal, Strength::Strong, 503,
        "the VCL gave this answer itself, without a backend (`synth`)");
    PASSED_ON = sign("varnish-passed-on", Cause::UpstreamError, Strength::Strong, 502,
        "Varnish answers neither 502 nor 504 of its own: the backend sent this status");
    FETCHED_502 = sign("varnish-fetched-502", Cause::UpstreamError, Strength::Conclusive, 502,
        "the backend itself answered with 502");
    FETCHED_503 = sign("varnish-fetched-503", Cause::UpstreamError, Strength::Strong, 503,
        "the backend itself answered with 503: the fetch did not fail");
    FETCHED_504 = sign("varnish-fetched-504", Cause::UpstreamError, Strength::Conclusive, 504,
        "the backend itself answered with 504");
    CACHED = sign("varnish-cached-error", Cause::UpstreamError, Strength::Strong, 503,
        "the error came out of the cache: the backend had sent it before");
    AFTER_WAIT = sign("varnish-503-after-wait", Cause::ResponseTimeout, Strength::Weak, 503,
        "Varnish answered 503 after a round number of seconds, as it does when a time limit for the backend is over");
    AFTER_3500_MS = sign("varnish-503-after-3500-ms", Cause::ConnectTimeout, Strength::Weak, 503,
        "Varnish answered 503 after 3.5 seconds, its default time limit for connecting");
}

const SECOND: Micros = 1_000_000;

/// What a time limit's timer, and all else, may add to it.
const TIMER: Micros = 80_000;

/// At how many words the text of a failed fetch is looked for where it has no quotes: all the rest is read each time.
const TRIES: usize = 8;

/// What a line holds behind its headers, and its request; `None` where the line is not Varnish's.
type Own<'a> = fn(&clf::Line<'a>) -> Option<(Tail<'a>, Request<'a>)>;

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    skim_with(i, own)
}

/// [`skim`] where the user says that lines are Varnish's.
pub(super) fn skim_named(i: &[u8]) -> Option<Skimmed<'_>> {
    skim_with(i, named)
}

#[inline(always)]
fn skim_with<'a>(i: &'a [u8], own: Own<'a>) -> Option<Skimmed<'a>> {
    let line = clf::line(i)?;
    let (tail, _) = own(&line)?;
    let status = whole(line.status, status).filter(|_| !tail.of_backend);
    let Some(status) = status else { return Some(Skimmed::Full) };
    Some(Skimmed::Plain(Skim {
        when: Some(line.when),
        status,
        group: b"",
        upstream: b"",
        names_upstream: false,
        attempted: false,
        duration: tail.duration(),
    }))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    read_with(i, own)
}

/// [`read`] where the user says that lines are Varnish's.
pub(super) fn read_named(i: &[u8]) -> Option<Record<'_>> {
    read_with(i, named)
}

fn read_with<'a>(i: &'a [u8], own: Own<'a>) -> Option<Record<'a>> {
    let line = clf::line(i)?;
    let (tail, request) = own(&line)?;
    let mut record = Record {
        method: request.method,
        host: request.host,
        path: request.path,
        duration: tail.duration(),
        header: tail.first_byte,
        trace_id: tail.trace_id,
        flags: tail.handling,
        error_reason: tail.fetch_error,
        ..line.record()
    };
    if tail.of_backend {
        of_backend(&tail, &mut record);
    }
    Some(record)
}

/// A fetch. What Varnish logs as its status is its own where it failed; `%h` is the backend's address.
fn of_backend<'a>(tail: &Tail<'a>, record: &mut Record<'a>) {
    record.what = What::Notice;
    record.client = b"";
    (record.group, record.upstream) = varnish_log::server(tail.fetch_error);
    if record.upstream.is_empty() {
        record.upstream = tail.backend;
    }
    if tail.fetch_error.is_empty() {
        record.upstream_status = record.status;
    }
    let is_error = record.status.is_some_and(|status| status >= 500);
    // Of several errors the first is logged: here that of a body counts, too.
    let failed = !tail.fetch_error.is_empty() && !varnish_log::is_clients(tail.fetch_error);
    if failed || tail.fetch_error.is_empty() && is_error {
        record.what = What::Attempt;
        let (upstream, status, header) = (record.upstream, record.upstream_status, tail.first_byte);
        record.attempts.push(Attempt { upstream, status, header, response: record.duration, ..Attempt::default() });
    }
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let sign = match record.what {
        What::Attempt => fetched(record),
        What::Request => record.status.filter(|status| statuses.contains(*status)).and_then(|it| hint(record, it)),
        _ => None,
    };
    Verdict { request: sign, attempts: record.attempts.iter().map(|_| sign).collect(), ..Verdict::default() }
}

/// Why a fetch failed.
fn fetched(record: &Record<'_>) -> Option<&'static Sign> {
    match record.upstream_status {
        None => fetch_sign(record.error_reason),
        Some(502) => Some(FETCHED_502),
        Some(503) => Some(FETCHED_503),
        Some(504) => Some(FETCHED_504),
        Some(_) => None,
    }
}

/// What the line of a failed request hints at.
fn hint(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    match (record.flags, status, record.duration) {
        (b"synth", ..) => Some(SYNTH),
        (b"hit", ..) => Some(CACHED),
        (_, 503, Some(time)) if (3_500_000..3_500_000 + TIMER).contains(&time) => Some(AFTER_3500_MS),
        (_, 503, Some(time)) if time >= SECOND && time % SECOND <= TIMER => Some(AFTER_WAIT),
        (_, 502 | 504, _) => Some(PASSED_ON),
        _ => None,
    }
}

/// A request line with a whole URL.
#[derive(Clone, Copy, Debug)]
struct Request<'a> {
    method: &'a [u8],
    host: &'a [u8],
    path: &'a [u8],
}

/// `GET http://shop.example.com/a?b HTTP/1.1`
fn request(i: &[u8]) -> Option<Request<'_>> {
    let (rest, method) = word(i).ok()?;
    let url = rest.strip_prefix(b" ")?;
    let (host, path) = target(&url[..memchr(b' ', url).unwrap_or(url.len())]);
    (!host.is_empty()).then_some(Request { method, host, path })
}

/// Whether a line that looks like `combined` is Varnish's, and nobody else's.
pub(super) fn is_varnish(line: &clf::Line<'_>) -> bool {
    own(line).is_some()
}

/// What follows the headers of a line of Varnish's, and its request; `None` where the line need not be Varnish's.
fn own<'a>(line: &clf::Line<'a>) -> Option<(Tail<'a>, Request<'a>)> {
    if line.tail.is_empty() {
        return None;
    }
    let request = request(line.request)?;
    let tail = Tail::read(line.tail);
    tail.marked.then_some((tail, request))
}

/// The same of a line that is said to be Varnish's; `None` where another has left its mark on it.
fn named<'a>(line: &clf::Line<'a>) -> Option<(Tail<'a>, Request<'a>)> {
    own(line).or_else(|| {
        let foreign = apache_access::is_apache(line) || traefik::ends_so(line.tail);
        let in_part = || {
            let (method, path) = request_line(present(line.request));
            Request { method, host: host(line.host.unwrap_or_default()), path }
        };
        (!foreign).then(|| (Tail::read(line.tail), request(line.request).unwrap_or_else(in_part)))
    })
}

/// What stands behind the headers.
#[derive(Clone, Copy, Debug, Default)]
struct Tail<'a> {
    /// `%{Varnish:handling}x`, or else `%{Varnish:hitmiss}x`.
    handling: &'a [u8],
    /// `%{VSL:FetchError}x`
    fetch_error: &'a [u8],
    /// The backend's name, of `%{VSL:BackendOpen}x` or under a key.
    backend: &'a [u8],
    trace_id: &'a [u8],
    first_byte: Option<Micros>,
    /// `%D`, or whatever whole number comes first.
    number: Option<u64>,
    /// Whether a key said what that number is.
    unit: Option<Micros>,
    of_backend: bool,
    /// Whether there is anything that only Varnish writes.
    marked: bool,
}

impl<'a> Tail<'a> {
    fn read(mut rest: &'a [u8]) -> Self {
        let (mut tail, mut tries, mut closed) = (Self::default(), TRIES, true);
        while let Some((after, item)) = Item::next(rest, &mut closed) {
            // Without quotes it takes several words, and is the last.
            if tail.of_backend && item.starts_text() && tries > 0 {
                tries -= 1;
                if varnish_log::is_fetch_error(item.to_end) {
                    tail.fetch_error = item.to_end;
                    break;
                }
            }
            tail.add(item);
            rest = after;
        }
        tail
    }

    fn add(&mut self, item: Item<'a>) {
        let value = present(item.value);
        // In quotes and behind a key stands what anybody may write so.
        let is_own = !item.quoted || item.key.is_empty();
        match value {
            b"hit" | b"miss" | b"pass" | b"pipe" | b"synth" | b"hitmiss" | b"hitpass" => {
                self.marked |= is_own;
                // The handling says more than whether it was a hit.
                if self.handling.is_empty() || matches!(self.handling, b"hit" | b"miss") {
                    self.handling = value;
                }
            }
            b"b" | b"c" if !item.quoted => {
                self.of_backend = value == b"b";
                self.marked = true;
            }
            _ if value.is_empty() => {}
            // Looked for first: it is the more frequent, and costs less to tell.
            _ if item.quoted
                && let Some(backend) = opened(value) =>
            {
                self.backend = backend;
                self.marked |= is_own;
            }
            _ if item.quoted && varnish_log::is_fetch_error(value) => {
                self.fetch_error = value;
                self.marked |= is_own;
            }
            _ => self.add_other(item.key, value),
        }
    }

    fn add_other(&mut self, key: &[u8], value: &'a [u8]) {
        if let Some(number) = whole(value, uint) {
            let unit = match key {
                b"us" | b"D" | b"time_us" | b"usec" => Some(1),
                b"ms" | b"time_ms" => Some(1_000),
                b"s" | b"T" | b"sec" => Some(SECOND),
                _ => None,
            };
            if matches!(key, b"vxid" | b"xid" | b"id") {
                self.trace_id = value;
            } else if self.number.is_none() || unit.is_some() {
                (self.number, self.unit) = (Some(number), unit);
            }
        } else if let Some(time) = whole(value, seconds) {
            self.first_byte = self.first_byte.or(Some(time));
        } else if matches!(key, b"backend" | b"be") {
            self.backend = value;
        } else if matches!(key, b"request_id" | b"req_id" | b"trace_id" | b"x_request_id") {
            self.trace_id = value;
        }
    }

    /// How long all took: `%D` counts microseconds, and is at least the time to the first byte. `%T` does not.
    fn duration(&self) -> Option<Micros> {
        let time = self.number?.checked_mul(self.unit.unwrap_or(1))?;
        let seconds = self.unit.is_none() && self.first_byte.is_some_and(|first| first > time);
        // Of a fetch that failed, nothing was sent, and 0 is what is logged.
        (!(seconds || self.of_backend && time == 0)).then_some(time)
    }
}

/// The backend's name in `22 silent 10.255.255.1 80 192.0.2.2 39918 connect` (`BackendOpen`).
fn opened(i: &[u8]) -> Option<&[u8]> {
    let mut words = i.split(|byte| *byte == b' ');
    whole(words.next()?, uint)?;
    let name = words.next().filter(|name| !name.is_empty())?;
    let (_, port) = (words.next()?, words.next()?);
    (whole(port, uint).is_some() || port == b"-").then_some(name)
}

/// One of the values in a tail.
#[derive(Clone, Copy)]
struct Item<'a> {
    /// Empty where the value has none.
    key: &'a [u8],
    value: &'a [u8],
    quoted: bool,
    /// It and all that follows.
    to_end: &'a [u8],
}

impl<'a> Item<'a> {
    /// Whether several words without quotes may begin here.
    fn starts_text(&self) -> bool {
        !self.quoted && self.to_end.first().is_some_and(u8::is_ascii_alphabetic)
    }

    /// The next value, and what follows it: `miss`, `handling=miss`, `"first byte timeout"`, `error="…"`. `closed`
    /// becomes false at a quote that nothing closes: nothing closes those behind it either.
    fn next(i: &'a [u8], closed: &mut bool) -> Option<(&'a [u8], Self)> {
        let mut text = |i: &'a [u8]| {
            let text = Some(i).filter(|i| *closed && i.starts_with(b"\"")).map(clf::text)?;
            *closed = text.is_ok();
            text.ok()
        };
        let start = i.iter().position(|byte| !clf::is_separator(*byte))?;
        let i = &i[start..];
        if let Some((rest, value)) = text(i) {
            return Some((rest, Self { key: b"", value, quoted: true, to_end: i }));
        }
        let end = clf::bare_end(i);
        let item = &i[..end];
        let (key, value) = match find(b'=', item).or_else(|| find(b':', item)) {
            Some(at) if at > 0 => (&item[..at], &item[at + 1..]),
            _ => (&b""[..], item),
        };
        if value.is_empty()
            && let Some((rest, value)) = text(&i[end..])
        {
            return Some((rest, Self { key, value, quoted: true, to_end: i }));
        }
        // A quote that nothing closes is a value of its own.
        Some((&i[end.max(1)..], Self { key, value, quoted: false, to_end: i }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{kinds, lines, only};
    use super::super::nginx::tests::{agree, told};
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        let record = read(line.as_bytes());
        assert_eq!(agree(skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        told(record)
    }

    /// A line whose request is of a whole URL, and which ends with `tail`.
    fn line(status: u16, tail: &str) -> String {
        format!(
            r#"203.0.113.9 - - [27/Nov/2026:08:40:08 +0000] "GET http://shop.example.com:8080/a?b HTTP/1.1" {status} 282 "-" "ua"{tail}"#
        )
    }

    #[test]
    fn reads_what_people_append() {
        let cases = [
            (" 227000 0.167000 miss", "duration=0.227"),
            (" time=227000 handling=hit", "duration=0.227"),
            (" time_ms=227 \"hit\"", "duration=0.227"),
            // `%T`
            (" 1 1.500000 pass", "bytes=282 client="),
            (" c 227000 miss \"-\" \"-\" 32770", "duration=0.227"),
            (" pipe", ""),
            (" vxid=32770 pass", "trace=32770"),
            (" handling:synth", ""),
        ];
        for (tail, expected) in cases {
            let got = said(&line(200, tail));
            for part in ["method=GET", "host=shop.example.com", "path=/a?b", "client=203.0.113.9", "agent=ua", expected]
            {
                assert!(got.contains(part), "{tail}: {got}");
            }
        }
        let line = line(200, " 227000 0.167000 miss");
        let record = read(line.as_bytes()).unwrap_or_default();
        assert_eq!((record.duration, record.header, record.flags), (Some(227_000), Some(167_000), &b"miss"[..]));
    }

    #[test]
    fn reads_fetches() {
        let cases = [
            (
                503,
                r#" b 0 - "backend api: fail errno 111 (Connection refused)" "-""#,
                (What::Attempt, "api", None, "varnish-refused"),
            ),
            (
                503,
                r#" b 0 - "first byte timeout" "32 api 127.0.0.1 9101 127.0.0.1 39212 connect""#,
                (What::Attempt, "api", None, "varnish-first-byte-timeout"),
            ),
            (
                503,
                r#" b 900 - "-" "32 api 127.0.0.1 9101 127.0.0.1 39212 connect""#,
                (What::Attempt, "api", Some(503), "varnish-fetched-503"),
            ),
            (502, " b 900 -", (What::Attempt, "", Some(502), "varnish-fetched-502")),
            (503, r#" 91 0.000091 b "out of workspace""#, (What::Attempt, "", None, "varnish-no-workspace")),
            // The client's fault: nothing is said of a backend.
            (503, r#" 91 0.000091 b "req.body read error: 104 (x)""#, (What::Notice, "", None, "")),
            (503, " b 0 - No backend", (What::Attempt, "", None, "varnish-no-backend")),
            (
                503,
                " b 0 - backend api: fail errno 111 (Connection refused)",
                (What::Attempt, "api", None, "varnish-refused"),
            ),
            (504, " b 900 -", (What::Attempt, "", Some(504), "varnish-fetched-504")),
            (200, r#" b 900 - "Resource temporarily unavailable""#, (What::Attempt, "", None, "varnish-body-stalled")),
            (
                200,
                r#" b 900 - "-" "32 api 127.0.0.1 9101 127.0.0.1 39212 connect""#,
                (What::Notice, "api", Some(200), ""),
            ),
        ];
        for (status, tail, expected) in cases {
            let line = line(status, tail);
            let record = read(line.as_bytes()).unwrap_or_default();
            let sign = judge(&record, &Statuses::gateway()).request.map_or("", |sign| sign.kind);
            let upstream = String::from_utf8_lossy(record.upstream);
            assert_eq!((record.what, &*upstream, record.upstream_status, sign), expected, "{tail}");
            assert!(!said(&line).contains("client="), "the backend is no client");
        }
    }

    /// A text without quotes may stand behind a few words, and not behind as many as a client may have sent.
    #[test]
    fn looks_for_a_text_at_a_few_words() {
        for (words, expected) in [(TRIES - 1, "No backend"), (TRIES, "")] {
            let line = line(503, &format!(" b 0 {}No backend", "a ".repeat(words)));
            let record = read(line.as_bytes()).unwrap_or_default();
            assert_eq!(String::from_utf8_lossy(record.error_reason), expected, "{line}");
        }
        for many in [" a", r#"\""#] {
            let long = line(503, &format!(" b 0 {}", many.repeat(200_000)));
            let started = std::time::Instant::now();
            assert!(read(long.as_bytes()).is_some());
            assert!(started.elapsed().as_secs() < 5, "{many}: {:?}", started.elapsed());
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        let relative = |tail: &str| line(200, tail).replace("http://shop.example.com:8080", "");
        for line in [
            line(200, ""),
            line(200, " 227 0.000167"),
            line(200, " 0.001 0.001 MISS"),
            line(200, r#" cache="miss""#),
            relative(" 227 0.000167 miss"),
            relative(" \"miss\""),
        ] {
            assert_eq!(said(&line), "not claimed", "{line}");
        }
    }

    #[test]
    fn a_request_may_have_no_status() {
        let piped = line(200, " pipe").replace("\" 200 ", "\" - ");
        assert!(matches!(skim(piped.as_bytes()), Some(Skimmed::Full)), "{piped}");
        let record = read(piped.as_bytes()).unwrap_or_default();
        assert_eq!(
            (record.status, record.path, record.bytes, record.flags),
            (None, &b"/a?b"[..], Some(282), &b"pipe"[..])
        );
    }

    #[test]
    fn judges_by_status_handling_and_time() {
        let cases = [
            (503, " 227 miss", None),
            (503, " 227 synth", Some("varnish-synth")),
            (502, " 227 miss", Some("varnish-passed-on")),
            (504, " 60000227 pass", Some("varnish-passed-on")),
            (503, " 227 hit", Some("varnish-cached-error")),
            (503, " 60000227 miss", Some("varnish-503-after-wait")),
            (503, " 3500227 miss", Some("varnish-503-after-3500-ms")),
            (200, " 60000227 miss", None),
        ];
        for (status, tail, expected) in cases {
            assert_eq!(kinds(Format::Varnish, &line(status, tail)), (expected, vec![]), "{status} {tail}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::Varnish, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Varnish)) {
            let (skimmed, record) = (skim(&line), read(&line));
            prop_assert_eq!(agree(skimmed, record.as_ref()), Ok(()));
        }
    }
}
