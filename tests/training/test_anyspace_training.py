"""Training of the tuner for any space."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from training_hooks import Hooks

from agents.training.anyspace import courses
from agents.training.anyspace.bank import bank
from agents.training.anyspace.learner import AnySpaceSettings
from agents.training.anyspace.unroll import unroll
from agents.training.train import train
from hpo_gym.families.anyspace.functions import failed, values
from hpo_gym.policies.anyspace import network
from hpo_gym.policies.anyspace.policy import AnySpacePolicy

SMALL = AnySpaceSettings(updates=4, interval=2, tasks=64, work=600, evaluation_episodes=8)


def weights(seed=0):
    arrays = network.initial(np.random.default_rng(seed))
    return {name: torch.from_numpy(array).requires_grad_() for name, array in arrays.items()}


def test_a_restored_learner_goes_on_as_if_nothing_had_happened():
    whole = SMALL.learner("AnySpaceHPO-v0", {}, seed=3)
    whole.learn(Hooks())
    first = SMALL.learner("AnySpaceHPO-v0", {}, seed=3)
    with pytest.raises(KeyboardInterrupt):
        first.learn(Hooks(stop=2))
    second = SMALL.learner("AnySpaceHPO-v0", {}, seed=7)
    second.restore(first.capture())
    second.learn(Hooks())
    mine, theirs = (each.policy({}).arrays for each in (whole, second))
    for name, array in mine.items():
        np.testing.assert_array_equal(array, theirs[name])


def test_one_command_trains_a_policy(tmp_path):
    trained = train(SMALL, "hpo_gym:AnySpaceHPO-v0", run_dir=tmp_path / "run", progress_bar=False)
    policy = AnySpacePolicy.load(tmp_path / "run" / "policy.npz")
    assert policy.description["hand_over"] == 6
    assert set(policy.description["validation"]["iqm"]) == {"4", "8", "16"}
    assert json.dumps(trained.policy.description)
    again = replace(SMALL).validate(policy, {})
    assert again == policy.description["validation"]


def test_every_weight_that_is_used_learns():
    tasks = bank("train", 16, 4)
    course = courses.course(tasks, 6, 2, None, 6, np.random.default_rng(0))
    start = weights()
    unroll(start, tasks, course, 1.0).regret.mean().backward()
    for name, weight in start.items():
        assert torch.isfinite(weight.grad).all() and weight.grad.abs().max() > 0.0, name


def test_the_regret_is_that_of_the_best_observed_point():
    tasks = bank("validation", 24, 3)
    random = np.random.default_rng(1)
    course = courses.course(tasks, 5, 1, random.random((24, 3)), 6, random)
    with torch.no_grad():
        runs = unroll(weights(), tasks, course, 1.0)
    start = course.start[:, None]
    whole = (tasks.layout.cells == 0).all(axis=1) & (tasks.layout.group == 0).all(axis=1)
    good = whole & ~failed(tasks.functions, start)[:, 0]
    regret = 1.0 - values(tasks.functions, start)[:, 0]
    np.testing.assert_allclose(runs.regret[0].numpy()[good], regret[good], rtol=1e-3, atol=1e-3)
    assert good.sum() > 3


def test_a_task_can_be_tuned_by_several_workers():
    tasks = bank("validation", 48, 2)
    regrets = {}
    for workers in (1, 8):
        course = courses.course(tasks, 12, workers, None, 6, np.random.default_rng(2))
        with torch.no_grad():
            regrets[workers] = unroll(weights(), tasks, course, 1.0).regret.numpy()
    assert np.median(regrets[1][-1]) < np.median(regrets[8][-1]) < np.median(regrets[8][2])
