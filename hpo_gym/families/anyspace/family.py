"""The family of random functions: of a drawn number of parameters of drawn kinds, or of one space.

With `max_parameters`, the space has so many floats in [0, 1], and every task its own reading of
them: it uses the first one to `max_parameters` of these coordinates, 40 % of the tasks as floats
alone, the others as floats, integers of 2 to 32 cells and choices among 2 to 5, which take as many
coordinates, one for each choice, of which the largest wins. A task says so itself, in the `context`
that observations begin with: for every coordinate

    used      1 if the task uses it, else 0
    cells     log2(number of cells) / 5 of an integer, 0 of anything else
    choice    the number of the choice that it belongs to, over the largest possible; 0 of a number

With `space`, every task is a function of that space, and there is nothing to say.

The functions are those of `hpo_gym.families.anyspace.functions`, on the scale of
`hpo_gym.families.relative`. A function is searched for its best point when it is first asked for,
which takes some milliseconds; what the search missed is cut off, so that this optimum is exact (see
`hpo_gym.families.anyspace.scaling`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Namespace, Vectors
from hpo_gym.arrays.library import column_of, like, side_by_side
from hpo_gym.arrays.namespace import is_tensor
from hpo_gym.families.anyspace import functions
from hpo_gym.families.anyspace.functions import Layout
from hpo_gym.families.anyspace.layouts import (
    MOST_CELLS,
    draw_layout,
    layout_of,
    padded_layout,
    space_of,
)
from hpo_gym.families.anyspace.tables import Drawn, Table
from hpo_gym.families.optima import FloatArray, Optima
from hpo_gym.families.own_spaces import OwnSpaces
from hpo_gym.families.relative import BEST, MEDIAN, RelativeFamily, inside
from hpo_gym.parameters import Float
from hpo_gym.space import MOST_PARAMETERS, SearchSpace

_XP = Vectors()
_LAYOUT, _COUNT = 2**32, 2**32 + 1
"""Streams of a task's key, beside those of its function."""


