"""What each side counted, in one shape, and whether it is the same."""

from __future__ import annotations

import csv
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

#: Requests and failures by minute and upstream. Where no upstream was asked, it is `-` and the group. Without minutes,
#: they are empty.
Counts = dict[tuple[str, str], tuple[int, int]]

_AWK = Path(__file__).resolve().parents[2] / "tests" / "awk"


class Disagreement(Exception):
    """Two sides counted differently."""


def must_agree(ours: Counts, theirs: Counts, who: str) -> None:
    """Raises `Disagreement` unless both are the same, and there is something."""
    differing = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
    if differing:
        key = min(differing)
        shown = f"{' '.join(key)}: gatewhy {ours.get(key)}, {who} {theirs.get(key)} (requests, failures)"
        raise Disagreement(f"counts differ from those of {who} in {len(differing)} places, such as {shown}")
    if not ours:
        raise Disagreement(f"neither gatewhy nor {who} counted anything")


def must_be(what: str, ours: int, theirs: int) -> None:
    """Raises `Disagreement` unless both numbers are the same."""
    if ours != theirs:
        raise Disagreement(f"{what}: {ours} is not {theirs}")


def requests(counts: Counts) -> int:
    """Requests of all upstreams."""
    return sum(count for count, _ in counts.values())


def failing(counts: Counts) -> Counts:
    """What has failures."""
    return {key: count for key, count in counts.items() if count[1] > 0}


def windows(path: Path) -> Counts:
    """gatewhy's table `windows`, as CSV."""
    return {(row["window_start"].removesuffix(":00Z"), _upstream(row)): _counted(row) for row in _rows(path)}


def servers(path: Path) -> Counts:
    """gatewhy's table `upstreams`, as CSV."""
    return {("", _upstream(row)): _counted(row) for row in _rows(path)}


def tabbed(path: Path) -> Counts:
    """Minute, upstream, requests and failures, with tabs between them."""
    counts = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        minute, upstream, requests, failures = line.split("\t")
        counts[minute, upstream] = int(requests), int(failures)
    return counts


def halog(path: Path) -> Counts:
    """What `halog -srv` writes. For it a failure is any 5xx."""
    counts = {}
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    columns = header.removeprefix("#").split(" ")
    for line in lines:
        row = dict(zip(columns, line.split(" "), strict=True))
        name = row["srv_name"]
        server = f"-{name.removesuffix('/<NOSRV>')}" if name.endswith("/<NOSRV>") else name
        counts["", server] = int(row["tot_req"]), int(row["5xx"])
    return counts


def awk(proxy: str, log: Path) -> Counts:
    """What the tests' awk scripts count."""
    argv = ["awk", "-f", str(_AWK / f"{proxy}.awk"), str(log)]
    table = subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True, env=os.environ | {"LC_ALL": "C"}).stdout
    counts = {}
    for line in table.splitlines():
        minute, upstream, requests, *statuses = line.split("\t")
        counts[minute, upstream] = int(requests), sum(map(int, statuses))
    return counts


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows that hold requests, rather than nothing but attempts of requests that another upstream answered."""
    with path.open(encoding="utf-8", newline="") as table:
        yield from (row for row in csv.DictReader(table) if row["requests"] != "0")


def _upstream(row: dict[str, str]) -> str:
    return row["upstream"] or f"-{row['group']}"


def _counted(row: dict[str, str]) -> tuple[int, int]:
    return int(row["requests"]), int(row["failures"])
