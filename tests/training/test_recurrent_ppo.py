"""RecurrentPPO: its memory in NumPy is torch's; its training can be resumed."""

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
import torch
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from tiny_trainings import CrashError, crash_at_checkpoint

from agents.training.algorithms import settings_for
from agents.training.recurrent_ppo import RecurrentPPOSettings, WholeSequencePolicy
from agents.training.sb3_learner import make_envs
from agents.training.train import train
from hpo_gym.integrations.sb3_export import policy_from_sb3
from hpo_gym.policies.policy import Policy
from scripts.train import FAMILIES

FAMILY = "hpo_gym:FictitiousHPOFamily-v0"
# The bank of the training split takes seconds to make.
SMALL = {"split": "validation", "observation": "summary"}
SETTINGS = RecurrentPPOSettings(
    total_steps=8 * 7 * 4,
    num_envs=8,
    n_steps=7,
    batch_size=28,
    n_epochs=2,
    interval=8 * 7 * 2,
    evaluation_episodes=8,
    hidden=(8,),
    value_hidden=(4,),
    memory_size=6,
    normalize_observations=True,
)


def make_model(**changes):
    model = replace(SETTINGS, **changes).build(make_envs(SETTINGS, FAMILY, SMALL), seed=0)
    with torch.no_grad():  # fresh output layers are near 0, where every mistake is small
        for parameter in model.policy.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    normalise = model.get_vec_normalize_env()
    normalise.obs_rms.mean = np.linspace(-0.5, 0.5, 14)
    normalise.obs_rms.var = np.linspace(0.1, 2.0, 14)
    return model


def step_both(model, policy, observations, states, starts):
    """Actions and states of the torch model and of the NumPy policy."""
    normalised = model.get_vec_normalize_env().normalize_obs(observations)
    expected = model.predict(normalised, states[0], starts, deterministic=True)
    found = policy.predict(observations, states[1], starts, deterministic=True)
    return zip(expected, found, strict=True)


@pytest.mark.parametrize("shared", [False, True])
def test_numpy_equals_torch_over_episodes(shared, tmp_path):
    model = make_model(shared_memory=shared)
    policy = Policy.load(policy_from_sb3(model).save(tmp_path / "policy"))
    generator = np.random.default_rng(0)
    states = None, None
    for step in range(20):
        observations = generator.uniform(-1.0, 1.0, (5, 14)).astype(np.float32)
        starts = generator.random(5) < (1.0 if step == 0 else 0.3)
        actions, states = step_both(model, policy, observations, states, starts)
        np.testing.assert_allclose(*actions, rtol=0, atol=1e-5)
        for expected, found in zip(*states, strict=True):
            assert found.shape == (1, 5, 6) and found.dtype == np.float32
            np.testing.assert_allclose(expected, found, rtol=0, atol=1e-5)


def test_the_memory_matters_and_an_episode_forgets():
    policy = policy_from_sb3(make_model())
    observations = np.random.default_rng(1).uniform(-1.0, 1.0, (2, 14)).astype(np.float32)
    first, state = policy.predict(observations, deterministic=True)
    second, _ = policy.predict(observations, state, np.array([False, True]), deterministic=True)
    assert np.abs(second[0] - first[0]).max() > 0.01
    np.testing.assert_array_equal(second[1], first[1])
    alone, (hidden, cells) = policy.predict(observations[0], deterministic=True)
    np.testing.assert_allclose(alone, first[0], rtol=0, atol=1e-6)
    assert hidden.shape == cells.shape == (1, 1, 6)


def test_bad_states_are_refused():
    policy = policy_from_sb3(make_model())
    observations = np.zeros((3, 14), dtype=np.float32)
    _, state = policy.predict(observations)
    with pytest.raises(ValueError, match=r"must be two arrays of the shape \(1, 2, 6\)"):
        policy.predict(observations[:2], state)
    with pytest.raises(ValueError, match="episode_start has 2 rows, the batch has 3"):
        policy.predict(observations, state, np.zeros(2, dtype=np.bool_))
    damaged = policy.description | {"memory_size": 5}
    with pytest.raises(ValueError, match=r"layer_sizes = .* do not fit"):
        Policy(policy.arrays, damaged)
    with pytest.raises(ValueError, match="memory_size = 0 must be a whole number"):
        Policy(policy.arrays, policy.description | {"memory_size": 0})
    arrays = {name: array for name, array in policy.arrays.items() if name != "memory_bias"}
    with pytest.raises(ValueError, match="'memory_bias' is missing"):
        Policy(arrays, policy.description)


