//! What nginx's own log formats share: the variables that a line gives values to, the upstream lists, and the judgement
//! of a failed request by its times.
//!
//! Every access layout (combined and what follows it, JSON, a `log_format` from the command line) collects [`Vars`],
//! and [`Vars::skim`] and [`Vars::record`] make the same thing of them at two depths.

mod var;

pub(super) use var::{Var, plain_name};

use super::record::{sign, table};
use super::{Attempt, AttemptSigns, Escape, Record, Skim, Skimmed, Statuses, Verdict, is_unsafe};
use crate::cause::{Cause, Sign, Strength};
use crate::grammar::address::{
    self, bare_host, host, is_placeholder, is_server, split_path, split_port, without_userinfo,
};
use crate::grammar::find::{find, find2};
use crate::grammar::number::{Micros, seconds, status, uint, whole};
use crate::grammar::text::{place_of, present};
use crate::grammar::time::{When, clf, epoch, iso};
use memchr::{memchr, memchr2, memmem, memrchr};

/// How many variables keep a value.
const SLOTS: usize = Var::AnyTime as usize;

/// The values that one line gives to nginx's variables, as they stand in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vars<'a> {
    values: [Option<&'a [u8]>; SLOTS],
    /// The time, where it has been read already.
    when: Option<When>,
    escape: Escape,
}

impl<'a> Vars<'a> {
    pub(super) fn new(escape: Escape) -> Self {
        Self { escape, ..Self::default() }
    }

    /// The same, written with that escaping.
    pub(super) fn escaped(self, escape: Escape) -> Self {
        Self { escape, ..self }
    }

    /// Notes the time, which has been read.
    pub(super) fn set_time(&mut self, stamp: &'a [u8], when: When) {
        self.set(Var::Time, stamp);
        self.when = Some(when);
    }

    /// Notes a value. Where two keys mean the same variable, the first that has a value counts.
    pub(super) fn set(&mut self, var: Var, value: &'a [u8]) {
        let var = match var {
            Var::AnyTime if when(value).is_some() => Var::Time,
            Var::AnyTime => Var::RequestTime,
            Var::AddrOrAgent => self.addr_or_agent(value),
            Var::Url => return self.set_url(value),
            Var::UrlArgs => return self.set_url(without_no_args(value)),
            Var::UriArgs => return self.set(Var::Uri, without_no_args(value)),
            var => var,
        };
        let free = |slot: &&mut Option<&[u8]>| slot.is_none_or(|old| present(old).is_empty());
        if let Some(slot) = self.values.get_mut(var as usize).filter(free) {
            *slot = Some(value);
        }
    }

    /// Notes a host and the path behind it.
    fn set_url(&mut self, url: &'a [u8]) {
        let (host, path) = split_path(url);
        self.set(Var::Host, host);
        self.set(Var::RequestUri, path);
    }

    /// What `ua` means: an address where it looks like one; else the user agent, unless that is known already.
    fn addr_or_agent(&self, value: &[u8]) -> Var {
        let is_name = || find2(b' ', b'/', value).is_none();
        if self.has(Var::UserAgent) && is_name() || is_addr_list(value) { Var::UpstreamAddr } else { Var::UserAgent }
    }

    /// Whether the layout has a place for `var`.
    pub(super) fn has(&self, var: Var) -> bool {
        self.values.get(var as usize).is_some_and(Option::is_some)
    }

