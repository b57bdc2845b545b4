//! Folds paths, so that one endpoint is one path: the query goes, and what names a single thing in a segment (a number,
//! a UUID, a hash, a date, an email address) becomes `{id}`, `{uuid}`, `{hash}`, `{date}`, `{email}`.

use crate::grammar::find::{find_digit, find3};
use memchr::{memchr, memrchr};

/// The longest path that is kept, in bytes; a longer one is cut.
const LONGEST: usize = 200;

/// As much of a path as is looked at, in bytes.
const READ: usize = 10 * LONGEST;

/// A run of this many digits inside a longer segment is taken for an id: `item-12345.html`, but not `v2` or `utf-8`.
const ID_DIGITS: usize = 3;

/// Room for a folded path: there is one for every failure, so it is none that must be asked for.
#[derive(Clone, Debug)]
pub struct Room {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { bytes: [0; LONGEST], length: 0 }
    }
}

impl Room {
    /// Adds as much of `text` as there is room for.
    fn push(&mut self, text: &[u8]) {
        let end = LONGEST.min(self.length + text.len());
        let room = &mut self.bytes[self.length..end];
        room.copy_from_slice(&text[..room.len()]);
        self.length = end;
    }
}

/// Folds `path`, which may carry a query or fragment; `room`, which is empty, takes what is made of it.
#[must_use]
pub fn fold<'a>(path: &'a [u8], room: &'a mut Room) -> &'a [u8] {
    let path = without_user(path);
    let path = &path[..find3(b'?', b'#', b';', path).unwrap_or(path.len()).min(READ)];
    // Up to where the path has been looked at, and up to where it has been folded.
    let (mut seen, mut done) = (0, 0);
    // Segments without a digit or an `@` stay as they are, and so do most paths.
    while let Some(telling) = telling(&path[seen..]).map(|ahead| seen + ahead) {
        let start = path[seen..telling].iter().rposition(|byte| *byte == b'/').map_or(seen, |slash| seen + slash + 1);
        let kinds = Kinds::of(&path[start..]);
        seen = start + kinds.length;
        let segment = &path[start..seen];
        if is_email(segment) || !kinds.stays() {
            room.push(&path[done..start]);
            fold_segment(segment, kinds, room);
            done = seen;
        }
    }
    if done == 0 {
        return &path[..path.len().min(LONGEST)];
    }
    room.push(&path[done..]);
    &room.bytes[..room.length]
}

/// Where the first byte is that what is folded has.
fn telling(path: &[u8]) -> Option<usize> {
    let digit = find_digit(path);
    memchr(b'@', &path[..digit.unwrap_or(path.len())]).or(digit)
}

/// `name@example.com`, also encoded.
fn is_email(segment: &[u8]) -> bool {
    let sign = memchr(b'@', segment).map(|at| (at, at + 1));
    let Some((end, start)) = sign.or_else(|| memchr::memmem::find(segment, b"%40").map(|at| (at, at + 3))) else {
        return false;
    };
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let (name, domain) = (&segment[..end], &segment[start..]);
    !name.is_empty() && name.iter().chain(domain).all(fits) && is_domain(domain)
}

/// Endings of files, none of which is a top-level domain, as `zip` is.
const FILES: [&[u8]; 33] = [
    b"png", b"jpg", b"jpeg", b"gif", b"webp", b"avif", b"svg", b"ico", b"bmp", b"js", b"mjs", b"cjs", b"ts", b"css",
    b"map", b"min", b"json", b"xml", b"html", b"htm", b"txt", b"csv", b"pdf", b"tgz", b"gz", b"tar", b"wasm", b"woff",
    b"woff2", b"ttf", b"otf", b"mp4", b"php",
];

