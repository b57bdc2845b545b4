"""Runs one command and writes what it took, as JSON.

A process of its own, as small as Python can be: Linux counts the memory of whoever starts a program into that program's
peak, so a parent that has read tables into memory would be measured, too.

    python3 -I -S stopwatch.py '{"argv": […], "stdin": PATH, "piped": PATH, "stdout": PATH, "stderr": PATH, "cores": N}'
"""

import json
import os
import subprocess
import sys
import time


def main(order: dict) -> dict:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: order["cores"]])
    with (
        open(order["stdin"] or os.devnull, "rb") as file,
        open(order["stdout"] or os.devnull, "wb") as stdout,
        open(order["stderr"], "wb") as stderr,
    ):
        started = time.perf_counter()
        feeder = subprocess.Popen(["cat", order["piped"]], stdout=subprocess.PIPE) if order["piped"] else None
        stdin = feeder.stdout if feeder else file
        process = subprocess.Popen(order["argv"], stdin=stdin, stdout=stdout, stderr=stderr)
        if feeder and feeder.stdout:
            feeder.stdout.close()  # so that cat is told when nobody reads any more
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if feeder:
            feeder.wait()
    return {
        "status": process.returncode,
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_kib": usage.ru_maxrss,
        "own_peak_kib": own_peak_kib(),
    }


def own_peak_kib() -> int:
    """Not from getrusage, where the parent's peak is counted in."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


if __name__ == "__main__":
    json.dump(main(json.loads(sys.argv[1])), sys.stdout)
