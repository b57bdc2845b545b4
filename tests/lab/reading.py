"""The plainest possible reading of the recorded logs, to hold them against what the client counted.

On purpose this knows only the lab's own layouts and shares nothing with gatewhy.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

GATEWAY_STATUSES = ("502", "503", "504")

_COMBINED = re.compile(r'" (\d{3}) \d+ "')
_UPSTREAM_STATUS = re.compile(r' us="([^"]*)"')
#: `%TR/%Tw/%Tc/%Tr/%Ta %ST`
_HAPROXY = re.compile(r" (?:-?\d+/){4}\+?\d+ (-?\d+) ")
#: `%tsc %ac/%fc/%bc/%sc/%rc`
_HAPROXY_RETRIES = re.compile(r" [-A-Za-z]{4} (?:\d+/){4}\+?(\d+) ")
_ERROR_LINE = re.compile(
    r"\[(?:error|crit|alert)\] .*(?: while (?:connecting to|SSL handshaking to|sending request to"
    r"|reading response header from|reading) upstream|could not be resolved|no resolver defined"
    r"|limiting (?:requests|connections)|worker_connections are not enough)"
)


#: Lines about a body that broke off: its status had been sent.
_NO_FETCH = re.compile(r" FetchError +(?:b )?(?:straight |Resource temporarily )")


def statuses(access_log: Path) -> Counter[str]:
    """Requests by status in an nginx log that starts like `combined`."""
    return Counter(match[1] for line in _lines(access_log) if (match := _COMBINED.search(line)))


def masked(upstream_log: Path) -> int:
    """Failed attempts of requests that ended well, from `$upstream_status`."""
    count = 0
    for line in _lines(upstream_log):
        status, attempts = _COMBINED.search(line), _UPSTREAM_STATUS.search(line)
        if status and attempts and status[1] not in GATEWAY_STATUSES:
            count += sum(attempt in GATEWAY_STATUSES for attempt in re.split(", | : ", attempts[1]))
    return count


def upstream_errors(error_log: Path) -> int:
    """Lines of nginx's error log that tell of a failed attempt, a name that did not resolve, or a refusal by limit."""
    return sum(bool(_ERROR_LINE.search(line)) for line in _lines(error_log))


def cut_answers(error_log: Path) -> int:
    """Lines of nginx's error log about answers that broke off after their status had been sent: no failed requests."""
    return sum(" while reading upstream," in line and bool(_ERROR_LINE.search(line)) for line in _lines(error_log))


def haproxy_statuses(log: Path) -> Counter[str]:
    """Requests by logged status, state lines left out."""
    return Counter(match[1] for line in _lines(log) if (match := _HAPROXY.search(line)))


def haproxy_masked(log: Path) -> int:
    """Failed attempts of requests that ended well: their retries."""
    count = 0
    for line in _lines(log):
        status, retries = _HAPROXY.search(line), _HAPROXY_RETRIES.search(line)
        if status and retries and status[1] not in GATEWAY_STATUSES:
            count += int(retries[1])
    return count


def caddy_statuses(access_log: Path) -> Counter[str]:
    """Requests by status in Caddy's JSON access log."""
    return Counter(str(json.loads(line)["status"]) for line in _lines(access_log))


def caddy_errors(error_log: Path) -> int:
    """Lines of Caddy's error logger about a request that ended in a gateway status."""
    lines = (json.loads(line) for line in _lines(error_log))
    errors = (line for line in lines if line.get("logger", "").startswith("http.log.error"))
    return sum(str(line.get("status")) in GATEWAY_STATUSES for line in errors)


def varnish_fetch_errors(log: Path) -> int:
    """Fetches that failed before a status was there, in what varnishlog wrote."""
    lines = (line for line in _lines(log) if " FetchError " in line)
    return sum(not _NO_FETCH.search(line) for line in lines)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="latin-1").splitlines()
