"""Two or three proxies, one in front of the other, each with logs of its own."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import reading
import second_apache_bench
import second_haproxy_bench
import second_nginx_bench
from case import Case, Other, View
from isolation import RUN_DIR
from second_bench import Say, SecondBench
from servers import Apache, Haproxy, Nginx, distribution
from syslog_daemon import Receiver

#: Where the tiers behind the first one listen.
SECOND_TIER = ("127.0.7.72", 8072)
THIRD_TIER = ("127.0.7.73", 8073)

_VERSIONS = {"nginx": Nginx.version, "haproxy": Haproxy.version, "apache": Apache.version}


@dataclass(frozen=True)
class Tier:
    """One of the proxies: its logs, and what may be said of them."""

    kind: str
    access: str
    #: Its error log, where it has one.
    error: str | None
    #: What its access log alone tells, and what both tell.
    alone: Say
    sure: Say
    #: Whom to blame.
    upstreams: tuple[str, ...]


class SecondTiers(SecondBench):
    """Starts the proxies; each is told what its own logs will tell."""

    def nginx(
        self,
        role: str,
        address: tuple[str, int],
        location: str,
        alone: Say,
        sure: Say,
        *upstreams: str,
        layout: str = "keyed",
        http: str = "",
    ) -> Tier:
        home = self._home(role)
        access, error = f"{role}-{layout}.log", f"{role}-error.log"
        directive = f"        access_log {self.logs / access} {layout};"
        site = f"location / {{ proxy_set_header Host $host; {location} }}"
        main = "worker_processes 1;"
        text = second_nginx_bench.config(home, directive, f"{self.logs / error} error", address, site, http, main)
        self.keep(Nginx(text, home, address))
        return Tier("nginx", access, error, alone, sure, upstreams)

    def haproxy(
        self, role: str, address: tuple[str, int], backend: str, say: Say, *upstreams: str, defaults: str = ""
    ) -> Tier:
        """HAProxy, whose one log holds requests and states; `backend` begins with its name."""
        home = self._home(role)
        log = f"{role}.log"
        self.keep(Receiver(home / "log", {self.logs / log: second_haproxy_bench.protocol_23}))
        frontend = f"bind {address[0]}:{address[1]}\n    default_backend {backend.split(None, 1)[0]}"
        text = second_haproxy_bench.config(home / "log", defaults, frontend, f"backend {backend}", "")
        self.keep(Haproxy(text, home, address=address))
        return Tier("haproxy", log, None, say, say, upstreams)

    def apache(self, role: str, address: tuple[str, int], site: str, alone: Say, sure: Say, *upstreams: str) -> Tier:
        home = self._home(role)
        text = second_apache_bench.config(self.logs, f"{role}-", address, site)
        self.keep(Apache(text, RUN_DIR, home, address))
        return Tier("apache", f"{role}-other_vhosts_access.log", f"{role}-error.log", alone, sure, upstreams)

    def _home(self, role: str) -> Path:
        home = RUN_DIR / role
        home.mkdir(exist_ok=True)
        return home

    def case(
        self, what: str, tiers: list[Tier], root: Say, blamed: tuple[str, ...], unsure: tuple[str, ...] = ()
    ) -> Case:
        """Each tier alone, the outermost with the innermost, all access logs, all logs.

        `root`: what all logs together tell of `blamed`; `unsure`: what else without the error logs.
        """
        time.sleep(0.6)
        seen = {tier: self._statuses(tier) for tier in tiers}
        for status in reading.GATEWAY_STATUSES:
            if seen[tiers[0]][status] != self.client[status]:
                raise AssertionError(f"client saw {dict(self.client)}, the outer log has {dict(seen[tiers[0]])}")
        views = []
        for tier in tiers:
            views.append(_view([tier], [tier.access], seen, tier.alone, tier.upstreams if _names(tier) else ()))
            if tier.error and tier.sure.cause:
                views.append(_view([tier], [tier.access, tier.error], seen, tier.sure, tier.upstreams))
        accesses, errors = [tier.access for tier in tiers], [tier.error for tier in tiers if tier.error]
        poorer = Say((*root.cause, *unsure), root.maybe)
        views.append(_view(tiers, [*accesses, *errors], seen, root, (), blamed))
        views.append(_view(tiers, accesses, seen, poorer, (), blamed if _names(tiers[-1]) else ()))
        if len(tiers) > 2:
            ends = [tiers[0], tiers[-1]]
            views.append(_view(ends, [tier.access for tier in ends] + errors[-1:], seen, root, (), blamed))
        kinds = dict.fromkeys(tier.kind for tier in tiers)
        return Case(
            server=", ".join(f"{_VERSIONS[kind]()} ({distribution()})" for kind in kinds),
            recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
            what=f"{what}\n\n{_LOGGING}",
            client=self.client,
            views=views,
        )

    def _statuses(self, tier: Tier) -> Counter[str]:
        log = self.logs / tier.access
        if tier.kind == "nginx":
            return second_nginx_bench.statuses(log)
        return reading.haproxy_statuses(log) if tier.kind == "haproxy" else second_apache_bench.statuses(log)


_LOGGING = (
    "Each tier wrote logs of its own. The client spoke to the outermost one alone. `status` is what the logs of a view "
    "hold: where they are several tiers', every request is there several times."
)


def _names(tier: Tier) -> bool:
    """Whether its access log alone knows the upstream."""
    return tier.kind != "apache"


def _view(
    tiers: list[Tier],
    logs: list[str],
    seen: dict[Tier, Counter[str]],
    say: Say,
    upstreams: tuple[str, ...],
    other: tuple[str, ...] = (),
) -> View:
    """`other`: whom an incident must name, be it the main one or another."""
    statuses = sum((seen[tier] for tier in tiers), Counter())
    failed = {status: statuses[status] for status in reading.GATEWAY_STATUSES if statuses[status]}
    rows: dict[str, tuple[int, int]] = {}
    for tier in tiers if len(tiers) > 1 else []:
        name = f"haproxy@{second_haproxy_bench.HOST}" if tier.kind == "haproxy" else tier.kind
        requests, failures = rows.get(name, (0, 0))
        own = sum(seen[tier][status] for status in reading.GATEWAY_STATUSES)
        rows[name] = (requests + seen[tier].total(), failures + own)
    return View(
        logs=logs,
        requests=statuses.total(),
        failures=sum(failed.values()),
        status=failed,
        proxies=rows,
        cause=list(say.cause),
        tolerated=list(say.maybe),
        upstreams=list(upstreams) if say.cause else [],
        other=[Other(list(say.cause), list(other))] if other and say.cause else [],
    )
