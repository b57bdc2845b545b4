//! The W3C Extended Log File Format (<https://www.w3.org/TR/WD-logfile>): a line `#Fields:` names the columns of the
//! lines that follow it, up to the next such line. IIS and CloudFront write it.
#![allow(clippy::inline_always, reason = "for every column of every line: measured, see `grammar::find`")]

use crate::grammar::{
    find::find,
    number::{status, uint, whole},
    text::{Split, present},
    time::{When, Zone, iso_apart},
};

/// Declares the columns that mean something, by their names in lower case.
macro_rules! columns {
    ($($variant:ident = $($name:literal)|+,)+) => {
        /// A column.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Column {
            $($variant,)+
            /// One that means nothing here.
            Other,
        }

        const _: () = { $($(assert!($name.len() <= LONGEST);)+)+ };

        impl Column {
            pub(super) const COUNT: usize = Self::Other as usize + 1;

            /// The column of this name, in whatever case. Parquet files, and what is made from them, have `sc_status`
            /// for `sc-status`.
            pub(super) fn named(name: &[u8]) -> Self {
                let mut room = [0; LONGEST];
                let Some(plain) = room.get_mut(..name.len()) else { return Self::Other };
                for (place, byte) in plain.iter_mut().zip(name) {
                    *place = if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
                }
                match &*plain {
                    $($($name)|+ => Self::$variant,)+
                    _ => Self::Other,
                }
            }
        }
    };
}

/// As long as the longest name below, or longer.
const LONGEST: usize = 32;

columns! {
    Date = b"date",
    Time = b"time",
    LocalDate = b"date-local",
    LocalTime = b"time-local",
    Status = b"sc-status",
    Taken = b"time-taken",
    TakenMillis = b"timetakenms",
    Query = b"cs-uri-query",
    Site = b"s-sitename",
    Client = b"c-ip",
    ClientPort = b"c-port",
    ServerPort = b"s-port",
    Reason = b"s-reason",
    Stamp = b"timestamp" | b"timestamp(ms)" | b"timestamp-ms",
    Host = b"cs-host",
    HostHeader = b"cs(host)",
    Method = b"cs-method",
    Stem = b"cs-uri-stem",
    ResultType = b"x-edge-result-type",
    DetailedResultType = b"x-edge-detailed-result-type",
    OriginFirstByte = b"origin-fbl",
    Uri = b"cs-uri",
    User = b"cs-username",
    ForwardedHost = b"x-host-header",
    UserAgent = b"cs(user-agent)" | b"cs-user-agent",
    Cookie = b"cs(cookie)" | b"cs-cookie",
    Substatus = b"sc-substatus",
    Win32 = b"sc-win32-status",
    Sent = b"sc-bytes",
    FirstByte = b"time-to-first-byte",
    OriginLastByte = b"origin-lbl",
    Queue = b"s-queuename",
    RequestId = b"x-edge-request-id",
}

impl Column {
    /// How many of the columns counting needs in IIS's log, in HTTP.sys's and in `CloudFront`'s: they come first.
    pub(super) const OF_IIS: usize = Self::Site as usize + 1;
    pub(super) const OF_HTTPERR: usize = Self::Reason as usize + 1;
    pub(super) const OF_CLOUDFRONT: usize = Self::OriginFirstByte as usize + 1;
}

/// The most columns that are told apart. IIS and CloudFront know about fifty; each line asks for them by name.
const MOST: usize = 256;

/// The columns that a `#Fields:` line names; none where no such line has been read.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    columns: Vec<Column>,
    of_an_edge: bool,
    /// The day of the lines, where no column has it: `2026-11-27`.
    date: Option<[u8; 10]>,
}

impl Fields {
    /// Where nothing names the columns.
    pub const UNKNOWN: &'static Self = &Self { columns: Vec::new(), of_an_edge: false, date: None };

    /// What follows `#Fields:` and `#Date:` in the lines above; either may be empty.
    #[must_use]
    pub fn of(names: &[u8], date: &[u8]) -> Self {
        let fields = Self::named(names);
        let need_date = fields.lack(Column::Date) && fields.lack(Column::LocalDate);
        Self { date: date.trim_ascii_start().first_chunk().copied().filter(|_| need_date), ..fields }
    }

    /// The columns of these names, apart by spaces or tabs.
    pub(super) fn named(names: &[u8]) -> Self {
        let names = names.split(u8::is_ascii_whitespace).filter(|name| !name.is_empty());
        let of_an_edge = names.clone().any(|name| name.starts_with(b"x-edge-"));
        Self { columns: names.take(MOST).map(Column::named).collect(), of_an_edge, date: None }
    }

    /// Whether the day of the lines stands above them.
    pub(super) const fn tell_date(&self) -> bool {
        self.date.is_some()
    }

