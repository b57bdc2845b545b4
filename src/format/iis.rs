//! IIS in the W3C extended format, as a gateway: Application Request Routing (ARR) and the ASP.NET Core module.
//!
//! ARR forwards by WinHTTP, whose error it logs as `sc-win32-status`, and appends to the query which server it chose
//! and what that answered. Where a file's `#Fields:` line is not known, the order that IIS writes columns in tells
//! which they are.

use super::{
    About, Attempt, Coding, Escape, Record, Skim, Skimmed, Statuses, Verdict,
    record::{sign, table},
    w3c::{Column, Fields, Values, words},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::{
        address::{host, is_ip},
        number::{Micros, status, uint, whole},
        text::place_of,
        time::When,
    },
};
use memchr::memrchr;

pub(super) static ABOUT: About = About {
    name: "iis",
    proxy: Proxy::IIS,
    title: "IIS in the W3C extended format, with the columns that its #Fields line names",
    layout: "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status \
        sc-substatus sc-win32-status time-taken",
    time: "when the request ended, in UTC",
    source: "Microsoft, \"W3C Extended Log File Format (IIS 6.0)\", \"HTTP status code overview\"; WinHTTP, \"Error Messages\"",
    samples: &[
        "2026-11-27 08:00:00 10.0.0.4 GET /checkout/pay/584 sku=A-665&X-ARR-CACHE-HIT=0&SERVER-ROUTED=10.0.0.5&X-ARR-LOG-ID=7c9e6679-7425-40de-944b-e07fc1f90ae7&SERVER-STATUS=200 443 - 203.0.113.9 Mozilla/5.0+(X11;+Linux+x86_64) - 200 0 0 31",
        "2026-11-27 08:00:09 10.0.0.4 GET /checkout/pay/584 X-ARR-CACHE-HIT=0&SERVER-ROUTED=10.0.0.5&X-ARR-LOG-ID=16fd2706-8baf-433b-82eb-8c7fada847da&SERVER-STATUS=0 443 - 203.0.113.9 curl/8.0 - 502 3 12002 30015",
        "2026-11-27 08:00:10 10.0.0.4 POST /api/orders - 443 - 203.0.113.9 curl/8.0 502 5 0 12",
    ],
    signs: &[&SIGNS],
};

