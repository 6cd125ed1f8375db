"""The particle tuner: it recognises tasks, and its expected improvement is what it says."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import hpo_gym
from agents import make_agent
from agents.informed.belief import HEAVIEST, LENGTH, Belief, Correction, Seen, tempered
from agents.informed.particle import climb, uniforms_of
from agents.informed.portfolio import read_portfolio
from hpo_gym import rng
from hpo_gym.arrays import Floats, Struct, Vectors
from hpo_gym.benchmark.scoring.statistics import iqm
from hpo_gym.families import make_family
from hpo_gym.testing import check_agent

IDS = ("FictitiousHPOFamily-v0", "BinormalHPOFamily-v0", "RoughHPOFamily-v0")


@pytest.mark.parametrize("env_id", IDS)
def test_weights_find_the_task(env_id):
    """Particles that are the rows' tasks are the heaviest after 8 observations, and no others."""
    tasks = np.array([7, 300, 5000, 16_000])
    exact = {"noise": 0.0} if env_id == IDS[0] else {}
    env = gym.make_vec(env_id, 4, **exact)
    observations, _ = env.reset(seed=0, options={"task": tasks})
    agent, actions = make_agent("particle", env), np.random.default_rng(3).uniform(-1, 1, (9, 4, 3))
    state = agent.predict(observations)[1]
    assert not state.log_weight.any()
    for action in actions[:8]:
        observations, *_ = env.step(action.astype(np.float32))
        state = agent.predict(observations, state)[1]
    assert state.told.tolist() == [8] * 4
    ranks = (state.log_weight > state.log_weight[np.arange(4), tasks][:, None]).sum(axis=1)
    if exact:
        assert ranks.tolist() == [0] * 4
    assert ranks.max() < 16  # counts tell less
    others = np.roll(tasks, 1)
    ranks = (state.log_weight > state.log_weight[np.arange(4), others][:, None]).sum(axis=1)
    assert ranks.min() > 50 and np.median(ranks) > 1000


def test_it_may_know_another_family_than_the_one_it_faces():
    env = gym.make("RecordedHPO-v0", split="train")
    with pytest.raises(ValueError, match=r"'recorded' has 83; .* family='rough' takes"):
        make_agent("particle", env)
    agent, state = make_agent("particle", env, family="binormal"), None
    observation, _ = env.reset(seed=0)
    first, state = agent.predict(observation, state)
    np.testing.assert_allclose(first, read_portfolio(make_family("binormal"), "f1")[0], atol=1e-6)
    for _ in range(4):
        action, state = agent.predict(observation, state)
        assert np.isfinite(action).all() and np.isfinite(state.log_weight).all()
        observation, *_ = env.step(action)
    assert np.ptp(state.log_weight) > 1.0
    with pytest.raises(ValueError, match=r"family = 'beale' has the space .* name one that has"):
        make_agent("particle", env, family="beale")


def test_tempering():
    random = np.random.default_rng(0)
    flat = 0.1 * random.normal(size=1000)
    chosen, weights = tempered(flat)
    assert chosen.tolist() == np.argsort(-flat)[:HEAVIEST].tolist()
    np.testing.assert_allclose(weights, np.exp(flat[chosen]) / np.exp(flat[chosen]).sum())
    sharp = 1000.0 * flat
    chosen, weights = tempered(sharp)
    assert weights.sum() == pytest.approx(1.0)
    assert (np.diff(weights) <= 0.0).all()
    untempered = np.exp(sharp - sharp.max())
    assert untempered.sum() ** 2 / np.square(untempered).sum() < 5.0
    assert 20.0 <= 1.0 / np.square(weights).sum() < 80.0
    # Weights to a power of 1/2, 1/4, ...
    power = np.log(weights[5] / weights[0]) / (sharp[chosen[5]] - sharp[chosen[0]])
    assert np.log2(power) == pytest.approx(round(np.log2(power)), abs=1e-6)


def test_correction_believes_what_is_exact_and_near():
    units = np.array([[0.0, 0.0], [0.9, -0.9]])
    left_over, weights = np.array([[0.2, -0.1, 0.0], [0.0, 0.1, 0.3]]), np.full(3, 1 / 3)
    exact = Correction(units, left_over, np.zeros(2), weights)
    np.testing.assert_allclose(exact(units), left_over, atol=1e-3)
    np.testing.assert_allclose(exact(units + 0.01), left_over, atol=0.02)
    assert np.abs(exact(np.array([[-1.0, 1.0]]))).max() < 0.05
    noisy = Correction(units, left_over, np.full(2, 10.0), weights)
    assert np.abs(noisy(units)).max() < 1e-3


