//! What Envoy says of itself, and Istio's agent beside it: in a container both share a stream with the access log. It
//! tells of configurations and of certificates, not of requests; to know it is to know that nothing was missed.

use super::{About, Escape, Record, Skimmed, Statuses, Verdict, What, cloud};
use crate::cause::Proxy;
use crate::grammar::Parsed;
use crate::grammar::address::split_port;
use crate::grammar::json::object;
use crate::grammar::mismatch;
use crate::grammar::number::{uint, whole};
use crate::grammar::text::{bracketed, one, until};
use crate::grammar::time::{When, iso};
use memchr::{memchr, memmem};

pub(super) static ABOUT: About = About {
    name: "envoy-log",
    proxy: Proxy::ENVOY,
    title: "Envoy's own log, and that of Istio's agent: notices, beside the access log",
    layout: "[YYYY-MM-DD HH:MM:SS.MMM][THREAD][LEVEL][LOGGER] MESSAGE\nYYYY-MM-DDTHH:MM:SS.MICROSZ TAB LEVEL TAB SCOPE TAB MESSAGE\n\
        {\"level\":…,\"time\":…,\"scope\":…,\"msg\":…,…}",
    time: "when it was written",
    source: "Envoy, docs/root/operations/cli.rst (--log-format); Istio, its bootstrap's log_format (before, pkg/envoy/proxy.go) and pkg/log",
    samples: &[
        "[2026-11-21 02:57:40.018][7][warning][config] [source/common/config/grpc_stream.h:163] DeltaAggregatedResources gRPC config stream to xds closed: 14, upstream connect error",
        "2026-11-21T02:57:40.018432Z\twarning\tenvoy config external/envoy/source/common/config/grpc_stream.h:163\tDeltaAggregatedResources gRPC config stream to xds closed: 14\tthread=7",
        "2026-11-21T02:57:40.018432Z\tinfo\tcache\tgenerated new workload certificate\tresourceName=default latency=41ms ttl=23h59m59s",
        r#"{"level":"warning","time":"2026-11-21T02:57:40.018432Z","scope":"envoy config","msg":"DeltaAggregatedResources gRPC config stream to xds closed: 14","caller":"external/envoy/source/common/config/grpc_stream.h:163","thread":"7"}"#,
    ],
    signs: &[],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    entry(line).map(|_| Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (when, level, message) = entry(line)?;
    let escape = if line.starts_with(b"{") { Escape::Json } else { Escape::default() };
    Some(Record { what: What::Notice, when: Some(when), level, message, escape, ..Record::default() })
}

/// Nothing here speaks of requests.
pub(super) fn judge(_record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    Verdict::default()
}

/// The time, the level and the message.
type Entry<'a> = (When, &'a [u8], &'a [u8]);

fn entry(line: &[u8]) -> Option<Entry<'_>> {
    let read = match line.first()? {
        b'{' => of_istio_json(line),
        b'[' => of_envoy(line),
        b'0'..=b'9' => of_istio(line),
        _ => mismatch(),
    };
    let (message, (when, level)) = read.ok()?;
    is_level(level).then_some((when, level, message))
}

/// `[2026-11-21 02:57:40.018][7][warning][config] `, of the writer's own zone.
fn of_envoy(i: &[u8]) -> Parsed<'_, (When, &[u8])> {
    let (i, stamp) = bracketed(i)?;
    let (i, thread) = bracketed(i)?;
    let (i, level) = bracketed(i)?;
    let (i, _logger) = bracketed(i)?;
    let (i, ()) = one(b' ', i)?;
    let i = bracketed(i).ok().filter(|(_, place)| is_place(place)).map_or(i, |(rest, _)| rest.trim_ascii_start());
    match (whole(stamp, iso), whole(thread, uint)) {
        (Some(when), Some(_)) => Ok((i, (when, level))),
        _ => mismatch(),
    }
}

/// `source/common/config/grpc_stream.h:163`, the place in the source (`[%g:%#]`) that stands before the message.
fn is_place(inside: &[u8]) -> bool {
    let (file, line) = split_port(inside);
    !line.is_empty() && (file.ends_with(b".cc") || file.ends_with(b".h"))
}

