//! Search engines' crawlers: what they are served decides what stays in an index.

use aho_corasick::{AhoCorasick, MatchKind};
use foldhash::fast::FixedState;
use std::{cell::RefCell, hash::BuildHasher as _, sync::LazyLock};

/// Words in the user agents of the crawlers that search engines and link previews document, in lower case.
const CRAWLERS: &[&[u8]] = &[
    b"googlebot",
    b"google-inspectiontool",
    b"storebot-google",
    b"adsbot-google",
    b"mediapartners-google",
    b"googleother",
    b"bingbot",
    b"bingpreview",
    b"duckduckbot",
    b"baiduspider",
    b"yandexbot",
    b"yandeximages",
    b"slurp",
    b"applebot",
    b"petalbot",
    b"sogou",
    b"seznambot",
    b"naverbot",
    b"yeti/",
    b"qwantify",
    b"qwantbot",
    b"exabot",
    b"mojeekbot",
    b"facebookexternalhit",
    b"amazonbot",
];

/// Each of them holds one of these, and user agents of browsers do not: all but few are told apart by that alone.
const HINTS: &[&[u8]] =
    &[b"bot", b"google", b"bingp", b"baidu", b"yandex", b"slurp", b"sogou", b"yeti/", b"qwant", b"externalhit"];

/// Both, to be looked for in lower case: exact words let whole blocks of bytes be passed over at once.
struct Words {
    hints: AhoCorasick,
    crawlers: AhoCorasick,
}

impl Words {
    fn new() -> Option<Self> {
        let any_of = |words| AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words).ok();
        Some(Self { hints: any_of(HINTS)?, crawlers: any_of(CRAWLERS)? })
    }

    fn are_in(&self, lower: &[u8]) -> bool {
        self.hints.is_match(lower) && self.crawlers.is_match(lower)
    }
}

/// How many bytes of a user agent need no memory of their own.
const SHORT: usize = 256;

/// How many user agents are remembered, at most.
const RECENT: usize = 64;

thread_local! {
    /// User agents that were met lately, each in a place that its hash tells, and what they are: few of them send most
    /// requests, and to tell that two texts are the same is far quicker than to look for words in one.
    static MET: RefCell<[(Vec<u8>, bool); RECENT]> =
        const { RefCell::new([const { (Vec::new(), false) }; RECENT]) };
}

/// Whether `user_agent` says that it is a search engine's crawler. Nobody checked that it is one.
#[must_use]
pub fn is_crawler(user_agent: &[u8]) -> bool {
    if user_agent.is_empty() {
        return false;
    }
    if user_agent.len() > SHORT {
        return names_crawler(user_agent);
    }
    let place = FixedState::with_seed(0).hash_one(user_agent) as usize % RECENT;
    MET.with_borrow_mut(|met| {
        let (known, is_one) = &mut met[place];
        if known != user_agent {
            *is_one = names_crawler(user_agent);
            known.clear();
            known.extend_from_slice(user_agent);
        }
        *is_one
    })
}

/// Whether one of the words is in `user_agent`.
fn names_crawler(user_agent: &[u8]) -> bool {
    static WORDS: LazyLock<Option<Words>> = LazyLock::new(Words::new);
    let Some(words) = WORDS.as_ref() else { return false };
    let mut buffer = [0; SHORT];
    match buffer.get_mut(..user_agent.len()) {
        Some(lower) => {
            lower.copy_from_slice(user_agent);
            lower.make_ascii_lowercase();
            words.are_in(lower)
        }
        None => words.are_in(&user_agent.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::{CRAWLERS, is_crawler};

    #[test]
    fn knows_crawlers() {
        assert!(is_crawler(b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
        assert!(is_crawler(b"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"));
        assert!(!is_crawler(b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"));
        assert!(!is_crawler(b"curl/8.7.1"));
        assert!(!is_crawler(b"AhrefsBot/7.0"));
        assert!(!is_crawler(b""));
        for word in CRAWLERS {
            let padded = |length| [&b"x".repeat(length), &word.to_ascii_uppercase()[..]].concat();
            assert!(is_crawler(&padded(0)) && is_crawler(&padded(300)));
        }
    }

    #[test]
    fn takes_none_for_another() {
        for number in (0..500).chain(0..500) {
            let name = if number % 3 == 0 { "Googlebot" } else { "Firefox" };
            assert_eq!(is_crawler(format!("{name}/{number}").as_bytes()), number % 3 == 0);
        }
    }
}