table! {
    /// What status, substatus and WinHTTP's error are signs of. Source: Microsoft, "HTTP status code overview"; the
    /// Windows SDK's `iiscnfg.h` (`MD_ERROR_SUB502_*`) and `winhttp.h` (`ERROR_WINHTTP_*`).
    SIGNS:
    SERVER_STATUS = sign("iis-server-status", Cause::UpstreamError, Strength::Conclusive, 0,
        "the server that ARR chose answered with this status itself");
    TIMEOUT = sign("iis-winhttp-timeout", Cause::ResponseTimeout, Strength::Strong, 502,
        "the server did not answer within ARR's time limit (12002)");
    DNS = sign("iis-winhttp-name", Cause::DnsFailure, Strength::Conclusive, 502,
        "the server's name could not be resolved (12007)");
    CONNECT_TIMEOUT = sign("iis-winhttp-connect-timeout", Cause::ConnectTimeout, Strength::Strong, 502,
        "no connection was made in twenty seconds, as long as Windows tries (12029)");
    CANNOT_CONNECT = sign("iis-winhttp-cannot-connect", Cause::ConnectionRefused, Strength::Strong, 502,
        "no connection to the server could be made, and Windows knew it soon (12029)");
    RESET = sign("iis-winhttp-connection-error", Cause::ConnectionReset, Strength::Strong, 502,
        "the connection to the server was reset or closed before its answer was complete (12030)");
    INVALID = sign("iis-winhttp-invalid-response", Cause::InvalidResponse, Strength::Conclusive, 502,
        "the server's answer could not be parsed (12152, 12183)");
    TLS = sign("iis-winhttp-secure-failure", Cause::TlsCertificate, Strength::Strong, 502,
        "the server's certificate or its TLS was not accepted (12175)");
    HANDSHAKE = sign("iis-winhttp-secure-channel", Cause::TlsHandshake, Strength::Strong, 502,
        "no secure channel to the server came about (12157)");
    CERTIFICATE = sign("iis-winhttp-certificate", Cause::TlsCertificate, Strength::Strong, 502,
        "a certificate was not accepted: the server's, or it wanted one of ARR's own (12037, 12038, 12044, 12045, …)");
    HEADER_TOO_BIG = sign("iis-winhttp-header-too-big", Cause::HeaderTooBig, Strength::Conclusive, 502,
        "the server's response headers were more, or larger, than WinHTTP takes (12181, 12182)");
    NO_SERVER = sign("iis-no-server", Cause::NoLiveUpstream, Strength::Conclusive, 502,
        "ARR had no server to send the request to (502.4)");
    CGI_TIMEOUT = sign("iis-cgi-timeout", Cause::ResponseTimeout, Strength::Strong, 502,
        "a CGI or FastCGI process did not answer in time (502.1)");
    CGI_EXITED = sign("iis-cgi-exited", Cause::ClosedEarly, Strength::Strong, 502,
        "a CGI or FastCGI process ended before its answer was complete (502.2)");
    NOT_STARTED = sign("iis-process-failure", Cause::WorkerKilled, Strength::Strong, 502,
        "the ASP.NET Core application did not start, or its process ended (502.5)");
    TOO_MANY = sign("iis-concurrent-limit", Cause::CircuitBreaker, Strength::Strong, 503,
        "the limit of concurrent requests was reached (503.2)");
    QUEUE_FULL = sign("iis-queue-full", Cause::CircuitBreaker, Strength::Strong, 503,
        "the queue of requests for ASP.NET or FastCGI was full (503.3, 503.4)");
}

/// How long Windows tries to connect before it gives up: three SYNs, 3, 6 and 12 seconds apart.
const CONNECT_LIMIT: Micros = 20_000_000;

/// A request, as its line says.
pub(super) struct Line<'a, const N: usize> {
    row: Values<'a, N>,
    when: When,
    status: u16,
    duration: Option<Micros>,
}

/// A line, and its first `N` columns.
fn line<'a, const N: usize>(i: &'a [u8], fields: &Fields) -> Option<Line<'a, N>> {
    let begins_with_date = matches!(i, [b'0'..=b'9', _, _, _, b'-', ..]);
    if !begins_with_date && !fields.tell_date() || fields.lack(Column::Stem) {
        return None;
    }
    let of = |row: Values<'a, N>| Line::of(row.when(fields)?, row);
    let its_own = fields.are_known() && !fields.are_of_an_edge();
    let named = its_own.then(|| fields.values(i, b' ', guess).and_then(of)).flatten();
    // A line may stand under a heading that is not its own: joined files, a rotated one. Or it was cut off behind the
    // status.
    let cut = || its_own.then(|| fields.split(i, b' ', 1).and_then(of)).flatten();
    named.or_else(|| guess(i).and_then(of)).or_else(cut)
}

/// What every site's name begins with: `W3SVC1`, the service and the site's number.
pub(super) const SITE: &[u8] = b"W3SVC";

/// Most words of a line that are looked at: one for each column that IIS knows, and some of the user's own.
const WORDS: usize = 32;

