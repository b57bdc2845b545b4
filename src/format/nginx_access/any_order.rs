//! Access logs in an order of their owner's: `$time_iso8601 $remote_addr "$request" $status …`, tabs or bars between the
//! values, the scheme and the host in front, a key before each value.
//!
//! Other programs quote requests too. So such a line is asked about last, and all that stands before its request must
//! be known by its shape: a time, the client's address, a host, a user behind a dash. What follows the status is told as
//! in what follows `combined`.

use super::{Shapes, after_combined, keyed, tail, value};
use crate::format::Escape;
use crate::format::clf::{self, is_host, is_separator};
use crate::format::nginx::{Var, Vars, is_ip, is_request, is_time_list, list, without_port};
use crate::grammar::number::{self, uint, whole};
use crate::grammar::text::{behind, place_of};
use crate::grammar::time::{self, When, Zone};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memrchr};
use nom::{Parser as _, branch::alt, combinator::consumed};

pub(super) fn vars(i: &[u8]) -> Option<Vars<'_>> {
    // An object has such a line inside; a blank in front is an envelope's.
    if matches!(i.first(), Some(b'{' | b' ' | b'\t')) || is_of_application(i) {
        return None;
    }
    Asked::of(i).and_then(Asked::vars).or_else(|| all_keyed(i))
}

/// Whether a line has a key that loggers of applications write, and no layout of a gateway's.
fn is_of_application(i: &[u8]) -> bool {
    const KEYS: [&[u8]; 14] = [
        b"level=",
        b"lvl=",
        b"severity=",
        b"msg=",
        b"message=",
        b"logger=",
        b"caller=",
        b"source=",
        b"event=",
        b"err=",
        b"error=",
        b"service=",
        b"app=",
        b"latency=",
    ];
    let mut words = i.split(|byte| is_separator(*byte));
    words.any(|word| KEYS.iter().any(|key| word.starts_with(key)))
}

/// A layout in which all has a key: `time_local="28/Sep/2026:12:00:00 +0600" client=203.0.113.9 request="GET / HTTP/1.1"
/// status=200 upstream_addr=…`.
fn all_keyed(i: &[u8]) -> Option<Vars<'_>> {
    keyed(i, Var::alias).filter(|(_, var, _)| *var != Var::Ignored)?;
    let mut vars = Vars::new(Escape::Hex);
    tail(i, &mut vars, Var::alias);
    // A zone that stands apart, behind a space, is lost.
    let is_cut = whole(vars.get(Var::Time), time::clf).is_some_and(|when| when.zone == Zone::Local);
    let has = |var| !vars.get(var).is_empty();
    let is_proxy = has(Var::Request) || has(Var::UpstreamAddr) || has(Var::UpstreamStatus);
    (vars.has_time() && !is_cut && has(Var::Status) && is_address(vars.get(Var::RemoteAddr)) && is_proxy)
        .then_some(vars)
}

/// A request line, and what stands around it.
struct Asked<'a> {
    before: &'a [u8],
    request: &'a [u8],
    after: &'a [u8],
    /// What stands between all values: a tab or a bar; `None` is a space.
    separator: Option<u8>,
}

impl<'a> Asked<'a> {
    fn of(i: &'a [u8]) -> Option<Self> {
        let protocol = place_of(i, b" HTTP/")?;
        let between = |mark| {
            let open = memrchr(mark, &i[..protocol])?;
            let close = protocol + memchr(mark, &i[protocol..])?;
            let (before, request, after) = (&i[..open], i[open + 1..close].trim_ascii(), &i[close + 1..]);
            let stands_apart = mark != b'"' || before.last().is_none_or(|byte| is_separator(*byte) || *byte == b']');
            let separator = if mark == b'"' { separator_of(after) } else { Some(mark) };
            // Whole URLs are what programs ask others for.
            let is_asked_here = is_request(request) && place_of(request, b" http").is_none();
            (stands_apart && is_asked_here).then_some(Self { before, request, after, separator })
        };
        b"\"\t|".iter().find_map(|mark| between(*mark))
    }

