"""Averages that outliers do not rule, and their intervals.

The interquartile mean and its bootstrap intervals are those of Agarwal et al., "Deep Reinforcement
Learning at the Edge of the Statistical Precipice" (NeurIPS 2021).

Runs on n tasks with s seeds each are not n x s independent values. What a bootstrap resamples
decides what its interval is about; `replicates` knows two schemes:

seeds   the seeds within every task, the tasks staying as they are (the stratified bootstrap of
        Agarwal et al.): how far would other seeds move the score on *these* tasks? Of s seeds,
        s - 1 are drawn: s draws would make the variance too small by the factor (s - 1) / s, half
        of it with two seeds (Rao and Wu, "Resampling inference with complex survey data", Journal
        of the American Statistical Association, 1988).
tasks   whole tasks, with all of their seeds: how far would *other tasks* move it? The seeds' share
        of the variance is in the spread between tasks already, so they are not drawn anew
        (Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8).
        Tasks of one group, such as the classifiers on one data set, rise and fall together: whole
        groups are drawn then, as many as there are, so that resamples may differ in size.

With one seed per task, "seeds" has nothing to resample, and with one group "tasks" has nothing:
`scheme_for` takes the other one then. One run has no interval at all, rather than one of width
zero: that is the scheme "none".
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.results.records import FloatArray

Statistic: TypeAlias = Callable[[FloatArray], FloatArray]
"""Reduces the last axis."""

SCHEMES = ("seeds", "tasks", "none")
_BLOCK = 1 << 19
"""Counts of resampled runs that are held in memory at a time."""


class Estimate(NamedTuple):
    """A statistic with its bootstrap interval; None where there was nothing to resample."""

    value: float
    low: float | None
    high: float | None

    @property
    def drawn(self) -> tuple[float, float, float]:
        """Value and interval as figures show them: without an interval, the value alone."""
        low = self.value if self.low is None else self.low
        return self.value, low, self.value if self.high is None else self.high

    def between(self, form: str) -> str:
        """The interval in words, such as "[0.1, 0.3]", or "-".

        Args:
            form: Of its ends, such as ".2f".
        """
        if self.low is None or self.high is None:
            return "-"
        return f"[{self.low:{form}}, {self.high:{form}}]"


def mean(values: FloatArray) -> FloatArray:
    """Mean over the last axis."""
    return np.asarray(np.mean(values, axis=-1), dtype=np.float64)


def iqm(values: FloatArray) -> FloatArray:
    """Interquartile mean over the last axis: the mean of the middle half.

    Where a quarter of the count is not whole, the border values count by their fraction, so that
    exactly half of the weight is in the mean.

    Example:
        >>> float(iqm(np.array([0.0, 1.0, 2.0, 100.0])))
        1.5
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64), axis=-1)
    count = ordered.shape[-1]
    ranks = np.arange(count)
    # Overlap of [rank, rank + 1] with the middle half [count / 4, 3 count / 4].
    weights = np.minimum(ranks + 1, 0.75 * count) - np.maximum(ranks, 0.25 * count)
    inside = weights > 0.0  # values outside may be infinite
    return np.asarray((ordered[..., inside] * weights[inside]).sum(axis=-1) / (0.5 * count))


def interval(
    value: float | FloatArray, replicates: FloatArray, confidence: float = 0.95
) -> Estimate:
    """A value with the percentile interval of its replicates.

    Args:
        value: The statistic of the sample itself.
        replicates: The statistic of each resample, (r,); without any there is no interval.
        confidence: Coverage of the interval, in (0, 1).

    Raises:
        ValueError: The confidence is not a probability.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence = {confidence!r} must lie strictly between 0 and 1")
    if not replicates.size:
        return Estimate(float(value), None, None)
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(replicates, [tail, 100.0 - tail])
    return Estimate(float(value), float(low), float(high))


def bootstrap(
    values: FloatArray,
    statistic: Statistic = mean,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """A statistic of independent values with its percentile bootstrap interval.

    Raises:
        ValueError: There are no values (n,), or the confidence is not a probability.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or not len(sample):
        raise ValueError(f"the bootstrap needs values of shape (n,), n >= 1, not {sample.shape}")
    random = np.random.default_rng(seed)
    resamples = resamples if len(sample) > 1 else 0
    draws = sample[random.integers(len(sample), size=(resamples, len(sample)))]
    return interval(statistic(sample), statistic(draws), confidence)


def scheme_for(tasks: int, seeds: int, *, unseen: bool = False) -> str:
    """The scheme for n tasks with s seeds each.

    Args:
        tasks: Number of tasks, n, or of their groups.
        seeds: Number of seeds, s.
        unseen: Whether the statement is about unseen tasks: then "tasks" is better than "seeds",
            else it is the other way round.
    """
    usable = [name for name, count in (("seeds", seeds), ("tasks", tasks)) if count > 1]
    return "none" if not usable else usable[-1 if unseen else 0]


