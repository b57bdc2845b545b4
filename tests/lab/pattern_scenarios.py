"""Faults that show in how failures lie in time, over servers and over paths, rather than in any one line."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import reading
from case import Case, View
from haproxy_bench import HaproxyBench
from nginx_bench import Expect, NginxBench, case_of
from scenario import scenario
from timeline import Event, play
from upstreams import (
    BODY,
    Behaviour,
    Connection,
    Upstream,
    answer,
    by_path,
    close_after_request,
    healthy,
    keep_alive,
    slow,
)

APP = ("127.0.0.1", 9101)
SECOND = ("127.0.0.1", 9102)
THIRD = ("127.0.0.1", 9103)

_APP = "127.0.0.1:9101"
_SECOND = "127.0.0.1:9102"
_THIRD = "127.0.0.1:9103"
_APP_OF_HAPROXY = "api/api-1"

#: What ends a connection without an answer; which it was the proxy cannot tell.
_ENDED = ("worker-killed", "closed-early", "connection-reset")
_NOT_SURE = ("medium", "low")


def delayed(seconds: Callable[[], float]) -> Behaviour:
    """A healthy answer after a time that is asked for anew for each."""
    return lambda connection: answer(delay=seconds())(connection)


def give_up_after(seconds: float) -> Behaviour:
    """Works for so long, then is killed by its own supervisor, which closes the connection."""

    def behave(connection: Connection) -> None:
        if connection.read_request():
            connection.pause(seconds)

    return behave


# At one and the same time.


@scenario("nginx-timeout-plateau", NginxBench)
def nginx_timeout_plateau(bench: NginxBench) -> Case:
    """Answers take anything from 0.1 to 6 s; whatever fails, fails at the configured 2 s."""
    source = random.Random(3)
    app = bench.upstream(APP, delayed(lambda: source.uniform(0.05, 0.3)))
    bench.start(f"proxy_read_timeout 2s; proxy_pass http://{_APP};")
    bench.visit(24)
    app.behaviour = delayed(lambda: source.uniform(0.1, 6))
    bench.visit(44, workers=40)
    return bench.case(
        "proxy_read_timeout 2s. After 24 quick answers the application needed anything from 0.1 to 6 s. All requests "
        "that failed did so after 2.0 s.",
        Expect(
            sure=("response-timeout",),
            ingress=("response-timeout", "connect-timeout", "unknown"),
            blind=("unknown", "response-timeout"),
            upstreams=(_APP,),
        ),
    )


@scenario("nginx-killed-plateau", NginxBench)
def nginx_killed_plateau(bench: NginxBench) -> Case:
    """The application's supervisor kills it after 1.5 s: 502s at 1.5 s, far below nginx's own 5 s."""
    app = bench.upstream(APP)
    bench.start(f"proxy_read_timeout 5s; proxy_pass http://{_APP};")
    bench.visit(16)
    app.behaviour = give_up_after(1.5)
    bench.visit(40, workers=24)
    return bench.case(
        "proxy_read_timeout 5s. After 16 quick answers the application worked on each request for 1.5 s and was then "
        "cut off by its own supervisor: 502 after 1.5 s, every time. That it is always the same time speaks for a "
        "limit of the application's own.",
        Expect(
            sure=("worker-killed", "closed-early"),
            timed=(*_ENDED, "unknown"),
            upstreams=(_APP,),
            confidence=_NOT_SURE,
        ),
    )


@scenario("haproxy-killed-plateau", HaproxyBench)
def haproxy_killed_plateau(bench: HaproxyBench) -> Case:
    """The application's supervisor kills it after 1.5 s: SH at 1.5 s, far below `timeout server`."""
    app = bench.upstream(APP)
    bench.start("backend api\n    timeout server 5s\n    server api-1 127.0.0.1:9101")
    bench.visit(16)
    app.behaviour = give_up_after(1.5)
    bench.visit(40, workers=24)
    return bench.case(
        "timeout server 5s. After 16 quick answers the application worked on each request for 1.5 s and was then cut "
        "off by its own supervisor: SH after 1.5 s, every time.",
        list(_ENDED),
        upstreams=[_APP_OF_HAPROXY],
        group="api",
        confidence=list(_NOT_SURE),
    )


# Here and there.

_KEPT = (
    f"upstream api {{ server {_APP} max_fails=0; server {_SECOND} max_fails=0; keepalive 8; }} "
    'proxy_http_version 1.1; proxy_set_header Connection "";'
)
_ONE_LOG = {"access.log": "upstream"}


