"""A DNS server that knows one answer to every question: an address, an error code, or silence."""

from __future__ import annotations

import socket
import struct
import threading

ADDRESS = ("127.0.0.1", 5353)

SERVER_FAILURE = 2
NO_SUCH_NAME = 3


class Nameserver:
    """Answers every A question with `address`; with `code` instead if that is not 0; not at all when `silent`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.code = 0
        self.silent = False
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(ADDRESS)
        self._sock.settimeout(0.2)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                question, sender = self._sock.recvfrom(4096)
            except TimeoutError:
                continue
            if not self.silent:
                self._sock.sendto(self._answer(question), sender)

    def _answer(self, question: bytes) -> bytes:
        """The question again, with the flags and the one record of an answer (RFC 1035 §4.1).

        What follows the question, such as EDNS's option record, is left out.
        """
        identity, _, questions = struct.unpack("!HHH", question[:6])
        found = 0 if self.code else 1
        header = struct.pack("!HHHHHH", identity, 0x8180 | self.code, questions, found, 0, 0)
        record = struct.pack("!HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(self.address)
        end = question.index(b"\0", 12) + 5  # the name, its type and its class
        return header + question[12:end] + record * found

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(5)
        self._sock.close()
