//! Values as text: times, rates, bytes from a log.

use crate::cause::Proxy;
use crate::grammar::time::Stamp;
use jiff::Timestamp;
use std::borrow::Cow;

/// RFC 3339 in UTC, with as many decimals as are not zero: `2026-11-20T10:02:11.25Z`.
#[must_use]
pub fn time(stamp: Stamp) -> String {
    Timestamp::from_microsecond(stamp.0).map_or_else(|_| String::new(), |time| time.to_string())
}

/// `part` of `whole` as a fraction, to six decimals; `None` where there is no whole.
#[must_use]
pub fn rate(part: u64, whole: u64) -> Option<f64> {
    if whole == 0 {
        return None;
    }
    // Formed from integers, so that it does not depend on the order of a sum.
    let millionths = (u128::from(part) * 2_000_000 / u128::from(whole)).div_ceil(2);
    Some(millionths as f64 / 1e6)
}

/// A count with thousands separators: `4,810`.
#[must_use]
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `1 request`, `4,810 requests`
#[must_use]
pub fn counted(count: u64, one: &str) -> String {
    format!("{} {one}{}", number(count), if count == 1 { "" } else { "s" })
}

/// `41 s`, `2 min 3 s`, `3 h 20 min`, `2 d 3 h`
#[must_use]
pub fn duration(seconds: u64) -> String {
    let (size, unit, small, smaller) = match seconds {
        0..60 => return format!("{seconds} s"),
        60..3_600 => (60, "min", 1, "s"),
        3_600..86_400 => (3_600, "h", 60, "min"),
        _ => (86_400, "d", 3_600, "h"),
    };
    match seconds % size / small {
        0 => format!("{} {unit}", number(seconds / size)),
        rest => format!("{} {unit} {rest} {smaller}", number(seconds / size)),
    }
}

/// `part` of `whole` in percent, with as many digits as mean something: `0.4 %`, `12 %`, `<0.1 %`.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    let rounded = |of: u128| if whole == 0 { 0 } else { (u128::from(part) * of * 2 / u128::from(whole)).div_ceil(2) };
    match (rounded(1_000), rounded(100)) {
        (0, _) if part > 0 => "<0.1 %".to_owned(),
        // Only all of it is 100 %.
        (1_000.., _) if part < whole => ">99.9 %".to_owned(),
        (100..990 | 1_000.., percent) => format!("{percent} %"),
        (tenths, _) => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// Bytes from a log as text.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    borrowed(bytes).into_owned()
}

/// [`text`], and no copy where all of it is text already, which is told at once.
#[must_use]
pub fn borrowed(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The report's `proxy` column: the kind, with `@host` where an envelope names the host.
#[must_use]
pub fn proxy_name(proxy: Proxy, host: &[u8]) -> String {
    if host.is_empty() { proxy.name().to_owned() } else { format!("{}@{}", proxy.name(), text(host)) }
}

/// The report's `upstream` column. A HAProxy server is written `backend/server`, also where a layout logs the two
/// apart: servers of different backends often share a name. A unix socket, of which Apache's error log, Caddy's
/// and LiteSpeed's may have the path alone, and which LiteSpeed calls `uds://path` else, is written `unix:/path`.
#[must_use]
pub fn upstream_name(proxy: Proxy, group: &[u8], upstream: &[u8]) -> String {
    let split = proxy == Proxy::HAPROXY && !group.is_empty() && !upstream.is_empty() && !upstream.contains(&b'/');
    if split {
        format!("{}/{}", text(group), text(upstream))
    } else if [Proxy::APACHE, Proxy::CADDY, Proxy::LITESPEED].contains(&proxy) && upstream.starts_with(b"/") {
        format!("unix:{}", text(upstream))
    } else if let Some(path) = socket_of_litespeed(upstream).filter(|_| proxy == Proxy::LITESPEED) {
        format!("unix:/{}", text(path))
    } else {
        text(upstream)
    }
}

/// The path of `uds://tmp/lshttpd/lsphp.sock`, without the slash that it begins with.
fn socket_of_litespeed(upstream: &[u8]) -> Option<&[u8]> {
    let path = [&b"uds:/"[..], b"UDS:/"].into_iter().find_map(|scheme| upstream.strip_prefix(scheme))?;
    Some(path.strip_prefix(b"/").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_once() {
        let shown = [(21, 22), (1, 8), (3, 1_000), (1, 10_000), (9_999, 10_000), (5, 5), (0, 7), (99, 1_000)];
        let shown = shown.map(|(part, whole)| percent(part, whole));
        assert_eq!(shown, ["95 %", "13 %", "0.3 %", "<0.1 %", ">99.9 %", "100 %", "0.0 %", "9.9 %"]);
        assert_eq!([1, 0, 4_810].map(|count| counted(count, "line")), ["1 line", "0 lines", "4,810 lines"]);
        assert_eq!([number(7), number(4_810), number(1_234_567)], ["7", "4,810", "1,234,567"]);
    }

    #[test]
    fn shows_durations() {
        let shown = ["0 s", "59 s", "1 min", "2 min 3 s", "1 h 2 min", "2 d 3 h"];
        assert_eq!([0, 59, 60, 123, 3_720, 183_600].map(duration), shown);
    }

    #[test]
    fn shows_values() {
        assert_eq!(time(Stamp(1_700_000_000_250_000)), "2023-11-14T22:13:20.25Z");
        assert_eq!(time(Stamp::from_seconds(0)), "1970-01-01T00:00:00Z");
        assert_eq!(
            [rate(1, 3), rate(2, 3), rate(5, 5), rate(0, 7), rate(0, 0)],
            [Some(0.333333), Some(0.666667), Some(1.0), Some(0.0), None]
        );
    }

    #[test]
    fn names_servers() {
        assert_eq!(upstream_name(Proxy::HAPROXY, b"api", b"api-1"), "api/api-1");
        assert_eq!(upstream_name(Proxy::HAPROXY, b"api", b"api/api-1"), "api/api-1");
        assert_eq!(upstream_name(Proxy::HAPROXY, b"api", b""), "");
        assert_eq!(upstream_name(Proxy::NGINX, b"shop", b"127.0.0.1:9101"), "127.0.0.1:9101");
        assert_eq!(upstream_name(Proxy::APACHE, b"", b"/run/app.sock"), "unix:/run/app.sock");
        assert_eq!(upstream_name(Proxy::CADDY, b"", b"/run/app.sock"), "unix:/run/app.sock");
        let litespeed = |upstream: &[u8]| upstream_name(Proxy::LITESPEED, b"", upstream);
        assert_eq!(litespeed(b"uds://tmp/lshttpd/lsphp.sock"), "unix:/tmp/lshttpd/lsphp.sock");
        assert_eq!(litespeed(b"UDS:/tmp/lshttpd/lsphp.sock"), "unix:/tmp/lshttpd/lsphp.sock");
        assert_eq!(litespeed(b"127.0.0.1:3000"), "127.0.0.1:3000");
        assert_eq!(upstream_name(Proxy::APACHE, b"api", b"127.0.0.1:9101"), "127.0.0.1:9101");
        assert_eq!(proxy_name(Proxy::NGINX, b""), "nginx");
        assert_eq!(proxy_name(Proxy::HAPROXY, b"lb1"), "haproxy@lb1");
    }
}
