"""What the training of a Stable-Baselines3 model goes on from."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.running_mean_std import RunningMeanStd

_COUNTERS = (
    "num_timesteps",
    "_n_updates",
    "_episode_num",
    "_n_calls",  # DQN: when to update the target network
    "exploration_rate",
)
"""Plain attributes of SB3's algorithms that training reads; an algorithm has some of them. The
schedules follow from the number of steps."""

_REPLAY = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
_PARTS = ("mean", "var", "count")


def capture(model: BaseAlgorithm) -> dict[str, Any]:
    """Everything the model's training goes on from, except the environments' episodes.

    The rollout buffer of an on-policy algorithm is not part of it: between two rollouts it holds
    nothing that is read again. A replay buffer is.
    """
    state: dict[str, Any] = {
        "parameters": model.get_parameters(),
        "counters": {name: getattr(model, name) for name in _COUNTERS if hasattr(model, name)},
        "random": _capture_random(model),
    }
    normalise = model.get_vec_normalize_env()
    if normalise is not None:
        state["normalisation"] = {
            name: {part: torch.as_tensor(np.array(getattr(each, part))) for part in _PARTS}
            for name, each in _statistics(normalise).items()
        }
    buffer = getattr(model, "replay_buffer", None)
    if isinstance(buffer, ReplayBuffer):
        filled = buffer.buffer_size if buffer.full else buffer.pos
        arrays = {name: torch.from_numpy(getattr(buffer, name)[:filled]) for name in _REPLAY}
        # A slice is saved with the whole array behind it, unless it is copied.
        arrays = {name: array if buffer.full else array.clone() for name, array in arrays.items()}
        state["replay"] = {"pos": buffer.pos, "full": buffer.full, "arrays": arrays}
    return state


def restore(model: BaseAlgorithm, state: dict[str, Any]) -> None:
    """Put what `capture` returned into a model that was built with the same settings."""
    model.set_parameters(state["parameters"])
    for name, value in state["counters"].items():
        setattr(model, name, value)
    normalise = model.get_vec_normalize_env()
    if normalise is not None:
        for name, each in _statistics(normalise).items():
            for part in _PARTS:
                setattr(each, part, state["normalisation"][name][part].numpy())
    buffer = getattr(model, "replay_buffer", None)
    if isinstance(buffer, ReplayBuffer):
        buffer.pos, buffer.full = state["replay"]["pos"], state["replay"]["full"]
        for name, array in state["replay"]["arrays"].items():
            getattr(buffer, name)[: len(array)] = array.numpy()
    _restore_random(model, state["random"])


def _statistics(normalise: Any) -> dict[str, RunningMeanStd]:
    """The running statistics of a `VecNormalize`."""
    statistics = {"rewards": normalise.ret_rms}
    if normalise.norm_obs:
        statistics["observations"] = normalise.obs_rms
    return statistics


def _capture_random(model: BaseAlgorithm) -> dict[str, Any]:
    """The states of all random generators that a training may draw from.

    JSON carries those whose states are nested tuples and integers of more than 64 bits.
    """
    numpy_state: dict[str, Any] = dict(np.random.get_state(legacy=False))
    numpy_state["state"] = numpy_state["state"] | {"key": numpy_state["state"]["key"].tolist()}
    return {
        "torch": torch.get_rng_state(),
        "numpy": json.dumps(numpy_state),
        "python": json.dumps(random.getstate()),
        "actions": json.dumps(model.action_space.np_random.bit_generator.state),
    }


def _restore_random(model: BaseAlgorithm, state: dict[str, Any]) -> None:
    torch.set_rng_state(state["torch"])
    numpy_state = json.loads(state["numpy"])
    numpy_state["state"]["key"] = np.array(numpy_state["state"]["key"], dtype=np.uint32)
    np.random.set_state(numpy_state)
    version, words, gauss = json.loads(state["python"])
    random.setstate((version, tuple(words), gauss))
    model.action_space.np_random.bit_generator.state = json.loads(state["actions"])
