"""What the scheduling environments refuse."""

from __future__ import annotations

import numpy as np
import pytest

from hpo_gym.environments.scheduling_env import SchedulingEnv
from hpo_gym.environments.scheduling_vector_env import SchedulingVectorEnv

START = np.array([0.0, 1.0, 1.0, 0.0, 0.4], dtype=np.float32)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"workers": 0}, r"option workers = 0 .* whole number in \[1, 256\]"),
        ({"workers": 2, "speeds": (1.0,)}, "speeds.*2 numbers"),
        ({"speeds": (1.0, 1.0, 1.0, 0.0)}, "speeds"),
        ({"budget": 0}, "budget"),
        ({"max_runs": 5000}, r"max_runs = 5000 .*4096"),
        ({"reports": ()}, "reports"),
        ({"reports": (2, 2)}, "reports.*increasing"),
        ({"reports": (1, 101)}, r"reports.*\[1, 100\]"),
        ({"reports": 0}, "reports"),
        ({"reports": "all"}, "reports"),
        ({"family": "live"}, "live.*impure"),
        ({"family": "beale"}, "take one of classifiers"),
        ({"family": "recorded", "noise": 0.1}, "noise"),
        ({"split": "all"}, "split"),
        ({"metric": "recall"}, "metric"),
    ],
    ids=str,
)
def test_bad_options_are_refused_by_name(options, words):
    with pytest.raises(ValueError, match=words):
        SchedulingEnv(**options)


def test_bad_actions_change_nothing():
    env, twin = SchedulingEnv(), SchedulingEnv()
    for each in (env, twin):
        each.reset(seed=0)
    for bad in (np.zeros(4), np.full(5, np.nan), "start", None, np.zeros((1, 5))):
        with pytest.raises(ValueError, match="action"):
            env.step(bad)
    np.testing.assert_array_equal(env.step(START)[0], twin.step(START)[0])
    envs = SchedulingVectorEnv(2)
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="row 1"):
        envs.step(np.array([START, np.full(5, np.nan)]))


def test_time_limits_that_an_episode_could_reach_are_refused():
    options = {"budget": 10, "workers": 2}
    assert SchedulingVectorEnv(2, max_episode_steps=22, **options).process.most_steps == 22
    with pytest.raises(ValueError, match=r"max_episode_steps = 21 .* budget of 22"):
        SchedulingVectorEnv(2, max_episode_steps=21, **options)
