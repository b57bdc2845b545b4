//! Envoy's access log as text: the default layout, and the longer ones that Istio, Contour, Emissary and others make of
//! it.
//!
//! All of them are the same run of columns, into which some put more behind the flags (details, quoted or bare) and
//! behind the upstream's host (the cluster and addresses). Between the flags and the first number stands what says why.
//!
//! | writer | behind the flags | behind the host |
//! | --- | --- | --- |
//! | Envoy, Contour, Gateway API implementations | | |
//! | Emissary, Ambassador: `ACCESS ` before all | | |
//! | Istio to 1.2 | `"%DYNAMIC_METADATA(istio.mixer:status)%"` | cluster, three addresses, server name |
//! | Istio 1.3 to 1.8 | the same, `"%UPSTREAM_TRANSPORT_FAILURE_REASON%"` | and the route's name |
//! | Istio since 1.9 | `%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%"` | the same |
//!
//! Envoy escapes nothing: a quoted value ends at a quote that a space follows.

use super::envoy_shared::{self, Fields, are_flags, is_endpoint, known, server};
use super::{About, Escape, Record, Skim, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;
use crate::grammar::find::{find, find_far, find_within};
use crate::grammar::number::{status, uint, whole};
use crate::grammar::text::{place_of, words};
use crate::grammar::time::{When, iso};
use memchr::memrchr;

pub(super) static ABOUT: About = About {
    name: "envoy",
    proxy: Proxy::ENVOY,
    title: "Envoy access log: the default text, and Istio's, Contour's and Emissary's",
    layout: "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" %RESPONSE_CODE% \
        %RESPONSE_FLAGS% [%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \
        \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\"] %BYTES_RECEIVED% %BYTES_SENT% %DURATION% \
        %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \
        \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" [%UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% \
        %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%]",
    time: "when the request began, in UTC",
    source: "Envoy, docs/root/configuration/observability/access_log/usage.rst; Istio, \
        pilot/pkg/model/telemetry_logging.go",
    samples: &[
        r#"[2026-11-21T02:57:45.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "203.0.113.28" "curl/7.88.1" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations.example.com" "10.0.2.1:80""#,
        r#"[2026-11-21T02:57:46.018Z] "GET /checkout/pay/584 HTTP/1.1" 503 UF upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_111} - "delayed_connect_error:_111" 0 159 3 - "203.0.113.9" "curl/7.88.1" "7b6c0f52-0d5e-4c52-9d52-1f0f3f7d5a11" "shop.example.com" "10.0.0.5:8080" outbound|80||checkout.shop.svc.cluster.local - 10.0.0.2:8443 203.0.113.9:51812 shop.example.com default"#,
        r#"[2026-11-21T02:57:47.440Z] "GET /cart HTTP/1.1" 503 UH "-" "-" 0 19 0 - "-" "curl/7.88.1" "f2f1b9c5-2b75-4a44-a3a4-0c9a2ad0ce0e" "shop.example.com" "-" - - 10.0.0.2:8443 203.0.113.9:51814 - -"#,
        r#"ACCESS [2026-11-21T02:57:48.101Z] "GET /cart HTTP/1.1" 504 UT 0 24 15001 - "203.0.113.9" "curl/7.88.1" "a9a7e3ab-90f6-4f0d-9d6b-6f8f4dbe3f55" "shop.example.com" "10.0.0.5:8080""#,
        r#"[2026-11-21T02:57:49.533Z] "- - -" 0 UF,URX - - "-" 0 0 5003 - "-" "-" "-" "-" "10.0.0.7:5432" outbound|5432||db.shop.svc.cluster.local - 10.96.0.7:5432 10.0.0.9:40112 - -"#,
    ],
    signs: &[&envoy_shared::SIGNS, &envoy_shared::CONNECTS],
};

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    ordinary(line).or_else(|| fields(line).map(|fields| fields.skim()))
}

/// What nearly all lines are: with a stamp, an answer, all numbers and headers, and no quote inside a header. What else
/// stands in a line with a flag or a failure is not looked at.
fn ordinary(line: &[u8]) -> Option<Skimmed<'_>> {
    let (rest, when) = iso(line.strip_prefix(b"[")?).ok()?;
    let request = rest.strip_prefix(b"] \"")?;
    let (rest, answer) = words::<2>(&request[place_of(request, b"\" ")? + 2..]).ok()?;
    let (status, flags) = (answer.whole(0, status(answer.from(0)))?, answer.text(1));
    let is_plain = matches!(status, 100..500) && flags == b"-";
    if !is_plain && (status < 100 || !are_flags(flags)) {
        return None;
    }
    let rest = behind_reasons(rest.strip_prefix(b" ")?)?;
    let (rest, numbers) = words::<4>(rest).ok()?;
    let number = |at: usize| numbers.whole(at, uint(numbers.from(at)));
    let (_received, _sent, millis) = (number(0)?, number(1)?, number(2)?);
    if numbers.text(3) != b"-" {
        let _service_time = number(3)?;
    }
    let mut header = rest.strip_prefix(b" \"")?;
    for _ in 0..4 {
        header = header[find_far(b'"', header)?..].strip_prefix(b"\" \"")?;
    }
    let (host, rest) = header.split_at(find(b'"', header)?);
    let rest = &rest[1..];
    if !matches!(rest.first(), None | Some(b' ')) {
        return None;
    }
    if !is_plain {
        return Some(Skimmed::Full);
    }
    let upstream = server(known(host));
    Some(Skimmed::Plain(Skim {
        when: Some(when),
        status,
        group: tail(Columns(behind(rest))).cluster,
        upstream,
        names_upstream: true,
        attempted: !upstream.is_empty(),
        duration: Some(millis.checked_mul(1_000)?),
    }))
}