/// What a line says where nobody has named its columns: IIS always writes them in the same order, and some can be
/// nothing else. `date time [s-sitename] [s-computername] [s-ip] cs-method cs-uri-stem cs-uri-query s-port cs-username
/// c-ip [cs-version] cs(User-Agent) [cs(Cookie)] [cs(Referer)] [cs-host] sc-status sc-substatus sc-win32-status
/// [sc-bytes] [cs-bytes] time-taken`, then columns of the user's own.
fn guess<const N: usize>(i: &[u8]) -> Option<Values<'_, N>> {
    let mut places = [&b""[..]; WORDS];
    let mut count = 0;
    for (place, word) in places.iter_mut().zip(words(i.trim_ascii_end(), b' ')) {
        *place = word;
        count += 1;
    }
    let words = &places[..count];
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let is_number = |at: usize| whole(word(at), uint).is_some();
    // The port and the paths before it tell where the method is.
    let is_method = |at: &usize| {
        let letters = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
        word(*at).iter().all(letters) && matches!(word(at + 1).first(), Some(b'/' | b'*')) && is_number(at + 3)
    };
    let Some(method) = (2..6).find(is_method) else { return guess_early(words) };
    let agent = method + 6 + usize::from(word(method + 6).starts_with(b"HTTP/"));
    let is_status = |at: &usize| whole(word(*at), status).is_some() && is_number(at + 1) && is_number(at + 2);
    let code = (agent + 1..words.len()).find(is_status)?;
    let numbers = (code + 3..words.len()).take_while(|at| is_number(*at)).take(3).count();
    let mut values = Values::default();
    let named = [
        (Column::Date, 0),
        (Column::Time, 1),
        (Column::Method, method),
        (Column::Stem, method + 1),
        (Column::Query, method + 2),
        (Column::ServerPort, method + 3),
        (Column::User, method + 4),
        (Column::Client, method + 5),
        (Column::UserAgent, agent),
        (Column::Status, code),
        (Column::Substatus, code + 1),
        (Column::Win32, code + 2),
    ];
    named.into_iter().for_each(|(column, at)| values.set(column, word(at)));
    // A referrer is a URL, or missing.
    if code > agent + 1 && !word(agent + 1).starts_with(b"http") {
        values.set(Column::Cookie, word(agent + 1));
    }
    // Site and computer can both stand before the method; a site's name alone is told by how IIS makes it. Behind the
    // user agent comes the referrer first of all, which is an address with slashes, as no host is.
    if method >= 5 || word(2).starts_with(SITE) {
        values.set(Column::Site, word(2));
    }
    if code > agent + 2 && place_of(word(code - 1), b"/").is_none() {
        values.set(Column::Host, word(code - 1));
    }
    if numbers > 0 {
        values.set(Column::Taken, word(code + 2 + numbers));
    }
    if numbers >= 2 {
        values.set(Column::Sent, word(code + 3));
    }
    // IIS 6 does not log the time taken, unless it is told to.
    let is_default = || word(2).starts_with(SITE) && code == agent + 1 && code + 3 == words.len();
    (numbers > 0 || is_default()).then_some(values)
}

/// The same of IIS 4 and 5, which write the client first: `date time c-ip cs-username s-ip s-port cs-method cs-uri-stem
/// cs-uri-query sc-status [[sc-win32-status] sc-bytes cs-bytes time-taken] cs(User-Agent) …`.
fn guess_early<'a, const N: usize>(words: &[&'a [u8]]) -> Option<Values<'a, N>> {
    let &[date, time, client, user, server, port, method, stem, query, code, ref rest @ ..] = words else {
        return None;
    };
    let is_number = |word: &&[u8]| whole(word, uint).is_some();
    let is_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
    let is_user = user == b"-" || user.iter().any(u8::is_ascii_alphanumeric);
    let is_own = is_ip(client) && is_user && is_ip(server) && is_number(&port) && is_method;
    if !is_own || stem.first() != Some(&b'/') || whole(code, status).is_none() {
        return None;
    }
    let mut values = Values::default();
    let named = [
        (Column::Date, date),
        (Column::Time, time),
        (Column::Client, client),
        (Column::User, user),
        (Column::ServerPort, port),
        (Column::Method, method),
        (Column::Stem, stem),
        (Column::Query, query),
        (Column::Status, code),
    ];
    named.into_iter().for_each(|(column, word)| values.set(column, word));
    let numbers = rest.iter().take_while(|word| is_number(word)).count();
    // Of three, the first may also be Windows' status, which mostly is 0.
    match (numbers, rest) {
        (3, &[sent, _, taken, ..]) if sent != b"0" => {
            values.set(Column::Sent, sent);
            values.set(Column::Taken, taken);
        }
        (4, &[win32, sent, _, taken, ..]) => {
            values.set(Column::Win32, win32);
            values.set(Column::Sent, sent);
            values.set(Column::Taken, taken);
        }
        _ => {}
    }
    values.set(Column::UserAgent, rest.get(numbers).copied().unwrap_or_default());
    Some(values)
}

