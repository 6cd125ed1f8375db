"""N rows: NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from hpo_gym.arrays.namespace import Column, Columns
from hpo_gym.arrays.normal_cdf import normal_cdf_array


def _contiguous(column: Column) -> Any:
    # With strides, NumPy may take another path, whose last bit can differ.
    return np.asarray(column, order="C")


class Vectors:
    """`Namespace` of N rows: float64 arrays of one shape (scalars broadcast)."""

    where = staticmethod(np.where)
    minimum = staticmethod(np.minimum)
    maximum = staticmethod(np.maximum)
    rint = staticmethod(np.rint)
    floor = staticmethod(np.floor)
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
    def exp(column: Column) -> Column:
        return np.exp(_contiguous(column))

    @staticmethod
    def log10(column: Column) -> Column:
        return np.log10(_contiguous(column))

    @staticmethod
    def cos(columns: Columns) -> Columns:
        """By the tangent of half the angle, which NumPy has in a fast form."""
        block = np.stack(columns)
        block *= 0.5
        np.tan(block, out=block)
        block *= block
        block += 1.0
        np.divide(2.0, block, out=block)
        block -= 1.0
        return block

    @staticmethod
    def combine(weights: Any, columns: Columns) -> Columns:
        # Term by term: a product of matrices would add them in an order that depends on N.
        shape = np.broadcast_shapes(*[np.shape(column) for column in columns])
        sums, term = np.zeros((len(weights), *shape)), np.empty(shape)
        for total, row in zip(sums, weights.tolist(), strict=True):
            for weight, column in zip(row, columns, strict=True):
                np.multiply(column, weight, out=term)
                total += term
        return sums

    @staticmethod
    def ndtr(*columns: Column) -> Columns:
        shape = next((column.shape for column in columns if isinstance(column, np.ndarray)), ())
        block = np.empty((len(columns), *shape))
        for i, column in enumerate(columns):
            block[i, ...] = column
        return normal_cdf_array(block)

    @staticmethod
    def counts(expected: Column, most: Column) -> Column:
        whole = np.maximum(expected, 0.0)
        np.minimum(whole, most, out=whole)
        return np.rint(whole, out=whole)

    @staticmethod
    def take(table: Any, index: Column) -> Columns:
        return np.take(table, index.astype(np.intp), axis=0, mode="clip").T

    @staticmethod
    def alike(*values: Any) -> Columns:
        return np.broadcast_arrays(*[np.asarray(value, dtype=np.float64) for value in values])

    @staticmethod
    def normals(uniforms: Columns) -> Columns:
        """Normals, made of pairs of uniforms (Box and Muller, 1958).

        Sine and cosine come from the tangent of half the angle, which NumPy has in a fast form.
        """
        normals: list[Column] = []
        for first, second in zip(uniforms[::2], uniforms[1::2], strict=True):
            radius = np.sqrt(-2.0 * np.log(1.0 - first))
            tangent = np.tan(np.pi * second)
            square = tangent * tangent
            radius /= 1.0 + square
            normals += radius * (1.0 - square), radius * (2.0 * tangent)
        return normals

    @staticmethod
    def nonfinite(columns: Columns) -> Column:
        return ~reduce(np.logical_and, [np.isfinite(column) for column in columns])

    @staticmethod
    def pack(groups: Sequence[Columns], rows: int | None = None) -> Any:
        """Groups of columns as an array (rows, size) float32, in Fortran order."""
        if rows is None:
            (rows,) = np.broadcast_shapes((1,), *[np.shape(c) for group in groups for c in group])
        block = np.empty((sum(map(len, groups)), rows), dtype=np.float32)
        start = 0
        for group in groups:
            part = block[start : start + len(group)]
            start += len(group)
            if isinstance(group, np.ndarray):
                part[...] = group
            else:
                for row, column in zip(part, group, strict=True):
                    row[...] = column
        return block.T
