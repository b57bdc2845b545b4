//! Azure Application Gateway: its access log, one JSON object a line, as diagnostic settings export it or as Log
//! Analytics shows it.
//!
//! The gateway of version 2 is built on nginx, and lists of several attempts look like nginx's. Version 1 counts
//! milliseconds, and hides what it knows of the backend in the query. Lines of the firewall's and the performance log
//! are known, and tell of no requests of their own.

use super::{
    About, Attempt, Attempts, Escape, Record, Skim, Skimmed, Statuses, Verdict, What,
    azure::{self, Log},
    cloud,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{address, json::Value, number::Micros, text::place_of, time::When},
};

pub(super) static ABOUT: About = About {
    name: "appgw",
    proxy: Proxy::APPGW,
    title: "Azure Application Gateway access log (v1, v2, Log Analytics), one JSON object a line",
    layout: r#"{"timeStamp":…,"resourceId":…,"backendPoolName":…,"category":"ApplicationGatewayAccessLog","properties":{"clientIP":…,"httpMethod":…,"requestUri":…,"httpStatus":…,"sentBytes":…,"timeTaken":…,"transactionId":…,"serverRouted":…,"serverStatus":…,"serverResponseLatency":…,"originalHost":…,"error_info":…}}"#,
    time: "when the request ended",
    source: "Microsoft, \"Azure Application Gateway monitoring data reference\"",
    samples: &[
        r#"{"timeStamp":"2026-11-21T10:00:11+00:00","resourceId":"/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/SHOP-GATEWAY","listenerName":"https","ruleName":"shop","backendPoolName":"shop-pool","backendSettingName":"shop-http","operationName":"ApplicationGatewayAccess","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"appgw_2","clientIP":"203.0.113.9","clientPort":45057,"httpMethod":"GET","originalRequestUriWithArgs":"\/api\/stock?sku=A-1","requestUri":"\/api\/stock","requestQuery":"sku=A-1","userAgent":"curl\/8.5.0","httpStatus":200,"httpVersion":"HTTP\/1.1","receivedBytes":184,"sentBytes":466,"clientResponseTime":0,"timeTaken":0.034,"WAFEvaluationTime":"0.000","WAFMode":"Detection","transactionId":"592d1649f75a8d480a3c4dc6a975309d","sslEnabled":"on","serverRouted":"10.0.0.4:443","serverStatus":"200","serverResponseLatency":"0.028","upstreamSourcePort":"21564","originalHost":"shop.example.com","host":"shop.example.com","error_info":"ERRORINFO_NO_ERROR"}}"#,
        r#"{"timeStamp":"2026-11-21T10:01:11+00:00","backendPoolName":"shop-pool","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"appgw_2","clientIP":"203.0.113.9","httpMethod":"POST","requestUri":"\/checkout\/pay","httpStatus":502,"sentBytes":183,"timeTaken":0.001,"transactionId":"7a3c4dc6a975309d592d1649f75a8d48","serverRouted":"","serverStatus":"","serverResponseLatency":"","originalHost":"shop.example.com","error_info":"ERRORINFO_UPSTREAM_NO_LIVE"}}"#,
        r#"{"resourceId":"/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/SHOP-V1","operationName":"ApplicationGatewayAccess","time":"2026-11-21T10:02:38Z","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"ApplicationGatewayRole_IN_0","clientIP":"203.0.113.9","clientPort":46886,"httpMethod":"GET","requestUri":"/setup.php","requestQuery":"X-AzureApplicationGateway-CACHE-HIT=0&SERVER-ROUTED=10.4.0.4&X-AzureApplicationGateway-LOG-ID=874f1f0f-6807-41c9-b7bc-f3cfa74aa0b1&SERVER-STATUS=404","userAgent":"-","httpStatus":404,"httpVersion":"HTTP/1.0","receivedBytes":65,"sentBytes":553,"timeTaken":205,"sslEnabled":"off","host":"shop.example.com","originalHost":"shop.example.com"}}"#,
        r#"{"TimeGenerated":"2026-11-21T10:03:00Z","BackendPoolName":"shop-pool","ClientIp":"203.0.113.9","ErrorInfo":"ERRORINFO_UPSTREAM_TIMED_OUT","HttpMethod":"GET","HttpStatus":504,"OperationName":"ApplicationGatewayAccess","OriginalHost":"shop.example.com","OriginalRequestUriWithArgs":"/report","SentBytes":160,"ServerResponseLatency":20.001,"ServerRouted":"10.0.0.4:443","ServerStatus":504,"TimeTaken":20.003,"TransactionId":"9f75a8d480a3c4dc6a975309d592d164","Type":"AGWAccessLogs"}"#,
        r#"{"timeStamp":"2026-11-21T10:04:11+00:00","operationName":"ApplicationGatewayFirewall","category":"ApplicationGatewayFirewallLog","properties":{"instanceId":"appgw_2","clientIp":"203.0.113.9","requestUri":"\/","ruleId":"920350","message":"Host header is a numeric IP address","action":"Matched","hostname":"198.51.100.7","transactionId":"592d1649f75a8d480a3c4dc6a975309d"}}"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What `error_info` and the statuses of a failed request are signs of. Source: Microsoft, "Azure Application
    /// Gateway monitoring data reference" and "Troubleshoot bad gateway errors in Application Gateway".
    SIGNS:
    BACKEND_STATUS = sign("appgw-backend-status", Cause::UpstreamError, Strength::Conclusive, 0,
        "the backend itself answered with this status");
    BACKEND_SEEMS = sign("appgw-backend-seems", Cause::UpstreamError, Strength::Weak, 0,
        "the status is logged as the backend's, and may be the gateway's own");
    NO_LIVE = sign("appgw-no-live", Cause::NoLiveUpstream, Strength::Conclusive, 502,
        "no backend of the pool could be used");
    NO_SERVER = sign("appgw-no-server", Cause::NoLiveUpstream, Strength::Strong, 502,
        "no backend was picked for the request");
    CLOSED = sign("appgw-closed", Cause::ClosedEarly, Strength::Strong, 502,
        "the backend closed the connection before it answered");
    CLOSED_AT_ONCE = sign("appgw-closed-at-once", Cause::KeepaliveRace, Strength::Weak, 502,
        "the backend closed the connection as soon as the request came: an idle one that it was giving up, or a crash");
    BAD_GATEWAY = sign("appgw-bad-gateway", Cause::ClosedEarly, Strength::Weak, 502,
        "the backend gave no answer that could be used");
    TIMED_OUT = sign("appgw-timed-out", Cause::ResponseTimeout, Strength::Conclusive, 504,
        "the backend did not answer before the request timeout of its backend setting");
    CONNECT_TIMEOUT = sign("appgw-connect-timeout", Cause::ConnectTimeout, Strength::Strong, 504,
        "the wait ended before a connection was made");
    TIMEOUT = sign("appgw-timeout", Cause::ResponseTimeout, Strength::Strong, 504,
        "the backend did not answer in time");
}

/// The members of a line that matter here, as they come.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    stamp: &'a [u8],
    time: &'a [u8],
    generated: &'a [u8],
    resource: &'a [u8],
    instance: &'a [u8],
    pool: &'a [u8],
    client: &'a [u8],
    method: &'a [u8],
    original_uri: &'a [u8],
    uri: &'a [u8],
    query: &'a [u8],
    user_agent: &'a [u8],
    status: &'a [u8],
    bytes: &'a [u8],
    taken: &'a [u8],
    firewall_mode: &'a [u8],
    transaction: &'a [u8],
    servers: &'a [u8],
    statuses: &'a [u8],
    latencies: &'a [u8],
    connects: Option<&'a [u8]>,
    headers: Option<&'a [u8]>,
    original_host: &'a [u8],
    host: &'a [u8],
    error: &'a [u8],
    message: &'a [u8],
    action: &'a [u8],
    level: &'a [u8],
}

