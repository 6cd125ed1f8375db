"""Schedules by formula, and Keras's early stopping.

With t, the number of blocks so far, the rate of the next block is

    constant       lr0
    time decay     lr0 / (1 + decay t)
    exponential    lr0 exp(-k t)

clipped into the range of the learning rate. Any of them may stop early, as the callback
`EarlyStopping` of Keras 3 does with ``monitor`` the score and ``mode="max"``: a report improves if
it is above the best one so far by more than ``min_delta``; after ``patience`` reports in a row that
do not, and never after the first report, training stops. Its ``restore_best_weights=True`` is what
the environment's incumbent is.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.parameters import Float, finite_number
from hpo_gym.tuners.agent import Agent, FloatArray
from hpo_gym.tuning.problem import Problem


class Schedule(Agent):
    """A schedule of the learning rate, with or without early stopping.

    Args:
        problem: See `Agent`; its one parameter is the learning rate.
        seed: Not used: there is nothing random.
        lr0: The first learning rate.
        patience: Reports without an improvement after which it stops; None never does.
        min_delta: What counts as an improvement must be above this, in units of the score, >= 0.

    Raises:
        ValueError: An argument is out of bounds, or stopping is not possible.
    """

    modes = ("propose",)

    def __init__(
        self,
        problem: Problem,
        *,
        seed: int = 0,
        lr0: float = 0.1,
        patience: int | None = None,
        min_delta: float = 0.0,
    ) -> None:
        super().__init__(problem, seed=seed)
        if problem.space.names != ("lr",):
            raise ValueError(
                f"agent {self.name!r} sets a learning rate block by block, not "
                f"{list(problem.space.names)}: it plays LearningRateSchedule-v0"
            )
        if patience is not None and not (type(patience) is int and patience >= 0):
            raise ValueError(f"patience = {patience!r} must be None or a whole number >= 0")
        if patience is not None and not problem.mode.stop:
            raise ValueError(f"patience = {patience!r} needs an environment with stop=True")
        if finite_number("min_delta", min_delta) < 0.0:
            raise ValueError(f"min_delta = {min_delta!r} must be >= 0")
        (axis,) = problem.space.parameters.values()
        assert isinstance(axis, Float)
        axis.unit("lr0", lr0)
        self._axis, self._lr0 = axis, lr0
        self._patience, self._min_delta = patience, min_delta

    @abstractmethod
    def rate(self, blocks: FloatArray) -> FloatArray:
        """Learning rates (N,) after so many blocks (N,)."""

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], None]:
        """The rate of the next block, or a stop."""
        blocks = self.encoder.evaluations(observations).astype(np.float64)
        log_rates = np.log10(np.clip(self.rate(blocks), self._axis.low, self._axis.high))
        (units,) = self._axis.position(log_rates)
        stops = np.zeros(len(blocks), dtype=np.bool_)
        if self._patience is not None:
            decoded = self.encoder.decode(observations)
            scores = self.encoder.score(decoded.history_features)
            wait = waited(scores, decoded.history_filled > 0.0, self._min_delta)
            stops = wait >= max(self._patience, 1)
        return self.finish(units[:, None], stops), None


def waited(scores: FloatArray, filled: NDArray[np.bool_], min_delta: float) -> NDArray[np.int64]:
    """Reports (N,) since the last one that improved.

    Args:
        scores: (N, reports), in order.
        filled: (N, reports), False for reports to come.
        min_delta: What an improvement must be above.
    """
    best, wait = np.full(len(scores), -np.inf), np.zeros(len(scores), dtype=np.int64)
    for score, there in zip(scores.T, filled.T, strict=True):
        improved = there & (score - min_delta > best)
        best = np.where(improved, score, best)
        wait = np.where(improved, 0, wait + there)
    return wait


class ConstantRate(Schedule):
    """The learning rate lr0 throughout."""

    name = "constant"

    def rate(self, blocks: FloatArray) -> FloatArray:
        """See `Schedule`."""
        return np.full(len(blocks), self._lr0)


class TimeDecay(Schedule):
    """lr0 / (1 + decay t).

    Args:
        problem: See `Schedule`.
        decay: Of the rate, >= 0.
        **arguments: Those of `Schedule`.
    """

    name = "time decay"

    def __init__(self, problem: Problem, *, decay: float = 0.1, **arguments: Any) -> None:
        super().__init__(problem, **arguments)
        if finite_number("decay", decay) < 0.0:
            raise ValueError(f"decay = {decay!r} must be >= 0")
        self._decay = decay

    def rate(self, blocks: FloatArray) -> FloatArray:
        """See `Schedule`."""
        return self._lr0 / (1.0 + self._decay * blocks)


class ExponentialDecay(Schedule):
    """lr0 exp(-k t).

    Args:
        problem: See `Schedule`.
        k: Of the rate, >= 0.
        **arguments: Those of `Schedule`.
    """

    name = "exponential"

    def __init__(self, problem: Problem, *, k: float = 0.1, **arguments: Any) -> None:
        super().__init__(problem, **arguments)
        if finite_number("k", k) < 0.0:
            raise ValueError(f"k = {k!r} must be >= 0")
        self._k = k

    def rate(self, blocks: FloatArray) -> FloatArray:
        """See `Schedule`."""
        return self._lr0 * np.exp(-self._k * blocks)
