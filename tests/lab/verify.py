"""Compares what gatewhy says of a view's logs with what the client saw and the scenario expects."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from case import Case, Other, View
from reading import GATEWAY_STATUSES

_TIMEOUT_SECONDS = 60


@dataclass
class Verdict:
    """What gatewhy said of one view, and what of it is wrong."""

    scenario: str
    logs: list[str]
    #: Acceptable causes; none: there must be no incident.
    expected: list[str]
    #: Acceptable too, but not with high confidence.
    tolerated: list[str]
    #: The formats that gatewhy took the logs for.
    formats: list[str] = field(default_factory=list)
    #: Likely cause and confidence of the main incident; None where there is none.
    said: str | None = None
    confidence: str | None = None
    wrong_counts: list[str] = field(default_factory=list)
    #: What else the main incident, or the report around it, should have told.
    wrong_details: list[str] = field(default_factory=list)
    #: Why there is no report at all.
    broken: str | None = None

    @property
    def where(self) -> str:
        return f"{self.scenario} × {' + '.join(self.logs)}"

    @property
    def right(self) -> bool:
        """Whether the likely cause is an acceptable one, or nothing was said where nothing failed."""
        if self.broken is not None:
            return False
        if not self.expected:
            return self.said is None
        return self.said in self.expected or (self.said in self.tolerated and self.confidence != "high")

    @property
    def complaints(self) -> list[str]:
        """All that is wrong, in words."""
        found = [self.broken] if self.broken is not None else []
        if not self.right and self.broken is None:
            found.append(f"said {self.said or 'nothing'}, not {' or '.join(self.expected) or 'nothing'}")
        return [*found, *self.wrong_counts, *self.wrong_details]


@dataclass
class Judged:
    """The verdicts on all views of one case, and the server that it was recorded on."""

    server: str
    verdicts: list[Verdict]


def judge(gatewhy: Path, logs: Path, scenario: str, case: Case) -> Judged:
    """Compares every view of a case whose logs are in the folder `logs`."""
    return Judged(case.server, [_verdict(gatewhy, logs, scenario, case, view) for view in case.views])


def _verdict(gatewhy: Path, logs: Path, scenario: str, case: Case, view: View) -> Verdict:
    found = Verdict(scenario, view.logs, view.cause, view.tolerated)
    try:
        report = _report(gatewhy, [logs / name for name in view.logs])
    except _NoReport as reason:
        found.broken = str(reason)
        return found
    inputs = report["inputs"]
    found.formats = list(dict.fromkeys(row["format"] for each in inputs for row in each["formats"]))
    found.wrong_counts = _wrong_counts(report, case, view)
    incidents = report["incidents"]
    if incidents:
        found.said, found.confidence = incidents[0]["likely_cause"], incidents[0]["confidence"]
        if view.cause:
            found.wrong_details = _wrong_details(incidents, view)
    if lines := report["unparsed"]["lines"]:
        found.wrong_details.append(f"lines not understood: {lines}")
    return found


class _NoReport(Exception):
    pass


def _report(gatewhy: Path, logs: list[Path]) -> dict[str, Any]:
    command = [str(gatewhy), "-f", "json", "--tz", "UTC", *map(str, logs)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS)
        if done.returncode != 0:
            raise _NoReport(f"exit status {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        raise _NoReport(f"no report: {error}") from error


def _wrong_counts(report: dict[str, Any], case: Case, view: View) -> list[str]:
    wanted = {name: getattr(view, name) for name in ("requests", "failures", "masked_failures")}
    if view.requests is not None and view.failures is not None:  # else the logs do not know the statuses
        by_status = case.client if view.status is None else view.status
        wanted |= {f"status_{status}": by_status.get(status, 0) for status in GATEWAY_STATUSES}
    found = _different("", wanted, report["totals"])
    rows = {row["proxy"]: row for row in report["proxies"]}
    for proxy, (requests, failures) in view.proxies.items():
        found += _different(f"{proxy}'s ", {"requests": requests, "failures": failures}, rows.get(proxy, {}))
    return found


def _different(whose: str, wanted: dict[str, int | None], got: dict[str, Any]) -> list[str]:
    return [
        f"{whose}{name} is {got.get(name)}, not {value}"
        for name, value in wanted.items()
        if value is not None and got.get(name) != value
    ]


def _wrong_details(incidents: list[dict[str, Any]], view: View) -> list[str]:
    main = incidents[0]
    found = [f"{name} is not blamed" for name in view.upstreams if name not in main["upstreams"]]
    if view.group is not None and view.group not in main["groups"]:
        found.append(f"group is {main['groups']}, not {view.group}")
    if view.confidence and main["confidence"] not in view.confidence:
        found.append(f"confidence is {main['confidence']}, not {' or '.join(view.confidence)}")
    if view.top_path is not None and main["top_path"] != view.top_path:
        found.append(f"top path is {main['top_path']}, not {view.top_path}")
    for other in view.other:
        if not any(_is(incident, other) for incident in incidents):
            found.append(f"no incident: {' or '.join(other.cause)} of {', '.join(other.upstreams) or 'any'}")
    cited = _cited(main)
    found += [f"no line of {name} is cited" for name in view.cites if name not in cited]
    return found


def _is(incident: dict[str, Any], other: Other) -> bool:
    return incident["likely_cause"] in other.cause and set(other.upstreams) <= set(incident["upstreams"])


def _cited(incident: dict[str, Any]) -> set[str]:
    """The names of the logs of which the incident shows a line."""
    shown = [line for cause in incident["causes"] for line in cause["evidence"]] + incident.get("context", [])
    return {Path(line["input"]).name for line in shown}
