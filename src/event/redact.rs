//! Takes people out of what is reported, so that a report can be shared: client addresses become salted hashes; query
//! strings, user names (of email addresses too), passwords, tokens, cookies, captured headers and what applications
//! wrote go. Of a line that nobody can read, nothing is shown: it is not known where in it people are.

use super::path::is_domain;
use crate::format::{Record, What};
use crate::grammar::address::{self, is_ip};
use regex::bytes::{Captures, Regex};
use std::{borrow::Cow, collections::hash_map::RandomState, hash::BuildHasher as _};

/// What is put in the place of what goes, by pattern. The first that matches a place has it.
const PRIVATE: [(&str, &[u8]); 18] = [
    // A query that stands apart from its path: CloudFront, Azure, Akamai.
    (r#"(?i)("(?:cs[-_]uri[-_]query|requestQuery(?:_s)?|queryStr)"\s*:\s*")(?:[^"\\]|\\.)*"#, b"${1}withheld"),
    // API Gateway's names for who asks: `userArn`, `principalId`, `authorizer.claims.email`.
    (r#"("(?:[\w.]*(?:userArn|principalId|claims)[\w.]*)"\s*:\s*")(?:[^"\\]|\\.)*"#, b"${1}withheld"),
    // What ModSecurity's rule found: `[data "Matched Data: … found within ARGS:password: …"]`.
    (r#"(\[data ")(?:[^"\\]|\\.)*"#, b"${1}withheld"),
    // Cloudflare's chosen cookies, which are an object.
    (r#"("Cookies"\s*:\s*\{)(?:[^"}]|"(?:[^"\\]|\\.)*")*"#, b"${1}"),
    // What an application wrote to FastCGI's standard error: anything. nginx adds its own words behind the last quote.
    (r#"(FastCGI sent in stderr: ")(?:.*(" while reading )|.*)"#, b"${1}withheld${2}"),
    // The same of lighttpd's, and what a backend sent that was no answer.
    (r"((?:FastCGI|cgi|scgi)-stderr: ?).*", b"${1}withheld"),
    (r"(invalid HTTP status line: |malformed HTTP (?:response|status code|version) ).*", b"${1}withheld"),
    // The same, broken into lines.
    (r"^(PHP (?:message|Fatal error|Warning|Notice): |Stack trace:|#[0-9]+ |  thrown in ).*", b"${1}withheld"),
    // `http://name:password@host/`, also encoded, and `name:password@host`.
    (r#"(?i)(:(?://|/?%2F%2F)|%3A(?://|%2F%2F))[^/ "<>|]*(?:@|%40)"#, b"${1}user@"),
    (r#"[^/ "<>|@:=,]+:[^/ "<>|@]+@([A-Za-z0-9.\[-])"#, b"user@${1}"),
    // JSON Web Tokens: the beginning is that of an object in base64. Words have it too: `surveyJson`.
    (r"(^|[^A-Za-z0-9]|%[0-9A-Fa-f]{2})eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*", b"${1}withheld"),
    // Apache: `user NAME not found: /path`, `user NAME: authentication failure for "/path"`.
    (r#"\b(user )[^ "]+((?: not found)?: )"#, b"${1}user${2}"),
    // nginx: `user "NAME" was not found in "FILE"`, `user "NAME": password mismatch`.
    (r#"\b(user ")[^,]*?("(?: was not found|: |, client: ))"#, b"${1}user${2}"),
    // Header fields by name, as lists of their values: Caddy, where it is told to log credentials.
    (
        r#"(?i)([a-z0-9_-]*(?:cookie|authorization|api[_-]?key|auth[_-]?token)[a-z0-9_-]*"\s*:\s*)\[(?:[^"\]]|"(?:[^"\\]|\\.)*(?:"|\\?$))*\]?"#,
        br#"${1}"withheld""#,
    ),
    // Header fields by name, in a JSON layout and as a message quotes them: up to the quote behind their value.
    (
        r#"(?i)([a-z0-9_-]*\(?(?:cookie|authorization|api[_-]?key|auth[_-]?token)[a-z0-9_-]*\)?"\s*:\s*")(?:[^"\\]|\\.)*"#,
        b"${1}withheld",
    ),
    (
        r#"(?i)([a-z0-9_-]*(?:cookie|authorization|api[_-]?key|auth[_-]?token)[0-9]?(?:\\?"|\\x22)?\s*[:=]\s*(?:\\?"|\\x22)?)(?:[^"\\|{}]|\\[^x"]|\\x[013-9A-F])+"#,
        b"${1}withheld",
    ),
    (r#"(?i)(;jsessionid=)[^ "?;/]*"#, b"${1}"),
    (r"(?i)\b((?:bearer|basic) )[a-z0-9+/=._~-]{6,}", b"${1}withheld"),
];

/// `name@example.com`, `"name"@example.com`, also encoded, once or more: anywhere. The domain stays, as hosts do.
const EMAIL: &str = concat!(
    r#"(?-u)(?:[^\s/ "<>|@?=&,;]+|\\?"[^\s/ "<>|@?=&,;:]+")(?:@|%(?:25)*40)"#,
    r"((?:[A-Za-z0-9_\x80-\xFF-]+\.)+[A-Za-z\x80-\xFF]{2}[A-Za-z0-9\x80-\xFF-]*)"
);

/// Redacts with a salt of its own: the same client has the same name all through one run, and another in the next.
#[derive(Debug)]
pub struct Redactor {
    salt: RandomState,
    addresses: Regex,
    queries: Regex,
    captures: Regex,
    emails: Regex,
    private: Vec<(Regex, &'static [u8])>,
}

impl Redactor {
    /// What stands where there was a text that may hold anything.
    pub const WITHHELD: &'static [u8] = b"withheld";

    /// A redactor with a fresh salt.
    ///
    /// # Errors
    /// Never in practice: the patterns are fixed.
    pub fn new() -> Result<Self, regex::Error> {
        let private =
            PRIVATE.iter().map(|(pattern, stand_in)| Ok((Regex::new(&format!("(?-u){pattern}"))?, *stand_in)));
        Ok(Self {
            salt: RandomState::new(),
            // What is encoded in front is no part of an address: `192.0.2.1,%20198.51.100.7` (CloudFront).
            addresses: Regex::new(
                r"(?-u)((?:%[0-9A-Fa-f]{2})*)([0-9A-Fa-f:.]*(?:[0-9A-Fa-f]{0,4}:){2}[0-9A-Fa-f:.]+|[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b)",
            )?,
            queries: Regex::new(r#"(?-u)\?[^ \t"]*"#)?,
            captures: Regex::new(r"(?-u)\{[^}]*(?:\}|$)")?,
            emails: Regex::new(EMAIL)?,
            private: private.collect::<Result<_, regex::Error>>()?,
        })
    }

    /// What stands for a client's address.
    #[must_use]
    pub fn client(&self, address: &[u8]) -> String {
        format!("client-{:08x}", self.salt.hash_one(address) & 0xFFFF_FFFF)
    }

    /// What stands for a path or the host that was asked for: no query, no user, no addresses of clients.
    #[must_use]
    pub fn path(&self, path: &[u8], record: &Record<'_>) -> Vec<u8> {
        let end = path.iter().position(|byte| *byte == b'?').unwrap_or(path.len());
        self.text(&path[..end], record)
    }

    /// A line without the values of which nobody knows what they mean. A few digits, as a port's or a size's, and short
    /// words tell of nobody.
    #[must_use]
    pub fn without<'a>(line: &'a [u8], unknown: &[&[u8]]) -> Cow<'a, [u8]> {
        let tells = |value: &&&[u8]| value.len() > 8 || value.len() > 3 && !value.iter().all(u8::is_ascii_digit);
        let unknown = unknown.iter().filter(tells);
        unknown.fold(Cow::Borrowed(line), |line, value| Cow::Owned(replace_words(&line, value, b"withheld")))
    }

    /// The line that `record` was read from, without its people. Addresses of upstreams stay. Without a record, nobody
    /// could read the line: then its length is all that is said.
    #[must_use]
    pub fn line(&self, line: &[u8], record: Option<&Record<'_>>) -> Vec<u8> {
        let Some(record) = record else { return format!("(withheld: {} bytes)", line.len()).into_bytes() };
        // HAProxy's captured headers and cookies may hold anything; a layout of nginx's may be JSON, which has braces
        // too.
        if record.termination_state.is_empty() {
            return self.text(line, record);
        }
        self.text(&self.captures.replace_all(&without_cookies(line, record.termination_state), &b"{}"[..]), record)
    }

    /// A text of `record`, without people.
    #[must_use]
    pub fn text(&self, text: &[u8], record: &Record<'_>) -> Vec<u8> {
        let mut text = Cow::Borrowed(text);
        // What may hold the others goes first: afterwards it would not be found any more.
        let people = [
            (record.cookie, "withheld".to_owned()),
            (record.query, "withheld".to_owned()),
            (told_by(record), "withheld".to_owned()),
            (written_by_application(record), "withheld".to_owned()),
            (record.user, "user".to_owned()),
            (record.identity, "user".to_owned()),
            (record.client, self.client(record.client)),
        ];
        for (private, stand_in) in people {
            if private.len() > 1 {
                text = Cow::Owned(replace_words(&text, private, stand_in.as_bytes()));
            }
        }
        for (pattern, stand_in) in &self.private {
            if let Cow::Owned(replaced) = pattern.replace_all(&text, *stand_in) {
                text = Cow::Owned(replaced);
            }
        }
        let nameless = |found: &Captures<'_>| {
            if is_domain(&found[1]) { [b"user@", &found[1]].concat() } else { found[0].to_vec() }
        };
        let text = self.emails.replace_all(&text, nameless);
        let text = self.queries.replace_all(&text, &b"?"[..]);
        let servers = servers(record);
        let named = |found: &Captures<'_>| {
            let (before, address) = (&found[1], &found[2]);
            let shown = if is_ip(address) && !servers.contains(&address) {
                self.client(address).into_bytes()
            } else {
                address.to_vec()
            };
            [before, &shown].concat()
        };
        self.addresses.replace_all(&text, named).into_owned()
    }
}

/// What the path tells of somebody: its query, which may hold what would end one elsewhere; all of it, where the
/// request was none.
fn told_by<'a>(record: &Record<'a>) -> &'a [u8] {
    match record.asked_path() {
        b"" => record.path,
        path => path.iter().position(|byte| *byte == b'?').map_or(b"", |mark| &path[mark + 1..]),
    }
}

/// What an application wrote to LiteSpeed, which may be anything, but for what lsphp says of its processes.
fn written_by_application<'a>(record: &Record<'a>) -> &'a [u8] {
    if record.level == b"STDERR" {
        return if record.what == What::Host { b"" } else { record.message };
    }
    let told = [&b"[STDERR] "[..], b"[LSAPI:STDERR]: "].into_iter().find_map(|mark| record.message.strip_prefix(mark));
    told.unwrap_or_default()
}

/// An HAProxy line without the two captured cookies, which stand before the termination state: `NAME=value`, or `-`.
fn without_cookies(line: &[u8], state: &[u8]) -> Vec<u8> {
    let mut words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    if let Some(at) = words.iter().position(|word| *word == state) {
        for word in &mut words[at.saturating_sub(2)..at] {
            if word.contains(&b'=') {
                *word = b"-";
            }
        }
    }
    words.join(&b' ')
}

/// The hosts of the record's upstreams.
fn servers<'a>(record: &Record<'a>) -> Vec<&'a [u8]> {
    let attempts = record.attempts.iter().map(|attempt| attempt.upstream);
    attempts.chain([record.upstream]).map(address::host).filter(|host| !host.is_empty()).collect()
}

/// Replaces `private` where it does not stand inside a longer word.
fn replace_words(text: &[u8], private: &[u8], stand_in: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(text, private) {
        let end = at + private.len();
        let inside = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.');
        if at < from || at > 0 && inside(text.get(at - 1)) || inside(text.get(end)) {
            continue;
        }
        out.extend_from_slice(&text[from..at]);
        out.extend_from_slice(stand_in);
        from = end;
    }
    out.extend_from_slice(&text[from..]);
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::format::Format;

    const END: &str = r#"while reading response header from upstream, client: 203.0.113.9, server: shop, request: "GET /a?k=SECRET HTTP/1.1", upstream: "http://10.0.0.5:80/a?k=SECRET", host: "shop", referrer: "http://jo:SECRET@shop/x?y=it'sSECRET""#;

    #[test]
    fn takes_people_out_of_lines() {
        let redactor = Redactor::new().unwrap();
        let error = |message: &str| format!("2026/11/20 23:50:11 [error] 1#1: *4 {message} {END}");
        let haproxy = |cookies: &str, captures: &str| {
            format!(
                r#"203.0.113.9:33 [20/Nov/2026:23:57:07.894] web api/a 0/0/0/1/1 502 151 {cookies} SH-- 1/1/1/1/0 0/0 {captures} "GET http://jo:SECRET@shop/a?SECRET|SECRET}} HTTP/1.1""#
            )
        };
        let caddy = |cookies: &str| {
            let start = r#"{"level":"error","ts":1795768164.8,"logger":"http.log.access","msg":"handled request","status":502,"request":{"remote_ip":"203.0.113.9","uri":"/a?SECRET","headers":{"Authorization":["Basic SECRET"],"Cookie":"#;
            [start, cookies].concat()
        };
        let cloudfront = |referrer: &str, query: &str, cookies: &str| {
            format!(
                "2026-11-27\t08:00:00\tFRA2-C1\t392\t203.0.113.9\tGET\td1.cloudfront.net\t/a\t502\t{referrer}\tcurl\t{query}\t{cookies}\tError\tid\tshop.example.com\thttps\t23\t0.001\t192.0.2.1,%20198.51.100.7"
            )
        };
        let litespeed = |words: &str| {
            format!(
                "2026-11-20 23:50:11.158735 [INFO] [7] [198.51.100.7:45164:H2-1>203.0.113.9#shop.example.com] {words}"
            )
        };
        let cases = [
            (Format::NginxError, error("upstream timed out (110: Connection timed out)")),
            (Format::NginxError, error(r#"user "SECRET" was not found in "/etc/nginx/htpasswd""#)),
            (Format::NginxError, error(r#"user "SECRET": password mismatch"#)),
            (Format::NginxError, error(r#"user "SE"SECRET": password mismatch"#)),
            (Format::NginxError, error(r#"FastCGI sent in stderr: "PHP message: "SECRET" of 198.51.100.7""#)),
            (Format::NginxError, error(r#"upstream sent duplicate header line: "Set-Cookie: sid=SECRET; Path=/", previous value: "Set-Cookie: sid=SECRET""#)),
            (Format::NginxError, error(r#"upstream sent invalid header: "Authorization: Basic SECRET\x00...""#)),
            (Format::NginxAccess, r#"203.0.113.9 SECRET al [20/Nov/2026:23:50:11 +0000] "GET /a HTTP/1.1" 502 0 "-" "-""#.to_owned()),
            (Format::ApacheAccess, r#"shop:443 203.0.113.9 SECRET al [20/Nov/2026:23:50:11 +0000] "GET /a HTTP/1.1" 502 0"#.to_owned()),
            (Format::NginxAccess, r#"203.0.113.9 - - [20/Nov/2026:23:50:11 +0000] "GET /u/jo.SECRET@example.com/SECRET%40example.com/eyJhbGciOi.SECRET.SECRET HTTP/1.1" 502 0 "-" "bot (SECRET@example.com)""#.to_owned()),
            (Format::NginxError, "PHP message: PHP Fatal error:  SECRET".to_owned()),
            (Format::NginxError, "#0 /srv/a.php(17): login('SECRET')".to_owned()),
            (Format::NginxAccess, r#"203.0.113.9 - SECRET [20/Nov/2026:23:50:11 +0000] "GET http://jo:SECRET@shop/a HTTP/1.1" 502 0 "http://jo:p%40SECRET@shop/" "bot 203.0.113.9 198.51.100.7 Bearer SECRETSECRET""#.to_owned()),
            (Format::NginxAccess, r#"203.0.113.9 - - [20/Nov/2026:23:50:11 +0000] "CONNECT jo:SECRET@shop:443 HTTP/1.1" 502 0 "-" "-""#.to_owned()),
            (Format::NginxAccess, r#"203.0.113.9 - - [20/Nov/2026:23:50:11 +0000] "GET /a?b="c"&d="SECRET" HTTP/1.1" 502 0 "-" "-""#.to_owned()),
            (Format::NginxAccess, r#"203.0.113.9 - - [20/Nov/2026:23:50:11 +0000] "GET /a?k=a SECRET HTTP/1.1" 502 0 "-" "-""#.to_owned()),
            (Format::NginxAccess, r#"203.0.113.9 - - [20/Nov/2026:23:50:11 +0000] "name=al&password=SECRET" 502 0 "-" "-""#.to_owned()),
            (Format::NginxJson, r#"{"time_local":"20/Nov/2026:23:50:11 +0000","remote_addr":"203.0.113.9","status":"502","request_uri":"/a?k=SECRET","args":"k=SECRET","upstream_addr":"10.0.0.5:80"}"#.to_owned()),
            (Format::Cloudflare, r#"{"ClientIP":"203.0.113.9","ClientRequestURI":"/a?k=\"SECRET","EdgeResponseStatus":502,"OriginIP":"10.0.0.5"}"#.to_owned()),
            (Format::Apigateway, r#"{"requestTime":"21/Nov/2026:10:00:14 +0000","ip":"203.0.113.9","userArn":"arn:aws:iam::1:user/SECRET","authorizer.claims.email":"SECRET@shop","authorizer.principalId":"SECRET","routeKey":"GET /a","status":"502","path":"/a"}"#.to_owned()),
            (Format::ApacheError, r#"[Fri Nov 20 23:50:11.5 2026] [auth_basic:error] [pid 1:tid 1] [client 203.0.113.9:1] AH01618: user SECRET not found: /cart"#.to_owned()),
            (Format::ApacheError, r#"[Fri Nov 20 23:50:11.5 2026] [auth_basic:error] [pid 1:tid 1] [client 203.0.113.9:1] AH01617: user SECRET: authentication failure for "/cart": Password Mismatch"#.to_owned()),
            (Format::ApacheError, r#"[Fri Nov 20 23:50:11.5 2026] [:error] [pid 1:tid 1] [client 203.0.113.9] ModSecurity: Warning. Pattern match "x" at ARGS:password. [data "found within ARGS:password: SECRET \"SECRET"] [hostname "shop"]"#.to_owned()),
            (Format::NginxJson, r#"{"time_local":"20/Nov/2026:23:50:11 +0000","remote_addr":"203.0.113.9","status":"502","request":"GET /a?SECRET HTTP/1.1","http_cookie":"a=SECRET; b=\"SECRET","http_authorization":"Basic SECRET","upstream_addr":"10.0.0.5:80"}"#.to_owned()),
            (Format::Cloudflare, r#"{"ClientIP":"203.0.113.9","ClientRequestURI":"/a?k=SECRET","Cookies":{"sid":"a}SECRET"},"EdgeResponseStatus":502,"OriginIP":"10.0.0.5","RequestHeaders":{"authorization":"Basic SECRET"}}"#.to_owned()),
            (Format::CloudfrontJson, r#"{"c-ip":"203.0.113.9","sc-status":"502","cs-uri-query":"k=SECRET","cs(Cookie)":"sid=SECRET","cs(Referer)":"https://shop/?k=SECRET","x-edge-result-type":"Error","x-forwarded-for":"198.51.100.7"}"#.to_owned()),
            (Format::Gclb, r#"{"httpRequest":{"remoteIp":"203.0.113.9:443","requestUrl":"https://shop/a?k=SECRET","serverIp":"10.0.0.5","status":502},"resource":{"type":"http_load_balancer"}}"#.to_owned()),
            (Format::Appgw, r#"{"category":"ApplicationGatewayAccessLog","properties":{"clientIP":"203.0.113.9","originalRequestUriWithArgs":"/a?k=SECRET","requestQuery":"k=SECRET","serverRouted":"10.0.0.5:80"}}"#.to_owned()),
            (Format::Frontdoor, r#"{"category":"FrontDoorAccessLog","properties":{"clientIp":"203.0.113.9","socketIp":"198.51.100.7","requestUri":"https://shop/a?k=SECRET","originIp":"10.0.0.5:443","originUrl":"https://app/a?k=SECRET","referer":"https://shop/?k=SECRET"}}"#.to_owned()),
            (Format::Akamai, r#"{"reqTimeSec":"1795255200","cliIP":"203.0.113.9","queryStr":"k=SECRET","cookie":"sid=SECRET","xForwardedFor":"198.51.100.7","referer":"https://shop/?k=SECRET"}"#.to_owned()),
            (Format::Apigateway, r#"{"requestTime":"21/Nov/2026:10:00:14 +0000","ip":"203.0.113.9","caller":"AIDASECRET","user":"SECRET","routeKey":"GET /a","status":"502","path":"/a?k=SECRET"}"#.to_owned()),
            (Format::Apigateway, r#"203.0.113.9 AIDASECRET SECRET [21/Nov/2026:10:00:14 +0000]"GET /a HTTP/1.1" 502 41 ID"#.to_owned()),
            (Format::Cloudflare, r#"{"ClientIP":"203.0.113.9","ClientRequestPath":"/a","ClientRequestQuery":"?k=SECRET","Datetime":"2026-11-21T10:00:00Z","EdgeResponseStatus":403,"Source":"waf"}"#.to_owned()),
            (Format::CloudfrontJson, r#"{"c-ip":"203.0.113.9","sc-status":"502","date":"2026-11-27","time":"08:00:00","x-edge-result-type":"Error","x-forwarded-for":"192.0.2.1,%20198.51.100.7,%202001:db8::5EC"}"#.to_owned()),
            (Format::Cloudfront, cloudfront("-", "k=SECRET&ip=203.0.113.9", "sid=SECRET;%20ip=203.0.113.9")),
            (Format::Cloudfront, cloudfront("https://shop/?k=SECRET", "-", "SECRET")),
            (Format::Iis, "2026-11-27 08:00:09 10.0.0.4 GET /a ip=203.0.113.9&k=SECRET&SERVER-ROUTED=10.0.0.7 443 SECRET 203.0.113.9 curl/8.0 sid=SECRET;+b=SECRET https://shop/?k=SECRET 502 3 12002 30015".to_owned()),
            (Format::Caddy, caddy(r#"["sid=SECRET]", "b\"]SECRET"]"#)),
            (Format::Caddy, caddy(r#"["sid=a","b=SECRET\"#)),
            (Format::HaproxyHttp, haproxy("sid=SECRET back=SECRET", "{SECRET agent|SECRET} {SECRET}")),
            (Format::HaproxyHttp, haproxy("- -", "{SECRET 198.51.100.7")),
            (Format::LitespeedError, litespeed("[STDERR] PHP Warning:  SECRET")),
            (Format::LitespeedError, litespeed("[LSAPI:STDERR]: SECRET of 198.51.100.7")),
            (Format::LitespeedError, litespeed("Content len: 0, request line: 'GET /a?k=SECRET HTTP/1.1'")),
            (Format::LitespeedError, litespeed("connection to [10.0.0.5:80] on request #0, confirmed 0, error: Connection refused!")),
            (Format::LitespeedError, "2026-11-20 23:50:11.158 [STDERR] PHP Warning:  SECRET".to_owned()),
            (Format::LitespeedError, "2026-11-20 23:50:11.158 [STDERR] [payments] card SECRET".to_owned()),
            (Format::LitespeedError, "2026-11-20 23:50:11.158 [STDERR] [4711] card SECRET".to_owned()),
            (Format::LighttpdError, "2026-11-20 23:50:11: (response.c.1) invalid HTTP status line: SECRET".to_owned()),
            (Format::LighttpdError, "2026-11-20 23:50:11: (mod_fastcgi.c.421) FastCGI-stderr:PHP SECRET".to_owned()),
        ];
        for (format, line) in cases {
            let record = format.read(line.as_bytes()).unwrap_or_else(|| unreachable!("not claimed: {line}"));
            let redacted = String::from_utf8(redactor.line(line.as_bytes(), Some(&record))).unwrap();
            for private in ["SECRET", "203.0.113.9", "198.51.100.7"] {
                assert!(!redacted.contains(private), "{line}\n{redacted}");
            }
            assert!(!line.contains("10.0.0.5") || redacted.contains("10.0.0.5"), "{redacted}");
        }
    }

    /// What a path and a line show of a path.
    fn shown(path: &str) -> [String; 2] {
        let redactor = Redactor::new().unwrap();
        let line = format!(r#"203.0.113.9 - - [20/Nov/2026:23:50:11 +0000] "GET {path} HTTP/1.1" 502 0 "-" "-""#);
        let record = Format::NginxAccess.read(line.as_bytes()).unwrap();
        let line = String::from_utf8(redactor.line(line.as_bytes(), Some(&record))).unwrap();
        let (_, request) = line.split_once("\"GET ").unwrap();
        let (request, _) = request.split_once(" HTTP/1.1\" 502 0 \"-\" \"-\"").unwrap();
        [String::from_utf8(redactor.path(path.as_bytes(), &record)).unwrap(), request.to_owned()]
    }

    #[test]
    fn takes_names_out_of_paths() {
        for (path, redacted) in [
            ("/u=jo@example.com/reset_eyJhbGciOi.eyJzdWIi.s-_g", "/u=user@example.com/reset_withheld"),
            ("/verify:eyJhbGciOi.a/x%2FeyJhbGciOi", "/verify:withheld/x%2Fwithheld"),
            ("/mailto:jo@example.com/a:jo%40example.com", "/user@example.com/user@example.com"),
            ("/unsubscribe,jo@example.com", "/unsubscribe,user@example.com"),
            ("/jo@example.com:443/jo@example.com.", "/user@example.com:443/user@example.com."),
            ("/o'brien@example.com/jo!doe@example.com", "/user@example.com/user@example.com"),
            ("/müller@example.com/jo@müller.de", "/user@example.com/user@müller.de"),
            ("/m\\xC3\\xBCller@example.com", "/user@example.com"),
            ("/jo%2540example.com/jo%252540example.com", "/user@example.com/user@example.com"),
            ("/\\x22jo\\x22@example.com/\\\"jo\\\"@example.com", "/user@example.com/user@example.com"),
            ("/jo@my_host.example.com/jo@163.com", "/user@my_host.example.com/user@163.com"),
            ("/avatar/jo@example.com.png", "/avatar/user@example.com.png"),
        ] {
            assert_eq!(shown(path), [redacted; 2], "{path}");
        }
    }

    #[test]
    fn leaves_names_of_files_and_words() {
        for path in [
            "/img/logo@2x.png",
            "/npm/jquery@3.6.0.min.js/@scope/pkg@latest.tgz",
            "/v/clip@2x.mp4",
            "/surveyJsonSchema/eyJ1",
        ] {
            assert_eq!(shown(path), [path; 2]);
        }
    }

    #[test]
    fn leaves_the_rest_of_a_line_as_it_is() {
        let redactor = Redactor::new().unwrap();
        for line in [
            r#"2026/11/20 23:50:11 [error] 1#1: *4 connect() failed (111: Connection refused) while connecting to upstream, client: -, server: shop, request: "GET /a/b:c HTTP/1.1", upstream: "http://10.0.0.5:80/a""#,
            r#"2026/11/20 23:50:11 [error] 1#1: *4 SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number) while SSL handshaking to upstream, client: -, server: shop"#,
        ] {
            let record = Format::NginxError.read(line.as_bytes()).unwrap();
            assert_eq!(redactor.line(line.as_bytes(), Some(&record)), line.as_bytes());
        }
    }

    #[test]
    fn shows_nothing_of_what_nobody_can_read() {
        let redactor = Redactor::new().unwrap();
        assert_eq!(redactor.line(b"SECRET", None), b"(withheld: 6 bytes)");
        assert_eq!(redactor.line(&[b'x'; 999], None), b"(withheld: 999 bytes)");
    }
}
