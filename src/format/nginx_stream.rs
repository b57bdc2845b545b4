//! nginx's access log of TCP and UDP sessions (`stream`), which has no layout of its own: in ingress-nginx's, and in
//! that of nginx's documentation, which names upstreams.
//!
//! A session's status is not HTTP's. It is 502 where no server could be selected or reached, a connect timeout
//! included, 503 where a limit of connections refused the client, and 500 where a name did not resolve. There is no
//! 504, and a session that broke off once it was connected has 200 (ngx_stream_core_module, `$status`;
//! `src/stream/ngx_stream_proxy_module.c`).

use super::{
    About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict,
    nginx::{Var, Vars},
    record::{sign, table},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{
        address::is_server,
        find::find,
        number::{Micros, seconds, status, whole},
        text::{bracketed, next_word, present, quoted, word},
        time::{When, clf},
    },
};

pub(super) static ABOUT: About = About {
    name: "nginx-stream",
    proxy: Proxy::NGINX,
    title: "nginx access log of TCP and UDP sessions, as ingress-nginx or with upstream variables",
    layout: "$remote_addr [$time_local] $protocol $status $bytes_sent $bytes_received $session_time \"$upstream_addr\" \
        \"$upstream_bytes_sent\" \"$upstream_bytes_received\" \"$upstream_connect_time\"",
    time: "when the session ended",
    source: "nginx, ngx_stream_log_module and ngx_stream_core_module; ingress-nginx, docs/user-guide/nginx-configuration/log-format.md",
    samples: &[
        "[203.0.113.9] [27/Nov/2026:08:58:01 +0000] TCP 200 5 2 0.001",
        r#"203.0.113.9 [27/Nov/2026:08:58:01 +0000] TCP 502 0 0 0.000 "127.0.0.1:7299, 127.0.0.1:7298" "0, 0" "0, 0" "-, -""#,
        r#"203.0.113.9 [27/Nov/2026:08:58:01 +0000] TCP 502 0 0 0.000 "two" "0" "0" "-""#,
    ],
    signs: &[&SIGNS],
};

table! {
    /// What a session's status is a sign of, and a server that nginx went on from.
    SIGNS:
    NO_LIVE = sign("stream-group-without-server", Cause::NoLiveUpstream, Strength::Conclusive, 502,
        "nginx wrote the group's name for an address: no server of it could be tried");
    REFUSED = sign("stream-not-connected-at-once", Cause::ConnectionRefused, Strength::Strong, 502,
        "no connection to the server was made, and nginx knew it at once");
    REFUSED_LIKELY = sign("stream-not-connected", Cause::ConnectionRefused, Strength::Weak, 502,
        "no connection to the server was made");
    SOCKET = sign("stream-socket-not-connected", Cause::SocketMissing, Strength::Weak, 502,
        "no connection to the unix socket was made: it is missing, stale or forbidden, or its queue is full");
    UNREACHABLE = sign("stream-not-connected-after-three-seconds", Cause::HostUnreachable, Strength::Weak, 502,
        "the connection failed after three seconds, as it does where no host answers to the address");
    CONNECT_TIMEOUT = sign("stream-not-connected-in-time", Cause::ConnectTimeout, Strength::Strong, 502,
        "no connection was made, nor a TLS handshake, within nginx's time limit or the kernel's");
    NOT_REACHED = sign("stream-no-server-reached", Cause::ConnectionRefused, Strength::Weak, 502,
        "no server could be selected or reached, and nginx knew it at once");
    LIMITED = sign("stream-limited", Cause::Blocked, Strength::Strong, 503,
        "nginx refused the client, as it does where the number of connections is limited");
    UNRESOLVED = sign("stream-unresolved", Cause::DnsFailure, Strength::Weak, 500,
        "nginx tried no server: its name did not resolve, or names no port");
}

/// What is over sooner had not to wait for anything.
const AT_ONCE: Micros = 5_000;

/// No time limit is shorter than this, as a rule.
const A_WHILE: Micros = 1_000_000;

/// Three requests for the hardware address, a second apart.
const NO_NEIGHBOUR: std::ops::RangeInclusive<Micros> = 3_030_000..=3_200_000;

