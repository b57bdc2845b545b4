//! What only many lines together show: how failures are spread, how long they took, and which tier they came from.
//!
//! The lines are laid out as nginx and HAProxy write them; which of them fail, when and after how long is what each
//! test is about.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use gatewhy::event::Reader;
use gatewhy::format::Statuses;
use gatewhy::grammar::time::Stamp;
use gatewhy::input::{Blocks, Input};
use gatewhy::pipeline::{self, Filters, Options, Request};
use gatewhy::report::{Incident, Report, Tables};
use jiff::tz::TimeZone;
use std::fs;

/// The report on logs with these names and lines.
fn report(logs: &[(&str, Vec<String>)]) -> Report {
    let directory = tempfile::tempdir().unwrap();
    let mut inputs = Vec::new();
    for (name, lines) in logs {
        let path = directory.path().join(name);
        fs::write(&path, lines.join("\n")).unwrap();
        inputs.push(Input { path: Some(path), size: None, found_in: None });
    }
    let names: Vec<String> = logs.iter().map(|(name, _)| (*name).to_owned()).collect();
    let options = Options {
        window: 60,
        statuses: Statuses::gateway(),
        zone: TimeZone::UTC,
        readers: Reader::known(),
        filters: Filters::default(),
        threads: 1,
        redactor: None,
    };
    let outcome = pipeline::count(Blocks::new(inputs, 1 << 16), &options).unwrap();
    assert!(outcome.problems.is_empty());
    let now = Stamp::from_seconds(1_795_300_000);
    let report = pipeline::report(
        outcome,
        &options,
        &Request { names: &names, tables: Tables::ALL, all_windows: false, now, zone_name: "UTC" },
    );
    assert_eq!(report.unparsed.lines, 0);
    report
}

fn only(report: &Report) -> &Incident {
    assert_eq!(report.incidents.len(), 1, "{:#?}", report.incidents.iter().map(|one| &one.summary).collect::<Vec<_>>());
    &report.incidents[0]
}

/// One request in nginx's log, `at` seconds after midnight: connected in no time; no header came where it failed.
fn nginx(at: u64, method: &str, path: &str, status: u16, seconds: f64, id: u64) -> String {
    let header = if status == 200 { format!("{seconds:.3}") } else { "-".to_owned() };
    let (server, time) = (1 + at % 2, clock(at));
    format!(
        r#"203.0.113.{} - - [21/Nov/2026:{time} +0000] "{method} {path} HTTP/1.1" {status} 157 "-" "curl/7.88.1" rt={seconds:.3} uct="0.000" uht="{header}" urt="{seconds:.3}" ua="10.0.0.{server}:8080" us="{status}" rid="{id:032x}""#,
        id % 200
    )
}

fn clock(at: u64) -> String {
    format!("{:02}:{:02}:{:02}", at / 3_600, at / 60 % 60, at % 60)
}

