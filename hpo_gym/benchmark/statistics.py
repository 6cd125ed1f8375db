"""Averages that outliers do not rule, and their intervals.

The interquartile mean and its bootstrap intervals are those of Agarwal et al., "Deep Reinforcement
Learning at the Edge of the Statistical Precipice" (NeurIPS 2021).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Estimate(NamedTuple):
    """A statistic with its bootstrap interval."""

    value: float
    low: float
    high: float


def mean(values: FloatArray) -> FloatArray:
    """Mean over the last axis."""
    return np.asarray(np.mean(values, axis=-1), dtype=np.float64)


def iqm(values: FloatArray) -> FloatArray:
    """Interquartile mean over the last axis: the mean of the middle half.

    Where a quarter of the values is no whole number, the border values count by their fraction, so
    that exactly half of the weight is in the mean.

    Example:
        >>> float(iqm(np.array([0.0, 1.0, 2.0, 100.0])))
        1.5
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    count = ordered.shape[-1]
    ranks = np.arange(count)
    # Overlap of [rank, rank + 1] with the middle half [count / 4, 3 count / 4].
    weights = np.minimum(ranks + 1, 0.75 * count) - np.maximum(ranks, 0.25 * count)
    inside = weights > 0.0  # values outside may be infinite
    return np.asarray((ordered[..., inside] * weights[inside]).sum(axis=-1) / (0.5 * count))


def bootstrap(
    values: FloatArray,
    statistic: Callable[[FloatArray], FloatArray] = mean,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """A statistic of independent values with its percentile bootstrap interval.

    Args:
        values: One value per episode, (n,).
        statistic: Reduces the last axis.
        confidence: Coverage of the interval, in (0, 1).
        resamples: Number of bootstrap samples.
        seed: Seed of the resampling.

    Raises:
        ValueError: There are no values, or the confidence is no probability.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or not len(sample):
        raise ValueError(f"the bootstrap needs values of shape (n,), n >= 1, not {sample.shape}")
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence = {confidence!r} must lie strictly between 0 and 1")
    random = np.random.default_rng(seed)
    draws = sample[random.integers(len(sample), size=(resamples, len(sample)))]
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(statistic(draws), [tail, 100.0 - tail])
    return Estimate(float(statistic(sample)), float(low), float(high))


def first_at_most(curves: Any, bound: float) -> FloatArray:
    """Index at which each curve (n, m) first is at most ``bound``; infinity if it never is."""
    reached = np.asarray(curves) <= bound
    return np.where(reached.any(axis=1), reached.argmax(axis=1).astype(np.float64), np.inf)
