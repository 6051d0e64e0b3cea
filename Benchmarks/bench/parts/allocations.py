"""Heap allocations per request: a preloaded counter read over N and 2 N requests."""

import os
import shutil
import struct
import subprocess

from .. import load, machine
from ..outcome import Outcome, Table, Verdict

CONNECTIONS = 32
_SOURCE = os.path.join(machine.ROOT, "Benchmarks", "shims", "malloc_count.c")
_LIBRARY = os.path.join(machine.SCRATCH, "malloc_count.so")
# Envoy brings an allocator of its own, linked in, which this counter does not see.
_COUNTED = ("weir", "haproxy", "nginx")


def run(bench):
    _build()
    requests = bench.size(100_000, 10_000)
    data = {}
    with bench.origin() as directory:
        for name in _COUNTED:
            data[name] = _per_request(bench, name, directory, requests, is_planting=False)
        data["weir, one planted per send"] = _per_request(
            bench, "weir", directory, requests, is_planting=True)
    planted = data["weir, one planted per send"]
    shown = planted["allocations"] - data["weir"]["allocations"]
    if planted["planted"] < 1.9 or abs(shown - planted["planted"]) > 0.05:
        raise RuntimeError(f"the counter does not count: {planted['planted']:.2f} allocations "
                           f"per request were planted, {shown:.2f} more were counted")
    rows = [[name, each["allocations"], each["bytes"], each["frees"], each["planted"]]
            for name, each in data.items()]
    table = Table("Heap allocations per request", ["proxy", "allocations", "bytes", "frees",
                                                   "planted"], rows)
    # What Weir's other threads do each second is in the count: a hundredth is none.
    verdict = Verdict("heap allocations per request", data["weir"]["allocations"], 0.01,
                      remark=f"control: {planted['planted']:.2f} planted, {shown:.2f} counted")
    return Outcome(data, [table], [verdict])


def _build():
    compiler = shutil.which("cc") or shutil.which("clang")
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-fno-builtin", "-shared",
                    "-fPIC", "-o", _LIBRARY, _SOURCE, "-ldl"], check=True)


def _per_request(bench, name, directory, requests, is_planting):
    counters = os.path.join(directory, "counters")
    with open(counters, "wb") as file:
        file.truncate(4096)
    environment = {"LD_PRELOAD": _LIBRARY, "MALLOC_COUNT_FILE": counters}
    if is_planting:
        environment["MALLOC_COUNT_PLANT"] = "1"
    with bench.running(directory, (name,), environment=environment) as running:
        port = running[name].port
        load.run(port, requests, CONNECTIONS)
        marks = [_read(counters)]
        if marks[0]["allocations"] == 0:
            raise RuntimeError(f"the counter was not loaded into {name}")
        for count in (requests, 2 * requests):
            load.run(port, count, CONNECTIONS)
            marks.append(_read(counters))
    result = {key: ((marks[2][key] - marks[1][key]) - (marks[1][key] - marks[0][key])) / requests
              for key in marks[0]}
    bench.say(f"{name}{', planted' if is_planting else ''}: "
              f"{result['allocations']:.4f} allocations a request")
    return result


def _read(path):
    with open(path, "rb") as file:
        values = struct.unpack("4Q", file.read(32))
    return dict(zip(("allocations", "bytes", "frees", "planted"), values))
