"""Evaluations: what a family makes of unit configurations, and what they cost."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Floats, Namespace
from hpo_gym.families import Family
from hpo_gym.tuning.merging import parameters_of, spread, stack
from hpo_gym.tuning.observations import Encoder
from hpo_gym.tuning.options import Options
from hpo_gym.tuning.state import State

_ROW = Floats()


class Evaluation(NamedTuple):
    """What evaluations gave; each column a number or (N,)."""

    scaled: Columns
    """The configurations on the scaled axes."""
    metrics: Columns
    """Their observed metrics."""
    score: Column
    """Their observed score, -inf where the evaluation failed."""
    true_score: Column
    """Their noise-free score."""
    failed: Column
    """Whether it failed."""
    cost: Column
    """What it costs."""


class Evaluator:
    """Evaluates configurations of a family's tasks.

    Args:
        family: The family.
        encoder: Judges the observed metrics.
        options: The environment's options.
    """

    def __init__(self, family: Family, encoder: Encoder, options: Options) -> None:
        self._family, self._encoder = family, encoder
        self.noise = family.noise if options.noise is None else float(options.noise)
        self._metric = options.metric
        self._evaluation_cost = options.evaluation_cost
        self._epoch_cost = options.epoch_cost / 100.0

    def cost(self, scaled: Columns) -> Column:
        """What evaluations of scaled configurations cost, in units of the score."""
        cost = self._epoch_cost * self._family.resource(scaled)
        cost += self._evaluation_cost
        return cost

    def evaluate(self, state: State, unit: Columns, skipped: Column, xp: Namespace) -> Evaluation:
        """Evaluate unit configurations.

        Args:
            state: Tasks, keys and the evaluations' index, which is the counter of their noise.
            unit: d columns in [-1, 1].
            skipped: (N,) rows that are not evaluated, which get zeros; False if all are.
            xp: Array namespace.
        """
        scaled = self._family.space.scaled(unit, xp)
        if skipped is False:
            rows = state.tasks.parameters, state.key, state.evaluations, scaled
            return self._evaluate(*rows, xp)
        where = np.flatnonzero(~skipped)
        count = state.evaluations
        part = self._evaluate(
            parameters_of(state.tasks.parameters, where),
            state.key[where],
            count[where] if np.ndim(count) else count,
            tuple(column[where] for column in scaled),
            xp,
        )
        return Evaluation(*[spread(field, where, len(skipped)) for field in part])

    def _evaluate(
        self, parameters: Any, key: Column, count: Column, scaled: Columns, xp: Namespace
    ) -> Evaluation:
        if not self._family.pure and isinstance(key, np.ndarray):
            return self._one_by_one(parameters, key, count, scaled)
        family, metric = self._family, self._metric
        if self.noise == 0.0 and family.pure:
            exact = observed = family.noiseless(parameters, scaled, xp)
        else:
            counter = count.astype(np.uint64) if isinstance(count, np.ndarray) else count
            noise_key = rng.derive(rng.derive(key, rng.NOISE), counter)
            draws = rng.normals(noise_key, family.noise_draws, xp)  # SHIM
            exact, observed = family.evaluate(parameters, scaled, self.noise, draws, xp)
        metrics, score, failed = self._encoder.judge(observed, xp)
        true_score = score
        if exact is not observed:
            true_score = family.score(exact, metric, xp)
        if failed is not False:
            true_score = xp.where(failed, 0.0, true_score)
        return Evaluation(scaled, metrics, score, true_score, failed, self.cost(scaled))

    def _one_by_one(
        self, parameters: Any, key: NDArray[Any], count: Column, scaled: Columns
    ) -> Evaluation:
        """Evaluate rows one after the other: their family may not be asked twice."""
        counts = np.broadcast_to(count, key.shape)
        rows = [
            self._evaluate(
                parameters_of(parameters, row),
                int(key[row]),
                int(counts[row]),
                tuple(float(column[row]) for column in scaled),
                _ROW,
            )
            for row in range(len(key))
        ]
        return Evaluation(*[stack(field) for field in zip(*rows, strict=True)])
