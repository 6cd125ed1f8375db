"""The reset option rows: options of its own for every row of a vector environment."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.families import Family
from hpo_gym.parameters import Float
from hpo_gym.space import SearchSpace
from hpo_gym.testing.rollouts import assert_equal

START = {"start": {"thr": 0.3, "epochs": 10, "lr": 1e-4}}
CASES = {
    "notebook": ({}, [START, {}, {"model": {"k_accuracy": 0.8}}, {"task": 0}]),
    "another model": (
        {"family": {"name": "notebook", "k_recall": 0.8}, "noise": 0.1, "observation": "history"},
        [START | {"model": {"k_accuracy": 0.8}}, {"model": {"k_accuracy": 0.7}}, {}, {}],
    ),
    "start": ({"start": [0.5, 50, 0.1]}, [{}, START, {"start": [0, 1, 1]}, {}]),
    "tasks": ({"family": "binormal"}, [{"task": 7}, {}, {"task": 7, **START}, {"task": 0}]),
    "one task": ({"family": "fictitious", "task": 5}, [{"task": 7}, {}, {}, {"task": 5}]),
    "none": ({"family": "fictitious", "start": "none"}, [{}, {"task": 1}, {}, {"task": 2}]),
    "nothing": ({}, [{}] * 4),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mask", [None, [True, False, True, True]], ids=["all", "some"])
def test_every_row_is_a_single_environment(case, mask):
    options, each = CASES[case]
    envs = TuningVectorEnv(4, **options)
    singles = [TuningEnv(**options) for _ in range(4)]
    envs.reset(seed=3)
    for row, env in enumerate(singles):
        env.reset(seed=3 + row)
    given = {"rows": each} if mask is None else {"rows": each, "reset_mask": np.array(mask)}
    observations, infos = envs.reset(options=given)
    for row, env in enumerate(singles):
        if mask is None or mask[row]:
            observation, info = env.reset(options=each[row])
            assert {name: infos[name][row].item() for name in info} == info
            np.testing.assert_array_equal(observations[row], observation)
    actions = np.random.default_rng(0).uniform(-1, 1, envs.action_space.shape).astype(np.float32)
    observations, rewards, *_ = envs.step(actions)
    for row, env in enumerate(singles):
        observation, reward, *_ = env.step(actions[row])
        np.testing.assert_array_equal(observations[row], observation)
        assert rewards[row] == reward


def test_they_last_one_episode():
    envs = TuningVectorEnv(2, start=[0.5, 50, 0.1])
    assert envs.reset(options={"rows": [START, {}]})[1]["epochs"].tolist() == [10, 50]
    assert envs.reset()[1]["epochs"].tolist() == [50, 50]


class Counting(Family):
    """Is impure, and counts its evaluations."""

    name = "counting"
    space = SearchSpace({"x": Float(0, 1)})
    metrics = ("value",)
    goals: ClassVar = {"value": "maximise"}
    pure = False
    seen: ClassVar[list[float]] = []

    def evaluate(self, parameters, scaled, noise, draws, xp):
        self.seen.append(round(scaled[0], 6))
        return (scaled[0],), (scaled[0],)


def test_no_start_is_evaluated_twice():
    Counting.seen.clear()
    envs = TuningVectorEnv(3, family=Counting(), metric="value", start=[0.5])
    envs.reset(options={"rows": [{"start": [0.25]}, {}, {"start": [0.75]}]})
    assert Counting.seen == [0.25, 0.5, 0.75]


@pytest.mark.parametrize(
    "options",
    [
        {"rows": [{}]},
        {"rows": [{}, {}, {}]},
        {"rows": [{}, None]},
        {"rows": ({}, {})},
        {"rows": {}},
        {"rows": None},
        {"rows": [{}, {}], "task": 0},
        {"rows": [{}, {"rows": [{}, {}]}]},
        {"rows": [{}, {"seed": 1}]},
        {"rows": [{}, {"task": 1}]},
        {"rows": [{}, {"start": [9, 9, 9]}]},
    ],
    ids=str,
)
def test_what_is_refused_leaves_the_episodes(options):
    envs, twin = TuningVectorEnv(2), TuningVectorEnv(2)
    for each in (envs, twin):
        each.reset(seed=0)
    with pytest.raises(ValueError, match="rows"):
        envs.reset(options=options)
    actions = np.zeros((2, 3), dtype=np.float32)
    assert_equal(envs.step(actions), twin.step(actions), "a refused reset changed the state")


def test_a_single_environment_has_no_rows():
    with pytest.raises(ValueError, match=r"unknown reset options \['rows'\]"):
        TuningEnv().reset(options={"rows": [{}]})
