"""What breaks in a real application server behind a proxy, and what its own log adds to the proxy's."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import syslog_daemon
from apache_bench import ApacheBench
from apache_bench import Expect as ApacheExpect
from app_servers import KILL, SEGMENTATION_FAULT, WARN, Gunicorn, PhpFpm, Shop, sleep
from bench import Bench
from case import Case, View
from haproxy_bench import HaproxyBench
from isolation import RUN_DIR
from nginx_bench import Expect, NginxBench
from scenario import scenario
from servers import Server, ServerFailed

GUNICORN = ("127.0.0.1", 8000)
SOCKET = RUN_DIR / "php8.2-fpm.sock"

GUNICORN_LOG = "gunicorn.log"
SYSLOG = "syslog.log"
FPM_LOG = "php-fpm.log"

_RATE = 10


@dataclass(frozen=True)
class Told:
    """What may be said once the application server's log is read beside the proxy's. Empty `sure`: nothing is wrong."""

    log: str
    #: With proxy logs that name the upstream.
    sure: tuple[str, ...]
    #: With an access log that has the client's status alone, and so does not say that it is of this upstream at all.
    blind: tuple[str, ...] = ("unknown",)
    #: With the proxy's error log, or HAProxy's log.
    confidence: tuple[str, ...] = ()


#: Views that are also given together with the application server's log; the others would say nothing new.
_READ_TOGETHER = ("combined.log", "upstream.log", "worker.log", "haproxy.log")

#: Access logs that know the status alone, or the upstream of a balancer alone.
_BLIND = (["combined.log"], ["worker.log"])

_NOT_SURE = ["medium", "low"]


def with_app_log(case: Case, version: str, told: Told) -> Case:
    """The case with a view more for each of the proxy's own that may be read beside the application server's log."""
    together = [_beside(view, told) for view in case.views if view.logs[0] in _READ_TOGETHER]
    return replace(case, server=f"{case.server}, {version}", views=[*case.views, *together])


def _beside(view: View, told: Told) -> View:
    logs = [*view.logs, told.log]
    if not view.cause:
        return replace(view, logs=logs)
    if view.logs in _BLIND:
        return replace(view, logs=logs, cause=list(told.blind), confidence=_NOT_SURE)
    confidence = told.confidence if view.logs[-1] in ("error.log", "haproxy.log") else ()
    return replace(view, logs=logs, cause=list(told.sure), confidence=list(confidence), cites=[told.log])


def _run_dir(bench: Bench) -> Path:
    return RUN_DIR if bench.private else bench.work_dir


def _meanwhile(seconds: float, happens: Callable[[], object]) -> threading.Thread:
    """Lets something happen that many seconds from now, beside the traffic; join it afterwards."""
    timer = threading.Timer(seconds, happens)
    timer.start()
    return timer


# gunicorn


class GunicornApp:
    """The shop in gunicorn, whose log also goes to syslog."""

    def __init__(self, bench: Bench, *options: str, workers: int = 3) -> None:
        self._bench = bench
        self.shop = Shop(_run_dir(bench) / "www")
        device = _run_dir(bench) / "app.log"  # HAProxy's bench has a socket of its own there
        bench.keep(syslog_daemon.Receiver(device, {bench.logs / SYSLOG: _as_from_a_program}))
        syslog = ["--log-syslog", "--log-syslog-to", f"unix://{device}#dgram", "--log-syslog-prefix", "shop"]
        syslog.append("--disable-redirect-access-to-syslog")
        self._options = ["--workers", str(workers), *syslog, *options]
        self.start()

    def start(self) -> None:
        bench = self._bench
        log = bench.logs / GUNICORN_LOG
        self.server: Server = bench.keep(Gunicorn(self.shop, GUNICORN, log, bench.work_dir, *self._options))

    def restart(self, down: float) -> None:
        """`systemctl stop`, and `start` after `down` seconds."""
        self.server.stop()
        time.sleep(down)
        self.start()

    def tell(self, case: Case, told: Told) -> Case:
        """The case with gunicorn's own log, and once with the same lines as they came by syslog."""
        case = with_app_log(case, Gunicorn.version(), told)
        best = next(view for view in reversed(case.views) if GUNICORN_LOG in view.logs)
        by_syslog = replace(best, logs=[*best.logs[:-1], SYSLOG], cites=[SYSLOG] if best.cites else [])
        what = f"{case.what}\n\n{GUNICORN_LOG} is gunicorn's error log, {SYSLOG} the same as rsyslog writes it."
        return replace(case, what=what, views=[*case.views, by_syslog])


