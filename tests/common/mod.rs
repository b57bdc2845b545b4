//! What several tests share: a report on some logs, made as the program makes it.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use gatewhy::event::Reader;
use gatewhy::format::Statuses;
use gatewhy::grammar::time::Stamp;
use gatewhy::input::{Blocks, Input};
use gatewhy::pipeline::{self, Filters, Options, Request};
use gatewhy::report::{Report, Tables};
use jiff::tz::TimeZone;
use std::path::Path;

/// When the recordings were made: years of stamps without one are told from it.
const NOW: Stamp = Stamp::from_seconds(1_795_300_000);

/// The report on `logs`, names of files in `directory`; stamps without a zone are of `zone`.
pub(crate) fn report(directory: &Path, logs: &[String], zone: &str) -> Report {
    let inputs =
        logs.iter().map(|name| Input { path: Some(directory.join(name)), size: None, found_in: None }).collect();
    let options = Options {
        window: 60,
        statuses: Statuses::gateway(),
        zone: TimeZone::get(zone).expect("a zone"),
        readers: Reader::known(),
        filters: Filters::default(),
        threads: 2,
        redactor: None,
    };
    let outcome = pipeline::count(Blocks::new(inputs, 1 << 16), &options).expect("threads");
    assert!(outcome.problems.is_empty(), "{:?}", outcome.problems);
    pipeline::report(
        outcome,
        &options,
        &Request { names: logs, tables: Tables::ALL, all_windows: false, now: NOW, zone_name: zone },
    )
}
