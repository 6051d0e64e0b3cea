"""Weir under callgrind: instructions per request, as the difference of N and 2 N requests."""

import glob
import os
import re
import subprocess

from . import load, machine, proxies, scale_files, web

CONNECTIONS = 4


def instructions_per_request(directory, configuration, requests, warm_up,
                             counts_connections=False, refused=False):
    """The worker's thread; apart from it the others', which work by the second, not by request."""
    out = os.path.join(directory, "callgrind")
    # Valgrind 3.19 gives up on the debug information of Swift 6.3 (DWARF 5); names suffice.
    binary = os.path.join(directory, "weir")
    subprocess.run(["strip", "--strip-debug", "-o", binary, machine.WEIR], check=True)
    proxy = proxies.start(
        "weir", directory, configuration=configuration, binary=binary, seconds=120,
        prefix=["valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes",
                f"--callgrind-out-file={out}"])
    try:
        pid = proxy.process.pid
        _send(proxy, warm_up, refused)
        _control(pid, "--instr=on")
        _send(proxy, requests, refused)
        # Not with many routes: their metrics take the admin listener too long under callgrind.
        opened = _opened(proxy) if counts_connections else 0
        counts = []
        for count in (requests, 2 * requests):
            _control(pid, "--zero")
            _send(proxy, count, refused)
            counts.append(_dump(pid, out))
        opened = _opened(proxy) - opened if counts_connections else None
    finally:
        proxy.stop()
        for file in glob.glob(out + "*"):
            os.unlink(file)
    once, twice = counts
    return {"instructions": (twice["worker"] - once["worker"]) / requests,
            "others": (twice["others"] - once["others"]) / requests,
            "connections_opened": opened}


def _opened(proxy):
    return web.metrics(proxy.admin)["weir_upstream_connections_opened_total"]


def _send(proxy, count, refused):
    load.run(proxy.port, count, CONNECTIONS, path=scale_files.PATH, refused=refused)


def _control(pid, action):
    done = subprocess.run(["callgrind_control", action, str(pid)], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0 or "OK." not in done.stdout:
        raise RuntimeError(f"callgrind_control {action}: {done.stdout}")


def _dump(pid, out):
    """The counts since the last --zero, a file each thread: the worker's and all others'. The worker
    is the one that ran exchanges: threads of Dispatch come and go, and with them the numbers."""
    before = set(glob.glob(out + "*"))
    _control(pid, "--dump")
    counts = {"worker": 0, "others": 0}
    for name in set(glob.glob(out + "*")) - before:
        with open(name, encoding="utf-8", errors="replace") as file:
            text = file.read()
        count = int(re.findall(r"^(?:totals|summary): (\d+)", text, re.M)[-1])
        counts["worker" if "8DataPath8Exchange" in text else "others"] += count
    if counts["worker"] == 0:
        raise RuntimeError("callgrind counted nothing of the worker")
    return counts
