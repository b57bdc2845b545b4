//! One table of the report, for spreadsheets.

use super::{Table, escape::visible};
use crate::report::{CauseRow, Incident, Report, UpstreamRow, WindowRow};
use memchr::memchr_iter;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Between the items of a list in one cell. Where the comma is the decimal sign, spreadsheets start a new cell here.
const LIST_SEPARATOR: char = ';';

pub(super) fn write(report: &Report, table: Table, out: &mut dyn Write) -> io::Result<()> {
    match table {
        Table::Windows => write_rows(&report.windows, out),
        Table::Incidents => write_rows(&report.incidents, out),
        Table::Upstreams => write_rows(&report.upstreams, out),
        Table::Causes => write_rows(&report.causes, out),
        Table::Failures => Ok(()),
    }
}

fn write_rows<R: Row>(rows: &[R], out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(out);
    sheet.header::<R>()?;
    for row in rows {
        sheet.row(row)?;
    }
    sheet.csv.flush()
}

/// Something that is one row of a table.
pub(super) trait Row {
    /// The names of the columns.
    const COLUMNS: &'static [&'static str];

    /// Hands the columns' values to `put`, in the same order.
    fn cells(&self, put: &mut dyn FnMut(&dyn Cell) -> io::Result<()>) -> io::Result<()>;
}

/// Makes a [`Row`] of a struct from one list of its fields, so that header and cells cannot part.
macro_rules! columns {
    ($row:ty: $($column:ident),+ $(,)?) => {
        impl $crate::output::csv::Row for $row {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];

            fn cells(
                &self,
                put: &mut dyn FnMut(&dyn $crate::output::csv::Cell) -> std::io::Result<()>,
            ) -> std::io::Result<()> {
                $(put(&self.$column)?;)+
                Ok(())
            }
        }
    };
}
pub(super) use columns;

columns! { WindowRow:
    window_start, window_end, proxy, group, upstream, requests, failures, error_rate, status_502, status_503,
    status_504, status_52x, attempts, failed_attempts, masked_failures, likely_cause, family, confidence, cause_share,
    p50_ms, p95_ms, p99_ms, crawler_failures, top_path, sample,
}

columns! { Incident:
    incident, start, end, duration_s, proxy, scope, groups, upstreams, requests, failures, error_rate, peak_start,
    peak_error_rate, status_502, status_503, status_504, status_52x, masked_failures, likely_cause, family, confidence,
    cause_share, second_cause, crawler_failures, top_path, summary, next_check, sample,
}

columns! { UpstreamRow:
    proxy, group, upstream, first_seen, last_seen, requests, failures, error_rate, status_502, status_503, status_504,
    status_52x, attempts, failed_attempts, masked_failures, likely_cause, family, confidence, cause_share, p50_ms,
    p95_ms, p99_ms, crawler_failures,
}

columns! { CauseRow: cause, family, failures, share, failed_attempts, upstreams, first_seen, last_seen, sample }

/// Writes rows. Quotes what must be quoted and nothing else.
pub(super) struct Sheet<W: Write> {
    csv: csv::Writer<W>,
    /// The cell being made; kept so that its room is.
    cell: String,
}

impl<W: Write> Sheet<W> {
    pub(super) fn new(out: W) -> Self {
        Self { csv: csv::Writer::from_writer(out), cell: String::new() }
    }

    pub(super) fn header<R: Row>(&mut self) -> io::Result<()> {
        Ok(self.csv.write_record(R::COLUMNS)?)
    }

    pub(super) fn row<R: Row>(&mut self, row: &R) -> io::Result<()> {
        let Self { csv, cell } = self;
        row.cells(&mut |value| {
            cell.clear();
            value.show(cell);
            Ok(csv.write_field(&*cell)?)
        })?;
        Ok(self.csv.write_record(None::<&[u8]>)?)
    }
}

impl Sheet<Vec<u8>> {
    /// What was written, without the header if none was.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        // Writing to a vector cannot fail.
        self.csv.into_inner().unwrap_or_default()
    }
}

/// A value that knows how it looks in a cell.
pub(super) trait Cell {
    /// Adds itself to `out`: nothing where it is not known.
    fn show(&self, out: &mut String);
}

impl Cell for u64 {
    fn show(&self, out: &mut String) {
        if *self > 9 {
            (self / 10).show(out);
        }
        out.push(char::from(b'0' + (self % 10) as u8));
    }
}

impl Cell for u16 {
    fn show(&self, out: &mut String) {
        u64::from(*self).show(out);
    }
}

impl Cell for usize {
    fn show(&self, out: &mut String) {
        (*self as u64).show(out);
    }
}

impl Cell for f64 {
    fn show(&self, out: &mut String) {
        // What has six decimals or fewer, as rates have: so few digits are the shortest that tell it.
        let millionths = (self * 1e6).round();
        if (0.0..1e15).contains(&millionths) && millionths / 1e6 == *self {
            show_millionths(millionths as u64, out);
        } else {
            // Rust writes floats without an exponent. Writing to a string cannot fail.
            let _ = write!(out, "{self}");
        }
    }
}

/// `0.25` for 250,000: without zeros at the end.
fn show_millionths(millionths: u64, out: &mut String) {
    (millionths / 1_000_000).show(out);
    let (mut rest, mut unit) = (millionths % 1_000_000, 100_000);
    if rest > 0 {
        out.push('.');
    }
    while rest > 0 {
        (rest / unit).show(out);
        (rest, unit) = (rest % unit, unit / 10);
    }
}

