"""A bench with Caddy: its configuration, its logs, and the views that they make."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import isolation
import reading
from bench import Bench
from case import Case, Other, View
from servers import FRONT, Caddy, distribution

#: Every line goes to all of these at once, as far as each takes it: the access log alone and all but it, as a site's
#: `log` directive with a file parts them; both together, as containers write them, with stamps and times as text; and
#: as a terminal shows them.
_JSON = {"format": "json"}
_LOGS = {
    "access.log": {"include": ["http.log.access"], "encoder": _JSON},
    "error.log": {"exclude": ["http.log.access"], "encoder": _JSON},
    "all.log": {"encoder": {**_JSON, "time_format": "iso8601", "duration_format": "string"}},
    "console.log": {"encoder": {"format": "console"}},
}

#: Who runs Caddy where the lab is root: not root, to whom every socket is open.
_USER = ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups"]


@dataclass(frozen=True)
class Expect:
    """What may be said, from the best logs to the poorest. Empty `sure`: nothing is wrong at all."""

    #: With Caddy's errors.
    sure: tuple[str, ...]
    #: From the access log: the client's status, and how long the whole took.
    timed: tuple[str, ...] = ("unknown",)
    #: Addresses to blame. Caddy names them only where connecting failed, and where a response broke off.
    upstreams: tuple[str, ...] = ()
    confidence: tuple[str, ...] = ("high",)
    #: Whether Caddy logs its errors: not where the upstream answered so, nor where `handle_errors` took over.
    told: bool = True
    #: Incidents besides the main one, with Caddy's errors.
    other: tuple[Other, ...] = ()


class CaddyBench(Bench):
    """Starts Caddy as a user that is not root."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        self.run_dir = isolation.RUN_DIR if private else self.work_dir

    def start(self, site: str, *, options: str = "") -> Caddy:
        """Caddy with one site that holds `site`; `options` are global."""
        caddyfile = self.work_dir / "Caddyfile"
        caddyfile.write_text(
            f"{{\n\tauto_https off\n\tadmin off\n{options}\n}}\n"
            f"http://:{FRONT[1]} {{\n\tbind {FRONT[0]}\n\tlog\n{site}\n}}\n",
            encoding="utf-8",
        )
        adapted = subprocess.run(
            ["caddy", "adapt", "--config", str(caddyfile)], capture_output=True, text=True, check=True
        )
        config = json.loads(adapted.stdout)
        config["logging"] = {"logs": {name: self._log(name, log) for name, log in _LOGS.items()}}
        config["logging"]["logs"]["default"] = {"writer": {"output": "discard"}}
        user = _USER if os.geteuid() == 0 else []
        if user:
            self.logs.chmod(0o777)
        return self.keep(Caddy(config, self.work_dir, user))

    def _log(self, name: str, log: dict[str, object]) -> dict[str, object]:
        return {"writer": {"output": "file", "filename": str(self.logs / name)}, "level": "INFO", **log}

    def case(self, what: str, expect: Expect) -> Case:
        """The case with all the usual views; call it when the traffic is over."""
        time.sleep(0.3)
        self._cross_check()
        return Case(
            server=f"{Caddy.version()} ({distribution()})",
            recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
            what=f"{what}\n\n{_LOGGING}",
            client=self.client,
            views=self._views(expect),
        )

    def _cross_check(self) -> None:
        """The logs must tell what the client saw; a cut-off answer bears any status."""
        logged = reading.caddy_statuses(self.logs / "access.log")
        if any(logged[status] != self.client[status] for status in reading.GATEWAY_STATUSES):
            raise AssertionError(f"client saw {dict(self.client)}, access.log has {dict(logged)}")
        if logged.total() != self.client.total():
            raise AssertionError(f"client sent {self.client.total()}, access.log has {logged.total()}")

    def _views(self, expect: Expect) -> list[View]:
        requests = self.client.total()
        failures = sum(self.client[status] for status in reading.GATEWAY_STATUSES)

        def seen(logs: list[str], cause: tuple[str, ...], upstreams: tuple[str, ...] = ()) -> View:
            return View(logs, failures, requests, cause=list(cause), upstreams=list(upstreams) if cause else [])

        best = expect.sure if expect.told else expect.timed
        views = [seen(["access.log"], expect.timed if failures else ())]
        for logs in (["access.log", "error.log"], ["all.log"], ["console.log"]):
            whole = seen(logs, best, expect.upstreams)
            if expect.told and expect.sure:
                whole = replace(whole, confidence=list(expect.confidence), other=list(expect.other))
            views.append(whole)
        if expect.told:
            views.append(self._error_view(expect))
        return views

    def _error_view(self, expect: Expect) -> View:
        told = reading.caddy_errors(self.logs / "error.log")
        return View(
            logs=["error.log"],
            failures=told,
            cause=list(expect.sure),
            upstreams=list(expect.upstreams) if expect.sure else [],
            confidence=list(expect.confidence) if expect.sure else [],
            other=list(expect.other),
            note=f"{told} lines of http.log.error tell of a request that ended in 502, 503 or 504.",
        )


_LOGGING = (
    "Caddy wrote each line to access.log (http.log.access) or error.log (all others), and all of them to all.log "
    "(iso8601 stamps, durations as text) and console.log (the console encoder). The client counted the "
    "statuses itself, "
    "each request on a connection of its own."
)
