//! Rule 1 where the two lines of a request do not stand in one row: lines about an upstream that fell on the other side
//! of a window's edge, lines that name no upstream, and lines that were written a time limit after their request came.
//! Lines move whole, and nothing else of their row does: what the row knows of health checks and hosts stays where it
//! is. A line goes to failures of its own status; one that names its upstream, to others too where there are none.

use super::super::score::apportion;
use super::{
    Row,
    coverage::lag,
    reasons::{BUCKETS, bucket, is_open},
};
use crate::aggregate::{Cell, Evidence, PathNames, Source, Trouble};
use crate::cause::Proxy;
use crate::format::Statuses;
use crate::grammar::time::Stamp;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// How far apart an error line and the access line of its request may be, in seconds: a timeout, and the retries after
/// it.
const REACH: i64 = 120;

/// Rule 1 over the edges of windows: what an error log tells of an upstream in a window without requests to it goes to
/// the nearest windows with failures that no line has been found for, the later one first, since a request is logged
/// when it ends. What finds none stays; a row of which nothing does is taken out.
pub(super) fn join_over_edges(rows: &mut Vec<Row>, names: &PathNames, statuses: &Statuses, window: i64) {
    let is_alone = |row: &Row| (!row.accessed || row.is_nameless()) && row.told().next().is_some();
    let (nameless, alone): (Vec<usize>, Vec<usize>) =
        (0..rows.len()).filter(|&at| is_alone(&rows[at])).partition(|&at| rows[at].key.upstream.is_empty());
    // Gateways do not all answer with the status that is usual where an attempt ends so.
    for (of_any_status, &at) in [false, true].into_iter().flat_map(|any| alone.iter().map(move |at| (any, at))) {
        let own = run_around(rows, at);
        let (middle, reach) = (rows[at].window, (REACH.max(lag(rows[at].key.kind)) / window).max(1));
        for near in (1..=reach).flat_map(|steps| [middle + steps * window, middle - steps * window]) {
            if rows[at].told().next().is_none() {
                break;
            }
            let Ok(host) = rows[own.clone()].binary_search_by_key(&near, |row| row.window) else { continue };
            let host = own.start + host;
            let room = rows[host].room(Row::failed, statuses);
            if room != [0; BUCKETS] {
                let told = rows[at].told_by_bucket(statuses);
                let most = if of_any_status { up_to(room.iter().sum(), told) } else { room };
                give(rows, (at, host), (most, u64::MAX), names, statuses);
            }
        }
    }
    join_nameless(rows, &nameless, names, statuses, window);
    join_by_client(rows, names, statuses, window);
    rows.retain(|row| row.accessed || row.any_trouble().is_some());
}

/// So many of `counts` that they add up to no more than `most`.
fn up_to(mut most: u64, counts: [u64; BUCKETS]) -> [u64; BUCKETS] {
    counts.map(|count| {
        let taken = count.min(most);
        most -= taken;
        taken
    })
}

/// Gives up to `most` attempts of each bucket of which the error log tells at one row, and up to `others` of those that
/// made no failure of those that count, to another as what its failures are made of: they have the times of those.
fn give(
    rows: &mut [Row],
    (from, to): (usize, usize),
    (most, others): ([u64; BUCKETS], u64),
    names: &PathNames,
    statuses: &Statuses,
) {
    let mut part = rows[from].split_off(most, others, statuses);
    part.happened_with(rows[to].trouble());
    rows[to].cell.absorb(&Cell { trouble: Some(Box::new(part)), ..Cell::default() }, names);
}

/// Places of rows, by window, of each proxy.
type Places = BTreeMap<String, BTreeMap<i64, Vec<usize>>>;

/// Gateways whose error log may name no upstream where the access log does: Traefik's, whose access line has the time
/// at which the request began, which is before the error line's; and Caddy's, whose access line names it where somebody
/// had it added (`log_append`).
const NAMELESS: [Proxy; 2] = [Proxy::TRAEFIK, Proxy::CADDY];

