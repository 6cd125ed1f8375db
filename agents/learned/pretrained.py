"""The pretrained tuners of `hpo_gym.policies.pretrained`, as agents of the benchmark."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hpo_gym import pretrained
from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.find import dynamics_of
from hpo_gym.tuning.process import TuningProcess


class PretrainedTuner:
    """The policy that an algorithm learned on the family of an environment.

    A policy that was trained on the "summary" observation also reads a "history", of which the
    summary is the first part.

    Args:
        env: An environment, a vector environment or dynamics.
        seed: Seeds the random numbers of ``deterministic=False``.
        algorithm: "unrolled", "ppo" or "recurrent_ppo".
        training_seed: Seed of the training.

    Raises:
        ValueError: There is no such policy for the environment's family, or it cannot read the
            environment's observations.
    """

    def __init__(
        self, env: Any, *, seed: int = 0, algorithm: str = "unrolled", training_seed: int = 0
    ) -> None:
        dynamics = dynamics_of(env)
        file = pretrained.path(algorithm, dynamics.family.name, training_seed)
        self.policy = Policy.load(file, seed=seed)
        if self.policy.description["interface"]["observation"] == "summary":
            dynamics = TuningProcess(replace(dynamics.options, observation="summary"))
        self.policy.check_env(dynamics)
        self._size = dynamics.layout.size

    def predict(
        self,
        observation: Any,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = False,
    ) -> tuple[Any, Any]:
        """As `hpo_gym.policies.policy.Policy.predict`."""
        seen = np.asarray(observation)[..., : self._size]
        return self.policy.predict(seen, state, episode_start, deterministic)
