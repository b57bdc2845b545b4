//! A record becomes what it means: a request with its attempts, and the signs seen in it.
//!
//! Runs for failures and for lines whose skim deserved a second look. The last stage that borrows from a block.

#![allow(clippy::inline_always, reason = "an event is large: what is returned inline is not copied")]

mod crawler;
mod path;
mod redact;

pub use crawler::is_crawler;
pub use path::{Room, fold};
pub use redact::Redactor;

use crate::cause::{Cause, Proxy, Seen, Sign, Strength};
use crate::envelope::is_application_server;
use crate::format::{AttemptSigns, Fields, Format, Record, Skimmed, Statuses, Template, Verdict, What};

/// The sign of a failure about which its line says nothing more.
pub static UNEXPLAINED: Sign = Sign {
    kind: "status-only",
    cause: Cause::Unknown,
    strength: Strength::Silent,
    says: "the request failed, and no more",
    seen: Seen::Field,
    status: 502,
};

/// Something that reads lines: a format that is known, or one that the user described.
#[derive(Clone, Debug)]
pub enum Reader {
    /// A known format.
    Known(Format),
    /// One that shares layouts with others, and that the user named.
    Named(Format),
    /// One whose lines have any layout: those that no other reader claims.
    Any(Format),
    /// A layout of the user's own, as given on the command line.
    Custom(std::sync::Arc<Template>),
}

/// A record, and why it failed.
#[derive(Debug)]
pub struct Event<'a> {
    /// The record.
    pub record: Record<'a>,
    /// Whether the request counts as a failure.
    pub failed: bool,
    /// Why the request failed, or what the line is evidence of. Set whenever `failed` is.
    pub sign: Option<&'static Sign>,
    /// For each of the record's attempts, why it failed, or `None`.
    pub attempts: AttemptSigns,
}

impl<'a> Event<'a> {
    /// The upstream that this line counts at: that of the last attempt, or, where the request failed, of the last
    /// attempt that did. They differ where nginx's `error_page` sends a failed request on to another upstream.
    #[must_use]
    pub fn upstream(&self) -> &'a [u8] {
        if !self.failed {
            return self.record.upstream;
        }
        let failing = self.record.attempts.iter().zip(self.attempts.iter()).rfind(|(_, sign)| sign.is_some());
        failing.map_or(self.record.upstream, |(attempt, _)| attempt.upstream)
    }

    /// Gives the record its meaning. `statuses` decide which requests failed; `verdict` has judged the attempts
    /// already.
    #[inline(always)]
    fn judge(&mut self, verdict: Verdict, statuses: &Statuses) {
        let Record { what, status, .. } = self.record;
        let counts = what == What::Request && status.is_some_and(|status| statuses.contains(status));
        self.failed = counts && !verdict.client_gave_up;
        self.attempts = verdict.attempts;
        while self.attempts.len() < self.record.attempts.len() {
            self.attempts.push(None);
        }
        // What explains a request that does not count may still explain its attempts, but not the request.
        let fine = what == What::Request && status.is_some() && !self.failed;
        self.sign = verdict.request.filter(|_| !fine).or(self.failed.then_some(&UNEXPLAINED));
    }

    /// Whether the line says more than that a request went well.
    #[must_use]
    pub fn tells(&self) -> bool {
        let attempts = || self.attempts.iter().any(Option::is_some);
        self.failed || self.record.what != What::Request || attempts() || self.cut_off().is_some()
    }

    /// Why a session ended that no server was tried for in the end: without a status it cannot fail as a request does,
    /// and none of its attempts shows why. One that was turned away, or that nothing is configured for, is no failure:
    /// port scans end so all day.
    #[must_use]
    pub fn cut_off(&self) -> Option<&'static Sign> {
        let Record { what, status, .. } = self.record;
        let is_session = what == What::Request && status.is_none();
        let is_unwanted = |sign: &Sign| matches!(sign.cause, Cause::Blocked | Cause::ProxyLocal | Cause::NoRoute);
        self.sign.filter(|sign| is_session && !is_unwanted(sign) && !self.attempts.contains(&Some(sign)))
    }

    /// Whether the failure of attempt `number` stayed hidden from the client, because a later attempt saved the
    /// request.
    #[must_use]
    pub fn is_masked(&self, number: usize) -> bool {
        let saved = self.record.status.is_some_and(|status| (100..499).contains(&status));
        saved && !self.failed && number + 1 < self.record.attempts.len()
    }
}

