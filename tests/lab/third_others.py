"""The third set behind HAProxy and Apache, with gunicorn and php-fpm, and in two tiers."""

from __future__ import annotations

import functools
import signal
import time

from app_scenarios import FPM_LOG, GUNICORN, GUNICORN_LOG, SOCKET, FpmApp, GunicornApp
from app_servers import KILL, Gunicorn, PhpFpm, sleep
from case import Case
from scenario import scenario
from second_apache_bench import SecondApache
from second_apps import beside
from second_bench import Ask, Blame, Expect, Say, few_at_once, name, one_in
from second_haproxy import backend
from second_haproxy_bench import COLLECTED, SecondHaproxy
from second_nginx import ENDED, TIMEOUT
from second_nginx_bench import SecondNginx
from second_tier_bench import SECOND_TIER, SecondTiers
from servers import FRONT
from third_nginx import BOOKING
from timeline import Event, play
from upstreams import answer, by_path, close_after_request, healthy, reset_after_request, slow, truncate

third = functools.partial(scenario, set="third", private=True)

DESK = tuple((f"127.0.30.{n}", 4567) for n in range(1, 5))
#: A line of httplog does not say why a connect failed at once.
_NOT_CONNECTED = ("host-unreachable", "socket-missing", "permission-denied", "tls-handshake", "tls-certificate")
_HANGS_UP = Say(("closed-early", "connection-reset"), ("worker-killed",))
_PY = f"{GUNICORN[0]}:{GUNICORN[1]}"

# HAProxy.


@third("third-haproxy-queue-at-peak", SecondHaproxy)
def queue_at_peak(bench: SecondHaproxy) -> Case:
    """A peak of five seconds: one server with maxconn 5, timeout queue 300ms."""
    bench.upstream(DESK[0], answer(delay=0.3))
    more = "timeout queue 300ms"
    bench.start(backend("desk", "maxconn 5", DESK[0], more=more), frontend="default_backend desk")
    bench.send(50, BOOKING, rate=9)
    bench.send(170, BOOKING, rate=34, workers=80)
    bench.send(50, BOOKING, rate=9)
    return bench.case(
        "maxconn 5, answers in 0.3 s, timeout queue 300ms. At 9 requests a second all is well; for five seconds 34 a "
        "second came, about twice what it serves.",
        Say(("queue-timeout",)),
        Blame((), "desk"),
    )


@third("third-haproxy-check-flaps", SecondHaproxy)
def check_flaps(bench: SecondHaproxy) -> Case:
    """The check of the only server says 500 for a second, four times: DOWN and UP; requests find no server."""
    bench.layouts = COLLECTED
    ill = by_path({"/alive": answer("500 Internal Server Error", b"no\n")})
    app = bench.upstream(DESK[0])
    options = "option httpchk GET /alive"
    desk = backend("desk", "check inter 300ms fall 2 rise 1", DESK[0], more=options)
    bench.start(desk, frontend="default_backend desk")

    def turn(behaviour: object) -> None:
        app.behaviour = behaviour  # type: ignore[assignment]

    events = []
    for at in (2.0, 5.0, 8.0, 11.0):
        events += [
            Event(at, lambda: turn(ill), "/alive said 500"),
            Event(at + 1.5, lambda: turn(healthy), "/alive said 200"),
        ]
    diary = play(events, lambda: bench.send(210, BOOKING, rate=15))
    return bench.case(
        "One server, `option httpchk GET /alive` every 0.3 s (fall 2, rise 1). Four times /alive said 500 for 1.5 s, "
        "while the rest was answered.\n\nUTC:\n" + diary,
        Say(("upstream-error",), ("no-live-upstream",)),
        Blame((), "desk"),
        bare=Say(("no-live-upstream",)),
    )


