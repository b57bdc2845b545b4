//! Brings together what access and error logs say of the same requests, so that no failure counts twice.
//!
//! An access log counts requests; an error log tells of failed attempts, and why they failed. So, for each proxy:
//!
//! 1. Where the access log names the upstream too, its numbers stay, and the error log's signs replace weaker ones as
//!    the reasons.
//! 2. Where the access log does not name upstreams (plain `combined`), its failures of a window move to the upstreams
//!    that the error log names for that window, status by status, at most one for each failed attempt that it tells of.
//!    What the error log does not explain stays without an upstream.
//!    Where a proxy's error log mostly names no upstream (Traefik's and Caddy's do where Go's error does not), its
//!    lines explain the failures of their status of the only upstream that has any at the time, or of all if they all
//!    say the same. Where they come a time limit after the access log's time (Apache's), they explain the failures of
//!    the clients that they name.
//! 3. Where no access log covers the window, the error log's failed attempts are the failures, and rates are unknown.
//!
//! Rules 1 and 3 are in [`reasons`], rule 2 in [`moves`]; which of them holds, [`coverage`] says. Before them, lines
//! move to the rows of their requests ([`edges`]). Nothing that a log tells is lost on the way: evidence only moves.
//!
//! Before that, error lines that explain others give them their signs ([`companion`]); after it, lines that stand for
//! all failures of their time explain what is left ([`standing`]).

mod coverage;
mod edges;
mod moves;
mod reasons;
mod standing;

use super::keys::Keys;
use super::{Key, companion};
use crate::aggregate::{Cell, Cells, Evidence, Histogram, PathNames, Series, Source, Trouble};
use crate::format::Statuses;
use coverage::{Coverage, pairing};
use edges::join_over_edges;
use moves::{Moved, move_to_upstreams};
use standing::stand_in;
use std::sync::{Arc, LazyLock};

/// What nearly all rows have.
static NO_TROUBLE: LazyLock<Trouble> = LazyLock::new(Trouble::default);

/// One upstream in one window, final. A small thing, since there may be millions: what went wrong stands apart.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which upstream.
    pub key: Arc<Key>,
    /// The start of the window, in seconds since the epoch.
    pub window: i64,
    /// Whether its failures are those of an error log alone: they are not among any requests that were counted.
    pub uncounted: bool,
    /// Whether an access log has a line here.
    accessed: bool,
    /// Whether that log has no place for the upstream.
    unnamed: bool,
    cell: Cell,
}

impl Row {
    /// A cell of `series`, not reconciled yet.
    fn new(key: Arc<Key>, series: &Series, window: i64, cell: Cell) -> Self {
        let accessed = cell.requests > 0 || cell.attempts > 0;
        let unnamed = accessed && !series.names_upstream;
        Self { key, window, uncounted: false, accessed, unnamed, cell }
    }

    /// Requests; `None` where only an error log tells of this upstream.
    #[must_use]
    pub fn requests(&self) -> Option<u64> {
        self.accessed.then_some(self.cell.requests)
    }

    /// Attempts; `None` where only an error log tells of this upstream, or where the layout does not tell of them.
    #[must_use]
    pub fn attempts(&self) -> Option<u64> {
        (self.accessed && (self.cell.attempts > 0 || !self.unnamed)).then_some(self.cell.attempts)
    }

    /// How long requests took.
    #[must_use]
    pub fn latency(&self) -> &Histogram {
        &self.cell.latency
    }

    /// What went wrong, as both logs tell it together; the failures of all evidence add up to the row's.
    #[must_use]
    pub fn trouble(&self) -> &Trouble {
        self.any_trouble().unwrap_or(&NO_TROUBLE)
    }

    /// The same; `None` where nothing did.
    #[must_use]
    pub fn any_trouble(&self) -> Option<&Trouble> {
        self.cell.trouble.as_deref()
    }

    /// Whether any request or attempt was answered. A log that does not tell of requests does not tell of answers
    /// either.
    pub(super) fn answered(&self) -> bool {
        match (self.attempts(), self.requests()) {
            (Some(attempts), _) => attempts > self.trouble().failed_attempts,
            (None, Some(requests)) => requests > self.trouble().failures,
            (None, None) => true,
        }
    }

    /// Whether anything failed.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        self.any_trouble().is_some_and(|trouble| trouble.failures > 0 || trouble.failed_attempts > 0)
    }
}

