//! What transports, runtimes and stores put around lines changes nothing but the proxy's name: recordings are counted
//! alike in every envelope, and in one inside of another.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use gatewhy::format::Format;
use gatewhy::report::Report;
use serde_json::json;
use std::{fs, path::Path};

/// When the lines were shipped: the minute of the recordings.
const SHIPPED: &str = "2026-11-21T03:21:30.123456";
const SHIPPED_MS: u64 = 1_795_231_290_123;

/// The report on the lines of some logs, put into one file as `wrap` has it.
fn report(logs: &[&str], wrap: impl Fn(&[&str]) -> String) -> Report {
    let text: String = logs.iter().map(|name| read(name)).collect();
    let lines: Vec<&str> = text.lines().collect();
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("log"), wrap(&lines)).expect("room on the disk");
    common::report(directory.path(), &["log".to_owned()], "UTC")
}

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recorded").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All that must be the same.
fn counts(report: &Report) -> String {
    let causes: Vec<_> = report.causes.iter().map(|row| (&row.cause, row.failures, row.failed_attempts)).collect();
    let formats: Vec<_> = report.inputs.iter().map(|input| &input.formats).collect();
    let upstreams: Vec<_> =
        report.upstreams.iter().map(|row| (&row.group, &row.upstream, row.requests, row.failures)).collect();
    format!("{:?} {causes:?} {formats:?} {upstreams:?} unparsed={}", report.totals, report.unparsed.lines)
}

/// One line in an envelope; the proxy's name that it gives, as `@name`.
type Envelope = (&'static str, fn(&str) -> String, &'static str);

