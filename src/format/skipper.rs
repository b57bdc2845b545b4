//! Skipper's access log, as text and as JSON (`-access-log-json-enabled`): Zalando's router, mostly an ingress controller
//! of Kubernetes.
//!
//! Neither layout names a route or a backend, nor what the backend answered. What gives Skipper's own answers away is
//! the body, which is the status in words and a line's end: `Bad Gateway` has 12 bytes so. Why it answered stands in
//! its application log (`skipper_error.rs`). It tells kinds of errors apart by the status: 502 where no connection came
//! about, 503 where one broke, 504 where a time limit was over, 500 for most of the rest.
//!
//! Source: zalando/skipper `logging/access.go` (the fields; the host since March 2016, the flow id since July 2017, the
//! audit value since May 2018, the user since November 2022), `proxy/proxy.go` (`makeBackendRequest`,
//! `makeErrorResponse`), `dataclients/kubernetes/kube.go` (`shuntRoute`), `filters/scheduler/lifo.go`.

use super::{
    About, Escape, Record, Skim, Skimmed, Statuses, Verdict, clf, cloud, nginx,
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{
        address,
        find::rfind,
        json::{Value, object},
        number::{Micros, seconds, status, uint, whole},
        text::{among, next_word, present},
        time::{When, clf as clf_time, iso},
    },
};
use memchr::memchr_iter;

pub(super) static ABOUT: About = About {
    name: "skipper",
    proxy: Proxy::SKIPPER,
    title: "Skipper's access log, as text and as JSON",
    layout: "CLIENT - USER [TIME] \"REQUEST\" STATUS BYTES \"REFERER\" \"USER-AGENT\" MILLISECONDS HOST FLOW-ID AUDIT\n\
        {\"audit\":…,\"auth-user\":…,\"duration\":MILLISECONDS,\"flow-id\":…,\"host\":CLIENT,…,\"requested-host\":…,…}",
    time: "when the request was received",
    source: "Skipper, logging/access.go, proxy/proxy.go",
    samples: &[
        r#"203.0.113.9 - - [27/Nov/2026:08:00:00 +0000] "GET /cart/0?sku=A-665 HTTP/1.1" 200 2814 "https://shop.example.com/" "curl/8.14.1" 18 shop.example.com 0kR3Wp-aTe5vXq2+ -"#,
        r#"203.0.113.9, 10.0.0.2 - alice [27/Nov/2026:08:00:01 +0000] "POST /api/orders HTTP/2.0" 502 12 "-" "-" 1 shop.example.com - 7f2b1c9e-0d3a-4c55-9b1e-2f6a8d4c7e10"#,
        r#"{"audit":"","auth-user":"","duration":60003,"flow-id":"0kR3Wp-aTe5vXq2+","host":"203.0.113.9","level":"info","method":"GET","msg":"","proto":"HTTP/1.1","referer":"","requested-host":"shop.example.com","response-size":16,"status":504,"timestamp":"27/Nov/2026:08:00:02 +0000","uri":"/report","user-agent":"curl/8.14.1"}"#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What status, length and time of a failed request hint at.
    SIGNS:
    ANSWERED = sign("skipper-backend-answered", Cause::UpstreamError, Strength::Strong, 0,
        "the page is not one that Skipper makes: the backend sent it");
    AT_ONCE = sign("skipper-502-at-once", Cause::ConnectionRefused, Strength::Weak, 502,
        "Skipper knew within a second that it could not connect: mostly a refused connection, or no endpoints");
    LATER = sign("skipper-502-later", Cause::ConnectTimeout, Strength::Weak, 502,
        "Skipper could not connect, and knew it after more than a second");
    BROKEN = sign("skipper-503", Cause::ConnectionReset, Strength::Weak, 503,
        "Skipper answered 503 itself, as it does when a connection breaks or a circuit breaker is open");
    TIMEOUT = sign("skipper-504", Cause::ResponseTimeout, Strength::Strong, 504,
        "Skipper answered 504 itself: a time limit was over, and not that for connecting, which ends in 502");
    REFUSED = sign("skipper-503-empty", Cause::CircuitBreaker, Strength::Weak, 503,
        "an empty 503, as Skipper's limits answer (lifo, fifo, backendRatelimit, admissionControl)");
    QUEUED = sign("skipper-502-empty", Cause::QueueTimeout, Strength::Weak, 502,
        "an empty 502 after a while, as Skipper's queues answer whose time limit is over (lifo, fifo)");
}

/// What stands behind `combined`.
#[derive(Clone, Copy, Debug)]
struct Tail<'a> {
    duration: Option<Micros>,
    /// The host that was asked for.
    host: &'a [u8],
    flow: &'a [u8],
    /// Whom a token was made for (the filter `unverifiedAuditLog`).
    audit: &'a [u8],
}

