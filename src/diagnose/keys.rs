//! What rows are told apart by, and what is known of how they belong together.

use crate::aggregate::{Cell, Cells, Noted, Series, Source};
use crate::cause::Proxy;
use crate::grammar::{address::split_port, time::Stamp};
use crate::show;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
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

/// The keys of all series, each once and in order. A key's place is its rank: ranks order as their keys do, and cost
/// nothing to compare.
pub(super) struct Keys {
    sorted: Vec<Arc<Key>>,
    /// The rank of each series' key.
    ranks: Vec<u32>,
}

impl Keys {
    /// The keys of `series`, whose counts are in `cells`. `noted` are gateways that wrote other lines besides.
    pub(super) fn new(series: &[Series], cells: &[Cells], noted: &Noted) -> Self {
        Self::of_each(keys(series, cells, noted))
    }

    fn of_each(keys: Vec<Key>) -> Self {
        let mut numbered: Vec<(usize, Key)> = keys.into_iter().enumerate().collect();
        numbered.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        let (mut sorted, mut ranks): (Vec<Arc<Key>>, Vec<u32>) = (Vec::new(), vec![0; numbered.len()]);
        for (series, key) in numbered {
            if sorted.last().is_none_or(|last| **last != key) {
                sorted.push(Arc::new(key));
            }
            ranks[series] = u32::try_from(sorted.len() - 1).unwrap_or(u32::MAX);
        }
        Self { sorted, ranks }
    }

    /// All keys, in order.
    pub(super) fn sorted(&self) -> &[Arc<Key>] {
        &self.sorted
    }

    /// The key of a series.
    pub(super) fn of(&self, series: u32) -> &Arc<Key> {
        &self.sorted[self.rank(series) as usize]
    }

    /// The rank of a series' key.
    pub(super) fn rank(&self, series: u32) -> u32 {
        self.ranks[series as usize]
    }

    /// When the series of each key were first and last seen, by rank.
    pub(super) fn seen(&self, series: &[Series]) -> Vec<Option<(Stamp, Stamp)>> {
        let mut seen: Vec<Option<(Stamp, Stamp)>> = vec![None; self.sorted.len()];
        let dated = |series: &Series| series.first <= series.last && !series.first.is_yearless();
        for (series, rank) in series.iter().zip(&self.ranks).filter(|(series, _)| dated(series)) {
            let (first, last) = seen[*rank as usize].unwrap_or((series.first, series.last));
            seen[*rank as usize] = Some((first.min(series.first), last.max(series.last)));
        }
        seen
    }
}

/// What logs tell of upstreams that belong together, besides a group's name.
pub(super) struct Relations<'a> {
    keys: &'a Keys,
    /// The ranks of upstreams that were tried for one request.
    peers: BTreeSet<(u32, u32)>,
    /// The ranks of members of Apache's balancers.
    members: BTreeSet<u32>,
    /// The ranks of groups, and names that lead to them.
    aliases: BTreeSet<(u32, String)>,
}

impl<'a> Relations<'a> {
    pub(super) fn new(
        keys: &'a Keys,
        peers: &BTreeSet<(u32, u32)>,
        aliases: &BTreeMap<u32, BTreeSet<Box<[u8]>>>,
    ) -> Self {
        let ranks = |&(one, other): &(u32, u32)| (keys.rank(one), keys.rank(other));
        let both_ways = peers.iter().map(ranks).flat_map(|(one, other)| [(one, other), (other, one)]);
        let names = aliases.iter().flat_map(|(id, names)| names.iter().map(move |name| (*id, name)));
        Self {
            keys,
            peers: both_ways.collect(),
            members: BTreeSet::new(),
            aliases: names.map(|(id, name)| (keys.rank(id), show::text(name))).collect(),
        }
    }

    /// Adds the members of Apache's balancers, which seldom has more than one: it names a server in its access log, or
    /// takes it out of use, only where that belongs to a balancer.
    pub(super) fn with_members(mut self, cells: &[Cells]) -> Self {
        let keys = self.keys;
        if !keys.sorted.iter().any(|key| is_server_of_apache(key)) {
            return self;
        }
        let told = |cell: &Cell| {
            let evidence = || cell.trouble.iter().flat_map(|trouble| &trouble.evidence);
            cell.requests > 0 || evidence().any(|item| item.source == Source::State)
        };
        let of_apache = (0..).zip(cells).filter(|(id, _)| is_server_of_apache(keys.of(*id)));
        let members = of_apache.filter(|(_, cells)| cells.iter().any(|(_, cell)| told(cell)));
        self.members.extend(members.map(|(id, _)| keys.rank(id)));
        self
    }

