"""The end of an episode, in one place.

An exhausted budget terminates and never truncates; stopping costs and earns nothing and repeats
the last info; after the end only a reset is allowed; the budget in the observation goes from 1
to 0.
"""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.error import ResetNeeded

from hpo_gym import TuningEnv, TuningVectorEnv

MODES = ({}, {"action": "adjust"}, {"action": "nudge"}, {"start": "none"})


def stay(env, stop=False):
    """An action that evaluates the centre or stays, or that stops."""
    if isinstance(env.action_space, gym.spaces.Discrete):
        return env.action_space.n - 1 if stop else 0
    action = np.zeros(env.action_space.shape, dtype=np.float32)
    if env.process.options.stop:
        action[-1] = 1.0 if stop else -1.0
    return action


@pytest.mark.parametrize("budget", [1, 2, 20, 33])
@pytest.mark.parametrize("options", MODES, ids=str)
@pytest.mark.parametrize("stop", [False, True])
def test_budget_exhausted_is_terminated(options, budget, stop):
    env = TuningEnv(max_evaluations=budget, stop=stop, **options)
    encoder = env.process.encoder
    for seed in range(2):
        observation, info = env.reset(seed=seed)
        budgets = [encoder.decode(observation).budget]
        flags = []
        for count in range(1, budget + 1):
            observation, _, terminated, truncated, info = env.step(stay(env))
            assert truncated is False
            assert info["evaluations"] == count
            budgets.append(encoder.decode(observation).budget)
            flags.append(terminated)
        assert flags == [False] * (budget - 1) + [True]
        assert budgets[0] == 1.0
        assert budgets[-1] == 0.0
        assert budgets == pytest.approx(np.linspace(1, 0, budget + 1).tolist(), abs=1e-7)


@pytest.mark.parametrize("options", MODES, ids=str)
@pytest.mark.parametrize("evaluations", [0, 1, 5])
def test_stop_is_free_and_repeats_the_last_info(options, evaluations):
    env = TuningEnv(stop=True, noise=0.1, observation="history", **options)
    observation, info = env.reset(seed=3)
    for _ in range(evaluations):
        observation, _, terminated, _, info = env.step(stay(env))
        assert terminated is False
    last, reward, terminated, truncated, final = env.step(stay(env, stop=True))
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert final == {**info, "cost": 0.0}
    np.testing.assert_array_equal(last, observation)


def test_stop_on_the_last_evaluation_left():
    env = TuningEnv(stop=True, max_evaluations=2)
    env.reset(seed=0)
    env.step(stay(env))
    *_, terminated, _, info = env.step(stay(env, stop=True))
    assert terminated is True
    assert info["evaluations"] == 1


@pytest.mark.parametrize("stop", [False, True])
def test_after_the_end_only_a_reset(stop):
    env = TuningEnv(stop=True, max_evaluations=1)
    with pytest.raises(ResetNeeded, match="reset"):
        env.step(stay(env))
    env.reset(seed=0)
    env.step(stay(env, stop=stop))
    for _ in range(2):
        with pytest.raises(ResetNeeded, match="reset"):
            env.step(stay(env))
    _, info = env.reset()
    assert info["evaluations"] == 0
    env.step(stay(env))


def test_a_refused_action_does_not_end_an_episode():
    env = TuningEnv(max_evaluations=1)
    env.reset(seed=0)
    with pytest.raises(ValueError, match="NaN"):
        env.step(np.full(3, np.nan))
    assert env.step(stay(env))[2] is True


@pytest.mark.parametrize("mode", ["NextStep", "SameStep", "Disabled"])
def test_rows_end_alone(mode):
    envs = TuningVectorEnv(3, stop=True, max_evaluations=3, autoreset_mode=mode)
    envs.reset(seed=0)
    actions = np.zeros((3, 4), dtype=np.float32)
    actions[1, 3] = 1.0
    _, rewards, terminated, truncated, infos = envs.step(actions)
    assert terminated.tolist() == [False, True, False]
    assert not truncated.any()
    assert rewards[1] == 0.0
    assert infos["evaluations"].tolist() == [1, 0, 1]
    if mode == "Disabled":
        with pytest.raises(ResetNeeded, match=r"rows \[1\] are done"):
            envs.step(actions)
        envs.reset(options={"reset_mask": terminated})
    actions[1, 3] = 0.0
    *_, infos = envs.step(actions)
    assert infos["evaluations"].tolist() == [2, 0 if mode == "NextStep" else 1, 2]
    _, _, terminated, truncated, _ = envs.step(actions)
    assert terminated.tolist() == [True, False, True]
    assert not truncated.any()


def test_wrappers_see_whole_episodes():
    env = gym.wrappers.RecordEpisodeStatistics(gym.make("hpo_gym:FictitiousHPO-v0"))
    env.reset(seed=0)
    total, over, info = 0.0, False, {}
    while not over:
        _, reward, over, _, info = env.step(np.zeros(3, dtype=np.float32))
        total += reward
    assert info["episode"]["l"] == 20
    assert info["episode"]["r"] == pytest.approx(total)