    /// The value of `var`; empty where it is absent or `-`.
    pub(super) fn get(&self, var: Var) -> &'a [u8] {
        present(self.values.get(var as usize).copied().flatten().unwrap_or_default())
    }

    /// The time of logging, which is the end of the request.
    fn when(&self) -> Option<When> {
        self.when.or_else(|| when(self.get(Var::Time)))
    }

    /// Whether there is a time that can be read.
    pub(super) fn has_time(&self) -> bool {
        self.when().is_some()
    }

    /// The time; `Some(None)` where a line has none, whose envelope then does.
    fn time(&self) -> Option<Option<When>> {
        match self.when() {
            None if !self.get(Var::Time).is_empty() => None,
            when => Some(when),
        }
    }

    /// The status; `Some(None)` where the line says that none was sent, as other servers do (nginx writes 000).
    fn status(&self) -> Option<Option<u16>> {
        match self.values.get(Var::Status as usize).copied().flatten()? {
            b"-" | b"0" => Some(None),
            text => whole(text, status).map(Some),
        }
    }

    /// `$upstream_response_time`, also where it is called `response_time` beside a `$request_time` or is a list.
    fn response_times(&self) -> &'a [u8] {
        let either = self.get(Var::EitherTime);
        match self.get(Var::ResponseTime) {
            b"" if self.has(Var::RequestTime) || is_list(either) => either,
            own => own,
        }
    }

    /// `$request_time`; where the layout has no place for it, what the attempts took together.
    fn duration(&self) -> Option<Micros> {
        if self.has(Var::RequestTime) {
            return whole(self.get(Var::RequestTime), seconds);
        }
        whole(self.get(Var::EitherTime), seconds).or_else(|| {
            let times = list(self.response_times()).filter_map(|time| whole(time, seconds));
            times.reduce(Micros::saturating_add)
        })
    }

    /// What the line says of its attempts, each field a list.
    fn lists(&self) -> Fields<'a> {
        [
            self.get(Var::UpstreamAddr),
            self.get(Var::UpstreamStatus),
            self.get(Var::ConnectTime),
            self.get(Var::HeaderTime),
            self.response_times(),
            self.get(Var::ResponseLength),
        ]
    }

    fn upstreams(&self) -> Upstreams<'a> {
        Upstreams { names: self.has(Var::UpstreamAddr), lists: self.lists().map(list) }
    }

    /// What the proxy balances over; `named` is the group that the upstream list itself names.
    fn group(&self, named: &'a [u8]) -> &'a [u8] {
        let proxy_host = self.get(Var::ProxyHost);
        let proxy_host = if is_server(proxy_host) { b"" } else { proxy_host };
        let groups = [ingress_group(self.get(Var::ProxyUpstream)), named, proxy_host, self.get(Var::ServerName)];
        groups.into_iter().find(|group| !group.is_empty()).unwrap_or_default()
    }

    /// What every line must tell. `None` without a status, or with a time that is none.
    pub(super) fn skim(&self) -> Option<Skimmed<'a>> {
        let (Some(when), Some(status)) = (self.time()?, self.status()?) else { return Some(Skimmed::Full) };
        let addr = self.get(Var::UpstreamAddr);
        let own = self.get(Var::UpstreamStatus);
        let times = [self.response_times(), self.get(Var::ConnectTime), self.get(Var::HeaderTime)];
        let differs = whole(own, self::status).is_some_and(|own| own != status && own >= 400);
        if differs || is_list(addr) || is_list(own) || times.into_iter().any(is_list) {
            return Some(Skimmed::Full);
        }
        let (server, named, attempted) = if is_server(addr) {
            (addr, &b""[..], true)
        } else {
            match self.upstreams().next() {
                Some(Item::NoServer(group)) => (&b""[..], group, false),
                Some(Item::Attempt(attempt)) => (attempt.upstream, &b""[..], true),
                None => (&b""[..], &b""[..], false),
            }
        };
        Some(Skimmed::Plain(Skim {
            when: Some(when),
            status,
            group: self.group(named),
            upstream: server,
            names_upstream: self.has(Var::UpstreamAddr),
            attempted,
            duration: self.duration(),
        }))
    }

    /// Everything. `None` without a status, or with a time that is none.
    pub(super) fn record(&self) -> Option<Record<'a>> {
        Some(self.record_of(self.time()?, self.status()?))
    }

    /// Everything, whether there is a time and a status or not.
    pub(super) fn record_as_far(&self) -> Record<'a> {
        self.record_of(self.when(), self.status().flatten())
    }

    fn record_of(&self, when: Option<When>, status: Option<u16>) -> Record<'a> {
        let mut record = Record {
            when,
            status,
            names_upstream: self.has(Var::UpstreamAddr),
            names_connect: self.has(Var::ConnectTime),
            names_header: self.has(Var::HeaderTime),
            host: bare_host(self.get(Var::Host)),
            bytes: whole(self.get(Var::BodyBytes), uint).or_else(|| whole(self.get(Var::Bytes), uint)),
            duration: self.duration(),
            client: self.client(),
            user: self.get(Var::RemoteUser),
            user_agent: self.get(Var::UserAgent),
            trace_id: self.get(Var::RequestId),
            pid: whole(self.get(Var::Pid), uint),
            escape: self.escape,
            ..Record::default()
        };
        self.request(&mut record);
        let mut named: &[u8] = b"";
        let add = |item: Item<'a>| {
            match item {
                Item::Attempt(attempt) => record.attempts.push(attempt),
                Item::NoServer(group) => (record.no_server, named) = (true, group),
            }
            record.upstream_status = item.status();
        };
        let lists = self.lists();
        // Nearly every request had one attempt, or none.
        match lists.into_iter().any(is_list) {
            true => self.upstreams().for_each(add),
            false if lists.iter().all(|only| only.is_empty()) => {}
            false => item(lists, record.names_upstream).into_iter().for_each(add),
        }
        if let Some(last) = record.attempts.last() {
            (record.upstream, record.connect, record.header) = (last.upstream, last.connect, last.header);
        }
        record.group = self.group(named);
        record
    }

    fn client(&self) -> &'a [u8] {
        match [Var::RemoteAddr, Var::PeerAddr].map(|var| self.get(var)) {
            [b"", b""] => forwarded(self.get(Var::ForwardedFor)),
            [b"", addr] | [addr, _] => without_port(addr),
        }
    }

    fn request(&self, record: &mut Record<'a>) {
        let (method, path) = request_line(self.get(Var::Request));
        let first = |values: [&'a [u8]; 2]| values.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        record.method = first([self.get(Var::Method), method]);
        let (host, path) = target(path);
        record.path = first([self.get(Var::RequestUri), path]);
        record.host = first([record.host, host]);
        // Apache's users also call its `%U` so, which is the path alone.
        let is_path = method.is_empty() && !self.has(Var::RequestUri);
        if record.path.is_empty() {
            record.set_path(self.get(Var::Uri), self.get(Var::Args));
        } else if is_path && find(b'?', record.path).is_none() {
            record.set_path(record.path, self.get(Var::Args));
        }
    }
}

/// `$uri$is_args$args` or `$uri?$args` without what nginx writes where the request had no arguments.
fn without_no_args(path: &[u8]) -> &[u8] {
    let bare = match memchr(b'?', path) {
        Some(_) => path.strip_suffix(b"?-"),
        None => path.strip_suffix(b"-"),
    };
    bare.unwrap_or(path)
}

/// A stamp in one of the three forms that nginx has: `$time_local`, `$time_iso8601`, `$msec`; or in brackets, as Apache's
/// `%t` is.
fn when(value: &[u8]) -> Option<When> {
    let value = value.strip_prefix(b"[").and_then(|value| value.strip_suffix(b"]")).unwrap_or(value);
    let zoned = whole(value, clf).or_else(|| whole(value, iso));
    // `$msec` has ten digits before its point since 2001; a small number is a duration.
    zoned.or_else(|| whole(value, epoch).filter(|_| memchr(b'.', value).unwrap_or(value.len()) == 10))
}

/// ingress-nginx writes `namespace-service-port`; its manual puts `upstream-` before it, as old releases did.
fn ingress_group(name: &[u8]) -> &[u8] {
    match name.strip_prefix(b"upstream-") {
        Some(b"default-backend") | None => name,
        Some(name) => name,
    }
}

/// The methods of RFC 9110, section 9.3, and of RFC 5789.
const METHODS: [&[u8]; 9] = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];

/// `GET /a?b HTTP/1.1` as its method and path. The path may hold spaces, and the protocol may be missing (HTTP/0.9).
/// What a client sends to the wrong port is no request at all: it has no method, and the whole stands for the path,
/// since it is all that was asked for.
pub(super) fn request_line(line: &[u8]) -> (&[u8], &[u8]) {
    let end = find(b' ', line).unwrap_or(line.len());
    let (method, rest) = (&line[..end], line.get(end + 1..).unwrap_or_default());
    // ngx_http_parse_request_line: a method is made of these.
    let is_method = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-');
    if method == b"-" {
        return (b"", b"");
    }
    // A word alone asks for nothing, unless it is a method whose target was cut off.
    if rest.is_empty() && !METHODS.contains(&method) {
        return (b"", line);
    }
    if method.is_empty() || !method.iter().all(is_method) && !is_misspelt(method, rest) {
        return (b"", line.trim_ascii_start());
    }
    if let Some((path, b" HTTP/1.0" | b" HTTP/1.1" | b" HTTP/2.0")) = rest.split_last_chunk::<9>() {
        return (method, path.trim_ascii());
    }
    match memrchr(b' ', rest) {
        Some(at) if rest[at + 1..].starts_with(b"HTTP/") => (method, rest[..at].trim_ascii()),
        // Scanners ask in the words of others: `OPTIONS / RTSP/1.0`.
        Some(at) if matches!(rest, [b'/' | b'*', ..]) && is_protocol(&rest[at + 1..]) => {
            (method, rest[..at].trim_ascii())
        }
        // Words, none of which is a protocol, and the second of which is no target.
        Some(_) if !matches!(rest, [b'/' | b'*', ..]) && memmem::find(rest, b"://").is_none() => (b"", line),
        _ => (method, rest.trim_ascii()),
    }
}

