//! Apache httpd's error log (`do_errorlog_default` in `server/log.c`), of 2.4 and 2.2, and with an `ErrorLogFormat`
//! that keeps to brackets.
//!
//! Apache writes several lines about one failure. Here is what it writes for one failed request, recorded from 2.4.71,
//! the line that counts first:
//!
//! | what happens | counts | is left out, or only explains | client gets |
//! | --- | --- | --- | --- |
//! | no connection | AH00957, AH02454 (unix socket): server, errno | AH00959 in a balancer; AH01114, AH01079, AH00896, … | 503 |
//! | no answer | AH01102: server, errno | AH00898 "Error reading from remote server", but not on a client's connection that served requests before | 502, or the connection is closed |
//! | bad header | AH01106: path | AH10124, AH10404 before it: why | 502 |
//! | request not taken | AH01084: server, errno | AH01097 | 504, 502 |
//! | TLS | AH01084 with 20014 | AH02039 and, at `LogLevel info`, mod\_ssl's lines before it: why; AH00898, AH01097 | 500 |
//! | FastCGI | AH01075: errno | AH01067 before it | 503, 504 |
//! | FastCGI, bad answer | AH01068, AH01070 | AH01075 with 22 | 503 |
//! | FastCGI, client gone | | AH01075 with what failed on the client's side in parentheses | 408, 400 |
//! | AJP | AH00878 and its like: server, errno | AH01030: why; AH00992 | 503; 500 to what is not sent twice |
//! | body breaks off | AH01110: errno | | 200, mostly |
//! | name does not resolve | AH00898 "DNS lookup failure" | | 500 |
//! | no member left | AH01170, AH01167, AH01171 | | 503 |
//! | `failonstatus` | AH01174: member, status | | that status |
//!
//! mod_fcgid and mod_fastcgi, which run FastCGI applications without mod_proxy, write no numbers: see [`MODULES`].
//!
//! A line that counts is an [`What::Attempt`], one that explains it an [`What::State`] with the status of the failure,
//! and one about Apache's processes a [`What::Host`]: behind another gateway, Apache is the upstream.
//! When a balancer tries one member after the other, each writes its AH00957; whether the last one saved the request no
//! line tells. An error log alone therefore counts failed attempts, as nginx's does.
//!
//! The words of clients stand behind `, referer: ` and in the paths that some messages end with, raw: a message ends
//! before them.

use super::apache_access::worker_address;
use super::nginx::request_line;
use super::record::{sign, wording};
use super::{About, Attempt, Record, Skimmed, Statuses, Verdict, What};
use crate::cause::{Cause, Matcher, Proxy, Sign, Strength};
use crate::grammar::address::{is_ip, split_port};
use crate::grammar::find::find;
use crate::grammar::number::{status, uint, whole};
use crate::grammar::text::{bracketed, place_of, until};
use crate::grammar::time::{When, Zone, asctime_micros, clf, east, iso_spaced};
use crate::grammar::{Parsed, mismatch};
use memchr::{memchr, memchr2_iter, memmem};
use nom::{
    Parser as _,
    bytes::complete::tag,
    sequence::{delimited, preceded, terminated},
};
use std::sync::LazyLock;

pub(super) static ABOUT: About = About {
    name: "apache-error",
    proxy: Proxy::APACHE,
    title: "Apache error log: what mod_proxy says of failed requests, and of its own state",
    layout: "[WEEKDAY MONTH DAY HH:MM:SS.MICROS YEAR] [MODULE:LEVEL] [pid PID:tid TID] (ERRNO)TEXT: [client ADDRESS:PORT] \
             AHNNNNN: MESSAGE, referer: URL",
    time: "when the error was met",
    source: "Apache httpd, server/log.c (do_errorlog_default) and modules/proxy",
    samples: &[
        "[Sat Nov 21 02:57:45.294280 2026] [proxy:error] [pid 18321:tid 18324] (111)Connection refused: AH00957: http: attempt to connect to 127.0.0.1:9199 (127.0.0.1:9199) failed",
        "[Sat Nov 21 02:57:47.769876 2026] [proxy_http:error] [pid 18455:tid 18459] (70007)The timeout specified has expired: [client 203.0.113.9:39124] AH01102: error reading status line from remote server 127.0.0.1:9106, referer: https://shop.example.com/cart",
        "[Sat Nov 21 02:57:55.278173 2026] [proxy:error] [pid 18631:tid 18671] (2)No such file or directory: AH02454: http: attempt to connect to Unix domain socket /run/shop/app.sock (localhost:80) failed",
        "[Sat Nov 21 02:58:33.743350 2026] [proxy_fcgi:error] [pid 18321:tid 18342] (70007)The timeout specified has expired: [client 203.0.113.9:34806] AH01075: Error dispatching request to : (polling)",
        "[Sat Nov 21 02:59:59.547495 2026] [ssl:error] [pid 18631:tid 18691] [remote 127.0.0.1:9443] AH02039: Certificate Verification: Error (18): self-signed certificate",
        "[Sat Nov 21 03:10:12.120041 2026] [proxy_balancer:error] [pid 9911:tid 9930] [client 203.0.113.9:41022] AH01170: balancer://api: All workers are in error state",
    ],
    signs: &[&SIGNS, &OWN_STATUS, &OTHERS],
};

