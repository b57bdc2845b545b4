//! Caddy's log: requests, errors, and what its reverse proxy and health checks say, as JSON or by the console encoder.
//!
//! A request's line (`http.log.access`) names no upstream. A line of `http.log.error` is written just before it, where
//! a handler failed: its message is Go's error, which names the address where connecting failed. An error that
//! `handle_errors` takes up is logged at level debug only. A response that breaks off in its body has neither: the
//! reverse proxy says `aborting with incomplete response`.
//!
//! Source: `modules/caddyhttp/{server,marshalers,logging}.go`, `reverseproxy/{reverseproxy,healthchecks}.go` and
//! `modules/logging/encoders.go` of Caddy; zap's encoders.

use super::record::{sign, table, wording};
use super::{About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What, cloud, go};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::address::{host, is_ip};
use crate::grammar::json::{Value, object, object_while};
use crate::grammar::number::{Micros, millionths, uint, whole};
use crate::grammar::text::until;
use crate::grammar::time::{When, Zone, clf, epoch, iso, nginx_error};
use memchr::{memchr, memchr_iter, memmem};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "caddy",
    proxy: Proxy::CADDY,
    title: "Caddy's log: requests, errors, health checks; JSON or console",
    layout: r#"{"level":"error","ts":SECONDS,"logger":"http.log.access[.NAME]","msg":"handled request","request":{…},"duration":SECONDS,"size":N,"status":N,"resp_headers":{…}}"#,
    time: "when the request ended",
    source: "Caddy, modules/caddyhttp/server.go, marshalers.go and reverseproxy/reverseproxy.go",
    samples: &[
        r#"{"level":"error","ts":1795768164.8817542,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"203.0.113.197","remote_port":"43193","proto":"HTTP/1.1","method":"GET","host":"shop.example.com","uri":"/checkout/cart/1133","headers":{"User-Agent":["curl/7.88.1"],"Accept":["*/*"]}},"user_id":"","duration":0.000601747,"size":0,"status":502,"resp_headers":{"Server":["Caddy"]}}"#,
        r#"{"level":"error","ts":1795768164.8817123,"logger":"http.log.error","msg":"dial tcp 127.0.0.1:9101: connect: connection refused","request":{"remote_ip":"203.0.113.197","remote_port":"43193","proto":"HTTP/1.1","method":"GET","host":"shop.example.com","uri":"/checkout/cart/1133","headers":{"User-Agent":["curl/7.88.1"],"Accept":["*/*"]}},"duration":0.000601747,"status":502,"err_id":"5zbgefsva","err_trace":"reverseproxy.statusError (reverseproxy.go:1272)"}"#,
        r#"{"level":"error","ts":"2026-11-27T08:29:42.265Z","logger":"http.handlers.reverse_proxy","msg":"aborting with incomplete response","error":"unexpected EOF"}"#,
        r#"{"level":"info","ts":1795767951.084787,"logger":"http.handlers.reverse_proxy.health_checker.active","msg":"HTTP request failed","host":"127.0.0.1:9103","error":"Get \"http://127.0.0.1:9103/health\": dial tcp 127.0.0.1:9103: connect: connection refused"}"#,
        "2026/11/27 08:25:53.112\tERROR\thttp.log.error\tno upstreams available\t{\"request\": {\"remote_ip\": \"203.0.113.9\", \"remote_port\": \"58130\", \"proto\": \"HTTP/1.1\", \"method\": \"GET\", \"host\": \"shop.example.com\", \"uri\": \"/d\", \"headers\": {\"User-Agent\": [\"curl/7.88.1\"]}}, \"duration\": 1.001700335, \"status\": 503, \"err_id\": \"5hzkjw5qv\", \"err_trace\": \"reverseproxy.(*Handler).proxyLoopIteration (reverseproxy.go:524)\"}",
    ],
    signs: &[&SIGNS, &FIELDS],
};

/// Wordings that are Caddy's alone, and Go's where Caddy answers with another status than other programs do. All others
/// are Go's, which stand with the causes.
static SIGNS: [Sign; 4] = [
    wording(
        "caddy-dial-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        // Caddy wraps what dialing met, and does not see that it was a time limit: 502 (reverseproxy.go, statusError).
        502,
        "the upstream did not accept the connection in time",
        r"dial (?:tcp[46]?|unix) \S+: (?:i/o timeout|connect: connection timed out)",
    ),
    wording(
        "caddy-dial-backlog",
        Cause::BacklogFull,
        Strength::Conclusive,
        502,
        "the unix socket's queue of waiting connections was full",
        r"dial unix \S+: connect: resource temporarily unavailable",
    ),
    wording(
        "caddy-no-upstreams",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        503,
        "no upstream could be tried: health checks hold all of them to be down, or all are busy",
        r"^no upstreams available",
    ),
    wording(
        "caddy-bad-upstream",
        Cause::NoRoute,
        Strength::Conclusive,
        500,
        "the upstream's address, made at run time, is not one that Caddy can dial",
        r"^(?:making dial info|invalid (?:dial )?address)|\bmissing port in address\b",
    ),
];

