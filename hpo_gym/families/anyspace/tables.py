"""The functions of tasks by their keys, each drawn and scaled once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.families.anyspace.functions import Functions, Layout, draw
from hpo_gym.families.anyspace.scaling import Snap, scaled


class Drawn(NamedTuple):
    """n tasks."""

    functions: Functions
    layout: Layout
    best: NDArray[np.float64]
    """(n, D) their best points, in [0, 1]."""


class Table:
    """Tasks by their keys; may be used by several threads.

    Args:
        layouts: From keys (n,) uint64 to the layouts of these tasks.
        snap: Moves points to where they are evaluated.
    """

    def __init__(self, layouts: Callable[[NDArray[np.uint64]], Layout], snap: Snap) -> None:
        self._layouts, self._snap = layouts, snap
        self._places: dict[int, int] = {}
        self._columns: list[Any] = []
        self._last: tuple[bytes, Drawn] | None = None
        self._lock = Lock()

    def tasks(self, keys: NDArray[np.uint64]) -> Drawn:
        """The tasks with these keys, (n,), not to be changed; milliseconds for each new one."""
        with self._lock:
            name = keys.tobytes()
            if self._last is None or self._last[0] != name:  # most calls are about the same rows
                self._last = name, self._gathered(keys.tolist())
            return self._last[1]

    def _gathered(self, keys: list[int]) -> Drawn:
        new = [key for key in dict.fromkeys(keys) if key not in self._places]
        if new:
            self._add(new)
        places = [self._places[key] for key in keys]
        columns = iter([column[places] for column in self._columns])
        functions = Functions(*[next(columns) for _ in Functions._fields])
        layout = Layout(*[next(columns) for _ in Layout._fields])
        return Drawn(functions, layout, next(columns))

    def _add(self, new: list[int]) -> None:
        keys = np.array(new, dtype=np.uint64)
        layout = self._layouts(keys)
        functions, best = scaled(draw(keys, layout), layout, self._snap)
        columns = [*functions, *layout, best]
        if self._columns:
            pairs = zip(self._columns, columns, strict=True)
            columns = [np.concatenate(pair) for pair in pairs]
        self._columns = columns
        self._places |= {key: len(self._places) + i for i, key in enumerate(new)}
