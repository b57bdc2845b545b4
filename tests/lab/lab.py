#!/usr/bin/env python3
"""Runs real gateways, breaks things behind them, and keeps or checks what they logged.

    lab.py list [--set SET]
    lab.py record [--set SET] [NAME…] --to DIR
    lab.py check --gatewhy PATH [--table FILE] [NAME…]
    lab.py score DIR --gatewhy PATH [--table FILE]

Needs the servers (README.md names them) and openssl, and root for the scenarios that want a network of their own. README.md says more.
"""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import signal
import sys
from pathlib import Path

import apache_scenarios  # noqa: F401  (registers its scenarios; so do the next)
import app_scenarios  # noqa: F401
import caddy_scenarios  # noqa: F401
import checkout_outage  # noqa: F401
import haproxy_scenarios  # noqa: F401
import isolation
import lifecycle_scenarios  # noqa: F401
import limit_scenarios  # noqa: F401
import nginx_scenarios  # noqa: F401
import pattern_scenarios  # noqa: F401
import second_scenarios  # noqa: F401
import third_scenarios  # noqa: F401
import tier_scenarios  # noqa: F401
import varnish_scenarios  # noqa: F401
from case import from_toml, to_toml
from jobs import play_all, tell
from scenario import SCENARIOS, Scenario, play
from score import Score
from verify import Judged, Verdict, judge


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the proxies are stopped, too
    if options.command == "list":
        return _list(options.set)
    if options.command in ("check", "score") and not os.access(options.gatewhy, os.X_OK):
        sys.exit(f"lab: not a program: {options.gatewhy}")
    if options.command == "score":
        return _tell(_score(options.recordings, options.gatewhy), options.table)
    private = _isolate()
    chosen = _choose(options.names, options.set, private)
    jobs = options.jobs if private else 1  # fixed ports would clash
    if options.command == "record":
        return _record(chosen, options.to, private, jobs)
    return _tell(_check(chosen, options.gatewhy, private, jobs), options.table)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab.py", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    listed = commands.add_parser("list", help="name the scenarios")
    record = commands.add_parser("record", help="run scenarios and keep their logs")
    record.add_argument("--to", type=Path, required=True, metavar="DIR", help="writes DIR/<scenario>/")
    check = commands.add_parser("check", help="run scenarios and compare what gatewhy says of them")
    score = commands.add_parser("score", help="compare what gatewhy says of recordings")
    score.add_argument("recordings", type=Path, metavar="DIR", help="holds <scenario>/case.toml")
    for command in (check, score):
        command.add_argument("--gatewhy", type=Path, required=True, metavar="PATH", help="the program")
        command.add_argument("--table", type=Path, metavar="FILE", help="write the table to FILE, as Markdown")
    for command in (listed, record, check):
        command.add_argument("--set", choices=("first", "second", "third"), default="first", help="which (default: first)")
    for command in (record, check):
        command.add_argument("--jobs", type=int, default=1, metavar="N", help="scenarios at once (default: 1)")
        command.add_argument("names", nargs="*", metavar="NAME", help="scenarios (default: all but the long ones)")
    return parser.parse_args(arguments)


def _list(chosen_set: str) -> int:
    for name, known in _of_set(chosen_set).items():
        print(f"{name:36} {known.summary}{' (minutes long: only by name)' if known.long else ''}")
    return 0


def _of_set(chosen_set: str) -> dict[str, Scenario]:
    return {name: known for name, known in SCENARIOS.items() if known.set == chosen_set}


def _isolate() -> bool:
    try:
        isolation.isolate()
    except isolation.Unavailable as reason:
        print(f"lab: no private network ({reason}); using the host's loopback", file=sys.stderr)
        return False
    return True


def _choose(names: list[str], chosen_set: str, private: bool) -> list[Scenario]:
    of_set = _of_set(chosen_set)
    unknown = [name for name in names if name not in of_set]
    if unknown:
        sys.exit(f"lab: no such scenario: {', '.join(unknown)} (try `lab.py list`)")
    chosen = [of_set[name] for name in names] or [known for known in of_set.values() if not known.long]
    for known in chosen:
        if known.private and not private:
            print(f"{known.name}: left out, it needs a private network (root)", file=sys.stderr)
    return [known for known in chosen if private or not known.private]


def _record(chosen: list[Scenario], to: Path, private: bool, jobs: int) -> int:
    failed = 0
    for outcome in play_all(functools.partial(_record_one, to, private), chosen, jobs):
        failed += outcome.result is None
        if outcome.result is not None:
            tell(f"{outcome.name}: {outcome.result}")
    return 1 if failed else 0


def _record_one(to: Path, private: bool, known: Scenario) -> dict[str, int]:
    """Keeps the logs and the case; returns what the client saw."""
    with play(known, private) as (case, bench):
        target = to / known.name
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(bench.logs, target)
        (target / "case.toml").write_text(to_toml(case), encoding="utf-8")
        return dict(sorted(case.client.items()))


def _check(chosen: list[Scenario], gatewhy: Path, private: bool, jobs: int) -> Score:
    outcomes = {}
    for outcome in play_all(functools.partial(_check_one, gatewhy, private), chosen, jobs):
        outcomes[outcome.name] = outcome
        if outcome.result is not None:
            _print_verdicts(outcome.result.verdicts)
    in_order = [outcomes[known.name] for known in chosen]
    return Score(
        [outcome.result for outcome in in_order if outcome.result is not None],
        {outcome.name: outcome.error for outcome in in_order if outcome.result is None},
    )


def _check_one(gatewhy: Path, private: bool, known: Scenario) -> Judged:
    with play(known, private) as (case, bench):
        return judge(gatewhy, bench.logs, known.name, case)


def _score(recordings: Path, gatewhy: Path) -> Score:
    played = []
    for path in sorted(recordings.glob("*/case.toml")):
        played.append(judge(gatewhy, path.parent, path.parent.name, from_toml(path)))
        _print_verdicts(played[-1].verdicts)
    return Score(played, {})


def _print_verdicts(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        tell(f"{verdict.where}: {'; '.join(verdict.complaints) or 'ok'}")


def _tell(score: Score, table: Path | None) -> int:
    """Prints the table, writes it where asked to, and says whether the program passes."""
    text = score.markdown()
    print("\n" + text)
    if table is not None:
        table.write_text(text, encoding="utf-8")
    objections = score.objections()
    for objection in objections:
        print(f"FAILED: {objection}")
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
