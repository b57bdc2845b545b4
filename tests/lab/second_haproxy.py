"""The second set behind HAProxy."""

from __future__ import annotations

import functools
import signal
import time

from case import Case, Other
from isolation import REJECTED_HOST, RUN_DIR, SILENT_HOST
from pki import NAME, Pki
from scenario import scenario
from second_bench import BLOG, SOCIAL, Ask, Blame, Say, few_at_once, one_in
from second_haproxy_bench import COLLECTED, SecondHaproxy
from timeline import Event, play
from upstreams import (
    answer,
    by_path,
    close_after_request,
    healthy,
    reset_after_request,
    say,
    slow,
    truncate,
)

second = functools.partial(scenario, set="second", private=True)

ONE = ("127.0.1.11", 3000)
TWO = ("127.0.1.12", 3000)
THREE = ("127.0.1.13", 3000)
STATIC = ("127.0.6.61", 8088)

#: A line of httplog does not say why a connect failed at once.
_NOT_CONNECTED = ("host-unreachable", "socket-missing", "permission-denied", "tls-handshake", "tls-certificate")
#: Nor how a connection ended, SH.
_ENDED = Say(("closed-early", "connection-reset"), ("worker-killed",))


def backend(group: str, options: str, *addresses: tuple[str, int], more: str = "") -> str:
    """Servers named after their backend and number: `feed/feed1`."""
    lines = (f"    server {group}{n} {host}:{port} {options}" for n, (host, port) in enumerate(addresses, 1))
    return "\n".join((f"backend {group}", f"    {more}", *lines))


@second("second-haproxy-one-of-three-refused", SecondHaproxy)
def one_of_three(bench: SecondHaproxy) -> Case:
    """One of three unchecked servers is dead, without retries: a third of the requests fails."""
    bench.upstream(ONE)
    bench.upstream(TWO)
    dead = bench.upstream(THREE)
    bench.start(backend("accounts", "", ONE, TWO, THREE, more="retries 0"))
    bench.send(60)
    dead.stop()
    bench.send(90)
    return bench.case(
        "Three servers without health checks, retries 0. After 60 requests the third was stopped: SC at once.",
        Say(("connection-refused",), _NOT_CONNECTED),
        Blame(("accounts/accounts3",), "accounts"),
    )


@second("second-haproxy-ipv6-dead", SecondHaproxy)
def ipv6_dead(bench: SecondHaproxy) -> Case:
    """The only server, on IPv6, restarts in a loop and is checked: refused, DOWN, UP, and again."""
    bench.layouts = COLLECTED
    app = bench.upstream(("::1", 3000))
    bench.start("backend feed\n    retries 0\n    server v6 [::1]:3000 check inter 400ms fall 2 rise 1", frontend=_FEED)
    events = []
    for start in (2.0, 6.0, 10.0):
        events.append(Event(start, app.stop, "the server was gone"))
        events.append(Event(start + 2.0, app.start, "it was up"))
    diary = play(events, lambda: bench.send(150, rate=11))
    return bench.case(
        "One server on [::1], checked twice a second (fall 2). It was gone for two seconds three times: the first "
        "requests were refused (SC), then there was no server.\n\nUTC:\n" + diary,
        Say(("connection-refused",), ("no-live-upstream",)),
        Blame(("feed/v6",), "feed"),
        bare=Say(("connection-refused", "no-live-upstream"), _NOT_CONNECTED),
    )


_FEED = "default_backend feed"


@second("second-haproxy-graphql-timeout", SecondHaproxy)
def graphql_timeout(bench: SecondHaproxy) -> Case:
    """A third of the POSTs to /graphql is slower than timeout server 700ms."""
    bench.upstream(ONE, by_path({"/graphql": one_in(3, slow(4))}, answer(delay=0.02)))
    bench.upstream(TWO, by_path({"/graphql": one_in(3, slow(4))}, answer(delay=0.02)))
    bench.start(backend("accounts", "", ONE, TWO), defaults="timeout server 700ms")
    bench.send(150)
    return bench.case(
        "timeout server 700ms. Of the requests to /graphql every third takes 4 s, on either of two servers.",
        Say(("response-timeout",)),
        Blame((), "accounts", top_path="/graphql"),
    )


