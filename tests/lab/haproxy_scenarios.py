"""What can break behind HAProxy."""

from __future__ import annotations

import itertools
import ssl
import time
from collections.abc import Callable

from case import Case, Other
from client import Request, send
from haproxy_bench import HaproxyBench
from isolation import REJECTED_HOST, RUN_DIR, SILENT_HOST, UNROUTED_HOST
from nameserver import ADDRESS as NAMESERVER
from nameserver import NO_SUCH_NAME, Nameserver
from pki import NAME, Pki
from scenario import scenario
from servers import FRONT
from upstreams import (
    Behaviour,
    Connection,
    FullBacklog,
    answer,
    by_path,
    close_after_request,
    close_on_accept,
    healthy,
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
TLS_APP = ("127.0.0.1", 9443)
SOCKET = RUN_DIR / "app.sock"

#: What a connect that failed at once may have been; a line of httplog does not tell.
_NOT_CONNECTED = ["connection-refused", "host-unreachable", "socket-missing", "permission-denied", "unknown"]


@scenario("haproxy-refused", HaproxyBench)
def refused(bench: HaproxyBench) -> Case:
    """The only server is dead and not health-checked: state SC after three retries."""
    app = bench.upstream(APP)
    bench.start("backend api\n    retries 3\n    server api-1 127.0.0.1:9101")
    bench.visit(20)
    app.stop()
    bench.visit(30, rate=5, workers=24)
    return bench.case(
        "One server without a health check. 20 requests while it was well, then its process was stopped: HAProxy tried "
        "each of 30 more requests four times, a second apart, and gave up with SC.",
        ["connection-refused"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-no-server", HaproxyBench)
def no_server(bench: HaproxyBench) -> Case:
    """Health checks take both servers out: <NOSRV>."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    bench.start(
        "backend api\n    default-server check inter 500ms fall 2 rise 2\n"
        "    server api-1 127.0.0.1:9101\n    server api-2 127.0.0.1:9102",
    )
    bench.visit(16)
    for app in apps:
        app.stop()
    time.sleep(2.5)
    bench.visit(30)
    for app in apps:
        app.start()
    time.sleep(2.5)
    bench.visit(10)
    return bench.case(
        "Two servers with TCP health checks. After 16 requests both were stopped, and both were DOWN before 30 more "
        "requests came, which found no server at all. Both were started again: UP, and 10 more requests.",
        ["connection-refused", "no-live-upstream"],
        group="api",
        bare_cause=["no-live-upstream"],
        note="The state lines give the root: both servers refused the check's connection.",
    )


@scenario("haproxy-healthy", HaproxyBench)
def well(bench: HaproxyBench) -> Case:
    """Nothing is wrong."""
    bench.upstream(APP, by_path({"/favicon": answer("404 Not Found", b"no\n")}))
    bench.start(_single("check inter 1s"))
    bench.visit(40, {"/checkout/cart/{n}": 5, "/api/orders/{n}": 4, "/favicon.ico": 1})
    return bench.case("A healthy server that answers 404 now and then.", [])


@scenario("haproxy-redispatch", HaproxyBench)
def redispatch(bench: HaproxyBench) -> Case:
    """One of two servers is dead, unchecked; redispatching saves its requests."""
    bench.upstream(APP)
    dead = bench.upstream(SECOND)
    bench.start(_pair("", "retries 1\n    option redispatch 1"))
    bench.visit(10)
    dead.stop()
    bench.visit(40)
    return bench.case(
        "Two servers without health checks, `option redispatch 1`, retries 1. After 10 requests the second was "
        "stopped. A request that was refused there was sent on to the other: 200, with `+1` as the count of "
        "retries. That is nearly every request, as each redispatch takes the live server's turn. The line names the "
        "server that answered, not the dead one.",
        ["connection-refused", "unknown"],
        group="api",
    )


@scenario("haproxy-one-down", HaproxyBench)
def one_down(bench: HaproxyBench) -> Case:
    """One of two servers dies; a few requests are redispatched until its check takes it out."""
    bench.upstream(APP)
    dead = bench.upstream(SECOND)
    bench.start(_pair("check inter 1500ms fall 2 rise 1", "retries 1\n    option redispatch 1"))
    bench.visit(10)
    dead.stop()
    bench.visit(40)
    dead.start()
    time.sleep(2)
    bench.visit(8)
    return bench.case(
        "Two servers, TCP checks (inter 1500ms fall 2), `option redispatch 1`, retries 1. After 10 requests the "
        "second was stopped: until its check had failed twice, most requests were redispatched (`+1`). Then it was "
        "DOWN, and later UP again.",
        ["connection-refused"],
        upstreams=["api/api-2"],
        group="api",
        bare_cause=["connection-refused", "unknown"],
        note="The retries do not say whose they were; the state line does.",
    )


@scenario("haproxy-response-timeout", HaproxyBench)
def response_timeout(bench: HaproxyBench) -> Case:
    """The application gets slower than `timeout server`: sH."""
    app = bench.upstream(APP)
    bench.start(_single())
    bench.visit(16)
    app.behaviour = slow(3)
    bench.visit(30, rate=5)
    return bench.case(
        "timeout server 1s. After 16 quick answers the application needed 3 s for each.",
        ["response-timeout"],
        upstreams=["api/api-1"],
        group="api",
        confidence=["high"],
    )


@scenario("haproxy-connect-timeout", HaproxyBench, private=True)
def connect_timeout(bench: HaproxyBench) -> Case:
    """SYNs are dropped: sC."""
    bench.start(f"backend api\n    retries 1\n    server api-1 {SILENT_HOST}:9101")
    bench.visit(24, rate=5)
    return bench.case(
        "timeout connect 1s, retries 1, to a host on the local network that drops every packet.",
        ["connect-timeout"],
        upstreams=["api/api-1"],
        group="api",
        confidence=["high"],
    )


@scenario("haproxy-host-unreachable", HaproxyBench, private=True)
def host_unreachable(bench: HaproxyBench) -> Case:
    """The way to the server is rejected; the check says so."""
    bench.start(f"backend api\n    retries 1\n    server api-1 {REJECTED_HOST}:9101 check inter 2s fall 2")
    bench.visit(30, rate=6)
    return bench.case(
        "The way to the server is rejected at once with `host unreachable`. The server was DOWN after its first check, "
        "whose info is `General socket error (No route to host)`, and no request found a server.",
        ["host-unreachable", "no-live-upstream"],
        group="api",
        bare_cause=["no-live-upstream", "host-unreachable"],
    )


def _break_with(bench: HaproxyBench, behaviour: Behaviour, what: str, cause: list[str], *, bad: int = 30) -> Case:
    """12 good requests to one server, then `bad` to the same server with `behaviour`."""
    app = bench.upstream(APP)
    bench.start(_single())
    bench.visit(12)
    app.behaviour = behaviour
    bench.visit(bad)
    return bench.case(what, cause, upstreams=["api/api-1"], group="api")


@scenario("haproxy-network-unreachable", HaproxyBench, private=True)
def network_unreachable(bench: HaproxyBench) -> Case:
    """No route to the server's network, and no health check that says so."""
    bench.start(f"backend api\n    retries 1\n    server api-1 {UNROUTED_HOST}:9101")
    bench.visit(24, rate=6)
    return bench.case(
        "There is no route to the server's network, and the server is not checked: connect() fails at once, and a line "
        "of httplog does not say with what.",
        _NOT_CONNECTED,
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-backlog-full", HaproxyBench)
def backlog_full(bench: HaproxyBench) -> Case:
    """The application's accept queue is full: sC, as for a dropped SYN."""
    bench.keep(FullBacklog(APP).start())
    bench.start(_single("", "retries 1"))
    bench.visit(24, rate=6)
    return bench.case(
        "The application listens with a backlog of 0, its queue is full and it never accepts: Linux drops the SYN. "
        "From these logs alone this is connect-timeout.",
        ["connect-timeout", "backlog-full"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-socket-missing", HaproxyBench, private=True)
def socket_missing(bench: HaproxyBench) -> Case:
    """The unix socket's file is gone."""
    app = bench.upstream(SOCKET)
    bench.start(f"backend api\n    retries 1\n    server api-1 unix@{SOCKET}")
    bench.visit(12)
    app.stop()
    SOCKET.unlink()
    bench.visit(24, rate=6)
    return bench.case(
        "The application was stopped and took its unix socket's file with it. SC, and not a word of which error it "
        "was.",
        _NOT_CONNECTED,
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-socket-permission", HaproxyBench, private=True)
def socket_permission(bench: HaproxyBench) -> Case:
    """HAProxy, no longer root, may not open the unix socket; its health check finds out."""
    bench.upstream(SOCKET)
    bench.start(
        f"backend api\n    retries 1\n    server api-1 unix@{SOCKET} check inter 500ms fall 2",
        main="maxconn 400\n    user www-data",
    )
    bench.visit(12)
    SOCKET.chmod(0o600)
    bench.visit(30)
    return bench.case(
        "HAProxy runs as www-data. The socket belongs to root, and its mode became 0600 as after a restart with "
        "another umask. The health check says `Permission denied`.",
        ["permission-denied"],
        group="api",
        bare_cause=["no-live-upstream", *_NOT_CONNECTED],
    )


@scenario("haproxy-closed-on-accept", HaproxyBench)
def closed_on_accept(bench: HaproxyBench) -> Case:
    """FIN, or RST, before the request was read."""
    return _break_with(
        bench,
        close_on_accept,
        "The server closed each connection as soon as it was made.",
        ["closed-early", "connection-reset"],
    )


@scenario("haproxy-reset-on-accept", HaproxyBench)
def reset_at_once(bench: HaproxyBench) -> Case:
    """RST as soon as the connection is made."""
    return _break_with(
        bench,
        reset_on_accept,
        "The server reset each connection as soon as it was made. HAProxy may see that as a failed connect (SC) or as "
        "a lost answer (SH).",
        ["connection-reset", "closed-early", "connection-refused"],
    )


@scenario("haproxy-closed-early", HaproxyBench)
def closed_early(bench: HaproxyBench) -> Case:
    """FIN after the request was read: SH."""
    return _break_with(
        bench,
        close_after_request,
        "The server read each request and closed without answering.",
        ["closed-early", "connection-reset"],
    )


@scenario("haproxy-connection-reset", HaproxyBench)
def connection_reset(bench: HaproxyBench) -> Case:
    """RST after the request was read: SH as well."""
    return _break_with(
        bench,
        reset_after_request,
        "The server read each request and reset the connection. HAProxy logs the same SH as for a plain close.",
        ["connection-reset", "closed-early"],
    )


@scenario("haproxy-invalid-response", HaproxyBench)
def invalid_response(bench: HaproxyBench) -> Case:
    """A header that HAProxy does not accept: PH."""
    return _break_with(
        bench,
        say(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX Powered By: shop\r\nContent-Length: 6\r\n\r\nhello\n"),
        "After 12 good requests every answer had a space in a header's name.",
        ["invalid-response"],
    )


@scenario("haproxy-invalid-status", HaproxyBench)
def invalid_status(bench: HaproxyBench) -> Case:
    """A status line without a status: PH."""
    return _break_with(
        bench,
        say(b"HTTP/1.1 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"),
        "After 12 good requests every answer began with `HTTP/1.1 OK`, without a number.",
        ["invalid-response", "protocol-mismatch"],
    )


@scenario("haproxy-not-http", HaproxyBench)
def not_http(bench: HaproxyBench) -> Case:
    """A port that speaks something else: PH."""
    return _break_with(
        bench,
        say(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
        "After 12 good requests an SSH server had taken the port. HAProxy logs the same PH as for an invalid header.",
        ["protocol-mismatch", "invalid-response"],
    )


@scenario("haproxy-header-too-big", HaproxyBench)
def header_too_big(bench: HaproxyBench) -> Case:
    """A response header larger than tune.bufsize: PH."""
    return _break_with(
        bench,
        answer(headers=("Set-Cookie: basket=" + "A-1+" * 5000,)),
        "After 12 good requests every answer set a cookie of 20 kB, more than tune.bufsize (16 kB) holds. HAProxy "
        "logs the same PH as for an invalid header.",
        ["header-too-big", "invalid-response"],
    )


@scenario("haproxy-upstream-error", HaproxyBench)
def upstream_error(bench: HaproxyBench) -> Case:
    """The application itself says 503: state ----."""
    return _own_error(bench, "503 Service Unavailable", b'{"error":"database pool exhausted"}\n')


@scenario("haproxy-upstream-502", HaproxyBench)
def upstream_502(bench: HaproxyBench) -> Case:
    """The application is a gateway itself, and says 502: state ----."""
    return _own_error(bench, "502 Bad Gateway", b'{"error":"payment provider answered nonsense"}\n')


@scenario("haproxy-upstream-504", HaproxyBench)
def upstream_504(bench: HaproxyBench) -> Case:
    """The application is a gateway itself, and says 504: state ----."""
    return _own_error(bench, "504 Gateway Timeout", b'{"error":"payment provider did not answer"}\n', delay=0.8)


def _own_error(bench: HaproxyBench, status: str, body: bytes, delay: float = 0.02) -> Case:
    what = f"After 12 good requests the application answered {status[:3]} itself, after {delay:g} s."
    return _break_with(bench, answer(status, body, delay=delay), what, ["upstream-error"])


@scenario("haproxy-truncated-response", HaproxyBench)
def truncated_response(bench: HaproxyBench) -> Case:
    """The application closes in the middle of the body: SD."""
    return _break_with(
        bench,
        truncate(),
        "The application promised 20000 bytes and closed after 4000: HAProxy logs 200 and SD; the client's answer "
        "was cut.",
        ["truncated-response"],
    )


@scenario("haproxy-body-timeout", HaproxyBench)
def body_timeout(bench: HaproxyBench) -> Case:
    """The application stalls in the middle of the body: sD."""
    return _break_with(
        bench,
        stall_in_body(3),
        "timeout server 1s. The application promised 20000 bytes, sent 4000, and then nothing for 3 s: 200 and sD.",
        ["body-timeout"],
    )


@scenario("haproxy-queue-timeout", HaproxyBench)
def queue_timeout(bench: HaproxyBench) -> Case:
    """All slots of the server are taken: sQ."""
    bench.upstream(APP, answer(delay=0.8))
    bench.start(_single("maxconn 2", "timeout queue 500ms\n    timeout server 5s"))
    bench.visit(50, workers=32)
    return bench.case(
        "maxconn 2 on the server, timeout queue 500ms; each answer took 0.8 s, and about 8 requests a second came. "
        "A request that waited in vain is logged with <NOSRV>, although the server was up.",
        ["queue-timeout"],
        group="api",
        confidence=["high"],
    )


@scenario("haproxy-queue-full", HaproxyBench)
def queue_full(bench: HaproxyBench) -> Case:
    """The queue of the server that a cookie asks for is full: maxqueue."""
    bench.upstream(APP, answer(delay=0.8))
    bench.start(
        _single(
            "cookie one maxconn 1 maxqueue 1", "cookie SRV insert indirect\n    timeout queue 3s\n    timeout server 5s"
        )
    )
    bench.visit(40, workers=32, headers=("Cookie: SRV=one",))
    return bench.case(
        "maxconn 1 and maxqueue 1 on the server that the clients' cookie asks for; each answer took 0.8 s, and about 8 "
        "requests a second came.",
        ["circuit-breaker", "queue-timeout"],
        group="api",
    )


@scenario("haproxy-deny-503", HaproxyBench)
def deny(bench: HaproxyBench) -> Case:
    """`http-request deny deny_status 503`: PR."""
    bench.upstream(APP)
    bench.start(
        _single(), frontend="http-request deny deny_status 503 if { path_beg /checkout/pay }\n    default_backend api"
    )
    bench.visit(60)
    return bench.case("A rule denies /checkout/pay with 503. No server is to blame.", ["blocked", "proxy-local"])


@scenario("haproxy-tarpit", HaproxyBench)
def tarpit(bench: HaproxyBench) -> Case:
    """`http-request tarpit deny_status 503`: PT, after a wait."""
    bench.upstream(APP)
    bench.start(
        _single(),
        frontend="http-request tarpit deny_status 503 if { path_beg /checkout/pay }\n    default_backend api",
        defaults="timeout tarpit 800ms",
    )
    bench.visit(60)
    return bench.case(
        "A rule holds /checkout/pay for 800 ms and then answers 503. No server is to blame.", ["blocked", "proxy-local"]
    )


@scenario("haproxy-return-503", HaproxyBench)
def return_503(bench: HaproxyBench) -> Case:
    """`http-request return status 503`: LR, a maintenance page."""
    bench.upstream(APP)
    bench.start(
        _single(),
        frontend='http-request return status 503 content-type text/plain string "Back soon" if { path_beg /checkout }\n'
        "    default_backend api",
    )
    bench.visit(50)
    return bench.case("A maintenance page for /checkout, as 503. No server is to blame.", ["proxy-local"])


@scenario("haproxy-tls-certificate", HaproxyBench)
def tls_certificate(bench: HaproxyBench) -> Case:
    """The server's certificate is not accepted: SC, and nothing in the line says why."""
    pki = Pki(bench.work_dir)
    bench.upstream(TLS_APP, tls=pki.self_signed(NAME).server_context())
    bench.start(
        f"backend api\n    retries 1\n    server api-1 127.0.0.1:9443 ssl verify required "
        f"ca-file {pki.authority.certificate}"
    )
    bench.visit(24, rate=6)
    return bench.case(
        "`ssl verify required` to a server with a self-signed certificate, without a health check. The httplog line "
        "is that of any failed connect.",
        ["tls-certificate", "tls-handshake", "connection-refused", "unknown"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-tls-check", HaproxyBench)
def tls_check(bench: HaproxyBench) -> Case:
    """The same, but health-checked: Layer6 invalid response."""
    pki = Pki(bench.work_dir)
    bench.upstream(TLS_APP, tls=pki.expired(NAME).server_context())
    bench.start(
        f"backend api\n    retries 1\n    server api-1 127.0.0.1:9443 ssl verify required "
        f"ca-file {pki.authority.certificate} check inter 500ms fall 2"
    )
    time.sleep(2)
    bench.visit(30)
    return bench.case(
        "`ssl verify required` to a server with an expired certificate. The health check failed at layer 6 and took "
        "it out; `SSL handshake failure` is all that it says.",
        ["tls-handshake", "tls-certificate", "protocol-mismatch", "no-live-upstream"],
        group="api",
        bare_cause=["no-live-upstream"],
    )


@scenario("haproxy-tls-wrong-name", HaproxyBench)
def tls_wrong_name(bench: HaproxyBench) -> Case:
    """The certificate is for another name than `verifyhost`."""
    pki = Pki(bench.work_dir)
    bench.upstream(TLS_APP, tls=pki.issued("other.internal").server_context())
    verify = f"ssl verify required ca-file {pki.authority.certificate} verifyhost {NAME}"
    what = f"`verifyhost {NAME}`, and the server's certificate is good, but for other.internal."
    return _tls_not_made(bench, verify, what)


@scenario("haproxy-tls-version", HaproxyBench)
def tls_version(bench: HaproxyBench) -> Case:
    """No TLS version in common."""
    context = Pki(bench.work_dir).issued(NAME).server_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    bench.upstream(TLS_APP, tls=context)
    what = "HAProxy may speak TLS 1.3 only (ssl-min-ver), the server TLS 1.2 only."
    return _tls_not_made(bench, "ssl verify none ssl-min-ver TLSv1.3", what)


def _tls_not_made(bench: HaproxyBench, options: str, what: str) -> Case:
    bench.start(f"backend api\n    retries 1\n    server api-1 127.0.0.1:9443 {options}")
    bench.visit(24, rate=6)
    return bench.case(
        what + " There is no health check, and the httplog line is that of any failed connect.",
        ["tls-handshake", "tls-certificate", "connection-refused", "unknown"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-http-to-tls", HaproxyBench)
def http_to_tls(bench: HaproxyBench) -> Case:
    """Plain HTTP to a server that speaks TLS."""
    bench.upstream(TLS_APP, tls=Pki(bench.work_dir).issued(NAME).server_context())
    bench.start("backend api\n    retries 1\n    server api-1 127.0.0.1:9443")
    bench.visit(24, rate=6)
    return bench.case(
        "No `ssl` on the line of a server that speaks TLS (Python's ssl on OpenSSL). It resets, so that nothing in the "
        "logs tells of TLS.",
        ["closed-early", "connection-reset", "protocol-mismatch", "invalid-response"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-plain-to-https", HaproxyBench)
def plain_to_https(bench: HaproxyBench) -> Case:
    """`ssl` is on towards a server that speaks plain HTTP."""
    bench.upstream(APP, plain_http)
    bench.start("backend api\n    retries 1\n    server api-1 127.0.0.1:9101 ssl verify none check inter 500ms fall 2")
    time.sleep(2)
    bench.visit(30)
    return bench.case(
        "`ssl` towards a server that speaks plain HTTP and answered the TLS hello with 400. The health check failed "
        "at layer 6, with the very words of a bad certificate.",
        ["protocol-mismatch", "tls-handshake", "tls-certificate", "no-live-upstream"],
        group="api",
        bare_cause=["no-live-upstream"],
    )


@scenario("haproxy-maintenance", HaproxyBench)
def maintenance(bench: HaproxyBench) -> Case:
    """An operator disables both servers on the admin socket."""
    bench.upstream(APP)
    bench.upstream(SECOND)
    bench.start(_pair("check inter 1s"))
    bench.visit(16)
    for server in ("api-1", "api-2"):
        bench.command(f"disable server api/{server}")
    bench.visit(24)
    for server in ("api-1", "api-2"):
        bench.command(f"enable server api/{server}")
    bench.visit(16)
    return bench.case(
        "An operator put both servers into maintenance on the admin socket (`disable server`), and took them out "
        "again.",
        ["draining", "no-live-upstream"],
        group="api",
        bare_cause=["no-live-upstream"],
    )


@scenario("haproxy-drain", HaproxyBench)
def drain(bench: HaproxyBench) -> Case:
    """Both servers are set to drain: no new requests find a server."""
    bench.upstream(APP)
    bench.upstream(SECOND)
    bench.start(_pair("check inter 1s"))
    bench.visit(16)
    for server in ("api-1", "api-2"):
        bench.command(f"set server api/{server} state drain")
    bench.visit(24)
    for server in ("api-1", "api-2"):
        bench.command(f"set server api/{server} state ready")
    bench.visit(16)
    return bench.case(
        "An operator set both servers to drain on the admin socket, and back to ready.",
        ["draining", "no-live-upstream"],
        group="api",
        bare_cause=["no-live-upstream"],
    )


@scenario("haproxy-flapping", HaproxyBench)
def flapping(bench: HaproxyBench) -> Case:
    """The health URL says 503 now and then: DOWN, UP, DOWN, UP."""
    ill = by_path({"/health": answer("503 Service Unavailable", b"db\n")})
    app = bench.upstream(APP)
    bench.start(_single("check inter 400ms fall 2 rise 2", "option httpchk GET /health"))
    for behaviour in (healthy, ill, healthy, ill, healthy):
        app.behaviour = behaviour
        bench.visit(16)
    return bench.case(
        "`option httpchk GET /health`. The health URL answered 503 for two spells, and HAProxy took the only server "
        "out each time although it answered everything else well.",
        ["upstream-error", "no-live-upstream"],
        group="api",
        bare_cause=["no-live-upstream"],
    )


@scenario("haproxy-check-timeout", HaproxyBench)
def check_timeout(bench: HaproxyBench) -> Case:
    """The application hangs, and its HTTP health check runs into a timeout."""
    app = bench.upstream(APP)
    bench.start(_single("check inter 800ms fall 2 rise 2", "option httpchk GET /health\n    timeout check 500ms"))
    bench.visit(12)
    app.behaviour = slow(6)
    bench.visit(40, rate=6)
    return bench.case(
        "The application hung: it accepted and said nothing. The first requests ran into timeout server 1s (sH, "
        "504); then its health check had failed with Layer7 timeout and there was no server left (503).",
        ["response-timeout"],
        group="api",
        bare_cause=["response-timeout", "no-live-upstream"],
    )


@scenario("haproxy-retry-on-empty", HaproxyBench)
def retry_on_empty(bench: HaproxyBench) -> Case:
    """`retry-on empty-response` saves requests that the server dropped."""
    calls = itertools.count()

    def every_third(connection: Connection) -> None:
        (close_after_request if next(calls) % 3 == 2 else healthy)(connection)

    bench.upstream(APP, every_third)
    bench.start(_single("", "retries 2\n    retry-on conn-failure empty-response"))
    bench.visit(50)
    return bench.case(
        "The server closed every third connection without answering; `retry-on empty-response` tried again and "
        "every client got 200. The line bears a count of retries and nothing on why.",
        ["closed-early", "connection-refused", "unknown"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-httpslog", HaproxyBench)
def httpslog(bench: HaproxyBench) -> Case:
    """A TLS frontend with `option httpslog`; the server dies; one client cannot speak TLS."""
    pki = Pki(bench.work_dir)
    app = bench.upstream(APP)
    bench.start(
        _single("", "retries 1"),
        bind=f"ssl crt {pki.issued('shop.example.com').bundle()}",
        mode="mode http\n    option httpslog",
    )
    trust = ssl.create_default_context(cafile=str(pki.authority.certificate))
    bench.visit(14, tls=trust)
    send(FRONT, Request("/plain"), timeout=5)  # not counted: it never becomes a request
    app.stop()
    bench.visit(24, rate=6, tls=trust)
    return bench.case(
        "A TLS frontend with `option httpslog`. After 14 requests the only server was stopped (retries 1). In "
        "between one client spoke plain HTTP to the TLS port: an `SSL handshake failure` line, which is not a "
        "request.",
        ["connection-refused"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-captures", HaproxyBench)
def captures(bench: HaproxyBench) -> Case:
    """Captured headers and cookies in the line; one of two servers times out."""
    server = answer(headers=("Server: shop {v2}",))
    bench.upstream(APP, server)
    ill = bench.upstream(SECOND, server)
    bench.start(
        _pair("", "cookie SRV insert indirect nocache")
        .replace("9101", "9101 cookie one")
        .replace("9102", "9102 cookie two"),
        frontend="capture request header Host len 40\n    capture request header User-Agent len 90\n"
        "    capture response header Server len 20\n    capture cookie SID len 20\n    default_backend api",
    )
    bench.visit(12, headers=("Cookie: SID=a1b2c3; lang=en",))
    ill.behaviour = slow(3)
    bench.visit(16, rate=5, headers=("Cookie: SID=a1b2c3; SRV=two",))
    bench.visit(16, rate=5)
    return bench.case(
        "Request headers Host and User-Agent, the response header Server and the cookie SID are captured, and a "
        "cookie SRV keeps clients on their server. The second server became slower than timeout server 1s: requests "
        "that its cookie sent there, and half of those without a cookie, got 504.",
        ["response-timeout"],
        upstreams=["api/api-2"],
        group="api",
        confidence=["high"],
    )


@scenario("haproxy-dns-nxdomain", HaproxyBench)
def dns_nxdomain(bench: HaproxyBench) -> Case:
    """The server's name is gone: HAProxy takes it out for maintenance."""
    return _names(
        bench,
        lambda server: setattr(server, "code", NO_SUCH_NAME),
        "the name server answered NXDOMAIN, and HAProxy put the server into maintenance, `DNS NX status`.",
    )


@scenario("haproxy-dns-timeout", HaproxyBench)
def dns_timeout(bench: HaproxyBench) -> Case:
    """The name server says nothing: HAProxy takes the server out for maintenance."""
    return _names(
        bench,
        lambda server: setattr(server, "silent", True),
        "the name server did not answer, and HAProxy put the server into maintenance, `DNS timeout status`.",
    )


def _names(bench: HaproxyBench, break_it: Callable[[Nameserver], object], what: str) -> Case:
    bench.upstream(APP)
    nameserver = bench.keep(Nameserver(APP[0]))
    bench.start(
        f"resolvers lab\n    nameserver ns1 {NAMESERVER[0]}:{NAMESERVER[1]}\n    resolve_retries 1\n"
        "    timeout resolve 300ms\n    timeout retry 300ms\n    hold valid 300ms\n    hold nx 300ms\n"
        "    hold timeout 300ms\n    hold other 300ms\n"
        f"backend api\n    server api-1 {NAME}:{APP[1]} check inter 500ms resolvers lab resolve-prefer ipv4 init-addr "
        "none"
    )
    time.sleep(1)
    bench.visit(12)
    break_it(nameserver)
    time.sleep(2)
    bench.visit(30)
    return bench.case(
        f"The server's name is resolved at run time (resolvers, hold 300ms). After 12 good requests {what}",
        ["dns-failure"],
        group="api",
        bare_cause=["no-live-upstream"],
    )


@scenario("haproxy-two-faults", HaproxyBench)
def two_faults(bench: HaproxyBench) -> Case:
    """Two backends fail at once for two reasons."""
    app, search = bench.upstream(APP), bench.upstream(SEARCH)
    bench.start(
        _single("", "retries 1") + "\nbackend search\n    server search-1 127.0.0.1:9201",
        frontend="use_backend search if { path_beg /search }\n    default_backend api",
    )
    paths = {"/checkout/cart/{n}": 4, "/api/orders/{n}": 3, "/search?q=shoes&page={n}": 3}
    bench.visit(16, paths)
    app.stop()
    search.behaviour = slow(3)
    bench.visit(60, paths)
    return bench.case(
        "Two backends. At the same moment the server of `api` died (SC, 503, about two thirds of the requests) and "
        "that of `search` became slower than timeout server 1s (sH, 504).",
        ["connection-refused"],
        upstreams=["api/api-1"],
        group="api",
        other=[Other(["response-timeout"], ["search/search-1"])],
    )


@scenario("haproxy-tcplog", HaproxyBench)
def tcplog(bench: HaproxyBench) -> Case:
    """mode tcp with `option tcplog`: no status, the state alone."""
    app = bench.upstream(APP)
    bench.start(_single("", "retries 1"), mode="mode tcp\n    option tcplog")
    bench.visit(16)
    app.stop()
    bench.visit(24, rate=6)
    return bench.case(
        "mode tcp. After 16 connections the only server was stopped (retries 1): SC, and the client was cut off "
        "without an answer. A connection has no status, so nothing is said of failures here.",
        ["connection-refused"],
        failures=False,
        masked=False,
        upstreams=["api/api-1"],
        group="api",
    )


def _single(options: str = "", more: str = "") -> str:
    return f"backend api\n    {more}\n    server api-1 127.0.0.1:9101 {options}"


def _pair(options: str, more: str = "") -> str:
    return f"{_single(options, more)}\n    server api-2 127.0.0.1:9102 {options}"