@pytest.mark.parametrize("late_start", [False, True])
def test_whole_sequences_equal_single_steps(late_start):
    """Also where an episode starts within a sequence, which the buffer never asks for."""
    memory = torch.nn.LSTM(3, 6)
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(4 * 5, 3, generator=generator)  # 4 sequences of 5 steps
    states = tuple(torch.randn(1, 4, 6, generator=generator) for _ in range(2))
    starts = torch.zeros(4, 5)
    starts[:2, 0] = 1.0
    starts[3, 2] = late_start
    arguments = (features, states, starts.flatten(), memory)
    found, expected = (
        policy._process_sequence(*arguments)
        for policy in (WholeSequencePolicy, RecurrentActorCriticPolicy)
    )
    torch.testing.assert_close(found, expected)
    forgetful = RecurrentActorCriticPolicy._process_sequence(
        features, states, torch.zeros(20), memory
    )
    assert (found[0] - forgetful[0]).abs().max() > 0.01


def test_training_runs_whole_sequences(monkeypatch):
    """Each gradient step calls a memory once, also though every sequence begins an episode."""
    model = SETTINGS.build(make_envs(SETTINGS, FAMILY, SMALL | {"max_evaluations": 7}), seed=0)
    lengths = []
    for memory in (model.policy.lstm_actor, model.policy.lstm_critic):
        memory.register_forward_hook(lambda module, inputs, output: lengths.append(len(inputs[0])))
    model.learn(56)
    assert lengths.count(7) == 2 * 2 * 2  # memories, passes, batches
    assert set(lengths) == {1, 7}


def test_first_forget_bias():
    plain, biased = (replace(SETTINGS, forget_bias=bias) for bias in (0.0, 1.5))
    envs = make_envs(SETTINGS, FAMILY, SMALL)
    before, after = (settings.build(envs, seed=0).policy for settings in (plain, biased))
    expected = np.repeat([0.0, 1.5, 0.0, 0.0], 6)  # input, forget, cell, output
    for name in ("lstm_actor", "lstm_critic"):
        one, other = (getattr(policy, name).bias_hh_l0.detach() for policy in (before, after))
        np.testing.assert_allclose(other - one, expected, rtol=0, atol=1e-6)


def test_a_crashed_training_ends_as_an_undisturbed_one(tmp_path, monkeypatch):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    arguments = {"env_options": {"split": "validation"}, "progress_bar": False}
    train(SETTINGS, FAMILY, run_dir=whole, **arguments)
    with monkeypatch.context() as patched:
        crash_at_checkpoint(patched, 2)
        with pytest.raises(CrashError):
            train(SETTINGS, FAMILY, run_dir=broken, **arguments)
    train(SETTINGS, FAMILY, run_dir=broken, resume=True, **arguments)
    policies = [Policy.load(folder / "policy") for folder in (whole, broken)]
    for name, array in policies[0].arrays.items():
        np.testing.assert_array_equal(array, policies[1].arrays[name])
    description = policies[0].description
    assert description["environment"]["options"] == SMALL
    assert description["validation"].keys() == {"score", "iqm", "mean", "tasks", "seed"}
    policies[0].check_env(gym.make(FAMILY, **SMALL))
    with pytest.raises(ValueError, match="observation"):
        policies[0].check_env(gym.make(FAMILY, split="validation"))


@pytest.mark.parametrize("algorithm", ["unrolled", "ppo", "recurrent_ppo"])
def test_tuners_of_families_are_chosen_by_regret(algorithm):
    for env_id in FAMILIES.values():
        assert settings_for(algorithm, env_id).criterion == "regret"
