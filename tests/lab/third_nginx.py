"""The third set behind nginx: usual faults in unusual circumstances."""

from __future__ import annotations

import functools
import signal
import socket
import time

from case import Case, Other
from isolation import SILENT_HOST
from nameserver import ADDRESS as NAMESERVER
from nameserver import SERVER_FAILURE, Nameserver
from pki import NAME, Pki
from scenario import scenario
from second_bench import Ask, Blame, Expect, Say, name, one_in
from second_nginx import CONNECT_TIMEOUT, ENDED, REFUSED, TIMEOUT, ended, servers
from second_nginx_bench import SecondNginx
from timeline import Event, play
from upstreams import BODY, Connection, answer, by_path, close_on_accept, healthy, reset_after_request, slow, truncate

third = functools.partial(scenario, set="third", private=True)

#: Five servers of one group.
ROOMS = tuple((f"127.0.20.{n}", 7070) for n in range(1, 6))
PRICES = ("127.0.21.4", 5601)
PAYMENTS = ("127.0.22.9", 6443)

#: What a hotel's booking site is asked for.
BOOKING = (
    Ask("/rooms?from=2026-12-{n}&guests=2", 7),
    Ask("/rooms/{n}/photos", 5),
    Ask("/book/{uuid}/confirm", 2, "POST", BODY),
    Ask("/prices/calendar.json?room={n}", 4),
    Ask("/assets/main.4c1.css", 4),
    Ask("/account/login", 1, "POST", b"user=guest"),
    Ask("/rooms/{n}", 1, "HEAD"),
)

#: From an access log: nginx asked nobody and says 503.
_OWN_503 = Say(("blocked", "proxy-local", "unknown"), ("no-live-upstream",))


@third("third-nginx-one-of-five-three-percent", SecondNginx)
def three_percent(bench: SecondNginx) -> Case:
    """One of five servers has a small weight and is dead: some 3 % are refused, no retries."""
    for address in ROOMS[:4]:
        bench.upstream(address, answer(delay=0.015))
    heavy = " ".join(f"server {name(address)} weight=8;" for address in ROOMS[:4])
    bench.start(
        "proxy_next_upstream off; proxy_pass http://rooms;",
        "apm",
        "main_ext",
        "main",
        http=f"upstream rooms {{ {heavy} server {name(ROOMS[4])} weight=1 max_fails=0; }}",
    )
    bench.send(290, BOOKING, rate=35)
    return bench.case(
        "Four servers of weight 8, a fifth of weight 1 on which nothing listens; proxy_next_upstream off.",
        REFUSED,
        Blame((name(ROOMS[4]),)),
    )


@third("third-nginx-calendar-900ms", SecondNginx)
def calendar(bench: SecondNginx) -> Case:
    """One path alone runs into a proxy_read_timeout of 0.9 s; the others take up to 0.6 s."""
    bench.upstream(PRICES, by_path({"/prices": one_in(2, slow(3), answer(delay=0.6))}, answer(delay=0.05)))
    bench.start(f"proxy_read_timeout 900ms; proxy_pass http://{name(PRICES)};", "keyed", "elk", "main")
    bench.send(170, BOOKING, rate=17)
    return bench.case(
        "proxy_read_timeout 0.9 s. Every second request for /prices/calendar.json takes 3 s, the others of it 0.6 s.",
        TIMEOUT,
        Blame((name(PRICES),), top_path="/prices/calendar.json"),
    )


@third("third-nginx-certificate-runs-out", SecondNginx)
def certificate_runs_out(bench: SecondNginx) -> Case:
    """In mid-run the only server's certificate has expired, and stays so to the end."""
    pki = Pki(bench.work_dir)
    good, old = pki.issued(NAME).server_context(), pki.expired(NAME).server_context()
    app = bench.upstream(PAYMENTS, tls=good)
    verify = f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {pki.authority.certificate}; proxy_ssl_name {NAME};"
    location = f"proxy_ssl_session_reuse off; {verify} proxy_pass https://{name(PAYMENTS)};"
    bench.start(location, "analytics", "main_ext", "main")
    bench.send(65, BOOKING, rate=13)
    app.tls = old
    bench.send(70, BOOKING, rate=13)
    quick = Say(("tls-certificate", "unknown"), (*ENDED, "tls-handshake", "connection-refused"))
    return bench.case(
        "proxy_ssl_verify on. After 65 requests the server's certificate was one that has expired, for 70 more.",
        Expect(Say(("tls-certificate",)), quick, quick, Say(("unknown",))),
        Blame((name(PAYMENTS),)),
    )


