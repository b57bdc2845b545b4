//! The program as people call it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    fs,
    io::{Read as _, Write as _},
    path::Path,
    process::{Command, Output, Stdio},
};

const GATEWHY: &str = env!("CARGO_BIN_EXE_gatewhy");

/// Recorded from nginx: a request that failed, and the reason.
const ACCESS: &str = include_str!("../fixtures/recorded/nginx-refused/upstream.log");
const ERRORS: &str = include_str!("../fixtures/recorded/nginx-refused/error.log");

/// Runs the program in `directory`, with nothing on standard input.
fn gatewhy_in(directory: &Path, line: &[&str]) -> Output {
    let mut command = Command::new(GATEWHY);
    command.args(line).current_dir(directory).stdin(Stdio::null());
    command.env_remove("COLUMNS").env_remove("CLICOLOR_FORCE").env("NO_COLOR", "1").output().unwrap()
}

fn gatewhy(line: &[&str]) -> Output {
    gatewhy_in(Path::new("."), line)
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A directory with an access log and its error log.
fn logs() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("access.log"), ACCESS).unwrap();
    fs::write(directory.path().join("error.log"), ERRORS).unwrap();
    directory
}

#[test]
fn helps() {
    let short = gatewhy(&["-h"]);
    assert_eq!((code(&short), stderr(&short)), (0, ""));
    assert!(!stdout(&short).contains("Exit status"));
    let long = gatewhy(&["--help"]);
    assert_eq!((code(&long), stderr(&long)), (0, ""));
    for word in ["Examples:", "Exit status:", "explain", "completions", "--fail-on <EXPR>", "[default: 1m]"] {
        assert!(stdout(&long).contains(word), "{word}");
    }
    let version = gatewhy(&["-V"]);
    assert_eq!(stdout(&version), concat!("gatewhy ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// The prefixes that `--help` and `gatewhy formats` name, each with a layout of its vendor.
#[test]
fn reads_layouts_of_ones_own() {
    let pages = [stdout(&gatewhy(&["--help"])).to_owned(), stdout(&gatewhy(&["formats"])).to_owned()];
    let directory = tempfile::tempdir().unwrap();
    for (vendor, layout, line, expected) in [
        (
            "nginx",
            "log_format j escape=json '{\"t\":$msec,\"s\":$status,\"to\":\"$upstream_addr\"}';",
            r#"{"t":1795768926.815,"s":502,"to":"10.0.0.5:80"}"#,
            ",nginx,,10.0.0.5:80,1,1,",
        ),
        (
            "apache",
            r#"LogFormat "%{%FT%T%z}t %>s %D \"%{BALANCER_NAME}e\" %{BALANCER_WORKER_NAME}e" x"#,
            r#"2026-11-27T08:42:06+0000 503 303 "balancer://dead" http://10.0.0.5:80"#,
            ",apache,dead,10.0.0.5:80,1,1,",
        ),
        (
            "haproxy",
            r#"log-format "%{+json}o %(t)Ts %(b)b %(s)s %(st)ST %(tsc)tsc""#,
            r#"{"t": 1795770033, "b": "dead", "s": "d1", "st": 503, "tsc": "SC--"}"#,
            ",haproxy,dead,dead/d1,1,1,",
        ),
    ] {
        assert!(pages.iter().all(|page| page.contains(&format!("{vendor}:"))), "{vendor}");
        fs::write(directory.path().join("a.log"), format!("{line}\n")).unwrap();
        let layout = format!("{vendor}:{layout}");
        let output = gatewhy_in(directory.path(), &["-q", "-f", "csv", "--strict", "-l", &layout, "a.log"]);
        assert_eq!((code(&output), stderr(&output)), (0, ""), "{vendor}");
        assert!(stdout(&output).contains(expected), "{vendor}: {}", stdout(&output));
    }
}

#[test]
fn refuses_bad_options() {
    for (line, why) in [
        (&["--no-such-option"][..], "unexpected argument '--no-such-option'"),
        (&["-f", "xml", "x"], "invalid value 'xml'"),
        (&["-w", "soon", "x"], "gatewhy: --window: 'soon' is no duration"),
        (&["--since", "soon", "x"], "gatewhy: --since: 'soon' is no time"),
        (&["--fail-on", "failurs>1", "x"], "did you mean 'failures'?"),
        (&["--table", "causes", "x"], "gatewhy: --table is for CSV and NDJSON"),
        (&["parse", "-f", "text"], "invalid value 'text'"),
        (&["parse", "--table", "causes"], "unexpected argument '--table'"),
        (&["completions", "cmd.exe"], "invalid value 'cmd.exe'"),
        (&["man", "nothing"], "gatewhy: there is no subcommand 'nothing'"),
        (&["explain", "conection-refused"], "did you mean 'connection-refused'?"),
        (&["explain", "xyzzy"], "gatewhy: 'xyzzy' is no cause"),
        (
            &["-w", "5m", "explain"],
            "gatewhy: explain: No such file or directory (a subcommand comes before all options)",
        ),
    ] {
        let output = gatewhy(line);
        assert_eq!((code(&output), stdout(&output)), (2, ""), "{line:?}");
        assert!(stderr(&output).contains(why), "{line:?}: {}", stderr(&output));
    }
}

#[test]
fn prints_pages() {
    let list = gatewhy(&["explain"]);
    assert_eq!(code(&list), 0);
    assert!(stdout(&list).contains("\n  connection-refused"));
    let json = gatewhy(&["explain", "-f", "json"]);
    let causes: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(causes.as_array().unwrap().iter().any(|cause| cause["cause"] == "connection-refused"));
    let one = gatewhy(&["explain", "connection-refused"]);
    assert!(stdout(&one).starts_with("connection-refused  ("), "{}", stdout(&one));
    let colored = gatewhy(&["explain", "connection-refused", "--color", "always"]);
    assert!(stdout(&colored).starts_with("\u{1b}[1mconnection-refused\u{1b}[0m"));
    let one: serde_json::Value =
        serde_json::from_slice(&gatewhy(&["explain", "connection-refused", "-f", "json"]).stdout).unwrap();
    assert_eq!(one["cause"], "connection-refused");

    let formats = gatewhy(&["formats"]);
    assert!(stdout(&formats).contains("nginx-error  (nginx)\n"));
    let formats: serde_json::Value = serde_json::from_slice(&gatewhy(&["formats", "-f", "json"]).stdout).unwrap();
    assert!(formats.as_array().unwrap().iter().any(|format| format["format"] == "nginx-error"));
    let schema = gatewhy(&["schema"]);
    assert!(serde_json::from_slice::<serde_json::Value>(&schema.stdout).is_ok());
}

#[test]
fn serves_packagers() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = gatewhy(&["completions", shell]);
        assert!(code(&script) == 0 && stdout(&script).contains("fail-on"), "{shell}");
    }
    assert!(stdout(&gatewhy(&["man"])).contains(".TH gatewhy 1"));
    assert!(stdout(&gatewhy(&["man", "parse"])).contains(".TH gatewhy-parse 1"));
}

#[test]
fn goes_on_past_what_cannot_be_read() {
    let logs = logs();
    fs::create_dir(logs.path().join("empty")).unwrap();
    fs::write(logs.path().join("cut.log.gz"), b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb").unwrap();
    let output =
        gatewhy_in(logs.path(), &["missing.log", "access.log", "empty", "cut.log.gz", "error.log", "-f", "json"]);
    assert_eq!(code(&output), 2);
    let lines: Vec<&str> = stderr(&output).lines().collect();
    assert!(lines.contains(&"gatewhy: missing.log: No such file or directory"), "{lines:?}");
    assert!(lines.contains(&"gatewhy: empty: no files in this directory"), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("gatewhy: cut.log.gz: ")).count(), 1, "{lines:?}");
    let read = ACCESS.lines().count() + ERRORS.lines().count();
    assert!(lines.last().unwrap().starts_with(&format!("{read} lines")), "{lines:?}");
    let quiet = gatewhy_in(logs.path(), &["missing.log", "access.log", "-q"]);
    assert_eq!((code(&quiet), stderr(&quiet)), (2, "gatewhy: missing.log: No such file or directory\n"));
}

#[test]
fn tells_of_unknown_lines() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("diary.txt"), "Dear diary\n\u{1b}[31m\nBye\n").unwrap();
    let told = gatewhy_in(directory.path(), &["diary.txt"]);
    let expected = "gatewhy: diary.txt: none of its 3 lines is in a known format; the first: \"Dear diary\"\n";
    assert!(code(&told) == 0 && stderr(&told).starts_with(expected), "{}", stderr(&told));
    let strict = gatewhy_in(directory.path(), &["diary.txt", "--strict", "-q"]);
    assert_eq!((code(&strict), stderr(&strict)), (2, expected));
    fs::write(at("core"), b"\x7fELF\x00\x01\n\x00\x02\n").unwrap();
    let binary = gatewhy_in(directory.path(), &["core"]);
    assert!(stderr(&binary).starts_with("gatewhy: core: looks binary: "), "{}", stderr(&binary));
    let barren = gatewhy_in(directory.path(), &["."]);
    assert_eq!(code(&barren), 2);
    assert!(stderr(&barren).starts_with("gatewhy: .: no lines of a known format in 2 files\n"), "{}", stderr(&barren));
}

