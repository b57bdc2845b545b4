//! Syslog, as daemons send and store it: RFC 3164, RFC 5424, and files with ISO stamps (rsyslog's default since
//! Debian 12). With a priority in front or without. And what stands behind a bare ISO stamp where that can be nothing
//! but an envelope: container runtimes' files, HAProxy's `log … format timed`, `cf logs`.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::Opened;
use crate::grammar::{
    Parsed,
    find::find_within,
    mismatch,
    number::uint,
    text::{bracketed, byte, one, present, word},
    time::{self, When},
};
use nom::{
    Parser as _,
    combinator::opt,
    sequence::{delimited, terminated},
};
use std::cell::Cell;

/// Opens the envelope of nearly all lines that have one: `Feb  6 12:14:14 host haproxy[14389]: MSG`.
#[inline(always)]
pub(super) fn stored_line(line: &[u8]) -> Option<Opened<'_>> {
    let (rest, when) = match line.first()? {
        b'A'..=b'Z' => time::syslog(line).ok()?,
        _ => return None,
    };
    match LAST_TAG.get().open(rest, when) {
        Some(opened) => Some(opened),
        None => other_tag(rest, when),
    }
}

thread_local! {
    static LAST_TAG: Cell<Tag> = const { Cell::new(Tag::NONE) };
    /// The one before: two processes may take turns.
    static OTHER_TAG: Cell<Tag> = const { Cell::new(Tag::NONE) };
}

/// Opens what stands behind a stamp, and remembers a tag that is new.
fn other_tag(i: &[u8], when: When) -> Option<Opened<'_>> {
    let known = OTHER_TAG.get().open(i, when);
    if known.is_some() {
        return known;
    }
    let (_, opened) = stored(Ok((i, when))).ok()?;
    OTHER_TAG.set(LAST_TAG.replace(Tag::of(i, &opened)));
    Some(opened)
}

/// ` host haproxy[14389]: `, what the last line had between its stamp and its message: neighbouring lines mostly share
/// it. Of 32 bytes at most.
#[derive(Clone, Copy)]
struct Tag {
    /// Its bytes, with zeros behind them, and which of the 32 count.
    text: [u128; 2],
    counts: [u128; 2],
    /// Where its parts begin and end.
    host: [u8; 2],
    program: [u8; 2],
    length: u8,
    pid: Option<u64>,
}

impl Tag {
    /// That of no line.
    const NONE: Self = Self { text: [1; 2], counts: [0; 2], host: [0; 2], program: [0; 2], length: 0, pid: None };

    /// The tag of `opened`, which begins `i`; none where it is too long to be remembered, or has no program: a line
    /// with one may begin with all of it.
    fn of(i: &[u8], opened: &Opened<'_>) -> Self {
        let length = i.len() - opened.payload.len();
        if length > 32 || opened.payload.is_empty() || opened.program.is_empty() {
            return Self::NONE;
        }
        let mut text = [0; 32];
        text[..length].copy_from_slice(&i[..length]);
        let mut counts = [0; 32];
        counts[..length].fill(u8::MAX);
        let small = |at: usize| u8::try_from(at).unwrap_or_default();
        // The host, if there is one, begins behind the first space; the program then behind the next.
        let host = [1, 1 + opened.host.len()];
        let program = if opened.host.is_empty() { 1 } else { host[1] + 1 };
        Self {
            text: halves(&text),
            counts: halves(&counts),
            host: host.map(small),
            program: [program, program + opened.program.len()].map(small),
            length: small(length),
            pid: opened.pid,
        }
    }