/// Five requests a second for so many seconds, of which `fails` says how one ends otherwise: its status and its time.
fn traffic(seconds: u64, fails: impl Fn(u64, u64) -> Option<(&'static str, u16, f64)>) -> Vec<String> {
    let each = |at: u64| {
        let fails = &fails;
        (0..5).map(move |number| match fails(at, number) {
            Some((method, status, took)) => nginx(at, method, "/cart", status, took, at * 5 + number),
            None => nginx(at, "GET", "/cart", 200, 0.02, at * 5 + number),
        })
    };
    (0..seconds).flat_map(each).collect()
}

/// Seven POSTs of 3,000 requests broke at once, a minute and a half from each other.
#[test]
fn rare_and_spread_is_a_keepalive_race() {
    let spread = traffic(600, |at, number| (number == 2 && at % 83 == 11).then_some(("POST", 502, 0.001)));
    let report = report(&[("access.log", spread)]);
    let incident = only(&report);
    assert_eq!((incident.failures, incident.likely_cause, incident.confidence), (8, "keepalive-race", "medium"));
    assert!(incident.facts.iter().any(|fact| fact.contains("rare")), "{:?}", incident.facts);
}

/// As many of as many, but all within two seconds: something crashed or was restarted.
#[test]
fn rare_but_clustered_is_none() {
    let burst = traffic(600, |at, number| (number < 4 && (300..302).contains(&at)).then_some(("GET", 502, 0.001)));
    let report = report(&[("access.log", burst)]);
    let incident = only(&report);
    assert_eq!(incident.failures, 8);
    assert_ne!(incident.likely_cause, "keepalive-race");
}

/// A tenth of all requests: too many for a race, however short they are.
#[test]
fn what_is_not_rare_is_no_race() {
    let often = traffic(600, |at, number| (number == 2 && at % 2 == 1).then_some(("GET", 502, 0.001)));
    let report = report(&[("access.log", often)]);
    assert_ne!(only(&report).likely_cause, "keepalive-race");
}

/// All failures after 1.5 s, long before the proxy's own timeout: the application has one.
#[test]
fn one_duration_is_somebody_elses_timeout() {
    let killed = traffic(300, |at, number| (number == 0 && at % 10 == 3).then_some(("GET", 502, 1.503)));
    let report = report(&[("access.log", killed)]);
    let incident = only(&report);
    assert_eq!((incident.likely_cause, incident.confidence), ("worker-killed", "medium"));
    assert!(incident.summary.contains("after 1.5 s each, a configured limit"), "{}", incident.summary);
    let varied = traffic(300, |at, number| (number == 0 && at % 10 == 3).then(|| ("GET", 502, 0.3 + at as f64 / 80.0)));
    assert_eq!(only(&self::report(&[("access.log", varied)])).likely_cause, "closed-early");
}

/// A minute of timeouts in every hour of a day is one incident with a rhythm.
#[test]
fn regular_bursts_are_one_incident() {
    let hourly = (0..24).flat_map(|hour| {
        (0..3_600).step_by(20).map(move |second| {
            let (at, bad) = (hour * 3_600 + second, (600..660).contains(&second));
            nginx(at, "GET", "/report", if bad { 504 } else { 200 }, if bad { 60.0 } else { 0.1 }, at)
        })
    });
    let report = report(&[("access.log", hourly.collect())]);
    let incident = only(&report);
    assert_eq!((incident.likely_cause, incident.failures), ("response-timeout", 72));
    assert!(incident.facts.iter().any(|fact| fact.contains("24 bursts, one every 1 h")), "{:?}", incident.facts);
}

/// Outages 6, 4 and 5 minutes apart have no rhythm.
#[test]
fn irregular_outages_are_several() {
    let down = |at: u64| [200, 560, 800, 1_100].iter().any(|start| (*start..start + 30).contains(&at));
    let outages = traffic(1_400, |at, number| (number < 2 && down(at)).then_some(("GET", 504, 60.001)));
    let report = report(&[("access.log", outages)]);
    assert!(report.incidents.iter().all(|one| !one.facts.iter().any(|fact| fact.contains("bursts"))));
    assert_eq!(report.incidents.len(), 4, "{:#?}", report.incidents.iter().map(|one| &one.summary).collect::<Vec<_>>());
}

/// The 95th percentile is 20 ms, then two minutes of 900 ms, then timeouts.
#[test]
fn slowness_before_timeouts_is_told() {
    let ramp = traffic(900, |at, _| match at {
        0..480 => None,
        480..600 => Some(("GET", 200, 0.9)),
        _ => (at % 3 == 0).then_some(("GET", 504, 60.001)),
    });
    let report = report(&[("access.log", ramp)]);
    let incident = only(&report);
    assert_eq!(incident.likely_cause, "response-timeout");
    assert!(incident.facts.iter().any(|fact| fact.contains("become slower before")), "{:?}", incident.facts);
}

/// One request in HAProxy's log whose server answered with `status`.
fn haproxy(at: u64, status: u16, request: u64) -> String {
    format!(
        r#"203.0.113.{}:5000 [21/Nov/2026:{}.120] www app/web1 0/0/1/12/13 {status} 157 - - ---- 5/5/0/0/0 0/0 "GET /cart HTTP/1.1""#,
        request % 200,
        clock(at)
    )
}

/// HAProxy got 502 from nginx, which got no answer in time from its own upstream.
#[test]
fn an_outer_tier_has_the_inner_tiers_cause() {
    let fails = |at: u64, number: u64| number == 1 && (100..160).contains(&at);
    let inner = traffic(300, |at, number| fails(at, number).then_some(("GET", 504, 2.001)));
    let outer =
        |at: u64| (0..5).map(move |number| haproxy(at, if fails(at, number) { 504 } else { 200 }, at * 5 + number));
    let outer: Vec<String> = (0..300).flat_map(outer).collect();
    let alone = report(&[("haproxy.log", outer.clone())]);
    assert_eq!(only(&alone).likely_cause, "upstream-error");
    let both = report(&[("haproxy.log", outer), ("access.log", inner)]);
    let causes: Vec<_> =
        both.incidents.iter().map(|one| (one.proxy.as_str(), one.likely_cause, one.failures)).collect();
    assert_eq!(causes.len(), 2);
    assert!(causes.iter().all(|cause| cause.1 == "response-timeout" && cause.2 == 60), "{causes:?}");
    let outer = both.incidents.iter().find(|one| one.proxy == "haproxy").unwrap();
    let root = both.incidents.iter().find(|one| Some(one.incident) == outer.root_incident).unwrap();
    assert_eq!((root.proxy.as_str(), root.root_incident), ("nginx", None));
    assert!(outer.causes[0].evidence.iter().all(|proof| proof.input == "access.log"), "{:#?}", outer.causes[0]);
}

/// Failures of another time or another number are not the same failures.
#[test]
fn tiers_that_fail_apart_are_not_linked() {
    let inner = traffic(900, |at, number| (number == 1 && (700..760).contains(&at)).then_some(("GET", 504, 2.001)));
    let outer = (0..900).map(|at| haproxy(at, if (100..160).contains(&at) { 504 } else { 200 }, at)).collect();
    let both = report(&[("haproxy.log", outer), ("access.log", inner)]);
    let outer = both.incidents.iter().find(|one| one.proxy == "haproxy").unwrap();
    assert_eq!((outer.likely_cause, outer.root_incident), ("upstream-error", None));
}

/// One line of gunicorn's error log.
fn gunicorn(at: u64, level: &str, message: &str) -> String {
    format!("[2026-11-21 {} +0000] [4700] [{level}] {message}", clock(at))
}

/// Connections break off after varying times; at each of those moments gunicorn killed a worker.
#[test]
fn a_supervisor_explains_what_broke_off() {
    let fails = |at: u64| at % 20 == 7 && at > 100;
    let proxy = traffic(300, |at, number| (number == 0 && fails(at)).then(|| ("GET", 502, 1.0 + at as f64 / 90.0)));
    let alone = report(&[("access.log", proxy.clone())]);
    assert_eq!((only(&alone).likely_cause, only(&alone).context.len()), ("closed-early", 0));
    let killed = |at| gunicorn(at, "CRITICAL", &format!("WORKER TIMEOUT (pid:{})", 4_711 + at));
    let host: Vec<String> = (0..300).filter(|at| fails(*at)).map(killed).collect();
    let report = report(&[("access.log", proxy), ("gunicorn.log", host)]);
    let incident = only(&report);
    assert_eq!((incident.likely_cause, incident.confidence), ("worker-killed", "high"));
    assert_eq!(incident.context.iter().map(|line| (line.after_s, line.proof.count)).collect::<Vec<_>>(), [(0, 10)]);
    assert!(incident.summary.contains("gunicorn"), "{}", incident.summary);
    assert_eq!(incident.causes[0].evidence[0].input, "gunicorn.log");
    // It counts at no gateway.
    assert_eq!((report.proxies.len(), report.totals.failures), (1, 10));
}

/// The same kills, but minutes away from the failures, explain nothing.
#[test]
fn a_supervisor_at_another_time_explains_nothing() {
    let proxy = traffic(300, |at, number| {
        (number == 0 && at % 4 == 3 && at < 60).then(|| ("GET", 502, 1.0 + at as f64 / 90.0))
    });
    let host = vec![gunicorn(290, "CRITICAL", "WORKER TIMEOUT (pid:4711)")];
    let report = report(&[("access.log", proxy), ("gunicorn.log", host)]);
    assert_eq!((only(&report).likely_cause, only(&report).context.len()), ("closed-early", 0));
}

/// The proxy gave up first, after 10 s; gunicorn killed the worker 20 s later. The cause stays, the line bears it out.
#[test]
fn a_kill_after_a_timeout_is_told_with_its_distance() {
    let proxy = traffic(300, |at, number| (number == 0 && (100..110).contains(&at)).then_some(("GET", 504, 10.001)));
    let host = vec![gunicorn(120, "CRITICAL", "WORKER TIMEOUT (pid:4711)")];
    let report = report(&[("access.log", proxy), ("gunicorn.log", host)]);
    let incident = only(&report);
    assert_eq!(incident.likely_cause, "response-timeout");
    assert!(incident.summary.contains("20 s after the first failure"), "{}", incident.summary);
}

/// One line of the kernel's or systemd's, as a syslog daemon writes it.
fn syslog(at: u64, program: &str, message: &str) -> String {
    format!("2026-11-21T{}+00:00 app1 {program}: {message}", clock(at))
}

/// The access log of an application that closes connections: after 100 s, one each second for four seconds.
fn closing() -> Vec<String> {
    traffic(300, |at, number| (number == 0 && (100..104).contains(&at)).then(|| ("GET", 502, 0.2 + at as f64 / 300.0)))
}

fn with_host(line: String) -> (String, String, usize) {
    let report = report(&[("access.log", closing()), ("syslog.log", vec![line])]);
    let incident = only(&report);
    (incident.likely_cause.to_owned(), incident.confidence.to_owned(), incident.context.len())
}

/// The stamps of RFC 3164 name no year; what they tell is told all the same.
#[test]
fn lines_without_a_year_explain_too() {
    let message = "Out of memory: Killed process 4711 (gunicorn) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0";
    let dated = with_host(syslog(101, "kernel", message));
    let yearless = with_host(format!("Nov 21 {} app1 kernel: {message}", clock(101)));
    assert_eq!(yearless, dated);
    assert_eq!((dated.0.as_str(), dated.1.as_str()), ("worker-killed", "high"));
}

/// Whom the kernel killed is nobody that is known to serve these requests.
#[test]
fn a_stranger_that_dies_is_no_proof() {
    let killed = "Out of memory: Killed process 4711 (chrome) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0";
    let (cause, confidence, context) = with_host(syslog(101, "kernel", killed));
    assert_eq!((cause.as_str(), confidence.as_str(), context), ("worker-killed", "medium", 1));
    let server = killed.replace("chrome", "gunicorn");
    assert_eq!(with_host(syslog(101, "kernel", &server)).1, "high");
    // A minute later it is told, and decides nothing.
    assert_eq!(with_host(syslog(170, "kernel", &server)), ("closed-early".to_owned(), "low".to_owned(), 1));
    assert_eq!(with_host(syslog(250, "kernel", &server)).2, 0);
    assert_eq!(with_host(syslog(100, "systemd[1]", "Stopping cron.service...")).0, "closed-early");
}

/// The gateway's own reload is not its upstream's.
#[test]
fn a_gateways_reload_is_its_own() {
    let own = format!("2026/11/21 {} [notice] 7#7: signal 3 (SIGQUIT) received from 1, shutting down", clock(100));
    let report = report(&[("access.log", closing()), ("error.log", vec![own])]);
    assert_eq!(only(&report).likely_cause, "closed-early");
}

/// Workers that start as requests fail explain nothing, though another line of theirs tells of a kill a minute away.
#[test]
fn only_the_lines_that_tell_count() {
    let mut host: Vec<String> =
        (100..104).map(|at| gunicorn(at, "INFO", &format!("Booting worker with pid: {at}"))).collect();
    host.push(gunicorn(155, "CRITICAL", "WORKER TIMEOUT (pid:4711)"));
    let report = report(&[("access.log", closing()), ("gunicorn.log", host)]);
    assert_eq!(only(&report).likely_cause, "closed-early");
}

/// Two proxies of one kind on hosts of their own, side by side: that both fail at once does not make one the other's
/// upstream.
#[test]
fn siblings_are_no_tiers() {
    let at_host = |host: &str, line: String| format!("2026-11-21T00:00:00+00:00 {host} haproxy[7]: {line}");
    let one = (0..300).map(|at| at_host("lb1", haproxy(at, if (100..160).contains(&at) { 502 } else { 200 }, at)));
    let other = |at: u64| {
        let (status, state, header) = if (100..160).contains(&at) { (502, "SH--", -1) } else { (200, "----", 12) };
        format!(
            r#"203.0.113.9:5000 [21/Nov/2026:{}.120] www pay/p1 0/0/1/{header}/13 {status} 157 - - {state} 5/5/0/0/0 0/0 "GET /pay HTTP/1.1""#,
            clock(at)
        )
    };
    let two = (0..300).map(|at| at_host("lb2", other(at)));
    let report = report(&[("lb1.log", one.collect()), ("lb2.log", two.collect())]);
    let causes: Vec<_> = report.incidents.iter().map(|one| (one.likely_cause, one.root_incident)).collect();
    assert_eq!(causes.len(), 2);
    assert!(causes.contains(&("upstream-error", None)) && causes.contains(&("closed-early", None)), "{causes:?}");
}

/// Both tiers log the ids of the same failed requests: the outer one passes on, and not the other way round.
#[test]
fn tiers_do_not_blame_each_other() {
    let fails = |at: u64, number: u64| number == 1 && (100..160).contains(&at);
    let inner: Vec<String> = traffic(300, |at, number| fails(at, number).then(|| ("GET", 502, 0.3 + at as f64 / 90.0)));
    let as_outer = |line: &String| {
        let passed = line
            .replace(" uht=\"-\"", " uht=\"0.300\"")
            .replace("10.0.0.1:8080", "10.9.9.9:80")
            .replace("10.0.0.2:8080", "10.9.9.9:80");
        format!("2026-11-21T00:00:00+00:00 edge1 nginx: {passed}")
    };
    let outer: Vec<String> = inner.iter().map(as_outer).collect();
    let inner = inner.iter().map(|line| format!("2026-11-21T00:00:00+00:00 app1 nginx: {line}")).collect();
    let report = report(&[("edge.log", outer), ("app.log", inner)]);
    let roots: Vec<_> = report.incidents.iter().map(|one| (one.proxy.as_str(), one.root_incident)).collect();
    assert_eq!(roots, [("nginx@app1", None), ("nginx@edge1", Some(1))]);
}

/// A start ends an incident; a stop does not, and neither does a start while requests still fail.
#[test]
fn an_end_is_a_start_after_which_nothing_failed() {
    let told = |until: u64, message: &str| {
        let fails = |at: u64, number: u64| (number == 0 && (100..until).contains(&at)).then_some(("GET", 502, 0.0));
        let host = vec![gunicorn(until + 4, "INFO", message)];
        let report = report(&[("access.log", traffic(300, fails)), ("gunicorn.log", host)]);
        let incident = only(&report);
        let end = incident.facts.iter().find(|fact| fact.starts_with("It ended")).cloned();
        (incident.quiet_s, incident.ongoing, end)
    };
    let end = "It ended when, on the host, gunicorn was started (5 s after the last failure).".to_owned();
    assert_eq!(told(160, "Starting gunicorn 21.2.0"), (Some(140), false, Some(end)));
    assert_eq!(told(160, "Shutting down: Master"), (Some(140), false, None));
    assert_eq!(told(295, "Starting gunicorn 21.2.0"), (Some(5), true, None));
}

/// A `combined` log names no upstream. That is no reason to say that the gateway failed.
#[test]
fn an_upstream_that_is_not_named_is_still_the_upstream() {
    let status = |at: u64| if (100..160).contains(&at) { 502 } else { 200 };
    let line = |at: u64| {
        let (time, status) = (clock(at), status(at));
        format!(r#"203.0.113.9 - - [21/Nov/2026:{time} +0000] "GET /cart HTTP/1.1" {status} 157 "-" "curl/7.88.1""#)
    };
    let report = report(&[("access.log", (0..300).map(line).collect())]);
    let summary = &only(&report).summary;
    assert!(summary.starts_with("An upstream of nginx that the log does not name "), "{summary}");
}

/// One request in Traefik's log, to a server of which the name is the service's, and the line of Traefik's own on it.
fn traefik(at: u64, service: &str, fails: bool) -> (String, String) {
    let (went, millis) = if fails { ("504 15", 2_001) } else { ("200 2814", 9) };
    let time = clock(at);
    let access = format!(
        r#"203.0.113.9 - - [21/Nov/2026:{time} +0000] "GET /cart HTTP/1.1" {went} "-" "curl/7.88.1" {at} "{service}@docker" "http://{service}:8080" {millis}ms"#
    );
    let own = format!(
        r#"2026-11-21T{}Z DBG 504 Gateway Timeout error="net/http: timeout awaiting response headers""#,
        clock(at + 2)
    );
    (access, own)
}

/// A request without a route, which Traefik answers itself.
fn no_route(at: u64) -> String {
    let time = clock(at);
    format!(
        r#"203.0.113.8 - - [21/Nov/2026:{time} +0000] "GET /robots.txt HTTP/1.1" 404 19 "-" "curl/7.88.1" {at} "-" "-" 0ms"#
    )
}

/// A request to the server of that service that broke off, which Traefik answers with 500, and its own line on it.
fn broke_off(at: u64, service: &str) -> (String, String) {
    let access = traefik(at, service, false).0.replace(" 200 2814 ", " 500 21 ");
    let time = clock(at);
    let own =
        format!(r#"2026-11-21T{time}Z DBG 500 Internal Server Error error="http: server closed idle connection""#);
    (access, own)
}

/// Five minutes of Traefik's two logs: requests to three services, of which these fail 20 times each.
fn traefiks_logs(failing: &[&str]) -> (Vec<String>, Vec<String>) {
    let (mut access, mut own) = (Vec::new(), Vec::new());
    for at in 0..300 {
        for service in ["cart", "pay", "stock"] {
            // Some of the lines of Traefik's own are in the next window.
            let fails = failing.contains(&service) && at % 4 == 3 && (100..180).contains(&at);
            let (line, reason) = traefik(at, service, fails);
            access.push(line);
            own.extend(fails.then_some(reason));
        }
    }
    (access, own)
}

/// The upstreams of each incident, its likely cause, the confidence, the failures and the failed attempts.
type Found = (String, &'static str, &'static str, u64, u64);

/// What the two logs together show, in whichever order they are read, and how many requests had no upstream.
fn found(access: Vec<String>, own: Vec<String>) -> (Vec<Found>, u64) {
    let requests = access.len() as u64;
    let of = |logs: [(&str, Vec<String>); 2]| {
        let report = report(&logs);
        let incidents = report.incidents.iter();
        let mut found: Vec<Found> = incidents
            .map(|one| (one.upstreams.join(" "), one.likely_cause, one.confidence, one.failures, one.failed_attempts))
            .collect();
        found.sort();
        // Each request and each failure is in one place.
        assert_eq!(report.totals.requests, Some(requests));
        assert_eq!(report.totals.failures, found.iter().map(|one| one.3).sum::<u64>());
        let rows = report.upstreams.iter();
        let nowhere = rows.filter(|row| row.upstream.is_empty()).filter_map(|row| row.requests).sum();
        (found, nowhere)
    };
    let logs = [("access.log", access), ("traefik.log", own)];
    let turned = [logs[1].clone(), logs[0].clone()];
    let found = of(logs);
    assert_eq!(of(turned), found);
    found
}

/// The same lines, of which every second gives another reason.
fn other_words(own: Vec<String>) -> Vec<String> {
    let other = |(at, line): (usize, String)| match at % 2 {
        0 => line,
        _ => line.replace("timeout awaiting response headers", "TLS handshake timeout"),
    };
    own.into_iter().enumerate().map(other).collect()
}

/// Traefik's own log names no server where Go's error does not. Its lines are about the only one that fails; where two
/// do, nobody knows about which, unless the lines all say the same and are as many as the failures. Requests that
/// reached no server and did not fail change nothing.
#[test]
fn lines_about_no_upstream_explain_the_only_one_that_fails() {
    for without_route in [0, 300] {
        let told = |failing: &[&str], repeated: usize| {
            let (mut access, own) = traefiks_logs(failing);
            access.extend((0..without_route).map(no_route));
            found(access, vec![own; repeated].concat())
        };
        let one = (vec![("cart:8080".to_owned(), "response-timeout", "high", 20, 20)], without_route);
        assert_eq!(told(&["cart"], 1), one);
        // More lines than failures make no more failures.
        assert_eq!(told(&["cart"], 2), one);
        let of_two = |change: fn(Vec<String>) -> Vec<String>| {
            let (mut access, own) = traefiks_logs(&["cart", "pay"]);
            access.extend((0..without_route).map(no_route));
            let (two, nowhere) = found(access, change(own));
            assert_eq!((two.iter().map(|one| one.3).sum::<u64>(), nowhere), (40, without_route));
            two.into_iter().map(|(_, cause, confidence, ..)| (cause, confidence)).collect::<Vec<_>>()
        };
        // Lines on either side of a window's edge are about requests on the other.
        assert_eq!(of_two(|own| own), [("response-timeout", "medium"); 2]);
        let low = [("response-timeout", "low"); 2];
        assert_eq!(of_two(|own| own.into_iter().step_by(2).collect()), low);
        assert_eq!(of_two(other_words), low);
    }
}

/// A line about a request that ended in 500 is about none of the failures, and does not keep others from explaining
/// them. It stays what it is: an attempt that failed somewhere.
#[test]
fn lines_about_other_statuses_do_not_hold_the_rest_back() {
    for without_route in [0, 300] {
        let (mut access, mut own) = traefiks_logs(&["cart"]);
        access.extend((0..without_route).map(no_route));
        for at in [101, 116, 131, 146] {
            let (line, reason) = broke_off(at, "pay");
            access.push(line);
            own.push(reason);
        }
        let (all, nowhere) = found(access, own);
        let apart = (String::new(), "keepalive-race", "high", 0, 4);
        let cart = ("cart:8080".to_owned(), "response-timeout", "high", 20, 20);
        assert_eq!((all, nowhere), (vec![apart, cart], without_route));
    }
}
