//! Every cause of the catalogue has logs that show it, and logs that only look as if they did.
//!
//! `fixtures/cause/<slug>/cases.toml` lists them; see `fixtures/README.md`.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use gatewhy::cause::Cause;
use gatewhy::report::{Incident, Report};
use serde::Deserialize;
use std::collections::BTreeSet;
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
