"""Trainings of a few hundred steps, and what interrupts them."""

import os
import signal

from agents.training import checkpoints, validation
from agents.training.dqn import DQNSettings
from agents.training.ppo import PPOSettings
from agents.training.validation import mean_return

PROPOSE, NUDGE = "FictitiousHPO-v0", "FictitiousHPONudge-v0"

# Rollouts end in mid-episode, schedules move, both normalisations run: all must be restored.
PPO_SETTINGS = PPOSettings(
    total_steps=8 * 7 * 6,
    num_envs=8,
    n_steps=7,
    batch_size=28,
    n_epochs=2,
    interval=8 * 7 * 2,
    evaluation_episodes=8,
    hidden=(8,),
    normalize_reward=True,
    normalize_observations=True,
    final_clip_range=0.05,
)
DQN_SETTINGS = DQNSettings(
    total_steps=4 * 2 * 60,
    num_envs=4,
    train_freq=2,
    batch_size=16,
    buffer_size=200,  # overflows before the second checkpoint
    learning_starts=20,
    target_update_interval=48,  # not in step with the checkpoints
    exploration_fraction=1.0,
    exploration_final_eps=0.9,
    interval=4 * 2 * 20,
    evaluation_episodes=8,
    hidden=(8,),
)
QUIET = {"progress_bar": False}


def press_ctrl_c(monkeypatch):
    """Press Ctrl-C in the first evaluation."""

    def press(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return mean_return(*arguments)

    monkeypatch.setattr(validation, "mean_return", press)


class CrashError(Exception):
    """A training crashed."""


def crash_at_checkpoint(monkeypatch, number):
    """Let the checkpoint of this number fail before anything of it is written."""
    calls = []

    def save(folder, state, steps, original=checkpoints.save):
        calls.append(steps)
        if len(calls) == number:
            raise CrashError
        return original(folder, state, steps)

    monkeypatch.setattr(checkpoints, "save", save)
