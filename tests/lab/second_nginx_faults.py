"""The second set behind nginx: answers that nginx does not take, TLS, the application's own errors, nothing at all."""

from __future__ import annotations

import ssl
from dataclasses import replace

from case import Case
from pki import NAME, Pki
from second_bench import BLOG, SOCIAL, Ask, Blame, Expect, Say, name, one_in
from second_nginx import ACCOUNTS, ACCOUNTS_2, BLIND, ENDED, FEED, MEDIA, REFUSED, ended, second, servers
from second_nginx_bench import REAL_IP, SecondNginx
from timeline import Event, play
from upstreams import (
    BODY,
    Connection,
    answer,
    by_path,
    close_after_request,
    hold,
    keep_alive,
    plain_http,
    reset_on_accept,
    say,
    stall_in_body,
    truncate,
)

TLS = ("127.0.5.51", 8443)
TLS_2 = ("127.0.5.52", 8443)

_LOGIN = Ask("/wp-login.php", 6, "POST", b"log=editor&pwd=correct+horse")
_EXPORT = Ask("/v2/exports/{n}.csv?from=2026-01-01&to=2026-10-31", 6)


# The server takes the connection and then fails.


@second("second-nginx-login-header-too-big", SecondNginx)
def login_header(bench: SecondNginx) -> Case:
    """One path, the login, answers with a header larger than proxy_buffer_size."""
    cookie = "Set-Cookie: session=" + "eyJhbGciOiJSUzI1NiJ9." * 300
    bench.upstream(FEED, by_path({"/wp-login.php": answer(headers=(cookie,))}))
    bench.start(f"proxy_pass http://{name(FEED)};", "keyed", "elk", "main")
    bench.send(130, (*BLOG, _LOGIN))
    return bench.case(
        "Since its first line /wp-login.php sets a cookie of 6 kB, more than proxy_buffer_size (4 kB) holds; the other "
        "paths are well.",
        ended("header-too-big"),
        Blame((name(FEED),), top_path="/wp-login.php"),
    )


@second("second-nginx-upload-refused", SecondNginx)
def upload_refused(bench: SecondNginx) -> Case:
    """The application closes on uploads that are too large for it, without reading them."""

    def too_large(connection: Connection) -> None:
        connection.sock.recv(4096)

    bench.upstream(MEDIA, by_path({"/v2/media": too_large}))
    upload = Ask("/v2/media/{uuid}", 3, "PUT", b"\x89PNG" + b"x" * 3_000_000)
    bench.start(f"proxy_request_buffering off; proxy_pass http://{name(MEDIA)};", "apm", "main_ext", "main")
    bench.send(100, (*SOCIAL, upload))
    return bench.case(
        "proxy_request_buffering off. Uploads of 3 MB to /v2/media: the application read 4 kB and closed.",
        Expect(
            Say(("closed-early", "connection-reset")),
            Say(("closed-early", "connection-reset", "unknown"), ENDED),
            Say(("closed-early", "connection-reset", "unknown"), ENDED),
            BLIND,
        ),
        Blame((name(MEDIA),)),
    )


@second("second-nginx-export-resets", SecondNginx)
def export_resets(bench: SecondNginx) -> Case:
    """Half of the exports are reset after the request was read, a second later."""

    def think_and_reset(connection: Connection) -> None:
        if connection.read_request():
            connection.pause(1.0)
            reset_on_accept(connection)

    bench.upstream(FEED, by_path({"/v2/exports": one_in(2, think_and_reset, answer(delay=1.0))}))
    bench.start(f"proxy_pass http://{name(FEED)};", "analytics", "main_ext", "main", http=REAL_IP)
    bench.send(120, (*SOCIAL, _EXPORT), rate=15)
    return bench.case(
        "Every second export was reset after 1 s, with the request read and more expected; the other was answered "
        "after "
        "1 s. All other paths are quick and well.",
        ended("connection-reset", "closed-early"),
        Blame((name(FEED),)),
    )


