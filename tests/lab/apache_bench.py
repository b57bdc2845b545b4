"""A bench with Apache httpd: its configuration, its logs, and the views that they make."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import isolation
import reading
from bench import Bench
from case import Case, Other, View
from servers import FRONT, Apache, distribution

_MODULES = (
    "mpm_event",
    "authz_core",
    "alias",
    "dir",
    "env",
    "rewrite",
    "setenvif",
    "slotmem_shm",
    "socache_shmcb",
    "ssl",
    "proxy",
    "proxy_http",
    "proxy_fcgi",
    "proxy_ajp",
    "proxy_balancer",
    "lbmethod_byrequests",
)
_MODULE_DIR = Path("/usr/lib/apache2/modules")

#: Every request is written to all of these at once. The first two are Debian's own; operators of balancers append the
#: member and the microseconds to one of them.
_LOG_FORMATS = r"""
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" combined
LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined
LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D \
worker=%{BALANCER_WORKER_NAME}e route=%{BALANCER_WORKER_ROUTE}e" worker
"""

ACCESS_LOGS = {"combined.log": "combined", "vhost.log": "vhost_combined", "worker.log": "worker"}

#: Apache's threads: enough for every scenario that does not mean to run out of them.
_THREADS = 50


@dataclass(frozen=True)
class Expect:
    """What may be said, from the best logs to the poorest. Empty `sure`: nothing is wrong at all."""

    #: With the error log.
    sure: tuple[str, ...]
    #: From `worker.log`: the balancer's member, and how long the whole took.
    timed: tuple[str, ...] = ("unknown",)
    #: From `combined.log` and `vhost.log`: the client's status and nothing else.
    blind: tuple[str, ...] = ("unknown",)
    #: Addresses to blame, where the error log is there.
    upstreams: tuple[str, ...] = ()
    #: The same for `worker.log` alone: without a balancer, `%{BALANCER_WORKER_NAME}e` is empty.
    members: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ("high",)
    #: The message, by its number, that is written once for each failed attempt, or for a request that was not tried.
    #: Empty: the client did not get a gateway status, so that nothing counts as a failure.
    attempt: str = "AH01114"
    #: Incidents besides the main one, where the error log is there.
    other: tuple[Other, ...] = ()


class ApacheBench(Bench):
    """Starts Apache httpd with workers that are not root."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        #: Shows up in the error log.
        self.run_dir = isolation.RUN_DIR if private else self.work_dir

    def start(
        self,
        site: str,
        *,
        http: str = "",
        threads: int = _THREADS,
        error_format: str = "",
        log_level: str = "warn",
    ) -> Apache:
        """Apache with one virtual host that holds `site`; `http` goes before it."""
        modules = "\n".join(f"LoadModule {name}_module {_MODULE_DIR}/mod_{name}.so" for name in _MODULES)
        access = "\n".join(f'    CustomLog "{self.logs / file}" {style}' for file, style in ACCESS_LOGS.items())
        config = f"""
ServerRoot "{self.run_dir}"
DefaultRuntimeDir "{self.run_dir}"
PidFile "{self.run_dir}/apache2.pid"
ServerName shop.example.com
Listen {FRONT[0]}:{FRONT[1]}
{modules}
User www-data
Group www-data
StartServers 1
ServerLimit 1
ThreadLimit {threads}
ThreadsPerChild {threads}
MaxRequestWorkers {threads}
MinSpareThreads 1
MaxSpareThreads {threads}
Timeout 15
SSLSessionCache "shmcb:{self.run_dir}/ssl_scache(512000)"
ErrorLog "{self.logs}/error.log"
LogLevel {log_level}
{error_format}
{_LOG_FORMATS}
{http}
<VirtualHost {FRONT[0]}:{FRONT[1]}>
    ServerName shop.example.com
{access}
{site}
</VirtualHost>
"""
        return self.keep(Apache(config, self.run_dir, self.work_dir))

    def case(self, what: str, expect: Expect) -> Case:
        """The case with all the usual views; call it when the traffic is over."""
        time.sleep(0.3)  # Apache writes a line after the answer
        self._cross_check()
        return case_of(f"{what}\n\n{_LOGGING}", self, self._views(expect))

    def _cross_check(self) -> None:
        """The logs must tell what the client saw; a cut-off answer bears any status."""
        for log in ACCESS_LOGS:
            logged = reading.statuses(self.logs / log)
            if any(logged[status] != self.client[status] for status in reading.GATEWAY_STATUSES):
                raise AssertionError(f"client saw {dict(self.client)}, {log} has {dict(logged)}")
            if logged.total() != self.client.total() - self.unlogged:
                raise AssertionError(f"client sent {self.client.total()}, {log} has {logged.total()}")

    def _views(self, expect: Expect) -> list[View]:
        requests = self.client.total() - self.unlogged
        failures = sum(self.client[status] for status in reading.GATEWAY_STATUSES)

        def seen(logs: list[str], cause: tuple[str, ...], upstreams: tuple[str, ...] = ()) -> View:
            return View(logs, failures, requests, cause=list(cause), upstreams=list(upstreams) if cause else [])

        blind, timed = (expect.blind, expect.timed) if failures else ((), ())
        views = [
            seen(["combined.log"], blind),
            seen(["vhost.log"], blind),
            seen(["worker.log"], timed, expect.members),
        ]
        if not expect.sure:
            return [*views, seen(["combined.log", "error.log"], ()), View(["error.log"], 0)]
        if expect.attempt and not _messages(self.logs / "error.log", expect.attempt):
            note = "error.log has nothing on these requests."
            return [*views, replace(seen(["combined.log", "error.log"], blind), note=note)]
        for access in ("combined.log", "worker.log"):
            both = seen([access, "error.log"], expect.sure, expect.upstreams)
            views.append(replace(both, confidence=list(expect.confidence), other=list(expect.other)))
        return [*views, self._error_view(expect)]

    def _error_view(self, expect: Expect) -> View:
        attempts = _messages(self.logs / "error.log", expect.attempt) if expect.attempt else 0
        note = f"{attempts} lines ({expect.attempt}) tell of a failed attempt or of a request that was never tried."
        return View(
            logs=["error.log"],
            failures=attempts,
            cause=list(expect.sure),
            upstreams=list(expect.upstreams),
            confidence=list(expect.confidence),
            other=list(expect.other),
            note=note if expect.attempt else _NOT_A_GATEWAY_STATUS,
        )


_LOGGING = (
    "Apache wrote each request to combined.log, vhost.log (Debian's vhost_combined) and worker.log (combined, %D, "
    "worker=%{BALANCER_WORKER_NAME}e route=%{BALANCER_WORKER_ROUTE}e) at once. The client counted the statuses itself, "
    "each request on a connection of its own."
)

_NOT_A_GATEWAY_STATUS = "Clients got another status than 502, 503 or 504: failed attempts, but no failures."


def _messages(error_log: Path, numbers: str) -> int:
    """Lines of the error log that bear one of the message numbers (`AH01114|AH01102`)."""
    text = error_log.read_text(encoding="latin-1")
    return len(re.findall(rf"\b(?:{numbers}):", text))


def case_of(what: str, bench: Bench, views: list[View]) -> Case:
    """A case recorded now on this Apache."""
    return Case(
        server=f"{Apache.version()} ({distribution()})",
        recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
        what=what,
        client=bench.client,
        views=views,
    )
