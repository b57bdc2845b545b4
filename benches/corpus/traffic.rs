//! One day of requests to servers in five groups, 24 in all unless more are asked for. About one request in a hundred
//! fails, mostly in bursts, unless all are to.
//!
//! Everything is integer arithmetic on numbers from a generator with a fixed seed, so that every machine makes the
//! same.

use super::{Day, Format};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Servers that share their work.
pub(super) struct Group {
    pub(super) name: &'static str,
    /// How many, where there are [`Day::FEWEST_UPSTREAMS`] in all.
    servers: u16,
    /// Requests to it, of a hundred.
    share: u64,
    /// How long it takes at least, in microseconds.
    base: i64,
}

const fn group(name: &'static str, servers: u16, share: u64, base: i64) -> Group {
    Group { name, servers, share, base }
}

/// All groups.
pub(super) const GROUPS: [Group; 5] = [
    group("web", 8, 40, 6_000),
    group("api", 6, 30, 14_000),
    group("checkout", 4, 14, 35_000),
    group("search", 4, 10, 60_000),
    group("assets", 2, 6, 700),
];

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server refused the connection, and no other was tried.
    Refused,
    /// One server refused, the next one answered.
    Saved,
    /// One server refused, and so did the next.
    Exhausted,
    /// The same, and then no server was left.
    NobodyLeft,
    /// One server refused, and a page from elsewhere was sent with the error's status (nginx's `error_page`).
    Fallback,
    /// No server was there to be tried.
    NoServer,
    /// The server did not answer in time.
    Slow,
    /// The server closed the connection before it answered.
    Closed,
    /// The server itself answered 503.
    Busy,
    /// The server itself answered 502.
    Broken,
    /// The proxy answered 503 without asking a server: a limit, a rule.
    Local,
    /// The client gave up.
    Abandoned,
    /// The request could not be read.
    Garbled,
}

/// What makes a request a failure, whatever the format.
const FAILURES: [Fault; 10] = [
    Fault::Refused,
    Fault::Exhausted,
    Fault::NobodyLeft,
    Fault::Fallback,
    Fault::NoServer,
    Fault::Slow,
    Fault::Closed,
    Fault::Busy,
    Fault::Broken,
    Fault::Local,
];

/// A time in which some requests go wrong.
struct Burst {
    /// When it begins, in minutes from midnight, and how many it lasts.
    minutes: (i64, i64),
    group: usize,
    /// The sick server, of as many as the group has at least: of ten times as many, ten are sick. All of them where
    /// there is none.
    server: Option<u16>,
    fault: Fault,
    /// How many requests go wrong, of a hundred.
    share: u64,
}

const fn burst(minutes: (i64, i64), group: usize, server: Option<u16>, fault: Fault, share: u64) -> Burst {
    Burst { minutes, group, server, fault, share }
}

const BURSTS: [Burst; 15] = [
    burst((95, 12), 1, None, Fault::NoServer, 90),
    burst((190, 30), 0, Some(3), Fault::Broken, 50),
    burst((305, 9), 3, Some(1), Fault::Slow, 70),
    burst((431, 25), 0, Some(2), Fault::Saved, 100),
    burst((482, 11), 2, Some(0), Fault::Closed, 60),
    burst((547, 18), 1, Some(4), Fault::Exhausted, 80),
    burst((613, 14), 3, None, Fault::Slow, 55),
    burst((702, 10), 2, None, Fault::Busy, 65),
    burst((741, 6), 0, None, Fault::Local, 35),
    burst((826, 8), 2, None, Fault::Fallback, 85),
    burst((907, 40), 1, Some(1), Fault::Saved, 95),
    burst((978, 5), 1, None, Fault::NobodyLeft, 80),
    burst((1_066, 20), 0, Some(7), Fault::Refused, 100),
    burst((1_150, 45), 1, Some(2), Fault::Closed, 8),
    burst((1_290, 7), 4, None, Fault::NoServer, 100),
];

/// How busy each hour is.
const HOURS: [u64; 24] = [16, 11, 8, 7, 7, 10, 17, 27, 40, 53, 60, 64, 66, 62, 58, 56, 55, 58, 63, 66, 60, 46, 32, 21];

