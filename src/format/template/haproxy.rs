//! HAProxy's `log-format` (configuration manual, 8.2.6): aliases, sample fetches, flags.
//!
//! HAProxy's lines are cut at a length that is 1,024 bytes unless told otherwise. So nothing behind the last value that
//! counting needs must be there for a line to be of a layout, and `skim` does not look at it.

mod names;

use super::super::haproxy::{self, Ending, Head, Line, Retries, Route, Timers, is_success, micros, number, placed};
use super::super::haproxy_http::{parts_of, split_target};
use super::super::nginx::list;
use super::super::{Escape, Record, Skim, Skimmed};
use super::column;
use super::directive::haproxy_word;
use super::layout::{Class, Joints, Layout, Part, Rules, Sink, unquoted};
use super::stamp::{self, Stamp};
use crate::grammar::address::host;
use crate::grammar::json::{Value, object};
use crate::grammar::number::{status, uint, whole};
use crate::grammar::text::present;
use crate::grammar::time::When;
use names::{Kind, alias, fetch};

/// A compiled `log-format`.
#[derive(Clone, Debug)]
pub(super) struct Custom {
    form: Form,
    has: Places,
    escape: Escape,
}

#[derive(Clone, Debug)]
enum Form {
    Text(Layout<Field>),
    /// `%{+json}o`: an object, whose keys are the names that the values have in the layout.
    Json(Vec<(String, Class, Field)>),
}

/// What a value means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// `%ci`, with `:%cp` or without.
    Client,
    /// `%ft`
    Frontend,
    /// `%b`
    Backend,
    /// `%s`
    Server,
    /// `%b/%s`
    Route,
    /// `%si`, with `:%sp` or without.
    ServerAddress,
    /// `%TR/%Tw/%Tc/%Tr/%Ta`, or with `%Tq` and `%Tt`.
    HttpTimers,
    /// `%Tw/%Tc/%Tt`
    TcpTimers,
    /// `%TR`
    RequestTime,
    /// `%Tq`
    OldRequestTime,
    /// `%Tw`
    Queue,
    /// `%Tc`
    Connect,
    /// `%Tr`
    Response,
    /// `%Ta`
    Active,
    /// `%Tt`, `%Tu`
    Total,
    /// `%ST`
    Status,
    /// `%B`
    Bytes,
    /// `%tsc`, `%ts`
    State,
    /// `%rc`
    Retries,
    /// `%ac/%fc/%bc/%sc/%rc`
    Connections,
    /// `%r`
    Request,
    /// `%HM`
    Method,
    /// `%HU`
    Uri,
    /// `%HP`, with `%HQ` where that follows.
    Path,
    Query,
    Host,
    UserAgent,
    /// `%ID`
    RequestId,
    ForwardedFor,
    /// `%pid`
    Pid,
    /// The error on the server's side.
    Error,
    Time,
    /// `%ms`
    Millis,
    Ignored,
}

/// How many fields keep a value.
const SLOTS: usize = Field::Time as usize;

/// The layouts that HAProxy itself has names for (`log.c`).
const NICKNAMES: [(&str, &str, &str); 4] = [
    (
        "httplog",
        "HAPROXY_HTTP_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r",
    ),
    (
        "httpslog",
        "HAPROXY_HTTPS_LOG_FMT",
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc",
    ),
    (
        "tcplog",
        "HAPROXY_TCP_LOG_FMT",
        "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
    ),
    (
        "clf",
        "HAPROXY_HTTP_CLF_LOG_FMT",
        r#"%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl"#,
    ),
];

/// For which fields a layout has places.
#[derive(Clone, Copy, Debug, Default)]
struct Places(u64);

impl Places {
    fn of(fields: impl Iterator<Item = Field>) -> Self {
        Self(fields.fold(0, |set, field| set | 1 << field as u64))
    }

    fn any(self, fields: &[Field]) -> bool {
        fields.iter().any(|field| self.0 >> *field as u64 & 1 == 1)
    }
}

