"""A family of twelve parameters of all kinds."""

import numpy as np

from hpo_gym import Categorical, Float, Integer, SearchSpace
from hpo_gym.arrays import Floats, Vectors
from hpo_gym.families import KnownOptimum

BEST = {
    "momentum": 0.9,
    "dropout": 0.2,
    "smoothing": 0.1,
    "lr": 1e-3,
    "decay": 1e-4,
    "clip": 1.0,
    "layers": 3,
    "epochs": 30,
    "units": 128,
    "batch": 64,
    "optimizer": "adam",
    "augment": True,
}


class Network(KnownOptimum):
    """A score that falls with the distance from `BEST`, the more epochs are missing the more."""

    name, metrics, goals = "network", ("accuracy",), {"accuracy": "maximise"}
    space = SearchSpace(
        {
            "momentum": Float(0.0, 0.99),
            "dropout": Float(0.0, 0.8),
            "smoothing": Float(0.0, 0.3),
            "lr": Float(1e-5, 1.0, log=True),
            "decay": Float(1e-6, 1e-1, log=True),
            "clip": Float(0.1, 10.0, log=True),
            "layers": Integer(1, 8),
            "epochs": Integer(1, 50),
            "units": Integer(16, 1024, log=True),
            "batch": Integer(8, 512, log=True),
            "optimizer": Categorical(["sgd", "adam", "rmsprop"]),
            "augment": Categorical([False, True]),
        }
    )
    resource_parameter = "epochs"

    def __init__(self):
        self.target = self.space.scaled(self.space.unit(BEST), Floats())

    def noiseless(self, parameters, scaled, xp):
        distance = 0.0
        for kind, value, best in zip(
            self.space.parameters.values(), scaled, self.target, strict=True
        ):
            low, high = kind.scaled_bounds
            share = (value - best) / (high - low)
            distance = distance + share * share
        return (0.95 / (1.0 + distance),)

    def frontier(self, parameters, metric):
        epochs = np.arange(1.0, 51.0)
        levels = [np.full(50, value) for value in self.target]
        levels[self.space.names.index("epochs")] = epochs
        return tuple(levels), self.noiseless(None, levels, Vectors())[0]
