//! A record becomes what it means: a request with its attempts, and the signs seen in it.
//!
//! Runs for failures and for lines whose skim deserved a second look. The last stage that borrows from a block.

mod crawler;
mod path;
mod redact;

pub use crawler::is_crawler;
pub use path::fold;
pub use redact::Redactor;

use crate::cause::{Cause, Proxy, Seen, Sign, Strength};
use crate::format::{Format, NginxTemplate, Record, Skimmed, Statuses, Verdict, What};

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
    /// nginx's `log_format`, as given on the command line.
    Nginx(std::sync::Arc<NginxTemplate>),
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
    pub attempts: Vec<Option<&'static Sign>>,
}

impl<'a> Event<'a> {
    /// The upstream that this line counts at: that of the last attempt, or, where the request failed, of the last attempt that did.
    /// They differ where nginx's `error_page` sends a failed request on to another upstream.
    #[must_use]
    pub fn upstream(&self) -> &'a [u8] {
        let failing = self.record.attempts.iter().zip(&self.attempts).rfind(|(_, sign)| sign.is_some());
        failing.filter(|_| self.failed).map_or(self.record.upstream, |(attempt, _)| attempt.upstream)
    }

    /// Whether the failure of attempt `number` stayed hidden from the client, because a later attempt saved the request.
    #[must_use]
    pub fn is_masked(&self, number: usize) -> bool {
        let saved = self.record.status.is_some_and(|status| (100..499).contains(&status));
        saved && !self.failed && number + 1 < self.record.attempts.len()
    }
}

/// Gives `record` its meaning.
fn judge<'a>(record: Record<'a>, verdict: Verdict, statuses: &Statuses) -> Event<'a> {
    let failed = record.what == What::Request && record.status.is_some_and(|status| statuses.contains(status));
    let mut attempts = verdict.attempts;
    attempts.resize(record.attempts.len(), None);
    let sign = verdict.request.or(failed.then_some(&UNEXPLAINED));
    Event { record, failed, sign, attempts }
}

impl Reader {
    /// Every format that is known without being told.
    #[must_use]
    pub fn known() -> Vec<Self> {
        Format::ALL.iter().copied().map(Self::Known).collect()
    }

    /// The name in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Known(format) => format.about().name,
            Self::Nginx(_) => "nginx-custom",
        }
    }

    /// The gateway that writes such lines.
    #[inline]
    #[must_use]
    pub fn proxy(&self) -> Proxy {
        match self {
            Self::Known(format) => format.about().proxy,
            Self::Nginx(_) => Proxy::Nginx,
        }
    }

    /// See [`Format::skim`].
    #[inline]
    #[must_use]
    pub fn skim<'a>(&self, line: &'a [u8]) -> Option<Skimmed<'a>> {
        match self {
            Self::Known(format) => format.skim(line),
            Self::Nginx(template) => template.skim(line),
        }
    }

    /// Reads a line in full and says what it means; `None` where it is of another format.
    #[must_use]
    pub fn read<'a>(&self, line: &'a [u8], statuses: &Statuses) -> Option<Event<'a>> {
        let (record, verdict) = match self {
            Self::Known(format) => {
                let record = format.read(line)?;
                let verdict = format.judge(&record, statuses);
                (record, verdict)
            }
            Self::Nginx(template) => {
                let record = template.read(line)?;
                let verdict = template.judge(&record, statuses);
                (record, verdict)
            }
        };
        Some(judge(record, verdict, statuses))
    }
}
