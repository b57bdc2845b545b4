//! What stands behind the cause that most lines name, as far as the proxy's own lines tell: a group goes down because
//! its servers did, and health checks see more of a server than a failed request does.

use super::super::score::{CERTAIN, Root, Weighed};
use super::is_root_cause;
use crate::aggregate::Evidence;
use crate::cause::{Cause, Strength};
use std::cmp::Reverse;

/// What all shows as a connection that could not be made (HAProxy's `SC`), and is told apart by the proxy's other
/// lines.
const NOT_CONNECTED: [Cause; 9] = [
    Cause::ConnectionRefused,
    Cause::HostUnreachable,
    Cause::SocketMissing,
    Cause::PermissionDenied,
    Cause::TlsHandshake,
    Cause::TlsCertificate,
    Cause::ProtocolMismatch,
    Cause::ProxyExhausted,
    Cause::BacklogFull,
];

/// A group without a server to try whose servers answered all the while: the limit that somebody set was reached.
/// A restart of the group's configuration can look the same, so it is no more than likely.
pub(super) const LIMITED: Root =
    Root { cause: Cause::CircuitBreaker, belief: 0.65, explains: &[Cause::NoLiveUpstream] };

/// The root of an incident whose `causes` are ordered by weight; `states` are the state lines around it.
pub(super) fn find(causes: &[Weighed], evidence: &[&Evidence], states: &[&Evidence]) -> Option<Root> {
    let first = causes.first()?;
    if first.cause == Cause::NoLiveUpstream {
        let in_logs = before_shadow(causes, evidence);
        let by_checks = || strongest(states, is_root_cause).map(|item| Root::of_group(item.sign.cause));
        let named = |root: &Weighed| closer(root, states).unwrap_or(Root::of_group(root.cause));
        return in_logs.map(named).or_else(by_checks);
    }
    let seen_closer = closer(first, states);
    let took_group_down = causes.iter().any(|other| other.cause == Cause::NoLiveUpstream) && is_root_cause(first.cause);
    seen_closer.or(took_group_down.then(|| Root::of_group(first.cause))).or_else(|| repeated(causes, evidence))
}

/// The heaviest cause, where all that is unexplained only repeats it out of a cache. What the proxy answered by itself
/// is kept in none.
fn repeated(causes: &[Weighed], evidence: &[&Evidence]) -> Option<Root> {
    let told = causes.iter().map(|item| item.cause).find(|cause| *cause != Cause::Unknown)?;
    let mut unexplained = evidence.iter().filter(|item| item.sign.cause == Cause::Unknown).peekable();
    let is_kept = !matches!(told, Cause::Blocked | Cause::ProxyLocal) && unexplained.peek().is_some();
    let all_repeat = unexplained.all(|item| item.sign.strength == Strength::Echo);
    (is_kept && all_repeat).then_some(Root { cause: told, belief: 0.0, explains: &[Cause::Unknown] })
}

/// Why servers were down, as requests show it: the heaviest cause that began no later than their group had none left.
fn before_shadow<'a>(causes: &'a [Weighed], evidence: &[&Evidence]) -> Option<&'a Weighed> {
    let began = |cause: Cause| evidence.iter().filter(|item| item.sign.cause == cause).map(|item| item.first).min();
    let shadow = began(Cause::NoLiveUpstream)?;
    let in_time = |cause: Cause| began(cause).is_some_and(|start| start.seconds() <= shadow.seconds() + 1);
    causes.iter().find(|other| is_root_cause(other.cause) && in_time(other.cause))
}

/// What state lines say of connections that could not be made, where requests only show that they could not.
fn closer(first: &Weighed, states: &[&Evidence]) -> Option<Root> {
    let guessed = first.belief < CERTAIN && NOT_CONNECTED.contains(&first.cause);
    let confirmed = states.iter().any(|item| item.sign.cause == first.cause);
    if !guessed || confirmed {
        return None;
    }
    let told = strongest(states, |cause| NOT_CONNECTED.contains(&cause))?;
    let strength = Some(told.sign.strength).filter(|strength| *strength >= Strength::Strong)?;
    Some(Root { cause: told.sign.cause, belief: strength.percent() as f64 / 100.0, explains: &EXPLAINS })
}

/// What a server that could not be connected to explains.
const EXPLAINS: [Cause; 3] = [Cause::ConnectionRefused, Cause::HostUnreachable, Cause::NoLiveUpstream];

fn strongest<'a>(states: &[&'a Evidence], fits: impl Fn(Cause) -> bool) -> Option<&'a Evidence> {
    let fitting = states.iter().copied().filter(|item| fits(item.sign.cause));
    fitting.min_by_key(|item| (Reverse(item.sign.strength), item.first, item.sign.kind))
}