/// `2026-11-21T02:57:40.018432Z`, the level and the scope, a tab behind each. `envoy` is the scope of what Envoy says.
fn of_istio(i: &[u8]) -> Parsed<'_, (When, &[u8])> {
    let (i, when) = iso(i)?;
    let (i, level) = until(b'\t')(one(b'\t', i)?.0)?;
    let i = one(b'\t', i)?.0;
    // `envoy config …/grpc_stream.h:163`, the message, `thread=7`
    let message = memchr(b'\t', i).filter(|_| i.starts_with(b"envoy ")).map_or(i, |tab| &i[tab + 1..]);
    let end = memmem::rfind(message, b"\tthread=").filter(|_| message.len() < i.len());
    Ok((&message[..end.unwrap_or(message.len())], (when, level)))
}

static MARKS: cloud::Marks = cloud::Marks::new(&[b"\"scope\""]);

/// The same as an object (`--log_as_json`): the level, the time and the message have names that many use, the scope has
/// not.
fn of_istio_json(i: &[u8]) -> Parsed<'_, (When, &[u8])> {
    if !MARKS.are_in(i) {
        return mismatch();
    }
    let [mut level, mut time, mut scope, mut message] = [&b""[..]; 4];
    let (rest, ()) = object(i, |name, value| match name {
        b"level" => level = value.text(),
        b"time" => time = value.text(),
        b"scope" => scope = value.text(),
        b"msg" => message = value.text(),
        _ => {}
    })?;
    match whole(time, iso) {
        Some(when) if rest.trim_ascii().is_empty() && is_scope(scope) => Ok((message, (when, level))),
        _ => mismatch(),
    }
}

/// Whether a scope is Envoy's or of the agent beside it (`--log_output_level` of `pilot-agent`).
fn is_scope(scope: &[u8]) -> bool {
    const OF_AGENT: [&[u8]; 10] = [
        b"ads",
        b"cache",
        b"citadelclient",
        b"default",
        b"dns",
        b"healthcheck",
        b"sds",
        b"spiffe",
        b"wasm",
        b"xdsproxy",
    ];
    scope.starts_with(b"envoy") || OF_AGENT.contains(&scope)
}

fn is_level(word: &[u8]) -> bool {
    matches!(word, b"trace" | b"debug" | b"info" | b"warn" | b"warning" | b"error" | b"critical" | b"fatal")
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_each_layout() {
        let expected = [
            "what=Notice level=warning message=DeltaAggregatedResources gRPC config stream to xds closed: 14, upstream connect error",
            "what=Notice level=warning message=DeltaAggregatedResources gRPC config stream to xds closed: 14",
            "what=Notice level=info message=cache\tgenerated new workload certificate\tresourceName=default latency=41ms ttl=23h59m59s",
            "what=Notice level=warning message=DeltaAggregatedResources gRPC config stream to xds closed: 14",
        ];
        for (line, expected) in ABOUT.samples.iter().zip(expected) {
            let record = only(Format::EnvoyLog, line);
            // 2026-11-21T02:57:40Z is 1795229860.
            let wall = record.as_ref().and_then(|record| record.when).map(|when| when.wall / 1_000_000);
            assert_eq!((told(record).as_str(), wall), (expected, Some(1_795_229_860)), "{line}");
        }
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "",
            "[2026-11-21 02:57:40.018] [info] a program's own log",
            "[2026-11-21 02:57:40.018][7][shout][main] x",
            "[2026-11-21 02:57:40.018][seven][info][main] x",
            "[21-Nov-2026 02:57:40][7][info][main] x",
            "2026-11-21T02:57:40.018Z info cache x",
            "2026-11-21T02:57:40.018Z\tGET\t/\t200",
            r#"{"level":"info","time":"2026-11-21T02:57:40.018Z","msg":"a program's own"}"#,
            r#"{"level":"shout","time":"2026-11-21T02:57:40.018Z","scope":"cache","msg":"x"}"#,
            r#"{"level":"info","time":"now","scope":"cache","msg":"x"}"#,
            r#"{"level":"info","time":"2026-11-21T02:57:40.018Z","scope":"payments","msg":"x"}"#,
            r#"{"level":"info","time":"2026-11-21T02:57:40.018Z","scope":"cache","msg":"x""#,
        ] {
            assert!(skim(line.as_bytes()).is_none() && read(line.as_bytes()).is_none(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::EnvoyLog)) {
            agrees(Format::EnvoyLog, &line);
        }
    }
}
