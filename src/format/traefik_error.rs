//! Traefik's own log: the only place where it says why a request failed, and that at the level `debug`. Failures of TLS
//! that the configuration is to blame for, and failed health checks, are there at any level.
//!
//! Three layouts: version 1 and 2 write logrus's text, version 3 zerolog's console text, and all of them JSON on
//! demand. Other programs write with these libraries, too, so a line is claimed by what only Traefik says.
//!
//! | what | version 3 | version 2 |
//! | --- | --- | --- |
//! | a request failed | `502 Bad Gateway error="dial tcp …"` | `msg="'502 Bad Gateway' caused by: dial tcp …"` |
//! | a health check failed | `Health check failed. error="…" targetURL=…` | `Health check failed, removing from server list. Backend: "…" URL: "…"` |

use super::record::{sign, wording};
use super::traefik_shared::server;
use super::{About, Attempt, Escape, Record, Skimmed, Statuses, Verdict, What, cloud, go};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::find::{find, find2};
use crate::grammar::json::object_while;
use crate::grammar::number::{status, whole};
use crate::grammar::text::{Starts, after, among, place_of};
use crate::grammar::time::{When, iso};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "traefik-error",
    proxy: Proxy::TRAEFIK,
    title: "Traefik's own log: why requests failed (at the level debug), and health checks",
    layout: "TIME LEVEL [CALLER >] MESSAGE error=\"…\" …\ntime=\"…\" level=… msg=\"…\" …\n\
        {\"level\":…,\"error\":…,\"time\":…,\"message\":…}",
    time: "when it was written",
    source: "Traefik, pkg/proxy/httputil/proxy.go, pkg/healthcheck/healthcheck.go and cmd/traefik/logger.go",
    samples: &[
        r#"2026-11-21T02:57:46Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:117 > 502 Bad Gateway error="dial tcp 10.0.0.5:8080: connect: connection refused""#,
        r#"2026-11-21T02:57:46Z ERR 500 Internal Server Error error="tls: failed to verify certificate: x509: certificate signed by unknown authority""#,
        r#"2026-11-21T02:57:50Z WRN Health check failed. error="HTTP request failed: Get \"http://10.0.0.5:8080/health\": dial tcp 10.0.0.5:8080: connect: connection refused" serviceName=checkout@docker targetURL=http://10.0.0.5:8080"#,
        r#"time="2026-11-21T02:57:46Z" level=debug msg="'504 Gateway Timeout' caused by: dial tcp 10.0.0.5:8080: i/o timeout""#,
        r#"{"level":"debug","error":"read tcp 10.0.0.2:40122->10.0.0.5:8080: read: connection reset by peer","time":"2026-11-21T02:57:46Z","caller":"github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:117","message":"502 Bad Gateway"}"#,
    ],
    signs: &[&SIGNS],
};

