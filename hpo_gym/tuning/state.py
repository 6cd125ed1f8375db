"""What an episode is at a moment, for one row or N rows: immutable named tuples of columns."""

from __future__ import annotations

from typing import Any, NamedTuple

from hpo_gym.arrays import Column, Columns, Namespace


class Tasks(NamedTuple):
    """The tasks of the rows: shared by all of them, or one column entry each."""

    index: Column
    parameters: Any
    best_possible: Column


class State(NamedTuple):
    """Everything about the rows' episodes; each column a number or (N,)."""

    tasks: Tasks
    key: Column
    """uint64, key of the episode's random numbers."""
    evaluations: Column
    """Paid evaluations so far."""
    unit: Columns
    """Last evaluated unit configuration, d columns in [-1, 1]."""
    scaled: Columns
    """Last evaluated configuration on the scaled axes."""
    metrics: Columns
    """Its observed metrics, M columns."""
    true_score: Column
    """Its noise-free score."""
    best_unit: Columns
    best_metric: Column
    """Observed primary metric of the incumbent."""
    best_score: Column
    """Observed score of the incumbent."""
    best_true_score: Column
    """Noise-free score of the incumbent."""
    cost: Column
    total_cost: Column


GROUPS = ("unit", "scaled", "metrics", "best_unit")
"""Fields of `State` that are several columns."""


class Episode(NamedTuple):
    """What ``reset(options=...)`` asks for, checked: None for the constructor's."""

    start: tuple[float, ...] | None = None
    tasks: Tasks | None = None


def stopped(stop: Column, before: State, after: State, xp: Namespace) -> State:
    """The state before where the row stopped, else the one after."""
    fields = [
        xp.select(stop, old, new) if name in GROUPS else xp.where(stop, old, new)
        for name, old, new in zip(State._fields[1:], before[1:], after[1:], strict=True)
    ]
    return State(before.tasks, *fields)
