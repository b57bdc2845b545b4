"""What can break behind nginx. Each function sets one thing up, breaks it, and says what may be concluded."""

from __future__ import annotations

from case import Case
from nginx_bench import Expect, NginxBench
from scenario import scenario
from upstreams import slow

APP = ("127.0.0.1", 9101)
SECOND = ("127.0.0.1", 9102)


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
    bench.start(
        "proxy_pass http://api;",
        http=f"upstream api {{ server {_name(APP)} max_fails=0; server {_name(SECOND)} max_fails=0; }}",
    )
    bench.visit(10)
    dead.stop()
    bench.visit(50)
    return bench.case(
        "Two servers with max_fails=0, so that nginx keeps trying both. After 10 requests the second was stopped. About "
        "every second request went there first, was refused, and was passed on to the other: no client saw an error.",
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
        "proxy_read_timeout 1s. After 20 quick answers the application needed 3 s for each: it accepted, read the request "
        "and was still thinking when nginx gave up.",
        Expect(
            sure=("response-timeout",),
            ingress=("response-timeout", "connect-timeout", "unknown"),
            blind=("unknown", "response-timeout"),
            upstreams=(_name(APP),),
        ),
    )
