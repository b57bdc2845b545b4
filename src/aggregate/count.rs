//! Counting: one line's worth into the cells. The rules are those of the README's "How it counts".

use super::{Place, SeriesKey, Source, Tally, status_column};
use crate::cause::{Proxy, Sign};
use crate::event::{self, Event};
use crate::format::{Skim, What, is_unsafe};
use crate::grammar::{number::Micros, time::Stamp};

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
    #[inline]
    pub fn series_of(&mut self, origin: Origin<'_>, skim: &Skim<'_>) -> u32 {
        let Origin { proxy, host, .. } = origin;
        let Skim { group, upstream, names_upstream, .. } = *skim;
        self.series_id(SeriesKey { proxy, host, group, upstream, names_upstream })
    }

    /// Counts an ordinary request in its series.
    #[inline]
    pub fn count_plain(&mut self, series: u32, stamp: Stamp, skim: &Skim<'_>) {
        let cell = self.cell(series, stamp);
        cell.requests += 1;
        cell.attempts += u64::from(skim.attempted);
        if let Some(duration) = skim.duration {
            cell.latency.add(duration);
        }
    }

    /// Counts what a fully read line tells.
    pub fn count_event(&mut self, origin: Origin<'_>, event: &Event<'_>, place: &Place<'_>) {
        let not_repeatable = is_unsafe(event.record.method);
        let mut noted = Noted { stamp: origin.stamp, place, not_repeatable, signs: Vec::new() };
        match event.record.what {
            What::Request => {
                let series = self.series_of_record(origin, event, event.upstream());
                self.count_request(series, origin.stamp, event);
                if let (true, Some(sign)) = (event.failed, event.sign) {
                    let amount = Amount { failures: 1, attempts: 0 };
                    // The attempts have times of their own.
                    let took = event.record.duration.filter(|_| event.record.attempts.is_empty());
                    noted.add(self, series, sign, Source::Access, amount, took);
                }
                self.count_attempts(origin, event, &mut noted);
            }
            What::Attempt => self.count_told(origin, event, &mut noted, Source::ErrorLog),
            What::State => self.count_told(origin, event, &mut noted, Source::State),
            What::Host => self.count_host(origin, event, &mut noted),
            What::Notice => {}
        }
    }

    fn series_of_record(&mut self, origin: Origin<'_>, event: &Event<'_>, upstream: &[u8]) -> u32 {
        let Origin { proxy, host, .. } = origin;
        let (group, names_upstream) = (event.record.group, event.record.names_upstream);
        self.series_id(SeriesKey { proxy, host, group, upstream, names_upstream })
    }

    /// Counts the attempts of a request, each in the series of its own upstream.
    fn count_attempts(&mut self, origin: Origin<'_>, event: &Event<'_>, noted: &mut Noted<'_>) {
        let record = &event.record;
        let mut before = None;
        for (number, attempt) in record.attempts.iter().enumerate() {
            let series = self.series_of_record(origin, event, attempt.upstream);
            if let Some(before) = before.replace(series) {
                self.add_peers(before, series);
            }
            let cell = self.cell(series, origin.stamp);
            cell.attempts += 1;
            let Some(sign) = event.attempts[number] else { continue };
            let slot = self.slot(origin.stamp);
            let trouble = self.cell(series, origin.stamp).trouble();
            trouble.slots |= slot;
            trouble.failed_attempts += 1;
            trouble.masked_failures += u64::from(event.is_masked(number));
            let took = attempt.response.or(record.duration.filter(|_| record.attempts.len() == 1));
            noted.add(self, series, sign, Source::Access, Amount { failures: 0, attempts: 1 }, took);
        }
    }

    /// Counts what an error log or a state line tells of an upstream.
    fn count_told(&mut self, origin: Origin<'_>, event: &Event<'_>, noted: &mut Noted<'_>, source: Source) {
        let record = &event.record;
        let Some(sign) = event.attempts.iter().flatten().next().copied().or(event.sign) else { return };
        let series = self.series_of_record(origin, event, record.upstream);
        let attempts = u64::from(source == Source::ErrorLog);
        noted.add(self, series, sign, source, Amount { failures: 0, attempts }, None);
        if !record.virtual_server.is_empty() {
            self.add_alias(series, record.virtual_server);
        }
        if source == Source::ErrorLog {
            let path = event::fold(&record.shown(record.path));
            let slot = self.slot(origin.stamp);
            let (cell, names) = self.cell_and_paths(series, origin.stamp);
            let trouble = cell.trouble();
            trouble.told_paths.add(&path, names);
            trouble.slots |= slot;
            trouble.told_clients.add(record.client);
            trouble.ids.add(trace_id(record.trace_id));
        }
    }

    /// Notes what a line about a host tells, by the pool, unit or program that it is about, or else by the program that
    /// sent it. Whoever wrote it, it counts at no gateway.
    fn count_host(&mut self, origin: Origin<'_>, event: &Event<'_>, noted: &mut Noted<'_>) {
        let Some(sign) = event.sign else { return };
        let Origin { host, program, .. } = origin;
        let group = if event.record.group.is_empty() { program } else { event.record.group };
        let series =
            self.series_id(SeriesKey { proxy: Proxy::Host, host, group, upstream: b"", names_upstream: false });
        noted.add(self, series, sign, Source::Host, Amount { failures: 0, attempts: 0 }, None);
    }

    /// Counts a request in the series that it ended at.
    fn count_request(&mut self, series: u32, stamp: Stamp, event: &Event<'_>) {
        let record = &event.record;
        let path = event.failed.then(|| event::fold(&record.shown(record.path)));
        let slot = self.slot(stamp);
        let (cell, names) = self.cell_and_paths(series, stamp);
        cell.requests += 1;
        if let Some(duration) = record.duration {
            cell.latency.add(duration);
        }
        if let Some(path) = path {
            let trouble = cell.trouble();
            trouble.failures += 1;
            if let Some(column) = record.status.and_then(status_column) {
                trouble.statuses[column] += 1;
            }
            trouble.crawler_failures += u64::from(event::is_crawler(record.user_agent));
            trouble.paths.add(&path, names);
            trouble.slots |= slot;
            trouble.clients.add(record.client);
            trouble.ids.add(trace_id(record.trace_id));
        }
    }

    /// The 64th of its window that `stamp` lies in, as a bit.
    fn slot(&self, stamp: Stamp) -> u64 {
        let length = self.window() * 1_000_000;
        1 << (i128::from(stamp.0.rem_euclid(length)) * 64 / i128::from(length))
    }
}

