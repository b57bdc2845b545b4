//! Gives stamps without a year (RFC 3164) the year that fits best.
//!
//! Where other lines carry full dates, it is the year that brings the stamp closest to them; else the latest year that does not
//! lie in the future. Only state lines depend on this: requests carry dates of their own.

use super::Settings;
use crate::aggregate::Cell;
use crate::grammar::time::Stamp;
use jiff::{Timestamp, tz::TimeZone};

/// A day of grace for clocks that are ahead, in seconds.
const DAY: i64 = 86_400;

/// Moves every cell without a year to its year, and drops those outside of the span that was asked for.
pub(super) fn place(cells: &mut Vec<(u32, i64, Cell)>, window: i64, settings: &Settings) {
    let yearless = |at: i64| Stamp::from_seconds(at).is_yearless();
    if !cells.iter().any(|cell| yearless(cell.1)) {
        return;
    }
    let dated = cells.iter().map(|cell| cell.1).filter(|at| !yearless(*at));
    let span = dated.clone().min().zip(dated.max());
    cells.retain_mut(|(_, at, cell)| {
        if !yearless(*at) {
            return true;
        }
        let Some(moved) = year_of(*at, span, settings) else { return false };
        let real = |stamp: Stamp| in_year(stamp, moved, &settings.zone).unwrap_or(stamp);
        for evidence in cell.trouble.iter_mut().flat_map(|trouble| &mut trouble.evidence) {
            evidence.first = real(evidence.first);
            evidence.last = real(evidence.last);
        }
        let start = real(Stamp::from_seconds(*at));
        *at = start.seconds().div_euclid(window) * window;
        settings.since.is_none_or(|since| start >= since) && settings.until.is_none_or(|until| start < until)
    });
}

/// The year for a wall time without one.
fn year_of(at: i64, span: Option<(i64, i64)>, settings: &Settings) -> Option<i16> {
    let reference = span.map_or(settings.now.seconds() + DAY, |span| span.1);
    let latest = Timestamp::from_second(reference).ok()?.to_zoned(TimeZone::UTC).year();
    let distance = |year: i16| {
        let real = in_year(Stamp::from_seconds(at), year, &settings.zone)?.seconds();
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
