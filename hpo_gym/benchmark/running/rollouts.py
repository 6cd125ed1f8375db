"""Run an agent on seeded episodes and keep what its scores need."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from hpo_gym.benchmark.results.records import FloatArray
from hpo_gym.benchmark.running.hosted_tuner import HostedTuner
from hpo_gym.tuners.play import play


class Episodes(NamedTuple):
    """One row per episode, T is the budget of evaluations; after a stop, curves stay level."""

    returns: FloatArray
    """(n,) sums of rewards."""
    start_scores: FloatArray
    """(n,) noise-free scores of the starts, 0 where nothing is known at the start."""
    regret: FloatArray
    """(n, T + 1) noise-free regret of the incumbent after 0..T evaluations."""
    cost: FloatArray
    """(n, T + 1) cost paid for them."""


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
        options: Options of the environment; all infos are read, whatever its ``infos``.
        told: Whether the agent is told, by its ``begin(tasks=, split=)``, which tasks it faces.
    """
    envs: Any = gym.make_vec(env_id, episodes, **{**(options or {}), "infos": "all"})
    process = envs.unwrapped.process
    playing = play(agent, envs, seed=seed)
    start = next(playing)
    if told:
        agent.begin(tasks=np.atleast_1d(start.infos["task"]), split=process.options.split)
    turns = list(playing)
    envs.close()
    returns, regret, cost = np.zeros(episodes), [start.infos["regret"]], [start.infos["total_cost"]]
    for turn in turns:
        # A row that stopped has begun its next episode, which does not count.
        returns += turn.rewards
        regret.append(np.where(turn.running, turn.infos["regret"], regret[-1]))
        cost.append(np.where(turn.running, turn.infos["total_cost"], cost[-1]))
    missing = process.options.max_evaluations - len(turns)  # where all rows stopped early
    curves = [np.stack([*curve, *[curve[-1]] * missing], axis=1) for curve in (regret, cost)]
    start_scores = process.tasks(start.infos["task"]).best_possible * (1.0 - regret[0])
    return Episodes(returns, start_scores, *curves)


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
        agent: Has Stable-Baselines3's `predict`; it is given a batch of one, as in `run_episodes`.
        env_id: A registered id.
        seed: Seed of the first episode.
        options: Options of the environment.
        decisions: Number of decisions to time, after a first episode that is not counted.
        told: As in `run_episodes`.
    """
    envs: Any = gym.make_vec(env_id, 1, **{**(options or {}), "infos": "all"})
    split = envs.unwrapped.process.options.split
    times: list[float] = []
    episode = 0
    while len(times) < decisions:
        observations, infos = envs.reset(seed=seed + episode)
        if told:
            agent.begin(tasks=np.atleast_1d(infos["task"]), split=split)
        state, start, over = None, True, False
        while not over:
            before = time.perf_counter()
            actions, state = agent.predict(
                observations, state=state, episode_start=np.array([start]), deterministic=True
            )
            passed = time.perf_counter() - before
            if episode:
                times.append(agent.seconds if isinstance(agent, HostedTuner) else passed)
            observations, _, terminated, _, _ = envs.step(actions)
            start, over = False, bool(terminated[0])
        episode += 1
    envs.close()
    return float(np.median(times))
