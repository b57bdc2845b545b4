//! Counting: one line's worth into the cells. The rules are those of the README's "How it counts".
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::{Cell, PathNames, Paths, Place, SeriesKey, Source, Tally, Trouble, status_column};
use crate::cause::{Proxy, Sign};
use crate::event::{self, Event, Redactor, Room};
use crate::format::{Few, Record, Skim, What, is_unsafe};
use crate::grammar::{number::Micros, time::Stamp};
use memchr::{memchr, memchr_iter};

/// Where and when a line was written.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The gateway that wrote it.
    pub proxy: Proxy,
    /// The host that an envelope names.
    pub host: &'a [u8],
    /// The program that an envelope names.
    pub program: &'a [u8],
    /// When, by the line or else by its envelope.
    pub stamp: Stamp,
}

impl Tally {
    /// The series that a skimmed request ended at.
    #[inline(always)]
    pub fn series_of(&mut self, origin: Origin<'_>, skim: &Skim<'_>) -> u32 {
        let Origin { proxy, host, program, .. } = origin;
        let Skim { group, upstream, names_upstream, .. } = *skim;
        let series = self.series_id(SeriesKey { proxy, host, group, upstream, names_upstream });
        self.see_program(series, program);
        series
    }

    /// Counts an ordinary request in its series.
    #[inline(always)]
    pub fn count_plain(&mut self, series: u32, stamp: Stamp, skim: &Skim<'_>) {
        let cell = self.cell(series, stamp);
        cell.requests += 1;
        cell.attempts += u64::from(skim.attempted);
        if let Some(duration) = skim.duration {
            cell.latency.add(duration);
        }
    }

    /// Counts what a fully read line tells; of its path, what the redactor leaves.
    pub fn count_event(
        &mut self,
        origin: Origin<'_>,
        event: &Event<'_>,
        place: &Place<'_>,
        redactor: Option<&Redactor>,
    ) {
        let not_repeatable = is_unsafe(event.record.method);
        let slot = self.slot(origin.stamp);
        let mut line = Line { origin, event, place, redactor, slot, not_repeatable, signs: Few::default() };
        match event.record.what {
            What::Request => self.count_request(&mut line),
            What::Attempt => self.count_told(&mut line, Source::ErrorLog),
            What::State => self.count_told(&mut line, Source::State),
            What::Host => self.count_host(&mut line),
            What::Notice => self.add_note(origin.proxy, origin.host),
        }
    }

    fn series_of_record(&mut self, line: &Line<'_>, upstream: &[u8]) -> u32 {
        let Origin { proxy, host, program, .. } = line.origin;
        let Record { group, names_upstream, .. } = line.event.record;
        let series = self.series_id(SeriesKey { proxy, host, group, upstream, names_upstream });
        self.see_program(series, program);
        series
    }

    /// Counts a request in the series that it ended at, and its attempts, each in that of its own upstream: mostly that
    /// is the same one.
    fn count_request(&mut self, line: &mut Line<'_>) {
        let mut upstream = line.event.upstream();
        let mut series = self.series_of_record(line, upstream);
        let (mut cell, names) = self.cell_and_paths(series, line.origin.stamp);
        line.count_end(cell, series, names);
        line.count_cut_off(cell, series);
        for (number, attempt) in line.event.record.attempts.iter().enumerate() {
            if !is_same(attempt.upstream, upstream) {
                let before = std::mem::replace(&mut series, self.series_of_record(line, attempt.upstream));
                upstream = attempt.upstream;
                // Before the first stands where the request ended, which is an attempt further on.
                if number > 0 {
                    self.add_peers(before, series);
                }
                cell = self.cell(series, line.origin.stamp);
            }
            line.count_attempt(cell, series, number);
        }
    }

    /// Counts what an error log or a state line tells of an upstream.
    fn count_told(&mut self, line: &mut Line<'_>, source: Source) {
        let Event { record, attempts, sign, .. } = line.event;
        let Some(sign) = attempts.iter().flatten().next().copied().or(*sign) else { return };
        let series = self.series_of_record(line, record.upstream);
        if !record.virtual_server.is_empty() {
            self.add_alias(series, record.virtual_server);
        }
        let (cell, names) = self.cell_and_paths(series, line.origin.stamp);
        let trouble = cell.trouble();
        let attempts = u64::from(source == Source::ErrorLog);
        line.note(trouble, (series, sign), source, Amount { failures: 0, attempts }, None);
        if source == Source::ErrorLog {
            line.add_path(&mut trouble.told_paths, names);
            trouble.slots |= line.slot;
            trouble.told_clients.add(record.client);
            trouble.ids.add(trace_id(record.trace_id));
        }
    }

    /// Notes what a line about a host tells, by the pool, unit or program that it is about, or else by the program that
    /// sent it. Whoever wrote it, it counts at no gateway.
    fn count_host(&mut self, line: &mut Line<'_>) {
        let Some(sign) = line.event.sign else { return };
        let Origin { host, program, stamp, .. } = line.origin;
        let group = if line.event.record.group.is_empty() { program } else { line.event.record.group };
        let series =
            self.series_id(SeriesKey { proxy: Proxy::HOST, host, group, upstream: b"", names_upstream: false });
        let trouble = self.cell(series, stamp).trouble();
        line.note(trouble, (series, sign), Source::Host, Amount { failures: 0, attempts: 0 }, None);
    }