impl<'a> Fields<'a> {
    fn set(&mut self, name: &[u8], value: Value<'a>) {
        let text = cloud::known(value.text());
        let field = match name {
            b"timestamp" => &mut self.stamp,
            b"time" => &mut self.time,
            b"timegenerated" => &mut self.generated,
            b"resourceid" | b"_resourceid" => &mut self.resource,
            b"instanceid" => &mut self.instance,
            b"backendpoolname" => &mut self.pool,
            b"clientip" => &mut self.client,
            b"httpmethod" => &mut self.method,
            b"originalrequesturiwithargs" => &mut self.original_uri,
            b"requesturi" => &mut self.uri,
            b"requestquery" => &mut self.query,
            b"useragent" => &mut self.user_agent,
            b"httpstatus" => &mut self.status,
            b"sentbytes" => &mut self.bytes,
            b"timetaken" => &mut self.taken,
            b"wafmode" => &mut self.firewall_mode,
            b"transactionid" => &mut self.transaction,
            b"serverrouted" => &mut self.servers,
            b"serverstatus" => &mut self.statuses,
            b"serverresponselatency" => &mut self.latencies,
            b"serverconnecttime" => self.connects.insert(b""),
            b"serverheadertime" => self.headers.insert(b""),
            b"originalhost" => &mut self.original_host,
            b"host" | b"hostname" => &mut self.host,
            b"error_info" | b"errorinfo" => &mut self.error,
            b"message" => &mut self.message,
            b"action" => &mut self.action,
            b"level" => &mut self.level,
            _ => return,
        };
        *field = text;
    }

