"""RecurrentPPO of sb3-contrib: PPO with a long short-term memory instead of the history.

The policy reads the "summary" observation, which shows the last evaluation and the incumbent; what
it knows about all others it has to remember.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from .extras import optional
from .ppo import PPOSettings


@dataclass(frozen=True, kw_only=True)
class RecurrentPPOSettings(PPOSettings):
    """Hyperparameters of RecurrentPPO: those of PPO and the memory's.

    Attributes:
        memory_size: Units of the LSTM.
        shared_memory: Let the value network read the policy's memory instead of its own; it does
            not train it.
    """

    algorithm: ClassVar[str] = "RecurrentPPO"

    total_steps: int = 3_000_000
    num_envs: int = 1024
    interval: int = 250_000
    evaluation_episodes: int = 1024
    criterion: str = "regret"
    reward: str | None = "log_regret"
    observation: str | None = "summary"
    gamma: float = 0.9
    gae_lambda: float = 0.9
    n_steps: int = 16
    n_epochs: int = 3
    learning_rate: float = 1e-3
    log_std_init: float = -1.6
    hidden: tuple[int, ...] = (128,)
    memory_size: int = 128
    shared_memory: bool = False

    def policy_arguments(self) -> dict[str, Any]:
        """The ``policy_kwargs``."""
        return super().policy_arguments() | {
            "lstm_hidden_size": self.memory_size,
            "shared_lstm": self.shared_memory,
            "enable_critic_lstm": not self.shared_memory,
        }

    def build(self, envs: VecEnv, seed: int) -> OnPolicyAlgorithm:
        """A fresh model."""
        contrib = optional("sb3_contrib", extra="train", user="RecurrentPPO")
        model: OnPolicyAlgorithm = contrib.RecurrentPPO(
            "MlpLstmPolicy", envs, **self.model_arguments(), seed=seed
        )
        return model


def settings_for(env_id: str) -> RecurrentPPOSettings:
    """The hyperparameters for an environment, the same for all."""
    return RecurrentPPOSettings()
