//! One group for each stage, in the order of the data. Every stage gets what it would get in a run, and the answer is
//! compared with what the corpus's maker knows, or with what the stage said before measuring. Bytes per second are
//! those of the log, whatever a stage itself looks at; those of the output are those that are written.

#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a benchmark may fail")]

mod corpus;
mod setup;

use corpus::Format;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use gatewhy::aggregate::{Origin, Tally};
use gatewhy::diagnose::{Settings, diagnose};
use gatewhy::envelope;
use gatewhy::event::{Reader, Room, fold};
use gatewhy::format::{Fields, Skim, Skimmed, Statuses};
use gatewhy::grammar::time::{Clock, Stamp};
use gatewhy::input::Block;
use gatewhy::output::{self, Style, Table};
use gatewhy::report::{Context, Tables, build};
use setup::Corpus;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::time::Duration;

const LINES: u64 = 50_000;

/// Bytes to blocks of whole lines.
fn input(criterion: &mut Criterion, corpora: &[Corpus]) {
    let mut group = criterion.benchmark_group("input");
    let corpus = &corpora[0];
    let packed = |name: &str, bytes: Vec<u8>| {
        let path = corpus.path.with_extension(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&corpus.bytes).unwrap();
    let gzip = packed("gz", gzip.finish().unwrap());
    let zstd = packed("zst", zstd::encode_all(corpus.bytes.as_slice(), 0).unwrap());
    group.throughput(Throughput::Bytes(corpus.counts.bytes));
    for (name, path) in [("blocks", &corpus.path), ("gzip", &gzip), ("zstd", &zstd)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (mut blocks, mut block, mut lines) = (setup::blocks(path), Block::default(), 0);
                while blocks.next(&mut block) {
                    lines += block.lines().count() as u64;
                }
                assert_eq!(lines, LINES);
            });
        });
    }
    group.finish();
}

/// Lines to payloads: HAProxy's come in syslog, nginx's in nothing.
fn open(criterion: &mut Criterion, corpora: &[Corpus]) {
    let mut group = criterion.benchmark_group("envelope");
    for corpus in corpora.iter().filter(|corpus| matches!(corpus.format, Format::Haproxy | Format::Nginx)) {
        let lines: Vec<&[u8]> = corpus.lines().collect();
        let wrapped = if corpus.format == Format::Haproxy { LINES } else { 0 };
        group.throughput(Throughput::Bytes(corpus.counts.bytes));
        group.bench_function(corpus.name(), |bencher| {
            bencher.iter(|| {
                let opened = lines.iter().map(|line| envelope::open(black_box(line)));
                assert_eq!(opened.filter(|opened| opened.host == b"lb1").count() as u64, wrapped);
            });
        });
    }
    group.finish();
}

/// The corpus's lines as formats get them.
fn payloads(corpus: &Corpus) -> Vec<&[u8]> {
    corpus.lines().map(|line| envelope::open(line).payload).collect()
}

fn reader(corpus: &Corpus) -> Reader {
    let payload = payloads(corpus)[0];
    Reader::known().into_iter().find(|reader| reader.skim(Fields::UNKNOWN, payload).is_some()).unwrap()
}

/// Which format a line is of, without a memory of the line before: the worst that mixed lines can do.
fn detect(criterion: &mut Criterion, corpora: &[Corpus]) {
    let each: Vec<Vec<&[u8]>> = corpora.iter().map(payloads).collect();
    let mixed: Vec<&[u8]> =
        (0..LINES as usize / 4).flat_map(|place| each.iter().map(move |lines| lines[place])).collect();
    let readers = Reader::known();
    let mut group = criterion.benchmark_group("detection");
    group.throughput(Throughput::Bytes(mixed.iter().map(|line| line.len() as u64).sum()));
    group.bench_function("mixed", |bencher| {
        bencher.iter(|| {
            let claimed =
                |line: &&&[u8]| readers.iter().any(|reader| reader.skim(Fields::UNKNOWN, black_box(line)).is_some());
            assert_eq!(mixed.iter().filter(claimed).count(), mixed.len());
        });
    });
    group.finish();
}