@scenario("nginx-keepalive-sporadic", NginxBench)
def nginx_keepalive_sporadic(bench: NginxBench) -> Case:
    """Of 2,400 quick requests a few POSTs fail at once: kept connections closed as they are reused."""
    for address, race in ((APP, 1 / 60), (SECOND, 1 / 61)):
        bench.upstream(address, keep_alive(race))
    bench.start("proxy_pass http://api;", http=_KEPT, access=_ONE_LOG)
    _gets_and_posts(bench, rounds=80)
    return _one_log_case(
        bench,
        "upstream keepalive 8 with two servers, whose idle timers run out at times just as nginx reuses a connection: "
        "one of 60 requests on a kept connection is never read. nginx tries a GET again on the other server, "
        "which saves it, but not a POST, which gets 502 at once.",
        ["keepalive-race"],
        tolerated=["closed-early", "connection-reset"],
        unsure=["closed-early", "connection-reset", "unknown"],
    )


def _gets_and_posts(bench: NginxBench, rounds: int) -> None:
    agent = "shop-app/4.2"
    for _ in range(rounds):
        bench.visit(26, rate=250, agent=agent)
        bench.visit(4, {"/checkout/pay/{n}": 1}, rate=250, method="POST", body=BODY, agent=agent)


@scenario("nginx-crash-cluster", NginxBench)
def nginx_crash_cluster(bench: NginxBench) -> Case:
    """Quick 502s on kept connections again, but one path's and all within two seconds: no race."""
    apps = [bench.upstream(address, keep_alive()) for address in (APP, SECOND)]
    bench.start("proxy_pass http://api;", http=_KEPT, access=_ONE_LOG)
    ill = keep_alive(dies_of="/api/export")
    paths = {"/checkout/cart/{n}": 5, "/api/export/{n}": 2, "/api/orders/{n}": 3}

    def all_become(behaviour: Behaviour) -> None:
        for app in apps:
            app.stop()
            app.behaviour = behaviour
            app.start()

    diary = play(
        [
            Event(4, lambda: all_become(ill), "a new version was started that dies of /api/export"),
            Event(6.5, lambda: all_become(keep_alive()), "the old version was started again"),
        ],
        lambda: bench.visit(480, paths, rate=45, agent="shop-app/4.2"),
    )
    return _one_log_case(
        bench,
        "upstream keepalive 8 with two servers. For two and a half seconds a version ran that died of /api/export: "
        "GETs, all of one path, on both servers, in one spell. That is no race for idle connections.\n\nUTC:\n" + diary,
        list(_ENDED),
        unsure=["invalid-response", "unknown"],
        top_path="/api/export/{id}",
    )


def _one_log_case(
    bench: NginxBench,
    what: str,
    cause: list[str],
    *,
    unsure: list[str],
    tolerated: list[str] | None = None,
    top_path: str | None = None,
) -> Case:
    """The case of a run that is too long for four access logs; `unsure`: what the access log alone leaves open "
    "besides."""
    time.sleep(0.5)
    logged = reading.statuses(bench.logs / "access.log")
    if any(logged[status] != bench.client[status] for status in reading.GATEWAY_STATUSES):
        raise AssertionError(f"client saw {dict(bench.client)}, access.log has {dict(logged)}")
    failures = sum(bench.client[status] for status in reading.GATEWAY_STATUSES)
    if not failures:
        raise AssertionError("nothing failed")
    masked = reading.masked(bench.logs / "access.log")
    errors = reading.upstream_errors(bench.logs / "error.log")
    alone = View(["access.log"], failures, bench.client.total(), masked, [*cause, *unsure])
    both = View(["access.log", "error.log"], failures, bench.client.total(), masked, cause, tolerated=tolerated or [])
    error = View(["error.log"], errors, None, None, cause, tolerated=unsure)
    for view in (alone, both, error):
        view.top_path = top_path
    return case_of(what, bench, [alone, both, error])


# In time.


@scenario("nginx-latency-ramp", NginxBench)
def nginx_latency_ramp(bench: NginxBench) -> Case:
    """Answers take longer and longer, until they run into the timeout."""
    bench.upstream(APP, _ramp(seconds=8, longest=2.6))
    bench.start(f"proxy_read_timeout 2s; proxy_pass http://{_APP};")
    bench.visit(80, rate=7.2, workers=40)
    return bench.case(
        "proxy_read_timeout 2s. The application's answers took 0.1 s at first and longer with every second, 2.6 s "
        "after 8 s: the last quarter of the requests timed out.",
        Expect(
            sure=("response-timeout",),
            ingress=("response-timeout", "connect-timeout", "unknown"),
            blind=("unknown", "response-timeout"),
            upstreams=(_APP,),
        ),
    )


