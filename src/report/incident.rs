//! One incident as it will be read.

use super::checks::{self, Words};
use super::context::{Context, cite, error_rate, first_sample, name, top_path};
use super::end::{End, LastLines};
use super::{HostLine, Incident, IncidentCause, NextCheck, PathCount, Proof, facts, story};
use crate::aggregate::{Evidence, Paths};
use crate::cause::Cause;
use crate::diagnose::{self, Findings, Row, score::confidence};
use crate::grammar::time::Stamp;
use crate::show;
use std::collections::BTreeSet;

/// How many paths an incident lists.
const PATHS: usize = 5;

pub(super) fn row(
    number: u64,
    incident: &diagnose::Incident,
    last_lines: &LastLines<'_>,
    findings: &Findings,
    context: &Context<'_>,
) -> Incident {
    let diagnose::Incident { likely, evidence, keys, span, .. } = incident;
    let mut paths = Paths::default();
    for &at in &incident.rows {
        paths.absorb(&findings.rows[at].trouble().paths, &findings.paths);
    }
    let named = |part: fn(&diagnose::Key) -> &str| {
        let names: BTreeSet<&str> = keys.iter().map(|key| part(key)).filter(|name| !name.is_empty()).collect();
        names.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    // What another gateway passed on is to be looked at where it began.
    let origin = incident.root.and_then(|root| findings.incidents.get(root)).unwrap_or(incident);
    let next_checks = next_checks(origin, findings);
    let causes = || incident.causes.iter().map(|weighed| weighed.cause);
    let busiest = paths.busiest(&findings.paths).0;
    let end = End::of(incident, last_lines, findings.window);
    let facts = facts::of(incident, &paths, end.ongoing, findings, context);
    let (clients, clients_exact) = incident.clients.count();
    Incident {
        incident: number,
        start: show::time(span.0),
        end: show::time(span.1),
        duration_s: u64::try_from(span.1.seconds() - span.0.seconds()).unwrap_or(0),
        proxy: incident.proxy.clone(),
        scope: incident.scope.name(),
        groups: named(|key| &key.group),
        upstreams: named(|key| &key.upstream),
        requests: incident.requests,
        failures: incident.failures,
        error_rate: incident.requests.and_then(|requests| error_rate(incident.failures, requests)),
        peak_start: show::time(Stamp::from_seconds(incident.peak.0)),
        peak_error_rate: incident.peak.2.and_then(|requests| error_rate(incident.peak.1, requests)),
        status_502: incident.statuses[0],
        status_503: incident.statuses[1],
        status_504: incident.statuses[2],
        status_52x: incident.statuses[3],
        masked_failures: incident.masked_failures,
        likely_cause: likely.cause.slug(),
        family: likely.cause.family().name(),
        confidence: likely.confidence(),
        cause_share: show::rate(likely.share.0, likely.share.1),
        second_cause: likely.second.map(Cause::slug),
        crawler_failures: incident.crawler_failures,
        top_path: top_path(&paths, &findings.paths),
        summary: story::tell(incident, &facts),
        next_check: next_checks.first().map(|check| check.run.clone()),
        sample: first_sample(evidence, likely.cause)
            .or_else(|| causes().find_map(|cause| first_sample(evidence, cause)))
            .map(|sample| cite(sample, context)),
        confidence_score: likely.score,
        failed_attempts: incident.failed_attempts,
        causes: incident_causes(incident, context),
        next_checks,
        paths: busiest
            .into_iter()
            .filter(|(path, _)| !path.is_empty())
            .take(PATHS)
            .map(|(path, failures)| PathCount { path: show::text(path), failures })
            .collect(),
        facts,
        context: host_lines(incident, context),
        root_incident: incident.root.map(|at| at as u64 + 1),
        against: against(incident),
        clients: Some(clients).filter(|clients| *clients > 0),
        clients_exact,
        quiet_s: end.quiet,
        ongoing: end.ongoing,
    }
}

fn incident_causes(incident: &diagnose::Incident, context: &Context<'_>) -> Vec<IncidentCause> {
    let mut causes: Vec<IncidentCause> = incident
        .causes
        .iter()
        .map(|weighed| IncidentCause {
            cause: weighed.cause.slug(),
            family: weighed.cause.family().name(),
            share: show::rate(weighed.failures, incident.failures),
            failures: weighed.failures,
            confidence: confidence(weighed.belief),
            evidence: proofs(&incident.evidence, weighed.cause, context),
            failed_attempts: weighed.attempts,
        })
        .collect();
    // A root cause that only health checks tell of explains no failure of its own.
    if causes.first().is_none_or(|first| first.cause != incident.likely.cause.slug()) {
        let cause = incident.likely.cause;
        causes.insert(
            0,
            IncidentCause {
                cause: cause.slug(),
                family: cause.family().name(),
                share: None,
                failures: 0,
                confidence: incident.likely.confidence(),
                evidence: proofs(&incident.evidence, cause, context),
                failed_attempts: 0,
            },
        );
    }
    causes
}

fn proofs(evidence: &[Evidence], cause: Cause, context: &Context<'_>) -> Vec<Proof> {
    let of_cause = evidence.iter().filter(|item| item.sign.cause == cause);
    of_cause.map(|item| proof(item, context)).collect()
}

fn proof(item: &Evidence, context: &Context<'_>) -> Proof {
    Proof {
        kind: item.sign.kind,
        count: item.lines,
        sample: show::text(&item.sample.text),
        input: name(item.sample.input, context).to_owned(),
        line: item.sample.line,
        says: item.sign.says,
    }
}

/// What hosts and application servers wrote around the incident.
fn host_lines(incident: &diagnose::Incident, context: &Context<'_>) -> Vec<HostLine> {
    let line = |item: &Evidence| HostLine {
        after_s: item.first.seconds() - incident.span.0.seconds(),
        proof: proof(item, context),
        cause: item.sign.cause.slug(),
        strength: item.sign.strength,
    };
    incident.context.iter().map(line).collect()
}

/// What speaks against the runner-up, or else against what the likely cause is mostly mistaken for.
fn against(incident: &diagnose::Incident) -> Option<String> {
    let likely = &incident.likely;
    let told = |second: Cause| {
        let look_alikes = likely.cause.entry().look_alikes.iter();
        look_alikes.clone().find(|(names, _)| names.split(", ").any(|name| name == second.slug()))
    };
    let (names, why) = match likely.second {
        Some(second) => told(second)?,
        None => likely.cause.entry().look_alikes.first().filter(|_| likely.cause != Cause::Unknown)?,
    };
    Some(format!("{names}: {why}"))
}

fn next_checks(incident: &diagnose::Incident, findings: &Findings) -> Vec<NextCheck> {
    let worst = incident.rows.iter().map(|&at| &findings.rows[at]);
    // The words of the upstream with the likely cause on it, or of any.
    let has_cause = |row: &&Row| row.trouble().evidence.iter().any(|item| item.sign.cause == incident.likely.cause);
    let key = worst
        .clone()
        .filter(has_cause)
        .max_by_key(|row| {
            (
                !row.key.upstream.is_empty(),
                row.trouble().failures + row.trouble().failed_attempts,
                std::cmp::Reverse(row.window),
            )
        })
        .or_else(|| worst.clone().next())
        .map(|row| &row.key);
    let Some(key) = key else { return Vec::new() };
    let mut paths = Paths::default();
    for row in worst.filter(|row| row.key == *key) {
        paths.absorb(&row.trouble().paths, &findings.paths);
    }
    let minute = |seconds: i64| show::time(Stamp::from_seconds(seconds));
    let words = Words {
        upstream: key.upstream.clone(),
        group: key.group.clone(),
        // A folded path is no path that a server knows.
        path: top_path(&paths, &findings.paths).filter(|path| !path.contains('{')).unwrap_or_default(),
        since: minute(incident.span.0.seconds() - 60),
        until: minute(incident.span.1.seconds() + 60),
    };
    checks::next(incident.likely.cause, incident.likely.second, key.kind, &words)
}
