"""How many random trials a tuner is worth.

A currency that everybody understands: a tuner that ends with the regret that 200 random evaluations
reach is worth 200 random trials, and random search is worth its budget.

What random trials reach is a distribution over all that they may happen to draw, not one run. Of m
independent trials of a task, what n of them leave as their incumbent is known without trying: the
k-th best observation is the best of n distinct ones with probability C(m - k, n - 1) / C(m, n). So
each task has the exact distribution, over all choices of n of its m trials, of the noise-free
regret of the incumbent, which is chosen by its *observed* score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.results.records import FloatArray

RUNS = 16
"""Parts of equal weight of a distribution, a multiple of 4: the quartiles are at their borders."""


@dataclass(frozen=True)
class RandomTrials:
    """What uniform random configurations reach on a suite's tasks.

    Attributes:
        tasks: Task indices, n.
        counts: Numbers of trials, ascending from 1, (m,) int64.
        regret: Regret of the incumbent after as many trials, (n, `RUNS`, m): the averages of its
            distribution's parts of equal weight, from the best to the worst.
    """

    tasks: tuple[int, ...]
    counts: NDArray[np.int64]
    regret: FloatArray

    def on(self, tasks: Sequence[int]) -> FloatArray:
        """The regret on some of the tasks, in their order."""
        rows = {task: row for row, task in enumerate(self.tasks)}
        return self.regret[[rows[task] for task in tasks]]


def trial_counts(most: int) -> NDArray[np.int64]:
    """Numbers of trials at which their regret is computed: all to 16, then four per doubling."""
    doublings = np.log2(max(most, 16) / 16.0)
    later = 16.0 * 2.0 ** np.linspace(0.0, doublings, round(4 * doublings) + 1)
    return np.unique(np.concatenate([np.arange(1, 17), np.rint(later).astype(np.int64)]))


def best_of(observed: FloatArray, regret: FloatArray, counts: NDArray[np.int64]) -> FloatArray:
    """Regret of the best-observed of n trials, for the numbers n of `counts`.

    Args:
        observed: Observed scores of m independent trials, (m,).
        regret: Their noise-free regrets, (m,).
        counts: Numbers of trials, (c,), each in 1..m.

    Returns:
        Averages of the `RUNS` parts of the distribution, (`RUNS`, c).

    Example:
        >>> best = best_of(np.array([0.1, 0.9]), np.array([0.8, 0.2]), np.array([1, 2]))
        >>> best.mean(axis=0).round(12).tolist()  # either of the two; the better one
        [0.5, 0.2]
    """
    size = len(observed)
    left = size - np.arange(1, size)  # m - k
    ratios = np.maximum(left - counts[:, None] + 1.0, 0.0) / left
    chances = np.cumprod(np.column_stack([counts / size, ratios]), axis=1)
    reached = regret[np.argsort(-observed, kind="stable")]
    order = np.argsort(reached)
    chances, reached = chances[:, order], reached[order]
    start = np.zeros((len(counts), 1))
    weight = np.hstack([start, np.cumsum(chances, axis=1)])
    total = np.hstack([start, np.cumsum(chances * reached, axis=1)])
    levels = np.linspace(0.0, 1.0, RUNS + 1)
    parts = [np.interp(levels, *curve) for curve in zip(weight, total, strict=True)]
    return RUNS * np.diff(parts, axis=1).T


def worth(counts: NDArray[np.int64], curve: FloatArray, regret: FloatArray) -> FloatArray:
    """Number of random trials whose regret first is as small as a tuner's.

    Between the counts, regret is linear in the logarithm of 1 + the trials; no trial at all has
    regret 1.

    Args:
        counts: Numbers of trials, ascending, (m,).
        curve: Regret of random search after them, (m, r).
        regret: Regret of the tuner, (r,).

    Returns:
        The number, (r,), at most the last of the counts: that means as many or more.

    Example:
        >>> worth(np.array([1, 3]), np.array([[0.5], [0.3]]), np.array([0.3])).tolist()
        [3.0]
    """
    places = np.log1p(np.concatenate([[0], counts]))
    steps = np.vstack([np.ones(curve.shape[1]), curve])
    reached = steps <= regret
    after = np.where(reached.any(axis=0), reached.argmax(axis=0), len(counts))
    before, columns = np.maximum(after - 1, 0), np.arange(len(regret))
    high, low = steps[before, columns], steps[after, columns]
    gap = np.where(high > low, high - low, 1.0)
    share = np.where(after > 0, np.clip((high - regret) / gap, 0.0, 1.0), 0.0)
    found = np.expm1(places[before] + share * (places[after] - places[before]))
    return np.asarray(np.where(reached.any(axis=0), found, counts[-1]))
