"""`scripts.classifier_budgets`: who is the incumbent, and which evaluation ends first."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym import Tuner
from hpo_gym.arrays import Floats
from hpo_gym.classifier_space import SPACE
from hpo_gym.families import RecordedFamily
from scripts.classifier_budgets import Arguments, main, regrets

FAMILY = RecordedFamily()


@pytest.mark.parametrize("workers", [1, 3])
def test_the_incumbent_is_the_best_that_was_seen(workers):
    """With space-filling points, what is asked for does not depend on what is told."""
    found, lucky = [], 0
    for task in range(12):
        found = regrets(task, Arguments(policy="sobol"), 4, 16, workers)
        tuner = Tuner(SPACE, budget=16, seed=4, policy="sobol")
        points = [SPACE.unit(tuner.ask()) for _ in range(16)]
        draws = np.random.default_rng((4, task, 16, workers)).random(16)
        parameters = FAMILY.sample("validation", task)
        pairs = [
            FAMILY.evaluate(parameters, SPACE.scaled(unit, Floats()), None, (draw,), Floats())
            for unit, draw in zip(points, draws, strict=True)
        ]
        true, seen = (np.array([float(pair[i].f1) for pair in pairs]) for i in (0, 1))
        best = [int(seen[: n + 1].argmax()) for n in range(16)]
        lucky += best[-1] != int(true.argmax())
        top = FAMILY.best("validation", task, "f1")[1]
        np.testing.assert_allclose(found, 1.0 - true[best] / top, atol=1e-12)
    assert lucky > 2  # else the test could not tell the two apart


def test_bad_counts_are_refused():
    with pytest.raises(ValueError, match="--budgets 3 must be"):
        main(Arguments(budgets=(3,)))