@second("second-nginx-patch-race", SecondNginx)
def patch_race(bench: SecondNginx) -> Case:
    """Kept connections closed as they are reused: only PATCH and POST fail, and few of them."""
    for address in (ACCOUNTS, ACCOUNTS_2):
        bench.upstream(address, keep_alive(1 / 40))
    pool = servers("accounts", "max_fails=0", ACCOUNTS, ACCOUNTS_2).replace("}", "keepalive 16; }")
    bench.start(
        'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://accounts;',
        "keyed",
        "main_ext",
        http=pool,
    )
    asks = tuple(ask for ask in SOCIAL if ask.method != "HEAD")  # its answer has no body, which a kept connection bears
    bench.send(600, asks, rate=60)
    race = Say(("keepalive-race",), ("closed-early", "connection-reset"))
    return bench.case(
        "upstream keepalive 16. The idle timer of both servers runs out at times just as nginx reuses a connection: "
        "one "
        "of 40 requests on a kept connection is never read. nginx tries a GET, PUT or OPTIONS again, a POST or PATCH "
        "not; where it met this on both servers it ended with `no live upstreams`.",
        Expect(race, race, Say(("keepalive-race", "unknown"), ENDED), BLIND),
        Blame((), "accounts"),
    )


@second("second-nginx-grpc-to-http1", SecondNginx)
def grpc_to_http1(bench: SecondNginx) -> Case:
    """grpc_pass to a server that speaks HTTP/1 only."""
    bench.upstream(FEED)
    bench.upstream(MEDIA, plain_http)
    rpc = Ask("/media.v1.Thumbnails/Make", 8, "POST", BODY)
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "apm",
        "elk",
        "main",
        server=f"location /media. {{ grpc_pass grpc://{name(MEDIA)}; }}",
    )
    bench.send(110, (*SOCIAL, rpc))
    return bench.case(
        "grpc_pass to a server that speaks HTTP/1: it answers HTTP/2's preface with 400.",
        ended("protocol-mismatch"),
        Blame((name(MEDIA),), top_path="/media.v1.Thumbnails/Make"),
    )


@second("second-nginx-tls-to-plain", SecondNginx)
def tls_to_plain(bench: SecondNginx) -> Case:
    """After a move one of two servers speaks plain HTTP where TLS is expected."""
    bench.upstream(TLS, tls=Pki(bench.work_dir).issued(NAME).server_context())
    bench.upstream(TLS_2, plain_http)
    bench.start(
        "proxy_next_upstream off; proxy_pass https://web;",
        "keyed",
        "analytics",
        "main",
        http=servers("web", "max_fails=0", TLS, TLS_2),
    )
    bench.send(90)
    quick = Say(("protocol-mismatch", "unknown"), (*ENDED, "tls-handshake", "tls-certificate", "connection-refused"))
    return bench.case(
        "proxy_pass https:// to two servers, of which the second speaks plain HTTP; proxy_next_upstream off.",
        Expect(Say(("protocol-mismatch",)), quick, quick, BLIND),
        Blame((name(TLS_2),)),
    )


def _tls(cause: str, *or_else: str) -> Expect:
    quick = Say((cause, "unknown"), (*or_else, *ENDED, "tls-handshake", "tls-certificate", "connection-refused"))
    return Expect(Say((cause, *or_else)), quick, quick, BLIND)


def _verify(pki: Pki) -> str:
    return (
        f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {pki.authority.certificate}; proxy_ssl_name {NAME}; "
        "proxy_ssl_server_name on;"
    )


