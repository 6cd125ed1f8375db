"""The options of an environment, in one place and checked in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from inspect import Parameter, Signature, signature
from math import isfinite
from typing import Any, TypeVar

from hpo_gym.families import Family, make_family, require_optimum
from hpo_gym.tuning.observations import OBSERVATIONS
from hpo_gym.tuning.rewards import REWARDS

Constructor = TypeVar("Constructor")

ACTIONS = ("propose", "adjust", "nudge")


def _require(condition: bool, name: str, value: Any, wanted: str) -> None:
    if not condition:
        raise ValueError(f"option {name} = {value!r} is not valid: it must be {wanted}")


def _is_number(value: Any, low: float, high: float) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and isfinite(value)
        and low <= value <= high
    )


def _is_one_of(value: Any, known: Iterable[str]) -> bool:
    return isinstance(value, str) and value in known


def _is_count(value: Any, low: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= low


@dataclass(frozen=True)
class Options:
    """Everything that defines an environment; all values can be written as JSON.

    Attributes:
        family: Name of a family, or a dict with a ``name`` and parameters.
        split: The tasks from which a reset draws: "train", "validation" or "test".
        task: A fixed task index, or None to draw one at every reset.
        action: "propose", "adjust" or "nudge".
        adjust_step: Largest move of "adjust", as a fraction of the range, in [1e-6, 1].
        stop: Adds an action that ends the episode.
        reward: "f1_gain", "f1_delta" or "log_regret" (see `hpo_gym.tuning.rewards`).
        metric: The primary metric.
        evaluation_cost: Cost of an evaluation, in units of the score, >= 0.
        epoch_cost: Cost of 100 epochs, in units of the score, >= 0.
        max_evaluations: The budget, >= 1.
        start: "random", "none", or a configuration.
        noise: Standard deviation of the observed metrics in [0, 1]; None for the family's own.
        observation: "summary" or "history".

    Raises:
        ValueError: An option has a value that does not exist or does not fit the others.
    """

    family: str | Mapping[str, Any] | Family = "notebook"
    split: str = "train"
    task: int | None = None
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

    def __post_init__(self) -> None:
        """Check every option, and those that must fit each other."""
        choices = {"action": ACTIONS, "observation": OBSERVATIONS, "reward": REWARDS}
        for name, known in choices.items():
            value = getattr(self, name)
            _require(_is_one_of(value, known), name, value, f"one of {list(known)}")
        _require(isinstance(self.stop, bool), "stop", self.stop, "True or False")
        for name in ("evaluation_cost", "epoch_cost"):
            value = getattr(self, name)
            _require(_is_number(value, 0.0, 1e6), name, value, "a number in [0, 1e6]")
        _require(
            _is_number(self.adjust_step, 1e-6, 1.0), "adjust_step", self.adjust_step, "in [1e-6, 1]"
        )
        _require(
            _is_count(self.max_evaluations, 1),
            "max_evaluations",
            self.max_evaluations,
            "a whole number >= 1",
        )
        if self.noise is not None:
            _require(_is_number(self.noise, 0.0, 1.0), "noise", self.noise, "None or in [0, 1]")
        if isinstance(self.start, str):
            known = ["random", "none"] if self.action == "propose" else ["random"]
            _require(
                self.start in known,
                "start",
                self.start,
                f"one of {known} or a configuration (with action={self.action!r})",
            )
        for name in ("adjust_step", "evaluation_cost", "epoch_cost"):
            object.__setattr__(self, name, float(getattr(self, name)))  # no NumPy numbers in infos
        self._check_against(self.made_family)

    @cached_property
    def made_family(self) -> Family:
        """The family itself."""
        return make_family(self.family)

    def _check_against(self, family: Family) -> None:
        """Check the options whose values depend on the family."""
        _require(
            _is_one_of(self.metric, family.goals),
            "metric",
            self.metric,
            f"one of {list(family.goals)} for the family {family.name!r}",
        )
        _require(
            _is_one_of(self.split, family.sizes),
            "split",
            self.split,
            f"one of {list(family.sizes)} for the family {family.name!r}",
        )
        size = family.sizes[self.split]
        _require(
            self.task is None or (_is_count(self.task, 0) and self.task < size),
            "task",
            self.task,
            f"None or a whole number in [0, {size - 1}]",
        )
        if self.noise is not None:
            family.check_noise(self.noise)
        if self.reward == "log_regret":
            require_optimum(family, "option reward = 'log_regret'")
        if not isinstance(self.start, str):
            family.space.unit(self.start)


def shows_options(constructor: Constructor) -> Constructor:
    """Give a constructor that takes ``**options`` the signature that `help` and specs read."""
    shown: Any = constructor
    own = [p for p in signature(shown).parameters.values() if p.name != "options"]
    options = [
        Parameter(option.name, Parameter.KEYWORD_ONLY, default=option.default)
        for option in fields(Options)
    ]
    first = [p for p in own if p.kind is not Parameter.KEYWORD_ONLY]
    shown.__signature__ = Signature([*first, *options, *own[len(first) :]])
    return constructor
