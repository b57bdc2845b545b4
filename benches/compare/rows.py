"""What is measured against what, and what is aimed at: one function for each row of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import counts
from corpora import Corpora
from measure import Command
from peers import Missing, Peers

_HERE = Path(__file__).resolve().parent
_PARTS = 20
_MANY = 10_000


@dataclass(frozen=True)
class Contest:
    """Two commands that do the same, and how to tell that they did. `check` runs when both have run."""

    ours: Command
    theirs: Command
    check: Callable[[], None]
    #: What both read, in bytes.
    size: int
    #: The other side with nothing to do, where starting it takes a while.
    start: Command | None = None


@dataclass(frozen=True)
class Bench:
    """What rows are made of."""

    gatewhy: Path
    #: The same program built with the feature `isal`; None where there is no such feature.
    gatewhy_isal: Path | None
    corpora: Corpora
    peers: Peers
    #: For what the commands write.
    scratch: Path
    lines: int

    def log(self, proxy: str, *options: str) -> Path:
        return self.corpora.log(proxy, self.lines, *options)

    def report(self, *inputs: Path, to: str = "gatewhy.csv", program: Path | None = None) -> Command:
        """What is timed: gatewhy's table of windows in which something failed, as CSV, into a file."""
        return self.command("-o", str(self.scratch / to), *map(str, inputs), program=program)

    def counted(self, *inputs: Path, program: Path | None = None) -> counts.Counts:
        """What gatewhy counts, in all windows."""
        path = self.scratch / "all.csv"
        self.command("--all-windows", "-o", str(path), *map(str, inputs), program=program).run()
        return counts.windows(path)

    def command(self, *arguments: str, program: Path | None = None) -> Command:
        return Command((str(program or self.gatewhy), "-q", "--tz", "UTC", "-f", "csv", *arguments))


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    name: str
    #: What is read, and by whom else: Markdown.
    input: str
    peer: str
    #: What is aimed at: at most this many times the peer's time.
    wall: float | None
    cpu: float | None
    #: Whether the promise of little memory covers it.
    frugal: bool
    #: Whether it needs the program that is built with the feature `isal`.
    isal: bool
    #: Raises `Missing` where it cannot be measured.
    prepare: Callable[[Bench], Contest]


ROWS: dict[str, Row] = {}


def row(
    name: str,
    what: str,
    peer: str,
    *,
    wall: float | None = None,
    cpu: float | None = None,
    frugal: bool = True,
    isal: bool = False,
) -> Callable[[Callable[[Bench], Contest]], Callable[[Bench], Contest]]:
    """Registers a function as a row; the order in this file is that of the table."""

    def register(prepare: Callable[[Bench], Contest]) -> Callable[[Bench], Contest]:
        ROWS[name] = Row(name, what, peer, wall, cpu, frugal, isal, prepare)
        return prepare

    return register


@row("haproxy", "HAProxy httplog in syslog", "`halog -srv`", wall=0.6, cpu=1.0)
def _halog(bench: Bench) -> Contest:
    log = bench.log("haproxy")
    halog = bench.peers.program("halog", "haproxy", "haproxy", "-v")
    theirs = bench.scratch / "halog.out"

    def check() -> None:
        servers = bench.scratch / "servers.csv"
        bench.command("--table", "upstreams", "--status", "500-599", "-o", str(servers), str(log)).run()
        counts.must_agree(counts.servers(servers), counts.halog(theirs), "halog")

    return Contest(bench.report(log), Command((halog, "-srv"), stdin=log, stdout=theirs), check, _size(log))


@row("nginx", "nginx combined + upstream variables", "ClickHouse (`chdb`), `LineAsString`", wall=0.2, cpu=0.3)
def _clickhouse(bench: Bench) -> Contest:
    return _sql(bench, bench.log("nginx"), "chdb", _HERE / "clickhouse_nginx.py")


@row("alb", "ALB, 34 columns", "DuckDB `read_csv`", wall=0.3, cpu=0.5)
def _duckdb(bench: Bench) -> Contest:
    return _sql(bench, bench.log("alb"), "duckdb", _HERE / "duckdb_alb.py")


def _sql(bench: Bench, log: Path, module: str, script: Path) -> Contest:
    python = bench.peers.python_with(module)
    empty, ours, theirs, everything = (bench.scratch / name for name in ("empty", "ours.csv", "failed.tsv", "all.tsv"))
    empty.touch()

    def query(log: Path, out: Path, *options: str) -> Command:
        return Command((python, str(script), str(log), str(out), *options))

    def check() -> None:
        counts.must_agree(counts.failing(counts.windows(ours)), counts.tabbed(theirs), module)
        query(log, everything, "--all").run()
        counts.must_agree(bench.counted(log), counts.tabbed(everything), module)

    start = query(empty, bench.scratch / "none.tsv")
    return Contest(bench.report(log, to=ours.name), query(log, theirs), check, _size(log), start)