@second("second-nginx-tls-one-expired", SecondNginx)
def tls_one_expired(bench: SecondNginx) -> Case:
    """One of two servers still has the old certificate, which has expired: half of the requests, no retries."""
    pki = Pki(bench.work_dir)
    bench.upstream(TLS, tls=pki.issued(NAME).server_context())
    bench.upstream(TLS_2, tls=pki.expired(NAME).server_context())
    bench.start(
        f"proxy_next_upstream off; {_verify(pki)} proxy_pass https://web;",
        "apm",
        "main_ext",
        "main",
        http=servers("web", "max_fails=0", TLS, TLS_2),
    )
    bench.send(100)
    return bench.case(
        "proxy_ssl_verify on, proxy_next_upstream off. Of two servers the second's certificate has expired.",
        _tls("tls-certificate"),
        Blame((name(TLS_2),)),
    )


@second("second-nginx-tls-one-expired-masked", SecondNginx)
def tls_one_expired_masked(bench: SecondNginx) -> Case:
    """The same with nginx's default of trying the next server: nobody sees it."""
    pki = Pki(bench.work_dir)
    bench.upstream(TLS, tls=pki.issued(NAME).server_context())
    bench.upstream(TLS_2, tls=pki.expired(NAME).server_context())
    bench.start(
        f"{_verify(pki)} proxy_pass https://web;",
        "keyed",
        "main_ext",
        "main",
        http=servers("web", "max_fails=0", TLS, TLS_2),
    )
    bench.send(100)
    return bench.case(
        "proxy_ssl_verify on. Of two servers with max_fails=0 the second's certificate has expired; the first saved "
        "all "
        "of its requests.",
        _tls("tls-certificate"),
        Blame((name(TLS_2),), "web"),
    )


@second("second-nginx-tls-renewed-wrongly", SecondNginx)
def tls_renewed_wrongly(bench: SecondNginx) -> Case:
    """A certificate is renewed for the wrong name, and six seconds later for the right one."""
    pki = Pki(bench.work_dir)
    right, wrong = pki.issued(NAME).server_context(), pki.issued("www.example.net").server_context()
    app = bench.upstream(TLS, tls=right)
    location = f"proxy_ssl_session_reuse off; {_verify(pki)} proxy_pass https://{name(TLS)};"
    bench.start(location, "analytics", "elk", "main")

    def show(context: ssl.SSLContext) -> None:
        app.tls = context

    diary = play(
        [
            Event(4, lambda: show(wrong), "the server showed a certificate for www.example.net"),
            Event(10, lambda: show(right), f"it showed one for {NAME} again"),
        ],
        lambda: bench.send(112, rate=8),
    )
    return bench.case(
        f"proxy_ssl_verify on, proxy_ssl_name {NAME}. In between the server had a certificate for another name."
        "\n\nUTC:\n" + diary,
        _tls("tls-certificate"),
        Blame((name(TLS),)),
    )


@second("second-nginx-tls-own-certificate-refused", SecondNginx)
def tls_own_refused(bench: SecondNginx) -> Case:
    """nginx shows a client certificate that the upstream's authority did not sign."""
    pki = Pki(bench.work_dir)
    context = pki.issued(NAME).server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pki.authority.certificate)
    own = pki.self_signed("edge.example.net")
    bench.upstream(TLS, tls=context)
    bench.upstream(FEED)
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "apm",
        "main_ext",
        "main",
        server=f"location /v2/users {{ proxy_ssl_certificate {own.certificate}; proxy_ssl_certificate_key {own.key}; "
        f"proxy_pass https://{name(TLS)}; }}",
    )
    bench.send(120)
    return bench.case(
        "/v2/users is behind a server that asks for a client certificate; nginx's is signed by itself: `unknown ca`.",
        _tls("tls-certificate", "tls-handshake"),
        Blame((name(TLS),)),
    )


