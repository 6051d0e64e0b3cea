"""One endpoint of 10,000 that changes: what it costs workers, control plane and throughput."""

import json
import os
import statistics
import subprocess

from .. import load, machine, proxies, scale_files
from ..outcome import Outcome, Table, Verdict

CONNECTIONS = 8
CHANGES_PER_SECOND = 10
BINARY = os.path.join(machine.ROOT, ".build", "release", "weir-churn")


def run(bench):
    many = bench.size(10_000, 1_000)
    _build()
    said = subprocess.run([BINARY, str(many)], check=True, stdout=subprocess.PIPE, text=True).stdout
    costs = [json.loads(line) for line in said.splitlines()]
    for each in costs:
        bench.say(f"{each['policy']}: a turn of {each['turn_ms'][0]:.2f} ms, "
                  f"built in {each['build_ms'][0]:.1f} ms")
    rates = _throughput(bench, many)
    lost = 1 - statistics.median(rates["churning"]) / statistics.median(rates["quiet"])
    table = Table(
        f"One changed endpoint of {many:,}, processor time in ms: median (largest)",
        ["policy", "a worker's turn", "off the workers"],
        [[each["policy"] + (", weighted" if each["weighted"] else ""),
          *(f"{each[key][0]:.2f} ({each[key][1]:.2f})" for key in ("turn_ms", "build_ms"))]
         for each in costs])
    verdicts = [
        Verdict("the longest median turn of a worker", max(e["turn_ms"][0] for e in costs), 1, " ms"),
        Verdict("the longest median off the workers", max(e["build_ms"][0] for e in costs), 50, " ms"),
        Verdict(f"throughput lost to {CHANGES_PER_SECOND} changes a second", lost, 0.02,
                remark=f"{len(rates['quiet'])} rounds in turns; workers and control plane share a core"),
    ]
    return Outcome({"costs": costs, "rates": rates}, [table], verdicts)


def _build():
    subprocess.run(["swift", "build", "-c", "release", "--product", "weir-churn",
                    "--static-swift-stdlib"], check=True, cwd=machine.ROOT,
                   env={**os.environ, "WEIR_CHURN": "1"}, stdout=subprocess.DEVNULL)


def _throughput(bench, many):
    """Requests a second, with changes and without, in turns."""
    ports = scale_files.free_ports(many)
    requests = bench.size(200_000, 20_000)
    rates = {"quiet": [], "churning": []}
    with bench.origin(ports) as directory:
        configuration = os.path.join(directory, "churn.yaml")
        # Turns would visit 10,000 connections in a cycle, the worst for a cache, and a change begins
        # the cycle elsewhere: requests were then faster with changes than without.
        scale_files.write(configuration, endpoints=ports, policy="random")
        cases = [("quiet", 0), ("churning", CHANGES_PER_SECOND)]
        for _ in range(bench.round_count(6, 2)):
            # Whoever is second finds the origin warm.
            cases.reverse()
            for name, changes in cases:
                environment = {**os.environ, "WEIR_CHURN_RATE": str(changes)}
                weir = proxies.start("weir", directory, configuration=configuration, binary=BINARY,
                                     environment=environment)
                try:
                    load.run(weir.port, 2 * many + 2_000, CONNECTIONS, path=scale_files.PATH)
                    rates[name].append(
                        load.run(weir.port, requests, CONNECTIONS, path=scale_files.PATH))
                finally:
                    weir.stop()
            bench.say(", ".join(f"{name} {each[-1]:,.0f}/s" for name, each in rates.items()))
    return rates
