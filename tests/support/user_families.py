"""Families as users write them, each with something that no shipped family has.

They are not registered: other processes find them as "user_families:Ridge" and so on.
"""

from __future__ import annotations

import numpy as np

from hpo_gym.families import Family, KnownOptimum
from hpo_gym.parameters import Float, Integer
from hpo_gym.space import SearchSpace


class Ridge(KnownOptimum):
    """An error that is minimised, and is not called loss; at its best, 0.1, at a = 0.2."""

    name, metrics, goals = "ridge", ("rmse",), {"rmse": "minimise"}
    space = SearchSpace({"a": Float(0.0, 1.0)})

    def noiseless(self, parameters, scaled, xp):
        return (0.1 + 4.0 * (scaled[0] - 0.2) * (scaled[0] - 0.2),)

    def frontier(self, parameters, metric):
        return (np.array([0.2]),), np.array([1.0 / 1.1])


class Blind(Family):
    """Nobody knows the optimum; the resource is a parameter on a log scale."""

    name, metrics, goals = "blind", ("quality", "hours"), {"quality": "maximise"}
    space = SearchSpace({"rate": Float(1e-4, 1.0, log=True), "size": Integer(1, 100, log=True)})
    resource_parameter = "size"

    def noiseless(self, parameters, scaled, xp):
        rate, size = scaled
        return (0.5 + 0.25 * size) / (1.0 + (rate + 2.0) * (rate + 2.0)), 0.5 * size


class Counting(Family):
    """Every evaluation is another one: it counts its calls, of one row each."""

    name, metrics, goals = "counting", ("gain",), {"gain": "maximise"}
    space = SearchSpace({"x": Float(-1.0, 1.0), "steps": Integer(1, 8)})
    resource_parameter = "steps"
    pure = False

    def __init__(self):
        self.calls = 0

    def evaluate(self, parameters, scaled, noise, draws, xp):
        assert isinstance(scaled[0], float), f"an impure family is evaluated row by row: {scaled}"
        self.calls += 1
        wobble = 0.01 * (self.calls % 7)
        observed = (0.9 / (1.0 + scaled[0] * scaled[0] * scaled[1]) + wobble,)
        return observed, observed
