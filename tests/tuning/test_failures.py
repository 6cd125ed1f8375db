"""Failed evaluations, from the start on: never the incumbent, shown alike by encoder and env."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from hpo_gym import Family, Float, SearchSpace, TuningEnv, TuningVectorEnv
from hpo_gym.arrays import Floats
from hpo_gym.tuning import Trial


class Fragile(Family):
    """Diverges on the upper half: infinite there, NaN at the top."""

    name, metrics, goals = "fragile", ("error",), {"error": "minimise"}
    space = SearchSpace({"x": Float(0.0, 1.0)})
    may_fail: ClassVar = True

    def noiseless(self, parameters, scaled, xp):
        (x,) = scaled
        return (xp.where(x > 0.75, np.nan, xp.where(x > 0.5, np.inf, x)),)


OPTIONS = {"family": Fragile(), "metric": "error", "max_evaluations": 3, "observation": "history"}


@pytest.mark.parametrize("x", [0.25, 0.6, 0.9])
def test_a_start_that_fails_is_not_the_incumbent(x):
    env = TuningEnv(**OPTIONS, start={"x": x})
    observation, info = env.reset(seed=0)
    encoder = env.process.encoder
    unit = env.process.space.unit({"x": x})
    failed = x > 0.5
    metrics = (np.nan if failed else info["error"],)
    np.testing.assert_array_equal(observation, encoder.encode([Trial(unit, metrics)], Floats()))
    assert observation in env.observation_space
    assert info["failed"] is failed
    seen = encoder.decode(observation)
    assert seen.best_unit[0] == pytest.approx(0.0 if failed else unit[0])
    observation, _, _, _, info = env.step(np.zeros(1, np.float32))  # x = 0.5 is fine
    assert info["failed"] is False
    assert encoder.decode(observation).best_score > 0.0


def test_rows_fail_one_by_one():
    envs = TuningVectorEnv(3, **OPTIONS, start="none")
    envs.reset(seed=0)
    observations, _, _, _, infos = envs.step(np.array([[-0.5], [0.2], [0.9]], np.float32))
    assert infos["failed"].tolist() == [False, True, True]
    assert infos["error"][1:].tolist() == [0.0, 0.0]
    assert np.isfinite(observations).all()
    best = envs.process.encoder.decode(observations)
    assert best.best_unit[:, 0].tolist() == [-0.5, 0.0, 0.0]
    assert (best.score[1:] == 0.0).all()


@pytest.mark.parametrize("name", ["cost", "best_error", "task"])
def test_names_that_infos_use_are_refused(name):
    class Clash(Fragile):
        space = SearchSpace({name: Float(0.0, 1.0)})

    with pytest.raises(ValueError, match=f"called \\['{name}'\\]: each needs a name of its own"):
        TuningEnv(family=Clash(), metric="error")
