"""Regret as a function of evaluations, cost or time: steps, and the area under them.

A result is known when its evaluation ends: regret is 1 before the first end, and from the k-th end
on it is the incumbent's after k evaluations. Past the last end it stays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.benchmark.results.records import FloatArray, Records

TAUS: tuple[float, ...] = tuple(float(tau) for tau in np.logspace(-4.0, 0.0, 41))
"""Regrets at which performance profiles are drawn."""


def evaluation_ends(records: Records) -> FloatArray:
    """Number of evaluations at the end of each, (n, s, T): 1, 2, ..., T."""
    counts = np.arange(1.0, records.regret.shape[-1] + 1.0)
    return np.broadcast_to(counts, records.regret.shape)


def cost_ends(records: Records) -> FloatArray:
    """Cost paid at the end of each evaluation, (n, s, T)."""
    return np.cumsum(records.cost, axis=-1)


def time_ends(records: Records, seconds_per_resource: float) -> FloatArray:
    """Wall-clock seconds at the end of each evaluation, (n, s, T).

    The tuner's own decisions count: an evaluation takes the time of its suggestion, as measured,
    and ``seconds_per_resource`` for each unit of its resource.

    Args:
        records: The runs.
        seconds_per_resource: Time of a unit of the resource, such as an epoch, in seconds, >= 0.
    """
    return np.cumsum(records.seconds + seconds_per_resource * records.resource, axis=-1)


def value_at(
    ends: FloatArray, regret: FloatArray, grid: FloatArray, before: FloatArray | float = 1.0
) -> FloatArray:
    """Regret at every point of a grid of evaluations, cost or time.

    Args:
        ends: Where each evaluation ends, ascending, (..., T).
        regret: Regret after it, (..., T).
        grid: The points, (g,).
        before: Regret before the first end, a number or (...).

    Returns:
        The regret, (..., g).
    """
    known = (ends[..., :, None] <= grid).sum(axis=-2)
    values = np.empty((*regret.shape[:-1], regret.shape[-1] + 1))
    values[..., 0], values[..., 1:] = before, regret
    return np.take_along_axis(values, known, axis=-1)


def area(ends: FloatArray, regret: FloatArray, horizon: float) -> FloatArray:
    """Mean regret over [0, horizon]: the area under the steps, divided by the horizon.

    Args:
        ends: Where each evaluation ends, ascending, (..., T).
        regret: Regret after it, (..., T).
        horizon: End of the integral, the same for all tuners, > 0.

    Returns:
        The area, (...); 1 for a run that ends nothing within the horizon.

    Raises:
        ValueError: The horizon is not positive.

    Example:
        >>> float(area(np.array([1.0, 3.0]), np.array([0.5, 0.25]), 4.0))  # (1 + 2 x .5 + .25) / 4
        0.5625
    """
    if not horizon > 0.0:
        raise ValueError(f"horizon = {horizon!r} must be positive")
    steps = np.minimum(ends, horizon)
    last = np.full((*steps.shape[:-1], 1), horizon)
    widths = np.diff(steps, axis=-1, prepend=0.0, append=last)
    ones = np.ones((*regret.shape[:-1], 1))
    values = np.concatenate([ones, regret], axis=-1)
    return np.asarray((widths * values).sum(axis=-1) / horizon)


def profile(regret: FloatArray, taus: FloatArray) -> FloatArray:
    """Whether the regret of each run is at most each tau: (g, ...) of 0 and 1 for (...) runs."""
    return np.asarray(np.moveaxis(regret[..., None] <= taus, -1, 0), dtype=np.float64)


def first_at_most(curves: Any, bound: float) -> FloatArray:
    """Index at which each curve (..., m) first is at most ``bound``; infinity if it never is."""
    reached = np.asarray(curves) <= bound
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1).astype(np.float64), np.inf)


def middle(counts: FloatArray) -> float:
    """The least number that at least half of the values do not exceed: their lower median.

    As for survival times: where exactly half of the runs get somewhere, it is the last of these.

    Args:
        counts: Values of any shape, also infinite ones.

    Example:
        >>> middle(np.array([3.0, 5.0, np.inf, np.inf])), middle(np.array([3.0, np.inf, np.inf]))
        (5.0, inf)
    """
    ordered = np.sort(counts, axis=None)
    return float(ordered[(len(ordered) - 1) // 2])
