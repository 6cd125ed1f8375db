"""How hard a table is: numbers that follow from its F1 over the grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.families.recorded.grid import weights

EVALUATIONS = 16


class Measures(NamedTuple):
    """Of the mean F1 of the training seeds; shares and quantiles are those of the search space."""

    best: float
    """The best F1."""
    median: float
    """The median F1."""
    near: float
    """Share of the search space within 5 % of the best F1."""
    random: float
    """Regret that 16 random evaluations without noise leave, on average, relative to the best."""

    @property
    def difficulty(self) -> str:
        """Easy, medium or hard, by the regret of random search: below 5 %, below 10 %, above."""
        return "easy" if self.random < 0.05 else "medium" if self.random < 0.1 else "hard"


def measured(f1: NDArray[np.float64]) -> Measures:
    """The measures of a table's mean F1, in the shape of the grid."""
    value, weight = f1.ravel(), weights()
    order = np.argsort(value, kind="stable")
    value, below = value[order], np.cumsum(weight[order])
    best = value[-1]
    # The best of n has the distribution function F^n.
    highest = np.diff(np.minimum(below, 1.0) ** EVALUATIONS, prepend=0.0)
    return Measures(
        best=float(best),
        median=float(value[np.searchsorted(below, 0.5)]),
        near=float(weight[order][value >= 0.95 * best].sum()),
        random=float(1.0 - (highest * value).sum() / highest.sum() / best),
    )
