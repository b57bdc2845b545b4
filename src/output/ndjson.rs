//! One table of the report, a JSON object a line. Keys are CSV's; an incident is there in full, with its lists.

use super::{Table, json};
use crate::report::Report;
use serde::Serialize;
use std::io::{self, Write};

pub(super) fn write(report: &Report, table: Table, out: &mut dyn Write) -> io::Result<()> {
    match table {
        Table::Windows => write_rows(&report.windows, out),
        Table::Incidents => write_rows(&report.incidents, out),
        Table::Upstreams => write_rows(&report.upstreams, out),
        Table::Causes => write_rows(&report.causes, out),
        Table::Failures => Ok(()),
    }
}

fn write_rows(rows: &[impl Serialize], out: &mut dyn Write) -> io::Result<()> {
    rows.iter().try_for_each(|row| json::write_line(row, out))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::super::{csv::Row, sample};
    use super::*;

    #[test]
    fn one_object_a_line() {
        let report = sample::report();
        let whole = serde_json::to_value(&report).unwrap();
        for (table, name) in [
            (Table::Windows, "windows"),
            (Table::Incidents, "incidents"),
            (Table::Upstreams, "upstreams"),
            (Table::Causes, "causes"),
        ] {
            let mut out = Vec::new();
            write(&report, table, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(serde_json::Value::from(lines), whole[name]);
        }
    }

    fn check_order<R: Row + Serialize>(row: &R) {
        let text = serde_json::to_string(row).unwrap();
        let mut at = 0;
        for column in R::COLUMNS {
            let key = format!("\"{column}\":");
            at +=
                text[at..].find(&key).unwrap_or_else(|| panic!("{column} is not next in {}", &text[at..])) + key.len();
        }
    }

    #[test]
    fn keys_come_in_the_order_of_the_columns() {
        let report = sample::report();
        check_order(&report.windows[0]);
        check_order(&report.incidents[0]);
        check_order(&report.upstreams[0]);
        check_order(&report.causes[0]);
    }
}
