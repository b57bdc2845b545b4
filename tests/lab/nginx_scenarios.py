"""What can break behind nginx. Each function sets one thing up, breaks it, and says what may be concluded."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable

from case import Case, Other
from isolation import ABSENT_HOST, PROHIBITED_HOST, REJECTED_HOST, RUN_DIR, SILENT_HOST, UNROUTED_HOST
from nameserver import ADDRESS as NAMESERVER
from nameserver import NO_SUCH_NAME, SERVER_FAILURE, Nameserver
from nginx_bench import Expect, NginxBench
from pki import NAME, Pki
from scenario import scenario
from upstreams import (
    BODY,
    Behaviour,
    Connection,
    FullBacklog,
    answer,
    by_path,
    close_after_request,
    close_on_accept,
    forgetful,
    healthy,
    listen,
    plain_http,
    reset_after_request,
    reset_on_accept,
    say,
    slow,
    stall_in_body,
    truncate,
)

APP = ("127.0.0.1", 9101)
SECOND = ("127.0.0.1", 9102)
SEARCH = ("127.0.0.1", 9201)
SORRY = ("127.0.0.1", 9301)
TLS_APP = ("127.0.0.1", 9443)
SOCKET = RUN_DIR / "app.sock"


def _name(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"


@scenario("nginx-refused", NginxBench)
def refused(bench: NginxBench) -> Case:
    """The only server dies: connect() is refused."""
    app = bench.upstream(APP)
    bench.start(f"proxy_pass http://{_name(APP)};")
    bench.visit(20)
    app.stop()
    bench.visit(40)
    return bench.case(
        "proxy_pass to a single server. 20 requests while it was well, then its process was stopped, so that nothing "
        "listened on the port, and 40 more requests.",
        Expect(sure=("connection-refused",), upstreams=(_name(APP),)),
    )


@scenario("nginx-refused-one-of-two", NginxBench)
def refused_one_of_two(bench: NginxBench) -> Case:
    """One of two servers is dead and every failed attempt is saved by a retry."""
    bench.upstream(APP)
    dead = bench.upstream(SECOND)
    _start_pair(bench)
    bench.visit(10)
    dead.stop()
    bench.visit(50)
    return bench.case(
        "Two servers with max_fails=0, so that nginx keeps trying both. After 10 requests the second was stopped. "
        "About every second request went there first, was refused, and was passed on to the other: no client saw an "
        "error.",
        Expect(sure=("connection-refused",), upstreams=(_name(SECOND),)),
    )


@scenario("nginx-response-timeout", NginxBench)
def response_timeout(bench: NginxBench) -> Case:
    """The application gets slower than proxy_read_timeout."""
    app = bench.upstream(APP)
    bench.start(f"proxy_pass http://{_name(APP)}; proxy_read_timeout 1s;")
    bench.visit(20)
    app.behaviour = slow(3)
    bench.visit(30, rate=5)
    return bench.case(
        "proxy_read_timeout 1s. After 20 quick answers the application needed 3 s for each: it accepted, read the "
        "request and was still thinking when nginx gave up.",
        Expect(
            sure=("response-timeout",),
            ingress=("response-timeout", "connect-timeout", "unknown"),
            blind=("unknown", "response-timeout"),
            upstreams=(_name(APP),),
        ),
    )


@scenario("nginx-healthy", NginxBench)
def well(bench: NginxBench) -> Case:
    """Nothing is wrong: 200s, a few 404s, nothing to report."""
    bench.upstream(APP, by_path({"/favicon": answer("404 Not Found", b"no\n")}))
    bench.start(f"proxy_pass http://{_name(APP)};")
    bench.visit(50, {"/checkout/cart/{n}": 5, "/api/orders/{n}": 4, "/favicon.ico": 1})
    return bench.case("A healthy application that answers 404 now and then.", Expect(sure=()))


@scenario("nginx-refused-some-visible", NginxBench)
def refused_some_visible(bench: NginxBench) -> Case:
    """First one of two servers is dead (masked), then both (502)."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    _start_pair(bench)
    bench.visit(10)
    apps[1].stop()
    bench.visit(25)
    apps[0].stop()
    bench.visit(20)
    apps[0].start()
    apps[1].start()
    bench.visit(10)
    return bench.case(
        "Two servers with max_fails=0. After 10 requests the second was stopped: of the next 25 requests about half "
        "were refused there first and saved by the other. Then the first was stopped as well: 20 requests were "
        "refused by both and got 502. Then both were started again.",
        Expect(sure=("connection-refused",), upstreams=(_name(APP), _name(SECOND))),
    )


