//! Apache's `LogFormat`: the directives of mod_log_config, mod_logio and what else writes into the log.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::super::apache_access::{BALANCER, is_worker, worker_address};
use super::super::header::Header;
use super::super::nginx::{forwarded, request_line};
use super::super::{Attempt, Escape, Record, Skim, Skimmed};
use super::column;
use super::directive::apache_word;
use super::layout::{Class, Joints, Layout, Part, Rules, Sink};
use super::stamp::{self, Stamp, strftime};
use crate::grammar::address::{bare_host, split_path};
use crate::grammar::number::{self, Micros, uint, whole};
use crate::grammar::text::present;
use crate::grammar::time::When;

/// A compiled `LogFormat`.
#[derive(Clone, Debug)]
pub(super) struct Custom {
    layout: Layout<Field>,
    lack: Option<&'static str>,
}

/// What a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Status,
    /// `%a`
    Client,
    /// `%h`
    RemoteHost,
    /// `%{c}a`
    Peer,
    ForwardedFor,
    User,
    Request,
    Method,
    /// `%U`, with `%q` where that follows.
    Path,
    Query,
    /// `%B`, `%b`
    Body,
    /// `%O`
    Sent,
    /// `%D`, `%{us}T`
    Micros,
    /// `%{ms}T`
    Millis,
    /// `%T`
    Seconds,
    /// `%{Host}i`
    HostHeader,
    /// `%V`
    Host,
    /// `%v`
    ServerName,
    UserAgent,
    RequestId,
    UniqueId,
    /// `%L`
    LogId,
    /// `%X`
    Connection,
    /// `%l`
    Identity,
    /// `%R` and `%f`, where they name a server.
    Handler,
    /// `%{BALANCER_WORKER_NAME}e`
    Worker,
    /// `%{BALANCER_NAME}e`
    Balancer,
    /// `%{proxy-status}n`
    ProxyStatus,
    /// `%P`
    Pid,
    Time,
    /// `%{Host}i%U`: a host and the path behind it.
    Url,
    Ignored,
}

/// How many fields keep a value.
const SLOTS: usize = Field::Time as usize;

/// The layouts that have names everywhere: httpd.conf's own, Debian's, and mod_logio's.
const NICKNAMES: [(&str, &str); 4] = [
    ("common", r#"%h %l %u %t "%r" %>s %b"#),
    ("combined", r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#),
    ("vhost_combined", r#"%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i""#),
    ("combinedio", r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#),
];

impl Custom {
    /// Compiles a format string, a whole `LogFormat` or `CustomLog` directive, or a nickname.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let layout = directive(text)?;
        let parts = parts(&layout)?;
        let has = |wanted| parts.iter().any(|part| matches!(part, Part::Value(_, field) if *field == wanted));
        let lack = match (has(Field::Status), has(Field::Time)) {
            (false, _) => Some("the layout has no %>s: it is not known which requests failed"),
            (_, false) => Some("the layout has no %t: it is not known when"),
            _ => None,
        };
        let needs = |field| matches!(field, Field::Status | Field::Time | Field::Worker | Field::Balancer);
        Ok(Self { layout: Layout::new(parts, Rules { backslashes: true, open_end: false }, needs), lack })
    }

    /// See [`super::Template::lack`].
    pub(super) fn lack(&self) -> Option<&'static str> {
        self.lack
    }

    #[inline]
    pub(super) fn skim<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        let glance: Glance<'_> = self.layout.skim(line)?;
        let (Some(when), Some(status)) = (glance.when, whole(glance.status, number::status)) else {
            return Some(Skimmed::Full);
        };
        let upstream = glance.upstream();
        Some(Skimmed::Plain(Skim {
            when: Some(when),
            status,
            group: glance.group(),
            upstream,
            names_upstream: false,
            attempted: !upstream.is_empty(),
            duration: glance.duration(),
        }))
    }

    /// See [`super::Template::unknown`].
    pub(super) fn unknown<'a>(&self, line: &'a [u8]) -> Vec<&'a [u8]> {
        self.layout.each(line, &[Field::Ignored, Field::Query])
    }

    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        let Values { glance, values } = self.layout.read(line)?;
        let get = |field: Field| present(values.get(field as usize).copied().unwrap_or_default());
        let first = |fields: &[Field]| fields.iter().map(|field| get(*field)).find(|value| !value.is_empty());
        let (upstream, duration) = (glance.upstream(), glance.duration());
        let upstream_status = whole(get(Field::ProxyStatus), number::status);
        let (method, path) = request_line(get(Field::Request));
        let attempt = Attempt { upstream, status: upstream_status, response: duration, ..Attempt::default() };
        let user = get(Field::User);
        let mut record = Record {
            when: glance.when,
            status: whole(glance.status, number::status),
            upstream_status,
            group: glance.group(),
            upstream,
            method: first(&[Field::Method]).unwrap_or(method),
            host: bare_host(first(&[Field::HostHeader, Field::Host, Field::ServerName]).unwrap_or_default()),
            path,
            bytes: whole(get(Field::Body), uint).or_else(|| whole(get(Field::Sent), uint)),
            duration,
            client: first(&[Field::Client, Field::RemoteHost, Field::Peer])
                .unwrap_or_else(|| forwarded(get(Field::ForwardedFor))),
            identity: get(Field::Identity),
            user: if user == b"\"\"" { b"" } else { user },
            user_agent: get(Field::UserAgent),
            trace_id: first(&[Field::RequestId, Field::UniqueId, Field::LogId]).unwrap_or_default(),
            pid: whole(get(Field::Pid), uint),
            flags: connection(get(Field::Connection)),
            attempts: (!upstream.is_empty()).then_some(attempt).into_iter().collect(),
            escape: Escape::Hex,
            ..Record::default()
        };
        if path.is_empty() {
            record.set_path(get(Field::Path), get(Field::Query));
        }
        Some(record)
    }
}

