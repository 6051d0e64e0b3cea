"""Where things are on this machine, and what it is."""

import os
import platform
import re
import resource
import subprocess

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
RESULTS = os.path.join(ROOT, "Benchmarks", "results")
SCRATCH = os.path.join(ROOT, ".build", "bench")
WEIR = os.path.join(ROOT, ".build", "release", "weir")
ENVOY = os.path.join(SCRATCH, "venv", "bin", "envoy")
NGINX = "/usr/sbin/nginx"
HAPROXY = "/usr/sbin/haproxy"

# The proxy has the first core to itself; generator, origin and this program share the second.
PROXY_CORE = 0
LOAD_CORE = 1


def descriptors():
    """As many as may be open here; the hard limit may not be one that can be raised."""
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)


def prepare():
    """Leaves the proxy's core alone, and makes room for 10,000 connections."""
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for the load")
    os.sched_setaffinity(0, {LOAD_CORE})
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors(), descriptors()))
    os.makedirs(RESULTS, exist_ok=True)
    os.makedirs(SCRATCH, exist_ok=True)


def output(*command):
    """What a command says on either stream."""
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    ).stdout.strip()


def _version(pattern, *command):
    found = re.search(pattern, output(*command))
    if not found:
        raise SystemExit(f"{command[0]} does not run here: {output(*command)[:200]}")
    return found.group(1)


def facts():
    """Versions and machine, for the results."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return {
        "weir": output("git", "-C", ROOT, "describe", "--always", "--dirty"),
        "haproxy": _version(r"version (\S+)", HAPROXY, "-v"),
        "nginx": _version(r"nginx/(\S+)", NGINX, "-v"),
        "envoy": _version(r"version: \w+/([\d.]+)/", ENVOY, "--version"),
        "h2load": _version(r"nghttp2/(\S+)", "h2load", "--version"),
        "kernel": platform.release(),
        "processor": model.group(1) if model else platform.machine(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
