//! Imports run one way: each stage knows only those before it. Rust lets modules import each other, so this reads the
//! `use` lines.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, path::Path};

/// The order of the stages, the lowest first.
const ORDER: &[&str] = &[
    "error",
    "grammar",
    "cause",
    "show",
    "config",
    "input",
    "envelope",
    "format",
    "event",
    "aggregate",
    "diagnose",
    "report",
    "pipeline",
    "output",
    "cli",
    "main",
];

/// The stages that a file names: `crate::stage`, or each of `crate::{stage, …}`, outside of comments.
fn named(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    code.split("crate::")
        .skip(1)
        .flat_map(|after| match after.strip_prefix('{') {
            Some(list) => first_words(list),
            None => vec![word(after)],
        })
        .collect()
}

fn word(text: &str) -> String {
    text.trim_start().chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect()
}

/// The first word of each item of a list that ends with its closing brace.
fn first_words(list: &str) -> Vec<String> {
    let (mut depth, mut start, mut words) = (0, 0, Vec::new());
    for (at, char) in list.char_indices() {
        match char {
            '{' => depth += 1,
            ',' | '}' if depth == 0 => {
                words.push(word(&list[start..at]));
                start = at + 1;
                if char == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn files(directory: &Path, found: &mut Vec<String>) {
    let mut entries: Vec<_> =
        fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn imports_run_one_way() {
    let rank: BTreeMap<&str, usize> = ORDER.iter().enumerate().map(|(rank, stage)| (*stage, rank)).collect();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut paths, mut upward, mut checked) = (Vec::new(), Vec::new(), 0);
    files(&source, &mut paths);
    for path in &paths {
        let inside = path.strip_prefix(&format!("{}/", source.display())).expect("a path in src");
        let stage = inside.split(['/', '.']).next().expect("a name");
        if stage == "lib" {
            continue;
        }
        let text = fs::read_to_string(path).expect("a source file");
        for other in named(&text) {
            let Some(theirs) = rank.get(other.as_str()) else {
                panic!("{inside} names crate::{other}: which stage is that?")
            };
            checked += 1;
            if theirs > rank.get(stage).unwrap_or_else(|| panic!("{inside}: which stage is {stage}?")) {
                upward.push(format!("{inside} imports {other}"));
            }
        }
    }
    assert!(checked > 50, "only {checked} imports were found");
    assert!(upward.is_empty(), "imports that point up: {upward:#?}");
}

#[test]
fn threads_start_in_the_pipeline_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&source, &mut paths);
    let with_rayon = paths.iter().filter(|path| fs::read_to_string(path).expect("a source file").contains("rayon::"));
    let outside: Vec<_> = with_rayon.filter(|path| !path.contains("/pipeline")).collect();
    assert!(outside.is_empty(), "{outside:?}");
}