/// ` 18 shop.example.com 0kR3Wp-aTe5vXq2+ -`. Others append numbers and words, too, so each must be what Skipper has
/// there.
fn tail<'a>(i: &'a [u8], request: &[u8]) -> Option<Tail<'a>> {
    let (rest, millis) = next_word(i).ok()?;
    let millis = whole(millis, uint)?;
    let (rest, host) = next_word(rest).ok()?;
    let (rest, flow) = next_word(rest).ok()?;
    let (rest, audit) = next_word(rest).ok()?;
    let is_told = is_host(host) && is_flow(flow) && is_audit(audit);
    // Where nothing is known of the request.
    let is_untold = [host, flow, audit] == [b"-"; 3] && request == b"- - -";
    let fits = rest.is_empty() && (is_told || is_untold);
    let (host, flow, audit) = (present(host), present(flow), present(audit));
    fits.then_some(Tail { duration: millis.checked_mul(1_000), host, flow, audit })
}

/// A host, rather than a number or a state.
fn is_host(word: &[u8]) -> bool {
    const IN_HOST: [bool; 256] = among(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:[]");
    let is_name = || word.iter().all(|byte| IN_HOST[usize::from(*byte)]) && whole(word, seconds).is_none();
    clf::is_host(word) && is_name()
}

/// A dash, or an id: of eight characters at least, as the filter `flowId` makes them, and neither a number nor a word of
/// nginx's (`EXPIRED`).
fn is_flow(word: &[u8]) -> bool {
    const IN_FLOW: [bool; 256] = among(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+_");
    let is_id = word.iter().all(|byte| IN_FLOW[usize::from(*byte)]) && says_something(word);
    word == b"-" || word.len() >= 8 && is_id
}

/// A dash, or what a token may say of its owner: neither a number, with a unit or without, nor the state of a cache, nor a
/// protocol.
fn is_audit(word: &[u8]) -> bool {
    const IN_AUDIT: [bool; 256] = among(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_/@.#");
    let is_owner = word.iter().all(|byte| IN_AUDIT[usize::from(*byte)]) && says_something(word);
    let is_protocol = [&b"http"[..], b"HTTP/", b"TLSv", b"SSLv"].iter().any(|start| word.starts_with(start));
    let least = if word.first().is_some_and(u8::is_ascii_digit) { 8 } else { 3 };
    word == b"-" || word.len() >= least && is_owner && !is_protocol
}

/// Whether a word is neither a number nor one in capital letters alone.
fn says_something(word: &[u8]) -> bool {
    word.iter().any(u8::is_ascii_alphabetic) && !word.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

/// Whether a line that looks like `combined` is Skipper's, and nobody else's.
pub(super) fn is_skipper(line: &clf::Line<'_>) -> bool {
    own(line).is_some()
}

/// What follows the headers of a line of Skipper's.
fn own<'a>(line: &clf::Line<'a>) -> Option<Tail<'a>> {
    let is_combined = line.agent.is_some() && line.between.is_empty() && line.identity.is_empty() && line.has_zone();
    let is_plain = line.host.is_none() && line.late_host.is_none() && line.status != b"-";
    if is_combined && is_plain { tail(&line.tail[raw_length(line)..], line.request) } else { None }
}

/// How much of what follows the user agent belongs to it: Skipper escapes no quotes, of which the last one ends it.
/// Behind a quoted value of another's layout there are two, or four.
fn raw_length(line: &clf::Line<'_>) -> usize {
    let last = rfind(b'"', line.tail).filter(|_| memchr_iter(b'"', line.tail).count() % 2 == 1);
    last.map_or(0, |quote| quote + 1)
}

/// The user agent, with the quotes inside of it.
fn agent<'a>(i: &'a [u8], line: &clf::Line<'a>) -> &'a [u8] {
    let agent = line.agent.unwrap_or_default();
    let end = i.len() - line.tail.len();
    let whole = || i.get(end.checked_sub(agent.len() + 1)?..end + raw_length(line) - 1);
    present(if raw_length(line) == 0 { agent } else { whole().unwrap_or(agent) })
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    if i.first() == Some(&b'{') {
        return Fields::of(i).map(|fields| fields.skim());
    }
    let line = clf::line(i)?;
    let tail = own(&line)?;
    let Skimmed::Plain(skim) = line.skim() else { return Some(Skimmed::Full) };
    Some(Skimmed::Plain(Skim { duration: tail.duration, ..skim }))
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    if i.first() == Some(&b'{') {
        return Fields::of(i).map(|fields| fields.record());
    }
    let line = clf::line(i)?;
    let tail = own(&line)?;
    Some(Record {
        host: address::host(tail.host),
        duration: tail.duration,
        trace_id: tail.flow,
        identity: tail.audit,
        user_agent: agent(i, &line),
        // Written as they came.
        escape: Escape::None,
        ..line.record()
    })
}

/// The members that count, as they stand in the line; empty where they do not.
#[derive(Clone, Copy, Debug, Default)]
struct Fields<'a> {
    when: Option<When>,
    status: Option<u16>,
    bytes: Option<u64>,
    duration: Option<Micros>,
    client: &'a [u8],
    user: &'a [u8],
    audit: &'a [u8],
    method: &'a [u8],
    path: &'a [u8],
    user_agent: &'a [u8],
    level: &'a [u8],
    /// The host that was asked for. Without it and the flow id, the line is another's.
    host: Option<&'a [u8]>,
    flow: Option<&'a [u8]>,
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"requested-host\""]);

