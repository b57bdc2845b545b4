//! Rows that are written while lines are read: one for each failed request, or one for each line.
//!
//! Runs once per failure or once per line. A row says what its own line shows and nothing that other lines would add.

use super::csv::{Cell, Row, Sheet, columns};
use super::{Format, json};
use crate::cause::{Sign, Strength};
use crate::event::{Event, Redactor};
use crate::format::{Attempt, Coding, Record};
use crate::grammar::number::Micros;
use crate::grammar::time::Stamp;
use crate::pipeline::{Filters, Options, Seen, Watch};
use crate::show;
use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::sync::Arc;

/// How much of a line that no format claims is shown, in bytes.
const UNPARSED_LENGTH: usize = 300;

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

/// Makes a row of each failed request.
#[derive(Clone, Debug)]
pub struct Failures {
    about: About,
    filters: Filters,
    sink: Sink,
}

impl Failures {
    /// `inputs` are the names of the inputs, by their number; `options` those that they are read with. `now` is the
    /// present, by which stamps without a year are dated. `format` is CSV; any other means NDJSON.
    ///
    /// The pipeline shows lines before it filters them by upstream and group, so that is done here, by the upstream
    /// that the line counts at.
    #[must_use]
    pub fn new(format: Format, inputs: Arc<[String]>, options: &Options, now: Stamp) -> Self {
        let about = About::new(inputs, options, now);
        Self { about, filters: options.filters.clone(), sink: Sink::new(format) }
    }

    /// What comes before the first row: CSV's header line, or nothing.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        self.sink.header::<FailureRow<'_>>()
    }

    fn wants(&self, event: &Event<'_>) -> bool {
        let Filters { upstream, group, .. } = &self.filters;
        upstream.as_ref().is_none_or(|upstream| upstream.is_match(event.upstream()))
            && group.as_ref().is_none_or(|group| group.is_match(event.record.group))
    }
}

impl Watch for Failures {
    const EVERY_LINE: bool = false;

    fn see(&mut self, input: usize, line: u64, seen: &Seen<'_>) {
        if let Seen::Event { event, .. } = seen
            && event.failed
            && self.wants(event)
            && let Some(row) = FailureRow::new(&self.about, input, line, seen)
        {
            self.sink.add(&row);
        }
    }

    fn take(&mut self) -> Vec<u8> {
        self.sink.take()
    }
}

/// Makes a row of every line.
#[derive(Clone, Debug)]
pub struct Parse {
    about: About,
    sink: Sink,
}

impl Parse {
    /// `inputs` are the names of the inputs, by their number; `options` those that they are read with. `now` is the
    /// present, by which stamps without a year are dated. `format` is CSV; any other means NDJSON.
    #[must_use]
    pub fn new(format: Format, inputs: Arc<[String]>, options: &Options, now: Stamp) -> Self {
        Self { about: About::new(inputs, options, now), sink: Sink::new(format) }
    }

    /// What comes before the first row: CSV's header line, or nothing.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        self.sink.header::<ParseRow<'_>>()
    }
}

impl Watch for Parse {
    const EVERY_LINE: bool = true;

    fn see(&mut self, input: usize, line: u64, seen: &Seen<'_>) {
        self.sink.add(&ParseRow::new(&self.about, input, line, seen));
    }

    fn take(&mut self) -> Vec<u8> {
        self.sink.take()
    }
}

/// The columns of `failures`.
#[derive(Serialize)]
struct FailureRow<'a> {
    time: Option<String>,
    proxy: String,
    group: String,
    upstream: String,
    status: Option<u16>,
    upstream_status: Option<u16>,
    cause: Option<&'static str>,
    family: Option<&'static str>,
    confidence: Option<&'static str>,
    method: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
    path: Option<Cow<'a, str>>,
    client: Option<Cow<'a, str>>,
    duration_ms: Option<Millis>,
    connect_ms: Option<Millis>,
    header_ms: Option<Millis>,
    attempts: Option<usize>,
    user_agent: Option<Cow<'a, str>>,
    trace_id: Option<Cow<'a, str>>,
    input: &'a str,
    line: u64,
}

