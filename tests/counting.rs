//! The counting rules at their edges. Lines are recorded ones with times, addresses and statuses changed.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use gatewhy::cause::Cause;
use gatewhy::diagnose::{self, Settings};
use gatewhy::event::Reader;
use gatewhy::format::Statuses;
use gatewhy::grammar::time::Stamp;
use gatewhy::input::{Blocks, Input};
use gatewhy::pipeline::{self, Filters, Options, Outcome, Request};
use gatewhy::report::{Report, Tables};
use jiff::tz::TimeZone;
use std::fmt::Write as _;

fn options() -> Options {
    Options {
        window: 60,
        statuses: Statuses::gateway(),
        zone: TimeZone::UTC,
        readers: Reader::known(),
        filters: Filters::default(),
        threads: 1,
        redactor: None,
    }
}

/// The present.
const NOW: Stamp = Stamp::from_seconds(1_795_300_000);

fn count(logs: &[&str], options: &Options) -> Outcome {
    let directory = tempfile::tempdir().expect("a directory");
    let inputs = logs.iter().enumerate().map(|(number, text)| {
        let path = directory.path().join(number.to_string());
        std::fs::write(&path, text).expect("room on the disk");
        Input { path: Some(path), size: None, found_in: None }
    });
    pipeline::count(Blocks::new(inputs.collect(), 1 << 16), options).expect("threads")
}

fn report_with(logs: &[&str], options: &Options) -> Report {
    let outcome = count(logs, options);
    let names: Vec<String> = (0..logs.len()).map(|number| format!("{number}.log")).collect();
    let request = Request { names: &names, tables: Tables::ALL, all_windows: true, now: NOW, zone_name: "UTC" };
    let report = pipeline::report(outcome, options, &request);
    assert_eq!(report.unparsed.lines, 0, "{:?}", report.unparsed.samples);
    report
}

fn report(logs: &[&str]) -> Report {
    report_with(logs, &options())
}

/// A line of nginx's access log with upstream variables; `time` is of 21 Nov 2026.
fn access(time: &str, path: &str, status: u16, seconds: &str, upstream: &str, statuses: &str) -> String {
    // A request that timed out was connected.
    let connect = if status == 504 { "0.001" } else { "-" };
    format!(
        "203.0.113.7 - - [21/Nov/2026:{time} +0000] \"GET {path} HTTP/1.1\" {status} 157 \"-\" \"curl/8.0\" rt={seconds} \
         uct=\"{connect}\" uht=\"-\" urt=\"{seconds}\" ua=\"{upstream}\" us=\"{statuses}\"\n"
    )
}

/// The same without upstream variables.
fn combined(time: &str, path: &str, status: u16) -> String {
    format!("203.0.113.7 - - [21/Nov/2026:{time} +0000] \"GET {path} HTTP/1.1\" {status} 157 \"-\" \"curl/8.0\"\n")
}

/// A line of nginx's error log about an attempt at `upstream`, for the virtual server `server`.
fn error(time: &str, message: &str, server: &str, upstream: &str, path: &str) -> String {
    format!(
        "2026/11/21 {time} [error] 7#7: *1 {message}, client: 203.0.113.7, server: {server}, \
         request: \"GET {path} HTTP/1.1\", upstream: \"http://{upstream}{path}\", host: \"{server}\"\n"
    )
}

const REFUSED: &str = "connect() failed (111: Connection refused) while connecting to upstream";
const TIMED_OUT: &str = "upstream timed out (110: Connection timed out) while reading response header from upstream";
const NO_LIVE: &str = "no live upstreams while connecting to upstream";

#[test]
fn a_failure_over_a_window_edge_counts_once() {
    let access = access("10:01:00", "/a", 504, "60.001", "10.0.0.5:80", "504");
    let error = error("10:00:59", TIMED_OUT, "shop", "10.0.0.5:80", "/a");
    let report = report(&[&access, &error]);
    assert_eq!((report.totals.requests, report.totals.failures, report.totals.failed_attempts), (Some(1), 1, 1));
    assert_eq!(report.incidents[0].likely_cause, "response-timeout");
}

#[test]
fn a_masked_attempt_over_a_window_edge_stays_masked() {
    let access = access("12:15:01", "/a", 200, "60.011", "10.0.0.5:80, 10.0.0.6:80", "504, 200");
    let error = error("12:14:59", TIMED_OUT, "shop", "10.0.0.5:80", "/a");
    let totals = report(&[&access, &error]).totals;
    assert_eq!((totals.failures, totals.failed_attempts, totals.masked_failures), (0, 1, 1));
}

#[test]
fn failures_of_an_error_log_alone_have_no_rate() {
    let error = error("10:00:00", REFUSED, "shop", "10.0.0.5:80", "/a").repeat(5);
    let haproxy =
        "203.0.113.197:57333 [21/Nov/2026:10:00:00.330] web api/api-1 0/0/0/0/0 200 151 - - ---- 1/1/0/0/0 0/0 \
                   \"GET /checkout HTTP/1.1\"\n"
            .repeat(100);
    let report = report(&[&error, &haproxy]);
    assert_eq!((report.totals.requests, report.totals.failures, report.totals.error_rate), (Some(100), 5, None));
    let rates: Vec<_> = report.proxies.iter().map(|row| (row.proxy.as_str(), row.totals.error_rate)).collect();
    assert_eq!(rates, [("haproxy", Some(0.0)), ("nginx", None)]);
}