impl<'a> Fields<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        if !MARKS.are_in(line) {
            return None;
        }
        let mut fields = Self::default();
        let (rest, ()) = object(line, |name, value| fields.member(name, value)).ok()?;
        let is_whole = rest.trim_ascii().is_empty() && fields.status.is_some();
        (is_whole && fields.host.is_some() && fields.flow.is_some()).then_some(fields)
    }

    fn member(&mut self, name: &[u8], value: Value<'a>) {
        let text = present(value.text());
        match name {
            b"timestamp" => self.when = whole(text, clf_time).or(self.when),
            // Where somebody turned logrus's own time on.
            b"time" => self.when = self.when.or_else(|| whole(text, iso)),
            b"status" => self.status = whole(text, status),
            b"response-size" => self.bytes = whole(text, uint),
            b"duration" => self.duration = whole(text, uint).and_then(|millis| millis.checked_mul(1_000)),
            b"host" => self.client = text,
            b"auth-user" => self.user = text,
            b"audit" => self.audit = text,
            b"method" => self.method = text,
            b"uri" => self.path = text,
            b"user-agent" => self.user_agent = text,
            b"level" => self.level = text,
            b"requested-host" => self.host = Some(text),
            b"flow-id" => self.flow = Some(text),
            _ => {}
        }
    }

    fn skim(&self) -> Skimmed<'a> {
        let Some(status) = self.status else { return Skimmed::Full };
        let (group, upstream) = (&b""[..], &b""[..]);
        Skimmed::Plain(Skim {
            when: self.when,
            status,
            group,
            upstream,
            names_upstream: false,
            attempted: false,
            duration: self.duration,
        })
    }

    fn record(&self) -> Record<'a> {
        Record {
            when: self.when,
            status: self.status,
            method: self.method,
            host: address::host(self.host.unwrap_or_default()),
            path: self.path,
            bytes: self.bytes,
            duration: self.duration,
            client: nginx::forwarded(self.client),
            user: self.user,
            identity: self.audit,
            user_agent: self.user_agent,
            trace_id: self.flow.unwrap_or_default(),
            level: self.level,
            escape: Escape::Json,
            ..Record::default()
        }
    }
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.filter(|status| statuses.contains(*status));
    Verdict { request: failed.and_then(|status| hint(record, status)), ..Verdict::default() }
}

/// How long the page is that Skipper makes for a status: its words, and a line's end.
fn own_length(status: u16) -> Option<u64> {
    let words = match status {
        500 => "Internal Server Error\n",
        502 => "Bad Gateway\n",
        503 => "Service Unavailable\n",
        504 => "Gateway Timeout\n",
        _ => return None,
    };
    u64::try_from(words.len()).ok()
}

