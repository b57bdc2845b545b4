//! The two layouts of Nginx Proxy Manager, which runs nginx and gives every host a log of its own, and that of its
//! offspring NPMplus. Source: the first's `docker/rootfs/etc/nginx/conf.d/include/log-proxy.conf`, `log_format proxy`
//! and `log_format standard`; the other's `rootfs/usr/local/nginx/conf/nginx.conf`, `log_format alog`.

use super::{Escape, Var, Vars, text};
use crate::grammar::{
    Parsed, mismatch,
    number::{self, seconds, status, whole},
    text::{byte, next_word, quoted, word},
    time::clf,
};
use memchr::{memchr, memmem};
use nom::{
    Parser as _,
    bytes::complete::{tag, take_till},
    combinator::{consumed, opt},
    sequence::{delimited, preceded, terminated},
};

pub(super) fn vars(i: &[u8]) -> Option<Vars<'_>> {
    let (i, (stamp, when)) = delimited(byte(b'['), consumed(clf), tag(&b"] "[..])).parse(i).ok()?;
    let (_, mut vars) = of_manager(i).or_else(|_| of_npmplus(i)).ok()?;
    vars.set_time(stamp, when);
    Some(vars)
}

/// `[28/Sep/2026:12:00:00 +0600] HIT 200 200 - GET https shop.example.com "/a" [Client 203.0.113.9] [Length 12]
/// [Gzip -] [Sent-to 10.0.0.5] "USER AGENT" "REFERER"`; without an upstream, neither cache, `200` nor `Sent-to`.
fn of_manager(i: &[u8]) -> Parsed<'_, Vars<'_>> {
    let (i, (own, answered)) = statuses(i)?;
    let (i, (method, _scheme, host, uri)) = (own_word, own_word, own_word, quoted).parse(i)?;
    let (i, (client, length, _ratio)) = (named(b"Client"), named(b"Length"), named(b"Gzip")).parse(i)?;
    let (i, sent_to) = opt(named(b"Sent-to")).parse(i)?;
    let (i, agent) = preceded(byte(b' '), quoted).parse(i)?;
    let values = [
        (Var::Status, answered),
        (Var::UpstreamStatus, own),
        (Var::Method, method),
        (Var::Host, host),
        (Var::RequestUri, uri),
        (Var::RemoteAddr, client),
        (Var::BodyBytes, length),
        // The host that requests are forwarded to, without its port: a name, or an address.
        (Var::ProxyHost, sent_to.unwrap_or_default()),
        (Var::UserAgent, agent),
    ];
    Ok((i, filled(values)))
}

/// `[28/Sep/2026:12:00:00 +0600] shop.example.com:8443 203.0.113.9 0.227 "GET /a HTTP/2.0" 200 125 440 - USER AGENT`,
/// with the user agent last, without quotes.
fn of_npmplus(i: &[u8]) -> Parsed<'_, Vars<'_>> {
    let (i, (host, client, request_time)) = (own_word, own_word, own_word).parse(i)?;
    let (i, (request, status, bytes)) = (text, next_word, next_word).parse(i)?;
    let (agent, (_sent, _referer)) = (next_word, next_word).parse(i)?;
    if whole(request_time, seconds).is_none() || whole(status, number::status).is_none() {
        return mismatch();
    }
    let values = [
        (Var::Host, host),
        (Var::RemoteAddr, client),
        (Var::RequestTime, request_time),
        (Var::Request, request),
        (Var::Status, status),
        (Var::BodyBytes, bytes),
        (Var::UserAgent, agent.strip_prefix(b" ").unwrap_or(agent)),
    ];
    Ok((b"", filled(values)))
}

fn filled<'a, const N: usize>(values: [(Var, &'a [u8]); N]) -> Vars<'a> {
    let mut vars = Vars::new(Escape::Hex);
    values.into_iter().for_each(|(var, value)| vars.set(var, value));
    vars
}

fn own_word(i: &[u8]) -> Parsed<'_, &[u8]> {
    terminated(word, byte(b' ')).parse(i)
}

