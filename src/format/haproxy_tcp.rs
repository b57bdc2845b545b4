//! HAProxy's `option tcplog` and `option tcplog clf`: connections, without a status.

use super::haproxy::{self, Clf, Line, Timers, clf_line, ending, frontend, head, number, numbers, quote, route, space};
use super::{About, Record, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;
use crate::grammar::{Parsed, mismatch};
use nom::{Parser as _, sequence::preceded};

pub(super) static ABOUT: About = About {
    name: "haproxy-tcp",
    proxy: Proxy::HAPROXY,
    title: "HAProxy's TCP log (tcplog, tcplog clf)",
    layout: "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
    time: "when the connection was accepted",
    source: "HAProxy configuration manual, section 8.2.2",
    samples: &[
        "127.0.0.1:33172 [20/Nov/2026:23:58:25.039] tcp-ok tcp-ok/db 1/0/101 3 SD 1/1/0/0/0 0/0",
        "127.0.0.1:45822 [20/Nov/2026:23:58:25.141] tcp-dead tcp-dead/db 1/-1/3003 0 SC 1/1/0/0/3 0/0",
        "127.0.0.1:35826 [20/Nov/2026:23:58:28.145] tcp-to tcp-to/db 1/-1/4004 0 sC 1/1/0/0/3 0/0",
        "127.0.0.1:57146 [20/Nov/2026:23:58:35.754] tcp-http tcp-http/db 1/0/100 86 CD 3/1/0/0/0 0/0",
    ],
    signs: &[haproxy::SIGNS],
};

/// Never an ordinary request: that would need a status.
pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    connection(line).ok().map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (_, line) = connection(line).ok()?;
    Some(line.record())
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    haproxy::judge_session(record, statuses)
}

/// Either layout: in CLF `"TCP "` follows the date, else the frontend does.
fn connection(i: &[u8]) -> Parsed<'_, Line<'_>> {
    let (after, head) = head(i)?;
    match preceded(space, quote).parse(after) {
        Ok(_) => clf(i),
        Err(_) => tcp(after, head),
    }
}

/// ` tcp-dead tcp-dead/db 1/-1/3003 0 SC 1/1/0/0/3`
fn tcp<'a>(i: &'a [u8], head: haproxy::Head<'a>) -> Parsed<'a, Line<'a>> {
    let (i, ((), frontend, (), route)) = (space, frontend, space, route).parse(i)?;
    let (i, [queue, connect, total]) = numbers::<3>(space(i)?.0, b'/')?;
    let (i, ((), bytes, (), ending)) = (space, number, space, ending).parse(i)?;
    let timers = Timers { request: None, queue, connect, response: None, total };
    Ok((i, Line { head, frontend, route, host: b"", timers, status: None, bytes, ending }))
}

