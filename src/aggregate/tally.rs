//! What one thread has counted.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::{
    Cell, PathNames, Place, Sample,
    timeline::{Cells, Timeline},
};
use crate::cause::Proxy;
use crate::grammar::{eight::first_eight, text::same, time::Stamp};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{BuildHasher as _, Hasher as _},
};

/// How many lines that no format claims are kept as samples, of all inputs.
const UNPARSED_SAMPLES: usize = 5;

/// What cells are counted by, besides the window. Borrows the texts from a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesKey<'a> {
    /// The gateway that wrote the line.
    pub proxy: Proxy,
    /// The host that an envelope names; empty where none does.
    pub host: &'a [u8],
    /// What the proxy balances over.
    pub group: &'a [u8],
    /// The server.
    pub upstream: &'a [u8],
    /// Whether the layout has a place for the upstream.
    pub names_upstream: bool,
}

/// The same, owned, with what was seen of it in all windows.
#[derive(Clone, Debug)]
pub struct Series {
    /// The gateway that wrote the lines.
    pub proxy: Proxy,
    /// The host that an envelope names; empty where none does.
    pub host: Box<[u8]>,
    /// What the proxy balances over.
    pub group: Box<[u8]>,
    /// The server.
    pub upstream: Box<[u8]>,
    /// Whether the layout has a place for the upstream.
    pub names_upstream: bool,
    /// Whether an envelope names the gateway's program.
    pub names_program: bool,
    /// The first stamp.
    pub first: Stamp,
    /// The last stamp.
    pub last: Stamp,
    /// The window that was counted in last, by its first moment, and the place of its cell: neighbouring lines mostly
    /// share it.
    latest: (Stamp, u32),
    /// What was counted, by window.
    cells: Timeline,
}

impl Series {
    /// Whether this is the series of `key`.
    #[inline(always)]
    fn is(&self, key: &SeriesKey<'_>) -> bool {
        same(&self.upstream, key.upstream)
            && same(&self.group, key.group)
            && same(&self.host, key.host)
            && self.proxy == key.proxy
            && self.names_upstream == key.names_upstream
    }

    fn key(&self) -> SeriesKey<'_> {
        SeriesKey {
            proxy: self.proxy,
            host: &self.host,
            group: &self.group,
            upstream: &self.upstream,
            names_upstream: self.names_upstream,
        }
    }
}

/// Gateways that wrote lines which count nothing, with the hosts that their envelopes name.
pub type Noted = BTreeMap<Proxy, BTreeSet<Box<[u8]>>>;

/// No window at all.
const NEVER: (Stamp, u32) = (Stamp(i64::MIN), 0);

/// What was read of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputTally {
    /// All lines, empty ones apart.
    pub lines: u64,
    /// Lines that no format claims.
    pub unparsed: u64,
    /// The first of them.
    pub first_unparsed: Option<Sample>,
    /// How many lines of each format, by the format's name.
    pub formats: Vec<(&'static str, u64)>,
    /// Lines of a known format without any time.
    pub untimed: u64,
}

impl InputTally {
    /// The name that lines in syslog and the journal are counted under whose program is no gateway, and of which no
    /// format knows anything.
    pub const FOREIGN: &'static str = "syslog";

    /// The name that indented lines are counted under: those of a stack, or of whatever else goes on with the line
    /// before.
    pub const CONTINUATION: &'static str = "continuation";

    /// The name that comments are counted under: lines that begin with `#`, as those that name the columns of others.
    pub const COMMENT: &'static str = "comment";

    /// Whether lines that are counted under this name were of a known format.
    #[must_use]
    pub fn is_format(name: &str) -> bool {
        ![Self::FOREIGN, Self::CONTINUATION, Self::COMMENT].contains(&name)
    }

    /// Lines that a format claims.
    #[must_use]
    pub fn recognised(&self) -> u64 {
        let aside = self.formats.iter().filter(|entry| !Self::is_format(entry.0)).map(|entry| entry.1);
        self.lines.saturating_sub(self.unparsed + aside.sum::<u64>())
    }

    /// Counts a line of a format.
    #[inline]
    pub fn count_format(&mut self, name: &'static str, count: u64) {
        match self.formats.iter_mut().find(|entry| std::ptr::eq(entry.0, name) || entry.0 == name) {
            Some(entry) => entry.1 += count,
            None => self.formats.push((name, count)),
        }
    }

    fn merge(&mut self, other: &Self) {
        self.lines += other.lines;
        self.unparsed += other.unparsed;
        self.first_unparsed = [self.first_unparsed.take(), other.first_unparsed.clone()].into_iter().flatten().min();
        self.untimed += other.untimed;
        for &(name, count) in &other.formats {
            self.count_format(name, count);
        }
    }
}