/// The wordings of Apache's own messages, most behind an errno: `(111)Connection refused: `. Numbers from 20014 on are
/// the portable runtime's (`apr_errno.h`), the others Linux's, BSD and macOS's, and Windows's.
static SIGNS: [Sign; 71] = [
    // Connecting: ap_proxy_connect_backend in modules/proxy/proxy_util.c
    wording(
        "apache-connect-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        503,
        "the upstream refused the connection",
        r"^\((?:OS )?(?:111|61|10061|146)\).*attempt to connect to ",
    ),
    wording(
        "apache-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        503,
        "the upstream did not accept the connection in time",
        r"^\((?:OS )?(?:70007|110|60|10060|145)\).*attempt to connect to ",
    ),
    wording(
        "apache-connect-unreachable",
        Cause::HostUnreachable,
        Strength::Conclusive,
        503,
        "the upstream's host or network could not be reached",
        r"^\((?:OS )?(?:113|101|112|65|51|64|10065|10051|148)\).*attempt to connect to ",
    ),
    wording(
        "apache-connect-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        503,
        "Apache was not allowed to connect to the upstream",
        r"^\((?:OS )?(?:13|1|10013)\).*attempt to connect to ",
    ),
    wording(
        "apache-connect-socket-missing",
        Cause::SocketMissing,
        Strength::Conclusive,
        503,
        "the unix socket does not exist",
        r"^\(2\).*attempt to connect to Unix domain socket ",
    ),
    wording(
        "apache-connect-backlog",
        Cause::BacklogFull,
        Strength::Conclusive,
        503,
        "the unix socket's queue of waiting connections was full",
        r"^\((?:11|35)\).*attempt to connect to Unix domain socket ",
    ),
    wording(
        "apache-connect-no-local-port",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "Apache had no local port left for the connection",
        r"^\((?:OS )?(?:99|49|10049|10055|105|55)\).*(?:attempt to connect to |failed to bind socket to local address)",
    ),
    wording(
        "apache-no-descriptor",
        Cause::ProxyExhausted,
        Strength::Conclusive,
        503,
        "Apache had no file descriptor left for the connection",
        r"^\((?:OS )?(?:24|23|10024)\).*(?:error creating fam |attempt to connect to )",
    ),
    wording(
        "apache-connect-reset",
        Cause::ConnectionReset,
        Strength::Conclusive,
        503,
        "the connection was reset while it was being made",
        r"^\((?:OS )?(?:104|54|10054|103|53|10053)\).*attempt to connect to ",
    ),
    wording(
        "apache-bind-failed",
        Cause::ProxyExhausted,
        Strength::Strong,
        503,
        "Apache could not bind a local address for the connection",
        r"failed to bind socket to local address",
    ),
    // No server: ap_proxy_acquire_connection, mod_proxy_balancer.c
    wording(
        "apache-worker-disabled",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        503,
        "the worker was out of use after an earlier failure, and was not tried",
        r": disabled connection for \(",
    ),
    wording(
        "apache-no-worker-left",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        503,
        "all members of the balancer were out of use",
        r"[:.] All workers are in error state",
    ),
    wording(
        "apache-no-worker",
        Cause::NoLiveUpstream,
        Strength::Conclusive,
        503,
        "the balancer has no members",
        r": No workers in balancer",
    ),
    wording(
        "apache-all-busy",
        Cause::NoLiveUpstream,
        Strength::Strong,
        503,
        "no member of the balancer could take the request",
        r"all workers are busy",
    ),
    wording(
        "apache-pool-full",
        Cause::CircuitBreaker,
        Strength::Conclusive,
        503,
        "all connections that `max=` allows to the worker were in use for as long as `acquire=` allows",
        r": failed to acquire connection for \(",
    ),
    wording(
        "apache-unresolved",
        Cause::DnsFailure,
        Strength::Conclusive,
        500,
        "the upstream's name did not resolve",
        r"DNS lookup failure for: |failed to resolve hostname ",
    ),
    wording(
        "apache-blocked",
        Cause::Blocked,
        Strength::Conclusive,
        403,
        "ProxyBlock forbids this upstream",
        r"[Cc]onnect to remote machine (?:.* )?blocked",
    ),
    wording(
        "apache-no-handler",
        Cause::NoRoute,
        Strength::Conclusive,
        500,
        "no module is loaded that speaks the upstream's protocol",
        r"No protocol handler was valid",
    ),
    // The answer: mod_proxy_http.c
    wording(
        "apache-response-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        502,
        "the upstream did not answer in time",
        r"^\((?:OS )?(?:70007|110|60|10060)\).*error reading status line from remote server",
    ),
    wording(
        "apache-answer-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        502,
        "the upstream reset the connection before it answered",
        r"^\((?:OS )?(?:104|54|10054|103|53|10053)\).*error reading status line from remote server",
    ),
    wording(
        "apache-answer-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        502,
        "the upstream closed the connection before it answered",
        r"error reading status line from remote server",
    ),
    wording(
        "apache-bad-status-line",
        Cause::InvalidResponse,
        Strength::Conclusive,
        502,
        "the upstream's answer does not begin as HTTP does",
        r"Corrupt status line returned by remote server|Malformed connection header|Unexpected Upgrade: |Too many \(\d+\) interim",
    ),
    wording(
        "apache-bad-header",
        Cause::InvalidResponse,
        Strength::Strong,
        502,
        "the upstream's response header could not be used",
        r"bad HTTP/\d\.\d header",
    ),
    wording(
        "apache-header-name",
        Cause::InvalidResponse,
        Strength::Conclusive,
        500,
        "the name or value of a response header breaks the protocol",
        r"^AH02429: |^AH02430: |Response header (?:name|'.*' value) .*invalid characters",
    ),
    wording(
        "apache-header-too-big",
        Cause::HeaderTooBig,
        Strength::Conclusive,
        502,
        "a line of the upstream's response header was longer than ResponseFieldSize",
        r"header size is over the limit allowed by ResponseFieldSize",
    ),
    wording(
        "apache-header-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        502,
        "the upstream stalled in the middle of its response header",
        r"^\((?:OS )?(?:70007|110|60|10060)\).*Error reading headers from backend",
    ),
    wording(
        "apache-header-invalid",
        Cause::InvalidResponse,
        Strength::Conclusive,
        502,
        "the response header that the upstream sent breaks the protocol",
        r"^\((?:OS )?22\).*Error reading headers from backend",
    ),
    wording(
        "apache-header-cut",
        Cause::ClosedEarly,
        Strength::Conclusive,
        502,
        "the upstream closed the connection in the middle of its response header",
        r"Error reading headers from backend",
    ),
    wording(
        "apache-body-timeout",
        Cause::BodyTimeout,
        Strength::Conclusive,
        0,
        "the upstream stalled in the middle of its response",
        r"^\((?:OS )?(?:70007|110|60|10060)\).*(?:error reading response|network error reading)",
    ),
    wording(
        "apache-body-invalid",
        Cause::InvalidResponse,
        Strength::Strong,
        // The first chunk is read before the header is passed on.
        502,
        "the body that the upstream sent breaks the protocol",
        r"^\((?:20014|22)\).*error reading response|Response chunk/line was too large to parse|Response Transfer-Encoding was not recognised",
    ),
    wording(
        "apache-body-cut",
        Cause::TruncatedResponse,
        Strength::Conclusive,
        0,
        "the upstream closed the connection in the middle of its response",
        r"^\((?:OS )?(?:70008|70014|104|54|10054|103|53|10053|32)\).*(?:error reading response|network error reading)|Unexpected empty data reading response",
    ),
    // The request: ap_proxy_pass_brigade
    wording(
        "apache-send-timeout",
        Cause::ResponseTimeout,
        Strength::Strong,
        504,
        "the upstream did not take the request in time",
        r"^\((?:OS )?(?:70007|110|60|10060)\).*pass request body failed to ",
    ),
    wording(
        "apache-tls-failed",
        Cause::TlsHandshake,
        Strength::Strong,
        500,
        "the TLS handshake with the upstream failed",
        r"^\(20014\).*pass request body failed to ",
    ),
    wording(
        "apache-tls-failed-old",
        Cause::TlsHandshake,
        Strength::Strong,
        // mod_ssl returned a status where an errno belongs; the last releases of 2.2 made it a 500.
        502,
        "the TLS handshake with the upstream failed",
        r"^\(502\).*pass request body failed to ",
    ),
    wording(
        "apache-request-cut",
        Cause::ClosedEarly,
        Strength::Strong,
        502,
        "the upstream closed the connection while Apache was still sending the request",
        r"pass request body failed to |sending data to .* failed$",
    ),
    // TLS: modules/ssl/ssl_engine_io.c, ssl_engine_kernel.c
    wording(
        "apache-tls-verify",
        Cause::TlsCertificate,
        Strength::Conclusive,
        500,
        "Apache did not accept the upstream's certificate",
        r"Certificate Verification: |certificate verify failed|SSL Proxy: Peer certificate is expired",
    ),
    wording(
        "apache-tls-name",
        Cause::TlsCertificate,
        Strength::Conclusive,
        500,
        "the upstream's certificate is for another name",
        r"SSL Proxy: Peer certificate (?:does not match|CN mismatch)",
    ),
    wording(
        "apache-tls-to-plain",
        Cause::ProtocolMismatch,
        Strength::Conclusive,
        500,
        "the upstream does not speak TLS on that port",
        r"^SSL Library Error: .*(?:wrong version number|unknown protocol|http request|packet length too long)",
    ),
    wording(
        "apache-tls-alert",
        Cause::TlsHandshake,
        Strength::Conclusive,
        500,
        "one side of the TLS handshake refused the other's terms",
        r"^SSL Library Error: ",
    ),
    wording(
        "apache-tls-off",
        Cause::TlsHandshake,
        Strength::Conclusive,
        500,
        "Apache is not set up to speak TLS to upstreams",
        r"failed to enable ssl support for ",
    ),
    // FastCGI, AJP, SCGI: mod_proxy_fcgi.c, mod_proxy_ajp.c, mod_proxy_scgi.c
    wording(
        "apache-fcgi-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        504,
        "the FastCGI application did not answer in time",
        r"^\((?:OS )?(?:70007|110|60|10060)\).*Error dispatching request to ",
    ),
    wording(
        "apache-fcgi-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        503,
        "the FastCGI application reset the connection before it answered",
        r"^\((?:OS )?(?:104|54|10054|103|53|10053)\).*Error dispatching request to ",
    ),
    wording(
        "apache-fcgi-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        503,
        "the FastCGI application closed the connection before it answered",
        r"Error dispatching request to |Failed [Ww]riting (?:Request|Environment) to ",
    ),
    wording(
        "apache-fcgi-not-fastcgi",
        Cause::ProtocolMismatch,
        Strength::Conclusive,
        503,
        "the upstream's answer was not FastCGI",
        r"Got bogus (?:version|rid) ",
    ),
    wording(
        "apache-fcgi-bad-header",
        Cause::InvalidResponse,
        Strength::Conclusive,
        503,
        "the header that the FastCGI application sent could not be read",
        r"Error parsing script headers",
    ),
    wording(
        "apache-ajp-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        // As of the others: 500 to what is not sent twice, and with `ping=` 504.
        503,
        "the AJP server did not answer in time",
        r"^\((?:OS )?(?:70007|110|60|10060)\).*(?:read response failed from|dialog to|request failed to|ajp_ilink_receive\(\)) ",
    ),
    wording(
        "apache-ajp-no-pong",
        Cause::ResponseTimeout,
        Strength::Strong,
        503,
        "the AJP server took the connection, but did not say in time that it is ready (`ping=`)",
        r"^\((?:OS )?(?:70007|110|60|10060)\).*cping/cpong failed to ",
    ),
    wording(
        "apache-ajp-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        503,
        "the AJP server reset the connection before it answered",
        r"^\((?:OS )?(?:104|54|10054|103|53|10053)\).*(?:read response failed from|dialog to|request failed to|send failed to|cping/cpong failed to|ajp_ilink_receive\(\)) ",
    ),
    wording(
        "apache-ajp-no-header",
        Cause::ClosedEarly,
        // AJP_ENO_HEADER, AJP_EBAD_MESSAGE: why, the line before it says.
        Strength::Weak,
        503,
        "no answer came from the AJP server",
        r"^\(12000[68]\).*(?:read response failed from|dialog to) ",
    ),
    wording(
        "apache-ajp-not-ajp",
        Cause::ProtocolMismatch,
        // AJP_EBAD_HEADER
        Strength::Strong,
        503,
        "the upstream's answer was not AJP",
        r"^\(120007\).*(?:read response failed from|dialog to) ",
    ),
    wording(
        "apache-ajp-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        503,
        "the AJP server closed the connection before it answered",
        r"^\((?:[^1]|1[^2]).*(?:read response failed from|dialog to) |(?:request failed to|send failed to|cping/cpong failed to|ajp_ilink_receive\(\)) ",
    ),
    wording(
        "apache-scgi-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        504,
        "the SCGI application did not answer in time",
        r"^Script timed out before returning",
    ),
    wording(
        "apache-scgi-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        500,
        "the SCGI application closed the connection before it answered",
        r"^End of script output before",
    ),
    // mod_fcgid: fcgid_proc_unix.c, fcgid_bridge.c. But for the last, the client gets 500.
    wording(
        "apache-fcgid-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        500,
        "the FastCGI application did not answer in time (`FcgidIOTimeout`)",
        r"mod_fcgid: read data timeout in ",
    ),
    wording(
        "apache-fcgid-reset",
        Cause::ConnectionReset,
        Strength::Strong,
        500,
        "the FastCGI application reset the connection before it answered",
        r"mod_fcgid: error reading data from FastCGI server",
    ),
    wording(
        "apache-fcgid-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        500,
        "the FastCGI application closed the connection before it answered",
        r"mod_fcgid: error reading data, FastCGI server closed|mod_fcgid: error writing data to FastCGI server",
    ),
    wording(
        "apache-fcgid-no-process",
        Cause::QueueTimeout,
        Strength::Strong,
        503,
        "no FastCGI process became free, and none could be started",
        r"mod_fcgid: can't apply process slot for ",
    ),
    wording(
        "apache-fcgid-crashed",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "a FastCGI process crashed, with the request that it served",
        r"^mod_fcgid: process .* get (?:unexpected )?signal ",
    ),
    // mod_fastcgi: mod_fastcgi.c. The client gets 500.
    wording(
        "apache-fastcgi-refused",
        Cause::ConnectionRefused,
        Strength::Conclusive,
        500,
        "the FastCGI application refused the connection",
        r"^\((?:111|61|146)\).*FastCGI: failed to connect to ",
    ),
    wording(
        "apache-fastcgi-backlog",
        Cause::BacklogFull,
        Strength::Conclusive,
        500,
        "the socket's queue of waiting connections was full",
        r"^\((?:11|35)\).*FastCGI: failed to connect to ",
    ),
    wording(
        "apache-fastcgi-socket-missing",
        Cause::SocketMissing,
        Strength::Conclusive,
        500,
        "the unix socket does not exist",
        r"^\(2\).*FastCGI: failed to connect to ",
    ),
    wording(
        "apache-fastcgi-denied",
        Cause::PermissionDenied,
        Strength::Conclusive,
        500,
        "Apache was not allowed to connect to the FastCGI application",
        r"^\((?:13|1)\).*FastCGI: failed to connect to ",
    ),
    wording(
        "apache-fastcgi-connect-timeout",
        Cause::ConnectTimeout,
        Strength::Conclusive,
        500,
        "the FastCGI application did not accept the connection in time",
        r"FastCGI: failed to connect to .* timed out",
    ),
    wording(
        "apache-fastcgi-timeout",
        Cause::ResponseTimeout,
        Strength::Conclusive,
        500,
        "the FastCGI application did not answer in time (`-idle-timeout`)",
        r"FastCGI: comm with .* idle timeout \(",
    ),
    wording(
        "apache-fastcgi-reset",
        Cause::ConnectionReset,
        Strength::Conclusive,
        500,
        "the FastCGI application reset the connection before it answered",
        r"^\((?:104|54|103|53)\).*FastCGI: comm with ",
    ),
    wording(
        "apache-fastcgi-closed",
        Cause::ClosedEarly,
        Strength::Strong,
        500,
        "the FastCGI application closed the connection before its header was complete",
        r"FastCGI: incomplete headers \(|FastCGI: comm with .* aborted: (?:read|write) failed",
    ),
    wording(
        "apache-fastcgi-bad-header",
        Cause::InvalidResponse,
        Strength::Conclusive,
        500,
        "the header that the FastCGI application sent could not be read",
        r"FastCGI: comm with .* aborted: error parsing",
    ),
    // Apache itself: server/mpm
    wording(
        "apache-workers-used-up",
        Cause::ProxyExhausted,
        Strength::Strong,
        0,
        "all of Apache's own workers were busy",
        r"reached Max(?:RequestWorkers|Clients) setting|within MinSpareThreads of Max|scoreboard is full",
    ),
    wording(
        "apache-child-crashed",
        Cause::WorkerKilled,
        Strength::Strong,
        0,
        "a child process of Apache crashed, with the requests that it served",
        r"child pid \d+ exit signal ",
    ),
    wording(
        "apache-stopping",
        Cause::Draining,
        Strength::Strong,
        0,
        "Apache was stopped",
        r"shutting down|still did not exit, sending a SIG",
    ),
    wording(
        "apache-reloading",
        Cause::Draining,
        Strength::Weak,
        0,
        "Apache was told to load its configuration again",
        r"doing restart|Doing graceful restart|Attempting to restart",
    ),
];

