//! The catalogues are checked, not trusted: names are unique and well formed, nothing is empty, samples prove
//! themselves.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use gatewhy::cause::{Cause, Family, Matcher, Seen, Sign, Strength};
use gatewhy::envelope;
use gatewhy::event::Reader;
use gatewhy::format::{Fields, Format, Statuses};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Lower-case words joined by hyphens.
fn is_slug(name: &str) -> bool {
    let word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    name.split('-').all(word)
}

fn all_signs() -> Vec<&'static Sign> {
    let shared = Cause::ALL.iter().flat_map(|cause| cause.entry().signs);
    let of_formats = Format::ALL.iter().flat_map(|format| format.about().signs).flat_map(|table| table.iter());
    // Formats of one family share tables, and so rows.
    let mut signs: Vec<&Sign> = Vec::new();
    for sign in shared.chain(of_formats) {
        if !signs.iter().any(|known| known.kind == sign.kind && known.says == sign.says) {
            signs.push(sign);
        }
    }
    signs
}

#[test]
fn causes_are_complete() {
    let mut slugs = BTreeSet::new();
    for cause in Cause::ALL {
        let entry = cause.entry();
        assert!(is_slug(entry.slug), "{}", entry.slug);
        assert!(slugs.insert(entry.slug), "{} stands twice", entry.slug);
        assert_eq!(Cause::from_slug(entry.slug), Some(*cause));
        assert_eq!(entry.family == Family::Unknown, *cause == Cause::Unknown, "{}", entry.slug);
        assert!(!entry.title.is_empty() && !entry.title.ends_with('.'), "{}: {:?}", entry.slug, entry.title);
        assert!(!entry.happened.is_empty() && !entry.happened.ends_with('.'), "{}: {:?}", entry.slug, entry.happened);
        assert!(!entry.happened.contains(':'), "{}: {:?}", entry.slug, entry.happened);
        assert!(entry.happened.split(' ').all(|word| word != "it"), "{}: {:?}", entry.slug, entry.happened);
        assert!(entry.meaning.ends_with('.') && entry.meaning.len() > 80, "{}", entry.slug);
        assert!(!entry.evidence.is_empty() && !entry.checks.is_empty(), "{}", entry.slug);
        for check in entry.checks {
            assert!(!check.run.trim().is_empty() && !check.why.trim().is_empty(), "{}: {check:?}", entry.slug);
        }
    }
}

#[test]
fn signs_are_told_apart() {
    let mut kinds = BTreeSet::new();
    for sign in all_signs() {
        assert!(is_slug(sign.kind), "{}", sign.kind);
        assert!(kinds.insert(sign.kind), "two signs are called {}", sign.kind);
        assert!(!sign.says.is_empty() && !sign.says.ends_with('.'), "{}: {:?}", sign.kind, sign.says);
        assert!(sign.status == 0 || (400..600).contains(&sign.status), "{}", sign.kind);
        assert_eq!(sign.strength <= Strength::Silent, sign.cause == Cause::Unknown, "{}", sign.kind);
    }
    assert!(kinds.len() > 100, "only {} signs were found", kinds.len());
}

#[test]
fn wordings_compile() {
    let wordings = all_signs().into_iter().filter(|sign| matches!(sign.seen, Seen::Wording(_))).count();
    assert!(wordings > 80, "only {wordings} wordings were found");
    for format in Format::ALL {
        for table in format.about().signs {
            Matcher::new(table).unwrap_or_else(|error| panic!("{}: {error}", format.about().name));
        }
    }
}

#[test]
fn formats_are_complete() {
    let mut names = BTreeSet::new();
    for format in Format::ALL {
        let about = format.about();
        assert!(is_slug(about.name), "{}", about.name);
        assert!(names.insert(about.name), "{} stands twice", about.name);
        assert_eq!(Format::from_name(about.name), Some(*format));
        for text in [about.title, about.layout, about.time, about.source] {
            assert!(!text.is_empty(), "{}", about.name);
        }
        assert!(!about.samples.is_empty(), "{} has no sample", about.name);
    }
}

#[test]
fn samples_are_claimed_by_their_format_alone() {
    for format in Format::ALL {
        for sample in format.about().samples {
            let opened = envelope::open(sample.as_bytes());
            let claims: Vec<_> = Format::ALL.iter().filter(|other| other.skim(opened.payload).is_some()).collect();
            assert_eq!(claims, [format], "{sample}");
            let record = format.read(opened.payload).unwrap_or_else(|| panic!("skimmed but not read: {sample}"));
            let _ = format.judge(&record, &Statuses::gateway());
        }
    }
}

/// Every line of every fixture, some hundred thousand.
#[test]
fn no_line_is_claimed_by_two_formats() {
    let mut readers = Reader::known();
    // Those that are asked about lines which nobody claims.
    readers.retain(|reader| !matches!(reader, Reader::Any(_)));
    let mut claimed = 0;
    for log in logs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")) {
        let bytes = fs::read(&log).expect("a fixture");
        for line in bytes.split(|byte| *byte == b'\n') {
            let opened = envelope::open(line.strip_suffix(b"\r").unwrap_or(line));
            let claims = readers.iter().filter(|reader| {
                reader.is_written_by(opened.program) && reader.skim(Fields::UNKNOWN, opened.payload).is_some()
            });
            let claims: Vec<_> = claims.collect();
            // What detection does not even try.
            let object = opened.payload.starts_with(b"{");
            assert!(
                claims.iter().all(|reader| reader.may_be(object)),
                "no sample is like {}",
                String::from_utf8_lossy(line)
            );
            let names: Vec<_> = claims.iter().map(|reader| reader.name()).collect();
            assert!(names.len() < 2, "{names:?} in {}: {}", log.display(), String::from_utf8_lossy(line));
            claimed += names.len();
        }
    }
    assert!(claimed > 50_000, "only {claimed} lines were claimed");
}

fn logs(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("fixtures") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(logs(&path));
        } else if path.extension().is_some_and(|extension| extension == "log") {
            found.push(path);
        }
    }
    found
}
