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

use super::envoy_shared::{self, Fields, are_flags, is_address, known};
use super::{About, Escape, Record, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;
use crate::grammar::find::find;
use crate::grammar::number::whole;
use crate::grammar::text::place_of;
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
    fields(line).map(|fields| fields.skim())
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
    let mut fields = Fields { when, names_upstream: true, names_service_time: true, ..Fields::default() };
    let end = place_of(rest, b"\" ")?;
    fields.request(rest.get(..end)?);
    let mut columns = Columns(rest.get(end + 2..)?);
    fields.code = columns.next().filter(is_code)?.text;
    let flags = columns.next().filter(|column| !column.quoted && are_flags(column.text))?;
    fields.flags = known(flags.text);
    let numbers = reasons(&mut columns, &mut fields);
    if !numbers && (when.is_none() || !columns.0.is_empty()) {
        return None;
    }
    numbers_and_headers(&mut columns, &mut fields)?;
    tail(columns, &mut fields);
    Some(fields)
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

/// Reads up to the first number, which stays; `false` where none follows. Bare are the response code's details, then
/// those of the connection's end; quoted is the transport's failure, behind what Istio's mixer said.
fn reasons<'a>(columns: &mut Columns<'a>, fields: &mut Fields<'a>) -> bool {
    let mut bare = 0;
    for _ in 0..6 {
        let mut ahead = *columns;
        let Some(column) = ahead.next() else { return false };
        match column.quoted {
            true => fields.transport = known(column.text),
            false if column.text.iter().all(u8::is_ascii_digit) => return true,
            false => {
                bare += 1;
                if bare == 1 {
                    fields.details = known(column.text);
                }
            }
        }
        *columns = ahead;
    }
    false
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

/// `outbound|80||checkout.shop.svc.cluster.local - 10.0.0.2:8443 203.0.113.9:51812 shop.example.com default`, or
/// whatever else follows.
fn tail<'a>(mut columns: Columns<'a>, fields: &mut Fields<'a>) {
    let mut next = || columns.next().filter(|column| !column.quoted).map(|column| column.text);
    let (Some(cluster), Some(upstream_local), Some(local), remote) = (next(), next(), next(), next()) else { return };
    if is_address(upstream_local) && is_address(local) {
        fields.cluster = known(cluster);
        fields.downstream = remote.filter(|remote| is_address(remote)).map_or(b"", known);
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

/// Where a bare column ends. Details may hold spaces between their braces, until Envoy 1.18 made them `_`.
fn bare_end(rest: &[u8]) -> usize {
    let end = find(b' ', rest).unwrap_or(rest.len());
    match find(b'{', &rest[..end]) {
        Some(brace) if find(b'}', &rest[brace..end]).is_none() => {
            find(b'}', &rest[brace..]).map_or(end, |at| brace + at + 1)
        }
        _ => end,
    }
}