columns! { FailureRow<'_>:
    time, proxy, group, upstream, status, upstream_status, cause, family, confidence, method, host, path, client,
    duration_ms, connect_ms, header_ms, attempts, user_agent, trace_id, input, line,
}

impl<'a> FailureRow<'a> {
    fn new(about: &'a About, input: usize, line: u64, seen: &Seen<'a>) -> Option<Self> {
        let Seen::Event { reader, event, opened, stamp } = *seen else { return None };
        let record = &event.record;
        let sign = sign(event);
        Some(Self {
            time: stamp.map(|stamp| show::time(about.dated(stamp))),
            proxy: show::proxy_name(reader.proxy(), opened.host),
            group: show::text(&record.shown(record.group)),
            upstream: show::upstream_name(reader.proxy(), &record.shown(record.group), &record.shown(event.upstream())),
            status: record.status,
            upstream_status: record.upstream_status,
            cause: sign.map(|sign| sign.cause.slug()),
            family: sign.map(|sign| sign.cause.family().name()),
            confidence: sign.map(|sign| confidence(sign.strength)),
            method: shown(record, record.method),
            host: about.host(record),
            path: about.path(record),
            client: about.client(record),
            duration_ms: Millis::of_request(record),
            connect_ms: record.connect.map(Millis::of),
            header_ms: record.header.map(Millis::of),
            // Where the layout has no place for upstreams, none in it says nothing.
            attempts: Some(record.attempts.len()).filter(|attempts| *attempts > 0 || record.names_upstream),
            user_agent: about.user_agent(record),
            trace_id: about.private(record, record.trace_id, Redactor::text),
            input: about.input(input),
            line,
        })
    }
}

/// The columns of `parse`. What a line does not say is left out of its JSON.
#[derive(Default, Serialize)]
struct ParseRow<'a> {
    input: &'a str,
    line: u64,
    format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    termination_state: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_reason: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Attempts>,
}

columns! { ParseRow<'_>:
    input, line, format, time, status, upstream_status, group, upstream, method, host, path, bytes, duration_ms,
    connect_ms, header_ms, client, user_agent, trace_id, level, pid, message, termination_state, error_reason, flags,
    cause, attempts,
}

impl<'a> ParseRow<'a> {
    fn new(about: &'a About, input: usize, line: u64, seen: &Seen<'a>) -> Self {
        let row = Self { input: about.input(input), line, ..Self::default() };
        let (reader, event, opened, stamp) = match *seen {
            Seen::Event { reader, event, opened, stamp } => (reader, event, opened, stamp),
            Seen::Aside { name, line, opened, stamp } => {
                return Self {
                    format: name,
                    time: stamp.map(|stamp| show::time(about.dated(stamp))),
                    pid: opened.pid,
                    message: about.unparsed(line),
                    ..row
                };
            }
            Seen::Unparsed(text) => return Self { format: "unparsed", message: about.unparsed(text), ..row },
        };
        let record = &event.record;
        let upstream = show::upstream_name(reader.proxy(), &record.shown(record.group), &record.shown(record.upstream));
        Self {
            format: reader.name(),
            time: stamp.map(|stamp| show::time(about.dated(stamp))),
            status: record.status,
            upstream_status: record.upstream_status,
            group: shown(record, record.group),
            upstream: Some(upstream).filter(|upstream| !upstream.is_empty()),
            method: shown(record, record.method),
            host: about.host(record),
            path: about.path(record),
            bytes: record.bytes,
            duration_ms: Millis::of_request(record),
            connect_ms: record.connect.map(Millis::of),
            header_ms: record.header.map(Millis::of),
            client: about.client(record),
            user_agent: about.user_agent(record),
            trace_id: about.private(record, record.trace_id, Redactor::text),
            level: shown(record, record.level),
            pid: record.pid.or(opened.pid),
            message: about.message(record),
            termination_state: shown(record, record.termination_state),
            error_reason: about.private(record, record.error_reason, Redactor::text),
            flags: about.private(record, record.flags, Redactor::text),
            cause: sign(event).map(|sign| sign.cause.slug()),
            attempts: Attempts::of(record, |group, upstream| show::upstream_name(reader.proxy(), group, upstream)),
            ..row
        }
    }
}

