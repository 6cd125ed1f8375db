"""Reports: the clock goes on to the next one, and the run that reports is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Vectors
from hpo_gym.scheduling.observations import SHOWN, SchedulingEncoder
from hpo_gym.scheduling.options import SchedulingOptions
from hpo_gym.scheduling.state import State
from hpo_gym.scheduling.table import Status
from hpo_gym.tasks.columns import parameters_of

_XP = Vectors()


class Reporter:
    """Has workers report.

    Args:
        options: The environment's options.
        encoder: The layout of the runs.
    """

    def __init__(self, options: SchedulingOptions, encoder: SchedulingEncoder) -> None:
        self._encoder, self._metric = encoder, options.metric
        self._family = family = options.made_family
        self._noise = family.noise if options.noise is None else options.noise
        self._index = family.metrics.index(options.metric)
        self._reports = np.array(encoder.reports, dtype=np.float64)
        self._cheapest = float(encoder.blocks.min())
        self._axis = family.space.slices[str(family.resource_parameter)].start
        self._place = family.space.names.index(str(family.resource_parameter))

    def next(
        self, state: State, ignored: NDArray[np.bool_] | None
    ) -> tuple[State, NDArray[np.bool_]]:
        """The state when the next worker asks.

        Args:
            state: The state after a grant.
            ignored: (N,) rows in which nothing is evaluated.

        Returns:
            The state, and (N,) whether the episode is over.
        """
        asking = state.asks.any(axis=0)
        worker = np.where(asking, state.asks.argmax(axis=0), state.end.argmin(axis=0))
        rows = np.arange(len(worker))
        end = state.end[worker, rows]
        reports = ~asking & np.isfinite(end)
        if ignored is not None:
            reports &= ~ignored
        state = state._replace(worker=worker, reported=np.full(len(worker), -1))
        after = self._reported(state, np.flatnonzero(reports), end)
        works = np.isfinite(after.end).any(axis=0)
        return after, ~works & (~after.asks.any(axis=0) | (after.left < self._cheapest))

    def _reported(self, state: State, rows: NDArray[np.intp], end: NDArray[Any]) -> State:
        """The state after the workers that ask at ``rows`` have reported."""
        if not len(rows):
            return state
        encoder, worker = self._encoder, state.worker[rows]
        run = state.run[worker, rows]
        row = state.table[run, :, rows]  # (n, d + 2 + K), before this report
        made = encoder.made(row[:, encoder.progress])
        epochs = self._reports[made]
        scaled = self._scaled(row[:, : encoder.dimension], epochs)
        exact, observed = self._evaluate(state, rows, run, scaled)
        score = self._family.score(observed, self._metric, _XP)
        true_score = self._family.score(exact, self._metric, _XP)
        completed = made + 1 == len(self._reports)

        table, last = state.table, state.last.copy()  # the grant has copied the table
        table[run, encoder.status, rows] = np.where(
            completed, SHOWN[Status.COMPLETED], SHOWN[Status.REPORTED]
        )
        table[run, encoder.progress, rows] = (made + 1) / len(self._reports)
        table[run, encoder.scores + made, rows] = last[run, rows] = score
        free, ends, asks = state.run.copy(), state.end.copy(), state.asks.copy()
        free[worker, rows], ends[worker, rows] = -1, np.inf
        asks[:, rows] = free[:, rows] < 0

        better = score > state.best_score[rows]
        news = {
            "reported": np.where(completed, -1, run),
            "clock": end[rows],
            "shown": run,
            "natural": np.stack(self._family.space.natural(scaled, _XP)),
            "metrics": np.stack(observed),
            "best_metric": np.where(better, observed[self._index], state.best_metric[rows]),
            "best_score": np.where(better, score, state.best_score[rows]),
            "best_true_score": np.where(better, true_score, state.best_true_score[rows]),
        }
        changed = {}
        for name, value in news.items():
            changed[name] = getattr(state, name).copy()
            changed[name][..., rows] = value
        return state._replace(table=table, last=last, run=free, end=ends, asks=asks, **changed)

    def _scaled(self, point: NDArray[Any], epochs: NDArray[Any]) -> tuple[Any, ...]:
        """Scaled configurations of runs after so many epochs."""
        unit = [np.ascontiguousarray(column, dtype=np.float64) for column in point.T]
        unit.insert(self._axis, np.zeros(len(epochs)))
        scaled = list(self._family.space.scaled(tuple(unit), _XP))
        scaled[self._place] = epochs
        return tuple(scaled)

    def _evaluate(self, state: State, rows: Any, run: Any, scaled: Any) -> tuple[Any, Any]:
        """Noise-free and observed metrics; a run has one draw, that of its training seed."""
        family = self._family
        key = rng.derive(state.key[rows], rng.NOISE)
        draws = rng.uniforms(rng.derive(key, run.astype(np.uint64)), family.draws)
        parameters = parameters_of(state.tasks.parameters, rows)
        return family.evaluate(parameters, scaled, self._noise, draws, _XP)
