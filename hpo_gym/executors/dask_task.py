"""On a worker of Dask: does a job in a child, which stays a while for others of the same run."""

from __future__ import annotations

import multiprocessing
from functools import cache, partial
from multiprocessing.util import Finalize
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from hpo_gym.executors.child import GRACE, Child
from hpo_gym.executors.executor import Failure
from hpo_gym.executors.luggage import pack_back, unpack
from hpo_gym.optional import optional

_ARRIVAL = 300.0
"""Seconds for a child to begin and to import what the work needs."""
_KEEP = 30.0
"""Seconds that a child waits for another job; nobody says when there is none any more."""
_POLL = 0.5
"""Seconds between two looks at whether a job is still wanted."""


def do(run: str, key: str, work: bytes, job: bytes, limit: float | None) -> bytes:
    """What became of a job, packed.

    Args:
        run: Name of the run that it belongs to.
        key: Dask's name of this task.
        work: What does it, packed.
        job: The job, packed.
        limit: Seconds that it may take; then its process is killed, which is a failure.
    """
    worker = optional("distributed", extra="dask", user="an executor of Dask").get_worker()
    folder = Path(worker.local_directory) / run
    child = _waiting.take(run) or _new_child(work, folder)
    if isinstance(child, Failure):
        return pack_back(child, folder)
    look = partial(_require_wanted, worker, key)
    try:
        answer = child.call(_do, job, limit=limit, waiting=look, every=_POLL)
    except _Unwanted:
        child.stop(3 * GRACE)  # it has children of its own to end
        return b""
    if child.idle:
        _waiting.add(run, child)
    else:
        child.kill()
    return pack_back(answer, folder) if isinstance(answer, Failure) else answer


class _Unwanted(BaseException):
    """Nobody waits for the outcome any more."""


def _require_wanted(worker: Any, key: str, _: float) -> None:
    task = worker.state.tasks.get(key)
    closes = worker.status.name in ("closing", "closed", "failed")  # its scheduler may be gone
    if task is None or task.state == "cancelled" or closes:
        raise _Unwanted


def _new_child(work: bytes, folder: Path) -> Child | Failure:
    """A child that knows a work."""
    _become_a_parent()
    child = Child()
    arrived = child.call(_arrive, work, folder, limit=_ARRIVAL)
    if isinstance(arrived, Failure):
        child.stop()
        return arrived
    return child


@cache
def _become_a_parent() -> None:
    """Let this worker start processes, which Dask forbids lest they be left behind; ours end."""
    multiprocessing.current_process().daemon = False
    Finalize(None, _end_children, exitpriority=1)


def _end_children() -> None:
    for process in multiprocessing.active_children():
        process.terminate()


class _Waiting:
    """The children that have nothing to do, of whichever thread; after a while each ends."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._children: dict[Child, tuple[str, Timer]] = {}

    def add(self, run: str, child: Child) -> None:
        """Keep a child for other jobs of its run."""
        timer = Timer(_KEEP, self._end, [child])
        timer.daemon = True
        with self._lock:
            self._children[child] = run, timer
        timer.start()

    def take(self, run: str) -> Child | None:
        """A child that knows the work of a run, if there is one."""
        with self._lock:
            for child, (known, timer) in self._children.items():
                if known == run:
                    del self._children[child]
                    timer.cancel()
                    return child
        return None

    def _end(self, child: Child) -> None:
        with self._lock:
            there = self._children.pop(child, None)
        if there is not None:
            child.stop()


_waiting = _Waiting()

_arrived: list[Any] = []
"""In a child: its work, and the folder of the files that came with it."""


def _arrive(work: bytes, folder: Path) -> None:
    _arrived[:] = unpack(work, folder), folder


def _do(job: bytes) -> bytes:
    work, folder = _arrived
    return pack_back(work(unpack(job, folder)), folder)
