"""What can break behind Varnish. Each function sets one thing up, breaks it, and says what may be concluded.

Varnish answers 503 whatever went wrong with a fetch. What it was stands in varnishlog's FetchError alone.
"""

from __future__ import annotations

from pathlib import Path

from case import Case
from isolation import ABSENT_HOST, PROHIBITED_HOST, REJECTED_HOST, RUN_DIR, SILENT_HOST, UNROUTED_HOST
from scenario import scenario
from upstreams import (
    BODY,
    Behaviour,
    answer,
    by_path,
    close_after_request,
    forgetful,
    reset_after_request,
    say,
    slow,
    stall_in_body,
    truncate,
)
from varnish_bench import Expect, VarnishBench

APP = ("127.0.0.1", 9101)
SECOND = ("127.0.0.1", 9102)
SOCKET = RUN_DIR / "app.sock"

#: Requests a second.
_RATE = 12

#: From outside a crash, a kill and a deliberate close look the same: one line about it cannot settle which.
_OPEN = ("high", "medium")


def _backend(name: str = "api", address: tuple[str, int] = APP, options: str = "") -> str:
    return f'backend {name} {{ .host = "{address[0]}"; .port = "{address[1]}"; {options} }}\n'


def _pair(options: str = "") -> str:
    return (
        _backend("api1", APP, options)
        + _backend("api2", SECOND, options)
        + "sub vcl_init { new api = directors.round_robin(); api.add_backend(api1); api.add_backend(api2); }\n"
        + "sub vcl_recv { set req.backend_hint = api.backend(); }\n"
    )


_PROBE = '.probe = { .url = "/health"; .interval = 300ms; .timeout = 200ms; .window = 3; .threshold = 2; }'


@scenario("varnish-healthy", VarnishBench)
def well(bench: VarnishBench) -> Case:
    """Nothing is wrong: 200s and a few 404s."""
    for address in (APP, SECOND):
        bench.upstream(address, by_path({"/favicon": answer("404 Not Found", b"no\n")}))
    bench.start(_pair(_PROBE))
    bench.visit(50, {"/checkout/cart/{n}": 5, "/api/orders/{n}": 4, "/favicon.ico": 1}, rate=_RATE)
    return bench.case("Two healthy backends that answer 404 now and then, with probes.", Expect(sure=()))


@scenario("varnish-refused", VarnishBench)
def refused(bench: VarnishBench) -> Case:
    """The only backend dies: connect() is refused."""
    app = bench.upstream(APP)
    bench.start(_backend())
    bench.visit(12, rate=_RATE)
    app.stop()
    bench.visit(30, rate=_RATE)
    return bench.case(
        "A single backend, no probe. 12 requests while it was well, then its process was stopped, and 30 more. Varnish "
        "remembers a refusal for a while (backend_local_error_holddown and its like): some fetches failed with "
        "`errno 0`.",
        Expect(sure=("connection-refused",), upstreams=("api",)),
    )


@scenario("varnish-refused-one-of-two", VarnishBench)
def refused_one_of_two(bench: VarnishBench) -> Case:
    """One of two backends is dead; without a probe every second request fails."""
    bench.upstream(APP)
    dead = bench.upstream(SECOND)
    bench.start(_pair())
    bench.visit(12, rate=_RATE)
    dead.stop()
    bench.visit(48, rate=_RATE)
    return bench.case(
        "Two backends in turn. After 12 requests the second was stopped: half of the requests got 503.",
        Expect(sure=("connection-refused",), upstreams=("api2",)),
    )


