"""Two proxies, one in front of the other: the outer one passes on what the inner one says; only the inner one knows "
"why."""

from __future__ import annotations

from case import Case
from scenario import scenario
from tier_bench import INNER_BY_NGINX, Tier, TierBench
from upstreams import Behaviour, close_after_request, slow

APP = ("127.0.0.1", 9101)
SECOND = ("127.0.0.1", 9102)

_APP = "127.0.0.1:9101"
_SECOND = "127.0.0.1:9102"
_APP_OF_HAPROXY = "api/api-1"

#: What an access log without its error log leaves open about a connection that was made and brought no answer.
_NO_ANSWER = ["connection-reset", "worker-killed", "invalid-response", "unknown"]


def _to_inner_nginx(bench: TierBench, ids: bool, directives: str = "") -> Tier:
    return bench.nginx("inner", f"{directives} proxy_pass http://{_APP};", ids=ids)


def _behind_haproxy(bench: TierBench, ids: bool, timeout: str = "5s") -> Tier:
    return bench.haproxy("outer", f"edge\n    timeout server {timeout}\n    server inner {INNER_BY_NGINX}", ids=ids)


def _behind_nginx(bench: TierBench, ids: bool, timeout: str = "5s") -> Tier:
    return bench.nginx("outer", f"proxy_read_timeout {timeout}; proxy_pass http://{INNER_BY_NGINX};", ids=ids)


def _with_id(ids: bool) -> str:
    return " Both tiers log the same id of a request." if ids else " No id connects a request's two lines."


# The inner server is refused.


@scenario("haproxy-nginx-refused", TierBench)
def haproxy_nginx_refused(bench: TierBench) -> Case:
    """HAProxy before nginx, whose only server dies; ids in both logs."""
    return _nginx_refused(bench, _behind_haproxy(bench, ids=True), ids=True)


@scenario("haproxy-nginx-refused-no-id", TierBench)
def haproxy_nginx_refused_no_id(bench: TierBench) -> Case:
    """HAProxy before nginx, whose only server dies; no ids."""
    return _nginx_refused(bench, _behind_haproxy(bench, ids=False), ids=False)


@scenario("nginx-nginx-refused", TierBench)
def nginx_nginx_refused(bench: TierBench) -> Case:
    """nginx before nginx, whose only server dies; ids in both logs."""
    return _nginx_refused(bench, _behind_nginx(bench, ids=True), ids=True)


def _nginx_refused(bench: TierBench, outer: Tier, ids: bool) -> Case:
    app = bench.upstream(APP)
    inner = _to_inner_nginx(bench, ids)
    bench.visit(20)
    app.stop()
    bench.visit(40)
    return bench.case(
        f"{outer.kind} passes everything to an inner nginx. After 20 requests the inner one's only server was stopped: "
        "it was refused, answered 502, and the outer one passed that on." + _with_id(ids),
        outer,
        inner,
        cause=["connection-refused"],
        upstreams=[_APP],
        outer_cause=["upstream-error"],
    )


@scenario("nginx-haproxy-refused", TierBench)
def nginx_haproxy_refused(bench: TierBench) -> Case:
    """nginx before HAProxy, whose only server dies; ids in both logs."""
    app = bench.upstream(APP)
    inner = bench.haproxy("inner", f"api\n    retries 0\n    server api-1 {_APP}", ids=True)
    outer = _behind_nginx(bench, ids=True)
    bench.visit(20)
    app.stop()
    bench.visit(40)
    return bench.case(
        "nginx passes everything to an inner HAProxy. After 20 requests the inner one's only server, without a health "
        "check, was stopped: SC and 503, which the outer one passed on." + _with_id(True),
        outer,
        inner,
        cause=["connection-refused"],
        upstreams=[_APP_OF_HAPROXY],
        outer_cause=["upstream-error"],
    )


# The inner server is too slow.


@scenario("haproxy-nginx-timeout", TierBench)
def haproxy_nginx_timeout(bench: TierBench) -> Case:
    """HAProxy before nginx, whose only server gets slower than proxy_read_timeout."""
    outer = _behind_haproxy(bench, ids=False)
    inner = _to_inner_nginx(bench, False, "proxy_read_timeout 1s;")
    return _too_slow(bench, outer, inner, _APP, "The inner nginx gave up after proxy_read_timeout 1s", ids=False)


@scenario("nginx-haproxy-timeout", TierBench)
def nginx_haproxy_timeout(bench: TierBench) -> Case:
    """nginx before HAProxy, whose only server gets slower than `timeout server`."""
    outer = _behind_nginx(bench, ids=False)
    inner = bench.haproxy("inner", f"api\n    server api-1 {_APP}")
    what = "The inner HAProxy gave up after timeout server 1s"
    return _too_slow(bench, outer, inner, _APP_OF_HAPROXY, what, ids=False)


def _too_slow(bench: TierBench, outer: Tier, inner: Tier, upstream: str, what: str, ids: bool) -> Case:
    _slow_down(bench, slow(3))
    return bench.case(
        f"After 16 quick answers the application needed 3 s for each. {what}, answered 504, and the outer {outer.kind} "
        "passed that on." + _with_id(ids),
        outer,
        inner,
        cause=["response-timeout"],
        upstreams=[upstream],
        outer_cause=["upstream-error"],
    )


