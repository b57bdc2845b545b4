//! What must hold for any input and any way to read it: the same report whatever the block size, the number of threads,
//! the order of merging; every failure counted once; no panic on any bytes.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use gatewhy::aggregate::Tally;
use gatewhy::event::Reader;
use gatewhy::format::{Format, Skimmed, Statuses, Template};
use gatewhy::grammar::time::Stamp;
use gatewhy::input::{Blocks, Input};
use gatewhy::pipeline::{self, Filters, Options, Outcome, Request};
use gatewhy::report::{Report, Tables};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

fn options(threads: usize, window: i64) -> Options {
    Options {
        window,
        statuses: Statuses::gateway(),
        zone: TimeZone::UTC,
        readers: Reader::known(),
        filters: Filters::default(),
        threads,
        redactor: None,
    }
}

fn count(bytes: &[u8], block_size: usize, options: &Options) -> Outcome {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room on the disk");
    let input = Input { path: Some(file.path().to_owned()), size: None, found_in: None };
    pipeline::count(Blocks::new(vec![input], block_size), options).expect("threads")
}

fn report(tally: Tally, options: &Options) -> Report {
    let names = ["log".to_owned()];
    let request = Request {
        names: &names,
        tables: Tables::ALL,
        all_windows: true,
        now: Stamp::from_seconds(1_795_300_000),
        zone_name: "UTC",
    };
    pipeline::report(Outcome { tally, problems: Vec::new() }, options, &request)
}

fn json(bytes: &[u8], block_size: usize, threads: usize) -> String {
    let options = options(threads, 60);
    serde_json::to_string_pretty(&report(count(bytes, block_size, &options).tally, &options)).expect("JSON")
}

/// Some hundred lines of every format, those of its fixtures and recorded ones, in one stream.
fn mixture() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let recordings = [
        "recorded/nginx-all-down/combined.log",
        "recorded/nginx-all-down/error.log",
        "recorded/nginx-refused-some-visible/upstream.log",
        "recorded/nginx-two-faults/json.log",
        "recorded/nginx-two-faults/error.log",
        "recorded/apache-all-down/worker.log",
        "recorded/apache-all-down/error.log",
        "recorded/apache-two-faults/vhost.log",
        "recorded/apache-tls-self-signed/error.log",
        "recorded/haproxy-no-server/haproxy.log",
        "recorded/haproxy-no-server/rfc5424.log",
        "recorded/haproxy-queue-timeout/iso.log",
        "recorded/varnish-sick/both.log",
        "recorded/caddy-refused/all.log",
    ];
    let mut names: Vec<_> = recordings.iter().map(|name| root.join(name)).collect();
    let mut of_formats: Vec<_> = entries(&root.join("format")).iter().flat_map(|format| entries(format)).collect();
    of_formats.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    names.extend(of_formats);
    let mut all = Vec::new();
    for path in names {
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        all.extend_from_slice(&bytes);
        all.extend_from_slice(b"not a line of any log\n\n");
    }
    all.extend(wrapped(&fs::read_to_string(root.join("recorded/nginx-two-faults/json.log")).expect("a recording")));
    all.extend(more_told_than_failed().concat().into_bytes());
    all
}

/// What is in a folder, in order.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    entries
}

/// The same in a file that begins with the names of columns, which change in the middle of it.
fn with_columns() -> Vec<u8> {
    [include_bytes!("../fixtures/format/iis/joined.log"), &mixture()[..]].concat()
}

/// The same as container runtimes write it, lines cut into parts, with those of the other stream between them.
fn in_containers(lines: &[Vec<u8>]) -> [Vec<u8>; 2] {
    let (mut cri, mut docker) = (String::new(), String::new());
    for (number, line) in lines.iter().enumerate() {
        let line = String::from_utf8_lossy(line);
        let cut = line.char_indices().nth(line.len() / 3).filter(|_| number % 3 > 0).map_or(0, |(at, _)| at);
        let (start, rest) = line.split_at(cut);
        let (here, other) = if number % 2 == 0 { ("stdout", "stderr") } else { ("stderr", "stdout") };
        let stamp = "2026-11-27T08:00:00Z";
        let record = |text: &str, stream| {
            serde_json::json!(text).to_string().replacen('"', "{\"log\":\"", 1)
                + &format!(",\"stream\":\"{stream}\",\"time\":\"{stamp}\"}}\n")
        };
        if cut > 0 {
            cri += &format!("{stamp} {here} P {start}\n{stamp} {other} F between\n");
            docker += &(record(start, here) + &record("between\n", other));
        }
        cri += &format!("{stamp} {here} F {rest}\n");
        docker += &record(&format!("{rest}\n"), here);
    }
    [cri.into_bytes(), docker.into_bytes()]
}

