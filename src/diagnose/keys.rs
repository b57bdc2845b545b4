//! What rows are told apart by, and what is known of how they belong together.

use crate::aggregate::{Cell, Series, Source};
use crate::cause::Proxy;
use crate::grammar::{address::split_port, time::Stamp};
use crate::show;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What rows are told apart by, besides the window. Orders as reports do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The gateway's kind, with `@host` where an envelope names the host.
    pub proxy: String,
    /// What it balances over.
    pub group: String,
    /// The server; empty where a request went to none, or where the log does not say.
    pub upstream: String,
    /// The gateway's kind.
    pub kind: Proxy,
}

impl Key {
    /// The group, with the proxy that it belongs to.
    pub(super) fn group(&self) -> (&str, &str) {
        (&self.proxy, &self.group)
    }

    /// The upstream's port; all unix sockets share one.
    pub(super) fn port(&self) -> &[u8] {
        if self.upstream.starts_with("unix:") { b"unix" } else { split_port(self.upstream.as_bytes()).1 }
    }
}

/// When each upstream was first and last seen.
pub(super) type Seen = BTreeMap<Arc<Key>, (Stamp, Stamp)>;

/// What logs tell of upstreams that belong together, besides a group's name.
#[derive(Debug, Default)]
pub(super) struct Relations {
    peers: BTreeSet<(Arc<Key>, Arc<Key>)>,
    /// Members of Apache's balancers.
    members: BTreeSet<Arc<Key>>,
    aliases: BTreeSet<(Arc<Key>, String)>,
}

impl Relations {
    pub(super) fn new(
        keys: &[Arc<Key>],
        peers: &BTreeSet<(u32, u32)>,
        aliases: &BTreeMap<u32, BTreeSet<Box<[u8]>>>,
    ) -> Self {
        let key = |id: u32| Arc::clone(&keys[id as usize]);
        let both_ways = peers.iter().flat_map(|&(a, b)| [(key(a), key(b)), (key(b), key(a))]);
        let names = aliases.iter().flat_map(|(id, names)| names.iter().map(move |name| (*id, name)));
        Self {
            peers: both_ways.collect(),
            members: BTreeSet::new(),
            aliases: names.map(|(id, name)| (key(id), show::text(name))).collect(),
        }
    }

    /// Adds the members of Apache's balancers, which seldom has more than one: it names a server in its access log, or
    /// takes it out of use, only where that belongs to a balancer.
    pub(super) fn with_members(mut self, keys: &[Arc<Key>], cells: &[(u32, i64, Cell)]) -> Self {
        let told = |cell: &Cell| {
            let evidence = || cell.trouble.iter().flat_map(|trouble| &trouble.evidence);
            cell.requests > 0 || evidence().any(|item| item.source == Source::State)
        };
        let named = cells.iter().filter(|(_, _, cell)| told(cell)).map(|(id, ..)| &keys[*id as usize]);
        self.members.extend(named.filter(|key| key.kind == Proxy::Apache && !key.upstream.is_empty()).cloned());
        self
    }

    /// Whether two upstreams of which no group is known may well serve the same: both were tried for one request, they
    /// listen on the same port, or they are members of a balancer.
    pub(super) fn are_alike(&self, one: &Arc<Key>, other: &Arc<Key>) -> bool {
        one.port() == other.port()
            || self.peers.contains(&(Arc::clone(one), Arc::clone(other)))
            || self.members.contains(one) && self.members.contains(other)
    }

    /// Whether `server` can belong to `group`: by the group's name, by the virtual server that sends requests to it, or
    /// because nothing speaks against it.
    pub(super) fn may_serve(&self, server: &Key, group: &Arc<Key>) -> bool {
        let named = server.group == group.group || server.group.is_empty() || group.group.is_empty();
        named || self.aliases.contains(&(Arc::clone(group), server.group.clone()))
    }
}

