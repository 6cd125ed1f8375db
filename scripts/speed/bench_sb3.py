"""PPO's whole loop over the native vector environment and over SB3's DummyVecEnv."""

from __future__ import annotations

import time
from collections.abc import Callable

import gymnasium as gym
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecEnv, VecMonitor

from hpo_gym.integrations.sb3 import NativeVecEnv
from scripts.speed.bench_tools import race, report

HPO = "hpo_gym:FictitiousHPO-v0"
TRANSITIONS = 16_384
"""Transitions of a rollout, the same for both."""


def compare_loops(repeats: int) -> None:
    """Steps per second of rollout and update together, with two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    native = VecMonitor(NativeVecEnv(gym.make_vec(HPO, 1024, autoreset_mode="SameStep")))
    contestants = {
        "native, 1,024 x 16": loop(native),
        "DummyVecEnv, 8 x 2,048": loop(make_vec_env(HPO, 8)),
    }
    report("steps/s of PPO's whole loop, 2 threads", race(contestants, repeats))
    torch.set_num_threads(before)


def loop(envs: VecEnv) -> Callable[[], float]:
    """A timer of one rollout and its update."""
    model = PPO(
        "MlpPolicy",
        envs,
        n_steps=TRANSITIONS // envs.num_envs,
        batch_size=4096,
        n_epochs=10,
        policy_kwargs={"net_arch": [64, 64]},
        seed=0,
        device="cpu",
    )

    def run() -> float:
        begin = time.perf_counter()
        model.learn(TRANSITIONS, reset_num_timesteps=False)
        return TRANSITIONS / (time.perf_counter() - begin)

    return run
