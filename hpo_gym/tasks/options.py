"""The options that all processes share, in one place and checked in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from inspect import Parameter, Signature, signature
from numbers import Real
from typing import Any, TypeVar

import numpy as np

from hpo_gym.families import Family, make_family

Constructor = TypeVar("Constructor")

_LONGEST = 500
"""Characters of a value that an error shows."""


@contextmanager
def naming(what: str, value: Any) -> Iterator[None]:
    """Say in the errors of others which option had which value."""
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        shown = repr(value)  # it may hold a data set
        shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."
        raise ValueError(f"{what} = {shown} is not valid: {error}") from error


def is_number(value: Any, low: float, high: float) -> bool:
    """Whether a value is a number within bounds."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    return number and bool(low <= value <= high)


def is_one_of(value: Any, known: Iterable[str]) -> bool:
    """Whether a value is one of some words."""
    return isinstance(value, str) and value in known


def is_count(value: Any, low: int, high: int) -> bool:
    """Whether a value is a whole number within bounds."""
    return isinstance(value, int) and is_number(value, low, high)


@dataclass(frozen=True)
class TaskOptions:
    """The options of every process; NumPy's numbers and arrays are taken for Python's.

    Attributes:
        family: Name of a family, or a dict with a ``name`` and parameters. A family itself will do,
            but `gymnasium.envs.registration.EnvSpec.to_json` cannot write that one.
        split: The tasks from which a reset draws: "train", "validation" or "test".
        task: Index of the one task of all episodes; a sequence of indices, to be played in order
            and around; or None to draw one at every reset. With N rows and T indices, row i plays
            entries i, i + N, i + 2N, ... modulo T, one per reset since it was seeded: with T = N
            every row keeps its own task. The single environment is row 0 of N = 1.
        metric: The primary metric.
        epoch_cost: Cost of 100 units of the resource (of classifiers: epochs), in units of the
            score, >= 0.
        noise: Standard deviation of the observed metrics in [0, 1]; None for the family's own.
        infos: What infos show: "all", "none", or a sequence of names.

    Raises:
        ValueError: An option has a value that does not exist or does not fit the others.
    """

    family: str | Mapping[str, Any] | Family = "notebook"
    split: str = "train"
    task: int | Sequence[int] | None = None
    metric: str = "f1"
    epoch_cost: float = 0.02
    noise: float | None = None
    infos: str | Sequence[str] = "all"

    def __post_init__(self) -> None:
        """Check every option, and those that must fit each other."""
        for option in fields(self):
            value = getattr(self, option.name)
            if isinstance(value, (np.generic, np.ndarray)):
                self._set(option.name, value.tolist())
        family = self.made_family
        where = f" for the family {family.name!r}"
        self._require_one_of("metric", family.goals, where)
        self._require_one_of("split", family.sizes, where)
        self._require_number("epoch_cost", 0.0, 1e6)
        self._check_task(family.sizes[self.split] - 1)
        if self.noise is not None:
            self._require_number("noise", 0.0, 1.0, " or None")
            with naming("option noise", self.noise):
                family.check_noise(self.noise)

    @cached_property
    def made_family(self) -> Family:
        """The family itself."""
        with naming("option family", self.family):
            return make_family(self.family)

    @property
    def only_task(self) -> int | None:
        """The one task that the option task names for all episodes; None if it names none."""
        tasks = set(self.task) if isinstance(self.task, Sequence) else {self.task}
        return tasks.pop() if len(tasks) == 1 else None

    def _require(self, name: str, condition: bool, wanted: str) -> None:
        if not condition:
            text = repr(getattr(self, name))
            shown = text if len(text) <= 200 else f"{text[:150]}... ({len(text)} characters)"
            raise ValueError(f"option {name} = {shown} is not valid: it must be {wanted}")

    def _require_one_of(self, name: str, known: Iterable[str], where: str = "") -> None:
        exists = is_one_of(getattr(self, name), known)
        self._require(name, exists, f"one of {list(known)}{where}")

    def _require_number(self, name: str, low: float, high: float, other: str = "") -> None:
        """Check a number, which becomes a float."""
        value = getattr(self, name)
        self._require(name, is_number(value, low, high), f"a number in [{low:g}, {high:g}]{other}")
        self._set(name, float(value))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # the only way to convert a frozen dataclass's field

    def _check_task(self, most: int) -> None:
        """Check the option task; a sequence becomes a tuple of ints."""
        if isinstance(self.task, Sequence) and not isinstance(self.task, str):
            tasks = [t.item() if isinstance(t, np.integer) else t for t in self.task]
            exists = bool(tasks) and all(is_count(task, 0, most) for task in tasks)
            wanted = f"a sequence of one or more whole numbers in [0, {most}]"
            self._require("task", exists, wanted)
            self._set("task", tuple(tasks))
        else:
            exists = self.task is None or is_count(self.task, 0, most)
            wanted = f"None, a whole number in [0, {most}] or a sequence of such"
            self._require("task", exists, wanted)


def shows(options: type[TaskOptions]) -> Callable[[Constructor], Constructor]:
    """Give a constructor that takes ``**options`` the signature that `help` and specs read."""

    def decorate(constructor: Constructor) -> Constructor:
        shown: Any = constructor
        own = [p for p in signature(shown).parameters.values() if p.name != "options"]
        all_options = [
            Parameter(option.name, Parameter.KEYWORD_ONLY, default=option.default)
            for option in fields(options)
        ]
        first = [p for p in own if p.kind is not Parameter.KEYWORD_ONLY]
        shown.__signature__ = Signature([*first, *all_options, *own[len(first) :]])
        return constructor

    return decorate
