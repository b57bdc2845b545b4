//! One or two sentences that an engineer would write in the channel: who, what, how much, how long, and the fact that
//! gives the cause away.

use crate::aggregate::{Evidence, STATUS_COLUMNS};
use crate::cause::{Cause, Strength};
use crate::diagnose::{Incident, Key, incident::Scope, pattern::Pattern};
use crate::grammar::number::Micros;
use crate::show;
use std::collections::BTreeSet;

/// How many upstreams a sentence names.
const NAMED: usize = 3;

/// How many facts stand in the story.
const FACTS: usize = 2;

/// The story of an incident, with what [`facts`](super::facts) were found.
pub(super) fn tell(incident: &Incident, facts: &[String]) -> String {
    let (subject, plural) = subject(incident);
    let happened = match incident.root {
        Some(_) => "passed on the errors of a gateway behind",
        None => incident.likely.cause.entry().happened,
    };
    let happened = match happened.strip_prefix("was ").filter(|_| plural) {
        Some(rest) => format!("were {rest}"),
        None => happened.to_owned(),
    };
    let plateau = if incident.root.is_some() { String::new() } else { plateau(incident) };
    let (when, amount, masked) = (when(incident), amount(incident), masked(incident));
    let story = format!("{subject} {happened}{plateau} {when}: {amount}{masked}.");
    let facts: String = facts.iter().take(FACTS).map(|fact| format!(" {fact}")).collect();
    story + &consequence(incident) + &facts + &doubt(incident)
}

/// `from 10:02:26 to 10:05:27 UTC`: with the days where there are two, a moment where it is one.
fn when(incident: &Incident) -> String {
    let [start, end] = [incident.span.0, incident.span.1].map(show::time);
    let part = |time: &'_ str, range: std::ops::Range<usize>| time.get(range).unwrap_or_default().to_owned();
    let (day, clock) = (|time: &str| part(time, 0..10), |time: &str| part(time, 11..19));
    if clock(&start) == clock(&end) && day(&start) == day(&end) {
        format!("at {} UTC", clock(&start))
    } else if day(&start) == day(&end) {
        format!("from {} to {} UTC", clock(&start), clock(&end))
    } else {
        format!("from {} {} to {} {} UTC", day(&start), clock(&start), day(&end), clock(&end))
    }
}

/// Who it was, and whether that is more than one: `10.0.0.5:8080 of api`, `All 3 servers of api (…)`, `api`.
fn subject(incident: &Incident) -> (String, bool) {
    let named = |part: fn(&Key) -> &str| -> Vec<&str> {
        let names: BTreeSet<&str> = incident.keys.iter().map(|key| part(key)).filter(|name| !name.is_empty()).collect();
        names.into_iter().collect()
    };
    let (servers, groups) = (named(|key| &key.upstream), named(|key| &key.group));
    let of_group = match groups.as_slice() {
        // HAProxy's servers carry the name of their backend.
        [group] if !servers.iter().all(|server| server.starts_with(&format!("{group}/"))) => format!(" of {group}"),
        _ => String::new(),
    };
    let subject = match (servers.as_slice(), incident.scope) {
        // It is the gateway that passes on what a tier behind failed with.
        ([], _) if groups.is_empty() && incident.root.is_some() => incident.proxy.clone(),
        ([], _) if NEVER_ASKED.contains(&incident.likely.cause) => match groups.as_slice() {
            [] => "The upstream".to_owned(),
            groups => format!("The upstream of {}", list(groups)),
        },
        ([], _) if groups.is_empty() => format!("An upstream of {} that the log does not name", incident.proxy),
        ([], _) => list(&groups),
        ([server], _) => format!("{server}{of_group}"),
        ([_, _], Scope::All) => format!("Both servers{of_group} ({})", list(&servers)),
        (_, Scope::All) => format!("All {} servers{of_group} ({})", servers.len(), list(&servers)),
        _ => format!("{}{of_group}", list(&servers)),
    };
    let plural = servers.len() > 1 || servers.is_empty() && groups.len() > 1 && !subject.starts_with("The upstream");
    (subject, plural)
}

/// Causes under which no server was ever chosen, or reached: the sentence is about the upstream that should have been.
const NEVER_ASKED: [Cause; 6] = [
    Cause::DnsFailure,
    Cause::ProxyLocal,
    Cause::Blocked,
    Cause::NoRoute,
    Cause::GatewayInternal,
    Cause::ProxyExhausted,
];

/// `a, b and 3 more`
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= NAMED => format!("{} and {last}", first.join(", ")),
        names => format!("{} and {} more", names[..NAMED - 1].join(", "), names.len() - NAMED + 1),
    }
}