#[test]
fn moved_failures_take_their_paths_along() {
    let mut access = combined("10:00:01", "/a", 502).repeat(4);
    access += &combined("10:00:02", "/b", 502);
    let error = error("10:00:01", REFUSED, "shop", "10.0.0.5:80", "/a").repeat(4);
    let report = report(&[&access, &error]);
    assert_eq!(report.totals.failures, 5);
    let paths: u64 = report.incidents.iter().flat_map(|incident| &incident.paths).map(|path| path.failures).sum();
    assert_eq!(paths, 5);
    let named: Vec<_> =
        report.windows.iter().map(|row| (row.upstream.as_str(), row.failures, row.top_path.as_deref())).collect();
    assert_eq!(named, [("", 1, Some("/b")), ("10.0.0.5:80", 4, Some("/a"))]);
    assert!(report.windows.iter().all(|row| row.attempts.is_none()), "combined tells nothing of attempts");
}

#[test]
fn two_attempts_for_one_failure_count_once() {
    let access = combined("10:00:01", "/a", 502).repeat(10);
    let lost = |upstream| error("10:00:01", REFUSED, "shop", upstream, "/a").repeat(10);
    let report = report(&[&access, &lost("10.0.0.5:80"), &lost("10.0.0.6:80")]);
    assert_eq!((report.totals.failures, report.totals.failed_attempts), (10, 20));
    assert_eq!(report.totals.error_rate, Some(1.0));
}

#[test]
fn statuses_without_a_column_are_reconciled_too() {
    let mut options = options();
    options.statuses = Statuses::none();
    options.statuses.insert(500);
    let message = "socket() failed (24: Too many open files) while connecting to upstream";
    let error = error("10:00:01", message, "shop", "10.0.0.5:80", "/a");
    let report = report_with(&[&combined("10:00:01", "/a", 500), &error], &options);
    assert_eq!(report.totals.failures, 1);
    assert_eq!(report.causes.iter().map(|row| (row.cause, row.failures)).collect::<Vec<_>>(), [("proxy-exhausted", 1)]);
}

#[test]
fn one_host_is_one_proxy() {
    let mut access = String::new();
    for line in combined("10:00:01", "/a", 502).repeat(5).lines() {
        let _ = writeln!(access, "<190>Nov 21 10:00:01 web1 nginx: {line}");
    }
    let error = error("10:00:01", REFUSED, "shop", "10.0.0.5:80", "/a").repeat(4);
    let report = report(&[&access, &error]);
    assert_eq!(report.totals.failures, 5);
    assert_eq!(report.proxies.iter().map(|row| row.proxy.as_str()).collect::<Vec<_>>(), ["nginx@web1"]);
}

#[test]
fn a_consequence_is_told_with_the_root_of_its_own_virtual_server() {
    let mut log = error("12:00:01", TIMED_OUT, "reports.example.com", "10.0.9.9:9000", "/r").repeat(50);
    log += &error("12:00:02", REFUSED, "api.example.com", "10.0.0.5:80", "/a").repeat(3);
    log += &error("12:00:03", NO_LIVE, "api.example.com", "api", "/a").repeat(200);
    let told: Vec<_> = report(&[&log]).incidents.iter().map(|row| (row.likely_cause, row.failures)).collect();
    assert_eq!(told, [("connection-refused", 203), ("response-timeout", 50)]);
}

#[test]
fn the_peak_is_where_most_failed() {
    let mut log = access("12:00:00", "/a", 502, "0.000", "10.0.0.5:80", "502");
    log += &access("12:01:00", "/a", 502, "0.000", "10.0.0.5:80", "502").repeat(50);
    log += &access("12:01:00", "/a", 200, "0.010", "10.0.0.5:80", "200").repeat(10);
    let report = report(&[&log]);
    assert_eq!(report.incidents[0].peak_start, "2026-11-21T12:01:00Z");
    assert_eq!(report.incidents[0].peak_error_rate, Some(0.833_333));
}

#[test]
fn an_outage_stands_out_of_a_trickle() {
    let mut log = String::new();
    for minute in 0..60 {
        let time = format!("12:{minute:02}:00");
        let failures = if (30..35).contains(&minute) { 200 } else { 1 };
        log += &access(&time, "/a", 502, "0.000", "10.0.0.5:80", "502").repeat(failures);
    }
    let report = report(&[&log]);
    let first = &report.incidents[0];
    assert_eq!((first.start.as_str(), first.end.as_str()), ("2026-11-21T12:30:00Z", "2026-11-21T12:34:00Z"));
    assert_eq!((first.failures, report.totals.failures), (1_000, 1_055));
}

#[test]
fn upstreams_that_nothing_joins_are_told_apart() {
    let mut log = access("12:00:00", "/a", 502, "0.000", "10.0.0.5:80", "502").repeat(5);
    log += &access("12:00:30", "/b", 502, "0.000", "192.168.7.7:9000", "502").repeat(5);
    assert_eq!(report(&[&log]).incidents.len(), 2);
    // Tried for the same request, they are one group's.
    log += &access("12:00:40", "/a", 502, "0.000", "10.0.0.5:80, 192.168.7.7:9000", "502, 502");
    assert_eq!(report(&[&log]).incidents.len(), 1);
}

