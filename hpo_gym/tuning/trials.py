"""Evaluations as tuners know them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns


class Trial(NamedTuple):
    """An evaluation as a tuner may know it."""

    unit: Columns
    """The unit configuration, d columns in [-1, 1]."""
    metrics: Columns
    """Its observed metrics, M columns; not finite where it failed."""


class Observation(NamedTuple):
    """A decoded observation; leading dimensions are those of the array that was decoded.

    The history is empty, (..., 0, .), in the "summary" layout.
    """

    context: NDArray[np.float32]
    """(..., c) what the task says about itself."""
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
    score: NDArray[np.float64]
    """(...,) observed score of the last evaluation, 0 before any."""


class Judgement(NamedTuple):
    """What the observed metrics of an evaluation are worth."""

    metrics: Columns
    """The metrics, 0 where the evaluation failed."""
    score: Column
    """Their score, -inf where it failed: never the incumbent."""
    failed: Column
    """Whether it failed."""
