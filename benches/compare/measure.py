"""Commands, and how long they take: whole processes, two of them in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

#: Both sides get so many processors, whatever the machine has.
CORES = min(2, len(os.sched_getaffinity(0)))

_STOPWATCH = Path(__file__).with_name("stopwatch.py")


class Failed(Exception):
    """A command did not succeed."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments, and what its standard streams are: nothing unless said."""

    argv: tuple[str, ...]
    #: Standard input is this file,
    stdin: Path | None = None
    #: or a pipe that `cat` writes this file into.
    piped: Path | None = None
    stdout: Path | None = None

    def run(self) -> Run:
        """Runs it to its end."""
        with tempfile.NamedTemporaryFile() as errors:
            order = {
                "argv": self.argv,
                "stdin": self.stdin and str(self.stdin),
                "piped": self.piped and str(self.piped),
                "stdout": self.stdout and str(self.stdout),
                "stderr": errors.name,
                "cores": CORES,
            }
            argv = [sys.executable, "-I", "-S", str(_STOPWATCH), json.dumps(order)]
            taken = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)
            if taken["status"] != 0:
                said = Path(errors.name).read_text(encoding="utf-8", errors="replace").strip()
                raise Failed(f"{' '.join(self.argv)}: exit status {taken['status']}: {said}")
        known = taken["peak_kib"] > taken["own_peak_kib"]
        return Run(taken["wall"], taken["cpu"], taken["peak_kib"] / 1024 if known else None)


@dataclass(frozen=True)
class Run:
    """What one run took."""

    #: Seconds from start to end, and of all processors together (user and system).
    wall: float
    cpu: float
    #: MiB that were resident at most; None where that is less than the stopwatch itself needs.
    peak: float | None


@dataclass(frozen=True)
class Sample:
    """Several runs of one command."""

    runs: list[Run]

    @property
    def wall(self) -> float:
        """The median, as is `cpu`."""
        return statistics.median(run.wall for run in self.runs)

    @property
    def cpu(self) -> float:
        return statistics.median(run.cpu for run in self.runs)

    @property
    def peak(self) -> float | None:
        """The highest of all runs."""
        return max((run.peak for run in self.runs if run.peak is not None), default=None)

    def __str__(self) -> str:
        walls = [run.wall for run in self.runs]
        return f"{self.wall:.3f} s ({min(walls):.3f} to {max(walls):.3f}), CPU {self.cpu:.3f} s"


def in_turn(commands: list[Command], runs: int) -> list[Sample]:
    """Runs A B A B …, so that what else the machine does hits all alike; the first round, which warms the page cache,
    does not count.
    """
    rounds = [[command.run() for command in commands] for _ in range(runs + 1)]
    return [Sample(list(taken)) for taken in zip(*rounds[1:], strict=True)]
