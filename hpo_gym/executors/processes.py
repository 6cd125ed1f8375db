"""Worker processes of one thread each, which survive whatever a job does to one of them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic

from hpo_gym.executors.executor import Failure, Job, Result

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Processes:
    """An executor of spawned processes.

    A process serves one owner only: what a job leaves behind in it (changed defaults, random
    states, patched modules) reaches no job of another owner. A process that dies is replaced. An
    owner's jobs should come one after another: each change of owner starts a process.

    Attributes:
        count: Number of processes, >= 1.
    """

    count: int = 1

    def run(
        self,
        jobs: Iterator[Job],
        work: Callable[[Job], Result],
        *,
        owner: Callable[[Job], str],
    ) -> Iterator[tuple[Job, Result | Failure]]:
        """Do jobs; see `hpo_gym.executors.executor.Executor`. Work and jobs are pickled."""
        busy: dict[_Worker[Job, Result], Job] = {}
        idle: list[_Worker[Job, Result]] = []
        try:
            while True:
                while len(busy) < self.count and (job := next(jobs, None)) is not None:
                    worker = _worker_of(owner(job), idle, work)
                    worker.send(job)
                    busy[worker] = job
                if not busy:
                    return
                worker = _first_ready(busy)
                outcome = worker.receive()
                job = busy.pop(worker)
                if worker.process.is_alive():
                    idle.append(worker)
                else:
                    worker.stop()
                yield job, outcome
        finally:
            for worker in (*busy, *idle):
                worker.stop()


class _Worker(Generic[Job, Result]):
    """A process that does one job of an owner after another."""

    def __init__(self, work: Callable[[Job], Result], owner: str) -> None:
        self.owner = owner
        # Spawned, not forked: no job meets the threads, locks or open files of another process.
        context = multiprocessing.get_context("spawn")
        self.connection, remote = context.Pipe()
        self.process = context.Process(target=_serve, args=(remote, work))
        with _one_thread():
            self.process.start()
        remote.close()

    def send(self, job: Job) -> None:
        with suppress(OSError):  # of a process that has just died; `receive` will tell
            self.connection.send(job)

    def receive(self) -> Result | Failure:
        """The outcome of the job; blocks until there is one or the process is dead."""
        with suppress(EOFError, OSError):
            if self.connection in wait([self.connection, self.process.sentinel]):
                outcome: Result | Failure = self.connection.recv()
                return outcome
        self.process.join()
        return Failure(f"the worker process died with exit code {self.process.exitcode}")

    def stop(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join()


def _worker_of(
    owner: str, idle: list[_Worker[Job, Result]], work: Callable[[Job], Result]
) -> _Worker[Job, Result]:
    """An idle worker of the owner, else a new one in the place of another owner's."""
    for position, worker in enumerate(idle):
        if worker.owner == owner:
            return idle.pop(position)
    if idle:
        idle.pop().stop()
    return _Worker(work, owner)


def _first_ready(workers: Iterable[_Worker[Job, Result]]) -> _Worker[Job, Result]:
    """A worker that has an outcome or is dead."""
    owners: dict[Any, _Worker[Job, Result]] = {}
    for worker in workers:
        owners[worker.connection] = owners[worker.process.sentinel] = worker
    return owners[wait(list(owners))[0]]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let processes that are started have one thread in NumPy and torch: the cores are shared."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(connection: Connection, work: Callable[[Any], Any]) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            outcome = work(job)
        except BaseException:  # whatever a tuner raises, also SystemExit
            outcome = Failure(traceback.format_exc())
        connection.send(outcome)


def _end_with_parent() -> None:
    """End this process, also in the midst of a job, once its parent is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