@scenario("nginx-all-down", NginxBench)
def all_down(bench: NginxBench) -> Case:
    """Both servers die; after the first refusals nginx says `no live upstreams`."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    _start_pair(bench, "")
    bench.visit(16)
    for app in apps:
        app.stop()
    bench.visit(60, rate=5)
    return bench.case(
        "Two servers with nginx's defaults (max_fails=1 fail_timeout=10s). Both were stopped at once. The next "
        "request was refused by both; then nginx held both to be down and answered `no live upstreams` without "
        "trying, until it tried both again 10 s later and was refused again. The refusals are the root; nearly all "
        "lines are the consequence.",
        Expect(
            sure=("connection-refused",),
            timed=("connection-refused", "no-live-upstream"),
            upstreams=(_name(APP), _name(SECOND)),
            group="api",
        ),
    )


@scenario("nginx-connect-timeout", NginxBench, private=True)
def connect_timeout(bench: NginxBench) -> Case:
    """SYNs are dropped: proxy_connect_timeout."""
    silent = f"{SILENT_HOST}:9101"
    bench.start(f"proxy_connect_timeout 1s; proxy_pass http://{silent};")
    bench.visit(30, rate=6)
    return bench.case(
        "proxy_connect_timeout 1s to a host on the local network whose link is there but which drops every packet.",
        Expect(
            sure=("connect-timeout",),
            ingress=("connect-timeout", "response-timeout", "unknown"),
            blind=("unknown", "connect-timeout", "response-timeout"),
            upstreams=(silent,),
        ),
    )


@scenario("nginx-backlog-full-tcp", NginxBench)
def backlog_full_tcp(bench: NginxBench) -> Case:
    """A stuck application's full TCP accept queue looks like a dropped SYN."""
    bench.keep(FullBacklog(APP).start())
    bench.start(f"proxy_connect_timeout 1s; proxy_pass http://{_name(APP)};")
    bench.visit(24, rate=6)
    return bench.case(
        "The application listens with a backlog of 0, its queue is full and it never accepts: Linux drops the SYN, "
        "so that the proxy can only say that connecting took too long. From these logs alone this is "
        "connect-timeout.",
        Expect(
            sure=("connect-timeout", "backlog-full"),
            ingress=("connect-timeout", "response-timeout", "unknown"),
            blind=("unknown", "connect-timeout", "response-timeout"),
            upstreams=(_name(APP),),
            confidence=(),
        ),
    )


@scenario("nginx-host-unreachable", NginxBench, private=True)
def host_unreachable(bench: NginxBench) -> Case:
    """The host is gone from the local network: ARP fails after 3 s, errno 113."""
    return _unreachable(
        bench,
        ABSENT_HOST,
        "The server's address is on the local network but no host answers ARP for it. The kernel gives up after about "
        "3 s (less when others already wait): 113.",
        ("host-unreachable", "unknown"),
        rate=6,
    )


@scenario("nginx-host-rejected", NginxBench, private=True)
def host_rejected(bench: NginxBench) -> Case:
    """A router or firewall rejects at once: errno 113."""
    return _unreachable(
        bench,
        REJECTED_HOST,
        "The way to the server is rejected at once with `host unreachable`, as firewalls do that reject rather than "
        "drop.",
        ("host-unreachable", "connection-refused", "unknown"),
    )


@scenario("nginx-network-unreachable", NginxBench, private=True)
def network_unreachable(bench: NginxBench) -> Case:
    """No route to the server's network: errno 101."""
    return _unreachable(
        bench,
        UNROUTED_HOST,
        "There is no route to the server's network: 101 at once.",
        ("host-unreachable", "connection-refused", "unknown"),
    )


def _unreachable(bench: NginxBench, host: str, what: str, timed: tuple[str, ...], rate: float = 8) -> Case:
    bench.start(f"proxy_pass http://{host}:9101;")
    bench.visit(30, rate=rate)
    return bench.case(what, Expect(sure=("host-unreachable",), timed=timed, upstreams=(f"{host}:9101",)))


