"""Instructions per request with 10,000 routes and 10,000 endpoints, against one of each."""

import os

from .. import callgrind, scale_files
from ..outcome import Outcome, Table, Verdict


def run(bench):
    many = bench.size(10_000, 1_000)
    ports = scale_files.free_ports(many)
    # Picked at random, each endpoint must have been met before: all but e^-10 of them are.
    cases = {
        "prefix route": [{"kind": "prefix"}, {"kind": "prefix", "routes": many}],
        "exact route": [{"kind": "path"}, {"kind": "path", "routes": many}],
        "round_robin": [{}, {"endpoints": ports, "warm_up": 2 * many}],
        "least_request": [{"policy": "least_request"},
                          {"policy": "least_request", "endpoints": ports, "warm_up": 10 * many}],
    }
    data = {}
    with bench.origin(ports) as directory:
        for name, pair in cases.items():
            data[name] = [_measure(bench, directory, dict(case)) for case in pair]
            bench.say(f"{name}: {data[name][0]['instructions']:,.0f}, with {many:,} "
                      f"{data[name][1]['instructions']:,.0f}")
    rows = [[name, round(one["instructions"]), round(all_["instructions"]),
             all_["instructions"] / one["instructions"], round(all_["connections_opened"] or 0),
             round(all_["others"])]
            for name, (one, all_) in data.items()]
    table = Table(f"Instructions per request, one and {many:,}",
                  ["what there are many of", "one", "many", "ratio", "connections opened",
                   "other threads, many"], rows)
    verdicts = [Verdict(f"instructions with {many:,} ({row[0]}) as a share of one's", row[3], 1.10,
                        remark=f"{row[4]} connections opened meanwhile" if row[4] else "")
                for row in rows]
    return Outcome({"many": many, "requests": _requests(bench), **data}, [table], verdicts)


def _requests(bench):
    return bench.size(5_000, 1_000)


def _measure(bench, directory, case):
    configuration = os.path.join(directory, "scale.yaml")
    warm_up = case.pop("warm_up", 0) + 2_000
    scale_files.write(configuration, **case)
    return callgrind.instructions_per_request(directory, configuration, _requests(bench), warm_up,
                                             counts_connections="endpoints" in case)
