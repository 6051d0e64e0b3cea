"""System calls per request, counted by strace over N and 2 N requests."""

import os
import re
import signal
import subprocess
import time

from .. import load, machine
from ..outcome import Outcome, Table, Verdict

CONNECTIONS = 32
RECEIVE = ("recvfrom", "recvmsg", "read", "readv")
SEND = ("sendto", "sendmsg", "write", "writev")
WAIT = ("epoll_wait", "epoll_pwait", "epoll_pwait2")


def run(bench):
    requests = bench.size(20_000, 4_000)
    data = {}
    with bench.origin() as directory, bench.running(directory) as running:
        for name, proxy in running.items():
            load.run(proxy.port, 2_000, CONNECTIONS)
            once = _count(proxy, requests, directory)
            twice = _count(proxy, 2 * requests, directory)
            data[name] = {call: (twice.get(call, 0) - once.get(call, 0)) / requests
                          for call in sorted(set(once) | set(twice))}
            bench.say(f"{name}: " + ", ".join(
                f"{call} {count:.3f}" for call, count in data[name].items()
                if abs(count) >= 0.001))
    return Outcome(data, [_table(data)], _verdicts(data))


def _count(proxy, requests, directory):
    """Calls by name while `requests` are served."""
    summary = os.path.join(directory, f"{proxy.name}.strace")
    tracer = subprocess.Popen(
        ["taskset", "-c", str(machine.LOAD_CORE), "strace", "-c", "-f", "-p",
         str(proxy.process.pid), "-o", summary], stderr=subprocess.DEVNULL)
    try:
        _wait_until_traced(proxy)
        load.run(proxy.port, requests, CONNECTIONS)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
    counts = {}
    with open(summary, encoding="ascii") as file:
        for line in file:
            # % time, seconds, usecs/call, calls, errors where there were some, name
            found = re.match(r" *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?([a-z]\w+)$", line)
            if found and found.group(2) != "total":
                counts[found.group(2)] = int(found.group(1))
    if not counts:
        raise RuntimeError(f"strace counted nothing of {proxy.name}")
    return counts


def _wait_until_traced(proxy):
    """Until each thread has a tracer."""
    tasks = f"/proc/{proxy.process.pid}/task"
    for _ in range(500):
        states = []
        for task in os.listdir(tasks):
            with open(f"{tasks}/{task}/status", encoding="ascii") as file:
                states.append(re.search(r"TracerPid:\s+(\d+)", file.read()).group(1) != "0")
        if all(states):
            return
        time.sleep(0.01)
    raise RuntimeError("strace did not attach")


def _sum(counts, calls):
    return sum(counts.get(call, 0) for call in calls)


def _table(data):
    rows = []
    for name, counts in data.items():
        known = [_sum(counts, calls) for calls in (RECEIVE, SEND, WAIT)]
        rows.append([name, *known, sum(counts.values()) - sum(known)])
    return Table("System calls per request", ["proxy", "receive", "send", "epoll_wait", "others"],
                 rows)


def _verdicts(data):
    weir = data["weir"]
    return [
        Verdict("data system calls per request", _sum(weir, RECEIVE + SEND), 4.0 * 1.005),
        Verdict("epoll_wait per request", _sum(weir, WAIT), 1.0,
                remark="strace slows the proxy: each call finds more events than untraced"),
    ]
