"""Memory at start without traffic, and the time from the command to the first answer."""

import time

from .. import figures, machine, proxies, web
from ..outcome import Outcome, Table, Verdict
from ..process import Process
from ..settings import rotated

KIB = 1024


def run(bench):
    rounds = []
    with bench.origin() as directory:
        for number in range(bench.round_count(10, 3)):
            rounds.append({name: _one(name, directory, bench.size(2.0, 0.5))
                           for name in rotated(proxies.NAMES, number)})
        ready = [_ready(directory) for _ in range(bench.round_count(20, 5))]
    bench.say("start to ready, ms: " + ", ".join(f"{each * 1e3:.1f}" for each in ready))
    return Outcome({"rounds": rounds, "weir_ready_seconds": ready}, [_table(rounds, ready)],
                   _verdicts(rounds, ready))


def _one(name, directory, settle):
    """Starts, answers one request, rests, and is looked at."""
    proxy = proxies.start(name, directory)
    try:
        time.sleep(settle)
        return {**proxy.process.memory(), "first_answer_seconds": proxy.ready_seconds}
    finally:
        proxy.stop()


def _ready(directory):
    """Seconds from the command to Weir's first 200 of /readyz; taskset's start is in it."""
    configuration = f"{directory}/weir.yaml"
    process = Process("weir", proxies.command("weir", configuration, directory),
                      machine.PROXY_CORE, f"{directory}/weir.out")
    try:
        at = web.wait_for_answer(proxies.ADMIN_PORTS["weir"], "/readyz", process)
        return at - process.started
    finally:
        process.stop()


def _table(rounds, ready):
    rows = []
    for name in proxies.NAMES:
        each = [row[name] for row in rounds]
        first = figures.spread([one["first_answer_seconds"] * 1e3 for one in each])
        rows.append([name, *(round(figures.median([one[key] for one in each]) / KIB)
                             for key in ("rss", "pss", "anonymous")),
                     f"{first['median']:.1f} ({first['low']:.1f} to {first['high']:.1f})"])
    rows[0].append(f"{figures.median(ready) * 1e3:.1f} (to {max(ready) * 1e3:.1f})")
    for row in rows[1:]:
        row.append("")
    return Table("Idle after one request, KiB, and time to start, ms",
                 ["proxy", "RSS", "PSS", "anonymous", "first proxied answer", "/readyz"], rows)


def _verdicts(rounds, ready):
    def kib(name, key):
        return figures.median([row[name][key] for row in rounds]) / KIB

    return [
        Verdict("idle RSS against HAProxy's", kib("weir", "rss"), kib("haproxy", "rss"), " KiB"),
        Verdict("idle PSS against HAProxy's", kib("weir", "pss"), kib("haproxy", "pss"), " KiB"),
        Verdict("start to ready, median", figures.median(ready) * 1e3, 50, " ms"),
    ]