/// All rows, and how they came about.
#[derive(Default)]
pub(super) struct Reconciled {
    /// By key and window, those of hosts included: they have evidence alone.
    pub(super) rows: Vec<Row>,
    pub(super) error_log_only: Vec<String>,
    pub(super) paired: Vec<String>,
}

/// Makes rows of cells, whose series have `keys`.
pub(super) fn reconcile(
    series: &[Series],
    keys: &Keys,
    mut cells: Vec<Cells>,
    names: &PathNames,
    window: i64,
    statuses: &Statuses,
) -> Reconciled {
    companion::explain(keys, &mut cells, names, window);
    let mut rows = rows(series, keys, cells, names);
    let troubled: Vec<usize> = (0..rows.len()).filter(|&at| rows[at].any_trouble().is_some()).collect();
    let told = troubled.iter().any(|&at| rows[at].told().next().is_some());
    // Most archives hold no error log: then there is nothing to bring together.
    if !told {
        troubled.iter().for_each(|&at| rows[at].finish(None, &Coverage::default(), names, statuses));
        stand_in(&mut rows, window);
        return Reconciled { rows, ..Reconciled::default() };
    }
    let coverage = Coverage::of(&rows, window);
    let (error_log_only, paired) = pairing(&rows, &coverage);
    join_over_edges(&mut rows, names, statuses, window);
    let mut moved = move_to_upstreams(&mut rows, names, statuses, window);
    for (place, row) in rows.iter_mut().enumerate() {
        row.finish(moved.remove(&place), &coverage, names, statuses);
    }
    stand_in(&mut rows, window);
    Reconciled { rows, error_log_only, paired }
}

/// One row for all cells with the same key and window, by key and window.
fn rows(series: &[Series], keys: &Keys, cells: Vec<Cells>, names: &PathNames) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::with_capacity(cells.iter().map(Vec::len).sum());
    let mut all: Vec<(u32, &Series, Cells)> =
        (0..).zip(series).zip(cells).map(|((id, series), cells)| (keys.rank(id), series, cells)).collect();
    all.sort_by_key(|(rank, ..)| *rank);
    let mut latest = (u32::MAX, 0);
    for (rank, series, cells) in all {
        // Several series may share a key.
        let is_same = rank == latest.0;
        latest = if is_same { latest } else { (rank, rows.len()) };
        let key = &keys.sorted()[rank as usize];
        rows.extend(cells.into_iter().map(|(window, cell)| Row::new(Arc::clone(key), series, window, cell)));
        if is_same {
            unite(&mut rows, latest.1, names);
        }
    }
    rows
}

/// Puts the rows of one key in order, which begin at `start`, and makes one of those of the same window.
fn unite(rows: &mut Vec<Row>, start: usize, names: &PathNames) {
    let mut own = rows.split_off(start);
    own.sort_by_key(|row| row.window);
    own.dedup_by(|more, all| {
        let same = more.window == all.window;
        if same {
            all.absorb(more, names);
        }
        same
    });
    rows.append(&mut own);
}

impl Row {
    /// Adds what another series with this key has in this window, before they are reconciled.
    fn absorb(&mut self, other: &Self, names: &PathNames) {
        self.accessed |= other.accessed;
        self.unnamed |= other.unnamed;
        self.cell.absorb(&other.cell, names);
    }

    /// What the error log tells.
    fn told(&self) -> impl Iterator<Item = &Evidence> {
        let trouble = self.cell.trouble.iter();
        trouble.flat_map(|trouble| &trouble.evidence).filter(|item| item.source == Source::ErrorLog)
    }

