"""The best plan for "adjust", where one evaluation moves every parameter by a bounded step.

The return telescopes to score reached - reference - costs, so a plan is a number of evaluations
tau, after which the score is reached, and the target where it is reached. All but the epochs are
free of cost and, the score being a product of one factor per parameter, independent of each other:
each goes to the best point that tau steps can reach. The epochs at the target are enumerated; on
the way they take the pointwise cheapest path that still arrives, and afterwards they descend at
full speed (or the episode is stopped).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuners.agent import FloatArray, IntArray, replace_rows
from hpo_gym.tuning.actions import ActionMode

from .exact import ExactModel

# Targets lie this far inside the interval of coordinates that round to the wanted epochs: more
# than what float32 observations and actions can lose, far less than an epoch (0.02).
MARGIN = 1e-6
_CHUNK = 1 << 18


class AdjustPlan(NamedTuple):
    """The plans of N rows."""

    end: IntArray
    """(N,) paid evaluations once the target is reached; the present number if there is none."""
    target: FloatArray
    """(N, d) unit configuration to reach."""


class AdjustPlanner:
    """Plans episodes of "adjust".

    Args:
        model: The exact model; its score must be a product of one factor per parameter.
        resource: Index of the parameter that costs, whole numbers on its scaled axis.
        mode: The action mode.
    """

    def __init__(self, model: ExactModel, resource: int, mode: ActionMode) -> None:
        self._model, self._resource, self._step = model, resource, mode.step
        self._levels = model.level_edges(resource, MARGIN)
        free = [axis for axis in range(mode.dimension) if axis != resource]
        self._peaks = {axis: local_maxima(model, axis) for axis in free}

    def update(
        self,
        plan: AdjustPlan | None,
        starts: NDArray[np.bool_],
        unit: FloatArray,
        evaluations: IntArray,
        reference: FloatArray,
    ) -> AdjustPlan:
        """Plan the rows that begin or can no longer follow their plan.

        Args:
            plan: The plans so far, or None.
            starts: (N,), rows that begin.
            unit: (N, d), present unit configurations.
            evaluations: (N,), paid evaluations.
            reference: (N,), see `ExactModel.reference`.
        """
        rows = np.arange(len(unit))
        if plan is None:
            plan = AdjustPlan(np.zeros(len(unit), dtype=np.int64), np.zeros(unit.shape))
        else:
            reach = self._step * (plan.end - evaluations)[:, None] + 10.0 * MARGIN
            lost = (np.abs(plan.target - unit) > reach).any(axis=1) & (plan.end > evaluations)
            rows = np.flatnonzero(starts | lost)
        size = max(_CHUNK // (self._model.budget * len(self._levels)), 1)
        for first in range(0, len(rows), size):
            chunk = rows[first : first + size]
            fresh = self._plan(unit[chunk], evaluations[chunk], reference[chunk])
            plan = replace_rows(plan, chunk, fresh)
        return plan

    def act(
        self, plan: AdjustPlan, unit: FloatArray, evaluations: IntArray
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Moves (N, d) in [-1, 1], and the rows (N,) whose plan is complete."""
        left = plan.end - evaluations - 1  # evaluations of the plan after this one
        wanted = plan.target.copy()
        wanted[:, self._resource] = self._path(
            unit[:, self._resource], plan.target[:, self._resource], 1, left
        )
        return np.clip((wanted - unit) / self._step, -1.0, 1.0), left < 0

    def _path(
        self, start: FloatArray, target: FloatArray, done: int, left: NDArray[Any]
    ) -> FloatArray:
        """Cheapest coordinate after `done` steps if `left` more must arrive at the target."""
        return np.maximum(-1.0, np.maximum(start - self._step * done, target - self._step * left))

    def _plan(self, unit: FloatArray, evaluations: IntArray, reference: FloatArray) -> AdjustPlan:
        n, budget = len(unit), self._model.budget
        taus = np.arange(1, budget + 1)
        reach = self._step * taus
        # Targets for every tau and level: (n, budget, levels, d).
        targets = np.empty((n, budget, len(self._levels), unit.shape[1]))
        for axis, peaks in self._peaks.items():
            low = np.maximum(unit[:, axis, None] - reach, -1.0)
            high = np.minimum(unit[:, axis, None] + reach, 1.0)
            best = best_between(self._model, axis, peaks, low, high)
            targets[..., axis] = best[:, :, None]
        start = unit[:, self._resource, None, None]
        lowest = np.maximum(start - reach[:, None], self._levels)
        targets[..., self._resource] = lowest
        possible = lowest <= np.minimum(start + reach[:, None], 1.0)
        possible &= self._model.plan_ends(budget - evaluations)[:, :, None]
        value = self._model.score(targets) - reference[:, None, None]
        value -= self._path_costs(start, lowest, budget - evaluations)
        value = np.where(possible, value, -np.inf).reshape(n, -1)
        choice = value.argmax(axis=1)
        best_value = value[np.arange(n), choice]
        rests = ~np.isfinite(best_value)
        if self._model.may_rest:
            rests |= best_value <= self._rest_value(start[:, 0, 0], budget - evaluations)
        tau = 1 + choice // len(self._levels)
        target = targets.reshape(n, -1, unit.shape[1])[np.arange(n), choice]
        return AdjustPlan(evaluations + np.where(rests, 0, tau), target)

    def _path_costs(self, start: FloatArray, target: FloatArray, left: IntArray) -> FloatArray:
        """Costs of all evaluations left, for every tau and target, (n, budget, levels)."""
        taus = np.arange(1, self._model.budget + 1)[:, None]
        total = np.zeros(target.shape)
        for step in range(1, self._model.budget + 1):
            there = self._path(start, target, step, taus - step)
            after = np.maximum(target - self._step * (step - taus), -1.0)
            paid = step <= left[:, None, None]
            if self._model.stop:
                paid = paid & (step <= taus)
            cost = self._model.axis_cost(self._resource, np.where(step <= taus, there, after))
            total += np.where(paid, cost, 0.0)
        return total

    def _rest_value(self, start: FloatArray, left: IntArray) -> FloatArray:
        """What doing nothing earns, (n,): nothing with stop, else the costs of descending."""
        if self._model.stop:
            return np.zeros(len(start))
        steps = np.arange(1, self._model.budget + 1)
        path = np.maximum(start[:, None] - self._step * steps, -1.0)
        cost = self._model.axis_cost(self._resource, path)
        return np.asarray(-np.where(steps <= left[:, None], cost, 0.0).sum(axis=1))


def local_maxima(model: ExactModel, axis: int) -> FloatArray:
    """Coordinates of the interior local maxima of the score along an axis, (k,)."""
    grid = np.linspace(-1.0, 1.0, 2001)
    score = model.axis_score(axis, grid)
    inner = np.flatnonzero((score[1:-1] >= score[:-2]) & (score[1:-1] > score[2:])) + 1
    low, high = grid[inner - 1], grid[inner + 1]
    for _ in range(100):  # ternary search
        left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
        rises = model.axis_score(axis, left) < model.axis_score(axis, right)
        low, high = np.where(rises, left, low), np.where(rises, high, right)
    return np.asarray(0.5 * (low + high))


def best_between(
    model: ExactModel, axis: int, peaks: FloatArray, low: FloatArray, high: FloatArray
) -> FloatArray:
    """Coordinates with the best score in intervals along an axis: an end or a local maximum."""
    candidates = [low, high, *(np.clip(peak, low, high) for peak in peaks)]
    points = np.stack(candidates)
    choice = model.axis_score(axis, points).argmax(axis=0)
    return np.asarray(np.take_along_axis(points, choice[None], axis=0)[0])
