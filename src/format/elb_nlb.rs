//! The access log of AWS Network Load Balancers, which exists for TLS listeners alone: one line for each connection,
//! without a status. It cannot fail as a request does; what it adds is how clients' handshakes went.

use super::{
    About, Escape, Record, Skimmed, Statuses, Verdict, What,
    elb::{Columns, column, count, peer, time},
};
use crate::{
    cause::Proxy,
    grammar::{Parsed, address, number::Micros, text::present, time::When},
};
use nom::{Parser as _, bytes::complete::tag, combinator::verify};

pub(super) static ABOUT: About = About {
    name: "nlb",
    proxy: Proxy::NLB,
    title: "AWS Network Load Balancer access log (TLS listeners)",
    layout: "type version time elb listener client:port destination:port connection_time tls_handshake_time \
        received_bytes sent_bytes incoming_tls_alert chosen_cert_arn chosen_cert_serial tls_cipher tls_protocol_version \
        tls_named_group domain_name alpn_fe_protocol alpn_be_protocol alpn_client_preference_list \
        tls_connection_creation_time",
    time: "when the connection ended, in UTC",
    source: "AWS, \"Access logs for your Network Load Balancer\"",
    samples: &[
        "tls 2.0 2018-12-20T02:59:40 net/my-network-loadbalancer/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.10:51341 198.51.100.185:443 5 2 98 246 - arn:aws:acm:us-east-2:123456789012:certificate/2a108f19-aded-46b0-8493-c63eb1ef4a99 - ECDHE-RSA-AES128-SHA tlsv12 - www.example.com - - -",
        "tls 2.0 2020-04-01T08:51:42 net/my-network-loadbalancer/c6e77e28c25b2234 g3d4b5e8bb8464cd 192.0.2.10:51341 198.51.100.185:443 5 2 98 246 - arn:aws:acm:us-east-2:123456789012:certificate/2a108f19-aded-46b0-8493-c63eb1ef4a99 - ECDHE-RSA-AES128-SHA tlsv12 - www.example.com h2 h2 \"h2\",\"http/1.1\" 2020-04-01T08:51:42",
        "tls 2.0 2020-04-01T08:51:44 net/my-network-loadbalancer/c6e77e28c25b2234 g3d4b5e8bb8464cd [2001:db8::10]:51342 198.51.100.185:443 31 - 0 0 48 arn:aws:acm:us-east-2:123456789012:certificate/2a108f19-aded-46b0-8493-c63eb1ef4a99 - - - - - - - -",
    ],
    signs: &[],
};

/// The numbers of a connection.
struct Connection<'a> {
    when: When,
    balancer: &'a [u8],
    client: &'a [u8],
    destination: &'a [u8],
    milliseconds: Option<u64>,
    sent: Option<u64>,
}

/// `2.0 `
fn version(i: &[u8]) -> Parsed<'_, &[u8]> {
    verify(column, |word: &[u8]| word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')).parse(i)
}

/// Everything up to `sent_bytes`: `tls 2.0 2018-12-20T02:59:40 net/my-loadbalancer/c6e7 g3d4 192.0.2.10:51341
/// 198.51.100.185:443 5 2 98 246 `.
fn connection(i: &[u8]) -> Parsed<'_, Connection<'_>> {
    let (i, (_type, _version, when, balancer, _listener)) = (tag("tls "), version, time, column, column).parse(i)?;
    let (i, (client, destination)) = (peer, peer).parse(i)?;
    let (i, (milliseconds, _handshake, _received, sent)) = (count, count, count, count).parse(i)?;
    Ok((i, Connection { when, balancer, client, destination, milliseconds, sent }))
}

/// Without a status there is nothing to count by.
pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    connection(line).ok().map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (rest, connection) = connection(line).ok()?;
    let mut columns = Columns(rest);
    let alert = columns.next().map_or(&b""[..], present);
    // Five columns further: the certificate, its serial, the cipher, the protocol and the group lie between.
    let domain = columns.nth(5).map_or(&b""[..], present);
    Some(Record {
        what: What::Request,
        when: Some(connection.when),
        // The line names no target group.
        group: connection.balancer,
        upstream: connection.destination,
        names_upstream: true,
        host: domain,
        bytes: connection.sent,
        duration: connection.milliseconds.and_then(|count: Micros| count.checked_mul(1_000)),
        client: address::host(connection.client),
        flags: alert,
        escape: Escape::None,
        ..Record::default()
    })
}

/// No line of this format tells of a failed request.
pub(super) fn judge(_record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    Verdict::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_field() {
        let record = read(ABOUT.samples[1].as_bytes()).unwrap_or_default();
        let expected = Record {
            what: What::Request,
            when: super::super::elb::utc(b"2020-04-01T08:51:42Z"),
            group: b"net/my-network-loadbalancer/c6e77e28c25b2234",
            upstream: b"198.51.100.185:443",
            names_upstream: true,
            host: b"www.example.com",
            bytes: Some(246),
            duration: Some(5_000),
            client: b"192.0.2.10",
            ..Record::default()
        };
        assert_eq!(format!("{record:?}"), format!("{expected:?}"));
    }

    #[test]
    fn reads_alerts() {
        let record = read(ABOUT.samples[2].as_bytes()).unwrap_or_default();
        assert_eq!((record.flags, record.host, record.client), (&b"48"[..], &b""[..], &b"2001:db8::10"[..]));
        assert_eq!(record.duration, Some(31_000));
    }

    #[test]
    fn needs_its_opening() {
        let sample = ABOUT.samples[0];
        for (from, to) in [("tls 2.0", "tls"), ("tls", "udp"), ("2.0", "v2"), (" 5 2 ", " five 2 "), (":443", "")] {
            assert!(read(sample.replace(from, to).as_bytes()).is_none(), "{from}");
        }
        assert!(read(sample.replace("tls 2.0", "tls 3.1").as_bytes()).is_some());
    }
}
