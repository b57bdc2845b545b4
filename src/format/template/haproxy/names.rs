//! The names of HAProxy's aliases and of the sample fetches that mean something here.

use super::super::super::header::Header;
use super::Field;
use super::stamp::{self, Stamp, strftime};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text(Field),
    /// Text without spaces.
    Word(Field),
    /// An address, which `+X` writes in hexadecimal digits.
    Address(Field),
    Number(Field),
    /// Text of which only the name that the layout gives it can tell what it is.
    Unnamed,
    /// Captured headers in braces.
    Captures,
    Time(Stamp),
}

/// What `%name` stands for (configuration manual, 8.2.6); one that is not known is any text. Until 2.2 some had older
/// names too, as `%Ci` and `%st` (`log.c`).
pub(super) fn alias(name: &str) -> Kind {
    match name {
        "ci" | "Ci" => Kind::Address(Field::Client),
        "si" => Kind::Address(Field::ServerAddress),
        "bi" | "Bi" | "fi" | "Fi" => Kind::Address(Field::Ignored),
        "f" | "ft" => Kind::Word(Field::Frontend),
        "b" => Kind::Word(Field::Backend),
        "s" => Kind::Word(Field::Server),
        "r" => Kind::Text(Field::Request),
        "HM" => Kind::Word(Field::Method),
        "HP" | "HPO" => Kind::Word(Field::Path),
        "HQ" => Kind::Word(Field::Query),
        "HU" => Kind::Word(Field::Uri),
        "ID" => Kind::Text(Field::RequestId),
        "ts" | "tsc" => Kind::Word(Field::State),
        "ST" | "st" => Kind::Number(Field::Status),
        "B" => Kind::Number(Field::Bytes),
        "TR" => Kind::Number(Field::RequestTime),
        "Tq" => Kind::Number(Field::OldRequestTime),
        "Tw" => Kind::Number(Field::Queue),
        "Tc" => Kind::Number(Field::Connect),
        "Tr" => Kind::Number(Field::Response),
        "Ta" => Kind::Number(Field::Active),
        "Tt" | "Tu" => Kind::Number(Field::Total),
        "rc" => Kind::Number(Field::Retries),
        "pid" => Kind::Number(Field::Pid),
        "ms" => Kind::Number(Field::Millis),
        "cp" | "bp" | "fp" | "sp" | "ac" | "fc" | "bc" | "sc" | "sq" | "bq" | "Th" | "Ti" | "Td" | "U" | "lc"
        | "rt" | "Cp" | "Bp" | "Fp" | "Sp" => Kind::Number(Field::Ignored),
        "HV" | "H" | "sslc" | "sslv" | "OG" => Kind::Word(Field::Ignored),
        "hr" | "hs" => Kind::Captures,
        "Ts" => Kind::Time(Stamp::Epoch),
        "t" | "tr" | "T" | "Tl" | "trg" | "trl" => Kind::Time(Stamp::Clf),
        _ => Kind::Text(Field::Ignored),
    }
}

/// What `%[expression]` stands for: a fetch with arguments, and converters. And whether a converter writes JSON's
/// escapes.
pub(super) fn fetch(expression: &str) -> (Kind, bool) {
    let mut steps = split(expression, ',').into_iter();
    let (name, argument) = call(steps.next().unwrap_or_default());
    let steps: Vec<&str> = steps.collect();
    if let Some(kind) = date(name, argument, &steps) {
        return (kind, false);
    }
    let (mut kept, mut json) = (true, false);
    for step in &steps {
        match call(step).0 {
            "json" => json = true,
            "lower" | "upper" | "str" | "string" | "url_dec" | "ltrim" | "rtrim" | "length" | "iif" | "default" => {}
            _ => kept = false,
        }
    }
    (if kept { sample(name, argument) } else { Kind::Text(Field::Ignored) }, json)
}