/// Whether a text is a request line beyond doubt: `GET /a HTTP/1.1`, with a target that is a path, a URL, or what
/// `CONNECT` and `OPTIONS` ask for.
pub(super) fn is_request(line: &[u8]) -> bool {
    let (method, target) = request_line(line);
    let is_target = matches!(target, [b'/' | b'*', ..]) || place_of(target, b"://").is_some() || method == b"CONNECT";
    let is_http = memrchr(b' ', line).is_some_and(|at| line[at + 1..].starts_with(b"HTTP/"));
    is_http && is_target && !method.is_empty() && method.iter().all(u8::is_ascii_uppercase)
}

/// Whether a word names a protocol and its version: `RTSP/1.0`.
#[cold]
fn is_protocol(word: &[u8]) -> bool {
    let (name, version) = word.split_at(memchr(b'/', word).unwrap_or(word.len()));
    let is_version = |rest: &[u8]| rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let named = !name.is_empty() && name.iter().all(u8::is_ascii_uppercase);
    named && matches!(version, [b'/', b'0'..=b'9', rest @ ..] if is_version(rest))
}

/// The host and the path of what a request asks for: the host is empty but where that is a whole URL, as proxies are
/// asked and as Varnish logs all requests (`http://shop.example.com/a`).
pub(super) fn target(target: &[u8]) -> (&[u8], &[u8]) {
    let behind = target.strip_prefix(b"http://").or_else(|| target.strip_prefix(b"https://"));
    let Some(behind) = behind else { return (b"", target) };
    let end = behind.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(behind.len());
    let (name, path) = behind.split_at(end);
    (host(without_userinfo(name)), if path.is_empty() { b"/" } else { path })
}

/// Whether a request line is one but for letters in its method that no method has, as in `geti /cart HTTP/1.1`.
#[cold]
fn is_misspelt(method: &[u8], rest: &[u8]) -> bool {
    let protocol = memrchr(b' ', rest).map_or(&b""[..], |at| &rest[at + 1..]);
    method.iter().all(u8::is_ascii_alphabetic) && protocol.starts_with(b"HTTP/")
}

/// Whether a value holds more than one item: separators are the only spaces in a list.
fn is_list(value: &[u8]) -> bool {
    find(b' ', value).is_some()
}

/// The items of an upstream list, in order; none where there is no value.
///
/// `group = item *( ", " item )`, `list = group *( " : " group )`; either end may be empty. A colon alone separates
/// nothing: it stands in `[::1]:80` and `unix:/run/app.sock` (`ngx_http_upstream_addr_variable`).
pub(super) fn list(value: &[u8]) -> Items<'_> {
    Items { rest: Some(value).filter(|value| !value.is_empty()) }
}

/// See [`list`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Items<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Items<'a> {
    /// The next item; empty where it is `-` or there is none.
    fn item(&mut self) -> &'a [u8] {
        present(self.next().unwrap_or_default())
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.take()?;
        let mut from = 0;
        while let Some(space) = find(b' ', &rest[from..]).map(|ahead| from + ahead) {
            from = space + 1;
            let after = &rest[from..];
            if space > 0 && rest[space - 1] == b',' {
                self.rest = Some(after);
                return Some(&rest[..space - 1]);
            }
            // What took off the line's last space left ` :` alone.
            if after.starts_with(b": ") || after == b":" {
                self.rest = Some(after.get(2..).unwrap_or_default());
                return Some(&rest[..space]);
            }
        }
        Some(rest)
    }
}

/// What a line says of an attempt: the upstream's address, its status, the times until connected, until the header and
/// until the end, and the length of the body.
type Fields<'a> = [&'a [u8]; 6];

/// The upstream lists of one line: the n-th items of each belong together.
struct Upstreams<'a> {
    /// Whether the layout has a place for the address.
    names: bool,
    lists: [Items<'a>; 6],
}

/// One item of the upstream lists.
#[derive(Clone, Copy)]
enum Item<'a> {
    Attempt(Attempt<'a>),
    /// The group that had no server to try, and the status that nginx noted for that.
    NoServer(&'a [u8]),
}

impl Item<'_> {
    fn status(self) -> Option<u16> {
        match self {
            Self::Attempt(attempt) => attempt.status,
            Self::NoServer(_) => Some(502),
        }
    }
}

impl<'a> Iterator for Upstreams<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        while self.lists.iter().any(|list| list.rest.is_some()) {
            let fields = self.lists.each_mut().map(Items::item);
            if let Some(item) = item(fields, self.names) {
                return Some(item);
            }
        }
        None
    }
}