/// What a balancer's `failonstatus` saw: the upstream's own answers.
static OWN_STATUS: [Sign; 4] = [
    own_status("apache-failonstatus-502", 502),
    own_status("apache-failonstatus-503", 503),
    own_status("apache-failonstatus-504", 504),
    own_status("apache-failonstatus-other", 500),
];

const fn own_status(kind: &'static str, status: u16) -> Sign {
    sign(
        kind,
        Cause::UpstreamError,
        Strength::Conclusive,
        status,
        "the balancer's member answered with a status that `failonstatus` names",
    )
}

/// What says nothing about a cause, and is told all the same.
static OTHERS: [Sign; 3] = [
    sign(
        "apache-unrecognised",
        Cause::Unknown,
        Strength::Silent,
        503,
        "Apache logged an error about the upstream that is not in the catalogue",
    ),
    sign(
        "apache-worker-taken-out",
        Cause::Unknown,
        Strength::Silent,
        0,
        "Apache took the balancer's member out of use for a while",
    ),
    sign(
        "apache-started",
        Cause::Unknown,
        Strength::Silent,
        0,
        "Apache started, or had loaded its configuration again",
    ),
];
static UNRECOGNISED: &Sign = &OTHERS[0];
static TAKEN_OUT: &Sign = &OTHERS[1];
static STARTED: &Sign = &OTHERS[2];

/// Messages that stand for one failed attempt or request, each once.
const FAILURES: &[u32] = &[
    858, 868, 876, 878, 893, 897, 934, 938, 940, 941, 952, 956, 957, 958, 961, 1068, 1069, 1070, 1073, 1074, 1075,
    1084, 1102, 1106, 1110, 1144, 1167, 1170, 1171, 1174, 2327, 2429, 2430, 2454, 2475, 2476, 10098, 10293,
];

/// Messages that say why a request failed that another message counts.
const REASONS: &[u32] = &[1030, 1032, 10124, 10404];

/// The same, of mod_ssl, which writes them of clients too.
const TLS_REASONS: &[u32] = &[2004, 2005, 2039, 2040, 2276, 2411];

/// Messages about Apache's own workers, and about members of a balancer.
const STATES: &[u32] = &[161, 286, 287, 288, 484, 485, 959, 2460, 3490, 10159];

/// Messages of the process models (prefork, worker, Windows's, event) about a start or the end of a reload.
const STARTS: &[u32] = &[163, 292, 455, 489];

/// Messages about processes: a child that does not stop; a child's crash; in each of the models a stop, a graceful one,
/// a graceful reload, a reload.
const PROCESS_EVENTS: &[u32] = &[45, 46, 51, 52, 169, 170, 171, 173, 295, 296, 297, 298, 491, 492, 493, 494];

/// The numbers that 2.4 gives to what 2.2 wrote without one.
const WORDS: [(&[u8], u32); 25] = [
    (b"attempt to connect to Unix domain socket ", 2454),
    (b"attempt to connect to ", 957),
    (b"ap_proxy_connect_backend disabling worker for (", 959),
    (b": disabled connection for (", 940),
    (b": failed to acquire connection for (", 941),
    (b" All workers are in error state", 1170),
    (b": No workers in balancer", 1171),
    (b"error reading status line from remote server ", 1102),
    (b"Error reading from remote server", 898),
    (b"DNS lookup failure for: ", 898),
    (b"Connect to remote machine blocked", 898),
    (b"Corrupt status line returned by remote server", 898),
    (b"pass request body failed to ", 1084),
    (b"error reading response", 1110),
    (b"proxy: AJP: request failed to ", 868),
    (b"proxy: send failed to ", 876),
    (b"proxy: read response failed from ", 878),
    (b"proxy: dialog to ", 893),
    (b"proxy: AJP: cping/cpong failed to ", 897),
    (b"ajp_ilink_receive() can't receive header", 1030),
    (b"ajp_ilink_receive() error while receiving message body", 1032),
    (b"reached MaxClients setting", 161),
    (b" configured -- resuming normal operations", 163),
    (b"caught SIGTERM, shutting down", 169),
    (b"child pid ", 52),
];

/// How messages of modules that are not Apache's own begin, which have no number: mod_fcgid, mod_fastcgi, mod_security.
/// mod_fastcgi says that the header is incomplete after whatever else it says of the connection.
const MODULES: [(&[u8], What); 8] = [
    (b"mod_fcgid: read data timeout in ", What::Attempt),
    (b"mod_fcgid: error reading data", What::Attempt),
    (b"mod_fcgid: error writing data to FastCGI server", What::Attempt),
    (b"mod_fcgid: can't apply process slot for ", What::Attempt),
    (b"FastCGI: failed to connect to ", What::Attempt),
    (b"FastCGI: incomplete headers (", What::Attempt),
    (b"FastCGI: comm with ", What::State),
    (b"ModSecurity: Access denied with code 503", What::Attempt),
];

/// What a client or its connection did, in the parentheses behind AH01075 (`dispatch` in mod_proxy_fcgi.c).
const CLIENTS_SIDE: [&[u8]; 3] = [
    b"(reading input brigade)",
    b"(passing brigade to output filters)",
    b"(passing headers brigade to output filters)",
];

static MATCHER: LazyLock<Option<Matcher>> = LazyLock::new(|| Matcher::new(&SIGNS).ok());

pub(super) fn skim(line: &[u8]) -> Option<Skimmed<'_>> {
    opening(line).is_ok().then_some(Skimmed::Full)
}

pub(super) fn read(line: &[u8]) -> Option<Record<'_>> {
    let (text, head) = head(line).ok()?;
    let text = before(text, b", referer: ");
    let (text, request) = cut_request(text);
    let message = Message::of(text);
    let mut record = Record {
        what: message.tells(&head),
        when: head.when,
        level: head.level,
        pid: head.pid,
        client: head.client(),
        message: text,
        ..Record::default()
    };
    match record.what {
        // Invalid URI in request
        What::Notice if message.code == 126 => {
            (record.method, record.path) = request_line(after(message.words, b"in request "));
        }
        What::Notice => {}
        What::Host => {
            record.group = b"apache";
            record.pid = uint(after(message.words, b"child pid ")).map_or(head.pid, |(_, pid)| Some(pid));
        }
        _ => {
            (record.method, record.path) = request;
            record.upstream = if TLS_REASONS.contains(&message.code) { head.remote } else { message.upstream() };
            record.group = message.group();
            record.names_upstream = !record.upstream.is_empty();
            record.no_server = record.upstream.is_empty() && !record.group.is_empty();
            record.attempts.push(Attempt { upstream: record.upstream, ..Attempt::default() });
        }
    }
    // mod_security ends its messages with `[hostname "shop.example.com"] [uri "/cart"] [unique_id "…"]`.
    if matches!(record.what, What::Notice | What::Attempt) && place_of(text, b"ModSecurity: ").is_some() {
        let tag = |name: &[u8]| between(text, name, b"\"]");
        (record.host, record.path) = (tag(b" [hostname \""), tag(b" [uri \""));
        record.trace_id = tag(b" [unique_id \"");
    }
    Some(record)
}

