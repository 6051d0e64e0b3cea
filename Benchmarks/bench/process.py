"""A process that is started on a core, asked for its time and memory, and stopped."""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass


@dataclass
class ProcessorTime:
    """Seconds on a processor, and how the kernel divided them."""

    total: float
    user: float
    system: float

    def since(self, before):
        """The time between; the exact total is split as the ticks between were."""
        total = self.total - before.total
        user, system = self.user - before.user, self.system - before.system
        share = user / (user + system) if user + system > 0 else 0.0
        return ProcessorTime(total, total * share, total * (1 - share))


def _clock(pid, kind):
    # clock_getcpuclockid(3) for another process: 0 counts user and system ticks, 1 user ticks,
    # 2 the scheduler's nanoseconds.
    return time.clock_gettime_ns((~pid << 3) | kind) / 1e9


class Process:
    """A command on one core (or several), its output in a file."""

    def __init__(self, name, command, core, output, environment=None):
        self.name = name
        self.output = output
        self.started = time.monotonic()
        with open(output, "ab") as file:
            self._popen = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )
        self.pid = self._popen.pid

    def is_running(self):
        return self._popen.poll() is None

    def require_running(self):
        if not self.is_running():
            with open(self.output, encoding="utf-8", errors="replace") as file:
                said = file.read()[-2000:]
            raise RuntimeError(f"{self.name} has ended ({self._popen.returncode}): {said}")

    def processor_time(self):
        self.require_running()
        both, user = _clock(self.pid, 0), _clock(self.pid, 1)
        return ProcessorTime(_clock(self.pid, 2), user, both - user)

    def memory(self):
        """Bytes: resident, and with shared pages divided among those that share them."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:
            text = file.read()
        return {
            key: int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M).group(1)) * 1024
            for key, name in (("rss", "Rss"), ("pss", "Pss"), ("anonymous", "Anonymous"))
        }

    def reset_peak(self):
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def peak(self):
        """VmHWM in bytes: the most that was resident since `reset_peak`."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.M).group(1)) * 1024

    def signal(self, number):
        self._popen.send_signal(number)

    def stop(self):
        """SIGINT: Weir's drain without its delay; then SIGKILL."""
        if self.is_running():
            self._popen.send_signal(signal.SIGINT)
            try:
                self._popen.wait(3)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        self._popen.wait()
