//! The skim of every format, on the lines of the recordings under `fixtures`: real ones where a real server could be
//! had, else laid out from the vendor's documentation. Bytes per second are those of the lines that the format claims.
//!
//! A format's lines are repeated, in their order, until they are many, so that none of them is read from a cache alone.

#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a benchmark may fail")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gatewhy::envelope;
use gatewhy::format::{Fields, Format};
use gatewhy::input::Heading;
use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use walkdir::WalkDir;

/// Bytes of each format's lines.
const BYTES: usize = 4 << 20;

/// Lines and the columns that they were named before them.
type Lines = Vec<(Fields, Vec<u8>)>;

/// Adds the lines of the file at `path` to those of the formats that claim them.
fn gather(path: &Path, found: &mut BTreeMap<Format, Lines>) {
    let bytes = fs::read(path).unwrap();
    let (mut heading, mut fields) = (Heading::default(), Fields::default());
    for line in bytes.split(|byte| *byte == b'\n') {
        if heading.meet(line) {
            fields = Fields::of(&heading.fields, &heading.date);
            continue;
        }
        let payload = envelope::open(line).payload;
        let format = Format::ALL.iter().find(|format| format.skim_under(&fields, payload).is_some());
        if let Some(format) = format {
            found.entry(*format).or_default().push((fields.clone(), payload.to_vec()));
        }
    }
}

/// The lines of every format.
fn fixtures() -> BTreeMap<Format, Lines> {
    let mut found = BTreeMap::new();
    for folder in ["format", "recorded"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
        for entry in WalkDir::new(root).sort_by_file_name() {
            let path = entry.unwrap().into_path();
            if path.extension().is_some_and(|extension| extension == "log") {
                gather(&path, &mut found);
            }
        }
    }
    found
}

fn skim(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("skim");
    for (format, lines) in fixtures() {
        let size: usize = lines.iter().map(|(_, line)| line.len()).sum();
        let rounds = BYTES.div_ceil(size);
        // Each round has its own copy of the lines: one of a few lines would never leave the nearest cache.
        let copies: Vec<Lines> = (0..rounds).map(|_| lines.clone()).collect();
        group.throughput(Throughput::Bytes((size * rounds) as u64));
        group.bench_function(format.about().name, |bencher| {
            bencher.iter(|| {
                let lines = copies.iter().flatten();
                let claimed = lines.filter(|(fields, line)| format.skim_under(fields, black_box(line)).is_some());
                assert_eq!(claimed.count(), lines_of(&copies));
            });
        });
    }
    group.finish();
}

fn lines_of(copies: &[Lines]) -> usize {
    copies.iter().map(Vec::len).sum()
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = skim
}
criterion_main!(benches);
