"""Any callable as a family: scores of any metric, failures, time limits, descriptions."""

from __future__ import annotations

import os
import pickle
import time
import warnings
from math import inf, nan

import gymnasium as gym
import numpy as np
import pytest

from hpo_gym import Float, Integer, SearchSpace, TuningEnv, TuningVectorEnv, make_family
from hpo_gym.arrays import Floats, Vectors
from hpo_gym.families import ObjectiveFamily
from hpo_gym.testing import check_family

SPACE = {"x": Float(0.0, 1.0), "n": Integer(1, 4)}
OPTIONS = {"metric": "score", "start": "none", "max_evaluations": 4, "observation": "history"}


def parabola(configuration):
    """An objective that other processes find."""
    return 40.0 - (10.0 * configuration["x"] - 3.0) ** 2 - configuration["n"]


def report(configuration):
    return {"rmse": 100.0 * configuration["x"], "r2": -configuration["n"], "seconds": 1.0}


@pytest.mark.parametrize(
    "family",
    [
        ObjectiveFamily(parabola, SPACE),
        ObjectiveFamily("tests.families.test_objective:parabola", SearchSpace(SPACE)),
        ObjectiveFamily(parabola, SPACE, bounds={"score": (-10.0, 40.0)}, resource_parameter="n"),
        ObjectiveFamily(
            report,
            SPACE,
            goals={"rmse": "minimise", "r2": "maximise"},
            metrics=("rmse", "seconds", "r2"),
            bounds={"r2": (-4, 1)},
        ),
        ObjectiveFamily(parabola, SPACE, time_limit=30.0),
    ],
    ids=["callable", "reference", "bounded", "metrics", "process"],
)
def test_it_keeps_the_contract_of_families(family):
    check_family(family)


def test_what_is_shown_says_what_was_given():
    family = ObjectiveFamily(
        report,
        SPACE,
        goals={"rmse": "minimise", "r2": "maximise"},
        metrics=("rmse", "seconds", "r2"),
        bounds={"r2": (-4, 1)},
    )
    xp = Vectors()
    metrics = (np.array([0.0, 3.0, 1e9]), np.array([-5.0, 0.0, 0.25]), np.array([-9.0, -1.5, 1.0]))
    np.testing.assert_allclose(family.score(metrics, "rmse", xp), [0.5, 0.125, 0.0], atol=1e-9)
    np.testing.assert_array_equal(family.score(metrics, "r2", xp), [0.0, 0.5, 1.0])
    back = family.metrics_of(family.features(metrics, xp), xp)
    np.testing.assert_allclose(back[0], metrics[0], rtol=1e-6)
    np.testing.assert_allclose(back[1], metrics[1], rtol=1e-12)
    np.testing.assert_allclose(back[2], [-4.0, -1.5, 1.0])
    assert all(np.isfinite(family.metrics_of((0.0, 1.0, 1.0), Floats())))


def test_an_environment_without_an_optimum():
    env = gym.make("hpo_gym:FictitiousHPO-v0", family=ObjectiveFamily(parabola, SPACE), **OPTIONS)
    env.reset(seed=0)
    _, first, *_, info = env.step(np.array([-0.4, -1.0], np.float32))
    assert info["x"] == pytest.approx(0.3)
    assert (info["n"], info["failed"]) == (1, False)
    assert info["score"] == info["best_score"] == pytest.approx(39.0)
    assert "regret" not in info and "is_success" not in info
    _, second, *_, info = env.step(np.array([0.9, 1.0], np.float32))
    assert info["best_score"] == pytest.approx(39.0)
    assert info["score"] < 39.0
    assert first > 0.0 > second
    with pytest.raises(ValueError, match="log_regret"):
        gym.make(
            "hpo_gym:FictitiousHPO-v0",
            family=ObjectiveFamily(parabola, SPACE),
            **{**OPTIONS, "reward": "log_regret"},
        )


