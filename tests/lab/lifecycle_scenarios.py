"""What comes and goes under load: reloads, restarts; and the traffic of a shop that is well."""

from __future__ import annotations

import signal

from case import Case
from haproxy_bench import HaproxyBench
from nginx_bench import Expect, NginxBench
from scenario import scenario
from timeline import Event, play
from upstreams import Behaviour, Upstream, answer, by_path

APP = ("127.0.0.1", 9101)
SECOND = ("127.0.0.1", 9102)

_NGINX_NAME = "127.0.0.1:9101"

#: A busy, healthy application: quick answers, a report that takes its time, and files that are not there.
_WELL: Behaviour = by_path(
    {
        "/favicon": answer("404 Not Found", b"no\n"),
        "/old": answer("410 Gone", b"no\n"),
        "/reports": answer(delay=0.7),
        "/health": answer(body=b"ok\n"),
    },
    otherwise=answer(delay=0.01),
)
_BUSY = {"/checkout/cart/{n}": 8, "/api/orders/{n}": 6, "/favicon.ico": 2, "/old/{n}": 1, "/reports/{n}": 1}


def _busy(bench: NginxBench | HaproxyBench) -> None:
    """Visitors, some who give up while they wait, a load balancer's and a cluster's health checks."""
    for _ in range(2):
        bench.visit(32, _BUSY, rate=40)
        bench.visit(4, {"/reports/{n}": 1}, rate=20, patience=0.2)
        bench.visit(3, {"/health": 1}, agent="kube-probe/1.31")
        bench.visit(2, {"/health": 1}, agent="ELB-HealthChecker/2.0")


_BUSY_TEXT = (
    "A busy, healthy application: 404s and 410s, reports that take 0.7 s, clients who would not wait for one longer "
    "than 0.2 s and reset the connection, and the health checks of a cluster and of a load balancer. Nothing failed."
)


@scenario("nginx-busy", NginxBench)
def nginx_busy(bench: NginxBench) -> Case:
    """Healthy and busy: 404s, 499s, health checks."""
    bench.upstream(APP, _WELL)
    bench.start(f"proxy_pass http://{_NGINX_NAME};")
    _busy(bench)
    return bench.case(_BUSY_TEXT, Expect(sure=()))


@scenario("haproxy-busy", HaproxyBench)
def haproxy_busy(bench: HaproxyBench) -> Case:
    """Healthy and busy: 404s, clients that give up, health checks."""
    bench.upstream(APP, _WELL)
    bench.start("backend api\n    option httpchk GET /health\n    server api-1 127.0.0.1:9101 check inter 500ms")
    _busy(bench)
    return bench.case(_BUSY_TEXT, [])


@scenario("nginx-own-500", NginxBench)
def nginx_not_found(bench: NginxBench) -> Case:
    """The application answers 500 and 404 a lot: ill, but not the gateway's business."""
    broken = answer("500 Internal Server Error", b"boom\n")
    bench.upstream(APP, by_path({"/api": broken, "/old": answer("404 Not Found")}))
    bench.start(f"proxy_pass http://{_NGINX_NAME};")
    bench.visit(80, {"/checkout/cart/{n}": 4, "/api/orders/{n}": 3, "/old/{n}": 2}, rate=30)
    return bench.case(
        "A third of the requests got the application's own 500, some 404. Neither is a gateway's error, and there is "
        "none.",
        Expect(sure=()),
    )


@scenario("nginx-reload", NginxBench)
def nginx_reload(bench: NginxBench) -> Case:
    """nginx is reloaded three times under load: nothing fails."""
    bench.upstream(APP, answer(delay=0.1))
    nginx = bench.start(f"proxy_pass http://{_NGINX_NAME};", error_level="notice")
    reloads = [Event(at, lambda: nginx.signal(signal.SIGHUP), "nginx was reloaded") for at in (1, 2, 3)]
    diary = play(reloads, lambda: bench.visit(84, rate=24))
    return bench.case(
        "nginx was reloaded (SIGHUP) three times under load, with error_log at notice: new workers took over, and the "
        "old ones finished what they had. Nothing failed.\n\nUTC:\n" + diary,
        Expect(sure=()),
    )


