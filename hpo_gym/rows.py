"""Rows of a vector environment: replace some in a state, and lay out what a call returns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.columns import ArrayMath
from hpo_gym.dynamics import Dynamics, State, Tasks
from hpo_gym.families import Family

_MATH = ArrayMath()


def merge(old: State, new: State, rows: NDArray[np.intp], family: Family) -> State:
    """A state with `old`'s rows, but for those at ``rows``, which are `new`'s.

    Args:
        old: State of N rows.
        new: State of len(rows) rows.
        rows: Indices into `old`.
        family: The family, which knows how to give each row its own parameters.
    """
    tasks = _merge_tasks(old, new, rows, family)
    count = len(old.key)
    fields = [
        tuple([_replace(o, n, rows, count) for o, n in zip(mine, theirs, strict=True)])
        if isinstance(mine, tuple)
        else _replace(mine, theirs, rows, count)
        for mine, theirs in zip(old[1:], new[1:], strict=True)
    ]
    return State(tasks, *fields)


def _replace(old: Any, new: Any, rows: NDArray[np.intp], count: int) -> Any:
    # A copy, for a column may stand for several fields, or be one number that all rows share.
    column = np.array(np.broadcast_to(old, count))
    column[rows] = new
    return column


def _merge_tasks(old: State, new: State, rows: NDArray[np.intp], family: Family) -> Tasks:
    mine, theirs, count = old.tasks, new.tasks, len(old.key)
    index = _replace(mine.index, theirs.index, rows, count)
    if mine.parameters is theirs.parameters:
        return Tasks(index, mine.parameters, mine.best_possible)
    parameters = _own(mine.parameters, count, family)
    subset = vars(_own(theirs.parameters, len(rows), family))
    merged = SimpleNamespace(
        **{
            name: _replace(column, subset[name], rows, count)
            for name, column in vars(parameters).items()
        }
    )
    return Tasks(index, merged, _replace(mine.best_possible, theirs.best_possible, rows, count))


def _own(parameters: Any, count: int, family: Family) -> Any:
    """Parameters of one shared task as columns; columns stay as they are."""
    if isinstance(parameters, SimpleNamespace):
        return parameters
    return family.expand(parameters, count)


def task_of_row(tasks: Tasks, row: int) -> Tasks:
    """The task of one row, as a state of one row holds it."""

    def entry(column: Any) -> Any:
        return column[row].item() if np.ndim(column) else column

    parameters = tasks.parameters
    if isinstance(parameters, SimpleNamespace):
        parameters = SimpleNamespace(**{k: entry(column) for k, column in vars(parameters).items()})
    return Tasks(entry(tasks.index), parameters, entry(tasks.best_possible))


class Outputs:
    """Everything that one call of a vector environment returns, carved out of one fresh block.

    One large block instead of thirty arrays spares the allocator (and the kernel) most of the
    work; no two calls share memory.

    Args:
        dynamics: The environment's dynamics.
        count: Number of rows N.
    """

    def __init__(self, dynamics: Dynamics, count: int) -> None:
        self._dynamics = dynamics
        types = dynamics.info_types
        size, words = dynamics.layout.size, 1 + len(types)
        block = np.empty(count * (8 * words + 4 * size + 2 + words), dtype=np.uint8)
        wide = block[: 8 * words * count].view(np.float64).reshape(words, count)
        rest = block[8 * words * count :]
        self.observations = rest[: 4 * size * count].view(np.float32).reshape(size, count)
        flags = rest[4 * size * count :].view(np.bool_).reshape(2 + words, count)
        self.rewards: NDArray[np.float64] = wide[0]
        self.terminated, self.truncated, success = flags[:3]
        self.truncated[...] = False
        self._masks = flags[3:]
        self._masks[...] = True
        self.values: dict[str, NDArray[Any]] = {}
        for (name, kind), row in zip(types.items(), wide[1:], strict=True):
            self.values[name] = row.view(np.int64) if kind is int else row
        self.values["is_success"] = success

    def write(self, state: State) -> None:
        """Fill in the observations (but for their history) and the infos."""
        columns = self._dynamics.observation(state, _MATH)
        for row, column in zip(self.observations, columns, strict=False):
            row[...] = column
        info = self._dynamics.info(state, _MATH)
        for row, column in zip(self.values.values(), info, strict=True):
            row[...] = column

    def infos(self, mask: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """The info arrays, each followed by its mask; rows outside ``mask`` are set to 0."""
        if mask is not None:
            self._masks[...] = mask
        infos: dict[str, Any] = {}
        for (name, array), own_mask in zip(self.values.items(), self._masks, strict=True):
            if mask is not None:
                array[~mask] = 0
            infos[name], infos[f"_{name}"] = array, own_mask
        return infos