/// The first glance at a line.
fn skim(criterion: &mut Criterion, corpora: &[Corpus]) {
    let mut group = criterion.benchmark_group("skim");
    for corpus in corpora {
        let (lines, reader) = (payloads(corpus), reader(corpus));
        let failed = |skimmed: &Skimmed<'_>| match skimmed {
            Skimmed::Plain(skim) => matches!(skim.status, 502..=504),
            Skimmed::Full => false,
        };
        let plain = lines.iter().filter_map(|line| reader.skim(Fields::UNKNOWN, line)).filter(failed).count();
        group.throughput(Throughput::Bytes(corpus.counts.bytes));
        group.bench_function(corpus.name(), |bencher| {
            bencher.iter(|| {
                let skimmed = lines.iter().filter_map(|line| reader.skim(Fields::UNKNOWN, black_box(line)));
                assert_eq!(skimmed.filter(failed).count(), plain);
            });
        });
    }
    group.finish();
}

/// Every field, and what they mean. In a run this happens to failures alone.
fn read(criterion: &mut Criterion, corpora: &[Corpus]) {
    let mut group = criterion.benchmark_group("read");
    let statuses = Statuses::gateway();
    for corpus in corpora {
        let (lines, reader) = (payloads(corpus), reader(corpus));
        group.throughput(Throughput::Bytes(corpus.counts.bytes));
        group.bench_function(corpus.name(), |bencher| {
            bencher.iter(|| {
                let events = lines.iter().filter_map(|line| reader.read(black_box(line), &statuses));
                assert_eq!(events.filter(|event| event.failed).count() as u64, corpus.counts.failures());
            });
        });
    }
    group.finish();
}

/// Paths to endpoints.
fn paths(criterion: &mut Criterion, corpora: &[Corpus]) {
    let (corpus, statuses) = (&corpora[0], Statuses::gateway());
    let (lines, reader) = (payloads(corpus), reader(corpus));
    let paths: Vec<&[u8]> =
        lines.iter().filter_map(|line| reader.read(line, &statuses)).map(|event| event.record.path).collect();
    let endpoints: BTreeSet<Vec<u8>> = paths.iter().map(|path| fold(path, &mut Room::default()).to_vec()).collect();
    assert!(endpoints.len() < 100, "{} endpoints", endpoints.len());
    let folded: usize = paths.iter().map(|path| fold(path, &mut Room::default()).len()).sum();
    let mut group = criterion.benchmark_group("paths");
    group.throughput(Throughput::Bytes(paths.iter().map(|path| path.len() as u64).sum()));
    group.bench_function("fold", |bencher| {
        bencher.iter(|| {
            assert_eq!(
                paths.iter().map(|path| fold(black_box(path), &mut Room::default()).len()).sum::<usize>(),
                folded
            )
        });
    });
    group.finish();
}

/// Skims to cells.
fn count(criterion: &mut Criterion, corpora: &[Corpus]) {
    let mut group = criterion.benchmark_group("aggregate");
    for corpus in corpora {
        let (lines, reader) = (payloads(corpus), reader(corpus));
        let skims: Vec<Skim<'_>> = lines.iter().filter_map(|line| plain(reader.skim(Fields::UNKNOWN, line)?)).collect();
        let clock = Clock::new(jiff::tz::TimeZone::UTC);
        group.throughput(Throughput::Bytes(corpus.counts.bytes));
        group.bench_function(corpus.name(), |bencher| {
            bencher.iter_with_large_drop(|| {
                let (mut tally, mut clock) = (Tally::new(setup::window(corpus)), clock.clone());
                for skim in &skims {
                    let Some(when) = skim.when else { continue };
                    let stamp = clock.stamp(when);
                    let origin = Origin { proxy: reader.proxy(), host: b"lb1", program: b"", stamp };
                    let series = tally.series_of(origin, black_box(skim));
                    tally.count_plain(series, stamp, skim);
                }
                assert!(tally.series(0).first <= tally.series(0).last);
                tally
            });
        });
    }
    group.finish();
}