    /// Whether these are columns of CloudFront's: nobody else names any `x-edge-…`.
    pub(super) const fn are_of_an_edge(&self) -> bool {
        self.of_an_edge
    }

    /// Whether a line has named the columns.
    pub(super) const fn are_known(&self) -> bool {
        !self.columns.is_empty()
    }

    /// Whether the columns are known to be others than those that have `column` among them.
    pub(super) fn lack(&self, column: Column) -> bool {
        self.are_known() && !self.columns.contains(&column)
    }

    /// The values of a line; where its columns are unknown, what `guess` makes of it.
    pub(super) fn values<'a, const N: usize>(
        &self,
        line: &'a [u8],
        separator: u8,
        guess: impl FnOnce(&'a [u8]) -> Option<Values<'a, N>>,
    ) -> Option<Values<'a, N>> {
        if self.are_known() { self.split(line, separator, self.columns.len()) } else { guess(line) }
    }

    /// The values of a line that has at least the first `fewest` of these columns, or all, and perhaps more than these.
    pub(super) fn split<'a, const N: usize>(
        &self,
        line: &'a [u8],
        separator: u8,
        fewest: usize,
    ) -> Option<Values<'a, N>> {
        let (mut values, mut count) = (Values::default(), 0);
        for (column, value) in self.columns.iter().zip(words(line, separator)) {
            values.set(*column, value);
            count += 1;
        }
        (count >= fewest.min(self.columns.len())).then_some(values)
    }
}

/// The values of a line, in their order. IIS's Advanced Logging puts text into quotes, which may hold separators then,
/// and quotes written twice.
pub(super) fn words(line: &[u8], separator: u8) -> Words<'_> {
    Words { parts: Split::new(line, separator), separator }
}

/// See [`words`].
pub(super) struct Words<'a> {
    parts: Split<'a>,
    separator: u8,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    #[inline(always)]
    fn next(&mut self) -> Option<&'a [u8]> {
        match self.parts.rest()? {
            [b'"', inside @ ..] => self.quoted(inside),
            _ => self.parts.next(),
        }
    }
}

impl<'a> Words<'a> {
    #[cold]
    fn quoted(&mut self, inside: &'a [u8]) -> Option<&'a [u8]> {
        let Some(end) = closing_quote(inside, self.separator) else { return self.parts.next() };
        self.parts.pass(end + 2);
        Some(&inside[..end])
    }
}

fn closing_quote(inside: &[u8], separator: u8) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find(b'"', inside.get(from..)?)?;
        match inside.get(at + 1) {
            None => return Some(at),
            Some(byte) if *byte == separator => return Some(at),
            Some(b'"') => from = at + 2,
            Some(_) => return None,
        }
    }
}

/// The values of one line, by column; empty where it has none. It keeps those of the first `N` columns only: a table of
/// all of them costs more to fill, and to hand on, than counting does with what is in it.
#[derive(Clone)]
pub(super) struct Values<'a, const N: usize = { Column::COUNT }>([&'a [u8]; N]);

impl<const N: usize> Default for Values<'_, N> {
    fn default() -> Self {
        Self([b""; N])
    }
}

impl<'a, const N: usize> Values<'a, N> {
    /// Notes the value in `column`, if it is one of those that are kept.
    #[inline(always)]
    pub(super) fn set(&mut self, column: Column, value: &'a [u8]) {
        if let Some(place) = self.0.get_mut(column as usize) {
            *place = present(value);
        }
    }

    /// The value in `column`, which must be one of those that are kept.
    #[inline(always)]
    pub(super) fn get(&self, column: Column) -> &'a [u8] {
        debug_assert!((column as usize) < N, "{column:?} is not kept");
        self.0.get(column as usize).copied().unwrap_or_default()
    }

    /// The first of `columns` that has a value.
    pub(super) fn first(&self, columns: &[Column]) -> &'a [u8] {
        columns.iter().map(|column| self.get(*column)).find(|value| !value.is_empty()).unwrap_or_default()
    }

    /// A number.
    pub(super) fn number(&self, column: Column) -> Option<u64> {
        whole(self.get(column), uint)
    }

    /// The status.
    pub(super) fn status(&self) -> Option<u16> {
        whole(self.get(Column::Status), status)
    }

    /// Date and time, which are in UTC but for those that are called local.
    pub(super) fn when(&self, fields: &Fields) -> Option<When> {
        let (date, time, zone) = match (self.get(Column::Date), &fields.date) {
            (b"", Some(date)) => (&date[..], self.get(Column::Time), Zone::Utc),
            (b"", None) => (self.get(Column::LocalDate), self.get(Column::LocalTime), Zone::Local),
            (date, _) => (date, self.get(Column::Time), Zone::Utc),
        };
        iso_apart(date, time).map(|when| When { zone, ..when })
    }
}
