"""The model as a planner sees it: exact scores and costs of unit configurations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.arrays import Vectors
from hpo_gym.parameters import Integer
from hpo_gym.tuners.agent import FloatArray
from hpo_gym.tuning.find import only_task
from hpo_gym.tuning.optimal import PLANNABLE_REWARDS, trade_off
from hpo_gym.tuning.process import TuningProcess

_XP = Vectors()


class ExactModel:
    """Noise-free scores and costs, and what the options of an episode mean for a plan.

    The return of an episode telescopes for both rewards: score reached - reference - costs. A plan
    says which score is reached, and when.

    Args:
        process: The process of an environment with one task.

    Attributes:
        trade_off: The best and the cheapest configuration.
        last_counts: The score reached is the last evaluation's (f1_delta), not the incumbent's.
        budget: Number of evaluations of an episode.
        stop: Nothing is paid after the plan: the episode is stopped.

    Raises:
        ValueError: The reward cannot be planned for, or there are several tasks.
    """

    def __init__(self, process: TuningProcess) -> None:
        options = process.options
        if options.reward not in PLANNABLE_REWARDS:
            raise ValueError(
                f"agent 'oracle' plans for the rewards {list(PLANNABLE_REWARDS)}, "
                f"not {options.reward!r}"
            )
        self._process = process
        self._parameters = only_task(process)
        self.trade_off = trade_off(process)
        self.last_counts = options.reward == "f1_delta"
        self.budget, self.stop = options.max_evaluations, options.stop

    def score(self, units: FloatArray) -> FloatArray:
        """Noise-free scores (...) of unit configurations (..., d)."""
        columns = tuple(units.reshape(-1, units.shape[-1]).T)
        family, options = self._process.family, self._process.options
        scaled = self._process.space.scaled(columns, _XP)
        scores = family.true_score(self._parameters, scaled, options.metric, _XP)
        return np.asarray(scores).reshape(units.shape[:-1])

    def axis_score(self, axis: int, coordinates: FloatArray) -> FloatArray:
        """Scores of the best configuration with one coordinate replaced, of the same shape."""
        units = np.empty((*coordinates.shape, self._process.space.dimension))
        units[...] = self.trade_off.best
        units[..., axis] = coordinates
        return self.score(units)

    def axis_cost(self, axis: int, coordinates: FloatArray) -> FloatArray:
        """Costs with one coordinate given, which alone sets the resource, of the same shape."""
        columns: list[Any] = [np.full(coordinates.shape, c) for c in self.trade_off.best]
        columns[axis] = coordinates
        scaled = self._process.space.scaled(tuple(columns), _XP)
        return np.asarray(self._process.evaluator.cost(scaled))

    def level_edges(self, axis: int, margin: float) -> FloatArray:
        """Lowest coordinates that round to each whole number of an integer parameter, (levels,).

        Args:
            axis: The parameter.
            margin: Distance to keep from the edge, where rounding is decided by the last bit.
        """
        space = self._process.space
        parameter = next(p for n, p in space.parameters.items() if axis == space.slices[n].start)
        if not isinstance(parameter, Integer):
            raise ValueError(
                f"agent 'oracle' plans with a resource that an Integer sets, not {parameter!r}"
            )
        edges = parameter.edges()
        edges[1:] += margin
        return edges

    def reference(self, observations: NDArray[Any]) -> FloatArray:
        """Scores (N,) from which observations (N, size) count what is gained from now on."""
        seen = self._process.encoder.decode(observations)
        unit = seen.unit if self.last_counts else seen.best_unit
        return np.where(seen.known > 0.0, self.score(unit.astype(np.float64)), 0.0)

    def plan_ends(self, left: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Numbers of evaluations 1..budget after which a plan may be complete, (N, budget).

        Args:
            left: Evaluations left, (N,).
        """
        steps = np.arange(1, self.budget + 1)
        if self.last_counts and not self.stop:
            return np.asarray(steps == left[:, None])
        return np.asarray(steps <= left[:, None])

    @property
    def may_rest(self) -> bool:
        """Whether a plan may do nothing at all."""
        return self.stop or not self.last_counts
