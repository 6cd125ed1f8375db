"""Records as rows of the store, one per episode, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.results.records import COLUMNS, Records
from hpo_gym.benchmark.suites.suite import Suite

ARRAYS = {"actions": "<f4", **dict.fromkeys(COLUMNS, "<f8")}
"""The arrays of an episode, and how their numbers are stored."""


class Stored(NamedTuple):
    """All that is stored of an agent on a suite."""

    records: Records
    """On all n tasks and s seeds of the suite; 0 where nothing is stored."""
    complete: NDArray[np.bool_]
    """Which episodes are stored, (n, s)."""

    def corner(self) -> Records | None:
        """The results on the first tasks with the first seeds, as many as are complete."""
        tasks, seeds = _largest_corner(self.complete)
        return self.records.first(tasks, seeds) if tasks else None


def to_rows(records: Records) -> Iterator[tuple[Any, ...]]:
    """Task, seed and the arrays of every episode."""
    episodes = list(product(records.tasks.tolist(), records.seeds.tolist()))
    arrays = (
        np.ascontiguousarray(getattr(records, name), dtype=kind).reshape(len(episodes), -1)
        for name, kind in ARRAYS.items()
    )
    blobs = ([row.tobytes() for row in array] for array in arrays)
    for episode, *values in zip(episodes, *blobs, strict=True):
        yield *episode, *values


def from_rows(suite: Suite, agent: str, rows: Sequence[Sequence[Any]]) -> Stored:
    """What `to_rows` gave, in any order, with or without gaps.

    Args:
        suite: The suite.
        agent: Name of the agent.
        rows: At least one.

    Raises:
        ValueError: A row is not of the suite, or damaged.
        TypeError: A value has the wrong type.
    """
    task, seed, *blobs = zip(*rows, strict=True)
    cells = _positions("task", task, suite.tasks), _positions("seed", seed, suite.seeds)
    runs = len(suite.tasks), len(suite.seeds)
    complete = np.zeros(runs, dtype=np.bool_)
    complete[cells] = True
    arrays = {}
    for (name, kind), column in zip(ARRAYS.items(), blobs, strict=True):
        shape = (suite.budget, suite.action_size) if name == "actions" else (suite.budget,)
        given, asked = {len(blob) for blob in column}, np.dtype(kind).itemsize * int(np.prod(shape))
        if given != {asked}:
            raise ValueError(f"{name} of an episode have {asked} bytes, there are {sorted(given)}")
        whole = np.zeros((*runs, *shape), dtype=kind[1:])
        whole[cells] = np.frombuffer(b"".join(column), dtype=kind).reshape(-1, *shape)
        arrays[name] = whole
    records = Records(suite.name, agent, np.array(suite.tasks), np.array(suite.seeds), **arrays)
    records.check_suite(suite)
    return Stored(records, complete)


def _positions(name: str, values: Sequence[Any], known: Sequence[int]) -> NDArray[np.int64]:
    index = {value: position for position, value in enumerate(known)}
    strange = [value for value in values if value not in index]
    if strange:
        raise ValueError(f"the suite has no {name} {strange[0]!r}")
    return np.array([index[value] for value in values])


def _largest_corner(done: NDArray[np.bool_]) -> tuple[int, int]:
    """Numbers of first rows and columns, all True, with the largest product."""
    heights = np.logical_and.accumulate(done, axis=0).sum(axis=0)  # first rows that are done
    common = np.minimum.accumulate(heights)
    sizes = common * np.arange(1, len(common) + 1)
    columns = int(sizes.argmax())
    return int(common[columns]), columns + 1
