"""A bench with nginx: its configuration, its five logs, and the views that they make."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import reading
from bench import Bench
from case import Case, Other, View
from servers import FRONT, Nginx, distribution

#: Every request is written to all of these at once.
_LOG_FORMATS = r"""
    log_format upstream '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
        '"$http_referer" "$http_user_agent" rt=$request_time uct="$upstream_connect_time" '
        'uht="$upstream_header_time" urt="$upstream_response_time" ua="$upstream_addr" us="$upstream_status"';
    log_format json escape=json '{"time_iso8601":"$time_iso8601","remote_addr":"$remote_addr",'
        '"request_method":"$request_method","request_uri":"$request_uri","status":"$status",'
        '"body_bytes_sent":"$body_bytes_sent","request_time":"$request_time","upstream_addr":"$upstream_addr",'
        '"upstream_status":"$upstream_status","upstream_response_time":"$upstream_response_time",'
        '"upstream_connect_time":"$upstream_connect_time","upstream_header_time":"$upstream_header_time",'
        '"http_user_agent":"$http_user_agent","host":"$host","request_id":"$request_id"}';
    log_format ingress '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
        '"$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] '
        '[$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time '
        '$upstream_status $request_id';
"""

INGRESS_GROUP = "default-api-8080"


@dataclass(frozen=True)
class Expect:
    """What may be said, from the best logs to the poorest. Empty `sure`: nothing is wrong at all."""

    #: With the error log.
    sure: tuple[str, ...]
    #: From `upstream.log` and `json.log`: addresses, statuses and all times of every attempt.
    timed: tuple[str, ...] | None = None
    #: From `ingress.log`: addresses and statuses, but of the times only the whole.
    ingress: tuple[str, ...] | None = None
    #: From `combined.log`: the client's status and nothing else.
    blind: tuple[str, ...] = ("unknown",)
    #: Addresses to blame.
    upstreams: tuple[str, ...] = ()
    #: The same for the error log alone, where it differs.
    error_upstreams: tuple[str, ...] | None = None
    #: The `upstream` block to blame, where a line names it.
    group: str | None = None
    confidence: tuple[str, ...] = ("high",)
    #: Acceptable too, from any logs, but not with high confidence.
    tolerated: tuple[str, ...] = ()
    #: Failures in the error log alone; None: one for each of its lines but those about answers that were cut off.
    error_failures: int | None = None
    #: Busiest path of the failures, where one path alone fails.
    top_path: str | None = None
    #: Incidents besides the main one.
    other: tuple[Other, ...] = ()


class NginxBench(Bench):
    """Starts nginx with workers that are not root, one worker unless `main` says otherwise."""

    def start(
        self,
        location: str,
        *,
        http: str = "",
        server: str = "",
        main: str = "worker_processes 1;",
        connections: int = 256,
        error_level: str = "error",
        access: dict[str, str] | None = None,
    ) -> Nginx:
        """nginx with one server; `location` is what `location /` holds, the others are put where they are named."""
        access = access or {name: name.removesuffix(".log") for name in ACCESS_LOGS}
        access_logs = "\n".join(f"        access_log {self.logs / file} {style};" for file, style in access.items())
        temp = "\n".join(
            f"    {kind}_temp_path {self.work_dir}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = f"""
