//! php-fpm's error log and its slow log (`sapi/fpm/fpm/zlog.c`, `fpm_children.c`, `fpm_process_ctl.c` and
//! `fpm_php_trace.c` of PHP).

use super::host::Wordings;
use super::record::wording;
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::Parsed;
use crate::grammar::number::uint;
use crate::grammar::text::{bracketed, until};
use crate::grammar::time::{When, php};
use nom::{
    Parser as _,
    bytes::complete::tag,
    combinator::{opt, verify},
    sequence::{delimited, terminated},
};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "php-fpm",
    proxy: Proxy::HOST,
    title: "php-fpm's error and slow logs: pools at their limit, workers killed, requests that took long",
    layout: "[DD-Mon-YYYY HH:MM:SS] LEVEL: MESSAGE",
    time: "when it was written",
    source: "PHP source, sapi/fpm/fpm/zlog.c and fpm_children.c",
    samples: &[
        "[21-Nov-2026 03:13:52] WARNING: [pool www] server reached pm.max_children setting (3), consider raising it",
        r#"[21-Nov-2026 03:13:49] WARNING: [pool www] child 25100, script '/srv/shop/index.php' (request: "GET /checkout/stuck") execution timed out (6.114387 sec), terminating"#,
        "[21-Nov-2026 03:14:04] WARNING: [pool www] child 27749 exited on signal 11 (SIGSEGV) after 3.075253 seconds from start",
        "[21-Nov-2026 03:13:44]  [pool www] pid 25100",
    ],
    signs: &[&SIGNS],
};

static SIGNS: [Sign; 15] = [
    wording(
        "php-fpm-terminated",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "php-fpm ended a request that ran longer than request_terminate_timeout",
        r"^\[pool (?<name>[^\]]+)\] child (?<pid>\d+), script .* execution timed out \([\d.]+ sec\), terminating$",
    ),
    wording(
        "php-fpm-slow",
        Cause::ResponseTimeout,
        Strength::Strong,
        0,
        "a request ran longer than php-fpm's request_slowlog_timeout",
        r"^\[pool (?<name>[^\]]+)\] child (?<pid>\d+), script .* executing too slow \([\d.]+ sec\), logging$",
    ),
    wording(
        "php-fpm-slow-log",
        Cause::ResponseTimeout,
        Strength::Strong,
        0,
        "php-fpm's slow log shows where a slow request was",
        r"^\[pool (?<name>[^\]]+)\] pid (?<pid>\d+)$",
    ),
    wording(
        "php-fpm-worker-crashed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a php-fpm worker crashed",
        r"^\[pool (?<name>[^\]]+)\] child (?<pid>\d+) exited on signal (?:4|6|7|8|11) ",
    ),
    wording(
        "php-fpm-worker-killed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a php-fpm worker was killed, for lack of memory or by hand",
        r"^\[pool (?<name>[^\]]+)\] child (?<pid>\d+) exited on signal 9 ",
    ),
    wording(
        "php-fpm-worker-terminated",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "a php-fpm worker was ended by a signal",
        // SIGQUIT (3) is how php-fpm ends a worker in good order.
        r"^\[pool (?<name>[^\]]+)\] child (?<pid>\d+) exited on signal (?:[0-24-9]|[1-9]\d) ",
    ),
    wording(
        "php-fpm-worker-failed",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "a php-fpm worker ended with an error",
        r"^\[pool (?<name>[^\]]+)\] child (?<pid>\d+) exited with code [1-9]",
    ),
    wording(
        "php-fpm-worker-recycled",
        Cause::Draining,
        Strength::Weak,
        0,
        "a php-fpm worker ended in good order and was replaced",
        r"^\[pool (?<name>[^\]]+)\] child (?<pid>\d+) exited with code 0 ",
    ),
    wording(
        "php-fpm-max-children",
        Cause::BacklogFull,
        Strength::Strong,
        0,
        "all workers of the php-fpm pool were busy, and no more were allowed",
        r"^\[pool (?<name>[^\]]+)\] server reached (?:pm\.)?max_children setting|^The maximum number of processes has been reached",
    ),
    wording(
        "php-fpm-busy",
        Cause::BacklogFull,
        Strength::Weak,
        0,
        "the php-fpm pool had few idle workers",
        r"^\[pool (?<name>[^\]]+)\] seems busy \(",
    ),
    wording(
        "php-fpm-emergency-restart",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "php-fpm restarted itself because too many workers had crashed",
        r"^failed processes threshold \(.*\) is reached, initiating reload",
    ),
    wording(
        "php-fpm-reloading",
        Cause::Draining,
        Strength::Strong,
        0,
        "php-fpm was reloaded, which breaks off requests unless process_control_timeout is set",
        r"^(?:Reloading in progress|reloading: execvp\()",
    ),
    wording(
        "php-fpm-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "php-fpm was stopped",
        r"^(?:Finishing \.\.\.|Terminating \.\.\.|exiting, bye-bye!)",
    ),
    wording(
        "php-fpm-not-started",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "php-fpm could not start",
        r"^(?:FPM initialization failed|unable to bind listening socket for address |An(?:other| another) FPM instance seems to already listen on )",
    ),
    wording(
        "php-fpm-started",
        Cause::Draining,
        Strength::Weak,
        0,
        "php-fpm was started",
        r"^fpm is running, pid (?<pid>\d+)",
    ),
];

