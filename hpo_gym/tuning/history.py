"""Histories of evaluations, as the states of episodes hold them: values that share arrays."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from hpo_gym.arrays import Column, Columns


class History:
    """How histories are kept.

    Args:
        rows: Number of rows of the layout.
        row_size: Components of a row.
        start_evaluated: Whether the first row is a start that is not paid for.
    """

    def __init__(self, rows: int, row_size: int, start_evaluated: bool) -> None:
        self._rows, self._row_size, self._start_evaluated = rows, row_size, start_evaluated

    def empty(self, key: Column) -> tuple[Any, ...]:
        """The history before any evaluation of episodes with these keys.

        A history is what observations show of the evaluations: of N episodes a tuple with an entry
        for each row of the layout, (size, N) float32, or None while no episode has it; of one
        episode all rows in one array. Its arrays are never changed, so histories share them.
        """
        if isinstance(key, np.ndarray):
            return (None,) * self._rows
        return (np.zeros(self._rows * self._row_size, dtype=np.float32),)

    def note(
        self,
        history: tuple[Any, ...],
        key: Column,
        evaluations: Column,
        row: tuple[Columns, ...],
    ) -> tuple[Any, ...]:
        """The history with the last evaluations of all rows added.

        Args:
            history: The history before.
            key: The rows' keys.
            evaluations: Their counts after the evaluation, an int or (N,) int64.
            row: What `Encoder.row` gave.
        """
        slot = evaluations if self._start_evaluated else evaluations - 1
        if not isinstance(key, np.ndarray):
            (rows,) = history
            rows, start = rows.copy(), slot * self._row_size
            rows[start : start + self._row_size] = [*chain.from_iterable(row)]
            return (rows,)
        block = np.empty((self._row_size, len(key)), dtype=np.float32)
        for component, column in zip(block, chain.from_iterable(row), strict=True):
            component[...] = column
        first = int(np.min(slot))
        if first == np.max(slot):  # all rows in phase
            return history if first < 0 else (*history[:first], block, *history[first + 1 :])
        blocks = list(history)
        for number in np.unique(slot[slot >= 0]).tolist():  # -1: stopped before any evaluation
            here, before = slot == number, blocks[number]
            blocks[number] = np.where(here, block, np.float32(0.0) if before is None else before)
        return tuple(blocks)

    def groups(self, history: tuple[Any, ...]) -> list[Any]:
        """The history as groups of columns of the observation."""
        empty = np.zeros((self._row_size, 1), dtype=np.float32)
        return [empty if block is None else block for block in history]
