"""The workers of a Dask cluster, on other machines or on this one.

A job runs in a child of a worker, not in the worker itself: it can be ended, dies alone, has one
thread whatever else the worker does, and meets the user's code as it is today, not as it was when
the worker first imported it. A worker needs this package, and the packages that jobs import; the
files that jobs name come with them (`hpo_gym.executors.luggage`).

Dask does the rest: where jobs go, and that those of a dead worker are done again elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from hpo_gym.executors import dask_task
from hpo_gym.executors.executor import Failure, Job, Result
from hpo_gym.executors.luggage import pack, unpack
from hpo_gym.optional import optional

PATIENCE = 60.0
"""Seconds without any worker after which a run ends, unless told otherwise."""
_CONNECT = 10.0
"""Seconds for a scheduler to answer."""
_POLL = 0.5
"""Seconds between two looks at whether there are workers."""


@dataclass(frozen=True)
class Dask:
    """An executor of a Dask cluster: every thread of its workers does one job at a time.

    A job whose worker dies is done again by another one; one whose workers die again and again
    (Dask's ``distributed.scheduler.allowed-failures``) is a `Failure`.

    Attributes:
        address: "host:port" of the scheduler; None for a cluster on this machine, for as long as
            the jobs last.
        workers: Number of worker processes of such a cluster, >= 1.
        limit: Seconds that a job may take; then its process is killed, which is a failure.
        patience: Seconds to wait where there is no worker at all.

    Raises:
        ImportError: Dask is not installed.
    """

    address: str | None = None
    workers: int = 1
    limit: float | None = None
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        _distributed()  # it is missed here rather than after the preparations of a run

    @property
    def shares_files(self) -> bool:
        """Workers may be on other machines."""
        return False

    def run(
        self, jobs: Iterator[Job], work: Callable[[Job], Result]
    ) -> Generator[tuple[Job, Result | Failure], None, None]:
        """Do jobs; see `hpo_gym.executors.executor.Executor`. Work and jobs are pickled.

        Raises:
            ConnectionError: The scheduler does not answer, or there are no workers any more.
            ImportError: The workers lack a package that is needed to begin a job.
        """
        if (first := next(jobs, None)) is None:
            return  # and nothing to connect to
        with self._connect() as client:
            yield from self._run(client, chain([first], jobs), work)

    def _connect(self) -> Any:
        """A client; its end is that of a local cluster."""
        client = _distributed().Client
        if self.address is None:
            return client(n_workers=self.workers, threads_per_worker=1, dashboard_address=None)
        try:
            return client(f"tcp://{self.address}", timeout=_CONNECT)
        except OSError as error:
            raise ConnectionError(
                f"no scheduler of Dask answers at {self.address} within {_CONNECT:g} s: start one "
                f"there with `dask scheduler`, and workers with `dask worker {self.address}`"
            ) from error

    def _run(
        self, client: Any, jobs: Iterator[Job], work: Callable[[Job], Result]
    ) -> Generator[tuple[Job, Result | Failure], None, None]:
        run, packed = f"hpo_gym-{uuid4().hex}", pack(work)
        keys = (f"{run}-{number}" for number in count())
        under_way: dict[str, tuple[Job, Any]] = {}
        ended: SimpleQueue[Any] = SimpleQueue()
        try:
            while True:
                while len(under_way) < max(1, _threads(client)):
                    if (job := next(jobs, None)) is None:
                        break
                    key = next(keys)
                    task = run, key, packed, pack(job), self.limit
                    future = client.submit(dask_task.do, *task, key=key)
                    under_way[key] = job, future
                    future.add_done_callback(ended.put)
                if not under_way:
                    return
                future = self._wait(client, partial(ended.get, timeout=_POLL))
                outcome = self._outcome(client, future)
                job, _ = under_way.pop(future.key)
                yield job, outcome
        finally:
            client.cancel([future for _, future in under_way.values()])

    def _outcome(self, client: Any, future: Any) -> Any:
        """A result or a failure, of a task that has ended."""
        try:  # it may have to be done again: its worker can die before it has sent the result
            packed = self._wait(client, lambda: future.result(timeout=self.patience))
        except CancelledError as error:
            raise ConnectionError("the scheduler of Dask is gone, and with it the jobs") from error
        except _distributed().KilledWorker as error:
            return Failure(str(error))
        except ImportError as error:
            raise ImportError(f"a worker of Dask lacks what does jobs: {error}") from error
        return unpack(packed, Path())  # no files come back

    def _wait(self, client: Any, ask: Callable[[], Any]) -> Any:
        """What comes in its time; an error where nobody is there to do it."""
        last = time.monotonic()
        while time.monotonic() - last < self.patience:
            with suppress(Empty, TimeoutError):
                return ask()
            if _threads(client):
                last = time.monotonic()
        raise ConnectionError(
            f"no worker of Dask for {self.patience:g} s: start one with "
            f"`dask worker {client.scheduler.address}`, and then this again"
        )


def _distributed() -> Any:
    return optional("distributed", extra="dask", user="an executor of Dask")


def _threads(client: Any) -> int:
    """How many jobs the workers can do at a time.

    Raises:
        ConnectionError: The scheduler is gone.
    """
    try:
        return sum(client.nthreads().values())
    except (OSError, RuntimeError) as error:
        raise ConnectionError(f"the scheduler of Dask is gone: {error}") from error
