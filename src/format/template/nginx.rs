//! nginx's `log_format`.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::super::nginx::{Var, Vars};
use super::super::{Escape, Record, Skim, Skimmed};
use super::column;
use super::directive::{ends_quoted, unquote};
use super::layout::{Class, Joints, Layout, Part, Rules, Sink};
use super::stamp::Stamp;
use crate::grammar::address::is_server;
use crate::grammar::find::{find, find2};
use crate::grammar::number::{self, seconds, whole};
use crate::grammar::text::{present, same};
use crate::grammar::time::When;

/// A compiled `log_format`.
#[derive(Clone, Debug)]
pub(super) struct Custom {
    layout: Layout<Var>,
    escape: Escape,
    /// Whether a [`Glance`] can tell all that counting wants.
    is_ordinary: bool,
    lack: Option<&'static str>,
}

impl Custom {
    /// Compiles the text of a `log_format`: as it stands in nginx.conf, whole or from its first quote on, or the bare
    /// layout as nginx sees it.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let (escape, layout) = directive(text)?;
        let mut parts = Vec::new();
        split(&layout, &mut parts)?;
        if escape != Escape::Hex {
            parts.iter_mut().for_each(without_dash);
        }
        let backslashes = escape != Escape::None;
        let needs = |var| matches!(var, Var::Status | Var::Time | Var::UpstreamAddr | Var::UpstreamStatus);
        let layout = Layout::new(parts, Rules { backslashes, open_end: false }, needs);
        let count = |wanted: Var| layout.fields().filter(|var| *var == wanted).count();
        let lack = match (count(Var::Status), count(Var::Time)) {
            (0, _) => Some("the layout has no $status: it is not known which requests failed"),
            (_, 0) => Some("the layout has no $time_local, $time_iso8601 or $msec: it is not known when"),
            _ => None,
        };
        let is_ordinary = lack.is_none()
            && Glance::VARS.iter().all(|var| count(*var) < 2)
            && [Var::ProxyHost, Var::ProxyUpstream].iter().all(|var| count(*var) == 0);
        Ok(Self { layout, escape, is_ordinary, lack })
    }

    /// See [`super::Template::lack`].
    pub(super) fn lack(&self) -> Option<&'static str> {
        self.lack
    }

    #[inline]
    pub(super) fn skim<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        if self.is_ordinary {
            let glance: Glance<'_> = self.layout.skim(line)?;
            if let Some(skim) = glance.skim() {
                return Some(Skimmed::Plain(skim));
            }
        }
        let vars = self.vars(line)?;
        if self.lack.is_some() { Some(Skimmed::Full) } else { vars.skim() }
    }

    /// See [`super::Template::unknown`].
    pub(super) fn unknown<'a>(&self, line: &'a [u8]) -> Vec<&'a [u8]> {
        self.layout.each(line, &[Var::Ignored, Var::Args])
    }

    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        Some(self.vars(line)?.record_as_far())
    }

    fn vars<'a>(&self, line: &'a [u8]) -> Option<Vars<'a>> {
        let vars: Vars<'_> = self.layout.read(line)?;
        Some(vars.escaped(self.escape))
    }
}

impl<'a> Sink<'a, Var> for Vars<'a> {
    fn set(&mut self, field: Var, value: &'a [u8]) {
        Vars::set(self, field, value);
    }

    fn time(&mut self, _: Var, value: &'a [u8], when: When) {
        if !self.has(Var::Time) {
            self.set_time(value, when);
        }
    }
}

/// What counting takes from an ordinary request: of one that one server was asked for, or none.
#[derive(Default)]
struct Glance<'a> {
    when: Option<When>,
    status: &'a [u8],
    /// `None` where the layout has no place for it, as below.
    upstream: Option<&'a [u8]>,
    own_status: Option<&'a [u8]>,
    request_time: &'a [u8],
    server_name: &'a [u8],
    /// Of the upstream's times and lengths, one has a value.
    is_timed: bool,
    /// A time is a list.
    is_list: bool,
}

