//! The W3C Extended Log File Format (<https://www.w3.org/TR/WD-logfile>): a line `#Fields:` names the columns of the lines
//! that follow it, up to the next such line. IIS and CloudFront write it.

use crate::grammar::{
    find::find,
    number::{status, uint, whole},
    text::present,
    time::{When, Zone, iso},
};

/// What begins the line that names the columns.
const DIRECTIVE: &[u8] = b"#Fields:";

/// Declares the columns that mean something, by their names in lower case.
macro_rules! columns {
    ($($variant:ident = $name:literal,)+) => {
        /// A column.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Column {
            $(#[doc = $name] $variant,)+
            /// One that means nothing here.
            Other,
        }

        impl Column {
            const COUNT: usize = Self::Other as usize + 1;

            fn named(name: &[u8]) -> Self {
                match std::str::from_utf8(name).unwrap_or_default().to_ascii_lowercase().as_str() {
                    $($name => Self::$variant,)+
                    _ => Self::Other,
                }
            }
        }
    };
}

columns! {
    Date = "date",
    Time = "time",
    LocalDate = "date-local",
    LocalTime = "time-local",
    Site = "s-sitename",
    Computer = "s-computername",
    Method = "cs-method",
    Stem = "cs-uri-stem",
    Query = "cs-uri-query",
    Uri = "cs-uri",
    User = "cs-username",
    Client = "c-ip",
    Host = "cs-host",
    HostHeader = "cs(host)",
    ForwardedHost = "x-host-header",
    UserAgent = "cs(user-agent)",
    Cookie = "cs(cookie)",
    ForwardedFor = "x-forwarded-for",
    Status = "sc-status",
    Substatus = "sc-substatus",
    Win32 = "sc-win32-status",
    Sent = "sc-bytes",
    Taken = "time-taken",
    TakenMillis = "timetakenms",
    SiteId = "s-siteid",
    Reason = "s-reason",
    Queue = "s-queuename",
    ServerPort = "s-port",
    ClientPort = "c-port",
}

/// The most columns that are told apart. IIS and CloudFront know about fifty; each line asks for them by name.
const MOST: usize = 256;

/// The columns that a `#Fields:` line names; none where no such line has been read.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    columns: Vec<Column>,
    names: Vec<Box<[u8]>>,
    of_an_edge: bool,
}

impl Fields {
    /// Where nothing names the columns.
    pub const UNKNOWN: &'static Self = &Self { columns: Vec::new(), names: Vec::new(), of_an_edge: false };

    /// What a `#Fields:` line says; `None` where it is another line.
    #[must_use]
    pub fn of(line: &[u8]) -> Option<Self> {
        let words = line.strip_prefix(DIRECTIVE)?.split(u8::is_ascii_whitespace);
        let names: Vec<Box<[u8]>> = words.filter(|name| !name.is_empty()).take(MOST).map(Box::from).collect();
        let of_an_edge = names.iter().any(|name| name.starts_with(b"x-edge-"));
        Some(Self { columns: names.iter().map(|name| Column::named(name)).collect(), names, of_an_edge })
    }

    /// The names, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.names.iter().map(|name| &**name)
    }

    /// Whether there is a column of this name.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.names().any(|known| known == name)
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
    pub(super) fn values<'a>(
        &self,
        line: &'a [u8],
        separator: u8,
        guess: impl FnOnce(&'a [u8]) -> Option<Values<'a>>,
    ) -> Option<Values<'a>> {
        if self.are_known() { Values::of(line, separator, &self.columns) } else { guess(line) }
    }
}

/// The values of a line, in their order.
pub(super) fn words(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let (value, after) = first_value(rest?, separator);
        rest = after;
        Some(value)
    })
}

/// The first value, and what follows its separator. IIS's Advanced Logging puts text into quotes, which may hold
/// separators then, and quotes written twice.
fn first_value(i: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    if let [b'"', inside @ ..] = i
        && let Some(end) = closing_quote(inside, separator)
    {
        return (&inside[..end], inside.get(end + 2..));
    }
    let end = find(separator, i).unwrap_or(i.len());
    (&i[..end], i.get(end + 1..))
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

/// The values of one line, by column; empty where it has none.
#[derive(Default)]
pub(super) struct Values<'a>([&'a [u8]; Column::COUNT]);

impl<'a> Values<'a> {
    /// Those of a line with these columns, and perhaps more behind them.
    pub(super) fn of(line: &'a [u8], separator: u8, columns: &[Column]) -> Option<Self> {
        let mut values = Self::default();
        let mut rest = Some(line);
        for column in columns {
            let (value, after) = first_value(rest?, separator);
            values.set(*column, value);
            rest = after;
        }
        Some(values)
    }

    /// Notes the value in `column`.
    pub(super) fn set(&mut self, column: Column, value: &'a [u8]) {
        self.0[column as usize] = present(value);
    }

    /// The value in `column`.
    pub(super) fn get(&self, column: Column) -> &'a [u8] {
        self.0[column as usize]
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
    pub(super) fn when(&self) -> Option<When> {
        let mut stamp = [b' '; 32];
        let (date, time, zone) = match self.get(Column::Date) {
            b"" => (self.get(Column::LocalDate), self.get(Column::LocalTime), Zone::Local),
            date => (date, self.get(Column::Time), Zone::Utc),
        };
        let length = date.len() + 1 + time.len();
        stamp.get_mut(..date.len())?.copy_from_slice(date);
        stamp.get_mut(date.len() + 1..length)?.copy_from_slice(time);
        match iso(stamp.get(..length)?) {
            Ok(([], when)) => Some(When { zone, ..when }),
            _ => None,
        }
    }
}