@row("gz", "one ALB `.gz`", "`igzip -dc`", wall=1.9)
def _one_gzip(bench: Bench) -> Contest:
    return _igzip(bench, bench.gatewhy, [bench.corpora.gzip(bench.log("alb"))])


@row("gz-isal", "one ALB `.gz`, feature `isal`", "`igzip -dc`", wall=1.2, isal=True)
def _one_gzip_isal(bench: Bench) -> Contest:
    return _igzip(bench, _with_isal(bench), [bench.corpora.gzip(bench.log("alb"))])


@row("gz20", "the same lines in twenty `.gz`", "`igzip -dc`, one after another", wall=1.1)
def _twenty_gzip(bench: Bench) -> Contest:
    return _igzip(bench, bench.gatewhy, bench.corpora.parts(bench.log("alb"), _PARTS))


@row("gz20-isal", "twenty `.gz`, feature `isal`", "`igzip -dc`, one after another", wall=0.65, isal=True)
def _twenty_gzip_isal(bench: Bench) -> Contest:
    return _igzip(bench, _with_isal(bench), bench.corpora.parts(bench.log("alb"), _PARTS))


def _with_isal(bench: Bench) -> Path:
    if bench.gatewhy_isal is None:
        raise Missing("Cargo.toml has no feature `isal`")
    return bench.gatewhy_isal


def _igzip(bench: Bench, program: Path, files: list[Path]) -> Contest:
    igzip = bench.peers.program("igzip", "isal", "igzip", "-V")
    unpack = (igzip, "-dc", *map(str, files))
    return _unpacked(bench, bench.log("alb"), files, unpack, program)


@row("zst", "one nginx `.zst`", "`zstd -dc`", wall=1.15)
def _zstd(bench: Bench) -> Contest:
    zstd = bench.peers.program("zstd", "zstd", "zstd", "-V")
    log = bench.log("nginx")
    file = bench.corpora.zstd(log)
    return _unpacked(bench, log, [file], (zstd, "-dc", str(file)), bench.gatewhy)


def _unpacked(bench: Bench, log: Path, files: list[Path], unpack: tuple[str, ...], program: Path) -> Contest:
    """Against a program that unpacks and throws away. It counts nothing: what it unpacks must be the log."""

    def check() -> None:
        unpacked = bench.scratch / "unpacked"
        Command(unpack, stdout=unpacked).run()
        counts.must_be("bytes unpacked", unpacked.stat().st_size, log.stat().st_size)
        unpacked.unlink()
        counts.must_agree(bench.counted(*files, program=program), bench.counted(log), "the plain file")

    return Contest(bench.report(*files, program=program), Command(unpack), check, _size(*files))


@row("pipe", "nginx through a pipe", "gatewhy, the same file as a path", wall=1.5)
def _pipe(bench: Bench) -> Contest:
    log = bench.log("nginx")
    piped, direct = bench.scratch / "piped.csv", bench.scratch / "direct.csv"
    ours = bench.command("-o", str(piped))

    def check() -> None:
        counts.must_agree(counts.windows(piped), counts.windows(direct), "the path")

    return Contest(Command(ours.argv, piped=log), bench.report(log, to=direct.name), check, _size(log))


@row("wc", "nginx, the floor: to look at every byte once", "`wc -l`")
def _wc(bench: Bench) -> Contest:
    log = bench.log("nginx")
    wc = bench.peers.program("wc", "coreutils", "wc", "--version")
    lines = bench.scratch / "lines"

    def check() -> None:
        counted = int(lines.read_text(encoding="ascii").split()[0])
        counts.must_be("requests and lines", counts.requests(bench.counted(log)), counted)

    return Contest(bench.report(log), Command((wc, "-l", str(log)), stdout=lines), check, _size(log))


def _size(*files: Path) -> int:
    return sum(file.stat().st_size for file in files)


def _hard(proxy: str, option: str, what: str, *options: str) -> None:
    """Registers a row of a harder log against a usual one with as many lines: the ratio is that of times per line."""

    @row(f"{option}-{proxy}", f"{proxy}, {what}", "gatewhy, a usual log", wall=3.0, cpu=3.0, frugal=False)
    def _(bench: Bench) -> Contest:
        log = bench.log(proxy, *options)

        def check() -> None:
            counts.must_agree(bench.counted(log), counts.awk(proxy, log), "awk")

        return Contest(bench.report(log), bench.report(bench.log(proxy), to="usual.csv"), check, _size(log))


for _proxy in ("haproxy", "nginx", "alb"):
    _hard(_proxy, "many", f"{_MANY:,} upstreams", "--upstreams", str(_MANY))
    _hard(_proxy, "failing", "every line fails", "--failing")
