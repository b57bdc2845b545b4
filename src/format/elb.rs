//! What AWS's load balancers have in common: how one column is told from the next, and the run of columns from the
//! client's address to the request line, which Classic and Application Load Balancers write alike.
//!
//! Columns stand apart by one space and new ones are added at the end, some before AWS announces them, so nothing here
//! minds how many follow. AWS documents no escape inside quotes; real lines show `\x22`, other readers met `\"`.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use crate::grammar::{
    Parsed, address,
    find::{find, find_far, find3},
    mismatch,
    number::{self, Micros, seconds, uint, whole},
    text::{byte, one, place_of, present, word, words},
    time::{When, Zone, iso},
};
use memchr::memrchr;
use nom::{Parser as _, combinator::map_opt, sequence::terminated};

/// A word and the space behind it: `my-loadbalancer `.
#[inline(always)]
pub(super) fn column(i: &[u8]) -> Parsed<'_, &[u8]> {
    let (i, text) = word(i)?;
    Ok((one(b' ', i)?.0, text))
}

/// A column with a time: `2018-07-02T22:23:00.186641Z `.
#[inline(always)]
pub(super) fn time(i: &[u8]) -> Parsed<'_, When> {
    match i.get(10) {
        // A column ends at a space, a stamp need not.
        Some(b' ') => mismatch(),
        _ => {
            let (i, when) = iso(i)?;
            Ok((one(b' ', i)?.0, in_utc(when)))
        }
    }
}

/// An ISO time. AWS means UTC also where it writes no zone (Network Load Balancers): `2018-12-20T02:59:40`.
pub(super) fn utc(text: &[u8]) -> Option<When> {
    whole(text, iso).map(in_utc)
}

#[inline(always)]
fn in_utc(when: When) -> When {
    if when.zone == Zone::Local { When { zone: Zone::Utc, ..when } } else { when }
}

/// How long after `start` `end` was; `None` where the clock went backwards.
pub(super) fn between(start: When, end: When) -> Option<Micros> {
    let micros = |when: When| match when.zone {
        Zone::Offset(east) => when.wall.checked_sub(i64::from(east) * 1_000_000),
        Zone::Utc | Zone::Local | Zone::Yearless => Some(when.wall),
    };
    Micros::try_from(micros(end)?.checked_sub(micros(start)?)?).ok()
}

/// A column with an address and its port, or `-` or `-1`, which give nothing: `192.0.2.10:2817 `, `[2001:db8::10]:2817
/// `.
pub(super) fn peer(i: &[u8]) -> Parsed<'_, &[u8]> {
    map_opt(column, known_peer).parse(i)
}

/// An address with a port, or nothing for `-`, and for the `-1` that AWS once documented for a request that could not
/// be sent to any instance.
#[inline(always)]
fn known_peer(text: &[u8]) -> Option<&[u8]> {
    match text {
        b"-" | b"-1" => Some(b""),
        _ => (!address::split_port(text).1.is_empty()).then_some(text),
    }
}

/// Seconds, or `-1`, which stands for "never came to that": `0.001`.
#[inline(always)]
fn timer(i: &[u8]) -> Parsed<'_, Option<Micros>> {
    match i {
        [b'-', b'1', rest @ ..] | [b'-', rest @ ..] => Ok((rest, None)),
        _ => seconds(i).map(|(rest, micros)| (rest, Some(micros))),
    }
}

/// A status, `-`, or the lone `0` that Classic Load Balancers write for a backend that never answered.
#[inline(always)]
fn status(i: &[u8]) -> Parsed<'_, Option<u16>> {
    match i {
        [b'-', rest @ ..] => Ok((rest, None)),
        [b'0', b' ', ..] => Ok((&i[1..], None)),
        _ => number::status(i).map(|(rest, status)| (rest, Some(status))),
    }
}

/// A column with a count, or `-`: `366 `.
pub(super) fn count(i: &[u8]) -> Parsed<'_, Option<u64>> {
    terminated(amount, byte(b' ')).parse(i)
}

