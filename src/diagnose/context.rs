//! What hosts and application servers wrote around an incident: it counts nothing, but it can say why the gateway saw what it saw.

use super::incident::Incident;
use super::pattern::{BROKEN_OFF, moments};
use super::reconcile::Row;
use super::score::Root;
use crate::aggregate::{Evidence, Source};
use crate::cause::{Cause, Strength};
use std::collections::BTreeMap;

/// How long before the first failure and after the last one a host's line may still belong to an incident, in seconds: a supervisor kills a
/// worker long after the proxy gave up on it (gunicorn after 30 s, `--timeout`), and an outage ends with a start.
const REACH: (i64, i64) = (60, 90);

/// How long after the last failure a start may be what ended it, in seconds.
pub(crate) const ENDED: i64 = 30;

/// How far a line that a host wrote and the failures that it explains may lie apart, in seconds.
const APART: i64 = 3;

/// Adds to each incident what `hosts`, rows of host logs, wrote around it.
pub(super) fn attach(incidents: &mut [Incident], rows: &[Row], hosts: &[Row], window: i64) {
    if hosts.is_empty() {
        return;
    }
    let mut hosts: Vec<&Row> = hosts.iter().collect();
    hosts.sort_by_key(|row| row.window);
    for incident in incidents {
        let (from, to) = (incident.span.0.seconds() - REACH.0, incident.span.1.seconds() + REACH.1);
        let start = hosts.partition_point(|row| row.window + window <= from);
        let near: Vec<&Row> = hosts[start..].iter().copied().take_while(|row| row.window <= to).collect();
        let related = |item: &&Evidence| {
            let within = item.last.seconds() >= from && item.first.seconds() <= to;
            within && item.source == Source::Host && is_related(item.sign.cause, incident)
        };
        let mut context: BTreeMap<&str, Evidence> = BTreeMap::new();
        for item in near.iter().flat_map(|row| &row.evidence).filter(related) {
            match context.get_mut(item.sign.kind) {
                Some(mine) => mine.merge(item.clone()),
                None => drop(context.insert(item.sign.kind, item.clone())),
            }
        }
        incident.context = telling(context.into_values().collect(), incident.span.1.seconds());
        incident.context.sort_by_key(|item| (item.first, item.sign.kind));
        let places = incident.rows.iter().map(|&at| &rows[at]);
        let failed: Vec<i64> = places.flat_map(|row| moments(row, window)).collect();
        let explained = |cause: Cause| {
            let telling = near.iter().filter(|row| row.evidence.iter().any(|item| item.sign.cause == cause));
            explained(&failed, &telling.flat_map(|row| moments(row, window)).collect::<Vec<_>>(), window)
        };
        if let Some(root) = root(incident, explained) {
            let told = incident.context.iter().filter(|item| item.sign.cause == root.cause).cloned();
            incident.blame(root, told.collect::<Vec<_>>());
        }
    }
}

/// Without what happens all the time (a worker starts, a worker ends), unless there is nothing else, or it is what ended the incident.
fn telling(mut context: Vec<Evidence>, end: i64) -> Vec<Evidence> {
    let is_strong = |item: &Evidence| item.sign.strength >= Strength::Strong;
    let is_end = |item: &Evidence| (0..=ENDED).contains(&(item.last.seconds() - end));
    if context.iter().any(is_strong) {
        context.retain(|item| is_strong(item) || is_end(item));
    }
    context
}

/// The part of the moments in `failed` that lies near one in `told`; both count 64ths of a window.
fn explained(failed: &[i64], told: &[i64], window: i64) -> f64 {
    let apart = APART * 64 / window + 1;
    let near = |at: &&i64| told.iter().any(|told| told.abs_diff(**at) <= apart.unsigned_abs());
    failed.iter().filter(near).count() as f64 / failed.len().max(1) as f64
}

