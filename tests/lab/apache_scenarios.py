"""What can break behind Apache httpd. Each function sets one thing up, breaks it, and says what may be concluded."""

from __future__ import annotations

import signal
import ssl
import time
from pathlib import Path

from apache_bench import ApacheBench, Expect
from case import Case
from isolation import ABSENT_HOST, PROHIBITED_HOST, REJECTED_HOST, RUN_DIR, SILENT_HOST
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
