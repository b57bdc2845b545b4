//! `gatewhy explain`: the catalogue of causes.

use crate::cause::{Cause, Check, Entry, Family, Proxy};
use crate::cli::{Status, options, page::Page};
use serde::Serialize;

/// The words in a check that stand for an incident's own.
const PLACEHOLDERS: [&str; 8] = ["host", "port", "upstream", "socket", "group", "path", "since", "until"];

/// Prints one cause or the list of all.
///
/// # Errors
/// When standard output cannot be written to.
pub fn run(options: &options::Explain) -> anyhow::Result<Status> {
    let page = Page::new(options.page.style);
    match options.cause {
        Some(cause) if options.page.json => super::print_json(&Explained::from(cause.entry())),
        Some(cause) => super::print(one(cause.entry(), page).as_bytes()),
        None if options.page.json => {
            super::print_json(&Cause::ALL.iter().map(|cause| Listed::from(cause.entry())).collect::<Vec<_>>())
        }
        None => super::print(all(page).as_bytes()),
    }
}

/// The list of all causes, by family.
fn all(mut page: Page) -> String {
    let mut families: Vec<Family> = Vec::new();
    for cause in Cause::ALL {
        if !families.contains(&cause.family()) {
            families.push(cause.family());
        }
    }
    for family in families {
        page.gap();
        page.heading(family.name(), "");
        let causes = Cause::ALL.iter().filter(|cause| cause.family() == family);
        page.table(causes.map(|cause| (cause.slug(), cause.entry().title)), 2);
    }
    page.into_text()
}

/// All that is known of a cause.
fn one(entry: &Entry, mut page: Page) -> String {
    page.heading(entry.slug, &format!("({})", entry.family.name()));
    page.paragraph(entry.title, 0);
    page.gap();
    page.paragraph(entry.meaning, 0);
    rows(&mut page, "How it shows", entry.evidence);
    rows(&mut page, "What it is easily taken for", entry.look_alikes);
    if !entry.checks.is_empty() {
        page.gap();
        page.heading("What to check next", "");
    }
    for check in entry.checks {
        page.verbatim(&blanks(check.run), 2);
        page.paragraph(&format!("{}{}", check.why, only_on(check)), 6);
    }
    page.into_text()
}

fn rows(page: &mut Page, heading: &str, rows: &[(&str, &str)]) {
    if !rows.is_empty() {
        page.gap();
        page.heading(heading, "");
        page.table(rows.iter().copied(), 2);
    }
}

/// ` (nginx, haproxy)` where a check makes no sense for others.
fn only_on(check: &Check) -> String {
    let names: Vec<&str> = check.on.iter().copied().map(Proxy::name).collect();
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

/// Shows `{host}` as `<host>`: here nothing is known of any incident. Other braces are the command's own.
fn blanks(run: &str) -> String {
    PLACEHOLDERS.iter().fold(run.to_owned(), |run, name| run.replace(&format!("{{{name}}}"), &format!("<{name}>")))
}

#[derive(Serialize)]
struct Listed {
    cause: &'static str,
    family: &'static str,
    title: &'static str,
}

impl From<&Entry> for Listed {
    fn from(entry: &Entry) -> Self {
        Self { cause: entry.slug, family: entry.family.name(), title: entry.title }
    }
}

#[derive(Serialize)]
struct Explained {
    #[serde(flatten)]
    listed: Listed,
    meaning: &'static str,
    evidence: Vec<Shown>,
    look_alikes: Vec<Alike>,
    next_checks: Vec<Next>,
}

#[derive(Serialize)]
struct Shown {
    r#where: &'static str,
    what: &'static str,
}

#[derive(Serialize)]
struct Alike {
    what: &'static str,
    difference: &'static str,
}

#[derive(Serialize)]
struct Next {
    proxies: Vec<&'static str>,
    run: String,
    why: &'static str,
}

impl From<&Entry> for Explained {
    fn from(entry: &Entry) -> Self {
        Self {
            listed: entry.into(),
            meaning: entry.meaning,
            evidence: entry.evidence.iter().map(|&(r#where, what)| Shown { r#where, what }).collect(),
            look_alikes: entry.look_alikes.iter().map(|&(what, difference)| Alike { what, difference }).collect(),
            next_checks: entry.checks.iter().map(Next::from).collect(),
        }
    }
}

impl From<&Check> for Next {
    fn from(check: &Check) -> Self {
        Self { proxies: check.on.iter().copied().map(Proxy::name).collect(), run: blanks(check.run), why: check.why }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::output::Style;

    static ENTRY: Entry = Entry {
        slug: "moon-in-the-way",
        family: Family::Network,
        title: "the moon stands between proxy and upstream",
        happened: "were in shadow",
        meaning: "The moon is in the way. It will move on.",
        evidence: &[("nginx error log", "lunar eclipse")],
        look_alikes: &[("cloud-in-the-way", "clouds are wet")],
        checks: &[
            Check { on: &[], run: "look {host} -f '{print $1}' {port}", why: "it is dark" },
            Check { on: &[Proxy::NGINX, Proxy::ALB], run: "wait", why: "it passes" },
        ],
        signs: &[],
    };

    #[test]
    fn explains_in_full() {
        let text = one(&ENTRY, Page::new(Style { color: false, width: 80 }));
        let expected = "\
moon-in-the-way  (network)
the moon stands between proxy and upstream

The moon is in the way. It will move on.

How it shows
  nginx error log  lunar eclipse

What it is easily taken for
  cloud-in-the-way  clouds are wet

What to check next
  look <host> -f '{print $1}' <port>
      it is dark
  wait
      it passes (nginx, alb)
";
        assert_eq!(text, expected);
        let json = serde_json::to_value(Explained::from(&ENTRY)).unwrap();
        assert_eq!(json["cause"], "moon-in-the-way");
        assert_eq!(json["next_checks"][0]["run"], "look <host> -f '{print $1}' <port>");
    }

    #[test]
    fn every_cause_is_explained() {
        let gateways = ["nginx", "HAProxy", "ALB", "Classic ELB", "NLB", "Apache"];
        // What is written as a cause's name is one.
        let is_cause = |name: &str| !name.contains('-') || name.contains(' ') || Cause::from_slug(name).is_some();
        for cause in Cause::ALL {
            let Entry { slug, evidence, look_alikes, checks, .. } = cause.entry();
            assert!(
                evidence.iter().any(|(seen_in, _)| gateways.iter().any(|gateway| seen_in.starts_with(gateway))),
                "{slug}: how does it show in a gateway's log?"
            );
            assert!(!look_alikes.is_empty(), "{slug}: what is it taken for?");
            for name in look_alikes.iter().flat_map(|(names, _)| names.split(", ")) {
                assert!(is_cause(name) && name != *slug, "{slug}: there is no cause {name}");
            }
            assert!(checks.len() >= 2, "{slug}: what is to be checked next?");
            let text = one(cause.entry(), Page::new(Style { color: false, width: 80 }));
            for part in ["How it shows", "What it is easily taken for", "What to check next"] {
                assert!(text.contains(part), "{slug}: {part}");
            }
        }
    }

    #[test]
    fn lists_every_cause_once() {
        let text = all(Page::new(Style { color: false, width: 80 }));
        for cause in Cause::ALL {
            assert!(text.contains(&format!("\n  {}", cause.slug())), "{}", cause.slug());
        }
        assert_eq!(
            text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).count(),
            Cause::ALL.len()
        );
    }
}