/// Errors that Go's standard library does not count among those of the network end a request with 500
/// (`ComputeStatusCode`); all others with 502 or 504.
static SIGNS: [Sign; 10] = [
    sign(
        "traefik-unrecognised",
        Cause::Unknown,
        Strength::Silent,
        502,
        "Traefik logged an error about a server that is not in the catalogue",
    ),
    wording(
        "traefik-service-missing",
        Cause::NoRoute,
        Strength::Strong,
        404,
        "a router leads to a service that does not exist",
        r#"^the service \\*"[^"]+" does not exist"#,
    ),
    wording(
        "traefik-health-status",
        Cause::UpstreamError,
        Strength::Weak,
        503,
        "a server answered its health check with an error",
        r"received error status code: |unexpected status code",
    ),
    wording(
        "traefik-certificate",
        Cause::TlsCertificate,
        Strength::Conclusive,
        500,
        "the server's certificate was not accepted",
        r"x509: (?:certificate |cannot validate certificate|issuer |a root or intermediate|too many )",
    ),
    wording(
        "traefik-not-tls",
        Cause::ProtocolMismatch,
        Strength::Conclusive,
        500,
        "one side spoke TLS, the other did not",
        concat!(
            r"first record does not look like a TLS handshake|server gave HTTP response to HTTPS client",
            r#"|malformed HTTP response \\*"\\+x(?:15\\+x03|00\\+x00)"#,
        ),
    ),
    wording(
        "traefik-no-descriptors",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        502,
        "Traefik had no file descriptors left",
        r"socket: too many open files",
    ),
    wording(
        "traefik-idle-closed",
        Cause::KeepaliveRace,
        Strength::Conclusive,
        500,
        "the server closed an idle connection as Traefik used it",
        r"http: server closed idle connection",
    ),
    wording(
        "traefik-unexpected-eof",
        Cause::ClosedEarly,
        Strength::Strong,
        500,
        "the connection ended in the middle of the response's header",
        r"\bunexpected EOF$",
    ),
    wording(
        "traefik-headers-exceeded",
        Cause::HeaderTooBig,
        Strength::Conclusive,
        500,
        "the response headers were too large",
        r"server response headers exceeded \d+ bytes",
    ),
    wording(
        "traefik-malformed-response",
        Cause::InvalidResponse,
        Strength::Conclusive,
        500,
        "the server's answer was malformed",
        r#"malformed HTTP response \\*"[^\\"]|malformed HTTP (?:status|version)|malformed MIME header"#,
    ),
];
static UNRECOGNISED: &Sign = &SIGNS[0];

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&SIGNS).ok());

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    entry(line).map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    entry(line).map(|entry| entry.record())
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    if record.what == What::Notice {
        return Verdict::default();
    }
    let best = |text| MATCHER.as_ref().and_then(|matcher| matcher.best(text));
    let sign = best(record.error_reason).unwrap_or(UNRECOGNISED);
    let request = (record.what != What::State).then_some(sign);
    Verdict { request, attempts: record.attempts.iter().map(|_| Some(sign)).collect(), ..Verdict::default() }
}

/// One line, in whichever layout. Texts are as logged, with Go's or JSON's backslashes.
#[derive(Clone, Copy, Debug, Default)]
struct Entry<'a> {
    when: Option<When>,
    level: &'a [u8],
    message: &'a [u8],
    error: &'a [u8],
    service: &'a [u8],
    target: &'a [u8],
    /// Whether a field shows that the line is Traefik's, whatever its message.
    marked: bool,
}

/// The line, if it is Traefik's.
fn entry(line: &[u8]) -> Option<Entry<'_>> {
    let entry = match line.first()? {
        b'{' => json(line),
        b't' => logrus(line),
        b'0'..=b'9' | 0x1B => console(line),
        _ => None,
    }?;
    let known = entry.marked || entry.failure().is_some() || entry.is_about_health() || entry.is_about_itself();
    known.then_some(entry)
}

