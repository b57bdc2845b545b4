//! What Azure's resource logs have in common: a category that says which log a line is of, and the log's own members in
//! `properties`. Log Analytics flattens them: into columns with a letter for their type (`httpStatus_d`), or into
//! tables of their own with capitalised columns (`HttpStatus`). Names are therefore compared in lower case and without
//! that letter.

use super::cloud;
use crate::grammar::json::Value;

/// The longest name that means anything here; longer ones are left out.
const LONGEST_NAME: usize = 32;

/// Which log a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// Application Gateway: requests.
    GatewayAccess,
    /// Application Gateway: what its firewall saw, how its instances perform.
    GatewayOther,
    /// Front Door: requests.
    DoorAccess,
    /// Front Door: health probes, what its firewall saw.
    DoorOther,
}

impl Log {
    /// By the category, by the table, or by the operation.
    fn named(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], Log); 15] = [
            (b"ApplicationGatewayAccessLog", Log::GatewayAccess),
            (b"ApplicationGatewayAccess", Log::GatewayAccess),
            (b"AGWAccessLogs", Log::GatewayAccess),
            (b"ApplicationGatewayFirewallLog", Log::GatewayOther),
            (b"ApplicationGatewayFirewall", Log::GatewayOther),
            (b"AGWFirewallLogs", Log::GatewayOther),
            (b"ApplicationGatewayPerformanceLog", Log::GatewayOther),
            (b"ApplicationGatewayPerformance", Log::GatewayOther),
            (b"AGWPerformanceLogs", Log::GatewayOther),
            (b"FrontDoorAccessLog", Log::DoorAccess),
            // Azure CDN from Microsoft, which is Front Door under another name.
            (b"AzureCdnAccessLog", Log::DoorAccess),
            (b"FrontDoorHealthProbeLog", Log::DoorOther),
            (b"FrontDoorWebApplicationFirewallLog", Log::DoorOther),
            (b"WebApplicationFirewallLogs", Log::DoorOther),
            (b"WebApplicationFirewallLog", Log::DoorOther),
        ];
        NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, log)| *log)
    }
}

/// Calls `member` with each member of a line and of its `properties`, by its name in lower case and without the letter
/// of its type; says which log the line is of.
pub(super) fn members<'a>(line: &'a [u8], mut member: impl FnMut(&[u8], Value<'a>)) -> Option<Log> {
    let (mut category, mut other) = (None, None);
    cloud::members(line, |name, value| {
        let mut lower = [0; LONGEST_NAME];
        match lowered(name, &mut lower) {
            b"category" => category = category.or(Log::named(value.text())),
            b"operationname" | b"type" => other = other.or(Log::named(value.text())),
            b"properties" => cloud::inside(value, |name, value| {
                let mut lower = [0; LONGEST_NAME];
                member(lowered(name, &mut lower), value);
            }),
            name => member(name, value),
        }
    })?;
    category.or(other)
}

/// A name in lower case and without the letter of its type; nothing where it is too long to mean anything.
fn lowered<'a>(name: &[u8], room: &'a mut [u8; LONGEST_NAME]) -> &'a [u8] {
    let name = match name {
        [plain @ .., b'_', b's' | b'd' | b'b' | b'g' | b't'] => plain,
        _ => name,
    };
    let Some(start) = room.get_mut(..name.len()) else { return b"" };
    start.copy_from_slice(name);
    // All of it, which takes a few instructions, rather than byte by byte up to where the name ends.
    room.make_ascii_lowercase();
    &room[..name.len()]
}

/// The name of the resource that an id ends with: `/SUBSCRIPTIONS/…/APPLICATIONGATEWAYS/SHOP-GATEWAY`.
pub(super) fn resource(id: &[u8]) -> &[u8] {
    let last = id.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if last.len() == id.len() { b"" } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> (Option<Log>, Vec<String>) {
        let mut names = Vec::new();
        let log = members(line.as_bytes(), |name, value| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            names.push(format!("{}={}", text(name), text(value.text())));
        });
        (log, names)
    }

    #[test]
    fn flattens_every_shape() {
        let cases = [
            r#"{"category":"ApplicationGatewayAccessLog","properties":{"httpStatus":502,"error_info":"x"}}"#,
            r#"{"Category":"ApplicationGatewayAccessLog","httpStatus_d":502,"error_info_s":"x"}"#,
            r#"{"HttpStatus":502,"Error_Info":"x","Type":"AGWAccessLogs"}"#,
            r#"{"httpStatus":502,"error_info":"x","operationName":"ApplicationGatewayAccess"}"#,
        ];
        for line in cases {
            let names = vec!["httpstatus=502".to_owned(), "error_info=x".to_owned()];
            assert_eq!(told(line), (Some(Log::GatewayAccess), names), "{line}");
        }
    }

    #[test]
    fn knows_logs_by_their_category() {
        for (line, log) in [
            (r#"{"category":"FrontdoorAccessLog"}"#, Some(Log::DoorAccess)),
            (r#"{"category":"FrontDoorHealthProbeLog"}"#, Some(Log::DoorOther)),
            (r#"{"category":"ApplicationGatewayPerformanceLog"}"#, Some(Log::GatewayOther)),
            (r#"{"category":"ResourceHealth","operationName":"Microsoft.Resourcehealth/healthevent"}"#, None),
            (r#"{"properties":{"category":"FrontdoorAccessLog"}}"#, None),
            (r#"{"category":"FrontdoorAccessLog""#, None),
            ("{}", None),
        ] {
            assert_eq!(told(line).0, log, "{line}");
        }
        let long = format!(r#"{{"category":"FrontdoorAccessLog","{}":1}}"#, "n".repeat(90));
        assert_eq!(told(&long), (Some(Log::DoorAccess), vec!["=1".to_owned()]));
    }

    #[test]
    fn names_resources() {
        assert_eq!(resource(b"/SUBSCRIPTIONS/1/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/SHOP"), b"SHOP");
        assert_eq!((resource(b"SHOP"), resource(b"")), (&b""[..], &b""[..]));
    }
}