@third("third-nginx-large-post-reset", SecondNginx)
def large_post(bench: SecondNginx) -> Case:
    """Uploads of 1.5 MB are reset after their first bytes; small POSTs are well."""

    def too_large(connection: Connection) -> None:
        connection.sock.recv(2048)
        connection.pause(0.05)  # what is unread makes the close a reset

    bench.upstream(ROOMS[0], by_path({"/guests/": too_large}))
    scan = Ask("/guests/{uuid}/passport", 3, "POST", b"\xff\xd8\xff" + b"s" * 1_500_000)
    bench.start(f"proxy_request_buffering off; proxy_pass http://{name(ROOMS[0])};", "keyed", "main_ext", "main")
    bench.send(110, (*BOOKING, scan), rate=18)
    return bench.case(
        "proxy_request_buffering off. The application read 2 kB of each upload of 1.5 MB to /guests/… and closed with "
        "the rest unread, which resets the connection.",
        ended("connection-reset", "closed-early"),
        Blame((name(ROOMS[0]),)),
    )


@third("third-nginx-dns-two-seconds", SecondNginx)
def dns_two_seconds(bench: SecondNginx) -> Case:
    """The nameserver says SERVFAIL for two seconds."""
    bench.upstream(("127.0.20.1", 7070))
    names = bench.keep(Nameserver("127.0.20.1"))
    bench.start(
        "set $target rooms.prod.example.org; proxy_pass http://$target:7070;",
        "apm",
        "main_ext",
        "main",
        http=f"resolver {NAMESERVER[0]}:{NAMESERVER[1]} valid=1s ipv6=off; resolver_timeout 600ms;",
    )

    def code(number: int) -> None:
        names.code = number

    diary = play(
        [
            Event(3, lambda: code(SERVER_FAILURE), "the nameserver said SERVFAIL"),
            Event(5.5, lambda: code(0), "it answered again"),
        ],
        lambda: bench.send(200, BOOKING, rate=22),
    )
    seen = Say(("dns-failure", "unknown"), ("proxy-local", "no-live-upstream"))
    return bench.case(
        "A name in a variable, resolver valid=1s, resolver_timeout 0.6 s. The nameserver said SERVFAIL for 2.5 s."
        "\n\nUTC:\n" + diary,
        Expect(Say(("dns-failure",)), seen, seen, Say(("unknown",))),
    )


@third("third-nginx-connect-timeout-mostly-saved", SecondNginx)
def mostly_saved(bench: SecondNginx) -> Case:
    """One of three hosts is silent; GETs are saved by another, /book goes to it alone."""
    for address in ROOMS[:2]:
        bench.upstream(address)
    silent = (SILENT_HOST, 7070)
    bench.start(
        "proxy_connect_timeout 500ms; proxy_pass http://rooms;",
        "keyed",
        "main_ext",
        "main",
        http=servers("rooms", "max_fails=0", *ROOMS[:2], silent),
        server=f"location /book {{ proxy_connect_timeout 500ms; proxy_pass http://{name(silent)}; }}",
    )
    bench.send(140, BOOKING, rate=18)
    return bench.case(
        "proxy_connect_timeout 0.5 s. The third of three servers (max_fails=0) drops every packet: its requests were "
        "saved by another. Only /book goes there alone, and got 504.",
        CONNECT_TIMEOUT,
        Blame((name(silent),)),
    )


@third("third-nginx-header-for-one-agent", SecondNginx)
def header_for_one_agent(bench: SecondNginx) -> Case:
    """To one user agent the application sends a header of 9 kB."""
    policy = answer(headers=("Content-Security-Policy: img-src " + "https://cdn.example.org " * 380,))

    def by_agent(connection: Connection) -> None:
        start = connection.sock.recv(4096, socket.MSG_PEEK)
        (policy if b"BookingApp/" in start else healthy)(connection)

    bench.upstream(ROOMS[0], by_agent)
    app = tuple(Ask(ask.path, 1, ask.method, ask.body, agent="BookingApp/3.2 (iOS 18)") for ask in BOOKING[:4])
    bench.start(f"proxy_pass http://{name(ROOMS[0])};", "apm", "elk", "main")
    bench.send(150, (*BOOKING, *app), rate=25)
    return bench.case(
        "The application sends a Content-Security-Policy of 9 kB to BookingApp/3.2, whatever it asks for, and to "
        "nobody else; proxy_buffer_size is 4 kB.",
        ended("header-too-big"),
        Blame((name(ROOMS[0]),)),
    )


