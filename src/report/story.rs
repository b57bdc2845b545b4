//! One or two sentences that an engineer would write in the channel: who, what, how much, how long, and the fact that gives the cause away.

use crate::aggregate::{Evidence, STATUS_COLUMNS};
use crate::cause::{Cause, Strength};
use crate::diagnose::{Incident, incident::Scope};
use crate::grammar::number::Micros;
use crate::show;

/// How many upstreams a sentence names.
const NAMED: usize = 3;

/// The story of an incident.
pub(super) fn tell(incident: &Incident) -> String {
    let mut story = format!("{} {}", subject(incident), incident.likely.cause.entry().happened);
    story.push_str(&plateau(incident));
    story.push_str(": ");
    story.push_str(&amount(incident));
    story.push_str(&masked(incident));
    story.push('.');
    story.push_str(&consequence(incident));
    story.push_str(&doubt(incident));
    story
}

/// Who it was: `10.0.0.5:8080 of api`, `all 3 servers of api`, `api`.
fn subject(incident: &Incident) -> String {
    let servers: Vec<&str> =
        incident.keys.iter().map(|key| key.upstream.as_str()).filter(|server| !server.is_empty()).collect();
    let groups: Vec<&str> = {
        let mut groups: Vec<&str> =
            incident.keys.iter().map(|key| key.group.as_str()).filter(|group| !group.is_empty()).collect();
        groups.dedup();
        groups
    };
    let of_group = match groups.as_slice() {
        [group] if !servers.iter().all(|server| server.starts_with(&format!("{group}/"))) => format!(" of {group}"),
        _ => String::new(),
    };
    match (servers.as_slice(), incident.scope) {
        ([], _) if groups.is_empty() => incident.proxy.clone(),
        ([], _) => list(&groups),
        ([server], _) => format!("{server}{of_group}"),
        (servers, Scope::All) => format!("all {} servers{of_group} ({})", servers.len(), list(servers)),
        (servers, _) => format!("{}{of_group}", list(servers)),
    }
}

/// `a, b and 3 more`
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= NAMED => format!("{} and {last}", first.join(", ")),
        names => format!("{} and {} more", names[..NAMED - 1].join(", "), names.len() - NAMED + 1),
    }
}

/// ` after 60.0 s each`, where a timeout sits at one value: that is a configured limit.
fn plateau(incident: &Incident) -> String {
    let cause = incident.likely.cause;
    let timed =
        [Cause::ConnectTimeout, Cause::ResponseTimeout, Cause::BodyTimeout, Cause::QueueTimeout, Cause::WorkerKilled];
    let took = incident.evidence.iter().filter(|item| item.sign.cause == cause).filter_map(|item| item.took);
    let range = took.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    match range.filter(|_| timed.contains(&cause)) {
        Some((shortest, longest)) if longest - shortest <= (longest / 50).max(50_000) => {
            format!(" (given up after {} each: a configured limit)", seconds(longest))
        }
        Some((shortest, longest)) => format!(" (given up after {} to {})", seconds(shortest), seconds(longest)),
        None => String::new(),
    }
}

fn seconds(took: Micros) -> String {
    format!("{}.{} s", took / 1_000_000, took / 100_000 % 10)
}

/// How much failed: `312 of 4,810 requests (6.5 %) failed with 502 and 504`.
fn amount(incident: &Incident) -> String {
    let Incident { failures, failed_attempts, .. } = *incident;
    if failures == 0 {
        return format!(
            "{} failed, none of which left a client without an answer by its status",
            count(failed_attempts, "attempt")
        );
    }
    let whose = if incident.requests_of_proxy { " of the proxy" } else { "" };
    let of = match incident.requests {
        Some(requests) if requests >= failures => {
            format!(
                "{} of {}{whose} ({})",
                show::number(failures),
                count(requests, "request"),
                show::percent(failures, requests)
            )
        }
        _ => count(failures, "request"),
    };
    format!("{of} failed{}", with_statuses(incident.statuses))
}

fn with_statuses(statuses: [u64; STATUS_COLUMNS]) -> String {
    let names = ["502", "503", "504", "52x"];
    let seen: Vec<&str> =
        names.into_iter().zip(statuses).filter(|(_, count)| *count > 0).map(|(name, _)| name).collect();
    if seen.is_empty() { String::new() } else { format!(" with {}", list(&seen)) }
}

fn masked(incident: &Incident) -> String {
    match incident.masked_failures {
        0 => String::new(),
        masked => format!(
            "; retries on other servers saved {}",
            count(masked, if incident.failures > 0 { "more attempt" } else { "attempt" })
        ),
    }
}

/// What the root cause brought about.
fn consequence(incident: &Incident) -> String {
    let shadow = incident.causes.iter().find(|item| item.cause == Cause::NoLiveUpstream);
    match shadow.filter(|_| incident.likely.cause != Cause::NoLiveUpstream) {
        Some(shadow) if shadow.failures > 0 => {
            format!(" That took the group down: {} found no live upstream.", count(shadow.failures, "request"))
        }
        _ => String::new(),
    }
}

/// What is not known, and what would settle it.
fn doubt(incident: &Incident) -> String {
    let likely = &incident.likely;
    let strongest =
        incident.evidence.iter().filter(|item| item.sign.cause == likely.cause).map(|item| item.sign.strength).max();
    match (likely.cause, strongest) {
        (Cause::Unknown, _) => " The logs do not say why.".to_owned(),
        (_, Some(Strength::Weak | Strength::Silent)) => {
            format!(" That is a guess: {}.", says(&incident.evidence, likely.cause))
        }
        _ => String::new(),
    }
}

fn says(evidence: &[Evidence], cause: Cause) -> String {
    let item = evidence.iter().find(|item| item.sign.cause == cause);
    item.map_or_else(
        || "nothing more is logged".to_owned(),
        |item| format!("all that the log says is that {}", item.sign.says),
    )
}

/// `1 request`, `4,810 requests`
fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", show::number(number), if number == 1 { "" } else { "s" })
}
