"""Draws of HyperDrive's samplings: their distributions, their order, and how they come about."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from math import exp, log

import numpy as np
import pytest

from hpo_gym.hyperdrive import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
    choice,
    lognormal,
    loguniform,
    normal,
    qlognormal,
    qloguniform,
    qnormal,
    quniform,
    randint,
    uniform,
)
from hpo_gym.hyperdrive.parameter_expressions import expression

optuna = pytest.importorskip("optuna")
stats = pytest.importorskip("scipy.stats")

COUNT = 4000


def draws(value, seed=0, count=COUNT, **properties):
    sampling = RandomParameterSampling({"x": value}, properties=properties)
    return [sampling.suggest(number, seed)["x"] for number in range(count)]


CONTINUOUS = {
    "uniform": (uniform(-2, 3), stats.uniform(-2, 5)),
    "loguniform": (loguniform(log(1e-4), log(10)), stats.loguniform(1e-4, 10)),
    "normal": (normal(10, 3), stats.norm(10, 3)),
    "lognormal": (lognormal(1, 0.5), stats.lognorm(0.5, scale=exp(1))),
}


@pytest.mark.parametrize("name", CONTINUOUS)
@pytest.mark.parametrize("rule", ["random", "sobol"])
def test_continuous_distributions(name, rule):
    value, expected = CONTINUOUS[name]
    drawn = draws(value, rule=rule)
    assert stats.kstest(drawn, expected.cdf).pvalue > 0.001
    others = [other for key, (_, other) in CONTINUOUS.items() if key != name]
    assert all(stats.kstest(drawn, other.cdf).pvalue < 1e-9 for other in others)


QUANTISED = {
    "quniform": (quniform(0, 10, 3), stats.uniform(0, 10), 3),
    "qloguniform": (qloguniform(0, 3, 2), stats.loguniform(1, exp(3)), 2),
    "qnormal": (qnormal(1, 4, 2), stats.norm(1, 4), 2),
    "qlognormal": (qlognormal(1, 0.5, 1), stats.lognorm(0.5, scale=exp(1)), 1),
}


@pytest.mark.parametrize("name", QUANTISED)
def test_quantised_distributions(name):
    value, real, q = QUANTISED[name]
    seen = Counter(draws(value))
    assert all(type(each) is int and each % q == 0 for each in seen)
    levels = sorted(seen)
    chance = np.array([real.cdf(level + q / 2) - real.cdf(level - q / 2) for level in levels])
    assert chance.sum() > 0.995
    often = chance * COUNT > 5
    observed = np.array([seen[level] for level in levels])[often]
    expected = chance[often] * observed.sum() / chance[often].sum()
    assert stats.chisquare(observed, expected).pvalue > 0.001


@pytest.mark.parametrize("rule", ["random", "sobol"])
def test_discrete_distributions(rule):
    for value, options in ((choice("a", "b", "c"), "abc"), (randint(7), range(7))):
        seen = Counter(draws(value, rule=rule))
        assert sorted(seen) == sorted(options)
        assert stats.chisquare(list(seen.values())).pvalue > 0.001


def test_bounds_and_rounding():
    assert all(-2 <= each < 3 for each in draws(uniform(-2, 3)))
    assert all(1e-4 <= each <= 10 for each in draws(loguniform(log(1e-4), log(10))))
    assert set(draws(quniform(1, 9, 4))) == {0, 4, 8}  # by half of q outside
    assert set(draws(expression("quniform", 0, 1, 0.25))) == {0, 0.25, 0.5, 0.75, 1}
    assert set(draws(loguniform(1, 1), count=5)) == {exp(1)}
    assert set(draws(normal(2, 0), count=5)) == {2}
    assert set(draws(choice(None), count=5)) == {None}


def test_a_sobol_grid_has_no_holes():
    for start in (0, 64):
        cells = [int(64 * each) for each in draws(uniform(0, 1), count=128, rule="sobol")]
        assert sorted(cells[start : start + 64]) == list(range(64))


def test_the_base_of_logarithms():
    drawn = draws(loguniform(-4, 0), logbase=10)
    assert stats.kstest(drawn, stats.loguniform(1e-4, 1).cdf).pvalue > 0.001
    assert draws(loguniform(-4, 0), logbase="e", count=9) == draws(loguniform(-4, 0), count=9)


SPACE = {
    "lr": loguniform(-6, -1),
    "model": choice({"name": "tree", "depth": randint(5)}, {"name": "net", "lr": uniform(0, 1)}),
}


def test_a_draw_is_a_function_of_seed_number_and_name():
    sampling = RandomParameterSampling(SPACE)
    first = [sampling.suggest(number, 7) for number in range(20)]
    again = RandomParameterSampling(dict(reversed(SPACE.items())))
    assert [again.suggest(number, 7) for number in reversed(range(20))] == first[::-1]
    assert all(sampling.suggest(number, 8) != first[number] for number in range(20))
    assert len({point["lr"] for point in first}) == 20
    alone = RandomParameterSampling({"lr": SPACE["lr"]})
    assert [alone.suggest(number, 7)["lr"] for number in range(20)] == [p["lr"] for p in first]
    own = RandomParameterSampling(SPACE, properties={"seed": 7})
    assert [own.suggest(number, 1) for number in range(20)] == first


def test_another_process_draws_the_same():
    program = (
        "from hpo_gym.hyperdrive import *\n"
        "space = {'lr': loguniform(-6, -1), 'batch': choice(16, 32), 'c': normal(0, 1)}\n"
        "print([RandomParameterSampling(space).suggest(k, 3) for k in range(3)])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    }
    (text,) = printed
    space = {"lr": loguniform(-6, -1), "batch": choice(16, 32), "c": normal(0, 1)}
    assert eval(text) == [RandomParameterSampling(space).suggest(k, 3) for k in range(3)]


def test_the_lowest_uniform_has_a_quantile(monkeypatch):
    monkeypatch.setattr("hpo_gym.rng.uniforms", lambda key, count: (0.0,) * count)
    assert -9 < draws(normal(0, 1), count=1)[0] < -8
    assert draws(uniform(0, 1), count=1)[0] < 1e-15


@pytest.mark.parametrize("rule", ["random", "sobol"])
def test_hyperparameters_are_independent(rule):
    space = {name: uniform(0, 1) for name in ("a", "b", "c")}
    sampling = RandomParameterSampling(space, properties={"rule": rule})
    rows = np.array([list(sampling.suggest(number, 0).values()) for number in range(2000)])
    correlations = np.corrcoef(np.hstack([rows[1:], rows[:-1]]).T)
    np.fill_diagonal(correlations, 0)
    among, one_later = correlations[:3, :3], correlations[:3, 3:]
    assert np.abs(among).max() < 0.07
    assert rule == "sobol" or np.abs(one_later).max() < 0.07


def test_spaces_within_a_choice():
    points = [RandomParameterSampling(SPACE).suggest(number, 0) for number in range(COUNT)]
    trees = [p["model"] for p in points if p["model"]["name"] == "tree"]
    nets = [p["model"] for p in points if p["model"]["name"] == "net"]
    both = [(log(p["lr"]), p["model"]["lr"]) for p in points if p["model"]["name"] == "net"]
    assert abs(np.corrcoef(np.transpose(both))[0, 1]) < 0.07  # two hyperparameters of one name
    assert stats.binomtest(len(trees), len(points)).pvalue > 0.001
    assert len(trees) + len(nets) == len(points)
    assert all(set(tree) == {"name", "depth"} for tree in trees)
    assert stats.chisquare(list(Counter(t["depth"] for t in trees).values())).pvalue > 0.001
    assert stats.kstest([net["lr"] for net in nets], stats.uniform().cdf).pvalue > 0.001


def test_grids():
    grid = GridParameterSampling({"layers": choice(1, 2, 3), "batch": choice(16, 32)})
    points = [tuple(grid.suggest(number, 0).values()) for number in range(6)]
    assert grid.size() == 6
    assert points == [(1, 16), (1, 32), (2, 16), (2, 32), (3, 16), (3, 32)]
    with pytest.raises(IndexError, match=r"number = 6 must be in \[0, 5\]"):
        grid.suggest(6, 0)


def test_grids_of_spaces_within_a_choice():
    within = choice({"depth": choice(2, 4)}, "none", {"k": choice(1, 2), "w": 3})
    grid = GridParameterSampling({"model": within, "seed": choice(0, 1)})
    points = [grid.suggest(number, 0) for number in range(grid.size())]
    models = [{"depth": 2}, {"depth": 4}, "none", {"k": 1, "w": 3}, {"k": 2, "w": 3}]
    assert points == [{"model": model, "seed": seed} for model in models for seed in (0, 1)]


def test_samplings_without_an_end():
    assert RandomParameterSampling(SPACE).size() is None
    assert BayesianParameterSampling({"a": uniform(0, 1)}).size() is None


BAYESIAN = {"x": uniform(0, 1), "kind": choice("good", "bad"), "n": quniform(1, 9, 2)}


def studied(count):
    """A study whose best children are those near x = 0.3 of the kind "good"."""
    study = optuna.create_study(direction="maximize")
    distributions = BayesianParameterSampling(BAYESIAN).distributions()
    rng = np.random.default_rng(0)
    for _ in range(count):
        params = {
            "x": float(rng.random()),
            "kind": str(rng.choice(["good", "bad"])),
            "n": int(2 * rng.integers(1, 5)),
        }
        value = (params["kind"] == "good") - abs(params["x"] - 0.3)
        trial = optuna.trial.create_trial(params=params, distributions=distributions, value=value)
        study.add_trial(trial)
    return study


@pytest.fixture(autouse=True)
def quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def asked(sampling, study, number, seed=0):
    study.sampler = sampling.optuna_sampler(seed, number)
    return study.ask(fixed_distributions=sampling.distributions()).params


def test_bayesian_sampling_learns():
    sampling = BayesianParameterSampling(BAYESIAN)
    points = [asked(sampling, studied(60), number) for number in range(20)]
    assert np.mean([abs(point["x"] - 0.3) for point in points]) < 0.15  # 0.29 at random
    assert np.mean([point["kind"] == "good" for point in points]) > 0.8
    assert points[3] == asked(sampling, studied(60), 3) != asked(sampling, studied(60), 3, seed=1)
    assert len({point["x"] for point in points}) == 20


def test_bayesian_sampling_keeps_the_space():
    sampling, study = BayesianParameterSampling(BAYESIAN), studied(0)
    points = [asked(sampling, study, number) for number in range(200)]
    # round(x / 2) * 2 for x in (1, 9)
    assert {point["n"] for point in points} == {2, 4, 6, 8}
    assert {point["kind"] for point in points} == {"good", "bad"}
    assert stats.kstest([point["x"] for point in points], stats.uniform().cdf).pvalue > 0.001


def test_children_that_run_are_avoided():
    sampling, study = BayesianParameterSampling({"x": uniform(0, 1)}), studied(0)
    kinds = sampling.distributions()
    for x in np.linspace(0, 1, 21).tolist():
        trial = optuna.trial.create_trial(params={"x": x}, distributions=kinds, value=-abs(x - 0.3))
        study.add_trial(trial)
    alone = asked(sampling, study, 21)["x"]
    for _ in range(12):  # as many children at the point that would come next
        study.enqueue_trial({"x": alone})
        study.ask(fixed_distributions=kinds)
    assert abs(asked(sampling, study, 21)["x"] - alone) > 1e-6


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"speed": 1}, "no property 'speed'; it has: seed, rule, logbase"),
        ({"seed": -1}, "seed = -1 must be a whole number of at least 0"),
        ({"rule": "halton"}, "rule = 'halton' must be 'random' or 'sobol'"),
        ({"logbase": 0}, "logbase = 0 must be 'e' or above 0"),
    ],
)
def test_refused_properties(properties, words):
    with pytest.raises(ValueError, match=words):
        RandomParameterSampling({"a": uniform(0, 1)}, properties=properties)


def test_sobol_has_a_highest_dimension():
    space = {f"x{i}": uniform(0, 1) for i in range(21)}
    with pytest.raises(ValueError, match="the rule 'sobol' is for at most 20"):
        RandomParameterSampling(space, properties={"rule": "sobol"})
    with pytest.raises(ValueError, match="GridParameterSampling has no property 'seed'"):
        GridParameterSampling({"a": choice(1, 2)}, properties={"seed": 1})