    /// Whether two upstreams of which no group is known may well serve the same: both were tried for one request, they
    /// listen on the same port, or they are members of a balancer.
    pub(super) fn are_alike(&self, one: &Key, other: &Key) -> bool {
        let known = || self.rank(one).zip(self.rank(other));
        one.port() == other.port()
            || known().is_some_and(|(one, other)| {
                self.peers.contains(&(one, other)) || self.members.contains(&one) && self.members.contains(&other)
            })
    }

    /// Whether `server` can belong to `group`: by the group's name, by the virtual server that sends requests to it, or
    /// because nothing speaks against it.
    pub(super) fn may_serve(&self, server: &Key, group: &Key) -> bool {
        let named = server.group == group.group || server.group.is_empty() || group.group.is_empty();
        let alias = |rank: u32| self.aliases.contains(&(rank, server.group.clone()));
        named || !self.aliases.is_empty() && self.rank(group).is_some_and(alias)
    }

    fn rank(&self, key: &Key) -> Option<u32> {
        self.keys.sorted.binary_search_by(|known| (**known).cmp(key)).ok().and_then(|rank| u32::try_from(rank).ok())
    }
}

fn is_server_of_apache(key: &Key) -> bool {
    key.kind == Proxy::APACHE && !key.upstream.is_empty()
}

/// The key of each series. Error logs name the group by the virtual server; where an access log names the same
/// upstream, they share one key, and the group is whichever is known.
fn keys(series: &[Series], cells: &[Cells], noted: &Noted) -> Vec<Key> {
    let is_accessed = |cells: &Cells| cells.iter().any(|(_, cell)| cell.requests > 0 || cell.attempts > 0);
    let accessed: Vec<bool> = cells.iter().map(is_accessed).collect();
    let kinds = kinds(series, &accessed, noted);
    let hosts = only_hosts(series, &kinds);
    let mut keys: Vec<Key> = series.iter().zip(&kinds).map(|(series, kind)| key(series, *kind, &hosts)).collect();
    agree_on_groups(&mut keys, &accessed);
    keys
}

/// Gives keys that name one server the group that is known of it.
fn agree_on_groups(keys: &mut [Key], accessed: &[bool]) {
    let server = |at: usize| (keys[at].proxy.as_str(), keys[at].upstream.as_str());
    let mut servers = named_twice(keys);
    servers.sort_unstable_by(|&a, &b| server(a).cmp(&server(b)));
    let same = servers.chunk_by(|&a, &b| server(a) == server(b));
    let known: Vec<(usize, String)> = same.flat_map(|same| known_group(same, keys, accessed)).collect();
    for (at, group) in known {
        keys[at].group = group;
    }
}

/// The places of keys whose server others name too: mostly there are none.
fn named_twice(keys: &[Key]) -> Vec<usize> {
    let mut times: HashMap<(&str, &str), usize, FixedState> = HashMap::with_hasher(FixedState::with_seed(0));
    let servers = || keys.iter().enumerate().filter(|(_, key)| !key.upstream.is_empty());
    servers().for_each(|(_, key)| *times.entry((&key.proxy, &key.upstream)).or_default() += 1);
    let is_again = |key: &Key| times.get(&(key.proxy.as_str(), key.upstream.as_str())).is_some_and(|times| *times > 1);
    servers().filter(|(_, key)| is_again(key)).map(|(at, _)| at).collect()
}

/// The group of the server that all keys at `places` name, for each of them: the access log's where it has one; else
/// the error log's, where all its lines agree.
fn known_group(places: &[usize], keys: &[Key], accessed: &[bool]) -> Vec<(usize, String)> {
    let groups = |by_access: bool| {
        let places = places.iter().filter(move |at| accessed[**at] == by_access);
        places.map(|&at| keys[at].group.as_str()).collect::<BTreeSet<&str>>()
    };
    let (named, told) = (groups(true), groups(false));
    if named.is_empty() {
        return Vec::new();
    }
    // The first that is no empty name, and whether there are more.
    let first = |groups: &BTreeSet<&'_ str>| {
        let mut known = groups.iter().filter(|group| !group.is_empty()).map(|group| (*group).to_owned());
        (known.next(), known.next().is_some())
    };
    let (group, several) = match (first(&named), first(&told)) {
        ((Some(group), several), _) => (group, several),
        ((None, _), (Some(group), false)) => (group, false),
        _ => (String::new(), false),
    };
    // Of several groups that an access log names, each may have a server of that name.
    let is_told = |at: &&usize| !(several && named.contains(keys[**at].group.as_str()));
    places.iter().filter(is_told).map(|&at| (at, group.clone())).collect()
}

/// Gateways that write `combined` alike.
const PLAIN: [Proxy; 4] = [Proxy::NGINX, Proxy::APACHE, Proxy::LITESPEED, Proxy::LIGHTTPD];

/// Kinds of gateways that wrote lines which no other kind writes, with their hosts.
struct Known<'a>(BTreeSet<(Proxy, &'a [u8])>);

