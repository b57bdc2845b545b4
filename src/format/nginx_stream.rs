//! nginx's access log of TCP and UDP sessions (`stream`), which has no layout of its own: in ingress-nginx's, and in that
//! of nginx's documentation, which names upstreams.
//!
//! A session's status is 502 where no server could be connected to (ngx_stream_core_module, `$status`).

use super::{
    About, Escape, Record, Skimmed, Statuses, Verdict,
    nginx::{self, Var, Vars},
};
use crate::{
    cause::Proxy,
    grammar::{
        Parsed,
        text::{bracketed, byte, next_word, quoted, word},
        time::{When, clf},
    },
};
use nom::{
    Parser as _,
    branch::alt,
    bytes::complete::tag,
    combinator::{consumed, verify},
    sequence::{preceded, terminated},
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
    signs: &[&nginx::SIGNS],
};

/// What stands quoted behind a session, in the documentation's order.
const QUOTED: [Var; 4] = [Var::UpstreamAddr, Var::Ignored, Var::Ignored, Var::ConnectTime];

fn vars(i: &[u8]) -> Option<Vars<'_>> {
    let (mut rest, session) = session(i.trim_ascii_end()).ok()?;
    let mut vars = Vars::new(Escape::Hex);
    vars.set_time(session.stamp, session.when);
    for (var, value) in session.values {
        vars.set(var, value);
    }
    let mut behind = QUOTED.into_iter();
    while !rest.is_empty() {
        let (after, value) = preceded(byte(b' '), quoted).parse(rest).ok()?;
        if let Some(var) = behind.next() {
            vars.set(var, value);
        }
        rest = after;
    }
    Some(vars)
}

/// What every line begins with.
struct Session<'a> {
    stamp: &'a [u8],
    when: When,
    values: [(Var, &'a [u8]); 4],
}

/// `203.0.113.9 [28/Sep/2026:12:00:00 +0600] TCP 200 5 2 0.001`, the address in brackets or not.
fn session(i: &[u8]) -> Parsed<'_, Session<'_>> {
    let address = verify(alt((bracketed, word)), |text: &[u8]| !text.contains(&b'"'));
    let (i, client) = terminated(address, tag(&b" ["[..])).parse(i)?;
    let (i, (stamp, when)) = terminated(consumed(clf), tag(&b"] "[..])).parse(i)?;
    let (i, _protocol) = terminated(alt((tag(&b"TCP"[..]), tag(&b"UDP"[..]))), byte(b' ')).parse(i)?;
    let (i, (status, sent, _received, time)) = (word, next_word, next_word, next_word).parse(i)?;
    let values = [(Var::RemoteAddr, client), (Var::Status, status), (Var::Bytes, sent), (Var::RequestTime, time)];
    Ok((i, Session { stamp, when, values }))
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    vars(i)?.skim()
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    vars(i)?.record()
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    nginx::judge(record, statuses)
}
