//! Findings become the report: names, times and rates as they will be read.

use super::{
    CauseRow, FormatCount, InputRow, ProxyRow, Report, SCHEMA, Totals, Unparsed, UnparsedSample, UpstreamRow,
    WindowRow,
    context::{Context, cite, error_rate, first_sample, name, top_path},
    end, incident,
};
use crate::aggregate::{Evidence, Histogram, PathNames, STATUS_COLUMNS, Sample};
use crate::cause::Cause;
use crate::diagnose::{
    self, Findings, Row,
    score::{Likely, weigh},
};
use crate::grammar::time::Stamp;
use crate::show;
use std::collections::{BTreeMap, BTreeSet};

/// Makes the report.
#[must_use]
pub fn build(findings: &Findings, context: &Context<'_>) -> Report {
    let Findings { window, rows, incidents, paths, .. } = findings;
    let last_lines = end::last_lines(findings);
    let shown = |row: &&Row| row.is_troubled() || context.all_windows && row.requests.is_some();
    let mut windows: Vec<(usize, &Row)> = rows.iter().enumerate().filter(|(_, row)| shown(row)).collect();
    windows.sort_by(|(_, a), (_, b)| (a.window, &a.key).cmp(&(b.window, &b.key)));
    Report {
        schema: SCHEMA,
        inputs: context.names.iter().enumerate().map(|(number, name)| input_row(number, name, context)).collect(),
        window_seconds: *window,
        totals: totals(rows.iter()),
        proxies: rows.chunk_by(|a, b| a.key.proxy == b.key.proxy).map(proxy_row).collect(),
        incidents: (1..)
            .zip(incidents)
            .map(|(number, incident)| incident::row(number, incident, &last_lines, findings, context))
            .collect(),
        upstreams: runs(rows).filter_map(|(start, run)| upstream_row(start, run, findings)).collect(),
        causes: cause_rows(rows, context),
        windows: windows
            .into_iter()
            .map(|(at, row)| window_row(row, findings.inferred.get(&at).copied(), *window, paths, context))
            .collect(),
        unparsed: unparsed(context),
        notes: notes(findings, context),
    }
}

fn input_row(number: usize, name: &str, context: &Context<'_>) -> InputRow {
    let tally = context.inputs.get(number).cloned().unwrap_or_default();
    let mut formats: Vec<FormatCount> =
        tally.formats.iter().map(|&(format, lines)| FormatCount { format, lines }).collect();
    formats.sort_by(|a, b| b.lines.cmp(&a.lines).then(a.format.cmp(b.format)));
    InputRow {
        input: name.to_owned(),
        lines: tally.lines,
        unparsed: tally.unparsed,
        formats,
        error: context.errors.get(&number).cloned(),
    }
}

/// Sums over rows. Requests and attempts are `None` where no row knows them.
fn totals<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> Totals {
    let sum = |part: fn(&Row) -> u64| rows.clone().map(part).sum::<u64>();
    let known = |part: fn(&Row) -> Option<u64>| rows.clone().filter_map(part).reduce(|a, b| a + b);
    let statuses = sum_statuses(rows.clone());
    let (requests, failures) = (known(|row| row.requests), sum(|row| row.failures));
    // Failures of an error log alone are among no requests: then there is no rate.
    let counted = rows.clone().all(|row| !row.uncounted) && requests.is_none_or(|requests| failures <= requests);
    Totals {
        requests,
        failures,
        error_rate: requests.filter(|_| counted).and_then(|requests| show::rate(failures, requests)),
        status_502: statuses[0],
        status_503: statuses[1],
        status_504: statuses[2],
        status_52x: statuses[3],
        attempts: known(|row| row.attempts),
        failed_attempts: sum(|row| row.failed_attempts),
        masked_failures: sum(|row| row.masked_failures),
        crawler_failures: sum(|row| row.crawler_failures),
    }
}

fn sum_statuses<'a>(rows: impl Iterator<Item = &'a Row>) -> [u64; STATUS_COLUMNS] {
    rows.fold([0; STATUS_COLUMNS], |sums, row| std::array::from_fn(|column| sums[column] + row.statuses[column]))
}

