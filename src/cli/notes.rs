//! What people must be told of what could not be read or recognised, a line each.

use super::{args::Command, options::Reading, words::shown};
use crate::aggregate::{InputTally, Sample};
use crate::error::Error;
use crate::input::Input;
use crate::pipeline::Outcome;
use crate::show;
use crate::show::counted;
use clap::Subcommand as _;
use std::{collections::BTreeSet, io::ErrorKind, path::Path};

/// How much of a line is shown, in characters.
const EXCERPT: usize = 100;

/// What to do about a subcommand that was taken for a path.
const SUBCOMMAND: &str = " (a subcommand comes before all options)";

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// In one line.
    pub(super) text: String,
    /// Whether it is an error: told even to who wants quiet, and part of the exit status.
    pub(super) is_grave: bool,
    /// Whether it says that an input could not be read to its end.
    pub(super) is_problem: bool,
}

impl Note {
    /// An error.
    pub(super) fn grave(text: String) -> Self {
        Self { text, is_grave: true, is_problem: false }
    }

    /// Something good to know.
    pub(super) fn light(text: String) -> Self {
        Self { text, is_grave: false, is_problem: false }
    }
}

/// An error of the library as a line that is safe to show.
pub(super) fn trouble(error: &Error) -> String {
    match error {
        Error::Read { path, source } => {
            let hint = if source.kind() == ErrorKind::NotFound && is_subcommand(path) { SUBCOMMAND } else { "" };
            format!("{}: {}{hint}", name(path), reason(error))
        }
        error => reason(error),
    }
}

/// The same without the name of what could not be read, safe to show.
fn reason(error: &Error) -> String {
    shown(&error.reason(), usize::MAX)
}

/// Whether `path` was rather meant as a subcommand: after an option, the first word is a path.
fn is_subcommand(path: &Path) -> bool {
    path.to_str().is_some_and(Command::has_subcommand)
}

/// All that is to be told of the lines of `inputs`.
pub(super) fn of(inputs: &[Input], outcome: &Outcome, reading: &Reading) -> Vec<Note> {
    let empty = InputTally::default();
    let reads: Vec<Read<'_>> = inputs
        .iter()
        .enumerate()
        .map(|(number, input)| Read {
            number,
            input,
            tally: outcome.tally.inputs.get(number).unwrap_or(&empty),
            sample: outcome.tally.inputs.get(number).and_then(|input| input.first_unparsed.as_ref()),
        })
        .collect();
    let problems = outcome.problems.iter();
    let mut notes: Vec<Note> =
        problems.map(|problem| Note { is_problem: true, ..Note::grave(trouble(&problem.error)) }).collect();
    let broken: BTreeSet<usize> = outcome.problems.iter().filter_map(|problem| problem.input).collect();
    let formats = if reading.formats_given { "the given format" } else { "a known format" };
    let teller = Teller { reads: &reads, broken: &broken, formats };
    let unknown = teller.unknown();
    let grave = |text| if reading.strict { Note::grave(text) } else { Note::light(text) };
    notes.extend(teller.barren_directories().map(|(_, text)| Note::grave(text)));
    notes.extend(unknown.into_iter().chain(teller.partly()).map(grave));
    notes
}

/// One input, and what became of it.
struct Read<'a> {
    number: usize,
    input: &'a Input,
    tally: &'a InputTally,
    sample: Option<&'a Sample>,
}

impl Read<'_> {
    fn recognised(&self) -> u64 {
        self.tally.recognised()
    }

    fn is_unknown(&self) -> bool {
        self.tally.lines > 0 && self.recognised() == 0
    }

    fn is_partly_unknown(&self) -> bool {
        self.tally.unparsed > 0 && self.recognised() > 0
    }

    fn name(&self) -> String {
        self.input.path.as_deref().map_or_else(|| "standard input".to_owned(), name)
    }
}

struct Teller<'a> {
    reads: &'a [Read<'a>],
    broken: &'a BTreeSet<usize>,
    formats: &'static str,
}