@third("third-haproxy-calendar-timeout", SecondHaproxy)
def calendar_timeout(bench: SecondHaproxy) -> Case:
    """timeout server 900ms, met by one path on one of four servers."""
    for address in DESK[:3]:
        bench.upstream(address, answer(delay=0.03))
    bench.upstream(DESK[3], by_path({"/prices": slow(3)}, answer(delay=0.03)))
    bench.start(backend("desk", "", *DESK), frontend="default_backend desk", defaults="timeout server 900ms")
    bench.send(220, BOOKING, rate=24)
    return bench.case(
        "timeout server 900ms. On the fourth of four servers /prices/calendar.json takes 3 s.",
        Say(("response-timeout",)),
        Blame(("desk/desk4",), "desk", top_path="/prices/calendar.json"),
    )


@third("third-haproxy-maintenance-by-socket", SecondHaproxy)
def maintenance(bench: SecondHaproxy) -> Case:
    """An operator puts both servers into maintenance for four seconds."""
    bench.layouts = COLLECTED
    for address in DESK[:2]:
        bench.upstream(address)
    bench.start(backend("desk", "check inter 2s", *DESK[:2]), frontend="default_backend desk")

    def state(word: str) -> None:
        for server in ("desk1", "desk2"):
            bench.command(f"set server desk/{server} state {word}")

    diary = play(
        [Event(3, lambda: state("maint"), "state maint"), Event(7, lambda: state("ready"), "state ready")],
        lambda: bench.send(150, BOOKING, rate=15),
    )
    return bench.case(
        "`set server … state maint` for both servers, and `ready` four seconds later.\n\nUTC:\n" + diary,
        Say(("draining", "proxy-local", "no-live-upstream")),
        Blame((), "desk"),
        bare=Say(("no-live-upstream",), ("draining", "proxy-local")),
    )


@third("third-haproxy-refused-one-of-four-masked", SecondHaproxy)
def refused_masked(bench: SecondHaproxy) -> Case:
    """One of four unchecked servers is dead; `option redispatch 1` saves each of its requests."""
    for address in DESK[:3]:
        bench.upstream(address)
    dead = bench.upstream(DESK[3])
    more = "retries 2\n    option redispatch 1"
    bench.start(backend("desk", "", *DESK, more=more), frontend="default_backend desk")
    bench.send(60, BOOKING)
    dead.stop()
    bench.send(100, BOOKING, rate=16)
    return bench.case(
        "Four servers without checks, retries 2, `option redispatch 1`. After 60 requests the fourth died; its "
        "requests were answered by others: 200, `+1`. The line names the server that answered.",
        Say(("connection-refused", "unknown"), ("connect-timeout", *_NOT_CONNECTED)),
        Blame((), "desk"),
    )


@third("third-haproxy-photos-cut-one-server", SecondHaproxy)
def photos_cut(bench: SecondHaproxy) -> Case:
    """One of three servers breaks photos off."""
    bench.upstream(DESK[0])
    bench.upstream(DESK[1], by_path({"/rooms/": truncate(6_000, 150_000)}))
    bench.upstream(DESK[2])
    photos = tuple(ask for ask in BOOKING if ask.method != "HEAD")
    bench.start(backend("desk", "", *DESK[:3]), frontend="default_backend desk")
    bench.send(150, photos, rate=25)
    return bench.case(
        "The second of three servers broke photos off after 6 of 150 kB: 200 and SD.",
        Say(("truncated-response",)),
        Blame(("desk/desk2",), "desk"),
    )


