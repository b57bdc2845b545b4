//! Syslog, as daemons send and store it: RFC 3164, RFC 5424, and files with ISO stamps (rsyslog's default since
//! Debian 12). With a priority in front or without.

use super::Opened;
use crate::grammar::{
    Parsed, mismatch,
    number::uint,
    text::{until, word},
    time::{self, When},
};
use nom::{
    Parser as _,
    bytes::complete::tag,
    combinator::opt,
    sequence::{delimited, terminated},
};

/// Opens a syslog envelope; `None` where the line is in none.
#[inline]
pub(super) fn open(line: &[u8]) -> Option<Opened<'_>> {
    let opened = match line.first()? {
        b'<' => with_priority(line),
        b'A'..=b'Z' => stored(line, time::syslog),
        b'0'..=b'9' => match line.get(4) {
            Some(b'-') => stored(line, time::iso),
            // RFC 6587 counts the octets of what follows: `123 <134>1 …`.
            _ => octet_counted(line),
        },
        _ => return None,
    };
    opened.ok().map(|(_, opened)| opened)
}

/// `<134>1 …` (RFC 5424), `<134>Feb  6 …` (RFC 3164), `<134>2024-…` (ISO), or `<134>` and the message alone.
fn with_priority(line: &[u8]) -> Parsed<'_, Opened<'_>> {
    let (rest, _) = delimited(tag("<"), uint, tag(">")).parse(line)?;
    if let Some(opened) = rest.strip_prefix(b"1 ").and_then(|header| protocol(header).ok()) {
        return Ok(opened);
    }
    stored(rest, time::syslog)
        .or_else(|_| stored(rest, time::iso))
        .or(Ok((&[], Opened { payload: rest, ..Opened::default() })))
}

fn octet_counted(line: &[u8]) -> Parsed<'_, Opened<'_>> {
    let (rest, _) = terminated(uint, tag(" ")).parse(line)?;
    if rest.first() == Some(&b'<') { with_priority(rest) } else { mismatch() }
}

/// RFC 3164's layout under any stamp: `Feb  6 12:14:14 host haproxy[14389]: MSG`, the host left out by some senders.
fn stored(line: &[u8], stamp: impl Fn(&[u8]) -> Parsed<'_, When>) -> Parsed<'_, Opened<'_>> {
    let (rest, when) = terminated(stamp, tag(" ")).parse(line)?;
    let (after, first) = terminated(word, tag(" ")).parse(rest)?;
    let (payload, host, program) = match first {
        [program @ .., b':'] => (after, &b""[..], program),
        host => {
            let (payload, program) = word(after)?;
            let [program @ .., b':'] = program else { return mismatch() };
            (payload.strip_prefix(b" ").unwrap_or(payload), host, program)
        }
    };
    Ok((&[], Opened { when: Some(when), host, pid: pid(program), payload: payload.trim_ascii_start() }))
}

/// The process id in `haproxy[14389]`.
fn pid(program: &[u8]) -> Option<u64> {
    let (_, inside) = delimited((until(b'['), tag("[")), uint, tag("]")).parse(program).ok()?;
    Some(inside)
}

/// RFC 5424 after `<134>1 `: `2024-06-12T10:09:11.823400+02:00 HOST APP PROCID MSGID SD MSG`; any field may be `-`.
fn protocol(header: &[u8]) -> Parsed<'_, Opened<'_>> {
    let (rest, stamp) = terminated(word, tag(" ")).parse(header)?;
    let when = match stamp {
        b"-" => None,
        stamp => Some(time::iso(stamp)?.1),
    };
    let (rest, host) = terminated(word, tag(" ")).parse(rest)?;
    let (rest, _app) = terminated(word, tag(" ")).parse(rest)?;
    let (rest, process) = terminated(word, tag(" ")).parse(rest)?;
    let (rest, _message_id) = terminated(word, tag(" ")).parse(rest)?;
    let (rest, ()) = structured_data(rest)?;
    let (rest, _) = opt(tag(" ")).parse(rest)?;
    let payload = rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest);
    let host = if host == b"-" { b"" } else { host };
    Ok((&[], Opened { when, host, pid: crate::grammar::number::whole(process, uint), payload }))
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
        expect("<6>MSG", "", None, "MSG");
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "2018-07-02T22:23:00.186641Z my-loadbalancer 192.168.131.39:2817 10.0.0.1:80 0.000073",
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
}
