"""The option infos: all, none or some, in both classes, and what does not depend on it."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.testing import check_vector_env, rollout
from hpo_gym.testing.rollouts import assert_equal

ALL = tuple(TuningEnv().process.info_types)
VALUES = {
    "all": ("all", ALL),
    "none": ("none", ()),
    "empty": ([], ()),
    "one": (["regret"], ("regret",)),
    "some": (("task", "f1", "is_success", "f1"), ("f1", "task", "is_success")),
    "array": (np.array(["epochs", "cost"]), ("epochs", "cost")),
}
OPTIONS = {"max_evaluations": 3, "stop": True, "noise": 0.1}


@pytest.mark.parametrize("value", VALUES)
def test_a_single_environment(value):
    infos, names = VALUES[value]
    env, twin = TuningEnv(infos=infos, **OPTIONS), TuningEnv(**OPTIONS)
    check_env(env, skip_render_check=True)
    for call in (lambda e: e.reset(seed=3), lambda e: e.step([0.1, 0.2, 0.3, -1.0])):
        mine, theirs = call(env), call(twin)
        assert mine[-1] == {name: theirs[-1][name] for name in names}
        assert list(mine[-1]) == list(names)
        np.testing.assert_array_equal(mine[0], theirs[0])
        assert mine[1:-1] == theirs[1:-1]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_many_environments(value, mode):
    """Masks go with their keys, also within final_info."""
    infos, names = VALUES[value]
    envs = TuningVectorEnv(4, autoreset_mode=mode, infos=infos, **OPTIONS)
    sync = SyncVectorEnv([lambda: TuningEnv(infos=infos, **OPTIONS)] * 4, autoreset_mode=mode)
    shown = {name for key in names for name in (key, f"_{key}")}
    finals = 0
    for mine, theirs in zip(
        rollout(envs, seed=3, steps=40), rollout(sync, seed=3, steps=40), strict=True
    ):
        assert_equal(mine, theirs, "differs from SyncVectorEnv")
        found = mine[-1]
        assert {name for name in found if "final_" not in name} == shown
        if "final_info" in found:
            finals += 1
            assert set(found["final_info"]) == shown
    assert (finals > 5) is (mode == "SameStep")


@pytest.mark.parametrize("value", VALUES)
def test_it_keeps_the_contract(value):
    infos, _ = VALUES[value]
    check_vector_env(
        lambda: TuningVectorEnv(3, infos=infos, **OPTIONS),
        lambda: TuningEnv(infos=infos, **OPTIONS),
        steps=40,
    )


@pytest.mark.parametrize(
    "infos", ["f1", "ALL", ["f2"], ["f1", "regrets"], [None], [["f1"]], 1, {"f1": 1}, None, "", {}]
)
@pytest.mark.parametrize("make", [TuningEnv, TuningVectorEnv])
def test_names_that_are_not_known(make, infos):
    with pytest.raises(ValueError, match=r"option infos = .* 'regret'.* 'is_success'"):
        make(infos=infos)


@pytest.mark.parametrize("infos", ["all", "none", ["f1"]])
def test_pictures_show_the_whole_info(infos):
    frames = []
    for make in (TuningEnv, lambda **options: TuningVectorEnv(1, **options)):
        env = make(infos=infos, render_mode="ansi", start=[0.3, 10, 1e-4])
        env.reset(seed=0)
        env.step(np.zeros(env.action_space.shape, dtype=np.float32))
        frame = env.render()
        frames.append(frame if isinstance(frame, str) else frame[0])
    assert frames[0] == frames[1]
    assert "regret=0.212517" in frames[0] and "epochs=50" in frames[0]


@pytest.mark.parametrize("infos", ["all", "none", ["is_success"]])
def test_stable_baselines3(infos):
    pytest.importorskip("stable_baselines3")
    from stable_baselines3.common.vec_env import VecMonitor

    from hpo_gym.integrations.sb3 import NativeVecEnv

    options = {"infos": infos, "max_evaluations": 2}
    envs = VecMonitor(NativeVecEnv(TuningVectorEnv(3, autoreset_mode="SameStep", **options)))
    envs.reset()
    names = {"all": set(ALL), "none": set()}.get(infos if isinstance(infos, str) else "", {*infos})
    for over in (False, True):
        rows = envs.step(np.zeros((3, 3), dtype=np.float32))[3]
        added = {"episode", "terminal_observation", "TimeLimit.truncated"} if over else set()
        assert [set(row) for row in rows] == [names | added] * 3
