"""Somebody changes a number in a store of results."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np


def change_number(
    path: Path, column: str, task: int, step: int, change: Callable[[float], float]
) -> tuple[float, float]:
    """Change a number of the first episode of a task; returns what it was and what it is."""
    with sqlite3.connect(path) as connection:
        row, blob = connection.execute(
            f"SELECT rowid, {column} FROM episodes WHERE task = ?", (task,)
        ).fetchone()
        numbers = np.frombuffer(blob, dtype="<f8").copy()
        before = float(numbers[step])
        numbers[step] = change(before)
        connection.execute(
            f"UPDATE episodes SET {column} = ? WHERE rowid = ?", (numbers.tobytes(), row)
        )
    return before, float(numbers[step])