/// The line from its first number on: behind the flags, and what Istio writes behind them.
fn behind_reasons(i: &[u8]) -> Option<&[u8]> {
    if i.first()?.is_ascii_digit() {
        return Some(i);
    }
    i.strip_prefix(b"via_upstream - \"-\" ").or_else(|| {
        let mut columns = Columns(i);
        reasons(&mut columns).1.then_some(columns.0)
    })
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let mut fields = fields(line)?;
    fields.split_request();
    Some(fields.record(Escape::None))
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    envoy_shared::judge(record, statuses)
}

fn fields(line: &[u8]) -> Option<Fields<'_>> {
    let (when, rest) = stamp(line)?;
    let mut fields =
        Fields { when, names_flags: true, names_upstream: true, names_service_time: true, ..Fields::default() };
    let end = place_of(rest, b"\" ")?;
    fields.request(rest.get(..end)?);
    let mut columns = Columns(rest.get(end + 2..)?);
    fields.code = columns.next().filter(is_code)?.text;
    let flags = columns.next().filter(|column| !column.quoted && are_flags(column.text))?;
    fields.flags = known(flags.text);
    let (Reasons { details, transport }, numbers) = reasons(&mut columns);
    (fields.details, fields.transport) = (details, transport);
    if !numbers && (when.is_none() || !columns.0.is_empty()) {
        return None;
    }
    numbers_and_headers(&mut columns, &mut fields)?;
    let Tail { cluster, downstream } = tail(columns);
    (fields.cluster, fields.downstream) = (cluster, downstream);
    // Cut off before anything that others do not write so.
    let is_envoys = !fields.flags.is_empty() || !fields.duration.is_empty() || fields.details.contains(&b'_');
    is_envoys.then_some(fields)
}

