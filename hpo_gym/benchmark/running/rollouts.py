"""Run an agent on seeded episodes and keep what its scores need."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from hpo_gym.benchmark.results.episodes import Episodes
from hpo_gym.tuning.find import process_of
from hpo_gym.tuning.process import TuningProcess


def run_episodes(
    agent: Any,
    env_id: str,
    *,
    episodes: int,
    seed: int,
    options: Mapping[str, Any] | None = None,
    told: bool = False,
) -> Episodes:
    """Run one episode per seed ``seed, seed + 1, ...``, all of them at once.

    Args:
        agent: Has Stable-Baselines3's `predict`; it is asked to be deterministic.
        env_id: A registered id.
        episodes: Number of episodes n.
        seed: Seed of the first episode.
        options: Options of the environment.
        told: Whether the agent is told, by its ``begin(tasks=, split=)``, which tasks it faces.
    """
    envs = gym.make_vec(env_id, episodes, **dict(options or {}))
    try:
        return _run(agent, envs, seed, told)
    finally:
        envs.close()


def _run(agent: Any, envs: Any, seed: int, told: bool) -> Episodes:
    episodes = envs.num_envs
    process = envs.unwrapped.process
    observations, infos = envs.reset(seed=seed)
    if told:
        _tell(agent, process, infos)
    start_scores = process.tasks(infos["task"]).best_possible * (1.0 - infos["regret"])
    returns = np.zeros(episodes)
    regret, cost = [infos["regret"]], [infos["total_cost"]]
    running = np.ones(episodes, dtype=np.bool_)
    state, starts = None, np.ones(episodes, dtype=np.bool_)
    for _ in range(process.options.max_evaluations):
        actions, state = agent.predict(
            observations, state=state, episode_start=starts, deterministic=True
        )
        observations, rewards, terminated, _, infos = envs.step(actions)
        starts = np.zeros(episodes, dtype=np.bool_)
        # A row that stopped has begun its next episode, which does not count.
        returns += np.where(running, rewards, 0.0)
        regret.append(np.where(running, infos["regret"], regret[-1]))
        cost.append(np.where(running, infos["total_cost"], cost[-1]))
        running &= ~terminated
    return Episodes(returns, start_scores, np.stack(regret, axis=1), np.stack(cost, axis=1))


def _tell(agent: Any, process: TuningProcess, infos: Mapping[str, Any]) -> None:
    agent.begin(tasks=np.atleast_1d(infos["task"]), split=process.options.split)


def decision_seconds(
    agent: Any,
    env_id: str,
    *,
    seed: int,
    options: Mapping[str, Any] | None = None,
    decisions: int = 200,
    told: bool = False,
) -> float:
    """Median time of one decision for one environment, in seconds.

    Args:
        agent: Has Stable-Baselines3's `predict`.
        env_id: A registered id.
        seed: Seed of the first episode.
        options: Options of the environment.
        decisions: Number of decisions to time, after a first episode that is not counted.
        told: As in `run_episodes`.
    """
    env = gym.make(env_id, **dict(options or {}))
    times: list[float] = []
    episode = 0
    while len(times) < decisions:
        observation, info = env.reset(seed=seed + episode)
        if told:
            _tell(agent, process_of(env), info)
        state, start, over = None, True, False
        while not over:
            before = time.perf_counter()
            action, state = agent.predict(
                observation, state=state, episode_start=np.array([start]), deterministic=True
            )
            if episode:
                times.append(time.perf_counter() - before)
            observation, _, over, _, _ = env.step(action)
            start = False
        episode += 1
    env.close()
    return float(np.median(times))
