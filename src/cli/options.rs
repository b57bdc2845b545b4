//! Arguments as meant: types, matchers, points in time. Commands see nothing else.

use super::args::{
    ExplainArgs, LookArgs, PageArgs, PageFormat, ParseArgs, ReadingArgs, ReportArgs, ReportFormat, RowFormat,
    TableName, When,
};
use super::{condition::Condition, configured::Configured, duration, status, target::Target, time, words};
use crate::cause::Cause;
use crate::error::Error;
use crate::event::{Reader, Redactor};
use crate::format::{self, Template};
use crate::grammar::time::Stamp;
use crate::output::{Format, Style, Table};
use crate::pipeline::{self, Filters};
use jiff::{Timestamp, Zoned, tz::TimeZone};
use regex::bytes::Regex;
use std::{
    io::{self, IsTerminal as _},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

/// The length of a window where there are none: nothing that `parse` writes depends on it.
const NO_WINDOW: i64 = 60;

/// More threads than this help nobody, and systems refuse to start many more.
const THREADS: usize = 256;

/// Columns of a text that goes to no terminal.
const WIDTH: usize = 100;

/// A report to make.
#[derive(Debug)]
pub struct Report {
    /// What to read, and how.
    pub reading: Reading,
    /// How to write it.
    pub format: Format,
    /// Which table.
    pub table: Table,
    /// How text looks.
    pub style: Style,
    /// Whether healthy windows are in it.
    pub all_windows: bool,
    /// What must not hold.
    pub conditions: Vec<Condition>,
}

/// Rows to make of lines.
#[derive(Debug)]
pub struct Parse {
    /// What to read, and how.
    pub reading: Reading,
    /// [`Format::Csv`] or [`Format::Ndjson`].
    pub format: Format,
}

/// What to read, and how.
#[derive(Debug)]
pub struct Reading {
    /// Files, directories, `-`.
    pub paths: Vec<PathBuf>,
    /// Where the outcome goes.
    pub target: Target,
    /// How to read and count.
    pub scan: pipeline::Options,
    /// Whether the user named the formats to read.
    pub formats_given: bool,
    /// Whether the user named the zone of stamps that carry none.
    pub zone_given: bool,
    /// When this run began: what logs without a year are dated by.
    pub now: Stamp,
    /// What configurations say that is to be told.
    pub notes: Vec<String>,
    /// Whether a line that no format claims is an error.
    pub strict: bool,
    /// Whether progress may be shown.
    pub progress: bool,
    /// Whether errors are all that is told.
    pub quiet: bool,
}

/// A page to print.
#[derive(Debug)]
pub struct Page {
    /// Whether it is to be JSON rather than text.
    pub json: bool,
    /// How text looks.
    pub style: Style,
}

/// A page about one cause or about all.
#[derive(Debug)]
pub struct Explain {
    /// Which one.
    pub cause: Option<Cause>,
    /// How to print it.
    pub page: Page,
}

impl Report {
    /// Makes sense of the arguments.
    ///
    /// # Errors
    /// When they make none.
    pub fn new(args: ReportArgs) -> Result<Self, Error> {
        let ReportArgs { reading, format, table, window, all_windows, fail_on, look } = args;
        let window = option("window", duration::seconds(&window))?;
        let conditions =
            fail_on.iter().map(|text| option("fail-on", Condition::parse(text))).collect::<Result<_, _>>()?;
        let reading = Reading::new(reading, window, For::Counting)?;
        let format = format.map_or_else(|| by_ending(&reading.target).unwrap_or(Format::Text), Format::from);
        let table = table_of(table, format)?;
        Ok(Self { format, table, style: look.style(&reading.target), all_windows, conditions, reading })
    }
}

impl Parse {
    /// Makes sense of the arguments.
    ///
    /// # Errors
    /// When they make none.
    pub fn new(args: ParseArgs) -> Result<Self, Error> {
        let reading = Reading::new(args.reading, NO_WINDOW, For::Showing)?;
        let format = match args.format {
            Some(RowFormat::Csv) => Format::Csv,
            None if by_ending(&reading.target) == Some(Format::Csv) => Format::Csv,
            Some(RowFormat::Ndjson) | None => Format::Ndjson,
        };
        Ok(Self { reading, format })
    }
}

impl Reading {
    fn new(args: ReadingArgs, window: i64, purpose: For) -> Result<Self, Error> {
        let zone = args.tz.as_deref().map_or_else(|| Ok(TimeZone::system()), |text| option("tz", time::zone(text)))?;
        let now = Timestamp::now().to_zoned(zone.clone());
        let redactor = if args.redact { Some(Arc::new(redactor()?)) } else { None };
        let configured = if args.config.is_empty() {
            Configured::default()
        } else {
            Configured::new(&args.config, args.paths.is_empty(), args.log_format.is_empty())?
        };
        let scan = pipeline::Options {
            window,
            statuses: option("status", status::list(&args.status))?,
            zone,
            readers: readers(&args.log_format, configured.readers, purpose)?,
            filters: filters(&args, &now)?,
            threads: threads(args.threads.as_deref())?,
            redactor,
        };
        Ok(Self {
            paths: paths([args.paths, configured.paths].concat(), io::stdin().is_terminal())?,
            target: Target::from(args.output),
            scan,
            formats_given: !args.log_format.is_empty(),
            zone_given: args.tz.is_some(),
            now: Stamp(now.timestamp().as_microsecond()),
            notes: configured.notes,
            strict: args.strict,
            progress: !args.no_progress && !args.quiet,
            quiet: args.quiet,
        })
    }
}

impl Explain {
    /// Makes sense of the arguments.
    ///
    /// # Errors
    /// When no cause has the name that was given.
    pub fn new(args: ExplainArgs) -> Result<Self, Error> {
        Ok(Self { cause: args.cause.as_deref().map(cause).transpose()?, page: Page::new(&args.page) })
    }
}

impl Page {
    /// Makes sense of the arguments.
    #[must_use]
    pub fn new(args: &PageArgs) -> Self {
        Self { json: args.format == PageFormat::Json, style: args.look.style(&Target::Stdout) }
    }
}

impl LookArgs {
    /// How text that goes to `target` looks.
    fn style(&self, target: &Target) -> Style {
        let shown = matches!(target, Target::Stdout);
        let color = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => shown && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
        };
        let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        let width = if shown { columns().or_else(terminal) } else { None };
        Style { color, width: width.unwrap_or(WIDTH) }
    }
}