/// What a failed request hints at.
fn hint(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    /// What takes longer waited, for an answer or in a queue.
    const SECOND: Micros = 1_000_000;
    let took = record.duration.unwrap_or_default();
    match (status, record.bytes?) {
        // Where a body is never sent, its length tells nothing.
        _ if record.method == b"HEAD" => None,
        (502, 0) => (took >= SECOND).then_some(QUEUED),
        (503, 0) => Some(REFUSED),
        (_, 0) => None,
        // Others append a number, a host and two dashes, too: an object, an id or an owner is Skipper's beyond doubt.
        (_, length) if own_length(status) != Some(length) => {
            let is_certain =
                record.escape == Escape::Json || !record.trace_id.is_empty() || !record.identity.is_empty();
            is_certain.then_some(ANSWERED)
        }
        (502, _) => Some(if took < SECOND { AT_ONCE } else { LATER }),
        (503, _) => Some(BROKEN),
        (504, _) => Some(TIMEOUT),
        _ => None,
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
        agrees(Format::Skipper, line.as_bytes());
        told(read(line.as_bytes()))
    }

    /// A line with this status, length, and end.
    fn line(went: &str, end: &str) -> String {
        format!(r#"203.0.113.9 - - [27/Nov/2026:08:00:00 +0000] "GET /a HTTP/1.1" {went} "-" "ua" {end}"#)
    }

    /// The same as an object.
    fn object(status: u16, bytes: u64, millis: u64) -> String {
        format!(
            r#"{{"audit":"","duration":{millis},"flow-id":"","host":"203.0.113.9","method":"GET","requested-host":"h","response-size":{bytes},"status":{status},"timestamp":"27/Nov/2026:08:00:00 +0000","uri":"/a"}}"#
        )
    }

    #[test]
    fn reads_what_skipper_writes() {
        let cases = [
            (
                r#"203.0.113.9, 10.0.0.2 - alice [27/Nov/2026:09:00:00 +0100] "GET /a?b=c HTTP/2.0" 200 2814 "https://r/" "ua \x41" 247 shop.example.com:8443 0kR3Wp-aTe5vXq2+ alice@example.com"#,
                r"status=200 method=GET host=shop.example.com path=/a?b=c bytes=2814 duration=0.247 client=203.0.113.9 user=alice agent=ua \x41 trace=0kR3Wp-aTe5vXq2+",
            ),
            (
                r#"::1 - - [27/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 404 10 "-" "-" 0 [::1]:9090 - -"#,
                "status=404 method=GET host=::1 path=/ bytes=10 duration=0.000 client=::1",
            ),
            // Quotes inside of a user agent.
            (
                r#"::1 - - [27/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" ""a" "b" c" 7 localhost - -"#,
                r#"status=200 method=GET host=localhost path=/ bytes=1 duration=0.007 client=::1 agent="a" "b" c"#,
            ),
            (
                r#"{"requested-host":"shop.example.com:8443","flow-id":"0kR3Wp","status":"502","timestamp":"27/Nov/2026:09:00:00 +0100","host":"203.0.113.9:4711, 10.0.0.2","auth-user":"alice","audit":"a\"b","uri":"/a","method":"GET","user-agent":"u\"a","response-size":12,"duration":247,"level":"info","msg":"","extra":{"a":[1]}}"#,
                r#"status=502 method=GET host=shop.example.com path=/a bytes=12 duration=0.247 client=203.0.113.9 user=alice agent=u\"a trace=0kR3Wp level=info"#,
            ),
            (r#"{"flow-id":"","requested-host":"","status":400,"time":"2026-11-27T08:00:00Z"}"#, "status=400"),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
            // 2026-11-27T08:00:00Z is 1795766400, and nine o'clock an hour east of it is the same.
            let when = only(Format::Skipper, line).and_then(|record| record.when);
            let wall = if line.contains("+0100") { 1_795_770_000_000_000 } else { 1_795_766_400_000_000 };
            assert_eq!(when.map(|when| when.wall), Some(wall), "{line}");
        }
        let audit = |line| read(line).unwrap_or_default().identity;
        assert_eq!(audit(cases[0].0.as_bytes()), b"alice@example.com");
        assert_eq!(audit(cases[3].0.as_bytes()), br#"a\"b"#);
    }

    #[test]
    fn names_signs() {
        let cases = [
            (502, 12, 0, Some("skipper-502-at-once")),
            (502, 12, 999, Some("skipper-502-at-once")),
            (502, 12, 1_000, Some("skipper-502-later")),
            (503, 20, 4, Some("skipper-503")),
            (504, 16, 60_003, Some("skipper-504")),
            (502, 157, 4, Some("skipper-backend-answered")),
            (503, 19, 4, Some("skipper-backend-answered")),
            (504, 12, 4, Some("skipper-backend-answered")),
            (503, 0, 0, Some("skipper-503-empty")),
            (502, 0, 3_001, Some("skipper-502-empty")),
            (502, 0, 4, None),
            (504, 0, 4, None),
            (200, 12, 4, None),
            (499, 22, 4, None),
            (500, 22, 4, None),
        ];
        for (status, bytes, millis, kind) in cases {
            let text = |flow| line(&format!("{status} {bytes}"), &format!("{millis} shop.example.com {flow} -"));
            for line in [text("0kR3Wp-aTe5vXq2+"), object(status, bytes, millis)] {
                assert_eq!(kinds(Format::Skipper, &line), (kind, vec![]), "{line}");
            }
            // Without an id, it is not certain whose line it is.
            let kind = kind.filter(|kind| *kind != "skipper-backend-answered");
            assert_eq!(kinds(Format::Skipper, &text("-")), (kind, vec![]), "{status} {bytes}");
        }
        // Nothing is sent, whatever the answer.
        let head = object(503, 0, 4).replace("GET", "HEAD");
        assert_eq!(kinds(Format::Skipper, &head).0, None);
        // Where 500 is a failure, too.
        let mut statuses = Statuses::gateway();
        statuses.insert(500);
        let sign = |bytes| {
            let line = object(500, bytes, 4);
            let verdict = only(Format::Skipper, &line).map(|record| judge(&record, &statuses)).unwrap_or_default();
            verdict.request.map(|sign| sign.kind)
        };
        assert_eq!((sign(22), sign(157)), (None, Some("skipper-backend-answered")));
        for sign in &SIGNS {
            assert!(cases.iter().any(|(.., kind)| *kind == Some(sign.kind)), "{}", sign.kind);
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        let whole = line("502 12", "4 shop.example.com 0kR3Wp-aTe5vXq2+ alice");
        assert!(only(Format::Skipper, &whole).is_some());
        let ends = [
            // Of before May 2018.
            "4",
            "4 shop.example.com",
            "4 shop.example.com 0kR3Wp-aTe5vXq2+",
            "4 shop.example.com - - -",
            "4 shop.example.com - - ",
            "4  shop.example.com - -",
            "4 shop.example.com \"-\" -",
            "0.004 shop.example.com - -",
            "- shop.example.com - -",
            // What nginx may have there: times, servers, statuses, states of its cache, ids.
            "512 0.004 - -",
            "512 10.0.0.5:8080 200 0.004",
            "512 10.0.0.5:8080 0.004 -",
            "512 shop.example.com 0.004 -",
            "512 shop.example.com - 0.004",
            "512 shop.example.com - HIT",
            "512 shop.example.com REVALIDATED -",
            "512 shop.example.com - https",
            "512 shop.example.com - 12ms",
            "512 - - 12ms",
            "512 - - alice",
            "512 shop.example.com - TLSv1.3",
            "512 shop.example.com rt=0.004 -",
            "512 shop.example.com 10.0.0.5:8080 -",
            "512 [shop-web-80] [] - -",
        ];
        for end in ends {
            assert_eq!(said(&line("502 12", end)), "not claimed", "{end}");
        }
        let end = "4 shop.example.com - -";
        for line in [
            line("502 12", end).replace("+0000", ""),
            line("502 12", end).replace(" - - [", " bob alice ["),
            line("- 12", end),
            format!("shop.example.com:443 {}", line("502 12", end)),
            line("502 12", &format!("\"203.0.113.9\" {end}")),
            format!(r#"203.0.113.9 - - [27/Nov/2026:08:00:00 +0000] "GET /a HTTP/1.1" 502 12 {end}"#),
            object(502, 12, 4).replace("requested-host", "hostname"),
            object(502, 12, 4).replace("flow-id", "flow"),
            object(502, 12, 4).replace("\"status\":502", "\"status\":\"ok\""),
            format!("{} trailing", object(502, 12, 4)),
        ] {
            assert_eq!(said(&line), "not claimed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Skipper)) {
            agrees(Format::Skipper, &line);
        }
    }
}