def _as_from_a_program(datagram: str) -> str:
    """As rsyslog writes what came without time and host: control bytes escaped, but for a NUL or newline at the end."""
    text = re.sub(r"^<\d+>", "", datagram).rstrip("\0\n")
    message = re.sub(r"[\0-\x1f]", lambda control: f"#{ord(control[0]):03o}", text)
    return f"{datetime.now(UTC).isoformat(timespec='microseconds')} app1 {message}"


_PROXY_PASS = f"proxy_pass http://{GUNICORN[0]}:{GUNICORN[1]};"
_GUNICORN_NAME = f"{GUNICORN[0]}:{GUNICORN[1]}"
_BACKEND = f"backend shop\n    server app1 {_GUNICORN_NAME}"
_SERVER = "shop/app1"

#: The proxy sees a connection that ends without an answer. That the process died is more than it can know.
_CUT_OFF = ("closed-early", "connection-reset", "worker-killed")

_KILLED = Told(GUNICORN_LOG, ("worker-killed",), ("worker-killed", "unknown"), ("high",))

_TIMEOUT_TEXT = (
    "gunicorn --timeout 2, three synchronous workers. After 12 good requests /checkout/pay/… blocked its worker for "
    "10 s: gunicorn killed each such worker after 2 to 3 s (it looks once a second), and the proxy saw the connection "
    "close without an answer."
)


@scenario("nginx-gunicorn-timeout", NginxBench)
def nginx_gunicorn_timeout(bench: NginxBench) -> Case:
    """gunicorn kills workers that block for longer than its --timeout: 502 after 2 to 3 s."""
    app = GunicornApp(bench, "--timeout", "2")
    bench.start(_PROXY_PASS)
    _block_payments(bench, app)
    case = bench.case(_TIMEOUT_TEXT, Expect(sure=_CUT_OFF, upstreams=(_GUNICORN_NAME,), confidence=()))
    return app.tell(case, _KILLED)


@scenario("haproxy-gunicorn-timeout", HaproxyBench)
def haproxy_gunicorn_timeout(bench: HaproxyBench) -> Case:
    """The same behind HAProxy: SH after 2 to 3 s, well within `timeout server`."""
    app = GunicornApp(bench, "--timeout", "2")
    bench.start(_BACKEND, frontend="default_backend shop", defaults="timeout server 10s")
    _block_payments(bench, app)
    return app.tell(bench.case(_TIMEOUT_TEXT, list(_CUT_OFF), upstreams=[_SERVER], group="shop"), _KILLED)


@scenario("apache-gunicorn-timeout", ApacheBench)
def apache_gunicorn_timeout(bench: ApacheBench) -> Case:
    """The same behind Apache."""
    app = GunicornApp(bench, "--timeout", "2")
    bench.start(f"ProxyPass / http://{_GUNICORN_NAME}/")
    _block_payments(bench, app)
    case = bench.case(
        _TIMEOUT_TEXT,
        ApacheExpect(
            sure=_CUT_OFF,
            timed=("unknown", "response-timeout"),  # Apache's 502 after seconds may be either
            upstreams=(_GUNICORN_NAME,),
            confidence=(),
            attempt="AH01102",
        ),
    )
    return app.tell(case, _KILLED)


def _block_payments(bench: Bench, app: GunicornApp) -> None:
    bench.visit(12, rate=_RATE)
    app.shop.fail({"/checkout/pay": sleep(10)})
    bench.visit(24, rate=6)


_OOM_TEXT = (
    "/api/orders/… sent SIGKILL to its own worker, as the kernel's OOM killer does to a process that takes too much "
    "memory. The other paths were well."
)


@scenario("nginx-gunicorn-killed", NginxBench)
def nginx_gunicorn_killed(bench: NginxBench) -> Case:
    """Workers are killed with SIGKILL, as by the OOM killer."""
    return _nginx_gunicorn_dies(bench, KILL, _OOM_TEXT)


@scenario("haproxy-gunicorn-killed", HaproxyBench)
def haproxy_gunicorn_killed(bench: HaproxyBench) -> Case:
    """The same behind HAProxy: SH at once."""
    app = GunicornApp(bench)
    bench.start(_BACKEND, frontend="default_backend shop")
    bench.visit(12, rate=_RATE)
    app.shop.fail({"/api/orders": KILL})
    bench.visit(36, rate=_RATE)
    return app.tell(bench.case(_OOM_TEXT, list(_CUT_OFF), upstreams=[_SERVER], group="shop"), _KILLED)


