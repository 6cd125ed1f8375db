"""How many random trials a tuner is worth.

A currency that everybody understands: a tuner that ends with the regret that 200 random evaluations
reach is worth 200 random trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpo_gym.benchmark.results.records import FloatArray
from hpo_gym.benchmark.scoring.statistics import first_at_most, iqm


@dataclass(frozen=True)
class RandomTrials:
    """What uniform random configurations reach on a suite's tasks.

    Attributes:
        tasks: Task indices, n.
        seeds: Seeds, s.
        regret: Noise-free regret of the incumbent after each of m evaluations, (n, s, m) float64.
    """

    tasks: tuple[int, ...]
    seeds: tuple[int, ...]
    regret: FloatArray

    def curve(self, tasks: Sequence[int], seeds: Sequence[int]) -> FloatArray:
        """IQM regret on some of the tasks and seeds after 1..m evaluations, (m,)."""
        rows = np.ix_(np.isin(self.tasks, tasks), np.isin(self.seeds, seeds))
        return iqm(self.regret[rows].reshape(-1, self.regret.shape[-1]).T)


def worth(curve: FloatArray, regret: float) -> float | None:
    """Number of random trials after which the IQM regret first is as small as a tuner's.

    Linear between whole numbers; no trial at all has regret 1.

    Args:
        curve: IQM regret of random search after 1..m evaluations, (m,).
        regret: IQM regret of the tuner.

    Returns:
        The number in [0, m], or None if m trials are not enough.

    Example:
        >>> worth(np.array([0.5, 0.3]), 0.4), worth(np.array([0.5, 0.3]), 0.2)
        (1.5, None)
    """
    steps = np.concatenate([[1.0], curve])
    first = float(first_at_most(steps, regret))
    if first in (0.0, np.inf):
        return 0.0 if first == 0.0 else None
    count = int(first)
    before, after = steps[count - 1 : count + 1]
    return float(count - 1 + (before - regret) / (before - after))
