"""The Beale function as a family: two dimensions, and one metric, which is minimised.

    f(x, y) = (1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2  on [-5, 5]^2

with f(3, 0.5) = 0 and the start (4, 4), where f = 68891.203125. Source: E. M. L. Beale, "On an
iterative method for finding a local minimum of a function of more than one variable" (1958).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families.base import KnownOptimum
from hpo_gym.parameters import Float
from hpo_gym.space import SearchSpace

LARGEST = 415071.703125
"""Largest value on the square, at (-5, -5)."""

_LOG_RANGE = float(np.log10(1.0 + LARGEST))
_LN10 = float(np.log(10.0))


def beale(x: Any, y: Any) -> Any:
    """The Beale function; inputs broadcast, gradients flow through torch tensors.

    Example:
        >>> beale(3.0, 0.5), beale(4.0, 4.0)
        (0.0, 68891.203125)
    """
    square = y * y
    first = 1.5 - x + x * y
    second = 2.25 - x + x * square
    third = 2.625 - x + x * (square * y)
    return first * first + second * second + third * third


class BealeFamily(KnownOptimum):
    """The Beale function, exact and without epochs.

    Its score is 1 - log10(1 + f) / log10(1 + 415071.703125), from 0 to 1.
    """

    name = "beale"
    space = SearchSpace({"x": Float(-5.0, 5.0), "y": Float(-5.0, 5.0)})
    metrics = ("f",)
    goals: ClassVar[Mapping[str, str]] = {"f": "minimise"}
    may_fail = False

    def noiseless(self, parameters: Any, scaled: Columns, xp: Namespace) -> Columns:
        """The function's value."""
        return (beale(*scaled),)

    def score(self, metrics: Columns, metric: str, xp: Namespace) -> Column:
        """From 0 at the largest value to 1 at the minimum, on a log scale."""
        return xp.maximum(1.0 - xp.log10(1.0 + metrics[0]) / _LOG_RANGE, 0.0)

    def features(self, metrics: Columns, xp: Namespace) -> Columns:
        """The score: the function's values span six decades."""
        return (self.score(metrics, "f", xp),)

    def score_of(self, features: Columns, metric: str, xp: Namespace) -> Column:
        """What is shown."""
        return features[0]

    def metrics_of(self, features: Columns, xp: Namespace) -> Columns:
        """The function's value that has this score."""
        return (xp.exp(_LN10 * _LOG_RANGE * (1.0 - features[0])) - 1.0,)

    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The minimum (3, 0.5): every evaluation costs the same."""
        return (np.array([3.0]), np.array([0.5])), np.array([1.0])
