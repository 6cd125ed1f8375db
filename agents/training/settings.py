"""What every training needs to know, whatever the algorithm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from .validation import CRITERIA

_ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings that all algorithms share.

    Attributes:
        total_steps: Environment steps, rounded up to whole rollouts.
        num_envs: Rows of the vector environment.
        interval: Steps from one boundary to the next.
        evaluation_episodes: Episodes of an evaluation.
        criterion: What the best policy is chosen by, "return" or "regret": see
            `agents.training.validation`.
        reward: The reward to train on, unless the environment's options name one; None for the
            environment's own, on which every evaluation is.
        observation: The observation, unless the environment's options name one; None for the
            environment's own.
        normalize_reward: Divide rewards by the running deviation of the discounted return.
        normalize_observations: Standardise observations by their running statistics.
        gamma: Discount factor.
        hidden: Sizes of the hidden layers.
        activation: "tanh" or "relu".
    """

    algorithm: ClassVar[str]

    total_steps: int = 1_000_000
    num_envs: int = 1024
    interval: int = 100_000
    evaluation_episodes: int = 256
    criterion: str = "return"
    reward: str | None = None
    observation: str | None = None
    normalize_reward: bool = False
    normalize_observations: bool = False
    gamma: float = 0.99
    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"

    def __post_init__(self) -> None:
        """Check what would fail late or without saying why."""
        for name in ("total_steps", "num_envs", "interval", "evaluation_episodes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)!r} must be a whole number >= 1")
        for name, known in (("activation", (*_ACTIVATIONS,)), ("criterion", CRITERIA)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} = {getattr(self, name)!r} must be one of {[*known]}")

    @property
    def rollout_steps(self) -> int:
        """Environment steps of a rollout."""
        raise NotImplementedError

    @property
    def planned_steps(self) -> int:
        """Environment steps of the training."""
        return -(-self.total_steps // self.rollout_steps) * self.rollout_steps

    @property
    def log_interval(self) -> int:
        """What SB3's `learn` calls so: rollouts, or episodes for off-policy algorithms."""
        return 1

    def build(self, envs: VecEnv, seed: int) -> BaseAlgorithm:
        """A fresh model."""
        raise NotImplementedError

    def policy_arguments(self) -> dict[str, Any]:
        """The ``policy_kwargs`` that all algorithms share."""
        return {"net_arch": list(self.hidden), "activation_fn": _ACTIVATIONS[self.activation]}