def _slow_down(bench: TierBench, behaviour: Behaviour) -> None:
    app = bench.upstream(APP)
    bench.visit(16)
    app.behaviour = behaviour
    bench.visit(30, rate=6)


# The outer tier has less patience than the inner one.


@scenario("haproxy-nginx-impatient", TierBench)
def haproxy_nginx_impatient(bench: TierBench) -> Case:
    """HAProxy gives up before nginx does: sH outside, 499 inside."""
    outer = _behind_haproxy(bench, ids=True, timeout="1s")
    inner = _to_inner_nginx(bench, True, "proxy_read_timeout 5s;")
    return _impatient(bench, outer, inner, "its nginx (proxy_read_timeout 5s) saw the client leave: 499", ids=True)


@scenario("nginx-nginx-impatient", TierBench)
def nginx_nginx_impatient(bench: TierBench) -> Case:
    """The outer nginx gives up before the inner one does: 504 outside, 499 inside."""
    outer = _behind_nginx(bench, ids=False, timeout="1s")
    inner = _to_inner_nginx(bench, False, "proxy_read_timeout 5s;")
    return _impatient(bench, outer, inner, "the inner one (proxy_read_timeout 5s) saw the client leave: 499", ids=False)


def _impatient(bench: TierBench, outer: Tier, inner: Tier, what: str, ids: bool) -> Case:
    _slow_down(bench, slow(2.5))
    return bench.case(
        f"After 16 quick answers the application needed 2.5 s for each. The outer {outer.kind} waits 1 s and answered "
        f"504; {what}. The outer timeout is the shorter one, so only the outer tier has failures." + _with_id(ids),
        outer,
        inner,
        cause=["response-timeout"],
        upstreams=[],
        outer_cause=["response-timeout"],
        inner_cause=[],
    )


# Others.


@scenario("haproxy-nginx-no-live", TierBench)
def haproxy_nginx_no_live(bench: TierBench) -> Case:
    """HAProxy before nginx, both of whose servers die: refused, then `no live upstreams`."""
    apps = [bench.upstream(address) for address in (APP, SECOND)]
    servers = f"upstream api {{ server {_APP}; server {_SECOND}; }}"
    inner = bench.nginx("inner", "proxy_pass http://api;", http=servers)
    outer = _behind_haproxy(bench, ids=False)
    bench.visit(16)
    for app in apps:
        app.stop()
    bench.visit(40)
    return bench.case(
        "HAProxy passes everything to an inner nginx with two servers (max_fails=1 fail_timeout=10s). Both were "
        "stopped: refused once each, then `no live upstreams` for the rest." + _with_id(False),
        outer,
        inner,
        cause=["connection-refused"],
        upstreams=[_APP, _SECOND],
        outer_cause=["upstream-error"],
        unsure=["no-live-upstream"],
    )


@scenario("nginx-haproxy-no-server", TierBench)
def nginx_haproxy_no_server(bench: TierBench) -> Case:
    """nginx before HAProxy, whose health check takes the only server out."""
    app = bench.upstream(APP)
    inner = bench.haproxy("inner", f"api\n    server api-1 {_APP} check inter 300ms fall 2", ids=True)
    outer = _behind_nginx(bench, ids=True)
    bench.visit(16)
    app.stop()
    bench.visit(40)
    return bench.case(
        "nginx passes everything to an inner HAProxy, whose only server was stopped and, when its check had failed "
        "twice, taken out: <NOSRV> and 503. The state line gives the root." + _with_id(True),
        outer,
        inner,
        cause=["connection-refused"],
        upstreams=[_APP_OF_HAPROXY],
        outer_cause=["upstream-error"],
    )


@scenario("nginx-nginx-closed-early", TierBench)
def nginx_nginx_closed_early(bench: TierBench) -> Case:
    """nginx before nginx, whose only server closes without answering."""
    app = bench.upstream(APP)
    inner = _to_inner_nginx(bench, ids=False)
    outer = _behind_nginx(bench, ids=False)
    bench.visit(16)
    app.behaviour = close_after_request
    bench.visit(40)
    return bench.case(
        "nginx passes everything to an inner nginx. After 16 requests the inner one's only server read each request "
        "and closed without answering: 502, which the outer one passed on." + _with_id(False),
        outer,
        inner,
        cause=["closed-early"],
        upstreams=[_APP],
        outer_cause=["upstream-error"],
        unsure=_NO_ANSWER,
    )


@scenario("haproxy-nginx-inner-gone", TierBench)
def haproxy_nginx_inner_gone(bench: TierBench) -> Case:
    """The inner nginx itself is not there any more: only the outer tier has lines of it."""
    bench.upstream(APP)
    outer = bench.haproxy("outer", f"edge\n    retries 0\n    server inner {INNER_BY_NGINX}", ids=True)
    inner = _to_inner_nginx(bench, ids=True)
    bench.visit(20)
    bench.stop_inner()
    bench.visit(30)
    return bench.case(
        "HAProxy passes everything to an inner nginx, which was stopped after 20 requests: the outer tier was refused, "
        "and the inner one has no line of these requests, as none of them reached it." + _with_id(True),
        outer,
        inner,
        cause=["connection-refused"],
        upstreams=["edge/inner"],
        outer_cause=["connection-refused"],
        inner_cause=[],
    )