/// Rule 1 for lines about no upstream, those at `nameless`: but for as many as their own row has failures without a
/// reason, they are about the only other row of their proxy that has any of their status, in their window or the
/// nearest before it. Where there are several, nobody knows which, unless all lines say the same, and are enough for
/// all others. What made no failure of those that count stays where it is.
fn join_nameless(rows: &mut [Row], nameless: &[usize], names: &PathNames, statuses: &Statuses, window: i64) {
    let from: Vec<usize> = nameless.iter().copied().filter(|&at| rows[at].is_nameless()).collect();
    if from.is_empty() {
        return;
    }
    let failing = failing(rows, statuses);
    for &at in &from {
        let (key, middle, own) = (Arc::clone(&rows[at].key), rows[at].window, rows[at].open());
        let Some(failing) = failing.get(&key.proxy) else { continue };
        for bucket in 0..BUCKETS {
            let near = (0..=(REACH / window).max(1)).filter_map(|steps| failing.get(&(middle - steps * window)));
            for hosts in near {
                let told = rows[at].told_by_bucket(statuses)[bucket];
                let rooms: Vec<(usize, u64)> = hosts
                    .iter()
                    .filter(|&&host| host != at)
                    .map(|&host| (host, rows[host].room(Row::open, statuses)[bucket]))
                    .filter(|(_, room)| *room > 0)
                    .collect();
                let (hosts, rooms): (Vec<usize>, Vec<u64>) = rooms.into_iter().unzip();
                let room: u64 = rooms.iter().sum();
                if hosts.len() > 1 && (told < room || !rows[at].says_one_thing(bucket, statuses)) {
                    break;
                }
                let shares = apportion(room.min(told.saturating_sub(own[bucket])), &rooms);
                for (host, share) in hosts.into_iter().zip(shares).filter(|(_, share)| *share > 0) {
                    let mut most = [0; BUCKETS];
                    most[bucket] = share;
                    give(rows, (at, host), (most, 0), names, statuses);
                }
            }
        }
    }
}

/// The rows of gateways such as [`NAMELESS`] that have failures without a reason.
fn failing(rows: &[Row], statuses: &Statuses) -> Places {
    let is_such = |row: &Row| NAMELESS.contains(&row.key.kind) && row.room(Row::open, statuses) != [0; BUCKETS];
    let such: Vec<usize> = (0..rows.len()).filter(|&at| is_such(&rows[at])).collect();
    let mut places = Places::new();
    for of_proxy in such.chunk_by(|&a, &b| rows[a].key.proxy == rows[b].key.proxy) {
        let windows = places.entry(rows[of_proxy[0]].key.proxy.clone()).or_default();
        of_proxy.iter().for_each(|&at| windows.entry(rows[at].window).or_default().push(at));
    }
    places
}

/// Rule 1 for lines about no upstream of gateways whose access line has the time at which the request came: their error
/// line comes a time limit later, and both name the client. What is told of clients that failed in an earlier window
/// goes there, but for what the failures of its own window may be made of.
fn join_by_client(rows: &mut [Row], names: &PathNames, statuses: &Statuses, window: i64) {
    let is_late = |row: &Row| row.key.upstream.is_empty() && lag(row.key.kind) > 0 && row.tells_of_failures(statuses);
    let late: Vec<usize> = (0..rows.len()).filter(|&at| is_late(&rows[at])).collect();
    for at in late {
        let (own, middle) = (run_around(rows, at), rows[at].window);
        let kept = rows[at].may_be_about(&rows[at], &rows[at].told_by_bucket(statuses), &[0; BUCKETS]);
        // However long a window is, a request that came at its end is in the one before.
        let reach = (lag(rows[at].key.kind) - 1) / window + 1;
        for near in (1..=reach).map(|steps| middle - steps * window) {
            let Ok(host) = rows[own.clone()].binary_search_by_key(&near, |row| row.window) else { continue };
            let host = own.start + host;
            let mut spare = rows[at].told_by_bucket(statuses);
            spare.iter_mut().zip(kept).for_each(|(spare, kept)| *spare = spare.saturating_sub(kept));
            let wanted = rows[at].may_be_about(&rows[host], &spare, &rows[host].told_by_bucket(statuses));
            if wanted != [0; BUCKETS] {
                give(rows, (at, host), (wanted, 0), names, statuses);
            }
        }
    }
}

/// The places of all rows with the key of the one at `at`.
fn run_around(rows: &[Row], at: usize) -> Range<usize> {
    let key = &rows[at].key;
    rows[..at].partition_point(|row| row.key < *key)..at + rows[at..].partition_point(|row| row.key == *key)
}

