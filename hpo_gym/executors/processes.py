"""Worker processes of one thread each, which survive whatever a job does to one of them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from hpo_gym.executors.child import GRACE, Child, inside_child
from hpo_gym.executors.executor import Failure, Job, Result

_START_UP = 60.0
"""Seconds for a process to begin and to import what the work needs."""


@dataclass(frozen=True)
class Processes:
    """An executor of spawned processes; one that dies is replaced.

    Attributes:
        count: Number of processes, >= 1.
        limit: Seconds that a job may take; then its process is killed, which is a failure.
    """

    count: int = 1
    limit: float | None = None

    @property
    def shares_files(self) -> bool:
        """They are processes of this machine."""
        return True

    def run(
        self, jobs: Iterator[Job], work: Callable[[Job], Result]
    ) -> Generator[tuple[Job, Result | Failure], None, None]:
        """Do jobs; see `hpo_gym.executors.executor.Executor`. Work and jobs are pickled.

        Raises:
            RuntimeError: A worker imports the script that started it.
        """
        if inside_child():
            raise RuntimeError(
                "worker processes import the script that defines your tuner: put what starts the "
                'run under `if __name__ == "__main__":`'
            )
        busy: dict[Child, tuple[Job, float]] = {}
        idle: list[Child] = []
        try:
            while True:
                while len(busy) < self.count and (job := next(jobs, None)) is not None:
                    worker = idle.pop() if idle else self._new(work)
                    worker.send(work, job)
                    busy[worker] = job, time.monotonic() + self._seconds
                if not busy:
                    return
                worker, in_time = _first_over({each: end for each, (_, end) in busy.items()})
                if in_time:
                    outcome = worker.receive()
                else:
                    worker.kill()
                    outcome = Failure(f"no answer within {self._seconds:g} s")
                job, _ = busy.pop(worker)
                if worker.idle:
                    idle.append(worker)
                else:
                    worker.kill()
                yield job, outcome
        finally:
            for worker in busy:
                worker.process.terminate()
            _stop([*busy, *idle])

    @property
    def _seconds(self) -> float:
        return math.inf if self.limit is None else self.limit

    def _new(self, work: Callable[[Job], Result]) -> Child:
        """A new process; where time counts, it has imported already what the work needs."""
        worker = Child()
        if self.limit is not None:
            worker.call(callable, work, limit=_START_UP)
        return worker


def _stop(workers: list[Child]) -> None:
    """End processes: in order, unless whoever waits for that is interrupted, too."""
    try:
        for worker in workers:
            worker.stop(3 * GRACE)  # they have children of their own to end
    except BaseException:
        for worker in workers:
            worker.kill()
        raise


def _first_over(deadlines: dict[Child, float]) -> tuple[Child, bool]:
    """A worker that has an outcome or is dead, with True; or one that is late, with False."""
    owners: dict[Any, Child] = {}
    for worker in deadlines:
        owners.update(dict.fromkeys(worker.waitables, worker))
    first = min(deadlines, key=deadlines.__getitem__)
    left = deadlines[first] - time.monotonic()
    ready = wait(list(owners), None if left == math.inf else max(left, 0.0))
    return (owners[ready[0]], True) if ready else (first, False)
