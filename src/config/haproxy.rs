//! haproxy.cfg: `log-format`, `error-log-format`, `option httplog` and its like, and `log`.
//!
//! `HAProxy` writes no files: it sends to syslog, so a configuration tells how lines look, but not where they are. A
//! proxy has what the last `defaults` section says, or the one that it names, unless it says so itself. Sources:
//! `HAProxy`'s configuration manual, 2.1 to 2.4 (files, quoting, environment) and 4.2; `parse_line` in `src/tools.c`.

use super::{
    Config, Kind, Layout, Place, Vendor, in_quotes,
    lex::{Lexed, Source, wrong},
    note,
};
use crate::error::Error;
use nom::{
    Parser as _,
    bytes::complete::{tag, take_till},
    character::complete::{anychar, satisfy},
    combinator::{opt, recognize},
    multi::many_m_n,
    sequence::terminated,
};
use std::{collections::BTreeMap, path::Path};

/// What a section says of logs.
#[derive(Clone, Debug, Default)]
struct Settings {
    /// Whether lines have a layout that says what became of a request.
    has_layout: bool,
    /// Whether anything is logged.
    logs: bool,
}

/// The kind of a section.
#[derive(Debug, Default)]
enum Section {
    /// Before the first, or one that says nothing of logs.
    #[default]
    Other,
    Global,
    Defaults(String),
    /// A `frontend` or `listen`: what takes requests, and logs them.
    Front(String, Place),
    /// A `backend` logs nothing by itself.
    Back,
    LogProfile,
}

/// Reading of one configuration, which may lie in several files.
#[derive(Debug, Default)]
pub(super) struct Walk {
    section: Section,
    settings: Settings,
    defaults: BTreeMap<String, Settings>,
    /// What the last `defaults` section says.
    last: Settings,
    /// `setenv` and `presetenv`.
    environment: BTreeMap<String, String>,
    /// Where the first thing is sent to syslog.
    syslog: Option<Place>,
    /// Where HAProxy's own lines go.
    global: bool,
}

impl Walk {
    /// Reads a file.
    pub(super) fn file(&mut self, path: &Path, text: &str, found: &mut Config) -> Result<(), Error> {
        let mut source = Source::new(path, text);
        while !source.is_done() {
            let place = source.place();
            let environment = &self.environment;
            let words = source.take(|i| line(i, environment))?;
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            self.line(&words, &place, found);
        }
        // The next file's lines belong to its own sections.
        self.end(found);
        self.section = Section::Other;
        Ok(())
    }

    /// Tells what has become clear when all files have been read.
    pub(super) fn finish(self, found: &mut Config) {
        if let Some(place) = self.syslog {
            let text = "HAProxy sends its log elsewhere and writes no file: name the one that syslog writes, such as \
                        /var/log/haproxy.log";
            note(&mut found.skipped, text.to_owned(), place);
        }
    }

    fn line(&mut self, words: &[&str], place: &Place, found: &mut Config) {
        let [first, arguments @ ..] = words else { return };
        if self.begins(first, arguments, place, found) {
            return;
        }
        match (*first, arguments) {
            ("setenv" | "presetenv", [name, value, ..]) if matches!(self.section, Section::Global) => {
                self.environment.insert((*name).to_owned(), (*value).to_owned());
            }
            ("no", ["log", ..]) => self.settings.logs = false,
            ("log", [target, ..]) => self.target(target, place),
            ("log-format" | "option", _) if matches!(self.section, Section::Back) => {}
            ("log-format", [_, ..]) => {
                self.settings.has_layout = true;
                add(found, "", layout("log-format", &arguments.join(" ")), place);
            }
            ("error-log-format", [_, ..]) => add(found, "", layout("error-log-format", &arguments.join(" ")), place),
            ("option", [kind @ ("httplog" | "tcplog" | "httpslog"), rest @ ..]) => {
                self.settings.has_layout = true;
                let clf = if rest.first() == Some(&"clf") { " clf" } else { "" };
                add(found, kind, format!("option {kind}{clf}"), place);
            }
            // `on STEP [drop] [format STRING] [sd STRING]`
            ("on", [_, rest @ ..]) if matches!(self.section, Section::LogProfile) => {
                let format = rest.iter().position(|word| *word == "format").and_then(|at| rest.get(at + 1));
                if let Some(format) = format {
                    add(found, "", layout("log-format", format), place);
                }
            }
            _ => {}
        }
    }

    /// Whether a line begins a section; then the one before it is done.
    fn begins(&mut self, first: &str, arguments: &[&str], place: &Place, found: &mut Config) -> bool {
        let name = || arguments.first().copied().unwrap_or_default().to_owned();
        let section = match first {
            "global" => Section::Global,
            "defaults" => Section::Defaults(if arguments.first() == Some(&"from") { String::new() } else { name() }),
            "frontend" | "listen" => Section::Front(name(), place.clone()),
            "backend" => Section::Back,
            "log-profile" => Section::LogProfile,
            "peers" | "resolvers" | "userlist" | "mailers" | "program" | "cache" | "http-errors" | "ring"
            | "log-forward" | "fcgi-app" | "crt-store" | "traces" | "acme" => Section::Other,
            _ => return false,
        };
        self.end(found);
        let from = arguments.iter().position(|word| *word == "from").and_then(|at| arguments.get(at + 1));
        let inherited = match (&section, from) {
            (_, Some(from)) => self.defaults.get(*from).cloned(),
            (Section::Front(..), None) => Some(self.last.clone()),
            _ => None,
        };
        self.settings = inherited.unwrap_or_default();
        self.section = section;
        true
    }

