//! Apache httpd's access log, where a line shows that it is Apache's: `vhost_combined`, and layouts that name the
//! balancer's member.
//!
//! Plain `common` and `combined` are nginx's byte for byte, and are read as nginx's; which of the two wrote them is
//! told by what else is there (`src/diagnose/keys.rs`). What Apache alone writes is `%v:%p` before the client, a
//! worker's URL (`http://10.0.0.5:8080`, `balancer://api`), and `%X`. What follows `combined` is read by key and,
//! without one, by shape.
//!
//! `%{BALANCER_WORKER_NAME}e` names the member that was tried last, and nothing where `ProxyPass` goes to one server
//! without a balancer. So a line never says that its request reached no server: [`Skim::names_upstream`] is not set.

use super::clf;
use super::nginx::{is_addr_list, is_time_list, plain_name, request_line};
use super::record::sign;
use super::{About, Attempt, Escape, Record, Skim, Skimmed, Statuses, Verdict, What};
use super::{traefik, varnish};
use crate::cause::{Cause, Proxy, Sign, Strength};
use crate::grammar::address::{split_path, split_port};
use crate::grammar::find::find;
use crate::grammar::number::{Micros, seconds, status, uint, whole};
use crate::grammar::text::{among, next_word, place_of, present, word};
use crate::grammar::{Parsed, mismatch, time};
use memchr::{memchr, memchr2, memchr3, memmem};
use nom::{
    Parser as _,
    bytes::complete::tag,
    sequence::{delimited, preceded},
};

pub(super) static ABOUT: About = About {
    name: "apache-access",
    proxy: Proxy::APACHE,
    title: "Apache access log: vhost_combined, or combined with the balancer's member after it",
    layout: "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D worker=%{BALANCER_WORKER_NAME}e …",
    time: "when the request was received",
    source: "Apache httpd, modules/loggers/mod_log_config.c and docs/manual/mod/mod_proxy_balancer.xml",
    samples: &[
        r#"shop.example.com:80 203.0.113.9 - - [21/Nov/2026:02:57:45 +0000] "GET /checkout/pay/584 HTTP/1.1" 503 544 "https://shop.example.com/cart" "curl/7.88.1""#,
        r#"203.0.113.9 - - [21/Nov/2026:02:59:52 +0000] "GET /checkout/pay/584 HTTP/1.1" 200 247 "-" "curl/7.88.1" 1505 worker=http://127.0.0.1:9101 route=api-1"#,
        r#"203.0.113.9 - - [21/Nov/2026:02:59:56 +0000] "GET /checkout/pay/584 HTTP/1.1" 502 578 "-" "curl/7.88.1" 1001794 worker=http://127.0.0.1:9106 route=api-2"#,
        r#"203.0.113.9 - - [21/Nov/2026:02:57:46 +0000] "GET /checkout/pay/584 HTTP/1.1" 502 578 "-" "curl/7.88.1" 3709 worker=- route=-"#,
    ],
    signs: &[&SIGNS],
};

/// What the fields of an access line can show. Apache answers 503 where it did not get a connection, and 502 where it
/// got no answer, even if it waited for one in vain (`ap_proxy_http_process_response`). On a client's connection that
/// has served requests before it gives no answer but closes it, so that the client tries again, unless it had waited
/// for the upstream in vain: the log then has 502 and no bytes.
static SIGNS: [Sign; 8] = [
    sign(
        "apache-upstream-answered",
        Cause::UpstreamError,
        Strength::Conclusive,
        502,
        "the upstream sent this status itself: Apache noted it as the backend's",
    ),
    sign(
        "apache-504-at-once",
        Cause::UpstreamError,
        Strength::Strong,
        504,
        "the answer was 504 within a second, less than any time limit of Apache's: the upstream sent it",
    ),
    sign(
        "apache-502-after-wait",
        Cause::ResponseTimeout,
        Strength::Strong,
        502,
        "Apache answered 502 after a round number of seconds, as it does when its time limit for the answer is over",
    ),
    sign(
        "apache-502-without-a-byte",
        Cause::ClosedEarly,
        Strength::Strong,
        502,
        "Apache closed the client's connection without a byte, as it does where the upstream broke off before it answered",
    ),
    sign(
        "apache-503-after-wait",
        Cause::ConnectTimeout,
        Strength::Weak,
        503,
        "Apache answered 503 after a round number of seconds, as it does when its time limit for connecting is over",
    ),
    sign(
        "apache-503-at-once",
        Cause::ConnectionRefused,
        Strength::Weak,
        503,
        "Apache answered 503 within a millisecond: the balancer's member refused the connection, or was not tried",
    ),
    sign(
        "apache-504-after-wait",
        Cause::ResponseTimeout,
        Strength::Strong,
        504,
        "the answer was 504 after a round number of seconds: Apache's time limit for sending the request or for FastCGI, or one behind it",
    ),
    sign(
        "apache-member-failed",
        Cause::Unknown,
        Strength::Silent,
        503,
        "the request to the balancer's member failed; the line does not say why",
    ),
];
static UPSTREAM_ANSWERED: &Sign = &SIGNS[0];
static UPSTREAM_TIMED_OUT: &Sign = &SIGNS[1];
static RESPONSE_TIMEOUT: &Sign = &SIGNS[2];
static BROKEN_OFF: &Sign = &SIGNS[3];
static CONNECT_TIMEOUT: &Sign = &SIGNS[4];
static REFUSED: &Sign = &SIGNS[5];
static GATEWAY_TIMEOUT: &Sign = &SIGNS[6];
static BLIND: &Sign = &SIGNS[7];

