"""AnySpaceHPO-v0: a golden episode, what a task says of itself, failures, training."""

from __future__ import annotations

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import hpo_gym
from hpo_gym.arrays import Floats
from hpo_gym.families import AnySpaceFamily
from hpo_gym.tuning import Trial

ID = "hpo_gym:AnySpaceHPO-v0"
# Values of the first evaluations by task; None where one fails.
GOLDEN = {
    51: [0.85, 0.716667, 0.85, 0.716667, 0.716667, 0.85, 0.8, 0.716667],
    204: [0.7319275, 0.8042767, 0.8612316, 0.7285689, 0.7691755, 0.7237031, 0.8619706, 0.7316848],
    231: [0.734585, None, None, 0.6244114, 0.7517382, 0.733533, 0.7375283, 0.7653113],
}


def play(env, task, actions):
    """The last observation, and the infos of an episode."""
    observation, info = env.reset(seed=0, options={"task": task})
    infos = [info]
    for action in actions:
        observation, _, _, _, info = env.step(action)
        infos.append(info)
    return observation, infos


def fixed_actions():
    return np.random.default_rng(7).uniform(-1, 1, (16, 8)).astype(np.float32)


def test_gymnasiums_check():
    check_env(gym.make(ID).unwrapped)


@pytest.mark.parametrize("task", GOLDEN)
def test_golden_episodes(task):
    """Values that `anyspace_by_hand` computed when the family was made."""
    _, infos = play(gym.make(ID, split="test", noise=0.0), task, fixed_actions()[:8])
    values = [info["value"] for info in infos[1:]]
    failed = [info["failed"] for info in infos[1:]]
    expected = GOLDEN[task]
    assert failed == [value is None for value in expected]
    np.testing.assert_allclose(values, [value or 0.0 for value in expected], atol=2e-6)
    best = np.maximum.accumulate([value or 0.0 for value in expected])
    regrets = [info["regret"] for info in infos[1:]]
    np.testing.assert_allclose(regrets, (0.9 - best) / 0.9, atol=1e-5)


def test_every_observation_begins_with_what_the_task_says():
    env = gym.make(ID, split="test")
    encoder = env.unwrapped.process.encoder
    family = AnySpaceFamily()
    for task in range(4):
        context = np.float32(family.context_of(family.sample("test", task), Floats()))
        observation, _ = env.reset(options={"task": task})
        for action in [None, *fixed_actions()[:3]]:
            if action is not None:
                observation = env.step(action)[0]
            np.testing.assert_array_equal(observation[:24], context)
            np.testing.assert_array_equal(encoder.decode(observation).context, context)
            assert env.observation_space.contains(observation)


def test_a_tuner_encodes_the_same_observation():
    env = gym.make(ID, split="test", noise=0.0)
    encoder, actions = env.unwrapped.process.encoder, fixed_actions()[:5]
    observation, infos = play(env, 3, actions)
    context = encoder.decode(observation).context.tolist()
    trials = [
        Trial(tuple(action.tolist()), (np.nan if info["failed"] else info["value"],))
        for action, info in zip(actions, infos[1:], strict=True)
    ]
    xp = Floats()
    np.testing.assert_array_equal(encoder.encode(trials, xp, context), observation)
    with pytest.raises(ValueError, match="the context has 0 entries: give 24"):
        encoder.encode(trials, xp)


def test_rows_of_different_tasks_equal_single_environments():
    tasks, actions = [3, 11, 2], fixed_actions()
    envs = gym.make_vec(ID, 3, task=tasks)
    observations, _ = envs.reset(seed=5)
    singles = [gym.make(ID, task=task) for task in tasks]
    for row, single in enumerate(singles):
        np.testing.assert_array_equal(single.reset(seed=5 + row)[0], observations[row])
    for action in actions:
        observations, rewards, *_, infos = envs.step(np.stack([action] * 3))
        for row, single in enumerate(singles):
            observation, reward, *_, info = single.step(action)
            np.testing.assert_array_equal(observation, observations[row])
            assert reward == rewards[row]
            assert info["value"] == infos["value"][row]


def test_failed_regions_are_failed_evaluations():
    envs = gym.make_vec(ID, 128, split="test", task=list(range(128)))
    envs.reset(seed=0)
    *_, infos = envs.step(envs.action_space.sample())
    failed = infos["failed"]
    assert 0 < failed.sum() < 32
    assert (infos["value"][failed] == 0.0).all()
    assert (infos["regret"][failed] == 1.0).all()


def test_a_space_of_ones_own():
    space = hpo_gym.SearchSpace({"lr": hpo_gym.Float(1e-4, 1.0, log=True)})
    env = gym.make(ID, family={"name": "anyspace", "space": space.describe()}, start="random")
    env = env.unwrapped
    check_env(env)
    assert env.observation_space.shape == (2 + 1 + 3 + 17 * 3,)


def test_ppo_trains_on_it():
    pytest.importorskip("stable_baselines3")
    from tiny_trainings import PPO_SETTINGS

    from agents.training.train import train

    settings = replace(PPO_SETTINGS, criterion="regret", reward="log_regret")
    trained = train(settings, ID, seed=0)
    regrets = trained.policy.description["validation"]["iqm"]
    assert all(0.0 <= value <= 1.0 for value in regrets.values())
