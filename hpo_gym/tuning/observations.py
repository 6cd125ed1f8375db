"""What a tuner sees: observations are built here and decoded here, and nowhere else.

"summary": what the task says about itself (c, see `Family.context`), the last unit configuration
(d), its metrics as `Family.features` gives them (M), the incumbent's unit configuration (d), its
observed score, the budget left (1 to 0), and known (0 before any evaluation, 1 after).

"history": the summary, then one row [unit configuration, metrics, filled = 1] per evaluation,
zero-padded to ``max_evaluations`` rows, and one row more, the first, if the start is evaluated.

Every component is a float32 in [-1, 1]; none depends on the optimum or on noise-free values. A
failed evaluation shows its worst possible metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns, Floats, Namespace, Vectors
from hpo_gym.families import Family
from hpo_gym.tuning.history import History
from hpo_gym.tuning.trials import Judgement, Observation, Trial

OBSERVATIONS = ("summary", "history")


class Encoder:
    """Encodes what was evaluated as an observation, and decodes observations.

    Args:
        family: Says what metrics there are, how they are shown and what they are worth.
        metric: The primary metric.
        max_evaluations: The budget.
        observation: "summary" or "history".
        start_evaluated: Whether the first evaluation is a start that is not paid for.
    """

    def __init__(
        self,
        family: Family,
        metric: str,
        *,
        max_evaluations: int,
        observation: str,
        start_evaluated: bool,
    ) -> None:
        self.family, self.metric, self.observation = family, metric, observation
        self.guarded = family.may_fail is not False
        self.dimension = family.space.dimension
        self.features = len(family.metrics)
        self.context = len(family.context)
        self.start_evaluated = start_evaluated
        self.max_evaluations = max_evaluations
        self.summary_size = self.context + 2 * self.dimension + self.features + 3
        self.row_size = self.dimension + self.features + 1
        self.rows = max_evaluations + start_evaluated if observation == "history" else 0
        self.size = self.summary_size + self.rows * self.row_size
        self.history = History(self.rows, self.row_size, start_evaluated)

    def summarised(self) -> Encoder:
        """An encoder of the "summary" alone."""
        return Encoder(
            self.family,
            self.metric,
            max_evaluations=self.max_evaluations,
            observation="summary",
            start_evaluated=self.start_evaluated,
        )

    def space(self) -> spaces.Box:
        """A fresh observation space of one row."""
        # Metrics, score, budget, known and filled are never negative.
        low = np.zeros(self.size, dtype=np.float32)
        low[: self.context + self.dimension] = -1.0
        low[self.context + self.dimension + self.features :][: self.dimension] = -1.0
        rows = low[self.summary_size :].reshape(self.rows, self.row_size)
        rows[:, : self.dimension] = -1.0
        return spaces.Box(low, np.ones(self.size, dtype=np.float32), dtype=np.float32)

    def encode(self, trials: Sequence[Trial], xp: Namespace, context: Columns = ()) -> Any:
        """The observation after some evaluations, in order.

        Args:
            trials: The evaluations; a start that was evaluated is the first of them.
            xp: Array namespace of their columns.
            context: What the task says about itself, as `Family.context_of` gives it.

        Returns:
            (size,) float32 from floats; (N, size) from arrays or tensors (N,), in their kind.

        Raises:
            ValueError: There are more evaluations than the budget has, or one has the wrong number
                of coordinates or metrics, or a coordinate outside [-1, 1]; or the context has the
                wrong length.
        """
        if len(context) != self.context:
            raise ValueError(
                f"the context has {len(context)} entries: give {self.context}, what "
                f"family {self.family.name!r} says with `context_of`"
            )
        paid = len(trials) - self.start_evaluated
        if not 0 <= paid <= self.max_evaluations:
            raise ValueError(
                f"{len(trials)} evaluations cannot be encoded: the budget is "
                f"{self.max_evaluations}, with {int(self.start_evaluated)} start before it"
            )
        zeros: Columns = (0.0,) * self.dimension
        rows: list[Columns] = []
        unit, features = zeros, (0.0,) * self.features
        best_unit, best_score = zeros, -np.inf
        for number, trial in enumerate(trials):
            self._check(number, trial, xp)
            unit = trial.unit
            metrics, score, failed = self.judge(trial.metrics, xp)
            features = self.shown(metrics, failed, xp)
            better = score > best_score
            best_unit = xp.select(better, tuple(unit), best_unit)
            best_score = xp.where(better, score, best_score)
            rows += self.row(unit, features)
        groups = self.summary(unit, features, best_unit, best_score, paid, xp, context)
        if self.rows:
            empty = (0.0,) * self.row_size
            groups = (*groups, *rows, *[empty] * (self.rows - len(trials)))
        return xp.pack(groups)

    def _check(self, number: int, trial: Trial, xp: Namespace) -> None:
        """Raise ValueError if a trial is not one of this family's."""
        sizes = len(trial.unit), len(trial.metrics)
        if sizes != (self.dimension, self.features):
            raise ValueError(
                f"evaluation {number} has {sizes[0]} unit coordinates and {sizes[1]} metrics: "
                f"give {self.dimension} and {self.features}, of {list(self.family.space.names)} "
                f"and {list(self.family.metrics)}"
            )
        if not (abs(xp.pack([trial.unit])) <= 1.0).all():  # False also where one is NaN
            raise ValueError(
                f"evaluation {number} has the unit coordinates {trial.unit!r}: give numbers in "
                "[-1, 1], such as `SearchSpace.unit` makes of natural values"
            )

    def summary(
        self,
        unit: Columns,
        features: Columns,
        best_unit: Columns,
        best_score: Column,
        evaluations: Column,
        xp: Namespace,
        context: Columns = (),
    ) -> tuple[Columns, ...]:
        """The "summary" in groups of columns.

        Args:
            unit: Last evaluated unit configuration.
            features: What `shown` makes of its metrics.
            best_unit: The incumbent's unit configuration.
            best_score: Its observed score, -inf where there is none.
            evaluations: Paid evaluations so far.
            xp: Array namespace.
            context: What the task says about itself.
        """
        budget = 1.0 - evaluations / self.max_evaluations
        known: Column = 1.0
        if not self.start_evaluated:
            known = xp.where(evaluations > 0, 1.0, 0.0)
        return context, unit, features, best_unit, (xp.maximum(best_score, 0.0), budget, known)

    def summary_of_nothing(self, xp: Namespace, context: Columns = ()) -> tuple[Columns, ...]:
        """The "summary" before any evaluation, in groups."""
        unit, features = (0.0,) * self.dimension, (0.0,) * self.features
        return self.summary(unit, features, unit, -np.inf, 0, xp, context)

    def row(self, unit: Columns, features: Columns) -> tuple[Columns, ...]:
        """The row of the "history" for an evaluation, in groups."""
        return unit, features, (1.0,)

    def judge(self, metrics: Columns, xp: Namespace) -> Judgement:
        """What observed metrics are worth; NaN or infinity means that the evaluation failed."""
        failed = xp.nonfinite(metrics)
        metrics = xp.select(failed, (0.0,) * len(metrics), metrics)
        score = xp.where(failed, -np.inf, self.family.score(metrics, self.metric, xp))
        return Judgement(metrics, score, failed)

    def shown(self, metrics: Columns, failed: Column, xp: Namespace) -> Columns:
        """Judged metrics as observations show them."""
        features = self.family.features(metrics, xp)
        if failed is False:
            return features
        return xp.select(failed, self._worst, features)

    @cached_property
    def _worst(self) -> tuple[float, ...]:
        """Features that no evaluation can fall short of."""
        family, ends = self.family, [(end,) * self.features for end in (0.0, 1.0)]

        def falls(metric: str) -> bool:
            at_zeros, at_ones = (family.score_of(end, metric, Floats()) for end in ends)
            return bool(at_ones < at_zeros)

        return tuple(float(name in family.goals and falls(name)) for name in family.metrics)

    def checked(self, observation: Any) -> NDArray[np.float32]:
        """Observations as an array (..., size).

        Raises:
            ValueError: The last dimension is not this encoder's.
        """
        array = np.asarray(observation)
        if array.shape[-1:] != (self.size,):
            raise ValueError(
                f"an observation of this environment has {self.size} components, "
                f"got the shape {array.shape}"
            )
        return array

    def decode(self, observation: Any) -> Observation:
        """Name the parts of observations of shape (..., size).

        Raises:
            ValueError: The last dimension is not this encoder's.
        """
        array = self.checked(observation)
        c, d, m = self.context, self.dimension, self.features
        context, summary = np.split(array[..., : self.summary_size], [c], axis=-1)
        rows = array[..., self.summary_size :]
        rows = rows.reshape(*array.shape[:-1], self.rows, self.row_size)
        features, known = summary[..., d : d + m], summary[..., -1]
        return Observation(
            context=context,
            unit=summary[..., :d],
            features=features,
            best_unit=summary[..., d + m : 2 * d + m],
            best_score=summary[..., -3],
            budget=summary[..., -2],
            known=known,
            history_unit=rows[..., :d],
            history_features=rows[..., d : d + m],
            history_filled=rows[..., -1],
            score=np.where(known > 0.0, self.score(features), 0.0),
        )

    def metrics(self, features: Any) -> tuple[NDArray[np.float64], ...]:
        """The observed metrics, M arrays (...), from features (..., M)."""
        columns = tuple(np.moveaxis(np.asarray(features, dtype=np.float64), -1, 0))
        return tuple(self.family.metrics_of(columns, Vectors()))

    def score(self, features: Any) -> NDArray[np.float64]:
        """The observed scores (...) from features (..., M)."""
        columns = tuple(np.moveaxis(np.asarray(features, dtype=np.float64), -1, 0))
        return np.asarray(self.family.score_of(columns, self.metric, Vectors()))

    def evaluations(self, observation: Any) -> NDArray[np.int64]:
        """Number of paid evaluations so far, (...,) int64, from observations (..., size)."""
        budget = np.asarray(observation)[..., self.summary_size - 2].astype(np.float64)
        return np.rint((1.0 - budget) * self.max_evaluations).astype(np.int64)
