"""A family that does not know its optimum."""

from hpo_gym import Float, Integer, SearchSpace
from hpo_gym.families import Family


class Blind(Family):
    """Nobody knows the optimum; the resource is a parameter on a log scale."""

    name, metrics, goals = "blind", ("quality", "hours"), {"quality": "maximise"}
    space = SearchSpace({"rate": Float(1e-4, 1.0, log=True), "size": Integer(1, 100, log=True)})
    resource_parameter = "size"

    def noiseless(self, parameters, scaled, xp):
        rate, size = scaled
        return (0.5 + 0.25 * size) / (1.0 + (rate + 2.0) * (rate + 2.0)), 0.5 * size