/// What `%X` says of a connection that the client gave up before the response was complete.
const ABORTED: &[u8] = b"X";

const MILLISECOND: Micros = 1_000;
const SECOND: Micros = 1_000_000;

/// What a time limit's timer, and all else, may add to it.
const TIMER: Micros = 50_000;

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    skim_with(line, own_tail)
}

/// [`skim`] where the user says that lines are Apache's.
pub(super) fn skim_named(line: &[u8]) -> Option<Skimmed<'_>> {
    skim_with(line, named_tail)
}

#[inline(always)]
fn skim_with<'a>(line: &'a [u8], tail: impl Fn(&clf::Line<'a>) -> Option<Tail<'a>>) -> Option<Skimmed<'a>> {
    if line.first() == Some(&b'[') && ssl_request(line).is_ok() {
        return Some(Skimmed::Full);
    }
    let line = clf::line(line)?;
    let tail = tail(&line)?;
    let upstream = tail.upstream();
    // Without a status it has no outcome either.
    let Some(status) = whole(line.status, status) else { return Some(Skimmed::Full) };
    Some(Skimmed::Plain(Skim {
        when: Some(line.when),
        status,
        group: tail.group(),
        upstream,
        names_upstream: false,
        attempted: !upstream.is_empty(),
        duration: tail.duration(),
    }))
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    read_with(line, own_tail)
}

/// [`read`] where the user says that lines are Apache's.
pub(super) fn read_named(line: &[u8]) -> Option<Record<'_>> {
    read_with(line, named_tail)
}

fn read_with<'a>(line: &'a [u8], tail: impl Fn(&clf::Line<'a>) -> Option<Tail<'a>>) -> Option<Record<'a>> {
    if line.first() == Some(&b'[')
        && let Ok((_, record)) = ssl_request(line)
    {
        return Some(record);
    }
    let line = clf::line(line)?;
    let tail = tail(&line)?;
    let upstream = tail.upstream();
    let duration = tail.duration();
    let attempt = Attempt { upstream, status: tail.proxy_status, response: duration, ..Attempt::default() };
    Some(Record {
        upstream_status: tail.proxy_status,
        group: tail.group(),
        upstream,
        duration,
        trace_id: tail.trace_id,
        flags: tail.connection,
        attempts: (!upstream.is_empty()).then_some(attempt).into_iter().collect(),
        ..line.record()
    })
}

