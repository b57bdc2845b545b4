"""What can break behind Apache httpd. Each function sets one thing up, breaks it, and says what may be concluded."""

from __future__ import annotations

import signal
import ssl
from pathlib import Path

from apache_bench import ApacheBench, Expect
from case import Case, Other
from isolation import ABSENT_HOST, PROHIBITED_HOST, REJECTED_HOST, RUN_DIR, SILENT_HOST, UNROUTED_HOST
from pki import NAME, Pki
from scenario import scenario
from upstreams import (
    BODY,
    Behaviour,
    answer,
    by_path,
    close_after_request,
    forgetful,
    healthy,
    listen,
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

#: A 503 in no time, from a log that does not say why: not sent on at all, or not taken.
_AT_ONCE = ("unknown", "connection-refused", "proxy-local", "no-live-upstream")

#: From outside a crash, a kill and a deliberate close look the same: one line about it cannot settle which.
_OPEN = ("high", "medium")


def _name(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"


def _single(options: str = "") -> str:
    return f"ProxyPass / http://{_name(APP)}/ {options}"


def _balancer(options: str = "", settings: str = "") -> str:
    """A balancer of two members; Apache takes a member that failed to connect out of it for `retry` seconds."""
    return f"""
    ProxyPass / balancer://api/
    <Proxy balancer://api>
        BalancerMember http://{_name(APP)} route=api-1 {options}
        BalancerMember http://{_name(SECOND)} route=api-2 {options}
        {settings}
    </Proxy>"""


@scenario("apache-healthy", ApacheBench)
def well(bench: ApacheBench) -> Case:
    """Nothing is wrong: 200s, a few 404s, a graceful restart in between."""
    bench.upstream(APP, by_path({"/favicon": answer("404 Not Found", b"no\n")}))
    bench.upstream(SECOND, by_path({"/favicon": answer("404 Not Found", b"no\n")}))
    paths = {"/checkout/cart/{n}": 5, "/api/orders/{n}": 4, "/favicon.ico": 1}
    apache = bench.start(_balancer())
    bench.visit(20, paths, rate=_RATE)
    apache.signal(signal.SIGUSR1)
    bench.visit(30, paths, rate=_RATE)
    return bench.case(
        "Two healthy members that answer 404 now and then, and `apachectl graceful` under load.", Expect(sure=())
    )


@scenario("apache-refused", ApacheBench)
def refused(bench: ApacheBench) -> Case:
    """The only server dies: connect() is refused."""
    app = bench.upstream(APP)
    bench.start(_single())
    bench.visit(12, rate=_RATE)
    app.stop()
    bench.visit(30, rate=_RATE)
    return bench.case(
        "ProxyPass to a single server, no balancer. 12 requests while it was well, then its process was stopped, and "
        "30 more. Apache tries each time: only members of a balancer are held to be down for `retry` seconds.",
        Expect(sure=("connection-refused",), timed=_AT_ONCE, upstreams=(_name(APP),)),
    )


@scenario("apache-refused-one-of-two", ApacheBench)
def refused_one_of_two(bench: ApacheBench) -> Case:
    """One of two members is dead and every failed attempt is saved by the other."""
    bench.upstream(APP)
    dead = bench.upstream(SECOND)
    bench.start(_balancer("retry=1"))
    bench.visit(12, rate=_RATE)
    dead.stop()
    bench.visit(48, rate=_RATE)
    return bench.case(
        "A balancer of two members, retry=1. After 12 requests the second was stopped. Once a second Apache tried it "
        "again with a client's request, was refused, and passed the request on to the other: no client saw an error.",
        Expect(sure=("connection-refused",), upstreams=(_name(SECOND),), confidence=_OPEN),
    )


@scenario("apache-all-down", ApacheBench)
def all_down(bench: ApacheBench) -> Case:
    """Both members die: with Apache's defaults each request tries both."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    bench.start(_balancer())
    bench.visit(12, rate=_RATE)
    for app in apps:
        app.stop()
    bench.visit(30, rate=_RATE)
    return bench.case(
        "A balancer of two members with the defaults. Both were stopped at once. When all members are in error Apache "
        "recovers them at once (forcerecovery=On), so that each request was refused by both.",
        Expect(
            sure=("connection-refused",),
            timed=_AT_ONCE,
            upstreams=(_name(APP), _name(SECOND)),
        ),
    )


@scenario("apache-all-workers-in-error", ApacheBench)
def all_workers_in_error(bench: ApacheBench) -> Case:
    """Both members die; within `retry` Apache says `All workers are in error state` without trying."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    bench.start(_balancer("retry=2", "ProxySet forcerecovery=Off"))
    bench.visit(12, rate=_RATE)
    for app in apps:
        app.stop()
    bench.visit(48, rate=_RATE)
    return bench.case(
        "A balancer of two members, retry=2, forcerecovery=Off. Both were stopped at once. The next request was "
        "refused by both; then Apache held both to be down and answered `All workers are in error state` without "
        "trying, until it tried again 2 s later. The refusals are the root; most lines are the consequence.",
        Expect(
            sure=("connection-refused",),
            timed=_AT_ONCE,
            upstreams=(_name(APP), _name(SECOND)),
            attempt="AH01114|AH01170",
        ),
    )


@scenario("apache-response-timeout", ApacheBench)
def response_timeout(bench: ApacheBench) -> Case:
    """The application gets slower than ProxyTimeout: 502, not 504."""
    app = bench.upstream(APP)
    bench.start("ProxyTimeout 1\n" + _single())
    bench.visit(12, rate=_RATE)
    app.behaviour = slow(3)
    bench.visit(24, rate=8)
    return bench.case(
        "ProxyTimeout 1. After 12 quick answers the application needed 3 s for each. Apache answers 502, not 504, when "
        "it waited for the status line in vain.",
        Expect(
            sure=("response-timeout",),
            timed=("unknown", "response-timeout"),
            upstreams=(_name(APP),),
            attempt="AH01102",
        ),
    )


# Connecting fails: 503, always with two lines, one of the connection (AH00957 or AH02454) and one of the request.


def _break_connect(
    bench: ApacheBench,
    site: str,
    what: str,
    cause: str,
    upstream: str,
    *,
    timed: tuple[str, ...] = _AT_ONCE,
    attempt: str = "AH01114",
    rate: float = _RATE,
) -> Case:
    """24 requests that Apache cannot get through to the upstream."""
    bench.start(site)
    bench.visit(24, rate=rate)
    return bench.case(what, Expect(sure=(cause,), timed=timed, upstreams=(upstream,), attempt=attempt))


@scenario("apache-connect-timeout", ApacheBench, private=True)
def connect_timeout(bench: ApacheBench) -> Case:
    """SYNs are dropped: connectiontimeout."""
    silent = f"{SILENT_HOST}:9101"
    return _break_connect(
        bench,
        f"ProxyPass / http://{silent}/ connectiontimeout=1",
        "connectiontimeout=1 to a host on the local network whose link is there but which drops every packet.",
        "connect-timeout",
        silent,
        timed=("unknown", "connect-timeout", "response-timeout"),
    )


@scenario("apache-host-unreachable", ApacheBench, private=True)
def host_unreachable(bench: ApacheBench) -> Case:
    """The host is gone from the local network: ARP fails after 3 s, errno 113."""
    absent = f"{ABSENT_HOST}:9101"
    return _break_connect(
        bench,
        f"ProxyPass / http://{absent}/",
        "The server's address is on the local network but no host answers ARP for it. The kernel gives up after about "
        "3 s (less when others already wait): 113.",
        "host-unreachable",
        absent,
        timed=("unknown", "host-unreachable", "connect-timeout"),
        rate=8,
    )


@scenario("apache-host-rejected", ApacheBench, private=True)
def host_rejected(bench: ApacheBench) -> Case:
    """A router or firewall rejects at once: errno 113."""
    rejected = f"{REJECTED_HOST}:9101"
    return _break_connect(
        bench,
        f"ProxyPass / http://{rejected}/",
        "The way to the server is rejected at once with `host unreachable`, as firewalls do that reject rather than "
        "drop.",
        "host-unreachable",
        rejected,
    )


@scenario("apache-network-unreachable", ApacheBench, private=True)
def network_unreachable(bench: ApacheBench) -> Case:
    """No route to the server's network: errno 101."""
    unrouted = f"{UNROUTED_HOST}:9101"
    return _break_connect(
        bench,
        f"ProxyPass / http://{unrouted}/",
        "There is no route to the server's network: 101 at once.",
        "host-unreachable",
        unrouted,
    )


@scenario("apache-tcp-permission", ApacheBench, private=True)
def tcp_permission(bench: ApacheBench) -> Case:
    """connect() over TCP is forbidden: errno 13."""
    prohibited = f"{PROHIBITED_HOST}:9101"
    return _break_connect(
        bench,
        f"ProxyPass / http://{prohibited}/",
        "The kernel forbids the way to the server (a `prohibit` route, which gives the same EACCES as SELinux without "
        "httpd_can_network_connect).",
        "permission-denied",
        prohibited,
    )


@scenario("apache-ports-exhausted", ApacheBench, private=True)
def ports_exhausted(bench: ApacheBench) -> Case:
    """Apache has no local port left to connect from: errno 99."""
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
        "ip_local_port_range was cut down to four ports, and the application took 1 s for each request: with more "
        "than four under way Apache had no local port left to connect from.",
        Expect(sure=("proxy-exhausted",), timed=(*_AT_ONCE, "proxy-exhausted"), upstreams=(_name(APP),)),
    )


_UNIX = f"ProxyPass / unix:{SOCKET}|http://localhost/"


@scenario("apache-socket-missing", ApacheBench, private=True)
def socket_missing(bench: ApacheBench) -> Case:
    """The unix socket's file is gone: errno 2."""
    SOCKET.unlink(missing_ok=True)
    what = "The application is not running and its unix socket's file is gone."
    return _break_connect(bench, _UNIX, what, "socket-missing", f"unix:{SOCKET}")


@scenario("apache-socket-permission", ApacheBench, private=True)
def socket_permission(bench: ApacheBench) -> Case:
    """Apache's workers may not open the unix socket: errno 13."""
    bench.upstream(SOCKET)
    SOCKET.chmod(0o600)
    what = "Apache's workers run as www-data. The socket belongs to root with mode 0600."
    return _break_connect(bench, _UNIX, what, "permission-denied", f"unix:{SOCKET}")


@scenario("apache-stale-socket", ApacheBench, private=True)
def stale_socket(bench: ApacheBench) -> Case:
    """The unix socket's file is there but nobody listens: errno 111."""
    bench.upstream(SOCKET).stop()
    what = "The application was killed and left its unix socket's file behind."
    return _break_connect(bench, _UNIX, what, "connection-refused", f"unix:{SOCKET}")


@scenario("apache-fcgi-stale-socket", ApacheBench, private=True)
def fcgi_stale_socket(bench: ApacheBench) -> Case:
    """php-fpm's socket is stale: mod_proxy_fcgi is refused."""
    socket = SOCKET.with_name("php8.2-fpm.sock")
    listen(socket).close()
    return _break_connect(
        bench,
        f'<Location "/">\n        SetHandler "proxy:unix:{socket}|fcgi://localhost"\n    </Location>',
        "SetHandler proxy:unix:…|fcgi:// to a unix socket that php-fpm left behind: nobody listens.",
        "connection-refused",
        f"unix:{socket}",
        attempt="AH01079",
    )


@scenario("apache-ajp-refused", ApacheBench)
def ajp_refused(bench: ApacheBench) -> Case:
    """Tomcat's AJP port is closed."""
    return _break_connect(
        bench,
        "ProxyPass / ajp://127.0.0.1:8009/",
        "ProxyPass to an AJP port on which nothing listens.",
        "connection-refused",
        "127.0.0.1:8009",
        attempt="AH00896",
    )


@scenario("apache-pool-full", ApacheBench)
def pool_full(bench: ApacheBench) -> Case:
    """All connections that `max` allows are taken: AH00941 after `acquire`."""
    bench.upstream(APP, answer(delay=1))
    bench.start(_single("max=3 acquire=200"))
    bench.visit(36)
    return bench.case(
        "max=3 acquire=200, and the application took 1 s for each request: the operator's own limit was reached, and "
        "requests that found no free connection within 200 ms got 503.",
        Expect(
            sure=("circuit-breaker",),
            timed=("unknown", "circuit-breaker", "queue-timeout"),
            upstreams=(_name(APP),),
            attempt="AH00941",
        ),
    )


@scenario("apache-dns-failure", ApacheBench, private=True)
def dns_failure(bench: ApacheBench) -> Case:
    """The upstream's name does not resolve: 500."""
    bench.start(f"ProxyPass / http://{NAME}:9101/")
    bench.visit(24, rate=_RATE)
    return bench.case(
        "ProxyPass to a name that no name server answers for. Apache answers 500.",
        Expect(sure=("dns-failure",), attempt=""),
    )


# The error log in other layouts.


@scenario("apache-error-format", ApacheBench)
def error_format(bench: ApacheBench) -> Case:
    """An ErrorLogFormat as in Apache 2.2: no module, no process, no microseconds."""
    app = bench.upstream(APP)
    bench.start(
        _single("timeout=1"),
        # The manual's own, but for the colon that the default puts after `referer`.
        error_format=r'ErrorLogFormat "[%t] [%l] %7F: %E: [client\ %a] %M% ,\ referer:\ %{Referer}i"',
    )
    bench.visit(12, rate=_RATE)
    app.behaviour = slow(3)
    bench.visit(12, rate=8, headers=("Referer: https://shop.example.com/checkout/cart",))
    app.stop()
    bench.visit(24, rate=8, headers=("Referer: https://shop.example.com/checkout/cart",))
    return bench.case(
        "The error log in the layout of Apache 2.2. 12 requests went well, 12 timed out (502), then the server was "
        "stopped and 24 were refused (503). The views name the larger fault.",
        Expect(
            sure=("connection-refused",),
            timed=(*_AT_ONCE, "response-timeout"),
            blind=("unknown", "response-timeout"),
            upstreams=(_name(APP),),
            confidence=_OPEN,
            attempt="AH01114|AH01102",
        ),
    )


# The server takes the connection and then fails.


def _break_with(
    bench: ApacheBench,
    behaviour: Behaviour,
    what: str,
    cause: tuple[str, ...],
    attempt: str,
    *,
    options: str = "",
    confidence: tuple[str, ...] = ("high",),
    named: bool = True,
) -> Case:
    """12 good requests to one server, then 24 to the same server with `behaviour`."""
    app = bench.upstream(APP)
    bench.start(_single(options))
    bench.visit(12, rate=_RATE)
    app.behaviour = behaviour
    bench.visit(24, rate=_RATE)
    upstreams = (_name(APP),) if named else ()
    return bench.case(what, Expect(sure=cause, upstreams=upstreams, confidence=confidence, attempt=attempt))


@scenario("apache-closed-early", ApacheBench)
def closed_early(bench: ApacheBench) -> Case:
    """FIN after the request was read: (20014)Internal error."""
    return _break_with(
        bench,
        close_after_request,
        "The application read each request and closed without answering.",
        ("closed-early",),
        "AH01102",
        confidence=_OPEN,
    )


@scenario("apache-connection-reset", ApacheBench)
def connection_reset(bench: ApacheBench) -> Case:
    """RST after the request was read: errno 104."""
    return _break_with(
        bench,
        reset_after_request,
        "The application read each request and reset the connection.",
        ("connection-reset",),
        "AH01102",
        confidence=_OPEN,
    )


@scenario("apache-keepalive-race", ApacheBench)
def keepalive_race(bench: ApacheBench) -> Case:
    """The application closes kept connections as Apache reuses them."""
    bench.upstream(APP, forgetful)
    bench.start(_single())
    for _ in range(12):
        bench.visit(2, rate=_RATE)
        bench.visit(2, {"/checkout/pay/{n}": 1}, rate=_RATE, method="POST", body=BODY)
    return bench.case(
        "The application keeps a connection after its first answer and closes it as the next request arrives on it, as "
        "happens when its idle timeout is shorter than the time for which Apache pools connections.",
        Expect(sure=("keepalive-race", "closed-early"), upstreams=(_name(APP),), confidence=(), attempt="AH01102"),
    )


@scenario("apache-header-too-big", ApacheBench)
def header_too_big(bench: ApacheBench) -> Case:
    """One path's response header exceeds responsefieldsize."""
    cookie = "Set-Cookie: basket=" + "A-1+" * 3000
    return _break_with(
        bench,
        by_path({"/checkout/": answer(headers=(cookie,))}),
        "/checkout/… set a cookie of 12 kB, more than the 8192 bytes that Apache takes for a field. The other paths "
        "were well.",
        ("header-too-big",),
        "AH10124",
        named=False,
    )


@scenario("apache-invalid-response", ApacheBench)
def invalid_response(bench: ApacheBench) -> Case:
    """Header lines that Apache does not accept: 502 for one kind, 500 for another."""
    broken = {
        "/checkout/": say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Basket: A-1\0A-2\r\n\r\nhello\n"),
        "/api/orders": say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX Powered By: shop\r\n\r\nhello\n"),
    }
    return _break_with(
        bench,
        by_path(broken),
        "/checkout/… had a NUL in a header's value: 502. /api/orders/… had a space in a header's name: 500. The other "
        "paths were well.",
        ("invalid-response",),
        "AH01106",
        named=False,
    )


@scenario("apache-truncated-response", ApacheBench)
def truncated_response(bench: ApacheBench) -> Case:
    """The application closes in the middle of the body: 200, and a line without an address."""
    return _break_with(
        bench,
        truncate(),
        "The application promised 20000 bytes and closed after 4000. The client got 200 and then a connection that was "
        "cut, which `aborted` counts.",
        ("truncated-response",),
        "",
        named=False,
    )


@scenario("apache-body-timeout", ApacheBench)
def body_timeout(bench: ApacheBench) -> Case:
    """The application stalls in the middle of the body: 200, and a line without an address."""
    return _break_with(
        bench,
        stall_in_body(3),
        "timeout=1. The application promised 20000 bytes, sent 4000, and then nothing for 3 s. The client got 200 and "
        "then a connection that was cut, which `aborted` counts.",
        ("body-timeout",),
        "",
        options="timeout=1",
        named=False,
    )


@scenario("apache-send-timeout", ApacheBench)
def send_timeout(bench: ApacheBench) -> Case:
    """The application does not read an upload: 504, the one timeout that is."""
    bench.upstream(APP, by_path({"/upload": lambda connection: connection.pause(4)}))
    bench.start(_single("timeout=1"))
    bench.visit(12, rate=_RATE)
    bench.visit(12, {"/upload/{n}": 1}, rate=6, method="POST", body=b"x" * 8_000_000)
    return bench.case(
        "timeout=1. The application took the connection but did not read 12 uploads of 8 MB: Apache could not send for "
        "1 s and answered 504.",
        Expect(
            sure=("response-timeout",),
            timed=("response-timeout", "unknown"),
            blind=("unknown", "response-timeout"),
            upstreams=(_name(APP),),
            attempt="AH01084",
            confidence=_OPEN,
        ),
    )


# TLS towards the upstream: Apache answers 500, and says at its default level only that the handshake failed.


def _tls_case(
    bench: ApacheBench,
    context: ssl.SSLContext | None,
    what: str,
    cause: tuple[str, ...],
    *,
    behaviour: Behaviour = healthy,
    directives: str = "",
    log_level: str = "warn",
    confidence: tuple[str, ...] = ("high",),
) -> Case:
    bench.upstream(TLS_APP, behaviour, context)
    bench.start(f"{directives}\n    ProxyPass / https://{_name(TLS_APP)}/", log_level=log_level)
    bench.visit(20, rate=_RATE)
    expect = Expect(sure=cause, upstreams=(_name(TLS_APP),), attempt="", confidence=confidence)
    return bench.case(f"{what} Apache answers 500.", expect)


def _verify(pki: Pki) -> str:
    return f"SSLProxyEngine on\n    SSLProxyVerify require\n    SSLProxyCACertificateFile {pki.authority.certificate}"


#: What makes Apache say why.
_TELL = "warn ssl:info"


@scenario("apache-tls-self-signed", ApacheBench)
def tls_self_signed(bench: ApacheBench) -> Case:
    """SSLProxyVerify, and a self-signed certificate."""
    pki = Pki(bench.work_dir)
    return _tls_case(
        bench,
        pki.self_signed(NAME).server_context(),
        "SSLProxyVerify require. The upstream's certificate is signed by itself.",
        ("tls-certificate",),
        directives=_verify(pki),
    )


@scenario("apache-tls-expired", ApacheBench)
def tls_expired(bench: ApacheBench) -> Case:
    """SSLProxyVerify, and a certificate that ran out; LogLevel ssl:info."""
    pki = Pki(bench.work_dir)
    return _tls_case(
        bench,
        pki.expired(NAME).server_context(),
        "SSLProxyVerify require, LogLevel ssl:info. The upstream's certificate is by the right authority but has "
        "expired.",
        ("tls-certificate",),
        directives=_verify(pki),
        log_level=_TELL,
    )


@scenario("apache-tls-wrong-name", ApacheBench)
def tls_wrong_name(bench: ApacheBench) -> Case:
    """A certificate for another name; LogLevel ssl:info."""
    pki = Pki(bench.work_dir)
    return _tls_case(
        bench,
        pki.issued("other.internal").server_context(),
        "SSLProxyVerify require, LogLevel ssl:info. The upstream's certificate is good, but for another name.",
        ("tls-certificate",),
        directives=_verify(pki),
        log_level=_TELL,
    )


@scenario("apache-tls-wrong-name-terse", ApacheBench)
def tls_wrong_name_terse(bench: ApacheBench) -> Case:
    """A certificate for another name, at the default LogLevel: no word of why."""
    return _tls_case(
        bench,
        Pki(bench.work_dir).issued("other.internal").server_context(),
        "The upstream's certificate is for another name (SSLProxyCheckPeerName is on by default, even without "
        "SSLProxyVerify). At the default LogLevel the log says only that the handshake failed.",
        ("tls-handshake", "tls-certificate"),
        directives="SSLProxyEngine on",
        confidence=(),
    )


@scenario("apache-tls-handshake", ApacheBench)
def tls_handshake(bench: ApacheBench) -> Case:
    """No TLS version in common; LogLevel ssl:info."""
    context = Pki(bench.work_dir).issued(NAME).server_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return _tls_case(
        bench,
        context,
        "Apache may speak TLS 1.2 only (SSLProxyProtocol), the upstream TLS 1.3 only. LogLevel ssl:info.",
        ("tls-handshake",),
        directives="SSLProxyEngine on\n    SSLProxyProtocol TLSv1.2",
        log_level=_TELL,
    )


@scenario("apache-https-to-http", ApacheBench)
def https_to_http(bench: ApacheBench) -> Case:
    """ProxyPass https:// to a port that speaks plain HTTP; LogLevel ssl:info."""
    return _tls_case(
        bench,
        None,
        "ProxyPass https:// to a server that speaks plain HTTP and answered the TLS hello with 400. LogLevel ssl:info.",
        ("protocol-mismatch",),
        behaviour=plain_http,
        directives="SSLProxyEngine on",
        log_level=_TELL,
    )


@scenario("apache-no-ssl-proxy-engine", ApacheBench)
def no_ssl_proxy_engine(bench: ApacheBench) -> Case:
    """ProxyPass https:// without SSLProxyEngine: AH00961."""
    return _tls_case(
        bench,
        Pki(bench.work_dir).issued(NAME).server_context(),
        "ProxyPass https:// in a virtual host without SSLProxyEngine on.",
        ("tls-handshake", "gateway-internal", "protocol-mismatch"),
        confidence=(),
    )


@scenario("apache-http-to-tls", ApacheBench)
def http_to_tls(bench: ApacheBench) -> Case:
    """ProxyPass http:// to a port that speaks TLS."""
    bench.upstream(TLS_APP, tls=Pki(bench.work_dir).issued(NAME).server_context())
    bench.start(f"ProxyPass / http://{_name(TLS_APP)}/")
    bench.visit(24, rate=_RATE)
    return bench.case(
        "ProxyPass http:// to a port of a server that speaks TLS (Python's ssl on OpenSSL). It sends no alert but "
        "resets, so that nothing in the logs tells of TLS.",
        Expect(
            sure=("connection-reset", "protocol-mismatch"),
            upstreams=(_name(TLS_APP),),
            confidence=(),
            attempt="AH01102",
        ),
    )


# Not the upstream's connection at all.

#: No error line, and no status of the upstream in the access log: its own answer, or a rule of Apache's.
_SILENT = ("unknown", "upstream-error", "proxy-local")


@scenario("apache-upstream-error", ApacheBench)
def upstream_error(bench: ApacheBench) -> Case:
    """The application itself says 502, 503 and 504."""
    ill = {
        "/checkout/cart": answer("503 Service Unavailable", b'{"error":"database pool exhausted"}\n', delay=0.02),
        "/checkout/pay": answer("502 Bad Gateway", b'{"error":"payment provider"}\n', delay=0.03),
        "/api/orders": answer("504 Gateway Timeout", b'{"error":"warehouse"}\n', delay=0.04),
    }
    app = bench.upstream(APP)
    bench.upstream(SECOND)
    bench.start(_balancer())
    bench.visit(12, rate=_RATE)
    app.behaviour = by_path(ill)
    bench.visit(36, rate=_RATE)
    return bench.case(
        "One of two members answered 502, 503 and 504 itself, each on a path of its own. Apache has nothing to log as "
        "an error; worker.log names the member.",
        Expect(
            sure=("upstream-error",),
            timed=_SILENT,
            blind=_SILENT,
            members=(_name(APP),),
        ),
    )


@scenario("apache-failonstatus", ApacheBench)
def fail_on_status(bench: ApacheBench) -> Case:
    """failonstatus=503: AH01174 names the member that answered so."""
    bench.upstream(APP)
    ill = bench.upstream(SECOND)
    bench.start(_balancer("retry=1", "ProxySet failonstatus=503"))
    bench.visit(12, rate=_RATE)
    ill.behaviour = answer("503 Service Unavailable", b'{"error":"database pool exhausted"}\n', delay=0.02)
    bench.visit(60, rate=_RATE)
    return bench.case(
        "failonstatus=503, retry=1. One of two members answered 503 itself: the client got it, and Apache took the "
        "member out for a second each time.",
        Expect(
            sure=("upstream-error",),
            timed=_SILENT,
            blind=_SILENT,
            upstreams=(_name(SECOND),),
            members=(_name(SECOND),),
            confidence=_OPEN,
            attempt="AH01174",
        ),
    )


@scenario("apache-maintenance", ApacheBench)
def maintenance(bench: ApacheBench) -> Case:
    """A maintenance page: RewriteRule … [R=503]."""
    bench.upstream(APP)
    flag = bench.work_dir / "maintenance"
    bench.start(
        f"RewriteEngine on\n    RewriteCond {flag} -f\n    RewriteRule ^ - [R=503,L]\n"
        f'    ErrorDocument 503 "Back soon"\n    {_single()}'
    )
    bench.visit(12, rate=_RATE)
    flag.touch()
    bench.visit(24, rate=_RATE)
    flag.unlink()
    bench.visit(8, rate=_RATE)
    return bench.case(
        "An operator switched a maintenance page on and off again: 503 while a file exists. No upstream is to blame, "
        "and the error log is silent.",
        Expect(sure=("proxy-local",), timed=_SILENT, blind=_SILENT),
    )


@scenario("apache-workers-exhausted", ApacheBench)
def workers_exhausted(bench: ApacheBench) -> Case:
    """A slow application takes all of MaxRequestWorkers: AH00484."""
    app = bench.upstream(APP)
    bench.start(_single("timeout=1"), threads=6)
    bench.visit(12, rate=_RATE)
    app.behaviour = slow(3)
    bench.visit(24, rate=20, workers=24)
    return bench.case(
        "MaxRequestWorkers 6, timeout=1. After 12 quick answers the application needed 3 s for each of 24 requests, "
        "which came faster than six threads could wait for them. Requests queued in front of Apache, and all got 502. "
        "The application's slowness is the root.",
        Expect(
            sure=("response-timeout", "proxy-exhausted"),
            timed=("unknown", "response-timeout"),
            upstreams=(_name(APP),),
            confidence=(),
            attempt="AH01102",
        ),
    )


@scenario("apache-two-faults", ApacheBench)
def two_faults(bench: ApacheBench) -> Case:
    """Two servers fail at once for two reasons."""
    slow_one = bench.upstream(APP)
    dead = bench.upstream(SECOND)
    bench.start(f"ProxyPass /search http://{_name(SECOND)}/search timeout=1\n    {_single('timeout=1')}")
    paths = {"/checkout/cart/{n}": 4, "/api/orders/{n}": 3, "/search?q=shoes&page={n}": 3}
    bench.visit(12, paths, rate=_RATE)
    slow_one.behaviour = slow(3)
    dead.stop()
    bench.visit(48, paths, rate=_RATE, workers=24)
    return bench.case(
        f"Two servers. At the same moment {_name(APP)} became slower than timeout=1 (502, about two thirds of the "
        f"requests) and {_name(SECOND)} died (refused, 503).",
        Expect(
            sure=("response-timeout",),
            timed=("unknown", "response-timeout"),
            upstreams=(_name(APP),),
            attempt="AH01102|AH01114",
            other=(Other(["connection-refused"], [_name(SECOND)]),),
        ),
    )