/// `… "TCP " 000 86 "" "" 41658 150 "fe" "be" "srv" 0 1 0 3001 12 sD-- 1 1 0 0 0 0 0 "" ""`: `%Th %Tw %Tc %Tt %U` (3.1
/// and newer).
fn clf(i: &[u8]) -> Parsed<'_, Line<'_>> {
    let (rest, Clf { mut line, request, numbers }) = clf_line(i)?;
    if request != b"TCP " {
        return mismatch();
    }
    let [_, queue, connect, total, _] = numbers;
    (line.timers, line.status) = (Timers { request: None, queue, connect, response: None, total }, None);
    Ok((rest, line))
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{Case, agrees, kinds, lines, only};
    use super::*;
    use crate::format::{Attempt, Format};
    use proptest::prelude::*;

    fn line(middle: &str) -> String {
        format!("10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt {middle} 0/0")
    }

    /// The manual's own line (section 8.2.2), field by field.
    #[test]
    fn reads_the_manuals_line() {
        let line = line("bck/srv1 0/0/5007 212 -- 0/0/0/0/3");
        let record = only(Format::HaproxyTcp, &line).unwrap_or_default();
        assert_eq!((record.status, record.upstream_status, record.bytes), (None, None, Some(212)));
        assert_eq!((record.group, record.upstream, record.client), (&b"bck"[..], &b"bck/srv1"[..], &b"10.0.1.2"[..]));
        assert_eq!((record.duration, record.connect, record.header), (Some(5_007_000), Some(0), None));
        assert_eq!(record.termination_state, b"--");
        let earlier = Attempt { upstream: b"bck/srv1", ..Attempt::default() };
        let last = Attempt { connect: Some(0), response: Some(5_007_000), ..earlier };
        assert_eq!(*record.attempts, [earlier, earlier, earlier, last]);
    }

    #[test]
    fn states_are_signs() {
        let cases: &[Case<'_>] = &[
            ("bck/a 1/0/100 86 -- 1/1/0/0/0", None, &[None]),
            ("bck/a 1/0/100 86 CD 1/1/0/0/0", None, &[None]),
            ("bck/a 1/0/100 86 cD 1/1/0/0/0", None, &[None]),
            ("bck/a 1/-1/3 0 SC 1/1/0/0/0", Some("haproxy-connect-refused"), &[Some("haproxy-connect-refused")]),
            ("bck/a 1/-1/4004 0 sC 1/1/0/0/1", Some("haproxy-connect-timeout"), &[Some("haproxy-connect-timeout"); 2]),
            ("bck/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0", Some("haproxy-no-server"), &[]),
            ("bck/<NOSRV> 5000/-1/5000 0 sQ 1/1/0/0/0", Some("haproxy-queue-timeout"), &[]),
            // The server may end a connection when it likes, and an idle one ends by a timer.
            ("bck/a 1/0/101 3 SD 1/1/0/0/0", None, &[Some("haproxy-tcp-cut")]),
            ("bck/a 1/0/3001 86 sD 1/1/0/0/0", None, &[None]),
            ("bck/<a> 1/1/1116 5939 SD 375/375/375/132/0", None, &[Some("haproxy-tcp-cut")]),
            ("bck/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0", Some("haproxy-no-server"), &[]),
            ("fnt/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0", Some("haproxy-no-server"), &[]),
            ("fnt/<NOSRV> -1/-1/0 0 PR 1/1/0/0/0", Some("haproxy-denied"), &[]),
            ("bck/a 1/-1/1 0 RC 1/1/0/0/0", Some("haproxy-out-of-resources"), &[]),
            ("bck/a 1/-1/1 0 PC 1/1/0/0/2", Some("haproxy-socket-limit"), &[Some("haproxy-socket-limit"); 2]),
            ("bck/a 1/-1/1 0 IC 1/1/0/0/0", Some("haproxy-internal-error"), &[]),
            ("bck/a 5000/-1/5000 0 SQ 1/1/0/0/0", Some("haproxy-queue-full"), &[]),
            ("bck/a 1/0/9 40 DD 1/1/0/0/0", Some("haproxy-killed-with-server"), &[Some("haproxy-killed-with-server")]),
            ("bck/a 1/0/9 40 KD 1/1/0/0/0", Some("haproxy-killed-by-admin"), &[Some("haproxy-killed-by-admin")]),
            ("bck/a 9/-1/9 0 CC 1/1/0/0/0", None, &[None]),
            ("bck/a 9/-1/9 0 CQ 1/1/0/0/0", None, &[]),
        ];
        for (middle, request, attempts) in cases {
            assert_eq!(kinds(Format::HaproxyTcp, &line(middle)), (*request, attempts.to_vec()), "{middle}");
        }
    }

    /// As `clf_tcp_log_format` in `log.c` lays it out.
    #[test]
    fn reads_clf() {
        let line = r#"192.0.2.1 - - [06/Feb/2009:12:12:51 +0000] "TCP " 000 212 "" "" 33313 443 "fnt" "bck" "srv1" 7 2 -1 3004 0 SC-- 1 1 0 0 0 0 0 "" "" "#;
        let record = only(Format::HaproxyTcp, line).unwrap_or_default();
        assert_eq!((record.status, record.bytes, record.duration), (None, Some(212), Some(3_004_000)));
        assert_eq!((record.group, record.upstream, record.connect), (&b"bck"[..], &b"srv1"[..], None));
        assert_eq!(record.termination_state, b"SC--");
    }

    #[test]
    fn leaves_other_lines_alone() {
        let others = [
            "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -",
            "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0",
            "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt bck/srv1 0/0/0/0/5007 200 212 - - ---- 0/0/0/0/3 0/0",
            "10.0.1.2:33313 [06/Feb/2009:12:12:51.443] fnt/1: Timeout during SSL handshake",
        ];
        for line in others {
            assert!(skim(line.as_bytes()).is_none(), "{line}");
            assert!(read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::HaproxyTcp, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::HaproxyTcp)) {
            agrees(Format::HaproxyTcp, &line);
        }
    }
}