impl Row {
    /// Whether its error lines may be about other rows, since their gateway often names no upstream.
    fn is_nameless(&self) -> bool {
        self.key.upstream.is_empty() && NAMELESS.contains(&self.key.kind)
    }

    /// Whether the error log tells of attempts here that made failures of those that count.
    fn tells_of_failures(&self, statuses: &Statuses) -> bool {
        self.told().any(|item| statuses.contains(item.sign.status))
    }

    /// Whether what the error log tells here of attempts of a bucket is all the same.
    fn says_one_thing(&self, of: usize, statuses: &Statuses) -> bool {
        let counts = |item: &&Evidence| statuses.contains(item.sign.status) && bucket(item.sign.status) == of;
        self.told().filter(counts).count() == 1
    }

    /// Failures in the access log of each bucket, or, where there are more of them, failed attempts.
    fn failed(&self) -> [u64; BUCKETS] {
        let Some(trouble) = self.cell.trouble.as_deref().filter(|_| self.accessed) else { return [0; BUCKETS] };
        if trouble.failed_attempts <= trouble.failures {
            return std::array::from_fn(|bucket| trouble.failures_in(bucket));
        }
        let mut failed = [0; BUCKETS];
        for item in trouble.evidence.iter().filter(|item| item.source == Source::Access) {
            failed[bucket(item.sign.status)] += item.attempts;
        }
        failed
    }

    /// Of those, the ones of which an error log may know better than the access log what they are made of.
    fn open(&self) -> [u64; BUCKETS] {
        let (mut open, trouble) = (self.failed(), self.trouble());
        let are_attempts = trouble.failed_attempts > trouble.failures;
        for item in trouble.evidence.iter().filter(|item| item.source == Source::Access && !is_open(item.sign)) {
            let open = &mut open[bucket(item.sign.status)];
            *open = open.saturating_sub(if are_attempts { item.attempts } else { item.failures });
        }
        open
    }

    /// How many attempts of each bucket more than it has an error log may tell of what has `failed` here.
    fn room(&self, failed: fn(&Self) -> [u64; BUCKETS], statuses: &Statuses) -> [u64; BUCKETS] {
        let (failed, told) = (failed(self), self.told_by_bucket(statuses));
        let room = std::array::from_fn(|bucket| failed[bucket].saturating_sub(told[bucket]));
        up_to(failed.iter().sum::<u64>().saturating_sub(told.iter().sum()), room)
    }

    /// Attempts that the error log tells of here, by the bucket of their status.
    fn told_by_bucket(&self, statuses: &Statuses) -> [u64; BUCKETS] {
        let mut told = [0; BUCKETS];
        for item in self.told().filter(|item| statuses.contains(item.sign.status)) {
            told[bucket(item.sign.status)] += item.attempts;
        }
        told
    }

    /// How many of `spare` attempts of each bucket, of which the error log tells here, may be about failures of
    /// `host`'s for which it has not `told` the reason: a part as large as that of this row's clients that failed
    /// there.
    fn may_be_about(&self, host: &Self, spare: &[u64; BUCKETS], told: &[u64; BUCKETS]) -> [u64; BUCKETS] {
        let (shared, of) = self.trouble().told_clients.shared_with(&host.trouble().clients);
        std::array::from_fn(|bucket| {
            let part = (spare[bucket] * shared as u64).div_ceil(of.max(1) as u64);
            part.min(host.trouble().failures_in(bucket).saturating_sub(told[bucket]))
        })
    }

    /// Takes out what the error log tells of up to `most` attempts of each bucket, and of up to `others` that made no
    /// failure of those that count. Requests and all other evidence stay.
    fn split_off(&mut self, mut most: [u64; BUCKETS], mut others: u64, statuses: &Statuses) -> Trouble {
        let mut part = Trouble::default();
        let Some(trouble) = self.cell.trouble.as_deref_mut() else { return part };
        for item in trouble.evidence.iter_mut().filter(|item| item.source == Source::ErrorLog) {
            let counts = statuses.contains(item.sign.status);
            let most = if counts { &mut most[bucket(item.sign.status)] } else { &mut others };
            let taken = item.attempts.min(*most);
            *most -= taken;
            if taken > 0 {
                part.add_evidence(item.split_off(taken));
            }
        }
        trouble.evidence.retain(|item| item.source != Source::ErrorLog || item.attempts > 0);
        let failed =
            || trouble.evidence.iter().filter(|item| [Source::Access, Source::ErrorLog].contains(&item.source));
        let slots = failed().fold(0, |all, item| all | item.slots);
        if failed().all(|item| item.source != Source::ErrorLog) {
            // The last of it takes along when, to whom and on which paths it happened.
            part.told_paths = std::mem::take(&mut trouble.told_paths);
            part.told_clients = std::mem::take(&mut trouble.told_clients);
            if failed().next().is_none() {
                part.ids = std::mem::take(&mut trouble.ids);
            }
            part.slots = trouble.slots;
        }
        trouble.slots = slots;
        if trouble.evidence.is_empty() {
            self.cell.trouble = None;
        }
        part
    }
}