@second("second-haproxy-slow-and-left", SecondHaproxy)
def slow_and_left(bench: SecondHaproxy) -> Case:
    """The application hangs; half of the clients leave first (CH), the others get 504 (sH)."""
    bench.layouts = COLLECTED
    hasty = tuple(Ask(ask.path, ask.weight, ask.method, ask.body, patience=0.5) for ask in BLOG)
    app = bench.upstream(ONE, answer(delay=0.03))
    bench.start(
        "backend blog\n    server wp 127.0.1.11:3000", frontend="default_backend blog", defaults="option abortonclose"
    )
    bench.send(60, BLOG + hasty, rate=15)
    app.behaviour = slow(9)
    bench.send(80, BLOG + hasty, rate=15)
    app.behaviour = healthy
    bench.send(30, BLOG + hasty, rate=15)
    return bench.case(
        "timeout server 1.5 s, `option abortonclose`. The application hung for five seconds; half of the clients "
        "reset their connection after "
        "0.5 s (CH), which is no failure of the gateway.",
        Say(("response-timeout",)),
        Blame(("blog/wp",), "blog"),
    )


@second("second-haproxy-silent-one-masked", SecondHaproxy)
def silent_masked(bench: SecondHaproxy) -> Case:
    """One of three servers drops SYNs; redispatching saves its requests, 0.6 s later."""
    for address in (ONE, TWO):
        bench.upstream(address)
    more = "retries 1\n    option redispatch 1\n    timeout connect 600ms"
    bench.start(backend("accounts", "", ONE, TWO, (SILENT_HOST, 3000), more=more))
    bench.send(120, rate=15)
    return bench.case(
        "timeout connect 600ms, `option redispatch 1`. The third of three unchecked servers drops every packet. Its "
        "requests were answered by another: 200, `+1`. The line names the server that answered, and its Tc bears the "
        "0.6 s.",
        Say(("connect-timeout", "unknown"), ("connection-refused",)),
        Blame((), "accounts"),
    )


@second("second-haproxy-silent-one-checked", SecondHaproxy)
def silent_checked(bench: SecondHaproxy) -> Case:
    """The same, but checked and without redispatch: sC, then `Layer4 timeout` takes it out."""
    bench.layouts = COLLECTED
    for address in (ONE, TWO):
        bench.upstream(address)
    options = "check inter 3s fall 2"
    more = "retries 0\n    timeout connect 600ms\n    timeout check 600ms\n    balance leastconn"
    bench.start(backend("accounts", options, ONE, TWO, (SILENT_HOST, 3000), more=more))
    bench.send(130, rate=16)
    return bench.case(
        "timeout connect 600ms, retries 0, checks every 3 s (fall 2). The third of three servers drops every packet: "
        "its "
        "requests failed (sC) until its second check had failed, too (Layer4 timeout).",
        Say(("connect-timeout",)),
        Blame(("accounts/accounts3",), "accounts"),
    )


@second("second-haproxy-rejected-checked", SecondHaproxy)
def rejected_checked(bench: SecondHaproxy) -> Case:
    """The way to both servers of one backend is rejected; the other backend is well."""
    bench.upstream(ONE)
    rejected = backend("media", "check inter 1s fall 1", (REJECTED_HOST, 9000), (REJECTED_HOST, 9001))
    bench.start(
        backend("accounts", "check inter 1s", ONE) + "\n" + rejected,
        frontend="use_backend media if { path_end /avatar }\n    default_backend accounts",
    )
    time.sleep(1.5)
    bench.send(120)
    return bench.case(
        "Both servers of `media` are behind a firewall that rejects: DOWN after the first check, `No route to host`. "
        "Avatars found no server.",
        Say(("host-unreachable",), ("no-live-upstream",)),
        Blame((), "media"),
        bare=Say(("no-live-upstream",)),
    )


