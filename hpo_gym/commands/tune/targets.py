"""What is tuned: `FunctionTarget`, a function of the user, or `ModelTarget`, a model on a table.

A target is made of few plain facts, which is all that travels to another process. What an
evaluation needs besides, a module of the user or a table, is loaded once in every process.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import astuple
from math import isfinite
from numbers import Real
from typing import Any, NamedTuple

from hpo_gym.space import SearchSpace


class Outcome(NamedTuple):
    """What an evaluation gave."""

    value: float
    metrics: dict[str, float]
    """All that was given by names."""


class Target(ABC):
    """Something with a search space that can be evaluated."""

    metric: str
    """What the value is called."""

    @property
    @abstractmethod
    def name(self) -> str:
        """A short name, fit for a file."""

    @property
    @abstractmethod
    def space(self) -> SearchSpace:
        """The search space."""

    @property
    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What the values depend on, besides configurations: JSON-able, for the study."""

    @abstractmethod
    def evaluate(self, configuration: dict[str, Any]) -> Outcome:
        """Evaluate a configuration; whatever this raises is a failed evaluation."""

    @abstractmethod
    def code(self, configuration: Mapping[str, Any]) -> str:
        """A Python program that evaluates a configuration again."""

    @abstractmethod
    def prepare(self) -> None:
        """Load what evaluations need."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (type(self), astuple(self))  # type: ignore[call-overload]


def _arrived(kind: type[Target], facts: tuple[Any, ...]) -> Target:
    target = kind(*facts)
    target.prepare()  # on arrival: no time limit of an evaluation counts it
    return target


def read_answer(answer: Any, metric: str) -> Outcome:
    """What a function gave: a number, or numbers by names, of which one is the value.

    Raises:
        ValueError: It is neither, or the metric is missing or not finite.
    """
    if isinstance(answer, Mapping):
        if metric not in answer:
            raise ValueError(
                f"the objective gave {list(answer)} without {metric!r}: name one with --metric"
            )
        value = answer[metric]
        numbers = {str(k): float(v) for k, v in answer.items() if isinstance(v, Real)}
        metrics = {name: number for name, number in numbers.items() if isfinite(number)}
    else:
        value, metrics = answer, {}
    item = getattr(value, "item", None)  # a number of NumPy or torch
    value = item() if callable(item) and getattr(value, "shape", None) == () else value
    if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value):
        raise ValueError(
            f"the objective gave {metric} = {value!r}; it must be a finite number, alone or in a "
            "dict of numbers by names"
        )
    return Outcome(float(value), metrics)
