"""All that can be trained, with the settings that suit each environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from hpo_gym.families import Family, KnownOptimum

from .anyspace.learner import AnySpaceSettings
from .classifiers.learner import ClassifierSettings
from .dqn import DQNSettings
from .learner import Settings
from .ppo import PPOSettings
from .recurrent_ppo import RecurrentPPOSettings
from .sb3_learner import SB3Settings
from .unrolled import UnrolledSettings


class Algorithm(NamedTuple):
    """The settings of an algorithm, which build its learner."""

    default: Settings
    by_environment: Mapping[str, Settings]
    """Settings by id, where the default ones are not good enough."""


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

# Each step is a training, and no regret is known.
_LIVE = PPOSettings(
    total_steps=20_000,
    num_envs=32,
    n_steps=16,
    batch_size=128,
    interval=4_000,
    evaluation_episodes=16,
    gamma=0.9,
    gae_lambda=0.9,
)

# Choices differ little in what they lead to: rollouts of whole episodes of many rows, so that an
# update meets all their parts.
_SCHEDULING = PPOSettings(
    total_steps=6_000_000,
    num_envs=512,
    n_steps=256,
    batch_size=8192,
    n_epochs=6,
    interval=393_216,
    evaluation_episodes=1000,
    normalize_reward=True,
    gamma=1.0,
    learning_rate=1e-3,
)

# A step is a block of a training, whose end is what counts; its noise is that of small counts.
_SCHEDULE = PPOSettings(
    total_steps=3_000_000,
    num_envs=1024,
    interval=300_000,
    evaluation_episodes=4096,
    gamma=1.0,
    gae_lambda=0.95,
    n_steps=20,
    n_epochs=3,
    learning_rate=1e-3,
    log_std_init=-1.0,
    hidden=(128, 128),
)

ALGORITHMS = {
    "ppo": Algorithm(
        PPOSettings(),
        {
            "FictitiousHPO-v0": PPOSettings(total_steps=1_500_000, gamma=0.9, gae_lambda=0.9),
            "FictitiousHPOAdjust-v0": _LATE_CLIMB,
            "FictitiousHPONudge-v0": _LATE_CLIMB,
            "BealeHPO-v0": PPOSettings(gamma=0.9),
            "FictitiousHPOFamily-v0": _FAMILY,
            # Its rare tasks lie far from where the first guess belongs: explore more at first.
            "BinormalHPOFamily-v0": replace(_FAMILY, log_std_init=-1.0),
            "RoughHPOFamily-v0": replace(_FAMILY, log_std_init=-1.0),
            # 25 tables are all that there are for validation.
            "RecordedHPO-v0": replace(_FAMILY, log_std_init=-1.0, evaluation_episodes=25),
            "LiveHPO-v0": _LIVE,
            "AnySpaceHPO-v0": _FAMILY,
            "FictitiousHPOSchedule-v0": _SCHEDULING,
            "RoughHPOSchedule-v0": _SCHEDULING,
            "RecordedHPOSchedule-v0": _SCHEDULING,
            "LearningRateSchedule-v0": _SCHEDULE,
        },
    ),
    "anyspace": Algorithm(AnySpaceSettings(), {}),
    "classifier": Algorithm(ClassifierSettings(), {}),
    "dqn": Algorithm(DQNSettings(), {}),
    "recurrent_ppo": Algorithm(
        RecurrentPPOSettings(),
        {"FictitiousHPOFamily-v0": RecurrentPPOSettings(total_steps=8_000_000)},
    ),
    "unrolled": Algorithm(
        UnrolledSettings(),
        {
            # Few validation cases make some tasks hopeless: regrets are larger, and so is the
            # epsilon that lets the loss see the difference between bad and worse.
            "BinormalHPOFamily-v0": UnrolledSettings(updates=3000, epsilon=0.05),
            "RoughHPOFamily-v0": UnrolledSettings(updates=2000, epsilon=0.03),
        },
    ),
}
"""By name."""


def settings_for(algorithm: str, env_id: str, family: Family | None = None) -> Settings:
    """The settings of an algorithm for an environment.

    Args:
        algorithm: One of `ALGORITHMS`.
        env_id: A registered id, with or without "hpo_gym:".
        family: The environment's family, if it is not that of the id: where regrets of many tasks
            cannot be known, neither the reward nor the criterion is one.

    Raises:
        ValueError: There is no such algorithm.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(f"unknown agent {algorithm!r}: choose from {[*ALGORITHMS]}")
    found = ALGORITHMS[algorithm]
    settings = found.by_environment.get(env_id.removeprefix("hpo_gym:"), found.default)
    if not isinstance(settings, SB3Settings) or settings.criterion == "return" or family is None:
        return settings
    tasks = family.sizes.get("validation", 0) if isinstance(family, KnownOptimum) else 0
    known = tasks >= settings.evaluation_episodes
    return settings if known else replace(settings, criterion="return", reward=None)
