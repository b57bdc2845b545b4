//! `CONTRIBUTING.md` shows how a format comes in: what it quotes stands in the files, and nothing but those files knows
//! the format.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn quotes_are_true() {
    let page = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("the page");
    let mut quotes = 0;
    for part in page.split("<!-- quoted: ").skip(1) {
        let (file, rest) = part.split_once(" -->\n").expect("a file's name");
        let (_, rest) = rest.split_once('\n').expect("a fence");
        let (quote, _) = rest.split_once("```").expect("a fence");
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(text.contains(quote), "{file} has no\n{quote}");
        quotes += 1;
    }
    assert!(quotes >= 7, "only {quotes} quotes");
}

/// Files below `directory` in which the format is named, and on how many lines.
fn naming(directory: &Path, found: &mut Vec<(String, usize)>) {
    for entry in fs::read_dir(directory).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            naming(&path, found);
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).to_lowercase();
        let lines = text.lines().filter(|line| line.contains("squid")).count();
        if lines > 0 {
            let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            found.push((name, lines));
        }
    }
}

#[test]
fn a_format_is_one_file_one_line_and_one_folder() {
    let mut found = Vec::new();
    for directory in ["src", "benches", "tests", "fixtures/format"] {
        naming(&root().join(directory), &mut found);
    }
    // Tables of measurements name what was measured.
    let others = ["tests/contributing.rs", "benches/README.md"];
    found.retain(|(name, _)| !others.contains(&name.as_str()) && !name.starts_with("fixtures/format/squid/"));
    found.sort();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["src/format/mod.rs", "src/format/squid.rs"]);
    assert_eq!(found[0].1, 1, "lines in the list");
}
