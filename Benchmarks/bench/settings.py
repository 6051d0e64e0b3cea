"""How much is measured, and where files go meanwhile."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass

from . import machine, proxies


@dataclass
class Bench:
    """One run of `make bench`."""

    quick: bool
    rounds: int | None

    def size(self, full, quick):
        return quick if self.quick else full

    def round_count(self, full, quick=2):
        return self.rounds or self.size(full, quick)

    def say(self, text):
        print(f"    {text}", flush=True)

    @contextmanager
    def directory(self):
        """A folder of its own on disk, gone afterwards."""
        path = tempfile.mkdtemp(dir=machine.SCRATCH)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def origin(self, more_ports=()):
        """A folder with an origin that runs in it; two others may serve more ports."""
        started = []
        with self.directory() as path:
            try:
                started.append(proxies.start_origin(path))
                for number in range(2 if more_ports else 0):
                    own = os.path.join(path, f"origin{number}")
                    os.mkdir(own)
                    started.append(proxies.start_origin(own, more_ports[number::2]))
                yield path
            finally:
                for process in started:
                    process.stop()

    @contextmanager
    def running(self, directory, names=proxies.NAMES, **options):
        """Proxies by name, all at once; those that are idle cost nothing."""
        started = {}
        try:
            for name in names:
                started[name] = proxies.start(name, directory, **options)
            yield started
        finally:
            for proxy in started.values():
                proxy.stop()


def rotated(names, number):
    """The order of a round: each proxy comes first in its turn."""
    names = list(names)
    return names[number % len(names):] + names[: number % len(names)]


def sparse_file(path, size):
    """A file of zeros that takes no room on the disk."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.truncate(size)
