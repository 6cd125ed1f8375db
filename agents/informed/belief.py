"""What weighted training tasks expect: the model behind `agents.informed.particle`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from hpo_gym.arrays import Columns, Struct, Vectors
from hpo_gym.families import Family
from hpo_gym.space import SearchSpace
from hpo_gym.tuners.agent import FloatArray, IntArray
from hpo_gym.tuning.problem import Problem

LEAST_EFFECTIVE = 20.0
"""Smallest effective sample size of the weights."""
HEAVIEST = 128
"""Number of particles that are kept."""
LENGTH = 0.5
"""Length scale of the correction's kernel, in unit coordinates."""
LEAST_VARIANCE = 1e-4
"""Smallest variance of what particles leave unexplained, in squared units of the score."""

XP = Vectors()


class Seen(NamedTuple):
    """The t observations of an episode."""

    unit: FloatArray
    """(t, d) unit configurations."""
    metrics: FloatArray
    """(M, t) observed metrics."""
    score: FloatArray
    """(t,) observed scores."""


def tempered(log_weight: FloatArray) -> tuple[IntArray, FloatArray]:
    """The heaviest particles, heaviest first, and their weights to the power that is needed.

    Args:
        log_weight: (n,) log-likelihoods, n >= `HEAVIEST`.

    Returns:
        Indices and weights, both (`HEAVIEST`,), of sum 1. The power is the largest of 1, 1/2,
        1/4, ... with which the effective sample size 1 / (sum of squared weights) is large enough.
    """
    heaviest = np.argpartition(log_weight, -HEAVIEST)[-HEAVIEST:]
    heaviest = heaviest[np.argsort(-log_weight[heaviest], kind="stable")]
    relative = log_weight[heaviest] - log_weight[heaviest[0]]
    while True:
        weights = np.exp(relative)
        weights /= weights.sum()
        if 1.0 / np.square(weights).sum() >= LEAST_EFFECTIVE:
            return heaviest, weights
        relative = 0.5 * relative


def columns_of(space: SearchSpace, units: FloatArray, shape: tuple[int, ...]) -> Columns:
    """Scaled configurations of units (c, d), along the first axis of columns of a shape."""
    scaled = space.scaled(tuple(units.T), XP)
    trailing = (1,) * (len(shape) - 1)
    return tuple(np.broadcast_to(column.reshape(-1, *trailing), shape) for column in scaled)


class Correction:
    """Kriging of what k particles leave unexplained, with one kernel for all.

    Args:
        units: (t, d) where it is known.
        left_over: (t, k) observed scores minus the particles'.
        noise: (t,) variances of the observations.
        weights: (k,) weights of the particles.
    """

    def __init__(
        self, units: FloatArray, left_over: FloatArray, noise: FloatArray, weights: FloatArray
    ) -> None:
        variance = max(float((np.square(left_over) @ weights - noise).mean()), LEAST_VARIANCE)
        self._units = units
        # A little more than the noise: points that lie close together must not be singular.
        covariance = _kernel(units, units) + np.diag(noise / variance + 1e-4)
        self._solved = np.linalg.solve(covariance, left_over)

    def __call__(self, units: FloatArray) -> FloatArray:
        """What to add to the particles' scores (c, k) of units (c, d)."""
        return np.asarray(_kernel(units, self._units) @ self._solved)


def _kernel(left: FloatArray, right: FloatArray) -> FloatArray:
    squares = np.square(left[:, None] - right[None]).sum(axis=-1)
    return np.asarray(np.exp(-0.5 / (LENGTH * LENGTH) * squares))


class Belief:
    """Weighted and corrected particles after some observations.

    Args:
        problem: The tuning problem.
        family: The family of the tasks.
        tasks: Parameters of the k particles, each (k,).
        weights: (k,) their weights.
        draws: Uniforms of the observations that they simulate, each (k,).
        seen: What was observed.
    """

    def __init__(
        self,
        problem: Problem,
        family: Family,
        tasks: Struct,
        weights: FloatArray,
        draws: Columns,
        seen: Seen,
    ) -> None:
        self._problem, self._family = problem, family
        self._tasks, self._draws = tasks, draws
        self._weights = weights
        exact, simulated = self._simulate(seen.unit)
        noise = np.square(simulated - exact) @ weights
        self._correction = Correction(seen.unit, seen.score[:, None] - exact, noise, weights)
        best = int(np.argmax(seen.score))  # the first of the best, as in the environment
        self._shown = seen.score[best]
        self._now = exact[best] + self._correction(seen.unit[best : best + 1])[0]

    def improvement(self, units: FloatArray) -> FloatArray:
        """Expected gains (c,) of the incumbent's noise-free score from evaluating units (c, d)."""
        after, shown = self._simulate(units)
        shift = self._correction(units)
        gain = (after + shift - self._now) * (shown + shift > self._shown)
        return np.asarray(gain @ self._weights)

    def _simulate(self, units: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Noise-free and observed scores, both (c, k), of units (c, d) on the tasks."""
        shape = (len(units), len(self._weights))
        tasks = {name: np.broadcast_to(column, shape) for name, column in vars(self._tasks).items()}
        columns = columns_of(self._problem.space, units, shape)
        family, metric = self._family, self._problem.metric
        exact, observed = family.evaluate(
            Struct(**tasks), columns, self._problem.noise, self._draws, XP
        )
        scores: tuple[Any, ...] = tuple(family.score(m, metric, XP) for m in (exact, observed))
        return scores[0], scores[1]
