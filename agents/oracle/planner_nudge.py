"""The best plan for "nudge", where one evaluation moves one parameter by one notch.

Each axis is a walk on 21 nodes (see `agents.oracle.lattice`). Only the epochs cost, not where the
other two axes stand, and the score is a product of one factor per parameter. So it is enough to
know

- for each number m of moves that do not change the epochs, the best point of the other two axes
  that m moves can reach, and
- the cheapest way to stand on each node of the epochs after t evaluations, of which m were such
  moves: a dynamic programme over (t, node, m).

The plan ends after tau evaluations where score - costs is largest; what is then left is spent
descending (or the episode is stopped).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.tuners.agent import FloatArray, IntArray, replace_rows
from hpo_gym.tuning.actions import ActionMode

from .exact import ExactModel
from .lattice import FARTHEST, NODES, OWN, Axis, lattice, move_action, neighbours, routes

_MOVE, _STAY = 2, 3  # choices of the programme beside the two sources of a node
_LOST = 1e-4  # far more than float32 observations lose, far less than a notch
_CHUNK = 1 << 22


class NudgePlan(NamedTuple):
    """The plans of N rows."""

    begin: IntArray
    """(N,) paid evaluations when it was made."""
    end: IntArray
    """(N,) paid evaluations once it is complete."""
    actions: IntArray
    """(N, budget) actions from then on."""
    expected: FloatArray
    """(N, budget + 1, d) unit configurations from then on."""


class Reach(NamedTuple):
    """The best points of the free axes, by the number of moves 0..most that n rows may spend."""

    nodes: IntArray
    """(n, most + 1, 2) nodes of the two axes."""
    units: FloatArray
    """(n, most + 1, 2) their coordinates."""


class NudgePlanner:
    """Plans episodes of "nudge".

    Args:
        model: The exact model; its score must be a product of one factor per parameter, of which
            there are three.
        resource: Index of the parameter that costs.
        mode: The action mode.
    """

    def __init__(self, model: ExactModel, resource: int, mode: ActionMode) -> None:
        self._model, self._resource, self._mode = model, resource, mode
        self._free = [axis for axis in range(mode.dimension) if axis != resource]
        self._most = min(model.budget, FARTHEST * len(self._free))  # moves worth counting
        self._first, self._out, self._back = routes()
        self._sources, self._signs = neighbours()

    def update(
        self,
        plan: NudgePlan | None,
        starts: NDArray[np.bool_],
        unit: FloatArray,
        evaluations: IntArray,
        reference: FloatArray,
    ) -> NudgePlan:
        """Plan the rows that begin or have left their plan: see `AdjustPlanner.update`."""
        n, budget = len(unit), self._model.budget
        rows = np.arange(n)
        if plan is None:
            none = np.zeros(n, dtype=np.int64)
            expected = np.zeros((n, budget + 1, self._mode.dimension))
            plan = NudgePlan(none, none, np.zeros((n, budget), dtype=np.int64), expected)
        else:
            here = plan.expected[rows, np.maximum(evaluations - plan.begin, 0)]
            lost = (np.abs(here - unit) > _LOST).any(axis=1) & (evaluations < plan.end)
            rows = np.flatnonzero(starts | lost)
        size = max(_CHUNK // (budget * NODES * (self._most + 1)), 1)
        for first in range(0, len(rows), size):
            chunk = rows[first : first + size]
            fresh = self._plan(unit[chunk], evaluations[chunk], reference[chunk])
            plan = replace_rows(plan, chunk, fresh)
        return plan

    def act(
        self, plan: NudgePlan, unit: FloatArray, evaluations: IntArray
    ) -> tuple[IntArray, NDArray[np.bool_]]:
        """Actions (N,), and the rows (N,) whose plan is complete."""
        index = np.clip(evaluations - plan.begin, 0, self._model.budget - 1)
        return plan.actions[np.arange(len(unit)), index], evaluations >= plan.end

    def _plan(self, unit: FloatArray, evaluations: IntArray, reference: FloatArray) -> NudgePlan:
        rows, left = np.arange(len(unit)), self._model.budget - evaluations
        axes = [lattice(column, self._mode.step) for column in unit.T]
        reach = self._reach([axes[axis] for axis in self._free])
        epochs = axes[self._resource]
        cost = self._model.axis_cost(self._resource, epochs.nodes)
        rest = self._rest_costs(cost)
        value = self._scores(epochs, reach) - reference[:, None, None]
        ends = self._model.plan_ends(left)
        paid = np.full(value.shape, np.inf)
        paid[rows, epochs.origin, 0] = 0.0
        best = np.full(len(unit), -np.inf)
        if self._model.may_rest:
            best = -rest[left, rows, epochs.origin]
        chosen = np.zeros((2, len(unit)), dtype=np.int64)  # tau and the flat (node, m)
        choices = []
        for tau in range(1, self._model.budget + 1):
            choice, paid = self._advance(paid, cost)
            choices.append(choice)
            total = value - paid - rest[np.maximum(left - tau, 0), rows][:, :, None]
            total = np.where(ends[:, tau - 1, None, None], total, -np.inf).reshape(len(unit), -1)
            flat = total.argmax(axis=1)
            better = total[rows, flat] > best
            best = np.where(better, total[rows, flat], best)
            chosen[:, better] = np.stack((np.full_like(flat, tau), flat))[:, better]
        node, moves = np.divmod(chosen[1], self._most + 1)
        free = self._free_actions(axes, reach, moves)
        actions = self._trace(free, choices, (chosen[0], node, moves))
        return NudgePlan(evaluations, evaluations + chosen[0], actions, self._follow(unit, actions))

    def _reach(self, axes: list[Axis]) -> Reach:
        """Best points of the two free axes for every number of moves."""
        rows = np.arange(len(axes[0].origin))[:, None]
        within = []  # per axis, the best node within 0..FARTHEST moves, (n, 11)
        for axis, (nodes, origin) in zip(self._free, axes, strict=True):
            far = (self._out + self._back)[origin][:, None, :] > np.arange(FARTHEST + 1)[:, None]
            score = self._model.axis_score(axis, nodes)[:, None, :]
            within.append(np.where(far, -np.inf, score).argmax(axis=2))
        first, second = np.indices((FARTHEST + 1, FARTHEST + 1)).reshape(2, -1)
        chosen = np.stack((within[0][:, first], within[1][:, second]), axis=2)
        units = np.stack([axis.nodes[rows, chosen[..., i]] for i, axis in enumerate(axes)], axis=2)
        score = self._model.score(self._place(units, self._model.trade_off.best[self._resource]))
        best = np.empty((len(rows), self._most + 1), dtype=np.int64)
        for moves in range(self._most + 1):
            best[:, moves] = np.where(first + second <= moves, score, -np.inf).argmax(axis=1)
        return Reach(chosen[rows, best], units[rows, best])

    def _place(self, free: FloatArray, resource: Any) -> FloatArray:
        """Unit configurations from the coordinates of the free axes (..., 2) and the epochs."""
        units = np.empty((*free.shape[:-1], self._mode.dimension))
        units[..., self._free] = free
        units[..., self._resource] = resource
        return units

    def _scores(self, epochs: Axis, reach: Reach) -> FloatArray:
        """Score at every node of the epochs and number of other moves, (n, 21, most + 1)."""
        free = np.repeat(reach.units[:, None], NODES, axis=1)
        return self._model.score(self._place(free, epochs.nodes[:, :, None]))

    def _rest_costs(self, cost: FloatArray) -> FloatArray:
        """Cost of descending for 0..budget evaluations from every node, (budget + 1, n, 21)."""
        below = np.arange(NODES) - 1
        below[[0, OWN]] = OWN
        total = np.zeros((self._model.budget + 1, *cost.shape))
        if not self._model.stop:
            for steps in range(1, len(total)):
                total[steps] = (cost + total[steps - 1])[:, below]
        return total

    def _advance(self, paid: FloatArray, cost: FloatArray) -> tuple[NDArray[np.int8], FloatArray]:
        """One evaluation more: how each (node, m) is best entered, and the costs paid by then."""
        moved = np.full_like(paid, np.inf)
        moved[:, :, 1:] = paid[:, :, :-1]
        ways = np.stack((paid[:, self._sources[0]], paid[:, self._sources[1]], moved, paid))
        return ways.argmin(axis=0).astype(np.int8), ways.min(axis=0) + cost[:, :, None]

    def _free_actions(self, axes: list[Axis], reach: Reach, moves: IntArray) -> IntArray:
        """The moves of the free axes in order, (n, most); 0 (stay) after the last."""
        rows = np.arange(len(moves))
        lengths, actions = [], []
        for i, axis in enumerate(self._free):
            route = axes[axis].origin, reach.nodes[rows, moves, i]
            lengths += [self._out[route], self._back[route]]
            sign = self._first[route]
            actions += [move_action(axis, sign), move_action(axis, -sign)]
        ends = np.cumsum(lengths, axis=0)
        leg = (np.arange(self._most)[:, None, None] >= ends).sum(axis=1)
        return np.asarray(np.stack((*actions, np.zeros_like(rows)))[leg, rows].T)

    def _trace(
        self,
        free: IntArray,
        choices: list[NDArray[np.int8]],
        chosen: tuple[IntArray, IntArray, IntArray],
    ) -> IntArray:
        """The actions of the chosen plans, (n, budget), traced back from their ends.

        Args:
            free: What `_free_actions` returned.
            choices: What every `_advance` returned.
            chosen: tau, the last node and the number of free moves, each (n,).
        """
        tau, node, moves = chosen
        rows = np.arange(len(tau))
        actions = np.zeros((len(tau), self._model.budget), dtype=np.int64)
        for step in range(self._model.budget, 0, -1):
            choice = np.where(step <= tau, choices[step - 1][rows, node, moves], _STAY)
            steered, side = choice < _MOVE, np.minimum(choice, 1)
            moves = moves - (choice == _MOVE)  # now the index of the move that was made here
            action = np.where(choice == _MOVE, free[rows, np.minimum(moves, self._most - 1)], 0)
            along = move_action(self._resource, self._signs[side, node])
            actions[:, step - 1] = np.where(steered, along, action)
            node = np.where(steered, self._sources[side, node], node)
        return actions

    def _follow(self, unit: FloatArray, actions: IntArray) -> FloatArray:
        """Unit configurations on the way, (n, budget + 1, d)."""
        path = [unit]
        for action in actions.T:
            columns = self._mode.target(tuple(path[-1].T), (action,), Vectors())
            path.append(np.stack(columns, axis=1))
        return np.stack(path, axis=1)
