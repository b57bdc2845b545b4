//! Envoy's access log as JSON (`json_format`), with the names that Istio, Envoy Gateway, Contour, Emissary and Consul
//! give its fields by default, and their like.
//!
//! Whoever configures Envoy chooses the names, and most choose those of the command operators or of the headers, in one
//! spelling or another: a name counts by its letters and digits. A line is claimed by what only Envoy has: its flags or
//! details, or the names of its two ends of each connection.

use super::envoy_shared::{self, Fields, known};
use super::{About, Escape, Record, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;
use crate::grammar::json::{Value, object_while};
use crate::grammar::number::whole;
use crate::grammar::time::{epoch, iso};

pub(super) static ABOUT: About = About {
    name: "envoy-json",
    proxy: Proxy::ENVOY,
    title: "Envoy access log as JSON, with the names of Istio, Envoy Gateway, Contour or Emissary",
    layout: r#"{"start_time":"%START_TIME%","response_code":"%RESPONSE_CODE%","response_flags":"%RESPONSE_FLAGS%",…}"#,
    time: "when the request began, in UTC",
    source: "Istio, pilot/pkg/model/telemetry_logging.go; Envoy Gateway, internal/xds/translator/accesslog.go; Contour, \
        apis/projectcontour/v1alpha1/accesslog.go",
    samples: &[
        r#"{"authority":"shop.example.com","bytes_received":0,"bytes_sent":91,"connection_termination_details":null,"downstream_local_address":"10.0.0.2:8443","downstream_remote_address":"203.0.113.9:51812","duration":10002,"method":"GET","path":"/checkout/pay/584","protocol":"HTTP/2","request_id":"7b6c0f52-0d5e-4c52-9d52-1f0f3f7d5a11","requested_server_name":"shop.example.com","response_code":503,"response_code_details":"upstream_reset_before_response_started{connection_timeout}","response_flags":"UF","route_name":"default","start_time":"2026-11-21T02:57:46.018Z","upstream_cluster":"outbound|80||checkout.shop.svc.cluster.local","upstream_host":"10.0.0.5:8080","upstream_local_address":null,"upstream_service_time":null,"upstream_transport_failure_reason":null,"user_agent":"curl/7.88.1","x_forwarded_for":"203.0.113.9"}"#,
        r#"{"start_time":"2026-11-21T02:57:47.440Z","method":"GET","x-envoy-origin-path":"/cart","protocol":"HTTP/1.1","response_code":"503","response_flags":"UH","response_code_details":"no_healthy_upstream","connection_termination_details":"-","upstream_transport_failure_reason":"-","bytes_received":"0","bytes_sent":"19","duration":"0","x-envoy-upstream-service-time":"-","x-forwarded-for":"203.0.113.9","user-agent":"curl/7.88.1","x-request-id":"f2f1b9c5-2b75-4a44-a3a4-0c9a2ad0ce0e",":authority":"shop.example.com","upstream_host":"-","upstream_cluster":"httproute/shop/cart/rule/0","upstream_local_address":"-","downstream_local_address":"10.0.0.2:8080","downstream_remote_address":"203.0.113.9:51814","requested_server_name":"-","route_name":"httproute/shop/cart/rule/0/match/0/shop_example_com"}"#,
        r#"{"@timestamp":"2026-11-21T02:57:48.101Z","authority":"shop.example.com","bytes_received":0,"bytes_sent":24,"downstream_local_address":"10.0.0.2:8080","downstream_remote_address":"203.0.113.9:51816","duration":15001,"method":"GET","path":"/cart","protocol":"HTTP/1.1","request_id":"a9a7e3ab-90f6-4f0d-9d6b-6f8f4dbe3f55","requested_server_name":null,"response_code":504,"response_flags":"UT","uber_trace_id":null,"upstream_cluster":"shop_cart_80","upstream_host":"10.0.0.5:8080","upstream_local_address":"10.0.0.2:40122","upstream_service_time":null,"user_agent":"curl/7.88.1","x_forwarded_for":"203.0.113.9","grpc_status":null,"grpc_status_number":null}"#,
    ],
    signs: &[&envoy_shared::SIGNS, &envoy_shared::CONNECTS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    fields(line).map(|fields| fields.skim())
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    fields(line).map(|fields| fields.record(Escape::Json))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    envoy_shared::judge(record, statuses)
}

/// What has been seen that tells whose line it is.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    /// The status, under one of Envoy's names.
    code: bool,
    /// Flags or details, which nobody else has.
    own: bool,
    /// Names that Envoy has, and others might.
    shared: u8,
    /// What another program writes.
    foreign: bool,
}

fn fields(line: &[u8]) -> Option<Fields<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let (mut fields, mut marks) = (Fields::default(), Marks::default());
    let (rest, ()) = object_while(line, |name, value| {
        fields.member(name, value, &mut marks);
        !marks.foreign
    })
    .ok()?;
    let own = marks.code && (marks.own || marks.shared >= 3);
    (own && rest.trim_ascii().is_empty()).then_some(fields)
}