/// What the fields of one attempt say. `names`: the layout has a place for the address.
fn item(fields: Fields<'_>, names: bool) -> Option<Item<'_>> {
    let [upstream, status, connect, header, response, length] = fields;
    // An internal redirect leaves an item without an address: nothing was tried there.
    if names && upstream.is_empty() {
        return None;
    }
    let time = |text: &[u8]| if text.is_empty() { None } else { whole(text, seconds) };
    let attempt = Attempt {
        // Tried, but no server.
        upstream: if is_placeholder(upstream) { b"" } else { upstream },
        status: whole(status, self::status),
        connect: time(connect),
        header: time(header),
        response: time(response),
        length: if length.is_empty() { None } else { whole(length, uint) },
    };
    Some(no_server(attempt).unwrap_or(Item::Attempt(attempt)))
}

/// Where no server can be picked, nginx writes the group's name for an address, 502, and no time at all
/// (`ngx_http_upstream_connect`, NGX_BUSY). A name that took time or answered is only what somebody logs as an address.
fn no_server(attempt: Attempt<'_>) -> Option<Item<'_>> {
    let nothing = matches!(attempt.status, None | Some(502))
        && attempt.connect.is_none()
        && attempt.header.is_none()
        && attempt.response.is_none_or(|time| time <= 1_000);
    (nothing && !attempt.upstream.is_empty() && !is_server(attempt.upstream))
        .then_some(Item::NoServer(attempt.upstream))
}

/// Whether every item is an address with a port or a unix socket; a list may also name a group.
pub(super) fn is_addr_list(value: &[u8]) -> bool {
    let mut found = false;
    let fits = list(value).all(|item| {
        let server = is_ip_port(item) || item.starts_with(b"unix:");
        found |= server;
        server || item.is_empty() || (is_list(value) && is_name(item))
    });
    fits && found
}

/// A client's address, without the port that some write behind it (`$remote_addr:$remote_port`).
pub(super) fn without_port(client: &[u8]) -> &[u8] {
    if is_ip_port(client) { host(client) } else { client }
}

/// The client that `X-Forwarded-For` names: the first of its list.
pub(super) fn forwarded(list: &[u8]) -> &[u8] {
    without_port(address::forwarded(list))
}

/// `10.0.0.5:8080` or `[::1]:80`.
fn is_ip_port(item: &[u8]) -> bool {
    match split_port(item) {
        (_, b"") => false,
        ([b'[', inner @ .., b']'], _) => {
            inner.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.' | b'%'))
        }
        (host, _) => is_ipv4(host),
    }
}

fn is_ipv4(host: &[u8]) -> bool {
    let (mut digits, mut dots) = (0, 0);
    for byte in host {
        match byte {
            b'0'..=b'9' if digits < 3 => digits += 1,
            b'.' if digits > 0 => (digits, dots) = (0, dots + 1),
            _ => return false,
        }
    }
    digits > 0 && dots == 3
}

/// An address without a port, as `X-Forwarded-For` has them.
pub(super) fn is_ip(item: &[u8]) -> bool {
    let v6 = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    is_ipv4(item) || (item.iter().filter(|byte| **byte == b':').count() > 1 && item.iter().all(v6))
}

fn is_name(item: &[u8]) -> bool {
    item.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// Whether a value has the shape of a list of times: seconds with three decimals, or `-`.
pub(super) fn is_time_list(value: &[u8]) -> bool {
    shaped(value, |item| whole(item, seconds).is_some() && item.len() > 4 && item[item.len() - 4] == b'.')
}

/// Whether a value has the shape of a list of statuses: three digits, or `-`.
pub(super) fn is_status_list(value: &[u8]) -> bool {
    shaped(value, |item| whole(item, status).is_some())
}

fn shaped(value: &[u8], shape: impl Fn(&[u8]) -> bool) -> bool {
    let mut found = false;
    let fits = list(value).all(|item| {
        let real = shape(item);
        found |= real;
        real || item == b"-" || item.is_empty()
    });
    fits && found
}

/// A list that stands without quotes, so that its own separators must tell where it ends:
/// `10.0.0.1:80, 10.0.0.2:80 : unix:/tmp/s`. A ` : ` that one more space follows is the list's end.
pub(super) fn bare_list(i: &[u8]) -> (&[u8], &[u8]) {
    let mut end = find2(b' ', b'|', i).unwrap_or(i.len());
    loop {
        let rest = &i[end..];
        let next = match rest {
            [b' ', b':'] => return (b"", i),
            [b' ', b':', b' '] | [b' ', b':', b' ', b' ' | b'|', ..] => return (&i[end + 3..], &i[..end + 3]),
            [b' ', b':', b' ', ..] => end + 3,
            [b' ', ..] if end > 0 && i[end - 1] == b',' => end + 1,
            _ => break,
        };
        let length = memchr2(b' ', b'|', &i[next..]).unwrap_or(i.len() - next);
        if !is_item(&i[next..next + length]) {
            break;
        }
        end = next + length;
    }
    (&i[end..], &i[..end])
}

/// Whether a word can be an item of a list, rather than a key or a quoted value.
fn is_item(word: &[u8]) -> bool {
    let item = word.strip_suffix(b",").unwrap_or(word);
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".:-_/[]%".contains(byte);
    !item.is_empty() && !item.ends_with(b":") && item.iter().all(plain)
}

table! {
    /// What the fields of an access line can show.
    SIGNS:
    UPSTREAM_ANSWERED = sign("nginx-upstream-answered", Cause::UpstreamError, Strength::Conclusive, 502,
        "the upstream sent this status itself: nginx had its response header");
    UPSTREAM_SENT = sign("nginx-upstream-body", Cause::UpstreamError, Strength::Conclusive, 502,
        "the upstream sent this status itself: nginx had a body from it");
    UPSTREAM_503 = sign("nginx-upstream-503", Cause::UpstreamError, Strength::Conclusive, 503,
        "the upstream answered with an error status that nginx never makes up for an attempt");
    NO_LIVE = sign("nginx-group-without-server", Cause::NoLiveUpstream, Strength::Conclusive, 502,
        "nginx wrote the group's name for an address: no server of it could be tried");
    PLACEHOLDER = sign("nginx-placeholder-tried", Cause::NoLiveUpstream, Strength::Conclusive, 502,
        "nginx tried 0.0.0.1, the placeholder of a group whose servers Lua code picks: it had picked none");
    CONNECT_TIMEOUT = sign("nginx-504-not-connected", Cause::ConnectTimeout, Strength::Conclusive, 504,
        "nginx answered 504 before it was connected to the upstream");
    CONNECT_TIMEOUT_SHORT = sign("nginx-504-five-seconds", Cause::ConnectTimeout, Strength::Weak, 504,
        "nginx gave up after 5 seconds, which is the connect timeout of ingress-nginx");
    RESPONSE_TIMEOUT = sign("nginx-504-connected", Cause::ResponseTimeout, Strength::Conclusive, 504,
        "nginx was connected, waited for the response header, and answered 504");
    RESPONSE_TIMEOUT_LIKELY = sign("nginx-504-after-wait", Cause::ResponseTimeout, Strength::Strong, 504,
        "nginx answered 504 after a long wait; the line does not say whether it was connected");
    TIMEOUT_OF_OTHERS = sign("nginx-504-at-once", Cause::UpstreamError, Strength::Strong, 504,
        "504 came sooner than any timeout of nginx: the upstream sent it");
    RESPONSE_TIMEOUT_BLIND = sign("nginx-504", Cause::ResponseTimeout, Strength::Weak, 504,
        "nginx answered 504; the line does not say what it waited for");
    REFUSED = sign("nginx-502-at-once-not-connected", Cause::ConnectionRefused, Strength::Strong, 502,
        "the connection to the upstream failed at once");
    REFUSED_LIKELY = sign("nginx-502-not-connected", Cause::ConnectionRefused, Strength::Weak, 502,
        "the connection to the upstream failed within a second");
    SOCKET = sign("nginx-502-socket-not-connected", Cause::SocketMissing, Strength::Weak, 502,
        "the connection to the unix socket failed at once");
    UNREACHABLE = sign("nginx-502-after-seconds-not-connected", Cause::HostUnreachable, Strength::Strong, 502,
        "the connection failed after one to three seconds, as it does where no host answers to the address");
    CONNECT_GAVE_UP = sign("nginx-502-late-not-connected", Cause::ConnectTimeout, Strength::Weak, 502,
        "the connection failed after a long time");
    KEEPALIVE_RACE = sign("nginx-502-at-once-connected-unsafe", Cause::KeepaliveRace, Strength::Strong, 502,
        "the connection stood already, and the upstream closed it at once on a request that nginx does not repeat");
    KEEPALIVE_RETRIED = sign(
        "nginx-502-at-once-same-again",
        Cause::KeepaliveRace,
        Strength::Strong,
        502,
        "the connection stood already, the upstream closed it at once, and nginx tried the same server again"
    );
    WORKER_KILLED = sign("nginx-502-round-time", Cause::WorkerKilled, Strength::Strong, 502,
        "the upstream closed the connection after a round number of seconds, as a supervisor's time limit does");
    WORKER_KILLED_BLIND = sign("nginx-502-round-time-blind", Cause::WorkerKilled, Strength::Weak, 502,
        "the attempt failed after a round number of seconds, as a supervisor's time limit makes it");
    CLOSED_EARLY = sign("nginx-502-connected", Cause::ClosedEarly, Strength::Weak, 502,
        "nginx was connected and got no response header");
    BLIND = sign(
        "nginx-502",
        Cause::Unknown,
        Strength::Silent,
        502,
        "the attempt ended with 502; the line does not say whether nginx was connected"
    );
    OWN_500 = sign("nginx-500-without-header", Cause::GatewayInternal, Strength::Weak, 500,
        "nginx answered 500 without a response header from the upstream");
    NO_UPSTREAM_502 = sign("nginx-502-no-upstream", Cause::DnsFailure, Strength::Weak, 502,
        "nginx answered 502 without trying any upstream, as it does when the upstream's name does not resolve");
    NO_UPSTREAM_503 = sign("nginx-503-no-upstream", Cause::ProxyLocal, Strength::Weak, 503,
        "nginx answered 503 without trying any upstream: a `return 503`, a request limit, or a service without endpoints");
}

/// Says what the fields of an access line are signs of.
pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let judge = |number| judge_attempt(record, number, statuses);
    let attempts: AttemptSigns = (0..record.attempts.len()).map(judge).collect();
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = failed.and_then(|status| blame(record, &attempts).or_else(|| without_attempt(record, status)));
    Verdict { request, attempts, ..Verdict::default() }
}

/// The sign of the last failed attempt, unless an earlier one failed otherwise and took most of the time.
fn blame(record: &Record<'_>, signs: &[Option<&'static Sign>]) -> Option<&'static Sign> {
    let last = signs.iter().rev().find_map(|sign| *sign)?;
    let time = |attempt: &Attempt<'_>| attempt.response.unwrap_or(0);
    let total = record.attempts.iter().map(time).fold(0, Micros::saturating_add);
    let longest = record.attempts.iter().zip(signs).filter(|(attempt, _)| time(attempt) > total / 2);
    Some(longest.filter_map(|(_, sign)| *sign).next().unwrap_or(last))
}

