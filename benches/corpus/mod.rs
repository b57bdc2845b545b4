//! Access logs as four kinds of gateway write them, made up from one day's traffic: as many lines as are asked for, the
//! same bytes every time.
//!
//! [`traffic`] decides what happens to each request; one file for each format writes it down. Lines leave in the order
//! in which they end, as a proxy writes them, so that formats that log a request's start (HAProxy, Classic ELB) are
//! out of order by as much as requests last. Nothing here knows of gatewhy: tests compare what it counts with what
//! was written.

#![allow(dead_code, reason = "each program that includes this uses a part of it")]

mod alb;
mod elb;
mod haproxy;
mod nginx;
mod text;
mod traffic;

use std::io::{self, Write};
use traffic::Traffic;

/// Who writes the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// nginx's `combined`, followed by `rt=… uct="…" uht="…" urt="…" ua="…" us="…"`; some 290 bytes a line.
    Nginx,
    /// HAProxy's `option httplog`, as syslog stores it (RFC 3164); some 200 bytes a line.
    Haproxy,
    /// Application Load Balancer, 34 columns; some 700 bytes a line.
    Alb,
    /// Classic Load Balancer; some 320 bytes a line.
    Elb,
}

/// What was written, as the writer counted it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Lines, one for each request.
    pub(crate) lines: u64,
    /// Bytes, line feeds among them.
    pub(crate) bytes: u64,
    /// Lines with 502, 503 and 504.
    pub(crate) statuses: [u64; 3],
    /// Lines that show a request that a retry saved; AWS's balancers do not retry.
    pub(crate) saved: u64,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    /// Requests, and lines.
    pub(crate) lines: u64,
    /// Servers; not fewer than [`Day::FEWEST_UPSTREAMS`].
    pub(crate) upstreams: u16,
    /// Whether every request fails, in one of ten ways, rather than about one in a hundred.
    pub(crate) failing: bool,
}

impl Day {
    /// How many servers there are unless more are asked for.
    pub(crate) const FEWEST_UPSTREAMS: u16 = 24;

    /// A day as most are.
    #[must_use]
    pub(crate) const fn usual(lines: u64) -> Self {
        Self { lines, upstreams: Self::FEWEST_UPSTREAMS, failing: false }
    }
}

impl Counts {
    /// Lines with any of the three statuses.
    #[must_use]
    pub(crate) fn failures(&self) -> u64 {
        self.statuses.iter().sum()
    }
}

impl Format {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Nginx, Self::Haproxy, Self::Alb, Self::Elb];

    /// What it is called on the command line and in file names.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Alb => "alb",
            Self::Elb => "elb",
        }
    }

    /// Writes `lines` lines of a usual day to `out`, which need not be buffered.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub(crate) fn write(self, lines: u64, out: impl Write) -> io::Result<Counts> {
        self.write_day(Day::usual(lines), out)
    }

    /// Writes a day's lines to `out`, which need not be buffered.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub(crate) fn write_day(self, day: Day, out: impl Write) -> io::Result<Counts> {
        let mut out = io::BufWriter::with_capacity(1 << 18, out);
        let retries = matches!(self, Self::Nginx | Self::Haproxy);
        let mut counts = Counts::default();
        let mut line = Vec::with_capacity(1 << 10);
        for request in Traffic::new(self, day) {
            line.clear();
            match self {
                Self::Nginx => nginx::line(&mut line, &request),
                Self::Haproxy => haproxy::line(&mut line, &request),
                Self::Alb => alb::line(&mut line, &request),
                Self::Elb => elb::line(&mut line, &request),
            }?;
            line.push(b'\n');
            out.write_all(&line)?;
            counts.lines += 1;
            counts.bytes += line.len() as u64;
            counts.saved += u64::from(retries && request.is_saved());
            if let Some(place) = [502, 503, 504].iter().position(|status| Some(*status) == request.status) {
                counts.statuses[place] += 1;
            }
        }
        out.flush()?;
        Ok(counts)
    }
}
