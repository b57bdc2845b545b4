//! What hosts and application servers wrote around an incident: it counts nothing, but it can say why the gateway saw
//! what it saw.

use super::incident::Incident;
use super::pattern::{BROKEN_OFF, bits};
use super::reconcile::Row;
use super::score::{self, Root};
use crate::aggregate::{Evidence, Source};
use crate::cause::{Cause, Strength};
use crate::envelope::is_application_server;
use std::collections::BTreeMap;

/// How long before a failure and after it a host's line may still belong to it, in milliseconds: a supervisor kills a
/// worker long after the proxy gave up on it (gunicorn after 30 s, `--timeout`), and an outage ends with a start.
const REACH: (i64, i64) = (60_000, 90_000);

/// How long after the last failure a start may be what ended it, in seconds.
pub(crate) const ENDED: i64 = 30;

/// How far a line that a host wrote and the failures that it explains may lie apart, in milliseconds: many stamps have
/// whole seconds.
const APART: i64 = 3_000;

/// What a host says, of whomever, is no proof that it was the upstream that it said it of.
const UNTIED: f64 = 0.75;

/// Adds to each incident what `hosts`, rows of host logs, wrote around it.
pub(super) fn attach(incidents: &mut [Incident], rows: &[Row], hosts: &[Row], window: i64) {
    let lines = lines(hosts, window);
    if lines.is_empty() {
        return;
    }
    for incident in incidents {
        let failed = Moments::of_failures(incident.rows.iter().map(|&at| &rows[at]), window);
        let near: Vec<&Line<'_>> = failed.around(&lines).collect();
        incident.context = context(&near, incident);
        if let Some(root) = root(incident, &near, &failed) {
            let told = incident.context.iter().filter(|item| item.sign.cause == root.cause).cloned();
            incident.blame(root, told.collect::<Vec<_>>());
        }
    }
}

/// Lines of one sign that fell into the same 64th of a window.
struct Line<'a> {
    /// The middle of that 64th, in milliseconds since the epoch.
    at: i64,
    item: &'a Evidence,
    /// Whether an application server wrote it, or it is about one.
    is_tied: bool,
}

/// All lines of hosts, by time.
fn lines(hosts: &[Row], window: i64) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for row in hosts {
        for item in row.trouble().evidence.iter().filter(|item| item.source == Source::Host) {
            let is_tied = FROM_SERVERS.iter().any(|prefix| item.sign.kind.starts_with(prefix))
                || is_application_server(row.key.group.as_bytes());
            lines.extend(moments(row.window, item.slots, window).map(|at| Line { at, item, is_tied }));
        }
    }
    lines.sort_by_key(|line| (line.at, line.item.sign.kind));
    lines
}

/// How the kinds of signs begin that application servers write themselves.
const FROM_SERVERS: [&str; 7] = ["gunicorn-", "php-fpm-", "uwsgi-", "puma-", "node-", "pm2-", "jvm-"];

/// How the kinds of signs begin that gateways write of themselves: their own reload is not their upstream's.
const FROM_GATEWAYS: [&str; 3] = ["nginx-", "apache-", "varnish-"];

/// The middles, in milliseconds since the epoch, of the 64ths of a window that are set in `slots`.
fn moments(start: i64, slots: u64, window: i64) -> impl Iterator<Item = i64> {
    let middle = move |bit: i64| start * 1_000 + (2 * bit + 1) * window * 1_000 / 128;
    bits(slots).map(i64::from).map(middle)
}

/// When something failed, in milliseconds since the epoch, in order; each at most `half` away from where it really was.
struct Moments {
    at: Vec<i64>,
    half: i64,
}

