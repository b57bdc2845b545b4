//! What container tools write before each line when they show several containers at once.
//!
//! `docker compose logs` and its kin: `nginx-1  | LINE`, the name padded and perhaps coloured; `kubectl logs --prefix`:
//! `[pod/NAME/CONTAINER] LINE`. The container's name, or the pod's, stands for the host.

use crate::grammar::{
    Parsed,
    find::find,
    text::{byte, quoted, until, word},
};
use nom::{
    Parser as _,
    bytes::complete::tag,
    multi::separated_list0,
    sequence::{delimited, separated_pair},
};

/// The longest name that is looked for.
const NAME: usize = 128;

/// The name in such a prefix, and what stands behind it; `None` where there is none.
#[inline]
pub(super) fn open(line: &[u8]) -> Option<(&[u8], &[u8])> {
    match line {
        [b'A'..=b'Z' | b'a'..=b'z', ..] => behind_name(line),
        [0x1B, b'[', ..] => behind_name(after_colour(line)),
        [b'[', b'p', b'o', b'd', b'/', ..] => behind_pod(line),
        _ => None,
    }
}

/// `nginx-1  | LINE`. Two spaces at least: there are never fewer, and a layout with bars of its own has one.
#[inline]
fn behind_name(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = find(b' ', i).filter(|length| (1..=NAME).contains(length))?;
    if i.get(length + 1) == Some(&b' ') { behind_padded_name(i.split_at(length)) } else { None }
}

fn behind_padded_name<'a>((name, rest): (&'a [u8], &'a [u8])) -> Option<(&'a [u8], &'a [u8])> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@');
    let rest = rest.strip_prefix(b"  ").filter(|_| name.iter().all(fits))?;
    let spaces = rest.iter().take(NAME).take_while(|byte| **byte == b' ').count();
    let rest = after_colour(rest[spaces..].strip_prefix(b"|")?);
    // An empty line may have lost the space at its end.
    let line = if rest.is_empty() { rest } else { after_colour(rest.strip_prefix(b" ")?) };
    Some((name, line))
}

/// `[pod/shop-6c9f/nginx] LINE`
fn behind_pod(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = i.iter().take(2 * NAME).position(|byte| *byte == b']')?;
    let line = i[end..].strip_prefix(b"] ")?;
    let mut parts = i[..end].split(|byte| *byte == b'/').skip(1);
    let (pod, container) = (parts.next()?, parts.next()?);
    (parts.next().is_none() && !container.is_empty()).then_some((pod, line))
}

/// `{app="nginx", pod="shop-6c9f"} LINE`, as Loki's `logcli` writes it.
pub(super) fn behind_labels(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, labels) = labels(i).ok()?;
    let name = |wanted: &[u8]| labels.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let named = [&b"pod"[..], b"container", b"hostname", b"host", b"instance"].into_iter().find_map(name);
    Some((named.unwrap_or_default(), rest.trim_ascii_start()))
}

fn labels(i: &[u8]) -> Parsed<'_, Vec<(&[u8], &[u8])>> {
    let label = separated_pair(until(b'='), byte(b'='), quoted);
    delimited(byte(b'{'), separated_list0(tag(&b", "[..]), label), byte(b'}')).parse(i)
}

/// `STREAM LINE`, as `aws logs tail` writes it; more blanks where syslog's tag is empty.
pub(super) fn behind_word(i: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, name) = word(i).ok()?;
    Some((name, rest.strip_prefix(b" ")?.trim_ascii_start()))
}

/// Behind a terminal's colour code, `ESC [ 36 ; 1 m`, if one is there.
fn after_colour(i: &[u8]) -> &[u8] {
    let Some(code) = i.strip_prefix(b"\x1B[") else { return i };
    let length = code.iter().take(16).take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    code[length..].strip_prefix(b"m").unwrap_or(i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_container_tools_write() {
        let line = &b"2024/10/17 18:05:50 [error] 1#1: x"[..];
        for (prefix, name) in [
            ("nginx_1  | ", "nginx_1"),
            ("nginx.1    | ", "nginx.1"),
            ("haproxy1    | ", "haproxy1"),
            ("shop_nginx.1.x7k2@node-1    | ", "shop_nginx.1.x7k2@node-1"),
            ("\x1B[36mnginx_1  |\x1B[0m ", "nginx_1"),
            ("\x1B[36;1mnginx-1  | \x1B[0m", "nginx-1"),
            ("[pod/shop-6c9f/nginx] ", "shop-6c9f"),
        ] {
            assert_eq!(open(&[prefix.as_bytes(), line].concat()), Some((name.as_bytes(), line)), "{prefix:?}");
        }
        assert_eq!(open(b"nginx_1  |"), Some((&b"nginx_1"[..], &b""[..])));
    }

    #[test]
    fn leaves_other_lines_alone() {
        for line in [
            "shop.example.com | 203.0.113.9 | 502",
            "203.0.113.9  | 502",
            "nginx_1  |2024",
            "two words  | x",
            "  | x",
            "[pod/x] y",
            "[pod/x/] y",
            "[pod/x/y/z] y",
            "[podium] y",
            "\x1B[36",
            "",
        ] {
            assert_eq!(open(line.as_bytes()), None, "{line}");
        }
    }
}
