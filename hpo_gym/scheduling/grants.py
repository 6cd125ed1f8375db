"""Grants: which run a worker trains, and what that takes."""

from __future__ import annotations

import numpy as np

from hpo_gym.scheduling.actions import Grants
from hpo_gym.scheduling.observations import SHOWN, SchedulingEncoder
from hpo_gym.scheduling.options import SchedulingOptions
from hpo_gym.scheduling.state import State
from hpo_gym.scheduling.table import Status


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

    def grant(self, state: State, grants: Grants) -> State:
        """The state after the worker that asks in each row was told what to do."""
        rows, encoder = np.arange(len(state.key)), self._encoder
        status, blocks = encoder.status, encoder.blocks
        table = state.table.copy()
        target, is_new, stops, point = grants
        has = np.flatnonzero(state.reported >= 0)
        fate = np.where(stops[has], SHOWN[Status.STOPPED], SHOWN[Status.PAUSED])
        table[state.reported[has], status, has] = fate

        made = encoder.made(table[target, encoder.progress, rows])
        block = blocks[np.where(is_new, 0, made) % len(blocks)]
        granted = (target >= 0) & (block <= state.left)
        to, worker = np.flatnonzero(granted), state.worker
        new = np.flatnonzero(granted & is_new)
        table[target[new], : encoder.dimension, new] = point[:, new].T
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
