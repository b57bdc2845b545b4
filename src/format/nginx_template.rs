//! nginx's access log in the layout that the user gives: the text of a `log_format` directive, compiled.
//!
//! Literal text must match byte for byte. What stands between depends on the variable: numbers, stamps and lists are
//! read by their own rules, so that an unquoted list may hold spaces; anything else reaches to the next literal.

use super::nginx::{self, Var, Vars, bare_list};
use super::{Escape, Record, Skimmed, Statuses, Verdict};
use crate::grammar::number::status;
use crate::grammar::time::{clf, epoch, iso};
use memchr::memmem::Finder;

/// A compiled `log_format`.
#[derive(Clone, Debug)]
pub struct Template {
    pieces: Vec<Piece>,
    escape: Escape,
}

#[derive(Clone, Debug)]
enum Piece {
    Literal(Box<Finder<'static>>),
    Variable(Var, Class),
}

/// What a variable's value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Status,
    Stamp,
    Number,
    List,
    Text,
}

impl Class {
    fn of(name: &str, var: Var) -> Self {
        let lists = ["_addr", "_status", "_time", "_length", "_bytes_received", "_bytes_sent"];
        match var {
            Var::Status => Self::Status,
            Var::Time => Self::Stamp,
            Var::BodyBytes | Var::Bytes | Var::RequestTime => Self::Number,
            _ if name.starts_with("upstream_") && lists.iter().any(|end| name.ends_with(end)) => Self::List,
            _ => Self::Text,
        }
    }
}

impl Template {
    /// Compiles the text of a `log_format`: as it stands in nginx.conf, whole or from its first quote on, or the bare
    /// layout as nginx sees it.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn compile(text: &str) -> Result<Self, String> {
        let (escape, layout) = directive(text)?;
        let mut pieces = Vec::new();
        for part in parts(&layout)? {
            add(&mut pieces, part)?;
        }
        let holds = |wanted: Var| pieces.iter().any(|piece| matches!(piece, Piece::Variable(var, _) if *var == wanted));
        if !holds(Var::Status) {
            return Err("the layout has no $status: it is not known which requests failed".to_owned());
        }
        if !holds(Var::Time) {
            return Err("the layout has no $time_local, $time_iso8601 or $msec: it is not known when".to_owned());
        }
        Ok(Self { pieces, escape })
    }

    /// Reads what counting needs; `None` where the line does not fit.
    #[must_use]
    pub fn skim<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        self.vars(line)?.skim()
    }

    /// Reads everything; `None` where the line does not fit.
    #[must_use]
    pub fn read<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        self.vars(line)?.record()
    }

    /// Says what the fields of a record are signs of.
    #[must_use]
    pub fn judge(&self, record: &Record<'_>, statuses: &Statuses) -> Verdict {
        nginx::judge(record, statuses)
    }

    fn vars<'a>(&self, line: &'a [u8]) -> Option<Vars<'a>> {
        let mut vars = Vars::new(self.escape);
        let mut tries = TRIES;
        matches(&self.pieces, line, &mut vars, &mut tries).then_some(vars)
    }
}

/// How many values may be tried in one line before it counts as one that does not fit.
const TRIES: u32 = 1_000;

/// Whether `i` is what `pieces` say. Values are noted once the rest of the line has matched.
fn matches<'a>(pieces: &[Piece], i: &'a [u8], vars: &mut Vars<'a>, tries: &mut u32) -> bool {
    let (piece, pieces) = match pieces {
        [] => return i.trim_ascii().is_empty(),
        [piece, rest @ ..] => (piece, rest),
    };
    let (var, class) = match piece {
        Piece::Literal(text) => {
            return i.strip_prefix(text.needle()).is_some_and(|rest| matches(pieces, rest, vars, tries));
        }
        Piece::Variable(var, class) => (*var, *class),
    };
    let next = match pieces.first() {
        Some(Piece::Literal(text)) => Some(text.as_ref()),
        _ => None,
    };
    let mut ends_at = |end: usize| {
        *tries = tries.saturating_sub(1);
        let fits = *tries > 0 && matches(pieces, &i[end..], vars, tries);
        if fits {
            vars.set(var, &i[..end]);
        }
        fits
    };
    match (length(class, i, next), next) {
        (Length::Is(length), _) => ends_at(length),
        (Length::Misfit, _) => false,
        // Between the groups of a list stands ` : `, whose colon is not the literal's unless nothing else fits.
        (Length::Open, Some(next)) if class == Class::List && next.needle().starts_with(b":") => {
            let between = |end: &usize| *end > 0 && i[end - 1] == b' ';
            next.find_iter(i).filter(|end| !between(end)).any(&mut ends_at)
                || next.find_iter(i).filter(between).any(ends_at)
        }
        (Length::Open, Some(next)) => next.find_iter(i).any(ends_at),
        (Length::Open, None) => ends_at(i.trim_ascii_end().len()),
    }
}

