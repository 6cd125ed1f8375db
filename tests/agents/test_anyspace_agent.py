"""The tuner for any space as an agent: the same proposals as by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import hpo_gym
from agents.searches.anyspace import AnySpaceAgent
from hpo_gym.testing import check_agent
from hpo_gym.tuners import build_agent

make_env = partial(hpo_gym.TuningEnv, max_evaluations=8, start="none")


def test_it_is_an_agent():
    factory = partial(build_agent, AnySpaceAgent, make_env(), seed=3)
    check_agent(factory, make_env, stochastic=True)


def test_it_asks_for_what_the_tuner_asks_for():
    env = make_env()
    agent, space = AnySpaceAgent(env.process.problem, seed=3), env.process.space
    words = (3, 1, 0, 1)  # what seeds the first episode of a search agent
    seed = int(np.random.default_rng(words).integers(2**63))
    tuner = hpo_gym.Tuner(space, budget=8, seed=seed, policy="anyspace")
    observation, _ = env.reset(seed=5)
    state = None
    for _ in range(8):
        action, state = agent.predict(observation, state)
        asked = tuner.ask()
        np.testing.assert_allclose(action, space.unit(asked), atol=1e-6)
        observation, *_ = env.step(action)
        tuner.tell(asked, float(env.process.encoder.decode(observation).score))


@pytest.mark.parametrize("policy", ["anyspace", "classifier"])
def test_nothing_that_it_asked_for_is_running_for_ever(policy):
    """Actions are rounded to float32: what comes back is still what the tuner asked for."""
    tunings = []

    class Watched(AnySpaceAgent):
        def begin(self, random):
            tunings.append(super().begin(random))
            return tunings[-1]

    env = make_env(max_evaluations=20)
    agent, state = Watched(env.process.problem, seed=3, policy=policy), None
    observation, _ = env.reset(seed=5)
    for _ in range(20):
        action, state = agent.predict(observation, state)
        observation, *_ = env.step(action)
    evaluations = tunings[0]._tuner.evaluations
    assert [each.status for each in evaluations] == ["done"] * 19 + ["running"]
    assert all(each.asked for each in evaluations)