    /// Opens a line with this tag, of which `i` is what stands behind the stamp.
    #[inline(always)]
    fn open<'a>(&self, i: &'a [u8], when: When) -> Option<Opened<'a>> {
        let [first, second] = halves(i.first_chunk()?);
        let differs = (first & self.counts[0]) ^ self.text[0] | (second & self.counts[1]) ^ self.text[1];
        let payload = i.get(usize::from(self.length)..)?;
        // Otherwise there may be more blanks than in the last line.
        if differs != 0 || !payload.first()?.is_ascii_graphic() {
            return None;
        }
        let part = |[start, end]: [u8; 2]| i.get(usize::from(start)..usize::from(end));
        Some(Opened { when: Some(when), host: part(self.host)?, program: part(self.program)?, pid: self.pid, payload })
    }
}

/// 32 bytes as two numbers.
#[inline(always)]
fn halves(bytes: &[u8; 32]) -> [u128; 2] {
    let (halves, _) = bytes.as_chunks();
    [u128::from_le_bytes(halves[0]), u128::from_le_bytes(halves[1])]
}

/// Opens a syslog envelope; `None` where the line is in none.
#[inline]
pub(super) fn open(line: &[u8]) -> Option<Opened<'_>> {
    match line.first()? {
        b'0'..=b'9' => daemons(line).or_else(|| stamped(line).ok().map(|(_, opened)| opened)),
        // `cf logs` sets its lines in.
        b' ' => stamped(line.trim_ascii_start()).ok().map(|(_, opened)| opened),
        _ => daemons(line),
    }
}

/// Opens what syslog's daemons send and store.
#[inline]
fn daemons(line: &[u8]) -> Option<Opened<'_>> {
    let opened = match line {
        [b'<', ..] => with_priority(line),
        [b'A'..=b'Z', ..] => stored(time::syslog(line)),
        [b'0'..=b'9', _, _, _, b'-', ..] => match stored(time::iso(line)) {
            // A store's stamp before an object, which may be of a layout of one's own: it is not known yet.
            Ok((_, Opened { program: b"", payload: [b'{', ..], .. })) => mismatch(),
            // An application's own line: `2026-11-21T01:19:20Z INFO gateway: …`.
            Ok((_, Opened { host: b"TRACE" | b"DEBUG" | b"INFO" | b"WARN" | b"WARNING" | b"ERROR", .. })) => mismatch(),
            // LiteSpeed's: `2026-11-21 01:19:20.609918 [ERROR] [lsphp]: …`.
            Ok((_, Opened { host: [b'[', b'A'..=b'Z', ..], .. })) => mismatch(),
            stored => stored,
        },
        // RFC 6587 counts the octets of what follows: `123 <134>1 …`.
        [b'0'..=b'9', ..] => octet_counted(line),
        _ => return None,
    };
    opened.ok().map(|(_, opened)| opened)
}

/// `<134>1 …` (RFC 5424), `<134>Feb  6 …` (RFC 3164), `<134>2024-…` (ISO), or `<134>` and the message alone.
fn with_priority(line: &[u8]) -> Parsed<'_, Opened<'_>> {
    let (rest, _) = delimited(byte(b'<'), uint, byte(b'>')).parse(line)?;
    if let Some(opened) = rest.strip_prefix(b"1 ").and_then(|header| protocol(header).ok()) {
        return Ok(opened);
    }
    stored(time::syslog(rest))
        .or_else(|_| stored(time::iso(rest)))
        // Neither host nor program: behind a priority, a stamp is the envelope's all the same.
        .or_else(|_| {
            let (payload, when) = terminated(time::iso, byte(b' ')).parse(rest)?;
            bare(when, payload)
        })
        .or(Ok((&[], Opened { payload: rest, ..Opened::default() })))
}

fn octet_counted(line: &[u8]) -> Parsed<'_, Opened<'_>> {
    let (rest, _) = terminated(uint, byte(b' ')).parse(line)?;
    if rest.first() == Some(&b'<') { with_priority(rest) } else { mismatch() }
}