/// The longest name that means anything, in letters and digits.
const LONGEST: usize = 40;

/// For each byte, whether it counts in a name.
const COUNTS: [u8; 256] = {
    let mut counts = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        counts[byte as usize] = byte.is_ascii_alphanumeric() as u8;
        byte += 1;
    }
    counts
};

/// The letters, in lower case, and digits of a name: `x-envoy-origin-path` is `xenvoyoriginpath`, `:authority`
/// `authority`. Empty where there are too many.
fn plain<'b>(name: &[u8], room: &'b mut [u8; LONGEST]) -> &'b [u8] {
    let mut length = 0;
    for byte in name {
        let Some(place) = room.get_mut(length) else { return b"" };
        // Put down first, and overwritten by the next where it does not count: cheaper than to ask. This bit is set in
        // all digits.
        *place = byte | 0x20;
        length += usize::from(COUNTS[usize::from(*byte)]);
    }
    room.get(..length).unwrap_or_default()
}

impl<'a> Fields<'a> {
    /// Takes one member.
    fn member(&mut self, name: &'a [u8], value: Value<'a>, marks: &mut Marks) {
        let mut room = [0; LONGEST];
        let text = known(value.text());
        let name = plain(name, &mut room);
        // Headers of Envoy's own making.
        if name.starts_with(b"xenvoyorigin") {
            marks.shared += 2;
        }
        match name {
            b"starttime" | b"timestamp" | b"ts" | b"time" | b"datetime" => {
                self.when = self.when.or_else(|| whole(text, iso)).or_else(|| whole(text, epoch));
            }
            b"method" | b"requestmethod" | b"reqmethod" | b"httpmethod" => self.method = text,
            b"path"
            | b"requestpath"
            | b"reqpath"
            | b"uri"
            | b"xenvoyoriginpath"
            | b"xenvoyoriginalpath"
            | b"originalpath"
            | b"xenvoyoriginalpathpath" => {
                if self.path.is_empty() {
                    self.path = text;
                }
            }
            b"protocol" => self.protocol = text,
            b"responsecode" | b"status" | b"statuscode" | b"responsestatus" | b"code" => {
                marks.code = true;
                // Envoy's own word, but not its alone.
                marks.shared += 2 * u8::from(name == b"responsecode");
                self.code = value.text();
            }
            b"bytessent" => self.sent = text,
            b"duration" | b"durationms" | b"totalduration" => self.duration = text,
            b"xforwardedfor" | b"reqxforwardedfor" | b"forwardedfor" => self.forwarded_for = text,
            b"useragent" | b"requseragent" => self.user_agent = text,
            b"requestid" | b"xrequestid" | b"reqxrequestid" => self.request_id = text,
            b"authority" | b"reqauthority" | b"host" | b"requesthost" => {
                if self.authority.is_empty() {
                    self.authority = text;
                }
            }
            name => self.own_member(name, text, marks),
        }
    }

