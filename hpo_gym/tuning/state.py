"""What an episode is at a moment, for one row or N rows: immutable named tuples of columns."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from hpo_gym.arrays import Column, Columns, Namespace
from hpo_gym.tasks.columns import Tasks


class State(NamedTuple):
    """Everything about the rows' episodes; each column a number or (N,)."""

    tasks: Tasks
    key: Column
    """uint64, key of the episode's random numbers."""
    evaluations: Column = 0
    """Paid evaluations so far."""
    unit: Columns = ()
    """Last evaluated unit configuration, d columns in [-1, 1]."""
    scaled: Columns = ()
    """Last evaluated configuration on the scaled axes."""
    metrics: Columns = ()
    """Its observed metrics, M columns."""
    true_score: Column = 0.0
    """Its noise-free score."""
    failed: Column = False
    """Whether that evaluation failed."""
    best_unit: Columns = ()
    """Unit configuration of the incumbent."""
    best_metric: Column = 0.0
    """Observed primary metric of the incumbent."""
    best_score: Column = float("-inf")
    """Observed score of the incumbent; -inf where nothing is known yet."""
    best_true_score: Column = 0.0
    """Noise-free score of the incumbent."""
    cost: Column = 0.0
    """Cost of the last evaluation."""
    total_cost: Column = 0.0
    history: tuple[Any, ...] = ()
    """What the observation shows of each evaluation, see `History`."""


GROUPS = ("unit", "scaled", "metrics", "best_unit")
"""Fields of `State` that are several columns."""


Action: TypeAlias = tuple[Columns, Column]
"""Checked actions: what `ActionMode` reads (components, or the number of a discrete action), and
the rows in which nothing is evaluated (those that stop, or whose action is ignored), False
if there is none."""


def unless(skipped: Column, before: State, after: State, xp: Namespace) -> State:
    """The state before where the row was skipped, else the one after."""
    fields = {
        name: xp.select(skipped, old, new) if name in GROUPS else xp.where(skipped, old, new)
        for name, old, new in zip(State._fields, before, after, strict=True)
        if name not in ("tasks", "history")
    }
    return after._replace(**fields)