/// `[28/Sep/2026:12:00:00 +0600] 203.0.113.9 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET / HTTP/1.1" 1375`: what the
/// configuration that httpd comes with (`docs/conf/extra/httpd-ssl.conf`) has written besides the access log. It has no
/// status, and each of its requests stands in the access log too: they do not count.
fn ssl_request(i: &[u8]) -> Parsed<'_, Record<'_>> {
    let (i, when) = delimited(tag("["), time::clf, tag("] ")).parse(i)?;
    let (i, (client, protocol, _cipher)) = (word, next_word, next_word).parse(i)?;
    let (i, request) = preceded(tag(" "), clf::text).parse(i)?;
    let (i, bytes) = next_word(i)?;
    let known = [&b"-"[..], b"TLSv", b"SSLv"].iter().any(|start| protocol.starts_with(start));
    if !known || !i.is_empty() || bytes != b"-" && whole(bytes, uint).is_none() {
        return mismatch();
    }
    let (method, path) = request_line(present(request));
    let record = Record {
        what: What::Notice,
        when: Some(when),
        method,
        path,
        bytes: whole(bytes, uint),
        client: present(client),
        escape: Escape::Hex,
        ..Record::default()
    };
    Ok((i, record))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let status = record.status.filter(|status| statuses.contains(*status));
    let hint = status.and_then(|status| hint(record, status));
    Verdict {
        request: hint,
        attempts: record.attempts.iter().map(|_| hint.or(status.map(|_| BLIND))).collect(),
        client_gave_up: record.flags == ABORTED,
    }
}

/// What status and time of a failed request hint at.
fn hint(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    let waited = |time: Micros| time >= SECOND && time % SECOND <= TIMER;
    match (status, record.duration) {
        _ if record.upstream_status == Some(status) => Some(UPSTREAM_ANSWERED),
        (502, _) if record.bytes == Some(0) && record.method != b"HEAD" => Some(BROKEN_OFF),
        (502, Some(time)) if waited(time) => Some(RESPONSE_TIMEOUT),
        (503, Some(time)) if waited(time) => Some(CONNECT_TIMEOUT),
        (503, Some(time)) if time < MILLISECOND && !record.upstream.is_empty() => Some(REFUSED),
        (504, Some(time)) if waited(time) => Some(GATEWAY_TIMEOUT),
        (504, Some(time)) if time < SECOND => Some(UPSTREAM_TIMED_OUT),
        _ => None,
    }
}

/// Whether a line that looks like `combined` is Apache's, and nobody else's.
pub(super) fn is_apache(line: &clf::Line<'_>) -> bool {
    own_tail(line).is_some()
}

/// What follows the headers of a line of Apache's; `None` where the line need not be Apache's.
fn own_tail<'a>(line: &clf::Line<'a>) -> Option<Tail<'a>> {
    let virtual_host = line.host.is_some_and(|host| !split_port(host).1.is_empty());
    // nginx always has a status and a zone.
    let no_status = line.status == b"-";
    let apaches = virtual_host || no_status || !line.has_zone();
    if line.tail.is_empty() && line.between.is_empty() {
        return apaches.then(Tail::default);
    }
    let headless = if line.agent.is_none() { line.tail } else { b"" };
    let has_mark = || {
        may_have_mark(line.tail)
            || !line.between.is_empty() && (may_have_mark(line.between) || has_unit(line.between))
            || !headless.is_empty() && has_unit(headless)
    };
    if !apaches && !has_mark() {
        return None;
    }
    let tail = Tail::read([line.between, line.tail]);
    if varnish::is_varnish(line) || no_status && traefik::ends_so(line.tail) {
        return None;
    }
    (tail.marked || apaches && !tail.foreign).then_some(tail)
}

/// What follows the headers of a line that is said to be Apache's; `None` where another has left its mark on it.
fn named_tail<'a>(line: &clf::Line<'a>) -> Option<Tail<'a>> {
    own_tail(line).or_else(|| {
        let tail = Tail::read([line.between, line.tail]);
        let foreign = tail.foreign || varnish::is_varnish(line) || traefik::ends_so(line.tail);
        (!foreign).then_some(tail)
    })
}

/// Whether a value with a key shows that Apache wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Whatever it is.
    Always,
    /// If it is a URL.
    ByValue,
    /// Never.
    Never,
}

impl Mark {
    /// The mark of a key, in lower case and with letters and digits alone.
    pub(super) fn of(key: &[u8]) -> Self {
        match key {
            b"worker" | b"workername" | b"balancerworkername" | b"balancerworker" | b"member" | b"balancermember" => {
                Self::Always
            }
            b"x" | b"conn" | b"connection" | b"connectionstatus" => Self::Always,
            b"backend" | b"backendurl" | b"upstream" | b"balancer" | b"balancername" | b"bal" | b"lb" => Self::ByValue,
            _ => Self::Never,
        }
    }
}

