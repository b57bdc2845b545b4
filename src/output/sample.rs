//! Reports for tests: a realistic one with hostile text in it, a healthy one, an empty one.

use crate::cause::Strength;
use crate::report::{
    CauseRow, FormatCount, HostLine, Incident, IncidentCause, InputRow, NextCheck, PathCount, Proof, ProxyRow, Report,
    SCHEMA, Totals, Unparsed, UnparsedSample, UpstreamRow, WindowRow,
};

const REFUSED: &str = "2026/11/20 10:02:11 [error] 5187#5187: *41 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.127, server: shop.example.com, request: \"GET /checkout/pay/584 HTTP/1.1\", upstream: \"http://127.0.0.1:9102/checkout/pay/584\", host: \"shop.example.com\"";
/// A terminal would clear its screen and change its title, a browser run a script.
const HOSTILE: &str = "203.0.113.9 - - [20/Nov/2026:10:04:00 +0000] \"GET /\u{1b}[2J\u{1b}]0;owned\u{7}<script>alert(1)</script> HTTP/1.1\" 504 0 \"-\" \"\u{202e}toboG\u{9b}31m\"\n=injected";

/// Nothing was read.
pub(crate) fn empty() -> Report {
    Report {
        schema: SCHEMA,
        inputs: vec![InputRow { input: "-".into(), lines: 0, unparsed: 0, formats: vec![], error: None }],
        window_seconds: 60,
        totals: Totals::default(),
        proxies: vec![],
        incidents: vec![],
        upstreams: vec![],
        causes: vec![],
        windows: vec![],
        unparsed: Unparsed { lines: 0, samples: vec![] },
        notes: vec![],
    }
}

/// All is well.
pub(crate) fn healthy() -> Report {
    let totals = Totals { requests: Some(4810), error_rate: Some(0.0), attempts: Some(4810), ..Totals::default() };
    let formats = vec![FormatCount { format: "nginx-combined", lines: 4810 }];
    Report {
        inputs: vec![InputRow { input: "access.log".into(), lines: 4810, unparsed: 0, formats, error: None }],
        proxies: vec![ProxyRow { proxy: "nginx".into(), totals: totals.clone() }],
        totals,
        upstreams: vec![upstream("127.0.0.1:9101", 4810, 0, 0, None)],
        ..empty()
    }
}

/// An outage of one of two servers, and a slow path.
pub(crate) fn report() -> Report {
    let totals = Totals {
        requests: Some(4810),
        failures: 312,
        error_rate: Some(0.064865),
        status_502: 263,
        status_503: 0,
        status_504: 49,
        status_52x: 0,
        attempts: Some(4833),
        failed_attempts: 335,
        masked_failures: 23,
        crawler_failures: 12,
    };
    Report {
        inputs: inputs(),
        proxies: vec![ProxyRow { proxy: "nginx".into(), totals: totals.clone() }],
        totals,
        incidents: vec![refused(), slow()],
        upstreams: vec![
            upstream("127.0.0.1:9101", 2405, 49, 0, Some("response-timeout")),
            upstream("127.0.0.1:9102", 2405, 263, 23, Some("connection-refused")),
        ],
        causes: vec![
            cause("connection-refused", "downtime", 263, 0.842949, 286, REFUSED),
            cause("response-timeout", "timeout", 49, 0.157051, 49, HOSTILE),
        ],
        windows: vec![
            window("10:02", "127.0.0.1:9102", 120, "/checkout/pay/{id}", REFUSED),
            window("10:04", "127.0.0.1:9101", 49, "=cmd|' /C calc'!A0", HOSTILE),
        ],
        unparsed: Unparsed {
            lines: 3,
            samples: vec![UnparsedSample {
                input: "access.log".into(),
                line: 77,
                text: format!("\u{1b}[31m+1+1 {}", "very long ".repeat(40)),
            }],
        },
        notes: vec!["Stamps of error.log carry no zone: UTC was assumed (--tz).".into()],
        ..empty()
    }
}

