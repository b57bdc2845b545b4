"""A bench with two proxies, one in front of the other, each with its own logs."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import reading
import syslog_daemon
from bench import Bench
from case import Case, Other, View
from servers import FRONT, Haproxy, Nginx, Server, distribution

#: Where the inner proxy listens, and how the outer one names it.
INNER = ("127.0.0.1", 8081)
INNER_BY_NGINX = "127.0.0.1:8081"
INNER_BY_HAPROXY = "edge/inner"

_UPSTREAM = (
    "'$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
    '"$http_user_agent" rt=$request_time uct="$upstream_connect_time" uht="$upstream_header_time" '
    'urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"{rid}\''
)
_JSON = (
    "escape=json '{{\"time_iso8601\":\"$time_iso8601\",\"remote_addr\":\"$remote_addr\","
    '"request_method":"$request_method","request_uri":"$request_uri","status":"$status",'
    '"request_time":"$request_time","upstream_addr":"$upstream_addr","upstream_status":"$upstream_status",'
    '"upstream_response_time":"$upstream_response_time","upstream_connect_time":"$upstream_connect_time",'
    '"upstream_header_time":"$upstream_header_time"{rid}}}\''
)
#: HAProxy's manual proposes this id.
_UNIQUE_ID = "unique-id-format %{+X}o%ci:%cp_%fi:%fp_%Ts_%rt:%pid\n    unique-id-header X-Request-ID"
#: `option httplog`, and the request's id at the end.
_HTTPLOG_WITH_ID = (
    'log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs '
    '%{+Q}r %ID"'
)


@dataclass(frozen=True)
class Tier:
    """One of the two proxies: what it is, where it listens, its logs."""

    kind: str
    role: str
    #: Its access logs, the first with the lab's favourite layout.
    access: list[str]
    #: What else it writes that tells of failures.
    errors: list[str]


class TierBench(Bench):
    """Starts an inner and an outer proxy. With `ids` each request has one id in the logs of both."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        self._proxies: dict[str, Server] = {}

    def stop_inner(self) -> None:
        """The inner proxy is gone; its logs stay."""
        self._proxies["inner"].stop()

    def nginx(self, role: str, location: str, *, http: str = "", ids: bool = False) -> Tier:
        """nginx as the `outer` or the `inner` proxy. The outer one makes the id, the inner one takes what it gets."""
        outer = role == "outer"
        variable = "$request_id" if outer else "$http_x_request_id"
        send = f"proxy_set_header X-Request-ID {variable};" if ids else ""
        host, port = FRONT if outer else INNER
        home = self._home(role)
        config = f"""
user www-data;
worker_processes 1;
pid {home}/nginx.pid;
error_log {self.logs}/{role}-error.log error;
events {{ worker_connections 256; }}
http {{
    log_format upstream {_UPSTREAM.format(rid=f' rid="{variable}"' if ids else "")};
    log_format json {_JSON.format(rid=f',"request_id":"{variable}"' if ids else "")};
    {" ".join(f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))}
    {http}
    server {{
        listen {host}:{port};
        server_name shop.example.com;
        access_log {self.logs}/{role}-access.log upstream;
        access_log {self.logs}/{role}-json.log json;
        location / {{ proxy_set_header Host $host; {send} {location} }}
    }}
}}
"""
        self._proxies[role] = self.keep(Nginx(config, home, (host, port)))
        return Tier("nginx", role, [f"{role}-access.log", f"{role}-json.log"], [f"{role}-error.log"])

    def haproxy(self, role: str, backend: str, *, ids: bool = False) -> Tier:
        """HAProxy as the `outer` or the `inner` proxy; `backend` is a backend's name and its lines."""
        outer = role == "outer"
        host, port = FRONT if outer else INNER
        name = backend.split("\n", 1)[0]
        home = self._home(role)
        device = home / "log"
        self.keep(syslog_daemon.Receiver(device, {self.logs / f"{role}.log": syslog_daemon.traditional}))
        logging = "option httplog"
        if ids and outer:
            logging = f"{_UNIQUE_ID}\n    {_HTTPLOG_WITH_ID}"
        elif ids:
            logging += "\n    capture request header X-Request-ID len 64"
        config = f"""
global
    maxconn 400
    log {device} local0
defaults
    log global
    mode http
    timeout connect 1s
    timeout client 15s
    timeout server 1s
frontend web
    bind {host}:{port}
    {logging}
    default_backend {name}
backend {backend}
"""
        self._proxies[role] = self.keep(Haproxy(config, home, address=(host, port)))
        return Tier("haproxy", role, [f"{role}.log"], [])

    def _home(self, role: str) -> Path:
        home = self.work_dir / role
        home.mkdir()
        return home

    def case(
        self,
        what: str,
        outer: Tier,
        inner: Tier,
        *,
        cause: list[str],
        upstreams: list[str],
        outer_cause: list[str],
        inner_cause: list[str] | None = None,
        unsure: list[str] | None = None,
    ) -> Case:
        """The case: each tier alone, and both.

        `cause`: what both together tell, with the error log where there is one. `inner_cause`: what the inner tier
        alone tells, if that is another thing. `unsure`: what an access log that lacks its error log may be taken for
        besides.
        """
        time.sleep(0.5)
        seen = {tier.role: self._statuses(tier) for tier in (outer, inner)}
        self._cross_check(seen["outer"])
        inner_cause = cause if inner_cause is None else inner_cause
        named = upstreams if inner_cause else []
        poorer = [*cause, *(unsure or [])]
        both = seen["outer"] + seen["inner"]
        views = []
        for access in outer.access:
            there = INNER_BY_HAPROXY if outer.kind == "haproxy" else INNER_BY_NGINX
            views.append(_view([access], seen["outer"], outer_cause, [there]))
        for access in inner.access:
            views.append(_view([access], seen["inner"], inner_cause and poorer, named))
            if inner.errors and access == inner.access[0]:
                views.append(_view([access, *inner.errors], seen["inner"], inner_cause, named))
        together = [*outer.access[:1], *outer.errors, *inner.access[:1], *inner.errors]
        views.append(_view(together, both, cause, []))
        views.append(_view([outer.access[-1], inner.access[-1]], both, poorer, []))
        for view in views[-2:]:
            view.proxies = _by_kind([(outer, seen["outer"]), (inner, seen["inner"])])
            # Which of the two is the main one may be either: as many failures, for the same reason.
            view.other = [Other(view.cause, upstreams)] if upstreams else []
        versions = {"nginx": Nginx.version, "haproxy": Haproxy.version}
        kinds = dict.fromkeys((outer.kind, inner.kind))
        return Case(
            server=", ".join(f"{versions[kind]()} ({distribution()})" for kind in kinds),
            recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
            what=what + "\n\n" + _LOGGING,
            client=self.client,
            views=views,
        )

    def _statuses(self, tier: Tier) -> Counter[str]:
        log = self.logs / tier.access[0]
        return reading.statuses(log) if tier.kind == "nginx" else reading.haproxy_statuses(log)

    def _cross_check(self, outer: Counter[str]) -> None:
        for status in reading.GATEWAY_STATUSES:
            if outer[status] != self.client[status]:
                raise AssertionError(f"client saw {dict(self.client)}, the outer log has {dict(outer)}")


_LOGGING = (
    "Each tier wrote logs of its own, named after it. The client spoke to the outer one alone. `status` is what the "
    "logs of a view hold, and where they are both tiers' every request is there twice."
)


def _view(logs: list[str], statuses: Counter[str], cause: list[str], upstreams: list[str]) -> View:
    failed = {status: statuses[status] for status in reading.GATEWAY_STATUSES if statuses[status]}
    return View(
        logs=logs,
        requests=statuses.total(),
        failures=sum(failed.values()),
        masked_failures=0,
        status=failed,
        cause=cause,
        upstreams=upstreams if cause else [],
    )


def _by_kind(tiers: list[tuple[Tier, Counter[str]]]) -> dict[str, tuple[int, int]]:
    """Requests and failures by proxy as a report names it: its kind, and the host where its lines bear one."""
    rows: dict[str, tuple[int, int]] = {}
    for tier, statuses in tiers:
        name = tier.kind + (f"@{syslog_daemon.HOST}" if tier.kind == "haproxy" else "")
        requests, failures = rows.get(name, (0, 0))
        failed = sum(statuses[status] for status in reading.GATEWAY_STATUSES)
        rows[name] = (requests + statuses.total(), failures + failed)
    return rows
