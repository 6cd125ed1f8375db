"""What the tuner for any space is shown: numbers for every evaluation and every coordinate.

Points are in [0, 1]. Everything is relative to the history itself, so that a score may have any
scale: scores are standardised, configurations are compared with the incumbent, with a point that
fills a gap of the space, and with the guesses of the surrogate model.

`gathered` reads a history in NumPy. `tokens` and `queries` are written for NumPy and torch alike,
since training needs their gradients.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import surrogate

FloatArray = NDArray[np.float64]

TOKEN_SIZE, QUERY_SIZE = 14, 26
_REACH = 0.5
BASES = 2 + surrogate.GUESSES
"""The points that a proposal is mixed from: incumbent, filler, guesses."""


class Coordinates(NamedTuple):
    """What the D coordinates of n tasks are."""

    choice: FloatArray
    """(n, D) for a coordinate of a choice among k: 1 / k; 0 for numbers."""
    width: FloatArray
    """(n, D) for an integer with k cells: 1 / k; 0 for others."""
    together: FloatArray
    """(n, D, D) averages over the coordinates of a choice; over the number itself."""
    parameters: FloatArray
    """(n, 1) number of parameters."""


def coordinates(cells: Any, group: Any) -> Coordinates:
    """Coordinates from the number of cells (n, D) and the number of the choice (n, D), or 0."""
    same = (group[:, :, None] == group[:, None]) & (group[:, :, None] > 0)
    same = same | np.eye(group.shape[1], dtype=bool)
    count = same.sum(axis=2)
    choice = np.where(group > 0, 1.0 / count, 0.0)
    width = np.where(cells > 0, 1.0 / np.maximum(cells, 1.0), 0.0)
    parameters = (1.0 / count).sum(axis=1, keepdims=True)
    return Coordinates(choice, width, same / count[:, :, None], parameters)


class Gathered(NamedTuple):
    """What is known after t >= 1 evaluations, of n tasks."""

    told: NDArray[np.bool_]
    """(n, t) evaluations whose score is known and finite."""
    values: FloatArray
    """(n, t) standardised scores."""
    deviation: FloatArray
    """(n, 1) of the scores."""
    rank: FloatArray
    """(n, t) share of the evaluations that are worse."""
    pending: FloatArray
    """(n, t) 1 for evaluations that are running."""
    failed: FloatArray
    """(n, t) 1 for those that failed."""
    best: NDArray[np.int64]
    """(n,) place of the incumbent."""
    since: FloatArray
    """(n, 1) evaluations since the incumbent."""
    model: surrogate.Model
    guesses: surrogate.Guesses


def snapped(points: FloatArray, kinds: Coordinates) -> FloatArray:
    """Points (n, m, D) as they are evaluated: integers in their cells, choices as 1 and 0."""
    width, choice = kinds.width[:, None], kinds.choice[:, None]
    if width.any():
        whole = np.where(width > 0.0, width, 1.0)
        cell = np.minimum(np.floor(points / whole + 1e-9), np.rint(1.0 / whole) - 1.0)
        points = np.where(width > 0.0, (cell + 0.5) * whole, points)
    if choice.any():
        member = kinds.together[:, None] > 0.0
        largest = np.where(member, points[:, :, None], -1.0).max(axis=3)
        points = np.where(choice > 0.0, points == largest, points)
    return points


def gathered(
    model: surrogate.Model,
    points: FloatArray,
    scores: FloatArray,
    standard: tuple[FloatArray, FloatArray],
    filler: FloatArray,
    kinds: Coordinates,
) -> Gathered:
    """Read histories.

    Args:
        model: The surrogate models after these evaluations.
        points: (n, t, D) evaluated points.
        scores: (n, t) higher is better; NaN while running, -inf if failed.
        standard: The scores, standardised: `standardised(scores)`.
        filler: (n, D) points that fill a gap.
        kinds: The coordinates.
    """
    n, t = scores.shape
    told, (values, deviation) = np.isfinite(scores), standard
    known = np.where(told, scores, -np.inf)
    rank = (known[:, :, None] > known[:, None]).sum(axis=2) / t
    best = known.argmax(axis=1)
    around = points[np.arange(n), best]
    pending, failed = np.isnan(scores).astype(float), np.isneginf(scores).astype(float)
    believed = surrogate.believed(model, points, values, pending)
    guesses = surrogate.guesses(
        model, points, believed, around, filler, lambda moved: snapped(moved, kinds)
    )
    since = (t - 1.0 - best)[:, None]
    return Gathered(told, values, deviation, rank, pending, failed, best, since, model, guesses)


def signed_log(differences: Any, lib: Any) -> Any:
    """Differences in [-1, 1] on a scale on which small ones count."""
    size = lib.log1p(1000.0 * lib.abs(differences))
    return lib.sign(differences) * size / math.log1p(1000.0)


def tokens(
    points: Any, values: Any, seen: Gathered, filler: Any, kinds: Coordinates, lib: Any
) -> Any:
    """(n, t, D, TOKEN_SIZE) features of evaluations.

    Args:
        points: (n, t, D).
        values: (n, t) standardised scores.
        seen: The history, in arrays of the same library as the points.
        filler: (n, D).
        kinds: The coordinates, in the same library.
        lib: NumPy or torch.
    """
    n, t = values.shape
    incumbent = points[lib.arange(n), seen.best]
    away = points - incumbent[:, None]
    gap = values[lib.arange(n), seen.best][:, None] - values
    gap = lib.log1p(4.0 * gap * (gap > 0.0))
    nothing, number = lib.zeros_like(values), lib.arange(1, t + 1, dtype=values.dtype)
    is_best, age = nothing + (number == seen.best[:, None] + 1), nothing + number / t
    of_evaluation = lib.stack(
        [values.clip(-4.0, 4.0), gap, seen.rank, is_best, age, seen.pending, seen.failed], -1
    )
    zeros = lib.zeros_like(points)
    of_coordinate = lib.stack(
        [
            2.0 * points - 1.0,
            away,
            signed_log(away, lib),
            lib.abs(away),
            points - filler[:, None],
            zeros + kinds.choice[:, None],
            zeros + kinds.width[:, None],
        ],
        -1,
    )
    return lib.concatenate([of_coordinate, of_evaluation[:, :, None] + zeros[..., None]], -1)


class Query(NamedTuple):
    """What a proposal is made of."""

    features: Any
    """(n, D, QUERY_SIZE)"""
    bases: Any
    """(n, D, BASES) the points that it is mixed from."""
    reach: Any
    """(n, D) scale of the offset."""


def queries(
    points: Any, seen: Gathered | None, filler: Any, kinds: Coordinates, budget: int, lib: Any
) -> Query:
    """Features of the next proposal; arguments as in `tokens`, `seen` is None at the start."""
    n, size = filler.shape
    zeros = lib.zeros_like(filler)
    middle, t = zeros + 0.5, points.shape[1]
    facts = [
        zeros + t / budget,
        zeros + math.log(budget) / math.log(64.0),
        zeros + math.log(max(budget - t, 1)) / math.log(64.0),
        zeros + math.log(size) / math.log(20.0),
        zeros + kinds.parameters / 10.0,
        zeros + kinds.choice,
        zeros + kinds.width,
        2.0 * filler - 1.0,
    ]
    if seen is None:
        bases = lib.stack([middle, *[filler] * (BASES - 1)], -1)
        rest = [zeros] * (QUERY_SIZE - len(facts) - 1)
        return Query(lib.stack([*facts, zeros + 1.0, *rest], -1), bases, zeros + _REACH)
    incumbent = points[lib.arange(n), seen.best]
    guesses, model = seen.guesses, seen.model
    shares = [
        seen.pending.sum(1)[:, None] / t,
        seen.failed.sum(1)[:, None] / t,
        seen.since / budget,
    ]
    bases = [incumbent, filler, *[guesses.points[:, i] for i in range(surrogate.GUESSES)]]
    away = lib.stack([points[:, -1], *bases[2:]], 1) - incumbent[:, None]
    fine, gains = signed_log(away, lib), lib.log(guesses.gains + 1e-6) / 5.0
    facts += [
        zeros,
        2.0 * incumbent - 1.0,
        2.0 * points[:, -1] - 1.0,
        filler - incumbent,
        fine[:, 0],
        *[zeros + share for share in shares],
        zeros + 0.1 * model.log[:, -1:],
        0.3 * model.log[:, :-1],
    ]
    for i in range(surrogate.GUESSES):
        of_guess = [zeros + gains[:, i : i + 1], zeros + guesses.spread[:, i : i + 1]]
        facts += [away[:, 1 + i], fine[:, 1 + i], *of_guess]
    reach = zeros + _REACH * guesses.spread[:, :1].clip(0.0, 1.0)
    return Query(lib.stack(facts, -1), lib.stack(bases, -1), reach)
