"""Admissibility and optima of the fictitious model, exactly.

F1 is a product of a function of thr and of an accuracy that depends on (epochs, lr):
F1 = 2 Accuracy / (1 / (k_recall Recall(thr)) + 1 / (k_precision Precision(thr))). Epochs are
whole and enumerated; a curve in z = log10(lr) is extreme where its logarithm vanishes or at an
end; and thr is one root:

With E = offset exp(-slope thr), d/dthr of the sum of reciprocals has the sign of

    S(thr) = ln(recall_offset recall_slope / k_recall) + recall_slope thr
           - ln(amplitude slope / k_precision) - ln E + 2 ln(floor + amplitude + floor E),

which is convex in thr. So S has at most two roots, F1 has its only interior maximum at the upper
one, and comparing that with both ends of [0, 1] gives the global optimum.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# The search space on the scaled axes.
THR, EPOCHS, Z = (0.0, 1.0), (1.0, 100.0), (-4.0, 0.8)
_POSITIVE = (
    *("k_accuracy", "k_precision", "k_recall", "k_loss"),
    *("precision_offset", "precision_slope", "recall_offset", "recall_slope"),
)
_NOT_NEGATIVE = ("precision_floor", "precision_amplitude")
_SLACK = 1e-12


def check_admissible(c: Any) -> None:
    """Raise ValueError unless the constants make a model over the whole search space."""
    for field in fields(c):
        value = getattr(c, field.name)
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
            raise ValueError(f"{field.name} = {value!r} must be a number")
        if not np.isfinite(value):
            raise ValueError(f"{field.name} = {value!r} must be finite")
        if field.name in _POSITIVE and value <= 0:
            raise ValueError(f"{field.name} = {value!r} must be positive")
        if field.name in _NOT_NEGATIVE and value < 0:
            raise ValueError(f"{field.name} = {value!r} must not be negative")
    if c.precision_floor + c.precision_amplitude == 0.0:
        raise ValueError(
            "precision_floor = precision_amplitude = 0 make precision and F1 0 everywhere; "
            "raise one of them"
        )
    for kind in ("precision", "recall"):
        slope, offset = getattr(c, f"{kind}_slope"), getattr(c, f"{kind}_offset")
        if slope + abs(np.log(offset)) > 600.0:
            raise ValueError(
                f"{kind}_slope = {slope!r} with {kind}_offset = {offset!r} overflows exp; "
                "keep slope + |ln(offset)| below 600"
            )
    for name, (low, high) in (("accuracy_epochs", EPOCHS), ("accuracy_lr", Z), ("loss_lr", Z)):
        intercept, slope = getattr(c, f"{name}_intercept"), getattr(c, f"{name}_slope")
        if min(intercept - slope * low, intercept - slope * high) <= 0.0:
            raise ValueError(
                f"{name}_intercept = {intercept!r} with {name}_slope = {slope!r} leaves the "
                "logarithm undefined in the search space; intercept - slope x must be positive "
                f"for x in [{low:g}, {high:g}]"
            )
    _check_ranges(c)


def _check_ranges(c: Any) -> None:
    """Raise unless precision, recall, accuracy lie in [0, 1], loss >= 0 and accuracy > 0."""
    epochs = np.array(_candidates(c, "accuracy_epochs", EPOCHS))
    accuracy = _accuracy(c, epochs)
    ends = np.array(THR)
    worst_recall, worst_precision = 1.0 / _reciprocals(c, ends)
    # Accuracy is a factor of everything: at 0, F1 and regret would be 0 / 0.
    ranges = {
        "accuracy": (_SLACK, accuracy.min(), accuracy.max()),
        "precision": (0.0, accuracy.min(), worst_precision.max() * accuracy.max()),
        "recall": (0.0, accuracy.min(), worst_recall.max() * accuracy.max()),
        "loss": (0.0, _loss(c, np.array(EPOCHS)).min(), 0.0),
    }
    bounds = {"accuracy": "(0, 1]", "loss": "[0, inf)"}
    for metric, (least, low, high) in ranges.items():
        if low < least or high > 1.0 + _SLACK:
            raise ValueError(
                f"the constants let {metric} reach {low if low < least else high:.6g} in the "
                f"search space, outside {bounds.get(metric, '[0, 1]')}; "
                f"change k_{metric} or the curves that make it"
            )


def _candidates(c: Any, curve: str, bounds: tuple[float, float]) -> tuple[float, ...]:
    """Where c0 + c1 log10(intercept - slope x)^2 can be extreme: both ends and log10 = 0."""
    slope = getattr(c, f"{curve}_slope")
    low, high = bounds
    peak = (getattr(c, f"{curve}_intercept") - 1.0) / slope if slope != 0.0 else low
    return low, high, float(np.clip(peak, low, high))


def _square_log(c: Any, curve: str, x: FloatArray) -> FloatArray:
    log = np.log10(getattr(c, f"{curve}_intercept") - getattr(c, f"{curve}_slope") * x)
    return np.asarray(log * log)


def _accuracy(c: Any, epochs: FloatArray) -> FloatArray:
    """Accuracy at every epoch (rows) and candidate z (columns), (len(epochs), 3)."""
    z = np.array(_candidates(c, "accuracy_lr", Z))
    of_epochs = c.accuracy_epochs_peak - c.accuracy_epochs_curvature * _square_log(
        c, "accuracy_epochs", epochs
    )
    of_lr = c.accuracy_lr_peak - c.accuracy_lr_curvature * _square_log(c, "accuracy_lr", z)
    return np.asarray(c.k_accuracy * of_epochs[:, None] * of_lr)


def _loss(c: Any, epochs: FloatArray) -> FloatArray:
    """Loss at every epoch (rows) and candidate z (columns), (len(epochs), 3)."""
    z = np.array(_candidates(c, "loss_lr", Z))
    of_epochs = c.loss_epochs_floor + c.loss_epochs_amplitude * np.exp(
        -c.loss_epochs_decay * epochs
    )
    of_lr = c.loss_lr_floor + c.loss_lr_curvature * _square_log(c, "loss_lr", z)
    return np.asarray(c.k_loss * of_epochs[:, None] * of_lr)


def _reciprocals(c: Any, thr: FloatArray) -> FloatArray:
    """1 / (k_recall Recall(thr)) and 1 / (k_precision Precision(thr)), (2, n)."""
    exponential = c.precision_offset * np.exp(-c.precision_slope * thr)
    floor, amplitude = c.precision_floor, c.precision_amplitude
    precision = np.maximum(floor + amplitude / (1.0 + exponential), 1e-300)
    return np.stack(
        [
            (1.0 + c.recall_offset * np.exp(c.recall_slope * thr)) / c.k_recall,
            1.0 / (c.k_precision * precision),
        ]
    )


def best_thr(c: Any, low: float = 0.0, high: float = 1.0) -> float:
    """The threshold in [low, high] with the largest F1; see the module's text."""
    points = np.array([low, high, _interior_thr(c, low, high)])
    return float(points[np.argmin(_reciprocals(c, points).sum(axis=0))])


