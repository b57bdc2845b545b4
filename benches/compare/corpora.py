"""The logs that are measured on: made once, kept under `target/bench-corpora`, made anew when the generator changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

_BENCHES = Path(__file__).resolve().parent.parent


class Corpora:
    """Made-up logs as files, plain and compressed."""

    def __init__(self, directory: Path, generator: Path) -> None:
        self._directory = directory
        self._generator = generator
        self._forget_others(_digest([_BENCHES / "generate.rs", *sorted((_BENCHES / "corpus").glob("*.rs"))]))

    def log(self, proxy: str, lines: int, *options: str) -> Path:
        """What `proxy` logs of a day with so many requests; `options` are the generator's."""
        name = "".join([f"{proxy}-{lines}", *(option.replace("--", "-") for option in options), ".log"])

        def make(path: Path) -> None:
            with path.open("wb") as out:
                argv = [str(self._generator), proxy, str(lines), *options]
                subprocess.run(argv, stdout=out, stderr=subprocess.DEVNULL, check=True)

        return self._made(name, make)

    def gzip(self, log: Path) -> Path:
        """The log as `gzip` compresses it."""
        return self._made(f"{log.name}.gz", lambda path: _run(f'gzip -c "{log}" > "{path}"'))

    def zstd(self, log: Path) -> Path:
        """The log as `zstd` compresses it."""
        return self._made(f"{log.name}.zst", lambda path: _run(f'zstd -q -c "{log}" > "{path}"'))

    def parts(self, log: Path, count: int) -> list[Path]:
        """The log's lines in so many gzip files, in order."""

        def make(directory: Path) -> None:
            directory.mkdir()
            split = f"split --number=l/{count} --suffix-length=3 --filter='gzip > \"$FILE.gz\"'"
            _run(f'{split} "{log}" "{directory}/part-"')

        return sorted(self._made(f"{log.name}.parts", make).iterdir())

    def _made(self, name: str, make: Callable[[Path], None]) -> Path:
        path = self._directory / name
        if not path.exists():
            print(f"making {name}", flush=True)
            unfinished = self._directory / "unfinished"
            _remove(unfinished)
            make(unfinished)
            unfinished.rename(path)
        return path

    def _forget_others(self, digest: str) -> None:
        """What another generator wrote is of no use."""
        made_by = self._directory / "made-by"
        if not made_by.exists() or made_by.read_text(encoding="utf-8") != digest:
            _remove(self._directory)
            self._directory.mkdir(parents=True)
            made_by.write_text(digest, encoding="utf-8")


def _run(script: str) -> None:
    subprocess.run(["bash", "-o", "pipefail", "-ec", script], check=True)


def _digest(sources: list[Path]) -> str:
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
