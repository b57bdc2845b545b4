"""The second set behind Apache httpd."""

from __future__ import annotations

import functools
import signal

from case import Case, Other
from isolation import RUN_DIR, SILENT_HOST
from pki import NAME, Pki
from scenario import scenario
from second_apache_bench import SecondApache
from second_bench import BLOG, SOCIAL, Ask, Blame, Expect, Say, one_in
from timeline import Event, play
from upstreams import answer, by_path, close_after_request, healthy, reset_after_request, slow, stall_in_body, truncate

second = functools.partial(scenario, set="second", private=True)

ONE = ("127.0.1.11", 8000)
TWO = ("127.0.1.12", 8000)
THREE = ("127.0.1.13", 8000)

#: Apache's access logs do not know the upstream. A 503 may be many a thing, its own page for one.
_BLIND = Say(("unknown",))
_AT_ONCE = Say(("unknown",), ("connection-refused", "no-live-upstream", "proxy-local"))
_LATE = Say(("unknown",), ("response-timeout", "connect-timeout"))


def expect(cause: str, *or_else: str, whole: Say = _BLIND) -> Expect:
    return Expect(sure=Say((cause, *or_else)), whole=whole, blind=_BLIND)


def _single(address: tuple[str, int], options: str = "", path: str = "/") -> str:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"ProxyPass {path} http://{host}:{address[1]}{path} {options}"


def _balancer(options: str, *members: str, settings: str = "") -> str:
    lines = "\n".join(f"        BalancerMember http://{member} {options}" for member in members)
    return f"""
    ProxyPass / balancer://web/
    <Proxy balancer://web>
{lines}
        {settings}
    </Proxy>"""


@second("second-apache-named-member-dead", SecondApache)
def named_member(bench: SecondApache) -> Case:
    """One of three members, known by name, dies; the others answer for it."""
    bench.names(web_1="127.0.1.11", web_2="127.0.1.12", web_3="127.0.1.13")
    apps = [bench.upstream(address) for address in (ONE, TWO, THREE)]
    members = [f"web-{n}.example.net:8000" for n in (1, 2, 3)]
    bench.start(_balancer("retry=1", *members, settings="ProxySet lbmethod=bybusyness"))
    bench.send(60, BLOG)
    apps[2].stop()
    bench.send(140, BLOG)
    return bench.case(
        "Three members by name, retry=1, lbmethod=bybusyness. After 60 requests the third died. Once a second Apache "
        "tried it with a client's request, was refused, and passed that on: no client saw an error.",
        expect("connection-refused"),
        attempt="AH01114",
    )


@second("second-apache-ipv6-refused", SecondApache)
def ipv6_refused(bench: SecondApache) -> Case:
    """The only server, on IPv6, is gone for four seconds, twice; a graceful restart in between helps nobody."""
    app = bench.upstream(("::1", 8000))
    apache = bench.start(_single(("::1", 8000)), log_level="notice")
    diary = play(
        [
            Event(2, app.stop, "the server died"),
            Event(4, lambda: apache.signal(signal.SIGUSR1), "apachectl graceful"),
            Event(6, app.start, "it was started"),
            Event(8, app.stop, "it died again"),
            Event(12, app.start, "it was started again"),
        ],
        lambda: bench.send(154, rate=11),
    )
    return bench.case(
        "LogLevel notice. ProxyPass to [::1]:8000, which was gone twice for four seconds.\n\nUTC:\n" + diary,
        expect("connection-refused", whole=_AT_ONCE),
        Blame(("[::1]:8000",)),
        attempt="AH01114",
    )


@second("second-apache-graphql-slow", SecondApache)
def graphql_slow(bench: SecondApache) -> Case:
    """A third of the POSTs to /graphql is slower than `timeout=2`: 502."""
    bench.upstream(ONE, by_path({"/graphql": one_in(3, slow(5))}, answer(delay=0.02)))
    bench.start(_single(ONE, "timeout=2"))
    bench.send(140, rate=18)
    return bench.case(
        "timeout=2. Every third request to /graphql takes 5 s, all others 0.02 s. Apache answers 502.",
        expect("response-timeout", whole=_LATE),
        Blame((f"{ONE[0]}:{ONE[1]}",)),
        attempt="AH01102",
    )