static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| Wordings::new(&SIGNS));

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let told = || syslogged(line).is_some_and(|(message, _)| is_of_pool(message) || WORDINGS.tell(message));
    (is_trace(line) || stamped(line).is_ok() || told()).then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if is_trace(line) {
        return Some(Record { what: What::Notice, message: line, ..Record::default() });
    }
    if let Ok((message, record)) = stamped(line) {
        return Some(WORDINGS.record(message, record));
    }
    let (message, level) = syslogged(line)?;
    let record = WORDINGS.record(message, Record { level, ..Record::default() });
    (record.what == What::Host || is_of_pool(message)).then_some(record)
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    WORDINGS.verdict(record)
}

/// The message and its level, as php-fpm writes to syslog. Other programs write their levels so too: the message must
/// be one that is known.
fn syslogged(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let level: Parsed<'_, _> = terminated(verify(bracketed, is_level), tag(" ")).parse(i);
    level.ok()
}

fn is_of_pool(message: &[u8]) -> bool {
    message.starts_with(b"[pool ")
}

/// `[21-Nov-2026 02:57:31] WARNING: `; in the slow log there is no level, but a second space: `[21-Nov-2026 02:57:22]
/// `.
fn stamped(i: &[u8]) -> Parsed<'_, Record<'_>> {
    let (i, when) = stamp(i)?;
    let record = Record { when: Some(when), ..Record::default() };
    if let Some(message) = i.strip_prefix(b" ").filter(|message| message.starts_with(b"[pool ")) {
        return Ok((message, record));
    }
    let (i, level) = terminated(verify(until(b':'), is_level), tag(": ")).parse(i)?;
    let (i, pid) = opt(source).parse(i)?;
    Ok((i, Record { level, pid, ..record }))
}

fn stamp(i: &[u8]) -> Parsed<'_, When> {
    delimited(tag("["), php, tag("] ")).parse(i)
}

/// What the level `debug` adds to every line: `pid 16657, fpm_children_make(), line 421: `.
fn source(i: &[u8]) -> Parsed<'_, u64> {
    let (i, pid) = delimited(tag("pid "), uint, tag(", ")).parse(i)?;
    let (i, _) = (until(b','), tag(", line "), uint, tag(": ")).parse(i)?;
    Ok((i, pid))
}

fn is_level(word: &[u8]) -> bool {
    matches!(word, b"DEBUG" | b"NOTICE" | b"WARNING" | b"ERROR" | b"ALERT")
}