impl<'a> Sink<'a, Var> for Glance<'a> {
    #[inline(always)]
    fn set(&mut self, field: Var, value: &'a [u8]) {
        match field {
            Var::Status => self.status = value,
            Var::UpstreamAddr => self.upstream = Some(value),
            Var::UpstreamStatus => self.own_status = Some(value),
            Var::RequestTime => self.request_time = value,
            Var::ServerName => self.server_name = value,
            Var::ConnectTime | Var::HeaderTime | Var::ResponseTime | Var::ResponseLength => {
                self.is_timed |= !present(value).is_empty();
                self.is_list |= find(b' ', value).is_some();
            }
            _ => {}
        }
    }

    #[inline(always)]
    fn time(&mut self, _: Var, _: &'a [u8], when: When) {
        self.when.get_or_insert(when);
    }
}

impl<'a> Glance<'a> {
    /// The variables of which it keeps one value, and not the first of several.
    const VARS: [Var; 5] = [Var::Status, Var::UpstreamAddr, Var::UpstreamStatus, Var::RequestTime, Var::ServerName];

    /// `None` where the request is to be looked at more closely.
    #[inline(always)]
    fn skim(&self) -> Option<Skim<'a>> {
        let upstream = present(self.upstream.unwrap_or_default());
        let attempted = !upstream.is_empty();
        let is_ordinary = if attempted {
            let differs = self.own_status.is_some_and(|own| !same(own, self.status));
            !differs && !self.is_list && find2(b' ', b'/', upstream).is_none() && is_server(upstream)
        } else {
            !self.is_timed && self.own_status.is_none_or(|own| present(own).is_empty())
        };
        if !is_ordinary {
            return None;
        }
        Some(Skim {
            when: Some(self.when?),
            status: whole(self.status, number::status)?,
            group: present(self.server_name),
            upstream,
            names_upstream: self.upstream.is_some(),
            attempted,
            duration: match self.request_time {
                // Else it is the time that the upstream took.
                b"" if !self.is_timed => None,
                text => Some(whole(text, seconds)?),
            },
        })
    }
}

fn class(name: &str, var: Var) -> Class {
    let lists = ["_addr", "_status", "_time", "_length", "_bytes_received", "_bytes_sent"];
    match var {
        Var::Status => Class::Status,
        Var::Time if name == "msec" => Class::Stamp(Stamp::Epoch),
        Var::Time if name == "time_iso8601" => Class::Stamp(Stamp::Iso),
        Var::Time => Class::Stamp(Stamp::Clf),
        Var::BodyBytes | Var::Bytes | Var::RequestTime | Var::Pid | Var::Port => Class::Number,
        _ if matches!(name, "remote_port" | "request_length") => Class::Number,
        Var::Request => Class::Request,
        Var::ForwardedFor => Class::List,
        _ if name.starts_with("upstream_") && lists.iter().any(|end| name.ends_with(end)) => Class::List,
        _ => Class::Text,
    }
}

/// Splits a layout into literals and variables: `[$time_local] "${request}"`.
fn split(layout: &str, parts: &mut Vec<Part<Var>>) -> Result<(), String> {
    let mut at = 0;
    while at < layout.len() {
        let column = column(layout, at);
        let rest = &layout[at..];
        let Some(after) = rest.strip_prefix('$') else {
            let end = rest.find('$').unwrap_or(rest.len());
            parts.push(Part::Text(rest[..end].to_owned()));
            at += end;
            continue;
        };
        let (name, taken) = match after.strip_prefix('{') {
            Some(braced) => {
                let end = braced.find('}').ok_or_else(|| format!("column {column}: `${{` is never closed"))?;
                (&braced[..end], end + 3)
            }
            None => {
                let other = |char: char| !(char.is_ascii_alphanumeric() || char == '_');
                let end = after.find(other).unwrap_or(after.len());
                (&after[..end], end + 1)
            }
        };
        if name.is_empty() {
            return Err(format!("column {column}: `$` is not followed by a variable's name"));
        }
        let var = Var::named(name.as_bytes());
        take_literal(parts, var);
        JOINTS.add(parts, (class(name, var), var), &layout[at..at + taken], column)?;
        at += taken;
    }
    Ok(())
}

const JOINTS: Joints<Var> = Joints {
    ignored: Var::Ignored,
    fixed: |var| matches!(var, Var::Status | Var::Time),
    fused: |last, next| match (last, next) {
        (Var::Uri, Var::Args) => Some(Var::UriArgs),
        (Var::Url, Var::Args) => Some(Var::UrlArgs),
        (Var::Url | Var::Host | Var::ServerName, Var::RequestUri | Var::Uri) => Some(Var::Url),
        _ => None,
    },
};

