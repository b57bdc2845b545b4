"""The real proxies, each started from a configuration of the lab's own and stopped by its process id."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

FRONT = ("127.0.0.1", 8080)


class ServerFailed(Exception):
    """A proxy did not start; the message holds what it printed."""


class Server:
    """A foreground process that listens on `listens`."""

    program = ""
    start_seconds = 5.0

    def __init__(self, command: list[str], work_dir: Path, listens: tuple[str, int] | Path = FRONT) -> None:
        self.listens = listens
        self._output = work_dir / f"{self.program}.out"
        environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C"}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self.start_seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._is_ready():
                return
            time.sleep(0.05)
        self.stop()
        raise ServerFailed(f"{self.program} did not start:\n{self._output.read_text(errors='replace')}")

    def _is_ready(self) -> bool:
        """Whether somebody listens, without connecting, which would leave a trace in the logs."""
        if isinstance(self.listens, Path):
            # A listening socket's flags are `__SO_ACCEPTCON`.
            sockets = Path("/proc/self/net/unix").read_text(encoding="utf-8").splitlines()
            return any(" 00010000 " in line and line.endswith(f" {self.listens}") for line in sockets)
        host, port = self.listens
        listening = f"{_little_endian(host)}:{port:04X} 00000000:0000 0A"
        return listening in Path("/proc/self/net/tcp").read_text(encoding="ascii")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    @property
    def process_id(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Nginx(Server):
    program = "nginx"

    def __init__(self, config: str, work_dir: Path, address: tuple[str, int] = FRONT) -> None:
        path = work_dir / "nginx.conf"
        path.write_text(config, encoding="utf-8")
        super().__init__(["nginx", "-p", str(work_dir), "-c", str(path), "-g", "daemon off;"], work_dir, address)

    @staticmethod
    def version() -> str:
        return "nginx " + first_match(["nginx", "-v"], r"nginx/(\S+)")


class Haproxy(Server):
    program = "haproxy"

    def __init__(
        self, config: str, work_dir: Path, reloadable: bool = False, address: tuple[str, int] = FRONT
    ) -> None:
        path = work_dir / "haproxy.cfg"
        path.write_text(config, encoding="utf-8")
        # A master with a worker starts a new worker on SIGUSR2.
        super().__init__(["haproxy", "-W" if reloadable else "-db", "-f", str(path)], work_dir, address)

    @staticmethod
    def version() -> str:
        return "HAProxy " + first_match(["haproxy", "-v"], r"version (\d+\.\d+\.\d+)")

    @staticmethod
    def command(admin_socket: Path, line: str) -> str:
        """One command on the admin socket, and its answer."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(5)
            sock.connect(str(admin_socket))
            sock.sendall(line.encode() + b"\n")
            return sock.recv(65536).decode()


class Apache(Server):
    program = "apache2"

    def __init__(self, config: str, run_dir: Path, work_dir: Path, address: tuple[str, int] = FRONT) -> None:
        """`run_dir` shows up in the error log, with the command line."""
        path = run_dir / "apache2.conf"
        path.write_text(config, encoding="utf-8")
        super().__init__(["apache2", "-f", str(path), "-D", "FOREGROUND"], work_dir, address)

    @staticmethod
    def version() -> str:
        return "Apache httpd " + first_match(["apache2", "-v"], r"Apache/(\S+)")


class Caddy(Server):
    program = "caddy"

    def __init__(self, config: dict[str, object], work_dir: Path, user: list[str]) -> None:
        """`config` is Caddy's own JSON; `user` a command that changes the user before it runs another."""
        path = work_dir / "caddy.json"
        path.write_text(json.dumps(config, indent=1), encoding="utf-8")
        home = work_dir / "caddy"
        home.mkdir(exist_ok=True)
        home.chmod(0o777)
        environment = ["env", f"XDG_DATA_HOME={home}", f"XDG_CONFIG_HOME={home}", f"HOME={home}"]
        super().__init__([*user, *environment, "caddy", "run", "--config", str(path)], work_dir)

    @staticmethod
    def version() -> str:
        return "Caddy " + first_match(["caddy", "version"], r"v?(\d+\.\d+\.\d+)")


class Varnish(Server):
    program = "varnishd"
    start_seconds = 20.0  # it has its VCL compiled first

    def __init__(self, vcl: str, work_dir: Path, parameters: tuple[str, ...] = ()) -> None:
        path = work_dir / "default.vcl"
        path.write_text(vcl, encoding="utf-8")
        self._instance = work_dir / "varnish"
        self._loggers: list[subprocess.Popen[bytes]] = []
        self._writers: list[threading.Thread] = []
        command = ["varnishd", "-F", "-n", str(self._instance), "-a", f"{FRONT[0]}:{FRONT[1]}", "-f", str(path)]
        command += ["-s", "malloc,16m", "-p", "vsl_space=16m"]
        for parameter in parameters:
            command += ["-p", parameter]
        super().__init__(command, work_dir)

    def log(self, program: str, arguments: list[str], path: Path, stamped: bool = False) -> None:
        """Lets one of Varnish's log programs write to `path`, each line stamped as syslog would where asked to."""
        command = [program, "-n", str(self._instance), "-t", "10", *arguments]
        environment = {**os.environ, "TZ": "UTC", "LC_ALL": "C"}
        output = subprocess.PIPE if stamped else path.open("wb")
        logger = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL, env=environment)
        self._loggers.append(logger)
        if stamped:
            writer = threading.Thread(target=_stamp, args=(logger, f"cache1 {program}[{logger.pid}]: ", path))
            writer.start()
            self._writers.append(writer)

    def stop_logs(self) -> None:
        for logger in self._loggers:
            logger.terminate()
            logger.wait(5)
        for writer in self._writers:
            writer.join(5)
        self._loggers, self._writers = [], []

    def stop(self) -> None:
        self.stop_logs()
        super().stop()

    @staticmethod
    def version() -> str:
        return "Varnish " + first_match(["varnishd", "-V"], r"varnish-(\S+)")


def _stamp(logger: subprocess.Popen[bytes], tag: str, path: Path) -> None:
    """Writes what a program says to `path` as rsyslog does: with the time, the host and the program's name."""
    with path.open("wb") as file:
        for line in logger.stdout or ():
            if line.strip():
                now = datetime.now(UTC).isoformat(timespec="microseconds")
                file.write(f"{now} {tag}".encode() + line)


def distribution() -> str:
    """`Debian 12`, or whatever this system calls itself."""
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    name = fields.get("ID", "linux").strip('"').capitalize()
    return f"{name} {fields.get('VERSION_ID', '').strip(chr(34))}".strip()


def first_match(command: list[str], pattern: str) -> str:
    """What the first group of `pattern` found in the command's output: a version, as a rule."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "(unknown version)"


def _little_endian(ipv4: str) -> str:
    return socket.inet_aton(ipv4)[::-1].hex().upper()
