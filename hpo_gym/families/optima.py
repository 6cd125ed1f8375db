"""The best configurations of many tasks: solved in pieces, and kept on the disk.

They are kept in ``$HPO_GYM_CACHE``, or ``~/.cache/hpo_gym``. A file there is a convenience, not a
witness: it is used only if it begins with the digest of its content and of what that is of (tasks,
metric, solver), and if some of its tasks, solved anew, come out the same. Each process draws these
tasks for itself: whoever writes a file cannot spare them. Of a split of 4,096 tasks, the 256 of a
suite cannot be changed unseen, but one task can, with odds of 15 to 1. `solved_anew` does without.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.files import write_atomic

FloatArray = NDArray[np.float64]

_MANY = 10_000
"""Tasks from which on finding the optima takes long enough to say so."""
_PIECE = 8192
_DIGEST = 32
"""Bytes of a digest, with which a file begins."""
_CHECKED = 256
"""Tasks of a file that are solved anew: in some 30 ms."""
_TOLERANCE = 1e-9
"""Largest difference of the scores of two machines' solutions."""

Solve = Callable[[NDArray[np.int64]], "Optima"]
"""Finds the optima of the tasks with these indices."""

_trusting: ContextVar[bool] = ContextVar("trusting", default=True)


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


@contextmanager
def solved_anew() -> Iterator[None]:
    """Within it, nothing is taken from the cache: banks solve for the tasks that are asked for.

    For whoever confirms results: nothing that another process left can confirm itself.
    """
    token = _trusting.set(False)
    try:
        yield
    finally:
        _trusting.reset(token)


def trusting() -> bool:
    """Whether what earlier processes kept may be used: not within `solved_anew`."""
    return _trusting.get()


def kept(name: str, identity: bytes, shape: tuple[int, int], solve: Solve, title: str) -> Optima:
    """The optima that an earlier process kept under a name, else solved and kept now.

    Args:
        name: Of the file.
        identity: What the optima depend on: tasks, metric and solver.
        shape: Of the scaled configurations, (d, n).
        solve: Finds optima.
        title: Of the tasks, for messages.
    """
    path = cache_folder() / f"{name}.optima"
    optima = _read(path, identity, shape)
    if optima is not None and _agrees(optima, solve):
        return optima
    if path.exists():
        print(
            f"hpo_gym: {path} is damaged, or not of {title}: solving these tasks anew",
            file=sys.stderr,
        )
    optima = solve_all(solve, shape[1], title)
    _write(path, identity, optima)
    return optima


def solve_all(solve: Solve, size: int, title: str) -> Optima:
    """Optima of many tasks, piece by piece, with a line of progress where that takes a while.

    Args:
        solve: Finds optima.
        size: Number of tasks.
        title: Of the tasks, for the line.
    """
    pieces, line = [], ""
    for start in range(0, size, _PIECE):
        if size > _MANY:
            line = f"hpo_gym: optima of {title}, {start}/{size} tasks (once)"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
        pieces.append(solve(np.arange(start, min(start + _PIECE, size))))
    if line:
        print("\r" + " " * len(line) + "\r", end="", file=sys.stderr, flush=True)
    scaled, score = zip(*pieces, strict=True)
    return Optima(np.concatenate(scaled, axis=1), np.concatenate(score))


def _digest(identity: bytes, content: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(identity).digest() + content).digest()


def _read(path: Path, identity: bytes, shape: tuple[int, int]) -> Optima | None:
    """What an earlier process kept; None if there is nothing whole, or it is of something else."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    digest, content = data[:_DIGEST], data[_DIGEST:]
    rows, tasks = shape[0] + 1, shape[1]
    if digest != _digest(identity, content) or len(content) != 8 * rows * tasks:
        return None
    block = np.frombuffer(content, dtype="<f8").reshape(rows, tasks)
    return Optima(block[:-1], block[-1])


def _agrees(optima: Optima, solve: Solve) -> bool:
    """Whether some of the tasks, other ones each time, have the scores that the solver finds."""
    size = len(optima.score)
    tasks = np.random.default_rng().permutation(size)[:_CHECKED]
    return bool((np.abs(solve(tasks).score - optima.score[tasks]) <= _TOLERANCE).all())


def _write(path: Path, identity: bytes, optima: Optima) -> None:
    """Keep optima for later processes; a folder that cannot be written costs them the time."""
    content = np.vstack(optima).astype("<f8").tobytes()
    try:
        write_atomic(path, _digest(identity, content) + content)
    except OSError as error:
        print(
            f"hpo_gym: optima are not kept ({error}); HPO_GYM_CACHE names another folder",
            file=sys.stderr,
        )