/// A count, or `-` or `-1` for none.
#[inline(always)]
fn amount(i: &[u8]) -> Parsed<'_, Option<u64>> {
    match i {
        [b'-', b'1', rest @ ..] | [b'-', rest @ ..] => Ok((rest, None)),
        _ => uint(i).map(|(rest, count)| (rest, Some(count))),
    }
}

/// The columns that tell how a request went.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core<'a> {
    /// With its port.
    pub client: &'a [u8],
    /// With its port; empty where none was picked, or where the Classic kind lost it.
    pub target: &'a [u8],
    /// From the request's arrival until it was sent to the target.
    pub request_time: Option<Micros>,
    /// From there until the target began to send the response header.
    pub target_time: Option<Micros>,
    /// From there until the response began to go to the client.
    pub response_time: Option<Micros>,
    pub status: Option<u16>,
    pub target_status: Option<u16>,
    pub sent: Option<u64>,
}

/// `client:port target:port request_processing_time target_processing_time response_processing_time elb_status_code
/// target_status_code received_bytes sent_bytes`, up to the quote that opens the request:
/// `192.0.2.10:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "`.
#[inline(always)]
pub(super) fn core(i: &[u8]) -> Parsed<'_, Core<'_>> {
    let (rest, core) = match at_once(i) {
        Some(read) => read,
        None => one_by_one(i)?,
    };
    match rest {
        [b' ', b'"', ..] => Ok((&rest[1..], core)),
        _ => mismatch(),
    }
}

/// [`core`] up to the last of its columns, where the ends of those behind the addresses can be looked up at once.
#[inline(always)]
fn at_once(i: &[u8]) -> Option<(&[u8], Core<'_>)> {
    let (i, client) = column(i).ok()?;
    let (i, target) = column(i).ok()?;
    let (rest, words) = words::<7>(i).ok()?;
    let core = Core {
        client: known_peer(client)?,
        target: known_peer(target)?,
        request_time: words.whole(0, timer(words.from(0)))?,
        target_time: words.whole(1, timer(words.from(1)))?,
        response_time: words.whole(2, timer(words.from(2)))?,
        status: words.whole(3, status(words.from(3)))?,
        target_status: words.whole(4, status(words.from(4)))?,
        sent: words.whole(6, amount(words.from(6)))?,
    };
    words.whole(5, amount(words.from(5)))?;
    Some((rest, core))
}

/// The same, however long columns are.
fn one_by_one(i: &[u8]) -> Parsed<'_, Core<'_>> {
    let space = || byte(b' ');
    let (i, (client, target)) = (peer, peer).parse(i)?;
    let (i, request_time) = terminated(timer, space()).parse(i)?;
    let (i, target_time) = terminated(timer, space()).parse(i)?;
    let (i, response_time) = terminated(timer, space()).parse(i)?;
    let (i, (status, _, target_status, _)) = (status, space(), status, space()).parse(i)?;
    let (i, (_received, _, sent)) = (amount, space(), amount).parse(i)?;
    Ok((i, Core { client, target, request_time, target_time, response_time, status, target_status, sent }))
}

impl Core<'_> {
    fn timers(&self) -> [Option<Micros>; 3] {
        [self.request_time, self.target_time, self.response_time]
    }

    /// Whether all three timers ran.
    pub(super) fn timed(&self) -> bool {
        !self.timers().contains(&None)
    }

    /// How long the request took: the sum of the three timers. Where one is missing they end too soon (`0.001 -1 -1`
    /// after a minute's wait), so the time between the line's stamps wins, if it has two. Of a connection that was
    /// upgraded (`ws`, `wss`) the sum is the time until the target's answer; how long it was open is the time between
    /// the stamps.
    pub(super) fn duration(&self, elapsed: Option<Micros>) -> Option<Micros> {
        match elapsed {
            Some(elapsed) if !self.timed() => Some(elapsed),
            _ => self.timers().into_iter().flatten().reduce(Micros::saturating_add),
        }
    }

    /// Until the target's response header, from the request's arrival.
    pub(super) fn header(&self) -> Option<Micros> {
        Some(self.target_time?.saturating_add(self.request_time.unwrap_or(0)))
    }
}