/// `COLUMNS`, as users of other programs set it.
fn columns() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

impl From<ReportFormat> for Format {
    fn from(format: ReportFormat) -> Self {
        match format {
            ReportFormat::Text => Self::Text,
            ReportFormat::Csv => Self::Csv,
            ReportFormat::Json => Self::Json,
            ReportFormat::Ndjson => Self::Ndjson,
        }
    }
}

impl From<TableName> for Table {
    fn from(table: TableName) -> Self {
        match table {
            TableName::Windows => Self::Windows,
            TableName::Incidents => Self::Incidents,
            TableName::Upstreams => Self::Upstreams,
            TableName::Causes => Self::Causes,
            TableName::Failures => Self::Failures,
        }
    }
}

/// The format that the ending of the target's name stands for.
fn by_ending(target: &Target) -> Option<Format> {
    let Target::File(path) = target else { return None };
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "json" => Some(Format::Json),
        "ndjson" | "jsonl" => Some(Format::Ndjson),
        "txt" => Some(Format::Text),
        _ => None,
    }
}

fn table_of(table: Option<TableName>, format: Format) -> Result<Table, Error> {
    match (table, format) {
        (Some(_), Format::Text | Format::Json) => Err(Error::Usage(
            "--table is for CSV and NDJSON: add -f csv or -f ndjson (text and JSON hold all tables)".to_owned(),
        )),
        (table, _) => Ok(table.map_or(Table::Windows, Table::from)),
    }
}

