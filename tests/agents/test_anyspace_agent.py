"""The tuner for any space as an agent: the same proposals as by hand."""

from __future__ import annotations

from functools import partial

import numpy as np

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
        np.testing.assert_allclose(action, space.unit(tuner.ask()), atol=1e-6)
        observation, *_ = env.step(action)
        seen = env.process.encoder.decode(observation)
        tuner.tell(space.configuration(seen.unit), float(seen.score))