/// The attempts of one request: a list in JSON, the same list as text in CSV.
#[derive(Serialize)]
struct Attempts(Vec<AttemptRow>);

#[derive(Serialize)]
struct AttemptRow {
    #[serde(skip_serializing_if = "String::is_empty")]
    upstream: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header_ms: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_ms: Option<Millis>,
}

impl Attempts {
    /// `None` where the line tells of none.
    fn of(record: &Record<'_>, name: impl Fn(&[u8], &[u8]) -> String) -> Option<Self> {
        if record.attempts.is_empty() {
            return None;
        }
        let group = record.shown(record.group);
        let row = |attempt: &Attempt<'_>| AttemptRow {
            upstream: name(&group, &record.shown(attempt.upstream)),
            status: attempt.status,
            connect_ms: attempt.connect.map(Millis::of),
            header_ms: attempt.header.map(Millis::of),
            response_ms: attempt.response.map(Millis::of),
        };
        Some(Self(record.attempts.iter().map(row).collect()))
    }
}

impl Cell for Attempts {
    fn show(&self, out: &mut String) {
        // Such a list has nothing in it that cannot be written.
        serde_json::to_string(self).unwrap_or_default().show(out);
    }
}

/// A duration, shown as milliseconds: `60003`, `1.178` or `0.040356`.
#[derive(Clone, Copy)]
struct Millis {
    micros: Micros,
    /// What of it is below a microsecond.
    nanos: u16,
}

impl Millis {
    fn of(micros: Micros) -> Self {
        Self { micros, nanos: 0 }
    }

    fn of_request(record: &Record<'_>) -> Option<Self> {
        record.duration.map(|micros| Self { micros, nanos: record.nanos })
    }

    /// The nanoseconds, if a float is exact to them in milliseconds and shows no exponent.
    fn exact(self) -> Option<u64> {
        let nanos = self.micros.checked_mul(1_000)?.checked_add(u64::from(self.nanos))?;
        (self.nanos > 0 && nanos >= 10 && nanos >> 53 == 0).then_some(nanos)
    }
}

impl Cell for Millis {
    fn show(&self, out: &mut String) {
        (self.micros / 1_000).show(out);
        let nanos = if self.exact().is_some() { self.nanos } else { 0 };
        let millionths = self.micros % 1_000 * 1_000 + u64::from(nanos);
        if millionths > 0 {
            out.push('.');
            out.push_str(format!("{millionths:06}").trim_end_matches('0'));
        }
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(nanos) = self.exact() {
            return serializer.serialize_f64(nanos as f64 / 1e6);
        }
        // A float is exact to three decimals up to here (285 years); past that its exponent would show.
        if self.micros.is_multiple_of(1_000) || self.micros >> 53 > 0 {
            serializer.serialize_u64(self.micros / 1_000)
        } else {
            serializer.serialize_f64(self.micros as f64 / 1e3)
        }
    }
}

/// What rows say beyond their line.
#[derive(Clone, Debug)]
struct About {
    inputs: Arc<[String]>,
    redactor: Option<Arc<Redactor>>,
    /// The present, in the zone of stamps that carry none.
    now: Zoned,
}

impl About {
    fn new(inputs: Arc<[String]>, options: &Options, now: Stamp) -> Self {
        let now = Timestamp::from_microsecond(now.0).unwrap_or_default().to_zoned(options.zone.clone());
        Self { inputs, redactor: options.redactor.clone(), now }
    }

    /// When a line was. Where nobody says the year (RFC 3164), it is the latest that does not lie in the future, but
    /// for a day of grace for clocks that are ahead: a row does not wait for lines that could tell.
    fn dated(&self, stamp: Stamp) -> Stamp {
        if !stamp.is_yearless() {
            return stamp;
        }
        let zone = self.now.time_zone();
        let latest = self.now.timestamp().as_microsecond() + DAY;
        let real = |year: i16| {
            let civil = Timestamp::from_microsecond(stamp.0).ok()?.to_zoned(TimeZone::UTC).datetime();
            let moved = civil.with().year(year).build().ok()?;
            Some(Stamp(zone.to_ambiguous_timestamp(moved).compatible().ok()?.as_microsecond()))
        };
        // February 29 is in one year of four, or of eight.
        let year = self.now.year() + 1;
        (year - 9..=year).rev().filter_map(real).find(|real| real.0 <= latest).unwrap_or(stamp)
    }

