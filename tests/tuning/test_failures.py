"""Failed evaluations, from the start on: never the incumbent, shown alike by encoder and env."""

from __future__ import annotations

import warnings
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


class Fickle(Fragile):
    """Real work, which raises an exception on the upper half."""

    name, pure = "fickle", False

    def evaluate(self, parameters, scaled, noise, draws, xp):
        (x,) = scaled
        if x > 0.5:
            raise MemoryError("out of memory")
        return (x,), (x,)


class Strict(Fickle):
    """Promises not to fail, and does."""

    name, may_fail = "strict", False


ACTIONS = np.array([[-0.5], [0.5], [-1.0]], np.float32)


@pytest.mark.parametrize("start", ["none", {"x": 0.75}], ids=str)
def test_an_exception_is_a_failed_evaluation_of_its_row_alone(start):
    options = OPTIONS | {"family": Fickle(), "start": start}
    envs = TuningVectorEnv(3, **options)
    with pytest.warns(RuntimeWarning) as warned:
        envs.reset(seed=0)
        observations, rewards, _, _, infos = envs.step(ACTIONS)
    assert "'fickle' did not evaluate {'x': 0.75} (row 1): MemoryError(" in str(warned[-1].message)
    assert len(warned) == (1 if start == "none" else 4)
    if start != "none":
        assert "{'x': 0.75} (row 2 of those that begin): Memory" in str(warned[2].message)
    assert infos["failed"].tolist() == [False, True, False]
    assert infos["error"].tolist() == [0.25, 0.0, 0.0]
    assert infos["cost"].tolist() == [0.002] * 3
    for row, action in enumerate(ACTIONS):
        env = TuningEnv(**options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            env.reset(seed=0)
            observation, reward, _, _, info = env.step(action)
        np.testing.assert_array_equal(observation, observations[row])
        assert (reward, info) == (rewards[row], {name: infos[name][row] for name in info})


def test_an_exception_of_a_family_that_promised_not_to_fail_says_where():
    options = OPTIONS | {"family": Strict(), "start": "none", "stop": True}
    env, envs = TuningEnv(**options), TuningVectorEnv(3, **options)
    env.reset(seed=0)
    envs.reset(seed=0)
    with pytest.raises(RuntimeError, match=r"'strict' did not evaluate \{'x': 0.75\}: Mem") as one:
        env.step(np.array([0.5, -1.0], np.float32))
    assert isinstance(one.value.__cause__, MemoryError)
    actions = np.array([[0.0, 1.0], [0.0, -1.0], [0.5, -1.0]], np.float32)
    with pytest.raises(RuntimeError, match=r"\{'x': 0.75\} \(row 2\): .* may_fail = True") as many:
        envs.step(actions)
    assert isinstance(many.value.__cause__, MemoryError)
    actions[2] = 0.0
    assert envs.step(actions)[4]["evaluations"].tolist() == [0, 1, 1]  # nothing had changed
