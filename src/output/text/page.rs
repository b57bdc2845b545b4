//! Lines of a given width, with or without colours.

use crate::output::Style;
use crate::output::escape::visible;
use anstyle::AnsiColor;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// A space that no line is broken at.
const TIE: char = '\u{A0}';

/// What a piece of text is, which decides its colour.
#[derive(Clone, Copy)]
pub(super) enum Look {
    /// A headline or a heading.
    Title,
    /// What went wrong.
    Cause,
    /// What is there for reference: samples, comments.
    Dim,
}

impl Look {
    const fn style(self) -> anstyle::Style {
        match self {
            Self::Title => anstyle::Style::new().bold(),
            Self::Cause => AnsiColor::Red.on_default().bold(),
            Self::Dim => anstyle::Style::new().dimmed(),
        }
    }
}

/// A text in the making.
pub(super) struct Page {
    color: bool,
    width: usize,
    text: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { color: style.color, width: style.width.clamp(60, 160), text: String::new() }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// `text` in its colour. It is made visible first: an escape sequence from a log must not survive among ours.
    pub(super) fn paint(&self, look: Look, text: &str) -> String {
        let text = visible(text);
        let style = look.style();
        if self.color && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }

    /// Adds a line as it is: its parts are painted or visible already.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Adds an empty line, unless nothing or one comes before.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Adds `text`, broken between words: the first line after `first`, the others after `indent`.
    pub(super) fn wrapped(&mut self, first: &str, indent: &str, text: &str) {
        for line in self.wrap(first, indent, text) {
            self.line(&line);
        }
    }

    /// The same, painted.
    pub(super) fn wrapped_in(&mut self, look: Look, first: &str, indent: &str, text: &str) {
        for line in self.wrap(first, indent, text) {
            let words = line.trim_start_matches(' ');
            let painted = self.paint(look, words);
            self.line(&format!("{}{painted}", &line[..line.len() - words.len()]));
        }
    }

    /// Adds where a line of a log stands, and its ends.
    pub(super) fn sample(&mut self, indent: &str, place: &str, text: &str) {
        let place = self.paint(Look::Dim, &format!("{place}:"));
        self.line(&format!("{indent}{place}"));
        let room = self.width.saturating_sub(indent.width());
        for line in ends(&visible(text), room) {
            let line = self.paint(Look::Dim, &line);
            self.line(&format!("{indent}{line}"));
        }
    }

    fn wrap(&self, first: &str, indent: &str, text: &str) -> Vec<String> {
        let room = self.width.saturating_sub(indent.width().max(first.width()));
        let befores = [first].into_iter().chain(std::iter::repeat(indent));
        befores.zip(wrap(&visible(text), room)).map(|(before, line)| format!("{before}{line}")).collect()
    }
}

/// The columns that `text` takes on a terminal.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// `text`, cut to `width` columns; a `…` stands for what is gone.
pub(super) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (start, _) = split_at_width(text, width.saturating_sub(1));
    format!("{}…", start.trim_end())
}

/// The same, cut in the middle: servers of one group mostly differ at their end.
pub(super) fn fit_middle(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (start, rest) = split_at_width(text, width / 3);
    let room = width.saturating_sub(start.width() + 1);
    let end = rest.char_indices().map(|(at, _)| &rest[at..]).find(|end| end.width() <= room);
    format!("{start}…{}", end.unwrap_or_default())
}

/// `text` with spaces up to `width` columns, before it where it is a number.
pub(super) fn pad(text: &str, width: usize, is_number: bool) -> String {
    let spaces = " ".repeat(width.saturating_sub(text.width()));
    if is_number { format!("{spaces}{text}") } else { format!("{text}{spaces}") }
}

/// As much of `text` as fits into `width` columns, and the rest.
fn split_at_width(text: &str, width: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return text.split_at(at);
        }
    }
    (text, "")
}

/// `text` in lines of `width` columns, broken between words where that is possible.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    let text = with_units(text);
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let space = usize::from(!line.is_empty());
        if space > 0 && line.width() + space + word.width() > width {
            lines.push(std::mem::take(&mut line));
        } else if space > 0 {
            line.push(' ');
        }
        let mut rest = word;
        while line.width() + rest.width() > width {
            let (start, after) = split_at_width(rest, width);
            if start.is_empty() {
                break;
            }
            lines.push(start.to_owned());
            rest = after;
        }
        line.push_str(rest);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.iter().map(|line| line.replace(TIE, " ")).collect()
}

/// `text` with its units tied to their numbers: a line ought not to start with `%`.
fn with_units(text: &str) -> String {
    let mut tied = String::with_capacity(text.len() + 8);
    for word in text.split(' ') {
        let unit = matches!(word.trim_end_matches(['.', ',', ':', ';', ')']), "%" | "ms" | "s" | "min" | "h" | "d");
        let is_tied = unit && tied.ends_with(|c: char| c.is_ascii_digit());
        tied.push(if is_tied { TIE } else { ' ' });
        tied.push_str(word);
    }
    tied
}

/// `text` in at most two lines of `width` columns, broken anywhere: its beginning, and its end where the middle had to
/// go. A log line begins with the request, and what its proxy adds about the upstream comes last.
fn ends(text: &str, width: usize) -> Vec<String> {
    let (start, rest) = split_at_width(text.trim_end(), width);
    if start.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![start.to_owned()];
    if rest.width() > width {
        let from = rest.char_indices().map(|(at, _)| at).find(|&at| rest[at..].width() < width).unwrap_or(rest.len());
        lines.push(format!("…{}", &rest[from..]));
    } else if !rest.is_empty() {
        lines.push(rest.to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdefg", 6), "abcde…");
        assert_eq!(fit("東京東京", 5), "東京…");
        assert_eq!(fit_middle("checkout 127.0.0.1:9102", 16), "check…0.0.1:9102");
        assert_eq!(ends("abcdefghij", 3), ["abc", "…ij"]);
        assert_eq!(ends("abcdef", 3), ["abc", "def"]);
        assert_eq!(ends("abc", 3), ["abc"]);
        assert!(ends("東", 1).is_empty());
    }

    #[test]
    fn wraps() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a abcdefghij b", 4), ["a", "abcd", "efgh", "ij b"]);
        assert_eq!(wrap("took 60.0 s, or 6 %", 9), ["took", "60.0 s,", "or 6 %"]);
        assert_eq!(wrap("", 4), Vec::<String>::new());
        assert_eq!(wrap("東", 1), ["東"]);
    }
}
