"""Scheduling alone: discrete choices among runs, whose configurations come by themselves.

Choice 0 starts a new run; choice j lets the best of the runs go on that have made j reports and
wait for more, of equals the earlier. The run that has just reported is one of these. Where there is
none, or the budget does not pay for it, a run is started; where that cannot be, the idle run with
the best last score goes on that can be paid for, else the worker waits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.policies.classifier.policy import ClassifierPolicy
from hpo_gym.scheduling.actions import Action, Grants
from hpo_gym.scheduling.observations import SHOWN, SchedulingEncoder
from hpo_gym.scheduling.state import State
from hpo_gym.scheduling.table import Status

SAMPLERS = ("random", "portfolio", "mixed")
_NEAR = 0.3
"""How far a new run lies from the incumbent, along every axis, once the list is at its end."""
_MOVED = 0.15
"""How far "mixed" moves the configurations of the list, along every axis."""


def idle(table: NDArray[np.float32], dimension: int) -> NDArray[np.bool_]:
    """(R, N) the runs that wait for more epochs."""
    status = table[:, dimension]
    paused, reported = SHOWN[Status.PAUSED], SHOWN[Status.REPORTED]
    return np.asarray((status == paused) | (status == reported))


class ChoiceFormat:
    """The action space "choose", and how its actions are read.

    Args:
        encoder: The layout of the runs.
        sampler: "random": uniform configurations; "portfolio": those of the list of the tuner for
            classifiers (see `hpo_gym.policies.classifier.policy`), then some near the incumbent;
            "mixed": a share of the runs, drawn for each episode, as in "portfolio" but moved a
            little, the others uniform. So a policy meets samplers of all qualities.
    """

    def __init__(self, encoder: SchedulingEncoder, sampler: str) -> None:
        self._encoder, self._moved = encoder, _MOVED if sampler == "mixed" else 0.0
        self.size = len(encoder.reports)
        self._blocks = np.diff(encoder.reports, prepend=0).astype(np.float64)
        self._starts = np.zeros((0, encoder.dimension))
        if sampler != "random":
            thr, _, lr = ClassifierPolicy.pretrained().arrays["starts"].T
            self._starts = 2.0 * np.stack([thr, lr], axis=1) - 1.0

    def space(self) -> spaces.Discrete[Any]:
        """A fresh action space of one row."""
        return spaces.Discrete(self.size)

    def read(self, actions: Any, shape: tuple[int, ...], ignored: NDArray[Any] | None) -> Action:
        """Check choices, of the shape () or (N,).

        Raises:
            ValueError: They have another shape, or are no whole numbers, or too large.
        """
        array = np.asarray(actions)
        if array.shape != shape or array.dtype.kind not in "iu":
            raise ValueError(f"action = {actions!r} must be whole numbers of the shape {shape}")
        choices = array.reshape(-1).astype(np.int64)
        if ignored is not None:
            choices[ignored] = 0
        bad = np.flatnonzero((choices < 0) | (choices >= self.size))
        if len(bad):
            where = f" of row {bad[0]}" if shape else ""
            raise ValueError(
                f"the action{where} = {choices[bad[0]]} must be in [0, {self.size - 1}]"
            )
        return Action(choices, ignored)

    def grants(self, state: State, action: Action) -> Grants:
        """What actions mean for the workers that ask."""
        target, is_new = self.targets(state.table, state.last, state.left, action.values)
        point = np.zeros((self._encoder.dimension, len(target)))
        new = np.flatnonzero(is_new)
        point[:, new] = self._points(state, new)
        return Grants(target, is_new, np.zeros(len(target), dtype=np.bool_), point)

    def targets(
        self,
        table: NDArray[np.float32],
        last: NDArray[np.float32],
        left: NDArray[np.float64],
        choices: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The runs that choices mean.

        Args:
            table: (R, d + 2 + K, N) the runs, see `SchedulingEncoder`.
            last: (R, N) their last scores.
            left: (N,) worker-epochs left.
            choices: (N,).

        Returns:
            (N,) the run that is trained, -1 for none; (N,) whether it is a new one.
        """
        rows, started = np.arange(len(left)), self._started(table)
        waiting = np.where(self.payable(table, left), last, np.float32(-1.0))
        chosen = np.where(choices == self._reports(table), waiting, np.float32(-1.0))
        target, fallback = chosen.argmax(axis=0), waiting.argmax(axis=0)
        found = chosen[target, rows] >= 0.0
        is_new = ~found & (started < len(table)) & (self._blocks[0] <= left)
        fallback = np.where(waiting[fallback, rows] >= 0.0, fallback, -1)
        return np.where(found, target, np.where(is_new, started, fallback)), is_new

    def payable(self, table: NDArray[np.float32], left: NDArray[Any]) -> NDArray[np.bool_]:
        """(R, N) idle runs whose next block the budget pays for."""
        price = self._blocks[self._reports(table) % len(self._blocks)]
        return np.asarray(idle(table, self._encoder.dimension) & (price <= left))

    def _reports(self, table: NDArray[np.float32]) -> NDArray[np.int64]:
        """(R, N) how many reports the runs have made."""
        share = table[:, self._encoder.dimension + 1]
        return np.asarray(np.rint(share * len(self._blocks)).astype(np.int64))

    def _started(self, table: NDArray[np.float32]) -> NDArray[np.int64]:
        """(N,) how many runs there are."""
        return np.asarray(np.count_nonzero(table[:, self._encoder.dimension], axis=0))

    def _points(self, state: State, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """(d, n) unit configurations of the next runs of some rows."""
        d, number = self._encoder.dimension, state.started[rows]
        stream = rng.derive(state.key[rows], rng.START)
        draws = rng.uniforms(rng.derive(stream, number.astype(np.uint64)), d + 1)
        uniform = 2.0 * np.stack(draws[:d]) - 1.0
        if not len(self._starts):
            return np.asarray(uniform)
        scores = state.table[:, d + 2 :, rows].max(axis=1)
        best = state.table[scores.argmax(axis=0), :d, rows].T
        listed = self._starts[np.minimum(number, len(self._starts) - 1)].T
        is_listed = number < len(self._starts)
        center = np.where(is_listed, listed, best)
        points = np.clip(center + np.where(is_listed, self._moved, _NEAR) * uniform, -1.0, 1.0)
        if not self._moved:
            return np.asarray(points)
        (share,) = rng.uniforms(stream, 1)
        return np.where(draws[d] < share, points, uniform)