impl Custom {
    /// Compiles a format string, a whole `log-format` directive, or the name of a known layout.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        let layout = directive(text)?;
        let mut parser = Parser::default();
        parser.read(&layout)?;
        let escape = match (parser.is_json, parser.escaped, parser.json_text) {
            (true, ..) | (_, _, true) => Escape::Json,
            (_, true, _) => Escape::Hex,
            _ => Escape::Hash,
        };
        let (form, has) = if parser.is_json {
            let has = Places::of(parser.named.iter().map(|named| named.2));
            (Form::Json(parser.named), has)
        } else {
            let parts = fused(parser.parts);
            let rules = Rules { backslashes: escape != Escape::Hash, open_end: true };
            let layout = Layout::new(parts, rules, is_needed);
            let has = Places::of(layout.fields());
            (Form::Text(layout), has)
        };
        if !has.any(&[Field::Status, Field::State]) {
            let why = "the layout has neither %ST nor %ts or %tsc: it is not known which requests failed";
            return Err(why.to_owned());
        }
        if !has.any(&[Field::Time]) {
            return Err("the layout has no %tr, %t or other time: it is not known when".to_owned());
        }
        Ok(Self { form, has, escape })
    }

    /// An ordinary end is `--`, with the status sent and no retry made; all else is worth a look.
    #[inline]
    pub(super) fn skim<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        let values = self.values(line, false)?;
        let status = match values.status() {
            Some(status) if self.has.any(&[Field::Status]) => status,
            _ => return Some(Skimmed::Full),
        };
        let state = values.get(Field::State);
        let retries = self.retries(&values);
        if !(state.is_empty() || state.starts_with(b"--")) || retries.count > 0 || retries.elsewhere {
            return Some(Skimmed::Full);
        }
        let line = self.line(&values)?;
        Some(Skimmed::Plain(Skim {
            when: line.head.when,
            status,
            group: line.route.group,
            upstream: line.route.upstream,
            names_upstream: line.route.names_upstream,
            attempted: line.reached(),
            duration: line.timers.total.map(micros),
        }))
    }

    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        let values = self.values(line, true)?;
        let line = self.line(&values)?;
        let mut record = line.record();
        let (method, asked, path) = parts_of(values.get(Field::Request));
        let (uri_host, uri) = split_target(values.get(Field::Uri));
        let first = |values: [&'a [u8]; 3]| values.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        record.method = first([values.get(Field::Method), method, b""]);
        record.host = host(first([values.get(Field::Host), asked, uri_host]));
        record.path = first([uri, path, values.get(Field::Path)]);
        record.user_agent = values.get(Field::UserAgent);
        record.trace_id = values.get(Field::RequestId);
        record.pid = whole(values.get(Field::Pid), uint);
        record.escape = self.escape;
        if record.client.is_empty() {
            record.client = list(values.get(Field::ForwardedFor)).next().unwrap_or_default();
        }
        let error = values.get(Field::Error);
        if !error.is_empty() && !is_success(after_key(error)) {
            record.flags = error;
        }
        // Without the time of the response's header, that all went well tells that there was one.
        let timed = self.has.any(&[Field::Response, Field::HttpTimers]);
        if !timed && record.termination_state.starts_with(b"--") && !record.upstream.is_empty() {
            record.upstream_status = record.status;
            if let Some(last) = record.attempts.last_mut() {
                last.status = record.status;
            }
        }
        Some(record)
    }

    fn values<'a>(&self, line: &'a [u8], whole: bool) -> Option<Values<'a>> {
        match &self.form {
            Form::Text(layout) if whole => layout.read(line),
            Form::Text(layout) => layout.skim(line),
            Form::Json(named) => members(named, line),
        }
        .filter(|values| values.when.is_some())
    }

    fn line<'a>(&self, values: &Values<'a>) -> Option<Line<'a>> {
        let timers = self.timers(values);
        let state = values.get(Field::State);
        Some(Line {
            head: Head::of(host_of(values.get(Field::Client)), values.when?),
            frontend: values.get(Field::Frontend),
            route: self.route(values),
            timers,
            status: values.status(),
            bytes: milliseconds(values.get(Field::Bytes)),
            ending: Ending { state, retries: self.retries(values) },
        })
    }

    /// The server by its name, else by its address.
    fn route<'a>(&self, values: &Values<'a>) -> Route<'a> {
        if self.has.any(&[Field::Route]) {
            return haproxy::route(values.get(Field::Route)).map_or_else(|_| Route::default(), |(_, route)| route);
        }
        let backend = values.get(Field::Backend);
        let server = match values.get(Field::Server) {
            b"" => Some(values.get(Field::ServerAddress)).filter(|address| !address.starts_with(b"-")),
            name => Some(name),
        };
        if self.has.any(&[Field::Server, Field::ServerAddress]) {
            let server = server.unwrap_or_default();
            return placed(backend, server, server);
        }
        haproxy::route(backend).map_or_else(|_| Route::default(), |(_, route)| route)
    }

    fn timers(&self, values: &Values<'_>) -> Timers {
        let time = |field: Field| milliseconds(values.get(field));
        if self.has.any(&[Field::HttpTimers]) {
            let row = haproxy::numbers::<5>(values.get(Field::HttpTimers), b'/');
            let [request, queue, connect, response, total] = row.map_or([None; 5], |(_, row)| row);
            return Timers { request, queue, connect, response, total };
        }
        if self.has.any(&[Field::TcpTimers]) {
            let row = haproxy::numbers::<3>(values.get(Field::TcpTimers), b'/');
            let [queue, connect, total] = row.map_or([None; 3], |(_, row)| row);
            return Timers { request: None, queue, connect, response: None, total };
        }
        let old = !self.has.any(&[Field::Active]);
        let request = match time(Field::OldRequestTime).filter(|_| old) {
            None => time(Field::RequestTime),
            old => old,
        };
        // Where the layout has no place for it, that a request was not queued is not known.
        let queue = if self.has.any(&[Field::Queue]) { time(Field::Queue) } else { Some(0) };
        let total = time(Field::Active).or_else(|| time(Field::Total));
        Timers { request, queue, connect: time(Field::Connect), response: time(Field::Response), total }
    }

    fn retries(&self, values: &Values<'_>) -> Retries {
        if self.has.any(&[Field::Connections]) {
            return haproxy::connections(values.get(Field::Connections), b'/').map_or_else(|_| Retries::default(), |row| row.1);
        }
        let text = values.get(Field::Retries);
        Retries { count: milliseconds(text).unwrap_or(0), elsewhere: text.starts_with(b"+") }
    }
}

