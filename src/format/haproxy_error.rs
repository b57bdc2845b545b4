//! HAProxy's error log: connections that failed on the client's side, before there was a request.

use super::haproxy::{head, space};
use super::{About, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::Proxy;
use crate::grammar::Parsed;
use crate::grammar::text::word;
use memchr::memchr;
use nom::{
    Parser as _,
    combinator::{rest, verify},
};

pub(super) static ABOUT: About = About {
    name: "haproxy-error",
    proxy: Proxy::HAPROXY,
    title: "HAProxy's error log: clients whose connection failed before any request",
    layout: "%ci:%cp [%tr] %ft/%bi: MESSAGE",
    time: "when the connection was accepted",
    source: "HAProxy configuration manual, section 8.2.5",
    samples: &[
        "127.0.0.1:39090 [20/Nov/2026:23:57:07.894] tls/1: SSL handshake failure",
        "127.0.0.1:35870 [20/Nov/2026:23:57:07.963] tls/2: Received something which does not look like a PROXY protocol header",
    ],
    signs: &[],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    error_line(line).ok().map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    error_line(line).ok().map(|(_, record)| record)
}

/// Nothing here speaks of an upstream.
pub(super) fn judge(_record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    Verdict::default()
}

/// `127.0.0.1:56059 [03/Dec/2012:17:35:10.380] frt/f1: SSL handshake failure`
fn error_line(i: &[u8]) -> Parsed<'_, Record<'_>> {
    let not_empty = verify(rest, |message: &[u8]| !message.is_empty());
    let (rest, (head, (), _, (), message)) = (head, space, bind, space, not_empty).parse(i)?;
    let record = Record {
        what: What::Notice,
        when: Some(head.when),
        client: head.client(),
        pid: head.pid(),
        message,
        ..Record::default()
    };
    Ok((rest, record))
}

/// `frt/f1:`, the frontend and the `bind` line: the colon and the slash tell it from the HTTP log's frontend.
fn bind(i: &[u8]) -> Parsed<'_, &[u8]> {
    verify(word, |name: &[u8]| name.ends_with(b":") && memchr(b'/', name).is_some()).parse(i)
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, kinds, lines, only};
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    /// The manual's own line (section 8.2.5).
    #[test]
    fn reads_the_manuals_line() {
        let line = "127.0.0.1:56059 [03/Dec/2012:17:35:10.380] frt/f1: Connection error during SSL handshake";
        let record = only(Format::HaproxyError, line).unwrap_or_default();
        assert_eq!((record.what, record.client), (What::Notice, &b"127.0.0.1"[..]));
        assert_eq!(record.message, b"Connection error during SSL handshake");
        // 2012-12-03T17:35:10Z is 1354556110.
        assert_eq!(record.when.map(|when| when.wall), Some(1_354_556_110_380_000));
        assert!(record.attempts.is_empty());
        assert_eq!(kinds(Format::HaproxyError, line), (None, vec![]));
    }

    #[test]
    fn leaves_other_lines_alone() {
        let others = [
            "127.0.0.1:56059 [03/Dec/2012:17:35:10.380] frt/f1:",
            "127.0.0.1:56059 [03/Dec/2012:17:35:10.380] frt: SSL handshake failure",
            "127.0.0.1:56059 [03/Dec/2012:17:35:10.380] frt frt/f1 0/0/0 0 -- 0/0/0/0/0 0/0",
            "2012/12/03 17:35:10 [error] 7#7: *1 SSL_do_handshake() failed",
        ];
        for line in others {
            assert!(skim(line.as_bytes()).is_none(), "{line}");
            assert!(read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::HaproxyError, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::HaproxyError)) {
            agrees(Format::HaproxyError, &line);
        }
    }
}
