//! `gatewhy [PATH]...`: the report.

use crate::aggregate::InputTally;
use crate::cause::Proxy;
use crate::cli::{Status, condition::Finding, notes::Note, options, run::Run, target::Sink, time};
use crate::error::Error;
use crate::format::Format;
use crate::input::Input;
use crate::output::{self, Format as Written, Table, rows::Failures};
use crate::pipeline::{self, Outcome, Request};
use crate::report::{Report, Tables};
use crate::show::counted;

/// What to tell where the table of failed requests stays empty for want of requests.
const NO_REQUESTS: &str = "--table failures: failed requests stand in access logs, and there is none here; \
    `--table windows` shows what an error log tells";

/// What to tell where nothing that was read is a gateway's.
const NO_GATEWAY: &str = "these are logs of hosts and applications: they explain a gateway's failures and count none; \
    give the gateway's own log too";

/// Reads the inputs, writes the report, tells what could not be read.
///
/// # Errors
/// When the report could not be made or written.
pub fn run(options: &options::Report) -> anyhow::Result<Status> {
    let mut run = Run::start(&options.reading)?;
    if run.inputs().is_empty() {
        return Ok(Status::Trouble);
    }
    let report = if options.table == Table::Failures { stream(&mut run, options) } else { write(&mut run, options) }?;
    let Some(report) = report else { return Ok(run.finish(None)) };
    if options.table == Table::Failures && is_told_by_error_logs_alone(&report) {
        run.add(Note::light(NO_REQUESTS.to_owned()));
    }
    if is_of_hosts_alone(&report) {
        run.add(Note::light(NO_GATEWAY.to_owned()));
    }
    judge(&mut run, options, &report);
    let status = run.finish(Some(&findings(&report)));
    // The process ends now, which frees everything at once.
    std::mem::forget(report);
    Ok(status)
}

/// Writes the report once it is complete; nothing where nothing could be read.
fn write(run: &mut Run<'_>, options: &options::Report) -> Result<Option<Report>, Error> {
    let outcome = run.count()?;
    if run.read_nothing() {
        return Ok(None);
    }
    let report = build(run, options, outcome);
    let target = &options.reading.target;
    let mut sink = target.open()?;
    let written = output::write(&report, options.format, options.table, options.style, &mut sink);
    written.and_then(|()| sink.commit()).map_err(|source| target.error(source))?;
    Ok(Some(report))
}

/// Writes failures as they are read.
fn stream(run: &mut Run<'_>, options: &options::Report) -> Result<Option<Report>, Error> {
    let target = &options.reading.target;
    let mut sink = target.open()?;
    let outcome = stream_rows(run, options, &mut sink)?;
    if run.read_nothing() {
        return Ok(None);
    }
    sink.commit().map_err(|source| target.error(source))?;
    Ok(Some(build(run, options, outcome)))
}

fn stream_rows(run: &mut Run<'_>, options: &options::Report, sink: &mut Sink) -> Result<Outcome, Error> {
    let names = run.inputs().iter().map(Input::name).collect();
    let scan = run.scan();
    let row = Failures::new(options.format, names, scan, options.reading.now);
    run.stream(&row.header(), &row, sink)
}

/// The report of what was counted.
fn build(run: &Run<'_>, options: &options::Report, outcome: Outcome) -> Report {
    let scan = run.scan();
    let names: Vec<String> = run.inputs().iter().map(Input::name).collect();
    let request = Request {
        names: &names,
        tables: tables(options),
        all_windows: options.all_windows,
        now: options.reading.now,
        zone_name: &time::zone_name(&scan.zone),
    };
    pipeline::report(outcome, scan, &request)
}

/// The tables that will be written.
fn tables(options: &options::Report) -> Tables {
    match options.format {
        Written::Json => Tables::ALL,
        Written::Text => Tables { windows: false, ..Tables::ALL },
        Written::Csv | Written::Ndjson => Tables {
            windows: options.table == Table::Windows,
            upstreams: options.table == Table::Upstreams,
            causes: options.table == Table::Causes,
        },
    }
}

/// Whether something failed, and no access log says in which requests.
fn is_told_by_error_logs_alone(report: &Report) -> bool {
    let totals = &report.totals;
    totals.requests.is_none() && totals.failures + totals.failed_attempts > 0
}

/// Whether lines of hosts were read, and none of a gateway.
fn is_of_hosts_alone(report: &Report) -> bool {
    let formats = report.inputs.iter().flat_map(|input| &input.formats).map(|count| count.format);
    let mut known = formats.filter(|name| InputTally::is_format(name)).map(Format::from_name).peekable();
    known.peek().is_some() && known.all(|format| format.is_some_and(|format| format.about().proxy == Proxy::HOST))
}

/// Holds the report against `--fail-on`.
fn judge(run: &mut Run<'_>, options: &options::Report, report: &Report) {
    for condition in &options.conditions {
        match condition.judge(report) {
            Finding::Holds(value) => {
                run.worsen(Status::ConditionHolds);
                run.add(Note::light(format!("--fail-on {condition} holds: {value}")));
            }
            Finding::Fails => {}
            Finding::Unknown => run.add(Note::grave(format!(
                "--fail-on {condition}: cannot tell: requests are counted in access logs, and these are not all there"
            ))),
        }
    }
}

/// `312 failures in 2 incidents`
fn findings(report: &Report) -> String {
    let (failures, incidents) = (report.totals.failures, report.incidents.len() as u64);
    match (failures, incidents) {
        (0, 0) => "no failures".to_owned(),
        (_, 0) => counted(failures, "failure"),
        _ => format!("{} in {}", counted(failures, "failure"), counted(incidents, "incident")),
    }
}
