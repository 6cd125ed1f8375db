"""RecurrentPPO of sb3-contrib: PPO with a long short-term memory instead of the history.

The policy reads the "summary" observation, which shows the last evaluation and the incumbent; what
it knows about all others it has to remember.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from hpo_gym.tuning.rewards import REWARDS

from .bounds import OneOf, Within
from .learner import Criterion, LearningRate, Observation, Rows, Share, Sizes, Steps
from .ppo import PPOSettings

try:
    from sb3_contrib import RecurrentPPO
    from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
except ImportError as error:
    raise ImportError("RecurrentPPO needs sb3-contrib: pip install 'hpo-gym[train]'") from error


class WholeSequencePolicy(RecurrentActorCriticPolicy):
    """Runs its memory over each sequence of a gradient step in one call instead of step by step.

    sb3-contrib does so where no episode starts in a sequence. Its rollout buffer cuts sequences
    where episodes start, so that there, states emptied beforehand do the same.
    """

    @staticmethod
    def _process_sequence(
        features: Tensor,
        lstm_states: tuple[Tensor, Tensor],
        episode_starts: Tensor,
        lstm: torch.nn.LSTM,
    ) -> tuple[Tensor, Tensor]:
        starts = episode_starts.reshape(lstm_states[0].shape[1], -1)
        if not starts[:, 1:].any():
            keep = (1.0 - starts[:, 0]).view(1, -1, 1)
            lstm_states = keep * lstm_states[0], keep * lstm_states[1]
            episode_starts = torch.zeros_like(episode_starts)
        return RecurrentActorCriticPolicy._process_sequence(
            features, lstm_states, episode_starts, lstm
        )


@dataclass(frozen=True, kw_only=True)
class RecurrentPPOSettings(PPOSettings):
    """Hyperparameters of RecurrentPPO: those of PPO and the memory's.

    Attributes:
        memory_size: Units of the LSTM.
        shared_memory: Let the value network read the policy's memory instead of its own; it does
            not train it.
        forget_bias: First bias of the forget gates. At 0, torch's own, half of the memory fades
            with each evaluation; see Jozefowicz, Zaremba and Sutskever, "An empirical exploration
            of recurrent network architectures" (ICML 2015).
    """

    algorithm: ClassVar[str] = "RecurrentPPO"

    total_steps: Steps = 5_000_000
    num_envs: Rows = 1024
    interval: Steps = 500_000
    evaluation_episodes: Rows = 1024
    criterion: Criterion = "regret"
    reward: Annotated[str, OneOf(REWARDS)] | None = "log_regret"
    observation: Observation | None = "summary"
    gamma: Share = 0.9
    gae_lambda: Share = 0.9
    n_steps: Rows = 16
    n_epochs: Annotated[int, Within(1, 1000)] = 3
    learning_rate: LearningRate = 2e-3
    log_std_init: Annotated[float, Within(-10.0, 2.0)] = -1.6
    hidden: Sizes = (128,)
    memory_size: Annotated[int, Within(1, 4096)] = 128
    shared_memory: bool = False
    forget_bias: Annotated[float, Within(-10.0, 10.0)] = 1.0

    def __post_init__(self) -> None:
        """Check every setting, and that no gradient step has one transition only."""
        super().__post_init__()
        if self.rollout_steps % self.batch_size == 1:
            # sb3-contrib divides advantages by their standard deviation, here 0 / 0.
            raise ValueError(
                f"batch_size = {self.batch_size} leaves one of the {self.rollout_steps} steps of a "
                "rollout alone: choose a divisor of them"
            )

    def policy_arguments(self) -> dict[str, Any]:
        """The ``policy_kwargs``."""
        return super().policy_arguments() | {
            "lstm_hidden_size": self.memory_size,
            "shared_lstm": self.shared_memory,
            "enable_critic_lstm": not self.shared_memory,
        }

    def build(self, envs: VecEnv, seed: int) -> OnPolicyAlgorithm:
        """A fresh model."""
        model = RecurrentPPO(WholeSequencePolicy, envs, **self.model_arguments(), seed=seed)
        policy: Any = model.policy
        with torch.no_grad():
            for memory in (policy.lstm_actor, policy.lstm_critic):
                if memory is not None:
                    # The gates' biases lie in the order input, forget, cell, output.
                    memory.bias_hh_l0[self.memory_size : 2 * self.memory_size] += self.forget_bias
        return model