#[test]
fn filters_see_final_names() {
    let access = combined("10:00:01", "/a", 502).repeat(3) + &combined("10:00:01", "/", 200);
    let mut error = error("10:00:01", REFUSED, "shop", "10.0.0.5:80", "/a").repeat(2);
    error += &self::error("10:00:01", REFUSED, "shop", "10.0.0.6:80", "/a");
    let mut options = options();
    options.filters.upstream = regex::bytes::Regex::new("10.0.0.5").ok();
    let report = report_with(&[&access, &error], &options);
    assert_eq!((report.totals.failures, report.windows.len()), (2, 1));
}

#[test]
fn state_lines_without_a_year_find_their_requests() {
    let state = "Nov 21 12:14:10 lb1 haproxy[7]: Server api/api-1 is DOWN, reason: Layer4 connection problem, info: \
                 \"Connection refused\", check duration: 0ms. 0 active and 0 backup servers left. 0 sessions active, \
                 0 requeued, 0 remaining in queue.\n";
    let request = "Nov 21 12:14:14 lb1 haproxy[7]: 203.0.113.1:1 [21/Nov/2024:12:14:14.000] web api/<NOSRV> \
                   0/-1/-1/-1/0 503 217 - - SC-- 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"\n";
    for window in [10, 60, 86_400, 7 * 86_400] {
        let mut options = options();
        options.window = window;
        let report = report_with(&[state, request], &options);
        assert_eq!(report.incidents[0].likely_cause, "connection-refused", "windows of {window} s");
        assert_eq!(report.upstreams[0].first_seen, "2024-11-21T12:14:14Z");
    }
}

#[test]
fn finding_incidents_is_not_quadratic() {
    // A 502 every four minutes for a year: nothing joins them, nothing may compare each with all.
    let mut log = String::new();
    for number in 0..131_400_i64 {
        let time = jiff::Timestamp::from_second(1_700_000_000 + number * 240).expect("a time");
        let time = time.strftime("%d/%b/%Y:%H:%M:%S +0000");
        let _ = writeln!(log, "203.0.113.7 - - [{time}] \"GET /a HTTP/1.1\" 502 157 \"-\" \"curl/8.0\"");
    }
    let report = report(&[&log]);
    assert_eq!((report.totals.failures, report.incidents.len()), (131_400, 1));
}

const GUNICORN: &str = include_str!("../fixtures/format/gunicorn/error.log");
const JOURNAL: &str = include_str!("../fixtures/format/systemd/journal.log");

#[test]
fn what_happened_on_hosts_is_no_failure() {
    let access = access("03:13:46", "/a", 502, "2.001", "10.0.0.5:80", "502");
    let tables = |logs: &[&str]| {
        let report = report(logs);
        let rows = (&report.totals, &report.proxies, &report.windows, &report.upstreams, &report.causes);
        serde_json::to_string(&rows).expect("JSON")
    };
    assert_eq!(tables(&[&access, GUNICORN, JOURNAL]), tables(&[&access]));
    let alone = report(&[GUNICORN, JOURNAL]);
    assert_eq!(
        (alone.totals.requests, alone.totals.failures, alone.windows.len(), alone.incidents.len()),
        (None, 0, 0, 0)
    );
}

/// By host, and by pool, unit or program; no filter on requests, upstreams or groups drops them.
#[test]
fn what_happened_on_hosts_is_kept_apart() {
    let pattern = || Some(regex::bytes::Regex::new("^nothing$").expect("a pattern"));
    let filters = Filters { path: pattern(), host: pattern(), ..Filters::default() };
    let tally = count(&[GUNICORN, JOURNAL], &Options { filters, ..options() }).tally;
    let settings = Settings {
        zone: TimeZone::UTC,
        now: NOW,
        statuses: Statuses::gateway(),
        since: None,
        until: None,
        upstream: pattern(),
        group: pattern(),
    };
    let findings = diagnose::diagnose(tally, &settings);
    assert!(findings.rows.is_empty(), "{:?}", findings.rows);
    let kills = findings.hosts.iter().flat_map(|row| row.trouble().evidence.iter().map(move |item| (&row.key, item)));
    let kills = kills.filter(|(_, item)| item.sign.cause == Cause::WorkerKilled);
    let mut kills: Vec<_> =
        kills.map(|(key, item)| (key.proxy.as_str(), key.group.as_str(), item.sign.kind, item.lines)).collect();
    kills.sort_unstable();
    let expected = [
        ("host@web1", "", "gunicorn-worker-crashed", 1),
        ("host@web1", "", "gunicorn-worker-killed", 1),
        ("host@web1", "", "gunicorn-worker-timeout", 1),
        ("host@web1", "node", "kernel-crash", 1),
        ("host@web1", "php-fpm8.2", "kernel-crash", 1),
        ("host@web1", "puma", "kernel-crash", 1),
        ("host@web1", "python3", "kernel-cgroup-oom-kill", 1),
        ("host@web1", "shop-api.service", "systemd-killed", 4),
        ("host@web1", "shop-api.service", "systemd-signalled", 2),
        ("host@web1", "shop-missing.service", "systemd-failed", 2),
        ("host@web1", "shop-slow.service", "systemd-killed", 1),
        ("host@web1", "shop-slow.service", "systemd-timed-out", 4),
        ("host@web1", "shop-worker.service", "systemd-failed", 11),
    ];
    assert_eq!(kills, expected);
}

