//! Search engines' crawlers: what they are served decides what stays in an index.

use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;

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

/// Whether `user_agent` says that it is a search engine's crawler. Nobody checked that it is one.
#[must_use]
pub fn is_crawler(user_agent: &[u8]) -> bool {
    // Looking for exact words lets whole blocks of bytes be passed over at once; looking for either case does not.
    static WORDS: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(CRAWLERS).ok());
    let Some(words) = WORDS.as_ref().filter(|_| !user_agent.is_empty()) else { return false };
    let mut buffer = [0; 256];
    match buffer.get_mut(..user_agent.len()) {
        Some(lower) => {
            lower.copy_from_slice(user_agent);
            lower.make_ascii_lowercase();
            words.is_match(&*lower)
        }
        None => words.is_match(&user_agent.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_crawler;

    #[test]
    fn knows_crawlers() {
        assert!(is_crawler(b"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"));
        assert!(is_crawler(b"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"));
        assert!(!is_crawler(b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"));
        assert!(!is_crawler(b"curl/8.7.1"));
        assert!(!is_crawler(b""));
    }
}