@scenario("haproxy-latency-ramp", HaproxyBench)
def haproxy_latency_ramp(bench: HaproxyBench) -> Case:
    """The same behind HAProxy: sH at the end."""
    bench.upstream(APP, _ramp(seconds=8, longest=2.6))
    bench.start("backend api\n    timeout server 2s\n    server api-1 127.0.0.1:9101")
    bench.visit(80, rate=7.2, workers=40)
    return bench.case(
        "timeout server 2s. The application's answers took 0.1 s at first and longer with every second, 2.6 s after 8 "
        "s: the last quarter of the requests timed out.",
        ["response-timeout"],
        upstreams=[_APP_OF_HAPROXY],
        group="api",
        confidence=["high"],
    )


@scenario("nginx-slow-but-well", NginxBench)
def nginx_slow(bench: NginxBench) -> Case:
    """Answers take longer and longer, but never too long: nothing to report."""
    bench.upstream(APP, _ramp(seconds=6, longest=1.5))
    bench.start(f"proxy_read_timeout 4s; proxy_pass http://{_APP};")
    bench.visit(60, rate=9, workers=40)
    return bench.case(
        "proxy_read_timeout 4s. Answers took longer and longer, up to 1.5 s. Nothing failed.", Expect(sure=())
    )


def _ramp(seconds: float, longest: float) -> Behaviour:
    """Answers after 0.1 s at first, after `longest` when `seconds` have passed, and no later after that."""
    first: list[float] = []

    def wait() -> float:
        now = time.monotonic()
        first[:] = first or [now]
        return 0.1 + (longest - 0.1) * min(1.0, (now - first[0]) / seconds)

    return delayed(wait)


@scenario("nginx-periodic-bursts", NginxBench)
def nginx_bursts(bench: NginxBench) -> Case:
    """Every four seconds the server restarts by itself and is gone for half a second."""
    app = bench.upstream(APP)
    bench.start(f"proxy_pass http://{_APP};")
    diary = play(_bursts(app), lambda: bench.visit(88, rate=6))
    return bench.case(
        "A server that restarts by itself every four seconds, and is gone for half a second each "
        "time.\n\nUTC:\n" + diary,
        Expect(
            sure=("connection-refused",),
            timed=("connection-refused", "draining"),
            ingress=("connection-refused", "draining", "unknown"),
            upstreams=(_APP,),
        ),
    )


def _bursts(app: Upstream) -> list[Event]:
    return [
        event
        for at in (2, 6, 10, 14)
        for event in (Event(at, app.stop, "the server was gone"), Event(at + 0.6, app.start, "it was back"))
    ]


@scenario("nginx-ends-with-restart", NginxBench)
def nginx_ends_with_restart(bench: NginxBench) -> Case:
    """The application hangs until somebody restarts it."""
    app = bench.upstream(APP)
    bench.start(f"proxy_read_timeout 1s; proxy_pass http://{_APP};")
    diary = play(_hang_and_restart(app), lambda: bench.visit(86, rate=8, workers=40))
    return bench.case(
        "proxy_read_timeout 1s. The application hung; after five seconds somebody restarted it, it was gone for half a "
        "second, and all was well. The hanging is the story; the few refusals belong to its cure.\n\nUTC:\n" + diary,
        Expect(
            sure=("response-timeout",),
            confidence=("high", "medium"),
            ingress=("response-timeout", "connect-timeout", "unknown"),
            blind=("unknown", "response-timeout"),
            upstreams=(_APP,),
        ),
    )


@scenario("haproxy-ends-with-restart", HaproxyBench)
def haproxy_ends_with_restart(bench: HaproxyBench) -> Case:
    """The application hangs until somebody restarts it, behind HAProxy."""
    app = bench.upstream(APP)
    bench.start("backend api\n    retries 0\n    server api-1 127.0.0.1:9101")
    diary = play(_hang_and_restart(app), lambda: bench.visit(86, rate=8, workers=40))
    return bench.case(
        "timeout server 1s. The application hung; after five seconds somebody restarted it, it was gone for half a "
        "second, and all was well.\n\nUTC:\n" + diary,
        ["response-timeout"],
        upstreams=[_APP_OF_HAPROXY],
        group="api",
    )


def _hang_and_restart(app: Upstream) -> list[Event]:
    return [
        Event(2, lambda: setattr(app, "behaviour", slow(30)), "the application hung"),
        Event(7, app.stop, "it was stopped"),
        Event(7.4, lambda: setattr(app, "behaviour", healthy), "its fault was gone"),
        Event(7.5, app.start, "it was started again"),
    ]


# Over paths and servers.


