"""The long recording: nine minutes of a shop, in which two different things go wrong one after the other."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import reading
from bench import CLIENT_TIMEOUT
from case import Case, Other, View
from client import AGENTS, Request, drive
from nginx_bench import NginxBench, case_of
from scenario import scenario
from servers import FRONT
from timeline import Event, play
from upstreams import BODY, Behaviour, Connection, Upstream, answer

_FIRST = ("127.0.0.1", 9101)
_SECOND = ("127.0.0.1", 9102)
_SEARCH = ("127.0.0.1", 9201)

_RATE = 7.5
_SECONDS = 540
_SEED = 20

_CONFIG = """
    upstream checkout {
        server 127.0.0.1:9101 max_fails=3 fail_timeout=5s;
        server 127.0.0.1:9102 max_fails=3 fail_timeout=5s;
    }
    upstream search {
        server 127.0.0.1:9201;
    }
    proxy_read_timeout 2s;
"""

_QUERIES = ("running+shoes", "rain+jacket", "wool+socks", "headlamp", "tent+2+person", "trail+map", "water+bottle")


@scenario("checkout-outage", NginxBench, long=True)
def checkout_outage(bench: NginxBench) -> Case:
    """Nine minutes of a shop: checkout's servers die one after the other, later search is slow."""
    checkout = [bench.upstream(address, varied(0.01, 0.09)) for address in (_FIRST, _SECOND)]
    search = bench.upstream(_SEARCH, varied(0.03, 0.18))
    bench.start(
        "proxy_pass http://checkout;",
        http=_CONFIG,
        server="location /search { proxy_pass http://search; }",
        main="worker_processes 2;",
        access={"access.log": "upstream"},
    )
    diary = play(_events(checkout, search), lambda: _traffic(bench))
    time.sleep(0.5)
    return _case(bench, diary)


def _events(checkout: list[Upstream], search: Upstream) -> list[Event]:
    def slow_down(behaviour: Behaviour) -> Callable[[], None]:
        return lambda: setattr(search, "behaviour", behaviour)

    return [
        Event(120, checkout[0].stop, "checkout's 127.0.0.1:9101 died; retries on 9102 saved its requests"),
        Event(180, checkout[1].stop, "127.0.0.1:9102 died too"),
        Event(300, lambda: [server.start() for server in checkout], "both were started again"),
        Event(345, slow_down(varied(0.4, 1.8)), "search became slow, within its proxy_read_timeout of 2 s"),
        Event(360, slow_down(varied(1.6, 8.0)), "search needed 1.6 to 8 s, so that most of its requests timed out"),
        Event(450, slow_down(varied(0.03, 0.18)), "search was well again"),
    ]


def _traffic(bench: NginxBench) -> None:
    requests = _requests(random.Random(_SEED), bench.private)
    bench.client += drive(FRONT, requests, rate=_RATE, workers=32, timeout=CLIENT_TIMEOUT)


def _requests(source: random.Random, spread: bool) -> Iterator[Request]:
    """Visitors who keep their browser and address, and wander about."""
    visitors = [(f"203.0.113.{host}", source.choice(AGENTS[:4])) for host in range(20, 90)]
    visitors += [("203.0.113.7", AGENTS[4])] * 6 + [("203.0.113.9", AGENTS[5])] * 3 + [("203.0.113.200", AGENTS[6])] * 2
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        address, agent = source.choice(visitors)
        time.sleep(source.uniform(0, 0.08))  # visitors do not tick like clocks
        yield _one(source, address if spread else None, agent)


def _one(source: random.Random, address: str | None, agent: str) -> Request:
    number = source.randint(100, 99999)
    cart = (f"Referer: https://shop.example.com/checkout/cart/{number}",)
    kind = source.choices(("cart", "pay", "orders", "search"), (35, 15, 22, 28))[0]
    if kind == "pay" and "bot" not in agent:
        return Request(f"/checkout/pay/{number}", "POST", agent=agent, source=address, body=BODY, headers=cart)
    path = {
        "cart": f"/checkout/cart/{number}",
        "pay": f"/checkout/pay/{number}",
        "orders": f"/api/orders/{number}",
        "search": f"/search?q={source.choice(_QUERIES)}&page={source.randint(1, 4)}",
    }[kind]
    return Request(path, agent=agent, source=address)


def varied(shortest: float, longest: float) -> Behaviour:
    """A healthy answer after some time in between, mostly nearer to the shortest."""

    def behave(connection: Connection) -> None:
        answer(delay=random.triangular(shortest, longest, shortest + (longest - shortest) / 3))(connection)

    return behave


def _case(bench: NginxBench, diary: str) -> Case:
    requests = bench.client.total()
    failures = sum(bench.client[status] for status in reading.GATEWAY_STATUSES)
    masked = reading.masked(bench.logs / "access.log")
    errors = reading.upstream_errors(bench.logs / "error.log")
    servers = ["127.0.0.1:9101", "127.0.0.1:9102"]
    if reading.statuses(bench.logs / "access.log")["502"] != bench.client["502"]:
        raise AssertionError("access.log does not agree with the client")
    access = View(["access.log"], failures, requests, masked, ["connection-refused"], servers)
    both = View(["access.log", "error.log"], failures, requests, masked, ["connection-refused"], servers)
    both.group, both.confidence = "checkout", ["high"]
    error = View(["error.log"], errors, None, None, ["connection-refused"], servers)
    error.note = f"{errors} lines tell of a failed attempt or of a request that found no live upstream."
    for view in (access, both, error):
        view.other = [Other(["response-timeout"], ["127.0.0.1:9201"])]
    what = (
        "A shop behind nginx with two workers: /search goes to the upstream `search` of one server "
        "(127.0.0.1:9201), all else to `checkout` of two (127.0.0.1:9101 and 9102, max_fails=3 fail_timeout=5s). "
        f"proxy_read_timeout 2s. About {_RATE:g} requests a second for {_SECONDS // 60} minutes, the client "
        "counting what it got. access.log is "
        'combined + rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" '
        'urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status".\n\nUTC:\n' + diary
    )
    return case_of(what, bench, [access, both, error])
