"""Runs the children of a HyperDrive run: who starts next, who is ended early, what is kept."""

from __future__ import annotations

import math
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from hpo_gym.hyperdrive import shown
from hpo_gym.hyperdrive.child import CANCEL
from hpo_gym.hyperdrive.journal import CANCELED, COMPLETED, FAILED, TERMINAL, Journal
from hpo_gym.hyperdrive.runconfig import HyperDriveConfig
from hpo_gym.hyperdrive.sampling import BayesianParameterSampling


class Job(NamedTuple):
    """A child to be started."""

    number: int
    configuration: Mapping[str, Any]
    resumed: str | None
    """Outputs of the child of an earlier run that it goes on from."""


class End(NamedTuple):
    """How a child ended."""

    number: int
    status: str
    message: str
    time: float


class Referee(Protocol):
    """What a backend asks and tells; times are those of its clock, in seconds."""

    def jobs(self, clock: Callable[[], float]) -> Iterator[Job]:
        """Children, each asked for when it can begin."""

    def report(self, number: int, value: float) -> bool:
        """A child has reported its primary metric; whether it is to be ended now."""

    def restart(self, number: int, now: float) -> None:
        """A child begins anew: what it has reported does not count."""

    def over(self, now: float) -> bool:
        """Whether all children are to be ended now."""


class Backend(Protocol):
    """What runs children: on a virtual clock, or as processes."""

    def arguments(self, job: Job) -> list[str]:
        """What the script of a child is given."""

    def run(self, referee: Referee) -> Iterator[End]:
        """Run the referee's children; gives their ends in order."""


class Engine:
    """One run at work.

    Args:
        config: What was submitted.
        journal: The run's journal.
        folder: The run's folder.
        backend: Runs the children.
        past: Learning curves of the runs that this one continues; rules compare with them.
        resumed: Outputs and configurations of the children of earlier runs that come first.
        seed: Of the sampling.
    """

    def __init__(
        self,
        config: HyperDriveConfig,
        journal: Journal,
        folder: Path,
        backend: Backend,
        *,
        past: list[list[float]],
        resumed: Sequence[tuple[str, Mapping[str, Any]]],
        seed: int,
    ) -> None:
        self._config, self._journal, self._folder = config, journal, folder
        self._backend, self._seed = backend, seed
        self._resumed = resumed
        self._rule = config.rule()
        self._lock = threading.Lock()  # reports may come from another thread
        self._past = len(past)
        self._curves = [_judged(curve) for curve in past] + [[] for _ in range(self.total)]
        self._terminated: set[int] = set()
        self._interrupted = threading.Event()
        self._deadline = float("inf")

    @property
    def total(self) -> int:
        """Number of children in all."""
        size = self._config.hyperparameter_sampling.size()
        most = self._config.max_total_runs
        return most if size is None else min(most, size + len(self._resumed))

    def interrupt(self) -> None:
        """End the work so that it can be gone on with."""
        self._interrupted.set()

    def run(self) -> None:
        """Run the children that have not ended yet, and note how the whole ended."""
        try:
            for end in self._backend.run(self):
                self._end(end)
            if not self._interrupted.is_set():
                self._journal.cancel_rest(time.time())
                self._journal.note(ended=time.time(), status=self._verdict())
        except BaseException:
            error = traceback.format_exc()
            self._journal.note(ended=time.time(), error=error, status=FAILED)

    def _verdict(self) -> str:
        """How the whole ended: it has failed if every child has."""
        if (self._folder / CANCEL).exists():
            return CANCELED
        rows = self._journal.rows()
        return FAILED if rows and all(row.status == FAILED for row in rows) else COMPLETED

    def jobs(self, clock: Callable[[], float]) -> Iterator[Job]:
        """First the children that were cut off, then new ones."""
        self._deadline = clock() + 60.0 * self._config.max_duration_minutes
        self._journal.close_open()
        known = {row.number: row for row in self._journal.rows()}
        ended = [number for number, row in known.items() if row.status in TERMINAL]
        for number in ended:
            self._curves[self._past + number] += _judged(known[number].curve)
        for number in range(self.total):
            if self.over(clock()):
                return
            if number not in ended:
                old = known[number].configuration if number in known else None
                with self._lock:
                    job = self._begin(number, old, clock())
                yield job

    def _begin(self, number: int, configuration: Mapping[str, Any] | None, now: float) -> Job:
        """Start a child, anew with its old configuration if it has one."""
        shutil.rmtree(self._child(number), ignore_errors=True)
        self._child(number).mkdir()
        sampling, trial, resumed = self._config.hyperparameter_sampling, None, None
        new = number - len(self._resumed)
        if new < 0:
            resumed, configuration = self._resumed[number]
        elif configuration is None:
            if isinstance(sampling, BayesianParameterSampling):
                sampler = sampling.optuna_sampler(self._seed, new)
                trial, configuration = self._journal.ask(sampler, sampling.distributions())
            else:
                configuration = sampling.suggest(new, self._seed)
        job = Job(number, configuration, resumed)
        arguments = self._backend.arguments(job)
        if isinstance(sampling, BayesianParameterSampling):
            fitting = sampling.distributions()  # it learns from children that began again, too
        else:
            fitting = shown.distributions(sampling.parameter_space, configuration)
        self._journal.begin(number, configuration, arguments, now, trial, fitting)
        return job

    def report(self, number: int, value: float) -> bool:
        """Keep a value, and let the policy decide."""
        with self._lock:
            curve = self._curves[self._past + number]
            curve += _judged([value])
            self._journal.report(number, len(curve), value)
            if number not in self._terminated and self._rule.stops(
                self._past + number, self._curves
            ):
                self._terminated.add(number)
            return number in self._terminated

    def restart(self, number: int, now: float) -> None:
        """Let a child begin anew, with its configuration, in a trial of its own."""
        with self._lock:
            self._curves[self._past + number].clear()
            self._journal.restart(number, now)

    def over(self, now: float) -> bool:
        """Whether the run is canceled, interrupted, or out of time."""
        if self._interrupted.is_set() or (self._folder / CANCEL).exists():
            return True
        return now >= self._deadline

    def _end(self, end: End) -> None:
        """Keep how a child ended; one that an interruption ended has not: it starts again."""
        terminated = end.status == CANCELED and end.number in self._terminated
        if end.status == CANCELED and not terminated and self._interrupted.is_set():
            return
        with self._lock:
            self._journal.end(end.number, end.status, end.time, end.message, terminated)

    def _child(self, number: int) -> Path:
        return self._folder / f"{self._folder.name}_{number}"


def _judged(curve: list[float]) -> list[float]:
    """A curve as rules see it: an infinite value is no better than one that is not a number."""
    return [value if math.isfinite(value) else math.nan for value in curve]
