"""The pretrained tuners of `hpo_gym.policies.pretrained`, as agents of the benchmark."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym import pretrained
from hpo_gym.families import Family
from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.problem import Problem


class PretrainedTuner:
    """The policy that an algorithm learned on the family of an environment.

    A policy that was trained on the "summary" observation also reads a "history", of which the
    summary is the first part.

    Args:
        problem: What it may know of the problems that it will tune.
        family: The family, whose policy it is.
        seed: Seeds the random numbers of ``deterministic=False``.
        algorithm: "unrolled", "ppo" or "recurrent_ppo".
        training_seed: Seed of the training.

    Raises:
        ValueError: There is no such policy for the family, or it cannot read the problem's
            observations.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        family: Family,
        seed: int = 0,
        algorithm: str = "unrolled",
        training_seed: int = 0,
    ) -> None:
        file = pretrained.path(algorithm, family.name, training_seed)
        self.policy = Policy.load(file, seed=seed)
        if self.policy.description["interface"]["observation"] == "summary":
            problem = problem.summarised()
        self.policy.check_env(problem)
        self._size = problem.encoder.size

    def predict(self, observation: Any, *others: Any, **named: Any) -> tuple[Any, Any]:
        """As `hpo_gym.policies.policy.Policy.predict`."""
        return self.policy.predict(np.asarray(observation)[..., : self._size], *others, **named)
