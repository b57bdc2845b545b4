"""A bench with HAProxy, which logs through a real syslog socket."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import isolation
import reading
import syslog_daemon
from bench import Bench
from case import Case, Other, View
from servers import FRONT, Haproxy, distribution

_RFC5424_PORT = ("127.0.0.1", 5514)
_RAW_PORT = ("127.0.0.1", 5515)


class HaproxyBench(Bench):
    """Starts HAProxy with one frontend `web`; every line goes to several log targets at once."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        self._run_dir = isolation.RUN_DIR if private else self.work_dir
        self.admin_socket = self._run_dir / "admin.sock"

    def start(
        self,
        backends: str,
        *,
        frontend: str = "default_backend api",
        defaults: str = "",
        bind: str = "",
        mode: str = "mode http\n    option httplog",
        main: str = "maxconn 400",
        reloadable: bool = False,
    ) -> Haproxy:
        """HAProxy with `backends`; `main` goes into `global`, `reloadable` makes it a master with a worker."""
        requests = self._run_dir / "requests"
        self.keep(syslog_daemon.Receiver(requests, {self.logs / "requests.log": syslog_daemon.traditional}))
        config = f"""
global
    {main}
    {self._log_targets()}
    stats socket {self.admin_socket} mode 600 level admin
defaults
    log global
    {mode}
    timeout connect 1s
    timeout client 15s
    timeout server 1s
    {defaults}
frontend web
    bind {FRONT[0]}:{FRONT[1]} {bind}
    log {requests} local0
    {frontend}
{backends}
"""
        return self.keep(Haproxy(config, self.work_dir, reloadable))

    def _log_targets(self) -> str:
        """The targets of `log global`: all that a backend says of its servers goes there, but not to requests.log."""
        device = self._run_dir / "log"
        layouts = {self.logs / "haproxy.log": syslog_daemon.traditional, self.logs / "iso.log": syslog_daemon.iso}
        self.keep(syslog_daemon.Receiver(device, layouts))
        self.keep(syslog_daemon.Receiver(_RFC5424_PORT, {self.logs / "rfc5424.log": syslog_daemon.verbatim}))
        self.keep(syslog_daemon.Receiver(_RAW_PORT, {self.logs / "raw.log": syslog_daemon.verbatim}))
        targets = (
            f"log {device} local0",
            f"log {_RFC5424_PORT[0]}:{_RFC5424_PORT[1]} format rfc5424 local0",
            f"log {_RAW_PORT[0]}:{_RAW_PORT[1]} format raw local0",
        )
        return "\n    ".join(targets)

    def command(self, line: str) -> str:
        """An operator's command on the admin socket."""
        return Haproxy.command(self.admin_socket, line)

    def case(
        self,
        what: str,
        cause: list[str],
        *,
        failures: bool = True,
        upstreams: list[str] | None = None,
        group: str | None = None,
        confidence: list[str] | None = None,
        masked: bool = True,
        bare_cause: list[str] | None = None,
        other: list[Other] | None = None,
        top_path: str | None = None,
        tolerated: list[str] | None = None,
        note: str = "",
    ) -> Case:
        """The case with one view for each way the lines were written.

        `failures`: whether the lines are requests with a status, which a tcplog's are not.
        `masked`: whether retries of requests that ended well are failures of a server that a retry saved.
        `bare_cause`: where requests alone, without what HAProxy says of its servers, tell less; no upstreams need be
        named then. In `format raw` these lines bear no time, so that they may or may not be of use.
        """
        time.sleep(0.5)
        self._cross_check()

        def seen(log: str) -> View:
            accepted = cause
            if poorer := bare_cause is not None and log in ("requests.log", "raw.log"):
                accepted = bare_cause if log == "requests.log" else list(dict.fromkeys(cause + bare_cause))
            return View(
                logs=[log],
                requests=self.client.total() - self.unlogged if failures else None,
                failures=sum(self.client[status] for status in reading.GATEWAY_STATUSES) if failures else 0,
                masked_failures=reading.haproxy_masked(self.logs / "haproxy.log") if masked else None,
                cause=accepted,
                tolerated=tolerated or [] if accepted else [],
                upstreams=[] if poorer else upstreams or [],
                group=group if accepted else None,
                confidence=[] if poorer else confidence or [],
                other=[] if poorer else other or [],
                top_path=top_path if accepted else None,
                note=note,
            )

        return Case(
            server=f"{Haproxy.version()} ({distribution()})",
            recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
            what=what + "\n\n" + _LOGGING,
            client=self.client,
            views=[seen(log) for log in LOGS],
        )

    def _cross_check(self) -> None:
        logged = reading.haproxy_statuses(self.logs / "haproxy.log")
        for status in reading.GATEWAY_STATUSES:
            if logged[status] != self.client[status]:
                raise AssertionError(f"client saw {dict(self.client)}, haproxy.log has {dict(logged)}")


LOGS = ("haproxy.log", "requests.log", "iso.log", "rfc5424.log", "raw.log")

_LOGGING = (
    "HAProxy logged to syslog sockets; haproxy.log is written as rsyslog's traditional file format does. The same "
    "datagrams with rsyslog's ISO stamps are iso.log. rfc5424.log and raw.log hold what HAProxy sent at the same time "
    "with `format rfc5424` and `format raw`, as it came. requests.log is what the frontend alone logs: no word of the "
    "backends' servers."
)
