//! Traefik's access log as JSON (`accessLog.format: json`).
//!
//! The group is the service, over whose servers Traefik balances; where that is not logged, the router. Version 1
//! called them backend and frontend. [`Record::upstream_status`] is `OriginStatus` where the server may have answered
//! so: see `traefik_shared.rs`.

use super::traefik_shared::{SIGNS, client, judge as judge_shared, may_be_servers, server};
use super::{About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, cloud};
use crate::cause::Proxy;
use crate::grammar::address::bare_host;
use crate::grammar::json::{Value, object};
use crate::grammar::number::{Micros, status, uint, whole};
use crate::grammar::text::present;
use crate::grammar::time::{When, iso};

pub(super) static ABOUT: About = About {
    name: "traefik-json",
    proxy: Proxy::TRAEFIK,
    title: "Traefik access log as JSON",
    layout: r#"{"ClientHost":…,"DownstreamStatus":…,"Duration":NANOSECONDS,"OriginStatus":…,"RouterName":…,"ServiceName":…,"ServiceURL":…,"StartUTC":…,…}"#,
    time: "when the request began, in UTC",
    source: "Traefik, pkg/middlewares/accesslog/logdata.go",
    samples: &[
        r#"{"ClientAddr":"203.0.113.9:51812","ClientHost":"203.0.113.9","ClientPort":"51812","ClientUsername":"-","DownstreamContentSize":2814,"DownstreamStatus":200,"Duration":247413902,"OriginContentSize":2814,"OriginDuration":247001377,"OriginStatus":200,"Overhead":412525,"RequestAddr":"shop.example.com","RequestContentSize":0,"RequestCount":262,"RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"/checkout/pay/584","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"http","RetryAttempts":0,"RouterName":"checkout@docker","ServiceAddr":"10.0.0.5:8080","ServiceName":"checkout@docker","ServiceURL":"http://10.0.0.5:8080","StartLocal":"2026-11-21T02:57:45.735539596Z","StartUTC":"2026-11-21T02:57:45.735539596Z","entryPointName":"web","level":"info","msg":"","request_User-Agent":"curl/7.88.1","time":"2026-11-21T02:57:45Z"}"#,
        r#"{"ClientAddr":"203.0.113.9:51812","ClientHost":"203.0.113.9","ClientPort":"51812","ClientUsername":"-","DownstreamContentSize":11,"DownstreamStatus":502,"Duration":1413902,"OriginContentSize":11,"OriginDuration":1001377,"OriginStatus":502,"Overhead":412525,"RequestAddr":"shop.example.com","RequestContentSize":0,"RequestCount":263,"RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"/checkout/pay/584","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"http","RetryAttempts":0,"RouterName":"checkout@docker","ServiceAddr":"10.0.0.5:8080","ServiceName":"checkout@docker","ServiceURL":{"Scheme":"http","Opaque":"","User":null,"Host":"10.0.0.5:8080","Path":"","RawPath":"","OmitHost":false,"ForceQuery":false,"RawQuery":"","Fragment":"","RawFragment":""},"StartLocal":"2026-11-21T02:57:46.039598834Z","StartUTC":"2026-11-21T02:57:46.039598834Z","entryPointName":"web","level":"info","msg":"","time":"2026-11-21T02:57:46Z"}"#,
        r#"{"ClientAddr":"203.0.113.9:51812","ClientHost":"203.0.113.9","ClientPort":"51812","ClientUsername":"-","DownstreamContentSize":20,"DownstreamStatus":503,"Duration":32673,"OriginContentSize":0,"OriginDuration":0,"OriginStatus":0,"Overhead":32673,"RequestAddr":"shop.example.com","RequestContentSize":0,"RequestCount":264,"RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"/cart","RequestPort":"-","RequestProtocol":"HTTP/2.0","RequestScheme":"https","RetryAttempts":0,"RouterName":"cart@docker","StartLocal":"2026-11-21T02:57:47.80902715Z","StartUTC":"2026-11-21T02:57:47.80902715Z","TLSCipher":"TLS_AES_128_GCM_SHA256","TLSVersion":"1.3","entryPointName":"websecure","level":"info","msg":"","time":"2026-11-21T02:57:47Z"}"#,
    ],
    signs: &[&SIGNS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let fields = Fields::of(line)?;
    let (Some(when), Some(status @ 100..500)) = (fields.when(), whole(fields.status, status)) else {
        return Some(Skimmed::Full);
    };
    let upstream = fields.upstream();
    Some(Skimmed::Plain(Skim {
        when: Some(when),
        status,
        group: fields.group(),
        upstream,
        names_upstream: fields.names_upstream,
        attempted: !upstream.is_empty(),
        duration: micros(fields.duration),
    }))
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let fields = Fields::of(line)?;
    let (upstream, upstream_status) = (fields.upstream(), fields.upstream_status());
    let attempt = Attempt {
        upstream,
        status: upstream_status,
        response: micros(fields.origin_duration),
        length: whole(fields.origin_size, uint),
        ..Attempt::default()
    };
    Some(Record {
        what: What::Request,
        when: fields.when(),
        status: whole(fields.status, status),
        upstream_status,
        group: fields.group(),
        upstream,
        names_upstream: fields.names_upstream,
        method: fields.method,
        host: if fields.host.is_empty() { bare_host(fields.address) } else { bare_host(fields.host) },
        path: fields.path,
        bytes: whole(fields.size, uint),
        duration: micros(fields.duration),
        nanos: below_micro(fields.duration),
        client: client(if fields.client.is_empty() { fields.client_address } else { fields.client }),
        user: fields.user,
        user_agent: fields.user_agent,
        trace_id: if fields.trace_id.is_empty() { fields.request_id } else { fields.trace_id },
        level: fields.level,
        attempts: (!upstream.is_empty()).then_some(attempt).into_iter().collect(),
        escape: Escape::Json,
        ..Record::default()
    })
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    judge_shared(record, statuses)
}

/// Nanoseconds.
fn micros(text: &[u8]) -> Option<Micros> {
    whole(text, uint).map(|nanos| nanos / 1_000)
}

/// What [`micros`] leaves out.
fn below_micro(text: &[u8]) -> u16 {
    whole(text, uint).and_then(|nanos| u16::try_from(nanos % 1_000).ok()).unwrap_or_default()
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"DownstreamStatus\"", b"\"OriginStatus\""]);