impl Moments {
    fn of_failures<'a>(rows: impl Iterator<Item = &'a Row>, window: i64) -> Self {
        let mut at: Vec<i64> = rows.flat_map(|row| moments(row.window, row.trouble().slots, window)).collect();
        at.sort_unstable();
        Self { at, half: window * 1_000 / 128 }
    }

    /// The lines, which are in order, that are in reach of a failure.
    fn around<'a>(&self, lines: &'a [Line<'a>]) -> impl Iterator<Item = &'a Line<'a>> {
        let first = self.at.first().map_or(0, |first| lines.partition_point(|line| line.at < first - REACH.0));
        let last = self.at.last().map_or(0, |last| lines.partition_point(|line| line.at <= last + REACH.1));
        lines[first..last.max(first)].iter().filter(|line| self.has_any(line.at - REACH.1, line.at + REACH.0))
    }

    fn has_any(&self, from: i64, to: i64) -> bool {
        self.at.get(self.at.partition_point(|at| *at < from)).is_some_and(|at| *at <= to)
    }

    /// The part of the failures that fell on one of `told`, which are in order.
    fn explained_by(&self, told: &[i64]) -> f64 {
        let apart = APART + 2 * self.half;
        let near =
            |at: &&i64| told.get(told.partition_point(|told| *told < **at - apart)).is_some_and(|t| *t <= **at + apart);
        self.at.iter().filter(near).count() as f64 / self.at.len().max(1) as f64
    }

    /// Whether one of `told` fell on the first failure.
    fn begins_with(&self, told: &[i64]) -> bool {
        let apart = APART + 2 * self.half;
        self.at.first().is_some_and(|first| told.iter().any(|told| told.abs_diff(*first) <= apart.unsigned_abs()))
    }
}