/// A session, as its line says.
struct Session<'a> {
    stamp: &'a [u8],
    when: When,
    client: &'a [u8],
    status: &'a [u8],
    sent: &'a [u8],
    time: &'a [u8],
    /// Quoted behind those, the servers' addresses and the times until connected, where the layout has them.
    upstream: Option<&'a [u8]>,
    connect: Option<&'a [u8]>,
}

impl<'a> Session<'a> {
    /// `203.0.113.9 [28/Sep/2026:12:00:00 +0600] TCP 200 5 2 0.001`, the address in brackets or not, and what is quoted
    /// behind it, in the documentation's order.
    fn of(i: &'a [u8]) -> Option<Self> {
        let i = i.trim_ascii_end();
        let (i, client) = bracketed(i).or_else(|_| word(i)).ok()?;
        let i = i.strip_prefix(b" [")?;
        let (rest, when) = clf(i).ok()?;
        let stamp = &i[..i.len() - rest.len()];
        let i = rest.strip_prefix(b"] TCP ").or_else(|| rest.strip_prefix(b"] UDP "))?;
        if find(b'"', client).is_some() {
            return None;
        }
        let (i, status) = word(i).ok()?;
        let (i, sent) = next_word(i).ok()?;
        let (i, _received) = next_word(i).ok()?;
        let (mut i, time) = next_word(i).ok()?;
        let mut session = Session { stamp, when, client, status, sent, time, upstream: None, connect: None };
        for place in 0.. {
            if i.is_empty() {
                break;
            }
            let (rest, value) = quoted(i.strip_prefix(b" ")?).ok()?;
            match place {
                0 => session.upstream = Some(value),
                3 => session.connect = Some(value),
                _ => {}
            }
            i = rest;
        }
        Some(session)
    }

    fn vars(&self) -> Vars<'a> {
        let mut vars = Vars::new(Escape::Hex);
        vars.set_time(self.stamp, self.when);
        let values = [
            (Var::RemoteAddr, Some(self.client)),
            (Var::Status, Some(self.status)),
            (Var::Bytes, Some(self.sent)),
            (Var::RequestTime, Some(self.time)),
            (Var::UpstreamAddr, self.upstream),
            (Var::ConnectTime, self.connect),
        ];
        let known = values.into_iter().filter_map(|(var, value)| Some((var, value?)));
        known.for_each(|(var, value)| vars.set(var, value));
        vars
    }

    /// What nearly all sessions are: those with one server, several or none, or of a layout that does not name them.
    fn ordinary(&self) -> Option<Skimmed<'a>> {
        let (status, duration) = (whole(self.status, status)?, whole(self.time, seconds)?);
        let is_list = |value: Option<&[u8]>| value.is_some_and(|value| find(b' ', value).is_some());
        if is_list(self.upstream) || is_list(self.connect) {
            return Some(Skimmed::Full);
        }
        let upstream = present(self.upstream.unwrap_or_default());
        let attempted = !upstream.is_empty();
        // The name of a group takes a longer look.
        (!attempted || is_server(upstream)).then_some(Skimmed::Plain(Skim {
            when: Some(self.when),
            status,
            group: b"",
            upstream,
            names_upstream: self.upstream.is_some(),
            attempted,
            duration: Some(duration),
        }))
    }
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    let session = Session::of(i)?;
    session.ordinary().or_else(|| session.vars().skim())
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    Session::of(i)?.vars().record()
}

/// nginx goes on to another server where it could not connect to one, and for no other reason.
pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.filter(|status| statuses.contains(*status));
    let last = record.attempts.len().saturating_sub(1);
    let sign = |(number, attempt): (usize, &Attempt<'_>)| {
        let lost = number < last || failed == Some(502) && attempt.connect.is_none();
        lost.then(|| not_connected(record, attempt, failed.and(record.duration)))
    };
    let attempts: Vec<Option<&'static Sign>> = record.attempts.iter().enumerate().map(sign).collect();
    let request = failed.and_then(|status| match attempts.last() {
        Some(sign) => *sign,
        None => without_attempt(record, status),
    });
    Verdict { request, attempts: attempts.into_iter().collect(), ..Verdict::default() }
}