/// The stamp, where there is one, and what follows the quote that opens the request. Before it may stand a word or two:
/// `ACCESS `, or the names of a pod and a container, as stern writes them.
fn stamp(line: &[u8]) -> Option<(Option<When>, &[u8])> {
    if let Some(rest) = line.strip_prefix(b"\"") {
        return Some((None, rest));
    }
    let bracket = if line.first() == Some(&b'[') { 0 } else { prefix(line)? };
    let inside = &line[bracket + 1..];
    let end = find(b']', inside.get(..64).unwrap_or(inside))?;
    let when = whole(&inside[..end], iso)?;
    Some((Some(when), inside[end..].strip_prefix(b"] \"")?))
}

/// Where the bracket with the stamp is, behind one or two words.
fn prefix(line: &[u8]) -> Option<usize> {
    let first = 1 + find(b' ', line.get(..PREFIX).unwrap_or(line))?;
    let rest = &line[first..];
    match rest.first()? {
        b'[' => Some(first),
        _ => {
            let second = first + 1 + find(b' ', rest.get(..PREFIX).unwrap_or(rest))?;
            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b' ');
            (line.get(second) == Some(&b'[') && line[..second].iter().all(is_name)).then_some(second)
        }
    }
}

/// The longest name of a pod or container.
const PREFIX: usize = 256;

/// A status, or what stands for none.
fn is_code(column: &Column<'_>) -> bool {
    !column.quoted && matches!(column.text, b"0" | b"-" | [b'1'..=b'9', b'0'..=b'9', b'0'..=b'9'])
}

impl<'a> Fields<'a> {
    /// Keeps the request line, of which counting needs no more than whether it is one: `GET /a HTTP/1.1`, `- - -`.
    fn request(&mut self, line: &'a [u8]) {
        self.path = line;
        let last = memrchr(b' ', line).map_or(&b""[..], |at| &line[at + 1..]);
        self.protocol = known(last);
        self.method = known(find(b' ', line).map_or(line, |at| &line[..at]));
    }

    /// Takes the path out of the request line.
    fn split_request(&mut self) {
        let line = self.path;
        let start = find(b' ', line).map_or(line.len(), |at| at + 1);
        let rest = &line[start..];
        let end = memrchr(b' ', rest).filter(|at| rest[at + 1..].starts_with(b"HTTP/") || &rest[at + 1..] == b"-");
        self.path = known(&rest[..end.unwrap_or(rest.len())]);
    }
}

/// What says why, in front of the first number.
#[derive(Default)]
struct Reasons<'a> {
    details: &'a [u8],
    transport: &'a [u8],
}

/// Reads up to the first number, which stays; `false` where none follows. Bare are the response code's details, then
/// those of the connection's end; quoted is the transport's failure, behind what Istio's mixer said.
fn reasons<'a>(columns: &mut Columns<'a>) -> (Reasons<'a>, bool) {
    let (mut reasons, mut bare) = (Reasons::default(), 0);
    for _ in 0..6 {
        let mut ahead = *columns;
        let Some(column) = ahead.next() else { return (reasons, false) };
        match column.quoted {
            true => reasons.transport = known(column.text),
            false if column.text.iter().all(u8::is_ascii_digit) => return (reasons, true),
            false => {
                bare += 1;
                if bare == 1 {
                    reasons.details = known(column.text);
                }
            }
        }
        *columns = ahead;
    }
    (reasons, false)
}

/// `0 159 3 - "203.0.113.9" "curl/7.88.1" "7b6c" "shop.example.com" "10.0.0.5:8080"`, as far as the line goes. `None`
/// where something else stands there.
fn numbers_and_headers<'a>(columns: &mut Columns<'a>, fields: &mut Fields<'a>) -> Option<()> {
    let mut number = || match columns.next() {
        None => Some(&b""[..]),
        Some(Column { text, quoted: false }) if text == b"-" || text.iter().all(u8::is_ascii_digit) => {
            Some(known(text))
        }
        Some(_) => None,
    };
    number()?;
    (fields.sent, fields.duration, fields.service_time) = (number()?, number()?, number()?);
    let mut header = |is_last: bool| match columns.header(is_last) {
        None if columns.0.is_empty() => Some(&b""[..]),
        text => text.map(known),
    };
    (fields.forwarded_for, fields.user_agent) = (header(false)?, header(false)?);
    (fields.request_id, fields.authority) = (header(false)?, header(false)?);
    fields.upstream_host = header(true)?;
    Some(())
}

