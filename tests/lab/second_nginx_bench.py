"""nginx as others set it up: other layouts of its access log, and the error log at level warn."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import reading
from case import Case, Other, View
from isolation import RUN_DIR
from nginx_bench import case_of
from second_bench import Blame, Expect, Say, SecondBench
from servers import FRONT, Nginx

#: The first three are the packaged nginx.conf's, NGINX Amplify's and the NGINX blog's; the last two are what is handed
#: on for Grafana and for Elasticsearch, cut down to what matters.
LAYOUTS = {
    "main": """'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
        '"$http_user_agent" "$http_x_forwarded_for"'""",
    "main_ext": """'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
        '"$http_user_agent" "$http_x_forwarded_for" "$host" sn="$server_name" rt=$request_time ua="$upstream_addr" '
        'us="$upstream_status" ut="$upstream_response_time" ul="$upstream_response_length" '
        'cs=$upstream_cache_status'""",
    "apm": """'"$time_local" client=$remote_addr method=$request_method request="$request" '
        'request_length=$request_length status=$status bytes_sent=$bytes_sent body_bytes_sent=$body_bytes_sent '
        'referer=$http_referer user_agent="$http_user_agent" upstream_addr=$upstream_addr '
        'upstream_status=$upstream_status request_time=$request_time upstream_response_time=$upstream_response_time '
        'upstream_connect_time=$upstream_connect_time upstream_header_time=$upstream_header_time'""",
    "keyed": """'$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
        '"$http_user_agent" $host $request_time upstream=$upstream_addr upstream_status=$upstream_status '
        'uct=$upstream_connect_time uht=$upstream_header_time urt=$upstream_response_time id=$request_id'""",
    "analytics": """escape=json '{"msec":"$msec","connection":"$connection","request_id":"$request_id",'
        '"remote_addr":"$remote_addr","time_iso8601":"$time_iso8601","request":"$request",'
        '"request_uri":"$request_uri","status":"$status","bytes_sent":"$bytes_sent",'
        '"http_user_agent":"$http_user_agent","http_x_forwarded_for":"$http_x_forwarded_for","http_host":"$http_host",'
        '"request_time":"$request_time","upstream":"$upstream_addr",'
        '"upstream_connect_time":"$upstream_connect_time","upstream_header_time":"$upstream_header_time",'
        '"upstream_response_time":"$upstream_response_time","scheme":"$scheme","request_method":"$request_method"}'""",
    "elk": """escape=json '{"@timestamp":"$time_iso8601","host":"$server_addr","clientip":"$remote_addr",'
        '"size":$body_bytes_sent,"responsetime":$request_time,"upstreamtime":"$upstream_response_time",'
        '"upstreamhost":"$upstream_addr","http_host":"$host","uri":"$uri","domain":"$host",'
        '"xff":"$http_x_forwarded_for","referer":"$http_referer","agent":"$http_user_agent","status":"$status"}'""",
}

#: Layouts with the times of connecting and of the header, and those that know the attempts as a whole.
_TIMED = ("apm", "keyed", "analytics")
_WHOLE = ("main_ext", "elk")
#: Layouts that bear `$upstream_status`, so that retries can be counted.
_RETRIES = re.compile(r' us="([^"]*)"| upstream_status=(.*?) (?:request_time|uct)=')

_STATUS = re.compile(r'(?:" (\d{3}) \d+ "| status=(\d{3}) |"status":"(\d{3})")')


def config(home: Path, access: str, error_log: str, address: tuple[str, int], site: str, http: str, main: str) -> str:
    """One nginx with one server that holds `site`; `access` are its access_log directives."""
    formats = "\n".join(f"    log_format {style} {text};" for style, text in LAYOUTS.items())
    temp = "\n".join(f"    {kind}_temp_path {home}/{kind};" for kind in _TEMPORARY)
    return f"""
