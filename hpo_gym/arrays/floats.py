"""One row: Python floats in, Python floats out."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np

from hpo_gym.arrays.namespace import Columns
from hpo_gym.arrays.normal_cdf import normal_cdf
from hpo_gym.arrays.vectors import Vectors


class Floats:
    """One row: Python floats in, Python floats out."""

    sqrt = staticmethod(math.sqrt)

    @staticmethod
    def exp(column: float) -> float:
        """Exponential, by NumPy's scalar path: fast, and equal to the array's."""
        return float(np.exp(column))

    @staticmethod
    def log10(column: float) -> float:
        """Base-10 logarithm."""
        return float(np.log10(column))

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
    def floor(column: float) -> float:
        """The largest whole number that is not above."""
        return float(math.floor(column))

    @staticmethod
    def counts(expected: float, most: float) -> float:
        """The nearest whole number in [0, most]."""
        return float(round(min(max(expected, 0.0), most)))

    @staticmethod
    def take(table: Any, index: float) -> Columns:
        """One row of the table."""
        return table[int(index)].tolist()

    @staticmethod
    def alike(*values: Any) -> Columns:
        """Floats."""
        return tuple(map(float, values))

    @staticmethod
    def box_muller(first: float, second: float) -> Columns:
        """Two normals; the one-row case of `Vectors.box_muller`."""
        pair = Vectors.box_muller(np.array([first]), np.array([second]))
        return tuple(float(column[0]) for column in pair)

    @staticmethod
    def isnan(columns: Columns) -> bool:
        """Whether one of the numbers is NaN."""
        return any(column != column for column in columns)

    @staticmethod
    def pack(groups: Iterable[Columns], rows: int | None = None) -> Any:
        """Groups of numbers as one array (size,) float32."""
        return np.array([*chain.from_iterable(groups)], dtype=np.float32)
