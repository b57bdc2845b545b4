//! The access log of AWS Classic Load Balancers.
//!
//! Unlike the other kinds it is stamped when the request arrived, names the load balancer where those name a target
//! group, and loses the backend's address when the backend does not answer.

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What,
    elb::{Columns, Core, column, core, request_line, time},
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{Parsed, address, text::present, time::When},
};
use nom::{Parser as _, combinator::verify};

pub(super) static ABOUT: About = About {
    name: "elb",
    proxy: Proxy::ELB,
    title: "AWS Classic Load Balancer access log",
    layout: "timestamp elb client:port backend:port request_processing_time backend_processing_time \
        response_processing_time elb_status_code backend_status_code received_bytes sent_bytes \"request\" \"user_agent\" \
        ssl_cipher ssl_protocol",
    time: "when the load balancer received the request, in UTC",
    source: "AWS, \"Access logs for your Classic Load Balancer\"",
    samples: &[
        r#"2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.10:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -"#,
        r#"2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.10:2817 10.0.0.1:80 0.000086 0.001048 0.001337 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.38.0" DHE-RSA-AES128-SHA TLSv1.2"#,
        r#"2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.10:2817 10.0.0.1:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -"#,
        r#"2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.10:2817 - -1 -1 -1 503 0 0 0 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What the fields of a failed request are signs of. Source: AWS, "Troubleshoot a Classic Load Balancer: HTTP
    /// errors".
    SIGNS:
    BACKEND_STATUS = sign("elb-backend-status", Cause::UpstreamError, Strength::Conclusive, 0,
        "the instance itself answered with this status");
    NO_BACKEND = sign("elb-no-backend", Cause::NoLiveUpstream, Strength::Strong, 503,
        "no instance was picked for the request");
    ANSWER_UNUSABLE = sign("elb-answer-unusable", Cause::InvalidResponse, Strength::Strong, 502,
        "the load balancer could not read the instance's answer");
    BACKEND_TIMEOUT = sign("elb-backend-timeout", Cause::ResponseTimeout, Strength::Strong, 504,
        "the instance did not answer before the idle timeout");
    TIMEOUT = sign("elb-timeout", Cause::ResponseTimeout, Strength::Weak, 504,
        "the load balancer waited too long, or the instance closed the connection; no instance is named");
}

/// The load balancer's name, which has no slash, unlike those of the other kinds: `my-loadbalancer `.
fn name(i: &[u8]) -> Parsed<'_, &[u8]> {
    verify(column, |name: &[u8]| !name.contains(&b'/')).parse(i)
}

/// Everything up to the request, which gives the rest.
fn line(i: &[u8]) -> Parsed<'_, (When, &[u8], Core<'_>)> {
    (time, name, core).parse(i)
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    let (_, (when, group, core)) = line(i).ok()?;
    let Some(status) = core.status.filter(|status| *status < 500) else { return Some(Skimmed::Full) };
    let duration = core.duration(None);
    let (upstream, attempted) = (core.target, !core.target.is_empty());
    Some(Skimmed::Plain(Skim { when: Some(when), status, group, upstream, names_upstream: true, attempted, duration }))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    let (rest, (when, group, core)) = line(i).ok()?;
    let mut columns = Columns(rest);
    let mut next = || columns.next().map_or(&b""[..], present);
    let (request, user_agent) = (request_line(next()), next());
    let attempt = attempt(&core);
    Some(Record {
        what: What::Request,
        when: Some(when),
        status: core.status,
        upstream_status: core.target_status,
        group,
        upstream: core.target,
        names_upstream: true,
        method: request.method,
        host: request.host,
        path: request.path,
        bytes: core.sent,
        duration: core.duration(None),
        connect: if of_connection(&core) { core.target_time } else { None },
        header: if of_connection(&core) { None } else { core.target_time },
        client: address::host(core.client),
        user_agent,
        attempts: (!core.target.is_empty()).then_some(attempt).into_iter().collect(),
        escape: Escape::Hex,
        ..Record::default()
    })
}

/// Whether the line is of a TCP or SSL listener: then the second timer is the time until connected.
fn of_connection(core: &Core<'_>) -> bool {
    core.status.is_none()
}

fn attempt<'a>(core: &Core<'a>) -> Attempt<'a> {
    let (connect, header) =
        if of_connection(core) { (core.target_time, None) } else { (core.request_time, core.header()) };
    Attempt {
        upstream: core.target,
        status: core.target_status,
        connect,
        header,
        response: core.duration(None),
        length: None,
    }
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = failed.and_then(|status| failure(record, status));
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), ..Verdict::default() }
}