@scenario("nginx-tcp-permission", NginxBench, private=True)
def tcp_permission(bench: NginxBench) -> Case:
    """connect() over TCP is forbidden: errno 13."""
    address = f"{PROHIBITED_HOST}:9101"
    bench.start(f"proxy_pass http://{address};")
    bench.visit(30)
    return bench.case(
        "The kernel forbids the way to the server (a `prohibit` route, which gives the same EACCES as SELinux does).",
        Expect(
            sure=("permission-denied",),
            timed=("permission-denied", "connection-refused", "host-unreachable", "unknown"),
            upstreams=(address,),
        ),
    )


# Unix sockets. Without the error log, the ways in which a connect fails at once cannot be told apart.

_AT_ONCE = ("connection-refused", "socket-missing", "permission-denied", "backlog-full", "unknown")


def _socket_case(bench: NginxBench, what: str, cause: str, socket: Path = SOCKET) -> Case:
    return bench.case(what, Expect(sure=(cause,), timed=_AT_ONCE, upstreams=(f"unix:{socket}",)))


@scenario("nginx-socket-missing", NginxBench, private=True)
def socket_missing(bench: NginxBench) -> Case:
    """The unix socket's file is gone: errno 2."""
    app = bench.upstream(SOCKET)
    bench.start(f"proxy_pass http://unix:{SOCKET}:;")
    bench.visit(12)
    app.stop()
    SOCKET.unlink()
    bench.visit(30)
    return _socket_case(bench, "The application was stopped and took its unix socket's file with it.", "socket-missing")


@scenario("nginx-socket-permission", NginxBench, private=True)
def socket_permission(bench: NginxBench) -> Case:
    """nginx's workers may not open the unix socket: errno 13."""
    bench.upstream(SOCKET)
    bench.start(f"proxy_pass http://unix:{SOCKET}:;")
    bench.visit(12)
    SOCKET.chmod(0o600)
    bench.visit(30)
    return _socket_case(
        bench,
        "The workers run as www-data. The socket belongs to root, and its mode became 0600 as after a restart with "
        "another umask.",
        "permission-denied",
    )


@scenario("nginx-stale-socket", NginxBench, private=True)
def stale_socket(bench: NginxBench) -> Case:
    """The unix socket's file is there but nobody listens: errno 111."""
    app = bench.upstream(SOCKET)
    bench.start(f"proxy_pass http://unix:{SOCKET}:;")
    bench.visit(12)
    app.stop()
    bench.visit(30)
    return _socket_case(
        bench, "The application was killed and left its unix socket's file behind.", "connection-refused"
    )


@scenario("nginx-backlog-full", NginxBench, private=True)
def backlog_full(bench: NginxBench) -> Case:
    """The unix socket's accept queue is full: errno 11."""
    app = bench.upstream(SOCKET)
    bench.start(f"proxy_pass http://unix:{SOCKET}:;")
    bench.visit(12)
    app.stop()
    bench.keep(FullBacklog(SOCKET).start())
    bench.visit(30)
    return _socket_case(
        bench,
        "The application came back stuck: it listens with a backlog of 0, its queue is full, and it never accepts.",
        "backlog-full",
    )


@scenario("nginx-fastcgi-refused", NginxBench, private=True)
def fastcgi_refused(bench: NginxBench) -> Case:
    """php-fpm's socket is stale: fastcgi_pass is refused."""
    socket = SOCKET.with_name("php8.2-fpm.sock")
    listen(socket).close()
    bench.start(f"fastcgi_param SCRIPT_FILENAME /srv/shop/index.php; fastcgi_pass unix:{socket};")
    bench.visit(30)
    return _socket_case(
        bench, "fastcgi_pass to a unix socket that php-fpm left behind: nobody listens.", "connection-refused", socket
    )


@scenario("nginx-fastcgi-to-http", NginxBench)
def fastcgi_to_http(bench: NginxBench) -> Case:
    """fastcgi_pass to a port that speaks HTTP."""
    bench.upstream(APP, plain_http)
    bench.start(f"fastcgi_param SCRIPT_FILENAME /srv/shop/index.php; fastcgi_pass {_name(APP)};")
    bench.visit(30)
    return bench.case(
        "fastcgi_pass to a plain HTTP server, which answered 400: its first byte is H, 72.",
        Expect(sure=("protocol-mismatch",), timed=_SPOKE_WRONGLY, upstreams=(_name(APP),)),
    )


# The server takes the connection and then fails. Timers tell that it was connected, not how it ended.

