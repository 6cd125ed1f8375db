"""A family whose metric is an error."""

import numpy as np

from hpo_gym import Float, SearchSpace
from hpo_gym.families import KnownOptimum


class Ridge(KnownOptimum):
    """An error that is minimised, and is not called loss; at its best, 0.1, at a = 0.2."""

    name, metrics, goals = "ridge", ("rmse",), {"rmse": "minimise"}
    space = SearchSpace({"a": Float(0.0, 1.0)})

    def noiseless(self, parameters, scaled, xp):
        return (0.1 + 4.0 * (scaled[0] - 0.2) * (scaled[0] - 0.2),)

    def frontier(self, parameters, metric):
        return (np.array([0.2]),), np.array([1.0 / 1.1])
