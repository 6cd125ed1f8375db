"""The options of the scheduling process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hpo_gym.classifier_space import SPACE
from hpo_gym.families import Family, require_optimum
from hpo_gym.parameters import Integer
from hpo_gym.scheduling.choices import SAMPLERS
from hpo_gym.tasks.options import TaskOptions, is_count, is_number

ACTIONS = ("grant", "choose")
OBSERVATIONS = ("curves", "rungs")
REWARDS = ("f1_gain", "anytime")
MOST_WORKERS = 256
MOST_RUNS = 4096
MOST_EPOCHS = 1_000_000


@dataclass(frozen=True)
class SchedulingOptions(TaskOptions):
    """Everything that defines a scheduling environment; see `TaskOptions` too.

    Attributes:
        workers: Number of workers W, from 1 to 256.
        speeds: Epochs that each worker trains per unit of time, in [0.001, 1000]; None for 1.
        budget: Worker-epochs that can be granted, from 1 to 1,000,000.
        reports: Numbers of epochs after which a run reports, increasing; the last is a whole run.
            A grant takes a run to its next report. A number b stands for b, 2b, 3b, ... up to the
            largest number of epochs of the family.
        max_runs: So many runs can be started, from 1 to 4,096.
        action: "grant": see `hpo_gym.scheduling.actions`; "choose": see
            `hpo_gym.scheduling.choices`.
        observation: "curves": see `hpo_gym.scheduling.observations`; "rungs": see
            `hpo_gym.scheduling.rungs`.
        reward: "f1_gain", or "anytime": the fall of log10 of the incumbent's regret, clipped at
            0.001, times the share of the budget that is left. Its sum is minus the area under
            log10 of the regret as a curve of the worker-epochs that were granted.
        sampler: Configurations of new runs with "choose": "random", "portfolio" or "mixed".
        starts: The list of the last two: unit configurations without the epochs, each component in
            [-1, 1]; None for that of the tuner for classifiers.

    Raises:
        ValueError: An option has a value that does not exist or does not fit the others.
    """

    workers: int = 4
    speeds: Sequence[float] | None = None
    budget: int = 800
    reports: int | Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 100)
    max_runs: int = 64
    action: str = "grant"
    observation: str = "curves"
    reward: str = "f1_gain"
    sampler: str = "random"
    starts: Sequence[Sequence[float]] | None = None

    def __post_init__(self) -> None:
        """Check every option, and those that must fit each other."""
        self._check_family(self.made_family)
        super().__post_init__()
        for name, most in (
            ("workers", MOST_WORKERS),
            ("budget", MOST_EPOCHS),
            ("max_runs", MOST_RUNS),
        ):
            wanted = f"a whole number in [1, {most}]"
            self._require(name, is_count(getattr(self, name), 1, most), wanted)
        self._require_one_of("action", ACTIONS)
        self._require_one_of("observation", OBSERVATIONS)
        self._require_one_of("reward", REWARDS)
        self._require_one_of("sampler", SAMPLERS)
        self._check_speeds()
        self._check_reports(self.made_family)
        if self.reward == "anytime":
            require_optimum(self.made_family, "option reward = 'anytime'")
        self._check_starts(self.made_family)

    @property
    def worker_speeds(self) -> tuple[float, ...]:
        """Epochs per unit of time of each worker, (W,)."""
        return (1.0,) * self.workers if self.speeds is None else tuple(map(float, self.speeds))

    @property
    def ladder(self) -> tuple[int, ...]:
        """Numbers of epochs after which a run reports."""
        if isinstance(self.reports, int):
            most = int(_resource(self.made_family).high)
            return tuple(range(self.reports, most + 1, self.reports))
        return tuple(self.reports)

    def _check_starts(self, family: Family) -> None:
        if self.starts is None:
            known = self.sampler == "random" or family.space == SPACE
            wanted = f"a list of unit configurations: none is known for the family {family.name!r}"
            self._require("starts", known, wanted)
            return
        size = family.space.dimension - 1
        lists = isinstance(self.starts, (list, tuple)) and len(self.starts) > 0
        valid = lists and all(
            isinstance(start, (list, tuple))
            and len(start) == size
            and all(is_number(component, -1.0, 1.0) for component in start)
            for start in self.starts
        )
        self._require("starts", valid, f"None or a list of lists of {size} numbers in [-1, 1]")
        self._set("starts", tuple(tuple(map(float, start)) for start in self.starts))

    def _check_speeds(self) -> None:
        if self.speeds is not None:
            numbers = isinstance(self.speeds, (list, tuple)) and len(self.speeds) == self.workers
            valid = numbers and all(is_number(speed, 1e-3, 1e3) for speed in self.speeds)
            wanted = (
                f"None or a sequence of {self.workers} numbers in [0.001, 1000], one per worker"
            )
            self._require("speeds", valid, wanted)
            self._set("speeds", tuple(map(float, self.speeds)))

    def _check_family(self, family: Family) -> None:
        """Runs are trained on, a whole number of epochs; and looked at again and again."""
        if not family.pure or family.may_fail or not isinstance(_resource(family), Integer):
            why = "is impure or may fail, or says by no whole number how long it trains"
            raise ValueError(
                f"option family = {self.family!r} is not valid: runs are granted epochs, and the "
                f"family {family.name!r} {why}: take one of classifiers, such as 'recorded'"
            )

    def _check_reports(self, family: Family) -> None:
        resource = _resource(family)
        low, high = int(resource.low), int(resource.high)
        if isinstance(self.reports, Sequence) and not isinstance(self.reports, str):
            self._set("reports", tuple(self.reports))
            epochs = (low - 1, *self.reports)
            whole = len(epochs) > 1 and all(is_count(one, low, high) for one in epochs[1:])
            valid = whole and all(a < b for a, b in pairwise(epochs))
        else:
            valid = is_count(self.reports, low, high)
        wanted = f"a whole number, or increasing whole numbers, in [{low}, {high}]"
        self._require("reports", valid, wanted)


def _resource(family: Family) -> Any:
    """The parameter that says how long a run takes."""
    parameter = family.space.parameters.get(str(family.resource_parameter))
    return None if isinstance(parameter, Integer) and parameter.log else parameter