impl<'a> Entry<'a> {
    fn record(&self) -> Record<'a> {
        let failure = self.failure();
        let mut record = Record {
            what: What::Notice,
            when: self.when,
            level: self.level,
            message: self.message,
            error_reason: failure.map_or(self.error, |(_, error)| error),
            escape: Escape::Json,
            ..Record::default()
        };
        match failure {
            // The client left.
            Some((499, _)) => record.status = Some(499),
            Some((code, error)) => {
                record.what = What::Attempt;
                record.status = Some(code);
                record.upstream = go::peer(error);
            }
            None if self.is_about_health() => {
                record.what = What::State;
                record.error_reason = if self.error.is_empty() { self.message } else { self.error };
                record.upstream = self.target();
            }
            None if self.message.starts_with(b"the service ") => {
                record.what = What::State;
                record.error_reason = self.message;
            }
            None => {}
        }
        if record.what != What::Notice {
            record.group = self.group();
            record.names_upstream = !record.upstream.is_empty();
            record.attempts.push(Attempt { upstream: record.upstream, ..Attempt::default() });
        }
        record
    }

    /// The status of a failed request, and why it failed: `502 Bad Gateway` beside an error, or
    /// `'502 Bad Gateway' caused by: dial tcp …`.
    fn failure(&self) -> Option<(u16, &'a [u8])> {
        let is_new = !self.error.is_empty();
        // Version 3.0 has both the quotes and the field.
        let rest = match self.message.strip_prefix(b"'") {
            Some(rest) => rest,
            None if is_new => self.message,
            None => return None,
        };
        let (code, words) = (whole(rest.get(..3)?, status)?, rest.get(3..)?.strip_prefix(b" ")?);
        let is_known = WORDS.iter().any(|(known, text)| *known == code && words.starts_with(text));
        let error = if is_new { self.error } else { after(words, b"' caused by: ")? };
        is_known.then_some((code, error))
    }

    /// Whether a health check failed.
    fn is_about_health(&self) -> bool {
        static STARTS: Starts<2> = Starts::new(&[b"Health check failed", b"Health check still failing"]);
        STARTS.behind(self.message).is_some()
    }

    /// Whether it tells of its start or its configuration, in words that nobody else's messages begin with.
    fn is_about_itself(&self) -> bool {
        static STARTS: Starts<5> = Starts::new(&[
            b"Traefik version ",
            b"Starting provider ",
            b"Configuration received from provider ",
            b"Skipping same configuration for provider ",
            b"Server configuration reloaded on ",
        ]);
        STARTS.behind(self.message).is_some()
    }

    /// The server that a health check was for.
    fn target(&self) -> &'a [u8] {
        let quoted = || after(self.message, b"URL: ").map(unquoted);
        let url = if self.target.is_empty() { quoted().unwrap_or_default() } else { self.target };
        if url.is_empty() { go::peer(self.error) } else { server(url) }
    }

    fn group(&self) -> &'a [u8] {
        let quoted = || after(self.message, b"Backend: ").map(unquoted);
        if self.service.is_empty() { quoted().unwrap_or_default() } else { self.service }
    }

    /// Takes one field.
    fn field(&mut self, name: &[u8], text: &'a [u8]) {
        match name {
            b"error" => self.error = text,
            b"serviceName" => self.service = text,
            b"targetURL" => self.target = text,
            b"entryPointName" | b"routerName" | b"middlewareName" | b"middlewareType" | b"providerName" => {
                self.marked = true;
            }
            b"caller" => self.marked |= place_of(text, b"traefik").is_some(),
            _ => {}
        }
    }
}

/// What Traefik's error handler says.
const WORDS: [(u16, &[u8]); 4] = [
    (502, b"Bad Gateway"),
    (504, b"Gateway Timeout"),
    (500, b"Internal Server Error"),
    (499, b"Client Closed Request"),
];

/// What stands between escaped quotes: `http://10.0.0.5:80` of `\"http://10.0.0.5:80\" Weight: 1`.
fn unquoted(text: &[u8]) -> &[u8] {
    let inside = text.strip_prefix(b"\\\"").or_else(|| text.strip_prefix(b"\"")).unwrap_or(text);
    &inside[..find2(b'\\', b'"', inside).unwrap_or(inside.len())]
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"time\""]);

/// `{"level":"debug","error":"…","time":"…","message":"502 Bad Gateway"}`; `msg` in version 1 and 2.
fn json(line: &[u8]) -> Option<Entry<'_>> {
    if !MARKS.are_in(line) {
        return None;
    }
    let mut entry = Entry::default();
    let (rest, ()) = object_while(line, |name, value| {
        match name {
            b"level" => entry.level = value.text(),
            b"time" => entry.when = whole(value.text(), iso),
            b"message" | b"msg" => entry.message = value.text(),
            // Traefik's access log, and Caddy's own.
            b"DownstreamStatus" | b"OriginStatus" | b"logger" | b"ts" => return false,
            _ => entry.field(name, value.text()),
        }
        true
    })
    .ok()?;
    let is_whole = !entry.level.is_empty() && entry.when.is_some() && rest.trim_ascii().is_empty();
    is_whole.then_some(entry)
}

