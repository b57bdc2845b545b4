//! nginx: `combined`, then `rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time"
//! urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"`.

use super::text::{At, agent, client, method, path, seconds, server};
use super::traffic::{Fault, GROUPS, Request};
use std::io::{self, Write};

/// Where `error_page` sends a failed request.
const FALLBACK: &str = "10.0.9.9:8080";

pub(super) fn line(out: &mut Vec<u8>, request: &Request) -> io::Result<()> {
    let Request { lasted, size, .. } = *request;
    let status = request.status.unwrap_or_default();
    write!(out, "{} - - [{} +0000] \"", client(request), At(request.end()).clf())?;
    if request.fault == Some(Fault::Garbled) {
        write!(out, r"\x16\x03\x01\x02\x00\x01\x00")?;
    } else {
        write!(
            out,
            "{} {} HTTP/{}",
            method(request),
            path(request),
            ["1.1", "2.0"][(request.bits >> 60 & 1) as usize]
        )?;
    }
    let referer = if request.bits >> 61 & 1 == 0 { "https://www.example.com/" } else { "-" };
    write!(out, "\" {status} {size} \"{referer}\" \"{}\" rt={} ", agent(request), seconds(lasted))?;
    upstream(out, request, status)
}

/// The upstream variables. Each is a list of what every attempt gives, in order.
fn upstream(out: &mut Vec<u8>, request: &Request, status: u16) -> io::Result<()> {
    let Request { lasted, group, servers: [first, second], .. } = *request;
    let (first, second) = (server(group, first), server(group, second));
    let name = GROUPS[group].name;
    let (took, connected) = (seconds(lasted), seconds(lasted / 64));
    match request.fault {
        None | Some(Fault::Busy | Fault::Broken) => {
            let header = seconds(lasted - lasted / 64);
            write!(out, r#"uct="{connected}" uht="{header}" urt="{took}" ua="{first}" us="{status}""#)
        }
        Some(Fault::Refused) => write!(out, r#"uct="-" uht="-" urt="{took}" ua="{first}" us="502""#),
        Some(Fault::Saved) => write!(
            out,
            r#"uct="-, {connected}" uht="-, {took}" urt="0.000, {took}" ua="{first}, {second}" us="502, {status}""#
        ),
        Some(Fault::Exhausted) => {
            write!(out, r#"uct="-, -" uht="-, -" urt="0.000, {took}" ua="{first}, {second}" us="502, 502""#)
        }
        Some(Fault::NobodyLeft) => write!(
            out,
            r#"uct="-, -, -" uht="-, -, -" urt="0.000, {took}, 0.000" ua="{first}, {second}, {name}" us="502, 502, 502""#
        ),
        Some(Fault::Fallback) => write!(
            out,
            r#"uct="- : 0.000" uht="- : 0.001" urt="{took} : 0.001" ua="{first} : {FALLBACK}" us="502 : 200""#
        ),
        Some(Fault::NoServer) => write!(out, r#"uct="-" uht="-" urt="0.000" ua="{name}" us="502""#),
        Some(Fault::Slow) => write!(out, r#"uct="0.001" uht="-" urt="{took}" ua="{first}" us="504""#),
        Some(Fault::Closed) => write!(out, r#"uct="{connected}" uht="-" urt="{took}" ua="{first}" us="502""#),
        Some(Fault::Local | Fault::Garbled) => write!(out, r#"uct="-" uht="-" urt="-" ua="-" us="-""#),
        Some(Fault::Abandoned) => write!(out, r#"uct="{connected}" uht="-" urt="{took}" ua="{first}" us="-""#),
    }
}
