"""10,000 connections that have each made one request and now rest: bytes for each."""

import socket
import time

from .. import machine, proxies, web
from ..outcome import Outcome, Table, Verdict

# Ports towards one address run out above 28,000; each loopback address has its own.
SOURCES = tuple(f"127.0.1.{number}" for number in range(1, 5))


def run(bench):
    wanted = bench.size(10_000, 2_000)
    if machine.descriptors() < wanted + 1000:
        raise RuntimeError(f"{machine.descriptors()} descriptors do not suffice for {wanted}")
    data = {}
    with bench.origin() as directory:
        for name in proxies.NAMES:
            with bench.running(directory, (name,)) as running:
                data[name] = _one(running[name], wanted)
            bench.say(f"{name}: {data[name]['rss_per_connection']:,.0f} bytes a connection")
    rows = [[name, *(round(each[key]) for key in (
        "rss_per_connection", "anonymous_per_connection", "rss_before", "rss_after")),
        round(each["open_seconds"], 1)] for name, each in data.items()]
    table = Table(f"{wanted} idle connections, bytes (the kernel's share is not in it)",
                  ["proxy", "RSS each", "anonymous each", "RSS before", "after", "s to open"],
                  rows)
    verdict = Verdict("bytes per idle connection against HAProxy's",
                      data["weir"]["rss_per_connection"], data["haproxy"]["rss_per_connection"],
                      " B")
    return Outcome({"connections": wanted, **data}, [table], [verdict])


def _one(proxy, wanted):
    connections = []
    try:
        # Its first connections bring what any later one shares.
        for number in range(100):
            connections.append(_open(proxy, number))
        time.sleep(1)
        before, begun = proxy.process.memory(), time.monotonic()
        for number in range(wanted):
            connections.append(_open(proxy, number))
        opened = time.monotonic() - begun
        time.sleep(1)
        after = proxy.process.memory()
        _require_open(proxy, connections)
        return {"rss_before": before["rss"], "rss_after": after["rss"], "open_seconds": opened,
                **{f"{key}_per_connection": (after[key] - before[key]) / wanted
                   for key in ("rss", "pss", "anonymous")}}
    finally:
        for connection in connections:
            connection.close()


def _open(proxy, number):
    connection = socket.create_connection(
        ("127.0.0.1", proxy.port), 5, source_address=(SOURCES[number % len(SOURCES)], 0))
    status, _ = web.exchange(connection, "/")
    if status != 200:
        raise RuntimeError(f"{proxy.name} answered {status}")
    return connection


def _require_open(proxy, connections):
    """None was closed meanwhile, and those asked still answer."""
    for connection in connections:
        connection.setblocking(False)
        try:
            if connection.recv(1) == b"":
                raise RuntimeError(f"{proxy.name} closed an idle connection")
        except BlockingIOError:
            pass
        connection.settimeout(5)
    for connection in connections[:: len(connections) // 10]:
        if web.exchange(connection, "/")[0] != 200:
            raise RuntimeError(f"{proxy.name} does not answer on a connection that rested")