    /// All values of the line, if it has a time, a client and a status, and nothing before the request that is unknown.
    fn vars(self) -> Option<Vars<'a>> {
        let mut vars = Vars::new(Escape::Hex);
        let (before, status, rest) = self.status()?;
        vars.set(Var::Request, self.request);
        vars.set(Var::Status, status);
        lead(before, self.separator, &mut vars)?;
        if !vars.has(Var::RemoteAddr) && !vars.has(Var::ForwardedFor) {
            return None;
        }
        let has_headers = sizes_and_headers(rest, self.separator, &mut vars);
        // Whoever leaves the time to the envelope, as Harbor does, has all else of `combined`.
        (vars.has(Var::Time) || has_headers && vars.has(Var::BodyBytes)).then_some(vars)
    }

    /// What stands before, the status, and what follows. nginx's manual once had the status between the time and the
    /// request, where only the bytes follow that.
    fn status(&self) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
        let mut rest = self.after;
        let first = next(&mut rest, self.separator);
        let from = behind_separators(rest);
        let follows_bytes = matches!(from, [b'0'..=b'9' | b'-', ..]);
        let before = self.before.trim_ascii_end();
        let (lead, last) = before.split_at(memrchr(b' ', before).map_or(0, |space| space + 1));
        if self.separator.is_none() && lead.ends_with(b"] ") && is_status(last) && !follows_bytes {
            return Some((lead, last, self.after));
        }
        (is_status(first) && (self.separator.is_some() || may_follow_status(from))).then_some((
            self.before,
            first,
            rest,
        ))
    }
}

/// Whether a layout may go on so behind the status: with a number, the headers, or a key of nginx's. Applications tell
/// what it means.
fn may_follow_status(i: &[u8]) -> bool {
    let mut rest = i;
    let value = next(&mut rest, None);
    // Apache's `%X` is a dash, a plus or an X.
    let is_number = whole(value, uint).is_some() || is_time_list(value) || matches!(value, b"-" | b"+" | b"X");
    let is_header = || i.first() == Some(&b'"') && (clf::is_referer(value) || names_program(value));
    let is_keyed = || keyed(i, after_combined).is_some_and(|(_, var, _)| var != Var::Ignored);
    i.is_empty() || is_number || is_header() || is_keyed()
}

/// A tab or a bar, if a text begins with one; blanks may stand before it.
fn separator_of(after: &[u8]) -> Option<u8> {
    after.iter().find(|byte| **byte != b' ').copied().filter(|byte| matches!(byte, b'\t' | b'|'))
}

/// Whether a value is a status that servers send: a port or a number of bytes may have three digits too.
fn is_status(value: &[u8]) -> bool {
    let status = whole(value, number::status);
    status.is_some_and(|status| matches!(status, 101 | 200..=226 | 300..=308 | 400..=431 | 444..=499 | 500..=599))
}

/// Notes what stands before the request; `None` where that says something unknown. Where there are two times the first is
/// that of an envelope, whose line follows.
fn lead<'a>(mut i: &'a [u8], separator: Option<u8>, vars: &mut Vars<'a>) -> Option<()> {
    let mut behind_dash = false;
    loop {
        i = behind_separators(i);
        if i.is_empty() {
            return Some(());
        }
        if let Some((rest, stamp, when)) = stamp(i) {
            if vars.has(Var::Time) {
                return None;
            }
            vars.set_time(stamp, when);
            i = rest;
        } else if let Some((rest, var, value)) = keyed(i, after_combined) {
            vars.set(var, value);
            i = rest;
        } else {
            let value = next(&mut i, separator);
            // Who it is, behind `%l`, which nobody has, or between the client and the time.
            let may_be_user = vars.has(Var::RemoteAddr) && !vars.has(Var::RemoteUser);
            let var = match shape(value) {
                None | Some(Var::Host) if may_be_user && behind_dash => Var::RemoteUser,
                None if may_be_user && !vars.has(Var::Time) => Var::RemoteUser,
                known => known?,
            };
            vars.set(var, if var == Var::RemoteAddr { address(value) } else { value });
            behind_dash = value == b"-";
            continue;
        }
        behind_dash = false;
    }
}

/// What a value before the request is, if its shape tells.
fn shape(value: &[u8]) -> Option<Var> {
    let is_scheme = |part: &[u8]| matches!(part, b"http" | b"https");
    if value == b"-" || value.split(|byte| *byte == b',').all(is_scheme) {
        Some(Var::Ignored)
    } else if is_address(value) {
        Some(Var::RemoteAddr)
    } else if !value.is_empty() && list(value).all(is_ip) {
        Some(Var::ForwardedFor)
    } else if is_time_list(value) {
        Some(Var::RequestTime)
    } else if is_host(value) && value.iter().any(u8::is_ascii_alphabetic) {
        Some(Var::Host)
    } else {
        None
    }
}

