//! The report for people: the answer on the first screen, then what supports it.
//!
//! Colours only repeat what words say, and every text goes through [`visible`](super::escape::visible): most of it
//! was written by whoever sent the requests.

mod headline;
mod incident;
mod page;
mod tables;
#[cfg(test)]
mod tests;
mod words;

use super::Style;
use crate::report::Report;
use page::{Look, Page};
use std::io::{self, Write};
use words::plural;

/// How many incidents are told in full.
const IN_FULL: usize = 5;

pub(super) fn write(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(style);
    headline::headline(report, &mut page);
    incidents(report, &mut page);
    tables::upstreams(report, &mut page);
    tables::causes(report, &mut page);
    remarks(report, &mut page);
    explain(report, &mut page);
    out.write_all(page.into_text().as_bytes())
}

fn incidents(report: &Report, page: &mut Page) {
    for incident in report.incidents.iter().take(IN_FULL) {
        page.gap();
        incident::full(report, incident, page);
    }
    let rest = report.incidents.get(IN_FULL..).unwrap_or_default();
    if !rest.is_empty() {
        page.gap();
    }
    for incident in rest {
        incident::brief(report, incident, page);
    }
}

/// What a reader must know besides: notes, inputs that failed, lines that were not read.
fn remarks(report: &Report, page: &mut Page) {
    let failed = report.inputs.iter().filter_map(|input| {
        let error = input.error.as_ref()?;
        Some(format!("{} was not read to its end: {error}", input.input))
    });
    let notes: Vec<String> = report.notes.iter().cloned().chain(failed).chain(unparsed(report)).collect();
    if notes.is_empty() {
        return;
    }
    page.gap();
    for note in &notes {
        page.wrapped("note: ", "      ", note);
    }
    if let Some(sample) = report.unparsed.samples.first() {
        // Right under the note on such lines, which is the last one.
        page.sample("      ", &format!("{}:{}", sample.input, sample.line), &sample.text);
    }
}

fn unparsed(report: &Report) -> Option<String> {
    let lines = report.unparsed.lines;
    let (are, they_are) = if lines == 1 { ("is", "it is") } else { ("are", "they are") };
    let hint = "gatewhy formats, -l";
    let lines = (lines > 0).then(|| plural(lines, "line"))?;
    Some(format!("{lines} {are} in no format that gatewhy knows; {they_are} not counted ({hint})."))
}

/// Where to read on.
fn explain(report: &Report, page: &mut Page) {
    if let Some(incident) = report.incidents.first() {
        page.gap();
        let hint = format!("gatewhy explain {}  # what it means, what it is easily taken for", incident.likely_cause);
        let hint = page.paint(Look::Dim, &hint);
        page.line(&hint);
    }
}
