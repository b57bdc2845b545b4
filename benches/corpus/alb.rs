//! Application Load Balancer: 34 columns.

use super::text::{At, agent, client_and_port, hex, method, path, seconds, server};
use super::traffic::{Fault, GROUPS, Request};
use std::io::{self, Write};

pub(super) fn line(out: &mut Vec<u8>, request: &Request) -> io::Result<()> {
    let Request { start, lasted, group, size, bits, .. } = *request;
    let [first, second] = request.servers;
    let status = request.status.unwrap_or_default();
    let (end, name) = (At(request.end()).iso(), GROUPS[group].name);
    write!(out, "h2 {end} app/shop/50dc6c495c0c9188 {} ", client_and_port(request))?;
    // An ALB does not try again; where the traffic has a retry, the next server is the one that was asked.
    let chosen = server(group, if request.is_saved() { second } else { first });
    let asked = match request.fault {
        Some(Fault::NoServer | Fault::Local | Fault::Garbled) => None,
        _ => Some(chosen),
    };
    match &asked {
        Some(target) => write!(out, "{target} ")?,
        None => write!(out, "- ")?,
    }
    let answered = matches!(request.fault, None | Some(Fault::Saved | Fault::Busy | Fault::Broken));
    match request.fault {
        _ if answered => write!(out, "0.001 {} 0.000 {status} {status}", seconds(lasted))?,
        Some(Fault::Closed) => write!(out, "0.001 {} -1 {status} -", seconds(lasted))?,
        Some(Fault::Slow | Fault::Abandoned) => write!(out, "0.001 -1 -1 {status} -")?,
        _ => write!(out, "-1 -1 -1 {status} -")?,
    }
    write!(out, " {} {size} \"", 90 + (bits >> 32 & 511))?;
    if request.fault == Some(Fault::Garbled) {
        write!(out, "- http://www.example.com:80- -")?;
    } else {
        write!(out, "{} https://www.example.com:443{} HTTP/2.0", method(request), path(request))?;
    }
    write!(out, "\" \"{}\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 ", agent(request))?;
    if matches!(request.fault, Some(Fault::Local | Fault::Garbled)) {
        write!(out, "-")?;
    } else {
        write!(out, "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/{name}/73e2d6bc24d8a06{group}")?;
    }
    write!(out, " \"Root=1-58337262-{}\" \"www.example.com\" ", hex(request, 24))?;
    write!(out, "\"arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012\" ")?;
    let action = match request.fault {
        Some(Fault::Local) => "fixed-response",
        Some(Fault::Garbled) => "-",
        _ => "forward",
    };
    write!(out, "{} {} \"{action}\" \"-\" \"-\" ", group + 1, At(start).iso())?;
    match &asked {
        Some(target) if answered => write!(out, "\"{target}\" \"{status}\"")?,
        Some(target) => write!(out, "\"{target}\" \"-\"")?,
        None => write!(out, "\"-\" \"-\"")?,
    }
    let node = if bits >> 62 == 0 { 8 } else { 7 };
    write!(out, " \"-\" \"-\" TID_{} \"-\" \"-\" \"-\" 198.51.100.{node}", hex(request, 32))
}
