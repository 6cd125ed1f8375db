"""The conformance check of agents accepts what keeps the contract and finds what breaks it."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.testing import check_agent


def make_env():
    return TuningEnv(max_evaluations=4, noise=0.05)


class Counter:
    """Walks along the diagonal, one notch per decision; its state is the count of each row."""

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        single = observation.ndim == 1
        rows = 1 if single else len(observation)
        count = np.zeros(rows) if state is None else np.array(state)
        if episode_start is not None:
            count = np.where(episode_start, 0.0, count)
        actions = np.repeat(np.minimum(count[:, None] / 10.0, 1.0), 3, axis=1).astype(np.float32)
        return (actions[0] if single else actions), count + 1.0


class Random:
    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        shape = (*observation.shape[:-1], 3)
        return self.generator.uniform(-1, 1, shape).astype(np.float32), state


def broken(change):
    """A Counter whose result is changed by a function of (action, state, observation)."""

    class Broken(Counter):
        def predict(self, observation, state=None, episode_start=None, deterministic=False):
            result = super().predict(observation, state, episode_start, deterministic)
            return change(*result, observation)

    return Broken


class Forgetful(Counter):
    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        return super().predict(observation, state, None, deterministic)


class InItself(Counter):
    """Keeps the count in itself instead of in the state."""

    kept = None

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        action, self.kept = super().predict(observation, self.kept, episode_start, deterministic)
        return action, None


class InPlace(Counter):
    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        action, after = super().predict(observation, state, episode_start, deterministic)
        observation[...] = 0.0
        return action, after


class OneForAll(Counter):
    """Begins anew in all rows when the first does."""

    def predict(self, observation, state=None, episode_start=None, deterministic=False):
        start = None if episode_start is None else np.full_like(episode_start, episode_start[0])
        return super().predict(observation, state, start, deterministic)


class EndsEarly(gym.Wrapper):
    """Rows end at different times, so that they run out of phase."""

    def step(self, action):
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, terminated or info["recall"] > 0.55, truncated, info


def make_uneven():
    return EndsEarly(TuningEnv(max_evaluations=5, noise=0.3))


def test_agents_that_keep_the_contract():
    check_agent(Counter, make_env)
    check_agent(lambda: Random(3), make_env, stochastic=True)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (broken(lambda a, s, o: (a.astype(np.float64), s)), "float64"),
        (broken(lambda a, s, o: (a + 2.0, s)), "outside"),
        (broken(lambda a, s, o: (a[..., :2], s)), "shape"),
        (broken(lambda a, s, o: (a if o.ndim == 1 else a[:1], s)), "a batch of 3 observations"),
        (broken(lambda a, s, o: a), "not two"),
        (Forgetful, "a fresh one"),
        (InItself, "the same observation and state"),
        (InPlace, "changed the observation"),
    ],
)
def test_broken_agents(agent, words):
    with pytest.raises(AssertionError, match=words):
        check_agent(agent, make_env)


def test_rows_that_are_not_told_apart():
    check_agent(Counter, make_uneven)
    with pytest.raises(AssertionError, match="of a batch decides"):
        check_agent(OneForAll, make_uneven)


def test_vector_environments_are_refused():
    with pytest.raises(AssertionError, match="env_factory makes the vector environment"):
        check_agent(Counter, lambda: TuningVectorEnv(2))


def test_random_agents_need_a_seed():
    with pytest.raises(AssertionError, match="two agents of one factory differ"):
        check_agent(lambda: Random(None), make_env, stochastic=True)
    with pytest.raises(AssertionError):
        check_agent(lambda: Random(3), make_env)


def test_networks_may_differ_in_the_last_bit():
    ppo = pytest.importorskip("stable_baselines3").PPO
    check_agent(
        lambda: ppo("MlpPolicy", make_env(), seed=1, device="cpu"), make_env, tolerance=1e-5
    )