table! {
    /// What Caddy's fields show: those of the line about the error, and of the request's own.
    FIELDS:
    BODY_BROKEN = sign("caddy-body-broken", Cause::TruncatedResponse, Strength::Conclusive, 0,
        "the upstream broke off in the middle of its response");
    BODY_TIMEOUT = sign("caddy-body-timeout", Cause::BodyTimeout, Strength::Conclusive, 0,
        "the upstream stalled in the middle of its response");
    CHECK_STATUS = sign("caddy-check-status", Cause::UpstreamError, Strength::Strong, 0,
        "the health check got a status or a body that it does not accept");
    CHECK_DOWN = sign("caddy-check-down", Cause::NoLiveUpstream, Strength::Weak, 0,
        "health checks hold the upstream to be down");
    ERROR_DIRECTIVE = sign("caddy-error-directive", Cause::ProxyLocal, Strength::Strong, 503,
        "an `error` directive of Caddy's configuration gave the answer");
    CONNECT_TIMEOUT_504 = sign("caddy-connect-timeout", Cause::ConnectTimeout, Strength::Conclusive, 504,
        "the upstream did not accept the connection in time, and Caddy answered 504");
    RESPONSE_TIMEOUT_502 = sign("caddy-response-timeout", Cause::ResponseTimeout, Strength::Strong, 502,
        "the upstream did not answer in time, and Caddy answered 502");
    DNS_TIMEOUT = sign("caddy-lookup-timeout", Cause::DnsFailure, Strength::Conclusive, 504,
        "the upstream's name did not resolve in time");
    UNRECOGNISED_502 = sign("caddy-unrecognised", Cause::Unknown, Strength::Silent, 502,
        "Caddy logged an error that is not in the catalogue");
    UNRECOGNISED_503 = sign("caddy-unrecognised-503", Cause::Unknown, Strength::Silent, 503,
        "Caddy logged an error with status 503 that is not in the catalogue");
    UNRECOGNISED_504 = sign("caddy-unrecognised-504", Cause::Unknown, Strength::Silent, 504,
        "Caddy logged an error with status 504 that is not in the catalogue");
    ANSWERED = sign("caddy-upstream-answered", Cause::UpstreamError, Strength::Strong, 0,
        "the answer bears headers that Caddy passed on, so the upstream sent this status itself");
    OWN_504 = sign("caddy-504-own", Cause::ResponseTimeout, Strength::Strong, 504,
        "Caddy answered 504 itself, as it does when a time limit for the upstream's answer is over");
    OWN_503 = sign("caddy-503-own", Cause::NoLiveUpstream, Strength::Weak, 503,
        "Caddy answered 503 without a body, as it does when no upstream is available");
    OWN_502_AFTER_3S = sign("caddy-502-after-3s", Cause::ConnectTimeout, Strength::Weak, 502,
        "Caddy answered 502 after three seconds, its default time limit for connecting");
}

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&SIGNS).ok());

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    let line = Line::read(line)?;
    let Kind::Access = line.kind else { return Some(Skimmed::Full) };
    let (Some(when), Some(status)) = (line.when, line.status) else { return Some(Skimmed::Full) };
    if status >= 500 {
        return Some(Skimmed::Full);
    }
    Some(Skimmed::Plain(Skim {
        when: Some(when),
        status,
        group: b"",
        upstream: line.upstream,
        names_upstream: line.names_upstream,
        attempted: !line.upstream.is_empty(),
        duration: line.micros(),
    }))
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    Some(Line::read(line)?.record())
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    match record.what {
        What::Attempt | What::State => {
            let sign = told(record);
            let request = (record.what == What::Attempt).then_some(sign).flatten();
            Verdict { request, attempts: record.attempts.iter().map(|_| sign).collect(), ..Verdict::default() }
        }
        What::Request => {
            let status = record.status.filter(|status| statuses.contains(*status));
            let request = status.and_then(|status| hint(record, status));
            let blind = status.and_then(unrecognised);
            let attempts = record.attempts.iter().map(|_| request.or(blind)).collect();
            Verdict { request, attempts, ..Verdict::default() }
        }
        _ => Verdict::default(),
    }
}

/// What a line about an error or a check is a sign of.
fn told(record: &Record<'_>) -> Option<&'static Sign> {
    let found = |text: &[u8]| MATCHER.as_ref().and_then(|matcher| matcher.best(text));
    match record.message {
        b"aborting with incomplete response" => Some(body_sign(record.error_reason)),
        b"unexpected status code" | b"status code out of tolerances" | b"response body failed expectations" => {
            Some(CHECK_STATUS)
        }
        b"host is down" => Some(CHECK_DOWN),
        _ if record.what == What::State => found(record.error_reason),
        message => {
            let status = record.status.unwrap_or(502);
            // Whatever a handler met had an attempt.
            let local = || record.attempts.is_empty().then_some(ERROR_DIRECTIVE);
            local().or_else(|| found(message).map(|sign| of_status(sign, status))).or_else(|| unrecognised(status))
        }
    }
}

/// Why a response broke off.
fn body_sign(error: &[u8]) -> &'static Sign {
    let has = |part: &[u8]| memmem::find(error, part).is_some();
    if has(b"timeout") || has(b"deadline exceeded") { BODY_TIMEOUT } else { BODY_BROKEN }
}

/// The sign of the same cause for the status that the client got: counts by status rest on it.
fn of_status(sign: &'static Sign, status: u16) -> &'static Sign {
    let also = [CONNECT_TIMEOUT_504, RESPONSE_TIMEOUT_502, DNS_TIMEOUT];
    let other = || also.into_iter().find(|also| also.cause == sign.cause && also.status == status);
    if sign.status == status { sign } else { other().unwrap_or(sign) }
}

/// The sign of a failure of which no row knows the reason.
fn unrecognised(status: u16) -> Option<&'static Sign> {
    match status {
        502 => Some(UNRECOGNISED_502),
        503 => Some(UNRECOGNISED_503),
        504 => Some(UNRECOGNISED_504),
        _ => None,
    }
}