/// One request and what became of it.
#[derive(Clone, Copy)]
pub(super) struct Request {
    /// When it arrived, in microseconds since the corpus's first midnight.
    pub(super) start: i64,
    /// How long it took.
    pub(super) lasted: i64,
    /// Its place in [`GROUPS`].
    pub(super) group: usize,
    /// The server that it was sent to first, and the one that is asked next.
    pub(super) servers: [u16; 2],
    pub(super) fault: Option<Fault>,
    /// What the client was told; `None` where it left before.
    pub(super) status: Option<u16>,
    /// Bytes sent.
    pub(super) size: u64,
    /// Numbers to make up details from.
    pub(super) bits: u64,
    pub(super) id: u64,
}

impl Request {
    /// When it ended.
    pub(super) fn end(&self) -> i64 {
        self.start + self.lasted
    }

    /// Whether a retry saved it.
    pub(super) fn is_saved(&self) -> bool {
        self.fault == Some(Fault::Saved)
    }
}

/// The requests in the order in which their lines are written.
pub(super) struct Traffic {
    format: Format,
    day: Day,
    random: Random,
    /// The hour, and which of its how many requests comes next.
    hour: usize,
    next: u64,
    count: u64,
    made: u64,
    waiting: BinaryHeap<Reverse<Waiting>>,
}

impl Traffic {
    pub(super) fn new(format: Format, day: Day) -> Self {
        let mut traffic = Self {
            format,
            day,
            random: Random(0x6761_7465_7768_7921),
            hour: 0,
            next: 0,
            count: 0,
            made: 0,
            waiting: BinaryHeap::new(),
        };
        traffic.count = traffic.until(1);
        traffic
    }

    /// How many requests arrive before `hour`.
    fn until(&self, hour: usize) -> u64 {
        let all: u64 = HOURS.iter().sum();
        let before: u64 = HOURS[..hour].iter().sum();
        self.day.lines * before / all
    }

    /// When the next request arrives; `None` after the last.
    fn arrive(&mut self) -> Option<i64> {
        while self.next == self.count {
            self.hour += 1;
            if self.hour == HOURS.len() {
                self.hour -= 1;
                return None;
            }
            (self.next, self.count) = (0, self.until(self.hour + 1) - self.until(self.hour));
        }
        let gap = 3_600_000_000 / self.count;
        let offset = self.next * 3_600_000_000 / self.count + self.random.below(gap.max(1));
        self.next += 1;
        Some(self.hour as i64 * 3_600_000_000 + offset as i64)
    }

    fn make(&mut self, start: i64) -> Request {
        let random = &mut self.random;
        let group = pick_group(random.below(100));
        let servers = servers(group, self.day.upstreams);
        let first = random.below(u64::from(servers)) as u16;
        let second = (first + 1 + random.below(u64::from(servers) - 1) as u16) % servers;
        let fault = if self.day.failing {
            Some(FAILURES[random.below(FAILURES.len() as u64) as usize])
        } else {
            fault(start, group, first, random)
        };
        let status = status(self.format, fault, random);
        Request {
            start,
            lasted: lasted(self.format, fault, GROUPS[group].base, random),
            group,
            servers: [first, second],
            fault,
            status,
            size: if status.is_none_or(|status| status >= 300) { 150 + random.below(60) } else { size(random) },
            bits: random.next(),
            id: random.next(),
        }
    }

    /// When the line of `request` is written. Two nodes of an ALB deliver their lines apart: one is some seconds late.
    fn written(&self, request: &Request) -> i64 {
        let late = self.format == Format::Alb && request.bits >> 62 == 0;
        request.end() + if late { 4_000_000 } else { 0 }
    }
}

impl Iterator for Traffic {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        loop {
            let now = self.arrive();
            if let Some(start) = now {
                let request = self.make(start);
                self.made += 1;
                self.waiting.push(Reverse(Waiting { at: (self.written(&request), self.made), request }));
            }
            let due = self.waiting.peek()?.0.at.0;
            // Who arrives later ends later still.
            if now.is_none_or(|now| due <= now) {
                return self.waiting.pop().map(|first| first.0.request);
            }
        }
    }
}

