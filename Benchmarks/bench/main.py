"""The command line: which parts, how much of each, and where the results go."""

import argparse
import importlib
import json
import os
import time

from . import machine, plot
from .settings import Bench

PARTS = {
    "keepalive": "processor time per request",
    "latency": "p99 at 5,000 requests/s",
    "tls": "TLS: processor time per request and per handshake, memory of idle connections",
    "calls": "system calls per request",
    "allocations": "heap allocations per request",
    "bodies": "large bodies",
    "memory": "memory at start, and time to start",
    "connections": "10,000 idle connections",
    "scale": "instructions per request with 10,000 routes and endpoints",
    "policy": "instructions per request with every policy on",
    "reload": "a reload of 10,000 routes and endpoints under load",
    "churn": "one endpoint of 10,000 that changes, again and again",
}


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="small sizes: shows that each part works, its figures are rough")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART",
                        help=f"one part, may be repeated: {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, help="interleaved rounds, where a part has them")
    options = parser.parse_args(arguments)
    if not os.path.exists(machine.WEIR):
        raise SystemExit(f"{machine.WEIR} is not there: make build")
    machine.prepare()
    facts = machine.facts()
    print("  ".join(f"{key} {value}" for key, value in facts.items()))
    if facts["load"] > 0.5:
        print(f"note: the load average is {facts['load']:.1f}; times want a quiet machine")
    return 1 if _measure(options, facts) else 0


def _measure(options, facts):
    """Runs the parts; the names of those that failed."""
    bench = Bench(options.quick, options.rounds)
    verdicts, failed = [], []
    for name in options.only or PARTS:
        print(f"\n== {name}: {PARTS[name]}", flush=True)
        begun = time.monotonic()
        try:
            outcome = importlib.import_module(f".parts.{name}", __package__).run(bench)
        except Exception as fault:  # pylint: disable=broad-except
            # The other parts are still worth having.
            print(f"    FAILED: {type(fault).__name__}: {fault}")
            failed.append(name)
            continue
        for table in outcome.tables:
            print(f"\n{table}")
        verdicts += outcome.verdicts
        _write(name, {"machine": facts, "quick": options.quick,
                      "seconds": time.monotonic() - begun, "figures": outcome.data,
                      "verdicts": [verdict.data() for verdict in outcome.verdicts]})
    print("\n== verdicts" + (" (quick: the figures are rough)" if options.quick else ""))
    for verdict in verdicts:
        print(verdict)
    for name in failed:
        print(f"failed  {name}")
    print(f"\nresults: {os.path.relpath(machine.RESULTS)}, plot: {os.path.relpath(plot.draw())}")
    return failed


def _write(name, data):
    """Each part has its file; a part that was not run keeps its last one."""
    with open(os.path.join(machine.RESULTS, f"{name}.json"), "w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
