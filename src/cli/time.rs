//! Points in time and zones, as people type them.

use crate::grammar::time::Stamp;
use jiff::{
    Span, Timestamp, Zoned,
    civil::{self, DateTime},
    tz::{Offset, TimeZone},
};

/// The point in time that `text` means. `now` gives the present and the zone of times that carry none.
///
/// # Errors
/// What is wrong with it, in words that follow the option's name.
pub fn point(text: &str, now: &Zoned) -> Result<Stamp, String> {
    let text = text.trim();
    let unknown = || {
        format!(
            "'{text}' is no time: write one like 2026-11-20T10:00:00Z, 2026-11-20, '2026-11-20 10:00', 10:00, '2h ago', yesterday or now"
        )
    };
    let time = named(text, now).or_else(|| ago(text, now)).or_else(|| absolute(text)).or_else(|| civil(text, now));
    time.map(|time| Stamp(time.as_microsecond())).ok_or_else(unknown)
}

fn named(text: &str, now: &Zoned) -> Option<Timestamp> {
    let day = match text.to_ascii_lowercase().as_str() {
        "now" => return Some(now.timestamp()),
        "today" => now.clone(),
        "yesterday" => now.yesterday().ok()?,
        _ => return None,
    };
    day.start_of_day().ok().map(|start| start.timestamp())
}

/// `2h ago`, `1d 12h ago`, `3 days ago`; days are those of the zone, with or without a change of clocks.
fn ago(text: &str, now: &Zoned) -> Option<Timestamp> {
    if !text.to_ascii_lowercase().ends_with("ago") {
        return None;
    }
    let span: Span = text.parse().ok()?;
    now.checked_add(span).ok().map(|then| then.timestamp())
}

/// A time that carries its zone.
fn absolute(text: &str) -> Option<Timestamp> {
    match text.parse::<Zoned>() {
        Ok(time) => Some(time.timestamp()),
        Err(_) => text.parse().ok(),
    }
}

/// A time of the zone: a date with a time, a date alone (where it begins), a time of today.
fn civil(text: &str, now: &Zoned) -> Option<Timestamp> {
    // jiff takes a civil time from the front of anything longer: a zone here is one that could not be read above.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || b"-:.T t".contains(&byte)) {
        return None;
    }
    if text.len() < "2026-11-20".len() || text.as_bytes().get(2) == Some(&b':') {
        let time: civil::Time = text.parse().ok().filter(|_| text.contains(':'))?;
        return zoned(now.date().to_datetime(time), now);
    }
    zoned(text.parse::<DateTime>().ok()?, now)
}

/// A time that a change of clocks skips or repeats is resolved as RFC 5545 does.
fn zoned(time: DateTime, now: &Zoned) -> Option<Timestamp> {
    now.time_zone().to_ambiguous_timestamp(time).compatible().ok()
}

/// The zone that `text` names.
///
/// # Errors
/// What is wrong with it, in words that follow the option's name.
pub fn zone(text: &str) -> Result<TimeZone, String> {
    if text.eq_ignore_ascii_case("local") {
        return Ok(TimeZone::system());
    }
    if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
        return Ok(TimeZone::UTC);
    }
    if let Some(seconds) = offset(text) {
        return Offset::from_seconds(seconds).map(Offset::to_time_zone).map_err(|error| format!("'{text}': {error}"));
    }
    TimeZone::get(text).map_err(|_| {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let hint = super::words::did_you_mean(text, names.iter().map(String::as_str));
        format!("'{text}' is no time zone: write one like Europe/Berlin, UTC, +02:00 or local{hint}")
    })
}

/// What `zone` is called: `Europe/Berlin`, `UTC`, `+02:00`.
#[must_use]
pub fn zone_name(zone: &TimeZone) -> String {
    let fixed = || zone.to_fixed_offset().map_or_else(|_| "the system's zone".to_owned(), |offset| offset.to_string());
    zone.iana_name().map_or_else(fixed, str::to_owned)
}

/// `+02:00`, `-0330`, `+2` as seconds east of UTC.
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok()).flatten();
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-21T00:30:00+01:00[Europe/Berlin]".parse().unwrap()
    }

    fn shown(text: &str) -> Result<String, String> {
        point(text, &now()).map(crate::show::time)
    }

    #[test]
    fn reads_times() {
        for (text, expected) in [
            ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
            ("2026-11-20T10:00:00.5+02:00", "2026-11-20T08:00:00.5Z"),
            ("2026-11-20 10:00:00-05", "2026-11-20T15:00:00Z"),
            ("2026-11-20T10:00-05:00[America/New_York]", "2026-11-20T15:00:00Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("2026-11-20 10:00", "2026-11-20T09:00:00Z"),
            ("2026-07-20T10:00:30", "2026-07-20T08:00:30Z"),
            ("10:00", "2026-11-21T09:00:00Z"),
            ("10:00:30", "2026-11-21T09:00:30Z"),
            ("now", "2026-11-20T23:30:00Z"),
            ("today", "2026-11-20T23:00:00Z"),
            ("Yesterday", "2026-11-19T23:00:00Z"),
            ("2h ago", "2026-11-20T21:30:00Z"),
            ("90m ago", "2026-11-20T22:00:00Z"),
            ("1d 2h ago", "2026-11-19T21:30:00Z"),
            ("3 days ago", "2026-11-17T23:30:00Z"),
            // One hour in spring that Berlin does not have, one in autumn that it has twice.
            ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            "",
            "10",
            "2026",
            "2h",
            "soon",
            "ago",
            "tomorrow ago",
            "2026-13-01",
            "2026-11-20T25:00",
            "2026-11-20T10:00[Nowhere/Here]",
            "2026-11-20 10:00 Berlin",
            "20261120",
        ] {
            assert!(shown(text).is_err(), "{text}: {:?}", shown(text));
        }
    }

    #[test]
    fn reads_zones() {
        let at = |text: &str| zone(text).map(|zone| zone.to_offset(now().timestamp()).seconds());
        for (text, expected) in [
            ("UTC", 0),
            ("z", 0),
            ("Europe/Berlin", 3_600),
            ("europe/berlin", 3_600),
            ("+02:00", 7_200),
            ("-0330", -12_600),
            ("+2", 7_200),
            ("+14", 50_400),
        ] {
            assert_eq!(at(text), Ok(expected), "{text}");
        }
        assert!(zone("local").is_ok());
        let named =
            ["utc", "europe/berlin", "+2", "-03:30"].map(|text| zone(text).map(|zone| zone_name(&zone)).unwrap());
        assert_eq!(named, ["UTC", "Europe/Berlin", "+02", "-03:30"]);
        for text in ["", "+", "+1:5", "+25:00", "+02:60", "+é", "Nowhere"] {
            assert!(at(text).is_err(), "{text}");
        }
        assert!(zone("Europe/Berlim").is_err_and(|error| error.contains("did you mean 'Europe/Berlin'?")));
    }
}