@scenario("haproxy-reload", HaproxyBench)
def haproxy_reload(bench: HaproxyBench) -> Case:
    """HAProxy is reloaded twice under load: nothing fails."""
    bench.upstream(APP, answer(delay=0.1))
    haproxy = bench.start("backend api\n    server api-1 127.0.0.1:9101 check inter 500ms", reloadable=True)
    reloads = [Event(at, lambda: haproxy.signal(signal.SIGUSR2), "HAProxy was reloaded") for at in (1, 2.5)]
    diary = play(reloads, lambda: bench.visit(84, rate=24))
    return bench.case(
        "HAProxy, a master with a worker, was reloaded (SIGUSR2) twice under load: a new worker took over, and the old "
        "one finished what it had. Nothing failed.\n\nUTC:\n" + diary,
        [],
    )


@scenario("nginx-upstream-restart", NginxBench)
def nginx_restart(bench: NginxBench) -> Case:
    """The only server is restarted under load: refused for two seconds."""
    app = bench.upstream(APP, answer(delay=0.02))
    bench.start(f"proxy_pass http://{_NGINX_NAME};")
    diary = play(_restart(app), lambda: bench.visit(84, rate=14))
    return bench.case(
        "The only server was restarted under load: for two seconds nothing listened on its port.\n\nUTC:\n" + diary,
        Expect(
            sure=("connection-refused", "draining"), timed=("connection-refused", "draining"), upstreams=(_NGINX_NAME,)
        ),
    )


@scenario("nginx-restart-midway", NginxBench)
def nginx_restart_midway(bench: NginxBench) -> Case:
    """A restart cuts what is under way, then connects are refused for two seconds."""
    app = bench.upstream(APP, answer(delay=0.5))
    bench.start(f"proxy_pass http://{_NGINX_NAME};")
    diary = play(_restart(app), lambda: bench.visit(84, rate=14, workers=24))
    return bench.case(
        "The only server, which takes 0.5 s for each answer, was restarted under load without finishing what it had: "
        "the requests under way lost their connection; then, for two seconds, nothing listened on its port."
        "\n\nUTC:\n" + diary,
        Expect(
            sure=("connection-refused", "draining"),
            timed=("connection-refused", "draining"),
            upstreams=(_NGINX_NAME,),
            confidence=("high", "medium"),
        ),
    )


@scenario("haproxy-upstream-restart", HaproxyBench)
def haproxy_restart(bench: HaproxyBench) -> Case:
    """The only server is restarted under load and not checked: retries outlast the two seconds."""
    app = bench.upstream(APP, answer(delay=0.02))
    bench.start("backend api\n    retries 3\n    server api-1 127.0.0.1:9101")
    diary = play(_restart(app), lambda: bench.visit(84, rate=14, workers=60))
    return bench.case(
        "The only server was restarted under load: for two seconds nothing listened on its port. Three retries, a "
        "second apart, outlasted that: nearly every client got its answer, only later.\n\nUTC:\n" + diary,
        ["connection-refused", "draining"],
        upstreams=["api/api-1"],
        group="api",
    )


@scenario("haproxy-restart-checked", HaproxyBench)
def haproxy_restart_checked(bench: HaproxyBench) -> Case:
    """The only server is restarted under load; its check takes it out and back."""
    app = bench.upstream(APP, answer(delay=0.02))
    bench.start("backend api\n    retries 0\n    server api-1 127.0.0.1:9101 check inter 300ms fall 2 rise 1")
    diary = play(_restart(app), lambda: bench.visit(84, rate=14, workers=40))
    return bench.case(
        "The only server was restarted under load: for two seconds nothing listened on its port. The first requests "
        "were refused (SC, no retries); then its check had failed twice and there was no server.\n\nUTC:\n" + diary,
        ["connection-refused", "draining"],
        upstreams=["api/api-1"],
        group="api",
        bare_cause=["connection-refused", "no-live-upstream", "draining"],
    )


def _restart(app: Upstream) -> list[Event]:
    return [
        Event(2, app.stop, "the server was stopped"),
        Event(4, app.start, "it was started again"),
    ]