/// Whether a tail can have anything that Apache alone writes, by a byte of `worker`, of `://`, or of what `%X` gives: a
/// quick look, for every line that nginx wrote.
fn may_have_mark(tail: &[u8]) -> bool {
    memchr3(b'/', b'+', b'X', tail).is_some() || memchr2(b'k', b'K', tail).is_some()
}

/// Whether there is a time with its unit before it, as people lay out `%{ms}T` and `%{us}T`: no time of nginx's is a
/// whole number of those.
fn has_unit(text: &[u8]) -> bool {
    [&b" ms:"[..], b" us:"].iter().any(|key| memmem::find(text, key).is_some())
}

/// What stands behind the headers, and between them and the sizes.
#[derive(Clone, Copy, Debug, Default)]
struct Tail<'a> {
    /// The worker's URL.
    worker: &'a [u8],
    /// The balancer's URL.
    balancer: &'a [u8],
    /// The status that the backend sent: `%{proxy-status}n`.
    proxy_status: Option<u16>,
    trace_id: &'a [u8],
    /// `%X`
    connection: &'a [u8],
    /// How long the request took, where a key says so.
    duration: Option<Micros>,
    numbers: Numbers,
    /// Whether there is anything that only Apache writes.
    marked: bool,
    /// Whether there is anything that only others write: addresses without a scheme, times with three decimals.
    foreign: bool,
}

impl<'a> Tail<'a> {
    fn read(texts: [&'a [u8]; 2]) -> Self {
        let mut tail = Self::default();
        for mut rest in texts {
            while let Some((after, item)) = Item::next(rest) {
                tail.add(item);
                rest = after;
            }
        }
        tail
    }

    fn add(&mut self, item: Item<'a>) {
        let value = present(item.value);
        self.foreign |= is_others(value);
        let mut buffer = [0; 32];
        match plain_name(item.key, &mut buffer) {
            b"" => self.add_bare(item),
            b"worker" | b"workername" | b"balancerworkername" | b"balancerworker" | b"member" | b"balancermember" => {
                self.set_worker(value);
                self.marked |= value.is_empty() || !self.worker.is_empty();
            }
            b"backend" | b"backendurl" | b"upstream" if is_worker(value) => self.set_worker(value),
            b"balancer" | b"balancername" | b"bal" | b"lb" if value.starts_with(BALANCER) => self.set_balancer(value),
            b"proxystatus" | b"backendstatus" | b"upstreamstatus" => self.proxy_status = whole(value, status),
            b"uniqueid" | b"requestid" | b"reqid" | b"traceid" | b"id" | b"rid" | b"logid" => self.trace_id = value,
            b"x" | b"conn" | b"connection" | b"connectionstatus" => self.set_connection(value),
            key => {
                self.duration = self.duration.or_else(|| time(key, value));
                self.marked |= matches!(item.key, b"ms" | b"us") && !item.quoted && whole(value, uint).is_some();
            }
        }
    }

    /// A value without a key.
    fn add_bare(&mut self, item: Item<'a>) {
        match item.value {
            // Browsers send such URLs too (`Origin`), but whoever logs what they send puts it in quotes.
            value if !item.quoted && value.starts_with(BALANCER) => self.set_balancer(value),
            value if !item.quoted && is_worker(value) => self.set_worker(value),
            b"X" | b"+" if !item.quoted => self.set_connection(item.value),
            value => match whole(value, uint) {
                Some(number) => self.numbers.add(number),
                None => self.duration = self.duration.or_else(|| seconds_and_micros(value).or_else(|| decimal(value))),
            },
        }
    }

    fn set_worker(&mut self, value: &'a [u8]) {
        if value.starts_with(BALANCER) {
            self.set_balancer(value);
        } else if is_worker(value) {
            (self.worker, self.marked) = (value, true);
        }
    }

    fn set_balancer(&mut self, value: &'a [u8]) {
        (self.balancer, self.marked) = (value, true);
    }

    fn set_connection(&mut self, value: &'a [u8]) {
        if matches!(value, b"X" | b"+") {
            (self.connection, self.marked) = (value, true);
        }
    }

    fn upstream(&self) -> &'a [u8] {
        worker_address(self.worker)
    }

    fn group(&self) -> &'a [u8] {
        self.balancer.strip_prefix(BALANCER).unwrap_or_default()
    }

    fn duration(&self) -> Option<Micros> {
        self.duration.or_else(|| self.numbers.duration())
    }
}