@second("second-apache-silent-avatars", SecondApache)
def silent_avatars(bench: SecondApache) -> Case:
    """Avatars are behind a firewall that drops: connectiontimeout=1. The rest is well."""
    bench.upstream(ONE)
    avatars = f"ProxyPassMatch ^/v2/users/.*/avatar$ http://{SILENT_HOST}:9000 connectiontimeout=1 retry=0"
    bench.start(f"{avatars}\n    {_single(ONE)}")
    bench.send(90, rate=15)
    return bench.case(
        "connectiontimeout=1 to a host that drops every packet, for avatars only.",
        expect("connect-timeout", whole=_LATE),
        Blame((f"{SILENT_HOST}:9000",)),
        attempt="AH01114",
    )


@second("second-apache-fcgi-socket-gone", SecondApache)
def fcgi_gone(bench: SecondApache) -> Case:
    """After an upgrade php-fpm listens on another socket: all scripts answer 503, static files do not."""
    socket = RUN_DIR / "php8.1-fpm.sock"
    bench.upstream(ONE)
    scripts = f'<LocationMatch "\\.php$|^/$|^/20|^/feed">\n        SetHandler "proxy:unix:{socket}|fcgi://blog"\n'
    bench.start(f"ProxyPass /wp-content http://{ONE[0]}:{ONE[1]}/wp-content\n    {scripts}    </LocationMatch>")
    bench.send(120, BLOG)
    return bench.case(
        f"SetHandler proxy:unix:{socket}|fcgi://blog, and no such socket; /wp-content is on another server and well.",
        expect("socket-missing", whole=_AT_ONCE),
        Blame((f"unix:{socket}",)),
        attempt="AH01079",
    )


@second("second-apache-export-closed", SecondApache)
def export_closed(bench: SecondApache) -> Case:
    """One path of many is closed on without an answer, after half a second."""

    def think_and_close(connection: object) -> None:
        close_after_request(connection)  # type: ignore[arg-type]
        connection.pause(0.5)  # type: ignore[attr-defined]

    bench.upstream(ONE, by_path({"/v2/exports": think_and_close}))
    bench.start(_single(ONE))
    bench.send(150, (*SOCIAL, Ask("/v2/exports/{n}.csv", 3)), rate=25)
    return bench.case(
        "/v2/exports was closed on after 0.5 s without an answer; the other paths were well.",
        expect("closed-early", whole=Say(("unknown",), ("closed-early", "worker-killed", "connection-reset"))),
        Blame((f"{ONE[0]}:{ONE[1]}",)),
        attempt="AH01102",
    )


@second("second-apache-five-percent-reset", SecondApache)
def five_percent(bench: SecondApache) -> Case:
    """One request in 20 is reset, on either of two servers."""
    for address in (ONE, TWO):
        bench.upstream(address, one_in(20, reset_after_request))
    bench.start(_balancer("retry=0", "127.0.1.11:8000", "127.0.1.12:8000"))
    bench.send(300, BLOG, rate=30)
    return bench.case(
        "Two members, retry=0; every twentieth request was reset without an answer.",
        expect("connection-reset", "closed-early"),
        attempt="AH01102",
    )


@second("second-apache-own-503", SecondApache)
def own_503(bench: SecondApache) -> Case:
    """The application says 503 at a peak; Apache passes that on and has nothing to log."""
    app = bench.upstream(ONE, answer(delay=0.02))
    bench.start(_single(ONE))
    bench.send(60, rate=10)
    app.behaviour = one_in(2, answer("503 Service Unavailable", b'{"error":"overloaded"}\n', delay=0.7))
    bench.send(80, rate=20)
    own = Say(("unknown",), ("upstream-error",))
    return bench.case(
        "Every second request got the application's own 503 after 0.7 s. The error log is silent.",
        Expect(own, whole=own, blind=own),
    )


@second("second-apache-all-in-error-and-back", SecondApache)
def all_in_error(bench: SecondApache) -> Case:
    """All three members die and return: refused, `All workers are in error state`, and well again."""
    apps = [bench.upstream(address) for address in (ONE, TWO, THREE)]
    members = [f"{host}:{port}" for host, port in (ONE, TWO, THREE)]
    bench.start(_balancer("retry=3", *members, settings="ProxySet forcerecovery=Off"))
    diary = play(
        [
            Event(3, lambda: [app.stop() for app in apps], "all three died"),
            Event(10, lambda: [app.start() for app in apps], "all three were started"),
        ],
        lambda: bench.send(180, BLOG, rate=12),
    )
    return bench.case(
        "Three members, retry=3, forcerecovery=Off. All were gone for seven seconds: refused, then `All workers are in "
        "error state` without trying, and so again every three seconds.\n\nUTC:\n" + diary,
        expect("connection-refused", whole=_AT_ONCE),
        attempt="AH01114|AH01170",
    )


