"""The second set with gunicorn and php-fpm behind the proxies, whose own logs are read beside the proxy's."""

from __future__ import annotations

import functools
import signal
import threading
from dataclasses import replace

from app_scenarios import FPM_LOG, GUNICORN, GUNICORN_LOG, SOCKET, FpmApp, GunicornApp
from app_servers import KILL, SEGMENTATION_FAULT, Gunicorn, PhpFpm, sleep
from case import Case
from scenario import scenario
from second_apache_bench import SecondApache
from second_bench import SOCIAL, Ask, Blame, Expect, Say
from second_haproxy_bench import SecondHaproxy
from second_nginx import ENDED, TIMEOUT
from second_nginx_bench import SecondNginx, told
from upstreams import BODY

second = functools.partial(scenario, set="second", private=True)

_PASS = f"proxy_pass http://{GUNICORN[0]}:{GUNICORN[1]};"
_NAME = f"{GUNICORN[0]}:{GUNICORN[1]}"
_BACKEND = f"backend py\n    server app1 {_NAME}"
_TO_BACKEND = "default_backend py"

#: Logs that know nothing but the client's status, so that it may be of another upstream than the one whose log is read.
_STATUS_ALONE = (["main.log"], ["access.log"], ["other_vhosts_access.log"])

#: The proxy sees a connection that ends without an answer, not that a process died.
_CUT_OFF = Expect(
    Say(("closed-early", "connection-reset", "worker-killed")),
    Say(("closed-early", "connection-reset", "worker-killed", "unknown"), ENDED),
    Say(("closed-early", "connection-reset", "worker-killed", "unknown"), (*ENDED, "connection-refused")),
    Say(("unknown",)),
)
_KILLED = Say(("worker-killed",))
_MAY_BE_KILLED = Say(("worker-killed", "unknown"), confidence=("medium", "low"))

#: Few enough slow ones that the workers left can serve the others.
_FEW_QUERIES = (
    Ask("/graphql", 2, "POST", BODY),
    Ask("/static/app.9f3c.js", 6),
    Ask("/v2/users/{uuid}/avatar", 6),
    Ask("/v2/users/{n}", 4, "PATCH", BODY),
)


def beside(case: Case, log: str, version: str, sure: Say | None = None, blind: Say | None = None) -> Case:
    """The case with a view more for each of an access log, or of both proxy logs, read beside the application's log.

    `sure` and, where the proxy's log has the status alone, `blind`: what may be said then; None: no more than without.
    """
    more = []
    for view in case.views:
        if view.logs == ["error.log"]:
            continue
        both = replace(view, logs=[*view.logs, log])
        alone = view.logs in _STATUS_ALONE
        say = blind if alone else sure
        more.append(both if say is None else told(both, say, Blame(tuple(view.upstreams), view.group), not alone))
    return replace(case, server=f"{case.server}, {version}", views=[*case.views, *more])


@second("second-nginx-gunicorn-gthread-slow", SecondNginx)
def gthread_slow(bench: SecondNginx) -> Case:
    """gthread workers are not killed by --timeout while a thread is busy: nginx gives up first."""
    app = GunicornApp(bench, "--worker-class", "gthread", "--threads", "8", "--timeout", "3", workers=2)
    bench.start(f"proxy_read_timeout 2500ms; {_PASS}", "keyed", "elk", "main")
    bench.send(40, _FEW_QUERIES)
    app.shop.fail({"/graphql": sleep(5)})
    bench.send(100, _FEW_QUERIES, rate=12)
    case = bench.case(
        "gunicorn, two gthread workers of eight threads, --timeout 3; proxy_read_timeout 2.5 s. After 40 requests "
        "/graphql took 5 s. Such workers still tell that they live: none was killed.",
        TIMEOUT,
        Blame((_NAME,)),
    )
    return beside(case, GUNICORN_LOG, Gunicorn.version())


