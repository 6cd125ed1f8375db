"""One row: Python floats in, Python floats out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hpo_gym.arrays.namespace import Columns
from hpo_gym.arrays.normal_cdf import normal_cdf
from hpo_gym.arrays.vectors import Vectors


class Floats:
    """`Namespace` of one row: Python floats in, Python floats out."""

    sqrt = staticmethod(math.sqrt)

    @staticmethod
    def exp(column: float) -> float:
        """Exponential, by NumPy's scalar path: fast, and equal to the array's."""
        return float(np.exp(column))

    @staticmethod
    def log10(column: float) -> float:
        return float(np.log10(column))

    @staticmethod
    def cos(columns: Columns) -> Columns:
        return Vectors.cos(columns).tolist()

    @staticmethod
    def combine(weights: Any, columns: Columns) -> Columns:
        sums = []
        for row in weights.tolist():
            total = 0.0
            for weight, column in zip(row, columns, strict=True):
                total += weight * column
            sums.append(total)
        return sums

    @staticmethod
    def ndtr(*columns: float) -> Columns:
        return [normal_cdf(column) for column in columns]

    @staticmethod
    def where(condition: bool, yes: Any, no: Any) -> Any:
        return yes if condition else no

    @staticmethod
    def group(columns: Columns) -> Columns:
        return tuple(columns)

    @staticmethod
    def select(condition: bool, yes: Columns, no: Columns) -> Columns:
        return yes if condition else no

    @staticmethod
    def minimum(left: float, right: float) -> float:
        return left if left < right else right

    @staticmethod
    def maximum(left: float, right: float) -> float:
        return left if left > right else right

    @staticmethod
    def rint(column: float) -> float:
        return float(round(column))

    @staticmethod
    def floor(column: float) -> float:
        return float(math.floor(column))

    @staticmethod
    def counts(expected: float, most: float) -> float:
        return float(round(min(max(expected, 0.0), most)))

    @staticmethod
    def take(table: Any, index: float) -> Columns:
        return table[int(index)].tolist()

    @staticmethod
    def alike(*values: Any) -> Columns:
        return tuple(map(float, values))

    @staticmethod
    def normals(uniforms: Columns) -> Columns:
        """Normals; all pairs at once, as rows of `Vectors.normals`."""
        pairs = np.array(uniforms).reshape(-1, 2).T
        return [
            float(normal) for pair in zip(*Vectors.normals(pairs), strict=True) for normal in pair
        ]

    @staticmethod
    def nonfinite(columns: Columns) -> bool:
        return not all(map(math.isfinite, columns))

    @staticmethod
    def pack(groups: Sequence[Columns], rows: int | None = None) -> Any:
        """Groups of numbers as one array (size,) float32; the last may be such an array already."""
        ready = isinstance(groups[-1], np.ndarray)
        numbers: list[float] = []
        for group in groups[:-1] if ready else groups:
            numbers += group  # `chain` takes longer
        packed = np.array(numbers, dtype=np.float32)
        return np.concatenate((packed, groups[-1])) if ready else packed
