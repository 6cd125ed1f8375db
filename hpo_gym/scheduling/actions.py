"""What actions of the scheduling process mean.

A Box of 3 + d components: what becomes of the run that has just reported (above 1/3 it is
continued, below -1/3 stopped, else paused); what the worker does if it does not continue (above 1/3
it starts a new run, below -1/3 it waits, else it resumes a paused run); which paused run (1 the one
of the best last score, -1 the one of the worst, evenly between); the unit configuration of a new
run, but for the epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym.scheduling.table import Decision, Runs

FIRST = 3
"""Components before the unit configuration."""
_THIRD = 1.0 / 3.0
_LEVELS = {"continue": 1.0, "pause": 0.0, "stop": -1.0, "start": 1.0, "resume": 0.0, "wait": -1.0}


class Action(NamedTuple):
    """Checked actions of N rows."""

    components: NDArray[np.float64]
    """(3 + d, N) in [-1, 1]."""
    ignored: NDArray[np.bool_] | None
    """(N,) rows whose action is not looked at; None if there is none."""

    @property
    def continues(self) -> NDArray[np.bool_]:
        """(N,) rows in which the run that has reported goes on."""
        return np.asarray(self.components[0] > _THIRD)

    @property
    def stops(self) -> NDArray[np.bool_]:
        """(N,) rows in which it ends."""
        return np.asarray(self.components[0] < -_THIRD)

    @property
    def starts(self) -> NDArray[np.bool_]:
        """(N,) rows in which a free worker starts a run."""
        return np.asarray(self.components[1] > _THIRD)

    @property
    def waits(self) -> NDArray[np.bool_]:
        """(N,) rows in which a free worker waits."""
        return np.asarray(self.components[1] < -_THIRD)

    def rank(self, rows: Any, paused: Any) -> Any:
        """Place of the run to resume among the paused ones, 0 the best."""
        return np.rint((1.0 - self.components[2, rows]) * 0.5 * (paused - 1))


class ActionFormat:
    """The action space, and how actions are read and written.

    Args:
        dimension: Number d of unit coordinates of a run.
    """

    def __init__(self, dimension: int) -> None:
        self.size = FIRST + dimension

    def space(self) -> spaces.Box:
        """A fresh action space of one row."""
        return spaces.Box(-1.0, 1.0, (self.size,), dtype=np.float32)

    def read(self, actions: Any, shape: tuple[int, ...], ignored: NDArray[Any] | None) -> Action:
        """Check actions of the shape (3 + d,), or (N, 3 + d); they are clipped to [-1, 1].

        Raises:
            ValueError: They have another shape, are no numbers, or are NaN.
        """
        array = np.asarray(actions)
        if array.shape != shape or array.dtype.kind not in "fiu":
            raise ValueError(
                f"action = {actions!r} must be numbers of the shape {shape}, in [-1, 1]"
            )
        rows = np.array(array, dtype=np.float64).reshape(-1, self.size)
        if ignored is not None:
            rows[ignored] = 0.0
        bad = np.flatnonzero(np.isnan(rows).any(axis=1))
        if len(bad):
            where = f" of row {bad[0]}" if len(shape) > 1 else ""
            raise ValueError(f"the action{where} is NaN: {rows[bad[0]].tolist()}; give numbers")
        # Contiguous columns: what is computed with a column must not depend on the number of rows.
        return Action(np.clip(rows.T, -1.0, 1.0, order="C"), ignored)

    def encode(
        self, decision: Decision, runs: Runs, point: Sequence[float] | None = None
    ) -> NDArray[np.float32]:
        """The action (3 + d,) that a decision means.

        Args:
            decision: The decision.
            runs: The runs that it was made about.
            point: Unit configuration of a new run, but for the epochs; needed to start one.

        Raises:
            ValueError: The run to resume is not paused.
        """
        action = np.zeros(self.size, dtype=np.float32)
        action[0], action[1] = _LEVELS[decision.reported], _LEVELS[decision.then]
        if decision.then == "resume":
            paused = runs.paused
            if decision.run not in paused:
                raise ValueError(f"run {decision.run} cannot be resumed: {paused} are paused")
            others = len(paused) - 1
            action[2] = 1.0 - 2.0 * paused.index(decision.run) / others if others else 1.0
        if point is not None:
            action[FIRST:] = point
        return action