/// Names the option in an error.
fn option<T>(name: &str, value: Result<T, String>) -> Result<T, Error> {
    value.map_err(|why| Error::Usage(format!("--{name}: {why}")))
}

/// How many threads `-j` asks for; without it, as many as there are cores.
fn threads(given: Option<&str>) -> Result<usize, Error> {
    let Some(text) = given else {
        return Ok(thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS));
    };
    let number = text.parse().ok().filter(|number| (1..=THREADS).contains(number));
    option("threads", number.ok_or_else(|| format!("'{text}' is no number from 1 to {THREADS}")))
}

fn paths(paths: Vec<PathBuf>, terminal: bool) -> Result<Vec<PathBuf>, Error> {
    if !paths.is_empty() {
        return Ok(paths);
    }
    if terminal {
        let hint = "nothing to read: name log files or directories, or pipe a log in, as in `gatewhy /var/log/nginx/` (`gatewhy --help` has more)";
        return Err(Error::Usage(hint.to_owned()));
    }
    Ok(vec![PathBuf::from(Path::new("-"))])
}

fn redactor() -> Result<Redactor, Error> {
    Redactor::new().map_err(|error| Error::Usage(format!("--redact: {error}")))
}

fn filters(args: &ReadingArgs, now: &Zoned) -> Result<Filters, Error> {
    let regex = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| option(name, Regex::new(text).map_err(|error| error.to_string()))).transpose()
    };
    let point = |name: &str, text: &Option<String>| {
        text.as_deref().map(|text| option(name, time::point(text, now))).transpose()
    };
    let filters = Filters {
        upstream: regex("upstream", &args.upstream)?,
        group: regex("group", &args.group)?,
        path: regex("path", &args.path)?,
        host: regex("host", &args.host)?,
        since: point("since", &args.since)?,
        until: point("until", &args.until)?,
    };
    match (filters.since, filters.until) {
        (Some(since), Some(until)) if since >= until => {
            let [since, until] = [since, until].map(crate::show::time);
            Err(Error::Usage(format!("no time is between --since ({since}) and --until ({until})")))
        }
        _ => Ok(filters),
    }
}

/// What lines are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// A report: it must be known how requests ended, and when.
    Counting,
    /// `gatewhy parse`: whatever they say.
    Showing,
}

/// What lines are tried as: what the user named, else what the configuration says and everything that is known.
fn readers(names: &[String], configured: Vec<Reader>, purpose: For) -> Result<Vec<Reader>, Error> {
    if names.is_empty() {
        return Ok(configured.into_iter().chain(Reader::known()).collect());
    }
    let mut readers =
        names.iter().map(|name| option("log-format", reader(name, purpose))).collect::<Result<Vec<_>, _>>()?;
    // They come last.
    let any = |reader: &Reader| if let Reader::Known(format) = reader { Reader::any(*format) } else { None };
    readers.extend(readers.iter().filter_map(any).collect::<Vec<_>>());
    Ok(readers)
}

fn reader(name: &str, purpose: For) -> Result<Reader, String> {
    if let Some(template) = Template::compile(name).transpose()? {
        return match template.lack().filter(|_| purpose == For::Counting) {
            Some(lack) => Err(lack.to_owned()),
            None => Ok(Reader::Custom(Arc::new(template))),
        };
    }
    let known = |format: format::Format| {
        if format.shares_layouts() { Reader::Named(format) } else { Reader::Known(format) }
    };
    format::Format::from_name(name).map(known).ok_or_else(|| {
        if name.contains('$') {
            return format!("'{name}' is no format's name; the text of nginx's log_format goes after nginx:");
        }
        if name.contains('%') {
            let vendors =
                "that of Apache's LogFormat goes after apache:, and that of HAProxy's log-format after haproxy:";
            return format!("'{name}' is no format's name; {vendors}");
        }
        let names = format::Format::ALL.iter().map(|format| format.about().name);
        format!("'{name}' is no log format that `gatewhy formats` lists{}", words::did_you_mean(name, names))
    })
}

