"""Random search: the reference that every tuner has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuners.agent import Agent
from hpo_gym.tuning.problem import Problem


class RandomAgent(Agent):
    """Uniform actions in every mode.

    Args:
        problem: See `Agent`.
        seed: Seed of the actions.
        stop_probability: Chance that an action stops the episode; needs the option ``stop``.

    Raises:
        ValueError: The chance is not in [0, 1], or the environment has no action "stop".
    """

    name = "random"

    def __init__(self, problem: Problem, *, seed: int = 0, stop_probability: float = 0.0) -> None:
        super().__init__(problem, seed=seed)
        if not 0.0 <= stop_probability <= (1.0 if self.mode.stop else 0.0):
            raise ValueError(
                f"stop_probability = {stop_probability!r} must be in [0, 1], and 0 unless the "
                "environment was made with stop=True"
            )
        self.stop_probability = stop_probability

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], None]:
        """Draw the actions."""
        rows, d = len(observations), self.mode.dimension
        actions: NDArray[Any]
        if self.mode.discrete:
            actions = self.random.integers(2 * d + 1, size=rows)
        else:
            actions = self.box(self.random.uniform(-1.0, 1.0, (rows, d)))
        if self.stop_probability > 0.0:
            actions[self.random.random(rows) < self.stop_probability] = self.rest
        return actions, None