@scenario("nginx-gunicorn-segfault", NginxBench)
def nginx_gunicorn_segfault(bench: NginxBench) -> Case:
    """Workers die of SIGSEGV on one path."""
    what = "/api/orders/… killed its worker with SIGSEGV, as a broken C extension does. The other paths were well."
    return _nginx_gunicorn_dies(bench, SEGMENTATION_FAULT, what)


def _nginx_gunicorn_dies(bench: NginxBench, fault: tuple[str, float], what: str) -> Case:
    app = GunicornApp(bench)
    bench.start(_PROXY_PASS)
    bench.visit(12, rate=_RATE)
    app.shop.fail({"/api/orders": fault})
    bench.visit(36, rate=_RATE)
    case = bench.case(what, Expect(sure=_CUT_OFF, upstreams=(_GUNICORN_NAME,), confidence=()))
    return app.tell(case, _KILLED)


_RESTARTED = Told(GUNICORN_LOG, ("connection-refused", "draining"), ("connection-refused", "draining", "unknown"))

_RESTART_TEXT = (
    "gunicorn was stopped and started again 2 s later, under load, as by a deployment. In between nothing listened on "
    "its port."
)


@scenario("nginx-gunicorn-restart", NginxBench)
def nginx_gunicorn_restart(bench: NginxBench) -> Case:
    """gunicorn is stopped and started under load: refused for 2 s."""
    app = GunicornApp(bench)
    bench.start(_PROXY_PASS)
    _restart(bench, app, down=2)
    case = bench.case(_RESTART_TEXT, Expect(sure=("connection-refused",), upstreams=(_GUNICORN_NAME,)))
    return app.tell(case, _RESTARTED)


@scenario("haproxy-gunicorn-restart", HaproxyBench)
def haproxy_gunicorn_restart(bench: HaproxyBench) -> Case:
    """The same behind HAProxy, which tries again after a second."""
    app = GunicornApp(bench)
    bench.start(f"{_BACKEND}\n    retries 1", frontend="default_backend shop")
    _restart(bench, app, down=3)
    what = _RESTART_TEXT.replace("2 s", "3 s") + " retries 1: requests of the last second were saved."
    return app.tell(bench.case(what, ["connection-refused"], upstreams=[_SERVER], group="shop"), _RESTARTED)


def _restart(bench: Bench, app: GunicornApp, down: float) -> None:
    bench.visit(12, rate=_RATE)
    restart = _meanwhile(0.5, lambda: app.restart(down))
    bench.visit(40, rate=_RATE)
    restart.join()


@scenario("nginx-gunicorn-boot-failure", NginxBench)
def nginx_gunicorn_boot_failure(bench: NginxBench) -> Case:
    """A deployment breaks the application: gunicorn's workers fail to boot, and it gives up."""
    app = GunicornApp(bench, workers=2)
    bench.start(_PROXY_PASS)
    bench.visit(12, rate=_RATE)
    app.shop.break_module()
    with suppress(ServerFailed):
        app.restart(0)
    bench.visit(24, rate=_RATE)
    case = bench.case(
        "A new version of the application imports a module that is not installed. gunicorn was restarted with it: its "
        "workers failed to boot, and it exited.",
        Expect(sure=("connection-refused",), upstreams=(_GUNICORN_NAME,)),
    )
    return app.tell(case, Told(GUNICORN_LOG, ("connection-refused",), ("connection-refused", "unknown"), ("high",)))


@scenario("nginx-gunicorn-reload", NginxBench)
def nginx_gunicorn_reload(bench: NginxBench) -> Case:
    """gunicorn is reloaded (HUP) under load, and nobody notices."""
    app = GunicornApp(bench)
    bench.start(_PROXY_PASS)
    bench.visit(12, rate=_RATE)
    reload = _meanwhile(0.5, lambda: app.server.signal(signal.SIGHUP))
    bench.visit(36, rate=_RATE)
    reload.join()
    case = bench.case(
        "gunicorn was reloaded with HUP under load. It logs that its old workers were terminated by signal 15, which "
        "is as it should be: no request failed.",
        Expect(sure=()),
    )
    return app.tell(case, Told(GUNICORN_LOG, ()))


