"""What a recording says about itself: `case.toml`, written by `record`, compared with the program by `check`."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field


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

    def by_status(self, status: int) -> int:
        return self.client[str(status)]

    @property
    def failures(self) -> int:
        """The client's own count of gateway errors."""
        return sum(self.by_status(status) for status in (502, 503, 504))


def to_toml(case: Case) -> str:
    """The case as TOML, the same text for the same case."""
    statuses = ", ".join(f"{status} = {count}" for status, count in sorted(case.client.items()))
    lines = [
        f"server = {_text(case.server)}",
        f"recorded = {_text(case.recorded)}",
        f'what = """\n{case.what.strip()}\n"""',
        'tz = "UTC"',
        "",
        "[client]",
        f"requests = {case.client.total()}",
        f"status = {{ {statuses} }}",
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
    lines.append(f"cause = {_list(view.cause)}")
    lines.append(f"upstreams = {_list(view.upstreams)}")
    if view.group is not None:
        lines.append(f"group = {_text(view.group)}")
    if view.confidence:
        lines.append(f"confidence = {_list(view.confidence)}")
    return lines


def _text(value: str) -> str:
    return json.dumps(value)  # a JSON string is a TOML basic string


def _list(values: list[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"
