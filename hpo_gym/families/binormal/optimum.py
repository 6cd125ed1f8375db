"""Optima of the binormal model: a search in one dimension over an exact solution in another.

**Threshold.** For given score distributions, the best F1 = N / D over the threshold u = logit thr
is a ratio, so it is the root of max_u N - F D = 0, which Dinkelbach's iteration ("On nonlinear
fractional programming", 1967) finds like Newton's method: set F to N / D at the maximiser, repeat.
With densities f1 and f0 of the scores, N - F D is stationary where log(f1 / f0) = log(F (1 - pi) /
((2 - F) pi)), a quadratic equation in u; it is maximal at the root where f1 / f0 rises, or at an
end of the range.

**Learning rate and epochs.** At given z = log10(lr x epochs), G, B and all widths are fixed, and K
falls as lr rises (D >= 0). As d1, d0 >= 0 and G >= 0, a larger K raises R and lowers FPR at every
threshold, and so raises F1 and accuracy; and of the loss only the last term depends on lr, which
rises with it (h > 0). So for all three metrics the best lr at given z is the lowest that whole
epochs allow: 100 epochs for z >= -2, below as many as lr >= 1e-4 permits. That leaves z alone.

**Search.** A grid in steps of 0.1 decades, then golden sections in the brackets of the best three
local maxima, as there can be several. No rise or fall is faster than the collapse, which takes
0.3 decades. Below z = -2, whole epochs make the curve jump by what K changes between two of them,
which is less than 2e-5 as ld >= -3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hpo_gym.arrays import Vectors
from hpo_gym.arrays.normal_cdf import normal_cdf_array
from hpo_gym.families.binormal.equations import LEAST_THR, MOST_THR, Curves, curves
from hpo_gym.families.classifier import EPOCHS, Z
from hpo_gym.families.optima import FloatArray

_XP = Vectors()
_LOGIT = float(np.log(MOST_THR / LEAST_THR))
"""Thresholds are clipped to [-_LOGIT, _LOGIT], on the logit scale."""
_STEP = 0.1
_BRACKETS = 3
_SECTIONS = 26
_STEPS = 4
"""Of Dinkelbach's iteration, each of which squares the error; they continue from call to call."""
_GUESS = 0.5
_GOLDEN = 0.5 * (5.0**0.5 - 1.0)
_CHUNK = 1024
"""Tasks at a time: their grids then fit into the processor's cache."""

_Value = Callable[[FloatArray, FloatArray], FloatArray]
"""Score at points (k, n), given guesses of it (k, n)."""


def solve(c: Any, metric: str) -> FloatArray:
    """Scaled configurations (3, n) with the best metric: thr, whole epochs and log10 lr.

    The error of the score is below 1e-9.

    Args:
        c: The constants, columns (n,).
        metric: "f1", "accuracy" or "loss".
    """
    size = len(c.z0)
    return np.concatenate(
        [_solve_chunk(c.take(slice(at, at + _CHUNK)), metric) for at in range(0, size, _CHUNK)],
        axis=1,
    )


def _solve_chunk(c: Any, metric: str) -> FloatArray:
    low, high = Z[0] + np.log10(EPOCHS[0]), Z[1] + np.log10(EPOCHS[1])

    def at(z: FloatArray) -> Curves:
        return curves(c, _lowest_lr(z)[1], z, _XP)

    z, score = _maximise(_value(c, metric, at), low, high, len(c.z0))
    epochs, log_lr = _lowest_lr(z)
    return np.stack([_thr(c, metric, at(z), score), epochs, log_lr])


def frontier(c: Any, metric: str) -> FloatArray:
    """The best scaled configuration of one task at each of 1..100 epochs, (3, 100).

    Args:
        c: The constants, floats.
        metric: "f1", "accuracy" or "loss".
    """
    epochs = np.arange(EPOCHS[0], EPOCHS[1] + 1.0)
    log_epochs = np.log10(epochs)

    def at(log_lr: FloatArray) -> Curves:
        return curves(c, log_lr, log_lr + log_epochs, _XP)

    log_lr, score = _maximise(_value(c, metric, at), *Z, len(epochs))
    return np.stack([_thr(c, metric, at(log_lr), score), epochs, log_lr])