@scenario("nginx-gunicorn-max-requests", NginxBench)
def nginx_gunicorn_max_requests(bench: NginxBench) -> Case:
    """Workers are recycled by --max-requests, and nobody notices."""
    app = GunicornApp(bench, "--max-requests", "5")
    bench.start(_PROXY_PASS)
    bench.visit(48, rate=_RATE)
    case = bench.case("gunicorn --max-requests 5: workers come and go, and no request fails.", Expect(sure=()))
    return app.tell(case, Told(GUNICORN_LOG, ()))


# php-fpm


class FpmApp:
    """The shop in php-fpm."""

    def __init__(self, bench: Bench, pool: str) -> None:
        self._bench = bench
        self._pool = pool
        self.shop = Shop(RUN_DIR / "www")
        self.start()

    def start(self) -> None:
        bench = self._bench
        log = bench.logs / FPM_LOG
        self.server: Server = bench.keep(PhpFpm(SOCKET, log, RUN_DIR, bench.work_dir, self._pool))

    def restart(self, down: float) -> None:
        """`systemctl stop`, and `start` after `down` seconds."""
        self.server.stop()
        time.sleep(down)
        self.start()

    def fastcgi_pass(self) -> str:
        """For nginx's `location /`: every path goes to the one script."""
        return (
            f"fastcgi_param SCRIPT_FILENAME {self.shop.script}; fastcgi_param SCRIPT_NAME /index.php; "
            "fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri; "
            f"fastcgi_param QUERY_STRING $query_string; fastcgi_pass unix:{SOCKET};"
        )

    def site(self) -> str:
        """For Apache's virtual host: the same, as Debian's php8.2-fpm.conf has it."""
        return f"""
    DocumentRoot {self.shop.directory}
    FallbackResource /index.php
    <FilesMatch "\\.php$">
        SetHandler "proxy:unix:{SOCKET}|fcgi://localhost"
    </FilesMatch>"""

    def tell(self, case: Case, told: Told) -> Case:
        what = f"{case.what}\n\n{FPM_LOG} is php-fpm's error_log."
        return replace(with_app_log(case, PhpFpm.version(), told), what=what)


_FPM_NAME = f"unix:{SOCKET}"
_FPM_KILLED = Told(FPM_LOG, ("worker-killed",), ("worker-killed", "unknown"), ("high",))
_STATIC = "pm = static\npm.max_children = 4"
#: Two children, and a log line when there is work for more.
_TWO = "pm = dynamic\npm.max_children = 2\npm.start_servers = 1\npm.min_spare_servers = 1\npm.max_spare_servers = 1"

_SEGFAULT_TEXT = (
    "/api/orders/… killed its php-fpm child with SIGSEGV, as a broken extension does. The other paths were well."
)
_TERMINATED_TEXT = (
    "request_terminate_timeout 1s. After 12 good requests /checkout/pay/… needed 5 s: php-fpm killed each such child "
    "after 1 to 2 s, and the proxy saw the connection reset."
)


@scenario("nginx-php-fpm-segfault", NginxBench, private=True)
def nginx_fpm_segfault(bench: NginxBench) -> Case:
    """php-fpm's children die of SIGSEGV on one path."""
    app = FpmApp(bench, _STATIC)
    bench.start(app.fastcgi_pass())
    _break_orders(bench, app)
    return app.tell(_cut_off(bench, _SEGFAULT_TEXT), _FPM_KILLED)


@scenario("apache-php-fpm-segfault", ApacheBench, private=True)
def apache_fpm_segfault(bench: ApacheBench) -> Case:
    """The same behind Apache: 503."""
    app = FpmApp(bench, _STATIC)
    bench.start(app.site())
    _break_orders(bench, app)
    return app.tell(_apache_cut_off(bench, _SEGFAULT_TEXT), _FPM_KILLED)


def _break_orders(bench: Bench, app: FpmApp) -> None:
    bench.visit(12, rate=_RATE)
    app.shop.fail({"/api/orders": SEGMENTATION_FAULT})
    bench.visit(36, rate=_RATE)


@scenario("nginx-php-fpm-terminated", NginxBench, private=True)
def nginx_fpm_terminated(bench: NginxBench) -> Case:
    """request_terminate_timeout kills slow scripts: 502 after 1 to 2 s."""
    app = FpmApp(bench, f"{_STATIC}\nrequest_terminate_timeout = 1")
    bench.start(app.fastcgi_pass())
    _slow_payments(bench, app)
    return app.tell(_cut_off(bench, _TERMINATED_TEXT), _FPM_KILLED)


