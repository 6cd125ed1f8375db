"""Policies that nobody trained."""

import gymnasium as gym
import numpy as np

from hpo_gym import Policy


def made_up_policy(env_id):
    """A policy with random weights."""
    ends = gym.make(env_id).unwrapped.process.interface
    random, size, actions = np.random.default_rng(1), ends["observation_size"], ends["action_size"]
    arrays = {
        "weight_0": random.standard_normal((actions, size)) / 4.0,
        "bias_0": random.standard_normal(actions),
        "log_std": np.zeros(actions),
    }
    description = {
        "format": 1,
        "algorithm": "none",
        "kind": "gaussian",
        "activation": "relu",
        "layer_sizes": [size, actions],
        "interface": ends,
        "environment": {"id": env_id, "options": {}},
    }
    return Policy({k: array.astype(np.float32) for k, array in arrays.items()}, description)
