//! Every line of `fixtures/format` is read as its vendor's documentation says. The `.ndjson` beside each log states the
//! values that somebody worked out by hand from that documentation; what it does not state is not compared.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

type Row = Map<String, Value>;

/// What `gatewhy parse` says of each line, by line number.
fn parsed(log: &Path) -> BTreeMap<u64, Row> {
    let output = Command::new(env!("CARGO_BIN_EXE_gatewhy")).args(["parse", "-q", "--tz", "UTC"]).arg(log).output();
    let output = output.expect("gatewhy runs");
    assert!(output.status.success(), "{}: {}", log.display(), String::from_utf8_lossy(&output.stderr));
    rows(&String::from_utf8(output.stdout).expect("UTF-8"))
}

fn rows(text: &str) -> BTreeMap<u64, Row> {
    let row = |line: &str| serde_json::from_str::<Row>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let number = |row: &Row| row["line"].as_u64().expect("a line number");
    text.lines().map(row).map(|row| (number(&row), row)).collect()
}

fn logs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/format");
    let directories = fs::read_dir(root).expect("fixtures").map(|entry| entry.expect("an entry").path());
    let files = directories.flat_map(|path| fs::read_dir(path).expect("a folder for each format"));
    let mut logs: Vec<_> = files.map(|entry| entry.expect("an entry").path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.sort();
    logs
}

#[test]
fn lines_are_read_as_documented() {
    let (mut stated, mut wrong) = (0, Vec::new());
    for log in logs() {
        let expected = rows(&fs::read_to_string(log.with_extension("ndjson")).expect("the values beside the log"));
        let got = parsed(&log);
        assert_eq!(expected.keys().collect::<Vec<_>>(), got.keys().collect::<Vec<_>>(), "lines of {}", log.display());
        for (line, row) in expected {
            for (key, value) in row {
                stated += 1;
                // A value that is stated to be absent is null or empty.
                let absent = value.is_null() || value == "";
                let theirs = got[&line].get(&key);
                let same = theirs == Some(&value) || same_number(theirs, &value) || same_time(theirs, &value);
                let fits = same || absent && theirs.is_none();
                if !fits {
                    wrong.push(format!("{}:{line}: {key} is {theirs:?}, not {value}", log.display()));
                }
            }
        }
    }
    assert!(stated > 500, "only {stated} values were compared");
    assert!(wrong.is_empty(), "{} of {stated} values differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// 1 and 1.0 are the same duration.
fn same_number(a: Option<&Value>, b: &Value) -> bool {
    a.and_then(Value::as_f64).zip(b.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-9)
}

/// Trailing zeros of a second's fraction do not matter.
fn same_time(a: Option<&Value>, b: &Value) -> bool {
    let time = |value: &Value| value.as_str()?.parse::<jiff::Timestamp>().ok();
    a.and_then(time).zip(time(b)).is_some_and(|(a, b)| a == b)
}