/// `time="2026-11-21T02:57:46Z" level=debug msg="…" routerName=…`
fn logrus(line: &[u8]) -> Option<Entry<'_>> {
    let go::Logrus { when, level, message, rest } = go::logrus(line)?;
    let mut entry = Entry { when: Some(when), level, message, ..Entry::default() };
    fields(rest, &mut entry);
    Some(entry)
}

/// `2026-11-21T02:57:46Z DBG file.go:117 > 502 Bad Gateway error="…"`, perhaps in colours.
fn console(line: &[u8]) -> Option<Entry<'_>> {
    let (rest, when) = iso(go::colourless(line)).ok()?;
    let rest = go::colourless(go::colourless(rest).strip_prefix(b" ")?);
    let (level, rest) = rest.split_at_checked(3)?;
    if !matches!(level, b"TRC" | b"DBG" | b"INF" | b"WRN" | b"ERR" | b"FTL" | b"PNC") {
        return None;
    }
    let mut entry = Entry { when: Some(when), level, ..Entry::default() };
    let mut rest = go::colourless(go::colourless(rest).strip_prefix(b" ")?);
    if let Some((caller, message)) = caller(rest) {
        entry.field(b"caller", caller);
        rest = message;
    }
    let end = first_field(rest);
    let message = &rest[..end];
    entry.message = message[..find(0x1B, message).unwrap_or(end)].trim_ascii_end();
    fields(&rest[end..], &mut entry);
    Some(entry)
}

/// `file.go:117 > `, and what follows it.
fn caller(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let (caller, rest) = i.split_at(find(b' ', i)?);
    let rest = rest.strip_prefix(b" >")?;
    place_of(caller, b".go:").map(|_| (caller, go::colourless(go::colourless(rest).trim_ascii_start())))
}

/// Where the fields begin: ` error=`, or where the line ends.
fn first_field(i: &[u8]) -> usize {
    let mut at = 0;
    while let Some(space) = find(b' ', &i[at..]) {
        at += space;
        if field_name(&i[at + 1..]).is_some() {
            return at;
        }
        at += 1;
    }
    i.len()
}