@third("third-haproxy-reset-then-refused", SecondHaproxy)
def reset_then_refused(bench: SecondHaproxy) -> Case:
    """The only server resets every third request for three seconds, then dies for seven; a reload changes nothing."""
    bench.layouts = COLLECTED
    app = bench.upstream(DESK[0])
    haproxy = bench.start(
        backend("desk", "", DESK[0], more="retries 0"), frontend="default_backend desk", reloadable=True
    )

    def turn(behaviour: object) -> None:
        app.behaviour = behaviour  # type: ignore[assignment]

    diary = play(
        [
            Event(2, lambda: turn(one_in(3, reset_after_request)), "it reset every third request"),
            Event(5, app.stop, "it died"),
            Event(8, lambda: haproxy.signal(signal.SIGUSR2), "HAProxy was reloaded"),
            Event(12, lambda: (turn(healthy), app.start()), "it was started"),
        ],
        lambda: bench.send(196, BOOKING, rate=14),
    )
    return bench.case(
        "retries 0, no check. Every third request was reset for three seconds, then the server was gone for seven; "
        "meanwhile HAProxy was reloaded.\n\nUTC:\n" + diary,
        Say(("connection-refused",), _NOT_CONNECTED),
        Blame(("desk/desk1",), "desk"),
    )


# Apache.

_BLIND = Say(("unknown",))


def _apache(cause: str, *or_else: str, whole: Say = _BLIND) -> Expect:
    return Expect(sure=Say((cause, *or_else)), whole=whole, blind=_BLIND)


_AT_ONCE = Say(("unknown",), ("connection-refused", "no-live-upstream", "proxy-local"))
_LATE = Say(("unknown",), ("response-timeout", "connect-timeout"))


@third("third-apache-blip-twice", SecondApache)
def apache_blip(bench: SecondApache) -> Case:
    """The only server restarts twice, two seconds each, with retry=0."""
    app = bench.upstream(DESK[0])
    bench.start(f"ProxyPass / http://{name(DESK[0])}/ retry=0")
    diary = play(
        [
            Event(2, app.stop, "stopped"),
            Event(4, app.start, "started"),
            Event(7, app.stop, "stopped"),
            Event(9, app.start, "started"),
        ],
        lambda: bench.send(220, BOOKING, rate=20),
    )
    return bench.case(
        "retry=0; the only server was gone for two seconds, twice.\n\nUTC:\n" + diary,
        _apache("connection-refused", whole=_AT_ONCE),
        Blame((name(DESK[0]),)),
        attempt="AH01114",
    )


@third("third-apache-one-slow-member", SecondApache)
def apache_slow_member(bench: SecondApache) -> Case:
    """One of three members is slower than timeout=1 on every request; the others are well."""
    for address in DESK[:2]:
        bench.upstream(address)
    bench.upstream(DESK[2], slow(4))
    members = "\n".join(f"BalancerMember http://{name(address)} timeout=1 retry=0" for address in DESK[:3])
    bench.start(f"ProxyPass / balancer://desk/\n<Proxy balancer://desk>\n{members}\n</Proxy>")
    bench.send(130, BOOKING, rate=14)
    return bench.case(
        "Three members with timeout=1; the third takes 4 s for every request.",
        _apache("response-timeout", whole=_LATE),
        Blame((name(DESK[2]),)),
        attempt="AH01102",
    )


@third("third-apache-confirm-reset", SecondApache)
def apache_reset(bench: SecondApache) -> Case:
    """Bookings are reset after 0.3 s, graceful reload in between."""

    def think_and_reset(connection: object) -> None:
        time.sleep(0.3)
        reset_after_request(connection)  # type: ignore[arg-type]

    bench.upstream(DESK[0], by_path({"/book": think_and_reset}))
    apache = bench.start(f"ProxyPass / http://{name(DESK[0])}/ retry=0", log_level="notice")
    reload = [Event(4, lambda: apache.signal(signal.SIGUSR1), "graceful")]
    play(reload, lambda: bench.send(190, BOOKING, rate=21))
    return bench.case(
        "POSTs to /book/… were reset after 0.3 s; `apachectl graceful` after four seconds changed nothing.",
        _apache(
            "connection-reset",
            "closed-early",
            whole=Say(("unknown",), ("closed-early", "worker-killed", "connection-reset")),
        ),
        Blame((name(DESK[0]),)),
        attempt="AH01102",
    )


