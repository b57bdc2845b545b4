//! What a transport wrapped around a line: off it comes; its time, host and process stay.
//!
//! Runs once per line, so it decides on the first bytes. A line that is in no envelope is its own payload. Which
//! envelope a line is in depends on that line alone. A container tool's prefix may stand before any other.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

mod container;
mod json;
mod syslog;

pub use json::{begins_around, open_json};

use crate::grammar::{
    text::{byte, place_of},
    time::{When, iso},
};
use nom::{Parser as _, sequence::terminated};

/// A line without its envelope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The envelope's stamp: when the line was sent or received.
    pub when: Option<When>,
    /// The host that sent the line; empty where the envelope does not say.
    pub host: &'a [u8],
    /// The program that sent it, as it is tagged: `haproxy`, `kernel`; empty where the envelope does not say.
    pub program: &'a [u8],
    /// The sender's process id.
    pub pid: Option<u64>,
    /// What the proxy wrote.
    pub payload: &'a [u8],
}

/// What gateways are called where they send lines. A line of theirs that cannot be read is one that should have been.
const GATEWAYS: [&[u8]; 23] = [
    b"apache",
    b"apache2",
    b"caddy",
    b"cloudflared",
    b"envoy",
    b"gorouter",
    b"haproxy",
    b"heroku[router]",
    b"httpd",
    b"ingress",
    b"ingress-nginx",
    b"kong",
    b"lighttpd",
    b"nginx",
    b"nginx-ingress",
    b"openresty",
    // Harbor's nginx.
    b"proxy",
    b"skipper",
    b"skipper-ingress",
    b"traefik",
    b"varnishd",
    b"varnishlog",
    b"varnishncsa",
];

/// How programs are called that run applications. Some write access logs that look like a gateway's.
const APPLICATION_SERVERS: [&[u8]; 12] = [
    b"gunicorn",
    b"hypercorn",
    b"java",
    b"node",
    b"php-fpm",
    b"pm2",
    b"puma",
    b"python",
    b"ruby",
    b"unicorn",
    b"uvicorn",
    b"uwsgi",
];

/// Whether `program` runs applications, whatever its name ends with: `php-fpm8.2`, `python3`, `gunicorn.shop.access`.
#[inline]
#[must_use]
pub fn is_application_server(program: &[u8]) -> bool {
    // Told by the first two bytes for nearly every line.
    match program {
        [b'g' | b'p' | b'r' | b'u', ..] | [b'h', b'y', ..] | [b'j', b'a', ..] | [b'n', b'o', ..] => {
            runs_applications(program)
        }
        _ => false,
    }
}

fn runs_applications(program: &[u8]) -> bool {
    let mut rests = APPLICATION_SERVERS.iter().filter_map(|name| program.strip_prefix(*name));
    rests.any(|rest| matches!(rest, [] | [b'.' | b'0'..=b'9', ..]))
}

impl<'a> Opened<'a> {
    /// The same, inside of another envelope, which says what this one does not.
    #[must_use]
    pub fn inside(self, outer: &Self) -> Self {
        Self {
            when: self.when.or(outer.when),
            host: if self.host.is_empty() { outer.host } else { self.host },
            program: if self.program.is_empty() { outer.program } else { self.program },
            pid: self.pid.or(outer.pid),
            payload: self.payload,
        }
    }

    /// Whether a program sent the line that is known by name and is no gateway: a journal holds thousands of such
    /// lines.
    #[must_use]
    pub fn is_of_other_program(&self) -> bool {
        !self.program.is_empty() && !GATEWAYS.contains(&self.program)
    }
}

/// Takes `line` out of its envelope.
#[inline(always)]
#[must_use]
pub fn open(line: &[u8]) -> Opened<'_> {
    // What syslog stores is in no container's envelope too: behind a name there is never a date.
    match syslog::stored_line(line) {
        Some(opened) => opened,
        None => open_any(line),
    }
}

fn open_any(line: &[u8]) -> Opened<'_> {
    // copytruncate leaves runs of NUL behind; editors and PowerShell leave a byte order mark.
    let line = match line.first() {
        Some(0) => line.trim_start_with_nul(),
        Some(0xEF) => line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line),
        _ => line,
    };
    let Some((container, line)) = container::open(line) else { return open_stored(line) };
    let opened = open_stored(line);
    if opened.host.is_empty() { Opened { host: container, ..opened } } else { opened }
}

fn open_stored(line: &[u8]) -> Opened<'_> {
    syslog::open(line).unwrap_or(Opened { payload: line, ..Opened::default() })
}

/// What `outer` may be the envelope of, for lines of which no format is known. Layouts of one's own begin so as well:
/// it is an envelope where a known line is in it.
pub fn otherwise<'a>(outer: &Opened<'a>) -> impl Iterator<Item = Opened<'a>> + use<'a> {
    behind_stamp(outer).chain(behind_blank(outer)).chain(behind_tag(outer)).chain(behind_name(outer))
}

/// The blank that rsyslog's `%msg%` begins with, which is what stood between the tag and the message.
fn behind_blank<'a>(outer: &Opened<'a>) -> Option<Opened<'a>> {
    let payload = outer.payload.strip_prefix(b" ").filter(|rest| rest.first().is_some_and(u8::is_ascii_graphic))?;
    Some(Opened { payload, ..*outer })
}

