#!/usr/bin/env python3
"""Runs real nginx and HAProxy, breaks things behind them, and keeps or checks what they logged.

    lab.py list
    lab.py record [NAME…] --to DIR
    lab.py check --gatewhy PATH [NAME…]

Needs nginx, haproxy and openssl, and root for the scenarios that want a network of their own. README.md says more.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

import checkout_outage  # noqa: F401  (registers its scenario; so do the next)
import haproxy_scenarios  # noqa: F401
import isolation
import nginx_scenarios  # noqa: F401
import verify
from case import to_toml
from scenario import SCENARIOS, Scenario, play


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the proxies are stopped, too
    if options.command == "list":
        return _list()
    if options.command == "check" and not os.access(options.gatewhy, os.X_OK):
        sys.exit(f"lab: not a program: {options.gatewhy}")
    private = _isolate()
    chosen = _choose(options.names, private)
    if options.command == "record":
        return _record(chosen, options.to, private)
    return _check(chosen, options.gatewhy, private)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lab.py", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="name the scenarios")
    record = commands.add_parser("record", help="run scenarios and keep their logs")
    record.add_argument("--to", type=Path, required=True, metavar="DIR", help="writes DIR/<scenario>/")
    check = commands.add_parser("check", help="run scenarios and compare what gatewhy says of them")
    check.add_argument("--gatewhy", type=Path, required=True, metavar="PATH", help="the program")
    for command in (record, check):
        command.add_argument("names", nargs="*", metavar="NAME", help="scenarios (default: all but the long ones)")
    return parser.parse_args(arguments)


def _list() -> int:
    for name, known in SCENARIOS.items():
        print(f"{name:36} {known.summary}{' (minutes long: only by name)' if known.long else ''}")
    return 0


def _isolate() -> bool:
    try:
        isolation.isolate()
    except isolation.Unavailable as reason:
        print(f"lab: no private network ({reason}); using the host's loopback", file=sys.stderr)
        return False
    return True


def _choose(names: list[str], private: bool) -> list[Scenario]:
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        sys.exit(f"lab: no such scenario: {', '.join(unknown)} (try `lab.py list`)")
    chosen = [SCENARIOS[name] for name in names] or [known for known in SCENARIOS.values() if not known.long]
    for known in chosen:
        if known.private and not private:
            print(f"{known.name}: left out, it needs a private network (root)", file=sys.stderr)
    return [known for known in chosen if private or not known.private]


def _record(chosen: list[Scenario], to: Path, private: bool) -> int:
    failed = 0
    for known in chosen:
        try:
            with play(known, private) as (case, bench):
                target = to / known.name
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(bench.logs, target)
                (target / "case.toml").write_text(to_toml(case), encoding="utf-8")
                print(f"{known.name}: {dict(sorted(case.client.items()))}", flush=True)
        except Exception as error:
            failed += 1
            print(f"{known.name}: FAILED: {error!r}", flush=True)
    return 1 if failed else 0


def _check(chosen: list[Scenario], gatewhy: Path, private: bool) -> int:
    passed = failed = 0
    for known in chosen:
        try:
            with play(known, private) as (case, bench):
                for view in case.views:
                    complaints = verify.complaints(gatewhy, bench.logs, case, view)
                    passed, failed = passed + (not complaints), failed + bool(complaints)
                    verdict = "ok" if not complaints else "FAILED: " + "; ".join(complaints)
                    print(f"{known.name} × {' + '.join(view.logs)}: {verdict}", flush=True)
        except Exception as error:
            failed += 1
            print(f"{known.name}: FAILED: {error!r}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
