//! Folds paths, so that one endpoint is one path: the query goes, and what names a single thing in a segment (a number,
//! a UUID, a hash, a date) becomes `{id}`, `{uuid}`, `{hash}`, `{date}`.

use memchr::{memchr, memchr3, memrchr};
use std::ops::Deref;

/// The longest path that is kept, in bytes; a longer one is cut.
const LONGEST: usize = 200;

/// A run of this many digits inside a longer segment is taken for an id: `item-12345.html`, but not `v2` or `utf-8`.
const ID_DIGITS: usize = 3;

/// A folded path: kept in place, for there is one for every failure.
#[derive(Clone, Debug)]
pub struct Folded {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Deref for Folded {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Folded {
    /// Adds as much of `text` as there is room for.
    fn push(&mut self, text: &[u8]) {
        let end = LONGEST.min(self.length + text.len());
        let room = &mut self.bytes[self.length..end];
        room.copy_from_slice(&text[..room.len()]);
        self.length = end;
    }
}

/// Folds `path`, which may carry a query or fragment.
#[must_use]
pub fn fold(path: &[u8]) -> Folded {
    let path = without_user(path);
    let mut rest = &path[..memchr3(b'?', b'#', b';', path).unwrap_or(path.len())];
    let mut folded = Folded { bytes: [0; LONGEST], length: 0 };
    // A segment without any digit stays as it is.
    while let Some(digit) = rest.iter().position(u8::is_ascii_digit).filter(|_| folded.length < LONGEST) {
        let start = memrchr(b'/', &rest[..digit]).map_or(0, |slash| slash + 1);
        let end = memchr(b'/', &rest[digit..]).map_or(rest.len(), |slash| digit + slash);
        folded.push(&rest[..start]);
        fold_segment(&rest[start..end], &mut folded);
        rest = &rest[end..];
    }
    folded.push(rest);
    folded
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

/// Folds a segment with a digit in it.
fn fold_segment(segment: &[u8], folded: &mut Folded) {
    if segment.iter().all(u8::is_ascii_digit) {
        folded.push(b"{id}");
    } else if is_uuid(segment) {
        folded.push(b"{uuid}");
    } else if is_date(segment) {
        folded.push(b"{date}");
    } else if is_hash(segment) {
        folded.push(b"{hash}");
    } else {
        fold_runs(segment, folded);
    }
}

/// `8-4-4-4-12` hexadecimal digits.
fn is_uuid(segment: &[u8]) -> bool {
    segment.len() == 36
        && segment.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `2024-06-12`
fn is_date(segment: &[u8]) -> bool {
    segment.len() == 10
        && segment
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

/// Eight or more hexadecimal digits, or sixteen or more letters and digits with several digits among them: a hash, an
/// object id, a token.
fn is_hash(segment: &[u8]) -> bool {
    let digits = segment.iter().filter(|byte| byte.is_ascii_digit()).count();
    segment.len() >= 8 && segment.iter().all(u8::is_ascii_hexdigit)
        || segment.len() >= 16
            && digits >= 3
            && segment.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'='))
}

/// Long runs of digits inside a segment become `{id}`; short ones stay.
fn fold_runs(segment: &[u8], folded: &mut Folded) {
    for run in segment.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let id = run.len() >= ID_DIGITS && run[0].is_ascii_digit();
        folded.push(if id { b"{id}" } else { run });
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

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
        ] {
            assert_eq!(String::from_utf8_lossy(&fold(path.as_bytes())), folded, "{path}");
        }
    }

    #[test]
    fn is_bounded() {
        assert_eq!(fold(&b"/a".repeat(10_000)).len(), 200);
    }
}