@pytest.mark.parametrize(
    ("result", "match"),
    [
        (None, "must be made of numbers"),
        ("0.5", "must be made of numbers"),
        ({"accuracy": 1.0}, r"lacks \['score'\]"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError"),
        (SystemExit(3), r"called for an end: SystemExit\(3\)"),
    ],
    ids=str,
)
def test_whatever_goes_wrong_is_a_failed_evaluation_and_said(result, match):
    def objective(configuration):
        if isinstance(result, BaseException):
            raise result
        return result

    env = TuningEnv(family=ObjectiveFamily(objective, SPACE), **OPTIONS)
    env.reset(seed=0)
    with pytest.warns(RuntimeWarning, match=match):
        *_, info = env.step(np.zeros(2, np.float32))
    assert (info["failed"], info["score"], info["evaluations"]) == (True, 0.0, 1)
    assert info["cost"] > 0.0


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_numbers_that_are_not_finite_are_failures(value):
    envs = TuningVectorEnv(
        2,
        family=ObjectiveFamily(lambda c: value if c["x"] > 0.5 else np.float32(3.0), SPACE),
        **OPTIONS,
    )
    envs.reset(seed=0)
    *_, infos = envs.step(np.array([[1.0, 0.0], [-1.0, 0.0]], np.float32))
    assert infos["failed"].tolist() == [True, False]
    assert infos["score"].tolist() == [0.0, 3.0]


def test_an_objective_that_hangs_or_dies_is_killed_and_the_next_evaluation_runs():
    state = {"calls": 0}

    def objective(configuration):  # of no module: it travels by value
        state["calls"] += 1
        if configuration["n"] == 2:
            time.sleep(60.0)
        if configuration["n"] == 3:
            os._exit(7)
        if configuration["n"] == 4:
            raise MemoryError("too large")
        return state["calls"]

    family = ObjectiveFamily(objective, {"n": Integer(1, 4)}, time_limit=1.0)
    env = TuningEnv(family=family, **{**OPTIONS, "max_evaluations": 8})
    env.reset(seed=0)
    seen = []
    began = time.monotonic()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for n in (1, 1, 2, 1, 3, 4, 1):
            *_, info = env.step(np.array(family.space.unit({"n": n}), np.float32))
            seen.append((info["failed"], info["score"]))
    assert time.monotonic() - began < 30.0
    good = [(False, 1.0), (False, 2.0)]
    # A process that was killed has forgotten the calls; one that raised has not.
    assert seen == [*good, (True, 0.0), good[0], (True, 0.0), (True, 0.0), (False, 2.0)]
    texts = [str(warning.message) for warning in said]
    assert [next(word for word in WORDS if word in text) for text in texts] == [*WORDS]
    assert state["calls"] == 0
    family.close()


WORDS = ("no answer within 1 s", "exit code 7", "MemoryError: too large")


def test_a_copy_has_a_process_of_its_own():
    family = ObjectiveFamily(parabola, SPACE, time_limit=30.0)
    assert family.evaluate(None, (0.5, 2.0), None, (), Floats())[0] == (34.0,)
    copied = pickle.loads(pickle.dumps(family))
    assert copied.evaluate(None, (0.5, 2.0), None, (), Floats())[0] == (34.0,)
    assert copied._resident.pid != family._resident.pid
    process = copied._resident._child.process
    del copied
    process.join(10.0)
    assert not process.is_alive()
    family.close()


def test_a_description_names_the_objective():
    family = ObjectiveFamily(parabola, SPACE, bounds={"score": (0, 40)}, time_limit=2)
    description = family.describe()
    assert description["name"] == "objective"
    assert description["objective"] == f"{__name__}:parabola"
    again = make_family(description)
    assert again.describe() == description
    assert again.space == family.space
    with pytest.raises(ValueError, match="define it at the top level of a module"):
        ObjectiveFamily(lambda configuration: 0.0, SPACE).describe()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"objective": 3}, "objective = 3 must be callable"),
        ({"objective": "tests.families.test_objective:SPACE"}, "must be callable, not"),
        ({"objective": "tests.families.test_objective:nothing"}, "cannot be imported"),
        ({"goals": {"score": "maximize"}}, "the goal 'maximize' of 'score'"),
        ({"goals": {}}, "one or more"),
        ({"metrics": ["loss"]}, r"missing: \['score'\]"),
        ({"bounds": {"loss": (0, 1)}}, r"missing: \['loss'\]"),
        ({"bounds": {"score": (1, 0)}}, "low < high"),
        ({"bounds": {"score": (0, inf)}}, "must be finite numbers"),
        ({"bounds": {"score": 3}}, "the bounds 3 of 'score'"),
        ({"bounds": {"score": ("a", 1)}}, r"the bounds \('a', 1\) of 'score'"),
        ({"goals": "score"}, "goals = 'score' must be a dict"),
        ({"resource_parameter": "epochs"}, r"resource_parameter = 'epochs' must be None or one of"),
        ({"time_limit": 0}, "time_limit = 0"),
        ({"time_limit": "soon"}, "time_limit = 'soon'"),
        ({"space": 5}, "described by a list"),
    ],
)
def test_bad_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        ObjectiveFamily(**{"objective": parabola, "space": SPACE, **arguments})
