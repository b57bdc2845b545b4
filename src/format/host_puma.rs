//! Puma's log (`lib/puma/cluster.rb`, `runner.rb`, `launcher.rb` and `error_logger.rb`).
//!
//! Most messages bear no stamp: outside of the journal or syslog they cannot be placed. Of a worker that the kernel
//! killed Puma says nothing but that it started another.

use super::host::Wordings;
use super::record::wording;
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::Parsed;
use crate::grammar::number::uint;
use crate::grammar::text::{Starts, byte};
use crate::grammar::time::{When, iso_spaced};
use nom::{
    Parser as _,
    bytes::complete::{tag, take_until},
    combinator::opt,
    sequence::{delimited, preceded, terminated},
};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "puma",
    proxy: Proxy::HOST,
    title: "Puma's log: workers that it killed, started and stopped, failures of the application",
    layout: "[[PID] ]MESSAGE\nYYYY-MM-DD HH:MM:SS ZONE Rack app (\"METHOD PATH\" - (CLIENT)): #<ERROR>",
    time: "when it was written, where it says so; else the envelope's stamp",
    source: "Puma source, lib/puma/cluster.rb, lib/puma/launcher.rb and lib/puma/error_logger.rb",
    samples: &[
        "[23932] ! Terminating timed out worker (worker failed to check in within 6 seconds): 24244",
        "[23932] - Gracefully shutting down workers...",
        "[23932] === puma shutdown: 2026-11-21 03:25:30 +0000 ===",
        r#"2026-11-21 03:24:59 +0000 Rack app ("GET /error" - (127.0.0.1)): #<RuntimeError: no database>"#,
    ],
    signs: &[&SIGNS],
};

static SIGNS: [Sign; 8] = [
    wording(
        "puma-worker-timeout",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "Puma killed a worker that no longer checked in",
        r"^! Terminating timed out worker .*: (?<pid>\d+)$",
    ),
    wording(
        "puma-not-started",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "Puma's workers did not start",
        r"^! (?:Unable to (?:start worker|load application: )|Complete inability to spawn new workers detected)",
    ),
    wording(
        "puma-app-error",
        Cause::UpstreamError,
        Strength::Weak,
        0,
        "the application failed with an exception",
        r#"^Rack app(?: error)? \(""#,
    ),
    wording(
        "puma-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "Puma was stopped or restarted",
        r"^(?:- Gracefully (?:shutting down workers\.\.\.|stopping, waiting for requests to finish)|=== puma shutdown: |\* Stopping immediately!)",
    ),
    wording(
        "puma-restarting",
        Cause::Draining,
        Strength::Weak,
        0,
        "Puma was told to replace its workers",
        r"^(?:\* Restarting\.\.\.|- Starting (?:phased worker restart|worker refork), phase: )",
    ),
    wording(
        "puma-worker-exiting",
        Cause::Draining,
        Strength::Weak,
        0,
        "a Puma worker was being replaced",
        r"^- (?:Worker \d+ \(PID: |Stopping )(?<pid>\d+)(?:\) terminating| for (?:phased upgrade|refork))",
    ),
    wording(
        "puma-worker-started",
        Cause::Draining,
        Strength::Weak,
        0,
        "Puma started a worker",
        r"^- Worker \d+ \(PID: (?<pid>\d+)\) booted",
    ),
    wording(
        "puma-started",
        Cause::Draining,
        Strength::Weak,
        0,
        "Puma was started",
        r"^(?:Puma starting in |=== puma startup: )",
    ),
];

static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| Wordings::new(&SIGNS));

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let (message, _) = prefix(line).ok()?;
    (is_notice(message) || WORDINGS.tell(message)).then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (message, (when, pid)) = prefix(line).ok()?;
    let when = when.or_else(|| milestone(message).ok().map(|(_, when)| when));
    let record = WORDINGS.record(message, Record { when, pid, ..Record::default() });
    (record.what == What::Host || is_notice(message)).then_some(record)
}
pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    WORDINGS.verdict(record)
}

