//! Which statuses count as failures: `502,503,520-527`.

use crate::format::Statuses;

/// The statuses in a list of numbers and spans.
///
/// # Errors
/// What is wrong with it, in words that follow the option's name.
pub fn list(text: &str) -> Result<Statuses, String> {
    let mut statuses = Statuses::none();
    for item in text.split(',').map(str::trim) {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (Some(first), Some(last)) = (number(first), number(last)) else {
            return Err(format!(
                "'{item}' is no status: write numbers from 100 to 599 and spans, such as 502,503,504,520-527"
            ));
        };
        if first > last {
            return Err(format!("'{item}' runs backwards: write {last}-{first}"));
        }
        (first..=last).for_each(|status| statuses.insert(status));
    }
    Ok(statuses)
}

fn number(text: &str) -> Option<u16> {
    let text = text.trim();
    let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|status| (100..=599).contains(status))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn reads_lists() {
        assert_eq!(list("502,503,504,520-527,530"), Ok(Statuses::gateway()));
        let some = list("500, 502 - 504").unwrap();
        let inside: Vec<u16> = (100..600).filter(|status| some.contains(*status)).collect();
        assert_eq!(inside, [500, 502, 503, 504]);
    }

    #[test]
    fn refuses_what_is_none() {
        for text in ["", "502,", "5xx", "50", "5020", "600", "099", "502-", "-502", "502..504", "+52"] {
            assert!(list(text).is_err_and(|error| error.contains("is no status")), "{text}");
        }
        assert_eq!(list("504-502"), Err("'504-502' runs backwards: write 502-504".to_owned()));
    }
}
