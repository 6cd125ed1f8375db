"""Families of many tasks: finite banks, and banks that are drawn from hashed keys.

A task is (family, split, index). In a `HashedBank` its key is a hash of the three, so two splits
never share a task, and its parameters are a function of the key. Its optima are solved for a whole
split at a time, on first use, and kept (see `hpo_gym.families.optima`).
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Hashable
from copy import copy
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column, Struct
from hpo_gym.families import optima as storage
from hpo_gym.families.base import Family, KnownOptimum
from hpo_gym.families.optima import FloatArray, Optima


class TaskBank(Family):
    """A family of many tasks: `sizes` says how many, `sample` which.

    One that is a `KnownOptimum` too overrides `best`.
    """

    @abstractmethod
    def sample(self, split: str, task: Column) -> Struct:
        """Parameters of the tasks: floats for one index, columns (N,) for an array of indices."""

    def origin(self, split: str, task: int) -> Hashable:
        """What a task was made of: two of one origin, such as a data set, are no two samples.

        By default each task is its own.
        """
        return task


class HashedBank(TaskBank, KnownOptimum):
    """A bank of tasks that are drawn from hashed keys, and whose optima can be solved for."""

    sizes: ClassVar[dict[str, int]] = {"train": 2**17, "validation": 4096, "test": 4096}
    key_name: ClassVar[str] = ""
    """What the tasks' keys are hashed from, if not from `name`: another text means other tasks."""
    solver_version: ClassVar[int] = 1
    """Raised by a change of `solve`: optima that the old one left on the disk are solved anew."""
    parameter_names: tuple[str, ...]
    """Names of a task's parameters."""
    salt: str = ""
    """What the tasks' keys are hashed with besides, see `sealed`."""

    def sealed(self, salt: str) -> Self:
        """This family with other tasks, which nobody knows who does not have the salt."""
        family = copy(self)
        family.salt = salt
        return family

    @abstractmethod
    def draw(self, split: str, keys: NDArray[np.uint64]) -> dict[str, FloatArray]:
        """Parameters of the tasks with these keys: a column (n,) for each of `parameter_names`."""

    @abstractmethod
    def solve(self, parameters: Any, metric: str) -> Optima:
        """The best configurations of n tasks, given their parameters as columns."""

    def bank(self, split: str) -> Struct:
        """Parameters of all tasks of a split, as columns (n,) that are not to be changed."""
        return self._named(_block(_Split(self, split)))

    def sample(self, split: str, task: Column) -> Struct:
        """Parameters of the tasks: floats for one index, columns (N,) for an array of indices."""
        values = _block(_Split(self, split))[:, task]
        return self._named(values if values.ndim > 1 else values.tolist())

    def _named(self, columns: Any) -> Struct:
        return Struct(**dict(zip(self.parameter_names, columns, strict=True)))

    def optima(self, split: str, metric: str) -> Optima:
        """The best configurations of all tasks of a split, not to be changed."""
        return _optima(_Split(self, split), metric)

    def best(self, split: str, index: Column, metric: str) -> tuple[Any, Column]:
        """Scaled configurations, (d,) or (d, N), and noise-free scores of the tasks' optima."""
        if storage.trusting() and not self.salt:  # sealed optima are for no disk
            optima, place = self.optima(split, metric), index
        else:
            optima, place = self._solved_anew(split, index, metric)
        score = optima.score[place]
        return optima.scaled[:, place], score if np.ndim(index) else float(score)

    def _solved_anew(self, split: str, index: Column, metric: str) -> tuple[Optima, Column]:
        """Optima of some tasks that this process solves for, and the tasks' places among them."""
        tasks, places = np.unique(np.atleast_1d(index), return_inverse=True)
        key = _Split(self, split)
        scaled, score = zip(*[_optimum(key, task, metric) for task in tasks.tolist()], strict=True)
        optima = Optima(np.stack(scaled, axis=1), np.array(score))
        return optima, places if np.ndim(index) else 0

    def optimum(self, parameters: Any, metric: str) -> tuple[tuple[float, ...], float]:
        """Scaled configuration and noise-free score of the best configuration of one task."""
        optima = self.solve(self.expand(parameters, 1), metric)
        return tuple(optima.scaled[:, 0].tolist()), float(optima.score[0])


class _Split:
    """A split of a family as the key of a cache: equal if the descriptions are."""

    def __init__(self, family: HashedBank, split: str) -> None:
        self.family, self.name = family, split
        facts = [family.describe(), split, family.sizes[split], family.salt]
        self.text = json.dumps(facts[: 4 if family.salt else 3], sort_keys=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Split) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@lru_cache(maxsize=16)
def _block(split: _Split) -> FloatArray:
    """Parameters of a split, (parameters, n)."""
    family = split.family
    salt = f"/{family.salt}" if family.salt else ""
    key = rng.text_key(f"{family.key_name or family.name}/{family.version}/{split.name}{salt}")
    index = np.arange(family.sizes[split.name], dtype=np.uint64)
    drawn = family.draw(split.name, rng.derive(key, index))
    block = np.stack([drawn[name] for name in family.parameter_names])
    block.setflags(write=False)
    return block


@lru_cache(maxsize=16)
def _optima(split: _Split, metric: str) -> Optima:
    """Optima of a split, from the disk if they are there."""
    family, size = split.family, split.family.sizes[split.name]
    # Changes with the family, the split, the metric, every parameter and the solver's version.
    identity = f"{split.text} {metric} {family.solver_version}".encode() + _block(split).tobytes()
    tasks = family.bank(split.name)
    optima = storage.kept(
        f"{family.name}-{split.name}-{metric}-{hashlib.sha256(identity).hexdigest()[:16]}",
        identity,
        (len(family.space.parameters), size),
        lambda rows: family.solve(tasks.take(rows), metric),
        f"{family.name}/{split.name}",
    )
    for array in optima:
        array.setflags(write=False)
    return optima


@lru_cache(maxsize=2**14)
def _optimum(split: _Split, task: int, metric: str) -> tuple[tuple[float, ...], float]:
    """The optimum of one task, solved by this process."""
    family = split.family
    return family.optimum(family.sample(split.name, task), metric)