@scenario("varnish-sick", VarnishBench)
def sick(bench: VarnishBench) -> Case:
    """Both backends die and their probes find out: the director returns none."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    bench.start(_pair(_PROBE))
    bench.visit(12, rate=_RATE)
    for app in apps:
        app.stop()
    bench.visit(48, rate=_RATE)
    return bench.case(
        "Two backends with probes. Both were stopped at once. A few requests were refused before the probes had found "
        "that out; for all others the director had no backend left. The refusals, and the probes' lines, are the root.",
        Expect(sure=("connection-refused", "no-live-upstream"), confidence=_OPEN),
    )


@scenario("varnish-sick-single", VarnishBench)
def sick_single(bench: VarnishBench) -> Case:
    """The only backend's probe is answered 503: unhealthy, though it serves."""
    app = bench.upstream(APP)
    bench.start(_backend(options=_PROBE))
    bench.visit(12, rate=_RATE)
    app.behaviour = by_path({"/health": answer("503 Service Unavailable", b"database\n")})
    bench.visit(36, rate=_RATE)
    return bench.case(
        "A backend with a probe. The application began to answer the probe with 503, and nothing else: Varnish held it "
        "to be sick and did not try it.",
        Expect(sure=("no-live-upstream", "upstream-error"), confidence=_OPEN),
    )


@scenario("varnish-first-byte-timeout", VarnishBench)
def first_byte_timeout(bench: VarnishBench) -> Case:
    """The application gets slower than first_byte_timeout."""
    app = bench.upstream(APP)
    bench.start(_backend(options=".first_byte_timeout = 1s;"))
    bench.visit(12, rate=_RATE)
    app.behaviour = slow(3)
    bench.visit(24, rate=8)
    return bench.case(
        "first_byte_timeout 1 s. After 12 quick answers the application needed 3 s for each.",
        Expect(sure=("response-timeout",), timed=("unknown", "response-timeout")),
    )


@scenario("varnish-busy", VarnishBench)
def busy(bench: VarnishBench) -> Case:
    """max_connections is reached: `backend api: busy`."""
    bench.upstream(APP, answer(delay=1))
    bench.start(_backend(options=".max_connections = 3;"))
    bench.visit(36)
    return bench.case(
        "max_connections 3, and the application took 1 s for each request: the operator's own limit was reached.",
        Expect(sure=("circuit-breaker",), upstreams=("api",)),
    )


# Connecting fails.


def _break_connect(
    bench: VarnishBench,
    vcl: str,
    what: str,
    cause: str,
    *,
    timed: tuple[str, ...] = ("unknown",),
    rate: float = _RATE,
    confidence: tuple[str, ...] = ("high",),
) -> Case:
    """24 requests that Varnish cannot get through to the backend."""
    bench.start(vcl)
    bench.visit(24, rate=rate)
    return bench.case(what, Expect(sure=(cause,), timed=timed, upstreams=("api",), confidence=confidence))


@scenario("varnish-connect-timeout", VarnishBench, private=True)
def connect_timeout(bench: VarnishBench) -> Case:
    """SYNs are dropped: connect_timeout."""
    return _break_connect(
        bench,
        _backend(address=(SILENT_HOST, 9101), options=".connect_timeout = 1s;"),
        "connect_timeout 1 s to a host on the local network whose link is there but which drops every packet.",
        "connect-timeout",
        timed=("unknown", "connect-timeout", "response-timeout"),
    )


@scenario("varnish-host-unreachable", VarnishBench, private=True)
def host_unreachable(bench: VarnishBench) -> Case:
    """The host is gone from the local network: ARP fails after 3 s, errno 113."""
    return _break_connect(
        bench,
        _backend(address=(ABSENT_HOST, 9101), options=".connect_timeout = 10s;"),
        "The backend's address is on the local network but no host answers ARP for it. The kernel gives up after about "
        "3 s (less when others already wait): 113.",
        "host-unreachable",
        timed=("unknown", "host-unreachable", "connect-timeout", "response-timeout"),
        rate=8,
    )


@scenario("varnish-host-rejected", VarnishBench, private=True)
def host_rejected(bench: VarnishBench) -> Case:
    """A router or firewall rejects at once: errno 113."""
    return _break_connect(
        bench,
        _backend(address=(REJECTED_HOST, 9101)),
        "The way to the backend is rejected at once with `host unreachable`, as firewalls do that reject rather than "
        "drop.",
        "host-unreachable",
    )


