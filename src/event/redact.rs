//! Takes people out of what is reported, so that a report can be shared: client addresses become salted hashes,
//! query strings and user names go.

use crate::format::Record;
use crate::grammar::address;
use regex::bytes::{Captures, Regex};
use std::{borrow::Cow, collections::hash_map::RandomState, hash::BuildHasher as _, net::IpAddr};

/// How much of a line of no known format is looked at, in bytes: far more than is ever shown.
const LONGEST: usize = 4_096;

/// Redacts with a salt of its own: the same client has the same name all through one run, and another in the next.
#[derive(Debug)]
pub struct Redactor {
    salt: RandomState,
    addresses: Regex,
    queries: Regex,
}

impl Redactor {
    /// A redactor with a fresh salt.
    ///
    /// # Errors
    /// Never in practice: the patterns are fixed.
    pub fn new() -> Result<Self, regex::Error> {
        Ok(Self {
            salt: RandomState::new(),
            addresses: Regex::new(
                r"(?-u)[0-9A-Fa-f:.]*(?:[0-9A-Fa-f]{0,4}:){2}[0-9A-Fa-f:.]+|\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b",
            )?,
            queries: Regex::new(r#"(?-u)\?[^ "'|}]*"#)?,
        })
    }

    /// What stands for a client's address.
    #[must_use]
    pub fn client(&self, address: &[u8]) -> String {
        format!("client-{:08x}", self.salt.hash_one(address) & 0xFFFF_FFFF)
    }

    /// A path without its query.
    #[must_use]
    pub fn path<'a>(&self, path: &'a [u8]) -> &'a [u8] {
        let end = path.iter().position(|byte| *byte == b'?').unwrap_or(path.len());
        &path[..end]
    }

    /// The beginning of a line of no known format, without its people. To be cut further only afterwards: half an address is not
    /// recognised.
    #[must_use]
    pub fn beginning(&self, line: &[u8]) -> Vec<u8> {
        let Some(start) = line.get(..LONGEST) else { return self.line(line, None) };
        let part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
        let end = start.iter().rposition(|byte| !part(byte)).map_or(0, |at| at + 1);
        self.line(&start[..end], None)
    }

    /// The line that `record` was read from, without its people. Addresses of upstreams stay.
    #[must_use]
    pub fn line(&self, line: &[u8], record: Option<&Record<'_>>) -> Vec<u8> {
        let mut text = Cow::Borrowed(line);
        if let Some(record) = record {
            for (private, stand_in) in [(record.client, self.client(record.client)), (record.user, "user".to_owned())] {
                if private.len() > 1 {
                    text = Cow::Owned(replace_words(&text, private, stand_in.as_bytes()));
                }
            }
        }
        let text = self.queries.replace_all(&text, &b"?"[..]);
        let servers: Vec<&[u8]> = record.map(servers).unwrap_or_default();
        let named = |found: &Captures<'_>| {
            let address = &found[0];
            let real = std::str::from_utf8(address).is_ok_and(|text| text.parse::<IpAddr>().is_ok());
            if real && !servers.contains(&address) { self.client(address).into_bytes() } else { address.to_vec() }
        };
        self.addresses.replace_all(&text, named).into_owned()
    }
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
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn no_beginning_ends_in_half_an_address() {
        let redactor = Redactor::new().unwrap();
        for address in ["203.0.113.77", "2001:db8::c0a8:1f"] {
            for before in LONGEST - 40..=LONGEST {
                let line = format!("/?{} {address} said so", "q".repeat(before));
                let text = String::from_utf8(redactor.beginning(line.as_bytes())).unwrap();
                assert!(!text.contains("203.") && !text.contains("2001:"), "{before}: {text}");
            }
        }
        assert!(redactor.beginning(&b"a".repeat(2 * LONGEST)).is_empty());
        assert_eq!(redactor.beginning(b"no log at 10:00 from a.b"), b"no log at 10:00 from a.b");
    }
}