/// A number of HAProxy's; `None` for `-1`.
fn milliseconds(text: &[u8]) -> Option<u64> {
    whole(text, number).flatten()
}

/// The address in `10.0.0.9:51514`, `2001:db8::1:443`, `unix:1`, or without a port.
fn host_of(client: &[u8]) -> &[u8] {
    let colons = client.iter().filter(|byte| **byte == b':').count();
    let is_v6 = colons > 1 && client.last() != Some(&b']');
    if colons == 1 || is_v6 { host(client) } else { client }
}

/// `bc_err=ERESET` without its key.
fn after_key(error: &[u8]) -> &[u8] {
    let value = memchr::memchr(b'=', error).map_or(error, |at| &error[at + 1..]);
    unquoted(value)
}

/// All values of a line.
struct Values<'a> {
    when: Option<When>,
    values: [&'a [u8]; SLOTS],
}

impl Default for Values<'_> {
    #[inline]
    fn default() -> Self {
        Self { when: None, values: [b""; SLOTS] }
    }
}

impl<'a> Values<'a> {
    /// A value; empty where it is absent or `-`.
    #[inline]
    fn get(&self, field: Field) -> &'a [u8] {
        present(self.values.get(field as usize).copied().unwrap_or_default())
    }

    /// `-1` and `0` are no status.
    #[inline]
    fn status(&self) -> Option<u16> {
        whole(self.get(Field::Status), status).filter(|status| *status >= 100)
    }
}