/// The application server's container lives in UTC, nginx does not: nginx's access log tells the zone of its error log.
#[test]
fn hosts_do_not_name_the_gateways_zone() {
    let directory = tempfile::tempdir().expect("a directory");
    let access = access("10:00:00", "/a", 200, "0.1", "10.0.0.5:80", "200").replace("+0000", "+0200");
    let inputs = [("app.log", GUNICORN), ("access.log", &access)].map(|(name, text)| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("room on the disk");
        Input { path: Some(path), size: None, found_in: None }
    });
    let zone = pipeline::zone_of(&inputs, &options()).expect("a zone");
    assert_eq!(zone.to_fixed_offset().expect("an offset").seconds(), 7_200);
}

/// gunicorn's access log is in the Common Log Format, as nginx's.
#[test]
fn requests_at_an_application_server_are_not_the_gateways() {
    let sent_by = |program: &str| {
        let access = combined("10:00:01", "/a", 502);
        report(&[&format!("Nov 21 10:00:01 web1 {program}[7]: {access}")]).totals
    };
    assert_eq!((sent_by("nginx").requests, sent_by("nginx").failures), (Some(1), 1));
    assert_eq!((sent_by("gunicorn").requests, sent_by("gunicorn").failures), (None, 0));
}

/// Apache's error log about one failed attempt: the line that counts, and its companion.
fn apache_error(time: &str, module: &str, before: &str, message: &str) -> String {
    format!(
        "[Sat Nov 21 {time}.000001 2026] [{module}:error] [pid 7:tid 8] {before}{message}\n\
         [Sat Nov 21 {time}.000002 2026] [proxy:error] [pid 7:tid 8] [client 203.0.113.7:5] AH00898: Error reading from remote \
         server returned by /a\n"
    )
}

fn apache_timeout(time: &str) -> String {
    let before = "(70007)The timeout specified has expired: [client 203.0.113.7:5] ";
    apache_error(time, "proxy_http", before, "AH01102: error reading status line from remote server 10.0.0.5:80")
}

fn apache_refused(time: &str, server: &str) -> String {
    format!(
        "[Sat Nov 21 {time}.000001 2026] [proxy:error] [pid 7:tid 8] (111)Connection refused: AH00957: http: attempt to connect to \
         {server} ({server}) failed\n\
         [Sat Nov 21 {time}.000002 2026] [proxy:error] [pid 7:tid 8] AH00959: ap_proxy_connect_backend disabling worker for ({server}) for \
         60s\n\
         [Sat Nov 21 {time}.000003 2026] [proxy_http:error] [pid 7:tid 8] [client 203.0.113.7:5] AH01114: HTTP: failed to make connection \
         to backend: 10.0.0.5\n"
    )
}

const APACHE_STARTED: &str = "[Sat Nov 21 09:00:00.000001 2026] [mpm_event:notice] [pid 7:tid 7] AH00489: Apache/2.4.71 (Debian) \
                              configured -- resuming normal operations\n";

#[test]
fn combined_is_apaches_where_only_apache_wrote_something_else() {
    let combined = combined("10:00:00", "/a", 503).repeat(3);
    let proxies = |logs: &[&str]| -> Vec<String> {
        let rows =
            report(logs).proxies.into_iter().filter(|row| row.totals.requests.is_some_and(|requests| requests > 0));
        rows.map(|row| row.proxy).collect()
    };
    assert_eq!(proxies(&[&combined]), ["nginx"]);
    assert_eq!(proxies(&[&combined, APACHE_STARTED]), ["apache"]);
    let nginx = error("10:00:00", REFUSED, "shop", "10.0.0.5:80", "/a");
    assert_eq!(proxies(&[&combined, APACHE_STARTED, &nginx]), ["nginx"]);
    // Where envelopes name hosts, each host is one or the other.
    let from = |host: &str, text: &str| {
        let lines = text.lines().map(|line| format!("2026-11-21T10:00:00+00:00 {host} web[7]: {line}\n"));
        lines.collect::<String>()
    };
    let logs = [from("a", &combined), from("a", APACHE_STARTED), from("b", &combined), from("b", &nginx)];
    assert_eq!(proxies(&[&logs[0], &logs[1], &logs[2], &logs[3]]), ["apache@a", "nginx@b"]);
}

/// Plain lines with syslog's header.
fn sent_by(host: &str, program: &str, text: &str) -> String {
    text.lines().map(|line| format!("2026-11-21T10:00:00+00:00 {host} {program}[7]: {line}\n")).collect()
}

#[test]
fn combined_is_of_the_program_that_sent_it() {
    let combined = combined("10:00:00", "/a", 502) + &combined("10:00:00", "/b", 200);
    let nginx = error("10:00:00", REFUSED, "shop", "10.0.0.5:80", "/a");
    let proxies = |logs: &[&str]| -> Vec<(String, Option<u64>)> {
        let rows = report(logs).proxies.into_iter().filter(|row| row.totals.requests.is_some());
        rows.map(|row| (row.proxy, row.totals.requests)).collect()
    };
    for (program, proxy) in [("apache2", "apache"), ("httpd", "apache"), ("lighttpd", "lighttpd")] {
        let (sent, expected) = (sent_by("web1", program, &combined), [(format!("{proxy}@web1"), Some(2))]);
        assert_eq!(proxies(&[&sent]), expected, "{program}");
        assert_eq!(proxies(&[&sent, &nginx]), expected, "{program}");
    }
    let sent = sent_by("web1", "nginx", &combined);
    let (apache, elsewhere) = (sent_by("web1", "web", APACHE_STARTED), sent_by("old", "web", APACHE_STARTED));
    for notice in [APACHE_STARTED, &apache, &elsewhere] {
        assert_eq!(proxies(&[&sent, notice]), [("nginx@web1".to_owned(), Some(2))], "{notice}");
    }
}

