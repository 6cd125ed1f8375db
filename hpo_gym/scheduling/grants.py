"""Grants: which run a worker trains, and what that takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.scheduling.actions import FIRST, Action
from hpo_gym.scheduling.observations import SHOWN, SchedulingEncoder
from hpo_gym.scheduling.options import SchedulingOptions
from hpo_gym.scheduling.state import State
from hpo_gym.scheduling.table import Status

IntArray = NDArray[np.int64]


class Granter:
    """Does what workers are told.

    Args:
        options: The environment's options.
        encoder: The layout of the runs.
    """

    def __init__(self, options: SchedulingOptions, encoder: SchedulingEncoder) -> None:
        self._encoder = encoder
        self._speeds = np.array(options.worker_speeds)
        self._epoch_cost = options.epoch_cost / 100.0
        self._blocks = np.diff(encoder.reports, prepend=0).astype(np.float64)
        self._status = encoder.dimension
        self._progress = encoder.dimension + 1

    def grant(self, state: State, action: Action) -> State:
        """The state after the worker that asks in each row was told what to do."""
        rows = np.arange(len(state.key))
        status, d = self._status, self._encoder.dimension
        table = state.table.copy()
        target, is_new = self._targets(state, action)
        has = np.flatnonzero(state.reported >= 0)
        fate = np.where(action.stops[has], SHOWN[Status.STOPPED], SHOWN[Status.PAUSED])
        table[state.reported[has], status, has] = fate

        done = np.rint(table[target, self._progress, rows] * len(self._blocks)).astype(np.int64)
        block = self._blocks[np.where(is_new, 0, done) % len(self._blocks)]
        granted = (target >= 0) & (block <= state.left)
        to, worker = np.flatnonzero(granted), state.worker
        new = np.flatnonzero(granted & is_new)
        table[target[new], :d, new] = action.components[FIRST:, new].T
        table[target[to], status, to] = SHOWN[Status.RUNNING]
        run, end, asks = state.run.copy(), state.end.copy(), state.asks.copy()
        run[worker[to], to] = target[to]
        end[worker[to], to] = state.clock[to] + block[to] / self._speeds[worker[to]]
        asks[worker, rows] = False
        spent = np.where(granted, block, 0.0)
        cost = self._epoch_cost * spent
        return state._replace(
            table=table,
            run=run,
            end=end,
            asks=asks,
            started=state.started + (granted & is_new),
            left=state.left - spent,
            cost=cost,
            total_cost=state.total_cost + cost,
        )

    def _targets(self, state: State, action: Action) -> tuple[IntArray, NDArray[np.bool_]]:
        """(N,) the run that is asked for in each row, -1 for none; and whether it is a new one."""
        goes_on = (state.reported >= 0) & action.continues
        is_new = ~goes_on & action.starts
        target = np.where(goes_on, state.reported, -1)
        fits = is_new & (state.started < self._encoder.max_runs)
        target[fits] = state.started[fits]
        resumes = np.flatnonzero(~goes_on & ~is_new & ~action.waits)
        target[resumes] = self._resumed(state, action, resumes)
        return target, is_new

    def _resumed(self, state: State, action: Action, rows: IntArray) -> Any:
        """The paused runs that rows ask for, -1 where none is paused."""
        shown = state.table[:, self._status, rows]
        paused = shown == SHOWN[Status.PAUSED]
        count = paused.sum(axis=0)
        rank = action.rank(rows, count).astype(np.int64)
        order = np.where(paused, -state.last[:, rows], np.inf)
        best = order.argmin(axis=0)
        later = np.flatnonzero((count > 0) & (rank > 0))
        ranked = order[:, later].argsort(axis=0, kind="stable")
        best[later] = ranked[rank[later], np.arange(len(later))]
        return np.where(count > 0, best, -1)