/// What the request's own line hints at. Caddy's own answer to an error has no body.
fn hint(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    const AFTER: std::ops::Range<Micros> = 3_000_000..3_100_000;
    if record.upstream_status == Some(status) {
        return Some(ANSWERED);
    }
    if record.bytes != Some(0) || record.method == b"HEAD" {
        return None;
    }
    match status {
        502 if record.duration.is_some_and(|time| AFTER.contains(&time)) => Some(OWN_502_AFTER_3S),
        503 => Some(OWN_503),
        504 => Some(OWN_504),
        _ => None,
    }
}

/// What a line is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    /// A request.
    Access,
    /// An error that a handler returned.
    Error,
    /// The reverse proxy, its health checks and its sources of upstreams.
    Proxy,
    /// Anything else that Caddy says.
    #[default]
    Other,
}

impl Kind {
    /// The kind of a logger's lines; `None` where the name need not be Caddy's.
    fn of(logger: &[u8]) -> Option<Self> {
        let is = |name: &[u8]| logger.strip_prefix(name).is_some_and(|rest| matches!(rest, [] | [b'.', ..]));
        if is(b"http.log.access") {
            Some(Self::Access)
        } else if is(b"http.log.error") {
            Some(Self::Error)
        } else if is(b"http.handlers.reverse_proxy") || is(b"http.reverse_proxy") {
            Some(Self::Proxy)
        } else {
            OTHERS.iter().any(|name| is(name)).then_some(Self::Other)
        }
    }
}

/// What else Caddy's loggers are called.
const OTHERS: [&[u8]; 11] = [
    b"http.log",
    b"http.handlers",
    b"http.auto_https",
    b"http.authentication",
    b"http.matchers",
    b"http",
    b"tls",
    b"admin",
    b"pki.ca",
    b"caddy",
    b"events",
];

/// What Caddy says without a logger's name, as it starts and stops (`caddy.go`, `cmd/commandfuncs.go`).
const NAMELESS: [&[u8]; 13] = [
    b"using provided configuration",
    b"using config from file",
    b"using adjacent Caddyfile",
    b"adapted config to JSON",
    b"redirected default logger",
    b"serving initial configuration",
    b"autosaved config",
    b"shutting down",
    b"shutdown complete",
    b"exiting; byeee!!",
    b"Caddyfile input is not formatted",
    b"maxprocs: ",
    b"GOMEMLIMIT is updated",
];

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"logger\"", b"\"msg\""]);

