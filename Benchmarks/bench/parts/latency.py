"""p99 at a fixed 5,000 requests a second, in paired runs over all proxies."""

import os

from .. import figures, load
from ..outcome import Outcome, Table, Verdict
from ..settings import rotated

CONNECTIONS = 32
RATE = 5000


def run(bench):
    seconds = bench.size(8, 2)
    rounds = []
    with bench.origin() as directory, bench.running(directory) as running:
        for proxy in running.values():
            load.run(proxy.port, RATE, CONNECTIONS, rate=RATE)
        for number in range(bench.round_count(15, 4)):
            row = {}
            for name in rotated(running, number):
                row[name] = _one(running[name], directory, seconds)
            rounds.append(row)
            bench.say(f"round {number + 1}: " + ", ".join(
                f"{name} p99 {row[name]['p99_us']} us" for name in running))
    best, differences = _against_best(rounds)
    low, high = figures.bootstrap_interval(differences)
    data = {"rounds": rounds, "best_peer": best, "differences_us": differences,
            "interval_us": [low, high]}
    return Outcome(data, [_table(rounds, best)], [_verdict(rounds, best, differences, low, high)])


def _one(proxy, directory, seconds):
    log = os.path.join(directory, f"{proxy.name}.times")
    rate = load.run(proxy.port, RATE * seconds, CONNECTIONS, rate=RATE, log=log)
    times = load.times(log)
    os.unlink(log)
    if len(times) != RATE * seconds:
        raise load.LoadFault(f"{proxy.name}: {len(times)} times of {RATE * seconds} requests")
    if rate < 0.95 * RATE:
        raise load.LoadFault(f"{proxy.name}: {rate} requests/s, {RATE} were asked for")
    return {"p50_us": figures.percentile(times, 0.5), "p99_us": figures.percentile(times, 0.99),
            "p999_us": figures.percentile(times, 0.999), "max_us": max(times)}


def _against_best(rounds):
    """The peer with the lowest median p99, and Weir's p99 less its, round by round."""
    peers = [name for name in rounds[0] if name != "weir"]
    best = min(peers, key=lambda peer: figures.median([row[peer]["p99_us"] for row in rounds]))
    return best, [row["weir"]["p99_us"] - row[best]["p99_us"] for row in rounds]


def _table(rounds, best):
    rows = []
    for name in rounds[0]:
        each = {key: figures.spread([row[name][key] for row in rounds]) for key in rounds[0][name]}
        rows.append([name + (" (best peer)" if name == best else ""),
                     *(f"{each[key]['median']:.0f} ({each[key]['low']} to {each[key]['high']})"
                       for key in ("p50_us", "p99_us", "p999_us", "max_us"))])
    return Table(f"Time to the answer at {RATE} requests/s, us: median (lowest to highest of "
                 f"{len(rounds)} runs)", ["proxy", "p50", "p99", "p99.9", "longest"], rows)


def _verdict(rounds, best, differences, low, high):
    peer = figures.median([row[best]["p99_us"] for row in rounds])
    remark = (f"paired difference {figures.median(differences):+.0f} us, 95 % interval "
              f"{low:+.0f} to {high:+.0f}"
              + ("; the interval holds 0: no difference shown" if low <= 0 <= high else ""))
    return Verdict(f"p99 at {RATE} requests/s against {best}, the best peer",
                   peer + figures.median(differences), peer, " us", remark=remark)
