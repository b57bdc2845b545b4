//! HAProxy's `log-format` (configuration manual, 8.2.6): aliases, sample fetches, flags.
//!
//! HAProxy's lines are cut at a length that is 1,024 bytes unless told otherwise. So nothing behind the last value that
//! counting needs must be there for a line to be of a layout, and `skim` does not look at it.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

mod names;

use super::super::haproxy::{self, Ending, Head, Line, Retries, Route, Timers, is_success, micros, number, placed};
use super::super::haproxy_http::{self, parts_of, split_target};
use super::super::nginx::forwarded;
use super::super::{Escape, Record, Skim, Skimmed};
use super::column;
use super::directive::haproxy_word;
use super::layout::{Class, Joints, Layout, Part, Rules, Sink, unquoted};
use super::stamp::{self, Stamp};
use crate::grammar::address::host;
use crate::grammar::find::{find, find2};
use crate::grammar::json::{Value, object};
use crate::grammar::number::{status, uint, whole};
use crate::grammar::text::present;
use crate::grammar::time::{When, Zone};
use names::{Kind, alias, fetch};

/// A compiled `log-format`.
#[derive(Clone, Debug)]
pub(super) struct Custom {
    form: Form,
    has: Places,
    escape: Escape,
    look: Look,
}

/// How ordinary requests are skimmed.
#[derive(Clone, Copy, Debug)]
enum Look {
    /// As those of `option httplog`, whose layout this one begins with.
    Httplog,
    /// By a [`Glance`].
    Glance,
    /// As all others.
    Close,
}

impl Look {
    fn of(layout: &Layout<Field>) -> Result<Self, String> {
        let mut httplog = Parser::default();
        httplog.read(NICKNAMES[0].2)?;
        let count = |wanted: Field| layout.fields().filter(|field| *field == wanted).count();
        Ok(if layout.begins_as(&httplog.layout()) {
            Self::Httplog
        } else if count(Field::Status) == 1 && Glance::FIELDS.iter().all(|field| count(*field) < 2) {
            Self::Glance
        } else {
            Self::Close
        })
    }
}

/// Whether the first word holds a colon.
#[inline(always)]
fn has_port(line: &[u8]) -> bool {
    find2(b':', b' ', line).is_some_and(|at| line[at] == b':')
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
    /// `%ci`
    Client,
    /// `%ci:%cp`
    ClientPort,
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
    /// `%HU`, with the host before it or without.
    Uri,
    /// `%HP`, with `%HQ` where that follows.
    Path,
    /// `%HQ`, with its `?` or without.
    Query,
    Host,
    /// The name that the client asked for as it began TLS.
    ServerName,
    UserAgent,
    /// `%ID`
    RequestId,
    ForwardedFor,
    /// `%pid`
    Pid,
    /// The error on the server's side, in words.
    Error,
    /// Its number.
    ErrorCode,
    Time,
    /// `%ms`
    Millis,
    Ignored,
}

/// What may hold anything.
const UNKNOWN: &[Field] = &[Field::Ignored, Field::Query];

/// Stands for the time in layouts that have none.
const NEVER: When = When { wall: 0, zone: Zone::Utc };

/// How many fields keep a value.
const SLOTS: usize = Field::Time as usize;

/// The layouts that HAProxy itself has names for (`log.c`).
const NICKNAMES: [(&str, &str, &str); 5] = [
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
    ("tcplog", "HAPROXY_TCP_LOG_FMT", "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"),
    (
        "clf",
        "HAPROXY_HTTP_CLF_LOG_FMT",
        r#"%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl"#,
    ),
    (
        "tcpclf",
        "HAPROXY_TCP_CLF_LOG_FMT",
        r#"%{+Q}o %{-Q}ci - - [%T] "TCP " 000 %B "" "" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U %ts-- %ac %fc %bc %sc %rc %sq %bq "" "" "#,
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
        // An object's texts are JSON's, whose requests and captured headers are escaped by `#` before that.
        let escape = if parser.is_json || parser.backslashes { Escape::HashOrJson } else { Escape::Hash };
        let (form, has) = if parser.is_json {
            let has = Places::of(parser.named.iter().map(|named| named.2));
            (Form::Json(parser.named), has)
        } else {
            let layout = parser.layout();
            let has = Places::of(layout.fields());
            (Form::Text(layout), has)
        };
        let look = match &form {
            Form::Text(layout) => Look::of(layout)?,
            Form::Json(_) => Look::Close,
        };
        Ok(Self { form, has, escape, look })
    }

    /// See [`super::Template::lack`].
    pub(super) fn lack(&self) -> Option<&'static str> {
        match [&[Field::Status, Field::State][..], &[Field::Time]].map(|fields| self.has.any(fields)) {
            [false, _] => Some("the layout has neither %ST nor %ts or %tsc: it is not known which requests failed"),
            [_, false] => Some("the layout has no %tr, %t or other time: it is not known when"),
            _ => None,
        }
    }

    /// An ordinary end is `--`, with the status sent and no retry made; all else is worth a look.
    #[inline]
    pub(super) fn skim<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        let ordinary = match (self.look, &self.form) {
            (Look::Httplog, _) if has_port(line) => haproxy_http::ordinary(line),
            (Look::Glance, Form::Text(layout)) => layout.skim(line).and_then(|glance: Glance<'_>| glance.skim()),
            _ => None,
        };
        match ordinary {
            Some(skim) => Some(Skimmed::Plain(skim)),
            None => self.skim_any(line),
        }
    }

    fn skim_any<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        let values = self.values(line, false)?;
        let (Some(when), Some(status)) = (values.when, values.status()) else { return Some(Skimmed::Full) };
        let line = self.line(&values);
        let Ending { state, retries } = line.ending;
        if !(state.is_empty() || state.starts_with(b"--")) || retries.count > 0 || retries.elsewhere {
            return Some(Skimmed::Full);
        }
        Some(Skimmed::Plain(Skim {
            when: Some(when),
            status,
            group: line.route.group,
            upstream: line.route.upstream,
            names_upstream: line.route.names_upstream,
            attempted: line.reached(),
            duration: line.timers.total.map(micros),
        }))
    }

    /// See [`super::Template::unknown`].
    pub(super) fn unknown<'a>(&self, line: &'a [u8]) -> Vec<&'a [u8]> {
        let named = match &self.form {
            Form::Text(layout) => return layout.each(line, UNKNOWN),
            Form::Json(named) => named,
        };
        let is_known =
            |name: &[u8]| named.iter().any(|(known, _, field)| known.as_bytes() == name && !UNKNOWN.contains(field));
        let mut unknown = Vec::new();
        // What cannot be read as an object has told nothing, and is no line of this layout.
        let _ = object(line, |name, value| {
            if !is_known(name) {
                unknown.push(match value {
                    Value::Text(text) | Value::Bare(text) | Value::Nested(text) => text,
                });
            }
        });
        unknown
    }

    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        let values = self.values(line, true)?;
        let line = self.line(&values);
        let mut record = line.record();
        record.when = values.when;
        let first = |values: [&'a [u8]; 3]| values.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        let (method, asked, path) = parts_of(values.get(Field::Request));
        let uri = values.get(Field::Uri);
        let (uri_host, target) = split_target(first([uri, values.get(Field::Path), b""]));
        record.method = first([values.get(Field::Method), method, b""]);
        record.host = match host(first([values.get(Field::Host), asked, uri_host])) {
            b"" => values.get(Field::ServerName),
            host => host,
        };
        let path = if uri.is_empty() { first([path, target, b""]) } else { target };
        let query = if find(b'?', path).is_none() { values.get(Field::Query) } else { b"" };
        record.set_path(path, query);
        record.user_agent = values.get(Field::UserAgent);
        record.trace_id = values.get(Field::RequestId);
        record.pid = whole(values.get(Field::Pid), uint);
        record.escape = self.escape;
        if record.client.is_empty() {
            record.client = forwarded(values.get(Field::ForwardedFor));
        }
        let errors = [Field::Error, Field::ErrorCode].map(|field| values.get(field));
        if let Some(error) = errors.into_iter().find(|error| !is_success(after_key(error))) {
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
        .filter(|values| values.when.is_some() || !self.has.any(&[Field::Time]))
    }

    fn line<'a>(&self, values: &Values<'a>) -> Line<'a> {
        let timers = self.timers(values);
        let state = values.get(Field::State);
        let client = match values.get(Field::ClientPort) {
            b"" => values.get(Field::Client),
            // A program's name may stand before it, in a line of syslog's that lost its stamp.
            client => host(&client[memchr::memrchr(b' ', client).map_or(0, |at| at + 1)..]),
        };
        Line {
            head: Head::of(client, values.when.unwrap_or(NEVER)),
            frontend: values.get(Field::Frontend),
            route: self.route(values),
            host: b"",
            timers,
            status: values.status(),
            bytes: milliseconds(values.get(Field::Bytes)),
            ending: Ending { state, retries: self.retries(values) },
        }
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
            // Where the layout has no place for it, that it never began is not known; nor that a request was not queued.
            None if !self.has.any(&[Field::RequestTime, Field::OldRequestTime]) => Some(0),
            None => time(Field::RequestTime),
            old => old,
        };
        let queue = if self.has.any(&[Field::Queue]) { time(Field::Queue) } else { Some(0) };
        let total = time(Field::Active).or_else(|| time(Field::Total));
        Timers { request, queue, connect: time(Field::Connect), response: time(Field::Response), total }
    }

    fn retries(&self, values: &Values<'_>) -> Retries {
        if self.has.any(&[Field::Connections]) {
            return haproxy::connections(values.get(Field::Connections), b'/')
                .map_or_else(|_| Retries::default(), |row| row.1);
        }
        let text = values.get(Field::Retries);
        // `%[txn.redispatched,iif(+,)]%[txn.conn_retries]` writes a `-` for nothing.
        let count = milliseconds(text.strip_prefix(b"-").unwrap_or(text)).unwrap_or(0);
        Retries { count, elsewhere: text.starts_with(b"+") }
    }
}

