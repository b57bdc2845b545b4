//! `varnishlog`'s transactions: records that need others of theirs to be understood.
//!
//! ```text
//! *   << BeReq    >> 3
//! -   BackendOpen    25 api 10.0.0.5 8080 10.0.0.2 41234 connect
//! -   Timestamp      Bereq: 1795687201.000100 0.000100 0.000100
//! -   Timestamp      Beresp: 1795687201.000900 0.000900 0.000800
//! -   BerespStatus   503
//! ```
//!
//! What tells of failures gets the latest time of a `Timestamp` before it, as a stamp of the kind that runtimes write
//! in front of lines, unless a transport has put one there. A status that the backend itself sent gets the backend's
//! name behind it (`503 from api`): it is the first after the request was sent (`Bereq`), and no error follows it.
//! Varnish logs its own answer to a failed fetch likewise, behind the error. All else passes untouched. Source:
//! `vsl(7)`, `cache_fetch.c`, and recordings of 7.1.

use super::super::LINE_LIMIT;
use jiff::Timestamp;
use memchr::{memchr, memmem};

/// Completes records, line by line.
#[derive(Default)]
pub(super) struct Transactions {
    /// The latest time.
    latest: Option<Timestamp>,
    /// Whether a request was sent to the backend, whose status is to come.
    sent: bool,
    /// The name of the backend, where a connection to one was logged.
    backend: Vec<u8>,
    /// A status that may be the backend's, and what followed it: what comes next tells.
    held: Held,
    /// The beginning of a line whose end has not been read.
    line: Vec<u8>,
    /// Whether that line is too long to be read as one: it goes out as it comes, to its end.
    overlong: bool,
}

#[derive(Default)]
struct Held {
    /// The stamp that the status is to get.
    stamp: String,
    /// The line with the status; empty where none is held.
    status: Vec<u8>,
    /// The lines behind it.
    rest: Vec<u8>,
}

impl Transactions {
    /// Whether `start`, the first bytes of an input, begins a transaction: `**  << BeReq    >> 3`.
    pub(super) fn begin(start: &[u8]) -> bool {
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let Some(head) = opening(line, b'*').map(|at| &line[at..]) else { return false };
        let behind = head.iter().position(|byte| *byte != b'*').map_or(&b""[..], |at| &head[at..]);
        behind.trim_ascii_start().starts_with(b"<< ") && memmem::find(behind, b" >> ").is_some()
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = part.ends_with(b"\n");
            self.line.extend_from_slice(part);
            if !self.overlong && self.line.len() - usize::from(ends) > LINE_LIMIT {
                self.release(false, out);
                self.overlong = true;
            }
            if self.overlong {
                out.append(&mut self.line);
            } else if ends {
                self.take_line(out);
            }
            self.overlong &= !ends;
        }
    }

    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        self.take_line(out);
        self.release(true, out);
    }

    fn take_line(&mut self, out: &mut Vec<u8>) {
        let mut line = std::mem::take(&mut self.line);
        let record = Record::of(&line);
        match &record {
            Some(Record { tag: b"FetchError", .. }) => self.release(false, out),
            Some(Record { tag: b"Timestamp", text, .. }) if text.starts_with(b"Error:") => self.release(false, out),
            Some(Record { tag: b"Timestamp", text, .. }) if text.starts_with(b"Beresp:") => {}
            Some(Record { tag: b"Timestamp" | b"VCL_call" | b"End", .. }) => self.release(true, out),
            None if opening(&line, b'*').is_some() => self.release(true, out),
            _ if self.held.rest.len() > LINE_LIMIT => self.release(false, out),
            _ => {}
        }
        match record {
            Some(Record { at, tag: b"BerespStatus", .. }) if self.sent && self.held.status.is_empty() => {
                self.sent = false;
                self.held.stamp = self.stamp(at);
                self.held.status.append(&mut line);
            }
            Some(Record { at, tag: b"FetchError", .. }) => {
                self.sent = false;
                out.extend_from_slice(self.stamp(at).as_bytes());
            }
            Some(record) => self.learn(&record),
            None if opening(&line, b'*').is_some() => (self.sent, self.backend) = (false, Vec::new()),
            None => {}
        }
        if self.held.status.is_empty() {
            out.append(&mut line)
        } else {
            self.held.rest.append(&mut line)
        }
        self.line = line;
    }

    /// The latest time, where a record begins its line.
    fn stamp(&self, at: usize) -> String {
        self.latest.filter(|_| at == 0).map_or_else(String::new, |latest| format!("{latest} "))
    }

    /// Hands out the status that is held, which is the backend's `own` or not, and what followed it.
    fn release(&mut self, own: bool, out: &mut Vec<u8>) {
        let Held { stamp, mut status, mut rest } = std::mem::take(&mut self.held);
        if own && !status.is_empty() {
            out.extend_from_slice(stamp.as_bytes());
            status.truncate(status.trim_ascii_end().len());
            status.extend_from_slice(b" from ");
            status.extend_from_slice(if self.backend.is_empty() { b"-" } else { &self.backend });
            status.push(b'\n');
        }
        out.append(&mut status);
        out.append(&mut rest);
    }

    /// Keeps what a record tells of those that follow.
    fn learn(&mut self, record: &Record<'_>) {
        match record.tag {
            b"Timestamp" => {
                self.latest = time(record.text).or(self.latest);
                self.sent = record.text.starts_with(b"Bereq:") || self.sent && record.text.starts_with(b"Beresp:");
            }
            // `25 api 10.0.0.5 8080 10.0.0.2 41234 connect`
            b"BackendOpen" => {
                let name = record.text.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
                self.backend = name[..name.len().min(NAME)].to_vec();
            }
            _ => {}
        }
    }
}

