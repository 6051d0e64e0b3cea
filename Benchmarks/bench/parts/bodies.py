"""Large bodies: throughput against the peers, and memory while they pass."""

import os
import socket
import sys
import time

from .. import figures, load, machine, proxies, transfer
from ..outcome import Outcome, Table, Verdict
from ..process import Process
from ..settings import rotated, sparse_file

MIB, GIB = 1 << 20, 1 << 30
KINDS = ("1 MiB down", "1 GiB down", "1 GiB up")


def _read(path):
    """So that who comes first does not wait for the origin's pages."""
    with open(path, "rb") as file:
        while file.read(MIB):
            pass


def run(bench):
    rounds, memory = [], {}
    with bench.origin() as directory:
        files = os.path.join(directory, "files")
        big = bench.size(GIB, GIB // 4)
        sparse_file(os.path.join(files, "small"), MIB)
        sparse_file(os.path.join(files, "big"), big)
        _read(os.path.join(files, "big"))
        sink = _start_sink(directory)
        try:
            with bench.running(directory) as running:
                for number in range(bench.round_count(5, 2)):
                    rounds.append({name: _one(bench, running[name], files, big)
                                   for name in rotated(running, number)})
                    bench.say(f"round {number + 1}: " + ", ".join(
                        f"{name} " + "/".join(f"{rounds[-1][name][kind]['mib_per_second']:,.0f}"
                                              for kind in KINDS) for name in running)
                        + f" MiB/s ({', '.join(KINDS)})")
                if not bench.quick:
                    sparse_file(os.path.join(files, "huge"), 10 * GIB)
                    memory = _huge(running["weir"], 10 * GIB)
        finally:
            sink.stop()
    return Outcome({"rounds": rounds, "big_bytes": big, "10 GiB": memory},
                   [_table(rounds, big)], _verdicts(rounds, memory))


def _start_sink(directory):
    process = Process("sink", [sys.executable, "-B", "-m", "bench.transfer", str(proxies.SINK)],
                      machine.LOAD_CORE, os.path.join(directory, "sink.out"),
                      {"PYTHONPATH": os.path.join(machine.ROOT, "Benchmarks")})
    for _ in range(1000):
        process.require_running()
        try:
            socket.create_connection(("127.0.0.1", proxies.SINK), 1).close()
            return process
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the sink does not start")


def _one(bench, proxy, files, big):
    """All kinds through one proxy: MiB/s, processor time for each GiB, and memory."""
    result, requests = {}, bench.size(2_000, 400)
    for kind in KINDS:
        before, time_before = proxy.process.memory()["rss"], proxy.process.processor_time()
        proxy.process.reset_peak()
        if kind == "1 MiB down":
            size = requests * MIB
            seconds = requests / load.run(proxy.port, requests, 8, path="/files/small")
        elif kind == "1 GiB down":
            size, seconds = big, transfer.download(proxy.port, "/files/big", big)
        else:
            size = big
            seconds = transfer.upload(proxy.port, "/sink", os.path.join(files, "big"), big)
        spent = proxy.process.processor_time().since(time_before)
        result[kind] = {"mib_per_second": size / MIB / seconds,
                        "processor_seconds_per_gib": spent.total * GIB / size,
                        "rss_before": before, "rss_peak": proxy.process.peak()}
    return result


def _huge(weir, size):
    """10 GiB once, both how fast and in how much memory."""
    before = weir.process.memory()["rss"]
    weir.process.reset_peak()
    seconds = transfer.download(weir.port, "/files/huge", size, timeout=600)
    return {"seconds": seconds, "rss_before": before, "rss_peak": weir.process.peak()}


def _table(rounds, big):
    rows = []
    for name in rounds[0]:
        for kind in KINDS:
            each = [row[name][kind] for row in rounds]
            speed = figures.spread([one["mib_per_second"] for one in each])
            rows.append([
                f"{name}, {kind}",
                f"{speed['median']:,.0f} ({speed['low']:,.0f} to {speed['high']:,.0f})",
                figures.median([one["processor_seconds_per_gib"] for one in each]),
                each[0]["rss_before"] / MIB, max(one["rss_peak"] for one in each) / MIB])
    note = "" if big == GIB else f" (the large one is {big // MIB} MiB here)"
    return Table(f"Large bodies{note}", ["proxy and body", "MiB/s", "processor s/GiB",
                                         "RSS before, MiB", "peak, MiB"], rows)


def _verdicts(rounds, memory):
    verdicts = []
    for kind in KINDS:
        ratios = figures.spread([row["weir"][kind]["mib_per_second"]
                                 / row["nginx"][kind]["mib_per_second"] for row in rounds])
        verdicts.append(Verdict(
            f"{kind}: throughput as a share of nginx's", ratios["median"], 1.0, at_least=True,
            remark=f"{ratios['low']:.2f} to {ratios['high']:.2f} over the rounds"))
    peak = max(row["weir"][kind]["rss_peak"] for row in rounds for kind in KINDS)
    verdicts.append(Verdict("VmHWM of Weir over these bodies", peak / MIB, 32, " MiB"))
    if memory:
        verdicts.append(Verdict("VmHWM of Weir over a 10 GiB body", memory["rss_peak"] / MIB, 32,
                                " MiB"))
    return verdicts