impl<'a> Teller<'a> {
    /// The directories that were walked, each once.
    fn directories(&self) -> impl Iterator<Item = &'a Path> {
        let mut seen = BTreeSet::new();
        self.reads
            .iter()
            .filter_map(|read| read.input.found_in.as_deref())
            .filter(move |directory| seen.insert(*directory))
    }

    fn within(&self, directory: &Path) -> impl Iterator<Item = &'a Read<'a>> {
        self.reads.iter().filter(move |read| read.input.found_in.as_deref() == Some(directory))
    }

    /// Directories in which nothing was recognised. One where nothing could be read has been told of already.
    fn barren_directories(&self) -> impl Iterator<Item = (&'a Path, String)> {
        self.directories().filter_map(|directory| {
            let barren = self.within(directory).all(|read| read.recognised() == 0);
            let readable = self.within(directory).any(|read| !self.broken.contains(&read.number));
            let files = counted(self.within(directory).count() as u64, "file");
            (barren && readable)
                .then(|| (directory, format!("{}: no lines of {} in {files}", name(directory), self.formats)))
        })
    }

    /// Inputs of which not one line was recognised: those that were named, a line each; those that were found in a
    /// directory among better ones, a line for all.
    fn unknown(&self) -> Vec<String> {
        let named = self.reads.iter().filter(|read| read.input.found_in.is_none() && read.is_unknown());
        let mut texts: Vec<String> = named.map(|read| self.unknown_input(read)).collect();
        let barren: BTreeSet<&Path> = self.barren_directories().map(|(directory, _)| directory).collect();
        for directory in self.directories().filter(|directory| !barren.contains(directory)) {
            let unknown: Vec<&Read<'_>> = self.within(directory).filter(|read| read.is_unknown()).collect();
            match unknown[..] {
                [] => {}
                [only] => texts.push(self.unknown_input(only)),
                [first, ..] => texts.push(format!(
                    "{}: {} of its {} hold no line of {}, such as {}",
                    name(directory),
                    unknown.len(),
                    counted(self.within(directory).count() as u64, "file"),
                    self.formats,
                    first.name()
                )),
            }
        }
        texts
    }

    fn unknown_input(&self, read: &Read<'_>) -> String {
        let none = match read.tally.lines {
            1 => "its only line is not".to_owned(),
            lines => format!("none of its {} is", counted(lines, "line")),
        };
        let (name, formats) = (read.name(), self.formats);
        match read.sample {
            Some(sample) if looks_binary(&sample.text) => format!("{name}: looks binary: {none} in {formats}"),
            Some(sample) if read.tally.lines == 1 => format!("{name}: {none} in {formats}: {}", excerpt(sample)),
            Some(sample) => format!("{name}: {none} in {formats}; the first: {}", excerpt(sample)),
            None => format!("{name}: {none} in {formats}"),
        }
    }

    /// Lines that were not recognised among others that were.
    fn partly(&self) -> Option<String> {
        let partly: Vec<&Read<'_>> = self.reads.iter().filter(|read| read.is_partly_unknown()).collect();
        let [unparsed, lines] = [|tally: &InputTally| tally.unparsed, |tally: &InputTally| tally.lines]
            .map(|count| partly.iter().map(|read| count(read.tally)).sum::<u64>());
        let sample = partly.iter().find_map(|read| read.sample.map(|sample| (read, sample)));
        let mut text = match partly[..] {
            [] => return None,
            [only] => format!("{}: {} of its {}", only.name(), show::number(unparsed), counted(lines, "line")),
            _ => format!("{} of the {} of {} files", show::number(unparsed), counted(lines, "line"), partly.len()),
        };
        text += &format!(" {} not in {}", if unparsed == 1 { "is" } else { "are" }, self.formats);
        if let Some((read, sample)) = sample {
            let whose = if partly.len() > 1 { format!("{} ", read.name()) } else { String::new() };
            text += &format!("; the first is {whose}line {}: {}", show::number(sample.line), excerpt(sample));
        }
        Some(text)
    }
}

fn name(path: &Path) -> String {
    shown(&path.to_string_lossy(), usize::MAX)
}

fn excerpt(sample: &Sample) -> String {
    format!("\"{}\"", shown(&String::from_utf8_lossy(&sample.text), EXCERPT))
}