@second("second-nginx-tls-no-answer", SecondNginx)
def tls_no_answer(bench: SecondNginx) -> Case:
    """The port takes the connection and never answers the TLS hello."""
    bench.upstream(TLS, hold(9))
    bench.upstream(FEED)
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "keyed",
        "elk",
        "main",
        server=f"location /graphql {{ proxy_connect_timeout 1500ms; proxy_pass https://{name(TLS)}; }}",
    )
    bench.send(90, rate=12)
    # To an access log TLS is a part of connecting.
    unsure = Say(("tls-handshake", "connect-timeout", "unknown"), ("response-timeout",))
    return bench.case(
        "proxy_connect_timeout 1.5 s. /graphql is sent by TLS to a port that accepts and says nothing: `upstream timed "
        "out while SSL handshaking to upstream`.",
        Expect(
            Say(("tls-handshake",), ("connect-timeout", "response-timeout")),
            unsure,
            unsure,
            Say(("unknown",), ("response-timeout", "connect-timeout")),
        ),
        Blame((name(TLS),)),
    )


# In the body: the status was sent already.


@second("second-nginx-export-cut-off", SecondNginx)
def export_cut_off(bench: SecondNginx) -> Case:
    """Exports end in the middle: the worker dies with 4 of 300 kB sent. Access logs say 200."""
    bench.upstream(FEED, by_path({"/v2/exports": truncate(4000, 300_000)}))
    bench.start(f"proxy_pass http://{name(FEED)};", "apm", "main_ext", "main")
    bench.send(110, (*SOCIAL, _EXPORT))
    return bench.case(
        "Every export broke off after 4 of 300 kB; all other paths were well. Access logs say 200.",
        Expect(Say(("truncated-response",))),
        Blame((name(FEED),)),
        error_failures=0,
    )


@second("second-nginx-events-stall", SecondNginx)
def events_stall(bench: SecondNginx) -> Case:
    """A stream of events says nothing for longer than proxy_read_timeout."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    def events(connection: Connection) -> None:
        if connection.read_request():
            connection.sock.sendall(head + b"8\r\ndata: 1\n\r\n")
            connection.pause(5)

    bench.upstream(FEED, by_path({"/v2/events": events}))
    bench.start(
        f"proxy_buffering off; proxy_read_timeout 700ms; proxy_pass http://{name(FEED)};", "keyed", "elk", "main"
    )
    bench.send(110, (*SOCIAL, Ask("/v2/events?last-event-id={n}", 6)))
    return bench.case(
        "proxy_buffering off, proxy_read_timeout 0.7 s. /v2/events sent one event and then nothing for 5 s: nginx cut "
        "the stream. Access logs say 200.",
        Expect(Say(("body-timeout",))),
        Blame((name(FEED),)),
        error_failures=0,
    )


@second("second-nginx-thumbnails-stall-one-of-two", SecondNginx)
def thumbnails_stall(bench: SecondNginx) -> Case:
    """One of two servers stalls in the body of every answer, the other is well."""
    bench.upstream(MEDIA)
    bench.upstream(("127.0.3.32", 9000), stall_in_body(4, sent=1500, promised=90_000))
    bench.start(
        "proxy_read_timeout 900ms; proxy_pass http://media;",
        "analytics",
        "main_ext",
        "main",
        http=servers("media", "max_fails=0", MEDIA, ("127.0.3.32", 9000)),
    )
    bench.send(80, rate=16)
    return bench.case(
        "proxy_read_timeout 0.9 s. The second of two servers stalled in the body of each answer. Access logs say 200.",
        Expect(Say(("body-timeout",))),
        Blame(("127.0.3.32:9000",)),
        error_failures=0,
    )


@second("second-nginx-bad-chunks", SecondNginx)
def bad_chunks(bench: SecondNginx) -> Case:
    """The size of the first chunk is not a number: `upstream sent invalid chunked response`."""
    broken = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\nid;title\r\n"
    bench.upstream(FEED, by_path({"/v2/exports": say(broken)}))
    bench.start(f"proxy_http_version 1.1; proxy_pass http://{name(FEED)};", "apm", "elk", "main")
    bench.send(110, (*SOCIAL, _EXPORT))
    return bench.case(
        "The exports' body is said to be chunked and is not. All other paths were well. The status had been sent: "
        "access "
        "logs say 200.",
        Expect(Say(("invalid-response",), ("truncated-response",))),
        Blame((name(FEED),)),
        error_failures=0,
    )


# Other answers in the place of the failed one.


@second("second-nginx-fallback-200", SecondNginx)
def fallback(bench: SecondNginx) -> Case:
    """error_page … = @old: a second upstream answers for the dead one, and clients get its 200."""
    app = bench.upstream(ACCOUNTS)
    bench.upstream(FEED)
    bench.start(
        f"error_page 502 503 504 = @old; proxy_pass http://{name(ACCOUNTS)};",
        "apm",
        "main_ext",
        "main",
        server=f"location @old {{ proxy_pass http://{name(FEED)}; }}",
    )
    bench.send(50)
    app.stop()
    bench.send(80)
    return bench.case(
        f"`error_page 502 503 504 = @old`, which is {name(FEED)}. After 50 requests {name(ACCOUNTS)} died; the old "
        "system "
        "answered in its stead, with its own 200: no client saw an error.",
        REFUSED,
        Blame((name(ACCOUNTS),)),
    )


@second("second-nginx-busy-page", SecondNginx)
def busy_page(bench: SecondNginx) -> Case:
    """The application says 503 at a peak; proxy_intercept_errors replaces its page by another server's."""
    bench.upstream(ACCOUNTS, one_in(3, answer("503 Service Unavailable", b"pool exhausted\n", delay=0.12)))
    bench.upstream(MEDIA, answer(body=b"<p>Busy, sorry</p>\n"))
    bench.start(
        f"proxy_intercept_errors on; error_page 503 @busy; proxy_pass http://{name(ACCOUNTS)};",
        "keyed",
        "analytics",
        "main",
        server=f"location @busy {{ proxy_pass http://{name(MEDIA)}; }}",
    )
    bench.send(110)
    own = Say(("upstream-error",))
    return bench.case(
        "Every third request got the application's own 503 after 0.12 s. proxy_intercept_errors fetches a page for it "
        f"from {name(MEDIA)}; the client's status stays 503.",
        Expect(own, own, own, Say(("unknown",), ("upstream-error",))),
        Blame((name(ACCOUNTS),)),
    )


