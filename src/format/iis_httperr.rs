//! The error log of HTTP.sys, the part of Windows in front of IIS and of every other server on it: requests that it
//! answered itself, because no application pool could, and connections that it closed. None of them is in IIS's own
//! log.

use super::{
    About, Escape, Record, Skimmed, Statuses, Verdict, What,
    record::{sign, table},
    w3c::{Column, Fields, Values},
};
use crate::{
    cause::{Cause, Proxy, Sign, Strength},
    grammar::text::present,
};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "iis-httperr",
    proxy: Proxy::IIS,
    title: "HTTP.sys's error log (HTTPERR): requests that Windows answered because no application pool could",
    layout: "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
    time: "when the request was answered, in UTC",
    source: "Microsoft, \"Error logging in HTTP APIs\"",
    samples: &[
        "2026-11-27 08:00:00 203.0.113.9 52094 10.0.0.4 443 HTTP/1.1 GET /checkout/pay/584?a=b 503 1 AppOffline ShopPool",
        "2026-11-27 08:00:01 203.0.113.9 52094 10.0.0.4 443 HTTP/1.1 POST /api/orders 503 1 QueueFull ShopPool",
        "2026-11-27 08:00:02 203.0.113.9 52095 10.0.0.4 443 - - - - - Timer_ConnectionIdle -",
    ],
    signs: &[&SIGNS],
};

/// The columns that are usual; newer ones follow them.
static USUAL: LazyLock<Fields> = LazyLock::new(|| {
    Fields::named(
        b"date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename",
    )
});

/// The same since Windows 10 and Server 2016, which name HTTP/2's stream behind the address.
static WITH_STREAM: LazyLock<Fields> = LazyLock::new(|| {
    Fields::named(
        b"date time c-ip c-port s-ip s-port cs-version cs-method cs-uri streamid sc-status s-siteid s-reason s-queuename",
    )
});

table! {
    /// What `s-reason` is a sign of. Source: Microsoft, "Error logging in HTTP APIs", "Kinds of errors that the HTTP
    /// API logs".
    SIGNS:
    OFFLINE = sign("httperr-app-offline", Cause::NoLiveUpstream, Strength::Conclusive, 503,
        "the application pool was stopped: an administrator did it, or its processes had failed too often");
    SHUTDOWN = sign("httperr-app-shutdown", Cause::Draining, Strength::Strong, 503,
        "the application was being shut down");
    POOL_BUSY = sign("httperr-app-pool-timer", Cause::QueueTimeout, Strength::Strong, 503,
        "the application pool was too busy to take the request");
    WAITED = sign("httperr-queue-timer", Cause::QueueTimeout, Strength::Conclusive, 0,
        "the request waited too long in the application pool's queue, and Windows closed the connection");
    INTERNAL = sign("httperr-internal", Cause::GatewayInternal, Strength::Strong, 503,
        "Windows met an internal error: no memory, or two reservations of one URL");
    NO_MEMORY = sign("httperr-connections-refused", Cause::ProxyExhausted, Strength::Conclusive, 0,
        "Windows took no more connections, because less than 20 MB of the kernel's memory were left");
    LIMIT = sign("httperr-connection-limit", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "the site's limit of connections was reached");
    QUEUE = sign("httperr-queue-full", Cause::CircuitBreaker, Strength::Conclusive, 503,
        "the application pool's queue of requests was full");
    DISABLED = sign("httperr-disabled", Cause::ProxyLocal, Strength::Strong, 503,
        "an administrator has taken the site offline");
    ABANDONED = sign("httperr-abandoned", Cause::WorkerKilled, Strength::Conclusive, 0,
        "the worker process ended while it had the request");
}

fn values<'a, const N: usize>(i: &'a [u8], fields: &Fields) -> Option<Values<'a, N>> {
    let begins = matches!(i, [b'0'..=b'9', _, _, _, b'-', ..]) && !fields.lack(Column::Reason);
    if begins { fields.values(i, b' ', usual).filter(are_right) } else { None }
}

/// Whether the values are such as belong into their columns: two ports, and a reason such as `Timer_ConnectionIdle`,
/// `AppOffline`, `N/A`. A count of refused connections knows of none: `- - - - - - - - - 3_Connections_Refused -`.
fn are_right<const N: usize>(values: &Values<'_, N>) -> bool {
    let reason = values.get(Column::Reason);
    if counts_refused(reason) {
        return [Column::Client, Column::ClientPort].iter().all(|column| present(values.get(*column)).is_empty());
    }
    let is_reason = reason.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'/'));
    let ports = [Column::ClientPort, Column::ServerPort].map(|column| values.number(column));
    is_reason && !reason.is_empty() && ports.iter().all(Option::is_some)
}

/// `Connections_Refused`, with their number before it or not.
fn counts_refused(reason: &[u8]) -> bool {
    let number = reason.strip_suffix(b"Connections_Refused").map(|rest| rest.strip_suffix(b"_").unwrap_or(rest));
    number.is_some_and(|number| number.iter().all(u8::is_ascii_digit))
}

fn usual<const N: usize>(i: &[u8]) -> Option<Values<'_, N>> {
    // Date and time, apart by a space: told before the line is split.
    if (i.get(10), i.get(19)) != (Some(&b' '), Some(&b' ')) {
        return None;
    }
    let mut layouts = [&USUAL, &WITH_STREAM].into_iter();
    layouts.find_map(|fields| fields.values(i, b' ', |_| None).filter(are_right))
}

