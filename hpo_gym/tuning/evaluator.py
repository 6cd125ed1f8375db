"""Evaluations: what a family makes of unit configurations, and what they cost."""

from __future__ import annotations

from typing import Any, TypeAlias

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


Evaluation: TypeAlias = tuple[Columns, Column, Column, Column]
"""What evaluations gave: their observed metrics, the score of these (-inf where an evaluation
failed), their noise-free score, and whether they failed."""


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
        self._one_at_a_time = not family.pure
        self._exact = self.noise == 0.0 and family.pure
        self._evaluation_cost = options.evaluation_cost
        self._epoch_cost = options.epoch_cost / 100.0

    def cost(self, scaled: Columns) -> Column:
        """What evaluations of scaled configurations cost, in units of the score."""
        cost = self._epoch_cost * self._family.resource(scaled)
        cost += self._evaluation_cost
        return cost

    def evaluate(
        self, parameters: Any, key: Column, count: Column, scaled: Columns, xp: Namespace
    ) -> Evaluation:
        """Evaluate scaled configurations.

        Args:
            parameters: The tasks' parameters.
            key: The episodes' keys, an int or (N,) uint64.
            count: The evaluations' index, which is the counter of their noise.
            scaled: The configurations, a column for each parameter.
            xp: Array namespace.
        """
        family, metric = self._family, self._metric
        if self._one_at_a_time and isinstance(key, np.ndarray):
            return self._one_by_one(parameters, key, count, scaled)
        if self._exact:
            exact = observed = family.noiseless(parameters, scaled, xp)
        else:
            counter = count.astype(np.uint64) if isinstance(count, np.ndarray) else count
            noise_key = rng.derive(rng.derive(key, rng.NOISE), counter)
            draws = rng.uniforms(noise_key, family.draws)
            exact, observed = family.evaluate(parameters, scaled, self.noise, draws, xp)
        failed: Column = False
        if self._encoder.guarded:
            observed, score, failed = self._encoder.judge(observed, xp)
        else:
            score = family.score(observed, metric, xp)
        true_score = score if exact is observed else family.score(exact, metric, xp)
        if failed is not False:
            true_score = xp.where(failed, 0.0, true_score)
        return observed, score, true_score, failed

    def evaluate_some(
        self,
        state: State,
        count: Column,
        scaled: Columns,
        skipped: NDArray[np.bool_],
        xp: Namespace,
    ) -> Evaluation:
        """Evaluate the rows that are not skipped; the others get zeros.

        Args:
            state: The state of N rows.
            count: Their evaluations' index.
            scaled: Their configurations.
            skipped: (N,) rows that are not evaluated.
            xp: Array namespace.
        """
        rows = np.flatnonzero(~skipped)
        part = self.evaluate(
            parameters_of(state.tasks.parameters, rows),
            state.key[rows],
            count[rows] if np.ndim(count) else count,
            tuple(column[rows] for column in scaled),
            xp,
        )
        metrics, *columns = [spread(field, rows, len(skipped)) for field in part]
        return (metrics, *columns)

    def _one_by_one(
        self, parameters: Any, key: NDArray[Any], count: Column, scaled: Columns
    ) -> Evaluation:
        """Evaluate rows one after the other: their family may not be asked twice."""
        counts = np.broadcast_to(count, key.shape)
        rows = [
            self.evaluate(
                parameters_of(parameters, row),
                int(key[row]),
                int(counts[row]),
                tuple(float(column[row]) for column in scaled),
                _ROW,
            )
            for row in range(len(key))
        ]
        metrics, *columns = [stack(field) for field in zip(*rows, strict=True)]
        return (metrics, *columns)
