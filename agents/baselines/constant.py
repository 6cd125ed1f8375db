"""One configuration for every episode: what a tuner can do without looking."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpo_gym.tuners.agent import Agent


class ConstantAgent(Agent):
    """Evaluates one configuration, then waits at the cheapest one, or stops.

    Args:
        env: See `Agent`.
        seed: Not used: there is nothing random.
        configuration: The configuration, as a mapping or a list of natural values. By default the
            one with the best score minus cost on the training task.
    """

    name = "constant"
    modes = ("propose",)

    def __init__(self, env: Any, *, seed: int = 0, configuration: Any = None) -> None:
        super().__init__(env, seed=seed)
        self._unit = self.trade_off.best
        if configuration is not None:
            self._unit = self.dynamics.space.unit(configuration)

    def act(
        self, observations: NDArray[Any], state: Any, starts: NDArray[np.bool_]
    ) -> tuple[NDArray[Any], None]:
        """The configuration while nothing is paid, then rest."""
        fresh = self.layout.evaluations(observations) == 0
        return self.finish(np.tile(self._unit, (len(fresh), 1)), ~fresh), None