/// `HIT 502, 200 200 - `, `- - 400 - ` or `404 - `: what the upstream answered, and what the client got.
fn statuses(i: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    const END: &[u8] = b" - ";
    // Both stand before the first value in quotes.
    let unquoted = &i[..memchr(b'"', i).unwrap_or(i.len())];
    for end in memmem::find_iter(unquoted, END) {
        let before = &i[..end];
        let (rest, answered) = before.split_at(before.iter().rposition(|byte| *byte == b' ').map_or(0, |at| at + 1));
        if whole(answered, status).is_some() {
            // The cache's word comes first.
            let own = rest.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default();
            return Ok((&i[end + END.len()..], (own.trim_ascii_end(), answered)));
        }
    }
    mismatch()
}

/// ` [Client 203.0.113.9]`
fn named<'a>(name: &'static [u8]) -> impl nom::Parser<&'a [u8], Output = &'a [u8], Error = ()> {
    let value = take_till(|byte| byte == b']');
    delimited((tag(&b" ["[..]), tag(name), byte(b' ')), value, byte(b']'))
}

#[cfg(test)]
mod tests {
    use super::super::{read, skim};
    use crate::format::nginx::tests::{agree, told};

    #[test]
    fn dashes_are_passed_quickly() {
        let line = format!(r#"[28/Sep/2026:12:00:00 +0600] x{} "a""#, " - ".repeat(340_000));
        let started = std::time::Instant::now();
        assert!(super::vars(line.as_bytes()).is_none());
        assert!(started.elapsed().as_secs() < 4, "{:?}", started.elapsed());
    }

    #[test]
    fn reads_each_layout() {
        let cases = [
            (
                r#"MISS 502, 200 200 - GET https h:8443 "/a?b" [Client 203.0.113.9] [Length 12] [Gzip -] [Sent-to app] "ua" "-""#,
                "status=200 group=app method=GET host=h path=/a?b bytes=12 client=203.0.113.9 agent=ua attempts=[ 502 -/-/-,  200 -/-/-]",
            ),
            (
                r#"- - 400 - - http h "-" [Client 203.0.113.9] [Length 0] [Gzip -] [Sent-to 10.0.0.5] "-" "-""#,
                "status=400 group=10.0.0.5 host=h bytes=0 client=203.0.113.9",
            ),
            (
                r#"444 - GET https h "/a" [Client 203.0.113.9] [Length 0] [Gzip 1.5] "-" "-""#,
                "status=444 method=GET host=h path=/a bytes=0 client=203.0.113.9",
            ),
            (
                r#"h:8443 203.0.113.9 0.227 "GET /a?b HTTP/2.0" 200 125 440 https://shop/ Mozilla/5.0 (X11; \x22a\x22)"#,
                "status=200 method=GET host=h path=/a?b bytes=125 duration=0.227 client=203.0.113.9 agent=Mozilla/5.0 (X11; \\x22a\\x22)",
            ),
            (
                r#"_ 2001:db8::9 0.000 "\x16\x03" 400 122 0 - -"#,
                r"status=400 host=_ path=\x16\x03 bytes=122 duration=0.000 client=2001:db8::9",
            ),
            (r#"h app now "GET / HTTP/2.0" 200 125 440 - ua"#, "not claimed"),
            (r#"- - - GET https h "/a 200 - b" [Client 203.0.113.9] [Length 0] [Gzip -] "-" "-""#, "not claimed"),
            (r#"444 - GET https h "/a" [Client 203.0.113.9] [Length 0] "-" "-""#, "not claimed"),
            (r#"203.0.113.9 TLSv1.3 TLS_AES_256_GCM_SHA384 "GET /a?b HTTP/1.1" 1375"#, "not claimed"),
        ];
        for (rest, expected) in cases {
            let line = format!("[28/Sep/2026:12:00:00 +0600] {rest}");
            let record = read(line.as_bytes());
            assert_eq!(agree(skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
            assert_eq!(told(record), expected, "{line}");
        }
    }
}
