"""What can break behind Caddy. Each function sets one thing up, breaks it, and says what may be concluded."""

from __future__ import annotations

import signal
import ssl
from pathlib import Path

from caddy_bench import CaddyBench, Expect
from case import Case, Other
from isolation import ABSENT_HOST, PROHIBITED_HOST, REJECTED_HOST, RUN_DIR, SILENT_HOST, UNROUTED_HOST
from nameserver import NO_SUCH_NAME, SERVER_FAILURE, Nameserver
from pki import NAME, Pki
from scenario import scenario
from upstreams import (
    BODY,
    Behaviour,
    FullBacklog,
    answer,
    by_path,
    close_after_request,
    forgetful,
    healthy,
    hold,
    plain_http,
    reset_after_request,
    say,
    slow,
    stall_in_body,
    truncate,
)

APP = ("127.0.0.1", 9101)
SECOND = ("127.0.0.1", 9102)
TLS_APP = ("127.0.0.1", 9443)
SOCKET = RUN_DIR / "app.sock"

#: Requests a second.
_RATE = 12

#: A 502 or 503 in no time, from a log that does not say why.
_AT_ONCE = ("unknown",)

#: A 503 without a body in no time: Caddy's own, but its log does not say why.
_NO_BODY = ("unknown", "no-live-upstream")

#: From outside a crash, a kill and a deliberate close look the same: one line about it cannot settle which.
_OPEN = ("high", "medium")


