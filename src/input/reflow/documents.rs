//! JSON documents: an array of records (`gcloud logging read --format=json`), an object that holds one (CloudWatch
//! Logs' `filter-log-events`, Azure's blobs), records over several lines. CloudWatch Logs sends its subscribers many
//! such objects one after the other.

use super::super::LINE_LIMIT;
use memchr::memmem;

/// The members that hold an array of records: of CloudWatch Logs (`events`; `logEvents` in what subscribers get), Azure
/// Monitor (`records`), Google's `entries.list`.
const ARRAYS: [&[u8]; 5] = [b"\"events\"", b"\"logEvents\"", b"\"records\"", b"\"Records\"", b"\"entries\""];

/// The member that names the stream of all records of such an object.
const STREAM: &[u8] = b"\"logStream\"";

/// Takes records out of documents, byte by byte.
#[derive(Default)]
pub(super) struct Documents {
    place: Place,
    text: Text,
    /// The beginning of an object of which it is not known yet what it is.
    held: Vec<u8>,
    /// The last string of its own in it: where it starts and ends.
    last: (usize, usize),
    /// What each record of the array begins with, after its brace: the member that names its stream.
    stream: Vec<u8>,
    /// Line feeds that stood in the current record.
    inside: usize,
    /// Line feeds that were written where the document has none.
    debt: usize,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between documents.
    #[default]
    Between,
    /// In text that is no document, to the end of its line.
    Other,
    /// In an object that may be a record or hold an array of them.
    Head,
    /// In an array, between records; `true` where an object holds the array.
    Array(bool),
    /// In a record of an array; `true` as above.
    Record(Option<bool>),
    /// In an object, behind its array.
    Tail,
}

/// Where in JSON's nesting a byte stands.
#[derive(Default)]
struct Text {
    depth: usize,
    quoted: bool,
    escaped: bool,
}

