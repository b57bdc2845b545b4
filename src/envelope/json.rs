//! Objects that shippers and stores put around a line: Docker's `json-file`, `journalctl -o json`, Fluent Bit, Fluentd,
//! Vector, Filebeat, CloudWatch Logs, Loki, Google Cloud Logging.
//!
//! An object is an envelope when one of its members is known to hold lines as they were written, and no format claims
//! it: some that are objects themselves may have a `message` too.

use super::Opened;
use crate::grammar::{
    escape::unescape_json,
    json::{Value, elements, object},
    number::{uint, whole},
    text::place_of,
    time::{When, iso, since_epoch},
};
use std::ops::Range;

/// How objects begin that need not be tried as a format's first: those of Docker, journald, Fluent Bit, Vector,
/// CloudWatch Logs and Loki. No format's objects do. It takes the line alone to tell: what stood before it depends on
/// where blocks end.
const BEGINNINGS: [&[u8]; 9] = [
    br#"{"log":""#,
    br#"{"__"#,
    br#"{"date":1"#,
    br#"{"stream":"std"#,
    br#"{"appname":""#,
    br#"{"container_"#,
    br#"{"file":""#,
    br#"{"logStreamName":""#,
    br#"{"labels":{"#,
];

/// What Filebeat puts behind its stamp.
const METADATA: Range<usize> = 40..54;

/// Whether `i` begins as an object does that is around a line.
#[inline]
#[must_use]
pub fn begins_around(i: &[u8]) -> bool {
    i.first() == Some(&b'{') && is_around(i)
}

fn is_around(i: &[u8]) -> bool {
    BEGINNINGS.iter().any(|beginning| i.starts_with(beginning)) || i.get(METADATA) == Some(br#","@metadata":{"#)
}

/// Takes the line out of the object `i`; where it was escaped its text is put into `room`. `None` where `i` is no such
/// object.
pub fn open_json<'a>(i: &'a [u8], room: &'a mut Vec<u8>) -> Option<Opened<'a>> {
    if i.first() != Some(&b'{') {
        return None;
    }
    let mut found = Found::default();
    let (rest, ()) = object(i, |name, value| found.member(b"", name, value)).ok()?;
    // Objects that a template made may close once too often.
    let text = found.text.filter(|_| rest.iter().all(|byte| *byte == b'}' || byte.is_ascii_whitespace()))?;
    Some(Opened { payload: line_of(text, room)?, ..found.opened })
}

/// The text of a line, without its line feed.
fn line_of<'a>(text: Value<'a>, room: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    room.clear();
    match text {
        Value::Text(text) if !text.contains(&b'\\') => return Some(text),
        Value::Text(text) => unescape_json(text, room),
        Value::Nested(line) if line.starts_with(b"{") => return Some(line),
        // journald writes what is no UTF-8 as a list of bytes (systemd, "Journal JSON Format").
        Value::Nested(list) => {
            let byte = |value: Value<'_>| u8::try_from(whole(value.text(), uint)?).ok();
            let (_, ()) = elements(list, |value| room.extend(byte(value))).ok()?;
        }
        Value::Bare(_) => return None,
    }
    Some(room.trim_ascii_end())
}

/// What an object says, as far as it has been read.
#[derive(Default)]
struct Found<'a> {
    text: Option<Value<'a>>,
    opened: Opened<'a>,
    /// How well [`Opened::host`] names the sender.
    rank: u8,
    /// How many objects the member that is being read stands in, besides the outermost.
    depth: u8,
}

/// The deepest that a name stands: in the two objects of `"kubernetes":{"pod":{"name":…}}` (Filebeat). Whatever a line
/// nests deeper is not followed: a line is long enough for objects that no stack has room for.
const DEEPEST: u8 = 2;

/// Names of those that write a line, the least particular first.
const HOST: u8 = 1;
const CONTAINER: u8 = 2;
const POD: u8 = 3;