    fn skim(&self, log: Log) -> Skimmed<'a> {
        let (servers, _) = self.lists(&Hidden::of(self.query));
        let mut tried = tried(servers).map(|(_, server)| server);
        let (first, second) = (tried.next(), tried.next());
        if second.is_some() {
            return Skimmed::Full;
        }
        cloud::plain(self.what(log), self.when(), cloud::status(self.status), |when, status| Skim {
            when: Some(when),
            status,
            group: self.group(),
            upstream: first.unwrap_or_default(),
            names_upstream: log == Log::GatewayAccess,
            attempted: first.is_some(),
            duration: self.duration(),
        })
    }

    /// "Access logs with clientIP value 127.0.0.1 originate from an internal security process."
    fn what(&self, log: Log) -> What {
        let of_client = log == Log::GatewayAccess && self.client != b"127.0.0.1";
        if of_client { What::Request } else { What::Notice }
    }

    fn when(&self) -> Option<When> {
        cloud::utc(cloud::or(self.stamp, cloud::or(self.time, self.generated)))
    }

    fn group(&self) -> &'a [u8] {
        cloud::or(self.pool, azure::resource(self.resource))
    }

    fn record(&self, log: Log) -> Record<'a> {
        let hidden = Hidden::of(self.query);
        let attempts = self.attempts(&hidden);
        let last = attempts.iter().last().copied().unwrap_or_default();
        let access = log == Log::GatewayAccess;
        Record {
            what: self.what(log),
            when: self.when(),
            status: cloud::status(self.status),
            upstream_status: last.status,
            group: self.group(),
            upstream: last.upstream,
            names_upstream: access,
            names_connect: self.connects.is_some(),
            names_header: self.headers.is_some(),
            method: self.method,
            host: cloud::host(cloud::or(self.original_host, self.host)),
            path: cloud::or(self.original_uri, self.uri),
            query: if cloud::or(self.original_uri, self.uri).contains(&b'?') { b"" } else { hidden.query },
            bytes: cloud::count(self.bytes),
            duration: self.duration(),
            connect: last.connect,
            header: last.header,
            client: cloud::host(self.client),
            user_agent: self.user_agent,
            trace_id: cloud::or(self.transaction, hidden.id),
            level: self.level,
            message: if access { b"" } else { self.message },
            error_reason: self.error,
            flags: cloud::or(self.firewall_mode, self.action),
            no_server: self.error == b"ERRORINFO_UPSTREAM_NO_LIVE",
            attempts,
            escape: Escape::Json,
            ..Record::default()
        }
    }

    /// Version 1, whose instances are named as roles, counts milliseconds; version 2 counts seconds.
    fn duration(&self) -> Option<Micros> {
        let first_version = self.instance.starts_with(b"ApplicationGatewayRole") && !self.taken.contains(&b'.');
        if first_version { cloud::millis(self.taken) } else { cloud::seconds(self.taken) }
    }

    /// The n-th items of all lists belong together; where the gateway found no server, there is none.
    fn attempts(&self, hidden: &Hidden<'a>) -> Attempts<'a> {
        let (servers, statuses) = self.lists(hidden);
        let item = |list: &'a [u8], number: usize| items(list).nth(number).unwrap_or_default();
        let attempt = |(number, upstream)| Attempt {
            upstream,
            status: cloud::sent_status(item(statuses, number)),
            connect: self.connects.and_then(|list| cloud::seconds(item(list, number))),
            header: self.headers.and_then(|list| cloud::seconds(item(list, number))),
            response: cloud::seconds(item(self.latencies, number)),
            length: None,
        };
        tried(servers).map(attempt).collect()
    }

    /// The servers and their statuses.
    fn lists(&self, hidden: &Hidden<'a>) -> (&'a [u8], &'a [u8]) {
        if self.servers.is_empty() && self.statuses.is_empty() {
            (hidden.server, hidden.status)
        } else {
            (self.servers, self.statuses)
        }
    }
}