impl Text {
    /// Takes the next byte.
    fn step(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.quoted => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            _ if self.quoted => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

impl Documents {
    /// Whether `start`, the first bytes of an input, begins a document, and not an object a line.
    pub(super) fn begin(start: &[u8]) -> bool {
        match start {
            [b'[', rest @ ..] => matches!(rest.trim_ascii_start(), [] | [b'{', ..]),
            [b'{', rest @ ..] => {
                let name = rest.trim_ascii_start();
                let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
                rest[..rest.len() - name.len()].contains(&b'\n') || ARRAYS.iter().any(|array| opens(array, line))
            }
            _ => false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for &byte in bytes {
            self.step(byte, out);
        }
    }

    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
    }

    fn step(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.place {
            Place::Between => self.between(byte, out),
            Place::Other => {
                out.push(byte);
                if byte == b'\n' {
                    self.place = Place::Between;
                }
            }
            Place::Head => self.head(byte, out),
            Place::Array(held) => self.array(byte, held, out),
            Place::Record(array) => self.record(byte, array, out),
            Place::Tail => {
                self.text.step(byte);
                self.feed_if(byte, out);
                if self.text.depth == 0 {
                    self.place = Place::Between;
                }
            }
        }
    }

    fn between(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'{' => {
                self.text = Text::default();
                self.place = Place::Head;
                self.last = (0, 0);
                self.head(byte, out);
            }
            b'[' => {
                self.stream.clear();
                self.place = Place::Array(false);
            }
            b'\n' => self.feed(out),
            b',' | b']' => {}
            _ if byte.is_ascii_whitespace() => {}
            _ => {
                out.push(byte);
                self.place = Place::Other;
            }
        }
    }

    fn head(&mut self, byte: u8, out: &mut Vec<u8>) {
        let at = self.held.len();
        let (depth, quoted) = (self.text.depth, self.text.quoted);
        self.text.step(byte);
        self.held.push(byte);
        if depth == 1 && quoted != self.text.quoted {
            if self.text.quoted { self.last.0 = at } else { self.last.1 = at + 1 }
        }
        let name = self.held.get(self.last.0..self.last.1).unwrap_or_default();
        if byte == b'[' && depth == 1 && !quoted && ARRAYS.contains(&name) {
            self.stream.clear();
            self.stream.extend_from_slice(member(&self.held, STREAM));
            let feeds = memchr::memchr_iter(b'\n', &self.held).count();
            self.held.clear();
            (0..feeds).for_each(|_| self.feed(out));
            self.place = Place::Array(true);
        } else if self.text.depth == 0 || self.held.len() > LINE_LIMIT {
            // A record by itself; one that is too long to be one goes out as far as it has come.
            let held = std::mem::take(&mut self.held);
            held.iter().for_each(|byte| self.on_one_line(*byte, out));
            self.place = Place::Record(None);
            self.close_if_done(None, out);
        }
    }

    fn array(&mut self, byte: u8, held: bool, out: &mut Vec<u8>) {
        match byte {
            b'{' => {
                self.text = Text::default();
                self.place = Place::Record(Some(held));
                self.record(byte, Some(held), out);
                out.extend_from_slice(&self.stream);
            }
            b']' if held => {
                self.text = Text { depth: 1, ..Text::default() };
                self.place = Place::Tail;
            }
            b']' => self.place = Place::Between,
            _ => self.feed_if(byte, out),
        }
    }

    fn record(&mut self, byte: u8, array: Option<bool>, out: &mut Vec<u8>) {
        self.text.step(byte);
        self.on_one_line(byte, out);
        self.close_if_done(array, out);
    }

    fn on_one_line(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.inside += usize::from(byte == b'\n');
        out.push(if matches!(byte, b'\n' | b'\r') { b' ' } else { byte });
    }

    /// Ends the line of a record that is complete.
    fn close_if_done(&mut self, array: Option<bool>, out: &mut Vec<u8>) {
        if self.text.depth > 0 {
            return;
        }
        out.push(b'\n');
        self.debt += 1;
        (0..std::mem::take(&mut self.inside)).for_each(|_| self.feed(out));
        self.place = array.map_or(Place::Between, Place::Array);
    }

    fn feed_if(&mut self, byte: u8, out: &mut Vec<u8>) {
        if byte == b'\n' {
            self.feed(out);
        }
    }

    /// Writes a line feed of the document's, unless it has been written already.
    fn feed(&mut self, out: &mut Vec<u8>) {
        match self.debt {
            0 => out.push(b'\n'),
            _ => self.debt -= 1,
        }
    }
}

/// Whether the member `name` opens an array in `line`.
fn opens(name: &[u8], line: &[u8]) -> bool {
    memmem::find(line, name)
        .and_then(|at| line[at + name.len()..].trim_ascii_start().strip_prefix(b":"))
        .is_some_and(|value| value.trim_ascii_start().first() == Some(&b'['))
}

/// The member `name` of the object that begins `text`, and the comma behind it: `"logStream":"a",`.
fn member<'a>(text: &'a [u8], name: &[u8]) -> &'a [u8] {
    let Some(start) = memmem::find(text, name) else { return b"" };
    let member = &text[start..];
    let end = member.iter().position(|byte| *byte == b',').map_or(0, |comma| comma + 1);
    if member[..end].contains(&b'\n') { b"" } else { &member[..end] }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reflowed;

    fn expect(text: &str, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&reflowed(text.as_bytes())), expected, "{text}");
    }

    #[test]
    fn a_record_keeps_its_line() {
        // As `gcloud` and `jq` write arrays: the records are on lines 2 and 5.
        expect(
            "[\n  {\n    \"a\": \"}\\\"\"\n  },\n  {\"b\": [1]}\n]\n",
            "\n{     \"a\": \"}\\\"\"   }\n\n\n{\"b\": [1]}\n\n",
        );
        // Objects one after the other, on lines 1 and 4.
        expect("{\n\"a\":1\n}\n{\n\"b\":2}\n", "{ \"a\":1 }\n\n\n{ \"b\":2}\n\n");
        // `aws logs filter-log-events`: on lines 3 and 6.
        expect(
            "{\n  \"events\": [\n    {\n      \"message\": \"a\"\n    },\n    {\"message\": \"b\"}\n  ],\n  \"searchedLogStreams\": [\"]}\"]\n}\n",
            "\n\n{       \"message\": \"a\"     }\n\n\n{\"message\": \"b\"}\n\n\n\n",
        );
    }

    #[test]
    fn records_of_one_line_are_counted() {
        expect(r#"[{"a":1},{"b":2}]"#, "{\"a\":1}\n{\"b\":2}\n");
        expect("{\"records\": [{\"a\":{}}]}\n{\"records\":[]}\n{\"records\":[{\"b\":1}]}", "{\"a\":{}}\n\n{\"b\":1}\n");
        // What Firehose writes of a subscription has no line feeds at all.
        expect(
            r#"{"messageType":"DATA_MESSAGE","logStream":"web/1","logEvents":[{"id":"1","message":"a"},{"id":"2","message":"b"}]}{"messageType":"DATA_MESSAGE","logEvents":[{"id":"3"}]}"#,
            "{\"logStream\":\"web/1\",\"id\":\"1\",\"message\":\"a\"}\n{\"logStream\":\"web/1\",\"id\":\"2\",\"message\":\"b\"}\n{\"id\":\"3\"}\n",
        );
    }

    #[test]
    fn what_is_no_document_passes() {
        expect("[\n{\"a\":1}\n]\nother [text]\n{\"b\":1}\n", "\n{\"a\":1}\n\nother [text]\n{\"b\":1}\n");
        expect("{\n\"a\": \"cut", "{\n\"a\": \"cut");
        expect("[\n{\"a\": \"cut", "\n{\"a\": \"cut");
        expect("[", "");
    }
}
