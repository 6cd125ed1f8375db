"""Conformance checks for vector environments, processes, families and agents.

For this project's own tests and for users who add an environment, a family or an agent. A check
returns nothing and raises an ``AssertionError`` that says what is wrong; only numpy and gymnasium
are needed. `gymnasium.utils.env_checker.check_env` does the same for scalar environments.

Example:
    >>> import gymnasium as gym
    >>> from hpo_gym.testing import check_family, check_vector_env
    >>> check_vector_env(gym.make_vec("hpo_gym:FictitiousHPO-v0", 3), steps=30)
    >>> check_family("beale")
"""

from hpo_gym.testing.agents import check_agent
from hpo_gym.testing.environments import check_vector_env
from hpo_gym.testing.families import check_family
from hpo_gym.testing.processes import check_process
from hpo_gym.testing.rollouts import rollout

__all__ = ["check_agent", "check_family", "check_process", "check_vector_env", "rollout"]
