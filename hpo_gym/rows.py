"""Rows of column states: replace some, pick one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.dynamics import State, Tasks
from hpo_gym.families import Family


def merge(old: State, new: State, rows: NDArray[np.intp], family: Family) -> State:
    """A state with `old`'s rows, except that those at ``rows`` are `new`'s.

    Args:
        old: State of N rows.
        new: State of len(rows) rows.
        rows: Indices into `old`.
        family: The family, which knows how to give each row its own parameters.
    """
    tasks = _merge_tasks(old.tasks, new.tasks, rows, len(old.key), family)
    return State(tasks, *(_replace(o, n, rows) for o, n in zip(old[1:], new[1:], strict=True)))


def _replace(old: Any, new: Any, rows: NDArray[np.intp]) -> Any:
    if isinstance(old, tuple):
        return tuple(_replace(o, n, rows) for o, n in zip(old, new, strict=True))
    column = np.array(old)  # a copy: columns of a state may be shared
    column[rows] = new
    return column


def _merge_tasks(
    old: Tasks, new: Tasks, rows: NDArray[np.intp], count: int, family: Family
) -> Tasks:
    index = _replace(old.index, new.index, rows)
    if old.parameters is new.parameters:
        return old._replace(index=index)
    parameters = _columns(old.parameters, count, family)
    subset = _columns(new.parameters, len(rows), family)
    merged = SimpleNamespace(
        **{
            name: _replace(column, getattr(subset, name), rows)
            for name, column in vars(parameters).items()
        }
    )
    best_possible = np.broadcast_to(np.asarray(old.best_possible, dtype=np.float64), count)
    return Tasks(index, merged, _replace(best_possible, new.best_possible, rows))


def _columns(parameters: Any, count: int, family: Family) -> SimpleNamespace:
    if isinstance(parameters, SimpleNamespace):
        return parameters
    return family.expand(parameters, count)


def task_of_row(tasks: Tasks, row: int) -> Tasks:
    """The task of one row, as a state of one row holds it."""
    parameters = tasks.parameters
    if isinstance(parameters, SimpleNamespace):
        parameters = SimpleNamespace(
            **{name: float(column[row]) for name, column in vars(parameters).items()}
        )
    best_possible = float(np.broadcast_to(tasks.best_possible, tasks.index.shape)[row])
    return Tasks(int(tasks.index[row]), parameters, best_possible)
