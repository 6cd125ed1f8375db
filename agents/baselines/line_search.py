"""Maximising along a line by parabolas, for many rows at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hpo_gym.tuners.agent import FloatArray

_SAME = 2e-3
"""Points closer than this tell nothing new."""


class Proposal(NamedTuple):
    """Where to look next."""

    x: FloatArray
    """(N,) coordinates in [-1, 1]."""
    value: FloatArray
    """(N,) values that the parabola promises there; -inf where there is no parabola."""


def probes(x: FloatArray, width: float) -> tuple[FloatArray, FloatArray]:
    """Two points around x, or both on one side of it where there is no room on the other.

    Args:
        x: The points known already, (N,) in [-1, 1].
        width: Distance of the first probe, at most 2 / 3.

    Example:
        >>> probes(np.array([-1.0, 0.25]), 0.5)
        (array([-0.5 , -0.25]), array([0.  , 0.75]))
    """
    below, above = x - width, x + width
    first = np.where(below < -1.0, x + width, below)
    second = np.where(below < -1.0, x + 2.0 * width, np.where(above > 1.0, x - 2.0 * width, above))
    return first, second


def next_point(x: FloatArray, y: FloatArray) -> Proposal:
    """The vertex of the parabola through the best point and its neighbours.

    Where the best point is the outermost one, the parabola is extrapolated by at most the gap to
    its neighbour. Where there is no vertex the search goes outwards; where it is known already, or
    there is no way out, into the wider gap beside the best point.

    Args:
        x: Coordinates of at least three points, (N, k), all different.
        y: Their values, (N, k).
    """
    rows = np.arange(len(x))
    order = np.argsort(x, axis=1)
    x, y = np.take_along_axis(x, order, axis=1), np.take_along_axis(y, order, axis=1)
    last = x.shape[1] - 1
    best = y.argmax(axis=1)
    middle = np.clip(best, 1, last - 1)
    x0, x1, x2 = (x[rows, middle + shift] for shift in (-1, 0, 1))
    y0, y1, y2 = (y[rows, middle + shift] for shift in (-1, 0, 1))
    slope = (y1 - y0) / (x1 - x0)
    curvature = ((y2 - y1) / (x2 - x1) - slope) / (x2 - x0)
    concave = curvature < -1e-12
    safe = np.where(concave, curvature, -1.0)
    low = np.where(best == 0, np.maximum(2.0 * x0 - x1, -1.0), x0)
    high = np.where(best == last, np.minimum(2.0 * x2 - x1, 1.0), x2)
    vertex = np.clip(0.5 * (x0 + x1 - slope / safe), low, high)
    value = y0 + (vertex - x0) * (slope + safe * (vertex - x1))
    fresh = concave & (np.abs(x - vertex[:, None]).min(axis=1) > _SAME)
    at = x[rows, best]
    left = np.where(best == 0, low, x[rows, np.maximum(best - 1, 0)])
    right = np.where(best == last, high, x[rows, np.minimum(best + 1, last)])
    other = np.where(right - at > at - left, 0.6 * at + 0.4 * right, 0.6 * at + 0.4 * left)
    outwards = np.where(best == 0, left, right)
    open_end = ~concave & ((best == 0) | (best == last)) & (np.abs(outwards - at) > _SAME)
    other = np.where(open_end, outwards, other)
    return Proposal(np.where(fresh, vertex, other), np.where(fresh, value, -np.inf))