/// `%X`: `X` is a connection that the client gave up, `+` one that may be kept. `-` tells nothing.
fn connection(value: &[u8]) -> &[u8] {
    if matches!(value, b"X" | b"+") { value } else { b"" }
}

/// What counting takes.
#[derive(Default)]
struct Glance<'a> {
    when: Option<When>,
    status: &'a [u8],
    worker: &'a [u8],
    balancer: &'a [u8],
    handler: &'a [u8],
    /// In microseconds, milliseconds, seconds.
    times: [&'a [u8]; 3],
}

impl<'a> Sink<'a, Field> for Glance<'a> {
    #[inline(always)]
    fn set(&mut self, field: Field, value: &'a [u8]) {
        let place = match field {
            Field::Status => &mut self.status,
            Field::Worker => &mut self.worker,
            Field::Balancer => &mut self.balancer,
            Field::Handler if value.starts_with(b"proxy:") => &mut self.handler,
            Field::Micros => &mut self.times[0],
            Field::Millis => &mut self.times[1],
            Field::Seconds => &mut self.times[2],
            _ => return,
        };
        if place.is_empty() {
            *place = value;
        }
    }

    #[inline(always)]
    fn time(&mut self, _: Field, _: &'a [u8], when: When) {
        self.when.get_or_insert(when);
    }
}

impl<'a> Glance<'a> {
    /// The server in the worker's URL. Where no balancer chose it, the handler or the file's name may tell:
    /// `proxy:fcgi://10.0.0.5:9000/a`.
    #[inline]
    fn upstream(&self) -> &'a [u8] {
        if present(self.worker).is_empty() && self.handler.is_empty() {
            return b"";
        }
        let is_server = |url: &[u8]| is_worker(url) && !url.starts_with(BALANCER);
        if is_server(self.worker) {
            return worker_address(self.worker);
        }
        let handler = self.handler.strip_prefix(b"proxy:").unwrap_or_default();
        let end = memchr::memmem::find(handler, b"://").map_or(0, |at| at + 3);
        let url = &handler[..end + split_path(&handler[end..]).0.len()];
        if is_server(url) { worker_address(url) } else { b"" }
    }

    fn group(&self) -> &'a [u8] {
        [self.balancer, self.worker].into_iter().find_map(|url| url.strip_prefix(BALANCER)).unwrap_or_default()
    }

    fn duration(&self) -> Option<Micros> {
        let [micros, millis, seconds] = self.times;
        whole(micros, uint)
            .or_else(|| whole(millis, uint)?.checked_mul(1_000))
            .or_else(|| whole(seconds, number::seconds))
    }
}

/// All values of a line.
#[derive(Default)]
struct Values<'a> {
    glance: Glance<'a>,
    values: [&'a [u8]; SLOTS],
}

impl<'a> Sink<'a, Field> for Values<'a> {
    fn set(&mut self, field: Field, value: &'a [u8]) {
        self.glance.set(field, value);
        if field == Field::Url {
            let (host, path) = split_path(value);
            self.set(Field::HostHeader, host);
            self.set(Field::Path, path);
        }
        if let Some(place) = self.values.get_mut(field as usize)
            && present(place).is_empty()
        {
            *place = value;
        }
    }

    fn time(&mut self, field: Field, value: &'a [u8], when: When) {
        self.glance.time(field, value, when);
    }
}

/// Takes off what httpd.conf has around a layout: `LogFormat "%h … \"%r\"" name`, and the name of a known one.
fn directive(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if word.eq_ignore_ascii_case("LogFormat") {
        return known(apache_word(rest.trim_start())?.0);
    }
    if word.eq_ignore_ascii_case("CustomLog") || word.eq_ignore_ascii_case("GlobalLog") {
        let (_file, rest) = apache_word(rest.trim_start())?;
        return known(apache_word(rest)?.0);
    }
    // A bare layout may begin with a quote of its own: `"%r" %>s`.
    if text.starts_with(['"', '\''])
        && let Ok((layout, name)) = apache_word(text)
        && !name.contains(['%', '"', ' '])
    {
        return known(layout);
    }
    known(text.replace("\\\"", "\""))
}

fn known(layout: String) -> Result<String, String> {
    if let Some((_, known)) = NICKNAMES.iter().find(|(name, _)| *name == layout) {
        return Ok((*known).to_owned());
    }
    if !layout.is_empty() && !layout.contains(['%', ' ']) {
        let names = NICKNAMES.map(|(name, _)| name).join(", ");
        return Err(format!("`{layout}` is no format string, and none of {names}"));
    }
    Ok(layout)
}

/// A part of a format string, before times are put together.
struct Item {
    column: usize,
    /// As it stands there.
    name: String,
    token: Token,
    /// Whether it is `%>s`.
    is_final: bool,
}

