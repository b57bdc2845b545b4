"""A bench with HAProxy, which logs through a real syslog socket."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import isolation
import reading
import syslog_daemon
from bench import Bench
from case import Case, View
from servers import FRONT, Haproxy, distribution

_RFC5424_PORT = ("127.0.0.1", 5514)
_RAW_PORT = ("127.0.0.1", 5515)


class HaproxyBench(Bench):
    """Starts HAProxy with one frontend `web`."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        self._run_dir = isolation.RUN_DIR if private else self.work_dir
        self.admin_socket = self._run_dir / "admin.sock"
        self._dialects: list[str] = []

    def start(
        self,
        backends: str,
        *,
        frontend: str = "default_backend api",
        defaults: str = "",
        bind: str = "",
        mode: str = "mode http\n    option httplog",
        dialects: bool = False,
    ) -> Haproxy:
        """HAProxy with `backends`; with `dialects` it also logs as RFC 5424, raw, and with rsyslog's ISO stamps."""
        config = f"""
global
    maxconn 400
    {self._log_targets(dialects)}
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
    {frontend}
{backends}
"""
        return self.keep(Haproxy(config, self.work_dir))

    def _log_targets(self, dialects: bool) -> str:
        device = self._run_dir / "log"
        files: dict[Path, syslog_daemon.Layout] = {self.logs / "haproxy.log": syslog_daemon.traditional}
        targets = [f"log {device} local0"]
        if dialects:
            files[self.logs / "iso.log"] = syslog_daemon.iso
            self.keep(syslog_daemon.Receiver(_RFC5424_PORT, {self.logs / "rfc5424.log": syslog_daemon.verbatim}))
            self.keep(syslog_daemon.Receiver(_RAW_PORT, {self.logs / "raw.log": syslog_daemon.verbatim}))
            targets.append(f"log {_RFC5424_PORT[0]}:{_RFC5424_PORT[1]} format rfc5424 local0")
            targets.append(f"log {_RAW_PORT[0]}:{_RAW_PORT[1]} format raw local0")
            self._dialects = ["rfc5424.log", "iso.log", "raw.log"]
        self.keep(syslog_daemon.Receiver(device, files))
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
        raw_cause: list[str] | None = None,
        note: str = "",
    ) -> Case:
        """The case with one view for each way the lines were written.

        `failures`: whether the lines are requests with a status, which a tcplog's are not.
        `masked`: whether retries of requests that ended well are failures of a server that a retry saved.
        `raw_cause`: where `format raw` knows less, as its state lines bear no time; no upstreams need be named then.
        """
        time.sleep(0.5)
        self._cross_check()
        gateway_errors = sum(self.client[status] for status in reading.GATEWAY_STATUSES)
        views = []
        for log in ["haproxy.log", *self._dialects]:
            poorer = log == "raw.log" and raw_cause is not None
            view = View(
                logs=[log],
                requests=self.client.total() if failures else None,
                failures=gateway_errors if failures else 0,
                masked_failures=reading.haproxy_retried(self.logs / "haproxy.log") if masked else None,
                cause=(raw_cause or []) if poorer else cause,
                upstreams=[] if poorer else upstreams or [],
                group=group,
                confidence=confidence or [],
                note=note,
            )
            views.append(view)
        return Case(
            server=f"{Haproxy.version()} ({distribution()})",
            recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
            what=what + "\n\n" + self._logging(),
            client=self.client,
            views=views,
        )

    def _cross_check(self) -> None:
        logged = reading.haproxy_statuses(self.logs / "haproxy.log")
        for status in reading.GATEWAY_STATUSES:
            if logged[status] != self.client[status]:
                raise AssertionError(f"client saw {dict(self.client)}, haproxy.log has {dict(logged)}")

    def _logging(self) -> str:
        text = "HAProxy logged to a syslog socket; haproxy.log is written as rsyslog's traditional file format does."
        if self._dialects:
            text += (
                " The same datagrams with rsyslog's ISO stamps are iso.log. rfc5424.log and raw.log hold what HAProxy "
                "sent at the same time with `format rfc5424` and `format raw`, as it came."
            )
        return text