_SPOKE_WRONGLY = (
    "closed-early",
    "connection-reset",
    "invalid-response",
    "protocol-mismatch",
    "header-too-big",
    "worker-killed",
    "unknown",
)


#: nginx takes an answer that does not begin like HTTP for HTTP/0.9.
_TAKEN_FOR_HTTP_09 = (
    "nginx takes what is not HTTP for HTTP/0.9 and passes it on: the access logs bear the status 009, and the client "
    "gets bytes without a header, which `aborted` counts."
)
_TAKEN_FOR_HTTP_09_EXPECT = Expect(
    sure=("protocol-mismatch", "invalid-response"),
    timed=(),
    upstreams=(_name(APP),),
    confidence=(),
    error_failures=0,
)

#: From outside a crash, a kill and a deliberate close look the same: one line about it cannot settle which.
_OPEN = ("high", "medium")


def _break_with(
    bench: NginxBench,
    behaviour: Behaviour,
    cause: str,
    what: str,
    directives: str = "",
    confidence: tuple[str, ...] = ("high",),
    or_else: tuple[str, ...] = (),
) -> Case:
    """12 good requests to one server, then 30 to the same server with `behaviour`."""
    app = bench.upstream(APP)
    bench.start(f"{directives} proxy_pass http://{_name(APP)};")
    bench.visit(12)
    app.behaviour = behaviour
    bench.visit(30)
    return bench.case(
        what,
        Expect(sure=(cause, *or_else), timed=_SPOKE_WRONGLY, upstreams=(_name(APP),), confidence=confidence),
    )


@scenario("nginx-closed-on-accept", NginxBench)
def closed_on_accept(bench: NginxBench) -> Case:
    """FIN, or RST when nginx was quicker, before the request was read."""
    return _break_with(
        bench,
        close_on_accept,
        "closed-early",
        "The application closed each connection as soon as it was made. Whether that is a FIN or, with the request "
        "unread, a RST depends on who was quicker.",
        confidence=_OPEN,
        or_else=("connection-reset",),
    )


@scenario("nginx-reset-on-accept", NginxBench)
def reset_at_once(bench: NginxBench) -> Case:
    """RST as soon as the connection is made."""
    return _break_with(
        bench,
        reset_on_accept,
        "connection-reset",
        "The application reset each connection as soon as it was made.",
        confidence=_OPEN,
        or_else=("closed-early",),
    )


@scenario("nginx-invalid-status", NginxBench)
def invalid_status(bench: NginxBench) -> Case:
    """A status line without a status."""
    app = bench.upstream(APP)
    bench.start(f"proxy_pass http://{_name(APP)};")
    bench.visit(12)
    app.behaviour = say(b"HTTP/1.1 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n")
    bench.visit(24)
    return bench.case(
        "After 12 good requests every answer began with `HTTP/1.1 OK`, without a number. " + _TAKEN_FOR_HTTP_09,
        _TAKEN_FOR_HTTP_09_EXPECT,
    )


@scenario("nginx-closed-early", NginxBench)
def closed_early(bench: NginxBench) -> Case:
    """FIN after the request was read."""
    return _break_with(
        bench,
        close_after_request,
        "closed-early",
        "The application read each request and closed without answering.",
        confidence=_OPEN,
    )


@scenario("nginx-connection-reset", NginxBench)
def connection_reset(bench: NginxBench) -> Case:
    """RST after the request was read."""
    return _break_with(
        bench,
        reset_after_request,
        "connection-reset",
        "The application read each request and reset the connection.",
        confidence=_OPEN,
    )


@scenario("nginx-header-too-big", NginxBench)
def header_too_big(bench: NginxBench) -> Case:
    """One path's response header exceeds proxy_buffer_size."""
    cookie = "Set-Cookie: basket=" + "A-1+" * 1500
    bench.upstream(APP, by_path({"/checkout/pay": answer(headers=(cookie,))}))
    bench.start(f"proxy_pass http://{_name(APP)};")
    bench.visit(60)
    return bench.case(
        "/checkout/pay/… set a cookie of 6 kB, more than proxy_buffer_size (4k) holds. All other paths were well.",
        Expect(sure=("header-too-big",), timed=_SPOKE_WRONGLY, upstreams=(_name(APP),)),
    )