enum Token {
    Text(String),
    Time(Vec<stamp::Part>),
    Value(Class, Field),
}

fn parts(layout: &str) -> Result<Vec<Part<Field>>, String> {
    let mut parts = Vec::new();
    let items = joined(items(layout)?);
    let has_final = items.iter().any(|item| item.is_final);
    let mut timed = false;
    for Item { column, name, token, is_final } in items {
        let value = match token {
            Token::Text(text) => {
                parts.push(Part::Text(text));
                continue;
            }
            Token::Time(times) => time(times, &mut timed),
            // `%s` is the status before an internal redirect, `%>s` what the client got.
            Token::Value(class, Field::Status) if has_final && !is_final => (class, Field::Ignored),
            Token::Value(class, field) => (class, field),
        };
        take_port(&mut parts, value.1);
        JOINTS.add(&mut parts, value, &name, column)?;
    }
    Ok(parts)
}

/// The class of a time: the first that tells when is the line's.
fn time(times: Vec<stamp::Part>, timed: &mut bool) -> (Class, Field) {
    let Some(stamp) = Stamp::of(times.clone()) else { return (Class::Moment(times.into()), Field::Ignored) };
    let field = if std::mem::replace(timed, true) { Field::Ignored } else { Field::Time };
    (Class::Stamp(stamp), field)
}

const JOINTS: Joints<Field> = Joints {
    ignored: Field::Ignored,
    fixed: |field| matches!(field, Field::Status | Field::Time),
    fused: |last, next| match (last, next) {
        (whole @ (Field::Path | Field::Url), Field::Query) => Some(whole),
        (Field::HostHeader | Field::Host | Field::ServerName | Field::Url, Field::Path) => Some(Field::Url),
        _ => None,
    },
};

/// Takes the port of a URL that is put together: `https://%v:%p%U%q`.
fn take_port(parts: &mut Vec<Part<Field>>, next: Field) {
    if let [
        ..,
        Part::Value(_, Field::HostHeader | Field::Host | Field::ServerName),
        Part::Text(text),
        Part::Value(Class::Number, Field::Ignored),
    ] = parts.as_slice()
        && text == ":"
        && next == Field::Path
    {
        parts.truncate(parts.len() - 3);
        parts.push(Part::Value(Class::Text, Field::Url));
    }
}

/// Puts times together that only text stands between, as in `%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t`, until they tell
/// when.
fn joined(items: Vec<Item>) -> Vec<Item> {
    let mut joined = Vec::<Item>::new();
    for item in items {
        match (&item.token, joined.as_mut_slice()) {
            (Token::Time(more), [.., Item { token: Token::Time(times), .. }]) if may_join(times, more) => {
                join(times, "", more);
            }
            (
                Token::Time(more),
                [.., Item { token: Token::Time(times), .. }, Item { token: Token::Text(between), .. }],
            ) if may_join(times, more) => {
                join(times, between, more);
                joined.pop();
            }
            _ => joined.push(item),
        }
    }
    joined
}

fn may_join(times: &[stamp::Part], more: &[stamp::Part]) -> bool {
    [times, more].iter().any(|times| Stamp::of(times.to_vec()).is_none())
}

fn join(times: &mut Vec<stamp::Part>, between: &str, more: &[stamp::Part]) {
    stamp::push_text(times, between);
    for part in more {
        match part {
            stamp::Part::Text(text) => stamp::push_text(times, &String::from_utf8_lossy(text)),
            part => times.push(part.clone()),
        }
    }
}

/// Splits a format string.
fn items(layout: &str) -> Result<Vec<Item>, String> {
    let (mut items, mut at) = (Vec::new(), 0);
    while let Some(char) = layout[at..].chars().next() {
        let rest = &layout[at + char.len_utf8()..];
        let column = column(layout, at);
        let (tokens, length, is_final) = match char {
            '%' if rest.starts_with('%') => (vec![Token::Text("%".to_owned())], 2, false),
            '%' => {
                let located = |why: String| format!("column {column}: {why}");
                let mut directive = Directive::default();
                let length = directive.read(rest).map_err(|why| located(why.to_owned()))?;
                (directive.tokens().map_err(located)?, 1 + length, directive.is_final)
            }
            '\\' => {
                let (text, length) = match rest.chars().next() {
                    Some('n') => ("\n", 2),
                    Some('t') => ("\t", 2),
                    Some('r') => ("\r", 2),
                    Some('\\') => ("\\", 2),
                    _ => ("\\", 1),
                };
                (vec![Token::Text(text.to_owned())], length, false)
            }
            char => (vec![Token::Text(char.to_string())], char.len_utf8(), false),
        };
        let name = &layout[at..at + length];
        for token in tokens {
            match (token, items.last_mut()) {
                (Token::Text(more), Some(Item { token: Token::Text(text), .. })) => text.push_str(&more),
                (token, _) => items.push(Item { column, name: name.to_owned(), token, is_final }),
            }
        }
        at += length;
    }
    Ok(items)
}

/// One directive: `%!200,304{Referer}i`.
#[derive(Default)]
struct Directive<'s> {
    argument: &'s str,
    /// The letter, or `^` and two letters.
    name: &'s str,
    /// Whether it stands for `-` with some statuses.
    is_conditional: bool,
    /// Whether it is of the last of several internal requests.
    is_final: bool,
}

