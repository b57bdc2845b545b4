//! Apache's `LogFormat`: the directives of mod_log_config, mod_logio and what else writes into the log.

use super::super::apache_access::{BALANCER, is_worker, worker_address};
use super::super::nginx::{list, request_line};
use super::super::{Attempt, Escape, Record, Skim, Skimmed};
use super::column;
use super::directive::apache_word;
use super::layout::{Class, Joints, Layout, Part, Rules, Sink};
use super::stamp::{self, Stamp, strftime};
use crate::grammar::address::host;
use crate::grammar::number::{self, Micros, uint, whole};
use crate::grammar::text::present;
use crate::grammar::time::When;

/// A compiled `LogFormat`.
#[derive(Clone, Debug)]
pub(super) struct Custom {
    layout: Layout<Field>,
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
    /// `%R`
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
        if !has(Field::Status) {
            return Err("the layout has no %>s: it is not known which requests failed".to_owned());
        }
        if !has(Field::Time) {
            return Err("the layout has no %t: it is not known when".to_owned());
        }
        let needs = |field| matches!(field, Field::Status | Field::Time | Field::Worker | Field::Balancer);
        Ok(Self { layout: Layout::new(parts, Rules { backslashes: true, open_end: false }, needs) })
    }

    #[inline]
    pub(super) fn skim<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        let glance: Glance<'_> = self.layout.skim(line)?;
        let upstream = glance.upstream();
        Some(Skimmed::Plain(Skim {
            when: glance.when?,
            status: whole(glance.status, number::status)?,
            group: glance.group(),
            upstream,
            names_upstream: false,
            attempted: !upstream.is_empty(),
            duration: glance.duration(),
        }))
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
        let forwarded = || list(get(Field::ForwardedFor)).next();
        Some(Record {
            when: Some(glance.when?),
            status: Some(whole(glance.status, number::status)?),
            upstream_status,
            group: glance.group(),
            upstream,
            method: first(&[Field::Method]).unwrap_or(method),
            host: host(first(&[Field::HostHeader, Field::Host, Field::ServerName]).unwrap_or_default()),
            path: Some(path).filter(|path| !path.is_empty()).unwrap_or(get(Field::Path)),
            bytes: whole(get(Field::Body), uint).or_else(|| whole(get(Field::Sent), uint)),
            duration,
            client: first(&[Field::Client, Field::RemoteHost, Field::Peer]).or_else(forwarded).unwrap_or_default(),
            user: if user == b"\"\"" { b"" } else { user },
            user_agent: get(Field::UserAgent),
            trace_id: first(&[Field::RequestId, Field::UniqueId, Field::LogId]).unwrap_or_default(),
            pid: whole(get(Field::Pid), uint),
            flags: connection(get(Field::Connection)),
            attempts: (!upstream.is_empty()).then_some(attempt).into_iter().collect(),
            escape: Escape::Hex,
            ..Record::default()
        })
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
    #[inline]
    fn set(&mut self, field: Field, value: &'a [u8]) {
        let place = match field {
            Field::Status => &mut self.status,
            Field::Worker => &mut self.worker,
            Field::Balancer => &mut self.balancer,
            Field::Handler => &mut self.handler,
            Field::Micros => &mut self.times[0],
            Field::Millis => &mut self.times[1],
            Field::Seconds => &mut self.times[2],
            _ => return,
        };
        if place.is_empty() {
            *place = value;
        }
    }

    #[inline]
    fn time(&mut self, _: Field, _: &'a [u8], when: When) {
        self.when.get_or_insert(when);
    }
}

