"""Children of a family on a virtual clock: workers, of which each trains one child at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hpo_gym import rng
from hpo_gym.arrays import Vectors
from hpo_gym.hyperdrive import records
from hpo_gym.hyperdrive.child import RECORDS
from hpo_gym.hyperdrive.engine import End, Job, Referee
from hpo_gym.hyperdrive.family_config import PARAMETERS, FamilyRunConfig
from hpo_gym.hyperdrive.journal import CANCELED, COMPLETED, FAILED

_XP = Vectors()


class _Child(NamedTuple):
    """A child in training."""

    duration: float
    """Seconds of one of its epochs."""
    curves: dict[str, list[float]]
    """Its metrics after each epoch, for all epochs that it would train."""


class VirtualClock:
    """Runs children one event after another: the end of the next epoch of any of them.

    Of epochs that end together, that of the child with the lower number comes first. A child that
    has reported its last epoch has ended.

    Args:
        config: The task.
        workers: How many children train at a time.
        metric: The primary metric.
        folder: The run's folder.
    """

    def __init__(self, config: FamilyRunConfig, workers: int, metric: str, folder: Path) -> None:
        self._config, self._workers, self._metric = config, workers, metric
        self._folder = folder
        self._now = 0.0

    def arguments(self, job: Job) -> list[str]:
        """None: there is no script."""
        return []

    def run(self, referee: Referee) -> Iterator[End]:
        """Run the referee's children; see `hpo_gym.hyperdrive.engine.Backend`."""
        jobs = referee.jobs(lambda: self._now)
        training: dict[int, _Child] = {}
        events: list[tuple[float, int, int]] = []  # when, whose and which epoch ends
        while True:
            while len(training) < self._workers and (job := next(jobs, None)) is not None:
                try:
                    child = self._child(job)
                except ValueError as error:  # no configuration of the family
                    yield End(job.number, FAILED, str(error), self._now)
                    continue
                training[job.number] = child
                heapq.heappush(events, (self._now + child.duration, job.number, 1))
            if not events:
                return
            self._now, number, epoch = heapq.heappop(events)
            child, status = training[number], None
            if referee.over(self._now):
                status = CANCELED
            else:
                stopped = referee.report(number, self._log(number, epoch, child))
                if epoch == len(child.curves[self._metric]):
                    status = COMPLETED
                elif stopped:
                    status = CANCELED
            if status is None:
                heapq.heappush(events, (self._now + child.duration, number, epoch + 1))
            else:
                del training[number]
                yield End(number, status, "", self._now)

    def _log(self, number: int, epoch: int, child: _Child) -> float:
        """Log the metrics after an epoch; returns the primary one."""
        file = self._folder / f"{self._folder.name}_{number}" / RECORDS
        facts = {"time": self._now, "kind": records.SCALAR, "step": epoch}
        values = {name: curve[epoch - 1] for name, curve in child.curves.items()}
        records.append(file, *[{**facts, "name": n, "value": v} for n, v in values.items()])
        return values[self._metric]

    def _child(self, job: Job) -> _Child:
        durations = self._config.epoch_durations
        return _Child(durations[job.number % len(durations)], curves_of(self._config, job))


def curves_of(config: FamilyRunConfig, job: Job) -> dict[str, list[float]]:
    """Metrics of a child after each of its epochs.

    Raises:
        ValueError: Its hyperparameters are not the family's, or out of their bounds.
    """
    family, configuration = config.family, {"epochs": config.epochs, **job.configuration}
    if unknown := sorted(set(configuration) - set(PARAMETERS)):
        raise ValueError(
            f"hyperparameters {unknown}: the family {family.name!r} has thr, lr and epochs"
        )
    unit = family.space.unit({name: configuration.get(name) for name in family.space.names})
    thr, last, z = family.space.scaled(unit, _XP)
    epochs = np.arange(1.0, float(last) + 1.0)
    scaled = (np.full_like(epochs, thr), epochs, np.full_like(epochs, z))
    uniforms = rng.uniforms(rng.derive(rng.fold(config.seed), job.number), family.draws)
    draws = tuple(np.full_like(epochs, uniform) for uniform in uniforms)
    noise = family.noise if config.noise is None else config.noise
    parameters: Any = family.sample(config.split, config.task)
    _, observed = family.evaluate(parameters, scaled, noise, draws, _XP)
    columns = [np.broadcast_to(column, epochs.shape).tolist() for column in observed]
    return dict(zip(family.metrics, columns, strict=True))
