//! Every recording of a real failure says what it should: the counts that the client saw, and the cause that was made.
//!
//! `fixtures/recorded/*/case.toml` tells, for each set of logs ("view"), what its recorder saw happen. See `fixtures/README.md`.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use gatewhy::event::Reader;
use gatewhy::format::Statuses;
use gatewhy::grammar::time::Stamp;
use gatewhy::input::{Blocks, Input};
use gatewhy::pipeline::{self, Filters, Options, Request};
use gatewhy::report::Report;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "server")]
    _server: String,
    #[serde(rename = "recorded")]
    _recorded: String,
    #[serde(rename = "what")]
    _what: String,
    tz: String,
    client: Client,
    view: Vec<View>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    requests: u64,
    status: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct View {
    logs: Vec<String>,
    requests: Option<u64>,
    /// Absent where the layout has no status (HAProxy's tcplog).
    failures: Option<u64>,
    masked_failures: Option<u64>,
    cause: Vec<String>,
    upstreams: Vec<String>,
    group: Option<String>,
    confidence: Option<Vec<String>>,
}

fn report(directory: &Path, view: &View, tz: &str) -> Report {
    let names: Vec<String> = view.logs.clone();
    let inputs =
        names.iter().map(|name| Input { path: Some(directory.join(name)), size: None, found_in: None }).collect();
    let options = Options {
        window: 60,
        statuses: Statuses::gateway(),
        zone: TimeZone::get(tz).expect("a zone"),
        readers: Reader::known(),
        filters: Filters::default(),
        threads: 2,
        redactor: None,
    };
    let outcome = pipeline::count(Blocks::new(inputs, 1 << 16), &options).expect("threads");
    assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    // When the recordings were made: years of stamps without one are told from it.
    let now = Stamp::from_seconds(1_795_300_000);
    pipeline::report(outcome, &options, &Request { names: &names, all_windows: false, now, zone_name: tz })
}

/// What is wrong with the report of a view, if anything.
fn complaints(report: &Report, view: &View, client: &Client) -> String {
    let mut wrong = String::new();
    let mut expect = |what: &str, expected: &dyn std::fmt::Debug, got: &dyn std::fmt::Debug| {
        let (expected, got) = (format!("{expected:?}"), format!("{got:?}"));
        if expected != got {
            let _ = write!(wrong, "\n    {what}: expected {expected}, got {got}");
        }
    };
    let totals = &report.totals;
    expect("failures", &view.failures.unwrap_or(0), &totals.failures);
    if view.requests.is_some() && view.failures.is_some() {
        expect("requests", &view.requests, &totals.requests);
        for (status, got) in [("502", totals.status_502), ("503", totals.status_503), ("504", totals.status_504)] {
            expect(status, client.status.get(status).unwrap_or(&0), &got);
        }
    }
    if let Some(masked) = view.masked_failures {
        expect("masked failures", &masked, &totals.masked_failures);
    }
    expect("unparsed", &0, &report.unparsed.lines);
    let windows: u64 = report.windows.iter().map(|row| row.failures).sum();
    let incidents: u64 = report.incidents.iter().map(|row| row.failures).sum();
    let causes: u64 = report.causes.iter().map(|row| row.failures).sum();
    expect("failures by window, incident and cause", &[totals.failures; 3], &[windows, incidents, causes]);
    match (report.incidents.first(), view.cause.is_empty()) {
        (None, true) => {}
        (None, false) => expect("incident", &view.cause, &"none"),
        (Some(incident), true) => expect("no incident", &"none", &incident.summary),
        (Some(incident), false) => {
            if !view.cause.iter().any(|cause| cause == incident.likely_cause) {
                expect("cause", &view.cause, &(incident.likely_cause, incident.confidence, &incident.summary));
            }
            let missing: Vec<_> = view.upstreams.iter().filter(|name| !incident.upstreams.contains(name)).collect();
            if !missing.is_empty() {
                expect("upstreams", &view.upstreams, &incident.upstreams);
            }
            if let Some(group) = view.group.as_ref().filter(|group| !incident.groups.contains(group)) {
                expect("group", group, &incident.groups);
            }
            let confidence = view.confidence.as_ref();
            if let Some(expected) =
                confidence.filter(|expected| !expected.iter().any(|word| word == incident.confidence))
            {
                expect("confidence", expected, &(incident.confidence, incident.confidence_score));
            }
        }
    }
    wrong
}

#[test]
fn recordings_are_told_as_they_happened() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recorded");
    let mut directories: Vec<_> =
        fs::read_dir(root).expect("recordings").map(|entry| entry.expect("entry").path()).collect();
    directories.sort();
    let (mut views, mut wrong) = (0, String::new());
    let schema = jsonschema::validator_for(&gatewhy::report::schema()).expect("a schema");
    for directory in directories.iter().filter(|path| path.is_dir()) {
        let text = fs::read_to_string(directory.join("case.toml")).expect("case.toml");
        let case: Case = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        assert!(case.client.requests > 0);
        for view in &case.view {
            views += 1;
            let report = report(directory, view, &case.tz);
            let mut complaints = complaints(&report, view, &case.client);
            for error in schema.iter_errors(&serde_json::to_value(&report).expect("JSON")) {
                let _ = write!(complaints, "\n    schema: {error} at {}", error.instance_path());
            }
            if !complaints.is_empty() {
                let name = directory.file_name().unwrap_or_default().to_string_lossy();
                let _ = write!(wrong, "\n{name} {:?}{complaints}", view.logs);
            }
        }
    }
    assert!(views >= 70, "only {views} views were found");
    assert!(wrong.is_empty(), "of {views} views:{wrong}");
}