pub(super) fn judge(record: &Record<'_>, _statuses: &Statuses) -> Verdict {
    if record.what == What::Notice {
        return Verdict::default();
    }
    let text = behind_source(record.message);
    let sign = Message::of(text).sign(text);
    let request = (record.what != What::State).then_some(sign);
    Verdict { request, attempts: record.attempts.iter().map(|_| Some(sign)).collect(), ..Verdict::default() }
}

/// What stands before a message.
#[derive(Clone, Copy, Debug, Default)]
struct Head<'a> {
    when: Option<When>,
    module: &'a [u8],
    level: &'a [u8],
    pid: Option<u64>,
    /// The client's address and, since 2.4, its port.
    client: &'a [u8],
    /// The other end, with its port, of a connection without a place on the scoreboard: the upstream's where Apache
    /// itself opened it (mod_ssl), the client's in a request over HTTP/2.
    remote: &'a [u8],
}

/// `[Sat Nov 21 02:57:45.294280 2026] [proxy:error] [pid 18321:tid 18324] `, and what follows it. To syslog Apache
/// writes no time, at the start (`AH00558: apache2: Could not …`) nothing at all. The client stands here or, with an
/// errno before it, in the message.
fn head(i: &[u8]) -> Parsed<'_, Head<'_>> {
    let (rest, mut head) = opening(i)?;
    // `mod_proxy.c(470): (111)Connection refused: [client …] `, and with one of the two.
    let text = behind_source(rest);
    head.groups(errno(text).map_or(text, |(after, _)| after));
    Ok((rest, head))
}

/// [`head`], but for what stands in the message.
fn opening(i: &[u8]) -> Parsed<'_, Head<'_>> {
    if numbered(i).is_ok() {
        return Ok((i, Head::default()));
    }
    let mut head = Head::default();
    let (mut rest, inside) = bracketed(i)?;
    head.when = stamp(inside);
    if head.when.is_none() {
        rest = i;
    }
    rest = head.groups(rest.trim_ascii_start());
    let named = head.pid.is_some() && (!head.module.is_empty() || inside.first() == Some(&b':'));
    let known = !head.level.is_empty() && (head.when.is_some() || named || !head.client.is_empty());
    // Others write ISO stamps and levels in brackets too, but not the module before the level.
    let ambiguous = inside.first().is_some_and(u8::is_ascii_digit) && head.module.is_empty();
    if !known || ambiguous {
        return mismatch();
    }
    Ok((rest, head))
}

/// The default's stamp, and those of `%{c}t`, `%{cu}t` and `%{cz}t`: compact, with microseconds, with the zone. Some
/// have the access log's there.
fn stamp(inside: &[u8]) -> Option<When> {
    let zoned = |i| {
        (asctime_micros, preceded(tag(" "), east)).parse(i).map(|(rest, (when, zone))| (rest, When { zone, ..when }))
    };
    whole(inside, asctime_micros)
        .or_else(|| whole(inside, iso_spaced))
        .or_else(|| whole(inside, zoned))
        .or_else(|| whole(inside, clf).filter(|when| matches!(when.zone, Zone::Offset(_))))
}

impl<'a> Head<'a> {
    /// The client's address, without its port.
    fn client(&self) -> &'a [u8] {
        let over_http2 = self.client.is_empty() && self.module != b"ssl";
        let client = if over_http2 { self.remote } else { self.client };
        // 2.2, which names neither a module nor the process, writes no port.
        let is_whole = self.module.is_empty() && self.pid.is_none() && is_ip(client);
        if is_whole { client } else { without_port(client) }
    }

    /// Reads brackets as long as they are such as Apache writes before a message; gives what follows.
    fn groups(&mut self, mut rest: &'a [u8]) -> &'a [u8] {
        while let Ok((after, group)) = bracketed(rest) {
            let (after, group) = with_address(rest, after, group);
            if !self.group(group) {
                break;
            }
            // 2.2 writes `[error](111)Connection refused`.
            rest = after.strip_prefix(b" ").unwrap_or(after);
        }
        rest
    }

    fn group(&mut self, group: &'a [u8]) -> bool {
        if let Some(process) = group.strip_prefix(b"pid ") {
            self.pid = uint(process).ok().map(|(_, pid)| pid);
        } else if let Some(client) = group.strip_prefix(b"client ") {
            // ModSecurity repeats it, without the port.
            self.client = if self.client.is_empty() { client } else { self.client };
        } else if let Some(remote) = group.strip_prefix(b"remote ") {
            self.remote = remote;
        } else {
            let colon = find(b':', group);
            let (module, level) = colon.map_or((&b""[..], group), |colon| (&group[..colon], &group[colon + 1..]));
            if !is_level(level) {
                // `[R:%L]` and `[C:%{c}L]` of the manual's layouts.
                return matches!(module, b"R" | b"C");
            }
            (self.module, self.level) = (module, level);
        }
        true
    }
}

/// A group, and what follows it, where the group's address stands in brackets of its own: `[client
/// [2001:db8::9]:39124]`.
fn with_address<'a>(i: &'a [u8], after: &'a [u8], group: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let end = find(b'[', group).and_then(|_| memchr(b']', after));
    end.map_or((after, group), |end| (&after[end + 1..], &i[1..i.len() - after.len() + end]))
}

fn is_level(word: &[u8]) -> bool {
    matches!(word, b"emerg" | b"alert" | b"crit" | b"error" | b"warn" | b"notice" | b"info" | b"debug")
        || matches!(word, [b't', b'r', b'a', b'c', b'e', b'1'..=b'8'])
}

/// `203.0.113.9:39124`, `2001:db8::9:39124` and `[2001:db8::9]:39124` without the port. 2.2 writes none.
fn without_port(client: &[u8]) -> &[u8] {
    let groups = client.iter().filter(|byte| **byte == b':').count();
    match groups {
        0 => client,
        // Without `::`, eight groups are an address and a ninth is the port.
        2..=7 if place_of(client, b"::").is_none() => client,
        _ => match split_port(client).0 {
            [b'[', inside @ .., b']'] => inside,
            address => address,
        },
    }
}

/// A message without the source file that it begins with from `LogLevel debug` on.
fn behind_source(text: &[u8]) -> &[u8] {
    source(text).map_or(text, |(rest, ())| rest)
}

/// `mod_proxy.c(1234): `
fn source(i: &[u8]) -> Parsed<'_, ()> {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let length = i.iter().take_while(|byte| name(byte)).count();
    if !i[..length].ends_with(b".c") {
        return mismatch();
    }
    let (rest, _) = (tag("("), uint, tag("): ")).parse(&i[length..])?;
    Ok((rest, ()))
}

/// `(111)Connection refused: `, `(OS 10061)No connection could be made …: `, `(EAI 2)Name or service not known: `.
fn errno(i: &[u8]) -> Parsed<'_, &[u8]> {
    let inside = |i| terminated(until(b')'), tag(")")).parse(i);
    let (text, errno) = preceded(tag("("), inside).parse(i)?;
    let digits = errno.strip_prefix(b"OS ").or_else(|| errno.strip_prefix(b"EAI ")).unwrap_or(errno);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return mismatch();
    }
    // The manual's example has no colon: `(13)Permission denied [client 203.0.113.9] …`.
    match (place_of(text, b": "), place_of(text, b" [client ")) {
        (colon, Some(client)) if colon.is_none_or(|colon| client < colon) => Ok((&text[client + 1..], errno)),
        (Some(colon), _) => Ok((&text[colon + 2..], errno)),
        _ => mismatch(),
    }
}

/// `AH00957: `
fn numbered(i: &[u8]) -> Parsed<'_, u32> {
    let (rest, number) = delimited(tag("AH"), uint, tag(": ")).parse(i)?;
    let length = i.len() - rest.len();
    match u32::try_from(number) {
        Ok(number) if (9..=10).contains(&length) => Ok((rest, number)),
        _ => mismatch(),
    }
}

/// `text` up to the first `mark`.
fn before<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    &text[..place_of(text, mark).unwrap_or(text.len())]
}

/// Where messages begin to quote what a client sent, or an application: at a space or a colon.
const QUOTES: [&[u8]; 6] = [
    b" returned by /",
    b" Unable to serve /",
    b" for the URL /",
    b" Bad response header: ",
    b": Got error '",
    b" headers: ",
];

/// A message without the request that it ends with, and the request's method and path, where it names them:
/// `… returned by /cart`, `… returned by /cart (GET)`.
fn cut_request(text: &[u8]) -> (&[u8], (&[u8], &[u8])) {
    let quote = |at: usize| Some((at, QUOTES.iter().find(|mark| text[at..].starts_with(mark))?));
    let Some((start, mark)) = memchr2_iter(b' ', b':', text).find_map(quote) else {
        return (text, (b"", b""));
    };
    let path = &text[start + mark.len() - 1..];
    if !path.starts_with(b"/") {
        return (&text[..start], (b"", b""));
    }
    let path = before(path, b" (scheme ");
    let inner = path.strip_suffix(b")").unwrap_or_default();
    let request = match memmem::rfind(inner, b" (") {
        Some(at) if inner[at + 2..].iter().all(u8::is_ascii_uppercase) => (&inner[at + 2..], &path[..at]),
        _ => (&b""[..], path),
    };
    (&text[..start], request)
}