/// The members of a line, or what the console encoder makes of them.
#[derive(Clone, Copy, Debug, Default)]
struct Line<'a> {
    kind: Kind,
    when: Option<When>,
    level: &'a [u8],
    message: &'a [u8],
    status: Option<u16>,
    size: Option<u64>,
    /// In nanoseconds.
    duration: Option<u64>,
    /// `{…}`, whole.
    request: &'a [u8],
    /// `{…}`, whole.
    resp_headers: &'a [u8],
    user: &'a [u8],
    trace_id: &'a [u8],
    error: &'a [u8],
    err_trace: &'a [u8],
    upstream: &'a [u8],
    /// Whether there is a member for it.
    names_upstream: bool,
    /// What a health check asked.
    checked: &'a [u8],
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Option<Self> {
        match line.first()? {
            b'{' => Self::json(line),
            b'1'..=b'9' | b'A'..=b'Z' => Self::console(line),
            _ => None,
        }
    }

    fn json(line: &'a [u8]) -> Option<Self> {
        if !MARKS.are_in(line) {
            return None;
        }
        let (mut read, mut logger, mut foreign) = (Self::default(), &b""[..], false);
        let whole = object_while(line, |name, value| {
            match name {
                b"logger" => logger = value.text(),
                b"msg" | b"message" => read.message = value.text(),
                b"level" => read.level = value.text(),
                b"ts" | b"time" | b"timestamp" => read.when = read.when.or_else(|| when(value.text())),
                b"MESSAGE" | b"stream" | b"caller" => foreign = true,
                _ => read.set(name, value),
            }
            !foreign
        });
        // One that was cut is good as far as it goes, if it goes as far as the status.
        let ended = whole.is_ok_and(|(rest, ())| rest.trim_ascii().is_empty()) || read.status.is_some();
        (ended && !foreign && read.when.is_some()).then(|| read.named(logger)).flatten()
    }

    /// `TIME␉LEVEL␉[LOGGER␉]MESSAGE[␉{…}]`, the level with or without colours.
    fn console(line: &'a [u8]) -> Option<Self> {
        let (stamp, rest) = split_tab(line)?;
        let (level, rest) = split_tab(rest)?;
        let level = uncoloured(level);
        if !is_level(level) {
            return None;
        }
        let fields = memchr_iter(b'\t', rest).find(|tab| rest[tab + 1..].starts_with(b"{"));
        let (words, fields) = fields.map_or((rest, &b""[..]), |tab| (&rest[..tab], &rest[tab + 1..]));
        let (logger, message) = match split_tab(words) {
            Some((logger, message)) => (logger, message),
            None => (&b""[..], words),
        };
        let mut read = Self { level, message, when: when(stamp), ..Self::default() };
        let _ = object(fields, |name, value| read.set(name, value));
        if read.when.is_none() && !logger.starts_with(b"http.") {
            return None;
        }
        read.named(logger)
    }

    /// The line of this logger; `None` where nothing shows that Caddy wrote it.
    fn named(mut self, logger: &[u8]) -> Option<Self> {
        let handled = matches!(self.message, b"handled request" | b"NOP");
        let nameless = || NAMELESS.iter().any(|start| self.message.starts_with(start));
        let requests = handled && self.status.is_some() && (!self.request.is_empty() || !self.resp_headers.is_empty());
        self.kind = match Kind::of(logger) {
            Some(kind) => kind,
            None if requests => Kind::Access,
            None if logger.is_empty() && nameless() => Kind::Other,
            None => return None,
        };
        Some(self)
    }

    fn set(&mut self, name: &'a [u8], value: Value<'a>) {
        match name {
            b"status" => self.status = whole(value.text(), uint).and_then(|status| u16::try_from(status).ok()),
            b"size" => self.size = whole(value.text(), uint),
            b"duration" | b"latency" => self.duration = self.duration.or_else(|| duration(value.text())),
            b"user_id" => self.user = value.text(),
            b"traceID" | b"trace_id" | b"uuid" | b"request_id" => self.trace_id = value.text(),
            b"error" => self.error = value.text(),
            b"err_trace" => self.err_trace = value.text(),
            b"upstream" | b"upstream_addr" | b"upstream_hostport" => {
                (self.upstream, self.names_upstream) = (value.text(), true);
            }
            b"host" => self.checked = value.text(),
            b"request" => self.request = nested(value),
            b"resp_headers" => self.resp_headers = nested(value),
            _ => {}
        }
    }

    fn micros(&self) -> Option<Micros> {
        self.duration.map(|nanos| nanos / 1_000)
    }

    fn record(self) -> Record<'a> {
        let mut record = Record {
            what: What::Notice,
            when: self.when,
            status: self.status,
            bytes: self.size,
            duration: self.micros(),
            nanos: self.duration.and_then(|nanos| u16::try_from(nanos % 1_000).ok()).unwrap_or_default(),
            user: self.user,
            level: self.level,
            message: self.message,
            error_reason: self.error,
            escape: Escape::Json,
            ..Record::default()
        };
        Request::read(self.request).give(&mut record);
        if record.client.is_empty() {
            record.client = client_of_coraza(self.message);
        }
        if !self.trace_id.is_empty() {
            record.trace_id = self.trace_id;
        }
        match self.kind {
            Kind::Access => self.access(&mut record),
            Kind::Error => self.error(&mut record),
            Kind::Proxy => self.proxy(&mut record),
            Kind::Other => {}
        }
        record
    }

    fn access(self, record: &mut Record<'a>) {
        record.what = What::Request;
        record.message = b"";
        record.names_upstream = self.names_upstream;
        record.upstream = self.upstream;
        record.upstream_status = self.status.filter(|status| *status >= 500 && is_passed_on(self.resp_headers));
        if !self.upstream.is_empty() {
            let attempt = Attempt { upstream: self.upstream, response: self.micros(), ..Attempt::default() };
            record.attempts.push(attempt);
        }
    }

    /// An error is a failed attempt where the client got a status that says so.
    fn error(self, record: &mut Record<'a>) {
        let gave_up = self.status == Some(499) || memmem::find(self.message, b"context canceled").is_some();
        let bad_upstream = self.status == Some(500) && memmem::find(self.err_trace, b"reverseproxy").is_some();
        if gave_up || !(matches!(self.status, None | Some(502..=504)) || bad_upstream) {
            return;
        }
        record.what = What::Attempt;
        // The `error` directive tries nothing.
        if memmem::find(self.err_trace, b"StaticError").is_none() {
            record.upstream = dialed(self.message);
            tried(record);
        }
    }

    fn proxy(self, record: &mut Record<'a>) {
        record.upstream = if self.upstream.is_empty() { self.checked } else { self.upstream };
        if self.message == b"aborting with incomplete response" {
            // The client's going away is no failure.
            let gave_up = [&b"context canceled"[..], b"writing: ", b"write tcp", b"client disconnected"];
            if gave_up.iter().all(|text| memmem::find(self.error, text).is_none()) {
                record.what = What::Attempt;
                if record.upstream.is_empty() {
                    record.upstream = dialed(self.error);
                }
                tried(record);
            }
            return;
        }
        if self.message == b"upstream roundtrip" {
            (record.upstream_status, record.status) = (self.status, None);
        }
        let check = matches!(
            self.message,
            b"unexpected status code"
                | b"status code out of tolerances"
                | b"response body failed expectations"
                | b"host is down"
        );
        let met = !self.error.is_empty() && self.message != b"reading from backend";
        let gave_up = memmem::find(self.error, b"context canceled").is_some();
        if (check || met) && !gave_up {
            if record.upstream.is_empty() {
                record.upstream = dialed(self.error);
            }
            record.what = What::State;
            record.names_upstream = true;
            if told(record).is_some() {
                tried(record);
            } else {
                record.what = What::Notice;
            }
        }
    }
}

/// Adds the one attempt that a line is about.
fn tried(record: &mut Record<'_>) {
    let (upstream, status, response) = (record.upstream, record.upstream_status, record.duration);
    record.attempts.push(Attempt { upstream, status, response, ..Attempt::default() });
}

/// Whether an answer has a header that an upstream sets, and neither Caddy nor its handlers do: net/http adds `Date`
/// and the length later.
fn is_passed_on(headers: &[u8]) -> bool {
    let mut passed_on = false;
    let _ = object(headers, |name, value| {
        passed_on |= match name {
            // Caddy's name stands first.
            b"Server" => memmem::find(nested(value), b"\",").is_some(),
            _ => matches!(name, b"Content-Length" | b"Date" | b"Via"),
        };
    });
    passed_on
}

