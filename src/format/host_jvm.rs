//! What a Java program says as it runs out of memory, and the JVM's garbage-collection log (unified logging, JEP 158).
//!
//! Sources: `src/hotspot/share/logging` and `src/hotspot/share/utilities/debug.cpp` of OpenJDK. Of the logs that Java
//! programs write themselves, each in a layout of its own, only lines about memory are read.

use super::host::Wordings;
use super::record::wording;
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::number::{seconds, whole};
use crate::grammar::text::{Starts, bracketed};
use crate::grammar::time::{When, iso, php};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "jvm",
    proxy: Proxy::HOST,
    title: "the JVM: OutOfMemoryError, crashes, and long pauses in its garbage-collection log",
    layout: "[TIME|UPTIME]…[LEVEL][gc…] MESSAGE\n[STAMP …]java.lang.OutOfMemoryError: REASON",
    time: "when it was written, where the log is decorated with the time; uptimes cannot be placed",
    source: "OpenJDK source, src/hotspot/share/logging; JEP 158, JEP 271",
    samples: &[
        "[2026-11-21T03:27:45.596+0000][info][gc             ] GC(2) Pause Full (System.gc()) 694M->689M(2008M) 2466.017ms",
        "[1.145s][info][gc] GC(24) Pause Full (G1 Compaction Pause) 59M->59M(64M) 8.879ms",
        "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space",
        "Terminating due to java.lang.OutOfMemoryError: Java heap space",
    ],
    signs: &[&SIGNS],
};

static SIGNS: [Sign; 4] = [
    wording(
        "jvm-ended",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a JVM ended itself because it had run out of memory",
        r"^(?:Terminating|Aborting) due to java\.lang\.OutOfMemoryError: ",
    ),
    wording(
        "jvm-crashed",
        Cause::WorkerKilled,
        Strength::Conclusive,
        0,
        "a JVM crashed",
        r"^# A fatal error has been detected by the Java Runtime Environment:",
    ),
    wording(
        "jvm-out-of-memory",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "a Java program ran out of memory",
        r#"^(?:Exception in thread ".*" |[^"]*)java\.lang\.OutOfMemoryError: "#,
    ),
    wording(
        "jvm-long-pause",
        Cause::ResponseTimeout,
        Strength::Strong,
        0,
        "the JVM's garbage collector stopped the program for a second or longer",
        r"^GC\(\d+\) Pause .* \d{4,}\.\d+ms$",
    ),
];

static WORDINGS: LazyLock<Wordings> = LazyLock::new(|| Wordings::new(&SIGNS));

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let told = || (stamp(line).is_some() || is_of_jvm(line)) && WORDINGS.tell(line);
    (unified(line).is_some() || told()).then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    if let Some((message, record)) = unified(line) {
        return Some(WORDINGS.record(message, record));
    }
    let when = stamp(line);
    // The stamp is left where it is: what stands between it and the message is the program's own.
    let record = WORDINGS.record(line, Record { when, ..Record::default() });
    (record.what == What::Host && (when.is_some() || is_of_jvm(line))).then_some(record)
}
pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    WORDINGS.verdict(record)
}

fn stamp(line: &[u8]) -> Option<When> {
    [iso, php].iter().find_map(|stamp| stamp(line).ok()).map(|(_, when)| when)
}

/// `[2026-11-21T03:27:45.596+0000][info][gc,start    ] `, `[1.145s][info][gc] `: decorations, in a fixed order, of
/// which the first is a time or an uptime and the last are the tags. Other tags' logs are not read.
fn unified(i: &[u8]) -> Option<(&[u8], Record<'_>)> {
    let (mut rest, first) = bracketed(i).ok()?;
    let when = whole(first, iso);
    if when.is_none() && whole(first.strip_suffix(b"s")?, seconds).is_none() {
        return None;
    }
    let (mut level, mut tags) = (&b""[..], &b""[..]);
    while let Ok((after, decoration)) = bracketed(rest) {
        rest = after;
        (level, tags) = (tags, decoration);
    }
    let is_gc = tags.starts_with(b"gc") || tags.starts_with(b"safepoint");
    let record = Record { when, level, ..Record::default() };
    is_gc.then_some((rest.strip_prefix(b" ")?, record))
}

/// Whether a line without a stamp is the JVM's own.
fn is_of_jvm(line: &[u8]) -> bool {
    static STARTS: Starts<6> = Starts::new(&[
        b"# A fatal error ",
        b"Aborting due to ",
        b"Caused by: java.lang.",
        b"Exception in thread ",
        b"Terminating due to ",
        b"java.lang.",
    ]);
    STARTS.behind(line).is_some()
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
        assert_eq!(
            kinds(Format::Jvm, include_str!("../../fixtures/format/jvm/gc.log")),
            [("jvm-long-pause", 3)].into()
        );
    }

    #[test]
    fn tells_what_happened() {
        let cases = [
            ("Aborting due to java.lang.OutOfMemoryError: Metaspace", "jvm-ended"),
            ("# A fatal error has been detected by the Java Runtime Environment:", "jvm-crashed"),
            ("java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory", "jvm-out-of-memory"),
            ("Caused by: java.lang.OutOfMemoryError: GC overhead limit exceeded", "jvm-out-of-memory"),
            (
                "2026-11-21 03:24:57,652 ERROR [http-nio-8080-exec-1] o.a.c: nested exception is java.lang.OutOfMemoryError: Java heap space",
                "jvm-out-of-memory",
            ),
            (
                "21-Nov-2026 03:24:57.652 SEVERE [http-nio-8080-exec-1] java.lang.OutOfMemoryError: Java heap space",
                "jvm-out-of-memory",
            ),
            ("[1.145s][info][gc] GC(24) Pause Full (G1 Compaction Pause) 59M->59M(64M) 12008.879ms", "jvm-long-pause"),
        ];
        for (line, kind) in cases {
            assert_eq!(told(Format::Jvm, line).0, Some(kind), "{line}");
        }
        assert_eq!(
            told(Format::Jvm, "[1.145s][info][gc] GC(24) Pause Full (System.gc()) 59M->59M(64M) 999.879ms").0,
            None
        );
    }

    #[test]
    fn reads_decorations() {
        let record = read(b"[2026-11-21T03:27:45.596+0000][0.5s][warning][gc,ref ] GC(2) Weak").unwrap_or_default();
        // 2026-11-21T03:27:45Z is 1795231665.
        assert_eq!(record.when.map(|when| when.wall), Some(1_795_231_665_596_000));
        assert_eq!((record.what, record.level, record.message), (What::Notice, &b"warning"[..], &b"GC(2) Weak"[..]));
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "[2026-11-21T03:27:45.596+0000][info][class,load] java.lang.Object source: jrt:/java.base",
            "[2026-11-21T03:27:45.596Z] \"GET / HTTP/1.1\" 503 UF",
            "[x][gc] GC(1)",
            "\tat Shop.main(Shop.java:7)",
            "org.shop.Failure: java.lang.OutOfMemoryError: no stamp",
            "2018-07-02T22:23:00.186641Z lb \"GET /?java.lang.OutOfMemoryError: x\"",
        ] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            told(Format::Jvm, sample);
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Jvm)) {
            agrees(Format::Jvm, &line);
        }
    }
}