/// The key of each series. Error logs name the group by the virtual server; where an access log names the same
/// upstream, they share one key, and the group is whichever is known.
pub(super) fn keys(series: &[Series], cells: &[(u32, i64, Cell)]) -> Vec<Key> {
    let mut accessed = vec![false; series.len()];
    for (id, _, cell) in cells {
        accessed[*id as usize] |= cell.requests + cell.attempts > 0;
    }
    let kinds = kinds(series, &accessed);
    let hosts = only_hosts(series, &kinds);
    let mut keys: Vec<Key> = series.iter().zip(&kinds).map(|(series, kind)| key(series, *kind, &hosts)).collect();
    // By proxy and upstream: the groups that error logs and access logs name.
    let mut told: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut named: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (key, accessed) in keys.iter().zip(&accessed).filter(|(key, _)| !key.upstream.is_empty()) {
        let groups = if *accessed { &mut named } else { &mut told };
        groups.entry((&key.proxy, &key.upstream)).or_default().insert(&key.group);
    }
    let only = |groups: &BTreeMap<(&str, &str), BTreeSet<&str>>, key: &Key| {
        let groups = groups.get(&(key.proxy.as_str(), key.upstream.as_str()))?;
        let mut known = groups.iter().filter(|group| !group.is_empty());
        Some((known.next().map(|group| (*group).to_owned()), known.next().is_none()))
    };
    let groups: Vec<Option<String>> = keys
        .iter()
        .map(|key| {
            // The access log's group where it has one; else the error log's, where all its lines agree.
            match (only(&named, key)?, only(&told, key)) {
                ((Some(group), true), _) => Some(group),
                ((None, _), Some((Some(group), true))) => Some(group),
                ((None, _), _) => Some(String::new()),
                ((Some(first), false), _) => (!accessed_group(&named, key)).then_some(first),
            }
        })
        .collect();
    for (key, group) in keys.iter_mut().zip(groups) {
        if let (Some(group), false) = (group, key.upstream.is_empty()) {
            key.group = group;
        }
    }
    keys
}

/// Whether an access log names this key with this very group.
fn accessed_group(named: &BTreeMap<(&str, &str), BTreeSet<&str>>, key: &Key) -> bool {
    named.get(&(key.proxy.as_str(), key.upstream.as_str())).is_some_and(|groups| groups.contains(key.group.as_str()))
}

/// The gateway that wrote each series. nginx's and Apache's `common` and `combined` are the same; such lines are
/// Apache's where there are lines that only Apache writes and none that only nginx does: from the same host, if there
/// are any of either, else from anywhere.
fn kinds(series: &[Series], accessed: &[bool]) -> Vec<Proxy> {
    let neutral = |at: usize| {
        let Series { proxy, group, upstream, names_upstream, .. } = &series[at];
        *proxy == Proxy::Nginx && accessed[at] && group.is_empty() && upstream.is_empty() && !names_upstream
    };
    let neutral: Vec<bool> = (0..series.len()).map(neutral).collect();
    let telling = || series.iter().zip(&neutral).filter(|(_, neutral)| !**neutral).map(|(series, _)| series);
    let any = |kind: Proxy, host: Option<&[u8]>| {
        telling().any(|series| series.proxy == kind && host.is_none_or(|host| *series.host == *host))
    };
    let is_apache = |host: &[u8]| match (any(Proxy::Apache, Some(host)), any(Proxy::Nginx, Some(host))) {
        (false, false) => any(Proxy::Apache, None) && !any(Proxy::Nginx, None),
        (apache, nginx) => apache && !nginx,
    };
    let kind = |(series, neutral): (&Series, &bool)| {
        if *neutral && is_apache(&series.host) { Proxy::Apache } else { series.proxy }
    };
    series.iter().zip(&neutral).map(kind).collect()
}

/// The host of each kind of gateway of which only one host is named. Lines that name none are its too: often an access
/// log comes through syslog, and the error log as a file.
fn only_hosts<'a>(series: &'a [Series], kinds: &[Proxy]) -> BTreeMap<Proxy, &'a [u8]> {
    let mut hosts: BTreeMap<Proxy, BTreeSet<&[u8]>> = BTreeMap::new();
    for (series, kind) in series.iter().zip(kinds).filter(|(series, _)| !series.host.is_empty()) {
        hosts.entry(*kind).or_default().insert(&series.host);
    }
    hosts
        .into_iter()
        .filter(|(_, hosts)| hosts.len() == 1)
        .filter_map(|(kind, hosts)| Some((kind, hosts.into_iter().next()?)))
        .collect()
}

fn key(series: &Series, kind: Proxy, hosts: &BTreeMap<Proxy, &[u8]>) -> Key {
    let host = if series.host.is_empty() { hosts.get(&kind).copied().unwrap_or_default() } else { &series.host };
    let host = show::text(host);
    // nginx's catch-all server has no name of its own.
    let group = if kind == Proxy::Nginx && &*series.group == b"_" { String::new() } else { show::text(&series.group) };
    Key {
        proxy: if host.is_empty() { kind.name().to_owned() } else { format!("{}@{host}", kind.name()) },
        group,
        upstream: show::upstream_name(kind, &series.group, &series.upstream),
        kind,
    }
}

pub(super) fn seen(series: &[Series], keys: &[Arc<Key>]) -> Seen {
    let mut seen = Seen::new();
    for (series, key) in
        series.iter().zip(keys).filter(|(series, _)| series.first <= series.last && !series.first.is_yearless())
    {
        let span = seen.entry(Arc::clone(key)).or_insert((series.first, series.last));
        *span = (span.0.min(series.first), span.1.max(series.last));
    }
    seen
}
