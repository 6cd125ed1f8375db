"""PPO."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from stable_baselines3 import PPO
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv

from .bounds import Within
from .learner import LearningRate, Positive, Rows, Share, Sizes
from .sb3_learner import MAX_ROLLOUT, SB3Settings


@dataclass(frozen=True, kw_only=True)
class PPOSettings(SB3Settings):
    """Hyperparameters of PPO; the names are SB3's.

    Attributes:
        n_steps: Steps of a rollout per environment.
        batch_size: Transitions of a gradient step.
        n_epochs: Passes over a rollout.
        gae_lambda: Bias against variance of the advantages.
        learning_rate: At the beginning.
        final_learning_rate: At the end; linear in between.
        clip_range: At the beginning.
        final_clip_range: At the end; linear in between.
        entropy_coefficient: Weight of the entropy bonus.
        value_coefficient: Weight of the value loss.
        max_grad_norm: Gradients are clipped to this norm.
        target_kl: Ends the passes over a rollout early, or None.
        log_std_init: Logarithm of the Gaussian policy's first standard deviation.
        value_hidden: Sizes of the value network's hidden layers; None for those of ``hidden``.
    """

    algorithm: ClassVar[str] = "PPO"
    least_rollout: ClassVar[int] = 2

    num_envs: Rows = 512
    n_steps: Rows = 20
    batch_size: Annotated[int, Within(2, MAX_ROLLOUT)] = 2048
    n_epochs: Annotated[int, Within(1, 1000)] = 5
    gae_lambda: Share = 0.95
    learning_rate: LearningRate = 2e-3
    final_learning_rate: Share = 0.0
    clip_range: Positive = 0.2
    final_clip_range: Positive = 0.2
    entropy_coefficient: Annotated[float, Within(0.0, 1e3)] = 0.0
    value_coefficient: Annotated[float, Within(0.0, 1e3)] = 0.5
    max_grad_norm: Positive = 0.5
    target_kl: Positive | None = None
    log_std_init: Annotated[float, Within(-10.0, 2.0)] = -0.5
    value_hidden: Sizes | None = None

    @property
    def rollout_steps(self) -> int:
        """Environment steps of a rollout."""
        return self.num_envs * self.n_steps

    def policy_arguments(self) -> dict[str, Any]:
        """The ``policy_kwargs``."""
        value = self.hidden if self.value_hidden is None else self.value_hidden
        networks = {"pi": list(self.hidden), "vf": list(value)}
        return super().policy_arguments() | {
            "net_arch": networks,
            "log_std_init": self.log_std_init,
        }

    def build(self, envs: VecEnv, seed: int) -> OnPolicyAlgorithm:
        """A fresh model."""
        return PPO("MlpPolicy", envs, **self.model_arguments(), seed=seed)

    def model_arguments(self) -> dict[str, Any]:
        """What the algorithm is built with."""
        return {
            "learning_rate": LinearSchedule(self.learning_rate, self.final_learning_rate, 1.0),
            "n_steps": self.n_steps,
            "batch_size": self.batch_size,
            "n_epochs": self.n_epochs,
            "gamma": self.gamma,
            "gae_lambda": self.gae_lambda,
            "clip_range": LinearSchedule(self.clip_range, self.final_clip_range, 1.0),
            "ent_coef": self.entropy_coefficient,
            "vf_coef": self.value_coefficient,
            "max_grad_norm": self.max_grad_norm,
            "target_kl": self.target_kl,
            "policy_kwargs": self.policy_arguments(),
            "device": "cpu",
        }
