"""What a recording says about itself: `case.toml`, written by `record`, compared with the program by `score`."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reading import GATEWAY_STATUSES

@dataclass(frozen=True)
class Other:
    """An incident that must be in the report, the main one or another: one of these causes, all of these upstreams."""

    cause: list[str]
    upstreams: list[str]


@dataclass
class View:
    """Logs that are given to gatewhy together, and what a careful expert may say from these logs alone."""

    logs: list[str]
    failures: int | None
    #: None where no access log is among the logs.
    requests: int | None = None
    #: Failed attempts of requests that a retry saved; None where these logs cannot tell.
    masked_failures: int | None = None
    #: Acceptable likely causes of the main incident; none at all: there must be no incident.
    cause: list[str] = field(default_factory=list)
    upstreams: list[str] = field(default_factory=list)
    group: str | None = None
    confidence: list[str] = field(default_factory=list)
    #: Acceptable too, but not with high confidence.
    tolerated: list[str] = field(default_factory=list)
    #: Failures by status in these logs, where that is not what the client saw: those of a tier further in, or of two.
    status: dict[str, int] | None = None
    #: Requests and failures of each proxy, by the name that a report gives it, where the logs are of several.
    proxies: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: Busiest path of the main incident's failures, folded.
    top_path: str | None = None
    other: list[Other] = field(default_factory=list)
    #: Logs of which the main incident must cite a line.
    cites: list[str] = field(default_factory=list)
    #: A comment in the file: what was counted, and why the expectation is what it is.
    note: str = ""


@dataclass
class Case:
    """One scenario as it really went."""

    server: str
    recorded: str
    what: str
    client: Counter[str]
    views: list[View]

    @property
    def failures(self) -> int:
        """The client's own count of gateway errors."""
        return sum(self.client[status] for status in GATEWAY_STATUSES)


def to_toml(case: Case) -> str:
    """The case as TOML, the same text for the same case."""
    lines = [
        f"server = {_text(case.server)}",
        f"recorded = {_text(case.recorded)}",
        f'what = """\n{case.what.strip()}\n"""',
        'tz = "UTC"',
        "",
        "[client]",
        f"requests = {case.client.total()}",
        f"status = {_statuses(case.client)}",
    ]
    for view in case.views:
        lines += ["", *_view(view)]
    return "\n".join(lines) + "\n"


def _view(view: View) -> list[str]:
    lines = ["[[view]]"]
    lines += [f"# {line}" for line in view.note.strip().splitlines()]
    lines.append(f"logs = {_list(view.logs)}")
    for name in ("requests", "failures", "masked_failures"):
        value = getattr(view, name)
        if value is not None:
            lines.append(f"{name} = {value}")
    if view.status is not None:
        lines.append(f"status = {_statuses(view.status)}")
    if view.proxies:
        rows = (
            f"{{ proxy = {_text(name)}, requests = {requests}, failures = {failures} }}"
            for name, (requests, failures) in view.proxies.items()
        )
        lines.append(f"proxies = [{', '.join(rows)}]")
    lines.append(f"cause = {_list(view.cause)}")
    if view.tolerated:
        lines.append(f"tolerated = {_list(view.tolerated)}")
    lines.append(f"upstreams = {_list(view.upstreams)}")
    for name in ("group", "top_path"):
        if (value := getattr(view, name)) is not None:
            lines.append(f"{name} = {_text(value)}")
    if view.other:
        rows = (f"{{ cause = {_list(other.cause)}, upstreams = {_list(other.upstreams)} }}" for other in view.other)
        lines.append(f"other = [{', '.join(rows)}]")
    for name in ("confidence", "cites"):
        if value := getattr(view, name):
            lines.append(f"{name} = {_list(value)}")
    return lines


def _statuses(counts: Mapping[str, int]) -> str:
    if not counts:
        return "{}"
    return f"{{ {', '.join(f'{status} = {count}' for status, count in sorted(counts.items()))} }}"


def from_toml(path: Path) -> Case:
    """The case that was written to `path`."""
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return Case(
        server=read["server"],
        recorded=read["recorded"],
        what=read["what"],
        client=Counter(read["client"]["status"]),
        views=[_read_view(view) for view in read["view"]],
    )


def _read_view(read: dict[str, Any]) -> View:
    read = {"failures": None, **read}
    read["proxies"] = {row["proxy"]: (row["requests"], row["failures"]) for row in read.get("proxies", [])}
    read["other"] = [Other(**other) for other in read.get("other", [])]
    return View(**read)


def _text(value: str) -> str:
    return json.dumps(value)  # a JSON string is a TOML basic string


def _list(values: list[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"