@scenario("nginx-invalid-response", NginxBench)
def invalid_response(bench: NginxBench) -> Case:
    """Header lines that nginx does not accept."""
    broken = {
        "/checkout/cart": say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX Powered By: shop\r\n\r\nhello\n"),
        "/checkout/pay": say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Basket: A-1\0A-2\r\n\r\nhello\n"),
        "/api/orders": say(
            b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello\n\r\n0\r\n\r\n"
        ),
    }
    return _break_with(
        bench,
        by_path(broken),
        "invalid-response",
        "After 12 good requests /checkout/cart/… had a space in a header's name and /checkout/pay/… a NUL in a "
        "value: 502. /api/orders/… sent both Content-Length and Transfer-Encoding, which newer versions refuse; "
        "1.22.1 does not, and passes it on as 200. The other paths were well.",
    )


@scenario("nginx-keepalive-race", NginxBench)
def keepalive_race(bench: NginxBench) -> Case:
    """The application closes kept connections as nginx reuses them: POSTs fail, GETs are tried again."""
    bench.upstream(APP, forgetful)
    bench.start(
        'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://api;',
        http=f"upstream api {{ server {_name(APP)} max_fails=0; keepalive 8; }}",
    )
    for _ in range(12):
        bench.visit(2)
        bench.visit(2, {"/checkout/pay/{n}": 1}, method="POST", body=BODY)
    return bench.case(
        "upstream keepalive 8. The application keeps a connection after its first answer and closes it as the next "
        "request arrives on it, as happens when its idle timeout is shorter than nginx's. nginx tries a GET again "
        "on a new connection to the same server, but not a POST, which gets 502.",
        Expect(
            sure=("keepalive-race", "closed-early"),
            timed=("keepalive-race", "closed-early", "connection-reset", "unknown"),
            upstreams=(_name(APP),),
            confidence=(),
        ),
    )


@scenario("nginx-http-to-tls", NginxBench)
def http_to_tls(bench: NginxBench) -> Case:
    """proxy_pass http:// to a port that speaks TLS."""
    context = Pki(bench.work_dir).issued(NAME).server_context()
    bench.upstream(TLS_APP, tls=context)
    bench.start(f"proxy_pass http://{_name(TLS_APP)};")
    bench.visit(30)
    return bench.case(
        "proxy_pass http:// to a port of a server that speaks TLS (Python's ssl on OpenSSL). It sends no alert but "
        "resets, so that nothing in the logs tells of TLS.",
        Expect(
            sure=("connection-reset", "protocol-mismatch"),
            timed=_SPOKE_WRONGLY,
            upstreams=(_name(TLS_APP),),
            confidence=(),
        ),
    )


