"""Real classifiers whose learning rate changes while they are trained.

A block is trained once, when it is asked for; the classifier waits in a process of its own for the
next one. A training that raises an exception, takes longer than the family's ``time_limit`` for a
block, or gives probabilities that are not finite has failed. If its process died, the trainings of
all others begin anew with their next block, and go through their schedules again: the result is
the same.
"""

from __future__ import annotations

from collections import OrderedDict
from numbers import Real
from typing import Any

import numpy as np

from hpo_gym import rng
from hpo_gym.arrays import Column, Columns, Floats, Namespace, Struct
from hpo_gym.executors.resident import Resident
from hpo_gym.families import LiveFamily
from hpo_gym.families.classifier import Metrics
from hpo_gym.families.live.data import Problem
from hpo_gym.families.live.training import Curve, Model, Trainer
from hpo_gym.learning_rate.scheduled import Scheduled

_ROW = Floats()
_MOST_STANDING = 1024
"""Classifiers that wait for their next block; those of episodes that ended are among them."""


class ScheduledLive(Scheduled):
    """Trainings of a classifier of scikit-learn; noise is that of the training seed.

    The classifier must have `get_params` and `set_params`, of which the learning rate is one.
    """

    name = "live"
    noise = None
    pure = False
    may_fail = True
    base: LiveFamily

    def __init__(self, base: LiveFamily, **arguments: Any) -> None:
        super().__init__(base, **arguments)
        self._trainings = Resident(BlockTrainer, base.problem, base.maker)

    def check_noise(self, noise: float) -> None:
        """See `Family`."""
        self.base.check_noise(noise)

    def untrained(self, parameters: Any, key: Column) -> Struct:
        """The learning rates of the blocks, none of which has been."""
        rates = dict.fromkeys(map(_rate, range(self.blocks)), 0.0)
        return Struct(key=key, trained=0, **rates)

    def advanced(self, parameters: Struct, log_lr: Column, xp: Namespace) -> Struct:
        """See `Scheduled`."""
        before = vars(parameters)
        (lr,) = self.space.natural((log_lr,), xp)
        rates = {
            name: xp.where(parameters.trained == block, lr, before[name])
            for block, name in enumerate(map(_rate, range(self.blocks)))
        }
        return parameters.replace(trained=parameters.trained + 1, **rates)

    def evaluate(
        self, parameters: Any, scaled: Columns, noise: float | None, draws: Columns, xp: Namespace
    ) -> tuple[Metrics, Metrics]:
        """Train the last block, and look.

        Raises:
            RuntimeError: The training raised an exception, or its process hung or died.
        """
        schedule = [vars(parameters)[_rate(block)] for block in range(parameters.trained)]
        (draw,) = rng.uniforms(rng.derive(parameters.key, rng.NOISE), 1)
        run = parameters.key, int(draw * self.base.seeds)
        limit = self.base.time_limit
        curve = self._trainings(run, schedule, self.block_epochs, limit=limit)
        metrics = self.base.metrics_after(curve, -1, self.thr)
        return metrics, metrics

    def close(self) -> None:
        """End the process of the trainings; the next block begins another."""
        self._trainings.close()
        super().close()


class BlockTrainer:
    """Trains classifiers block by block, each where it stands.

    Args:
        problem: The problem.
        model: Makes classifiers; or where it is.

    Raises:
        ValueError: The classifiers' learning rate cannot be set.
    """

    def __init__(self, problem: Problem, model: str | Model) -> None:
        self._trainer = Trainer(problem, model)
        self._standing: OrderedDict[tuple[int, int], tuple[Any, list[float]]] = OrderedDict()
        probe = self._trainer.model(1e-3, 0)
        if not (hasattr(probe, "get_params") and hasattr(probe, "set_params")):
            raise ValueError(
                f"a {type(probe).__name__} has no get_params and set_params, by which its learning "
                "rate is set: derive it from sklearn.base.BaseEstimator"
            )

    def __call__(self, run: tuple[int, int], schedule: list[float], epochs: int) -> Curve:
        """Train the last block of a schedule, and those before it if the training is not there.

        Args:
            run: Key of the episode and training seed.
            schedule: The learning rates of its blocks so far.
            epochs: Epochs of a block.

        Returns:
            What the last epoch showed.
        """
        classifier, done = self._standing.pop(run, (None, []))
        if classifier is None or done != schedule[:-1]:
            classifier, done = self._trainer.model(schedule[0], run[1]), []
        for lr in schedule[len(done) :]:
            self._set_rate(classifier, lr, run[1])
            for _ in range(epochs):
                self._trainer.train(classifier)
        chances, loss = self._trainer.look(classifier)
        self._standing[run] = classifier, schedule
        if len(self._standing) > _MOST_STANDING:
            self._standing.popitem(last=False)
        return Curve(chances[None], np.array([loss]))

    def _set_rate(self, classifier: Any, lr: float, seed: int) -> None:
        """Give a classifier the numbers that a new one with this learning rate would have."""
        has, wanted = classifier.get_params(), self._trainer.model(lr, seed).get_params()
        changed = {
            name: value
            for name, value in wanted.items()
            if isinstance(value, Real) and value != has[name]
        }
        classifier.set_params(**changed)
        optimizer = getattr(classifier, "_optimizer", None)
        if optimizer is not None:  # MLPClassifier gave it the learning rate at the first epoch
            optimizer.learning_rate_init = optimizer.learning_rate = classifier.learning_rate_init


def _rate(block: int) -> str:
    """Name of the column of a block's learning rate."""
    return f"lr_{block}"