@second("second-nginx-gunicorn-timeout-3", SecondNginx)
def sync_timeout(bench: SecondNginx) -> Case:
    """gunicorn's --timeout 3 kills the workers that /graphql blocks: 502 after 3 to 4 s, the others are well."""
    app = GunicornApp(bench, "--timeout", "3", workers=12)
    bench.start(_PASS, "apm", "main_ext", "main")
    bench.send(40, _FEW_QUERIES)
    app.shop.fail({"/graphql": sleep(15)})
    bench.send(100, _FEW_QUERIES, rate=10)
    case = bench.case(
        "gunicorn, twelve synchronous workers, --timeout 3. After 40 requests /graphql blocked its worker for 15 s: "
        "gunicorn killed each such worker after 3 to 4 s.",
        _CUT_OFF,
        Blame((_NAME,)),
    )
    return beside(case, GUNICORN_LOG, Gunicorn.version(), _KILLED, _MAY_BE_KILLED)


@second("second-nginx-gunicorn-killed-rarely", SecondNginx)
def killed_rarely(bench: SecondNginx) -> Case:
    """A rare path takes too much memory: its worker is killed with SIGKILL, and 1 in 25 requests with it."""
    app = GunicornApp(bench, workers=4)
    report = (*SOCIAL, Ask("/v2/reports/year?format=xlsx&year={n}", 1))
    bench.start(_PASS, "analytics", "main_ext", "main")
    app.shop.fail({"/v2/reports": KILL})
    bench.send(250, report, rate=20)
    case = bench.case(
        "gunicorn, four synchronous workers. /v2/reports/year sent SIGKILL to its own worker, as the kernel's OOM "
        "killer "
        "does; all other paths were well, and it is rarely asked for.",
        _CUT_OFF,
        Blame((_NAME,)),
    )
    return beside(case, GUNICORN_LOG, Gunicorn.version(), _KILLED, _MAY_BE_KILLED)


@second("second-haproxy-gunicorn-gthread-killed", SecondHaproxy)
def gthread_killed(bench: SecondHaproxy) -> Case:
    """A gthread worker is killed by one path, and takes what its other threads do with it: SH."""
    app = GunicornApp(bench, "--worker-class", "gthread", "--threads", "8", workers=2)
    bench.start(_BACKEND, frontend=_TO_BACKEND, defaults="timeout server 8s")
    bench.send(40, _FEW_QUERIES)
    app.shop.fail({"/graphql": KILL, "/v2/users": sleep(0.4)})
    bench.send(100, _FEW_QUERIES, rate=14)
    case = bench.case(
        "gunicorn, two gthread workers of eight threads. After 40 requests /graphql sent SIGKILL to its own worker, "
        "and "
        "the other requests of that worker, which took 0.4 s, were cut off with it.",
        _CUT_OFF.sure,
        Blame(("py/app1",), "py"),
    )
    return beside(case, GUNICORN_LOG, Gunicorn.version(), _KILLED)


@second("second-haproxy-gunicorn-redeployed", SecondHaproxy)
def redeployed(bench: SecondHaproxy) -> Case:
    """gunicorn is stopped, and started 4 s later: refused, DOWN by its check, UP."""
    app = GunicornApp(bench)
    bench.start(f"{_BACKEND} check inter 700ms fall 2 rise 1\n    retries 0", frontend=_TO_BACKEND)
    bench.send(40, rate=15)
    restart = threading.Thread(target=app.restart, args=(4.0,))
    restart.start()
    bench.send(100, rate=14)
    restart.join()
    gone = Say(("connection-refused", "draining"), ("no-live-upstream",))
    case = bench.case(
        "gunicorn was stopped under load and started again 4 s later, as by a deployment. Its port was refused, then "
        "its "
        "check had failed twice (inter 700ms) and there was no server, retries 0.",
        gone,
        Blame(("py/app1",), "py"),
        bare=Say(("connection-refused", "no-live-upstream"), ("draining", "unknown")),
    )
    return beside(case, GUNICORN_LOG, Gunicorn.version(), gone)


@second("second-apache-gunicorn-segfault", SecondApache)
def apache_segfault(bench: SecondApache) -> Case:
    """A C extension crashes on one path, behind Apache."""
    app = GunicornApp(bench, workers=4)
    bench.start(f"ProxyPass / http://{_NAME}/")
    bench.send(40, _FEW_QUERIES)
    app.shop.fail({"/graphql": SEGMENTATION_FAULT})
    bench.send(110, _FEW_QUERIES)
    case = bench.case(
        "gunicorn, four synchronous workers. After 40 requests /graphql killed its worker with SIGSEGV.",
        Expect(_CUT_OFF.sure, whole=Say(("unknown",), ENDED), blind=Say(("unknown",))),
        Blame((_NAME,)),
        attempt="AH01102",
    )
    return beside(case, GUNICORN_LOG, Gunicorn.version(), _KILLED, _MAY_BE_KILLED)


