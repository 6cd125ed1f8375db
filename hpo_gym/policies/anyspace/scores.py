"""Scores of any scale as numbers of mean 0 and deviation 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_OUTLYING = 5.0
"""Scores further below the median, in distances from it to the best, are moved up to there."""


def standardised(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scores (n, t) with mean 0 and deviation 1, and what they were divided by (n, 1).

    Bad outliers are moved up to the others.

    Scores that are missing (NaN) become the mean, those of failed evaluations (-inf) the worst.
    """
    finite = np.isfinite(scores)
    scores, size = _near_one(scores, finite)
    some = finite.any(axis=1, keepdims=True)
    best = np.where(finite, scores, -np.inf).max(axis=1, keepdims=True)
    best = np.where(some, best, 0.0)
    known = np.where(finite, scores, best)
    middle = _median(known, finite)
    low = middle - _OUTLYING * (best - middle)
    known = np.maximum(known, low)
    worst = np.where(finite, known, np.inf).min(axis=1, keepdims=True)
    known = np.where(np.isneginf(scores), np.where(some, worst, 0.0), known)
    told = ~np.isnan(scores)
    count = np.maximum(told.sum(axis=1, keepdims=True), 1)
    mean = np.where(told, known, 0.0).sum(axis=1, keepdims=True) / count
    away, distance = _near_one(np.where(told, known - mean, 0.0), told)
    deviation = np.sqrt((away * away).sum(axis=1, keepdims=True) / count)
    differ = deviation > 0.0
    values = away / np.where(differ, deviation, 1.0)
    with np.errstate(over="ignore"):
        return values, np.where(differ, np.ldexp(deviation, size + distance), 1.0)


def _near_one(numbers: FloatArray, counted: NDArray[np.bool_]) -> tuple[FloatArray, NDArray[Any]]:
    """Rows (n, t) divided by a power of two (n, 1), which is exact, and its exponent.

    The largest that is counted is then between 0.5 and 1: its square is neither 0 nor infinite.
    """
    largest = np.where(counted, np.abs(numbers), 0.0).max(axis=1, keepdims=True)
    _, exponent = np.frexp(largest)
    return np.asarray(np.ldexp(numbers, -exponent)), exponent


def _median(known: FloatArray, finite: NDArray[np.bool_]) -> FloatArray:
    """The (upper) median (n, 1) of the finite scores; 0 where there are none."""
    ordered = np.sort(np.where(finite, known, np.inf), axis=1)
    place = finite.sum(axis=1, keepdims=True) // 2
    place = np.minimum(place, known.shape[1] - 1)
    middle = np.take_along_axis(ordered, place, axis=1)
    return np.asarray(np.where(np.isfinite(middle), middle, 0.0))
