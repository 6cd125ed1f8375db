"""The kinds of parameters of a search space, with bounds as a user reads them.

A parameter has *unit* coordinates in [-1, 1] (one for a number, k for a choice among k), a *scaled*
value (log10 of a number on a log axis, a whole number for an integer, the index of a choice) and a
*natural* value, which a user reads; see `hpo_gym.space`.

With x = (u + 1) / 2 for the unit coordinate u, low and high on the scaled axis:

    float               low + (high - low) x
    integer             floor(low + (high - low + 1) x), at most high: cells of equal width
    integer, log        the nearest whole number on the log axis to the float there
    integer, nearest    low + (high - low) x, rounded half to even
    choice among k      the largest of its k coordinates, the first of equals
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, isfinite, nan
from numbers import Real
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Columns, Namespace

FloatArray = NDArray[np.float64]

LARGEST_INTEGER = 2**40
"""Up to here whole numbers survive the way through unit coordinates and logarithms."""

_LN10 = float(np.log(10.0))
# Bounds such as 10**0.8 are not exact in binary, let alone in float32: accept what a user would
# call equal. It is clipped to the bound.
_TOLERANCE = 1e-6


Choice: TypeAlias = str | int | float | bool | None


def plain(value: Any) -> Any:
    """The value, a number of NumPy as one of Python: JSON knows no others."""
    return value.item() if isinstance(value, np.generic) else value


def finite_number(name: str, value: Any, where: str = "") -> float:
    """The value as a float; ``where`` goes on with the error's sentence.

    Raises:
        ValueError: It is not a finite real number.
    """
    real = isinstance(value, Real) and not isinstance(value, bool)
    try:
        number = float(value) if real else nan
    except OverflowError:
        number = inf if value > 0 else -inf
    if not isfinite(number):
        shown = number if real else value  # inf, not hundreds of digits
        raise ValueError(f"{name} = {shown!r} must be a finite number{where}")
    return number


@dataclass(frozen=True)
class _Number:
    """What floats and integers share; one unit coordinate."""

    low: float
    high: float
    log: bool = False

    coordinates: ClassVar[int] = 1
    dtype: ClassVar[type[float]] = float
    """Type of natural values, in columns and in configurations."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            about = f"{type(self).__name__}: {name}"
            if name in ("low", "high"):
                finite_number(about, value)
            elif not isinstance(value, bool):
                raise ValueError(f"{about} = {value!r} must be True or False")
        self._check_bounds()
        for name in ("low", "high"):  # the only way to convert a field of a frozen dataclass
            object.__setattr__(self, name, self.dtype(getattr(self, name)))
        low, high = self.scaled_bounds
        if not low < high:
            raise ValueError(f"{self!r}: the bounds are too close to each other")

    def _check_bounds(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"{self!r}: the bounds must have low < high")
        if self.log and self.low <= 0:
            raise ValueError(
                f"{self!r}: log=True needs low > 0, got low = {self.low!r}: give natural bounds "
                "such as 1e-4, not exponents"
            )
        if not isfinite(float(self.high) - float(self.low)):
            raise ValueError(f"{self!r}: high - low must be finite; choose narrower bounds")

    @cached_property
    def scaled_bounds(self) -> tuple[float, float]:
        """Lowest and highest scaled value."""
        if self.log:
            return float(np.log10(self.low)), float(np.log10(self.high))
        return float(self.low), float(self.high)

    @property
    def line(self) -> tuple[float, float]:
        """Start and length of what the unit coordinate runs along, before any rounding."""
        low, high = self.scaled_bounds
        return low, high - low

    def position(self, scaled: Column) -> Columns:
        """The unit coordinate of a scaled value, a tuple of one column."""
        start, length = self.line
        return (2.0 * ((scaled - start) / length) - 1.0,)

    def natural(self, scaled: Column, xp: Namespace) -> Column:
        """Natural value of a scaled one; on a log axis a bound may be off by its last bit."""
        return xp.exp(_LN10 * scaled) if self.log else scaled

    def value(self, natural: float) -> Any:
        """What a configuration holds, inside the bounds."""
        return self.dtype(min(max(natural, self.low), self.high))

    def unit(self, name: str, value: Any) -> tuple[float, ...]:
        """Unit coordinate of a natural value; errors call the parameter by its name."""
        low, high = self.low, self.high
        number = finite_number(name, value, f" in [{low!r}, {high!r}]")
        below, above = (low, high) if self.log else (high - low, high - low)
        whole = self.dtype is int and number.is_integer()
        shown = f"{name} = {int(number) if whole else number!r}"
        if not low - _TOLERANCE * below <= number <= high + _TOLERANCE * above:
            raise ValueError(f"{shown} is outside [{low!r}, {high!r}]; choose a value inside")
        if self.dtype is int and not whole:
            raise ValueError(f"{shown} must be a whole number in [{low!r}, {high!r}]")
        (unit,) = self.position(float(np.log10(number)) if self.log else number)
        return (min(max(unit, -1.0), 1.0),)


@dataclass(frozen=True)
class Float(_Number):
    """A real number.

    Args:
        low: Lower bound, as users read it.
        high: Upper bound, included.
        log: The logarithm is spread evenly, not the number itself; needs low > 0.

    Raises:
        ValueError: The bounds are not finite numbers with low < high.
    """