#[test]
fn leaves_the_output_alone_on_failure() {
    let logs = logs();
    let out = logs.path().join("out.csv");
    fs::write(&out, "precious").unwrap();
    for line in [
        &["missing.log", "-o", "out.csv"][..],
        &["access.log", "-o", "out.csv", "-w", "0s"],
        &["access.log", "-o", "no/out.csv"],
        &["access.log", "-o", "."],
        &["parse", "missing.log", "-o", "out.csv"],
    ] {
        assert_eq!(code(&gatewhy_in(logs.path(), line)), 2, "{line:?}");
        assert_eq!(fs::read_to_string(&out).unwrap(), "precious", "{line:?}");
        assert_eq!(fs::read_dir(logs.path()).unwrap().count(), 3, "{line:?}");
    }
}

#[test]
fn refuses_to_write_to_what_it_reads() {
    let logs = logs();
    for line in [
        &["parse", "access.log", "-o", "access.log"][..],
        &["access.log", "error.log", "-o", "./access.log"],
        &["access.log", "--table", "failures", "-f", "csv", "-o", "access.log"],
    ] {
        let output = gatewhy_in(logs.path(), line);
        assert_eq!((code(&output), stdout(&output)), (2, ""), "{line:?}");
        assert_eq!(stderr(&output), "gatewhy: access.log: is read; it cannot be written to\n", "{line:?}");
        assert_eq!(fs::read_to_string(logs.path().join("access.log")).unwrap(), ACCESS, "{line:?}");
    }
    let output = gatewhy_in(logs.path(), &["access.log", "-o", "no/out.csv"]);
    assert!(
        stderr(&output).starts_with("gatewhy: cannot write no/out.csv: No such file or directory"),
        "{}",
        stderr(&output)
    );
}

