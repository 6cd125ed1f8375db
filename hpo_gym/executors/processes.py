"""Worker processes of one thread each, which survive whatever a job does to one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from hpo_gym.executors.child import GRACE, Child, inside_child
from hpo_gym.executors.executor import Failure, Job, Result


@dataclass(frozen=True)
class Processes:
    """An executor of spawned processes; one that dies is replaced.

    Attributes:
        count: Number of processes, >= 1.
    """

    count: int = 1

    def run(
        self, jobs: Iterator[Job], work: Callable[[Job], Result]
    ) -> Iterator[tuple[Job, Result | Failure]]:
        """Do jobs; see `hpo_gym.executors.executor.Executor`. Work and jobs are pickled.

        Raises:
            RuntimeError: A worker imports the script that started it.
        """
        if inside_child():
            raise RuntimeError(
                "worker processes import the script that defines your tuner: put what starts the "
                'run under `if __name__ == "__main__":`'
            )
        busy: dict[Child, Job] = {}
        idle: list[Child] = []
        try:
            while True:
                while len(busy) < self.count and (job := next(jobs, None)) is not None:
                    worker = idle.pop() if idle else Child()
                    worker.send(work, job)
                    busy[worker] = job
                if not busy:
                    return
                worker = _first_ready(busy)
                outcome = worker.receive()
                job = busy.pop(worker)
                if worker.idle:
                    idle.append(worker)
                else:
                    worker.kill()
                yield job, outcome
        finally:
            for worker in busy:
                worker.process.terminate()
            for worker in (*busy, *idle):
                worker.stop(3 * GRACE)  # they have children of their own to end


def _first_ready(workers: Iterable[Child]) -> Child:
    """A worker that has an outcome or is dead."""
    owners: dict[Any, Child] = {}
    for worker in workers:
        owners.update(dict.fromkeys(worker.waitables, worker))
    return owners[wait(list(owners))[0]]