    fn input(&self, number: usize) -> &str {
        self.inputs.get(number).map_or("", String::as_str)
    }

    fn path<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, str>> {
        if self.redactor.is_none() && !record.query.is_empty() {
            return Some(Cow::Owned(show::text(&record.shown_path())));
        }
        self.private(record, record.path, |redactor, path, record| match record.asked_path() {
            b"" => Redactor::WITHHELD.to_vec(),
            _ => redactor.path(path, record),
        })
    }

    fn host<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, str>> {
        self.private(record, record.host, Redactor::path)
    }

    fn user_agent<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, str>> {
        if record.agent_coding == Coding::None || record.user_agent.is_empty() {
            return self.private(record, record.user_agent, Redactor::text);
        }
        let agent = record.shown_agent();
        let private = self.redactor.as_ref().map(|redactor| redactor.text(&agent, record));
        Some(Cow::Owned(show::text(private.as_deref().unwrap_or(&agent))))
    }

    /// A text field that `redact` takes people out of, where that is wanted.
    fn private<'a>(
        &self,
        record: &Record<'a>,
        field: &'a [u8],
        redact: impl Fn(&Redactor, &[u8], &Record<'_>) -> Vec<u8>,
    ) -> Option<Cow<'a, str>> {
        match &self.redactor {
            Some(redactor) if !field.is_empty() => {
                Some(Cow::Owned(show::text(&redact(redactor, &record.shown(field), record))))
            }
            _ => shown(record, field),
        }
    }

    fn client<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, str>> {
        match &self.redactor {
            Some(redactor) if !record.client.is_empty() => Some(Cow::Owned(redactor.client(record.client))),
            _ => shown(record, record.client),
        }
    }

    fn message<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, str>> {
        self.private(record, record.message, Redactor::text)
    }

    fn unparsed<'a>(&self, line: &'a [u8]) -> Option<Cow<'a, str>> {
        Some(match &self.redactor {
            Some(redactor) => Cow::Owned(show::text(&redactor.line(line, None))),
            None => String::from_utf8_lossy(start_of(line)),
        })
    }
}

/// The first bytes of `line`, cut between characters.
fn start_of(line: &[u8]) -> &[u8] {
    let Some(next) = line.get(UNPARSED_LENGTH) else { return line };
    let mut end = UNPARSED_LENGTH;
    if next & 0xC0 == 0x80 {
        // Inside a character, which has four bytes at most: back to its first.
        end -= line[..end].iter().rev().take(3).position(|byte| byte & 0xC0 == 0xC0).map_or(0, |back| back + 1);
    }
    &line[..end]
}

/// A text field, decoded; `None` where the line does not say.
fn shown<'a>(record: &Record<'a>, field: &'a [u8]) -> Option<Cow<'a, str>> {
    if field.is_empty() {
        return None;
    }
    Some(match record.shown(field) {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(show::text(&bytes)),
    })
}

/// Why the request failed, or else why its first failed attempt did.
fn sign(event: &Event<'_>) -> Option<&'static Sign> {
    event.sign.or_else(|| event.attempts.iter().copied().flatten().next())
}

/// How sure one line alone can make.
fn confidence(strength: Strength) -> &'static str {
    match strength {
        Strength::Conclusive => "high",
        Strength::Strong => "medium",
        Strength::Weak | Strength::Silent | Strength::Echo => "low",
    }
}

/// Where rows gather until they are taken.
enum Sink {
    Csv(Box<Sheet<Vec<u8>>>),
    Ndjson(Vec<u8>),
}

