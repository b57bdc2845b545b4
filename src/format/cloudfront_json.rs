//! `CloudFront`'s standard logs (v2) as JSON: one flat object a line, with the names of the fields that somebody chose.

use super::{
    About, Escape, Record, Skimmed, Statuses, Verdict, cloud,
    cloudfront::{self, Line},
    w3c::{Column, Values},
};
use crate::cause::Proxy;

pub(super) static ABOUT: About = About {
    name: "cloudfront-json",
    proxy: Proxy::CLOUDFRONT,
    title: "Amazon CloudFront standard log (v2) or real-time log as one JSON object a line",
    layout: r#"{"date":…,"time":…,"c-ip":…,"cs-method":…,"cs(Host)":…,"cs-uri-stem":…,"sc-status":…,"x-edge-result-type":…,"x-edge-request-id":…,"x-host-header":…,"time-taken":…,"x-edge-detailed-result-type":…}"#,
    time: "when the response had been sent, in UTC",
    source: "AWS, \"Standard logging reference\" and \"Use real-time access logs\" of the CloudFront Developer Guide",
    samples: &[
        r#"{"date":"2026-11-21","time":"10:00:01","x-edge-location":"IAD89-C1","sc-bytes":"392","c-ip":"192.0.2.10","cs-method":"GET","cs(Host)":"d111111abcdef8.cloudfront.net","cs-uri-stem":"/index.html","sc-status":"200","cs(Referer)":"-","cs(User-Agent)":"Mozilla/5.0%20(X11;%20Linux%20x86_64)","cs-uri-query":"-","cs(Cookie)":"-","x-edge-result-type":"Hit","x-edge-request-id":"SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==","x-host-header":"shop.example.com","cs-protocol":"https","cs-bytes":"23","time-taken":"0.001","x-forwarded-for":"-","ssl-protocol":"TLSv1.3","ssl-cipher":"TLS_AES_128_GCM_SHA256","x-edge-response-result-type":"Hit","cs-protocol-version":"HTTP/2.0","fle-status":"-","fle-encrypted-fields":"-","c-port":"11040","time-to-first-byte":"0.001","x-edge-detailed-result-type":"Hit","sc-content-type":"text/html","sc-content-len":"78","sc-range-start":"-","sc-range-end":"-"}"#,
        r#"{"timestamp(ms)":"1795255260125","c-ip":"192.0.2.11","cs-method":"POST","cs(Host)":"d111111abcdef8.cloudfront.net","x-host-header":"shop.example.com","cs-uri-stem":"/checkout/pay","cs-uri-query":"step=2","sc-status":"504","sc-bytes":"1036","time-taken":"30.125","time-to-first-byte":"30.125","x-edge-result-type":"Error","x-edge-detailed-result-type":"OriginCommError","x-edge-request-id":"4TDs9m4pKtVEqVR2Bf1SDSMD8M8aD2nJQJ3QnrLOLWCqIhhpWvXVXg==","origin-fbl":"-","origin-lbl":"-","asn":"64500","c-country":"DE"}"#,
    ],
    signs: &[&cloudfront::SIGNS],
};

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"x-edge-", b"\"x_edge_"]);

/// The members, where the object is one of `CloudFront`'s: nobody else names members `x-edge-…`.
fn line(i: &[u8]) -> Option<Line<'_>> {
    if !MARKS.are_in(i) {
        return None;
    }
    let (mut values, mut own, mut with_status) = (Values::default(), false, false);
    cloud::members(i, |name, value| {
        let column = Column::named(name);
        own |= name.starts_with(b"x-edge-") || name.starts_with(b"x_edge_");
        with_status |= column == Column::Status;
        values.set(column, value.text());
    })?;
    (own && with_status).then_some(Line::of(values))
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    line(i).map(|line| line.skim())
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    line(i).map(|line| line.record(Escape::Json))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    cloudfront::judge(record, statuses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_the_objects_of_others() {
        for line in [
            "{}",
            r#"{"sc-status":"502","date":"2026-11-21","time":"10:00:00"}"#,
            r#"{"x-edge-result-type":"Error","date":"2026-11-21"}"#,
            r#"{"request":{"x-edge-result-type":"Error","sc-status":"502"}}"#,
            r#"{"x-edge-result-type":"Error","sc-status":"502"} and more"#,
            r#"["x-edge-result-type","sc-status"]"#,
            r#"{"x-edge-result-type":"Error","sc-status":"50"#,
        ] {
            assert!(read(line.as_bytes()).is_none() && skim(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn minds_neither_order_nor_kind_of_values() {
        let line = br#"{ "sc-status" : 502, "x_edge_result_type":"Error", "time_taken":0.102, "sc_bytes":null, "cs_host":"d1.cloudfront.net", "timestamp":1795255200 }"#;
        let record = read(line).unwrap_or_default();
        assert_eq!((record.status, record.duration, record.bytes), (Some(502), Some(102_000), None));
        assert_eq!((record.group, record.flags), (&b"d1.cloudfront.net"[..], &b"Error"[..]));
        assert_eq!(record.when.map(|when| when.wall), Some(1_795_255_200_000_000));
    }
}
