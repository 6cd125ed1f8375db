"""Stable-Baselines3: the adapter equals its own DummyVecEnv, and its algorithms run."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from hpo_gym import TuningEnv, TuningVectorEnv

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib")

from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    SubprocVecEnv,
)

from hpo_gym.integrations.sb3 import NativeVecEnv

ROWS = 9
CASES = {
    "stop": {"stop": True},
    "stop-noise-history": {
        **{"stop": True, "noise": 0.1, "observation": "history", "reward": "log_regret"},
        **{"max_evaluations": 9},
    },
    "adjust-stop": {"action": "adjust", "stop": True, "reward": "f1_delta"},
    "nudge-stop": {"action": "nudge", "stop": True},
    "none-stop": {"start": "none", "stop": True, "max_evaluations": 5},
}


def native(rows=ROWS, **options):
    return NativeVecEnv(TuningVectorEnv(rows, autoreset_mode="SameStep", **options))


def dummy(rows=ROWS, **options):
    return DummyVecEnv([lambda: TuningEnv(**options)] * rows)


def draw(space, rows, generator):
    if isinstance(space, gym.spaces.Discrete):
        actions = generator.integers(space.n, size=rows)
        return np.where(generator.random(rows) < 0.5, actions % (space.n - 1), actions)
    actions = generator.uniform(-1.1, 1.1, (rows, *space.shape)).astype(np.float32)
    actions[:, -1] = np.where(generator.random(rows) < 0.1, 1.0, -1.0)  # seldom stop
    return actions


def assert_same_infos(mine, theirs, dones):
    for row, (one, other) in enumerate(zip(mine, theirs, strict=True)):
        assert type(one) is dict
        expected = dict(other)
        # DummyVecEnv marks every row; only the rows that ended have a meaning for it.
        assert expected.pop("TimeLimit.truncated") is False
        found = dict(one)
        assert found.pop("TimeLimit.truncated", None) is (False if dones[row] else None)
        assert ("terminal_observation" in found) is bool(dones[row])
        if dones[row]:
            last = found.pop("terminal_observation")
            wanted = expected.pop("terminal_observation")
            assert last.dtype == wanted.dtype == np.float32
            np.testing.assert_array_equal(last, wanted)
        assert found == expected
        assert {type(value) for value in found.values()} <= {int, float, bool}


@pytest.mark.parametrize("case", CASES)
def test_equals_dummy_vec_env(case):
    mine, theirs = native(**CASES[case]), dummy(**CASES[case])
    assert mine.observation_space == theirs.observation_space
    assert mine.action_space == theirs.action_space
    mine.seed(3)
    theirs.seed(3)
    np.testing.assert_array_equal(mine.reset(), theirs.reset())
    assert mine.reset_infos == theirs.reset_infos
    generator = np.random.default_rng(0)
    phases = ends = 0
    for _ in range(300):
        actions = draw(mine.action_space, ROWS, generator)
        one, other = mine.step(actions), theirs.step(actions)
        for found, wanted in zip(one[:3], other[:3], strict=True):
            assert found.dtype == wanted.dtype
            assert found.shape == wanted.shape
            np.testing.assert_array_equal(found, wanted)
        assert_same_infos(one[3], other[3], one[2])
        assert mine.reset_infos == theirs.reset_infos
        phases = max(phases, len({info["evaluations"] for info in one[3]}))
        ends += int(one[2].sum())
        assert 0 < one[2].sum() < ROWS or not one[2].any() or case == "none-stop"
    assert phases >= 4, "the rows never were out of phase"
    assert ends > 50


def test_what_is_returned_is_fresh_and_writable():
    envs, twin = native(max_evaluations=3, stop=True), native(max_evaluations=3, stop=True)
    for e in (envs, twin):
        e.seed(1)
        e.reset()
    generator = np.random.default_rng(0)
    kept = []
    for _ in range(30):
        actions = draw(envs.action_space, ROWS, generator)
        result, expected = envs.step(actions), twin.step(actions)
        for found, wanted in zip(result[:3], expected[:3], strict=True):
            np.testing.assert_array_equal(found, wanted)
        assert result[1].dtype == np.float32
        for infos, other in zip(result[3], expected[3], strict=True):
            assert infos.keys() == other.keys()
            if "terminal_observation" in infos:
                last = infos["terminal_observation"]
                np.testing.assert_array_equal(last, other["terminal_observation"])
                assert not np.shares_memory(last, result[0])
                kept.append((last, last.copy()))
        # PPO adds to rewards in place; others may write where they like.
        result[1][...] += 100.0
        result[0][...] = -1.0
        result[2][...] = True
        assert len({id(infos) for infos in result[3]}) == ROWS
        for infos in result[3]:
            infos.clear()
    assert len(kept) > 10
    for last, copied in kept:
        np.testing.assert_array_equal(last, copied)


def test_indices():
    envs = native(4)
    assert envs.env_is_wrapped(Monitor) == [False] * 4
    assert envs.env_is_wrapped(Monitor, indices=[0, 2]) == [False] * 2
    assert envs.env_is_wrapped(Monitor, indices=1) == [False]
    assert envs.get_attr("num_envs", indices=[1, 3]) == [4, 4]
    assert envs.get_attr("num_envs") == [4] * 4
    assert envs.get_attr("render_mode", indices=0) == [None]
    assert envs.env_method("get_attr", "num_envs", indices=[0]) == [(4,) * 4]
    envs.set_attr("label", 5)
    assert envs.get_attr("label") == [5] * 4
    with pytest.raises(ValueError, match="rows share 'label'"):
        envs.set_attr("label", 6, indices=[0])


def test_seeds_and_options_are_used_once():
    envs = native(3)
    envs.seed(20)
    first = envs.reset()
    second = envs.reset()
    assert not np.array_equal(first, second)
    envs.seed(20)
    np.testing.assert_array_equal(envs.reset(), first)
    np.testing.assert_array_equal(envs.reset(), second)
    for row in range(3):
        np.testing.assert_array_equal(TuningEnv().reset(seed=20 + row)[0], first[row])
    envs.set_options({"start": {"thr": 0.3, "epochs": 10, "lr": 1e-4}})
    envs.reset()
    assert [info["epochs"] for info in envs.reset_infos] == [10] * 3
    envs.reset()
    assert [info["epochs"] for info in envs.reset_infos] != [10] * 3


EACH = [{"start": [0.5, 1, 1.0]}, {"model": {"k_accuracy": 0.8}}, {}]
ASKED = {
    "one per row": ({}, EACH),
    "one for all": ({}, EACH[0] | EACH[1]),
    "none": ({}, None),
    "tasks": ({"family": "fictitious"}, [{"task": 7}, {}, {"task": 9, "start": [0.1, 99, 0.01]}]),
    "after tasks that last": ({"family": "binormal", "task": [4, 5]}, [{"task": 7}, {}, {}]),
}


@pytest.mark.parametrize("case", ASKED)
def test_options_of_the_next_reset(case):
    """As in SB3's own vector environment, episode after episode."""
    options, asked = ASKED[case]
    if isinstance(options.get("task"), list):  # turns of three rows, row by row
        turns = [[5 - (row + 3 * k + 1) % 2 for k in range(2)] for row in range(3)]
        theirs = DummyVecEnv(
            [lambda t=t: TuningEnv(**options | {"task": t, "max_evaluations": 3}) for t in turns]
        )
    else:
        theirs = dummy(3, max_evaluations=3, **options)
    mine = native(3, max_evaluations=3, **options)
    seen = []
    for each in (mine, theirs):
        each.seed(20)
        each.set_options(asked)
        seen.append([(each.reset(), list(each.reset_infos))])
        for _ in range(7):  # options last one episode
            observations, _, _, infos = each.step(np.zeros((3, 3), dtype=np.float32))
            seen[-1].append((observations, [info["task"] for info in infos]))
        seen[-1].append((each.reset(), list(each.reset_infos)))
    for (one, info), (other, wanted) in zip(*seen, strict=True):
        np.testing.assert_array_equal(one, other)
        assert info == wanted
    plain = native(3, max_evaluations=3, **options)
    plain.seed(20)
    plain.reset()
    assert (plain.reset_infos == seen[0][0][1]) is (asked is None)  # negative control


