"""Rows of a vector environment: replace some in a state, and lay out what a call returns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Vectors
from hpo_gym.families import Family
from hpo_gym.tuning.dynamics import Dynamics
from hpo_gym.tuning.state import GROUPS, State, Tasks

_XP = Vectors()
_DTYPES = {int: np.int64, float: np.float64, bool: np.bool_}


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
        np.stack([_replace(o, n, rows, count) for o, n in zip(mine, theirs, strict=True)])
        if name in GROUPS
        else _replace(mine, theirs, rows, count)
        for name, mine, theirs in zip(State._fields[1:], old[1:], new[1:], strict=True)
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
    """What one call of a vector environment returns; every array is fresh.

    The masks ``_key`` of the infos are one array: all keys are known for the same rows.

    Args:
        dynamics: The environment's dynamics.
        state: The state to show.
        count: Number of rows N.
        kept: What goes on of the state: its columns are copied, others are handed out.
    """

    def __init__(self, dynamics: Dynamics, state: State, count: int, kept: State) -> None:
        layout = dynamics.layout
        self.observations: NDArray[np.float32] = np.empty((layout.size, count), dtype=np.float32)
        start = 0
        for group in dynamics.observation(state, _XP):
            rows = self.observations[start : start + len(group)]
            start += len(group)
            if isinstance(group, np.ndarray):
                rows[...] = group
            else:
                for row, column in zip(rows, group, strict=True):
                    row[...] = column
        owned = {
            id(_owner(column))
            for field in kept
            for column in (field if isinstance(field, tuple) else (field,))
        }
        info = dynamics.info(state, _XP)
        self.values = {
            name: _own_array(column, kind, count, shared=id(_owner(column)) in owned)
            for (name, kind), column in zip(dynamics.info_types.items(), info, strict=True)
        }

    def infos(self, mask: NDArray[np.bool_] | None = None) -> dict[str, Any]:
        """Copies where rows outside ``mask`` are set to 0; without a mask the arrays themselves."""
        if mask is None:
            own_mask = np.ones(len(self.observations.T), dtype=np.bool_)
        else:
            own_mask = mask.copy()
        infos: dict[str, Any] = {}
        for name, array in self.values.items():
            infos[name] = array if mask is None else np.where(mask, array, np.zeros_like(array))
            infos[f"_{name}"] = own_mask
        return infos


def _owner(column: Column) -> Any:
    """The object that owns a column's memory."""
    base = column.base if isinstance(column, np.ndarray) else None
    return column if base is None else base


def _own_array(column: Column, kind: type, count: int, *, shared: bool) -> NDArray[Any]:
    """A column as an array (count,) that shares nothing with the state."""
    if not isinstance(column, np.ndarray) or not column.ndim:
        return np.full(count, column, dtype=_DTYPES[kind])
    if kind is int:
        return np.asarray(column.astype(np.int64))
    return np.array(column) if shared else column
