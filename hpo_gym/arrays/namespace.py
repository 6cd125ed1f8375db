"""What the equations need of an array namespace; see `hpo_gym.arrays`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

Column: TypeAlias = Any
"""A Python number, an ndarray of shape (N,), or a torch tensor."""

Columns: TypeAlias = Any
"""A tuple of columns, or an ndarray of shape (k, N)."""


class Namespace(Protocol):
    """What the equations need beyond the operators of Python."""

    def exp(self, column: Column) -> Column:
        """Exponential."""
        ...

    def log10(self, column: Column) -> Column:
        """Base-10 logarithm."""
        ...

    def cos(self, columns: Columns) -> Columns:
        """The cosine of every column, in one call."""
        ...

    def combine(self, weights: Any, columns: Columns) -> Columns:
        """Sums of the columns, weighted by each row of an array (j, k): j columns."""
        ...

    def ndtr(self, *columns: Column) -> Columns:
        """The normal cumulative distribution function of every column, in one call."""
        ...

    def sqrt(self, column: Column) -> Column:
        """Square root."""
        ...

    def where(self, condition: Column, yes: Column, no: Column) -> Column:
        """``yes`` where the condition holds, else ``no``."""
        ...

    def group(self, columns: Columns) -> Columns:
        """The columns as this namespace handles several fastest."""
        ...

    def select(self, condition: Column, yes: Columns, no: Columns) -> Columns:
        """`where` on as many columns as both tuples have."""
        ...

    def minimum(self, left: Column, right: Column) -> Column:
        """The smaller of the two, row by row."""
        ...

    def maximum(self, left: Column, right: Column) -> Column:
        """The larger of the two, row by row."""
        ...

    def rint(self, column: Column) -> Column:
        """Round half to even, as a float."""
        ...

    def floor(self, column: Column) -> Column:
        """The largest whole number that is not above, as a float."""
        ...

    def counts(self, expected: Column, most: Column) -> Column:
        """The nearest whole number in [0, most].

        A step function has no useful gradient: that of torch tensors passes straight through, as
        if the count were the expected number itself.
        """
        ...

    def take(self, table: Any, index: Column) -> Columns:
        """Columns of a float64 table (L, k) at float-valued row indices: k columns."""
        ...

    def normals(self, uniforms: Columns) -> Columns:
        """Independent standard normals from as many uniforms in [0, 1), an even number."""
        ...

    def alike(self, *values: Any) -> Columns:
        """Numbers of any real type as columns of one shape, floating-point dtype and device."""
        ...

    def nonfinite(self, columns: Columns) -> Column:
        """Whether one of the columns is NaN or infinite, row by row."""
        ...

    def pack(self, groups: Sequence[Columns], rows: int | None = None) -> Any:
        """Groups of columns as one array of observations, (size,) or (rows, size) float32."""
        ...


def is_tensor(value: Any) -> bool:
    """Whether the value is a torch tensor; does not import torch."""
    return type(value).__module__.partition(".")[0] == "torch"
