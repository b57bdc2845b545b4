//! Lines that a container runtime cut at 16 KiB. In CRI's files a part is marked `P` and the last one `F`
//! (`STAMP stdout P TEXT`, Kubernetes' "CRI container log format"); in Docker's `json-file` all parts but the last lack
//! the line feed in their `log`. Parts of one stream are one line, which stands where the last of them did: lines of
//! the other stream may lie between them.

use super::super::LINE_LIMIT;
use memchr::{memchr, memmem};

/// Joins parts, line by line.
pub(super) struct Parts {
    kind: Kind,
    /// The beginning of a line whose end has not been read.
    line: Vec<u8>,
    /// Whether that line is too long to be read as one: it goes out as it comes, to its end.
    overlong: bool,
    /// What has been joined of each stream: bounded memory, whatever comes.
    open: [Open; STREAMS],
    /// Line feeds to be written before the next line: those of parts.
    owed: usize,
}

/// `stdout` and `stderr`.
const STREAMS: usize = 2;

/// A line of which parts are still to come.
#[derive(Default)]
struct Open {
    /// Up to where the next part's text goes; empty where no line is open.
    joined: Vec<u8>,
    /// The bytes that end it if no more parts follow.
    tail: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Kind {
    Cri,
    Docker,
}

/// A line of a container's log.
struct Line<'a> {
    /// Up to the text.
    head: &'a [u8],
    /// Which of the [`STREAMS`].
    stream: usize,
    text: &'a [u8],
    /// From the end of the text on.
    tail: &'a [u8],
    /// Whether more of the text follows.
    goes_on: bool,
}

impl Kind {
    fn read<'a>(self, line: &'a [u8]) -> Option<Line<'a>> {
        match self {
            Self::Cri => cri(line),
            Self::Docker => docker(line),
        }
    }
}

/// The number of the stream that `text` begins with the name of.
fn stream(text: &[u8]) -> Option<usize> {
    [b"stdout", b"stderr"].iter().position(|name| text.starts_with(*name))
}

/// `2016-10-06T00:17:09.669794202Z stdout P TEXT`
fn cri(line: &[u8]) -> Option<Line<'_>> {
    let [b'0'..=b'9', _, _, _, b'-', ..] = line else { return None };
    let name = memchr(b' ', line)? + 1;
    let [_, _, _, _, _, _, b' ', tag @ (b'P' | b'F'), b' ', text @ ..] = &line[name..] else { return None };
    Some(Line { head: &line[..name + 7], stream: stream(&line[name..])?, text, tail: b"", goes_on: *tag == b'P' })
}

const LOG: &[u8] = br#"{"log":""#;
const STREAM: &[u8] = br#"","stream":""#;

/// `{"log":"TEXT\n","stream":"stdout","time":"…"}`: Docker writes the members in this order.
fn docker(line: &[u8]) -> Option<Line<'_>> {
    let text = line.strip_prefix(LOG)?;
    let (text, tail) = text.split_at(memmem::rfind(text, STREAM)?);
    // A backslash that is escaped itself may stand before the `n`.
    let feeds = text.strip_suffix(b"n").map_or(0, |text| text.iter().rev().take_while(|byte| **byte == b'\\').count());
    Some(Line { head: LOG, stream: stream(&tail[STREAM.len()..])?, text, tail, goes_on: feeds % 2 == 0 })
}

impl Parts {
    /// For an input that begins with `start`; `None` where that is no container's log.
    pub(super) fn begin(start: &[u8]) -> Option<Self> {
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let kind = [Kind::Cri, Kind::Docker].into_iter().find(|kind| kind.read(line).is_some())?;
        Some(Self { kind, line: Vec::new(), overlong: false, open: Default::default(), owed: 0 })
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some(end) = memchr(b'\n', rest) {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if self.line.is_empty() && !self.overlong && end <= LINE_LIMIT {
                self.take(line, out);
            } else {
                self.add(line, out);
                self.end_line(out);
            }
            rest = after;
        }
        self.add(rest, out);
    }

    /// Adds to the line that has begun.
    fn add(&mut self, text: &[u8], out: &mut Vec<u8>) {
        self.line.extend_from_slice(text);
        if !self.overlong && self.line.len() > LINE_LIMIT {
            self.pay(out);
            self.overlong = true;
        }
        if self.overlong {
            out.append(&mut self.line);
        }
    }

    /// Ends the line that has begun.
    fn end_line(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.overlong) {
            out.push(b'\n');
            return;
        }
        let mut whole = std::mem::take(&mut self.line);
        self.take(&whole, out);
        whole.clear();
        self.line = whole;
    }

    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.overlong || !self.line.is_empty() {
            self.end_line(out);
        }
        // What was cut off stands in the places of its last parts.
        let open: Vec<Open> = std::mem::take(&mut self.open).into_iter().filter(Open::is_open).collect();
        self.owed = self.owed.saturating_sub(open.len());
        self.pay(out);
        open.into_iter().for_each(|open| open.write(out));
    }

    fn take(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let part = self.kind.read(line);
        match part.filter(|part| part.goes_on || self.open[part.stream].is_open()) {
            Some(part) => {
                let open = &mut self.open[part.stream];
                open.add(&part, self.kind);
                if part.goes_on {
                    self.owed += 1;
                    return;
                }
                let whole = std::mem::take(open);
                self.pay(out);
                whole.write(out);
            }
            None => {
                self.pay(out);
                out.extend_from_slice(line);
                out.push(b'\n');
            }
        }
    }

    /// Writes the line feeds of parts.
    fn pay(&mut self, out: &mut Vec<u8>) {
        out.resize(out.len() + std::mem::take(&mut self.owed), b'\n');
    }
}

