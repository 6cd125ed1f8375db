"""What one call of a vector environment returns: fresh arrays laid out as Gymnasium asks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Vectors
from hpo_gym.shells.process import Process

_XP = Vectors()
_DTYPES = {int: np.int64, float: np.float64, bool: np.bool_}


class Outputs:
    """The observations and infos of a state; every array is fresh.

    The masks ``_key`` of the infos are one array: all keys are known for the same rows.

    Args:
        process: The process.
        state: The state to show.
        count: Number of rows N.
        shown: Names of the infos that are shown.
    """

    def __init__(self, process: Process, state: Any, count: int, shown: Sequence[str]) -> None:
        self.observations: NDArray[np.float32] = _XP.pack(process.observation(state, _XP), count)
        """(N, size) in Fortran order, as Gymnasium's own vector environments return them."""
        self._types, self._state, self._info = process.info_types, state, process.info
        self._values: dict[str, NDArray[Any]] = {}
        for name in shown:
            self._values[name] = np.empty(count, dtype=_DTYPES[self._types[name]])
            self._values[name][...] = self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, Column]:
        """All infos, computed if somebody looks at one."""
        return dict(zip(self._types, self._info(self._state, _XP), strict=True))

    def infos(self, mask: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """The infos; with a mask, rows outside it are set to 0."""
        if mask is None:
            own_mask = np.ones(len(self.observations), dtype=np.bool_)
        else:
            own_mask = mask.copy()
        infos: dict[str, Any] = {}
        for name, array in self._values.items():
            infos[name] = array if mask is None else np.where(mask, array, np.zeros_like(array))
            infos[f"_{name}"] = own_mask
        return infos

    def row(self, row: int) -> dict[str, Any]:
        """The whole info of one row, as Python scalars."""
        rows = len(self.observations)
        return {
            name: kind(np.broadcast_to(self._columns[name], rows)[row])
            for name, kind in self._types.items()
        }
