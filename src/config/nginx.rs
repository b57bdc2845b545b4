//! nginx.conf: `log_format`, `access_log`, `error_log`, `include`.
//!
//! Where a directive stands says nothing about its log, so blocks are only looked through. Sources: nginx's
//! `src/core/ngx_conf_file.c` (tokens, and that includes are relative to the directory of the main file),
//! `src/http/modules/ngx_http_log_module.c` and `src/core/ngx_log.c` (paths are relative to the prefix).

use super::{
    Config, Kind, Layout, Log, Place, Vendor, directory_of,
    files::{Files, included},
    lex::{Lexed, Source, Wrong, wrong, wrong_at},
    note,
};
use crate::error::Error;
use nom::{
    Parser as _,
    branch::alt,
    character::complete::{anychar, char, multispace1, none_of},
    combinator::{map, value},
    error::{ErrorKind, ParseError as _},
    multi::many0_count,
    sequence::pair,
};
use std::path::{Path, PathBuf};

/// Where packages of nginx have their logs, whatever the prefix.
const PACKAGED: &str = "/var/log/nginx";

/// Prefixes that packages are built with, other than the directory of nginx.conf.
const PREFIXES: [&str; 2] = ["/usr/share/nginx", "/usr/local/nginx"];

/// Reads a main configuration and what it includes.
pub(super) fn read(path: &Path, text: &str, files: &mut Files, found: &mut Config) -> Result<(), Error> {
    files.begin(path);
    let mut walk = Walk { directory: directory_of(path), found, used: Vec::new(), http: None, logs: [false; 2] };
    walk.file(path, text, files)?;
    let Walk { used, http, logs, directory, found } = walk;
    for layout in &mut found.layouts {
        layout.used |= layout.vendor == Vendor::Nginx && used.contains(&layout.name);
    }
    let Some(place) = http else { return Ok(()) };
    for (named, name) in logs.into_iter().zip(["access.log", "error.log"]) {
        if !named {
            let packaged = directory.starts_with("/etc").then(|| Path::new(PACKAGED).join(name));
            let logs = prefixes(&directory).into_iter().map(|prefix| prefix.join("logs").join(name));
            let candidates = packaged.into_iter().chain(logs).collect();
            found.add_file(Log { candidates, implied: true, place: place.clone() });
        }
    }
    Ok(())
}

/// What a path of a log may be relative to: the prefix, which nginx is built with. By default its configuration lies in
/// `conf` below it; in most packages it lies elsewhere.
fn prefixes(directory: &Path) -> Vec<PathBuf> {
    let is_conf = directory.file_name().is_some_and(|name| name == "conf");
    let own = if is_conf { directory_of(directory) } else { directory.to_owned() };
    let packaged = PREFIXES.iter().map(PathBuf::from).filter(|_| directory.starts_with("/etc"));
    std::iter::once(own).chain(packaged).collect()
}

struct Walk<'a> {
    /// Where the main configuration lies.
    directory: PathBuf,
    found: &'a mut Config,
    /// The names of layouts that access logs are written in.
    used: Vec<String>,
    /// Where the `http` block begins.
    http: Option<Place>,
    /// Whether any access log is named, and any error log.
    logs: [bool; 2],
}