impl<'a, const N: usize> Line<'a, N> {
    /// A row that is one of IIS's: it has a time and a status.
    pub(super) fn of(when: When, row: Values<'a, N>) -> Option<Self> {
        let taken = row.number(Column::Taken).or_else(|| row.number(Column::TakenMillis));
        let duration = taken.map(|millis| millis.saturating_mul(1_000));
        Some(Line { status: row.status()?, when, duration, row })
    }

    /// What ARR appended to the query under `name`: the client's own parameters stand before.
    fn noted(&self, name: &[u8]) -> &'a [u8] {
        let mut before = Some(self.row.get(Column::Query)).filter(|query| !query.is_empty());
        while let Some(parameters) = before {
            let and = memrchr(b'&', parameters);
            let last = &parameters[and.map_or(0, |at| at + 1)..];
            if let Some(value) = last.strip_prefix(name) {
                return value;
            }
            before = and.map(|at| &parameters[..at]);
        }
        b""
    }

    fn upstream(&self) -> &'a [u8] {
        self.noted(b"SERVER-ROUTED=")
    }

    fn group(&self) -> &'a [u8] {
        self.row.get(Column::Site)
    }

    /// What the server answered; it answered nothing where that is 0.
    fn server_status(&self) -> Option<u16> {
        whole(self.noted(b"SERVER-STATUS="), status)
    }

    /// What counting needs.
    pub(super) fn skim(&self) -> Skimmed<'a> {
        let upstream = self.upstream();
        Skimmed::Plain(Skim {
            when: Some(self.when),
            status: self.status,
            group: self.group(),
            upstream,
            names_upstream: false,
            attempted: !upstream.is_empty(),
            duration: self.duration,
        })
    }
}

impl<'a> Line<'a, { Column::COUNT }> {
    /// Everything that it says.
    pub(super) fn record(&self) -> Record<'a> {
        let (row, upstream) = (&self.row, self.upstream());
        let answered = self.server_status();
        let attempt = Attempt { upstream, status: answered, response: self.duration, ..Attempt::default() };
        Record {
            when: Some(self.when),
            status: Some(self.status),
            upstream_status: answered,
            group: self.group(),
            upstream,
            method: row.get(Column::Method),
            host: host(row.first(&[Column::Host, Column::HostHeader])),
            path: row.first(&[Column::Stem, Column::Uri]),
            query: row.get(Column::Query),
            bytes: row.number(Column::Sent),
            duration: self.duration,
            client: unlinked(row.get(Column::Client)),
            user: row.get(Column::User),
            cookie: row.get(Column::Cookie),
            user_agent: row.get(Column::UserAgent),
            agent_coding: Coding::Plus,
            trace_id: self.noted(b"X-ARR-LOG-ID="),
            error_reason: row.get(Column::Win32),
            flags: row.get(Column::Substatus),
            attempts: (!upstream.is_empty()).then_some(attempt).into_iter().collect(),
            escape: Escape::None,
            ..Record::default()
        }
    }
}

/// An address that went through a program that makes links of them: `[203.0.113.9](http://203.0.113.9)`.
fn unlinked(address: &[u8]) -> &[u8] {
    let Some(inside) = address.strip_prefix(b"[") else { return address };
    place_of(inside, b"](http").map_or(address, |end| &inside[..end])
}

pub(super) fn skim<'a>(i: &'a [u8], fields: &Fields) -> Option<Skimmed<'a>> {
    line::<{ Column::OF_IIS }>(i, fields).map(|line| line.skim())
}