/// RFC 3164's layout behind any stamp: `Feb  6 12:14:14 host haproxy[14389]: MSG`, the host left out by some senders.
#[inline(always)]
fn stored<'a>(stamp: Parsed<'a, When>) -> Parsed<'a, Opened<'a>> {
    let (rest, when) = stamp?;
    let (rest, opened) = tagged(one(b' ', rest)?.0)?;
    Ok((rest, Opened { when: Some(when), ..opened }))
}

/// What follows a stamp and a space: host, tag and message.
#[inline(always)]
pub(super) fn tagged(i: &[u8]) -> Parsed<'_, Opened<'_>> {
    // An object's first member looks like a tag, where a space follows its name.
    if i.first() == Some(&b'{') {
        return Ok((&[], Opened { payload: i, ..Opened::default() }));
    }
    let (rest, first) = word(i)?;
    let (host, tag, rest) = match first {
        [.., b':'] => (&b""[..], i, rest),
        host => {
            let tag = one(b' ', rest)?.0;
            // Of a sender without a tag, as Fastly's can be.
            let payload = without_spaces(rest);
            if payload.first() == Some(&b'{') {
                return Ok((&[], Opened { host, payload, ..Opened::default() }));
            }
            (host, tag, word(tag)?.0)
        }
    };
    let length = tag.len() - rest.len();
    // A tag may end a line, a host may not.
    if tag[length - 1] != b':' || rest.is_empty() && host.is_empty() {
        return mismatch();
    }
    let (program, pid) = process(tag, length - 1);
    Ok((&[], Opened { when: None, host, program, pid, payload: without_spaces(rest) }))
}

/// What follows any blanks: mostly one space.
#[inline(always)]
fn without_spaces(i: &[u8]) -> &[u8] {
    match i {
        [b' ', first, ..] if first.is_ascii_graphic() => &i[1..],
        _ => i.trim_ascii_start(),
    }
}

/// An ISO stamp and a payload. Access logs begin with such a stamp as well, which is theirs then: so what follows must
/// be known.
fn stamped(line: &[u8]) -> Parsed<'_, Opened<'_>> {
    let (rest, when) = terminated(time::iso, byte(b' ')).parse(line)?;
    // CRI: `STAMP stdout F LINE`. A `P` in the place of the `F` marks a part of a line, which is none. A container
    // beside the gateway's may show what a daemon has stored.
    if let Some(payload) = rest.strip_prefix(b"stdout F ").or_else(|| rest.strip_prefix(b"stderr F ")) {
        let outer = Opened { when: Some(when), payload, ..Opened::default() };
        return Ok((&[], daemons(payload).map_or(outer, |opened| opened.inside(&outer))));
    }
    if is_haproxy(rest) {
        return bare(when, rest);
    }
    if let Some(opened) = cloud_foundry(rest) {
        return Ok((&[], Opened { when: Some(when), ..opened }));
    }
    // rsyslog, as some configure it: `STAMP local2.info `, and RFC 5424 without its priority.
    let (after, selector) = terminated(word, byte(b' ')).parse(rest)?;
    let selects = selector.first().is_some_and(u8::is_ascii_lowercase) && selector.contains(&b'.');
    if selects && after.get(4) == Some(&b'-') { protocol(after) } else { mismatch() }
}

/// What `cf logs` shows behind a stamp: `[RTR/0] OUT LINE`, of the router, or `[APP/PROC/WEB/0] OUT LINE`, of an
/// application.
fn cloud_foundry(i: &[u8]) -> Option<Opened<'_>> {
    let (rest, source) = bracketed(i).ok()?;
    let rest = rest.trim_ascii_start();
    let payload = rest.strip_prefix(b"OUT ").or_else(|| rest.strip_prefix(b"ERR "))?;
    let names = source.first().is_some_and(u8::is_ascii_uppercase) && source.contains(&b'/');
    let program = if source.starts_with(b"RTR/") { b"gorouter" } else { source };
    names.then_some(Opened { program, payload, ..Opened::default() })
}

