//! The connection log of AWS Application Load Balancers: TLS with clients, one line for each connection. It knows
//! nothing of requests; it lies in the same bucket as the access log.

use super::{
    About, Escape, Record, Skimmed, Statuses, Verdict, What,
    elb::{Columns, column, time},
};
use crate::{
    cause::Proxy,
    grammar::{
        Parsed,
        address::is_ip,
        number::{uint, whole},
        text::present,
        time::When,
    },
};
use nom::{Parser as _, combinator::verify};

pub(super) static ABOUT: About = About {
    name: "alb-connection",
    proxy: Proxy::ALB,
    title: "AWS Application Load Balancer connection log: known, but nothing in it concerns a request",
    layout: "timestamp client_ip client_port listener_port tls_protocol tls_cipher tls_handshake_latency \
        leaf_client_cert_subject leaf_client_cert_validity leaf_client_cert_serial_number tls_verify_status conn_trace_id …",
    time: "when the connection was made, or failed, in UTC",
    source: "AWS, \"Connection logs for your Application Load Balancer\"",
    samples: &[
        r#"2026-11-27T08:00:00.123456Z 203.0.113.9 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 0.004 "CN=shop.example.com" NotBefore=2026-01-01T00:00:00Z;NotAfter=2027-01-01T00:00:00Z 0ABC Success TID_dc57cebed65b444ebc8177bb698fe166"#,
        r#"2026-11-27T08:00:01.123456Z 2001:db8::9 36281 443 - - - "-" - - Failed:UnmappedConnectionError TID_1dc4f1d0f5a04b4cb8b4a0c4b0e5d0c1"#,
    ],
    signs: &[],
};

/// `2026-11-27T08:00:00.123456Z 203.0.113.9 36280 443 `
fn connection(i: &[u8]) -> Parsed<'_, (When, &[u8])> {
    let is_port = |text: &&[u8]| whole(text, uint).is_some();
    let port = || verify(column, move |text: &[u8]| is_port(&text));
    let (i, (when, client, _, _)) = (time, verify(column, is_ip), port(), port()).parse(i)?;
    Ok((i, (when, client)))
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    connection(i).ok().map(|_| Skimmed::Full)
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    let (rest, (when, client)) = connection(i).ok()?;
    // Seven columns further: TLS and the client's certificate lie between.
    let mut columns = Columns(rest);
    let (verified, trace_id) = (columns.nth(6), columns.next());
    Some(Record {
        what: What::Notice,
        when: Some(when),
        client,
        message: present(verified.unwrap_or_default()),
        trace_id: present(trace_id.unwrap_or_default()),
        escape: Escape::None,
        ..Record::default()
    })
}

/// No line of this format tells of a failed request.
pub(super) fn judge(_record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    Verdict::default()
}
