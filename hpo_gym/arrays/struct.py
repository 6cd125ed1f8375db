"""Named columns: the parameters of one task or of many."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from hpo_gym.arrays.namespace import Column


class Struct(SimpleNamespace):
    """Columns by name: arrays or tensors whose last axis are the rows, or numbers.

    A number is that of one row, or what all rows share.

    Example:
        >>> tasks = Struct(slope=np.array([1.0, 2.0, 3.0]))
        >>> tasks.take([0, 2]).slope.tolist(), tasks.row(1), tasks.row(1).expand(2)
        ([1.0, 3.0], Struct(slope=2.0), Struct(slope=array([2., 2.])))
    """

    def take(self, rows: Any) -> Struct:
        """The columns at an index array, a mask or a slice."""
        columns = vars(self).items()
        return Struct(**{name: c[..., rows] if np.ndim(c) else c for name, c in columns})

    def row(self, index: int) -> Struct:
        """One row, as Python numbers."""
        columns = vars(self).items()
        return Struct(**{name: c[index].item() if np.ndim(c) else c for name, c in columns})

    def expand(self, rows: int) -> Struct:
        """Columns (rows,) float64 of one row's numbers."""
        return Struct(**{name: np.full(rows, value) for name, value in vars(self).items()})

    def replace(self, **columns: Column) -> Struct:
        """The same with other columns for some names, or with more."""
        return Struct(**{**vars(self), **columns})
