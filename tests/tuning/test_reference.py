"""The exact references, against brute force through the environment."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import hpo_gym
from hpo_gym.tuning.find import process_of
from hpo_gym.tuning.optimal import optimal_return, trade_off

T = 3
STARTS = (
    {"thr": 0.3, "epochs": 10, "lr": 1e-4},
    {"thr": 0.5, "epochs": 80, "lr": 0.25},  # so good that nothing pays
)


def grid(envs: Any) -> np.ndarray:
    """Unit configurations that contain the two that matter, as actions that do not stop."""
    trade = trade_off(envs)
    pairs = zip(trade.best, trade.cheapest, strict=True)
    axes = [sorted({-1.0, 0.1, best, cheapest}) for best, cheapest in pairs]
    points = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, len(axes))
    stop = envs.process.mode.stop
    actions = np.hstack((points, np.full((len(points), int(stop)), -1.0)))
    return np.vstack((actions, np.ones((int(stop), actions.shape[1]))))


def brute_force(start: Any, options: dict[str, Any]) -> tuple[float, float]:
    """Best return over all sequences of T configurations of the grid, and the optimal return."""
    small = hpo_gym.TuningVectorEnv(1, max_evaluations=T, **options)
    actions = grid(small)
    index = np.indices((len(actions),) * T).reshape(T, -1)
    envs = hpo_gym.TuningVectorEnv(index.shape[1], max_evaluations=T, **options)
    free = options.get("start") == "none"
    envs.reset(seed=0, options=None if free else {"start": start})
    scores = None if free else envs._state.true_score
    total, running = np.zeros(envs.num_envs), np.ones(envs.num_envs, dtype=bool)
    for choice in index:
        _, rewards, terminated, _, _ = envs.step(actions[choice])
        total += np.where(running, rewards, 0.0)
        running &= ~terminated
    best = optimal_return(envs, scores)
    return float(total.max()), float(best if free else best[0])


@pytest.mark.parametrize("start", STARTS, ids=["bad start", "good start"])
@pytest.mark.parametrize(
    "options",
    [
        {"reward": "f1_gain"},
        {"reward": "f1_delta"},
        {"reward": "f1_gain", "stop": True},
        {"reward": "f1_delta", "stop": True},
        {"metric": "loss", "epoch_cost": 0.1},
        {"start": "none"},
        {"start": "none", "reward": "f1_delta", "epoch_cost": 4.0},
        {"start": "none", "stop": True, "evaluation_cost": 2.0},
    ],
    ids=str,
)
def test_brute_force_finds_the_optimal_return(options: dict[str, Any], start: Any) -> None:
    found, expected = brute_force(start, options)
    assert found == pytest.approx(expected, abs=1e-12)


def test_known_values_of_the_fixed_model() -> None:
    env = gym.make("FictitiousHPO-v0")
    trade = trade_off(env)
    assert trade.value == pytest.approx(0.751655542808, abs=1e-12)
    assert trade.cost == pytest.approx(0.0022)
    assert trade.best == pytest.approx((-0.00614733769, 2 * 79 / 99 - 1, 5 / 12), abs=1e-9)
    assert trade.cheapest[1] == -1.0
    expected = [0.751655542808 - 19 * 0.0022, -20 * 0.0022]
    assert optimal_return(env, [0.0, 0.76]) == pytest.approx(expected, abs=1e-12)
    stopping = gym.make("FictitiousHPO-v0", stop=True)
    assert optimal_return(stopping, [0.0, 0.76]) == pytest.approx([0.751655542808, 0.0], abs=1e-12)


def test_averages_over_random_starts() -> None:
    envs = hpo_gym.TuningVectorEnv(20_000)
    envs.reset(seed=0)
    scores = envs._state.true_score
    optimum = float(optimal_return(envs, scores).mean())
    rng = np.random.default_rng(0)
    random, always = np.zeros(envs.num_envs), np.zeros(envs.num_envs)
    best = np.tile(trade_off(envs).best, (envs.num_envs, 1))
    for total, propose in ((random, lambda: rng.uniform(-1, 1, best.shape)), (always, best.copy)):
        envs.reset(seed=0)
        for _ in range(20):
            total += envs.step(propose())[1]
    assert optimum == pytest.approx(0.525, abs=0.005)
    assert random.mean() == pytest.approx(0.190, abs=0.005)
    # Proposing the optimum all the time is hardly better than chance: waiting cheaply matters.
    share = (always.mean() - random.mean()) / (optimum - random.mean())
    assert share == pytest.approx(0.10, abs=0.03)


def test_dynamics_are_found_behind_all_kinds_of_environments() -> None:
    from stable_baselines3.common.vec_env import DummyVecEnv

    from hpo_gym.integrations.sb3 import NativeVecEnv

    name = "FictitiousHPO-v0"
    native = gym.make_vec(name, 2, autoreset_mode="SameStep")
    behind = [
        gym.make(name),
        native,
        gym.wrappers.vector.RecordEpisodeStatistics(native),
        gym.make_vec(name, 2, vectorization_mode="sync"),
        NativeVecEnv(native),
        DummyVecEnv([lambda: gym.make(name)]),
        native.process,
    ]
    for env in behind:
        assert process_of(env).options == native.process.options
    with pytest.raises(ValueError, match="has no process: give an environment of hpo_gym"):
        process_of(gym.make("CartPole-v1"))


def test_the_resource_is_the_number_of_epochs() -> None:
    assert process_of(gym.make("FictitiousHPO-v0")).problem.resource_axis == 1
    assert process_of(gym.make("BealeHPO-v0")).problem.resource_axis is None


@pytest.mark.parametrize(
    ("options", "score", "message"),
    [
        ({"action": "adjust"}, 0.1, "action='propose' only, not 'adjust'"),
        ({"reward": "log_regret"}, 0.1, "not 'log_regret'"),
        ({"noise": 0.1}, 0.1, "not noise = 0.1; pass noise=0"),
        ({}, None, "start_score = None does not fit the option start = 'random'"),
        ({"start": "none"}, 0.1, "start_score = 0.1 does not fit the option start = 'none'"),
        ({}, [0.1, np.nan], r"must lie in \[0, 1\]"),
    ],
    ids=str,
)
def test_cases_without_a_reference_say_so(
    options: dict[str, Any], score: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        optimal_return(gym.make("FictitiousHPO-v0", **options), score)