/// `[23932] `, of a cluster's processes, or a stamp, of errors; most often nothing.
fn prefix(i: &[u8]) -> Parsed<'_, (Option<When>, Option<u64>)> {
    let (i, when) = if i.first().is_some_and(u8::is_ascii_digit) {
        opt(terminated(iso_spaced, byte(b' '))).parse(i)?
    } else {
        (i, None)
    };
    let (i, pid) = opt(delimited(byte(b'['), uint, tag("] "))).parse(i)?;
    Ok((i, (when, pid)))
}

/// `=== puma shutdown: 2026-11-21 03:25:30 +0000 ===`
fn milestone(i: &[u8]) -> Parsed<'_, When> {
    preceded((tag("=== puma "), take_until(": "), tag(": ")), iso_spaced).parse(i)
}

/// How other messages begin that are Puma's beyond doubt.
static NOTICES: Starts<14> = Starts::new(&[
    b"* Puma version: ",
    b"*  Min threads: ",
    b"*  Max threads: ",
    b"*  Environment: ",
    b"*   Master PID: ",
    b"*          PID: ",
    b"*      Workers: ",
    b"*     Restarts: ",
    b"* Listening on ",
    b"* Inherited ",
    b"- Goodbye!",
    b"- TERM sent to ",
    b"Early termination of worker",
    b"Use Ctrl-C to stop",
]);

fn is_notice(message: &[u8]) -> bool {
    NOTICES.behind(message).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines};
    use super::super::host::testing::{kinds, told};
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    #[test]
    fn reads_a_recording() {
        let expected = [
            ("puma-worker-timeout", 1),
            ("puma-not-started", 2),
            ("puma-app-error", 1),
            ("puma-stopping", 4),
            ("puma-restarting", 2),
            ("puma-worker-exiting", 2),
            ("puma-worker-started", 8),
            ("puma-started", 4),
        ];
        assert_eq!(kinds(Format::Puma, include_str!("../../fixtures/format/puma/puma.log")), expected.into());
    }

    /// As `lib/puma/cluster.rb` of version 7 words them.
    #[test]
    fn reads_what_newer_versions_say() {
        let cases = [
            (
                "[7] ! Terminating timed out worker (Worker 0 failed to check in within 60 seconds): 31",
                "puma-worker-timeout",
                Some(31),
            ),
            ("[7] - Worker 0 (PID: 31) terminating", "puma-worker-exiting", Some(31)),
            ("[7] - Stopping 31 for refork...", "puma-worker-exiting", Some(31)),
            ("[7] ! Complete inability to spawn new workers detected", "puma-not-started", Some(7)),
            ("=== puma startup: 2026-11-21 03:25:30 +0000 ===", "puma-started", None),
        ];
        for (line, kind, pid) in cases {
            assert_eq!(told(Format::Puma, line), (Some(kind), String::new(), pid));
        }
    }

    #[test]
    fn reads_stamps_where_there_are_any() {
        // 2026-11-21T03:25:30Z is 1795231530.
        let when = |line: &str| read(line.as_bytes()).and_then(|record| record.when).map(|when| when.wall);
        assert_eq!(when("[7] === puma shutdown: 2026-11-21 03:25:30 +0000 ==="), Some(1_795_231_530_000_000));
        assert_eq!(when("2026-11-21 03:25:30 +0000 Rack app (\"GET /a\" - (::1)): #<X>"), Some(1_795_231_530_000_000));
        assert_eq!(when("[7] - Gracefully shutting down workers..."), None);
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in ["[7] - done", "[7] ! what", "* item", "2026-11-21 03:25:30 +0000 Started GET \"/\"", "Puma"] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            told(Format::Puma, sample);
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Puma)) {
            agrees(Format::Puma, &line);
        }
    }
}