/// The name of `error="…"`, and what follows its sign.
fn field_name(i: &[u8]) -> Option<(&[u8], &[u8])> {
    const IN_NAME: [bool; 256] = among(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");
    let i = go::colourless(i);
    let (name, rest) = i.split_at(find2(b'=', b' ', i)?);
    let rest = rest.strip_prefix(b"=")?;
    let is_name = !name.is_empty() && name.iter().all(|byte| IN_NAME[usize::from(*byte)]);
    is_name.then(|| (name, go::colourless(go::colourless(go::colourless(rest)))))
}

/// ` error="…" serviceName=checkout@docker`
fn fields<'a>(mut i: &'a [u8], entry: &mut Entry<'a>) {
    while let Some((name, rest)) = field_name(i.trim_ascii_start()) {
        let (value, rest) = go::value(rest);
        entry.field(name, value);
        i = go::colourless(go::colourless(rest));
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, kinds, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        agrees(Format::TraefikError, line.as_bytes());
        told(read(line.as_bytes()))
    }

    #[test]
    fn reads_each_layout() {
        let refused = "what=Attempt status=502 upstream=10.0.0.5:80 level=LEVEL message=MESSAGE names=upstream attempts=[10.0.0.5:80 - -/-/-]";
        let expected = |level: &str, message: &str| refused.replace("LEVEL", level).replace("MESSAGE", message);
        let error = "dial tcp 10.0.0.5:80: connect: connection refused";
        let cases = [
            (format!("2026-11-21T02:57:46Z DBG 502 Bad Gateway error=\"{error}\""), expected("DBG", "502 Bad Gateway")),
            (
                format!(
                    "2026-11-21T02:57:46Z DBG github.com/traefik/traefik/v3/pkg/proxy/httputil/proxy.go:117 > 502 Bad Gateway error=\"{error}\""
                ),
                expected("DBG", "502 Bad Gateway"),
            ),
            (
                format!(
                    "\x1B[90m2026-11-21T02:57:46Z\x1B[0m \x1B[33mDBG\x1B[0m \x1B[1mproxy.go:117\x1B[0m\x1B[36m >\x1B[0m \
                     \x1B[1m502 Bad Gateway\x1B[0m \x1B[36merror=\x1B[0m\x1B[31m\x1B[1m\"{error}\"\x1B[0m\x1B[0m"
                ),
                expected("DBG", "502 Bad Gateway"),
            ),
            // Version 3.0
            (
                format!("2026-11-21T02:57:46Z DBG '502 Bad Gateway' caused by error=\"{error}\""),
                expected("DBG", "'502 Bad Gateway' caused by"),
            ),
            (
                format!("time=\"2026-11-21T02:57:46Z\" level=debug msg=\"'502 Bad Gateway' caused by: {error}\""),
                expected("debug", &format!("'502 Bad Gateway' caused by: {error}")),
            ),
            (
                format!(
                    r#"{{"level":"debug","error":"{error}","time":"2026-11-21T02:57:46Z","message":"502 Bad Gateway"}}"#
                ),
                expected("debug", "502 Bad Gateway"),
            ),
            (
                format!(
                    r#"{{"level":"debug","msg":"'502 Bad Gateway' caused by: {error}","time":"2026-11-21T02:57:46Z"}}"#
                ),
                expected("debug", &format!("'502 Bad Gateway' caused by: {error}")),
            ),
            // Cut off.
            (format!("2026-11-21T02:57:46Z DBG 502 Bad Gateway error=\"{error}"), expected("DBG", "502 Bad Gateway")),
        ];
        for (line, expected) in cases {
            assert_eq!(said(&line), expected, "{line}");
            // 2026-11-21T02:57:46Z is 1795229866.
            let record = only(Format::TraefikError, &line).unwrap_or_default();
            assert_eq!(record.when.map(|when| when.wall), Some(1_795_229_866_000_000), "{line}");
            assert_eq!(record.error_reason, error.as_bytes(), "{line}");
            assert_eq!(kinds(Format::TraefikError, &line).0, Some("text-dial-refused"), "{line}");
        }
    }

    /// Go's errors, and the causes that they show.
    #[test]
    fn knows_gos_words() {
        let cases = [
            (
                "502 Bad Gateway",
                "dial tcp 10.0.0.5:80: connect: connection refused",
                Cause::ConnectionRefused,
                "10.0.0.5:80",
            ),
            (
                "502 Bad Gateway",
                "dial tcp [2001:db8::5]:80: connect: no route to host",
                Cause::HostUnreachable,
                "[2001:db8::5]:80",
            ),
            (
                "502 Bad Gateway",
                "dial tcp 10.0.0.5:80: connect: network is unreachable",
                Cause::HostUnreachable,
                "10.0.0.5:80",
            ),
            ("504 Gateway Timeout", "dial tcp 10.0.0.5:80: i/o timeout", Cause::ConnectTimeout, "10.0.0.5:80"),
            (
                "502 Bad Gateway",
                "dial tcp 10.0.0.5:80: connect: cannot assign requested address",
                Cause::ProxyExhausted,
                "10.0.0.5:80",
            ),
            (
                "502 Bad Gateway",
                "dial tcp 10.0.0.5:80: socket: too many open files",
                Cause::ProxyExhausted,
                "10.0.0.5:80",
            ),
            ("502 Bad Gateway", "dial tcp: lookup app on 10.0.0.10:53: no such host", Cause::DnsFailure, ""),
            ("502 Bad Gateway", "dial tcp: lookup app on 10.0.0.10:53: server misbehaving", Cause::DnsFailure, ""),
            (
                "504 Gateway Timeout",
                "dial tcp: lookup app on 10.0.0.10:53: read udp 10.0.0.2:4->10.0.0.10:53: i/o timeout",
                Cause::DnsFailure,
                "",
            ),
            ("502 Bad Gateway", "EOF", Cause::ClosedEarly, ""),
            ("500 Internal Server Error", "unexpected EOF", Cause::ClosedEarly, ""),
            (
                "502 Bad Gateway",
                "read tcp 10.0.0.2:4->10.0.0.5:80: read: connection reset by peer",
                Cause::ConnectionReset,
                "10.0.0.5:80",
            ),
            // As JSON of logrus's has it.
            (
                "502 Bad Gateway",
                r"read tcp 10.0.0.2:4-\u003e10.0.0.5:80: read: connection reset by peer",
                Cause::ConnectionReset,
                "10.0.0.5:80",
            ),
            (
                "502 Bad Gateway",
                "write tcp 10.0.0.2:4->10.0.0.5:80: write: broken pipe",
                Cause::ClosedEarly,
                "10.0.0.5:80",
            ),
            (
                "502 Bad Gateway",
                "acquire connection: create conn: dial tcp 10.0.0.5:80: connect: connection refused",
                Cause::ConnectionRefused,
                "10.0.0.5:80",
            ),
            ("500 Internal Server Error", "http: server closed idle connection", Cause::KeepaliveRace, ""),
            ("504 Gateway Timeout", "net/http: timeout awaiting response headers", Cause::ResponseTimeout, ""),
            ("504 Gateway Timeout", "context deadline exceeded", Cause::ResponseTimeout, ""),
            ("504 Gateway Timeout", "net/http: TLS handshake timeout", Cause::TlsHandshake, ""),
            (
                "500 Internal Server Error",
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                Cause::TlsCertificate,
                "",
            ),
            (
                "500 Internal Server Error",
                "x509: certificate has expired or is not yet valid: current time 2026-11-21T02:57:46Z is after 2026-11-20T00:00:00Z",
                Cause::TlsCertificate,
                "",
            ),
            ("502 Bad Gateway", "remote error: tls: handshake failure", Cause::TlsHandshake, ""),
            ("502 Bad Gateway", "tls: handshake failure", Cause::TlsHandshake, ""),
            (
                "502 Bad Gateway",
                "dial tcp 10.0.0.5:80: connect: network is down",
                Cause::HostUnreachable,
                "10.0.0.5:80",
            ),
            ("502 Bad Gateway", "http2: client connection lost", Cause::HostUnreachable, ""),
            (
                "500 Internal Server Error",
                "tls: first record does not look like a TLS handshake",
                Cause::ProtocolMismatch,
                "",
            ),
            (
                "500 Internal Server Error",
                r#"net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x15\\x03\\x01\\x00\""#,
                Cause::ProtocolMismatch,
                "",
            ),
            (
                "500 Internal Server Error",
                r#"net/http: HTTP/1.x transport connection broken: malformed HTTP response \"hello\""#,
                Cause::InvalidResponse,
                "",
            ),
            (
                "500 Internal Server Error",
                "net/http: server response headers exceeded 1048576 bytes; aborted",
                Cause::HeaderTooBig,
                "",
            ),
        ];
        for (message, error, cause, upstream) in cases {
            let line = format!("2026-11-21T02:57:46Z DBG {message} error=\"{error}\"");
            let record = only(Format::TraefikError, &line).unwrap_or_default();
            assert_eq!(record.upstream, upstream.as_bytes(), "{line}");
            let sign = judge(&record, &Statuses::gateway()).request;
            assert_eq!(sign.map(|sign| sign.cause), Some(cause), "{line}");
            assert_eq!(sign.map(|sign| sign.status == 500), Some(message.starts_with("500")), "{line}");
        }
        let line = "2026-11-21T02:57:46Z DBG 502 Bad Gateway error=\"something new\"";
        assert_eq!(
            kinds(Format::TraefikError, line),
            (Some("traefik-unrecognised"), vec![Some("traefik-unrecognised")])
        );
    }

    /// What is evidence, and what is not even that.
    #[test]
    fn tells_of_states() {
        let failed = "what=State group=web@docker upstream=10.0.0.5:80 level=LEVEL message=Health check failed. names=upstream attempts=[10.0.0.5:80 - -/-/-]";
        let cases = [
            (
                r#"2026-11-21T02:57:46Z WRN Health check failed. error="HTTP request failed: Get \"http://10.0.0.5:80/up\": dial tcp 10.0.0.5:80: connect: connection refused" serviceName=web@docker targetURL=http://10.0.0.5:80"#,
                failed.replace("LEVEL", "WRN"),
                Some("text-dial-refused"),
            ),
            (
                r#"{"level":"warn","serviceName":"web@docker","targetURL":"http://10.0.0.5:80","error":"received error status code: 503 status: Service Unavailable","time":"2026-11-21T02:57:46Z","message":"Health check failed."}"#,
                failed.replace("LEVEL", "warn"),
                Some("traefik-health-status"),
            ),
            (
                r#"time="2026-11-21T02:57:46Z" level=warning msg="Health check failed, removing from server list. Backend: \"web@docker\" URL: \"http://10.0.0.5:80\" Weight: 1 Reason: HTTP request failed: Get \"http://10.0.0.5:80/up\": EOF""#,
                failed.replace("LEVEL", "warning").replace(
                    "failed. ",
                    r#"failed, removing from server list. Backend: \"web@docker\" URL: \"http://10.0.0.5:80\" Weight: 1 Reason: HTTP request failed: Get \"http://10.0.0.5:80/up\": EOF "#,
                ),
                Some("text-eof"),
            ),
            (
                r#"time="2026-11-21T02:57:46Z" level=error msg="the service \"web@file\" does not exist" entryPointName=web routerName=web@file"#,
                r#"what=State level=error message=the service \"web@file\" does not exist attempts=[ - -/-/-]"#.to_owned(),
                Some("traefik-service-missing"),
            ),
            (
                r#"2026-11-21T02:57:46Z DBG 499 Client Closed Request error="context canceled""#,
                "what=Notice status=499 level=DBG message=499 Client Closed Request".to_owned(),
                None,
            ),
            (
                "2026-11-21T02:57:46Z INF Starting provider *file.Provider providerName=file",
                "what=Notice level=INF message=Starting provider *file.Provider".to_owned(),
                None,
            ),
            // Version 1 names no provider in a field.
            (
                r#"time="2026-11-21T02:57:46Z" level=info msg="Skipping same configuration for provider file""#,
                "what=Notice level=info message=Skipping same configuration for provider file".to_owned(),
                None,
            ),
        ];
        for (line, expected, kind) in cases {
            assert_eq!(said(line), expected, "{line}");
            let (request, attempts) = kinds(Format::TraefikError, line);
            assert_eq!((request, attempts.first().copied().flatten()), (None, kind), "{line}");
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "",
            r#"time="2026-11-21T02:57:46Z" level=error msg="dial tcp 10.0.0.5:80: connect: connection refused""#,
            r#"time="2026-11-21T02:57:46Z" level=info msg="API listen on /run/docker.sock""#,
            r#"2026-11-21T02:57:46Z ERR error="dial tcp 127.0.0.1:80: connect: connection refused" connIndex=0 event=1 ingressRule=0"#,
            "2026-11-21T02:57:46Z INF Registered tunnel connection connIndex=0",
            r#"{"level":"error","ts":1795229866.1,"logger":"http.log.error","msg":"dial tcp 10.0.0.5:80: connect: connection refused","status":502}"#,
            r#"{"level":"info","time":"2026-11-21T02:57:46Z","message":"hello"}"#,
            r#"{"level":"info","time":"2026-11-21T02:57:46Z","message":"502 Bad Gateway"}"#,
            r#"{"level":"info","time":"2026-11-21T02:57:46Z","entryPointName":"web","DownstreamStatus":502}"#,
            "2026-11-21T02:57:46Z web1 app: 502 Bad Gateway",
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::TraefikError)) {
            agrees(Format::TraefikError, &line);
        }
    }
}