/// One of the values in a tail.
#[derive(Clone, Copy)]
struct Item<'a> {
    /// Empty where the value has none.
    key: &'a [u8],
    value: &'a [u8],
    quoted: bool,
}

impl<'a> Item<'a> {
    /// The next value, and what follows it: `479`, `worker=http://10.0.0.5:80`, `worker="…"`, `"worker=…"`.
    fn next(i: &'a [u8]) -> Option<(&'a [u8], Self)> {
        let start = i.iter().position(|byte| !clf::is_separator(*byte))?;
        let i = &i[start..];
        if let Ok((rest, inside)) = clf::text(i) {
            let (key, value) = split_key(inside);
            return Some((rest, Self { key, value, quoted: true }));
        }
        let mut end = clf::bare_end(i);
        // A worker's URL with a socket has a bar inside: `unix:/run/app.sock|http://localhost`.
        while i.get(end) == Some(&b'|') && place_of(&i[..i.len().min(32)], b"unix:/").is_some() {
            end += 1 + clf::bare_end(&i[end + 1..]);
        }
        let (key, value) = split_key(&i[..end]);
        if value.is_empty()
            && let Ok((rest, value)) = clf::text(&i[end..])
        {
            return Some((rest, Self { key, value, quoted: true }));
        }
        // A quote that nothing closes is a value of its own.
        let end = end.max(1);
        Some((&i[end..], Self { key, value, quoted: false }))
    }
}

/// `key=value` or `key:value`, but not `http://…`, `unix:/…` or `10.0.0.5:80`; without a key the whole is the value.
fn split_key(item: &[u8]) -> (&[u8], &[u8]) {
    const IN_KEY: [bool; 256] = among(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-.%{}");
    let length = item.iter().take_while(|byte| IN_KEY[usize::from(**byte)]).count();
    let is_name = item.first().is_some_and(u8::is_ascii_alphabetic);
    match &item[length..] {
        [b'=', value @ ..] if is_name => (&item[..length], value),
        [b':', value @ ..] if is_name && !value.starts_with(b"/") => (&item[..length], value),
        _ => (b"", item),
    }
}

/// Whether a value is of a kind that only others write. Addresses have a colon and times a point, which most values
/// lack.
fn is_others(value: &[u8]) -> bool {
    find(b':', value).is_some() && is_addr_list(value) || find(b'.', value).is_some() && is_time_list(value)
}

/// How the URL of a balancer begins.
pub(super) const BALANCER: &[u8] = b"balancer://";

/// Whether a value is a worker's URL: a scheme that mod_proxy speaks, a server, and no path.
pub(super) fn is_worker(value: &[u8]) -> bool {
    let Some(at) = place_of(value, b"://") else { return false };
    let (scheme, server) = (&value[..at], value[at + 3..].strip_suffix(b"/").unwrap_or(&value[at + 3..]));
    if value.starts_with(b"unix:/") {
        return memchr(b'|', value).is_some_and(|bar| bar < at);
    }
    let spoken = matches!(
        scheme,
        b"http" | b"https" | b"h2" | b"h2c" | b"ws" | b"wss" | b"fcgi" | b"ajp" | b"uwsgi" | b"scgi" | b"balancer"
    );
    spoken && !server.is_empty() && memchr(b'/', server).is_none()
}

/// The server in a worker's URL, as the error log names it: `10.0.0.5:8080` of `http://10.0.0.5:8080`,
/// `unix:/run/app.sock` of `unix:/run/app.sock|http://localhost`.
pub(super) fn worker_address(url: &[u8]) -> &[u8] {
    if url.starts_with(b"unix:") {
        return &url[..memchr(b'|', url).unwrap_or(url.len())];
    }
    split_path(place_of(url, b"://").map_or(url, |at| &url[at + 3..])).0
}

/// A duration with a key that is called so for it. `%D` counts microseconds, and so does what bears no unit.
fn time(key: &[u8], value: &[u8]) -> Option<Micros> {
    let unit = match key {
        b"us" | b"usec" | b"micros" | b"microseconds" | b"timeus" | b"durationus" | b"d" => 1,
        b"ms" | b"msec" | b"millis" | b"milliseconds" | b"timems" | b"durationms" => MILLISECOND,
        b"s" | b"sec" | b"seconds" | b"t" | b"timesec" | b"times" => SECOND,
        b"time" | b"duration" | b"rt" | b"requesttime" | b"responsetime" | b"elapsed" | b"took" | b"timetaken" => 1,
        _ => return None,
    };
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let unit = match &value[digits..] {
        b"" => unit,
        b"us" => 1,
        b"ms" => MILLISECOND,
        b"s" => SECOND,
        _ => return whole(value, seconds),
    };
    whole(&value[..digits], uint).and_then(|number| number.checked_mul(unit))
}

/// `%T/%D`: whole seconds, and the same in microseconds.
fn seconds_and_micros(value: &[u8]) -> Option<Micros> {
    let (first, second) = value.split_at(memchr(b'/', value)?);
    let (whole_seconds, micros) = (whole(first, uint)?, whole(&second[1..], uint)?);
    (micros / SECOND == whole_seconds).then_some(micros)
}

/// `0.012`: Tomcat's `%T` counts seconds.
fn decimal(value: &[u8]) -> Option<Micros> {
    memchr(b'.', value).and_then(|_| whole(value, seconds))
}

/// Whole numbers without keys, of which only their relations tell what they are.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    first: [u64; 4],
    count: usize,
}