def _name(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"


def _single(options: str = "", upstream: str = _name(APP)) -> str:
    return f"\treverse_proxy {upstream} {{\n{options}\n\t}}"


def _pair(options: str = "") -> str:
    return _single(options, f"{_name(APP)} {_name(SECOND)}")


def _transport(options: str) -> str:
    return f"\t\ttransport http {{\n\t\t\t{options}\n\t\t}}"


#: A time limit for the response header: Caddy has none by default.
_LIMITED = _transport("response_header_timeout 1s")


@scenario("caddy-healthy", CaddyBench)
def well(bench: CaddyBench) -> Case:
    """Nothing is wrong: 200s and a few 404s."""
    bench.upstream(APP, by_path({"/favicon": answer("404 Not Found", b"no\n")}))
    bench.upstream(SECOND, by_path({"/favicon": answer("404 Not Found", b"no\n")}))
    bench.start(_pair())
    bench.visit(50, {"/checkout/cart/{n}": 5, "/api/orders/{n}": 4, "/favicon.ico": 1}, rate=_RATE)
    return bench.case("Two healthy servers that answer 404 now and then.", Expect(sure=()))


@scenario("caddy-refused", CaddyBench)
def refused(bench: CaddyBench) -> Case:
    """The only server dies: connect() is refused."""
    app = bench.upstream(APP)
    bench.start(_single())
    bench.visit(12, rate=_RATE)
    app.stop()
    bench.visit(30, rate=_RATE)
    return bench.case(
        "reverse_proxy to a single server. 12 requests while it was well, then its process was stopped, and 30 more.",
        Expect(sure=("connection-refused",), timed=_AT_ONCE, upstreams=(_name(APP),)),
    )


@scenario("caddy-refused-one-of-two", CaddyBench)
def refused_one_of_two(bench: CaddyBench) -> Case:
    """One of two servers is dead; without lb_retries every second request fails."""
    bench.upstream(APP)
    dead = bench.upstream(SECOND)
    bench.start(_pair("\t\tlb_policy round_robin"))
    bench.visit(12, rate=_RATE)
    dead.stop()
    bench.visit(48, rate=_RATE)
    return bench.case(
        "Two servers in turn. After 12 requests the second was stopped. Caddy does not try another server unless it is "
        "told to (lb_retries, lb_try_duration): half of the requests got 502.",
        Expect(sure=("connection-refused",), timed=_AT_ONCE, upstreams=(_name(SECOND),)),
    )


@scenario("caddy-retried", CaddyBench)
def retried(bench: CaddyBench) -> Case:
    """Both servers die, and lb_try_duration tries again for half a second."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    bench.start(_pair("\t\tlb_policy round_robin\n\t\tlb_try_duration 500ms\n\t\tlb_try_interval 100ms"))
    bench.visit(12, rate=_RATE)
    for app in apps:
        app.stop()
    bench.visit(24, rate=8)
    return bench.case(
        "lb_try_duration 500ms: each request was tried several times, at both servers. Caddy logs the last "
        "error alone, "
        "so that either server may hardly be named.",
        Expect(sure=("connection-refused",), timed=_AT_ONCE),
    )


@scenario("caddy-no-upstreams", CaddyBench)
def no_upstreams(bench: CaddyBench) -> Case:
    """Both servers die; passive health checks take them out: `no upstreams available`."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    bench.start(_pair("\t\tlb_policy round_robin\n\t\tfail_duration 2s\n\t\tmax_fails 1"))
    bench.visit(12, rate=_RATE)
    for app in apps:
        app.stop()
    bench.visit(48, rate=_RATE)
    return bench.case(
        "fail_duration 2s, max_fails 1. Both servers were stopped. One request was refused by each (502); then Caddy "
        "held both to be down and answered 503, until it tried again 2 s later. The refusals are the root; most lines "
        "are the consequence.",
        Expect(sure=("connection-refused",), timed=_NO_BODY, upstreams=(_name(APP),)),
    )


@scenario("caddy-check-failed", CaddyBench)
def check_failed(bench: CaddyBench) -> Case:
    """The active health check finds both servers dead: 503, and lines about the checks."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    bench.start(_pair("\t\thealth_uri /health\n\t\thealth_interval 300ms"))
    bench.visit(12, rate=_RATE)
    for app in apps:
        app.stop()
    bench.visit(36, rate=_RATE)
    return bench.case(
        "health_uri /health every 300 ms. Both servers were stopped: a few requests may have been refused before a "
        "check found that out, all others were not tried (503). The checks' lines tell why.",
        Expect(sure=("connection-refused", "no-live-upstream"), timed=_NO_BODY, confidence=_OPEN),
    )


@scenario("caddy-check-status", CaddyBench)
def check_status(bench: CaddyBench) -> Case:
    """The health check's path answers 503: the server is taken out though it serves."""
    ill = by_path({"/health": answer("503 Service Unavailable", b"database\n")})
    app = bench.upstream(APP)
    bench.start(_single("\t\thealth_uri /health\n\t\thealth_interval 300ms"))
    bench.visit(12, rate=_RATE)
    app.behaviour = ill
    bench.visit(36, rate=_RATE)
    return bench.case(
        "health_uri /health every 300 ms. The application began to answer 503 there, and nowhere else: Caddy took it "
        "out of use and answered 503.",
        Expect(sure=("no-live-upstream", "upstream-error"), timed=_NO_BODY, confidence=_OPEN),
    )


@scenario("caddy-response-timeout", CaddyBench)
def response_timeout(bench: CaddyBench) -> Case:
    """The application gets slower than response_header_timeout: 504."""
    app = bench.upstream(APP)
    bench.start(_single(_LIMITED))
    bench.visit(12, rate=_RATE)
    app.behaviour = slow(3)
    bench.visit(24, rate=8)
    return bench.case(
        "response_header_timeout 1s. After 12 quick answers the application needed 3 s for each.",
        Expect(sure=("response-timeout",), timed=("unknown", "response-timeout")),
    )


# Connecting fails.


def _break_connect(
    bench: CaddyBench,
    site: str,
    what: str,
    cause: str,
    upstream: str,
    *,
    timed: tuple[str, ...] = _AT_ONCE,
    rate: float = _RATE,
) -> Case:
    """24 requests that Caddy cannot get through to the upstream."""
    bench.start(site)
    bench.visit(24, rate=rate)
    return bench.case(what, Expect(sure=(cause,), timed=timed, upstreams=(upstream,)))


@scenario("caddy-connect-timeout", CaddyBench, private=True)
def connect_timeout(bench: CaddyBench) -> Case:
    """SYNs are dropped: dial_timeout."""
    silent = f"{SILENT_HOST}:9101"
    return _break_connect(
        bench,
        _single(_transport("dial_timeout 1s"), silent),
        "dial_timeout 1s to a host on the local network whose link is there but which drops every packet.",
        "connect-timeout",
        silent,
        timed=("unknown", "connect-timeout", "response-timeout"),
    )


@scenario("caddy-connect-timeout-default", CaddyBench, private=True)
def connect_timeout_default(bench: CaddyBench) -> Case:
    """SYNs are dropped: Caddy's own limit of 3 s."""
    silent = f"{SILENT_HOST}:9101"
    return _break_connect(
        bench,
        _single("", silent),
        "A host on the local network whose link is there but which drops every packet; Caddy's default dial_timeout, "
        "3 s.",
        "connect-timeout",
        silent,
        timed=("unknown", "connect-timeout", "response-timeout"),
        rate=8,
    )


@scenario("caddy-host-unreachable", CaddyBench, private=True)
def host_unreachable(bench: CaddyBench) -> Case:
    """The host is gone from the local network: ARP fails after 3 s, errno 113."""
    absent = f"{ABSENT_HOST}:9101"
    return _break_connect(
        bench,
        _single(_transport("dial_timeout 10s"), absent),
        "The server's address is on the local network but no host answers ARP for it. dial_timeout 10s: the kernel "
        "gives up after about 3 s (less when others already wait).",
        "host-unreachable",
        absent,
        timed=("unknown", "host-unreachable", "connect-timeout"),
        rate=8,
    )


@scenario("caddy-host-rejected", CaddyBench, private=True)
def host_rejected(bench: CaddyBench) -> Case:
    """A router or firewall rejects at once: errno 113."""
    rejected = f"{REJECTED_HOST}:9101"
    return _break_connect(
        bench,
        _single("", rejected),
        "The way to the server is rejected at once with `host unreachable`, as firewalls do that reject rather than "
        "drop.",
        "host-unreachable",
        rejected,
    )


@scenario("caddy-network-unreachable", CaddyBench, private=True)
def network_unreachable(bench: CaddyBench) -> Case:
    """No route to the server's network: errno 101."""
    unrouted = f"{UNROUTED_HOST}:9101"
    return _break_connect(
        bench,
        _single("", unrouted),
        "There is no route to the server's network: 101 at once.",
        "host-unreachable",
        unrouted,
    )


@scenario("caddy-tcp-permission", CaddyBench, private=True)
def tcp_permission(bench: CaddyBench) -> Case:
    """connect() over TCP is forbidden: errno 13."""
    prohibited = f"{PROHIBITED_HOST}:9101"
    return _break_connect(
        bench,
        _single("", prohibited),
        "The kernel forbids the way to the server (a `prohibit` route, which gives EACCES, as SELinux does).",
        "permission-denied",
        prohibited,
    )


@scenario("caddy-ports-exhausted", CaddyBench, private=True)
def ports_exhausted(bench: CaddyBench) -> Case:
    """Caddy has no local port left to connect from: errno 99."""
    bench.upstream(APP, answer(delay=1))
    ports = Path("/proc/sys/net/ipv4/ip_local_port_range")
    before = ports.read_text(encoding="ascii")
    ports.write_text("40000 40003\n", encoding="ascii")
    try:
        bench.start(_single())
        bench.visit(36)
    finally:
        ports.write_text(before, encoding="ascii")
    return bench.case(
        "ip_local_port_range was cut down to four ports, and the application took 1 s for each request: with more than "
        "four under way Caddy had no local port left to connect from.",
        Expect(sure=("proxy-exhausted",), timed=_AT_ONCE, upstreams=(_name(APP),)),
    )


_UNIX = f"unix/{SOCKET}"


@scenario("caddy-socket-missing", CaddyBench, private=True)
def socket_missing(bench: CaddyBench) -> Case:
    """The unix socket's file is gone: errno 2."""
    SOCKET.unlink(missing_ok=True)
    what = "The application is not running and its unix socket's file is gone."
    return _break_connect(bench, _single("", _UNIX), what, "socket-missing", f"unix:{SOCKET}")


@scenario("caddy-socket-permission", CaddyBench, private=True)
def socket_permission(bench: CaddyBench) -> Case:
    """Caddy may not open the unix socket: errno 13."""
    bench.upstream(SOCKET)
    SOCKET.chmod(0o600)
    what = "Caddy runs as www-data. The socket belongs to root with mode 0600."
    return _break_connect(bench, _single("", _UNIX), what, "permission-denied", f"unix:{SOCKET}")


@scenario("caddy-stale-socket", CaddyBench, private=True)
def stale_socket(bench: CaddyBench) -> Case:
    """The unix socket's file is there but nobody listens: errno 111."""
    bench.upstream(SOCKET).stop()
    what = "The application was killed and left its unix socket's file behind."
    return _break_connect(bench, _single("", _UNIX), what, "connection-refused", f"unix:{SOCKET}")


@scenario("caddy-backlog-full", CaddyBench, private=True)
def backlog_full(bench: CaddyBench) -> Case:
    """The unix socket's queue of waiting connections is full: errno 11."""
    bench.keep(FullBacklog(SOCKET).start())
    what = "The application listens on a unix socket but accepts nothing, and its queue is full."
    return _break_connect(bench, _single("", _UNIX), what, "backlog-full", f"unix:{SOCKET}")


@scenario("caddy-fastcgi-refused", CaddyBench)
def fastcgi_refused(bench: CaddyBench) -> Case:
    """php_fastcgi to a port on which nothing listens."""
    site = "\troot * /srv\n\treverse_proxy 127.0.0.1:9000 {\n\t\ttransport fastcgi {\n\t\t\troot /srv\n\t\t}\n\t}"
    what = "FastCGI to a port on which nothing listens."
    return _break_connect(bench, site, what, "connection-refused", "127.0.0.1:9000")


# Names: Go's resolver.


def _break_dns(bench: CaddyBench, what: str, code: int, silent: bool = False) -> Case:
    nameserver = bench.keep(Nameserver(APP[0]))
    bench.upstream(APP)
    resolver = "resolvers udp/127.0.0.1:5353\n\t\t\tkeepalive off\n\t\t\tdial_timeout 1s"
    bench.start(_single(_transport(resolver), f"{NAME}:9101"))
    bench.visit(12, rate=_RATE)
    nameserver.code, nameserver.silent = code, silent
    bench.visit(24, rate=_RATE)
    return bench.case(
        what,
        Expect(sure=("dns-failure",), timed=("unknown", "connect-timeout", "response-timeout") if silent else _AT_ONCE),
    )


@scenario("caddy-dns-nxdomain", CaddyBench, private=True)
def dns_nxdomain(bench: CaddyBench) -> Case:
    """The upstream's name is gone."""
    return _break_dns(bench, "After 12 requests the name server answered that there is no such name.", NO_SUCH_NAME)


@scenario("caddy-dns-servfail", CaddyBench, private=True)
def dns_servfail(bench: CaddyBench) -> Case:
    """The name server fails."""
    return _break_dns(bench, "After 12 requests the name server answered SERVFAIL.", SERVER_FAILURE)


@scenario("caddy-dns-timeout", CaddyBench, private=True)
def dns_timeout(bench: CaddyBench) -> Case:
    """The name server is silent."""
    return _break_dns(bench, "After 12 requests the name server answered nothing any more; dial_timeout 1s.", 0, True)


# The server takes the connection and then fails.


def _break_with(
    bench: CaddyBench,
    behaviour: Behaviour,
    what: str,
    cause: tuple[str, ...],
    *,
    options: str = "",
    timed: tuple[str, ...] = _AT_ONCE,
    confidence: tuple[str, ...] = ("high",),
    upstreams: tuple[str, ...] = (),
) -> Case:
    """12 good requests to one server, then 24 to the same server with `behaviour`."""
    app = bench.upstream(APP)
    bench.start(_single(options))
    bench.visit(12, rate=_RATE)
    app.behaviour = behaviour
    bench.visit(24, rate=_RATE)
    return bench.case(what, Expect(sure=cause, timed=timed, confidence=confidence, upstreams=upstreams))


@scenario("caddy-closed-early", CaddyBench)
def closed_early(bench: CaddyBench) -> Case:
    """FIN after the request was read: EOF."""
    what = "The application read each request and closed without answering."
    return _break_with(bench, close_after_request, what, ("closed-early",), confidence=_OPEN)


@scenario("caddy-connection-reset", CaddyBench)
def connection_reset(bench: CaddyBench) -> Case:
    """RST after the request was read."""
    what = "The application read each request and reset the connection."
    return _break_with(bench, reset_after_request, what, ("connection-reset",), confidence=_OPEN)


@scenario("caddy-keepalive-race", CaddyBench)
def keepalive_race(bench: CaddyBench) -> Case:
    """The application closes kept connections as Caddy reuses them."""
    bench.upstream(APP, forgetful)
    bench.start(_single())
    for _ in range(12):
        bench.visit(2, rate=_RATE)
        bench.visit(2, {"/checkout/pay/{n}": 1}, rate=_RATE, method="POST", body=BODY)
    return bench.case(
        "The application keeps a connection after its first answer and closes it as the next request arrives on it, as "
        "happens when its idle timeout is shorter than the time for which Caddy pools connections.",
        Expect(sure=("keepalive-race", "closed-early"), confidence=()),
    )


@scenario("caddy-header-too-big", CaddyBench)
def header_too_big(bench: CaddyBench) -> Case:
    """One path's response header exceeds max_response_header."""
    cookie = "Set-Cookie: basket=" + "A-1+" * 3000
    return _break_with(
        bench,
        by_path({"/checkout/": answer(headers=(cookie,))}),
        "max_response_header 8KB. /checkout/… set a cookie of 12 kB. The other paths were well.",
        ("header-too-big",),
        options=_transport("max_response_header 8KB"),
    )


@scenario("caddy-invalid-response", CaddyBench)
def invalid_response(bench: CaddyBench) -> Case:
    """Header lines that Go does not accept."""
    broken = {
        "/checkout/": say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nthis is no header\r\n\r\nhello\n"),
        "/api/orders": say(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nhello\n"),
    }
    return _break_with(
        bench,
        by_path(broken),
        "/checkout/… had a header line without a colon, /api/orders/… a Content-Length that is no number. The other "
        "paths were well.",
        ("invalid-response",),
    )


@scenario("caddy-invalid-status", CaddyBench)
def invalid_status(bench: CaddyBench) -> Case:
    """A status line that is none."""
    what = "The application answered with the status `2OO OK`."
    return _break_with(bench, say(b"HTTP/1.1 2OO OK\r\n\r\nhello\n"), what, ("invalid-response",))


@scenario("caddy-not-http", CaddyBench)
def not_http(bench: CaddyBench) -> Case:
    """The server on that port speaks something else than HTTP."""
    return _break_with(
        bench,
        say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
        "Something on that port that answers with an SSH banner.",
        ("protocol-mismatch", "invalid-response"),
    )


@scenario("caddy-truncated-response", CaddyBench)
def truncated_response(bench: CaddyBench) -> Case:
    """The application closes in the middle of the body: 200, and `aborting with incomplete response`."""
    return _break_with(
        bench,
        truncate(),
        "The application promised 20000 bytes and closed after 4000. The client got 200 and then a connection that was "
        "cut, which `aborted` counts.",
        ("truncated-response",),
    )


@scenario("caddy-body-timeout", CaddyBench)
def body_timeout(bench: CaddyBench) -> Case:
    """The application stalls in the middle of the body: read_timeout."""
    return _break_with(
        bench,
        stall_in_body(3),
        "read_timeout 1s. The application promised 20000 bytes, sent 4000, and then nothing for 3 s. The client got "
        "200 and then a connection that was cut, which `aborted` counts.",
        ("body-timeout",),
        options=_transport("read_timeout 1s"),
    )


# TLS towards the upstream.


def _tls_case(
    bench: CaddyBench,
    context: ssl.SSLContext | None,
    what: str,
    cause: tuple[str, ...],
    *,
    behaviour: Behaviour = healthy,
    options: str = "tls",
    timed: tuple[str, ...] = _AT_ONCE,
    confidence: tuple[str, ...] = ("high",),
) -> Case:
    bench.upstream(TLS_APP, behaviour, context)
    bench.start(_single(_transport(options), _name(TLS_APP)))
    bench.visit(20, rate=_RATE)
    return bench.case(what, Expect(sure=cause, timed=timed, confidence=confidence))


def _verify(pki: Pki) -> str:
    return f"tls_trusted_ca_certs {pki.authority.certificate}\n\t\t\ttls_server_name {NAME}"


@scenario("caddy-tls-self-signed", CaddyBench)
def tls_self_signed(bench: CaddyBench) -> Case:
    """A self-signed certificate."""
    pki = Pki(bench.work_dir)
    context = pki.self_signed(NAME).server_context()
    what = "The upstream's certificate is signed by itself."
    return _tls_case(bench, context, what, ("tls-certificate",), options=_verify(pki))


@scenario("caddy-tls-expired", CaddyBench)
def tls_expired(bench: CaddyBench) -> Case:
    """A certificate that ran out."""
    pki = Pki(bench.work_dir)
    context = pki.expired(NAME).server_context()
    what = "The upstream's certificate is by the right authority but has expired."
    return _tls_case(bench, context, what, ("tls-certificate",), options=_verify(pki))


@scenario("caddy-tls-wrong-name", CaddyBench)
def tls_wrong_name(bench: CaddyBench) -> Case:
    """A certificate for another name."""
    pki = Pki(bench.work_dir)
    context = pki.issued("other.internal").server_context()
    what = "The upstream's certificate is good, but for another name."
    return _tls_case(bench, context, what, ("tls-certificate",), options=_verify(pki))


@scenario("caddy-tls-client-certificate", CaddyBench)
def tls_client_certificate(bench: CaddyBench) -> Case:
    """The upstream asks for a client certificate that Caddy does not have."""
    pki = Pki(bench.work_dir)
    context = pki.issued(NAME).server_context()
    context.load_verify_locations(pki.authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    what = "The upstream (TLS 1.2) asks for a client certificate, and Caddy has none."
    causes = ("tls-certificate", "tls-handshake")
    return _tls_case(bench, context, what, causes, options=_verify(pki), confidence=())


@scenario("caddy-tls-handshake", CaddyBench)
def tls_handshake(bench: CaddyBench) -> Case:
    """The upstream speaks no TLS version that Caddy does."""
    pki = Pki(bench.work_dir)
    context = pki.issued(NAME).server_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DHE-RSA-AES256-GCM-SHA384")
    what = "The upstream offers a cipher that Go's TLS does not speak, and no other."
    return _tls_case(bench, context, what, ("tls-handshake",), options=_verify(pki))


@scenario("caddy-tls-timeout", CaddyBench)
def tls_timeout(bench: CaddyBench) -> Case:
    """The upstream takes the connection and says nothing."""
    return _tls_case(
        bench,
        None,
        "The upstream takes the connection and never answers the TLS hello. tls_timeout 1s.",
        ("tls-handshake",),
        behaviour=hold(4),
        options="tls\n\t\t\ttls_timeout 1s",
        timed=("unknown", "connect-timeout", "response-timeout"),
        confidence=_OPEN,
    )


@scenario("caddy-https-to-http", CaddyBench)
def https_to_http(bench: CaddyBench) -> Case:
    """https:// to a port that speaks plain HTTP."""
    what = "TLS to a server that speaks plain HTTP and answered the TLS hello with 400."
    return _tls_case(bench, None, what, ("protocol-mismatch",), behaviour=plain_http)


@scenario("caddy-http-to-tls", CaddyBench)
def http_to_tls(bench: CaddyBench) -> Case:
    """Plain HTTP to a port that speaks TLS."""
    bench.upstream(TLS_APP, tls=Pki(bench.work_dir).issued(NAME).server_context())
    bench.start(_single("", _name(TLS_APP)))
    bench.visit(24, rate=_RATE)
    return bench.case(
        "Plain HTTP to a port of a server that speaks TLS (Python's ssl on OpenSSL). It sends no alert but resets, or "
        "closes, so that nothing in the logs tells of TLS.",
        Expect(sure=("connection-reset", "closed-early", "protocol-mismatch"), confidence=()),
    )


# Not the upstream's connection at all.

#: No line of Caddy's: its own answer, or a rule.
_SILENT = ("unknown", "upstream-error", "proxy-local")


@scenario("caddy-upstream-error", CaddyBench)
def upstream_error(bench: CaddyBench) -> Case:
    """The application itself says 502, 503 and 504."""
    ill = {
        "/checkout/cart": answer("503 Service Unavailable", b'{"error":"database pool exhausted"}\n', delay=0.02),
        "/checkout/pay": answer("502 Bad Gateway", b'{"error":"payment provider"}\n', delay=0.03),
        "/api/orders": answer("504 Gateway Timeout", b'{"error":"warehouse"}\n', delay=0.04),
    }
    app = bench.upstream(APP)
    bench.start(_single())
    bench.visit(12, rate=_RATE)
    app.behaviour = by_path(ill)
    bench.visit(36, rate=_RATE)
    return bench.case(
        "The application answered 502, 503 and 504 itself, each on a path of its own. Caddy passed them on, with a "
        "body, and has nothing to log as an error.",
        Expect(sure=("upstream-error",), timed=_SILENT, told=False),
    )


@scenario("caddy-respond-503", CaddyBench)
def respond_503(bench: CaddyBench) -> Case:
    """A maintenance page: `respond 503`."""
    bench.upstream(APP)
    flag = bench.work_dir / "maintenance"
    bench.start(
        f"\t@maintenance file {{\n\t\troot {flag.parent}\n\t\ttry_files /{flag.name}\n\t}}\n"
        f'\thandle @maintenance {{\n\t\trespond "Back soon" 503\n\t}}\n\thandle {{\n{_single()}\n\t}}'
    )
    bench.visit(12, rate=_RATE)
    flag.touch()
    bench.visit(24, rate=_RATE)
    flag.unlink()
    bench.visit(8, rate=_RATE)
    return bench.case(
        "An operator switched a maintenance page on and off again: `respond 503` while a file exists. No upstream is "
        "to blame, and there is no line besides the requests'.",
        Expect(sure=("proxy-local",), timed=_SILENT, told=False),
    )


@scenario("caddy-handle-errors", CaddyBench)
def handle_errors(bench: CaddyBench) -> Case:
    """handle_errors has a page for errors: Caddy logs them at level debug only."""
    app = bench.upstream(APP)
    bench.start(_single() + '\n\thandle_errors {\n\t\trespond "Sorry: {err.status_code}"\n\t}')
    bench.visit(12, rate=_RATE)
    app.stop()
    bench.visit(24, rate=_RATE)
    return bench.case(
        "handle_errors with a page of one's own. The server was stopped: the client got 502, and Caddy, which logs an "
        "error that it handles at level debug only, says no more than that.",
        Expect(sure=("connection-refused",), timed=_SILENT, told=False),
    )


@scenario("caddy-client-abort", CaddyBench)
def client_abort(bench: CaddyBench) -> Case:
    """Clients go away while the application thinks."""
    app = bench.upstream(APP)
    bench.start(_single())
    bench.visit(12, rate=_RATE)
    app.behaviour = slow(1)
    bench.visit(12, rate=_RATE, patience=0.3)
    return bench.case(
        "12 quick answers, then the application needed 1 s and 12 clients waited for 0.3 s only. Nothing failed.",
        Expect(sure=()),
    )


@scenario("caddy-restart", CaddyBench)
def restart(bench: CaddyBench) -> Case:
    """The application is restarted: refused for two seconds, then well again."""
    app = bench.upstream(APP)
    caddy = bench.start(_single())
    bench.visit(24, rate=_RATE)
    app.stop()
    bench.visit(24, rate=_RATE)
    app.start()
    bench.visit(24, rate=_RATE)
    caddy.signal(signal.SIGUSR1)  # Caddy only says that it does not know this one
    bench.visit(4, rate=_RATE)
    return bench.case(
        "The application was down for two seconds between two good times.",
        Expect(sure=("connection-refused",), timed=_AT_ONCE, upstreams=(_name(APP),)),
    )


@scenario("caddy-two-faults", CaddyBench)
def two_faults(bench: CaddyBench) -> Case:
    """Two servers fail at once for two reasons."""
    slow_one = bench.upstream(APP)
    dead = bench.upstream(SECOND)
    bench.start(
        f"\thandle /search* {{\n{_single(_LIMITED, _name(SECOND))}\n\t}}\n\thandle {{\n{_single(_LIMITED)}\n\t}}"
    )
    paths = {"/checkout/cart/{n}": 4, "/api/orders/{n}": 3, "/search?q=shoes&page={n}": 3}
    bench.visit(12, paths, rate=_RATE)
    slow_one.behaviour = slow(3)
    dead.stop()
    bench.visit(48, paths, rate=_RATE, workers=24)
    return bench.case(
        f"Two servers. At the same moment {_name(APP)} became slower than response_header_timeout 1s (504, about two "
        f"thirds of the requests) and {_name(SECOND)} died (refused, 502). Caddy names the second one only.",
        Expect(
            sure=("response-timeout",),
            timed=("unknown", "response-timeout"),
            other=(Other(["connection-refused"], [_name(SECOND)]),),
        ),
    )