/// The sign of a failed request that reached no server.
fn without_attempt(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    match status {
        _ if record.no_server => Some(NO_LIVE),
        502 if record.names_upstream && record.attempts.is_empty() => Some(NO_UPSTREAM_502),
        503 if record.names_upstream && record.attempts.is_empty() => Some(NO_UPSTREAM_503),
        _ => None,
    }
}

/// What one attempt is a sign of; `None` where it did not fail, or shows nothing.
fn judge_attempt(record: &Record<'_>, number: usize, statuses: &Statuses) -> Option<&'static Sign> {
    let attempt = &record.attempts[number];
    let only = record.attempts.len() == 1;
    // A layout without `$upstream_status` still tells how the last attempt ended: as the request did.
    let untold = number + 1 == record.attempts.len() && record.attempts.iter().all(|attempt| attempt.status.is_none());
    let status = attempt.status.or(record.status.filter(|_| untold)).filter(|status| statuses.contains(*status))?;
    let time = attempt.response.or(record.duration.filter(|_| only));
    match status {
        _ if attempt.upstream.is_empty() && record.names_upstream => Some(PLACEHOLDER),
        _ if attempt.header.is_some() => Some(UPSTREAM_ANSWERED),
        _ if attempt.length.is_some_and(|length| length > 0) => Some(UPSTREAM_SENT),
        502 if is_same_again(record, number) => Some(KEEPALIVE_RETRIED),
        502 => Some(bad_gateway(record, attempt, time)),
        504 => Some(timeout(record, attempt, time)),
        500 if record.names_header => Some(OWN_500),
        _ => Some(UPSTREAM_503),
    }
}

/// Whether nginx went to the same server again after a connection that stood already broke at once. To a group of one
/// it does so only where the connection came from its pool (`u->peer.cached` in `ngx_http_upstream_next`).
fn is_same_again(record: &Record<'_>, number: usize) -> bool {
    let (attempt, next) = (&record.attempts[number], record.attempts.get(number + 1));
    next.is_some_and(|next| next.upstream == attempt.upstream)
        && attempt.connect.is_some_and(|connect| connect < MILLISECOND)
        && attempt.response.is_some_and(|time| time <= AT_ONCE)
}

/// 504 without a response header.
fn timeout(record: &Record<'_>, attempt: &Attempt<'_>, time: Option<Micros>) -> &'static Sign {
    let connected = attempt.connect.is_some();
    match time {
        _ if record.names_connect && !connected => CONNECT_TIMEOUT,
        Some(time) if time < TIMER && !record.names_header => TIMEOUT_OF_OTHERS,
        _ if connected && record.names_header => RESPONSE_TIMEOUT,
        _ if connected => RESPONSE_TIMEOUT_LIKELY,
        // Connect timeouts that somebody set are short; the default of both is 60 seconds.
        Some(time) if time >= 10 * SECOND => RESPONSE_TIMEOUT_LIKELY,
        Some(time) if !record.group.is_empty() && is_round(time, 5 * SECOND) => CONNECT_TIMEOUT_SHORT,
        _ => RESPONSE_TIMEOUT_BLIND,
    }
}

/// 502 without a response header, or where the layout does not say whether there was one.
fn bad_gateway(record: &Record<'_>, attempt: &Attempt<'_>, time: Option<Micros>) -> &'static Sign {
    let Some(time) = time else { return BLIND };
    let supervisor = (5 * SECOND..59 * SECOND).contains(&time) && is_round(time, time / (5 * SECOND) * 5 * SECOND);
    match (attempt.connect, time) {
        (Some(connect), 0..=AT_ONCE) if connect < MILLISECOND && is_unsafe(record.method) => KEEPALIVE_RACE,
        (Some(_), _) if supervisor => WORKER_KILLED,
        (Some(_), _) if record.names_header => CLOSED_EARLY,
        (None, _) if record.names_connect => not_connected(attempt, time),
        (None, _) if supervisor => WORKER_KILLED_BLIND,
        _ => BLIND,
    }
}