/// Cells, and what else was counted on the way. See the [module](super) for what merging promises.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The length of a window in seconds.
    window: i64,
    /// The same in microseconds.
    window_micros: u64,
    series: Vec<Series>,
    series_index: HashTable<u32>,
    /// Series that were counted in lately, by their [`slot`]: most lines are of one of few.
    recent: Box<[u32; 256]>,
    /// The texts of paths in cells.
    pub paths: PathNames,
    /// Series whose upstreams were tried for one request, one after the other: they serve the same group.
    peers: BTreeSet<(u32, u32)>,
    /// Series of a group, and the virtual servers that an error log names with it.
    aliases: BTreeMap<u32, BTreeSet<Box<[u8]>>>,
    /// Gateways that wrote lines which count nothing.
    noted: Noted,
    /// By the input's number.
    pub inputs: Vec<InputTally>,
    /// The first lines that no format claims, in order.
    pub unparsed: Vec<Sample>,
    /// Whether a stamp without a zone was met.
    pub zone_assumed: bool,
}

impl Tally {
    /// An empty tally for windows of `window` seconds.
    #[must_use]
    pub fn new(window: i64) -> Self {
        let window = window.max(1);
        Self {
            window,
            window_micros: window.cast_unsigned().saturating_mul(1_000_000),
            series: Vec::new(),
            series_index: HashTable::new(),
            recent: Box::new([u32::MAX; 256]),
            paths: PathNames::default(),
            peers: BTreeSet::new(),
            aliases: BTreeMap::new(),
            noted: Noted::new(),
            inputs: Vec::new(),
            unparsed: Vec::new(),
            zone_assumed: false,
        }
    }

    /// The length of a window in seconds.
    #[must_use]
    pub fn window(&self) -> i64 {
        self.window
    }

    /// The number of the series with this key, which becomes one if it is not.
    #[inline(always)]
    pub fn series_id(&mut self, key: SeriesKey<'_>) -> u32 {
        let id = self.recent[usize::from(slot(&key))];
        match self.series.get(id as usize) {
            Some(series) if series.is(&key) => id,
            _ => self.series_id_by_hash(key),
        }
    }

    #[cold]
    fn series_id_by_hash(&mut self, key: SeriesKey<'_>) -> u32 {
        let id = self.find_series(key);
        self.recent[usize::from(slot(&key))] = id;
        id
    }

    fn find_series(&mut self, key: SeriesKey<'_>) -> u32 {
        let hash = hash(&key);
        let series = &self.series;
        match self.series_index.find(hash, |&id| series[id as usize].is(&key)) {
            Some(&id) => id,
            None => self.new_series(hash, key),
        }
    }

    #[cold]
    fn new_series(&mut self, hash_of_key: u64, key: SeriesKey<'_>) -> u32 {
        let id = u32::try_from(self.series.len()).unwrap_or(u32::MAX);
        self.series.push(Series {
            proxy: key.proxy,
            host: key.host.into(),
            group: key.group.into(),
            upstream: key.upstream.into(),
            names_upstream: key.names_upstream,
            names_program: false,
            first: Stamp(i64::MAX),
            last: Stamp(i64::MIN),
            latest: NEVER,
            cells: Timeline::default(),
        });
        let series = &self.series;
        self.series_index.insert_unique(hash_of_key, id, |&id| hash(&series[id as usize].key()));
        id
    }

    /// A series by its number.
    #[must_use]
    pub fn series(&self, id: u32) -> &Series {
        &self.series[id as usize]
    }

    /// Takes note of the program that an envelope names.
    #[inline(always)]
    pub(super) fn see_program(&mut self, id: u32, program: &[u8]) {
        if program == b"nginx" {
            self.series[id as usize].names_program = true;
        }
    }

    /// The cell of a series at a time.
    #[inline(always)]
    pub fn cell(&mut self, id: u32, stamp: Stamp) -> &mut Cell {
        self.cell_and_paths(id, stamp).0
    }

    /// The same, with the texts that its paths are kept in.
    #[inline(always)]
    pub fn cell_and_paths(&mut self, id: u32, stamp: Stamp) -> (&mut Cell, &mut PathNames) {
        let series = &mut self.series[id as usize];
        // A stamp without a year says nothing yet of when this was.
        if !stamp.is_yearless() {
            series.first = series.first.min(stamp);
            series.last = series.last.max(stamp);
        }
        let into = stamp.0.wrapping_sub(series.latest.0.0).cast_unsigned();
        if into >= self.window_micros {
            self.turn(id, stamp);
        }
        let series = &mut self.series[id as usize];
        (series.cells.cell(series.latest.1), &mut self.paths)
    }

    /// Turns to another window of a series.
    #[cold]
    fn turn(&mut self, id: u32, stamp: Stamp) {
        let window = stamp.seconds().div_euclid(self.window) * self.window;
        let series = &mut self.series[id as usize];
        series.latest = (Stamp::from_seconds(window), series.cells.place(window, &self.paths));
    }

