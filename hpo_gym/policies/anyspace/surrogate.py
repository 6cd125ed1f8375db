"""A Gaussian process in closed form, whose best guesses a learned tuner is shown.

Scores are standardised and modelled with a Matern 5/2 kernel with a length for every coordinate.
The lengths and the noise follow the gradient of the log posterior by a step of resilient
propagation (Riedmiller and Braun, 1993) after every evaluation, from where the evaluation
before left them: what the model is, is a function of the evaluations in their order. Its guesses
are the points of largest expected improvement and of largest expected value among candidates that
it draws around the incumbent and over the cube, and improves by a random search.

All arrays have a leading dimension of n tasks that are computed side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

GUESSES = 2
"""Expected improvement, expected value."""

_FIRST_STEP, _LEAST_STEP, _LARGEST_STEP = 0.3, 0.02, 0.7
_GROW, _SHRINK = 1.3, 0.5
_LOG_LENGTH = math.log(0.4)
"""Mean of the log lengths' prior in one dimension; it grows by half the log of the dimension."""
_LENGTH_SPREAD = 1.0
_LOG_NOISE, _NOISE_SPREAD = math.log(1e-3), 2.0
_LENGTHS = math.log(0.03), math.log(30.0)
_NOISES = math.log(1e-6), math.log(0.5)
_DEAF = 1e6
_VARIANCES = 4.0
"""The prior of the variance counts as much as so many scores of variance 1."""
_GLOBAL, _LOCAL, _REFINED, _ROUNDS = 96, 32, 24, 2
_SQRT5 = math.sqrt(5.0)


class Model(NamedTuple):
    """The state of n models of D coordinates."""

    log: FloatArray
    """(n, D + 1) logarithms of the lengths and of the noise's variance."""
    step: FloatArray
    """(n, D + 1) sizes of the last steps."""
    gradient: FloatArray
    """(n, D + 1) the last gradient."""


class Guesses(NamedTuple):
    """What n models guess."""

    points: FloatArray
    """(n, GUESSES, D) in [0, 1]."""
    gains: FloatArray
    """(n, GUESSES) expected improvement there, in standard deviations of the scores."""
    spread: FloatArray
    """(n, GUESSES) standard deviation of the score there."""


def prior(n: int, size: int) -> Model:
    """Models before any evaluation."""
    log = np.full((n, size + 1), _LOG_LENGTH + 0.5 * math.log(size))
    log[:, -1] = _LOG_NOISE
    return Model(log, np.full_like(log, _FIRST_STEP), np.zeros_like(log))


def _squares(left: FloatArray, right: FloatArray, norms: FloatArray) -> FloatArray:
    """Squared distances (n, a, b) of points (n, a, D) and (n, b, D), whose `_norms` are given."""
    inner = left @ right.mT
    squares = (left * left).sum(axis=2)[:, :, None] + norms
    return np.asarray(np.maximum(squares - 2.0 * inner, 0.0))


def _norms(points: FloatArray) -> FloatArray:
    """Squared norms (n, 1, b) of points (n, b, D)."""
    return np.asarray((points * points).sum(axis=2)[:, None])


@lru_cache(maxsize=512)
def _unit_matrix(t: int) -> FloatArray:
    return np.eye(t)


def fitted(model: Model, points: FloatArray, values: FloatArray) -> Model:
    """The models after one more evaluation.

    Args:
        model: Before it.
        points: (n, t, D) all evaluated points, in [0, 1].
        values: (n, t) their standardised scores.
    """
    differences = points[:, :, None] - points[:, None]
    differences = differences * differences
    gradient = _gradient(model.log, differences, values)
    agree = gradient * model.gradient
    factor = np.where(agree > 0.0, _GROW, np.where(agree < 0.0, _SHRINK, 1.0))
    step = (model.step * factor).clip(_LEAST_STEP, _LARGEST_STEP)
    log = model.log + np.sign(gradient) * step
    log[:, :-1] = log[:, :-1].clip(*_LENGTHS)
    log[:, -1] = log[:, -1].clip(*_NOISES)
    return Model(log, step, gradient)


