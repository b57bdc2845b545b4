//! nginx's access log as one flat JSON object (`log_format … escape=json '{"status":"$status",…}'`).
//!
//! People choose the names, and most choose nginx's own. A line is claimed when it has a status, a time or what was
//! asked for, and something that is nginx's beyond doubt; what carries another program's mark is left alone. Where no
//! format claims an object, it is an access log if it says who asked for what, and no application's logger wrote it.

use super::nginx::{self, Var, Vars, forwarded, is_addr_list, is_ip, is_request, request_line};
use super::{About, Escape, Record, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;
use crate::grammar::json::{Value, object_while};
use crate::grammar::number::{seconds, whole};

pub(super) static ABOUT: About = About {
    name: "nginx-json",
    proxy: Proxy::NGINX,
    title: "nginx access log as one flat JSON object with nginx's variable names",
    layout: r#"{"time_iso8601":"$time_iso8601","status":"$status","upstream_addr":"$upstream_addr",…}"#,
    time: "when the request ended",
    source: "nginx, src/http/modules/ngx_http_log_module.c (escape=json)",
    samples: &[
        r#"{"time_iso8601":"2026-11-20T23:50:18+00:00","remote_addr":"203.0.113.238","request_method":"GET","request_uri":"/checkout/pay/1738","status":"200","body_bytes_sent":"73","request_time":"0.001","upstream_addr":"127.0.0.1:9102, 127.0.0.1:9101","upstream_status":"502, 200","upstream_response_time":"0.000, 0.000","upstream_connect_time":"-, 0.000","upstream_header_time":"-, 0.000","http_user_agent":"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)","host":"shop.example.com","request_id":"bca02f79c1ba59326519793ecdeedb3d"}"#,
        r#"{"time_iso8601":"2026-11-20T23:50:28+00:00","remote_addr":"203.0.113.127","request_method":"GET","request_uri":"/checkout/pay/584","status":"504","body_bytes_sent":"167","request_time":"1.000","upstream_addr":"127.0.0.1:9101","upstream_status":"504","upstream_response_time":"1.000","upstream_connect_time":"0.000","upstream_header_time":"-","http_user_agent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15","host":"shop.example.com","request_id":"1f3fd155d3d0feb894876ad6f4141c96"}"#,
        r#"{"time_iso8601":"2026-11-21T00:10:46+00:00","remote_addr":"203.0.113.152","request_method":"GET","request_uri":"/api/stock?sku=A-665","status":"503","body_bytes_sent":"197","request_time":"0.000","upstream_addr":"","upstream_status":"","upstream_response_time":"","upstream_connect_time":"","upstream_header_time":"","http_user_agent":"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148","host":"shop.example.com","request_id":"c79f031919974e0841725b26a257e52f"}"#,
    ],
    signs: &[&nginx::SIGNS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    Object::of(line).filter(Object::is_nginx)?.vars.skim()
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    Object::of(line).filter(Object::is_nginx)?.vars.record()
}

/// The same of an access log whose names are not nginx's, and nobody else's either.
pub(super) fn skim_any(line: &[u8]) -> Option<Skimmed<'_>> {
    Object::of(line).filter(Object::is_access)?.vars.skim()
}

/// See [`skim_any`].
pub(super) fn read_any(line: &[u8]) -> Option<Record<'_>> {
    Object::of(line).filter(Object::is_access)?.vars.record()
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    nginx::judge(record, statuses)
}

/// A flat object without another program's mark.
struct Object<'a> {
    vars: Vars<'a>,
    /// Whether a name is nginx's alone.
    own: bool,
    /// Whether one is made of nginx's, and perhaps of others' too.
    shared: bool,
    /// Whether one is what loggers and frameworks of applications write, or HAProxy's users.
    of_application: bool,
}

