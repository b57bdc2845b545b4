//! Access logs in the layout that the user gives: the text of nginx's `log_format`, Apache's `LogFormat` or HAProxy's
//! `log-format`, compiled once and then held against every line.
//!
//! [`layout`] is the engine: what stands between values must match byte for byte, and each value ends by its own rule
//! or where the text behind it begins. One file for each vendor has its names, and where the values go; what a failed
//! request is a sign of is judged as in that vendor's known formats.

mod apache;
mod directive;
mod haproxy;
mod layout;
mod nginx;
mod stamp;

use super::{Record, Skimmed, Statuses, Verdict};
use crate::cause::Proxy;

/// A compiled layout.
#[derive(Clone, Debug)]
pub struct Template(Vendor);

#[derive(Clone, Debug)]
enum Vendor {
    Nginx(nginx::Custom),
    Apache(apache::Custom),
    Haproxy(haproxy::Custom),
}

impl Template {
    /// Compiles `nginx:…`, `apache:…` or `haproxy:…`: a directive as it stands in the configuration, or the bare
    /// layout. `None` where the text begins with none of these.
    ///
    /// # Errors
    /// What is wrong with the text, and where.
    pub fn compile(text: &str) -> Option<Result<Self, String>> {
        let (vendor, layout) = text.split_once(':')?;
        let compiled = match vendor {
            "nginx" => nginx::Custom::compile(layout).map(Vendor::Nginx),
            "apache" => apache::Custom::compile(layout).map(Vendor::Apache),
            "haproxy" => haproxy::Custom::compile(layout).map(Vendor::Haproxy),
            _ => return None,
        };
        Some(compiled.map(Self))
    }

    /// Why requests cannot be counted by such lines, if so: the layout does not say how they ended, or when.
    #[must_use]
    pub fn lack(&self) -> Option<&'static str> {
        match &self.0 {
            Vendor::Nginx(custom) => custom.lack(),
            Vendor::Apache(custom) => custom.lack(),
            Vendor::Haproxy(custom) => custom.lack(),
        }
    }

    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.0 {
            Vendor::Nginx(_) => "nginx-custom",
            Vendor::Apache(_) => "apache-custom",
            Vendor::Haproxy(_) => "haproxy-custom",
        }
    }

    /// The gateway that writes such lines.
    #[inline]
    #[must_use]
    pub fn proxy(&self) -> Proxy {
        match self.0 {
            Vendor::Nginx(_) => Proxy::NGINX,
            Vendor::Apache(_) => Proxy::APACHE,
            Vendor::Haproxy(_) => Proxy::HAPROXY,
        }
    }

    /// Reads what counting needs; `None` where the line does not fit.
    #[inline]
    #[must_use]
    pub fn skim<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        match &self.0 {
            Vendor::Nginx(custom) => custom.skim(line),
            Vendor::Apache(custom) => custom.skim(line),
            Vendor::Haproxy(custom) => custom.skim(line),
        }
    }

    /// Reads everything; `None` where the line does not fit.
    #[must_use]
    pub fn read<'a>(&self, line: &'a [u8]) -> Option<Record<'a>> {
        match &self.0 {
            Vendor::Nginx(custom) => custom.read(line),
            Vendor::Apache(custom) => custom.read(line),
            Vendor::Haproxy(custom) => custom.read(line),
        }
    }

    /// The values of a line of which nobody knows what they mean: cookies, headers, arguments of a query.
    #[must_use]
    pub fn unknown<'a>(&self, line: &'a [u8]) -> Vec<&'a [u8]> {
        match &self.0 {
            Vendor::Nginx(custom) => custom.unknown(line),
            Vendor::Apache(custom) => custom.unknown(line),
            Vendor::Haproxy(custom) => custom.unknown(line),
        }
    }

    /// Says what the fields of a record are signs of.
    #[must_use]
    pub fn judge(&self, record: &Record<'_>, statuses: &Statuses) -> Verdict {
        match &self.0 {
            Vendor::Nginx(_) => super::nginx::judge(record, statuses),
            Vendor::Apache(_) => super::apache_access::judge(record, statuses),
            Vendor::Haproxy(_) => super::haproxy::judge(record, statuses),
        }
    }
}

/// The column of a layout at which its byte `at` stands, from 1.
fn column(layout: &str, at: usize) -> usize {
    layout.get(..at).unwrap_or(layout).chars().count() + 1
}