pub(super) fn read<'a>(i: &'a [u8], fields: &Fields) -> Option<Record<'a>> {
    line(i, fields).map(|line| line.record())
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    let failed = record.status.filter(|status| statuses.contains(*status));
    let request = failed.and_then(|status| failure(record, status));
    Verdict { request, attempts: record.attempts.iter().map(|_| request).collect(), ..Verdict::default() }
}

/// What a failed request is a sign of: WinHTTP's error, or else the substatus.
fn failure(record: &Record<'_>, status: u16) -> Option<&'static Sign> {
    if record.upstream_status == Some(status) {
        return Some(SERVER_STATUS);
    }
    let slow = record.duration.is_some_and(|time| time >= CONNECT_LIMIT);
    // An HRESULT has the error in its lower half: 0x80072EE2 is 12002.
    let error = whole(record.error_reason, uint).map(|code| code & 0xFFFF);
    match (error, status, record.flags) {
        (Some(12_002), ..) => Some(TIMEOUT),
        (Some(12_007), ..) => Some(DNS),
        (Some(12_029), ..) if slow => Some(CONNECT_TIMEOUT),
        (Some(12_029), ..) => Some(CANNOT_CONNECT),
        (Some(12_030), ..) => Some(RESET),
        (Some(12_037 | 12_038 | 12_044 | 12_045 | 12_057 | 12_169 | 12_170 | 12_179 | 12_185 | 12_186), ..) => {
            Some(CERTIFICATE)
        }
        (Some(12_152 | 12_183), ..) => Some(INVALID),
        (Some(12_157), ..) => Some(HANDSHAKE),
        (Some(12_175), ..) => Some(TLS),
        (Some(12_181 | 12_182), ..) => Some(HEADER_TOO_BIG),
        (_, 502, b"1") => Some(CGI_TIMEOUT),
        (_, 502, b"2") => Some(CGI_EXITED),
        (_, 502, b"4") => Some(NO_SERVER),
        (_, 502, b"5") => Some(NOT_STARTED),
        (_, 503, b"2") => Some(TOO_MANY),
        (_, 503, b"3" | b"4") => Some(QUEUE_FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{format::Format, grammar::time::Zone};

    fn judged(query: &str, end: &str) -> Option<(&'static str, usize)> {
        let line = format!("2026-11-27 08:00:10 10.0.0.4 GET /a {query} 443 - 203.0.113.9 curl/8.0 - {end}");
        let verdict = judge(&Format::Iis.read(line.as_bytes())?, &Statuses::gateway());
        Some((verdict.request?.kind, verdict.attempts.iter().flatten().count()))
    }

    #[test]
    fn names_signs() {
        let cases = [
            ("a=b&SERVER-ROUTED=10.0.0.5&SERVER-STATUS=503", "503 0 0 12", "iis-server-status", 1),
            ("SERVER-ROUTED=10.0.0.5&X-ARR-LOG-ID=1&SERVER-STATUS=0", "502 3 12002 30015", "iis-winhttp-timeout", 1),
            ("SERVER-ROUTED=10.0.0.5", "502 3 2147954402 30015", "iis-winhttp-timeout", 1),
            // What a client calls so stands before ARR's.
            (
                "SERVER-STATUS=502&SERVER-ROUTED=a&SERVER-ROUTED=10.0.0.5&SERVER-STATUS=0",
                "502 3 12030 15",
                "iis-winhttp-connection-error",
                1,
            ),
            ("-", "502 3 12007 15", "iis-winhttp-name", 0),
            ("-", "502 3 12029 1031", "iis-winhttp-cannot-connect", 0),
            ("-", "502 3 12029 21015", "iis-winhttp-connect-timeout", 0),
            ("-", "502 3 2147954430 15", "iis-winhttp-connection-error", 0),
            ("-", "502 3 12152 15", "iis-winhttp-invalid-response", 0),
            ("-", "502 3 12175 15", "iis-winhttp-secure-failure", 0),
            ("-", "502 3 12183 15", "iis-winhttp-invalid-response", 0),
            ("-", "502 3 12157 15", "iis-winhttp-secure-channel", 0),
            ("-", "502 3 12044 15", "iis-winhttp-certificate", 0),
            ("-", "502 3 2147954445 15", "iis-winhttp-certificate", 0),
            ("-", "502 3 12181 15", "iis-winhttp-header-too-big", 0),
            ("-", "502 3 12182 15", "iis-winhttp-header-too-big", 0),
            ("-", "502 4 0 0", "iis-no-server", 0),
            ("-", "502 1 0 90015", "iis-cgi-timeout", 0),
            ("-", "502 2 0 15", "iis-cgi-exited", 0),
            ("-", "502 5 0 15", "iis-process-failure", 0),
            ("-", "503 2 64 15", "iis-concurrent-limit", 0),
            ("-", "503 3 0 15", "iis-queue-full", 0),
            ("-", "503 4 0 0", "iis-queue-full", 0),
        ];
        for (query, end, kind, attempts) in cases {
            assert_eq!(judged(query, end), Some((kind, attempts)), "{query} {end}");
        }
        for sign in &SIGNS {
            assert!(cases.iter().any(|(.., kind, _)| *kind == sign.kind), "{}", sign.kind);
        }
        for end in ["200 0 0 15", "404 0 2 15", "503 0 0 15", "502 3 0 15"] {
            assert_eq!(judged("SERVER-ROUTED=10.0.0.5&SERVER-STATUS=200", end), None, "{end}");
        }
    }

    /// Columns come in any order that the file names.
    #[test]
    fn reads_the_columns_that_are_named() {
        let fields = Fields::named(b"date time sc-status time-taken sc-bytes cs-host cs-method cs-uri-stem cs-uri-query cs(User-Agent) c-ip s-sitename X-Own");
        let line = b"2026-11-27 08:00:10 200 31 544 shop.example.com:8080 GET /a+b c=d Mozilla/5.0+(X11) 2001:db8::9 W3SVC1 x y";
        let record = read(line, &fields).unwrap_or_default();
        // 2026-11-27T08:00:10Z
        assert_eq!(record.when, Some(crate::grammar::time::When { wall: 1_795_766_410_000_000, zone: Zone::Utc }));
        assert_eq!((record.status, record.duration, record.bytes), (Some(200), Some(31_000), Some(544)));
        assert_eq!(
            (record.host, record.group, record.client),
            (&b"shop.example.com"[..], &b"W3SVC1"[..], &b"2001:db8::9"[..])
        );
        assert_eq!((&*record.shown_path(), &*record.shown_agent()), (&b"/a+b?c=d"[..], &b"Mozilla/5.0 (X11)"[..]));
        assert!(skim(line, &fields).is_some());
        let record = read(&line[..26], &fields).unwrap_or_default();
        assert_eq!((record.status, record.duration, record.bytes), (Some(200), Some(31_000), None));
        assert!(skim(&line[..26], &fields).is_some());
        assert!(read(&line[..22], &fields).is_none());
        // Fewer columns than the heading has: those of IIS's own order.
        let other = b"2026-11-27 08:00:10 10.0.0.4 GET / - 443 - 203.0.113.9 HTTP/2 curl/8.0 - - 304 0 0";
        assert!(read(other, &fields).is_none());
        // IIS's Advanced Logging: text in quotes, local time.
        let advanced = Fields::named(b" date-local time-local s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs(Host) sc-status sc-substatus sc-win32-status TimeTakenMS");
        let line = br#"2026-11-27 08:00:10.128 10.0.0.4 GET /a - 80 - "203.0.113.9" "Mozilla/5.0 (a ""b"" c)" - "shop" 200 " ""x"" y " 0 109"#;
        let record = read(line, &advanced).unwrap_or_default();
        assert_eq!(
            record.when,
            Some(crate::grammar::time::When { wall: 1_795_766_410_128_000, zone: crate::grammar::time::Zone::Local })
        );
        assert_eq!((record.host, record.client, record.duration), (&b"shop"[..], &b"203.0.113.9"[..], Some(109_000)));
        assert_eq!((record.status, &*record.shown_agent()), (Some(200), &br#"Mozilla/5.0 (a ""b"" c)"#[..]));
        assert!(skim(line, &advanced).is_some());
        let other = b"2026-11-27 08:00:10 10.0.0.4 GET /e - 443 - 203.0.113.9 curl/8.0 - 304 0 0 7";
        let record =
            read(other, &Fields::named(&[&b"date time x sc-status"[..], &b" cs-uri-stem".repeat(20)].concat()));
        let record = record.unwrap_or_default();
        assert_eq!((record.status, record.duration, record.path), (Some(304), Some(7_000), &b"/e"[..]));
        let others = Fields::named(b"date time x-edge-location sc-status");
        assert!(skim(b"2026-11-27 08:00:10 FRA 200", &others).is_none());
    }

    #[test]
    fn undoes_links() {
        let line = b"2026-11-27 08:00:10 [10.0.0.4](http://10.0.0.4) GET /a - 80 - [203.0.113.9](http://203.0.113.9) curl/8.0 200 0 0 12";
        let record = read(line, Fields::UNKNOWN).unwrap_or_default();
        assert_eq!((record.client, record.duration), (&b"203.0.113.9"[..], Some(12_000)));
        assert_eq!((unlinked(b"[::1]"), unlinked(b"::1")), (&b"[::1]"[..], &b"::1"[..]));
    }

    /// Without names, IIS's order tells.
    #[test]
    fn guesses_columns() {
        let cases = [
            ("10.0.0.4 GET /a b 80 - 203.0.113.9 u+a - 200 0 0 12", ("", "", None, 12)),
            ("10.0.0.4 GET /a b 80 - 203.0.113.9 u+a 200 0 0 12", ("", "", None, 12)),
            ("10.0.0.4 GET /a b 80 - 203.0.113.9 u+a - 200 0 0 12 203.0.113.7", ("", "", None, 12)),
            ("10.0.0.4 GET /a b 80 - 203.0.113.9 u+a - 200 0 0 544 907 12 -", ("", "", Some(544), 12)),
            ("W3SVC1 GET /a b 80 - 203.0.113.9 u+a c=d - shop 200 0 64 544 907 12", ("W3SVC1", "shop", Some(544), 12)),
            ("WEB 10.0.0.4 GET /a b 80 - 203.0.113.9 u+a - 200 0 0 12", ("", "", None, 12)),
            ("10.0.0.4 GET /a b 80 - 203.0.113.9 u+a c=d https://shop/ 200 0 0 544 907 12", ("", "", Some(544), 12)),
            (
                "W3SVC1 WEB 10.0.0.4 GET /a b 80 - 203.0.113.9 HTTP/1.1 u+a - - shop 200 0 0 544 907 12",
                ("W3SVC1", "shop", Some(544), 12),
            ),
            (
                "W3SVC1 10.0.0.4 M-POST /a b 80 - 203.0.113.9 HTTP/2 u+a - shop 200 0 0 544 12 x 7",
                ("W3SVC1", "shop", Some(544), 12),
            ),
        ];
        for (rest, (site, host, bytes, millis)) in cases {
            let line = format!("2026-11-27 08:00:10 {rest}");
            let record = read(line.as_bytes(), Fields::UNKNOWN).unwrap_or_default();
            let read = (record.group, record.host, record.bytes, record.duration);
            assert_eq!(read, (site.as_bytes(), host.as_bytes(), bytes, Some(millis * 1_000)), "{line}");
            assert_eq!((record.status, record.client), (Some(200), &b"203.0.113.9"[..]), "{line}");
            assert_eq!((&*record.shown_path(), &*record.shown_agent()), (&b"/a?b"[..], &b"u a"[..]), "{line}");
        }
    }

    #[test]
    fn guesses_the_columns_of_iis_5() {
        let line = b"2026-11-27 08:00:10 203.0.113.9 - 10.0.0.4 80 GET /a.asp b 502 544 221 31 Mozilla/4.0+(a;+b) -";
        let record = read(line, Fields::UNKNOWN).unwrap_or_default();
        assert_eq!((record.status, record.bytes, record.duration), (Some(502), Some(544), Some(31_000)));
        assert_eq!((record.client, record.path, record.query), (&b"203.0.113.9"[..], &b"/a.asp"[..], &b"b"[..]));
        assert_eq!((record.method, record.user_agent), (&b"GET"[..], &b"Mozilla/4.0+(a;+b)"[..]));
        // What else was logged.
        for (numbers, bytes, duration) in [("0 544 221", None, None), ("64 544 221 31", Some(544), Some(31_000))] {
            let line = format!("2026-11-27 08:00:10 203.0.113.9 - 10.0.0.4 80 GET /a.asp - 502 {numbers} ua");
            let record = read(line.as_bytes(), Fields::UNKNOWN).unwrap_or_default();
            assert_eq!((record.bytes, record.duration, record.user_agent), (bytes, duration, &b"ua"[..]), "{line}");
        }
        let line = b"2026-11-27 08:00:10 203.0.113.9 - 10.0.0.4 80 GET /a.asp - 502 Mozilla/4.0+(a;+b)";
        let record = read(line, Fields::UNKNOWN).unwrap_or_default();
        assert_eq!((record.status, record.bytes, record.duration), (Some(502), None, None));
        for line in [
            &b"2026-11-27 08:00:10 203.0.113.9 - 10.0.0.4 http GET /a.asp - 502"[..],
            b"2026-11-27 08:00:10 10.0.0.5 -> 10.0.0.6 443 GET /a - 502 error",
            b"2026-11-27 08:00:10 203.0.113.9 - 10.0.0.4 80  /a.asp - 502",
            b"2026-11-27 08:00:10 shop - 10.0.0.4 80 GET /a.asp - 502",
            b"2026-11-27 08:00:10 203.0.113.9 - 10.0.0.4 80 GET /a.asp - OK",
            b"2026-11-27 08:00:10 203.0.113.9 - 10.0.0.4 80 GET a.asp - 502",
        ] {
            assert!(skim(line, Fields::UNKNOWN).is_none() && read(line, Fields::UNKNOWN).is_none());
        }
    }

    /// IIS 6 logged no time taken by default.
    #[test]
    fn guesses_the_columns_of_iis_6() {
        let line = b"2026-11-27 08:00:10 W3SVC1 10.0.0.4 GET /a.asp - 80 - 203.0.113.9 Mozilla/4.0+(a;+b) 404 0 2";
        let record = read(line, Fields::UNKNOWN).unwrap_or_default();
        assert_eq!((record.status, record.duration, record.client), (Some(404), None, &b"203.0.113.9"[..]));
        assert_eq!((record.group, &*record.shown_agent()), (&b"W3SVC1"[..], &b"Mozilla/4.0 (a; b)"[..]));
        assert!(skim(line, Fields::UNKNOWN).is_some());
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "2026-11-27 08:00:10 10.0.0.4 GET /a - 443 - 203.0.113.9 curl/8.0 - 200 0 0",
            "2026-11-27 08:00:10 10.0.0.4 GET a - 443 - 203.0.113.9 curl/8.0 - 200 0 0 1",
            "2026-11-27 08:00:10 10.0.0.4 GET /a - https - 203.0.113.9 curl/8.0 - 200 0 0 1",
            "2026-11-27 08:00:10 a b c d e f g h i j k l m",
            "2026-11-27 08:00:10,123 INFO a.b.C - started",
            "#Fields: date time",
        ] {
            assert!(Format::Iis.skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