/// ` (after 60.0 s each, a configured limit)`, where a timeout sits at one value.
fn plateau(incident: &Incident) -> String {
    let cause = incident.likely.cause;
    let timed =
        [Cause::ConnectTimeout, Cause::ResponseTimeout, Cause::BodyTimeout, Cause::QueueTimeout, Cause::WorkerKilled];
    if !timed.contains(&cause) {
        return String::new();
    }
    let limit = incident.patterns.iter().find_map(|pattern| match *pattern {
        Pattern::Plateau { took, part, of } if part == of => {
            Some(format!(" (after {} each, a configured limit)", seconds(took)))
        }
        Pattern::Plateau { took, part, of } => {
            Some(format!(" ({} of {of} after about {}, a configured limit)", show::number(part), seconds(took)))
        }
        _ => None,
    });
    limit.or_else(|| range(incident)).unwrap_or_default()
}

/// Durations below this say nothing but "at once".
const AT_ONCE: Micros = 100_000;

/// ` (after 1.0 s to 3.2 s)`: what the failures took that the likely cause explains; where no line names it, all of
/// them.
fn range(incident: &Incident) -> Option<String> {
    let counted = || incident.evidence.iter().filter(|item| item.failures + item.attempts > 0);
    let is_likely = |item: &&Evidence| item.sign.cause == incident.likely.cause;
    let named = counted().any(|item| is_likely(&item));
    let took = counted().filter(|item| !named || is_likely(item)).filter_map(|item| item.took);
    let (shortest, longest) = took.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    (shortest >= AT_ONCE).then(|| range_text(shortest, longest))
}

fn range_text(shortest: Micros, longest: Micros) -> String {
    if seconds(shortest) == seconds(longest) {
        format!(" (after {})", seconds(longest))
    } else {
        format!(" (after {} to {})", seconds(shortest), seconds(longest))
    }
}

/// Seconds with one decimal, rounded.
fn seconds(took: Micros) -> String {
    let tenths = took.saturating_add(50_000) / 100_000;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// How much failed: `312 of 4,810 requests (6.5 %) failed with 502 and 504`.
fn amount(incident: &Incident) -> String {
    let Incident { failures, failed_attempts, .. } = *incident;
    if failures == 0 {
        let cut_off = [Cause::TruncatedResponse, Cause::BodyTimeout].contains(&incident.likely.cause);
        return match () {
            () if cut_off => {
                format!("{} broke off after a good status had been sent", show::counted(failed_attempts, "response"))
            }
            () if incident.masked_failures == failed_attempts => {
                format!("{} failed, and retries saved all of their requests", show::counted(failed_attempts, "attempt"))
            }
            () => format!("{} failed", show::counted(failed_attempts, "attempt")),
        };
    }
    let whose = if incident.requests_of_proxy { " of the proxy" } else { "" };
    let of = match incident.requests {
        Some(requests) if requests >= failures => {
            format!(
                "{} of {}{whose} ({})",
                show::number(failures),
                show::counted(requests, "request"),
                show::percent(failures, requests)
            )
        }
        _ => show::counted(failures, "request"),
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
        _ if incident.failures == 0 && incident.masked_failures == incident.failed_attempts => String::new(),
        masked => format!(
            "; retries hid {} from clients",
            show::counted(masked, if incident.failures > 0 { "more failed attempt" } else { "failed attempt" })
        ),
    }
}

/// What the root cause brought about. Nothing where it does not take servers down, or where there is nothing besides.
fn consequence(incident: &Incident) -> String {
    let takes_down = ![Cause::NoLiveUpstream, Cause::CircuitBreaker, Cause::Draining].contains(&incident.likely.cause);
    let shadow = incident.causes.iter().find(|item| item.cause == Cause::NoLiveUpstream).filter(|_| takes_down);
    match shadow {
        Some(shadow) if (1..incident.failures).contains(&shadow.failures) => {
            format!(" That took the group down: {} found no live upstream.", show::counted(shadow.failures, "request"))
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
        (Cause::Unknown, _) if incident.keys.iter().all(|key| key.upstream.is_empty()) => {
            " These logs name no upstream and no reason: the error log, or the fields under `next`, would.".to_owned()
        }
        (Cause::Unknown, _) => " These logs do not say why: the fields under `next` would.".to_owned(),
        (_, Some(Strength::Weak | Strength::Silent | Strength::Echo)) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rounded() {
        assert_eq!(
            [0, 49_999, 950_000, 999_000, 60_003_000].map(seconds),
            ["0.0 s", "0.0 s", "1.0 s", "1.0 s", "60.0 s"]
        );
        assert_eq!(range_text(960_000, 3_249_999), " (after 1.0 s to 3.2 s)");
        assert_eq!(range_text(999_000, 1_001_000), " (after 1.0 s)");
    }
}
