//! Arguments as typed: strings and switches, with the words of `--help`. What they mean is [`options`](super::options)'
//! business.

use clap::{Args as Group, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  gatewhy /var/log/nginx/
      why did it fail? Access and error logs together say the most
  kubectl logs deploy/ingress | gatewhy
      the same from a pipe
  gatewhy --since '2h ago' --upstream '^10\\.0\\.3\\.' access.log error.log
      the last two hours of some upstreams
  gatewhy alb/ -w 5m -o outage.csv
      for a spreadsheet: a row for each upstream and window
  gatewhy alb/ --table incidents -f ndjson | jq -r .summary
      for a machine
  gatewhy -q --fail-on 'error_rate>1%' access.log
      for cron and CI: the exit status tells
  gatewhy -l 'nginx:$remote_addr [$time_local] \"$request\" $status $upstream_addr' my.log
      a log_format of your own; apache: and haproxy: take theirs
  gatewhy -c /etc/nginx/nginx.conf
      the logs that nginx writes, in the layouts that it writes them in
  gatewhy explain keepalive-race
      what a cause means and what to check next

A file that is called like a subcommand is given as ./parse.

Exit status:
  0  done
  1  a --fail-on condition holds
  2  something could not be done: a file could not be read, --strict met an unknown line, …";

const TIMES: &str = "RFC 3339 (2026-11-20T10:00:00Z), a date, a time without zone (2026-11-20 10:00, 10:00: \
     in the zone of --tz), 'now', 'today', 'yesterday', or as in '2h ago'";

/// Reads proxy logs and names the likely cause of 502, 503 and 504 failures.
///
/// gatewhy reads access and error logs of proxies (nginx, Apache, HAProxy, Envoy, Traefik, Caddy and more), of clouds'
/// load balancers and of CDNs, plain or compressed, finds the requests that the gateway failed, groups them by upstream
/// and time into incidents, and says why each happened: the likely cause, the log lines that show it, and what to check
/// next. `gatewhy formats` lists what is read.
#[derive(Debug, Parser)]
#[command(
    name = "gatewhy",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100,
    after_help = "`gatewhy --help` says more and has examples.",
    after_long_help = EXAMPLES
)]
pub struct Args {
    /// What to do instead of a report.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// How to report.
    #[command(flatten)]
    pub report: ReportArgs,
}

/// What can be done besides a report.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// What a cause means, what evidence shows it, what to check next; without a cause, all of them
    Explain(ExplainArgs),
    /// The log formats that are recognised, each with a sample line
    Formats(PageArgs),
    /// What each line is read as, one row a line: to check a format, to feed another tool
    Parse(Box<ParseArgs>),
    /// The JSON Schema of the JSON report
    Schema,
    /// A completion script for a shell
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// A manual page (roff)
    Man {
        /// Of this subcommand rather than of gatewhy itself
        command: Option<String>,
    },
}

/// Arguments of a report.
#[derive(Debug, Group)]
pub struct ReportArgs {
    /// How to write the report [default: from the ending of --output, else text]
    #[arg(short, long, value_enum, help_heading = "Output")]
    pub format: Option<ReportFormat>,

    /// Which table CSV and NDJSON hold [default: windows]
    #[arg(long, value_enum, value_name = "TABLE", help_heading = "Output")]
    pub table: Option<TableName>,

    /// Length of a time window, such as 10s, 5m, 1h or 1d
    #[arg(short, long, value_name = "DURATION", default_value = "1m", help_heading = "Output")]
    pub window: String,

    /// Healthy windows too, not only those with failures
    #[arg(long, help_heading = "Output")]
    pub all_windows: bool,

    /// Exit with 1 if this holds, such as 'error_rate>1%'; repeatable
    ///
    /// One of failures, error_rate, requests, incidents, failed_attempts, masked_failures, crawler_failures,
    /// status_502, status_503, status_504, status_52x; one of > >= < <=; and a number. error_rate takes a percentage or
    /// a fraction from 0 to 1. Given several times, one that holds is enough.
    #[arg(long, value_name = "EXPR", help_heading = "Output")]
    pub fail_on: Vec<String>,

    /// How to look.
    #[command(flatten)]
    pub look: LookArgs,

    /// What to read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Arguments of `parse`.
#[derive(Debug, Group)]
pub struct ParseArgs {
    /// How to write the rows [default: from the ending of --output, else ndjson]
    #[arg(short, long, value_enum, help_heading = "Output")]
    pub format: Option<RowFormat>,

    /// What to read.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// What a report and `parse` have in common: what to read, and how.
#[derive(Debug, Group)]
pub struct ReadingArgs {
    /// Files and directories, plain or compressed (gz, zst, bz2, xz, lz4); - is standard input
    ///
    /// Directories are walked without hidden files. Without any path, standard input is read, unless it is a terminal.
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Where to write to; - is standard output. A file is written whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Hide clients, query strings and user names, to share what is written
    ///
    /// Client addresses become hashes with a salt of this run: the same client has the same name all through one run,
    /// and another in the next. The names in email addresses, passwords, tokens, cookies and captured headers go too;
    /// the rest of a path stays.
    #[arg(long, help_heading = "Output")]
    pub redact: bool,

