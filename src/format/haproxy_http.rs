//! HAProxy's `option httplog`, `option httpslog` and `option httplog clf`.
#![allow(clippy::inline_always, reason = "in every line: measured, see `grammar::find`")]

use super::haproxy::{
    self, Clf, Ending, Line, Retries, Timers, answer, backend_errors, clf_line, ending, frontend, head, micros, number,
    numbers, placed, quote, quoted, route, space, state, time_behind_client,
};
use super::{About, Record, Skim, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;
use crate::grammar::address;
use crate::grammar::find::{find, mask32};
use crate::grammar::number::{behind_digits, last_of_row, status};
use crate::grammar::text::{one, present, word};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memchr2, memrchr_iter};
use nom::{Parser as _, sequence::preceded};
use std::num::NonZeroU32;

pub(super) static ABOUT: About = About {
    name: "haproxy-http",
    proxy: Proxy::HAPROXY,
    title: "HAProxy's HTTP log (httplog, httpslog, httplog clf)",
    layout: "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r",
    time: "when the request arrived",
    source: "HAProxy configuration manual, section 8.2.3",
    samples: &[
        r#"127.0.0.1:52708 [20/Nov/2026:23:56:58.595] cap ok/s1 0/0/0/0/0 200 89 SRV=s1 SRV=s1 ---- 7/1/0/0/0 0/0 {Mozilla/5.0 (X11; #22quote#22 #7C #7Bbrace#7D #231)|127.0.0.1:8001} {app/1 x} "GET /ok/cap HTTP/1.1""#,
        r#"127.0.0.1:55008 [20/Nov/2026:23:56:45.831] web dead/s1 0/0/-1/-1/3003 503 217 - - SC-- 1/1/0/0/3 0/0 "GET /dead/x?a=1 HTTP/1.1""#,
        r#"127.0.0.1:54958 [20/Nov/2026:23:56:45.590] web close/s1 0/0/0/-1/0 502 209 - - SH-- 1/1/0/0/0 0/0 "GET /close/x?a=1 HTTP/1.1""#,
        r#"127.0.0.1:48564 [20/Nov/2026:23:56:55.948] web slow/s1 0/0/1/-1/3002 504 198 - - sH-- 7/6/1/1/0 0/0 "GET /slow/x HTTP/1.1""#,
        r#"127.0.0.1:39088 [20/Nov/2026:23:57:04.877] tls~ dead/s1 0/0/-1/-1/3005 503 217 - - SC-- 1/1/0/0/3 0/0 "GET /dead/tls HTTP/1.1" 0/0000000000000000/0/0/0 localhost/TLSv1.3/TLS_AES_256_GCM_SHA384"#,
        r#"127.0.0.1 - - [20/Nov/2026:23:57:04 +0000] "GET /close/clf?q=%22 HTTP/1.1" 502 209 "" "" 39834 638 "clf" "close" "s1" 0 0 0 -1 0 SH-- 1 1 0 0 0 0 0 "" "" "curl #22x#22 1" "#,
    ],
    signs: &[haproxy::SIGNS, haproxy::BACKEND_ERRORS],
};

/// An ordinary end is `--`, with the status sent and no retry made; all else is worth a look.
pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    match ordinary(line) {
        Some(skim) => Some(Skimmed::Plain(skim)),
        None => skim_any(line),
    }
}

/// What nearly all lines are: a server that answered, no cookie captured, no retry.
/// `… http-in web/web-2 0/0/0/10/10 200 11262 - - ---- 73/73/10/2/0 …`
#[inline(always)]
pub(super) fn ordinary(i: &[u8]) -> Option<Skim<'_>> {
    let (i, when) = time_behind_client(i)?;
    let (i, [group, upstream]) = way(one(b' ', i).ok()?.0)?;
    let (i, total) = last_of_row::<5>(i, b'/')?;
    let (i, status) = status(one(b' ', i).ok()?.0).ok()?;
    let i = behind_digits(one(b' ', i).ok()?.0)?;
    let (_, retries) = last_of_row::<5>(i.strip_prefix(b" - - ---- ")?, b'/')?;
    (status >= 100 && retries == 0).then_some(Skim {
        when: Some(when),
        status,
        group,
        upstream,
        names_upstream: true,
        attempted: true,
        duration: Some(micros(total)),
    })
}

