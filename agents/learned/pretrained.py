"""The pretrained tuners of `hpo_gym.policies.pretrained`, as agents of the benchmark."""

from __future__ import annotations

from hpo_gym import pretrained
from hpo_gym.families import Family, make_family
from hpo_gym.tuners.policy_agent import PolicyAgent
from hpo_gym.tuning.problem import Problem


class PretrainedTuner(PolicyAgent):
    """The policy that an algorithm learned on the family of an environment, or on another one.

    Args:
        problem: What it may know of the problems that it will tune.
        family: The family, whose policy it is, or its name.
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
        family: Family | str,
        seed: int = 0,
        algorithm: str = "unrolled",
        training_seed: int = 0,
    ) -> None:
        file = pretrained.path(algorithm, make_family(family).name, training_seed)
        super().__init__(problem, files=(str(file),), seed=seed)