/// The part of an id that is the same at every tier: AWS adds fields to `X-Amzn-Trace-Id` on the way.
fn trace_id(id: &[u8]) -> &[u8] {
    let root = memchr::memmem::find(id, b"Root=").map_or(id, |at| &id[at..]);
    &root[..memchr::memchr(b';', root).unwrap_or(root.len())]
}

/// What one line adds to the evidence for a sign.
#[derive(Clone, Copy)]
struct Amount {
    failures: u64,
    attempts: u64,
}

/// One line on its way into evidence: it counts once for each sign, however many of its attempts show it.
struct Noted<'a> {
    stamp: Stamp,
    place: &'a Place<'a>,
    /// Whether its request is one that proxies do not send twice.
    not_repeatable: bool,
    signs: Vec<(u32, &'static Sign)>,
}

impl Noted<'_> {
    fn add(
        &mut self,
        tally: &mut Tally,
        series: u32,
        sign: &'static Sign,
        source: Source,
        amount: Amount,
        took: Option<Micros>,
    ) {
        let again = self.signs.contains(&(series, sign));
        if !again {
            self.signs.push((series, sign));
        }
        let slot = tally.slot(self.stamp);
        let evidence = tally.cell(series, self.stamp).trouble().evidence_of(sign, source, self.stamp, self.place);
        evidence.slots |= slot;
        evidence.lines += u64::from(!again);
        evidence.failures += amount.failures;
        evidence.attempts += amount.attempts;
        evidence.not_repeatable += u64::from(!again && self.not_repeatable);
        if let Some(took) = took {
            evidence.add_time(took);
        }
    }
}