@third("third-apache-own-500-and-503", SecondApache)
def apache_own(bench: SecondApache) -> Case:
    """The application says 500 on one path and 503 on another."""
    routes = {
        "/account": answer("500 Internal Server Error", b"bug\n"),
        "/prices": one_in(2, answer("503 Service Unavailable", b"later\n", delay=0.4)),
    }
    bench.upstream(DESK[0], by_path(routes, answer(delay=0.02)))
    bench.start(f"ProxyPass / http://{name(DESK[0])}/")
    bench.send(180, BOOKING, rate=24)
    own = Say(("unknown",), ("upstream-error",))
    return bench.case(
        "Every second request for /prices/… got the application's own 503, logins its 500. The error log is silent.",
        Expect(own, whole=own, blind=own),
    )


@third("third-apache-well", SecondApache)
def apache_well(bench: SecondApache) -> Case:
    """401s, slow searches, clients that leave, a graceful restart: nothing failed."""
    odd = by_path({"/account": answer("401 Unauthorized", b"no\n"), "/rooms?": answer(delay=0.5)}, answer(delay=0.01))
    bench.upstream(DESK[0], odd)
    apache = bench.start(f"ProxyPass / http://{name(DESK[0])}/")
    leaving = Ask("/rooms?from=2027-01-01&guests=9", 1, patience=0.2)
    graceful = [Event(3, lambda: apache.signal(signal.SIGUSR1), "graceful")]
    play(graceful, lambda: bench.send(300, (*BOOKING, leaving), rate=45))
    return bench.case("Logins are answered 401, searches take 0.5 s, some clients leave. No gateway error.", Expect())


# Applications.

_QUERIES = (
    Ask("/assets/main.4c1.css", 6),
    Ask("/rooms/{n}/photos", 6),
    Ask("/report/{n}", 2),
    Ask("/account/login", 2, "POST", b"user=guest"),
)
_ENDED_SOMEHOW = Say(("closed-early", "connection-reset", "worker-killed", "unknown"), ENDED)
_CUT_OFF = Expect(
    Say(("closed-early", "connection-reset", "worker-killed")),
    _ENDED_SOMEHOW,
    Say(_ENDED_SOMEHOW.cause, (*ENDED, "connection-refused")),
    _BLIND,
)
_KILLED = Say(("worker-killed",))
_MAY_BE_KILLED = Say(("worker-killed", "unknown"), confidence=("medium", "low"))


@third("third-nginx-gunicorn-killed-twice", SecondNginx)
def killed_twice(bench: SecondNginx) -> Case:
    """Two spells of two seconds in which /report has its worker killed with SIGKILL."""
    app = GunicornApp(bench, workers=5)
    bench.start(f"proxy_pass http://{_PY};", "keyed", "main_ext", "main")
    spell = {"/report": KILL}
    diary = play(
        [
            Event(2, lambda: app.shop.fail(spell), "/report killed its worker"),
            Event(4, lambda: app.shop.fail({}), "it did not"),
            Event(8, lambda: app.shop.fail(spell), "it did again"),
            Event(10, lambda: app.shop.fail({}), "it did not"),
        ],
        lambda: bench.send(210, _QUERIES, rate=16),
    )
    case = bench.case(
        "gunicorn, five synchronous workers. In two spells /report/… sent SIGKILL to its own worker, as the kernel's "
        "OOM killer does.\n\nUTC:\n" + diary,
        _CUT_OFF,
        Blame((_PY,)),
    )
    return beside(case, GUNICORN_LOG, Gunicorn.version(), _KILLED, _MAY_BE_KILLED)