fn skim_any(line: &[u8]) -> Option<Skimmed<'_>> {
    let (_, Request { line, .. }) = request_line(line).ok()?;
    let retries = line.ending.retries;
    let status = match line.status {
        Some(status) if line.ending.state.starts_with(b"--") && retries.count == 0 && !retries.elsewhere => status,
        _ => return Some(Skimmed::Full),
    };
    Some(Skimmed::Plain(Skim {
        when: Some(line.head.when),
        status,
        group: line.route.group,
        upstream: line.route.upstream,
        names_upstream: line.route.names_upstream,
        attempted: line.reached(),
        duration: line.timers.total.map(micros),
    }))
}

/// `http-in web/web-2 `: the backend and the whole, where a server of that name was reached and it takes no more than
/// 32 bytes to say so. What follows comes first.
#[inline(always)]
fn way(i: &[u8]) -> Option<(&[u8], [&[u8]; 2])> {
    let window = i.first_chunk()?;
    let (spaces, slashes, brackets) = (mask32(window, b' '), mask32(window, b'/'), mask32(window, b'<'));
    let frontend = NonZeroU32::new(spaces)?.trailing_zeros();
    let end = NonZeroU32::new(spaces & (spaces - 1))?.trailing_zeros();
    let before_end = (1_u32 << end) - 1;
    let slash = NonZeroU32::new(slashes & before_end)?.trailing_zeros();
    // One slash, behind the backend's name, and neither of the names empty or `-`.
    let named = slash > frontend + 1 && slash + 1 < end && frontend > 0;
    // Quotes begin the layout of `httplog clf`.
    let quoted = matches!(window[0], b'"' | b'\\');
    let plain = (slashes & before_end).is_power_of_two() && brackets & before_end == 0 && !quoted;
    let [frontend, slash, end] = [frontend, slash, end].map(|at| at as usize);
    if !named || !plain || window[frontend + 1] == b'-' || window[slash + 1] == b'-' {
        return None;
    }
    Some((&i[end + 1..], [&i[frontend + 1..slash], &i[frontend + 1..end]]))
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (rest, Request { line, request }) = request_line(line).ok()?;
    let (tail, request) = request.map_or_else(|| after_ending(rest), |request| (rest, request));
    let (method, host, path) = parts_of(request);
    let (record, errors) = (line.record(), backend_errors(tail));
    let flags = if errors.is_empty() { record.flags } else { errors };
    let hosts = [address::host(host), line.host, server_name(tail)];
    let host = hosts.into_iter().find(|host| !host.is_empty()).unwrap_or_default();
    Some(Record { method, host, path, flags, ..record })
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    haproxy::judge(record, statuses)
}

/// A line up to `%rc`, and the request where it stands before that (CLF).
struct Request<'a> {
    line: Line<'a>,
    request: Option<&'a [u8]>,
}

/// Either layout: in CLF the request follows the date, else the frontend does.
#[inline(always)]
fn request_line(i: &[u8]) -> Parsed<'_, Request<'_>> {
    let (after, head) = head(i)?;
    if matches!(after, [b' ', b'a'..=b'z' | b'A'..=b'Z', ..]) || preceded(space, quote).parse(after).is_err() {
        let (rest, line) = http(after, head).or_else(|_| early(after, head))?;
        return Ok((rest, Request { line, request: None }));
    }
    clf(i)
}

