"""SciPy's minimisers as agents: the points of a direct call, one evaluation at a time."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from walks import play

import hpo_gym
from agents import make_agent
from agents.searches.scipy_search import METHODS, MinimiserAgent
from hpo_gym.families.beale import beale
from hpo_gym.testing import check_agent
from hpo_gym.tuners import build_agent

EPS = {"L-BFGS-B": 1e-3, "SLSQP": 1e-3, "BFGS": 1e-3, "CG": 1e-3}
UNBOUNDED = ("BFGS", "CG")


def beale_env(budget: int) -> hpo_gym.TuningEnv:
    return hpo_gym.TuningEnv(
        family="beale", metric="f", start={"x": 4.0, "y": 4.0}, max_evaluations=budget
    )


def direct(method: str, **options: Any) -> tuple[np.ndarray, Any]:
    """Points (n, 2) in x and y that SciPy asks for, each once, without the start; its result."""
    env = beale_env(10_000)
    seen, _ = env.reset(seed=0)
    start = seen[:2].astype(np.float64)
    values = {start.tobytes(): -float(seen[2])}
    points = []

    def objective(point: np.ndarray) -> float:
        key = np.array(point).tobytes()
        if key not in values:
            observation, _, _, _, info = env.step(np.clip(point, -1, 1).astype(np.float32))
            points.append((info["x"], info["y"]))
            values[key] = -float(observation[2])  # minus the score, as a float32
        return values[key]

    if method in EPS:
        options["eps"] = EPS[method]
    bounds = None if method in UNBOUNDED else [(-1, 1)] * 2
    result = minimize(objective, start, method=method, bounds=bounds, options=options)
    return np.array(points), result


@pytest.mark.parametrize("method", METHODS)
def test_points_are_those_of_a_direct_call(method: str) -> None:
    env = beale_env(20)
    expected, _ = direct(method)
    infos = play(build_agent(MinimiserAgent, env, method=method), env)
    points = np.array([[info["x"], info["y"]] for info in infos])
    length = min(len(points), len(expected))
    assert length >= 5
    np.testing.assert_array_equal(points[:length], expected[:length])


def test_nelder_mead_solves_beale_as_the_tutorial_does() -> None:
    env = hpo_gym.TuningEnv(**hpo_gym.ENVIRONMENTS["BealeHPO-v0"], max_evaluations=120)
    infos = play(build_agent(MinimiserAgent, env, method="Nelder-Mead"), env)
    assert min(info["f"] for info in infos) < 1e-6
    assert infos[-1]["regret"] < 1e-6
    # On the function itself, in x and y: Nelder-Mead looks at the order of the values alone.
    path: list[Any] = []

    def objective(point: np.ndarray) -> float:
        path.append(point.copy())
        return float(beale(*point))

    minimize(objective, (4.0, 4.0), method="Nelder-Mead", bounds=[(-5, 5)] * 2)
    points = [[info["x"], info["y"]] for info in infos[:60]]
    np.testing.assert_allclose(points, path[1:61], rtol=0, atol=1e-5)


def test_finite_differences_are_paid() -> None:
    _, result = direct("L-BFGS-B", maxiter=6)
    env = beale_env(result.nfev - 1)  # the start is known
    infos = play(build_agent(MinimiserAgent, env, method="L-BFGS-B", options={"maxiter": 6}), env)
    last = infos[-1]
    assert abs(last["x"] / 5 - result.x[0]) < 2e-3 and abs(last["y"] / 5 - result.x[1]) < 2e-3
    # Three evaluations are one gradient: a point and a small step on each axis.
    first = np.array([[i["x"], i["y"]] for i in infos[:2]])
    np.testing.assert_allclose(first, [[4.005, 4.0], [4.0, 4.005]], atol=1e-5)


@pytest.mark.parametrize("method", ["L-BFGS-B", "Nelder-Mead"])
def test_a_minimiser_that_ends_begins_elsewhere(method: str) -> None:
    env = beale_env(60)
    options = {"maxiter": 3}
    agents = [
        build_agent(MinimiserAgent, env, method=method, seed=s, options=options) for s in (1, 1, 2)
    ]
    one, two, other = (np.array([[i["x"], i["y"]] for i in play(agent, env)]) for agent in agents)
    np.testing.assert_array_equal(one, two)
    jumps = np.flatnonzero((one != other).any(axis=1))
    assert 3 < jumps[0] < 50  # the same way from the same start, then from another one each
    assert len(np.unique(one, axis=0)) == len(one)


@pytest.mark.parametrize("method", ["Nelder-Mead", "Powell", "L-BFGS-B", "BFGS"])
@pytest.mark.parametrize("options", [{"start": "none"}, {"noise": 0.2, "observation": "history"}])
def test_contract(method: str, options: dict[str, Any]) -> None:
    env = partial(hpo_gym.TuningEnv, max_evaluations=8, **options)
    check_agent(
        lambda: build_agent(MinimiserAgent, env(), seed=3, method=method),
        env,
        steps=18,
        stochastic=True,
    )


def test_starts_are_given_known_or_random() -> None:
    chosen = {"thr": 0.25, "epochs": 40, "lr": 0.001}
    env = hpo_gym.TuningEnv(start="none", max_evaluations=4)
    first = play(build_agent(MinimiserAgent, env, start=chosen), env)[0]
    assert {name: first[name] for name in chosen} == pytest.approx(chosen, rel=1e-5)
    starts = [play(build_agent(MinimiserAgent, env, seed=seed), env)[0]["thr"] for seed in range(3)]
    assert len(set(starts)) == 3
    known = hpo_gym.TuningEnv(start=chosen, max_evaluations=4)
    first = play(build_agent(MinimiserAgent, known), known)[
        0
    ]  # one corner of the simplex, not the start
    assert first["thr"] == pytest.approx(0.25 - 0.0125, rel=1e-5) and first["epochs"] == 40


def test_the_first_simplex_points_inwards() -> None:
    start = {"x": 4.5, "y": -4.5}
    env = hpo_gym.TuningEnv(family="beale", metric="f", start="none", max_evaluations=3)
    infos = play(make_agent("nelder-mead", env, start=start), env)
    points = [[info["x"], info["y"]] for info in infos]
    np.testing.assert_allclose(points, [[4.5, -4.5], [2.0, -4.5], [4.5, -2.0]], atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "Newton-CG"}, r"method = 'Newton-CG' must be one of \['Nelder-Mead'"),
        ({"method": "Powell", "simplex": 0.5}, "is Nelder-Mead's only"),
        ({"simplex": 0.0}, r"simplex = 0.0 .* must be in \(0, 1\]"),
        ({"start": {"thr": 2.0, "epochs": 1, "lr": 1.0}}, "thr = 2.0 is outside"),
    ],
)
def test_mistakes_are_explained(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_agent(MinimiserAgent, hpo_gym.TuningEnv(), **settings)


def test_options_that_allow_nothing_are_refused() -> None:
    env = hpo_gym.TuningEnv()
    with pytest.raises(ValueError, match="evaluate nothing"):
        build_agent(MinimiserAgent, env, options={"maxfev": 0}).predict(env.reset(seed=0)[0])


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r"needs scipy: pip install 'hpo-gym\[bench\]'"):
        build_agent(MinimiserAgent, hpo_gym.TuningEnv())