/// A request counts once, whoever says anything else.
#[test]
fn a_notice_outweighs_no_failure_that_was_told() {
    let combined = combined("10:00:00", "/a", 502);
    let notice = "2026/11/21 09:59:59 [warn] 7#7: *1 a client request body is buffered to a temporary file /t/1, \
                  client: 203.0.113.7, server: shop, request: \"POST / HTTP/1.1\", host: \"shop\"\n";
    let report = report(&[&combined, &apache_timeout("10:00:00"), notice]);
    let proxies: Vec<_> = report.proxies.iter().map(|row| (row.proxy.as_str(), row.totals.failures)).collect();
    assert_eq!(proxies, [("apache", 1)]);
}

#[test]
fn names_do_not_depend_on_what_is_asked_for() {
    let combined = combined("10:00:00", "/a", 502);
    let filters: [fn(&mut Options); 2] = [
        |options| options.filters.path = regex::bytes::Regex::new("^/a$").ok(),
        |options| options.filters.since = Some(Stamp::from_seconds(1_795_255_200)),
    ];
    for filter in filters {
        let mut options = options();
        filter(&mut options);
        for told in [APACHE_STARTED.to_owned(), apache_timeout("09:30:00")] {
            let report = report_with(&[&combined, &told], &options);
            let proxies: Vec<_> = report.proxies.iter().map(|row| (row.proxy.as_str(), row.totals.failures)).collect();
            assert_eq!((proxies, report.totals.failed_attempts), (vec![("apache", 1)], 0), "{told}");
        }
    }
}

/// Only where no rule chose a backend does the request timer never begin: whatever else stands under the same name, a
/// `listen` section without servers is told by its own lines.
#[test]
fn a_frontend_and_a_backend_of_one_name_are_no_section() {
    let line = |second: usize, rest: &str| {
        let start = format!("203.0.113.1:1 [21/Nov/2026:10:00:{second:02}.000] web");
        format!("2026-11-21T10:00:{second:02}+00:00 lb haproxy[7]: {start} {rest} 1/1/0/0/0 0/0 \"GET / HTTP/1.1\"\n")
    };
    let answers: String = (0..9).map(|second| line(second, "web/a 0/0/1/5/6 200 100 - - ----")).collect();
    for (timer, kind) in [("-1", "haproxy-no-backend"), ("0", "haproxy-no-server")] {
        let lost: String =
            (20..24).map(|second| line(second, &format!("web/<NOSRV> {timer}/-1/-1/-1/0 503 100 - - SC--"))).collect();
        let causes = report(&[&(answers.clone() + &lost)]).incidents.into_iter().flat_map(|incident| incident.causes);
        let evidence: Vec<_> = causes.flat_map(|cause| cause.evidence).map(|item| (item.kind, item.count)).collect();
        assert_eq!(evidence, [(kind, 4)], "{timer}");
    }
}

/// A line of varnishlog's, as syslog stamps it.
fn varnishlog(time: &str, text: &str) -> String {
    format!("2026-11-21T{time}+00:00 cache1 varnishlog[7]: -   FetchError     {text}\n")
}

#[test]
fn combined_is_varnishs_where_only_varnishlog_says_something_else() {
    let combined = combined("10:00:00", "/a", 503).repeat(3);
    let told = varnishlog("10:00:00", "backend api: fail errno 111 (Connection refused)").repeat(3);
    let whole = report(&[&combined, &told]);
    assert_eq!((whole.totals.requests, whole.totals.failures, whole.totals.failed_attempts), (Some(3), 3, 3));
    assert_eq!((whole.proxies.len(), &*whole.incidents[0].upstreams), (1, &["api".to_owned()][..]));
    // A tier before it.
    let own =
        "203.0.113.7 - - [21/Nov/2026:10:00:00 +0000] \"GET http://shop/a HTTP/1.1\" 503 157 \"-\" \"-\" 900 miss\n";
    let tiers = report(&[&combined, &told, own]);
    let proxies: Vec<_> = tiers.proxies.iter().map(|row| (row.proxy.as_str(), row.totals.requests)).collect();
    assert_eq!(proxies, [("nginx", Some(3)), ("varnish@cache1", Some(1))]);
}

#[test]
fn caddys_two_loggers_tell_of_each_failure_once() {
    let line = |logger: &str, message: &str| {
        format!(
            "{{\"ts\":\"2026-11-21T10:00:00.5Z\",\"logger\":\"http.log.{logger}\",\"msg\":\"{message}\",\"request\":\
             {{\"uri\":\"/a\"}},\"duration\":0.5,\"size\":0,\"status\":502,\"resp_headers\":{{}}}}\n"
        )
    };
    let access = line("access", "handled request").repeat(3);
    for (error, upstreams) in
        [("EOF", vec![]), ("dial tcp 10.0.0.5:80: connect: connection refused", vec!["10.0.0.5:80"])]
    {
        let errors = line("error", error).repeat(3);
        let both = report(&[&access, &errors]);
        assert_eq!((both.totals.requests, both.totals.failures), (Some(3), 3), "{error}");
        assert_eq!(both.incidents[0].upstreams, upstreams, "{error}");
        let alone = report(&[&errors]);
        assert_eq!((alone.totals.requests, alone.totals.failures), (None, 3), "{error}");
        assert_eq!(alone.incidents[0].likely_cause, both.incidents[0].likely_cause, "{error}");
    }
}