#[cfg(test)]
mod tests {
    use super::super::nginx::tests::{agree, told};
    use super::*;

    /// Such layouts are of use to `gatewhy parse` alone.
    #[test]
    fn a_layout_may_say_neither_how_nor_when() {
        let ends = "it is not known which requests failed";
        let cases = [
            ("nginx:$remote_addr \"$request\"", "::1 \"GET /a HTTP/1.1\"", ends, "method=GET path=/a client=::1"),
            ("nginx:$status $uri", "502 /a", "it is not known when", "status=502 path=/a"),
            ("apache:%h %T", "::1 2", ends, "duration=2.000 client=::1"),
            ("apache:%>s %U", "502 /a", "it is not known when", "status=502 path=/a"),
            ("haproxy:%ci:%cp %HM", "::1:99 GET", ends, "method=GET client=::1"),
            ("haproxy:%ST %HU", "502 /a", "it is not known when", "status=502 path=/a"),
        ];
        for (layout, line, lack, expected) in cases {
            let template = Template::compile(layout).and_then(Result::ok);
            let said = template.as_ref().map(|template| {
                let record = template.read(line.as_bytes());
                assert_eq!(agree(template.skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
                told(record)
            });
            assert_eq!(said.as_deref(), Some(expected), "{layout}");
            assert!(template.as_ref().and_then(Template::lack).is_some_and(|why| why.ends_with(lack)), "{layout}");
            let other = template.and_then(|template| template.read(b"any thing").map(|_| ()));
            assert_eq!(other, None, "{layout}");
        }
    }
}

#[cfg(test)]
mod testing {
    use super::super::nginx::tests::{agree, told};
    use super::*;
    use crate::grammar::time::{When, Zone};

    /// What a line says in a layout, or what is wrong with the layout.
    pub(super) fn said(layout: &str, line: &str) -> String {
        let template = match Template::compile(layout) {
            Some(Ok(template)) => template,
            Some(Err(error)) => return error,
            None => return "of no vendor".to_owned(),
        };
        if let Some(lack) = template.lack() {
            return lack.to_owned();
        }
        let record = template.read(line.as_bytes());
        assert_eq!(agree(template.skim(line.as_bytes()), record.as_ref()), Ok(()), "{line}");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let more = record.as_ref().map(|record| {
            let upstream = record.upstream_status.map(|status| format!(" own={status}")).unwrap_or_default();
            let state = format!(" state={}", text(record.termination_state));
            let flags = format!(" flags={}", text(record.flags));
            let kept = |text: String| if text.ends_with('=') { String::new() } else { text };
            let query = format!(" query={}", text(record.query));
            upstream + &kept(state) + &kept(flags) + &kept(query)
        });
        told(record) + &more.unwrap_or_default()
    }

    /// The time of a line: `1790575200.000000 +21600`.
    pub(super) fn time(layout: &str, line: &str) -> String {
        let read = |template: Template| template.read(line.as_bytes()).and_then(|record| record.when);
        match Template::compile(layout) {
            Some(Ok(template)) => match template.lack() {
                Some(lack) => lack.to_owned(),
                None => read(template).map_or("not claimed".to_owned(), shown),
            },
            Some(Err(error)) => error,
            None => "of no vendor".to_owned(),
        }
    }

    fn shown(When { wall, zone }: When) -> String {
        let zone = match zone {
            Zone::Utc => "UTC".to_owned(),
            Zone::Offset(east) => format!("{east:+}"),
            Zone::Local => "local".to_owned(),
            Zone::Yearless => "yearless".to_owned(),
        };
        format!("{}.{:06} {zone}", wall.div_euclid(1_000_000), wall.rem_euclid(1_000_000))
    }

    /// The kinds of evidence in a line: for the request, and for each attempt.
    pub(super) fn kinds(layout: &str, line: &str) -> (Option<&'static str>, Vec<Option<&'static str>>) {
        let Some(Ok(template)) = Template::compile(layout) else { return (None, vec![]) };
        let verdict = template.read(line.as_bytes()).map(|record| template.judge(&record, &Statuses::gateway()));
        let kind = |sign: Option<&'static crate::cause::Sign>| sign.map(|sign| sign.kind);
        verdict.map_or((None, vec![]), |verdict| {
            (kind(verdict.request), verdict.attempts.iter().copied().map(kind).collect())
        })
    }
}
