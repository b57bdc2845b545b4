//! Which windows the access logs cover: what an error log tells there is about requests that were counted.

use super::super::Key;
use super::Row;
use crate::cause::Proxy;
use std::collections::{BTreeMap, BTreeSet};

/// Which windows the access logs of each proxy cover, by how much they say of upstreams.
#[derive(Default)]
pub(super) struct Coverage {
    /// The length of a window in seconds.
    window: i64,
    /// Windows with requests in a log that does not name upstreams.
    unnamed: Windows,
    /// Windows with requests in any access log.
    any: Windows,
}

/// Windows of each proxy, in order.
type Windows = BTreeMap<String, Vec<i64>>;

/// How much later than the time of its access line a request's error line may be written, in seconds. Apache, LiteSpeed,
/// Skipper and varnishncsa log a request with the time at which it came, and give up on it after a time limit; Debian's
/// `Timeout` is the longest in common use.
pub(super) fn lag(kind: Proxy) -> i64 {
    if [Proxy::APACHE, Proxy::LITESPEED, Proxy::VARNISH, Proxy::SKIPPER].contains(&kind) { 300 } else { 0 }
}

/// How far apart in time an error line and the access line of its request may be, in seconds. They are in one window of
/// the usual length, or fall on two sides of its edge; how finely somebody wants to look does not change that.
const NEAR: i64 = 60;

/// How many seconds before and after the window of a request's access line its error line may be.
pub(super) fn reach(kind: Proxy, window: i64) -> (i64, i64) {
    let near = NEAR.max(window);
    (near, near.max(lag(kind)))
}

impl Coverage {
    pub(super) fn of(rows: &[Row], window: i64) -> Self {
        let mut coverage = Self { window, ..Self::default() };
        for rows in rows.chunk_by(|a, b| a.key.proxy == b.key.proxy).filter(|rows| rows.iter().any(|row| row.accessed))
        {
            let windows = |fits: fn(&Row) -> bool| {
                let mut windows: Vec<i64> = rows.iter().filter(|row| fits(row)).map(|row| row.window).collect();
                windows.sort_unstable();
                windows.dedup();
                windows
            };
            let proxy = &rows[0].key.proxy;
            coverage.any.insert(proxy.clone(), windows(|row| row.accessed));
            coverage.unnamed.insert(proxy.clone(), windows(|row| row.unnamed));
        }
        coverage
    }

    /// Whether the request that an error line at `at` tells of may be in one of `windows`.
    fn covers(&self, windows: &Windows, key: &Key, at: i64) -> bool {
        let (before, after) = reach(key.kind, self.window);
        let (first, last) = (at - after, at + before);
        let next = |windows: &Vec<i64>| windows.get(windows.partition_point(|start| *start < first)).copied();
        windows.get(&key.proxy).and_then(next).is_some_and(|next| next <= last)
    }
}

/// Proxies with an error log alone, and proxies whose two logs were read together.
pub(super) fn pairing(rows: &[Row], coverage: &Coverage) -> (Vec<String>, Vec<String>) {
    let told = rows.iter().filter(|row| row.told().next().is_some());
    let with_error_log: BTreeSet<&String> = told.map(|row| &row.key.proxy).collect();
    let (paired, alone): (Vec<&String>, Vec<&String>) =
        with_error_log.into_iter().partition(|proxy| coverage.any.contains_key(*proxy));
    (alone.into_iter().cloned().collect(), paired.into_iter().cloned().collect())
}

impl Row {
    /// Whether an access log counts what an error log tells. An error log's line about an upstream is about a request
    /// in the access log, if that names the upstream at this time or never names any; a line about no upstream, if
    /// there is an access log at all.
    pub(super) fn is_covered(&self, coverage: &Coverage) -> bool {
        let covers = |windows| coverage.covers(windows, &self.key, self.window);
        self.accessed || covers(&coverage.unnamed) || self.key.upstream.is_empty() && covers(&coverage.any)
    }
}
