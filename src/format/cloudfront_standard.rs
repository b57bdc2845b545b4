//! `CloudFront`'s standard logs as text (v1, and v2's "w3c" and "plain"): values apart by tabs, in the columns that the
//! file's `#Fields:` line names. Where it is not known, they are v1's, which have only ever been added to at the end.
//! Values hold no spaces, so a line that was copied with spaces for its tabs can still be taken apart where its columns
//! are known.

use super::{
    About, Escape, Record, Skimmed, Statuses, Verdict,
    cloudfront::{self, Line},
    w3c::{Column, Fields, Values},
};
use crate::{cause::Proxy, grammar::find::find};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "cloudfront",
    proxy: Proxy::CLOUDFRONT,
    title: "Amazon CloudFront standard log, with the columns that its #Fields line names",
    layout: "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) \
        cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken …",
    time: "when the response had been sent, in UTC",
    source: "AWS, \"Standard logging reference\" of the CloudFront Developer Guide",
    samples: &[
        "2026-11-27\t08:00:00\tFRA56-P1\t544\t203.0.113.9\tGET\td111111abcdef8.cloudfront.net\t/checkout/pay/584\t200\t-\tMozilla/5.0%20(X11;%20Linux%20x86_64)\tsku=A-665\t-\tMiss\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\tshop.example.com\thttps\t23\t0.031\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tMiss\tHTTP/2.0\t-\t-\t11040\t0.030\tMiss\ttext/html\t78\t-\t-",
        "2026-11-27\t08:00:30\tFRA56-P1\t1036\t203.0.113.9\tPOST\td111111abcdef8.cloudfront.net\t/api/orders\t504\t-\tcurl/8.0\t-\t-\tError\t4TDs9m4pKtVEqVR2Bf1SDSMD8M8aD2nJQJ3QnrLOLWCqIhhpWvXVXg==\tshop.example.com\thttps\t23\t30.125\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tError\tHTTP/2.0\t-\t-\t11041\t30.125\tOriginCommError\ttext/html\t1036\t-\t-",
    ],
    signs: &[&cloudfront::SIGNS],
};

/// v1's columns, in the order in which they came in.
static V1: LazyLock<Fields> = LazyLock::new(|| Fields::named(NAMES));

const NAMES: &[u8] =
    b"date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) \
    cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken \
    x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status \
    fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len \
    sc-range-start sc-range-end";

/// How many columns the first logs had.
const FEWEST: usize = 12;

/// A line of `CloudFront`'s.
fn line<'a, const N: usize>(i: &'a [u8], fields: &Fields) -> Option<Line<'a, N>> {
    if fields.lack(Column::Status) {
        return None;
    }
    let values = if fields.are_of_an_edge() {
        let separator = if find(b'\t', i).is_none() { b' ' } else { b'\t' };
        // The end of a line may be missing, as that of an old one is.
        fields.split(i, separator, FEWEST)
    } else {
        fields.values(i, b'\t', usual)
    };
    values.map(Line::of).filter(Line::is_request)
}

fn usual<const N: usize>(i: &[u8]) -> Option<Values<'_, N>> {
    matches!(i, [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, b'\t', ..]).then_some(())?;
    V1.split(i, b'\t', FEWEST)
}

pub(super) fn skim<'a>(i: &'a [u8], fields: &Fields) -> Option<Skimmed<'a>> {
    line::<{ Column::OF_CLOUDFRONT }>(i, fields).map(|line| line.skim())
}

pub(super) fn read<'a>(i: &'a [u8], fields: &Fields) -> Option<Record<'a>> {
    line::<{ Column::COUNT }>(i, fields).map(|line| line.record(Escape::None))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    cloudfront::judge(record, statuses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;

    #[test]
    fn reads_the_columns_that_are_named() {
        let names = Fields::named(b"timestamp(ms)\tc-ip\tsc-status\ttime-taken\tx-edge-detailed-result-type\tcs(Host)");
        let line = b"1795766400125\t203.0.113.9\t502\t0.102\tOriginDnsError\td111111abcdef8.cloudfront.net";
        let record = read(line, &names).unwrap_or_default();
        // 2026-11-27T08:00:00.125Z
        assert_eq!(record.when.map(|when| when.wall), Some(1_795_766_400_125_000));
        assert_eq!((record.status, record.duration), (Some(502), Some(102_000)));
        assert_eq!((record.client, record.error_reason), (&b"203.0.113.9"[..], &b"OriginDnsError"[..]));
        let sign = judge(&record, &Statuses::gateway()).request.map(|sign| sign.kind);
        assert_eq!(sign, Some("cloudfront-origin-dns"));
        // A line of other columns.
        assert!(read(b"2026-11-27\t08:00:00", &names).is_none());
    }

    /// The oldest logs end with the query; newer columns are passed over.
    #[test]
    fn minds_no_length() {
        let sample = ABOUT.samples[1];
        for columns in 12..33 {
            let line = sample.split('\t').take(columns).collect::<Vec<_>>().join("\t");
            let record = Format::Cloudfront.read(line.as_bytes()).unwrap_or_default();
            assert_eq!((record.status, record.path), (Some(504), &b"/api/orders"[..]), "{line}");
        }
        assert!(Format::Cloudfront.read(format!("{sample}\tx\ty").as_bytes()).is_some());
    }

    /// A line may be cut, and spaces may stand for tabs, where the columns are known.
    #[test]
    fn minds_neither_ends_nor_tabs_under_a_heading() {
        let names = Fields::named(NAMES);
        let sample = ABOUT.samples[1];
        for columns in 12..33 {
            let cut = sample.split('\t').take(columns).collect::<Vec<_>>().join("\t");
            for line in [cut.clone(), cut.replace('\t', " ")] {
                let record = read(line.as_bytes(), &names).unwrap_or_default();
                assert_eq!((record.status, record.path), (Some(504), &b"/api/orders"[..]), "{line}");
                let claims = Format::ALL.iter().filter(|format| format.read_under(&names, line.as_bytes()).is_some());
                assert_eq!(claims.collect::<Vec<_>>(), [&Format::Cloudfront], "{line}");
            }
        }
        assert!(read(b"2026-11-27 08:00:00 FRA56-P1 1036 203.0.113.9 POST", &names).is_none());
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "2026-11-27\t08:00:00\tINFO\tstarted",
            "2026-11-27 08:00:00 FRA56-P1 544 203.0.113.9 GET d1.cloudfront.net /a 200 - curl/8.0 - - Miss",
            "2026-11-27\t08:00:00\ta\tb\tc\td\te\tf\tg\th\ti\tj\tk",
        ] {
            assert!(Format::Cloudfront.skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