@scenario("apache-php-fpm-terminated", ApacheBench, private=True)
def apache_fpm_terminated(bench: ApacheBench) -> Case:
    """The same behind Apache: 503."""
    app = FpmApp(bench, f"{_STATIC}\nrequest_terminate_timeout = 1")
    bench.start(app.site())
    _slow_payments(bench, app)
    return app.tell(_apache_cut_off(bench, _TERMINATED_TEXT), _FPM_KILLED)


def _slow_payments(bench: Bench, app: FpmApp) -> None:
    bench.visit(12, rate=_RATE)
    app.shop.fail({"/checkout/pay": sleep(5)})
    bench.visit(30, rate=_RATE)


def _cut_off(bench: NginxBench, what: str) -> Case:
    return bench.case(what, Expect(sure=_CUT_OFF, upstreams=(_FPM_NAME,), confidence=()))


def _apache_cut_off(bench: ApacheBench, what: str) -> Case:
    return bench.case(what, ApacheExpect(sure=_CUT_OFF, confidence=(), attempt="AH01075"))


_SLOW = Told(FPM_LOG, ("response-timeout",), ("response-timeout", "unknown"), ("high",))


@scenario("nginx-php-fpm-slow", NginxBench, private=True)
def nginx_fpm_slow(bench: NginxBench) -> Case:
    """A script is slower than nginx waits; php-fpm's slow log names it."""
    app = FpmApp(bench, "pm = static\npm.max_children = 12\nrequest_slowlog_timeout = 1")
    bench.start("fastcgi_read_timeout 2s; " + app.fastcgi_pass())
    _slow_payments(bench, app)
    case = bench.case(
        "fastcgi_read_timeout 2s, request_slowlog_timeout 1s. After 12 good requests /checkout/pay/… needed 5 s. There "
        "were children enough for all.",
        Expect(sure=("response-timeout",), blind=("unknown", "response-timeout"), upstreams=(_FPM_NAME,)),
    )
    return app.tell(case, _SLOW)


@scenario("apache-php-fpm-slow", ApacheBench, private=True)
def apache_fpm_slow(bench: ApacheBench) -> Case:
    """The same behind Apache: 504."""
    app = FpmApp(bench, "pm = static\npm.max_children = 12\nrequest_slowlog_timeout = 1")
    bench.start("ProxyTimeout 2\n" + app.site())
    _slow_payments(bench, app)
    case = bench.case(
        "ProxyTimeout 2, request_slowlog_timeout 1s. After 12 good requests /checkout/pay/… needed 5 s. There were "
        "children enough for all.",
        ApacheExpect(
            sure=("response-timeout",),
            timed=("response-timeout", "unknown"),
            blind=("unknown", "response-timeout"),
            attempt="AH01075",
        ),
    )
    return app.tell(case, _SLOW)


@scenario("nginx-php-fpm-backlog-full", NginxBench, private=True)
def nginx_fpm_backlog_full(bench: NginxBench) -> Case:
    """All children are busy and the socket's queue is full: EAGAIN, 502."""
    app = FpmApp(bench, f"{_TWO}\nlisten.backlog = 2")
    bench.start("fastcgi_read_timeout 8s; " + app.fastcgi_pass())
    _slow_checkout(bench, app)
    case = bench.case(
        "pm.max_children 2, listen.backlog 2. After 12 good requests /checkout/… needed 1.5 s: both children were "
        "busy, few requests fitted into the socket's queue, and nginx could not connect for the others.",
        Expect(
            sure=("backlog-full",),
            timed=("connection-refused", "socket-missing", "permission-denied", "backlog-full", "unknown"),
            upstreams=(_FPM_NAME,),
        ),
    )
    return app.tell(case, Told(FPM_LOG, ("backlog-full",), ("backlog-full", "unknown"), ("high",)))


@scenario("nginx-php-fpm-max-children", NginxBench, private=True)
def nginx_fpm_max_children(bench: NginxBench) -> Case:
    """All children are busy and requests wait in the socket's queue until nginx gives up: 504."""
    app = FpmApp(bench, _TWO)
    bench.start("fastcgi_read_timeout 2s; " + app.fastcgi_pass())
    _slow_checkout(bench, app)
    case = bench.case(
        "pm.max_children 2, fastcgi_read_timeout 2s. After 12 good requests /checkout/… needed 1.5 s: both children "
        "were busy, and nearly all others waited in the socket's queue for longer than nginx does, on every path. To "
        "nginx that is a slow response.",
        Expect(sure=("response-timeout",), blind=("unknown", "response-timeout"), upstreams=(_FPM_NAME,)),
    )
    both = ("backlog-full", "response-timeout")
    return app.tell(case, Told(FPM_LOG, both, (*both, "unknown")))