@third("third-nginx-limit-req", SecondNginx)
def limit_req(bench: SecondNginx) -> Case:
    """limit_req turns one client in a hurry away with 503; nothing is wrong behind."""
    bench.upstream(ROOMS[0])
    scraper = Ask("/prices/calendar.json?room={n}&months=24", 9, agent="python-requests/2.32.3")
    bench.start(
        f"proxy_pass http://{name(ROOMS[0])};",
        "apm",
        "main_ext",
        "main",
        http="limit_req_zone $server_name zone=prices:1m rate=4r/s;",
        server=f"location /prices {{ limit_req zone=prices burst=3 nodelay; proxy_pass http://{name(ROOMS[0])}; }}",
    )
    bench.send(60, BOOKING, rate=15)
    bench.send(140, (*BOOKING, scraper), rate=28)
    return bench.case(
        "limit_req of 4 a second on /prices. A scraper came after 60 requests and was turned away with 503, without "
        "asking the server.",
        Expect(Say(("blocked",)), _OWN_503, _OWN_503, Say(("unknown",), ("blocked", "proxy-local"))),
    )


@third("third-nginx-maintenance", SecondNginx)
def maintenance(bench: SecondNginx) -> Case:
    """A maintenance page for six seconds by a file, `return 503`; before and after all is well."""
    bench.upstream(ROOMS[0])
    flag = bench.work_dir / "maintenance"
    bench.work_dir.chmod(0o755)
    bench.start(f"if (-f {flag}) {{ return 503; }} proxy_pass http://{name(ROOMS[0])};", "keyed", "main_ext", "main")
    diary = play(
        [Event(3, flag.touch, "maintenance began"), Event(9, flag.unlink, "maintenance ended")],
        lambda: bench.send(156, BOOKING, rate=13),
    )
    own = Say(("proxy-local", "blocked", "unknown"), ("no-live-upstream",))
    return bench.case(
        "`return 503` while a file exists. The error log says nothing of it.\n\nUTC:\n" + diary,
        Expect(own, own, own, Say(("unknown",), ("proxy-local",))),
    )


@third("third-nginx-own-errors-mixed", SecondNginx)
def own_errors(bench: SecondNginx) -> Case:
    """The application's own 500, 502 and 503, mixed, on different paths; 500 is no gateway status."""
    bad = answer("502 Bad Gateway", b'{"error":"acquirer"}\n', delay=0.25)
    busy = answer("503 Service Unavailable", b'{"error":"pool"}\n', delay=0.08)
    broken = answer("500 Internal Server Error", b'{"error":"bug"}\n')
    routes = {"/book": bad, "/rooms?": one_in(4, busy), "/account": broken}
    bench.upstream(PRICES, by_path(routes, answer(delay=0.02)))
    bench.start(f"proxy_pass http://{name(PRICES)};", "keyed", "apm", "main_ext")
    bench.send(180, BOOKING, rate=30)
    own = Say(("upstream-error",))
    return bench.case(
        "The application answered /book with 502 after 0.25 s, every fourth search with 503, logins with 500.",
        Expect(own, own, Say(("upstream-error", "unknown")), Say(("unknown",), ("upstream-error",))),
        Blame((name(PRICES),)),
    )


@third("third-nginx-downloads-truncated", SecondNginx)
def truncated(bench: SecondNginx) -> Case:
    """One photo in three ends at 18 of 250 kB, on one of two servers."""
    bench.upstream(ROOMS[0])
    bench.upstream(ROOMS[1], by_path({"/rooms/": truncate(18_000, 250_000)}))
    bench.start(
        "proxy_pass http://photos;",
        "keyed",
        "main_ext",
        "main",
        http=servers("photos", "", *ROOMS[:2]),
    )
    photos = tuple(ask for ask in BOOKING if ask.method != "HEAD")
    bench.send(140, photos, rate=25)
    return bench.case(
        "The second of two servers broke photos off after 18 of 250 kB. Access logs say 200.",
        Expect(Say(("truncated-response",))),
        Blame((name(ROOMS[1]),)),
        error_failures=0,
    )