impl Reader {
    /// Every format that is known without being told; last, those that have any layout.
    #[must_use]
    pub fn known() -> Vec<Self> {
        let all = Format::ALL.iter().copied();
        all.clone().map(Self::Known).chain(all.filter_map(Self::any)).collect()
    }

    /// What reads a format in any layout, if there is such a thing.
    #[must_use]
    pub fn any(format: Format) -> Option<Self> {
        format.has_any_layout().then_some(Self::Any(format))
    }

    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Known(format) | Self::Named(format) | Self::Any(format) => format.about().name,
            Self::Custom(template) => template.name(),
        }
    }

    /// The values of a line of which nobody knows what they mean: where somebody wanted them in a layout of their own.
    #[must_use]
    pub fn unknown<'a>(&self, line: &'a [u8]) -> Vec<&'a [u8]> {
        match self {
            Self::Known(_) | Self::Named(_) | Self::Any(_) => Vec::new(),
            Self::Custom(template) => template.unknown(line),
        }
    }

    /// Whether lines of this reader may be JSON objects, or (`object` is false) may be others.
    #[must_use]
    pub fn may_be(&self, object: bool) -> bool {
        match self {
            Self::Known(format) | Self::Named(format) | Self::Any(format) => format.about().may_be(object),
            Self::Custom(_) => true,
        }
    }

    /// The gateway that writes such lines.
    #[inline]
    #[must_use]
    pub fn proxy(&self) -> Proxy {
        match self {
            Self::Known(format) | Self::Named(format) | Self::Any(format) => format.about().proxy,
            Self::Custom(template) => template.proxy(),
        }
    }

    /// Whether a line that `program` sent may be of this format; empty where that is not known. What an application
    /// server logs of its requests is in the Common Log Format too, and would be taken for a gateway's.
    #[inline]
    #[must_use]
    pub fn is_written_by(&self, program: &[u8]) -> bool {
        let (Self::Known(format) | Self::Named(format) | Self::Any(format)) = self else { return true };
        match format.writer() {
            Some(writer) => writer == program,
            None => program.is_empty() || self.proxy() == Proxy::HOST || !is_application_server(program),
        }
    }

    /// See [`Format::skim_under`].
    #[inline]
    #[must_use]
    pub fn skim<'a>(&self, fields: &Fields, line: &'a [u8]) -> Option<Skimmed<'a>> {
        match self {
            Self::Known(format) => format.skim_under(fields, line),
            Self::Named(format) => format.skim_named(line),
            Self::Any(format) => format.skim_any(line),
            Self::Custom(template) => template.skim(line),
        }
    }

    /// Reads a line in full and says what it means; `None` where it is of another format.
    ///
    /// A request failed if it ended in one of `statuses`. An attempt failed with any gateway status, whatever is asked
    /// for.
    #[must_use]
    pub fn read<'a>(&self, line: &'a [u8], statuses: &Statuses) -> Option<Event<'a>> {
        Some(self.judge(self.record(Fields::UNKNOWN, line)?, statuses, &statuses.or_gateway()))
    }

    /// The first half of [`read`](Self::read): everything that a line says.
    #[must_use]
    pub fn record<'a>(&self, fields: &Fields, line: &'a [u8]) -> Option<Record<'a>> {
        match self {
            Self::Known(format) => format.read_under(fields, line),
            Self::Named(format) => format.read_named(line),
            Self::Any(format) => format.read_any(line),
            Self::Custom(template) => template.read(line),
        }
    }

    /// The second half: what that means. `telling` are the statuses of failed attempts.
    #[inline(always)]
    #[must_use]
    pub fn judge<'a>(&self, record: Record<'a>, statuses: &Statuses, telling: &Statuses) -> Event<'a> {
        let mut event = Event { record, failed: false, sign: None, attempts: AttemptSigns::default() };
        let verdict = match self {
            Self::Known(format) | Self::Named(format) | Self::Any(format) => format.judge(&event.record, telling),
            Self::Custom(template) => template.judge(&event.record, telling),
        };
        event.judge(verdict, statuses);
        event
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn only(status: u16) -> Statuses {
        let mut statuses = Statuses::none();
        statuses.insert(status);
        statuses
    }

    #[test]
    fn what_the_client_gave_up_did_not_fail() {
        let judged = |middle: &str| {
            let line =
                format!(r#"192.0.2.1:33317 [06/Feb/2026:12:14:14.655] web {middle} 1/1/0/0/0 0/0 "GET / HTTP/1.1""#);
            let event = Reader::Known(Format::HaproxyHttp).read(line.as_bytes(), &Statuses::gateway()).unwrap();
            (event.failed, event.sign.map(|sign| sign.kind), event.attempts.iter().flatten().count())
        };
        for middle in [
            "api/a 0/900/-1/-1/900 503 0 - - CC--",
            "api/<NOSRV> 0/900/-1/-1/900 503 0 - - CQ--",
            "api/a 0/0/1/-1/900 502 0 - - CH--",
            "api/a 0/0/1/-1/900 504 0 - - CHVN",
        ] {
            assert_eq!(judged(middle), (false, None, 0), "{middle}");
        }
        // The server answered so all the same.
        for middle in ["api/a 0/0/1/5/900 503 99 - - CD--", "api/a 0/0/1/5/900 503 99 - - cD--"] {
            assert_eq!(judged(middle), (false, None, 1), "{middle}");
        }
        // A timeout that HAProxy answers for the client is an answer.
        let timeout = judged("api/a 0/0/0/-1/10000 504 0 - - cH--");
        assert_eq!(timeout, (true, Some("haproxy-client-timeout"), 0));
        assert_eq!(judged("api/a 0/0/0/-1/10000 408 0 - - cH--"), (false, None, 0));
    }

    #[test]
    fn attempts_fail_with_any_gateway_status() {
        let judged = |line: &str, statuses: &Statuses| {
            let event = Reader::Known(Format::NginxAccess).read(line.as_bytes(), statuses).unwrap();
            let attempts: Vec<bool> = event.attempts.iter().map(Option::is_some).collect();
            (event.failed, event.sign.is_some(), attempts, event.is_masked(0))
        };
        let line = |status: &str, servers: &str, statuses: &str| {
            format!(
                r#"192.0.2.1 - - [06/Feb/2026:12:14:14 +0000] "GET / HTTP/1.1" {status} 9 "-" "-" rt=2.001 ua="{servers}" us="{statuses}""#
            )
        };
        let saved = line("200", "192.0.2.8:80, 192.0.2.9:80", "504, 200");
        assert_eq!(judged(&saved, &only(502)), (false, false, vec![true, false], true));
        let lost = line("504", "192.0.2.8:80", "504");
        assert_eq!(judged(&lost, &only(502)), (false, false, vec![true], false));
        assert_eq!(judged(&lost, &Statuses::gateway()), (true, true, vec![true], false));
        let own = line("500", "192.0.2.8:80", "500");
        assert_eq!(judged(&own, &only(500)), (true, true, vec![true], false));
        assert_eq!(judged(&own, &Statuses::gateway()), (false, false, vec![false], false));
    }

    #[test]
    fn programs_write_their_own_formats() {
        let cases = [
            (Format::NginxAccess, "", true),
            (Format::NginxAccess, "nginx", true),
            (Format::NginxAccess, "shop", true),
            (Format::NginxAccess, "gunicorn", false),
            (Format::NginxAccess, "php-fpm8.2", false),
            (Format::NginxAccess, "gunicorn.shop.access", false),
            (Format::NginxAccess, "node-exporter", true),
            (Format::Gunicorn, "gunicorn", true),
            (Format::Gunicorn, "shop", true),
            (Format::Systemd, "systemd", true),
            (Format::Systemd, "shop", false),
            (Format::Systemd, "", false),
        ];
        for (format, program, may) in cases {
            assert_eq!(Reader::Known(format).is_written_by(program.as_bytes()), may, "{format:?} {program}");
        }
    }
}