pub(super) fn skim<'a>(i: &'a [u8], fields: &Fields) -> Option<Skimmed<'a>> {
    values::<{ Column::OF_HTTPERR }>(i, fields)?.when(fields).map(|_| Skimmed::Full)
}

pub(super) fn read<'a>(i: &'a [u8], fields: &Fields) -> Option<Record<'a>> {
    let values = values::<{ Column::COUNT }>(i, fields)?;
    let (status, message) = (values.status(), values.get(Column::Reason));
    let what = match (status, sign_of(message, status)) {
        (Some(_), _) => What::Request,
        (None, Some(sign)) if sign == NO_MEMORY => What::State,
        (None, Some(_)) => What::Attempt,
        (None, None) => What::Notice,
    };
    Some(Record {
        what,
        when: Some(values.when(fields)?),
        status,
        group: values.get(Column::Queue),
        method: values.get(Column::Method),
        path: values.get(Column::Uri),
        client: values.get(Column::Client),
        error_reason: message,
        message,
        no_server: message == b"AppOffline",
        escape: Escape::None,
        ..Record::default()
    })
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    Verdict { request: sign_of(record.message, record.status), ..Verdict::default() }
}

/// What a reason is a sign of: those of answers with a status, and those of connections that Windows closed without
/// one.
fn sign_of(reason: &[u8], status: Option<u16>) -> Option<&'static Sign> {
    match (reason, status) {
        (b"AppOffline", Some(_)) => Some(OFFLINE),
        (b"AppShutdown", Some(_)) => Some(SHUTDOWN),
        (b"AppPoolTimer", Some(_)) => Some(POOL_BUSY),
        (b"ConnLimit", Some(_)) => Some(LIMIT),
        (b"QueueFull", Some(_)) => Some(QUEUE),
        (b"Disabled", Some(_)) => Some(DISABLED),
        (b"N/A", Some(503)) => Some(INTERNAL),
        // Windows names the second since Vista.
        (b"Connection_Abandoned_By_AppPool" | b"Connection_Abandoned_By_ReqQueue", _) => Some(ABANDONED),
        (b"Timer_AppPool" | b"Timer_ReqQueue", _) => Some(WAITED),
        (reason, None) if counts_refused(reason) => Some(NO_MEMORY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;

    #[test]
    fn names_signs() {
        let cases = [
            ("503 1 AppOffline ShopPool", What::Request, Some("httperr-app-offline")),
            ("503 1 AppShutdown ShopPool", What::Request, Some("httperr-app-shutdown")),
            ("503 1 AppPoolTimer ShopPool", What::Request, Some("httperr-app-pool-timer")),
            ("503 1 ConnLimit -", What::Request, Some("httperr-connection-limit")),
            ("503 1 QueueFull ShopPool", What::Request, Some("httperr-queue-full")),
            ("503 1 Disabled -", What::Request, Some("httperr-disabled")),
            ("503 1 N/A ShopPool", What::Request, Some("httperr-internal")),
            ("501 1 N/I ShopPool", What::Request, None),
            ("400 - BadRequest -", What::Request, None),
            ("- 1 Connection_Abandoned_By_AppPool ShopPool", What::Attempt, Some("httperr-abandoned")),
            ("- 1 Connection_Abandoned_By_ReqQueue ShopPool", What::Attempt, Some("httperr-abandoned")),
            ("- 1 Timer_AppPool ShopPool", What::Attempt, Some("httperr-queue-timer")),
            ("- 1 Timer_ReqQueue ShopPool", What::Attempt, Some("httperr-queue-timer")),
            ("- 1 Connection_Dropped ShopPool", What::Notice, None),
            ("- 1 Timer_ConnectionIdle -", What::Notice, None),
            ("- - - Timer_ConnectionIdle -", What::Notice, None),
            ("3 503 1 QueueFull ShopPool", What::Request, Some("httperr-queue-full")),
        ];
        for (end, what, kind) in cases {
            let line = format!("2026-11-27 08:00:00 203.0.113.9 52094 10.0.0.4 443 HTTP/1.1 GET /a {end}");
            let claims = Format::ALL.iter().filter(|format| format.skim(line.as_bytes()).is_some());
            assert_eq!(claims.collect::<Vec<_>>(), [&Format::IisHttperr], "{line}");
            let record = Format::IisHttperr.read(line.as_bytes()).unwrap_or_default();
            let verdict = judge(&record, &Statuses::gateway());
            assert_eq!((record.what, verdict.request.map(|sign| sign.kind)), (what, kind), "{line}");
            assert_eq!((record.method, record.path, record.client), (&b"GET"[..], &b"/a"[..], &b"203.0.113.9"[..]));
        }
        for sign in &SIGNS {
            let named = cases.iter().any(|(.., kind)| *kind == Some(sign.kind));
            assert!(named || sign == NO_MEMORY, "{}", sign.kind);
        }
    }

    /// They have neither addresses nor ports.
    #[test]
    fn reads_counts_of_refused_connections() {
        for reason in ["3_Connections_Refused", "Connections_Refused"] {
            let line = format!("2026-11-27 08:00:00 - - - - - - - - - {reason} -");
            let record = Format::IisHttperr.read(line.as_bytes()).unwrap_or_default();
            let sign = judge(&record, &Statuses::gateway()).request;
            assert_eq!((record.what, sign), (What::State, Some(NO_MEMORY)), "{line}");
        }
        for line in [
            "2026-11-27 08:00:00 - - - - - - - - - x_Connections_Refused -",
            "2026-11-27 08:00:00 - - - - - - - - - - -",
        ] {
            assert!(Format::IisHttperr.skim(line.as_bytes()).is_none(), "{line}");
        }
    }
}
