//! Files in, merged counts out: all that runs for each line, with one thread and with two. What runs once, after the
//! last line, is measured in `stages.rs`.

#![allow(missing_docs, reason = "criterion's macros")]
#![allow(clippy::unwrap_used, reason = "a benchmark may fail")]

mod corpus;
mod setup;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::time::Duration;

const LINES: u64 = 100_000;

fn count(criterion: &mut Criterion) {
    let (_directory, corpora) = setup::corpora(LINES);
    let mut group = criterion.benchmark_group("count");
    for corpus in &corpora {
        for threads in [1, 2] {
            assert_eq!(setup::failures(corpus.counted(threads).tally), corpus.counts.failures());
            group.throughput(Throughput::Bytes(corpus.counts.bytes));
            group.bench_function(BenchmarkId::new(corpus.name(), threads), |bencher| {
                bencher.iter_with_large_drop(|| {
                    let outcome = corpus.counted(threads);
                    let input = &outcome.tally.inputs[0];
                    assert_eq!((input.lines, input.unparsed), (LINES, 0));
                    outcome
                });
            });
        }
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = count
}
criterion_main!(benches);
