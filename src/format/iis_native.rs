//! IIS in its own format (`logFormat` `IIS`), whose fifteen columns nobody can choose.
//!
//! What they say of a failure, and what ARR appends to the query, is as in the W3C format: see [`super::iis`].

use super::{
    About, Record, Skimmed, Statuses, Verdict,
    iis::{self, Line},
    w3c::{Column, Values},
};
use crate::{
    cause::Proxy,
    grammar::{
        address::is_ip,
        find::find,
        number::three,
        text::Split,
        time::{When, Zone, civil},
    },
};

pub(super) static ABOUT: About = About {
    name: "iis-native",
    proxy: Proxy::IIS,
    title: "IIS in Microsoft's own format, with commas",
    layout: "Client-IP, User, Date, Time, Service-and-instance, Server, Server-IP, Time-taken, Bytes-received, Bytes-sent, \
        Status, Windows-status, Method, Target, Parameters,",
    time: "when the request ended, local to the server",
    source: "Microsoft, \"IIS Log File Format (IIS 6.0)\"; IIS Configuration Reference, `logFile`, `logFormat`",
    samples: &[
        "203.0.113.9, -, 11/27/2026, 8:00:00, W3SVC1, WEB1, 10.0.0.4, 31, 221, 544, 200, 0, GET, /checkout/pay/584, sku=A-665,",
        "203.0.113.9, alice, 11/27/26, 8:00:09, W3SVC1, WEB1, 10.0.0.4, 30015, 221, 1477, 502, 12002, POST, /api/orders, -,",
    ],
    signs: &[&iis::SIGNS],
};

/// The columns before the parameters, in their order.
const COLUMNS: [Column; 14] = [
    Column::Client,
    Column::User,
    Column::Date,
    Column::Time,
    Column::Site,
    Column::Other,
    Column::Other,
    Column::Taken,
    Column::Other,
    Column::Sent,
    Column::Status,
    Column::Win32,
    Column::Method,
    Column::Stem,
];

/// A line, and its first `N` columns.
fn line<const N: usize>(i: &[u8]) -> Option<Line<'_, N>> {
    // An address comes first, and a space behind each comma: nearly all lines of others end here.
    let comma = find(b',', &i[..i.len().min(LONGEST_ADDRESS + 1)])?;
    if i.get(comma + 1) != Some(&b' ') || !is_ip(&i[..comma]) {
        return None;
    }
    let mut parts = Split::new(i, b',');
    let (mut row, mut date, mut time) = (Values::default(), &b""[..], &b""[..]);
    for column in COLUMNS {
        let part = parts.next()?;
        let value = part.strip_prefix(b" ").unwrap_or(part);
        match column {
            Column::Date => date = value,
            Column::Time => time = value,
            Column::Site if !value.starts_with(iis::SITE) => return None,
            column => row.set(column, value),
        }
    }
    // The parameters may hold what separates columns.
    row.set(Column::Query, parts.rest()?.strip_prefix(b" ")?.strip_suffix(b",")?);
    Line::of(when(date, time)?, row)
}

/// How long an address can be: IPv6 around IPv4.
const LONGEST_ADDRESS: usize = 45;

/// `11/27/2026` or `11/27/26`, and `8:00:09`.
fn when(date: &[u8], time: &[u8]) -> Option<When> {
    let [month, day, year] = three(date.split(|byte| *byte == b'/'))?;
    let [hour, minute, second] = three(time.split(|byte| *byte == b':'))?;
    let century = if year < 100 { 2000 } else { 0 };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let wall = civil((century + year, month, day), hour * 3_600 + minute * 60 + second, 0)?;
    Some(When { wall, zone: Zone::Local })
}

pub(super) fn skim(i: &[u8]) -> Option<Skimmed<'_>> {
    line::<{ Column::OF_IIS }>(i).map(|line| line.skim())
}

pub(super) fn read(i: &[u8]) -> Option<Record<'_>> {
    line(i).map(|line| line.record())
}

pub(super) fn judge(record: &Record<'_>, statuses: &Statuses) -> Verdict {
    iis::judge(record, statuses)
}

#[cfg(test)]
mod tests {
    use crate::format::Format;

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            // No address; of the FTP service; of no site; cut; with a time that there is not.
            "rsyslogd: x, -, 11/27/2026, 8:00:00, W3SVC1, WEB1, 10.0.0.4, 31, 221, 544, 502, 0, GET, /a, -,",
            "203.0.113.9, anonymous, 11/27/2026, 8:00:00, MSFTPSVC1, WEB1, 10.0.0.4, 31, 221, 544, 200, 0, USER, /a, -,",
            "203.0.113.9, -, 11/27/2026, 8:00:00, x, WEB1, 10.0.0.4, 31, 221, 544, 200, 0, GET, /a, -,",
            "203.0.113.9, -, 11/27/2026, 8:00:00, W3SVC1, WEB1, 10.0.0.4, 31, 221, 544, 200, 0, GET,",
            "203.0.113.9, -, 11/31/2026, 8:00:00, W3SVC1, WEB1, 10.0.0.4, 31, 221, 544, 200, 0, GET, /a, -,",
            "203.0.113.9, -, 11/27/2026, 8:00, W3SVC1, WEB1, 10.0.0.4, 31, 221, 544, 200, 0, GET, /a, -,",
            "203.0.113.9, -, 11/27/2026, 8:00:00, W3SVC1, WEB1, 10.0.0.4, 31, 221, 544, OK, 0, GET, /a, -,",
            "",
        ] {
            assert!(Format::IisNative.skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
