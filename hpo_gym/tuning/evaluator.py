"""Evaluations: what a family makes of unit configurations, and what they cost."""

from __future__ import annotations

import warnings
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Floats, Namespace
from hpo_gym.families import Family
from hpo_gym.tasks.columns import parameters_of, spread
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
        self._pure = family.pure
        self._exact = self.noise == 0.0 and self._pure
        self._evaluation_cost = options.evaluation_cost
        self._epoch_cost = options.epoch_cost / 100.0

    def cost(self, scaled: Columns) -> Column:
        """What evaluations of scaled configurations cost, in units of the score."""
        cost = self._epoch_cost * self._family.resource(scaled)
        cost += self._evaluation_cost
        return cost

    def evaluate(
        self,
        parameters: Any,
        key: Column,
        count: Column,
        scaled: Columns,
        xp: Namespace,
        rows: NDArray[np.intp] | None = None,
    ) -> Evaluation:
        """Evaluate scaled configurations.

        Args:
            parameters: The tasks' parameters.
            key: The episodes' keys, an int or (N,) uint64.
            count: The evaluations' index, which is the counter of their noise.
            scaled: The configurations, a column for each parameter.
            xp: Array namespace.
            rows: (N,) what errors call the rows, if not 0 to N - 1.

        Raises:
            RuntimeError: An impure family that does not say `may_fail = True` raised an exception.
        """
        family, metric = self._family, self._metric
        if self._exact:
            exact = observed = family.noiseless(parameters, scaled, xp)
        else:
            counter = count.astype(np.uint64) if isinstance(count, np.ndarray) else count
            noise_key = rng.derive(rng.derive(key, rng.NOISE), counter)
            draws = rng.uniforms(noise_key, family.draws)
            if self._pure:
                exact, observed = family.evaluate(parameters, scaled, self.noise, draws, xp)
            elif isinstance(key, np.ndarray):
                numbers = range(len(key)) if rows is None else rows
                start = "" if np.ndim(count) or count else " of those that begin"
                names = [f" (row {number}{start})" for number in numbers]
                exact, observed = self._one_by_one(parameters, scaled, draws, names)
            else:
                exact, observed = self._once(parameters, scaled, draws, "")
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
            rows,
        )
        metrics, *columns = [spread(field, rows, len(skipped)) for field in part]
        return (metrics, *columns)

    def _one_by_one(
        self, parameters: Any, scaled: Columns, draws: Columns, names: list[str]
    ) -> tuple[Columns, Columns]:
        """Evaluate rows one after the other: their family may not be asked twice."""
        seen = [
            self._once(
                parameters_of(parameters, row),
                tuple(float(column[row]) for column in scaled),
                tuple(float(column[row]) for column in draws),
                name,
            )
            for row, name in enumerate(names)
        ]
        exact, observed = (
            tuple(map(np.array, zip(*rows, strict=True))) for rows in zip(*seen, strict=True)
        )
        return exact, observed

    def _once(
        self, parameters: Any, scaled: Columns, draws: Columns, where: str
    ) -> tuple[Columns, Columns]:
        """Evaluate one row of an impure family, whose work may raise exceptions."""
        family = self._family
        try:
            return family.evaluate(parameters, scaled, self.noise, draws, _ROW)
        except Exception as error:
            configuration = family.space.configuration(family.space.position(scaled))
            message = f"family {family.name!r} did not evaluate {configuration}{where}: {error!r}"
            if not family.may_fail:
                raise RuntimeError(
                    f"{message}; a family with may_fail = True goes on: the evaluation has failed"
                ) from error
            warnings.warn(f"{message}; the evaluation has failed", RuntimeWarning, stacklevel=2)
            nothing = (np.nan,) * len(family.metrics)
            return nothing, nothing