def _slow_checkout(bench: Bench, app: FpmApp) -> None:
    bench.visit(12, rate=_RATE)
    app.shop.fail({"/checkout": sleep(1.5)})
    bench.visit(36, rate=_RATE, workers=36)


@scenario("nginx-php-fpm-reload", NginxBench, private=True)
def nginx_fpm_reload(bench: NginxBench) -> Case:
    """php-fpm is reloaded (USR2) under load: what was under way is cut off."""
    app = FpmApp(bench, "pm = static\npm.max_children = 8")
    bench.start(app.fastcgi_pass())
    app.shop.fail({"/checkout": sleep(0.6)})
    bench.visit(12, rate=_RATE)
    reloads = [_meanwhile(after, lambda: app.server.signal(signal.SIGUSR2)) for after in (0.7, 1.9, 3.1)]
    bench.visit(36, rate=_RATE)
    for reload in reloads:
        reload.join()
    case = _cut_off(
        bench,
        "php-fpm was reloaded three times under load, without process_control_timeout: each time the requests under "
        "way, which take 0.6 s, were cut off.",
    )
    return app.tell(case, Told(FPM_LOG, ("draining", *_CUT_OFF), ("draining", "worker-killed", "unknown")))


@scenario("nginx-php-fpm-restart", NginxBench, private=True)
def nginx_fpm_restart(bench: NginxBench) -> Case:
    """php-fpm is stopped and started under load: its socket is gone for 2 s."""
    app = FpmApp(bench, _STATIC)
    bench.start(app.fastcgi_pass())
    bench.visit(12, rate=_RATE)
    restart = _meanwhile(0.5, lambda: app.restart(2))
    bench.visit(36, rate=_RATE)
    restart.join()
    case = bench.case(
        "php-fpm was stopped and started again 2 s later, under load. It takes its socket's file with it.",
        Expect(
            sure=("socket-missing",),
            timed=("connection-refused", "socket-missing", "permission-denied", "backlog-full", "unknown"),
            upstreams=(_FPM_NAME,),
        ),
    )
    causes = ("socket-missing", "draining", "connection-refused")
    return app.tell(case, Told(FPM_LOG, causes, (*causes, "unknown")))


@scenario("nginx-php-fpm-max-requests", NginxBench, private=True)
def nginx_fpm_max_requests(bench: NginxBench) -> Case:
    """Children are recycled by pm.max_requests, and nobody notices."""
    app = FpmApp(bench, f"{_STATIC}\npm.max_requests = 5")
    bench.start(app.fastcgi_pass())
    bench.visit(48, rate=_RATE)
    case = bench.case("pm.max_requests 5: children come and go, and no request fails.", Expect(sure=()))
    return app.tell(case, Told(FPM_LOG, ()))


_WARNINGS_TEXT = (
    "/api/… raised a PHP warning and answered 200. PHP's messages come with the answer; the proxy writes them into its "
    "error log at level error."
)


@scenario("nginx-php-fpm-warnings", NginxBench, private=True)
def nginx_fpm_warnings(bench: NginxBench) -> Case:
    """PHP warnings in nginx's error log, and nothing is wrong with the gateway."""
    app = FpmApp(bench, _STATIC)
    bench.start(app.fastcgi_pass())
    _warn(bench, app)
    case = bench.case(_WARNINGS_TEXT, Expect(sure=(), confidence=(), error_failures=0))
    return app.tell(case, Told(FPM_LOG, ()))


@scenario("apache-php-fpm-warnings", ApacheBench, private=True)
def apache_fpm_warnings(bench: ApacheBench) -> Case:
    """The same in Apache's."""
    app = FpmApp(bench, _STATIC)
    bench.start(app.site())
    _warn(bench, app)
    return app.tell(bench.case(_WARNINGS_TEXT, ApacheExpect(sure=())), Told(FPM_LOG, ()))


def _warn(bench: Bench, app: FpmApp) -> None:
    app.shop.fail({"/api": WARN})
    bench.visit(36, rate=_RATE)
