"""Layouts: which of the coordinates are floats, integers and choices; at random, or of a space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.families.anyspace.functions import Layout
from hpo_gym.parameters import Categorical, Float, Integer, Parameter
from hpo_gym.space import SearchSpace

_PLAIN = 0.4
"""Share of tasks of floats alone."""
_CHOICE, _INTEGER = 0.25, 0.25
_MOST_CHOICES = 5
MOST_CELLS = 32


def draw_layout(keys: NDArray[np.uint64], used: NDArray[np.int64], size: int) -> Layout:
    """Layouts of n tasks.

    Args:
        keys: (n,) uint64.
        used: (n,) coordinates of each task.
        size: Coordinates of all, with padding.
    """
    draws = np.stack(rng.uniforms(keys, 2 * size + 1), axis=1)
    cells, group = np.zeros((len(keys), size)), np.zeros((len(keys), size), dtype=np.int64)
    for row, (plain, *rest) in enumerate(draws.tolist()):
        place, choices = 0, 0
        while place < used[row] and plain >= _PLAIN:
            kind, number = rest[2 * place], rest[2 * place + 1]
            left = int(used[row]) - place
            if kind < _CHOICE and left >= 2:
                width = 2 + int(number * (min(_MOST_CHOICES, left) - 1))
                choices += 1
                group[row, place : place + width] = choices
                place += width
                continue
            if kind > 1.0 - _INTEGER:
                cells[row, place] = np.rint(2.0 * (MOST_CELLS / 2.0) ** number)
            place += 1
    return Layout(cells, group, 1.0 * (np.arange(size) < used[:, None]))


def layout_of(space: SearchSpace) -> Layout:
    """The layout (1, D) of a search space, whose numbers are snapped by the space itself."""
    group = np.zeros((1, space.dimension), dtype=np.int64)
    choices = [name for name, p in space.parameters.items() if isinstance(p, Categorical)]
    for number, name in enumerate(choices, 1):
        group[0, space.slices[name]] = number
    return Layout(np.zeros(group.shape), group, np.ones(group.shape))


def padded_layout(space: SearchSpace, size: int) -> Layout:
    """The layout (1, size) of a task with this search space: the inverse of `space_of`.

    Args:
        space: Of `size` unit coordinates at most.
        size: Coordinates of all, with padding.
    """
    layout = layout_of(space)
    for name, parameter in space.parameters.items():
        if isinstance(parameter, Integer):
            layout.cells[:, space.slices[name]] = parameter.high - parameter.low + 1
    padding = ((0, 0), (0, size - space.dimension))
    return Layout(*[np.pad(column, padding) for column in layout])


def space_of(layout: Layout, task: int) -> SearchSpace:
    """One task of a layout as a search space, whose unit coordinates are the task's first ones.

    Args:
        layout: Of n tasks.
        task: Its row.
    """
    parameters: dict[str, Parameter] = {}
    for place in range(int(layout.used[task].sum())):
        cells, group = int(layout.cells[task, place]), int(layout.group[task, place])
        if group:
            choices = np.flatnonzero(layout.group[task] == group) - place
            if choices[0] == 0:  # its first coordinate
                parameters[f"choice_{group}"] = Categorical(choices.tolist())
        elif cells:
            parameters[f"integer_{place + 1}"] = Integer(1, cells)
        else:
            parameters[f"float_{place + 1}"] = Float(0.0, 1.0)
    return SearchSpace(parameters)