/// The members that count, as they stand in the line; empty where they do not.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    start: &'a [u8],
    start_local: &'a [u8],
    written: &'a [u8],
    status: &'a [u8],
    origin_status: &'a [u8],
    origin_duration: &'a [u8],
    origin_size: &'a [u8],
    /// Whether there is a header that only the server sends.
    origin_header: bool,
    service: &'a [u8],
    router: &'a [u8],
    url: &'a [u8],
    server: &'a [u8],
    names_upstream: bool,
    method: &'a [u8],
    host: &'a [u8],
    address: &'a [u8],
    path: &'a [u8],
    size: &'a [u8],
    duration: &'a [u8],
    client: &'a [u8],
    client_address: &'a [u8],
    user: &'a [u8],
    user_agent: &'a [u8],
    trace_id: &'a [u8],
    request_id: &'a [u8],
    level: &'a [u8],
    /// How many names were seen that are Traefik's.
    marks: u8,
}

impl<'a> Fields<'a> {
    /// A line is Traefik's that has a status or a duration of the origin or the client's, and more of Traefik's names.
    fn of(line: &'a [u8]) -> Option<Self> {
        if !MARKS.are_in(line) {
            return None;
        }
        let mut fields = Self::default();
        let (rest, ()) = object(line, |name, value| fields.member(name, value)).ok()?;
        let tells = !fields.status.is_empty() || !fields.origin_status.is_empty();
        (tells && fields.marks >= 3 && rest.trim_ascii().is_empty()).then_some(fields)
    }

    fn member(&mut self, name: &'a [u8], value: Value<'a>) {
        let text = present(value.text());
        // All of Traefik's own begin with a capital letter, and its headers with a word of its own.
        match name.first() {
            Some(b'A'..=b'Z') => self.core(name, value, text),
            Some(b'o') => self.origin_header |= is_servers(name),
            Some(b'r') if name.eq_ignore_ascii_case(b"request_user-agent") => self.user_agent = text,
            Some(b'r') if name.eq_ignore_ascii_case(b"request_x-request-id") => self.request_id = text,
            _ => match name {
                b"time" => self.written = text,
                b"level" => self.level = text,
                b"trace_id" => self.trace_id = text,
                _ => {}
            },
        }
    }