impl<'a> Sink<'a, Field> for Values<'a> {
    #[inline]
    fn set(&mut self, field: Field, value: &'a [u8]) {
        if let Some(place) = self.values.get_mut(field as usize)
            && present(place).is_empty()
        {
            *place = value;
        }
    }

    #[inline]
    fn time(&mut self, _: Field, _: &'a [u8], when: When) {
        self.when.get_or_insert(when);
    }
}

/// The values of an object.
fn members<'a>(named: &[(String, Class, Field)], line: &'a [u8]) -> Option<Values<'a>> {
    let mut values = Values::default();
    let mut fits = false;
    let (rest, ()) = object(line, |name, value: Value<'a>| {
        let Some((_, class, field)) = named.iter().find(|(known, ..)| known.as_bytes() == name) else { return };
        let text = value.text();
        fits |= matches!(field, Field::Status | Field::State);
        match class {
            Class::Stamp(stamp) => {
                if let Some(([], when)) = stamp.read(text) {
                    values.time(*field, text, when);
                }
            }
            _ => values.set(*field, text),
        }
    })
    .ok()?;
    (fits && rest.trim_ascii().is_empty()).then_some(values)
}

/// Whether counting cannot do without a field.
fn is_needed(field: Field) -> bool {
    use Field::{
        Active, Backend, Connect, Connections, HttpTimers, Queue, Response, Retries, Route, Server, ServerAddress,
        State, Status, TcpTimers, Time, Total,
    };
    matches!(
        field,
        Active | Backend | Connect | Connections | HttpTimers | Queue | Response | Retries | Route | Server
            | ServerAddress | State | Status | TcpTimers | Time | Total
    )
}

/// Takes off what haproxy.cfg has around a layout: `log-format "%ci:%cp …"`, and the name of a known one.
fn directive(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let layout = if matches!(word, "log-format" | "error-log-format") {
        haproxy_word(rest.trim_start(), true)?
    } else {
        // A bare layout may begin with a quote of its own: `"%r" %ST`.
        let whole = text.starts_with('"') && text.ends_with('"') && text.matches('"').count() == 2;
        haproxy_word(text, whole || text.starts_with('\''))?
    };
    for (name, variable, known) in NICKNAMES {
        if layout == name || layout.trim_matches(['$', '{', '}']) == variable {
            return Ok(known.to_owned());
        }
    }
    if !layout.is_empty() && !layout.contains(['%', ' ']) {
        let names = NICKNAMES.map(|(name, ..)| name).join(", ");
        return Err(format!("`{layout}` is no format string, and none of {names}"));
    }
    Ok(layout)
}

const JOINTS: Joints<Field> = Joints {
    ignored: Field::Ignored,
    fixed: |field| matches!(field, Field::Status | Field::Time),
    fused: |last, next| (last == Field::Path && next == Field::Query).then_some(Field::Path),
};

/// Reads format strings.
#[derive(Default)]
struct Parser {
    parts: Vec<Part<Field>>,
    /// `%{+json}o`
    is_json: bool,
    named: Vec<(String, Class, Field)>,
    /// The flags that `%{…}o` set for all that follows.
    flags: Flags,
    /// `+E` somewhere.
    escaped: bool,
    /// A `json` converter somewhere.
    json_text: bool,
    timed: bool,
}

/// How a value is written.
#[derive(Clone, Copy, Default)]
struct Flags {
    quotes: bool,
    hexadecimal: bool,
    escapes: bool,
}

impl Parser {
    fn read(&mut self, layout: &str) -> Result<(), String> {
        let mut at = 0;
        while let Some(char) = layout[at..].chars().next() {
            if char == '%' {
                let column = column(layout, at);
                let length = self.item(&layout[at + 1..], column).map_err(|why| {
                    if why.starts_with("column") { why } else { format!("column {column}: {why}") }
                })?;
                at += 1 + length;
            } else {
                self.text(char);
                at += char.len_utf8();
            }
        }
        Ok(())
    }

