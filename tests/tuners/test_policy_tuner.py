"""A policy by ask and tell does what it does in the environment."""

from __future__ import annotations

import json
import pickle

import gymnasium as gym
import numpy as np
import pytest
from made_up_policies import made_up_policy

from hpo_gym import Float, Integer, SearchSpace, pretrained
from hpo_gym.families import AnySpaceFamily
from hpo_gym.tuners import policy_tuner

METRICS = ("precision", "recall", "loss", "accuracy", "f1")
SPACE = SearchSpace(
    {
        "thr": Float(0.0, 1.0),
        "epochs": Integer(1, 100, nearest=True),
        "lr": Float(1e-4, 10**0.8, log=True),
    }
)
ALGORITHMS = ("unrolled", "ppo", "recurrent_ppo")


def play_both(algorithm, seed, between=lambda tuner: tuner):
    """Actions of a policy in an environment, and of its tuner that is told the same metrics."""
    policy = pretrained.load(algorithm, "fictitious")
    process = policy_tuner(policy, SPACE, 16)._encoder
    env = gym.make("hpo_gym:FictitiousHPOFamily-v0", observation=process.observation, split="test")
    observation, _ = env.reset(seed=seed)
    tuner, state, over = policy_tuner(policy, SPACE, 16), None, False
    start = np.array([True])
    while not over:
        action, state = policy.predict(observation, state, start, deterministic=True)
        start = np.array([False])
        observation, _, over, _, info = env.step(action)
        tuner = between(tuner)
        configuration = tuner.ask()
        assert configuration == tuner.ask()  # nothing moves on by asking
        expected = {name: info[name] for name in SPACE.names}
        assert configuration == pytest.approx(expected, rel=1e-12)
        tuner.tell(configuration, {name: info[name] for name in METRICS})
    assert tuner.best.score == info["best_f1"]
    assert tuner.evaluations == 16


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_proposes_what_the_policy_does_in_the_environment(algorithm):
    play_both(algorithm, seed=3)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_its_state_survives_json(algorithm):
    policy = pretrained.load(algorithm, "fictitious")

    def by_json(tuner):
        restored = policy_tuner(policy, SPACE, 16)
        restored.restore(json.loads(json.dumps(tuner.to_json())))
        return restored

    play_both(algorithm, seed=4, between=by_json)


def test_it_can_be_pickled():
    play_both("recurrent_ppo", seed=5, between=lambda tuner: pickle.loads(pickle.dumps(tuner)))


def test_other_names_and_bounds_in_the_same_cube():
    """Each parameter takes the place of one that the policy knows."""
    space = SearchSpace(
        {"cut": Float(0.0, 10.0), "trees": Integer(10, 1000, log=True), "rate": Float(1e-3, 1.0)}
    )
    policy = pretrained.load("unrolled", "binormal")
    ours, theirs = policy_tuner(policy, space, 5), policy_tuner(policy, SPACE, 5)
    for metrics in ({"f1": 0.5}, {"f1": 0.1}, {"f1": 0.7}):
        metrics = {**dict.fromkeys(METRICS, 0.5), **metrics}
        asked, known = ours.ask(), theirs.ask()
        assert list(asked) == ["cut", "trees", "rate"]
        assert asked["cut"] == pytest.approx(10.0 * known["thr"])
        ours.tell(asked, metrics)
        theirs.tell(known, metrics)


@pytest.mark.parametrize("task", range(6))
def test_tasks_with_search_spaces_of_their_own(task):
    """The policy knows the task's space, and proposes what it does in the environment."""
    policy = made_up_policy("hpo_gym:AnySpaceHPO-v0")
    space = AnySpaceFamily().task_space("test", task)
    env = gym.make("hpo_gym:AnySpaceHPO-v0", split="test")
    observation, _ = env.reset(seed=5, options={"task": task})
    tuner = policy_tuner(policy, space, 16)
    for _ in range(16):
        action, _ = policy.predict(observation, deterministic=True)
        assert tuner.ask() == space.configuration(np.clip(action, -1, 1)[: space.dimension])
        observation, _, _, _, info = env.step(action)
        tuner.tell(tuner.ask(), None if info["failed"] else {"value": info["value"]})
    restored = policy_tuner(policy, space, 16)
    restored.restore(json.loads(json.dumps(tuner.to_json())))
    assert restored.to_json() == tuner.to_json()


def test_a_space_that_no_task_has():
    nine = SearchSpace({f"x{i}": Float(0.0, 1.0) for i in range(9)})
    with pytest.raises(ValueError, match=r"9 unit coordinates: tasks .* have \[1, 8\]"):
        policy_tuner(made_up_policy("hpo_gym:AnySpaceHPO-v0"), nine, 4)