@second("second-haproxy-ready-503", SecondHaproxy)
def ready_503(bench: SecondHaproxy) -> Case:
    """A database is gone: all three servers answer their checks with 503 and are taken out."""
    bench.layouts = COLLECTED
    ill = by_path({"/ready": answer("503 Service Unavailable", b"db: timeout\n")})
    apps = [bench.upstream(address) for address in (ONE, TWO, THREE)]
    options = "check inter 500ms fall 2 rise 2"
    bench.start(backend("accounts", options, ONE, TWO, THREE, more="option httpchk GET /ready"))

    def change(behaviour: object) -> None:
        for app in apps:
            app.behaviour = behaviour  # type: ignore[assignment]

    diary = play(
        [Event(3, lambda: change(ill), "/ready said 503"), Event(8, lambda: change(healthy), "/ready said 200")],
        lambda: bench.send(154, rate=14),
    )
    return bench.case(
        "Three servers with `option httpchk GET /ready`. For five seconds /ready said 503 on all of them, while they "
        "answered everything else well: HAProxy took all out.\n\nUTC:\n" + diary,
        Say(("upstream-error",), ("no-live-upstream",)),
        Blame((), "accounts"),
        bare=Say(("no-live-upstream",)),
    )


@second("second-haproxy-queue-of-two", SecondHaproxy)
def queue_of_two(bench: SecondHaproxy) -> Case:
    """maxconn 3 on each of two servers, a slow report, and timeout queue 500ms: sQ."""
    for address in (ONE, TWO):
        bench.upstream(address, answer(delay=0.45))
    reports = backend("reports", "maxconn 3", ONE, TWO, more="timeout queue 500ms")
    bench.start(reports, frontend="default_backend reports")
    bench.send(40, rate=6)
    bench.send(150, rate=25)
    bench.send(30, rate=6)
    return bench.case(
        "Two servers with maxconn 3, answers in 0.45 s, timeout queue 500ms. At 6 requests a second all went well; "
        "at 25 "
        "a second about half waited in vain for a slot.",
        Say(("queue-timeout",)),
        Blame((), "reports"),
    )


@second("second-haproxy-login-closed", SecondHaproxy)
def login_closed(bench: SecondHaproxy) -> Case:
    """POSTs to /wp-login.php are closed on without an answer: a plugin that hates password guessers."""
    bench.layouts = COLLECTED
    bench.upstream(ONE, by_path({"/wp-login.php": close_after_request}))
    bench.start("backend blog\n    server wp 127.0.1.11:3000 check inter 2s", frontend="default_backend blog")
    bench.send(170, BLOG, rate=25)
    return bench.case(
        "The application closes on each request for /wp-login.php without answering; the other paths are well.",
        _ENDED,
        Blame(("blog/wp",), "blog", top_path="/wp-login.php"),
    )


@second("second-haproxy-one-percent-resets", SecondHaproxy)
def one_percent_resets(bench: SecondHaproxy) -> Case:
    """One of 80 requests is reset after 0.2 s, on any path."""

    def crash(connection: object) -> None:
        time.sleep(0.2)
        reset_after_request(connection)  # type: ignore[arg-type]

    bench.upstream(ONE, one_in(80, crash))
    bench.upstream(TWO, one_in(80, crash))
    bench.start(backend("accounts", "", ONE, TWO))
    bench.send(640, rate=50)
    return bench.case(
        "50 requests a second to two servers; one of 80 was reset after 0.2 s without an answer.",
        _ENDED,
        Blame((), "accounts"),
    )


@second("second-haproxy-download-cut", SecondHaproxy)
def download_cut(bench: SecondHaproxy) -> Case:
    """Downloads end in the middle: SD. All else is well."""
    bench.layouts = COLLECTED
    bench.upstream(ONE, by_path({"/v2/exports": truncate(9000, 400_000)}))
    bench.start(backend("accounts", "check", ONE))
    bench.send(120, (*SOCIAL, Ask("/v2/exports/{n}.csv", 8)))
    return bench.case(
        "Every export broke off after 9 of 400 kB: 200 and SD. All other paths were well.",
        Say(("truncated-response",)),
        Blame(("accounts/accounts1",), "accounts"),
    )


@second("second-haproxy-bad-header-rare", SecondHaproxy)
def bad_header(bench: SecondHaproxy) -> Case:
    """Two Content-Lengths that differ, for one path: PH."""
    broken = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Length: 7\r\n\r\nhello\n"
    bench.upstream(ONE, by_path({"/v2/feed": say(broken)}))
    bench.start(backend("accounts", "", ONE))
    bench.send(130)
    return bench.case(
        "/v2/feed answers with two different Content-Lengths: PH, 502. The other paths were well.",
        Say(("invalid-response",), ("protocol-mismatch", "header-too-big")),
        Blame(("accounts/accounts1",), "accounts", top_path="/v2/feed"),
    )


