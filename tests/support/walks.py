"""Walks through one episode, at random or by an agent, and what every info holds."""

from __future__ import annotations

import gymnasium as gym
import numpy as np

INFO = {
    **{"thr": float, "epochs": int, "lr": float, "precision": float, "recall": float},
    **{"loss": float, "accuracy": float, "f1": float, "best_f1": float, "regret": float},
    **{"cost": float, "total_cost": float, "evaluations": int, "task": int, "is_success": bool},
}


def walk(env, steps, seed=0, **reset):
    """(observation, reward, info) of a start and of random steps of one episode."""
    generator = np.random.default_rng(seed)
    observation, info = env.reset(seed=seed, **reset)
    yield observation, None, info
    for _ in range(steps):
        if isinstance(env.action_space, gym.spaces.Discrete):
            action = int(generator.integers(env.action_space.n))
        else:
            action = generator.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        observation, reward, terminated, _, info = env.step(action)
        yield observation, reward, info
        if terminated:
            return


def play(agent, env):
    """Infos of an agent's episode."""
    seen, _ = env.reset(seed=5)
    state, over, infos = None, False, []
    while not over:
        action, state = agent.predict(seen, state)
        seen, _, over, _, info = env.step(action)
        infos.append(info)
    return infos
