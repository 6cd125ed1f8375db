"""The scalar environment: Gymnasium's and SB3's checks, rewards, infos, observations, resets."""

from __future__ import annotations

import math
from itertools import pairwise

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import hpo_gym
from hpo_gym import FictitiousModel, TuningEnv, TuningVectorEnv
from hpo_gym.rewards import REWARDS, register_reward
from hpo_gym.testing.rollouts import assert_equal

START = {"thr": 0.3, "epochs": 10, "lr": 1e-4}
VARIANTS = {
    "defaults": {},
    "stop": {"stop": True},
    "history": {"observation": "history"},
}
INFO = {
    **{"thr": float, "epochs": int, "lr": float, "precision": float, "recall": float},
    **{"loss": float, "accuracy": float, "f1": float, "best_f1": float, "regret": float},
    **{"cost": float, "total_cost": float, "evaluations": int, "task": int, "is_success": bool},
}


def walk(env, steps, seed=0, **reset):
    """(observation, reward, info) of a start and of random steps of one episode."""
    generator = np.random.default_rng(seed)
    observation, info = env.reset(seed=seed, **reset)
    yield observation, None, info
    for _ in range(steps):
        if isinstance(env.action_space, gym.spaces.Discrete):
            action = int(generator.integers(env.action_space.n))
        else:
            action = generator.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        observation, reward, terminated, _, info = env.step(action)
        yield observation, reward, info
        if terminated:
            return


