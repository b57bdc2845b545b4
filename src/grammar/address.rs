//! Addresses as logs write them.
#![allow(clippy::inline_always, reason = "in every line: measured, see `find`")]

use memchr::{memchr, memrchr};
use std::net::IpAddr;

/// Splits `host:port` at the last colon: IPv6 may come without brackets. Without a port the whole is the host.
#[inline(always)]
#[must_use]
pub fn split_port(address: &[u8]) -> (&[u8], &[u8]) {
    match address.len().checked_sub(port_digits(address)) {
        Some(at) if at > 0 && at < address.len() && address[at - 1] == b':' => (&address[..at - 1], &address[at..]),
        _ => (address, b""),
    }
}

/// How many digits stand at the end.
#[inline(always)]
fn port_digits(address: &[u8]) -> usize {
    address.iter().rev().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The host of `host:port`, without the brackets that IPv6 may wear.
#[must_use]
pub fn host(address: &[u8]) -> &[u8] {
    let (host, _) = split_port(address);
    match host {
        [b'[', inner @ .., b']'] => inner,
        _ => host,
    }
}

/// The host of what a request asked for, or a client, where IPv6 without brackets has no port.
#[must_use]
pub fn bare_host(text: &[u8]) -> &[u8] {
    let is_bare_v6 = text.first() != Some(&b'[') && text.iter().filter(|byte| **byte == b':').count() > 1;
    if is_bare_v6 { text } else { host(text) }
}

/// The authority of a URL without the name and the password that may stand before its host (RFC 3986, section 3.2.1).
#[must_use]
pub fn without_userinfo(authority: &[u8]) -> &[u8] {
    memrchr(b'@', authority).map_or(authority, |at| &authority[at + 1..])
}

/// Whether `address` is the server that stands in a group only because nginx wants one: ingress-nginx, Kong and Apache
/// APISIX have Lua code pick the server (`balancer_by_lua_block`), and write 0.0.0.1, which nobody can have.
#[must_use]
pub fn is_placeholder(address: &[u8]) -> bool {
    address.starts_with(b"0.0.0.1:")
}

/// Whether `item` names a server rather than a group or a [placeholder](is_placeholder): `ip:port`, `[v6]:port` or
/// `unix:/path`.
///
/// nginx writes the name of the upstream group where no server could be picked (`ngx_http_upstream.c`).
#[inline(always)]
#[must_use]
pub fn is_server(item: &[u8]) -> bool {
    !split_port(item).1.is_empty() && !is_placeholder(item) || item.starts_with(b"unix:")
}

/// The host, with a port or without, of a URL without a scheme, and the path behind it: of `shop.example.com:80/a`.
#[must_use]
pub fn split_path(url: &[u8]) -> (&[u8], &[u8]) {
    url.split_at(memchr(b'/', url).unwrap_or(url.len()))
}

/// The client that `X-Forwarded-For` names, with a port or without: the first of its list.
#[must_use]
pub fn forwarded(list: &[u8]) -> &[u8] {
    list[..memchr(b',', list).unwrap_or(list.len())].trim_ascii()
}

/// Whether a text is an IP address, without brackets or a port.
#[must_use]
pub fn is_ip(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_stand_behind_the_last_colon() {
        for (address, host, port) in [
            ("10.0.0.1:80", "10.0.0.1", "80"),
            ("[::1]:8080", "[::1]", "8080"),
            ("::1", ":", "1"),
            ("10.0.0.1", "10.0.0.1", ""),
            ("10.0.0.1:", "10.0.0.1:", ""),
            ("10.0.0.1:80a", "10.0.0.1:80a", ""),
            ("a:1:b2", "a:1:b2", ""),
            (":80", "", "80"),
            ("80", "80", ""),
            ("", "", ""),
        ] {
            assert_eq!(split_port(address.as_bytes()), (host.as_bytes(), port.as_bytes()), "{address}");
        }
    }

    #[test]
    fn bare_ipv6_has_no_port() {
        for (text, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:443", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("shop.example.com:8443", "shop.example.com"),
            ("", ""),
        ] {
            assert_eq!(bare_host(text.as_bytes()), expected.as_bytes(), "{text}");
        }
    }
}
