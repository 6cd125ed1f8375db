"""Admissibility and optima of the fictitious model, exactly.

F1 is a product of a function of thr and of an accuracy that depends on (epochs, lr):
F1 = 2 Accuracy / (1 / (k_recall Recall(thr)) + 1 / (k_precision Precision(thr))). Epochs are
whole and enumerated; a curve in z = log10(lr) is extreme where its logarithm vanishes or at an
end; and thr is one root:

With E = precision_offset exp(-precision_slope thr), and both slopes positive, d/dthr of the sum of
reciprocals has the sign of

    S(thr) = ln(recall_offset) + ln|recall_slope| - ln(k_recall) + recall_slope thr
           - ln(amplitude) - ln|precision_slope| + ln(k_precision) - ln E
           + 2 ln(floor + amplitude + floor E),

which is convex in thr. So S has at most two roots, F1 has its only interior maximum at the upper
one, and comparing that with both ends of [0, 1] gives the global optimum. With both slopes
negative the derivative has the sign of -S, which mirrors the picture: the maximum is at the lower
root. Otherwise (slopes of opposite signs, a slope of 0, an amplitude of 0) no curve works against
the other, F1 is monotone, and the best thr is an end.
"""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np

from hpo_gym.arrays import Vectors
from hpo_gym.families.classifier import EPOCHS, THR, Z
from hpo_gym.families.fictitious import equations as curves
from hpo_gym.families.optima import FloatArray

_XP = Vectors()

# Bounds that keep every result finite, and those that are divided by above 0.
LARGEST_EXPONENT = 600.0
_LEAST, _LARGEST = 1e-12, 1e12
_LARGEST_LOSS = 1e100
_SLACK = 1e-12


def check_admissible(c: Any) -> None:
    """Raise ValueError unless the constants make a model over the whole search space."""
    for field in fields(c):
        name, value = field.name, getattr(c, field.name)
        low = -_LARGEST
        if name.startswith("k_"):
            low = _LEAST
        elif name in ("precision_floor", "precision_amplitude"):
            low = 0.0
        if not name.endswith("_offset") and not low <= value <= _LARGEST:
            raise ValueError(f"{name} = {value!r} must lie in [{low:g}, {_LARGEST:g}]")
    _check_exponentials(c)
    _check_logarithms(c)
    _check_ranges(c)


def _check_exponentials(c: Any) -> None:
    """Raise unless the three curves with an exponential stay clear of overflow and of 0 / 0."""
    if c.precision_floor + c.precision_amplitude < _LEAST:
        raise ValueError(
            f"precision_floor = {c.precision_floor!r} with precision_amplitude = "
            f"{c.precision_amplitude!r} make precision and F1 vanish everywhere; their sum must "
            f"be at least {_LEAST:g}"
        )
    for kind in ("precision", "recall"):
        slope, offset = getattr(c, f"{kind}_slope"), getattr(c, f"{kind}_offset")
        if offset <= 0.0:
            raise ValueError(f"{kind}_offset = {offset!r} must be positive")
        if abs(slope) + abs(math.log(offset)) > LARGEST_EXPONENT:
            raise ValueError(
                f"{kind}_slope = {slope!r} with {kind}_offset = {offset!r} overflows exp; "
                f"|slope| + |ln(offset)| must be at most {LARGEST_EXPONENT:g}"
            )
    least = -LARGEST_EXPONENT / EPOCHS[1]
    if c.loss_epochs_decay <= least:
        raise ValueError(
            f"loss_epochs_decay = {c.loss_epochs_decay!r} overflows exp; it must be above {least:g}"
        )


def _check_logarithms(c: Any) -> None:
    """Raise unless the three curves with a logarithm exist over the whole search space."""
    for name, (low, high) in (("accuracy_epochs", EPOCHS), ("accuracy_lr", Z), ("loss_lr", Z)):
        intercept, slope = getattr(c, f"{name}_intercept"), getattr(c, f"{name}_slope")
        if min(intercept - slope * low, intercept - slope * high) < _LEAST:
            raise ValueError(
                f"{name}_intercept = {intercept!r} with {name}_slope = {slope!r} leaves the "
                "logarithm undefined in the search space; intercept - slope x must be at least "
                f"{_LEAST:g} for x in [{low:g}, {high:g}]"
            )


