"""Checkpoints of a training: one file each, checked by its digest, loaded without pickle's code.

A file is a line of text, with the SHA-256 of what follows, then what `torch.save` makes of a dict
of tensors and plain values; `torch.load(weights_only=True)` reads it, which runs no code.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.running_mean_std import RunningMeanStd

from hpo_gym.files import write_atomic

_MAGIC = b"hpo_gym checkpoint 1 "
_KEPT = 2
_SUFFIX = ".checkpoint"

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


def save(folder: Path, state: dict[str, Any], steps: int) -> Path:
    """Write a checkpoint and remove all but the last two.

    Args:
        folder: Where the checkpoints of a run stand.
        state: Tensors and plain values, nested in dicts and lists.
        steps: Steps of the training so far.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getbuffer()
    digest = hashlib.sha256(data).hexdigest().encode()
    path = folder / f"{steps:012d}{_SUFFIX}"
    write_atomic(path, b"".join([_MAGIC, digest, b"\n", data]))
    for old in paths(folder)[:-_KEPT]:
        old.unlink()
    return path


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint.

    Raises:
        ValueError: The file is corrupt, truncated or no checkpoint.
    """
    head, _, data = path.read_bytes().partition(b"\n")
    digest = hashlib.sha256(data).hexdigest().encode()
    if head != _MAGIC + digest:
        raise ValueError(
            f"checkpoint {path} is corrupt or truncated (its SHA-256 is not the one it states): "
            "delete it to go on from the one before it"
        )
    state: dict[str, Any] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return state


def load_latest(folder: Path) -> dict[str, Any] | None:
    """Read the last checkpoint that is whole, with a line on stderr for each that is not.

    Returns:
        Its contents, or None if the folder has no checkpoints.

    Raises:
        ValueError: There are checkpoints, and none is whole.
    """
    found = paths(folder)
    for path in reversed(found):
        try:
            return load(path)
        except ValueError as error:
            print(f"warning: {error}", file=sys.stderr)
    if found:
        raise ValueError(
            f"no checkpoint in {folder} is whole ({', '.join(path.name for path in found)}): "
            "begin again with --overwrite"
        )
    return None


def paths(folder: Path) -> list[Path]:
    """The checkpoints in a folder, oldest first."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def capture(model: BaseAlgorithm) -> dict[str, Any]:
    """All of a model that its training goes on from, except the environments' episodes.

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


_PARTS = ("mean", "var", "count")


def _statistics(normalise: Any) -> dict[str, RunningMeanStd]:
    """The running statistics of a `VecNormalize`."""
    statistics = {"rewards": normalise.ret_rms}
    if normalise.norm_obs:
        statistics["observations"] = normalise.obs_rms
    return statistics


def _capture_random(model: BaseAlgorithm) -> dict[str, Any]:
    """The states of all generators that a training may draw from.

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