impl Cell for &str {
    fn show(&self, out: &mut String) {
        let mut done = 0;
        let starts = memchr_iter(LIST_SEPARATOR as u8, self.as_bytes()).map(|end| end + 1);
        for start in std::iter::once(0).chain(starts) {
            // User agents are full of `; +http://…`: after a separator and a space, no spreadsheet sees a formula.
            let part = &self[start..];
            if (start == 0 || !part.starts_with(' ')) && is_formula(part) {
                out.push_str(&visible(&self[done..start]));
                out.push('\'');
                done = start;
            }
        }
        out.push_str(&visible(&self[done..]));
    }
}

impl Cell for String {
    fn show(&self, out: &mut String) {
        self.as_str().show(out);
    }
}

impl Cell for std::borrow::Cow<'_, str> {
    fn show(&self, out: &mut String) {
        self.as_ref().show(out);
    }
}

impl<T: Cell> Cell for Option<T> {
    fn show(&self, out: &mut String) {
        if let Some(value) = self {
            value.show(out);
        }
    }
}

impl Cell for Vec<String> {
    fn show(&self, out: &mut String) {
        for (number, item) in self.iter().enumerate() {
            if number > 0 {
                out.push(LIST_SEPARATOR);
            }
            item.show(out);
        }
    }
}

/// Whether a spreadsheet could run a cell or an item that begins with `text` (OWASP, "CSV Injection"): full-width signs
/// count in East Asian locales, and some programs skip white space first.
fn is_formula(text: &str) -> bool {
    // Most begin with a letter or a digit.
    if text.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) {
        return false;
    }
    text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::sample;
    use super::*;

    const WINDOWS: &str = "window_start,window_end,proxy,group,upstream,requests,failures,error_rate,status_502,status_503,status_504,status_52x,attempts,failed_attempts,masked_failures,likely_cause,family,confidence,cause_share,p50_ms,p95_ms,p99_ms,crawler_failures,top_path,sample\n";
    const INCIDENTS: &str = "incident,start,end,duration_s,proxy,scope,groups,upstreams,requests,failures,error_rate,peak_start,peak_error_rate,status_502,status_503,status_504,status_52x,masked_failures,likely_cause,family,confidence,cause_share,second_cause,crawler_failures,top_path,summary,next_check,sample\n";
    const UPSTREAMS: &str = "proxy,group,upstream,first_seen,last_seen,requests,failures,error_rate,status_502,status_503,status_504,status_52x,attempts,failed_attempts,masked_failures,likely_cause,family,confidence,cause_share,p50_ms,p95_ms,p99_ms,crawler_failures\n";
    const CAUSES: &str = "cause,family,failures,share,failed_attempts,upstreams,first_seen,last_seen,sample\n";

    fn csv(report: &Report, table: Table) -> String {
        let mut out = Vec::new();
        write(report, table, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn records(text: &str) -> Vec<csv::StringRecord> {
        csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
    }

    #[test]
    fn headers_are_the_contract() {
        for (table, header) in [
            (Table::Windows, WINDOWS),
            (Table::Incidents, INCIDENTS),
            (Table::Upstreams, UPSTREAMS),
            (Table::Causes, CAUSES),
            (Table::Failures, ""),
        ] {
            assert_eq!(csv(&sample::empty(), table), header);
            let text = csv(&sample::report(), table);
            assert!(text.starts_with(header), "{text}");
            assert!(header.is_empty() || text.len() > header.len(), "{table:?} has rows");
        }
    }

    #[test]
    fn lists_and_unknown_values() {
        let mut report = sample::report();
        report.incidents[0].groups = vec!["a".into(), "b".into()];
        report.incidents[0].requests = None;
        let row = &records(&csv(&report, Table::Incidents))[0];
        assert_eq!((&row[6], &row[8]), ("a;b", ""));
        assert_eq!(row.len(), 28);
    }

    #[test]
    fn hostile_text_is_defused() {
        for (text, shown) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("  +1", "'  +1"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("\t=1", "'\\t=1"),
            ("\rx", "'\\rx"),
            ("a\nb\u{1b}[2J", "a\\nb\\x1B[2J"),
            ("/a=b", "/a=b"),
            // Other locales' separators: what follows one may be a cell of its own.
            ("/x;=1+1", "/x;'=1+1"),
            ("/x;@SUM(A1);-2;+3", "/x;'@SUM(A1);'-2;'+3"),
            ("(Googlebot/2.1; +http://x)", "(Googlebot/2.1; +http://x)"),
            ("/x;＝1", "/x;'＝1"),
            ("/x\t=1+1", "/x\\t=1+1"),
            ("/x;jsessionid=1F;v=2", "/x;jsessionid=1F;v=2"),
            ("a;;b;", "a;;b;"),
        ] {
            let mut cell = String::new();
            text.show(&mut cell);
            assert_eq!(cell, shown);
        }
        let mut cell = String::new();
        vec!["a".to_owned(), "=1".to_owned(), "b;=2".to_owned()].show(&mut cell);
        assert_eq!(cell, "a;'=1;b;'=2");
        for table in [Table::Windows, Table::Incidents, Table::Upstreams, Table::Causes] {
            let text = csv(&sample::report(), table);
            assert!(!text.contains(|c: char| c != '\n' && super::super::escape::is_hidden(c)), "{text:?}");
            for cell in records(&text).iter().flatten() {
                assert!(!cell.split(LIST_SEPARATOR).any(is_formula), "{cell}");
            }
        }
    }

    #[test]
    fn numbers_are_plain() {
        for (number, shown) in [(0.000_001, "0.000001"), (0.0, "0"), (1.0, "1")] {
            let mut cell = String::new();
            number.show(&mut cell);
            assert_eq!(cell, shown);
        }
    }
}
