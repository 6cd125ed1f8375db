"""Training with Stable-Baselines3 that can be resumed.

SB3's own `learn` runs in one piece; a callback lets the run rest at the beginnings of rollouts,
where nothing but the model's state, the random generators' and the environments' episodes carries
over. At a boundary the environments begin anew with a seed that depends on (seed, steps) alone, and
so they do in a resumed run.

Seeds: training uses seeds of 2**32 and above, validation those from
`agents.training.validation.VALIDATION_SEED` on; whoever tests a policy uses smaller ones.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv, VecMonitor, VecNormalize

from hpo_gym.integrations.sb3 import NativeVecEnv
from hpo_gym.integrations.sb3_export import policy_from_sb3
from hpo_gym.policies.policy import Policy
from hpo_gym.tuning.rewards import REWARDS

from . import sb3_state
from .bounds import OneOf
from .learner import EnvironmentSettings, Hooks, Learner, Rows, Share, Steps

_ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}
_TRAINING_SEED = 2**32

MAX_ROLLOUT = 2_000_000
"""Transitions of a rollout, which are held in memory."""


@dataclass(frozen=True, kw_only=True)
class SB3Settings(EnvironmentSettings):
    """Settings that all algorithms of SB3 share.

    Attributes:
        total_steps: Environment steps, rounded up to whole rollouts.
        num_envs: Rows of the vector environment.
        reward: The reward to train on, unless the environment's options name one; None for the
            environment's own, on which every evaluation is.
        normalize_reward: Divide rewards by the running deviation of the discounted return.
        normalize_observations: Standardise observations by their running statistics.
        gamma: Discount factor.
        activation: "tanh" or "relu".
    """

    least_rollout: ClassVar[int] = 1
    """Fewest steps of a rollout that the algorithm can learn from."""

    total_steps: Steps = 1_000_000
    num_envs: Rows = 1024
    reward: Annotated[str, OneOf(REWARDS)] | None = None
    normalize_reward: bool = False
    normalize_observations: bool = False
    gamma: Share = 0.99
    activation: Annotated[str, OneOf(_ACTIVATIONS)] = "relu"

    def __post_init__(self) -> None:
        """Check every setting, and how long a rollout is."""
        super().__post_init__()
        if not self.least_rollout <= self.rollout_steps <= MAX_ROLLOUT:
            raise ValueError(
                f"num_envs = {self.num_envs} makes rollouts of {self.rollout_steps} steps, which "
                f"must be {self.least_rollout} to {MAX_ROLLOUT}: change num_envs, or the steps in "
                "each environment"
            )

    def check(self, env_id: str, options: Mapping[str, Any]) -> None:
        """See `Settings.check`."""
        super().check(env_id, options)
        with closing(make_envs(self, env_id, options, rows=1)) as envs:
            self.check_actions(envs.action_space)

    def check_actions(self, space: gym.Space[Any]) -> None:
        """Check that the algorithm can choose such actions.

        Raises:
            ValueError: It cannot.
        """

    @property
    @abstractmethod
    def rollout_steps(self) -> int:
        """Environment steps of a rollout."""

    @property
    def planned_steps(self) -> int:
        """Environment steps of the training."""
        return -(-self.total_steps // self.rollout_steps) * self.rollout_steps

    @property
    def log_interval(self) -> int:
        """As in SB3's `learn`: in rollouts, or in episodes for off-policy algorithms."""
        return 1

    @abstractmethod
    def build(self, envs: VecEnv, seed: int) -> BaseAlgorithm:
        """A fresh model."""

    def policy_arguments(self) -> dict[str, Any]:
        """The ``policy_kwargs`` that all algorithms share."""
        return {"net_arch": list(self.hidden), "activation_fn": _ACTIVATIONS[self.activation]}

    def learner(self, env_id: str, options: dict[str, Any], seed: int) -> SB3Learner:
        """A learner at the beginning of its training."""
        return SB3Learner(self, env_id, options, seed)


class SB3Learner(Learner):
    """A model of SB3 in training.

    Args:
        settings: Algorithm and hyperparameters.
        env_id: A registered id.
        options: Options of the environment.
        seed: Seeds everything.
    """

    unit = "step"

    def __init__(
        self, settings: SB3Settings, env_id: str, options: Mapping[str, Any], seed: int
    ) -> None:
        self._settings, self._seed = settings, seed
        self.total = settings.planned_steps
        self._envs = make_envs(settings, env_id, options)
        self._model = settings.build(self._envs, seed)

    @property
    def done(self) -> int:
        """Environment steps so far."""
        return self._model.num_timesteps

    def learn(self, hooks: Hooks) -> None:
        """Take all steps that are left."""
        self._model.set_logger(hooks.logger)
        self.begin_episodes()
        self._model.learn(
            self.total - self.done,
            _Callback(self, hooks),
            self._settings.log_interval,
            reset_num_timesteps=False,
        )

    def begin_episodes(self) -> None:
        """Begin new episodes in all environments, seeded by the number of steps so far."""
        model, envs = self._model, self._envs
        words = np.random.SeedSequence([self._seed, self.done]).generate_state(1, np.uint64)
        envs.seed(_TRAINING_SEED + int(words[0] >> np.uint64(2)))
        model._last_obs = envs.reset()  # type: ignore[assignment]
        model._last_episode_starts = np.ones(envs.num_envs, dtype=np.bool_)
        normalise = model.get_vec_normalize_env()
        if normalise is not None:
            model._last_original_obs = normalise.get_original_obs()

    def parameters(self) -> Iterable[torch.Tensor]:
        """All weights."""
        return self._model.policy.parameters()

    def policy(self, details: dict[str, Any]) -> Policy:
        """A copy of the policy as it is now."""
        return policy_from_sb3(self._model, details | {"steps": self.done})

    def capture(self) -> dict[str, Any]:
        """The model's state, and that of the random generators."""
        return sb3_state.capture(self._model)

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `capture` returned."""
        sb3_state.restore(self._model, state)

    def close(self) -> None:
        """Close the environments."""
        self._envs.close()


class _Callback(BaseCallback):
    """Calls the hooks out of SB3's `learn`."""

    def __init__(self, learner: SB3Learner, hooks: Hooks) -> None:
        super().__init__()
        self._learner, self._hooks = learner, hooks

    def _on_step(self) -> bool:
        self._hooks.advance()
        return True

    def _on_rollout_start(self) -> None:
        if self._hooks.rest():
            self._learner.begin_episodes()


def make_envs(
    settings: SB3Settings, env_id: str, options: Mapping[str, Any], *, rows: int | None = None
) -> VecEnv:
    """The environments of a training, or only so many of them, as SB3 takes them."""
    reward = {} if settings.reward is None else {"reward": settings.reward}
    rows = settings.num_envs if rows is None else rows
    native = gym.make_vec(env_id, rows, autoreset_mode="SameStep", **{**reward, **options})
    envs: VecEnv = VecMonitor(NativeVecEnv(native))
    if settings.normalize_reward or settings.normalize_observations:
        envs = VecNormalize(
            envs,
            norm_obs=settings.normalize_observations,
            norm_reward=settings.normalize_reward,
            gamma=settings.gamma,
        )
    return envs