impl Walk<'_> {
    fn file(&mut self, path: &Path, text: &str, files: &mut Files) -> Result<(), Error> {
        let mut source = Source::new(path, text);
        let mut blocks: Vec<Place> = Vec::new();
        let mut words: Vec<String> = Vec::new();
        let mut start = source.place();
        loop {
            source.take(space)?;
            let here = source.place();
            if source.is_done() {
                break;
            }
            match source.take(token)? {
                Token::Word(word) => {
                    if words.is_empty() {
                        start = here;
                    }
                    words.push(word);
                }
                Token::End => {
                    self.directive(&words, &start, files)?;
                    words.clear();
                }
                Token::Open => {
                    let name = words.first().map(String::as_str).unwrap_or_default();
                    match name {
                        _ if name.ends_with("_by_lua_block") => source.take(lua)?,
                        // What is in them are values, not directives.
                        "map" | "geo" | "types" | "split_clients" | "charset_map" => source.take(values)?,
                        _ => {
                            self.http = self.http.take().or_else(|| (name == "http").then(|| start.clone()));
                            blocks.push(here);
                        }
                    }
                    words.clear();
                }
                Token::Close if !words.is_empty() => return Err(wrong_at(&start, NO_SEMICOLON)),
                Token::Close => {
                    blocks.pop().ok_or_else(|| wrong_at(&here, "this `}` closes nothing"))?;
                }
            }
        }
        match blocks.pop() {
            _ if !words.is_empty() => Err(wrong_at(&start, NO_SEMICOLON)),
            Some(open) => Err(wrong_at(&open, "this `{` is never closed")),
            None => Ok(()),
        }
    }

    fn directive(&mut self, words: &[String], place: &Place, files: &mut Files) -> Result<(), Error> {
        let [name, arguments @ ..] = words else { return Ok(()) };
        match (name.as_str(), arguments) {
            ("include", [pattern]) => return self.include(pattern, place, files),
            ("log_format", [name, layout @ ..]) => self.layout(name, layout, place),
            ("access_log", [path, rest @ ..]) => {
                self.logs[0] = true;
                // `access_log PATH FORMAT buffer=… if=…`; without a format it is `combined`, which is known.
                self.used.extend(rest.first().filter(|word| !word.contains('=')).cloned());
                self.log("access_log", path, place);
            }
            ("error_log", [path, ..]) => {
                self.logs[1] = true;
                self.log("error_log", path, place);
            }
            _ => {}
        }
        Ok(())
    }

    fn log(&mut self, directive: &str, path: &str, place: &Place) {
        if directive == "access_log" && path == "off" {
            note(&mut self.found.skipped, "access_log is off here".to_owned(), place.clone());
        } else if path.starts_with("memory:") {
            note(&mut self.found.skipped, format!("{directive} writes to memory: not read"), place.clone());
        } else {
            self.found.add_log(directive, path, &prefixes(&self.directory), place.clone());
        }
    }

    /// `log_format NAME [escape=…] 'PIECE' …`
    fn layout(&mut self, name: &str, arguments: &[String], place: &Place) {
        let (escape, pieces) = match arguments {
            [first, rest @ ..] if first.starts_with("escape=") => (first.as_str(), rest),
            _ => ("", arguments),
        };
        self.found.add_layout(Layout {
            vendor: Vendor::Nginx,
            kind: Kind::Access,
            name: name.to_owned(),
            text: format!("log_format _ {escape} {};", quoted_again(&pieces.concat())),
            used: false,
            place: place.clone(),
        });
    }

    fn include(&mut self, pattern: &str, place: &Place, files: &mut Files) -> Result<(), Error> {
        for path in included(&self.directory, pattern) {
            let outcome = files.include(&path, place, |files, text| self.file(&path, text, files))?;
            if let Err(why) = outcome {
                note(&mut self.found.notes, format!("include {}: {why}", path.display()), place.clone());
            }
        }
        Ok(())
    }
}

const NO_SEMICOLON: &str = "no `;` ends this directive";

/// A layout as a directive has it: the quotes that have been taken off.
fn quoted_again(layout: &str) -> String {
    format!("'{}'", layout.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `;`
    End,
    /// `{`
    Open,
    /// `}`
    Close,
}

/// White space and comments; a `#` begins one where a word would begin.
fn space(i: &str) -> Lexed<'_, ()> {
    let comment = value((), pair(char('#'), many0_count(none_of("\n"))));
    value((), many0_count(alt((value((), multispace1), comment)))).parse(i)
}

fn token(i: &str) -> Lexed<'_, Token> {
    alt((
        value(Token::End, char(';')),
        value(Token::Open, char('{')),
        value(Token::Close, char('}')),
        map(quoted, Token::Word),
        map(bare, Token::Word),
    ))
    .parse(i)
}

/// `'…'` or `"…"`; a word ends behind it.
fn quoted(i: &str) -> Lexed<'_, String> {
    let (inside, quote) = alt((char('\''), char('"'))).parse(i)?;
    let mut chars = inside.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => _ = chars.next(),
            _ if char == quote => {
                let rest = &inside[at + 1..];
                return match rest.chars().next() {
                    None | Some(';' | '{' | ')') => Ok((rest, unescaped(&inside[..at]))),
                    Some(space) if space.is_ascii_whitespace() => Ok((rest, unescaped(&inside[..at]))),
                    Some(_) => wrong(rest, "a space or `;` must follow the quote"),
                };
            }
            _ => {}
        }
    }
    wrong(i, "this quote is never closed")
}

/// A word without quotes. `${` begins no block in it.
fn bare(i: &str) -> Lexed<'_, String> {
    let mut chars = i.char_indices();
    let mut dollar = false;
    while let Some((at, char)) = chars.next() {
        match char {
            ';' => return Ok((&i[at..], unescaped(&i[..at]))),
            '{' if !dollar => return Ok((&i[at..], unescaped(&i[..at]))),
            space if space.is_ascii_whitespace() => return Ok((&i[at..], unescaped(&i[..at]))),
            '\\' => _ = chars.next(),
            _ => {}
        }
        dollar = char == '$';
    }
    Ok(("", unescaped(i)))
}