/// Whoever stops a run finds no trace of it.
#[cfg(unix)]
#[test]
fn leaves_nothing_behind_when_stopped() {
    let logs = logs();
    for signal in ["-INT", "-TERM"] {
        let mut child = Command::new(GATEWHY)
            .args(["parse", "-o", "out.ndjson"])
            .current_dir(logs.path())
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Held open, as waiting for the program would close it: then it would end by itself.
        let input = child.stdin.take();
        let unfinished = || fs::read_dir(logs.path()).unwrap().count() == 3;
        for _ in 0..500 {
            if unfinished() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let status = child.wait().unwrap();
        drop(input);
        assert_eq!(status.code(), Some(130), "{signal}");
        assert_eq!(fs::read_dir(logs.path()).unwrap().count(), 2, "{signal}");
    }
}

/// None of the secrets in these lines is in anything that a run with `--redact` writes.
#[test]
fn redacts_everything_that_it_writes() {
    let directory = tempfile::tempdir().unwrap();
    let time = "20/Nov/2026:23:50:11";
    let lines = [
        format!(r#"203.0.113.9 - SECRET [{time} +0000] "GET http://jo:SECRET@shop/a?SECRET HTTP/1.1" 502 0 "http://jo:SECRET@x/?SECRET" "bot 203.0.113.9 198.51.100.7""#),
        format!(r#"203.0.113.9 - - [{time} +0000] "CONNECT jo:SECRET@shop:443 HTTP/1.1" 504 0 "-" "-""#),
        r#"2026/11/20 23:50:11 [error] 1#1: *4 upstream timed out (110: Connection timed out) while reading response header from upstream, client: 203.0.113.9, server: shop, request: "GET http://jo:SECRET@shop/b?k=SECRET HTTP/1.1", upstream: "http://10.0.0.5:80/b?k=SECRET", host: "shop", referrer: "http://jo:SECRET@shop/x""#.to_owned(),
        r#"2026/11/20 23:50:12 [error] 1#1: *5 FastCGI sent in stderr: "PHP message: SECRET" while reading response header from upstream, client: 203.0.113.9, server: shop, request: "GET /c HTTP/1.1", upstream: "fastcgi://10.0.0.5:80", host: "shop""#.to_owned(),
        r#"2026/11/20 23:50:13 [error] 1#1: *6 user "SECRET" was not found in "/etc/nginx/htpasswd", client: 203.0.113.9, server: shop, request: "GET /c HTTP/1.1", host: "shop""#.to_owned(),
        "PHP message: PHP Fatal error:  SECRET".to_owned(),
        format!(r#"203.0.113.9:33 [{time}.894] web api/a 0/0/0/-1/1 502 151 sid=SECRET back=SECRET SH-- 1/1/1/1/0 0/0 {{SECRET agent|198.51.100.7}} {{SECRET}} "GET http://jo:SECRET@shop/a?SECRET HTTP/1.1""#),
        "SECRET of 198.51.100.7, in no format".to_owned(),
        format!(r#"203.0.113.9 - - [{time} +0000] "GET /u=SECRET@example.com/t_eyJhbGciOi.SECRET HTTP/1.1" 502 0 "-" "-""#),
        format!(r#"203.0.113.9 - - [{time} +0000] "GET /u=SECRET@example.com/t_eyJhbGciOi.SECRET HTTP/1.1" 502 0 "-" "-""#),
        // Cut in the middle of the address.
        format!(r#"203.0.113.9 - - [{time} +0000] "GET /{}/SECRET@example.com HTTP/1.1" 502 0 "-" "-""#, "a".repeat(185)),
        r#"2026/11/20 23:50:14 [error] 1#1: *7 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9, server: shop, request: "GET /o'SECRET@example.com: HTTP/1.1", upstream: "http://10.0.0.5:80/o'SECRET@example.com:", host: "shop""#.to_owned(),
    ];
    fs::write(directory.path().join("all.log"), lines.join("\n")).unwrap();
    let tables = ["windows", "incidents", "upstreams", "causes", "failures"];
    let mut runs: Vec<Vec<&str>> = vec![vec![], vec!["-f", "json"]];
    for format in ["csv", "ndjson"] {
        runs.extend(tables.map(|table| vec!["-f", format, "--table", table]));
        runs.push(vec!["-f", format]);
    }
    for run in &runs {
        for start in [&[][..], &["parse"]] {
            if start == ["parse"] && (run.contains(&"--table") || !(run.contains(&"csv") || run.contains(&"ndjson"))) {
                continue;
            }
            let line = [start, run, &["--redact", "--all-windows", "all.log"]].concat();
            let line: Vec<&str> =
                line.into_iter().filter(|word| start.is_empty() || *word != "--all-windows").collect();
            let output = gatewhy_in(directory.path(), &line);
            assert_eq!(code(&output), 0, "{line:?}: {}", stderr(&output));
            let written = stdout(&output).to_owned() + stderr(&output);
            let paths = start.is_empty() && (run.is_empty() || run.contains(&"json") || run.contains(&"incidents"));
            assert!(!paths || written.contains("/u=user@example.com/t_withheld"), "{line:?}\n{written}");
            for private in ["SECRET", "203.0.113.9", "198.51.100.7"] {
                let at = written.find(private).map(|at| &written[..at + private.len()]);
                assert_eq!(at, None, "{line:?}");
            }
        }
    }
}

/// ARR notes its server in the query, which is withheld: the server is told all the same.
#[test]
fn redacts_the_query_and_keeps_the_server_in_it() {
    let directory = tempfile::tempdir().unwrap();
    let line = "2026-11-27 08:00:39 10.0.0.4 GET /pay token=SECRET&X-ARR-CACHE-HIT=0&SERVER-ROUTED=10.0.0.6\
        &X-ARR-LOG-ID=16fd2706-8baf-433b-82eb-8c7fada847da&SERVER-STATUS=0 443 SECRET 203.0.113.9 curl/8.0 - 502 3 12030 15";
    fs::write(directory.path().join("iis.log"), line).unwrap();
    for run in [&["-f", "text"][..], &["-f", "json"], &["-f", "csv"], &["-f", "csv", "--table", "failures"]] {
        let output = gatewhy_in(directory.path(), &[run, &["--redact", "iis.log"]].concat());
        let written = stdout(&output).to_owned() + stderr(&output);
        assert!(written.contains("10.0.0.6"), "{run:?}\n{written}");
        for private in ["SECRET", "203.0.113.9", "X-ARR", "SERVER-"] {
            assert!(!written.contains(private), "{run:?}\n{written}");
        }
    }
}

/// Whatever a layout of the user's own has that nobody knows the meaning of may be a cookie or a header.
#[test]
fn redacts_what_a_layout_has_besides() {
    let directory = tempfile::tempdir().unwrap();
    for (layout, line) in [
        (
            "nginx:$time_iso8601 $remote_addr $status $upstream_addr $args $cookie_sid {$http_x_token}",
            "2026-11-27T08:00:00Z 203.0.113.9 502 10.0.0.5:443 k=SECRET&ip=203.0.113.9 443SECRET {SECRET SECRET}",
        ),
        (
            "nginx:$time_iso8601 $remote_addr $status $upstream_addr $uri $request_uri $args",
            "2026-11-27T08:00:00Z 203.0.113.9 502 10.0.0.5:443 /a /a?k=SECRET&b k=SECRET&b",
        ),
        (
            "apache:%t %a %>s %U \"%{Cookie}i\" %{sid}C",
            "[27/Nov/2026:08:00:00 +0000] 203.0.113.9 502 /a \"a=SECRET; b=\\\"SECRET\" SECRET",
        ),
        (
            "haproxy:%tr %ci:%cp %ft %b/%s %ST %HU %[query]",
            "27/Nov/2026:08:00:00.000 203.0.113.9:55 web api/a 502 /a?b=SECRET b=SECRET",
        ),
        (
            "haproxy:%tr %ci:%cp %ft %b/%s %ST %hr %CC",
            "27/Nov/2026:08:00:00.000 203.0.113.9:55 web api/a 502 {SECRET|SECRET} sid=SECRET",
        ),
        (
            "haproxy:%{+json}o %(time)tr %(c)ci %(status)ST %(caught)[capture.req.hdr(0)] %(upstream)s",
            r#"{"time":"27/Nov/2026:08:00:00.000","c":"203.0.113.9","status":502,"caught":"a\"SECRET","upstream":"10.0.0.5"}"#,
        ),
    ] {
        fs::write(directory.path().join("own.log"), line).unwrap();
        let output = gatewhy_in(directory.path(), &["--redact", "-f", "json", "-l", layout, "own.log"]);
        let written = stdout(&output).to_owned() + stderr(&output);
        for private in ["SECRET", "203.0.113.9"] {
            assert!(!written.contains(private), "{layout}\n{written}");
        }
        assert!(written.contains("\"failures\": 1,"), "{layout}\n{written}");
        let sample = written.lines().find(|line| line.contains("\"sample\": \"own.log:1: "));
        assert!(
            sample.is_some_and(|sample| sample.contains("502") && sample.contains("withheld")),
            "{layout}\n{written}"
        );
    }
}

#[test]
fn does_not_read_its_own_output() {
    let logs = logs();
    for _ in 0..2 {
        let output = gatewhy_in(logs.path(), &[".", "-o", "report.json"]);
        let read = ACCESS.lines().count() + ERRORS.lines().count();
        assert!(stderr(&output).lines().last().unwrap().starts_with(&format!("{read} lines")), "{}", stderr(&output));
    }
}

/// What a layout without a status or a time says can be shown, not counted.
#[test]
fn parses_layouts_that_cannot_be_counted() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("access.log"), "203.0.113.9 \"GET /a HTTP/1.1\"\n").unwrap();
    let layout = ["-l", "nginx:$remote_addr \"$request\"", "access.log"];
    let parsed = gatewhy_in(directory.path(), &[&["parse", "-q"][..], &layout].concat());
    assert!(stdout(&parsed).contains(r#""method":"GET","path":"/a","client":"203.0.113.9""#), "{parsed:?}");
    let report = gatewhy_in(directory.path(), &layout);
    assert_eq!(code(&report), 2);
    assert!(stderr(&report).contains("it is not known which requests failed"), "{report:?}");
}

#[test]
fn reads_standard_input() {
    for line in [&["parse"][..], &["parse", "-"]] {
        let mut child = Command::new(GATEWHY)
            .args(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(ACCESS.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(stdout(&output).lines().count(), ACCESS.lines().count());
        assert_eq!(code(&output), 0);
    }
}

#[cfg(unix)]
#[test]
fn ends_quietly_when_nobody_reads() {
    let logs = logs();
    fs::write(logs.path().join("long.log"), ACCESS.repeat(20_000)).unwrap();
    for line in [&["--help"][..], &["explain"], &["parse", "long.log"], &["access.log"], &["completions", "bash"]] {
        let mut child = Command::new(GATEWHY)
            .args(line)
            .current_dir(logs.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        let status = child.wait().unwrap();
        assert!(
            status.success() && !told.contains("gatewhy:") && !told.contains("panicked"),
            "{line:?}: {status}: {told}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn says_when_the_disk_is_full() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(GATEWHY).arg("explain").stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).starts_with("gatewhy: cannot write standard output: No space left"), "{}", stderr(&output));
}

#[test]
fn answers_with_the_exit_status() {
    let logs = logs();
    for (line, expected) in [
        (&["--fail-on", "failures>0"][..], 1),
        (&["--fail-on", "failures>1000000"], 0),
        (&["--fail-on", "failures>1000000", "--fail-on", "error_rate>=0.1%"], 1),
        (&["--fail-on", "failures>0", "missing.log"], 2),
        (&["--fail-on", "failures>0", "--table", "failures", "-f", "csv"], 1),
    ] {
        let output = gatewhy_in(logs.path(), &[&["access.log"], line].concat());
        assert_eq!(code(&output), expected, "{line:?}: {}", stderr(&output));
    }
    let unsure = gatewhy_in(logs.path(), &["error.log", "--fail-on", "error_rate>1%"]);
    assert_eq!(code(&unsure), 2, "{}", stderr(&unsure));
    assert!(stderr(&unsure).contains("requests are counted in access logs"), "{}", stderr(&unsure));
}

/// An error log carries no zone; its access log does, wherever both are read.
#[test]
fn takes_the_zone_of_the_access_log() {
    let directory = logs();
    let report = |zone: &str| {
        let mut command = Command::new(GATEWHY);
        command.args(["-q", "-f", "csv", "access.log", "error.log"]).env("TZ", zone).current_dir(directory.path());
        stdout(&command.output().unwrap()).to_owned()
    };
    assert!(report("UTC").contains("connection-refused"));
    assert_eq!(report("America/New_York"), report("UTC"));
}

/// Rows of `failures` are requests, which an error log does not tell of.
#[test]
fn says_why_there_are_no_failed_requests() {
    let logs = logs();
    let told = |line: &[&str]| stderr(&gatewhy_in(logs.path(), &[line, &["-f", "csv"]].concat())).to_owned();
    let note = "gatewhy: --table failures: failed requests stand in access logs, and there is none here; \
                `--table windows` shows what an error log tells\n";
    assert!(told(&["error.log", "--table", "failures"]).contains(note));
    for line in [
        &["error.log"][..],
        &["error.log", "--table", "failures", "-q"],
        &["access.log", "--table", "failures"],
        &["access.log", "error.log", "--table", "failures"],
    ] {
        assert!(!told(line).contains("--table windows"), "{line:?}: {}", told(line));
    }
}

#[test]
fn says_that_hosts_count_no_failures() {
    let logs = logs();
    let host = include_str!("../fixtures/format/gunicorn/error.log");
    fs::write(logs.path().join("gunicorn.log"), host).unwrap();
    fs::write(logs.path().join("journal"), "Nov 21 03:15:06 web1 sshd[11]: Accepted publickey for root\n").unwrap();
    fs::write(logs.path().join("indented"), "  one\n\ttwo\n").unwrap();
    let told = |line: &[&str]| stderr(&gatewhy_in(logs.path(), &[line, &["-f", "csv"]].concat())).to_owned();
    let note = "gatewhy: these are logs of hosts and applications: they explain a gateway's failures and count none; \
                give the gateway's own log too\n";
    for (line, expected) in [
        (&["gunicorn.log"][..], true),
        (&["gunicorn.log", "journal"], true),
        (&["gunicorn.log", "error.log"], false),
        (&["journal"], false),
    ] {
        assert_eq!(told(line).contains(note), expected, "{line:?}: {}", told(line));
    }
    // Whatever else is in a journal, it is no line that should have been read; but a journal of nothing else holds
    // nothing.
    assert!(!told(&["gunicorn.log", "error.log"]).contains("known format"));
    for (name, expected) in [
        ("journal", "journal: its only line is not in a known format\n"),
        ("indented", "indented: none of its 2 lines is in a known format\n"),
    ] {
        assert!(told(&[name]).contains(expected), "{}", told(&[name]));
    }
}
