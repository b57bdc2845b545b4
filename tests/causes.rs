//! Every cause of the catalogue has logs that show it, and logs that only look as if they did.
//!
//! `fixtures/cause/<slug>/cases.toml` lists them; see `fixtures/README.md`.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use gatewhy::cause::Cause;
use gatewhy::report::{Incident, Report};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    logs: Vec<String>,
    /// What the main incident may be put down to; nothing: there must be no incident.
    likely_cause: Vec<String>,
    /// How sure that may be said to be; nothing: as it comes.
    #[serde(default)]
    confidence: Vec<String>,
    #[serde(rename = "note")]
    _note: String,
    /// What was counted by hand; nothing: as it comes.
    counts: Option<Counts>,
}

/// Numbers that were worked out by hand: of all logs, and of the main incident.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Counts {
    /// Requests in all logs.
    requests: Option<u64>,
    /// The seconds of the first and the last line that tells of the main incident's failures.
    start: Option<String>,
    end: Option<String>,
    /// Failures in each window that has any, by its start.
    windows: BTreeMap<String, u64>,
    /// Requests in the incident's windows, where its upstream was asked.
    incident_requests: Option<u64>,
    status_502: u64,
    status_503: u64,
    status_504: u64,
    status_52x: u64,
    failed_attempts: Option<u64>,
}

impl Counts {
    /// What is wrong with a report, where nothing else but its main incident failed.
    fn complaints(&self, report: &Report) -> Vec<String> {
        let statuses = [self.status_502, self.status_503, self.status_504, self.status_52x];
        let totals = &report.totals;
        let mut wrong = Vec::new();
        let mut windows = BTreeMap::new();
        for row in report.windows.iter().filter(|row| row.failures > 0) {
            *windows.entry(row.window_start.clone()).or_default() += row.failures;
        }
        differ(&mut wrong, "failures by window", Some(self.windows.clone()), windows);
        differ(&mut wrong, "requests", Some(self.requests), totals.requests);
        let failed = [totals.status_502, totals.status_503, totals.status_504, totals.status_52x];
        differ(&mut wrong, "failures by status", Some(statuses), failed);
        differ(&mut wrong, "failures", Some(statuses.iter().sum()), totals.failures);
        if let Some(main) = report.incidents.first() {
            let second = |time: &str| time.get(..19).unwrap_or(time).to_owned() + "Z";
            differ(&mut wrong, "start", self.start.clone(), second(&main.start));
            differ(&mut wrong, "end", self.end.clone(), second(&main.end));
            differ(&mut wrong, "the incident's requests", self.incident_requests.map(Some), main.requests);
            let failed = [main.status_502, main.status_503, main.status_504, main.status_52x];
            differ(&mut wrong, "the incident's failures", Some(statuses), failed);
            differ(&mut wrong, "failed attempts", self.failed_attempts, main.failed_attempts);
        }
        wrong
    }
}

/// Complains where something else was expected.
fn differ<T: PartialEq + std::fmt::Debug>(wrong: &mut Vec<String>, what: &str, expected: Option<T>, found: T) {
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        wrong.push(format!("{what}: expected {expected:?}, got {found:?}"));
    }
}

impl Case {
    /// Whether the logs show `cause`, and do not merely look so.
    fn shows(&self, cause: Cause) -> bool {
        self.likely_cause == [cause.slug()]
    }

    /// What is wrong with a report on the logs of this case in the folder of `cause`.
    fn complaints(&self, cause: Cause, report: &Report) -> Vec<String> {
        let mut wrong = Vec::new();
        if report.unparsed.lines > 0 {
            wrong.push(format!("{} lines were not understood", report.unparsed.lines));
        }
        match (report.incidents.first(), self.likely_cause.is_empty()) {
            (Some(main), _) if !self.allows(cause, main) => {
                wrong.push(format!("expected {:?} {:?}, got {}", self.likely_cause, self.confidence, told(main)));
            }
            (None, false) => wrong.push(format!("expected {:?}, got no incident", self.likely_cause)),
            _ => {}
        }
        wrong.extend(report.incidents.iter().skip(1).filter(|incident| self.misleads(cause, incident)).map(told));
        wrong.extend(self.counts.iter().flat_map(|counts| counts.complaints(report)));
        wrong
    }

    fn allows(&self, cause: Cause, main: &Incident) -> bool {
        let sure = self.confidence.is_empty() || self.confidence.iter().any(|word| word == main.confidence);
        sure && self.names(main) && !self.misleads(cause, main)
    }

    fn names(&self, incident: &Incident) -> bool {
        self.likely_cause.iter().any(|slug| slug == incident.likely_cause)
    }

    /// Whether an incident, be it the main one or not, tells a near miss as the cause itself, or is sure of what is
    /// wrong.
    fn misleads(&self, cause: Cause, incident: &Incident) -> bool {
        let taken_in = !self.shows(cause) && incident.likely_cause == cause.slug() && incident.confidence != "low";
        taken_in || incident.confidence == "high" && !self.names(incident)
    }
}

fn told(incident: &Incident) -> String {
    format!("{} ({}): {}", incident.likely_cause, incident.confidence, incident.summary)
}

fn folder(cause: Cause) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cause").join(cause.slug())
}

fn cases(cause: Cause) -> Vec<Case> {
    let path = folder(cause).join("cases.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str::<Cases>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).case
}

#[test]
fn every_cause_is_told_from_its_look_alikes() {
    let (mut count, mut wrong) = (0, Vec::new());
    for &cause in Cause::ALL {
        for case in cases(cause) {
            count += 1;
            let report = common::report(&folder(cause), &case.logs, "UTC");
            let complaints = case.complaints(cause, &report);
            wrong.extend(complaints.into_iter().map(|what| format!("{} {:?}: {what}", cause.slug(), case.logs)));
        }
    }
    assert!(wrong.is_empty(), "{} complaints about {count} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_cause_has_a_positive_and_a_near_miss() {
    for &cause in Cause::ALL {
        let (shown, alike): (Vec<Case>, Vec<Case>) = cases(cause).into_iter().partition(|case| case.shows(cause));
        assert!(!shown.is_empty(), "no logs show {}", cause.slug());
        assert!(!alike.is_empty(), "no logs look as if they showed {}", cause.slug());
        for slug in shown.iter().chain(&alike).flat_map(|case| &case.likely_cause) {
            assert!(Cause::from_slug(slug).is_some(), "{}: there is no cause {slug}", cause.slug());
        }
    }
}

/// What is in the folder is in `cases.toml`, what is there is named after a cause.
#[test]
fn every_log_belongs_to_a_case() {
    let names = |path: &Path| -> BTreeSet<String> {
        let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
    };
    let slugs: BTreeSet<String> = Cause::ALL.iter().map(|cause| cause.slug().to_owned()).collect();
    assert_eq!(names(folder(Cause::Unknown).parent().expect("a folder")), slugs);
    for &cause in Cause::ALL {
        let mut listed: BTreeSet<String> = cases(cause).into_iter().flat_map(|case| case.logs).collect();
        listed.insert("cases.toml".to_owned());
        assert_eq!(names(&folder(cause)), listed, "{}", cause.slug());
    }
}
