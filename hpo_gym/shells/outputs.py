"""What one call of a vector environment returns: fresh arrays laid out as Gymnasium asks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
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
    """

    def __init__(self, process: Process, state: Any, count: int) -> None:
        self.observations: NDArray[np.float32] = _XP.pack(process.observation(state, _XP), count)
        """(N, size) in Fortran order, as Gymnasium's own vector environments return them."""
        self.values: dict[str, NDArray[Any]] = {}
        """The infos without their masks, (N,) each."""
        columns = process.info(state, _XP)
        for (name, kind), column in zip(process.info_types.items(), columns, strict=True):
            self.values[name] = np.empty(count, dtype=_DTYPES[kind])
            self.values[name][...] = column

    def infos(self, mask: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """The infos; with a mask, rows outside it are set to 0."""
        if mask is None:
            own_mask = np.ones(len(self.observations), dtype=np.bool_)
        else:
            own_mask = mask.copy()
        infos: dict[str, Any] = {}
        for name, array in self.values.items():
            infos[name] = array if mask is None else np.where(mask, array, np.zeros_like(array))
            infos[f"_{name}"] = own_mask
        return infos

    def row(self, row: int) -> dict[str, Any]:
        """The info of one row, as Python scalars."""
        return {name: array[row].item() for name, array in self.values.items()}
