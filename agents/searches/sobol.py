"""Scrambled Sobol points: random search that covers the cube evenly."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.optional import optional
from hpo_gym.tuners.agent import FloatArray
from hpo_gym.tuners.ask_tell import Search, SearchAgent
from hpo_gym.tuning.problem import Problem


class SobolSearch(Search):
    """Plays a list of points.

    Args:
        points: (n, d) unit configurations, n at least the budget.
    """

    def __init__(self, points: FloatArray) -> None:
        self._points = iter(points)

    def tell(self, unit: FloatArray, score: float) -> None:
        """The points are what they are."""

    def ask(self) -> FloatArray:
        """The next point."""
        return next(self._points)


class SobolAgent(SearchAgent):
    """The first points of Sobol's sequence, scrambled anew in every episode (Owen, 1998).

    Every point is uniform on the cube, and any 2**m first points spread evenly. Source: SciPy's
    `scipy.stats.qmc.Sobol`.

    Args:
        problem: See `Agent`.
        seed: Seed of the scrambles.
        initial: Unit configurations (n, d) to evaluate before the first point.

    Raises:
        ImportError: SciPy is not installed.
    """

    name = "sobol"

    def __init__(self, problem: Problem, *, seed: int = 0, initial: Any = ()) -> None:
        super().__init__(problem, seed=seed, initial=initial)
        self._qmc = optional("scipy.stats.qmc", extra="bench", user=f"agent {self.name!r}")

    def begin(self, random: np.random.Generator) -> SobolSearch:
        """A fresh scramble."""
        sequence = self._qmc.Sobol(self.mode.dimension, scramble=True, rng=random)
        # Whole powers of 2 only: SciPy warns of any other number of points.
        points = sequence.random_base2((self.encoder.max_evaluations - 1).bit_length())
        return SobolSearch(2.0 * points - 1.0)