/// Some lines as a shipper hands them on, among some that are objects themselves.
fn wrapped(log: &str) -> Vec<u8> {
    let lines = log.lines().enumerate().take(40);
    let wrap = |(number, line): (usize, &str)| match number % 3 {
        0 => line.to_owned() + "\n",
        _ => serde_json::json!({"host": "web1", "message": line}).to_string() + "\n",
    };
    lines.map(wrap).collect::<String>().into_bytes()
}

/// One request that failed, and two attempts for it that ended in two ways: which of them it is put down to must not
/// depend on which was read first.
fn more_told_than_failed() -> [String; 3] {
    let told = |message: &str| {
        format!(
            "2026/11/21 10:00:00 [error] 7#7: *1 {message} while connecting to upstream, client: 203.0.113.7, server: shop, \
             request: \"GET / HTTP/1.1\", upstream: \"http://10.0.0.5:80/\", host: \"shop\"\n"
        )
    };
    let lost = "203.0.113.7 - - [21/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 502 157 \"-\" \"curl/8.0\" rt=0.001 uct=\"-\" \
                uht=\"-\" urt=\"0.001\" ua=\"10.0.0.5:80\" us=\"502\"\n";
    [
        told("connect() failed (111: Connection refused)"),
        told("connect() failed (113: No route to host)"),
        lost.to_owned(),
    ]
}

/// Every line of the recordings, to damage.
fn lines() -> Vec<Vec<u8>> {
    mixture().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

#[test]
fn block_size_and_threads_do_not_matter() {
    let [cri, docker] = in_containers(&lines());
    for (name, bytes) in [("mixture", mixture()), ("columns", with_columns()), ("CRI", cri), ("Docker", docker)] {
        let whole = json(&bytes, 1 << 20, 1);
        for (block_size, threads) in [(1, 2), (7, 3), (64, 1), (333, 2), (4_096, 7), (1 << 16, 2)] {
            let other = json(&bytes, block_size, threads);
            assert!(
                other == whole,
                "{name}: blocks of {block_size} bytes on {threads} threads: {}",
                first_difference(&other, &whole)
            );
        }
    }
}

/// The first line in which two reports differ.
fn first_difference(one: &str, other: &str) -> String {
    let lines = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    lines.map_or_else(|| "in length".to_owned(), |(one, other)| format!("{one} / {other}"))
}

/// PowerShell's `>` writes UTF-16.
#[test]
fn the_encoding_does_not_matter() {
    let text = String::from_utf8_lossy(&with_columns()).into_owned();
    let expected = json(text.as_bytes(), 1 << 20, 1);
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(to_bytes).collect();
        assert!(json(&bytes, 4_096, 2) == expected);
    }
}

/// Lines in a container's log are what they are without it, however they were cut. (What other tools show of
/// containers, and what stands behind a store's stamp, does not get there.)
#[test]
fn containers_do_not_change_what_lines_are() {
    let formats = |bytes: &[u8]| {
        let tally = count(bytes, 1 << 16, &options(1, 60)).tally;
        let mut formats: BTreeMap<_, _> = tally.inputs.iter().flat_map(|input| input.formats.iter().copied()).collect();
        // Behind a stamp, an empty line is one too: the text that goes on is empty.
        formats.remove("continuation");
        formats
    };
    let mut lines = lines();
    let shown: [&[u8]; 3] =
        [b"envoy-1  | ", b"2026-11-21T10:00:15.613304+00:00 198.51", b"   2026-11-27T08:00:11.20+0000 [RTR/0]"];
    lines.retain(|line| !shown.iter().any(|start| line.starts_with(start)));
    let plain = formats(&lines.join(&b'\n'));
    for wrapped in in_containers(&lines) {
        assert_eq!(formats(&wrapped), plain);
    }
}

