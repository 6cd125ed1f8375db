"""Records as rows of the store, one per evaluation, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.benchmark.results.records import COLUMNS, Records
from hpo_gym.benchmark.suites.suite import Suite


class Stored(NamedTuple):
    """All that is stored of an agent on a suite, also parts of episodes."""

    records: Records
    """On all n tasks and s seeds of the suite; 0 where nothing is stored."""
    there: NDArray[np.bool_]
    """Which evaluations are stored, (n, s, T)."""

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which episodes are stored as a whole, (n, s)."""
        return np.asarray(self.there.all(axis=-1))

    def corner(self) -> Records | None:
        """The results on the first tasks with the first seeds, as many as are complete."""
        tasks, seeds = _largest_corner(self.complete)
        return self.records.first(tasks, seeds) if tasks else None


def episodes_of(records: Records) -> Iterator[tuple[tuple[int, int], int, int]]:
    """Position, task and seed of every episode."""
    for i, task in enumerate(records.tasks.tolist()):
        for j, seed in enumerate(records.seeds.tolist()):
            yield (i, j), task, seed


def to_rows(records: Records) -> Iterator[tuple[Any, ...]]:
    """Task, seed, step, action and the numbers of every evaluation."""
    for position, task, seed in episodes_of(records):
        actions = [action.tobytes() for action in records.actions[position].astype("<f4")]
        columns = [getattr(records, name)[position].tolist() for name in COLUMNS]
        for step, values in enumerate(zip(actions, *columns, strict=True)):
            yield task, seed, step, *values


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
    task, seed, step, actions, *columns = zip(*rows, strict=True)
    cells = (
        _positions("task", task, suite.tasks),
        _positions("seed", seed, suite.seeds),
        _positions("step", step, range(suite.budget)),
    )
    shape, size = (len(suite.tasks), len(suite.seeds), suite.budget), suite.action_size
    lengths = {len(action) for action in actions}
    if lengths != {4 * size}:
        raise ValueError(f"an action has {size} components of 4 bytes, there are {lengths} bytes")
    there = np.zeros(shape, dtype=np.bool_)
    there[cells] = True
    chosen = np.zeros((*shape, size), dtype=np.float32)
    chosen[cells] = np.frombuffer(b"".join(actions), dtype="<f4").reshape(-1, size)
    numbers = np.zeros((len(COLUMNS), *shape))
    for number, column in zip(numbers, columns, strict=True):
        number[cells] = column
    known = (np.array(suite.tasks), np.array(suite.seeds))
    return Stored(Records(suite.name, agent, *known, chosen, *numbers), there)


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
