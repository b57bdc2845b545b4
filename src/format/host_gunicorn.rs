//! gunicorn's error log (`gunicorn/arbiter.py` and `gunicorn/glogging.py`): its workers' starts and ends.
//!
//! Until version 20 a worker's end by a signal was `Worker with pid N was terminated due to signal S`, since then it is
//! `Worker (pid:N) was sent SIGx!`, with a question about memory behind SIGKILL that is asked for gunicorn's own
//! timeouts too.

use super::host::Wordings;
use super::record::wording;
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::Parsed;
use crate::grammar::number::uint;
use crate::grammar::text::{bracketed, byte};
use crate::grammar::time::{When, iso_spaced};
use memchr::memchr;
use nom::{
    Parser as _,
    bytes::complete::tag,
    combinator::verify,
    sequence::{delimited, terminated},
};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "gunicorn",
    proxy: Proxy::HOST,
    title: "gunicorn's error log: workers that it killed, lost, started and stopped",
    layout: "[YYYY-MM-DD HH:MM:SS ZONE] [PID] [LEVEL] MESSAGE",
    time: "when it was written",
    source: "gunicorn source, gunicorn/glogging.py and gunicorn/arbiter.py",
    samples: &[
        "[2026-11-21 03:13:45 +0000] [24963] [CRITICAL] WORKER TIMEOUT (pid:25004)",
        "[2026-11-21 03:13:49 +0000] [24963] [WARNING] Worker with pid 25193 was terminated due to signal 9",
        "[2026-11-21 03:14:01 +0000] [27765] [INFO] Reason: App failed to load.",
        "[2026-11-21 03:13:39 +0000] [24963] [INFO] Listening at: http://127.0.0.1:9701 (24963)",
    ],
    signs: &[&SIGNS],
};

static SIGNS: [Sign; 14] = [
    wording(
        "gunicorn-worker-timeout",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "gunicorn killed a worker that was busy for longer than its timeout",
        r"^WORKER TIMEOUT \(pid: ?(?<pid>\d+)\)",
    ),
    wording(
        "gunicorn-worker-killed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a gunicorn worker was killed: by gunicorn's timeout, for lack of memory, or by hand",
        r"^Worker (?:\(pid:|with pid )(?<pid>\d+)\)? was (?:sent SIG(?:KILL|ABRT)!|terminated due to signal (?:9|6)$)",
    ),
    wording(
        "gunicorn-worker-crashed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a gunicorn worker crashed",
        r"^Worker (?:\(pid:|with pid )(?<pid>\d+)\)? was (?:sent SIG(?:SEGV|BUS|ILL|FPE)!|terminated due to signal (?:4|7|8|11)$)",
    ),
    wording(
        "gunicorn-worker-terminated",
        Cause::Draining,
        Strength::Weak,
        0,
        "a gunicorn worker was told to end",
        r"^Worker (?:\(pid:|with pid )(?<pid>\d+)\)? was (?:sent SIG|terminated due to signal )",
    ),
    // Once it serves, a worker catches the application's exceptions itself. The codes are gunicorn's WORKER_BOOT_ERROR
    // and APP_LOAD_ERROR.
    wording(
        "gunicorn-worker-not-started",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "a gunicorn worker failed as it started",
        r"^(?:Exception in worker process$|Worker \(pid:(?<pid>\d+)\) exited with code [34]\.?$)",
    ),
    wording(
        "gunicorn-worker-failed",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "a gunicorn worker ended with an error",
        r"^Worker \(pid:(?<pid>\d+)\) exited with code [1-9]",
    ),
    wording(
        "gunicorn-boot-failed",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "gunicorn gave up because its workers did not start",
        r"^(?:Reason: )?(?:Worker failed to boot|App failed to load)\.",
    ),
    wording(
        "gunicorn-no-listener",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "gunicorn could not listen on its address",
        r"^(?:Can't connect to |Connection in use: |Invalid address: )",
    ),
    wording(
        "gunicorn-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "gunicorn was stopped",
        r"^(?:Shutting down: |Handling signal: (?:term|int|quit)$)",
    ),
    wording(
        "gunicorn-reloading",
        Cause::Draining,
        Strength::Weak,
        0,
        "gunicorn was told to replace its workers",
        r"^(?:Handling signal: (?:hup|usr2|winch)$|Hang up: )",
    ),
    wording(
        "gunicorn-worker-recycled",
        Cause::Draining,
        Strength::Weak,
        0,
        "a gunicorn worker had served max_requests and was replaced",
        r"^Autorestarting worker after current request\.",
    ),
    wording(
        "gunicorn-worker-exiting",
        Cause::Draining,
        Strength::Weak,
        0,
        "a gunicorn worker ended",
        r"^Worker exiting \(pid: (?<pid>\d+)\)",
    ),
    wording(
        "gunicorn-worker-started",
        Cause::Draining,
        Strength::Weak,
        0,
        "gunicorn started a worker",
        r"^Booting worker with pid: (?<pid>\d+)",
    ),
    wording("gunicorn-started", Cause::Draining, Strength::Weak, 0, "gunicorn was started", r"^Starting gunicorn "),
];

