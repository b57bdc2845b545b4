//! What `--fail-on` says: `error_rate>1%`, `failures >= 100`.

use super::words;
use crate::report::{Report, Totals};
use crate::show;
use std::fmt;

/// Something about a report that can hold or not.
#[derive(Clone, Debug)]
pub struct Condition {
    metric: Metric,
    comparison: Comparison,
    limit: f64,
    /// As it was typed, for messages.
    text: String,
}

/// How a condition turned out.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It holds; the value as people read it.
    Holds(String),
    /// It does not.
    Fails,
    /// Something failed, but the logs do not tell what it must be compared with.
    Unknown,
}

#[derive(Clone, Copy, Debug)]
enum Metric {
    ErrorRate,
    Requests,
    Incidents,
    Sum(fn(&Totals) -> u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Over,
    AtLeast,
    Under,
    AtMost,
}

const METRICS: [(&str, Metric); 11] = [
    ("failures", Metric::Sum(|totals| totals.failures)),
    ("error_rate", Metric::ErrorRate),
    ("requests", Metric::Requests),
    ("incidents", Metric::Incidents),
    ("failed_attempts", Metric::Sum(|totals| totals.failed_attempts)),
    ("masked_failures", Metric::Sum(|totals| totals.masked_failures)),
    ("crawler_failures", Metric::Sum(|totals| totals.crawler_failures)),
    ("status_502", Metric::Sum(|totals| totals.status_502)),
    ("status_503", Metric::Sum(|totals| totals.status_503)),
    ("status_504", Metric::Sum(|totals| totals.status_504)),
    ("status_52x", Metric::Sum(|totals| totals.status_52x)),
];

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow the option's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let shape = || {
            format!("'{text}' is no condition: write a name, one of > >= < <=, and a number, such as 'error_rate>1%'")
        };
        let at = text.find(['<', '>', '=', '!']).ok_or_else(shape)?;
        let (name, rest) = (text[..at].trim(), &text[at..]);
        let (comparison, number) = comparison(rest).ok_or_else(shape)?;
        let metric = metric(name)?;
        let limit =
            if matches!(metric, Metric::ErrorRate) { fraction(number.trim())? } else { count(name, number.trim())? };
        Ok(Self { metric, comparison, limit, text: text.trim().to_owned() })
    }

    /// Whether it holds for `report`.
    #[must_use]
    pub fn judge(&self, report: &Report) -> Finding {
        let totals = &report.totals;
        let value = match self.metric {
            Metric::Incidents => Some(report.incidents.len() as f64),
            Metric::Sum(sum) => Some(sum(totals) as f64),
            Metric::Requests => totals.requests.map(|requests| requests as f64),
            Metric::ErrorRate => error_rate(totals),
        };
        match value {
            Some(value) if self.comparison.holds(value, self.limit) => Finding::Holds(self.show(value)),
            Some(_) => Finding::Fails,
            // Without any line at all, as in a quiet hour's log, there is nothing to be unsure of.
            None if report.inputs.iter().all(|input| input.lines == 0) => Finding::Fails,
            None => Finding::Unknown,
        }
    }

    fn show(&self, value: f64) -> String {
        match self.metric {
            Metric::ErrorRate => format!("{:.3} %", value * 100.0),
            _ => show::number(value as u64),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Comparison {
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Over => value > limit,
            Self::AtLeast => value >= limit,
            Self::Under => value < limit,
            Self::AtMost => value <= limit,
        }
    }
}

/// Failures by requests, before rounding; `None` where the report gives none although something was counted.
fn error_rate(totals: &Totals) -> Option<f64> {
    match (totals.requests, totals.error_rate) {
        (Some(requests), Some(_)) => Some(totals.failures as f64 / requests as f64),
        // Without any request nothing was wrong with any.
        (Some(0), None) if totals.failures == 0 => Some(0.0),
        _ => None,
    }
}

/// The comparison that `text` begins with, and the rest.
fn comparison(text: &str) -> Option<(Comparison, &str)> {
    let signs =
        [(">=", Comparison::AtLeast), ("<=", Comparison::AtMost), (">", Comparison::Over), ("<", Comparison::Under)];
    signs.into_iter().find_map(|(sign, comparison)| text.strip_prefix(sign).map(|rest| (comparison, rest)))
}

