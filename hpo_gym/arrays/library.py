"""NumPy or torch itself, for equations on whole arrays: most of their functions share their names.

Where columns are few and many functions are applied to all of them, an array (N, D) is faster than
D columns, and clearer; see `hpo_gym.arrays.namespace` for columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.arrays.namespace import Columns, is_tensor


def library_of(array: Any) -> Any:
    """The torch library for tensors, else NumPy."""
    if is_tensor(array):
        import torch

        return torch
    return np


def like(values: Any, array: Any) -> Any:
    """NumPy's values as a tensor of the array's dtype and device if it is one, else as they are."""
    return library_of(array).as_tensor(values).to(array) if is_tensor(array) else values


def side_by_side(columns: Columns) -> Any:
    """Columns as an array (N, D); (1, D) of Python floats."""
    if is_tensor(columns[0]):
        return library_of(columns[0]).stack(list(columns), dim=-1)
    return np.stack(columns, axis=-1).reshape(-1, len(columns))


def column_of(array: Any, example: Any) -> Any:
    """An array (N,) as a column like the example: a number if that is a Python float."""
    return array.item() if isinstance(example, float) else array
