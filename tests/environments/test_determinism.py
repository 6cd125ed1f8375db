"""Randomness three ways: the same seed, another seed, another process; and copies of states."""

from __future__ import annotations

import copy
import json
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv

from hpo_gym import TuningEnv, TuningVectorEnv
from hpo_gym.testing import rollout
from hpo_gym.testing.rollouts import assert_equal

OPTIONS = [
    {},
    {"noise": 0.1, "observation": "history", "stop": True, "max_evaluations": 6},
    {"action": "adjust", "noise": 0.1},
    {"action": "nudge", "start": {"thr": 0.1, "epochs": 3, "lr": 1.0}, "noise": 0.2},
    {"start": "none", "noise": 0.05, "observation": "history"},
]


def play(env, steps=30, seed=0, reset_seed=None):
    """Everything that an environment returns over a few episodes."""
    env.action_space.seed(seed)
    results = [env.reset(seed=reset_seed)]
    for _ in range(steps):
        results.append(env.step(env.action_space.sample()))
        if results[-1][2]:
            results.append(env.reset())
    return results


def assert_all_equal(left, right, message):
    assert len(left) == len(right), message
    for one, other in zip(left, right, strict=True):
        assert_equal(one, other, message)


def some_differ(left, right):
    try:
        assert_all_equal(left, right, "")
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_same_seed_equal_other_seed_different(options):
    first, second = TuningEnv(**options), TuningEnv(**options)
    play(second, reset_seed=1)  # whatever happened before does not matter
    assert_all_equal(play(first, reset_seed=0), play(second, reset_seed=0), "equal seeds differ")
    assert some_differ(play(first, reset_seed=0), play(first, reset_seed=1))


def test_every_episode_has_its_own_randomness():
    env = TuningEnv()
    starts = [env.reset(seed=7)[1]["thr"], *(env.reset()[1]["thr"] for _ in range(200))]
    assert len(set(starts)) == 201
    others = [TuningEnv().reset(seed=seed)[1]["thr"] for seed in range(201)]
    assert len(set(others) | set(starts)) == 401  # only seed 7 is in both
    assert np.mean(others) == pytest.approx(0.5, abs=0.07)


def test_noise_does_not_depend_on_earlier_actions():
    """The noise of evaluation n is a function of seed, episode and n."""
    first, second = TuningEnv(noise=0.1), TuningEnv(noise=0.1)
    for env, action in ((first, [0.1, 0.2, 0.3]), (second, [-0.5, 0.9, 0.0])):
        env.reset(seed=0)
        env.step(np.array(action))
    centre = np.zeros(3)
    assert first.step(centre)[4]["recall"] == second.step(centre)[4]["recall"]
    assert first.step(centre)[4]["recall"] != first.step(centre)[4]["recall"]


def test_without_a_seed_environments_differ():
    assert TuningEnv().reset()[1]["thr"] != TuningEnv().reset()[1]["thr"]
    rows = TuningVectorEnv(50).reset()[1]["thr"]
    assert len(set(rows.tolist())) == 50


@pytest.mark.parametrize("seed", [0, 2**32, 2**62 - 2, 2**63, 2**64 - 1, 2**64, 2**127 + 12345])
def test_seeds_of_any_size(seed):
    first = TuningEnv().reset(seed=seed)[1]
    assert first == TuningEnv().reset(seed=seed)[1]
    rows = TuningVectorEnv(4).reset(seed=seed)[1]
    for row in range(4):
        assert rows["thr"][row] == TuningEnv().reset(seed=seed + row)[1]["thr"]
    assert len(set(rows["thr"].tolist())) == 4


