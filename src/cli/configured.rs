//! What `-c` gives: readers for the layouts that a proxy's configuration names, and the log files that it names.

use super::words::shown;
use crate::config::{self, Config, Kind, Layout, Log};
use crate::error::Error;
use crate::event::Reader;
use crate::format::Template;
use crate::show::counted;
use std::{cmp::Reverse, path::PathBuf, sync::Arc};

/// What configurations give.
#[derive(Debug, Default)]
pub(super) struct Configured {
    /// Readers for the layouts, those that ask most of a line first.
    pub(super) readers: Vec<Reader>,
    /// The log files; none where the user names what to read.
    pub(super) paths: Vec<PathBuf>,
    /// What is to be told.
    pub(super) notes: Vec<String>,
}

impl Configured {
    /// Reads the configurations in `paths`. Their logs are wanted if the user names none, their layouts if he names no
    /// format.
    ///
    /// # Errors
    /// When a configuration makes no sense, or names log files of which none is there.
    pub(super) fn new(paths: &[PathBuf], wants_logs: bool, wants_readers: bool) -> Result<Self, Error> {
        let config = config::read(paths)?;
        let mut configured = Self::default();
        configured.notes.extend(config.notes.iter().map(ToString::to_string));
        if wants_readers {
            configured.add_readers(&config);
        }
        if wants_logs {
            configured.notes.extend(config.skipped.iter().map(ToString::to_string));
            configured.add_logs(&config.logs)?;
        }
        configured.notes.iter_mut().for_each(|note| *note = shown(note, usize::MAX));
        Ok(configured)
    }

    /// Two layouts may fit the same line, one of them with two values in one: that with the fewer variables.
    fn add_readers(&mut self, config: &Config) {
        let mut layouts: Vec<&Layout> = config.layouts.iter().collect();
        layouts.sort_by_key(|layout| Reverse(layout.text.matches(['$', '%']).count()));
        for layout in layouts {
            match reader(layout) {
                Ok(reader) => self.readers.extend(reader),
                // Layouts that no log is written in, as of Debian's Apache, may well lack what is needed.
                Err(why) if layout.used => {
                    let name = if layout.name.is_empty() { "this layout" } else { &layout.name };
                    self.notes.push(format!("{}: lines of {name} cannot be counted: {why}", layout.place));
                }
                Err(_) => {}
            }
        }
    }

    fn add_logs(&mut self, logs: &[Log]) -> Result<(), Error> {
        self.paths = logs.iter().filter_map(Log::file).map(ToOwned::to_owned).collect();
        let named: Vec<&Log> = logs.iter().filter(|log| !log.implied).collect();
        let missing: Vec<&&Log> = named.iter().filter(|log| log.file().is_none()).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let example = first.candidates.first().map(|path| path.display().to_string()).unwrap_or_default();
        if self.paths.is_empty() {
            return Err(Error::Usage(format!(
                "{}: no log file that the configuration names is there, such as {example}: name what to read",
                first.place
            )));
        }
        let of = counted(named.len() as u64, "log file");
        let are = if missing.len() == 1 { "is" } else { "are" };
        self.notes.push(format!(
            "{}: {} of {of} that the configuration names {are} not there: {example}{}",
            first.place,
            missing.len(),
            if missing.len() == 1 { "" } else { ", …" }
        ));
        Ok(())
    }
}

/// A reader for a layout; none where detection knows such lines, or has to stand in.
fn reader(layout: &Layout) -> Result<Option<Reader>, String> {
    if layout.kind == Kind::Error || layout.text.starts_with("option ") {
        return Ok(None);
    }
    let template = Template::compile(&format!("{}:{}", layout.vendor.prefix(), layout.text)).transpose()?;
    match template.as_ref().and_then(Template::lack) {
        Some(lack) => Err(lack.to_owned()),
        None => Ok(template.map(|template| Reader::Custom(Arc::new(template)))),
    }
}