def _interior_thr(c: Any, low: float, high: float) -> float:
    """Upper root of S in [low, high]; an end if there is none."""
    floor, amplitude, slope = c.precision_floor, c.precision_amplitude, c.precision_slope
    if amplitude == 0.0:
        return low

    def sign(thr: float) -> float:
        log_e = np.log(c.precision_offset) - slope * thr
        return float(
            np.log(c.recall_offset * c.recall_slope / c.k_recall)
            + c.recall_slope * thr
            - np.log(amplitude * slope / c.k_precision)
            - log_e
            + 2.0 * np.log(floor + amplitude + floor * np.exp(log_e))
        )

    # S falls until its minimum and rises after it: the upper root lies beyond the minimum, where
    # the share of floor E in floor + amplitude + floor E is (1 + recall_slope / slope) / 2.
    share = 0.5 * (1.0 + c.recall_slope / slope)
    if floor > 0.0 and share < 1.0:
        log_e = np.log(share / (1.0 - share) * (floor + amplitude) / floor)
        low = float(np.clip((np.log(c.precision_offset) - log_e) / slope, low, high))
    for _ in range(80):  # bisection down to the last bit
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sign(middle) < 0.0 else (low, middle)
    return 0.5 * (low + high)


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
        value = 2.0 * value / _reciprocals(c, np.array([thr])).sum()
    return np.full(len(epochs), thr), np.array(z)[column], value


def best(c: Any, metric: str) -> tuple[float, float, float]:
    """Scaled configuration (thr, epochs, z) of the global optimum of the metric."""
    thr, z, value = frontier(c, metric)
    row = int(value.argmin() if metric == "loss" else value.argmax())
    return float(thr[row]), float(row + 1), float(z[row])