/// A number of HAProxy's; `None` for `-1`.
fn milliseconds(text: &[u8]) -> Option<u64> {
    whole(text, number).flatten()
}

/// `bc_err=ERESET` without its key.
fn after_key(error: &[u8]) -> &[u8] {
    let value = memchr::memchr(b'=', error).map_or(error, |at| &error[at + 1..]);
    unquoted(value)
}

/// What counting takes from an ordinary request: of one that a server answered at the first try.
#[derive(Default)]
struct Glance<'a> {
    when: Option<When>,
    status: &'a [u8],
    route: &'a [u8],
    backend: &'a [u8],
    server: &'a [u8],
    state: &'a [u8],
    /// `%Ta` and `%Tt`, by themselves.
    active: &'a [u8],
    total: &'a [u8],
    /// The last of a row of timers.
    row: Option<u64>,
    /// There were retries, or a row holds what no ordinary one does.
    is_odd: bool,
}

impl<'a> Sink<'a, Field> for Glance<'a> {
    #[inline(always)]
    fn set(&mut self, field: Field, value: &'a [u8]) {
        match field {
            Field::Status => self.status = value,
            Field::Route => self.route = value,
            Field::Backend => self.backend = value,
            Field::Server => self.server = value,
            Field::State => self.state = value,
            Field::Active => self.active = value,
            Field::Total => self.total = value,
            Field::Retries => self.is_odd |= value != b"0",
            Field::HttpTimers | Field::TcpTimers | Field::Connections => self.is_odd = true,
            _ => {}
        }
    }

    #[inline(always)]
    fn time(&mut self, _: Field, _: &'a [u8], when: When) {
        self.when.get_or_insert(when);
    }

    #[inline(always)]
    fn row(&mut self, field: Field, _: &'a [u8], last: u64) {
        match field {
            Field::HttpTimers => self.row = Some(last),
            Field::Connections => self.is_odd |= last != 0,
            _ => {}
        }
    }
}

impl<'a> Glance<'a> {
    /// The fields of which it keeps one value, and not the first of several.
    const FIELDS: [Field; 7] =
        [Field::Route, Field::Backend, Field::Server, Field::State, Field::Active, Field::Total, Field::HttpTimers];

    /// `None` where the request is to be looked at more closely.
    #[inline(always)]
    fn skim(&self) -> Option<Skim<'a>> {
        let is_ordinary = !self.is_odd && (self.state.is_empty() || self.state.starts_with(b"--"));
        if !is_ordinary {
            return None;
        }
        let (group, server, upstream) = self.way()?;
        let is_server = !matches!(server, b"" | b"-") && find2(b'/', b'<', server).is_none();
        if matches!(group, b"" | b"-") || !is_server {
            return None;
        }
        Some(Skim {
            when: Some(self.when?),
            status: whole(self.status, status).filter(|status| *status >= 100)?,
            group,
            upstream,
            names_upstream: true,
            attempted: true,
            duration: self.duration()?.map(micros),
        })
    }

    /// The backend, the server, and what to call it.
    #[inline(always)]
    fn way(&self) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
        if self.route.is_empty() {
            return Some((self.backend, self.server, self.server));
        }
        let slash = find2(b'/', b'<', self.route).filter(|at| self.route[*at] == b'/')?;
        Some((&self.route[..slash], &self.route[slash + 1..], self.route))
    }

    /// In milliseconds; nothing where the layout has no place for it.
    #[inline(always)]
    fn duration(&self) -> Option<Option<u64>> {
        match (self.row, if self.active.is_empty() { self.total } else { self.active }) {
            (None, b"") => Some(None),
            (None, text) => whole(text, uint).map(Some),
            row => Some(row.0),
        }
    }
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
        Active
            | Backend
            | Connect
            | Connections
            | HttpTimers
            | Queue
            | Response
            | Retries
            | Route
            | Server
            | ServerAddress
            | State
            | Status
            | TcpTimers
            | Time
            | Total
    )
}