    /// The 64th of its window that `stamp` lies in, as a bit.
    fn slot(&self, stamp: Stamp) -> u64 {
        // A 64th of a second is a whole number of microseconds.
        let length = self.window() * (1_000_000 / 64);
        1 << (stamp.0.rem_euclid(length * 64) / length)
    }
}

/// Whether two upstreams are one. Empty ones are not compared: for `memcmp`, their address may be a slow one.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

/// The part of an id that is the same at every tier: AWS adds fields to `X-Amzn-Trace-Id` on the way.
fn trace_id(id: &[u8]) -> &[u8] {
    if id.is_empty() {
        return id;
    }
    let root = memchr_iter(b'R', id).find(|at| id[*at..].starts_with(b"Root=")).map_or(id, |at| &id[at..]);
    &root[..memchr(b';', root).unwrap_or(root.len())]
}

/// What one line adds to the evidence for a sign.
#[derive(Clone, Copy)]
struct Amount {
    failures: u64,
    attempts: u64,
}

/// One line on its way into cells and evidence.
struct Line<'a> {
    origin: Origin<'a>,
    event: &'a Event<'a>,
    place: &'a Place<'a>,
    /// What takes people out of its path, if they are to go.
    redactor: Option<&'a Redactor>,
    /// The 64th of its window that it lies in, as a bit.
    slot: u64,
    /// Whether its request is one that proxies do not send twice.
    not_repeatable: bool,
    /// What it was evidence of already, by series: it counts once for each sign, however many of its attempts show it.
    signs: Few<Option<(u32, &'static Sign)>, 4>,
}

impl Line<'_> {
    /// Counts how the request ended.
    fn count_end(&mut self, cell: &mut Cell, series: u32, names: &mut PathNames) {
        let Event { record, failed, sign, .. } = self.event;
        cell.requests += 1;
        if let Some(duration) = record.duration {
            cell.latency.add(duration);
        }
        if !failed {
            return;
        }
        let trouble = cell.trouble();
        trouble.failures += 1;
        if let Some(column) = record.status.and_then(status_column) {
            trouble.statuses[column] += 1;
        }
        trouble.crawler_failures += u64::from(event::is_crawler(record.user_agent));
        self.add_path(&mut trouble.paths, names);
        trouble.slots |= self.slot;
        trouble.clients.add(record.client);
        trouble.ids.add(trace_id(record.trace_id));
        if let Some(sign) = sign {
            // The attempts have times of their own.
            let took = record.duration.filter(|_| record.attempts.is_empty());
            self.note(trouble, (series, sign), Source::Access, Amount { failures: 1, attempts: 0 }, took);
        }
    }

    /// Counts the path, folded.
    #[inline(always)]
    fn add_path(&self, paths: &mut Paths, names: &mut PathNames) {
        let record = &self.event.record;
        let shown = record.shown(record.asked_path());
        match self.redactor {
            Some(redactor) => self.add_path_without_people(redactor, &shown, paths, names),
            None => paths.add(event::fold(&shown, &mut Room::default()), names),
        }
    }

    /// People go before the path is folded: what is cut in folding would not be known as theirs any more.
    #[cold]
    fn add_path_without_people(&self, redactor: &Redactor, path: &[u8], paths: &mut Paths, names: &mut PathNames) {
        paths.add(event::fold(&redactor.path(path, &self.event.record), &mut Room::default()), names);
    }

    /// Counts a session that was cut off before a server could be tried as an attempt at one: it fails no other way.
    fn count_cut_off(&mut self, cell: &mut Cell, series: u32) {
        let Some(sign) = self.event.cut_off() else { return };
        cell.attempts += 1;
        let trouble = cell.trouble();
        trouble.slots |= self.slot;
        trouble.failed_attempts += 1;
        let took = self.event.record.duration;
        self.note(trouble, (series, sign), Source::Access, Amount { failures: 0, attempts: 1 }, took);
    }

    /// Counts attempt `number`.
    fn count_attempt(&mut self, cell: &mut Cell, series: u32, number: usize) {
        let Event { record, attempts, .. } = self.event;
        cell.attempts += 1;
        let Some(sign) = attempts[number] else { return };
        let trouble = cell.trouble();
        trouble.slots |= self.slot;
        trouble.failed_attempts += 1;
        trouble.masked_failures += u64::from(self.event.is_masked(number));
        let took = record.attempts[number].response.or(record.duration.filter(|_| record.attempts.len() == 1));
        self.note(trouble, (series, sign), Source::Access, Amount { failures: 0, attempts: 1 }, took);
    }

    /// Counts this line as evidence of a sign in what went wrong with a series.
    fn note(
        &mut self,
        trouble: &mut Trouble,
        sign: (u32, &'static Sign),
        source: Source,
        amount: Amount,
        took: Option<Micros>,
    ) {
        let is_same =
            |known: &(u32, &'static Sign)| known.0 == sign.0 && (std::ptr::eq(known.1, sign.1) || known.1 == sign.1);
        let again = self.signs.iter().flatten().any(is_same);
        if !again {
            self.signs.push(Some(sign));
        }
        let evidence = trouble.evidence_of(sign.1, source, self.origin.stamp, self.place);
        evidence.slots |= self.slot;
        evidence.lines += u64::from(!again);
        evidence.failures += amount.failures;
        evidence.attempts += amount.attempts;
        evidence.not_repeatable += u64::from(!again && self.not_repeatable);
        if let Some(took) = took {
            evidence.add_time(took);
        }
    }
}
