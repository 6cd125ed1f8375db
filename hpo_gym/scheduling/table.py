"""What a scheduler sees, and what it decides: plain values, whoever executes them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol


class Status(IntEnum):
    """What a run is doing."""

    NONE = 0
    """It has not been started."""
    RUNNING = 1
    REPORTED = 2
    """It has just reported, on the worker that asks what to do: it may be continued at once."""
    PAUSED = 3
    STOPPED = 4
    COMPLETED = 5


class Runs(NamedTuple):
    """The runs that were started, in order, when a worker asks what to do."""

    reports: tuple[int, ...]
    """Numbers of epochs after which a run reports, increasing; after the last it is completed."""
    points: Sequence[tuple[float, ...]]
    """Their unit configurations, (thr, lr) each in [-1, 1]."""
    status: Sequence[Status]
    curves: Sequence[Sequence[float]]
    """Their scores at the reports so far, higher is better."""
    epochs_left: float
    """Worker-epochs that can still be granted."""
    most_runs: int
    """So many runs can be started in all."""

    @property
    def reported(self) -> int | None:
        """The run that has just reported; None if the worker has none, or has completed it."""
        return self.status.index(Status.REPORTED) if Status.REPORTED in self.status else None

    @property
    def paused(self) -> list[int]:
        """The paused runs, the best last score first, of equals the earlier."""
        paused = [run for run, status in enumerate(self.status) if status is Status.PAUSED]
        return sorted(paused, key=lambda run: -self.curves[run][-1])

    def price(self, run: int | None) -> int:
        """Epochs of the next block of a run, or of the first of a new one."""
        done = 0 if run is None else len(self.curves[run])
        return self.reports[done] - (self.reports[done - 1] if done else 0)

    def can_grant(self, run: int | None) -> bool:
        """Whether the next block of an idle run can be granted, or for None a run be started."""
        possible = run is not None or len(self.status) < self.most_runs
        return possible and self.price(run) <= self.epochs_left


class Decision(NamedTuple):
    """What the worker that asks is to do.

    A run that has just reported is continued, paused or stopped. If it is not continued, or there
    is none, the worker starts a new run, resumes a paused one, or waits until another worker has
    reported. Who waits while nobody works ends the tuning. What cannot be done is a wait: a grant
    that the budget does not pay, a start beyond `Runs.most_runs`.
    """

    reported: str = "pause"
    """"continue", "pause" or "stop"."""
    then: str = "start"
    """"start", "resume" or "wait"."""
    run: int | None = None
    """The paused run that is resumed."""


class Scheduler(Protocol):
    """Decides for how long runs go on; it does not choose their configurations."""

    def decide(self, runs: Runs) -> Decision:
        """What the worker that asks is to do: a function of the runs alone."""
        ...