/// Takes the backslashes off that mean something; others stay.
fn unescaped(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut chars = word.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some(quote @ ('"' | '\'' | '\\')) => out.push(quote),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('n') => out.push('\n'),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

/// From behind the `{` of a block of values to behind its `}`.
fn values(i: &str) -> Lexed<'_, ()> {
    let (mut rest, mut depth) = (i, 1_usize);
    while depth > 0 {
        rest = space(rest)?.0;
        if rest.is_empty() {
            return wrong(i, "this block is never closed");
        }
        let (after, token) = token(rest)?;
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            _ => {}
        }
        rest = after;
    }
    Ok((rest, ()))
}

/// From behind the `{` of a block of Lua to behind its `}`: strings and comments may hold braces.
fn lua(i: &str) -> Lexed<'_, ()> {
    let (mut rest, mut depth) = (i, 1_usize);
    while depth > 0 {
        let (after, step) = alt((lua_text, map(anychar, Lua::of)))
            .parse(rest)
            .or_else(|_: nom::Err<Wrong>| wrong(i, "this block is never closed"))?;
        match step {
            Lua::Open => depth += 1,
            Lua::Close => depth -= 1,
            Lua::Other => {}
        }
        rest = after;
    }
    Ok((rest, ()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lua {
    Open,
    Close,
    Other,
}

impl Lua {
    const fn of(char: char) -> Self {
        match char {
            '{' => Self::Open,
            '}' => Self::Close,
            _ => Self::Other,
        }
    }
}

/// A string or a comment of Lua's.
fn lua_text(i: &str) -> Lexed<'_, Lua> {
    let end = match i.as_bytes() {
        [b'-', b'-', b'[', b'[', ..] => i.find("]]").map(|at| at + 2),
        [b'-', b'-', ..] => Some(i.find('\n').unwrap_or(i.len())),
        [b'[', b'[', ..] => i.find("]]").map(|at| at + 2),
        [quote @ (b'"' | b'\''), ..] => {
            let mut escaped = false;
            let ends = |byte: u8| {
                let ends = !escaped && byte == *quote;
                escaped = !escaped && byte == b'\\';
                ends
            };
            i.bytes().skip(1).position(ends).map(|at| at + 2)
        }
        _ => None,
    };
    match end {
        Some(end) => Ok((&i[end..], Lua::Other)),
        None => Err(nom::Err::Error(Wrong::from_error_kind(i, ErrorKind::Tag))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Token> {
        let mut source = Source::new(Path::new("x"), text);
        let mut tokens = Vec::new();
        loop {
            source.take(space).unwrap();
            if source.is_done() {
                return tokens;
            }
            tokens.push(source.take(token).unwrap());
        }
    }

    #[test]
    fn splits_as_nginx_does() {
        use Token::{Close, End, Open, Word};
        let word = |text: &str| Word(text.to_owned());
        assert_eq!(
            words("a b#c 'd \\'e' # f;\n\"g\\\"\\th\\d\"; i{j ${k}l;}#m"),
            [
                word("a"),
                word("b#c"),
                word("d 'e"),
                word("g\"\th\\d"),
                End,
                word("i"),
                Open,
                word("j"),
                word("${k}l"),
                End,
                Close
            ]
        );
        // A brace of a variable opens nothing, others do.
        assert_eq!(words("a${b}{"), [word("a${b}"), Open]);
        assert_eq!(words("~ \\.php$ {"), [word("~"), word("\\.php$"), Open]);
    }

    #[test]
    fn skips_what_holds_no_directives() {
        assert_eq!(
            lua(r#" a = "}" -- }
 b = '\'}' --[[ } ]] c = [[}]] { } } rest"#),
            Ok((" rest", ()))
        );
        assert!(lua("{ }").is_err() && lua("'").is_err() && lua("").is_err());
        assert_eq!(values(" a b; include x; \"}\" c; {} } rest"), Ok((" rest", ())));
        assert!(values("a b;").is_err() && values("a {").is_err());
    }

    #[test]
    fn logs_may_be_in_several_places() {
        let shown = |directory: &str| prefixes(Path::new(directory));
        assert_eq!(shown("/usr/local/nginx/conf"), [Path::new("/usr/local/nginx")]);
        assert_eq!(shown("/etc/nginx"), ["/etc/nginx", "/usr/share/nginx", "/usr/local/nginx"].map(Path::new));
        assert_eq!(shown("."), [Path::new(".")]);
    }
}
