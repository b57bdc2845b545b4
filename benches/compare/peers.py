"""The programs that gatewhy is compared with: found on the path, or installed into an environment of their own."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path


class Missing(Exception):
    """A row cannot be measured here; the message says what it would take."""


class Peers:
    """Finds peers, and remembers the versions of those that were found."""

    def __init__(self, environment: Path) -> None:
        self._environment = environment
        self.versions: dict[str, str] = {}
        self.python_with = functools.cache(self._python_with)

    def program(self, name: str, package: str, *version: str) -> str:
        """The path of a program that Debian has in `package`; `version` is the command that tells its version."""
        path = shutil.which(name)
        if path is None:
            raise Missing(f"`{name}` is not installed (Debian: `apt install {package}`)")
        told = re.search(r"\d+(?:\.\d+)+", first_line(list(version)))
        self.versions[name] = told[0] if told else "of an unknown version"
        return path

    def _python_with(self, module: str) -> str:
        """A Python interpreter that has `module`, which is installed if need be."""
        python = self._environment / "bin" / "python"
        try:
            if not python.exists():
                print(f"making {self._environment}", flush=True)
                first_line([sys.executable, "-m", "venv", str(self._environment)])
            show = f"from importlib.metadata import version; print(version({module!r}))"
            if subprocess.run([python, "-c", show], capture_output=True, check=False).returncode != 0:
                print(f"installing {module}", flush=True)
                first_line([str(python), "-m", "pip", "install", "--quiet", "--only-binary=:all:", module])
            self.versions[module] = first_line([str(python), "-c", show])
        except subprocess.CalledProcessError as reason:
            said = (reason.stderr or "").strip().splitlines()[-1:] or [str(reason)]
            raise Missing(f"`{module}` is not installed, and cannot be: {said[0]}") from reason
        return str(python)


def first_line(argv: list[str]) -> str:
    """The first line that a command prints, or nothing."""
    printed = subprocess.run(argv, capture_output=True, check=True, text=True).stdout
    return printed.partition("\n")[0].strip()
