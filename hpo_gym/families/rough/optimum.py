"""Optima of the rough model: a grid, climbs from its best peaks, and a polish at whole epochs.

1. **Grid.** The score at 12 numbers of epochs, 25 learning rates and some 20 thresholds; what
   depends on epochs and lr alone is computed once for all thresholds. The shortest length of the
   residual spans several of its cells.
2. **Climbs.** From the best peaks over epochs and lr, by random steps that shrink; the worse half
   of the climbs is given up, twice. Epochs are whole in every trial.
3. **Ridge.** Epochs and lr act nearly through their product: along a ridge, the score hardly
   changes. So at more and at fewer epochs, by 32, 16, 8, 4, 2 and 1, with the same lr and with the
   same product, threshold and lr are polished, and the best goes on.
4. **Polish.** A 3 x 3 stencil in threshold and lr, and the point where the parabola through it is
   highest. The best of these is the next centre; the stencil shrinks where that stays.

Thresholds are searched on a scale that moves with epochs and lr. On the binormal base it is the
normal quantile of the recall: before training, the scores of both classes lie within a hundredth
of each other, and so do all thresholds that matter. No quantile beyond -6 or 4 can be better than
both ends by 1e-9. On the fictitious base it is the warped threshold.

All tasks are searched with the same random numbers, and no sum runs over tasks: what is found for
one does not depend on which others are there.

The polish leaves less than 1e-9 of the peak that was climbed. The error that is stated, `ERROR`, is
for higher peaks that were missed; ``tests/families/test_rough_optimum.py`` looks for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.arrays import Struct, Vectors
from hpo_gym.families.classifier import EPOCHS, Z
from hpo_gym.families.optima import FloatArray
from hpo_gym.families.rough.equations import LEAST, MOST_LOGIT, Place, at_threshold, place_of

ERROR = 1e-4
"""How much better than the optimum a configuration may be, relative to it."""

_XP = Vectors()
_END = float(np.log((1.0 - LEAST) / LEAST))
"""Thresholds are clipped to these, on the logit scale."""
_LEVELS = np.array([1.0, 2.0, 4.0, 7.0, 12.0, 20.0, 30.0, 42.0, 56.0, 70.0, 85.0, 100.0])
_LRS = 25
_SCALE = np.linspace(0.0, 1.0, 14)
_QUANTILES = np.linspace(-1.0, 3.5, 8)
_STARTS, _TRIES, _ROUNDS = 8, 12, 14
_HALVINGS = (5, 9)
"""Rounds after which the worse half of the climbs ends."""
_FIRST_STEP, _SHRINK = 0.12, 0.8
_RIDGE = (32.0, 16.0, 8.0, 4.0, 2.0, 1.0)
_STENCIL, _ROUGHLY, _FINELY = 0.01, 4, 16
"""First step of the polish, and its rounds on the ridge and at the end."""
_CHUNK = 64
"""Tasks at a time: their arrays fit into a processor's cache."""
_LOW, _HIGH = -6.0, 4.0
"""Quantiles of the positives, between which thresholds are searched on the binormal base."""


def solve(c: Any, metric: str, epochs: FloatArray | None = None) -> FloatArray:
    """Scaled configurations (3, n) with the best metric: thr, whole epochs and log10 lr.

    Args:
        c: The constants, columns (n,).
        metric: "f1", "accuracy" or "loss".
        epochs: (n,) whole numbers, where those are given.

    Raises:
        ValueError: The metric has no optimum here.
    """
    if metric not in ("f1", "accuracy", "loss"):
        raise ValueError(f"metric {metric!r} is not one of 'f1', 'accuracy', 'loss'")
    best = np.empty((3, len(c.base)))
    for base in (0.0, 1.0):  # of each base alone, at half the cost
        rows = np.flatnonzero(c.base == base)
        for at in range(0, len(rows), _CHUNK):
            some = rows[at : at + _CHUNK]
            given = None if epochs is None else epochs[some]
            best[:, some] = _Search(c.take(some), metric, given).best()
    return best