fn plain(skimmed: Skimmed<'_>) -> Option<Skim<'_>> {
    match skimmed {
        Skimmed::Plain(skim) => Some(skim),
        Skimmed::Full => None,
    }
}

/// Cells of two halves to cells of the whole.
fn merge(criterion: &mut Criterion, corpora: &[Corpus]) {
    let corpus = &corpora[0];
    let tally = corpus.counted(1).tally;
    assert_eq!(setup::failures(tally.clone().merge(tally.clone())), 2 * corpus.counts.failures());
    let mut group = criterion.benchmark_group("merge");
    group.throughput(Throughput::Bytes(2 * corpus.counts.bytes));
    group.bench_function("cells", |bencher| {
        let merge = |(left, right): (Tally, Tally)| {
            let merged = left.merge(right);
            assert_eq!(merged.inputs[0].lines, 2 * LINES);
            merged
        };
        bencher.iter_batched(|| (tally.clone(), tally.clone()), merge, BatchSize::PerIteration);
    });
    group.finish();
}

/// What runs once, after the last line: cells to findings, findings to a report, a report to bytes.
fn finish(criterion: &mut Criterion, corpora: &[Corpus]) {
    let corpus = &corpora[0];
    let tally = corpus.counted(1).tally;
    let settings = Settings {
        zone: jiff::tz::TimeZone::UTC,
        now: Stamp::from_seconds(1_800_000_000),
        statuses: Statuses::gateway(),
        since: None,
        until: None,
        upstream: None,
        group: None,
    };
    let (names, errors) = ([corpus.name().to_owned()], BTreeMap::new());
    let (inputs, unparsed) = (tally.inputs.clone(), tally.unparsed.clone());
    let context = Context {
        names: &names,
        inputs: &inputs,
        errors: &errors,
        unparsed: &unparsed,
        assumed_zone: None,
        tables: Tables::ALL,
        all_windows: true,
    };

    let mut group = criterion.benchmark_group("diagnose");
    group.throughput(Throughput::Bytes(corpus.counts.bytes));
    group.bench_function("cells", |bencher| {
        let diagnose = |tally| {
            let findings = diagnose(tally, &settings);
            assert_eq!(findings.rows.iter().map(|row| row.trouble().failures).sum::<u64>(), corpus.counts.failures());
            findings
        };
        bencher.iter_batched(|| tally.clone(), diagnose, BatchSize::PerIteration);
    });
    group.finish();

    let findings = diagnose(tally, &settings);
    let mut group = criterion.benchmark_group("report");
    group.throughput(Throughput::Bytes(corpus.counts.bytes));
    group.bench_function("build", |bencher| {
        bencher.iter_with_large_drop(|| {
            let report = build(&findings, &context);
            assert_eq!(report.totals.failures, corpus.counts.failures());
            report
        });
    });
    group.finish();

    let report = build(&findings, &context);
    let style = Style { color: false, width: 120 };
    let write = |format| {
        let mut out = Vec::new();
        output::write(&report, format, Table::Windows, style, &mut out).unwrap();
        out
    };
    let mut group = criterion.benchmark_group("output");
    for format in [output::Format::Text, output::Format::Csv, output::Format::Json, output::Format::Ndjson] {
        let written = write(format);
        group.throughput(Throughput::Bytes(written.len() as u64));
        group.bench_function(format!("{format:?}").to_lowercase(), |bencher| {
            bencher.iter(|| assert_eq!(write(format).len(), written.len()));
        });
    }
    group.finish();
}

fn stages(criterion: &mut Criterion) {
    let (_directory, corpora) = setup::corpora(LINES);
    input(criterion, &corpora);
    open(criterion, &corpora);
    detect(criterion, &corpora);
    skim(criterion, &corpora);
    read(criterion, &corpora);
    paths(criterion, &corpora);
    count(criterion, &corpora);
    merge(criterion, &corpora);
    finish(criterion, &corpora);
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = stages
}
criterion_main!(benches);