fn inputs() -> Vec<InputRow> {
    let input = |input: &str, lines, unparsed, format, error| InputRow {
        input: input.to_owned(),
        lines,
        unparsed,
        formats: vec![FormatCount { format, lines: lines - unparsed }],
        error,
    };
    vec![
        input("/var/log/nginx/access.log", 4813, 3, "nginx-upstream", None),
        input("/var/log/nginx/error.log", 286, 0, "nginx-error", None),
        input("=\u{1b}[7m.gz", 1, 0, "nginx-error", Some("corrupt deflate stream".to_owned())),
    ]
}

fn refused() -> Incident {
    Incident {
        incident: 1,
        start: "2026-11-20T10:02:11Z".into(),
        end: "2026-11-20T10:04:14.25Z".into(),
        duration_s: 123,
        proxy: "nginx".into(),
        scope: "one upstream",
        groups: vec!["checkout".into()],
        upstreams: vec!["127.0.0.1:9102".into()],
        requests: Some(640),
        failures: 263,
        error_rate: Some(0.410938),
        peak_start: "2026-11-20T10:03:00Z".into(),
        peak_error_rate: Some(0.62),
        status_502: 263,
        status_503: 0,
        status_504: 0,
        status_52x: 0,
        masked_failures: 23,
        likely_cause: "connection-refused",
        family: "downtime",
        confidence: "high",
        cause_share: Some(1.0),
        second_cause: None,
        crawler_failures: 12,
        top_path: Some("/checkout/pay/{id}".into()),
        summary: "127.0.0.1:9102 refused connections: 263 of 640 requests failed with 502, and retries hid 23 more. 127.0.0.1:9101 of the same group stayed healthy.".into(),
        next_check: Some("ss -ltnp 'sport = :9102'".into()),
        sample: Some(format!("/var/log/nginx/error.log:1: {REFUSED}")),
        confidence_score: 0.97,
        failed_attempts: 286,
        causes: vec![IncidentCause {
            cause: "connection-refused",
            family: "downtime",
            share: Some(1.0),
            failures: 263,
            confidence: "high",
            evidence: vec![
                proof("nginx-connect-refused", 286, "the upstream refused the connection", REFUSED),
                proof("nginx-status-502", 263, "nginx answered 502 itself: no header came from the upstream", HOSTILE),
            ],
            failed_attempts: 286,
        }],
        next_checks: vec![
            next("ss -ltnp 'sport = :9102'", "whether anything listens on the port"),
            next("journalctl --since '2026-11-20 10:01:11' --until '2026-11-20 10:05:14'", "what the service said when it stopped"),
        ],
        paths: vec![
            PathCount { path: "/checkout/pay/{id}".into(), failures: 201 },
            PathCount { path: "/checkout/\u{202e}cart".into(), failures: 40 },
            PathCount { path: format!("/very{}", "/long".repeat(30)), failures: 12 },
        ],
        facts: vec!["On the host, shop.service was stopped, 1 s before the first failure.".into()],
        context: vec![HostLine {
            after_s: -1,
            proof: proof("systemd-stopped", 1, "shop.service was stopped", HOSTILE),
            cause: "draining",
            strength: Strength::Strong,
        }],
        root_incident: None,
        against: Some("socket-missing: there the path of a unix socket is missing".into()),
        clients: Some(31),
        clients_exact: true,
        quiet_s: Some(464),
        ongoing: false,
    }
}

