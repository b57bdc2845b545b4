//! HAProxy: `option httplog`, as rsyslog stores it.

use super::text::{At, client, method, path, port};
use super::traffic::{Fault, GROUPS, Request};
use std::io::{self, Write};

/// What a request went through: `SERVER TR/Tw/Tc/Tr/Ta`, the termination state, retries.
struct Way {
    /// The server's number; none where the frontend or the backend answered.
    server: Option<u16>,
    /// Whether a backend was picked.
    backend: bool,
    /// Until connected, and from there until the response.
    timers: [i64; 2],
    state: &'static str,
    retries: &'static str,
}

pub(super) fn line(out: &mut Vec<u8>, request: &Request) -> io::Result<()> {
    let Request { start, lasted, size, bits, .. } = *request;
    let Way { server, backend, timers: [connect, response], state, retries } = way(request);
    let pid = 4_000 + (bits >> 63);
    write!(out, "{} lb1 haproxy[{pid}]: {}:{} ", At(request.end()).syslog(), client(request), port(request))?;
    write!(out, "[{}.{:03}] http-in ", At(start).clf(), At(start).micros() / 1_000)?;
    let name = GROUPS[request.group].name;
    match server {
        Some(server) => write!(out, "{name}/{name}-{}", server + 1)?,
        None if backend => write!(out, "{name}/<NOSRV>")?,
        None => write!(out, "http-in/<NOSRV>")?,
    }
    let queued = if server.is_some() { 0 } else { -1 };
    write!(out, " 0/{queued}/{connect}/{response}/{} ", lasted / 1_000)?;
    match request.status {
        Some(status) => write!(out, "{status} {size}")?,
        None => write!(out, "-1 0")?,
    }
    let busy = 20 + (bits >> 50 & 63);
    write!(out, " - - {state} {busy}/{busy}/{}/{}/{retries} 0/0 \"", bits >> 44 & 15, bits >> 46 & 3)?;
    if request.fault == Some(Fault::Garbled) {
        write!(out, "<BADREQ>\"")
    } else {
        write!(out, "{} {} HTTP/1.1\"", method(request), path(request))
    }
}

fn way(request: &Request) -> Way {
    let [first, second] = request.servers;
    let millis = request.lasted / 1_000;
    let connect = millis / 64;
    let one = |server, timers, state, retries| Way { server: Some(server), backend: true, timers, state, retries };
    let nobody = |backend, state| Way { server: None, backend, timers: [-1, -1], state, retries: "0" };
    match request.fault {
        None | Some(Fault::Busy | Fault::Broken) => one(first, [connect, millis - connect], "----", "0"),
        Some(Fault::Saved) => one(second, [connect, millis - connect], "----", "+1"),
        Some(Fault::Refused | Fault::Fallback) => one(first, [-1, -1], "SC--", "3"),
        Some(Fault::Exhausted | Fault::NobodyLeft) => one(second, [-1, -1], "SC--", "+3"),
        Some(Fault::NoServer) => nobody(true, "SC--"),
        Some(Fault::Slow) => one(first, [connect.min(1), -1], "sH--", "0"),
        Some(Fault::Closed) => one(first, [connect, -1], "SH--", "0"),
        Some(Fault::Abandoned) => one(first, [connect, -1], "CH--", "0"),
        Some(Fault::Local | Fault::Garbled) => nobody(false, "PR--"),
    }
}
