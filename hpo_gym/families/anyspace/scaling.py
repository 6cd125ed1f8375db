"""The best possible value of random functions, and the scale that follows from it.

The best point is searched for: from random points by a local search. Whatever the search missed is
cut off (see `functions.missing_of`), so that no point is better than the one that it found, and the
best possible value is exactly 1. What was cut off is up to 0.2 of the scale, and below 0.01 in
nine tasks of ten, up to eight coordinates.

Every task is searched with the same random numbers: what is found for it does not depend on which
other tasks are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo_gym.families.anyspace.functions import (
    Functions,
    Layout,
    failed,
    heights,
    missing_of,
    snapped,
)

_RANDOM, _BEST, _TRIES, _ROUNDS = 1024, 8, 16, 24
_CHUNK = 16
"""Tasks at a time: their arrays fit into a processor's cache."""
_FIRST_STEP, _SHRINK = 0.25, 0.75
"""Standard deviation of the search's first steps, and its factor from round to round."""

_LEAST_SCALE, _MOST_FAILING = 1e-3, 0.7

FloatArray = NDArray[np.float64]
Snap: TypeAlias = Callable[[Layout, FloatArray], FloatArray]
"""Moves points (n, m, D) to where they are evaluated."""


def scaled(
    functions: Functions, layout: Layout, snap: Snap = snapped
) -> tuple[Functions, FloatArray]:
    """Functions with their plateau, offset and scale, and their best points (n, D), in [0, 1].

    Args:
        functions: What `functions.draw` gave.
        layout: Of the tasks.
        snap: Moves points to where they are evaluated; the best points are not moved.
    """
    n = len(layout.used)
    parts = [
        _scaled(rows_of(functions, rows), rows_of(layout, rows), snap)
        for rows in np.array_split(np.arange(n), -(-n // _CHUNK))
    ]
    top, scale, plateau, failing_at, best = map(np.concatenate, zip(*parts, strict=True))
    found = {"best": top, "scale": scale, "plateau": plateau, "failing_at": failing_at}
    return functions._replace(**found), best


def rows_of(record: Any, rows: Any) -> Any:
    """Some rows of a record of arrays, such as `Functions` or a `Layout`."""
    return type(record)(*[column[rows] for column in record])


def _scaled(functions: Functions, layout: Layout, snap: Snap) -> tuple[FloatArray, ...]:
    random = np.random.default_rng(0)
    n, size = layout.used.shape
    points = random.random((_RANDOM, size))
    points = np.broadcast_to(points, (n, *points.shape))
    raw = _heights(functions, layout, points, snap)
    # Where next to everything fails, there is nothing to tune: nothing fails.
    lost = np.isneginf(raw).mean(axis=1) > _MOST_FAILING
    functions = functions._replace(failing_at=np.where(lost, np.inf, functions.failing_at))
    raw = np.where(lost[:, None], heights(functions, snap(layout, points)), raw)
    start = np.argsort(-raw, axis=1)[:, :_BEST]
    best = np.take_along_axis(points, start[:, :, None], axis=1)
    height = np.take_along_axis(raw, start, axis=1)
    best, height = _climb(functions, layout, best, height, random, snap)
    top = height.max(axis=1)
    scale = np.maximum(top - _quantile(raw, np.full(n, 0.5)), _LEAST_SCALE)
    unlimited = functions._replace(best=top, scale=scale)
    edge = missing_of(unlimited, _quantile(raw, functions.plateau_share)[:, None])[:, 0]
    plateau = np.where(functions.plateau_share > 0.0, edge, np.inf)
    best = best[np.arange(n), height.argmax(axis=1)]
    return top, scale, np.maximum(plateau, _LEAST_SCALE), functions.failing_at, best


def _heights(functions: Functions, layout: Layout, points: FloatArray, snap: Snap) -> FloatArray:
    """Unscaled heights (n, m); -inf where evaluations fail."""
    moved = snap(layout, points)
    return np.where(failed(functions, moved), -np.inf, heights(functions, moved))


def _quantile(raw: FloatArray, level: FloatArray) -> FloatArray:
    """The quantile (n,) of the finite values of each row."""
    ordered = np.sort(raw, axis=1)
    first = np.isneginf(ordered).sum(axis=1)
    place = first + np.floor(level * (raw.shape[1] - 1 - first)).astype(int)
    return np.take_along_axis(ordered, np.minimum(place, raw.shape[1] - 1)[:, None], axis=1)[:, 0]


def _climb(
    functions: Functions,
    layout: Layout,
    best: FloatArray,
    height: FloatArray,
    random: np.random.Generator,
    snap: Snap,
) -> tuple[FloatArray, FloatArray]:
    """A local search by random steps that shrink, of some coordinates at a time."""
    n, count, size = best.shape
    shape, step = (count, _TRIES, size), _FIRST_STEP
    for _ in range(_ROUNDS):
        moves = step * random.standard_normal(shape)
        moves *= random.random(shape) < random.random((count, _TRIES, 1)) + 1.0 / size
        tries = np.clip(best[:, :, None] + moves, 0.0, 1.0)
        # Choices do not climb by small steps: draw some coordinates anew.
        fresh = (layout.group[:, None, None] > 0) & (random.random(shape) < 0.15)
        tries = np.where(fresh, random.random(shape), tries)
        seen = _heights(functions, layout, tries.reshape(n, -1, size), snap)
        seen = seen.reshape(n, count, _TRIES)
        place = seen.argmax(axis=2)[:, :, None]
        found = np.take_along_axis(seen, place, axis=2)[:, :, 0]
        moved = np.take_along_axis(tries, place[..., None], axis=2)[:, :, 0]
        better = found > height
        best = np.where(better[..., None], moved, best)
        height = np.where(better, found, height)
        step *= _SHRINK
    return best, height
