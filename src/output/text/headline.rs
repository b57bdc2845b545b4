//! What happened, in one sentence, and what it was read from.

use super::page::{Look, Page};
use super::words::{count, names, percent, plural, span};
use crate::report::{Report, Totals};

/// How many inputs, and how many proxies, are named.
const NAMES: usize = 3;

pub(super) fn headline(report: &Report, page: &mut Page) {
    page.wrapped_in(Look::Title, "", "", &sentence(report));
    if report.proxies.len() > 1 && is_troubled(&report.totals) {
        // Sums over tiers would count one request several times.
        for proxy in &report.proxies {
            page.wrapped("  ", "    ", &format!("{}: {}", proxy.proxy, troubles(&proxy.totals)));
        }
    }
    page.wrapped_in(Look::Dim, "", "", &origin(report));
}

fn sentence(report: &Report) -> String {
    let lines: u64 = report.inputs.iter().map(|input| input.lines).sum();
    match (report.incidents.len() as u64, is_troubled(&report.totals)) {
        (0, false) if lines == 0 => "Nothing to report: no line was read.".to_owned(),
        (0, false) if report.unparsed.lines >= lines => {
            format!("Nothing was recognised: {} read, in no format that gatewhy knows.", plural(lines, "line"))
        }
        (0, false) => healthy(report),
        (0, true) => format!("No incident, but {}.", overall(report)),
        (number, true) => format!("{}: {}", plural(number, "incident"), overall(report)),
        (number, false) => plural(number, "incident"),
    }
}

/// `No gateway failures in 4,810 requests (nginx).`
fn healthy(report: &Report) -> String {
    let proxies = proxies(report).map_or_else(String::new, |proxies| format!(" ({proxies})"));
    match report.totals.requests {
        Some(requests) => format!("No gateway failures in {}{proxies}.", plural(requests, "request")),
        None => format!("No gateway failures{proxies}."),
    }
}

fn is_troubled(totals: &Totals) -> bool {
    totals.failures > 0 || totals.failed_attempts > 0
}

/// All troubles where one proxy wrote them; where several did, only that: each has a line of its own.
fn overall(report: &Report) -> String {
    if report.proxies.len() > 1 {
        format!("failures at {} proxies", report.proxies.len())
    } else {
        troubles(&report.totals)
    }
}

/// `312 of 4,810 requests failed (6.5 %), 23 failures were masked by retries`
fn troubles(totals: &Totals) -> String {
    let attempts_only = totals.failures == 0 && totals.masked_failures == 0 && totals.failed_attempts > 0;
    let failed = match (totals.requests, totals.error_rate) {
        (Some(requests), Some(rate)) if totals.failures > 0 => {
            format!("{} of {} failed ({})", count(totals.failures), plural(requests, "request"), percent(rate))
        }
        // An error log that covers more than the access log does.
        (Some(_), None) if totals.failures > 0 => {
            format!("{} (rate unknown: not all of them are in an access log)", plural(totals.failures, "failure"))
        }
        // Such requests may well have failed for their clients: with another status, or with half of a response.
        (Some(requests), _) if attempts_only => {
            format!("none of {} ended in a status that `--status` counts", plural(requests, "request"))
        }
        (Some(requests), _) => format!("none of {} failed", plural(requests, "request")),
        // An error log alone.
        (None, _) => format!("{} (rate unknown: no access log)", plural(totals.failures, "failure")),
    };
    let were = if totals.masked_failures == 1 { "was" } else { "were" };
    match totals.masked_failures {
        0 if attempts_only => format!("{failed}, but {} failed", plural(totals.failed_attempts, "attempt")),
        0 => failed,
        masked => format!("{failed}, {} {were} masked by retries", plural(masked, "failure")),
    }
}

/// When and in which logs: `2026-11-20 10:02:11 – 10:11:58 UTC · nginx · 5,099 lines of access.log and error.log`
fn origin(report: &Report) -> String {
    let first =
        report.upstreams.iter().map(|upstream| upstream.first_seen.as_str()).filter(|time| !time.is_empty()).min();
    let last =
        report.upstreams.iter().map(|upstream| upstream.last_seen.as_str()).filter(|time| !time.is_empty()).max();
    let when = first.zip(last).map(|(first, last)| span(first, last));
    let lines = report.inputs.iter().map(|input| input.lines).sum();
    let name = |input: &'_ str| if input == "-" { "standard input".to_owned() } else { input.to_owned() };
    let inputs: Vec<String> = report.inputs.iter().map(|input| name(&input.input)).collect();
    let read = (!inputs.is_empty()).then(|| format!("{} of {}", plural(lines, "line"), names(&inputs, NAMES)));
    [when, proxies(report), read].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn proxies(report: &Report) -> Option<String> {
    let proxies: Vec<&str> = report.proxies.iter().map(|proxy| proxy.proxy.as_str()).collect();
    (!proxies.is_empty()).then(|| names(&proxies, NAMES))
}