def _check_ranges(c: Any) -> None:
    """Raise unless the metrics stay in their ranges over the search space."""
    accuracy = _accuracy(c, np.array(_candidates(c, "accuracy_epochs", EPOCHS)))
    recall, precision = accuracy.max() / _reciprocals(c, np.array(THR))
    loss = _loss(c, np.array(EPOCHS))
    # Accuracy is a factor of precision, recall and F1, and both curves of thr are positive.
    ranges = {
        "accuracy": (accuracy, _LEAST, 1.0),
        "precision": (precision, 0.0, 1.0),
        "recall": (recall, 0.0, 1.0),
        "loss": (loss, 0.0, _LARGEST_LOSS),
    }
    for metric, (values, least, most) in ranges.items():
        low, high = float(values.min()), float(values.max())
        if low < least or high > most + _SLACK:
            raise ValueError(
                f"the constants let {metric} reach {low if low < least else high!r} in the "
                f"search space, outside [{least:g}, {most:g}]; "
                f"change k_{metric} or the curves that make it"
            )
    # Regret is divided by the optimum.
    f1 = 2.0 * accuracy.max() / _reciprocals(c, best_thr(c)).sum()
    if f1 < _LEAST:
        raise ValueError(
            f"the best F1 of the search space is {float(f1)!r}, below {_LEAST:g}; raise k_recall, "
            "k_precision or the curves of thr"
        )


def _candidates(c: Any, curve: str, bounds: tuple[float, float]) -> tuple[float, ...]:
    """Where c0 + c1 log10(intercept - slope x)^2 can be extreme: both ends and log10 = 0."""
    slope = getattr(c, f"{curve}_slope")
    low, high = bounds
    peak = (getattr(c, f"{curve}_intercept") - 1.0) / slope if slope != 0.0 else low
    return low, high, float(np.clip(peak, low, high))


def _accuracy(c: Any, epochs: FloatArray) -> FloatArray:
    """Accuracy at every epoch (rows) and candidate z (columns), (len(epochs), 3)."""
    z = np.array(_candidates(c, "accuracy_lr", Z))
    of_epochs = curves.accuracy_epochs(c, epochs, _XP)
    return np.asarray(c.k_accuracy * of_epochs[:, None] * curves.accuracy_lr(c, z, _XP))


def _loss(c: Any, epochs: FloatArray) -> FloatArray:
    """Loss at every epoch (rows) and candidate z (columns), (len(epochs), 3)."""
    z = np.array(_candidates(c, "loss_lr", Z))
    of_epochs = curves.loss_epochs(c, epochs, _XP)
    return np.asarray(c.k_loss * of_epochs[:, None] * curves.loss_lr(c, z, _XP))


def _reciprocals(c: Any, thr: FloatArray) -> FloatArray:
    """1 / (k_recall Recall(thr)) and 1 / (k_precision Precision(thr)), (2, n)."""
    recall = (1.0 + c.recall_offset * np.exp(c.recall_slope * thr)) / c.k_recall
    return np.stack([recall, 1.0 / (c.k_precision * curves.precision_thr(c, thr, _XP))])


def best_thr(c: Any, low: float = 0.0, high: float = 1.0) -> FloatArray:
    """The thresholds in [low, high] with the largest F1; see the module's text.

    Args:
        c: The constants, floats or columns (n,).
        low: Lower bound.
        high: Upper bound.

    Returns:
        Of the constants' shape, () or (n,).
    """
    # Where F1 is monotone the interior point is any other one, and loses against an end.
    points = np.stack(np.broadcast_arrays(low, high, _interior_thr(c, low, high)))
    worst = _reciprocals(c, points).sum(axis=0).argmin(axis=0)
    return np.asarray(np.take_along_axis(points, worst[None], axis=0)[0])