fn is_address(value: &[u8]) -> bool {
    is_ip(address(value))
}

/// A client's address, without its port and the brackets that IPv6 may wear.
fn address(value: &[u8]) -> &[u8] {
    let address = without_port(value);
    address.strip_prefix(b"[").and_then(|inside| inside.strip_suffix(b"]")).unwrap_or(address)
}

/// A time, in brackets, in quotes or bare; what follows it comes first.
fn stamp(i: &[u8]) -> Option<(&[u8], &[u8], When)> {
    let (inside, close) = match i {
        [b'[', inside @ ..] => (inside, Some(b']')),
        [quote @ (b'"' | b'\''), inside @ ..] => (inside, Some(*quote)),
        bare => (bare, None),
    };
    let stamp = alt((time::clf, time::iso_spaced, time::nginx_error, msec));
    let (rest, (text, when)) = consumed(stamp).parse(inside).ok()?;
    let rest = match close {
        Some(close) => behind(&[close], rest)?,
        None => rest,
    };
    // Nothing follows where the request does at once.
    rest.first().is_none_or(|byte| is_separator(*byte)).then_some((rest, text, when))
}

/// `$msec`, which has had ten digits before its point since 2001.
fn msec(i: &[u8]) -> Parsed<'_, When> {
    if i.get(10) == Some(&b'.') { time::epoch(i) } else { mismatch() }
}

/// What follows the status: the bytes, the headers, and whatever people add. Tells whether the headers stand there as
/// in `combined`.
fn sizes_and_headers<'a>(mut rest: &'a [u8], separator: Option<u8>, vars: &mut Vars<'a>) -> bool {
    let mut behind = rest;
    let bytes = next(&mut behind, separator);
    if bytes == b"-" || whole(bytes, uint).is_some() {
        vars.set(Var::BodyBytes, bytes);
        rest = behind;
    }
    if separator.is_some() {
        fields(rest, separator, vars);
        return false;
    }
    let headers = clf::headers(rest);
    tail(headers.between, vars, after_combined);
    vars.set(Var::UserAgent, headers.agent.unwrap_or_else(|| agent_alone(headers.tail)));
    tail(headers.tail, vars, after_combined);
    headers.agent.is_some() && headers.between.is_empty()
}

/// The user agent of a layout without a referer: the value in quotes that ends the line, and begins with a program and
/// its version.
fn agent_alone(tail: &[u8]) -> &[u8] {
    let value = tail.strip_suffix(b"\"").map_or(&b""[..], |rest| &rest[memrchr(b'"', rest).map_or(0, |at| at + 1)..]);
    if names_program(value) { value } else { b"" }
}

/// Whether a value begins with a program and its version, as user agents do.
fn names_program(value: &[u8]) -> bool {
    let version = memchr(b'/', value).and_then(|slash| value.get(slash + 1));
    let is_name = value.first().is_some_and(u8::is_ascii_alphabetic) && !value.starts_with(b"HTTP/");
    is_name && version.is_some_and(u8::is_ascii_digit)
}

/// [`tail`] of values that tabs or bars stand between.
fn fields<'a>(mut rest: &'a [u8], separator: Option<u8>, vars: &mut Vars<'a>) {
    let mut behind = rest;
    let [referer, agent] = [(); 2].map(|()| next(&mut behind, separator));
    if clf::is_referer(referer) && clf::is_agent(agent) {
        vars.set(Var::UserAgent, agent);
        rest = behind;
    }
    let mut shapes = Shapes::default();
    while !behind_separators(rest).is_empty() {
        let field = next(&mut rest, separator);
        match keyed(field, after_combined) {
            Some((_, var, value)) => vars.set(var, value),
            None => shapes.add(field, vars),
        }
    }
    shapes.finish(vars);
}

/// The next value, without the quotes that it may wear; `i` goes on behind it.
fn next<'a>(i: &mut &'a [u8], separator: Option<u8>) -> &'a [u8] {
    let from = behind_separators(i);
    let (rest, value) = match separator {
        Some(separator) => {
            let (field, rest) = from.split_at(memchr(separator, from).unwrap_or(from.len()));
            (rest, unquoted(field.trim_ascii()))
        }
        None => bare_or_quoted(from),
    };
    // Whatever stands there, go on.
    *i = if rest.len() < from.len() { rest } else { from.get(1..).unwrap_or_default() };
    value
}

