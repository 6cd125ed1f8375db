"""The oracle's plans against searches over action sequences that know nothing of plans."""

from __future__ import annotations

from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import hpo_gym
from agents import make_agent
from hpo_gym.tuning.optimal import optimal_return

STARTS = {
    "far": {"thr": 0.3, "epochs": 10, "lr": 1e-4},
    "corner": {"thr": 0.97, "epochs": 100, "lr": 6.0},
    "middle": {"thr": 0.02, "epochs": 55, "lr": 0.02},
    "near": {"thr": 0.57, "epochs": 83, "lr": 0.3},  # hardly anything to gain
}
POPULATION, ELITE, GENERATIONS = 400, 30, 50


@cache
def environments(rows: int, **options: Any) -> Any:
    return hpo_gym.TuningVectorEnv(rows, **options)


def returns_of(sequences: Any, start: Any, options: dict[str, Any]) -> np.ndarray:
    """Returns (N,) of action sequences (T, N, ...) from one start."""
    envs = environments(sequences.shape[1], **options)
    envs.reset(seed=0, options={"start": start})
    total, running = np.zeros(envs.num_envs), np.ones(envs.num_envs, dtype=bool)
    for actions in sequences:
        _, rewards, terminated, _, _ = envs.step(actions)
        total += np.where(running, rewards, 0.0)
        running &= ~terminated
    return total


def plan_of(start: Any, options: dict[str, Any]) -> np.ndarray:
    """The oracle's actions (T, ...); after a stop they are stops."""
    env = hpo_gym.TuningEnv(**options)
    observation, _ = env.reset(seed=0, options={"start": start})
    agent, state, actions, over = make_agent("oracle", env), None, [], False
    while not over:
        action, state = agent.predict(observation, state)
        observation, _, over, _, _ = env.step(action)
        actions.append(action)
    actions += [actions[-1]] * (env.process.options.max_evaluations - len(actions))
    return np.array(actions)


def cross_entropy(plan: np.ndarray, start: Any, options: dict[str, Any], *, blind: bool) -> float:
    """Best return that the cross-entropy method finds, blind or beginning around a plan."""
    rng = np.random.default_rng(1)
    size = environments(1, **options).process.mode.size
    best = -np.inf
    if plan.ndim == 1:
        odds = np.full((len(plan), size), 1.0 / size)
        if not blind:
            odds = 0.5 * odds + 0.5 * np.eye(size)[plan]
    else:
        mean, deviation = (0.0 * plan, 1.0) if blind else (1.0 * plan, 0.3)
        deviation = np.full(plan.shape, deviation)
    for _ in range(GENERATIONS):
        if plan.ndim == 1:
            draws = rng.random((len(plan), POPULATION, 1))
            sequences = (draws > odds.cumsum(axis=1)[:, None, :-1]).sum(axis=2)
        else:
            noise = rng.normal(size=(len(plan), POPULATION, size))
            sequences = np.clip(mean[:, None] + deviation[:, None] * noise, -1.0, 1.0)
        returns = returns_of(sequences, start, options)
        best = max(best, float(returns.max()))
        elite = sequences[:, np.argsort(returns)[-ELITE:]]
        if plan.ndim == 1:
            share = (elite[..., None] == np.arange(size)).mean(axis=1)
            odds = 0.3 * odds + 0.7 * (0.99 * share + 0.01 / size)
        else:
            mean = 0.3 * mean + 0.7 * elite.mean(axis=1)
            deviation = 0.3 * deviation + 0.7 * elite.std(axis=1)
    return best


def greedy(start: Any, options: dict[str, Any]) -> np.ndarray:
    """A short-sighted planner: always the action with the largest immediate reward."""
    env = environments(1, **options)
    if env.process.mode.discrete:
        candidates = np.arange(env.process.mode.size)
    else:
        candidates = np.stack(np.meshgrid(*[np.linspace(-1, 1, 5)] * 3), axis=-1).reshape(-1, 3)
    plan: list[Any] = []
    for _ in range(env.process.options.max_evaluations):
        tried = [np.array([action] * len(candidates)) for action in plan]
        returns = returns_of(np.array([*tried, candidates]), start, options)
        plan.append(candidates[returns.argmax()])
    return np.array(plan)


def value_of(plan: np.ndarray, start: Any, options: dict[str, Any]) -> float:
    return float(returns_of(plan[:, None], start, options)[0])


@pytest.mark.parametrize("action", ["adjust", "nudge"])
@pytest.mark.parametrize(
    ("start", "extra"),
    [
        *((start, {}) for start in STARTS),
        ("corner", {"stop": True}),
        ("far", {"metric": "loss", "epoch_cost": 0.005}),
        ("middle", {"reward": "f1_delta"}),
        ("near", {"reward": "f1_delta", "stop": True}),
    ],
)
def test_no_search_over_action_sequences_beats_the_plan(
    action: str, start: str, extra: dict[str, Any]
) -> None:
    options = {"action": action, **extra}
    plan = plan_of(STARTS[start], options)
    planned = value_of(plan, STARTS[start], options)
    blind = cross_entropy(plan, STARTS[start], options, blind=True)
    around = cross_entropy(plan, STARTS[start], options, blind=False)
    # Stricter than the 1 % that are asked for; 1e-6 is what the planner keeps from rounding edges.
    assert max(blind, around) <= planned + 1e-6
    # The search is worth beating: blind, it nearly finds the plan.
    assert blind >= planned - 0.06


