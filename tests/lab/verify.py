"""Compares what gatewhy says of a view's logs with what the client saw and the scenario expects."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from case import Case, View

_TIMEOUT_SECONDS = 60


def complaints(gatewhy: Path, logs: Path, case: Case, view: View) -> list[str]:
    """What is wrong with the report on this view; nothing when it is right."""
    command = [str(gatewhy), "-f", "json", "--tz", "UTC", *(str(logs / name) for name in view.logs)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_SECONDS)
        report = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        return [f"no report: {error}"]
    if done.returncode != 0:
        return [f"exit status {done.returncode}: {done.stderr.strip()}"]
    return [*_totals(report.get("totals", {}), case, view), *_incident(report.get("incidents", []), view)]


def _totals(totals: dict[str, Any], case: Case, view: View) -> list[str]:
    wanted = {
        "requests": view.requests,
        "failures": view.failures,
        "masked_failures": view.masked_failures,
    }
    if view.requests is not None:  # an error log alone does not know the statuses
        wanted |= {f"status_{status}": case.by_status(status) for status in (502, 503, 504)}
    return [
        f"{name} is {totals.get(name)}, not {value}"
        for name, value in wanted.items()
        if value is not None and totals.get(name) != value
    ]


def _incident(incidents: list[dict[str, Any]], view: View) -> list[str]:
    if not view.cause:
        return ["an incident where nothing failed"] if incidents else []
    if not incidents:
        return ["no incident"]
    main = incidents[0]
    found = []
    if main.get("likely_cause") not in view.cause:
        found.append(f"cause is {main.get('likely_cause')}, not {' or '.join(view.cause)}")
    found += [f"{name} is not blamed" for name in view.upstreams if name not in main.get("upstreams", [])]
    if view.group is not None and view.group not in main.get("groups", []):
        found.append(f"group is {main.get('groups')}, not {view.group}")
    if view.confidence and main.get("confidence") not in view.confidence:
        found.append(f"confidence is {main.get('confidence')}, not {' or '.join(view.confidence)}")
    return found
