//! Classic Load Balancer.

use super::text::{At, agent, client_and_port, method, path, server};
use super::traffic::{Fault, Request};
use std::fmt::Display;
use std::io::{self, Write};

pub(super) fn line(out: &mut Vec<u8>, request: &Request) -> io::Result<()> {
    let Request { start, lasted, group, size, bits, .. } = *request;
    let [first, second] = request.servers;
    let status = request.status.unwrap_or_default();
    write!(out, "{} shop {} ", At(start).iso(), client_and_port(request))?;
    let chosen = server(group, if request.is_saved() { second } else { first });
    match request.fault {
        None | Some(Fault::Saved | Fault::Busy | Fault::Broken) => {
            write!(out, "{chosen} 0.000073 {} 0.000057 {status} {status}", micros(lasted))?;
        }
        Some(Fault::Closed) => write!(out, "{chosen} 0.000073 {} -1 {status} 0", micros(lasted))?,
        Some(Fault::Slow) => write!(out, "{chosen} 0.000073 -1 -1 {status} 0")?,
        // Where no connection came about, the log does not say with whom.
        _ => write!(out, "- -1 -1 -1 {status} 0")?,
    }
    write!(out, " {} {size} \"", 90 + (bits >> 32 & 511))?;
    if request.fault == Some(Fault::Garbled) {
        write!(out, "- http://www.example.com:80- -\" \"-\" - -")
    } else {
        let request_line = (method(request), path(request));
        write!(out, "{} https://www.example.com:443{} HTTP/1.1\" ", request_line.0, request_line.1)?;
        write!(out, "\"{}\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2", agent(request))
    }
}

/// Seconds with six decimals.
fn micros(micros: i64) -> impl Display {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