@pytest.mark.parametrize("action", ["adjust", "nudge"])
def test_the_same_search_beats_a_short_sighted_planner(action: str) -> None:
    options = {"action": action}
    plan = greedy(STARTS["far"], options)
    value = value_of(plan, STARTS["far"], options)
    assert value < 0.97 * value_of(plan_of(STARTS["far"], options), STARTS["far"], options)
    assert cross_entropy(plan, STARTS["far"], options, blind=True) > 1.01 * value


@pytest.mark.parametrize("reward", ["f1_gain", "f1_delta"])
@pytest.mark.parametrize("stop", [False, True])
def test_nudge_plans_equal_an_exhaustive_search(reward: str, stop: bool) -> None:
    options = {"action": "nudge", "max_evaluations": 5, "reward": reward, "stop": stop}
    sequences = np.indices((7 + stop,) * 5).reshape(5, -1)
    rng = np.random.default_rng(0)
    for _ in range(3):  # near a wall, which re-aligns the lattice, in every parameter
        unit = rng.uniform(0.75, 1.0, 3) * rng.choice([-1.0, 1.0], 3)
        thr, epochs, lr = (unit + 1.0) / 2.0
        start = {"thr": thr, "epochs": round(1 + 99 * epochs), "lr": 10 ** (4.8 * lr - 4)}
        best = float(returns_of(sequences, start, options).max())
        assert value_of(plan_of(start, options), start, options) == pytest.approx(best, abs=1e-6)


def test_adjust_plans_equal_a_dense_search_of_one_evaluation() -> None:
    options = {"action": "adjust", "max_evaluations": 1, "adjust_step": 0.3}
    # One evaluation: thr and lr go to the best point they can reach, the epochs are enumerated.
    axis = np.linspace(-1.0, 1.0, 101)
    sequences = np.stack(np.meshgrid(axis[::4], axis, axis[::4]), axis=-1).reshape(1, -1, 3)
    for start in STARTS.values():
        found = returns_of(sequences, start, options).max()
        planned = value_of(plan_of(start, options), start, options)
        assert found <= planned + 1e-6
        assert found >= planned - 5e-3


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stop": True},
        {"reward": "f1_delta"},
        {"reward": "f1_delta", "stop": True},
        {"metric": "loss"},
        {"metric": "accuracy", "max_evaluations": 1},
        {"start": "none"},
        {"start": "none", "stop": True, "epoch_cost": 3.0},
        {"family": {"name": "notebook", "recall_slope": 11.0, "accuracy_lr_slope": 0.1}},
        {"family": "beale", "metric": "f"},
    ],
    ids=str,
)
def test_proposals_earn_the_best_return(options: dict[str, Any]) -> None:
    envs = hpo_gym.TuningVectorEnv(200, **options)
    observations, _ = envs.reset(seed=7)
    scores = None
    if envs.process.encoder.start_evaluated:
        scores = envs._state.true_score
    agent, state = make_agent("oracle", envs), None
    total, running = np.zeros(200), np.ones(200, dtype=bool)
    while running.any():
        actions, state = agent.predict(observations, state)
        observations, rewards, terminated, _, _ = envs.step(actions)
        total += np.where(running, rewards, 0.0)
        running &= ~terminated
    # Actions are float32, but scores are flat at the optimum and epochs are whole.
    np.testing.assert_allclose(total, optimal_return(envs, scores), rtol=0, atol=1e-9)


@pytest.mark.parametrize("action", ["adjust", "nudge"])
def test_it_plans_anew_when_the_position_departs_from_the_plan(action: str) -> None:
    def finish(forget: bool) -> float:
        env = hpo_gym.TuningEnv(action=action)
        agent, state, total, over = make_agent("oracle", env), None, 0.0, False
        observation, _ = env.reset(seed=0, options={"start": STARTS["far"]})
        while not over:
            choice, state = agent.predict(observation, state)
            count = int(env.process.encoder.evaluations(observation))
            if count < 4:  # somebody else moves thr up to the wall
                choice = np.array([1.0, 0.0, 0.0]) if action == "adjust" else 2
            observation, reward, over, _, _ = env.step(choice)
            total += float(reward)
            if forget and count == 3:
                state = None
        return total

    assert finish(forget=False) == pytest.approx(finish(forget=True), abs=1e-6)


def test_it_says_what_it_cannot_plan() -> None:
    for action in ("adjust", "nudge"):
        env = gym.make("BealeHPO-v0", action=action)
        with pytest.raises(ValueError, match=f"'oracle' plans action='{action}'.*not 'beale'"):
            make_agent("oracle", env)
    with pytest.raises(ValueError, match=r"'oracle' plans for the rewards.*not 'log_regret'"):
        make_agent("oracle", gym.make("FictitiousHPO-v0", reward="log_regret"))
