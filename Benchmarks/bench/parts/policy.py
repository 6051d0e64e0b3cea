"""Instructions per request with every policy on, against none; and of a refusal by open breakers."""

import os

from .. import callgrind, proxies
from ..outcome import Outcome, Table, Verdict

FULL = """
    balancing: { policy: peak_ewma }
    circuit_breaker: {}
    endpoint_circuit_breaker: {}
    outlier_detection: {}
    retry_budget: { ratio: 20%, minimum: 3 }
    limits: { connections: 1024, pending: 1024, requests: 1024 }
"""
RETRY = ", retry: { attempts: 2, on: [connect-failure, reset, 503] }"
# Ports that nobody listens on: the first refusal opens each endpoint's breaker, for longer than this.
OPEN = """
    endpoint_circuit_breaker: { consecutive_failures: 1, open_for: 10m, open_for_max: 10m }
"""
CASES = {
    "no policy": ("", "", [proxies.ORIGIN]),
    "every policy": (FULL, RETRY, [proxies.ORIGIN]),
    "refused, all endpoints open": (OPEN, "", [1, 2]),
    # As far as a refusal and without one: its head is read, a route is found, an answer is written.
    "a fixed answer": ("", None, [proxies.ORIGIN]),
}


def run(bench):
    requests = bench.size(5_000, 1_000)
    data = {}
    with bench.origin() as directory:
        for name, (upstream, route, ports) in CASES.items():
            configuration = os.path.join(directory, "policy.yaml")
            _write(configuration, upstream, route, ports)
            data[name] = callgrind.instructions_per_request(
                directory, configuration, requests, 2_000,
                refused=name.startswith("refused"))
            bench.say(f"{name}: {data[name]['instructions']:,.0f} instructions")
    none, full, refused, fixed = (data[name]["instructions"] for name in CASES)
    table = Table("Instructions per request, user", ["case", "instructions", "of no policy"],
                  [[name, round(each["instructions"]), each["instructions"] / none]
                   for name, each in data.items()])
    verdicts = [
        Verdict("every policy's instructions as a share of none's", full / none, 1.10),
        Verdict("what refusing adds to a fixed answer, as a share of a proxied request",
                (refused - fixed) / none, 0.10,
                remark=f"the whole exchange with the client is {refused / none:.2f} of one"),
    ]
    return Outcome({"requests": requests, **data}, [table], verdicts)


def _write(path, upstream, route, ports):
    action = "respond: { status: 200, body: ok }" if route is None else f"upstream: all{route}"
    endpoints = ", ".join(f"127.0.0.1:{port}" for port in ports)
    with open(path, "w", encoding="utf-8") as file:
        file.write(
            f"workers: 1\n"
            f"admin: {{ address: 127.0.0.1:{proxies.ADMIN_PORTS['weir']} }}\n"
            f"listeners:\n"
            f"  - name: bench\n"
            f"    address: 127.0.0.1:{proxies.PORTS['weir']}\n"
            f"    routes:\n"
            # Answers whether it is up.
            f"      - {{ match: {{ path: / }}, respond: {{ status: 200 }} }}\n"
            f"      - {{ match: {{ prefix: / }}, {action} }}\n"
            f"upstreams:\n"
            f"  all:\n"
            f"    endpoints: [{endpoints}]{upstream}")