def replicates(
    runs: FloatArray,
    statistic: Statistic,
    *,
    scheme: str,
    resamples: int = 2000,
    seed: int = 0,
    groups: Sequence[Hashable] | None = None,
) -> FloatArray:
    """A statistic of resampled runs, for several quantities of the same runs.

    The resamples depend on n, the scheme, the seed and, where seeds are drawn, on s alone; where
    tasks are, on their groups. So replicates of two agents on the same runs are paired, and their
    difference is one too; and fewer resamples are the first of more.

    Args:
        runs: Finite values, (k, n, s): k quantities of n tasks with s seeds each.
        statistic: `mean` or `iqm`, of all runs.
        scheme: What is resampled: "seeds", "tasks" or "none", see the module.
        resamples: Number of resamples, >= 1.
        seed: Seed of the resampling.
        groups: The group of each task, (n,); None where each is a group of its own.

    Returns:
        The replicates, (k, resamples); (k, 0) where nothing is resampled.

    Raises:
        ValueError: There are no runs, or an argument is not one of those named.
    """
    if runs.ndim != 3 or not runs[:1].size:
        raise ValueError(f"runs need the shape (k, n, s) with k, n, s >= 1, not {runs.shape}")
    if scheme not in SCHEMES or statistic not in _OF_COUNTS:
        names = [known.__name__ for known in _OF_COUNTS]
        raise ValueError(
            f"scheme = {scheme!r} must be one of {list(SCHEMES)} and statistic = {statistic!r} "
            f"one of the functions {names}"
        )
    _, tasks, seeds = runs.shape
    if scheme == "none":
        return np.empty((len(runs), 0))
    if groups is not None and len(groups) != tasks:
        raise ValueError(f"groups: {tasks} tasks need as many, there are {len(groups)}")
    flat = runs.reshape(len(runs), tasks * seeds)
    compute = _OF_COUNTS[statistic]
    places = list(range(tasks)) if groups is None else places_of(groups)
    drawn = _blocks(places, seeds, scheme, resamples, seed)
    blocks = [compute(flat, counts) for counts in drawn]
    return np.concatenate(blocks, axis=1)


def estimates(
    runs: FloatArray,
    statistic: Statistic,
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> tuple[Estimate, ...]:
    """A statistic of k quantities of the tasks at hand, with intervals; arguments as above.

    With one seed per task there is none to resample within them: tasks are, see `scheme_for`.
    """
    spread = replicates(
        runs, statistic, scheme=scheme_for(*runs.shape[1:]), resamples=resamples, seed=seed
    )
    values = statistic(runs.reshape(len(runs), -1))
    return tuple(interval(v, row, confidence) for v, row in zip(values, spread, strict=True))


def places_of(groups: Sequence[Hashable]) -> list[int]:
    """The groups as numbers 0, 1, ..., in the order in which they first appear.

    Example:
        >>> places_of(["iris", "wine", "iris"])
        [0, 1, 0]
    """
    known: dict[Hashable, int] = {}
    return [known.setdefault(group, len(known)) for group in groups]


def _blocks(
    groups: Sequence[int], seeds: int, scheme: str, resamples: int, seed: int
) -> Iterator[FloatArray]:
    """How often each run is in each resample, (n s, block): a block of resamples at a time.

    Args:
        groups: Number of the group of each of the n tasks, 0 to the number of groups - 1.
        seeds: Number of seeds, s.
        scheme: "seeds", which draws n (s - 1) runs, or "tasks".
        resamples: Number of resamples.
        seed: Seed of the resampling.
    """
    random = np.random.default_rng(seed)
    tasks, kinds = len(groups), max(groups) + 1
    size = max(1, _BLOCK // (tasks * seeds))
    for begin in range(0, resamples, size):
        block = min(size, resamples - begin)
        if scheme == "tasks":  # resample by resample: the blocks do not matter
            drawn = random.integers(kinds, size=(block, kinds)).T
            yield np.repeat(_count(drawn, kinds)[groups], seeds, axis=0)
        else:
            within = random.integers(seeds, size=(block, tasks, max(seeds - 1, 1)))
            runs = np.arange(tasks)[:, None] * seeds + within
            yield _count(runs.reshape(block, -1).T, tasks * seeds)


def _count(draws: NDArray[np.int64], kinds: int) -> FloatArray:
    """How often each of 0..kinds - 1 is in each column of the draws, (kinds, columns)."""
    columns = draws.shape[1]
    places = draws * columns + np.arange(columns)
    counts = np.bincount(places.ravel(), minlength=kinds * columns)
    return counts.reshape(kinds, columns).astype(np.float64)


def _mean_of_counts(values: FloatArray, counts: FloatArray) -> FloatArray:
    return np.asarray(values @ counts / counts.sum(axis=0))


def _iqm_of_counts(values: FloatArray, counts: FloatArray) -> FloatArray:
    """`iqm` of values (k, m), each counted (m, block) times: (k, block).

    Values sorted once serve all resamples: the weight of a value is the part of its ranks, from
    the running count before it to the one after it, in the middle half. Summed by parts.
    """
    total = counts.sum(axis=0)
    low, high = 0.25 * total, 0.75 * total
    result = np.empty((len(values), counts.shape[1]))
    for row, out in zip(values, result, strict=True):
        order = np.argsort(row)
        ranks = counts[order]
        for before, here in pairwise(ranks):  # cumsum along the first axis, 4 times as fast
            here += before
        np.clip(ranks, low, high, out=ranks)
        ordered = row[order]
        out[:] = high * ordered[-1] - low * ordered[0] - np.diff(ordered) @ ranks[:-1]
    return np.asarray(result / (0.5 * total))


_OF_COUNTS: dict[Statistic, Callable[[FloatArray, FloatArray], FloatArray]] = {
    mean: _mean_of_counts,
    iqm: _iqm_of_counts,
}
