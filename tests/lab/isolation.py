"""A private network and /run for the lab, so that fixed ports and addresses never meet the machine's own.

Needs root. Without it the lab still runs on the host's loopback, from 127.0.0.1 alone, and leaves out the scenarios
that need a network of their own.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

#: Sockets that show up in logs live here: a believable path that is the same in every run.
RUN_DIR = Path("/run/shop")

#: Clients' addresses (TEST-NET-3), all local in the private network.
CLIENT_NET = "203.0.113.0/24"

#: A neighbour that exists but drops every packet: connects run into the proxy's timeout.
SILENT_HOST = "10.20.0.9"
#: A neighbour that does not answer ARP: the kernel gives up after about 3 s with EHOSTUNREACH.
ABSENT_HOST = "10.20.0.10"
#: Behind a route that a firewall rejects: EHOSTUNREACH at once.
REJECTED_HOST = "10.30.0.9"
#: Behind a `prohibit` route: EACCES at once.
PROHIBITED_HOST = "10.31.0.9"
#: No route at all: ENETUNREACH at once.
UNROUTED_HOST = "198.51.100.9"

_CLONE_NEWNS = 0x00020000
_CLONE_NEWNET = 0x40000000


class Unavailable(Exception):
    """The private network could not be made; the message says why."""


def isolate() -> None:
    """Moves this process (it must still be single-threaded) into fresh network and mount namespaces."""
    _unshare(_CLONE_NEWNET | _CLONE_NEWNS)
    os.environ["TZ"] = "UTC"
    for command in (
        "mount --make-rprivate /",
        "mount -t tmpfs -o mode=755 tmpfs /run",
        f"mkdir {RUN_DIR}",
        "ip link set lo up",
        f"ip route add local {CLIENT_NET} dev lo",
        "ip link add lan0 type veth peer name lan1",
        "ip addr add 10.20.0.1/24 dev lan0",
        "ip link set lan0 up",
        "ip link set lan1 up",
        f"ip neigh add {SILENT_HOST} lladdr 02:00:00:00:00:09 dev lan0",
        "ip route add unreachable 10.30.0.0/24",
        "ip route add prohibit 10.31.0.0/24",
    ):
        _run(command)


def _unshare(flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise Unavailable(f"unshare: {os.strerror(ctypes.get_errno())}")


def _run(command: str) -> None:
    done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{command}: {done.stderr.strip()}")