fn proxy_row(rows: &[Row]) -> ProxyRow {
    ProxyRow { proxy: rows[0].key.proxy.clone(), totals: totals(rows.iter()) }
}

/// The likely cause as columns.
struct Verdict {
    cause: Option<&'static str>,
    family: Option<&'static str>,
    confidence: Option<&'static str>,
    share: Option<f64>,
}

/// The likely cause that evidence speaks for, unless `inferred` knows better.
fn verdict<'a>(evidence: impl IntoIterator<Item = &'a Evidence>, inferred: Option<Likely>) -> Verdict {
    let likely = inferred.or_else(|| Likely::among(&weigh(evidence), None, |_| 0.0));
    Verdict {
        cause: likely.as_ref().map(|likely| likely.cause.slug()),
        family: likely.as_ref().map(|likely| likely.cause.family().name()),
        confidence: likely.as_ref().map(Likely::confidence),
        share: likely.as_ref().and_then(|likely| show::rate(likely.share.0, likely.share.1)),
    }
}

/// The rows of each upstream, and where they start.
fn runs(rows: &[Row]) -> impl Iterator<Item = (usize, &[Row])> {
    rows.chunk_by(|a, b| a.key == b.key).scan(0, |start, run| {
        let at = *start;
        *start += run.len();
        Some((at, run))
    })
}

fn window_row(row: &Row, inferred: Option<Likely>, window: i64, names: &PathNames, context: &Context<'_>) -> WindowRow {
    let verdict = verdict(&row.evidence, inferred);
    let shown = Likely::among(&weigh(&row.evidence), None, |_| 0.0).map(|likely| likely.cause);
    let [p50_ms, p95_ms, p99_ms] = row.latency.percentiles([50, 95, 99]);
    WindowRow {
        window_start: show::time(Stamp::from_seconds(row.window)),
        window_end: show::time(Stamp::from_seconds(row.window + window)),
        proxy: row.key.proxy.clone(),
        group: row.key.group.clone(),
        upstream: row.key.upstream.clone(),
        requests: row.requests,
        failures: row.failures,
        error_rate: row.requests.and_then(|requests| error_rate(row.failures, requests)),
        status_502: row.statuses[0],
        status_503: row.statuses[1],
        status_504: row.statuses[2],
        status_52x: row.statuses[3],
        attempts: row.attempts,
        failed_attempts: row.failed_attempts,
        masked_failures: row.masked_failures,
        likely_cause: verdict.cause,
        family: verdict.family,
        confidence: verdict.confidence,
        cause_share: verdict.share,
        p50_ms,
        p95_ms,
        p99_ms,
        crawler_failures: row.crawler_failures,
        top_path: top_path(&row.paths, names),
        sample: shown.and_then(|cause| first_sample(&row.evidence, cause)).map(|sample| cite(sample, context)),
    }
}

/// One upstream over all windows. `None` for a server of which only its health is known.
fn upstream_row(start: usize, rows: &[Row], findings: &Findings) -> Option<UpstreamRow> {
    let sums = totals(rows.iter());
    if sums.requests.is_none() && sums.failures + sums.failed_attempts == 0 {
        return None;
    }
    let verdict = verdict(rows.iter().flat_map(|row| &row.evidence), inferred(start, rows, findings));
    let [p50_ms, p95_ms, p99_ms] = Histogram::sum(rows.iter().map(|row| &row.latency)).percentiles([50, 95, 99]);
    let key = &rows[0].key;
    let seen = |end: fn(&(Stamp, Stamp)) -> Stamp| {
        findings.seen.get(key).map(|span| show::time(end(span))).unwrap_or_default()
    };
    Some(UpstreamRow {
        proxy: key.proxy.clone(),
        group: key.group.clone(),
        upstream: key.upstream.clone(),
        first_seen: seen(|span| span.0),
        last_seen: seen(|span| span.1),
        requests: sums.requests,
        failures: sums.failures,
        error_rate: sums.error_rate,
        status_502: sums.status_502,
        status_503: sums.status_503,
        status_504: sums.status_504,
        status_52x: sums.status_52x,
        attempts: sums.attempts,
        failed_attempts: sums.failed_attempts,
        masked_failures: sums.masked_failures,
        likely_cause: verdict.cause,
        family: verdict.family,
        confidence: verdict.confidence,
        cause_share: verdict.share,
        p50_ms,
        p95_ms,
        p99_ms,
        crawler_failures: sums.crawler_failures,
    })
}

