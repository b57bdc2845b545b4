"""The register of scenarios, and how one is run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import Bench
from case import Case


@dataclass(frozen=True)
class Scenario:
    """`run` breaks one thing, drives requests and returns what was seen; the bench then still holds the logs."""

    name: str
    bench: type[Bench]
    run: Callable[[Bench], Case]
    #: Needs addresses that only the private network has.
    private: bool
    #: Takes minutes: run only when asked for by name.
    long: bool
    #: `first`: the rules were made with these at hand. `second`: recorded when the rules were finished.
    set: str

    @property
    def summary(self) -> str:
        return (self.run.__doc__ or "").strip().splitlines()[0]


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    name: str, bench: type[Bench], *, private: bool = False, long: bool = False, set: str = "first"
) -> Callable[[Callable[..., Case]], Callable[..., Case]]:
    """Registers a function as the scenario `name`."""

    def register(run: Callable[..., Case]) -> Callable[..., Case]:
        if name in SCENARIOS:
            raise ValueError(f"two scenarios are named {name}")
        SCENARIOS[name] = Scenario(name, bench, run, private, long, set)
        return run

    return register


@contextlib.contextmanager
def play(chosen: Scenario, private: bool) -> Iterator[tuple[Case, Bench]]:
    """Runs a scenario; its logs live as long as the context."""
    bench = chosen.bench(private)
    try:
        yield chosen.run(bench), bench
    finally:
        bench.close()
