"""A trained policy as an agent of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.problem import Problem


class PolicyAgent:
    """Plays a policy that a training wrote, after checking that it fits.

    A policy that was trained on the "summary" observation also reads a "history", of which the
    summary is the first part.

    Args:
        problem: What it may know of the problems that it will tune.
        files: The policy's npz file, and any others that belong to it.
        seed: Seeds the random numbers of ``deterministic=False``.

    Raises:
        ValueError: The policy cannot be read, or observations and actions do not mean for the
            problem what they mean for the policy.
    """

    def __init__(self, problem: Problem, *, files: Sequence[str], seed: int = 0) -> None:
        self.policy = Policy.load(files[0], seed=seed)
        if self.policy.description["interface"]["observation"] == "summary":
            problem = problem.summarised()
        try:
            self.policy.check_env(problem)
        except ValueError as error:
            raise ValueError(f"policy file {files[0]}: {error}") from error
        self._size = problem.encoder.size

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
