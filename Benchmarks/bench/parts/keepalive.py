"""Processor time per request over keep-alive: small answers, 32 connections, in turn."""

import os

from .. import figures, load, web
from ..outcome import Outcome, Table, Verdict
from ..settings import rotated

CONNECTIONS = 32

# A head as services of the platform send it: a token, trace and content fields, 515 bytes in all.
_FIELDS = (
    "accept: application/fhir+json",
    "accept-encoding: gzip, deflate, br",
    "accept-language: ar-EG,en;q=0.8",
    "authorization: Bearer " + "eyJhbGciOiJSUzI1NiJ9." * 8,
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "x-tenant: cairo",
)

VARIANTS = {
    "short heads": {},
    "long heads": {"fields": _FIELDS},
    "access logs on": {"access_log": True},
}


def run(bench):
    data, tables, verdicts = {}, [], []
    for title, options in VARIANTS.items():
        rounds = _measure(bench, title, options)
        data[title] = rounds
        tables += [_times(title, rounds), _ratios(title, rounds)]
        verdicts += _verdicts(title, rounds)
    return Outcome(data, tables, verdicts)


def _measure(bench, title, options):
    requests = bench.size(200_000, 20_000)
    rounds = []
    with bench.origin() as directory, bench.running(
        directory, access_log=options.get("access_log", False)
    ) as running:
        for proxy in running.values():
            load.run(proxy.port, requests // 10, CONNECTIONS, fields=options.get("fields", ()))
        for number in range(bench.round_count(10)):
            row = {}
            for name in rotated(running, number):
                row[name] = _one(running[name], requests, options.get("fields", ()))
            rounds.append(row)
            bench.say(f"{title}, round {number + 1}: " + ", ".join(
                f"{name} {row[name]['user_us']:.2f} + {row[name]['system_us']:.2f} us"
                for name in running))
        if options.get("access_log"):
            _check_logs(running, requests * len(rounds))
    return rounds


def _one(proxy, requests, fields):
    """One run; for Weir its own counter must agree that it served them."""
    counted = web.metrics(proxy.admin)["weir_requests_total"] if proxy.name == "weir" else None
    before = proxy.process.processor_time()
    rate = load.run(proxy.port, requests, CONNECTIONS, fields=fields)
    spent = proxy.process.processor_time().since(before)
    if counted is not None:
        served = web.metrics(proxy.admin)["weir_requests_total"] - counted
        if served != requests:
            raise load.LoadFault(f"Weir counted {served} of {requests} requests")
    return {"user_us": spent.user * 1e6 / requests, "system_us": spent.system * 1e6 / requests,
            "total_us": spent.total * 1e6 / requests, "requests_per_second": rate}


def _check_logs(running, requests):
    """Everybody wrote a line a request (their last buffers may still be on the way)."""
    for proxy in running.values():
        proxy.stop()
        with open(proxy.log, "rb") as file:
            lines = sum(1 for _ in file)
        if lines < requests:
            raise load.LoadFault(
                f"{proxy.name} logged {lines} of {requests} requests in "
                f"{os.path.basename(proxy.log)}")


def _times(title, rounds):
    rows = []
    for name in rounds[0]:
        each = {key: figures.spread([row[name][key] for row in rounds]) for key in rounds[0][name]}
        rows.append([name, *(_range(each[key]) for key in ("user_us", "system_us", "total_us")),
                     round(each["requests_per_second"]["median"])])
    return Table(f"Processor time per request, {title}, us: median (lowest to highest of "
                 f"{len(rounds)} rounds)", ["proxy", "user", "system", "sum", "requests/s"], rows)


def _range(spread):
    return f"{spread['median']:.2f} ({spread['low']:.2f} to {spread['high']:.2f})"


def _ratio(rounds, peer, key):
    """Weir's share of a peer's, round by round."""
    return figures.spread([row["weir"][key] / max(row[peer][key], 1e-9) for row in rounds])


def _ratios(title, rounds):
    peers = [name for name in rounds[0] if name != "weir"]
    rows = [[peer, *(_range(_ratio(rounds, peer, key))
                     for key in ("user_us", "system_us", "total_us"))] for peer in peers]
    return Table(f"Weir's time as a share of each peer's, {title}: median of the rounds' ratios",
                 ["peer", "user", "system", "sum"], rows)


def _verdicts(title, rounds):
    wanted = [(peer, key, limit) for peer in ("haproxy", "nginx")
              for key, limit in (("user_us", 0.5), ("system_us", 1.0), ("total_us", 0.85))]
    wanted.append(("envoy", "total_us", 0.35))
    words = {"user_us": "user time", "system_us": "system time", "total_us": "user and system"}
    verdicts = []
    for peer, key, limit in wanted:
        ratio = _ratio(rounds, peer, key)
        verdicts.append(Verdict(
            f"{title}: {words[key]} as a share of {peer}'s", ratio["median"], limit,
            remark=f"{ratio['low']:.2f} to {ratio['high']:.2f} over the rounds"))
    return verdicts