    /// HAProxy writes one space for several, and none at the start of a line or behind what writes nothing.
    fn text(&mut self, char: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => {
                if !(char == ' ' && text.ends_with(' ')) {
                    text.push(char);
                }
            }
            None if char == ' ' => {}
            _ => self.parts.push(Part::Text(char.to_string())),
        }
    }

    /// What follows a `%`: `{+Q}r`, `(name)ci`, `[src]`, `%`. Gives its length.
    fn item(&mut self, text: &str, column: usize) -> Result<usize, String> {
        if text.starts_with('%') {
            self.text('%');
            return Ok(1);
        }
        let (mut at, mut flags, mut name, mut json) = (0, self.flags, None, false);
        loop {
            let rest = &text[at..];
            if let Some(list) = rest.strip_prefix('{') {
                let end = list.find('}').ok_or("`{` is never closed")?;
                for flag in list[..end].split(',').map(str::trim).filter(|flag| !flag.is_empty()) {
                    json |= flags.set(flag)?;
                }
                at += end + 2;
            } else if let Some(list) = rest.strip_prefix('(') {
                let end = list.find(')').ok_or("`(` is never closed")?;
                name = Some(list[..end].split(':').next().unwrap_or_default().to_owned());
                at += end + 2;
            } else if let Some(inside) = rest.strip_prefix('[') {
                let end = end_of_sample(inside).ok_or("`[` is never closed")?;
                let kind = fetch(&inside[..end], &mut self.json_text);
                self.value(kind, flags, (name, &text[..at + end + 2], column))?;
                return Ok(at + end + 2);
            } else {
                let length = rest.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(rest.len());
                match &rest[..length] {
                    "" => return Err("`%` is not followed by a name".to_owned()),
                    "o" => (self.flags, self.is_json) = (flags, self.is_json || json),
                    alias_name => self.value(alias(alias_name), flags, (name, &text[..at + length], column))?,
                }
                return Ok(at + length);
            }
        }
    }

    fn value(&mut self, kind: Kind, flags: Flags, (name, text, column): (Option<String>, &str, usize)) -> Result<(), String> {
        self.escaped |= flags.escapes;
        let (class, field) = match kind {
            Kind::Text(field) if flags.quotes => (Class::Quotable, field),
            Kind::Text(field) => (Class::Text, field),
            // In hexadecimal digits they say nothing here.
            Kind::Address(_) | Kind::Number(Field::Pid | Field::Ignored) if flags.hexadecimal => {
                (Class::Text, Field::Ignored)
            }
            Kind::Address(field) if flags.quotes => (Class::Quotable, field),
            Kind::Address(field) => (Class::Text, field),
            Kind::Number(field) => (Class::Number, field),
            Kind::Captures if flags.quotes => (Class::Quotable, Field::Ignored),
            Kind::Captures => (Class::Captures, Field::Ignored),
            Kind::Time(Stamp::Epoch) if flags.hexadecimal => (Class::Stamp(Stamp::Hex), Field::Time),
            Kind::Time(stamp) => (Class::Stamp(stamp), Field::Time),
        };
        let field = match field {
            Field::Time if std::mem::replace(&mut self.timed, true) => Field::Ignored,
            field => field,
        };
        if let Some(name) = name {
            let class = class.clone();
            self.named.push((name, class, field));
        }
        JOINTS.add(&mut self.parts, (class, field), &format!("%{text}"), column)
    }
}

impl Flags {
    /// Sets one of `+Q`, `-Q`, `Q`; whether it is `+json`.
    fn set(&mut self, flag: &str) -> Result<bool, String> {
        let (on, name) = match flag.strip_prefix('-') {
            Some(name) => (false, name),
            None => (true, flag.strip_prefix('+').unwrap_or(flag)),
        };
        match name {
            "Q" => self.quotes = on,
            "X" => self.hexadecimal = on,
            "E" => self.escapes = on,
            "json" => return Ok(on),
            "cbor" | "bin" if on => return Err(format!("`+{name}` makes no lines of text")),
            // Flags that are not known change nothing that could be read anyway.
            _ => {}
        }
        Ok(false)
    }
}

