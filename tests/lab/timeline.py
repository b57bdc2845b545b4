"""What happens while visitors keep coming: events at set times beside the traffic."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Event:
    """What happens, and when, in seconds after the start."""

    at: float
    happens: Callable[[], object]
    text: str


def play(events: Iterable[Event], traffic: Callable[[], None]) -> str:
    """Runs the events beside the traffic; returns the diary, one line for each event, in UTC."""
    diary = []
    start = time.monotonic()

    def run() -> None:
        for event in events:
            time.sleep(max(0.0, start + event.at - time.monotonic()))
            event.happens()
            diary.append(f"{datetime.now(UTC):%H:%M:%S} {event.text}")

    thread = threading.Thread(target=run)
    thread.start()
    traffic()
    thread.join()
    return "\n".join(diary)
