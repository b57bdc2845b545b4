//! Search engines' crawlers: what they are served decides what stays in an index.

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
    let lower = user_agent.to_ascii_lowercase();
    CRAWLERS.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
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
