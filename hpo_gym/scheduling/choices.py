"""Scheduling alone: discrete choices among runs, whose configurations come by themselves.

Choice 0 starts a new run; choice j lets the best of the runs go on that have made j reports and
wait for more, of equals the earlier. The run that has just reported is one of these. Where there is
none, or the budget does not pay for it, a run is started; where that cannot be, the idle run with
the best last score goes on that can be paid for, else the worker waits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hpo_gym import rng
from hpo_gym.policies.classifier.policy import ClassifierPolicy
from hpo_gym.scheduling.actions import Action, Grants
from hpo_gym.scheduling.observations import SchedulingEncoder
from hpo_gym.scheduling.state import State
from hpo_gym.tasks.actions import ActionReader

SAMPLERS = ("random", "portfolio", "mixed")
_NEAR = 0.3
"""How far a new run lies from the incumbent, along every axis, once the list is at its end."""
_MOVED = 0.15
"""How far "mixed" moves the configurations of the list, along every axis."""


class ChoiceFormat(ActionReader):
    """The action space "choose", and what its actions mean.

    Args:
        encoder: The layout of the runs.
        sampler: "random": uniform configurations; "portfolio": those of the list, then some near
            the incumbent; "mixed": a share of the runs, drawn for each episode, as in "portfolio"
            but moved a little, the others uniform. So a policy meets samplers of all qualities.
        starts: (L, d) the list, of unit configurations without the epochs; None for that of the
            tuner for classifiers, see `hpo_gym.policies.classifier.policy`.
    """

    def __init__(
        self,
        encoder: SchedulingEncoder,
        sampler: str = "random",
        starts: Sequence[Sequence[float]] | None = None,
    ) -> None:
        super().__init__(len(encoder.reports), discrete=True, mode="action='choose'")
        self._encoder, self._moved = encoder, _MOVED if sampler == "mixed" else 0.0
        self._starts = np.zeros((0, encoder.dimension))
        if sampler != "random":
            self._starts = _portfolio() if starts is None else np.array(starts, dtype=np.float64)

    def grants(self, state: State, action: Action) -> Grants:
        """What actions mean for the workers that ask."""
        target, is_new = self.targets(state.table, state.last, state.left, action.columns[0])
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
        encoder, rows = self._encoder, np.arange(len(left))
        made = encoder.made(table[:, encoder.progress])
        payable = encoder.idle(table) & (encoder.blocks[made % len(encoder.blocks)] <= left)
        waiting = np.where(payable, last, np.float32(-1.0))
        chosen = np.where(choices == made, waiting, np.float32(-1.0))
        target, fallback = chosen.argmax(axis=0), waiting.argmax(axis=0)
        found = chosen[target, rows] >= 0.0
        started = np.count_nonzero(table[:, encoder.status], axis=0)
        is_new = ~found & (started < len(table)) & (encoder.blocks[0] <= left)
        fallback = np.where(waiting[fallback, rows] >= 0.0, fallback, -1)
        return np.where(found, target, np.where(is_new, started, fallback)), is_new

    def _points(self, state: State, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """(d, n) unit configurations of the next runs of some rows."""
        d, number = self._encoder.dimension, state.started[rows]
        stream = rng.derive(state.key[rows], rng.START)
        draws = rng.uniforms(rng.derive(stream, number.astype(np.uint64)), d + 1)
        uniform = 2.0 * np.stack(draws[:d]) - 1.0
        if not len(self._starts):
            return np.asarray(uniform)
        scores = state.table[:, self._encoder.scores :, rows].max(axis=1)
        best = state.table[scores.argmax(axis=0), :d, rows].T
        listed = self._starts[np.minimum(number, len(self._starts) - 1)].T
        is_listed = number < len(self._starts)
        center = np.where(is_listed, listed, best)
        points = np.clip(center + np.where(is_listed, self._moved, _NEAR) * uniform, -1.0, 1.0)
        if not self._moved:
            return np.asarray(points)
        (share,) = rng.uniforms(stream, 1)
        return np.where(draws[d] < share, points, uniform)


def _portfolio() -> NDArray[np.float64]:
    """(16, 2) the list of the tuner for classifiers: thr and lr."""
    thr, _, lr = ClassifierPolicy.pretrained().arrays["starts"].T
    return np.asarray(2.0 * np.stack([thr, lr], axis=1) - 1.0, dtype=np.float64)