fn cause(name: &str) -> Result<Cause, Error> {
    let slug = name.to_ascii_lowercase().replace([' ', '_'], "-");
    Cause::from_slug(&slug).ok_or_else(|| {
        let hint = words::did_you_mean(&slug, Cause::ALL.iter().map(|cause| cause.slug()));
        Error::Usage(format!("'{name}' is no cause that `gatewhy explain` lists{hint}"))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::super::args::Args;
    use super::*;
    use clap::Parser as _;

    fn report(line: &[&str]) -> Result<Report, String> {
        let args = Args::try_parse_from(["gatewhy", "x.log"].iter().chain(line)).map_err(|error| error.to_string())?;
        Report::new(args.report).map_err(|error| error.to_string())
    }

    /// What several gateways write alike is of the one that the user names, but for what another has left its mark on.
    #[test]
    fn shared_layouts_are_whose_the_user_says() {
        let start = r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET http://shop.example.com/a HTTP/1.1" 502 1"#;
        let read = |names: &[&str], rest: &str| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let line = [start, rest].concat();
            let readers = readers(&names, Vec::new(), For::Counting).unwrap();
            let statuses = format::Statuses::gateway();
            let read = |reader: &Reader| {
                let skimmed = reader.skim(format::Fields::UNKNOWN, line.as_bytes());
                let record = reader.read(line.as_bytes(), &statuses).map(|event| event.record);
                assert_eq!(skimmed.is_some(), record.is_some(), "{names:?}{rest}");
                let record = record?;
                if let Some(format::Skimmed::Plain(skim)) = skimmed {
                    assert_agrees(&skim, &record, &line);
                }
                Some(record.duration)
            };
            readers.iter().find_map(|reader| Some((reader.proxy().name(), read(reader)?)))
        };
        let (apache, varnish, nginx) = ("apache-access", "varnish", "nginx-access");
        for (names, rest, expected) in [
            (&[apache][..], "", Some(("apache", None))),
            (&[apache], r#" "-" "ua""#, Some(("apache", None))),
            (&[apache], r#" "-" "ua" 5012"#, Some(("apache", Some(5_012)))),
            (&[apache], r#" "-" "ua" 5012 miss"#, None),
            (&[varnish], "", Some(("varnish", None))),
            (&[varnish], r#" "-" "ua""#, Some(("varnish", None))),
            (&[varnish], r#" "-" "ua" 5012"#, Some(("varnish", Some(5_012)))),
            (&[varnish], r#" "-" "ua" 5012 worker=http://10.0.0.5:80"#, None),
            (&[varnish, apache], r#" "-" "ua" 5012 worker=http://10.0.0.5:80"#, Some(("apache", Some(5_012)))),
            (&[apache, varnish], r#" "-" "ua" 5012 miss"#, Some(("varnish", Some(5_012)))),
            (&[varnish, apache], r#" "-" "ua""#, Some(("varnish", None))),
            (&[nginx], r#" "-" "ua""#, Some(("nginx", None))),
            (&[nginx, varnish], r#" "-" "ua" 5012 miss"#, Some(("varnish", Some(5_012)))),
        ] {
            assert_eq!(read(names, rest), expected, "{names:?}{rest}");
        }
        let sharing: Vec<_> = format::Format::ALL.iter().filter(|format| format.shares_layouts()).collect();
        assert!(sharing.len() >= 4, "{sharing:?}");
        for format in sharing {
            let expected = Some((format.about().proxy.name(), None));
            assert_eq!(read(&[format.about().name], r#" "-" "ua""#), expected, "{format:?}");
        }
    }

    /// What a glance at a line tells is what a full read tells.
    fn assert_agrees(skim: &format::Skim<'_>, record: &format::Record<'_>, line: &str) {
        assert_eq!(
            (skim.when, Some(skim.status), skim.duration),
            (record.when, record.status, record.duration),
            "{line}"
        );
        assert_eq!((skim.upstream, skim.group), (record.upstream, record.group), "{line}");
        let attempts = (skim.names_upstream, usize::from(skim.attempted));
        assert_eq!(attempts, (record.names_upstream, record.attempts.len()), "{line}");
    }

    #[test]
    fn arguments_agree_with_each_other() {
        use clap::CommandFactory as _;
        Args::command().debug_assert();
    }

    #[test]
    fn takes_the_format_from_the_ending() {
        for (line, expected) in [
            (vec![], Format::Text),
            (vec!["-o", "out.csv"], Format::Csv),
            (vec!["-o", "OUT.CSV"], Format::Csv),
            (vec!["-o", "out.json"], Format::Json),
            (vec!["-o", "out.ndjson"], Format::Ndjson),
            (vec!["-o", "out.jsonl"], Format::Ndjson),
            (vec!["-o", "out.txt"], Format::Text),
            (vec!["-o", "out"], Format::Text),
            (vec!["-o", "-"], Format::Text),
            (vec!["-o", "out.csv", "-f", "json"], Format::Json),
        ] {
            assert_eq!(report(&line).map(|report| report.format), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for (line, why) in [
            (vec!["--table", "causes"], "--table is for CSV and NDJSON"),
            (vec!["--table", "causes", "-f", "json"], "--table is for CSV and NDJSON"),
            (vec!["--since", "now", "--until", "1h ago"], "no time is between --since"),
            (vec!["-w", "0s"], "--window: '0s' is no length of time"),
            (vec!["--upstream", "("], "--upstream: regex parse error"),
            (vec!["-l", "nginx-erorr"], "did you mean 'nginx-error'?"),
            (vec!["-l", "$remote_addr $status"], "goes after nginx:"),
            (vec!["-l", "%h %>s"], "goes after apache:"),
            (vec!["-l", "apache:%h %>s"], "--log-format: the layout has no %t: it is not known when"),
            (
                vec!["-l", "haproxy:%ci %ST"],
                "--log-format: the layout has no %tr, %t or other time: it is not known when",
            ),
            (vec!["--tz", "Mars"], "--tz: 'Mars' is no time zone"),
            (vec!["--status", "5xx"], "--status: '5xx' is no status"),
            (vec!["--fail-on", "x"], "--fail-on: 'x' is no condition"),
            (vec!["-j", "0"], "--threads: '0' is no number from 1 to 256"),
            (vec!["-j", "257"], "--threads: '257' is no number from 1 to 256"),
            (vec!["-j", "99999999999999999999"], "is no number from 1 to 256"),
            (vec!["-j", "many"], "--threads: 'many' is no number from 1 to 256"),
        ] {
            let outcome = report(&line).map(|_| ());
            assert!(outcome.as_ref().is_err_and(|error| error.contains(why)), "{line:?}: {outcome:?}");
        }
    }

    #[test]
    fn reads_standard_input_unless_it_is_a_terminal() {
        assert_eq!(paths(Vec::new(), false).unwrap(), [PathBuf::from("-")]);
        assert!(paths(Vec::new(), true).is_err());
        assert_eq!(paths(vec![PathBuf::from("x")], true).unwrap(), [PathBuf::from("x")]);
    }

    #[test]
    fn finds_causes() {
        assert_eq!(cause("connection-refused").unwrap(), Cause::ConnectionRefused);
        assert_eq!(cause("Connection_Refused").unwrap(), Cause::ConnectionRefused);
        assert!(cause("conection-refused").unwrap_err().to_string().contains("did you mean 'connection-refused'?"));
    }
}