/// What follows in the slow log: `script_filename = /srv/index.php`, `[0x00007f8f622130b0] sleep() /srv/index.php:3`.
fn is_trace(i: &[u8]) -> bool {
    i.starts_with(b"script_filename = ")
        || i.starts_with(b"[0x00") && bracketed(i).is_ok_and(|(rest, _)| rest.starts_with(b" "))
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines};
    use super::super::host::testing::{kinds, told};
    use super::*;
    use crate::format::Format;
    use crate::grammar::time::Zone;
    use proptest::prelude::*;

    #[test]
    fn reads_a_recording() {
        let expected = [
            ("php-fpm-started", 3),
            ("php-fpm-slow", 8),
            ("php-fpm-terminated", 1),
            ("php-fpm-worker-terminated", 2),
            ("php-fpm-worker-killed", 1),
            ("php-fpm-worker-crashed", 2),
            ("php-fpm-worker-recycled", 1),
            ("php-fpm-max-children", 2),
            ("php-fpm-emergency-restart", 1),
            ("php-fpm-reloading", 3),
            ("php-fpm-stopping", 2),
        ];
        assert_eq!(kinds(Format::PhpFpm, include_str!("../../fixtures/format/php-fpm/php-fpm.log")), expected.into());
        let slow = include_str!("../../fixtures/format/php-fpm/slow.log");
        assert_eq!(kinds(Format::PhpFpm, slow), [("php-fpm-slow-log", 3)].into());
    }

    #[test]
    fn tells_whom_a_message_is_about() {
        let line = |message: &str| format!("[21-Nov-2026 02:57:31] WARNING: {message}");
        let cases = [
            (
                "[pool www] child 31 exited with code 255 after 1.000000 seconds from start",
                "php-fpm-worker-failed",
                "www",
                31,
            ),
            (
                "[pool a b] child 31 exited on signal 7 (SIGBUS - core dumped) after 1.000000 seconds from start",
                "php-fpm-worker-crashed",
                "a b",
                31,
            ),
            // What a client asked for says nothing.
            (
                "[pool www] child 31, script '/a' (request: \"GET / execution timed out (1 sec), terminating\") executing too slow (1.0 sec), logging",
                "php-fpm-slow",
                "www",
                31,
            ),
        ];
        for (message, kind, pool, pid) in cases {
            assert_eq!(told(Format::PhpFpm, &line(message)), (Some(kind), pool.to_owned(), Some(pid)));
        }
        let quiet = "[pool www] child 31 exited on signal 3 (SIGQUIT) after 1.000000 seconds from start";
        assert_eq!(told(Format::PhpFpm, &line(quiet)).0, None);
    }

    /// `error_log = syslog`, and `log_level = debug` (`zlog.c`, `zlog_buf_prefix`).
    #[test]
    fn reads_other_prefixes() {
        let kind = Some("php-fpm-max-children");
        let message = "[pool www] server reached pm.max_children setting (3), consider raising it";
        for (prefix, pid) in [
            ("[WARNING] ", None),
            (
                "[21-Nov-2026 02:57:31.250000] WARNING: pid 16657, fpm_pctl_perform_idle_server_maintenance(), line 446: ",
                Some(16657),
            ),
        ] {
            assert_eq!(told(Format::PhpFpm, &format!("{prefix}{message}")), (kind, "www".to_owned(), pid));
        }
        let record = read(b"[21-Nov-2026 02:57:31.250000] NOTICE: ready").unwrap_or_default();
        // 2026-11-21T02:57:31Z is 1795229851.
        assert_eq!(record.when, Some(When { wall: 1_795_229_851_250_000, zone: Zone::Local }));
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "[21-Nov-2026 02:57:31 UTC] PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted",
            "[21-Nov-2026 02:57:31] something else",
            "[21-Nov-2026 02:57:31] INFO: something else",
            "[ERROR] Failed to execute goal",
            "[WARNING]  (8) : Server web/a is DOWN",
        ] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            told(Format::PhpFpm, sample);
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::PhpFpm)) {
            agrees(Format::PhpFpm, &line);
        }
    }
}
