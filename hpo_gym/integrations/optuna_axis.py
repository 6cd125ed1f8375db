"""Optuna's distributions as parameters of a search space: values there and back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpo_gym.parameters import LARGEST_INTEGER, Categorical, Float, Integer, Parameter


@dataclass(frozen=True)
class Axis:
    """A distribution and the parameter that stands for it.

    Choices may be any objects: the parameter chooses their indices. Numbers with a step that is not
    1 are counted from the lowest on. Integers too large for an `Integer` are rounded floats.

    Attributes:
        distribution: One of Optuna's distributions, of more than a single value.
    """

    distribution: BaseDistribution

    @cached_property
    def parameter(self) -> Parameter:
        """The parameter."""
        if isinstance(self.distribution, CategoricalDistribution):
            return Categorical(tuple(range(len(self.distribution.choices))))
        low, high, step, log = self._number
        if step:
            last = round((high - low) / step)
            return Integer(0, last) if last <= LARGEST_INTEGER else Float(0.0, float(last))
        if self._is_integer:
            return Integer(int(low), int(high), log=log)
        try:
            return Float(low, high, log=log)
        except ValueError:  # of bounds with equal logarithms
            return Float(low, high)

    @property
    def _is_integer(self) -> bool:
        """Whether it has all integers between its bounds, and they are an `Integer`'s."""
        mine = self.distribution
        if not isinstance(mine, IntDistribution) or (mine.step != 1 and not mine.log):
            return False
        return max(abs(mine.low), abs(mine.high)) <= LARGEST_INTEGER

    @property
    def _number(self) -> tuple[float, float, float | None, bool]:
        """Bounds, step and log; no step where nothing is counted from the lowest on."""
        distribution = self.distribution
        assert isinstance(distribution, (FloatDistribution, IntDistribution))
        step = None if distribution.log or self._is_integer else distribution.step
        return distribution.low, distribution.high, step, distribution.log

    def to_parameter(self, value: Any) -> Any:
        """The parameter's value for a trial's, the closest if that lies outside the bounds."""
        if isinstance(self.distribution, CategoricalDistribution):
            return int(self.distribution.to_internal_repr(value))
        low, high, step, _ = self._number
        value = min(max(value, low), high)
        if step:
            value = (value - low) / step
        return round(value) if isinstance(self.parameter, Integer) else float(value)

    def to_trial(self, value: Any) -> Any:
        """The trial's value for the parameter's."""
        if isinstance(self.distribution, CategoricalDistribution):
            return self.distribution.choices[value]
        low, high, step, _ = self._number
        if step:
            value = low + round(value) * step
        whole = isinstance(self.distribution, IntDistribution)
        return min(max(round(value) if whole else float(value), low), high)