/// A value, which may end where a quote begins the next.
fn bare_or_quoted(i: &[u8]) -> (&[u8], &[u8]) {
    let (rest, found) = value(i);
    match memchr(b'"', found) {
        Some(quote) if quote > 0 && i.first() != Some(&b'"') && i.first() != Some(&b'[') => (&i[quote..], &i[..quote]),
        _ => (rest, found),
    }
}

fn unquoted(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\"").and_then(|inside| inside.strip_suffix(b"\"")).unwrap_or(field)
}

fn behind_separators(i: &[u8]) -> &[u8] {
    let count = i.iter().take_while(|byte| is_separator(**byte)).count();
    &i[count..]
}
#[cfg(test)]
mod tests {
    use super::super::{read_any as read, skim_any as skim};
    use crate::format::Skimmed;
    use crate::format::nginx::tests::{agree, told};

    /// 28 September 2026, 12:00:00 on the server's clock.
    const NOON: i64 = 1_790_596_800_000_000;

    /// Reads `line`, with `TIME`, `REQUEST` and `HEADERS` for the usual ones, and checks its time and that the skim
    /// agrees.
    fn told_of(line: &str) -> String {
        let line = line
            .replace("TIME", "[28/Sep/2026:12:00:00 +0600]")
            .replace("REQUEST", r#""GET /a?b HTTP/1.1""#)
            .replace("HEADERS", r#""-" "curl/8 (x)""#);
        let record = read(line.as_bytes());
        assert_eq!(agree(skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        if let Some(record) = &record {
            assert_eq!(record.when.map(|when| when.wall), Some(NOON), "{line}");
        }
        told(record)
    }

    #[test]
    fn reads_any_order_before_the_request() {
        let cases = [
            ("TIME 203.0.113.9", "client=203.0.113.9"),
            ("2026-09-28T12:00:00+06:00 203.0.113.9:4711", "client=203.0.113.9"),
            ("2026-09-28 12:00:00 +0600 [2001:db8::9]:4711", "client=2001:db8::9"),
            ("1790596800.000 203.0.113.9", "client=203.0.113.9"),
            ("203.0.113.9 TIME", "client=203.0.113.9"),
            ("203.0.113.9 - - 28/Sep/2026:12:00:00 +0600", "client=203.0.113.9"),
            ("\"203.0.113.9\" \"-\" \"28/Sep/2026:12:00:00 +0600\"", "client=203.0.113.9"),
            ("TIME client=203.0.113.9", "client=203.0.113.9"),
            ("203.0.113.9 - - TIME http https,http", "client=203.0.113.9"),
            ("TIME \"198.51.100.7, 10.0.0.2\"", "client=198.51.100.7"),
            ("https 203.0.113.9 - al.b TIME", "client=203.0.113.9 user=al.b"),
            ("203.0.113.9 alice TIME", "client=203.0.113.9 user=alice"),
        ];
        for (lead, expected) in cases {
            let told = told_of(&format!("{lead} REQUEST 502 157 HEADERS"));
            assert_eq!(
                told,
                format!("status=502 method=GET path=/a?b bytes=157 {expected} agent=curl/8 (x)"),
                "{lead}"
            );
        }
        for lead in ["https shop.example.com:443 203.0.113.9 TIME", "TIME host=shop.example.com 203.0.113.9"] {
            let told = told_of(&format!("{lead} REQUEST 502 157 HEADERS"));
            assert!(told.contains(" host=shop.example.com path=/a?b bytes=157 client=203.0.113.9 "), "{lead}: {told}");
        }
    }

    #[test]
    fn reads_what_stands_around_the_request() {
        let cases = [
            // What nginx's old manual had.
            (
                "203.0.113.9 - - TIME 502 REQUEST 157 HEADERS \"-\"",
                "status=502 method=GET path=/a?b bytes=157 client=203.0.113.9 agent=curl/8 (x)",
            ),
            (
                "TIME 203.0.113.9 REQUEST 502 157 HEADERS 0.123 10.0.0.5:80 502",
                "status=502 upstream=10.0.0.5:80 method=GET path=/a?b bytes=157 duration=0.123 client=203.0.113.9 agent=curl/8 (x) names=upstream attempts=[10.0.0.5:80 502 -/-/-]",
            ),
            (
                "TIME 203.0.113.9 0.123 REQUEST 502 -",
                "status=502 method=GET path=/a?b duration=0.123 client=203.0.113.9",
            ),
            (
                "203.0.113.9 - - TIME REQUEST 502 0.123 \"-\" \"curl/8\"",
                "status=502 method=GET path=/a?b duration=0.123 client=203.0.113.9 agent=curl/8",
            ),
            // Nothing between values, where quotes tell them apart.
            (
                "203.0.113.9 - - TIMEREQUEST 502 157\"https://shop.example.com/\" h \"curl/8\"\"0.123\"",
                "status=502 method=GET path=/a?b bytes=157 duration=0.123 client=203.0.113.9",
            ),
            // Tabs and bars between all values, with quotes or without.
            (
                "203.0.113.9\t-\tTIME\tREQUEST\t502\t157\t\"-\"\t\"curl/8 (x)\"\t0.123\t0.120\t10.0.0.5:80\t502",
                "status=502 upstream=10.0.0.5:80 method=GET path=/a?b bytes=157 duration=0.123 client=203.0.113.9 agent=curl/8 (x) names=upstream attempts=[10.0.0.5:80 502 -/-/0.120]",
            ),
            (
                "203.0.113.9|28/Sep/2026:12:00:00 +0600|GET /a?b HTTP/1.1|502|157|-|curl/8 (x)|10.0.0.5:80, 10.0.0.6:80|502, 502|rt=0.123",
                "status=502 upstream=10.0.0.6:80 method=GET path=/a?b bytes=157 duration=0.123 client=203.0.113.9 agent=curl/8 (x) names=upstream attempts=[10.0.0.5:80 502 -/-/-, 10.0.0.6:80 502 -/-/-]",
            ),
            (
                "203.0.113.9 | TIME | GET /a?b HTTP/1.1 | 502 | 157",
                "status=502 method=GET path=/a?b bytes=157 client=203.0.113.9",
            ),
            (
                "203.0.113.9 | TIME | \"GET /a|b HTTP/1.1\" | 502 | 157",
                "status=502 method=GET path=/a|b bytes=157 client=203.0.113.9",
            ),
            // All with a key.
            (
                "time=2026-09-28T12:00:00+06:00 client=203.0.113.9 request=REQUEST status=502 bytes=157",
                "status=502 method=GET path=/a?b bytes=157 client=203.0.113.9",
            ),
            (
                "remote_addr=203.0.113.9 method=GET uri=/a msec=1790596800.000 status=502 upstream_addr=10.0.0.5:80",
                "status=502 upstream=10.0.0.5:80 method=GET path=/a client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 - -/-/-]",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(told_of(line), expected, "{line}");
        }
    }

    #[test]
    fn claims_nothing_in_doubt() {
        for line in [
            // No time, no client, no status, no request.
            "203.0.113.9 REQUEST 502 157",
            "203.0.113.9 REQUEST 502 HEADERS",
            "TIME REQUEST 502 157 HEADERS",
            "TIME 203.0.113.9 REQUEST 5020 157 HEADERS",
            "TIME 203.0.113.9 REQUEST took 12 ms",
            "TIME 203.0.113.9 \"GET a HTTP/1.1\" 502 157 HEADERS",
            "TIME 203.0.113.9 \"SSH-2.0-Go\" 502 157 HEADERS",
            "203.0.113.9|TIME|GET /a|b HTTP/1.1|502|157",
            // Somebody else's line with one inside.
            "2026-09-28T12:00:00Z web/nginx-1 203.0.113.9 - - TIME REQUEST 502 157 HEADERS",
            "Sep 28 12:00:00 web nginx: TIME 203.0.113.9 REQUEST 502 157 HEADERS",
            "{\"log\":\"TIME 203.0.113.9 REQUEST 502 157\"}",
            // Words in front, and behind the status.
            "2026-09-28T12:00:00Z 203.0.113.9 health check failed: REQUEST 503 0",
            "2026-09-28 12:00:00 10.0.0.5 retry REQUEST 502 0",
            "2026-09-28 12:00:00 INFO     127.0.0.1:52000 - REQUEST 503",
            "2026-09-28T12:00:00Z sshd 203.0.113.9 REQUEST 502",
            "2026-09-28 12:00:00\tERROR\t10.0.0.5\tGET http://x/ HTTP/1.1\t502\tBad Gateway",
            "TIME 203.0.113.9 REQUEST 503 Service Unavailable",
            "TIME 203.0.113.9 REQUEST 503 UF 0 91",
            // A time in a zone that is a word, or stands apart.
            "2026-09-28 12:00:00 JST 203.0.113.9 REQUEST 503 0",
            "time=28/Sep/2026:12:00:00 +0600 client=203.0.113.9 request=REQUEST status=502",
            // Applications' own.
            "time=2026-09-28T12:00:00+06:00 client=203.0.113.9 method=GET path=/a status=502",
            "time=2026-09-28T12:00:00+06:00 level=ERROR client=203.0.113.9 upstream=payments:8080 status=502",
            "time=2026-09-28T12:00:00+06:00 client=checkout upstream=payments:8080 status=502",
            "TIME level=info 203.0.113.9 REQUEST 502 0",
            "time=2026-09-28T12:00:00+06:00 client=10.0.0.5 request=REQUEST status=502 err=\"connection refused\"",
            "2026-09-28 12:00:00 10.0.0.5 REQUEST 502 -> retrying in 5s",
            "2026-09-28 12:00:00 10.0.0.5 REQUEST 502 (Bad Gateway)",
            "2026-09-28 12:00:00 10.0.0.5 REQUEST 502 \"Bad Gateway\" attempt 2",
            "2026-09-28 12:00:00 10.0.0.5 \"GET http://payments/ HTTP/1.1\" 502 10",
            "[2026-09-28 12:00:00] - uvicorn.access - INFO - 127.0.0.1:52000 - REQUEST 503",
            // The development servers of Python's frameworks.
            "203.0.113.9 - - [28/Sep/2026 12:00:00] REQUEST 503 -",
            // The client stands behind the request: Cloud Foundry's router, cut off.
            "h.example.com - [2026-09-28T12:00:00+06:00] REQUEST 502 0 67 HEADERS \"203.0.113.9:51234\" \"10.0.0.5:61002\"",
            "TIME REQUEST 502 10 HEADERS 10.0.0.9",
        ] {
            assert_eq!(told_of(line), "not claimed", "{line}");
        }
    }

    /// The envelope's counts: Harbor's `timed_combined`.
    #[test]
    fn the_time_may_be_missing() {
        let line = br#"203.0.113.9 - "GET /v2/ HTTP/1.1" 502 157 "-" "docker/24.0" 0.012 0.011 ."#;
        let record = read(line).unwrap_or_default();
        assert_eq!(agree(skim(line), Some(&record)), Ok(()));
        assert_eq!((record.when, record.status, record.bytes), (None, Some(502), Some(157)));
        assert_eq!((record.client, record.duration), (&b"203.0.113.9"[..], Some(12_000)));
    }

    /// What stands between the time and the request may be the status, or a port.
    #[test]
    fn the_status_is_what_can_be_one() {
        for (line, status, bytes) in [
            ("203.0.113.9 TIME 502 REQUEST 157 HEADERS", 502, 157),
            ("203.0.113.9 TIME 502 REQUEST 319 HEADERS", 502, 319),
            ("203.0.113.9 TIME 502 REQUEST -", 502, 0),
            ("TIME 203.0.113.9 REQUEST 502 319 HEADERS", 502, 319),
        ] {
            let told = told_of(line);
            assert!(told.starts_with(&format!("status={status} ")), "{line}: {told}");
            assert!(bytes == 0 || told.contains(&format!(" bytes={bytes} ")), "{line}: {told}");
        }
        for line in ["203.0.113.9 TIME 443 REQUEST 502 1", "203.0.113.9 TIME 503 REQUEST 200 1"] {
            assert_eq!(told_of(line), "not claimed", "{line}");
        }
    }

    #[test]
    fn long_lines_are_passed_quickly() {
        let started = std::time::Instant::now();
        for text in ["[ ", "\" ", "| ", "- ", "a=[ ", "1.0.0.0, ", " HTTP/"] {
            let junk = text.repeat(200_000);
            let lines = [
                format!("[28/Sep/2026:12:00:00 +0600] 203.0.113.9 \"GET / HTTP/1.1\" 502 157 {junk}"),
                format!("[28/Sep/2026:12:00:00 +0600] 203.0.113.9 {junk} \"GET / HTTP/1.1\" 502 157"),
                format!("[28/Sep/2026:12:00:00 +0600] {junk}"),
                junk,
            ];
            for line in lines {
                let _: Option<Skimmed<'_>> = skim(line.as_bytes());
            }
        }
        assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    }
}