impl Open {
    fn is_open(&self) -> bool {
        !self.joined.is_empty()
    }

    fn add(&mut self, part: &Line<'_>, kind: Kind) {
        if !self.is_open() {
            self.joined.extend_from_slice(part.head);
            if matches!(kind, Kind::Cri) {
                self.joined.extend_from_slice(b"F ");
            }
        }
        // One byte over the limit is as good as more: no format reads such a line.
        let room = (LINE_LIMIT + 1).saturating_sub(self.joined.len());
        self.joined.extend_from_slice(&part.text[..part.text.len().min(room)]);
        self.tail.clear();
        self.tail.extend_from_slice(part.tail);
    }

    fn write(mut self, out: &mut Vec<u8>) {
        out.append(&mut self.joined);
        out.append(&mut self.tail);
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{reflowed, reflowed_by};
    use super::LINE_LIMIT;

    fn expect(lines: &[&str], expected: &[&str]) {
        let text = lines.join("\n") + "\n";
        assert_eq!(String::from_utf8_lossy(&reflowed(text.as_bytes())), expected.join("\n") + "\n", "{text}");
    }

    #[test]
    fn joins_what_cri_cut() {
        expect(
            &[
                "2026-11-27T08:00:00.1Z stdout F one",
                "2026-11-27T08:00:00.2Z stdout P two, ",
                "2026-11-27T08:00:00.3Z stdout P three, ",
                "2026-11-27T08:00:00.4Z stdout F four",
                "2026-11-27T08:00:00.5Z stderr P five",
                "2026-11-27T08:00:00.6Z stdout F six",
            ],
            &[
                "2026-11-27T08:00:00.1Z stdout F one",
                "",
                "",
                "2026-11-27T08:00:00.2Z stdout F two, three, four",
                "",
                "2026-11-27T08:00:00.6Z stdout F six",
                "2026-11-27T08:00:00.5Z stderr F five",
            ],
        );
    }

    #[test]
    fn streams_lie_between_each_others_parts() {
        expect(
            &[
                "2026-11-27T08:00:00.1Z stdout P one, ",
                "2026-11-27T08:00:00.2Z stderr F two",
                "2026-11-27T08:00:00.3Z stderr P three, ",
                "2026-11-27T08:00:00.4Z stdout P four, ",
                "what",
                "2026-11-27T08:00:00.5Z stderr F five",
                "2026-11-27T08:00:00.6Z stdout F six",
                "2026-11-27T08:00:00.7Z stdout P seven",
                "2026-11-27T08:00:00.8Z stderr P eight",
            ],
            &[
                "",
                "2026-11-27T08:00:00.2Z stderr F two",
                "",
                "",
                "what",
                "2026-11-27T08:00:00.3Z stderr F three, five",
                "2026-11-27T08:00:00.1Z stdout F one, four, six",
                "2026-11-27T08:00:00.7Z stdout F seven",
                "2026-11-27T08:00:00.8Z stderr F eight",
            ],
        );
    }

    #[test]
    fn joins_what_docker_cut() {
        expect(
            &[
                r#"{"log":"one\n","stream":"stdout","time":"1"}"#,
                r#"{"log":"two, \\n","stream":"stdout","time":"2"}"#,
                r#"{"log":"three, ","stream":"stderr","time":"3"}"#,
                r#"{"log":"four\n","stream":"stdout","time":"4"}"#,
                "no line of Docker's",
                r#"{"log":"five\n","stream":"stderr","time":"5"}"#,
            ],
            &[
                r#"{"log":"one\n","stream":"stdout","time":"1"}"#,
                "",
                "",
                r#"{"log":"two, \\nfour\n","stream":"stdout","time":"4"}"#,
                "no line of Docker's",
                r#"{"log":"three, five\n","stream":"stderr","time":"5"}"#,
            ],
        );
    }

    /// Wherever the bytes were cut: what follows in such a line is no part.
    #[test]
    fn what_is_too_long_is_one_line() {
        let part = |tag: char, text: &str| format!("2026-11-27T08:00:00Z stdout {tag} {text}");
        let long = part('F', &"x".repeat(LINE_LIMIT + 100)) + &part('P', "y");
        let (first, last) = (part('P', "one, ") + "\n", part('F', "two") + "\n");
        let joined = part('F', "one, two") + "\n";
        for (text, expected) in [
            (format!("{first}{long}\n{last}"), format!("\n{long}\n{joined}")),
            (format!("{joined}{first}{last}{long}"), format!("{joined}\n{joined}{long}\n")),
        ] {
            for size in [997, 4_099, 65_536] {
                assert!(reflowed_by(text.as_bytes(), size) == expected.as_bytes(), "{size}");
            }
        }
    }

    #[test]
    fn keeps_its_memory() {
        let parts = ["stdout", "stderr"]
            .map(|stream| format!("2026-11-27T08:00:00Z {stream} P {}\n", "x".repeat(1 << 14)).repeat(100));
        let joined = reflowed(parts.concat().as_bytes());
        assert_eq!(joined.len(), 2 * ((1 << 20) + 1) + 200);
        assert_eq!(joined.iter().filter(|byte| **byte == b'\n').count(), 200);
    }
}
