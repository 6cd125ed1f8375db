"""What actions of the scheduling process mean.

A Box of 3 + d components: what becomes of the run that has just reported (above 1/3 it is
continued, below -1/3 stopped, else paused); what the worker does if it does not continue (above 1/3
it starts a new run, below -1/3 it waits, else it resumes a paused run, or starts one if none is
paused); which paused run (1 the one of the best last score, -1 the one of the worst, evenly
between); the unit configuration of a new run, but for the epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.scheduling.observations import SHOWN, SchedulingEncoder
from hpo_gym.scheduling.state import State
from hpo_gym.scheduling.table import Decision, Runs, Status
from hpo_gym.tasks.actions import ActionReader

FIRST = 3
"""Components before the unit configuration."""
_THIRD = 1.0 / 3.0
_LEVELS = {"continue": 1.0, "pause": 0.0, "stop": -1.0, "start": 1.0, "resume": 0.0, "wait": -1.0}


class Action(NamedTuple):
    """Checked actions of N rows."""

    columns: NDArray[Any]
    """(3 + d, N) components in [-1, 1], or (1, N) choices."""
    ignored: NDArray[np.bool_] | None
    """(N,) rows whose action is not looked at; None if there is none."""


class Grants(NamedTuple):
    """What the workers that ask are to do, in N rows."""

    target: NDArray[np.int64]
    """(N,) the run that is trained; -1 for none."""
    is_new: NDArray[np.bool_]
    """(N,) whether it is to be started."""
    stops: NDArray[np.bool_]
    """(N,) whether the run that has reported is stopped, if it does not go on, and not paused."""
    point: NDArray[np.float64]
    """(d, N) unit configurations of new runs, but for the epochs."""


class ActionFormat(ActionReader):
    """The action space "grant", and what its actions mean.

    Args:
        encoder: The layout of the runs.
    """

    def __init__(self, encoder: SchedulingEncoder) -> None:
        super().__init__(FIRST + encoder.dimension, discrete=False, mode="action='grant'")
        self._status = encoder.status

    def grants(self, state: State, action: Action) -> Grants:
        """What actions mean for the workers that ask."""
        fate, then, _, *point = action.columns
        goes_on = (state.reported >= 0) & (fate > _THIRD)
        target = np.where(goes_on, state.reported, -1)
        resumes = np.flatnonzero(~goes_on & (then >= -_THIRD) & (then <= _THIRD))
        target[resumes] = self._resumed(state, action, resumes)
        is_new = (target < 0) & (then >= -_THIRD)
        fits = is_new & (state.started < len(state.table))
        target[fits] = state.started[fits]
        return Grants(target, is_new, fate < -_THIRD, np.stack(point))

    def _resumed(self, state: State, action: Action, rows: NDArray[np.intp]) -> Any:
        """The paused runs that rows ask for, -1 where none is paused."""
        paused = state.table[:, self._status, rows] == SHOWN[Status.PAUSED]
        count = paused.sum(axis=0)
        rank = np.rint((1.0 - action.columns[2, rows]) * 0.5 * (count - 1)).astype(np.int64)
        order = np.where(paused, -state.last[:, rows], np.inf)
        chosen = order.argmin(axis=0)
        later = np.flatnonzero((count > 0) & (rank > 0))
        ranked = order[:, later].argsort(axis=0, kind="stable")
        chosen[later] = ranked[rank[later], np.arange(len(later))]
        return np.where(count > 0, chosen, -1)

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