def _gradient(log: FloatArray, differences: FloatArray, values: FloatArray) -> FloatArray:
    """Gradient (n, D + 1) of the log posterior."""
    n, t, _, size = differences.shape
    weights = np.exp(-2.0 * log[:, :-1])
    squares = (differences.reshape(n, t * t, size) @ weights[:, :, None]).reshape(n, t, t)
    distance = _SQRT5 * np.sqrt(squares)
    decay = np.exp(-distance)
    kernel = (1.0 + distance + distance * distance / 3.0) * decay
    noise = np.exp(log[:, -1])
    kernel += noise[:, None, None] * _unit_matrix(t)
    inverse = np.linalg.inv(kernel)
    answer = inverse @ values[:, :, None]
    variance = _variance(values, answer)[:, None]
    outer = answer * answer.mT / variance - inverse
    # d kernel / d log length = 5 / 3 (1 + distance) exp(-distance) difference^2 / length^2
    change = outer * ((5.0 / 3.0) * (1.0 + distance) * decay)
    lengths = (change.reshape(n, 1, t * t) @ differences.reshape(n, t * t, size))[:, 0] * weights
    noises = 0.5 * noise * np.einsum("nii->n", outer)
    gradient = np.concatenate([0.5 * lengths, noises[:, None]], axis=1)
    middle = _LOG_LENGTH + 0.5 * math.log(size)
    gradient[:, :-1] -= (log[:, :-1] - middle) / _LENGTH_SPREAD**2
    gradient[:, -1] -= (log[:, -1] - _LOG_NOISE) / _NOISE_SPREAD**2
    return gradient


def _variance(values: FloatArray, answer: FloatArray) -> FloatArray:
    """The scores' variance (n, 1) that suits the lengths best, given the kernel's answer."""
    fit = (values * answer[:, :, 0]).sum(axis=1, keepdims=True)
    return np.asarray((fit + _VARIANCES) / (values.shape[1] + _VARIANCES))


class _Posterior:
    """n models given t evaluations."""

    def __init__(self, model: Model, points: FloatArray, values: FloatArray) -> None:
        self._inverse_lengths = np.exp(-model.log[:, None, :-1])
        self._points = points * self._inverse_lengths
        self._norms = _norms(self._points)
        kernel = _kernel(_squares(self._points, self._points, self._norms))
        kernel += (np.exp(model.log[:, -1]) + 1e-6)[:, None, None] * _unit_matrix(points.shape[1])
        self._inverse = np.linalg.inv(kernel)
        self._answer = self._inverse @ values[:, :, None]
        self._variance = _variance(values, self._answer)
        self._best = values.max(axis=1, keepdims=True)

    def __call__(self, points: FloatArray) -> FloatArray:
        """What is expected of points (n, m, D): (n, 3, m) improvement, score and its deviation."""
        kernel = _kernel(_squares(points * self._inverse_lengths, self._points, self._norms))
        mean = (kernel @ self._answer)[:, :, 0]
        variance = 1.0 - ((kernel @ self._inverse) * kernel).sum(axis=2)
        deviation = np.sqrt(np.maximum(self._variance * variance, 1e-12))
        seen = np.empty((len(points), 3, points.shape[1]))
        seen[:, 0] = _improvement(mean, deviation, self._best)
        seen[:, 1], seen[:, 2] = mean, deviation
        return seen


def _kernel(squares: FloatArray) -> FloatArray:
    distance = _SQRT5 * np.sqrt(squares)
    return np.asarray((1.0 + distance + distance * distance / 3.0) * np.exp(-distance))


def _improvement(mean: FloatArray, deviation: FloatArray, best: FloatArray) -> FloatArray:
    """Expected improvement; the normal distribution by a logistic curve, good to 4e-4."""
    z = ((mean - best) / deviation).clip(-8.0, 8.0)
    square = z * z
    below = 1.0 / (1.0 + np.exp(z * (-0.070565776 * square - 1.5976)))
    density = np.exp(-0.5 * square) / math.sqrt(2.0 * math.pi)
    return np.asarray(np.maximum(deviation * (z * below + density), 0.0))