@third("third-nginx-slow-then-refused", SecondNginx)
def slow_then_refused(bench: SecondNginx) -> Case:
    """The server is too slow for two seconds, then refused for eight: mostly refusals."""
    app = bench.upstream(PRICES, answer(delay=0.02))
    bench.start(f"proxy_read_timeout 700ms; proxy_pass http://{name(PRICES)};", "apm", "main_ext", "main")

    def hang() -> None:
        app.behaviour = slow(12)

    def back() -> None:
        app.behaviour = healthy
        app.start()

    diary = play(
        [
            Event(2.5, hang, "the server hung"),
            Event(4.5, app.stop, "it was killed"),
            Event(12.5, back, "it was started"),
        ],
        lambda: bench.send(210, BOOKING, rate=14),
    )
    return bench.case(
        "proxy_read_timeout 0.7 s. The server hung for two seconds, was then gone for eight.\n\nUTC:\n" + diary,
        REFUSED,
        Blame((name(PRICES),)),
    )


@third("third-nginx-two-faults-one-server", SecondNginx)
def two_faults(bench: SecondNginx) -> Case:
    """Resets for four seconds, then well for a minute, then timeouts for nine: two incidents of one server."""
    app = bench.upstream(ROOMS[2], answer(delay=0.02))
    bench.start(f"proxy_read_timeout 1100ms; proxy_pass http://{name(ROOMS[2])};", "keyed", "main")

    def turn(behaviour: object) -> None:
        app.behaviour = behaviour  # type: ignore[assignment]

    diary = play(
        [
            Event(4, lambda: turn(reset_after_request), "it reset each connection"),
            Event(8, lambda: turn(healthy), "it was well"),
            Event(72, lambda: turn(slow(5)), "it hung"),
            Event(84, lambda: turn(healthy), "it was well"),
        ],
        lambda: bench.send(364, BOOKING, rate=4),
    )
    return bench.case(
        "proxy_read_timeout 1.1 s. First the only server reset connections, a minute later it hung, three times as "
        "long.\n\nUTC:\n" + diary,
        TIMEOUT,
        Blame((name(ROOMS[2]),), other=(Other(["connection-reset", "closed-early"], [name(ROOMS[2])]),)),
    )


@third("third-nginx-close-on-accept-third-server", SecondNginx)
def close_on_accept_third(bench: SecondNginx) -> Case:
    """One of three servers closes as soon as it accepts, from the middle on; retries save all but POSTs."""
    for address in ROOMS[:2]:
        bench.upstream(address)
    ill = bench.upstream(ROOMS[2])
    bench.start(
        "proxy_pass http://rooms;",
        "apm",
        "main_ext",
        "main",
        http=servers("rooms", "max_fails=0", *ROOMS[:3]),
    )
    bench.send(50, BOOKING, rate=20)
    ill.behaviour = close_on_accept
    bench.send(170, BOOKING, rate=20)
    return bench.case(
        "Three servers, max_fails=0. After 50 requests the third closed each connection at once. nginx asks another "
        "server, but not for a POST.",
        ended("closed-early", "connection-reset"),
        Blame((name(ROOMS[2]),)),
    )


@third("third-nginx-refused-short-blip", SecondNginx)
def short_blip(bench: SecondNginx) -> Case:
    """A restart of 0.8 s at 40 requests a second."""
    app = bench.upstream(PRICES, answer(delay=0.01))
    bench.start(f"proxy_pass http://{name(PRICES)};", "analytics", "main")
    diary = play(
        [Event(4, app.stop, "the server was stopped"), Event(4.8, app.start, "it was started")],
        lambda: bench.send(240, BOOKING, rate=30),
    )
    return bench.case(
        "The only server was restarted and gone for 0.8 s.\n\nUTC:\n" + diary, REFUSED, Blame((name(PRICES),))
    )


@third("third-nginx-reload-under-load-well", SecondNginx)
def reload_well(bench: SecondNginx) -> Case:
    """Four graceful reloads under load, 404s and slow pages: nothing failed."""
    odd = by_path({"/account": answer("401 Unauthorized", b"no\n"), "/prices": answer(delay=0.7)}, answer(delay=0.01))
    for address in ROOMS[:3]:
        bench.upstream(address, odd)
    nginx = bench.start(
        "proxy_pass http://rooms;",
        "apm",
        "main",
        http=servers("rooms", "", *ROOMS[:3]),
        error_level="notice",
    )
    reloads = [Event(at, lambda: nginx.signal(signal.SIGHUP), "reload") for at in (1, 3, 5, 7)]
    play(reloads, lambda: bench.send(240, BOOKING, rate=27))
    time.sleep(0.5)
    return bench.case("Four reloads under load, error_log at notice; logins are answered 401. Nothing failed.", Expect())