fn metric(name: &str) -> Result<Metric, String> {
    let known = METRICS.iter().find(|(known, _)| *known == name);
    known.map(|(_, metric)| *metric).ok_or_else(|| {
        let names = METRICS.map(|(name, _)| name);
        let hint = words::did_you_mean(name, names.into_iter());
        format!("nothing is called '{name}': there are {}{hint}", names.join(", "))
    })
}

fn count(name: &str, text: &str) -> Result<f64, String> {
    if text.ends_with('%') {
        return Err(format!("{name} is a number, not a share: write it without %"));
    }
    let number = text.parse::<u64>().map(|number| number as f64);
    number.map_err(|_| format!("'{text}' is no whole number to compare {name} with"))
}

fn fraction(text: &str) -> Result<f64, String> {
    let (digits, whole) = match text.strip_suffix('%') {
        Some(percent) => (percent.trim_end(), 100.0),
        None => (text, 1.0),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = digits.parse::<f64>().ok().filter(|_| plain);
    match number {
        Some(number) if number <= whole => Ok(number / whole),
        Some(number) if whole == 1.0 => {
            Err(format!("error_rate is a fraction from 0 to 1: write {number}% for {number} percent"))
        }
        _ => Err(format!("'{text}' is no rate: write a percentage such as 1% or a fraction from 0 to 1")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::report::{InputRow, SCHEMA, Unparsed};

    fn report(lines: u64, totals: Totals) -> Report {
        Report {
            schema: SCHEMA,
            inputs: vec![InputRow { input: "-".to_owned(), lines, unparsed: 0, formats: Vec::new(), error: None }],
            window_seconds: 60,
            totals,
            proxies: Vec::new(),
            incidents: Vec::new(),
            upstreams: Vec::new(),
            causes: Vec::new(),
            windows: Vec::new(),
            unparsed: Unparsed { lines: 0, samples: Vec::new() },
            notes: Vec::new(),
        }
    }

    fn found(text: &str, report: &Report) -> Finding {
        Condition::parse(text).unwrap().judge(report)
    }

    #[test]
    fn holds_or_not() {
        let report = report(
            1_000,
            Totals {
                requests: Some(1_000),
                failures: 12,
                error_rate: Some(0.012),
                status_502: 12,
                masked_failures: 3,
                ..Totals::default()
            },
        );
        for text in [
            "error_rate>1%",
            "error_rate > 0.0119",
            "error_rate>=1.2%",
            "failures>11",
            "failures >= 12",
            "failures<13",
            "failures<=12",
            "requests>999",
            "incidents<1",
            "masked_failures>=3",
            "failed_attempts<=0",
            "status_502>0",
            "status_52x<1",
            "crawler_failures<1",
        ] {
            assert!(matches!(found(text, &report), Finding::Holds(_)), "{text}");
        }
        for text in ["error_rate>2%", "error_rate<1%", "failures>12", "incidents>0", "status_504>0"] {
            assert_eq!(found(text, &report), Finding::Fails, "{text}");
        }
        assert_eq!(found("error_rate>1%", &report), Finding::Holds("1.200 %".to_owned()));
    }

    #[test]
    fn is_unsure_without_access_logs() {
        let told = report(5, Totals { requests: None, failed_attempts: 5, ..Totals::default() });
        assert_eq!(found("error_rate>1%", &told), Finding::Unknown);
        assert_eq!(found("requests<10", &told), Finding::Unknown);
        let empty = report(0, Totals::default());
        assert_eq!(found("error_rate>1%", &empty), Finding::Fails);
        let quiet = report(9, Totals { requests: Some(0), ..Totals::default() });
        assert_eq!(found("error_rate>1%", &quiet), Finding::Fails);
    }

    #[test]
    fn refuses_nonsense() {
        for (text, why) in [
            ("", "is no condition"),
            ("failures", "is no condition"),
            ("failures=1", "is no condition"),
            ("failures!=1", "is no condition"),
            ("failurs>1", "did you mean 'failures'?"),
            (">1", "nothing is called ''"),
            ("failures>", "no whole number"),
            ("failures>1.5", "no whole number"),
            ("failures>-1", "no whole number"),
            ("failures>1%", "without %"),
            ("error_rate>5", "write 5% for 5 percent"),
            ("error_rate>101%", "is no rate"),
            ("error_rate>%", "is no rate"),
            ("error_rate>inf", "is no rate"),
            ("error_rate>>1%", "is no rate"),
        ] {
            assert!(
                Condition::parse(text).is_err_and(|error| error.contains(why)),
                "{text}: {:?}",
                Condition::parse(text)
            );
        }
    }
}