/// A name in brackets, as programs mark their parts and scripts mark whose lines they show: `[httpd] MSG`.
fn behind_name<'a>(outer: &Opened<'a>) -> Option<Opened<'a>> {
    let inside = outer.payload.strip_prefix(b"[")?;
    let end = place_of(inside, b"] ")?;
    let (name, payload) = (&inside[..end], &inside[end + 2..]);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let named = name.first().is_some_and(u8::is_ascii_alphabetic) && name.iter().all(is_name);
    // It is no machine's, and no program's that may write some formats alone.
    named.then_some(Opened { payload, ..*outer })
}

/// Syslog's host and tag without their stamp, as whoever cuts off the stamps leaves them: `web1 nginx[2833]: MSG`.
fn behind_tag<'a>(outer: &Opened<'a>) -> Option<Opened<'a>> {
    let (_, tagged) = syslog::tagged(outer.payload).ok()?;
    GATEWAYS.contains(&tagged.program).then(|| tagged.inside(outer))
}

/// What stands behind a stamp that stores and runtimes write in front (`docker logs --timestamps`, CloudWatch Logs'
/// exports), and behind a name or labels after it (`aws logs tail`, `logcli`).
fn behind_stamp<'a>(outer: &Opened<'a>) -> impl Iterator<Item = Opened<'a>> + use<'a> {
    let starts = outer.when.is_none() && matches!(outer.payload, [b'0'..=b'9', _, _, _, b'-', ..]);
    let stamped = terminated(iso, byte(b' ')).parse(outer.payload).ok().filter(|_| starts);
    let host = outer.host;
    stamped.into_iter().flat_map(move |(rest, when)| {
        let named = container::behind_labels(rest).or_else(|| container::behind_word(rest));
        let within = move |(name, line)| {
            let opened = open_any(line);
            let host = [opened.host, host, name].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
            Opened { when: opened.when.or(Some(when)), host, ..opened }
        };
        [Some((&b""[..], rest)), named].into_iter().flatten().map(within)
    })
}

trait TrimNul {
    fn trim_start_with_nul(&self) -> &Self;
}

impl TrimNul for [u8] {
    fn trim_start_with_nul(&self) -> &Self {
        let start = self.iter().position(|byte| *byte != 0).unwrap_or(self.len());
        &self[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_one_envelope_in_another() {
        let opened = open(b"\xEF\xBB\xBFhaproxy1    | <134>Feb  6 12:14:14 lb1 haproxy[7]: MSG");
        assert_eq!((opened.host, opened.pid, opened.payload), (&b"lb1"[..], Some(7), &b"MSG"[..]));
        let opened = open(b"[pod/shop/lb] 2026-11-21T01:19:20Z stderr F MSG");
        assert_eq!((opened.when.is_some(), opened.payload), (true, &b"MSG"[..]));
        let opened = open(b"2026-11-21T01:19:21Z stdout F Nov 21 01:19:20 lb1 haproxy[7]: MSG");
        assert_eq!((opened.host, opened.pid, opened.payload), (&b"lb1"[..], Some(7), &b"MSG"[..]));
        let opened = open(b"2026-11-21T01:19:21Z stdout F 2026-11-21T01:19:20Z stdout F MSG");
        assert_eq!(opened.payload, b"2026-11-21T01:19:20Z stdout F MSG");
        let opened = open(b"nginx.1    | localhost 192.0.2.1 - -");
        let expected = Opened { host: b"nginx.1", payload: b"localhost 192.0.2.1 - -", ..Opened::default() };
        assert_eq!(opened, expected);
    }

    #[test]
    fn opens_what_may_be_an_envelope() {
        let all = |line: &'static str| -> Vec<_> {
            let opened = otherwise(&open(line.as_bytes()));
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            opened.map(|opened| (text(opened.host), opened.pid, text(opened.payload))).collect()
        };
        let one = |host: &str, pid, payload: &str| vec![(host.to_owned(), pid, payload.to_owned())];
        for (line, expected) in [
            (" 203.0.113.9 - - x", one("", None, "203.0.113.9 - - x")),
            ("web1 nginx[2833]: 2026/11/21 x", one("web1", Some(2833), "2026/11/21 x")),
            ("nginx: 2026/11/21 x", one("", None, "2026/11/21 x")),
            ("[httpd] 203.0.113.9 - - x", one("", None, "203.0.113.9 - - x")),
            ("[Thu Nov 26 09:05:10 2026] [error] x", vec![]),
            ("[2026-11-26] x", vec![]),
            ("  indented", vec![]),
            ("web1 sshd[2833]: Accepted", vec![]),
            ("an error: 2026/11/21", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(all(line), expected, "{line}");
        }
    }

    #[test]
    fn knows_programs_that_run_applications() {
        for name in APPLICATION_SERVERS {
            assert!(is_application_server(name), "{}", String::from_utf8_lossy(name));
        }
        for (program, runs) in
            [("php-fpm8.2", true), ("gunicorn.shop", true), ("node-exporter", false), ("haproxy", false)]
        {
            assert_eq!(is_application_server(program.as_bytes()), runs, "{program}");
        }
    }

    #[test]
    fn knows_whose_lines_need_not_be_readable() {
        for (line, other) in [
            ("Nov 21 03:15:06 web1 sshd[11]: Accepted", true),
            ("Nov 21 03:15:06 web1 haproxy[11]: what", false),
            ("<6>what", false),
            ("what", false),
        ] {
            assert_eq!(open(line.as_bytes()).is_of_other_program(), other, "{line}");
        }
    }
}
