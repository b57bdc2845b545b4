//! Gives stamps without a year (RFC 3164) the year that fits best.
//!
//! Where other lines carry full dates, it is the year that brings the stamp closest to them; else the latest year that
//! does not lie in the future. Only state lines depend on this: requests carry dates of their own.

use super::Settings;
use crate::aggregate::{Cell, Cells, Evidence, PathNames, Trouble, unite};
use crate::grammar::time::{Stamp, YEARLESS};
use jiff::{Timestamp, tz::TimeZone};

/// When windows of stamps without a year have long begun, in seconds since the epoch.
const AFTER: i64 = (YEARLESS as i64 - 1970 + 2) * 366 * DAY;

/// A day of grace for clocks that are ahead, in seconds.
const DAY: i64 = 86_400;

/// Moves all evidence without a year to its year, and drops what is outside of the span that was asked for.
pub(super) fn place(cells: &mut [Cells], names: &PathNames, window: i64, settings: &Settings) {
    let yearless: Vec<(usize, (i64, Cell))> = take_yearless(cells);
    if yearless.is_empty() {
        return;
    }
    let starts = cells.iter().flatten().map(|cell| cell.0);
    let span = starts.clone().min().zip(starts.max());
    for (series, (at, mut cell)) in yearless {
        let Some(trouble) = cell.trouble.as_deref_mut() else { continue };
        let Some(first) = trouble.evidence.iter().map(|item| item.first).min() else { continue };
        let year = year_of(first, span, settings);
        let Some(real) = year.and_then(|year| in_year(first, year, &settings.zone)) else { continue };
        // A window of wall time may lie across two of UTC: its first line decides.
        let start = real.seconds().div_euclid(window) * window;
        trouble.shift(real.0 - first.0, (at, start), window);
        let wanted = |item: &Evidence| {
            settings.since.is_none_or(|since| item.last >= since)
                && settings.until.is_none_or(|until| item.first < until)
        };
        trouble.evidence.retain(wanted);
        if !trouble.evidence.is_empty() {
            cells[series].push((start, cell));
        }
    }
    cells.iter_mut().for_each(|cells| unite(cells, names));
}

/// Takes out cells without a year, with the number of their series.
fn take_yearless(cells: &mut [Cells]) -> Vec<(usize, (i64, Cell))> {
    // They are the first: no log goes back so far.
    let early = |cells: &Cells| cells.partition_point(|cell| cell.0 < AFTER);
    let take = |cells: &mut Cells| cells.extract_if(..early(cells), |cell| is_yearless(&cell.1)).collect::<Vec<_>>();
    let each = cells.iter_mut().enumerate();
    each.flat_map(|(series, cells)| take(cells).into_iter().map(move |cell| (series, cell))).collect()
}

impl Trouble {
    /// Moves all by so many microseconds, out of the window that begins at the first of two times, in seconds, and into
    /// the other.
    fn shift(&mut self, by: i64, (from, to): (i64, i64), window: i64) {
        let shifted = |slots: u64| {
            let place = |bit: i64| {
                let middle = from * 1_000_000 + (2 * bit + 1) * window * 1_000_000 / 128 + by;
                ((middle - to * 1_000_000) * 64 / (window * 1_000_000)).clamp(0, 63)
            };
            (0..64).filter(|bit| slots >> bit & 1 == 1).fold(0, |all, bit| all | 1_u64 << place(bit))
        };
        self.slots = shifted(self.slots);
        for item in &mut self.evidence {
            (item.first, item.last) = (Stamp(item.first.0 + by), Stamp(item.last.0 + by));
            item.slots = shifted(item.slots);
        }
    }
}

/// Whether a cell was filled from stamps without a year. Only lines without a stamp of their own are: they make
/// evidence, and count nothing.
fn is_yearless(cell: &Cell) -> bool {
    let evidence = cell.trouble.iter().flat_map(|trouble| &trouble.evidence).next();
    evidence.is_some_and(|evidence| evidence.first.is_yearless())
}

/// The year for a wall time without one.
fn year_of(at: Stamp, span: Option<(i64, i64)>, settings: &Settings) -> Option<i16> {
    let reference = span.map_or(settings.now.seconds() + DAY, |span| span.1);
    let latest = Timestamp::from_second(reference).ok()?.to_zoned(TimeZone::UTC).year();
    let distance = |year: i16| {
        let real = in_year(at, year, &settings.zone)?.seconds();
        match span {
            Some((first, last)) => Some((first - real).max(real - last).max(0)),
            // In the future: last of all.
            None if real > reference => Some(i64::MAX),
            None => Some(reference - real),
        }
    };
    let years = [latest, latest - 1, latest + 1];
    years.into_iter().filter_map(|year| Some((distance(year)?, year))).min_by_key(|found| found.0).map(|found| found.1)
}

/// The same wall time in another year, as a point in time.
fn in_year(stamp: Stamp, year: i16, zone: &TimeZone) -> Option<Stamp> {
    let civil = Timestamp::from_microsecond(stamp.0).ok()?.to_zoned(TimeZone::UTC).datetime();
    let moved = civil.with().year(year).build().or_else(|_| civil.with().year(year).day(28).build()).ok()?;
    let real = zone.to_ambiguous_timestamp(moved).compatible().ok()?;
    Some(Stamp(real.as_microsecond()))
}
