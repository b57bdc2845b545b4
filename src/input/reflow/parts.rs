//! Lines that a container runtime cut at 16 KiB. In CRI's files a part is marked `P` and the last one `F`
//! (`STAMP stdout P TEXT`, Kubernetes' "CRI container log format"); in Docker's `json-file` all parts but the last lack
//! the line feed in their `log`. Parts that follow each other are one line.

use super::super::LINE_LIMIT;
use memchr::{memchr, memmem};

/// Joins parts, line by line.
pub(super) struct Parts {
    kind: Kind,
    /// The beginning of a line whose end has not been read.
    line: Vec<u8>,
    /// What has been joined, up to where the next part's text goes; empty where there is nothing to join.
    joined: Vec<u8>,
    /// The stream that it came from, and the bytes that end it if no more parts follow.
    stream: Vec<u8>,
    tail: Vec<u8>,
    /// How many lines have been joined to the first.
    more: usize,
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
    stream: &'a [u8],
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

/// `2016-10-06T00:17:09.669794202Z stdout P TEXT`
fn cri(line: &[u8]) -> Option<Line<'_>> {
    let [b'0'..=b'9', _, _, _, b'-', ..] = line else { return None };
    let stream = memchr(b' ', line)? + 1;
    let [b's', b't', b'd', _, _, _, b' ', tag @ (b'P' | b'F'), b' ', text @ ..] = &line[stream..] else { return None };
    let (head, stream) = (&line[..stream + 7], &line[stream..stream + 6]);
    Some(Line { head, stream, text, tail: b"", goes_on: *tag == b'P' })
}

const LOG: &[u8] = br#"{"log":""#;

/// `{"log":"TEXT\n","stream":"stdout","time":"…"}`: Docker writes the members in this order.
fn docker(line: &[u8]) -> Option<Line<'_>> {
    let text = line.strip_prefix(LOG)?;
    let end = memmem::rfind(text, br#"","stream":""#)?;
    let (text, tail) = text.split_at(end);
    let stream = tail[12..].split(|byte| *byte == b'"').next().unwrap_or_default();
    // A backslash that is escaped itself may stand before the `n`.
    let feeds = text.strip_suffix(b"n").map_or(0, |text| text.iter().rev().take_while(|byte| **byte == b'\\').count());
    Some(Line { head: LOG, stream, text, tail, goes_on: feeds % 2 == 0 })
}

impl Parts {
    /// For an input that begins with `start`; `None` where that is no container's log.
    pub(super) fn begin(start: &[u8]) -> Option<Self> {
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let kind = [Kind::Cri, Kind::Docker].into_iter().find(|kind| kind.read(line).is_some())?;
        let (line, joined, stream, tail) = Default::default();
        Some(Self { kind, line, joined, stream, tail, more: 0 })
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        while let Some(end) = memchr(b'\n', rest) {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if self.line.is_empty() {
                self.take(line, out);
            } else {
                let mut whole = std::mem::take(&mut self.line);
                whole.extend_from_slice(line);
                self.take(&whole, out);
                whole.clear();
                self.line = whole;
            }
            rest = after;
        }
        self.line.extend_from_slice(rest);
        if self.line.len() > LINE_LIMIT {
            // Too long to be read as a line: it goes out as far as it has come.
            self.close(out);
            out.append(&mut self.line);
        }
    }

    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.take(&line, out);
        }
        self.close(out);
    }

    fn take(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let read = self.kind.read(line);
        let Some(part) = read.filter(|part| part.goes_on || !self.joined.is_empty()) else {
            self.close(out);
            out.extend_from_slice(line);
            out.push(b'\n');
            return;
        };
        if self.joined.is_empty() || self.stream != part.stream {
            self.close(out);
            self.joined.extend_from_slice(part.head);
            if matches!(self.kind, Kind::Cri) {
                self.joined.extend_from_slice(b"F ");
            }
            self.stream.clear();
            self.stream.extend_from_slice(part.stream);
        } else {
            self.more += 1;
        }
        // One byte over the limit is as good as more: no format reads such a line.
        let room = (LINE_LIMIT + 1).saturating_sub(self.joined.len());
        self.joined.extend_from_slice(&part.text[..part.text.len().min(room)]);
        self.tail.clear();
        self.tail.extend_from_slice(part.tail);
        if !part.goes_on {
            self.close(out);
        }
    }

    /// Writes what has been joined, and the line feeds of its parts behind it.
    fn close(&mut self, out: &mut Vec<u8>) {
        if self.joined.is_empty() {
            return;
        }
        out.append(&mut self.joined);
        out.append(&mut self.tail);
        out.resize(out.len() + 1 + std::mem::take(&mut self.more), b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reflowed;

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
                "2026-11-27T08:00:00.2Z stdout F two, three, four",
                "",
                "",
                "2026-11-27T08:00:00.5Z stderr F five",
                "2026-11-27T08:00:00.6Z stdout F six",
            ],
        );
    }

    #[test]
    fn joins_what_docker_cut() {
        expect(
            &[
                r#"{"log":"one\n","stream":"stdout","time":"1"}"#,
                r#"{"log":"two, \\n","stream":"stdout","time":"2"}"#,
                r#"{"log":"three\n","stream":"stdout","time":"3"}"#,
                "no line of Docker's",
                r#"{"log":"four\n","stream":"stderr","time":"4"}"#,
            ],
            &[
                r#"{"log":"one\n","stream":"stdout","time":"1"}"#,
                r#"{"log":"two, \\nthree\n","stream":"stdout","time":"3"}"#,
                "",
                "no line of Docker's",
                r#"{"log":"four\n","stream":"stderr","time":"4"}"#,
            ],
        );
    }

    #[test]
    fn keeps_its_memory() {
        let part = format!("2026-11-27T08:00:00Z stdout P {}\n", "x".repeat(1 << 14));
        let joined = reflowed(part.repeat(100).as_bytes());
        assert_eq!(joined.len(), (1 << 20) + 1 + 100);
        assert_eq!(joined.iter().filter(|byte| **byte == b'\n').count(), 100);
    }
}
