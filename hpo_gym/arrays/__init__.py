"""Array namespaces: one set of equations for one row, many rows and torch tensors.

A *column* holds one quantity for every row: a Python ``float`` where there is one row (or where
all rows share the value), an ndarray of shape ``(N,)`` where there are ``N``, or a torch tensor.
Several columns are a tuple, or a block of shape ``(k, N)``, whose rows are columns too.
``+ - * /`` and comparisons are the same on all of them; what differs stands behind one small
namespace per kind, called ``xp`` where it is passed: `hpo_gym.arrays.floats`,
`hpo_gym.arrays.vectors` and `hpo_gym.arrays.tensors`.

``np.exp`` and ``np.log10`` give the same bits for one Python float as in a contiguous array
(``math.exp`` does not).
"""

from __future__ import annotations

from typing import Any

from hpo_gym.arrays.floats import Floats
from hpo_gym.arrays.namespace import Column, Columns, Namespace, is_tensor
from hpo_gym.arrays.struct import Struct
from hpo_gym.arrays.vectors import Vectors


def namespace_of(*values: Any) -> Namespace:
    """The namespace that serves these values: torch tensors, else arrays, else Python numbers."""
    if any(map(is_tensor, values)):
        from hpo_gym.arrays.tensors import Tensors  # torch is an extra

        return Tensors()
    if all(isinstance(value, (int, float)) for value in values):
        return Floats()
    return Vectors()


__all__ = [
    "Column",
    "Columns",
    "Floats",
    "Namespace",
    "Struct",
    "Vectors",
    "is_tensor",
    "namespace_of",
]
