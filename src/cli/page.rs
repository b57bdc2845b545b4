//! Pages of text for people: headings, paragraphs, tables of two columns.

use super::words;
use crate::output::Style;
use std::fmt::Write as _;

/// Wider lines are hard to read, however wide the terminal.
const WIDEST: usize = 100;

/// The widest first column; a longer term gets a line of its own.
const TERM: usize = 22;

/// A page in the making.
#[derive(Debug)]
pub(super) struct Page {
    text: String,
    style: Style,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { text: String::new(), style: Style { width: style.width.min(WIDEST), ..style } }
    }

    /// The finished page.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// An empty line, except at the top.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// A line that stands out, with a remark behind it that does not.
    pub(super) fn heading(&mut self, heading: &str, remark: &str) {
        let bold = if self.style.color { anstyle::Style::new().bold() } else { anstyle::Style::new() };
        let space = if remark.is_empty() { "" } else { "  " };
        let _ = writeln!(self.text, "{bold}{heading}{bold:#}{space}{remark}");
    }

    /// Text in lines as wide as the page.
    pub(super) fn paragraph(&mut self, text: &str, indent: usize) {
        words::wrap(&mut self.text, text, indent, self.style.width);
    }

    /// A line that is not to be broken, since it is there to be copied.
    pub(super) fn verbatim(&mut self, text: &str, indent: usize) {
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    /// A table of terms and what is to be said of each. `indent` columns stay free on the left.
    pub(super) fn table<'a>(&mut self, rows: impl Iterator<Item = (&'a str, &'a str)> + Clone, indent: usize) {
        let length = |term: &str| term.chars().count();
        let longest = rows.clone().map(|(term, _)| length(term)).filter(|length| *length <= TERM).max().unwrap_or(0);
        let second = indent + longest + 2;
        for (term, text) in rows {
            if length(term) > longest || text.is_empty() {
                self.verbatim(term, indent);
                self.paragraph(text, second);
            } else {
                let start = self.text.len() + indent;
                self.paragraph(text, second);
                // In place of the first line's indentation.
                self.text.replace_range(start..start + length(term), term);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lays_out() {
        let mut page = Page::new(Style { color: false, width: 30 });
        page.gap();
        page.heading("name", "(family)");
        page.gap();
        page.table(
            [("a", "one two three four five six"), ("a term of more than twenty-two", "b"), ("bé", "c"), ("d", "")]
                .into_iter(),
            2,
        );
        let expected = "\
name  (family)

  a   one two three four five
      six
  a term of more than twenty-two
      b
  bé  c
  d
";
        assert_eq!(page.into_text(), expected);
        let mut page = Page::new(Style { color: true, width: 30 });
        page.heading("name", "");
        assert_eq!(page.into_text(), "\u{1b}[1mname\u{1b}[0m\n");
    }
}