/// Whether a line's beginning can hardly be text.
fn looks_binary(text: &[u8]) -> bool {
    let odd = String::from_utf8_lossy(text)
        .chars()
        .filter(|c| *c == '\u{fffd}' || c.is_control() && !"\t\r\u{1b}".contains(*c))
        .count();
    text.contains(&0) || odd * 5 > text.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::aggregate::Tally;
    use crate::cli::{args::Args, options};
    use crate::input::Problem;
    use clap::Parser as _;
    use std::path::PathBuf;

    /// Each input: its path, the directory that it was found in, its lines, how many of them are unparsed, the first of
    /// those.
    type Case<'a> = (&'a str, Option<&'a str>, u64, u64, Option<&'a [u8]>);

    fn told(line: &[&str], cases: &[Case<'_>], problems: Vec<Problem>) -> Vec<(String, bool)> {
        let args = Args::try_parse_from(["gatewhy", "x"].iter().chain(line)).unwrap();
        let options = options::Report::new(args.report).unwrap();
        let mut tally = Tally::new(60);
        let mut inputs = Vec::new();
        for (number, &(path, found_in, lines, unparsed, text)) in cases.iter().enumerate() {
            let path = Some(PathBuf::from(path)).filter(|path| path != Path::new("-"));
            inputs.push(Input { path, size: None, found_in: found_in.map(PathBuf::from) });
            let input = tally.input(number);
            (input.lines, input.unparsed) = (lines, unparsed);
            input.first_unparsed = text.map(|text| Sample { input: number, line: 17, text: text.into() });
        }
        let notes = of(&inputs, &Outcome { tally, problems }, &options.reading);
        notes.into_iter().map(|note| (note.text, note.is_grave)).collect()
    }

    #[test]
    fn says_nothing_of_good_inputs() {
        assert_eq!(told(&[], &[("a", None, 10, 0, None), ("empty", None, 0, 0, None)], Vec::new()), []);
    }

    #[test]
    fn tells_of_unknown_inputs() {
        let cases: [Case<'_>; 4] = [
            ("a.txt", None, 1_200, 1_200, Some(b"Dear \x1b[31mdiary")),
            ("b.bin", None, 9, 9, Some(b"\x7fELF\x02\x01\x00")),
            ("-", None, 1, 1, Some(b"hello")),
            ("c", None, 2, 2, None),
        ];
        let expected = [
            "a.txt: none of its 1,200 lines is in a known format; the first: \"Dear \\u{1b}[31mdiary\"",
            "b.bin: looks binary: none of its 9 lines is in a known format",
            "standard input: its only line is not in a known format: \"hello\"",
            "c: none of its 2 lines is in a known format",
        ];
        assert_eq!(told(&[], &cases, Vec::new()), expected.map(|text| (text.to_owned(), false)));
        assert_eq!(told(&["--strict"], &cases, Vec::new()), expected.map(|text| (text.to_owned(), true)));
        let given = told(&["-l", "nginx-error"], &cases[3..], Vec::new());
        assert_eq!(given, [("c: none of its 2 lines is in the given format".to_owned(), false)]);
    }

    #[test]
    fn tells_of_directories() {
        let barren = [("d/a", Some("d"), 3, 3, None), ("d/b", Some("d"), 0, 0, None), ("e/a", Some("e"), 4, 0, None)];
        assert_eq!(told(&[], &barren, Vec::new()), [("d: no lines of a known format in 2 files".to_owned(), true)]);
        let mixed = [("d/a", Some("d"), 3, 3, None), ("d/b", Some("d"), 5, 0, None), ("d/c", Some("d"), 5, 5, None)];
        let expected = "d: 2 of its 3 files hold no line of a known format, such as d/a";
        assert_eq!(told(&[], &mixed, Vec::new()), [(expected.to_owned(), false)]);
        let expected = "d/a: none of its 3 lines is in a known format";
        assert_eq!(told(&[], &mixed[..2], Vec::new()), [(expected.to_owned(), false)]);
    }

    #[test]
    fn tells_of_some_unknown_lines() {
        let one = [("a", None, 4_810, 12, Some(&b"odd"[..]))];
        let expected = "a: 12 of its 4,810 lines are not in a known format; the first is line 17: \"odd\"";
        assert_eq!(told(&[], &one, Vec::new()), [(expected.to_owned(), false)]);
        let two = [one[0], ("b", None, 10, 1, None)];
        let expected = "13 of the 4,820 lines of 2 files are not in a known format; the first is a line 17: \"odd\"";
        assert_eq!(told(&["--strict"], &two, Vec::new()), [(expected.to_owned(), true)]);
    }

    #[test]
    fn tells_of_problems_once() {
        let problem = |source| Problem { input: Some(0), error: Error::Read { path: PathBuf::from("d/a\n"), source } };
        let denied = problem(std::io::Error::from_raw_os_error(13));
        let told = told(&[], &[("d/a\n", Some("d"), 0, 0, None)], vec![denied]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].0.starts_with("d/a\\n: ") && !told[0].0.contains("os error") && told[0].1, "{told:?}");
        let own = problem(std::io::Error::other("truncated gzip data (os error 9)"));
        assert_eq!(trouble(&own.error), "d/a\\n: truncated gzip data (os error 9)");
    }
}