/// The address in Go's error: of `dial tcp 10.0.0.5:80: …`, `dial unix /run/app.sock: …` and `read tcp
/// 10.0.0.1:4711->10.0.0.5:80: …`.
fn dialed(error: &[u8]) -> &[u8] {
    // The name server is no upstream.
    if memmem::find(error, b"lookup ").is_some() {
        return b"";
    }
    for verb in [&b"dial tcp "[..], b"dial unix ", b"read tcp ", b"write tcp ", b"read unix ", b"write unix "] {
        let Some(at) = memmem::rfind(error, verb) else { continue };
        let rest = &error[at + verb.len()..];
        let end = memmem::find(rest, b": ").unwrap_or(rest.len());
        let pair = &rest[..end];
        let address = memmem::find(pair, b"->").map_or(pair, |arrow| &pair[arrow + 2..]);
        return if memchr(b' ', address).is_some() { b"" } else { address };
    }
    b""
}

/// The members of `request`.
#[derive(Clone, Copy, Debug, Default)]
struct Request<'a> {
    method: &'a [u8],
    host: &'a [u8],
    uri: &'a [u8],
    remote: &'a [u8],
    client: &'a [u8],
    user_agent: &'a [u8],
    request_id: &'a [u8],
}

impl<'a> Request<'a> {
    fn read(request: &'a [u8]) -> Self {
        let mut read = Self::default();
        let _ = object(request, |name, value| match name {
            b"method" => read.method = value.text(),
            b"host" => read.host = value.text(),
            b"uri" => read.uri = value.text(),
            b"client_ip" => read.client = value.text(),
            b"remote_ip" => read.remote = value.text(),
            // Before 2.5, with the port.
            b"remote_addr" => read.remote = host(value.text()),
            b"headers" => {
                let _ = object(nested(value), |name, value| {
                    if name.eq_ignore_ascii_case(b"user-agent") {
                        read.user_agent = first(value);
                    } else if name.eq_ignore_ascii_case(b"x-request-id") {
                        read.request_id = first(value);
                    }
                });
            }
            _ => {}
        });
        read
    }

    fn give(self, record: &mut Record<'a>) {
        record.method = self.method;
        record.host = host(self.host);
        record.path = self.uri;
        record.client = if self.client.is_empty() { self.remote } else { self.client };
        record.user_agent = self.user_agent;
        record.trace_id = self.request_id;
    }
}

/// An object or a list, whole.
fn nested(value: Value<'_>) -> &[u8] {
    match value {
        Value::Nested(whole) => whole,
        _ => b"",
    }
}

