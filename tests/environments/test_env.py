"""The scalar environment: Gymnasium's and SB3's checks, rewards, infos, observations, resets."""

from __future__ import annotations

import math
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
from environment_ids import TUNING
from gymnasium.utils.env_checker import check_env
from walks import INFO, walk

import hpo_gym
from hpo_gym import FictitiousModel, TuningEnv, TuningVectorEnv
from hpo_gym.testing.rollouts import assert_equal
from hpo_gym.tuning.rewards import REWARDS, register_reward

START = {"thr": 0.3, "epochs": 10, "lr": 1e-4}
VARIANTS = {
    "defaults": {},
    "stop": {"stop": True},
    "history": {"observation": "history"},
}


@pytest.mark.parametrize("env_id", TUNING)
@pytest.mark.parametrize("variant", VARIANTS)
def test_gymnasium_check(env_id, variant):
    env = gym.make(f"hpo_gym:{env_id}", **VARIANTS[variant])
    check_env(env.unwrapped, skip_render_check=variant != "defaults")


@pytest.mark.parametrize("env_id", TUNING)
@pytest.mark.parametrize("variant", VARIANTS)
def test_sb3_check(env_id, variant):
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    env = gym.make(f"hpo_gym:{env_id}", **VARIANTS[variant])
    checker.check_env(env.unwrapped, warn=True, skip_render_check=True)


@pytest.mark.parametrize("options", [{"noise": 0.1}, {"start": "none", "noise": 0.1}], ids=str)
def test_gymnasium_check_of_other_options(options):
    check_env(TuningEnv(**options), skip_render_check=True)


def test_infos_have_the_same_keys_and_python_types_everywhere():
    for options in ({}, {"stop": True, "noise": 0.1}, {"start": "none"}, {"reward": "log_regret"}):
        for _, reward, info in walk(TuningEnv(**options), 30):
            assert {name: type(value) for name, value in info.items()} == INFO
            assert reward is None or type(reward) is float


def test_infos_of_beale():
    env = gym.make("hpo_gym:BealeHPO-v0")
    observation, info = env.reset(seed=0)
    assert info == {
        **{"x": 4.0, "y": 4.0, "f": 68891.203125, "best_f": 68891.203125},
        **{"regret": info["regret"], "cost": 0.0, "total_cost": 0.0},
        **{"evaluations": 0, "task": 0, "is_success": False},
    }
    score = 1 - math.log10(68892.203125) / math.log10(415072.703125)
    assert info["regret"] == pytest.approx(1 - score, abs=1e-15)
    assert observation[2] == np.float32(score)
    _, reward, _, _, info = env.step(np.array([0.6, 0.1], dtype=np.float32))
    assert (info["x"], info["y"]) == pytest.approx((3.0, 0.5), abs=1e-6)
    assert info["cost"] == 0.002  # the evaluation, no epochs
    assert info["is_success"] is True
    assert reward == pytest.approx(1.0 - score - 0.002, abs=1e-9)


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("metric", ["f1", "accuracy", "loss"])
@pytest.mark.parametrize("reward", ["f1_gain", "f1_delta", "log_regret"])
def test_rewards_and_regret_follow_their_definitions(reward, metric, noise):
    """Recomputed from the model and the observed metrics in the infos."""
    model = FictitiousModel(k_accuracy=0.9)
    env = TuningEnv(
        **{"reward": reward, "metric": metric, "noise": noise, "evaluation_cost": 0.01},
        **{"epoch_cost": 0.3, "family": {"name": "notebook", "k_accuracy": 0.9}},
    )

    def score(metrics):
        return 1.0 / (1.0 + metrics["loss"]) if metric == "loss" else metrics[metric]

    best_possible = score(model.optimum(metric).metrics._asdict())
    incumbent = best_observed = previous = total = None
    for _, found, info in walk(env, 20):
        exact = score(model.evaluate(info["thr"], info["epochs"], info["lr"])._asdict())
        observed = score(info)
        assert (observed == pytest.approx(exact, rel=1e-12)) is (noise == 0.0)
        if found is None:
            incumbent, best_observed, previous, total = exact, observed, exact, 0.0
            assert info["cost"] == 0.0
        else:
            old = incumbent
            if observed > best_observed:
                incumbent, best_observed = exact, observed
            cost = 0.01 + 0.3 * info["epochs"] / 100
            total += cost
            regret = min(max((best_possible - exact) / best_possible, 1e-3), 1.0)
            expected = {
                "f1_gain": incumbent - old - cost,
                "f1_delta": exact - previous - cost,
                "log_regret": incumbent - old - cost - 0.3 * math.log10(regret),
            }
            assert found == pytest.approx(expected[reward], abs=1e-10)
            assert info["cost"] == pytest.approx(cost, abs=1e-15)
            previous = exact
        assert info["total_cost"] == pytest.approx(total, abs=1e-12)
        assert info["regret"] == pytest.approx(1 - incumbent / best_possible, abs=1e-10)
        assert info["is_success"] is (info["regret"] <= 0.01)
        assert score({metric: info[f"best_{metric}"]}) == pytest.approx(best_observed, rel=1e-12)


def test_noise_misleads_the_choice_of_the_incumbent():
    """Negative control of the test above: the incumbent is chosen by what was observed."""
    worse = 0
    for seed in range(20):
        infos = [info for _, _, info in walk(TuningEnv(noise=0.3), 20, seed)]
        worse += any(b["regret"] > a["regret"] + 1e-9 for a, b in pairwise(infos))
    assert worse > 5
    for seed in range(5):
        regrets = [info["regret"] for _, _, info in walk(TuningEnv(), 20, seed)]
        assert regrets == sorted(regrets, reverse=True)