/// What a failed request is a sign of. A line without a backend says little: AWS takes the address away also where one
/// was reached and closed the connection or did not answer.
fn failure(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    if record.upstream_status == Some(status) {
        return Some(BACKEND_STATUS);
    }
    match (status, record.upstream.is_empty()) {
        (502, _) => Some(ANSWER_UNUSABLE),
        (503, true) => Some(NO_BACKEND),
        (504, true) => Some(TIMEOUT),
        (504, false) => Some(BACKEND_TIMEOUT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Attempts;

    fn line(went: &str) -> String {
        format!(
            "2015-05-13T23:39:43.945958Z my-loadbalancer 192.0.2.10:2817 {went} 17 29 \
             \"POST http://www.example.com:80/a?b HTTP/1.1\" \"curl/7.38.0\" - -"
        )
    }

    fn judged(went: &str) -> Option<(&'static str, bool)> {
        let line = line(went);
        let verdict = judge(&read(line.as_bytes())?, &Statuses::gateway());
        let sign = verdict.request?;
        Some((sign.kind, verdict.attempts.first().is_some_and(|attempt| *attempt == Some(sign))))
    }

    #[test]
    fn names_signs() {
        let cases = [
            ("10.0.0.1:80 0.000073 0.001048 0.000057 502 502", "elb-backend-status", true),
            ("10.0.0.1:80 0.000073 0.001048 0.000057 503 503", "elb-backend-status", true),
            ("- -1 -1 -1 503 0", "elb-no-backend", false),
            ("- -1 -1 -1 503 -", "elb-no-backend", false),
            ("10.0.0.1:80 0.000073 0.001048 -1 502 0", "elb-answer-unusable", true),
            ("- -1 -1 -1 502 0", "elb-answer-unusable", false),
            ("- -1 -1 -1 504 0", "elb-timeout", false),
            ("10.0.0.1:80 0.000073 -1 -1 504 0", "elb-backend-timeout", true),
        ];
        for (went, kind, on_backend) in cases {
            assert_eq!(judged(went), Some((kind, on_backend)), "{went}");
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|(_, kind, _)| *kind == sign.kind), "{}", sign.kind);
        }
        for went in [
            "10.0.0.1:80 0.1 0.1 0.1 200 200",
            "- -1 -1 -1 408 0",
            "10.0.0.1:80 0.1 0.1 0.1 - -",
            "10.0.0.1:80 -1 -1 -1 503 0",
        ] {
            assert_eq!(judged(went), None, "{went}");
        }
    }

    #[test]
    fn reads_every_field() {
        let line = line("10.0.0.1:80 0.000073 0.001048 0.000057 200 200");
        let record = read(line.as_bytes()).unwrap_or_default();
        let expected = Record {
            what: What::Request,
            when: super::super::elb::utc(b"2015-05-13T23:39:43.945958Z"),
            status: Some(200),
            upstream_status: Some(200),
            group: b"my-loadbalancer",
            upstream: b"10.0.0.1:80",
            names_upstream: true,
            method: b"POST",
            host: b"www.example.com",
            path: b"/a?b",
            bytes: Some(29),
            duration: Some(1_178),
            header: Some(1_048),
            client: b"192.0.2.10",
            user_agent: b"curl/7.38.0",
            attempts: Attempts::from_iter([Attempt {
                upstream: b"10.0.0.1:80",
                status: Some(200),
                connect: Some(73),
                header: Some(1_121),
                response: Some(1_178),
                length: None,
            }]),
            escape: Escape::Hex,
            ..Record::default()
        };
        assert_eq!(format!("{record:?}"), format!("{expected:?}"));
    }

    /// TCP listeners have no status, and their second timer ends with the connection.
    #[test]
    fn reads_connections() {
        let record = read(ABOUT.samples[2].as_bytes()).unwrap_or_default();
        assert_eq!((record.status, record.upstream_status, record.bytes), (None, None, Some(305)));
        assert_eq!((record.connect, record.header, record.duration), (Some(28), None, Some(1_138)));
        assert_eq!(
            (record.method, record.host, record.path, record.user_agent),
            (&b""[..], &b""[..], &b""[..], &b""[..])
        );
        assert!(matches!(skim(ABOUT.samples[2].as_bytes()), Some(Skimmed::Full)));
        let uncounted = ABOUT.samples[2].replace(" 82 305 ", " -1 -1 ");
        assert_eq!(read(uncounted.as_bytes()).map(|record| record.bytes), Some(None));
    }

    /// Lines of 2014 end with the request; others may have been cut.
    #[test]
    fn minds_no_length() {
        let whole = line("10.0.0.1:80 0.000073 0.001048 0.000057 200 200");
        let opening = whole.find('"').unwrap_or_default() + 1;
        for end in opening..=whole.len() {
            let record = read(&whole.as_bytes()[..end]).unwrap_or_default();
            assert_eq!((record.status, record.duration), (Some(200), Some(1_178)));
        }
        let old = &whole[..=whole.find("HTTP/1.1\"").unwrap_or_default() + 8];
        let record = read(old.as_bytes()).unwrap_or_default();
        assert_eq!((record.path, record.user_agent), (&b"/a?b"[..], &b""[..]));
    }
}