@np.errstate(divide="ignore", invalid="ignore", over="ignore")
def _interior_thr(c: Any, low: float, high: float) -> FloatArray:
    """Root of S in [low, high] where F1 is maximal; some point there if there is none."""
    floor, amplitude = c.precision_floor, c.precision_amplitude
    slope = np.asarray(c.precision_slope)  # Python's numbers raise where NumPy's are infinite
    log_offset, log_top = np.log(c.precision_offset), np.log(floor + amplitude)
    constant = np.log(c.recall_offset) + np.log(np.abs(c.recall_slope)) - np.log(c.k_recall)
    constant += np.log(c.k_precision) - np.log(amplitude) - np.log(np.abs(slope))

    def sign(thr: FloatArray) -> FloatArray:
        log_e = log_offset - slope * thr
        total = 2.0 * np.log(floor + amplitude + floor * np.exp(log_e))
        return np.asarray(constant + c.recall_slope * thr - log_e + total)

    # From its minimum on, S rises towards `far`, where the wanted root lies. At the minimum the
    # share of floor E in floor + amplitude + floor E is (1 + recall_slope / slope) / 2.
    near, far = np.where(slope > 0.0, low, high), np.where(slope > 0.0, high, low)
    share = 0.5 * (1.0 + c.recall_slope / slope)
    log_e = np.log(share) - np.log1p(-share) + log_top - np.log(floor)
    minimum = np.clip((log_offset - log_e) / slope, low, high)
    near = np.where((floor > 0.0) & (share < 1.0) & np.isfinite(minimum), minimum, near)
    for _ in range(60):  # bisection down to the last bits
        middle = 0.5 * (near + far)
        below = sign(middle) < 0.0
        near, far = np.where(below, middle, near), np.where(below, far, middle)
    return np.asarray(0.5 * (near + far))


def frontier(c: Any, metric: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The best that each whole number of epochs can reach.

    Args:
        c: The constants.
        metric: "f1", "accuracy" or "loss".

    Returns:
        thr, z and the value of the metric for 1..100 epochs, each (100,) float64.

    Raises:
        ValueError: The metric has no optimum here.
    """
    epochs = np.arange(EPOCHS[0], EPOCHS[1] + 1.0)
    thr = best_thr(c)
    if metric == "loss":
        table, z = _loss(c, epochs), _candidates(c, "loss_lr", Z)
        column = table.argmin(axis=1)
    elif metric in ("f1", "accuracy"):
        table, z = _accuracy(c, epochs), _candidates(c, "accuracy_lr", Z)
        column = table.argmax(axis=1)
    else:
        raise ValueError(f"metric {metric!r} is not one of 'f1', 'accuracy', 'loss'")
    value = table[np.arange(len(epochs)), column]
    if metric == "f1":
        value = 2.0 * value / _reciprocals(c, thr).sum()
    return np.full(len(epochs), thr), np.array(z)[column], value


def best_of_many(c: Any, metric: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Scaled configurations (thr, epochs, z) of the global optima of the metric.

    Args:
        c: The constants, columns (n,), of models whose accuracy curves peak inside the search
            space and whose loss falls with the epochs.
        metric: "f1", "accuracy" or "loss".

    Returns:
        thr, whole epochs and z, each (n,) float64.
    """
    thr = best_thr(c)
    if metric == "loss":
        z = (c.loss_lr_intercept - 1.0) / c.loss_lr_slope
        return thr, np.full_like(thr, EPOCHS[1]), np.clip(z, *Z)
    peak = (c.accuracy_epochs_intercept - 1.0) / c.accuracy_epochs_slope
    # The curve falls on both sides of its peak: a whole neighbour of it is the best.
    around = np.clip(np.stack([np.floor(peak), np.ceil(peak)]), *EPOCHS)
    drops = np.log10(c.accuracy_epochs_intercept - c.accuracy_epochs_slope * around) ** 2
    epochs = np.where(drops[0] <= drops[1], *around)
    z = (c.accuracy_lr_intercept - 1.0) / c.accuracy_lr_slope
    return thr, epochs, np.clip(z, *Z)