impl<'s> Directive<'s> {
    /// Reads what follows the `%`; gives its length.
    fn read(&mut self, text: &'s str) -> Result<usize, &'static str> {
        let mut at = 0;
        loop {
            let rest = &text[at..];
            let Some(char) = rest.chars().next() else { return Err("a directive is not finished") };
            match char {
                '{' => {
                    let end = rest.find('}').ok_or("`{` is never closed")?;
                    self.argument = &rest[1..end];
                    at += end + 1;
                    continue;
                }
                '!' | ',' | '0'..='9' => self.is_conditional = true,
                '>' => self.is_final = true,
                '<' => self.is_final = false,
                '^' => {
                    self.name = rest.get(..3).ok_or("a directive is not finished")?;
                    return Ok(at + 3);
                }
                _ => {
                    self.name = &rest[..char.len_utf8()];
                    self.is_final &= char == 's';
                    return Ok(at + char.len_utf8());
                }
            }
            at += 1;
        }
    }

    /// What it writes.
    fn tokens(&self) -> Result<Vec<Token>, String> {
        if self.name == "t" && !self.is_conditional {
            return Ok(match self.time_pattern() {
                "" => {
                    let time = Token::Time(strftime("%d/%b/%Y:%T %z")?);
                    vec![Token::Text("[".to_owned()), time, Token::Text("]".to_owned())]
                }
                pattern => vec![Token::Time(time_parts(pattern)?)],
            });
        }
        let (class, field) = self.value();
        Ok(vec![match field {
            Field::Status if self.is_conditional => Token::Value(Class::Text, Field::Ignored),
            field if self.is_conditional && class == Class::Number => Token::Value(Class::Word, field),
            field => Token::Value(class, field),
        }])
    }

    /// The pattern of a time, whichever end of the request's it is.
    fn time_pattern(&self) -> &'s str {
        let end = ["begin", "end"].into_iter().find_map(|end| self.argument.strip_prefix(end));
        match end {
            Some("") => "",
            Some(pattern) => pattern.strip_prefix(':').unwrap_or(self.argument),
            None => self.argument,
        }
    }

    /// What its value looks like and means.
    fn value(&self) -> (Class, Field) {
        let text = |field| (Class::Text, field);
        let word = |field| (Class::Word, field);
        let number = |field| (Class::Number, field);
        // Units and kinds of ports, processes and threads have no case.
        let argument = self.argument.to_ascii_lowercase();
        match (self.name, argument.as_str()) {
            ("s", _) => (Class::Status, Field::Status),
            ("h" | "a", "c") => word(Field::Peer),
            ("h", _) => word(Field::RemoteHost),
            ("a", _) => word(Field::Client),
            ("u", _) => text(Field::User),
            ("r", _) => (Class::Request, Field::Request),
            ("m", _) => word(Field::Method),
            ("U", _) => text(Field::Path),
            ("q", _) => text(Field::Query),
            ("b" | "B", _) => number(Field::Body),
            ("O", _) => number(Field::Sent),
            ("D", _) | ("T", "us") => number(Field::Micros),
            ("T", "ms") => number(Field::Millis),
            ("T", _) => number(Field::Seconds),
            ("v", _) => word(Field::ServerName),
            ("V", _) => word(Field::Host),
            ("X", _) => word(Field::Connection),
            ("R" | "f", _) => text(Field::Handler),
            ("L", "") => text(Field::LogId),
            ("P", "" | "pid") => number(Field::Pid),
            ("l", "") => word(Field::Identity),
            ("H" | "l" | "A", _) => word(Field::Ignored),
            ("I" | "S" | "p" | "k", _) => number(Field::Ignored),
            ("i" | "o" | "e" | "n", name) => match self.named(name) {
                Field::ForwardedFor => (Class::List, Field::ForwardedFor),
                field => text(field),
            },
            _ => text(Field::Ignored),
        }
    }

    /// What a header, an environment variable or a note means.
    fn named(&self, name: &str) -> Field {
        match (self.name, Header::named(name)) {
            ("i", Some(Header::Host)) => return Field::HostHeader,
            ("i", Some(Header::UserAgent)) => return Field::UserAgent,
            ("i", Some(Header::ForwardedFor)) => return Field::ForwardedFor,
            ("i" | "o", Some(Header::RequestId)) => return Field::RequestId,
            _ => {}
        }
        match (self.name, name) {
            ("i" | "o" | "e", "unique_id") => Field::UniqueId,
            ("e" | "n", "balancer_worker_name") => Field::Worker,
            ("e" | "n", "balancer_name") => Field::Balancer,
            ("n", "proxy-status") => Field::ProxyStatus,
            _ => Field::Ignored,
        }
    }
}

