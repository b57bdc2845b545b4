"""What runs out in the proxy itself: descriptors, local ports, connections."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from case import Case
from haproxy_bench import HaproxyBench
from nginx_bench import Expect, NginxBench
from scenario import scenario
from upstreams import answer

APP = ("127.0.0.1", 9101)
_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


@contextmanager
def _four_ports() -> Iterator[None]:
    """Leaves the network four local ports to connect from."""
    before = _PORTS.read_text(encoding="ascii")
    _PORTS.write_text("40000 40003\n", encoding="ascii")
    try:
        yield
    finally:
        _PORTS.write_text(before, encoding="ascii")


@scenario("nginx-ports-exhausted", NginxBench, private=True)
def nginx_ports(bench: NginxBench) -> Case:
    """nginx has no local port left to connect from: errno 99."""
    bench.upstream(APP, answer(delay=1))
    with _four_ports():
        bench.start("proxy_pass http://127.0.0.1:9101;")
        bench.visit(40)
    return bench.case(
        "ip_local_port_range was cut down to four ports, and the application took 1 s for each request: with more "
        "than four under way nginx had no local port left to connect from.",
        Expect(
            sure=("proxy-exhausted",),
            timed=("proxy-exhausted", "connection-refused", "unknown"),
            upstreams=("127.0.0.1:9101",),
        ),
    )


@scenario("nginx-descriptors-exhausted", NginxBench)
def nginx_descriptors(bench: NginxBench) -> Case:
    """nginx's worker has no descriptor left for the upstream's socket: errno 24, and 500 for the client."""
    bench.upstream(APP, answer(delay=1))
    bench.start("proxy_pass http://127.0.0.1:9101;", main="worker_processes 1; worker_rlimit_nofile 24;")
    bench.visit(60, rate=20, workers=40)
    return bench.case(
        "worker_rlimit_nofile 24, 20 requests a second and answers that took 1 s. Where a client's connection could "
        "still be accepted but no socket be opened to the upstream, nginx answered 500, which is no gateway status: "
        "the access logs have nothing to count, only the error log knows.",
        Expect(sure=("proxy-exhausted",), timed=(), confidence=(), error_failures=0),
    )


@scenario("nginx-connections-exhausted", NginxBench)
def nginx_connections(bench: NginxBench) -> Case:
    """worker_connections are not enough."""
    bench.upstream(APP, answer(delay=1))
    bench.start("proxy_pass http://127.0.0.1:9101;", connections=20)
    bench.visit(60, rate=20, workers=40)
    bench.unlogged = bench.client["aborted"]
    return bench.case(
        "worker_connections 20, 20 requests a second and answers that took 1 s. Where nginx had a connection for the "
        "client but none for the upstream it answered 500, which is no gateway status; where it had none for the "
        "client it hung up and wrote no access line. Only the error log knows.",
        Expect(sure=("proxy-exhausted",), timed=(), confidence=(), error_failures=0),
    )


@scenario("haproxy-ports-exhausted", HaproxyBench, private=True)
def haproxy_ports(bench: HaproxyBench) -> Case:
    """HAProxy has no local port left to connect from."""
    bench.upstream(APP, answer(delay=0.9))
    with _four_ports():
        bench.start("backend api\n    retries 1\n    timeout server 5s\n    server api-1 127.0.0.1:9101")
        bench.visit(40)
    return bench.case(
        "ip_local_port_range was cut down to four ports, and the application took 0.9 s for each request: with more "
        "than four under way HAProxy had no local port left to connect from.",
        ["proxy-exhausted"],
        group="api",
        bare_cause=["proxy-exhausted", "connection-refused", "unknown"],
    )


@scenario("haproxy-descriptors-exhausted", HaproxyBench)
def haproxy_descriptors(bench: HaproxyBench) -> Case:
    """HAProxy has no descriptor left for a socket to the server."""
    bench.upstream(APP, answer(delay=0.9))
    # One thread, as each opens sockets of its own for the log, and loses lines when it cannot.
    haproxy = bench.start(
        "backend api\n    retries 1\n    timeout server 5s\n    server api-1 127.0.0.1:9101",
        main="maxconn 400\n    nbthread 1",
    )
    bench.visit(12)
    in_use = len(list(Path(f"/proc/{haproxy.process_id}/fd").iterdir()))
    resource.prlimit(haproxy.process_id, resource.RLIMIT_NOFILE, (in_use + 12, in_use + 12))
    bench.visit(44, rate=20, workers=40)
    return bench.case(
        "After 12 requests the process's limit of descriptors was lowered to twelve more than were in use, as a system "
        "at its limit would: 20 requests a second came, and answers took 0.9 s.",
        ["proxy-exhausted"],
        group="api",
        bare_cause=["proxy-exhausted", "connection-refused", "unknown"],
    )


@scenario("haproxy-frontend-full", HaproxyBench)
def haproxy_frontend_full(bench: HaproxyBench) -> Case:
    """The frontend's maxconn is reached: clients wait in the kernel's queue, and nothing tells of it."""
    bench.upstream(APP, answer(delay=0.4))
    bench.start(
        "backend api\n    timeout server 5s\n    server api-1 127.0.0.1:9101",
        frontend="maxconn 3\n    default_backend api",
    )
    bench.visit(40, rate=12, workers=40)
    return bench.case(
        "maxconn 3 on the frontend, 12 requests a second and answers that took 0.4 s: clients wait until HAProxy "
        "accepts their connection, and all of them are answered. The logs show no wait and no failure.",
        [],
    )
