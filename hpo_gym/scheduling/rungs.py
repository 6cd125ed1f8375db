"""A short view of the runs: what there is at each number of reports.

First the budget left, the best score so far, and the share of the runs that were started. Then for
each number j of reports, from 1 to K: the share of all runs that have made j or more, the share
that has made j and waits, the share that has made j and is running; the best and the mean of all
scores at the j-th report; the last score of the best run that has made j and waits, and what the
last report has added to it. Zeros where there is nothing.
"""

from __future__ import annotations

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym.scheduling.observations import SHOWN, SchedulingEncoder
from hpo_gym.scheduling.table import Status

HEAD, PER_RUNG = 3, 7
"""Components before the rungs, and of a rung."""
REACHED, TOP, LAST = 0, 3, 5
"""Places in a rung: the share of the runs that reached it, the best score, the last score of the
best run that waits."""


class RungEncoder:
    """The layout of the observation "rungs".

    Args:
        encoder: The layout of the runs.
    """

    def __init__(self, encoder: SchedulingEncoder) -> None:
        self._encoder = encoder
        self.size = HEAD + PER_RUNG * len(encoder.reports)

    def space(self) -> spaces.Box:
        """A fresh observation space of one row."""
        low = np.zeros(self.size, dtype=np.float32)
        low[HEAD + PER_RUNG - 1 :: PER_RUNG] = -1.0  # a report may be worse than the one before
        return spaces.Box(low, np.ones(self.size, dtype=np.float32), dtype=np.float32)

    def columns(self, table: NDArray[np.float32], left: NDArray[np.float64]) -> NDArray[np.float32]:
        """The observations, (size, N).

        Args:
            table: (R, d + 2 + K, N) the runs, see `SchedulingEncoder`.
            left: (N,) worker-epochs left.
        """
        encoder, count = self._encoder, len(self._encoder.reports)
        runs, _, rows = table.shape
        status, made = table[:, encoder.status], encoder.made(table[:, encoder.progress])
        waits, running = encoder.idle(table), status == SHOWN[Status.RUNNING]
        view = np.zeros((self.size, rows), dtype=np.float32)
        view[0] = left / encoder.budget
        view[2] = np.count_nonzero(status, axis=0) / runs
        index = np.arange(rows)
        for j in range(1, count + 1):
            place = encoder.scores + j - 1
            scores, here = table[:, place], made == j
            reached = np.count_nonzero(made >= j, axis=0)
            total = np.add.accumulate(scores, axis=0)[-1]  # a sum's order depends on the rows
            last = np.where(here & waits, scores, np.float32(-1.0))
            best = last.argmax(axis=0)
            there = last[best, index] >= 0.0
            before = table[best, place - 1, index] if j > 1 else np.float32(0.0)
            first = HEAD + PER_RUNG * (j - 1)
            view[first : first + PER_RUNG] = (
                reached / runs,
                np.count_nonzero(here & waits, axis=0) / runs,
                np.count_nonzero(here & running, axis=0) / runs,
                scores.max(axis=0),
                total / np.maximum(reached, 1),
                np.where(there, last[best, index], 0.0),
                np.where(there, last[best, index] - before, 0.0),
            )
        view[1] = view[HEAD + TOP :: PER_RUNG].max(axis=0)
        return view
