"""Training of the tuner for classifiers: the tuner for any space, trained further on classifiers.

Half of the runs are on recorded tables of the split train (see `tables`), half on tasks of the
rough family. Where the tuner for any space is shown points that fill gaps, this one is shown a list
of good configurations (see `starts`), and begins with its first. The loss is that of the tuner for
any space, without the first evaluation, which is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from agents.training import validation
from agents.training.anyspace import courses
from agents.training.anyspace.unroll import Course, Unrolled, unroll
from agents.training.gradients import Epsilon, WarmUp, Weight
from agents.training.learner import LearningRate, Positive, Rows, Share, Steps
from agents.training.points import HandOver, PointLearner, PointSettings, Work, summary_of
from agents.training.unroll import Bank
from hpo_gym import rng
from hpo_gym.classifier_space import SPACE
from hpo_gym.families.rough.family import RoughFamily
from hpo_gym.policies.anyspace.policy import AnySpacePolicy
from hpo_gym.policies.classifier.features import extended
from hpo_gym.policies.classifier.policy import STARTS, ClassifierPolicy
from hpo_gym.sobol import sobol

from .starts import FOLDS, fold_of_tables, starts_without
from .tables import Moves, TableTasks, recorded
from .tasks import Classifiers, FamilyTasks

BUDGETS = {4: 0.05, 8: 0.20, 16: 0.68, 24: 0.07}
_VALIDATION_BUDGET = 16
_ANYSPACE_SEEDS = 3
"""Trainings of the tuner for any space: that of the same seed, modulo 3, is trained further."""


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings(PointSettings):
    """Hyperparameters of the tuner for classifiers.

    Attributes:
        tables: Share of the runs that are on recorded tables.
    """

    algorithm: ClassVar[str] = ClassifierPolicy.algorithm
    policy_class: ClassVar[type[Any]] = ClassifierPolicy
    family: ClassVar[str] = "recorded"

    interval: Steps = 50
    evaluation_episodes: Rows = 300
    updates: Steps = 500
    work: Work = 25_600
    learning_rate: LearningRate = 2e-3
    warm_up: WarmUp = 20
    max_grad_norm: Positive = 0.5
    gradient_limit: Positive = 0.5
    averaging: Share = 0.99
    hand_over: HandOver = 10_000
    epsilon: Epsilon = 2e-2
    excess_weight: Weight = 0.3
    tables: Share = 0.5

    def learner(self, env_id: str, options: dict[str, Any], seed: int) -> ClassifierLearner:
        """A learner at the beginning of its training."""
        return ClassifierLearner(self, seed)

    def validate(self, policy: AnySpacePolicy, environment: Mapping[str, Any]) -> dict[str, Any]:
        """Regrets of the tables of the split validation, each several times, budget 16."""
        weights = {name: torch.from_numpy(array) for name, array in policy.arrays.items()}
        count = len(recorded("validation").origin)
        tables = np.arange(self.evaluation_episodes) % count
        tasks = Classifiers([TableTasks("validation", tables)], [len(tables)])
        random = np.random.default_rng(validation.VALIDATION_SEED)
        starts = np.broadcast_to(policy.arrays["starts"], (len(tables), STARTS, SPACE.dimension))
        course = _course(starts, _VALIDATION_BUDGET, 1, self.hand_over, random)
        with torch.no_grad():
            runs = unroll(weights, tasks, course, math.inf, _extended)
        return summary_of([runs.regret])


class ClassifierLearner(PointLearner):
    """A network in training.

    Args:
        settings: Hyperparameters.
        seed: Seeds everything.
    """

    _settings: ClassifierSettings

    def __init__(self, settings: ClassifierSettings, seed: int) -> None:
        super().__init__(settings, seed)
        self._rough = RoughFamily()
        self._bank = Bank(self._rough, "train", "f1")

    @staticmethod
    def initial(random: np.random.Generator, seed: int) -> dict[str, NDArray[np.float32]]:
        """The weights of the tuner for any space; those of what is new to it are 0."""
        known = AnySpacePolicy.pretrained(seed % _ANYSPACE_SEEDS).arrays
        weights = {}
        for name, shape in ClassifierPolicy.shapes().items():
            if name != "starts":
                weights[name] = np.zeros(shape, dtype=np.float32)
                weights[name][: len(known[name])] = known[name]
        return weights

    def runs(self) -> Unrolled:
        """Runs on tasks drawn at random."""
        settings, random = self._settings, self._random
        budget = courses.choice(random, BUDGETS)
        workers = courses.choice(random, courses.WORKERS) if budget >= 8 else 1
        n = courses.rows(budget, SPACE.dimension, settings.work)
        of_tables = round(settings.tables * n)
        tasks, starts = self._draw(of_tables, n - of_tables)
        workers = min(workers, budget // 2)
        course = _course(starts, budget, workers, settings.hand_over, random)
        limit = settings.gradient_limit / n
        runs = unroll(self._weights, tasks, course, limit, _extended)
        return runs._replace(regret=runs.regret[1:])

    def _draw(self, tables: int, others: int) -> tuple[Classifiers, NDArray[np.float32]]:
        """Tasks, and the lists (n, STARTS, 3) that they see."""
        random, origin = self._random, recorded("train").origin
        of_origin = [np.flatnonzero(origin == number) for number in range(origin.max() + 1)]
        drawn = random.integers(len(of_origin), size=tables)
        places = np.array([random.choice(of_origin[number]) for number in drawn], dtype=np.int64)
        index = random.integers(self._bank.size, size=others)
        kinds = [
            (TableTasks("train", places, Moves.draw(tables, random)), tables),
            (FamilyTasks(self._rough, self._bank, index), others),
        ]
        parts, sizes = zip(*[(part, size) for part, size in kinds if size], strict=True)
        folds = np.concatenate([fold_of_tables()[places], random.integers(FOLDS, size=others)])
        lists = np.stack([starts_without(fold) for fold in range(FOLDS)])
        return Classifiers(parts, sizes), lists[folds]

    def policy(self, details: dict[str, Any]) -> ClassifierPolicy:
        """A copy of the network as a policy of NumPy."""
        arrays = {**self.arrays(), "starts": starts_without(None)}
        return ClassifierPolicy(arrays, {**details, **self.facts()})


def _course(
    starts: NDArray[np.float32],
    budget: int,
    workers: int,
    hand_over: int,
    random: np.random.Generator,
) -> Course:
    """A course that begins with lists (n, STARTS, 3)."""
    n, _, size = starts.shape
    keys = random.integers(2**64, size=n, dtype=np.uint64)
    fillers = sobol(rng.derive(keys, 1), 0, budget, size)
    listed = min(budget, STARTS)
    fillers[:, :listed] = starts[:, :listed]
    noise = random.random((n, budget, RoughFamily.draws))
    return Course(budget, workers, fillers[:, 0], fillers, noise, hand_over)


_extended = partial(extended, lib=torch)