def test_success_is_a_regret_of_one_percent():
    env = TuningEnv(start="none")
    env.reset(seed=0)
    best = FictitiousModel().optimum()
    unit = np.array([2 * best.thr - 1, 2 * 79 / 99 - 1, 2 * 3.4 / 4.8 - 1])
    for epochs in (60, 70, 74, 76, 80):
        unit[1] = 2 * (epochs - 1) / 99 - 1
        *_, info = env.step(unit.astype(np.float32))
        assert info["is_success"] is (info["f1"] >= 0.99 * best.value)
    assert info["is_success"]
    assert info["regret"] < 1e-9


def test_reset_options_last_one_episode():
    env = TuningEnv()
    model = {"k_accuracy": 0.7}
    _, info = env.reset(seed=0, options={"start": START, "model": model})
    expected = FictitiousModel(**model).evaluate(0.3, 10, 1e-4)
    assert [info[name] for name in expected._fields] == pytest.approx(list(expected), rel=1e-12)
    assert (info["task"], info["epochs"], info["thr"]) == (-1, 10, 0.3)
    *_, info = env.step(np.zeros(3, dtype=np.float32))
    assert info["task"] == -1
    _, info = env.reset()
    assert info["task"] == 0
    again = FictitiousModel().evaluate(info["thr"], info["epochs"], info["lr"])
    assert info["f1"] == pytest.approx(again.f1, rel=1e-12)
    twin = TuningEnv()
    twin.reset(seed=0)
    assert twin.reset()[1] == info  # options do not shift the random numbers


def test_model_option_changes_the_family_of_the_constructor():
    env = TuningEnv(family={"name": "notebook", "k_recall": 0.5})
    _, info = env.reset(seed=0, options={"model": {"k_accuracy": 0.8}, "start": START})
    expected = FictitiousModel(k_recall=0.5, k_accuracy=0.8).evaluate(*START.values())
    assert info["recall"] == pytest.approx(expected.recall, rel=1e-12)


@pytest.mark.parametrize(
    ("env_options", "options", "words"),
    [
        ({}, {"seed": 1}, r"unknown reset options \['seed'\]; known: \['start', 'model', 'task'"),
        ({}, {"start": {"thr": 2, "epochs": 1, "lr": 1}}, "thr = 2.0 is outside"),
        ({}, {"start": {"thr": 0.5}}, "missing"),
        ({}, {"start": "random"}, "start|configuration"),
        ({}, {"model": {"k_f1": 1.0}}, "k_f1"),
        ({}, {"model": {"k_accuracy": 1.5}}, "accuracy"),
        ({}, {"model": 3}, "model"),
        ({"start": "none"}, {"start": START}, "start='none'"),
        ({"family": "beale", "metric": "f"}, {"model": {}}, "model"),
    ],
)
def test_bad_reset_options_leave_the_episode(env_options, options, words):
    for make in (TuningEnv, lambda **kwargs: TuningVectorEnv(2, **kwargs)):
        env, twin = make(**env_options), make(**env_options)
        first, second = env.reset(seed=0), twin.reset(seed=0)
        assert_equal(first, second, "equal seeds differ")
        before = dict(options)
        with pytest.raises(ValueError, match=words):
            env.reset(seed=9, options=options)
        assert options == before
        action = np.zeros(env.action_space.shape, dtype=np.float32)
        assert_equal(env.step(action), twin.step(action), "a refused reset changed the state")
        assert_equal(env.reset(), twin.reset(), "a refused reset changed the random numbers")


def test_costs_of_holding_still():
    """The cheapest evaluation, repeated: the return of a tuner that found nothing more."""
    env = TuningEnv()
    env.reset(seed=0, options={"start": {"thr": 0.5, "epochs": 80, "lr": 0.25}})
    rewards = [env.step(np.array([0, -1, 0], dtype=np.float32))[1] for _ in range(20)]
    assert rewards == pytest.approx([-0.0022] * 20, abs=1e-15)


def test_registered_ids():
    assert hpo_gym.ENVIRONMENTS.keys() == {
        "FictitiousHPO-v0",
        "FictitiousHPOAdjust-v0",
        "FictitiousHPONudge-v0",
        "BealeHPO-v0",
        "FictitiousHPOFamily-v0",
        "BinormalHPOFamily-v0",
        "RoughHPOFamily-v0",
        "RecordedHPO-v0",
        "LiveHPO-v0",
        "AnySpaceHPO-v0",
        "FictitiousHPOSchedule-v0",
        "RoughHPOSchedule-v0",
        "RecordedHPOSchedule-v0",
        "LearningRateSchedule-v0",
    }
    for env_id, action in (("", "propose"), ("Adjust", "adjust"), ("Nudge", "nudge")):
        env = gym.make(f"hpo_gym:FictitiousHPO{env_id}-v0")
        assert env.unwrapped.process.options.action == action
        assert env.spec.max_episode_steps is None  # an exhausted budget terminates


def test_rewards_can_be_added():
    def free(before, after, math):
        return after.best_true_score - before.best_true_score

    try:
        register_reward("free", free)
        register_reward("free", free)
        env = TuningEnv(reward="free")
        env.reset(seed=0, options={"start": {"thr": 0.5, "epochs": 80, "lr": 0.25}})
        assert env.step(np.array([0, -1, 0], dtype=np.float32))[1] == 0.0
        with pytest.raises(ValueError, match="reward 'free' exists"):
            register_reward("free", lambda before, after, math: 0.0)
    finally:
        REWARDS.pop("free")