/// Whether what stands behind an `@` is a domain, not the version or size that files have in their names:
/// `logo@2x.png`, `jquery@3.6.0.min.js`. One number is no version: `163.com` is a provider. Of a file that is named by
/// an address, `jo@example.com.png`, the ending does not count.
pub(super) fn is_domain(text: &[u8]) -> bool {
    let mut labels: Vec<&[u8]> = text.split(|byte| *byte == b'.').collect();
    while labels.last().is_some_and(|last| FILES.iter().any(|ending| last.eq_ignore_ascii_case(ending))) {
        labels.pop();
    }
    // `0-beta` is part of a version too.
    let number = |label: &&&[u8]| {
        let start = label.split(|byte| *byte == b'-').next().unwrap_or_default();
        !start.is_empty() && start.iter().all(u8::is_ascii_digit)
    };
    let begins = |last: &[u8]| last.len() > 1 && last[..2].iter().all(|byte| byte.is_ascii_alphabetic() || *byte > 127);
    labels.len() > 1
        && !labels.contains(&&b""[..])
        && labels.iter().filter(number).count() < 2
        && labels.last().is_some_and(|last| begins(last))
}

/// A JSON Web Token: objects in base64, with dots between them.
fn is_web_token(segment: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    segment.starts_with(b"eyJ") && segment.len() >= 16 && segment.iter().all(fits)
}

/// A path without the name and password that clients of forward proxies may put before it:
/// `http://name:password@host/a` is `/a`, `name:password@host:443` is `host:443`.
fn without_user(path: &[u8]) -> &[u8] {
    if path.starts_with(b"/") {
        return path;
    }
    let scheme = memchr::memmem::find(path, b"://").filter(|end| !path[..*end].contains(&b'@')).map(|end| end + 3);
    let target = &path[scheme.unwrap_or(0)..];
    let end = target.iter().position(|byte| *byte == b'/').unwrap_or(target.len());
    match memrchr(b'@', &target[..end]) {
        Some(_) if scheme.is_some() => &target[end..],
        Some(at) => &target[at + 1..],
        None => path,
    }
}

/// How many bytes of each kind a segment has: three counts in one number, so that all are counted at once.
#[derive(Clone, Copy)]
struct Kinds {
    length: usize,
    counts: u64,
}

/// How many bits each count has: more than enough for the longest line.
const BITS: u32 = 21;

/// What a byte adds to the counts: digits, hexadecimal digits, what tokens are made of.
static COUNTS: [u64; 256] = {
    let (mut counts, mut byte) = ([0; 256], 0);
    while byte < 128_u8 {
        let token = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'=');
        counts[byte as usize] =
            byte.is_ascii_digit() as u64 | (byte.is_ascii_hexdigit() as u64) << BITS | (token as u64) << (2 * BITS);
        byte += 1;
    }
    counts
};

impl Kinds {
    /// Of the first segment of a path.
    fn of(path: &[u8]) -> Self {
        let (mut length, mut counts) = (0, 0);
        while let Some(byte) = path.get(length).filter(|byte| **byte != b'/') {
            counts += COUNTS[usize::from(*byte)];
            length += 1;
        }
        Self { length, counts }
    }

    const fn count(self, place: u32) -> usize {
        (self.counts >> (place * BITS)) as usize & ((1 << BITS) - 1)
    }

    const fn digits(self) -> usize {
        self.count(0)
    }

    /// Whether it is sure to be none of what is folded: `v2`, `utf-8`.
    const fn stays(self) -> bool {
        self.length < 8 && self.digits() < ID_DIGITS && self.digits() < self.length
    }

    /// `8-4-4-4-12` hexadecimal digits.
    fn is_uuid(self, segment: &[u8]) -> bool {
        self.length == 36 && self.count(1) == 32 && [8, 13, 18, 23].iter().all(|at| segment[*at] == b'-')
    }

    /// `2024-06-12`
    fn is_date(self, segment: &[u8]) -> bool {
        self.length == 10 && self.digits() == 8 && segment[4] == b'-' && segment[7] == b'-'
    }

    /// Eight or more hexadecimal digits, or sixteen or more letters and digits with several digits among them: a hash,
    /// an object id, a token.
    fn is_hash(self) -> bool {
        self.length >= 8 && self.count(1) == self.length
            || self.length >= 16 && self.digits() >= 3 && self.count(2) == self.length
    }
}

