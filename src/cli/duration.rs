//! The length of a window: `10s`, `5m`, `1h30m`.

/// The longest window in seconds. Longer ones say nothing, and sums of them could leave the calendar.
const LONGEST: i64 = 366 * 86_400;

/// The seconds in a duration.
///
/// # Errors
/// What is wrong with it, in words that follow the option's name.
pub fn seconds(text: &str) -> Result<i64, String> {
    let expected =
        || format!("'{text}' is no duration: write a number and a unit (s, m, h, d), such as 30s, 5m or 1h30m");
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
        let (number, tail) = rest.split_at(digits);
        let unit = match tail.as_bytes().first() {
            _ if number.is_empty() => return Err(expected()),
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 3_600,
            Some(b'd') => 86_400,
            _ => return Err(expected()),
        };
        // Only digits: what does not fit is too long.
        let number: i64 = number.parse().unwrap_or(i64::MAX);
        total = total.saturating_add(number.saturating_mul(unit));
        rest = &tail[1..];
    }
    match total {
        0 if text.is_empty() => Err(expected()),
        0 => Err(format!("'{text}' is no length of time: it must be longer than zero")),
        1..=LONGEST => Ok(total),
        _ => Err(format!("'{text}' is too long: 366d is the most")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        for (text, expected) in [
            ("10s", 10),
            ("1m", 60),
            ("5m", 300),
            ("1h", 3_600),
            ("1d", 86_400),
            ("1h30m", 5_400),
            ("90s", 90),
            ("366d", LONGEST),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "5", "m", "-1m", "1.5h", "5x", "5m3", "1 m", "5 minutes", "é", "5é"] {
            assert!(seconds(text).is_err_and(|error| error.contains("such as 30s")), "{text}");
        }
        for text in ["0s", "0m0s"] {
            assert!(seconds(text).is_err_and(|error| error.contains("longer than zero")), "{text}");
        }
        for text in ["367d", "99999999999999999999s", "9223372036854775807d"] {
            assert!(seconds(text).is_err_and(|error| error.contains("too long")), "{text}");
        }
    }
}
