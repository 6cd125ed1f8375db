"""Random layouts: how many of the coordinates are numbers, integers and choices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng

from .functions import Layout

_PLAIN = 0.4
"""Share of tasks of floats alone."""
_CHOICE, _INTEGER = 0.25, 0.25
_MOST_CHOICES = 5
_MOST_CELLS = 32


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
                cells[row, place] = np.rint(2.0 * (_MOST_CELLS / 2.0) ** number)
            place += 1
    return Layout(cells, group, 1.0 * (np.arange(size) < used[:, None]))
