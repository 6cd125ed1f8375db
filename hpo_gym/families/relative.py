"""Families whose tasks are functions of known height: all of them on one scale.

The *height* of a configuration is 1 for the best possible one and 0 for the median of random ones.
Its one metric is called "value" and looks like an accuracy:

    value = 0.75 + 0.15 height, in [0, 1]

so 0.9 is the best possible, what is more than five times as far below the median as that lies above
it counts as 0, and noise of the best possible has room above. The *relative regret*, best possible
height less height, is six times the family's regret.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.families.bank import HashedBank

BEST, MEDIAN = 0.9, 0.75
"""Values of the best possible configuration, and of the median of random ones."""


class RelativeFamily(HashedBank):
    """A bank of functions on the scale that the module's text describes."""

    sizes: ClassVar[dict[str, int]] = {"train": 8192, "validation": 1024, "test": 4096}
    metrics = ("value",)
    goals: ClassVar[Mapping[str, str]] = {"value": "maximise"}

    @abstractmethod
    def height(self, parameters: Any, scaled: Columns, xp: Namespace) -> Column:
        """Heights of scaled configurations, at most 1; NaN where an evaluation fails."""

    def noiseless(self, parameters: Any, scaled: Columns, xp: Namespace) -> Columns:
        """The value."""
        return (inside(MEDIAN + (BEST - MEDIAN) * self.height(parameters, scaled, xp), xp),)

    def frontier(self, parameters: Any, metric: str) -> tuple[Columns, Any]:
        """The best configuration: every evaluation costs the same."""
        scaled, score = self.optimum(parameters, metric)
        return tuple(np.array([coordinate]) for coordinate in scaled), np.array([score])


def inside(value: Column, xp: Namespace) -> Column:
    """Values clipped to [0, 1]; NaN stays NaN."""
    clipped = xp.minimum(xp.maximum(value, 0.0), 1.0)
    return xp.where(xp.nonfinite((value,)), value, clipped)


def relative_regret(score: Any) -> Any:
    """The relative regret of noise-free scores: 0 for the best, 1 for the median of random ones.

    Example:
        >>> round(relative_regret(0.9), 12), round(relative_regret(0.75), 12)
        (0.0, 1.0)
    """
    return (BEST - score) / (BEST - MEDIAN)
