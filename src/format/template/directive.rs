//! What configuration files have around a layout: quotes, and backslashes.

/// Whether a text ends with a quote, and perhaps the directive's semicolon.
pub(super) fn ends_quoted(text: &str) -> bool {
    text.trim_end_matches(';').trim_end().ends_with('"')
}

/// Joins quoted pieces: `'$remote_addr ' '"$request"';` (`ngx_conf_read_token`).
pub(super) fn unquote(text: &str) -> Result<String, String> {
    let mut joined = String::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((number, quote)) = chars.next() {
        match quote {
            ';' => break,
            '\'' | '"' => {}
            space if space.is_whitespace() => continue,
            _ => return Err(format!("column {}: expected a quote, found `{quote}`", number + 1)),
        }
        loop {
            match chars.next() {
                None => return Err(format!("column {}: this quote is never closed", number + 1)),
                Some((_, char)) if char == quote => break,
                Some((_, '\\')) => match chars.peek().map(|(_, char)| *char) {
                    Some(char @ ('\'' | '"' | '\\')) => {
                        joined.push(char);
                        chars.next();
                    }
                    Some(char @ ('t' | 'r' | 'n')) => {
                        joined.push(match char {
                            't' => '\t',
                            'r' => '\r',
                            _ => '\n',
                        });
                        chars.next();
                    }
                    _ => joined.push('\\'),
                },
                Some((_, char)) => joined.push(char),
            }
        }
    }
    Ok(joined)
}

/// The first word of `text` with its quotes and backslashes undone, and what follows it: Apache's rules
/// (`ap_getword_conf`), in which a backslash takes but the same quote and another backslash with it.
pub(super) fn apache_word(text: &str) -> Result<(String, &str), String> {
    let Some(quote @ ('"' | '\'')) = text.chars().next() else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Ok((text[..end].to_owned(), text[end..].trim_start()));
    };
    let (mut word, mut chars) = (String::new(), text.char_indices().skip(1).peekable());
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => match chars.next_if(|(_, next)| *next == quote || *next == '\\') {
                Some((_, next)) => word.push(next),
                None => word.push('\\'),
            },
            char if char == quote => return Ok((word, text[at + 1..].trim_start())),
            char => word.push(char),
        }
    }
    Err("column 1: this quote is never closed".to_owned())
}

/// `text` with the quotes and backslashes of haproxy.cfg undone (configuration manual, 2.2): up to the first space
/// that neither quotes nor a backslash protect, if `is_word`; else spaces and quotes are as they stand.
pub(super) fn haproxy_word(text: &str, is_word: bool) -> Result<String, String> {
    let (mut word, mut chars, mut quote) = (String::new(), text.chars().enumerate().peekable(), None);
    while let Some((at, char)) = chars.next() {
        match (char, quote) {
            ('\\', None | Some(('"', _))) => match chars.next() {
                Some((_, '\n')) | None => {}
                Some((_, 'n')) => word.push('\n'),
                Some((_, 'r')) => word.push('\r'),
                Some((_, 't')) => word.push('\t'),
                Some((_, next @ (' ' | '\\' | '#' | '"' | '\''))) => word.push(next),
                // Whatever else follows, the backslash stays.
                Some((_, next)) => word.extend(['\\', next]),
            },
            (mark @ ('"' | '\''), None) if is_word => quote = Some((mark, at)),
            (mark, Some((open, _))) if mark == open => quote = None,
            (space, None) if is_word && space.is_whitespace() => break,
            (char, _) => word.push(char),
        }
    }
    match quote {
        Some((_, at)) => Err(format!("column {}: this quote is never closed", at + 1)),
        None => Ok(word),
    }
}