impl<'a> Object<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        if line.first() != Some(&b'{') {
            return None;
        }
        let mut object = Self { vars: Vars::new(Escape::Json), own: false, shared: false, of_application: false };
        // What others of their names say better, if there are any.
        let (mut response, mut host, mut has_labels) = (&b""[..], &b""[..], false);
        let (rest, ()) = object_while(line, |name, value| {
            let var = meaning(name);
            object.own |= is_own(name, var);
            has_labels |= name == b"req";
            object.shared |= matches!(name, b"body_bytes" | b"http_host");
            match name {
                b"response" => response = value.text(),
                b"host" => host = value.text(),
                // HAProxy's users call by this what nginx's call an upstream.
                b"backend" if !is_addr_list(value.text()) => object.of_application = true,
                _ if var == Var::Ignored => object.of_application |= is_of_application(name),
                _ => object.vars.set(var, value.text()),
            }
            // One mark of another program is enough: most objects of others end here.
            !(is_foreign(name) || matches!(value, Value::Nested(_)))
        })
        .ok()?;
        // Among LTSV's labels, which have an object of their own here, that is the client.
        let host_var = if has_labels && !object.vars.has(Var::RemoteAddr) { Var::RemoteAddr } else { Var::Host };
        for (var, value) in [(Var::Status, response), (host_var, host)].into_iter().filter(|it| !it.1.is_empty()) {
            object.vars.set(var, value);
        }
        rest.trim_ascii().is_empty().then_some(object)
    }

    /// Whether the line is nginx's. Applications' events have some of its names too, and a status; what has no time of
    /// its own needs more.
    fn is_nginx(&self) -> bool {
        let asks = || [Var::Request, Var::Method, Var::RequestUri].into_iter().any(|var| self.vars.has(var));
        self.own && (self.vars.has_time() || asks()) || self.shared && asks()
    }

    /// Whether the line is an access log's, whoever's: it has a client's address, and all of a request, or its method,
    /// its path and the user agent. Nothing but seconds is a time taken.
    fn is_access(&self) -> bool {
        let vars = &self.vars;
        let path = [Var::Request, Var::RequestUri, Var::Uri].into_iter().map(|var| vars.get(var));
        let asks_apart = || {
            let method = vars.get(Var::Method);
            let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
            is_method && vars.has(Var::UserAgent) && path.into_iter().any(|path| path.starts_with(b"/"))
        };
        let request = vars.get(Var::Request);
        let asks = is_request(request) && !request_line(request).1.starts_with(b"http") || asks_apart();
        let taken = vars.get(Var::RequestTime);
        let is_time = vars.has_time() || taken.is_empty() || whole(taken, seconds).is_some();
        !self.of_application && asks && is_time && is_ip(forwarded(vars.get(Var::RemoteAddr)))
    }
}

/// The variable that a name stands for. Three of Matomo's manual mean less elsewhere, as do fluentd's for the client and
/// that of Chinese manuals for the host.
fn meaning(name: &[u8]) -> Var {
    match name {
        b"generation_time_milli" => Var::RequestTime,
        b"ip" | b"client_address" | b"remote" => Var::RemoteAddr,
        b"domain" => Var::Host,
        b"length" => Var::Bytes,
        name => Var::alias(name),
    }
}

/// Marks of applications that log what they, or others for them, asked for: those of their loggers, and of frameworks.
fn is_of_application(name: &[u8]) -> bool {
    matches!(
        name,
        b"severity"
            | b"lvl"
            | b"message"
            | b"event"
            | b"logger_name"
            | b"controller"
            | b"action"
            | b"latency_human"
            | b"frontend"
            | b"error"
            | b"err"
            | b"service"
            | b"app"
            | b"latency"
            | b"event_type"
            | b"rule"
    ) || name.starts_with(b"integration")
}

/// Names that nobody gives a field by chance: those of nginx's variables that no other program shares.
fn is_own(name: &[u8], var: Var) -> bool {
    match name {
        b"time_local"
        | b"time_iso8601"
        | b"msec"
        | b"remote_addr"
        | b"remote_user"
        | b"body_bytes_sent"
        | b"request_uri"
        | b"request_time"
        | b"http_user_agent"
        | b"http_referer"
        | b"http_x_forwarded_for"
        | b"generation_time_milli" => true,
        b"backend" => false,
        _ => matches!(
            var,
            Var::UpstreamAddr | Var::UpstreamStatus | Var::ConnectTime | Var::HeaderTime | Var::ResponseTime
        ),
    }
}

/// Marks of other programs: journald, Docker, Cloudflare, Envoy, Caddy, Traefik, Google, Azure, Fastly, Akamai, API
/// Gateway, Skipper, and applications' own loggers.
fn is_foreign(name: &[u8]) -> bool {
    matches!(
        name,
        b"MESSAGE"
            | b"__REALTIME_TIMESTAMP"
            | b"log"
            | b"stream"
            | b"RayID"
            | b"EdgeResponseStatus"
            | b"EdgeStartTimestamp"
            | b"response_flags"
            | b"response_code_details"
            | b"upstream_transport_failure_reason"
            | b"downstream_remote_address"
            | b":authority"
            | b"upstream_cluster"
            | b"logger"
            | b"level"
            | b"msg"
            | b"DownstreamStatus"
            | b"OriginStatus"
            | b"StartUTC"
            | b"RouterName"
            | b"httpRequest"
            | b"insertId"
            | b"category"
            | b"resourceId"
            | b"termination_state"
            | b"fastly_server"
            | b"fastly_is_edge"
            | b"reqTimeSec"
            | b"resourcePath"
            | b"routeKey"
            | b"flow-id"
    )
}

