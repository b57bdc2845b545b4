//! Is an incident over? What the gateway that wrote of it wrote afterwards.

use crate::diagnose::{Findings, Incident};
use crate::grammar::time::Stamp;
use std::collections::BTreeMap;

/// The last line of each proxy.
pub(super) type LastLines<'a> = BTreeMap<&'a str, Stamp>;

pub(super) fn last_lines(findings: &Findings) -> LastLines<'_> {
    let mut last = LastLines::new();
    let seen = findings.upstreams.iter().filter_map(|upstream| Some((&upstream.key.proxy, upstream.seen?.1)));
    for (proxy, seen) in seen {
        let of_proxy = last.entry(proxy.as_str()).or_insert(seen);
        *of_proxy = seen.max(*of_proxy);
    }
    last
}

/// How an incident stands at the end of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Seconds from its last failure to the proxy's last line.
    pub(super) quiet: Option<u64>,
    /// Whether that is too short to say that it is over.
    pub(super) ongoing: bool,
}

impl End {
    pub(super) fn of(incident: &Incident, last: &LastLines<'_>, window: i64) -> Self {
        let (start, end) = (incident.span.0.seconds(), incident.span.1.seconds());
        let last = last.get(incident.proxy.as_str());
        let quiet = last.and_then(|last| u64::try_from(last.seconds() - end).ok());
        Self { quiet, ongoing: quiet.is_some_and(|quiet| quiet <= little(start.abs_diff(end), window)) }
    }
}

/// How many seconds without a failure say nothing yet, next to how long it failed.
fn little(failed: u64, window: i64) -> u64 {
    u64::try_from(window / 6).unwrap_or(0).min(failed / 4).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_failure_may_pause() {
        assert_eq!(
            [(0, 60), (20, 60), (500, 60), (500, 6)].map(|(failed, window)| little(failed, window)),
            [1, 5, 10, 1]
        );
    }
}
