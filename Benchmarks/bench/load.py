"""h2load over HTTP/1.1: how many, how fast, and each request's time."""

import contextlib
import os
import re
import subprocess

from .machine import LOAD_CORE


class LoadFault(RuntimeError):
    """A run in which not every request was answered with 2xx."""


def run(port, requests, connections, path="/fhir/MedicationRequest/1", rate=None, log=None,
        fields=(), refused=False, scheme="http"):
    """Sends `requests`; each must succeed, or with `refused` be answered 5xx. Requests a second."""
    command = ["taskset", "-c", str(LOAD_CORE), "h2load", "--h1", "-t", "1",
               "-n", str(requests), "-c", str(connections)]
    if rate:
        command += ["--rps", f"{rate / connections:g}"]
    if log:
        # It is appended to.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(log)
        command += [f"--log-file={log}"]
    for field in fields:
        command += ["-H", field]
    command.append(f"{scheme}://127.0.0.1:{port}{path}")
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False).stdout
    if refused:
        good = re.search(r"status codes: 0 2xx, 0 3xx, 0 4xx, (\d+) 5xx", said)
        done = re.search(rf"requests: .* 0 succeeded, {requests} failed, 0 errored", said)
    else:
        good = re.search(r"status codes: (\d+) 2xx, 0 3xx, 0 4xx, 0 5xx", said)
        done = re.search(rf"requests: .* {requests} succeeded, 0 failed, 0 errored", said)
    finished = re.search(r"finished in ([\d.]+)(us|ms|s|m|h)\w*, ([\d.]+) req/s", said)
    if not (good and done and finished) or int(good.group(1)) != requests:
        raise LoadFault(f"port {port}: not all {requests} requests succeeded: {said[-1500:]}")
    return float(finished.group(3))


def times(log):
    """Microseconds of each request, from h2load's log file."""
    with open(log, encoding="ascii") as file:
        rows = [line.split("\t") for line in file]
    if any(row[1] != "200" for row in rows):
        raise LoadFault("a request in the log was not answered 200")
    return [int(row[2]) for row in rows]
