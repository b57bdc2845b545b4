//! Findings become the report: names, times and rates as they will be read.

use super::{
    CauseRow, FormatCount, InputRow, ProxyRow, Report, SCHEMA, Unparsed, UnparsedSample, UpstreamRow, WindowRow,
    context::{Context, cite, error_rate, first_sample, name, top_path},
    end, incident,
    sums::Sums,
};
use crate::aggregate::{Evidence, Histogram, Sample, Trouble};
use crate::cause::Cause;
use crate::diagnose::{
    self, Findings, Row, Upstream,
    score::{Likely, weigh},
};
use crate::grammar::time::Stamp;
use crate::show;
use std::collections::BTreeMap;

/// Makes the report.
#[must_use]
pub fn build(findings: &Findings, context: &Context<'_>) -> Report {
    let (Findings { window, incidents, .. }, tables) = (findings, context.tables);
    let last_lines = end::last_lines(findings);
    let upstreams = findings.upstreams.iter().filter(|upstream| !upstream.rows.is_empty());
    let upstreams: Vec<Summed<'_>> = upstreams.map(|upstream| (upstream, Sums::of(upstream, findings))).collect();
    let proxies: Vec<ProxyRow> = upstreams.chunk_by(|a, b| a.0.key.proxy == b.0.key.proxy).map(proxy_row).collect();
    Report {
        schema: SCHEMA,
        inputs: context.names.iter().enumerate().map(|(number, name)| input_row(number, name, context)).collect(),
        window_seconds: *window,
        totals: sum(&upstreams).totals(),
        incidents: (1..)
            .zip(incidents)
            .map(|(number, incident)| incident::row(number, incident, &last_lines, findings, context))
            .collect(),
        upstreams: made(tables.upstreams, || upstream_rows(&upstreams, findings)),
        causes: made(tables.causes, || cause_rows(findings, context)),
        windows: made(tables.windows, || window_rows(findings, context)),
        unparsed: unparsed(context),
        notes: notes(findings, &proxies, context),
        proxies,
    }
}

/// A table, if it is asked for.
fn made<T>(asked_for: bool, table: impl FnOnce() -> Vec<T>) -> Vec<T> {
    if asked_for { table() } else { Vec::new() }
}

/// An upstream with what its rows add up to.
type Summed<'a> = (&'a Upstream, Sums);

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

