//! httpd.conf and apache2.conf: `LogFormat`, `CustomLog`, `TransferLog`, `ErrorLog`, `ErrorLogFormat`, with `Include`,
//! `Define` and the environment that Debian's `envvars` sets.
//!
//! Sections are looked through, `<IfModule>` whichever it asks for: which modules there are is not known. Sources:
//! Apache httpd, `server/util.c` (`ap_cfg_getline`, `ap_getword_conf`), `server/core.c` (`ap_resolve_env`, `Define`),
//! `server/config.c` (`Include`), `modules/loggers/mod_log_config.c`.

use super::{
    Config, Kind, Layout, Log, Place, Vendor, directory_of,
    files::{Files, included},
    glob, in_quotes,
    lex::{Lexed, Source, wrong_at},
    note,
};
use crate::error::Error;
use nom::{
    Parser as _,
    bytes::complete::{tag, take_till},
    character::complete::{multispace0, satisfy},
    combinator::opt,
    sequence::preceded,
};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

/// What a log is written in where nobody says otherwise, and what the nickname `CLF` stands for.
const CLF: &str = r#"%h %l %u %t "%r" %>s %b"#;

/// The longest line, with what variables stand for, in bytes: definitions may be made of definitions.
const LINE: usize = 1 << 16;

/// Where the error log is if nobody says: the compiled-in name, Debian's and Red Hat's.
const ERROR_LOGS: [&str; 3] = ["logs/error_log", "/var/log/apache2/error.log", "/var/log/httpd/error_log"];

/// Reads a main configuration and what it includes.
pub(super) fn read(path: &Path, text: &str, files: &mut Files, found: &mut Config) -> Result<(), Error> {
    files.begin(path);
    let directory = directory_of(path);
    // As built: the configuration lies in `conf` below the server's root, or, of Debian's, in the root itself.
    let is_conf = directory.file_name().is_some_and(|name| name == "conf");
    let root = if is_conf { directory_of(&directory) } else { directory.clone() };
    let mut walk = Walk {
        found,
        root,
        environment: environment(&directory),
        nicknames: BTreeMap::from([("CLF".to_owned(), CLF.to_owned())]),
        unnamed: CLF.to_owned(),
        written: Vec::new(),
        has_error_log: false,
    };
    walk.file(path, text, true, files)?;
    walk.finish(Source::new(path, text).place());
    Ok(())
}

struct Walk<'a> {
    found: &'a mut Config,
    /// `ServerRoot`
    root: PathBuf,
    /// What `${NAME}` stands for: `Define`, and `envvars`.
    environment: BTreeMap<String, String>,
    /// `LogFormat STRING NICKNAME`
    nicknames: BTreeMap<String, String>,
    /// `LogFormat STRING`: what `TransferLog` writes.
    unnamed: String,
    /// What access logs are written in: nicknames, which may be defined later, or strings.
    written: Vec<(String, Place)>,
    has_error_log: bool,
}

/// A section that is open.
struct Section {
    name: String,
    /// Whether what is in it holds.
    holds: bool,
    place: Place,
}

