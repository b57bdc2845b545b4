//! `CloudFront`'s real-time logs: values apart by tabs, without names. Which fields there are somebody chose, but never their
//! order; that all of the first half are there shows in what they hold.

use super::{About, Escape, Record, Skimmed, Statuses, Verdict, cloudfront};
use crate::{
    cause::Proxy,
    grammar::{number::whole, time::epoch},
};
use std::net::IpAddr;

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

/// The fields, in their order, behind the addresses. What the viewer asked for is called `cs-host` here and the distribution
/// `x-host-header`: the other way round than in standard logs, whose names these are.
const FIELDS: [&[u8]; 43] = [
    b"time-to-first-byte",
    b"sc-status",
    b"sc-bytes",
    b"cs-method",
    b"cs-protocol",
    b"x-host-header",
    b"cs-uri-stem",
    b"cs-bytes",
    b"x-edge-location",
    b"x-edge-request-id",
    b"cs-host",
    b"time-taken",
    b"cs-protocol-version",
    b"c-ip-version",
    b"cs-user-agent",
    b"cs-referer",
    b"cs-cookie",
    b"cs-uri-query",
    b"x-edge-response-result-type",
    b"x-forwarded-for",
    b"ssl-protocol",
    b"ssl-cipher",
    b"x-edge-result-type",
    b"fle-encrypted-fields",
    b"fle-status",
    b"sc-content-type",
    b"sc-content-len",
    b"sc-range-start",
    b"sc-range-end",
    b"c-port",
    b"x-edge-detailed-result-type",
    b"c-country",
    b"cs-accept-encoding",
    b"cs-accept",
    b"cache-behavior-path-pattern",
    b"cs-headers",
    b"cs-header-names",
    b"cs-headers-count",
    b"primary-distribution-id",
    b"primary-distribution-dns-name",
    b"origin-fbl",
    b"origin-lbl",
    b"asn",
];

/// As many fields must be there as it takes to know a result type.
const FEWEST: usize = 23;

fn values(i: &[u8]) -> Option<cloudfront::Fields<'_>> {
    let mut columns = i.split(|byte| *byte == b'\t');
    let (stamp, client) = (columns.next()?, columns.next()?);
    (whole(stamp, epoch).is_some() && stamp.contains(&b'.') && is_address(client)).then_some(())?;
    let mut values = cloudfront::Fields::default();
    values.set(b"timestamp", stamp);
    values.set(b"c-ip", client);
    // The edge's own address came in later.
    let server = columns.clone().next().is_some_and(is_address);
    let rest = columns.skip(usize::from(server));
    FIELDS.into_iter().zip(rest.clone()).for_each(|(name, value)| values.set(name, value));
    (rest.count() >= FEWEST && values.are_a_request()).then_some(values)
}

fn is_address(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<IpAddr>().is_ok())
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    values(i).map(|values| values.skim(Escape::None))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    values(i).map(|values| values.record(Escape::None))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    cloudfront::judge(record, statuses)
}
