"""Configurations of Weir with very many routes or endpoints.

Ten thousand endpoints are ten thousand ports of loopback: they are distinct for Weir, each with
its own connections. (Many addresses of 127.0.0.0/8 would want a socket bound to all addresses.)
Two origins share them, since a listener and a connection for each would pass the descriptor limit.
"""

import socket

from . import proxies

# What is asked for in all of them, whichever route takes it.
PATH = "/fhir/service-05000/MedicationRequest"


def free_ports(count):
    """Ports that nobody listens on, below those that the kernel gives to clients."""
    free, own = [], range(17000, 17100)
    for port in range(32767, 10240, -1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in own:
            free.append(port)
        if len(free) == count:
            return free
    raise RuntimeError(f"there are no {count} free ports")


def write(path, routes=1, kind="prefix", endpoints=(proxies.ORIGIN,), policy="round_robin",
          timeout=15):
    """`routes` of which one, in the middle of the file, is of `kind` and takes PATH.

    The first match wins, so routes are of both kinds by turns and none shadows another.
    `endpoints` are ports.
    """
    lines = [
        "workers: 1",
        f"admin: {{ address: 127.0.0.1:{proxies.ADMIN_PORTS['weir']} }}",
        "listeners:",
        f"  - name: bench\n    address: 127.0.0.1:{proxies.PORTS['weir']}\n    routes:",
    ]
    for number in range(routes):
        if number == routes // 2:
            match = "prefix: /fhir/service-05000" if kind == "prefix" else f"path: {PATH}"
        elif number % 2:
            match = f"prefix: /other/service-{number:05}"
        else:
            match = f"path: /other/service-{number:05}/MedicationRequest"
        lines.append(f"      - {{ match: {{ {match} }}, upstream: all, timeout: {timeout}s }}")
    # Answers whether it is up.
    lines.append("      - { match: { path: / }, upstream: all }")
    lines += [
        "upstreams:",
        "  all:",
        f"    balancing: {{ policy: {policy} }}",
        "    limits: { connections: 20000 }",
        "    timeouts: { pool_idle: 1h }",
        "    endpoints:",
        *(f"      - 127.0.0.1:{port}" for port in endpoints),
    ]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