/// What incidents know of an upstream's failures, where that goes for most of them.
fn inferred(start: usize, rows: &[Row], findings: &Findings) -> Option<Likely> {
    let trouble = |row: &Row| row.failures + row.failed_attempts;
    let mut by_cause: BTreeMap<Cause, (u64, Likely)> = BTreeMap::new();
    for (&at, &likely) in findings.inferred.range(start..start + rows.len()) {
        by_cause.entry(likely.cause).or_insert((0, likely)).0 += trouble(&rows[at - start]);
    }
    let (known, likely) = by_cause.into_values().max_by_key(|(known, _)| *known)?;
    (known * 2 > rows.iter().map(trouble).sum()).then_some(likely)
}

fn cause_rows(rows: &[Row], context: &Context<'_>) -> Vec<CauseRow> {
    let mut by_cause: BTreeMap<Cause, (Vec<&Evidence>, BTreeSet<&diagnose::Key>)> = BTreeMap::new();
    for row in rows {
        for item in row.evidence.iter().filter(|item| item.failures + item.attempts > 0) {
            let (evidence, upstreams) = by_cause.entry(item.sign.cause).or_default();
            evidence.push(item);
            upstreams.insert(&row.key);
        }
    }
    let all: u64 = rows.iter().map(|row| row.failures).sum();
    let mut causes: Vec<(u64, CauseRow)> = by_cause
        .into_iter()
        .map(|(cause, (evidence, upstreams))| {
            let failures = evidence.iter().map(|item| item.failures).sum();
            let failed_attempts = evidence.iter().map(|item| item.attempts).sum();
            let first = evidence.iter().map(|item| item.first).min().unwrap_or_default();
            let last = evidence.iter().map(|item| item.last).max().unwrap_or_default();
            let sample = evidence.iter().map(|item| &item.sample).min();
            let row = CauseRow {
                cause: cause.slug(),
                family: cause.family().name(),
                failures,
                share: show::rate(failures, all),
                failed_attempts,
                upstreams: upstreams.len() as u64,
                first_seen: show::time(first),
                last_seen: show::time(last),
                sample: sample.map(|sample| cite(sample, context)),
            };
            (failures + failed_attempts, row)
        })
        .collect();
    causes.sort_by(|a, b| (b.1.failures, b.0).cmp(&(a.1.failures, a.0)).then(a.1.cause.cmp(b.1.cause)));
    causes.into_iter().map(|(_, row)| row).collect()
}

fn unparsed(context: &Context<'_>) -> Unparsed {
    let sample = |sample: &Sample| UnparsedSample {
        input: name(sample.input, context).to_owned(),
        line: sample.line,
        text: show::text(&sample.text),
    };
    Unparsed {
        lines: context.inputs.iter().map(|input| input.unparsed).sum(),
        samples: context.unparsed.iter().map(sample).collect(),
    }
}

fn notes(findings: &Findings, context: &Context<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(zone) = &context.assumed_zone {
        notes.push(format!("Some stamps carry no zone: {zone} was assumed; `--tz` sets another."));
    }
    for proxy in &findings.error_log_only {
        notes.push(format!(
            "{proxy}: only an error log was read. Each failed attempt counts as a failure, and rates are unknown."
        ));
    }
    for proxy in &findings.paired {
        notes.push(format!("{proxy}: the access log counts the failures, the error log says what they were made of."));
    }
    let proxies: BTreeSet<&str> = findings.rows.iter().map(|row| row.key.proxy.as_str()).collect();
    if proxies.len() > 1 {
        let tiers: Vec<&str> = proxies.into_iter().collect();
        notes.push(format!(
            "Totals add up {} proxies ({}). A request that passed several of them is counted at each: see `proxies`.",
            tiers.len(),
            tiers.join(", ")
        ));
    }
    let untimed: u64 = context.inputs.iter().map(|input| input.untimed).sum();
    if untimed > 0 {
        notes.push(format!("{untimed} lines carry no time and could not be put into a window: they are not counted."));
    }
    notes
}