def _lowest_lr(z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Most whole epochs with lr x epochs = 10^z, and the logarithm of the lr that takes."""
    most = np.floor(10.0 ** np.minimum(z - Z[0], 2.0) + 1e-9)
    epochs = np.maximum(most, EPOCHS[0])
    return epochs, np.clip(z - np.log10(epochs), *Z)


def _value(c: Any, metric: str, at: Callable[[FloatArray], Curves]) -> _Value:
    """The score, of the best threshold for F1, as a function of points and guesses.

    Raises:
        ValueError: The metric has no optimum here.
    """
    if metric == "f1":
        return lambda x, guess: _best_f1(c, at(x), guess)[0]
    if metric == "loss":
        return lambda x, guess: 1.0 / (1.0 + at(x).loss)
    if metric == "accuracy":
        return lambda x, guess: _accuracy(c, at(x))
    raise ValueError(f"metric {metric!r} is not one of 'f1', 'accuracy', 'loss'")


def _accuracy(c: Any, at: Curves) -> FloatArray:
    recall = normal_cdf_array(at.positive_mean / at.positive_deviation)
    specificity = normal_cdf_array(-at.negative_mean / at.negative_deviation)
    accuracy = c.positives * recall + c.negatives * specificity
    return np.asarray(accuracy / (c.positives + c.negatives))


def _thr(c: Any, metric: str, at: Curves, score: FloatArray) -> FloatArray:
    """The best threshold; 0.5 where the metric does not depend on it."""
    if metric != "f1":
        return np.full_like(score, 0.5)
    logit = _best_f1(c, at, score)[1]
    return np.clip(1.0 / (1.0 + np.exp(-logit)), LEAST_THR, MOST_THR)


def _best_f1(c: Any, at: Curves, guess: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The best F1 over the threshold and the logit of that threshold.

    Args:
        c: The constants.
        at: Distributions of the scores, (k, n).
        guess: A guess of the F1, (k, n).
    """
    odds = c.negatives / c.positives

    def f1(logit: Any) -> FloatArray:
        recall = normal_cdf_array((at.positive_mean - logit) / at.positive_deviation)
        false = normal_cdf_array((at.negative_mean - logit) / at.negative_deviation)
        return np.asarray(2.0 * recall / (recall + odds * false + 1.0))

    best, logit = f1(-_LOGIT), np.full_like(guess, -_LOGIT)
    upper = f1(_LOGIT)
    best, logit = np.maximum(best, upper), np.where(upper > best, _LOGIT, logit)
    ratio = np.log(at.negative_deviation / at.positive_deviation) - np.log(odds)
    square = at.positive_deviation * at.positive_deviation
    gap = at.positive_mean - at.negative_mean
    curvature = square / (at.negative_deviation * at.negative_deviation) - 1.0
    guess = np.maximum(guess, best)
    for _ in range(_STEPS):
        # With v = logit - negative_mean: curvature v^2 + 2 gap v + constant = 0. As gap >= 0, this
        # form of the root where the ratio of densities rises never cancels.
        constant = 2.0 * square * (ratio - np.log(guess / (2.0 - guess))) - gap * gap
        root = np.sqrt(np.maximum(gap * gap - curvature * constant, 0.0))
        point = at.negative_mean - constant / (gap + root + 1e-300)
        point = np.minimum(np.maximum(point, -_LOGIT), _LOGIT)
        value = f1(point)
        logit = np.where(value > best, point, logit)
        best = guess = np.maximum(value, best)
    return best, logit


def _maximise(value: _Value, low: float, high: float, n: int) -> tuple[FloatArray, FloatArray]:
    """Where n functions on [low, high] are largest, and how large, each (n,)."""
    grid = np.linspace(low, high, round((high - low) / _STEP) + 1)
    points = np.repeat(grid[:, None], n, axis=1)
    scores = value(points, np.full(points.shape, _GUESS))
    padded = np.pad(scores, ((1, 1), (0, 0)), constant_values=-1.0)
    peak = (scores >= padded[:-2]) & (scores >= padded[2:])
    order = np.argpartition(np.where(peak, -scores, 1.0), _BRACKETS - 1, axis=0)[:_BRACKETS]
    best, score = grid[order], np.take_along_axis(scores, order, axis=0)
    left, right = grid[np.maximum(order - 1, 0)], grid[np.minimum(order + 1, len(grid) - 1)]
    best, score = _golden_sections(value, left, right, best, score)
    winner = score.argmax(axis=0)[None]
    return np.take_along_axis(best, winner, axis=0)[0], score.max(axis=0)


def _golden_sections(
    value: _Value, left: FloatArray, right: FloatArray, best: FloatArray, score: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The best points in brackets [left, right], and their scores, starting from known ones."""
    score = value(best, score)
    inner = right - _GOLDEN * (right - left), left + _GOLDEN * (right - left)
    values = value(inner[0], score), value(inner[1], score)
    for _ in range(_SECTIONS):
        fall = values[0] >= values[1]  # the maximum lies left of the right inner point
        left, right = np.where(fall, left, inner[0]), np.where(fall, inner[1], right)
        kept, kept_value = np.where(fall, *inner), np.where(fall, *values)
        better = kept_value > score
        best, score = np.where(better, kept, best), np.where(better, kept_value, score)
        fresh = left + right - kept
        fresh_value = value(fresh, score)
        inner = np.where(fall, fresh, kept), np.where(fall, kept, fresh)
        values = np.where(fall, fresh_value, kept_value), np.where(fall, kept_value, fresh_value)
    return best, score
