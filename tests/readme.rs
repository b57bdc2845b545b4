//! The README is true: its commands print what it says, its tables of options and columns are the program's.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path, process::Command};

const GATEWHY: &str = env!("CARGO_BIN_EXE_gatewhy");

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md")
}

/// What `gatewhy WORDS` prints in the project's root, read in a zone that is not that of the logs.
fn run(words: &[&str]) -> String {
    let mut command = Command::new(GATEWHY);
    command.args(words).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("COLUMNS").env("NO_COLOR", "1");
    let output = command.env("TZ", "America/New_York").output().expect("gatewhy runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The code blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

/// Whether `lines` are `expected`, in which a line `…` stands for any number of lines.
fn matches(expected: &[&str], lines: &[&str]) -> Result<(), String> {
    let mut at = 0;
    let mut any = false;
    for line in expected {
        if *line == "…" {
            any = true;
            continue;
        }
        let found = if any {
            lines[at..].iter().position(|real| real == line).map(|offset| at + offset)
        } else {
            lines.get(at).filter(|real| real == &line).map(|_| at)
        };
        let Some(found) = found else {
            return Err(format!("the README says {line:?}, the program {:?}", lines.get(at)));
        };
        (at, any) = (found + 1, false);
    }
    if any || at == lines.len() { Ok(()) } else { Err(format!("the program also prints {:?}", lines[at])) }
}

#[test]
fn commands_print_what_the_readme_says() {
    let text = readme();
    let sessions = blocks(&text, "console");
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        let (command, expected) = session.split_once('\n').expect("a command and its output");
        let words: Vec<&str> = command.strip_prefix("$ gatewhy ").expect("a command").split(' ').collect();
        let output = run(&words);
        let lines: Vec<&str> = output.lines().collect();
        let expected: Vec<&str> = expected.lines().collect();
        matches(&expected, &lines).unwrap_or_else(|difference| panic!("{command}: {difference}\n{output}"));
    }
}

#[test]
fn every_option_is_explained() {
    let long: BTreeSet<String> = words(&run(&["--help"]), "--");
    let explained = words(&readme(), "--");
    let own: BTreeSet<&str> = ["--help", "--version"].into();
    let missing: Vec<_> =
        long.iter().filter(|option| !own.contains(option.as_str()) && !explained.contains(*option)).collect();
    assert!(long.len() > 15, "{long:?}");
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

/// The words of a text that begin so.
fn words(text: &str, start: &str) -> BTreeSet<String> {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '-';
    let words = text.split(|char| !is_part(char)).filter(|word| word.starts_with(start) && word.len() > start.len());
    words.map(str::to_owned).collect()
}

#[test]
fn columns_are_the_programs() {
    let text = readme();
    let log = "fixtures/recorded/nginx-healthy/upstream.log";
    for table in ["windows", "incidents", "upstreams", "causes", "failures"] {
        let header = run(&["-q", "-f", "csv", "--table", table, log]).lines().next().unwrap_or_default().to_owned();
        let row = format!("| `{table}` | `{header}` |");
        assert!(text.contains(&row), "the README does not say {row}");
    }
}

#[test]
fn first_command_reads_the_bundled_sample() {
    let text = readme();
    let first = blocks(&text, "sh")[0].trim();
    let words: Vec<&str> = first.strip_prefix("cargo run --release -- ").expect("cargo run").split(' ').collect();
    let screen: Vec<String> = run(&words).lines().take(24).map(str::to_owned).collect();
    let screen = screen.join("\n");
    for needed in ["127.0.0.1:9101", "connection-refused", "2026-11-21 00:02:26 – 00:05:27 UTC", "ss -ltnp"] {
        assert!(screen.contains(needed), "the first screen lacks {needed}:\n{screen}");
    }
}
