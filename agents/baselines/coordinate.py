"""Coordinate search: one parameter at a time, because the model is separable.

F1 = g(thr) Accuracy(epochs) Accuracy(lr): the best threshold and learning rate do not depend on the
epochs, so they are searched where an evaluation is cheapest, and the epochs last.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.tuners.agent import Agent, FloatArray, IntArray, replace_rows, take_rows
from hpo_gym.tuning.problem import Problem

from .line_search import next_point, probes
from .pattern import PatternSearch

_POINTS = 5  # evaluations along one line
_WIDTH = 2.0 / 3.0  # distance of the first probes; halved in every further round
_LEAST_SCORE = 1e-6  # below it all scores are equal


class Lines(NamedTuple):
    """Where the searches of N rows stand."""

    asked: IntArray
    """(N,) evaluations asked for so far."""
    best: FloatArray
    """(N, d) best unit configuration found."""
    best_value: FloatArray
    """(N,) its log score."""
    x: FloatArray
    """(N, points + 1) coordinates known along the present line."""
    y: FloatArray
    """(N, points + 1) their log scores."""
    done: NDArray[np.bool_]
    """(N,) the search has ended."""


class CoordinateAgent(Agent):
    """Searches along one parameter after the other.

    In "propose" it looks at a handful of points per parameter, most of them vertices of parabolas
    through the logarithm of the score: first the parameters that cost nothing, at the lowest
    resource, then the resource, until the next point promises less than it costs. Then it rests.
    Where nothing sets the resource, it goes round until the budget is spent. In "adjust" and
    "nudge" it is a pattern search (see `PatternSearch`).

    Args:
        problem: See `Agent`.
        seed: Not used: there is nothing random.
    """

    name = "coordinate"

    def __init__(self, problem: Problem, *, seed: int = 0) -> None:
        super().__init__(problem, seed=seed)
        self._pattern = PatternSearch(self.mode, self.problem.resource_axis)
        d, budget = self.mode.dimension, self.encoder.max_evaluations
        resource = self.problem.resource_axis
        lines = [axis for axis in range(d) if axis != resource]
        lines += [] if resource is None else [resource]
        points = min(_POINTS, max((budget - 1) // d, 1))
        # (axis, number of the point on its line, round) of every evaluation after the first.
        rounds = 1 if resource is not None else budget
        plan = [(a, i, r) for r in range(rounds) for a in lines for i in range(points)]
        self._plan = plan[: budget - 1]

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], Any]:
        """The next point of every row's search."""
        seen = self.encoder.decode(observations)
        if self.mode.name != "propose":
            moves, done, state = self._pattern.act(seen, state, starts)
            return self.finish(moves, done), state
        if state is None:
            state = self._begin(len(observations))
        state = replace_rows(state, np.flatnonzero(starts), self._begin(int(starts.sum())))
        units = np.zeros((len(observations), self.mode.dimension))
        asked = np.where(state.done, -1, state.asked)
        for count in np.unique(asked[~state.done]).tolist():  # rows in phase search together
            rows = np.flatnonzero(asked == count)
            part = take_rows(state, rows)
            units[rows], part = self._search(
                part, count, seen.unit[rows], np.log(np.maximum(seen.score[rows], _LEAST_SCORE))
            )
            state = replace_rows(state, rows, part)
        return self.finish(units, state.done), state

    def _begin(self, rows: int) -> Lines:
        return Lines(
            asked=np.zeros(rows, dtype=np.int64),
            best=np.zeros((rows, self.mode.dimension)),
            best_value=np.full(rows, -np.inf),
            x=np.zeros((rows, _POINTS + 1)),
            y=np.zeros((rows, _POINTS + 1)),
            done=np.zeros(rows, dtype=np.bool_),
        )

    def _search(
        self, state: Lines, count: int, unit: NDArray[Any], value: FloatArray
    ) -> tuple[FloatArray, Lines]:
        """The unit configurations that rows in phase evaluate next, and their new state.

        Args:
            state: The rows' state; it is changed.
            count: Number of evaluations that the search has asked for.
            unit: The last unit configurations, (n, d).
            value: Their log scores, (n,).
        """
        state.asked[:] = count + 1
        if count == 0:
            return np.tile(self.cheapest, (len(unit), 1)), state
        better = value > state.best_value
        state.best[better] = unit[better]
        state.best_value[better] = value[better]
        if count >= 2:
            axis, known, _ = self._plan[count - 2]
            state.x[:, known + 1], state.y[:, known + 1] = unit[:, axis], value
        if count > len(self._plan):
            state.done[:] = True
            return state.best, state
        axis, known, turn = self._plan[count - 1]
        if known == 0:  # the best point so far lies on the new line
            state.x[:, 0], state.y[:, 0] = state.best[:, axis], state.best_value
        target = state.best.copy()
        if known < 2:
            target[:, axis] = probes(state.x[:, 0], _WIDTH * 0.5**turn)[known]
            return target, state
        target[:, axis], promised = next_point(state.x[:, : known + 1], state.y[:, : known + 1])
        if axis == self.problem.resource_axis:
            space, xp = self.problem.space, Vectors()
            scaled = space.scaled(tuple(target.T), xp)
            gain = np.exp(promised) - np.exp(state.best_value)
            state.done[gain <= self.problem.cost(space.natural(scaled, xp))] = True
        return target, state
