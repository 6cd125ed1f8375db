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
    def row_size(self) -> int:
        """Components of a run."""
        return self.dimension + 2 + len(self.reports)

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

    def clock(self, observation: NDArray[Any]) -> float:
        """Share of the longest time that has passed."""
        return float(observation[0])

    def decode(self, observation: NDArray[Any]) -> Runs:
        """The runs that an observation (size,) shows."""
        rows = observation[HEAD:].reshape(self.max_runs, self.row_size)
        shown = rows[:, self.dimension]
        started = int(np.count_nonzero(shown))
        rows, d = rows[:started], self.dimension
        reported = np.rint(rows[:, d + 1] * len(self.reports)).astype(int).tolist()
        scores = rows[:, d + 2 :].tolist()
        return Runs(
            self.reports,
            [tuple(point) for point in rows[:, :d].tolist()],
            [_STATUSES[i] for i in np.rint(rows[:, d] * 5.0).astype(int).tolist()],
            [row[:count] for row, count in zip(scores, reported, strict=True)],
            round(float(observation[1]) * self.budget),
            self.max_runs,
        )

    def encode(self, runs: Runs) -> NDArray[np.float32]:
        """The rows of runs in an observation, (max_runs, row_size): what `decode` reads."""
        d, table = self.dimension, np.zeros((self.max_runs, self.row_size), dtype=np.float32)
        for row, point, status, curve in zip(
            table, runs.points, runs.status, runs.curves, strict=False
        ):
            row[:d], row[d], row[d + 1] = point, SHOWN[status], len(curve) / len(self.reports)
            row[d + 2 : d + 2 + len(curve)] = curve
        return table