@second("second-nginx-own-503-rare", SecondNginx)
def own_503(bench: SecondNginx) -> Case:
    """One request in 33 gets the application's own 503, with a body of its own."""
    bench.upstream(FEED, one_in(33, answer("503 Service Unavailable", b'{"error":"try again"}\n', delay=0.3)))
    bench.start(f"proxy_pass http://{name(FEED)};", "main_ext", "analytics", "main")
    bench.send(330, BLOG, rate=30)
    own = Say(("upstream-error",))
    return bench.case(
        "One request in 33 was answered 503 by the application itself after 0.3 s, on any path.",
        Expect(own, own, Say(("upstream-error", "unknown")), Say(("unknown",), ("upstream-error",))),
        Blame((name(FEED),)),
    )


@second("second-nginx-auth-down", SecondNginx)
def auth_down(bench: SecondNginx) -> Case:
    """The service behind auth_request is down: clients get 500, and only the error log knows of whom."""
    bench.upstream(FEED)
    auth = bench.upstream(ACCOUNTS)
    bench.start(
        f"auth_request /_auth; proxy_pass http://{name(FEED)};",
        "apm",
        "elk",
        "main",
        server=f"location = /_auth {{ internal; proxy_pass_request_body off; proxy_set_header Content-Length ''; "
        f"proxy_pass http://{name(ACCOUNTS)}/check; }}",
    )
    asks = tuple(ask for ask in SOCIAL if not ask.body)
    bench.send(50, asks)
    auth.stop()
    bench.send(60, asks)
    return bench.case(
        "auth_request asks another server before each request. That server died after 50 requests: nginx answers 500, "
        "which is no gateway status, and the access logs bear no upstream, as none was asked for the request itself.",
        replace(REFUSED, timed=Say(), whole=Say(), blind=Say()),
        Blame((name(ACCOUNTS),)),
        error_failures=None,
    )


