"""What a scheduler sees as an observation: built here and decoded here, and nowhere else.

First the head: time that has passed (of the longest that an episode can take), worker-epochs left
(of the budget), the incumbent's observed score, the share of the workers that wait. Then a row for
each run that can be started, in the order of their starts: its unit configuration but for the
epochs (d), what it is doing (`Status` / 5), how many of its reports are there (1: all), and its
scores at the reports (K), with zeros for those to come.

Every component is a float32 in [-1, 1]; none depends on the optimum or on noise-free values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym.scheduling.table import Runs, Status

HEAD = 4
SHOWN = np.array([status / 5 for status in Status], dtype=np.float32)
"""(6,) what observations show of each status."""
_STATUSES = tuple(Status)


@dataclass(frozen=True)
class SchedulingEncoder:
    """The layout of observations.

    Attributes:
        dimension: Number d of unit coordinates of a run.
        reports: Numbers of epochs after which a run reports.
        max_runs: So many runs can be started.
        budget: Worker-epochs that can be granted.
    """

    dimension: int
    reports: tuple[int, ...]
    max_runs: int
    budget: int

    @property
    def status(self) -> int:
        """Place in the row of a run of what it is doing, see `SHOWN`."""
        return self.dimension

    @property
    def progress(self) -> int:
        """Place of the share of its reports that are there."""
        return self.dimension + 1

    @property
    def scores(self) -> int:
        """Place of its first score."""
        return self.dimension + 2

    @cached_property
    def blocks(self) -> NDArray[np.float64]:
        """(K,) epochs from each report to the next, the first from the start."""
        return np.diff(self.reports, prepend=0).astype(np.float64)

    def made(self, progress: NDArray[Any]) -> NDArray[np.int64]:
        """How many reports there are, from what is shown of it."""
        return np.asarray(np.rint(progress * len(self.reports)).astype(np.int64))

    def idle(self, table: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(R, N) which runs wait for more epochs, from their rows (R, row_size, N)."""
        status = table[:, self.status]
        return np.asarray((status == SHOWN[Status.PAUSED]) | (status == SHOWN[Status.REPORTED]))

    @property
    def row_size(self) -> int:
        """Components of a run."""
        return self.scores + len(self.reports)

    @property
    def size(self) -> int:
        """Components of an observation."""
        return HEAD + self.max_runs * self.row_size

    def space(self) -> spaces.Box:
        """A fresh observation space of one row."""
        low = np.zeros(self.size, dtype=np.float32)
        low[HEAD:].reshape(self.max_runs, self.row_size)[:, : self.dimension] = -1.0
        return spaces.Box(low, np.ones(self.size, dtype=np.float32), dtype=np.float32)

    def checked(self, observation: Any) -> NDArray[np.float32]:
        """One observation (size,) or several (N, size) as an array.

        Raises:
            ValueError: It has another shape.
        """
        array = np.asarray(observation, dtype=np.float32)
        if array.ndim not in (1, 2) or array.shape[-1] != self.size:
            raise ValueError(
                f"an observation of the shape {array.shape} must have {self.size} components: "
                f"({self.size},) of one row, (N, {self.size}) of N rows"
            )
        return array

    def decode(self, observation: NDArray[Any]) -> Runs:
        """The runs that an observation (size,) shows."""
        rows = observation[HEAD:].reshape(self.max_runs, self.row_size)
        rows = rows[: np.count_nonzero(rows[:, self.status])]
        made = self.made(rows[:, self.progress]).tolist()
        scores = rows[:, self.scores :].tolist()
        return Runs(
            self.reports,
            [tuple(point) for point in rows[:, : self.dimension].tolist()],
            [_STATUSES[i] for i in np.rint(rows[:, self.status] * 5.0).astype(int).tolist()],
            [row[:count] for row, count in zip(scores, made, strict=True)],
            round(float(observation[1]) * self.budget),
            self.max_runs,
        )

    def encode(self, runs: Runs) -> NDArray[np.float32]:
        """The rows of runs in an observation, (max_runs, row_size): what `decode` reads."""
        table = np.zeros((self.max_runs, self.row_size), dtype=np.float32)
        for row, point, status, curve in zip(
            table, runs.points, runs.status, runs.curves, strict=False
        ):
            row[: self.dimension], row[self.status] = point, SHOWN[status]
            row[self.progress] = len(curve) / len(self.reports)
            row[self.scores : self.scores + len(curve)] = curve
        return table