@pytest.mark.parametrize("asked", [[{}, {}], [{}] * 4, [None] * 3, 5, "start", ({}, {}, {})])
def test_options_that_are_not_one_per_row(asked):
    with pytest.raises(ValueError, match="3 dicts, one per row"):
        native(3).set_options(asked)


def test_the_row_whose_options_are_wrong_is_named():
    envs = native(3)
    envs.set_options([{}, {}, {"task": 1}])
    with pytest.raises(ValueError, match=r"options\['rows'\]\[2\]: options\['task'\] = 1"):
        envs.reset()


def test_what_the_adapter_refuses():
    with pytest.raises(ValueError, match="SameStep"):
        NativeVecEnv(TuningVectorEnv(2))
    sync = gym.make_vec("hpo_gym:FictitiousHPO-v0", 2, vectorization_mode="sync")
    with pytest.raises(ValueError, match="not a native vector environment"):
        NativeVecEnv(sync)


@pytest.mark.parametrize("start_method", ["spawn", "forkserver"])
def test_workers(start_method):
    def make():
        import gymnasium

        return gymnasium.make("hpo_gym:FictitiousHPO-v0", max_evaluations=3)

    theirs = SubprocVecEnv([make], start_method=start_method)
    try:
        mine = native(1, max_evaluations=3)
        mine.seed(5)
        theirs.seed(5)
        np.testing.assert_array_equal(mine.reset(), theirs.reset())
        for _ in range(7):
            actions = mine.action_space.sample()[None]
            one, other = mine.step(actions), theirs.step(actions)
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1].astype(np.float32))
            assert_same_infos(one[3], other[3], one[2])
    finally:
        theirs.close()


def test_success_is_reported():
    envs = native(2, max_evaluations=1)
    envs.reset()
    *_, infos = envs.step(np.array([[-0.0061, 0.5959, 0.4166], [1, 1, 1]], dtype=np.float32))
    assert [info["is_success"] for info in infos] == [True, False]