class AnySpaceFamily(OwnSpaces, RelativeFamily):
    """Random functions, as the module's text says; every task has its own noise, and may fail.

    A task's parameters are its key, in two halves: a float holds 53 bits. All else follows from it.

    Args:
        max_parameters: Number of floats of the space; 8 by default.
        space: The search space of all tasks instead, or its description.

    Raises:
        ValueError: The number is out of bounds, the space is none, or both are given.
    """

    name = "anyspace"
    noise = None
    draws = 2
    may_fail = True
    parameter_names = ("key_high", "key_low")

    def __init__(
        self,
        max_parameters: int | None = None,
        space: SearchSpace | Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        if space is not None and max_parameters is not None:
            raise ValueError(
                f"max_parameters = {max_parameters!r} and space = {space!r}: give one of them"
            )
        self.max_parameters: int | None = None
        if space is not None:
            if not isinstance(space, SearchSpace):
                space = SearchSpace.from_description(space)
            self.space = space
            return
        count = 8 if max_parameters is None else max_parameters
        whole = isinstance(count, int) and not isinstance(count, bool)
        if not whole or not 1 <= count <= MOST_PARAMETERS:
            raise ValueError(
                f"max_parameters = {count!r} must be a whole number in [1, {MOST_PARAMETERS}]"
            )
        self.max_parameters = count
        places = range(1, count + 1)
        self.space = SearchSpace({f"x{place}": Float(0.0, 1.0) for place in places})
        self.context = tuple(f"{kind}_{i}" for kind in ("used", "cells", "choice") for i in places)

    def describe(self) -> dict[str, Any]:
        """Name, version, and what the family was built with."""
        if self.max_parameters is None:
            return super().describe() | {"space": self.space.describe()}
        return super().describe() | {"max_parameters": self.max_parameters}

    def task_space(self, split: str, task: int) -> SearchSpace:
        """The search space of one task: its unit coordinates are the first of the family's."""
        if self.max_parameters is None:
            return self.space
        return space_of(self._drawn(self.sample(split, task), 1).layout, 0)

    def context_for(self, space: SearchSpace) -> Columns:
        """What a task of this search space says about itself, see the module."""
        most, count = self.space.dimension, space.dimension
        least = most if self.max_parameters is None else 1
        if not least <= count <= most:
            raise ValueError(
                f"the space {list(space.names)} has {count} unit coordinates: tasks of this family "
                f"have [{least}, {most}]"
            )
        if self.max_parameters is None:
            return ()
        return tuple(self._context(padded_layout(space, most))[0].tolist())

    def draw(self, split: str, keys: NDArray[np.uint64]) -> dict[str, FloatArray]:
        """The keys themselves."""
        halves = keys >> np.uint64(32), keys & np.uint64(2**32 - 1)
        return {
            name: half.astype(np.float64)
            for name, half in zip(self.parameter_names, halves, strict=True)
        }

    def _drawn(self, parameters: Any, rows: int) -> Drawn:
        """The tasks of so many rows."""
        halves = [vars(parameters)[name] for name in self.parameter_names]
        high, low = (
            np.asarray(half.cpu() if is_tensor(half) else half).astype(np.uint64) for half in halves
        )
        keys = np.broadcast_to(high << np.uint64(32) | low, (rows,))
        return _table(self.max_parameters, self.space).tasks(keys)

    def height(self, parameters: Any, scaled: Columns, xp: Namespace) -> Column:
        """Heights; NaN where an evaluation fails."""
        columns = xp.alike(*scaled)
        if self.max_parameters is None:
            columns = [0.5 * (unit + 1.0) for unit in self.space.position(columns)]
        points = side_by_side(columns)[:, None]
        drawn = self._drawn(parameters, len(points))
        curves, layout = _like(drawn.functions, points), _like(drawn.layout, points)
        if self.max_parameters is not None:
            points = functions.snapped(layout, points)
        height = column_of(functions.values(curves, points)[:, 0], columns[0])
        failed = column_of(functions.failed(curves, points)[:, 0], columns[0])
        return xp.where(failed, np.nan, height)

    def observe(
        self, parameters: Any, metrics: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> Columns:
        """Normal noise on the value, clipped to [0, 1]; its deviation is the task's, or given."""
        (value,) = metrics
        normal, _ = rng.normals_from(draws, xp)
        deviation: Any = noise
        if noise is None:
            drawn = self._drawn(parameters, 1 if isinstance(value, float) else len(value))
            own = like((BEST - MEDIAN) * drawn.functions.noise, value)
            deviation = column_of(own, value)
        return (inside(value + deviation * normal, xp),)

    def context_of(self, parameters: Any, xp: Namespace) -> Columns:
        """What the coordinates of tasks are, see the module; nothing if the space is given."""
        if self.max_parameters is None:
            return ()
        one = np.ndim(parameters.key_high) == 0
        rows = 1 if one else len(parameters.key_high)
        columns = self._context(self._drawn(parameters, rows).layout)
        return tuple(columns[0].tolist()) if one else tuple(np.ascontiguousarray(columns.T))

    def _context(self, layout: Layout) -> FloatArray:
        """(n, 3 D) what layouts say; more cells than any task has look like the most of them."""
        cells = np.log2(np.clip(layout.cells, 1.0, MOST_CELLS)) / np.log2(MOST_CELLS)
        choice = layout.group / max(self.space.dimension // 2, 1)
        return np.concatenate([layout.used, cells, choice], axis=1)

    def solve(self, parameters: Any, metric: str) -> Optima:
        """The best points that the search found."""
        best = self._drawn(parameters, np.size(parameters.key_high)).best
        scaled = self.space.scaled(2.0 * best.T - 1.0, _XP)
        return Optima(scaled, self.true_score(parameters, scaled, metric, _XP))

    def best(self, split: str, index: Column, metric: str) -> tuple[Any, Column]:
        """As `HashedBank.best`, but nothing is solved for that is not asked for."""
        parameters = self.sample(split, np.atleast_1d(index))
        optima = self.solve(parameters, metric)
        if np.ndim(index):
            return optima.scaled, optima.score
        return optima.scaled[:, 0], float(optima.score[0])


def _like(record: Any, array: Any) -> Any:
    """Functions or a layout as tensors if the array is one."""
    return type(record)(*[like(column, array) for column in record])


@lru_cache(maxsize=64)
def _table(max_parameters: int | None, space: SearchSpace) -> Table:
    """The tasks of all families that were built alike."""
    if max_parameters is None:
        given = layout_of(space)

        def of_space(keys: NDArray[np.uint64]) -> Layout:
            return Layout(*[np.repeat(column, len(keys), axis=0) for column in given])

        def snap(_: Layout, points: FloatArray) -> FloatArray:
            unit = tuple(2.0 * np.moveaxis(points, -1, 0) - 1.0)
            moved = space.position(space.scaled(unit, _XP))
            return 0.5 * (np.stack(moved, axis=-1) + 1.0)

        return Table(of_space, snap)

    def drawn(keys: NDArray[np.uint64]) -> Layout:
        (count,) = rng.uniforms(rng.derive(keys, _COUNT), 1)
        used = 1 + (count * max_parameters).astype(np.int64)
        return draw_layout(rng.derive(keys, _LAYOUT), used, max_parameters)

    return Table(drawn, functions.snapped)