# Nothing is wrong.


@second("second-nginx-well-and-busy", SecondNginx)
def well_and_busy(bench: SecondNginx) -> Case:
    """900 requests: 404s, 403s, redirects, clients that leave, nothing of the gateway's."""
    odd = by_path(
        {
            "/orte": answer("404 Not Found", b"no\n"),
            "/.env": answer("403 Forbidden", b"no\n"),
            "/old": answer("301 Moved Permanently", b"", ("Location: /",)),
            "/v2/search": answer(delay=0.8),
            "/boom": answer("500 Internal Server Error", b"boom\n"),
        },
        answer(delay=0.005),
    )
    bench.upstream(ACCOUNTS, odd)
    bench.upstream(FEED_2, odd)
    asks = (
        *(Ask(ask.path, ask.weight * 6, ask.method, ask.body) for ask in SOCIAL),
        Ask("/.env", 6, agent="-"),
        Ask("/old/{n}", 5),
        Ask("/boom", 2),
        Ask("/größe/übersicht?q=\xe4", 2),
        Ask("/v2/search?q={n}", 2),
        Ask("/v2/search?q={n}&fast=1", 3, patience=0.3),
        Ask("/healthz", 8, agent="kube-probe/1.31"),
    )
    bench.start("proxy_pass http://web;", "main_ext", "main", http=servers("web", "", ACCOUNTS, FEED_2) + REAL_IP)
    bench.send(900, asks, rate=150, workers=60)
    return bench.case(
        "150 requests a second to two healthy servers: 404s, 403s, redirects, a few of the application's own 500s, "
        "searches that take 0.8 s, clients that leave after 0.3 s, probes. No gateway error.",
        Expect(),
    )


FEED_2 = ("127.0.2.22", 8600)


@second("second-nginx-slow-but-fine", SecondNginx)
def slow_but_fine(bench: SecondNginx) -> Case:
    """Long polls of 1.9 s with proxy_read_timeout 4s, uploads, OPTIONS: all is answered."""
    bench.upstream(FEED, by_path({"/v2/feed": answer(delay=1.9), "/graphql": answer(delay=0.9)}))
    bench.start(f"proxy_read_timeout 4s; proxy_pass http://{name(FEED)};", "keyed", "elk", "main")
    bench.send(200, rate=20, workers=80)
    return bench.case("proxy_read_timeout 4s. Long polls take 1.9 s, queries 0.9 s. Nothing failed.", Expect())


@second("second-nginx-probes-in-outage", SecondNginx)
def probes_in_outage(bench: SecondNginx) -> Case:
    """Health checks make up most of the traffic, before, in and after an outage of the readers."""
    app = bench.upstream(FEED)
    probes = (
        Ask("/healthz", 20, agent="ELB-HealthChecker/2.0"),
        Ask("/healthz", 10, agent="kube-probe/1.31"),
        Ask("/healthz?from=uptime", 4, "HEAD", agent="Mozilla/5.0+(compatible; UptimeRobot/2.0)"),
    )
    bench.start(
        f"proxy_pass http://{name(FEED)};",
        "apm",
        "main",
        server="location = /healthz { return 200 'ok'; }",
    )
    bench.send(90, (*BLOG, *probes), rate=15)
    app.behaviour = close_after_request
    bench.send(90, (*BLOG, *probes), rate=15)
    app.behaviour = answer()
    bench.send(60, (*BLOG, *probes), rate=15)
    return bench.case(
        "nginx answers health checks itself, 200 throughout, and these are two thirds of the requests. For six seconds "
        "the application closed on every request without answering.",
        ended("closed-early"),
        Blame((name(FEED),)),
    )
