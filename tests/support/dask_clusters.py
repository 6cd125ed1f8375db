"""A scheduler of Dask and its workers, each a process that can be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path


class Cluster:
    """A scheduler on this machine, and workers of one thread.

    Args:
        folder: Where its processes write.
        workers: How many there are at first.
        nanny: Whether workers that die are begun again.
        **settings: Environment variables.
    """

    def __init__(
        self, folder: Path, workers: int = 2, *, nanny: bool = False, **settings: str
    ) -> None:
        self._folder, self._nanny, self._settings = folder, nanny, settings
        self._processes = ExitStack()
        file = folder / "scheduler.json"
        place = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
        self.scheduler = self._start("scheduler", *place)
        wait_for(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = json.loads(file.read_text())["address"].removeprefix("tcp://")
        self.workers = [self.add_worker() for _ in range(workers)]

    def add_worker(self) -> subprocess.Popen:
        """Start a worker."""
        nanny = "--nanny" if self._nanny else "--no-nanny"
        scratch = ("--local-directory", str(self._folder))
        return self._start("worker", self.address, "--nthreads", "1", nanny, *scratch)

    def _start(self, what: str, *options: str) -> subprocess.Popen:
        paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", "--no-dashboard", *options],
            env={**os.environ, **paths, **self._settings},
            cwd=self._folder,
            stderr=subprocess.DEVNULL,
        )
        self._processes.callback(process.wait)
        self._processes.callback(process.terminate if self._nanny else process.kill)
        return process

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        self._processes.close()


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def is_there(pid: int) -> bool:
    """Whether a process has not ended."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
