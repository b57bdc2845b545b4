//! Addresses as logs write them.

use memchr::memrchr;

/// Splits `host:port` at the last colon: IPv6 may come without brackets. Without a port the whole is the host.
#[must_use]
pub fn split_port(address: &[u8]) -> (&[u8], &[u8]) {
    match memrchr(b':', address) {
        Some(at) if at + 1 < address.len() && address[at + 1..].iter().all(u8::is_ascii_digit) => {
            (&address[..at], &address[at + 1..])
        }
        _ => (address, b""),
    }
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

/// Whether `item` names a server rather than a group: `ip:port`, `[v6]:port` or `unix:/path`.
///
/// nginx writes the name of the upstream group where no server could be picked (`ngx_http_upstream.c`).
#[must_use]
pub fn is_server(item: &[u8]) -> bool {
    item.starts_with(b"unix:") || !split_port(item).1.is_empty()
}