/// Where a sample expression ends: brackets, parentheses and quotes may stand inside.
fn end_of_sample(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match (char, quote) {
            ('\\', _) => {
                chars.next();
            }
            (mark, Some(open)) if mark == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(char),
            ('(', None) => depth += 1,
            (')', None) => depth = depth.saturating_sub(1),
            (']', None) if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// Puts together what is written as one: `%ci:%cp`, `%b/%s`, rows of numbers, `%Ts.%ms`, `bc_err=%[bc_err]`.
fn fused(parts: Vec<Part<Field>>) -> Vec<Part<Field>> {
    use Field::{
        Active, Backend, Client, Connect, Connections, Error, HttpTimers, Ignored, Millis, OldRequestTime, Queue,
        RequestTime, Response, Retries, Route, Server, ServerAddress, TcpTimers, Time, Total,
    };
    let mut fused = Vec::<Part<Field>>::new();
    for mut part in parts {
        if let Part::Value(Class::Text, Error) = part
            && let Some(Part::Text(before)) = fused.last_mut()
        {
            take_key(before);
        }
        // Milliseconds that follow no second mean nothing.
        if let Part::Value(class @ Class::Number, field @ Millis) = &mut part {
            match fused.as_slice() {
                [.., Part::Value(Class::Stamp(Stamp::Epoch), Time), Part::Text(point)] if point == "." => {
                    fused.pop();
                    continue;
                }
                _ => (*class, *field) = (Class::Number, Ignored),
            }
        }
        fused.push(part);
        for address in [Client, ServerAddress, Ignored] {
            row(&mut fused, ":", &[texts(&[address]), numbers(&[Ignored])], (Class::Port, address));
        }
        row(&mut fused, "/", &[texts(&[Backend]), texts(&[Server])], (Class::Route, Route));
        let http: [&[Field]; 5] = [&[RequestTime, OldRequestTime], &[Queue], &[Connect], &[Response], &[Active, Total]];
        row(&mut fused, "/", &http.map(numbers), (Class::Row(5), HttpTimers));
        let tcp: [&[Field]; 3] = [&[Queue], &[Connect], &[Total]];
        row(&mut fused, "/", &tcp.map(numbers), (Class::Row(3), TcpTimers));
        let connections: [&[Field]; 5] = [&[Ignored], &[Ignored], &[Ignored], &[Ignored], &[Retries]];
        row(&mut fused, "/", &connections.map(numbers), (Class::Row(5), Connections));
    }
    fused
}

fn texts(fields: &[Field]) -> (Class, &[Field]) {
    (Class::Text, fields)
}

fn numbers(fields: &[Field]) -> (Class, &[Field]) {
    (Class::Number, fields)
}

/// Replaces the last parts by one value, if they are of those classes and fields with that separator between.
fn row(parts: &mut Vec<Part<Field>>, separator: &str, values: &[(Class, &[Field])], whole: (Class, Field)) {
    let Some(start) = parts.len().checked_sub(2 * values.len() - 1) else { return };
    let fits = |(at, part): (usize, &Part<Field>)| match part {
        Part::Text(text) => at % 2 == 1 && text == separator,
        Part::Value(class, field) => at % 2 == 0 && values[at / 2].0 == *class && values[at / 2].1.contains(field),
    };
    if parts[start..].iter().enumerate().all(fits) {
        parts.truncate(start);
        parts.push(Part::Value(whole.0, whole.1));
    }
}

/// Leaves a key that names an error to its value: `bc_err=` is half of what is looked for.
fn take_key(before: &mut String) {
    if let Some(text) = before.strip_suffix('=') {
        let start = text.rfind(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).map_or(0, |at| at + 1);
        if text[start..].contains("err") {
            before.truncate(start);
        }
    }
}