/// Whether what a host says of `cause` can have to do with an incident.
fn is_related(cause: Cause, incident: &Incident) -> bool {
    use Cause::*;
    let seen = incident.likely.cause;
    match cause {
        // Processes that end and start leave their mark on everything.
        WorkerKilled | Draining | ConnectionRefused => true,
        BacklogFull => [&LOADED[..], &BROKEN_OFF, &AT_THE_SOCKET].concat().contains(&seen),
        ResponseTimeout => LOADED.contains(&seen) || seen == UpstreamError,
        ConnectTimeout | HostUnreachable => matches!(seen, ConnectTimeout | HostUnreachable | Unknown),
        other => other == seen || seen == Unknown,
    }
}

/// Causes that an upstream with too much to do shows, and what a log shows that does not tell.
const LOADED: [Cause; 6] = [
    Cause::ResponseTimeout,
    Cause::BodyTimeout,
    Cause::ConnectTimeout,
    Cause::BacklogFull,
    Cause::QueueTimeout,
    Cause::Unknown,
];

/// The cause that hosts give for what the gateway saw, where that is more than the gateway could know. `explained` tells which part of
/// the failures fell on a line of theirs for a cause.
fn root(incident: &Incident, explained: impl Fn(Cause) -> f64) -> Option<Root> {
    let seen = incident.likely.cause;
    let broken = BROKEN_OFF.contains(&seen) || seen == Cause::TruncatedResponse;
    let says = |cause: Cause| {
        let of_cause = incident.context.iter().filter(|item| item.sign.cause == cause);
        let strongest =
            of_cause.map(|item| item.sign.strength).max().filter(|strength| *strength >= Strength::Strong)?;
        Some((cause, strongest.percent() as f64 / 100.0))
    };
    // In half of the failures or more, somebody was seen to end at that moment.
    let sure = |cause: Cause| if explained(cause) >= 0.5 { 1.0 } else { 0.6 };
    if broken {
        let (cause, belief) = says(Cause::WorkerKilled).or_else(|| says(Cause::Draining))?;
        return Some(Root { cause, belief: belief * sure(cause), explains: EXPLAINS });
    }
    let timed_out = incident.statuses[2] * 2 > incident.failures;
    // A timeout that was only guessed from a duration, and somebody was seen to end just then.
    if seen == Cause::ResponseTimeout && incident.likely.score < GUESS && !timed_out {
        let killed = says(Cause::WorkerKilled).filter(|(cause, _)| explained(*cause) >= 0.5)?;
        return Some(Root { cause: killed.0, belief: killed.1.min(0.75), explains: EXPLAINS });
    }
    // Refused, gone or full: at a unix socket a gateway's times alone cannot tell.
    let guessed = incident.likely.score < GUESS && AT_THE_SOCKET.contains(&seen);
    if guessed {
        let (cause, belief) = says(Cause::BacklogFull)?;
        return Some(Root { cause, belief: belief * sure(cause), explains: EXPLAINS });
    }
    if seen != Cause::Unknown {
        return None;
    }
    let order: &[Cause] = if timed_out {
        &[Cause::ResponseTimeout, Cause::BacklogFull, Cause::WorkerKilled]
    } else {
        &[Cause::ConnectionRefused, Cause::WorkerKilled, Cause::BacklogFull, Cause::Draining]
    };
    let (told, belief) = order.iter().find_map(|cause| says(*cause))?;
    // A worker that is killed for being slow was slow first.
    let cause = if timed_out { Cause::ResponseTimeout } else { told };
    // The gateway's own log shows nothing that bears it out.
    Some(Root { cause, belief: belief.min(0.75) * sure(told), explains: EXPLAINS })
}

/// A likely cause with a lower score than this is a guess: what the report calls low confidence.
const GUESS: f64 = 0.6;

/// What a connection to a socket that failed at once can mean.
const AT_THE_SOCKET: [Cause; 3] = [Cause::ConnectionRefused, Cause::SocketMissing, Cause::PermissionDenied];

/// What the end of a process explains.
const EXPLAINS: &[Cause] = &[
    Cause::SocketMissing,
    Cause::ClosedEarly,
    Cause::ConnectionReset,
    Cause::KeepaliveRace,
    Cause::WorkerKilled,
    Cause::ResponseTimeout,
    Cause::TruncatedResponse,
    Cause::ConnectionRefused,
    Cause::NoLiveUpstream,
    Cause::Unknown,
];
