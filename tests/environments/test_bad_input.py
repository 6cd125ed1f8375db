"""Input that is wrong in kind, not only in value, is refused by name and harms nothing."""

import gymnasium as gym
import numpy as np
import pytest
import torch

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.tuning.rewards import REWARDS, register_reward

ID = "hpo_gym:FictitiousHPO-v0"


@pytest.mark.parametrize(
    "options",
    [
        *({name: ["x"]} for name in ("reward", "metric", "split", "action", "observation")),
        *({"family": family} for family in (5, None, ["notebook"], {"name": ["a"]}, {})),
    ],
)
@pytest.mark.parametrize("make", [TuningEnv, TuningVectorEnv])
def test_options_of_a_wrong_kind(make, options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        make(**options)


def test_autoreset_modes_are_listed():
    with pytest.raises(ValueError, match=r"'next_step' must be one of \['NextStep', 'SameStep'"):
        TuningVectorEnv(2, autoreset_mode="next_step")


def test_time_limits_that_no_episode_reaches_are_accepted():
    for limit in (None, -1, 20, 500):
        assert gym.make_vec(ID, 2, max_episode_steps=limit).num_envs == 2
    with pytest.raises(ValueError, match=r"max_episode_steps = 5 .* budget of 20"):
        gym.make_vec(ID, 2, max_episode_steps=5)


@pytest.mark.parametrize("seed", [1.5, "7x", [1, 2, 3], [1, -2], [1, 2.5], -3])
def test_seeds_of_a_wrong_kind(seed):
    envs = TuningVectorEnv(2)
    twin = TuningVectorEnv(2)
    envs.reset(seed=3)
    twin.reset(seed=3)
    with pytest.raises(ValueError, match="seed"):
        envs.reset(seed=seed)
    assert np.array_equal(envs.reset()[0], twin.reset()[0])


@pytest.mark.parametrize("seeds", [[7, None, 8], [None, 5, 9], [None, None, 4]])
def test_rows_without_a_seed_are_like_no_other_row(seeds):
    first = TuningVectorEnv(3).reset(seed=seeds)[1]["thr"]
    again = TuningVectorEnv(3).reset(seed=seeds)[1]["thr"]
    assert len(set(first)) == 3
    for row, seed in enumerate(seeds):
        assert (first[row] == again[row]) == (seed is not None)
        if seed is not None:
            assert first[row] == TuningEnv().reset(seed=seed)[1]["thr"]


TENSORS = [torch.zeros(3, requires_grad=True), torch.zeros(3, dtype=torch.bfloat16)]


@pytest.mark.parametrize("action", [[0, [1], 2], "abc", None, {"thr": 0.5}, [[0, 0, 0]], *TENSORS])
def test_actions_of_a_wrong_kind(action):
    for env in (TuningEnv(), TuningVectorEnv(2)):
        env.reset(seed=0)
        with pytest.raises(ValueError, match="nothing was evaluated"):
            env.step(action)
        good = np.zeros(env.action_space.shape, dtype=np.float32)
        assert np.all(env.step(good)[4]["evaluations"] == 1)


def test_long_numbers_are_computed_with_as_all_others():
    """To the last bit: in float64, also where the scalar environment gets np.longdouble."""
    for action in ([0.5, 0.1, 0.3], [0.0, 0.0, 0.0]):
        results = []
        for kind in (np.longdouble, np.float64):
            env = TuningEnv()
            env.reset(seed=0)
            results.append(env.step(np.array(action, dtype=np.float64).astype(kind)))
        long, short = results
        assert long[1] == short[1] and long[4] == short[4]
        assert all(type(value) in (float, int, bool) for value in long[4].values())


@pytest.mark.parametrize("arguments", [(5, lambda *_: 0.0), ("text", 5)])
def test_rewards_of_a_wrong_kind(arguments):
    before = dict(REWARDS)
    with pytest.raises(ValueError, match="a name and a function"):
        register_reward(*arguments)
    assert before == REWARDS
