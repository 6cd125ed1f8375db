"""Scrambled Sobol points."""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import pytest

import hpo_gym
from agents import make_agent
from hpo_gym.testing import check_agent


def episode(name: str, budget: int, rows: int = 1, seed: int = 0) -> np.ndarray:
    """Proposals (budget, rows, 3) of one episode."""
    envs = hpo_gym.TuningVectorEnv(rows, max_evaluations=budget, start="none")
    seen, _ = envs.reset(seed=0)
    agent, state, actions = make_agent(name, envs, seed=seed), None, []
    for _ in range(budget):
        action, state = agent.predict(seen, state)
        actions.append(action)
        seen = envs.step(action)[0]
    return np.stack(actions)


@pytest.mark.parametrize("options", [{}, {"start": "none"}, {"stop": True}])
def test_contract(options: dict[str, object]) -> None:
    env = partial(hpo_gym.TuningEnv, max_evaluations=5, **options)
    check_agent(lambda: make_agent("sobol", env(), seed=3), env, steps=12, stochastic=True)


def strata(points: np.ndarray) -> np.ndarray:
    """How many of n points (n, rows, d) lie in each nth of each axis, (n, rows, d)."""
    n = len(points)
    bins = np.floor((points.astype(np.float64) + 1.0) / 2.0 * n).clip(0, n - 1)
    return (bins[None] == np.arange(n)[:, None, None, None]).sum(axis=1)


@pytest.mark.parametrize("budget", [16, 32])
def test_every_stratum_of_every_axis_has_one_point(budget: int) -> None:
    points = episode("sobol", budget, rows=20)
    # Each half, too, is a Sobol set of its own.
    for part in (points, points[: budget // 2], points[budget // 2 :]):
        assert (strata(part) == 1).all()
    assert not (strata(episode("random", budget, rows=20)) == 1).all()


def test_other_budgets_get_the_first_points() -> None:
    np.testing.assert_array_equal(episode("sobol", 11), episode("sobol", 16)[:11])
    assert episode("sobol", 1).shape == (1, 1, 3)


def test_scrambles_are_uniform_and_differ() -> None:
    points = episode("sobol", 2, rows=2000)
    assert np.abs(points.mean(axis=(0, 1))).max() < 0.02
    # The first point alone is uniform, unlike Sobol's own first point, a corner.
    assert np.abs(points[0].std(axis=0) - 1 / np.sqrt(3)).max() < 0.03
    assert np.abs(np.corrcoef(points[0].T) - np.eye(3)).max() < 0.08
    assert not np.array_equal(episode("sobol", 4), episode("sobol", 4, seed=1))


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats.qmc", None)
    with pytest.raises(ImportError, match=r"'sobol' needs scipy: pip install 'hpo-gym\[bench\]'"):
        make_agent("sobol", hpo_gym.TuningEnv())