/// What stands behind the upstream's host.
#[derive(Default)]
struct Tail<'a> {
    cluster: &'a [u8],
    downstream: &'a [u8],
}

/// `outbound|80||checkout.shop.svc.cluster.local - 10.0.0.2:8443 203.0.113.9:51812 shop.example.com default`, or
/// whatever else follows.
fn tail(mut columns: Columns<'_>) -> Tail<'_> {
    let Some(cluster) = columns.next() else { return Tail::default() };
    let mut bare = || columns.next().filter(|column| !column.quoted).map(|column| column.text);
    if let (false, Some(upstream_local), Some(local), remote) = (cluster.quoted, bare(), bare(), bare())
        && is_endpoint(upstream_local)
        && is_endpoint(local)
    {
        let downstream = remote.filter(|remote| is_endpoint(remote)).map_or(&b""[..], known);
        Tail { cluster: known(cluster.text), downstream }
    } else if cluster.text.starts_with(b"outbound|") || cluster.text.starts_with(b"inbound|") {
        // Istio's name of a cluster, in a layout of somebody's own, or in a line that was cut off.
        Tail { cluster: cluster.text, ..Tail::default() }
    } else {
        Tail::default()
    }
}

/// A column, with or without quotes around it.
#[derive(Clone, Copy, Debug)]
struct Column<'a> {
    text: &'a [u8],
    quoted: bool,
}

/// The columns of the rest of a line.
#[derive(Clone, Copy, Debug)]
struct Columns<'a>(&'a [u8]);

impl<'a> Iterator for Columns<'a> {
    type Item = Column<'a>;

    fn next(&mut self) -> Option<Column<'a>> {
        match self.0 {
            [] => None,
            [b'"', ..] => self.header(true).map(|text| Column { text, quoted: true }),
            rest => {
                let text = &rest[..bare_end(rest)];
                self.0 = behind(&rest[text.len()..]);
                Some(Column { text, quoted: false })
            }
        }
    }
}

impl<'a> Columns<'a> {
    /// A quoted column. One that is not the last of its kind ends where the next one begins: user agents may hold
    /// quotes. One that was cut off ends with the line.
    fn header(&mut self, is_last: bool) -> Option<&'a [u8]> {
        let inside = self.0.strip_prefix(b"\"")?;
        let next = if is_last { None } else { place_of(inside, b"\" \"") };
        let end = next.or_else(|| place_of(inside, b"\" ")).unwrap_or(inside.len());
        let text = &inside[..end];
        self.0 = behind(inside[end..].strip_prefix(b"\"").unwrap_or_default());
        // The line's last quote.
        Some(if self.0.is_empty() { text.strip_suffix(b"\"").unwrap_or(text) } else { text })
    }
}

/// What follows one space.
fn behind(rest: &[u8]) -> &[u8] {
    rest.strip_prefix(b" ").unwrap_or(rest)
}

