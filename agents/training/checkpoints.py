"""Checkpoints of a training: one file each, checked by its digest, loaded without running code.

A file is a line of text with the SHA-256 of what follows: what `torch.save` makes of a dict of
tensors and plain values. `torch.load(weights_only=True)` reads it.
"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path
from typing import Any

import torch

from hpo_gym.files import write_atomic

_MAGIC = b"hpo_gym checkpoint 2 "
_KEPT = 2
_SUFFIX = ".checkpoint"


def save(folder: Path, state: dict[str, Any], steps: int) -> Path:
    """Write a checkpoint and remove all but the last two.

    Args:
        folder: The folder of a run's checkpoints.
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
        ValueError: The file is corrupt, truncated or not a checkpoint, or would run code.
    """
    head, _, data = path.read_bytes().partition(b"\n")
    digest = hashlib.sha256(data).hexdigest().encode()
    if head != _MAGIC + digest:
        raise ValueError(
            f"checkpoint {path} is corrupt, truncated or of another version (its first line does "
            "not fit the rest): delete it to go on from the one before it"
        )
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # torch's are of many kinds
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"checkpoint {path} is not one that a training wrote, and nothing of it was run "
            f"({reason}): delete it to go on from the one before it"
        ) from error
    if not isinstance(state, dict):
        raise ValueError(
            f"checkpoint {path} holds a {type(state).__name__}, not a training's state: delete it "
            "to go on from the one before it"
        )
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