    fn core(&mut self, name: &[u8], value: Value<'a>, text: &'a [u8]) {
        let place = match name {
            b"StartUTC" => &mut self.start,
            b"StartLocal" => &mut self.start_local,
            b"DownstreamStatus" => &mut self.status,
            b"DownstreamContentSize" => &mut self.size,
            b"OriginStatus" => &mut self.origin_status,
            b"OriginDuration" => &mut self.origin_duration,
            b"OriginContentSize" => &mut self.origin_size,
            b"ServiceName" | b"BackendName" => &mut self.service,
            b"RouterName" | b"FrontendName" => &mut self.router,
            b"ServiceURL" | b"BackendURL" => return self.url(value),
            b"ServiceAddr" | b"BackendAddr" => {
                self.names_upstream = true;
                &mut self.server
            }
            b"RequestMethod" => &mut self.method,
            b"RequestHost" => &mut self.host,
            b"RequestAddr" => &mut self.address,
            b"RequestPath" => &mut self.path,
            b"Duration" => &mut self.duration,
            b"ClientHost" => &mut self.client,
            b"ClientAddr" => &mut self.client_address,
            b"ClientUsername" => &mut self.user,
            b"TraceId" => &mut self.trace_id,
            _ => return,
        };
        *place = text;
        self.marks += 1;
    }

    /// A URL as text or, until v3, as the object that Go makes of it.
    fn url(&mut self, value: Value<'a>) {
        self.marks += 1;
        self.names_upstream = true;
        match value {
            Value::Nested(whole) => {
                let _ = object(whole, |name, value| {
                    if name == b"Host" {
                        self.url = value.text();
                    }
                });
            }
            _ => self.url = server(present(value.text())),
        }
    }

    fn when(&self) -> Option<When> {
        [self.start, self.start_local, self.written].into_iter().find_map(|text| whole(text, iso))
    }

    fn group(&self) -> &'a [u8] {
        if self.service.is_empty() { self.router } else { self.service }
    }

    fn upstream(&self) -> &'a [u8] {
        if self.server.is_empty() { self.url } else { self.server }
    }

    /// What the server answered, where Traefik may not have made the answer itself. 0 where it did.
    fn upstream_status(&self) -> Option<u16> {
        let answered = whole(self.origin_status, status)?;
        let is_servers = self.origin_header || may_be_servers(answered, whole(self.origin_size, uint));
        is_servers.then_some(answered)
    }
}

