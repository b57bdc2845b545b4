//! One thread's way through a block: envelope, format, event, tally.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use crate::aggregate::{InputTally, Origin, Place, Tally};
use crate::cause::Proxy;
use crate::envelope::{self, Opened};
use crate::event::{Event, Reader, Redactor};
use crate::format::{Fields, Format, Skim, Skimmed, Statuses, What};
use crate::grammar::time::{Clock, Stamp, When, Zone};
use crate::input::{Block, Heading, LINE_LIMIT};
use jiff::tz::TimeZone;
use regex::bytes::Regex;
use std::{ops::Range, sync::Arc};

/// How much of a line that no format claims is kept, in bytes.
const UNPARSED_LENGTH: usize = 300;

/// In seconds.
const HOUR: u64 = 3_600;

/// So many failing lines in a row are a run: the next line is read in full without a glance at it first.
const RUN: u32 = 4;

/// Which requests to count. An absent filter lets everything through.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// On the upstream.
    pub upstream: Option<Regex>,
    /// On the group.
    pub group: Option<Regex>,
    /// On the path, with its query.
    pub path: Option<Regex>,
    /// On the host that the client asked for.
    pub host: Option<Regex>,
    /// From this time on.
    pub since: Option<Stamp>,
    /// Before this time.
    pub until: Option<Stamp>,
}

/// How to read and count.
#[derive(Clone, Debug)]
pub struct Options {
    /// The length of a window in seconds.
    pub window: i64,
    /// Which statuses are failures.
    pub statuses: Statuses,
    /// The zone of stamps that carry none.
    pub zone: TimeZone,
    /// What lines are tried as. Up to the last layout that the user gave, in this order: two such layouts may fit the
    /// same line. Known formats exclude each other.
    pub readers: Vec<Reader>,
    /// Which requests count.
    pub filters: Filters,
    /// How many threads read.
    pub threads: usize,
    /// Takes people out of samples.
    pub redactor: Option<Arc<Redactor>>,
}

/// What became of one line.
#[derive(Debug)]
pub enum Seen<'a> {
    /// It was read in full.
    Event {
        /// What it was read as.
        reader: &'a Reader,
        /// What it means.
        event: &'a Event<'a>,
        /// Its envelope.
        opened: &'a Opened<'a>,
        /// When it was, if anything says so.
        stamp: Option<Stamp>,
    },
    /// No format claims it, and none needs to: a program sent it that is no gateway, or it goes on with the line
    /// before.
    Aside {
        /// What it is counted under.
        name: &'static str,
        /// The line.
        line: &'a [u8],
        /// Its envelope.
        opened: &'a Opened<'a>,
        /// When it was, if the envelope says so.
        stamp: Option<Stamp>,
    },
    /// No format claims it.
    Unparsed(&'a [u8]),
}

/// Somebody who makes rows of lines as they are read.
pub trait Watch {
    /// Whether every line is to be read in full; else only failures and what may be evidence.
    const EVERY_LINE: bool;

    /// Takes note of a line. `input` is the number of the input, `line` that of the line.
    fn see(&mut self, input: usize, line: u64, seen: &Seen<'_>);

    /// Hands out the rows that were made since the last time.
    fn take(&mut self) -> Vec<u8>;
}

/// Where counting is all that is wanted.
pub(super) struct Nobody;

impl Watch for Nobody {
    const EVERY_LINE: bool = false;

    fn see(&mut self, _: usize, _: u64, _: &Seen<'_>) {}

    fn take(&mut self) -> Vec<u8> {
        Vec::new()
    }
}

/// The number of an input, that of a line in it, and the line.
type At<'l> = (usize, u64, &'l [u8]);

/// Reads lines and counts them.
pub(super) struct Scanner<'a> {
    options: &'a Options,
    /// Which statuses make a line worth a full read: of a request that counts as failed, or of an attempt that failed.
    telling: Statuses,
    clock: Clock,
    /// The readers, in the order that they are tried in.
    recent: Vec<Recent<'a>>,
    /// Where the known formats begin that no layout of the user's follows, nor one that shares its own. Of them, the
    /// one that claimed the last line is tried first, since neighbouring lines mostly share a format.
    known: usize,
    /// Where those begin that read any layout: they are asked about lines that nobody else claims.
    any: usize,
    /// Whether there are formats among the readers: then what no gateway can have written is not taken for a line that
    /// could not be read. In a layout of the user's own, anything may be written.
    any_format: bool,
    /// What the input has said of its columns.
    columns: Columns,
    /// Where lines are put that were escaped.
    room: Vec<u8>,
    tally: Tally,
}