/// Where a bare column ends. In older Envoys details may hold spaces between their braces; now those are `_`.
fn bare_end(rest: &[u8]) -> usize {
    let end = find(b' ', rest).unwrap_or(rest.len());
    match find_within(b'{', rest, end) {
        Some(brace) if find(b'}', &rest[brace..end]).is_none() => {
            find(b'}', &rest[brace..]).map_or(end, |at| brace + at + 1)
        }
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::haproxy::testing::{agrees, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use proptest::prelude::*;

    fn said(line: &str) -> String {
        agrees(Format::Envoy, line.as_bytes());
        let record = read(line.as_bytes());
        let extra = record.as_ref().map_or_else(String::new, |record| {
            let named = [("flags", record.flags), ("reason", record.error_reason)];
            let named = named.iter().filter(|(_, text)| !text.is_empty());
            named.map(|(name, text)| format!(" {name}={}", String::from_utf8_lossy(text))).collect()
        });
        told(record) + &extra
    }

    #[test]
    fn reads_each_layout() {
        let common =
            "status=503 upstream=10.0.0.5:80 method=GET host=shop.example.com path=/a?b bytes=91 duration=0.007";
        let whole = "0 91 7 - \"-\" \"ua\" \"7b6c\" \"shop.example.com:8443\" \"10.0.0.5:80\"";
        let request = "[2026-11-21T02:57:46.018Z] \"GET /a?b HTTP/1.1\" 503";
        let attempts = "names=upstream attempts=[10.0.0.5:80 - -/-/0.007]";
        let tail = "outbound|80||a - 10.0.0.2:443 203.0.113.9:5181";
        let in_group = common.replacen("status=503", "status=503 group=outbound|80||a", 1);
        let cases = [
            // Envoy, Contour; Emissary; with the prefix of a tool that shows several containers.
            (format!("{request} UC {whole}"), format!("{common} agent=ua trace=7b6c {attempts} flags=UC")),
            (format!("ACCESS {request} UC {whole}"), format!("{common} agent=ua trace=7b6c {attempts} flags=UC")),
            (
                format!("gateway-7c istio-proxy {request} UC {whole}"),
                format!("{common} agent=ua trace=7b6c {attempts} flags=UC"),
            ),
            // Istio 1.0: the cluster and three addresses; 1.1 with the server's name and the mixer's status.
            (
                format!("{request} UC {whole} {tail}"),
                format!("{in_group} client=203.0.113.9 agent=ua trace=7b6c {attempts} flags=UC"),
            ),
            (
                format!("{request} UC \"-\" {whole} {tail} -"),
                format!("{in_group} client=203.0.113.9 agent=ua trace=7b6c {attempts} flags=UC"),
            ),
            // 1.3 to 1.8
            (
                format!("{request} UF \"-\" \"TLS error: 1:x\" {whole} {tail} - default"),
                format!("{in_group} client=203.0.113.9 agent=ua trace=7b6c message=TLS error: 1:x {attempts} flags=UF"),
            ),
            // Since 1.9
            (
                format!("{request} UF,URX a{{b,c:_111}} - \"c:_111\" {whole} {tail} - default"),
                format!(
                    "{in_group} client=203.0.113.9 agent=ua trace=7b6c message=c:_111 {attempts} flags=UF,URX reason=a{{b,c:_111}}"
                ),
            ),
            // Only the details; details with spaces, of older Envoys.
            (
                format!("{request} UT response_timeout {whole}"),
                format!("{common} agent=ua trace=7b6c {attempts} flags=UT reason=response_timeout"),
            ),
            (
                format!("{request} UF a{{connection failure,TLS error: 1}} {whole}"),
                format!("{common} agent=ua trace=7b6c {attempts} flags=UF reason=a{{connection failure,TLS error: 1}}"),
            ),
            // What follows is not Istio's.
            (format!("{request} UC {whole} \"own\" 12 -"), format!("{common} agent=ua trace=7b6c {attempts} flags=UC")),
            (
                format!("{request} UC {whole} \"outbound|80||a\""),
                format!("{in_group} agent=ua trace=7b6c {attempts} flags=UC"),
            ),
            // Without a stamp.
            (
                format!("\"GET /a?b HTTP/1.1\" 503 UC {whole}"),
                format!("{common} agent=ua trace=7b6c {attempts} flags=UC"),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(&line), expected, "{line}");
        }
    }

    #[test]
    fn reads_odd_fields() {
        let cases = [
            (
                r#"[2016-04-15T20:17:00.310Z] "POST /a HTTP/2" 204 - 154 0 226 100 "2001:db8::9, 10.0.0.1" "say "hi", Bob" "cc21" "[2001:db8::1]:443" "tcp://10.0.2.1:80""#,
                "status=204 upstream=10.0.2.1:80 method=POST host=2001:db8::1 path=/a bytes=0 duration=0.226 client=2001:db8::9 agent=say \"hi\", Bob trace=cc21 names=upstream attempts=[10.0.2.1:80 204 -/0.100/0.226]",
            ),
            (
                r#"[2026-11-21T02:57:46.018Z] "- - -" 0 - 87 254 4 - "-" "-" "-" "-" "10.0.0.7:5432""#,
                "upstream=10.0.0.7:5432 bytes=254 duration=0.004 names=upstream attempts=[10.0.0.7:5432 - -/-/0.004]",
            ),
            (
                r#"[2026-11-21T02:57:46.018Z] "GET /a HTTP/1.1" 0 DC 0 0 746 - "203.0.113.9" "ua" "7b6c" "h" "10.0.0.5:80""#,
                "status=0 upstream=10.0.0.5:80 method=GET host=h path=/a bytes=0 duration=0.746 client=203.0.113.9 agent=ua trace=7b6c names=upstream attempts=[10.0.0.5:80 - -/-/0.746] flags=DC",
            ),
            // A client without an address: in a mesh, and of an internal listener.
            (
                r#"[2026-11-21T02:57:46.018Z] "GET /a HTTP/1.1" 503 UH no_healthy_upstream - "-" 0 19 0 - "" "ua" "7b6c" "h" "-" outbound|80||a - 10.0.0.2:80 :0 - default"#,
                "status=503 group=outbound|80||a method=GET host=h path=/a bytes=19 duration=0.000 agent=ua trace=7b6c names=upstream no=server flags=UH reason=no_healthy_upstream",
            ),
            // Cut off.
            (
                r#"[2026-11-21T02:57:46.018Z] "GET /a HTTP/1.1" 503 UC 0 91 7 - "203.0.113.9" "Mozil"#,
                "status=503 method=GET path=/a bytes=91 duration=0.007 client=203.0.113.9 agent=Mozil names=upstream flags=UC",
            ),
            (
                r#"[2026-11-21T02:57:46.018Z] "GET /a HTTP/1.1" 503 UC"#,
                "status=503 method=GET path=/a names=upstream flags=UC",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(line), expected, "{line}");
        }
        // 2026-11-21T02:57:46.018Z is 1795229866.018.
        let when = only(Format::Envoy, cases[1].0).and_then(|record| record.when).map(|when| when.wall);
        assert_eq!(when, Some(1_795_229_866_018_000));
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "",
            "[2026-11-21 02:57:46.018][7][warning][config] [source/common/config/grpc_stream.h:163] a log of its own",
            "[2026-11-21T02:57:46.018Z] \"GET /a HTTP/1.1\"",
            "[2026-11-21T02:57:46.018Z] \"GET /a HTTP/1.1\" 503",
            "[2026-11-21T02:57:46.018Z] \"GET /a HTTP/1.1\" 503 91 7",
            "[2026-11-21T02:57:46.018Z] \"GET /a HTTP/1.1\" 503 - done",
            "[2026-11-21T02:57:46.018Z] \"GET /a HTTP/1.1\" 200 - 12.5 ms",
            "[2026-11-21T02:57:46.018Z] \"GET /a HTTP/1.1\" 200 - 12 ms",
            "[2026-11-21T02:57:46.018Z] \"GET /a HTTP/1.1\" 200 - 12",
            "[21/Nov/2026:02:57:46 +0000] \"GET /a HTTP/1.1\" 503 - 0 91 7 -",
            "\"GET /a HTTP/1.1\" 503 91 \"-\" \"ua\"",
            "\"GET /a HTTP/1.1\" 503 -",
            "one two three [2026-11-21T02:57:46.018Z] \"GET /a HTTP/1.1\" 503 - 0 91 7 -",
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::Envoy)) {
            agrees(Format::Envoy, &line);
        }
    }
}
