"""A bench with Varnish: its configuration, its logs, and the views that they make."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import isolation
import reading
from bench import Bench
from case import Case, View
from servers import Varnish, distribution

_COMBINED = '%h %l %u %t "%r" %s %b "%{Referer}i" "%{User-agent}i"'

#: Every request is written to all of these at once: varnishncsa's default; with the times and the handling that
#: operators append; and the same for clients and backends, with the error of the fetch.
ACCESS_LOGS = {
    "combined.log": ["-F", _COMBINED],
    "extended.log": ["-F", _COMBINED + " %D %{Varnish:time_firstbyte}x %{Varnish:handling}x"],
    "both.log": [
        "-c",
        "-b",
        "-F",
        _COMBINED + ' %{Varnish:side}x %D %{Varnish:handling}x "%{VSL:FetchError}x" "%{VSL:BackendOpen}x"',
    ],
}

#: varnishlog's records have no stamps of their own, but for one; a service's go to syslog, which adds one to each line.
STATE_LOGS = {
    # Failed fetches and probes, one line each.
    "raw.log": ["-g", "raw", "-i", "FetchError", "-i", "Backend_health"],
    # What one would look at: fetches that failed, in short.
    "fetches.log": [
        *("-b", "-q", "FetchError"),
        *("-i", "BereqMethod", "-i", "BereqURL", "-i", "FetchError", "-i", "BerespStatus", "-i", "Timestamp"),
    ],
}


@dataclass(frozen=True)
class Expect:
    """What may be said, from the best logs to the poorest. Empty `sure`: nothing is wrong at all."""

    #: With the errors of fetches.
    sure: tuple[str, ...]
    #: From `extended.log`: the client's status, how Varnish came by the answer, and how long that took.
    timed: tuple[str, ...] = ("unknown",)
    #: From `combined.log`: the client's status and nothing else.
    blind: tuple[str, ...] = ("unknown",)
    #: Backends to blame, by their names in the VCL, where the error's text names them.
    upstreams: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ("high",)
    #: Whether fetches failed: not where the upstream answered so, nor where the VCL did.
    told: bool = True
    #: Failed attempts that a retry saved.
    masked: int | None = None


class VarnishBench(Bench):
    """Starts Varnish, its own user's jail and all."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        self.run_dir = isolation.RUN_DIR if private else self.work_dir
        self._varnish: Varnish | None = None

    def start(self, vcl: str, *, parameters: tuple[str, ...] = ()) -> Varnish:
        """Varnish with this VCL; no answer is used twice, so that each request needs a fetch."""
        whole = f"""vcl 4.1;
import directors;
import std;
{vcl}
sub vcl_backend_response {{
    set beresp.ttl = 0s;
    set beresp.grace = 0s;
}}
"""
        self._varnish = self.keep(Varnish(whole, self.work_dir, parameters))
        for name, arguments in ACCESS_LOGS.items():
            self._varnish.log("varnishncsa", arguments, self.logs / name)
        for name, arguments in STATE_LOGS.items():
            self._varnish.log("varnishlog", arguments, self.logs / name, stamped=True)
        time.sleep(1.0)  # until they are attached
        return self._varnish

    def case(self, what: str, expect: Expect) -> Case:
        """The case with all the usual views; call it when the traffic is over."""
        time.sleep(0.7)
        if self._varnish is not None:
            self._varnish.stop_logs()
        self._cross_check()
        return Case(
            server=f"{Varnish.version()} ({distribution()})",
            recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
            what=f"{what}\n\n{_LOGGING}",
            client=self.client,
            views=self._views(expect),
        )

    def _cross_check(self) -> None:
        """The logs must tell what the client saw; a cut-off answer bears any status."""
        for log in ("combined.log", "extended.log"):
            logged = reading.statuses(self.logs / log)
            if any(logged[status] != self.client[status] for status in reading.GATEWAY_STATUSES):
                raise AssertionError(f"client saw {dict(self.client)}, {log} has {dict(logged)}")
            if logged.total() != self.client.total() - self.unlogged:
                raise AssertionError(f"client sent {self.client.total()}, {log} has {logged.total()}")

    def _views(self, expect: Expect) -> list[View]:
        requests = self.client.total() - self.unlogged
        failures = sum(self.client[status] for status in reading.GATEWAY_STATUSES)

        def seen(logs: list[str], cause: tuple[str, ...], sure: bool) -> View:
            view = View(logs, failures, requests, cause=list(cause))
            if sure and cause and expect.told:
                view.upstreams, view.confidence = list(expect.upstreams), list(expect.confidence)
            return view

        blind, timed = (expect.blind, expect.timed) if failures else ((), ())
        best = expect.sure if expect.told else timed
        views = [
            seen(["combined.log"], blind, False),
            seen(["extended.log"], timed, False),
            seen(["both.log"], expect.sure, True),
            *(seen([access, log], best, True) for access in ("extended.log", "combined.log") for log in STATE_LOGS),
        ]
        if expect.told:
            views += [self._error_view(log, expect) for log in STATE_LOGS]
        return views

    def _error_view(self, log: str, expect: Expect) -> View:
        told = reading.varnish_fetch_errors(self.logs / log)
        view = View([log], told, cause=list(expect.sure), note=f"{told} fetches failed before a status was sent.")
        if expect.sure:
            view.upstreams, view.confidence = list(expect.upstreams), list(expect.confidence)
        return view


_LOGGING = (
    "varnishncsa wrote each request to combined.log, extended.log (with %D, Varnish:time_firstbyte, "
    "Varnish:handling) and, "
    "with a line for each fetch, both.log. varnishlog wrote failed fetches and probes to raw.log (-g raw) and failed "
    "fetches to fetches.log, each line stamped as syslog does. The client counted the statuses itself, each "
    "request on a "
    "connection of its own."
)
