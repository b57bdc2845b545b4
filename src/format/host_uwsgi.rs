//! uWSGI's log (`core/master_utils.c`, `core/master.c`, `core/uwsgi.c` and `core/logging.c` of uWSGI).
//!
//! Only some messages bear a stamp, unless `log-date` is set: that a worker died is not among them, that it was killed
//! by `harakiri` is.

use super::host::Wordings;
use super::record::wording;
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::Parsed;
use crate::grammar::text::Starts;
use crate::grammar::time::{When, asctime};
use nom::{Parser as _, bytes::complete::tag, sequence::terminated};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "uwsgi",
    proxy: Proxy::HOST,
    title: "uWSGI's log: full listen queues, workers killed by harakiri, lost, started and stopped",
    layout: "[Www Mmm DD HH:MM:SS YYYY - ]MESSAGE",
    time: "when it was written, where it says so (`log-date`, and some messages without it)",
    source: "uWSGI source, core/master_utils.c, core/master.c and core/uwsgi.c",
    samples: &[
        "Sat Nov 21 03:25:02 2026 - *** HARAKIRI ON WORKER 1 (pid: 23951, try: 1) ***",
        r#"Sat Nov 21 03:25:07 2026 - *** uWSGI listen queue of socket "127.0.0.1:9704" (fd: 3) full !!! (5/4) ***"#,
        "DAMN ! worker 1 (pid: 23951) died, killed by signal 9 :( trying respawn ...",
        "[pid: 23952|app: 0|req: 1/1] 127.0.0.1 () {24 vars in 244 bytes} [Sat Nov 21 03:24:57 2026] GET / => generated 3 bytes in 0 msecs (HTTP/1.1 200) 1 headers in 45 bytes (1 switches on core 0)",
    ],
    signs: &[&SIGNS],
};

static SIGNS: [Sign; 13] = [
    wording(
        "uwsgi-harakiri",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "uWSGI killed a worker that was busy for longer than harakiri allows",
        r"^\*\*\* HARAKIRI ON WORKER \d+ \(pid: (?<pid>\d+), try: \d+",
    ),
    wording(
        "uwsgi-harakiri-request",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "uWSGI names the request that kept the worker busy",
        r"^HARAKIRI(?: \[core \d+\] |: --- uWSGI worker \d+ (?:core \d+ )?\(pid: (?<pid>\d+)\) WAS managing request )",
    ),
    wording(
        "uwsgi-worker-crashed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a uWSGI worker crashed",
        r"^!!! uWSGI process (?<pid>\d+) got Segmentation Fault !!!",
    ),
    wording(
        "uwsgi-worker-died",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a uWSGI worker died",
        r"^DAMN ! worker \d+ \(pid: (?<pid>\d+)\) (?:died|MYSTERIOUSLY killed)",
    ),
    wording(
        "uwsgi-listen-queue",
        Cause::BacklogFull,
        Strength::Conclusive,
        0,
        "the listen queue of uWSGI's socket was full",
        r#"^\*\*\* uWSGI listen queue of socket "(?<name>[^"]*)" \(fd: \d+\) full !!!"#,
    ),
    wording(
        "uwsgi-not-started",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "uWSGI could not load the application and gave up",
        r"^(?:\*\*\* no app loaded\. GAME OVER|OOPS ! failed loading app in worker \d+ \(pid:? ?(?<pid>\d+)\))",
    ),
    wording(
        "uwsgi-no-app",
        Cause::UpstreamError,
        Strength::Strong,
        0,
        "uWSGI runs without the application, which it could not load",
        r"^(?:\*\*\* no app loaded\. going in full dynamic mode|--- no python application found, check your startup logs for errors ---)",
    ),
    wording(
        "uwsgi-not-uwsgi",
        Cause::ProtocolMismatch,
        Strength::Strong,
        0,
        "uWSGI got a request that does not speak its protocol, or whose header is too big for it",
        // 21573 is `GET` of HTTP.
        r"^invalid request block size: \d+ \(max \d+\)\.\.\.skip",
    ),
    wording(
        "uwsgi-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "uWSGI was stopped",
        r"^(?:SIG\w+(?:/SIG\w+)? received\.\.\.killing workers\.\.\.|\.\.\.brutally killing workers\.\.\.|goodbye to uWSGI\.)",
    ),
    wording(
        "uwsgi-reloading",
        Cause::Draining,
        Strength::Weak,
        0,
        "uWSGI was told to replace its workers",
        r"^(?:\.\.\.gracefully killing workers\.\.\.|\*\*\* .* has been touched\.\.\. (?:workers|chain) reload !!!|chain reload starting\.\.\.|binary reloading uWSGI\.\.\.)",
    ),
    wording(
        "uwsgi-worker-exiting",
        Cause::Draining,
        Strength::Weak,
        0,
        "a uWSGI worker was being replaced",
        r"^(?:Gracefully killing worker \d+ \(pid: (?<pid>\d+)\)\.\.\.|\.\.\.The work of process \d+ is done)",
    ),
    wording(
        "uwsgi-worker-started",
        Cause::Draining,
        Strength::Weak,
        0,
        "uWSGI started a worker",
        r"^(?:Respawned|spawned) uWSGI worker \d+ .*\((?:new )?pid: (?<pid>\d+)",
    ),
    wording("uwsgi-started", Cause::Draining, Strength::Weak, 0, "uWSGI was started", r"^\*\*\* Starting uWSGI "),
];