#[test]
fn the_order_of_lines_does_not_matter() {
    let [refused, unreachable, lost] = more_told_than_failed();
    let of = |lines: [&str; 3]| without_samples(count(lines.concat().as_bytes(), 1 << 16, &options(1, 60)).tally);
    let expected = of([&refused, &unreachable, &lost]);
    for lines in [[&unreachable, &refused, &lost], [&lost, &unreachable, &refused], [&unreachable, &lost, &refused]] {
        let lines = lines.map(String::as_str);
        assert!(of(lines) == expected, "{lines:?}");
    }
}

/// Nor does that of any others.
#[test]
fn turned_round_the_mixture_says_the_same() {
    let lines = lines();
    let turned: Vec<&[u8]> = lines.iter().rev().map(Vec::as_slice).collect();
    let [straight, turned] =
        [mixture(), turned.join(&b'\n')].map(|bytes| without_samples(count(&bytes, 1 << 16, &options(1, 60)).tally));
    assert!(straight == turned, "{}", first_difference(&straight, &turned));
}

#[test]
fn totals_agree_with_every_table() {
    let report = report(count(&mixture(), 1 << 16, &options(2, 60)).tally, &options(2, 60));
    assert!(report.totals.failures > 100, "the mixture has failures");
    let failures = report.totals.failures;
    assert_eq!(report.windows.iter().map(|row| row.failures).sum::<u64>(), failures);
    assert_eq!(report.upstreams.iter().map(|row| row.failures).sum::<u64>(), failures);
    assert_eq!(report.incidents.iter().map(|row| row.failures).sum::<u64>(), failures);
    assert_eq!(report.causes.iter().map(|row| row.failures).sum::<u64>(), failures);
    assert_eq!(report.proxies.iter().map(|row| row.totals.failures).sum::<u64>(), failures);
    let by_status =
        |row: &gatewhy::report::WindowRow| row.status_502 + row.status_503 + row.status_504 + row.status_52x;
    assert_eq!(report.windows.iter().map(by_status).sum::<u64>(), failures);
    let attempts = report.totals.failed_attempts;
    assert_eq!(report.windows.iter().map(|row| row.failed_attempts).sum::<u64>(), attempts);
    assert_eq!(report.causes.iter().map(|row| row.failed_attempts).sum::<u64>(), attempts);
    assert_eq!(report.windows.iter().filter_map(|row| row.requests).sum::<u64>(), report.totals.requests.unwrap_or(0));
}

#[test]
fn window_length_does_not_change_the_totals() {
    let bytes = mixture();
    let totals = |window| report(count(&bytes, 1 << 16, &options(2, window)).tally, &options(2, window)).totals;
    let minute = totals(60);
    for window in [1, 10, 300, 3_600, 86_400] {
        assert_eq!(totals(window).failures, minute.failures, "windows of {window} s");
        assert_eq!(totals(window).requests, minute.requests, "windows of {window} s");
    }
}

/// Two layouts that fit the same lines: the first that was given reads them, whatever stood in the lines before.
#[test]
fn given_layouts_are_tried_in_their_order() {
    let layout = |text: &str| {
        let template = Template::compile(&format!("nginx:{text}")).expect("a vendor");
        Reader::Custom(Arc::new(template.expect("a layout")))
    };
    let readers = vec![
        layout("$remote_addr [$time_local] $status $request_time $server_name"),
        layout("$remote_addr [$time_local] $status $server_name $http_x_word"),
    ];
    let [both, second] =
        ["0.010 shop", "blog word"].map(|rest| format!("192.0.2.1 [20/Nov/2026:10:00:00 +0000] 502 {rest}\n"));
    for lines in [format!("{both}{second}"), format!("{second}{both}")].map(|pair| pair.repeat(50)) {
        for threads in [1, 2] {
            let options = Options { readers: readers.clone(), ..options(threads, 60) };
            let report = report(count(lines.as_bytes(), 64, &options).tally, &options);
            let groups: BTreeMap<_, _> =
                report.upstreams.iter().map(|row| (row.group.as_str(), row.failures)).collect();
            assert_eq!(groups, BTreeMap::from([("shop", 50), ("blog", 50)]), "{threads} threads");
        }
    }
}

