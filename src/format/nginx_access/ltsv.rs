//! Labelled tab-separated values, each variable behind a label: `time:…`, a tab, `host:…`. What the labels of a web
//! server's log mean, and which of Apache's and nginx's own they stand for: <http://ltsv.org>, "Labels for Web server's
//! Log". Others than those are what people call nginx's variables.

use super::{Escape, Record, Skimmed, Var, Vars};
use crate::grammar::number::{Micros, uint, whole};
use memchr::memchr;

/// A line, as far as it goes.
pub(super) struct Line<'a> {
    vars: Vars<'a>,
    /// The time taken, where it is in microseconds (`%D`).
    duration: Option<Micros>,
}

impl<'a> Line<'a> {
    /// `time:28/Sep/2026:12:00:00 +0600`, `host:203.0.113.9`, `req:GET /a HTTP/1.1`, `status:200` in any order, with
    /// tabs between them.
    pub(super) fn of(i: &'a [u8]) -> Option<Self> {
        labelled(i).filter(|_| memchr(b'\t', i).is_some())?;
        let mut line = Line { vars: Vars::new(Escape::Hex), duration: None };
        let (mut host, mut upstream_time) = (&b""[..], &b""[..]);
        let vars = &mut line.vars;
        for part in i.split(|byte| *byte == b'\t').filter(|part| !part.is_empty()) {
            let (label, value) = labelled(part)?;
            match label {
                b"host" => host = value,
                b"apptime" => upstream_time = value,
                b"time" => vars.set(Var::Time, value),
                b"reqtime_microsec" => line.duration = whole(value, uint),
                _ => vars.set(meaning(label), value),
            }
        }
        // `host` is the client, unless another label says that it is.
        let var = if vars.has(Var::RemoteAddr) { Var::Host } else { Var::RemoteAddr };
        vars.set(var, host);
        // Apache's users have the time that was taken for both, in microseconds.
        if line.duration.is_none() {
            vars.set(Var::ResponseTime, upstream_time);
        }
        let is_request =
            [Var::Request, Var::Uri, Var::RequestUri, Var::UpstreamAddr].into_iter().any(|var| vars.has(var));
        (vars.has(Var::Time) && vars.has(Var::Status) && is_request).then_some(line)
    }

    pub(super) fn skim(&self) -> Option<Skimmed<'a>> {
        let mut skimmed = self.vars.skim()?;
        if let Skimmed::Plain(skim) = &mut skimmed {
            skim.duration = self.duration.or(skim.duration);
        }
        Some(skimmed)
    }

    pub(super) fn record(&self) -> Option<Record<'a>> {
        let mut record = self.vars.record()?;
        record.duration = self.duration.or(record.duration);
        Some(record)
    }
}

/// A value and its label.
fn labelled(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let end = part.iter().position(|byte| !is_label(byte))?;
    let value = part[end..].strip_prefix(b":")?;
    part.first()?.is_ascii_alphabetic().then_some((&part[..end], value))
}

fn meaning(label: &[u8]) -> Var {
    match label {
        b"uri" => Var::RequestUri,
        b"vhost" => Var::Host,
        b"taken_sec" => Var::RequestTime,
        _ => Var::alias(label),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read, skim};
    use crate::format::nginx::tests::{agree, told};

    #[test]
    fn reads_labels() {
        const TIME: &str = "time:28/Sep/2026:12:00:00 +0600";
        let cases = [
            // As nginx's users write it.
            (
                "TIME|host:203.0.113.9|forwardedfor:-|req:GET /a?b HTTP/1.1|status:502|method:GET|uri:/a?b|size:12|referer:-|ua:curl/8.14.1|reqtime:0.012|cache:-|runtime:-|apptime:0.011|vhost:shop.example.com",
                "status=502 method=GET host=shop.example.com path=/a?b bytes=12 duration=0.012 client=203.0.113.9 agent=curl/8.14.1 attempts=[ - -/-/0.011]",
            ),
            // In any order, with the upstream.
            (
                "status:502|req:GET /a b HTTP/1.1|user:al|upstream_addr:10.0.0.5:80, 10.0.0.6:80|upstream_status:502, 502|taken_sec:0.012|TIME|host:2001:db8::9|apptime:-|",
                "status=502 upstream=10.0.0.6:80 method=GET path=/a b duration=0.012 client=2001:db8::9 user=al names=upstream attempts=[10.0.0.5:80 502 -/-/-, 10.0.0.6:80 502 -/-/-]",
            ),
            // Apache's: the time in brackets, and taken in microseconds.
            (
                "time:[28/Sep/2026:12:00:00 +0600]|host:203.0.113.9|req:GET /a HTTP/1.1|status:200|size:12|ua:a \\\"b\\\"|reqtime_microsec:12345|apptime:12345|vhost:shop:8080",
                "status=200 method=GET host=shop path=/a bytes=12 duration=0.012 client=203.0.113.9 agent=a \\\"b\\\"",
            ),
            // Whose host it is, where the client has a label of its own.
            (
                "time:2026-09-28T12:00:00+06:00|host:shop|remote_addr:203.0.113.9|method:GET|path:/a|query:b|status:200",
                "status=200 method=GET host=shop path=/a client=203.0.113.9",
            ),
            (
                "TIME|remote_addr:203.0.113.9|status:502|request_time:0.012|upstream_addr:10.0.0.5:80",
                "status=502 upstream=10.0.0.5:80 duration=0.012 client=203.0.113.9 names=upstream attempts=[10.0.0.5:80 - -/-/-]",
            ),
            ("TIME|host:203.0.113.9|req:GET / HTTP/1.1|status:ok", "not claimed"),
            ("TIME|host:203.0.113.9|req:GET / HTTP/1.1", "not claimed"),
            ("TIME|host:203.0.113.9|status:200", "not claimed"),
            ("time:noon|host:203.0.113.9|req:GET / HTTP/1.1|status:200", "not claimed"),
            ("TIME|host:203.0.113.9|req:GET / HTTP/1.1|status:200|done", "not claimed"),
            ("TIME host:203.0.113.9 req:/ status:200", "not claimed"),
        ];
        for (line, expected) in cases {
            let line = line.replace("TIME", TIME).replace('|', "\t");
            let record = read(line.as_bytes());
            assert_eq!(agree(skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
            assert_eq!(told(record), expected, "{line}");
        }
    }
}
