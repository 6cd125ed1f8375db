"""Rows of a state: replace some, or pick one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Struct
from hpo_gym.families import Family
from hpo_gym.tuning.state import GROUPS, State, Tasks


def merge(old: State, new: State, rows: NDArray[np.intp], family: Family) -> State:
    """A state with `old`'s rows, but for those at ``rows``, which are `new`'s.

    Args:
        old: State of N rows.
        new: State of len(rows) rows.
        rows: Indices into `old`.
        family: The family, which knows how to give each row its own parameters.
    """
    count = len(old.key)
    tasks = merge_tasks(old.tasks, new.tasks, rows, count, family)
    fields: dict[str, Any] = {
        name: np.stack([_replace(o, n, rows, count) for o, n in zip(mine, theirs, strict=True)])
        if name in GROUPS
        else _replace(mine, theirs, rows, count)
        for name, mine, theirs in zip(State._fields, old, new, strict=True)
        if name not in ("tasks", "history")
    }
    history = [
        _replace_block(o, n, rows, count) for o, n in zip(old.history, new.history, strict=True)
    ]
    return old._replace(tasks=tasks, history=tuple(history), **fields)


def _replace(old: Any, new: Any, rows: NDArray[np.intp], count: int) -> Any:
    # A copy, for a column may stand for several fields, or be one number that all rows share.
    column = np.array(np.broadcast_to(old, count))
    column[rows] = new
    return column


def _replace_block(old: Any, new: Any, rows: NDArray[np.intp], count: int) -> Any:
    """A row of histories; None where no row has it."""
    if old is None and new is None:
        return None
    block = np.zeros((len(new), count), dtype=np.float32) if old is None else old.copy()
    block[:, rows] = 0.0 if new is None else new
    return block


def merge_tasks(
    old: Tasks, new: Tasks, rows: NDArray[np.intp], count: int, family: Family
) -> Tasks:
    """The tasks of ``count`` rows, of which those at ``rows`` are `new`'s; see `merge`."""
    index = _replace(old.index, new.index, rows, count)
    if old.parameters is new.parameters:
        return Tasks(index, old.parameters, old.best_possible)
    parameters = _own(old.parameters, count, family)
    subset = vars(_own(new.parameters, len(rows), family))
    merged = {
        name: _replace(column, subset[name], rows, count)
        for name, column in vars(parameters).items()
    }
    best = _replace(old.best_possible, new.best_possible, rows, count)
    return Tasks(index, Struct(**merged), best)


def _own(parameters: Any, count: int, family: Family) -> Any:
    """Parameters of one shared task as columns; columns stay as they are."""
    if isinstance(parameters, Struct):
        return parameters
    return family.expand(parameters, count)


def task_of_row(tasks: Tasks, row: int) -> Tasks:
    """The task of one row, as a state of one row holds it."""
    index, best = (c[row].item() if np.ndim(c) else c for c in (tasks.index, tasks.best_possible))
    return Tasks(index, parameters_of(tasks.parameters, row), best)


def parameters_of(parameters: Any, rows: Any) -> Any:
    """Parameters of one row (floats) or of rows (columns); what all rows share stays as it is.

    Args:
        parameters: One shared task, or columns (N,).
        rows: An index, or indices (n,).
    """
    if not isinstance(parameters, Struct):
        return parameters
    return parameters.take(rows) if np.ndim(rows) else parameters.row(rows)


def spread(field: Any, rows: NDArray[np.intp], count: int) -> Any:
    """A field of some rows, a column or several, as one of N rows with zeros elsewhere."""
    if isinstance(field, tuple | list) or np.ndim(field) > 1:
        return tuple(spread(column, rows, count) for column in field)
    column = np.zeros(count, dtype=np.asarray(field).dtype)
    column[rows] = field
    return column