impl<'a> Found<'a> {
    /// Takes note of a member; `parent` is the member that it stands in.
    fn member(&mut self, parent: &[u8], name: &'a [u8], value: Value<'a>) {
        match (parent, name) {
            // Docker and Fluent Bit, journald, and all that others call it.
            (b"", b"log" | b"MESSAGE" | b"message" | b"@message" | b"line" | b"textPayload") => self.text(name, value),
            (b"", b"jsonPayload") => self.text = self.text.or(Some(value).filter(|value| is_payload(*value))),
            (b"", b"time" | b"timestamp" | b"@timestamp" | b"date" | b"ts" | b"__REALTIME_TIMESTAMP") => {
                self.opened.when = self.opened.when.or_else(|| time(value.text()));
            }
            (_, b"pod_name" | b"pod") | (b"pod", b"name") => self.named(POD, name, value),
            (_, b"container_name" | b"CONTAINER_NAME" | b"logStream" | b"logStreamName" | b"@logStream")
            | (b"container", b"name") => self.named(CONTAINER, name, value),
            (_, b"host" | b"hostname" | b"_HOSTNAME") | (b"host", b"name") => self.named(HOST, name, value),
            (b"", b"SYSLOG_IDENTIFIER" | b"appname" | b"ident") => self.opened.program = value.text(),
            (b"", b"_PID" | b"procid") => self.opened.pid = whole(value.text(), uint),
            (b"" | b"resource", b"kubernetes" | b"labels" | b"resource" | b"container") => self.members_of(name, value),
            _ => {}
        }
    }

    fn text(&mut self, name: &[u8], value: Value<'a>) {
        let holds = match value {
            Value::Text(_) => true,
            Value::Nested(list) => name == b"MESSAGE" && list.first() == Some(&b'['),
            Value::Bare(_) => false,
        };
        if holds && self.text.is_none() {
            self.text = Some(value);
        }
    }

    fn named(&mut self, rank: u8, name: &'a [u8], value: Value<'a>) {
        match value {
            Value::Text(text) if !text.is_empty() && rank > self.rank => {
                self.opened.host = text;
                self.rank = rank;
            }
            Value::Nested(_) => self.members_of(name, value),
            _ => {}
        }
    }

    fn members_of(&mut self, parent: &[u8], value: Value<'a>) {
        let Value::Nested(nested) = value else { return };
        if self.depth < DEEPEST {
            self.depth += 1;
            // What cannot be read names nobody.
            let _ = object(nested, |name, value| self.member(parent, name, value));
            self.depth -= 1;
        }
    }
}

/// Whether this is a line that was an object already, as Google Cloud Logging stores it (`LogEntry`). One that holds
/// another of the kind would be opened again and again.
fn is_payload(value: Value<'_>) -> bool {
    matches!(value, Value::Nested(line) if line.starts_with(b"{") && place_of(line, b"\"jsonPayload\"").is_none())
}

