"""`Suite`: which tasks a tuner is measured on, and how. A suite is data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from hpo_gym.environments.tuning_env import TuningEnv
from hpo_gym.environments.tuning_vector_env import TuningVectorEnv
from hpo_gym.families import Family, HashedBank, TaskBank, make_family

BLOCK = 16
"""Number of tasks that a tuner is run on at a time."""

SCORES = ("regret", "return", "score")

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


def standard_options(**changes: Any) -> dict[str, Any]:
    """All options that a suite states, those of the shipped suites but for the changes.

    Raises:
        ValueError: A suite states no such option.

    Example:
        >>> standard_options(metric="f", max_evaluations=8)["max_evaluations"]
        8
    """
    unknown = sorted(set(changes) - set(_OPTIONS))
    if unknown:
        raise ValueError(f"suites have no options {unknown}; they have {sorted(_OPTIONS)}")
    return {**_OPTIONS, **changes}


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
        options: Options of the environment besides family and split, see `standard_options`.
        tasks: Task indices; a slow tuner runs on the first ones.
        seeds: Seeds; a slow tuner runs with the first ones.
        score: What the suite ranks by: the final "regret", which needs a family whose optimum is
            known; the "return"; or the "score", the best that was observed.
        version: Raised by a change of what the other fields do not say.
        tags: Difficulties that the suite isolates. Results do not depend on them.
        salt: What the keys of a sealed suite's tasks are hashed with; see `sealed`.

    Raises:
        ValueError: Tasks or seeds are missing, repeated or out of bounds, or there is no such
            score.

    Example:
        >>> suite = Suite("mine", {"name": "beale", "version": 1}, "test", (0,), (0, 1),
        ...               standard_options(metric="f"))
        >>> suite.budget, suite.action_size, suite.measure
        (16, 2, 'regret')
    """

    name: str
    family: Mapping[str, Any]
    split: str
    tasks: tuple[int, ...]
    seeds: tuple[int, ...]
    options: Mapping[str, Any]
    score: str = "regret"
    version: int = 1
    tags: tuple[str, ...] = ()
    salt: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Check tasks, seeds and score."""
        for name, high in (("tasks", 2**31), ("seeds", 1000)):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values) or not 0 <= min(values) <= max(values):
                raise ValueError(f"{name} of suite {self.name!r} must be distinct, >= 0: {values}")
            if max(values) >= high:
                raise ValueError(f"{name} of suite {self.name!r} must be < {high}: {max(values)}")
        if self.score not in SCORES:
            raise ValueError(f"score = {self.score!r} of suite {self.name!r} must be in {SCORES}")

    def check(self) -> None:
        """Check the options, and that the family knows what the suite ranks by.

        Raises:
            ValueError: An option is missing or not valid, the family is not registered, or the
                suite ranks by the regret and the optima of the family are not known.
        """
        missing = sorted(set(_OPTIONS) - set(self.options))
        if missing:
            raise ValueError(
                f"suite {self.name!r} does not state the options {missing}: standard_options() "
                "fills them in"
            )
        if self.score == "regret" and self.measure != "regret":
            raise ValueError(
                f"suite {self.name!r} ranks by the regret, but nobody knows the optima of the "
                f"family {self.family['name']!r}: rank by score='score' or score='return'"
            )

    def sealed(self, salt: str) -> Suite:
        """The suite on tasks that nobody has seen before, drawn from keys hashed with a salt.

        Its name says so, and its `text` holds the salt's digest: whoever has the salt can check
        the results, nobody else can tell the tasks.

        Args:
            salt: A secret of at least 16 characters.

        Raises:
            ValueError: The salt is short, the family draws no tasks from keys, or the suite's
                tasks were chosen by what they are.
        """
        if len(salt) < 16:
            raise ValueError(
                f"a salt of {len(salt)} characters can be guessed: give at least 16 random ones"
            )
        if not isinstance(make_family(self.family), HashedBank):
            raise ValueError(
                f"suite {self.name!r} cannot be sealed: its family {self.family['name']!r} draws "
                "no tasks from keys (see hpo_gym.families.HashedBank)"
            )
        if self.tasks != tuple(range(len(self.tasks))):
            raise ValueError(
                f"suite {self.name!r} cannot be sealed: its tasks were chosen, and others would "
                "stand at their indices; seal one on the tasks 0, 1, 2, ..."
            )
        return replace(self, name=f"{self.name}-sealed-{_digest(salt)[:8]}", salt=salt)

    @cached_property
    def sealed_family(self) -> Mapping[str, Any] | Family:
        """The family that draws the suite's tasks, which is not to be shown to a tuner."""
        if not self.salt:
            return self.family
        family = make_family(self.family)
        assert isinstance(family, HashedBank)
        return family.sealed(self.salt)

    @cached_property
    def origins(self) -> dict[int, Hashable]:
        """What each task was made of, by its index, see `hpo_gym.families.TaskBank.origin`."""
        family = make_family(self.family)
        known = family.origin if isinstance(family, TaskBank) else lambda split, task: task
        return {task: known(self.split, task) for task in self.tasks}

    @property
    def budget(self) -> int:
        """Evaluations of an episode."""
        return int(self.options["max_evaluations"])

    @cached_property
    def action_size(self) -> int:
        """Components of an action."""
        return self.env().process.mode.size

    @cached_property
    def measure(self) -> str:
        """What curves show of the incumbent after each evaluation; less is better.

        "regret" is noise-free; "1 - score" is of the observed score, where suites rank by that or
        the optima are not known.
        """
        known = self.score != "score" and self.env().process.knows_optimum
        return "regret" if known else "1 - score"

    @cached_property
    def text(self) -> str:
        """What results depend on, as canonical JSON."""
        facts = asdict(self)
        del facts["tags"], facts["salt"]
        if self.salt:
            facts["sealed"] = _digest(self.salt)
        return json.dumps(facts, sort_keys=True, separators=(",", ":"))

    @cached_property
    def hash(self) -> str:
        """SHA-256 of `text`: what rows of results are stored under."""
        return _digest(self.text)

    def env(self) -> TuningEnv:
        """One environment of the suite."""
        return TuningEnv(family=self.sealed_family, split=self.split, **self.options)

    def vector_env(self, rows: int) -> TuningVectorEnv:
        """A vector environment of the suite."""
        return TuningVectorEnv(rows, family=self.sealed_family, split=self.split, **self.options)

    def shards(self, tasks: int, seeds: int) -> Iterator[Shard]:
        """The work on the first tasks and seeds, in a layout that depends on the suite alone.

        Args:
            tasks: Number of tasks, >= 1; rounded up to whole blocks of `BLOCK`.
            seeds: Number of seeds, >= 1.
        """
        for seed in self.seeds[:seeds]:
            for first in range(0, min(tasks, len(self.tasks)), BLOCK):
                yield Shard(seed, self.tasks[first : first + BLOCK])


def env_seed(task: int, seed: int, salt: str = "") -> int:
    """Seed of the environment in the episode of a task with a seed, for every tuner."""
    number = task * 1000 + seed
    return int(_digest(f"{salt}/{number}")[:8], 16) if salt else number


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