@second("second-haproxy-own-502-and-504", SecondHaproxy)
def own_errors(bench: SecondHaproxy) -> Case:
    """The application, a gateway itself, says 502 and 504 now and then: state ----."""
    bench.layouts = COLLECTED
    bad = answer("502 Bad Gateway", b"bank: connection reset\n", delay=0.2)
    late = answer("504 Gateway Timeout", b"bank: timeout\n", delay=1.0)
    bench.upstream(ONE, one_in(6, bad, one_in(9, late)))
    bench.start(backend("accounts", "", ONE))
    bench.send(150)
    return bench.case(
        "Every sixth request got the application's own 502, some others its own 504.",
        Say(("upstream-error",)),
        Blame(("accounts/accounts1",), "accounts"),
    )


@second("second-haproxy-sticky-to-dead", SecondHaproxy)
def sticky(bench: SecondHaproxy) -> Case:
    """Sessions stick to a server that is DOWN (`option persist`): their requests are refused."""
    bench.upstream(ONE)
    dead = bench.upstream(TWO)
    servers = "    server s1 127.0.1.11:3000 cookie s1 check inter 400ms fall 2\n"
    servers += "    server s2 127.0.1.12:3000 cookie s2 check inter 400ms fall 2"
    bench.start(
        f"backend shop\n    retries 0\n    option persist\n    cookie SRV insert indirect nocache\n{servers}",
        frontend="default_backend shop",
    )
    bench.send(40)
    dead.stop()
    bench.crowd.cookie = "SRV=s2"
    bench.send(45)
    bench.crowd.cookie = ""
    bench.send(45)
    return bench.case(
        "`option persist`, a cookie for each of two servers. After 40 requests the second died and was soon DOWN; 45 "
        "requests had its cookie and were sent there all the same: SC. Later ones without a cookie were well.",
        Say(("connection-refused",)),
        Blame(("shop/s2",), "shop"),
    )


@second("second-haproxy-tls-one-expired", SecondHaproxy)
def tls_one_expired(bench: SecondHaproxy) -> Case:
    """One of two servers' certificate has expired, and is not checked: SC for half."""
    bench.layouts = COLLECTED
    pki = Pki(bench.work_dir)
    tls = (("127.0.5.51", 8443), ("127.0.5.52", 8443))
    bench.upstream(tls[0], tls=pki.issued(NAME).server_context())
    bench.upstream(tls[1], tls=pki.expired(NAME).server_context())
    options = f"ssl verify required ca-file {pki.authority.certificate}"
    bench.start(backend("secure", options, *tls, more="retries 0"), frontend="default_backend secure")
    bench.send(90)
    return bench.case(
        "`ssl verify required` to two servers without health checks, retries 0; the second's certificate has expired. "
        "The httplog line is that of any failed connect.",
        Say(("tls-certificate", "tls-handshake", "unknown"), ("connection-refused", *_NOT_CONNECTED)),
        Blame(("secure/secure2",), "secure"),
    )


@second("second-haproxy-tls-both-checked", SecondHaproxy)
def tls_checked(bench: SecondHaproxy) -> Case:
    """A certificate for another name on both servers, and checks by TLS: Layer6, no server."""
    pki = Pki(bench.work_dir)
    tls = (("127.0.5.51", 8443), ("127.0.5.52", 8443))
    apps = [bench.upstream(address, tls=pki.issued(NAME).server_context()) for address in tls]
    wrong = pki.issued("old.internal").server_context()
    options = f"ssl verify required ca-file {pki.authority.certificate} verifyhost {NAME} check inter 500ms fall 2"
    bench.start(backend("secure", options + " no-ssl-reuse", *tls), frontend="default_backend secure")
    bench.send(50)
    for app in apps:
        app.tls = wrong
    time.sleep(2)
    bench.send(60)
    return bench.case(
        "`verifyhost`, checks by TLS. After 50 requests both servers had a certificate for another name: `Layer6 "
        "invalid "
        "response`, and no server left.",
        Say(("tls-certificate", "tls-handshake"), ("no-live-upstream", "protocol-mismatch")),
        Blame((), "secure"),
        bare=Say(("no-live-upstream",), ("tls-certificate", "tls-handshake", "connection-refused")),
    )


