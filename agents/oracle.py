"""The oracle: knows the model, and earns what can be earned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.families import FictitiousFamily

from .base import Agent
from .exact import ExactModel
from .planner_adjust import AdjustPlanner
from .planner_nudge import NudgePlanner


class OracleAgent(Agent):
    """Plays the plan with the largest return, from the exact model of the environment's one task.

    In "propose" it evaluates the configuration with the best score minus cost, if that pays, and
    rests. In "adjust" and "nudge" it plans the whole episode at its start, and again should the
    position depart from the plan. It plans with noise-free scores, also where they are noisy.

    Args:
        env: See `Agent`.
        seed: Not used: there is nothing random.

    Raises:
        ValueError: The reward cannot be planned for, the tasks are several, or the mode is
            "adjust" or "nudge" and the family's score is no product of one factor per parameter.
    """

    name = "oracle"

    def __init__(self, env: Any, *, seed: int = 0) -> None:
        super().__init__(env, seed=seed)
        self.model = ExactModel(self.dynamics)
        self._planner: AdjustPlanner | NudgePlanner | None = None
        if self.mode.name == "propose":
            return
        if not isinstance(self.dynamics.family, FictitiousFamily):
            raise ValueError(
                f"agent 'oracle' plans action={self.mode.name!r} for the family 'fictitious' "
                f"only, not {self.dynamics.family.name!r}; action='propose' works for all"
            )
        assert self.resource_axis is not None  # the epochs
        planner = AdjustPlanner if self.mode.name == "adjust" else NudgePlanner
        self._planner = planner(self.model, self.resource_axis, self.mode)

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], Any]:
        """The next action of every row's plan, which is the state."""
        if self._planner is None:
            return self._propose(observations), None
        evaluations = self.layout.evaluations(observations)
        unit = self.layout.decode(observations).unit.astype(np.float64)
        reference = self.model.reference(observations)
        state = self._planner.update(state, starts, unit, evaluations, reference)
        moves, done = self._planner.act(state, unit, evaluations)
        return self.finish(moves, done), state

    def _propose(self, observations: NDArray[Any]) -> NDArray[Any]:
        trade, evaluations = self.model.trade_off, self.layout.evaluations(observations)
        if self.model.last_counts and not self.model.stop:
            pays = evaluations == self.model.budget - 1
        else:
            worst = 0.0 if self.model.stop else -trade.cost
            pays = trade.value - self.model.reference(observations) > worst
        return self.finish(np.tile(trade.best, (len(pays), 1)), ~pays)