/// Whether a header of the origin's is one that no middleware of Traefik's sets.
fn is_servers(name: &[u8]) -> bool {
    [&b"origin_Content-Type"[..], b"origin_Content-Length", b"origin_Date", b"origin_Server"]
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, kinds, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        agrees(Format::TraefikJson, line.as_bytes());
        told(read(line.as_bytes()))
    }

    #[test]
    fn reads_what_traefik_writes() {
        let cases = [
            (
                r#"{"ClientAddr":"203.0.113.9:51812","ClientHost":"203.0.113.9, 10.0.0.1","ClientUsername":"alice","DownstreamContentSize":2814,"DownstreamStatus":200,"Duration":247413902,"OriginContentSize":2814,"OriginDuration":247001377,"OriginStatus":200,"RequestAddr":"shop.example.com:8443","RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"/a?b","RetryAttempts":0,"RouterName":"r@docker","ServiceAddr":"10.0.0.5:80","ServiceName":"s@docker","ServiceURL":"http://10.0.0.5:80","StartUTC":"2026-11-21T02:57:46.018Z","level":"info","msg":"","request_User-Agent":"ua","trace_id":"4bf92f","time":"2026-11-21T02:57:47Z"}"#,
                "status=200 group=s@docker upstream=10.0.0.5:80 method=GET host=shop.example.com path=/a?b bytes=2814 duration=0.247 client=203.0.113.9 user=alice agent=ua trace=4bf92f level=info names=upstream attempts=[10.0.0.5:80 200 -/-/0.247]",
            ),
            // An object for a URL; other fields were dropped. The answer is Traefik's own.
            (
                r#"{"DownstreamStatus":502,"OriginStatus":502,"OriginContentSize":11,"Duration":1413902,"ServiceURL":{"Scheme":"http","User":null,"Host":"10.0.0.5:80","Path":"/x"},"ClientAddr":"[2001:db8::9]:51812","RequestAddr":"[2001:db8::1]:80","StartLocal":"2026-11-21T03:57:46.018+01:00"}"#,
                "status=502 upstream=10.0.0.5:80 host=2001:db8::1 duration=0.001 client=2001:db8::9 names=upstream attempts=[10.0.0.5:80 - -/-/-]",
            ),
            // The same, but with a header that only a server sends.
            (
                r#"{"DownstreamStatus":502,"OriginStatus":502,"OriginContentSize":11,"Duration":1413902,"ServiceAddr":"10.0.0.5:80","origin_Content-Type":"text/plain","StartUTC":"2026-11-21T02:57:46.018Z"}"#,
                "status=502 upstream=10.0.0.5:80 duration=0.001 names=upstream attempts=[10.0.0.5:80 502 -/-/-]",
            ),
            // Version 1; Traefik answered.
            (
                r#"{"BackendAddr":"","BackendName":"Traefik","BackendURL":{"Host":"","Path":"/"},"ClientHost":"203.0.113.9","DownstreamStatus":404,"FrontendName":"backend not found","OriginStatus":0,"time":"2026-11-21T02:57:46Z"}"#,
                "status=404 group=Traefik client=203.0.113.9 names=upstream",
            ),
            // The address that Traefik takes out of the URL.
            (
                r#"{"BackendAddr":"10.0.0.5:80","BackendURL":{"Host":"app","Path":""},"ClientHost":"203.0.113.9","DownstreamStatus":404,"OriginStatus":0,"time":"2026-11-21T02:57:46Z"}"#,
                "status=404 upstream=10.0.0.5:80 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 - -/-/-]",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
            assert!(only(Format::TraefikJson, line).is_some());
        }
        // 2026-11-21T02:57:46.018Z is 1795229866.018.
        let wall = |line| only(Format::TraefikJson, line).and_then(|record| record.when).map(|when| when.wall);
        assert_eq!(wall(cases[0].0), Some(1_795_229_866_018_000));
        assert_eq!(wall(cases[1].0), Some(1_795_229_866_018_000 + 3_600_000_000));
        assert_eq!(wall(cases[3].0), Some(1_795_229_866_000_000));
    }

    #[test]
    fn names_signs() {
        let line = |went: &str| format!(r#"{{{went},"RouterName":"r","StartUTC":"2026-11-21T02:57:46.018Z"}}"#);
        for (went, kind) in [
            (
                r#""DownstreamStatus":502,"OriginStatus":502,"OriginContentSize":11,"OriginDuration":900000,"ServiceAddr":"a:80""#,
                Some("traefik-502-at-once"),
            ),
            (
                r#""DownstreamStatus":502,"OriginStatus":502,"OriginDuration":3000000000,"ServiceAddr":"a:80""#,
                Some("traefik-502-later"),
            ),
            (
                r#""DownstreamStatus":502,"OriginStatus":502,"OriginContentSize":150,"ServiceAddr":"a:80""#,
                Some("traefik-server-answered"),
            ),
            (
                r#""DownstreamStatus":504,"OriginStatus":504,"OriginContentSize":15,"OriginDuration":30001000000,"ServiceAddr":"a:80""#,
                Some("traefik-504-after-30-s"),
            ),
            (
                r#""DownstreamStatus":503,"OriginStatus":503,"OriginContentSize":9,"ServiceAddr":"a:80""#,
                Some("traefik-server-unavailable"),
            ),
            (r#""DownstreamStatus":503,"DownstreamContentSize":20,"OriginStatus":0"#, Some("traefik-no-server")),
            (r#""DownstreamStatus":200,"OriginStatus":502"#, None),
        ] {
            let line = line(went);
            assert_eq!(kinds(Format::TraefikJson, &line).0, kind, "{line}");
        }
    }

    #[test]
    fn leaves_the_objects_of_others() {
        for line in [
            "{}",
            r#"{"DownstreamStatus":502}"#,
            r#"{"RouterName":"r","ServiceName":"s","RequestPath":"/"}"#,
            r#"{"ClientIP":"203.0.113.9","EdgeResponseStatus":502,"OriginResponseStatus":0,"RayID":"1","RequestMethod":"GET"}"#,
            r#"{"DownstreamStatus":502,"OriginStatus":502,"Duration":1} trailing"#,
            r#"{"level":"info","msg":"DownstreamStatus OriginStatus Duration","time":"2026-11-21T02:57:46Z"}"#,
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::TraefikJson)) {
            agrees(Format::TraefikJson, &line);
        }
    }
}