impl Sink {
    fn new(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv(Box::new(Sheet::new(Vec::new()))),
            Format::Ndjson | Format::Json | Format::Text => Self::Ndjson(Vec::new()),
        }
    }

    /// One of the same kind with nothing in it.
    fn empty(&self) -> Self {
        Self::new(match self {
            Self::Csv(_) => Format::Csv,
            Self::Ndjson(_) => Format::Ndjson,
        })
    }

    fn header<R: Row>(&self) -> Vec<u8> {
        let mut sink = self.empty();
        if let Self::Csv(sheet) = &mut sink {
            // Writing to a vector cannot fail.
            let _ = sheet.header::<R>();
        }
        sink.take()
    }

    fn add<R: Row + Serialize>(&mut self, row: &R) {
        // Writing to a vector cannot fail.
        let _ = match self {
            Self::Csv(sheet) => sheet.row(row),
            Self::Ndjson(out) => json::write_line(row, out),
        };
    }

    fn take(&mut self) -> Vec<u8> {
        let empty = self.empty();
        match std::mem::replace(self, empty) {
            Self::Csv(sheet) => sheet.into_bytes(),
            Self::Ndjson(out) => out,
        }
    }
}

/// Each thread starts with nothing.
impl Clone for Sink {
    fn clone(&self) -> Self {
        self.empty()
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Csv(_) => "Csv",
            Self::Ndjson(_) => "Ndjson",
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::cause::Cause;
    use crate::envelope::Opened;
    use crate::event::Reader;
    use crate::format::{Format as LogFormat, What};
    use crate::grammar::time::{When, Zone};
    use regex::bytes::Regex;
    use serde_json::{Value, json};

    const FAILURES: &str = "time,proxy,group,upstream,status,upstream_status,cause,family,confidence,method,host,path,client,duration_ms,connect_ms,header_ms,attempts,user_agent,trace_id,input,line\n";
    const PARSE: &str = "input,line,format,time,status,upstream_status,group,upstream,method,host,path,bytes,duration_ms,connect_ms,header_ms,client,user_agent,trace_id,level,pid,message,termination_state,error_reason,flags,cause,attempts\n";

    static REFUSED: Sign = Sign {
        kind: "test-refused",
        cause: Cause::ConnectionRefused,
        strength: Strength::Strong,
        says: "the server refused the connection",
        seen: crate::cause::Seen::Field,
        status: 502,
    };

    /// A retried request that failed, with hostile text in it.
    fn event() -> Event<'static> {
        let attempt = |upstream, response| Attempt { upstream, status: Some(502), response, ..Attempt::default() };
        let record = Record {
            when: Some(When { wall: 1_795_168_931_250_000, zone: Zone::Offset(0) }),
            status: Some(502),
            group: b"api",
            upstream: b"api-2",
            names_upstream: true,
            method: b"GET",
            path: b"=cmd|' /C calc'!A0?token=secret",
            duration: Some(1_178),
            connect: Some(60_003_000),
            client: b"203.0.113.9",
            user_agent: b"\x1b[2J\\x1B\n<script>\xFF",
            message: b"timed out for 203.0.113.9",
            attempts: [attempt(b"api-1", Some(1_000)), attempt(b"api-2", None)].into_iter().collect(),
            escape: crate::format::Escape::Hex,
            ..Record::default()
        };
        let attempts = record.attempts.iter().map(|_| Some(&REFUSED)).collect();
        Event { record, failed: true, sign: Some(&REFUSED), attempts }
    }

    fn see(watch: &mut impl Watch, event: &Event<'_>) -> String {
        let reader = Reader::Known(LogFormat::HaproxyHttp);
        let opened = Opened { host: b"lb1", pid: Some(5811), ..Opened::default() };
        let stamp = event.record.when.map(|when| Stamp(when.wall));
        watch.see(0, 7, &Seen::Event { reader: &reader, event, opened: &opened, stamp });
        String::from_utf8(watch.take()).unwrap()
    }

    fn inputs() -> Arc<[String]> {
        Arc::from(["a.log".to_owned()])
    }

    /// 2026-11-20T10:02:11Z
    const NOW: Stamp = Stamp(1_795_168_931_000_000);

    fn options() -> Options {
        Options {
            window: 60,
            statuses: crate::format::Statuses::gateway(),
            zone: TimeZone::UTC,
            readers: Reader::known(),
            filters: Filters::default(),
            threads: 1,
            redactor: None,
        }
    }

    fn failures(format: Format) -> Failures {
        Failures::new(format, inputs(), &options(), NOW)
    }

    fn parse(format: Format) -> Parse {
        Parse::new(format, inputs(), &options(), NOW)
    }

