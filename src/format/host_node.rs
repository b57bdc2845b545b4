//! What Node.js says as it dies (`src/api/environment.cc`, `src/node_errors.cc` of Node.js), and PM2's own log
//! (`lib/God.js`).

use super::host::Wordings;
use super::record::wording;
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::Parsed;
use crate::grammar::time::{When, iso};
use nom::{Parser as _, branch::alt, bytes::complete::tag, sequence::terminated};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "node",
    proxy: Proxy::HOST,
    title: "what Node.js says as it dies, and PM2's log of the processes that it looks after",
    layout: "FATAL ERROR: MESSAGE\nYYYY-MM-DDTHH:MM:SS: PM2 log: MESSAGE",
    time: "PM2's: when it was written; Node.js says none, and the envelope's stamp counts",
    source: "Node.js source, src/node_errors.cc; PM2 source, lib/God.js",
    samples: &[
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "Node.js v20.20.2",
        "2019-02-27T23:03:59: PM2 log: App [app:0] exited with code [1] via signal [SIGINT]",
    ],
    signs: &[&SIGNS],
};

static SIGNS: [Sign; 6] = [
    wording(
        "node-heap-limit",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a Node.js process ended because its heap had reached its limit",
        r"^FATAL ERROR: .*JavaScript heap out of memory",
    ),
    wording(
        "node-uncaught",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "a Node.js process ended because of an error that nobody caught",
        // The last line that Node.js writes when it ends so.
        r"^Node\.js v\d+\.\d+\.\d+$",
    ),
    wording(
        "pm2-exited",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "a process of PM2's ended with an error",
        r"^App \[(?<name>[^\]:]+)(?::\d+)?\](?: with id \[\d+\] and pid \[\d+\],)? exited with code \[(?:[1-9]\d*\]|0\] via signal \[SIG(?:KILL|SEGV|ABRT|BUS|ILL|FPE)\])",
    ),
    wording(
        "pm2-gave-up",
        Cause::ConnectionRefused,
        Strength::Strong,
        0,
        "PM2 no longer restarts the program, which has failed too often",
        r"^Script (?<name>.+) had too many unstable restarts \(",
    ),
    wording(
        "pm2-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "PM2 was told to stop the program",
        r"^Stopping app:(?<name>\S+) id:\d+",
    ),
    wording(
        "pm2-started",
        Cause::Draining,
        Strength::Weak,
        0,
        "PM2 started the program",
        r"^App \[(?<name>[^\]:]+):\d+\] (?:online$|starting in -)",
    ),
];

static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| Wordings::new(&SIGNS));

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let is_ours = match line.first()? {
        b'0'..=b'9' => pm2(line).is_ok(),
        b'<' | b'-' => is_notice(line),
        _ => !line.starts_with(b"App [") && WORDINGS.tell(line),
    };
    is_ours.then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if let Ok((message, when)) = pm2(line) {
        return Some(WORDINGS.record(message, Record { when: Some(when), ..Record::default() }));
    }
    let record = WORDINGS.record(line, Record::default());
    (record.what == What::Host && !line.starts_with(b"App [") || is_notice(line)).then_some(record)
}
pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    WORDINGS.verdict(record)
}

/// `2019-02-27T23:03:59: PM2 log: `
fn pm2(i: &[u8]) -> Parsed<'_, When> {
    terminated(iso, alt((tag(": PM2 log: "), tag(": PM2 error: ")))).parse(i)
}

/// The headings of what Node.js says before it dies of a full heap.
fn is_notice(line: &[u8]) -> bool {
    matches!(line, b"<--- Last few GCs --->" | b"<--- JS stacktrace --->" | b"----- Native stack trace -----")
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines};
    use super::super::host::testing::told;
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    /// PM2's lines are as `lib/God.js` words them, before version 3 and since.
    #[test]
    fn tells_what_ended() {
        let cases = [
            (
                "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory",
                "node-heap-limit",
                "",
            ),
            ("Node.js v20.20.2", "node-uncaught", ""),
            (
                "2019-02-27T23:03:59: PM2 log: App [shop:0] exited with code [1] via signal [SIGINT]",
                "pm2-exited",
                "shop",
            ),
            (
                "2019-02-27T23:03:59: PM2 log: App [shop:0] exited with code [0] via signal [SIGSEGV]",
                "pm2-exited",
                "shop",
            ),
            (
                "2019-02-27T23:03:59: PM2 log: App [shop] with id [0] and pid [12], exited with code [1] via signal [SIGINT]",
                "pm2-exited",
                "shop",
            ),
            (
                "2019-02-27T23:03:59: PM2 log: Script /srv/shop/index.js had too many unstable restarts (16). Stopped. \"errored\"",
                "pm2-gave-up",
                "/srv/shop/index.js",
            ),
            ("2019-02-27T23:03:59: PM2 log: Stopping app:shop id:0", "pm2-stopping", "shop"),
            ("2019-02-27T23:03:59: PM2 log: App [shop:0] starting in -fork mode-", "pm2-started", "shop"),
        ];
        for (line, kind, name) in cases {
            assert_eq!(told(Format::Node, line), (Some(kind), name.to_owned(), None));
        }
        for line in [
            "2019-02-27T23:03:59: PM2 log: App [shop:0] exited with code [0] via signal [SIGINT]",
            "2019-02-27T23:03:59: PM2 log: Launching in no daemon mode",
            "<--- Last few GCs --->",
        ] {
            assert_eq!(told(Format::Node, line).0, None, "{line}");
        }
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "Node.js v20",
            "Node.js is running",
            "FATAL ERROR: database",
            "App [shop:0] online",
            "2019-02-27T23:03:59: log: App [shop:0] online",
            "    at Timeout._onTimeout ([eval]:1:23)",
        ] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            told(Format::Node, sample);
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Node)) {
            agrees(Format::Node, &line);
        }
    }
}