impl Numbers {
    fn add(&mut self, number: u64) {
        if let Some(place) = self.first.get_mut(self.count) {
            *place = number;
        }
        self.count += 1;
    }

    /// How long the request took: `%D` alone, `%D` beside `%T`, or `%D` beside `%I %O %S`. Two others are `%I %O`.
    fn duration(&self) -> Option<Micros> {
        match self.first.get(..self.count)? {
            [micros] => Some(*micros),
            [a, b] if b / SECOND == *a => Some(*b),
            [a, b] if a / SECOND == *b => Some(*a),
            [a, b, c, d] if a.checked_add(*b) == Some(*c) => Some(*d),
            [a, b, c, d] if b.checked_add(*c) == Some(*d) => Some(*a),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{kinds, lines, only};
    use super::super::nginx::tests::{agree, told};
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        let record = read(line.as_bytes());
        assert_eq!(agree(skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        told(record)
    }

    /// Reads a line that ends with `tail`; what is the same in all is left out.
    fn tail_of(host: &str, tail: &str) -> String {
        let line =
            format!(r#"{host}203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET /a HTTP/1.1" 502 578 "-" "ua"{tail}"#);
        said(&line)
            .replace("status=502 ", "")
            .replace("method=GET host=shop path=/a bytes=578 ", "")
            .replace("method=GET path=/a bytes=578 ", "")
            .replace("client=203.0.113.9 agent=ua", "…")
    }

    #[test]
    fn reads_vhost_combined() {
        let cases = [
            (
                r#"shop.example.com:443 203.0.113.9 - al ice [28/Sep/2026:12:00:00 +0600] "GET /a?b=\"c\" HTTP/1.1" 503 544 "https://r/\"x\"" "curl/8""#,
                r#"status=503 method=GET host=shop.example.com path=/a?b=\"c\" bytes=544 client=203.0.113.9 user=al ice agent=curl/8"#,
            ),
            (
                r#"[2001:db8::1]:80 ::1 - "" [28/Sep/2026:12:00:00 +0600] "-" 408 - "-" "-""#,
                "status=408 host=2001:db8::1 client=::1",
            ),
            (
                r#"shop:80 203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "POST / HTTP/2.0" 200 12"#,
                "status=200 method=POST host=shop path=/ bytes=12 client=203.0.113.9",
            ),
            // `%h:%{remote}p %v:%p`, the client first; and a virtual host that is an address, of a client with a name.
            (
                r#"203.0.113.9:51812 shop:80 - - [28/Sep/2026:12:00:00 +0600] "POST / HTTP/2.0" 200 12 "-" "-""#,
                "status=200 method=POST host=shop path=/ bytes=12 client=203.0.113.9",
            ),
            (
                r#"192.0.2.4:80 2001:db8:9:1 - - [28/Sep/2026:12:00:00 +0600] "POST / HTTP/2.0" 200 12 "-" "-""#,
                "status=200 method=POST host=192.0.2.4 path=/ bytes=12 client=2001:db8:9:1",
            ),
            (
                r#"203.0.113.9 - al [28/Sep/2026:12:00:00] "GET /a HTTP/1.1" 200 12 "-" "ua" 0"#,
                "status=200 method=GET path=/a bytes=12 duration=0.000 client=203.0.113.9 user=al agent=ua",
            ),
            (
                r#"10.0.0.4:80 h.example.com - - [28/Sep/2026:12:00:00 +0600] "POST / HTTP/2.0" 200 12 "-" "-""#,
                "status=200 method=POST host=10.0.0.4 path=/ bytes=12 client=h.example.com",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
        }
        // Latin-1, and what Apache escapes; what that stands for is no text.
        let line = b"shop:80 203.0.113.9 - al\xe9 [28/Sep/2026:12:00:00 +0600] \"GET /caf\xe9\\x80 HTTP/1.1\" 503 1 \"-\" \"-\"\r";
        let record = read(&line[..line.len() - 1]).unwrap();
        assert_eq!((record.path, record.user), (&b"/caf\xe9\\x80"[..], &b"al\xe9"[..]));
        assert_eq!(&*record.shown(record.path), b"/caf\xe9\\x80");
    }

    #[test]
    fn reads_what_ssl_requests_were_without_counting_them() {
        let line =
            r#"[28/Sep/2026:12:00:00 +0600] 203.0.113.9 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET /a?b HTTP/1.1" 1375"#;
        let told = "what=Notice method=GET path=/a?b bytes=1375 client=203.0.113.9";
        assert_eq!(said(line), told);
        assert!(only(Format::ApacheAccess, line).is_some());
        assert_eq!(said(&line.replace(" 1375", " -")), told.replace(" bytes=1375", ""));
        assert_eq!(said(&line.replace("TLSv1.3 TLS_AES_256_GCM_SHA384", "- -")), told);
        for other in [line.replace(" 1375", " 1375 1"), line.replace("TLSv1.3", "1.3"), line.replace("] ", "]")] {
            assert_eq!(said(&other), "not claimed", "{other}");
        }
    }

    #[test]
    fn reads_times_behind_vhost_combined() {
        let cases = [
            ("", "…"),
            (" 1001794", "duration=1.002 …"),
            (" 1/1001794", "duration=1.002 …"),
            (" 1 1001794", "duration=1.002 …"),
            (" 1001794 1", "duration=1.002 …"),
            (" 0 479", "duration=0.000 …"),
            // %I %O, then with %S and %D.
            (" 310 578", "…"),
            (" 310 578 888 2500", "duration=0.003 …"),
            (" 2500 310 578 888", "duration=0.003 …"),
            (" 310 578 2500", "…"),
            (" time=2500", "duration=0.003 …"),
            (" time_ms=12", "duration=0.012 …"),
            (" 12ms", "…"),
            (r#" "duration=12ms""#, "duration=0.012 …"),
            (" D:2500 id=aR-5qQ", "duration=0.003 … trace=aR-5qQ"),
            (" T=2 D=2500000", "duration=2.000 …"),
        ];
        for (tail, expected) in cases {
            assert_eq!(tail_of("shop:80 ", tail), expected, "{tail}");
        }
    }

    #[test]
    fn reads_the_balancers_member() {
        let one = "upstream=10.0.0.5:8080 duration=0.003 … attempts=[10.0.0.5:8080 - -/-/0.003]";
        let cases = [
            (" 2500 worker=http://10.0.0.5:8080 route=api-1", one),
            (" 2500 http://10.0.0.5:8080 api-1", one),
            (r#" time=2500 worker="http://10.0.0.5:8080""#, one),
            (r#" "BALANCER_WORKER_NAME=http://10.0.0.5:8080/" 2500"#, one),
            (" 2500 worker=- route=-", "duration=0.003 …"),
            (
                " 2500 balancer=balancer://api worker=unix:/run/app.sock|http://localhost proxy-status=502",
                "group=api upstream=unix:/run/app.sock duration=0.003 … attempts=[unix:/run/app.sock 502 -/-/0.003]",
            ),
            (
                " balancer://api fcgi://10.0.0.5:9000",
                "group=api upstream=10.0.0.5:9000 … attempts=[10.0.0.5:9000 - -/-/-]",
            ),
            (" 2500 +", "duration=0.003 …"),
            (" 10.0.0.4 + 0.012", "duration=0.012 …"),
        ];
        for (tail, expected) in cases {
            assert_eq!(tail_of("", tail), expected, "{tail}");
        }
    }

    #[test]
    fn leaves_the_lines_of_others() {
        let cases = [
            ("", ""),
            ("shop ", ""),
            ("", " 2500"),
            ("", " 0.012 0.010"),
            ("", r#" "http://localhost:3000""#),
            ("", r#" rt=0.001 ua="10.0.0.5:80" us="502" urt="0.001""#),
            ("", " 178 0.001 [default-api-8080] [] 10.0.0.5:80 73 0.001 200 0fd68a230f26753df5f0a281147a3262"),
            // A virtual host's port before what only nginx writes.
            ("shop:80 ", " 0.012 0.010"),
            ("shop:80 ", r#" "172.17.0.3:80""#),
            // Traefik, HAProxy
            ("", r#" 1 "web@docker" "http://172.18.0.2:80" 0ms"#),
            ("", r#" 49408 409 "web" "api" "<NOSRV>" 0 -1 -1 -1 0 SC-- 0 0 0 0 3 0 0 "" """#),
        ];
        assert_eq!(
            said(r#"203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "-" - - "-" "-" 1 "-" "-" 0ms"#),
            "not claimed"
        );
        for (host, tail) in cases {
            assert_eq!(tail_of(host, tail), "not claimed", "{host} {tail}");
        }
    }

    #[test]
    fn judges_by_status_and_time() {
        let signs = |status: &str, tail: &str| {
            let line = format!(
                r#"a:80 203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" {status} 1 "-" "-"{tail}"#
            );
            kinds(Format::ApacheAccess, &line)
        };
        let member = " worker=http://10.0.0.5:80";
        let cases = [
            ("502", " 60000500", Some("apache-502-after-wait")),
            ("502", " 1700000", None),
            ("502", "", None),
            ("503", " 5001000", Some("apache-503-after-wait")),
            ("503", " 400", None),
            ("504", " 30002000", Some("apache-504-after-wait")),
            ("504", " 900", Some("apache-504-at-once")),
            ("504", "", None),
            ("500", " 60000500", None),
            ("200", " 60000500", None),
        ];
        for (status, tail, expected) in cases {
            assert_eq!(signs(status, tail), (expected, vec![]), "{status} {tail}");
        }
        let with_member = [
            ("503", " 400", Some("apache-503-at-once"), Some("apache-503-at-once")),
            ("503", " 4000", None, Some("apache-member-failed")),
            ("503", " 400 proxy-status=503", Some("apache-upstream-answered"), Some("apache-upstream-answered")),
            ("200", " 400", None, None),
        ];
        for (status, tail, request, attempt) in with_member {
            assert_eq!(signs(status, &format!("{member}{tail}")), (request, vec![attempt]), "{status} {tail}");
        }
    }

    /// Recorded from 2.4.71, but for the names: the second request on a client's connection, whose upstream broke off.
    #[test]
    fn an_answer_of_no_bytes_is_a_sign() {
        let line = |method: &str, bytes: &str| {
            let line = format!(
                r#"shop.example.com:80 203.0.113.9 - - [21/Nov/2026:03:50:07 +0000] "{method} /close/a HTTP/1.1" 502 {bytes} "-" "curl/8" 3379"#
            );
            kinds(Format::ApacheAccess, &line).0
        };
        assert_eq!(line("GET", "0"), Some("apache-502-without-a-byte"));
        assert_eq!((line("GET", "559"), line("GET", "-"), line("HEAD", "0")), (None, None, None));
    }

    #[test]
    fn a_client_that_went_away_is_known() {
        let gave_up = |connection: &str| {
            let line = format!(
                r#"a:80 203.0.113.9 - - [28/Sep/2026:12:00:00 +0600] "GET / HTTP/1.1" 502 1 "-" "-" 900 {connection}"#
            );
            read(line.as_bytes()).map(|record| judge(&record, &Statuses::gateway()).client_gave_up)
        };
        assert_eq!(["X", "+", "-"].map(gave_up), [Some(true), Some(false), Some(false)]);
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::ApacheAccess, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::ApacheAccess)) {
            let (skimmed, record) = (skim(&line), read(&line));
            prop_assert_eq!(agree(skimmed, record.as_ref()), Ok(()));
        }
    }
}