@second("second-haproxy-reload-in-outage", SecondHaproxy)
def reload_in_outage(bench: SecondHaproxy) -> Case:
    """HAProxy is reloaded in the middle of an outage, which changes nothing."""
    bench.layouts = COLLECTED
    app = bench.upstream(ONE)
    haproxy = bench.start(backend("accounts", "", ONE, more="retries 0"), reloadable=True)
    diary = play(
        [
            Event(3, app.stop, "the server died"),
            Event(5, lambda: haproxy.signal(signal.SIGUSR2), "HAProxy was reloaded"),
            Event(9, app.start, "the server was started"),
        ],
        lambda: bench.send(132, rate=12),
    )
    return bench.case(
        "retries 0. The only server died for six seconds; meanwhile HAProxy, a master with a worker, was reloaded, "
        "which "
        "did not help.\n\nUTC:\n" + diary,
        Say(("connection-refused",), _NOT_CONNECTED),
        Blame(("accounts/accounts1",), "accounts"),
    )


@second("second-haproxy-socket-gone", SecondHaproxy)
def socket_gone(bench: SecondHaproxy) -> Case:
    """The unix socket of one backend is removed; its check says so."""
    socket = RUN_DIR / "unicorn.sock"
    app = bench.upstream(socket)
    bench.start(
        f"backend ruby\n    retries 0\n    server unicorn unix@{socket} check inter 500ms fall 2",
        frontend="default_backend ruby",
    )
    bench.send(50)
    app.stop()
    socket.unlink()
    bench.send(70)
    return bench.case(
        "After 50 requests the application was stopped and took its unix socket with it: a few requests failed to "
        "connect (SC), then its check had failed twice (`No such file or directory`) and there was no server.",
        Say(("socket-missing",)),
        Blame(("ruby/unicorn",), "ruby"),
        bare=Say(("no-live-upstream", "unknown"), ("socket-missing", "connection-refused", *_NOT_CONNECTED)),
    )


@second("second-haproxy-deny-beside-outage", SecondHaproxy)
def deny_beside_outage(bench: SecondHaproxy) -> Case:
    """A rule answers 503 to guessers all the time (PR); meanwhile the readers' server is down (SC)."""
    bench.layouts = COLLECTED
    app = bench.upstream(STATIC)
    bench.start(
        "backend pages\n    retries 0\n    server web 127.0.6.61:8088",
        frontend="http-request deny deny_status 503 if { path /xmlrpc.php /wp-login.php }\n    default_backend pages",
    )
    bench.send(70, BLOG)
    app.stop()
    bench.send(110, BLOG)
    return bench.case(
        "`http-request deny deny_status 503` for /xmlrpc.php and /wp-login.php (PR), from the first line to the last. "
        "After 70 requests the only server died: SC for all the rest, three times as many.",
        Say(("connection-refused",), _NOT_CONNECTED),
        Blame(("pages/web",), "pages"),
    )


@second("second-haproxy-two-one-after-the-other", SecondHaproxy)
def one_after_the_other(bench: SecondHaproxy) -> Case:
    """`static` is refused for ten seconds; a minute later `accounts` hangs for fifteen."""
    static, accounts = bench.upstream(STATIC), bench.upstream(ONE)
    both = backend("accounts", "", ONE) + "\n" + backend("static", "", STATIC, more="retries 0")
    bench.start(both, frontend="use_backend static if { path_beg /static /orte }\n    default_backend accounts")

    def hang() -> None:
        accounts.behaviour = slow(6)

    def recover() -> None:
        accounts.behaviour = healthy

    diary = play(
        [
            Event(5, static.stop, "static's server died"),
            Event(15, static.start, "it was started"),
            Event(75, hang, "accounts' server hung"),
            Event(90, recover, "it answered again"),
        ],
        lambda: bench.send(400, rate=4),
    )
    return bench.case(
        "timeout server 1.5 s. Two backends fail, the smaller one first, with a minute in between.\n\nUTC:\n" + diary,
        Say(("response-timeout",)),
        Blame(
            ("accounts/accounts1",),
            "accounts",
            other=(Other(["connection-refused"], ["static/static1"]),),
        ),
    )


