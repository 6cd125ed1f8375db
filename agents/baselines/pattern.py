"""Pattern search with bounded moves, for many rows at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuners.agent import FloatArray, IntArray, replace_rows, take_rows
from hpo_gym.tuning.actions import ActionMode
from hpo_gym.tuning.trials import Observation

from ..oracle.lattice import move_action

_SMALLEST = 1.0 / 4.0  # of the largest step, below which the search has ended


class Trial(NamedTuple):
    """What N rows are trying."""

    target: FloatArray
    """(N, d) unit configuration on the way."""
    axis: IntArray
    """(N,) parameter that is tried."""
    sign: IntArray
    """(N,) direction, +1 or -1."""
    size: FloatArray
    """(N,) distance of the target from the incumbent."""
    closed: IntArray
    """(N,) parameters that were tried in both directions with steps of this size."""
    turned: NDArray[np.bool_]
    """(N,) the other direction of this parameter need not be tried."""
    done: NDArray[np.bool_]
    """(N,) the search has ended."""


class PatternSearch:
    """Tries each parameter in both directions from the incumbent, in "adjust" and "nudge".

    A success goes on in its direction, a failure goes back to the incumbent and on with the other
    direction or the next parameter. The model is separable, so one round over the parameters is
    enough; then the steps are halved ("adjust") or the search ends ("nudge"). The parameter that
    sets the resource comes last.

    Args:
        mode: The action mode.
        resource: The parameter that costs, or None.
    """

    def __init__(self, mode: ActionMode, resource: int | None) -> None:
        self._mode = mode
        axes = [axis for axis in range(mode.dimension) if axis != resource]
        axes += [] if resource is None else [resource]
        self._first = axes[0]
        self._after = np.zeros(mode.dimension, dtype=np.int64)
        self._after[axes] = np.roll(axes, -1)
        # Half a step of "adjust" leads from one side of the incumbent to the other in one move.
        self._largest = mode.step if mode.discrete else 0.5 * mode.step
        self._smallest = self._largest if mode.discrete else _SMALLEST * mode.step
        self._near = 0.5 * mode.step + 1e-5 if mode.discrete else 1e-5

    def act(
        self, seen: Observation, state: Trial | None, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], NDArray[np.bool_], Trial]:
        """Moves (N, d) or actions (N,), the rows (N,) that are done, and the new state."""
        unit, best = seen.unit.astype(np.float64), seen.best_unit.astype(np.float64)
        if state is None:
            state = self._begin(unit)
        state = replace_rows(state, np.flatnonzero(starts), self._begin(unit[starts]))
        arrived = (np.abs(state.target - unit) <= self._near).all(axis=1)
        rows = np.flatnonzero(arrived & ~state.done)
        judged = take_rows(state, rows)
        success = (best[rows] == unit[rows]).all(axis=1) & ~starts[rows]
        state = replace_rows(state, rows, self._next(judged, success, starts[rows], best[rows]))
        return self._move(unit, state.target), state.done, state

    def _begin(self, unit: FloatArray) -> Trial:
        n = len(unit)
        return Trial(
            target=unit,
            axis=np.full(n, self._first),
            sign=self._inwards(unit[:, self._first]),
            size=np.full(n, self._largest),
            closed=np.zeros(n, dtype=np.int64),
            turned=np.zeros(n, dtype=np.bool_),
            done=np.zeros(n, dtype=np.bool_),
        )

    def _next(
        self,
        trial: Trial,
        success: NDArray[np.bool_],
        fresh: NDArray[np.bool_],
        best: FloatArray,
    ) -> Trial:
        """The trials that follow those that were evaluated."""
        failed = ~success & ~fresh
        turn = failed & ~trial.turned
        change = failed & trial.turned
        closed = trial.closed + change
        round_over = closed == self._mode.dimension
        size = np.where(round_over, 0.5 * trial.size, trial.size)
        closed = np.where(round_over, 0, closed)
        done = size < self._smallest
        axis = np.where(change, self._after[trial.axis], trial.axis)
        here = best[np.arange(len(axis)), axis]
        sign = np.where(turn, -trial.sign, np.where(change, self._inwards(here), trial.sign))
        turned = (trial.turned & ~change) | turn | success
        # No room in this direction: the other one is all there is to try.
        blocked = np.abs(np.clip(here + sign * size, -1.0, 1.0) - here) < 0.5 * size
        sign, turned = np.where(blocked, -sign, sign), turned | blocked
        target = best.copy()
        target[np.arange(len(axis)), axis] = np.clip(here + sign * size, -1.0, 1.0)
        return Trial(target, axis, sign, size, closed, turned, done)

    def _move(self, unit: FloatArray, target: FloatArray) -> NDArray[Any]:
        gap = target - unit
        if not self._mode.discrete:
            return np.clip(gap / self._mode.step, -1.0, 1.0)
        axis = np.abs(gap).argmax(axis=1)
        gap = gap[np.arange(len(axis)), axis]
        sign = np.where(np.abs(gap) > self._near, np.sign(gap), 0.0)
        return move_action(axis, sign)

    @staticmethod
    def _inwards(unit: FloatArray) -> IntArray:
        return np.where(unit > 0.0, -1, 1)
