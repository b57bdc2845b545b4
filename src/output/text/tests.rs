#![allow(clippy::unwrap_used, reason = "tests")]

use super::super::{escape::is_hidden, sample};
use super::*;
use crate::cause::Strength;
use crate::report::{FormatCount, ProxyRow, Totals};

fn text(report: &Report, color: bool, width: usize) -> String {
    let mut out = Vec::new();
    write(report, Style { color, width }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn first_line(report: &Report) -> String {
    text(report, false, 160).lines().next().unwrap().to_owned()
}

/// After a change: read what the test prints, and copy it if it is better.
#[test]
fn looks_like_this() {
    let text = text(&sample::report(), false, 80);
    assert!(text == include_str!("sample-80.txt"), "{text}");
}

#[test]
fn nothing_hidden_gets_through() {
    let text = text(&sample::report(), false, 160);
    assert!(!text.contains(|c: char| c != '\n' && is_hidden(c)), "{text:?}");
    assert!(text.contains("\\x1B[2J\\x1B]0;owned\\x07") && text.contains("\\u{202E}toboG\\x9B31m"), "{text}");
}

#[test]
fn colours_only_repeat_what_words_say() {
    let (plain, colored) = (text(&sample::report(), false, 100), text(&sample::report(), true, 100));
    assert_ne!(plain, colored);
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
}

#[test]
fn lines_fit() {
    for width in [1, 60, 80, 120, 160, 1_000] {
        let text = text(&sample::report(), false, width);
        for line in text.lines().filter(|line| !line.contains("journalctl") && !line.starts_with("gatewhy")) {
            assert!(page::width(line) <= width.clamp(60, 160), "{width}: {line}");
        }
    }
}

#[test]
fn says_when_all_is_well() {
    let report = sample::healthy();
    let expected = "No gateway failures in 4,810 requests (nginx).\n\
        2026-11-20 10:02:00 – 10:11:58 UTC · nginx · 4,810 lines of access.log\n";
    assert_eq!(text(&report, false, 80), expected);
}

#[test]
fn says_when_there_was_nothing_to_read() {
    let mut report = sample::empty();
    assert_eq!(first_line(&report), "Nothing to report: no line was read.");
    report.inputs[0].lines = 120;
    report.unparsed.lines = 120;
    assert_eq!(first_line(&report), "Nothing was recognised: 120 lines read, in no format that gatewhy knows.");
    report.unparsed.lines = 20;
    report.inputs[0].formats = vec![FormatCount { format: "nginx-error", lines: 100 }];
    assert_eq!(first_line(&report), "No gateway failures.");
}

#[test]
fn headline_knows_what_it_does_not_know() {
    let mut report = sample::report();
    report.incidents.truncate(1);
    let Totals { error_rate, masked_failures, .. } = report.totals;
    report.totals.masked_failures = 1;
    assert_eq!(
        first_line(&report),
        "1 incident: 312 of 4,810 requests failed (6.5 %), 1 failure was masked by retries"
    );
    report.totals = Totals { failures: 18, failed_attempts: 18, ..Totals::default() };
    assert_eq!(first_line(&report), "1 incident: 18 failures (rate unknown: no access log)");
    report.totals = Totals { requests: Some(9), error_rate, failed_attempts: 2, ..Totals::default() };
    assert_eq!(
        first_line(&report),
        "1 incident: none of 9 requests ended in a status that `--status` counts, but 2 attempts failed"
    );
    report.totals.masked_failures = masked_failures;
    assert_eq!(first_line(&report), "1 incident: none of 9 requests failed, 23 failures were masked by retries");
    report.incidents.clear();
    assert_eq!(first_line(&report), "No incident, but none of 9 requests failed, 23 failures were masked by retries.");
}

#[test]
fn tiers_are_not_added_up() {
    let mut report = sample::report();
    report.proxies.push(ProxyRow { proxy: "haproxy@lb1".into(), totals: report.totals.clone() });
    let text = text(&report, false, 120);
    assert!(text.starts_with("2 incidents: failures at 2 proxies\n  nginx: 312 of 4,810 requests failed"), "{text}");
    assert!(text.contains("\n  haproxy@lb1: 312 of") && text.contains("\n   nginx · 2026-11-20 10:02:11"), "{text}");
}

#[test]
fn the_rest_is_told_in_short() {
    let mut report = sample::report();
    let incident = report.incidents[0].clone();
    report.incidents.extend(vec![incident; 6]);
    let row = report.upstreams[0].clone();
    report.upstreams.extend(vec![row; 18]);
    let text = text(&report, false, 120);
    let brief =
        "1  2026-11-20 10:02:11 (2 min 3 s)  checkout 127.0.0.1:9102  connection-refused (high), 263 failures\n";
    assert_eq!(text.matches(brief).count(), 3, "{text}");
    assert!(text.contains("\n… and 8 more (--table upstreams)\n"));
}

#[test]
fn a_server_is_named_with_its_group_once() {
    let mut report = sample::report();
    report.incidents.truncate(1);
    report.incidents[0].groups = vec!["api".into()];
    report.incidents[0].upstreams = vec!["api/api-1".into(), "api/api-2".into()];
    let text = text(&report, false, 120);
    assert!(text.contains("\n1  api/api-1 and api/api-2  connection-refused (high confidence)\n"), "{text}");
}

#[test]
fn doubt_is_said() {
    let mut report = sample::report();
    report.incidents.remove(0);
    let doubt = |report: &Report| {
        let text = text(report, false, 120);
        text.lines().skip_while(|line| !line.contains("Likely cause")).nth(1).unwrap().trim().to_owned()
    };
    let medium = "Not certain: response-timeout explains 82 % of the failures, backlog-full (18 %).";
    assert_eq!(doubt(&report), medium);
    report.incidents[0].cause_share = Some(0.95);
    assert_eq!(doubt(&report), "Not certain: backlog-full (18 %) was seen too.");
    report.incidents[0].confidence = "high";
    assert_eq!(doubt(&report), "Also seen: backlog-full (18 %).");
    report.incidents[0].second_cause = Some("no-live-upstream");
    assert_eq!(doubt(&report), "");
    report.incidents[0].confidence = "medium";
    assert_eq!(doubt(&report), "");
    report.incidents[0].against = Some("slow client: it reads too slowly".into());
    assert_eq!(doubt(&report), "");
    report.incidents[0].against = Some("socket-missing, permission-denied: the errno tells".into());
    assert_eq!(doubt(&report), "Not certain: it may also be socket-missing or permission-denied.");
}

#[test]
fn is_it_over() {
    let mut report = sample::report();
    report.incidents.truncate(1);
    for (quiet_s, ongoing, says) in [
        (Some(10), true, "· still failing when the logs end\n"),
        (Some(78), false, "· last failure 1 min 18 s before the logs end\n"),
        (None, false, "· peak 62 % at 10:03:00\n"),
    ] {
        (report.incidents[0].quiet_s, report.incidents[0].ongoing) = (quiet_s, ongoing);
        assert!(text(&report, false, 160).contains(says), "{says}");
    }
}

#[test]
fn an_upstream_without_a_name_is_not_the_gateway() {
    let mut report = sample::report();
    report.incidents.truncate(1);
    let incident = &mut report.incidents[0];
    (incident.groups, incident.upstreams) = (vec![], vec![]);
    assert!(text(&report, false, 120).contains("\n1  nginx (upstream not logged)  connection-refused"));
    report.incidents[0].root_incident = Some(2);
    assert!(text(&report, false, 120).contains("\n1  nginx  connection-refused"));
}

#[test]
fn the_title_of_the_cause_is_told_once() {
    let mut report = sample::report();
    report.incidents.truncate(1);
    assert!(text(&report, false, 120).contains("Likely cause: nothing listens"));
    report.incidents[0].summary.push_str(" So nothing listens on the upstream's port.");
    assert!(!text(&report, false, 120).contains("Likely cause:"));
}

#[test]
fn clients_are_told_as_exactly_as_they_are_known() {
    let mut report = sample::report();
    (report.incidents[0].clients, report.incidents[0].clients_exact) = (Some(32), true);
    assert!(text(&report, false, 80).contains("visitors    32 addresses"));
    (report.incidents[0].clients, report.incidents[0].clients_exact) = (Some(34), false);
    assert!(text(&report, false, 80).contains("visitors    about 34 addresses"));
}

#[test]
fn hosts_tell_what_matters_most() {
    let mut report = sample::report();
    report.incidents.truncate(1);
    let incident = &mut report.incidents[0];
    let line = |says: &'static str, after_s, cause, strength| {
        let mut line = incident.context[0].clone();
        (line.proof.says, line.after_s, line.cause, line.strength) = (says, after_s, cause, strength);
        line
    };
    let mut lines = vec![
        line("weak and near", -1, "draining", Strength::Weak),
        line("strong and far", -50, "worker-killed", Strength::Strong),
        line("strong and nearer", 0, "worker-killed", Strength::Strong),
        line("of the cause", 3_720, "connection-refused", Strength::Weak),
        line("evidence", 1, "connection-refused", Strength::Strong),
    ];
    let shown = &incident.causes[0].evidence[0];
    (lines[4].proof.kind, lines[4].proof.line) = (shown.kind, shown.line);
    lines.sort_by_key(|line| line.after_s);
    incident.context = lines;
    let text = text(&report, false, 120);
    let shown: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix("1 × ")).collect();
    let expected = [
        "strong and far, 50 s before the first failure",
        "strong and nearer, as it began",
        "of the cause, 1 h 2 min after the first failure",
    ];
    assert_eq!(shown, expected);
}
