//! Small things that messages and pages are made of.

use std::fmt::Write as _;

/// Text from strangers (a log line, a file's name), safe to show on a terminal, at most `longest` characters of it.
#[must_use]
pub fn shown(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for (number, c) in text.chars().enumerate() {
        if number == longest {
            out.push('…');
            break;
        }
        match c {
            '"' | '\'' | '\\' => out.push(c),
            // Control characters, and those that turn the direction of writing or are not to be seen at all.
            c => out.extend(c.escape_debug()),
        }
    }
    out
}

/// More names than this are no help.
const FEW: usize = 4;

/// `; did you mean 'x'?` with those of `names` that hold what was typed, or else the one that is much like it; nothing
/// where there is none.
#[must_use]
pub fn did_you_mean<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> String {
    let typed = typed.to_ascii_lowercase();
    let names: Vec<(String, &str)> = names.map(|name| (name.to_ascii_lowercase(), name)).collect();
    let mut meant: Vec<&str> = Vec::new();
    if typed.len() > 2 {
        meant.extend(names.iter().filter(|(lower, _)| lower.contains(&typed)).map(|(_, name)| *name));
    }
    if !(1..=FEW).contains(&meant.len()) {
        meant = closest(&typed, &names).into_iter().collect();
    }
    let Some((last, others)) = meant.split_last() else { return String::new() };
    let others: Vec<String> = others.iter().map(|name| format!("'{name}'")).collect();
    let or = if others.is_empty() { "" } else { " or " };
    format!("; did you mean {}{or}'{last}'?", others.join(", "))
}

/// The name whose lower-case form is most like what was typed, if it is much like it.
fn closest<'a>(typed: &str, names: &[(String, &'a str)]) -> Option<&'a str> {
    let alike = names.iter().map(|(lower, name)| (strsim::jaro_winkler(typed, lower), *name));
    let best = alike.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
    best.filter(|(likeness, _)| *likeness > 0.8).map(|(_, name)| name)
}

/// Appends `text` in lines of at most `width` columns, each after `indent` spaces. A word longer than a line stands
/// alone.
pub fn wrap(out: &mut String, text: &str, indent: usize, width: usize) {
    let room = width.saturating_sub(indent).max(20);
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            out.push('\n');
            used = 0;
        }
        if used == 0 {
            let _ = write!(out, "{:indent$}", "");
        } else {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    if used > 0 {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_strangers_wrote() {
        assert_eq!(shown("GET \"/\" \\x16\x1b[31m\u{202e}é\u{0}", 100), "GET \"/\" \\x16\\u{1b}[31m\\u{202e}é\\0");
        assert_eq!(shown("abc", 3), "abc");
        assert_eq!(shown("abcd", 3), "abc…");
    }

    #[test]
    fn counts() {}

    #[test]
    fn guesses_what_was_meant() {
        let names = ["connection-refused", "connection-reset", "draining"];
        assert_eq!(did_you_mean("conection-refused", names.into_iter()), "; did you mean 'connection-refused'?");
        assert_eq!(did_you_mean("Refused", names.into_iter()), "; did you mean 'connection-refused'?");
        assert_eq!(
            did_you_mean("connection", names.into_iter()),
            "; did you mean 'connection-refused' or 'connection-reset'?"
        );
        assert_eq!(did_you_mean("re", names.into_iter()), "");
        assert_eq!(did_you_mean("zebra", names.into_iter()), "");
        // More names hold it than help.
        let many = ["timeout-1", "timeout-2", "timeout-3", "timeout-4", "timeout-5"];
        assert_eq!(did_you_mean("out", many.into_iter()), "");
    }

    #[test]
    fn wraps() {
        let mut out = String::new();
        wrap(&mut out, "one two  three\nfour five six seven eight", 2, 22);
        assert_eq!(out, "  one two three four\n  five six seven eight\n");
    }
}