@scenario("nginx-one-path", NginxBench)
def nginx_one_path(bench: NginxBench) -> Case:
    """One path alone times out."""
    bench.upstream(APP, by_path({"/reports": slow(3)}))
    bench.start(f"proxy_read_timeout 1s; proxy_pass http://{_APP};")
    bench.visit(90, _PATHS, rate=12, workers=30)
    return bench.case(
        "proxy_read_timeout 1s. /reports/… takes 3 s, everything else is quick.",
        Expect(
            sure=("response-timeout",),
            ingress=("response-timeout", "connect-timeout", "unknown"),
            blind=("unknown", "response-timeout"),
            upstreams=(_APP,),
            top_path="/reports/{id}",
        ),
    )


@scenario("haproxy-one-path", HaproxyBench)
def haproxy_one_path(bench: HaproxyBench) -> Case:
    """One path alone is closed on."""
    bench.upstream(APP, by_path({"/reports": close_after_request}))
    bench.start("backend api\n    server api-1 127.0.0.1:9101")
    bench.visit(90, _PATHS, rate=12)
    return bench.case(
        "The server closes on every request for /reports/… without answering, everything else is well.",
        list(_ENDED),
        upstreams=[_APP_OF_HAPROXY],
        group="api",
        top_path="/reports/{id}",
    )


_PATHS = {"/checkout/cart/{n}": 4, "/api/orders/{n}": 3, "/reports/{n}": 2}


@scenario("nginx-one-of-three", NginxBench)
def nginx_one_of_three(bench: NginxBench) -> Case:
    """One server of three closes without answering; nginx must not retry."""
    apps = [bench.upstream(address) for address in (APP, SECOND, THIRD)]
    servers = " ".join(f"server {name} max_fails=0;" for name in (_APP, _SECOND, _THIRD))
    bench.start("proxy_next_upstream off; proxy_pass http://api;", http=f"upstream api {{ {servers} }}")
    bench.visit(18)
    apps[2].behaviour = close_after_request
    bench.visit(66, rate=12)
    return bench.case(
        "Three servers, proxy_next_upstream off. After 18 requests the third closed on every request without "
        "answering: a third of the requests failed.",
        Expect(
            sure=_ENDED,
            timed=(*_ENDED, "invalid-response", "protocol-mismatch", "header-too-big", "unknown"),
            upstreams=(_THIRD,),
            confidence=("high", "medium"),
        ),
    )


@scenario("haproxy-one-of-three", HaproxyBench)
def haproxy_one_of_three(bench: HaproxyBench) -> Case:
    """One server of three is too slow."""
    apps = [bench.upstream(address) for address in (APP, SECOND, THIRD)]
    servers = "\n".join(f"    server api-{n} 127.0.0.1:910{n}" for n in (1, 2, 3))
    bench.start(f"backend api\n{servers}")
    bench.visit(18)
    apps[2].behaviour = slow(3)
    bench.visit(72, rate=12, workers=40)
    return bench.case(
        "Three servers. After 18 requests the third became slower than timeout server 1s: a third of the requests "
        "failed.",
        ["response-timeout"],
        upstreams=["api/api-3"],
        group="api",
        confidence=["high"],
    )


@scenario("haproxy-keepalive-race", HaproxyBench)
def haproxy_keepalive_race(bench: HaproxyBench) -> Case:
    """Kept connections closed as they are reused, behind HAProxy: SH, as for any close."""
    bench.upstream(APP, keep_alive(1 / 10))
    bench.start("backend api\n    http-reuse always\n    server api-1 127.0.0.1:9101")
    for _ in range(5):
        bench.visit(20, rate=40)
        bench.visit(6, {"/checkout/pay/{n}": 1}, rate=40, method="POST", body=BODY)
    return bench.case(
        "http-reuse always. The server's idle timer runs out at times just as HAProxy reuses a connection: one of 10 "
        "requests on a kept connection is never read. Each client used a connection of its own, for the first request "
        "of which HAProxy does not hang up silently but answers 502, and logs SH like for any close.",
        ["keepalive-race"],
        tolerated=["closed-early", "connection-reset"],
        upstreams=[_APP_OF_HAPROXY],
        group="api",
    )


@scenario("nginx-keepalive-well", NginxBench)
def nginx_keepalive_well(bench: NginxBench) -> Case:
    """Kept connections that are never closed too early: nothing to report."""
    bench.upstream(APP, keep_alive())
    bench.upstream(SECOND, keep_alive())
    bench.start("proxy_pass http://api;", http=_KEPT, access={**_ONE_LOG, "combined.log": "combined"})
    _gets_and_posts(bench, rounds=8)
    views = [
        View([*logs], 0, bench.client.total(), 0 if "access.log" in logs else None)
        for logs in (["access.log"], ["combined.log"], ["access.log", "error.log"])
    ]
    time.sleep(0.5)
    return case_of("upstream keepalive 8 with two servers that keep their connections. Nothing failed.", bench, views)