/// A server that was not connected to, within at most `time`: a session that was answered says nothing of it.
fn not_connected(record: &Record<'_>, attempt: &Attempt<'_>, time: Option<Micros>) -> &'static Sign {
    match time {
        _ if attempt.upstream.starts_with(b"unix:") => SOCKET,
        // A layout without connect times.
        _ if !record.names_connect => REFUSED_LIKELY,
        Some(..=AT_ONCE) => REFUSED,
        Some(time) if NO_NEIGHBOUR.contains(&time) => UNREACHABLE,
        Some(A_WHILE..) => CONNECT_TIMEOUT,
        _ => REFUSED_LIKELY,
    }
}

/// A session that reached no server, or whose layout does not name it.
fn without_attempt(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    let time = record.duration.unwrap_or_default();
    match status {
        _ if record.no_server => Some(NO_LIVE),
        502 if !record.names_upstream && time >= A_WHILE => Some(CONNECT_TIMEOUT),
        502 if !record.names_upstream => Some(NOT_REACHED),
        503 => Some(LIMITED),
        500 if record.names_upstream => Some(UNRESOLVED),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, only};
    use super::*;

    /// The signs of a session and of its attempts, where 500 is a failure too.
    fn signs(session: &str) -> (&'static str, Vec<&'static str>) {
        let line = format!("203.0.113.9 [27/Nov/2026:08:58:01 +0000] TCP {session}");
        agrees(Format::NginxStream, line.as_bytes());
        let mut statuses = Statuses::gateway();
        statuses.insert(500);
        let verdict = only(Format::NginxStream, &line).map(|record| judge(&record, &statuses)).unwrap_or_default();
        let kind = |sign: Option<&'static Sign>| sign.map_or("-", |sign| sign.kind);
        (kind(verdict.request), verdict.attempts.iter().map(|sign| kind(*sign)).collect())
    }

    #[test]
    fn names_signs() {
        let cases = [
            (r#"502 0 0 0.000 "a:1" "0" "0" "-""#, "stream-not-connected-at-once", 1),
            (r#"502 0 0 0.000 "a:1, b:1" "0, 0" "0, 0" "-, -""#, "stream-not-connected-at-once", 2),
            (r#"502 0 0 0.030 "a:1" "0" "0" "-""#, "stream-not-connected", 1),
            (r#"502 0 0 2.002 "a:1" "0" "0" "-""#, "stream-not-connected-in-time", 1),
            (r#"502 0 0 60.060 "a:1" "0" "0" "-""#, "stream-not-connected-in-time", 1),
            (r#"502 0 0 3.064 "a:1" "0" "0" "-""#, "stream-not-connected-after-three-seconds", 1),
            (r#"502 0 0 3.003 "a:1" "0" "0" "-""#, "stream-not-connected-in-time", 1),
            (r#"502 0 0 0.000 "unix:/s" "0" "0" "-""#, "stream-socket-not-connected", 1),
            (r#"502 0 0 0.000 "a:1""#, "stream-not-connected", 1),
            (r#"502 0 0 0.000 "group" "0" "0" "-""#, "stream-group-without-server", 0),
            ("502 0 0 0.000", "stream-no-server-reached", 0),
            ("502 0 0 60.001", "stream-not-connected-in-time", 0),
            (r#"503 0 0 0.000 "-" "-" "-" "-""#, "stream-limited", 0),
            ("503 0 0 0.000", "stream-limited", 0),
            (r#"500 0 0 1.002 "-" "-" "-" "-""#, "stream-unresolved", 0),
        ];
        for (session, kind, attempts) in cases {
            assert_eq!(signs(session), (kind, vec![kind; attempts]), "{session}");
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|case| case.1 == sign.kind), "{}", sign.kind);
        }
        for session in [r#"403 0 0 0.000 "-" "-" "-" "-""#, "500 0 0 0.000", "400 0 0 0.000"] {
            assert_eq!(signs(session), ("-", vec![]), "{session}");
        }
        assert_eq!(signs(r#"200 5 2 60.001 "a:1" "2" "5" "0.000""#), ("-", vec!["-"]));
    }

    /// A retry saved the session: the server before it was not connected to all the same.
    #[test]
    fn counts_what_a_retry_saved() {
        let saved = signs(r#"200 5 2 9.001 "a:1, b:1" "0, 2" "0, 5" "-, 0.000""#);
        assert_eq!(saved, ("-", vec!["stream-not-connected", "-"]));
    }
}