#[test]
fn apaches_two_logs_tell_of_each_failure_once() {
    let access = combined("10:00:00", "/a", 502).repeat(3);
    let errors = apache_timeout("10:00:30").repeat(3);
    let report = report(&[&access, &errors]);
    assert_eq!((report.totals.requests, report.totals.failures, report.totals.failed_attempts), (Some(3), 3, 3));
    let incident = &report.incidents[0];
    assert_eq!(
        (incident.likely_cause, incident.upstreams.as_slice()),
        ("response-timeout", &["10.0.0.5:80".to_owned()][..])
    );
}

/// Apache's access log has the time at which a request came, and its error log the time at which it was given up.
#[test]
fn an_error_line_may_come_five_minutes_after_its_access_line() {
    let access = combined("10:00:10", "/a", 502).repeat(3);
    let errors = apache_timeout("10:05:10").repeat(3);
    let report = report(&[&access, &errors]);
    assert_eq!((report.totals.failures, report.totals.failed_attempts), (3, 3));
    assert_eq!(report.incidents[0].likely_cause, "response-timeout");
}

/// An error line is written at the attempt, the access line at the end of the request: windows of a second may lie
/// between them.
#[test]
fn short_windows_count_nothing_twice() {
    let access = combined("10:00:10", "/a", 502).repeat(3);
    let errors = error("10:00:05", REFUSED, "shop", "10.0.0.5:80", "/a").repeat(3);
    let report = report_with(&[&access, &errors], &Options { window: 1, ..options() });
    assert_eq!((report.totals.failures, report.totals.failed_attempts), (3, 3));
    assert_eq!(report.incidents[0].upstreams, ["10.0.0.5:80"]);
}

#[test]
fn a_member_that_failed_over_is_no_failure_but_is_told() {
    let access = "203.0.113.7 - - [21/Nov/2026:10:00:00 +0000] \"GET /a HTTP/1.1\" 200 157 \"-\" \"curl/8.0\" 900 \
                  worker=http://10.0.0.6:80\n";
    let report = report(&[access, &apache_refused("10:00:00", "10.0.0.5:80")]);
    assert_eq!((report.totals.requests, report.totals.failures, report.totals.failed_attempts), (Some(1), 0, 1));
    assert_eq!(report.incidents[0].upstreams, ["10.0.0.5:80"]);
}

#[test]
fn members_of_a_balancer_that_fail_together_are_one_incident() {
    let errors = apache_refused("10:00:00", "10.0.0.5:8001") + &apache_refused("10:00:00", "10.0.0.6:8002");
    let report = report(&[&errors.repeat(5)]);
    assert_eq!(report.incidents.len(), 1);
    assert_eq!(report.incidents[0].upstreams, ["10.0.0.5:8001", "10.0.0.6:8002"]);
}

/// The failed handshake is counted by one line, and explained by another before it.
#[test]
fn a_line_that_explains_gives_its_cause_to_the_one_that_counts() {
    let failed = "[Sat Nov 21 10:00:00.000002 2026] [proxy:error] [pid 7:tid 8] (20014)Internal error (specific information not \
                  available): [client 203.0.113.7:5] AH01084: pass request body failed to 10.0.0.5:443 (app.internal)\n";
    let refused = "[Sat Nov 21 10:00:00.000001 2026] [ssl:error] [pid 7:tid 8] [remote 10.0.0.5:443] AH02039: Certificate \
                   Verification: Error (18): self-signed certificate\n";
    let told = |logs: &[&str]| {
        let report = report(logs);
        let causes: Vec<_> = report.causes.iter().map(|row| (row.cause, row.failed_attempts)).collect();
        (report.totals.failures, report.totals.failed_attempts, causes)
    };
    assert_eq!(told(&[&failed.repeat(3)]), (0, 3, vec![("tls-handshake", 3)]));
    assert_eq!(told(&[&failed.repeat(3), &refused.repeat(3)]), (0, 3, vec![("tls-certificate", 3)]));
    assert_eq!(told(&[&failed.repeat(3), refused]), (0, 3, vec![("tls-handshake", 2), ("tls-certificate", 1)]));
    // Without anything to explain, nothing is counted.
    assert_eq!(told(&[refused]), (0, 0, vec![]));
}

/// LiteSpeed's line for a request that is answered with 503.
fn litespeed_failed(time: &str, host: &str) -> String {
    format!("2026-11-21 {time}.104000 [NOTICE] [7] [203.0.113.7:5-1#{host}:lsapi] oops!  503 Service Unavailable\n")
}

/// Its line for a try that failed: there are three for a request.
fn litespeed_tried(time: &str, host: &str, socket: &str, error: &str) -> String {
    format!(
        "2026-11-21 {time}.100000 [INFO] [7] [203.0.113.7:5-1#{host}:lsapi] connection to [uds://tmp/{socket}] on request #0, \
         confirmed, 0, associated process: 0, running: 0, error: {error}!\n"
    )
}

