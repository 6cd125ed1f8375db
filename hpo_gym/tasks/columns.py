"""The tasks of rows, and columns of which some rows are taken or replaced."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Column, Struct
from hpo_gym.families import Family

SUCCESS_REGRET = 0.01
"""An episode is a success once the incumbent is within 1 % of the best possible score."""


class Tasks(NamedTuple):
    """The tasks of the rows: shared by all of them, or one column entry each."""

    index: Column
    parameters: Any
    best_possible: Column
    """Noise-free score of the optimum; NaN where it is not known."""


def replaced(old: Any, new: Any, rows: NDArray[np.intp], count: int) -> Any:
    """A column of `count` rows, or a number that they share, with new entries at some rows."""
    # A copy, for a column may stand for several fields, or be one number that all rows share.
    column = np.array(np.broadcast_to(old, count))
    column[rows] = new
    return column


def merge_tasks(
    old: Tasks, new: Tasks, rows: NDArray[np.intp], count: int, family: Family
) -> Tasks:
    """The tasks of ``count`` rows, of which those at ``rows`` are `new`'s; see `merge`."""
    index = replaced(old.index, new.index, rows, count)
    if old.parameters is new.parameters:
        return Tasks(index, old.parameters, old.best_possible)
    parameters = _own(old.parameters, count, family)
    subset = vars(_own(new.parameters, len(rows), family))
    merged = {
        name: replaced(column, subset[name], rows, count)
        for name, column in vars(parameters).items()
    }
    best = replaced(old.best_possible, new.best_possible, rows, count)
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