struct Recent<'a> {
    reader: &'a Reader,
    /// Whether it reads lines that are no JSON objects, and lines that are.
    takes: [bool; 2],
    /// Lines of this block that were of this format.
    lines: u64,
    /// How many of its last lines told of a failure, in a row.
    run: u32,
}

impl<'a> Recent<'a> {
    fn new(reader: &'a Reader) -> Self {
        Self { reader, takes: [false, true].map(|object| reader.may_be(object)), lines: 0, run: 0 }
    }
}

/// What lines of an input say of the columns of those that follow them.
#[derive(Default)]
struct Columns {
    /// What they were read from.
    heading: Option<Arc<Heading>>,
    fields: Fields,
}

impl Columns {
    /// Begins with the lines of `block`.
    fn enter(&mut self, block: &Block) {
        if self.heading != block.heading {
            self.heading.clone_from(&block.heading);
            self.read();
        }
    }

    /// Takes note of a line that may name columns.
    #[inline]
    fn meet(&mut self, line: &[u8]) {
        if self.heading.as_mut().is_some_and(|heading| Arc::make_mut(heading).meet(line)) {
            self.read();
        }
    }

    fn read(&mut self) {
        self.fields =
            self.heading.as_ref().map(|heading| Fields::of(&heading.fields, &heading.date)).unwrap_or_default();
    }
}