impl Walk<'_> {
    fn file(&mut self, path: &Path, text: &str, holds: bool, files: &mut Files) -> Result<(), Error> {
        let mut source = Source::new(path, text);
        let mut sections: Vec<Section> = Vec::new();
        while !source.is_done() {
            let place = source.place();
            let line = source.take(logical_line)?;
            let line = line.trim();
            let holds = sections.last().map_or(holds, |section| section.holds);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix("</") {
                let name = name.trim_end_matches('>').trim();
                let open = sections.pop().ok_or_else(|| wrong_at(&place, format!("`</{name}>` closes nothing")))?;
                if !open.name.eq_ignore_ascii_case(name) {
                    let why = format!("`</{name}>` cannot close `<{}>` of line {}", open.name, open.place.line);
                    return Err(wrong_at(&place, why));
                }
                continue;
            }
            let line = self.resolved(line).ok_or_else(|| wrong_at(&place, "too long a line"))?;
            if let Some(inside) = line.strip_prefix('<') {
                let inside = inside.strip_suffix('>').unwrap_or(inside);
                let (name, arguments) = inside.split_at(inside.find(char::is_whitespace).unwrap_or(inside.len()));
                let holds = holds && self.holds(name, &words(arguments), &place);
                sections.push(Section { name: name.to_owned(), holds, place });
            } else if holds {
                self.directive(&line, &place, files)?;
            }
        }
        match sections.pop() {
            Some(open) => Err(wrong_at(&open.place, format!("`<{}>` is never closed", open.name))),
            None => Ok(()),
        }
    }

    /// Whether what is in a section holds.
    fn holds(&mut self, name: &str, arguments: &[String], place: &Place) -> bool {
        let asked = arguments.first().map(String::as_str).unwrap_or_default();
        let (name_asked, wanted) = asked.strip_prefix('!').map_or((asked, true), |name| (name, false));
        match name.to_ascii_lowercase().as_str() {
            "ifdefine" => self.environment.contains_key(name_asked) == wanted,
            "iffile" => self.root.join(name_asked).exists() == wanted,
            "macro" => {
                note(&mut self.found.notes, "logs that a <Macro> names are not known".to_owned(), place.clone());
                false
            }
            _ => true,
        }
    }

    fn directive(&mut self, line: &str, place: &Place, files: &mut Files) -> Result<(), Error> {
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let [name, arguments @ ..] = &words[..] else { return Ok(()) };
        match (name.to_ascii_lowercase().as_str(), arguments) {
            ("serverroot", [root, ..]) => self.root = PathBuf::from(root),
            ("define", [name, value @ ..]) => {
                let value = value.first().copied().unwrap_or_default().to_owned();
                self.environment.insert((*name).to_owned(), value);
            }
            ("undefine", [name, ..]) => _ = self.environment.remove(*name),
            ("include", patterns) => return self.include(patterns, false, place, files),
            ("includeoptional", patterns) => return self.include(patterns, true, place, files),
            ("logformat", [layout]) => (*layout).clone_into(&mut self.unnamed),
            ("logformat", [layout, nickname, ..]) => {
                self.nicknames.insert((*nickname).to_owned(), (*layout).to_owned());
                self.layout(Kind::Access, nickname, layout, false, place);
            }
            ("customlog" | "globallog", [path, rest @ ..]) => {
                let layout = rest.first().copied().filter(|word| !is_condition(word)).unwrap_or(&self.unnamed);
                self.written.push((layout.to_owned(), place.clone()));
                self.log(name, path, place);
            }
            ("transferlog", [path, ..]) => {
                self.written.push((self.unnamed.clone(), place.clone()));
                self.log(name, path, place);
            }
            ("errorlog", [path, ..]) => {
                self.has_error_log = true;
                self.log(name, path, place);
            }
            // The layouts of what is logged once for a connection or a request tell of no errors.
            ("errorlogformat", [layout]) => self.layout(Kind::Error, "", layout, true, place),
            _ => {}
        }
        Ok(())
    }

    fn log(&mut self, directive: &str, path: &str, place: &Place) {
        // A provider: `syslog:local1`, `journald`.
        let path = if path == "journald" || path.starts_with("journald:") { "syslog" } else { path };
        self.found.add_log(directive, path, std::slice::from_ref(&self.root), place.clone());
    }

    fn layout(&mut self, kind: Kind, name: &str, text: &str, used: bool, place: &Place) {
        let directive = if kind == Kind::Access { "LogFormat" } else { "ErrorLogFormat" };
        let (name, text) = (name.to_owned(), format!("{directive} {}", in_quotes(text)));
        self.found.add_layout(Layout { vendor: Vendor::Apache, kind, name, text, used, place: place.clone() });
    }

    fn include(&mut self, patterns: &[&str], optional: bool, place: &Place, files: &mut Files) -> Result<(), Error> {
        for pattern in patterns {
            for path in included(&self.root, pattern) {
                self.include_path(&path, optional, place, files)?;
            }
        }
        Ok(())
    }

    /// Includes a file, or all files below a directory.
    fn include_path(&mut self, path: &Path, optional: bool, place: &Place, files: &mut Files) -> Result<(), Error> {
        if path.is_dir() {
            return files.descend(path, place, |files| {
                let mut inside = glob::expand(path, "*", usize::MAX).into_iter();
                inside.try_for_each(|path| self.include_path(&path, optional, place, files))
            });
        }
        let outcome = files.include(path, place, |files, text| self.file(path, text, true, files))?;
        match outcome {
            Err(why) if !optional || path.exists() => {
                note(&mut self.found.notes, format!("Include {}: {why}", path.display()), place.clone());
            }
            _ => {}
        }
        Ok(())
    }

    /// A line with what its variables stand for, as far as that is known; `None` where it is too long.
    fn resolved(&self, line: &str) -> Option<String> {
        let (mut out, mut rest) = (String::new(), line);
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let value = after.split_once('}').and_then(|(name, rest)| Some((self.value(name)?, rest)));
            match value {
                Some((value, after)) => {
                    out.push_str(&value);
                    rest = after;
                }
                // As Apache does, with a warning.
                None => {
                    out.push_str("${");
                    rest = after;
                }
            }
            if out.len() > LINE {
                return None;
            }
        }
        out.push_str(rest);
        (out.len() <= LINE).then_some(out)
    }

    /// What a variable stands for: here, or in the environment, which Apache takes its own from.
    fn value(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned().or_else(|| env::var(name).ok())
    }

    /// What the whole of the configuration says.
    fn finish(mut self, main: Place) {
        for (written, place) in std::mem::take(&mut self.written) {
            let known = self.nicknames.get(&written).cloned();
            let (name, layout) = match known {
                Some(layout) => (written, layout),
                None if written.contains('%') => (String::new(), written),
                None => {
                    note(&mut self.found.notes, format!("no LogFormat is called {written}"), place);
                    continue;
                }
            };
            self.layout(Kind::Access, &name, &layout, true, &place);
        }
        if !self.has_error_log {
            let installed = |path: &&&str| !path.starts_with('/') || self.root.starts_with("/etc");
            let candidates = ERROR_LOGS.iter().filter(installed).map(|path| self.root.join(path)).collect();
            self.found.add_file(Log { candidates, implied: true, place: main });
        }
    }
}

