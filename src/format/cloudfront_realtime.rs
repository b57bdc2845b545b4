//! `CloudFront`'s real-time logs: values apart by tabs, without names. Which fields there are somebody chose, but never
//! their order; that all of the first half are there shows in what they hold.

use super::{
    About, Escape, Record, Skimmed, Statuses, Verdict,
    cloudfront::{self, Line},
    w3c::{Column, Fields},
};
use crate::{
    cause::Proxy,
    grammar::{number::whole, text::Split, time::epoch},
};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "cloudfront-realtime",
    proxy: Proxy::CLOUDFRONT,
    title: "Amazon CloudFront real-time log, with all fields in their documented order",
    layout: "timestamp c-ip s-ip time-to-first-byte sc-status sc-bytes cs-method cs-protocol cs-host cs-uri-stem cs-bytes \
        x-edge-location x-edge-request-id x-host-header time-taken cs-protocol-version c-ip-version cs-user-agent …",
    time: "when the response had been sent, in UTC",
    source: "AWS, \"Use real-time access logs\" of the CloudFront Developer Guide",
    samples: &[
        "1795766400.125\t203.0.113.9\t192.0.2.1\t0.030\t200\t544\tGET\thttps\tshop.example.com\t/checkout/pay/584\t23\tFRA56-P1\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\t0.031\tHTTP/2.0\tIPv4\tcurl/8.0\t-\t-\tsku=A-665\tMiss\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\tMiss\t-\t-\ttext/html\t78\t-\t-\t11040\tMiss\tDE\tgzip\t*/*\t/checkout/*\tHost:shop.example.com\tHost\t1\tEDFDVBD6EXAMPLE\td111111abcdef8.cloudfront.net\t0.020\t0.025\t64500",
    ],
    signs: &[&cloudfront::SIGNS],
};

/// The fields, in their order, behind the addresses. What the viewer asked for is called `cs-host` here and the
/// distribution `x-host-header`: the other way round than in standard logs, whose names these are.
static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
    Fields::named(
        b"time-to-first-byte sc-status sc-bytes cs-method cs-protocol x-host-header cs-uri-stem cs-bytes x-edge-location \
        x-edge-request-id cs-host time-taken cs-protocol-version c-ip-version cs-user-agent cs-referer cs-cookie \
        cs-uri-query x-edge-response-result-type x-forwarded-for ssl-protocol ssl-cipher x-edge-result-type \
        fle-encrypted-fields fle-status sc-content-type sc-content-len sc-range-start sc-range-end c-port \
        x-edge-detailed-result-type c-country cs-accept-encoding cs-accept cache-behavior-path-pattern cs-headers \
        cs-header-names cs-headers-count primary-distribution-id primary-distribution-dns-name origin-fbl origin-lbl asn",
    )
});

/// As many fields must be there as it takes to know a result type.
const FEWEST: usize = 23;

fn line<const N: usize>(i: &[u8]) -> Option<Line<'_, N>> {
    let mut parts = Split::new(i, b'\t');
    let (stamp, client) = (parts.next()?, parts.next()?);
    (whole(stamp, epoch).is_some() && stamp.contains(&b'.') && looks_like_ip(client)).then_some(())?;
    // The edge's own address came in later.
    let mut rest = parts.rest()?;
    if parts.next().is_some_and(looks_like_ip) {
        rest = parts.rest()?;
    }
    let mut values = FIELDS.split(rest, b'\t', FEWEST)?;
    values.set(Column::Stamp, stamp);
    values.set(Column::Client, client);
    Some(Line::of(values)).filter(Line::is_request)
}

/// Whether a text is an IP address as far as it takes to tell it from a number: it has three dots, or colons.
fn looks_like_ip(text: &[u8]) -> bool {
    let count = |wanted: u8| text.iter().filter(|byte| **byte == wanted).count();
    text.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'))
        && (count(b'.') == 3 || count(b':') > 1)
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    line::<{ Column::OF_CLOUDFRONT }>(i).map(|line| line.skim())
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    line::<{ Column::COUNT }>(i).map(|line| line.record(Escape::None))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    cloudfront::judge(record, statuses)
}