    /// Takes one of those whose name is a mark.
    fn own_member(&mut self, name: &[u8], text: &'a [u8], marks: &mut Marks) {
        match name {
            b"responseflags" | b"responseflag" | b"respflags" | b"envoyresponseflags" | b"responseflagslong" => {
                marks.own = true;
                self.names_flags = true;
                if self.flags.is_empty() {
                    self.flags = text;
                }
            }
            b"responsecodedetails" | b"responsedetails" | b"respcodedetails" => {
                marks.own = true;
                self.details = text;
            }
            b"upstreamtransportfailurereason" | b"upstreamfailure" | b"transportfailurereason" => {
                marks.own = true;
                self.transport = text;
            }
            b"connectionterminationdetails" => marks.own = true,
            b"upstreamservicetime" | b"xenvoyupstreamservicetime" | b"respxenvoyupstreamservicetime" => {
                marks.shared += 1;
                self.names_service_time = true;
                self.service_time = text;
            }
            b"upstreamhost" => {
                marks.shared += 1;
                self.names_upstream = true;
                self.upstream_host = text;
            }
            b"upstreamcluster" | b"upstreamclusterraw" => {
                marks.shared += 1;
                self.cluster = text;
            }
            b"downstreamremoteaddress" | b"downstreamremoteaddresswithoutport" => {
                marks.shared += 1;
                self.downstream = text;
            }
            b"downstreamlocaladdress" | b"upstreamlocaladdress" | b"requestedservername" => marks.shared += 1,
            _ => marks.foreign |= is_foreign(name),
        }
    }
}

