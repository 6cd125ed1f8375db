"""Training of the tuner for any space, by gradients through whole tuning runs.

Regrets are 1 at the median of random configurations. Every batch has one number of coordinates, one
budget and one number of workers (see `courses`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from agents.training import validation
from agents.training.gradients import Epsilon, WarmUp, Weight
from agents.training.learner import LearningRate, Positive, Rows, Share, Steps
from agents.training.points import HandOver, PointLearner, PointSettings, Work, summary_of
from hpo_gym.policies.anyspace import network
from hpo_gym.policies.anyspace.policy import ALGORITHM, AnySpacePolicy

from . import courses
from .bank import Bank, bank
from .unroll import Unrolled, unroll

_VALIDATION_SIZES = (1, 2, 3, 4, 6, 8)
_VALIDATION_BUDGET = 16


@dataclass(frozen=True, kw_only=True)
class AnySpaceSettings(PointSettings):
    """Hyperparameters of the tuner for any space.

    Attributes:
        tasks: Training tasks of each number of coordinates.
    """

    algorithm: ClassVar[str] = ALGORITHM
    policy_class: ClassVar[type[Any]] = AnySpacePolicy
    family: ClassVar[str] = "anyspace"

    interval: Steps = 50
    evaluation_episodes: Rows = 128
    updates: Steps = 500
    work: Work = 28_000
    tasks: Rows = 4000
    learning_rate: LearningRate = 3e-4
    warm_up: WarmUp = 100
    max_grad_norm: Positive = 0.5
    gradient_limit: Positive = 0.5
    averaging: Share = 0.99
    hand_over: HandOver = 6
    epsilon: Epsilon = 1e-2
    excess_weight: Weight = 0.3

    def learner(self, env_id: str, options: dict[str, Any], seed: int) -> AnySpaceLearner:
        """A learner at the beginning of its training."""
        return AnySpaceLearner(self, seed)

    def validate(self, policy: AnySpacePolicy, environment: Mapping[str, Any]) -> dict[str, Any]:
        """Regrets of validation tasks of all numbers of coordinates together, budget 16."""
        weights = {name: torch.from_numpy(array) for name, array in policy.arrays.items()}
        regrets = []
        with torch.no_grad():
            for size in _VALIDATION_SIZES:
                tasks = bank("validation", self.evaluation_episodes, size)
                random = np.random.default_rng(validation.VALIDATION_SEED)
                course = courses.course(tasks, _VALIDATION_BUDGET, 1, None, self.hand_over, random)
                regrets.append(unroll(weights, tasks, course, math.inf).regret)
        return summary_of(regrets)


class AnySpaceLearner(PointLearner):
    """A network in training.

    Args:
        settings: Hyperparameters.
        seed: Seeds everything.
    """

    _settings: AnySpaceSettings

    def __init__(self, settings: AnySpaceSettings, seed: int) -> None:
        super().__init__(settings, seed)
        self._banks: dict[int, Bank] = {}

    @staticmethod
    def initial(random: np.random.Generator, seed: int) -> dict[str, NDArray[np.float32]]:
        """Weights before the training."""
        return network.initial(random)

    def runs(self) -> Unrolled:
        """Runs on tasks drawn at random."""
        settings, random = self._settings, self._random
        size = courses.choice(random, courses.SIZES)
        budget = courses.choice(random, courses.BUDGETS)
        workers = courses.choice(random, courses.WORKERS) if budget >= 8 else 1
        if size not in self._banks:
            self._banks[size] = bank("train", settings.tasks, size)
        n = courses.rows(budget, size, settings.work)
        tasks = self._banks[size].take(random.integers(settings.tasks, size=n))
        workers = min(workers, budget // 2)
        course = courses.draw_course(tasks, budget, workers, settings.hand_over, random)
        # The loss is a mean over runs, the limit is one on a run.
        return unroll(self._weights, tasks, course, settings.gradient_limit / n)

    def policy(self, details: dict[str, Any]) -> AnySpacePolicy:
        """A copy of the network as a policy of NumPy."""
        return AnySpacePolicy(self.arrays(), {**details, **self.facts()})
