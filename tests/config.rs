//! `-c`: logs and layouts from the proxies' own configurations.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use serde_json::Value;
use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Recorded from nginx: a request that failed, and the reason.
const ACCESS: &str = include_str!("../fixtures/recorded/nginx-refused/upstream.log");
const ERRORS: &str = include_str!("../fixtures/recorded/nginx-refused/error.log");

/// What `upstream.log` is written in.
const UPSTREAM: &str = r#"log_format upstream '$remote_addr - $remote_user [$time_local] "$request" $status '
    '$body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" '
    'uht="$upstream_header_time" urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"';"#;

/// Two requests in a layout that nobody would guess; and what `-l` reads it by.
const ODD: &str = "\
    502|1700000000.123|10.0.0.5:80|/pay|0.004\n\
    200|1700000001.123|10.0.0.5:80|/|0.004\n";
const ODD_LAYOUT: &str = "log_format odd '$status|$msec|$upstream_addr|$request_uri|$request_time';";

fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn gatewhy(directory: &Path, line: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatewhy"));
    command.args(line).current_dir(directory).env_remove("APACHE_LOG_DIR").env("NO_COLOR", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Who does not read it may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The inputs' names with the formats that their lines were read as, and the totals.
fn report(directory: &Path, line: &[&str]) -> (Vec<String>, Value) {
    let output = gatewhy(directory, &[line, &["-f", "json", "--tz", "UTC"]].concat(), "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    let formats = |input: &Value| -> Vec<String> {
        let formats = input["formats"].as_array().unwrap();
        formats.iter().map(|format| format!("{}={}", format["format"].as_str().unwrap(), format["lines"])).collect()
    };
    let inputs = report["inputs"].as_array().unwrap();
    let name = |input: &Value| input["input"].as_str().unwrap().to_owned();
    (
        inputs.iter().map(|input| format!("{} {}", name(input), formats(input).join(" "))).collect(),
        report["totals"].clone(),
    )
}

fn nginx(more: &str) -> tempfile::TempDir {
    let conf = format!(
        "user www-data;\nerror_log logs/error.log;\nhttp {{\n{ODD_LAYOUT}\n{UPSTREAM}\ninclude sites/*;\n{more}\n}}\n"
    );
    directory(&[
        ("nginx.conf", &conf),
        ("sites/shop", "server { access_log logs/shop.log upstream; location = /up { access_log off; } }\n"),
        ("sites/api", "server { access_log logs/api.log odd; }\n"),
        ("logs/shop.log", ACCESS),
        ("logs/api.log", ODD),
        ("logs/error.log", ERRORS),
        ("logs/never.log", ODD),
    ])
}

#[test]
fn reads_what_nginx_writes() {
    let host = nginx("");
    let (lines, errors) = (ACCESS.lines().count(), ERRORS.lines().count());
    let (inputs, totals) = report(host.path(), &["-c", "nginx.conf"]);
    assert_eq!(
        inputs,
        [
            format!("./logs/error.log nginx-error={errors}"),
            "./logs/api.log nginx-custom=2".to_owned(),
            format!("./logs/shop.log nginx-custom={lines}"),
        ]
    );
    assert_eq!(totals["requests"], lines + 2);
    // The same as by hand.
    let by_hand = report(host.path(), &["-l", &format!("nginx:{ODD_LAYOUT}"), "logs/api.log"]).1;
    let detected = report(host.path(), &["logs/shop.log", "logs/error.log"]).1;
    for key in ["requests", "failures", "status_502", "attempts", "failed_attempts"] {
        let sum = [&by_hand, &detected].map(|totals| totals[key].as_u64().unwrap()).iter().sum::<u64>();
        assert_eq!(totals[key], sum, "{key}");
    }
    // A directory is the configuration in it.
    assert_eq!(report(host.path(), &["--config", "."]).0, inputs);
}

#[test]
fn tries_layouts_on_what_is_named() {
    let host = nginx("");
    let (inputs, _) = report(host.path(), &["-c", "nginx.conf", "logs/never.log", "logs/error.log"]);
    let errors = ERRORS.lines().count();
    assert_eq!(inputs, ["logs/never.log nginx-custom=2".to_owned(), format!("logs/error.log nginx-error={errors}")]);
    // Formats that are named are all that is tried.
    let output = gatewhy(host.path(), &["-c", "nginx.conf", "-l", "nginx-error", "logs/never.log"], "");
    assert!(stderr(&output).contains("none of its 2 lines is in the given format"), "{}", stderr(&output));
    // Rows too.
    let output = gatewhy(host.path(), &["parse", "-c", "nginx.conf", "-"], ODD);
    let row: Value = serde_json::from_slice(output.stdout.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let expected = ("nginx-custom", 502, "10.0.0.5:80", "/pay", 4.0);
    assert_eq!(
        (
            row["format"].as_str().unwrap(),
            row["status"].as_i64().unwrap(),
            row["upstream"].as_str().unwrap(),
            row["path"].as_str().unwrap(),
            row["duration_ms"].as_f64().unwrap()
        ),
        expected
    );
}

#[test]
fn the_layout_that_asks_most_is_tried_first() {
    // The second layout's line fits the first too, with two values in one.
    let layouts =
        "log_format a '$status|$msec|$request_uri'; log_format b '$status|$msec|$upstream_addr|$request_uri';";
    let host = directory(&[("nginx.conf", &format!("http {{\n{layouts}\n}}\n"))]);
    let lines = "502|1700000000.123|10.0.0.5:80|/pay\n502|1700000000.123|/pay\n";
    let output = gatewhy(host.path(), &["parse", "-c", "nginx.conf", "-f", "csv", "-"], lines);
    let rows = String::from_utf8(output.stdout).unwrap();
    let rows: Vec<(bool, bool)> =
        rows.lines().skip(1).map(|row| (row.contains(",10.0.0.5:80,"), row.contains(",/pay,"))).collect();
    assert_eq!(rows, [(true, true), (false, true)]);
}

#[test]
fn says_what_it_does_not_read() {
    let host = nginx("access_log syslog:server=10.0.0.1 odd; access_log logs/gone.log odd; access_log logs/$host.log;");
    let output = gatewhy(host.path(), &["-c", "nginx.conf"], "");
    assert_eq!(output.status.code(), Some(0));
    for told in [
        "sites/shop:1: access_log is off here\n",
        "nginx.conf:9: access_log writes to syslog: not read\n",
        "nginx.conf:9: access_log has a variable in its path: not read\n",
        "nginx.conf:9: 1 of 4 log files that the configuration names is not there: ./logs/gone.log\n",
    ] {
        assert!(stderr(&output).contains(told), "{told}: {}", stderr(&output));
    }
    // Not where it does not matter.
    for line in [&["-c", "nginx.conf", "logs/api.log"][..], &["-q", "-c", "nginx.conf"]] {
        let output = gatewhy(host.path(), line, "");
        assert!(!stderr(&output).contains("nginx.conf"), "{line:?}: {}", stderr(&output));
    }
    // A layout without a time is of no use where it is used.
    let host = nginx("log_format blind '$status'; log_format unused '$host'; access_log logs/never.log blind;");
    let output = gatewhy(host.path(), &["-c", "nginx.conf"], "");
    assert!(stderr(&output).contains("lines of blind cannot be counted: the layout has no $time_local"), "{output:?}");
    assert!(!stderr(&output).contains("unused"), "{output:?}");
}

#[test]
fn says_what_is_wrong() {
    let host = directory(&[
        ("nginx.conf", "http {\n  include sites/*;\n}\n"),
        ("sites/a", "server {\n  access_log 'a;\n}\n"),
        ("gone/nginx.conf", "http {\n  access_log logs/a.log;\n}\n"),
        ("diary.txt", "Dear diary\n"),
    ]);
    for (config, told) in [
        ("nginx.conf", "sites/a:2: this quote is never closed"),
        (
            "gone/nginx.conf",
            "gone/nginx.conf:2: no log file that the configuration names is there, such as gone/logs/a.log: name what to read",
        ),
        ("diary.txt", "--config: diary.txt: is no configuration of nginx, Apache or HAProxy"),
        ("nowhere.conf", "nowhere.conf: No such file or directory (os error 2)"),
    ] {
        let output = gatewhy(host.path(), &["-c", config], "");
        assert_eq!(output.status.code(), Some(2), "{config}");
        assert!(stderr(&output).contains(told), "{config}: {}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{config}: {}", stderr(&output));
    }
}

#[test]
fn reads_what_apache_writes() {
    let line =
        r#"shop.example.com:80 203.0.113.9 - - [21/Nov/2026:02:57:45 +0000] "GET /pay HTTP/1.1" 503 544 "-" "curl""#;
    let error = "[Sat Nov 21 02:57:45.000001 2026] [proxy:error] [pid 7] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:9101 (127.0.0.1:9101) failed";
    let host = directory(&[
        (
            "apache2.conf",
            "ErrorLog ${APACHE_LOG_DIR}/error.log\nLogFormat \"%v:%p %h %l %u %t \\\"%r\\\" %>s %O \\\"%{Referer}i\\\" \\\"%{User-Agent}i\\\"\" vhost\n\
             IncludeOptional sites/*.conf\n",
        ),
        ("envvars", "export APACHE_LOG_DIR=var/log$SUFFIX\n"),
        (
            "sites/a.conf",
            "<VirtualHost *:80>\nCustomLog ${APACHE_LOG_DIR}/a.log vhost\nCustomLog \"|/bin/cat\" vhost\n</VirtualHost>\n",
        ),
        ("var/log/a.log", &format!("{line}\n")),
        ("var/log/error.log", &format!("{error}\n")),
    ]);
    let (inputs, totals) = report(host.path(), &["-c", "apache2.conf"]);
    assert_eq!(inputs.len(), 2);
    assert!(inputs[0].starts_with("./var/log/error.log apache-error=1"), "{inputs:?}");
    assert!(inputs[1].starts_with("./var/log/a.log apache-"), "{inputs:?}");
    assert_eq!(totals["status_503"], 1);
    let output = gatewhy(host.path(), &["-c", "apache2.conf"], "");
    assert!(stderr(&output).contains("sites/a.conf:3: CustomLog writes to a program: not read"), "{output:?}");
}

#[test]
fn reads_what_is_piped_where_haproxy_writes_no_file() {
    let line = "192.0.2.1:33317 [06/Feb/2026:12:14:14.655] web api/a 0/0/-1/-1/5 503 99 - - SC-- 1/1/0/0/3 0/0 \"GET / HTTP/1.1\"\n";
    let host = directory(&[(
        "haproxy.cfg",
        "global\n  log /dev/log local0\ndefaults\n  log global\n  option httplog\nfrontend web\n  bind :80\n",
    )]);
    let output = gatewhy(host.path(), &["-c", "haproxy.cfg", "-f", "json"], line);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["totals"]["status_503"], 1);
    assert!(stderr(&output).contains("haproxy.cfg:2: HAProxy sends its log elsewhere"), "{output:?}");
}
