"""TLS 1.3 in, plaintext out: warm requests, full and resumed handshakes with client certificates, and
what an idle mTLS connection costs.

h2load shows no certificate, so warm requests are measured without one; on a warm connection that
makes no difference.
"""

import re
import socket
import subprocess
import time

from .. import figures, load, machine
from ..authority import Authority
from ..outcome import Outcome, Table, Verdict
from ..settings import rotated

CONNECTIONS = 32
# `openssl s_time` asks in HTTP/1.0, to which Envoy does not listen.
MUTUAL = ("weir", "haproxy", "nginx")


def run(bench):
    with bench.origin() as directory:
        authority = Authority(directory)
        warm = _warm(bench, directory, authority)
        full, resumed, idle = _mutual(bench, directory, authority)
    tables = [_table("Processor time per request over TLS, warm, us", warm),
              _table("Processor time per full handshake with client certificate, us", full),
              _table("Processor time per resumed handshake, us", resumed),
              Table("Resident bytes per idle mTLS connection", ["proxy", "bytes"],
                    [[name, round(value)] for name, value in idle.items()])]
    verdicts = [
        _best("TLS in, plaintext out: processor time against the best peer's", warm, 0.85),
        _against("full handshakes a processor second against HAProxy's", full, 0.95),
        _against("resumed handshakes a processor second against HAProxy's", resumed, 0.95),
        Verdict("bytes per idle mTLS connection against HAProxy's", idle["weir"],
                idle["haproxy"], " B"),
    ]
    return Outcome({"warm": warm, "full": full, "resumed": resumed, "idle": idle}, tables, verdicts)


def _warm(bench, directory, authority):
    requests = bench.size(100_000, 10_000)
    rounds = []
    with bench.running(directory, authority=authority) as running:
        for proxy in running.values():
            load.run(proxy.port, requests // 10, CONNECTIONS, scheme="https")
        for number in range(bench.round_count(8)):
            row = {}
            for name in rotated(running, number):
                row[name] = _spent(running[name], lambda proxy: (
                    load.run(proxy.port, requests, CONNECTIONS, scheme="https"), requests)[1])
            rounds.append(row)
            bench.say(f"warm, round {number + 1}: " + _text(row))
    return rounds


def _mutual(bench, directory, authority):
    seconds = bench.size(3, 1)
    full, resumed = [], []
    with bench.running(
            directory, MUTUAL, authority=authority, asks_clients=True) as running:
        for number in range(bench.round_count(5)):
            for kind, rounds in (("-new", full), ("-reuse", resumed)):
                row = {name: _spent(running[name], lambda proxy, kind=kind: _handshakes(
                    proxy.port, authority, kind, seconds)) for name in rotated(running, number)}
                rounds.append(row)
                bench.say(f"{kind[1:]}, round {number + 1}: " + _text(row))
        idle = {}
        for name, proxy in running.items():
            idle[name] = _idle(proxy, authority, bench.size(2_000, 300))
            bench.say(f"{name}: {idle[name]:,.0f} bytes an idle connection")
    return full, resumed, idle


def _spent(proxy, work):
    """Microseconds of the proxy for each of what `work` says it did."""
    before = proxy.process.processor_time()
    count = work(proxy)
    return proxy.process.processor_time().since(before).total * 1e6 / count


def _handshakes(port, authority, kind, seconds):
    said = subprocess.run(
        ["taskset", "-c", str(machine.LOAD_CORE), "openssl", "s_time", "-connect",
         f"127.0.0.1:{port}", "-cert", authority.client[0], "-key", authority.client[1],
         "-CAfile", authority.trust, kind, "-time", str(seconds), "-www", "/"],
        capture_output=True, text=True, check=False)
    found = re.search(r"(\d+) connections in \d+ real seconds", said.stdout)
    if not found or int(found.group(1)) < 10:
        raise load.LoadFault(f"port {port}: {said.stdout[-500:]}{said.stderr[-500:]}")
    return int(found.group(1))


def _idle(proxy, authority, wanted):
    connections = []
    try:
        for _ in range(50):
            connections.append(_open(proxy, authority))
        time.sleep(1)
        before = proxy.process.memory()["rss"]
        for _ in range(wanted):
            connections.append(_open(proxy, authority))
        time.sleep(1)
        return (proxy.process.memory()["rss"] - before) / wanted
    finally:
        for connection in connections:
            connection.close()


def _open(proxy, authority):
    connection = authority.wrap(socket.create_connection(("127.0.0.1", proxy.port), 5))
    connection.sendall(b"GET / HTTP/1.1\r\nHost: bench.test\r\n\r\n")
    if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{proxy.name} did not answer 200")
    return connection


def _text(row):
    return ", ".join(f"{name} {value:.1f} us" for name, value in row.items())


def _table(title, rounds):
    rows = []
    for name in rounds[0]:
        each = figures.spread([row[name] for row in rounds])
        share = figures.spread([row["weir"] / row[name] for row in rounds])
        rows.append([name, f"{each['median']:.1f} ({each['low']:.1f} to {each['high']:.1f})",
                     f"{share['median']:.2f}"])
    return Table(f"{title}: median of {len(rounds)} rounds", ["proxy", "us", "Weir's share"], rows)


def _best(title, rounds, limit):
    ratio = figures.spread([
        row["weir"] / min(value for name, value in row.items() if name != "weir")
        for row in rounds])
    return Verdict(title, ratio["median"], limit,
                   remark=f"{ratio['low']:.2f} to {ratio['high']:.2f} over the rounds")


def _against(title, rounds, least):
    """More is better: the peer's time over ours must be at least so much."""
    ratio = figures.spread([row["weir"] / row["haproxy"] for row in rounds])
    return Verdict(f"{title} (its inverse)", ratio["median"], 1 / least,
                   remark=f"{ratio['low']:.2f} to {ratio['high']:.2f} over the rounds")