@third("third-haproxy-gunicorn-timeout-2", SecondHaproxy)
def gunicorn_timeout(bench: SecondHaproxy) -> Case:
    """gunicorn's --timeout 2 kills the workers of /report, behind HAProxy with timeout server 6s."""
    app = GunicornApp(bench, "--timeout", "2", workers=14)
    bench.start(f"backend wsgi\n    server w1 {_PY}", frontend="default_backend wsgi", defaults="timeout server 6s")
    bench.send(40, _QUERIES)
    app.shop.fail({"/report": sleep(12)})
    bench.send(90, _QUERIES, rate=11)
    case = bench.case(
        "gunicorn, fourteen synchronous workers, --timeout 2; timeout server 6s. After 40 requests /report/… blocked "
        "its worker for 12 s, which gunicorn killed after 2 to 3 s.",
        Say(("closed-early", "connection-reset", "worker-killed")),
        Blame(("wsgi/w1",), "wsgi"),
    )
    return beside(case, GUNICORN_LOG, Gunicorn.version(), _KILLED)


@third("third-nginx-fpm-slow-report", SecondNginx)
def fpm_slow(bench: SecondNginx) -> Case:
    """A script slower than fastcgi_read_timeout 1.3 s, in a static pool with room enough."""
    app = FpmApp(bench, "pm = static\npm.max_children = 18")
    bench.start(f"fastcgi_read_timeout 1300ms; {app.fastcgi_pass()}", "apm", "main_ext", "main")
    bench.send(40, _QUERIES)
    app.shop.fail({"/report": sleep(3)})
    bench.send(120, _QUERIES, rate=14)
    case = bench.case(
        "php-fpm, pm = static with eighteen children; fastcgi_read_timeout 1.3 s. After 40 requests /report/… took 3 s.",
        TIMEOUT,
        Blame((f"unix:{SOCKET}",)),
    )
    return beside(case, FPM_LOG, PhpFpm.version())


# Tiers.

_PASSED_ON = Say(("upstream-error",))


@third("third-tiers-nginx-nginx-overload", SecondTiers)
def tiers_overload(bench: SecondTiers) -> Case:
    """nginx before nginx, whose server serves three at once and is asked too much: 504."""
    bench.upstream(DESK[0], few_at_once(3, 0.3))
    late = Say(("response-timeout",))
    inner_pass = f"proxy_read_timeout 1400ms; proxy_pass http://{name(DESK[0])};"
    inner = bench.nginx("inner", SECOND_TIER, inner_pass, late, late, name(DESK[0]))
    outer_pass = f"proxy_read_timeout 9s; proxy_pass http://{name(SECOND_TIER)};"
    outer = bench.nginx("outer", FRONT, outer_pass, _PASSED_ON, Say(), name(SECOND_TIER), layout="apm")
    bench.send(40, BOOKING, rate=6)
    bench.send(130, BOOKING, rate=18, workers=90)
    return bench.case(
        "nginx passes everything to an inner nginx (proxy_read_timeout 1.4 s), whose server serves three requests at "
        "once, each in 0.3 s. At 18 requests a second they queued in it.",
        [outer, inner],
        late,
        (name(DESK[0]),),
    )


@third("third-tiers-haproxy-nginx-closed-path", SecondTiers)
def tiers_closed(bench: SecondTiers) -> Case:
    """HAProxy before nginx, whose server closes on one path without answering."""
    bench.upstream(DESK[1], by_path({"/prices": close_after_request}))
    gone = Say(("closed-early",))
    inner = bench.nginx(
        "inner",
        SECOND_TIER,
        f"proxy_pass http://{name(DESK[1])};",
        Say(("closed-early", "unknown"), ENDED),
        gone,
        name(DESK[1]),
        layout="apm",
    )
    to_next = f"front\n    timeout server 9s\n    server inner {name(SECOND_TIER)}"
    outer = bench.haproxy("outer", FRONT, to_next, _PASSED_ON, "front/inner")
    bench.send(120, BOOKING, rate=19)
    return bench.case(
        "HAProxy passes everything to nginx, whose only server closes on /prices/… without answering.",
        [outer, inner],
        gone,
        (name(DESK[1]),),
        ("unknown", "connection-reset", "worker-killed"),
    )
