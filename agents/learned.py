"""The pretrained tuners of `hpo_gym.pretrained`, as agents of the benchmark."""

from __future__ import annotations

from typing import Any

from hpo_gym import pretrained
from hpo_gym.policy import Policy
from hpo_gym.reference import dynamics_of


def pretrained_tuner(
    env: Any, *, seed: int = 0, algorithm: str = "unrolled", training_seed: int = 0
) -> Policy:
    """The policy that an algorithm learned on the family of an environment.

    Args:
        env: An environment, a vector environment or dynamics.
        seed: Seeds the random numbers of ``deterministic=False``.
        algorithm: "unrolled", "ppo" or "recurrent_ppo".
        training_seed: Seed of the training.

    Raises:
        ValueError: There is no such policy, or it reads other observations.
    """
    dynamics = dynamics_of(env)
    file = pretrained.path(algorithm, dynamics.family, training_seed)
    policy = Policy.load(file, seed=seed)
    policy.check_env(dynamics)
    return policy
