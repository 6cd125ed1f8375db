"""Column arithmetic: one set of equations for one row, many rows and torch tensors.

A *column* holds one quantity for every row: a Python ``float`` where there is one row (or where
all rows share the value), an ndarray of shape ``(N,)`` where there are ``N``, or a torch tensor.
Several columns are a tuple, or a block of shape ``(k, N)``, whose rows are columns too.
``+ - * /`` and comparisons are the same on all of them; what differs stands here, behind one small
namespace per kind.

Exponentials and logarithms are taken of several products or lines at once, because one NumPy call
on a block costs less than several. ``np.exp`` and ``np.log10`` give the same bits for one Python
float as in an array (``math.exp`` does not).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce
from itertools import chain
from typing import Any, Protocol, TypeAlias

import numpy as np

from hpo_gym.normal_cdf import normal_cdf, normal_cdf_array

Column: TypeAlias = Any
"""A Python number, an ndarray of shape (N,), or a torch tensor."""

Columns: TypeAlias = Any
"""A tuple of columns, or an ndarray of shape (k, N)."""


class ColumnMath(Protocol):
    """What the equations need beyond the operators of Python."""

    def exp(self, *products: tuple[Column, Column]) -> Columns:
        """``exp(a * b)`` for every pair (a, b)."""
        ...

    def log10(self, *lines: tuple[Column, Column, Column]) -> Columns:
        """``log10(a - b * x)`` for every triple (a, b, x)."""
        ...

    def ndtr(self, *columns: Column) -> Columns:
        """The normal cumulative distribution function of every column."""
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

    def counts(self, expected: Column, most: Column) -> Column:
        """The nearest whole number in [0, most].

        A step function has no useful gradient: that of torch tensors passes straight through, as
        if the count were the expected number itself.
        """
        ...

    def take(self, table: Any, index: Column) -> Columns:
        """Columns of a float64 table (L, k) at float-valued row indices: k columns."""
        ...

    def box_muller(self, first: Column, second: Column) -> Columns:
        """Two independent standard normals from two uniforms in (0, 1]."""
        ...


class ScalarMath:
    """One row: Python floats in, Python floats out."""

    sqrt = staticmethod(math.sqrt)

    @staticmethod
    def exp(*products: tuple[float, float]) -> Columns:
        """Exponentials of products, by NumPy's scalar path: fast, and equal to the array's."""
        return [float(np.exp(a * b)) for a, b in products]

    @staticmethod
    def log10(*lines: tuple[float, float, float]) -> Columns:
        """Base-10 logarithms of lines."""
        return [float(np.log10(a - b * x)) for a, b, x in lines]

    @staticmethod
    def ndtr(*columns: float) -> Columns:
        """Normal cumulative distribution function."""
        return [normal_cdf(column) for column in columns]

    @staticmethod
    def where(condition: bool, yes: Any, no: Any) -> Any:
        """Conditional expression."""
        return yes if condition else no

    @staticmethod
    def group(columns: Columns) -> Columns:
        """A tuple."""
        return tuple(columns)

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
    def counts(expected: float, most: float) -> float:
        """The nearest whole number in [0, most]."""
        return float(round(min(max(expected, 0.0), most)))

    @staticmethod
    def take(table: Any, index: float) -> Columns:
        """One row of the table."""
        return table[int(index)].tolist()

    @staticmethod
    def box_muller(first: float, second: float) -> Columns:
        """Two normals; the one-row case of `ArrayMath.box_muller`."""
        pair = ArrayMath.box_muller(np.array([first]), np.array([second]))
        return tuple(float(column[0]) for column in pair)


def _shape(columns: Iterable[Column]) -> tuple[int, ...]:
    """Shape of the first column among numbers; the columns of an equation have one shape."""
    return next((column.shape for column in columns if isinstance(column, np.ndarray)), ())


class ArrayMath:
    """N rows: float64 arrays of one shape (scalars broadcast)."""

    where = staticmethod(np.where)
    minimum = staticmethod(np.minimum)
    maximum = staticmethod(np.maximum)
    rint = staticmethod(np.rint)
    sqrt = staticmethod(np.sqrt)

    @staticmethod
    def group(columns: Columns) -> Columns:
        """A block (k, N)."""
        return np.stack(columns)

    @staticmethod
    def select(condition: Column, yes: Columns, no: Columns) -> Columns:
        """`np.where`, in one call on blocks; columns that are in both stay shared."""
        if isinstance(yes, np.ndarray) and isinstance(no, np.ndarray):
            return np.where(condition, yes, no)
        return tuple(
            [y if y is n else np.where(condition, y, n) for y, n in zip(yes, no, strict=True)]
        )

    @staticmethod
    def exp(*products: tuple[Column, Column]) -> Columns:
        """Exponentials of products, in one call on a block."""
        block = np.empty((len(products), *_shape(chain.from_iterable(products))))
        for i, (a, b) in enumerate(products):
            np.multiply(a, b, out=block[i, ...])
        return np.exp(block, out=block)

    @staticmethod
    def log10(*lines: tuple[Column, Column, Column]) -> Columns:
        """Base-10 logarithms of lines, in one call on a block."""
        block = np.empty((len(lines), *_shape(chain.from_iterable(lines))))
        for i, (a, b, x) in enumerate(lines):
            row = block[i, ...]
            np.multiply(b, x, out=row)
            np.subtract(a, row, out=row)
        return np.log10(block, out=block)

    @staticmethod
    def ndtr(*columns: Column) -> Columns:
        """Normal cumulative distribution function, in one call on a block."""
        block = np.empty((len(columns), *_shape(columns)))
        for i, column in enumerate(columns):
            block[i, ...] = column
        return normal_cdf_array(block)

    @staticmethod
    def counts(expected: Column, most: Column) -> Column:
        """The nearest whole numbers in [0, most]."""
        whole = np.maximum(expected, 0.0)
        np.minimum(whole, most, out=whole)
        return np.rint(whole, out=whole)

    @staticmethod
    def take(table: Any, index: Column) -> Columns:
        """Table entries at every row's index."""
        return np.take(table, index.astype(np.intp), axis=0, mode="clip").T

    @staticmethod
    def box_muller(first: Column, second: Column) -> Columns:
        """Two independent standard normals from two uniforms in (0, 1] (Box and Muller, 1958).

        Sine and cosine come from the tangent of half the angle, which NumPy has in a fast form.
        """
        radius = np.sqrt(-2.0 * np.log(first))
        tangent = np.tan(np.pi * second)
        square = tangent * tangent
        radius /= 1.0 + square
        return radius * (1.0 - square), radius * (2.0 * tangent)