/// A fetch without converters that change what it means.
fn sample(name: &str, argument: &str) -> Kind {
    let header = || Kind::Text(header(argument.split(',').next().unwrap_or_default().trim_matches(['"', '\'', ' '])));
    match name {
        "req.hdr" | "req.fhdr" | "req.hdr_ip" | "hdr" | "hdr_ip" | "req.hdrs" | "res.hdr" | "res.fhdr" | "req.cook" => {
            header()
        }
        "var" => match variable(argument) {
            Field::Ignored => Kind::Unnamed,
            field => Kind::Text(field),
        },
        "capture.req.hdr" | "capture.res.hdr" => Kind::Unnamed,
        "src" => Kind::Address(Field::Client),
        "bc_dst" => Kind::Address(Field::ServerAddress),
        "method" => Kind::Text(Field::Method),
        "path" => Kind::Text(Field::Path),
        "ssl_fc_sni" => Kind::Text(Field::ServerName),
        "query" => Kind::Text(Field::Query),
        "pathq" | "url" | "base" | "capture.req.uri" => Kind::Text(Field::Uri),
        "capture.req.method" => Kind::Text(Field::Method),
        "fe_name" => Kind::Text(Field::Frontend),
        "be_name" => Kind::Word(Field::Backend),
        "srv_name" => Kind::Word(Field::Server),
        "unique-id" => Kind::Text(Field::RequestId),
        "txn.sess_term_state" => Kind::Text(Field::State),
        "bc_err_name" | "bc_err_str" | "ssl_bc_err_str" => Kind::Text(Field::Error),
        "bc_err" | "bc.err" => Kind::Text(Field::ErrorCode),
        "status" | "txn.status" => Kind::Number(Field::Status),
        "bytes_out" | "res.bytes_in" => Kind::Number(Field::Bytes),
        "txn.conn_retries" => Kind::Number(Field::Retries),
        "pid" => Kind::Number(Field::Pid),
        "req.timer.hdr" => Kind::Number(Field::RequestTime),
        "req.timer.tq" => Kind::Number(Field::OldRequestTime),
        "req.timer.queue" => Kind::Number(Field::Queue),
        "bc.timer.connect" => Kind::Number(Field::Connect),
        "res.timer.hdr" => Kind::Number(Field::Response),
        "txn.timer.total" => Kind::Number(Field::Active),
        "fc.timer.total" | "txn.timer.user" => Kind::Number(Field::Total),
        _ => Kind::Text(Field::Ignored),
    }
}

/// What a header means.
fn header(name: &str) -> Field {
    match Header::named(&name.to_ascii_lowercase()) {
        Some(Header::Host) => Field::Host,
        Some(Header::UserAgent) => Field::UserAgent,
        Some(Header::ForwardedFor) => Field::ForwardedFor,
        Some(Header::RequestId) => Field::RequestId,
        None if name.eq_ignore_ascii_case(":authority") => Field::Host,
        None => Field::Ignored,
    }
}

/// What people call so: `txn.host`, `user_agent`.
pub(super) fn variable(argument: &str) -> Field {
    let name = argument.split(',').next().unwrap_or_default();
    let name = name.split_once('.').map_or(name, |(_scope, name)| name);
    match name.to_ascii_lowercase().replace(['_', '-', '.'], "").as_str() {
        "host" | "hosthdr" | "hostheader" | "reqhost" | "httphost" | "requesthost" => Field::Host,
        "ua" | "useragent" | "requseragent" => Field::UserAgent,
        "requestid" | "reqid" | "xrequestid" | "traceid" | "xtraceid" | "correlationid" | "xcorrelationid"
        | "uniqueid" | "uuid" => Field::RequestId,
        "method" | "reqmethod" => Field::Method,
        "path" | "reqpath" => Field::Path,
        "query" | "reqquery" | "querystring" => Field::Query,
        "uri" | "url" | "requri" | "pathq" | "base" => Field::Uri,
        "xff" | "xforwardedfor" => Field::ForwardedFor,
        _ => Field::Ignored,
    }
}

/// The clocks, as seconds since the epoch or as a converter writes them.
fn date(name: &str, argument: &str, steps: &[&str]) -> Option<Kind> {
    if !matches!(name, "date" | "accept_date" | "request_date") {
        return None;
    }
    let unit = match argument.rsplit(',').next().unwrap_or_default().trim() {
        "ms" => 1_000,
        "us" => 1_000_000,
        _ => 1,
    };
    let parts = match steps {
        [] => vec![stamp::Part::Since(unit)],
        [step] => {
            let (converter, arguments) = call(step);
            let pattern = split(arguments, ',').first().copied().unwrap_or_default().trim_matches(['"', '\'']);
            let mut parts = strftime(&pattern.replace('\\', "")).ok()?;
            let is_utc = match converter {
                "ltime" | "ms_ltime" | "us_ltime" => false,
                "utime" | "ms_utime" | "us_utime" => true,
                _ => return Some(Kind::Text(Field::Ignored)),
            };
            let zoned = parts.iter().any(|part| matches!(part, stamp::Part::Zone | stamp::Part::Since(_)));
            if is_utc && !zoned {
                parts.push(stamp::Part::Utc);
            }
            parts
        }
        _ => return Some(Kind::Text(Field::Ignored)),
    };
    Some(Stamp::of(parts).map_or(Kind::Text(Field::Ignored), Kind::Time))
}

/// A name and what stands in the parentheses behind it.
fn call(step: &str) -> (&str, &str) {
    let step = step.trim();
    match step.split_once('(') {
        Some((name, rest)) => (name, rest.strip_suffix(')').unwrap_or(rest)),
        None => (step, ""),
    }
}

/// Splits at separators outside of parentheses and quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (at, char) in text.char_indices() {
        match (char, quote) {
            (mark, Some(open)) if mark == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(char),
            ('(', None) => depth += 1,
            (')', None) => depth = depth.saturating_sub(1),
            (mark, None) if mark == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + mark.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