static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| Wordings::new(&SIGNS));

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let is_ours = match line.first()? {
        b'[' => prefix(line).is_ok() || syslogged(line).is_some(),
        _ => is_traceback(line),
    };
    is_ours.then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if is_traceback(line) {
        return Some(Record { what: What::Notice, message: line, ..Record::default() });
    }
    let (message, record) = match prefix(line) {
        Ok((message, (when, pid, level))) => {
            (message, Record { when: Some(when), pid: Some(pid), level, ..Record::default() })
        }
        Err(_) => syslogged(line).map(|(message, pid)| (message, Record { pid: Some(pid), ..Record::default() }))?,
    };
    Some(WORDINGS.record(message, record))
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    WORDINGS.verdict(record)
}

/// `[2026-11-21 02:56:41 +0000] [14984] [CRITICAL] `: when it was written, by which process, and the level.
fn prefix(i: &[u8]) -> Parsed<'_, (When, u64, &[u8])> {
    let stamp = delimited(byte(b'['), iso_spaced, tag("] "));
    (stamp, process, terminated(verify(bracketed, is_level), byte(b' '))).parse(i)
}

/// `[14984] `
fn process(i: &[u8]) -> Parsed<'_, u64> {
    delimited(byte(b'['), uint, tag("] ")).parse(i)
}

/// The message and its process, as they go to syslog (`--log-syslog`, `syslog_fmt` in `gunicorn/glogging.py`): too
/// little to know gunicorn by, so that the message has to be one of those that tell something.
fn syslogged(line: &[u8]) -> Option<(&[u8], u64)> {
    process(line).ok().filter(|(message, _)| WORDINGS.tell(message))
}

/// The lines of Python's tracebacks that are not indented, as far as they can be nothing else.
fn is_traceback(line: &[u8]) -> bool {
    let headings: &[&[u8]] = &[
        b"Traceback (most recent call last):",
        b"During handling of the above exception, another exception occurred:",
        b"The above exception was the direct cause of the following exception:",
    ];
    headings.contains(&line) || ERRORS.contains(&&line[..memchr(b':', line).unwrap_or(line.len())])
}

/// Python's own errors that end tracebacks, but for those that JavaScript has too (`TypeError`).
static ERRORS: &[&[u8]] = &[
    b"AttributeError",
    b"BrokenPipeError",
    b"ConnectionRefusedError",
    b"ConnectionResetError",
    b"FileNotFoundError",
    b"ImportError",
    b"IndentationError",
    b"IndexError",
    b"KeyError",
    b"MemoryError",
    b"ModuleNotFoundError",
    b"NameError",
    b"NotImplementedError",
    b"OSError",
    b"PermissionError",
    b"RecursionError",
    b"RuntimeError",
    b"TimeoutError",
    b"UnicodeDecodeError",
    b"UnicodeEncodeError",
    b"ValueError",
    b"ZeroDivisionError",
];

