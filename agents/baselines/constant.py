"""One configuration for every episode: what a tuner can do without looking."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuners.agent import Agent
from hpo_gym.tuning.optimal import TradeOff, trade_off
from hpo_gym.tuning.problem import Problem
from hpo_gym.tuning.process import TuningProcess


class ConstantAgent(Agent):
    """Evaluates one configuration, then waits at the cheapest one, or stops.

    Args:
        problem: See `Agent`.
        process: The process, whose training task it knows by heart.
        seed: Not used: there is nothing random.
        configuration: The configuration, as a mapping or a list of natural values. By default the
            one with the best score minus cost on the training task.
    """

    name = "constant"
    modes = ("propose",)

    def __init__(
        self,
        problem: Problem,
        *,
        process: TuningProcess,
        seed: int = 0,
        configuration: Any = None,
    ) -> None:
        super().__init__(problem, seed=seed)
        self._known: TradeOff = trade_off(process, "train")
        self._unit = self._known.best
        if configuration is not None:
            self._unit = problem.space.unit(configuration)

    @property
    def cheapest(self) -> tuple[float, ...]:
        """The best of the cheapest configurations."""
        return self._known.cheapest

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], None]:
        """The configuration while nothing is paid, then rest."""
        fresh = self.encoder.evaluations(observations) == 0
        return self.finish(np.tile(self._unit, (len(fresh), 1)), ~fresh), None