def _torch_math() -> ColumnMath:
    import torch

    def tensor(value: Column) -> Any:
        # Plain numbers become float64 scalars, which do not promote the tensors they meet.
        return value if torch.is_tensor(value) else torch.as_tensor(value, dtype=torch.float64)

    class TorchMath:
        """Torch tensors: differentiable; scalars broadcast."""

        rint = staticmethod(torch.round)
        sqrt = staticmethod(torch.sqrt)

        @staticmethod
        def where(condition: Column, yes: Column, no: Column) -> Column:
            return torch.where(condition, tensor(yes), tensor(no))

        @staticmethod
        def group(columns: Columns) -> Columns:
            return tuple(columns)

        @classmethod
        def select(cls, condition: Column, yes: Columns, no: Columns) -> Columns:
            return tuple(cls.where(condition, y, n) for y, n in zip(yes, no, strict=True))

        @staticmethod
        def exp(*products: tuple[Column, Column]) -> Columns:
            return tuple(torch.exp(tensor(a * b)) for a, b in products)

        @staticmethod
        def log10(*lines: tuple[Column, Column, Column]) -> Columns:
            return tuple(torch.log10(tensor(a - b * x)) for a, b, x in lines)

        @staticmethod
        def ndtr(*columns: Column) -> Columns:
            # torch.special.ndtr is 0 in the lower tail, where this keeps its relative precision.
            return tuple(
                0.5 * torch.special.erfc(-(0.5**0.5) * tensor(column)) for column in columns
            )

        @classmethod
        def counts(cls, expected: Column, most: Column) -> Column:
            whole = torch.round(cls.minimum(cls.maximum(expected, 0.0), most))
            return expected + (whole - expected).detach()

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


def is_tensor(value: Any) -> bool:
    """Whether the value is a torch tensor; does not import torch."""
    return type(value).__module__.partition(".")[0] == "torch"


def alike_tensors(*values: Any) -> Columns:
    """Tensors of one shape, floating-point dtype and device.

    Args:
        values: Tensors, at least one, and arrays of numbers. The tensors decide on the device and
            the dtype: the one they promote to, or torch's default if that one is an integer type.
    """
    import torch

    given = [value for value in values if is_tensor(value)]
    dtype = reduce(torch.promote_types, [value.dtype for value in given])
    if not dtype.is_floating_point:
        dtype = torch.get_default_dtype()

    def alike(value: Any) -> Any:
        if is_tensor(value):
            return value.to(dtype)
        return torch.tensor(value, dtype=dtype, device=given[0].device)

    tensors = [alike(value) for value in values]
    shape = np.broadcast_shapes(*[tuple(value.shape) for value in tensors])
    return tuple(value.expand(shape) for value in tensors)


def math_of(*values: Any) -> ColumnMath:
    """The namespace that serves these values: torch tensors, else arrays, else Python numbers."""
    if any(map(is_tensor, values)):
        return _torch_math()
    if all(isinstance(value, (int, float)) for value in values):
        return ScalarMath()
    return ArrayMath()
