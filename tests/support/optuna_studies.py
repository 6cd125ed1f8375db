"""Studies of the learned sampler, and objectives of several kinds."""

from __future__ import annotations

import optuna

from hpo_gym.integrations.optuna import LearnedSampler


class Recorder:
    """Proposes the space-filling points, and keeps what it was shown."""

    def __init__(self):
        self.seen = []

    def propose(self, space, unit, scores, filler, *, budget):
        self.seen.append((space.names, unit.copy(), scores.copy(), budget))
        return filler


def study_of(policy="sobol", direction="minimize", **options):
    """A study in memory."""
    arguments = {"budget": 50, "seed": 0, "policy": policy, "patience": 99, **options}
    return optuna.create_study(direction=direction, sampler=LearnedSampler(**arguments))


def bowl(trial):
    """Three parameters of three kinds."""
    x = trial.suggest_float("x", -1.0, 1.0)
    y = trial.suggest_int("y", 0, 10)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    return x**2 + (y - 3) ** 2 + (kind == "a")


def conditional(trial):
    """Two branches that share a parameter."""
    model = trial.suggest_categorical("model", ["forest", "svm"])
    scale = trial.suggest_float("scale", 1e-3, 1.0, log=True)
    if model == "svm":
        return abs(trial.suggest_float("c", 1e-3, 1e3, log=True) - 1.0) + scale
    return trial.suggest_int("depth", 1, 10) + trial.suggest_int("trees", 10, 100, step=10) + scale