/// The columns of the rest of a line, quoted or not: `"curl/7.46.0" - -`. One that was cut off ends with the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns<'a>(pub &'a [u8]);

impl<'a> Iterator for Columns<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        while let [b' ', rest @ ..] = self.0 {
            self.0 = rest;
        }
        let (text, rest) = match self.0 {
            [] => return None,
            [b'"', inside @ ..] => match closing_quote(inside) {
                Some(at) => (&inside[..at], &inside[at + 1..]),
                None => (inside, &[][..]),
            },
            rest => rest.split_at(find(b' ', rest).unwrap_or(rest.len())),
        };
        self.0 = rest;
        Some(text)
    }
}

/// Where a quoted column ends: at the first quote that a space or the line's end follows and no backslash escapes. An
/// empty one may have lost its space: `"-"1`, as in AWS's own example of a line.
#[inline(always)]
fn closing_quote(text: &[u8]) -> Option<usize> {
    if let [b'-', b'"', b'0'..=b'9', ..] = text {
        return Some(1);
    }
    let escaped = |at: usize| text[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let mut from = 0;
    loop {
        let at = from + find_far(b'"', &text[from..])?;
        if matches!(text.get(at + 1), None | Some(b' ')) && !escaped(at) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// What a request line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestLine<'a> {
    pub method: &'a [u8],
    pub host: &'a [u8],
    pub path: &'a [u8],
}

/// `GET http://www.example.com:80/a?b HTTP/1.1`; the path may hold spaces. What could not be read is `-`:
/// `- http://www.example.com:80- -`, and `- - - ` for a TCP listener.
pub(super) fn request_line(text: &[u8]) -> RequestLine<'_> {
    let (method, rest) = split(text, find(b' ', text));
    let (host, path) = url_parts(present(url(rest.trim_ascii())));
    RequestLine { method: present(method), host, path }
}

/// `http://www.example.com:80/a HTTP/1.1` without its version.
fn url(text: &[u8]) -> &[u8] {
    if let Some((url, b" HTTP/1.1" | b" HTTP/2.0")) = text.split_last_chunk::<9>() {
        return url;
    }
    let (before, version) = split(text, memrchr(b' ', text));
    if version.starts_with(b"HTTP/") || version == b"-" { before } else { text }
}

/// What stands before and after the byte at `at`; nothing after it where there is none.
fn split(text: &[u8], at: Option<usize>) -> (&[u8], &[u8]) {
    at.map_or((text, b""), |at| (&text[..at], &text[at + 1..]))
}

/// The host, without its port, and the path of `http://www.example.com:80/a?b`.
fn url_parts(url: &[u8]) -> (&[u8], &[u8]) {
    let scheme = url.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let Some(rest) = url[scheme..].strip_prefix(b"://") else { return (b"", url) };
    let end = find3(b'/', b'?', b'#', rest).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    (address::host(address::without_userinfo(authority.strip_suffix(b"-").unwrap_or(authority))), path)
}

/// What the log names between `targetgroup/` and the next slash, which is the target group's name:
/// `arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067`.
#[inline(always)]
pub(super) fn target_group(arn: &[u8]) -> &[u8] {
    const LABEL: &[u8] = b"targetgroup/";
    // Mostly its slash is the first one.
    let first = find(b'/', arn).map_or(&b""[..], |slash| &arn[..=slash]);
    let start = if first.ends_with(LABEL) { Some(first.len()) } else { behind(LABEL, arn) };
    let name = start.map_or(&b""[..], |start| &arn[start..]);
    // Without the slash the name itself may have been cut off.
    find(b'/', name).map_or(b"", |end| &name[..end])
}

/// Where what follows `label` begins.
fn behind(label: &[u8], text: &[u8]) -> Option<usize> {
    place_of(text, label).map(|at| at + label.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Format, Skimmed};
    use proptest::prelude::*;

    const FORMATS: [Format; 3] = [Format::Alb, Format::Elb, Format::Nlb];

    fn parts(text: &'static str) -> [&'static str; 3] {
        let RequestLine { method, host, path } = request_line(text.as_bytes());
        [method, host, path].map(|part| std::str::from_utf8(part).unwrap_or("not UTF-8"))
    }

    #[test]
    fn reads_request_lines() {
        for (line, expected) in [
            ("GET http://www.example.com:80/ HTTP/1.1", ["GET", "www.example.com", "/"]),
            ("POST https://example.com:443/a?b=c:d HTTP/2.0", ["POST", "example.com", "/a?b=c:d"]),
            ("GET http://[2001:db8::1]:80/x HTTP/1.1", ["GET", "2001:db8::1", "/x"]),
            ("GET https://al:secret@example.com:80/x@y HTTP/1.1", ["GET", "example.com", "/x@y"]),
            ("GET http://example.com:80/a b  c HTTP/1.1", ["GET", "example.com", "/a b  c"]),
            ("GET http://example.com:80?x=1 HTTP/1.1", ["GET", "example.com", "?x=1"]),
            ("GET http://example.com:80/cut/of", ["GET", "example.com", "/cut/of"]),
            ("- http://example.com:80- -", ["", "example.com", ""]),
            ("- http://example.com:80- ", ["", "example.com", ""]),
            ("- - - ", ["", "", ""]),
            ("GET /relative HTTP/1.1", ["GET", "", "/relative"]),
            ("GET", ["GET", "", ""]),
            ("-", ["", "", ""]),
            ("", ["", "", ""]),
        ] {
            assert_eq!(parts(line), expected, "{line}");
        }
    }

    #[test]
    fn splits_columns() {
        let columns = |line: &'static [u8]| Columns(line).collect::<Vec<_>>();
        assert_eq!(columns(br#""a b" - "" c "d"#), [&b"a b"[..], b"-", b"", b"c", b"d"]);
        // Quotes inside, escaped or not, as long as no space follows a bare one.
        assert_eq!(columns(br#""say "hi", Bob" x"#), [&br#"say "hi", Bob"#[..], b"x"]);
        assert_eq!(columns(br#""say \"hi\" Bob\\" x"#), [&br#"say \"hi\" Bob\\"#[..], b"x"]);
        assert_eq!(columns(br#""h2","http/1.1" x"#), [&br#"h2","http/1.1"#[..], b"x"]);
        assert_eq!(columns(b"   "), [&b""[..]; 0]);
    }

    #[test]
    fn finds_the_target_group() {
        let name = |arn: &'static [u8]| target_group(arn);
        assert_eq!(name(b"arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/a-b/73e2"), b"a-b");
        assert_eq!(name(b"arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:targetgroup/c/1"), b"c");
        for arn in [&b"-"[..], b"", b"arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/cut-o"] {
            assert_eq!(target_group(arn), b"");
        }
    }

    #[test]
    fn measures_only_forwards() {
        let at = |text: &'static str| utc(text.as_bytes()).unwrap_or(When { wall: -1, zone: Zone::Yearless });
        let (early, late) = (at("2018-07-02T22:22:48.364000Z"), at("2018-07-02T22:23:00.186641Z"));
        assert_eq!(between(early, late), Some(11_822_641));
        assert_eq!(between(late, early), None);
        assert_eq!(between(at("2018-12-20T02:59:40"), at("2018-12-20T03:59:40+01:00")), Some(0));
    }

    /// What skim says, read says too, and both claim the same lines.
    fn agrees(format: Format, line: &[u8]) -> Result<(), TestCaseError> {
        let (skimmed, read) = (format.skim(line), format.read(line));
        prop_assert_eq!(skimmed.is_some(), read.is_some());
        if let (Some(Skimmed::Plain(skim)), Some(read)) = (skimmed, read) {
            prop_assert_eq!(skim.when, read.when);
            prop_assert_eq!(Some(skim.status), read.status);
            prop_assert_eq!(skim.group, read.group);
            prop_assert_eq!(skim.upstream, read.upstream);
            prop_assert_eq!(skim.names_upstream, read.names_upstream);
            prop_assert_eq!(skim.duration, read.duration);
            prop_assert!(skim.status < 500 && read.attempts.len() < 2);
        }
        Ok(())
    }

    fn samples() -> Vec<&'static str> {
        FORMATS.iter().flat_map(|format| format.about().samples).copied().collect()
    }

    proptest! {
        #[test]
        fn any_bytes(line in proptest::collection::vec(any::<u8>(), 0..300)) {
            for format in FORMATS {
                agrees(format, &line)?;
            }
        }

        #[test]
        fn damaged_samples(
            sample in proptest::sample::select(samples()),
            cut in 0..900_usize,
            damage in proptest::collection::vec((0..900_usize, prop_oneof![any::<u8>(), Just(b'"'), Just(b' ')]), 0..4),
        ) {
            let mut line = sample.as_bytes().to_vec();
            for (at, byte) in damage {
                if let Some(place) = line.get_mut(at) {
                    *place = byte;
                }
            }
            line.truncate(cut);
            for format in FORMATS {
                agrees(format, &line)?;
            }
        }
    }

    #[test]
    fn samples_are_claimed_once() -> Result<(), TestCaseError> {
        for format in FORMATS {
            for sample in format.about().samples {
                let claims: Vec<_> =
                    Format::ALL.iter().filter(|other| other.skim(sample.as_bytes()).is_some()).collect();
                assert_eq!(claims, [&format], "{sample}");
                agrees(format, sample.as_bytes())?;
            }
        }
        Ok(())
    }

    #[test]
    fn an_empty_column_may_have_lost_its_space() {
        let columns: Vec<&[u8]> = Columns(br#" "-" "-"1 2018 "forward""#).collect();
        assert_eq!(columns, [&b"-"[..], b"-", b"1", b"2018", b"forward"]);
    }

    /// Lines of other programs, and of AWS's other logs, that look a little like these.
    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "",
            "-",
            // The connection log of an Application Load Balancer, and a line of syslog with an ISO stamp.
            "2023-10-04T17:05:15.514108Z 192.0.2.10 48160 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036 \"-\" - - - TID_1",
            "2024-06-12T10:09:11.823400+02:00 web1 haproxy[1]: 192.0.2.10:2817 [12/Jun/2024:10:09:11.822] fe be/s1 0/0/0/1/1 200 9 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
            "2024-06-12T10:09:11Z web1 app[1]: 192.0.2.10:2817 - - \"GET / HTTP/1.1\"",
            // nginx and HAProxy.
            "192.0.2.10 - - [12/Jun/2024:10:09:11 +0200] \"GET / HTTP/1.1\" 502 157 \"-\" \"curl/7.46.0\"",
            "192.0.2.10:2817 [12/Jun/2024:10:09:11.822] fe be/s1 0/0/0/1/1 200 9 - - ---- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"",
            "2024/06/12 10:09:11 [error] 1#1: *1 connect() failed (111: Connection refused) while connecting to upstream",
            // A type word and a time are not enough, nor is a name of a load balancer.
            "http 2018-07-02T22:23:00.186641Z listening on 192.0.2.10:80",
            "info 2018-07-02T22:23:00.186641Z main 192.0.2.10:2817 - -1 -1 -1 503 - 0 0 \"GET http://a:80/ HTTP/1.1\" \"-\"",
            "2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.10 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 \"GET",
            "2015-05-13T23:39:43.945958Z app/my/1 192.0.2.10:2817 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 \"GET",
            "2015-05-13 23:39:43 my-loadbalancer 192.0.2.10:2817 10.0.0.1:80 0.1 0.1 0.1 200 200 0 29 \"GET",
            "tls 2018-12-20T02:59:40 net/my/c6 g3 192.0.2.10:2817 198.51.100.1:443 5 2 98 246 -",
            // Cut before the request begins.
            "http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.0.2.10:2817 10.0.0.1:80 0.000 0.001",
            "http 2018-07-02T22:23:00.186641Z app/my/50dc 192.0.2.10:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 ",
            "tls 2.0 2018-12-20T02:59:40 net/my/c6 g3 192.0.2.10:2817 198.51.100.1:443 5 2",
        ] {
            for format in FORMATS {
                assert!(format.skim(line.as_bytes()).is_none(), "{format:?} skims {line}");
                assert!(format.read(line.as_bytes()).is_none(), "{format:?} reads {line}");
            }
        }
    }
}