user www-data;
{main}
pid {self.work_dir}/nginx.pid;
error_log {self.logs}/error.log {error_level};
events {{ worker_connections {connections}; }}
http {{
{_LOG_FORMATS}
{temp}
    {http}
    server {{
        listen {FRONT[0]}:{FRONT[1]};
        server_name shop.example.com;
        set $proxy_upstream_name "{INGRESS_GROUP}";
        set $proxy_alternative_upstream_name "";
{access_logs}
        {server}
        location / {{ {location} }}
    }}
}}
"""
        return self.keep(Nginx(config, self.work_dir))

    def case(self, what: str, expect: Expect) -> Case:
        """The case with all the usual views; call it when the traffic is over."""
        time.sleep(0.3)  # nginx writes a line after the answer
        self._cross_check()
        what += "\n\n" + _LOGGING
        return case_of(what, self, self._views(expect))

    def _cross_check(self) -> None:
        """The logs must tell what the client saw; a cut-off answer bears any status."""
        logged = reading.statuses(self.logs / "combined.log")
        for status in reading.GATEWAY_STATUSES:
            if logged[status] != self.client[status]:
                raise AssertionError(f"client saw {dict(self.client)}, combined.log has {dict(logged)}")
        if logged.total() != self.client.total() - self.unlogged:
            raise AssertionError(f"client sent {self.client.total()}, combined.log has {logged.total()}")

    def _views(self, expect: Expect) -> list[View]:
        requests = self.client.total() - self.unlogged
        failures = sum(self.client[status] for status in reading.GATEWAY_STATUSES)
        masked = reading.masked(self.logs / "upstream.log")
        errors = reading.upstream_errors(self.logs / "error.log")

        def seen(logs: list[str], cause: tuple[str, ...], masked_failures: int | None, names: bool) -> View:
            names = names and bool(cause)
            return View(
                logs=logs,
                requests=requests,
                failures=failures,
                masked_failures=masked_failures,
                cause=list(cause),
                tolerated=list(expect.tolerated) if cause else [],
                upstreams=list(expect.upstreams) if names else [],
                group=expect.group if names else None,
                top_path=expect.top_path if cause else None,
                other=list(expect.other) if names else [],
                confidence=list(expect.confidence) if "error.log" in logs and errors else [],
            )

        timed = expect.sure if expect.timed is None else expect.timed
        blind = expect.blind if failures else ()
        ingress = seen(["ingress.log"], expect.ingress or _or_unknown(timed), masked, names=True)
        ingress.group = INGRESS_GROUP if ingress.cause else None
        ingress.other = [Other([*other.cause, "unknown"], other.upstreams) for other in ingress.other]
        views = [
            seen(["combined.log"], blind, None, names=False),
            seen(["combined.log", "error.log"], expect.sure if errors else blind, None, names=bool(errors)),
            seen(["upstream.log"], timed, masked, names=True),
            seen(["upstream.log", "error.log"], expect.sure, masked, names=True),
            seen(["json.log"], timed, masked, names=True),
            ingress,
        ]
        if not errors:
            views[1].note = "error.log has nothing on these requests."
        else:
            views.append(self._error_view(expect, errors))
        return views

    def _error_view(self, expect: Expect, errors: int) -> View:
        upstreams = expect.upstreams if expect.error_upstreams is None else expect.error_upstreams
        whole = errors - reading.cut_answers(self.logs / "error.log")
        return View(
            logs=["error.log"],
            failures=whole if expect.error_failures is None else expect.error_failures,
            cause=list(expect.sure),
            tolerated=list(expect.tolerated),
            upstreams=list(upstreams),
            group=expect.group,
            top_path=expect.top_path,
            other=list(expect.other),
            confidence=list(expect.confidence),
            note=f"{errors} lines tell of a failure: one for each failed attempt, or a request that was never tried.",
        )


ACCESS_LOGS = ("combined.log", "upstream.log", "json.log", "ingress.log")

_LOGGING = (
    "nginx wrote each request to combined.log, upstream.log, json.log and ingress.log at once. The client counted the "
    "statuses itself, each request on a connection of its own."
)


def _or_unknown(causes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*causes, "unknown"))) if causes else ()


def case_of(what: str, bench: Bench, views: list[View]) -> Case:
    """A case recorded now on this nginx."""
    return Case(
        server=f"{Nginx.version()} ({distribution()})",
        recorded=datetime.now(UTC).strftime("%Y-%m-%d"),
        what=what,
        client=bench.client,
        views=views,
    )