impl<'a> Glance<'a> {
    /// The worker's URL, of which the handler may tell where no balancer chose it: `proxy:fcgi://10.0.0.5:9000`.
    fn worker(&self) -> &'a [u8] {
        let handler = self.handler.strip_prefix(b"proxy:").unwrap_or_default();
        [self.worker, handler].into_iter().find(|url| is_worker(url) && !url.starts_with(BALANCER)).unwrap_or_default()
    }

    fn upstream(&self) -> &'a [u8] {
        worker_address(self.worker())
    }

    fn group(&self) -> &'a [u8] {
        [self.balancer, self.worker].into_iter().find_map(|url| url.strip_prefix(BALANCER)).unwrap_or_default()
    }

    fn duration(&self) -> Option<Micros> {
        let units = [1, 1_000, 1_000_000];
        self.times.iter().zip(units).find_map(|(time, unit)| whole(time, uint)?.checked_mul(unit))
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
enum Token {
    Text(String),
    Time(Vec<stamp::Part>),
    Value(Class, Field),
}

fn parts(layout: &str) -> Result<Vec<Part<Field>>, String> {
    let mut parts = Vec::new();
    let tokens = joined(tokens(layout)?);
    let has_final = tokens.iter().any(|(_, _, is_final)| *is_final);
    let mut timed = false;
    for (column, token, is_final) in tokens {
        let (name, value) = match token {
            Token::Text(text) => {
                parts.push(Part::Text(text));
                continue;
            }
            Token::Time(times) => ("%t", time(times, &mut timed)),
            // `%s` is the status before an internal redirect, `%>s` what the client got.
            Token::Value(class, Field::Status) if has_final && !is_final => ("%s", (class, Field::Ignored)),
            Token::Value(class, field) => ("this value", (class, field)),
        };
        JOINTS.add(&mut parts, value, name, column)?;
    }
    Ok(parts)
}

/// The class of a time: the first that tells when is the line's.
fn time(times: Vec<stamp::Part>, timed: &mut bool) -> (Class, Field) {
    let Some(stamp) = Stamp::of(times) else { return (Class::Text, Field::Ignored) };
    let field = if std::mem::replace(timed, true) { Field::Ignored } else { Field::Time };
    (Class::Stamp(stamp), field)
}

const JOINTS: Joints<Field> = Joints {
    ignored: Field::Ignored,
    fixed: |field| matches!(field, Field::Status | Field::Time),
    fused: |last, next| (last == Field::Path && next == Field::Query).then_some(Field::Path),
};

/// Puts times together that only text stands between, as in `%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t`.
fn joined(tokens: Vec<(usize, Token, bool)>) -> Vec<(usize, Token, bool)> {
    let mut joined = Vec::<(usize, Token, bool)>::new();
    for (column, token, is_final) in tokens {
        if let Token::Time(more) = &token {
            let tells = |times: &[stamp::Part]| Stamp::of(times.to_vec()).is_some();
            let between = match joined.last() {
                Some((_, Token::Text(text), _)) if joined.len() > 1 => text.clone(),
                _ => String::new(),
            };
            let place = joined.len().checked_sub(if between.is_empty() { 1 } else { 2 });
            let before = place.and_then(|place| joined.get_mut(place));
            if let Some((_, Token::Time(times), _)) = before
                && !(tells(times) && tells(more))
            {
                if !between.is_empty() {
                    stamp::push_text(times, &between);
                }
                for part in more {
                    match part {
                        stamp::Part::Text(text) => stamp::push_text(times, &String::from_utf8_lossy(text)),
                        part => times.push(part.clone()),
                    }
                }
                if !between.is_empty() {
                    joined.pop();
                }
                continue;
            }
        }
        joined.push((column, token, is_final));
    }
    joined
}

/// Splits a format string: each part with its column, and whether it is `%>s`.
fn tokens(layout: &str) -> Result<Vec<(usize, Token, bool)>, String> {
    let (mut tokens, mut text, mut at) = (Vec::new(), String::new(), 0);
    while let Some(char) = layout[at..].chars().next() {
        let column = column(layout, at);
        match char {
            '%' if layout[at + 1..].starts_with('%') => {
                text.push('%');
                at += 2;
            }
            '%' => {
                let mut directive = Directive::default();
                let length = directive.read(&layout[at + 1..]).map_err(|why| format!("column {column}: {why}"))?;
                for token in directive.tokens().map_err(|why| format!("column {column}: {why}"))? {
                    match token {
                        Token::Text(more) => text.push_str(&more),
                        token => {
                            if !text.is_empty() {
                                tokens.push((column, Token::Text(std::mem::take(&mut text)), false));
                            }
                            tokens.push((column, token, directive.is_final));
                        }
                    }
                }
                at += 1 + length;
            }
            '\\' => {
                let next = layout[at + 1..].chars().next();
                let short = match next {
                    Some('n') => Some('\n'),
                    Some('t') => Some('\t'),
                    Some('r') => Some('\r'),
                    Some('\\') => Some('\\'),
                    _ => None,
                };
                text.push(short.unwrap_or('\\'));
                at += if short.is_some() { 2 } else { 1 };
            }
            char => {
                text.push(char);
                at += char.len_utf8();
            }
        }
    }
    if !text.is_empty() {
        tokens.push((column(layout, at), Token::Text(text), false));
    }
    Ok(tokens)
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
            return Ok(match self.argument {
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
            field if self.is_conditional => Token::Value(Class::Text, field),
            field => Token::Value(class, field),
        }])
    }

    /// What its value looks like and means.
    fn value(&self) -> (Class, Field) {
        let text = |field| (Class::Text, field);
        let number = |field| (Class::Number, field);
        match (self.name, self.argument) {
            ("s", _) => (Class::Status, Field::Status),
            ("h", _) => text(Field::RemoteHost),
            ("a", "c") => text(Field::Peer),
            ("a", _) => text(Field::Client),
            ("u", _) => text(Field::User),
            ("r", _) => text(Field::Request),
            ("m", _) => text(Field::Method),
            ("U", _) => text(Field::Path),
            ("q", _) => text(Field::Query),
            ("b" | "B", _) => number(Field::Body),
            ("O", _) => number(Field::Sent),
            ("D", _) | ("T", "us") => number(Field::Micros),
            ("T", "ms") => number(Field::Millis),
            ("T", _) => number(Field::Seconds),
            ("v", _) => text(Field::ServerName),
            ("V", _) => text(Field::Host),
            ("X", _) => text(Field::Connection),
            ("R", _) => text(Field::Handler),
            ("L", "") => text(Field::LogId),
            ("P", "" | "pid") => number(Field::Pid),
            ("I" | "S" | "p" | "k", _) => number(Field::Ignored),
            ("i" | "o" | "e" | "n", name) => text(self.named(name)),
            _ => text(Field::Ignored),
        }
    }

    /// What a header, an environment variable or a note means.
    fn named(&self, name: &str) -> Field {
        match (self.name, name.to_ascii_lowercase().as_str()) {
            ("i", "host") => Field::HostHeader,
            ("i", "user-agent") => Field::UserAgent,
            ("i", "x-forwarded-for") => Field::ForwardedFor,
            ("i" | "o", "x-request-id") => Field::RequestId,
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
    let pattern = pattern.strip_prefix("begin:").or(pattern.strip_prefix("end:")).unwrap_or(pattern);
    Ok(match pattern {
        "sec" => vec![stamp::Part::Since(1)],
        "msec" => vec![stamp::Part::Since(1_000)],
        "usec" => vec![stamp::Part::Since(1_000_000)],
        "msec_frac" | "usec_frac" => vec![stamp::Part::Fraction],
        pattern => strftime(pattern)?,
    })
}
