//! systemd's messages about services (`src/core/service.c`, `src/core/job.c`): stopped, started, killed, failed.
//!
//! They are told by the program that the envelope names: `Started NAME.` and the like could be anybody's. Since systemd
//! 250 many distributions have it name the unit and its description (`nginx.service - A web server`); before that, and
//! elsewhere, the description stands alone.

use super::host::Wordings;
use super::record::wording;
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::find::{find, rfind};
use crate::grammar::text::{Starts, word};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "systemd",
    proxy: Proxy::HOST,
    title: "systemd's messages about services, in syslog or from journalctl: stopped, started, killed, failed",
    layout: "UNIT: MESSAGE\nStarted|Stopping|Stopped|Reloading|Reloaded UNIT - DESCRIPTION.",
    time: "none: the envelope's stamp tells when it was written",
    source: "systemd source, src/core/service.c and src/core/job.c",
    samples: &["Nov 21 03:15:06 web1 systemd[11]: shop-api.service: Main process exited, code=killed, status=9/KILL"],
    signs: &[&SIGNS],
};

static SIGNS: [Sign; 13] = [
    wording(
        "systemd-oom-kill",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a process of the service was killed for lack of memory",
        r"^(?<name>\S+\.(?:service|scope)): (?:A process of this unit has been killed by the OOM killer\.|Failed with result 'oom-kill'\.)",
    ),
    wording(
        "systemd-terminated",
        Cause::Draining,
        Strength::Strong,
        0,
        "the service's main process was told to end",
        r"^(?<name>\S+\.service): Main process exited, code=killed, status=15/TERM",
    ),
    wording(
        "systemd-killed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "the service's main process was killed or crashed",
        r"^(?<name>\S+\.service): (?:Main process exited, code=(?:killed|dumped), |Failed with result '(?:signal|core-dump)'\.)",
    ),
    wording(
        "systemd-signalled",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "somebody sent the service's main process a signal",
        r"^(?<name>\S+\.service): Sent signal SIG\w+ to main process (?<pid>\d+) \(",
    ),
    wording(
        "systemd-timed-out",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "systemd killed the service because it did not start, stop or report in time",
        r"^(?<name>\S+\.service): (?:Watchdog timeout \(|.*timed out\. (?:Killing|Terminating|Aborting)\.|Killing process (?<pid>\d+) \(.*\) with signal SIGKILL\.|Failed with result '(?:timeout|watchdog)'\.)",
    ),
    wording(
        "systemd-gave-up",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "systemd no longer restarts the service, which has failed too often",
        r"^(?<name>\S+\.service): (?:Start request repeated too quickly\.|Failed with result 'start-limit-hit'\.)",
    ),
    wording(
        "systemd-failed",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "the service ended with an error",
        r"^(?<name>\S+\.service): (?:(?:Main|Control) process exited, code=exited, |Failed with result ')",
    ),
    wording(
        "systemd-restarting",
        Cause::ConnectionRefused,
        Strength::Weak,
        0,
        "systemd restarts the service, which had ended by itself",
        r"^(?<name>\S+\.service): (?:Scheduled restart job, |Service (?:hold-off time over|RestartSec=\S+ expired), scheduling restart\.)",
    ),
    wording(
        "systemd-not-started",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "the service could not be started",
        r"^(?:Failed to start|Timed out starting|Dependency failed for) (?<name>.+?)(?: - .*)?\.$",
    ),
    wording(
        "systemd-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "the service was being stopped",
        r"^(?:Stopping|Timed out stopping) (?<name>.+?)(?: - .*)?\.(?:\.\.)?$",
    ),
    wording(
        "systemd-stopped",
        Cause::Draining,
        Strength::Weak,
        0,
        // Also said of a service that ended by itself and is about to be restarted.
        "the service had stopped",
        r"^Stopped (?<name>.+?)(?: - .*)?\.$",
    ),
    wording(
        "systemd-reloaded",
        Cause::Draining,
        Strength::Weak,
        0,
        "the service was reloaded",
        r"^(?:Reloading|Reloaded) (?<name>.+?)(?: - .*)?\.(?:\.\.)?$",
    ),
    wording(
        "systemd-started",
        Cause::Draining,
        Strength::Weak,
        0,
        "the service was started",
        r"^Started (?<name>.+?)(?: - .*)?\.$",
    ),
];