#[cfg(test)]
mod tests {
    use super::super::nginx::tests::{agree, told};
    use super::*;

    fn said(line: &str) -> String {
        let record = read(line.as_bytes());
        assert_eq!(agree(skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        told(record)
    }

    #[test]
    fn reads_the_names_that_people_use() {
        let cases = [
            (
                r#"{"time_iso8601":"2026-11-20T23:50:18+00:00","remote_addr":"203.0.113.9","request_method":"GET","request_uri":"/a?b","status":"502","body_bytes_sent":"157","request_time":"0.001","upstream_addr":"10.0.0.5:80, 10.0.0.6:80","upstream_status":"502, 502","upstream_response_time":"0.000, 0.001","http_user_agent":"u\"a","host":"h:80","request_id":"9f"}"#,
                r#"status=502 upstream=10.0.0.6:80 method=GET host=h path=/a?b bytes=157 duration=0.001 client=203.0.113.9 agent=u\"a trace=9f names=upstream attempts=[10.0.0.5:80 502 -/-/0.000, 10.0.0.6:80 502 -/-/0.001]"#,
            ),
            // Numbers without quotes: an unset variable leaves a hole, a list breaks the object (recorded from nginx
            // 1.22).
            (
                r#"{"time":"2026-11-21T00:24:09+00:00","status":502,"upstream_addr":"","upstream_status":,"upstream_response_time":,"request_time":0.200,"request":"GET /dns/a HTTP/1.1","remote_user":"al ice","host":"h"}"#,
                "status=502 method=GET host=h path=/dns/a duration=0.200 user=al ice names=upstream",
            ),
            (
                r#"{"time":"2026-11-21T00:24:09+00:00","status":502,"upstream_addr":"10.0.0.5:80, unix:/a : ","upstream_status":502, 502 : ,"upstream_response_time":0.000, 0.000 : ,"request_time":0.201,"request":"GET /f HTTP/1.1"}"#,
                "status=502 upstream=unix:/a method=GET path=/f duration=0.201 names=upstream attempts=[10.0.0.5:80 502 -/-/0.000, unix:/a 502 -/-/0.000]",
            ),
            (
                r#"{"@timestamp":"2026-11-21T00:24:09.5Z", "client_ip":"203.0.113.9", "method":"POST", "url":"/x", "status":504, "requestTime":60.001, "upstreamAddr":"10.0.0.5:80", "upstreamResponseTime":"60.000", "server_name":"shop"}"#,
                "status=504 group=shop upstream=10.0.0.5:80 method=POST path=/x duration=60.001 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 - -/-/60.000]",
            ),
            // The names of Matomo's manual.
            (
                r#"{"ip":"203.0.113.9","host":"h","path":"/a?b","status":"200","referrer":"","user_agent":"ua","length":157,"generation_time_milli":0.008,"date":"2026-11-21T00:24:09+00:00"}"#,
                "status=200 host=h path=/a?b bytes=157 duration=0.008 client=203.0.113.9 agent=ua",
            ),
            // `response_time` is the upstream's beside a `request_time`, and the request's alone.
            (
                r#"{"ts":"1700000000.123","status":"200","request_time":"0.003","response_time":"0.002","upstream":"10.0.0.5:80"}"#,
                "status=200 upstream=10.0.0.5:80 duration=0.003 names=upstream attempts=[10.0.0.5:80 - -/-/0.002]",
            ),
            (
                r#"{"ts":"1700000000.123","status":"200","response_time":"0.002","remote_addr":"203.0.113.9"}"#,
                "status=200 duration=0.002 client=203.0.113.9",
            ),
            (
                r#"{"msec":"1700000000.123","time":"0.002","status":"200","remote_addr":"","http_x_forwarded_for":"203.0.113.9, 10.0.0.1"}"#,
                "status=200 duration=0.002 client=203.0.113.9",
            ),
            // Names that are nginx's, or made of its own.
            (
                r#"{"time":"2026-11-21T00:24:09+00:00","method":"GET","uri":"/a?b","status":504,"body_bytes":157,"response_time":60.000}"#,
                "status=504 method=GET path=/a?b bytes=157 duration=60.000",
            ),
            (
                r#"{"timestamp":1700000000.123,"clientip":"203.0.113.9","serverip":"10.0.0.1","method":"GET","url":"/a","status":200,"size":157,"resp_time":0.008,"http_host":"h","user_agent":""}"#,
                "status=200 method=GET host=h path=/a bytes=157 duration=0.008 client=203.0.113.9",
            ),
            // `host` is nginx's own address where something else is the host.
            (
                r#"{"@timestamp":"2026-11-21T00:24:09+00:00","host":"10.0.0.1","clientip":"203.0.113.9","size":157,"responsetime":0.012,"upstreamtime":"0.011","upstreamhost":"10.0.0.5:80","http_host":"h","url":"/a","domain":"h","xff":"-","referer":"-","status":"502"}"#,
                "status=502 upstream=10.0.0.5:80 host=h path=/a bytes=157 duration=0.012 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 - -/-/0.011]",
            ),
            // Whoever ships lines puts a stamp on them.
            (
                r#"{"status":"502","remote_addr":"203.0.113.9","request":"GET /a HTTP/1.1"}"#,
                "status=502 method=GET path=/a client=203.0.113.9",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
        }
    }

    /// What a line is read as where no format claims it.
    fn said_any(line: &str) -> String {
        let record = read_any(line.as_bytes());
        assert_eq!(agree(skim_any(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        told(record)
    }

    #[test]
    fn reads_access_logs_by_what_they_tell() {
        let cases = [
            // A request line is enough, whatever the names.
            (
                r#"{"agent":"ua","bytes_sent":"97","code":"200","remote_ip":"203.0.113.9","req_time":"0.136","request":"GET /a HTTP/1.1"}"#,
                "status=200 method=GET path=/a bytes=97 duration=0.136 client=203.0.113.9 agent=ua",
            ),
            (
                r#"{"time":"21/Nov/2026:00:24:09 +0000","remote_ip":"203.0.113.9","request":"GET /a HTTP/1.1","response":502,"bytes":157,"agent":"ua"}"#,
                "status=502 method=GET path=/a bytes=157 client=203.0.113.9 agent=ua",
            ),
            // Whoever asks for what with which program is an access log's to tell: Apache's users' names.
            (
                r#"{"time":"[21/Nov/2026:00:24:09 +0000]","process":"1234","filename":"/srv/a","remoteIP":"203.0.113.9","host":"h","request":"/a","query":"?b","method":"GET","status":"502","userAgent":"ua","referer":"-"}"#,
                "status=502 method=GET host=h path=/a client=203.0.113.9 agent=ua",
            ),
            // LTSV's labels.
            (
                r#"{"time":"21/Nov/2026:00:24:09 +0000","host":"203.0.113.9","req":"GET /a HTTP/1.1","status":502,"size":157,"ua":"ua","reqtime":0.03}"#,
                "status=502 method=GET path=/a bytes=157 duration=0.030 client=203.0.113.9 agent=ua",
            ),
            // fluentd's.
            (
                r#"{"remote":"203.0.113.9","host":"-","user":"-","method":"GET","path":"/a","code":"502","size":"157","referer":"-","agent":"ua"}"#,
                "status=502 method=GET path=/a bytes=157 client=203.0.113.9 agent=ua",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), "not claimed", "{line}");
            assert_eq!(said_any(line), expected, "{line}");
        }
        for line in [
            // No client, no status, no path, no method, a time taken that is a stamp.
            r#"{"time":"2026-11-21T00:24:09Z","request":"GET /a HTTP/1.1","status":502}"#,
            r#"{"time":"2026-11-21T00:24:09Z","request":"GET /a HTTP/1.1","client":"203.0.113.9"}"#,
            r#"{"time":"2026-11-21T00:24:09Z","client":"203.0.113.9","method":"GET","agent":"ua","status":502}"#,
            r#"{"remote":"203.0.113.9","method":"SMTP","path":"inbox","agent":"postfix","code":"503"}"#,
            r#"{"ip":"203.0.113.9","requestTime":"28/Sep/2026:12:00:00 +0000","httpMethod":"GET","path":"/a","status":"502","userAgent":"ua"}"#,
            // What somebody else asked for on behalf of nobody.
            r#"{"time":"2026-11-21T00:24:09Z","client":"k6-1","method":"GET","path":"/a","agent":"ua","status":502}"#,
            r#"{"time":"2026-11-21T00:24:09Z","client":"10.0.0.5","request":"POST http://payments/ HTTP/1.1","status":502}"#,
            // Applications' own.
            r#"{"time":"2026-11-21T00:24:09Z","message":"retrying","client":"10.0.0.5","request":"POST /pay HTTP/1.1","status":502}"#,
            r#"{"severity":"info","time":"2026-11-21T00:24:09Z","client":"10.0.0.5","request":"POST /pay HTTP/1.1","status":502}"#,
            r#"{"controller":"cart","action":"show","ip":"203.0.113.9","method":"GET","path":"/a","user_agent":"ua","status":502,"duration":12.3}"#,
            r#"{"time":"2026-11-21T00:24:09Z","backend":"be","server":"s1","client":"203.0.113.9","request":"GET /a HTTP/1.1","status":503}"#,
            r#"{"ts":"2026-11-21T00:24:09Z","service":"orders","remote_ip":"10.0.0.5","method":"POST","path":"/charge","user_agent":"axios/1","status":503}"#,
            r#"{"frontend":"web","client_ip":"203.0.113.9","request":"GET /a HTTP/1.1","status":"503"}"#,
            r#"{"integrationErrorMessage":"x","ip":"203.0.113.9","request":"GET /a HTTP/1.1","status":"502"}"#,
        ] {
            assert_eq!(said_any(line), "not claimed", "{line}");
        }
    }

    #[test]
    fn the_query_may_stand_apart() {
        for (names, path, query) in [
            (r#""request":"/a","query":"?b""#, "/a", "b"),
            (r#""request":"/a?c","query":"b""#, "/a?c", ""),
            (r#""uri":"/a","args":"b""#, "/a", "b"),
            // What a client asked for is whole; what nginx made of it is another thing.
            (r#""request_uri":"/a","args":"b""#, "/a", ""),
            (r#""request":"GET /a HTTP/1.1","args":"b""#, "/a", ""),
        ] {
            let line = format!(r#"{{"status":"502","remote_addr":"203.0.113.9","method":"GET","agent":"ua",{names}}}"#);
            let record = read(line.as_bytes()).unwrap_or_default();
            assert_eq!((record.path, record.query), (path.as_bytes(), query.as_bytes()), "{line}");
        }
    }

    #[test]
    fn leaves_the_objects_of_others() {
        for line in [
            "{}",
            "{",
            r#"{"time_iso8601":"yesterday","status":"502","remote_addr":"203.0.113.9"}"#,
            r#"{"status":"502","remote_addr":"203.0.113.9"}"#,
            r#"{"time":"2026-11-21T00:24:09Z","status":503,"body_bytes":12,"event":"webhook"}"#,
            r#"{"time":"2026-11-21T00:24:09Z","remote_addr":"203.0.113.9"}"#,
            r#"{"time":"2026-11-21T00:24:09Z","request":"GET /a HTTP/1.1","client":"203.0.113.9"}"#,
            r#"{"time":"2026-11-21T00:24:09Z","request":"GET","status":502}"#,
            r#"{"time":"2026-11-21T00:24:09Z","status":502,"method":"GET","path":"/"}"#,
            r#"{"date":"2026-11-21T00:24:09Z","status":502,"ip":"203.0.113.9","length":1,"path":"/"}"#,
            r#"{"time":"2026-11-21T00:24:09Z","level":"info","status":502,"request_uri":"/"}"#,
            r#"{"log":"x\n","stream":"stdout","time":"2026-11-21T00:24:09Z"}"#,
            r#"{"MESSAGE":"x","__REALTIME_TIMESTAMP":"1700000000000000","status":"1","remote_addr":"x"}"#,
            r#"{"RayID":"1","EdgeResponseStatus":502,"EdgeStartTimestamp":"2026-11-21T00:24:09Z"}"#,
            r#"{"start_time":"2026-11-21T00:24:09Z","response_code":503,"response_flags":"UF","upstream_host":"10.0.0.5:80"}"#,
            r#"{"level":"info","ts":1700000000.1,"logger":"http.log.access","request":{"uri":"/"},"status":502}"#,
            r#"{"DownstreamStatus":502,"OriginStatus":502,"StartUTC":"2026-11-21T00:24:09Z"}"#,
            r#"{"time":"2026-11-21T00:24:09Z","status":"502","remote_addr":"a"} trailing"#,
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }
}