/// Takes text between values that are one together: `$uri?$args`, `$host:$server_port$request_uri`.
fn take_literal(parts: &mut Vec<Part<Var>>, next: Var) {
    let (taken, whole) = match (parts.as_slice(), next) {
        ([.., Part::Value(_, var @ (Var::Uri | Var::Url)), Part::Text(text)], Var::Args) if text == "?" => (2, *var),
        (
            [.., Part::Value(_, Var::Host | Var::ServerName), Part::Text(text), Part::Value(_, Var::Port)],
            Var::RequestUri | Var::Uri,
        ) if text == ":" => (3, Var::Url),
        _ => return,
    };
    parts.truncate(parts.len() - taken);
    parts.push(Part::Value(Class::Text, whole));
}

/// Only `escape=default` writes `-` for a variable without a value.
fn without_dash(part: &mut Part<Var>) {
    if let Part::Value(_, var) = part {
        *var = match *var {
            Var::UriArgs => Var::Uri,
            Var::UrlArgs => Var::Url,
            var => var,
        };
    }
}

/// Takes off what nginx.conf has around a layout: `log_format main escape=json '…' '…';`
fn directive(text: &str) -> Result<(Escape, String), String> {
    let text = text.trim();
    let (rest, mut marked) = match text.strip_prefix("log_format").filter(|rest| rest.starts_with(char::is_whitespace))
    {
        Some(rest) => (rest.trim_start(), true),
        None => (text, false),
    };
    let quoted = |text: &str| text.starts_with(['\'', '"']) || text.starts_with("escape=");
    let named = rest.split_once(char::is_whitespace).map(|(name, rest)| (name, rest.trim_start()));
    let rest = match named {
        Some((name, after)) if !name.contains(['$', '\'', '"', '=']) && (marked || quoted(after)) => {
            marked = true;
            after
        }
        _ => rest,
    };
    let (escape, rest) = match rest.strip_prefix("escape=") {
        Some(after) => {
            let (kind, after) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
            marked = true;
            (escape(kind)?, after.trim_start())
        }
        None => (Escape::Hex, rest),
    };
    // A bare layout may start with a quote of its own: `"$request" $status`.
    let whole = rest.starts_with('"') && rest.matches('"').count() == 2 && ends_quoted(rest);
    if rest.starts_with('\'') || whole || (marked && quoted(rest)) {
        return Ok((escape, unquote(rest)?));
    }
    Ok((escape, if marked { rest.trim_end_matches(';').trim_end() } else { rest }.to_owned()))
}