/// Whether a word is what makes `CustomLog` write some requests alone.
fn is_condition(word: &str) -> bool {
    word.starts_with("env=") || word.starts_with("expr=")
}

/// A line, with those that it is continued on by a backslash at its end.
fn logical_line(i: &str) -> Lexed<'_, String> {
    let (mut rest, mut whole) = (i, String::new());
    loop {
        let (after, line): (_, &str) = take_till(|char| char == '\n').parse(rest)?;
        let (after, _) = opt(tag("\n")).parse(after)?;
        let line = line.strip_suffix('\r').unwrap_or(line);
        rest = after;
        match line.strip_suffix('\\') {
            Some(begun) if !rest.is_empty() => whole.push_str(begun),
            _ => {
                whole.push_str(line);
                return Ok((rest, whole));
            }
        }
    }
}

/// The words of a line. A quote that nothing closes reaches to its end.
fn words(mut line: &str) -> Vec<String> {
    let mut words = Vec::new();
    while let Ok((rest, word)) = preceded(multispace0, word).parse(line) {
        words.push(word);
        line = rest;
    }
    words
}

/// `"…"`, `'…'` or what holds no space. A backslash before the quote, or before another, is taken off.
fn word(i: &str) -> Lexed<'_, String> {
    let (inside, quote) = opt(satisfy(|char| matches!(char, '"' | '\''))).parse(i)?;
    let ends = |char: char| quote.map_or(char.is_whitespace(), |quote| char == quote);
    let mut word = String::new();
    let mut chars = inside.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => match chars.peek() {
                Some((_, next)) if *next == '\\' || Some(*next) == quote => {
                    word.push(*next);
                    chars.next();
                }
                _ => word.push('\\'),
            },
            _ if ends(char) => {
                let end = if quote.is_some() { at + char.len_utf8() } else { at };
                return Ok((&inside[end..], word));
            }
            _ => word.push(char),
        }
    }
    // At the end of a line there is a word only if something began one.
    if i.is_empty() { satisfy(|_| false).map(|_: char| String::new()).parse(i) } else { Ok(("", word)) }
}