static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| Wordings::new(&SIGNS));

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    (stamp(line).is_ok() || is_notice(line) || WORDINGS.tell(line)).then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if let Ok((message, when)) = stamp(line) {
        return Some(WORDINGS.record(message, Record { when: Some(when), ..Record::default() }));
    }
    // Without a stamp the message must be one that is known.
    let record = WORDINGS.record(line, Record::default());
    (record.what == What::Host || is_notice(line)).then_some(record)
}
pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    WORDINGS.verdict(record)
}

/// `Sat Nov 21 03:25:02 2026 - `
fn stamp(i: &[u8]) -> Parsed<'_, When> {
    terminated(asctime, tag(" - ")).parse(i)
}

/// How other messages begin that are uWSGI's beyond doubt: requests, and what it says of itself.
static NOTICES: Starts<11> = Starts::new(&[
    b"*** Operational MODE: ",
    b"*** WARNING: you are running uWSGI as root",
    b"*** uWSGI is running in multiple interpreter mode",
    b"[pid: ",
    b"gracefully (RE)spawned uWSGI ",
    b"spawned uWSGI ",
    b"thunder lock: ",
    b"uWSGI running as root",
    b"uwsgi socket ",
    b"your mercy for graceful operations on workers is ",
    b"your server socket listen backlog is limited to ",
]);

fn is_notice(line: &[u8]) -> bool {
    NOTICES.behind(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines};
    use super::super::host::testing::{kinds, told};
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    #[test]
    fn reads_recordings() {
        let expected = [
            ("uwsgi-harakiri", 1),
            ("uwsgi-harakiri-request", 1),
            ("uwsgi-worker-crashed", 1),
            ("uwsgi-worker-died", 3),
            ("uwsgi-listen-queue", 5),
            ("uwsgi-worker-started", 9),
            ("uwsgi-worker-exiting", 4),
            ("uwsgi-reloading", 3),
            ("uwsgi-stopping", 2),
            ("uwsgi-not-started", 1),
        ];
        let all = include_str!("../../fixtures/format/uwsgi/uwsgi.log");
        let ours: Vec<&str> = all.lines().filter(|line| skim(line.as_bytes()).is_some()).collect();
        assert_eq!(kinds(Format::Uwsgi, &ours.join("\n")), expected.into());
        let dated = include_str!("../../fixtures/format/uwsgi/log-date.log");
        assert_eq!(kinds(Format::Uwsgi, dated), [("uwsgi-no-app", 1), ("uwsgi-worker-started", 1)].into());
    }

    /// As uWSGI 2.0.27 words them, and what was not provoked.
    #[test]
    fn tells_whom_a_message_is_about() {
        let cases = [
            (
                "Sat Nov 21 03:25:02 2026 - *** HARAKIRI ON WORKER 1 (pid: 31, try: 1, graceful: no) ***",
                "uwsgi-harakiri",
                Some(31),
            ),
            (
                "HARAKIRI: --- uWSGI worker 1 (pid: 31) WAS managing request /slow since Sat Nov 21 03:24:58 2026 ---",
                "uwsgi-harakiri-request",
                Some(31),
            ),
            (
                "DAMN ! worker 1 (pid: 31) MYSTERIOUSLY killed by signal 9 :( trying respawn ...",
                "uwsgi-worker-died",
                Some(31),
            ),
            ("OOPS ! failed loading app in worker 1 (pid 31) :( trying again...", "uwsgi-not-started", Some(31)),
            ("invalid request block size: 21573 (max 4096)...skip", "uwsgi-not-uwsgi", None),
            ("--- no python application found, check your startup logs for errors ---", "uwsgi-no-app", None),
        ];
        for (line, kind, pid) in cases {
            assert_eq!(told(Format::Uwsgi, line), (Some(kind), String::new(), pid));
        }
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in ["machine: x86_64", "Sat Nov 21 03:25:02 2026", "worker 1 died", "[pid 7] x", "*** WARNING ***"] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            told(Format::Uwsgi, sample);
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Uwsgi)) {
            agrees(Format::Uwsgi, &line);
        }
    }
}
