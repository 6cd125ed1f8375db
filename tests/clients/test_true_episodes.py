"""The check of last observations sees wrong ones."""

from __future__ import annotations

import numpy as np
import pytest
from true_episodes import BUDGET, assert_true_ends, cut

from hpo_gym import TuningVectorEnv


def played(mode, steps=3 * (BUDGET + 1)):
    """(observations, actions, next observations, ends) of a row, taken as they come."""
    envs = TuningVectorEnv(1, autoreset_mode=mode)
    generator = np.random.default_rng(0)
    observation, _ = envs.reset(seed=0)
    for _ in range(steps):
        action = generator.uniform(-1, 1, (1, 3)).astype(np.float32)
        following, _, terminated, _, infos = envs.step(action)
        yield observation[0], action[0], following[0], terminated[0], infos
        observation = following


def test_it_accepts_true_last_observations():
    steps = [
        (seen, action, infos["final_obs"][0] if over else after, over)
        for seen, action, after, over, infos in played("SameStep")
    ]
    assert_true_ends(cut(*map(np.stack, zip(*steps, strict=True))))


def test_it_refuses_the_next_first_observation():
    steps = [step[:4] for step in played("SameStep")]
    episodes = list(cut(*map(np.stack, zip(*steps, strict=True))))
    with pytest.raises(AssertionError, match="Mismatched elements"):
        assert_true_ends(episodes)


def test_it_refuses_the_extra_step_of_next_step():
    steps = [step[:4] for step in played("NextStep")]
    episodes = list(cut(*map(np.stack, zip(*steps, strict=True))))
    assert [len(actions) for _, actions, _ in episodes] == [BUDGET, BUDGET + 1, BUDGET + 1]
    with pytest.raises(AssertionError):
        assert_true_ends(episodes)
