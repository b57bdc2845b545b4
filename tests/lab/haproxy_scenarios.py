"""What can break behind HAProxy."""

from __future__ import annotations

import time

from case import Case
from haproxy_bench import HaproxyBench
from scenario import scenario

APP = ("127.0.0.1", 9101)
SECOND = ("127.0.0.1", 9102)


@scenario("haproxy-refused", HaproxyBench)
def refused(bench: HaproxyBench) -> Case:
    """The only server is dead and not health-checked: state SC after three retries."""
    app = bench.upstream(APP)
    bench.start("backend api\n    retries 3\n    server api-1 127.0.0.1:9101", dialects=True)
    bench.visit(20)
    app.stop()
    bench.visit(30, rate=5, workers=24)
    return bench.case(
        "One server without a health check. 20 requests while it was well, then its process was stopped: HAProxy tried "
        "each of 30 more requests four times, a second apart, and gave up with SC.",
        ["connection-refused"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-no-server", HaproxyBench)
def no_server(bench: HaproxyBench) -> Case:
    """Health checks take both servers out: <NOSRV>."""
    apps = [bench.upstream(APP), bench.upstream(SECOND)]
    bench.start(
        "backend api\n    default-server check inter 500ms fall 2 rise 2\n"
        "    server api-1 127.0.0.1:9101\n    server api-2 127.0.0.1:9102",
        dialects=True,
    )
    bench.visit(16)
    for app in apps:
        app.stop()
    time.sleep(2.5)
    bench.visit(30)
    for app in apps:
        app.start()
    time.sleep(2.5)
    bench.visit(10)
    return bench.case(
        "Two servers with TCP health checks. After 16 requests both were stopped, and both were DOWN before 30 more "
        "requests came, which found no server at all. Both were started again: UP, and 10 more requests.",
        ["connection-refused", "no-live-upstream"],
        group="api",
        note="The state lines give the root: both servers refused the check's connection.",
    )
