"""Apache as others set it up: the common log format, vhost_combined with %D, host names for balancer members."""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from pathlib import Path

import reading
from apache_bench import case_of
from case import Case, View
from isolation import RUN_DIR
from second_bench import Blame, Expect, Say, SecondBench
from second_nginx_bench import cross_check, told
from servers import FRONT, Apache

_MODULES = (
    "mpm_event",
    "authz_core",
    "alias",
    "dir",
    "env",
    "rewrite",
    "remoteip",
    "slotmem_shm",
    "socache_shmcb",
    "ssl",
    "proxy",
    "proxy_http",
    "proxy_fcgi",
    "proxy_balancer",
    "lbmethod_byrequests",
    "lbmethod_bybusyness",
)
_FORMATS = r"""
LogFormat "%a %l %u %t \"%r\" %>s %b" common
LogFormat "%v:%p %a %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\" %D" vhost_timed
"""
#: Only the second knows how long a request took; neither whom it was sent to.
ACCESS = {"access.log": "common", "other_vhosts_access.log": "vhost_timed"}
_STATUS = re.compile(r'" (\d{3}) (?:\d+|-)(?: |$)')


def config(logs: Path, prefix: str, address: tuple[str, int], site: str, log_level: str = "warn") -> str:
    """One Apache with one virtual host that holds `site`; its logs begin with `prefix`."""
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in _MODULES)
    access = "\n".join(f'    CustomLog "{logs}/{prefix}{file}" {style}' for file, style in ACCESS.items())
    return f"""
ServerRoot "{RUN_DIR}"
DefaultRuntimeDir "{RUN_DIR}"
PidFile "{RUN_DIR}/apache2.pid"
ServerName www.example.net
Listen {address[0]}:{address[1]}
{modules}
User www-data
Group www-data
StartServers 1
ServerLimit 2
ThreadsPerChild 64
MaxRequestWorkers 128
Timeout 20
RemoteIPHeader X-Forwarded-For
SSLSessionCache "shmcb:{RUN_DIR}/ssl_scache(512000)"
ErrorLog "{logs}/{prefix}error.log"
LogLevel {log_level}
{_FORMATS}
<VirtualHost {address[0]}:{address[1]}>
    ServerName www.example.net
{access}
{site}
</VirtualHost>
"""


def know_hosts(directory: Path, names: dict[str, str]) -> None:
    """Makes this (private) machine resolve `names` to addresses, by an /etc/hosts of its own."""
    hosts = directory / "hosts"
    lines = [f"{address} {name}" for name, address in {"localhost": "127.0.0.1", **names}.items()]
    hosts.write_text("\n".join(lines) + "\n", encoding="ascii")
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)


def forget_hosts() -> None:
    subprocess.run(["umount", "/etc/hosts"], check=True)


class SecondApache(SecondBench):
    """Starts Apache httpd with workers that are not root."""

    def __init__(self, private: bool) -> None:
        super().__init__(private)
        self.crowd.host = "www.example.net"
        self._names = False

    def names(self, **names: str) -> None:
        """Host names for members; `_` stands for a hyphen."""
        know_hosts(self.work_dir, {f"{name.replace('_', '-')}.example.net": where for name, where in names.items()})
        self._names = True

    def start(self, site: str, *, log_level: str = "warn") -> Apache:
        return self.keep(Apache(config(self.logs, "", FRONT, site, log_level), RUN_DIR, self.work_dir))

    def close(self) -> None:
        if self._names:
            forget_hosts()
        super().close()

    def case(
        self,
        what: str,
        expect: Expect,
        blame: Blame = Blame(),
        *,
        attempt: str = "",
        error_failures: bool = True,
    ) -> Case:
        """Both access logs alone, each with the error log, the error log alone.

        `attempt`: the messages, by number, that are written once for each failed attempt or untried request; without,
        or without `error_failures`, nothing is said of the error log's count.
        """
        time.sleep(0.4)  # Apache writes a line after the answer
        for log in ACCESS:
            cross_check(self, statuses(self.logs / log))
        views = [self._view([log], expect.whole if log != "access.log" else expect.blind) for log in ACCESS]
        both = [self._view([log, "error.log"], expect.sure) for log in ACCESS]
        views += [told(view, expect.sure, blame, names=True) for view in both]
        lines = messages(self.logs / "error.log", attempt) if attempt else 0
        if expect.sure.cause and lines:
            alone = View(["error.log"], lines if error_failures else None, note=f"{lines} lines ({attempt}) count.")
            views.append(told(alone, expect.sure, blame, names=True))
        elif not expect.sure.cause:
            views.append(View(["error.log"], 0))
        what += "\n\nApache wrote each request to access.log (common) and other_vhosts_access.log (vhost_combined %D)."
        return case_of(what, self, views)

    def _view(self, logs: list[str], say: Say) -> View:
        failures = sum(self.client[status] for status in reading.GATEWAY_STATUSES)
        view = View(logs, failures, self.client.total() - self.unlogged)
        return told(view, say, Blame(), names=False) if failures else view


def statuses(log: Path) -> Counter[str]:
    lines = log.read_text(encoding="latin-1").splitlines()
    return Counter(match[1] for line in lines if (match := _STATUS.search(line)))


def messages(error_log: Path, numbers: str) -> int:
    """Lines of the error log that bear one of the message numbers (`AH01114|AH01102`)."""
    return len(re.findall(rf"\b(?:{numbers}):", error_log.read_text(encoding="latin-1")))
