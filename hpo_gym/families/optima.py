"""The best configurations of many tasks: solved in pieces, and kept on the disk.

They are kept in ``$HPO_GYM_CACHE``, or ``~/.cache/hpo_gym``.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.files import write_atomic

FloatArray = NDArray[np.float64]

_MANY = 10_000
"""Tasks from which on finding the optima takes long enough to say so."""
_PIECE = 8192


class Optima(NamedTuple):
    """The best configurations of n tasks."""

    scaled: FloatArray
    """(d, n) scaled configurations."""
    score: FloatArray
    """(n,) their noise-free scores."""


def cache_folder() -> Path:
    """Where optima are kept; it may be deleted at any time."""
    folder = os.environ.get("HPO_GYM_CACHE")
    if folder:
        return Path(folder)
    try:
        return Path.home() / ".cache" / "hpo_gym"
    except RuntimeError:  # a user without a home, as in some containers
        return Path(tempfile.gettempdir()) / "hpo_gym"


def kept(
    name: str | None, shape: tuple[int, int], piece: Callable[[slice], Optima], title: str
) -> Optima:
    """The optima that an earlier process kept under a name, else solved and kept now.

    Args:
        name: A name for these optima and no others; None if they are not to be kept.
        shape: Of the scaled configurations, (d, n).
        piece: Finds the optima of a slice of the tasks.
        title: Of the tasks, for the line of progress.
    """
    if name is None:
        return _solve(piece, shape[1], title)
    path = cache_folder() / f"{name}.npz"
    optima = _read(path, shape)
    if optima is None:
        optima = _solve(piece, shape[1], title)
        _write(path, optima)
    return optima


def _solve(piece: Callable[[slice], Optima], size: int, title: str) -> Optima:
    """Optima of many tasks, piece by piece, with a line of progress where that takes a while."""
    pieces, line = [], ""
    for start in range(0, size, _PIECE):
        if size > _MANY:
            line = f"hpo_gym: optima of {title}, {start}/{size} tasks (once)"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
        pieces.append(piece(slice(start, start + _PIECE)))
    if line:
        print("\r" + " " * len(line) + "\r", end="", file=sys.stderr, flush=True)
    scaled, score = zip(*pieces, strict=True)
    return Optima(np.concatenate(scaled, axis=1), np.concatenate(score))


def _read(path: Path, shape: tuple[int, int]) -> Optima | None:
    """What an earlier process kept; None if there is nothing whole."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            optima = Optima(kept["scaled"], kept["score"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    whole = optima.scaled.shape == shape and optima.score.shape == shape[1:]
    return optima if whole else None


def _write(path: Path, optima: Optima) -> None:
    """Keep optima for later processes; a folder that cannot be written costs them the time."""
    buffer = io.BytesIO()
    np.savez(buffer, scaled=optima.scaled, score=optima.score)
    try:
        write_atomic(path, buffer.getvalue())
    except OSError as error:
        print(
            f"hpo_gym: optima are not kept ({error}); HPO_GYM_CACHE names another folder",
            file=sys.stderr,
        )
