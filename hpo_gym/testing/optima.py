"""The conformance check of what a family knows about its optima."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpo_gym.arrays import Columns, Floats, Vectors
from hpo_gym.families import KnownOptimum

_ROWS, _ROW = Vectors(), Floats()
_TOLERANCE = 1e-9


def check_optimum(family: KnownOptimum, parameters: Any, scaled: Columns) -> None:
    """Check that the optima of a task are attained, and exceeded by none of the configurations."""
    for metric in family.goals:
        levels, best = family.frontier(parameters, metric)
        assert np.shape(best) == np.shape(levels[0]), "frontier: one score for each level"
        _check_inside(family, levels)
        resources = np.asarray(family.resource(levels), dtype=np.float64)
        assert (np.diff(resources) > 0.0).all(), "frontier: the cheapest level must come first"
        reached = family.true_score(parameters, levels, metric, _ROWS)
        worst = np.abs(reached - best).max()
        assert worst <= _TOLERANCE, f"frontier: {metric!r} claims a score {worst:g} off the truth"
        score = family.true_score(parameters, scaled, metric, _ROWS)
        level = np.searchsorted(resources, family.resource(scaled), side="right") - 1
        bound = np.maximum.accumulate(best)[np.maximum(level, 0)]
        excess = np.nanmax(score / bound - 1.0)
        assert excess <= family.optimum_error, f"frontier: {metric!r} is exceeded by {excess:g}"
        _check_best(family, parameters, metric, float(best.max()))


def _check_inside(family: KnownOptimum, levels: Columns) -> None:
    for (name, parameter), column in zip(family.space.parameters.items(), levels, strict=True):
        low, high = parameter.scaled_bounds
        assert ((column >= low) & (column <= high)).all(), f"frontier: {name} leaves the space"


def _check_best(family: KnownOptimum, parameters: Any, metric: str, best: float) -> None:
    """The optimum is the frontier's best, and what `best_score` says."""
    configuration, value = family.optimum(parameters, metric)
    assert abs(value - best) <= _TOLERANCE, (
        f"optimum: {value!r} is not the frontier's best {best!r}"
    )
    attained = family.true_score(parameters, configuration, metric, _ROW)
    assert abs(attained - value) <= _TOLERANCE, f"optimum: {value!r} claimed, {attained!r} true"
    assert value > 0.0, f"optimum: regret of {metric!r} is undefined where the best score is 0"
    best_score = family.best_score(parameters, metric)
    assert abs(best_score - value) <= _TOLERANCE, (
        f"best_score {best_score!r} is not the optimum {value!r}"
    )