/// An envelope that is a stamp and no more.
fn bare(when: When, payload: &[u8]) -> Parsed<'_, Opened<'_>> {
    Ok((&[], Opened { when: Some(when), payload, ..Opened::default() }))
}

/// Whether a message without host and program begins as HAProxy's own do: a state line, a line of its logs.
fn is_haproxy(i: &[u8]) -> bool {
    let mut words = i.splitn(4, |byte| *byte == b' ');
    let [first, second, third] = [(); 3].map(|()| words.next().unwrap_or_default());
    match first {
        b"Server" => second.contains(&b'/') && third == b"is",
        b"Health" => second == b"check" && third == b"for",
        b"backend" | b"Backend" | b"Proxy" | b"proxy" => third == b"has" || third == b"stopped",
        // `[NOTICE]   (8) : …`, before version 2.4 with a date; LiteSpeed's levels have brackets behind them.
        b"[ALERT]" | b"[WARNING]" | b"[NOTICE]" => {
            matches!(i[first.len()..].trim_ascii_start(), [b'(' | b'0'..=b'9', ..])
        }
        // `203.0.113.9:39090 [20/Nov/2026:23:57:07.894] …`
        _ => matches!(second, [b'[', _, _, b'/', _, _, _, b'/', ..] if second.contains(&b'.')) && first.contains(&b':'),
    }
}

/// The name and the process id in `haproxy[14389]`, the first `length` bytes of `i`; the id may be missing.
#[inline(always)]
fn process(i: &[u8], length: usize) -> (&[u8], Option<u64>) {
    let Some(open) = find_within(b'[', i, length) else { return (&i[..length], None) };
    match uint(&i[open + 1..]) {
        Ok((rest @ [b']', ..], pid)) if i.len() - rest.len() < length => (&i[..open], Some(pid)),
        _ => (&i[..length], None),
    }
}

/// RFC 5424 after `<134>1 `: `2024-06-12T10:09:11.823400+02:00 HOST APP PROCID MSGID SD MSG`; any field may be `-`.
fn protocol(header: &[u8]) -> Parsed<'_, Opened<'_>> {
    let (rest, stamp) = terminated(word, byte(b' ')).parse(header)?;
    let when = match stamp {
        b"-" => None,
        stamp => Some(time::iso(stamp)?.1),
    };
    let (rest, host) = terminated(word, byte(b' ')).parse(rest)?;
    let (rest, program) = terminated(word, byte(b' ')).parse(rest)?;
    let (rest, process) = terminated(word, byte(b' ')).parse(rest)?;
    let (rest, message_id) = terminated(word, byte(b' ')).parse(rest)?;
    let (rest, ()) = match structured_data(rest) {
        // Heroku's drains leave it out (`<158>1 STAMP host heroku router - MSG`).
        Err(_) if message_id == b"-" => (rest, ()),
        read => read?,
    };
    let (rest, _) = opt(byte(b' ')).parse(rest)?;
    let payload = rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest);
    // rsyslog keeps the space that stood after the tag of RFC 3164.
    let payload = payload.strip_prefix(b" ").unwrap_or(payload);
    let (host, program) = (present(host), present(program));
    Ok((&[], Opened { when, host, program, pid: crate::grammar::number::whole(process, uint), payload }))
}

