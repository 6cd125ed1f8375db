"""Scores of any scale as numbers of mean 0 and deviation 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_OUTLYING = 5.0
"""Scores further below the median, in distances from it to the best, are moved up to there."""
_LEAST, _LARGEST = 1e-140, 1e140
"""Deviations whose squares are neither 0 nor infinite."""


def standardised(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scores (n, t) with mean 0 and deviation 1, and what they were divided by (n, 1).

    Bad outliers are moved up to the others.

    Scores that are missing (NaN) become the mean, those of failed evaluations (-inf) the worst.
    """
    finite = np.isfinite(scores)
    with np.errstate(over="ignore", invalid="ignore"):
        away, count = _centred(scores, finite)
        deviation = _deviation(away, count)
    same = ~away.any(axis=1, keepdims=True)
    if (same | ((deviation > _LEAST) & (deviation < _LARGEST))).all():
        deviation = deviation + same
        return away / deviation, deviation
    scores, size = _near_one(scores, finite)
    away, _ = _centred(scores, finite)
    away, distance = _near_one(away, np.isfinite(away))
    deviation = _deviation(away, count)
    differ = deviation > 0.0
    values = away / np.where(differ, deviation, 1.0)
    with np.errstate(over="ignore"):
        return values, np.where(differ, np.ldexp(deviation, size + distance), 1.0)


def _centred(scores: FloatArray, finite: NDArray[np.bool_]) -> tuple[FloatArray, Any]:
    """Scores less their mean, 0 where they are missing; how many are not, at least 1."""
    if finite.all():  # as usual: half of the time is saved
        ordered = np.sort(scores, axis=1)
        best, middle = ordered[:, -1:], ordered[:, scores.shape[1] // 2, None]
        known, told, count = scores, finite, scores.shape[1]
    else:
        some = finite.sum(axis=1, keepdims=True)
        ordered = np.sort(np.where(finite, scores, np.inf), axis=1)
        ordered = np.where(some > 0, ordered, 0.0)
        places = np.hstack([some - 1, some // 2])
        best, middle = np.take_along_axis(ordered, places, axis=1).T[..., None]
        known, told = np.where(finite, scores, ordered[:, :1]), ~np.isnan(scores)
        count = np.maximum(told.sum(axis=1, keepdims=True), 1)
    known = np.maximum(known, middle - _OUTLYING * (best - middle)) * told
    return (known - known.sum(axis=1, keepdims=True) / count) * told, count


def _deviation(away: FloatArray, count: Any) -> FloatArray:
    return np.asarray(np.sqrt((away * away).sum(axis=1, keepdims=True) / count))


def _near_one(numbers: FloatArray, counted: NDArray[np.bool_]) -> tuple[FloatArray, NDArray[Any]]:
    """Rows (n, t) divided by a power of two (n, 1), which is exact, and its exponent.

    The largest that is counted is then between 0.5 and 1: its square is neither 0 nor infinite.
    """
    largest = np.where(counted, np.abs(numbers), 0.0).max(axis=1, keepdims=True)
    _, exponent = np.frexp(largest)
    return np.asarray(np.ldexp(numbers, -exponent)), exponent
