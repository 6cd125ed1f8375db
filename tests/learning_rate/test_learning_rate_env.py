"""`LearningRateSchedule-v0`: conformance, options and what is refused."""

from __future__ import annotations

import json
from inspect import signature

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import SyncVectorEnv

from hpo_gym.environments.learning_rate_env import LearningRateEnv
from hpo_gym.environments.learning_rate_vector_env import LearningRateVectorEnv
from hpo_gym.learning_rate import LearningRateOptions, LearningRateProcess
from hpo_gym.testing import check_process, check_vector_env

ID = "hpo_gym:LearningRateSchedule-v0"
MODES = ("NextStep", "SameStep", "Disabled")
VARIANTS = [{}, {"stop": False, "metric": "loss"}, {"task": 5, "block_epochs": 50}]


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_gymnasium_check(options):
    check_env(gym.make(ID, **options).unwrapped)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_sb3_check(options):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gym.make(ID, **options).unwrapped, warn=True, skip_render_check=True)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_vector_check(options, mode):
    envs = gym.make_vec(ID, 4, autoreset_mode=mode, **options)
    assert type(envs) is LearningRateVectorEnv
    resets = {"task": 7}, {"model": {"pi": 0.3, "D": 0.5}}
    # Of one task, nothing is drawn before the first block.
    check_vector_env(envs, steps=50, stochastic="task" not in options, reset_options=resets)


def test_process_check():
    check_process(lambda: LearningRateProcess(LearningRateOptions(max_epochs=15)), steps=60)


def test_rows_without_stops_are_scalar_environments_bit_for_bit():
    """Longer schedules than those of random actions, half of which stop."""
    envs = gym.make_vec(ID, 3, split="shifted")
    sync = SyncVectorEnv([lambda: gym.make(ID, split="shifted")] * 3)
    (mine, info), (other, other_info) = envs.reset(seed=4), sync.reset(seed=4)
    generator = np.random.default_rng(0)
    for _ in range(45):
        assert np.array_equal(mine, other)
        assert all(np.array_equal(info[name], other_info[name]) for name in other_info)
        actions = generator.uniform(-1.0, 1.0, (3, 2)).astype(np.float32)
        actions[:, 1] = -1.0
        mine, rewards, done, _, info = envs.step(actions)
        other, other_rewards, other_done, _, other_info = sync.step(actions)
        assert np.array_equal(rewards, other_rewards) and np.array_equal(done, other_done)


def test_noise_free_values_are_not_observed():
    """Tasks whose counts are rounded alike look alike."""
    env = gym.make(ID)
    shown = []
    for pi in (0.3, 0.3 + 1e-9):
        env.reset(seed=1, options={"model": {"pi": pi, "d1": 0.5}})
        shown.append([env.step([0.5, -1.0]) for _ in range(5)])
    env.reset(seed=1, options={"model": {"pi": 0.3, "d1": 0.5 + 1e-9}})
    other = [env.step([0.5, -1.0]) for _ in range(5)]
    for one, two in zip(shown[0], other, strict=True):
        assert np.array_equal(one[0], two[0])
    assert [s[1] for s in shown[0]] != [s[1] for s in other]


def test_both_classes_take_the_same_options():
    scalar, vector = (
        signature(kind.__init__).parameters for kind in (LearningRateEnv, LearningRateVectorEnv)
    )
    names = set(vector) - {"num_envs", "autoreset_mode", "max_episode_steps"}
    assert names == set(scalar) and "block_epochs" in names
    assert all(scalar[name].default == vector[name].default for name in names)


def test_the_spec_is_json():
    spec = gym.make(ID, family={"name": "binormal"}, thr=0.3, task=[1, 2]).spec
    again = gym.make(type(spec).from_json(spec.to_json()))
    assert again.unwrapped.process.scheduled.thr == 0.3
    assert json.loads(spec.to_json())["kwargs"]["task"] == [1, 2]


def test_a_vector_environment_that_is_asked_for_a_time_limit_refuses():
    with pytest.raises(ValueError, match=r"max_episode_steps = 7 must be .* set max_epochs"):
        LearningRateVectorEnv(2, max_episode_steps=7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"family": "recorded"}, "only the families \\['binormal', 'live'\\]"),
        ({"family": "nobody"}, "unknown family 'nobody'"),
        ({"split": "exam"}, "option split = 'exam'"),
        ({"task": 2**17}, "option task = 131072"),
        ({"metric": "recall"}, "option metric = 'recall'"),
        ({"stop": 1}, "option stop = 1"),
        ({"thr": 1.5}, "option thr = 1.5 is not valid: it must be a number in \\[0, 1\\]"),
        ({"thr": "half"}, "option thr = 'half'"),
        ({"noise": 0.1}, "option noise = 0.1 .* noise of its counts and no other"),
        ({"family": "live", "noise": 0.1}, "noise of its training seeds and no other"),
        ({"epoch_cost": -1.0}, "option epoch_cost = -1.0"),
        ({"max_epochs": 0}, "option max_epochs = 0 .* whole number in \\[1, 10000\\]"),
        ({"block_epochs": 7}, "max_epochs = 100 .* multiple of block_epochs = 7"),
        ({"block_epochs": 101}, "block_epochs = 101 .* in \\[1, 100\\]"),
        ({"block_epochs": 2.0}, "block_epochs = 2.0"),
        ({"infos": "some"}, "infos = 'some'"),
    ],
)
def test_refused_options(options, message):
    with pytest.raises(ValueError, match=message):
        LearningRateEnv(**options)


def test_refused_actions_and_resets():
    env = LearningRateEnv()
    with pytest.raises(ValueError, match="unknown reset options"):
        env.reset(options={"schedule": 1})
    with pytest.raises(ValueError, match="options\\['task'\\] = -1"):
        env.reset(options={"task": -1})
    env.reset(seed=0, options={"task": 3})
    for action in ([0.0], [np.nan, 0.0], [[0.0, 0.0]]):
        with pytest.raises(ValueError, match="give 2 numbers in \\[-1, 1\\]"):
            env.step(action)
    assert env.step([0.0, 0.0])[4]["task"] == 3
