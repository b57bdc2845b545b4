//! The report as bytes: one file for each way to write it.
//!
//! Outputs are leaves: they read the [`Report`] and know nothing of how it came about. Text that came from a log is
//! data from strangers; each output makes it safe for its reader: control bytes are escaped on a terminal, formulas are
//! defused in CSV.

mod csv;
mod escape;
mod json;
mod ndjson;
pub mod rows;
#[cfg(test)]
mod sample;
mod text;

use crate::report::Report;
use std::io::{self, Write};

/// How to write a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, on a terminal.
    Text,
    /// One table, for spreadsheets.
    Csv,
    /// Everything in one document, for machines.
    Json,
    /// One table, a JSON object a line.
    Ndjson,
}

/// Which table CSV and NDJSON hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// One row for each upstream and window.
    Windows,
    /// One row for each incident.
    Incidents,
    /// One row for each upstream.
    Upstreams,
    /// One row for each cause.
    Causes,
    /// One row for each failed request, written as they are read.
    Failures,
}

/// What only the text output asks for.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether colours may be used.
    pub color: bool,
    /// How many columns the terminal has.
    pub width: usize,
}

/// Writes `report`.
///
/// [`Table::Failures`] is not part of a report: [`rows::Failures`] has written it by the time there is one, so
/// for CSV and NDJSON nothing is added here.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(report: &Report, format: Format, table: Table, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Text => text::write(report, style, out),
        Format::Csv => csv::write(report, table, out),
        Format::Json => json::write(report, out),
        Format::Ndjson => ndjson::write(report, table, out),
    }
}