/// As much of a backend's name as is kept, in bytes.
const NAME: usize = 256;

/// A record: where it begins in its line, its tag, its text.
struct Record<'a> {
    at: usize,
    tag: &'a [u8],
    text: &'a [u8],
}

impl<'a> Record<'a> {
    /// `--  Timestamp      Start: …`
    fn of(line: &'a [u8]) -> Option<Self> {
        let at = opening(line, b'-')?;
        let depth = line[at..].iter().position(|byte| *byte != b'-')?;
        let record = line[at + depth..].strip_prefix(b" ")?.trim_ascii();
        let (tag, text) = record.split_at(memchr(b' ', record)?);
        Some(Self { at, tag, text: text.trim_ascii_start() })
    }
}

/// Where in a line a record begins, which begins with `mark`: with the line, or behind the tag that syslog adds
/// (`varnishlog[812]: `).
fn opening(line: &[u8], mark: u8) -> Option<usize> {
    let at = if line.first() == Some(&mark) { 0 } else { memmem::find(line, b": ")? + 2 };
    (line.get(at) == Some(&mark)).then_some(at)
}

/// `Start: 1795687201.000000 0.000000 0.000000`
fn time(text: &[u8]) -> Option<Timestamp> {
    let behind = &text[memchr(b':', text)? + 1..];
    let word = behind.trim_ascii_start().split(|byte| *byte == b' ').next()?;
    let (seconds, fraction) = std::str::from_utf8(word).ok()?.split_once('.')?;
    let microseconds = fraction.get(..6)?.parse::<i64>().ok()?;
    Timestamp::from_microsecond(seconds.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(microseconds)?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{reflowed, reflowed_by};
    use super::LINE_LIMIT;

    fn expect(lines: &[&str], expected: &[&str]) {
        let text = lines.join("\n") + "\n";
        assert_eq!(String::from_utf8_lossy(&reflowed(text.as_bytes())), expected.join("\n") + "\n");
    }

    #[test]
    fn what_tells_of_failures_is_completed() {
        expect(
            &[
                "*   << BeReq    >> 3         ",
                "-   FetchError     none yet",
                "-   Timestamp      Bereq: 1795687201.000250 0.000000 0.000000",
                "-   BereqURL       /a",
                "-   FetchError     first byte timeout",
                "-   Timestamp      Beresp: 1795687202.500000 0.1 0.1",
                "-   Timestamp      Error: 1795687202.500000 0.1 0.1",
                "-   BerespStatus   503",
                "",
                "**  << BeReq    >> 5         ",
                "--  BackendOpen    25 api 10.0.0.5 8080 10.0.0.2 41234 connect",
                "--  Timestamp      Bereq: 1795687203.000000 0.1 0.1",
                "--  Timestamp      Beresp: 1795687204.000000 0.1 0.1",
                "--  BerespStatus   502",
                "--  BerespHeader   Server: app",
                "--  VCL_call       BACKEND_RESPONSE",
                "--  BerespStatus   503",
                "**  << BeReq    >> 6         ",
                "--  Timestamp      Bereq: 1795687204.500000 0.1 0.1",
                "--  BerespStatus   503",
                "--  FetchError     http format error",
                "**  << BeReq    >> 8         ",
                "--  Timestamp      Bereq: 1795687205.000000 0.1 0.1",
                "--  BerespStatus   200",
            ],
            &[
                "*   << BeReq    >> 3         ",
                "-   FetchError     none yet",
                "-   Timestamp      Bereq: 1795687201.000250 0.000000 0.000000",
                "-   BereqURL       /a",
                "2026-11-26T10:00:01.00025Z -   FetchError     first byte timeout",
                "-   Timestamp      Beresp: 1795687202.500000 0.1 0.1",
                "-   Timestamp      Error: 1795687202.500000 0.1 0.1",
                "-   BerespStatus   503",
                "",
                "**  << BeReq    >> 5         ",
                "--  BackendOpen    25 api 10.0.0.5 8080 10.0.0.2 41234 connect",
                "--  Timestamp      Bereq: 1795687203.000000 0.1 0.1",
                "--  Timestamp      Beresp: 1795687204.000000 0.1 0.1",
                "2026-11-26T10:00:04Z --  BerespStatus   502 from api",
                "--  BerespHeader   Server: app",
                "--  VCL_call       BACKEND_RESPONSE",
                "--  BerespStatus   503",
                "**  << BeReq    >> 6         ",
                "--  Timestamp      Bereq: 1795687204.500000 0.1 0.1",
                "--  BerespStatus   503",
                "2026-11-26T10:00:04.5Z --  FetchError     http format error",
                "**  << BeReq    >> 8         ",
                "--  Timestamp      Bereq: 1795687205.000000 0.1 0.1",
                "2026-11-26T10:00:05Z --  BerespStatus   200 from -",
            ],
        );
    }

    #[test]
    fn a_transport_has_stamped_it() {
        let line = |text: &str| format!("2026-11-26T10:00:01.5+00:00 cache1 varnishlog[812]: {text}");
        let sent = [
            "*   << BeReq    >> 3         ",
            "-   Timestamp      Bereq: 1795687201.000000 0.0 0.0",
            "-   BerespStatus   503",
            "-   VCL_call       BACKEND_RESPONSE",
        ]
        .map(line);
        let [head, time, status, call] = sent.each_ref().map(String::as_str);
        expect(&[head, time, status, call], &[head, time, &format!("{status} from -"), call]);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["x", "Start: -", "Start: 1", "Start: 1.5", "Start: 99999999999999999999.000000 0"] {
            let text = format!("*   << BeReq    >> 3\n-   Timestamp      {text}\n-   FetchError     a\n");
            assert_eq!(String::from_utf8_lossy(&reflowed(text.as_bytes())), text);
        }
    }

    /// Wherever the bytes were cut: it is no record, and what follows in it begins no line.
    #[test]
    fn what_is_too_long_is_one_line() {
        let start = "*   << BeReq    >> 3\n- Timestamp Bereq: 1.000000\n";
        let status = "- BerespStatus 503";
        let long = format!("{status} {}- FetchError x\n- FetchError y\n", "x".repeat(LINE_LIMIT + 100));
        for (text, expected) in [
            (format!("{start}{long}"), format!("{start}{long}")),
            // What was held comes first.
            (format!("{start}{status}\n{long}"), format!("{start}{status}\n{long}")),
        ] {
            let expected = expected.replace("\n- FetchError", "\n1970-01-01T00:00:01Z - FetchError");
            for size in [997, 4_099, 65_536] {
                assert!(reflowed_by(text.as_bytes(), size) == expected.as_bytes(), "{size}");
            }
        }
        // As long as a line may be.
        let room = LINE_LIMIT - "- FetchError ".len();
        for (length, stamp) in [(room, "1970-01-01T00:00:01Z "), (room + 1, "")] {
            let line = format!("- FetchError {}\n", "x".repeat(length));
            for size in [1_021, 65_536] {
                let text = format!("{start}{line}");
                let got = reflowed_by(text.as_bytes(), size);
                assert!(got == format!("{start}{stamp}{line}").as_bytes(), "{length} {size}");
            }
        }
    }

    #[test]
    fn keeps_its_memory() {
        let text = format!("*   << BeReq    >> 3\n-   BereqHeader    {}\n", "x".repeat(1 << 21));
        assert_eq!(reflowed(text.as_bytes()), text.as_bytes());
        let held =
            format!("- Timestamp Bereq: 1.000000\n- BerespStatus 503\n{}", "- BerespHeader a: b\n".repeat(1 << 17));
        let text = format!("*   << BeReq    >> 3\n{held}- FetchError x\n");
        let stamped = text.replace("- FetchError", "1970-01-01T00:00:01Z - FetchError");
        assert_eq!(reflowed(text.as_bytes()), stamped.as_bytes());
    }
}
