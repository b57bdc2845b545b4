"""The client: sends requests at a steady pace and counts what it was really given."""

from __future__ import annotations

import random
import socket
import ssl
import struct
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

#: The connection ended before the whole answer had come.
ABORTED = "aborted"
#: The client closed the connection, as it would wait no longer.
GAVE_UP = "gave-up"

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "curl/7.88.1",
)
_AGENT_WEIGHTS = (30, 15, 25, 12, 8, 5, 5)


@dataclass(frozen=True)
class Request:
    """One request; `source` is the client's own address, None for whatever the system picks."""

    path: str = "/"
    method: str = "GET"
    host: str = "shop.example.com"
    agent: str = "curl/7.88.1"
    source: str | None = None
    body: bytes = b""
    headers: tuple[str, ...] = ()
    #: How long the client waits, in seconds; None: as long as `drive` was told.
    patience: float | None = None

    def encode(self) -> bytes:
        lines = [
            f"{self.method} {self.path} HTTP/1.1",
            f"Host: {self.host}",
            f"User-Agent: {self.agent}",
            "Accept: */*",
            *self.headers,
        ]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        lines.append("Connection: close")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass
class Visitors:
    """An endless, seeded stream of visitors: who asks, with which browser."""

    spread: bool
    seed: int = 1
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def request(self, path: str, **more: object) -> Request:
        """A request for `path` by the next visitor; `{n}` in the path becomes a number."""
        who = {
            "agent": self._random.choices(AGENTS, _AGENT_WEIGHTS)[0],
            "source": f"203.0.113.{self._random.randint(2, 250)}" if self.spread else None,
        }
        path = path.replace("{n}", str(self._random.randint(100, 9999)))
        return Request(path=path, **{**who, **more})  # type: ignore[arg-type]

    def choose(self, weighted: dict[str, int]) -> str:
        return self._random.choices(list(weighted), list(weighted.values()))[0]


def drive(
    address: tuple[str, int],
    requests: Iterable[Request],
    *,
    rate: float,
    workers: int,
    timeout: float,
    tls: ssl.SSLContext | None = None,
) -> Counter[str]:
    """Sends the requests, `rate` a second whatever the answers take, and counts the outcomes."""
    with ThreadPoolExecutor(workers) as pool:
        pending = [pool.submit(send, address, request, timeout, tls) for request in _paced(requests, rate)]
    return Counter(future.result() for future in pending)


def _paced(requests: Iterable[Request], rate: float) -> Iterator[Request]:
    start = time.monotonic()
    for number, request in enumerate(requests):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        yield request


def send(address: tuple[str, int], request: Request, timeout: float, tls: ssl.SSLContext | None = None) -> str:
    """Sends one request on a connection of its own: the status as text, `ABORTED`, or `GAVE_UP`."""
    source = (request.source, 0) if request.source else None
    try:
        with socket.create_connection(address, timeout, source) as plain:
            sock = tls.wrap_socket(plain, server_hostname=request.host) if tls else plain
            sock.sendall(request.encode())
            sock.settimeout(request.patience or timeout)
            came = outcome(_read_to_end(sock), bodiless=request.method == "HEAD")
            if came == ABORTED and request.patience:
                _reset(plain)
                return GAVE_UP
            return came
    except OSError:
        return ABORTED


def _reset(sock: socket.socket) -> None:
    """Makes close() send a RST: after a FIN alone a proxy may go on, for a client that only listens any more."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _read_to_end(sock: socket.socket) -> bytes:
    parts = []
    try:
        while part := sock.recv(65536):
            parts.append(part)
    except OSError:
        pass  # cut off: what did arrive decides
    return b"".join(parts)


def outcome(answer: bytes, bodiless: bool = False) -> str:
    """The status of a whole answer, or `ABORTED` when a part of it is missing. A `bodiless` one ends with its head."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    status = head[9:12].decode("ascii", "replace")
    if not separator or not head.startswith(b"HTTP/") or not status.isdigit():
        return ABORTED
    return status if bodiless or _is_whole(head.lower(), body) else ABORTED


def _is_whole(head: bytes, body: bytes) -> bool:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return len(body) >= int(value)
        if name == b"transfer-encoding":
            return body.endswith(b"0\r\n\r\n")
    return True
