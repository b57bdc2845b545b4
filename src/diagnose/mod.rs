//! Merged cells become findings: reconciled rows, incidents, likely causes.
//!
//! A pure function of one merged [`Tally`]; runs once. In order: stamps without a year get one ([`year`]), rows get
//! their names ([`keys`]), what access and error logs say of the same requests is brought together ([`reconcile`]),
//! rows are weighed ([`score`]), and neighbouring rows become incidents ([`incident`]), of which hosts' logs
//! ([`context`]) and other tiers ([`tier`]) may know more.

mod companion;
mod context;
pub mod incident;
mod keys;
pub mod pattern;
pub mod reconcile;
pub mod score;
mod tier;
mod year;

pub(crate) use context::ENDED;
pub use incident::Incident;
pub use keys::Key;
pub use reconcile::Row;

use crate::aggregate::{Counts, PathNames, Series, Tally};
use crate::cause::Proxy;
use crate::format::Statuses;
use crate::grammar::time::Stamp;
use jiff::tz::TimeZone;
use keys::{Keys, Relations};
use regex::bytes::Regex;
use score::Likely;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// What the diagnosis has to know besides the counts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The zone of stamps that carry none.
    pub zone: TimeZone,
    /// The present: stamps without a year are not later.
    pub now: Stamp,
    /// Which statuses are failures.
    pub statuses: Statuses,
    /// Only windows from this time on: for stamps without a year, which could not be filtered before.
    pub since: Option<Stamp>,
    /// Only windows before this time.
    pub until: Option<Stamp>,
    /// Only upstreams with such a name.
    pub upstream: Option<Regex>,
    /// Only groups with such a name.
    pub group: Option<Regex>,
}

/// What was found.
#[derive(Debug)]
pub struct Findings {
    /// The length of a window in seconds.
    pub window: i64,
    /// One row for each upstream and window, by key and time.
    pub rows: Vec<Row>,
    /// The places of the rows that have any trouble, in order: mostly very few.
    pub troubled: Vec<usize>,
    /// What happened on hosts, by host, by pool, unit or program, and by time: evidence that counts as no failure and
    /// that no filter on upstreams drops.
    pub hosts: Vec<Row>,
    /// The incidents, the gravest first.
    pub incidents: Vec<Incident>,
    /// The likely cause of rows whose own lines do not name it: that of their incident, by their places in `rows`.
    pub inferred: BTreeMap<usize, Likely>,
    /// All upstreams that logs name, by key.
    pub upstreams: Vec<Upstream>,
    /// The texts of paths in rows.
    pub paths: PathNames,
    /// Proxies of which only an error log was there: rates are unknown.
    pub error_log_only: Vec<String>,
    /// Proxies whose error log was read beside an access log.
    pub paired: Vec<String>,
}

/// One upstream over all windows.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Which.
    pub key: Arc<Key>,
    /// When it was first and last seen, where lines that count it carry dates.
    pub seen: Option<(Stamp, Stamp)>,
    /// The places of its rows in the findings, by window.
    pub rows: Range<usize>,
    /// All its requests; `None` where no row knows them.
    pub requests: Option<u64>,
    /// All attempts at it; `None` where no row knows them.
    pub attempts: Option<u64>,
    /// Whether it answered any request, as far as is known.
    pub answered: bool,
}

impl Findings {
    /// The places of the rows that have any trouble, of those in a range.
    #[must_use]
    pub fn troubled_in(&self, rows: &Range<usize>) -> &[usize] {
        let from = |place: usize| self.troubled.partition_point(|&at| at < place);
        &self.troubled[from(rows.start)..from(rows.end)]
    }
}

