"""Column arithmetic: one set of equations for one row, many rows and torch tensors.

A *column* holds one quantity for every row: a Python ``float`` where there is one row (or where all
rows share the value), an ndarray of shape ``(N,)`` where there are ``N``, or a torch tensor. ``+ - * /`` and comparisons
are the same on all three; what differs stands here, behind one small namespace per kind.

Transcendental functions take several columns and return as many, because in NumPy one call on a
stacked array costs less than several calls, and because ``np.exp`` and ``np.log10`` then give the
same bits for one row as for a million (``math.exp`` does not).
"""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np

Column: TypeAlias = Any
"""A Python number, an ndarray of shape (N,), or a torch tensor."""

Columns: TypeAlias = tuple[Column, ...]


class ColumnMath(Protocol):
    """What the equations need beyond the operators of Python."""

    def exp(self, *columns: Column) -> Columns:
        """Exponentials of the columns."""
        ...

    def log10(self, *columns: Column) -> Columns:
        """Base-10 logarithms of the columns."""
        ...

    def where(self, condition: Column, yes: Column, no: Column) -> Column:
        """``yes`` where the condition holds, else ``no``."""
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

    def take(self, table: Any, index: Column) -> Columns:
        """Columns of a float64 table (L, k) at float-valued row indices: k columns."""
        ...

    def box_muller(self, first: Column, second: Column) -> Columns:
        """Two independent standard normals from two uniforms in (0, 1]."""
        ...


def times(factor: Column, column: Column) -> Column:
    """``factor * column``, without the work where the factor is the number 1."""
    return column if type(factor) is float and factor == 1.0 else factor * column


class ScalarMath:
    """One row: Python floats in, Python floats out."""

    @staticmethod
    def exp(*columns: float) -> Columns:
        """Exponentials, in one NumPy call."""
        return np.exp(np.array(columns)).tolist()  # type: ignore[no-any-return]

    @staticmethod
    def log10(*columns: float) -> Columns:
        """Base-10 logarithms, in one NumPy call."""
        return np.log10(np.array(columns)).tolist()  # type: ignore[no-any-return]

    @staticmethod
    def where(condition: bool, yes: Any, no: Any) -> Any:
        """Conditional expression."""
        return yes if condition else no

    @staticmethod
    def select(condition: bool, yes: Columns, no: Columns) -> Columns:
        """Conditional expression."""
        return yes if condition else no

    @staticmethod
    def minimum(left: float, right: float) -> float:
        """Smaller value."""
        return left if left < right else right

    @staticmethod
    def maximum(left: float, right: float) -> float:
        """Larger value."""
        return left if left > right else right

    @staticmethod
    def rint(column: float) -> float:
        """Round half to even."""
        return float(round(column))

    @staticmethod
    def take(table: Any, index: float) -> Columns:
        """One row of the table."""
        return table[int(index)].tolist()  # type: ignore[no-any-return]

    @staticmethod
    def box_muller(first: float, second: float) -> Columns:
        """Two normals; the one-row case of `ArrayMath.box_muller`."""
        pair = ArrayMath.box_muller(np.array([first]), np.array([second]))
        return tuple(float(column[0]) for column in pair)


class ArrayMath:
    """N rows: float64 arrays of one shape (scalars broadcast)."""

    where = staticmethod(np.where)
    minimum = staticmethod(np.minimum)
    maximum = staticmethod(np.maximum)
    rint = staticmethod(np.rint)

    @staticmethod
    def select(condition: Column, yes: Columns, no: Columns) -> Columns:
        """`np.where`, column by column, once for a pair of columns that stands there twice."""
        done: dict[tuple[int, int], Any] = {}
        for y, n in zip(yes, no, strict=True):
            pair = id(y), id(n)
            if pair not in done:
                done[pair] = y if y is n else np.where(condition, y, n)
        return tuple([done[id(y), id(n)] for y, n in zip(yes, no, strict=True)])

    @staticmethod
    def _stack(columns: Columns) -> Any:
        shape = np.broadcast_shapes(*[np.shape(column) for column in columns])
        block = np.empty((len(columns), *shape))
        for row, column in zip(block, columns, strict=True):
            row[...] = column
        return block

    @classmethod
    def exp(cls, *columns: Column) -> Columns:
        """Exponentials, in one call on the stacked columns."""
        if len(columns) == 1:
            return (np.exp(columns[0]),)
        block = cls._stack(columns)
        return tuple(np.exp(block, out=block))

    @classmethod
    def log10(cls, *columns: Column) -> Columns:
        """Base-10 logarithms, in one call on the stacked columns."""
        if len(columns) == 1:
            return (np.log10(columns[0]),)
        block = cls._stack(columns)
        return tuple(np.log10(block, out=block))

    @staticmethod
    def take(table: Any, index: Column) -> Columns:
        """Table entries at every row's index."""
        entries = np.take(table, index.astype(np.intp), axis=0, mode="clip")
        return tuple(entries.T)

    @staticmethod
    def box_muller(first: Column, second: Column) -> Columns:
        """Two independent standard normals from two uniforms in (0, 1] (Box and Muller, 1958)."""
        radius = np.sqrt(-2.0 * np.log(first))
        angle = (2.0 * np.pi) * second
        return radius * np.cos(angle), radius * np.sin(angle)


def _torch_math() -> ColumnMath:
    import torch

    def tensor(value: Column) -> Any:
        # Plain numbers become float64 scalars, which do not promote the tensors they meet.
        return value if torch.is_tensor(value) else torch.as_tensor(value, dtype=torch.float64)

    class TorchMath:
        """Torch tensors: differentiable; scalars broadcast."""

        rint = staticmethod(torch.round)

        @staticmethod
        def where(condition: Column, yes: Column, no: Column) -> Column:
            return torch.where(condition, tensor(yes), tensor(no))

        @classmethod
        def select(cls, condition: Column, yes: Columns, no: Columns) -> Columns:
            return tuple(cls.where(condition, y, n) for y, n in zip(yes, no, strict=True))

        @staticmethod
        def exp(*columns: Column) -> Columns:
            return tuple(torch.exp(tensor(column)) for column in columns)

        @staticmethod
        def log10(*columns: Column) -> Columns:
            return tuple(torch.log10(tensor(column)) for column in columns)

        @staticmethod
        def minimum(left: Column, right: Column) -> Column:
            return torch.clamp(tensor(left), max=right)

        @staticmethod
        def maximum(left: Column, right: Column) -> Column:
            return torch.clamp(tensor(left), min=right)

        @staticmethod
        def take(table: Any, index: Column) -> Columns:
            return tuple(torch.as_tensor(table)[index.long()].T)

        @staticmethod
        def box_muller(first: Column, second: Column) -> Columns:
            radius = torch.sqrt(-2.0 * torch.log(first))
            angle = (2.0 * torch.pi) * second
            return radius * torch.cos(angle), radius * torch.sin(angle)

    return TorchMath()


def math_of(*values: Any) -> ColumnMath:
    """The namespace that serves these values: torch tensors, else arrays, else Python numbers."""
    if any(type(value).__module__.partition(".")[0] == "torch" for value in values):
        return _torch_math()
    if all(isinstance(value, (int, float)) for value in values):
        return ScalarMath()
    return ArrayMath()
