"""Some rows of a state replaced."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.families import Family
from hpo_gym.tasks.columns import merge_tasks, replaced
from hpo_gym.tuning.state import GROUPS, State


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
        name: np.stack([replaced(o, n, rows, count) for o, n in zip(mine, theirs, strict=True)])
        if name in GROUPS
        else replaced(mine, theirs, rows, count)
        for name, mine, theirs in zip(State._fields, old, new, strict=True)
        if name not in ("tasks", "history")
    }
    history = [
        _replace_block(o, n, rows, count) for o, n in zip(old.history, new.history, strict=True)
    ]
    return old._replace(tasks=tasks, history=tuple(history), **fields)


def _replace_block(old: Any, new: Any, rows: NDArray[np.intp], count: int) -> Any:
    """A row of histories; None where no row has it."""
    if old is None and new is None:
        return None
    block = np.zeros((len(new), count), dtype=np.float32) if old is None else old.copy()
    block[:, rows] = 0.0 if new is None else new
    return block
