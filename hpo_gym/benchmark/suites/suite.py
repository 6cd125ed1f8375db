"""Suites: which tasks a tuner is measured on, and how. A suite is data.

| suite | tasks | what it measures |
|---|---|---|
| `fictitious-test` | 256 of the split test, 5 seeds | adaptation to unseen tasks |
| `fictitious-shifted` | 256 of the split shifted, 5 seeds | tasks outside the training's ranges |
| `fictitious-noisy` | as `fictitious-test` | noise 0.05 on every task, more than in training |
| `binormal-test` | 256 of the split test, 5 seeds | realistic tasks; portfolios are strong |
| `smoke` | 8 of the split test, 2 seeds | nothing: it tests the machinery |

Capability suites isolate one difficulty each, with 32 tasks and 2 seeds, in the manner of bsuite
(Osband et al., "Behaviour Suite for Reinforcement Learning", ICLR 2020): `capability-noise` (noise
0.1), `capability-plateau` and `capability-narrow` (tasks with the largest and the smallest share of
nearly optimal configurations, see `hpo_gym.benchmark.suites.capabilities`), `capability-cost` (only
epochs are paid for, 0.2 per 100; the score is the return) and `capability-shift` (split shifted).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, NamedTuple

from hpo_gym.benchmark.suites.capabilities import stored_tasks
from hpo_gym.environments.tuning_env import TuningEnv
from hpo_gym.environments.tuning_vector_env import TuningVectorEnv

BLOCK = 16
"""Number of tasks that a tuner is run on at a time."""

_OPTIONS: Mapping[str, Any] = {
    "action": "propose",
    "stop": False,
    "reward": "f1_gain",
    "metric": "f1",
    "evaluation_cost": 0.002,
    "epoch_cost": 0.02,
    "max_evaluations": 16,
    "start": "none",
    "noise": None,
    "observation": "history",
}
"""Options of the environment, all that matter: other defaults would not change a suite."""

_FICTITIOUS: Mapping[str, Any] = {"name": "fictitious", "version": 1}
_BINORMAL: Mapping[str, Any] = {"name": "binormal", "version": 1}


class Shard(NamedTuple):
    """The unit of work and of storage: one seed on one block of tasks."""

    seed: int
    tasks: tuple[int, ...]


@dataclass(frozen=True)
class Suite:
    """Tasks, seeds and the environment in which tuners meet them.

    Attributes:
        name: Name of the suite.
        family: JSON description of the family, with its version.
        split: Split of the tasks.
        options: Options of the environment besides family and split.
        tasks: Task indices; a slow tuner runs on the first ones.
        seeds: Seeds; a slow tuner runs with the first ones.
        score: What the suite ranks by: "regret" or "return".
        version: Raised by a change of what the other fields do not say.

    Raises:
        ValueError: Tasks or seeds are missing, repeated or out of bounds.

    Example:
        >>> suite = make_suite("smoke")
        >>> suite.budget, len(suite.tasks), suite.seeds
        (16, 8, (0, 1))
    """

    name: str
    family: Mapping[str, Any]
    split: str
    tasks: tuple[int, ...]
    seeds: tuple[int, ...]
    options: Mapping[str, Any]
    score: str = "regret"
    version: int = 1

    def __post_init__(self) -> None:
        """Check tasks and seeds."""
        for name, high in (("tasks", 2**31), ("seeds", 1000)):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values) or not 0 <= min(values) <= max(values):
                raise ValueError(f"{name} of suite {self.name!r} must be distinct, >= 0: {values}")
            if max(values) >= high:
                raise ValueError(f"{name} of suite {self.name!r} must be < {high}: {max(values)}")

    @property
    def budget(self) -> int:
        """Evaluations of an episode."""
        return int(self.options["max_evaluations"])

    @property
    def action_size(self) -> int:
        """Components of an action."""
        return self.env().dynamics.mode.size

    @property
    def text(self) -> str:
        """The suite as canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @property
    def hash(self) -> str:
        """SHA-256 of `text`: what rows of results are stored under."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def env(self) -> TuningEnv:
        """One environment of the suite."""
        return TuningEnv(family=self.family, split=self.split, **self.options)

    def vector_env(self, rows: int) -> TuningVectorEnv:
        """A vector environment of the suite."""
        return TuningVectorEnv(rows, family=self.family, split=self.split, **self.options)

    def shards(self, tasks: int, seeds: int) -> Iterator[Shard]:
        """The work on the first tasks and seeds, in a layout that depends on the suite alone.

        Args:
            tasks: Number of tasks, >= 1; rounded up to whole blocks of `BLOCK`.
            seeds: Number of seeds, >= 1.
        """
        for seed in self.seeds[:seeds]:
            for first in range(0, min(tasks, len(self.tasks)), BLOCK):
                yield Shard(seed, self.tasks[first : first + BLOCK])


def env_seed(task: int, seed: int) -> int:
    """Seed of the environment in the episode of a task with a seed, for every tuner."""
    return task * 1000 + seed


def make_suite(name: str) -> Suite:
    """A suite from its name.

    Raises:
        ValueError: There is no such suite.
    """
    if name not in suites():
        raise ValueError(f"unknown suite {name!r}; known suites: {list(suites())}")
    return suites()[name]


@cache
def suites() -> Mapping[str, Suite]:
    """All suites by name."""
    first, few = tuple(range(256)), tuple(range(32))
    five, two = (0, 1, 2, 3, 4), (0, 1)
    skewed = _options(evaluation_cost=0.0, epoch_cost=0.2)
    chosen = stored_tasks()
    known = (
        Suite("fictitious-test", _FICTITIOUS, "test", first, five, _options()),
        Suite("fictitious-shifted", _FICTITIOUS, "shifted", first, five, _options()),
        Suite("fictitious-noisy", _FICTITIOUS, "test", first, five, _options(noise=0.05)),
        Suite("binormal-test", _BINORMAL, "test", first, five, _options()),
        Suite("smoke", _FICTITIOUS, "test", tuple(range(8)), two, _options()),
        Suite("capability-noise", _FICTITIOUS, "test", few, two, _options(noise=0.1)),
        Suite("capability-plateau", _FICTITIOUS, "test", chosen["plateau"], two, _options()),
        Suite("capability-narrow", _FICTITIOUS, "test", chosen["narrow"], two, _options()),
        Suite("capability-cost", _FICTITIOUS, "test", few, two, skewed, score="return"),
        Suite("capability-shift", _FICTITIOUS, "shifted", few, two, _options()),
    )
    return {suite.name: suite for suite in known}


def _options(**changes: Any) -> Mapping[str, Any]:
    return {**_OPTIONS, **changes}
