//! Numbers and times in words.

pub(super) use crate::show::{counted as plural, duration as seconds, number as count};

use crate::show;

/// A fraction as `0.4 %`, `12 %`, `<0.1 %`: as the incidents' own sentences write it.
pub(super) fn percent(fraction: f64) -> String {
    // Rates have six decimals.
    let millionths = (fraction.clamp(0.0, 1.0) * 1e6).round() as u64;
    if millionths == 0 { "0 %".to_owned() } else { show::percent(millionths, 1_000_000) }
}

/// `12 ms`, `1.2 s`, `60 s`, `2 min 3 s`
pub(super) fn millis(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => {
            let tenths = (millis + 50) / 100;
            if tenths.is_multiple_of(10) {
                format!("{} s", tenths / 10)
            } else {
                format!("{}.{} s", tenths / 10, tenths % 10)
            }
        }
        _ => seconds(millis / 1_000),
    }
}

/// The day of an RFC 3339 time.
fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

/// The time of day of an RFC 3339 time, to the second.
pub(super) fn clock(time: &str) -> &str {
    time.get(11..19).unwrap_or(time)
}

/// `2026-11-20 10:02:11`
pub(super) fn moment(time: &str) -> String {
    format!("{} {}", day(time), clock(time))
}

/// `2026-11-20 10:02:11 – 10:04:14 UTC`: the date once where it is the same, a moment where both are the same.
pub(super) fn span(start: &str, end: &str) -> String {
    let (from, to) = (moment(start), moment(end));
    if from == to {
        format!("{from} UTC")
    } else if day(start) == day(end) {
        format!("{from} – {} UTC", clock(end))
    } else {
        format!("{from} – {to} UTC")
    }
}

/// `a`, `a and b`, `a, b and 3 more`: at most `limit` of them by name.
pub(super) fn names<S: AsRef<str>>(all: &[S], limit: usize) -> String {
    let mut named: Vec<&str> = all.iter().take(limit).map(AsRef::as_ref).collect();
    let more = all.len().saturating_sub(limit);
    let more = (more > 0).then(|| format!("{} more", count(more as u64)));
    named.extend(more.as_deref());
    match named.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([plural(1, "incident"), plural(0, "incident")], ["1 incident", "0 incidents"]);
        let fractions = [0.0, 0.000_4, 0.004, 0.064_865, 0.12, 0.994, 1.0];
        let shown = ["0 %", "<0.1 %", "0.4 %", "6.5 %", "12 %", "99.4 %", "100 %"];
        assert_eq!(fractions.map(percent), shown);
    }

    #[test]
    fn durations() {
        assert_eq!([0, 999, 1_178, 59_960, 60_003].map(millis), ["0 ms", "999 ms", "1.2 s", "60 s", "1 min"]);
    }

    #[test]
    fn times() {
        let [a, b, c] = ["2026-11-20T10:02:11Z", "2026-11-20T10:04:14.25Z", "2026-11-21T00:00:00Z"];
        assert_eq!(span(a, b), "2026-11-20 10:02:11 – 10:04:14 UTC");
        assert_eq!(span(a, c), "2026-11-20 10:02:11 – 2026-11-21 00:00:00 UTC");
        assert_eq!(span(a, a), "2026-11-20 10:02:11 UTC");
    }

    #[test]
    fn lists() {
        let all = ["a", "b", "c", "d"];
        assert_eq!(names(&all, 2), "a, b and 2 more");
        assert_eq!(names(&all[..2], 2), "a and b");
        assert_eq!(names(&all[..1], 2), "a");
        assert_eq!(names::<&str>(&[], 2), "");
    }
}
