"""Families that draw their tasks: finite banks from hashed keys, with optima found once.

A task is (family, split, index). Its key is a hash of the three, so two splits never share a task,
and its parameters are a function of the key. Optima are solved for a whole split at a time, on
first use, and kept in memory and on the disk (in ``$HPO_GYM_CACHE``, or ``~/.cache/hpo_gym``).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tempfile
import zipfile
from abc import abstractmethod
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.arrays import Column
from hpo_gym.families.base import Family
from hpo_gym.files import write_atomic

FloatArray = NDArray[np.float64]

_MANY = 10_000
"""Tasks from which on finding the optima takes long enough to say so."""


class Optima(NamedTuple):
    """The best configurations of n tasks."""

    scaled: FloatArray
    """(d, n) scaled configurations."""
    score: FloatArray
    """(n,) their noise-free scores."""


class Distribution(Family):
    """A family with banks of tasks."""

    sizes: ClassVar[dict[str, int]] = {"train": 2**17, "validation": 4096, "test": 4096}
    key_name: ClassVar[str] = ""
    """What the tasks' keys are hashed from, if not from `name`: another text means other tasks."""
    solver_version: ClassVar[int] = 1
    """Raised by a change of `solve`: optima that the old one left on the disk are solved anew."""
    parameter_names: ClassVar[tuple[str, ...]]
    """Names of a task's parameters."""

    @abstractmethod
    def draw(self, split: str, keys: NDArray[np.uint64]) -> dict[str, FloatArray]:
        """Parameters of the tasks with these keys: a column (n,) for each of `parameter_names`."""

    @abstractmethod
    def solve(self, parameters: Any, metric: str) -> Optima:
        """The best configurations of n tasks, given their parameters as columns."""

    def bank(self, split: str) -> SimpleNamespace:
        """Parameters of all tasks of a split, as columns (n,) that are not to be changed."""
        block = _block(_Bank(self, split))
        return SimpleNamespace(**dict(zip(self.parameter_names, block, strict=True)))

    def optima(self, split: str, metric: str) -> Optima:
        """The best configurations of all tasks of a split, not to be changed."""
        return _optima(_Bank(self, split), metric)

    def best(self, split: str, index: Column, metric: str) -> tuple[Any, Column]:
        """Scaled configurations, (d,) or (d, N), and noise-free scores of the tasks' optima."""
        optima = self.optima(split, metric)
        score = optima.score[index]
        return optima.scaled[:, index], score if np.ndim(index) else float(score)

    def sample(self, split: str, task: Column) -> SimpleNamespace:
        """Parameters of the tasks: floats for one index, columns (N,) for an array of indices."""
        block = _block(_Bank(self, split))
        values = block[:, task] if np.ndim(task) else block[:, task].tolist()
        return SimpleNamespace(**dict(zip(self.parameter_names, values, strict=True)))

    def tasks(self, split: str, index: Column, metric: str) -> tuple[SimpleNamespace, Column]:
        """Parameters and best possible scores, from the bank."""
        return self.sample(split, index), self.best(split, index, metric)[1]

    def best_score(self, parameters: Any, metric: str) -> float:
        """Noise-free score of the best configuration of one task."""
        return float(self.solve(self.expand(parameters, 1), metric).score[0])

    def optimum(self, parameters: Any, metric: str) -> tuple[tuple[float, ...], float]:
        """Scaled configuration and noise-free score of the best configuration of one task."""
        optima = self.solve(self.expand(parameters, 1), metric)
        return tuple(optima.scaled[:, 0].tolist()), float(optima.score[0])

    def expand(self, parameters: Any, rows: int) -> SimpleNamespace:
        """The parameters of one task as columns (rows,)."""
        return SimpleNamespace(
            **{name: np.full(rows, getattr(parameters, name)) for name in self.parameter_names}
        )


class _Bank:
    """A split of a family as the key of a cache: equal if the descriptions are."""

    def __init__(self, family: Distribution, split: str) -> None:
        self.family, self.split = family, split
        self.text = json.dumps([family.describe(), split, family.sizes[split]], sort_keys=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bank) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@lru_cache(maxsize=16)
def _block(bank: _Bank) -> FloatArray:
    """Parameters of a split, (parameters, n)."""
    family, split = bank.family, bank.split
    key = rng.text_key(f"{family.key_name or family.name}/{family.version}/{split}")
    index = np.arange(family.sizes[split], dtype=np.uint64)
    drawn = family.draw(split, rng.derive(key, index))
    block = np.stack([drawn[name] for name in family.parameter_names])
    block.setflags(write=False)
    return block


@lru_cache(maxsize=16)
def _optima(bank: _Bank, metric: str) -> Optima:
    """Optima of a split, from the disk if they are there."""
    block = _block(bank)
    path = cache_folder() / f"{_digest(bank, metric, block)}.npz"
    optima = _read(path, len(bank.family.space.parameters), block.shape[1])
    if optima is None:
        optima = _solve(bank, metric)
        _write(path, optima)
    for array in optima:
        array.setflags(write=False)
    return optima


def cache_folder() -> Path:
    """Where optima are kept; it may be deleted at any time."""
    folder = os.environ.get("HPO_GYM_CACHE")
    if folder:
        return Path(folder)
    try:
        return Path.home() / ".cache" / "hpo_gym"
    except RuntimeError:  # a user without a home, as in some containers
        return Path(tempfile.gettempdir()) / "hpo_gym"


def _digest(bank: _Bank, metric: str, block: FloatArray) -> str:
    """A name that changes with the family, the split, the metric and every parameter."""
    text = f"{bank.text} {metric} {bank.family.solver_version}".encode()
    return (
        f"{bank.family.name}-{bank.split}-{metric}-"
        + hashlib.sha256(text + block.tobytes()).hexdigest()[:16]
    )


def _solve(bank: _Bank, metric: str, chunk: int = 8192) -> Optima:
    """Solve a split in pieces, with a line of progress where that takes a while."""
    parameters, size = vars(bank.family.bank(bank.split)), bank.family.sizes[bank.split]
    pieces = []
    for start in range(0, size, chunk):
        if size > _MANY:
            text = (
                f"hpo_gym: optima of {bank.family.name}/{bank.split}, {start}/{size} tasks (once)"
            )
            print(f"\r{text}", end="", file=sys.stderr, flush=True)
        rows = {name: column[start : start + chunk] for name, column in parameters.items()}
        pieces.append(bank.family.solve(SimpleNamespace(**rows), metric))
    if size > _MANY:
        print("\r" + " " * len(text) + "\r", end="", file=sys.stderr, flush=True)
    scaled, score = zip(*pieces, strict=True)
    return Optima(np.concatenate(scaled, axis=1), np.concatenate(score))


def _read(path: Path, dimension: int, size: int) -> Optima | None:
    """What an earlier process kept; None if there is nothing whole."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            optima = Optima(kept["scaled"], kept["score"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    whole = optima.scaled.shape == (dimension, size) and optima.score.shape == (size,)
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
