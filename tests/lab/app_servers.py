"""Real application servers for behind the proxies: php-fpm and gunicorn, and the little shop that runs in them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from servers import Server, first_match

#: What the shop does with a request before it answers: `("sleep", seconds)`; `("signal", number)` to its own process,
#: as the kernel does to one that faults or takes too much memory; or `("warn", 0)`, in PHP alone.
Fault = tuple[str, float]

SEGMENTATION_FAULT: Fault = ("signal", signal.SIGSEGV)
#: What the kernel's OOM killer sends.
KILL: Fault = ("signal", signal.SIGKILL)
#: PHP's warnings travel with the answer, and the proxy writes them into its own error log.
WARN: Fault = ("warn", 0)


def sleep(seconds: float) -> Fault:
    return ("sleep", seconds)


_PHP = """<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$faults = json_decode(file_get_contents(__DIR__ . '/faults.json'), true);
foreach ($faults as $prefix => [$what, $number]) {
    if (str_starts_with($path, $prefix)) {
        match ($what) {
            'sleep' => usleep((int) ($number * 1e6)),
            'signal' => posix_kill(posix_getpid(), $number),
            'warn' => trigger_error('stock of A-1 is unknown', E_USER_WARNING),
        };
        break;
    }
}
header('Content-Type: application/json');
echo '{"items":[{"sku":"A-1","qty":2}],"currency":"EUR"}', "\\n";
"""

_PYTHON = """import json, os, pathlib, time

FAULTS = pathlib.Path(__file__).with_name("faults.json")
BODY = b'{"items":[{"sku":"A-1","qty":2}],"currency":"EUR"}\\n'


def application(environ, start_response):
    for prefix, (what, number) in json.loads(FAULTS.read_text()).items():
        if environ["PATH_INFO"].startswith(prefix):
            time.sleep(number) if what == "sleep" else os.kill(os.getpid(), number)
            break
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]
"""


class Shop:
    """The shop's files in `directory`: `index.php` and the WSGI module `shop`, both well until told otherwise."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        directory.chmod(0o755)  # php-fpm's children are not root
        self.directory = directory
        self.script = directory / "index.php"
        self.script.write_text(_PHP, encoding="utf-8")
        (directory / "shop.py").write_text(_PYTHON, encoding="utf-8")
        self.fail({})

    def fail(self, faults: dict[str, Fault]) -> None:
        """From now on: a fault by the start of a path. The file is replaced at once, as requests are under way."""
        new = self.directory / "faults.new"
        new.write_text(json.dumps(faults), encoding="ascii")
        new.replace(self.directory / "faults.json")

    def break_module(self) -> None:
        """A new version that cannot be loaded."""
        (self.directory / "shop.py").write_text("import stripe\n", encoding="utf-8")


class PhpFpm(Server):
    """php-fpm with one pool, `www`, on a unix socket."""

    program = "php-fpm"

    def __init__(self, listens: Path, log: Path, run_dir: Path, work_dir: Path, pool: str) -> None:
        """`pool` is the rest of the pool's configuration; `run_dir` shows up in the log, on a reload."""
        config = run_dir / "php-fpm.conf"
        config.write_text(
            f"""
[global]
daemonize = no
error_log = {log}
[www]
user = www-data
group = www-data
listen = {listens}
listen.owner = www-data
listen.group = www-data
slowlog = {work_dir}/slow.log
{pool}
""",
            encoding="utf-8",
        )
        super().__init__([_php_fpm(), "--nodaemonize", "--fpm-config", str(config)], work_dir, listens)

    @staticmethod
    def version() -> str:
        return "php-fpm " + first_match([_php_fpm(), "--version"], r"PHP (\S+)")


def _php_fpm() -> str:
    """The program's name, which on Debian bears the version: `php-fpm8.2`."""
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)]
    names = sorted(program.name for folder in folders for program in folder.glob("php-fpm*"))
    return names[-1] if names else "php-fpm"


class Gunicorn(Server):
    """gunicorn with synchronous workers."""

    program = "gunicorn"

    def __init__(self, shop: Shop, listens: tuple[str, int], log: Path, work_dir: Path, *options: str) -> None:
        command = ["gunicorn", "--bind", f"{listens[0]}:{listens[1]}", "--chdir", str(shop.directory)]
        command += ["--error-logfile", str(log), "--graceful-timeout", "1", *options, "shop:application"]
        super().__init__(command, work_dir, listens)

    @staticmethod
    def version() -> str:
        return "gunicorn " + first_match(["gunicorn", "--version"], r"version (\d[\d.]*\d)")