impl Upstream {
    /// The upstream of the first of `rows`, which begin at `start`, if they are of that key.
    fn new(key: &Arc<Key>, seen: Option<(Stamp, Stamp)>, rows: &[Row], start: usize) -> Self {
        let key = Arc::clone(key);
        let mut upstream = Self { key, seen, rows: start..start, requests: None, attempts: None, answered: false };
        for row in rows[start..].iter().take_while(|row| row.key == upstream.key) {
            upstream.rows.end += 1;
            upstream.requests = plus(upstream.requests, row.requests());
            upstream.attempts = plus(upstream.attempts, row.attempts());
            upstream.answered |= row.answered();
            // Lines that moved here count it, too.
            for item in &row.trouble().evidence {
                upstream.seen = upstream.seen.map(|seen| (seen.0.min(item.first), seen.1.max(item.last)));
            }
        }
        upstream
    }
}

/// The sum of what is known.
pub(crate) fn plus(sum: Option<u64>, more: Option<u64>) -> Option<u64> {
    sum.zip(more).map(|(sum, more)| sum + more).or(sum).or(more)
}

/// Finds out what happened.
#[must_use]
pub fn diagnose(tally: Tally, settings: &Settings) -> Findings {
    let window = tally.window();
    let Counts { series, mut cells, paths, peers, aliases, noted } = tally.into_counts();
    year::place(&mut cells, &paths, window, settings);
    let keys = Keys::new(&series, &cells, &noted);
    let relations = Relations::new(&keys, &peers, &aliases).with_members(&cells);
    let reconcile::Reconciled { mut rows, error_log_only, paired } =
        reconcile::reconcile(&series, &keys, cells, &paths, window, &settings.statuses);
    let hosts: Vec<Row> = rows.extract_if(.., |row| row.key.kind == Proxy::HOST).collect();
    // Groups and upstreams are known by their names only now.
    if settings.upstream.is_some() || settings.group.is_some() {
        rows.retain(|row| settings.wants(&row.key));
    }
    let mut findings = Findings {
        window,
        troubled: (0..rows.len()).filter(|&at| rows[at].any_trouble().is_some()).collect(),
        upstreams: upstreams(&keys, &series, &rows),
        rows,
        hosts,
        incidents: Vec::new(),
        inferred: BTreeMap::new(),
        paths,
        error_log_only,
        paired,
    };
    findings.incidents = incidents(&findings, &relations);
    findings.inferred = inferred(&findings.incidents);
    findings
}

fn incidents(findings: &Findings, relations: &Relations<'_>) -> Vec<Incident> {
    let mut incidents = incident::find(findings, relations);
    context::attach(&mut incidents, &findings.rows, &findings.hosts, findings.window);
    tier::link(&mut incidents);
    incidents
}

/// All upstreams, with what their rows add up to.
fn upstreams(keys: &Keys, series: &[Series], rows: &[Row]) -> Vec<Upstream> {
    let mut upstreams: Vec<Upstream> = Vec::with_capacity(keys.sorted().len());
    for (key, seen) in keys.sorted().iter().zip(keys.seen(series)) {
        let start = upstreams.last().map_or(0, |last| last.rows.end);
        upstreams.push(Upstream::new(key, seen, rows, start));
    }
    upstreams
}

/// What incidents know of their rows that the rows' own lines do not name.
fn inferred(incidents: &[Incident]) -> BTreeMap<usize, Likely> {
    let is_inferred = |incident: &&Incident| incident.causes.iter().all(|item| item.cause != incident.likely.cause);
    let rows = |incident: &'_ Incident| incident.rows.iter().map(|&at| (at, incident.likely)).collect::<Vec<_>>();
    incidents.iter().filter(is_inferred).flat_map(rows).collect()
}

impl Settings {
    fn wants(&self, key: &Key) -> bool {
        let fits =
            |filter: &Option<Regex>, name: &str| filter.as_ref().is_none_or(|filter| filter.is_match(name.as_bytes()));
        fits(&self.upstream, &key.upstream) && fits(&self.group, &key.group)
    }
}

#[cfg(test)]
mod tests {
    use super::plus;

    #[test]
    fn what_is_not_known_adds_nothing() {
        let sums = [plus(None, None), plus(Some(1), None), plus(None, Some(2)), plus(Some(1), Some(2))];
        assert_eq!(sums, [None, Some(1), Some(2), Some(3)]);
    }
}