@scenario("nginx-not-http", NginxBench)
def not_http(bench: NginxBench) -> Case:
    """proxy_pass to a port that speaks something else."""
    bench.upstream(APP, say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"))
    bench.start(f"proxy_pass http://{_name(APP)};")
    bench.visit(24)
    return bench.case("proxy_pass to an SSH server. " + _TAKEN_FOR_HTTP_09, _TAKEN_FOR_HTTP_09_EXPECT)


@scenario("nginx-error-page-fallback", NginxBench)
def error_page_fallback(bench: NginxBench) -> Case:
    """error_page sends failures to a second upstream, which is well: blame the first."""
    app = bench.upstream(APP)
    bench.upstream(SORRY, answer(body=b"<h1>Back soon</h1>\n"))
    bench.start(
        f"error_page 502 504 @sorry; proxy_pass http://{_name(APP)};",
        server=f"location @sorry {{ proxy_pass http://{_name(SORRY)}; }}",
    )
    bench.visit(12)
    app.stop()
    bench.visit(30)
    return bench.case(
        f"error_page 502 504 @sorry fetches the error's page from {_name(SORRY)}, which answers 200; the client's "
        f"status stays 502. `ua` is `{_name(APP)} : {_name(SORRY)}`, `us` is `502 : 200`. The first is to blame, "
        "not the last.",
        Expect(sure=("connection-refused",), upstreams=(_name(APP),)),
    )


# Broken in the body: the status was sent already, so that access logs say 200 and only the error log knows.


def _break_body(bench: NginxBench, behaviour: Behaviour, cause: str, what: str) -> Case:
    app = bench.upstream(APP)
    bench.start(f"proxy_read_timeout 1s; proxy_pass http://{_name(APP)};")
    bench.visit(12)
    app.behaviour = behaviour
    bench.visit(24)
    what += (
        " The client got 200 and then a connection that was cut, which `aborted` counts; access logs say 200 and bear "
        "nothing that gives it away."
    )
    return bench.case(what, Expect(sure=(cause,), timed=(), upstreams=(_name(APP),), error_failures=0))


@scenario("nginx-truncated-response", NginxBench)
def truncated_response(bench: NginxBench) -> Case:
    """The application closes in the middle of the body."""
    return _break_body(
        bench, truncate(), "truncated-response", "The application promised 20000 bytes and closed after 4000."
    )


@scenario("nginx-body-timeout", NginxBench)
def body_timeout(bench: NginxBench) -> Case:
    """The application stalls in the middle of the body."""
    return _break_body(
        bench,
        stall_in_body(3),
        "body-timeout",
        "proxy_read_timeout 1s. The application promised 20000 bytes, sent 4000, and then nothing for 3 s.",
    )


# TLS towards the upstream.


def _tls_case(
    bench: NginxBench,
    context: ssl.SSLContext | None,
    cause: str,
    what: str,
    *,
    behaviour: Behaviour = healthy,
    directives: str = "",
    confidence: tuple[str, ...] = ("high",),
    or_else: tuple[str, ...] = (),
) -> Case:
    bench.upstream(TLS_APP, behaviour, context)
    bench.start(f"proxy_ssl_name {NAME}; proxy_ssl_server_name on; {directives} proxy_pass https://{_name(TLS_APP)};")
    bench.visit(30)
    timed = ("tls-certificate", "tls-handshake", "connection-refused", *_SPOKE_WRONGLY)
    return bench.case(
        what, Expect(sure=(cause, *or_else), timed=timed, upstreams=(_name(TLS_APP),), confidence=confidence)
    )


def _verify(pki: Pki) -> str:
    return f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {pki.authority.certificate};"


@scenario("nginx-tls-self-signed", NginxBench)
def tls_self_signed(bench: NginxBench) -> Case:
    """proxy_ssl_verify on, and a self-signed certificate."""
    pki = Pki(bench.work_dir)
    return _tls_case(
        bench,
        pki.self_signed(NAME).server_context(),
        "tls-certificate",
        "proxy_ssl_verify on. The upstream's certificate is signed by itself.",
        directives=_verify(pki),
    )


@scenario("nginx-tls-expired", NginxBench)
def tls_expired(bench: NginxBench) -> Case:
    """proxy_ssl_verify on, and a certificate that ran out."""
    pki = Pki(bench.work_dir)
    return _tls_case(
        bench,
        pki.expired(NAME).server_context(),
        "tls-certificate",
        "proxy_ssl_verify on. The upstream's certificate is by the right authority but has expired.",
        directives=_verify(pki),
    )


@scenario("nginx-tls-wrong-name", NginxBench)
def tls_wrong_name(bench: NginxBench) -> Case:
    """proxy_ssl_verify on, and a certificate for another name."""
    pki = Pki(bench.work_dir)
    return _tls_case(
        bench,
        pki.issued("other.internal").server_context(),
        "tls-certificate",
        f"proxy_ssl_verify on, proxy_ssl_name {NAME}. The upstream's certificate is good, but for other.internal.",
        directives=_verify(pki),
    )


@scenario("nginx-tls-handshake", NginxBench)
def tls_handshake(bench: NginxBench) -> Case:
    """No TLS version in common."""
    context = Pki(bench.work_dir).issued(NAME).server_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return _tls_case(
        bench,
        context,
        "tls-handshake",
        "nginx may speak TLS 1.2 only (proxy_ssl_protocols), the upstream TLS 1.3 only.",
        directives="proxy_ssl_protocols TLSv1.2;",
    )


@scenario("nginx-tls-client-certificate", NginxBench)
def tls_client_certificate(bench: NginxBench) -> Case:
    """The upstream wants a certificate of nginx, which has none."""
    pki = Pki(bench.work_dir)
    context = pki.issued(NAME).server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pki.authority.certificate)
    return _tls_case(
        bench,
        context,
        "tls-certificate",
        "The upstream asks for a client certificate. nginx has none to show (no proxy_ssl_certificate), and gets an "
        "alert.",
        or_else=("tls-handshake",),
    )


@scenario("nginx-tls-closed", NginxBench)
def tls_closed(bench: NginxBench) -> Case:
    """The upstream closes in the TLS handshake."""

    def close_after_hello(connection: Connection) -> None:
        connection.sock.recv(65536)

    return _tls_case(
        bench,
        None,
        "tls-handshake",
        "The upstream closed each connection after it had read the TLS hello.",
        behaviour=close_after_hello,
        confidence=_OPEN,
    )


