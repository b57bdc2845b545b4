#!/usr/bin/env python3
"""Measures gatewhy side by side with programs that do a part of what it does, and with itself.

    compare.py                  # all rows
    compare.py --rows nginx,alb --runs 9
    compare.py --quick          # 100,000 lines: whether it works, not how fast
    compare.py --scaling        # logs of 10^5, 10^6 and 10^7 lines instead
    compare.py --save           # and put the table into benches/README.md

Builds what it measures, makes the logs, and tells of every peer that is not installed. Exits with 1 where both sides
counted differently, or one failed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import table
from corpora import Corpora
from counts import Disagreement
from measure import Failed, in_turn
from peers import Missing, Peers
from rows import ROWS, Bench, Row
from table import Growth, Result, Unmeasured

_REPOSITORY = Path(__file__).resolve().parents[2]
_LINES = 1_000_000
_QUICK_LINES = 100_000
#: Fewer are not to be published.
_LEAST_RUNS = 5
_GROWING = ("haproxy", "nginx", "alb", "elb")


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    lines = _QUICK_LINES if options.quick else _LINES
    load = table.load()
    target, features = _package()
    gatewhy, generator = _build(target)
    corpora = Corpora(target / "bench-corpora", generator)
    peers = Peers(target / "bench-venv")
    results: list[Result | Unmeasured] = []
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        isal = None
        if "isal" in features and not options.scaling and any(row.isal for row in options.rows):
            isal = _build_isal(target / "bench-isal")
        bench = Bench(gatewhy, isal, corpora, peers, Path(scratch), lines)
        if options.scaling:
            section, shown = "scaling", table.scaling(_scale(bench, options.runs))
        else:
            results = [_measure(bench, row, options.runs) for row in options.rows]
            section, shown = "compare", table.comparison(results)
    how = f"{lines:,} lines unless said otherwise, medians of {options.runs} runs."
    text = f"{table.machine(gatewhy, peers.versions)} {load} {how}\n\n{shown}"
    print(f"\n{text}")
    if options.save:
        table.save(section, text)
    return 1 if any(isinstance(result, Unmeasured) and result.wrong for result in results) else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="compare.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--rows", type=_rows, default=list(ROWS.values()), metavar="NAME,…", help=f"of {', '.join(ROWS)} (default: all)"
    )
    parser.add_argument("--runs", type=int, default=_LEAST_RUNS, metavar="N", help="of each side (default: 5)")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_LINES:,} lines instead of {_LINES:,}")
    parser.add_argument("--scaling", action="store_true", help="logs of growing length instead of the rows")
    parser.add_argument("--save", action="store_true", help="write the table into benches/README.md")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs: at least 1")
    partial = options.quick or options.runs < _LEAST_RUNS or len(options.rows) < len(ROWS)
    if options.save and partial:
        parser.error(f"--save: only of all rows, in full length, with at least {_LEAST_RUNS} runs")
    return options


def _rows(names: str) -> list[Row]:
    unknown = [name for name in names.split(",") if name not in ROWS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such row: {', '.join(unknown)}")
    return [ROWS[name] for name in names.split(",")]


def _package() -> tuple[Path, dict[str, list[str]]]:
    """Where cargo builds, and the crate's features."""
    argv = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    metadata = json.loads(subprocess.run(argv, cwd=_REPOSITORY, stdout=subprocess.PIPE, check=True).stdout)
    return Path(metadata["target_directory"]), metadata["packages"][0]["features"]


def _build(target: Path) -> tuple[Path, Path]:
    """gatewhy and the generator."""
    _cargo("--bin", "gatewhy", "--example", "generate", "--target-dir", str(target))
    return target / "release" / "gatewhy", target / "release" / "examples" / "generate"


def _build_isal(target: Path) -> Path:
    _cargo("--bin", "gatewhy", "--features", "isal", "--target-dir", str(target))
    return target / "release" / "gatewhy"


def _cargo(*arguments: str) -> None:
    subprocess.run(["cargo", "build", "--quiet", "--release", "--locked", *arguments], cwd=_REPOSITORY, check=True)


def _measure(bench: Bench, row: Row, runs: int) -> Result | Unmeasured:
    """Both sides in turn, then whether they counted the same."""
    try:
        contest = row.prepare(bench)
        sides = [contest.ours, contest.theirs, *([contest.start] if contest.start is not None else [])]
        ours, theirs, *start = in_turn(sides, runs)
        contest.check()
    except Missing as reason:
        print(f"{row.name}: not measured: {reason}", flush=True)
        return Unmeasured(row, f"not measured: {reason}", wrong=False)
    except (Disagreement, Failed) as reason:
        print(f"{row.name}: FAILED: {reason}", flush=True)
        return Unmeasured(row, "**failed**", wrong=True)
    print(f"{row.name}: gatewhy {ours}; {row.peer} {theirs}; same counts", flush=True)
    return Result(row, contest.size, ours, theirs, start[0] if start else None)


def _scale(bench: Bench, runs: int) -> list[Growth]:
    """A tenth, as many and ten times as many lines as usual. The longest logs are gigabytes, and not kept."""
    growths = []
    for proxy in _GROWING:
        for lines in (bench.lines // 10, bench.lines, bench.lines * 10):
            log = bench.corpora.log(proxy, lines)
            [sample] = in_turn([bench.report(log)], runs)
            growths.append(Growth(proxy, lines, log.stat().st_size, sample))
            print(f"{proxy}, {lines:,} lines: {sample}", flush=True)
            if lines > _LINES:
                log.unlink()
    return growths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