/// The items of a list: `10.0.0.4:80, 10.0.0.5:80`.
fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// The servers that were tried, and their places in the list.
fn tried(servers: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    items(servers).enumerate().filter(|(_, server)| is_server(server))
}

/// Whether an item names a server rather than a pool: `10.0.0.4:443`, and in version 1 `10.4.0.4`.
fn is_server(item: &[u8]) -> bool {
    address::is_server(item) || !item.is_empty() && item.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// What version 1 puts behind the client's query:
/// `q=1&X-AzureApplicationGateway-CACHE-HIT=0&SERVER-ROUTED=10.4.0.4&X-AzureApplicationGateway-LOG-ID=…&SERVER-STATUS=404`.
#[derive(Clone, Copy, Debug, Default)]
struct Hidden<'a> {
    /// The client's own query.
    query: &'a [u8],
    server: &'a [u8],
    status: &'a [u8],
    id: &'a [u8],
}

impl<'a> Hidden<'a> {
    fn of(query: &'a [u8]) -> Self {
        if query.is_empty() {
            return Self::default();
        }
        let marks: [&[u8]; 3] = [b"X-AzureApplicationGateway-", b"SERVER-ROUTED=", b"SERVER-STATUS="];
        let start = marks.iter().filter_map(|mark| place_of(query, mark)).min();
        let Some(start) = start else { return Self { query, ..Self::default() } };
        let own = &query[..start];
        let hidden = &query[start..];
        Self {
            query: own.strip_suffix(b"&").unwrap_or(own),
            server: cloud::behind(b"SERVER-ROUTED=", hidden, b'&'),
            status: cloud::behind(b"SERVER-STATUS=", hidden, b'&'),
            id: cloud::behind(b"X-AzureApplicationGateway-LOG-ID=", hidden, b'&'),
        }
    }
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"ApplicationGateway", b"\"AGW"]);

/// The fields, where the line is one of the gateway's.
fn fields(line: &[u8]) -> Option<(Log, Fields<'_>)> {
    if !MARKS.are_in(line) {
        return None;
    }
    let mut fields = Fields::default();
    let log = azure::members(line, |name, value| fields.set(name, value))?;
    matches!(log, Log::GatewayAccess | Log::GatewayOther).then_some((log, fields))
}

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    fields(line).map(|(log, fields)| fields.skim(log))
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    fields(line).map(|(log, fields)| fields.record(log))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let left = matches!(record.error_reason, b"ERRORINFO_CLIENT_CLOSED_REQUEST" | b"ERRORINFO_CLIENT_TIMED_OUT");
    let client_gave_up = left || matches!(record.status, Some(0 | 499));
    let failed = record.status.filter(|status| statuses.contains(*status) && !client_gave_up);
    let request = match record.what {
        What::Request => failed.and_then(|status| failure(record, status)),
        _ => None,
    };
    let last = record.attempts.len().saturating_sub(1);
    let sign = |(number, attempt): (usize, &Attempt<'_>)| {
        if number == last && failed.is_some() { request } else { lost(attempt, statuses) }
    };
    Verdict { request, attempts: record.attempts.iter().enumerate().map(sign).collect(), client_gave_up }
}

