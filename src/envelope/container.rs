//! What container tools write before each line when they show several containers at once.
//!
//! `docker compose logs` and its kin: `nginx-1  | LINE`, the name padded and perhaps coloured; `kubectl logs --prefix`:
//! `[pod/NAME/CONTAINER] LINE`. The container's name is not taken for a host: the same proxy's lines from elsewhere,
//! such as its access log in a file, do not have it, and one proxy would be reported as two.

use crate::grammar::find::find;

/// The longest name that is looked for.
const NAME: usize = 128;

/// What stands behind such a prefix; `None` where there is none.
#[inline]
pub(super) fn open(line: &[u8]) -> Option<&[u8]> {
    match line {
        [b'A'..=b'Z' | b'a'..=b'z', ..] => behind_name(line),
        [0x1B, b'[', ..] => behind_name(after_colour(line)),
        [b'[', b'p', b'o', b'd', b'/', ..] => behind_pod(line),
        _ => None,
    }
}

/// `nginx-1  | LINE`. Two spaces at least: there are never fewer, and a layout with bars of its own has one.
#[inline]
fn behind_name(i: &[u8]) -> Option<&[u8]> {
    let length = find(b' ', i).filter(|length| (1..=NAME).contains(length))?;
    if i.get(length + 1) == Some(&b' ') { behind_padded_name(i.split_at(length)) } else { None }
}

fn behind_padded_name<'a>((name, rest): (&[u8], &'a [u8])) -> Option<&'a [u8]> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@');
    let rest = rest.strip_prefix(b"  ").filter(|_| name.iter().all(fits))?;
    let spaces = rest.iter().take(NAME).take_while(|byte| **byte == b' ').count();
    let rest = after_colour(rest[spaces..].strip_prefix(b"|")?);
    // An empty line may have lost the space at its end.
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(b" ").map(after_colour) }
}

/// `[pod/shop-6c9f/nginx] LINE`
fn behind_pod(i: &[u8]) -> Option<&[u8]> {
    let end = i.iter().take(2 * NAME).position(|byte| *byte == b']')?;
    i[end..].strip_prefix(b"] ").filter(|_| i[..end].iter().filter(|byte| **byte == b'/').count() == 2)
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
        for prefix in [
            "nginx_1  | ",
            "nginx.1    | ",
            "haproxy1    | ",
            "shop_nginx.1.x7k2@node-1    | ",
            "\x1B[36mnginx_1  |\x1B[0m ",
            "\x1B[36;1mnginx-1  | \x1B[0m",
            "[pod/shop-6c9f/nginx] ",
        ] {
            assert_eq!(open(&[prefix.as_bytes(), line].concat()), Some(line), "{prefix:?}");
        }
        assert_eq!(open(b"nginx_1  |"), Some(&b""[..]));
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
            "[podium] y",
            "\x1B[36",
            "",
        ] {
            assert_eq!(open(line.as_bytes()), None, "{line}");
        }
    }
}