def test_replaced_generator_draws_the_key():
    env = TuningEnv()
    env.reset(seed=0)
    env.np_random = np.random.default_rng(3)
    first = env.reset()[1]
    other = TuningEnv()
    other.np_random = np.random.default_rng(3)
    assert other.reset()[1] == first
    assert env.reset()[1] == other.reset()[1] != first
    different = TuningEnv()
    different.np_random = np.random.default_rng(4)
    assert different.reset()[1] != first
    # A seed takes over again.
    assert env.reset(seed=0)[1] == TuningEnv().reset(seed=0)[1]


def test_replaced_generator_of_a_vector_environment():
    envs, other = TuningVectorEnv(5), TuningVectorEnv(5)
    envs.reset(seed=0)
    for e in (envs, other):
        e.np_random = np.random.default_rng(3)
    first = envs.reset()
    assert_equal(first, other.reset(), "equal generators differ")
    assert len(set(first[1]["thr"].tolist())) == 5
    assert_equal(envs.reset(), other.reset(), "second episodes differ")


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_copies_in_mid_episode(options, copier):
    env = TuningEnv(**options)
    env.action_space.seed(1)
    env.reset(seed=5)
    env.step(
        env.action_space.sample() * 0
        if options.get("action") == "nudge"
        else np.zeros(env.action_space.shape, dtype=np.float32)
    )
    twin = copier(env)
    for _ in range(4):
        action = env.action_space.sample()
        result = env.step(action)
        assert_equal(result, twin.step(action), "a copy goes on differently")
        if result[2]:
            break
    assert_equal(env.reset(), twin.reset(), "the next episode of a copy differs")
    copied = copier(env)
    env.step(action)  # stepping one does not move the other
    assert_equal(copied.step(action), twin.step(action), "copies share their state")


@pytest.mark.parametrize("copier", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_vector_copies_in_mid_episode(mode, copier):
    options = {"stop": True, "noise": 0.1, "observation": "history", "max_evaluations": 7}
    envs = TuningVectorEnv(6, autoreset_mode=mode, **options)
    for _ in rollout(envs, seed=3, steps=9, reset_options=(None, {"model": {"k_accuracy": 0.8}})):
        pass
    twin = copier(envs)
    for _ in range(12):
        actions = envs.action_space.sample()
        assert_equal(envs.step(actions), twin.step(actions), "a copy goes on differently")
    third = copier(envs)
    envs.step(actions)
    assert_equal(third.step(actions), twin.step(actions), "copies share their state")


_SCRIPT = """
import json, gymnasium as gym, numpy as np
generator = np.random.default_rng(0)
envs = gym.make_vec(
    "hpo_gym:FictitiousHPO-v0", 3, noise=0.1, stop=True, observation="history", max_evaluations=5
)
lines = [envs.reset(seed=11)[0].tolist()]
for _ in range(12):
    actions = generator.uniform(-1, 1, (3, 4)).astype(np.float32)
    observations, rewards, *_, infos = envs.step(actions)
    lines.append([observations.tolist(), rewards.tolist(), infos["regret"].tolist()])
print(json.dumps(lines))
"""


def test_other_processes_are_equal(run_python):
    runs = [run_python(_SCRIPT, PYTHONHASHSEED=value) for value in ("1", "2")]
    assert runs[0] == runs[1]
    assert len(json.loads(runs[0])) == 13
    assert run_python(_SCRIPT.replace("seed=11", "seed=12")) != runs[0]


def _make():
    return gym.make("hpo_gym:FictitiousHPO-v0", noise=0.1, max_evaluations=3)


@pytest.mark.parametrize("context", ["spawn", "forkserver"])
def test_workers_are_equal(context):
    envs = AsyncVectorEnv([_make, _make], context=context, shared_memory=False)
    try:
        local = gym.make_vec("hpo_gym:FictitiousHPO-v0", 2, noise=0.1, max_evaluations=3)
        settings = {"seed": 4, "steps": 8}
        for theirs, mine in zip(rollout(envs, **settings), rollout(local, **settings), strict=True):
            assert_equal(mine, theirs, f"workers started by {context} differ")
    finally:
        envs.close()