/// `--status` says which requests count; a server that timed out did so whatever is asked for.
#[test]
fn attempts_fail_whatever_requests_are_asked_for() {
    let line = |status: u16, rest: &str| {
        format!("192.0.2.1 - - [20/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" {status} 9 \"-\" \"-\" {rest}\n")
    };
    let saved = line(200, r#"ua="192.0.2.8:80, 192.0.2.9:80" us="504, 200""#);
    let lost = line(504, r#"ua="192.0.2.8:80" us="504""#);
    let mut statuses = Statuses::none();
    statuses.insert(502);
    let options = Options { statuses, ..options(1, 60) };
    for (lines, failed_attempts, masked) in [(&saved, 1, 1), (&lost, 1, 0)] {
        let totals = report(count(lines.as_bytes(), 1 << 16, &options).tally, &options).totals;
        assert_eq!((totals.requests, totals.failures), (Some(1), 0), "{lines}");
        assert_eq!((totals.failed_attempts, totals.masked_failures), (failed_attempts, masked), "{lines}");
    }
}

/// The tally of every third part, cut at line ends. What begins with a comment is a file with columns, what begins with
/// a transaction is a varnishlog, and neither a part.
fn parts(bytes: &[u8], cuts: (usize, usize)) -> [Tally; 3] {
    let has = |line: &[u8], mark: &[u8]| line.windows(mark.len()).any(|part| part == mark);
    let begins_file = |line: &[u8]| line.starts_with(b"#") || has(line, b"<< ") && has(line, b" >> ");
    let mut ends: Vec<usize> = memchr_all(bytes);
    let first_line =
        |rest: &[u8]| rest.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
    ends.retain(|end| !begins_file(&first_line(&bytes[end + 1..])));
    let at = |cut: usize| if ends.is_empty() { 0 } else { ends[cut % ends.len()] + 1 };
    let (first, second) = (at(cuts.0).min(at(cuts.1)), at(cuts.0).max(at(cuts.1)));
    let tally = |part: &[u8]| count(part, 1 << 16, &options(1, 60)).tally;
    [tally(&bytes[..first]), tally(&bytes[first..second]), tally(&bytes[second..])]
}

fn memchr_all(bytes: &[u8]) -> Vec<usize> {
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect()
}

/// What does not depend on which line came first: parts have line numbers of their own.
fn without_samples(tally: Tally) -> String {
    let mut report = serde_json::to_value(report(tally, &options(1, 60))).expect("JSON");
    report["unparsed"]["samples"].take();
    forget_places(&mut report);
    serde_json::to_string_pretty(&report).expect("JSON")
}

/// Takes out the lines that prove something, and where they stand.
fn forget_places(value: &mut serde_json::Value) {
    use serde_json::Value;
    static PLACE: LazyLock<regex::Regex> = LazyLock::new(|| regex::Regex::new(r" \(log:\d+\)").expect("a pattern"));
    match value {
        Value::Object(members) => {
            members.retain(|name, _| name != "sample" && name != "line");
            members.values_mut().for_each(forget_places);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        Value::String(text) => {
            if let Cow::Owned(rest) = PLACE.replace_all(text, "") {
                *text = rest;
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_is_associative_and_commutative(cuts in (any::<usize>(), any::<usize>())) {
        let bytes = mixture();
        let whole = without_samples(count(&bytes, 1 << 20, &options(1, 60)).tally);
        let [a, b, c] = parts(&bytes, cuts);
        let left = a.clone().merge(b.clone()).merge(c.clone());
        let right = a.clone().merge(b.clone().merge(c.clone()));
        let turned = c.merge(a).merge(b);
        for merged in [left, right, turned].map(without_samples) {
            prop_assert!(merged == whole, "{}", first_difference(&merged, &whole));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000), block_size in 1_usize..300) {
        let outcome = count(&bytes, block_size, &options(2, 60));
        let lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let expected = lines.filter(|line| !line.is_empty()).count() as u64;
        prop_assert_eq!(outcome.tally.inputs.iter().map(|input| input.lines).sum::<u64>(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Real lines, cut short and with bytes changed: what `skim` says of them, `read` says too, and nobody panics.
    #[test]
    fn skim_and_read_agree_on_damaged_lines(
        which in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        shorten in any::<bool>(),
    ) {
        thread_local!(static LINES: Vec<Vec<u8>> = lines());
        let mut line = LINES.with(|lines| lines[which.index(lines.len())].clone());
        if line.is_empty() {
            return Ok(());
        }
        for (at, byte) in changes {
            let at = at.index(line.len());
            line[at] = byte;
        }
        if shorten {
            line.truncate(cut.index(line.len()) + 1);
        }
        let opened = gatewhy::envelope::open(&line);
        let mut claims = Vec::new();
        for format in Format::ALL {
            let Some(skimmed) = format.skim(opened.payload) else { continue };
            claims.push(format.about().name);
            let read = format.read(opened.payload);
            prop_assert!(read.is_some(), "{}: skimmed but not read: {}", format.about().name, String::from_utf8_lossy(&line));
            if let (Skimmed::Plain(skim), Some(record)) = (skimmed, read) {
                prop_assert_eq!(Some(skim.status), record.status);
                prop_assert_eq!(skim.when, record.when);
                prop_assert_eq!(skim.upstream, record.upstream);
                prop_assert_eq!(skim.group, record.group);
                prop_assert_eq!(skim.names_upstream, record.names_upstream);
                prop_assert_eq!(skim.duration, record.duration);
                prop_assert_eq!(record.attempts.len(), usize::from(skim.attempted), "{}", String::from_utf8_lossy(&line));
            }
        }
        prop_assert!(claims.len() <= 1, "{claims:?} all claim {}", String::from_utf8_lossy(&line));
    }
}

/// A line for each second of ten minutes; every seventh failed.
fn access(number: usize) -> String {
    let line = |second: usize| {
        let (minute, rest, status) = (second / 60, second % 60, if second.is_multiple_of(7) { 502 } else { 200 });
        format!(
            "203.0.113.7 - - [21/Nov/2026:10:{minute:02}:{rest:02} +0000] \"GET /{number}/{second} HTTP/1.1\" {status} 157 \
             \"-\" \"curl/8.0\"\n"
        )
    };
    (0..600).map(line).collect()
}

/// Inputs are read by whoever is free, several at a time: what is told of them, good or bad, must not show it.
#[test]
fn many_archives_with_errors_among_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let inputs = (0..30).map(|number| {
        let text = access(number);
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).expect("memory");
        let packed = packed.finish().expect("memory");
        let half = packed.len() / 2;
        let bytes = match number % 6 {
            0 => text.into_bytes(),
            1 => zstd::encode_all(text.as_bytes(), 0).expect("memory"),
            2 => packed[..half].to_vec(),
            3 => [&packed[..], b"no member"].concat(),
            4 => [&packed[..half], &[0xFF; 100], &packed[half..]].concat(),
            _ => packed,
        };
        let path = directory.path().join(number.to_string());
        if number != 17 {
            fs::write(&path, bytes).expect("room on the disk");
        }
        Input { path: Some(path), size: None, found_in: None }
    });
    let inputs: Vec<Input> = inputs.collect();
    let names: Vec<String> = (0..inputs.len()).map(|number| number.to_string()).collect();
    let told = |threads: usize| {
        let options = options(threads, 60);
        let outcome = pipeline::count(Blocks::new(inputs.clone(), 1 << 13), &options).expect("threads");
        let problems: Vec<String> = outcome.problems.iter().map(|problem| problem.error.to_string()).collect();
        let failed: Vec<_> = outcome.problems.iter().filter_map(|problem| problem.input).collect();
        let request = Request {
            names: &names,
            all_windows: true,
            tables: Tables::ALL,
            now: Stamp::from_seconds(1_795_300_000),
            zone_name: "UTC",
        };
        let report = pipeline::report(outcome, &options, &request);
        (failed, problems, serde_json::to_string_pretty(&report).expect("JSON"))
    };
    let expected = told(1);
    let broken = |number: &usize| matches!(number % 6, 2..=4) || *number == 17;
    assert_eq!(expected.0, (0..30).filter(broken).collect::<Vec<_>>(), "{:#?}", expected.1);
    for threads in [2, 7, 2, 7] {
        let other = told(threads);
        assert_eq!(other.1, expected.1, "{threads} threads");
        assert!(other.2 == expected.2, "{threads} threads");
    }
}

/// Some programs' objects have a `message` that is no line of a log. What was in the line before does not matter.
#[test]
fn objects_around_lines_do_not_change_what_others_are() {
    let access = r#"203.0.113.9 - - [27/Nov/2026:08:00:00 +0000] \"GET /a HTTP/1.1\" 502 11 \"-\" \"curl\""#;
    let around = [
        format!(r#"{{"log":"{access}\n","stream":"stdout","time":"2026-11-27T08:00:00Z"}}"#),
        format!(r#"{{"timestamp":"2026-11-27T08:00:00Z","message":"{access}"}}"#),
    ];
    let own = [
        r#"{"level":"error","ts":1795766400.8,"logger":"http.log.access","message":"handled request","request":{"remote_ip":"203.0.113.9","method":"GET","host":"shop","uri":"/a"},"duration":0.0006,"size":0,"status":502,"resp_headers":{}}"#,
        r#"{"EdgeStartTimestamp":"2026-11-27T08:00:00Z","ClientIP":"203.0.113.9","EdgeResponseStatus":502,"OriginIP":"10.0.0.5","RayID":"a","message":"x"}"#,
        r#"{"time_iso8601":"2026-11-27T08:00:00+00:00","remote_addr":"203.0.113.9","status":"502","upstream_addr":"127.0.0.1:9102","upstream_status":"502","message":"x"}"#,
    ];
    let mut log = String::new();
    for outer in &around {
        for inner in own {
            log += &format!("{outer}\n{inner}\n{inner}\n{outer}\n");
        }
    }
    let whole = json(log.as_bytes(), 1 << 20, 1);
    let read: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
    let counted = [&read["totals"]["requests"], &read["totals"]["failures"], &read["unparsed"]["lines"]];
    assert_eq!(counted.map(serde_json::Value::as_u64), [Some(24), Some(24), Some(0)]);
    for (block_size, threads) in [(1, 1), (300, 2), (1_000, 3)] {
        assert!(json(log.as_bytes(), block_size, threads) == whole, "{block_size} {threads}");
    }
}

/// The columns of a W3C log change in the middle of it; which ones a line has depends on where it stands in its file,
/// and not on where the blocks end.
#[test]
fn columns_are_those_of_the_last_heading() {
    let arr = include_str!("../fixtures/format/iis/arr.log");
    let log = arr.repeat(40);
    let whole = json(log.as_bytes(), 1 << 20, 1);
    let totals: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
    assert_eq!((totals["totals"]["requests"].as_u64(), totals["totals"]["failures"].as_u64()), (Some(280), Some(200)));
    for (block_size, threads) in [(1, 1), (100, 2), (700, 3), (4096, 2)] {
        assert_eq!(json(log.as_bytes(), block_size, threads), whole, "{block_size} {threads}");
    }
    // Behind a byte order mark too; but not in what some program logged, nor past what a line may hold.
    let (first, rest) = arr.split_at(arr.find("#Fields:").expect("columns"));
    let body = rest.lines().skip(9).collect::<Vec<_>>().join("\n");
    let strange = [
        "\u{FEFF}".to_owned() + rest,
        format!("{first}{rest}{{\"log\":\"#Fields: date time sc-status\"}}\n{body}"),
        format!("{first}{rest}nginx_1  | #Fields: date time sc-status\n{body}"),
        format!("{first}{rest}#Fields: date time sc-status {}\n{body}", "x".repeat(1 << 20)),
    ];
    for (log, requests) in strange.iter().zip([7, 9, 9, 9]) {
        let whole = json(log.as_bytes(), 4 << 20, 1);
        assert!(whole.contains(&format!("\"requests\": {requests},")), "{requests}: {}", &log[..200]);
        for (block_size, threads) in [(1, 1), (100, 2), (700, 3)] {
            assert!(json(log.as_bytes(), block_size, threads) == whole, "{block_size} {threads}: {}", &log[..200]);
        }
    }
    // Without a comment at its beginning, nothing in a file names columns.
    let body = arr.lines().skip(4).collect::<Vec<_>>().join("\n");
    assert!(json(body.as_bytes(), 1 << 20, 1).contains("\"requests\": 5,"));
}

/// Where no column has the date, the last `#Date:` before a line has it, wherever the blocks end.
#[test]
fn a_day_is_that_of_the_last_heading() {
    let undated = include_str!("../fixtures/format/iis/undated.log");
    let log = undated.repeat(40);
    let whole = json(log.as_bytes(), 1 << 20, 1);
    let read: serde_json::Value = serde_json::from_str(&whole).expect("JSON");
    assert_eq!((read["totals"]["requests"].as_u64(), read["totals"]["failures"].as_u64()), (Some(120), Some(80)));
    for (block_size, threads) in [(1, 1), (100, 2), (700, 3), (4096, 2)] {
        assert_eq!(json(log.as_bytes(), block_size, threads), whole, "{block_size} {threads}");
    }
}
