//! Small tables: the upstreams side by side, and the causes where there are several.

use super::page::{Look, Page, fit_middle, pad, width};
use super::words::{count, millis, moment, percent};
use crate::output::escape::visible;
use crate::report::{CauseRow, Report, UpstreamRow};
use std::cmp::Reverse;

/// How many upstreams are shown.
const UPSTREAMS: usize = 12;
/// What the first column may be cut to.
const NARROWEST: usize = 14;

/// How the upstreams did, those that failed most first.
pub(super) fn upstreams(report: &Report, page: &mut Page) {
    let mut rows: Vec<&UpstreamRow> = report.upstreams.iter().collect();
    if !rows.iter().any(|row| row.failures > 0 || row.failed_attempts > 0) {
        return;
    }
    rows.sort_by_key(|row| Reverse((row.failures, row.failed_attempts)));
    let several = report.proxies.len() > 1;
    let cells: Vec<_> = rows.iter().take(UPSTREAMS).map(|row| upstream(row, several)).collect();
    page.gap();
    table(["upstream", "requests", "failed", "rate", "masked", "p95", "likely cause"], &cells, &[5, 4], page);
    if rows.len() > UPSTREAMS {
        page.line(&format!("… and {} more (--table upstreams)", count((rows.len() - UPSTREAMS) as u64)));
    }
}

fn upstream(row: &UpstreamRow, with_proxy: bool) -> [String; 7] {
    let proxy = if with_proxy { format!("{} ", row.proxy) } else { String::new() };
    [
        format!("{proxy}{}", name(row)),
        row.requests.map(count).unwrap_or_default(),
        count(row.failures),
        row.error_rate.map(percent).unwrap_or_default(),
        if row.masked_failures > 0 { count(row.masked_failures) } else { String::new() },
        row.p95_ms.map(millis).unwrap_or_default(),
        row.likely_cause.unwrap_or_default().to_owned(),
    ]
}

/// The group and the server; the group alone where no server was tried.
fn name(row: &UpstreamRow) -> String {
    match (row.group.as_str(), row.upstream.as_str()) {
        ("", "") => "(not logged)".to_owned(),
        (group, "") => format!("{group} (no upstream)"),
        ("", upstream) => upstream.to_owned(),
        (group, upstream) if upstream.starts_with(&format!("{group}/")) => upstream.to_owned(),
        (group, upstream) => format!("{group} {upstream}"),
    }
}

/// What the failures were made of, where that is more than one thing.
pub(super) fn causes(report: &Report, page: &mut Page) {
    if report.causes.len() < 2 {
        return;
    }
    let cells: Vec<_> = report.causes.iter().map(cause).collect();
    page.gap();
    table(["cause", "failures", "share", "failed attempts", "first seen (UTC)"], &cells, &[3], page);
}

fn cause(row: &CauseRow) -> [String; 5] {
    [
        row.cause.to_owned(),
        count(row.failures),
        row.share.map(percent).unwrap_or_default(),
        count(row.failed_attempts),
        moment(&row.first_seen),
    ]
}

/// Aligned columns: the first and the last hold words, the others numbers. Columns in which nothing stands are left
/// out. Where the terminal is too narrow, the first one is cut, and those in `spare` go, one after the other.
fn table<const N: usize>(names: [&str; N], rows: &[[String; N]], spare: &[usize], page: &mut Page) {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| visible(cell).into_owned())).collect();
    let mut widths: [usize; N] = std::array::from_fn(|column| {
        let widest = rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
        if widest == 0 { 0 } else { widest.max(names[column].len()) }
    });
    squeeze(&mut widths, spare, page.width());
    let header = page.paint(Look::Title, &line(names, &widths));
    page.line(&header);
    for row in &rows {
        page.line(&line(row.each_ref().map(String::as_str), &widths));
    }
}

/// Makes columns fit into `room`, as far as possible. A column without width is left out.
fn squeeze<const N: usize>(widths: &mut [usize; N], spare: &[usize], room: usize) {
    let excess = |widths: &[usize; N]| {
        let total: usize = widths.iter().filter(|width| **width > 0).map(|width| width + 2).sum();
        total.saturating_sub(room + 2)
    };
    let narrowest = widths[0].min(NARROWEST);
    for column in spare {
        if widths[0] < narrowest + excess(widths) {
            widths[*column] = 0;
        }
    }
    widths[0] = widths[0].saturating_sub(excess(widths)).max(narrowest);
}

fn line<const N: usize>(cells: [&str; N], widths: &[usize; N]) -> String {
    let used = (0..N).filter(|column| widths[*column] > 0);
    let cells = used.map(|column| {
        let is_number = column > 0 && column + 1 < N;
        pad(&fit_middle(cells[column], widths[column]), widths[column], is_number)
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}
