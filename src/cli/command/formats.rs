//! `gatewhy formats`: the log formats that are recognised.

use crate::cause::Cause;
use crate::cli::{Status, options, page::Page};
use crate::format::{About, Format};
use serde::Serialize;

/// What stands behind each vendor's name.
const LAYOUTS: [(&str, &str); 3] = [
    ("nginx:", "the text of a log_format"),
    ("apache:", "the text of a LogFormat, or common, combined, vhost_combined, combinedio"),
    ("haproxy:", "the text of a log-format, or httplog, httpslog, tcplog, clf, tcpclf"),
];

/// Prints them all.
///
/// # Errors
/// When standard output cannot be written to.
pub fn run(options: &options::Page) -> anyhow::Result<Status> {
    let formats = Format::ALL.iter().map(|format| format.about());
    if options.json {
        return super::print_json(&formats.map(Listed::from).collect::<Vec<_>>());
    }
    let mut page = Page::new(options.style);
    for about in formats {
        page.gap();
        show(about, &mut page);
    }
    page.gap();
    page.paragraph(
        "Formats are told apart line by line. `-l NAME` reads lines as that format alone; `-l 'VENDOR:STRING'` reads a layout of your own:",
        0,
    );
    page.table(LAYOUTS.into_iter(), 2);
    super::print(page.into_text().as_bytes())
}

fn show(about: &About, page: &mut Page) {
    page.heading(about.name, &format!("({})", about.proxy.name()));
    page.paragraph(about.title, 2);
    // A layout may have several lines; they and the sample are there to be compared with a log, and so are not broken.
    labelled("layout", about.layout.lines(), page);
    labelled("sample", about.samples.first().copied().into_iter(), page);
    let causes = about.causes().into_iter().map(Cause::slug).collect::<Vec<_>>().join(", ");
    let rows = [("time", about.time), ("defined", about.source), ("shows", &causes)];
    page.table(rows.into_iter().filter(|(_, text)| !text.is_empty()), 2);
}

fn labelled<'a>(label: &str, lines: impl Iterator<Item = &'a str>, page: &mut Page) {
    for (number, line) in lines.enumerate() {
        page.verbatim(&format!("{:<9}{line}", if number == 0 { label } else { "" }), 2);
    }
}

#[derive(Serialize)]
struct Listed {
    format: &'static str,
    proxy: &'static str,
    title: &'static str,
    layout: &'static str,
    time: &'static str,
    source: &'static str,
    samples: &'static [&'static str],
    causes: Vec<&'static str>,
}

impl From<&'static About> for Listed {
    fn from(about: &'static About) -> Self {
        Self {
            format: about.name,
            proxy: about.proxy.name(),
            title: about.title,
            layout: about.layout,
            time: about.time,
            source: about.source,
            samples: about.samples,
            causes: about.causes().into_iter().map(Cause::slug).collect(),
        }
    }
}