def test_told_configurations_of_a_smaller_space():
    tuner = policy_tuner(made_up_policy("hpo_gym:AnySpaceHPO-v0"), SPACE, 4)
    tuner.tell({"thr": 0.4, "epochs": 70, "lr": 0.1}, {"value": 0.6})
    assert list(tuner.ask()) == list(SPACE.names)


def test_a_failed_evaluation_is_never_the_best():
    tuner = policy_tuner(pretrained.load("unrolled", "fictitious"), SPACE, 3)
    tuner.tell(tuner.ask(), None)
    assert tuner.best is None
    asked = tuner.ask()
    tuner.tell(asked, dict.fromkeys(METRICS, 0.0))
    assert tuner.best.configuration == asked
    tuner.tell(tuner.ask(), {**dict.fromkeys(METRICS, 0.5), "loss": float("nan")})
    assert tuner.best.configuration == asked
    restored = policy_tuner(pretrained.load("unrolled", "fictitious"), SPACE, 3)
    restored.restore(json.loads(json.dumps(tuner.to_json())))
    assert restored.best == tuner.best
    with pytest.raises(ValueError, match="the budget of 3 evaluations is spent"):
        tuner.ask()


def test_other_configurations_may_be_told():
    tuner = policy_tuner(pretrained.load("unrolled", "fictitious"), SPACE, 3)
    mine = {"thr": 0.4, "epochs": 70, "lr": 0.1}
    tuner.tell(mine, dict.fromkeys(METRICS, 0.6))
    assert tuner.best.configuration == mine
    assert tuner.ask() != mine


def test_refusals():
    policy = pretrained.load("unrolled", "fictitious")
    with pytest.raises(ValueError, match="has 2 unit coordinates, the policy was trained on 3"):
        policy_tuner(policy, SearchSpace({"a": Float(0, 1), "b": Float(0, 1)}), 4)
    for budget in (0, 17):
        with pytest.raises(ValueError, match=rf"max_evaluations = {budget} must be .* \[1, 16\]"):
            policy_tuner(policy, SPACE, budget)
    tuner = policy_tuner(policy, SPACE, 4)
    asked = tuner.ask()
    with pytest.raises(ValueError, match=r"metrics \['accuracy', 'f1'\] are missing"):
        tuner.tell(asked, {"precision": 0.5, "recall": 0.5, "loss": 1.0})
    with pytest.raises(ValueError, match="must be numbers"):
        tuner.tell(asked, {**dict.fromkeys(METRICS, 0.5), "f1": "high"})
    with pytest.raises(ValueError, match=r"thr = 2\.0 is outside"):
        tuner.tell({**asked, "thr": 2.0}, dict.fromkeys(METRICS, 0.5))
    assert tuner.evaluations == 0
    other = policy_tuner(pretrained.load("ppo", "fictitious"), SPACE, 4)
    with pytest.raises(ValueError, match="the state has policy"):
        other.restore(tuner.to_json())


@pytest.mark.parametrize(
    ("metrics", "message"),
    [({"f1": 95.0}, r"'f1' = 95\.0 must lie in \[0, 1\]"), ({"loss": -1.0}, r"'loss' = -1\.0")],
)
def test_metrics_out_of_range_leave_it_as_it_was(metrics, message):
    tuner = policy_tuner(pretrained.load("ppo", "fictitious"), SPACE, 4)
    asked = tuner.ask()
    with pytest.raises(ValueError, match=message):
        tuner.tell(asked, {**dict.fromkeys(METRICS, 0.5), **metrics})
    assert tuner.evaluations == 0
    assert tuner.ask() == asked


def test_numbers_of_numpy_go_to_json():
    tuner = policy_tuner(pretrained.load("ppo", "fictitious"), SPACE, 4)
    told = {"thr": np.float64(0.25), "epochs": np.int64(20), "lr": np.float32(0.5)}
    tuner.tell(told, {**dict.fromkeys(METRICS, np.float64(0.5)), "loss": np.inf})
    assert json.loads(json.dumps(tuner.to_json()))["trials"][0]["metrics"] is None


def test_a_damaged_state_is_refused_whole():
    policy = pretrained.load("ppo", "fictitious")
    tuner = policy_tuner(policy, SPACE, 4)
    for _ in range(2):
        tuner.tell(tuner.ask(), dict.fromkeys(METRICS, 0.5))
    state = tuner.to_json()
    state["trials"][1]["unit"] = [0.0, 0.0]
    other = policy_tuner(policy, SPACE, 4)
    for damaged in (state, {**state, "trials": tuner.to_json()["trials"] * 3}, None):
        with pytest.raises(ValueError, match=r"damaged|exceed the budget|the state has space"):
            other.restore(damaged)
        assert other.evaluations == 0
