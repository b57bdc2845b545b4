//! Next checks: the catalogue's commands with the incident's own words in them.
//!
//! These words come from logs, and somebody will paste the commands into a shell. So a word that is not plainly an
//! address, a name or a path keeps its check out of the report.

use super::NextCheck;
use crate::cause::{Cause, Check, Proxy};
use crate::grammar::address;

/// How many checks an incident shows.
const MOST: usize = 6;

/// What stands for the placeholders of [`Check::run`]. Empty where the incident does not know.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    pub(super) upstream: String,
    pub(super) group: String,
    pub(super) path: String,
    pub(super) since: String,
    pub(super) until: String,
}

/// The checks for `cause` on `proxy`, as far as their words are known; `second`'s first check comes last, to tell the
/// two apart.
pub(super) fn next(cause: Cause, second: Option<Cause>, proxy: Proxy, words: &Words) -> Vec<NextCheck> {
    let filled = |cause: Cause| {
        let fitting = cause.entry().checks.iter().filter(move |check| check.on.is_empty() || check.on.contains(&proxy));
        // What is particular to the proxy is the more useful, but the catalogue's order is the more decisive: it stays.
        fitting.filter_map(|check| fill(check, words))
    };
    let mut checks: Vec<NextCheck> = filled(cause).take(MOST).collect();
    let other = second.into_iter().flat_map(filled).find(|other| checks.iter().all(|check| check.run != other.run));
    if checks.len() < MOST {
        checks.extend(other);
    }
    checks
}

fn fill(check: &Check, words: &Words) -> Option<NextCheck> {
    let mut run = String::with_capacity(check.run.len());
    let mut rest = check.run;
    while let Some(at) = rest.find('{') {
        run.push_str(&rest[..at]);
        rest = &rest[at..];
        match PLACEHOLDERS.iter().find_map(|(name, word)| Some((rest.strip_prefix(name)?, word))) {
            Some((after, word)) => {
                let in_url = after.starts_with(':') || run.ends_with("//");
                run.push_str(&word(words, in_url).filter(|word| is_plain(word))?);
                rest = after;
            }
            None => {
                run.push('{');
                rest = &rest[1..];
            }
        }
    }
    run.push_str(rest);
    Some(NextCheck { run, why: check.why })
}

/// What a placeholder stands for; the flag says whether it stands in a URL, where IPv6 wears brackets.
type Word = fn(&Words, bool) -> Option<String>;

const PLACEHOLDERS: &[(&str, Word)] = &[
    ("{host}", |words, in_url| words.host(in_url)),
    ("{port}", |words, _| words.port()),
    ("{socket}", |words, _| words.upstream.strip_prefix("unix:").map(str::to_owned)),
    ("{upstream}", |words, _| some(&words.upstream)),
    ("{group}", |words, _| some(&words.group)),
    ("{path}", |words, _| Some(words.path.clone()).filter(|path| path.starts_with('/')).or(Some("/".to_owned()))),
    ("{since}", |words, _| some(&words.since)),
    ("{until}", |words, _| some(&words.until)),
];

fn some(word: &str) -> Option<String> {
    (!word.is_empty()).then(|| word.to_owned())
}

impl Words {
    /// The upstream's host, where it is an address and not a name that only the proxy knows (`backend/server`).
    fn host(&self, in_url: bool) -> Option<String> {
        self.port()?;
        let host = String::from_utf8_lossy(address::host(self.upstream.as_bytes())).into_owned();
        Some(if in_url && host.contains(':') { format!("[{host}]") } else { host })
    }

    fn port(&self) -> Option<String> {
        if self.upstream.starts_with("unix:") || self.upstream.contains('/') {
            return None;
        }
        some(&String::from_utf8_lossy(address::split_port(self.upstream.as_bytes()).1))
    }
}

/// Whether a word can stand in a command as it is: no quotes, no spaces, nothing that a shell would act on.
fn is_plain(word: &str) -> bool {
    !word.starts_with('-') && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/@%+=~,-[]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(run: &'static str, upstream: &str, path: &str) -> Option<String> {
        let words = Words { upstream: upstream.to_owned(), path: path.to_owned(), ..Words::default() };
        fill(&Check { on: &[], run, why: "" }, &words).map(|check| check.run)
    }

    #[test]
    fn fills_what_is_known() {
        let curl = "curl -so/dev/null -w '%{http_code}' 'http://{host}:{port}{path}'";
        assert_eq!(
            filled(curl, "10.0.0.5:8080", "/a").as_deref(),
            Some("curl -so/dev/null -w '%{http_code}' 'http://10.0.0.5:8080/a'")
        );
        assert_eq!(filled("nc -vz {host} {port}", "[::1]:80", "").as_deref(), Some("nc -vz ::1 80"));
        assert_eq!(filled("curl http://{host}:{port}/", "[::1]:80", "").as_deref(), Some("curl http://[::1]:80/"));
        assert_eq!(filled("ls -l '{socket}'", "unix:/run/app.sock", "").as_deref(), Some("ls -l '/run/app.sock'"));
    }

    #[test]
    fn leaves_out_what_is_not() {
        assert_eq!(filled("nc -vz {host} {port}", "be/srv1", ""), None);
        assert_eq!(filled("nc -vz {host} {port}", "unix:/run/app.sock", ""), None);
        assert_eq!(filled("ls -l '{socket}'", "10.0.0.5:8080", ""), None);
    }

    #[test]
    fn lets_nothing_into_a_shell() {
        assert_eq!(filled("ls -l '{socket}'", "unix:/run/x'; rm -rf ~; '", ""), None);
        assert_eq!(filled("curl 'http://{host}:{port}{path}'", "10.0.0.5:80", "/$(reboot)"), None);
        assert_eq!(filled("x {upstream}", "-rf", ""), None);
    }
}