/// The first text of a list: headers may come more than once.
fn first(value: Value<'_>) -> &[u8] {
    let list = match value {
        Value::Nested(list) => list,
        Value::Text(text) => return text,
        Value::Bare(_) => return b"",
    };
    let Some(quote) = memchr(b'"', list) else { return b"" };
    let inside = &list[quote + 1..];
    let ends = |at: &usize| inside[..*at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0;
    memchr_iter(b'"', inside).find(ends).map_or(&b""[..], |end| &inside[..end])
}

fn split_tab(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let tab = memchr(b'\t', i)?;
    Some((&i[..tab], &i[tab + 1..]))
}

/// `INFO` of `␛[34mINFO␛[0m`; what copies lines may lose the escape.
fn uncoloured(i: &[u8]) -> &[u8] {
    let bare = i.strip_prefix(b"\x1b").unwrap_or(i);
    let word = match bare {
        [b'[', rest @ ..] => memchr(b'm', rest).map_or(bare, |end| &rest[end + 1..]),
        _ => bare,
    };
    &word[..word.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(word.len())]
}

fn is_level(i: &[u8]) -> bool {
    [&b"debug"[..], b"info", b"warn", b"error", b"panic", b"fatal", b"dpanic"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(i))
}

/// The client that the messages of Coraza's module begin with, which have no request beside them: `[client
/// \"203.0.113.9\"] Coraza: Warning. …`, with JSON's backslashes.
fn client_of_coraza(message: &[u8]) -> &[u8] {
    let address = message.strip_prefix(br#"[client \""#).and_then(|rest| until(b'\\')(rest).ok());
    address.map(|(_, address)| address).filter(|address| is_ip(address)).unwrap_or_default()
}

/// A stamp in any of the layouts that Caddy names (`encoders.go`, `LogEncoderConfig`): seconds, milliseconds or
/// nanoseconds since the epoch, and walls, which are UTC unless they say otherwise.
fn when(i: &[u8]) -> Option<When> {
    if let Some(when) = whole(i, epoch).or_else(|| whole(i, iso)).or_else(|| whole(i, clf)) {
        return Some(if when.zone == Zone::Local { When { zone: Zone::Utc, ..when } } else { when });
    }
    if let Ok((rest, when)) = nginx_error(i) {
        let fraction = match rest {
            [] => 0,
            [b'.', decimals @ ..] => Some(millionths(decimals)).filter(|(rest, _)| rest.is_empty())?.1,
            _ => return None,
        };
        return Some(When { wall: when.wall.checked_add_unsigned(fraction)?, zone: Zone::Utc });
    }
    scaled(i)
}

/// `1.6407473377283428e+09`, `1640747337728.34` (milliseconds) and `1640747337728342800` (nanoseconds); `12.5` of a
/// clock that nobody has set, in 1970.
fn scaled(i: &[u8]) -> Option<When> {
    let number: f64 = std::str::from_utf8(i).ok()?.parse().ok()?;
    let micros = match number {
        0.0..31_536_000.0 => number * 1e6,
        1e8..1e11 => number * 1e6,
        1e11..1e14 => number * 1e3,
        1e17..1e20 => number / 1e3,
        _ => return None,
    };
    #[allow(clippy::cast_possible_truncation, reason = "it is in range")]
    Some(When { wall: micros as i64, zone: Zone::Utc })
}

/// How long something took, in nanoseconds: seconds with decimals; whole milliseconds or nanoseconds
/// (`duration_format`); or Go's text.
fn duration(i: &[u8]) -> Option<u64> {
    if let Some(number) = whole(i, uint) {
        return Some(if number >= 100_000 { number } else { number * 1_000_000 });
    }
    let decimal =
        go::billionths(i).filter(|(rest, _)| rest.is_empty()).and_then(|(_, number)| u64::try_from(number).ok());
    decimal.or_else(|| go::duration(i)).or_else(|| {
        let seconds: f64 = std::str::from_utf8(i).ok()?.parse().ok()?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in range")]
        (0.0..1e9).contains(&seconds).then_some((seconds * 1e9).round() as u64)
    })
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{lines, only};
    use super::super::nginx::tests::{agree, told as shown};
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        let record = read(line.as_bytes());
        assert_eq!(agree(skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        shown(record)
    }

    const REQUEST: &str = r#""request":{"remote_ip":"203.0.113.9","remote_port":"4711","client_ip":"198.51.100.7","proto":"HTTP/2.0","method":"POST","host":"shop.example.com:8443","uri":"/a?b=\"c\"","headers":{"Accept":["*/*"],"User-Agent":["cur\"l","x"],"X-Request-Id":["9f"]}}"#;

    #[test]
    fn reads_requests() {
        let all = "method=POST host=shop.example.com path=/a?b=\\\"c\\\"";
        let cases = [
            (
                format!(r#"{{"level":"error","ts":1795767951.0613,"logger":"http.log.access.log0","msg":"handled request",{REQUEST},"bytes_read":7,"user_id":"alice","duration":0.000753053,"size":12,"status":502,"resp_headers":{{"Server":["Caddy"]}}}}"#),
                format!("status=502 {all} bytes=12 duration=0.001 client=198.51.100.7 user=alice agent=cur\\\"l trace=9f level=error"),
            ),
            // Members in another order, with spaces, text for numbers; 2.4's address with a port.
            (
                r#"{ "status": "200", "duration": "1.5ms", "request": {"uri": "/", "remote_addr": "203.0.113.9:4711"}, "ts": "2026-11-27T08:25:51.061Z", "logger": "http.log.access", "msg": "handled request" }"#.to_owned(),
                "status=200 path=/ duration=0.002 client=203.0.113.9".to_owned(),
            ),
            // Filtered, with a logger of another name; the upstream that `log_append` added.
            (
                r#"{"ts":1795767951.0613,"logger":"shop","msg":"handled request","duration":1.5,"size":0,"status":0,"resp_headers":{},"upstream":"10.0.0.5:80"}"#.to_owned(),
                "status=0 upstream=10.0.0.5:80 bytes=0 duration=1.500 names=upstream attempts=[10.0.0.5:80 - -/-/1.500]".to_owned(),
            ),
            // Cut off in the last member.
            (
                r#"{"ts":1795767951,"logger":"http.log.access","msg":"handled request","duration":1.5,"status":204,"resp_headers":{"Ser"#.to_owned(),
                "status=204 duration=1.500".to_owned(),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(&line), expected, "{line}");
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "{}",
            "{",
            r#"{"level":"info","ts":1795767951.1,"logger":"shop","msg":"handled request"}"#,
            r#"{"level":"info","ts":1795767951.1,"logger":"controller","msg":"reconciled"}"#,
            r#"{"level":"info","ts":1795767951.1,"caller":"a.go:3","logger":"http","msg":"x"}"#,
            r#"{"level":"info","ts":1795767951.1,"msg":"started"}"#,
            r#"{"logger":"http.log.access","msg":"handled request","status":200}"#,
            r#"{"time_iso8601":"2026-11-20T23:50:18+00:00","status":"502","remote_addr":"203.0.113.9","request_uri":"/"}"#,
            "2026/11/27 08:25:51.061\tINFO\tshop\tx\t{}",
            "2026/11/27 08:25:51 [error] 1#1: x",
            "INFO\thttp.log\tx",
            "203.0.113.9\tINFO",
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    #[test]
    fn reads_the_console() {
        let line = |start: &str| {
            format!(
                "{start}\thandled request\t{{\"request\": {{\"uri\": \"/\"}}, \"duration\": 0.25, \"status\": 503}}"
            )
        };
        for start in [
            "2026/11/27 08:25:51.061\tERROR\thttp.log.access.log0",
            "2026/11/27 08:25:51.061\t\u{1b}[31mERROR\u{1b}[0m\thttp.log.access",
            "2026/11/27 08:25:51.061\t[31mERROR[0m\thttp.log.access",
            "1.795767951061e+09\terror\thttp.log.access",
        ] {
            let line = line(start);
            let record = read(line.as_bytes()).unwrap_or_default();
            let wall = record.when.map(|when| (when.wall / 1_000, when.zone));
            assert_eq!(wall, Some((1_795_767_951_061, Zone::Utc)), "{start}");
            assert!(record.level.eq_ignore_ascii_case(b"error"), "{start}");
            assert!(said(&line).contains("status=503 path=/ duration=0.250"), "{}", said(&line));
        }
        let notice = read(b"2026/11/27 08:25:51.061\tINFO\tserving initial configuration");
        assert_eq!(
            notice.map(|record| (record.what, record.message)),
            Some((What::Notice, &b"serving initial configuration"[..]))
        );
    }

    #[test]
    fn knows_the_client_of_a_firewalls_message() {
        let client = |message: &str| {
            let line =
                format!(r#"{{"level":"warn","ts":1795767951.061,"logger":"http.handlers.waf","msg":"{message}"}}"#);
            String::from_utf8_lossy(read(line.as_bytes()).unwrap_or_default().client).into_owned()
        };
        assert_eq!(client(r#"[client \"203.0.113.9\"] Coraza: Warning. x"#), "203.0.113.9");
        assert_eq!(client(r#"[client \"2001:db8::9\"] Coraza: Warning. x"#), "2001:db8::9");
        assert_eq!(client(r#"[client \"shop\"] x"#), "");
        assert_eq!(client(r#"x [client \"203.0.113.9\"]"#), "");
    }

    #[test]
    fn reads_stamps() {
        let cases = [
            ("1795767951.0611234", 1_795_767_951_061_123),
            ("1795767951061.1234", 1_795_767_951_061_123),
            ("1795767951061123400", 1_795_767_951_061_123),
            ("1.7957679510611234e+09", 1_795_767_951_061_123),
            ("2026-11-27T08:25:51.061Z", 1_795_767_951_061_000),
            ("2026-11-27T08:25:51.061123456Z", 1_795_767_951_061_123),
            ("2026/11/27 08:25:51.061", 1_795_767_951_061_000),
            ("2026/11/27 08:25:51", 1_795_767_951_000_000),
            ("27/Nov/2026:08:25:51 +0000", 1_795_767_951_000_000),
            ("7.25", 7_250_000),
        ];
        for (text, wall) in cases {
            // What was written with an exponent has lost its last digits.
            assert!(
                when(text.as_bytes()).is_some_and(|when| when.wall.abs_diff(wall) <= 1),
                "{text}: {:?}",
                when(text.as_bytes())
            );
        }
        for text in ["", "x", "31536000", "2026/11/27 08:25:51.x", "-1", "nan", "1e400"] {
            assert_eq!(when(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn reads_durations() {
        let cases = [
            ("0.000753053", Some(753_053)),
            ("6.0761e-05", Some(60_761)),
            ("1.5", Some(1_500_000_000)),
            ("12", Some(12_000_000)),
            ("753053", Some(753_053)),
            ("753.053µs", Some(753_053)),
            ("235ns", Some(235)),
            ("12ms", Some(12_000_000)),
            ("1.002555851s", Some(1_002_555_851)),
            ("1m2.5s", Some(62_500_000_000)),
            ("1h0m0.25s", Some(3_600_250_000_000)),
            ("0s", Some(0)),
            ("", Some(0)),
            ("1x", None),
            ("ms", None),
            ("-1.5", None),
        ];
        for (text, expected) in cases {
            let expected = if text.is_empty() { go::duration(b"") } else { expected };
            assert_eq!(duration(text.as_bytes()), expected, "{text}");
        }
    }

    /// What a line of a logger says, by the kind of its sign and the server.
    fn sign_of(logger: &str, message: &str, members: &str) -> String {
        let line = format!(
            r#"{{"level":"error","ts":1795767951.06,"logger":"{logger}","msg":"{message}",{REQUEST}{members}}}"#
        );
        let record = read(line.as_bytes()).unwrap_or_default();
        let verdict = judge(&record, &Statuses::gateway());
        let sign = verdict.request.or(verdict.attempts.first().copied().flatten());
        let upstream = String::from_utf8_lossy(record.upstream);
        format!("{:?} {} {upstream}", record.what, sign.map_or("", |sign| sign.kind))
    }

    /// Messages recorded from 2.6.2; others by Go's and Caddy's source.
    #[test]
    fn knows_what_each_error_means() {
        let cases = [
            ("dial tcp 10.0.0.5:80: connect: connection refused", 502, "Attempt text-dial-refused 10.0.0.5:80"),
            (
                "dialing backend: dial tcp [::1]:9000: connect: connection refused",
                502,
                "Attempt text-dial-refused [::1]:9000",
            ),
            ("dial tcp 10.0.0.5:80: i/o timeout", 502, "Attempt caddy-dial-timeout 10.0.0.5:80"),
            ("dial tcp 10.0.0.5:80: i/o timeout", 504, "Attempt caddy-connect-timeout 10.0.0.5:80"),
            ("dial tcp 10.0.0.5:80: connect: no route to host", 502, "Attempt text-runtime-unreachable 10.0.0.5:80"),
            (
                "dial unix /run/app.sock: connect: no such file or directory",
                502,
                "Attempt text-runtime-socket-missing /run/app.sock",
            ),
            (
                "dial unix /run/app.sock: connect: resource temporarily unavailable",
                502,
                "Attempt caddy-dial-backlog /run/app.sock",
            ),
            ("dial tcp: lookup app.internal on 10.0.0.2:53: no such host", 502, "Attempt text-lookup-failed "),
            ("dial tcp: lookup app.internal: i/o timeout", 504, "Attempt caddy-lookup-timeout "),
            (
                "dial tcp: lookup app.internal on 10.0.0.2:53: dial udp 10.0.0.2:53: connect: network is unreachable",
                502,
                "Attempt text-lookup-failed ",
            ),
            (
                "read tcp 10.0.0.1:4711->10.0.0.5:80: read: connection reset by peer",
                502,
                "Attempt text-connection-reset 10.0.0.5:80",
            ),
            ("EOF", 502, "Attempt text-eof "),
            ("http: server closed idle connection", 502, "Attempt text-closed-idle-connection "),
            ("net/http: timeout awaiting response headers", 504, "Attempt text-awaiting-headers "),
            ("net/http: timeout awaiting response headers", 502, "Attempt caddy-response-timeout "),
            ("net/http: TLS handshake timeout", 504, "Attempt text-handshake-timeout "),
            ("no upstreams available", 503, "Attempt caddy-no-upstreams "),
            ("never heard of", 502, "Attempt caddy-unrecognised "),
            ("never heard of", 503, "Attempt caddy-unrecognised-503 "),
            ("never heard of", 504, "Attempt caddy-unrecognised-504 "),
            ("context canceled", 499, "Notice  "),
            ("context canceled", 502, "Notice  "),
            ("{id=9f} fileserver.(*FileServer).notFound: HTTP 404", 404, "Notice  "),
            ("template: x", 500, "Notice  "),
        ];
        for (message, status, expected) in cases {
            let got = sign_of("http.log.error.log0", message, &format!(r#","status":{status}"#));
            assert_eq!(got, expected, "{message}");
        }
        let trace = |status: u16, trace: &str| format!(r#","status":{status},"err_trace":"{trace}""#);
        let cases = [
            (
                "making dial info: upstream x: invalid",
                trace(500, "reverseproxy.(*Handler).proxyLoopIteration"),
                "Attempt caddy-bad-upstream ",
            ),
            (
                "Back soon",
                trace(503, "caddyhttp.StaticError.ServeHTTP (staticerror.go:109)"),
                "Attempt caddy-error-directive ",
            ),
        ];
        for (message, members, expected) in cases {
            assert_eq!(sign_of("http.log.error", message, &members), expected, "{message}");
        }
    }

    #[test]
    fn knows_what_the_reverse_proxy_says() {
        let (proxy, check) = ("http.handlers.reverse_proxy", "http.handlers.reverse_proxy.health_checker.active");
        let cases = [
            (proxy, "aborting with incomplete response", r#","error":"unexpected EOF""#, "Attempt caddy-body-broken "),
            (
                proxy,
                "aborting with incomplete response",
                r#","error":"read tcp 10.0.0.1:4711->10.0.0.5:80: i/o timeout""#,
                "Attempt caddy-body-timeout 10.0.0.5:80",
            ),
            (
                proxy,
                "aborting with incomplete response",
                r#","upstream":"10.0.0.5:80","error":"reading: unexpected EOF""#,
                "Attempt caddy-body-broken 10.0.0.5:80",
            ),
            (proxy, "aborting with incomplete response", r#","error":"reading: context canceled""#, "Notice  "),
            (
                proxy,
                "aborting with incomplete response",
                r#","error":"writing: write tcp 10.0.0.1:443->203.0.113.9:4711: broken pipe""#,
                "Notice  ",
            ),
            (proxy, "reading from backend", r#","error":"unexpected EOF""#, "Notice  "),
            (proxy, "upstream roundtrip", r#","upstream":"10.0.0.5:80","status":200"#, "Notice  10.0.0.5:80"),
            (proxy, "upstream roundtrip", r#","upstream":"10.0.0.5:80","error":"EOF""#, "State text-eof 10.0.0.5:80"),
            (
                check,
                "HTTP request failed",
                r#","host":"10.0.0.5:80","error":"Get \"http://10.0.0.5:80/health\": dial tcp 10.0.0.5:80: connect: connection refused""#,
                "State text-dial-refused 10.0.0.5:80",
            ),
            (
                check,
                "unexpected status code",
                r#","status_code":503,"host":"10.0.0.5:80""#,
                "State caddy-check-status 10.0.0.5:80",
            ),
            (
                check,
                "status code out of tolerances",
                r#","status_code":503,"host":"10.0.0.5:80""#,
                "State caddy-check-status 10.0.0.5:80",
            ),
            (check, "host is down", r#","host":"10.0.0.5:80""#, "State caddy-check-down 10.0.0.5:80"),
            (check, "host is up", r#","host":"10.0.0.5:80""#, "Notice  10.0.0.5:80"),
            ("tls.obtain", "acquiring lock", "", "Notice  "),
        ];
        for (logger, message, members, expected) in cases {
            assert_eq!(sign_of(logger, message, members), expected, "{message}{members}");
        }
    }

    #[test]
    fn hints_by_the_answer() {
        let hint = |status: u16, duration: &str, size: u64, headers: &str| {
            let line = format!(
                r#"{{"ts":1795767951.06,"logger":"http.log.access","msg":"handled request",{REQUEST},"duration":{duration},"size":{size},"status":{status},"resp_headers":{{{headers}}}}}"#
            );
            let record = read(line.as_bytes()).unwrap_or_default();
            judge(&record, &Statuses::gateway()).request.map(|sign| sign.kind)
        };
        let own = r#""Server":["Caddy"]"#;
        let cases = [
            (502, "0.001", 0, own, None),
            (502, "3.001", 0, own, Some("caddy-502-after-3s")),
            (503, "0.001", 0, own, Some("caddy-503-own")),
            (504, "1.001", 0, own, Some("caddy-504-own")),
            // A page of one's own, or a `respond`.
            (503, "0.001", 9, r#""Server":["Caddy"],"Content-Type":["text/plain"]"#, None),
            (503, "0.001", 9, r#""Server":["Caddy"],"Content-Length":["9"]"#, Some("caddy-upstream-answered")),
            (502, "0.001", 0, r#""Server":["Caddy","nginx/1.22.1"]"#, Some("caddy-upstream-answered")),
            (
                504,
                "0.001",
                0,
                r#""Server":["Caddy"],"Date":["Fri, 27 Nov 2026 08:25:51 GMT"]"#,
                Some("caddy-upstream-answered"),
            ),
            (500, "0.001", 0, own, None),
            (200, "0.001", 9, r#""Content-Length":["9"]"#, None),
        ];
        for (status, duration, size, headers, expected) in cases {
            assert_eq!(hint(status, duration, size, headers), expected, "{status} {duration} {headers}");
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::Caddy, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Caddy)) {
            let (skimmed, record) = (skim(&line), read(&line));
            prop_assert_eq!(agree(skimmed, record.as_ref()), Ok(()));
        }
    }
}
