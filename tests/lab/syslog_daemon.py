"""A small syslog daemon: takes HAProxy's datagrams and writes the files that rsyslog would."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

#: A datagram's text to the line that goes into the file.
Layout = Callable[[str], str]

HOST = "lb1"

_RFC3164 = re.compile(r"<\d+>(\w{3} [ \d]\d \d\d:\d\d:\d\d) (.*)", re.DOTALL)


def traditional(datagram: str) -> str:
    """rsyslog's `RSYSLOG_TraditionalFileFormat`: no priority, and the host that the sender left out."""
    stamp, message = _split(datagram)
    return f"{stamp} {HOST} {message}"


def iso(datagram: str) -> str:
    """rsyslog's `RSYSLOG_FileFormat`, with the time of arrival."""
    _, message = _split(datagram)
    return f"{datetime.now(UTC).isoformat(timespec='microseconds')} {HOST} {message}"


def verbatim(datagram: str) -> str:
    """The datagram as it came, for senders that bring their own header or none."""
    return datagram


def _split(datagram: str) -> tuple[str, str]:
    found = _RFC3164.fullmatch(datagram)
    if found is None:
        raise ValueError(f"not an RFC 3164 datagram: {datagram!r}")
    return found[1], found[2]


class Receiver:
    """One datagram socket (unix path or UDP address), written to one or more files."""

    def __init__(self, address: Path | tuple[str, int], files: dict[Path, Layout]) -> None:
        unix = isinstance(address, Path)
        self._sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET, socket.SOCK_DGRAM)
        if isinstance(address, Path):
            address.unlink(missing_ok=True)
            self._sock.bind(str(address))
            address.chmod(0o666)  # a proxy may have given up root
        else:
            self._sock.bind(address)
        self._sock.settimeout(0.2)
        self._files = files
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _receive(self) -> None:
        while True:
            try:
                datagram = self._sock.recv(65536)
            except TimeoutError:
                if self._stopping.is_set():
                    return
                continue
            self._write(datagram.rstrip(b"\n").decode("latin-1"))

    def _write(self, datagram: str) -> None:
        for path, layout in self._files.items():
            with path.open("a", encoding="latin-1") as file:
                file.write(layout(datagram) + "\n")

    def stop(self) -> None:
        """Takes what is still under way, then closes."""
        self._stopping.set()
        self._thread.join(5)
        self._sock.close()
