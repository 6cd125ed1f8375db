"""DQN, for discrete actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from gymnasium.spaces import Discrete, Space
from stable_baselines3 import DQN
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv

from .bounds import Within
from .learner import LearningRate, Positive, Rows, Share, Steps
from .sb3_learner import SB3Settings


@dataclass(frozen=True, kw_only=True)
class DQNSettings(SB3Settings):
    """Hyperparameters of DQN; the names are SB3's.

    Attributes:
        buffer_size: Transitions that the replay buffer holds; it is part of every checkpoint.
        learning_starts: Steps before the first gradient step.
        batch_size: Transitions of a gradient step.
        train_freq: Steps per environment between gradient steps.
        gradient_steps: Gradient steps in a row.
        target_update_interval: Steps between updates of the target network.
        tau: Share of the network that goes into its target at an update.
        learning_rate: At the beginning.
        final_learning_rate: At the end; linear in between.
        exploration_fraction: Share of the training in which exploration falls.
        exploration_final_eps: Share of random actions from then on.
        max_grad_norm: Gradients are clipped to this norm.
    """

    algorithm: ClassVar[str] = "DQN"

    total_steps: Steps = 750_000
    num_envs: Rows = 128
    normalize_reward: bool = True
    buffer_size: Annotated[int, Within(1, 1_000_000)] = 200_000
    learning_starts: Annotated[int, Within(0, 10**10)] = 10_000
    batch_size: Rows = 512
    train_freq: Rows = 1
    gradient_steps: Annotated[int, Within(1, 1000)] = 4
    target_update_interval: Steps = 10_000
    tau: Annotated[float, Within(0.0, 1.0, above=True)] = 1.0
    learning_rate: LearningRate = 1e-3
    final_learning_rate: Share = 0.0
    exploration_fraction: Annotated[float, Within(0.0, 1.0, above=True)] = 0.3
    exploration_final_eps: Share = 0.05
    max_grad_norm: Positive = 10.0

    @property
    def rollout_steps(self) -> int:
        """Environment steps of a rollout."""
        return self.num_envs * self.train_freq

    @property
    def log_interval(self) -> int:
        """Episodes between two writings of the log: rows end theirs together."""
        return 10 * self.num_envs

    def check_actions(self, space: Space[Any]) -> None:
        """Refuse actions that are not discrete."""
        if not isinstance(space, Discrete):
            raise ValueError(
                f"DQN needs discrete actions, not {space}: choose an environment with "
                "action='nudge' such as FictitiousHPONudge-v0, or PPO"
            )

    def build(self, envs: VecEnv, seed: int) -> DQN:
        """A fresh model."""
        return DQN(
            "MlpPolicy",
            envs,
            learning_rate=LinearSchedule(self.learning_rate, self.final_learning_rate, 1.0),
            buffer_size=self.buffer_size,
            learning_starts=self.learning_starts,
            batch_size=self.batch_size,
            tau=self.tau,
            gamma=self.gamma,
            train_freq=self.train_freq,
            gradient_steps=self.gradient_steps,
            target_update_interval=self.target_update_interval,
            exploration_fraction=self.exploration_fraction,
            exploration_final_eps=self.exploration_final_eps,
            max_grad_norm=self.max_grad_norm,
            policy_kwargs=self.policy_arguments(),
            seed=seed,
            device="cpu",
        )
