"""Plays scenarios, several at once if asked to, and says which while it does."""

from __future__ import annotations

import functools
import multiprocessing
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Generic, TypeVar

from isolation import isolate
from scenario import Scenario

T = TypeVar("T")

#: A machine with too much to do may keep a server from starting in time, or the client from its pace. That is the
#: lab's own failure, not the program's: it may happen once.
_TRIES = 2


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What came of one scenario: a result, or the reason why there is none."""

    name: str
    result: T | None = None
    error: str = ""


def play_all(work: Callable[[Scenario], T], chosen: list[Scenario], jobs: int) -> Iterator[Outcome[T]]:
    """Does `work` for every scenario, in order of completion.

    With more than one job each has a process with a network of its own, so `work` must be picklable, and this process
    must be allowed to make such networks.
    """
    attempt = functools.partial(_attempt, work)
    if jobs == 1:
        yield from map(attempt, chosen)
        return
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), initializer=isolate)
    try:
        for done in as_completed([pool.submit(attempt, known) for known in chosen]):
            yield done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _attempt(work: Callable[[Scenario], T], known: Scenario) -> Outcome[T]:
    error = ""
    for _ in range(_TRIES):
        tell(f"{known.name}: {'once more' if error else 'starts'}")
        try:
            return Outcome(known.name, work(known))
        except Exception as reason:
            error = repr(reason)
            tell(f"{known.name}: FAILED: {error}")
    return Outcome(known.name, error=error)


def tell(text: str) -> None:
    """Prints a line at once and in one piece, as several processes print."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
