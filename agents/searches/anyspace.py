"""`hpo_gym.Tuner`, on the spaces of families of tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.tuners.agent import FloatArray
from hpo_gym.tuners.ask_tell import Search, SearchAgent
from hpo_gym.tuners.tuner import Tuner
from hpo_gym.tuning.problem import Problem


class Tuning(Search):
    """A `Tuner` that is told one evaluation at a time.

    Args:
        tuner: The tuner.
    """

    def __init__(self, tuner: Tuner) -> None:
        self._tuner = tuner

    def tell(self, unit: FloatArray, score: float) -> None:
        """Tell the tuner."""
        self._tuner.tell(self._tuner.space.configuration(unit), score)

    def ask(self) -> FloatArray:
        """Ask the tuner."""
        return np.array(self._tuner.space.unit(self._tuner.ask()))


class AnySpaceAgent(SearchAgent):
    """`hpo_gym.Tuner`: by default with the policy that was trained on functions of any space.

    Args:
        problem: See `Agent`.
        seed: Seed of the tuners.
        policy: Name of the tuner's policy.
        initial: Unit configurations (n, d) to evaluate first, which are told to the tuner.
    """

    name = "anyspace"

    def __init__(
        self, problem: Problem, *, seed: int = 0, policy: str = "anyspace", initial: Any = ()
    ) -> None:
        super().__init__(problem, seed=seed, initial=initial)
        self._policy = policy

    def begin(self, random: np.random.Generator) -> Tuning:
        """A tuner of its own."""
        seed = int(random.integers(2**63))
        budget = max(self.encoder.max_evaluations - len(self.initial), 1)
        return Tuning(Tuner(self.problem.space, budget=budget, seed=seed, policy=self._policy))