/// ` web api/api-1 0/0/-1/-1/3000 503 217 - - SC-- 16/16/14/1/3`
#[inline(always)]
fn http<'a>(i: &'a [u8], head: haproxy::Head<'a>) -> Parsed<'a, Line<'a>> {
    let (i, frontend) = frontend(space(i)?.0)?;
    let (i, route) = route(space(i)?.0)?;
    let (i, (host, [request, queue, connect, response, total])) = five(space(i)?.0)?;
    let (i, status) = answer(space(i)?.0)?;
    let (i, bytes) = number(space(i)?.0)?;
    let (i, ending) = ending(space(i)?.0)?;
    let timers = Timers { request, queue, connect, response, total };
    Ok((i, Line { head, frontend, route, host, timers, status, bytes, ending }))
}

/// ` web web-1 9/0/7/14/30 502 243 - - PH-- 0/2/3`, as HAProxy wrote it until 1.2: the server apart from its proxy (there
/// were no backends), fewer counts of connections and none of retries; 1.1 had no time in the queue (`doc/haproxy-en.txt`
/// of those, section 4.2).
#[cold]
fn early<'a>(i: &'a [u8], head: haproxy::Head<'a>) -> Parsed<'a, Line<'a>> {
    let (i, ((), proxy, (), server)) = (space, frontend, space, frontend).parse(i)?;
    let (i, timers) = early_timers(space(i)?.0)?;
    let (i, status) = answer(space(i)?.0)?;
    let (i, bytes) = number(space(i)?.0)?;
    let (i, _cookies) = (space, word, space, word).parse(i)?;
    let (i, ((), state, ())) = (space, state, space).parse(i)?;
    let connections = numbers::<3>(i, b'/').map(|(rest, _)| rest);
    let rest = connections.or_else(|_| numbers::<2>(i, b'/').map(|(rest, _)| rest))?;
    let (route, ending) = (placed(proxy, server, server), Ending { state, retries: Retries::default() });
    Ok((rest, Line { head, frontend: proxy, route, host: b"", timers, status, bytes, ending }))
}

/// `9/0/7/14/30`, or `9/7/14/30` without the time in the queue.
fn early_timers(i: &[u8]) -> Parsed<'_, Timers> {
    let (rest, [request, queue, connect, response, total]) = match numbers(i, b'/') {
        Ok(five) => five,
        Err(_) => {
            let (rest, [request, connect, response, total]) = numbers(i, b'/')?;
            (rest, [request, Some(0), connect, response, total])
        }
    };
    Ok((rest, Timers { request, queue, connect, response, total }))
}

/// `0/0/-1/-1/3000`. Custom formats put a word of their own before it: the host that was asked for.
#[inline(always)]
fn five(i: &[u8]) -> Parsed<'_, (&[u8], [Option<u64>; 5])> {
    match numbers(i, b'/') {
        Ok((rest, timers)) => Ok((rest, (b"", timers))),
        Err(_) => {
            let (rest, own) = word(i)?;
            let (rest, timers) = if find(b'/', own).is_some() { mismatch() } else { numbers(space(rest)?.0, b'/') }?;
            Ok((rest, (present(address::host(own)), timers)))
        }
    }
}

/// `shop.example.com` of ` 0/0/0/0/0 shop.example.com/TLSv1.3/TLS_AES_256_GCM_SHA384`, which `option httpslog` puts
/// behind the request: the name that the client asked for as it began TLS (`ssl_fc_sni`), `-` where it named none.
fn server_name(tail: &[u8]) -> &[u8] {
    let mut parts = tail.rsplit(|byte| *byte == b' ').next().unwrap_or_default().split(|byte| *byte == b'/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some([b'T', b'L', b'S', b'v', ..]), Some(_)) => present(name),
        _ => b"",
    }
}

/// `option httplog clf`; `"TCP "` in the request's place is `option tcplog clf`.
fn clf(i: &[u8]) -> Parsed<'_, Request<'_>> {
    let (rest, Clf { mut line, request, numbers }) = clf_line(i)?;
    if request == b"TCP " {
        return mismatch();
    }
    let [request_, queue, connect, response, total] = numbers;
    line.timers = Timers { request: request_, queue, connect, response, total };
    Ok((rest, Request { line, request: Some(request) }))
}