/// A message, taken apart.
#[derive(Clone, Copy, Debug)]
struct Message<'a> {
    /// What stands in the parentheses of `(111)Connection refused`.
    errno: &'a [u8],
    /// The number of `AH00957`; where the line has none, that of 2.4 for the same words; else 0.
    code: u32,
    /// What follows the number.
    words: &'a [u8],
}

impl<'a> Message<'a> {
    fn of(text: &'a [u8]) -> Self {
        let words = behind_source(text);
        let (rest, errno) = errno(words).unwrap_or((words, b""));
        let rest = if rest.len() == text.len() { rest } else { Head::default().groups(rest) };
        let (words, code) = numbered(rest).unwrap_or_else(|_| {
            let code = code_of(rest);
            (rest.strip_prefix(b"proxy: ").unwrap_or(rest), code)
        });
        Self { errno, code, words }
    }

    /// What kind of thing the line tells. See the [module](self) for which of several lines counts.
    fn tells(&self, head: &Head<'_>) -> What {
        match self.code {
            1075 if self.errno == b"22" || CLIENTS_SIDE.iter().any(|side| self.words.ends_with(side)) => What::Notice,
            code if FAILURES.contains(&code) => What::Attempt,
            898 if !self.words.starts_with(b"Error ") && !self.words.starts_with(b"Timeout ") => What::Attempt,
            code if REASONS.contains(&code) => What::State,
            code if TLS_REASONS.contains(&code) && !head.remote.is_empty() => What::State,
            code if STATES.contains(&code) || STARTS.contains(&code) => What::State,
            code if PROCESS_EVENTS.contains(&code) => What::Host,
            0 if head.module == b"ssl" && self.words.starts_with(b"SSL Library Error: ") => What::State,
            // mod_cgi writes the same of its scripts.
            0 if head.module == b"proxy_scgi" && self.is_about_script() => What::Attempt,
            0 if self.is_about_crash() => What::Host,
            0 => {
                MODULES.iter().find(|(start, _)| self.words.starts_with(start)).map_or(What::Notice, |(_, what)| *what)
            }
            _ => What::Notice,
        }
    }

    /// `mod_fcgid: process /usr/bin/php-cgi(4711) exit(communication error), get unexpected signal 11`. Those that
    /// Apache itself stops get a `stop signal`.
    fn is_about_crash(&self) -> bool {
        self.words.starts_with(b"mod_fcgid: process ")
            && [&b", get unexpected signal "[..], b", get signal "]
                .iter()
                .any(|end| place_of(self.words, end).is_some())
    }

    fn is_about_script(&self) -> bool {
        self.words.starts_with(b"Script timed out before ") || self.words.starts_with(b"End of script output before")
    }

    fn sign(&self, text: &[u8]) -> &'static Sign {
        match self.code {
            959 | 2460 => TAKEN_OUT,
            1174 => self.own_status(),
            code if STARTS.contains(&code) => STARTED,
            _ => {
                // mod_security goes on with what the client sent.
                let own = if self.words.starts_with(b"ModSecurity: ") { before(text, b" (phase ") } else { text };
                MATCHER.as_ref().and_then(|matcher| matcher.best(own)).unwrap_or(UNRECOGNISED)
            }
        }
    }

    /// `… into error state due to status code 503 matching 'failonstatus' …`
    fn own_status(&self) -> &'static Sign {
        let code = between(self.words, b" status code ", b" ");
        let own = OWN_STATUS.iter().find(|sign| whole(code, status) == Some(sign.status));
        own.unwrap_or(&OWN_STATUS[3])
    }

    /// The server that the message names, as a worker's URL in an access log does.
    fn upstream(&self) -> &'a [u8] {
        let words = self.words;
        match self.code {
            957 | 958 => server(after(words, b"attempt to connect to ")),
            2454 => socket(words),
            940 | 941 | 959 => between(words, b" for (", b")"),
            1102 => named(after(words, b"remote server ")),
            961 => server(after(words, b" support for ")),
            868 | 876 | 897 | 1084 | 893 => server(after(words, b" to ")),
            878 => server(after(words, b" from ")),
            858 | 10098 => between(words, b" to ", b" "),
            1174 | 2460 => worker_address(between(words, b"Forcing worker (", b")")),
            _ => b"",
        }
    }

    /// The balancer that had no member left: `balancer://api: All workers are in error state`.
    fn group(&self) -> &'a [u8] {
        match self.code {
            // 2.2 writes `BALANCER: (balancer://api). All workers are in error state`.
            1167 | 1170 | 1171 => before(between(self.words, b"balancer://", b": "), b"). "),
            _ => b"",
        }
    }
}

/// The number of a message that has none; 0 where the words are not known.
fn code_of(words: &[u8]) -> u32 {
    // `HTTP: attempt to connect …`: the protocol, or a balancer's name, stands before some.
    let start = &words[..words.len().min(96)];
    let known = WORDS.iter().find(|(known, _)| place_of(start, known).is_some());
    match known {
        // `pass request body failed to … from CLIENT`: the second line about it.
        Some((_, 1084)) if place_of(words, b") from ").is_some() => 1097,
        Some((_, code)) => *code,
        None => 0,
    }
}

/// What follows the first `mark`; empty where it is not there.
fn after<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    crate::grammar::text::after(text, mark).unwrap_or_default()
}

/// What stands between the first `open` and the next `close`.
fn between<'a>(text: &'a [u8], open: &[u8], close: &[u8]) -> &'a [u8] {
    before(after(text, open), close)
}

/// `127.0.0.1:9101 (localhost:9101) failed`: the name, which the worker's URL has too, where it comes with its port and
/// is one. `*` stands for whatever the request asked for; before 2.4.60 the port was left out.
fn server(text: &[u8]) -> &[u8] {
    let address = before(text, b" ");
    let name = between(text, b"(", b")");
    let (host, port) = split_port(name);
    let is_name = !port.is_empty() && host != b"*" && memchr(b':', host).is_none();
    if is_name { name } else { address }
}

/// `remote server localhost:9101`. A socket in the place of a server is not named: `httpd-UDS:0`.
fn named(server: &[u8]) -> &[u8] {
    if server.starts_with(b"httpd-UDS") { b"" } else { server }
}

