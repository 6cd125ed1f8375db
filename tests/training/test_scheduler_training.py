"""Schedulers trained by an evolution strategy: what is learned, from what, and what is shipped."""

from __future__ import annotations

import json

import numpy as np
import pytest

from agents.schedulers.registry import TRAINED
from agents.training.classifiers.starts import FOLDS, fold_of_tables, starts_without
from agents.training.scheduling import evolution
from agents.training.scheduling.evolution import EvolutionSettings, evolve, validation
from agents.training.scheduling.linear import LinearPreferences
from hpo_gym.policies.policy import Policy
from hpo_gym.scheduling import PolicyScheduler, SchedulingEncoder
from hpo_gym.scheduling.rungs import HEAD, LAST, PER_RUNG, RungEncoder

pytest.importorskip("cmaes")
SMALL = EvolutionSettings(generations=1, candidates=4, episodes=4)


@pytest.fixture(scope="module")
def linear():
    return LinearPreferences(RungEncoder(SchedulingEncoder(2, (1, 4, 16, 64), 8, 200)))


def test_features_count_alike_at_all_rungs_or_grow_with_the_rung(linear):
    assert linear.basis.shape == (28, 4, HEAD + 4 * PER_RUNG + 1)
    weights = linear.weights(np.random.default_rng(0).normal(size=28))
    own = np.array(
        [[weights[j, HEAD + PER_RUNG * (j - 1) + i] for i in range(PER_RUNG)] for j in range(1, 4)]
    )
    np.testing.assert_allclose(own[2] - own[1], own[1] - own[0], atol=1e-6)
    grows = np.abs(own[1] - own[0]) > 1e-6
    assert grows.tolist() == [True, True, False, True, False, True, False]


def test_the_first_policy_goes_on_with_the_best_last_score(linear):
    weights = linear.weights(linear.first)
    view = np.zeros(linear.size, dtype=np.float32)
    view[HEAD + LAST], view[HEAD + PER_RUNG + LAST] = 0.5, 0.7
    assert np.argmax(weights[:, :-1] @ view + weights[:, -1]) == 2
    assert np.argmax(weights[:, -1]) == 0  # where nothing waits, a run is started


def test_tables_meet_lists_that_were_made_of_others():
    groups = evolution._groups(SMALL)
    options = [envs.unwrapped.process.options for envs in groups]
    assert [one.sampler for one in options] == ["random"] + 4 * ["portfolio"] + 4 * ["mixed"]
    for place, one in enumerate(options[1:]):
        fold = place % FOLDS
        assert one.split == "train"
        assert {fold_of_tables()[task] for task in one.task} == {fold}
        listed = 2.0 * starts_without(fold)[:, [0, 2]].astype(float) - 1.0
        np.testing.assert_allclose(one.starts, listed, atol=1e-6)
    assert {task for one in options[1:5] for task in one.task} == set(range(83))


def test_candidates_play_the_same_episodes():
    (envs, *_), draw = evolution._groups(SMALL), np.random.default_rng(0)
    process = envs.unwrapped.process
    first = LinearPreferences(process.rungs)
    other = first.weights(-first.first)
    weights = np.stack([first.weights(first.first)] * 2 + [other, first.weights(first.first)])
    returns = evolution._returns(envs, weights, *evolution._episodes(envs, draw, weights))
    assert returns.shape == (4, 4)
    np.testing.assert_array_equal(returns[[0, 0]], returns[[1, 3]])
    assert (returns[0] != returns[2]).any()


def test_a_training_is_fixed_by_its_seed_and_gives_a_scheduler(monkeypatch):
    monkeypatch.setattr(evolution, "_VALIDATION_EPISODES", 4)
    policies = [evolve(SMALL, seed, "command") for seed in (3, 3, 4)]
    one, again, other = (policy.arrays["weight_0"] for policy in policies)
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    encoder = SchedulingEncoder(2, (1, 2, 4, 8, 16, 32, 64, 100), 64, 800)
    observation = np.zeros(encoder.size, dtype=np.float32)
    observation[1] = 1.0  # the budget
    decision = PolicyScheduler(policies[0], budget=800).decide(encoder.decode(observation))
    assert decision.then == "start"  # nothing else is possible


def test_the_shipped_scheduler_is_as_good_as_it_says():
    description = json.loads(TRAINED["learned"].with_suffix(".json").read_text())
    arrays = Policy.load(TRAINED["learned"]).arrays
    weights = np.concatenate([arrays["weight_0"], arrays["bias_0"][:, None]], axis=1)
    found = validation(weights, ("random",))
    assert found["random"] == pytest.approx(description["validation"]["random"], abs=1e-6)
