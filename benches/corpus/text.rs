//! Pieces that several formats share: time stamps, addresses, requests, user agents.

use super::traffic::{GROUPS, Request};
use std::fmt::{self, Display, Formatter};

/// A point in time, in microseconds since the corpus's first midnight, 2026-11-20T00:00:00Z.
#[derive(Clone, Copy)]
pub(super) struct At(pub(super) i64);

impl At {
    fn day(self) -> i64 {
        20 + self.0 / 86_400_000_000
    }

    fn clock(self) -> [i64; 3] {
        let seconds = self.0 / 1_000_000;
        [seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60]
    }

    /// `20/Nov/2026:10:09:11`
    pub(super) fn clf(self) -> impl Display {
        let [hour, minute, second] = self.clock();
        let day = self.day();
        display(move |f| write!(f, "{day:02}/Nov/2026:{hour:02}:{minute:02}:{second:02}"))
    }

    /// `Nov 20 10:09:11`
    pub(super) fn syslog(self) -> impl Display {
        let [hour, minute, second] = self.clock();
        let day = self.day();
        display(move |f| write!(f, "Nov {day:2} {hour:02}:{minute:02}:{second:02}"))
    }

    /// `2026-11-20T10:09:11.123456Z`
    pub(super) fn iso(self) -> impl Display {
        let [hour, minute, second] = self.clock();
        let (day, micros) = (self.day(), self.micros());
        display(move |f| write!(f, "2026-11-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"))
    }

    /// The part of a second.
    pub(super) fn micros(self) -> i64 {
        self.0 % 1_000_000
    }
}

/// Microseconds as seconds with three decimals, as nginx and ALB write them: `0.012`.
pub(super) fn seconds(micros: i64) -> impl Display {
    display(move |f| write!(f, "{}.{:03}", micros / 1_000_000, micros / 1_000 % 1_000))
}

/// `10.0.2.3:8080`, the server of a group; where it has more than 250 of them, the second number counts on.
pub(super) fn server(group: usize, number: u16) -> impl Display {
    display(move |f| write!(f, "10.{}.{}.{}:8080", number / 250, group + 1, number % 250 + 1))
}

/// The client's address: of the range for benchmarks (RFC 2544), and now and then IPv6.
pub(super) fn client(request: &Request) -> impl Display {
    let bits = request.bits;
    display(move |f| match bits >> 20 & 31 {
        0 => write!(f, "2001:db8:{:x}::{:x}", bits >> 25 & 0xFF, bits >> 33 & 0xFFF),
        _ => write!(f, "198.{}.{}.{}", 18 + (bits >> 25 & 1), bits >> 26 & 0xFF, bits >> 34 & 0xFF),
    })
}

/// The same with a port, as AWS writes it: IPv6 in brackets.
pub(super) fn client_and_port(request: &Request) -> impl Display {
    let (client, port) = (client(request), port(request));
    let v6 = request.bits >> 20 & 31 == 0;
    display(move |f| if v6 { write!(f, "[{client}]:{port}") } else { write!(f, "{client}:{port}") })
}

/// The client's port.
pub(super) fn port(request: &Request) -> u64 {
    32_768 + (request.bits >> 42 & 0x3FFF)
}

/// `GET` or `POST`
pub(super) fn method(request: &Request) -> &'static str {
    if request.bits >> 56 & 7 == 0 { "POST" } else { "GET" }
}

/// The path: an endpoint of the group with the ids of single things in it.
pub(super) fn path(request: &Request) -> impl Display {
    let group = GROUPS[request.group].name;
    let (id, bits) = (request.id, request.bits);
    let (number, page) = (id % 1_000_000, id >> 32 & 15);
    display(move |f| match (group, bits & 3) {
        ("web", 0) => f.write_str("/"),
        ("web", 1) => write!(f, "/products/{number}-blue-running-shoes"),
        ("web", 2) => write!(f, "/category/{}?page={page}", ["shoes", "coats", "books", "bikes"][(id & 3) as usize]),
        ("web", _) => write!(f, "/account/orders/{number}"),
        ("api", 0) => write!(f, "/api/v2/orders/{number}"),
        ("api", 1) => write!(f, "/api/v2/stock?sku=A-{number}&warehouse={page}"),
        ("api", 2) => write!(f, "/api/v2/users/{}/basket", uuid(id)),
        ("api", _) => write!(f, "/api/v2/recommendations?user={number}&limit=20"),
        ("checkout", 0) => write!(f, "/checkout/cart/{number}"),
        ("checkout", 1) => write!(f, "/checkout/{}/pay", uuid(id)),
        ("checkout", _) => write!(f, "/checkout/{}/address", uuid(id)),
        ("search", 0) => write!(f, "/search/suggest?q=run{page}"),
        ("search", _) => write!(f, "/search?q=%22red%20shoes%22&page={page}&session={id:016x}"),
        (_, 0) => write!(f, "/assets/app.{:08x}.js", (1 + (id & 7)) * 0x1F0C_3A95),
        (_, _) => write!(f, "/images/2026-11-{:02}/{number}.webp", 1 + page),
    })
}

fn uuid(id: u64) -> impl Display {
    let low = id.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    display(move |f| {
        let (a, b, c) = (id >> 32, id >> 16 & 0xFFFF, id & 0xFFF);
        write!(f, "{a:08x}-{b:04x}-4{c:03x}-8{:03x}-{:012x}", low >> 52, low & 0xFFFF_FFFF_FFFF)
    })
}

/// A hexadecimal id of `digits` digits, up to 32.
pub(super) fn hex(request: &Request, digits: usize) -> impl Display {
    let wide = u128::from(request.id) << 64 | u128::from(request.bits);
    let shown = wide & (u128::MAX >> (128 - 4 * digits));
    display(move |f| write!(f, "{shown:0digits$x}"))
}

/// User agents. One carries a quote as nginx and AWS escape it, and behind it what a failed request's fields look like.
const AGENTS: [&str; 8] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "okhttp/4.12.0",
    "curl/7.88.1",
    r"probe\x22 502 0 \x22-\x22 ua=\x2210.9.9.9:80\x22 us=\x22502\x22",
];

/// The user agent.
pub(super) fn agent(request: &Request) -> &'static str {
    AGENTS[match request.bits >> 8 & 0xFFF {
        0 => 7,
        1..200 => 4,
        200..600 => 5,
        600..700 => 6,
        700..1_000 => 3,
        1_000..2_000 => 2,
        2_000..3_000 => 1,
        _ => 0,
    }]
}

/// Shows itself through a closure.
fn display(show: impl Fn(&mut Formatter<'_>) -> fmt::Result) -> impl Display {
    struct Shown<F>(F);
    impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for Shown<F> {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            (self.0)(f)
        }
    }
    Shown(show)
}
