"""What an episode of `FictitiousHPO-v0` really showed, from its first observation and actions."""

from __future__ import annotations

import numpy as np

from hpo_gym import TuningEnv

BUDGET = 20
LEFT = 12


def replay(first, actions):
    """The observations (T + 1, 14) of the episode that began with ``first``.

    The start is proposed again, as the first of one evaluation more; only the budget left is put
    right by hand.
    """
    env = TuningEnv(start="none", max_evaluations=BUDGET + 1)
    env.reset(seed=0)
    seen = [env.step(action)[0] for action in (first[:3], *actions)]
    for evaluations, observation in enumerate(seen):
        observation[LEFT] = 1 - evaluations / BUDGET
    return np.stack(seen)


def assert_true_ends(episodes):
    """Every episode, given as (observations, actions, last observation), ended as it says."""
    episodes = list(episodes)
    assert len(episodes) >= 2
    for observations, actions, last in episodes:
        assert len(observations) == len(actions) == BUDGET
        truth = replay(observations[0], actions)
        np.testing.assert_allclose(np.stack([*observations, last]), truth, atol=1e-5)


def cut(observations, actions, last, ends):
    """The whole episodes in one row's steps, in order; an episode ends where ``ends`` is true."""
    begin = 0
    for end in np.flatnonzero(ends).tolist():
        steps = slice(begin, end + 1)
        yield observations[steps], actions[steps], last[end]
        begin = end + 1
