//! One incident: what broke, since when, how bad, why, what proves it, what to do next.

use super::page::{Look, Page, fit, width};
use super::words::{clock, count, moment, names, percent, plural, seconds, span};
use crate::cause::Cause;
use crate::output::escape::visible;
use crate::report::{HostLine, Incident, PathCount, Proof, Report};
use std::cmp::Reverse;

const INDENT: &str = "   ";
const DEEPER: &str = "     ";
const DEEPEST: &str = "       ";

/// How many kinds of evidence are shown.
const KINDS: usize = 3;
/// How many lines of hosts are shown.
const HOST_LINES: usize = 3;
/// How many commands are shown.
const CHECKS: usize = 4;
/// How many paths are shown.
const PATHS: usize = 3;
/// How many groups, and how many upstreams, are named.
const NAMES: usize = 3;
/// How wide labels are.
const LABEL: usize = 12;

/// Tells an incident as a block.
pub(super) fn full(report: &Report, incident: &Incident, page: &mut Page) {
    title(incident, page);
    page.wrapped(INDENT, INDENT, &when(report, incident));
    page.wrapped(INDENT, INDENT, &incident.summary);
    why(incident, page);
    // What to do stands on the first screen of any terminal; the proof follows.
    next(incident, page);
    evidence(incident, page);
    host(incident, page);
    who(incident, page);
}

/// Tells an incident in one line.
pub(super) fn brief(report: &Report, incident: &Incident, page: &mut Page) {
    let proxy = if report.proxies.len() > 1 { format!("{} ", incident.proxy) } else { String::new() };
    let head = format!(
        "{}  {} ({})  {proxy}{}",
        incident.incident,
        moment(&incident.start),
        seconds(incident.duration_s),
        subject(incident)
    );
    let tail = format!("  {} ({}), {}", incident.likely_cause, incident.confidence, toll(incident));
    let head = fit(&visible(&head), page.width().saturating_sub(width(&tail)));
    page.line(&format!("{head}{tail}"));
}

/// `1  checkout 127.0.0.1:9102  connection-refused (high confidence)`
fn title(incident: &Incident, page: &mut Page) {
    let head = format!("{}  {}", incident.incident, subject(incident));
    let head = fit(&visible(&head), page.width());
    let sure = format!("({} confidence)", incident.confidence);
    let needed = width(&head) + 2 + incident.likely_cause.len() + 1 + sure.len();
    let head = page.paint(Look::Title, &head);
    let cause = format!("{} {sure}", page.paint(Look::Cause, incident.likely_cause));
    if needed <= page.width() {
        page.line(&format!("{head}  {cause}"));
    } else {
        page.line(&head);
        page.line(&format!("{INDENT}{cause}"));
    }
}

/// What broke: the groups and upstreams, each named once.
fn subject(incident: &Incident) -> String {
    let Incident { groups, upstreams, .. } = incident;
    let in_group = |upstream: &String| groups.iter().any(|group| upstream.starts_with(&format!("{group}/")));
    let mut parts = vec![names(groups, NAMES), names(upstreams, NAMES)];
    if upstreams.iter().any(in_group) {
        // HAProxy's servers bear the name of their group.
        parts.remove(0);
    }
    parts.retain(|part| !part.is_empty());
    match parts.as_slice() {
        // What a tier behind failed with, the gateway passes on.
        [] if incident.root_incident.is_some() => incident.proxy.clone(),
        [] => format!("{} (upstream not logged)", incident.proxy),
        parts => parts.join(" "),
    }
}

/// Since when, until when, whether it is still going on.
fn when(report: &Report, incident: &Incident) -> String {
    let mut parts = Vec::new();
    if report.proxies.len() > 1 {
        parts.push(incident.proxy.clone());
    }
    let span = span(&incident.start, &incident.end);
    parts.push(if incident.duration_s > 0 { format!("{span} ({})", seconds(incident.duration_s)) } else { span });
    // Within one window, the summary's rate says the same.
    let is_long = i64::try_from(incident.duration_s).is_ok_and(|duration| duration > report.window_seconds);
    if let Some(rate) = incident.peak_error_rate.filter(|rate| is_long && *rate > 0.0) {
        parts.push(format!("peak {} at {}", percent(rate), clock(&incident.peak_start)));
    }
    parts.extend(after(incident));
    parts.join(" · ")
}