/// What a line that no format claims is counted under, if it need not be of one. No gateway indents its lines.
fn aside(opened: &Opened<'_>) -> Option<&'static str> {
    if opened.is_of_other_program() {
        return Some(InputTally::FOREIGN);
    }
    match opened.payload {
        [] | [b' ' | b'\t', ..] => Some(InputTally::CONTINUATION),
        [b'#', ..] => Some(InputTally::COMMENT),
        _ => None,
    }
}

/// The gateway that wrote a line. In layouts that nginx, Apache and lighttpd share, which have no place for an upstream,
/// the program decides that an envelope names.
#[inline(always)]
fn writer(reader: &Reader, program: &[u8], names_upstream: bool) -> Proxy {
    let is_shared =
        || !names_upstream && matches!(reader, Reader::Known(Format::NginxAccess) | Reader::Any(Format::NginxAccess));
    match program {
        b"apache2" | b"httpd" if is_shared() => Proxy::APACHE,
        b"lighttpd" if is_shared() => Proxy::LIGHTTPD,
        _ => reader.proxy(),
    }
}

impl<'a> Scanner<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        Self {
            options,
            telling: options.statuses.or_gateway(),
            clock: Clock::new(options.zone.clone()),
            recent: options.readers.iter().map(Recent::new).collect(),
            known: options
                .readers
                .iter()
                .rposition(|reader| !matches!(reader, Reader::Known(_) | Reader::Any(_)))
                .map_or(0, |at| at + 1),
            any: options
                .readers
                .iter()
                .position(|reader| matches!(reader, Reader::Any(_)))
                .unwrap_or(options.readers.len()),
            any_format: options.readers.iter().any(|reader| !matches!(reader, Reader::Custom(_))),
            columns: Columns::default(),
            room: Vec::new(),
            tally: Tally::new(options.window),
        }
    }

    /// Counts the lines of a block.
    pub(super) fn scan<W: Watch>(&mut self, block: &Block, watch: &mut W) {
        self.columns.enter(block);
        let mut lines = 0;
        for (number, line) in block.lines() {
            if line.is_empty() {
                continue;
            }
            lines += 1;
            self.line(block.input, number, line, watch);
        }
        let input = self.tally.input(block.input);
        input.lines += lines;
        for recent in &mut self.recent {
            if recent.lines > 0 {
                input.count_format(recent.reader.name(), std::mem::take(&mut recent.lines));
            }
        }
    }

    /// What was counted.
    pub(super) fn finish(mut self) -> Tally {
        self.tally.zone_assumed |= self.clock.assumed();
        self.tally
    }

    #[inline(always)]
    fn line<W: Watch>(&mut self, input: usize, number: u64, line: &[u8], watch: &mut W) {
        let at = (input, number, line);
        self.columns.meet(line);
        if line.len() <= LINE_LIMIT {
            let opened = envelope::open(line);
            // Layouts that a user describes come first, whatever their objects' members are called.
            let wrapped = self.known == 0 && envelope::begins_around(opened.payload);
            let known = wrapped && self.unwrapped(&opened, at, watch)
                || self.claimed(&opened, at, watch)
                || self.opened_otherwise(&opened, at, watch);
            if known {
                return;
            }
        }
        self.unparsed(at, watch);
    }

    /// Whether a reader claims a line, which is counted then.
    #[inline(always)]
    fn claimed<W: Watch>(&mut self, opened: &Opened<'_>, at: At<'_>, watch: &mut W) -> bool {
        self.claimed_by(0..self.any, opened, at, watch)
    }

    /// The same, if it is one of these.
    #[inline(always)]
    fn claimed_by<W: Watch>(&mut self, readers: Range<usize>, opened: &Opened<'_>, at: At<'_>, watch: &mut W) -> bool {
        let (input, ..) = at;
        let object = usize::from(opened.payload.first() == Some(&b'{'));
        for place in readers {
            let Recent { reader, takes, run, .. } = self.recent[place];
            if !takes[object] || !reader.is_written_by(opened.program) {
                continue;
            }
            let read = run >= RUN && self.full(place, opened, at, watch) || {
                let Some(skimmed) = reader.skim(&self.columns.fields, opened.payload) else { continue };
                match skimmed {
                    Skimmed::Plain(skim) if !W::EVERY_LINE && self.is_ordinary(&skim) => {
                        self.plain(reader, opened, input, &skim);
                        self.recent[place].run = 0;
                        true
                    }
                    _ => self.full(place, opened, at, watch),
                }
            };
            if !read {
                self.unparsed(at, watch);
                return true;
            }
            self.recent[place].lines += 1;
            if (self.known + 1..self.any).contains(&place) {
                self.recent[self.known..=place].rotate_right(1);
            }
            return true;
        }
        false
    }

    /// Counts a line that no reader claims as it stands, but in another envelope, or none needs to claim.
    #[cold]
    fn opened_otherwise<W: Watch>(&mut self, opened: &Opened<'_>, at: At<'_>, watch: &mut W) -> bool {
        if self.unwrapped(opened, at, watch) || envelope::otherwise(opened).any(|inner| self.claimed(&inner, at, watch))
        {
            return true;
        }
        if !opened.is_of_other_program() && self.claimed_by(self.any..self.recent.len(), opened, at, watch) {
            return true;
        }
        match aside(opened).filter(|_| self.any_format) {
            Some(name) => self.aside(name, opened, at, watch),
            None => return false,
        }
        true
    }

    /// Whether `opened` is an object around a line, which is counted then. What is shown of it is that line alone.
    #[cold]
    fn unwrapped<W: Watch>(&mut self, outer: &Opened<'_>, (input, number, _): At<'_>, watch: &mut W) -> bool {
        let mut room = std::mem::take(&mut self.room);
        let object = envelope::open_json(outer.payload, &mut room);
        let wraps = object.is_some();
        if let Some(object) = object {
            let at = (input, number, object.payload);
            let inner = envelope::open(object.payload).inside(&object.inside(outer));
            if !self.claimed(&inner, at, watch) && !self.opened_otherwise(&inner, at, watch) {
                self.unparsed(at, watch);
            }
        }
        self.room = room;
        wraps
    }

    /// Whether a skimmed line needs no full read.
    #[inline(always)]
    fn is_ordinary(&self, skim: &Skim<'_>) -> bool {
        let filters = &self.options.filters;
        !self.telling.contains(skim.status) && filters.path.is_none() && filters.host.is_none()
    }

    #[inline(always)]
    fn plain(&mut self, reader: &Reader, opened: &Opened<'_>, input: usize, skim: &Skim<'_>) {
        let Some(when) = skim.when.or(opened.when) else {
            self.tally.input(input).untimed += 1;
            return;
        };
        let stamp = self.stamp(when, opened);
        if !self.in_span(stamp) {
            return;
        }
        let proxy = writer(reader, opened.program, skim.names_upstream);
        let origin = Origin { proxy, host: opened.host, program: opened.program, stamp };
        let series = self.tally.series_of(origin, skim);
        self.tally.count_plain(series, stamp, skim);
    }

    /// Reads a line in full, as the reader at `place` does; false where it is not of that format.
    #[cold]
    fn full<W: Watch>(
        &mut self,
        place: usize,
        opened: &Opened<'_>,
        (input, number, line): At<'_>,
        watch: &mut W,
    ) -> bool {
        let Recent { reader, ref mut run, .. } = self.recent[place];
        let Some(record) = reader.record(&self.columns.fields, opened.payload) else { return false };
        let event = reader.judge(record, &self.options.statuses, &self.telling);
        *run = if event.tells() { run.saturating_add(1) } else { 0 };
        let stamp = event.record.when.or(opened.when).map(|when| self.stamp(when, opened));
        if stamp.is_some_and(|stamp| !self.in_span(stamp)) || !self.passes(&event) {
            // Whatever is asked for, the gateway is there: names do not depend on that.
            if matches!(event.record.what, What::Notice | What::Attempt | What::State) {
                self.tally.add_note(reader.proxy(), opened.host);
            }
            return true;
        }
        watch.see(input, number, &Seen::Event { reader, event: &event, opened, stamp });
        let Some(stamp) = stamp else {
            self.tally.input(input).untimed += u64::from(event.record.what != What::Notice);
            return true;
        };
        let text = || match &self.options.redactor {
            Some(redactor) => {
                redactor.line(&Redactor::without(line, &reader.unknown(opened.payload)), Some(&event.record))
            }
            None => line.to_vec(),
        };
        let place = Place { input, line: number, text: &text };
        let proxy = writer(reader, opened.program, event.record.names_upstream);
        let origin = Origin { proxy, host: opened.host, program: opened.program, stamp };
        self.tally.count_event(origin, &event, &place, self.options.redactor.as_deref());
        true
    }

    /// Counts a line of which no format knows anything, and need not.
    #[cold]
    fn aside<W: Watch>(
        &mut self,
        name: &'static str,
        opened: &Opened<'_>,
        (input, number, line): At<'_>,
        watch: &mut W,
    ) {
        self.tally.input(input).count_format(name, 1);
        let stamp = opened.when.map(|when| self.stamp(when, opened));
        if stamp.is_none_or(|stamp| self.in_span(stamp)) {
            watch.see(input, number, &Seen::Aside { name, line, opened, stamp });
        }
    }

    #[cold]
    fn unparsed<W: Watch>(&mut self, (input, number, line): At<'_>, watch: &mut W) {
        watch.see(input, number, &Seen::Unparsed(line));
        let start = |text: &[u8]| text[..text.len().min(UNPARSED_LENGTH)].to_vec();
        let redactor = self.options.redactor.as_ref();
        let text = || redactor.map_or_else(|| start(line), |redactor| start(&redactor.line(line, None)));
        self.tally.count_unparsed(&Place { input, line: number, text: &text });
    }

    /// When a line was. A stamp without a zone is in that of its envelope, if it fits there.
    #[inline(always)]
    fn stamp(&mut self, when: When, opened: &Opened<'_>) -> Stamp {
        match (when.zone, opened.when) {
            (Zone::Local, Some(envelope @ When { zone: zone @ (Zone::Utc | Zone::Offset(_)), .. })) => {
                let inside = self.clock.stamp(When { zone, ..when });
                // The line may tell of a request that began a while before it was sent; another zone lies farther off.
                let near = self.clock.stamp(envelope).seconds().abs_diff(inside.seconds()) < HOUR / 2;
                if near { inside } else { self.clock.stamp(when) }
            }
            _ => self.clock.stamp(when),
        }
    }

    #[inline(always)]
    fn in_span(&self, stamp: Stamp) -> bool {
        let filters = &self.options.filters;
        // Stamps without a year are placed, and then filtered, when all lines have been read.
        filters.since.is_none_or(|since| stamp >= since || stamp.is_yearless())
            && filters.until.is_none_or(|until| stamp < until)
    }

    /// Whether the filters on requests let a line through. What happened to a host is no request: it may explain any.
    fn passes(&self, event: &Event<'_>) -> bool {
        let Filters { path, host, .. } = &self.options.filters;
        let record = &event.record;
        if record.what == What::Host {
            return true;
        }
        path.as_ref().is_none_or(|path| path.is_match(&record.shown_path()))
            && host.as_ref().is_none_or(|host| host.is_match(&record.shown(record.host)))
    }
}
