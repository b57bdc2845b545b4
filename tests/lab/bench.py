"""The bench a scenario works at: a proxy, upstreams, a client, and the folder the logs end up in."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from collections import Counter
from pathlib import Path
from typing import Protocol, TypeVar

from client import Visitors, drive
from servers import FRONT
from upstreams import Address, Behaviour, Upstream, healthy


class Stoppable(Protocol):
    def stop(self) -> None: ...


T = TypeVar("T", bound=Stoppable)

#: Longer than any timeout of the proxies here.
CLIENT_TIMEOUT = 20.0

#: What visitors ask for unless a scenario says otherwise, with weights.
SHOP = {"/checkout/cart/{n}": 4, "/checkout/pay/{n}": 2, "/api/orders/{n}": 3, "/api/stock?sku=A-{n}": 2}


class Bench:
    """Holds all that one scenario starts and stops it again, in reverse order."""

    def __init__(self, private: bool) -> None:
        self.work_dir = Path(tempfile.mkdtemp(prefix="gatewhy-lab-"))
        self.work_dir.chmod(0o755)  # nginx's workers are not root
        self.logs = self.work_dir / "logs"
        self.logs.mkdir()
        self.private = private
        self.client: Counter[str] = Counter()
        #: Requests of `client` of which the proxy writes no line.
        self.unlogged = 0
        self.visitors = Visitors(spread=private)
        self._running: list[Stoppable] = []

    def keep(self, thing: T) -> T:
        """Makes sure that `thing` is stopped when the scenario is over."""
        self._running.append(thing)
        return thing

    def upstream(self, address: Address, behaviour: Behaviour = healthy, tls: ssl.SSLContext | None = None) -> Upstream:
        """A running upstream."""
        return self.keep(Upstream(address, behaviour, tls).start())

    def visit(
        self,
        count: int,
        paths: dict[str, int] | None = None,
        *,
        rate: float = 8.0,
        workers: int = 16,
        tls: ssl.SSLContext | None = None,
        **request: object,
    ) -> None:
        """Sends `count` requests to the proxy and adds what came back to `client`."""
        weighted = paths or SHOP
        requests = (self.visitors.request(self.visitors.choose(weighted), **request) for _ in range(count))
        self.client += drive(FRONT, requests, rate=rate, workers=workers, timeout=CLIENT_TIMEOUT, tls=tls)

    def close(self) -> None:
        while self._running:
            self._running.pop().stop()
        shutil.rmtree(self.work_dir)