/// What the logs say after the last failure: is it over?
fn after(incident: &Incident) -> Option<String> {
    let quiet = incident.quiet_s?;
    Some(if incident.ongoing {
        "still failing when the logs end".to_owned()
    } else {
        format!("last failure {} before the logs end", seconds(quiet))
    })
}

/// The cause in words, and what speaks against it.
fn why(incident: &Incident, page: &mut Page) {
    let cause = Cause::from_slug(incident.likely_cause).filter(|cause| *cause != Cause::Unknown);
    // Some summaries have said it with the same words.
    if let Some(cause) = cause.filter(|cause| !incident.summary.contains(cause.entry().title)) {
        let behind = if incident.root_incident.is_some() { ", behind" } else { "" };
        page.wrapped(INDENT, INDENT, &format!("Likely cause{behind}: {}.", cause.entry().title));
    }
    if let Some(doubt) = doubt(incident) {
        page.wrapped(INDENT, INDENT, &doubt);
    }
}

/// Why the report is not certain, or what else there is; `None` where nothing is left to say.
fn doubt(incident: &Incident) -> Option<String> {
    let is_sure = incident.confidence == "high";
    let share = incident.cause_share.filter(|share| *share < 0.9);
    let explained = share.map(|share| format!("{} explains {} of the failures", incident.likely_cause, percent(share)));
    // That a group went down is a consequence, which the summary tells.
    let weighty = |second: &&str| share_in(second, incident).is_none_or(|share| share >= 0.02);
    let second = incident.second_cause.filter(|second| *second != Cause::NoLiveUpstream.slug()).filter(weighty);
    let start = if is_sure { "Not all of it" } else { "Not certain" };
    let inferred = incident.causes.first().is_some_and(|cause| cause.failures + cause.failed_attempts == 0);
    Some(match (explained, second) {
        (None, Some(second)) if inferred && !is_sure => {
            format!("{start}: the lines show {second}; what is behind it is inferred.")
        }
        (Some(explained), Some(second)) => format!("{start}: {explained}, {second}{}.", share_of(second, incident)),
        (Some(explained), None) => format!("{start}: {explained}."),
        (None, Some(second)) if is_sure => format!("Also seen: {second}{}.", share_of(second, incident)),
        (None, Some(second)) => format!("{start}: {second}{} was seen too.", share_of(second, incident)),
        // Where even less is known, the summary says so.
        (None, None) if incident.confidence == "medium" => {
            format!("{start}: it may also be {}.", look_alike(incident)?)
        }
        (None, None) => return None,
    })
}

/// The causes that the report speaks against: `socket-missing or permission-denied`.
fn look_alike(incident: &Incident) -> Option<String> {
    let (names, _) = incident.against.as_deref()?.split_once(": ")?;
    // Some are no causes of the catalogue.
    names.split(", ").all(|name| Cause::from_slug(name).is_some()).then(|| names.replace(", ", " or "))
}

/// ` (18 %)`, where the share of a cause is known.
fn share_of(cause: &str, incident: &Incident) -> String {
    share_in(cause, incident).map_or_else(String::new, |share| format!(" ({})", percent(share)))
}

fn share_in(cause: &str, incident: &Incident) -> Option<f64> {
    let found = incident.causes.iter().find(|item| item.cause == cause);
    found.and_then(|item| item.share).filter(|share| *share > 0.0)
}

fn evidence(incident: &Incident, page: &mut Page) {
    let shown = chosen(incident);
    if shown.is_empty() {
        return;
    }
    page.gap();
    heading("evidence", page);
    for proof in shown {
        page.wrapped(DEEPER, DEEPEST, &format!("{} × {}", count(proof.count), proof.says));
        page.sample(DEEPEST, &format!("{}:{}", proof.input, proof.line), &proof.sample);
    }
}

