"""Parameters and search spaces: the unit cube on one side, configurations on the other.

An environment's action ``a`` lives in [-1, 1] per parameter (a *unit coordinate*). It is mapped
to a *scaled* value (what the equations use: log10 of a learning rate, a rounded number of epochs)
and from there to the *natural* value that a user reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Columns, Namespace

FloatArray = NDArray[np.float64]

_LN10 = float(np.log(10.0))
# Bounds such as 10**0.8 are not exact in binary, let alone in float32: accept what a user would
# call equal. It is clipped to the bound.
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Parameter:
    """One parameter of a search space.

    Attributes:
        name: The key under which users see it.
        low: Lower bound on the scaled axis (the exponent of ten if ``log``).
        high: Upper bound on the scaled axis.
        log: The scaled axis is log10 of the natural value.
        integer: The value is rounded (half to even) when it is evaluated.
    """

    name: str
    low: float
    high: float
    log: bool = False
    integer: bool = False

    def __post_init__(self) -> None:
        """Refuse empty ranges and kinds that do not exist."""
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"parameter {self.name!r}: bounds [{self.low}, {self.high}] must be finite "
                "with low < high"
            )
        if self.log and self.integer:
            raise ValueError(f"parameter {self.name!r}: choose one of log and integer")
        if self.integer and not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ValueError(
                f"parameter {self.name!r}: the bounds [{self.low}, {self.high}] of an integer must "
                "be whole numbers"
            )

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound of the natural value."""
        if self.log:
            return 10.0**self.low, 10.0**self.high
        return self.low, self.high

    def unit(self, value: Any) -> float:
        """Unit coordinate of a natural value.

        Raises:
            ValueError: The value is no number, is outside the bounds, or is no integer where one
                is needed.
        """
        low, high = self.bounds
        if isinstance(value, bool) or not isinstance(value, (Real, np.number)):
            raise ValueError(f"{self.name} = {value!r} is not a number in [{low:g}, {high:g}]")
        number = float(value)
        below, above = (low, high) if self.log else (high - low, high - low)
        if not low - _TOLERANCE * below <= number <= high + _TOLERANCE * above:
            raise ValueError(
                f"{self.name} = {number!r} is outside [{low!r}, {high!r}]; choose a value inside"
            )
        if self.integer and number != round(number):
            raise ValueError(f"{self.name} = {number!r} must be a whole number")
        scaled = float(np.log10(number)) if self.log else number
        unit = 2.0 * (scaled - self.low) / (self.high - self.low) - 1.0
        return min(max(unit, -1.0), 1.0)


@dataclass(frozen=True)
class SearchSpace:
    """An ordered set of parameters.

    Attributes:
        parameters: The axes of the unit cube, in order.
    """

    parameters: tuple[Parameter, ...]

    @cached_property
    def _axes(self) -> tuple[tuple[float, float, bool], ...]:
        """Lower bound, width and kind of every scaled axis."""
        return tuple([(p.low, p.high - p.low, p.integer) for p in self.parameters])

    @cached_property
    def _log_rows(self) -> tuple[int, ...]:
        return tuple([i for i, p in enumerate(self.parameters) if p.log])

    @cached_property
    def _bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lower bounds and widths of the scaled axes, each (d, 1)."""
        lows = np.array([[p.low] for p in self.parameters])
        return lows, np.array([[p.high] for p in self.parameters]) - lows

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def dimension(self) -> int:
        """Number of parameters."""
        return len(self.parameters)

    def scaled(self, unit: Columns, xp: Namespace) -> Columns:
        """Scaled configuration of a unit configuration in [-1, 1].

        Args:
            unit: d columns, or a block (d, N).
            xp: Array namespace.
        """
        if isinstance(unit, np.ndarray):
            lows, widths = self._bounds
            block = unit + 1.0
            block *= 0.5
            block *= widths
            block += lows
            for row, parameter in zip(block, self.parameters, strict=True):
                if parameter.integer:
                    np.rint(row, out=row)
            return block
        return tuple(
            [
                xp.rint(low + width * ((u + 1.0) * 0.5))
                if integer
                else low + width * ((u + 1.0) * 0.5)
                for u, (low, width, integer) in zip(unit, self._axes, strict=True)
            ]
        )

    def position(self, scaled: Columns) -> Columns:
        """Unit configuration of a scaled one: d columns, so that `scaled` gives it back."""
        return tuple(
            [
                2.0 * ((value - low) / width) - 1.0
                for value, (low, width, _) in zip(scaled, self._axes, strict=True)
            ]
        )

    def natural(self, scaled: Columns, xp: Namespace) -> Columns:
        """Natural configuration of a scaled one; a bound may be off by its last bit."""
        natural = list(scaled)
        for i in self._log_rows:
            natural[i] = xp.exp((_LN10, natural[i]))[0]
        return tuple(natural)

    def unit(self, configuration: Mapping[str, Any] | Sequence[Any]) -> tuple[float, ...]:
        """Unit configuration of a natural one.

        Args:
            configuration: A mapping from every parameter's name to its value, or the values in
                order.

        Raises:
            ValueError: A parameter is missing, unknown or outside its bounds.
        """
        if isinstance(configuration, Mapping):
            unknown = sorted(set(map(str, configuration)) - set(self.names))
            missing = [name for name in self.names if name not in configuration]
            if unknown or missing:
                raise ValueError(
                    f"a configuration needs exactly the keys {list(self.names)}; "
                    f"unknown: {unknown}, missing: {missing}"
                )
            values = [configuration[name] for name in self.names]
        elif isinstance(configuration, (list, tuple, np.ndarray)):
            values = list(configuration)
        else:
            raise ValueError(f"a configuration is a dict or a list, not {configuration!r}")
        if len(values) != self.dimension:
            raise ValueError(
                f"a configuration needs {self.dimension} values {list(self.names)}, "
                f"got {len(values)}"
            )
        return tuple(p.unit(value) for p, value in zip(self.parameters, values, strict=True))