@second("second-haproxy-overload", SecondHaproxy)
def overload(bench: SecondHaproxy) -> Case:
    """More requests than the application can serve: late answers, then 504, some still answered."""
    bench.layouts = COLLECTED
    bench.upstream(ONE, few_at_once(4, 0.3))
    bench.start(backend("accounts", "", ONE))
    bench.send(40, rate=6)
    bench.send(150, rate=22, workers=90)
    return bench.case(
        "An application that serves four requests at once, each in 0.3 s; timeout server 1.5 s. At 22 a second "
        "requests "
        "queued in it and were answered ever later, then not in time.",
        Say(("response-timeout",)),
        Blame(("accounts/accounts1",), "accounts"),
    )


#: `option httplog` with more at its end, among it what the connection to the server failed of.
_CUSTOM = (
    'log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs '
    '%{+Q}r host=%[capture.req.hdr(0)] err=%{+Q}[bc_err_str]"'
)


@second("second-haproxy-custom-format", SecondHaproxy)
def custom_format(bench: SecondHaproxy) -> Case:
    """A log-format of their own: that of httplog, a captured Host, `%[bc_err_str]`. Half of the requests time out."""
    bench.upstream(ONE)
    bench.upstream(TWO, slow(5))
    bench.start(
        backend("accounts", "", ONE, TWO),
        frontend="capture request header Host len 60\n    default_backend accounts",
        defaults=_CUSTOM + "\n    timeout server 2500ms",
    )
    bench.send(80, rate=12)
    return bench.case(
        "`log-format` as `option httplog` has it, with a captured header, `host=…` and `err=…` at its end; timeout "
        "server "
        "2.5 s. The second of two servers takes 5 s for each answer, from the first line on.",
        Say(("response-timeout",)),
        Blame(("accounts/accounts2",), "accounts"),
    )


@second("second-haproxy-custom-format-tls", SecondHaproxy)
def custom_format_tls(bench: SecondHaproxy) -> Case:
    """The same layout, and a server whose certificate is not accepted: the line itself says so."""
    pki = Pki(bench.work_dir)
    bench.layouts = COLLECTED
    bench.upstream(("127.0.5.51", 8443), tls=pki.self_signed(NAME).server_context())
    bench.start(
        backend(
            "secure",
            f"ssl verify required ca-file {pki.authority.certificate}",
            ("127.0.5.51", 8443),
            more="retries 0",
        ),
        frontend="capture request header Host len 60\n    default_backend secure",
        defaults=_CUSTOM,
    )
    bench.send(60)
    return bench.case(
        "The same log-format. `ssl verify required` to a server with a certificate that it signed itself, not checked: "
        "SC, and `err=` says `SSL handshake failure`.",
        Say(("tls-certificate", "tls-handshake")),
        Blame(("secure/secure1",), "secure"),
    )


@second("second-haproxy-well", SecondHaproxy)
def well(bench: SecondHaproxy) -> Case:
    """400 requests: 404s, 403s, slow searches, clients that leave, a reload, checks. Nothing failed."""
    odd = by_path(
        {
            "/orte": answer("404 Not Found", b"no\n"),
            "/.git": answer("403 Forbidden", b"no\n"),
            "/v2/search": answer(delay=0.9),
            "/ready": answer(body=b"ok\n"),
        },
        answer(delay=0.01),
    )
    for address in (ONE, TWO):
        bench.upstream(address, odd)
    more = (Ask("/.git/config", 1, agent="-"), Ask("/v2/search?q={n}", 1), Ask("/v2/search?q=x", 1, patience=0.3))
    probe = Ask("/ready", 3, agent="GoogleHC/1.0")
    haproxy = bench.start(
        backend("accounts", "check inter 1s", ONE, TWO, more="option httpchk GET /ready"), reloadable=True
    )
    play(
        [Event(4, lambda: haproxy.signal(signal.SIGUSR2), "reload")],
        lambda: bench.send(400, (*SOCIAL, *more, probe), rate=50),
    )
    return bench.case(
        "50 requests a second to two healthy, checked servers, with a reload in the middle: 404s, 403s, searches "
        "that take "
        "0.9 s, clients that leave after 0.3 s. No gateway error.",
        Say(),
    )
