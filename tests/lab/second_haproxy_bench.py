"""HAProxy as others run it: in a container, under journald, behind a collector that keeps RFC 5424."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import reading
from case import Case, Other, View
from isolation import RUN_DIR
from second_bench import Blame, Say, SecondBench
from servers import FRONT, Haproxy, distribution
from syslog_daemon import Layout, Receiver

HOST = "edge-2"

_RFC3164 = re.compile(r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d (\w+)\[(\d+)\]: (.*)", re.DOTALL)


def _parts(datagram: str) -> tuple[str, str, str, str]:
    """Priority, program, process id and message."""
    found = _RFC3164.fullmatch(datagram)
    if found is None:
        raise ValueError(f"not HAProxy's datagram: {datagram!r}")
    priority, program, process, message = found.groups()
    return priority, program, process, message.rstrip("\n")


def journal_short(datagram: str) -> str:
    """`journalctl -o short`: day with a leading zero."""
    _, program, process, message = _parts(datagram)
    return f"{datetime.now(UTC):%b %d %H:%M:%S} {HOST} {program}[{process}]: {message}"


def journal_iso(datagram: str) -> str:
    """`journalctl -o short-iso`."""
    _, program, process, message = _parts(datagram)
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S%z} {HOST} {program}[{process}]: {message}"


def protocol_23(datagram: str) -> str:
    """rsyslog's `RSYSLOG_SyslogProtocol23Format`, which is RFC 5424."""
    priority, program, process, message = _parts(datagram)
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return f"<{priority}>1 {now} {HOST} {program} {process} - -  {message}"


def container(datagram: str) -> str:
    """`log stdout format raw` as containerd keeps it in /var/log/pods."""
    return f"{_nanoseconds()} stdout F {_parts(datagram)[3]}"


def docker(datagram: str) -> str:
    """The same as Docker's json-file driver keeps it."""
    line = {"log": _parts(datagram)[3] + "\n", "stream": "stdout", "time": _nanoseconds()}
    return json.dumps(line, separators=(",", ":"))


def _nanoseconds() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.{time.time_ns() % 1_000_000_000:09d}Z"


#: The logs that hold all that HAProxy says, by file: as found on the host,
ON_HOST: dict[str, Layout] = {"journal.log": journal_iso, "container.log": container}
#: or as collected from it.
COLLECTED: dict[str, Layout] = {"rfc5424.log": protocol_23, "docker.log": docker}
#: What the frontend alone logs: requests, no word of the backends' servers.
REQUESTS = "requests.log"


def config(device: Path, defaults: str, frontend: str, backends: str, main: str, requests: Path | None = None) -> str:
    """One HAProxy with one frontend, `public`."""
    own_log = f"log {requests} local2" if requests else ""
    return f"""
global
    maxconn 600
    log {device} local2
    {main}
defaults
    log global
    mode http
    option httplog
    timeout connect 1500ms
    timeout client 20s
    timeout server 1500ms
    {defaults}
frontend public
    {own_log}
    {frontend}
{backends}
"""


class SecondHaproxy(SecondBench):
    """Starts HAProxy with one frontend, `public`."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        self.admin_socket = RUN_DIR / "haproxy-admin.sock"
        #: To be set before `start`.
        self.layouts = ON_HOST

    def start(
        self,
        backends: str,
        *,
        frontend: str = "default_backend accounts",
        defaults: str = "",
        main: str = "",
        reloadable: bool = False,
    ) -> Haproxy:
        """HAProxy with `backends`; `main` goes into `global`, `reloadable` makes it a master with a worker."""
        device, requests = RUN_DIR / "devlog", RUN_DIR / "devlog-requests"
        self.keep(Receiver(device, {self.logs / file: layout for file, layout in self.layouts.items()}))
        self.keep(Receiver(requests, {self.logs / REQUESTS: journal_short}))
        main += f"\n    stats socket {self.admin_socket} mode 600 level admin"
        bind = f"bind {FRONT[0]}:{FRONT[1]}\n    {frontend}"
        return self.keep(Haproxy(config(device, defaults, bind, backends, main, requests), self.work_dir, reloadable))

    def command(self, line: str) -> str:
        return Haproxy.command(self.admin_socket, line)

    def case(
        self, what: str, say: Say, blame: Blame = Blame(), *, bare: Say | None = None, bare_blame: Blame | None = None
    ) -> Case:
        """One view for each log. `bare`: what requests alone tell, where that is less; then they name `bare_blame`."""
        time.sleep(0.6)
        for log in (*self.layouts, REQUESTS):
            logged = reading.haproxy_statuses(self.logs / log)
            if any(logged[status] != self.client[status] for status in reading.GATEWAY_STATUSES):
                raise AssertionError(f"client saw {dict(self.client)}, {log} has {dict(logged)}")
        views = [self._view(log, say, blame) for log in self.layouts]
        if bare is None:
            views.append(self._view(REQUESTS, say, blame))
        else:
            views.append(self._view(REQUESTS, bare, bare_blame or Blame(group=blame.group)))
        return Case(
            server=f"{Haproxy.version()} ({distribution()})",
            recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
            what=f"{what}\n\n{_LOGGING}",
            client=self.client,
            views=views,
        )

    def _view(self, log: str, say: Say, blame: Blame) -> View:
        ill = bool(say.cause)
        return View(
            logs=[log],
            requests=self.client.total() - self.unlogged,
            failures=sum(self.client[status] for status in reading.GATEWAY_STATUSES),
            masked_failures=reading.haproxy_masked(self.logs / REQUESTS),
            cause=list(say.cause),
            tolerated=list(say.maybe),
            confidence=list(say.confidence),
            upstreams=list(blame.upstreams) if ill else [],
            group=blame.group if ill else None,
            other=[Other(list(each.cause), each.upstreams) for each in blame.other] if ill else [],
            top_path=blame.top_path if ill else None,
        )


_LOGGING = (
    "HAProxy logged to a syslog socket. journal.log is the datagrams as journald prints them (short-iso), "
    "container.log "
    "without a header, as in a pod's log; or rfc5424.log is them as rsyslog writes RFC 5424, docker.log as Docker's "
    "json-file. requests.log (journald, short) is what the frontend alone logs: no word of the backends' servers."
)
