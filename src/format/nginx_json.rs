//! nginx's access log as one flat JSON object (`log_format … escape=json '{"status":"$status",…}'`).
//!
//! People choose the names, and most choose nginx's own. A line is claimed when it has a status, a time, and something
//! that is nginx's beyond doubt; what carries another program's mark is left alone.

use super::nginx::{self, Var, Vars};
use super::{About, Escape, Record, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;
use crate::grammar::json::{Value, object};

pub(super) static ABOUT: About = About {
    name: "nginx-json",
    proxy: Proxy::Nginx,
    title: "nginx access log as one flat JSON object with nginx's variable names",
    layout: r#"{"time_iso8601":"$time_iso8601","status":"$status","upstream_addr":"$upstream_addr",…}"#,
    time: "when the request ended",
    source: "nginx, src/http/modules/ngx_http_log_module.c (escape=json)",
    samples: &[],
    signs: &[&nginx::SIGNS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    vars(line)?.skim()
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    vars(line)?.record()
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    nginx::judge(record, statuses)
}

fn vars(line: &[u8]) -> Option<Vars<'_>> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let mut vars = Vars::new(Escape::Json);
    let (mut own, mut foreign) = (false, false);
    let (rest, ()) = object(line, |name, value| {
        own |= is_own(name);
        foreign |= is_foreign(name) || matches!(value, Value::Nested(_));
        match Var::alias(name) {
            Var::Ignored => {}
            var => vars.set(var, value.text()),
        }
    })
    .ok()?;
    (own && !foreign && rest.trim_ascii().is_empty()).then_some(vars)
}

/// Names that nobody gives a field by chance: those of nginx's variables that no other program shares.
fn is_own(name: &[u8]) -> bool {
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
        | b"http_x_forwarded_for" => true,
        _ => matches!(
            Var::alias(name),
            Var::UpstreamAddr | Var::UpstreamStatus | Var::ConnectTime | Var::HeaderTime | Var::ResponseTime
        ),
    }
}

/// Marks of other programs: journald, Docker, Cloudflare, Envoy, Caddy, Traefik, Google, Azure, and applications'
/// own loggers.
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
            | b"upstream_cluster"
            | b"logger"
            | b"level"
            | b"msg"
            | b"DownstreamStatus"
            | b"OriginStatus"
            | b"RouterName"
            | b"httpRequest"
            | b"insertId"
            | b"category"
            | b"resourceId"
            | b"termination_state"
    )
}