/// A request whose line is not written yet.
struct Waiting {
    at: (i64, u64),
    request: Request,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

fn pick_group(mut percent: u64) -> usize {
    for (number, group) in GROUPS.iter().enumerate() {
        if percent < group.share {
            return number;
        }
        percent -= group.share;
    }
    0
}

/// How many of all servers are the group's: its share, rounded such that all groups' are all servers.
fn servers(group: usize, all: u16) -> u16 {
    let before: u16 = GROUPS[..group].iter().map(|group| group.servers).sum();
    let until = |servers: u16| u32::from(all) * u32::from(servers) / u32::from(Day::FEWEST_UPSTREAMS);
    (until(before + GROUPS[group].servers) - until(before)) as u16
}

/// What goes wrong with a request to `server` at `start`, if anything does.
fn fault(start: i64, group: usize, server: u16, random: &mut Random) -> Option<Fault> {
    let minute = start / 60_000_000;
    let percent = random.below(100);
    for burst in &BURSTS {
        let (from, length) = burst.minutes;
        let hit = (from..from + length).contains(&minute)
            && burst.group == group
            && burst.server.is_none_or(|sick| sick == server % GROUPS[group].servers);
        if hit && percent < burst.share {
            return Some(burst.fault);
        }
    }
    // The trickle that never ends.
    Some(match random.below(20_000) {
        0 => Fault::Closed,
        1 => Fault::Slow,
        2..=3 => Fault::Saved,
        4 => Fault::Broken,
        5..=64 => Fault::Abandoned,
        65..=84 => Fault::Garbled,
        _ => return None,
    })
}

/// What the client is told.
fn status(format: Format, fault: Option<Fault>, random: &mut Random) -> Option<u16> {
    let by_format = |nginx, haproxy, alb, elb| match format {
        Format::Nginx => nginx,
        Format::Haproxy => haproxy,
        Format::Alb => alb,
        Format::Elb => elb,
    };
    Some(match fault {
        Some(Fault::Saved) => 200,
        None => match random.below(1_000) {
            0..3 => 500,
            3..28 => 404,
            28..68 => 304,
            68..88 => 302,
            88..108 => 201,
            _ => 200,
        },
        Some(Fault::Refused | Fault::Exhausted | Fault::NobodyLeft | Fault::Fallback) => by_format(502, 503, 502, 504),
        Some(Fault::NoServer) => by_format(502, 503, 503, 503),
        Some(Fault::Slow) => 504,
        Some(Fault::Closed | Fault::Broken) => 502,
        Some(Fault::Busy | Fault::Local) => 503,
        Some(Fault::Abandoned) if format == Format::Haproxy => return None,
        Some(Fault::Abandoned) => by_format(499, 0, 460, 408),
        Some(Fault::Garbled) => 400,
    })
}

/// How long a request takes, in microseconds.
fn lasted(format: Format, fault: Option<Fault>, base: i64, random: &mut Random) -> i64 {
    let jitter = random.below(1_000) as i64;
    match fault {
        // HAProxy waits a second before it tries the same server again, three times.
        Some(Fault::Refused | Fault::Fallback) if format == Format::Haproxy => 3_000_000 + jitter * 5,
        Some(Fault::Refused | Fault::Exhausted | Fault::NobodyLeft | Fault::Fallback) => jitter * 2,
        Some(Fault::NoServer | Fault::Local | Fault::Garbled) => jitter / 4,
        Some(Fault::Slow) => 60_000_000 + jitter,
        Some(Fault::Closed) => 40_000 + jitter * 300,
        Some(Fault::Abandoned) => 900_000 + jitter * 8_000,
        None | Some(Fault::Saved | Fault::Busy | Fault::Broken) => {
            // Half again as long with each toss of a coin: a few requests take a hundred times as long as most.
            let mut time = base + base * jitter / 1_000;
            for _ in 0..random.next().trailing_zeros().min(12) {
                time += time / 2;
            }
            time
        }
    }
}

fn size(random: &mut Random) -> u64 {
    let scale = 400 << (random.below(8));
    scale + random.below(scale)
}

/// splitmix64: small, fast, and good enough to make up logs.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}
