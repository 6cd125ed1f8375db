"""The oracle: knows the model, and earns what can be earned, or finds the optimum at once."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.families import NotebookFamily, TaskBank, require_optimum
from hpo_gym.tuners.agent import Agent, FloatArray
from hpo_gym.tuning.problem import Problem
from hpo_gym.tuning.process import TuningProcess

from .exact import ExactModel
from .planner_adjust import AdjustPlanner
from .planner_nudge import NudgePlanner

_XP = Vectors()


class OracleAgent(Agent):
    """Plays the plan with the largest return, from the exact model of the environment's one task.

    In "propose" it evaluates the configuration with the best score minus cost, if that pays, and
    rests. In "adjust" and "nudge" it plans the whole episode at its start, and again should the
    position depart from the plan. It plans with noise-free scores, also where they are noisy.

    In an environment that draws its tasks, `begin` tells it which ones it will face. It then works
    in "propose" only, and for the regret: it evaluates each task's optimum, whatever that costs,
    and then waits at the worst of the cheapest corners of the cube, which noise does not make an
    incumbent.

    Args:
        problem: See `Agent`.
        process: The process, whose tasks it knows.
        seed: Not used: there is nothing random.

    Raises:
        ValueError: There is one task, and the reward cannot be planned for, or the mode is
            "adjust" or "nudge" and the family's score is not a product of one factor per parameter.
            There are several, and the mode is not "propose".
    """

    name = "oracle"

    def __init__(self, problem: Problem, *, process: TuningProcess, seed: int = 0) -> None:
        super().__init__(problem, seed=seed)
        self._process = process
        self._planner: AdjustPlanner | NudgePlanner | None = None
        self._told: tuple[FloatArray, FloatArray] | None = None
        options, family = process.options, process.family
        self._several = options.only_task is None and family.sizes[options.split] > 1
        if self._several and self.mode.name == "propose":
            return
        self.model = ExactModel(process)
        if self.mode.name == "propose":
            return
        if not isinstance(self._process.family, NotebookFamily):
            raise ValueError(
                f"agent 'oracle' plans action={self.mode.name!r} for the family 'notebook' "
                f"only, not {self._process.family.name!r}; action='propose' works for all"
            )
        assert problem.resource_axis is not None  # the epochs
        planner = AdjustPlanner if self.mode.name == "adjust" else NudgePlanner
        self._planner = planner(self.model, problem.resource_axis, self.mode)

    @property
    def cheapest(self) -> tuple[float, ...]:
        """The best of the cheapest configurations, where the task is known."""
        return super().cheapest if self._several else self.model.trade_off.cheapest

    def begin(self, *, tasks: NDArray[np.int64], split: str) -> None:
        """Tell which tasks the rows of the next calls of `predict` will face.

        Args:
            tasks: (N,) indices of the tasks in the split, one for every row.
            split: The split.

        Raises:
            ValueError: The family has one task only, which is known anyway.
        """
        family = require_optimum(self._process.family, "agent 'oracle'")
        if not isinstance(family, TaskBank):
            raise ValueError(f"the family {family.name!r} has one task: begin has nothing to tell")
        scaled, _ = family.best(split, np.asarray(tasks), self.problem.metric)
        optima = np.stack(self.problem.space.position(tuple(scaled)), axis=1)
        self._told = optima, self._waits(family.sample(split, np.asarray(tasks)), len(optima))

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], Any]:
        """The next action of every row's plan, which is the state."""
        if self._several:
            return self._reveal(observations), None
        if self._planner is None:
            return self._propose(observations), None
        evaluations = self.encoder.evaluations(observations)
        unit = self.encoder.decode(observations).unit.astype(np.float64)
        reference = self.model.reference(observations)
        state = self._planner.update(state, starts, unit, evaluations, reference)
        moves, done = self._planner.act(state, unit, evaluations)
        return self.finish(moves, done), state

    def _propose(self, observations: NDArray[Any]) -> NDArray[Any]:
        trade, evaluations = self.model.trade_off, self.encoder.evaluations(observations)
        if self.model.last_counts and not self.model.stop:
            pays = evaluations == self.model.budget - 1
        else:
            worst = 0.0 if self.model.stop else -trade.cost
            pays = trade.value - self.model.reference(observations) > worst
        return self.finish(np.tile(trade.best, (len(pays), 1)), ~pays)

    def _waits(self, parameters: Any, rows: int) -> FloatArray:
        """The worst of the cheapest corners, (N, d), of N tasks."""
        family, space = self._process.family, self.problem.space
        axis = self.problem.resource_axis
        corners = np.array(list(product((-1.0, 1.0), repeat=self.mode.dimension)))
        if axis is not None:
            corners = corners[corners[:, axis] < 0.0]
        scores = []
        for corner in corners:
            columns = tuple(np.full(rows, coordinate) for coordinate in corner)
            scaled, metric = space.scaled(columns, _XP), self.problem.metric
            scores.append(family.true_score(parameters, scaled, metric, _XP))
        return np.asarray(corners[np.argmin(scores, axis=0)])

    def _reveal(self, observations: NDArray[Any]) -> NDArray[Any]:
        """Each row's optimum, then its corner; or stop."""
        known = 0 if self._told is None else len(self._told[0])
        if self._told is None or known != len(observations):
            raise ValueError(
                f"agent 'oracle' was told {known} tasks for {len(observations)} rows of an "
                "environment that draws its tasks: call begin(tasks=..., split=...) first, or fix "
                "one with the option task"
            )
        fresh = self.encoder.evaluations(observations) == 0
        moves = np.where(fresh[:, None], *self._told)
        return self.finish(moves, ~fresh) if self.mode.stop else self.box(moves)