/// What the lines near an incident tell that can have to do with it: by sign, in order of time.
fn context(near: &[&Line<'_>], incident: &Incident) -> Vec<Evidence> {
    let mut by_kind: BTreeMap<&str, Vec<&Evidence>> = BTreeMap::new();
    for line in near.iter().filter(|line| is_related(line.item.sign.cause, incident)) {
        let items = by_kind.entry(line.item.sign.kind).or_default();
        // The 64ths of one cell come one after the other.
        if !items.iter().any(|item| std::ptr::eq(*item, line.item)) {
            items.push(line.item);
        }
    }
    let merged = by_kind.into_values().filter_map(|items| {
        let (first, more) = items.split_first()?;
        let mut all = (*first).clone();
        more.iter().for_each(|item| all.merge(item));
        Some(all)
    });
    let mut context = telling(merged.collect(), incident.span.1.seconds());
    context.sort_by_key(|item| (item.first, item.sign.kind));
    context
}

/// Without what happens all the time (a worker starts, a worker ends), unless there is nothing else, or it is what
/// ended the incident.
fn telling(mut context: Vec<Evidence>, end: i64) -> Vec<Evidence> {
    let is_strong = |item: &Evidence| item.sign.strength >= Strength::Strong;
    let is_end = |item: &Evidence| (0..=ENDED).contains(&(item.last.seconds() - end));
    if context.iter().any(is_strong) {
        context.retain(|item| is_strong(item) || is_end(item));
    }
    context
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

/// What a connection to a socket that failed at once can mean.
const AT_THE_SOCKET: [Cause; 3] = [Cause::ConnectionRefused, Cause::SocketMissing, Cause::PermissionDenied];

/// What the gateway has to have seen for a rule to hold.
#[derive(Clone, Copy, PartialEq)]
enum Saw {
    /// Connections that broke off, before the response or within it.
    BrokenOff,
    /// Only that requests failed, mostly with 504.
    TimedOut,
    /// Only that requests failed, mostly otherwise.
    Failed,
    /// A duration that looks like a timeout, and another status than 504.
    Waited,
    /// A connection to a socket that failed at once, and no more.
    NotConnected,
}

/// How lines have to lie for a rule to hold.
#[derive(Clone, Copy)]
enum Lies {
    /// Half of the failures or more fell on one.
    OnMost,
    /// The first failure fell on one, or most did.
    AtTheStart,
    /// Somewhere near.
    Near,
}

/// What the gateway saw, what hosts told, how that has to lie, and the cause that follows. The first rule that holds
/// decides.
const RULES: [(Saw, Cause, Lies, Cause); 11] = [
    (Saw::BrokenOff, Cause::WorkerKilled, Lies::OnMost, Cause::WorkerKilled),
    (Saw::BrokenOff, Cause::Draining, Lies::AtTheStart, Cause::Draining),
    (Saw::Waited, Cause::WorkerKilled, Lies::OnMost, Cause::WorkerKilled),
    (Saw::NotConnected, Cause::BacklogFull, Lies::Near, Cause::BacklogFull),
    (Saw::TimedOut, Cause::ResponseTimeout, Lies::Near, Cause::ResponseTimeout),
    (Saw::TimedOut, Cause::BacklogFull, Lies::Near, Cause::ResponseTimeout),
    // A worker that is killed for being slow was slow first.
    (Saw::TimedOut, Cause::WorkerKilled, Lies::Near, Cause::ResponseTimeout),
    (Saw::Failed, Cause::ConnectionRefused, Lies::AtTheStart, Cause::ConnectionRefused),
    (Saw::Failed, Cause::WorkerKilled, Lies::OnMost, Cause::WorkerKilled),
    (Saw::Failed, Cause::BacklogFull, Lies::Near, Cause::BacklogFull),
    (Saw::Failed, Cause::Draining, Lies::AtTheStart, Cause::Draining),
];

fn saw(incident: &Incident) -> Option<Saw> {
    let seen = incident.likely.cause;
    let timed_out = incident.statuses[2] * 2 > incident.failures;
    let is_guess = score::confidence(incident.likely.score) == "low";
    match seen {
        Cause::Unknown if timed_out => Some(Saw::TimedOut),
        Cause::Unknown => Some(Saw::Failed),
        Cause::TruncatedResponse => Some(Saw::BrokenOff),
        seen if BROKEN_OFF.contains(&seen) => Some(Saw::BrokenOff),
        Cause::ResponseTimeout if is_guess && !timed_out => Some(Saw::Waited),
        seen if is_guess && AT_THE_SOCKET.contains(&seen) => Some(Saw::NotConnected),
        _ => None,
    }
}

/// The cause that hosts give for what the gateway saw, where that is more than the gateway could know.
fn root(incident: &Incident, near: &[&Line<'_>], failed: &Moments) -> Option<Root> {
    let saw = saw(incident)?;
    RULES.iter().filter(|rule| rule.0 == saw).find_map(|&(_, told, lies, cause)| {
        let telling: Vec<&&Line<'_>> =
            near.iter().filter(|line| line.item.sign.cause == told && is_proof(line)).collect();
        let times: Vec<i64> = telling.iter().map(|line| line.at).collect();
        let holds = match lies {
            Lies::OnMost => failed.explained_by(&times) >= 0.5,
            Lies::AtTheStart => failed.begins_with(&times) || failed.explained_by(&times) >= 0.5,
            Lies::Near => !times.is_empty(),
        };
        let strongest = |lines: &mut dyn Iterator<Item = &&&Line<'_>>| {
            lines.map(|line| line.item.sign.strength.percent()).max().map(|percent| percent as f64 / 100.0)
        };
        let tied = strongest(&mut telling.iter().filter(|line| line.is_tied));
        // Something is stopped at any time on any host.
        let any = strongest(&mut telling.iter()).filter(|_| saw != Saw::BrokenOff || told != Cause::Draining);
        let any = any.map(|belief| belief.min(UNTIED));
        let belief = tied.into_iter().chain(any).reduce(f64::max).filter(|_| holds)?;
        // Where the gateway's own log does not bear it out, it stays a conclusion.
        let belief = if saw == Saw::BrokenOff { belief } else { belief.min(UNTIED) };
        Some(Root { cause, belief, explains: EXPLAINS })
    })
}

/// Whether a line can decide: it is strong, and not what a gateway says of itself.
fn is_proof(line: &Line<'_>) -> bool {
    let sign = line.item.sign;
    sign.strength >= Strength::Strong && !FROM_GATEWAYS.iter().any(|prefix| sign.kind.starts_with(prefix))
}

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