/// ` 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1" …`: what follows the request, and the request. A line that was cut
/// off may have neither.
fn after_ending(i: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = queues(i).map_or(i, |(rest, _)| rest);
    while let Ok((after, _)) = space(rest).and_then(|(after, ())| captured(after)) {
        rest = after;
    }
    // Custom formats put words of their own before the request.
    while let Ok((after, ())) = space(rest) {
        if quote(after).is_ok() {
            return quoted(after).unwrap_or_default();
        }
        rest = &after[find(b' ', after).unwrap_or(after.len())..];
    }
    (b"", b"")
}

/// ` 0/0`: how many requests waited at the server and at the backend.
#[inline(always)]
fn queues(i: &[u8]) -> Parsed<'_, [Option<u64>; 2]> {
    numbers(space(i)?.0, b'/')
}

/// `{Mozilla/5.0 (X11)|1wt.eu}`: spaces may stand inside, braces are written as `#7B` and `#7D`.
fn captured(i: &[u8]) -> Parsed<'_, &[u8]> {
    match i {
        [b'{', inside @ ..] => {
            let end = memchr(b'}', inside).unwrap_or(inside.len());
            Ok((inside.get(end + 1..).unwrap_or_default(), &inside[..end]))
        }
        _ => crate::grammar::mismatch(),
    }
}

/// Method, host and path of `GET /index.html HTTP/1.1`, `GET http://1wt.eu/ HTTP/2.0`, `<BADREQ>`, or as much as the
/// length limit left.
pub(super) fn parts_of(request: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let Some(end) = find(b' ', request) else { return (b"", b"", b"") };
    let (method, target) = (&request[..end], &request[end + 1..]);
    let target = &target[..version(target).unwrap_or(target.len())];
    let (host, path) = if method == b"CONNECT" { (&b""[..], target) } else { split_target(target) };
    (method, host, path)
}

/// Where the target ends and ` HTTP/1.1` begins, if that was not cut off.
#[inline(always)]
fn version(target: &[u8]) -> Option<usize> {
    if let Some((target, [b' ', b'H', b'T', b'T', b'P', b'/', ..])) = target.split_last_chunk::<9>() {
        return Some(target.len());
    }
    let version = memrchr_iter(b' ', target).find(|at| target[at + 1..].starts_with(b"HTTP/"));
    version.or_else(|| target.starts_with(b"HTTP/").then_some(0))
}