@pytest.mark.parametrize("env_id", hpo_gym.ENVIRONMENTS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_gymnasium_check(env_id, variant):
    # Frames have tests of their own.
    env = gym.make(f"hpo_gym:{env_id}", **VARIANTS[variant])
    check_env(env.unwrapped, skip_render_check=True)


@pytest.mark.parametrize("env_id", hpo_gym.ENVIRONMENTS)
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


def test_start_none_knows_nothing():
    env = TuningEnv(start="none", observation="history")
    observation, info = env.reset(seed=0)
    zero = {name: kind(0) for name, kind in INFO.items()}
    assert info == zero | {"regret": 1.0}
    parts = env.dynamics.layout.decode(observation)
    assert parts.known == 0.0
    assert parts.budget == 1.0
    assert np.count_nonzero(observation) == 1
    # The first evaluation is the incumbent, whatever it is worth.
    observation, reward, _, _, info = env.step(np.array([1, -1, -1], dtype=np.float32))
    assert info["best_f1"] == info["f1"] > 0.0
    assert reward == pytest.approx(info["f1"] - 0.0022, abs=1e-15)
    parts = env.dynamics.layout.decode(observation)
    assert parts.known == 1.0
    assert parts.history_filled.tolist() == [1.0] + [0.0] * 19


@pytest.mark.parametrize("noise", [0.0, 0.1])
@pytest.mark.parametrize("metric", ["f1", "accuracy", "loss"])
@pytest.mark.parametrize("reward", ["f1_gain", "f1_delta", "log_regret"])
def test_rewards_and_regret_follow_their_definitions(reward, metric, noise):
    """Recomputed from the model and the observed metrics in the infos."""
    model = FictitiousModel(k_accuracy=0.9)
    env = TuningEnv(
        **{"reward": reward, "metric": metric, "noise": noise, "evaluation_cost": 0.01},
        **{"epoch_cost": 0.3, "family": {"name": "fictitious", "k_accuracy": 0.9}},
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


@pytest.mark.parametrize(
    "options",
    [
        {"noise": 0.2},
        {"noise": 0.2, "observation": "history", "max_evaluations": 5},
        {"noise": 0.2, "observation": "history", "start": "none", "metric": "loss"},
        {"action": "nudge", "observation": "history", "stop": True, "metric": "accuracy"},
    ],
    ids=str,
)
def test_observations_are_what_the_infos_observed(options):
    """Every component is recomputed from what a tuner may know; nothing else is in it."""
    env = TuningEnv(**options)
    layout, space = env.dynamics.layout, env.dynamics.space
    metric = options.get("metric", "f1")
    rows, best, evaluations = [], None, -1
    for observation, reward, info in walk(env, 30, seed=4):
        assert observation in env.observation_space
        known = reward is not None or options.get("start") != "none"
        row, score = np.zeros(8), 0.0
        if known:
            # Epochs are observed unrounded: take that coordinate from the observation itself,
            # which must round to the epochs of the info.
            row[:3] = observation[:3]
            natural = space.unit([info["thr"], info["epochs"], info["lr"]])
            assert row[[0, 2]] == pytest.approx([natural[0], natural[2]], abs=1e-6)
            assert round(1 + 99 * (row[1] + 1) / 2) == info["epochs"]
            loss = info["loss"]
            row[3:] = (
                info["precision"],
                info["recall"],
                loss / (1 + loss),
                info["accuracy"],
                info["f1"],
            )
            score = 1 / (1 + loss) if metric == "loss" else info[metric]
        if info["evaluations"] > evaluations:  # no stop
            evaluations = info["evaluations"]
            rows += [row] if known else []
            if len(rows) < 2 or score > best[1]:
                best = row[:3], score
        budget = 1 - info["evaluations"] / layout.max_evaluations
        expected = [*row, *best[0], best[1], budget, float(known)]
        if options.get("observation") == "history":
            for past in rows:
                expected += [*past, 1.0]
            expected += [0.0] * (layout.size - len(expected))
        np.testing.assert_array_equal(observation, np.array(expected, dtype=np.float32))
        assert layout.evaluations(observation) == info["evaluations"]


def test_observations_do_not_know_the_optimum():
    """Two models that agree wherever they are evaluated, but not in their optima."""
    curvature = 3.0 + 0.01 / math.log10(2.0) ** 2  # keeps what 40 epochs reach
    other = {"accuracy_epochs_peak": 0.96, "accuracy_epochs_curvature": curvature}
    low = FictitiousModel().accuracy_epochs_curve(40.0)
    assert FictitiousModel(**other).accuracy_epochs_curve(40.0) == pytest.approx(low, rel=1e-15)
    for options in ({"observation": "history"}, {"noise": 0.1}, {"start": "none"}):
        envs = TuningEnv(**options), TuningEnv(**options)
        reset = {} if "start" in options else {"start": {"thr": 0.1, "epochs": 40, "lr": 0.1}}
        results = [
            env.reset(seed=0, options={**reset, "model": model})
            for env, model in zip(envs, ({}, other), strict=True)
        ]
        np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
        for thr in (0.3, -0.2, 0.6):
            action = np.array([thr, 2 * 39 / 99 - 1, thr], dtype=np.float32)
            results = [env.step(action) for env in envs]
            np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
        # What may know the optimum does.
        assert results[0][4]["regret"] != pytest.approx(results[1][4]["regret"], rel=1e-3)


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
    env = TuningEnv(family={"name": "fictitious", "k_recall": 0.5})
    _, info = env.reset(seed=0, options={"model": {"k_accuracy": 0.8}, "start": START})
    expected = FictitiousModel(k_recall=0.5, k_accuracy=0.8).evaluate(*START.values())
    assert info["recall"] == pytest.approx(expected.recall, rel=1e-12)


@pytest.mark.parametrize(
    ("env_options", "options", "words"),
    [
        ({}, {"seed": 1}, r"unknown reset options \['seed'\]; known: \['start', 'model'\]"),
        ({}, {"start": {"thr": 2, "epochs": 1, "lr": 1}}, "thr = 2 is outside"),
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


def test_layout_decodes_batches():
    for options in ({}, {"observation": "history"}, {"observation": "history", "start": "none"}):
        envs = TuningVectorEnv(6, max_evaluations=4, **options)
        observations, _ = envs.reset(seed=0)
        for _ in range(3):
            observations, *_, infos = envs.step(envs.action_space.sample())
        layout = envs.dynamics.layout
        batch = layout.decode(observations)
        for row in range(6):
            for part, whole in zip(layout.decode(observations[row]), batch, strict=True):
                np.testing.assert_array_equal(part, whole[row])
        assert layout.evaluations(observations).tolist() == infos["evaluations"].tolist() == [3] * 6
        np.testing.assert_allclose(batch.features[:, 4], infos["f1"], rtol=1e-6)
        np.testing.assert_allclose(batch.best_score, infos["best_f1"], rtol=1e-6)
        filled = 3 + (options.get("start") != "none")
        assert batch.history_filled.sum(axis=1).tolist() == [filled * bool(layout.rows)] * 6
        with pytest.raises(ValueError, match=f"has {layout.size} components"):
            layout.decode(observations[:, 1:])
    # The size that the documentation states.
    assert TuningEnv().observation_space.shape == (14,)


def test_costs_of_holding_still():
    """The cheapest evaluation, repeated: the return of a tuner that found nothing more."""
    env = TuningEnv()
    env.reset(seed=0, options={"start": {"thr": 0.5, "epochs": 80, "lr": 0.25}})
    rewards = [env.step(np.array([0, -1, 0], dtype=np.float32))[1] for _ in range(20)]
    assert rewards == pytest.approx([-0.0022] * 20, abs=1e-15)


def test_registered_ids():
    assert hpo_gym.ENVIRONMENTS.keys() == {
        *("FictitiousHPO-v0", "FictitiousHPOAdjust-v0", "FictitiousHPONudge-v0", "BealeHPO-v0")
    }
    for env_id, action in (("", "propose"), ("Adjust", "adjust"), ("Nudge", "nudge")):
        env = gym.make(f"hpo_gym:FictitiousHPO{env_id}-v0")
        assert env.unwrapped.dynamics.options.action == action
        assert env.spec.max_episode_steps is None  # an exhausted budget terminates


def test_rewards_can_be_added():
    def free(change, math):
        return change.best_score - change.previous_best_score

    try:
        register_reward("free", free)
        register_reward("free", free)
        env = TuningEnv(reward="free")
        env.reset(seed=0, options={"start": {"thr": 0.5, "epochs": 80, "lr": 0.25}})
        assert env.step(np.array([0, -1, 0], dtype=np.float32))[1] == 0.0
        with pytest.raises(ValueError, match="reward 'free' exists"):
            register_reward("free", lambda change, math: 0.0)
    finally:
        REWARDS.pop("free")


def test_ties_keep_the_earlier_incumbent():
    """Two coordinates that round to the same epochs have the same score, bit for bit."""
    for make in (TuningEnv, lambda **options: TuningVectorEnv(1, **options)):
        env = make(start="none")
        env.reset(seed=0)
        actions = np.array([[0.0, 0.6, 0.4], [0.0, 0.601, 0.4]], dtype=np.float32)
        for action in actions:
            observation, *_, info = env.step(action.reshape(env.action_space.shape))
        assert info["epochs"] == 80
        assert info["best_f1"] == info["f1"]
        parts = env.dynamics.layout.decode(observation)
        np.testing.assert_array_equal(parts.unit.reshape(-1), actions[1])
        np.testing.assert_array_equal(parts.best_unit.reshape(-1), actions[0])