@scenario("varnish-network-unreachable", VarnishBench, private=True)
def network_unreachable(bench: VarnishBench) -> Case:
    """No route to the backend's network: errno 101."""
    return _break_connect(
        bench,
        _backend(address=(UNROUTED_HOST, 9101)),
        "There is no route to the backend's network: 101 at once.",
        "host-unreachable",
    )


@scenario("varnish-tcp-permission", VarnishBench, private=True)
def tcp_permission(bench: VarnishBench) -> Case:
    """connect() over TCP is forbidden: errno 13."""
    return _break_connect(
        bench,
        _backend(address=(PROHIBITED_HOST, 9101)),
        "The kernel forbids the way to the backend (a `prohibit` route, which gives EACCES, as SELinux does).",
        "permission-denied",
    )


@scenario("varnish-ports-exhausted", VarnishBench, private=True)
def ports_exhausted(bench: VarnishBench) -> Case:
    """Varnish has no local port left to connect from: errno 99."""
    bench.upstream(APP, answer(delay=1))
    ports = Path("/proc/sys/net/ipv4/ip_local_port_range")
    before = ports.read_text(encoding="ascii")
    bench.start(_backend())
    ports.write_text("40000 40003\n", encoding="ascii")
    try:
        bench.visit(36)
    finally:
        ports.write_text(before, encoding="ascii")
    return bench.case(
        "ip_local_port_range was cut down to four ports, and the application took 1 s for each request: with more than "
        "four under way Varnish had no local port left to connect from.",
        Expect(sure=("proxy-exhausted",), upstreams=("api",)),
    )


_UNIX = f'backend api {{ .path = "{SOCKET}"; }}\n'


@scenario("varnish-socket-missing", VarnishBench, private=True)
def socket_missing(bench: VarnishBench) -> Case:
    """The unix socket's file goes away: errno 2."""
    app = bench.upstream(SOCKET)
    bench.start(_UNIX)
    bench.visit(12, rate=_RATE)
    app.stop()
    SOCKET.unlink()
    bench.visit(24, rate=_RATE)
    return bench.case(
        "The application was stopped and its unix socket's file removed.",
        Expect(sure=("socket-missing",), upstreams=("api",)),
    )


@scenario("varnish-socket-permission", VarnishBench, private=True)
def socket_permission(bench: VarnishBench) -> Case:
    """Varnish may not open the unix socket: errno 13."""
    bench.upstream(SOCKET)
    SOCKET.chmod(0o600)
    what = "Varnish's child runs as vcache. The socket belongs to root with mode 0600."
    return _break_connect(bench, _UNIX, what, "permission-denied")


@scenario("varnish-stale-socket", VarnishBench, private=True)
def stale_socket(bench: VarnishBench) -> Case:
    """The unix socket's file is there but nobody listens: errno 111."""
    bench.upstream(SOCKET).stop()
    what = "The application was killed and left its unix socket's file behind."
    return _break_connect(bench, _UNIX, what, "connection-refused")


# The backend takes the connection and then fails.


def _break_with(
    bench: VarnishBench,
    behaviour: Behaviour,
    what: str,
    cause: tuple[str, ...],
    *,
    options: str = "",
    timed: tuple[str, ...] = ("unknown",),
    confidence: tuple[str, ...] = ("high",),
    parameters: tuple[str, ...] = (),
) -> Case:
    """12 good requests to one backend, then 24 to the same with `behaviour`."""
    app = bench.upstream(APP)
    bench.start(_backend(options=options), parameters=parameters)
    bench.visit(12, rate=_RATE)
    app.behaviour = behaviour
    bench.visit(24, rate=_RATE)
    return bench.case(what, Expect(sure=cause, timed=timed, confidence=confidence))