    fn cells(text: &str, columns: &str) -> Vec<String> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(record.len(), columns.split(',').count());
        record.iter().map(str::to_owned).collect()
    }

    #[test]
    fn headers_are_the_contract() {
        assert_eq!(failures(Format::Csv).header(), FAILURES.as_bytes());
        assert_eq!(parse(Format::Csv).header(), PARSE.as_bytes());
        assert!(failures(Format::Ndjson).header().is_empty() && parse(Format::Ndjson).header().is_empty());
    }

    #[test]
    fn failed_requests() {
        let row: Value = serde_json::from_str(&see(&mut failures(Format::Ndjson), &event())).unwrap();
        let expected = json!({
            "time": "2026-11-20T10:02:11.25Z", "proxy": "haproxy@lb1", "group": "api", "upstream": "api/api-2",
            "status": 502, "upstream_status": null, "cause": "connection-refused", "family": "downtime",
            "confidence": "medium", "method": "GET", "host": null, "path": "=cmd|' /C calc'!A0?token=secret",
            "client": "203.0.113.9", "duration_ms": 1.178, "connect_ms": 60003, "header_ms": null, "attempts": 2,
            "user_agent": "\u{1b}[2J\\x1B\n<script>\u{FFFD}", "trace_id": null, "input": "a.log", "line": 7,
        });
        assert_eq!(row, expected);
        let cells = cells(&see(&mut failures(Format::Csv), &event()), FAILURES);
        assert_eq!(cells[3..6], ["api/api-2", "502", ""]);
        assert_eq!(cells[11..16], ["'=cmd|' /C calc'!A0?token=secret", "203.0.113.9", "1.178", "60003", ""]);
        assert_eq!(cells[17], "\\x1B[2J\\x1B\\n<script>\u{FFFD}");
    }

    #[test]
    fn only_failed_requests() {
        let (fine, tried) = (Event { failed: false, ..event() }, Event { failed: false, sign: None, ..event() });
        for event in [fine, tried] {
            assert_eq!(see(&mut failures(Format::Ndjson), &event), "");
        }
        for (upstream, group, rows) in [("api-2", "api", 1), ("api-1", "", 0), ("", "web", 0)] {
            let filters = Filters {
                upstream: Some(Regex::new(upstream).unwrap()),
                group: Some(Regex::new(group).unwrap()),
                ..Filters::default()
            };
            let mut failures = Failures::new(Format::Ndjson, inputs(), &Options { filters, ..options() }, NOW);
            assert_eq!(see(&mut failures, &event()).lines().count(), rows, "{upstream} {group}");
        }
    }

    #[test]
    fn every_line() {
        let row: Value = serde_json::from_str(&see(&mut parse(Format::Ndjson), &event())).unwrap();
        let expected = json!({
            "input": "a.log", "line": 7, "format": LogFormat::HaproxyHttp.about().name, "time": "2026-11-20T10:02:11.25Z",
            "status": 502, "group": "api", "upstream": "api/api-2", "method": "GET",
            "path": "=cmd|' /C calc'!A0?token=secret", "duration_ms": 1.178, "connect_ms": 60003,
            "client": "203.0.113.9", "user_agent": "\u{1b}[2J\\x1B\n<script>\u{FFFD}", "pid": 5811,
            "message": "timed out for 203.0.113.9", "cause": "connection-refused",
            "attempts": [
                { "upstream": "api/api-1", "status": 502, "response_ms": 1 },
                { "upstream": "api/api-2", "status": 502 },
            ],
        });
        assert_eq!(row, expected);
        let cells = cells(&see(&mut parse(Format::Csv), &event()), PARSE);
        assert_eq!(
            cells[25],
            r#"[{"upstream":"api/api-1","status":502,"response_ms":1},{"upstream":"api/api-2","status":502}]"#
        );
        assert_eq!(cells[18..20], ["", "5811"]);
    }

    #[test]
    fn a_cause_only_where_something_failed() {
        let masked = Event { failed: false, sign: None, ..event() };
        assert!(see(&mut parse(Format::Ndjson), &masked).contains(r#""cause":"connection-refused""#));
        let healthy = Event { attempts: [None, None].into_iter().collect(), ..masked };
        assert!(!see(&mut parse(Format::Ndjson), &healthy).contains("cause"));
    }

    #[test]
    fn lines_that_nobody_claims() {
        let line = format!("{}é = \u{1b}", "x".repeat(299));
        for (format, row) in [
            (
                Format::Ndjson,
                format!(
                    "{{\"input\":\"a.log\",\"line\":2,\"format\":\"unparsed\",\"message\":\"{}\"}}\n",
                    "x".repeat(299)
                ),
            ),
            (Format::Csv, format!("a.log,2,unparsed{}{}{}\n", ",".repeat(18), "x".repeat(299), ",".repeat(5))),
        ] {
            let mut parse = parse(format);
            parse.see(0, 2, &Seen::Unparsed(line.as_bytes()));
            assert_eq!(String::from_utf8(parse.take()).unwrap(), row);
            assert!(parse.take().is_empty());
        }
    }

    /// The latest year that does not lie in the future; clocks may be ahead by a day.
    #[test]
    fn times_without_a_year_are_dated() {
        for (day, time) in [
            ("Nov 20 10:00:00", "2026-11-20T10:00:00Z"),
            ("Nov 21 10:00:00", "2026-11-21T10:00:00Z"),
            ("Nov 21 11:00:00", "2025-11-21T11:00:00Z"),
            ("Feb 29 11:00:00", "2024-02-29T11:00:00Z"),
        ] {
            let mut event = event();
            event.record.when = crate::grammar::time::syslog(day.as_bytes()).ok().map(|(_, when)| when);
            let row = see(&mut parse(Format::Ndjson), &event);
            assert!(row.contains(&format!("\"time\":\"{time}\"")), "{day}: {row}");
        }
    }

    #[test]
    fn attempts_are_unknown_where_the_layout_has_no_place_for_them() {
        let mut event = event();
        event.record.attempts = Default::default();
        assert!(see(&mut failures(Format::Ndjson), &event).contains(r#""attempts":0,"#));
        event.record.names_upstream = false;
        assert!(see(&mut failures(Format::Ndjson), &event).contains(r#""attempts":null,"#));
    }

    #[test]
    fn redacts() {
        let options = Options { redactor: Some(Arc::new(Redactor::new().unwrap())), ..options() };
        let mut event = event();
        event.record.what = What::Request;
        event.record.user_agent = b"<script> bot 203.0.113.9 198.51.100.7";
        event.record.host = b"jo:secret@shop";
        for row in [
            see(&mut Failures::new(Format::Ndjson, inputs(), &options, NOW), &event),
            see(&mut Parse::new(Format::Ndjson, inputs(), &options, NOW), &event),
        ] {
            let private = ["203.0.113.9", "198.51.100.7", "secret"];
            assert!(!private.iter().any(|private| row.contains(private)), "{row}");
            assert!(row.contains(r#""client":"client-"#) && row.contains("<script>"), "{row}");
        }
    }

    #[test]
    fn threads_start_with_nothing() {
        let mut first = parse(Format::Ndjson);
        first.see(0, 1, &Seen::Unparsed(b"?"));
        assert!(first.clone().take().is_empty());
        assert!(!first.take().is_empty());
    }

    #[test]
    fn milliseconds() {
        let cases = [
            (0, 0, "0"),
            (1, 0, "0.001"),
            (1_178, 0, "1.178"),
            (1_500, 0, "1.5"),
            (60_003_000, 0, "60003"),
            (0, 9, "0"),
            (0, 10, "0.00001"),
            (40, 356, "0.040356"),
            (247_413, 902, "247.413902"),
            (60_003_000, 10, "60003.00001"),
        ];
        for (micros, nanos, cell) in cases {
            let (mut out, millis) = (String::new(), Millis { micros, nanos });
            millis.show(&mut out);
            assert_eq!((out.as_str(), serde_json::to_string(&millis).unwrap().as_str()), (cell, cell));
        }
        for nanos in [0, 1] {
            let long = Millis { micros: u64::MAX, nanos };
            assert_eq!(serde_json::to_string(&long).unwrap(), "18446744073709551");
        }
    }
}