_STATIC = "pm = static\npm.max_children = 12\nrequest_terminate_timeout = 2s"
_ONDEMAND = "pm = ondemand\npm.max_children = 3\npm.process_idle_timeout = 5s\nlisten.backlog = 64"


@second("second-nginx-fpm-static-terminated", SecondNginx)
def fpm_terminated(bench: SecondNginx) -> Case:
    """request_terminate_timeout 2s kills what /graphql blocks in a static pool: 502 after 2 to 3 s."""
    app = FpmApp(bench, _STATIC)
    bench.start(app.fastcgi_pass(), "keyed", "analytics", "main")
    bench.send(40, _FEW_QUERIES)
    app.shop.fail({"/graphql": sleep(9)})
    bench.send(100, _FEW_QUERIES, rate=12)
    case = bench.case(
        "php-fpm, pm = static with twelve children, request_terminate_timeout 2s. After 40 requests /graphql took 9 s.",
        _CUT_OFF,
        Blame((f"unix:{SOCKET}",)),
    )
    return beside(case, FPM_LOG, PhpFpm.version(), _KILLED, _MAY_BE_KILLED)


@second("second-nginx-fpm-ondemand-busy", SecondNginx)
def fpm_ondemand(bench: SecondNginx) -> Case:
    """An ondemand pool of three children, at a peak of slow pages: requests wait in the socket's queue, 504."""
    app = FpmApp(bench, _ONDEMAND)
    bench.start(f"fastcgi_read_timeout 1500ms; {app.fastcgi_pass()}", "apm", "main_ext", "main")
    bench.send(40, rate=15)
    app.shop.fail({"/v2": sleep(0.9)})
    bench.send(120, rate=14, workers=60)
    case = bench.case(
        "php-fpm, pm = ondemand with three children; fastcgi_read_timeout 1.5 s. After 40 requests /v2/… took 0.9 s: "
        "all "
        "children were busy, and requests waited in the socket's queue for longer than nginx does. To nginx that is a "
        "slow response.",
        TIMEOUT,
        Blame((f"unix:{SOCKET}",)),
    )
    busy = Say(("backlog-full", "response-timeout"))
    return beside(case, FPM_LOG, PhpFpm.version(), busy, Say(("unknown",), busy.cause))


@second("second-apache-fpm-slow", SecondApache)
def apache_fpm_slow(bench: SecondApache) -> Case:
    """A slow script in a static pool, behind Apache's ProxyTimeout: 504."""
    app = FpmApp(bench, "pm = static\npm.max_children = 20")
    bench.start(f"ProxyTimeout 1\n{app.site()}")
    bench.send(40, _FEW_QUERIES)
    app.shop.fail({"/graphql": sleep(4)})
    bench.send(90, _FEW_QUERIES, rate=12)
    late = Say(("unknown",), ("response-timeout", "connect-timeout"))
    case = bench.case(
        "php-fpm, pm = static with twenty children; ProxyTimeout 1. After 40 requests /graphql took 4 s.",
        Expect(Say(("response-timeout",)), whole=late, blind=late),
        attempt="AH01075",
    )
    return beside(case, FPM_LOG, PhpFpm.version())


@second("second-nginx-fpm-well", SecondNginx)
def fpm_reopened(bench: SecondNginx) -> Case:
    """Children are recycled and the log is reopened: nobody notices."""
    app = FpmApp(bench, "pm = static\npm.max_children = 6\npm.max_requests = 40")
    bench.start(app.fastcgi_pass(), "keyed", "main")
    bench.send(60, rate=30)
    app.server.signal(signal.SIGUSR1)  # it reopens its logs
    bench.send(120, rate=30)
    case = bench.case(
        "php-fpm, pm.max_requests = 40: children come and go. Its log was reopened (USR1) under load. Nothing failed.",
        Expect(),
    )
    return beside(case, FPM_LOG, PhpFpm.version())
