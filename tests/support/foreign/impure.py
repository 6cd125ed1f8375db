"""A family of real work: no evaluation is like the one before."""

from hpo_gym import Float, Integer, SearchSpace
from hpo_gym.families import Family


class Counting(Family):
    """Every evaluation is another one: it keeps what it was asked, one row at a time."""

    name, metrics, goals = "counting", ("gain",), {"gain": "maximise"}
    space = SearchSpace({"x": Float(-1.0, 1.0), "steps": Integer(1, 8)})
    resource_parameter = "steps"
    pure = False
    drift = 0.01

    def __init__(self):
        self.asked = []

    def evaluate(self, parameters, scaled, noise, draws, xp):
        x, steps = scaled
        self.asked.append((x, steps))
        wobble = self.drift * (len(self.asked) % 7)
        observed = (0.9 / (1.0 + x * x * steps) + wobble,)
        return observed, observed