/// `-`, or elements `[id name="value" …]` in which `"`, `\` and `]` are escaped by a backslash.
fn structured_data(i: &[u8]) -> Parsed<'_, ()> {
    if let [b'-', rest @ ..] = i {
        return Ok((rest, ()));
    }
    let mut rest = i;
    let mut elements = 0;
    while let [b'[', inside @ ..] = rest {
        let (mut quoted, mut escaped, mut end) = (false, false, None);
        for (at, &byte) in inside.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b']' if !quoted => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let Some(end) = end else { return mismatch() };
        rest = &inside[end + 1..];
        elements += 1;
    }
    if elements == 0 { mismatch() } else { Ok((rest, ())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::time::Zone;
    use proptest::prelude::*;

    fn opened(line: &str) -> Option<(String, Option<u64>, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        open(line.as_bytes()).map(|opened| (text(opened.host), opened.pid, text(opened.payload)))
    }

    fn expect(line: &str, host: &str, pid: Option<u64>, payload: &str) {
        assert_eq!(opened(line), Some((host.to_owned(), pid, payload.to_owned())), "{line}");
    }

    #[test]
    fn opens_what_daemons_write() {
        expect("Feb  6 12:14:14 lb1 haproxy[14389]: MSG x", "lb1", Some(14389), "MSG x");
        expect("<134>Feb  6 12:14:14 haproxy[7]: MSG", "", Some(7), "MSG");
        expect("<190>Feb  6 12:14:14 web nginx: 1.2.3.4 - -", "web", None, "1.2.3.4 - -");
        expect("2024-06-12T10:09:11.823400+02:00 lb haproxy[22]: MSG", "lb", Some(22), "MSG");
        expect("<134>1 2024-06-12T10:09:11.8234+02:00 - normal 224482 - - MSG", "", Some(224_482), "MSG");
        expect(r#"<134>1 - h a 1 - [x@1 k="\]"][y] MSG"#, "h", Some(1), "MSG");
        expect("93 <134>1 - h a - - - MSG", "h", None, "MSG");
        expect("<158>1 2026-11-27T08:00:00.123456+00:00 host heroku router - at=info x", "host", None, "at=info x");
        expect("<6>MSG", "", None, "MSG");
        expect(r#"<134>Feb  6 12:14:14 {"a": "b", "c": 1}"#, "", None, r#"{"a": "b", "c": 1}"#);
        expect(r#"Feb  6 12:14:14 {"a": "b", "c": 1}"#, "", None, r#"{"a": "b", "c": 1}"#);
        expect(r#"<134>2026-11-21T01:19:20Z {"a": "b"}"#, "", None, r#"{"a": "b"}"#);
        expect(r#"Feb  6 12:14:14 cache-1 {"a": "b", "c": 1}"#, "cache-1", None, r#"{"a": "b", "c": 1}"#);
        expect(r#"<134>2026-11-21T01:19:20Z 192.0.2.1  { "a": "b" }"#, "192.0.2.1", None, r#"{ "a": "b" }"#);
        expect(r#"Feb  6 12:14:14 lb1 nginx: {"a": "b"}"#, "lb1", None, r#"{"a": "b"}"#);
        expect("<1>2026-11-21T01:19:20.609918+00:00 any thing", "", None, "any thing");
        let doubled =
            "2020-03-16T14:09:50.276+03:00 local2.info 2020-03-16T14:09:50+03:00 lb haproxy 3307 - [a b=\"c\"] MSG";
        expect(doubled, "lb", Some(3307), "MSG");
        for payload in [
            "Server chk/k1 is DOWN, reason: Layer4 timeout",
            "Health check for server health/s503 failed, reason: x",
            "backend gone2 has no server available!",
            "Proxy web stopped (cumulated conns: FE: 1, BE: 1).",
            "[WARNING]  (8) : Server web/a is DOWN",
            "[NOTICE] 324/011920 (8) : New worker #1 (9) forked",
            "127.0.0.1:39090 [20/Nov/2026:23:57:07.894] tls/1: SSL handshake failure",
        ] {
            expect(&format!("2026-11-21T01:19:20.609918+00:00 {payload}"), "", None, payload);
            expect(&format!("2026-11-21T01:19:20Z stdout F {payload}"), "", None, payload);
        }
    }

    #[test]
    fn opens_what_cf_shows() {
        for (line, program, payload) in [
            ("   2026-11-27T08:00:00.12+0000 [RTR/0] OUT shop.example.com - x", "gorouter", "shop.example.com - x"),
            ("2026-11-27T08:00:00.12+0000 [RTR/12]     OUT x", "gorouter", "x"),
            ("   2026-11-27T08:00:00.12+0000 [APP/PROC/WEB/0] ERR x", "APP/PROC/WEB/0", "x"),
        ] {
            let opened = open(line.as_bytes()).unwrap_or_default();
            assert_eq!((opened.program, opened.payload), (program.as_bytes(), payload.as_bytes()), "{line}");
            assert!(opened.when.is_some(), "{line}");
        }
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "2018-07-02T22:23:00.186641Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073",
            // Balancers may be called anything.
            "2018-07-02T22:23:00.186641Z backend 192.168.131.39:2817 10.0.0.1:80 0.000073",
            "2018-07-02T22:23:00.186641Z Server 192.168.131.39:2817 10.0.0.1:80 0.000073",
            // Layouts of one's own.
            "2018-07-02T22:23:00+00:00 203.0.113.9 502 10.0.0.1:80",
            "2018-07-02T22:23:00+00:00 shop.example.com 502 10.0.0.1:80",
            r#"2018-07-02T22:23:00.186Z {"a": "b", "c": 1}"#,
            "2018-07-02T22:23:00.186Z [info] OUT x",
            "2018-07-02T22:23:00.186Z [RTR/0] shop",
            "   2018-07-02T22:23:00+00:00 203.0.113.9 502 10.0.0.1:80",
            r#"2018-07-02T22:23:00.186Z shop.example.com  {"a": "b", "c": 1}"#,
            "2024/06/12 10:09:11 [error] 1#1: *1 x",
            "10.0.0.1:53594 [12/Jun/2024:10:09:11.823] fe be/srv",
            "Server be/srv is DOWN",
            "",
            "<",
        ] {
            assert_eq!(opened(line), None, "{line}");
        }
    }

    #[test]
    fn keeps_the_stamp() {
        let yearless = open(b"Feb  6 12:14:14 lb haproxy[1]: x").and_then(|opened| opened.when);
        assert_eq!(yearless.map(|when| when.zone), Some(Zone::Yearless));
    }

    #[test]
    fn names_the_program() {
        let program =
            |line: &str| open(line.as_bytes()).map(|opened| String::from_utf8_lossy(opened.program).into_owned());
        for (line, expected) in [
            ("Feb  6 12:14:14 lb1 haproxy[14389]: MSG", "haproxy"),
            ("<134>Feb  6 12:14:14 haproxy[7]: MSG", "haproxy"),
            ("Nov 21 03:15:06.855459 web1 systemd[11]: shop-api.service: Failed", "systemd"),
            ("2026-11-21T03:15:02+0000 web1 kernel: MSG", "kernel"),
            ("<134>1 2024-06-12T10:09:11.8234+02:00 - normal 224482 - - MSG", "normal"),
            ("<134>1 2024-06-12T10:09:11.8234+02:00 h - 7 - - MSG", ""),
            ("<6>MSG", ""),
            ("2026-11-21T01:19:20Z stdout F MSG", ""),
        ] {
            assert_eq!(program(line).as_deref(), Some(expected), "{line}");
        }
    }

    proptest! {
        /// Tags that are remembered change nothing but how long it takes.
        #[test]
        fn lines_are_opened_alike_whatever_came_before(lines in prop::collection::vec(
            "Nov 2[01] 0[01]:00:00( host| lb1|)(( haproxy\\[[12]?\\]| kernel| a_very_long_name_of_a_program\\[7\\]):(  ?[x\\[é]|)|  ?\\{x)",
            1..6,
        )) {
            for line in &lines {
                let bytes = line.as_bytes();
                let fresh = stored(time::syslog(bytes)).ok().map(|(_, opened)| opened);
                prop_assert_eq!(stored_line(bytes), fresh, "{}", line);
            }
        }
    }
}