/// Takes off what haproxy.cfg has around a layout: `log-format "%ci:%cp …"`, and the name of a known one.
fn directive(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    // Of a log-profile: `on close format "%ci …"`.
    let profile = Some(rest).filter(|_| word == "on").and_then(|rest| rest.split_once(" format "));
    let layout = if let Some((_step, layout)) = profile {
        haproxy_word(layout.trim_start(), true)?
    } else if matches!(word, "log-format" | "error-log-format") {
        haproxy_word(rest.trim_start(), true)?
    } else {
        // A bare layout may begin with a quote of its own: `"%r" %ST`.
        let whole = text.starts_with('"') && text.ends_with('"') && text.matches('"').count() == 2;
        haproxy_word(text, whole || text.starts_with('\''))?
    };
    // HAProxy has them as variables too: `log-format "${HAPROXY_TCP_LOG_FMT} lr=%[last_rule_file]"`.
    let spelt = |layout: String, (_, variable, known): (_, _, &str)| {
        let layout = layout.replace(&format!("${{{variable}}}"), known);
        if layout.strip_prefix('$') == Some(variable) { known.to_owned() } else { layout }
    };
    let layout = NICKNAMES.into_iter().fold(layout, spelt);
    if let Some((.., known)) = NICKNAMES.iter().find(|(name, ..)| *name == layout) {
        return Ok((*known).to_owned());
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
    fused: |last, next| match (last, next) {
        (Field::Path, Field::Query) => Some(Field::Path),
        (Field::Host, whole @ (Field::Uri | Field::Path)) => Some(whole),
        // `%[txn.redispatched,iif(+,)]%[txn.conn_retries]`
        (Field::Ignored, Field::Retries) => Some(Field::Retries),
        _ => None,
    },
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
    /// A `json` converter somewhere, or a flag that escapes alike.
    backslashes: bool,
    timed: bool,
}

/// How a value is written.
#[derive(Clone, Copy, Default)]
struct Flags {
    quotes: bool,
    hexadecimal: bool,
    /// Backslashes before `"`, `\` and `]`.
    escapes: bool,
    json: bool,
}

impl Parser {
    /// What was read, as lines of text.
    fn layout(self) -> Layout<Field> {
        let has = |wanted: &[Field]| {
            self.parts.iter().any(|part| matches!(part, Part::Value(_, field) if wanted.contains(field)))
        };
        let open_end = has(&[Field::Time]) && has(&[Field::Status, Field::State]);
        let rules = Rules { backslashes: self.backslashes, open_end };
        Layout::new(fused(self.parts), rules, is_needed)
    }

    fn read(&mut self, layout: &str) -> Result<(), String> {
        let mut at = 0;
        while let Some(char) = layout[at..].chars().next() {
            if char == '%' {
                let column = column(layout, at);
                let length = self
                    .item(&layout[at + 1..], column)
                    .map_err(|why| if why.starts_with("column") { why } else { format!("column {column}: {why}") })?;
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
        let (mut at, mut flags, mut name) = (0, self.flags, None);
        loop {
            let rest = &text[at..];
            if let Some(list) = rest.strip_prefix('{') {
                let end = list.find('}').ok_or("`{` is never closed")?;
                for flag in list[..end].split(',').map(str::trim).filter(|flag| !flag.is_empty()) {
                    flags.set(flag)?;
                }
                at += end + 2;
            } else if let Some(list) = rest.strip_prefix('(') {
                let end = list.find(')').ok_or("`(` is never closed")?;
                name = Some(list[..end].split(':').next().unwrap_or_default().to_owned());
                at += end + 2;
            } else if let Some(inside) = rest.strip_prefix('[') {
                let end = end_of_sample(inside).ok_or("`[` is never closed")?;
                let (kind, is_json) = fetch(&inside[..end]);
                self.backslashes |= is_json;
                let name = (name, &text[..at + end + 2], column);
                match kind {
                    // All that a sample gives is in quotes then, unlike an alias.
                    Kind::Number(field) => self.value(Kind::Text(field), flags, name)?,
                    Kind::Time(_) if flags.quotes && !self.is_json => {
                        self.text('"');
                        self.value(kind, flags, name)?;
                        self.text('"');
                    }
                    kind => self.value(kind, flags, name)?,
                }
                return Ok(at + end + 2);
            } else {
                let length = rest.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(rest.len());
                match &rest[..length] {
                    "" => return Err("`%` is not followed by a name".to_owned()),
                    "o" => (self.flags, self.is_json) = (flags, self.is_json || flags.json),
                    alias_name => self.value(alias(alias_name), flags, (name, &text[..at + length], column))?,
                }
                return Ok(at + length);
            }
        }
    }

    /// What the layout calls the value that follows: `ua=`, `"user_agent":"`; behind `https://` stands the host.
    fn key(&self) -> &str {
        let Some(Part::Text(text)) = self.parts.last() else { return "" };
        if text.ends_with("://") {
            return "host";
        }
        let text = text.trim_end_matches(['"', ' ']);
        let Some(text) = text.strip_suffix(['=', ':']) else { return "" };
        let text = text.trim_end_matches(['"', ' ']);
        let is_part = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.');
        &text[text
            .rfind(|char| !is_part(char))
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..]
    }

    fn value(
        &mut self,
        kind: Kind,
        flags: Flags,
        (name, text, column): (Option<String>, &str, usize),
    ) -> Result<(), String> {
        // JSON for this value alone: its text is in quotes.
        let quotes = flags.quotes || flags.json;
        self.backslashes |= flags.json || flags.escapes;
        let kind = match kind {
            Kind::Unnamed => Kind::Text(names::variable(name.as_deref().unwrap_or_else(|| self.key()))),
            kind => kind,
        };
        let (class, field) = match kind {
            Kind::Text(field) if quotes => (Class::Quotable, field),
            Kind::Text(field) => (Class::Text, field),
            // A state is never in quotes.
            Kind::Word(field) if quotes && field != Field::State => (Class::Quotable, field),
            Kind::Word(field) => (Class::Word, field),
            // In hexadecimal digits they say nothing here.
            Kind::Address(_) | Kind::Number(Field::Pid | Field::Ignored) if flags.hexadecimal => {
                (Class::Text, Field::Ignored)
            }
            Kind::Address(field) if quotes => (Class::Quotable, field),
            Kind::Address(field) => (Class::Word, field),
            Kind::Number(field) => (Class::Number, field),
            Kind::Captures if quotes => (Class::Quotable, Field::Ignored),
            Kind::Captures | Kind::Unnamed => (Class::Captures, Field::Ignored),
            Kind::Time(Stamp::Epoch) if flags.hexadecimal => (Class::Stamp(Stamp::Hex), Field::Time),
            Kind::Time(stamp) => (Class::Stamp(stamp), Field::Time),
        };
        let field = match field {
            Field::Time if std::mem::replace(&mut self.timed, true) => Field::Ignored,
            field => field,
        };
        // What has no name is not in the object, and neither is text.
        if self.is_json {
            self.named.extend(name.filter(|name| !name.is_empty()).map(|name| (name, class, field)));
            return Ok(());
        }
        JOINTS.add(&mut self.parts, (class, field), &format!("%{text}"), column)
    }
}

impl Flags {
    /// Sets one of `+Q`, `-Q`, `Q`.
    fn set(&mut self, flag: &str) -> Result<(), String> {
        let (on, name) = match flag.strip_prefix('-') {
            Some(name) => (false, name),
            None => (true, flag.strip_prefix('+').unwrap_or(flag)),
        };
        match name {
            "Q" => self.quotes = on,
            "X" => self.hexadecimal = on,
            "json" => self.json = on,
            "cbor" if on => return Err("`+cbor` makes no lines of text".to_owned()),
            "E" => self.escapes = on,
            // Flags that are not known change nothing that could be read anyway.
            _ => {}
        }
        Ok(())
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
        Active, Backend, Client, ClientPort, Connect, Connections, Error, ErrorCode, HttpTimers, Ignored, Millis,
        OldRequestTime, Queue, RequestTime, Response, Retries, Route, Server, ServerAddress, TcpTimers, Time, Total,
    };
    let mut fused = Vec::<Part<Field>>::new();
    for mut part in parts {
        if let Part::Value(Class::Text, Error | ErrorCode) = part
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
        for (address, whole) in [(Client, ClientPort), (ServerAddress, ServerAddress), (Ignored, Ignored)] {
            row(&mut fused, ":", &[words(&[address]), numbers(&[Ignored])], (Class::Port, whole));
        }
        row(&mut fused, "/", &[words(&[Backend]), words(&[Server])], (Class::Route, Route));
        let http: [&[Field]; 5] = [&[RequestTime, OldRequestTime], &[Queue], &[Connect], &[Response], &[Active, Total]];
        row(&mut fused, "/", &http.map(numbers), (Class::Row(5), HttpTimers));
        let tcp: [&[Field]; 3] = [&[Queue], &[Connect], &[Total]];
        row(&mut fused, "/", &tcp.map(numbers), (Class::Row(3), TcpTimers));
        let connections: [&[Field]; 5] = [&[Ignored], &[Ignored], &[Ignored], &[Ignored], &[Retries]];
        row(&mut fused, "/", &connections.map(numbers), (Class::Row(5), Connections));
    }
    fused
}

fn words(fields: &[Field]) -> (Class, &[Field]) {
    (Class::Word, fields)
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

#[cfg(test)]
mod tests {
    use super::super::super::nginx::tests::agree;
    use super::super::Template;
    use super::super::testing::{kinds, said, time};
    use super::{Custom, Look};
    use proptest::prelude::*;

    /// A line of one item behind those that must be there; what is the same in all is left out.
    fn one(item: &str, value: &str) -> String {
        let said =
            said(&format!("haproxy:[%tr] %ST {item} %tsc"), &format!("[28/Sep/2026:12:00:00.123] 200 {value} ----"));
        let said = said.replace("status=200", "").replace("state=----", "").replace("  ", " ");
        said.trim().to_owned()
    }

    /// The text behind a value may stand in as many places as a line has bytes: each is looked at once, and what must
    /// or must not stand before it is not looked for again.
    #[test]
    fn long_lines_take_no_longer_than_their_length() {
        let (commas, letters) = (",".repeat(1 << 19), "a".repeat(1 << 19));
        let start = std::time::Instant::now();
        for layout in ["%ci:%cp,%HM", "%b/%s,%HM;", "%HM,%HP;"] {
            let template = Template::compile(&format!("haproxy:%tr %ST {layout}")).and_then(Result::ok);
            for text in [commas.clone(), format!("/{letters} {commas}"), format!("{letters} {commas}")] {
                let line = format!("28/Sep/2026:12:00:00.123 502 {text}");
                let record = template.as_ref().map(|template| template.read(line.as_bytes()));
                assert!(record.is_some(), "{layout} does not compile");
            }
        }
        // It took minutes.
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }

    #[test]
    fn reads_every_alias() {
        let server = "upstream=s1 names=upstream attempts=[s1 200 -/-/-] own=200";
        let route = "group=api upstream=api/s1 names=upstream attempts=[api/s1 200 -/-/-] own=200";
        let cases = [
            ("%%", "%", ""),
            ("%ci", "203.0.113.9", "client=203.0.113.9"),
            ("%ci:%cp", "203.0.113.9:51514", "client=203.0.113.9"),
            ("%ci:%cp", "2001:db8::1:443", "client=2001:db8::1"),
            ("%ci:%cp", "unix:1", "client=unix"),
            ("%ci:%cp", "haproxy[674]: 203.0.113.9:51514", "client=203.0.113.9"),
            ("%ci", "2001:db8::a", "client=2001:db8::a"),
            ("%ci %cp", "203.0.113.9 51514", "client=203.0.113.9"),
            ("%{+X}ci:%{+X}cp", "7F000001:CFEC", ""),
            ("%f", "web", ""),
            ("%ft", "web~", ""),
            ("%b", "api", "group=api"),
            ("%s", "s1", server),
            ("%b/%s", "api/s1", route),
            ("%b/%s", "api/<NOSRV>", "group=api names=upstream"),
            ("%b/%s", "api/<lua.a/b>", "group=api names=upstream"),
            ("%b %s", "api s1", &format!("group=api {server}")),
            ("%s %si:%sp", "s1 10.0.0.5:80", server),
            ("%si:%sp", "10.0.0.5:80", "upstream=10.0.0.5:80 names=upstream attempts=[10.0.0.5:80 200 -/-/-] own=200"),
            ("%si:%sp", "-:-", "names=upstream"),
            ("%bi:%bp %fi:%fp", "10.0.0.1:4 10.0.0.2:80", ""),
            ("%TR/%Tw/%Tc/%Tr/%Ta", "10/0/30/69/109", "duration=0.109 attempts=[ 200 0.030/0.099/0.099] own=200"),
            (
                "%b/%s %TR/%Tw/%Tc/%Tr/%Ta",
                "api/s1 10/0/30/69/109",
                "group=api upstream=api/s1 duration=0.109 names=upstream attempts=[api/s1 200 0.030/0.099/0.099] own=200",
            ),
            (
                "%s %Tq/%Tw/%Tc/%Tr/%Tt",
                "s1 10/0/30/69/+109",
                "upstream=s1 duration=0.109 names=upstream attempts=[s1 200 0.030/0.099/0.099] own=200",
            ),
            (
                "%s %TR %Tw %Tc %Tr %Ta",
                "s1 10 0 30 69 109",
                "upstream=s1 duration=0.109 names=upstream attempts=[s1 200 0.030/0.099/0.099] own=200",
            ),
            ("%s %Tc,%Tr,%Tt", "s1 0,-1,9", "upstream=s1 duration=0.009 names=upstream attempts=[s1 - 0.000/-/0.009]"),
            ("%Th %Ti %Td %Tu", "0 5 1 9", "duration=0.009"),
            ("%Tw/%Tc/%Tt", "1/-1/9", "duration=0.009"),
            ("%B %U", "+2750 99", "bytes=2750"),
            ("%CC %CS", "- SRV=s1", ""),
            ("%ac/%fc/%bc/%sc/%rc", "1/1/1/1/0", ""),
            (
                "%s %ac/%fc/%bc/%sc/%rc",
                "s1 1/1/1/1/1",
                "upstream=s1 names=upstream attempts=[s1 - -/-/-, s1 200 -/-/-] own=200",
            ),
            ("%s %rc", "s1 +1", "upstream=s1 names=upstream attempts=[ - -/-/-, s1 200 -/-/-] own=200"),
            ("%sq/%bq", "0/0", ""),
            ("%hr|%hs", "{a|b c}|", ""),
            ("%hr %hs", "{a b} {c}", ""),
            ("%{+Q}hr", "\"{a b}\"", ""),
            ("%hrl %hsl", "a b", ""),
            ("%r", "GET /a?b HTTP/1.1", "method=GET path=/a?b"),
            ("%{+json}r", r#""GET /a?b=\"c HTTP/1.1""#, r#"method=GET path=/a?b=\"c"#),
            ("%HP", "https://h.example.com/a", "host=h.example.com path=/a"),
            ("%{+Q}r", "\"GET https://h.example.com/a HTTP/2.0\"", "method=GET host=h.example.com path=/a"),
            ("%{-Q}r", "<BADREQ>", ""),
            ("%HM %HP%HQ %HV", "GET /a?b HTTP/1.1", "method=GET path=/a?b"),
            ("%HM %HPO %HQ", "GET /a ?b", "method=GET path=/a query=b"),
            ("%HU %HQ", "/a?b ?b", "path=/a?b"),
            ("%HU", "/a?b#22", "path=/a?b#22"),
            ("%HU", "https://h.example.com/a", "host=h.example.com path=/a"),
            ("%{+E}HQ", "?a[\\]", ""),
            ("%{+Q,+E}HQ", "\"?a[\\]\"", ""),
            ("%H", "lb1", ""),
            ("%ID", "7F000001:CFEC", "trace=7F000001:CFEC"),
            ("%pid", "7108", "pid=7108"),
            ("%{+X}pid", "1BC4", ""),
            ("%lc %rt", "12 34", ""),
            ("%{+X}rt", "1F", ""),
            ("%sslc/%sslv", "AES/TLSv1.3", ""),
            ("%OG", "x", ""),
            ("%ms", "123", ""),
            ("%o%{+Q}o%%", "%", ""),
            ("%(name)b", "api", "group=api"),
            ("%Zz", "what ever", ""),
            // Fetches.
            ("%[req.hdr(host)]", "h.example.com:8080", "host=h.example.com"),
            ("%[req.hdr(Host),lower]", "h.example.com", "host=h.example.com"),
            ("%[req.hdr(host),sha1,hex]", "0a0b", ""),
            ("%{+Q}[req.fhdr(User-Agent)]", "\"curl/8 x\"", "agent=curl/8 x"),
            ("%[hdr(x-forwarded-for)]", "203.0.113.9,10.0.0.1", "client=203.0.113.9"),
            ("%[req.hdr(x-correlation-id)] %Ci:%Cp", "r-1 203.0.113.9:5151", "client=203.0.113.9 trace=r-1"),
            (
                "%HM https://%[capture.req.hdr(0)]%HU",
                "GET https://h.example.com:8443/a?b",
                "method=GET host=h.example.com path=/a?b",
            ),
            ("%[base]?%[query]", "h.example.com/a?b", "host=h.example.com path=/a query=b"),
            ("%[var(txn.path)] %[var(txn.query)]", "/a b=c", "path=/a query=b=c"),
            (
                "ua=%{+Q}[capture.req.hdr(0)] host=%[capture.req.hdr(1)]",
                r#"ua="curl "8" x" host=h.example.com"#,
                r#"host=h.example.com agent=curl "8" x"#,
            ),
            ("%[req.hdr(x-request-id)]", "r-1", "trace=r-1"),
            ("%[unique-id]", "r-1", "trace=r-1"),
            ("%[res.hdr(server)]", "x y", ""),
            ("%[var(txn.host)]", "h.example.com", "host=h.example.com"),
            ("ua=%[capture.req.hdr(1)]", "ua=curl/8 x", "agent=curl/8 x"),
            (r#""host": "%[capture.req.hdr(0)]""#, r#""host": "h.example.com""#, "host=h.example.com"),
            (r"%{+Q,+E}[hdr(user-agent)]", r#""a \"b\]""#, r#"agent=a \"b\]"#),
            ("%[capture.req.hdr(0)]", "x", ""),
            ("%[capture.req.method] %[capture.req.uri]", "GET /a?b", "method=GET path=/a?b"),
            ("%[method] %[path]", "GET /a", "method=GET path=/a"),
            ("%[src]", "203.0.113.9", "client=203.0.113.9"),
            ("%[be_name]/%[srv_name]", "api/s1", route),
            ("%[txn.timer.total]", "109", "duration=0.109"),
            ("%[txn.conn_retries]", "0", ""),
            (
                "%s %[txn.redispatched,iif(+,)]%[txn.conn_retries]",
                "s1 +1",
                "upstream=s1 names=upstream attempts=[ - -/-/-, s1 200 -/-/-] own=200",
            ),
            (
                "%s %[txn.redispatched,iif(+,)]%[txn.conn_retries]",
                "s1 -1",
                "upstream=s1 names=upstream attempts=[s1 - -/-/-, s1 200 -/-/-] own=200",
            ),
            ("%[res.bytes_in]", "2750", "bytes=2750"),
            ("bc_err=%[bc_err_name]", "bc_err=ERESET", "flags=bc_err=ERESET"),
            ("bc_err=%[bc_err_name]", "bc_err=-", ""),
            ("%[bc_err] %{+Q}[bc_err_str]", r#"34 "SSL handshake failure""#, "flags=SSL handshake failure"),
            ("bc_err=%[bc_err]", "bc_err=34", "flags=bc_err=34"),
            ("%[bc_err] %[bc_err_name]", "0 -", ""),
            ("%[ssl_fc_sni]", "h.example.com", "host=h.example.com"),
            ("%[ssl_fc_sni]", "-", ""),
            ("%[ssl_fc_sni] %[req.hdr(host)]", "s.example.com h.example.com", "host=h.example.com"),
            ("%[ssl_fc_sni,field(1,'.')]", "h", ""),
            (r#"%[str("a]b"),map(x.map)]"#, "z", ""),
            ("%[foo(bar),baz]", "what ever", ""),
        ];
        for (item, value, expected) in cases {
            assert_eq!(one(item, value), expected, "{item} {value}");
        }
    }

    /// 2026-09-28T12:00:07 is 1790596807 where it is UTC.
    #[test]
    fn reads_every_time() {
        let cases = [
            ("%t", "28/Sep/2026:12:00:07.123", "1790596807.123000 local"),
            ("%tr", "28/Sep/2026:12:00:07.123", "1790596807.123000 local"),
            ("%T", "28/Sep/2026:12:00:07 +0000", "1790596807.000000 +0"),
            ("%Tl", "28/Sep/2026:12:00:07 +0600", "1790596807.000000 +21600"),
            ("%trg", "28/Sep/2026:12:00:07 +0000", "1790596807.000000 +0"),
            ("%trl", "28/Sep/2026:12:00:07 +0600", "1790596807.000000 +21600"),
            ("%Ts", "1790596807", "1790596807.000000 UTC"),
            ("%Ts.%ms", "1790596807.123", "1790596807.123000 UTC"),
            ("%{+X}Ts", "6ABA0AC7", "1790577351.000000 UTC"),
            ("%t %Tl", "28/Sep/2026:12:00:07.123 28/Sep/2026:12:00:07 +0600", "1790596807.123000 local"),
            ("%[date]", "1790596807", "1790596807.000000 UTC"),
            ("%[date(0,ms)]", "1790596807123", "1790596807.123000 UTC"),
            ("%[accept_date(us)]", "1790596807123456", "1790596807.123456 UTC"),
            ("%[date,utime(%Y-%m-%dT%H:%M:%S)]", "2026-09-28T12:00:07", "1790596807.000000 UTC"),
            ("%[date,ltime(\"%F %T\")]", "2026-09-28 12:00:07", "1790596807.000000 local"),
            (
                "%[date(0,us),us_ltime(\"%Y-%m-%dT%H:%M:%S.%6N%z\")]",
                "2026-09-28T12:00:07.123456+0600",
                "1790596807.123456 +21600",
            ),
            ("%{+Q}[date,utime(%FT%TZ)]", "\"2026-09-28T12:00:07Z\"", "1790596807.000000 UTC"),
            ("%[date,ltime(%T)]", "12:00:07", "the layout has no %tr, %t or other time: it is not known when"),
        ];
        for (item, value, expected) in cases {
            assert_eq!(time(&format!("haproxy:{item} %ST"), &format!("{value} 200")), expected, "{item}");
        }
    }

    #[test]
    fn names_read_what_the_known_formats_read() {
        use crate::format::Format;
        let known = [
            (Format::HaproxyHttp, ["httplog", "httpslog", "clf"].as_slice()),
            (Format::HaproxyTcp, &["tcplog", "tcpclf"]),
        ];
        let mut compared = 0;
        for (format, names) in known {
            for sample in format.about().samples {
                let read = |name: &&str| {
                    // What `httpslog` has behind that layout, this one does not know.
                    if *name == "httplog" && sample.contains("/TLSv") {
                        return None;
                    }
                    let template = Template::compile(&format!("haproxy:{name}"))?.ok()?;
                    let (skimmed, record) = (template.skim(sample.as_bytes()), template.read(sample.as_bytes())?);
                    assert_eq!(agree(skimmed, Some(&record)), Ok(()), "{sample}");
                    Some(format!("{record:?}"))
                };
                for ours in names.iter().filter_map(read) {
                    assert_eq!(ours, format!("{:?}", format.read(sample.as_bytes()).unwrap_or_default()), "{sample}");
                    compared += 1;
                }
            }
        }
        assert!(compared >= 14, "{compared}");
    }

    #[test]
    fn takes_directives_as_they_stand() {
        let line = "10.0.1.2:33317 [06/Feb/2026:12:14:14.655] api/a 503 SC-- \"GET /a HTTP/1.1\"";
        let expected = "status=503 group=api upstream=api/a method=GET path=/a client=10.0.1.2 names=upstream attempts=[api/a - -/-/-] state=SC--";
        for layout in [
            "%ci:%cp [%t] %b/%s %ST %tsc %{+Q}r",
            "  %ci:%cp   [%t] %b/%s %ST %tsc %{+Q}r",
            r"%ci:%cp\ [%t]\ %b/%s\ %ST\ %tsc\ %{+Q}r",
            r#"%ci:%cp\ [%t]\ %b/%s\ %ST\ %tsc\ \"%r\""#,
            r#"%ci:%cp [%t] %b/%s %ST %tsc "%r""#,
            r#""%ci:%cp [%t] %b/%s %ST %tsc %{+Q}r""#,
            r#"log-format "%ci:%cp [%t] %b/%s %ST %tsc %{+Q}r""#,
            r#"log-format "%ci:%cp [%t] %b/%s %ST %tsc \"%r\"" # a comment"#,
            r#"log-format '%ci:%cp [%t] %b/%s %ST %tsc "%r"'"#,
            r#"log-format '%ci:%cp [%t]'" %b/%s %ST"\ %tsc\ %{+Q}r"#,
            r"  log-format %ci:%cp\ [%t]\ %b/%s\ %ST\ %tsc\ %{+Q}r",
            r#"on close format "%ci:%cp [%t] %b/%s %ST %tsc %{+Q}r""#,
            r"error-log-format %ci:%cp\ [%t]\ %b/%s\ %ST\ %tsc\ %{+Q}r",
            "%{+Q}o %{-Q}ci:%cp [%t] %{-Q}b/%{-Q}s %ST %tsc %r",
        ] {
            assert_eq!(said(&format!("haproxy:{layout}"), line), expected, "{layout}");
        }
        // Cut off at the length limit, wherever that is behind what counts.
        let short = expected.replace("method=GET path=/a ", "");
        for cut in 1..22 {
            let cut = &line[..line.len() - cut];
            let read = said("haproxy:%ci:%cp [%t] %b/%s %ST %tsc %{+Q}r", cut);
            let behind = cut.len() < line.len() - 16;
            assert!(
                if behind { read == short || read == "not claimed" } else { read.starts_with("status=503") },
                "{cut}: {read}"
            );
        }
    }

    #[test]
    fn reads_objects() {
        let layout = r#"haproxy:log-format "%{+json}o %(time)tr %(id)ID %(client)ci %(port)cp %(fe)ft %(be)b %(srv)s %(st:sint)ST %(out)B %(ta)Ta %(tr)Tr %(tc)Tc %(tw)Tw %(tq)TR %(rc)rc %(state)tsc %(m)HM %(u)HU %(host)[req.hdr(host)] %(user_agent)[capture.req.hdr(1)] %(err)[bc_err_name] %(x)[foo]""#;
        let cases = [
            (
                r#"{"time": "06/Feb/2026:12:14:14.655", "id": "r-1", "client": "2001:db8::1", "port": 33317, "fe": "web", "be": "api", "srv": "a", "st": 200, "out": 99, "ta": 109, "tr": 69, "tc": 30, "tw": 0, "tq": 10, "rc": 0, "state": "----", "m": "GET", "u": "/a?b=\"c", "host": "h.example.com:80", "user_agent": "a \"b", "err": null, "x": {"y": 1}}"#,
                r#"status=200 group=api upstream=a method=GET host=h.example.com path=/a?b=\"c bytes=99 duration=0.109 client=2001:db8::1 agent=a \"b trace=r-1 names=upstream attempts=[a 200 0.030/0.099/0.099] own=200 state=----"#,
            ),
            (
                r#"{"st": 503, "state": "SC--", "srv": "a", "be": "api", "time": "06/Feb/2026:12:14:14.655", "tc": -1, "tr": -1, "ta": 3000, "tw": 0, "tq": 0, "rc": 1, "err": "EREFUSED"}"#,
                "status=503 group=api upstream=a duration=3.000 names=upstream attempts=[a - -/-/-, a - -/-/3.000] state=SC-- flags=EREFUSED",
            ),
            (r#"{"time": "06/Feb/2026:12:14:14.655", "be": "api"}"#, "not claimed"),
            (r#"{"st": 503, "state": "SC--"}"#, "not claimed"),
            (r#"{"st": 503, "time": "06/Feb/2026:12:14:14.655""#, "not claimed"),
            ("10.0.1.2:33317 [06/Feb/2026:12:14:14.655] api/a 503", "not claimed"),
        ];
        for (line, expected) in cases {
            assert_eq!(said(layout, line), expected, "{line}");
        }
        assert_eq!(kinds(layout, cases[1].0).0, Some("haproxy-bc-err-refused"));
    }

    #[test]
    fn says_what_is_wrong_with_a_layout() {
        let nothing = "the layout has neither %ST nor %ts or %tsc: it is not known which requests failed";
        let cases = [
            ("", nothing),
            ("%t %ci", nothing),
            ("%ST %ci", "the layout has no %tr, %t or other time: it is not known when"),
            ("%{+json}o %t %ST", nothing),
            ("%{+json}o%(t)t%(s)b", nothing),
            ("%{+cbor}o %(t)t %(s)ST", "column 1: `+cbor` makes no lines of text"),
            ("%t %ST %", "column 8: `%` is not followed by a name"),
            ("é%t %ST %{+Q", "column 9: `{` is never closed"),
            ("%t %ST %(a", "column 8: `(` is never closed"),
            ("%t %ST %[req.hdr(a]b)", "column 8: `[` is never closed"),
            ("%t%ST", "column 3: nothing stands between `%ST` and the value before it"),
            ("log-format \"%t", "column 1: this quote is never closed"),
            ("htplog", "`htplog` is no format string, and none of httplog, httpslog, tcplog, clf, tcpclf"),
        ];
        for (layout, expected) in cases {
            assert_eq!(said(&format!("haproxy:{layout}"), ""), expected, "{layout}");
        }
    }

    /// Recorded from 2.6.12: the user agent was `a "q\b] {|} ü`.
    #[test]
    fn reads_what_haproxy_was_seen_to_write() {
        let bars = "haproxy:A|%ID|%T|%ms|%ci|%cp|%f|%b|%s|%si:%sp|%TR|%Tw|%Tc|%Tr|%Ta|%ST|%B|%tsc|%rc|%hr|%hs|%hrl|%r|%HM|%HP|%HQ|%HV|%HU";
        let json = r#"haproxy:log-format '{"timestamp":%Ts.%ms,"frontend":"%f","client":"%ci","port":%cp,"be":"%b","srv":"%s","addr":"%si","tc":%Tc,"tt":%Tt,"state":"%ts","st":%ST,"rc":%rc,"ua":"%[capture.req.hdr(0),json(utf8s)]","req":%{+Q}r,"m":"%HM","u":"%HU"}'"#;
        let spaced = r"haproxy:log-format C:\ %hr\ %hs\ [%trg]\ %ci:%cp\ %b/%s\ %ST\ %tsc\ %{+Q}[var(txn.host)]\ bc_err=%[bc_err_str]\ %{+X}Ts\ %{+E}HQ\ %{+Q,+E}HQ";
        let quoted = "haproxy:%{+Q}o %{-Q}ci - - [%[date,utime(%Y-%m-%dT%H:%M:%S)]] %[date(0,ms)] %r %ST %B %f %b %s %Ta %tsc %rc %ID %CC %sslv";
        let tcp = "haproxy:%t %Tl %ci:%cp -> %b/%s %Tw/%Tc/%Tt %B %ts %rc";
        let refused = Some("haproxy-connect-refused");
        let cases = [
            (
                bars,
                r"A|7F000001:CFF4_7F000001:4C41_6B09426B_0001:1C0D|27/Nov/2026:08:42:19 +0000|318|127.0.0.1|53236|f1|dead|d1|127.0.0.1:19502|0|0|-1|-1|1002|503|217|SC--|1|{127.0.0.1:19521|a #22q\b] #7B#7C#7D #C3#BC}||127.0.0.1:19521 a #22q\b] #7B#7C#7D #C3#BC|GET /dead/a?#22q HTTP/1.1|GET|/dead/a|?#22q|HTTP/1.1|/dead/a?#22q",
                "status=503 group=dead upstream=d1 method=GET path=/dead/a?#22q bytes=217 duration=1.002 client=127.0.0.1 trace=7F000001:CFF4_7F000001:4C41_6B09426B_0001:1C0D names=upstream attempts=[d1 - -/-/-, d1 - -/-/1.002] state=SC--",
                refused,
            ),
            (
                json,
                r#"{"timestamp":1795768940.353,"frontend":"f2","client":"127.0.0.1","port":36094,"be":"dead","srv":"d1","addr":"127.0.0.1","tc":-1,"tt":1000,"state":"SC","st":503,"rc":1,"ua":"a \"q\\b] {|} \u00fc","req":"GET /dead/a?#22q HTTP/1.1","m":"GET","u":"/dead/a?#22q"}"#,
                r#"status=503 group=dead upstream=d1 method=GET path=/dead/a?#22q duration=1.000 client=127.0.0.1 agent=a \"q\\b] {|} \u00fc names=upstream attempts=[d1 - -/-/-, d1 - -/-/1.000] state=SC"#,
                refused,
            ),
            (
                spaced,
                r#"C: [27/Nov/2026:08:42:21 +0000] 127.0.0.1:40410 dead/d1 503 SC-- "127.0.0.1:19523" bc_err=- 6B09426D ?#22q "?#22q""#,
                "status=503 group=dead upstream=dead/d1 host=127.0.0.1 client=127.0.0.1 names=upstream attempts=[dead/d1 - -/-/-] state=SC--",
                refused,
            ),
            (
                spaced,
                r#"C: [27/Nov/2026:08:42:21 +0000] 127.0.0.1:40408 api/s1 200 ---- "127.0.0.1:19523" bc_err=Success 6B09426D  """#,
                "status=200 group=api upstream=api/s1 host=127.0.0.1 client=127.0.0.1 names=upstream attempts=[api/s1 200 -/-/-] own=200 state=----",
                None,
            ),
            (
                spaced,
                r#"C: [27/Nov/2026:08:42:25 +0000] 127.0.0.1:47488 f3/<NOSRV> 503 SC-- "127.0.0.1:19523" bc_err=- 6B094271  """#,
                "status=503 group=f3 host=127.0.0.1 client=127.0.0.1 names=upstream state=SC--",
                Some("haproxy-no-server"),
            ),
            (
                quoted,
                r#"127.0.0.1 - - ["2026-11-27T08:42:24"] "1795768944474" "GET /dead/a?#22q HTTP/1.1" 503 217 "f5" "dead" "d1" 1001 SC-- 1 "" "" """#,
                "status=503 group=dead upstream=d1 method=GET path=/dead/a?#22q bytes=217 duration=1.001 client=127.0.0.1 names=upstream attempts=[d1 - -/-/-, d1 - -/-/1.001] state=SC--",
                refused,
            ),
            (
                tcp,
                "27/Nov/2026:08:42:25.575 27/Nov/2026:08:42:25 +0000 127.0.0.1:42512 -> tcp/t1 1/-1/1001 0 SC 1",
                "group=tcp upstream=tcp/t1 bytes=0 duration=1.001 client=127.0.0.1 names=upstream attempts=[tcp/t1 - -/-/-, tcp/t1 - -/-/1.000] state=SC",
                refused,
            ),
        ];
        for (layout, line, expected, kind) in cases {
            assert_eq!(said(layout, line), expected, "{line}");
            assert_eq!(kinds(layout, line).0, kind, "{line}");
        }
    }

    /// Recorded from 3.5-dev5: the user agent was `a "q\b] {|} ü`, and option redispatch was set.
    #[test]
    fn reads_what_a_new_haproxy_was_seen_to_write() {
        let json = r#"haproxy:log-format "%{+json}o %(time)tr %(id)ID %(client)ci %(port)cp text %(fe)ft %(be)b %(srv)s %(addr)si %(st)ST %(out)B %(tq)TR %(tw)Tw %(tc)Tc %(tr)Tr %(ta)Ta %(rc)rc %(state)tsc %(line)r %(m)HM %(u)HU %(host)[capture.req.hdr(0)] %(ua)[capture.req.hdr(1)] %(err)[bc_err_name] %(hr)hr %(hrl)hrl %(cc)CC %(secs)Ts %(n)[str(x)]""#;
        let fetches = r#"haproxy:log-format "%[request_date(us),us_utime(\"%Y-%m-%dT%H:%M:%S.%6NZ\")] %[src]:%[src_port] %[be_name]/%[srv_name] %[txn.status] %[txn.sess_term_state] %TR/%[req.timer.queue]/%[bc.timer.connect]/%Tr/%[txn.timer.total] %[res.bytes_in] %[txn.redispatched,iif(+,)]%[txn.conn_retries] %[method] %[bc_dst]:%[bc_dst_port] bc_err=%[bc_err_name] %{+json}HU %(:str)ST %[accept_date(ms)] %HPO|%OG""#;
        let http = r#"haproxy:log-format "${HAPROXY_HTTP_LOG_FMT} lr=%[last_rule_file]:%[last_rule_line]""#;
        let quoted = "haproxy:%{+Q}o %t %ST %b %s %tsc %[txn.status] %[be_name] %{-Q}[srv_name] %hr %r";
        let cases = [
            (
                json,
                r##"{"time": "27/Nov/2026:09:00:33.297", "id": "7F000001:B8F4_7F000001:4CA5_6B0946B1_0002:639D", "client": "127.0.0.1", "port": 47348, "fe": "f1", "be": "dead", "srv": "d1", "addr": "127.0.0.1", "st": 503, "out": 0, "tq": 0, "tw": 0, "tc": -1, "tr": -1, "ta": 0, "rc": 1, "state": "SC--", "line": "GET /dead/a?#22q HTTP/1.1", "m": "GET", "u": "/dead/a?#22q", "host": "127.0.0.1:19621", "ua": "a \"q\\b] {|} ü", "err": "EREFUSED", "hr": "{127.0.0.1:19621|a #22q\\b] #7B#7C#7D #C3#BC}", "hrl": ["127.0.0.1:19621", "a #22q\\b] #7B#7C#7D #C3#BC"], "cc": "", "secs": 1795770033, "n": "x"}"##,
                r##"status=503 group=dead upstream=d1 method=GET host=127.0.0.1 path=/dead/a?#22q bytes=0 duration=0.000 client=127.0.0.1 agent=a \"q\\b] {|} ü trace=7F000001:B8F4_7F000001:4CA5_6B0946B1_0002:639D names=upstream attempts=[d1 - -/-/-, d1 - -/-/0.000] state=SC-- flags=EREFUSED"##,
                Some("haproxy-bc-err-refused"),
            ),
            (
                json,
                r##"{"time": "27/Nov/2026:09:00:33.337", "id": "x", "client": "127.0.0.1", "port": 47354, "fe": "f1", "be": "f1", "srv": "<NOSRV>", "addr": "", "st": 503, "out": 0, "tq": -1, "tw": -1, "tc": -1, "tr": -1, "ta": 0, "rc": 0, "state": "SC--", "line": "GET /none HTTP/1.1", "m": "GET", "u": "/none", "host": "127.0.0.1:19621", "ua": "", "err": ""}"##,
                "status=503 group=f1 method=GET host=127.0.0.1 path=/none bytes=0 duration=0.000 client=127.0.0.1 trace=x names=upstream state=SC-- flags=<NOSRV>",
                Some("haproxy-no-backend"),
            ),
            (
                fetches,
                r##"2026-11-27T09:00:33.368154Z 127.0.0.1:33282 dead/d1 503 SC 0/0/-1/-1/0 0 +1 GET 127.0.0.1:19502 bc_err=EREFUSED "/dead/a?#22q" 503 1795770033368 /dead/a|txn_close"##,
                "status=503 group=dead upstream=dead/d1 method=GET path=/dead/a?#22q bytes=0 duration=0.000 client=127.0.0.1 names=upstream attempts=[ - -/-/-, dead/d1 - -/-/0.000] state=SC flags=bc_err=EREFUSED",
                Some("haproxy-bc-err-refused"),
            ),
            (
                fetches,
                r##"2026-11-27T09:00:33.412638Z 127.0.0.1:33288 f2/- 503 SC -1/-1/-1/-1/0 0 -0 GET -:- bc_err=- "/none" 503 1795770033412 /none|txn_close"##,
                "status=503 group=f2 method=GET path=/none bytes=0 duration=0.000 client=127.0.0.1 names=upstream state=SC",
                Some("haproxy-no-server"),
            ),
            (
                http,
                r##"127.0.0.1:47558 [27/Nov/2026:09:00:33.536] f4 dead/d2 0/0/-1/-1/0 503 0 - - SC-- 1/1/0/0/+1 0/0 "GET /dead/a?#22q HTTP/1.1" lr=-:-"##,
                "status=503 group=dead upstream=dead/d2 method=GET path=/dead/a?#22q bytes=0 duration=0.000 client=127.0.0.1 names=upstream attempts=[ - -/-/-, dead/d2 - -/-/0.000] state=SC--",
                Some("haproxy-connect-refused"),
            ),
            (
                quoted,
                r##"27/Nov/2026:09:00:33.641 503 "f5" "<NOSRV>" SC-- "503" "f5" - "{a #22q\b] #7B#7C#7D #C3#BC}" "GET /none HTTP/1.1""##,
                "status=503 group=f5 method=GET path=/none names=upstream state=SC--",
                Some("haproxy-no-server"),
            ),
            (
                "haproxy:tcpclf",
                r#"127.0.0.1 - - [27/Nov/2026:09:00:33 +0000] "TCP " 000 0 "" "" 33680 667 "f3" "tcp" "t1" 0 1 -1 1001 79 SC-- 1 1 0 0 1 0 0 "" "" "#,
                "group=tcp upstream=t1 bytes=0 duration=1.001 client=127.0.0.1 names=upstream attempts=[t1 - -/-/-, t1 - -/-/1.000] state=SC",
                Some("haproxy-connect-refused"),
            ),
        ];
        for (layout, line, expected, kind) in cases {
            assert_eq!(said(layout, line), expected, "{line}");
            assert_eq!(kinds(layout, line).0, kind, "{line}");
        }
    }

    /// An alias, and what it may write: what is ordinary first, and every other time.
    fn items() -> impl Strategy<Value = (&'static str, &'static str)> {
        let items: [(&str, &[&str]); 12] = [
            ("%b/%s", &["api/s1", "api/<NOSRV>", "-/-", "api/a/b", "api/"]),
            ("%b %s", &["api s1", "api <STATS>", "api -", "- s1"]),
            ("%b", &["api", "api/s1", "-"]),
            ("%s", &["s1", "<NOSRV>", "-", "a/b"]),
            ("%TR/%Tw/%Tc/%Tr/%Ta", &["0/0/1/2/3", "0/0/-1/-1/3", "0/0/1/2/+3"]),
            ("%Tw/%Tc/%Tt", &["0/1/2", "0/-1/2"]),
            ("%Ta", &["7", "+7", "-1", "-"]),
            ("%Tt", &["8", "+8", "-1"]),
            ("%tsc", &["----", "--VN", "SC--", "sH--", "-"]),
            ("%ac/%fc/%bc/%sc/%rc", &["1/1/1/1/0", "1/1/1/1/1", "1/1/1/1/+0"]),
            ("%rc", &["0", "3", "+0", "-"]),
            ("%ST", &["200", "0"]),
        ];
        prop::sample::select(items.to_vec()).prop_flat_map(|(alias, values)| {
            let value = prop_oneof![Just(values[0]), prop::sample::select(values.to_vec())];
            (Just(alias), value)
        })
    }

    proptest! {
        /// Lines of httplog are skimmed in another way.
        #[test]
        fn httplog_is_skimmed_as_it_is_read(line in super::super::super::haproxy::testing::lines(crate::format::Format::HaproxyHttp)) {
            for layout in ["haproxy:httplog", "haproxy:httpslog", "haproxy:%ci [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %r"] {
                if let Some(Ok(template)) = Template::compile(layout) {
                    prop_assert_eq!(agree(template.skim(&line), template.read(&line).as_ref()), Ok(()));
                }
            }
        }

        /// What a glance tells of a line, a closer look tells too.
        #[test]
        fn a_glance_agrees_with_a_closer_look(items in prop::collection::vec(items(), 1..6)) {
            let (layout, line): (Vec<_>, Vec<_>) = items.into_iter().unzip();
            let (layout, line) = (layout.join(" "), line.join(" "));
            let Ok(custom) = Custom::compile(&format!("[%tr] %ST {layout}")) else { return Ok(()) };
            let line = format!("[28/Sep/2026:12:00:00.123] 200 {line}");
            let closer = Custom { look: Look::Close, ..custom.clone() };
            let skims = [custom, closer].map(|custom| format!("{:?}", custom.skim(line.as_bytes())));
            prop_assert_eq!(&skims[0], &skims[1]);
        }

        #[test]
        fn never_panics(
            layout in r#"(%t|%ST|%tsc|%ci:%cp|%b/%s|%hr|%\{\+Q\}r|%\{\+json\}o|%\(a\)t|%\(b\)ST|%\[src\]|%Ts|%TR/%Tw/%Tc/%Tr/%Ta| |"|\\|%|\[|/|é){0,14}"#,
            line in r#"(28/Sep/2026:12:00:00.123|200|GET / HTTP/1.1|SC--|a/b|1:2|-1/0/0/+1/9|\{|\}| |"a"|:|\\|/|é){0,14}"#,
            bytes in prop::collection::vec(any::<u8>(), 0..60),
        ) {
            if let Some(Ok(template)) = Template::compile(&format!("haproxy:{layout}")) {
                for line in [line.as_bytes(), &bytes, br#"{"a":"28/Sep/2026:12:00:00.123","b":200}"#] {
                    prop_assert_eq!(agree(template.skim(line), template.read(line).as_ref()), Ok(()));
                }
            }
        }
    }
}