/// RFC 3339, or seconds, milliseconds, microseconds or nanoseconds since the epoch.
fn time(text: &[u8]) -> Option<When> {
    whole(text, iso).or_else(|| whole(text, since_epoch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::time::Zone;

    /// Time in microseconds, host, program, process, payload.
    type Said = (Option<i64>, String, String, Option<u64>, String);

    fn said(line: &str) -> Option<Said> {
        let mut room = b"what was there before".to_vec();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let opened = open_json(line.as_bytes(), &mut room)?;
        let when = opened.when.map(|when| {
            assert!(matches!(when.zone, Zone::Utc | Zone::Offset(0)));
            when.wall
        });
        Some((when, text(opened.host), text(opened.program), opened.pid, text(opened.payload)))
    }

    #[test]
    fn opens_what_shippers_write() {
        // 2026-11-27T08:00:00.123456Z
        let stamp = 1_795_766_400_123_456;
        let cases = [
            (
                r#"{"log":"a \"b\" \\x22\n","stream":"stderr","time":"2026-11-27T08:00:00.123456789Z"}"#,
                (Some(stamp), "", "", None, r#"a "b" \x22"#),
            ),
            (r#"{"message":"a","kubernetes":{"pod":{"name":"p"}}}} "#, (None, "p", "", None, "a")),
            (
                r#"{"__REALTIME_TIMESTAMP":"1795766400123456","_HOSTNAME":"web1","SYSLOG_IDENTIFIER":"nginx","_PID":"7","MESSAGE":"a","PRIORITY":"6"}"#,
                (Some(stamp), "web1", "nginx", Some(7), "a"),
            ),
            (r#"{"MESSAGE":[97,32,255,98],"_HOSTNAME":"web1"}"#, (None, "web1", "", None, "a \u{FFFD}b")),
            // Fluent Bit's `tail` with its `kubernetes` filter; its clock is a decimal.
            (
                r#"{"date":1795766400.123456,"log":"a\n","stream":"stdout","kubernetes":{"pod_name":"shop-1","container_name":"nginx","host":"node-1","labels":{"app":"x"}}}"#,
                (Some(stamp), "shop-1", "", None, "a"),
            ),
            // Vector's `syslog` and `docker_logs` sources.
            (
                r#"{"appname":"haproxy","host":"lb1","message":"a","procid":14,"timestamp":"2026-11-27T08:00:00.123456Z"}"#,
                (Some(stamp), "lb1", "haproxy", Some(14), "a"),
            ),
            (r#"{"container_name":"web","host":"node","message":"a"}"#, (None, "web", "", None, "a")),
            // Filebeat (Elastic Common Schema): `host` and `log` are objects.
            (
                r#"{"@timestamp":"2026-11-27T08:00:00.123456Z","host":{"name":"web1"},"log":{"file":{"path":"/l"}},"message":"a"}"#,
                (Some(stamp), "web1", "", None, "a"),
            ),
            (
                r#"{"host":{"name":"node-1"},"kubernetes":{"node":{"name":"node-1"},"pod":{"name":"shop-1"}},"message":"a"}"#,
                (None, "shop-1", "", None, "a"),
            ),
            // CloudWatch Logs counts milliseconds.
            (
                r#"{"logStreamName":"web/nginx/0a1","timestamp":1795766400123,"message":"a","ingestionTime":1795766400999,"eventId":"1"}"#,
                (Some(1_795_766_400_123_000), "web/nginx/0a1", "", None, "a"),
            ),
            (
                r#"{"labels":{"pod":"shop-1","app":"x"},"line":"a","timestamp":"2026-11-27T08:00:00.123456Z"}"#,
                (Some(stamp), "shop-1", "", None, "a"),
            ),
            (
                r#"{"insertId":"1","resource":{"type":"k8s_container","labels":{"pod_name":"shop-1"}},"textPayload":"a","timestamp":"2026-11-27T08:00:00.123456Z"}"#,
                (Some(stamp), "shop-1", "", None, "a"),
            ),
            // What was written as JSON.
            (
                r#"{"insertId":"1","jsonPayload":{"status":"502","time":"x"},"resource":{"type":"k8s_container","labels":{"pod_name":"shop-1"}},"timestamp":"2026-11-27T08:00:00.123456Z"}"#,
                (Some(stamp), "shop-1", "", None, r#"{"status":"502","time":"x"}"#),
            ),
        ];
        for (line, (when, host, program, pid, payload)) in cases {
            let expected = (when, host.to_owned(), program.to_owned(), pid, payload.to_owned());
            assert_eq!(said(line), Some(expected), "{line}");
        }
    }

    /// A line as long as one may be is read at once, and on a thread's stack, however deep it is.
    #[test]
    fn does_not_follow_objects_into_the_deep() {
        for name in ["resource", "host", "pod", "container_name", "kubernetes"] {
            let deep = format!("{{\"{name}\":").repeat(60_000) + "1" + &"}".repeat(60_000);
            let line = format!(r#"{{"{name}":{deep},"log":"a"}}"#);
            assert_eq!(said(&line), Some((None, String::new(), String::new(), None, "a".to_owned())), "{name}");
        }
    }

    #[test]
    fn leaves_other_objects_alone() {
        for line in [
            "{}",
            "",
            "[1]",
            r#"{"log":"cut"#,
            r#"{"log":"a"} b"#,
            r#"{"log":{"message":"a"}}"#,
            r#"{"message":["a"]}"#,
            r#"{"jsonPayload":["a"]}"#,
            r#"{"jsonPayload":{"jsonPayload":{"message":"a"}}}"#,
            r#"{"MESSAGE":null,"_PID":"1"}"#,
            r#"{"status":"502","time":"2026-11-27T08:00:00Z"}"#,
        ] {
            assert_eq!(said(line), None, "{line}");
        }
    }
}