/// `https://1wt.eu/a?b` is a host and a path; so is `1wt.eu/a?b`, as HAProxy's ingress controller logs it.
pub(super) fn split_target(target: &[u8]) -> (&[u8], &[u8]) {
    if target.starts_with(b"/") {
        return (b"", target);
    }
    let scheme = target.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let without_scheme = target[scheme..].strip_prefix(b"://").unwrap_or(target);
    let end = memchr2(b'/', b'?', without_scheme).unwrap_or(without_scheme.len());
    if without_scheme.len() == target.len() && end == target.len() {
        return (b"", target);
    }
    let (authority, path) = without_scheme.split_at(end);
    (address::without_userinfo(authority), path)
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines, only};
    use super::*;
    use crate::format::{Attempt, Format};
    use crate::grammar::time::{When, Zone};
    use proptest::prelude::*;

    fn read_only(line: &str) -> Record<'_> {
        only(Format::HaproxyHttp, line).unwrap_or_default()
    }

    /// The manual's own line (section 8.2.3), field by field.
    #[test]
    fn reads_the_manuals_line() {
        let line = r#"10.0.1.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1""#;
        let record = read_only(line);
        // 2009-02-06T12:14:14Z is 1233922454.
        assert_eq!(record.when, Some(When { wall: 1_233_922_454_655_000, zone: Zone::Local }));
        assert_eq!((record.status, record.upstream_status), (Some(200), Some(200)));
        assert_eq!((record.group, record.upstream, record.names_upstream), (&b"static"[..], &b"static/srv1"[..], true));
        assert_eq!((record.method, record.host, record.path), (&b"GET"[..], &b""[..], &b"/index.html"[..]));
        assert_eq!((record.bytes, record.client), (Some(2750), &b"10.0.1.2"[..]));
        assert_eq!((record.duration, record.connect, record.header), (Some(109_000), Some(30_000), Some(69_000)));
        assert_eq!((record.termination_state, record.flags), (&b"----"[..], &b""[..]));
        let attempt = Attempt {
            upstream: b"static/srv1",
            status: Some(200),
            connect: Some(30_000),
            header: Some(99_000),
            response: Some(99_000),
            length: None,
        };
        assert_eq!(*record.attempts, [attempt]);
        assert!(matches!(skim(line.as_bytes()), Some(Skimmed::Plain(_))));
    }

    /// The manual of 1.2 (section 4.2), and the same without what 1.1 did not have yet.
    #[test]
    fn reads_early_lines() {
        let line = "haproxy[674]: 127.0.0.1:33320 [15/Oct/2003:08:32:17] relais-http Srv1 9/0/7/14/30 502 243 - - PH-- 0/2/3 0/0 \"GET /cgi-bin/bug.cgi? HTTP/1.0\"";
        for line in [line.to_owned(), line.replace("9/0/7", "9/7").replace("0/2/3 0/0", "2/3")] {
            let record = read_only(&line);
            assert_eq!((record.status, record.upstream_status, record.bytes), (Some(502), None, Some(243)), "{line}");
            assert_eq!((record.group, record.upstream), (&b"relais-http"[..], &b"Srv1"[..]), "{line}");
            assert_eq!((record.method, record.path), (&b"GET"[..], &b"/cgi-bin/bug.cgi?"[..]), "{line}");
            let times = (record.connect, record.header, record.duration);
            assert_eq!(times, (Some(7_000), Some(14_000), Some(30_000)), "{line}");
            assert_eq!(record.attempts.len(), 1, "{line}");
        }
        let line = r#"haproxy[18113]: 127.0.0.1:34549 [15/Oct/2003:15:19:06] relais-http <NOSRV> -1/-1/-1/-1/50001 408 0 - - cR-- 2/2 0/0 """#;
        let record = read_only(line);
        assert_eq!((record.status, record.upstream, record.attempts.len()), (Some(408), &b""[..], 0));
    }

    #[test]
    fn reads_what_stands_before_the_route() {
        let cases = [
            ("2001:db8::1:443 ", "2001:db8::1"),
            ("unix:2 ", "unix"),
            ("xxx.xxx.xxx.xxx:43608 ", "xxx.xxx.xxx.xxx"),
            ("-:43608 ", ""),
            ("", ""),
            ("haproxy ", ""),
            ("haproxy[7]: ", ""),
            ("[pid:28229]info  203.0.113.208:38370 ", "203.0.113.208"),
            (r#"[req@13238 fe_addr="::1" tls="-"] ::1:54498 "#, "::1"),
            (r#"lb haproxy 7 - [req@13238 fe_addr="::1"] ::1:54498 "#, "::1"),
        ];
        for (before, client) in cases {
            let line = format!("{before}[06/Feb/2009:12:14:14.655] web api/a 0/0/0/0/0 200 9 - - ---- 1/1/1/1/0 0/0");
            let record = read_only(&line);
            assert_eq!(record.client, client.as_bytes(), "{line}");
            assert_eq!(record.pid, before.contains("haproxy[7]").then_some(7), "{line}");
        }
    }

    #[test]
    fn reads_the_server() {
        let cases = [
            ("api/a", "api", "api/a", true),
            ("ns-svc-8080/SRV_1", "ns-svc-8080", "ns-svc-8080/SRV_1", true),
            ("be1:www.example.com:8080/b:17355", "be1:www.example.com:8080", "be1:www.example.com:8080/b:17355", true),
            ("http-in/<NOSRV>", "http-in", "", true),
            ("stats/<STATS>", "stats", "", true),
            ("api/<lua.a/b>", "api", "", true),
            ("-/-", "", "", true),
            ("api", "api", "", false),
            // A word of a custom format's behind it.
            ("api/a shop.example.com", "api", "api/a", true),
        ];
        for (route, group, upstream, names) in cases {
            let line =
                format!("192.0.2.1:80 [06/Feb/2009:12:14:14.655] web~ {route} 0/0/0/0/0 200 9 - - ---- 1/1/1/1/0 0/0");
            let record = read_only(&line);
            let read = (record.group, record.upstream, record.names_upstream);
            assert_eq!(read, (group.as_bytes(), upstream.as_bytes(), names), "{route}");
            assert_eq!(record.host, route.split(' ').nth(1).unwrap_or_default().as_bytes(), "{route}");
        }
    }

    #[test]
    fn reads_the_request() {
        let cases = [
            (r#" 0/0 "GET /a?b=c HTTP/1.1""#, "GET", "", "/a?b=c"),
            (r#" 0/0 {} {} "GET / HTTP/1.1""#, "GET", "", "/"),
            (r#" 0/0 {a "b" c|d} "GET / HTTP/1.1""#, "GET", "", "/"),
            (r#" 0/0 "GET https://api.example.com/xyz HTTP/2.0""#, "GET", "api.example.com", "/xyz"),
            (r#" 0/0 "GET http://api.example.com:8080/xyz HTTP/1.1""#, "GET", "api.example.com", "/xyz"),
            (r#" 0/0 "GET http://al:secret@api.example.com:8080/x@y HTTP/1.1""#, "GET", "api.example.com", "/x@y"),
            (r#" 0/0 "GET https://api.example.com?x HTTP/2.0""#, "GET", "api.example.com", "?x"),
            (r#" 0/0 "GET shop.example.com/xyz HTTP/1.1""#, "GET", "shop.example.com", "/xyz"),
            (r#" 0/0 "CONNECT mx.example.com:25 HTTP/1.0""#, "CONNECT", "", "mx.example.com:25"),
            (r#" 0/0 "OPTIONS * HTTP/1.1""#, "OPTIONS", "", "*"),
            (r#" 0/0 "GET  HTTP/2.0""#, "GET", "", ""),
            (r#" 0/0 "GET /a b HTTP/1.1""#, "GET", "", "/a b"),
            (
                r#" 0/0 "GET /a#22#23 HTTP/1.1" 0/0/0/0/0 sni.example.com/TLSv1.3/AES"#,
                "GET",
                "sni.example.com",
                "/a#22#23",
            ),
            (r#" 0/0 "GET /a HTTP/1.1" 0/0/0/0/0 -/TLSv1.3/AES"#, "GET", "", "/a"),
            (r#" 0/0 "GET https://h/a HTTP/2.0" 0/0/0/0/0 sni.example.com/TLSv1.3/AES"#, "GET", "h", "/a"),
            (r#" 0/0 "GET /a HTTP/1.1" x a/b/c"#, "GET", "", "/a"),
            (r#" 0/0 "GET /go?to=http://example.com/ HTTP/1.1""#, "GET", "", "/go?to=http://example.com/"),
            (r#" 0/0 \"GET / HTTP/1.1\""#, "GET", "", "/"),
            (r#" 0/0 deadbeef "GET / HTTP/1.1""#, "GET", "", "/"),
            (r#" 0/0 "GET /cut-off-at-the-lim"#, "GET", "", "/cut-off-at-the-lim"),
            (r#" 0/0 "<BADREQ>""#, "", "", ""),
            (r#" 0/0 """#, "", "", ""),
            (r#" 0/0 {cut off"#, "", "", ""),
            (" 0/0", "", "", ""),
            ("", "", "", ""),
        ];
        for (tail, method, host, path) in cases {
            let line =
                format!("192.0.2.1:80 [06/Feb/2009:12:14:14.655] web api/a 0/0/0/0/0 200 9 - - ---- 1/1/1/1/0{tail}");
            let record = read_only(&line);
            let read = (record.method, record.host, record.path);
            assert_eq!(read, (method.as_bytes(), host.as_bytes(), path.as_bytes()), "{tail}");
        }
    }

    /// `option logasap`, cookies, hand-made formats without them, spaces too many, no status, `%ts`.
    #[test]
    fn reads_the_end() {
        let cases = [
            ("0/0/0/0/+40 200 +89 - - ---- 1/1/1/1/0", Some(40_000), Some(200), Some(89), "----", 1),
            ("0/0/0/0/40 200 89 SRV=s1 SRV=s2 --VN 1/1/1/1/0", Some(40_000), Some(200), Some(89), "--VN", 1),
            ("0/0/0/-1/11003 502 273 SH-- 1/1/0/0/0", Some(11_003_000), Some(502), Some(273), "SH--", 1),
            (" 0/0/0/-1/9  502 273 - - SH 1/1/0/0/0", Some(9_000), Some(502), Some(273), "SH", 1),
            ("-1/-1/-1/-1/0 -1 0 - - CR-- 1/1/0/0/0", Some(0), None, Some(0), "CR--", 0),
            ("-1/-1/-1/-1/0 0 0 - - PR-- 1/1/0/0/0", Some(0), None, Some(0), "PR--", 0),
            ("0/0/-1/-1/3000 503 217 - - SC-- 1/1/0/0/+3", Some(3_000_000), Some(503), Some(217), "SC--", 4),
            ("0/0/-1/-1/3000 503 217 - - SC-- 1/1/0/0/999999", Some(3_000_000), Some(503), Some(217), "SC--", 101),
        ];
        for (middle, duration, status, bytes, state, attempts) in cases {
            let line = format!("192.0.2.1:80 [06/Feb/2009:12:14:14.655] web api/a {middle} 0/0");
            let record = read_only(&line);
            assert_eq!((record.duration, record.status, record.bytes), (duration, status, bytes), "{line}");
            assert_eq!((record.termination_state, record.attempts.len()), (state.as_bytes(), attempts), "{line}");
        }
    }

    /// With `+`, who was tried before is not known; without it, it was the same server.
    #[test]
    fn tells_retries_apart() {
        let upstreams = |retries: &str| {
            let line = format!(
                "192.0.2.1:80 [06/Feb/2009:12:14:14.655] web api/b 5/2/-1/-1/1007 503 9 - - SC-- 1/1/0/0/{retries} 0/0"
            );
            let record = read_only(&line);
            let owned =
                |attempt: &Attempt<'_>| (String::from_utf8_lossy(attempt.upstream).into_owned(), attempt.response);
            record.attempts.iter().map(owned).collect::<Vec<_>>()
        };
        let named = |name: &str, response| (name.to_owned(), response);
        assert_eq!(upstreams("1"), [named("api/b", None), named("api/b", Some(1_000_000))]);
        assert_eq!(upstreams("+1"), [named("", None), named("api/b", Some(1_000_000))]);
    }

    #[test]
    fn reads_clf() {
        let line = r#"192.0.2.78 - - [07/Nov/2016:10:29:36 +0100] "GET /a?b HTTP/1.1" 502 212 "" "" 49408 409 "web~" "api" "app-1" 20 1 2 -1 27 SHVN 1 1 0 0 +1 0 0 "" "" "http://192.0.2.9/" "Mozilla/5.0 (X11; Linux" "#;
        let record = read_only(line);
        assert_eq!(record.when, Some(When { wall: 1_478_514_576_000_000, zone: Zone::Offset(3_600) }));
        assert_eq!((record.group, record.upstream, record.names_upstream), (&b"api"[..], &b"app-1"[..], true));
        assert_eq!((record.status, record.bytes, record.client), (Some(502), Some(212), &b"192.0.2.78"[..]));
        assert_eq!((record.method, record.path), (&b"GET"[..], &b"/a?b"[..]));
        assert_eq!((record.duration, record.connect, record.header), (Some(27_000), Some(2_000), None));
        assert_eq!((record.termination_state, record.attempts.len()), (&b"SHVN"[..], 2));
        let none = line.replace("app-1", "<NOSRV>").replace(" 20 1 2 ", " 20 -1 -1 ").replace('"', "\\\"");
        let record = read_only(&none);
        assert_eq!((record.group, record.upstream, record.path), (&b"api"[..], &b""[..], &b"/a?b"[..]));
        assert_eq!(read_only(&line.replace("192.0.2.78", "2001:db8::1")).client, b"2001:db8::1");
    }

    #[test]
    fn leaves_other_lines_alone() {
        let others = [
            "",
            // Cut off before the end was told.
            "192.0.2.1:80 [06/Feb/2009:12:14:14.655] web api/a 0/0/0/0/0 200 9 - - --",
            "192.0.2.1:80 [06/Feb/2009:12:14:14.655] web api/a 0/0/0/0/0 200 9 - - ---- 1/1/1",
            // TCP; the error log.
            "192.0.2.1:80 [06/Feb/2009:12:14:14.655] web api/a 0/0/0 9 -- 1/1/1/1/0 0/0",
            "192.0.2.1:80 [06/Feb/2009:12:14:14.655] web/1: SSL handshake failure",
            // Seven timers, no state, a bad day.
            "192.0.2.1:80 [06/Feb/2009:12:14:14.655] web api/a 0/0/0/0/0/0/0 200 9 - - ---- 1/1/1/1/0 0/0",
            "192.0.2.1:80 [06/Feb/2009:12:14:14.655] web api/a 0/0/0/0/0 200 9 - - XX-- 1/1/1/1/0 0/0",
            "192.0.2.1:80 [31/Feb/2009:12:14:14.655] web api/a 0/0/0/0/0 200 9 - - ---- 1/1/1/1/0 0/0",
            // nginx, whose clients may quote HAProxy.
            r#"192.0.2.1 - - [06/Feb/2009:12:14:14 +0000] "GET / HTTP/1.1" 502 157 "-" "curl/7.88.1""#,
            r#"192.0.2.1 - - [06/Feb/2009:12:14:14 +0000] "GET / HTTP/1.1" 502 157 "-" "x" rt=0.1 ua="10.0.0.1:80" us="502""#,
            r#"2026/11/20 23:50:58 [error] 7#7: *1 connect() failed, request: "GET / HTTP/1.1", referrer: "x [06/Feb/2009:12:14:14.655] web api/a 0/0/0/0/0 200 9 - - ---- 1/1/1/1/0 0/0""#,
            r#"https 2018-07-02T22:23:00.186641Z app/lb/1 192.0.2.1:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://example.com:443/ HTTP/1.1" "curl" - - - "Root=1""#,
        ];
        for line in others {
            assert!(skim(line.as_bytes()).is_none(), "{line}");
            assert!(read(line.as_bytes()).is_none(), "{line}");
        }
    }

    /// Quotes in the frontend's place begin the layout of `httplog clf`.
    #[test]
    fn skims_no_quoted_frontend() {
        for frontend in ["\"x\"y\"", "\"x\"", "\\\"x", "\\x", "x\"y"] {
            let line = format!(
                r#"192.0.2.1:80 [06/Feb/2009:12:14:14.655] {frontend} api/a 0/0/0/0/0 200 9 - - ---- 1/1/1/1/0 0/0 "GET / HTTP/1.1""#
            );
            agrees(Format::HaproxyHttp, line.as_bytes());
        }
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::HaproxyHttp, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::HaproxyHttp)) {
            agrees(Format::HaproxyHttp, &line);
        }
    }
}