@scenario("varnish-closed-early", VarnishBench)
def closed_early(bench: VarnishBench) -> Case:
    """FIN after the request was read."""
    what = "The application read each request and closed without answering."
    return _break_with(bench, close_after_request, what, ("closed-early",), confidence=_OPEN)


@scenario("varnish-connection-reset", VarnishBench)
def connection_reset(bench: VarnishBench) -> Case:
    """RST after the request was read."""
    what = "The application read each request and reset the connection. Varnish tells a reset and an end apart poorly."
    return _break_with(bench, reset_after_request, what, ("connection-reset", "closed-early"), confidence=())


@scenario("varnish-keepalive-race", VarnishBench)
def keepalive_race(bench: VarnishBench) -> Case:
    """The application closes kept connections as Varnish reuses them: it tries a second time, but not a POST."""
    bench.upstream(APP, forgetful)
    bench.start(_backend())
    for _ in range(12):
        bench.visit(2, rate=_RATE)
        bench.visit(2, {"/checkout/pay/{n}": 1}, rate=_RATE, method="POST", body=BODY)
    return bench.case(
        "The application keeps a connection after its first answer and closes it as the next request arrives on it. "
        "Varnish makes a second try of its own on a fresh connection where nothing of the body was sent.",
        Expect(sure=("keepalive-race", "closed-early"), confidence=()),
    )


@scenario("varnish-header-too-big", VarnishBench)
def header_too_big(bench: VarnishBench) -> Case:
    """One path's response header exceeds http_resp_hdr_len."""
    cookie = "Set-Cookie: basket=" + "A-1+" * 3000
    return _break_with(
        bench,
        by_path({"/checkout/": answer(headers=(cookie,))}),
        "/checkout/… set a cookie of 12 kB, more than http_resp_hdr_len: for Varnish 7.1 that is "
        "an `http format error` as any other. The other paths were well.",
        ("header-too-big", "invalid-response"),
        confidence=_OPEN,
    )


@scenario("varnish-headers-too-big", VarnishBench)
def headers_too_big(bench: VarnishBench) -> Case:
    """One path's whole response header exceeds http_resp_size."""
    cookies = tuple(f"Set-Cookie: basket{n}=" + "A-1+" * 1000 for n in range(10))
    return _break_with(
        bench,
        by_path({"/checkout/": answer(headers=cookies)}),
        "/checkout/… set ten cookies of 4 kB each, more than http_resp_size (32 kB). The other paths were well.",
        ("header-too-big",),
        confidence=_OPEN,
    )


@scenario("varnish-invalid-response", VarnishBench)
def invalid_response(bench: VarnishBench) -> Case:
    """Header lines that Varnish does not accept."""
    broken = say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Basket: A-1\0A-2\r\n\r\nhello\n")
    return _break_with(
        bench,
        by_path({"/checkout/": broken}),
        "/checkout/… had a NUL in a header's value. The other paths were well.",
        ("invalid-response",),
        confidence=_OPEN,
    )


@scenario("varnish-not-http", VarnishBench)
def not_http(bench: VarnishBench) -> Case:
    """The server on that port speaks something else than HTTP."""
    return _break_with(
        bench,
        say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
        "Something on that port that answers with an SSH banner and closes: to Varnish an end before the header's.",
        ("protocol-mismatch", "invalid-response", "closed-early"),
        confidence=_OPEN,
    )


@scenario("varnish-truncated-response", VarnishBench)
def truncated_response(bench: VarnishBench) -> Case:
    """The application closes in the middle of the body: 200, streamed."""
    return _break_with(
        bench,
        truncate(),
        "The application promised 20000 bytes and closed after 4000. The client got 200 and then a connection that was "
        "cut, which `aborted` counts.",
        ("truncated-response",),
        confidence=_OPEN,
    )