/// What the shell script `envvars`, which Debian's Apache is started with, sets: `export NAME=VALUE`. All its branches
/// are read, but for the suffix of further instances, which is in the name of their directory.
fn environment(directory: &Path) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    let Ok(script) = fs::read_to_string(directory.join("envvars")) else { return environment };
    let name = directory.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    environment.insert("SUFFIX".to_owned(), name.strip_prefix("apache2-").map_or(String::new(), |it| format!("-{it}")));
    for line in script.lines().map(str::trim) {
        let (name, value) = match line.strip_prefix("export ").unwrap_or(line).split_once('=') {
            Some((name, value)) => (name.trim(), value),
            None => continue,
        };
        let is_name = !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        if !is_name || name == "SUFFIX" || value.len() > LINE {
            continue;
        }
        if let Some(value) = shell(value, &environment) {
            environment.insert(name.to_owned(), value);
        }
    }
    environment
}

/// A value of the shell's: quotes off, `$NAME` and `${NAME}` filled in; `None` where it takes a shell to know.
fn shell(value: &str, environment: &BTreeMap<String, String>) -> Option<String> {
    let value = value.split_once(" #").map_or(value, |(value, _)| value).trim();
    let bare = value.trim_matches('"').trim_matches('\'');
    if bare.contains(['`', '(', '"', '\'']) {
        return None;
    }
    let (mut out, mut rest) = (String::new(), bare);
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let name_end =
            |text: &str| text.find(|char: char| !(char.is_ascii_alphanumeric() || char == '_')).unwrap_or(text.len());
        let (name, after) = match after.strip_prefix('{') {
            Some(inside) => inside.split_once('}')?,
            None => after.split_at(name_end(after)),
        };
        let (name, other) = name.split_at(name_end(name));
        let other = other.strip_prefix(':').unwrap_or(other).strip_prefix(['-', '=']);
        out.push_str(environment.get(name).map(String::as_str).or(other).unwrap_or_default());
        rest = after;
        if out.len() > LINE {
            return None;
        }
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_apache_does() {
        for (line, expected) in [
            (r#"LogFormat "%h \"%r\" \\ \n" a"#, &["LogFormat", r#"%h "%r" \ \n"#, "a"][..]),
            (r#"LogFormat '%h "%r"'   "b c""#, &["LogFormat", r#"%h "%r""#, "b c"]),
            (r#"ErrorLog "never closed x"#, &["ErrorLog", "never closed x"]),
            (r"a\\b a\b", &[r"a\b", r"a\b"]),
            (r#"a "" b"#, &["a", "", "b"]),
            ("  ", &[]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn joins_continued_lines() {
        let mut source = Source::new(Path::new("x"), "a \\\n  b\\\r\nc\r\n# d \\\ne\n\nf\\");
        let mut lines = Vec::new();
        while !source.is_done() {
            let line = source.place().line;
            lines.push((line, source.take(logical_line).unwrap()));
        }
        let expected = [(1, "a   bc"), (4, "# d e"), (6, ""), (7, "f\\")];
        assert_eq!(lines, expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn reads_the_environment_as_a_shell_would() {
        let known = BTreeMap::from([("SUFFIX".to_owned(), "-b".to_owned())]);
        for (value, expected) in [
            ("/var/log/apache2$SUFFIX", Some("/var/log/apache2-b")),
            ("\"/a/${SUFFIX}/c\" # d", Some("/a/-b/c")),
            ("${NONE:-/d}$SUFFIX", Some("/d-b")),
            ("'a'", Some("a")),
            ("$(date)", None),
            ("`date`", None),
            ("${a", None),
        ] {
            assert_eq!(shell(value, &known).as_deref(), expected, "{value}");
        }
    }
}