/// Marks of other programs, which may pass Envoy's fields on: journald, Cloudflare, Google.
fn is_foreign(plain_name: &[u8]) -> bool {
    matches!(plain_name, b"rayid" | b"edgeresponsestatus" | b"httprequest" | b"realtimetimestamp" | b"jsonpayload")
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, kinds, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        agrees(Format::EnvoyJson, line.as_bytes());
        told(read(line.as_bytes()))
    }

    /// The names of each writer, in any order, numbers as numbers and as text.
    #[test]
    fn knows_envoys_own_headers() {
        let line = r#"{"start_time":"2026-11-21T02:57:46.018Z","method":"GET","x-envoy-origin-path":"/a","response_code":404,"user-agent":"ua","downstream_remote_address":"203.0.113.9:4",":authority":"h"}"#;
        assert_eq!(said(line), "status=404 method=GET host=h path=/a client=203.0.113.9 agent=ua");
        assert!(only(Format::EnvoyJson, line).is_some());
        // A program behind Envoy that logs the header.
        assert_eq!(
            said(r#"{"time":"2026-11-21T02:57:46.018Z","x-envoy-original-path":"/a","status":404}"#),
            "not claimed"
        );
    }

    #[test]
    fn reads_each_writers_names() {
        let all = "status=503 group=c upstream=10.0.0.5:80 method=GET host=h path=/a bytes=91 duration=0.007 client=203.0.113.9 agent=u\\\"a trace=7b6c";
        let attempts = "names=upstream attempts=[10.0.0.5:80 - -/-/0.007]";
        let cases = [
            // Istio, Consul
            (
                r#"{"start_time":"2026-11-21T02:57:46.018Z","response_flags":"UC","response_code":503,"bytes_sent":91,"duration":7,"method":"GET","path":"/a","protocol":"HTTP/1.1","authority":"h:80","user_agent":"u\"a","request_id":"7b6c","upstream_host":"10.0.0.5:80","upstream_cluster":"c","upstream_service_time":null,"upstream_transport_failure_reason":"x","downstream_remote_address":"203.0.113.9:51812","x_forwarded_for":null}"#,
                format!("{all} message=x {attempts}"),
            ),
            // Envoy Gateway
            (
                r#"{":authority":"h:80","bytes_sent":"91","downstream_remote_address":"203.0.113.9:4","duration":"7","method":"GET","protocol":"HTTP/2","response_code":"503","response_code_details":"-","response_flags":"UC","start_time":"2026-11-21T02:57:46.018Z","upstream_cluster":"c","upstream_host":"10.0.0.5:80","user-agent":"u\"a","x-envoy-origin-path":"/a","x-envoy-upstream-service-time":"-","x-forwarded-for":"203.0.113.7,203.0.113.9","x-request-id":"7b6c"}"#,
                format!("{all} {attempts}"),
            ),
            // Contour
            (
                r#"{"@timestamp":"2026-11-21T02:57:46.018Z","authority":"h","bytes_received":0,"bytes_sent":91,"duration":7,"method":"GET","path":"/a","protocol":"HTTP/1.1","request_id":"7b6c","response_code":503,"response_flags":"UC","uber_trace_id":null,"upstream_cluster":"c","upstream_host":"10.0.0.5:80","upstream_service_time":null,"user_agent":"u\"a","x_forwarded_for":"203.0.113.9"}"#,
                format!("{all} {attempts}"),
            ),
            // Without the flags, and with a nested value.
            (
                r#"{"time":"2026-11-21T02:57:46.018Z","status":503,"upstreamHost":"10.0.0.5:80","upstreamCluster":"c","downstreamRemoteAddress":"203.0.113.9:51812","more":{"a":1}}"#,
                "status=503 group=c upstream=10.0.0.5:80 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 - -/-/-]".to_owned(),
            ),
            // A few that somebody chose.
            (
                r#"{"start_time":"2026-11-21T02:57:46.018Z","response_code":503,"path":"/a","upstream_cluster":"c"}"#,
                "status=503 group=c path=/a".to_owned(),
            ),
            // TCP
            (
                r#"{"start_time":"2026-11-21T02:57:46.018Z","method":null,"path":null,"protocol":null,"response_code":0,"response_flags":"UF,URX","bytes_sent":0,"duration":5003,"upstream_host":"10.0.0.7:5432"}"#,
                "upstream=10.0.0.7:5432 bytes=0 duration=5.003 names=upstream attempts=[10.0.0.7:5432 - -/-/5.003]".to_owned(),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
        }
        // 2026-11-21T02:57:46.018Z is 1795229866.018.
        for stamp in [r#""start_time":"2026-11-21T02:57:46.018Z""#, r#""ts":1795229866.018"#] {
            let line = format!(r#"{{"response_code":"503","response_flags":"UH",{stamp}}}"#);
            let when = only(Format::EnvoyJson, &line).and_then(|record| record.when).map(|when| when.wall);
            assert_eq!(when, Some(1_795_229_866_018_000), "{line}");
        }
    }

    #[test]
    fn names_signs() {
        for (flags, kind) in [
            ("UH", "envoy-no-healthy-upstream"),
            ("NoHealthyUpstream", "envoy-no-healthy-upstream"),
            ("URX,UF", "envoy-connect-slow"),
            ("UpstreamRequestTimeout", "envoy-response-timeout"),
        ] {
            let line = format!(
                r#"{{"start_time":"2026-11-21T02:57:46Z","response_code":"503","response_flags":"{flags}","duration":"5000"}}"#
            );
            assert_eq!(kinds(Format::EnvoyJson, &line), (Some(kind), vec![]), "{line}");
            let long = line.replace("response_flags", "RESPONSE_FLAGS_LONG");
            assert_eq!(kinds(Format::EnvoyJson, &long), (Some(kind), vec![]), "{long}");
        }
    }

    #[test]
    fn leaves_the_objects_of_others() {
        for line in [
            "{}",
            "{",
            r#"{"time":"2026-11-21T02:57:46Z","status":502,"method":"GET","path":"/","duration":5}"#,
            r#"{"time":"2026-11-21T02:57:46Z","status":502,"upstream_host":"10.0.0.5:80","upstream_cluster":"c"}"#,
            r#"{"start_time":"2026-11-21T02:57:46Z","response_flags":"UH"}"#,
            r#"{"start_time":"2026-11-21T02:57:46Z","response_code":503,"path":"/","duration":5}"#,
            r#"{"response_code":503,"response_flags":"UH","httpRequest":{"status":503}}"#,
            r#"{"response_code":503,"response_flags":"UH"} trailing"#,
            r#"{"RayID":"1","EdgeResponseStatus":502,"status":502,"upstream_host":"a","upstream_cluster":"b","requested_server_name":"c"}"#,
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::EnvoyJson)) {
            agrees(Format::EnvoyJson, &line);
        }
    }
}