/// What hosts and application servers wrote around it.
fn host(incident: &Incident, page: &mut Page) {
    let shown = chosen_of_host(incident);
    if shown.is_empty() {
        return;
    }
    page.gap();
    heading("on the host", page);
    for HostLine { after_s, proof, .. } in shown {
        let when = match after_s {
            0 => "as it began".to_owned(),
            before @ ..0 => format!("{} before the first failure", seconds(before.unsigned_abs())),
            after => format!("{} after the first failure", seconds(after.unsigned_abs())),
        };
        page.wrapped(DEEPER, DEEPEST, &format!("{} × {}, {when}", count(proof.count), proof.says));
        page.sample(DEEPEST, &format!("{}:{}", proof.input, proof.line), &proof.sample);
    }
}

/// The lines of hosts that say most, by time: of the likely cause before others, strong ones before weak ones, near
/// ones before far ones. Not those that are shown as evidence.
fn chosen_of_host(incident: &Incident) -> Vec<&HostLine> {
    let evidence = chosen(incident);
    let is_shown = |proof: &Proof| {
        evidence.iter().any(|shown| (shown.kind, &shown.input, shown.line) == (proof.kind, &proof.input, proof.line))
    };
    let mut lines: Vec<&HostLine> = incident.context.iter().filter(|line| !is_shown(&line.proof)).collect();
    lines.sort_by_key(|line| {
        (line.cause != incident.likely_cause, Reverse(line.strength), line.after_s.unsigned_abs(), line.after_s)
    });
    lines.truncate(HOST_LINES);
    lines.sort_by_key(|line| line.after_s);
    lines
}

/// The most telling evidence: of the likely cause, with one place left for its rival.
fn chosen(incident: &Incident) -> Vec<&Proof> {
    let Some((likely, others)) = incident.causes.split_first() else { return Vec::new() };
    let rival = others.iter().flat_map(|cause| &cause.evidence).next();
    let places = KINDS - usize::from(rival.is_some());
    likely.evidence.iter().take(places).chain(rival).collect()
}

fn next(incident: &Incident, page: &mut Page) {
    if incident.next_checks.is_empty() {
        return;
    }
    page.gap();
    heading("next", page);
    for check in incident.next_checks.iter().take(CHECKS) {
        // A command is never cut: it is there to be copied.
        let run = visible(&check.run);
        let why = format!("# {}", check.why);
        if DEEPER.len() + width(&run) + 2 + width(&why) <= page.width() {
            let why = page.paint(Look::Dim, &why);
            page.line(&format!("{DEEPER}{run}  {why}"));
        } else {
            page.line(&format!("{DEEPER}{run}"));
            page.wrapped_in(Look::Dim, DEEPEST, "         ", &why);
        }
    }
}

/// Whom it hit, and where; and what the cause is mistaken for.
fn who(incident: &Incident, page: &mut Page) {
    page.gap();
    let longest = page.width() / 2;
    let path = |path: &PathCount| format!("{} ({})", fit(&visible(&path.path), longest), count(path.failures));
    let paths: Vec<String> = incident.paths.iter().take(PATHS).map(path).collect();
    if !paths.is_empty() {
        labelled("paths", &paths.join(" · "), page);
    }
    if let Some(clients) = incident.clients.filter(|clients| *clients > 1) {
        let about = if incident.clients_exact { "" } else { "about " };
        labelled("visitors", &format!("{about}{} addresses met failures", count(clients)), page);
    }
    if incident.crawler_failures > 0 {
        let failures = plural(incident.crawler_failures, "failure");
        let told = format!("search engines met {failures}; they drop pages that keep failing");
        labelled("crawlers", &told, page);
    }
    if let Some(against) = &incident.against {
        labelled("look-alike", against, page);
    }
}

fn labelled(label: &str, text: &str, page: &mut Page) {
    page.wrapped(&format!("{INDENT}{label:LABEL$}"), &" ".repeat(INDENT.len() + LABEL), text);
}

fn heading(text: &str, page: &mut Page) {
    let text = page.paint(Look::Title, text);
    page.line(&format!("{INDENT}{text}"));
}

/// How bad it was, in a few words.
fn toll(incident: &Incident) -> String {
    match (incident.failures, incident.masked_failures) {
        (0, 0) => plural(incident.failed_attempts, "failed attempt"),
        (0, masked) => plural(masked, "masked failure"),
        (failures, _) => plural(failures, "failure"),
    }
}
