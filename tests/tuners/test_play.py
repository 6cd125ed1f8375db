"""The one loop: every row plays one episode, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.tuners import play


class Stops:
    """Row i stops in its i-th step; notes what it was told."""

    def __init__(self):
        self.starts, self.states = [], []

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        assert deterministic
        step = 0 if state is None else state
        self.starts.append(episode_start.tolist())
        self.states.append(state)
        actions = np.zeros((len(observation), 4), np.float32)
        actions[:, 3] = np.where(np.arange(len(observation)) == step, 1.0, -1.0)
        return actions, step + 1


def test_rows_that_ended_count_no_more():
    tuner = Stops()
    envs = TuningVectorEnv(3, stop=True, max_evaluations=5)
    turns = list(play(tuner, envs, seed=7))
    assert len(turns) == 4  # the reset, and until the last row has stopped
    assert turns[0].actions is None
    assert not turns[0].rewards.any()
    assert [turn.running.tolist() for turn in turns] == [
        [True, True, True],
        [True, True, True],
        [False, True, True],
        [False, False, True],
    ]
    assert all((turn.rewards[~turn.running] == 0.0).all() for turn in turns)
    assert tuner.starts == [[True] * 3, [False] * 3, [False] * 3]
    assert tuner.states == [None, 1, 2]


def test_a_single_environment_is_refused():
    with pytest.raises(TypeError, match=r"needs a vector environment, .*make_vec\(id, num_envs=1"):
        list(play(Stops(), TuningEnv()))


def test_seeds_and_options_reach_the_environment():
    envs = TuningVectorEnv(2, family="binormal", split="test", max_evaluations=1)

    class Middle:
        def predict(self, observation, **asked):
            return np.zeros((2, 3), np.float32), None

    start, only = play(Middle(), envs, seed=[5, 5], options={"task": np.array([3, 3])})
    assert start.infos["task"].tolist() == [3, 3]
    np.testing.assert_array_equal(only.observations[0], only.observations[1])