user www-data;
{main}
pid {home}/nginx.pid;
error_log {error_log};
events {{ worker_connections 512; }}
http {{
{formats}
{temp}
    client_max_body_size 64m;
    {http}
    server {{
        listen {address[0]}:{address[1]};
        server_name api.example.net;
{access}
        {site}
    }}
}}
"""


_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

#: For clients whose address another proxy hands on: IPv6 ones, too.
REAL_IP = "set_real_ip_from 203.0.113.0/24; real_ip_header X-Forwarded-For;"


class SecondNginx(SecondBench):
    """Starts nginx with workers that are not root; each scenario chooses its layouts."""

    def start(
        self,
        location: str,
        *layouts: str,
        http: str = "",
        server: str = "",
        main: str = "worker_processes 1;",
        error_level: str = "warn",
    ) -> Nginx:
        """`location` is what `location /` holds; `layouts` are names of `LAYOUTS`, the first one's status counts."""
        self.layouts = layouts
        access = "\n".join(f"        access_log {self.logs}/{style}.log {style};" for style in layouts)
        site = f"{server}\n        location / {{ {location} }}"
        text = config(RUN_DIR, access, f"{self.logs}/error.log {error_level}", FRONT, site, http, main)
        return self.keep(Nginx(text, self.work_dir))

    def case(
        self,
        what: str,
        expect: Expect,
        blame: Blame = Blame(),
        *,
        error_alone: Say | None = None,
        error_failures: int | None = -1,
    ) -> Case:
        """The case: each access log alone, the poorest and the best with the error log, the error log alone.

        `error_alone`: what the error log alone tells, if that is another thing. `error_failures`: -1 for one of each of
        its lines, None where that is no fair thing to ask.
        """
        time.sleep(0.4)  # nginx writes a line after the answer
        seen = [statuses(self.logs / f"{style}.log") for style in self.layouts]
        for logged in seen:
            cross_check(self, logged)
        errors = reading.upstream_errors(self.logs / "error.log")
        views = [self._view([style], expect, blame) for style in self.layouts]
        if not expect.sure.cause:
            views += [self._view([style, "error"], expect, blame) for style in self.layouts[:1]]
        elif errors:
            best = min(self.layouts, key=lambda style: (style not in _TIMED, style == "main"))
            poorest = max(self.layouts, key=lambda style: (style not in _TIMED, style == "main"))
            views += [self._view([style, "error"], expect, blame) for style in dict.fromkeys((best, poorest))]
            views.append(self._error_view(error_alone or expect.sure, blame, errors, error_failures))
        names = ", ".join(f"{style}.log" for style in self.layouts)
        what += f"\n\nnginx wrote each request to {names}; the client counted the statuses itself."
        return case_of(what, self, views)

    def _view(self, names: list[str], expect: Expect, blame: Blame) -> View:
        say = expect.sure if "error" in names else said(expect, names[0])
        failures = sum(self.client[status] for status in reading.GATEWAY_STATUSES)
        if not failures and say == expect.blind:
            say = Say()
        view = View(
            logs=[f"{style}.log" for style in names],
            failures=failures,
            requests=self.client.total() - self.unlogged,
            masked_failures=masked(self.logs / f"{names[0]}.log"),
        )
        return told(view, say, blame, names != ["main"])

    def _error_view(self, say: Say, blame: Blame, errors: int, failures: int | None) -> View:
        note = f"{errors} lines tell of a failure: one for each failed attempt, or a request that was never tried."
        view = View(logs=["error.log"], failures=errors if failures == -1 else failures, note=note)
        return told(view, say, blame, names=True)


def said(expect: Expect, layout: str) -> Say:
    """What an access log in this layout tells."""
    return expect.timed if layout in _TIMED else expect.whole if layout in _WHOLE else expect.blind


def told(view: View, say: Say, blame: Blame, names: bool) -> View:
    """The view with what may be said; `names` where these logs know whom to blame."""
    if not say.cause:
        return view
    view = replace(view, cause=list(say.cause), tolerated=list(say.maybe), confidence=list(say.confidence))
    if not names:
        return view
    unsure = ["unknown"] if "unknown" in say.cause else []
    other = [Other(list(dict.fromkeys([*each.cause, *unsure])), each.upstreams) for each in blame.other]
    return replace(
        view, upstreams=list(blame.upstreams), other=other, top_path=blame.top_path
    )


def statuses(access_log: Path) -> Counter[str]:
    """Requests by status, in any of the layouts."""
    found = (_STATUS.search(line) for line in _lines(access_log))
    return Counter(match[match.lastindex or 0] for match in found if match)


def masked(access_log: Path) -> int | None:
    """Failed attempts of requests that ended well; None where the layout has no `$upstream_status`."""
    if access_log.stem not in ("main_ext", "apm", "keyed"):
        return None
    count = 0
    for line in _lines(access_log):
        status, attempts = _STATUS.search(line), _RETRIES.search(line)
        if status and attempts and status[status.lastindex or 0] not in reading.GATEWAY_STATUSES:
            list_ = attempts[attempts.lastindex or 0]
            count += sum(attempt in reading.GATEWAY_STATUSES for attempt in re.split(", | : ", list_))
    return count


def cross_check(bench: SecondBench, logged: Counter[str]) -> None:
    """The logs must tell what the client saw; a cut-off answer bears any status."""
    if any(logged[status] != bench.client[status] for status in reading.GATEWAY_STATUSES):
        raise AssertionError(f"client saw {dict(bench.client)}, a log has {dict(logged)}")
    if logged.total() != bench.client.total() - bench.unlogged:
        raise AssertionError(f"client sent {bench.client.total()}, a log has {logged.total()}")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="latin-1").splitlines()