fn sum(upstreams: &[Summed<'_>]) -> Sums {
    upstreams.iter().fold(Sums::default(), |sums, (_, more)| sums.with(more))
}

fn proxy_row(upstreams: &[Summed<'_>]) -> ProxyRow {
    ProxyRow { proxy: upstreams[0].0.key.proxy.clone(), totals: sum(upstreams).totals() }
}

/// The likely cause as columns.
struct Verdict {
    cause: Option<&'static str>,
    family: Option<&'static str>,
    confidence: Option<&'static str>,
    share: Option<f64>,
}

fn verdict(likely: Option<Likely>) -> Verdict {
    Verdict {
        cause: likely.as_ref().map(|likely| likely.cause.slug()),
        family: likely.as_ref().map(|likely| likely.cause.family().name()),
        confidence: likely.as_ref().map(Likely::confidence),
        share: likely.as_ref().and_then(|likely| show::rate(likely.share.0, likely.share.1)),
    }
}

/// The rows that are shown, by time.
fn window_rows(findings: &Findings, context: &Context<'_>) -> Vec<WindowRow> {
    let is_shown = |row: &Row| row.is_troubled() || context.all_windows && row.requests().is_some();
    let all = if context.all_windows { (0..findings.rows.len()).collect() } else { findings.troubled.clone() };
    let rows = all.into_iter().map(|place| (place, &findings.rows[place]));
    let mut rows: Vec<(usize, &Row)> = rows.filter(|(_, row)| is_shown(row)).collect();
    // Within a window they stay in the order of their keys.
    rows.sort_by_key(|(_, row)| row.window);
    let mut shown = Vec::with_capacity(rows.len());
    for of_window in rows.chunk_by(|a, b| a.1.window == b.1.window) {
        let start = of_window[0].1.window;
        let ends = [start, start + findings.window].map(|seconds| show::time(Stamp::from_seconds(seconds)));
        shown.extend(of_window.iter().map(|&(place, row)| window_row(place, row, &ends, findings, context)));
    }
    shown
}

/// A row whose window has these `ends`.
fn window_row(place: usize, row: &Row, ends: &[String; 2], findings: &Findings, context: &Context<'_>) -> WindowRow {
    let Trouble { evidence, statuses, .. } = row.trouble();
    let shown = Likely::among(&weigh(evidence), None, |_| 0.0);
    let verdict = verdict(findings.inferred.get(&place).copied().or(shown));
    let [p50_ms, p95_ms, p99_ms] = row.latency().percentiles([50, 95, 99]);
    WindowRow {
        window_start: ends[0].clone(),
        window_end: ends[1].clone(),
        proxy: row.key.proxy.clone(),
        group: row.key.group.clone(),
        upstream: row.key.upstream.clone(),
        requests: row.requests(),
        failures: row.trouble().failures,
        error_rate: row.requests().and_then(|requests| error_rate(row.trouble().failures, requests)),
        status_502: statuses[0],
        status_503: statuses[1],
        status_504: statuses[2],
        status_52x: statuses[3],
        attempts: row.attempts(),
        failed_attempts: row.trouble().failed_attempts,
        masked_failures: row.trouble().masked_failures,
        likely_cause: verdict.cause,
        family: verdict.family,
        confidence: verdict.confidence,
        cause_share: verdict.share,
        p50_ms,
        p95_ms,
        p99_ms,
        crawler_failures: row.trouble().crawler_failures,
        top_path: top_path(&row.trouble().paths, &findings.paths),
        sample: shown.and_then(|shown| first_sample(evidence, shown.cause)).map(|sample| cite(sample, context)),
    }
}

fn upstream_rows(upstreams: &[Summed<'_>], findings: &Findings) -> Vec<UpstreamRow> {
    upstreams.iter().filter_map(|summed| upstream_row(summed, findings)).collect()
}

/// One upstream over all windows. `None` for a server of which only its health is known.
fn upstream_row((upstream, sums): &Summed<'_>, findings: &Findings) -> Option<UpstreamRow> {
    if sums.requests.is_none() && sums.failures + sums.failed_attempts == 0 {
        return None;
    }
    let (rows, sums) = (&findings.rows[upstream.rows.clone()], sums.totals());
    let troubled = findings.troubled_in(&upstream.rows).iter().map(|&at| findings.rows[at].trouble());
    let own = || Likely::among(&weigh(troubled.flat_map(|trouble| &trouble.evidence)), None, |_| 0.0);
    let verdict = verdict(inferred(upstream, findings).or_else(own));
    let [p50_ms, p95_ms, p99_ms] = Histogram::sum(rows.iter().map(Row::latency)).percentiles([50, 95, 99]);
    let key = &upstream.key;
    let seen = |end: fn((Stamp, Stamp)) -> Stamp| upstream.seen.map(|span| show::time(end(span))).unwrap_or_default();
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
fn inferred(upstream: &Upstream, findings: &Findings) -> Option<Likely> {
    let trouble = |row: &Row| row.trouble().failures + row.trouble().failed_attempts;
    let mut by_cause: BTreeMap<Cause, (u64, Likely)> = BTreeMap::new();
    for (&at, &likely) in findings.inferred.range(upstream.rows.clone()) {
        by_cause.entry(likely.cause).or_insert((0, likely)).0 += trouble(&findings.rows[at]);
    }
    let (known, likely) = by_cause.into_values().max_by_key(|(known, _)| *known)?;
    let all = findings.troubled_in(&upstream.rows).iter().map(|&at| trouble(&findings.rows[at])).sum();
    (known * 2 > all).then_some(likely)
}

/// What all evidence for a cause adds up to.
struct Seen<'a> {
    failures: u64,
    failed_attempts: u64,
    first: Stamp,
    last: Stamp,
    sample: &'a Sample,
    /// How many upstreams it was seen on, and the last of them.
    upstreams: (u64, &'a diagnose::Key),
}

impl<'a> Seen<'a> {
    fn new(item: &'a Evidence, key: &'a diagnose::Key) -> Self {
        let (first, last, sample) = (item.first, item.last, &item.sample);
        Self { failures: 0, failed_attempts: 0, first, last, sample, upstreams: (1, key) }
    }

    /// Adds evidence at an upstream that is the last one, or comes after it.
    fn add(&mut self, item: &'a Evidence, key: &'a diagnose::Key) {
        self.failures += item.failures;
        self.failed_attempts += item.attempts;
        self.first = self.first.min(item.first);
        self.last = self.last.max(item.last);
        self.sample = self.sample.min(&item.sample);
        if !std::ptr::eq(self.upstreams.1, key) {
            self.upstreams = (self.upstreams.0 + 1, key);
        }
    }
}

fn cause_rows(findings: &Findings, context: &Context<'_>) -> Vec<CauseRow> {
    let mut by_cause: BTreeMap<Cause, Seen<'_>> = BTreeMap::new();
    let mut all = 0;
    for (row, trouble) in findings.troubled.iter().map(|&at| (&findings.rows[at], findings.rows[at].trouble())) {
        all += trouble.failures;
        for item in trouble.evidence.iter().filter(|item| item.failures + item.attempts > 0) {
            by_cause.entry(item.sign.cause).or_insert_with(|| Seen::new(item, &row.key)).add(item, &row.key);
        }
    }
    let mut causes: Vec<CauseRow> =
        by_cause.into_iter().map(|(cause, seen)| cause_row(cause, &seen, all, context)).collect();
    causes.sort_by(|a, b| {
        let weight = |row: &CauseRow| (row.failures, row.failures + row.failed_attempts);
        weight(b).cmp(&weight(a)).then(a.cause.cmp(b.cause))
    });
    causes
}

fn cause_row(cause: Cause, seen: &Seen<'_>, all: u64, context: &Context<'_>) -> CauseRow {
    CauseRow {
        cause: cause.slug(),
        family: cause.family().name(),
        failures: seen.failures,
        share: show::rate(seen.failures, all),
        failed_attempts: seen.failed_attempts,
        upstreams: seen.upstreams.0,
        first_seen: show::time(seen.first),
        last_seen: show::time(seen.last),
        sample: Some(cite(seen.sample, context)),
    }
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

fn notes(findings: &Findings, proxies: &[ProxyRow], context: &Context<'_>) -> Vec<String> {
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
    if proxies.len() > 1 {
        let tiers: Vec<&str> = proxies.iter().map(|row| row.proxy.as_str()).collect();
        notes.push(format!(
            "Totals add up {} proxies ({}). A request that passed several of them is counted at each: see `proxies`.",
            tiers.len(),
            tiers.join(", ")
        ));
    }
    let untimed: u64 = context.inputs.iter().map(|input| input.untimed).sum();
    match untimed {
        0 => {}
        1 => notes.push("1 line carries no time and could not be put into a window: it is not counted.".to_owned()),
        _ => notes
            .push(format!("{untimed} lines carry no time and could not be put into a window: they are not counted.")),
    }
    notes
}