@scenario("nginx-https-to-http", NginxBench)
def https_to_http(bench: NginxBench) -> Case:
    """proxy_pass https:// to a port that speaks plain HTTP."""
    return _tls_case(
        bench,
        None,
        "protocol-mismatch",
        "proxy_pass https:// to a server that speaks plain HTTP and answered the TLS hello with 400.",
        behaviour=plain_http,
    )


# Names.


def _names(bench: NginxBench, break_it: Callable[[Nameserver], object], what: str) -> Case:
    bench.upstream(APP)
    nameserver = bench.keep(Nameserver(APP[0]))
    bench.start(
        f"set $app {NAME}; proxy_pass http://$app:{APP[1]};",
        http=f"resolver {NAMESERVER[0]}:{NAMESERVER[1]} valid=1s ipv6=off; resolver_timeout 2s;",
    )
    bench.visit(12)
    break_it(nameserver)
    time.sleep(1.5)
    bench.visit(30)
    what = f"proxy_pass to a name in a variable, resolver valid=1s, resolver_timeout 2s. After 12 good requests {what}"
    return bench.case(what, _no_name("dns-failure"))


@scenario("nginx-dns-nxdomain", NginxBench)
def dns_nxdomain(bench: NginxBench) -> Case:
    """The upstream's name is gone."""
    return _names(bench, lambda server: setattr(server, "code", NO_SUCH_NAME), "the name server answered NXDOMAIN.")


@scenario("nginx-dns-servfail", NginxBench)
def dns_servfail(bench: NginxBench) -> Case:
    """The name server is ill."""
    return _names(bench, lambda server: setattr(server, "code", SERVER_FAILURE), "the name server answered SERVFAIL.")


@scenario("nginx-dns-timeout", NginxBench)
def dns_timeout(bench: NginxBench) -> Case:
    """The name server says nothing."""
    return _names(bench, lambda server: setattr(server, "silent", True), "the name server did not answer.")


@scenario("nginx-dns-refused", NginxBench)
def dns_refused(bench: NginxBench) -> Case:
    """The name server's process is gone: its port answers with ICMP."""
    return _names(bench, lambda server: server.stop(), "the name server was stopped: nobody listened on its port.")


@scenario("nginx-no-resolver", NginxBench)
def no_resolver(bench: NginxBench) -> Case:
    """A name in a variable, and no resolver: nothing ever worked."""
    bench.upstream(APP)
    bench.start(f"set $app {NAME}; proxy_pass http://$app:{APP[1]};")
    bench.visit(30)
    return bench.case(
        "proxy_pass to a name in a variable, and no resolver is configured: nginx cannot look it up at all.",
        _no_name("dns-failure", "no-route"),
    )


def _no_name(*sure: str) -> Expect:
    return Expect(
        sure=sure,
        timed=(*sure, "proxy-local", "unknown"),
        ingress=(*sure, "proxy-local", "no-live-upstream", "unknown"),
        blind=("unknown", "dns-failure"),
    )


# Not the upstream's connection at all.


@scenario("nginx-upstream-error", NginxBench)
def upstream_error(bench: NginxBench) -> Case:
    """The application itself says 503."""
    return _own_error(bench, "503 Service Unavailable", b'{"error":"database pool exhausted"}\n')


@scenario("nginx-upstream-502", NginxBench)
def upstream_502(bench: NginxBench) -> Case:
    """The application is a gateway itself, and says 502."""
    return _own_error(bench, "502 Bad Gateway", b'{"error":"payment provider answered nonsense"}\n')


@scenario("nginx-upstream-504", NginxBench)
def upstream_504(bench: NginxBench) -> Case:
    """The application is a gateway itself, and says 504."""
    return _own_error(bench, "504 Gateway Timeout", b'{"error":"payment provider did not answer"}\n', delay=1.0)


def _own_error(bench: NginxBench, status: str, body: bytes, delay: float = 0.02) -> Case:
    app = bench.upstream(APP)
    bench.start(f"proxy_pass http://{_name(APP)};")
    bench.visit(12)
    app.behaviour = answer(status, body, delay=delay)
    bench.visit(30)
    return bench.case(
        f"The application answered {status[:3]} itself, with a body of its own, after {delay:g} s. nginx has nothing "
        "to log as an error.",
        Expect(
            sure=("upstream-error",),
            ingress=("upstream-error", "unknown"),
            blind=("unknown", "upstream-error"),
            upstreams=(_name(APP),),
            confidence=(),
        ),
    )