/// Its lines about an application that it leaves alone from now on.
fn litespeed_left_alone(time: &str, application: &str) -> String {
    format!(
        "2026-11-21 {time}.100000 [INFO] [7] [{application}] Connection refused, restart!\n\
         2026-11-21 {time}.100100 [WARN] [7] [{application}] All connections had gone bad, mark it as bad and retry after a while!!!\n"
    )
}

/// Failures of each upstream, or group where it is not known, with the likely cause.
fn failed_at(logs: &[&str]) -> Vec<(String, u64, &'static str)> {
    let name = |group: String, upstream: String| if upstream.is_empty() { group } else { upstream };
    let rows = report(logs).upstreams.into_iter().filter(|row| row.failures > 0);
    rows.map(|row| (name(row.group, row.upstream), row.failures, row.likely_cause.unwrap_or_default())).collect()
}

#[test]
fn litespeeds_lines_tell_of_each_failure_once() {
    let access = combined("10:00:01", "/a", 503).repeat(2) + &combined("10:00:02", "/a", 200);
    let tried = |host: &str, socket: &str| litespeed_tried("10:00:01", host, socket, "Connection refused").repeat(3);
    let failed = |host: &str| litespeed_failed("10:00:01", host);
    let error = (tried("shop", "shop.sock") + &failed("shop")).repeat(2);
    let at_socket = vec![("unix:/tmp/shop.sock".to_owned(), 2, "connection-refused")];
    assert_eq!(failed_at(&[&access, &error]), at_socket);
    assert_eq!(failed_at(&[&error]), at_socket);
    let totals = report(&[&access, &error]).totals;
    assert_eq!((totals.requests, totals.failures, totals.status_503, totals.failed_attempts), (Some(3), 2, 2, 2));
    // The next try went well: no request failed.
    assert_eq!(failed_at(&[&tried("shop", "shop.sock")]), []);
    // What is left over of one host's tries explains nothing of another's.
    let error = tried("shop", "shop.sock") + &failed("shop") + &failed("blog");
    let at_both = vec![("unix:/tmp/shop.sock".to_owned(), 1, "connection-refused"), ("blog".to_owned(), 1, "unknown")];
    // Nor where the tries of the first went well in the end.
    assert_eq!(failed_at(&[&(tried("shop", "shop.sock") + &failed("blog"))]), [("blog".to_owned(), 1, "unknown")]);
    let mut failed_at = failed_at(&[&error]);
    failed_at.sort_by_key(|row| std::cmp::Reverse(row.0.clone()));
    assert_eq!(failed_at, at_both);
}

/// Requests to an application that is left alone fail without a word about it.
#[test]
fn an_application_that_litespeed_leaves_alone_explains_what_follows() {
    let failed = |time: &str, count| litespeed_failed(time, "shop").repeat(count);
    let at = |upstream: &str, failures, cause| (upstream.to_owned(), failures, cause);
    let left_alone = |time: &str| litespeed_left_alone(time, "127.0.0.1:3000");
    let same_minute = left_alone("10:00:01") + &failed("10:00:01", 9);
    assert_eq!(failed_at(&[&same_minute]), [at("127.0.0.1:3000", 9, "connection-refused")]);
    // For a minute, as far as is known.
    let next_minute = left_alone("10:00:59") + &failed("10:00:59", 1) + &failed("10:01:30", 3);
    assert_eq!(failed_at(&[&next_minute]), [at("127.0.0.1:3000", 4, "no-live-upstream")]);
    let later = left_alone("10:00:59") + &failed("10:00:59", 1) + &failed("10:02:30", 3);
    let expected = [at("127.0.0.1:3000", 1, "connection-refused"), at("shop", 3, "unknown")];
    assert_eq!(failed_at(&[&later]).into_iter().collect::<std::collections::BTreeSet<_>>(), expected.into());
    // Two are down: as much of what nobody explains is put down to each as lines speak of it.
    let both = left_alone("10:00:01").repeat(2)
        + &litespeed_left_alone("10:00:02", "127.0.0.1:4000")
        + &failed("10:00:05", 12);
    let mut told = failed_at(&[&both]);
    told.sort();
    assert_eq!(
        told.iter().map(|row| (row.0.as_str(), row.1)).collect::<Vec<_>>(),
        [("127.0.0.1:3000", 8), ("127.0.0.1:4000", 4)]
    );
}

#[test]
fn combined_is_litespeeds_where_only_litespeed_wrote_something_else() {
    let combined = combined("10:00:00", "/a", 503).repeat(3);
    let proxies = |logs: &[&str]| -> Vec<String> {
        let rows = report(logs).proxies.into_iter().filter(|row| row.totals.requests.is_some());
        rows.map(|row| row.proxy).collect()
    };
    let notice = "2026-11-21 09:00:00.000001 [NOTICE] [7] [AutoRestarter] new child process with pid=8 is forked!\n";
    assert_eq!(proxies(&[&combined, notice]), ["nginx"]);
    assert_eq!(proxies(&[&combined, &litespeed_failed("10:00:00", "shop")]), ["litespeed"]);
    assert_eq!(proxies(&[&combined, &litespeed_failed("10:00:00", "shop"), APACHE_STARTED]), ["nginx"]);
    let nginx = error("10:00:00", REFUSED, "shop", "10.0.0.5:80", "/a");
    assert_eq!(proxies(&[&combined, notice, &nginx]), ["nginx"]);
}