/// Why an attempt failed that was not the last, or whose request did not.
fn lost(attempt: &Attempt<'_>, statuses: &Statuses) -> Option<&'static Sign> {
    match attempt.status.filter(|status| statuses.contains(*status))? {
        504 => Some(TIMEOUT),
        502 => Some(BAD_GATEWAY),
        _ => Some(BACKEND_SEEMS),
    }
}

/// What a failed request is a sign of. Codes that blame the client come with a 4xx.
fn failure(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    let last = record.attempts.iter().last();
    match record.error_reason {
        b"ERRORINFO_UPSTREAM_NO_LIVE" => Some(NO_LIVE),
        b"ERRORINFO_UPSTREAM_CLOSED_CONNECTION" => {
            Some(closed(last.and_then(|last| last.response).or(record.duration)))
        }
        b"ERRORINFO_UPSTREAM_TIMED_OUT" if record.names_connect && last.is_some_and(|last| last.connect.is_none()) => {
            Some(CONNECT_TIMEOUT)
        }
        b"ERRORINFO_UPSTREAM_TIMED_OUT" => Some(TIMED_OUT),
        b"ERRORINFO_NO_ERROR" if record.upstream_status == Some(status) => Some(BACKEND_STATUS),
        b"ERRORINFO_NO_ERROR" | b"" => unexplained(record, status),
        _ => None,
    }
}

/// What the statuses alone are signs of. nginx, which the gateway is built on, logs 502 and 504 of its own as the
/// server's, unless a response header came.
fn unexplained(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    let answered = record.upstream_status == Some(status);
    match (status, record.attempts.is_empty()) {
        (502, true) => Some(NO_SERVER),
        (502 | 504, false) if answered && record.header.is_some() => Some(BACKEND_STATUS),
        (504, false) => Some(TIMEOUT),
        (502, false) if answered => Some(BACKEND_SEEMS),
        (502, false) => Some(BAD_GATEWAY),
        (_, false) if answered => Some(BACKEND_STATUS),
        _ => None,
    }
}

/// A backend that closes the connection within this time has not worked on the request.
const AT_ONCE: Micros = 20_000;

fn closed(took: Option<Micros>) -> &'static Sign {
    if took.is_some_and(|took| took <= AT_ONCE) { CLOSED_AT_ONCE } else { CLOSED }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(rest: &str) -> String {
        format!(
            r#"{{"timeStamp":"2026-11-21T10:00:11+00:00","backendPoolName":"shop","category":"ApplicationGatewayAccessLog","properties":{{"instanceId":"appgw_2","timeTaken":0.5,{rest}}}}}"#
        )
    }

    /// The sign of the request, and those of its attempts.
    fn judged(line: &str) -> (&'static str, Vec<&'static str>, bool) {
        let record = read(line.as_bytes()).unwrap_or_default();
        let verdict = judge(&record, &Statuses::gateway());
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        let attempts = verdict.attempts.iter().map(|attempt| kind(*attempt)).collect();
        (kind(verdict.request), attempts, verdict.client_gave_up)
    }

    #[test]
    fn names_signs() {
        let server = r#""serverRouted":"10.0.0.4:80""#;
        let error = |word: &str| format!(r#""error_info":"ERRORINFO_{word}""#);
        let cases = [
            (format!(r#""httpStatus":502,{}"#, error("UPSTREAM_NO_LIVE")), "appgw-no-live", 0),
            (format!(r#""httpStatus":502,{server},{}"#, error("UPSTREAM_CLOSED_CONNECTION")), "appgw-closed", 1),
            (
                format!(
                    r#""httpStatus":502,{server},"serverResponseLatency":"0.003",{}"#,
                    error("UPSTREAM_CLOSED_CONNECTION")
                ),
                "appgw-closed-at-once",
                1,
            ),
            (format!(r#""httpStatus":504,{server},{}"#, error("UPSTREAM_TIMED_OUT")), "appgw-timed-out", 1),
            (
                format!(r#""httpStatus":504,{server},"serverConnectTime":"-",{}"#, error("UPSTREAM_TIMED_OUT")),
                "appgw-connect-timeout",
                1,
            ),
            (
                format!(r#""httpStatus":504,{server},"serverConnectTime":"0.001",{}"#, error("UPSTREAM_TIMED_OUT")),
                "appgw-timed-out",
                1,
            ),
            (
                format!(r#""httpStatus":503,{server},"serverStatus":"503",{}"#, error("NO_ERROR")),
                "appgw-backend-status",
                1,
            ),
            (
                format!(r#""httpStatus":502,{server},"serverStatus":502,{}"#, error("NO_ERROR")),
                "appgw-backend-status",
                1,
            ),
            (format!(r#""httpStatus":502,{server},"serverStatus":502"#), "appgw-backend-seems", 1),
            (
                format!(r#""httpStatus":502,{server},"serverStatus":502,"serverHeaderTime":"0.004""#),
                "appgw-backend-status",
                1,
            ),
            (format!(r#""httpStatus":502,{server}"#), "appgw-bad-gateway", 1),
            (format!(r#""httpStatus":504,{server},"serverStatus":"504""#), "appgw-timeout", 1),
            (r#""httpStatus":502,"serverRouted":"-""#.to_owned(), "appgw-no-server", 0),
        ];
        for (rest, kind, attempts) in &cases {
            assert_eq!(judged(&line(rest)), (*kind, vec![*kind; *attempts], false), "{rest}");
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|(_, kind, _)| *kind == sign.kind), "{}", sign.kind);
        }
        for (rest, gave_up) in [
            (format!(r#""httpStatus":499,{}"#, error("CLIENT_CLOSED_REQUEST")), true),
            (format!(r#""httpStatus":504,{}"#, error("CLIENT_TIMED_OUT")), true),
            (format!(r#""httpStatus":400,{}"#, error("INVALID_HOST")), false),
            (r#""httpStatus":503"#.to_owned(), false),
            (r#""httpStatus":502,"clientIP":"127.0.0.1""#.to_owned(), false),
        ] {
            assert_eq!(judged(&line(&rest)), ("-", vec![], gave_up), "{rest}");
        }
    }

    #[test]
    fn judges_each_attempt() {
        let saved = line(
            r#""httpStatus":200,"serverRouted":"10.0.0.4:80, 10.0.0.5:80, 10.0.0.6:80, 10.0.0.7:80","serverStatus":"504, 502, 503, 200","serverResponseLatency":"20.001, 0.003, 0.004, 0.050""#,
        );
        let signs = vec!["appgw-timeout", "appgw-bad-gateway", "appgw-backend-seems", "-"];
        assert_eq!(judged(&saved), ("-", signs, false));
        assert!(matches!(skim(saved.as_bytes()), Some(Skimmed::Full)));
        let record = read(saved.as_bytes()).unwrap_or_default();
        assert_eq!((record.upstream, record.upstream_status), (&b"10.0.0.7:80"[..], Some(200)));
        let first = record.attempts.first().copied().unwrap_or_default();
        assert_eq!((first.status, first.response), (Some(504), Some(20_001_000)));
    }

    #[test]
    fn counts_in_the_units_of_each_version() {
        let took = |instance: &str, taken: &str| {
            let line = format!(
                r#"{{"category":"ApplicationGatewayAccessLog","properties":{{"instanceId":"{instance}","timeTaken":{taken}}}}}"#
            );
            read(line.as_bytes()).and_then(|record| record.duration)
        };
        assert_eq!(took("ApplicationGatewayRole_IN_0", "205"), Some(205_000));
        assert_eq!(took("ApplicationGatewayRole_IN_0", "\"205\""), Some(205_000));
        assert_eq!(took("ApplicationGatewayRole_IN_0", "0.097"), Some(97_000));
        assert_eq!(took("appgw_2", "30"), Some(30_000_000));
        assert_eq!(took("appgw_2", "0.034"), Some(34_000));
        assert_eq!(took("", "\"\""), None);
    }

    #[test]
    fn finds_what_the_query_hides() {
        let told = |query: &'static str| {
            let hidden = Hidden::of(query.as_bytes());
            [hidden.query, hidden.server, hidden.status, hidden.id]
                .map(|part| String::from_utf8_lossy(part).into_owned())
        };
        let tail = "X-AzureApplicationGateway-CACHE-HIT=0&SERVER-ROUTED=10.4.0.4&X-AzureApplicationGateway-LOG-ID=8-7&SERVER-STATUS=404";
        let line: &'static str = Box::leak(format!("q=1&x=2&{tail}").into_boxed_str());
        assert_eq!(told(line), ["q=1&x=2", "10.4.0.4", "404", "8-7"]);
        assert_eq!(told(&line[8..]), ["", "10.4.0.4", "404", "8-7"]);
        assert_eq!(told("q=1"), ["q=1", "", "", ""]);
        assert_eq!(told(""), ["", "", "", ""]);
    }

    #[test]
    fn leaves_other_logs() {
        for line in [
            r#"{"category":"ResourceHealth","resourceId":"/PROVIDERS/ApplicationGateways/x","properties":{"httpStatus":502}}"#,
            r#"{"message":"ApplicationGatewayAccessLog"}"#,
            r#"{"category":"ApplicationGatewayAccessLog","properties":{"#,
            r#"{"records":[{"category":"ApplicationGatewayAccessLog"}]}"#,
        ] {
            assert!(read(line.as_bytes()).is_none() && skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