@scenario("varnish-body-timeout", VarnishBench)
def body_timeout(bench: VarnishBench) -> Case:
    """The application stalls in the middle of the body: between_bytes_timeout."""
    return _break_with(
        bench,
        stall_in_body(3),
        "between_bytes_timeout 1 s. The application promised 20000 bytes, sent 4000, and then nothing for 3 s. "
        "The client "
        "got 200 and then a connection that was cut, which `aborted` counts.",
        ("body-timeout", "truncated-response"),
        options=".between_bytes_timeout = 1s;",
        confidence=(),
    )


# Not the backend's connection at all.


@scenario("varnish-upstream-error", VarnishBench)
def upstream_error(bench: VarnishBench) -> Case:
    """The application itself says 502, 503 and 504."""
    ill = {
        "/checkout/cart": answer("503 Service Unavailable", b'{"error":"database pool exhausted"}\n', delay=0.02),
        "/checkout/pay": answer("502 Bad Gateway", b'{"error":"payment provider"}\n', delay=0.03),
        "/api/orders": answer("504 Gateway Timeout", b'{"error":"warehouse"}\n', delay=0.04),
    }
    app = bench.upstream(APP)
    bench.start(_backend())
    bench.visit(12, rate=_RATE)
    app.behaviour = by_path(ill)
    bench.visit(36, rate=_RATE)
    return bench.case(
        "The application answered 502, 503 and 504 itself, each on a path of its own. Varnish passed them on: "
        "of its own "
        "it answers neither 502 nor 504.",
        Expect(sure=("upstream-error",), timed=("upstream-error", "unknown"), blind=_RULE, told=False),
    )


#: A log that tells of neither upstream nor rule.
_RULE = ("unknown", "upstream-error", "proxy-local")


@scenario("varnish-synth-503", VarnishBench)
def synth_503(bench: VarnishBench) -> Case:
    """A maintenance page: `return (synth(503))`."""
    bench.upstream(APP)
    flag = bench.work_dir / "maintenance"
    rule = f'if (std.file_exists("{flag}")) {{ return (synth(503, "Back soon")); }}'
    bench.start(_backend() + f"sub vcl_recv {{ {rule} }}\n")
    bench.visit(12, rate=_RATE)
    flag.touch()
    bench.visit(24, rate=_RATE)
    flag.unlink()
    bench.visit(8, rate=_RATE)
    return bench.case(
        "An operator switched a maintenance page on and off again: the VCL answers 503 while a file exists.",
        Expect(sure=("proxy-local",), timed=("proxy-local", "unknown"), blind=_RULE, told=False),
    )


@scenario("varnish-client-abort", VarnishBench)
def client_abort(bench: VarnishBench) -> Case:
    """Clients go away while the application thinks."""
    app = bench.upstream(APP)
    bench.start(_backend())
    bench.visit(12, rate=_RATE)
    app.behaviour = slow(1)
    bench.visit(12, rate=_RATE, patience=0.3)
    bench.visit(1, {"/health": 1})
    return bench.case(
        "12 quick answers, then the application needed 1 s and 12 clients waited for 0.3 s only. Nothing failed.",
        Expect(sure=()),
    )


@scenario("varnish-retried", VarnishBench)
def retried(bench: VarnishBench) -> Case:
    """One of two backends is dead, and the VCL tries the other: no client sees it."""
    bench.upstream(APP)
    dead = bench.upstream(SECOND)
    retry = "sub vcl_backend_error { if (bereq.retries < 1) { set bereq.backend = api.backend(); return (retry); } }\n"
    bench.start(_pair() + retry)
    bench.visit(12, rate=_RATE)
    dead.stop()
    bench.visit(48, rate=_RATE)
    return bench.case(
        "Two backends in turn; vcl_backend_error tries again once. After 12 requests the second was stopped: fetches "
        "failed, and no client saw an error.",
        Expect(sure=("connection-refused",), upstreams=("api2",), confidence=_OPEN),
    )