/// Shared hosting: thousands of virtual hosts with an application each.
#[test]
fn litespeeds_many_virtual_hosts_are_explained_quickly() {
    let mut log = String::new();
    for number in 0..2_000 {
        log += &litespeed_left_alone("10:00:01", &format!("uds://tmp/{number}.sock"));
        log += &litespeed_failed("10:00:01", &format!("shop-{number}"));
        log += &litespeed_failed("10:01:01", &format!("shop-{number}"));
    }
    let tally = count(&[&log], &options()).tally;
    let started = std::time::Instant::now();
    let rows = diagnose::diagnose(tally, &settings()).rows;
    assert!(started.elapsed().as_secs() < 6, "{:?}", started.elapsed());
    assert_eq!(rows.iter().map(|row| row.trouble().failures).sum::<u64>(), 4_000);
    assert!(rows.iter().all(|row| row.trouble().failures == 0 || !row.key.upstream.is_empty()));
}

/// Every line of an error log names its virtual server; each name is kept once, and found without a look at all others.
#[test]
fn many_virtual_servers_are_counted_quickly() {
    let mut log = String::new();
    for number in 0..20_000 {
        log += &error("10:00:01", NO_LIVE, &format!("shop-{}.example.com", number % 10_000), "api", "/a");
    }
    let started = std::time::Instant::now();
    let tally = count(&[&log], &options()).tally;
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    let names: usize = tally.into_counts().aliases.values().map(std::collections::BTreeSet::len).sum();
    assert_eq!(names, 10_000);
}

/// What the diagnosis has to know where nothing is filtered.
fn settings() -> Settings {
    Settings {
        zone: TimeZone::UTC,
        now: NOW,
        statuses: Statuses::gateway(),
        since: None,
        until: None,
        upstream: None,
        group: None,
    }
}

/// Each upstream's reason stands at the server's address, what counts at its name: nothing may try each with all.
#[test]
fn explaining_lines_are_matched_quickly() {
    let mut log = String::new();
    for number in 0..4_000 {
        let (high, low) = (number / 250, number % 250);
        let _ = write!(
            log,
            "[Sat Nov 21 10:00:00.000001 2026] [ssl:error] [pid 7:tid 8] [remote 10.0.{high}.{low}:443] AH02039: Certificate \
             Verification: Error (18): self-signed certificate\n\
             [Sat Nov 21 10:00:00.000002 2026] [proxy:error] [pid 7:tid 8] (20014)Internal error (specific information not \
             available): [client 203.0.113.7:5] AH01084: pass request body failed to 10.1.{high}.{low}:443 (app.internal)\n"
        );
    }
    let tally = count(&[&log], &options()).tally;
    let started = std::time::Instant::now();
    let rows = diagnose::diagnose(tally, &settings()).rows;
    assert!(started.elapsed().as_secs() < 4, "{:?}", started.elapsed());
    let explained =
        rows.iter().flat_map(|row| &row.trouble().evidence).filter(|item| item.sign.cause == Cause::TlsCertificate);
    assert_eq!(explained.map(|item| item.attempts).sum::<u64>(), 4_000);
}

/// Groups without a live upstream have no failures to give to one another.
#[test]
fn many_groups_without_a_live_upstream_are_reconciled_quickly() {
    let mut log = String::new();
    for number in 0..8_000 {
        log += &error("10:00:01", NO_LIVE, "shop", &format!("group-{number}"), "/a");
    }
    let tally = count(&[&log, &combined("10:00:01", "/a", 502).repeat(100)], &options()).tally;
    let started = std::time::Instant::now();
    let rows = diagnose::diagnose(tally, &settings()).rows;
    assert!(started.elapsed().as_secs() < 6, "{:?}", started.elapsed());
    assert_eq!(rows.iter().map(|row| row.trouble().failures).sum::<u64>(), 100);
}

/// Apache's error lines may come five minutes late: that is no reason to go through all windows once for each second of
/// them.
#[test]
fn late_error_lines_are_found_quickly_in_short_windows() {
    let mut access = String::new();
    for second in 0..3_000 {
        access +=
            &combined(&format!("10:{:02}:{:02}", second / 60, second % 60), "/a", 200 + 302 * u16::from(second < 600));
    }
    let mut options = options();
    options.window = 1;
    let tally = count(&[&access, &apache_timeout("10:12:30").repeat(3)], &options).tally;
    let started = std::time::Instant::now();
    let rows = diagnose::diagnose(tally, &settings()).rows;
    assert!(started.elapsed().as_secs() < 4, "{:?}", started.elapsed());
    assert_eq!(rows.iter().map(|row| row.trouble().failures).sum::<u64>(), 600);
    let moved = rows.iter().filter(|row| row.key.upstream == "10.0.0.5:80");
    assert_eq!(moved.map(|row| row.trouble().failures).sum::<u64>(), 3);
}

#[test]
fn failures_after_the_end_of_the_access_log_are_told() {
    let access = access("12:00:59", "/a", 200, "0.010", "10.0.0.5:80", "200").repeat(60);
    let errors = error("12:01:00", REFUSED, "shop", "10.0.0.5:80", "/a").repeat(110);
    let report = report(&[&access, &errors]);
    assert_eq!((report.totals.requests, report.totals.failures, report.totals.failed_attempts), (Some(60), 110, 110));
    assert_eq!(report.incidents[0].likely_cause, "connection-refused");
}