impl Known<'_> {
    fn at(&self, kind: Proxy, host: &[u8]) -> bool {
        self.0.contains(&(kind, host))
    }

    fn anywhere(&self, kind: Proxy) -> bool {
        self.0.range((kind, &b""[..])..).next().is_some_and(|(found, _)| *found == kind)
    }

    /// Whether there is this kind of gateway and no other of those that write `combined`, at a host or anywhere; `None`
    /// where there is none of them.
    fn is_alone(&self, kind: Proxy, host: Option<&[u8]>) -> Option<bool> {
        let is_there = |kind| host.map_or_else(|| self.anywhere(kind), |host| self.at(kind, host));
        let there = PLAIN.map(|other| (other, is_there(other)));
        let any = there.iter().any(|(_, is_there)| *is_there);
        any.then(|| there.iter().all(|(other, is_there)| *is_there == (*other == kind)))
    }
}

/// The gateway that wrote each series. nginx's and Apache's `common` and `combined` are the same; where no envelope
/// names the program, such lines are Apache's where there are lines that only Apache writes and none that only nginx
/// does: from the same host, if there are any of either, else from anywhere. Lines that count something are asked
/// first, and lines that count nothing say nothing of other hosts. So it is with LiteSpeed's and lighttpd's, and with
/// varnishncsa's `combined`, where varnishlog is there and no request that only Varnish writes: were its requests told
/// apart, the others would be those of a tier before or behind it.
fn kinds(series: &[Series], accessed: &[bool], noted: &Noted) -> Vec<Proxy> {
    let neutral = |at: usize| {
        let Series { proxy, group, upstream, names_upstream, names_program, .. } = &series[at];
        let names_nothing = group.is_empty() && upstream.is_empty() && !names_upstream && !names_program;
        *proxy == Proxy::NGINX && accessed[at] && names_nothing
    };
    let neutral: Vec<bool> = (0..series.len()).map(neutral).collect();
    let telling = series.iter().zip(&neutral).filter(|(_, neutral)| !**neutral);
    let counted = Known(telling.map(|(series, _)| (series.proxy, &*series.host)).collect());
    // Lines of LiteSpeed's that count nothing may be those of an application with a logger like its own.
    let noted = noted.iter().filter(|(kind, _)| **kind != Proxy::LITESPEED);
    let noted = Known(noted.flat_map(|(kind, hosts)| hosts.iter().map(|host| (*kind, &**host))).collect());
    let is_alone = |kind: Proxy, host: &[u8]| {
        let here = Some(host).filter(|host| !host.is_empty());
        counted
            .is_alone(kind, Some(host))
            .or_else(|| noted.is_alone(kind, Some(here?)))
            .or_else(|| counted.is_alone(kind, None))
            .or_else(|| noted.is_alone(kind, here.map(|_| &b""[..])))
            .unwrap_or(false)
    };
    let anywhere = |kind: Proxy| counted.anywhere(kind) || noted.anywhere(kind);
    let others = PLAIN.into_iter().any(anywhere);
    let has_requests =
        || series.iter().zip(accessed).any(|(series, accessed)| series.proxy == Proxy::VARNISH && *accessed);
    let varnish = !others && anywhere(Proxy::VARNISH) && !has_requests();
    let here = |host: &[u8]| counted.at(Proxy::VARNISH, host) || noted.at(Proxy::VARNISH, host);
    let is_varnish = |host: &[u8]| varnish && (host.is_empty() || here(host));
    let kind = |(series, neutral): (&Series, &bool)| match *neutral {
        true if is_alone(Proxy::APACHE, &series.host) => Proxy::APACHE,
        true if is_alone(Proxy::LITESPEED, &series.host) => Proxy::LITESPEED,
        true if is_alone(Proxy::LIGHTTPD, &series.host) => Proxy::LIGHTTPD,
        true if is_varnish(&series.host) => Proxy::VARNISH,
        _ => series.proxy,
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
    let group = if kind == Proxy::NGINX && &*series.group == b"_" { String::new() } else { show::text(&series.group) };
    Key {
        proxy: if host.is_empty() { kind.name().to_owned() } else { format!("{}@{host}", kind.name()) },
        group,
        upstream: show::upstream_name(kind, &series.group, &series.upstream),
        kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::{Counts, SeriesKey, Tally};

    fn key(group: &str, upstream: &str) -> Key {
        let (group, upstream) = (group.to_owned(), upstream.to_owned());
        Key { proxy: "nginx".to_owned(), group, upstream, kind: Proxy::NGINX }
    }

    #[test]
    fn ranks_order_as_keys_do() {
        let keys = Keys::of_each(vec![key("shop", "b"), key("api", "c"), key("shop", "b"), key("shop", "a")]);
        assert_eq!([0, 1, 2, 3].map(|series| keys.rank(series)), [2, 0, 2, 1]);
        assert_eq!(keys.sorted().iter().map(|key| key.upstream.as_str()).collect::<Vec<_>>(), ["c", "a", "b"]);
        assert_eq!(**keys.of(1), key("api", "c"));
    }

    #[test]
    fn plain_lines_are_of_the_gateway_whose_error_log_is_there() {
        let (apache, nginx) = (Proxy::APACHE, Proxy::NGINX);
        let (litespeed, lighttpd) = (Proxy::LITESPEED, Proxy::LIGHTTPD);
        // The host of plain lines; who else told of failures, and where; who wrote anything else, and where.
        let kind = |host: &str, counted: &[(Proxy, &str)], noted: &[(Proxy, &str)]| {
            let mut tally = Tally::new(60);
            let plain =
                SeriesKey { proxy: nginx, host: host.as_bytes(), group: b"", upstream: b"", names_upstream: false };
            let id = tally.series_id(plain);
            tally.cell(id, Stamp::from_seconds(0)).requests = 1;
            for (proxy, host) in counted {
                tally.series_id(SeriesKey { proxy: *proxy, host: host.as_bytes(), upstream: b"10.0.0.5:80", ..plain });
            }
            noted.iter().for_each(|(proxy, host)| tally.add_note(*proxy, host.as_bytes()));
            let Counts { series, cells, noted, .. } = tally.into_counts();
            Keys::new(&series, &cells, &noted).of(id).kind
        };
        for (host, counted, noted, expected) in [
            ("", &[][..], &[][..], nginx),
            ("", &[], &[(apache, "")], apache),
            ("", &[], &[(apache, ""), (nginx, "")], nginx),
            // What counts is asked first.
            ("", &[(apache, "")], &[(nginx, "")], apache),
            ("", &[(apache, "a")], &[(nginx, "")], apache),
            ("", &[(nginx, "")], &[(apache, "")], nginx),
            ("a", &[(apache, "")], &[(nginx, "")], apache),
            ("a", &[(apache, "b")], &[(nginx, "a")], nginx),
            ("a", &[(apache, "a"), (nginx, "b")], &[], apache),
            ("a", &[(apache, "b")], &[], apache),
            // Another host's notices say nothing.
            ("a", &[], &[(apache, "a")], apache),
            ("a", &[], &[(apache, "b")], nginx),
            ("a", &[], &[(apache, "a"), (nginx, "b")], apache),
            ("a", &[], &[(apache, "")], apache),
            ("", &[], &[(apache, "b")], apache),
            ("", &[(litespeed, "")], &[], litespeed),
            ("", &[], &[(litespeed, "")], nginx),
            // PHP's traces look like those that nginx quotes.
            ("", &[(litespeed, "")], &[(nginx, "")], litespeed),
            ("", &[(litespeed, "")], &[(apache, "")], litespeed),
            ("", &[(litespeed, ""), (apache, "")], &[], nginx),
            ("a", &[(litespeed, "a"), (apache, "b")], &[], litespeed),
            ("", &[(lighttpd, "")], &[], lighttpd),
            ("", &[], &[(lighttpd, "")], lighttpd),
            ("", &[(lighttpd, "")], &[(nginx, "")], lighttpd),
            ("", &[(lighttpd, ""), (nginx, "")], &[], nginx),
            ("a", &[(lighttpd, "a"), (apache, "b")], &[], lighttpd),
        ] {
            assert_eq!(kind(host, counted, noted), expected, "{host} {counted:?} {noted:?}");
        }
    }

    #[test]
    fn groups_are_agreed_on() {
        // Whether an access log names the group; the group; the group that is known in the end.
        for (named, expected) in [
            (vec![(true, "shop"), (false, "www")], ["shop", "shop"]),
            (vec![(true, ""), (false, "www")], ["www", "www"]),
            (vec![(false, "api"), (false, "www")], ["api", "www"]),
            (vec![(true, "shop"), (true, "api")], ["shop", "api"]),
            (vec![(true, ""), (true, "")], ["", ""]),
        ] {
            let mut keys: Vec<Key> = named.iter().map(|(_, group)| key(group, "10.0.0.5:80")).collect();
            agree_on_groups(&mut keys, &named.iter().map(|(accessed, _)| *accessed).collect::<Vec<_>>());
            assert_eq!(keys.iter().map(|key| key.group.as_str()).collect::<Vec<_>>(), expected, "{named:?}");
        }
        let groups = [(true, "shop"), (true, "api"), (false, "www")];
        let mut keys = groups.map(|(_, group)| key(group, "10.0.0.5:80"));
        agree_on_groups(&mut keys, &groups.map(|(accessed, _)| accessed));
        assert_eq!(keys.map(|key| key.group), ["shop", "api", "api"]);
    }
}
