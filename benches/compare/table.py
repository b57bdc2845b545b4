"""Results as Markdown, on standard output and in `benches/README.md`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from measure import CORES, Sample
from peers import first_line
from rows import Row

#: MiB that gatewhy may need at most.
MEMORY = 48
#: How much more a line may cost in a log ten times as long.
GROWTH = 1.1

_PEAK = f"peak, MiB (≤ {MEMORY})"
_README = Path(__file__).resolve().parent.parent / "README.md"


@dataclass(frozen=True)
class Result:
    """One row, measured."""

    row: Row
    size: int
    ours: Sample
    theirs: Sample
    #: How long the other side takes to start.
    start: Sample | None


@dataclass(frozen=True)
class Unmeasured:
    """A row without figures."""

    row: Row
    reason: str
    #: Whether something is wrong, rather than missing.
    wrong: bool


@dataclass(frozen=True)
class Growth:
    """One length of log, measured."""

    proxy: str
    lines: int
    size: int
    sample: Sample


def machine(gatewhy: Path, versions: dict[str, str]) -> str:
    """When, where and with what it was measured."""
    parts = [
        f"{datetime.now(UTC):%Y-%m-%d}",
        f"{_cpu()}, {CORES} of {os.cpu_count()} cores",
        f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        f"Linux {'.'.join(os.uname().release.split('.')[:2])}",
        first_line(["rustc", "--version"]),
        f"{first_line([str(gatewhy), '--version'])}{_commit()}",
        *(f"{name} {version}" for name, version in versions.items()),
    ]
    return ", ".join(parts) + "."


def load() -> str:
    """How busy the machine was. To be asked before measuring, which is work, too."""
    return f"Load average of the five minutes before: {os.getloadavg()[1]:.1f}."


def comparison(results: list[Result | Unmeasured]) -> str:
    """The rows side by side."""
    header = (
        *("input", "MB", "against", "wall, s", "its wall", "ratio", "target"),
        *("CPU, s", "its CPU", "ratio", "target", _PEAK, "its peak"),
    )
    parts = [_rows(header, (_line(result) for result in results))]
    for result in results:
        if isinstance(result, Result) and result.start is not None:
            without = result.ours.wall / (result.theirs.wall - result.start.wall)
            parts.append(
                f"{result.row.peer} takes {result.start.wall:.3f} s to start, wall time (the same query over nothing); "
                f"without that, the ratio would be {_ratio(without)}."
            )
    return "\n\n".join(parts)


def scaling(growths: list[Growth]) -> str:
    """Logs of growing length."""
    header = ("log", "lines", "MB", "wall, s", "CPU, s", "CPU, µs a line", f"≤ {GROWTH} × the row above", _PEAK)
    lines = []
    for place, growth in enumerate(growths):
        before = growths[place - 1] if place else None
        verdict = ""
        if before is not None and before.proxy == growth.proxy:
            ratio = _per_line(growth) / _per_line(before)
            verdict = f"{_ratio(ratio)} {_verdict(ratio, GROWTH)}"
        lines.append(
            (
                growth.proxy,
                f"{growth.lines:,}",
                f"{growth.size / 1e6:.0f}",
                f"{growth.sample.wall:.3f}",
                f"{growth.sample.cpu:.3f}",
                f"{_per_line(growth):.3f}",
                verdict,
                _frugal(growth.sample),
            )
        )
    return _rows(header, lines)


def save(section: str, text: str) -> None:
    """Puts the text between the section's markers in `benches/README.md`."""
    begin, end = f"<!-- {section} -->\n", f"<!-- /{section} -->"
    before, _, rest = _README.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{_README} has no {begin.strip()} … {end}")
    _README.write_text(f"{before}{begin}{text}\n{end}{after}", encoding="utf-8")


def _line(result: Result | Unmeasured) -> tuple[str, ...]:
    row = result.row
    if isinstance(result, Unmeasured):
        times = ("", "", "")
        return (row.input, "", f"{row.peer}: {result.reason}", *times, _aim(row.wall), *times, _aim(row.cpu), "", "")
    ours, theirs = result.ours, result.theirs
    wall, cpu = ours.wall / theirs.wall, ours.cpu / theirs.cpu
    return (
        *(row.input, f"{result.size / 1e6:.0f}", row.peer),
        *(f"{ours.wall:.3f}", f"{theirs.wall:.3f}", _ratio(wall), _target(wall, row.wall)),
        *(f"{ours.cpu:.3f}", f"{theirs.cpu:.3f}", _ratio(cpu), _target(cpu, row.cpu)),
        _frugal(ours) if row.frugal else _peak(ours),
        _peak(theirs),
    )


def _per_line(growth: Growth) -> float:
    """µs"""
    return growth.sample.cpu / growth.lines * 1e6


def _target(ratio: float, most: float | None) -> str:
    return "" if most is None else f"{_aim(most)} {_verdict(ratio, most)}"


def _aim(most: float | None) -> str:
    return "" if most is None else f"≤ {most} ×"


def _verdict(value: float, most: float) -> str:
    return "held" if value <= most else "**missed**"


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f} ×"


def _peak(sample: Sample) -> str:
    """What is too little to be told from the stopwatch's own is not shown."""
    return "small" if sample.peak is None else f"{sample.peak:.0f}"


def _frugal(sample: Sample) -> str:
    return f"{_peak(sample)} {_verdict(sample.peak or 0, MEMORY)}"


def _rows(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _commit() -> str:
    """Of the program: the tables that are saved here change nothing of it."""
    repository = _README.parent.parent
    try:
        commit = first_line(["git", "-C", str(repository), "rev-parse", "--short", "HEAD"])
        changed = first_line(["git", "-C", str(repository), "status", "--porcelain", "src", "Cargo.toml", "Cargo.lock"])
    except (OSError, subprocess.CalledProcessError):
        return ""  # not a clone
    return f" at {commit}{', changed' if changed else ''}"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return os.uname().machine