/// Folds a segment with a digit in it, or an address.
fn fold_segment(segment: &[u8], kinds: Kinds, folded: &mut Room) {
    if kinds.digits() == kinds.length {
        folded.push(b"{id}");
    } else if kinds.is_uuid(segment) {
        folded.push(b"{uuid}");
    } else if kinds.is_date(segment) {
        folded.push(b"{date}");
    } else if is_email(segment) {
        folded.push(b"{email}");
    } else if kinds.is_hash() || is_web_token(segment) {
        folded.push(b"{hash}");
    } else {
        fold_runs(segment, folded);
    }
}

/// Long runs of digits inside a segment become `{id}`; short ones stay.
fn fold_runs(segment: &[u8], folded: &mut Room) {
    for run in segment.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let id = run.len() >= ID_DIGITS && run[0].is_ascii_digit();
        folded.push(if id { b"{id}" } else { run });
    }
}

#[cfg(test)]
mod tests {
    use super::{Room, fold};

    #[test]
    fn folds_what_names_one_thing() {
        for (path, folded) in [
            ("/api/orders/123?x=1", "/api/orders/{id}"),
            ("/u/550e8400-e29b-41d4-a716-446655440000/x", "/u/{uuid}/x"),
            ("/reports/2024-06-12", "/reports/{date}"),
            ("/blob/9f86d081884c7d65", "/blob/{hash}"),
            ("/o/507f1f77bcf86cd799439011", "/o/{hash}"),
            ("/item-12345.html", "/item-{id}.html"),
            ("/api/v2/utf-8/h2", "/api/v2/utf-8/h2"),
            ("/", "/"),
            ("", ""),
            ("/a;jsessionid=1F", "/a"),
            ("*", "*"),
            ("http://jo:secret@shop/a/1?x", "/a/{id}"),
            ("jo:secret@shop:443", "shop:{id}"),
            ("/a@b", "/a@b"),
            ("/u/jo.doe@example.com/x", "/u/{email}/x"),
            ("/u/jo%40example.com", "/u/{email}"),
            ("/@x.de/vue@3.2.1/@/a@.de/b@c.d", "/@x.de/vue@3.2.1/@/a@.de/b@c.d"),
            ("/img/logo@2x.png/logo@2X.PNG", "/img/logo@2x.png/logo@2X.PNG"),
            ("/npm/jquery@3.6.0.min.js", "/npm/jquery@3.6.0.min.js"),
            ("/npm/react@18.2.0.production.js", "/npm/react@18.2.0.production.js"),
            ("/npm/vue@2.0-beta.alpha", "/npm/vue@2.0-beta.alpha"),
            ("/@scope/pkg@latest.tgz", "/@scope/pkg@latest.tgz"),
            ("/u/jo@163.com/jo@xn--bcher-kva.example", "/u/{email}/{email}"),
            ("/avatar/jo@example.com.png", "/avatar/{email}"),
            ("/r/eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.s-_g/1", "/r/{hash}/{id}"),
            ("/r/eyJ1", "/r/eyJ1"),
            ("/550e8400-e29b-41d4-a716-44665544000g", "/{id}e{id}-e29b-41d4-a{id}-{id}g"),
            ("/550e8400e29b-41d4-a716-446655440000-", "/{id}e{id}e29b-41d4-a{id}-{id}-"),
            ("//7//x8/", "//{id}//x8/"),
            ("7", "{id}"),
            ("/2024-06-1x", "/{id}-06-1x"),
            ("/abcdefgh_ijkl123=", "/{hash}"),
        ] {
            assert_eq!(String::from_utf8_lossy(fold(path.as_bytes(), &mut Room::default())), folded, "{path}");
        }
    }

    #[test]
    fn is_bounded() {
        assert_eq!(fold(&b"/a".repeat(10_000), &mut Room::default()).len(), 200);
    }
}