    /// Takes note that two series' upstreams were tried for one request.
    pub fn add_peers(&mut self, one: u32, other: u32) {
        if one != other {
            self.peers.insert((one.min(other), one.max(other)));
        }
    }

    /// Takes note that a virtual server sends requests to a group.
    pub fn add_alias(&mut self, group: u32, virtual_server: &[u8]) {
        let names = self.aliases.entry(group).or_default();
        // Nearly every line names one that is known: no copy for those.
        if !names.contains(virtual_server) {
            names.insert(virtual_server.into());
        }
    }

    /// Takes note that a gateway wrote a line that counts nothing: it is there all the same.
    pub fn add_note(&mut self, proxy: Proxy, host: &[u8]) {
        let hosts = self.noted.entry(proxy).or_default();
        // Nearly every line names one that is known: no copy for those.
        if !hosts.contains(host) {
            hosts.insert(host.into());
        }
    }

    /// What was read of an input.
    #[inline]
    pub fn input(&mut self, number: usize) -> &mut InputTally {
        if self.inputs.len() <= number {
            self.inputs.resize_with(number + 1, InputTally::default);
        }
        &mut self.inputs[number]
    }

    /// Counts a line that no format claims, and keeps it if it is among the first.
    pub fn count_unparsed(&mut self, place: &Place<'_>) {
        let input = self.input(place.input);
        input.unparsed += 1;
        if input.first_unparsed.as_ref().is_none_or(|first| place.line < first.line) {
            input.first_unparsed = Some(place.sample());
        }
        let last = self.unparsed.last().map(|last| (last.input, last.line));
        if self.unparsed.len() < UNPARSED_SAMPLES || last.is_some_and(|last| (place.input, place.line) < last) {
            self.insert_unparsed(place.sample());
        }
    }

    fn insert_unparsed(&mut self, sample: Sample) {
        let at = self.unparsed.partition_point(|kept| *kept < sample);
        self.unparsed.insert(at, sample);
        self.unparsed.truncate(UNPARSED_SAMPLES);
    }

    /// Adds all that `other` has counted.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        let renamed = self.paths.merge(&other.paths);
        let ids: Vec<u32> = other.series.iter().map(|series| self.series_id(series.key())).collect();
        for (theirs, &id) in other.series.into_iter().zip(&ids) {
            let mine = &mut self.series[id as usize];
            mine.first = mine.first.min(theirs.first);
            mine.last = mine.last.max(theirs.last);
            mine.names_program |= theirs.names_program;
            mine.latest = NEVER;
            mine.cells.merge(theirs.cells, &renamed, &self.paths);
        }
        for (one, another) in other.peers {
            self.add_peers(ids[one as usize], ids[another as usize]);
        }
        for (group, virtual_servers) in other.aliases {
            self.aliases.entry(ids[group as usize]).or_default().extend(virtual_servers);
        }
        for (proxy, hosts) in other.noted {
            self.noted.entry(proxy).or_default().extend(hosts);
        }
        for (number, input) in other.inputs.iter().enumerate() {
            self.input(number).merge(input);
        }
        for sample in other.unparsed {
            self.insert_unparsed(sample);
        }
        self.zone_assumed |= other.zone_assumed;
        self
    }

    /// What the diagnosis needs.
    #[must_use]
    pub fn into_counts(self) -> Counts {
        let Self { mut series, paths, peers, aliases, noted, .. } = self;
        let cells = series.iter_mut().map(|series| std::mem::take(&mut series.cells).into_cells(&paths)).collect();
        Counts { series, cells, paths, peers, aliases, noted }
    }
}

/// All that was counted, taken apart. Series are named by their number.
#[derive(Debug)]
pub struct Counts {
    /// The series.
    pub series: Vec<Series>,
    /// The cells of each series.
    pub cells: Vec<Cells>,
    /// The texts of paths in cells.
    pub paths: PathNames,
    /// Series whose upstreams were tried for one request.
    pub peers: BTreeSet<(u32, u32)>,
    /// Series of a group, and the virtual servers that an error log names with it.
    pub aliases: BTreeMap<u32, BTreeSet<Box<[u8]>>>,
    /// Gateways that wrote lines which count nothing.
    pub noted: Noted,
}

/// One of 256 slots, told by the end of the name that differs most: that of the server, if there is one.
#[inline(always)]
fn slot(key: &SeriesKey<'_>) -> u8 {
    let name = if key.upstream.is_empty() { key.group } else { key.upstream };
    let end = name.last_chunk().map_or_else(|| first_eight(name), |last| u64::from_le_bytes(*last));
    (end.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}

fn hash(key: &SeriesKey<'_>) -> u64 {
    // Where one text ends and the next begins is told when keys are compared.
    let mut hasher = FixedState::with_seed(0).build_hasher();
    hasher.write(key.upstream);
    hasher.write(key.group);
    if !key.host.is_empty() {
        hasher.write(key.host);
    }
    hasher.finish()
}
