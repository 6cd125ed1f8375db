"""The options of an environment, in one place and checked in one place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from inspect import Parameter, Signature, signature
from numbers import Real
from typing import Any, TypeVar

import numpy as np

from hpo_gym.families import Family, make_family, require_optimum
from hpo_gym.tuning.observations import OBSERVATIONS
from hpo_gym.tuning.rewards import REWARDS

Constructor = TypeVar("Constructor")

ACTIONS = ("propose", "adjust", "nudge")

MOST_EVALUATIONS = 1_000_000

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


def _is_number(value: Any, low: float, high: float) -> bool:
    number = isinstance(value, Real) and not isinstance(value, bool)
    return number and bool(low <= value <= high)


def _is_one_of(value: Any, known: Iterable[str]) -> bool:
    return isinstance(value, str) and value in known


def _is_count(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and _is_number(value, low, high)


@dataclass(frozen=True)
class Options:
    """Everything that defines an environment; NumPy's numbers and arrays are taken for Python's.

    Attributes:
        family: Name of a family, or a dict with a ``name`` and parameters. A family itself will do,
            but `gymnasium.envs.registration.EnvSpec.to_json` cannot write that one.
        split: The tasks from which a reset draws: "train", "validation" or "test".
        task: Index of the one task of all episodes; a sequence of indices, to be played in order
            and around; or None to draw one at every reset. With N rows and T indices, row i plays
            entries i, i + N, i + 2N, ... modulo T, one per reset since it was seeded: with T = N
            every row keeps its own task. The single environment is row 0 of N = 1.
        action: "propose", "adjust" or "nudge".
        adjust_step: Largest move of "adjust", as a fraction of the range, in [1e-6, 1].
        stop: Adds an action that ends the episode.
        reward: "f1_gain", "f1_delta" or "log_regret" (see `hpo_gym.tuning.rewards`).
        metric: The primary metric.
        evaluation_cost: Cost of an evaluation, in units of the score, >= 0.
        epoch_cost: Cost of 100 units of the resource (of classifiers: epochs), likewise.
        max_evaluations: The budget, from 1 to 1,000,000.
        start: "random", "none", or a configuration.
        noise: Standard deviation of the observed metrics in [0, 1]; None for the family's own.
        observation: "summary" or "history".
        infos: What infos show: "all", "none", or a sequence of names.

    Raises:
        ValueError: An option has a value that does not exist or does not fit the others.
    """

    family: str | Mapping[str, Any] | Family = "notebook"
    split: str = "train"
    task: int | Sequence[int] | None = None
    action: str = "propose"
    adjust_step: float = 0.2
    stop: bool = False
    reward: str = "f1_gain"
    metric: str = "f1"
    evaluation_cost: float = 0.002
    epoch_cost: float = 0.02
    max_evaluations: int = 20
    start: str | Mapping[str, float] | Sequence[float] = "random"
    noise: float | None = None
    observation: str = "summary"
    infos: str | Sequence[str] = "all"

    def __post_init__(self) -> None:
        """Check every option, and those that must fit each other."""
        for option in fields(self):
            value = getattr(self, option.name)
            if isinstance(value, (np.generic, np.ndarray)):
                self._set(option.name, value.tolist())
        family = self.made_family
        for name, known, where in (
            ("action", ACTIONS, ""),
            ("observation", OBSERVATIONS, ""),
            ("reward", REWARDS, ""),
            ("metric", family.goals, f" for the family {family.name!r}"),
            ("split", family.sizes, f" for the family {family.name!r}"),
        ):
            exists = _is_one_of(getattr(self, name), known)
            self._require(name, exists, f"one of {list(known)}{where}")
        self._require("stop", isinstance(self.stop, bool), "True or False")
        self._check_numbers()
        self._check_against(family)

    def _require(self, name: str, condition: bool, wanted: str) -> None:
        if not condition:
            text = repr(getattr(self, name))
            shown = text if len(text) <= 200 else f"{text[:150]}... ({len(text)} characters)"
            raise ValueError(f"option {name} = {shown} is not valid: it must be {wanted}")

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)  # the only way to convert a frozen dataclass's field

    @cached_property
    def made_family(self) -> Family:
        """The family itself."""
        with naming("option family", self.family):
            return make_family(self.family)

    def _check_numbers(self) -> None:
        bounds = {
            "adjust_step": (1e-6, 1.0),
            "evaluation_cost": (0.0, 1e6),
            "epoch_cost": (0.0, 1e6),
            "noise": (0.0, 1.0),
        }
        for name, (low, high) in bounds.items():
            value = getattr(self, name)
            if name == "noise" and value is None:
                continue
            wanted = f"a number in [{low:g}, {high:g}]" + " or None" * (name == "noise")
            self._require(name, _is_number(value, low, high), wanted)
            self._set(name, float(value))
        possible = _is_count(self.max_evaluations, 1, MOST_EVALUATIONS)
        self._require("max_evaluations", possible, f"a whole number in [1, {MOST_EVALUATIONS}]")

    def _check_against(self, family: Family) -> None:
        """Check the options whose values depend on the family."""
        self._check_task(family.sizes[self.split] - 1)
        if self.noise is not None:
            with naming("option noise", self.noise):
                family.check_noise(self.noise)
        if self.reward == "log_regret":
            require_optimum(family, "option reward = 'log_regret'")
        if isinstance(self.start, (Mapping, list, tuple)):
            with naming("option start", self.start):
                family.space.unit(self.start)
        else:
            words = ["random", "none"] if self.action == "propose" else ["random"]
            wanted = f"one of {words} or a configuration (with action={self.action!r})"
            self._require("start", _is_one_of(self.start, words), wanted)

    def _check_task(self, most: int) -> None:
        """Check the option task; a sequence becomes a tuple of ints."""
        if isinstance(self.task, Sequence) and not isinstance(self.task, str):
            tasks = [t.item() if isinstance(t, np.integer) else t for t in self.task]
            exists = bool(tasks) and all(_is_count(task, 0, most) for task in tasks)
            wanted = f"a sequence of one or more whole numbers in [0, {most}]"
            self._require("task", exists, wanted)
            self._set("task", tuple(tasks))
        else:
            exists = self.task is None or _is_count(self.task, 0, most)
            wanted = f"None, a whole number in [0, {most}] or a sequence of such"
            self._require("task", exists, wanted)

    @property
    def only_task(self) -> int | None:
        """The one task that the option task names for all episodes; None if it names none."""
        tasks = set(self.task) if isinstance(self.task, Sequence) else {self.task}
        return tasks.pop() if len(tasks) == 1 else None


def shows_options(constructor: Constructor, kind: type[Any] = Options) -> Constructor:
    """Give a constructor that takes ``**options`` the signature that `help` and specs read.

    Args:
        constructor: The constructor.
        kind: The dataclass that the options make.
    """
    shown: Any = constructor
    own = [p for p in signature(shown).parameters.values() if p.name != "options"]
    options = [
        Parameter(option.name, Parameter.KEYWORD_ONLY, default=option.default)
        for option in fields(kind)
    ]
    first = [p for p in own if p.kind is not Parameter.KEYWORD_ONLY]
    shown.__signature__ = Signature([*first, *options, *own[len(first) :]])
    return constructor
