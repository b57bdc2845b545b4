//! What gives the cause away, a sentence each: the tier behind, what the host says, what the failures have in common.

use super::context::{Context, name};
use crate::aggregate::{Evidence, Paths};
use crate::cause::{Cause, Sign, Strength};
use crate::diagnose::{self, Findings, Incident, pattern::Pattern};
use crate::show;

/// The share of failures, in percent, and the least number of them, that make one path the story.
const ONE_PATH: (u64, u64) = (80, 5);

/// The facts of an incident, the most telling first. `paths` are those of its failures; an `ongoing` one has no end
/// yet.
pub(super) fn of(
    incident: &Incident,
    paths: &Paths,
    ongoing: bool,
    findings: &Findings,
    context: &Context<'_>,
) -> Vec<String> {
    let mut facts: Vec<String> = behind(incident, findings).into_iter().chain(host(incident, context)).collect();
    facts.extend(incident.patterns.iter().filter_map(pattern));
    facts.extend(one_path(incident, paths, findings));
    facts.extend(ended(incident).filter(|_| !ongoing));
    facts.extend(robots(paths, findings));
    facts
}

fn behind(incident: &Incident, findings: &Findings) -> Option<String> {
    let place = incident.root?;
    let inner = findings.incidents.get(place)?;
    let number = place + 1;
    Some(format!("They began at {}, with {} (incident {number}).", inner.proxy, inner.likely.cause.slug()))
}

/// The line of a host that says the most: of the likely cause, if there is one, and of those the strongest.
fn host(incident: &Incident, context: &Context<'_>) -> Option<String> {
    let telling = incident.context.iter().filter(|item| item.sign.strength >= Strength::Strong);
    let item = telling.max_by_key(|item| {
        (item.sign.cause == incident.likely.cause, item.sign.strength, std::cmp::Reverse(item.first))
    })?;
    let again = if item.lines > 1 { format!(" ({} times)", show::number(item.lines)) } else { String::new() };
    // Which unit or program it was stands in the line.
    let place = format!("{}:{}", name(item.sample.input, context), item.sample.line);
    Some(format!("On the host, {}{again}, {} ({place}).", item.sign.says, distance(item, incident)))
}

/// `31 s after the first failure`
fn distance(item: &Evidence, incident: &Incident) -> String {
    match item.first.seconds() - incident.span.0.seconds() {
        0 => "as the first request failed".to_owned(),
        before @ ..0 => format!("{} before the first failure", show::duration(before.unsigned_abs())),
        after => format!("{} after the first failure", show::duration(after.unsigned_abs())),
    }
}

fn pattern(pattern: &Pattern) -> Option<String> {
    Some(match *pattern {
        // The story tells it with the cause.
        Pattern::Plateau { .. } => return None,
        Pattern::Sporadic => "They are rare and spread evenly over the time.".to_owned(),
        Pattern::Periodic { every, bursts } => {
            format!(
                "They come in {bursts} bursts, one every {}: look for what else has that rhythm.",
                show::duration(every.unsigned_abs())
            )
        }
        Pattern::NeverAnswered => "No request was answered there in these logs.".to_owned(),
        Pattern::Slowing { from, to } => {
            format!("Answers had become slower before: 95 % of requests took up to {to} ms, where {from} ms is usual.")
        }
        Pattern::Surge { from, to } => {
            format!("Requests had risen from {} to {} a window.", show::number(from), show::number(to))
        }
    })
}

/// Where nearly all failures are on one path, and the same upstreams answered others.
fn one_path(incident: &Incident, paths: &Paths, findings: &Findings) -> Option<String> {
    let (busiest, others) = paths.busiest(&findings.paths);
    let (path, failures) = busiest.first().filter(|(path, _)| !path.is_empty())?;
    // Two logs may both name the path of one failure, so that their sum may exceed the failures.
    let all = busiest.iter().map(|(_, failures)| failures).sum::<u64>() + others;
    let well = incident.requests.is_some_and(|requests| requests > incident.failures + incident.failures / 10);
    let most = all.max(incident.failures);
    let only = *failures >= ONE_PATH.1 && failures * 100 >= most * ONE_PATH.0;
    (well && only && !incident.requests_of_proxy).then(|| {
        let share =
            if *failures == most { "All".to_owned() } else { format!("{} of the", show::percent(*failures, most)) };
        format!("{share} failures are on {}.", show::text(path))
    })
}

/// The start or reload of something as the failures ended.
fn ended(incident: &Incident) -> Option<String> {
    let distance = |item: &Evidence| item.last.seconds() - incident.span.1.seconds();
    let after = |item: &&Evidence| (0..=diagnose::ENDED).contains(&distance(item));
    let item = incident.context.iter().filter(|item| is_start(item)).find(after)?;
    let when = match distance(item) {
        0 => "just as the last request failed".to_owned(),
        after => format!("{} after the last failure", show::duration(after.unsigned_abs())),
    };
    Some(format!("It ended when, on the host, {} ({when}).", item.sign.says))
}

/// Whether a line tells that something runs (again). The host formats name the kinds of such signs alike.
fn is_start(item: &Evidence) -> bool {
    let Sign { kind, cause, .. } = *item.sign;
    // What could not be started (`…-not-started`) speaks for another cause.
    cause == Cause::Draining && ["-started", "-reloaded"].iter().any(|end| kind.ends_with(end))
}

/// Search engines stop to fetch anything of a host whose robots.txt they cannot read for an error of the server's (RFC
/// 9309, 2.3.1.4).
fn robots(paths: &Paths, findings: &Findings) -> Option<String> {
    let busiest = paths.busiest(&findings.paths).0;
    let (_, failures) = busiest.iter().find(|(path, _)| *path == b"/robots.txt")?;
    let times = show::counted(*failures, "time");
    Some(format!("/robots.txt failed {times}: while it does, search engines leave the whole site alone."))
}