/// `… Unix domain socket /run/app.sock (localhost:80) failed`: the path alone; [`crate::show::upstream_name`] puts the
/// `unix:` before it that a worker's URL has.
fn socket(words: &[u8]) -> &[u8] {
    let path = after(words, b"Unix domain socket ");
    &path[..memmem::rfind(path, b" (").unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::super::haproxy::testing::{agrees, lines, only};
    use super::super::nginx::tests::told;
    use super::*;
    use crate::format::Format;
    use proptest::prelude::*;

    /// What a line says, and the sign in it.
    fn said(line: &str) -> String {
        let Some(record) = read(line.as_bytes()) else {
            assert!(skim(line.as_bytes()).is_none(), "{line}");
            return "not claimed".to_owned();
        };
        assert!(matches!(skim(line.as_bytes()), Some(Skimmed::Full)), "{line}");
        let verdict = judge(&record, &Statuses::gateway());
        assert_eq!(verdict.attempts.len(), record.attempts.len(), "{line}");
        assert_eq!(verdict.request.is_some(), matches!(record.what, What::Attempt | What::Host), "{line}");
        let kind = verdict.attempts.first().copied().flatten().map_or("nothing", |sign| sign.kind);
        format!("{kind}: {}", told(Some(record)))
    }

    /// The kind of line, the sign's cause and the client's status, and the upstream: `Attempt connection-refused 503
    /// 127.0.0.1:80`.
    fn sense(rest: &str) -> String {
        let line = format!("[Sat Nov 21 02:57:45.294280 2026] {rest}");
        let record = read(line.as_bytes()).unwrap_or_default();
        let verdict = judge(&record, &Statuses::gateway());
        let sign = verdict.attempts.first().copied().flatten().or(verdict.request);
        let sign = sign.map_or(String::new(), |sign| format!(" {} {}", sign.cause.slug(), sign.status));
        let upstream = String::from_utf8_lossy(if record.upstream.is_empty() { record.group } else { record.upstream });
        format!("{:?}{sign} {upstream}", record.what).trim_end().to_owned()
    }

    /// 2.4 writes the port behind the address (`log_remote_address` in `server/log.c`), 2.2 and ModSecurity none.
    #[test]
    fn knows_clients_with_a_port_and_without() {
        let cases = [
            ("[proxy:error] [pid 7] [client 2001:db8::7:39124] AH00898: x", "2001:db8::7"),
            ("[proxy:error] [pid 7] [client [2001:db8::7]:39124] AH00898: x", "2001:db8::7"),
            ("[proxy:error] [pid 7] [client 203.0.113.9:39124] AH00898: x", "203.0.113.9"),
            ("[:error] [pid 7] [client 2001:db8::7:39124] [client 2001:db8::7] ModSecurity: x", "2001:db8::7"),
            ("[error] [client 2001:db8::7] x", "2001:db8::7"),
            ("[error] [client ::1] x", "::1"),
            ("[error] [client fe80::1234:5678] x", "fe80::1234:5678"),
            ("[error] [client 203.0.113.9] x", "203.0.113.9"),
        ];
        for (rest, client) in cases {
            let line = format!("[Fri Nov 20 23:50:11 2026] {rest}");
            assert_eq!(read(line.as_bytes()).unwrap_or_default().client, client.as_bytes(), "{line}");
        }
    }

    #[test]
    fn tells_what_was_asked_for_in_vain() {
        let line = b"[Fri Nov 20 23:50:11 2026] [core:error] [pid 7] [client 203.0.113.9:5] AH00126: Invalid URI in request GET /cgi-bin/%%32 HTTP/1.1";
        let record = read(line).unwrap_or_default();
        assert_eq!((record.method, record.path), (&b"GET"[..], &b"/cgi-bin/%%32"[..]));
    }

    #[test]
    fn compiles_its_wordings() {
        assert!(MATCHER.is_some());
    }

    #[test]
    fn reads_layouts() {
        let timed_out = "apache-response-timeout: what=Attempt upstream=127.0.0.1:9106 client=203.0.113.9 level=error";
        let words = "AH01102: error reading status line from remote server 127.0.0.1:9106";
        let cases = [
            (
                format!("[Sat Nov 21 02:57:47.769876 2026] [proxy_http:error] [pid 7:tid 8] (70007)The timeout specified has expired: [client 203.0.113.9:39124] {words}, referer: https://r/"),
                format!("{timed_out} pid=7 message=(70007)The timeout specified has expired: [client 203.0.113.9:39124] {words} names=upstream attempts=[127.0.0.1:9106 - -/-/-]"),
            ),
            // To syslog, which has the time itself.
            (
                format!("[proxy_http:error] [pid 7:tid 8] (70007)The timeout specified has expired: [client 203.0.113.9:39124] {words}"),
                format!("{timed_out} pid=7 message=(70007)The timeout specified has expired: [client 203.0.113.9:39124] {words} names=upstream attempts=[127.0.0.1:9106 - -/-/-]"),
            ),
            // The same of a module's plain `ap_log_error`, and of 2.2.
            (
                "[:error] [pid 7:tid 8] [client 203.0.113.9:39124] PHP Notice:  Undefined index".to_owned(),
                "nothing: what=Notice client=203.0.113.9 level=error pid=7 message=PHP Notice:  Undefined index".to_owned(),
            ),
            (
                "[error] [client 203.0.113.9] user alice not found: /cart".to_owned(),
                "nothing: what=Notice client=203.0.113.9 level=error message=user alice not found: /cart".to_owned(),
            ),
            // An address in brackets of its own; the client over HTTP/2 of a module that speaks to no upstream.
            (
                "[Sat Nov 21 02:57:47.769876 2026] [authz_core:error] [pid 7:tid 8] [client [2001:db8::9]:39124] AH01630: client denied".to_owned(),
                "nothing: what=Notice client=2001:db8::9 level=error pid=7 message=AH01630: client denied".to_owned(),
            ),
            (
                "[Sat Nov 21 02:57:47.769876 2026] [auth_basic:error] [pid 7:tid 8] [remote 203.0.113.9:39124] AH01618: user alice not found: /cart".to_owned(),
                "nothing: what=Notice client=203.0.113.9 level=error pid=7 message=AH01618: user alice not found: /cart".to_owned(),
            ),
            // The manual's example of an errno has no colon behind it.
            (
                "[Sat Nov 21 02:57:47.769876 2026] [core:error] [pid 7:tid 8] (13)Permission denied [client 203.0.113.9] File does not exist: /srv/a".to_owned(),
                "nothing: what=Notice client=203.0.113.9 level=error pid=7 message=(13)Permission denied [client 203.0.113.9] File does not exist: /srv/a".to_owned(),
            ),
            // mod_security names the request.
            (
                r#"[Sat Nov 21 02:57:47.769876 2026] [security2:error] [pid 7:tid 8] [client 203.0.113.9:39124] [client 203.0.113.9] ModSecurity: Access denied with code 403 (phase 2). [id "949110"] [hostname "shop.example.com"] [uri "/cart"] [unique_id "aT1rS8CoAQ"], referer: https://shop.example.com/"#.to_owned(),
                r#"nothing: what=Notice host=shop.example.com path=/cart client=203.0.113.9 trace=aT1rS8CoAQ level=error pid=7 message=ModSecurity: Access denied with code 403 (phase 2). [id "949110"] [hostname "shop.example.com"] [uri "/cart"] [unique_id "aT1rS8CoAQ"]"#.to_owned(),
            ),
            // `LogLevel debug`, and over HTTP/2.
            (
                format!("[Sat Nov 21 02:57:47.769876 2026] [proxy_http:error] [pid 7] mod_proxy_http.c(1111): (70007)The timeout specified has expired: [remote 203.0.113.9:39124] {words}"),
                format!("{timed_out} pid=7 message=mod_proxy_http.c(1111): (70007)The timeout specified has expired: [remote 203.0.113.9:39124] {words} names=upstream attempts=[127.0.0.1:9106 - -/-/-]"),
            ),
            // 2.2
            (
                "[Sat Nov 21 02:57:47 2026] [error] [client 203.0.113.9] (70007)The timeout specified has expired: proxy: error reading status line from remote server 127.0.0.1:9106".to_owned(),
                format!("{timed_out} message=(70007)The timeout specified has expired: proxy: error reading status line from remote server 127.0.0.1:9106 names=upstream attempts=[127.0.0.1:9106 - -/-/-]"),
            ),
            // The manual's layout for several threads.
            (
                format!("[2026-11-21 02:57:47.769876] [proxy_http:error] [R:aB3] [pid 7:tid 8] (70007)The timeout specified has expired: [client 203.0.113.9:39124] {words}"),
                format!("{timed_out} pid=7 message=(70007)The timeout specified has expired: [client 203.0.113.9:39124] {words} names=upstream attempts=[127.0.0.1:9106 - -/-/-]"),
            ),
            (
                "AH00558: apache2: Could not reliably determine the server's fully qualified domain name".to_owned(),
                "nothing: what=Notice message=AH00558: apache2: Could not reliably determine the server's fully qualified domain name".to_owned(),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(said(&line), expected, "{line}");
        }
        // Stamps that `ErrorLogFormat` can ask for, as 2.4.71 writes them, and the access log's.
        let whens = ["Sat Nov 21 02:57:47 2026", "2026-11-21 02:57:47", "2026-11-21 02:57:47.000000"];
        let zoned = ["Sat Nov 21 02:57:47 2026 +0200", "2026-11-21 02:57:47 +0200", "21/Nov/2026:02:57:47 +0200"];
        for (stamp, zone) in
            whens.map(|it| (it, Zone::Local)).into_iter().chain(zoned.map(|it| (it, Zone::Offset(7_200))))
        {
            let line = format!("[{stamp}] [core:notice] [pid 7] AH00094: Command line: 'apache2'");
            let when = read(line.as_bytes()).and_then(|record| record.when);
            assert_eq!(when, Some(When { wall: 1_795_229_867_000_000, zone }), "{stamp}");
        }
        let line = "[Sat Nov 21 02:57:47.769876 2026] [rewrite:trace3] [pid 7:tid 8] mod_rewrite.c(470): [client fe80::9%eth0:38350] init";
        let told =
            "client=fe80::9%eth0 level=trace3 pid=7 message=mod_rewrite.c(470): [client fe80::9%eth0:38350] init";
        assert!(said(line).contains(told), "{}", said(line));
        // 2026-11-21T02:57:47.769876Z is 1795229867.769876.
        let when = |line: &[u8]| read(line).and_then(|record| record.when).map(|when| when.wall);
        let line = b"[Sat Nov 21 02:57:47.769876 2026] [core:notice] [pid 7] AH00094: Command line: 'apache2'";
        assert_eq!(when(line), Some(1_795_229_867_769_876));
    }

    #[test]
    fn leaves_the_lines_of_others() {
        for line in [
            "",
            "[]",
            "[Sat Nov 21 02:57:47 2026] Out of memory: Killed process 7 (httpd)",
            "[Sat Nov 21 02:57:47 2026] [UFW BLOCK] IN=eth0",
            "[Sat Nov 21 02:57:47 2026] 127.0.0.1:51234 [200]: /",
            "[2026-11-21 02:57:47.769] [info] a program's own log",
            "[2026-11-21 02:57:47.769][7][info][main] envoy's own log",
            "[21-Nov-2026 02:57:47] WARNING: [pool www] child 7 exited on signal 9",
            "[error] something",
            "[proxy:error] something",
            "2026/11/21 02:57:47 [error] 7#7: *41 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.9",
            "AH1: x",
            "AH00957 x",
        ] {
            assert_eq!(said(line), "not claimed", "{line}");
        }
    }

    /// What the servers' names are, in the words of the releases that differ.
    #[test]
    fn names_the_server_as_the_workers_url_does() {
        let refused = "Attempt connection-refused 503";
        let cases = [
            ("AH00957: http: attempt to connect to 127.0.0.1:9101 (127.0.0.1:9101) failed", "127.0.0.1:9101"),
            ("AH00957: http: attempt to connect to 10.0.0.5:9101 (app.internal:9101) failed", "app.internal:9101"),
            ("AH00957: HTTP: attempt to connect to 10.0.0.5:9101 (app.internal) failed", "10.0.0.5:9101"),
            ("AH00957: HTTP: attempt to connect to 10.0.0.5:9101 (*) failed", "10.0.0.5:9101"),
            ("AH00957: http: attempt to connect to 10.0.0.5:80 (*:80) failed", "10.0.0.5:80"),
            ("AH00957: http: attempt to connect to [::1]:9196 (::1:9196) failed", "[::1]:9196"),
            (
                "AH02454: FCGI: attempt to connect to Unix domain socket /run/a b.sock (localhost:8000) failed",
                "/run/a b.sock",
            ),
        ];
        for (words, upstream) in cases {
            let line = format!("[proxy:error] [pid 7] (111)Connection refused: {words}");
            assert_eq!(sense(&line), format!("{refused} {upstream}"), "{words}");
        }
    }

    /// One failure each, as 2.4.71 wrote it: the line that counts, those that explain, and the rest.
    #[test]
    fn one_line_of_several_counts() {
        let tls = [
            (
                "[ssl:error] [pid 7] [remote 127.0.0.1:9443] AH02039: Certificate Verification: Error (18): self-signed certificate",
                "State tls-certificate 500 127.0.0.1:9443",
            ),
            (
                "[proxy:error] [pid 7] (20014)Internal error (specific information not available): [client 203.0.113.9:5] AH01084: pass request body failed to 127.0.0.1:9443 (127.0.0.1)",
                "Attempt tls-handshake 500 127.0.0.1:9443",
            ),
            (
                "[proxy:error] [pid 7] [client 203.0.113.9:5] AH00898: Error during SSL Handshake with remote server returned by /x",
                "Notice",
            ),
            (
                "[proxy_http:error] [pid 7] [client 203.0.113.9:5] AH01097: pass request body failed to 127.0.0.1:9443 (127.0.0.1) from 203.0.113.9 ()",
                "Notice",
            ),
            // A client's certificate.
            (
                "[ssl:error] [pid 7] [client 203.0.113.9:5] AH02039: Certificate Verification: Error (18): self-signed certificate",
                "Notice",
            ),
            (
                "[ssl:info] [pid 7] [remote 127.0.0.1:9443] AH02411: SSL Proxy: Peer certificate does not match for hostname 127.0.0.1",
                "State tls-certificate 500 127.0.0.1:9443",
            ),
            (
                "[ssl:info] [pid 7] SSL Library Error: error:0A00010B:SSL routines::wrong version number",
                "State protocol-mismatch 500",
            ),
            (
                "[core:error] [pid 7] [remote 127.0.0.1:9443] AH01961:  failed to enable ssl support [Hint: if using mod_ssl, see SSLProxyEngine]",
                "Notice",
            ),
            (
                "[proxy:error] [pid 7] AH00961: https: failed to enable ssl support for 127.0.0.1:9443 (127.0.0.1)",
                "Attempt tls-handshake 500 127.0.0.1:9443",
            ),
        ];
        let connect = [
            (
                "[proxy:error] [pid 7] (70007)The timeout specified has expired: AH00957: http: attempt to connect to 127.0.0.1:9130 (127.0.0.1:9130) failed",
                "Attempt connect-timeout 503 127.0.0.1:9130",
            ),
            (
                "[proxy:error] [pid 7] AH00959: ap_proxy_connect_backend disabling worker for (127.0.0.1:9130) for 60s",
                "State unknown 0 127.0.0.1:9130",
            ),
            (
                "[proxy_http:error] [pid 7] [client 203.0.113.9:5] AH01114: HTTP: failed to make connection to backend: 127.0.0.1",
                "Notice",
            ),
            (
                "[proxy:error] [pid 7] (99)Cannot assign requested address: AH00957: http: attempt to connect to 127.0.0.1:9101 (127.0.0.1:9101) failed",
                "Attempt proxy-exhausted 503 127.0.0.1:9101",
            ),
            (
                "[proxy:error] [pid 7] (11)Resource temporarily unavailable: AH02454: FCGI: attempt to connect to Unix domain socket /run/a.sock (*) failed",
                "Attempt backlog-full 503 /run/a.sock",
            ),
            (
                "[proxy:error] [pid 7] AH00940: HTTP: disabled connection for (127.0.0.1:9101)",
                "Attempt no-live-upstream 503 127.0.0.1:9101",
            ),
            (
                "[proxy:error] [pid 7] (70007)The timeout specified has expired: AH00941: http: failed to acquire connection for (127.0.0.1:9101)",
                "Attempt circuit-breaker 503 127.0.0.1:9101",
            ),
            (
                "[proxy_balancer:error] [pid 7] [client 203.0.113.9:5] AH01170: balancer://api: All workers are in error state",
                "Attempt no-live-upstream 503 api",
            ),
            (
                "[proxy_balancer:error] [pid 7] [client 203.0.113.9:5] AH01174: balancer://api: Forcing worker (http://127.0.0.1:9102) into error state due to status code 502 matching 'failonstatus' balancer parameter",
                "Attempt upstream-error 502 127.0.0.1:9102",
            ),
            (
                "[proxy:error] [pid 7] (EAI 3)Temporary failure in name resolution: [client 203.0.113.9:5] AH00898: DNS lookup failure for: app.internal returned by /dns/a",
                "Attempt dns-failure 500",
            ),
        ];
        let answer = [
            (
                "[proxy_http:error] [pid 7] (20014)Internal error (specific information not available): [client 203.0.113.9:5] AH01102: error reading status line from remote server 127.0.0.1:9103",
                "Attempt closed-early 502 127.0.0.1:9103",
            ),
            (
                "[proxy:error] [pid 7] [client 203.0.113.9:5] AH00898: Error reading from remote server returned by /a",
                "Notice",
            ),
            (
                "[proxy_http:error] [pid 7] (104)Connection reset by peer: [client 203.0.113.9:5] AH01102: error reading status line from remote server httpd-UDS:0",
                "Attempt connection-reset 502",
            ),
            (
                "[proxy_http:warn] [pid 7] (28)No space left on device: [client 203.0.113.9:5] AH10124: header size is over the limit allowed by ResponseFieldSize (8192 bytes). Bad response header: 'X: DNS lookup failure for: [...]a'",
                "State header-too-big 502",
            ),
            (
                "[proxy_http:warn] [pid 7] (70014)End of file found: [client 203.0.113.9:5] AH10404: Error reading headers from backend",
                "State closed-early 502",
            ),
            (
                "[proxy_http:warn] [pid 7] [client 203.0.113.9:5] AH01106: bad HTTP/1.1 header returned by /a (GET)",
                "Attempt invalid-response 502",
            ),
            (
                "[proxy_http:error] [pid 7] (70008)Partial results are valid but processing is incomplete: [client 203.0.113.9:5] AH01110: error reading response",
                "Attempt truncated-response 0",
            ),
            (
                "[proxy_http:error] [pid 7] (70007)The timeout specified has expired: [client 203.0.113.9:5] AH01110: error reading response",
                "Attempt body-timeout 0",
            ),
            (
                "[proxy_http:error] [pid 7] (20014)Internal error (specific information not available): [client 203.0.113.9:5] AH01110: error reading response",
                "Attempt invalid-response 502",
            ),
            (
                "[proxy:error] [pid 7] (70007)The timeout specified has expired: [client 203.0.113.9:5] AH01084: pass request body failed to 127.0.0.1:9101 (127.0.0.1)",
                "Attempt response-timeout 504 127.0.0.1:9101",
            ),
            (
                "[proxy:error] [pid 7] (32)Broken pipe: [client 203.0.113.9:5] AH01084: pass request body failed to 127.0.0.1:9114 (127.0.0.1)",
                "Attempt closed-early 502 127.0.0.1:9114",
            ),
        ];
        let others = [
            (
                "[proxy_http:error] [pid 7] [client 203.0.113.9:5] AH10293: Unexpected empty data reading response",
                "Attempt truncated-response 0",
            ),
            (
                "[proxy_http:error] [pid 7] (28)No space left on device: [client 203.0.113.9:5] AH02475: Response chunk/line was too large to parse",
                "Attempt invalid-response 502",
            ),
            (
                "[proxy_http:error] [pid 7] (70023)This function has not been implemented on this platform: [client 203.0.113.9:5] AH02476: Response Transfer-Encoding was not recognised",
                "Attempt invalid-response 502",
            ),
            (
                "[core:error] [pid 7] AH00046: child process 9 still did not exit, sending a SIGKILL",
                "Host draining 0 apache",
            ),
            ("[proxy_fcgi:error] [pid 7] [client 203.0.113.9:5] AH01067: Failed to read FastCGI header", "Notice"),
            (
                "[proxy_fcgi:error] [pid 7] (104)Connection reset by peer: [client 203.0.113.9:5] AH01075: Error dispatching request to : ",
                "Attempt connection-reset 503",
            ),
            (
                "[proxy_fcgi:error] [pid 7] (70007)The timeout specified has expired: [client 203.0.113.9:5] AH01075: Error dispatching request to : (polling)",
                "Attempt response-timeout 504",
            ),
            (
                "[proxy_fcgi:error] [pid 7] [client 203.0.113.9:5] AH01068: Got bogus version 83",
                "Attempt protocol-mismatch 503",
            ),
            (
                "[proxy_fcgi:error] [pid 7] (22)Invalid argument: [client 203.0.113.9:5] AH01075: Error dispatching request to : ",
                "Notice",
            ),
            (
                "[proxy_fcgi:error] [pid 7] [client 203.0.113.9:5] AH01071: Got error 'PHP message: error reading response, DNS lookup failure for: x'",
                "Notice",
            ),
            (
                "[proxy_ajp:error] [pid 7] (120006)APR does not understand this error code: [client 203.0.113.9:5] AH00878: read response failed from 127.0.0.1:9103 (127.0.0.1:9103)",
                "Attempt closed-early 503 127.0.0.1:9103",
            ),
            (
                "[proxy_scgi:error] [pid 7] [client 203.0.113.9:5] Script timed out before returning headers: a",
                "Attempt response-timeout 504",
            ),
            ("[cgid:error] [pid 7] [client 203.0.113.9:5] Script timed out before returning headers: a.cgi", "Notice"),
            (
                "[mpm_event:error] [pid 7] AH00484: server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting",
                "State proxy-exhausted 0",
            ),
            ("[mpm_event:notice] [pid 7] AH00493: SIGUSR1 received.  Doing graceful restart", "Host draining 0 apache"),
            (
                "[mpm_event:notice] [pid 7] AH00489: Apache/2.4.71 configured -- resuming normal operations",
                "State unknown 0",
            ),
            (
                "[core:notice] [pid 7] AH00052: child pid 9 exit signal Segmentation fault (11)",
                "Host worker-killed 0 apache",
            ),
            ("[mpm_event:notice] [pid 7] AH00491: caught SIGTERM, shutting down", "Host draining 0 apache"),
            (
                "[core:error] [pid 7] [client 203.0.113.9:5] AH00126: Invalid URI in request GET attempt to connect to 1.2.3.4:5 (x) failed",
                "Notice",
            ),
        ];
        for (line, expected) in tls.into_iter().chain(connect).chain(answer).chain(others) {
            assert_eq!(sense(line), expected, "{line}");
        }
    }

    /// What 2.2 writes, by its source: `proxy: ` stands where the number would.
    #[test]
    fn reads_what_old_releases_write() {
        let cases = [
            (
                "[error] proxy: BALANCER: (balancer://api). All workers are in error state",
                "Attempt no-live-upstream 503 api",
            ),
            (
                "[error] proxy: BALANCER: (balancer://accounts-api). All workers are in error state for route (n1)",
                "Attempt no-live-upstream 503 accounts-api",
            ),
            ("[error] proxy: BALANCER: (balancer://api). Lock failed for find_best_worker()", "Notice"),
            (
                "[error] (502)Unknown error 502: proxy: pass request body failed to 10.0.0.5:443 (app)",
                "Attempt tls-handshake 502 10.0.0.5:443",
            ),
            ("[error] proxy: pass request body failed to 10.0.0.5:443 (app) from 203.0.113.9 ()", "Notice"),
            (
                "[error] (70007)The timeout specified has expired: ajp_ilink_receive() can't receive header",
                "State response-timeout 503",
            ),
            (
                "[error] (104)Connection reset by peer: ajp_ilink_receive() can't receive header",
                "State connection-reset 503",
            ),
            ("[error] ajp_read_header: ajp_ilink_receive failed", "Notice"),
            (
                "[error] (120006)APR does not understand this error code: proxy: read response failed from 10.0.0.7:8009 (app)",
                "Attempt closed-early 503 10.0.0.7:8009",
            ),
            (
                "[error] (120007)APR does not understand this error code: proxy: read response failed from 10.0.0.7:8009 (app)",
                "Attempt protocol-mismatch 503 10.0.0.7:8009",
            ),
            (
                "[error] (70007)The timeout specified has expired: proxy: dialog to 10.0.0.7:8009 (app) failed",
                "Attempt response-timeout 503 10.0.0.7:8009",
            ),
            (
                "[error] (104)Connection reset by peer: proxy: AJP: request failed to 10.0.0.7:8009 (app)",
                "Attempt connection-reset 503 10.0.0.7:8009",
            ),
            (
                "[error] (70014)End of file found: proxy: AJP: cping/cpong failed to 10.0.0.7:8009 (app)",
                "Attempt closed-early 503 10.0.0.7:8009",
            ),
            ("[error] [client 203.0.113.9] PHP Notice:  dialog to nobody failed in /srv/a.php", "Notice"),
        ];
        for (line, expected) in cases {
            assert_eq!(sense(line), expected, "{line}");
        }
        // The strengths decide which of two lines about one failure is believed.
        let strength = |words: &str| {
            let record = read(words.as_bytes()).unwrap_or_default();
            judge(&record, &Statuses::gateway()).attempts.first().copied().flatten().map(|sign| sign.strength)
        };
        let told = "[proxy_ajp:error] [pid 7] (120006)x: AH00878: read response failed from 10.0.0.7:8009 (app:8009)";
        let why =
            "[proxy_ajp:error] [pid 7] (70014)End of file found: AH01030: ajp_ilink_receive() can't receive header";
        assert_eq!((strength(told), strength(why)), (Some(Strength::Weak), Some(Strength::Strong)));
    }

    /// What befell the client's connection is no failure of the upstream's: Apache answers 408 or 400, or has answered.
    #[test]
    fn the_clients_side_is_no_failure() {
        let sides = [
            ("(reading input brigade)", "Notice"),
            ("(passing brigade to output filters)", "Notice"),
            ("(passing headers brigade to output filters)", "Notice"),
            ("(polling)", "Attempt response-timeout 504"),
            ("(sending stdin)", "Attempt response-timeout 504"),
            ("(reading response body)", "Attempt response-timeout 504"),
        ];
        for (side, expected) in sides {
            for server in ["", ":9000"] {
                let line = format!(
                    "[proxy_fcgi:error] [pid 7] (70007)The timeout specified has expired: [client 203.0.113.9:5] AH01075: Error dispatching request to {server}: {side}"
                );
                assert_eq!(sense(&line), expected, "{line}");
            }
        }
    }

    /// Messages of modules that are not Apache's own, by their source.
    #[test]
    fn reads_what_other_modules_write() {
        let fcgid = [
            ("[client 203.0.113.9:5] mod_fcgid: read data timeout in 40 seconds", "Attempt response-timeout 500"),
            (
                "(104)Connection reset by peer: [client 203.0.113.9:5] mod_fcgid: error reading data from FastCGI server",
                "Attempt connection-reset 500",
            ),
            (
                "[client 203.0.113.9:5] mod_fcgid: error reading data, FastCGI server closed connection",
                "Attempt closed-early 500",
            ),
            (
                "(32)Broken pipe: [client 203.0.113.9:5] mod_fcgid: error writing data to FastCGI server",
                "Attempt closed-early 500",
            ),
            (
                "[client 203.0.113.9:5] mod_fcgid: can't apply process slot for /srv/php.fcgi",
                "Attempt queue-timeout 503",
            ),
            ("[client 203.0.113.9:5] End of script output before headers: index.php", "Notice"),
            ("[client 203.0.113.9:5] mod_fcgid: stderr: mod_fcgid: read data timeout in 40 seconds", "Notice"),
            (
                "mod_fcgid: process /usr/bin/php-cgi(4711) exit(communication error), get unexpected signal 11",
                "Host worker-killed 0 apache",
            ),
            ("mod_fcgid: process /usr/bin/php-cgi(4711) exit(shutting down), get stop signal 15", "Notice"),
        ];
        let fastcgi = [
            (
                "(11)Resource temporarily unavailable: [client 203.0.113.9:5] FastCGI: failed to connect to server \"/srv/php\": connect() failed",
                "Attempt backlog-full 500",
            ),
            (
                "(111)Connection refused: [client 203.0.113.9:5] FastCGI: failed to connect to server \"/srv/php\": connect() failed",
                "Attempt connection-refused 500",
            ),
            (
                "(2)No such file or directory: [client 203.0.113.9:5] FastCGI: failed to connect to server \"/srv/php\": connect() failed",
                "Attempt socket-missing 500",
            ),
            (
                "(13)Permission denied: [client 203.0.113.9:5] FastCGI: failed to connect to server \"/srv/php\": connect() failed",
                "Attempt permission-denied 500",
            ),
            (
                "[client 203.0.113.9:5] FastCGI: failed to connect to server \"/srv/php\": connect() timed out (appConnTimeout=5sec)",
                "Attempt connect-timeout 500",
            ),
            (
                "[client 203.0.113.9:5] FastCGI: comm with server \"/srv/php\" aborted: idle timeout (30 sec)",
                "State response-timeout 500",
            ),
            (
                "(104)Connection reset by peer: [client 203.0.113.9:5] FastCGI: comm with server \"/srv/php\" aborted: read failed",
                "State connection-reset 500",
            ),
            (
                "[client 203.0.113.9:5] FastCGI: comm with server \"/srv/php\" aborted: error parsing headers: malformed header 'x'",
                "State invalid-response 500",
            ),
            (
                "[client 203.0.113.9:5] FastCGI: incomplete headers (0 bytes) received from server \"/srv/php\"",
                "Attempt closed-early 500",
            ),
            ("[client 203.0.113.9:5] FastCGI: server \"/srv/php\" stderr: PHP Warning:  x", "Notice"),
        ];
        let others = [
            (
                "[client 203.0.113.9:5] [client 203.0.113.9] ModSecurity: Access denied with code 503 (phase 2). Matched Data: DNS lookup failure for: x",
                "Attempt blocked 503",
            ),
            (
                "[client 203.0.113.9:5] [client 203.0.113.9] ModSecurity: Access denied with code 403 (phase 2). Matched Data: x",
                "Notice",
            ),
            (
                "[client 203.0.113.9:5] AH00916: connect to remote machine app.internal blocked: name app.internal matched",
                "Notice",
            ),
            ("[client 203.0.113.9:5] AH00898: Connect to remote machine blocked returned by /x", "Attempt blocked 403"),
            ("[client 203.0.113.9] proxy: Connect to remote machine blocked returned by /x", "Attempt blocked 403"),
        ];
        for (rest, expected) in fcgid.into_iter().chain(fastcgi).chain(others) {
            let line = format!("[:warn] [pid 7] {rest}");
            assert_eq!(sense(&line), expected, "{line}");
        }
    }

    #[test]
    fn what_clients_wrote_is_no_part_of_the_message() {
        // Recorded, but for the addresses: the path and the referrer are a client's.
        let line = r#"[Sat Nov 21 03:00:03.418106 2026] [proxy:error] [pid 7] (EAI 3)x: [client 203.0.113.9:49266] AH00898: DNS lookup failure for: app returned by /close/", referer: x AH00957: http: attempt to connect to 1.2.3.4:5 (x) failed, referer: https://r/, ", x"#;
        assert_eq!(
            said(line),
            "apache-unresolved: what=Attempt path=/close/\" client=203.0.113.9 level=error pid=7 message=(EAI 3)x: \
             [client 203.0.113.9:49266] AH00898: DNS lookup failure for: app attempts=[ - -/-/-]"
        );
        let line = "[Sat Nov 21 03:00:03 2026] [proxy_http:warn] [pid 7] [client 2001:db8::9:49266] AH01106: bad HTTP/1.1 header returned by /a (b) (GET)";
        assert_eq!(
            said(line),
            "apache-bad-header: what=Attempt method=GET path=/a (b) client=2001:db8::9 level=warn pid=7 message=AH01106: bad HTTP/1.1 header attempts=[ - -/-/-]"
        );
    }

    #[test]
    fn claims_its_samples_alone() {
        for sample in ABOUT.samples {
            assert!(only(Format::ApacheError, sample).is_some(), "{sample}");
        }
    }

    proptest! {
        #[test]
        fn skim_and_read_agree(line in lines(Format::ApacheError)) {
            agrees(Format::ApacheError, &line);
        }
    }
}
