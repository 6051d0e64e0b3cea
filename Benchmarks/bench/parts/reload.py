"""A reload of 10,000 routes, and of 10,000 endpoints, while requests pass."""

import os
import re
import signal
import threading
import time

from .. import figures, load, proxies, scale_files, web
from ..outcome import Outcome, Table, Verdict

RATE, CONNECTIONS = 2000, 8
TURN_MAX = 0.005


def run(bench):
    many = bench.size(10_000, 1_000)
    ports = scale_files.free_ports(many)
    reloads = bench.round_count(5, 2)
    cases = {f"{many:,} routes": {"routes": many}, f"{many:,} endpoints": {"endpoints": ports}}
    data = {}
    with bench.origin(ports) as directory:
        for name, case in cases.items():
            data[name] = _case(directory, case, reloads)
            bench.say(f"{name}: " + ", ".join(
                f"{each * 1e3:.0f} ms" for each in data[name]["reload_seconds"]))
    return Outcome(data, [_table(data)], _verdicts(data))


def _case(directory, case, reloads):
    """The same load first without and then with reloads."""
    configuration = os.path.join(directory, "reload.yaml")
    scale_files.write(configuration, **case)
    weir = proxies.start("weir", directory, configuration=configuration, log_level="info")
    try:
        load.run(weir.port, 2 * len(case.get("endpoints", ())) + 2000, CONNECTIONS,
                 path=scale_files.PATH)
        quiet = _under_load(weir, directory, lambda: time.sleep(2.0))
        durations = []

        def reload_all():
            for number in range(reloads):
                time.sleep(0.5)
                durations.append(_reload(weir, configuration, {**case, "timeout": 20 + number}))
            time.sleep(0.5)

        reloading = _under_load(weir, directory, reload_all)
        return {"reload_seconds": durations, "quiet": quiet, "reloading": reloading}
    finally:
        weir.stop()


def _reload(weir, configuration, case):
    """Replaces the file, says so, and waits until Weir logs that it is loaded: seconds.

    Its counter is read afterwards only: the metrics of 10,000 routes are long, and to ask for them
    again and again would be a load of its own.
    """
    scale_files.write(configuration + ".new", **case)
    before = web.metrics(weir.admin)
    logged = os.path.getsize(weir.process.output)
    os.replace(configuration + ".new", configuration)
    begun = time.monotonic()
    weir.process.signal(signal.SIGHUP)
    while time.monotonic() < begun + 30:
        time.sleep(0.002)
        with open(weir.process.output, encoding="utf-8") as file:
            file.seek(logged)
            said = file.read()
        if "refused" in said:
            raise RuntimeError(f"the reload was refused: {said[:500]}")
        if "reloaded" in said:
            seconds = time.monotonic() - begun
            counter = "weir_config_reloads_total"
            if web.metrics(weir.admin)[counter] <= before[counter]:
                raise RuntimeError("the reload was not counted")
            return seconds
    raise RuntimeError("the reload does not end")


def _under_load(weir, directory, act):
    """Runs `act` under load: request times, and the worker's turns above 5 ms."""
    faults, stop, times = [], threading.Event(), []

    def generate():
        log = os.path.join(directory, "times")
        while not stop.is_set():
            try:
                load.run(weir.port, RATE, CONNECTIONS, rate=RATE, log=log,
                         path=scale_files.PATH)
                times.extend(load.times(log))
            except (RuntimeError, OSError) as fault:
                faults.append(fault)
                return

    before = web.metrics(weir.admin)
    generator = threading.Thread(target=generate)
    generator.start()
    try:
        act()
    finally:
        stop.set()
        generator.join()
    if faults:
        raise faults[0]
    turns = _turns(before, web.metrics(weir.admin))
    return {"requests": len(times), "p99_us": figures.percentile(times, 0.99),
            "max_us": max(times), **turns}


def _turns(before, after):
    """The turns between: how many, how many above 5 ms, and a bound of the longest."""
    total = after["weir_loop_turn_seconds_count"] - before["weir_loop_turn_seconds_count"]
    within = {}
    for key in after:
        found = re.match(r'weir_loop_turn_seconds_bucket\{(?:.*,)?le="([^"]+)"', key)
        if found:
            bound = float(found.group(1).replace("+Inf", "inf"))
            within[bound] = within.get(bound, 0) + after[key] - before.get(key, 0)
    if TURN_MAX not in within:
        raise RuntimeError("weir_loop_turn_seconds has no bucket at 5 ms")
    longest = min(bound for bound, count in within.items() if count >= total)
    return {"turns": total, "turns_above_5_ms": total - within[TURN_MAX],
            "longest_turn_within_seconds": longest}


def _table(data):
    rows = []
    for name, case in data.items():
        for phase in ("quiet", "reloading"):
            each = case[phase]
            slowest = f"{max(case['reload_seconds']) * 1e3:.0f}" if phase == "reloading" else ""
            rows.append([f"{name}, {phase}", slowest, each["requests"], round(each["p99_us"]),
                         each["max_us"], round(each["turns"]), round(each["turns_above_5_ms"]),
                         f"{each['longest_turn_within_seconds'] * 1e3:g}"])
    return Table(f"Reloads under {RATE} requests/s", [
        "what is reloaded", "slowest, ms", "requests", "p99, us", "longest, us", "turns",
        "above 5 ms", "all within, ms"], rows)


def _verdicts(data):
    verdicts = []
    for name, case in data.items():
        verdicts.append(Verdict(f"reload of {name}, slowest", max(case["reload_seconds"]), 1.0,
                                " s"))
        verdicts.append(Verdict(
            f"turns above 5 ms while {name} are reloaded", case["reloading"]["turns_above_5_ms"],
            0, remark=f"{case['quiet']['turns_above_5_ms']:.0f} without reloads; longest request "
            f"{case['reloading']['max_us'] / 1e3:.1f} ms, without {case['quiet']['max_us'] / 1e3:.1f}"))
    return verdicts
