//! gatewhy counts what awk counts: requests, 502, 503 and 504 by upstream and minute, of a made-up log in each of four
//! formats. The awk scripts (`tests/awk/`) are what a person would write for that one format, and share nothing with
//! gatewhy; the generator (`benches/corpus/`) says how many failures it wrote, which is a third opinion.
//!
//! The report must be the same, byte for byte, with one thread, two and seven, from a file and from a pipe. A pipe has
//! no name, so there the samples, which begin with it, are compared without.
//!
//! `GATEWHY_LINES` sets how many lines are counted (default 20000). With a million, test with `--release`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../benches/corpus/mod.rs"]
mod corpus;

use corpus::{Counts, Format};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Requests, 502, 503 and 504 by minute (`2026-11-20T10:09`) and by upstream, or `-` and the group where none was
/// asked.
type Table = BTreeMap<(String, String), [u64; 4]>;

#[test]
fn nginx() {
    agrees(Format::Nginx);
}

#[test]
fn haproxy() {
    agrees(Format::Haproxy);
}

#[test]
fn alb() {
    agrees(Format::Alb);
}

#[test]
fn elb() {
    agrees(Format::Elb);
}

fn agrees(format: Format) {
    let lines = std::env::var("GATEWHY_LINES").map_or(20_000, |lines| lines.parse().expect("GATEWHY_LINES: a number"));
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let log = directory.path().join(format!("{}.log", format.name()));
    let written = format.write(lines, File::create(&log).unwrap()).unwrap();

    let expected = awk(format, &log);
    check_sums(&expected, &written);

    let from_file = gatewhy(1, &log, Source::File);
    let counted = table(&from_file);
    let differing: Vec<_> = expected
        .keys()
        .chain(counted.keys())
        .filter(|key| expected.get(key) != counted.get(key))
        .map(|key| format!("{key:?}: awk {:?}, gatewhy {:?}", expected.get(key), counted.get(key)))
        .take(10)
        .collect();
    assert!(differing.is_empty(), "{} (requests, 502, 503, 504):\n{}", format.name(), differing.join("\n"));

    let masked: u64 = rows(&from_file).map(|row| row["masked_failures"].parse::<u64>().unwrap()).sum();
    assert_eq!(masked, written.saved, "{}: requests that a retry saved", format.name());

    let from_pipe = gatewhy(1, &log, Source::Pipe);
    // Not assert_eq, which would print megabytes.
    assert!(nameless(&from_pipe) == nameless(&from_file), "{} from a pipe", format.name());
    for threads in [2, 7] {
        assert!(gatewhy(threads, &log, Source::File) == from_file, "{}, {threads} threads", format.name());
        assert!(gatewhy(threads, &log, Source::Pipe) == from_pipe, "{} from a pipe, {threads} threads", format.name());
    }
}

/// What awk counts.
fn awk(format: Format, log: &Path) -> Table {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/awk").join(format!("{}.awk", format.name()));
    let output = Command::new("awk").env("LC_ALL", "C").arg("-f").arg(script).arg(log).output().expect("awk is needed");
    let rows = stdout(output);
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |place: usize| cells[place].parse().unwrap();
        ((cells[0].to_owned(), cells[1].to_owned()), [number(2), number(3), number(4), number(5)])
    };
    rows.lines().map(row).collect()
}

/// The generator's own count is another witness, and awk must have met something to count.
fn check_sums(table: &Table, written: &Counts) {
    let mut sums = [0; 4];
    for row in table.values() {
        for (sum, count) in sums.iter_mut().zip(row) {
            *sum += count;
        }
    }
    let [s502, s503, s504] = written.statuses;
    assert_eq!(sums, [written.lines, s502, s503, s504], "awk and the generator: requests, 502, 503, 504");
    assert!(written.statuses.iter().all(|count| *count > 0), "{written:?}");
}

/// Where gatewhy reads from.
#[derive(Clone, Copy)]
enum Source {
    File,
    Pipe,
}

/// gatewhy's CSV.
fn gatewhy(threads: usize, log: &Path, source: Source) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatewhy"));
    command.args(["-f", "csv", "--all-windows", "--tz", "UTC", "-j", &threads.to_string()]);
    match source {
        Source::File => {
            // The file's name is in the samples: without a path it is the same everywhere.
            command.current_dir(log.parent().unwrap()).arg(log.file_name().unwrap());
            stdout(command.output().unwrap())
        }
        Source::Pipe => {
            let mut cat = Command::new("cat").arg(log).stdout(Stdio::piped()).spawn().unwrap();
            let output = command.stdin(cat.stdout.take().unwrap()).output().unwrap();
            assert!(cat.wait().unwrap().success());
            stdout(output)
        }
    }
}

fn stdout(output: Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Rows of the `windows` table, by column.
fn rows(report: &str) -> impl Iterator<Item = BTreeMap<String, String>> {
    csv::Reader::from_reader(report.as_bytes()).into_deserialize().map(Result::unwrap)
}

fn table(report: &str) -> Table {
    let mut table = Table::new();
    for row in rows(report) {
        let number = |column: &str| row[column].parse::<u64>().unwrap_or_else(|_| panic!("{column} of {row:?}"));
        let counts = ["requests", "status_502", "status_503", "status_504"].map(number);
        // Nothing but attempts that were tried elsewhere: awk knows requests only.
        if counts == [0; 4] {
            continue;
        }
        let minute = row["window_start"].strip_suffix(":00Z").unwrap().to_owned();
        let place = if row["upstream"].is_empty() { format!("-{}", row["group"]) } else { row["upstream"].clone() };
        let known = table.insert((minute, place), counts);
        assert_eq!(known, None, "two rows for one upstream and minute: {row:?}");
    }
    table
}

/// The rows, their samples (`nginx.log:17: …`) without the input's name.
fn nameless(report: &str) -> Vec<BTreeMap<String, String>> {
    let without_name = |mut row: BTreeMap<String, String>| {
        let sample = row.get_mut("sample").unwrap();
        if let Some((_, rest)) = sample.split_once(':') {
            *sample = rest.to_owned();
        }
        row
    };
    rows(report).map(without_name).collect()
}