/// How long a value is.
enum Length {
    Is(usize),
    /// It reaches to the next literal.
    Open,
    /// What stands there is no such value.
    Misfit,
}

/// How long a value of `class` at the start of `i` is.
fn length(class: Class, i: &[u8], next: Option<&Finder<'_>>) -> Length {
    let read = |rest: Option<&[u8]>| rest.map_or(Length::Misfit, |rest| Length::Is(i.len() - rest.len()));
    match class {
        Class::Status => read(status(i).ok().map(|(rest, _)| rest)),
        Class::Stamp => read(clf(i).or_else(|_| iso(i)).or_else(|_| epoch(i)).ok().map(|(rest, _)| rest)),
        Class::Number => {
            Length::Is(i.iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')).count())
        }
        Class::List if next.is_none_or(|next| matches!(next.needle().first(), Some(b' ' | b'|'))) => {
            Length::Is(bare_list(i).1.len())
        }
        Class::List | Class::Text => Length::Open,
    }
}

/// A part of the layout, and the column that it starts at.
struct Part<'s> {
    column: usize,
    kind: Kind<'s>,
}

enum Kind<'s> {
    Literal(&'s str),
    Variable(&'s str),
}

/// Splits a layout into literals and variables: `[$time_local] "${request}"`.
fn parts(layout: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < layout.len() {
        let column = layout[..at].chars().count() + 1;
        let rest = &layout[at..];
        let Some(after) = rest.strip_prefix('$') else {
            let end = rest.find('$').unwrap_or(rest.len());
            parts.push(Part { column, kind: Kind::Literal(&rest[..end]) });
            at += end;
            continue;
        };
        let (name, taken) = match after.strip_prefix('{') {
            Some(braced) => {
                let end = braced.find('}').ok_or_else(|| format!("column {column}: `${{` is never closed"))?;
                (&braced[..end], end + 3)
            }
            None => {
                let other = |char: char| !(char.is_ascii_alphanumeric() || char == '_');
                let end = after.find(other).unwrap_or(after.len());
                (&after[..end], end + 1)
            }
        };
        if name.is_empty() {
            return Err(format!("column {column}: `$` is not followed by a variable's name"));
        }
        parts.push(Part { column, kind: Kind::Variable(name) });
        at += taken;
    }
    Ok(parts)
}

/// Appends a part. Variables that touch are one text, as in `$uri$is_args$args`: the one that has a meaning gives it.
fn add(pieces: &mut Vec<Piece>, part: Part<'_>) -> Result<(), String> {
    let name = match part.kind {
        Kind::Literal(text) => {
            pieces.push(Piece::Literal(Box::new(Finder::new(text).into_owned())));
            return Ok(());
        }
        Kind::Variable(name) => name,
    };
    let var = Var::named(name.as_bytes());
    let Some(Piece::Variable(last, class)) = pieces.last_mut() else {
        pieces.push(Piece::Variable(var, Class::of(name, var)));
        return Ok(());
    };
    if [*last, var].iter().any(|var| matches!(var, Var::Status | Var::Time)) {
        return Err(format!("column {}: nothing stands between `${name}` and the variable before it", part.column));
    }
    *class = Class::Text;
    *last = match (*last, var) {
        (known, Var::Ignored) => known,
        _ => Var::Ignored,
    };
    Ok(())
}

/// Takes off what nginx.conf has around a layout: `log_format main escape=json '…' '…';`
fn directive(text: &str) -> Result<(Escape, String), String> {
    let text = text.trim();
    let (rest, mut marked) = match text.strip_prefix("log_format").filter(|rest| rest.starts_with(char::is_whitespace))
    {
        Some(rest) => (rest.trim_start(), true),
        None => (text, false),
    };
    let quoted = |text: &str| text.starts_with(['\'', '"']) || text.starts_with("escape=");
    let named = rest.split_once(char::is_whitespace).map(|(name, rest)| (name, rest.trim_start()));
    let rest = match named {
        Some((name, after)) if !name.contains(['$', '\'', '"', '=']) && (marked || quoted(after)) => {
            marked = true;
            after
        }
        _ => rest,
    };
    let (escape, rest) = match rest.strip_prefix("escape=") {
        Some(after) => {
            let (kind, after) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
            marked = true;
            (escape(kind)?, after.trim_start())
        }
        None => (Escape::Hex, rest),
    };
    // A bare layout may start with a quote of its own: `"$request" $status`.
    let whole =
        rest.starts_with('"') && rest.trim_end_matches(';').trim_end().matches('"').count() == 2 && ends_quoted(rest);
    if rest.starts_with('\'') || whole || (marked && quoted(rest)) {
        return Ok((escape, unquote(rest)?));
    }
    Ok((escape, if marked { rest.trim_end_matches(';').trim_end() } else { rest }.to_owned()))
}

fn ends_quoted(text: &str) -> bool {
    text.trim_end_matches(';').trim_end().ends_with('"')
}

fn escape(kind: &str) -> Result<Escape, String> {
    match kind {
        "default" => Ok(Escape::Hex),
        "json" => Ok(Escape::Json),
        "none" => Ok(Escape::None),
        _ => Err(format!("`escape={kind}` is none of default, json and none")),
    }
}

/// Joins quoted pieces: `'$remote_addr ' '"$request"';` (`ngx_conf_read_token`).
fn unquote(text: &str) -> Result<String, String> {
    let mut joined = String::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((number, quote)) = chars.next() {
        match quote {
            ';' => break,
            '\'' | '"' => {}
            space if space.is_whitespace() => continue,
            _ => return Err(format!("column {}: expected a quote, found `{quote}`", number + 1)),
        }
        loop {
            match chars.next() {
                None => return Err(format!("column {}: this quote is never closed", number + 1)),
                Some((_, char)) if char == quote => break,
                Some((_, '\\')) => match chars.peek().map(|(_, char)| *char) {
                    Some(char @ ('\'' | '"' | '\\')) => {
                        joined.push(char);
                        chars.next();
                    }
                    Some(char @ ('t' | 'r' | 'n')) => {
                        joined.push(match char {
                            't' => '\t',
                            'r' => '\r',
                            _ => '\n',
                        });
                        chars.next();
                    }
                    _ => joined.push('\\'),
                },
                Some((_, char)) => joined.push(char),
            }
        }
    }
    Ok(joined)
}

#[cfg(test)]
mod tests {
    use super::super::nginx::tests::{agree, told};
    use super::*;
    use proptest::prelude::*;

    fn said(layout: &str, line: &str) -> String {
        let template = match Template::compile(layout) {
            Ok(template) => template,
            Err(error) => return error,
        };
        let record = template.read(line.as_bytes());
        assert_eq!(agree(template.skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        told(record)
    }

    const TIME: &str = "28/Sep/2026:12:00:00 +0600";

    #[test]
    fn reads_what_the_layout_says() {
        let cases = [
            // The layout of many a tutorial: unquoted lists, words, a colon after the address.
            (
                "[$time_local] $remote_addr - $remote_user - $server_name $host to: $upstream_addr: $request $status upstream_response_time $upstream_response_time msec $msec request_time $request_time",
                "[TIME] 203.0.113.9 - - - shop shop.example.com to: 10.0.0.5:80, 10.0.0.6:80: GET /a HTTP/1.1 502 upstream_response_time 0.000, 0.001 msec 1700000000.123 request_time 0.001",
                "status=502 group=shop upstream=10.0.0.6:80 method=GET host=shop.example.com path=/a duration=0.001 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 - -/-/0.000, 10.0.0.6:80 - -/-/0.001]",
            ),
            // Two groups before a literal that begins with a colon.
            (
                "[$time_local] $remote_addr - $remote_user - $server_name $host to: $upstream_addr: $request $status upstream_response_time $upstream_response_time msec $msec request_time $request_time",
                "[TIME] 203.0.113.9 - - - shop shop.example.com to: 127.0.0.1:17199 : 127.0.0.1:17101: GET /fb HTTP/1.1 200 upstream_response_time 0.000 : 0.001 msec 1700000000.123 request_time 0.001",
                "status=200 group=shop upstream=127.0.0.1:17101 method=GET host=shop.example.com path=/fb duration=0.001 client=203.0.113.9 names=upstream attempts=[127.0.0.1:17199 - -/-/0.000, 127.0.0.1:17101 - -/-/0.001]",
            ),
            (
                "$remote_addr $status $upstream_addr $upstream_status $upstream_response_length ${upstream_response_time} $request_time [$time_local]",
                "203.0.113.9 502 10.0.0.5:80, unix:/a : 10.0.0.6:80 502, 502 : 502 0, 0 : 0 0.000, 0.001 : 0.002 0.003 [TIME]",
                "status=502 upstream=10.0.0.6:80 duration=0.003 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 502 -/-/0.000, unix:/a 502 -/-/0.001, 10.0.0.6:80 502 -/-/0.002]",
            ),
            // A name with the next literal in it; text that touches text.
            (
                r#"$remote_addr - $remote_user [$time_local] "$request_method $uri$is_args$args" $status"#,
                r#"::1 - al [ice [TIME] "GET /a?b=c" 503"#,
                "status=503 method=GET path=/a?b=c client=::1 user=al [ice",
            ),
            (
                r#"'$remote_addr - ' "$status [$time_iso8601] \"$request\"";"#,
                r#"::1 - 503 [2026-09-28T12:00:00+06:00] "GET / HTTP/1.1""#,
                "status=503 method=GET path=/ client=::1",
            ),
            (
                r#"log_format  main  escape=json '{"t":"$time_iso8601",' '"s":$status,"ua":"$http_user_agent","ut":"$upstream_response_time","u":"$upstream_addr"}';"#,
                r#"{"t":"2026-09-28T12:00:00+06:00","s":504,"ua":"a\"b","ut":"60.001","u":"10.0.0.5:80"}"#,
                r#"status=504 upstream=10.0.0.5:80 duration=60.001 agent=a\"b names=upstream attempts=[10.0.0.5:80 - -/-/60.001]"#,
            ),
            ("$status $msec $unknown", "502 1700000000.123 any thing", "status=502"),
            ("$status $msec", "502 1700000000.123 more", "not claimed"),
            ("$status $msec", "5020 1700000000.123", "not claimed"),
            ("$status|$msec", "502 1700000000.123", "not claimed"),
        ];
        for (layout, line, expected) in cases {
            let said = said(layout, &line.replace("TIME", TIME));
            assert_eq!(said, expected, "{layout}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_layout() {
        let cases = [
            ("$status", "the layout has no $time_local, $time_iso8601 or $msec: it is not known when"),
            ("$msec", "the layout has no $status: it is not known which requests failed"),
            ("", "the layout has no $status: it is not known which requests failed"),
            ("$msec ${status", "column 7: `${` is never closed"),
            ("$msec $ $status", "column 7: `$` is not followed by a variable's name"),
            ("$msec$status", "column 6: nothing stands between `$status` and the variable before it"),
            ("main '$msec $status", "column 1: this quote is never closed"),
            ("main '$msec ' $status", "column 10: expected a quote, found `$`"),
            ("main escape=html '$msec $status'", "`escape=html` is none of default, json and none"),
        ];
        for (layout, expected) in cases {
            assert_eq!(Template::compile(layout).map(|_| ()), Err(expected.to_owned()), "{layout}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(layout in "[ '\"$a-z{}\\\\|]{0,20}(\\$status|\\$msec| |\\$upstream_addr|\\$\\{request\\}|'|\"){0,8}", line in ".{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(template) = Template::compile(&layout) {
                for line in [line.as_bytes(), &bytes, b"502 1700000000.123 a b"] {
                    prop_assert_eq!(agree(template.skim(line), template.read(line).as_ref()), Ok(()));
                }
            }
        }
    }
}
