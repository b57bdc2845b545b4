//! The two layouts of Nginx Proxy Manager, which runs nginx and gives every host a log of its own. Source: its
//! `docker/rootfs/etc/nginx/conf.d/include/log-proxy.conf`, `log_format proxy` and `log_format standard`.

use super::{Escape, Var, Vars};
use crate::grammar::{
    Parsed, mismatch,
    number::{status, whole},
    text::{byte, quoted, word},
    time::clf,
};
use memchr::memmem;
use nom::{
    Parser as _,
    bytes::complete::{tag, take_till},
    combinator::{consumed, opt},
    sequence::{delimited, preceded, terminated},
};

/// `[28/Sep/2026:12:00:00 +0600] HIT 200 200 - GET https shop.example.com "/a" [Client 203.0.113.9] [Length 12]
/// [Gzip -] [Sent-to 10.0.0.5] "USER AGENT" "REFERER"`; without an upstream, neither cache, `200` nor `Sent-to`.
pub(super) fn vars(i: &[u8]) -> Option<Vars<'_>> {
    line(i).ok().map(|(_, vars)| vars)
}

fn line(i: &[u8]) -> Parsed<'_, Vars<'_>> {
    let (i, (stamp, when)) = delimited(byte(b'['), consumed(clf), tag(&b"] "[..])).parse(i)?;
    let (i, (own, answered)) = statuses(i)?;
    let own_word = || terminated(word, byte(b' '));
    let (i, (method, _scheme, host, uri)) = (own_word(), own_word(), own_word(), quoted).parse(i)?;
    let (i, (client, length, _ratio)) = (named(b"Client"), named(b"Length"), named(b"Gzip")).parse(i)?;
    let (i, sent_to) = opt(named(b"Sent-to")).parse(i)?;
    let (i, agent) = preceded(byte(b' '), quoted).parse(i)?;
    let mut vars = Vars::new(Escape::Hex);
    vars.set_time(stamp, when);
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
    values.into_iter().for_each(|(var, value)| vars.set(var, value));
    Ok((i, vars))
}

/// `HIT 502, 200 200 - `, `- - 400 - ` or `404 - `: what the upstream answered, and what the client got.
fn statuses(i: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    const END: &[u8] = b" - ";
    for end in memmem::find_iter(i, END) {
        let before = &i[..end];
        if before.contains(&b'"') {
            break;
        }
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
    fn reads_both_layouts() {
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