@second("second-apache-tls-one-path", SecondApache)
def tls_one_path(bench: SecondApache) -> Case:
    """One path's server has an expired certificate; LogLevel ssl:info. Clients get 500."""
    pki = Pki(bench.work_dir)
    bench.upstream(ONE)
    bench.upstream(("127.0.5.51", 8443), tls=pki.expired(NAME).server_context())
    site = f"SSLProxyEngine On\n    SSLProxyVerify require\n    SSLProxyCACertificateFile {pki.authority.certificate}\n"
    site += "    SSLProxyCheckPeerName off\n    ProxyPass /v2/users https://127.0.5.51:8443/v2/users retry=0\n"
    bench.start(f"{site}    {_single(ONE)}", log_level="warn ssl:info")
    bench.send(110)
    return bench.case(
        "/v2/users is on a server with an expired certificate (SSLProxyVerify require). Apache answers 500, which is "
        "no gateway status.",
        expect("tls-certificate"),
    )


@second("second-apache-export-cut", SecondApache)
def export_cut(bench: SecondApache) -> Case:
    """Exports end in the middle, and a report stalls there: 200 in the access logs."""
    routes = {"/v2/exports": truncate(9000, 300_000), "/v2/feed": stall_in_body(5, 1500, 90_000)}
    bench.upstream(ONE, by_path(routes))
    bench.start(_single(ONE, "timeout=2"))
    bench.send(110, (*SOCIAL, Ask("/v2/exports/{n}.csv", 14)), rate=18)
    return bench.case(
        "timeout=2. Most failing answers, the exports, broke off after 9 of 300 kB; the feed stalled in the body for "
        "5 s. Access logs say 200.",
        expect("truncated-response", "body-timeout"),
    )


@second("second-apache-two-faults", SecondApache)
def two_faults(bench: SecondApache) -> Case:
    """The main server dies while the media server is too slow."""
    main, media = bench.upstream(ONE), bench.upstream(TWO)
    bench.start(f"{_single(TWO, 'timeout=1', '/static')}\n    {_single(ONE)}")
    bench.send(60)
    main.stop()
    media.behaviour = slow(4)
    bench.send(130)
    return bench.case(
        "timeout=1 for /static. At the same moment the main server died (503) and that of /static became too slow "
        "(502).",
        expect("connection-refused"),
        Blame(("127.0.1.11:8000",), other=(Other(["response-timeout"], ["127.0.1.12:8000"]),)),
        attempt="AH01114|AH01102",
    )


@second("second-apache-well", SecondApache)
def well(bench: SecondApache) -> Case:
    """600 requests: 404s, 403s, slow pages, clients that leave, two graceful restarts. Nothing failed."""
    odd = by_path({"/feed": answer("404 Not Found", b"no\n"), "/?s=": answer(delay=0.9)}, answer(delay=0.01))
    for address in (ONE, TWO):
        bench.upstream(address, odd)
    apache = bench.start(_balancer("", "127.0.1.11:8000", "127.0.1.12:8000"))
    graceful = [Event(at, lambda: apache.signal(signal.SIGUSR1), "graceful") for at in (3, 7)]
    leaving = Ask("/?s=slow", 1, patience=0.3)
    play(graceful, lambda: bench.send(600, (*BLOG, leaving), rate=60))
    return bench.case(
        "60 requests a second to two healthy members: 404s, searches that take 0.9 s, clients that leave after 0.3 s, "
        "`apachectl graceful` twice. No gateway error.",
        Expect(),
    )


@second("second-apache-hang-ends-log", SecondApache)
def hang_ends_log(bench: SecondApache) -> Case:
    """A healthy log that ends in a hang of all servers."""
    apps = [bench.upstream(address, answer(delay=0.03)) for address in (ONE, TWO)]
    bench.start("ProxyTimeout 1\n" + _balancer("retry=0", "127.0.1.11:8000", "127.0.1.12:8000"))
    bench.send(150, rate=15)
    for app in apps:
        app.behaviour = slow(9)
    bench.send(45, rate=15)
    for app in apps:
        app.behaviour = healthy
    return bench.case(
        "ProxyTimeout 1, two members. After ten seconds both hung; three seconds later the log ends.",
        expect("response-timeout", whole=_LATE),
        attempt="AH01102",
    )