fn escape(kind: &str) -> Result<Escape, String> {
    match kind {
        "default" => Ok(Escape::Hex),
        "json" => Ok(Escape::Json),
        "none" => Ok(Escape::None),
        _ => Err(format!("`escape={kind}` is none of default, json and none")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::nginx::tests::{agree, told};
    use super::*;
    use proptest::prelude::*;

    fn said(layout: &str, line: &str) -> String {
        let template = match Custom::compile(layout) {
            Ok(template) => template,
            Err(error) => return error,
        };
        let record = template.read(line.as_bytes());
        assert_eq!(agree(template.skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        told(record)
    }

    const TIME: &str = "28/Sep/2026:12:00:00 +0600";

    #[test]
    fn reads_what_the_layout_says() {
        let cases = [
            // The layout of many a tutorial: unquoted lists, words, a colon after the address.
            (
                "[$time_local] $remote_addr - $remote_user - $server_name $host to: $upstream_addr: $request $status upstream_response_time $upstream_response_time msec $msec request_time $request_time",
                "[TIME] 203.0.113.9 - - - shop shop.example.com to: 10.0.0.5:80, 10.0.0.6:80: GET /a HTTP/1.1 502 upstream_response_time 0.000, 0.001 msec 1700000000.123 request_time 0.001",
                "status=502 group=shop upstream=10.0.0.6:80 method=GET host=shop.example.com path=/a duration=0.001 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 - -/-/0.000, 10.0.0.6:80 - -/-/0.001]",
            ),
            // Two groups before a literal that begins with a colon.
            (
                "[$time_local] $remote_addr - $remote_user - $server_name $host to: $upstream_addr: $request $status upstream_response_time $upstream_response_time msec $msec request_time $request_time",
                "[TIME] 203.0.113.9 - - - shop shop.example.com to: 127.0.0.1:17199 : 127.0.0.1:17101: GET /fb HTTP/1.1 200 upstream_response_time 0.000 : 0.001 msec 1700000000.123 request_time 0.001",
                "status=200 group=shop upstream=127.0.0.1:17101 method=GET host=shop.example.com path=/fb duration=0.001 client=203.0.113.9 names=upstream attempts=[127.0.0.1:17199 - -/-/0.000, 127.0.0.1:17101 - -/-/0.001]",
            ),
            (
                "$remote_addr $status $upstream_addr $upstream_status $upstream_response_length ${upstream_response_time} $request_time [$time_local]",
                "203.0.113.9 502 10.0.0.5:80, unix:/a : 10.0.0.6:80 502, 502 : 502 0, 0 : 0 0.000, 0.001 : 0.002 0.003 [TIME]",
                "status=502 upstream=10.0.0.6:80 duration=0.003 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 502 -/-/0.000, unix:/a 502 -/-/0.001, 10.0.0.6:80 502 -/-/0.002]",
            ),
            // A name with the next literal in it; text that touches text.
            (
                r#"$remote_addr - $remote_user [$time_local] "$request_method $uri$is_args$args" $status"#,
                r#"::1 - al [ice [TIME] "GET /a?b=c" 503"#,
                "status=503 method=GET path=/a?b=c client=::1 user=al [ice",
            ),
            (
                r#"'$remote_addr - ' "$status [$time_iso8601] \"$request\"";"#,
                r#"::1 - 503 [2026-09-28T12:00:00+06:00] "GET / HTTP/1.1""#,
                "status=503 method=GET path=/ client=::1",
            ),
            (
                r#"log_format  main  escape=json '{"t":"$time_iso8601",' '"s":$status,"ua":"$http_user_agent","ut":"$upstream_response_time","u":"$upstream_addr"}';"#,
                r#"{"t":"2026-09-28T12:00:00+06:00","s":504,"ua":"a\"b","ut":"60.001","u":"10.0.0.5:80"}"#,
                r#"status=504 upstream=10.0.0.5:80 duration=60.001 agent=a\"b names=upstream attempts=[10.0.0.5:80 - -/-/60.001]"#,
            ),
            (
                "$time_iso8601 $status $request_method $uri?$args|$uri $args|",
                "2026-09-28T12:00:00+06:00 200 GET /a?b|/a b|",
                "status=200 method=GET path=/a?b",
            ),
            // Recorded from 1.22.1, whose request was `GET /a`.
            ("[$time_local] $status $uri$is_args$args", "[TIME] 200 /a-", "status=200 path=/a"),
            ("[$time_local] $status $uri?$args", "[TIME] 200 /a?-", "status=200 path=/a"),
            (
                "log_format x escape=json '$msec $status $uri$is_args$args';",
                "1700000000.123 200 /a-",
                "status=200 path=/a-",
            ),
            (
                "[$time_local] $status $scheme://$host:$server_port$request_uri $pid",
                "[TIME] 200 http://[2001:db8::1]:80/a?b=:/ 7029",
                "status=200 host=2001:db8::1 path=/a?b=:/ pid=7029",
            ),
            ("$host:$server_port $status [$time_local]", "2001:db8::1:80 200 [TIME]", "status=200 host=2001:db8::1"),
            ("$host:$server_port $status [$time_local]", "[2001:db8::1]:80 200 [TIME]", "status=200 host=2001:db8::1"),
            (
                "[$time_local] $status $scheme://$http_host$uri$is_args$args $request_method",
                "[TIME] 200 https://shop.example.com/- GET",
                "status=200 method=GET host=shop.example.com path=/",
            ),
            (
                "$realip_remote_addr $remote_addr:$remote_port $status [$time_local]",
                "10.0.0.1 2001:db8::1:443 200 [TIME]",
                "status=200 client=2001:db8::1",
            ),
            ("$proxy_protocol_addr $status [$time_local]", "203.0.113.9 200 [TIME]", "status=200 client=203.0.113.9"),
            ("$the_real_ip - [$the_real_ip] $status [$time_local]", "::1 - [::1] 200 [TIME]", "status=200 client=::1"),
            (
                "$http_x_forwarded_for $status [$time_local] $request $http_user_agent",
                "203.0.113.9, 10.0.0.1 200 [TIME] GET /a b HTTP/1.1 Mozilla/5.0 (X11)",
                "status=200 method=GET path=/a b client=203.0.113.9 agent=Mozilla/5.0 (X11)",
            ),
            (
                r#"$remote_addr [$time_local] $protocol $status $session_time "$upstream_addr" "$upstream_session_time""#,
                r#"203.0.113.9 [TIME] TCP 200 0.101 "10.0.0.5:3306" "0.100""#,
                "status=200 upstream=10.0.0.5:3306 duration=0.101 client=203.0.113.9 names=upstream attempts=[10.0.0.5:3306 - -/-/0.100]",
            ),
            ("$status $msec $unknown", "502 1700000000.123 any thing", "status=502"),
            // A client at a socket has no port.
            (
                "x escape=none '$remote_addr $remote_port $request_length $status $msec';",
                "unix:  78 200 1795769544.415",
                "status=200 client=unix:",
            ),
            ("$status $msec", "502 1700000000.123 more", "not claimed"),
            ("$status $msec", "5020 1700000000.123", "not claimed"),
            ("$status|$msec", "502 1700000000.123", "not claimed"),
        ];
        for (layout, line, expected) in cases {
            let said = said(layout, &line.replace("TIME", TIME));
            assert_eq!(said, expected, "{layout}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_layout() {
        let cases = [
            ("$status", "the layout has no $time_local, $time_iso8601 or $msec: it is not known when"),
            ("$msec", "the layout has no $status: it is not known which requests failed"),
            ("", "the layout has no $status: it is not known which requests failed"),
            ("$msec ${status", "column 7: `${` is never closed"),
            ("$msec $ $status", "column 7: `$` is not followed by a variable's name"),
            ("$msec$status", "column 6: nothing stands between `$status` and the value before it"),
            ("main '$msec $status", "column 1: this quote is never closed"),
            ("main '$msec ' $status", "column 10: expected a quote, found `$`"),
            ("main escape=html '$msec $status'", "`escape=html` is none of default, json and none"),
        ];
        for (layout, expected) in cases {
            let lack = Custom::compile(layout).map(|custom| custom.lack());
            assert_eq!(
                lack.as_ref().map_or_else(|error| Some(error.as_str()), |lack| *lack),
                Some(expected),
                "{layout}"
            );
        }
    }

    /// A variable, and what it may write.
    fn items() -> impl Strategy<Value = (&'static str, &'static str)> {
        let times: &[&str] = &["0.010", "-", "", "0.010, 0.020", "-, 0.020"];
        let items: [(&str, &[&str]); 9] = [
            (
                "$upstream_addr",
                &["10.0.0.5:80", "unix:/a", "-", "", "api", "10.0.0.5:80, 10.0.0.6:80", "10.0.0.5:80 : api"],
            ),
            ("$upstream_status", &["200", "502", "-", "", "502, 200", "x"]),
            ("$upstream_connect_time", times),
            ("$upstream_header_time", times),
            ("$upstream_response_time", times),
            ("$upstream_response_length", &["12", "-", "0, 12"]),
            ("$request_time", &["0.011", "-", "x", ""]),
            ("$server_name", &["shop", "-", ""]),
            ("$host", &["shop.example.com", "-"]),
        ];
        prop::sample::select(items.to_vec())
            .prop_flat_map(|(variable, values)| (Just(variable), prop::sample::select(values.to_vec())))
    }

    proptest! {
        /// What a glance tells of a line, a closer look tells too.
        #[test]
        fn a_glance_agrees_with_a_closer_look(items in prop::collection::vec(items(), 0..7)) {
            let (layout, line): (Vec<_>, Vec<_>) = items.into_iter().unzip();
            let (layout, line) = (layout.join("|"), line.join("|"));
            let Ok(custom) = Custom::compile(&format!("$msec $status {layout}")) else { return Ok(()) };
            let line = format!("1700000000.123 200 {line}");
            let closer = Custom { is_ordinary: false, ..custom.clone() };
            let skims = [custom, closer].map(|custom| format!("{:?}", custom.skim(line.as_bytes())));
            prop_assert_eq!(&skims[0], &skims[1]);
        }

        #[test]
        fn never_panics(layout in "[ '\"$a-z{}\\\\|]{0,20}(\\$status|\\$msec| |\\$upstream_addr|\\$\\{request\\}|'|\"){0,8}", line in ".{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(template) = Custom::compile(&layout) {
                for line in [line.as_bytes(), &bytes, b"502 1700000000.123 a b"] {
                    prop_assert_eq!(agree(template.skim(line), template.read(line).as_ref()), Ok(()));
                }
            }
        }
    }
}
