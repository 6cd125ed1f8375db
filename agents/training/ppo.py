"""PPO: hyperparameters for each environment, and the training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from stable_baselines3 import PPO
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv

from .sb3_learner import Trained
from .settings import TrainingSettings
from .train import train


@dataclass(frozen=True, kw_only=True)
class PPOSettings(TrainingSettings):
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

    num_envs: int = 512
    n_steps: int = 20
    batch_size: int = 2048
    n_epochs: int = 5
    gae_lambda: float = 0.95
    learning_rate: float = 2e-3
    final_learning_rate: float = 0.0
    clip_range: float = 0.2
    final_clip_range: float = 0.2
    entropy_coefficient: float = 0.0
    value_coefficient: float = 0.5
    max_grad_norm: float = 0.5
    target_kl: float | None = None
    log_std_init: float = -0.5
    value_hidden: tuple[int, ...] | None = None

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


# Where moves are small, f1_gain leads to climbing at once and paying for the way down: a local
# optimum. From most starts it is best to wait cheaply and to climb in the last steps, which
# f1_delta teaches: undiscounted it adds up to last score - first score - cost.
_LATE_CLIMB = PPOSettings(total_steps=2_000_000, reward="f1_delta", gamma=1.0)

# On a family the gain of the incumbent says little about one proposal, the logarithm of its regret
# much. A rollout is one episode of every row. More small steps serve better than more passes.
_FAMILY = PPOSettings(
    total_steps=5_000_000,
    num_envs=1024,
    interval=500_000,
    evaluation_episodes=1024,
    criterion="regret",
    reward="log_regret",
    gamma=0.9,
    gae_lambda=0.9,
    n_steps=16,
    n_epochs=3,
    learning_rate=1e-3,
    log_std_init=-1.6,
    hidden=(256, 256),
    value_hidden=(128, 128),
)

SETTINGS: dict[str, PPOSettings] = {
    "FictitiousHPO-v0": PPOSettings(total_steps=1_500_000, gamma=0.9, gae_lambda=0.9),
    "FictitiousHPOAdjust-v0": _LATE_CLIMB,
    "FictitiousHPONudge-v0": _LATE_CLIMB,
    "BealeHPO-v0": PPOSettings(gamma=0.9),
    "FictitiousHPOFamily-v0": _FAMILY,
    # Its rare tasks lie far from where the first guess belongs: explore more widely at first.
    "BinormalHPOFamily-v0": replace(_FAMILY, log_std_init=-1.0),
}
"""Hyperparameters by id; `settings_for` gives those of all others."""


def settings_for(env_id: str) -> PPOSettings:
    """The hyperparameters for an environment."""
    return SETTINGS.get(env_id.removeprefix("hpo_gym:"), PPOSettings())


def train_ppo(env_id: str, *, settings: PPOSettings | None = None, **arguments: Any) -> Trained:
    """Train a PPO policy.

    Args:
        env_id: A registered id.
        settings: Hyperparameters, or None for those of `SETTINGS`.
        **arguments: As for `train`.
    """
    return train(settings or settings_for(env_id), env_id, **arguments)
