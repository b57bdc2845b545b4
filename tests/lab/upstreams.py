"""Applications that the proxies talk to: healthy ones, and one for every way to fail.

A *behaviour* is a function that is handed one accepted connection and does with it what it likes.
"""

from __future__ import annotations

import os
import random
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: `(host, port)` or the path of a unix socket.
Address = tuple[str, int] | Path


@dataclass
class Connection:
    """One accepted connection; `stopping` is set when the upstream is being stopped."""

    sock: socket.socket
    stopping: threading.Event
    request: bytes = b""

    def read_request(self) -> bool:
        """Reads one whole request (header and Content-Length body); False when the peer went away first."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = self.sock.recv(65536)
            if not part:
                return False
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        missing = _content_length(head) - len(body)
        while missing > 0 and (part := self.sock.recv(65536)):
            missing -= len(part)
        self.request = head
        return True

    @property
    def path(self) -> str:
        return self.request.split(b" ")[1].decode("ascii", "replace")

    def pause(self, seconds: float) -> None:
        self.stopping.wait(seconds)


Behaviour = Callable[[Connection], None]


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


class Upstream:
    """A listening socket and a thread for each connection. `behaviour` may be changed while it runs."""

    def __init__(self, address: Address, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.address = address
        self.behaviour = behaviour
        self.tls = tls
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()

    def start(self) -> Upstream:
        self._stopping = threading.Event()
        self._listener = listen(self.address)
        threading.Thread(target=self._accept, args=(self._listener, self._stopping), daemon=True).start()
        return self

    def stop(self) -> None:
        """Closes the listener and all connections, as a killed process would; a socket file stays behind."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            self._listener.close()
            self._listener = None
        for sock in list(self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._stopping.set()  # last: what wakes up now can send nothing any more

    def _accept(self, listener: socket.socket, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock, stopping), daemon=True).start()

    def _serve(self, sock: socket.socket, stopping: threading.Event) -> None:
        self._open.add(sock)
        original = sock
        with suppress(OSError, IndexError, ValueError):
            sock.settimeout(30)
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self.behaviour(Connection(sock, stopping))
        self._open.discard(original)
        sock.close()


def listen(address: Address, backlog: int = 128) -> socket.socket:
    """A listening socket; a unix socket is open to everybody and replaces an old file."""
    if isinstance(address, Path):
        address.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(address))
        os.chmod(address, 0o666)
    else:
        listener = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    listener.listen(backlog)
    return listener


class FullBacklog:
    """A listener that never accepts and whose queue is filled: an application with all workers stuck."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._held: list[socket.socket] = []

    def start(self) -> FullBacklog:
        self._held = [listen(self.address, backlog=0)]
        for _ in range(3):
            filler = socket.socket(socket.AF_UNIX if isinstance(self.address, Path) else socket.AF_INET)
            filler.setblocking(False)
            with suppress(BlockingIOError):
                filler.connect(str(self.address) if isinstance(self.address, Path) else self.address)
            self._held.append(filler)
        return self

    def stop(self) -> None:
        for sock in self._held:
            sock.close()
        self._held = []


# Behaviours, from sound to rotten.

BODY = b'{"items":[{"sku":"A-1","qty":2},{"sku":"B-7","qty":1}],"currency":"EUR"}\n'


def answer(status: str = "200 OK", body: bytes = BODY, headers: tuple[str, ...] = (), delay: float = 0.0) -> Behaviour:
    """One well-formed answer after `delay` seconds, then the connection is closed."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    lines.append("Connection: close")
    message = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def behave(connection: Connection) -> None:
        if connection.read_request():
            connection.pause(delay)
            connection.sock.sendall(message)

    return behave


healthy = answer()


def slow(seconds: float) -> Behaviour:
    """Accepts, reads the request, and is still thinking when the proxy gives up."""
    return answer(delay=seconds)


def close_on_accept(connection: Connection) -> None:
    """FIN as soon as the connection is made, with the request perhaps unread."""


def close_after_request(connection: Connection) -> None:
    """FIN after the request was read, without a byte of an answer."""
    connection.read_request()


def reset_on_accept(connection: Connection) -> None:
    """RST as soon as the connection is made."""
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_after_request(connection: Connection) -> None:
    """RST after the request was read."""
    connection.read_request()
    reset_on_accept(connection)


def truncate(sent: int = 4000, promised: int = 20000) -> Behaviour:
    """Promises `promised` bytes of body and closes after `sent`."""

    def behave(connection: Connection) -> None:
        if connection.read_request():
            connection.sock.sendall(_head(promised) + b"x" * sent)
            connection.pause(0.05)

    return behave


def stall_in_body(seconds: float, sent: int = 4000, promised: int = 20000) -> Behaviour:
    """Sends a part of the body, then nothing for longer than the proxy waits."""

    def behave(connection: Connection) -> None:
        if connection.read_request():
            connection.sock.sendall(_head(promised) + b"x" * sent)
            connection.pause(seconds)

    return behave


def _head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {length}\r\n\r\n".encode()


def say(data: bytes) -> Behaviour:
    """Answers the request with these very bytes."""

    def behave(connection: Connection) -> None:
        if connection.read_request():
            connection.sock.sendall(data)

    return behave


def hold(seconds: float) -> Behaviour:
    """Accepts and says nothing at all, without even reading."""
    return lambda connection: connection.pause(seconds)


def plain_http(connection: Connection) -> None:
    """A plain HTTP server that is shown something else, a TLS hello for one: it answers 400."""
    if connection.sock.recv(65536):
        connection.sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def forgetful(connection: Connection) -> None:
    """Keeps the connection after the first answer, and closes it just as the next request arrives."""
    if connection.read_request():
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
        connection.sock.sendall(head.encode() + BODY)
        connection.read_request()


def keep_alive(race: float = 0.0, dies_of: str | None = None) -> Behaviour:
    """Keeps its connections, until it is asked for a path that starts with `dies_of`.

    `race` is the share of the requests on a kept connection that find it being closed, as by an idle timer that runs
    out just as the proxy sends: such a request is never read.
    """
    source = random.Random(race)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"

    def behave(connection: Connection) -> None:
        while connection.read_request():
            if dies_of is not None and connection.path.startswith(dies_of):
                return
            connection.sock.sendall(head.encode() + BODY)
            if not connection.sock.recv(1, socket.MSG_PEEK):
                return
            if source.random() < race:
                return

    return behave


def by_path(routes: dict[str, Behaviour], otherwise: Behaviour = healthy) -> Behaviour:
    """Picks a behaviour by the start of the request's path."""

    def behave(connection: Connection) -> None:
        # Only peek: the behaviour itself reads the request.
        start = connection.sock.recv(2048, socket.MSG_PEEK)
        path = start.split(b" ")[1].decode("ascii", "replace")
        chosen = next((routes[prefix] for prefix in routes if path.startswith(prefix)), otherwise)
        chosen(connection)

    return behave