    /// The section is done.
    fn end(&mut self, found: &mut Config) {
        let settings = std::mem::take(&mut self.settings);
        match std::mem::take(&mut self.section) {
            Section::Defaults(name) => {
                self.defaults.insert(name, settings.clone());
                self.last = settings;
            }
            Section::Front(name, place) if settings.logs && !settings.has_layout => {
                let text = format!(
                    "{name} has neither `option httplog` nor a `log-format`: what HAProxy logs then does not say what \
                     became of a request"
                );
                note(&mut found.notes, text, place);
            }
            _ => {}
        }
    }

    /// `log global`, `log ADDRESS …`
    fn target(&mut self, target: &str, place: &Place) {
        match self.section {
            Section::Global => self.global = true,
            Section::Defaults(_) | Section::Front(..) => self.settings.logs |= target != "global" || self.global,
            _ => return,
        }
        if target != "global" {
            self.syslog.get_or_insert_with(|| place.clone());
        }
    }
}

fn layout(directive: &str, text: &str) -> String {
    format!("{directive} {}", in_quotes(text))
}

fn add(found: &mut Config, name: &str, text: String, place: &Place) {
    let name = name.to_owned();
    let kind = if text.starts_with("error-") { Kind::Error } else { Kind::Access };
    found.add_layout(Layout { vendor: Vendor::Haproxy, kind, name, text, used: true, place: place.clone() });
}

/// A line, in words; none where it is a comment or one of the preprocessor's (`.if`), all branches of which are read.
fn line<'a>(i: &'a str, environment: &BTreeMap<String, String>) -> Lexed<'a, Vec<String>> {
    let (rest, text) = terminated(take_till(|char| char == '\n'), opt(tag("\n"))).parse(i)?;
    let mut words = match split(text, environment) {
        Some(words) => words,
        None => return wrong(i, "a quote in this line is never closed"),
    };
    if words.first().is_some_and(|word| word.starts_with('.')) {
        words.clear();
    }
    Ok((rest, words))
}

/// Splits a line at spaces, takes quotes and backslashes off, fills in the environment in double quotes. `None` where a
/// quote is open at the end.
fn split(mut i: &str, environment: &BTreeMap<String, String>) -> Option<Vec<String>> {
    let (mut words, mut word): (Vec<String>, Option<String>) = (Vec::new(), None);
    let mut quote = None;
    while let Some(char) = i.chars().next() {
        let rest = &i[char.len_utf8()..];
        i = match (char, quote) {
            ('"' | '\'', None) => {
                quote = Some(char);
                word.get_or_insert_default();
                rest
            }
            (_, Some(open)) if char == open => {
                quote = None;
                rest
            }
            ('\\', None | Some('"')) => {
                let (rest, meant) = escape(rest).unwrap_or((rest, '\\'));
                word.get_or_insert_default().push(meant);
                rest
            }
            ('#', None) => break,
            ('$', Some('"')) => {
                let (rest, name, other) = variable(rest);
                match environment.get(name).map(String::as_str).or(other) {
                    Some(value) => word.get_or_insert_default().push_str(value),
                    None => word.get_or_insert_default().push_str(&i[..i.len() - rest.len()]),
                }
                rest
            }
            (space, None) if space.is_ascii_whitespace() => {
                words.extend(word.take());
                rest
            }
            _ => {
                word.get_or_insert_default().push(char);
                rest
            }
        };
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// What follows a backslash, if it means something with it: `\ `, `\"`, `\#`, `\n`, `\x41`. Otherwise the backslash
/// stands for itself.
fn escape(i: &str) -> Option<(&str, char)> {
    let (rest, char) = anychar::<_, super::lex::Wrong>(i).ok()?;
    match char {
        ' ' | '\\' | '#' | '"' | '\'' | '$' => Some((rest, char)),
        'n' => Some((rest, '\n')),
        'r' => Some((rest, '\r')),
        't' => Some((rest, '\t')),
        'x' => {
            let digits = recognize(many_m_n(2, 2, satisfy(|char| char.is_ascii_hexdigit()))).parse(rest);
            let (rest, digits) = Lexed::ok(digits)?;
            let byte = u8::from_str_radix(digits, 16).ok()?;
            Some((rest, char::from(byte)))
        }
        _ => None,
    }
}

/// `NAME`, `{NAME}` or `{NAME-OTHER}` behind a dollar: what follows, the name, and what holds without it.
fn variable(i: &str) -> (&str, &str, Option<&str>) {
    let name_end = |text: &str| {
        text.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '_' | '.'))).unwrap_or(text.len())
    };
    let braced = i.strip_prefix('{').and_then(|inside| inside.split_once('}'));
    match braced {
        Some((inside, rest)) => {
            let (name, other) = inside.split_at(name_end(inside));
            (rest, name, other.strip_prefix('-'))
        }
        None => {
            let (name, rest) = i.split_at(name_end(i));
            (rest, name, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_haproxy_does() {
        let environment = BTreeMap::from([("HOST".to_owned(), "a b".to_owned())]);
        for (text, words) in [
            ("  option  httplog # no", &["option", "httplog"][..]),
            (r"log-format %ci:%cp\ [%tr]\ %ft", &["log-format", "%ci:%cp [%tr] %ft"]),
            (
                r#"log-format "%ci \"%r\" $HOST ${HOST} ${NONE-c d} ${NONE} #""#,
                &["log-format", "%ci \"%r\" a b a b c d ${NONE} #"],
            ),
            (r"log-format '%ci \n $HOST'", &["log-format", r"%ci \n $HOST"]),
            (r#"a b"c d"'e f' "" \# \x41 \d \x4"#, &["a", "bc de f", "", "#", "A", "\\d", "\\x4"]),
            ("# a 'comment", &[]),
            ("", &[]),
        ] {
            assert_eq!(split(text, &environment).unwrap(), words, "{text}");
        }
        assert_eq!(split("a 'b", &environment), None);
    }
}