def believed(
    model: Model, points: FloatArray, values: FloatArray, pending: FloatArray
) -> FloatArray:
    """The values (n, t), where evaluations are running those that the models expect.

    So nothing new is expected where one is running ("kriging believer", Ginsbourger et al., 2010).

    Args:
        model: The models.
        points: (n, t, D) evaluated points, in [0, 1].
        values: (n, t) their standardised scores.
        pending: (n, t) 1 where the evaluation is running.
    """
    if not pending.any():
        return values
    scaled = points * np.exp(-model.log[:, None, :-1])
    kernel = _kernel(_squares(scaled, scaled, _norms(scaled)))
    # What is running has no say: it is observed with next to nothing but noise.
    noise = np.exp(model.log[:, -1:]) + 1e-6 + _DEAF * pending
    inverse = np.linalg.inv(kernel + noise[:, :, None] * _unit_matrix(points.shape[1]))
    expected = (kernel @ (inverse @ values[:, :, None]))[:, :, 0]
    return np.asarray(np.where(pending > 0.0, expected, values))


def guesses(
    model: Model,
    points: FloatArray,
    values: FloatArray,
    around: FloatArray,
    filler: FloatArray,
    snap: Callable[[FloatArray], FloatArray],
) -> Guesses:
    """What the models guess.

    Args:
        model: The models.
        points: (n, t, D) evaluated points, in [0, 1].
        values: (n, t) their standardised scores.
        around: (n, D) the incumbents.
        filler: (n, D) a point anywhere, which the points over the cube are drawn around.
        snap: Moves points (n, m, D) to where they would be evaluated.
    """
    n, t, size = points.shape
    posterior = _Posterior(model, points, values)
    over, near, moves = _numbers(t, size)
    cube = filler[:, None] + over
    cube -= cube >= 1.0
    local = (around[:, None] + near).clip(0.0, 1.0)
    tries = np.concatenate([cube, local, filler[:, None]], axis=1)
    chosen = _best(posterior, snap(tries))
    for turn in range(_ROUNDS):
        tries = (chosen.points[:, :, None] + moves[turn]).clip(0.0, 1.0).reshape(n, -1, size)
        # Both kinds of guesses choose from what is around either.
        chosen = _best(posterior, snap(np.concatenate([chosen.points, tries], axis=1)))
    return chosen


def _best(posterior: _Posterior, points: FloatArray) -> Guesses:
    """The best of points (n, m, D), one of each kind."""
    seen, rows = posterior(points), np.arange(len(points))[:, None]
    best = seen[:, :GUESSES].argmax(axis=2)
    gains, _, spread = np.moveaxis(seen[rows, :, best], 2, 0)
    return Guesses(points[rows, best], gains, spread)


@lru_cache(maxsize=512)
def _numbers(t: int, size: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shifts over the cube, moves around the incumbents, and around guesses in each round."""
    random = np.random.default_rng((t, size))
    near = _moves(random, 0.3, _LOCAL, size)
    rounds = [_moves(random, 0.15 * 0.4**i, GUESSES * _REFINED, size) for i in range(_ROUNDS)]
    return (
        random.random((_GLOBAL, size)),
        near,
        np.reshape(rounds, (_ROUNDS, GUESSES, _REFINED, size)),
    )


def _moves(random: np.random.Generator, scale: float, count: int, size: int) -> FloatArray:
    """Moves (count, size) with heavy tails, many of them along a few coordinates."""
    moves = random.standard_normal((count, size))
    moves *= scale * 10.0 ** -random.uniform(0.0, 2.5, (count, 1))
    some = random.random((count, size)) < np.maximum(random.random((count, 1)), 1.0 / size)
    return np.asarray(moves * some)