class _Search:
    """The search on some tasks of one base.

    Points are (3, ..., n): threshold on the scale of the search, epochs, lr in unit coordinates.
    """

    def __init__(self, c: Struct, metric: str, epochs: FloatArray | None) -> None:
        self._c, self._metric, self._epochs = c, metric, epochs

    def best(self) -> FloatArray:
        """Scaled configurations (3, n)."""
        thr, epochs, lr = self._ridge(self._climb(*self._peaks()))
        logit = _logit_thr(self._c, self._place(epochs, lr), thr)
        return np.stack([1.0 / (1.0 + np.exp(-logit)), epochs, Z[0] + (Z[1] - Z[0]) * lr])

    def _place(self, epochs: FloatArray, lr: FloatArray) -> Place:
        return place_of(self._c, np.rint(epochs), Z[0] + (Z[1] - Z[0]) * lr, _XP)

    def _score(self, place: Place, thr: Any) -> FloatArray:
        c = self._c
        if self._metric == "loss":
            return np.asarray(1.0 / (1.0 + place.loss))
        at = 0.0 if self._metric == "accuracy" else _logit_thr(c, place, thr)
        recall, false = at_threshold(c, place, at, _XP)
        if self._metric == "accuracy":
            right = c.positives * recall + c.negatives * (1.0 - false)
            return np.asarray(right / (c.positives + c.negatives))
        return np.asarray(2.0 * recall / (recall + c.negatives / c.positives * false + 1.0))

    def _value(self, points: FloatArray) -> FloatArray:
        return self._score(self._place(points[1], points[2]), points[0])

    def _peaks(self) -> tuple[FloatArray, FloatArray]:
        """The best local maxima of a grid over epochs and lr: points (3, starts, n) and scores."""
        n, lrs = len(self._c.base), np.linspace(0.0, 1.0, _LRS)
        levels = np.tile(_LEVELS[:, None], n) if self._epochs is None else self._epochs[None]
        shape = len(levels), _LRS, n
        epochs = np.broadcast_to(levels[:, None], shape).reshape(-1, n)
        lr = np.broadcast_to(lrs[None, :, None], shape).reshape(-1, n)
        place = self._place(epochs, lr)
        score, thr = np.full(epochs.shape, -1.0), np.zeros(epochs.shape)
        for level in _thresholds(place) if self._metric == "f1" else (0.5,):
            found = self._score(place, level)
            thr = np.where(found > score, level, thr)
            score = np.maximum(score, found)
        padded = np.pad(score.reshape(shape), ((1, 1), (1, 1), (0, 0)), constant_values=-1.0)
        around = [padded[i : i + shape[0], j : j + _LRS] for i in range(3) for j in range(3)]
        peak = score >= np.max(around, axis=0).reshape(-1, n)
        order = np.argsort(np.where(peak, -score, 1.0), axis=0, kind="stable")[:_STARTS]
        points = [np.take_along_axis(axis, order, axis=0) for axis in (thr, epochs, lr)]
        return np.stack(points), np.take_along_axis(score, order, axis=0)

    def _climb(self, points: FloatArray, score: FloatArray) -> FloatArray:
        """The best points (3, n) that climbs from some points (3, starts, n) reach."""
        random = np.random.default_rng(0)
        reach = np.array([1.0, EPOCHS[1] if self._epochs is None else 0.0, 1.0])
        step = _FIRST_STEP * reach[:, None, None, None]
        for round_ in range(_ROUNDS):
            if round_ in _HALVINGS:
                points, score = _leading(points, score, score.shape[0] // 2)
            moves = step * random.standard_normal((3, *score.shape[:1], _TRIES, 1))
            tries = _inside(points[:, :, None] + moves)
            found = self._value(tries.reshape(3, -1, tries.shape[-1])).reshape(tries.shape[1:])
            place = found.argmax(axis=1)[:, None]
            found = np.take_along_axis(found, place, axis=1)[:, 0]
            moved = np.take_along_axis(tries, place[None], axis=2)[:, :, 0]
            points = np.where(found > score, moved, points)
            score = np.maximum(score, found)
            step = _SHRINK * step
        return _leading(points, score, 1)[0][:, 0]

    def _ridge(self, points: FloatArray) -> FloatArray:
        """The best points (3, n) at other epochs and near some points (3, n), with whole epochs."""
        points = np.stack([points[0], np.rint(points[1]), points[2]])
        for step in _RIDGE if self._epochs is None else ():
            thr, epochs, lr = np.repeat(points[:, None], 5, axis=1)
            others = np.clip(epochs + np.array([0, -step, step, -step, step])[:, None], *EPOCHS)
            along = np.log10(epochs / others) / (Z[1] - Z[0]) * np.array([0, 0, 0, 1, 1])[:, None]
            tries = np.stack([thr, others, np.clip(lr + along, 0.0, 1.0)])
            points = _leading(*self._polish(tries, _ROUGHLY), 1)[0][:, 0]
        return self._polish(points[:, None], _FINELY)[0][:, 0]

    def _polish(self, points: FloatArray, rounds: int) -> tuple[FloatArray, FloatArray]:
        """The best points (3, q, n) near some points, of the same epochs; and their scores."""
        size = np.full(points.shape[1:], _STENCIL)
        for _ in range(rounds):
            steps = _CROSS[..., None, None] * size
            tries = _moved(points[:, None], steps)
            score = self._values(tries)
            last = _moved(points, _summit(score) * size)
            tries = np.concatenate([tries, last[:, None]], axis=1)
            score = np.concatenate([score, self._values(last[:, None])])
            winner = score.argmax(axis=0)[None]
            points = np.take_along_axis(tries, winner[None], axis=1)[:, 0]
            size = np.where((winner[0] == 0) | (winner[0] == 9), 0.3 * size, size)
        return points, score.max(axis=0)

    def _values(self, points: FloatArray) -> FloatArray:
        """Scores (k, q, n) of points (3, k, q, n)."""
        return self._value(points.reshape(3, -1, points.shape[-1])).reshape(points.shape[1:])


_CROSS = np.array([[0, 1, -1, 0, 0, 1, 1, -1, -1], [0, 0, 0, 1, -1, 1, -1, 1, -1]], dtype=float)
"""A centre and what surrounds it, in threshold and lr."""


def _moved(points: FloatArray, steps: FloatArray) -> FloatArray:
    """Points moved in threshold and lr, inside the bounds."""
    thr, epochs, lr = points
    thr, lr = np.clip(thr + steps[0], 0.0, 1.0), np.clip(lr + steps[1], 0.0, 1.0)
    return np.stack([thr, np.broadcast_to(epochs, thr.shape), lr])


def _summit(score: FloatArray) -> FloatArray:
    """Where the parabola through a stencil is highest, (2, ...) in steps; 0 if it has no peak."""
    centre, east, west, north, south, *corners = score
    first, second = 0.5 * (east - west), 0.5 * (north - south)
    wide, high = east + west - 2.0 * centre, north + south - 2.0 * centre
    mixed = 0.25 * (corners[0] - corners[1] - corners[2] + corners[3])
    determinant = wide * high - mixed * mixed
    peak = (wide < 0.0) & (determinant > 0.0)
    divisor = np.where(peak, determinant, 1.0)
    moves = mixed * second - high * first, mixed * first - wide * second
    return np.stack([np.where(peak, np.clip(move / divisor, -2.0, 2.0), 0.0) for move in moves])


def _leading(points: FloatArray, score: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """The best of points (3, k, n) with scores (k, n), best first."""
    order = np.argsort(-score, axis=0, kind="stable")[:count]
    chosen = [np.take_along_axis(axis, order, axis=0) for axis in points]
    return np.stack(chosen), np.take_along_axis(score, order, axis=0)


def _inside(points: FloatArray) -> FloatArray:
    """Points of the search, clipped to its bounds."""
    thr, epochs, lr = points
    return np.stack([np.clip(thr, 0.0, 1.0), np.clip(epochs, *EPOCHS), np.clip(lr, 0.0, 1.0)])


def _logit_thr(c: Any, place: Place, scale: Any) -> FloatArray:
    """Logits of thresholds on the scale of the search, from 0 to 1."""
    if place.scores is None:
        warped = np.log(np.maximum(scale, 1e-300)) - np.log(np.maximum(1.0 - scale, 1e-300))
    else:
        quantile = _LOW + (_HIGH - _LOW) * scale
        warped = place.scores.positive_mean + quantile * place.scores.positive_deviation
        # Above, the recall rests on its end: the fewest false positives are those of thr = 1.
        warped = np.where(warped < MOST_LOGIT, np.maximum(warped, -MOST_LOGIT), np.inf)
    return np.asarray(np.clip((warped - place.recall_shift) / c.steepness, -_END, _END))


def _thresholds(place: Place) -> list[Any]:
    """Thresholds for the grid, on the scale of the search: where one of both rates falls."""
    if place.scores is None:
        return list(np.linspace(0.0, 1.0, len(_SCALE) + len(_QUANTILES)))
    scale: list[Any] = list(_SCALE)
    _, mean, _, deviation, _ = place.scores
    for quantile in _QUANTILES:  # of the negatives, where the false positives fall
        logit = np.clip(mean + quantile * deviation, -MOST_LOGIT, MOST_LOGIT)
        logit = logit - place.false_shift + place.recall_shift
        standard = (logit - place.scores.positive_mean) / place.scores.positive_deviation
        scale.append(np.clip((standard - _LOW) / (_HIGH - _LOW), 0.0, 1.0))
    return scale
