"""What to evaluate next, as a function of the evaluations so far.

`Tuner` and Optuna's `LearnedSampler` are two doors to it. A learned policy proposes; two guards
stand behind it. One that has not improved for a while gets a space-filling point instead, and
nothing is evaluated twice while there is something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import product
from math import inf, prod
from typing import Any, Protocol

import numpy as np

from hpo_gym import rng
from hpo_gym.parameters import Categorical, Float, FloatArray, Parameter, plain
from hpo_gym.policies.anyspace.policy import AnySpacePolicy
from hpo_gym.policies.classifier.policy import ClassifierPolicy
from hpo_gym.sobol import space_filling
from hpo_gym.space import SearchSpace

PATIENCE = 8
"""Evaluations without an improvement after which a space-filling point is due."""

_BLOCK = 16
"""Space-filling points are computed so many at a time, in hardly more time than one takes."""
_ENUMERABLE = 1024
"""Spaces of at most so many configurations are searched whole for one that is left."""
_WALKS = 1024
"""Tries to leave a configuration in larger spaces; the first 64 go further and further away."""


class PointPolicy(Protocol):
    """What proposes points; it has no memory."""

    def propose(
        self,
        space: SearchSpace,
        unit: FloatArray,
        scores: FloatArray,
        filler: FloatArray,
        *,
        budget: int,
    ) -> FloatArray:
        """A unit configuration (D,) in [-1, 1]; numbers need not be rounded.

        Args:
            space: The search space, of D unit coordinates.
            unit: (n, D) what was evaluated, in order, then what is being evaluated; whole numbers
                at the middle of their cells, choices 1 and -1.
            scores: (n,) higher is better, on any scale; NaN while the evaluation is running, -inf
                if it failed.
            filler: (D,) a space-filling point.
            budget: Number of evaluations planned, those so far included.
        """


class SpaceFilling:
    """Proposes the space-filling points: the tuner that learns nothing."""

    def propose(
        self,
        space: SearchSpace,
        unit: FloatArray,
        scores: FloatArray,
        filler: FloatArray,
        *,
        budget: int,
    ) -> FloatArray:
        """The space-filling point."""
        return filler


@cache
def _named(name: str) -> PointPolicy:
    policies: dict[str, Callable[[], PointPolicy]] = {
        "anyspace": AnySpacePolicy.pretrained,
        "classifier": ClassifierPolicy.pretrained,
        "sobol": SpaceFilling,
    }
    if name not in policies:
        raise ValueError(f"policy = {name!r} must be one of {[*policies]}, or have `propose`")
    return policies[name]()


def find_policy(policy: str | PointPolicy) -> PointPolicy:
    """A policy by its name, "anyspace", "classifier" or "sobol", or the policy itself.

    Raises:
        ValueError: There is no such policy.
    """
    if isinstance(policy, str):
        return _named(policy)
    if not callable(getattr(policy, "propose", None)):
        raise ValueError(f"policy = {policy!r} must be a name or have a method `propose`")
    return policy


@lru_cache(maxsize=256)
def _fillers(space: SearchSpace, key: int, block: int) -> FloatArray:
    """A block of space-filling points (_BLOCK, D)."""
    points = space_filling(space, key, block * _BLOCK, _BLOCK)
    points.flags.writeable = False
    return points


def whole_number(name: str, value: Any, least: int) -> int:
    """The value, a whole number of Python or NumPy; errors call it by its name.

    Raises:
        ValueError: It is none, or below the least.
    """
    number = plain(value)
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(f"{name} = {value!r} must be a whole number >= {least}")
    return number


@dataclass(frozen=True)
class Proposer:
    """Proposes configurations of one search space.

    Attributes:
        space: The search space.
        policy: What proposes.
        budget: Number of evaluations planned.
        key: Key of the space-filling points, a 64-bit word.
        patience: Evaluations without an improvement after which a space-filling point is due.
    """

    space: SearchSpace
    policy: PointPolicy
    budget: int
    key: int
    patience: int = PATIENCE

    def propose(self, unit: FloatArray, scores: FloatArray, number: int) -> dict[str, Any]:
        """The configuration to evaluate next: equal arguments, equal answer.

        Args:
            unit: (n, D) and
            scores: (n,) the evaluations so far; see `PointPolicy.propose`.
            number: Number of this evaluation, from 0: it picks the space-filling point.

        Raises:
            ValueError: The policy proposed no point.
        """
        block, place = divmod(number, _BLOCK)
        filler = _fillers(self.space, self.key, block)[place]
        if self._lost(scores):
            point = filler
        else:
            proposed = self.policy.propose(self.space, unit, scores, filler, budget=self.budget)
            point = self._checked(proposed)
        return self._new(point.clip(-1.0, 1.0), unit, number)

    def _checked(self, proposed: Any) -> FloatArray:
        """What the policy proposed, which may be anybody's."""
        with suppress(TypeError, ValueError):
            point = np.asarray(proposed, dtype=np.float64)
            if point.shape == (self.space.dimension,) and np.isfinite(point).all():
                return point
        raise ValueError(
            f"the policy {self.policy!r} proposed {proposed!r}: `propose` must give "
            f"{self.space.dimension} finite numbers in [-1, 1]"
        )

    def _lost(self, scores: FloatArray) -> bool:
        """Whether nothing improved in the last `patience` evaluations, or in twice as many ..."""
        if len(scores) < self.patience:
            return False
        finite = np.flatnonzero(np.isfinite(scores))
        best = int(finite[scores[finite].argmax()]) if len(finite) else -1
        stale = len(scores) - 1 - best
        return stale > 0 and stale % self.patience == 0

    def _new(self, point: FloatArray, unit: FloatArray, number: int) -> dict[str, Any]:
        """The configuration of a point, or one close to it if it was evaluated before."""
        proposed = self.space.configuration(point)
        row = np.array(self.space.unit(proposed))
        if _is_new(row, unit):
            return proposed
        for candidate in self._others(row, number):
            configuration = self.space.configuration(candidate)
            if _is_new(np.array(self.space.unit(configuration)), unit):
                return configuration
        return proposed

    def _others(self, point: FloatArray, number: int) -> Iterator[FloatArray]:
        """Other points, close ones first."""
        if (points := self._all_points) is not None:
            yield from points[np.square(points - point).sum(axis=1).argsort(kind="stable")]
            return
        key = rng.derive(rng.derive(self.key, number), 1)
        for i, target in enumerate(space_filling(self.space, key, 0, _WALKS), 1):
            yield point + min(i / 64, 1.0) * (target - point)

    @cached_property
    def _all_points(self) -> FloatArray | None:
        """All configurations of a small discrete space, (count, D)."""
        levels = [_levels(parameter) for parameter in self.space.parameters.values()]
        if prod(count for count, _ in levels) > _ENUMERABLE:
            return None
        return np.array([self.space.unit(values) for values in product(*[v for _, v in levels])])


def _levels(parameter: Parameter) -> tuple[float, Sequence[Any]]:
    """The values of a parameter, and how many they are."""
    if isinstance(parameter, Float):
        return inf, ()
    if isinstance(parameter, Categorical):
        return len(parameter.choices), parameter.choices
    return parameter.high - parameter.low + 1, range(parameter.low, parameter.high + 1)


def _is_new(row: FloatArray, unit: FloatArray) -> bool:
    return not (unit == row).all(axis=1).any()