@dataclass(frozen=True)
class Integer(_Number):
    """A whole number.

    Args:
        low: Lower bound, a whole number.
        high: Upper bound, included.
        log: The logarithm is spread evenly; needs low >= 1. The two ends get half a cell.
        nearest: Round to the nearest, half to even: the two ends get half a cell. Otherwise all
            numbers get cells of equal width.

    Raises:
        ValueError: The bounds are not whole numbers with low < high, or are too large.
    """

    low: int
    high: int
    nearest: bool = False

    dtype: ClassVar[type[float]] = int

    def _check_bounds(self) -> None:
        super()._check_bounds()
        if not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ValueError(f"{self!r}: the bounds of an integer must be whole numbers")
        if max(-self.low, self.high) > LARGEST_INTEGER:
            raise ValueError(f"{self!r}: the bounds must lie in [-2**40, 2**40]; use a Float")
        if self.log and self.nearest:
            raise ValueError(f"{self!r}: log=True rounds to the nearest anyway: leave nearest out")

    @property
    def _equal_cells(self) -> bool:
        return not (self.log or self.nearest)

    @property
    def line(self) -> tuple[float, float]:
        """As long as there are whole numbers, if all cells have equal width."""
        start, length = super().line
        return start, length + 1.0 if self._equal_cells else length

    def rounded(self, column: Column, xp: Namespace) -> Column:
        """Scaled value of a point of the line."""
        if self.nearest:
            return xp.rint(column)
        if self.log:
            real = xp.exp(_LN10 * column)
            # n is the nearest on the log axis if n (n - 1) < real^2 < n (n + 1).
            whole = xp.rint(xp.sqrt(real * real + 0.25))
            whole = xp.minimum(xp.maximum(whole, float(self.low)), float(self.high))
            return xp.log10(whole)
        return xp.minimum(xp.floor(column), float(self.high))

    def position(self, scaled: Column) -> Columns:
        """The unit coordinate of the middle of a cell, a tuple of one column."""
        return super().position(scaled + 0.5 if self._equal_cells else scaled)

    def natural(self, scaled: Column, xp: Namespace) -> Column:
        """The whole number, as a float."""
        return xp.rint(super().natural(scaled, xp)) if self.log else scaled

    def edges(self) -> FloatArray:
        """Lowest unit coordinate of every whole number, (high - low + 1,), up to rounding."""
        levels = np.arange(self.low, self.high + 1.0)
        if self.log:
            axis = np.log10(levels)
            borders = 0.5 * (axis[1:] + axis[:-1])
        else:
            borders = levels[1:] - (0.5 if self.nearest else 0.0)
        start, length = self.line
        return np.concatenate([[-1.0], 2.0 * (borders - start) / length - 1.0])


@dataclass(frozen=True)
class Categorical:
    """A choice without an order: the largest of k unit coordinates wins, the first of equals.

    Args:
        choices: Two or more different strings, finite numbers, booleans or None.

    Raises:
        ValueError: There are too few choices, equal ones, or other objects.
    """

    choices: tuple[Choice, ...]

    log: ClassVar[bool] = False
    dtype: ClassVar[type[float]] = int
    """In columns a choice is its index; in configurations it is itself."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        if not isinstance(choices, (list, tuple)):
            raise ValueError(f"choices = {choices!r} must be a list or a tuple")
        object.__setattr__(self, "choices", tuple(map(plain, choices)))
        for choice in self.choices:
            infinite = isinstance(choice, float) and not isfinite(choice)
            if infinite or not isinstance(choice, Choice):
                raise ValueError(
                    f"{self!r}: {choice!r} must be a string, a finite number, a boolean or None"
                )
        if not 2 <= len(set(self.choices)) == len(self.choices):
            raise ValueError(f"{self!r}: needs two or more choices, all different")

    @property
    def coordinates(self) -> int:
        """Number of unit coordinates: one for every choice."""
        return len(self.choices)

    @property
    def scaled_bounds(self) -> tuple[float, float]:
        """Lowest and highest index."""
        return 0.0, len(self.choices) - 1.0

    def chosen(self, unit: Columns, xp: Namespace) -> Column:
        """Index of the largest unit coordinate, as a float; it has no gradient."""
        best, index = unit[0], 0.0 * unit[0]
        for i, column in enumerate(unit[1:], 1):
            better = column > best
            best = xp.where(better, column, best)
            index = xp.where(better, float(i), index)
        return index

    def position(self, scaled: Column) -> Columns:
        """Unit coordinates of an index: 1 for the choice, -1 for the others."""
        return tuple([2.0 * (scaled == i) - 1.0 for i in range(self.coordinates)])

    def value(self, natural: float) -> Choice:
        """The choice with this index."""
        return self.choices[int(natural)]

    def unit(self, name: str, value: Any) -> tuple[float, ...]:
        """Unit coordinates of a choice; errors call the parameter by its name."""
        value = plain(value)
        for index, choice in enumerate(self.choices if isinstance(value, Choice) else ()):
            # True equals 1, but whoever offers 0 and 1 does not mean it.
            if isinstance(value, bool) == isinstance(choice, bool) and value == choice:
                return tuple(self.position(float(index)))
        raise ValueError(f"{name} = {value!r} is not one of {list(self.choices)}")


Parameter: TypeAlias = Float | Integer | Categorical
