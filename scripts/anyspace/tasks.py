"""The tasks of the suites: one function and its search space each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np

from hpo_gym import rng
from hpo_gym.arrays import Floats
from hpo_gym.families import AnySpaceFamily, ClassicalFamily
from hpo_gym.families.relative import RelativeFamily, relative_regret
from hpo_gym.space import SearchSpace
from scripts.anyspace.spaces.reference import reference
from scripts.anyspace.spaces.tasks import ModelTask, model_tasks

FAMILIES = ("anyspace-test", "classical")
MODELS = "sklearn-spaces"
SUITES = (*FAMILIES, MODELS)

_XP = Floats()
_SPLIT = "test"


class Seen(NamedTuple):
    """What an evaluation gave."""

    score: float
    """As a tuner sees it; NaN where the evaluation failed."""
    regret: float
    """Relative regret of the configuration without noise; that of the score 0 where it failed."""


class Measured:
    """A model and its data: the regret is relative to what is known of the task.

    It is below 0 where a tuner found something better than `reference.json` knows.

    Args:
        task: The model and its data.
    """

    def __init__(self, task: ModelTask) -> None:
        self.space, self._task = task.space, task
        known = reference()[task.name]
        self._best, self._scale = known["best"], known["best"] - known["median"]
        self.mark = f"{self._best:.6f} {self._scale:.6f}"

    def evaluate(self, configuration: Mapping[str, Any], number: int, seed: int) -> Seen:
        """Evaluate a configuration, which always gives the same."""
        score = self._task.score(configuration)
        if not isfinite(score):
            return Seen(nan, relative_regret(0.0))
        return Seen(score, (self._best - score) / self._scale)


class Task:
    """One task of a family.

    Args:
        family: The family.
        index: The task's place in the split "test".
        space: Its search space, whose unit coordinates are the first of the family's.
    """

    def __init__(self, family: RelativeFamily, index: int, space: SearchSpace) -> None:
        self.family, self.index, self.space = family, index, space
        self._parameters = family.sample(_SPLIT, index)
        self._rest = (0.0,) * (family.space.dimension - space.dimension)

    @cached_property
    def mark(self) -> str:
        """Changes with the function: of what it says at sixteen configurations."""
        draws = rng.uniforms(rng.text_key("mark"), 16 * self.space.dimension)
        units = 2.0 * np.reshape(draws, (16, -1)) - 1.0
        seen = [self.evaluate(self.space.configuration(unit), 0, 0) for unit in units]
        return f"{sum(one.regret for one in seen):.3f}"

    def evaluate(self, configuration: Mapping[str, Any], number: int, seed: int) -> Seen:
        """Evaluate a configuration.

        Args:
            configuration: A natural one.
            number: How many evaluations there were before: the noise depends on it.
            seed: The noise depends on it, too.
        """
        family = self.family
        unit = self.space.unit(configuration) + self._rest
        key = rng.derive(rng.derive(rng.text_key(f"noise/{self.index}"), seed), number)
        exact, observed = family.evaluate(
            self._parameters,
            family.space.scaled(unit, _XP),
            family.noise,
            rng.uniforms(key, family.draws),
            _XP,
        )
        if not isfinite(exact[0]):
            return Seen(nan, relative_regret(0.0))
        return Seen(observed[0], relative_regret(exact[0]))


def task_of(suite: str, dimension: int, index: int) -> Task | Measured:
    """One task of a suite."""
    if suite == MODELS:
        return Measured(model_tasks()[index])
    if suite == "classical":
        classical = ClassicalFamily(dimension)
        return Task(classical, index, classical.space)
    anyspace = AnySpaceFamily()
    return Task(anyspace, index, anyspace.task_space(_SPLIT, index))


def name_of(suite: str, dimension: int, index: int) -> str:
    """What a task is called in tables."""
    return model_tasks()[index].name if suite == MODELS else f"d={dimension} task {index}"


def places_of(suite: str, dimensions: Sequence[int], count: int) -> list[list[tuple[int, int]]]:
    """Tasks of a suite, by their numbers of coordinates and indices, in lists of equal standing.

    The tasks of "sklearn-spaces" are of many numbers of coordinates: the first tasks are taken.

    Args:
        suite: One of `SUITES`.
        dimensions: Numbers of coordinates of the others' tasks; "classical" has none of one.
        count: Number of tasks for each of them.

    Raises:
        ValueError: There are not so many.
    """
    if suite == MODELS:
        tasks = model_tasks()[:count]
        return [[(task.space.dimension, index) for index, task in enumerate(tasks)]]
    chosen = [d for d in dimensions if (suite, d) != ("classical", 1)]
    return [[(d, index) for index in tasks_of(suite, d, count)] for d in chosen]


def tasks_of(suite: str, dimension: int, count: int) -> list[int]:
    """Indices of the first tasks of a family's suite with so many coordinates.

    Of "anyspace-test" those that have a number at least: of a few choices half may be the best.

    Args:
        suite: One of `FAMILIES`.
        dimension: Number of unit coordinates: one for a number, k for a choice among k.
        count: Number of tasks.

    Raises:
        ValueError: There are not so many.
    """
    least = 2 if suite == "classical" else 1
    if not least <= dimension <= 8:
        raise ValueError(f"--d {dimension} must lie in [{least}, 8] for the suite {suite!r}")
    family = ClassicalFamily(dimension) if suite == "classical" else AnySpaceFamily()
    size = family.sizes[_SPLIT]
    fitting: Iterable[int] = range(size)
    if isinstance(family, AnySpaceFamily):
        fitting = (i for i in range(size) if _fits(family, i, dimension))
    chosen = list(islice(fitting, count))
    if len(chosen) < count:
        raise ValueError(
            f"--tasks {count}: the suite {suite!r} has {len(chosen)} of {dimension} coordinates"
        )
    return chosen


def _fits(family: AnySpaceFamily, index: int, dimension: int) -> bool:
    """Whether a task has so many coordinates, and is more than one choice among a few."""
    context = family.context_of(family.sample(_SPLIT, index), _XP)
    used, _, choice = np.reshape(context, (3, -1))
    return bool(used.sum() == dimension and (used > 0.0)[choice == 0.0].any())