/// The parts of `%{…}t`.
fn time_parts(pattern: &str) -> Result<Vec<stamp::Part>, String> {
    // In a pattern of `strftime` Apache knows no decimals, but it is where some other readers of such layouts want
    // them.
    let pattern = ["%msec_frac", "msec_frac", "%usec_frac", "usec_frac"]
        .into_iter()
        .filter(|name| pattern.len() > name.len())
        .fold(pattern.to_owned(), |pattern, name| pattern.replace(name, "%f"));
    Ok(match pattern.as_str() {
        "sec" => vec![stamp::Part::Since(1)],
        "msec" => vec![stamp::Part::Since(1_000)],
        "usec" => vec![stamp::Part::Since(1_000_000)],
        "msec_frac" | "usec_frac" => vec![stamp::Part::Fraction],
        pattern => strftime(pattern)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::nginx::tests::agree;
    use super::super::Template;
    use super::super::testing::{kinds, said, time};
    use proptest::prelude::*;

    /// A line of one directive behind those that must be there; what is the same in all is left out.
    fn one(directive: &str, value: &str) -> String {
        let said = said(&format!("apache:%t %>s {directive}"), &format!("[28/Sep/2026:12:00:00 +0600] 200 {value}"));
        said.strip_prefix("status=200").map(|rest| rest.trim_start().to_owned()).unwrap_or(said)
    }

    #[test]
    fn reads_every_directive() {
        let cases = [
            ("%%", "%", ""),
            ("%h", "203.0.113.9", "client=203.0.113.9"),
            ("%a", "2001:db8::1", "client=2001:db8::1"),
            ("%{c}a", "203.0.113.9", "client=203.0.113.9"),
            ("%h %a", "host.example.com 203.0.113.9", "client=203.0.113.9"),
            ("%{c}a %a", "10.0.0.1 203.0.113.9", "client=203.0.113.9"),
            ("%A", "10.0.0.1", ""),
            ("%B", "0", "bytes=0"),
            ("%b", "578", "bytes=578"),
            ("%b", "-", ""),
            ("%O", "578", "bytes=578"),
            ("%O %B", "578 381", "bytes=381"),
            ("%I/%O/%S", "310/578/888", "bytes=578"),
            ("%D", "2500", "duration=0.003"),
            ("%T", "2", "duration=2.000"),
            ("%T/%D", "2/2500000", "duration=2.500"),
            ("%T", "2.003", "duration=2.003"),
            ("%T %{MS}T", "2 2503", "duration=2.503"),
            ("%{TID}P %{PID}P", "140568508131008 7038", "pid=7038"),
            ("%{s}T", "2", "duration=2.000"),
            ("%{ms}T", "2500", "duration=2.500"),
            ("%{us}T", "2500", "duration=0.003"),
            ("%e", "x", ""),
            ("%f", "/var/www/index.html", ""),
            ("%f", "proxy:http://10.0.0.5:8080/a", "upstream=10.0.0.5:8080 attempts=[10.0.0.5:8080 - -/-/-]"),
            ("%R", "proxy-server", ""),
            ("%R", "proxy:fcgi://10.0.0.5:9000", "upstream=10.0.0.5:9000 attempts=[10.0.0.5:9000 - -/-/-]"),
            (
                "%R",
                "proxy:unix:/run/php.sock|fcgi://localhost/var/www",
                "upstream=unix:/run/php.sock attempts=[unix:/run/php.sock - -/-/-]",
            ),
            ("%f|%{BALANCER_WORKER_NAME}e", "proxy:http://a:1/|http://b:2", "upstream=b:2 attempts=[b:2 - -/-/-]"),
            ("%H", "HTTP/1.1", ""),
            ("%k", "3", ""),
            ("%l", "-", ""),
            ("%L", "awlCXo", "trace=awlCXo"),
            ("%L", "-", ""),
            ("%m", "GET", "method=GET"),
            ("%p", "443", ""),
            ("%{canonical}p %{local}p %{remote}p", "443 443 51514", ""),
            ("%P", "7038", "pid=7038"),
            ("%{pid}P", "7038", "pid=7038"),
            ("%{tid}P", "140568508131008", ""),
            ("%{hextid}P", "7fd8b8ff96c0", ""),
            ("%q", "?a=1", ""),
            ("\"%r\"", r#""GET /a?b=\"c\" HTTP/1.1""#, r#"method=GET path=/a?b=\"c\""#),
            ("\"%r\"", r#""-""#, ""),
            ("%s", "404", ""),
            ("%<s", "404", ""),
            ("%400,501{User-agent}i", "curl/8", "agent=curl/8"),
            ("%400,501{User-agent}i", "-", ""),
            ("%!200,304,302{Referer}i", "-", ""),
            ("%u", "al [ice", "user=al [ice"),
            ("%u", "\"\"", ""),
            ("%U%q", "/a?b=1", "path=/a?b=1"),
            ("%m %U%q %H", "GET /a b?c HTTP/1.1", "method=GET path=/a b?c"),
            ("%U %q", "/a ?b=1", "path=/a query=b=1"),
            ("%U %q", "/a ", "path=/a"),
            ("%U|%q|", "/a||", "path=/a"),
            ("\"%r\" %q", "\"GET /a?b HTTP/1.1\" ?b", "method=GET path=/a?b"),
            (
                "%r %{User-Agent}i",
                "GET /a b HTTP/1.1 Mozilla/5.0 (X11)",
                "method=GET path=/a b agent=Mozilla/5.0 (X11)",
            ),
            ("%r %{User-Agent}i", "- Mozilla/5.0 (X11)", "agent=Mozilla/5.0 (X11)"),
            ("https://%{Host}i%U%q", "https://www.example.com:8443/a?b", "host=www.example.com path=/a?b"),
            ("%v%U", "shop.example.com/a", "host=shop.example.com path=/a"),
            ("%V:%p%U%q", "[2001:db8::1]:443/a", "host=2001:db8::1 path=/a"),
            ("%V:%p %U%q", "shop.example.com:443 /a", "host=shop.example.com path=/a"),
            ("%v", "shop.example.com", "host=shop.example.com"),
            ("%V", "shop.example.com", "host=shop.example.com"),
            ("%v:%p", "shop.example.com:443", "host=shop.example.com"),
            ("%v:%p", "[2001:db8::1]:443", "host=2001:db8::1"),
            ("%v:%p", "2001:db8::1:443", "host=2001:db8::1"),
            ("%v %{Host}i", "default www.example.com:8080", "host=www.example.com"),
            ("%X", "X", "flags=X"),
            ("%X", "+", "flags=+"),
            ("%X", "-", ""),
            ("%{User-Agent}i", "curl/8", "agent=curl/8"),
            ("%{X-Forwarded-For}i", "203.0.113.9, 10.0.0.1", "client=203.0.113.9"),
            ("%{X-Forwarded-For}i \"%r\"", "203.0.113.9,10.0.0.1 \"-\"", "client=203.0.113.9"),
            ("%{X-Forwarded-For}i %A", "203.0.113.9:5151, 10.0.0.1 10.0.0.2", "client=203.0.113.9"),
            ("%{X-Real-IP}i", "203.0.113.9", "client=203.0.113.9"),
            ("%{c}h", "203.0.113.9", "client=203.0.113.9"),
            ("\"%{User-Agent}i\" %D", "\"-\"  2500", "duration=0.003"),
            ("%a:%{remote}p", "2001:db8::1:443", "client=2001:db8::1"),
            ("%{X-Correlation-Id}i", "r-1", "trace=r-1"),
            ("%{%A %e %B}t %m", "Monday  8 September GET", "method=GET"),
            ("%{%A %e %B}t %m", "Montag GET", "method=GET"),
            ("%h %{X-Forwarded-For}i", "10.0.0.1 203.0.113.9", "client=10.0.0.1"),
            ("%{X-Request-Id}i", "r-1", "trace=r-1"),
            ("%{X-Request-Id}o", "r-1", "trace=r-1"),
            ("%{UNIQUE_ID}e", "awlCXY", "trace=awlCXY"),
            ("%L %{UNIQUE_ID}e", "- awlCXY", "trace=awlCXY"),
            ("%{Content-Type}o", "text/html; charset=utf-8", ""),
            ("%{session}C", "abc", ""),
            ("%{ratio}n", "33", ""),
            ("%{proxy-status}n", "502", "own=502"),
            ("%{BALANCER_NAME}e", "balancer://api", "group=api"),
            (
                "%{BALANCER_WORKER_NAME}e",
                "http://10.0.0.5:8080",
                "upstream=10.0.0.5:8080 attempts=[10.0.0.5:8080 - -/-/-]",
            ),
            ("%{BALANCER_WORKER_NAME}e", "-", ""),
            ("%{BALANCER_WORKER_NAME}e", "balancer://api", "group=api"),
            ("%{Foo}^ti", "x", ""),
            ("%{Foo}^to", "x", ""),
            ("%^FB", "1200", ""),
            ("%^FU", "-", ""),
            ("%Z", "what ever", ""),
            (r"a\tb\n\\%m", "a\tb\n\\GET", "method=GET"),
            (r"%>s", "502", ""),
        ];
        for (directive, value, expected) in cases {
            assert_eq!(one(directive, value), expected, "{directive}");
        }
    }

    /// 2026-09-28T12:00:07 is 1790596807 where it is UTC.
    #[test]
    fn reads_every_time() {
        let cases = [
            ("%t", "[28/Sep/2026:12:00:07 +0600]", "1790596807.000000 +21600"),
            ("%{%Y-%m-%dT%H:%M:%S%z}t", "2026-09-28T12:00:07+0600", "1790596807.000000 +21600"),
            ("%{%FT%TZ}t", "2026-09-28T12:00:07Z", "1790596807.000000 UTC"),
            ("%{%F %T}t", "2026-09-28 12:00:07", "1790596807.000000 local"),
            ("%{%FT%T}t.%{msec_frac}t%{%z}t", "2026-09-28T12:00:07.123+0600", "1790596807.123000 +21600"),
            ("%{%FT%T}t,%{usec_frac}t", "2026-09-28T12:00:07,123456", "1790596807.123456 local"),
            ("%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t", "28/Sep/2026 12:00:07.045 -0130", "1790596807.045000 -5400"),
            ("%t.%{usec_frac}t", "[28/Sep/2026:12:00:07 +0600].000001", "1790596807.000001 +21600"),
            ("%{sec}t", "1790596807", "1790596807.000000 UTC"),
            ("%{msec}t", "1790596807123", "1790596807.123000 UTC"),
            ("%{usec}t", "1790596807123456", "1790596807.123456 UTC"),
            ("%{sec}t.%{msec_frac}t", "1790596807.123", "1790596807.123000 UTC"),
            ("%{begin:sec}t %{end:sec}t", "1790596807 1790596809", "1790596807.000000 UTC"),
            ("%{end:%s}t", "1790596807", "1790596807.000000 UTC"),
            ("%{begin:%T %d.%m.%y}t %{end:%T}t", "12:00:07 28.09.26 12:00:09", "1790596807.000000 local"),
            ("%{%c}t", "Mon Sep 28 12:00:07 2026", "1790596807.000000 local"),
            ("%{%A %e %B %Y %I:%M:%S %p %Z}t", "Monday 28 September 2026 12:00:07 PM UTC", "1790596807.000000 UTC"),
            ("%{%A, %d-%b-%y %r}t", "Monday, 28-Sep-26 12:00:07 AM", "1790553607.000000 local"),
            ("%{%D %R}t", "09/28/26 12:00", "1790596800.000000 local"),
            // The year that stamps without one are read in is 1972.
            ("%{%b %e %T}t", "Sep  8 12:00:07", "84801607.000000 yearless"),
            ("%{}t %{end}t", "[28/Sep/2026:12:00:07 +0600] [28/Sep/2026:12:00:09 +0600]", "1790596807.000000 +21600"),
            ("%{begin}t", "[28/Sep/2026:12:00:07 +0600]", "1790596807.000000 +21600"),
            ("%{end:}t", "[28/sep/2026:12:00:07 +0600]", "1790596807.000000 +21600"),
            ("%{%F %T.msec_frac %z}t", "2026-09-28 12:00:07.123 +0600", "1790596807.123000 +21600"),
            ("%{%F %T.%usec_frac}t", "2026-09-28 12:00:07.123456", "1790596807.123456 local"),
            ("%{%F %T %Z}t", "2026-09-28 12:00:07 EDT", "1790596807.000000 -14400"),
            ("%{%F %T %Z}t", "2026-09-28 12:00:07 CEST", "1790596807.000000 local"),
            ("%{%T}t", "12:00:07", "the layout has no %t: it is not known when"),
            ("%{%F %Q}t", "", "column 1: `%Q` is nothing that strftime knows"),
            ("%{%F %T}t", "2026-13-28 12:00:07", "not claimed"),
            ("%{%F %T}t", "2026-09-28 25:00:07", "not claimed"),
            ("%{%F %T}t", "9026-09-28 12:00:07", "not claimed"),
            ("%{sec}t", "12", "not claimed"),
        ];
        for (directive, value, expected) in cases {
            let read = time(&format!("apache:{directive} %>s"), &format!("{value} 200"));
            assert_eq!(read, expected, "{directive}");
        }
    }

    /// A status of 0 is written as `-` (`pfmt` in mod_log_config.c).
    #[test]
    fn a_status_may_be_missing() {
        let line = r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" - 578"#;
        assert_eq!(said("apache:common", line), "method=GET path=/a bytes=578 client=203.0.113.9");
        assert_eq!(said("apache:common", &line.replace(" - 578", " -- 578")), "not claimed");
    }

    #[test]
    fn takes_directives_as_they_stand() {
        let line = r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 502 578 "-" "ua""#;
        let common = "status=502 method=GET path=/a bytes=578 client=203.0.113.9";
        let combined = format!("{common} agent=ua");
        for layout in [
            "combined",
            r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
            r#"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\""#,
            r#""%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"""#,
            r#"LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"" combined"#,
            r#"logformat '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"'"#,
            r#"CustomLog "logs/access log" "%h %l %u %t \"%r\" %s %b \"%{Referer}i\" \"%{User-Agent}i\"" env=!x"#,
            "CustomLog logs/access_log combined",
        ] {
            assert_eq!(said(&format!("apache:{layout}"), line), combined, "{layout}");
        }
        let cut = line.strip_suffix(r#" "-" "ua""#).unwrap_or_default();
        assert_eq!(said("apache:common", cut), common);
        let none = cut.replace(" 502 578", " - -");
        assert_eq!(said("apache:common", &none), "method=GET path=/a client=203.0.113.9");
        assert_eq!(said("apache:combinedio", &format!("{line} 310 999")), combined);
        let host = format!("shop.example.com:80 {line}");
        assert_eq!(said("apache:vhost_combined", &host), combined.replace("path", "host=shop.example.com path"));
        // A line that was cut off inside its last quotes, and lines of other layouts.
        assert_eq!(said("apache:combined", line.strip_suffix('"').unwrap_or_default()), combined);
        for (layout, line) in [("common", line), ("combined", cut), ("vhost_combined", line), ("combined", "")] {
            assert_eq!(said(&format!("apache:{layout}"), line), "not claimed", "{layout}: {line}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_layout() {
        let cases = [
            ("", "the layout has no %>s: it is not known which requests failed"),
            ("%t", "the layout has no %>s: it is not known which requests failed"),
            ("%t %400s", "the layout has no %>s: it is not known which requests failed"),
            ("%>s", "the layout has no %t: it is not known when"),
            ("%h %", "column 4: a directive is not finished"),
            ("%h %>", "column 4: a directive is not finished"),
            ("é %{Foo", "column 3: `{` is never closed"),
            ("%t %^t", "column 4: a directive is not finished"),
            ("%t%h%>s", "column 5: nothing stands between `%>s` and the value before it"),
            ("LogFormat \"%h", "column 1: this quote is never closed"),
            ("combind", "`combind` is no format string, and none of common, combined, vhost_combined, combinedio"),
        ];
        for (layout, expected) in cases {
            assert_eq!(said(&format!("apache:{layout}"), ""), expected, "{layout}");
        }
    }

    /// Recorded from 2.4.71: the user agent was `a "q\b] {|} ü`.
    #[test]
    fn reads_what_apache_was_seen_to_write() {
        let text = r#"apache:%h %l %u [%{%Y-%m-%dT%H:%M:%S}t.%{msec_frac}t%{%z}t] "%r" %>s %B "%{User-Agent}i" %D %{ms}T %X %{BALANCER_NAME}e %{BALANCER_WORKER_NAME}e %{UNIQUE_ID}e %L %P"#;
        let json = r#"apache:{"t":"%{%Y-%m-%dT%H:%M:%S%z}t","s":%>s,"m":"%m","p":"%U%q","ua":"%{User-Agent}i","w":"%{BALANCER_WORKER_NAME}e","b":"%{BALANCER_NAME}e","ps":"%{proxy-status}n","us":%D,"h":"%{Host}i","rid":"%{X-Request-Id}i","o":"%{X-Request-Id}o","sz":%O}"#;
        let bars = "apache:%{sec}t.%{usec_frac}t|%v:%p|%a|%{c}a|%s|%<s|%>s|%I|%O|%S|%T|%{us}T|%k|%R|%f|%H|%{Host}i|%{remote}p|%{tid}P|%{canonical}p|%%|%400,501{User-agent}i|%!200{Referer}i|%{FOO}^ti|%^FB|%r|%{end:usec}t";
        let cases = [
            (
                text,
                r#"127.0.0.1 - - [2026-11-27T08:42:05.612+0000] "GET /slow?q=%22\"x HTTP/1.1" 502 381 "a \"q\\b] {|} \xc3\xbc" 1001560 1001 + balancer://api http://127.0.0.1:19501 awlCXY_XNlm4M7Pi-xuevQAAAAU awlCXY_XNlm4M7Pi-xuevQAAAAU 7038"#,
                r#"status=502 group=api upstream=127.0.0.1:19501 method=GET path=/slow?q=%22\"x bytes=381 duration=1.002 client=127.0.0.1 agent=a \"q\\b] {|} \xc3\xbc trace=awlCXY_XNlm4M7Pi-xuevQAAAAU pid=7038 attempts=[127.0.0.1:19501 - -/-/1.002] flags=+"#.to_owned(),
                Some("apache-502-after-wait"),
            ),
            (
                json,
                r#"{"t":"2026-11-27T08:42:05+0000","s":503,"m":"GET","p":"/err/a","ua":"a \"q\\b] {|} \xc3\xbc","w":"http://127.0.0.1:19501","b":"balancer://api","ps":"503","us":42999,"h":"127.0.0.1:19510","rid":"r-1","o":"up-1","sz":173}"#,
                r#"status=503 group=api upstream=127.0.0.1:19501 method=GET host=127.0.0.1 path=/err/a bytes=173 duration=0.043 agent=a \"q\\b] {|} \xc3\xbc trace=r-1 attempts=[127.0.0.1:19501 503 -/-/0.043] own=503"#.to_owned(),
                Some("apache-upstream-answered"),
            ),
            (
                json,
                r#"{"t":"2026-11-27T08:42:06+0000","s":503,"m":"GET","p":"/dead/a","ua":"a \"q\\b] {|} \xc3\xbc","w":"http://127.0.0.1:19502","b":"balancer://dead","ps":"-","us":303,"h":"127.0.0.1:19510","rid":"r-1","o":"-","sz":529}"#,
                r#"status=503 group=dead upstream=127.0.0.1:19502 method=GET host=127.0.0.1 path=/dead/a bytes=529 duration=0.000 agent=a \"q\\b] {|} \xc3\xbc trace=r-1 attempts=[127.0.0.1:19502 - -/-/0.000]"#.to_owned(),
                Some("apache-503-at-once"),
            ),
            (
                bars,
                r#"1795768925.612517|shop.example.com:80|127.0.0.1|127.0.0.1|502|502|502|148|544|692|1|1001560|0|proxy-server|proxy:http://127.0.0.1:19501/slow?q=%22\"x|HTTP/1.1|127.0.0.1:19510|57842|140568466126528|80|%|-|-|-|-|GET /slow?q=%22\"x HTTP/1.1|1795768926614077"#,
                r#"status=502 upstream=127.0.0.1:19501 method=GET host=127.0.0.1 path=/slow?q=%22\"x bytes=544 duration=1.002 client=127.0.0.1 attempts=[127.0.0.1:19501 - -/-/1.002]"#.to_owned(),
                Some("apache-502-after-wait"),
            ),
        ];
        for (layout, line, expected, kind) in cases {
            assert_eq!(said(layout, line), expected, "{line}");
            assert_eq!(kinds(layout, line), (kind, vec![kind]), "{line}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(
            layout in r#"(%t|%>s|%h|%\{%F %T\}t|%u|"%r"|%v:%p|%D|%\{X\}i|%400u| |\||"|\\|%|\{|é){0,14}"#,
            line in r#"(\[28/Sep/2026:12:00:00 \+0600\]|200|GET / HTTP/1.1| |"|\\|\||:|é|a){0,14}"#,
            bytes in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            if let Some(Ok(template)) = Template::compile(&format!("apache:{layout}")) {
                for line in [line.as_bytes(), &bytes] {
                    prop_assert_eq!(agree(template.skim(line), template.read(line).as_ref()), Ok(()));
                }
            }
        }
    }
}