    /// Read lines as this format alone; repeatable [default: any known format, line by line]
    ///
    /// A name from `gatewhy formats`; or nginx:, apache: or haproxy: followed by the text of the vendor's own
    /// directive (log_format, LogFormat, log-format), JSON layouts included, or by the name of a known one
    /// (apache:combinedio, haproxy:clf). What several gateways write alike, such as combined, is read as that of the
    /// one that is named.
    #[arg(short, long, value_name = "NAME|VENDOR:STRING", help_heading = "Reading")]
    pub log_format: Vec<String>,

    /// Read log paths and layouts from nginx.conf, httpd.conf or haproxy.cfg; repeatable
    ///
    /// Includes are followed. Without any path, the log files that the configuration names are read. Its layouts are
    /// tried besides the formats that are known; with --log-format they are not. A directory stands for the
    /// configuration in it.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath, help_heading = "Reading")]
    pub config: Vec<PathBuf>,

    /// Zone of log times that carry none: Europe/Berlin, UTC, +02:00, local [default: local]
    #[arg(long, value_name = "ZONE", help_heading = "Reading")]
    pub tz: Option<String>,

    /// Exit with 2 if a line is of no known format
    #[arg(long, help_heading = "Reading")]
    pub strict: bool,

    /// How many threads read, at most 256 [default: one for each core]
    #[arg(short = 'j', long, value_name = "N", help_heading = "Reading")]
    pub threads: Option<String>,

    /// No progress bar
    #[arg(long, help_heading = "Reading")]
    pub no_progress: bool,

    /// Say nothing on standard error but errors
    #[arg(short, long, help_heading = "Reading")]
    pub quiet: bool,

    /// Only lines from this time on, such as '2h ago' or 2026-11-20T10:00:00Z
    #[arg(long, value_name = "TIME", help_heading = "Which requests", long_help = format!("Only lines from this time on: {TIMES}"))]
    pub since: Option<String>,

    /// Only lines before this time
    #[arg(long, value_name = "TIME", help_heading = "Which requests", long_help = format!("Only lines before this time: {TIMES}"))]
    pub until: Option<String>,

    /// Which statuses count as failures
    #[arg(long, value_name = "LIST", default_value = "502,503,504,520-527,530", help_heading = "Which requests")]
    pub status: String,

    /// Only requests to an upstream that matches this regular expression
    #[arg(long, value_name = "RE", help_heading = "Which requests")]
    pub upstream: Option<String>,

    /// Only requests to a group (nginx upstream, HAProxy backend, target group) that matches
    #[arg(long, value_name = "RE", help_heading = "Which requests")]
    pub group: Option<String>,

    /// Only requests for a path, with its query, that matches
    #[arg(long, value_name = "RE", help_heading = "Which requests")]
    pub path: Option<String>,

    /// Only requests for a host that matches
    #[arg(long, value_name = "RE", help_heading = "Which requests")]
    pub host: Option<String>,
}

/// Arguments of `explain`.
#[derive(Debug, Group)]
pub struct ExplainArgs {
    /// A cause as reports name it, such as connection-refused
    pub cause: Option<String>,

    /// How to write it.
    #[command(flatten)]
    pub page: PageArgs,
}

/// Arguments of what prints a page.
#[derive(Debug, Group)]
pub struct PageArgs {
    /// How to write it
    #[arg(short, long, value_enum, default_value_t = PageFormat::Text, help_heading = "Output")]
    pub format: PageFormat,

    /// How to look.
    #[command(flatten)]
    pub look: LookArgs,
}

/// Arguments of what may be coloured.
#[derive(Debug, Group)]
pub struct LookArgs {
    /// Colours in text; auto heeds NO_COLOR and CLICOLOR_FORCE
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto, help_heading = "Output")]
    pub color: When,
}

/// How to write a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Text,
    /// One table, for spreadsheets
    Csv,
    /// Everything in one document, for machines
    Json,
    /// One table, a JSON object a line
    Ndjson,
}

/// How to write rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RowFormat {
    /// For spreadsheets
    Csv,
    /// A JSON object a line
    Ndjson,
}

/// How to write a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// For people
    Text,
    /// For machines
    Json,
}

/// A table of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableName {
    /// A row for each upstream and time window
    Windows,
    /// A row for each incident
    Incidents,
    /// A row for each upstream
    Upstreams,
    /// A row for each cause
    Causes,
    /// A row for each failed request, written as they are read
    Failures,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum When {
    Auto,
    Always,
    Never,
}
