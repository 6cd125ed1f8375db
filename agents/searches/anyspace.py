"""`hpo_gym.Tuner`, on the spaces of families of tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.policies.anyspace.policy import AnySpacePolicy
from hpo_gym.policies.classifier.policy import METRIC, ClassifierPolicy, check_space
from hpo_gym.tuners.agent import FloatArray
from hpo_gym.tuners.ask_tell import Search, SearchAgent
from hpo_gym.tuners.tuner import Tuner
from hpo_gym.tuning.problem import Problem

_ROUNDING = 1e-6
"""Unit coordinates of actions and observations are float32."""
_POLICIES = {policy.algorithm: policy for policy in (AnySpacePolicy, ClassifierPolicy)}


class Tuning(Search):
    """A `Tuner` that is told one evaluation at a time.

    Args:
        tuner: The tuner.
    """

    def __init__(self, tuner: Tuner) -> None:
        self._tuner = tuner

    def tell(self, unit: FloatArray, score: float) -> None:
        """Tell the tuner: of what it asked for as it asked for it, before a float32 rounded it."""
        space, running = self._tuner.space, self._tuner.running
        asked = running and np.allclose(space.unit(running[-1]), unit, rtol=0.0, atol=_ROUNDING)
        self._tuner.tell(running[-1] if asked else space.configuration(unit), score)

    def ask(self) -> FloatArray:
        """Ask the tuner."""
        return np.array(self._tuner.space.unit(self._tuner.ask()))


class AnySpaceAgent(SearchAgent):
    """`hpo_gym.Tuner`: by default with the policy that was trained on functions of any space.

    Args:
        problem: See `Agent`.
        seed: Seed of the tuners.
        policy: "anyspace" or "classifier", which tunes F1 of classifiers alone.
        training_seed: Seed of the policy's training.
        initial: Unit configurations (n, d) to evaluate first, which are told to the tuner.

    Raises:
        ValueError: There is no such policy, or it does not fit the problem.
    """

    name = "anyspace"

    def __init__(
        self,
        problem: Problem,
        *,
        seed: int = 0,
        policy: str = "anyspace",
        training_seed: int = 0,
        initial: Any = (),
    ) -> None:
        super().__init__(problem, seed=seed, initial=initial)
        if policy not in _POLICIES:
            raise ValueError(f"policy = {policy!r} must be one of {[*_POLICIES]}")
        if policy == ClassifierPolicy.algorithm:
            check_space(problem.space)
            if problem.metric != METRIC:
                raise ValueError(f"the policy {policy!r} tunes {METRIC!r}, not {problem.metric!r}")
        self._policy = _POLICIES[policy].pretrained(training_seed)

    def begin(self, random: np.random.Generator) -> Tuning:
        """A tuner of its own."""
        seed = int(random.integers(2**63))
        budget = max(self.encoder.max_evaluations - len(self.initial), 1)
        return Tuning(Tuner(self.problem.space, budget=budget, seed=seed, policy=self._policy))