    /// Brings both logs together. `moved` are failures that came here from requests without an upstream.
    fn finish(&mut self, moved: Option<Moved>, coverage: &Coverage, names: &PathNames, statuses: &Statuses) {
        if self.cell.trouble.is_none() {
            return;
        }
        let (has_upstream, covered) = (!self.key.upstream.is_empty(), self.is_covered(coverage));
        let trouble = self.cell.trouble();
        if self.accessed {
            trouble.explain(statuses, has_upstream, has_upstream && self.unnamed);
        } else {
            if !covered {
                trouble.count_told(statuses, names);
            }
            trouble.count_told_attempts(statuses, has_upstream);
        }
        let is_moved = moved.is_some();
        trouble.take_in(moved, names);
        self.uncounted = !self.accessed && !is_moved && trouble.failures > 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::{Counts, Place, SeriesKey, Tally, status_column};
    use crate::cause::{Cause, Proxy, Seen, Sign, Strength};
    use crate::grammar::time::Stamp;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// What a thread has counted: requests at upstreams in minutes.
    fn tally(requests: &[(&str, i64)]) -> Tally {
        let mut tally = Tally::new(60);
        for (upstream, minute) in requests {
            let (host, group, upstream) = (&b""[..], &b"shop"[..], upstream.as_bytes());
            let key = SeriesKey { proxy: Proxy::NGINX, host, group, upstream, names_upstream: true };
            let series = tally.series_id(key);
            tally.cell(series, Stamp::from_seconds(minute * 60)).requests += 1;
        }
        tally
    }

    #[test]
    fn rows_are_in_order_whoever_counted() {
        let one = tally(&[("b", 2), ("a", 3), ("b", 1), ("b", 2)]);
        let other = tally(&[("c", 1), ("b", 2), ("a", 1)]);
        let Counts { series, cells, paths, noted, .. } = one.merge(other).into_counts();
        let keys = Keys::new(&series, &cells, &noted);
        let rows = rows(&series, &keys, cells, &paths);
        let shown: Vec<_> =
            rows.iter().map(|row| (row.key.upstream.as_str(), row.window / 60, row.requests())).collect();
        assert_eq!(
            shown,
            [("a", 1, Some(1)), ("a", 3, Some(1)), ("b", 1, Some(1)), ("b", 2, Some(3)), ("c", 1, Some(1))]
        );
        assert!(rows.iter().all(|row| row.any_trouble().is_none() && row.trouble().evidence.is_empty()));
    }

    static SIGNS: [Sign; 5] = [
        sign("refused", Cause::ConnectionRefused, Strength::Conclusive, 502),
        sign("timeout", Cause::ResponseTimeout, Strength::Strong, 504),
        sign("weak", Cause::Unknown, Strength::Weak, 502),
        sign("silent", Cause::Unknown, Strength::Silent, 504),
        sign("broke-off", Cause::TruncatedResponse, Strength::Conclusive, 0),
    ];
    static SICK: Sign = sign("sick", Cause::Unknown, Strength::Strong, 0);

    const fn sign(kind: &'static str, cause: Cause, strength: Strength, status: u16) -> Sign {
        Sign { kind, cause, strength, says: "", seen: Seen::Field, status }
    }

    /// One line of some log.
    #[derive(Clone, Debug)]
    struct Line {
        client: &'static str,
        upstream: &'static str,
        second: i64,
        source: Source,
        sign: &'static Sign,
        /// Whether its log has a place for upstreams.
        names: bool,
    }

    impl Line {
        /// Whether it tells of a failure of those that count.
        fn fails(&self) -> bool {
            self.source != Source::State && Statuses::gateway().contains(self.sign.status)
        }

        fn count(&self, proxy: Proxy, tally: &mut Tally) {
            let Self { client, upstream, second, source, sign, names } = *self;
            let upstream = if source == Source::Access && !names { &b""[..] } else { upstream.as_bytes() };
            let names_upstream = names || source != Source::Access;
            let series = tally.series_id(SeriesKey { proxy, host: b"", group: b"", upstream, names_upstream });
            let stamp = Stamp::from_seconds(second);
            let cell = tally.cell(series, stamp);
            let attempted = source == Source::Access && !upstream.is_empty();
            cell.requests += u64::from(source == Source::Access);
            cell.attempts += u64::from(attempted);
            let trouble = cell.trouble();
            let evidence = trouble.evidence_of(sign, source, stamp, &Place { input: 0, line: 1, text: &Vec::new });
            evidence.lines += 1;
            let slot = if source == Source::Access { 1 } else { 1 << 63 };
            evidence.slots |= slot;
            evidence.attempts += u64::from(attempted || source == Source::ErrorLog);
            if source == Source::Access && self.fails() {
                evidence.failures += 1;
                trouble.failures += 1;
                trouble.clients.add(client.as_bytes());
                status_column(sign.status).into_iter().for_each(|column| trouble.statuses[column] += 1);
            }
            trouble.failed_attempts += u64::from(attempted);
            if source == Source::ErrorLog {
                trouble.told_clients.add(client.as_bytes());
            }
            trouble.slots |= if source == Source::State { 0 } else { slot };
        }
    }

    fn reconciled(proxy: Proxy, lines: &[Line]) -> Vec<Row> {
        reconciled_in(60, proxy, lines)
    }

    /// The same, in windows of so many seconds.
    fn reconciled_in(window: i64, proxy: Proxy, lines: &[Line]) -> Vec<Row> {
        let mut tally = Tally::new(window);
        lines.iter().for_each(|line| line.count(proxy, &mut tally));
        let Counts { series, cells, paths, noted, .. } = tally.into_counts();
        let keys = Keys::new(&series, &cells, &noted);
        reconcile(&series, &keys, cells, &paths, window, &Statuses::gateway()).rows
    }

    fn lines() -> impl Strategy<Value = Vec<Line>> {
        let source = prop::sample::select(vec![Source::Access, Source::ErrorLog, Source::ErrorLog, Source::State]);
        let upstream = prop::sample::select(vec!["", "a", "b"]);
        let client = prop::sample::select(vec!["", "c", "d"]);
        let line = (client, upstream, 0..9_i64, source, 0..SIGNS.len(), any::<bool>());
        let line = line.prop_map(|(client, upstream, minute, source, at, names)| {
            let sign = if source == Source::State { &SICK } else { &SIGNS[at] };
            Line { client, upstream, second: minute * 60, source, sign, names }
        });
        prop::collection::vec(line, 0..40)
    }

    proptest! {
        /// Whatever logs tell: no line is lost, and no failure counts twice or not at all.
        #[test]
        fn nothing_is_lost_and_nothing_counts_twice(
            proxy in prop::sample::select(vec![
                Proxy::NGINX, Proxy::APACHE, Proxy::LITESPEED, Proxy::LIGHTTPD, Proxy::TRAEFIK, Proxy::CADDY,
            ]),
            window in prop::sample::select(vec![1, 15, 60, 120, 600]),
            lines in lines(),
        ) {
            let rows = reconciled_in(window, proxy, &lines);
            let of = |source| lines.iter().filter(move |line| line.source == source);
            for source in [Source::ErrorLog, Source::State] {
                let [mut told, mut expected] = [const { BTreeMap::<&str, u64>::new() }; 2];
                let evidence = || {
                    rows.iter().flat_map(|row| &row.trouble().evidence).filter(|item| item.source == source)
                };
                of(source).for_each(|line| *expected.entry(line.sign.kind).or_default() += 1);
                evidence().for_each(|item| *told.entry(item.sign.kind).or_default() += item.lines);
                prop_assert_eq!(told, expected, "{:?}", source);
                let attempts: u64 = evidence().map(|item| item.attempts).sum();
                prop_assert!(attempts <= of(source).count() as u64, "{:?}", source);
            }
            let failed = |source| of(source).filter(|line| line.fails()).count() as u64;
            let failures = |uncounted| {
                rows.iter().filter(|row| row.uncounted == uncounted).map(|row| row.trouble().failures).sum::<u64>()
            };
            prop_assert_eq!(failures(false), failed(Source::Access));
            let has_access = of(Source::Access).next().is_some();
            prop_assert!(failures(true) <= failed(Source::ErrorLog));
            prop_assert!(has_access || failures(true) == failed(Source::ErrorLog));
            let is_near = |line: &Line, minute: i64| (line.second - minute * 60).abs() < 120;
            let covers = |minute: i64| of(Source::Access).any(|line| !line.names && is_near(line, minute));
            prop_assert!(!(0..9).all(covers) || failures(true) == 0);
            prop_assert_eq!(rows.iter().filter_map(Row::requests).sum::<u64>(), of(Source::Access).count() as u64);
            for row in rows {
                let trouble = row.trouble();
                prop_assert_eq!(trouble.evidence.iter().map(|item| item.failures).sum::<u64>(), trouble.failures);
                prop_assert_eq!(trouble.statuses.iter().sum::<u64>(), trouble.failures);
            }
        }
    }

    #[test]
    fn only_lines_that_tell_of_a_failure_move_to_it() {
        let line = |minute: i64, source, sign| Line {
            client: "c",
            upstream: "a",
            second: minute * 60,
            source,
            sign,
            names: true,
        };
        let rows = reconciled(
            Proxy::NGINX,
            &[line(1, Source::ErrorLog, &SIGNS[1]), line(1, Source::State, &SICK), line(2, Source::Access, &SIGNS[3])],
        );
        let shown: Vec<_> = rows
            .iter()
            .map(|row| {
                let kinds: Vec<_> = row.trouble().evidence.iter().map(|item| (item.sign.kind, item.failures)).collect();
                (row.window / 60, kinds, row.trouble().slots)
            })
            .collect();
        assert_eq!(shown, [(1, vec![("sick", 0)], 0), (2, vec![("timeout", 1)], 1)]);
    }

    #[test]
    fn lines_explain_failures_of_their_own_status() {
        for (names, upstream) in [(true, "a"), (false, "")] {
            let access = |sign| Line { client: "c", upstream, second: 60, source: Source::Access, sign, names };
            let mut lines = vec![access(&SIGNS[2]); 3];
            lines.extend(vec![access(&SIGNS[3]); 5]);
            // The weakest sign is not the one of the told status.
            lines.extend(vec![Line { upstream: "a", source: Source::ErrorLog, ..access(&SIGNS[0]) }; 3]);
            let rows = reconciled(Proxy::NGINX, &lines);
            let mut told: Vec<_> = rows.iter().flat_map(|row| &row.trouble().evidence).collect();
            told.retain(|item| item.failures > 0);
            let told: BTreeMap<_, _> = told.iter().map(|item| (item.sign.kind, item.failures)).collect();
            assert_eq!(told, BTreeMap::from([("refused", 3), ("silent", 5)]), "{names}");
        }
    }

    /// Gateways whose access log names the upstream, though their error log may not.
    const NAMES_UPSTREAM: [Proxy; 2] = [Proxy::TRAEFIK, Proxy::CADDY];

    /// Failures by upstream and kind of sign, with the seconds of their first and last lines.
    fn failures(rows: &[Row]) -> Vec<(&str, &str, u64, i64, i64)> {
        let all =
            rows.iter().flat_map(|row| row.trouble().evidence.iter().map(|item| (row.key.upstream.as_str(), item)));
        let failed = all.filter(|(_, item)| item.failures > 0);
        let seconds = |item: &Evidence| (item.first.seconds(), item.last.seconds());
        failed
            .map(|(upstream, item)| (upstream, item.sign.kind, item.failures, seconds(item).0, seconds(item).1))
            .collect()
    }

    /// Access lines of failures, by upstream and second, and error lines that name none.
    fn nameless(
        proxy: Proxy,
        failed: &[(&'static str, i64, &'static Sign)],
        told: &[(i64, &'static Sign)],
    ) -> Vec<Line> {
        let names = NAMES_UPSTREAM.contains(&proxy);
        let line = |upstream, second, source, sign| Line { client: "c", upstream, second, source, sign, names };
        let failed = failed.iter().map(|&(upstream, second, sign)| line(upstream, second, Source::Access, sign));
        failed.chain(told.iter().map(|&(second, sign)| line("", second, Source::ErrorLog, sign))).collect()
    }

    #[test]
    fn nameless_lines_explain_failures_without_a_reason() {
        let [refused, timeout, weak, silent, _] = SIGNS.each_ref();
        for proxy in NAMES_UPSTREAM {
            let shown = |failed: &[_], told: &[_]| {
                format!("{:?}", failures(&reconciled(proxy, &nameless(proxy, failed, told))))
            };
            // As many as there are failures without an upstream stay: the rest are about the upstream.
            let (own, told) = (("", 70, weak), [(80, refused); 3]);
            assert_eq!(
                shown(&[own, ("a", 65, weak), ("a", 66, weak)], &told),
                r#"[("", "refused", 1, 70, 80), ("a", "refused", 2, 65, 66)]"#
            );
            // Those say themselves why they failed, or failed in another way.
            for (sign, kind) in [(refused, "refused"), (silent, "silent")] {
                assert_eq!(
                    shown(&[("", 70, sign), ("a", 65, weak), ("a", 66, weak), ("a", 67, weak)], &told),
                    format!(r#"[("", "{kind}", 1, 70, 70), ("a", "refused", 3, 65, 67)]"#)
                );
            }
            // Of two servers' failures, those of the lines' status.
            assert_eq!(
                shown(&[("a", 65, silent), ("b", 66, weak)], &[(80, timeout); 2]),
                r#"[("a", "timeout", 1, 65, 65), ("b", "weak", 1, 66, 66)]"#
            );
            assert_eq!(shown(&[("a", 65, silent)], &[(130, refused)]), r#"[("a", "silent", 1, 65, 65)]"#);
            // Whose they are nobody knows, unless all say the same.
            assert_eq!(
                shown(&[("a", 65, weak), ("b", 66, weak)], &[(80, refused)]),
                r#"[("a", "weak", 1, 65, 65), ("b", "weak", 1, 66, 66)]"#
            );
            assert_eq!(
                shown(&[("a", 65, weak), ("b", 66, weak)], &[(80, refused); 2]),
                r#"[("a", "refused", 1, 65, 65), ("b", "refused", 1, 66, 66)]"#
            );
        }
    }

    #[test]
    fn late_lines_find_their_clients_in_windows_of_any_length() {
        let [_, timeout, _, silent, _] = SIGNS.each_ref();
        let lines = nameless(Proxy::APACHE, &[("", 3590, silent)], &[(3650, timeout)]);
        for window in [1, 60, 200, 300, 600, 3600] {
            let rows = reconciled_in(window, Proxy::APACHE, &lines);
            assert_eq!(failures(&rows), [("", "timeout", 1, 3590, 3590)], "{window}");
        }
    }

    #[test]
    fn lines_of_the_usual_status_come_first_over_an_edge() {
        let [refused, timeout, _, silent, _] = SIGNS.each_ref();
        let line = |second, source, sign| Line { client: "c", upstream: "a", second, source, sign, names: true };
        let access = line(70, Source::Access, silent);
        let early = line(50, Source::ErrorLog, refused);
        // A refused connection is answered with 504 here: nothing else explains the failure.
        assert_eq!(failures(&reconciled(Proxy::NGINX, &[access.clone(), early.clone()]))[0].1, "refused");
        let late = line(130, Source::ErrorLog, timeout);
        let rows = reconciled(Proxy::NGINX, &[access, early, late]);
        assert!(failures(&rows).contains(&("a", "timeout", 1, 70, 70)), "{rows:?}");
    }

    #[test]
    fn failures_move_to_the_nearest_line() {
        let [refused, timeout, weak, ..] = SIGNS.each_ref();
        let line = |upstream, second, source, sign| Line { client: "c", upstream, second, source, sign, names: false };
        let told = |upstream, second| line(upstream, second, Source::ErrorLog, refused);
        for (near, far) in [(87, 40), (87, 140), (93, 40), (93, 140)] {
            let lines = [
                line("", 90, Source::Access, weak),
                told("a", far),
                told("b", near),
                line("b", 91, Source::ErrorLog, timeout),
            ];
            for window in [1, 60] {
                let rows = reconciled_in(window, Proxy::NGINX, &lines);
                let failed: Vec<_> = failures(&rows).into_iter().map(|(upstream, kind, ..)| (upstream, kind)).collect();
                assert_eq!(failed, [("b", "refused")], "{near} {far} {window}");
            }
        }
    }

    #[test]
    fn one_line_stands_for_all_failures_of_its_time() {
        static NONE_LEFT: Sign = Sign {
            kind: "none-left",
            cause: Cause::NoLiveUpstream,
            strength: Strength::Conclusive,
            says: "",
            seen: Seen::Field,
            status: 0,
        };
        static UNAVAILABLE: Sign = sign("unavailable", Cause::Unknown, Strength::Silent, 503);
        static REFUSED: Sign = sign("refused", Cause::ConnectionRefused, Strength::Conclusive, 503);
        let line = |upstream, second, source, sign| Line { client: "", upstream, second, source, sign, names: false };
        let mut lines = vec![
            line("a", 60, Source::ErrorLog, &REFUSED),
            line("", 60, Source::State, &NONE_LEFT),
            // Of another status, and before the line.
            line("", 62, Source::Access, &SIGNS[3]),
            line("", 1, Source::Access, &UNAVAILABLE),
        ];
        lines.extend(vec![line("", 61, Source::Access, &UNAVAILABLE); 5]);
        // Said in the window before.
        lines.extend(vec![line("", 120, Source::Access, &UNAVAILABLE); 2]);
        // Long after.
        lines.extend(vec![line("", 601, Source::Access, &UNAVAILABLE); 2]);
        let shown = |proxy| {
            let rows = reconciled(proxy, &lines);
            let shown =
                failures(&rows).into_iter().map(|(upstream, kind, count, ..)| format!("{upstream} {kind} {count}"));
            shown.collect::<Vec<_>>()
        };
        let expected = [" unavailable 1", " silent 1", " none-left 4", " none-left 2", " unavailable 2", "a refused 1"];
        assert_eq!(shown(Proxy::LIGHTTPD), expected);
        // Others say so of each request.
        assert!(shown(Proxy::NGINX).iter().all(|shown| !shown.contains("none-left")));
    }

    #[test]
    fn a_row_is_small() {
        assert!(size_of::<Row>() < 100, "{}", size_of::<Row>());
    }
}