/// 502 where the connection never stood.
fn not_connected(attempt: &Attempt<'_>, time: Micros) -> &'static Sign {
    if attempt.upstream.starts_with(b"unix:") {
        SOCKET
    } else if time <= AT_ONCE {
        REFUSED
    } else if time < SECOND {
        REFUSED_LIKELY
    } else if time <= 3_200_000 {
        // Three requests for the hardware address, a second apart.
        UNREACHABLE
    } else {
        CONNECT_GAVE_UP
    }
}

/// What an attempt takes that was over before anything had to be waited for.
const AT_ONCE: Micros = 5_000;
/// No timeout is shorter than this, as a rule.
const TIMER: Micros = 100_000;
const MILLISECOND: Micros = 1_000;
const SECOND: Micros = 1_000_000;

/// Whether `time` is `value` with the little that a timer adds.
fn is_round(time: Micros, value: Micros) -> bool {
    (value..=value + SECOND / 4).contains(&time)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::format::{Format, What};
    use proptest::prelude::*;

    fn items(value: &str) -> Vec<String> {
        list(value.as_bytes()).map(|item| String::from_utf8_lossy(item).into_owned()).collect()
    }

    #[test]
    fn splits_upstream_lists() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("10.0.0.1:80", &["10.0.0.1:80"]),
            (
                "192.168.1.1:80, 192.168.1.2:80, unix:/tmp/sock : 192.168.10.1:80",
                &["192.168.1.1:80", "192.168.1.2:80", "unix:/tmp/sock", "192.168.10.1:80"],
            ),
            ("[::1]:80, backend", &["[::1]:80", "backend"]),
            ("502, 502 : ", &["502", "502", ""]),
            ("502, 502 :", &["502", "502", ""]),
            (", 127.0.0.1:80", &["", "127.0.0.1:80"]),
            ("-, 0.001 : -", &["-", "0.001", "-"]),
        ];
        for (value, expected) in cases {
            assert_eq!(items(value), *expected, "{value}");
        }
    }

    #[test]
    fn finds_where_a_bare_list_ends() {
        let cases = [
            ("10.0.0.1:80 502", "10.0.0.1:80"),
            ("10.0.0.1:80, 10.0.0.2:80 502, 200", "10.0.0.1:80, 10.0.0.2:80"),
            ("10.0.0.1:80 : 10.0.0.2:80 1", "10.0.0.1:80 : 10.0.0.2:80"),
            ("10.0.0.1:80 :  0 :  0.000", "10.0.0.1:80 : "),
            ("200 : ", "200 : "),
            ("200 :", "200 :"),
            (", 10.0.0.1:80 -, 200", ", 10.0.0.1:80"),
            ("0.001, us=502", "0.001,"),
            ("0.001, urt: 0.002", "0.001,"),
            ("0.000, 0.000|0.001", "0.000, 0.000"),
            ("0.000 : |0.200", "0.000 : "),
        ];
        for (text, expected) in cases {
            let (rest, found) = bare_list(text.as_bytes());
            assert_eq!(String::from_utf8_lossy(found), expected, "{text}");
            assert_eq!(rest.len() + found.len(), text.len(), "{text}");
        }
    }

    #[test]
    fn reads_request_lines() {
        let cases = [
            ("GET /a?b=c HTTP/1.1", "GET", "/a?b=c"),
            ("GET /with space HTTP/1.1", "GET", "/with space"),
            ("GET /0.9", "GET", "/0.9"),
            ("OPTIONS / RTSP/1.0", "OPTIONS", "/"),
            ("GET /a b/1", "GET", "/a b/1"),
            ("GET /a B/", "GET", "/a B/"),
            ("GET /a B/1c", "GET", "/a B/1c"),
            ("GET /a /1", "GET", "/a /1"),
            ("POST http://h/x HTTP/2.0", "POST", "http://h/x"),
            (r"GET /b\x22 x HTTP/1.1", "GET", r"/b\x22 x"),
            (r"\x16\x03\x01\x02", "", r"\x16\x03\x01\x02"),
            ("no request", "", "no request"),
            ("GET no target here", "", "GET no target here"),
            ("GET /a b", "GET", "/a b"),
            ("GET http://h/a b", "GET", "http://h/a b"),
            ("HELP", "", "HELP"),
            ("-", "", ""),
            ("", "", ""),
        ];
        for (line, method, path) in cases {
            assert_eq!(request_line(line.as_bytes()), (method.as_bytes(), path.as_bytes()), "{line}");
        }
    }

    #[test]
    fn a_target_may_be_a_whole_url() {
        let cases = [
            ("/a?b=http://h/", "", "/a?b=http://h/"),
            ("http://shop.example.com:8080/a?b", "shop.example.com", "/a?b"),
            ("https://al:secret@shop.example.com/a", "shop.example.com", "/a"),
            ("https://[2001:db8::1]?b", "2001:db8::1", "?b"),
            ("http://shop.example.com", "shop.example.com", "/"),
            ("*", "", "*"),
            ("shop.example.com:443", "", "shop.example.com:443"),
        ];
        for (text, host, path) in cases {
            assert_eq!(target(text.as_bytes()), (host.as_bytes(), path.as_bytes()), "{text}");
        }
    }

    #[test]
    fn knows_what_people_call_the_variables() {
        let cases = [
            ("rt", Var::RequestTime),
            ("upstreamResponseTime", Var::ResponseTime),
            ("upstream-addr", Var::UpstreamAddr),
            ("us", Var::UpstreamStatus),
            ("@timestamp", Var::Time),
            ("cs", Var::Ignored),
            ("upstream_response_length", Var::ResponseLength),
            ("", Var::Ignored),
        ];
        for (key, var) in cases {
            assert_eq!(Var::alias(key.as_bytes()), var, "{key}");
        }
    }

    #[test]
    fn tells_stamps_from_durations() {
        assert!(when(b"28/Sep/2026:12:00:00 +0600").is_some());
        assert!(when(b"2026-09-28T12:00:00+06:00").is_some());
        assert_eq!(when(b"1700000000.123").map(|when| when.wall), Some(1_700_000_000_123_000));
        for duration in ["0.005", "60", "1700000000123", "9999999999.000", "-", ""] {
            assert!(when(duration.as_bytes()).is_none(), "{duration}");
        }
    }

    /// A record with these lists, and the signs of its request and attempts.
    fn signs(status: &str, method: &str, lists: [&str; 5]) -> (Option<&'static str>, Vec<Option<&'static str>>) {
        let mut vars = Vars::new(Escape::Hex);
        vars.set(Var::Time, b"1700000000.123");
        vars.set(Var::Status, status.as_bytes());
        vars.set(Var::Method, method.as_bytes());
        let all =
            [Var::UpstreamAddr, Var::UpstreamStatus, Var::ConnectTime, Var::HeaderTime, Var::ResponseTime].into_iter();
        for (var, value) in all.zip(lists).filter(|(_, value)| !value.is_empty()) {
            vars.set(var, value.as_bytes());
        }
        let Some(record) = vars.record() else { return (Some("no record"), Vec::new()) };
        let verdict = judge(&record, &Statuses::gateway());
        let kind = |sign: Option<&'static Sign>| sign.map(|sign| sign.kind);
        (kind(verdict.request), verdict.attempts.iter().copied().map(kind).collect())
    }

    /// One request with one attempt: its status, method, upstream status, connect, header and response time; a time
    /// that is not logged is empty.
    #[test]
    fn judges_one_attempt_by_its_times() {
        let cases = [
            ("502", "GET", ["a:1", "502", "0.001", "0.010", "0.010"], "nginx-upstream-answered"),
            ("504", "GET", ["a:1", "504", "0.001", "2.000", "2.000"], "nginx-upstream-answered"),
            ("503", "GET", ["a:1", "503", "", "", "0.010"], "nginx-upstream-503"),
            ("504", "GET", ["a:1", "504", "-", "-", "5.000"], "nginx-504-not-connected"),
            ("504", "GET", ["a:1", "504", "-", "", "5.000"], "nginx-504-not-connected"),
            ("504", "GET", ["a:1", "504", "0.002", "-", "60.002"], "nginx-504-connected"),
            ("504", "GET", ["a:1", "504", "0.002", "", "60.002"], "nginx-504-after-wait"),
            ("504", "GET", ["a:1", "504", "", "", "60.001"], "nginx-504-after-wait"),
            ("504", "GET", ["a:1", "504", "", "", "1.000"], "nginx-504"),
            ("504", "GET", ["a:1", "504", "", "", "0.012"], "nginx-504-at-once"),
            ("504", "GET", ["a:1", "504", "", "", ""], "nginx-504"),
            ("502", "GET", ["a:1", "502", "-", "-", "0.000"], "nginx-502-at-once-not-connected"),
            ("502", "GET", ["unix:/s", "502", "-", "-", "0.000"], "nginx-502-socket-not-connected"),
            ("502", "GET", ["a:1", "502", "-", "-", "0.030"], "nginx-502-not-connected"),
            ("502", "GET", ["a:1", "502", "-", "-", "3.064"], "nginx-502-after-seconds-not-connected"),
            ("502", "GET", ["a:1", "502", "-", "-", "127.3"], "nginx-502-late-not-connected"),
            ("502", "POST", ["a:1", "502", "0.000", "-", "0.001"], "nginx-502-at-once-connected-unsafe"),
            ("502", "GET", ["a:1", "502", "0.000", "-", "0.001"], "nginx-502-connected"),
            ("502", "POST", ["a:1", "502", "0.003", "-", "0.004"], "nginx-502-connected"),
            ("502", "GET", ["a:1", "502", "0.000", "-", "30.030"], "nginx-502-round-time"),
            ("502", "GET", ["a:1", "502", "0.000", "-", "60.000"], "nginx-502-connected"),
            ("502", "GET", ["a:1", "502", "", "", "30.030"], "nginx-502-round-time-blind"),
            ("502", "GET", ["a:1", "502", "", "", "0.000"], "nginx-502"),
            ("502", "GET", ["a:1", "502", "0.000", "", "0.020"], "nginx-502"),
            ("502", "GET", ["a:1", "502", "", "", ""], "nginx-502"),
            ("502", "GET", ["0.0.0.1:80", "502", "-", "-", "0.000"], "nginx-placeholder-tried"),
            ("502", "GET", ["a:1", "", "", "", "0.001"], "nginx-502"),
            ("502", "GET", ["", "", "", "", "0.001"], "nginx-502"),
        ];
        for (status, method, lists, expected) in cases {
            assert_eq!(signs(status, method, lists), (Some(expected), vec![Some(expected)]), "{status} {lists:?}");
        }
    }

    #[test]
    fn judges_requests_without_attempts() {
        let cases = [
            ("502", ["backend", "502", "-", "-", "0.000"], Some("nginx-group-without-server")),
            ("502", ["backend", "502", "", "", ""], Some("nginx-group-without-server")),
            ("502", ["-", "-", "-", "-", "-"], Some("nginx-502-no-upstream")),
            ("503", ["-", "-", "", "", "-"], Some("nginx-503-no-upstream")),
            ("504", ["-", "-", "-", "-", "-"], None),
            ("502", ["", "", "", "", ""], None),
            ("200", ["-", "-", "-", "-", "-"], None),
        ];
        for (status, lists, expected) in cases {
            assert_eq!(signs(status, "GET", lists), (expected, vec![]), "{status} {lists:?}");
        }
    }

    #[test]
    fn judges_each_of_several_attempts() {
        let refused = "nginx-502-at-once-not-connected";
        let slow = "nginx-504-connected";
        type Case<'a> = (&'a str, [&'a str; 5], Option<&'a str>, &'a [Option<&'a str>]);
        let cases: &[Case<'_>] = &[
            // A retry saved the request.
            ("200", ["a:1, b:1", "502, 200", "-, 0.000", "-, 0.001", "0.000, 0.001"], None, &[Some(refused), None]),
            // The last failure is told, but not where an earlier one took the time.
            (
                "502",
                ["a:1, b:1", "504, 502", "0.001, -", "-, -", "60.001, 0.000"],
                Some(slow),
                &[Some(slow), Some(refused)],
            ),
            (
                "504",
                ["a:1, b:1", "502, 504", "-, 0.001", "-, -", "0.000, 60.001"],
                Some(slow),
                &[Some(refused), Some(slow)],
            ),
            // No server was left after one failed.
            ("502", ["a:1, pool", "502, 502", "-, -", "-, -", "0.000, 0.000"], Some(refused), &[Some(refused)]),
            // An error page from elsewhere.
            (
                "502",
                ["a:1 : c:1", "502 : 200", "- : 0.000", "- : 0.001", "0.000 : 0.001"],
                Some(refused),
                &[Some(refused), None],
            ),
            ("502", ["a:1 : ", "200 : ", "0.000 : ", "0.000 : ", "0.000 : "], None, &[None]),
            // The first pass got no server's address at all.
            ("200", [", a:1", "-, 200", "0.000, 0.000", "0.000, 0.000", "0.000, 0.000"], None, &[None]),
            // The same server again: its pooled connection was dead.
            (
                "200",
                ["a:1, a:1", "502, 200", "0.000, 0.000", "-, 0.001", "0.000, 0.001"],
                None,
                &[Some("nginx-502-at-once-same-again"), None],
            ),
        ];
        for (status, lists, request, attempts) in cases {
            assert_eq!(signs(status, "GET", *lists), (*request, attempts.to_vec()), "{lists:?}");
        }
    }

    #[test]
    fn takes_a_name_for_a_group_only_where_nothing_was_tried() {
        let group = |lists: [&'static str; 3]| {
            let mut vars = Vars::new(Escape::Json);
            let [addr, status, time] = lists.map(str::as_bytes);
            for (var, value) in [
                (Var::Time, &b"1700000000.1"[..]),
                (Var::Status, b"502"),
                (Var::UpstreamAddr, addr),
                (Var::UpstreamStatus, status),
                (Var::ResponseTime, time),
            ] {
                vars.set(var, value);
            }
            vars.record().map(|record| (record.no_server, record.attempts.len()))
        };
        assert_eq!(group(["backend", "502", "0.000"]), Some((true, 0)));
        assert_eq!(group(["backend", "502", "0.300"]), Some((false, 1)));
        assert_eq!(group(["backend", "504", "0.000"]), Some((false, 1)));
        assert_eq!(group(["10.0.0.1:80", "502", "0.000"]), Some((false, 1)));
        assert_eq!(group(["0.0.0.1:80", "502", "0.000"]), Some((false, 1)));
    }

    /// The formats of nginx's access lines, for tests that hold them to the same.
    const FORMATS: [Format; 3] = [Format::NginxAccess, Format::NginxJson, Format::NginxError];

    /// Whatever `skim` says, `read` says too.
    pub(in crate::format) fn agree(skimmed: Option<Skimmed<'_>>, record: Option<&Record<'_>>) -> Result<(), String> {
        let (skim, record) = match (skimmed, record) {
            (None, None) | (Some(Skimmed::Full), Some(_)) => return Ok(()),
            (Some(Skimmed::Plain(skim)), Some(record)) => (skim, record),
            (skimmed, record) => return Err(format!("{skimmed:?} but {record:?}")),
        };
        let same = skim.when == record.when
            && Some(skim.status) == record.status
            && skim.group == record.group
            && skim.upstream == record.upstream
            && skim.names_upstream == record.names_upstream
            && skim.duration == record.duration
            && record.what == What::Request
            && record.attempts.len() < 2;
        if same { Ok(()) } else { Err(format!("{skim:?} but {record:?}")) }
    }

    #[test]
    fn samples_are_read_by_their_format_alone() {
        for format in FORMATS {
            for sample in format.about().samples {
                let readers: Vec<_> =
                    Format::ALL.iter().filter(|format| format.skim(sample.as_bytes()).is_some()).collect();
                assert_eq!(readers, [&format], "{sample}");
                let record = format.read(sample.as_bytes());
                assert_eq!(agree(format.skim(sample.as_bytes()), record.as_ref()), Ok(()), "{sample}");
            }
        }
    }

    /// What a record says, without what it leaves out: `status=502 path=/a attempts=[10.0.0.1:80 502 -/-/0.000]`.
    pub(in crate::format) fn told(record: Option<Record<'_>>) -> String {
        let Some(record) = record else { return "not claimed".to_owned() };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        let time = |time: Option<Micros>| time.map_or("-".to_owned(), |time| format!("{:.3}", time as f64 / 1e6));
        let attempts: Vec<String> = record
            .attempts
            .iter()
            .map(|attempt| {
                let status = attempt.status.map_or("-".to_owned(), |status| status.to_string());
                let times = [attempt.connect, attempt.header, attempt.response].map(time).join("/");
                format!("{} {status} {times}", text(attempt.upstream))
            })
            .collect();
        let flag = |name: &'static str, set: bool| if set { name } else { "" };
        let fields = [
            ("what", if record.what == What::Request { String::new() } else { format!("{:?}", record.what) }),
            ("status", number(record.status.map(u64::from))),
            ("group", text(record.group)),
            ("upstream", text(record.upstream)),
            ("method", text(record.method)),
            ("host", text(record.host)),
            ("path", text(record.path)),
            ("bytes", number(record.bytes)),
            ("duration", record.duration.map(|duration| time(Some(duration))).unwrap_or_default()),
            ("client", text(record.client)),
            ("user", text(record.user)),
            ("agent", text(record.user_agent)),
            ("trace", text(record.trace_id)),
            ("level", text(record.level)),
            ("pid", number(record.pid)),
            ("message", text(record.message)),
            ("names", flag("upstream", record.names_upstream).to_owned()),
            ("no", flag("server", record.no_server).to_owned()),
            ("attempts", if attempts.is_empty() { String::new() } else { format!("{attempts:?}").replace('"', "") }),
        ];
        let said = fields.into_iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    /// Samples, cut, spliced and with bytes replaced.
    fn lines() -> impl Strategy<Value = Vec<u8>> {
        let samples: Vec<&'static str> = FORMATS.iter().flat_map(|format| format.about().samples).copied().collect();
        let words = prop::sample::select(vec![
            " : ", ", ", "-", "\"", "[", "]", "=", "unix:", ": ", "|", "\\", "{", "}", " rt=", "502", "0.001",
            "backend", "\u{fc}",
        ]);
        let change = (any::<prop::sample::Index>(), 0_usize..12, words);
        let sample =
            (prop::sample::select(samples), prop::collection::vec(change, 0..6)).prop_map(|(sample, changes)| {
                let mut line = sample.as_bytes().to_vec();
                for (at, length, word) in changes {
                    let at = at.index(line.len() + 1);
                    let end = (at + length).min(line.len());
                    line.splice(at..end, word.bytes());
                }
                line
            });
        prop_oneof![4 => sample, 1 => prop::collection::vec(any::<u8>(), 0..300)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]
        #[test]
        fn never_panics_and_skims_as_it_reads(line in lines()) {
            for format in FORMATS {
                let record = format.read(&line);
                prop_assert_eq!(agree(format.skim(&line), record.as_ref()), Ok(()));
                if let Some(record) = record {
                    let verdict = format.judge(&record, &Statuses::gateway());
                    prop_assert!(verdict.attempts.len() <= record.attempts.len());
                }
            }
        }
    }
}