impl Trouble {
    /// Gives the lines of an error log the times of the failures that they explain: those of the access log.
    fn happened_with(&mut self, failed: &Self) {
        let mut times = failed.evidence.iter().filter(|item| item.source == Source::Access);
        let Some(one) = times.next() else { return };
        let of_both = |a: (Stamp, Stamp, u64), b: &Evidence| (a.0.min(b.first), a.1.max(b.last), a.2 | b.slots);
        let (first, last, slots) = times.fold((one.first, one.last, one.slots), of_both);
        self.slots = slots;
        for item in &mut self.evidence {
            (item.first, item.last, item.slots) = (first, last, slots);
        }
    }
}

impl Evidence {
    /// Takes out as many attempts, with a line for each.
    fn split_off(&mut self, attempts: u64) -> Self {
        let lines = self.lines.min(attempts);
        let not_repeatable = self.not_repeatable.min(lines);
        self.attempts -= attempts;
        self.lines -= lines;
        self.not_repeatable -= not_repeatable;
        Self { lines, attempts, not_repeatable, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::Key;
    use super::*;
    use crate::aggregate::{Place, status_column};
    use crate::cause::{Cause, Seen, Sign, Strength};

    const fn sign(kind: &'static str, status: u16) -> Sign {
        Sign { kind, cause: Cause::Unknown, strength: Strength::Strong, says: "", seen: Seen::Field, status }
    }

    /// A row of Traefik's without an upstream, with three requests, at which its own log tells of one attempt with each
    /// of these signs, at these times.
    fn nameless(told: [(&'static Sign, u64); 2]) -> Row {
        let (proxy, group, upstream) = (Proxy::TRAEFIK.name().to_owned(), String::new(), String::new());
        let key = Arc::new(Key { proxy, group, upstream, kind: Proxy::TRAEFIK });
        let mut cell = Cell { requests: 3, ..Cell::default() };
        for (sign, slots) in told {
            let place = Place { input: 0, line: 1, text: &Vec::new };
            let evidence = cell.trouble().evidence_of(sign, Source::ErrorLog, Stamp::from_seconds(0), &place);
            (evidence.lines, evidence.attempts, evidence.slots) = (1, 1, slots);
            cell.trouble().slots |= slots;
        }
        Row { key, window: 0, uncounted: false, accessed: true, unnamed: false, cell }
    }

    /// Rows of Apache's without an upstream, by minute: the clients whose requests failed with 504, and those of whom
    /// the error log tells a timeout. Gives how many attempts it tells of in each, after they are joined.
    fn joined_by_client(minutes: &[(&[&str], &[&str])]) -> Vec<u64> {
        static TIMEOUT: Sign = sign("a-timeout", 504);
        static FAILED: Sign = sign("failed", 504);
        let (proxy, group, upstream) = (Proxy::APACHE.name().to_owned(), String::new(), String::new());
        let key = Arc::new(Key { proxy, group, upstream, kind: Proxy::APACHE });
        let mut rows: Vec<Row> = Vec::new();
        for (minute, (failed, told)) in (0..).zip(minutes) {
            let mut cell = Cell { requests: 9, ..Cell::default() };
            let trouble = cell.trouble();
            failed.iter().for_each(|client| trouble.clients.add(client.as_bytes()));
            told.iter().for_each(|client| trouble.told_clients.add(client.as_bytes()));
            trouble.failures = failed.len() as u64;
            trouble.statuses[status_column(504).expect("504 has a column")] = trouble.failures;
            let place = Place { input: 0, line: 1, text: &Vec::new };
            let at = Stamp::from_seconds(minute * 60);
            let access = trouble.evidence_of(&FAILED, Source::Access, at, &place);
            (access.lines, access.failures) = (failed.len() as u64, failed.len() as u64);
            if !told.is_empty() {
                let evidence = trouble.evidence_of(&TIMEOUT, Source::ErrorLog, at, &place);
                (evidence.lines, evidence.attempts) = (told.len() as u64, told.len() as u64);
            }
            let (key, window) = (Arc::clone(&key), minute * 60);
            rows.push(Row { key, window, uncounted: false, accessed: true, unnamed: true, cell });
        }
        join_by_client(&mut rows, &PathNames::default(), &Statuses::gateway(), 60);
        for row in &rows {
            // What moved has the times of the requests.
            assert!(row.told().all(|item| item.first.seconds() == row.window || item.last.seconds() == row.window));
        }
        rows.iter().map(|row| row.told().map(|item| item.attempts).sum()).collect()
    }

    #[test]
    fn late_lines_go_to_the_window_of_their_clients() {
        // A minute's time limit: each window tells of the one before.
        let minutes: [(&[&str], &[&str]); 3] =
            [(&["a", "b", "c"], &[]), (&["d", "e"], &["a", "b", "c"]), (&[], &["d", "e"])];
        assert_eq!(joined_by_client(&minutes), [3, 2, 0]);
        // Nobody of whom the error log tells failed earlier: those failures had another reason.
        assert_eq!(joined_by_client(&[(&["x", "y"], &[]), (&["a", "b"], &["a", "b"])]), [0, 2]);
        assert_eq!(joined_by_client(&[(&["x", "y"], &[]), (&[], &["a", "b"])]), [0, 2]);
        // Behind a load balancer all have one address: only what the own window has no failure for is another's.
        assert_eq!(joined_by_client(&[(&["lb", "lb", "lb"], &[]), (&["lb", "lb"], &["lb", "lb"])]), [0, 2]);
        assert_eq!(joined_by_client(&[(&["lb", "lb"], &[]), (&["lb"], &["lb", "lb", "lb", "lb"])]), [2, 2]);
        // Farther back than any time limit.
        assert_eq!(
            joined_by_client(&[
                (&["a"], &[]),
                (&[], &[]),
                (&[], &[]),
                (&[], &[]),
                (&[], &[]),
                (&[], &[]),
                (&[], &["a"])
            ])[0],
            0
        );
    }

    #[test]
    fn what_stays_has_its_own_times() {
        static TIMEOUT: Sign = sign("a-timeout", 504);
        static BROKE_OFF: Sign = sign("broke-off", 500);
        let shown =
            |trouble: &Trouble| (trouble.evidence.iter().map(|item| item.sign.kind).collect::<Vec<_>>(), trouble.slots);
        let mut row = nameless([(&TIMEOUT, 0b011), (&BROKE_OFF, 0b110)]);
        assert_eq!(shown(&row.split_off([9; BUCKETS], 0, &Statuses::gateway())).0, ["a-timeout"]);
        assert_eq!((shown(row.trouble()), row.cell.requests), ((vec!["broke-off"], 0b110), 3));
        // Where 500 counts, too, all goes, and requests stay.
        let mut statuses = Statuses::gateway();
        statuses.insert(500);
        let mut row = nameless([(&TIMEOUT, 0b011), (&BROKE_OFF, 0b110)]);
        assert_eq!(shown(&row.split_off([9; BUCKETS], 0, &statuses)), (vec!["a-timeout", "broke-off"], 0b111));
        assert_eq!((shown(row.trouble()), row.cell.requests), ((vec![], 0), 3));
        // So do failures of its own, with their times and ids.
        let mut row = nameless([(&TIMEOUT, 0b011), (&BROKE_OFF, 0b110)]);
        let (trouble, place) = (row.cell.trouble(), Place { input: 0, line: 1, text: &Vec::new });
        trouble.ids.add(b"id");
        trouble.evidence_of(&TIMEOUT, Source::Access, Stamp::from_seconds(0), &place).slots = 0b1000;
        row.split_off([9; BUCKETS], 9, &Statuses::gateway());
        assert_eq!((shown(row.trouble()), row.trouble().ids.is_empty()), ((vec!["a-timeout"], 0b1000), false));
    }
}