const ENVELOPES: [Envelope; 18] = [
    (
        "docker json-file",
        |line| json!({"log": format!("{line}\n"), "stream": "stdout", "time": format!("{SHIPPED}789Z")}).to_string(),
        "",
    ),
    (
        "journald",
        |line| {
            json!({"__REALTIME_TIMESTAMP": format!("{SHIPPED_MS}456"), "_HOSTNAME": "web1", "_PID": "7", "PRIORITY": "6", "MESSAGE": line}).to_string()
        },
        "@web1",
    ),
    ("journald, bytes", |line| json!({"_HOSTNAME": "web1", "MESSAGE": line.as_bytes()}).to_string(), "@web1"),
    ("CRI", |line| format!("{SHIPPED}789Z stdout F {line}"), ""),
    (
        "CRI, cut",
        |line| {
            let (first, second) = line.split_at(line.len() / 2);
            format!("{SHIPPED}789Z stdout P {first}\n{SHIPPED}789Z stdout F {second}")
        },
        "",
    ),
    ("kubectl", |line| format!("[pod/shop-6c9f/nginx] {SHIPPED}789Z {line}"), "@shop-6c9f"),
    ("docker logs -t", |line| format!("{SHIPPED}789Z {line}"), ""),
    ("docker compose", |line| format!("web-1  | {line}"), "@web-1"),
    ("CloudWatch export", |line| format!("{}Z {line}", &SHIPPED[..23]), ""),
    ("aws logs tail", |line| format!("{SHIPPED}+00:00 web/nginx/0a1b {line}"), "@web/nginx/0a1b"),
    (
        "CloudWatch event",
        |line| json!({"logStreamName": "web/1", "timestamp": SHIPPED_MS, "message": line, "eventId": "1"}).to_string(),
        "@web/1",
    ),
    ("rsyslog's %msg%", |line| format!(" {line}"), ""),
    ("a tag without its stamp", |line| format!("nginx[7]: {line}"), ""),
    ("logcli", |line| format!(r#"{SHIPPED}Z {{app="shop", pod="shop-1"}} {line}"#), "@shop-1"),
    (
        "logcli jsonl",
        |line| json!({"labels": {"pod": "shop-1"}, "line": line, "timestamp": format!("{SHIPPED}Z")}).to_string(),
        "@shop-1",
    ),
    (
        "Fluent Bit",
        |line| {
            json!({"date": 1_795_231_290.123_456, "log": line, "kubernetes": {"pod_name": "shop-1", "host": "node"}})
                .to_string()
        },
        "@shop-1",
    ),
    (
        "Vector",
        |line| {
            json!({"file": "/var/log/x", "host": "web1", "message": line, "source_type": "file", "timestamp": format!("{SHIPPED}Z")}).to_string()
        },
        "@web1",
    ),
    (
        "docker in Fluent Bit",
        |line| {
            let inner =
                json!({"log": format!("{line}\n"), "stream": "stdout", "time": format!("{SHIPPED}789Z")}).to_string();
            json!({"message": inner, "host": "web1"}).to_string()
        },
        "@web1",
    ),
];

/// Logs, and the proxy's name where no envelope gives one.
const RECORDINGS: [(&[&str], &str); 3] = [
    (&["nginx-all-down/combined.log", "nginx-all-down/error.log"], "nginx"),
    (&["nginx-two-faults/json.log", "nginx-two-faults/error.log"], "nginx"),
    (&["haproxy-no-server/raw.log"], "haproxy"),
];

#[test]
fn every_envelope_counts_alike() {
    for (logs, proxy) in RECORDINGS {
        let plain = report(logs, |lines| lines.join("\n") + "\n");
        assert!(plain.totals.failures > 0 && plain.unparsed.lines == 0, "{logs:?}");
        for (name, wrap, host) in ENVELOPES {
            let wrapped = report(logs, |lines| lines.iter().map(|line| wrap(line) + "\n").collect());
            assert_eq!(counts(&wrapped), counts(&plain), "{name}: {logs:?}");
            let proxies: Vec<&str> = wrapped.proxies.iter().map(|row| row.proxy.as_str()).collect();
            assert_eq!(proxies, [format!("{proxy}{host}")], "{name}");
        }
    }
}

/// A store's document holds its events in an array, over several lines or on one.
#[test]
fn documents_count_alike() {
    for (logs, _) in RECORDINGS {
        let plain = counts(&report(logs, |lines| lines.join("\n")));
        let events = |lines: &[&str]| -> serde_json::Value {
            lines.iter().map(|line| json!({"id": "1", "timestamp": SHIPPED_MS, "message": line})).collect()
        };
        let event_documents: [fn(serde_json::Value) -> String; 4] = [
            |events| serde_json::to_string_pretty(&json!({"events": events, "searchedLogStreams": []})).unwrap(),
            |events| serde_json::to_string_pretty(&events).unwrap(),
            |events| events.to_string(),
            |events| json!({"messageType": "DATA_MESSAGE", "logEvents": events}).to_string(),
        ];
        for document in event_documents {
            assert_eq!(counts(&report(logs, |lines| document(events(lines)))), plain, "{logs:?}");
        }
    }
}

/// Google Cloud Logging stores what is JSON as an object, and the rest as text; `gcloud logging read --format=json`
/// gives an array.
#[test]
fn objects_count_alike_where_they_are_stored_as_such() {
    for logs in [&["nginx-two-faults/json.log", "nginx-two-faults/error.log"][..], &["caddy-two-faults/all.log"]] {
        let plain = counts(&report(logs, |lines| lines.join("\n")));
        let entry = |line: &&str| {
            let resource = json!({"type": "k8s_container", "labels": {"container_name": "web"}});
            match serde_json::from_str::<serde_json::Value>(line) {
                Ok(object) => json!({"insertId": "1", "jsonPayload": object, "resource": resource, "severity": "INFO"}),
                Err(_) => json!({"insertId": "1", "textPayload": line, "resource": resource, "severity": "INFO"}),
            }
        };
        let each = |lines: &[&str]| lines.iter().map(|line| entry(line).to_string() + "\n").collect();
        assert_eq!(counts(&report(logs, each)), plain, "{logs:?}");
        let all = |lines: &[&str]| serde_json::to_string_pretty(&lines.iter().map(entry).collect::<Vec<_>>()).unwrap();
        assert_eq!(counts(&report(logs, all)), plain, "{logs:?}");
    }
}

/// Lines of syslog in Docker's files, of a program that is no gateway, blank ones.
#[test]
fn what_need_not_be_read_is_no_error_in_an_envelope_either() {
    let docker = |line: &str| json!({"log": format!("{line}\n"), "stream": "stdout", "time": "2026-11-21T03:21:30Z"});
    let lines = ["Nov 21 03:21:29 lb1 sshd[7]: Accepted", "", "    at Object.<anonymous>", "what is this"];
    let directory = tempfile::tempdir().expect("a directory");
    let text: String = lines.iter().map(|line| format!("{}\n", docker(line))).collect();
    fs::write(directory.path().join("log"), text).expect("room on the disk");
    let report = common::report(directory.path(), &["log".to_owned()], "UTC");
    assert_eq!(report.unparsed.lines, 1);
    assert_eq!(report.unparsed.samples[0].text, "what is this");
}

/// A line in an object is read as what it is, not as what stands around it: no format takes the whole for a line of its
/// own.
#[test]
fn no_format_claims_an_envelope() {
    for format in Format::ALL {
        for sample in format.about().samples {
            assert!(!gatewhy::envelope::begins_around(sample.as_bytes()), "{sample}");
            for (name, wrap, _) in ENVELOPES {
                let wrapped = wrap(sample);
                let opened = gatewhy::envelope::open(wrapped.as_bytes());
                if opened.payload.first() != Some(&b'{') || opened.payload == sample.as_bytes() {
                    continue;
                }
                let claims: Vec<_> = Format::ALL.iter().filter(|other| other.skim(opened.payload).is_some()).collect();
                assert!(claims.is_empty(), "{claims:?}: {name}: {wrapped}");
            }
        }
    }
}

/// Line ends of Windows, a byte order mark, zeros that `copytruncate` leaves, a last line that was not ended.
#[test]
fn editors_and_rotation_change_nothing() {
    let variants: [fn(&str) -> String; 4] = [
        |line| format!("{line}\r\n{line}\r\n"),
        |line| format!("\u{FEFF}{line}\n{line}"),
        |line| format!("{line}\n\n\n{line}\r"),
        |line| format!("{line}\n\0\0\0\0{line}\n"),
    ];
    for sample in Format::ALL.iter().flat_map(|format| format.about().samples) {
        let told = |text: String| {
            let directory = tempfile::tempdir().expect("a directory");
            fs::write(directory.path().join("log"), text).expect("room on the disk");
            counts(&common::report(directory.path(), &["log".to_owned()], "UTC"))
        };
        let plain = told(format!("{sample}\n{sample}\n"));
        for (number, variant) in variants.iter().enumerate() {
            assert_eq!(told(variant(sample)), plain, "{number}: {sample}");
        }
    }
}
