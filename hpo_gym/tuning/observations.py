"""Layouts of the observation: built here, decoded here.

"summary": the last unit configuration (d), its metrics as `Family.features` gives them (M), the
incumbent's unit configuration (d), its observed score, the budget left (1 to 0), and known (0
before any evaluation, 1 after).

"history": the summary, then one row [unit configuration, metrics, filled = 1] per evaluation,
zero-padded to ``max_evaluations`` rows, and one row more, the first, if the start is evaluated.

Every component is a float32 in [-1, 1]; none depends on the optimum or on noise-free values.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns
from hpo_gym.families import Family
from hpo_gym.tuning.options import Options


class Observation(NamedTuple):
    """A decoded observation; leading dimensions are those of the array that was decoded.

    The history is empty, (..., 0, .), in the "summary" layout.
    """

    unit: NDArray[np.float32]
    """(..., d) last evaluated unit configuration."""
    features: NDArray[np.float32]
    """(..., M) its metrics in [0, 1]."""
    best_unit: NDArray[np.float32]
    """(..., d) the incumbent's unit configuration."""
    best_score: NDArray[np.float32]
    """(...,) its observed score."""
    budget: NDArray[np.float32]
    """(...,) fraction of the evaluations left."""
    known: NDArray[np.float32]
    """(...,) 1 once something was evaluated."""
    history_unit: NDArray[np.float32]
    """(..., rows, d) every evaluated unit configuration."""
    history_features: NDArray[np.float32]
    """(..., rows, M) their metrics."""
    history_filled: NDArray[np.float32]
    """(..., rows) 1 where the row is an evaluation."""


class Layout:
    """Where each part of the observation stands.

    Args:
        options: The environment's options.
        family: Its family.
    """

    def __init__(self, options: Options, family: Family) -> None:
        self.dimension = family.space.dimension
        self.features = len(family.metrics)
        self.start_evaluated = options.start != "none"
        self.max_evaluations = options.max_evaluations
        self.summary_size = 2 * self.dimension + self.features + 3
        self.row_size = self.dimension + self.features + 1
        self.rows = 0
        if options.observation == "history":
            self.rows = options.max_evaluations + self.start_evaluated
        self.size = self.summary_size + self.rows * self.row_size
        # Metrics, score, budget, known and filled are never negative.
        low = np.zeros(self.size, dtype=np.float32)
        high = np.ones(self.size, dtype=np.float32)
        low[: self.dimension] = -1.0
        low[self.dimension + self.features :][: self.dimension] = -1.0
        rows = low[self.summary_size :].reshape(self.rows, self.row_size)
        rows[:, : self.dimension] = -1.0
        self._bounds = low, high

    def space(self) -> spaces.Box:
        """A fresh observation space of one row."""
        low, high = self._bounds
        return spaces.Box(low.copy(), high.copy(), dtype=np.float32)

    def slot(self, evaluations: Column) -> Column:
        """History row of the evaluation that made the count reach ``evaluations``."""
        return evaluations if self.start_evaluated else evaluations - 1

    def decode(self, observation: Any) -> Observation:
        """Name the parts of observations of shape (..., size).

        Raises:
            ValueError: The last dimension is not this layout's.
        """
        array = np.asarray(observation)
        if array.shape[-1:] != (self.size,):
            raise ValueError(
                f"an observation of this environment has {self.size} components, "
                f"got the shape {array.shape}"
            )
        d, m = self.dimension, self.features
        summary = array[..., : self.summary_size]
        rows = array[..., self.summary_size :]
        rows = rows.reshape(*array.shape[:-1], self.rows, self.row_size)
        return Observation(
            unit=summary[..., :d],
            features=summary[..., d : d + m],
            best_unit=summary[..., d + m : 2 * d + m],
            best_score=summary[..., -3],
            budget=summary[..., -2],
            known=summary[..., -1],
            history_unit=rows[..., :d],
            history_features=rows[..., d : d + m],
            history_filled=rows[..., -1],
        )

    def evaluations(self, observation: Any) -> NDArray[np.int64]:
        """Number of paid evaluations so far, (...,) int64, from observations (..., size)."""
        budget = np.asarray(observation)[..., self.summary_size - 2].astype(np.float64)
        return np.rint((1.0 - budget) * self.max_evaluations).astype(np.int64)


class History:
    """The evaluations of every row's episode, as the observation shows them.

    Args:
        layout: The layout.
        rows: Number of environments.
    """

    def __init__(self, layout: Layout, rows: int) -> None:
        self._layout = layout
        self.block = np.zeros((layout.rows, layout.row_size, rows), dtype=np.float32)

    def clear(self, rows: Any) -> None:
        """Forget the episodes of these rows (an index array or a slice)."""
        self.block[:, :, rows] = 0.0

    def write(self, evaluations: Any, columns: Columns, rows: Any) -> None:
        """Add an evaluation to each of these rows.

        Args:
            evaluations: Their counts after the evaluation, an int or (len(rows),) int64.
            columns: Unit configuration and features, each a number or (len(rows),).
            rows: Index array or slice.
        """
        slot = np.asarray(self._layout.slot(evaluations))
        if slot.size and slot.min() == slot.max():  # rows in phase: no scatter
            slot = slot.flat[0]
        elif isinstance(rows, slice):
            rows = np.arange(self.block.shape[2])[rows]
        for component, column in enumerate((*columns, 1.0)):
            self.block[slot, component, rows] = column