fn slow() -> Incident {
    Incident {
        incident: 2,
        start: "2026-11-20T10:04:00Z".into(),
        end: "2026-11-20T10:11:40Z".into(),
        duration_s: 460,
        scope: "all upstreams",
        groups: vec!["shop\u{1b}[31m".into()],
        upstreams: vec!["127.0.0.1:9101".into()],
        requests: None,
        failures: 49,
        error_rate: None,
        peak_start: "2026-11-20T10:04:00Z".into(),
        peak_error_rate: None,
        status_502: 0,
        status_504: 49,
        masked_failures: 0,
        likely_cause: "response-timeout",
        family: "timeout",
        confidence: "medium",
        cause_share: Some(0.816327),
        second_cause: Some("backlog-full"),
        crawler_failures: 0,
        top_path: Some("=cmd|' /C calc'!A0".into()),
        summary: "127.0.0.1:9101 did not answer in time: 49 requests failed with 504 after 60.0 s.".into(),
        next_check: Some("=HYPERLINK(\"http://example.com\")".into()),
        sample: Some(HOSTILE.into()),
        confidence_score: 0.7,
        failed_attempts: 49,
        causes: vec![
            IncidentCause {
                cause: "response-timeout",
                family: "timeout",
                share: Some(0.816327),
                failures: 40,
                confidence: "medium",
                evidence: vec![proof("nginx-read-timeout", 40, "the upstream's header did not come in time", HOSTILE)],
                failed_attempts: 40,
            },
            IncidentCause {
                cause: "backlog-full",
                family: "overload",
                share: Some(0.183673),
                failures: 9,
                confidence: "low",
                evidence: vec![proof("nginx-connect-slow", 9, "connecting took a retransmission's time", HOSTILE)],
                failed_attempts: 9,
            },
        ],
        next_checks: vec![next("grep -rn proxy_read_timeout /etc/nginx", "which timer fired")],
        paths: vec![PathCount { path: "=cmd|' /C calc'!A0".into(), failures: 49 }],
        against: None,
        clients: None,
        quiet_s: Some(18),
        ..refused()
    }
}

fn proof(kind: &'static str, count: u64, says: &'static str, sample: &str) -> Proof {
    Proof { kind, count, sample: sample.to_owned(), input: "/var/log/nginx/error.log".into(), line: 1, says }
}

fn next(run: &str, why: &'static str) -> NextCheck {
    NextCheck { run: run.to_owned(), why }
}

fn upstream(name: &str, requests: u64, failures: u64, masked: u64, cause: Option<&'static str>) -> UpstreamRow {
    UpstreamRow {
        proxy: "nginx".into(),
        group: "checkout".into(),
        upstream: name.to_owned(),
        first_seen: "2026-11-20T10:02:00Z".into(),
        last_seen: "2026-11-20T10:11:58Z".into(),
        requests: Some(requests),
        failures,
        error_rate: Some(failures as f64 / requests as f64),
        status_502: failures,
        status_503: 0,
        status_504: 0,
        status_52x: 0,
        attempts: Some(requests + masked),
        failed_attempts: failures + masked,
        masked_failures: masked,
        likely_cause: cause,
        family: cause.map(|_| "downtime"),
        confidence: cause.map(|_| "high"),
        cause_share: cause.map(|_| 1.0),
        p50_ms: Some(12),
        p95_ms: Some(1178),
        p99_ms: None,
        crawler_failures: 0,
    }
}

fn window(start: &str, upstream: &str, failures: u64, path: &str, sample: &str) -> WindowRow {
    WindowRow {
        window_start: format!("2026-11-20T{start}:00Z"),
        window_end: format!("2026-11-20T{start}:59Z"),
        proxy: "nginx".into(),
        group: "checkout".into(),
        upstream: upstream.to_owned(),
        requests: Some(480),
        failures,
        error_rate: Some(0.000_001),
        status_502: failures,
        status_503: 0,
        status_504: 0,
        status_52x: 0,
        attempts: None,
        failed_attempts: failures,
        masked_failures: 0,
        likely_cause: Some("connection-refused"),
        family: Some("downtime"),
        confidence: Some("high"),
        cause_share: Some(1.0),
        p50_ms: Some(0),
        p95_ms: Some(1178),
        p99_ms: Some(60_003),
        crawler_failures: 0,
        top_path: Some(path.to_owned()),
        sample: Some(format!("/var/log/nginx/error.log:1: {sample}")),
    }
}

fn cause(
    cause: &'static str,
    family: &'static str,
    failures: u64,
    share: f64,
    attempts: u64,
    sample: &str,
) -> CauseRow {
    CauseRow {
        cause,
        family,
        failures,
        share: Some(share),
        failed_attempts: attempts,
        upstreams: 1,
        first_seen: "2026-11-20T10:02:11Z".into(),
        last_seen: "2026-11-20T10:11:40Z".into(),
        sample: Some(sample.to_owned()),
    }
}