static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| Wordings::new(&SIGNS));

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let name = VERBS.behind(line);
    let told = || name.map_or_else(|| WORDINGS.tell(line), is_sentence);
    (is_of_service(name.unwrap_or(line)) && told()).then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    // No stamp of its own, and a message is all there is.
    let record = WORDINGS.record(line, Record::default());
    let name = VERBS.behind(line).unwrap_or(line);
    (record.what == What::Host && is_of_service(name)).then_some(record)
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    WORDINGS.verdict(record)
}

/// What stands before the unit in a message that does not begin with it.
static VERBS: Starts<9> = Starts::new(&[
    b"Dependency failed for ",
    b"Failed to start ",
    b"Reloaded ",
    b"Reloading ",
    b"Started ",
    b"Stopped ",
    b"Stopping ",
    b"Timed out starting ",
    b"Timed out stopping ",
]);

/// Whether a message goes on behind a verb as every wording with one wants it, which is sooner seen than the wordings
/// are gone through: a name, and a full stop at the end.
fn is_sentence(name: &[u8]) -> bool {
    matches!(name, [_, .., b'.']) && find(b'\n', name).is_none()
}

/// Whether a kind of unit is no service.
fn is_other(kind: &[u8]) -> bool {
    matches!(
        kind,
        b"automount" | b"device" | b"mount" | b"path" | b"slice" | b"socket" | b"swap" | b"target" | b"timer"
    )
}

/// How the units' names begin that stand for somebody's session, or for none.
static SESSIONS: Starts<6> =
    Starts::new(&[b"Session", b"session-", b"User", b"user@", b"user-runtime-dir@", b"target"]);

/// Whether the unit that a message is about, whose name or description begins `name`, can be a service or a container:
/// not a timer or a mount, and nobody's session.
fn is_of_service(name: &[u8]) -> bool {
    let first = word(name).map_or(&b""[..], |(_, first)| first);
    // A message that is short ends behind the name.
    let end = first.iter().rposition(|byte| !matches!(byte, b'.' | b':')).map_or(0, |last| last + 1);
    let first = &first[..end];
    let kind = rfind(b'.', first).map_or(&b""[..], |dot| &first[dot + 1..]);
    !is_other(kind) && SESSIONS.behind(first).is_none()
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines};
    use super::super::host::testing::told;
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    #[test]
    fn tells_which_unit_a_message_is_about() {
        let cases = [
            ("shop.service: Main process exited, code=dumped, status=6/ABRT", "systemd-killed", "shop.service"),
            ("shop.service: Main process exited, code=killed, status=15/TERM", "systemd-terminated", "shop.service"),
            ("shop.service: Failed with result 'oom-kill'.", "systemd-oom-kill", "shop.service"),
            (
                "docker-0a1b.scope: A process of this unit has been killed by the OOM killer.",
                "systemd-oom-kill",
                "docker-0a1b.scope",
            ),
            ("shop.service: Failed with result 'watchdog'.", "systemd-timed-out", "shop.service"),
            ("shop.service: Watchdog timeout (limit 30s)!", "systemd-timed-out", "shop.service"),
            ("shop.service: start operation timed out. Terminating.", "systemd-timed-out", "shop.service"),
            (
                "shop.service: Service RestartSec=100ms expired, scheduling restart.",
                "systemd-restarting",
                "shop.service",
            ),
            // Before systemd 250, and where it is told to show descriptions.
            (
                "Started A high performance web server and a reverse proxy server.",
                "systemd-started",
                "A high performance web server and a reverse proxy server",
            ),
            (
                "Stopping The PHP 8.2 FastCGI Process Manager...",
                "systemd-stopping",
                "The PHP 8.2 FastCGI Process Manager",
            ),
            ("Stopped php8.2-fpm.service.", "systemd-stopped", "php8.2-fpm.service"),
            ("Failed to start nginx.service - A high performance web server.", "systemd-not-started", "nginx.service"),
        ];
        for (line, kind, unit) in cases {
            assert_eq!(told(Format::Systemd, line), (Some(kind), unit.to_owned(), None), "{line}");
        }
    }

    #[test]
    fn leaves_other_messages_alone() {
        for line in [
            "Started session-3.scope - Session 3 of User root.",
            "Started Session 3 of User root.",
            "Stopped target Network.",
            "Stopping user@0.service - User Manager for UID 0...",
            "Started apt-daily.timer - Daily apt download activities.",
            "Starting nginx.service - A high performance web server...",
            "nginx.service: Deactivated successfully.",
            "Reached target Multi-User System.",
            "Startup finished in 63ms.",
        ] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Systemd)) {
            agrees(Format::Systemd, &line);
        }
    }
}