@scenario("nginx-limit-req", NginxBench)
def limit_req(bench: NginxBench) -> Case:
    """limit_req turns requests away with 503."""
    bench.upstream(APP)
    bench.start(
        f"limit_req zone=shop burst=2 nodelay; proxy_pass http://{_name(APP)};",
        http="limit_req_zone $server_name zone=shop:1m rate=4r/s;",
    )
    bench.visit(60, rate=10)
    return bench.case(
        "limit_req at 4 requests a second, 10 came. nginx refused the rest with 503 without asking the upstream; "
        "the error log has one line for each of them.",
        Expect(
            sure=("blocked",),
            timed=("blocked", "proxy-local", "unknown"),
            ingress=("blocked", "proxy-local", "no-live-upstream", "unknown"),
            blind=("unknown", "blocked", "proxy-local"),
        ),
    )


@scenario("nginx-limit-conn", NginxBench)
def limit_conn(bench: NginxBench) -> Case:
    """limit_conn turns requests away with 503."""
    bench.upstream(APP, answer(delay=0.6))
    bench.start(
        f"limit_conn shop 3; proxy_pass http://{_name(APP)};",
        http="limit_conn_zone $server_name zone=shop:1m;",
    )
    bench.visit(50, rate=10)
    return bench.case(
        "limit_conn 3 for the whole server; each answer took 0.6 s and 10 requests a second came. nginx refused the "
        "rest with 503 without asking the upstream; the error log has one line for each of them.",
        Expect(
            sure=("blocked", "circuit-breaker"),
            timed=("blocked", "circuit-breaker", "proxy-local", "unknown"),
            ingress=("blocked", "circuit-breaker", "proxy-local", "no-live-upstream", "unknown"),
            blind=("unknown", "blocked", "proxy-local"),
        ),
    )


@scenario("nginx-return-503", NginxBench)
def return_503(bench: NginxBench) -> Case:
    """A maintenance page: `return 503`."""
    bench.upstream(APP)
    flag = bench.work_dir / "maintenance"
    bench.start(f"if (-f {flag}) {{ return 503; }} proxy_pass http://{_name(APP)};")
    bench.visit(16)
    flag.touch()
    bench.visit(30)
    flag.unlink()
    bench.visit(10)
    return bench.case(
        "An operator switched a maintenance page on and off again: `return 503` while a file exists. No upstream is to "
        "blame, and the error log is silent.",
        Expect(
            sure=("proxy-local", "unknown"),
            timed=("proxy-local", "blocked", "unknown"),
            ingress=("proxy-local", "blocked", "no-live-upstream", "unknown"),
            blind=("unknown", "proxy-local", "blocked"),
            confidence=(),
        ),
    )


@scenario("nginx-two-faults", NginxBench)
def two_faults(bench: NginxBench) -> Case:
    """Two upstreams fail at once for two reasons."""
    app = bench.upstream(APP)
    search = bench.upstream(SEARCH)
    bench.start(
        f"proxy_pass http://{_name(APP)};",
        server=f"location /search {{ proxy_read_timeout 1s; proxy_pass http://{_name(SEARCH)}; }}",
    )
    paths = {"/checkout/cart/{n}": 4, "/api/orders/{n}": 3, "/search?q=shoes&page={n}": 3}
    bench.visit(16, paths)
    app.stop()
    search.behaviour = slow(3)
    bench.visit(60, paths)
    return bench.case(
        f"Two upstreams. At the same moment {_name(APP)} died (refused, 502, about two thirds of the requests) and "
        f"{_name(SEARCH)} became slower than proxy_read_timeout 1s (504). The views name the larger fault; the smaller "
        "must be an incident of its own.",
        Expect(
            sure=("connection-refused",),
            blind=("unknown", "response-timeout"),
            upstreams=(_name(APP),),
            other=(Other(["response-timeout"], [_name(SEARCH)]),),
        ),
    )


def _start_pair(bench: NginxBench, options: str = "max_fails=0") -> None:
    bench.start(
        "proxy_pass http://api;",
        http=f"upstream api {{ server {_name(APP)} {options}; server {_name(SECOND)} {options}; }}",
    )