/// Python's levels (`logging`).
fn is_level(word: &[u8]) -> bool {
    matches!(word, b"DEBUG" | b"INFO" | b"WARNING" | b"ERROR" | b"CRITICAL")
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines};
    use super::super::host::testing::{kinds, told};
    use super::*;
    use crate::format::{Format, What};
    use crate::grammar::time::Zone;
    use proptest::prelude::*;

    /// Version 20.1: a worker that timed out, one that crashed, one that was killed; a reload, recycled workers, the
    /// end.
    #[test]
    fn reads_a_recording() {
        let expected = [
            ("gunicorn-started", 2),
            ("gunicorn-worker-started", 10),
            ("gunicorn-worker-timeout", 1),
            ("gunicorn-worker-crashed", 1),
            ("gunicorn-worker-killed", 1),
            ("gunicorn-worker-terminated", 1),
            ("gunicorn-worker-recycled", 2),
            ("gunicorn-worker-exiting", 8),
            ("gunicorn-reloading", 2),
            ("gunicorn-stopping", 3),
            ("gunicorn-boot-failed", 1),
        ];
        assert_eq!(kinds(Format::Gunicorn, include_str!("../../fixtures/format/gunicorn/error.log")), expected.into());
    }

    /// As `gunicorn/arbiter.py` of version 23 writes them.
    #[test]
    fn reads_what_newer_versions_say() {
        let cases = [
            ("[ERROR] Worker (pid:31) was sent SIGKILL! Perhaps out of memory?", "gunicorn-worker-killed", 31),
            ("[WARNING] Worker (pid:31) was sent SIGSEGV!", "gunicorn-worker-crashed", 31),
            ("[INFO] Worker (pid:31) was sent SIGTERM!", "gunicorn-worker-terminated", 31),
            ("[ERROR] Worker (pid:31) exited with code 1.", "gunicorn-worker-failed", 31),
            ("[ERROR] Worker (pid:31) exited with code 3.", "gunicorn-worker-not-started", 31),
            ("[ERROR] Exception in worker process", "gunicorn-worker-not-started", 7),
            ("[ERROR] Reason: Worker failed to boot.", "gunicorn-boot-failed", 7),
            ("[ERROR] Connection in use: ('127.0.0.1', 8000)", "gunicorn-no-listener", 7),
        ];
        for (message, kind, pid) in cases {
            let line = format!("[2026-11-21 02:56:41 +0100] [7] {message}");
            assert_eq!(told(Format::Gunicorn, &line), (Some(kind), String::new(), Some(pid)));
        }
    }

    #[test]
    fn reads_what_goes_to_syslog() {
        let line = "[20694] WORKER TIMEOUT (pid:20695)";
        assert_eq!(told(Format::Gunicorn, line), (Some("gunicorn-worker-timeout"), String::new(), Some(20_695)));
        // Nothing in this says that it is gunicorn's.
        assert!(skim(b"[20694] Listening at: http://127.0.0.1:8000 (20694)").is_none());
    }

    #[test]
    fn knows_the_lines_of_a_traceback() {
        for line in ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'stripe'", "KeyError"]
        {
            assert_eq!(told(Format::Gunicorn, line).0, None, "{line}");
        }
        for line in
            ["Error: what", "TypeError: x is not a function", "java.lang.RuntimeError: x", "a ValueError: x", ""]
        {
            assert!(skim(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn reads_the_stamp_with_its_zone() {
        let record = read(b"[2026-11-21 02:56:41 +0100] [7] [INFO] Using worker: sync").unwrap_or_default();
        // 2026-11-21T02:56:41Z is 1795229801.
        let when = When { wall: 1_795_229_801_000_000, zone: Zone::Offset(3_600) };
        assert_eq!((record.what, record.when, record.level), (What::Notice, Some(when), &b"INFO"[..]));
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "[2026-11-21 02:56:41 +0000] [7] [info] WORKER TIMEOUT (pid:1)",
            "[2026-11-21 02:56:41 +0000] [INFO] WORKER TIMEOUT (pid:1)",
            "[2026-11-21 02:56:41] local.ERROR: WORKER TIMEOUT (pid:1)",
            "WORKER TIMEOUT (pid:1)",
        ] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            told(Format::Gunicorn, sample);
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Gunicorn)) {
            agrees(Format::Gunicorn, &line);
        }
    }
}