def improvement_by_hand(
    process: Any, tasks: Struct, weights: Any, draws: Any, seen: Seen, unit: Any
) -> float:
    """The same with loops over particles, on Python floats."""
    xp, family, t = Floats(), process.family, len(seen.score)

    def evaluate(i: int, point: Any) -> tuple[float, float]:
        parameters = tasks.row(i)
        scaled = process.space.scaled(tuple(map(float, point)), xp)
        own = tuple(float(column[i]) for column in draws)
        exact, observed = family.evaluate(parameters, scaled, None, own, xp)
        return exact[4], observed[4]

    def kernel(a: Any, b: Any) -> float:
        return float(
            np.exp(-0.5 * sum((p - q) ** 2 for p, q in zip(a, b, strict=True)) / LENGTH**2)
        )

    n = len(weights)
    past = [[evaluate(i, point) for i in range(n)] for point in seen.unit]
    noise = [sum(w * (y - f) ** 2 for w, (f, y) in zip(weights, row, strict=True)) for row in past]
    spread = [
        sum(w * (score - f) ** 2 for w, (f, _) in zip(weights, row, strict=True))
        for score, row in zip(seen.score, past, strict=True)
    ]
    variance = max(sum(s - v for s, v in zip(spread, noise, strict=True)) / t, 1e-4)
    covariance = np.array([[kernel(a, b) for b in seen.unit] for a in seen.unit])
    covariance += np.diag([v / variance + 1e-4 for v in noise])
    best, total = int(np.argmax(seen.score)), 0.0
    for i in range(n):
        left_over = [score - row[i][0] for score, row in zip(seen.score, past, strict=True)]
        solved = np.linalg.inv(covariance) @ left_over

        def shift(point: Any, solved: Any = solved) -> float:
            return sum(kernel(point, b) * s for b, s in zip(seen.unit, solved, strict=True))

        f, y = evaluate(i, unit)
        if y + shift(unit) > seen.score[best]:
            now = past[best][i][0] + shift(seen.unit[best])
            total += weights[i] * (f + shift(unit) - now)
    return total


@pytest.mark.parametrize("env_id", IDS)
def test_improvement_is_the_sum_that_it_should_be(env_id):
    process = gym.make(env_id).unwrapped.process
    random = np.random.default_rng(5)
    tasks = process.family.bank("train").take(slice(6))
    weights = random.dirichlet(np.ones(6))
    draws = tuple(random.random((4, 6)))
    seen = Seen(random.uniform(-1, 1, (3, 3)), np.zeros((5, 3)), np.array([0.2, 0.4, 0.1]))
    belief = Belief(process.problem, process.family, tasks, weights, draws, seen)
    units = random.uniform(-1, 1, (12, 3))
    expected = [improvement_by_hand(process, tasks, weights, draws, seen, unit) for unit in units]
    np.testing.assert_allclose(belief.improvement(units), expected, rtol=1e-7, atol=1e-12)
    assert np.count_nonzero(expected) > 3
    other = Belief(process.problem, process.family, tasks, weights[::-1], draws, seen)
    assert not np.allclose(other.improvement(units), expected, rtol=1e-3)


def test_uniforms_of_normals():
    normals = np.random.default_rng(0).standard_normal((4, 1000))
    uniforms = uniforms_of(normals)
    assert np.min(uniforms) >= 0.0
    assert np.max(uniforms) < 1.0
    again = rng.normals_from(uniforms, Vectors())
    np.testing.assert_allclose(again, normals, rtol=1e-9, atol=1e-12)


def test_climbing_refines_the_best_candidate():
    goal = np.array([0.31, -0.22])
    calls = []

    def value(units: np.ndarray) -> np.ndarray:
        calls.append(units)
        return -np.square(units - goal).sum(axis=1)

    around = np.random.default_rng(0).normal(size=(48, 2))
    found = climb(value, np.array([[1.0, 1.0], [0.4, -0.2], [-1.0, 0.0]]), around)
    assert np.abs(found - goal).max() < 0.03 < np.abs(calls[0][1] - goal).max()
    assert max(np.abs(units).max() for units in calls) <= 1.0
    flat = climb(lambda units: np.zeros(len(units)), np.array([[0.5, 0.5], [0.1, 0.1]]), around)
    assert flat.tolist() == [0.5, 0.5]  # nothing is gained by moving


def regret(name: str, env_id: str, rows: int, evaluations: int) -> np.ndarray:
    env = gym.make_vec(env_id, rows, split="validation")
    observations, _ = env.reset(seed=list(range(rows)), options={"task": np.arange(rows)})
    agent, state = make_agent(name, env), None
    for _ in range(evaluations):
        actions, state = agent.predict(observations, state)
        observations, *_, infos = env.step(actions)
    return infos["regret"]


@pytest.mark.parametrize(("env_id", "most"), [(IDS[0], 0.07), (IDS[1], 0.015), (IDS[2], 0.08)])
def test_adapts(env_id, most):
    """After 4 evaluations of 64 validation tasks it is far ahead of the portfolio."""
    found, portfolio = (iqm(regret(name, env_id, 64, 4)) for name in ("particle", "portfolio"))
    assert found < most < 1.2 * most < portfolio


def test_contract():
    env = partial(gym.make, IDS[0], split="validation", max_evaluations=4)
    check_agent(lambda: make_agent("particle", env(), particles=256), env, steps=12)


def test_works_with_a_start_and_from_the_middle():
    """Without the state, the weights are those of the whole history."""
    env = gym.make(IDS[1], split="validation", start="random")
    agent, state = make_agent("particle", env, particles=512), None
    observation, _ = env.reset(seed=4)
    for _ in range(5):
        action, state = agent.predict(observation, state)
        np.testing.assert_array_equal(action, agent.predict(observation)[0])
        observation, *_ = env.step(action)
    assert state.told.tolist() == [5]


def test_refusals():
    with pytest.raises(ValueError, match=r"'notebook' has 1; 'fictitious'"):
        make_agent("particle", hpo_gym.TuningEnv(observation="history"))
    with pytest.raises(ValueError, match="needs observation='history', not 'summary'"):
        make_agent("particle", gym.make(IDS[0], observation="summary"))
    with pytest.raises(ValueError, match=r"particles = 3 must be a whole number in \[128, 131072"):
        make_agent("particle", gym.make(IDS[0]), particles=3)
    with pytest.raises(ValueError, match="no portfolio"):
        make_agent("particle", gym.make(IDS[0], metric="accuracy"))
